/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * synthetic - struct run_results that look like a run, for tests of results/ and plots/ that need no simulator.
 *
 * Everything is a function of (point, seed) and of xorshift numbers, so equal calls give equal results. Point 1
 * differs from point 0: faults 30 % faster, memory less fragmented, and a run that ends 10 % earlier.
 */
#ifndef TESTS_SYNTHETIC_H
#define TESTS_SYNTHETIC_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/writer.h"
#include "workloads/trace/trace.h"

#define SYN_ZONES   3
#define SYN_SAMPLES 101          /* the longest run; the last sample is off the grid */

struct syn_rng { uint64_t s; };

static inline double syn_uniform(struct syn_rng *r)
{
	r->s ^= r->s << 13;
	r->s ^= r->s >> 7;
	r->s ^= r->s << 17;
	return (double)(r->s >> 11) * 0x1p-53;
}

/* Exponential with the given mean: latencies have such tails. */
static inline double syn_exp(struct syn_rng *r, double mean)
{
	return -mean * log(1.0 - syn_uniform(r));
}

static inline char *syn_text(struct eg_arena *a, const char *fmt, const char *x, unsigned n)
{
	char buf[160];

	(void)snprintf(buf, sizeof(buf), fmt, x, n);
	return eg_arena_strdup(a, buf);
}

static inline void syn_column(struct run_column *c, const char *name, const char *unit, const char *text,
			      enum run_kind kind, int better)
{
	*c = (struct run_column){ name, unit, text, kind, better };
}

static inline void syn_hists(struct run_result *r, struct syn_rng *rng, unsigned point)
{
	static const struct { const char *group, *kind; double ns; unsigned n; } h[] = {
		{ "fault_latency", "anon", 700, 4000 }, { "fault_latency", "cow", 1900, 1500 },
		{ "fault_latency", "thp", 180000, 60 }, { "fault_latency", "file_major", 90000, 40 },
		{ "alloc_latency", "order0", 120, 5000 }, { "alloc_latency", "order9", 2500, 80 },
	};

	r->nr_hists = EG_ARRAY_LEN(h);
	r->hists = eg_arena_alloc(&r->arena, r->nr_hists, sizeof(*r->hists));
	for (unsigned i = 0; i < r->nr_hists; i++) {
		r->hists[i].group = h[i].group;
		r->hists[i].kind = h[i].kind;
		r->hists[i].long_name = i < 4 ? "time from the fault to the return to user mode"
					      : "time of one request to the page allocator";
		for (unsigned k = 0; k < h[i].n; k++)
			eg_hist_add(&r->hists[i].hist,
				    (uint64_t)(1000.0 * (0.5 + syn_exp(rng, 0.5)) * h[i].ns * (point ? 0.7 : 1.0)));
	}
}

/* Free blocks of a zone of `pages` pages of which the share `used` is in use, broken up by `frag` (0..1). */
static inline void syn_blocks(struct syn_rng *rng, double pages, double used, double frag, uint64_t *b)
{
	double left = pages * (1.0 - used);

	for (unsigned k = 0; k < EG_NR_ORDERS; k++) {
		double share = k == EG_MAX_ORDER ? left : left * frag * 0.35 * (0.9 + 0.2 * syn_uniform(rng));

		b[k] = (uint64_t)(share / (double)(1u << k));
		left -= (double)(b[k] << k);
	}
}

static inline void syn_snapshots(struct run_result *r, struct syn_rng *rng, double frag_end)
{
	static const char *const zone[SYN_ZONES] = { "DMA", "DMA32", "Normal" };
	static const double zone_pages[SYN_ZONES] = { 3840, 262144, 786432 };
	static const char *const vm[] = { "nr_free_pages", "pgfault", "pgmajfault", "thp_fault_alloc", "pgalloc_normal" };
	static const char *const mem[] = { "MemTotal", "MemFree", "MemAvailable", "AnonPages", "HugePages_Total",
					   "Hugepagesize" };

	r->nr_zones = SYN_ZONES;
	r->vmstat_name = vm;
	r->meminfo_name = mem;
	r->nr_vmstat = EG_ARRAY_LEN(vm);
	r->nr_meminfo = EG_ARRAY_LEN(mem);
	for (unsigned z = 0; z < SYN_ZONES; z++) {
		r->zone_name[z] = zone[z];
		r->zone_node[z] = 0;
	}
	r->nr_snapshots = r->nr_samples;
	r->snapshots = eg_arena_alloc(&r->arena, r->nr_snapshots, sizeof(*r->snapshots));
	for (size_t i = 0; i < r->nr_snapshots; i++) {
		struct run_snapshot *s = &r->snapshots[i];
		double share = (double)(i + 1) / (double)SYN_SAMPLES, used = 0.1 + 0.6 * share;
		uint64_t free_pages = 0;

		s->time = r->sample_time[i];
		for (unsigned z = 0; z < SYN_ZONES; z++) {
			syn_blocks(rng, zone_pages[z], z ? used : 0.0, z ? frag_end * share : 0.0, s->free_blocks[z]);
			for (unsigned k = 0; k < EG_NR_ORDERS; k++) {
				uint64_t n = s->free_blocks[z][k];

				s->free_blocks_of_type[z][0][k] = n / 8;
				s->free_blocks_of_type[z][2][k] = n / 16;
				s->free_blocks_of_type[z][1][k] = n - n / 8 - n / 16;
				free_pages += n << k;
			}
		}
		s->vmstat = eg_arena_alloc(&r->arena, r->nr_vmstat, sizeof(uint64_t));
		s->meminfo_kib = eg_arena_alloc(&r->arena, r->nr_meminfo, sizeof(uint64_t));
		s->vmstat[0] = free_pages;
		s->vmstat[1] = 600000 * (i + 1) / SYN_SAMPLES;
		s->vmstat[2] = 40 * (i + 1) / SYN_SAMPLES;
		s->vmstat[3] = 60 * (i + 1) / SYN_SAMPLES;
		s->vmstat[4] = s->vmstat[1] + 12345;
		s->meminfo_kib[0] = 4 * (3840 + 262144 + 786432);
		s->meminfo_kib[1] = 4 * free_pages;
		s->meminfo_kib[2] = 4 * free_pages - 4096;
		s->meminfo_kib[3] = s->meminfo_kib[0] - s->meminfo_kib[1];
		s->meminfo_kib[5] = 2048;
	}
}

static inline void syn_series(struct run_result *r, struct syn_rng *rng, double frag_end)
{
	const unsigned n = 5 + EG_NR_ORDERS;
	struct run_column *c = eg_arena_alloc(&r->arena, n, sizeof(*c));

	syn_column(&c[0], "free.pages", "pages", "free pages in all zones", RUN_GAUGE, +1);
	syn_column(&c[1], "free.huge_blocks", "1", "free blocks of at least 2 MiB", RUN_GAUGE, +1);
	syn_column(&c[2], "tlb.miss_ratio", "1", "last-level TLB misses per access", RUN_GAUGE, -1);
	syn_column(&c[3], "heap.rss", "bytes", "resident memory of all tasks", RUN_GAUGE, -1);
	syn_column(&c[4], "swap.out", "pages", "pages written to swap", RUN_COUNTER, -1);
	for (unsigned k = 0; k < EG_NR_ORDERS; k++)
		syn_column(&c[5 + k], syn_text(&r->arena, "frag.unusable_milli%s.%u", ".n0.normal", k), "1",
			   "unusable free space index", RUN_GAUGE, -1);
	r->nr_series = n;
	r->series_columns = c;
	r->series = eg_arena_alloc(&r->arena, r->nr_samples * n, sizeof(double));
	for (size_t i = 0; i < r->nr_samples; i++) {
		double *v = r->series + i * n, share = (double)(i + 1) / (double)SYN_SAMPLES;

		v[0] = floor(1052416.0 * (0.9 - 0.6 * share) + 2000.0 * syn_uniform(rng));
		v[1] = floor(v[0] / 512.0 * (1.0 - frag_end * share));
		v[2] = i == 0 ? (double)NAN : 0.02 + 0.03 * share * frag_end + 0.002 * syn_uniform(rng);
		v[3] = 4096.0 * (1052416.0 - v[0]);
		v[4] = share > 0.8 ? floor(1e5 * (share - 0.8)) : 0.0;
		for (unsigned k = 0; k < EG_NR_ORDERS; k++)
			v[5 + k] = floor(1000.0 * frag_end * share * (double)k / 10.0);
	}
}

static inline void syn_summary(struct run_result *r, struct syn_rng *rng, unsigned point, double frag_end)
{
	const unsigned n = 12 + 2 * EG_NR_ORDERS;
	struct run_column *c = eg_arena_alloc(&r->arena, n, sizeof(*c));
	double *v = eg_arena_alloc(&r->arena, n, sizeof(*v));
	unsigned k = 0;

	for (unsigned h = 0; h < 2; h++) {
		static const struct { const char *name; double q; } q[] = { { "p50", 0.5 }, { "p99", 0.99 } };

		for (unsigned i = 0; i < 2; i++) {
			char name[80];

			(void)snprintf(name, sizeof(name), "fault_latency.%s.%s", r->hists[h].kind, q[i].name);
			syn_column(&c[k], eg_arena_strdup(&r->arena, name), "ns", "percentile of the latency of a fault",
				   RUN_VALUE, -1);
			v[k++] = (double)eg_hist_percentile(&r->hists[h].hist, q[i].q) / 1000.0;
		}
		syn_column(&c[k], syn_text(&r->arena, "fault_count.%s%.0u", r->hists[h].kind, 0), "1", "faults", RUN_COUNTER,
			   -1);
		v[k++] = (double)r->hists[h].hist.count;
	}
	syn_column(&c[k], "tlb.miss_ratio", "1", "last-level TLB misses per access", RUN_VALUE, -1);
	v[k++] = 0.035 - 0.006 * point + 0.001 * syn_uniform(rng);
	syn_column(&c[k], "free.huge_blocks", "1", "free blocks of at least 2 MiB at the end", RUN_GAUGE, +1);
	v[k++] = floor(600.0 * (1.0 - frag_end) + 10.0 * syn_uniform(rng));
	syn_column(&c[k], "oom.kills", "1", "tasks killed", RUN_COUNTER, -1);
	v[k++] = 0.0;
	syn_column(&c[k], "reclaim.efficiency", "1", "pages reclaimed per page scanned", RUN_VALUE, +1);
	v[k++] = (double)NAN;
	for (unsigned z = 0; z < 2; z++)
		for (unsigned o = 0; o < EG_NR_ORDERS; o++) {
			syn_column(&c[k], syn_text(&r->arena, "frag.unusable_milli%s.%u", z ? ".n0.normal" : ".n0.dma32", o), "1",
				   "unusable free space index at the end", RUN_GAUGE, -1);
			v[k++] = floor(1000.0 * frag_end * o / 10.0);
		}
	r->nr_summary = k;
	r->summary_columns = c;
	r->summary = v;
}

/* The result of one cell; run_result is freed with eg_arena_free_all(&r->arena). */
static inline void syn_result(struct run_result *r, unsigned point, uint64_t seed)
{
	struct syn_rng rng = { 0x9e3779b97f4a7c15u ^ (seed * 7919u + point * 104729u + 1u) };
	double frag_end = 0.8 - 0.25 * point;

	memset(r, 0, sizeof(*r));
	for (unsigned i = 0; i < 16; i++)
		(void)syn_uniform(&rng);
	r->nr_samples = SYN_SAMPLES - (point ? 10u : 0u);
	r->sample_time = eg_arena_alloc(&r->arena, r->nr_samples, sizeof(eg_time));
	for (size_t i = 0; i < r->nr_samples; i++)
		r->sample_time[i] = (i + 1) * 10 * EG_PS_PER_MS;
	/* the end of the run, a little before the next grid point, different for each seed */
	r->sample_time[r->nr_samples - 1] -= (uint64_t)(9e9 * syn_uniform(&rng));
	r->elapsed = r->sample_time[r->nr_samples - 1];
	r->warmup = 20 * EG_PS_PER_MS;
	r->nr_events = 123456 + seed;
	r->nr_ops = 600000;
	r->nr_accesses = 50000000;
	r->capabilities = TRACE_CAP(VIRT) | TRACE_CAP(TIME) | TRACE_CAP(ORDER) | (point ? TRACE_CAP(PC) : 0u);
	syn_hists(r, &rng, point);
	syn_summary(r, &rng, point, frag_end);
	syn_series(r, &rng, frag_end);
	syn_snapshots(r, &rng, frag_end);
	r->nr_counts = 2;
	r->counts = eg_arena_alloc(&r->arena, 2, sizeof(*r->counts));
	r->counts[0] = (struct run_count){ "munmap_unknown", "munmap of a range that was never mapped", 3 + seed };
	r->counts[1] = (struct run_count){ "free_unknown", "free of a frame that is not allocated", 0 };
	r->nr_assumptions = 1;
	r->assumptions = eg_arena_alloc(&r->arena, 1, sizeof(*r->assumptions));
	r->assumptions[0] = "synthetic: no simulator was involved";
}

#endif
