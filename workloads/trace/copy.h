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

/* All names that the reader knows and the writer does not, in order, so that ids are the same. */
eg_status copy_names(struct trace_reader *r, struct trace_writer *w, uint32_t *done) EG_MUST_USE;

/* Records up to `limit` (UINT64_MAX: all) from r to w; *copied counts them. */
eg_status copy_records(struct trace_reader *r, struct trace_writer *w, uint64_t limit, uint64_t *copied,
		       struct eg_errors *err) EG_MUST_USE;

/* Metadata of r to w, except keys that `skip` (may be NULL) begins. */
eg_status copy_metadata(const struct trace_reader *r, struct trace_writer *w, const char *skip) EG_MUST_USE;

/* The first `limit` records of the .egt `path` to `out`. A cut removes the capability complete. */
eg_status copy_head(const char *path, const char *out, uint64_t limit, const struct trace_write_options *write,
		    struct eg_errors *err) EG_MUST_USE;

/* A whole container to `out`, with o's rescue options and writing options. */
eg_status copy_container(struct input *in, const char *out, const struct import_options *o,
			 struct import_report *report, struct eg_errors *err) EG_MUST_USE;

#endif
