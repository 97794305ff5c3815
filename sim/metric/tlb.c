/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tlb - address translation: accesses, misses, walks, walk caches, reach. Summed over CPUs.
 *
 * Counters (of completed accesses; a faulting access counts once however often it is tried again):
 *
 *   access.*, tlb.misses.*, walk.*, flush.*   the counters of the MMU as they are (MMU_COUNTER_MAP)
 *   tlb.accesses     reads + writes + modifies + fetches
 *   tlb.lookups      accesses, and one more for each that touches two pages
 *   tlb.hits.l1d     look-ups of the first data TLB that hit; .l1i: of the instruction TLB
 *   tlb.hits.l2      look-ups of the second level (all misses of the first) that hit
 *   pwc.hits.pd      walks that began below a cached PD entry (one table read), .pdpt (two), .pml4 (three)
 *
 * Values over the measured interval, all low is good except the hit ratios; NaN if nothing was looked up:
 *
 *   tlb.miss_ratio.l1d, .l1i, .l2   misses / look-ups of that structure. With no second level .l2 is 1
 *   tlb.global_miss_ratio           last-level misses / accesses
 *   tlb.mpki                        last-level misses per 1000 instructions; a fetch is an instruction, so
 *                                   a workload without fetches has none (NaN)
 *   tlb.mpka                        last-level misses per 1000 accesses
 *   walk.refs_per_walk              page-table reads / walks, those for dirty bits included in both. Without
 *                                   walk caches 4 for 4 KiB pages, 3 for 2 MiB
 *   walk.ns_per_walk                time of walks / walks, those for dirty bits and those that ended in a fault included
 *                                   in both
 *   pwc.hit_ratio.<level>           hits / look-ups; the PD cache is asked first, the others after a miss
 *   tlb.reach (gauge)               bytes mapped by the valid entries of the last level
 *
 * A machine may have one first-level TLB for data and fetches. Then no instruction miss is ever counted,
 * though the first fetch into an empty instruction TLB must miss: so fetches without any such miss since
 * time 0 are look-ups of the data TLB. An access that straddles counts its second look-up as data.
 *
 * Hardware differs: PMU events count speculative and prefetching walks too, and MPKI counts every
 * instruction, not only those in a recording. Walk references are those of the page table alone (no
 * nested paging, no caches). Left out: walk.cycles as a histogram (the sum is time.walk).
 *
 * Where walks end and begin says what they read: each walk reads a PTE unless it ends at a 2 MiB entry, a PDE
 * unless it began below a cached PD entry, and so on. So walk.count, tlb.misses.l2_2m and pwc.hits.* give the reads
 * of each level.
 */
#include <math.h>

#include "sim/metric/emit.h"
#include "sim/mmu/mmu.h"

/* Columns of the MMU's counters come first, in their order; then these. */
enum tlb_column {
#define X(field, name, text) AT_##field,
	MMU_COUNTER_MAP(X)
#undef X
	AT_ACCESSES, AT_LOOKUPS, AT_HITS_L1D, AT_HITS_L1I, AT_HITS_L2, AT_PWC_PD, AT_PWC_PDPT, AT_PWC_PML4, AT_REACH,
	AT_RATIO_L1D, AT_RATIO_L1I, AT_RATIO_L2, AT_GLOBAL, AT_MPKI, AT_MPKA, AT_REFS, AT_WALK_NS,
	AT_PWC_RATIO_PD, AT_PWC_RATIO_PDPT, AT_PWC_RATIO_PML4,
	NR_TLB_COLUMNS
};

static const struct metric_column columns[NR_TLB_COLUMNS] = {
#define X(field, text_name, text) \
	[AT_##field] = { .name = text_name, .unit = "1", .long_name = text, .kind = METRIC_COUNTER },
	MMU_COUNTER_MAP(X)
#undef X
#define COUNTER(col, n, b, text) \
	[col] = { .name = n, .unit = "1", .long_name = text, .kind = METRIC_COUNTER, .better = b, .series = true }
#define VALUE(col, n, b, text) [col] = { .name = n, .unit = "1", .long_name = text, .kind = METRIC_VALUE, .better = b }
	COUNTER(AT_ACCESSES, "tlb.accesses", 0, "accesses: reads, writes, modifies and fetches"),
	COUNTER(AT_LOOKUPS, "tlb.lookups", 0, "look-ups of the first level: accesses, one more when two pages are touched"),
	COUNTER(AT_HITS_L1D, "tlb.hits.l1d", 0, "look-ups that hit the L1 data TLB"),
	COUNTER(AT_HITS_L1I, "tlb.hits.l1i", 0, "look-ups that hit the L1 instruction TLB"),
	COUNTER(AT_HITS_L2, "tlb.hits.l2", 0, "look-ups that hit the second-level TLB"),
	COUNTER(AT_PWC_PD, "pwc.hits.pd", 0, "walks that began below a cached PD entry"),
	COUNTER(AT_PWC_PDPT, "pwc.hits.pdpt", 0, "walks that began below a cached PDPT entry"),
	COUNTER(AT_PWC_PML4, "pwc.hits.pml4", 0, "walks that began below a cached PML4 entry"),
	[AT_REACH] = { .name = "tlb.reach", .unit = "bytes", .long_name = "memory mapped by the entries of the last level",
		       .better = 1, .series = true },
	VALUE(AT_RATIO_L1D, "tlb.miss_ratio.l1d", -1, "misses per look-up of the L1 data TLB"),
	VALUE(AT_RATIO_L1I, "tlb.miss_ratio.l1i", -1, "misses per look-up of the L1 instruction TLB"),
	VALUE(AT_RATIO_L2, "tlb.miss_ratio.l2", -1, "misses per look-up of the second-level TLB"),
	VALUE(AT_GLOBAL, "tlb.global_miss_ratio", -1, "last-level misses per access"),
	VALUE(AT_MPKI, "tlb.mpki", -1, "last-level misses per 1000 instructions"),
	VALUE(AT_MPKA, "tlb.mpka", -1, "last-level misses per 1000 accesses"),
	VALUE(AT_REFS, "walk.refs_per_walk", -1, "page-table reads per walk"),
	[AT_WALK_NS] = { .name = "walk.ns_per_walk", .unit = "ns", .long_name = "time of a page walk", .kind = METRIC_VALUE,
			 .better = -1 },
	VALUE(AT_PWC_RATIO_PD, "pwc.hit_ratio.pd", 1, "hits per look-up of the PD walk cache"),
	VALUE(AT_PWC_RATIO_PDPT, "pwc.hit_ratio.pdpt", 1, "hits per look-up of the PDPT walk cache"),
	VALUE(AT_PWC_RATIO_PML4, "pwc.hit_ratio.pml4", 1, "hits per look-up of the PML4 walk cache"),
};

/* Which of the MMU's own counters are worth a curve, and which way is good. */
static void mark(enum tlb_column i, struct metric_column *c)
{
	switch (i) {
	case AT_l1d_misses: case AT_l1i_misses: case AT_l2_misses: case AT_walks: case AT_walk_refs:
		c->better = -1;
		c->series = true;
		break;
	case AT_reads: case AT_writes: case AT_modifies: case AT_fetches: case AT_flush_all: case AT_flush_one:
		c->series = true;
		break;
	case AT_huge_misses: case AT_dirty_walks: case AT_fault_walks:
		c->better = -1;
		break;
	default:
		break;
	}
}

static void tlb_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	(void)state;
	(void)view;
	for (unsigned i = 0; i < NR_TLB_COLUMNS; i++) {
		struct metric_column c = columns[i];

		mark((enum tlb_column)i, &c);
		metric_add(set, &c);
	}
}

static void tlb_sample(void *state, const struct metric_view *view, double *out)
{
	double l1d = 0, l1i = 0;

	(void)state;
	for (unsigned i = 0; i < NR_TLB_COLUMNS; i++)
		out[i] = columns[i].kind == METRIC_VALUE ? (double)NAN : 0;
	/* not shown: the total, of which tlb_final() takes the difference */
	out[AT_WALK_NS] = 0;
	for (unsigned cpu = 0; cpu < view->nr_cpus; cpu++) {
		const struct mmu_cpu *c = view->mmu[cpu];
		double fetches = (double)c->n.fetches, data;
		bool unified = c->n.fetches && !c->n.l1i_misses;

#define X(field, name, text) out[AT_##field] += (double)c->n.field;
		MMU_COUNTER_MAP(X)
#undef X
		data = (double)(c->n.reads + c->n.writes + c->n.modifies + c->n.straddles);
		l1d += unified ? data + fetches : data;
		l1i += unified ? 0 : fetches;
		out[AT_PWC_PD] += (double)c->n.pwc_hits[1];
		out[AT_PWC_PDPT] += (double)c->n.pwc_hits[2];
		out[AT_PWC_PML4] += (double)c->n.pwc_hits[3];
		out[AT_WALK_NS] += (double)view->time[cpu][TIME_WALK] / (double)EG_PS_PER_NS;
		out[AT_REACH] += (double)c->tlb_ops->reach(c->tlb);
	}
	out[AT_ACCESSES] = out[AT_reads] + out[AT_writes] + out[AT_modifies] + out[AT_fetches];
	out[AT_LOOKUPS] = out[AT_ACCESSES] + out[AT_straddles];
	out[AT_HITS_L1D] = l1d - out[AT_l1d_misses];
	out[AT_HITS_L1I] = l1i - out[AT_l1i_misses];
	out[AT_HITS_L2] = out[AT_l1d_misses] + out[AT_l1i_misses] - out[AT_l2_misses];
}

static void tlb_final(void *state, const struct metric_view *view, const double *start, const double *end, double *out)
{
	double l1d = out[AT_l1d_misses], l1i = out[AT_l1i_misses], l2 = out[AT_l2_misses], walks = out[AT_walks];
	const double after_pd = walks - out[AT_PWC_PD], after_pdpt = after_pd - out[AT_PWC_PDPT];
	bool has[3] = { false, false, false };          /* as mmu_cpu.pwc: PML4, PDPT, PD */

	(void)state;
	for (unsigned cpu = 0; cpu < view->nr_cpus; cpu++)
		for (unsigned i = 0; i < 3; i++)
			has[i] |= view->mmu[cpu]->pwc[i].ways != 0;
	out[AT_RATIO_L1D] = metric_ratio(l1d, l1d + out[AT_HITS_L1D]);
	out[AT_RATIO_L1I] = metric_ratio(l1i, l1i + out[AT_HITS_L1I]);
	out[AT_RATIO_L2] = metric_ratio(l2, l1d + l1i);
	out[AT_GLOBAL] = metric_ratio(l2, out[AT_ACCESSES]);
	out[AT_MPKI] = 1000 * metric_ratio(l2, out[AT_fetches]);
	out[AT_MPKA] = 1000 * metric_ratio(l2, out[AT_ACCESSES]);
	out[AT_REFS] = metric_ratio(out[AT_walk_refs], walks + out[AT_dirty_walks]);
	out[AT_WALK_NS] = metric_ratio(end[AT_WALK_NS] - start[AT_WALK_NS], walks + out[AT_dirty_walks] + out[AT_fault_walks]);
	out[AT_PWC_RATIO_PD] = has[2] ? metric_ratio(out[AT_PWC_PD], walks) : (double)NAN;
	out[AT_PWC_RATIO_PDPT] = has[1] ? metric_ratio(out[AT_PWC_PDPT], after_pd) : (double)NAN;
	out[AT_PWC_RATIO_PML4] = has[0] ? metric_ratio(out[AT_PWC_PML4], after_pdpt) : (double)NAN;
}

const struct metric_ops metric_tlb_ops = {
	.name = "tlb",
	.summary = "accesses, TLB misses, page walks and their caches, reach",
	.attach = tlb_attach,
	.sample = tlb_sample,
	.final = tlb_final,
};
