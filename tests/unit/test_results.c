/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cells and results: what is written is read back; equal runs give equal bytes; what is missing, full, damaged or
 * hostile is an error with a message and leaves nothing behind.
 */
#include "results/reader.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "results/cell.h"
#include "tests/synthetic.h"
#include "tests/tap.h"

#define SEEDS  2u
#define POINTS 2u
#define CELLS  (SEEDS * POINTS)

static const char *const allocators[POINTS] = { "linux", "llfree" };
static const uint64_t seeds[SEEDS] = { 11, 12 };
static const struct result_axis axis = { "policy.page_allocator", POINTS, allocators };
static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct result_experiment experiment(void)
{
	static const struct result_trace trace = { "a.egt", "feed" };
	static const struct result_coord baseline = { "policy.page_allocator", "linux" };
	static const char *const plots[] = { "fault-latency-cdf", "frame-map" };

	return (struct result_experiment){ .name = "test", .nr_axes = 1, .axes = &axis, .nr_seeds = SEEDS, .seeds = seeds,
		.resolved_yaml = "name: test\n", .original_yaml = "# naïve\n", .config_sha256 = "cafe", .engram_version = "0",
		.nr_traces = 1, .traces = &trace, .nr_baseline = 1, .baseline = &baseline, .nr_plots = 2, .plots = plots };
}

static eg_status write_cell(const char *path, unsigned i, struct eg_errors *err)
{
	const struct result_coord at = { axis.name, allocators[i / SEEDS] };
	const struct result_cell_info info = { i, hash, seeds[i % SEEDS], 1, &at, "cell: 1\n" };
	struct run_result r;
	eg_status s;

	syn_result(&r, i / SEEDS, seeds[i % SEEDS]);
	s = result_write_cell(path, &info, &r, err);
	eg_arena_free_all(&r.arena);
	return s;
}

static char *slurp(const char *path, size_t *n)
{
	FILE *in = fopen(path, "rb");
	struct stat st;
	char *p;

	*n = 0;
	if (!in || fstat(fileno(in), &st) != 0)
		return NULL;
	p = eg_calloc((size_t)st.st_size + 1, 1);
	*n = fread(p, 1, (size_t)st.st_size, in);
	(void)fclose(in);
	return p;
}

static void spill(const char *path, const char *p, size_t n)
{
	FILE *out = fopen(path, "wb");

	if (!out || fwrite(p, 1, n, out) != n || fclose(out) != 0)
		ok(false, "test cannot write %s", path);
}

static bool same_bytes(const char *a, const char *b)
{
	size_t n, m;
	char *p = slurp(a, &n), *q = slurp(b, &m);
	bool same = p && q && n == m && memcmp(p, q, n) == 0;

	eg_free(p);
	eg_free(q);
	return same;
}

static unsigned files_here(void)
{
	DIR *d = opendir(".");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		(void)closedir(d);
	return n;
}

static void cells(void)
{
	static struct eg_errors err;
	struct run_result r;
	struct cell c;
	bool good;

	ok(result_cell_matches("0.cell", hash) == RESULT_CELL_ABSENT, "no cell yet");
	for (unsigned i = 0; i < CELLS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u.cell", i);
		ok(write_cell(name, i, &err) == EG_OK, "cell %u is written", i);
	}
	ok(result_cell_matches("0.cell", hash) == RESULT_CELL_SAME, "a cell is recognised");
	ok(result_cell_matches("0.cell", "other") == RESULT_CELL_DIFFERENT, "a cell of another configuration is told apart");
	ok(cell_load("3.cell", &c, &err) == EG_OK, "a cell is read");
	syn_result(&r, 1, 12);
	ok(c.index == 3 && c.seed == 12 && c.nr_coords == 1 && strcmp(c.coords[0].label, "llfree") == 0 &&
	   strcmp(c.resolved_yaml, "cell: 1\n") == 0 && strcmp(c.config_hash, hash) == 0, "its identity");
	ok(c.result.elapsed == r.elapsed && c.result.nr_events == r.nr_events && c.result.capabilities == r.capabilities,
	   "its scalars");
	good = c.result.nr_summary == r.nr_summary;
	for (unsigned i = 0; good && i < r.nr_summary; i++)
		good = strcmp(c.result.summary_columns[i].name, r.summary_columns[i].name) == 0 &&
		       c.result.summary_columns[i].better == r.summary_columns[i].better &&
		       c.result.summary_columns[i].kind == r.summary_columns[i].kind &&
		       memcmp(&c.result.summary[i], &r.summary[i], sizeof(double)) == 0;
	ok(good, "its summary, bit by bit");
	ok(c.result.nr_samples == r.nr_samples && c.result.nr_series == r.nr_series &&
	   memcmp(c.result.series, r.series, r.nr_samples * r.nr_series * sizeof(double)) == 0, "its series, bit by bit");
	good = c.result.nr_hists == r.nr_hists;
	for (unsigned i = 0; good && i < r.nr_hists; i++)
		good = memcmp(&c.result.hists[i].hist, &r.hists[i].hist, sizeof(struct eg_hist)) == 0;
	ok(good, "its histograms, with exact sums");
	good = c.result.nr_snapshots == r.nr_snapshots;
	for (size_t i = 0; good && i < r.nr_snapshots; i++)
		good = memcmp(c.result.snapshots[i].free_blocks_of_type, r.snapshots[i].free_blocks_of_type,
			      sizeof(r.snapshots[i].free_blocks_of_type)) == 0 &&
		       memcmp(c.result.snapshots[i].vmstat, r.snapshots[i].vmstat, r.nr_vmstat * 8) == 0;
	ok(good, "its snapshots");
	eg_arena_free_all(&r.arena);
	cell_free(&c);
}

static const char *paths[CELLS] = { "0.cell", "1.cell", "2.cell", "3.cell" };

static void identity(void)
{
	static struct eg_errors err;
	struct result_experiment x = experiment();

	ok(result_merge("a.h5", &x, CELLS, paths, false, &err) == EG_OK, "the cells are merged");
	for (unsigned i = CELLS; i-- > 0;)
		(void)write_cell(paths[i], i, &err);
	ok(result_merge("b.h5", &x, CELLS, paths, false, &err) == EG_OK && same_bytes("a.h5", "b.h5"),
	   "cells finished in another order: the same bytes");
	is_u64(err.nr, 0, "no message");
}

/* Values of the file against a fresh run_result of each cell. */
static void round_trip(void)
{
	static struct eg_errors err;
	static struct eg_hist h;
	struct result_file *f;
	bool summary = true, series = true, hists = true, snaps = true, counts = true;

	if (!ok(result_open("a.h5", &f, &err) == EG_OK, "the result opens")) {
		printf("# %s\n", err.text[0]);
		return;
	}
	ok(strcmp(result_name(f), "test") == 0 && result_nr_axes(f) == 1 && result_nr_points(f) == POINTS &&
	   result_nr_seeds(f) == SEEDS && result_seeds(f)[1] == 12, "its sweep");
	is_str(result_axis(f, 0)->name, "policy.page_allocator", "its axis");
	is_str(result_point_label(f, 1, 0), "llfree", "its label");
	for (unsigned i = 0; i < CELLS; i++) {
		size_t point = i / SEEDS, nt = result_nr_times(f), ns = result_nr_snapshots(f);
		double *v = eg_calloc(nt + 1, sizeof(*v)), *b = eg_calloc(ns + 1, SYN_ZONES * EG_NR_ORDERS * sizeof(*b));
		unsigned seed = i % SEEDS;
		struct run_result r;
		const double *cube;
		size_t snap;
		double n[2];

		syn_result(&r, i / SEEDS, seeds[seed]);
		for (unsigned k = 0; k < r.nr_summary; k++) {
			int m = result_find_metric(f, r.summary_columns[k].name);

			summary = summary && m >= 0 && result_values(f, (unsigned)m, &cube, &err) == EG_OK &&
				  (isnan(r.summary[k]) ? isnan(cube[i]) : memcmp(&cube[i], &r.summary[k], 8) == 0) &&
				  strcmp(result_metric(f, (unsigned)m)->unit, r.summary_columns[k].unit) == 0 &&
				  strcmp(result_metric(f, (unsigned)m)->long_name, r.summary_columns[k].long_name) == 0 &&
				  result_metric(f, (unsigned)m)->kind == r.summary_columns[k].kind &&
				  result_metric(f, (unsigned)m)->better == r.summary_columns[k].better;
		}
		for (unsigned k = 0; k < r.nr_series; k++) {
			int m = result_find_series(f, r.series_columns[k].name);
			size_t at = 0;

			series = series && m >= 0 && result_read_series(f, (unsigned)m, point, seed, v, &err) == EG_OK;
			for (size_t t = 0; series && t < nt; t++) {
				double want = (double)NAN;

				if (at < r.nr_samples && !(result_times(f)[t] < (double)r.sample_time[at] / 1000.0) &&
				    !(result_times(f)[t] > (double)r.sample_time[at] / 1000.0))
					want = r.series[at++ * r.nr_series + k];
				series = isnan(want) ? isnan(v[t]) : memcmp(&want, &v[t], 8) == 0;
			}
			series = series && at == r.nr_samples;
		}
		for (unsigned k = 0; k < r.nr_hists; k++) {
			int m = result_find_hist(f, r.hists[k].group, r.hists[k].kind);

			hists = hists && m >= 0 && result_read_hist(f, (unsigned)m, point, seed, &h, &err) == EG_OK &&
				h.count == r.hists[k].hist.count && h.min == r.hists[k].hist.min &&
				h.max == r.hists[k].hist.max && (uint64_t)h.sum == (uint64_t)r.hists[k].hist.sum &&
				memcmp(h.bucket, r.hists[k].hist.bucket, sizeof(h.bucket)) == 0;
		}
		snaps = snaps && result_read_snapshots(f, point, seed, 0, ns, b, NULL, NULL, NULL, &err) == EG_OK;
		snap = 0;
		for (size_t t = 0; snaps && t < ns; t++) {
			const double *row = b + t * SYN_ZONES * EG_NR_ORDERS;

			if (isnan(row[0]))
				continue;
			for (unsigned k = 0; k < SYN_ZONES * EG_NR_ORDERS; k++)
				snaps = snaps && snap < r.nr_snapshots &&
					(uint64_t)row[k] == r.snapshots[snap].free_blocks[k / EG_NR_ORDERS][k % EG_NR_ORDERS];
			snap++;
		}
		snaps = snaps && snap == r.nr_snapshots;
		counts = counts && result_nr_counts(f) == 2 && result_read_counts(f, point, seed, n, &err) == EG_OK &&
			 (uint64_t)n[0] == r.counts[0].n && (uint64_t)n[1] == r.counts[1].n;
		eg_free(v);
		eg_free(b);
		eg_arena_free_all(&r.arena);
	}
	ok(summary, "summary: every value, unit, name, kind and direction");
	ok(series, "series: every sample at its time, NaN at the times of other cells");
	ok(hists, "histograms: counts, buckets, sum, least and largest");
	ok(snaps, "snapshots: every free list");
	ok(counts, "operations that could not be applied");
	is_str(result_provenance(f, "original_yaml"), "# naïve\n", "provenance: the original text");
	is_str(result_provenance(f, "compare_baseline"), "policy.page_allocator=linux\n", "provenance: the baseline");
	is_str(result_provenance(f, "capabilities"), "virt\norder\ntime\n", "provenance: capabilities all cells share");
	is_str(result_provenance(f, "missing_cells"), "", "provenance: nothing is missing");
	is_str(result_provenance(f, "traces"), "a.egt feed\n", "provenance: traces by content");
	result_close(f);
}

static void points(void)
{
	static struct eg_errors err;
	struct result_file *f;
	char text[80];
	int want[1];

	if (result_open("a.h5", &f, &err) != EG_OK)
		return;
	ok(result_parse_point(f, "page_allocator=llfree", want, &err) == EG_OK && want[0] == 1, "a tail names an axis");
	ok(result_parse_point(f, "policy.page_allocator=linux", want, &err) == EG_OK && want[0] == 0, "so does the path");
	ok(result_parse_point(f, "allocator=linux", want, &err) == EG_USAGE, "half a word does not");
	ok(result_parse_point(f, "page_allocator=lnux", want, &err) == EG_USAGE && strstr(err.text[1], "`linux`"),
	   "did you mean, for labels");
	ok(result_parse_point(f, "page_allocator", want, &err) == EG_USAGE, "a value is wanted");
	is_str(result_point_text(f, 1, text, sizeof(text)), "page_allocator=llfree", "a point as text");
	result_close(f);
}

static void gaps(void)
{
	static struct eg_errors err;
	const char *some[CELLS] = { "0.cell", NULL, "2.cell", "absent.cell" };
	const char *swapped[CELLS] = { "1.cell", "0.cell", "2.cell", "3.cell" };
	struct result_experiment x = experiment();
	struct result_file *f = NULL;
	const double *cube;
	struct stat st;
	static struct eg_hist h;

	ok(result_merge("gap.h5", &x, CELLS, some, false, &err) == EG_FAILED && stat("gap.h5", &st) != 0,
	   "missing cells are refused and nothing is written");
	ok(err.nr == 3 && strstr(err.text[0], "cell 1") && strstr(err.text[1], "llfree seed=12"), "and all are listed");
	memset(&err, 0, sizeof(err));
	ok(result_merge("gap.h5", &x, CELLS, some, true, &err) == EG_OK && result_open("gap.h5", &f, &err) == EG_OK,
	   "unless gaps are accepted");
	if (!f)
		return;
	ok(result_values(f, 0, &cube, &err) == EG_OK && !isnan(cube[0]) && isnan(cube[1]) && !isnan(cube[2]) &&
	   isnan(cube[3]), "a missing cell is NaN");
	ok(result_read_hist(f, 0, 1, 1, &h, &err) == EG_OK && h.count == 0, "and has an empty histogram");
	is_str(result_provenance(f, "missing_cells"),
	       "1 policy.page_allocator=linux seed=12\n3 policy.page_allocator=llfree seed=12\n", "the gap is recorded");
	result_close(f);
	ok(result_merge("swap.h5", &x, CELLS, swapped, false, &err) == EG_BAD_INPUT && stat("swap.h5", &st) != 0,
	   "a cell in another's place is refused");
	memset(&err, 0, sizeof(err));
	ok(result_merge("swap.h5", &x, CELLS - 1, paths, false, &err) == EG_BAD_INPUT, "the number of cells must fit");
	(void)unlink("gap.h5");
}

static void single(void)
{
	static struct eg_errors err;
	struct result_experiment x = experiment();
	const struct result_cell_info info = { 0, hash, 11, 0, NULL, "" };
	const char *path = "single.cell";
	struct result_file *f = NULL;
	struct run_result r;
	char text[40];

	x.nr_axes = 0;
	x.nr_seeds = 1;
	syn_result(&r, 0, 11);
	ok(result_write_cell(path, &info, &r, &err) == EG_OK &&
	   result_merge("single.h5", &x, 1, &path, false, &err) == EG_OK && result_open("single.h5", &f, &err) == EG_OK, "a result without a sweep");
	ok(result_nr_points(f) == 1 && result_nr_metrics(f) == r.nr_summary + 5u && result_nr_series(f) == r.nr_series,
	   "has one point and all metrics; the coordinate is none of them");
	is_str(result_point_text(f, 0, text, sizeof(text)), "all", "its point has a name");
	result_close(f);
	eg_arena_free_all(&r.arena);
	/* a run that recorded nothing at all */
	memset(&r, 0, sizeof(r));
	ok(result_write_cell(path, &info, &r, &err) == EG_OK &&
	   result_merge("single.h5", &x, 1, &path, false, &err) == EG_OK && result_open("single.h5", &f, &err) == EG_OK, "a run without metrics, samples or snapshots");
	ok(result_nr_series(f) == 0 && result_nr_hists(f) == 0 && result_nr_snapshots(f) == 0, "opens and holds none");
	result_close(f);
	(void)unlink("single.h5");
	(void)unlink(path);
}

static void full_disk(void)
{
	static struct eg_errors err;
	struct result_experiment x = experiment();
	struct rlimit was, small;
	struct stat st;
	unsigned before = files_here();

	ok(result_merge("/dev/full", &x, CELLS, paths, false, &err) == EG_IO && strstr(err.text[0], "/dev/full") &&
	   stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode), "a device is refused, and is still one");
	ok(write_cell("no/such/dir/x.cell", 0, &err) == EG_IO && strstr(err.text[1], "create the directory"),
	   "a missing directory is named, with a remedy");
	/* a limit on file sizes behaves as a disk that is full in the middle of the file */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 20000;
	(void)setrlimit(RLIMIT_FSIZE, &small);
	ok(result_merge("a.h5", &x, CELLS, paths, false, &err) == EG_IO, "a file that cannot be completed is an error");
	(void)setrlimit(RLIMIT_FSIZE, &was);
	ok(same_bytes("a.h5", "b.h5") && files_here() == before, "the older result is whole and nothing is left behind");
}

/* Fail each request for memory in turn, and every `step`th of many. */
static void no_memory(void)
{
	static struct eg_errors err;
	struct result_experiment x = experiment();
	unsigned before = files_here(), failed = 0, wrong = 0;
	struct result_file *f;
	eg_status s = EG_NO_MEMORY;
	uint64_t n = 1;

	for (; s != EG_OK && n < 20000; n += 1 + n / 8) {
		memset(&err, 0, sizeof(err));
		(void)eg_mem_fail_nth(n);
		s = result_merge("oom.h5", &x, CELLS, paths, false, &err);
		(void)eg_mem_fail_nth(0);
		failed += s != EG_OK;
		wrong += s != EG_OK && (err.nr == 0 || files_here() != before);
	}
	ok(s == EG_OK && failed > 10 && !wrong, "merge without memory: an error each time, no file (%u times)", failed);
	ok(same_bytes("oom.h5", "a.h5"), "and the right file at last");
	(void)unlink("oom.h5");
	s = EG_NO_MEMORY;
	failed = 0;
	for (n = 1; s != EG_OK && n < 20000; n += 1 + n / 8) {
		(void)eg_mem_fail_nth(n);
		s = result_open("a.h5", &f, &err);
		(void)eg_mem_fail_nth(0);
		failed += s != EG_OK;
	}
	ok(s == EG_OK && failed > 5, "open without memory: an error each time (%u times)", failed);
	if (s == EG_OK)
		result_close(f);
}

/* Everything a file has to say. */
static void read_all(struct result_file *f)
{
	static struct eg_hist h;
	size_t nt = result_nr_times(f), ns = result_nr_snapshots(f);
	size_t width = (size_t)result_nr_zones(f) * RUN_NR_TYPES * EG_NR_ORDERS + result_nr_vmstat(f) + result_nr_meminfo(f);
	double *v = eg_calloc((nt > ns ? nt : ns) + 1, sizeof(*v) * (width + 1));
	const double *cube;

	for (unsigned i = 0; i < result_nr_metrics(f); i++)
		(void)!result_values(f, i, &cube, NULL);
	for (unsigned i = 0; v && i < result_nr_series(f); i++)
		(void)!result_read_series(f, i, 0, 0, v, NULL);
	for (unsigned i = 0; i < result_nr_hists(f); i++)
		(void)!result_read_hist(f, i, 0, 0, &h, NULL);
	if (v) {
		(void)!result_read_snapshots(f, 0, 0, 0, ns, v, NULL, NULL, NULL, NULL);
		(void)!result_read_snapshots(f, 0, 0, 0, ns, NULL, v, NULL, NULL, NULL);
		(void)!result_read_snapshots(f, 0, 0, 0, ns, NULL, NULL, v, NULL, NULL);
	}
	eg_free(v);
}

static eg_status try_open(const char *path)
{
	static struct eg_errors err;
	struct result_file *f;
	eg_status s;

	memset(&err, 0, sizeof(err));
	s = result_open(path, &f, &err);
	if (s == EG_OK) {
		read_all(f);
		result_close(f);
	} else if (!err.nr) {
		return EG_FAILED;                       /* an error without a message */
	}
	return s;
}

/* Is the file read or refused? In a child, so that a crash inside the HDF5 library is a failed test, not its end. */
static bool survives(const char *path)
{
	int status;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		eg_status s = try_open(path);

		_exit(s == EG_OK || s == EG_BAD_INPUT || s == EG_NO_MEMORY ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool warned(const char *path)
{
	static struct eg_errors err;
	struct result_file *f;
	bool yes;

	if (result_open(path, &f, &err) != EG_OK)
		return false;
	yes = result_warning(f) != NULL;
	result_close(f);
	return yes;
}

/* Wherever the file holds a name of ours, one that a terminal would obey in its place: never delivered. */
static void obeyed(char *p, size_t n)
{
	static const char *const names[] = { "llfree", "Normal", "Movable", "always" };
	unsigned refused = 0, delivered = 0;

	for (unsigned k = 0; k < EG_ARRAY_LEN(names); k++) {
		size_t len = strlen(names[k]);

		for (char *at = p; (at = memmem(at, n - (size_t)(at - p), names[k], len)) != NULL; at++) {
			static struct eg_errors err;
			struct result_file *f;

			memcpy(at, "\x1b[2J", 4);
			spill("bad.h5", p, n);
			memcpy(at, names[k], len);
			err.nr = 0;
			if (result_open("bad.h5", &f, &err) != EG_OK) {
				refused += err.nr == 1 && strstr(err.text[0], "has control characters") != NULL;
				continue;
			}
			for (unsigned i = 0; i < result_nr_axes(f); i++)
				for (unsigned j = 0; j < result_axis(f, i)->nr; j++)
					delivered += strchr(result_axis(f, i)->labels[j], '\x1b') != NULL;
			for (unsigned i = 0; i < result_nr_zones(f); i++)
				delivered += strchr(result_zone(f, i)->name, '\x1b') != NULL;
			for (unsigned i = 0; i < RUN_NR_TYPES; i++)
				delivered += strchr(result_migratetype(f, i), '\x1b') != NULL;
			result_close(f);
		}
	}
	ok(refused >= 3 && !delivered, "%u files with control characters in a name are refused and none is delivered (%u)", refused,
	   delivered);
}

static void damage(void)
{
	unsigned cut = 0, flipped = 0, survived = 0, tries;
	struct syn_rng rng = { 42 };
	size_t n;
	char *p = slurp("a.h5", &n);

	if (!p)
		return;
	spill("bad.h5", p, 0);
	ok(try_open("bad.h5") == EG_BAD_INPUT, "an empty file is refused");
	spill("bad.h5", "version: 1\nname: x\n", 19);
	ok(try_open("bad.h5") == EG_BAD_INPUT, "a text file is refused");
	ok(try_open("0.cell") == EG_BAD_INPUT, "a cell is refused");
	ok(try_open("absent.h5") == EG_BAD_INPUT && try_open(".") == EG_BAD_INPUT, "no file and a directory are refused");
	for (tries = 0; tries < 60; tries++) {
		spill("bad.h5", p, tries < 20 ? tries * 13 + 1 : (size_t)(syn_uniform(&rng) * (double)(n - 80)));
		cut += try_open("bad.h5") == EG_BAD_INPUT;
	}
	is_u64(cut, tries, "truncated anywhere: refused");
	for (tries = 0; tries < 60; tries++) {
		size_t at = (size_t)(syn_uniform(&rng) * (double)(n - 80));
		char was = p[at];

		p[at] = (char)(was ^ (1 << (tries % 8)));
		spill("bad.h5", p, n);
		flipped += try_open("bad.h5") == EG_BAD_INPUT;
		p[at] = was;
	}
	is_u64(flipped, tries, "one bit flipped anywhere: refused");
	/* without the checksum the library itself meets the damage; half of it aimed at the metadata in front */
	spill("bad.h5", p, n - 80);
	ok(try_open("bad.h5") == EG_OK && warned("bad.h5") && !warned("a.h5"), "a file that lost its checksum still opens, with a warning");
	obeyed(p, n - 80);
	for (tries = 0; tries < 60; tries++) {
		size_t at = (size_t)(syn_uniform(&rng) * (tries % 2 ? (double)(n - 80) : 20000.0));
		char was = p[at];

		p[at] = (char)(unsigned char)(syn_uniform(&rng) * 256.0);
		spill("bad.h5", p, n - 80);
		survived += survives("bad.h5");
		p[at] = was;
	}
	is_u64(survived, tries, "damage without a checksum: read or refused, no crash");
	(void)unlink("bad.h5");
	eg_free(p);
}

static void host_file(void)
{
	static struct eg_errors err;
	const char *const argv[] = { "engram", "run", "a \"b\".yaml" };
	struct result_host_info info = { .argc = 3, .argv = argv, .started = 1.0, .ended = 2.5, .nr_workers = 2 };
	size_t n;
	char *p;

	ok(result_write_host_json("a.host.json", &info, &err) == EG_OK, "the side file is written");
	p = slurp("a.host.json", &n);
	ok(p && strstr(p, "\"a \\\"b\\\".yaml\"") && strstr(p, "\"wall_seconds\": 1.5") && strstr(p, "\"host\"") &&
	   strstr(p, "1970-01-01T00:00:01Z"), "and tells command line, times and host");
	eg_free(p);
	info.anonymous = true;
	ok(result_write_host_json("a.host.json", &info, &err) == EG_OK, "anonymous");
	p = slurp("a.host.json", &n);
	ok(p && !strstr(p, "\"host\"") && !strstr(p, "b\\\".yaml") && !strstr(p, "\"directory\"") && strstr(p, "\"cpus\""),
	   "leaves out host, paths and command line");
	eg_free(p);
	(void)unlink("a.host.json");
}

int main(void)
{
	char dir[] = "test_results.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) != 0)
		return 99;
	cells();
	identity();
	round_trip();
	points();
	gaps();
	single();
	full_disk();
	no_memory();
	damage();
	host_file();
	for (unsigned i = 0; i < CELLS; i++)
		(void)unlink(paths[i]);
	(void)unlink("a.h5");
	(void)unlink("b.h5");
	if (chdir("..") == 0)
		ok(rmdir(dir) == 0, "nothing is left behind");
	return tap_done();
}
