/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event - the queue of future events, in total order (time, order of scheduling).
 *
 * A hierarchical timing wheel, which is a radix heap of base 64 (Ahuja, Mehlhorn, Orlin and Tarjan, J. ACM
 * 1990; Varghese and Lauck, SOSP 1987), with a sorted front: simulated time never goes back, so an event need
 * be known only as precisely as it is near.
 *
 *   level = index of the highest 6-bit digit in which time and `base` differ; slot = that digit of time
 *
 *   1. Scheduling appends to the list of (level, slot): constant time, nothing allocated. Events before
 *      `front_end` go into the front, a short sorted array, behind those of the same time.
 *   2. The next event is the first of the front. When the front is empty, the lowest list of the lowest level
 *      becomes it, if it is short. A longer one is dealt out to lower levels, relative to where its range
 *      begins, which is the new base; then again from 2.
 *   3. Events of equal time are always in one list, in the order of scheduling, because lists are appended to
 *      and dealt out from the front, and sorting is stable: no sequence number is compared.
 *   4. A front that is full goes back to the wheel: what is in it is finer than the list it came from.
 *
 * Lists are chains of chunks that hold events themselves, 16 bytes each: dealing out reads and writes in
 * sequence. With links between events it was two misses of the host's caches for each event and list that it
 * goes through, and at 100,000 pending that was nearly all its time (3 to 8 M/s, against 15 to 22 with chunks,
 * in the same minutes of a busy host). Rejected: a 4-ary heap of 16-byte keys (half as fast at 1,000 pending), a
 * calendar queue (fast when tuned, thirty times slower when its width is wrong).
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
#define EVENT_FRONT  64u            /* events the front has room for */

struct event {
	eg_time  time;
	uint64_t what;              /* handler << 56 | argument                               */
};

/* Four host cache lines; a list of one to three events touches one. */
#define EVENT_CHUNK 15u
struct event_chunk {
	uint32_t     next;          /* in its list, or of free chunks; EVENT_NONE at the end  */
	uint32_t     nr;
	struct event event[EVENT_CHUNK];
	uint64_t     pad;
};
#define EVENT_NONE UINT32_MAX

struct event_queue {
	eg_time              now;           /* time of the last event executed                        */
	eg_time              base;          /* not after now; what levels are relative to             */
	eg_time              front_end;     /* events before it are in the front, all others are not  */
	eg_time              next;          /* of the earliest in the wheel, if next_known            */
	bool                 next_known;
	uint32_t             front_at, front_nr;        /* front[at..nr) is pending, sorted           */
	uint32_t             nr, capacity;  /* pending events, and how many may be                    */
	uint32_t             levels;        /* bit l: level l has events                              */
	uint64_t             slots[EVENT_LEVELS];       /* bit s: slot s of the level has             */
	struct event         front[EVENT_FRONT];
	uint32_t             head[EVENT_LEVELS][EVENT_SLOTS], tail[EVENT_LEVELS][EVENT_SLOTS];
	struct event_chunk  *chunk;         /* [nr_chunks]                                            */
	uint32_t             nr_chunks, top_chunk, free_chunk;  /* top: the first that was never used */
	struct event_handler handler[EVENT_MAX_HANDLERS];
	unsigned             nr_handlers;
	uint64_t             executed;
};	/* every event of the wheel is in the list that (its time, base) says; bits are set for lists that are not empty */

/* Room for `capacity` (< 2^31) pending events. */
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
