/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec - a run from its options to its outcome; see exec.h for the contract.
 *
 * Before: the output is tried, the cells that are there already are recognised, the rest is planned. Then
 * pool.c runs them, and collect.c makes the result. After: the folder of the cells goes, unless it is still
 * needed.
 */
#include "sim/experiment/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sim/experiment/side.h"

#define MIN_FREE_BYTES (UINT64_C(1) << 20)      /* below this the disk counts as full before we begin */

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

double exec__seconds(clockid_t clock)
{
	struct timespec ts;

	return clock_gettime(clock, &ts) == 0 ? (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9 : 0;
}

/* ---- names ---------------------------------------------------------------------------------------- */

char *exec_beside(const char *out, const char *ending)
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

void exec__cell_path(const struct pool *p, uint64_t cell, char *buf, size_t size)
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

/* A file that is no result (an experiment given to -o, say) is the user's work: it is not written over. */
bool exec__is_foreign(const char *path)
{
	static const char hdf5[8] = "\211HDF\r\n\032\n";
	char head[sizeof(hdf5)];
	size_t have = 0;
	struct stat st;
	ssize_t n;
	int fd;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;           /* the writer will say why it cannot be written */
	do {
		n = read(fd, head + have, sizeof(head) - have);
		have += n > 0 ? (size_t)n : 0;
	} while ((n < 0 && errno == EINTR) || (n > 0 && have < sizeof(head)));
	(void)close(fd);
	return have < sizeof(head) || memcmp(head, hdf5, sizeof(head)) != 0;
}

/* Learn now, not after an hour, that the result cannot be written. */
static eg_status check_output(struct pool *p)
{
	const char *out = p->o->out, *slash = strrchr(out, '/');
	char *dir = exec_beside(slash ? out : ".", "");
	struct statvfs fs;
	struct stat st;
	eg_status s;

	if (!dir)
		return EG_NO_MEMORY;
	if (slash)
		dir[slash == out ? 1 : slash - out] = '\0';
	if (!*out)
		s = eg_fail(p->err, EG_USAGE, "the result has no name; give one with -o");
	else if (stat(out, &st) == 0 && S_ISDIR(st.st_mode))
		s = eg_fail(p->err, EG_IO, "%s is a directory; name a file with -o", out);
	else if (stat(out, &st) == 0 && !S_ISREG(st.st_mode))
		s = eg_fail(p->err, EG_IO, "%s: cannot write: not a regular file\n"
			    "results are written to a temporary name and renamed: name a file with -o", out);
	else if (exec__is_foreign(out))
		s = eg_fail(p->err, EG_IO, "%s is there already and is no result; it is not written over\n"
			    "name another file with -o, or remove it", out);
	else if (stat(dir, &st) != 0 && errno == ENOENT)
		s = eg_fail(p->err, EG_IO, "cannot write the result %s: there is no directory %s\n"
			    "make it first, or choose another place with -o", out, dir);
	else if (stat(dir, &st) != 0)
		s = eg_fail_errno(p->err, false, "cannot write the result %s: directory %s", out, dir);
	else if (!S_ISDIR(st.st_mode))
		s = eg_fail(p->err, EG_IO, "cannot write the result %s: %s is a file, not a directory\n"
			    "choose another place with -o", out, dir);
	else if (access(dir, W_OK | X_OK) != 0)
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

/* Is the cell there already? EG_BAD_INPUT if another configuration's is. */
static eg_status look_at_cell(struct pool *p, uint64_t index, bool *there)
{
	struct exp_cell c;
	char path[4200], old[65];

	*there = false;
	exec__cell_path(p, index, path, sizeof(path));
	if (access(path, F_OK) != 0)
		return EG_OK;
	EG_TRY(exp_cell_resolve(p->x, index, &c, p->err));
	switch (result_cell_matches(path, c.hash)) {
	case RESULT_CELL_SAME:
		*there = true;
		break;
	case RESULT_CELL_DIFFERENT:
		(void)eg_fail(p->err, EG_BAD_INPUT, "%s is of another configuration (%.64s) than cell %" PRIu64 " of this experiment "
			      "(%.64s)\nremove %s or choose another -o", path, result_cell_hash(path, old) ? old : "unknown",
			      index, c.hash, p->outcome->cells_dir);
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

/* ---- after the run -------------------------------------------------------------------------------- */

/* What this executor puts into OUT.cells: N.h5, N.h5.tmp.PID, imported traces, notes (side.h). Anything else stays. */
static bool ours(const char *name)
{
	size_t digits = strspn(name, "0123456789"), n = strlen(name);

	if (side_is_note(name))
		return true;

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

	if (p->interrupted && p->o->cell != EXEC_ALL_CELLS && p->by_term)
		/* a scheduler's way to stop one job of an array: this cell failed, nobody pressed a key */
		return eg_fail(p->err, EG_FAILED, "cell %" PRIu64 " was stopped by SIGTERM; nothing of it is left, and it can be run again",
			       p->o->cell);
	if (p->interrupted && p->o->cell != EXEC_ALL_CELLS)
		return eg_fail(p->err, EG_INTERRUPTED, "interrupted; nothing of cell %" PRIu64 " is left, and it can be run again", p->o->cell);
	if (p->interrupted)
		return eg_fail(p->err, EG_INTERRUPTED, "interrupted; %" PRIu64 " of %" PRIu64 " cell%s %s finished and kept in %s\n"
			       "go on with the same command and --resume", now->done, now->total, now->total == 1 ? "" : "s",
			       now->done == 1 ? "is" : "are", p->outcome->cells_dir);
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
	side_heartbeat(p, "merging");
	EG_TRY(exec__merge(p));
	EG_TRY(exec__write_host(p, began));
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
	s = exec__run_pool(p);
	exec__tell_progress(p, true);
	if (s == EG_OK)
		s = finish(p, began);
	if (s == EG_OK)
		side_heartbeat_end(p);
	else
		side_heartbeat(p, s == EG_INTERRUPTED || p->interrupted ? "interrupted" : "failed");
	(void)close(p->signals);
	return s;
}

static eg_status run(struct pool *p)
{
	sigset_t mask, old;
	bool complete = false;
	eg_status s;

	if (p->o->cell != EXEC_ALL_CELLS && p->o->cell >= p->x->nr_cells)
		return eg_fail(p->err, EG_USAGE, "there is no cell %" PRIu64 ": the experiment has %" PRIu64 " (0 to %" PRIu64 ")",
			       p->o->cell, p->x->nr_cells, p->x->nr_cells - 1);
	EG_TRY(check_output(p));
	EG_TRY(experiment_prepare(p->x, p->outcome->cells_dir, p->err));
	if (p->o->resume && p->o->cell == EXEC_ALL_CELLS)
		EG_TRY(exec__already_complete(p, &complete));
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
	s = run_blocked(p, &mask, p->began);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return s;
}

eg_status exec_run(struct experiment *x, const struct exec_options *o, struct exec_outcome *outcome, struct eg_errors *err)
{
	struct pool p = { .x = x, .o = o, .outcome = outcome, .err = err, .signals = -1 };
	eg_status s;

	*outcome = (struct exec_outcome){ 0 };
	outcome->cells_dir = exec_beside(o->out, ".cells");
	outcome->host_json = exec_beside(o->out, ".host.json");
	p.worker = eg_calloc(o->jobs, sizeof(*p.worker));
	p.started = exec__seconds(CLOCK_MONOTONIC);
	p.began = exec__seconds(CLOCK_REALTIME);
	s = outcome->cells_dir && outcome->host_json && p.worker ? run(&p) : EG_NO_MEMORY;
	/* an output that failed early leaves no empty directory behind */
	if (outcome->cells_dir)
		(void)rmdir(outcome->cells_dir);
	eg_free(p.worker);
	eg_free(p.todo);
	return s;
}
