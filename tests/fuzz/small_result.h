/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * small_result - a result with a little of everything, as small as it can be: two points by two seeds. For tests that
 * write and read one many thousand times; synthetic.h makes larger ones that look like a run.
 */
#ifndef TESTS_FUZZ_SMALL_RESULT_H
#define TESTS_FUZZ_SMALL_RESULT_H

#include "results/writer.h"
#include "sim/base/check.h"

#define SMALL_CELLS 4u

/* Free with eg_arena_free_all(&r->arena). Needs memory. */
static inline void small_result(struct run_result *r, unsigned point, unsigned seed)
{
	static const struct run_column columns[] = {
		{ "fault_latency.anon.p50", "ns", "a percentile", RUN_VALUE, -1 },
		{ "tlb.miss_ratio", "1", "misses per access", RUN_VALUE, -1 },
		{ "tlb.lookups", "1", "look-ups", RUN_COUNTER, 0 },
		{ "time.total", "ns", "all of it", RUN_COUNTER, -1 },
		{ "frag.unusable_milli.n0.normal.9", "1", "unusable free space", RUN_GAUGE, -1 },
	};
	static const char *const vm[] = { "nr_free_pages", "pgfault" }, *const mem[] = { "MemTotal", "MemFree", "Hugepagesize" };
	const unsigned n = EG_ARRAY_LEN(columns);

	*r = (struct run_result){ .nr_samples = 3, .nr_series = 2, .nr_summary = n, .nr_hists = 2, .nr_zones = 2, .nr_snapshots = 2,
				  .nr_vmstat = 2, .nr_meminfo = 3, .nr_counts = 1, .nr_assumptions = 1, .vmstat_name = vm,
				  .meminfo_name = mem, .zone_name = { "DMA32", "Normal" } };
	r->summary_columns = (struct run_column *)(uintptr_t)columns;
	r->series_columns = (struct run_column *)(uintptr_t)(columns + 3);
	r->summary = eg_arena_alloc(&r->arena, n, sizeof(double));
	r->sample_time = eg_arena_alloc(&r->arena, 3, sizeof(eg_time));
	r->series = eg_arena_alloc(&r->arena, 6, sizeof(double));
	r->hists = eg_arena_alloc(&r->arena, 2, sizeof(*r->hists));
	r->snapshots = eg_arena_alloc(&r->arena, 2, sizeof(*r->snapshots));
	r->counts = eg_arena_alloc(&r->arena, 1, sizeof(*r->counts));
	r->assumptions = eg_arena_alloc(&r->arena, 1, sizeof(*r->assumptions));
	EG_CHECK(r->summary && r->sample_time && r->series && r->hists && r->snapshots && r->counts && r->assumptions);
	r->counts[0] = (struct run_count){ "munmap_unknown", "a range that was never mapped", 3 };
	r->assumptions[0] = "none of this has run";
	for (unsigned i = 0; i < n; i++)
		r->summary[i] = 10.0 * (i + 1) + point + 0.1 * seed;
	for (unsigned i = 0; i < 6; i++)
		r->series[i] = 100.0 + i * (point + 1) + seed;
	for (unsigned i = 0; i < 3; i++)
		r->sample_time[i] = (i + 1 + point) * EG_PS_PER_MS;
	for (unsigned i = 0; i < 2; i++) {
		struct run_snapshot *s = &r->snapshots[i];

		r->hists[i].group = "fault_latency";
		r->hists[i].kind = i ? "cow" : "anon";
		r->hists[i].long_name = "from the fault to the return";
		for (unsigned k = 0; k < 40; k++)
			eg_hist_add(&r->hists[i].hist, 200000 + 30000 * (k % (7 + seed)) * (i + 1));
		s->time = (i + 1) * EG_PS_PER_MS;
		s->vmstat = eg_arena_alloc(&r->arena, 2, sizeof(uint64_t));
		s->meminfo_kib = eg_arena_alloc(&r->arena, 3, sizeof(uint64_t));
		EG_CHECK(s->vmstat && s->meminfo_kib);
		s->vmstat[0] = s->meminfo_kib[0] = 4000;
		s->free_blocks[1][3] = s->free_blocks_of_type[1][1][3] = 12;
	}
	r->elapsed = r->sample_time[2];
}

static const char *const small_labels[] = { "linux", "buddy" };
static const uint64_t small_seeds[] = { 1, 2 };

static inline eg_status small_cell(const char *path, unsigned i, const struct run_result *r, struct eg_errors *e)
{
	struct result_coord at = { "policy.page_allocator", small_labels[i / 2] };
	struct result_cell_info info = { i, "0000000000000000000000000000000000000000000000000000000000000000", small_seeds[i % 2], 1, &at,
					 "version: 1\n" };

	return result_write_cell(path, &info, r, e);
}

static inline eg_status small_merge(const char *path, const char *const *cells, struct eg_errors *e)
{
	static const char *const plots[] = { "fault-latency-cdf" };
	const struct result_axis axis = { "policy.page_allocator", 2, small_labels };
	const struct result_coord base = { "policy.page_allocator", "linux" };
	const struct result_experiment x = { .name = "small", .nr_axes = 1, .axes = &axis, .nr_seeds = 2, .seeds = small_seeds,
		.resolved_yaml = "version: 1\n", .original_yaml = "version: 1\n", .config_sha256 = "00", .engram_version = "1",
		.nr_baseline = 1, .baseline = &base, .nr_plots = 1, .plots = plots };

	return result_merge(path, &x, SMALL_CELLS, cells, false, e);
}

#endif
