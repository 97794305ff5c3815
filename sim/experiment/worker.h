/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker - the process of one cell: what it does, and what it tells the parent. Private to exec. */
#ifndef SIM_EXPERIMENT_WORKER_H
#define SIM_EXPERIMENT_WORKER_H

#include <sys/types.h>

#include "sim/experiment/exec.h"

/* One record on the pipe; smaller than PIPE_BUF, so records of a writer arrive whole. */
struct worker_frame {
	enum { WORKER_SHARE, WORKER_MESSAGE } kind;
	eg_status status;
	double    share;                     /* SHARE: of the cell, 0..1; -1 unknown */
	double    cpu;                       /* SHARE: CPU seconds used so far */
	char      text[EG_ERRORS_CHARS];     /* MESSAGE */
};

/* Start cell `index`, whose file is `path`: the child's pid and the reading end of its pipe (non-blocking).
 * The child ends with the status' value as its exit status. EG_IO if the host cannot fork. */
eg_status worker_start(struct experiment *x, const struct exec_options *o, uint64_t index, const char *path, pid_t *pid,
		       int *fd, struct eg_errors *err) EG_MUST_USE;

#endif
