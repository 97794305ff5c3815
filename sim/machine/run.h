/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run - execute one cell and hand out what was observed.
 *
 * run_cell() is the whole simulator as one call: a resolved spec in, a struct run_result out. It prints
 * nothing, touches no file but the traces it reads, and is deterministic: the same spec gives the same
 * result on every host, whatever the options.
 */
#ifndef SIM_MACHINE_RUN_H
#define SIM_MACHINE_RUN_H

#include "sim/base/hist.h"
#include "sim/machine/spec.h"

enum run_kind { RUN_GAUGE, RUN_COUNTER, RUN_VALUE };

/* A quantity. Names are dotted ("frag.unusable_milli.n0.normal.9"); units "1", "pages", "bytes", "ns", ... */
struct run_column {
	const char   *name, *unit, *long_name;
	enum run_kind kind;
	int           better;             /* +1 high, -1 low, 0 neither */
};

/* A latency histogram; values in picoseconds. `group` is the metric ("fault_latency"), `kind` the operation. */
struct run_hist {
	const char    *group, *kind, *long_name;
	struct eg_hist hist;
};

/* State of the zones at one time, as /proc/buddyinfo and pagetypeinfo show it. */
#define RUN_MAX_ZONES 16
#define RUN_NR_TYPES  3
struct run_snapshot {
	eg_time  time;
	uint64_t free_blocks[RUN_MAX_ZONES][11];                 /* [zone][order] */
	uint64_t free_blocks_of_type[RUN_MAX_ZONES][RUN_NR_TYPES][11];
	uint64_t *vmstat;                                        /* nr_vmstat values, since boot */
	uint64_t *meminfo_kib;                                   /* nr_meminfo values */
};

/* Operations of a recording that could not be applied, by kind: never silent. */
struct run_count {
	const char *name, *long_name;
	uint64_t    n;
};

struct run_result {
	struct eg_arena arena;            /* owns everything below; run_result_free() */

	eg_time  elapsed;                 /* from time 0 to the end of the last task        */
	eg_time  warmup;                  /* what was cut from counters and histograms      */
	uint64_t nr_events;               /* executed by the engine                         */
	uint64_t nr_ops, nr_accesses;     /* replayed                                       */
	uint32_t capabilities;            /* TRACE_CAP_* all workloads have in common       */

	/* Final values: summary[i] belongs to summary_columns[i]; NaN = not defined. */
	unsigned           nr_summary;
	struct run_column *summary_columns;
	double            *summary;

	/* Samples every measure.interval: series[t * nr_series + i], time[t]. */
	unsigned           nr_series;
	struct run_column *series_columns;
	size_t             nr_samples;
	eg_time           *sample_time;
	double            *series;

	unsigned           nr_hists;
	struct run_hist   *hists;

	unsigned             nr_zones;
	const char          *zone_name[RUN_MAX_ZONES];       /* "DMA", "DMA32", "Normal" */
	unsigned             zone_node[RUN_MAX_ZONES];
	unsigned             nr_vmstat, nr_meminfo;
	const char *const   *vmstat_name;                    /* kernel's names and order */
	const char *const   *meminfo_name;
	size_t               nr_snapshots;                   /* at each sample time, the last one at the end */
	struct run_snapshot *snapshots;

	unsigned             nr_counts;
	struct run_count    *counts;                         /* what could not be applied */

	unsigned             nr_assumptions;
	const char         **assumptions;                    /* one sentence each: "regions inferred ..." */
};

struct run_options {
	uint32_t block;                   /* accesses per block, 0 = default; never changes a result        */
	eg_time  lookahead;               /* run-ahead limit, 0 = the IPI latency; never changes a result    */
	uint64_t audit_every;             /* validate every room after so many events; 0 = at the end only
					   * if `audit`                                                      */
	bool     audit;
	bool     strict;                  /* an op that cannot apply is an error with its record number      */
	/* Called now and then with the share of the work that is done, 0..1, or -1 if unknown; may be NULL.
	 * Returning false ends the run with EG_INTERRUPTED. */
	bool   (*progress)(void *ctx, double share, eg_time now);
	void    *progress_ctx;
};

/* Run. On success the caller owns *result. On failure err says why and there is nothing to free. */
eg_status run_cell(const struct spec *spec, const struct run_options *options, struct run_result *result,
		   struct eg_errors *err) EG_MUST_USE;

void run_result_free(struct run_result *result);

/* Value of a summary column by name; NaN if there is none. */
double run_summary(const struct run_result *r, const char *name);

#endif
