/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event queue: total order by (time, order of scheduling), against a sorted list kept by insertion. */
#include "sim/base/check.h"
#include "sim/base/rng.h"
#include "sim/engine/event.h"
#include "tests/tap.h"

enum { CAPACITY = 2000, OPS = 60000 };

struct naive { eg_time time; uint64_t arg; };

struct bench {
	struct event_queue q;
	struct naive list[CAPACITY];        /* ascending; equal times in the order of scheduling */
	unsigned nr;
	uint64_t next_arg;
	struct eg_rng rng;
	bool good;
	unsigned again;                     /* events that schedule another one while they run */
};

static void schedule(struct bench *b, eg_time time);

static void runs(void *ctx, uint64_t arg, eg_time now)
{
	struct bench *b = ctx;

	b->good &= b->nr > 0 && b->list[0].arg == arg && b->list[0].time == now && b->q.now == now;
	memmove(b->list, b->list + 1, --b->nr * sizeof(b->list[0]));
	if (eg_rng_below(&b->rng, 3) == 0) {
		b->again++;
		schedule(b, now + eg_rng_below(&b->rng, 4));
	}
}

static void schedule(struct bench *b, eg_time time)
{
	unsigned i = b->nr;

	if (b->nr == CAPACITY)
		return;
	for (; i > 0 && b->list[i - 1].time > time; i--)
		b->list[i] = b->list[i - 1];
	b->list[i] = (struct naive){ time, b->next_arg };
	b->nr++;
	event_add(&b->q, time, runs, b, b->next_arg++);
}

static void random_operations(struct eg_arena *arena)
{
	static struct bench b;
	/* gaps of one event in thousands of slots, of many in one, of many at one time */
	static const unsigned bits[] = { 5, 12, 40, 2, 20, 8, 55, 30 };
	unsigned most = 0, spilled = 0;
	bool front = false;

	b.rng = eg_rng_stream(1, "test_event", 0);
	b.good = true;
	EG_CHECK(event_queue_init(&b.q, CAPACITY, arena) == EG_OK);
	for (unsigned i = 0; i < OPS && b.good; i++) {
		unsigned adds = (i / 10000) % 2 ? 40 : 60;      /* per cent: it fills, it empties */
		uint64_t gap = eg_rng_below(&b.rng, UINT64_C(1) << bits[i / 700 % EG_ARRAY_LEN(bits)]);

		if (eg_rng_below(&b.rng, 100) < adds)
			schedule(&b, b.q.now + (b.q.now < UINT64_MAX / 2 ? gap : gap % 1000));
		else if (b.nr)
			event_run(&b.q);
		b.good &= event_next_time(&b.q) == (b.nr ? b.list[0].time : EG_TIME_NONE);
		most = b.nr > most ? b.nr : most;
		if (i % 8 == 0)
			event_validate(&b.q);
		spilled += front && !(b.q.front_nr - b.q.front_at);
		front = b.q.front_nr == EVENT_FRONT;
	}
	ok(b.good, "%d random operations: as a sorted list", OPS);
	ok(most == CAPACITY, "the queue was full");
	ok(spilled > 10, "a full front went back to the wheel: %u times", spilled);
	ok(b.again > 1000, "events scheduled others as they ran: %u", b.again);
	while (b.nr && b.good)
		event_run(&b.q);
	ok(b.good && event_next_time(&b.q) == EG_TIME_NONE, "then it is emptied in order");
	is_u64(b.q.executed, b.next_arg, "everything scheduled was executed");
	event_validate(&b.q);
}

static void note(void *ctx, uint64_t arg, eg_time now)
{
	char *text = ctx;

	(void)now;
	text[strlen(text)] = (char)arg;
}

static void ties(struct eg_arena *arena)
{
	struct event_queue q;
	char text[32] = "";

	EG_CHECK(event_queue_init(&q, 8, arena) == EG_OK);
	event_add(&q, 5, note, text, 'c');
	event_add(&q, 1, note, text, 'a');
	event_add(&q, 5, note, text, 'd');
	event_add(&q, 1, note, text, 'b');
	event_add(&q, UINT64_MAX - 1, note, text, 'f');
	event_run(&q);
	event_add(&q, 5, note, text, 'e');      /* into the hole */
	while (event_next_time(&q) != EG_TIME_NONE)
		event_run(&q);
	is_str(text, "abcdef", "equal times run in the order of scheduling");
	is_u64(q.now, UINT64_MAX - 1, "to the last picosecond");
}

int main(void)
{
	struct eg_arena arena = { 0 };

	ties(&arena);
	random_operations(&arena);
	eg_arena_free_all(&arena);
	return tap_done();
}
