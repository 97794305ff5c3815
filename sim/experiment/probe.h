/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe - what a cell costs: as far as its parameters tell, and by running it for a short time.
 *
 * The closed form bounds memory from above: 24 bytes for each frame of the machine (a record is touched only when the
 * workload reaches its frame) and 8 for page tables, the samples of the run, and the program itself. What a generator or
 * a trace reader keeps for itself is not in it. Time has no closed form: a probe runs a cell in a worker for a bounded
 * time and extrapolates from the share of the work it reports.
 */
#ifndef SIM_EXPERIMENT_PROBE_H
#define SIM_EXPERIMENT_PROBE_H

#include "sim/experiment/exec.h"

struct exec_cost {
	double   cpu_seconds, wall_seconds;
	uint64_t max_rss;               /* bytes */
};

/* Bounds of one cell by its parameters, in bytes: memory of its process; its file. */
struct exec_need {
	uint64_t memory, disk;
};
void exec_need(const struct spec *spec, struct exec_need *need);

struct exec_probe {
	uint64_t         cell;          /* which to run; set by the caller */
	bool             whole;         /* it ended within the time: all numbers are those of a whole cell */
	bool             failed;        /* it ended with a failure: why[] */
	double           share;         /* of its work, 0..1; 0: it told nothing */
	double           share_cpu;     /* CPU seconds it had used then */
	struct exec_cost cost;          /* until it ended or was ended */
	uint64_t         bytes;         /* of its file; 0 unless whole */
	char             why[240];
};

/*
 * Run each cell of probe[0..nr) for at most `seconds` of CPU time (on a busy host, four times as long by the clock), o->jobs
 * at a time; their files go to `dir` and are removed. Traces
 * must be prepared. The other members of o are used as by exec_run(), except out, cell, resume and keep_cells.
 * EG_INTERRUPTED, or a failure of the host; a cell that fails is told in its probe.
 */
eg_status exec_probe(struct experiment *x, const struct exec_options *o, const char *dir, double seconds,
		     struct exec_probe *probe, unsigned nr, struct eg_errors *err) EG_MUST_USE;

/* The CPU seconds of a whole cell by its probe; < 0: not known (too little was done to tell). */
double exec_probe_seconds(const struct exec_probe *probe);

/* What the host has: bytes of memory that programs could still get (0: it does not tell), and bytes free for a file at
 * `path` (which need not be there). */
uint64_t exec_host_memory(void);
uint64_t exec_host_disk(const char *path);

/*
 * The quick look before a run: would `jobs` cells at a time, and all cells and the result, fit? By the closed form alone,
 * of at most a few hundred points spread over the sweep. A warning is added to `warn` for each that may not; nothing is
 * refused, since the form is an upper bound.
 */
eg_status exec_check_room(struct experiment *x, const struct exec_options *o, struct eg_errors *warn) EG_MUST_USE;

#endif
