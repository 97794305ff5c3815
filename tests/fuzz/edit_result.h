/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edit_result - a good result, and changes of it through libhdf5 as the bytes of an input say (fuzz_result.c).
 *
 * An input is a string of small decisions: u8() takes one, zeros when it has ended, so that every input means something.
 * edit() makes one change: an object is deleted, replaced by one of other type, rank or size, linked in circles; an
 * attribute or text gets any content; numbers become ones that no run gives.
 */
#ifndef TESTS_FUZZ_EDIT_RESULT_H
#define TESTS_FUZZ_EDIT_RESULT_H

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/h5.h"
#include "sim/base/check.h"
#include "tests/fuzz/small_result.h"

#define MAX_OBJECTS 128u

static struct {
	unsigned char *bytes;                   /* without the trailer */
	size_t         size;
	unsigned       nr;
	char           path[MAX_OBJECTS][64];   /* of its objects, groups among them */
} good;

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

static void make_good(struct eg_errors *err)
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
		EG_CHECK(small_cell(path[i], i, &r, err) == EG_OK);
		eg_arena_free_all(&r.arena);
	}
	(void)snprintf(name[4], sizeof(name[4]), "fuzz_result.%ld.h5", (long)getpid());
	EG_CHECK(small_merge(name[4], path, err) == EG_OK);
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

#endif
