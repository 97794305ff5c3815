/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench - how fast the simulator is on this host.
 *
 * Rates of the parts that a run spends its time in, each measured beside a limit: a minimal loop over "nothing
 * but the data structure" (limits.h), in the same process, in turns (A B A B). On a shared host absolute
 * numbers move by tens of percent, so what is worth claiming is the share of the limit. All times are CPU
 * time of the measuring thread.
 *
 * Host time is read in this room, in sim/phys/bench.c and in workloads/trace/bench.c, and nowhere else:
 * nothing measured here can reach a simulated result.
 */
#ifndef SIM_BENCH_BENCH_H
#define SIM_BENCH_BENCH_H

#include "sim/base/mem.h"

/* One rate: what it means and what it should be. */
struct bench_rate {
	const char *name;           /* "access.hot48"                                              */
	const char *what;           /* the definition, one line                                    */
	const char *unit;           /* "M/s", "ns", "ms", "B"                                      */
	bool        higher;         /* true: more is better                                        */
	double      goal, never;    /* to reach; never below (above, if less is better); 0 = none stated */
	const char *limit;          /* what the limit loop does; NULL: there is none               */
};

enum { BENCH_MAX_ROUNDS = 99, BENCH_MAX_ONLY = 31 };

struct bench_row {
	const struct bench_rate *rate;
	unsigned                 nr;                        /* rounds */
	double                   value[BENCH_MAX_ROUNDS];   /* in the unit, by round */
	double                   limit[BENCH_MAX_ROUNDS];   /* the same of the limit loop */
	double                   cpu_seconds;               /* spent in the measured part, all rounds */
};

struct bench_options {
	unsigned           rounds;          /* 1..BENCH_MAX_ROUNDS */
	bool               quick;           /* shorter streams: the rates are rougher, all rows are there */
	const char *const *only;            /* names or beginnings of names, NULL-terminated; NULL = all */
	const char        *trace;           /* an .egt file to decode as well, or NULL */
	const char        *scratch;         /* a directory for traces, written and removed again */
	void             (*progress)(void *ctx, const char *name, unsigned round, unsigned rounds);  /* or NULL */
	void              *progress_ctx;
};

/*
 * Measure. *rows (from the arena) are in a fixed order, those of `only` alone. EG_USAGE if `only` matches
 * nothing, EG_FAILED if a loop and its limit disagree about what they computed, EG_NO_MEMORY, EG_IO. Needs
 * 1 GiB of host memory.
 */
eg_status bench_run(const struct bench_options *o, struct eg_arena *arena, struct bench_row **rows, unsigned *nr,
		    struct eg_errors *err) EG_MUST_USE;

/* The i-th rate there is, NULL past the last. */
const struct bench_rate *bench_rate_at(unsigned i);

struct bench_summary {
	double median, min, max;
	double limit_median, limit_min, limit_max;  /* NaN without a limit */
	double share;                               /* of the limit's speed, NaN without one: 1 = as fast */
	bool   below;                               /* the median is worse than `never` */
	bool   reached;                             /* ... as good as `goal` */
};
struct bench_summary bench_summarise(const struct bench_row *row);

/* ---- build and host, for the record -------------------------------------------------------------------- */

struct bench_host {
	char     compiler[128], flags[256], version[32];
	char     cpu[96], kernel[128], huge_pages[64];
	unsigned cpus;
	uint64_t memory_bytes;
	bool     avx2, optimised, checks;   /* host has AVX2; built with optimisation; built with assertions */
};
void bench_host_facts(struct bench_host *h);

/* Bind this thread to the CPU it runs on; false if the host refuses. */
bool bench_pin(void);

#endif
