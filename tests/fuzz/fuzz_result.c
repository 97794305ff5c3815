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
#include <sys/stat.h>
#include <sys/wait.h>

#include "plots/table.h"
#include "results/compare.h"
#include "results/h5.h"
#include "results/report.h"
#include "sim/base/check.h"
#include "sim/base/sha256.h"
#include "tests/fuzz/small_result.h"

/* The child that tries a file without checksum may take a minute of CPU time: too long for a fuzzer. So this one is
 * linked instead of the library's. */
#define PROBE_CPU_SECONDS 3u
#include "results/probe.c"

#define MAX_OBJECTS 128u
#define MAX_EDITS   24u

static struct eg_errors err;

static struct {
	unsigned char *bytes;                   /* without the trailer */
	size_t         size;
	unsigned       nr;
	char           path[MAX_OBJECTS][64];   /* of its objects, groups among them */
} good;

/*
 * libhdf5 1.10 forgets some of its own memory when a conversion fails. What counts is that our side gives every handle
 * back: ids_in_use() is compared before and after.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libhdf5\n";
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

/* ---- the good result --------------------------------------------------------------------------------------------- */

static herr_t note_object(hid_t f, const char *name, const H5O_info_t *info, void *ctx)
{
	(void)f;
	(void)info;
	(void)ctx;
	if (strcmp(name, ".") != 0 && good.nr < MAX_OBJECTS && strlen(name) < sizeof(good.path[0]))
		(void)snprintf(good.path[good.nr++], sizeof(good.path[0]), "%s", name);
	return 0;
}

static void make_good(void)
{
	char name[5][64];
	const char *path[4];
	struct stat st;
	hid_t f;
	int fd;

	for (unsigned i = 0; i < 4; i++) {
		struct run_result r;

		(void)snprintf(name[i], sizeof(name[i]), "fuzz_result.%ld.%u.h5", (long)getpid(), i);
		path[i] = name[i];
		small_result(&r, i / 2, i % 2);
		EG_CHECK(small_cell(path[i], i, &r, &err) == EG_OK);
		eg_arena_free_all(&r.arena);
	}
	(void)snprintf(name[4], sizeof(name[4]), "fuzz_result.%ld.h5", (long)getpid());
	EG_CHECK(small_merge(name[4], path, &err) == EG_OK);
	fd = open(name[4], O_RDONLY | O_CLOEXEC);
	EG_CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 80);
	good.size = (size_t)st.st_size - 80;
	good.bytes = eg_calloc(1, good.size);
	EG_CHECK(good.bytes && read(fd, good.bytes, good.size) == (ssize_t)good.size);
	(void)close(fd);
	f = h5_open(name[4]);
	EG_CHECK(f >= 0 && H5Ovisit(f, H5_INDEX_CRT_ORDER, H5_ITER_INC, note_object, NULL) >= 0 && H5Fclose(f) >= 0);
	for (unsigned i = 0; i < 5; i++)
		(void)unlink(name[i]);
}

/* ---- what the input says ----------------------------------------------------------------------------------------- */

struct in {
	const uint8_t *p;
	size_t left;
};

static unsigned u8(struct in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static unsigned below(struct in *in, unsigned n)
{
	return u8(in) % n;
}

static double number(struct in *in)
{
	static const double odd[] = { 0, 1, -1, 2, 0.5, 1e300, -1e300, 1e-300, 0x1p53, 0x1p53 + 2, 0x1p63, 0x1p64, 0x1p120, 4e9 };
	unsigned k = u8(in);

	if (k < EG_ARRAY_LEN(odd))
		return odd[k];
	if (k < 20)
		return k < 16 ? (double)NAN : k < 18 ? (double)INFINITY : -(double)INFINITY;
	return (double)((k - 100.0) * u8(in));
}

/* A text of up to 300 characters; often one that means something somewhere. */
static const char *text(struct in *in)
{
	static char buf[304];
	static const char *const known[] = {
		"", "axes", "seed", "time", "bucket", "linux", "policy.page_allocator", "policy_page_allocator", "a=b,c", "ns", "bytes",
		"counter", "gauge", "fault_latency", "anon", "first_bucket", "\n", "\033[31m", "\xff\xfe", "%s%n", "\"\\'", "| & < > ` $x #",
		"fault-latency-cdf\ntlb-breakdown\nnone\n", "policy.page_allocator=linux\n", "=\n\n=", "MemTotal", "nr_free_pages",
		"../../x", "1e309", "a b c d e f g h i j k l m n o p q r s t", "\xc3\xa4\xe2\x82\xac",
	};
	unsigned k = u8(in), n = 0;

	if (k < 128)
		return known[k % EG_ARRAY_LEN(known)];
	if (k < 136) {
		memset(buf, k & 1 ? 'x' : '=', 300);
		buf[300] = '\0';
		return buf;
	}
	for (n = 0; n < k % 24u; n++)
		buf[n] = (char)u8(in);
	buf[n] = '\0';
	return buf;
}

static const char *object(struct in *in)
{
	return good.path[u8(in) % good.nr];
}

static hid_t a_type(struct in *in)
{
	hid_t t;

	switch (below(in, 12)) {
	case 0: return H5Tcopy(H5T_IEEE_F32LE);
	case 1: return H5Tcopy(H5T_STD_U64BE);
	case 2: return H5Tcopy(H5T_STD_I8LE);
	case 3:                                         /* a text of fixed length */
		t = H5Tcopy(H5T_C_S1);
		(void)H5Tset_size(t, 1 + u8(in));
		return t;
	case 4:
		t = H5Tcopy(H5T_C_S1);
		(void)H5Tset_size(t, H5T_VARIABLE);
		(void)H5Tset_cset(t, below(in, 2) ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
		return t;
	case 5:
		t = H5Tcreate(H5T_COMPOUND, 16);
		(void)H5Tinsert(t, "r", 0, H5T_IEEE_F64LE);
		(void)H5Tinsert(t, "i", 8, H5T_STD_I32LE);
		return t;
	case 6: return H5Tarray_create2(H5T_IEEE_F64LE, 1, (hsize_t[]){ 3 });
	case 7: return H5Tvlen_create(H5T_STD_U8LE);
	case 8: return H5Tcopy(H5T_STD_REF_OBJ);
	case 9: return H5Tcreate(H5T_OPAQUE, 5);
	case 10: return H5Tcopy(H5T_STD_I32LE);
	default: return H5Tcopy(H5T_IEEE_F64LE);
	}
}

static hid_t a_space(struct in *in)
{
	static const hsize_t lengths[] = { 1, 2, 3, 0, 2, 2, 11, 5, 40, 3777, 65536, 1u << 20, (1u << 20) + 1, UINT64_C(1) << 27,
					   UINT64_C(1) << 40, 2 };
	hsize_t dim[H5S_MAX_RANK], product = 1;
	unsigned rank = below(in, 8);

	if (rank == 7)
		rank = below(in, H5S_MAX_RANK + 1);
	if (rank == 0)
		return H5Screate(below(in, 3) ? H5S_SCALAR : H5S_NULL);
	for (unsigned i = 0; i < rank; i++) {
		dim[i] = lengths[below(in, rank < 3 ? EG_ARRAY_LEN(lengths) : 9)];
		if (dim[i] && product > (UINT64_C(1) << 50) / dim[i])
			dim[i] = 1;
		product *= dim[i] ? dim[i] : 1;
	}
	return H5Screate_simple((int)rank, dim, NULL);
}

/* ---- changes ----------------------------------------------------------------------------------------------------- */

/* Numbers into a dataset of numbers, texts into one of texts; others stay as they are. Only what is small. */
static void fill(struct in *in, hid_t d)
{
	hid_t space = H5Dget_space(d), type = H5Dget_type(d), memtype;
	hssize_t n = H5Sget_simple_extent_npoints(space);
	H5T_class_t class = H5Tget_class(type);
	static double v[4096];
	static char texts[64][304];
	const char *many[64];

	if (n > 0 && n <= (hssize_t)EG_ARRAY_LEN(v) && (class == H5T_INTEGER || class == H5T_FLOAT)) {
		unsigned period = 1 + below(in, 8);

		for (hssize_t i = 0; i < n; i++)
			v[i] = i < (hssize_t)period ? number(in) : v[i % period];
		(void)H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, v);
	} else if (n > 0 && n <= 64 && class == H5T_STRING && H5Tis_variable_str(type) > 0) {
		memtype = H5Tcopy(type);
		for (hssize_t i = 0; i < n; i++) {
			(void)snprintf(texts[i], sizeof(texts[i]), "%s", text(in));
			many[i] = texts[i];
		}
		(void)H5Dwrite(d, memtype, H5S_ALL, H5S_ALL, H5P_DEFAULT, many);
		(void)H5Tclose(memtype);
	}
	(void)H5Tclose(type);
	(void)H5Sclose(space);
}

static void new_dataset(struct in *in, hid_t f, const char *path)
{
	hid_t type = a_type(in), space = a_space(in), p = H5Pcreate(H5P_DATASET_CREATE), d;
	hsize_t dim[H5S_MAX_RANK];
	int rank = H5Sget_simple_extent_dims(space, dim, NULL);

	if (rank > 0 && below(in, 2)) {                 /* in chunks, of which none need be there */
		for (int i = 0; i < rank; i++)
			dim[i] = dim[i] > 64 ? 64 : dim[i] ? dim[i] : 1;
		(void)H5Pset_chunk(p, rank, dim);
		if (below(in, 2))
			(void)H5Pset_deflate(p, 1);
	} else {
		(void)H5Pset_alloc_time(p, H5D_ALLOC_TIME_LATE);
	}
	(void)H5Ldelete(f, path, H5P_DEFAULT);
	d = H5Dcreate2(f, path, type, space, H5P_DEFAULT, p, H5P_DEFAULT);
	if (d >= 0) {
		fill(in, d);
		if (below(in, 2))                       /* what makes it a variable of ours */
			(void)H5Oset_comment(d, "x");
		(void)H5Dclose(d);
	}
	(void)H5Pclose(p);
	(void)H5Sclose(space);
	(void)H5Tclose(type);
}

static void set_attribute(struct in *in, hid_t f, const char *path)
{
	static const char *const names[] = { "axes", "long_name", "units", "comment", "kind", "better", "group", "op_kind", "moments",
					     "first_bucket", "schema_version", "title", "CLASS", "_FillValue" };
	const char *name = names[below(in, EG_ARRAY_LEN(names))], *value;
	hid_t o, type, space, a;
	static char buf[1 << 16];
	int v;

	o = strcmp(name, "schema_version") == 0 || strcmp(name, "title") == 0 ? H5Oopen(f, "/", H5P_DEFAULT) : H5Oopen(f, path, H5P_DEFAULT);
	if (o < 0)
		return;
	(void)H5Adelete(o, name);
	switch (below(in, 4)) {
	case 0:                                         /* gone */
		break;
	case 1:                                         /* of any kind */
		type = a_type(in);
		space = a_space(in);
		if (H5Sget_simple_extent_npoints(space) <= 4 && (a = H5Acreate2(o, name, type, space, H5P_DEFAULT, H5P_DEFAULT)) >= 0)
			(void)H5Aclose(a);
		(void)H5Tclose(type);
		(void)H5Sclose(space);
		break;
	case 2:                                         /* a number */
		v = (const int[]){ 0, 1, 2, -1, 7, 3775, 3776, INT32_MAX, INT32_MIN }[below(in, 9)];
		space = H5Screate(H5S_SCALAR);
		if ((a = H5Acreate2(o, name, H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT)) >= 0) {
			(void)H5Awrite(a, H5T_NATIVE_INT, &v);
			(void)H5Aclose(a);
		}
		(void)H5Sclose(space);
		break;
	default:                                        /* a text, which need not end with NUL */
		value = text(in);
		type = H5Tcopy(H5T_C_S1);
		(void)H5Tset_size(type, *value ? strlen(value) : 1 + below(in, 3) * 30000u);
		memset(buf, 'z', sizeof(buf));
		memcpy(buf, value, strlen(value));
		space = H5Screate(H5S_SCALAR);
		if ((a = H5Acreate2(o, name, type, space, H5P_DEFAULT, H5P_DEFAULT)) >= 0) {
			(void)H5Awrite(a, type, buf);
			(void)H5Aclose(a);
		}
		(void)H5Tclose(type);
		(void)H5Sclose(space);
	}
	(void)H5Oclose(o);
}

static void relink(struct in *in, hid_t f, const char *path)
{
	static const char *const places[] = { "/", "/summary", "/series", "/latency", "/nowhere/at/all", "/summary/seed" };
	const char *other = below(in, 2) ? object(in) : places[below(in, EG_ARRAY_LEN(places))];
	char to[64];

	(void)snprintf(to, sizeof(to), "%.60s", other);
	if (strcmp(to, path) == 0)
		return;
	switch (below(in, 4)) {
	case 0:
		(void)H5Ldelete(f, path, H5P_DEFAULT);
		(void)H5Lcreate_soft(to, f, path, H5P_DEFAULT, H5P_DEFAULT);
		break;
	case 1:
		(void)H5Ldelete(f, path, H5P_DEFAULT);
		(void)H5Lcreate_hard(f, to, f, path, H5P_DEFAULT, H5P_DEFAULT);
		break;
	case 2:
		(void)H5Ldelete(f, path, H5P_DEFAULT);
		(void)H5Lcreate_external("fuzz_result.none.h5", to, f, path, H5P_DEFAULT, H5P_DEFAULT);
		break;
	default:                                        /* they change places */
		if (H5Lmove(f, to, f, "/between", H5P_DEFAULT, H5P_DEFAULT) >= 0) {
			(void)H5Lmove(f, path, f, to, H5P_DEFAULT, H5P_DEFAULT);
			(void)H5Lmove(f, "/between", f, path, H5P_DEFAULT, H5P_DEFAULT);
		}
	}
}

static void edit(struct in *in, hid_t f)
{
	const char *path = object(in);
	hid_t d, g;
	char name[400];

	switch (below(in, 8)) {
	case 0:
		(void)H5Ldelete(f, path, H5P_DEFAULT);
		break;
	case 1:
		new_dataset(in, f, path);
		break;
	case 2:
	case 3:
		d = H5Dopen2(f, path, H5P_DEFAULT);
		if (d >= 0) {
			fill(in, d);
			(void)H5Dclose(d);
		}
		break;
	case 4:
		set_attribute(in, f, path);
		break;
	case 5:
		relink(in, f, path);
		break;
	case 6:                                         /* a group, or a type, where something else was */
		(void)H5Ldelete(f, path, H5P_DEFAULT);
		if (below(in, 2)) {
			d = a_type(in);
			(void)H5Tcommit2(f, path, d, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
			(void)H5Tclose(d);
		} else if ((g = H5Gcreate2(f, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)) >= 0) {
			(void)H5Gclose(g);
		}
		break;
	default:                                        /* one more variable, under any name */
		(void)snprintf(name, sizeof(name), "/%s/%s", (const char *[]){ "summary", "series", "latency", "snapshots" }[below(in, 4)],
			       text(in));
		(void)H5Ocopy(f, path, f, name, H5P_DEFAULT, H5P_DEFAULT);
	}
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
	if (!good.bytes)
		make_good();
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
