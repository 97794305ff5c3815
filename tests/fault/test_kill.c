/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command killed at any moment: SIGKILL for the parent alone, for the whole group, for one worker; SIGINT and
 * SIGTERM. Then --resume, and the result must be that of an undisturbed run, byte for byte; a worker that dies costs its
 * own cell and is reported with number and signal; an interrupt ends with 130 and keeps what is finished; no worker
 * outlives its parent. And `trace generate`, which leaves no file under the final name.
 *
 * The moments are drawn from a fixed seed and scaled to the measured time of a whole run, so that all phases are met:
 * reading, importing, cells, merging, renaming. ENGRAM_FAULT_KILLS sets how many (default 50). This process adopts
 * orphans (PR_SET_CHILD_SUBREAPER), so it can tell whether they end, and nothing is left when it does.
 */
#include "tests/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 16

static const char yaml[] =
	"version: 1\nname: tiny\nmachine: {preset: laptop, cpus: 1, memory: 64MiB}\n"
	"workload:\n  - {generator: zipf, footprint: 1MiB, references: 200000}\n  - {trace: small.lackey, label: small}\n"
	"sweep: {policy.page_allocator: [buddy, bitmap_first]}\nseeds: 2\n";

static char dir[] = "test_kill.XXXXXX";
static unsigned char *reference;
static size_t reference_size;
static uint64_t state = 20260117;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void wait_seconds(double s)
{
	struct timespec ts = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static unsigned char *read_whole(const char *path, size_t *size)
{
	unsigned char *p = NULL;
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (f && fstat(fileno(f), &st) == 0) {
		*size = (size_t)st.st_size;
		p = malloc(*size + 1);
		if (p && fread(p, 1, *size, f) != *size) {
			free(p);
			p = NULL;
		}
	}
	if (f)
		(void)fclose(f);
	return p;
}

static bool is_reference(const char *path)
{
	size_t n = 0;
	unsigned char *p = read_whole(path, &n);
	bool same = p && n == reference_size && memcmp(p, reference, n) == 0;

	free(p);
	return same;
}

static bool said(const char *what)
{
	size_t n = 0;
	unsigned char *p = read_whole("log", &n);
	bool there = false;

	if (p) {
		p[n] = '\0';
		there = strstr((char *)p, what) != NULL;
	}
	free(p);
	return there;
}

/* Files of the directory whose name has this text; `remove_them`, too. */
static unsigned nr_files(const char *where, const char *part, bool remove_them)
{
	DIR *d = opendir(where);
	struct dirent *e;
	char path[600];
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || !strstr(e->d_name, part))
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%.200s/%.300s", where, e->d_name);
		if (remove_them && unlink(path) != 0) {
			(void)nr_files(path, "", true);
			(void)rmdir(path);
		}
	}
	if (d)
		(void)closedir(d);
	return n;
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

/* Start the command in a group of its own, in the test's directory, its messages in `log`. */
static pid_t start(const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)setpgid(0, 0);
		if (log >= 0 && null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(log, 2) == 2)
			(void)execv(getenv("ENGRAM"), (char *const *)(uintptr_t)argv);
		_exit(99);
	}
	(void)setpgid(pid, pid);                /* whoever comes first */
	return pid;
}

static pid_t start_run(bool resume)
{
	const char *const argv[] = { "engram", "run", "x.yaml", "-o", "a.h5", "-j2", "-q", "--no-plots", resume ? "--resume" : NULL, NULL };

	return start(argv);
}

static int wait_for(pid_t pid)
{
	int how = -1;

	while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	return how;
}

static unsigned children_of(pid_t pid, pid_t *child)
{
	char path[80];
	unsigned n = 0;
	FILE *f;
	int c;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	while (f && n < MAX_WORKERS && fscanf(f, "%d", &c) == 1)
		child[n++] = c;
	if (f)
		(void)fclose(f);
	return n;
}

/* After the parent's end its workers are ours; false if one is still there after five seconds. */
static bool orphans_end(void)
{
	double end = now() + 5;

	for (;;) {
		pid_t got = waitpid(-1, NULL, WNOHANG);

		if (got < 0 && errno == ECHILD)
			return true;
		if (got == 0) {
			if (now() > end)
				return false;
			wait_seconds(0.001);
		}
	}
}

/* Wait until the run has workers; false if it ended before, or never had any. */
static bool workers_of(pid_t pid, pid_t *child, unsigned *n)
{
	double end = now() + 20;

	while ((*n = children_of(pid, child)) == 0) {
		siginfo_t si = { 0 };

		if (now() > end || (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid == pid))
			return false;
		wait_seconds(0.0005);
	}
	return true;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static bool resumes(const char *after)
{
	int how = wait_for(start_run(true));
	bool good = WIFEXITED(how) && WEXITSTATUS(how) == 0 && is_reference("a.h5");

	if (!good)
		printf("# %s: --resume: status %x, the result %s\n", after, (unsigned)how, is_reference("a.h5") ? "is right" : "differs");
	if (nr_files(".", "a.cells", false) || nr_files(".", ".tmp", false)) {
		printf("# %s: --resume leaves files behind\n", after);
		good = false;
	}
	return good;
}

/* How far was the run? For the comment that says which phases were met. */
static unsigned phase(void)
{
	unsigned cells = nr_files("a.cells", ".h5", false) - nr_files("a.cells", ".h5.tmp", false);

	if (access("a.h5", F_OK) == 0)
		return 5;
	if (nr_files(".", "a.h5.tmp", false))
		return 4;
	return cells == 4 ? 3 : cells ? 2 : access("a.cells", F_OK) == 0 ? 1 : 0;
}

static void kill_often(unsigned times, double whole)
{
	static const char *const who[] = { "the parent", "the group", "a worker" };
	unsigned met[6] = { 0 }, bad = 0, early = 0;
	pid_t child[MAX_WORKERS];

	for (unsigned i = 0; i < times; i++) {
		double moment = uniform() * whole * 1.05;
		unsigned kind = i % 3, n;
		bool good = true;
		pid_t pid;
		int how;

		(void)nr_files(".", "a.", true);
		pid = start_run(false);
		wait_seconds(moment);
		n = children_of(pid, child);
		if (kind == 2 && n)
			(void)kill(child[i / 3 % n], SIGKILL);
		else if (kind < 2)
			(void)kill(kind == 1 ? -pid : pid, SIGKILL);
		how = wait_for(pid);
		if (kind == 2 && WIFEXITED(how) && WEXITSTATUS(how) == 1)
			good = said("cell ") && said("signal 9") && said("--resume");
		else if (kind == 2)
			good = WIFEXITED(how) && WEXITSTATUS(how) == 0 && is_reference("a.h5");     /* it had ended already */
		else
			good = (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) || (WIFEXITED(how) && WEXITSTATUS(how) == 0 && ++early);
		if (!orphans_end()) {
			printf("# a worker lives on after its parent\n");
			good = false;
		}
		met[phase()]++;
		if (access("a.h5", F_OK) == 0 && !is_reference("a.h5")) {
			printf("# a result that is not whole\n");
			good = false;
		}
		good = good && resumes(who[kind]);
		if (!good && bad++ < 5)
			printf("# kill %u: %s after %.1f ms of %.1f: status %x\n", i, who[kind], moment * 1e3, whole * 1e3, (unsigned)how);
	}
	printf("# killed before OUT.cells: %u, without a cell: %u, with some: %u, with all: %u, in the merge's last write: %u, "
	       "with a result: %u (%u had ended)\n", met[0], met[1], met[2], met[3], met[4], met[5], early);
	ok(!bad, "%u times killed, and each time --resume gives the same bytes", times);
}

static void worker_dies(void)
{
	pid_t child[MAX_WORKERS], pid;
	unsigned n;
	int how;

	(void)nr_files(".", "a.", true);
	pid = start_run(false);
	if (ok(workers_of(pid, child, &n), "a run has workers"))
		(void)kill(child[0], SIGKILL);
	how = wait_for(pid);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == 1, "a worker that is killed: exit code 1");
	ok(said("cell ") && said("signal 9 (Killed)") && said("1 of 4 cells is not finished"), "and the message has cell and signal");
	is_u64(nr_files("a.cells", ".h5", false), 3, "the other cells are kept, and no temporary file");
	ok(resumes("a worker's death"), "--resume runs the missing one");
}

static void interrupt(int sig, bool group)
{
	pid_t child[MAX_WORKERS], pid;
	unsigned n, kept;
	int how;

	(void)nr_files(".", "a.", true);
	pid = start_run(false);
	if (ok(workers_of(pid, child, &n), "a run has workers"))
		(void)kill(group ? -pid : pid, sig);
	how = wait_for(pid);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == 130, "%s for %s: exit code 130", strsignal(sig), group ? "the group" : "the parent");
	ok(orphans_end(), "and all workers have ended");
	kept = nr_files("a.cells", ".h5", false);
	ok(said("interrupted") && (!kept || said("are finished and kept")) && !nr_files("a.cells", ".tmp", false) &&
	   access("a.h5", F_OK) != 0, "what is finished is kept (%u), nothing half-made", kept);
	ok(resumes("an interrupt"), "--resume gives the same bytes");
}

/* What a signal leaves of a trace is a temporary file, which the next writer of the same name removes. */
static void kill_generate(void)
{
	const char *const argv[] = { "engram", "trace", "generate", "zipf", "footprint=1MiB", "references=2000000", "-n", "2000000",
				     "-o", "g.egt", "-q", NULL };
	double began = now(), whole;
	unsigned bad = 0, left = 0, most = 0;
	int how = wait_for(start(argv));

	whole = now() - began;
	if (!ok(WIFEXITED(how) && WEXITSTATUS(how) == 0, "a generated trace"))
		return;
	(void)rename("g.egt", "g.ref");
	for (unsigned i = 0; i < 8; i++) {
		pid_t pid = start(argv);
		unsigned n;

		wait_seconds(uniform() * whole);
		(void)kill(pid, i % 2 ? SIGTERM : SIGKILL);
		how = wait_for(pid);
		if (WIFSIGNALED(how) && access("g.egt", F_OK) == 0)
			bad++;
		(void)unlink("g.egt");
		n = nr_files(".", "g.egt.", false);
		left += n;
		most = n > most ? n : most;
	}
	ok(!bad, "`trace generate` killed leaves nothing under the final name");
	how = wait_for(start(argv));
	ok(left && most == 1 && WIFEXITED(how) && WEXITSTATUS(how) == 0 && !nr_files(".", "g.egt.", false) &&
	   access("g.egt", F_OK) == 0, "one temporary file at most stays (%u of 8 times), and the next writer removes it", left);
	(void)nr_files(".", "g.", true);
}

int main(void)
{
	const char *many = getenv("ENGRAM_FAULT_KILLS"), *top = getenv("SRCDIR");
	char path[1024];
	unsigned char *trace;
	size_t n = 0;
	double began, whole;
	FILE *f;
	int how;

	if (!getenv("ENGRAM") || !ok(mkdtemp(dir) != NULL, "a directory"))
		return 99;
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/lackey/small.lackey", top ? top : ".");
	trace = read_whole(path, &n);
	if (!trace || chdir(dir) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return 99;
	f = fopen("x.yaml", "w");
	ok(f && fputs(yaml, f) >= 0 && fclose(f) == 0, "an experiment");
	f = fopen("small.lackey", "wb");
	ok(f && fwrite(trace, 1, n, f) == n && fclose(f) == 0, "and a recording");
	free(trace);
	how = wait_for(start_run(false));
	reference = read_whole("a.h5", &reference_size);
	(void)nr_files(".", "a.", true);
	began = now();
	how |= wait_for(start_run(false));
	whole = now() - began;
	if (ok(how == 0 && reference && is_reference("a.h5"), "two undisturbed runs give the same bytes")) {
		worker_dies();
		interrupt(SIGINT, false);
		interrupt(SIGINT, true);
		interrupt(SIGTERM, false);
		kill_generate();
		kill_often(many ? (unsigned)strtoul(many, NULL, 10) : 50, whole);
	}
	free(reference);
	(void)chdir("..");
	(void)nr_files(dir, "", true);
	(void)rmdir(dir);
	return tap_done();
}
