/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec - the local pool; see exec.h for the contract.
 *
 * One loop: start workers while there are cells and free places, then wait for a signal (a child's end, an
 * interrupt), a record from a worker, or half a second. Signals are blocked and read from a signalfd, so
 * there is no handler and no global. Children are reaped by pid: a library's or a caller's children are not
 * ours to reap.
 *
 * A worker that crashes costs its own cell. A worker that meets a full disk or an exhausted host ends the
 * run once the others have finished, since the next cell would meet the same.
 */
#include "sim/experiment/exec.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "results/cell.h"
#include "results/reader.h"
#include "sim/base/sha256.h"
#include "sim/experiment/path.h"
#include "sim/experiment/worker.h"

#define TICK_MS 500
#define MIN_FREE_BYTES (UINT64_C(1) << 20)      /* below this the disk counts as full before we begin */

struct worker {
	pid_t    pid;                   /* 0: a free place */
	int      fd;
	uint64_t cell;
	double   share;                 /* 0..1 */
	bool     said;                  /* it sent a message of its own */
};

struct pool {
	struct experiment         *x;
	const struct exec_options *o;
	struct exec_outcome       *outcome;
	struct eg_errors          *err;
	struct worker             *worker;      /* o->jobs places */
	uint64_t                  *todo;        /* cells to run, ascending */
	uint64_t                   nr_todo, next;
	int                        signals;     /* signalfd */
	eg_status                  worst;       /* of the failed cells */
	bool                       stop;        /* start no more */
	bool                       interrupted;
	double                     started;
};

unsigned exec_default_jobs(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
}

void exec_outcome_free(struct exec_outcome *outcome)
{
	eg_free(outcome->cells_dir);
	eg_free(outcome->host_json);
	outcome->cells_dir = outcome->host_json = NULL;
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	return clock_gettime(clock, &ts) == 0 ? (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9 : 0;
}

/* ---- names ---------------------------------------------------------------------------------------- */

/* "results/x.h5" with its ending replaced. NULL without memory; eg_free(). */
static char *beside(const char *out, const char *ending)
{
	size_t n = strlen(out);
	struct eg_str s = { 0 };

	if (n > 3 && strcmp(out + n - 3, ".h5") == 0)
		n -= 3;
	eg_str_addn(&s, out, n);
	eg_str_add(&s, ending);
	if (s.failed) {
		eg_str_free(&s);
		return NULL;
	}
	return s.p;
}

static void cell_path(const struct pool *p, uint64_t cell, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s/%" PRIu64 ".h5", p->outcome->cells_dir, cell);
}

/* ---- before the run ------------------------------------------------------------------------------- */

static eg_status make_dir(const char *path, struct eg_errors *err)
{
	struct stat st;

	if (mkdir(path, 0777) == 0)
		return EG_OK;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return EG_OK;
	return eg_fail_errno(err, false, "cannot make the directory %s", path);
}

/* Learn now, not after an hour, that the result cannot be written. */
static eg_status check_output(struct pool *p)
{
	const char *out = p->o->out, *slash = strrchr(out, '/');
	char *dir = beside(slash ? out : ".", "");
	struct statvfs fs;
	struct stat st;
	eg_status s;

	if (!dir)
		return EG_NO_MEMORY;
	if (slash)
		dir[slash == out ? 1 : slash - out] = '\0';
	if (stat(out, &st) == 0 && S_ISDIR(st.st_mode))
		s = eg_fail(p->err, EG_IO, "%s is a directory; name a file with -o", out);
	else if (stat(dir, &st) != 0 || access(dir, W_OK | X_OK) != 0)
		s = eg_fail_errno(p->err, false, "cannot write the result %s: directory %s", out, dir);
	else if (statvfs(dir, &fs) == 0 && fs.f_blocks && (uint64_t)fs.f_bavail * fs.f_frsize < MIN_FREE_BYTES)
		s = eg_fail(p->err, EG_IO, "the disk that would hold %s is full (less than 1 MiB free)\nfree some space or choose "
			    "another place with -o", out);
	else
		s = make_dir(p->outcome->cells_dir, p->err);
	eg_free(dir);
	if (s == EG_OK && access(p->outcome->cells_dir, W_OK | X_OK) != 0)
		s = eg_fail_errno(p->err, false, "cannot write to the directory %s", p->outcome->cells_dir);
	return s;
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

/* Is the cell there already? EG_BAD_INPUT if another configuration's is. */
static eg_status look_at_cell(struct pool *p, uint64_t index, bool *there)
{
	struct exp_cell c;
	struct cell *old;
	char path[4200];
	eg_status s;

	*there = false;
	cell_path(p, index, path, sizeof(path));
	if (access(path, F_OK) != 0)
		return EG_OK;
	EG_TRY(exp_cell_resolve(p->x, index, &c, p->err));
	switch (result_cell_matches(path, c.hash)) {
	case RESULT_CELL_SAME:
		*there = true;
		break;
	case RESULT_CELL_DIFFERENT:
		old = eg_calloc(1, sizeof(*old));
		s = old ? cell_load(path, old, NULL) : EG_NO_MEMORY;
		(void)eg_fail(p->err, EG_BAD_INPUT, "%s is of another configuration (%.64s) than cell %" PRIu64 " of this experiment "
			      "(%.64s)\nremove %s or choose another -o", path, s == EG_OK ? old->config_hash : "unknown",
			      index, c.hash, p->outcome->cells_dir);
		if (s == EG_OK)
			cell_free(old);
		eg_free(old);
		exp_cell_free(&c);
		return EG_BAD_INPUT;
	case RESULT_CELL_ABSENT:
	case RESULT_CELL_DAMAGED:       /* run it again */
		break;
	}
	exp_cell_free(&c);
	return EG_OK;
}

static eg_status plan(struct pool *p)
{
	uint64_t first = p->o->cell == EXEC_ALL_CELLS ? 0 : p->o->cell;
	uint64_t end = p->o->cell == EXEC_ALL_CELLS ? p->x->nr_cells : p->o->cell + 1;
	struct exec_progress *now = &p->outcome->last;

	now->total = end - first;
	p->todo = eg_calloc(end - first, sizeof(*p->todo));
	if (!p->todo)
		return EG_NO_MEMORY;
	for (uint64_t i = first; i < end; i++) {
		bool there = false;

		if (p->o->resume || p->o->cell != EXEC_ALL_CELLS)
			EG_TRY(look_at_cell(p, i, &there));
		if (there)
			now->reused++;
		else
			p->todo[p->nr_todo++] = i;
	}
	now->done = now->reused;
	return EG_OK;
}

/* ---- workers -------------------------------------------------------------------------------------- */

static void tell_progress(struct pool *p, bool end)
{
	struct exec_progress *now = &p->outcome->last;
	double fresh, running = 0;

	now->running = 0;
	for (unsigned i = 0; i < p->o->jobs; i++) {
		now->running += p->worker[i].pid != 0;
		running += p->worker[i].pid ? p->worker[i].share : 0;
	}
	now->share = now->total ? ((double)now->done + (double)now->failed + running) / (double)now->total : 1;
	now->elapsed = seconds(CLOCK_MONOTONIC) - p->started;
	/* reused cells took no time: the rate is that of the cells of this run */
	fresh = (double)(now->done + now->failed - now->reused) + running;
	now->eta = fresh > 0.01 && now->elapsed > 1
		? now->elapsed / fresh * ((double)p->nr_todo - fresh) : -1;
	now->end = end;
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

static void read_frames(struct pool *p, struct worker *w)
{
	struct worker_frame f;

	while (read(w->fd, &f, sizeof(f)) == (ssize_t)sizeof(f)) {
		f.text[sizeof(f.text) - 1] = '\0';
		if (f.kind == WORKER_SHARE) {
			w->share = f.share >= 0 && f.share <= 1 ? f.share : w->share;
		} else {
			note_failure(p, w->cell, f.status, f.text);
			w->said = true;
		}
	}
}

static void forget_tmp(const struct pool *p, const struct worker *w)
{
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/%" PRIu64 ".h5.tmp.%ld", p->outcome->cells_dir, w->cell, (long)w->pid);
	(void)unlink(path);
}

static void worker_ended(struct pool *p, struct worker *w, int how)
{
	char why[160];

	read_frames(p, w);
	(void)close(w->fd);
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
		int how;

		if (w->pid && waitpid(w->pid, &how, WNOHANG) == w->pid) {
			worker_ended(p, w, how);
			tell_progress(p, false);
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
		*w = (struct worker){ .cell = p->todo[p->next] };
		remove_leftovers(p, w->cell);
		cell_path(p, w->cell, path, sizeof(path));
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

static eg_status run_pool(struct pool *p)
{
	struct pollfd *fds = eg_calloc(p->o->jobs + 1, sizeof(*fds));
	eg_status s = fds ? EG_OK : EG_NO_MEMORY;

	tell_progress(p, false);
	while (s == EG_OK) {
		read_signals(p);
		reap(p);
		s = start_workers(p);
		if (s != EG_OK || (!nr_running(p) && (p->stop || p->next == p->nr_todo)))
			break;
		wait_for_news(p, fds);
		tell_progress(p, false);
	}
	if (s != EG_OK)
		tell_workers_to_stop(p);
	for (unsigned i = 0; i < p->o->jobs; i++) {
		int how;

		if (p->worker[i].pid && waitpid(p->worker[i].pid, &how, 0) == p->worker[i].pid)
			worker_ended(p, &p->worker[i], how);
	}
	eg_free(fds);
	return s;
}

/* ---- after the run -------------------------------------------------------------------------------- */

static void sha_of(const char *text, char hex[65])
{
	struct eg_sha256 sha;
	uint8_t digest[32];

	eg_sha256_init(&sha);
	eg_sha256_update(&sha, text, strlen(text));
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hex);
}

/* Trace labels of the result: the file's name, as a workload item without label: has it. */
static const char *trace_label(struct experiment *x, const struct exp_trace *t)
{
	const struct yt_node *value = yt_scalar(&x->arena, t->path, t->mark), *item;
	char label[100];

	item = value ? yt_set(&x->arena, NULL, "trace", t->mark, value) : NULL;
	if (!item || !path_item_label(item, label, sizeof(label)))
		return "trace";
	return eg_arena_strdup(&x->arena, label);
}

static eg_status describe(struct pool *p, struct result_experiment *r, struct eg_str *yaml, char hash[65])
{
	struct experiment *x = p->x;
	struct result_axis *axis = eg_arena_alloc(&x->arena, x->nr_axes + 1, sizeof(*axis));
	struct result_coord *base = eg_arena_alloc(&x->arena, x->nr_baseline + 1, sizeof(*base));
	struct result_trace *trace = eg_arena_alloc(&x->arena, x->nr_traces + 1, sizeof(*trace));

	if (!axis || !base || !trace)
		return EG_NO_MEMORY;
	EG_TRY(exp_resolved_text(x, yaml, p->err));
	sha_of(eg_str_text(yaml), hash);
	for (unsigned i = 0; i < x->nr_axes; i++)
		axis[i] = (struct result_axis){ x->axis[i].path, x->axis[i].nr, x->axis[i].label };
	for (unsigned i = 0; i < x->nr_baseline; i++)
		base[i] = (struct result_coord){ x->baseline[i].path, x->baseline[i].label };
	for (size_t i = 0; i < x->nr_traces; i++)
		trace[i] = (struct result_trace){ trace_label(x, x->trace[i]), x->trace[i]->hash };
	*r = (struct result_experiment){
		.name = x->name, .nr_axes = x->nr_axes, .axes = axis, .nr_seeds = x->nr_seeds, .seeds = x->seed,
		.resolved_yaml = eg_str_text(yaml), .original_yaml = x->text, .config_sha256 = hash,
		.engram_version = p->o->engram_version, .nr_traces = (unsigned)x->nr_traces, .traces = trace,
		.nr_baseline = x->nr_baseline, .baseline = base, .nr_plots = x->nr_plots, .plots = x->plot,
	};
	return EG_OK;
}

/* With --resume: does the result file hold this very experiment already? */
static eg_status already_complete(struct pool *p, bool *complete)
{
	struct result_experiment r;
	struct result_file *f;
	struct eg_str yaml = { 0 };
	char hash[65];
	eg_status s;

	*complete = false;
	if (access(p->o->out, F_OK) != 0)
		return EG_OK;
	s = describe(p, &r, &yaml, hash);
	if (s == EG_OK && result_open(p->o->out, &f, NULL) == EG_OK) {
		*complete = strcmp(result_provenance(f, "config_sha256"), hash) == 0 && !*result_provenance(f, "missing_cells");
		result_close(f);
	}
	eg_str_free(&yaml);
	return s;
}

static eg_status merge(struct pool *p)
{
	struct result_experiment r;
	struct eg_str yaml = { 0 };
	uint64_t n = p->x->nr_cells;
	const char **path = eg_calloc(n, sizeof(*path));
	struct eg_arena a = { 0 };
	char hash[65], one[4200];
	eg_status s = path ? describe(p, &r, &yaml, hash) : EG_NO_MEMORY;

	for (uint64_t i = 0; s == EG_OK && i < n; i++) {
		cell_path(p, i, one, sizeof(one));
		path[i] = eg_arena_strdup(&a, one);
		s = path[i] ? EG_OK : EG_NO_MEMORY;
	}
	if (s == EG_OK)
		s = result_merge(p->o->out, &r, n, path, false, p->err);
	p->outcome->merged = s == EG_OK;
	eg_arena_free_all(&a);
	eg_str_free(&yaml);
	eg_free(path);
	return s;
}

static eg_status write_host(struct pool *p, double began)
{
	struct result_host_info info = p->o->host;
	const char **trace = eg_calloc(p->x->nr_traces + 1, sizeof(*trace));
	eg_status s;

	if (!trace)
		return EG_NO_MEMORY;
	for (size_t i = 0; i < p->x->nr_traces; i++)
		trace[i] = p->x->trace[i]->path;
	info.started = began;
	info.ended = seconds(CLOCK_REALTIME);
	info.nr_workers = p->o->jobs;
	info.nr_traces = (unsigned)p->x->nr_traces;
	info.trace_paths = trace;
	s = result_write_host_json(p->outcome->host_json, &info, p->err);
	eg_free(trace);
	return s;
}

/* What this executor puts into OUT.cells: N.h5, N.h5.tmp.PID, imported traces. Anything else stays. */
static bool ours(const char *name)
{
	size_t digits = strspn(name, "0123456789"), n = strlen(name);

	if (digits && strncmp(name + digits, ".h5", 3) == 0)
		return name[digits + 3] == '\0' || strncmp(name + digits + 3, ".tmp.", 5) == 0;
	return n > 4 && strcmp(name + n - 4, ".egt") == 0;
}

static void remove_cells(const struct pool *p)
{
	DIR *d = opendir(p->outcome->cells_dir);
	struct dirent *e;
	char path[4200];

	while (d && (e = readdir(d)) != NULL)
		if (ours(e->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", p->outcome->cells_dir, e->d_name) < (int)sizeof(path))
			(void)unlink(path);
	if (d)
		(void)closedir(d);
	(void)rmdir(p->outcome->cells_dir);     /* stays if someone else put a file there */
}

static eg_status finish(struct pool *p, double began)
{
	const struct exec_progress *now = &p->outcome->last;

	if (p->interrupted)
		return eg_fail(p->err, EG_INTERRUPTED, "interrupted; %" PRIu64 " of %" PRIu64 " cells are finished and kept in %s\n"
			       "go on with the same command and --resume", now->done, now->total, p->outcome->cells_dir);
	if (p->worst != EG_OK) {
		uint64_t missing = now->total - now->done;

		if (!now->done || p->o->cell != EXEC_ALL_CELLS)
			return eg_fail(p->err, p->worst, "no cell was finished");
		return eg_fail(p->err, p->worst, "%" PRIu64 " of %" PRIu64 " cells %s not finished, so %s was not written; the others "
			       "are kept in %s\nwhen the cause is removed, go on with the same command and --resume", missing,
			       now->total, missing == 1 ? "is" : "are", p->o->out, p->outcome->cells_dir);
	}
	if (p->o->cell != EXEC_ALL_CELLS)
		return EG_OK;
	EG_TRY(merge(p));
	EG_TRY(write_host(p, began));
	if (!p->o->keep_cells)
		remove_cells(p);
	return EG_OK;
}

static eg_status run_blocked(struct pool *p, const sigset_t *mask, double began)
{
	eg_status s;

	p->signals = signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (p->signals < 0)
		return eg_fail_errno(p->err, false, "cannot wait for signals");
	s = run_pool(p);
	tell_progress(p, true);
	if (s == EG_OK)
		s = finish(p, began);
	(void)close(p->signals);
	return s;
}

static eg_status run(struct pool *p)
{
	double began = seconds(CLOCK_REALTIME);
	sigset_t mask, old;
	bool complete = false;
	eg_status s;

	if (p->o->cell != EXEC_ALL_CELLS && p->o->cell >= p->x->nr_cells)
		return eg_fail(p->err, EG_USAGE, "there is no cell %" PRIu64 ": the experiment has %" PRIu64 " (0 to %" PRIu64 ")",
			       p->o->cell, p->x->nr_cells, p->x->nr_cells - 1);
	EG_TRY(check_output(p));
	EG_TRY(experiment_prepare(p->x, p->outcome->cells_dir, p->err));
	if (p->o->resume && p->o->cell == EXEC_ALL_CELLS)
		EG_TRY(already_complete(p, &complete));
	if (complete) {
		p->outcome->complete_before = true;
		remove_cells(p);
		return EG_OK;
	}
	EG_TRY(plan(p));
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, &old);
	s = run_blocked(p, &mask, began);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return s;
}

eg_status exec_run(struct experiment *x, const struct exec_options *o, struct exec_outcome *outcome, struct eg_errors *err)
{
	struct pool p = { .x = x, .o = o, .outcome = outcome, .err = err, .signals = -1 };
	eg_status s;

	*outcome = (struct exec_outcome){ 0 };
	outcome->cells_dir = beside(o->out, ".cells");
	outcome->host_json = beside(o->out, ".host.json");
	p.worker = eg_calloc(o->jobs, sizeof(*p.worker));
	p.started = seconds(CLOCK_MONOTONIC);
	s = outcome->cells_dir && outcome->host_json && p.worker ? run(&p) : EG_NO_MEMORY;
	/* an output that failed early leaves no empty directory behind */
	if (outcome->cells_dir)
		(void)rmdir(outcome->cells_dir);
	eg_free(p.worker);
	eg_free(p.todo);
	return s;
}
