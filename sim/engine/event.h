/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event - the queue of future events, in total order (time, seq).
 *
 * seq is taken when the event is scheduled, so equal times run in the order of scheduling and nothing
 * depends on the shape of the heap. Scheduling allocates nothing: slots are made with the queue.
 *
 * A 4-ary heap of 16-byte keys. pop leaves a hole at the root; if the next operation is a push, as it is
 * for everything periodic, the new event goes into the hole and sinks, which saves lifting the last leaf
 * and sinking it again. Rejected: a calendar queue (faster when tuned, thirty times slower when its width
 * is wrong).
 */
#ifndef SIM_ENGINE_EVENT_H
#define SIM_ENGINE_EVENT_H

#include "sim/base/mem.h"
#include "sim/base/types.h"

typedef void (*event_fn)(void *ctx, uint64_t arg, eg_time now);

struct event_key {
	eg_time  time;
	uint64_t order;             /* seq << 24 | slot: unique, so keys never tie */
};

/* Who is called: few, so that a pending event needs only their number. */
struct event_handler {
	event_fn fn;
	void    *ctx;
};
#define EVENT_MAX_HANDLERS 64u
#define EVENT_ARG_BITS     56u      /* an event's argument is smaller than 2^56 */

struct event_queue {
	struct event_key  *heap;        /* [nr], heap[0] the earliest unless `hole`           */
	uint32_t           nr, capacity;
	bool               hole;        /* heap[0] was taken and not replaced yet             */
	uint64_t          *slot;        /* handler << 56 | argument; free: number of the next free one */
	struct event_handler handler[EVENT_MAX_HANDLERS];
	unsigned           nr_handlers;
	uint32_t           free_slot;   /* == capacity when none is free                      */
	uint64_t           seq;         /* events ever scheduled                              */
	uint64_t           executed;
	eg_time            now;         /* time of the last event executed                    */
};	/* for i > 0: heap[(i - 1) / 4] is before heap[i] */

/* Room for `capacity` (< 2^24) pending events. */
eg_status event_queue_init(struct event_queue *q, uint32_t capacity, struct eg_arena *arena) EG_MUST_USE;

/* Schedule fn(ctx, arg, time); arg < 2^56, at most EVENT_MAX_HANDLERS different (fn, ctx). `time` must not lie before
 * the last executed event. Each of these, and a full queue, is checked and stops the run. */
void event_add(struct event_queue *q, eg_time time, event_fn fn, void *ctx, uint64_t arg);

/* Time of the earliest event; EG_TIME_NONE if there is none. */
eg_time event_next_time(struct event_queue *q);

/* Take the earliest event off and run it. The queue must not be empty. */
void event_run(struct event_queue *q);

void event_validate(const struct event_queue *q);

#endif
