/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * traces - what the container makes of reference traces: bytes an access and decode rates.
 *
 * Each recording below a folder, and each standard address stream, is held in three forms: stored plainly, with zstd
 * level 3, and as page runs with zstd level 3. A form is read whole, several times, in turns with the others; the file
 * is in the host's page cache because it has just been written or read.
 */
#ifndef SIM_BENCH_TRACES_H
#define SIM_BENCH_TRACES_H

#include "sim/bench/bench.h"

enum bench_form { BENCH_PLAIN, BENCH_ZSTD, BENCH_RUNS, BENCH_NR_FORMS };

struct bench_trace_form {
	double coded, stored;                   /* bytes an access: as coded, and as it is in the file */
	double median, min, max;                /* millions of accesses a second of CPU time */
};

struct bench_trace_row {
	const char *name;
	uint64_t    accesses;
	bool        recording;                  /* else a standard stream */
	double      limit;                      /* on `coded` of the plain form: 3.0, or 5.5 where addresses are random */
	struct bench_trace_form form[BENCH_NR_FORMS];
};

/*
 * Measure the recordings below `dir`, one folder each with a file called trace.lackey (compressed or not), in the
 * order of their names, and the five standard streams. dir may also be the folder that holds traces/access/. Of o,
 * rounds, quick (the first 2 million records of each), scratch and progress count, and `only`: names or beginnings of
 * names of traces. *rows are from the arena. EG_BAD_INPUT when no recording is found, EG_USAGE if `only` matches
 * nothing, EG_FAILED if two forms of a trace disagree about its accesses. Takes scratch space for one trace, at most
 * about 10 bytes an access.
 */
eg_status bench_traces(const char *dir, const struct bench_options *o, struct eg_arena *arena, struct bench_trace_row **rows,
		       unsigned *nr, struct eg_errors *err) EG_MUST_USE;

const char *bench_form_name(enum bench_form form);

#endif
