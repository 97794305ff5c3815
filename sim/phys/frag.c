/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frag - see frag.h; tests/unit/test_frag.c holds the vectors, three zones of a running kernel among them. */
#include "sim/phys/frag.h"

#include <math.h>

static uint64_t free_pages(const uint64_t n[EG_NR_ORDERS], unsigned from_order)
{
	uint64_t pages = 0;

	for (unsigned i = from_order; i < EG_NR_ORDERS; i++)
		pages += n[i] << i;
	return pages;
}

static uint64_t free_blocks(const uint64_t n[EG_NR_ORDERS])
{
	uint64_t blocks = 0;

	for (unsigned i = 0; i < EG_NR_ORDERS; i++)
		blocks += n[i];
	return blocks;
}

int32_t frag_unusable_milli(const uint64_t n[EG_NR_ORDERS], unsigned order)
{
	uint64_t all = free_pages(n, 0);

	return all ? (int32_t)((all - free_pages(n, order)) * 1000 / all) : 1000;
}

double frag_unusable(const uint64_t n[EG_NR_ORDERS], unsigned order)
{
	uint64_t all = free_pages(n, 0);

	return all ? (double)(all - free_pages(n, order)) / (double)all : (double)NAN;
}

int32_t frag_index_milli(const uint64_t n[EG_NR_ORDERS], unsigned order)
{
	uint64_t blocks = free_blocks(n);

	if (!blocks)
		return 0;
	if (free_pages(n, order))
		return -1000;
	return 1000 - (int32_t)((1000 + (free_pages(n, 0) * 1000 >> order)) / blocks);
}

double frag_index(const uint64_t n[EG_NR_ORDERS], unsigned order)
{
	uint64_t blocks = free_blocks(n);

	if (!blocks)
		return (double)NAN;
	if (free_pages(n, order))
		return -1.0;
	return 1.0 - (1.0 + (double)free_pages(n, 0) / (double)(UINT64_C(1) << order)) / (double)blocks;
}

int32_t frag_score(const uint64_t n[EG_NR_ORDERS])
{
	uint64_t all = free_pages(n, 0);

	return all ? (int32_t)((all - free_pages(n, EG_HUGE_ORDER)) * 100 / all) : 0;
}

int32_t frag_score_share(int32_t score, uint64_t zone_present, uint64_t node_present)
{
	return (int32_t)(zone_present * (uint64_t)score / (node_present + 1));
}

uint64_t frag_pages_in_blocks(const uint64_t n[EG_NR_ORDERS])
{
	return free_pages(n, EG_HUGE_ORDER);
}

int frag_largest_order(const uint64_t n[EG_NR_ORDERS])
{
	for (unsigned i = EG_NR_ORDERS; i-- > 0; )
		if (n[i])
			return (int)i;
	return -1;
}

uint64_t frag_compact_moves(const uint16_t *free, uint64_t nr, uint64_t *rest_moves)
{
	uint64_t with[EG_HUGE_PAGES + 1] = { 0 }, all = 0, wanted, moves = 0, rest;
	unsigned f;

	for (uint64_t h = 0; h < nr; h++) {     /* counting sort: 513 possible values */
		with[free[h] > EG_HUGE_PAGES ? EG_HUGE_PAGES : free[h]]++;
		all += free[h];
	}
	wanted = all / EG_HUGE_PAGES;
	rest = all % EG_HUGE_PAGES;
	for (f = EG_HUGE_PAGES; f > 0; f--) {
		uint64_t take = with[f] < wanted ? with[f] : wanted;

		moves += take * (EG_HUGE_PAGES - f);
		wanted -= take;
		if (take < with[f])
			break;                  /* f is now the count of the frame after the K freest */
	}
	if (rest_moves)
		*rest_moves = moves + (rest > f ? rest - f : 0);
	return moves;
}
