/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace/bench - rates of the trace reader, for `engram bench`. */
#ifndef WORKLOADS_TRACE_BENCH_H
#define WORKLOADS_TRACE_BENCH_H

#include "sim/base/status.h"

/*
 * Read the whole .egt file once and throw the records away. *records counts them, *cpu_seconds is the CPU
 * time of this thread (open to close), *check the sum of the access words' page numbers, so that the work
 * cannot be optimised away and two runs can be compared.
 */
eg_status trace_bench_decode(const char *path, uint64_t *records, double *cpu_seconds, uint64_t *check,
			     struct eg_errors *err) EG_MUST_USE;

/* What one pass over a whole .egt file found. */
struct trace_bench_facts {
	uint64_t records;               /* as the file counts them                                         */
	uint64_t accesses;              /* those of page runs and those of more than 32 bytes included     */
	uint64_t raw_bytes;             /* of the records, as coded                                        */
	uint64_t stored_bytes;          /* the same as stored: compressed, if the file is                  */
	double   cpu_seconds;           /* of this thread, open to close                                   */
	uint64_t check;                 /* sum of page numbers over all accesses: the same for any coding  */
};

/* As trace_bench_decode(), with all that is known at the end. */
eg_status trace_bench_read(const char *path, struct trace_bench_facts *f, struct eg_errors *err) EG_MUST_USE;

/*
 * Copy the .egt `in` to `out`, at most `records` records of it (0: all), at a level as below, with page runs of at
 * least `coalesce` accesses (0: none; coalesce.h).
 */
eg_status trace_bench_copy(const char *in, const char *out, uint64_t records, int level, uint32_t coalesce,
			   struct eg_errors *err) EG_MUST_USE;

/* Import `log`, of any known format, to `out`, stored plainly. */
eg_status trace_bench_import(const char *log, const char *out, struct eg_errors *err) EG_MUST_USE;

/*
 * Write one of the standard address streams as an .egt file, deterministic: "hot48" (48 pages at random),
 * "seq8" (stride 8 over 4 GiB), "zipf" (exponent 0.99 over 1 Mi permuted pages), "uniform" (4 GiB), "mix99"
 * (99 % in 40 pages, 1 % uniform). 8-byte reads, one stream, one init mapping of 4 GiB. level 0 = plain.
 * An unknown name is EG_USAGE.
 */
eg_status trace_bench_write(const char *stream, uint64_t records, int level, const char *path,
			    struct eg_errors *err) EG_MUST_USE;

/* Names of the standard streams, NULL-terminated. */
extern const char *const trace_bench_streams[];

#endif
