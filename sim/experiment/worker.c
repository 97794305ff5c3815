/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker - one cell, one process.
 *
 * A process and not a thread: HDF5 is not thread-safe, a cell that crashes must not take the others with
 * it, and memory goes back to the host when a cell ends. The child inherits the loaded experiment, so
 * nothing is read or parsed twice; it resolves its own cell, runs it, writes it and ends with _exit(),
 * which leaves the parent's buffers alone.
 *
 * SIGINT stays blocked in the child: a Ctrl-C reaches the whole foreground group, and it is the parent
 * that decides. SIGTERM ends the child at once; its temporary file is removed by the parent, who knows its
 * name. If the parent dies, the kernel ends the child (PR_SET_PDEATHSIG), so no orphan computes on.
 */
#include "sim/experiment/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define SHARES_PER_S 5

struct telling {
	int             fd;
	struct timespec last;
};

static void tell(int fd, const struct worker_frame *f)
{
	ssize_t n;

	do
		n = write(fd, f, sizeof(*f));
	while (n < 0 && errno == EINTR);
	/* a parent that went away ends this process anyway */
}

static bool on_progress(void *ctx, double share, eg_time now)
{
	struct telling *t = ctx;
	struct timespec ts;
	struct worker_frame f = { .kind = WORKER_SHARE, .share = share };

	(void)now;
	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return true;
	if ((ts.tv_sec - t->last.tv_sec) * 1000 + (ts.tv_nsec - t->last.tv_nsec) / 1000000 < 1000 / SHARES_PER_S)
		return true;
	t->last = ts;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0)
		f.cpu = (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
	tell(t->fd, &f);
	return true;
}

static eg_status run_and_write(struct experiment *x, const struct exec_options *o, uint64_t index, const char *path,
			       struct telling *t, struct eg_errors *err)
{
	struct run_options run = o->run;
	struct result_cell_info info = { .index = index };
	struct result_coord *coord;
	struct run_result *result;
	struct exp_cell *cell;
	eg_status s;

	cell = eg_calloc(1, sizeof(*cell));
	result = eg_calloc(1, sizeof(*result));
	coord = eg_calloc(x->nr_axes + 1, sizeof(*coord));
	if (!cell || !result || !coord)
		return EG_NO_MEMORY;    /* the process ends: nothing to free */
	EG_TRY(exp_cell_resolve(x, index, cell, err));
	for (unsigned i = 0; i < x->nr_axes; i++)
		coord[i] = (struct result_coord){ cell->coord[i].path, cell->coord[i].label };
	info.config_hash = cell->hash;
	info.seed = cell->seed;
	info.nr_coords = x->nr_axes;
	info.coords = coord;
	info.resolved_yaml = cell->yaml;
	run.progress = on_progress;
	run.progress_ctx = t;
	EG_TRY(run_cell(&cell->spec, &run, result, err));
	s = result_write_cell(path, &info, result, err);
	run_result_free(result);
	return s;
}

_Noreturn static void child(struct experiment *x, const struct exec_options *o, uint64_t index, const char *path, int fd)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	struct telling t = { .fd = fd };
	struct worker_frame f = { .kind = WORKER_MESSAGE };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t mask;
	eg_status s;

	(void)sigaction(SIGTERM, &dfl, NULL);
	(void)sigaction(SIGCHLD, &dfl, NULL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	s = err ? run_and_write(x, o, index, path, &t, err) : EG_NO_MEMORY;
	f.status = s;
	for (unsigned i = 0; s != EG_OK && err && i < err->nr; i++) {
		(void)snprintf(f.text, sizeof(f.text), "%s", err->text[i]);
		tell(fd, &f);
	}
	_exit((int)s);
}

eg_status worker_start(struct experiment *x, const struct exec_options *o, uint64_t index, const char *path, pid_t *pid,
		       int *fd, struct eg_errors *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe(ends) != 0)
		return eg_fail_errno(err, false, "cannot make a pipe to a worker");
	*pid = fork();
	if (*pid < 0) {
		eg_status s = eg_fail_errno(err, false, "cannot start a worker process; try a smaller -j");

		(void)close(ends[0]);
		(void)close(ends[1]);
		return s;
	}
	if (*pid == 0) {
		(void)close(ends[0]);
#ifdef __linux__
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
		if (getppid() != parent)
			_exit((int)EG_INTERRUPTED);
		child(x, o, index, path, ends[1]);
	}
	(void)close(ends[1]);
	*fd = ends[0];
	(void)fcntl(*fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(*fd, F_SETFD, FD_CLOEXEC);
	return EG_OK;
}
