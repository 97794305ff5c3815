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
