/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5 - the part of HDF5 that this room uses, with the rules of netCDF-4 built in. Private to results/.
 *
 * Writing. A file is built in host memory (HDF5's "core" driver) and its bytes are written by h5_publish() with plain
 * write(2), fsync and rename. So a full disk is an errno of ours and not a half-flushed library that can neither
 * close the file nor forget it, and no reader ever meets a file that is being written. The price is host memory for
 * one compressed file. Failures of HDF5 calls are sticky (`failed`) and reported once, at the end:
 * with no disk below there is little left but want of memory.
 *
 * Behind the last byte of HDF5 stands a trailer of 80 bytes with the SHA-256 of all bytes before it. HDF5 readers
 * ignore what follows their end of file, and the library cuts it off when another tool changes the file, so the check
 * holds as long as it means something. With it a flipped bit is found before the library meets it: contiguous HDF5
 * data carry no checksum, and libhdf5 1.10 is not safe against damaged metadata.
 *
 * Reading. Every function bounds sizes before it asks for memory and returns false for anything that is not exactly
 * what was expected. When it was the host that had no memory, arena->failed says so: the file is not to blame then.
 */
#ifndef RESULTS_H5_H
#define RESULTS_H5_H

#include <hdf5.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"

#define H5_MAX_RANK  24                           /* axes of a sweep plus seed, time, zone, type, order */
#define H5_MAX_ITEMS (UINT64_C(1) << 27)          /* elements of one read: 1 GiB of doubles */

/* Switch off the library's own printing of errors; first call of every public function here. */
void h5_quiet(void);

/* -- writing -- */
struct h5_image {
	unsigned char *bytes;                     /* left behind by HDF5 when it closes the file; owned */
	size_t         size;
};

struct h5_out {
	hid_t file, text;                         /* text: the type of a variable-length UTF-8 string */
	bool  failed;
	struct h5_image *image;
};

eg_status h5_begin(struct h5_out *o, struct eg_errors *err) EG_MUST_USE;
/* Close `o` in any case. Write its bytes to path.tmp.PID, sync, rename to `path`, sync the directory. */
eg_status h5_publish(struct h5_out *o, const char *path, struct eg_errors *err) EG_MUST_USE;
void      h5_abandon(struct h5_out *o);

/* The same for any bytes; `trailer` appends the checksum. */
eg_status h5_write_file(const char *path, const void *bytes, size_t n, bool trailer, struct eg_errors *err) EG_MUST_USE;

hid_t h5_group(struct h5_out *o, hid_t parent, const char *name);
void  h5_close_group(struct h5_out *o, hid_t g);
void  h5_attr_text(struct h5_out *o, hid_t obj, const char *name, const char *text);    /* fixed length */
void  h5_attr_u64(struct h5_out *o, hid_t obj, const char *name, uint64_t v);
void  h5_attr_int(struct h5_out *o, hid_t obj, const char *name, int v);

/*
 * A dataset. `scale` gives one dimension scale per dimension, or NULL to make it a scale itself (rank 1), or
 * H5_PLAIN for neither. Doubles get NaN as fill value. chunk == NULL: contiguous; else shuffle + gzip 1.
 */
extern const hid_t H5_PLAIN[1];
hid_t h5_var(struct h5_out *o, hid_t g, const char *name, hid_t type, int rank, const hsize_t *dim,
	     const hid_t *scale, const hsize_t *chunk);
void  h5_describe(struct h5_out *o, hid_t d, const char *units, const char *long_name, const char *comment);
void  h5_write(struct h5_out *o, hid_t d, hid_t memtype, const void *data);
/* The block start[rank], count[rank] from a dense array in memory. */
void  h5_write_block(struct h5_out *o, hid_t d, int rank, const hsize_t *start, const hsize_t *count, hid_t memtype,
		     const void *data);
void  h5_close(struct h5_out *o, hid_t d);

/* Plain arrays of a cell file; n == 0 writes nothing. Texts lie `stride` bytes apart, starting with *first. */
void  h5_put(struct h5_out *o, hid_t g, const char *name, hid_t type, hid_t memtype, size_t n, const void *data);
void  h5_put_texts(struct h5_out *o, hid_t g, const char *name, size_t n, const char *const *first, size_t stride);
/* Scalar variable-length string. */
void  h5_put_string(struct h5_out *o, hid_t g, const char *name, const char *text);

/* -- reading -- */

/* EG_BAD_INPUT unless `path` is a readable file that begins as HDF5 does and fits its trailer; *summed: it has one. */
eg_status h5_check_file(const char *path, bool *summed, struct eg_errors *err) EG_MUST_USE;
/* Call open_it(path) and then read the whole file, in a child process; EG_BAD_INPUT if the child dies of it (probe.c). */
eg_status h5_probe(const char *path, void (*open_it)(const char *path), struct eg_errors *err) EG_MUST_USE;
/* Open for reading; a negative id when HDF5 refuses it. */
hid_t h5_open(const char *path);

bool  h5_has(hid_t loc, const char *name);
bool  h5_has_attr(hid_t obj, const char *name);
bool  h5_get_attr_u64(hid_t obj, const char *name, uint64_t *v);
bool  h5_get_attr_int(hid_t obj, const char *name, int *v);
/* The text in the arena, NULL if there is none, it is no text, or (the whole read fails) memory is out. */
char *h5_get_attr_text(hid_t obj, const char *name, struct eg_arena *a);
/* Number of elements of a 1-D dataset; false if it is none or has more than `max`. */
bool  h5_length(hid_t g, const char *name, uint64_t max, size_t *n);
/* Exactly n elements of any shape, converted to memtype. n == 0 reads nothing. */
bool  h5_get(hid_t g, const char *name, hid_t memtype, size_t n, void *data);
/* n texts (fixed or variable length) into the arena. */
bool  h5_get_texts(hid_t g, const char *name, size_t n, struct eg_arena *a, const char **first, size_t stride);
/* Scalar text in the arena, NULL if absent. */
char *h5_get_string(hid_t g, const char *name, struct eg_arena *a);
/* A numeric dataset whose shape is exactly dim[rank]; negative otherwise. Close with H5Dclose. */
hid_t h5_open_var(hid_t g, const char *name, int rank, const hsize_t *dim);
bool  h5_read_block(hid_t d, int rank, const hsize_t *start, const hsize_t *count, hid_t memtype, void *data);

#endif
