/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool - the processes of a run; see pool.h.
 *
 * One loop: start workers while there are cells and free places, then wait for a signal (a child's end, an
 * interrupt), a record from a worker, or half a second. Signals are blocked and read from a signalfd, so
 * there is no handler and no global. Children are reaped by pid: a library's or a caller's children are not
 * ours to reap.
 *
 * A worker that crashes costs its own cell. A worker that meets a full disk or an exhausted host ends the
 * run once the others have finished, since the next cell would meet the same.
 */
#include "sim/experiment/pool.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/experiment/probe.h"
#include "sim/experiment/side.h"
#include "sim/experiment/worker.h"

#define TICK_MS 500

void exec__tell_progress(struct pool *p, bool end)
{
	struct exec_progress *now = &p->outcome->last;
	double fresh, running = 0;

	now->running = 0;
	for (unsigned i = 0; i < p->o->jobs; i++) {
		now->running += p->worker[i].pid != 0;
		running += p->worker[i].pid ? p->worker[i].share : 0;
	}
	now->share = now->total ? ((double)now->done + (double)now->failed + running) / (double)now->total : 1;
	now->elapsed = exec__seconds(CLOCK_MONOTONIC) - p->started;
	/* reused cells took no time: the rate is that of the cells of this run */
	fresh = (double)(now->done + now->failed - now->reused) + running;
	now->eta = fresh > 0.01 && now->elapsed > 1
		? now->elapsed / fresh * ((double)p->nr_todo - fresh) : -1;
	now->end = end;
	if (!p->probe && (end || now->elapsed - p->beat >= SIDE_BEAT_S || p->beat <= 0))
		side_heartbeat(p, "running");
	p->o->progress(p->o->ctx, now);
}

static void note_failure(struct pool *p, uint64_t cell, eg_status s, const char *why)
{
	struct eg_str where = { 0 };
	struct exp_cell c;

	if (exp_cell_resolve(p->x, cell, &c, NULL) == EG_OK) {
		exp_cell_describe(p->x, &c, &where);
		exp_cell_free(&c);
	}
	(void)eg_fail(&p->outcome->failures, s, "cell %" PRIu64 " (%.200s): %.380s", cell, eg_str_text(&where), why);
	eg_str_free(&where);
}

static int severity(eg_status s)
{
	return s == EG_IO || s == EG_NO_MEMORY ? 3 : s == EG_BAD_INPUT ? 2 : s == EG_OK ? 0 : 1;
}

static void worsen(struct pool *p, eg_status s)
{
	if (severity(s) > severity(p->worst))
		p->worst = s;
	if (severity(s) == 3)
		p->stop = true;
}

static struct exec_probe *probe_of(const struct pool *p, uint64_t cell)
{
	uint64_t i = 0;

	while (p->todo[i] != cell)
		i++;
	return &p->probe[i];
}

static void read_frames(struct pool *p, struct worker *w)
{
	struct worker_frame f;

	while (read(w->fd, &f, sizeof(f)) == (ssize_t)sizeof(f)) {
		f.text[sizeof(f.text) - 1] = '\0';
		if (f.kind == WORKER_SHARE) {
			w->share = f.share >= 0 && f.share <= 1 ? f.share : w->share;
			w->share_cpu = f.cpu;
		} else if (p->probe) {
			(void)snprintf(probe_of(p, w->cell)->why, sizeof(p->probe->why), "%.*s", (int)strcspn(f.text, "\n"), f.text);
		} else {
			note_failure(p, w->cell, f.status, f.text);
			w->said = true;
		}
	}
}

/* Temporary files of earlier workers on this cell: killed ones leave them. */
static void remove_leftovers(const struct pool *p, uint64_t cell)
{
	char prefix[40], path[4200];
	DIR *d = opendir(p->outcome->cells_dir);
	struct dirent *e;

	(void)snprintf(prefix, sizeof(prefix), "%" PRIu64 ".h5.tmp.", cell);
	while (d && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
		    snprintf(path, sizeof(path), "%s/%s", p->outcome->cells_dir, e->d_name) < (int)sizeof(path))
			(void)unlink(path);
	if (d)
		(void)closedir(d);
}

static void forget_tmp(const struct pool *p, const struct worker *w)
{
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/%" PRIu64 ".h5.tmp.%ld", p->outcome->cells_dir, w->cell, (long)w->pid);
	(void)unlink(path);
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

/* A probe's cell: what it cost, finished or not; its file goes. */
static void probe_ended(struct pool *p, const struct worker *w, int how, const struct exec_cost *cost)
{
	struct exec_probe *probe = probe_of(p, w->cell);
	char path[4200];
	struct stat st;

	probe->cost = *cost;
	probe->whole = WIFEXITED(how) && WEXITSTATUS(how) == (int)EG_OK;
	probe->failed = !probe->whole && !w->cut && !p->interrupted;
	probe->share = probe->whole ? 1 : w->share;
	probe->share_cpu = probe->whole ? cost->cpu_seconds : w->share_cpu;
	if (probe->failed && !*probe->why && WIFSIGNALED(how))
		(void)snprintf(probe->why, sizeof(probe->why), "its process was ended by signal %d", WTERMSIG(how));
	exec__cell_path(p, w->cell, path, sizeof(path));
	if (probe->whole && stat(path, &st) == 0)
		probe->bytes = (uint64_t)st.st_size;
	(void)unlink(path);
	if (!probe->whole)
		forget_tmp(p, w);
	p->outcome->last.done++;
}

static void worker_ended(struct pool *p, struct worker *w, int how, const struct rusage *used)
{
	struct exec_cost cost = { .cpu_seconds = seconds_of(&used->ru_utime) + seconds_of(&used->ru_stime),
				  .wall_seconds = exec__seconds(CLOCK_MONOTONIC) - w->began,
				  .max_rss = (uint64_t)used->ru_maxrss * 1024 };
	char why[160];

	read_frames(p, w);
	(void)close(w->fd);
	if (p->probe) {
		probe_ended(p, w, how, &cost);
		*w = (struct worker){ .fd = -1 };
		return;
	}
	if (WIFEXITED(how) && WEXITSTATUS(how) == (int)EG_OK)
		side_write_cost(p->outcome->cells_dir, w->cell, &cost);
	if (WIFEXITED(how) && WEXITSTATUS(how) == (int)EG_OK) {
		p->outcome->last.done++;
	} else {
		forget_tmp(p, w);
		if (!p->interrupted) {
			/* an exit code that is no status comes from a sanitizer or a library */
			eg_status s = WIFEXITED(how) && WEXITSTATUS(how) < (int)EG_INTERRUPTED
				? (eg_status)WEXITSTATUS(how) : EG_FAILED;

			if (WIFSIGNALED(how))
				(void)snprintf(why, sizeof(why), "its process was ended by signal %d (%s)%s", WTERMSIG(how),
					       strsignal(WTERMSIG(how)),
					       WTERMSIG(how) == SIGKILL ? "; by the kernel, if the host ran out of memory" : "");
			else
				(void)snprintf(why, sizeof(why), "%s", eg_status_text(s));
			if (!w->said)
				note_failure(p, w->cell, s, why);
			p->outcome->last.failed++;
			worsen(p, s);
		}
	}
	*w = (struct worker){ .fd = -1 };
}

static void reap(struct pool *p)
{
	for (unsigned i = 0; i < p->o->jobs; i++) {
		struct worker *w = &p->worker[i];
		struct rusage used;
		int how;

		if (w->pid && wait4(w->pid, &how, WNOHANG, &used) == w->pid) {
			worker_ended(p, w, how, &used);
			exec__tell_progress(p, false);
		}
	}
}

static void tell_workers_to_stop(struct pool *p)
{
	for (unsigned i = 0; i < p->o->jobs; i++)
		if (p->worker[i].pid)
			(void)kill(p->worker[i].pid, SIGTERM);
}

static void read_signals(struct pool *p)
{
	struct signalfd_siginfo si;

	while (read(p->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;       /* one signal may stand for several ends: reap() asks each pid */
		p->by_term |= si.ssi_signo == SIGTERM;
		p->interrupted = p->stop = true;
		tell_workers_to_stop(p);
	}
}

static eg_status start_workers(struct pool *p)
{
	for (unsigned i = 0; i < p->o->jobs && !p->stop && p->next < p->nr_todo; i++) {
		struct worker *w = &p->worker[i];
		char path[4200];
		eg_status s;

		if (w->pid)
			continue;
		*w = (struct worker){ .cell = p->todo[p->next], .began = exec__seconds(CLOCK_MONOTONIC) };
		remove_leftovers(p, w->cell);
		exec__cell_path(p, w->cell, path, sizeof(path));
		s = worker_start(p->x, p->o, w->cell, path, &w->pid, &w->fd, p->err);
		if (s != EG_OK) {
			w->pid = 0;
			return s;
		}
		p->next++;
	}
	return EG_OK;
}

static unsigned nr_running(const struct pool *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->o->jobs; i++)
		n += p->worker[i].pid != 0;
	return n;
}

static void wait_for_news(struct pool *p, struct pollfd *fds)
{
	unsigned n = 1;

	fds[0] = (struct pollfd){ .fd = p->signals, .events = POLLIN };
	for (unsigned i = 0; i < p->o->jobs; i++)
		if (p->worker[i].pid)
			fds[n++] = (struct pollfd){ .fd = p->worker[i].fd, .events = POLLIN };
	if (poll(fds, n, TICK_MS) <= 0)
		return;
	for (unsigned i = 0; i < p->o->jobs; i++)
		if (p->worker[i].pid)
			read_frames(p, &p->worker[i]);
}

/* End the cells that had their time: of the CPU, so that a busy host does not make a short look shorter. */
static void cut_probes(struct pool *p)
{
	for (unsigned i = 0; i < p->o->jobs; i++) {
		struct worker *w = &p->worker[i];
		clockid_t clock;

		if (!w->pid)
			continue;
		if (exec__seconds(CLOCK_MONOTONIC) - w->began <= 4 * p->limit &&
		    (clock_getcpuclockid(w->pid, &clock) != 0 || exec__seconds(clock) <= p->limit))
			continue;
		w->cut = true;
		(void)kill(w->pid, SIGKILL);
	}
}

eg_status exec__run_pool(struct pool *p)
{
	struct pollfd *fds = eg_calloc(p->o->jobs + 1, sizeof(*fds));
	eg_status s = fds ? EG_OK : EG_NO_MEMORY;

	exec__tell_progress(p, false);
	while (s == EG_OK) {
		read_signals(p);
		reap(p);
		s = start_workers(p);
		if (s != EG_OK || (!nr_running(p) && (p->stop || p->next == p->nr_todo)))
			break;
		wait_for_news(p, fds);
		if (p->probe)
			cut_probes(p);
		exec__tell_progress(p, false);
	}
	if (s != EG_OK)
		tell_workers_to_stop(p);
	for (unsigned i = 0; i < p->o->jobs; i++) {
		struct rusage used;
		int how;

		if (p->worker[i].pid && wait4(p->worker[i].pid, &how, 0, &used) == p->worker[i].pid)
			worker_ended(p, &p->worker[i], how, &used);
	}
	eg_free(fds);
	return s;
}
