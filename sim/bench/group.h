/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group - inside the room: rates that share a set-up are measured by one group.
 *
 * A round measures each wanted rate once, and its limit right after it. The first round of a run is thrown
 * away: it pays for the host's page faults.
 */
#ifndef SIM_BENCH_GROUP_H
#define SIM_BENCH_GROUP_H

#include <math.h>
#include <time.h>

#include "sim/bench/bench.h"

struct bench_sample {
	double value, limit;        /* in the rate's unit */
	double cpu_seconds;         /* of the measured part */
};

struct bench_ctx {
	const struct bench_options *o;
	struct eg_arena            *arena;      /* freed after the group */
	const bool                 *wanted;     /* by rate of the group */
	bool                        warm_up;    /* this round is thrown away */
	struct eg_errors           *err;
};

struct bench_group {
	const struct bench_rate *rates;
	unsigned                 nr;
	eg_status (*init)(struct bench_ctx *b, void **state);
	eg_status (*round)(struct bench_ctx *b, void *state, struct bench_sample *sample);
	void      (*fini)(void *state);         /* also after a failed init, if *state was set; may be NULL */
};

extern const struct bench_group bench_access, bench_files, bench_faults, bench_frames, bench_events;

static inline double bench_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The standard address stream `name` as access words; NULL with *s set on failure. The words are host
 * memory of the caller (eg_unreserve() with nr * 8). */
uint64_t *bench_stream(struct bench_ctx *b, const char *name, uint64_t nr, eg_status *s);

/* Path of a scratch file, from the arena; NULL when there is no memory. */
const char *bench_scratch(struct bench_ctx *b, const char *name);

#endif
