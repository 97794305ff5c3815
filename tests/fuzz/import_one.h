/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_one - one importer: strict, leaving out, ending early with page runs; each result is read back, verified. */
#ifndef TESTS_FUZZ_IMPORT_ONE_H
#define TESTS_FUZZ_IMPORT_ONE_H

#include "workloads/trace/copy.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"

static inline void fuzz_read_back(const char *path)
{
	static struct eg_errors err;
	struct trace_open_options o = { .verify = true };
	struct trace_reader *r;
	struct eg_block b = { .kind = EG_BLOCK_OP };

	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		abort();
	while (b.kind != EG_BLOCK_END)
		if (trace_next(r, &b, &err) != EG_OK)
			abort();
	trace_close(r);
}

static inline int fuzz_import(const char *format, const uint8_t *data, size_t size)
{
	static struct import_report report;
	static struct eg_errors err;
	char path[64], out[64];
	int fd = fuzz_file(data, size, path);

	snprintf(out, sizeof(out), "%s/fuzz-%d.egt", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".", (int)getpid());
	for (unsigned lenient = 0; fd >= 0 && lenient < 3; lenient++) {
		const struct copy_filter runs = { .coalesce = 3 };
		struct import_options o = { .format = format, .skip_bad = lenient == 1 ? 1000 : 0,
					    .keep_intact = lenient == 2, .filter = lenient == 2 ? &runs : NULL,
					    .write = { .level = 0, .chunk_bytes = EGT_CHUNK_MIN } };

		err.nr = 0;
		if (import_file(path, out, &o, &report, &err) == EG_OK)
			fuzz_read_back(out);
		else if (err.nr == 0)
			abort();                /* a failure without a word */
		unlink(out);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

#endif
