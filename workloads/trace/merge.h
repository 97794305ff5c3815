/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge - several recordings as one trace.
 *
 * Streams get new numbers in the order in which they appear, named by file and old number in the metadata
 * (stream.N). Texts keep their meaning; object ids (page blocks, heap objects, files that are numbers and not
 * names) are made disjoint: id -> id * files + file. The capabilities are those that all files have.
 *
 * When all files have times, records follow each other by time; equal times by the order of the files. A record
 * without a time, or with an earlier one than the record before it, belongs to the latest time of its file so far.
 * Otherwise nothing says what came before what: the result has the split layout (or, if asked for, one file after the
 * other) and lacks `order`.
 */
#ifndef WORKLOADS_TRACE_MERGE_H
#define WORKLOADS_TRACE_MERGE_H

#include "workloads/trace/trace.h"

#define MERGE_FILES 255u

struct merge_input {
	const char *path;               /* an .egt                            */
	eg_time     offset;             /* added to its times; 0 if it has none */
};

enum merge_layout {
	MERGE_AUTO,                     /* by time if all have times, else split                     */
	MERGE_SPLIT,                    /* streams apart, whatever is known                          */
	MERGE_CONCATENATE,              /* without times: file after file, for more than 256 streams */
};

struct merge_report {
	uint64_t records;
	uint64_t unknown;               /* records and chunks of newer minor versions, left out */
	uint32_t streams;
	uint32_t capabilities;
	bool     by_time;
	char     content_hash[65];
};

/*
 * Add to each offset how much later than the earliest of them the file's first record was: by the metadata time_origin
 * (seconds, a point, twelve digits), which must come from one clock. EG_USAGE when a file has none.
 */
eg_status merge_by_origin(struct merge_input *in, unsigned nr, struct eg_errors *err) EG_MUST_USE;

/* EG_USAGE for an offset to a file without times, EG_BAD_INPUT for damage, or numbers that do not fit. */
eg_status merge_traces(const struct merge_input *in, unsigned nr, const char *out, enum merge_layout layout,
		       const struct trace_write_options *write, struct merge_report *report, struct eg_errors *err) EG_MUST_USE;

#endif
