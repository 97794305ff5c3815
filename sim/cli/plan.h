/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan - what the files of the verb share: plan.c (what is known) and plan_show.c (what it means). */
#ifndef SIM_CLI_PLAN_H
#define SIM_CLI_PLAN_H

#include "sim/cli/verb.h"
#include "sim/experiment/inspect.h"

enum { MAX_PROBES = 8 };

/* OUTLASTED: its probe ended before the share of the work was known; seconds is what it had used, a lower bound. */
enum source { UNKNOWN, FINISHED, PROBED, GUESSED, OUTLASTED };

struct plan {
	struct experiment  *x;
	struct exec_options o;
	struct inspect      in;
	uint64_t            nr_missing;
	double             *seconds;            /* CPU time of a cell, by point; valid unless source is UNKNOWN */
	uint8_t            *source;             /* enum source, by point */
	uint64_t            nr_finished;        /* cells whose cost is known */
	struct exec_probe   probe[MAX_PROBES];
	unsigned            nr_probes;
	bool                probe_failed;
	double              cpu_seconds;        /* of all missing cells; < 0: unknown */
	uint64_t            nr_unknown;         /* missing cells about whose time nothing is known */
	uint64_t            nr_guessed;         /* ... the mean of other points was taken */
	double              at_least;           /* CPU seconds of all missing cells, by what those of unknown time have used */
	double              longest;            /* cell */
	uint64_t            seen_memory;        /* the largest of finished cells and probes */
	bool                seen_whole;         /* ... of which all ended, one at least of each point */
	uint64_t            most_memory, most_disk;     /* of one cell, by the closed form */
	uint64_t            cell_bytes;         /* mean file of finished cells; 0 unknown */
	struct eg_errors   *warn;
};

/* Is this cell still to be run? */
bool plan__is_missing(const struct plan *p, uint64_t cell);
/* Print the plan as the options ask for; the exit code. */
int plan__show(struct plan *p, const struct cli_args *a);

#endif
