/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every request for memory between a cell that has run and the figure in the paper fails once: writing the cell,
 * merging, opening and reading a result, comparing it in all formats, the views of report, the figures, the side file.
 * Each time the answer is "out of memory" (or a text that knows it is not whole), no handle of HDF5 and no file is left
 * behind, and an older file of the name stays as it was. LeakSanitizer watches the rest.
 */
#include "tests/tap.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plots/table.h"
#include "results/cell.h"
#include "results/compare.h"
#include "results/h5.h"
#include "results/report.h"
#include "tests/fuzz/small_result.h"

static struct eg_errors err;
static struct run_result cell_result;
static const char *cells[SMALL_CELLS];
static char dir[] = "test_results_alloc.XXXXXX";

/* libhdf5 1.10 forgets memory of its own when a request of ours fails in the middle of one of its calls. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libhdf5\n";
}

/* In the place of gnuplot: the picture is there. */
eg_status plot_child(const char *const *argv, const char *where, unsigned seconds, const char *package, struct eg_errors *e)
{
	char path[200];
	FILE *f;

	(void)seconds;
	(void)package;
	(void)snprintf(path, sizeof(path), "%.60s/%.*s", where, (int)strcspn(argv[3] + 5, "'"), argv[3] + 5);
	f = fopen(path, "w");
	if (!f || fputs("%PDF", f) < 0 || fclose(f) != 0)
		return eg_fail(e, EG_IO, "%s: no picture", path);
	return EG_OK;
}

static hsize_t ids_in_use(void)
{
	static const H5I_type_t kinds[] = { H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE, H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST };
	hsize_t sum = 0, n;

	for (unsigned i = 0; i < EG_ARRAY_LEN(kinds); i++)
		sum += H5Inmembers(kinds[i], &n) >= 0 ? n : 0;
	return sum;
}

/* Files in the directory; NULL counts all, else those with this text in the name. */
static unsigned nr_files(const char *part)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && (!part || strstr(e->d_name, part));
	if (d)
		(void)closedir(d);
	return n;
}

static void in_dir(char *buf, size_t size, const char *name)
{
	(void)snprintf(buf, size, "%s/%s", dir, name);
}

/* ---- the stages; each is one call of the program ----------------------------------------------------------------- */

static eg_status write_cell(void)
{
	return small_cell(cells[0], 0, &cell_result, &err);
}

static eg_status load_cell(void)
{
	static struct cell c;
	eg_status s = cell_load(cells[1], &c, &err);

	if (s == EG_OK)
		cell_free(&c);
	return s;
}

static eg_status merge(void)
{
	char path[100];

	in_dir(path, sizeof(path), "out.h5");
	return small_merge(path, cells, &err);
}

static eg_status open_result(struct result_file **f)
{
	char path[100];

	in_dir(path, sizeof(path), "good.h5");
	return result_open(path, f, &err);
}

static eg_status read_result(void)
{
	double v[4 * 2 * RESULT_NR_ORDERS * (RUN_NR_TYPES + 1)];
	static struct eg_hist hist;
	struct result_file *f;
	const double *cube;
	int want[4];
	eg_status s;

	EG_TRY(open_result(&f));
	s = result_parse_point(f, "page_allocator=buddy", want, &err);
	for (unsigned i = 0; s == EG_OK && i < result_nr_metrics(f); i++)
		s = result_values(f, i, &cube, &err);
	for (unsigned i = 0; s == EG_OK && i < result_nr_series(f); i++)
		s = result_read_series(f, i, 1, 1, v, &err);
	for (unsigned i = 0; s == EG_OK && i < result_nr_hists(f); i++)
		s = result_read_hist(f, i, 0, 1, &hist, &err);
	if (s == EG_OK)
		s = result_read_counts(f, 1, 0, v, &err);
	if (s == EG_OK)
		s = result_read_snapshots(f, 1, 0, 0, 1, v, NULL, NULL, NULL, &err);
	result_close(f);
	return s;
}

static eg_status compare(void)
{
	static void (*const formats[])(const struct compare *, struct eg_str *) = { compare_markdown, compare_latex, compare_csv,
										     compare_json };
	struct result_file *f;
	struct compare c;
	eg_status s;

	EG_TRY(open_result(&f));
	s = compare_build(&c, &f, 1, "page_allocator=buddy", (const char *[]){ "*" }, 1, false, &err);
	for (unsigned i = 0; s == EG_OK && i < 4; i++) {
		struct eg_str text = { 0 };

		formats[i](&c, &text);
		s = text.failed ? EG_NO_MEMORY : EG_OK;
		eg_str_free(&text);
	}
	for (unsigned width = 0; s == EG_OK && width <= 60; width += 60) {
		struct eg_str text = { 0 };

		compare_table(&c, width, &text);
		s = text.failed ? EG_NO_MEMORY : EG_OK;
		eg_str_free(&text);
	}
	if (c.files)
		compare_free(&c);
	result_close(f);
	return s;
}

static eg_status report(void)
{
	struct result_file *f;
	eg_status s;

	EG_TRY(open_result(&f));
	s = EG_OK;
	for (const struct report_view *v = report_views; v->name && s == EG_OK; v++) {
		struct eg_str text = { 0 };
		size_t index;

		if (!v->built)
			continue;
		s = report_snapshot(f, 0, 0, (double)NAN, &index, &err);
		if (s == EG_OK)
			s = report_text(f, v->name, 0, 0, index, &text, &err);
		if (s == EG_OK && text.failed)
			s = EG_NO_MEMORY;
		eg_str_free(&text);
	}
	result_close(f);
	return s;
}

static eg_status plot(void)
{
	struct plot_request q = { .nr_files = 1, .formats = PLOT_PDF };
	static struct plot_report r;
	struct result_file *f;
	char where[100];
	eg_status s;

	in_dir(where, sizeof(where), "figures");
	EG_TRY(open_result(&f));
	q.files = &f;
	q.out_dir = where;
	s = plot_figures(&q, &r, &err);
	result_close(f);
	return s;
}

static eg_status side_file(void)
{
	static const char *const argv[] = { "engram", "run" };
	struct result_host_info info = { .argc = 2, .argv = argv, .nr_workers = 1 };
	char path[100];

	in_dir(path, sizeof(path), "out.host.json");
	return result_write_host_json(path, &info, &err);
}

/* ---- each request in turn ---------------------------------------------------------------------------------------- */

static const struct stage {
	const char *what;
	eg_status (*run)(void);
	const char *makes;              /* a file that must be there afterwards if all went well, and only then be new */
} stages[] = {
	{ "writing a cell", write_cell, "0.h5" },
	{ "reading a cell", load_cell, NULL },
	{ "merging", merge, "out.h5" },
	{ "reading a result", read_result, NULL },
	{ "comparing", compare, NULL },
	{ "report", report, NULL },
	{ "figures", plot, NULL },
	{ "the side file", side_file, "out.host.json" },
};

/* The file an older program left under the name; it must survive every failure. */
static void put_old(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs("old", f) < 0 || fclose(f) != 0)
		ok(false, "%s can be written", path);
}

static bool is_old(const char *path)
{
	char text[8] = "";
	FILE *f = fopen(path, "r");
	bool same = f && fread(text, 1, sizeof(text) - 1, f) == 3 && strcmp(text, "old") == 0;

	if (f)
		(void)fclose(f);
	return same;
}

static void each_request(const struct stage *st)
{
	unsigned n = 0, bad = 0;
	hsize_t before;
	char path[100];
	eg_status s;

	in_dir(path, sizeof(path), st->makes ? st->makes : "none");
	(void)eg_mem_fail_nth(0);
	err.nr = 0;
	if (!ok(st->run() == EG_OK, "%s works", st->what))
		printf("# %s\n", err.nr ? err.text[0] : "");
	before = ids_in_use();
	do {
		const char *wrong = NULL;

		err.nr = err.dropped = 0;
		if (st->makes)
			put_old(path);
		(void)eg_mem_fail_nth(++n);
		s = st->run();
		if (s != EG_OK && s != EG_NO_MEMORY)
			wrong = "the status is wrong";
		else if (ids_in_use() != before)
			wrong = "handles are left";
		else if (nr_files(".tmp"))
			wrong = "a temporary file is left";
		else if (st->makes && (s == EG_OK) == is_old(path))
			wrong = s == EG_OK ? "the old file is still there" : "the old file is lost";
		if (wrong && bad++ < 5)
			printf("# request %u: %s (status %d: %s)\n", n, wrong, (int)s, err.nr ? err.text[0] : "");
		/* a success in which the request was made and refused is fine where it was a mere wish: go on */
		if (s == EG_OK && eg_mem_fail_nth(0) < n)
			break;
	} while (n < 100000);
	(void)eg_mem_fail_nth(0);
	ok(!bad && n > 1, "%s: each of %u requests failed in turn", st->what, n - 1);
}

static void remove_all(const char *where)
{
	DIR *d = opendir(where);
	struct dirent *e;
	char path[400];

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%.100s/%.250s", where, e->d_name);
		if (unlink(path) != 0)
			remove_all(path);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(where);
}

int main(void)
{
	static char name[SMALL_CELLS][100];
	char path[100];

	h5_quiet();
	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return tap_done();
	for (unsigned i = 0; i < SMALL_CELLS; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "%s/%u.h5", dir, i);
		cells[i] = name[i];
		small_result(&cell_result, i / 2, i % 2);
		ok(small_cell(cells[i], i, &cell_result, &err) == EG_OK, "cell %u", i);
		if (i + 1 < SMALL_CELLS)
			eg_arena_free_all(&cell_result.arena);
	}
	in_dir(path, sizeof(path), "good.h5");
	ok(small_merge(path, cells, &err) == EG_OK, "a result");
	for (unsigned i = 0; i < EG_ARRAY_LEN(stages); i++) {
		each_request(&stages[i]);
		if (stages[i].run == write_cell)        /* later stages read it */
			ok(write_cell() == EG_OK, "cell 0 again");
	}
	eg_arena_free_all(&cell_result.arena);
	remove_all(dir);
	return tap_done();
}
