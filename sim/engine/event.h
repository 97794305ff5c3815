/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event - the queue of future events, in total order (time, order of scheduling).
 *
 * A hierarchical timing wheel, which is a radix heap of base 64 (Ahuja, Mehlhorn, Orlin and Tarjan, J. ACM
 * 1990; Varghese and Lauck, SOSP 1987): simulated time never goes back, so an event need be known only as
 * precisely as it is near.
 *
 *   level = index of the highest 6-bit digit in which time and `now` differ; slot = that digit of time
 *
 *   1. Scheduling appends to the list of (level, slot): constant time, nothing allocated.
 *   2. The next event is in the lowest level that has any, in its lowest slot. A list of one is it. A longer
 *      one is dealt out again to lower levels, relative to the earliest time in it, which is now.
 *   3. Events of equal time are always in one list, in the order of scheduling, because lists are appended
 *      to and dealt out from the front: no sequence number is compared.
 *
 * Each event is dealt out at most once a level it descends, two or three times in practice. Rejected: a
 * 4-ary heap of 16-byte keys (16 M/s at 1,000 pending, where this does 27 in the same minutes; less gain at
 * 100,000: docs/performance.md), a calendar queue (fast when tuned, thirty times slower when its width is wrong).
 */
#ifndef SIM_ENGINE_EVENT_H
#define SIM_ENGINE_EVENT_H

#include "sim/base/mem.h"
#include "sim/base/types.h"

typedef void (*event_fn)(void *ctx, uint64_t arg, eg_time now);

/* Who is called: few, so that a pending event needs only their number. */
struct event_handler {
	event_fn fn;
	void    *ctx;
};
#define EVENT_MAX_HANDLERS 64u
#define EVENT_ARG_BITS     56u      /* an event's argument is smaller than 2^56 */

#define EVENT_DIGIT  6u
#define EVENT_SLOTS  (1u << EVENT_DIGIT)
#define EVENT_LEVELS 11u            /* 11 digits of 6 bits hold 64 */

struct event_slot {
	eg_time  time;
	uint64_t what;              /* handler << 56 | argument                               */
	uint32_t next;              /* in its list, or of free slots; EVENT_NONE at the end   */
	uint32_t pad;
};
#define EVENT_NONE UINT32_MAX

struct event_queue {
	eg_time              now;           /* time of the last event executed                        */
	eg_time              next;          /* of the earliest pending one, if next_known             */
	bool                 next_known;
	uint32_t             nr, capacity;  /* pending; slots                                         */
	uint32_t             free_slot;
	uint32_t             levels;        /* bit l: level l has events                              */
	uint64_t             slots[EVENT_LEVELS];       /* bit s: slot s of the level has             */
	uint32_t             head[EVENT_LEVELS][EVENT_SLOTS], tail[EVENT_LEVELS][EVENT_SLOTS];
	struct event_slot   *slot;          /* [capacity]                                             */
	struct event_handler handler[EVENT_MAX_HANDLERS];
	unsigned             nr_handlers;
	uint64_t             seq;           /* events ever scheduled                                  */
	uint64_t             executed;
};	/* every pending event is in the list that (its time, now) says; bits are set for lists that are not empty */

/* Room for `capacity` (< 2^32 - 1) pending events. */
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
