/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executor against a stub machine (exp_stub.c): merging, the independence of -j, crashes, resuming,
 * cells of another configuration, interruption, and outputs that cannot be written.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/experiment/exec.h"
#include "tests/tap.h"
#include "tests/unit/exp_stub.h"

static struct eg_errors err;
static struct exec_outcome out;
static unsigned nr_progress;
static double last_share;

static void on_progress(void *ctx, const struct exec_progress *p)
{
	(void)ctx;
	nr_progress++;
	if (p->share < last_share - 1e-9)
		printf("# progress went back from %g to %g\n", last_share, p->share);
	last_share = p->share;
}

/* Run an experiment whose swept values of stop.ops are `ops`; o->out etc. as given. */
static eg_status run(const char *ops, unsigned seeds, struct exec_options o)
{
	char yaml[400];
	struct experiment *x;
	eg_status s;

	(void)snprintf(yaml, sizeof(yaml), "version: 1\nworkload: [{generator: gups}]\nsweep: {stop.ops: %s}\nseeds: %u\n", ops, seeds);
	stub_write("exec.yaml", yaml, strlen(yaml));
	err.nr = err.dropped = 0;
	nr_progress = 0;
	last_share = 0;
	if (experiment_load(&x, "exec.yaml", &(struct experiment_options){ .data_dirs = stub_data_dirs() }, &err) != EG_OK)
		return EG_USAGE;        /* no test expects it */
	o.jobs = o.jobs ? o.jobs : 2;
	o.progress = on_progress;
	o.engram_version = "test";
	s = exec_run(x, &o, &out, &err);
	experiment_free(x);
	for (unsigned i = 0; i < err.nr; i++)
		printf("# %.*s\n", (int)strcspn(err.text[i], "\n"), err.text[i]);
	for (unsigned i = 0; i < out.failures.nr; i++)
		printf("# %s\n", out.failures.text[i]);
	exec_outcome_free(&out);
	return s;
}

static bool said(const struct eg_errors *e, const char *what)
{
	for (unsigned i = 0; i < e->nr; i++)
		if (strstr(e->text[i], what))
			return true;
	return false;
}

static bool there(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool same_bytes(const char *a, const char *b)
{
	FILE *fa = fopen(a, "rb"), *fb = fopen(b, "rb");
	int ca = 0, cb = 0;

	while (fa && fb && ca == cb && ca != EOF) {
		ca = getc(fa);
		cb = getc(fb);
	}
	if (fa)
		(void)fclose(fa);
	if (fb)
		(void)fclose(fb);
	return fa && fb && ca == cb;
}

/* Files in a directory whose name contains `part`. */
static unsigned count_files(const char *dir, const char *part)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && strstr(e->d_name, part) != NULL;
	if (d)
		(void)closedir(d);
	return n;
}

static void remove_all(const char *stem)
{
	char cmd[200];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s.h5 %s.cells %s.host.json", stem, stem, stem);
	if (system(cmd) != 0)
		printf("# %s failed\n", cmd);
}

static void test_merge(void)
{
	ok(run("[1, 2, 3]", 2, (struct exec_options){ .out = "ex1.h5", .cell = EXEC_ALL_CELLS, .jobs = 1 }) == EG_OK, "a run with -j1");
	ok(there("ex1.h5") && there("ex1.host.json"), "has a result and a side file");
	ok(!there("ex1.cells"), "and leaves no cells");
	ok(out.last.done == 6 && out.last.total == 6 && nr_progress >= 2 && last_share > 0.999, "progress ends at all cells");
	ok(run("[1, 2, 3]", 2, (struct exec_options){ .out = "ex2.h5", .cell = EXEC_ALL_CELLS, .jobs = 4, .keep_cells = true }) == EG_OK,
	   "a run with -j4");
	ok(same_bytes("ex1.h5", "ex2.h5"), "gives the same bytes");
	is_u64(count_files("ex2.cells", ".h5"), 6, "--keep-cells keeps them");
	ok(run("[1, 2, 3]", 2, (struct exec_options){ .out = "ex2.h5", .cell = EXEC_ALL_CELLS, .resume = true }) == EG_OK &&
	   out.complete_before && !out.merged, "--resume of a complete result does nothing");
	remove_all("ex1");
	remove_all("ex2");
}

static void test_crash(void)
{
	ok(run("[1, 667, 3]", 2, (struct exec_options){ .out = "ex3.h5", .cell = EXEC_ALL_CELLS }) == EG_FAILED, "a worker is killed");
	is_u64(out.failures.nr, 2, "each lost cell is named");
	ok(said(&out.failures, "cell 2 (stop.ops=667 seed=1): its process was ended by signal 9"), "with coordinates and signal");
	ok(!there("ex3.h5"), "there is no result");
	is_u64(count_files("ex3.cells", ".h5"), 4, "the other cells are kept");
	is_u64(count_files("ex3.cells", ".tmp"), 0, "nothing half-written");
	stub_write("exp_stub.healed", "", 0);
	ok(run("[1, 667, 3]", 2, (struct exec_options){ .out = "ex3.h5", .cell = EXEC_ALL_CELLS, .resume = true }) == EG_OK, "--resume");
	is_u64(out.last.reused, 4, "runs only what is missing");
	ok(run("[1, 667, 3]", 2, (struct exec_options){ .out = "ex4.h5", .cell = EXEC_ALL_CELLS }) == EG_OK && same_bytes("ex3.h5", "ex4.h5"),
	   "and the result is that of an undisturbed run");
	(void)remove("exp_stub.healed");
	remove_all("ex3");
	remove_all("ex4");
}

static void test_one_cell(void)
{
	struct stat a, b;

	ok(run("[1, 2]", 2, (struct exec_options){ .out = "ex5.h5", .cell = 3 }) == EG_OK && there("ex5.cells/3.h5"), "--cell 3");
	ok(!there("ex5.h5") && count_files("ex5.cells", ".h5") == 1, "makes that cell alone");
	(void)stat("ex5.cells/3.h5", &a);
	ok(run("[1, 2]", 2, (struct exec_options){ .out = "ex5.h5", .cell = 3 }) == EG_OK && out.last.reused == 1, "a second time");
	(void)stat("ex5.cells/3.h5", &b);
	ok(a.st_ino == b.st_ino, "the file stays as it is");
	stub_write("ex5.cells/2.h5.tmp.99999", "x", 1);
	ok(run("[1, 2]", 2, (struct exec_options){ .out = "ex5.h5", .cell = 2 }) == EG_OK && count_files("ex5.cells", ".tmp") == 0,
	   "what a killed worker left is removed");
	ok(run("[1, 5]", 2, (struct exec_options){ .out = "ex5.h5", .cell = 3 }) == EG_BAD_INPUT && said(&err, "another configuration ("),
	   "a cell of another configuration is in the way");
	ok(run("[1, 5]", 2, (struct exec_options){ .out = "ex5.h5", .cell = EXEC_ALL_CELLS, .resume = true }) == EG_BAD_INPUT,
	   "for --resume too");
	ok(run("[1, 2]", 2, (struct exec_options){ .out = "ex5.h5", .cell = 4 }) == EG_USAGE && said(&err, "there is no cell 4"), "no such cell");
	stub_write("ex5.cells/0.h5", "not HDF5", 8);
	ok(run("[1, 2]", 2, (struct exec_options){ .out = "ex5.h5", .cell = EXEC_ALL_CELLS, .resume = true }) == EG_OK &&
	   out.last.reused == 2, "a damaged cell is run again");
	remove_all("ex5");
}

static void test_failures(void)
{
	ok(run("[1, 668]", 1, (struct exec_options){ .out = "ex6.h5", .cell = EXEC_ALL_CELLS }) == EG_BAD_INPUT &&
	   said(&out.failures, "record 17 cannot be applied"), "a worker's own message comes through");
	ok(run("[669, 1, 2, 3, 4, 5, 6, 7]", 1, (struct exec_options){ .out = "ex6.h5", .cell = EXEC_ALL_CELLS, .jobs = 1 }) == EG_IO,
	   "a full disk is a host failure");
	ok(out.last.done == 0, "and no further cell is started");
	remove_all("ex6");
	ok(run("[1]", 1, (struct exec_options){ .out = "no-such-dir/x.h5", .cell = EXEC_ALL_CELLS }) == EG_IO &&
	   said(&err, "cannot write the result no-such-dir/x.h5"), "no directory");
	(void)mkdir("ex7.h5", 0777);
	ok(run("[1]", 1, (struct exec_options){ .out = "ex7.h5", .cell = EXEC_ALL_CELLS }) == EG_IO && said(&err, "is a directory"),
	   "a directory in the way");
	remove_all("ex7");
	ok(!there("ex7.cells"), "and nothing is left behind");
	if (geteuid() == 0) {
		tap_skip("root may write anywhere");
		return;
	}
	(void)mkdir("ro", 0555);
	ok(run("[1]", 1, (struct exec_options){ .out = "ro/x.h5", .cell = EXEC_ALL_CELLS }) == EG_IO, "a read-only directory");
	(void)rmdir("ro");
}

/* A child runs the experiment; once its first cell is there (the others take seconds) we send it a signal. */
static void interrupt(int sig, const char *name)
{
	struct timespec nap = { 0, 50000000 };
	pid_t pid = fork();
	int how = 0;

	if (pid == 0) {
		eg_status s = run("[1, 730, 731]", 1, (struct exec_options){ .out = "ex8.h5", .cell = EXEC_ALL_CELLS });

		_exit(s == EG_INTERRUPTED && said(&err, "1 of 3 cells is finished and kept in ex8.cells") ? 7 : 8);
	}
	for (int i = 0; i < 200 && !there("ex8.cells/0.h5"); i++)
		(void)nanosleep(&nap, NULL);
	(void)nanosleep(&nap, NULL);    /* the parent hears of it */
	(void)nanosleep(&nap, NULL);
	(void)kill(pid, sig);
	(void)waitpid(pid, &how, 0);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == 7, "%s ends the run as interrupted", name);
	ok(there("ex8.cells/0.h5") && !there("ex8.h5"), "the finished cell is kept");
	is_u64(count_files("ex8.cells", ".tmp"), 0, "nothing half-written");
	remove_all("ex8");
}

/* When the parent is killed outright, its workers end too and leave nothing under a final name. */
static void parent_killed(void)
{
	struct timespec nap = { 0, 700000000 };
	pid_t pid = fork();

	if (pid == 0) {
		(void)!run("[730, 731]", 1, (struct exec_options){ .out = "ex9.h5", .cell = EXEC_ALL_CELLS });
		_exit(0);
	}
	(void)nanosleep(&nap, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)nanosleep(&(struct timespec){ 3, 0 }, NULL);
	ok(count_files("ex9.cells", ".h5") == 0 && !there("ex9.h5"), "SIGKILL of the run: no worker goes on");
	remove_all("ex9");
}

int main(void)
{
	test_merge();
	test_crash();
	test_one_cell();
	test_failures();
	interrupt(SIGINT, "SIGINT");
	interrupt(SIGTERM, "SIGTERM");
	parent_killed();
	(void)remove("exec.yaml");
	return tap_done();
}
