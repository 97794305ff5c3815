/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench - how fast this room is on the host: the rates of the page allocator and of machine set-up. */
#ifndef SIM_PHYS_BENCH_H
#define SIM_PHYS_BENCH_H

#include "sim/base/status.h"

struct phys_bench_row {
	const char *name;       /* "alloc_order0", ...                                           */
	const char *what;       /* one line: what is one operation                               */
	double      ns;         /* CPU nanoseconds an operation, the fastest of the rounds       */
	double      goal_ns;    /* the rate to reach; 0 = none stated                            */
};

enum { PHYS_BENCH_ROWS = 10 };

/*
 * Run everything `rounds` times (>= 1; a round takes about a second) with the policy `palloc` (a name
 * in the registry) at its defaults. Needs 150 MiB of host memory. EG_NO_MEMORY; EG_USAGE for an unknown name.
 */
eg_status phys_bench(const char *palloc, unsigned rounds, struct phys_bench_row rows[PHYS_BENCH_ROWS],
		     struct eg_errors *errors) EG_MUST_USE;

#endif
