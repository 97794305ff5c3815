/* SPDX-License-Identifier: GPL-3.0-or-later */
/* copy - from reader to writer: conversion between container and text, cuts, rescue of damaged files. */
#ifndef WORKLOADS_TRACE_COPY_H
#define WORKLOADS_TRACE_COPY_H

#include "workloads/trace/import.h"

/*
 * Open an .egt of which `in` has shown the first bytes (a pipe cannot be rewound). `in` stays the
 * caller's, who closes it after the reader. A container inside a gzip or zstd file is refused.
 */
eg_status trace_open_input(struct trace_reader **r, struct input *in, const struct trace_open_options *o,
			   struct eg_errors *err) EG_MUST_USE;

/*
 * What of a trace is copied. Records count from 0 over the whole file, whatever is left out. A filter or a cut can
 * only remove capabilities; each is named in the metadata (cut.from, cut.to, filter.streams, filter.coalesce).
 */
#define COPY_STREAMS 31u
struct copy_filter {
	bool     has_from, has_to;      /* records in [from, to); a cut clears `complete`                     */
	struct trace_place from, to;    /* both by record or both by time. At `from` the state that the records
					 * before it have built is written as ops flagged EG_OPF_INIT         */
	unsigned nr_streams;            /* 0: all; else these alone. Births of streams left out are left out   */
	uint32_t stream[COPY_STREAMS];
	bool     interleave;            /* a split trace becomes one sequence (as its chunks stand); else it stays split */
	uint32_t coalesce;              /* 0: no page runs; else the fewest accesses of a run (coalesce.h)     */
};

/* Does it leave out or change anything? NULL does not. */
bool copy_filters(const struct copy_filter *f);

/* Open an .egt for copy_begin(); `open` NULL: verified. A split trace has places by time only for one stream, so then
 * that stream alone is opened. */
eg_status copy_open(struct trace_reader **r, const char *path, const struct trace_open_options *open,
		    const struct copy_filter *f, struct eg_errors *err) EG_MUST_USE;

/* The records of a freshly opened reader that a filter (NULL: none) lets through, as blocks. When the filter begins at
 * a time, the ordinals below count from there. */
struct copy_source {
	struct trace_reader *r;         /* the caller's                                    */
	const struct copy_filter *f;
	uint64_t first;                 /* ordinal of the first record of the last block   */
	uint64_t at;                    /* ordinal of the record behind it                 */
	uint64_t left_out;              /* records of streams that were not chosen         */
	bool     state;                 /* the last block tells the state at `from`        */
	bool     split;                 /* private from here */
	uint64_t seen;
};
eg_status copy_begin(struct copy_source *c, struct trace_reader *r, const struct copy_filter *f, struct eg_errors *err) EG_MUST_USE;
/* As trace_next(). */
eg_status copy_next(struct copy_source *c, struct eg_block *b, struct eg_errors *err) EG_MUST_USE;

/* All names that the reader knows and the writer does not, in order, so that ids are the same. */
eg_status copy_names(struct trace_reader *r, struct trace_writer *w, uint32_t *done) EG_MUST_USE;

/* The names that an op refers to, by their numbers in the writer; a mapping's file may be the number of a name. */
eg_status copy_op_names(const struct trace_reader *r, struct trace_writer *w, struct eg_op *op) EG_MUST_USE;

/* Metadata of r to w, except keys that `skip` (may be NULL) begins. */
eg_status copy_metadata(const struct trace_reader *r, struct trace_writer *w, const char *skip) EG_MUST_USE;

/* The .egt `path` ("-": standard input) through f (may be NULL) to `out`, with
 * all metadata in front and the capabilities that are left. Counts go to the report. */
eg_status copy_file(const char *path, const char *out, const struct trace_open_options *open, const struct copy_filter *f,
		    const struct trace_write_options *write, struct import_report *report, struct eg_errors *err) EG_MUST_USE;

/* The same at once, for text and pipes: what is known at open is the metadata; nothing waits for the end. */
eg_status copy_through(const char *path, const char *out, const struct copy_filter *f,
		       const struct trace_write_options *write, struct eg_errors *err) EG_MUST_USE;

/* A whole container to `out`, with o's rescue options, filter and writing options. */
eg_status copy_container(struct input *in, const char *out, const struct import_options *o,
			 struct import_report *report, struct eg_errors *err) EG_MUST_USE;

/* Close w: finish it, or give up when s says so. Whatever went wrong is told once: a reader's errors are in
 * err already, the writer keeps its own. */
eg_status copy_close(struct trace_writer *w, eg_status s, char hash[65], struct eg_errors *err) EG_MUST_USE;

#endif
