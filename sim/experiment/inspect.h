/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inspect - what is there of an experiment: its result, its cells, the runs at work on it. Reads files alone, so it
 * serves a run that goes on, one that was killed, and one on other machines with the same file system.
 */
#ifndef SIM_EXPERIMENT_INSPECT_H
#define SIM_EXPERIMENT_INSPECT_H

#include "sim/experiment/probe.h"

enum inspect_result {
	INSPECT_NONE,           /* no file */
	INSPECT_COMPLETE,       /* this very experiment, all cells */
	INSPECT_STALE,          /* of another configuration */
	INSPECT_UNREADABLE,     /* damaged, or no result of Engram */
};

/* A heartbeat (side.h) as it was found. */
struct inspect_run {
	bool        whole;              /* of all cells; else of `cell` */
	uint64_t    cell;
	const char *state, *host;       /* "running", ...; host "" when not told */
	bool        alive;              /* its process is there (on another host: it was heard of lately) */
	bool        here;               /* on this host */
	long        pid;
	double      started, updated;   /* seconds since the epoch */
	double      share, elapsed, eta;/* eta < 0: not known */
	uint64_t    total, done, reused, failed;
	unsigned    nr_running, nr_failures;
	uint64_t   *running;            /* cells at work */
	double     *running_share;
	const char **failures;
};

struct inspect_cell {
	enum result_cell_state state;
	bool                   cost_known;
	struct exec_cost       cost;
	uint64_t               bytes;   /* of its file */
};

struct inspect {
	enum inspect_result  result;
	bool                 foreign;           /* INSPECT_UNREADABLE, and a run will not write over it */
	char                 config_hash[65];   /* of the experiment */
	char                 result_hash[65];   /* of the result file that is there */
	char                *cells_dir;         /* in the arena, like all below */
	struct inspect_cell *cell;              /* nr_cells of the experiment */
	uint64_t             nr_done, nr_other, nr_damaged;     /* SAME, DIFFERENT, DAMAGED */
	unsigned             nr_runs;
	struct inspect_run  *run;               /* the whole run first */
};

/* Look. Traces must be prepared. `out` is the result file. EG_NO_MEMORY, or EG_BAD_INPUT when a cell of the experiment
 * cannot be resolved; files that cannot be read are not failures. */
eg_status inspect(struct experiment *x, const char *out, struct eg_arena *arena, struct inspect *in, struct eg_errors *err)
	EG_MUST_USE;

/* Values of a map that was read; false if they are not there. */
bool inspect_number(const struct yt_node *map, const char *key, double *out);
bool inspect_u64(const struct yt_node *map, const char *key, uint64_t *out);

/* When a process of this host started, in its clock's ticks; 0 if there is none. Tells a pid from its reuse. */
uint64_t inspect_process_start(long pid);

#endif
