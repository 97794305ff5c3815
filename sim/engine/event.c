/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event - see event.h. */
#include "sim/engine/event.h"

#include "sim/base/check.h"

enum { FRONT_CHUNKS = 2 };      /* lists of so many chunks are sorted, longer ones dealt out */
_Static_assert(FRONT_CHUNKS * EVENT_CHUNK < EVENT_FRONT, "the front holds a short list, and some that are added");
_Static_assert(sizeof(struct event_chunk) == 256, "whole cache lines");

eg_status event_queue_init(struct event_queue *q, uint32_t capacity, struct eg_arena *arena)
{
	EG_CHECK(capacity < EVENT_NONE / 2);
	*q = (struct event_queue){ .capacity = capacity, .free_chunk = EVENT_NONE };
	/* each list can end in a chunk that is not full; one more is read while it is dealt out */
	q->nr_chunks = capacity / EVENT_CHUNK + EVENT_LEVELS * EVENT_SLOTS + 2;
	if (q->nr_chunks > capacity + 2)
		q->nr_chunks = capacity + 2;
	q->chunk = eg_arena_alloc(arena, q->nr_chunks, sizeof(*q->chunk));
	return q->chunk ? EG_OK : EG_NO_MEMORY;
}

/* ---- the wheel --------------------------------------------------------------------------------------- */

static inline unsigned level_of(eg_time time, eg_time base)
{
	return time == base ? 0 : (63u - (unsigned)__builtin_clzll(time ^ base)) / EVENT_DIGIT;
}

static inline unsigned digit_of(eg_time time, unsigned level)
{
	return (unsigned)(time >> (EVENT_DIGIT * level)) & (EVENT_SLOTS - 1);
}

static inline uint32_t take_chunk(struct event_queue *q)
{
	uint32_t i = q->free_chunk;

	if (i != EVENT_NONE) {
		q->free_chunk = q->chunk[i].next;
		return i;
	}
	EG_ASSERT(q->top_chunk < q->nr_chunks);
	return q->top_chunk++;
}

static inline void give_chunk(struct event_queue *q, uint32_t i)
{
	q->chunk[i].next = q->free_chunk;
	q->free_chunk = i;
}

static inline void append(struct event_queue *q, struct event e)
{
	unsigned level = level_of(e.time, q->base), s = digit_of(e.time, level);
	uint32_t i = q->tail[level][s];
	struct event_chunk *c;

	if (!(q->slots[level] >> s & 1)) {
		i = take_chunk(q);
		q->slots[level] |= UINT64_C(1) << s;
		q->levels |= 1u << level;
		q->head[level][s] = q->tail[level][s] = i;
		q->chunk[i].nr = 0;
		q->chunk[i].next = EVENT_NONE;
	} else if (q->chunk[i].nr == EVENT_CHUNK) {
		uint32_t more = take_chunk(q);

		q->chunk[i].next = more;
		q->tail[level][s] = i = more;
		q->chunk[i].nr = 0;
		q->chunk[i].next = EVENT_NONE;
	}
	c = &q->chunk[i];
	c->event[c->nr++] = e;
}

static inline void empty_list(struct event_queue *q, unsigned level, unsigned s)
{
	q->slots[level] &= ~(UINT64_C(1) << s);
	if (!q->slots[level])
		q->levels &= ~(1u << level);
}

/* ---- the front --------------------------------------------------------------------------------------- */

/* Behind all that are not later. */
static inline void insert(struct event_queue *q, struct event e)
{
	uint32_t i = q->front_nr++;

	for (; i > q->front_at && q->front[i - 1].time > e.time; i--)
		q->front[i] = q->front[i - 1];
	q->front[i] = e;
}

static EG_NOINLINE void front_to_wheel(struct event_queue *q)
{
	/* all lower levels than that of the list which they came from are empty, so they keep their order */
	q->front_end = q->base;
	for (uint32_t i = q->front_at; i < q->front_nr; i++)
		append(q, q->front[i]);
	q->front_at = q->front_nr = 0;
	q->next_known = false;
}

/* The earliest list becomes the front, or the first part of it if all its times are equal. */
static void refill(struct event_queue *q)
{
	for (;;) {
		unsigned level = (unsigned)__builtin_ctz(q->levels), s = (unsigned)__builtin_ctzll(q->slots[level]);
		unsigned shift = EVENT_DIGIT * level;
		uint32_t i = q->head[level][s], second = q->chunk[i].next;
		eg_time start = q->chunk[i].event[0].time >> shift << shift, end;

		q->front_at = q->front_nr = 0;
		q->base = start;
		if (level == 0) {
			struct event_chunk *c = &q->chunk[i];

			q->front_nr = c->nr;
			memcpy(q->front, c->event, c->nr * sizeof(c->event[0]));
			q->head[0][s] = second;
			if (second == EVENT_NONE)
				empty_list(q, 0, s);
			give_chunk(q, i);
			q->front_end = start;           /* what is added at this time comes behind the rest of the list */
			return;
		}
		empty_list(q, level, s);
		end = start + (UINT64_C(1) << shift);
		if (end && (second == EVENT_NONE || q->chunk[second].next == EVENT_NONE)) {     /* 0: past the end of time */
			while (i != EVENT_NONE) {
				const struct event_chunk *c = &q->chunk[i];
				uint32_t next = c->next;

				for (uint32_t k = 0; k < c->nr; k++)
					insert(q, c->event[k]);
				give_chunk(q, i);
				i = next;
			}
			q->front_end = end;
			return;
		}
		while (i != EVENT_NONE) {
			const struct event_chunk *c = &q->chunk[i];
			uint32_t next = c->next;

			if (next != EVENT_NONE)
				for (unsigned line = 0; line < sizeof(*c); line += 64)
					__builtin_prefetch((const char *)&q->chunk[next] + line);
			for (uint32_t k = 0; k < c->nr; k++)
				append(q, c->event[k]);
			give_chunk(q, i);
			i = next;
		}
	}
}

/* ---- the queue --------------------------------------------------------------------------------------- */

static inline uint64_t handler_number(struct event_queue *q, event_fn fn, void *ctx)
{
	unsigned i = 0;

	while (i < q->nr_handlers && (q->handler[i].fn != fn || q->handler[i].ctx != ctx))
		i++;
	if (EG_UNLIKELY(i == q->nr_handlers)) {
		EG_CHECK(i < EVENT_MAX_HANDLERS);
		q->handler[q->nr_handlers++] = (struct event_handler){ fn, ctx };
	}
	return i;
}

void event_add(struct event_queue *q, eg_time time, event_fn fn, void *ctx, uint64_t arg)
{
	struct event e = { time, handler_number(q, fn, ctx) << EVENT_ARG_BITS | arg };

	EG_CHECK(q->nr < q->capacity);
	EG_CHECK(time >= q->now && arg >> EVENT_ARG_BITS == 0);
	q->nr++;
	if (time < q->front_end && q->front_nr == EVENT_FRONT)
		front_to_wheel(q);
	if (time < q->front_end) {
		insert(q, e);
		return;
	}
	append(q, e);
	if (q->next_known && time < q->next)
		q->next = time;
}

/* The earliest time in the wheel, which is not empty. */
static eg_time wheel_min(const struct event_queue *q)
{
	unsigned level = (unsigned)__builtin_ctz(q->levels);
	eg_time min = EG_TIME_NONE;

	for (uint32_t i = q->head[level][__builtin_ctzll(q->slots[level])]; i != EVENT_NONE; i = q->chunk[i].next)
		for (uint32_t k = 0; k < q->chunk[i].nr; k++)
			min = q->chunk[i].event[k].time < min ? q->chunk[i].event[k].time : min;
	return min;
}

eg_time event_next_time(struct event_queue *q)
{
	if (q->front_at < q->front_nr)
		return q->front[q->front_at].time;
	if (!q->nr)
		return EG_TIME_NONE;
	/* the front is not refilled before the event is run: until then something may be added before its base */
	if (!q->next_known) {
		q->next = wheel_min(q);
		q->next_known = true;
	}
	return q->next;
}

void event_run(struct event_queue *q)
{
	const struct event_handler *h;
	struct event e;

	EG_CHECK(q->nr);
	if (q->front_at == q->front_nr) {
		refill(q);
		q->next_known = false;
	}
	e = q->front[q->front_at++];
	q->now = e.time;
	q->nr--;
	q->executed++;
	h = &q->handler[e.what >> EVENT_ARG_BITS];
	h->fn(h->ctx, e.what & ((UINT64_C(1) << EVENT_ARG_BITS) - 1), q->now);
}

void event_validate(const struct event_queue *q)
{
	uint32_t listed = 0, chunks = 0;
	eg_time min = EG_TIME_NONE;

	EG_CHECK(q->base <= q->now && q->front_at <= q->front_nr && q->front_nr <= EVENT_FRONT);
	for (uint32_t i = q->front_at; i < q->front_nr; i++, listed++) {
		EG_CHECK(q->front[i].time >= q->now && (i == q->front_at || q->front[i - 1].time <= q->front[i].time));
		EG_CHECK(q->front[i].time <= q->front_end);     /* equal: the rest of a list of one time */
	}
	for (unsigned level = 0; level < EVENT_LEVELS; level++) {
		EG_CHECK((q->levels >> level & 1) == (q->slots[level] != 0));
		for (unsigned s = 0; s < EVENT_SLOTS; s++) {
			uint32_t last = EVENT_NONE;

			if (!(q->slots[level] >> s & 1))
				continue;
			for (uint32_t i = q->head[level][s]; i != EVENT_NONE; last = i, i = q->chunk[i].next) {
				const struct event_chunk *c = &q->chunk[i];

				EG_CHECK(chunks++ < q->top_chunk && c->nr && c->nr <= EVENT_CHUNK);
				for (uint32_t k = 0; k < c->nr; k++, listed++) {
					eg_time t = c->event[k].time;

					EG_CHECK(t >= q->now && t >= q->front_end);
					EG_CHECK(level_of(t, q->base) == level && digit_of(t, level) == s);
					min = t < min ? t : min;
				}
			}
			EG_CHECK(last != EVENT_NONE && q->tail[level][s] == last);
		}
	}
	for (uint32_t i = q->free_chunk; i != EVENT_NONE; i = q->chunk[i].next)
		EG_CHECK(chunks++ < q->top_chunk);
	EG_CHECK(listed == q->nr && chunks == q->top_chunk && q->top_chunk <= q->nr_chunks);
	EG_CHECK(!q->next_known || !q->levels || q->next == min);
}
