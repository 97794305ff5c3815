/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frag - external fragmentation of free memory, by zone and for the machine.
 *
 * With n_i free blocks of order i in a zone, F = sum n_i 2^i free pages, B = sum n_i free blocks and
 * S_j = sum over i >= j of n_i 2^(i-j) blocks of order j that the lists could supply:
 *
 *   frag.unusable_milli.<zone>.<j>   0..1000, low is good. Share of the free memory that cannot serve
 *                                    order j: (F - S_j 2^j) * 1000 / F; a zone without free memory: 1000
 *   frag.unusable_milli.all.<j>      the same formula on the sums of the n_i over all zones: the share of
 *                                    the machine's free memory. Zones weigh by their free memory, so the
 *                                    small DMA zone does not count as much as Normal
 *   frag.unusable.all.<j>            its exact value, 0..1, before the division is cut; NaN if F = 0
 *   frag.index_milli.<zone>.<j>      -1000..1000. -1000: a request would succeed. Else, near 0: it fails
 *                                    for lack of memory; near 1000: it fails for fragmentation. Without a
 *                                    free block: 0. Means nothing where a request would succeed
 *   frag.score.<zone>                0..100, low: share of free memory that is not in 2 MiB blocks
 *   frag.score_node.<node>           sum over zones of present * score / (present of the node + 1)
 *   frag.free_blocks.<zone>.<i>      n_i, the row of /proc/buddyinfo
 *   frag.free_blocks.all.<j>         n_j, summed over the zones
 *   frag.free_pages_in_blocks.<zone> pages in blocks of order 9 and 10
 *   frag.largest_order.<zone>        largest i with n_i > 0; -1 if there is none
 *   frag.free_huge                   2 MiB frames that the free blocks hold: S_9, all zones
 *   frag.huge_pct                    100 * free_huge / (free pages / 512); NaN below 512 free pages
 *   frag.huge_score                  mean of huge_pct over the samples since the warm-up
 *   frag.compact_moves               page moves after which floor(F / 512) frames of 2 MiB are free
 *   frag.compact_moves_llfree        the same with the remainder of F / 512 gathered too
 *   frag.huge_unmerged               2 MiB frames all of whose pages are free, less free_huge
 *
 * Sources: Linux mm/vmstat.c (unusable_free_index, __fragmentation_index), mm/compaction.c (score),
 * debugfs extfrag/; the trace replayer of LLFree for huge_pct and compact_moves. Integer columns are the
 * integers of Linux; Linux has no machine-wide index.
 *
 * Cost. What is sampled comes from the counts of free blocks, which a policy keeps. huge_pct could also
 * be had from the frame records, as LLFree's tool does: 512 records a frame of 2 MiB, on a large
 * machine in every sample. A policy that merges eagerly has every free 2 MiB frame in a block of order 9
 * or more, so both are equal; the records are read once, at the end, and frag.huge_unmerged says by how
 * much the two then differ (0 for eager merging). Pages on per-CPU lists are not free here, as in Linux.
 *
 * Left out: the distribution of free runs (frag.free_run_cdf), the heat map, frag.huge_axis (it needs the
 * first sample of the series: a reader of the result has both parts, free_huge and mem.free).
 */
#include <math.h>

#include "sim/base/check.h"
#include "sim/metric/emit.h"
#include "sim/phys/frag.h"
#include "sim/phys/phys_view.h"

struct frag_state {
	struct phys_zone_view *zone;    /* [nr_zones], of the newest sample: reading one may cost    */
	unsigned               nr_zones;
	uint16_t *free;             /* [frames of 2 MiB of the machine]                       */
	size_t    moves;            /* column of frag.compact_moves; llfree, unmerged, score follow */
	double    sum;              /* of huge_pct where it is defined, since the warm-up     */
	uint64_t  nr;
	eg_time   last;             /* of the newest sample: two at one time count once       */
};

/* Orders that are worth a curve; all are in the summary. 3 is the costly order, 9 the huge page. */
static bool order_in_series(unsigned order)
{
	return order == 3 || order == 6 || order == EG_HUGE_ORDER || order == EG_MAX_ORDER;
}

static void emit_zone(struct metric_emit *e, const struct phys_zone_view *z)
{
	const uint64_t *n = z->free.blocks;
	char zone[METRIC_ZONE_LABEL];

	metric_zone_label(z, zone);
	for (unsigned j = 0; j < EG_NR_ORDERS; j++)
		metric_emit(e, &(struct metric_column){ .unit = "1", .better = -1, .series = order_in_series(j),
			    .long_name = "thousandths of free memory that cannot serve this order" },
			    frag_unusable_milli(n, j), "frag.unusable_milli.%s.%u", zone, j);
	for (unsigned j = 0; j < EG_NR_ORDERS; j++)
		metric_emit(e, &(struct metric_column){ .unit = "1", .series = j == EG_HUGE_ORDER,
			    .long_name = "why this order would fail: 0 no memory, 1000 fragmentation; -1000 it would not" },
			    frag_index_milli(n, j), "frag.index_milli.%s.%u", zone, j);
	for (unsigned i = 0; i < EG_NR_ORDERS; i++)
		metric_emit(e, &(struct metric_column){ .unit = "blocks", .series = true,
			    .long_name = "free blocks of this order" },
			    (double)n[i], "frag.free_blocks.%s.%u", zone, i);
	metric_emit(e, &(struct metric_column){ .unit = "pages", .better = 1, .series = true,
		    .long_name = "free pages in blocks of at least 2 MiB" },
		    (double)frag_pages_in_blocks(n), "frag.free_pages_in_blocks.%s", zone);
	metric_emit(e, &(struct metric_column){ .unit = "order", .better = 1, .series = true,
		    .long_name = "largest order with a free block, -1 if none" },
		    frag_largest_order(n), "frag.largest_order.%s", zone);
	metric_emit(e, &(struct metric_column){ .unit = "%", .better = -1, .series = true,
		    .long_name = "share of free memory outside 2 MiB blocks (compaction's score)" },
		    frag_score(n), "frag.score.%s", zone);
}

static void emit_nodes(struct metric_emit *e, const struct frag_state *s, unsigned nr_nodes)
{
	for (unsigned node = 0; node < nr_nodes; node++) {
		uint64_t present = 0;
		int32_t score = 0;

		for (unsigned i = 0; i < s->nr_zones; i++)
			present += s->zone[i].node == node ? s->zone[i].present : 0;
		for (unsigned i = 0; i < s->nr_zones; i++)
			if (s->zone[i].node == node)
				score += frag_score_share(frag_score(s->zone[i].free.blocks), s->zone[i].present, present);
		metric_emit(e, &(struct metric_column){ .unit = "%", .better = -1, .series = true,
			    .long_name = "compaction's score of the node" },
			    score, "frag.score_node.n%u", node);
	}
}

static void read_zones(struct frag_state *s, const struct phys *phys)
{
	for (unsigned i = 0; i < s->nr_zones; i++)
		phys_view_zone(phys, i, &s->zone[i]);
}

/* n_i of all zones together. */
static void sum_blocks(const struct frag_state *s, uint64_t n[EG_NR_ORDERS])
{
	for (unsigned i = 0; i < EG_NR_ORDERS; i++) {
		n[i] = 0;
		for (unsigned k = 0; k < s->nr_zones; k++)
			n[i] += s->zone[k].free.blocks[i];
	}
}

static uint64_t pages_of(const uint64_t n[EG_NR_ORDERS])
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < EG_NR_ORDERS; i++)
		pages += n[i] << i;
	return pages;
}

/* Adds or samples every column; returns huge_pct. */
static double emit_all(struct metric_emit *e, struct frag_state *s, const struct phys *phys)
{
	uint64_t n[EG_NR_ORDERS], pages, huge;
	struct phys_view_totals t;
	double huge_pct;

	read_zones(s, phys);
	phys_view_totals(phys, &t);
	for (unsigned i = 0; i < s->nr_zones; i++)
		emit_zone(e, &s->zone[i]);
	emit_nodes(e, s, t.nr_nodes);

	sum_blocks(s, n);
	pages = pages_of(n);
	huge = frag_pages_in_blocks(n) >> EG_HUGE_ORDER;
	huge_pct = pages >> EG_HUGE_ORDER ? 100.0 * (double)huge / (double)(pages >> EG_HUGE_ORDER) : (double)NAN;
	for (unsigned j = 0; j < EG_NR_ORDERS; j++)
		metric_emit(e, &(struct metric_column){ .unit = "1", .better = -1, .series = order_in_series(j),
			    .long_name = "thousandths of the machine's free memory that cannot serve this order" },
			    frag_unusable_milli(n, j), "frag.unusable_milli.all.%u", j);
	for (unsigned j = 0; j < EG_NR_ORDERS; j++)
		metric_emit(e, &(struct metric_column){ .unit = "1", .better = -1, .series = order_in_series(j),
			    .long_name = "share of the machine's free memory that cannot serve this order" },
			    frag_unusable(n, j), "frag.unusable.all.%u", j);
	for (unsigned j = 0; j < EG_NR_ORDERS; j++)
		metric_emit(e, &(struct metric_column){ .unit = "blocks", .series = true,
			    .long_name = "free blocks of this order, all zones" }, (double)n[j], "frag.free_blocks.all.%u", j);
	metric_emit(e, &(struct metric_column){ .unit = "1", .better = 1, .series = true,
		    .long_name = "free frames of 2 MiB" }, (double)huge, "frag.free_huge");
	metric_emit(e, &(struct metric_column){ .unit = "%", .better = 1, .series = true,
		    .long_name = "free frames of 2 MiB of those that free memory would make" },
		    huge_pct, "frag.huge_pct");

	if (e->set)
		s->moves = e->nr;
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "pages", .better = -1,
		    .long_name = "page moves after which all free frames of 2 MiB that are possible are free" },
		    (double)NAN, "frag.compact_moves");
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "pages", .better = -1,
		    .long_name = "compact_moves as LLFree's tool counts: the remainder is gathered too" },
		    (double)NAN, "frag.compact_moves_llfree");
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "1",
		    .long_name = "wholly free frames of 2 MiB that no block of the free lists holds" },
		    (double)NAN, "frag.huge_unmerged");
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "%", .better = 1,
		    .long_name = "mean of frag.huge_pct over the samples" },
		    (double)NAN, "frag.huge_score");
	return huge_pct;
}

static void on_warmup_end(void *ctx, const struct probe_event *event)
{
	struct frag_state *s = ctx;

	(void)event;
	s->sum = 0;
	s->nr = 0;
	s->last = EG_TIME_NONE;
}

static void frag_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct frag_state *s = state;
	struct metric_emit e = { .set = set };

	s->last = EG_TIME_NONE;
	s->nr_zones = phys_view_zones(view->phys);
	s->zone = eg_arena_alloc(set->arena, s->nr_zones, sizeof(*s->zone));
	s->free = eg_arena_alloc(set->arena, phys_view_huge_frames(view->phys) + 1, sizeof(*s->free));
	if (!s->zone || !s->free) {
		set->failed = true;
		return;
	}
	emit_all(&e, s, view->phys);
	metric_subscribe(set, PROBE_WARMUP_END, on_warmup_end, s);
}

static void frag_sample(void *state, const struct metric_view *view, double *out)
{
	struct frag_state *s = state;
	struct metric_emit e = { .out = out };
	double huge_pct = emit_all(&e, s, view->phys);

	if (view->now != s->last && !isnan(huge_pct)) {
		s->sum += huge_pct;
		s->nr++;
	}
	s->last = view->now;
}

static void frag_final(void *state, const struct metric_view *view, const double *start, const double *end, double *out)
{
	struct frag_state *s = state;
	uint64_t nr = phys_view_huge_frames(view->phys), n[EG_NR_ORDERS], moves, rest, whole = 0;

	(void)start;
	(void)end;
	phys_view_huge_free(view->phys, s->free, NULL);
	for (uint64_t h = 0; h < nr; h++)
		whole += s->free[h] == EG_HUGE_PAGES;
	read_zones(s, view->phys);
	sum_blocks(s, n);
	moves = frag_compact_moves(s->free, nr, &rest);
	out[s->moves] = (double)moves;
	out[s->moves + 1] = (double)rest;
	out[s->moves + 2] = (double)whole - (double)(frag_pages_in_blocks(n) >> EG_HUGE_ORDER);
	out[s->moves + 3] = metric_ratio(s->sum, (double)s->nr);
}

const struct metric_ops metric_frag_ops = {
	.name = "frag",
	.summary = "external fragmentation of free memory by zone, order and machine",
	.state_size = sizeof(struct frag_state),
	.attach = frag_attach,
	.sample = frag_sample,
	.final = frag_final,
};
