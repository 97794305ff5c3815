/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frag - how fragmented free memory is, from the counts of free blocks.
 *
 * `n` holds EG_NR_ORDERS counts: n[i] free blocks of order i. With F free pages, B free blocks and
 * S_j = the blocks of order j that the lists could supply, integer division as in Linux:
 *
 *   unusable(j) = (F - S_j 2^j) * 1000 / F      share of free memory useless for order j; 1000 if F = 0
 *   index(j)    = -1000 if S_j > 0, 0 if B = 0, else 1000 - (1000 + F * 1000 / 2^j) / B
 *   score       = (F - S_9 2^9) * 100 / F       0 if F = 0
 *
 * Linux mm/vmstat.c (unusable_free_index, __fragmentation_index, extfrag_for_order), mm/compaction.c;
 * the index is Gorman and Whitcroft's. It means something only where a request of order j would fail.
 */
#ifndef SIM_PHYS_FRAG_H
#define SIM_PHYS_FRAG_H

#include "sim/base/types.h"

int32_t frag_unusable_milli(const uint64_t n[EG_NR_ORDERS], unsigned order);
int32_t frag_index_milli(const uint64_t n[EG_NR_ORDERS], unsigned order);
int32_t frag_score(const uint64_t n[EG_NR_ORDERS]);

/* One zone's share of its node's score: present * score / (present of the node + 1). Sum over zones. */
int32_t frag_score_share(int32_t score, uint64_t zone_present, uint64_t node_present);

/* The exact values, before truncation; NAN where the denominator is zero. */
double frag_unusable(const uint64_t n[EG_NR_ORDERS], unsigned order);
double frag_index(const uint64_t n[EG_NR_ORDERS], unsigned order);

/* Pages in blocks of at least a pageblock; the largest order with a free block, -1 if none. */
uint64_t frag_pages_in_blocks(const uint64_t n[EG_NR_ORDERS]);
int      frag_largest_order(const uint64_t n[EG_NR_ORDERS]);

/*
 * The fewest page moves after which K = F / 512 huge frames are entirely free, if every page can move:
 * sum over the K freest of (512 - f). `free` holds the free pages (0..512) of each of nr huge frames.
 * *rest_moves, if not NULL, gets the count of LLFree's tool, which also gathers the F mod 512 pages left.
 */
uint64_t frag_compact_moves(const uint16_t *free, uint64_t nr, uint64_t *rest_moves);

/* One digit for a huge frame with f free pages: 0 none, 1 + f/64, 9 = entirely free. */
static inline unsigned frag_heat(unsigned f) { return f == 0 ? 0 : 1 + f / 64; }

#endif
