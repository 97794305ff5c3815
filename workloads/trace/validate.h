/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate - all that can be checked of an .egt without knowing what was recorded. */
#ifndef WORKLOADS_TRACE_VALIDATE_H
#define WORKLOADS_TRACE_VALIDATE_H

#include "workloads/trace/semantic.h"
#include "workloads/trace/trace.h"

struct validate_report {
	struct trace_reader_info info;                  /* at the end of the file          */
	struct semantic_count    count[SEMANTIC_KINDS];
	uint64_t defects;                               /* records that cannot be true     */
	uint64_t states;                                /* state chunks compared           */
	uint64_t states_left;                           /* not compared: too large for the records before them */
	uint64_t places;                                /* places of the index entered     */
	bool     newer;                                 /* EG_BAD_INPUT, and not damaged: a newer engram can read it */
};

/*
 * Read `path` ("-": standard input) to its end: checksums, coding, number of records, content hash; records that
 * cannot be true are counted and are no failure. If it has an index: its totals against what was read, every state
 * chunk against the state that the records have built (as far as these ops are in proportion to the records), and a sample of chunks against the records read there.
 * EG_BAD_INPUT says what is wrong; the report holds what was seen until then.
 */
eg_status trace_validate(const char *path, struct validate_report *report, struct eg_errors *err) EG_MUST_USE;

#endif
