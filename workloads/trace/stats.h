/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stats - what is in a trace, counted in one pass. Memory grows with the number of distinct pages.
 *
 * The accesses of page runs are counted by kind and page; their bytes are not known (the figures below leave
 * them out), and a run's address is that of its page.
 */
#ifndef WORKLOADS_TRACE_STATS_H
#define WORKLOADS_TRACE_STATS_H

#include "workloads/trace/infer.h"
#include "workloads/trace/trace.h"

struct trace_stats {
	uint64_t accesses;
	uint64_t kind[4];                       /* by enum eg_access_kind                     */
	uint64_t op[EG_OP_CODES];               /* by code; accesses of more than 32 bytes are
						 * under EG_OP_ACCESS and in the figures above */
	uint64_t failed_ops, init_ops;
	uint64_t bytes_loaded, bytes_stored;    /* data; a modify counts in both              */
	uint64_t data_straddles, fetch_straddles;
	uint64_t min_data_addr, max_data_addr;  /* first byte; min > max: none                */
	uint64_t data_pages, all_pages;         /* distinct 4 KiB pages                       */
	uint32_t streams;                       /* largest stream number + 1                  */
	eg_time  first_time, last_time;         /* EG_TIME_NONE: no times                     */
	struct infer *pages;                    /* private: page -> kinds                     */
};

struct trace_stats *trace_stats_new(void) EG_MUST_USE;
void trace_stats_free(struct trace_stats *st);
void trace_stats_add(struct trace_stats *st, const struct eg_block *b);
/* After the last block: fills in the page counts. EG_NO_MEMORY when the page table could not grow. */
eg_status trace_stats_end(struct trace_stats *st) EG_MUST_USE;
/* All of a file. */
eg_status trace_stats_file(const char *path, struct trace_stats *st, struct eg_errors *err) EG_MUST_USE;

#endif
