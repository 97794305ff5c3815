/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server - a first-come-first-served server in simulated time: a lock, a device, a memory channel.
 *
 * Shared operations execute in global order of their start, so the order of calls is the order of
 * arrival, and a queue needs no list: only the time at which the server is free again. Waiting is
 * reported per server.
 */
#ifndef SIM_ENGINE_SERVER_H
#define SIM_ENGINE_SERVER_H

#include "sim/base/hist.h"

struct server {
	const char *name;           /* "zone", "mmap" */
	eg_time     free_at;        /* when the last service ends                          */
	uint64_t    served, queued; /* requests; those that had to wait                    */
	eg_time     waited, held;   /* sums                                                */
};

/*
 * `n` services of `hold` each, one after the other, by a client that lets others in between: an operation
 * that frees a thousand pages takes the zone lock a thousand times. Each of `others` clients can be ahead
 * of it by one service at most, however long a row of services still lies before them. Returns the
 * waiting time of the first service; the waits of later ones are part of the others' rows.
 */
static inline eg_time server_enter_row(struct server *s, eg_time now, eg_time hold, uint64_t n, unsigned others)
{
	eg_time backlog = s->free_at > now ? s->free_at - now : 0, wait = others * hold;

	if (backlog < wait)
		wait = backlog;
	s->free_at = now + backlog + n * hold;
	s->served += n;
	s->queued += wait > 0;
	s->waited += wait;
	s->held += n * hold;
	return wait;
}

#endif
