/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reindex - the same trace in a file that has an index and state chunks. */
#ifndef WORKLOADS_TRACE_REINDEX_H
#define WORKLOADS_TRACE_REINDEX_H

#include "workloads/trace/trace.h"

struct reindex_options {
	struct trace_write_options write;       /* level, chunk_bytes, state_every; the rest is chosen here */
	bool force;                             /* also a file that has an index                          */
};

struct reindex_report {
	bool     had_one;               /* nothing was done: path has an index and no other output was named */
	uint64_t records, states;
	char     content_hash[65];
};

/*
 * Write the .egt `path` with an index to `out` (NULL: in its place). The copy is written beside the target and synced;
 * when its content hash is that of the original it is renamed, else it is removed, and EG_BAD_INPUT says so. A
 * damaged original is EG_BAD_INPUT and stays as it is. The mode of a replaced file is kept.
 */
eg_status trace_reindex(const char *path, const char *out, const struct reindex_options *o, struct reindex_report *report,
			struct eg_errors *err) EG_MUST_USE;

#endif
