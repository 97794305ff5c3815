/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5 - building HDF5 files that are also netCDF-4, and publishing them; see h5.h. Reading is in h5read.c.
 *
 * What makes a file netCDF-4: creation order tracked and indexed on every object (without it netCDF sorts variables
 * by name and refuses to append), one dimension scale attached per dimension, attributes as fixed-length strings
 * (variable-length ones stop nco and the C++ and Fortran readers). What makes equal runs equal bytes: no times on
 * objects, the library's format pinned to one version (1.10, which every reader since 2016 has), and no memory that was
 * not initialised; tests/interop/readers.sh compares files made with differently poisoned heaps.
 */
#include "results/h5.h"

#include <hdf5_hl.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/sha256.h"

#define GROW (1u << 20)           /* step in which the image in memory grows */

const hid_t H5_PLAIN[1] = { -1 };

void h5_quiet(void)
{
	/* Before the library's first call. All files are closed by who opened them, or were read only; after a close that
	 * failed, libhdf5 1.10.8 dies in its own clearing up at the end of a program that had done its work. */
	(void)H5dont_atexit();
	(void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* The creation order flags and no times; rule 1 and 9 of a netCDF-4 file with reproducible bytes. */
static hid_t plist(struct h5_out *o, hid_t class)
{
	const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
	hid_t p = H5Pcreate(class);
	bool bad = p < 0 || H5Pset_obj_track_times(p, 0) < 0 || H5Pset_attr_creation_order(p, order) < 0;

	if (!bad && H5Pequal(class, H5P_DATASET_CREATE) == 0)
		bad = H5Pset_link_creation_order(p, order) < 0;
	o->failed |= bad;
	return p;
}

/*
 * The memory of the core driver, kept when the file is closed. Its bytes are final only then: an image taken from an
 * open file (H5Fget_file_image) has the "open for writing" mark cleared but the superblock's checksum of before, and
 * no reader takes it (HDF5 1.10.8).
 */
static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *ctx)
{
	struct h5_image *m = ctx;
	(void)op;
	m->size = size;
	return eg_calloc(1, size);
}

static void *image_realloc(void *p, size_t size, H5FD_file_image_op_t op, void *ctx)
{
	struct h5_image *m = ctx;

	(void)op;
	p = eg_realloc(p, 1, size);
	if (p && size > m->size)
		memset((char *)p + m->size, 0, size - m->size);
	if (p)
		m->size = size;
	return p;
}

static void *image_memcpy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *ctx)
{
	(void)op;
	(void)ctx;
	return memcpy(to, from, size);
}

static herr_t image_free(void *p, H5FD_file_image_op_t op, void *ctx)
{
	struct h5_image *m = ctx;

	if (op == H5FD_FILE_IMAGE_OP_FILE_CLOSE && !m->bytes)
		m->bytes = p;
	else
		eg_free(p);
	return 0;
}

static void *same(void *ctx)
{
	return ctx;
}

static herr_t keep(void *ctx)
{
	(void)ctx;
	return 0;
}

eg_status h5_begin(struct h5_out *o, struct eg_errors *err)
{
	H5FD_file_image_callbacks_t calls = { image_malloc, image_memcpy, image_realloc, image_free, same, keep, NULL };
	hid_t fapl, fcpl;

	h5_quiet();
	*o = (struct h5_out){ -1, -1, false, eg_calloc(1, sizeof(*o->image)) };
	calls.udata = o->image;
	o->failed = !o->image;
	fapl = H5Pcreate(H5P_FILE_ACCESS);
	fcpl = plist(o, H5P_FILE_CREATE);
	if (fapl < 0 || H5Pset_fapl_core(fapl, GROW, 0) < 0 ||
	    H5Pset_file_image_callbacks(fapl, &calls) < 0 ||
	    H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110) < 0)
		o->failed = true;
	/* the core driver without backing store creates nothing under this name */
	if (!o->failed)
		o->file = H5Fcreate("engram-image", H5F_ACC_TRUNC, fcpl, fapl);
	o->text = H5Tcopy(H5T_C_S1);
	if (o->file < 0 || o->text < 0 || H5Tset_size(o->text, H5T_VARIABLE) < 0 ||
	    H5Tset_cset(o->text, H5T_CSET_UTF8) < 0)
		o->failed = true;
	if (fapl >= 0)
		(void)H5Pclose(fapl);
	if (fcpl >= 0)
		(void)H5Pclose(fcpl);
	if (o->failed) {
		h5_abandon(o);
		return eg_fail(err, EG_NO_MEMORY, "cannot start an HDF5 file in memory");
	}
	return EG_OK;
}

/* Close the file; its image stays in o->image. False if the library still holds something open. */
static bool close_file(struct h5_out *o)
{
	bool good = true;

	if (o->text >= 0)
		good = H5Tclose(o->text) >= 0;
	if (o->file >= 0)
		good = H5Fclose(o->file) >= 0 && good;
	o->text = o->file = -1;
	return good;
}

static void free_image(struct h5_out *o)
{
	if (o->image)
		eg_free(o->image->bytes);
	eg_free(o->image);
	*o = (struct h5_out){ -1, -1, true, NULL };
}

void h5_abandon(struct h5_out *o)
{
	(void)close_file(o);
	free_image(o);
}

/* Length of the file: the end-of-file address in the superblock, version 3 (the only one written here). */
static size_t image_length(const struct h5_image *m)
{
	uint64_t end = 0;

	if (!m->bytes || m->size < 48 || m->bytes[8] != 3 || m->bytes[9] != 8)
		return 0;
	for (unsigned i = 8; i-- > 0;)
		end = end << 8 | m->bytes[28 + i];
	return end <= m->size ? (size_t)end : 0;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n < (1u << 30) ? n : (1u << 30));

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* The rename is durable only when the directory is on disk too. Not every file system can: no error then. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int fd;

	if (!slash)
		(void)snprintf(dir, sizeof(dir), ".");
	else if (slash == path)
		(void)snprintf(dir, sizeof(dir), "/");
	else if (snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path) >= (int)sizeof(dir))
		return;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static eg_status write_failed(const char *path, int why, struct eg_errors *err)
{
	const char *remedy = "choose a place that can be written, with -o";

	if (why == ENOSPC || why == EDQUOT)
		remedy = "free some space there or choose another place with -o; what is finished is kept, --resume goes on";
	else if (why == EFBIG)
		remedy = "raise the limit on file sizes (ulimit -f) or choose another place with -o";
	else if (why == ENOENT || why == ENOTDIR)
		remedy = "create the directory first";
	return eg_fail(err, EG_IO, "%s: cannot write: %s\n%s", path, strerror(why), remedy);
}

eg_status h5_write_file(const char *path, const void *bytes, size_t n, bool trailer, struct eg_errors *err)
{
	char tmp[4096], hex[65], tail[96];
	struct eg_sha256 sha;
	uint8_t digest[32];
	struct stat st;
	int fd, why;

	/* rename() would replace a device by a file, and cannot replace a directory */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return eg_fail(err, EG_IO, "%s: cannot write: not a regular file\n"
			       "results are written to a temporary name and renamed: name a file with -o", path);
	if (snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", path, (long)getpid()) >= (int)sizeof(tmp))
		return write_failed(path, ENAMETOOLONG, err);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return write_failed(path, errno, err);
	eg_sha256_init(&sha);
	eg_sha256_update(&sha, bytes, n);
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hex);
	(void)snprintf(tail, sizeof(tail), "\nEngramSumSHA256%s", hex);
	errno = 0;
	if (!write_all(fd, bytes, n) || (trailer && !write_all(fd, tail, 80)) || fsync(fd) != 0) {
		why = errno ? errno : EIO;
		(void)close(fd);
		(void)unlink(tmp);
		return write_failed(path, why, err);
	}
	if (close(fd) != 0 || rename(tmp, path) != 0) {
		why = errno;
		(void)unlink(tmp);
		return write_failed(path, why, err);
	}
	sync_directory(path);
	return EG_OK;
}

/* The deepest message of the library about its last failure, for the error text. */
static herr_t deepest(unsigned n, const H5E_error2_t *e, void *ctx)
{
	(void)n;
	(void)snprintf(ctx, 120, "%s", e->desc ? e->desc : "");
	return 0;
}

eg_status h5_publish(struct h5_out *o, const char *path, struct eg_errors *err)
{
	char why[120] = "";
	eg_status s;
	size_t n;

	if (o->failed)
		(void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, deepest, why);
	if (!close_file(o) || o->failed) {
		free_image(o);
		return eg_fail(err, EG_NO_MEMORY, "%s: cannot build the HDF5 file in memory%s%s", path, *why ? ": " : "", why);
	}
	n = image_length(o->image);
	if (n)
		s = h5_write_file(path, o->image->bytes, n, true, err);
	else
		s = eg_fail(err, EG_NO_MEMORY, "%s: the HDF5 library left no file", path);
	free_image(o);
	return s;
}

hid_t h5_group(struct h5_out *o, hid_t parent, const char *name)
{
	hid_t p, g = -1;

	if (o->failed)
		return -1;
	p = plist(o, H5P_GROUP_CREATE);
	if (!o->failed)
		g = H5Gcreate2(parent, name, H5P_DEFAULT, p, H5P_DEFAULT);
	o->failed |= g < 0;
	if (p >= 0)
		(void)H5Pclose(p);
	return g;
}

void h5_close_group(struct h5_out *o, hid_t g)
{
	if (g >= 0)
		o->failed |= H5Gclose(g) < 0;
}

static void attr(struct h5_out *o, hid_t obj, const char *name, hid_t type, hid_t space, hid_t memtype, const void *data)
{
	hid_t a;

	if (o->failed)
		return;
	a = H5Acreate2(obj, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
	o->failed |= a < 0 || H5Awrite(a, memtype, data) < 0;
	if (a >= 0)
		o->failed |= H5Aclose(a) < 0;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s > 0x7f)
			return false;
	return true;
}

void h5_attr_text(struct h5_out *o, hid_t obj, const char *name, const char *text)
{
	hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);

	o->failed |= type < 0 || space < 0 || H5Tset_size(type, strlen(text) + 1) < 0;
	if (!is_ascii(text))
		o->failed |= H5Tset_cset(type, H5T_CSET_UTF8) < 0;
	attr(o, obj, name, type, space, type, text);
	(void)H5Tclose(type);
	(void)H5Sclose(space);
}

static void attr_number(struct h5_out *o, hid_t obj, const char *name, hid_t type, hid_t memtype, const void *v)
{
	const hsize_t one = 1;
	hid_t space = H5Screate_simple(1, &one, NULL);       /* netCDF writes numbers as vectors of one */

	attr(o, obj, name, type, space, memtype, v);
	(void)H5Sclose(space);
}

void h5_attr_u64(struct h5_out *o, hid_t obj, const char *name, uint64_t v)
{
	attr_number(o, obj, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &v);
}

void h5_attr_int(struct h5_out *o, hid_t obj, const char *name, int v)
{
	attr_number(o, obj, name, H5T_STD_I32LE, H5T_NATIVE_INT, &v);
}

hid_t h5_var(struct h5_out *o, hid_t g, const char *name, hid_t type, int rank, const hsize_t *dim,
	     const hid_t *scale, const hsize_t *chunk)
{
	const double nan_value = (double)NAN;
	bool is_double = H5Tequal(type, H5T_IEEE_F64LE) > 0;
	hid_t p, access, space, d = -1;

	if (o->failed)
		return -1;
	p = plist(o, H5P_DATASET_CREATE);
	access = H5Pcreate(H5P_DATASET_ACCESS);
	space = rank ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_SCALAR);
	/* blocks written are whole chunks: a cache per dataset would only hold memory */
	o->failed |= access < 0 || space < 0 || H5Pset_chunk_cache(access, 0, 0, 0.0) < 0;
	if (is_double && scale)
		o->failed |= H5Pset_fill_value(p, H5T_NATIVE_DOUBLE, &nan_value) < 0;
	if (chunk)
		o->failed |= H5Pset_chunk(p, rank, chunk) < 0 || H5Pset_shuffle(p) < 0 || H5Pset_deflate(p, 1) < 0;
	if (!o->failed)
		d = H5Dcreate2(g, name, type, space, H5P_DEFAULT, p, access);
	o->failed |= d < 0;
	if (!o->failed && !scale)
		o->failed |= H5DSset_scale(d, name) < 0;
	for (int i = 0; !o->failed && scale && scale != H5_PLAIN && i < rank; i++)
		o->failed |= H5DSattach_scale(d, scale[i], (unsigned)i) < 0;
	if (is_double && scale && scale != H5_PLAIN)
		attr_number(o, d, "_FillValue", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &nan_value);
	(void)H5Pclose(p);
	(void)H5Pclose(access);
	(void)H5Sclose(space);
	return d;
}

void h5_describe(struct h5_out *o, hid_t d, const char *units, const char *long_name, const char *comment)
{
	h5_attr_text(o, d, "units", units);
	h5_attr_text(o, d, "long_name", long_name);
	if (comment && *comment)
		h5_attr_text(o, d, "comment", comment);
}

void h5_write(struct h5_out *o, hid_t d, hid_t memtype, const void *data)
{
	if (!o->failed)
		o->failed = H5Dwrite(d, memtype, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0;
}

void h5_write_block(struct h5_out *o, hid_t d, int rank, const hsize_t *start, const hsize_t *count, hid_t memtype,
		    const void *data)
{
	hid_t file, memory;

	if (o->failed)
		return;
	file = H5Dget_space(d);
	memory = H5Screate_simple(rank, count, NULL);
	o->failed |= file < 0 || memory < 0 || H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
		     H5Dwrite(d, memtype, memory, file, H5P_DEFAULT, data) < 0;
	if (file >= 0)
		(void)H5Sclose(file);
	if (memory >= 0)
		(void)H5Sclose(memory);
}

void h5_close(struct h5_out *o, hid_t d)
{
	if (d >= 0)
		o->failed |= H5Dclose(d) < 0;
}

void h5_put(struct h5_out *o, hid_t g, const char *name, hid_t type, hid_t memtype, size_t n, const void *data)
{
	const hsize_t dim = n, chunk = n < 65536 ? n : 65536;
	hid_t d;

	if (!n)
		return;
	d = h5_var(o, g, name, type, 1, &dim, H5_PLAIN, n < 512 ? NULL : &chunk);
	h5_write(o, d, memtype, data);
	h5_close(o, d);
}

static const char *text_at(const char *const *first, size_t stride, size_t i)
{
	const char *t = *(const char *const *)(const void *)((const char *)first + i * stride);

	return t ? t : "";
}

void h5_put_texts(struct h5_out *o, hid_t g, const char *name, size_t n, const char *const *first, size_t stride)
{
	size_t width = 1;
	hid_t type;
	char *all;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text_at(first, stride, i)) + 1;

		width = len > width ? len : width;
	}
	all = eg_calloc(n ? n : 1, width);
	type = H5Tcopy(H5T_C_S1);
	if (!all || type < 0 || H5Tset_size(type, width) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
		o->failed = true;
	} else {
		for (size_t i = 0; i < n; i++) {
			const char *t = text_at(first, stride, i);

			memcpy(all + i * width, t, strlen(t));
		}
		h5_put(o, g, name, type, type, n, all);
	}
	(void)H5Tclose(type);
	eg_free(all);
}

void h5_put_string(struct h5_out *o, hid_t g, const char *name, const char *text)
{
	hid_t d = h5_var(o, g, name, o->text, 0, NULL, H5_PLAIN, NULL);

	h5_write(o, d, o->text, &text);
	h5_close(o, d);
}
