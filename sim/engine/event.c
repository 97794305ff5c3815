/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event - see event.h. */
#include "sim/engine/event.h"

#include "sim/base/check.h"

eg_status event_queue_init(struct event_queue *q, uint32_t capacity, struct eg_arena *arena)
{
	EG_CHECK(capacity < EVENT_NONE);
	*q = (struct event_queue){ .capacity = capacity };
	q->slot = eg_arena_alloc(arena, capacity + 1, sizeof(*q->slot));
	if (!q->slot)
		return EG_NO_MEMORY;
	for (uint32_t i = 0; i < capacity; i++)
		q->slot[i].next = i + 1 < capacity ? i + 1 : EVENT_NONE;
	q->free_slot = capacity ? 0 : EVENT_NONE;
	return EG_OK;
}

static inline unsigned level_of(eg_time time, eg_time now)
{
	return time == now ? 0 : (63u - (unsigned)__builtin_clzll(time ^ now)) / EVENT_DIGIT;
}

static inline unsigned digit_of(eg_time time, unsigned level)
{
	return (unsigned)(time >> (EVENT_DIGIT * level)) & (EVENT_SLOTS - 1);
}

static inline void append(struct event_queue *q, uint32_t i)
{
	unsigned level = level_of(q->slot[i].time, q->now), s = digit_of(q->slot[i].time, level);

	q->slot[i].next = EVENT_NONE;
	if (q->slots[level] >> s & 1) {
		q->slot[q->tail[level][s]].next = i;
	} else {
		q->slots[level] |= UINT64_C(1) << s;
		q->levels |= 1u << level;
		q->head[level][s] = i;
	}
	q->tail[level][s] = i;
}

static inline void empty_list(struct event_queue *q, unsigned level, unsigned s)
{
	q->slots[level] &= ~(UINT64_C(1) << s);
	if (!q->slots[level])
		q->levels &= ~(1u << level);
}

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
	uint32_t i = q->free_slot;

	EG_CHECK(i != EVENT_NONE);
	EG_CHECK(time >= q->now && arg >> EVENT_ARG_BITS == 0);
	q->free_slot = q->slot[i].next;
	q->slot[i].time = time;
	q->slot[i].what = handler_number(q, fn, ctx) << EVENT_ARG_BITS | arg;
	append(q, i);
	q->nr++;
	q->seq++;
	if (q->next_known && time < q->next)
		q->next = time;
}

/* The earliest time in a list. */
static eg_time list_min(const struct event_queue *q, uint32_t i)
{
	eg_time min = q->slot[i].time;

	while ((i = q->slot[i].next) != EVENT_NONE) {
		if (q->slot[i].next != EVENT_NONE)
			__builtin_prefetch(&q->slot[q->slot[i].next]);
		min = q->slot[i].time < min ? q->slot[i].time : min;
	}
	return min;
}

eg_time event_next_time(struct event_queue *q)
{
	unsigned level;

	if (!q->nr)
		return EG_TIME_NONE;
	if (!q->next_known) {
		level = (unsigned)__builtin_ctz(q->levels);
		q->next = list_min(q, q->head[level][__builtin_ctzll(q->slots[level])]);
		q->next_known = true;
	}
	return q->next;
}

/* Take the earliest event off its list; `now` becomes its time. Returns its slot. */
static uint32_t take(struct event_queue *q)
{
	unsigned level = (unsigned)__builtin_ctz(q->levels), s = (unsigned)__builtin_ctzll(q->slots[level]);
	uint32_t i = q->head[level][s], first;

	if (q->slot[i].next == EVENT_NONE) {            /* alone: it is the one */
		empty_list(q, level, s);
		q->now = q->slot[i].time;
		return i;
	}
	if (level > 0) {
		/* everything in this list agrees with the earliest of it in the digits above: deal it out again,
		 * relative to that time; all other lists stay right */
		q->now = q->next_known ? q->next : list_min(q, i);
		empty_list(q, level, s);
		while (i != EVENT_NONE) {
			uint32_t next = q->slot[i].next;

			if (next != EVENT_NONE)
				__builtin_prefetch(&q->slot[next]);
			append(q, i);
			i = next;
		}
		level = 0;
		s = digit_of(q->now, 0);
	}
	/* level 0: all of one time, in the order of scheduling */
	first = q->head[0][s];
	q->now = q->slot[first].time;
	q->head[0][s] = q->slot[first].next;
	if (q->head[0][s] == EVENT_NONE)
		empty_list(q, 0, s);
	return first;
}

void event_run(struct event_queue *q)
{
	const struct event_handler *h;
	uint32_t i;
	uint64_t what;

	EG_CHECK(q->nr);
	i = take(q);
	what = q->slot[i].what;
	q->slot[i].next = q->free_slot;
	q->free_slot = i;
	q->nr--;
	q->executed++;
	q->next_known = false;
	h = &q->handler[what >> EVENT_ARG_BITS];
	h->fn(h->ctx, what & ((UINT64_C(1) << EVENT_ARG_BITS) - 1), q->now);
}

void event_validate(const struct event_queue *q)
{
	uint32_t listed = 0, spare = 0;
	eg_time min = EG_TIME_NONE;

	for (unsigned level = 0; level < EVENT_LEVELS; level++) {
		EG_CHECK((q->levels >> level & 1) == (q->slots[level] != 0));
		for (unsigned s = 0; s < EVENT_SLOTS; s++) {
			uint32_t last = EVENT_NONE;

			if (!(q->slots[level] >> s & 1))
				continue;
			for (uint32_t i = q->head[level][s]; i != EVENT_NONE; last = i, i = q->slot[i].next) {
				eg_time t = q->slot[i].time;

				EG_CHECK(listed++ < q->nr && t >= q->now);
				EG_CHECK(level_of(t, q->now) == level && digit_of(t, level) == s);
				min = t < min ? t : min;
			}
			EG_CHECK(last != EVENT_NONE && q->tail[level][s] == last);
		}
	}
	for (uint32_t i = q->free_slot; i != EVENT_NONE; i = q->slot[i].next)
		EG_CHECK(spare++ < q->capacity);
	EG_CHECK(listed == q->nr && listed + spare == q->capacity);
	EG_CHECK(!q->next_known || !q->nr || q->next == min);
}
