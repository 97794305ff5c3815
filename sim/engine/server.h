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

/* Arrive at `now` for a service of `hold`; returns the waiting time before the service begins. */
static inline eg_time server_enter(struct server *s, eg_time now, eg_time hold)
{
	eg_time wait = s->free_at > now ? s->free_at - now : 0;

	s->free_at = now + wait + hold;
	s->served++;
	s->queued += wait > 0;
	s->waited += wait;
	s->held += hold;
	return wait;
}

#endif
