/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event - see event.h. */
#include "sim/engine/event.h"

#include "sim/base/check.h"

enum { SLOT_BITS = 24, ARITY = 4 };
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)

/* One 128-bit comparison: no branch to mispredict, whichever way it goes. */
static inline bool before(struct event_key a, struct event_key b)
{
	unsigned __int128 x = (unsigned __int128)a.time << 64 | a.order, y = (unsigned __int128)b.time << 64 | b.order;

	return x < y;
}

eg_status event_queue_init(struct event_queue *q, uint32_t capacity, struct eg_arena *arena)
{
	EG_CHECK(capacity < SLOT_MASK);
	*q = (struct event_queue){ .capacity = capacity };
	q->heap = eg_arena_alloc(arena, capacity + 2 * ARITY, sizeof(*q->heap));
	q->slot = eg_arena_alloc(arena, capacity + 1, sizeof(*q->slot));
	if (!q->heap || !q->slot)
		return EG_NO_MEMORY;
	q->heap += ARITY - 1;       /* four siblings, 4i + 1 .. 4i + 4, share a cache line */
	for (uint32_t i = 0; i < capacity; i++)
		q->slot[i] = i + 1;
	return EG_OK;
}

/*
 * Put key k in place of the root. Bottom-up: the path of smallest children is followed to a leaf without
 * looking at k, then k rises from there, which it rarely does far; comparing with k on the way down would
 * cost one more, unpredictable, branch a level.
 */
static inline void replace_root(struct event_queue *q, struct event_key k)
{
	struct event_key *h = q->heap;
	uint32_t i = 0, n = q->nr, c;

	while ((c = ARITY * i + 1) + ARITY <= n) {
		uint32_t a = c + before(h[c + 1], h[c]), b = c + 2 + before(h[c + 3], h[c + 2]);

		c = before(h[b], h[a]) ? b : a;
		h[i] = h[c];
		__builtin_prefetch(&h[ARITY * c + 1]);
		i = c;
	}
	if (c < n) {
		uint32_t best = c;

		for (uint32_t j = c + 1; j < n; j++)
			best = before(h[j], h[best]) ? j : best;
		h[i] = h[best];
		i = best;
	}
	for (; i > 0; i = (i - 1) / ARITY) {
		struct event_key parent = h[(i - 1) / ARITY];

		if (before(parent, k))
			break;
		h[i] = parent;
	}
	h[i] = k;
}

static inline void fill_hole(struct event_queue *q)
{
	if (!q->hole)
		return;
	q->hole = false;
	q->nr--;
	if (q->nr)
		replace_root(q, q->heap[q->nr]);
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
	uint32_t slot = q->free_slot, i;
	struct event_key k;

	EG_CHECK(slot < q->capacity);
	EG_CHECK(time >= q->now && arg >> EVENT_ARG_BITS == 0);
	q->free_slot = (uint32_t)q->slot[slot];
	q->slot[slot] = handler_number(q, fn, ctx) << EVENT_ARG_BITS | arg;
	k = (struct event_key){ time, q->seq++ << SLOT_BITS | slot };
	if (q->hole) {
		q->hole = false;
		replace_root(q, k);
		return;
	}
	for (i = q->nr++; i > 0; i = (i - 1) / ARITY) {
		struct event_key parent = q->heap[(i - 1) / ARITY];

		if (before(parent, k))
			break;
		q->heap[i] = parent;
	}
	q->heap[i] = k;
}

eg_time event_next_time(struct event_queue *q)
{
	fill_hole(q);
	return q->nr ? q->heap[0].time : EG_TIME_NONE;
}

void event_run(struct event_queue *q)
{
	uint32_t slot;
	const struct event_handler *h;
	uint64_t what;

	fill_hole(q);
	EG_CHECK(q->nr);
	slot = (uint32_t)(q->heap[0].order & SLOT_MASK);
	what = q->slot[slot];
	q->now = q->heap[0].time;
	q->slot[slot] = q->free_slot;
	q->free_slot = slot;
	q->hole = true;
	q->executed++;
	if (q->nr > 1)              /* one of the root's children is next: its slot is cold in a large queue */
		for (uint32_t i = 1; i <= ARITY && i < q->nr; i++)
			__builtin_prefetch(&q->slot[q->heap[i].order & SLOT_MASK]);
	h = &q->handler[what >> EVENT_ARG_BITS];
	h->fn(h->ctx, what & ((UINT64_C(1) << EVENT_ARG_BITS) - 1), q->now);
}

void event_validate(const struct event_queue *q)
{
	uint32_t spare = 0;

	for (uint32_t i = q->hole ? ARITY + 1 : 1; i < q->nr; i++)
		EG_CHECK(before(q->heap[(i - 1) / ARITY], q->heap[i]));
	for (uint32_t s = q->free_slot; s < q->capacity; s = (uint32_t)q->slot[s])
		EG_CHECK(spare++ < q->capacity);
	EG_CHECK(spare + q->nr - q->hole == q->capacity);
}
