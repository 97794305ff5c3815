/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe - does libhdf5 survive this file? For files whose bytes no checksum vouches for.
 *
 * A result that another tool has changed has lost our checksum, and so has one that was made to harm. Such a file is
 * read once from end to end in a child process: if that dies or does not come back, the file is damaged and this process
 * has not touched it. libhdf5 1.10.8 needs it: of 300 results with bytes overwritten and no checksum it refused most and
 * died on one (H5Lget_name_by_idx on a damaged heap of links). Files with their checksum skip all this.
 */
#include "results/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PROBE_CPU_SECONDS         /* a fuzzer has less patience */
#define PROBE_CPU_SECONDS 60u     /* far more than reading takes; ends a loop in a damaged heap */
#endif
#define BLOCK       (1u << 20)    /* elements read at a time */

/* Every block of a numeric dataset, or all texts. */
static bool read_numbers(hid_t d, int rank, const hsize_t *dim, double *buf)
{
	hsize_t start[H5S_MAX_RANK] = { 0 }, count[H5S_MAX_RANK];
	uint64_t inner = 1;
	int split = rank;

	/* dimensions from `split` on are read at once, those before it one index at a time */
	while (split > 0 && dim[split - 1] <= BLOCK / inner)
		inner *= dim[--split];
	for (int i = 0; i < rank; i++)
		count[i] = i < split ? 1 : dim[i];
	if (split > 0 && inner < BLOCK)
		count[split - 1] = BLOCK / inner < dim[split - 1] ? BLOCK / inner : dim[split - 1];
	for (;;) {
		hsize_t now[H5S_MAX_RANK];
		int i;

		for (i = 0; i < rank; i++)
			now[i] = count[i] < dim[i] - start[i] ? count[i] : dim[i] - start[i];
		if (!h5_read_block(d, rank, start, now, H5T_NATIVE_DOUBLE, buf))
			return false;
		for (i = split - 1; i >= 0; i--) {
			start[i] += now[i];
			if (start[i] < dim[i])
				break;
			start[i] = 0;
		}
		if (i < 0)
			return true;
	}
}

static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *buf)
{
	hsize_t dim[H5S_MAX_RANK] = { 0 };
	struct eg_arena arena = { 0 };
	const char **texts;
	H5T_class_t class;
	hid_t d, space, type;
	hssize_t points;
	int rank;

	if (info->type != H5O_TYPE_DATASET)
		return 0;
	d = H5Dopen2(file, name, H5P_DEFAULT);
	if (d < 0)
		return 0;                               /* refused is as good as read */
	space = H5Dget_space(d);
	type = H5Dget_type(d);
	rank = H5Sget_simple_extent_dims(space, dim, NULL);
	points = H5Sget_simple_extent_npoints(space);
	class = H5Tget_class(type);
	if ((class == H5T_INTEGER || class == H5T_FLOAT) && rank > 0 && points > 0) {
		(void)read_numbers(d, rank, dim, buf);
	} else if (class == H5T_STRING && points > 0 && points <= (1 << 24)) {
		texts = eg_arena_alloc(&arena, (size_t)points, sizeof(*texts));
		if (texts)
			(void)h5_get_texts(file, name, (size_t)points, &arena, texts, sizeof(*texts));
		eg_arena_free_all(&arena);
	}
	for (int i = 0; i < 8; i++) {
		static const char *const names[] = { "units", "long_name", "comment", "kind", "better", "axes", "op_kind",
						     "moments" };
		uint64_t v;

		(void)h5_get_attr_text(d, names[i], &arena);
		(void)h5_get_attr_u64(d, names[i], &v);
	}
	eg_arena_free_all(&arena);
	(void)H5Sclose(space);
	(void)H5Tclose(type);
	(void)H5Dclose(d);
	return 0;
}

/* The child: first what the reader does, call by call, then everything else. */
static void child(const char *path, void (*open_it)(const char *path))
{
	double *buf = eg_calloc(BLOCK, sizeof(*buf));
	struct rlimit cpu = { PROBE_CPU_SECONDS, PROBE_CPU_SECONDS }, core = { 0, 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	hid_t f;

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_CORE, &core);
	if (null >= 0)
		(void)dup2(null, STDERR_FILENO);        /* a sanitizer's report is no message of ours */
	open_it(path);
	f = h5_open(path);
	if (f >= 0 && buf) {
		if (H5Ovisit(f, H5_INDEX_CRT_ORDER, H5_ITER_INC, visit, buf) < 0)
			(void)H5Ovisit(f, H5_INDEX_NAME, H5_ITER_INC, visit, buf);
		(void)H5Fclose(f);
	}
	_exit(0);
}

eg_status h5_probe(const char *path, void (*open_it)(const char *path), struct eg_errors *err)
{
	int status = 0;
	pid_t pid = fork(), got;

	if (pid == 0)
		child(path, open_it);
	if (pid < 0)
		return eg_fail_errno(err, false, "%s: cannot start a process to check it", path);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return EG_OK;
	return eg_fail(err, EG_BAD_INPUT, "%s: damaged: the HDF5 library cannot read it\n"
		       "it has no checksum, so another program has changed it; copy or run it again", path);
}
