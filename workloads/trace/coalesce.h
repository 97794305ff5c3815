/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coalesce - page runs: many accesses to one page as one record.
 *
 * A stage in front of a writer. Consecutive accesses of one stream to one 4 KiB page, without anything between
 * them, become one EG_OP_RUN when there are at least `min` of them; fewer stay what they are, so that a
 * random stream does not grow. An access that straddles two pages is never in a run, nor is one of more than 32
 * bytes (an op), and a run does not span a time stamp. Which page was touched, in what order and how often by
 * each kind is exact; sizes and places inside the page are lost.
 */
#ifndef WORKLOADS_TRACE_COALESCE_H
#define WORKLOADS_TRACE_COALESCE_H

#include "workloads/trace/trace.h"

#define COALESCE_MIN_DEFAULT 16u        /* a run of fewer codes no shorter than its accesses */
#define COALESCE_MIN_LEAST   2u
#define COALESCE_MIN_MOST    4096u

struct coalesce {
	struct trace_writer *w;
	uint32_t min;
	uint64_t runs, in_runs;         /* runs made, accesses in them */

	uint32_t stream;                /* of what is pending; private from here */
	eg_time  time;
	uint64_t page;                  /* address of the page                   */
	unsigned first;                 /* kind of the first access              */
	uint64_t count[4];              /* by kind                               */
	uint64_t nr;                    /* pending accesses                      */
	uint64_t acc[COALESCE_MIN_MOST];/* the first `min` of them               */
};

/* min is COALESCE_MIN_LEAST..COALESCE_MIN_MOST. The writer stays the caller's. */
void coalesce_init(struct coalesce *c, struct trace_writer *w, uint32_t min);
/* The statuses below are the writer's. */
eg_status coalesce_accesses(struct coalesce *c, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr) EG_MUST_USE;
/* Any op ends the run before it. */
eg_status coalesce_op(struct coalesce *c, const struct eg_op *op) EG_MUST_USE;
/* What is pending; to be called at the end, and before anything else writes to the writer. */
eg_status coalesce_flush(struct coalesce *c) EG_MUST_USE;

#endif
