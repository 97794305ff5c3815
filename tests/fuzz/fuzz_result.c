/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_result - hostile result files: each is refused with a message, or everything that reads results gets through
 * it: the reader, compare in all its formats, the views of report, and the figures up to the call of gnuplot.
 *
 * Bytes at random never get past the checksum, and HDF5 is too wide a format to grow from nothing. So there are
 * three ways, chosen by the first byte of the input:
 *
 *   0 .. 7     the rest is the file, as it is
 *   8 .. 11    a good result without its checksum, with some bytes overwritten: the reader's child process has to
 *              find out what libhdf5 makes of it (slow, so seldom)
 *   the rest   a good result changed through the library: objects deleted, replaced by ones of other type, rank or
 *              size, linked in circles; attributes and texts of any content; numbers that no run gives. It is then
 *              sealed with a right checksum, so it is well-formed HDF5 and only our expectations are wrong.
 *
 * The good result is made once, by the room's own writer. gnuplot is not run: plot_child() below stands for it.
 */
#include "tests/fuzz/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "plots/table.h"
#include "results/compare.h"
#include "results/report.h"
#include "sim/base/check.h"
#include "sim/base/sha256.h"
#include "tests/fuzz/edit_result.h"

/* The child that tries a file without checksum may take a minute of CPU time: too long for a fuzzer. So this one is
 * linked instead of the library's. */
#define PROBE_CPU_SECONDS 3u
#include "results/probe.c"

#define MAX_EDITS 24u

static struct eg_errors err;

/*
 * libhdf5 1.10 forgets some of its own memory when a conversion fails. What counts is that our side gives every handle
 * back: ids_in_use() is compared before and after.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libhdf5\n";
}

/*
 * A child that libhdf5 kills is an answer, not a finding: it must not write what libFuzzer writes when the fuzzer
 * itself dies.
 */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void in_child(void)
{
	static const int deaths[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGALRM };

	for (unsigned i = 0; i < EG_ARRAY_LEN(deaths); i++)
		(void)signal(deaths[i], SIG_DFL);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(NULL);
}

static hsize_t ids_in_use(void)
{
	static const H5I_type_t kinds[] = { H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE, H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST };
	hsize_t sum = 0, n;

	for (unsigned i = 0; i < EG_ARRAY_LEN(kinds); i++)
		sum += H5Inmembers(kinds[i], &n) >= 0 ? n : 0;
	return sum;
}

/* In the place of gnuplot: the picture is there. */
eg_status plot_child(const char *const *argv, const char *dir, unsigned seconds, const char *package, struct eg_errors *e)
{
	char path[200];
	int fd;

	(void)seconds;
	(void)package;
	EG_CHECK(strcmp(argv[0], "gnuplot") == 0 && strncmp(argv[3], "out='", 5) == 0);
	(void)snprintf(path, sizeof(path), "%.60s/%.*s", dir, (int)strcspn(argv[3] + 5, "'"), argv[3] + 5);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "%PDF", 4) != 4)
		return eg_fail(e, EG_IO, "%s: no picture", path);
	(void)close(fd);
	return EG_OK;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* In memory, but with a name: HDF5 asks for the real path of what it opens, and a memfd has none. */
static int a_file(const uint8_t *bytes, size_t n, char path[64])
{
	int fd;

	(void)snprintf(path, 64, "%s/fuzz_result.%ld.in.h5", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".", (long)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	EG_CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	return fd;
}

static void seal(int fd)
{
	static uint8_t buf[1 << 16];
	char hex[65], tail[96];
	struct eg_sha256 sha;
	uint8_t digest[32];
	off_t at = 0;
	ssize_t n;

	eg_sha256_init(&sha);
	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		eg_sha256_update(&sha, buf, (size_t)n);
		at += n;
	}
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hex);
	(void)snprintf(tail, sizeof(tail), "\nEngramSumSHA256%s", hex);
	EG_CHECK(pwrite(fd, tail, 80, at) == 80);
}

/*
 * In a process of its own: libhdf5 1.10.8 is not safe against some of these edits (deleting a group that holds itself
 * damages its free lists), and it is our reading that is tried here, not its writing. A process that dies leaves no file.
 */
static int changed_by_library(struct in *in, char path[64])
{
	int fd = a_file(good.bytes, good.size, path), status;
	pid_t pid = fork();
	hid_t fapl, f;

	EG_CHECK(pid >= 0);
	if (pid > 0) {
		while (waitpid(pid, &status, 0) != pid)         /* libFuzzer's clock interrupts */
			EG_CHECK(errno == EINTR);
		if (status)
			EG_CHECK(ftruncate(fd, 0) == 0);
		seal(fd);
		return fd;
	}
	fapl = H5Pcreate(H5P_FILE_ACCESS);
	(void)H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG);
	(void)H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110);
	f = H5Fopen(path, H5F_ACC_RDWR, fapl);
	if (f < 0)
		_exit(1);
	for (unsigned i = 0; i < MAX_EDITS && in->left; i++)
		edit(in, f);
	(void)H5Fclose(f);
	_exit(0);
}

static int changed_bytes(struct in *in, char path[64])
{
	int fd = a_file(good.bytes, good.size, path);

	for (unsigned i = 0; i < 16 && in->left; i++) {
		uint8_t b[4] = { (uint8_t)u8(in), (uint8_t)u8(in), (uint8_t)u8(in), (uint8_t)u8(in) };
		size_t at = ((size_t)b[0] << 16 | (size_t)b[1] << 8 | b[2]) % good.size;

		EG_CHECK(pwrite(fd, &b[3], 1, (off_t)at) == 1);
	}
	return fd;
}

/* ---- reading everything ------------------------------------------------------------------------------------------ */

/* A call may fail only with a message and for the file's sake (or, with `usage`, because a name is not there). */
static bool allow(eg_status s, bool usage)
{
	bool fair = s == EG_OK || (err.nr && (s == EG_BAD_INPUT || (usage && s == EG_USAGE)));

	if (!fair)
		fprintf(stderr, "status %d: %s\n", (int)s, err.nr ? err.text[0] : "no message");
	EG_CHECK(fair);
	err.nr = err.dropped = 0;
	return s == EG_OK;
}

static void must(eg_status s)
{
	(void)allow(s, false);
}

/* Points and the like are many in a hostile file: the first few and the last. */
static bool wanted(size_t i, size_t n)
{
	return i < 3 || i + 1 == n;
}

static void read_point(struct result_file *f, size_t point, unsigned seed)
{
	static struct eg_hist h;
	size_t times = result_nr_times(f), snaps = result_nr_snapshots(f), z = result_nr_zones(f), k;
	double *v;

	v = eg_calloc(times + result_nr_counts(f) + 1, sizeof(*v));
	EG_CHECK(v);
	for (unsigned i = 0; times < 100000 && i < result_nr_series(f); i++)
		must(result_read_series(f, i, point, seed, v, &err));
	must(result_read_counts(f, point, seed, v, &err));
	eg_free(v);
	for (unsigned i = 0; i < result_nr_hists(f); i++)
		must(result_read_hist(f, i, point, seed, &h, &err));
	if (snaps && snaps < 1000 && z < 1000 && result_nr_vmstat(f) < 1000 && result_nr_meminfo(f) < 1000) {
		k = snaps * (z * RESULT_NR_ORDERS * (RUN_NR_TYPES + 1) + result_nr_vmstat(f) + result_nr_meminfo(f)) + 1;
		v = eg_calloc(k, sizeof(*v));
		EG_CHECK(v);
		must(result_read_snapshots(f, point, seed, 0, snaps, v, v + snaps * z * RESULT_NR_ORDERS,
					   v + snaps * z * RESULT_NR_ORDERS * (RUN_NR_TYPES + 1),
					   v + snaps * (z * RESULT_NR_ORDERS * (RUN_NR_TYPES + 1) + result_nr_vmstat(f)), &err));
		eg_free(v);
	}
}

static void read_all(struct result_file *f)
{
	char buf[300];
	const double *cube;
	int want[64];

	(void)result_name(f);
	for (size_t p = 0; p < result_nr_points(f); p += p < 3 || p + 1 == result_nr_points(f) ? 1 : result_nr_points(f) - 1 - p) {
		(void)result_point_text(f, p, buf, sizeof(buf));
		for (unsigned a = 0; a < result_nr_axes(f); a++)
			EG_CHECK(result_point_label(f, p, a) && result_axis_short(f, a));
		if (result_parse_point(f, buf, want, &err) == EG_OK)
			(void)result_point_fits(f, p, want);
		err.nr = err.dropped = 0;
		for (unsigned s = 0; s < result_nr_seeds(f); s++)
			if (wanted(s, result_nr_seeds(f)))
				read_point(f, p, s);
	}
	for (unsigned i = 0; i < result_nr_metrics(f); i++) {
		(void)result_find_metric(f, result_metric(f, i)->name);
		must(result_values(f, i, &cube, &err));
	}
	for (unsigned i = 0; i < result_nr_hists(f); i++)
		(void)result_find_hist(f, result_hist(f, i)->group, result_hist(f, i)->kind);
	(void)result_provenance(f, "config_yaml");
	(void)result_provenance(f, "no such key");
}

/* JSON as far as it can go wrong here: brackets match, texts end, nothing below 0x20 is in them. */
static void check_json(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '"')
			for (s++; *s != '"'; s++) {
				EG_CHECK((unsigned char)*s >= 0x20);
				if (*s == '\\')
					EG_CHECK(*++s != '\0');
			}
		depth += *s == '{' || *s == '[';
		depth -= *s == '}' || *s == ']';
		EG_CHECK(depth >= 0);
	}
	EG_CHECK(depth == 0);
}

static void compare_all(struct result_file **files, unsigned nr, const char *baseline, const char *metric, bool same)
{
	struct compare c;
	struct eg_str s = { 0 };

	if (!allow(compare_build(&c, files, nr, baseline, metric ? &metric : NULL, metric ? 1 : 0, same, &err), true))
		return;
	compare_table(&c, 60, &s);
	compare_table(&c, 0, &s);
	compare_markdown(&c, &s);
	compare_latex(&c, &s);
	compare_csv(&c, &s);
	EG_CHECK(!s.failed);
	eg_str_free(&s);
	compare_json(&c, &s);
	check_json(eg_str_text(&s));
	eg_str_free(&s);
	compare_free(&c);
}

static void report_all(struct result_file *f)
{
	struct eg_str s = { 0 };
	size_t index;

	for (const struct report_view *v = report_views; v->name; v++) {
		if (allow(report_snapshot(f, result_nr_points(f) - 1, 0, (double)NAN, &index, &err), false))
			(void)allow(report_text(f, v->name, result_nr_points(f) - 1, 0, index, &s, &err), !v->built);
	}
	eg_str_free(&s);
}

static void plot_all(struct result_file **files, unsigned nr, bool named)
{
	static struct plot_report report;
	static char dir[64];
	const char *names[64];
	char path[200];
	struct plot_request q = { .files = files, .nr_files = nr, .out_dir = dir, .formats = PLOT_PDF, .figures = names };

	(void)snprintf(dir, sizeof(dir), "fuzz_result.%ld.figures", (long)getpid());
	for (const struct figure *g = figure_registry; g->name; g++) {
		names[0] = g->name;
		q.nr_figures = named;
		must(plot_figures(&q, &report, &err));
		for (unsigned k = 0; k < 5; k++) {
			(void)snprintf(path, sizeof(path), "%s/%s.%s", dir, g->name,
				       (const char *[]){ "gp", "dat", "txt", "pdf", "tmp.pdf" }[k]);
			EG_CHECK(unlink(path) != 0 || k < 4);
		}
		if (!named)
			break;
	}
	for (const struct figure *g = figure_registry; !named && g->name; g++)
		for (unsigned k = 0; k < 4; k++) {
			(void)snprintf(path, sizeof(path), "%s/%s.%s", dir, g->name, (const char *[]){ "gp", "dat", "txt", "pdf" }[k]);
			(void)unlink(path);
		}
	EG_CHECK(rmdir(dir) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, size };
	struct result_file *f[2] = { NULL, NULL };
	unsigned way = u8(&in), also = u8(&in);
	hsize_t before;
	char path[64];
	int fd;

	h5_quiet();
	if (!good.bytes) {
		EG_CHECK(pthread_atfork(NULL, NULL, in_child) == 0);
		make_good(&err);
	}
	err.nr = err.dropped = 0;
	fd = way < 8 ? a_file(in.p, in.left, path) : way < 12 ? changed_bytes(&in, path) : changed_by_library(&in, path);
	before = ids_in_use();
	if (allow(result_open(path, &f[0], &err), false)) {
		size_t cells = result_nr_points(f[0]) * result_nr_seeds(f[0]);

		read_all(f[0]);
		report_all(f[0]);
		if (cells <= 4096) {
			compare_all(f, 1, NULL, NULL, also & 1);
			if (also & 2)
				compare_all(f, 1, "page_allocator=buddy", "*", also & 1);
			if ((also & 12) == 12 && result_open(path, &f[1], &err) == EG_OK)
				compare_all(f, 2, NULL, "*lat*", also & 1);
			if ((also & 0x30) == 0x30)
				plot_all(f, f[1] ? 2 : 1, also & 0x40);
		}
	}
	result_close(f[0]);
	result_close(f[1]);
	EG_CHECK(ids_in_use() == before);
	(void)close(fd);
	(void)unlink(path);
	return 0;
}

FUZZ_MAIN("result")
