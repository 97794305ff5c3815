/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5read - reading HDF5 with every size bounded and nothing taken on trust; see h5.h.
 *
 * A dataset is accepted only with the class and the number of elements the caller expects, and the caller's
 * expectations are bounded by H5_MAX_ITEMS.
 */
#include "results/h5.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sim/base/sha256.h"

static const unsigned char magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

static eg_status check_sum(FILE *in, const char *path, uint64_t size, bool *summed, struct eg_errors *err)
{
	char tail[81], hex[65], *buf = eg_calloc(1, 1u << 16);
	uint64_t left = size - 80;
	struct eg_sha256 sha;
	uint8_t digest[32];

	if (!buf)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for a buffer", path);
	eg_sha256_init(&sha);
	while (left) {
		size_t n = left < (1u << 16) ? (size_t)left : (1u << 16);

		if (fread(buf, 1, n, in) != n)
			break;
		eg_sha256_update(&sha, buf, n);
		left -= n;
	}
	eg_free(buf);
	if (left || fread(tail, 1, 80, in) != 80)
		return eg_fail_errno(err, true, "%s: cannot read", path);
	tail[80] = '\0';
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hex);
	if (memcmp(tail, "\nEngramSumSHA256", 16) != 0)
		return EG_OK;
	*summed = true;
	if (memcmp(tail + 16, hex, 64) != 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: damaged: its bytes do not fit its checksum\n"
			       "copy it again from where it came, or run the experiment again", path);
	return EG_OK;
}

eg_status h5_check_file(const char *path, bool *summed, struct eg_errors *err)
{
	unsigned char head[8];
	struct stat st;
	eg_status s = EG_OK;
	size_t n;
	FILE *in;

	h5_quiet();
	*summed = false;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return eg_fail(err, EG_BAD_INPUT, "%s: not a regular file: an Engram result (NAME.h5) is wanted", path);
	in = fopen(path, "rb");
	if (!in) {
		eg_status bad = eg_fail_errno(err, true, "%s: cannot open", path);
		char cells[4096];
		int len = (int)strlen(path);

		/* what an interrupted run leaves */
		if (len > 3 && strcmp(path + len - 3, ".h5") == 0)
			len -= 3;
		if (snprintf(cells, sizeof(cells), "%.*s.cells", len, path) < (int)sizeof(cells) && err && err->nr &&
		    stat(cells, &st) == 0 && S_ISDIR(st.st_mode)) {
			size_t at = strlen(err->text[err->nr - 1]);

			(void)snprintf(err->text[err->nr - 1] + at, sizeof(err->text[0]) - at,
				       "\n%.100s has cells of a run that did not end: `engram run EXPERIMENT.yaml -o %.100s --resume` goes on",
				       cells, path);
		}
		return bad;
	}
	if (fstat(fileno(in), &st) != 0) {
		s = eg_fail_errno(err, true, "%s: cannot read", path);
		(void)fclose(in);
		return s;
	}
	n = fread(head, 1, sizeof(head), in);
	if (n == 0 && !ferror(in))
		s = eg_fail(err, EG_BAD_INPUT, "%s: empty file: an Engram result (HDF5) is wanted", path);
	else if (n < sizeof(head) || memcmp(head, magic, sizeof(magic)) != 0)
		s = eg_fail(err, EG_BAD_INPUT, "%s: not HDF5 (it begins with %02x %02x %02x %02x): an Engram result is wanted\n"
			    "`engram run EXPERIMENT.yaml -o NAME.h5` writes one", path, head[0], n > 1 ? head[1] : 0u,
			    n > 2 ? head[2] : 0u, n > 3 ? head[3] : 0u);
	rewind(in);
	errno = 0;
	if (s == EG_OK && st.st_size > 80)
		s = check_sum(in, path, (uint64_t)st.st_size, summed, err);
	(void)fclose(in);
	return s;
}

hid_t h5_open(const char *path)
{
	h5_quiet();
	return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

bool h5_has(hid_t loc, const char *name)
{
	return H5Lexists(loc, name, H5P_DEFAULT) > 0 && H5Oexists_by_name(loc, name, H5P_DEFAULT) > 0;
}

bool h5_has_attr(hid_t obj, const char *name)
{
	return H5Aexists(obj, name) > 0;
}

/* One number: an integer attribute with one element. */
static bool get_attr(hid_t obj, const char *name, hid_t memtype, void *v)
{
	hid_t a, type, space;
	bool good;

	if (!h5_has_attr(obj, name))
		return false;
	a = H5Aopen(obj, name, H5P_DEFAULT);
	type = a < 0 ? -1 : H5Aget_type(a);
	space = a < 0 ? -1 : H5Aget_space(a);
	good = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_INTEGER &&
	       H5Sget_simple_extent_npoints(space) == 1 && H5Aread(a, memtype, v) >= 0;
	if (type >= 0)
		(void)H5Tclose(type);
	if (space >= 0)
		(void)H5Sclose(space);
	if (a >= 0)
		(void)H5Aclose(a);
	return good;
}

bool h5_get_attr_u64(hid_t obj, const char *name, uint64_t *v)
{
	return get_attr(obj, name, H5T_NATIVE_UINT64, v);
}

bool h5_get_attr_int(hid_t obj, const char *name, int *v)
{
	return get_attr(obj, name, H5T_NATIVE_INT, v);
}

char *h5_get_attr_text(hid_t obj, const char *name, struct eg_arena *arena)
{
	hid_t a, type = -1, space = -1;
	char *text = NULL;
	size_t size;

	if (!h5_has_attr(obj, name))
		return NULL;
	a = H5Aopen(obj, name, H5P_DEFAULT);
	if (a >= 0) {
		type = H5Aget_type(a);
		space = H5Aget_space(a);
	}
	if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
	    H5Sget_simple_extent_npoints(space) == 1 && (size = H5Tget_size(type)) < (1u << 20)) {
		text = eg_arena_alloc(arena, size + 1, 1);      /* one NUL more than the file promises */
		if (text && H5Aread(a, type, text) < 0)
			text = NULL;
	}
	if (type >= 0)
		(void)H5Tclose(type);
	if (space >= 0)
		(void)H5Sclose(space);
	if (a >= 0)
		(void)H5Aclose(a);
	return text;
}

static hid_t open_dataset(hid_t g, const char *name)
{
	H5O_info_t info;

	if (!h5_has(g, name) || H5Oget_info_by_name2(g, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
	    info.type != H5O_TYPE_DATASET)
		return -1;
	return H5Dopen2(g, name, H5P_DEFAULT);
}

/* Class and number of elements; false if it cannot be asked. */
static bool shape(hid_t d, H5T_class_t *class, bool *variable, uint64_t *n, int *rank)
{
	hid_t type = H5Dget_type(d), space = H5Dget_space(d);
	hssize_t points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
	bool good = type >= 0 && points >= 0;

	if (good) {
		*class = H5Tget_class(type);
		*variable = *class == H5T_STRING && H5Tis_variable_str(type) > 0;
		*n = (uint64_t)points;
		*rank = H5Sget_simple_extent_ndims(space);
	}
	if (type >= 0)
		(void)H5Tclose(type);
	if (space >= 0)
		(void)H5Sclose(space);
	return good;
}

bool h5_length(hid_t g, const char *name, uint64_t max, size_t *n)
{
	hid_t d = open_dataset(g, name);
	H5T_class_t class;
	bool variable, good;
	uint64_t points;
	int rank;

	if (d < 0)
		return false;
	good = shape(d, &class, &variable, &points, &rank) && rank == 1 && points <= max;
	if (good)
		*n = (size_t)points;
	(void)H5Dclose(d);
	return good;
}

bool h5_get(hid_t g, const char *name, hid_t memtype, size_t n, void *data)
{
	H5T_class_t class;
	bool variable, good;
	uint64_t points;
	int rank;
	hid_t d;

	if (!n)
		return true;
	d = open_dataset(g, name);
	if (d < 0)
		return false;
	good = shape(d, &class, &variable, &points, &rank) && (class == H5T_INTEGER || class == H5T_FLOAT) &&
	       points == n && H5Dread(d, memtype, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
	(void)H5Dclose(d);
	return good;
}

static void store(const char **first, size_t stride, size_t i, const char *text)
{
	*(const char **)(void *)((char *)first + i * stride) = text;
}

static bool get_variable(hid_t d, size_t n, struct eg_arena *a, const char **first, size_t stride)
{
	char **texts = eg_calloc(n, sizeof(*texts));
	hid_t type = H5Tcopy(H5T_C_S1), space = H5Dget_space(d), stored = H5Dget_type(d);
	bool good = texts && type >= 0 && space >= 0 && stored >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 &&
		    H5Tset_cset(type, H5Tget_cset(stored)) >= 0;

	a->failed |= !texts;
	if (good && H5Dread(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) >= 0) {
		for (size_t i = 0; i < n; i++) {
			char *copy = eg_arena_strdup(a, texts[i] ? texts[i] : "");

			good = good && copy;
			store(first, stride, i, copy);
		}
		(void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
	} else {
		good = false;
	}
	if (type >= 0)
		(void)H5Tclose(type);
	if (stored >= 0)
		(void)H5Tclose(stored);
	if (space >= 0)
		(void)H5Sclose(space);
	eg_free(texts);
	return good;
}

static bool get_fixed(hid_t d, size_t n, struct eg_arena *a, const char **first, size_t stride)
{
	hid_t type = H5Dget_type(d);
	size_t width = type < 0 ? 0 : H5Tget_size(type);
	bool good = width && width < (1u << 20) && n * width <= H5_MAX_ITEMS;
	char *all = good ? eg_calloc(n, width) : NULL;

	a->failed |= good && !all;
	good = all && H5Dread(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) >= 0;
	for (size_t i = 0; good && i < n; i++) {
		char *copy = eg_arena_alloc(a, width + 1, 1);

		good = copy != NULL;
		if (good)
			memcpy(copy, all + i * width, width);
		store(first, stride, i, copy);
	}
	if (type >= 0)
		(void)H5Tclose(type);
	eg_free(all);
	return good;
}

bool h5_get_texts(hid_t g, const char *name, size_t n, struct eg_arena *a, const char **first, size_t stride)
{
	H5T_class_t class;
	bool variable, good;
	uint64_t points;
	int rank;
	hid_t d;

	if (!n)
		return true;
	d = open_dataset(g, name);
	if (d < 0)
		return false;
	good = shape(d, &class, &variable, &points, &rank) && class == H5T_STRING && points == n && n <= (1u << 24);
	if (good)
		good = variable ? get_variable(d, n, a, first, stride) : get_fixed(d, n, a, first, stride);
	(void)H5Dclose(d);
	return good;
}

char *h5_get_string(hid_t g, const char *name, struct eg_arena *a)
{
	const char *text = NULL;

	if (!h5_get_texts(g, name, 1, a, &text, sizeof(text)))
		return NULL;
	return (char *)(uintptr_t)text;
}

hid_t h5_open_var(hid_t g, const char *name, int rank, const hsize_t *dim)
{
	hsize_t have[H5S_MAX_RANK];
	hid_t d = open_dataset(g, name), space = -1;
	H5T_class_t class;
	bool variable, good;
	uint64_t points;
	int have_rank;

	if (d < 0)
		return -1;
	good = shape(d, &class, &variable, &points, &have_rank) && have_rank == rank &&
	       (class == H5T_INTEGER || class == H5T_FLOAT);
	if (good) {
		space = H5Dget_space(d);
		good = space >= 0 && H5Sget_simple_extent_dims(space, have, NULL) == rank;
	}
	for (int i = 0; good && i < rank; i++)
		good = have[i] == dim[i];
	if (space >= 0)
		(void)H5Sclose(space);
	if (good)
		return d;
	(void)H5Dclose(d);
	return -1;
}

bool h5_read_block(hid_t d, int rank, const hsize_t *start, const hsize_t *count, hid_t memtype, void *data)
{
	hid_t file = H5Dget_space(d), memory = H5Screate_simple(rank, count, NULL);
	bool good = file >= 0 && memory >= 0 &&
		    H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
		    H5Dread(d, memtype, memory, file, H5P_DEFAULT, data) >= 0;

	if (file >= 0)
		(void)H5Sclose(file);
	if (memory >= 0)
		(void)H5Sclose(memory);
	return good;
}
