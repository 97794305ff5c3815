/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec - run the cells of an experiment, one process each, and merge them.
 *
 * The cell contract: cell N is computed alone and written to OUT.cells/N.h5 under that name only when it is
 * whole; a cell that stands there with the same configuration hash need not run again. So a run may be
 * killed at any moment, spread over machines (--cell N) or finished later (--resume), and nothing but the
 * file system is shared. Nothing here prints; what happens is told through the report functions.
 */
#ifndef SIM_EXPERIMENT_EXEC_H
#define SIM_EXPERIMENT_EXEC_H

#include "results/writer.h"
#include "sim/experiment/cell.h"
#include "sim/machine/run.h"

#define EXEC_ALL_CELLS UINT64_MAX

struct exec_progress {
	uint64_t total, done;        /* cells of this call, cells finished (reused ones included) */
	uint64_t reused, failed;
	unsigned running;
	double   share;              /* of all the work, 0..1: finished cells and what running ones report */
	double   elapsed, eta;       /* host seconds; eta < 0: not known yet */
	bool     end;                /* the last call */
};

struct exec_options {
	const char *out;             /* the result file: "results/x.h5"; the cells go to "results/x.cells" */
	unsigned    jobs;            /* processes at a time, >= 1 */
	uint64_t    cell;            /* run this one and do not merge, or EXEC_ALL_CELLS */
	bool        resume;          /* keep cells that match, run the rest */
	bool        keep_cells;      /* leave OUT.cells after the merge */
	struct run_options run;      /* block, lookahead, audit, strict; the progress members are ours */
	const char *engram_version;
	struct result_host_info host;    /* argc, argv, anonymous; the rest is filled in */
	/* Called at each change and at least twice a second; never NULL. */
	void      (*progress)(void *ctx, const struct exec_progress *p);
	void       *ctx;
};

/* What happened; texts are valid until exec_outcome_free(). */
struct exec_outcome {
	struct exec_progress last;
	char                *cells_dir, *host_json;
	bool                 merged;         /* the result file is new */
	bool                 complete_before;/* --resume found the result file finished: nothing was done */
	struct eg_errors     failures;       /* one message for each cell that failed: "cell 3 (...): why" */
};

/*
 * Run. EG_OK: every cell is there and (unless one cell was asked for) merged into `out`. EG_FAILED: a cell
 * crashed; the others are kept. EG_BAD_INPUT: a cell could not use its input, or a cell of another
 * configuration is in the way (--resume, --cell). EG_IO, EG_NO_MEMORY: the host. EG_INTERRUPTED: SIGINT or
 * SIGTERM; finished cells are kept. In no case is anything half-written under a final name. The traces are
 * imported here (experiment_prepare()).
 */
eg_status exec_run(struct experiment *x, const struct exec_options *o, struct exec_outcome *outcome, struct eg_errors *err)
	EG_MUST_USE;
void      exec_outcome_free(struct exec_outcome *outcome);

/* Online CPUs, at least 1. */
unsigned  exec_default_jobs(void);

/* "results/x.h5" with its ending replaced: exec_beside(out, ".cells"). NULL without memory; eg_free(). */
char     *exec_beside(const char *out, const char *ending);

#endif
