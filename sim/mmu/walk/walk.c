/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk - page-walk caches: set-up, flush, and the portable walk.
 *
 * After Barr, Cox and Rixner, "Translation caching: skip, don't walk", ISCA 2010 (the split design);
 * sizes from presets. The algorithm stands at walk_with() in walk.h. Cost of a walk: pwc_hit + refs *
 * pte_read. Left out: several walkers at once, nested walks, reads through a cache model, and the
 * accessed bits of upper entries.
 */
#include "sim/mmu/walk/walk.h"

struct walk_result walk(struct mmu_cpu *c, eg_vpn vpn, bool write)
{
	return walk_with(c, vpn, write, pwc_row_hit, pwc_row_put);
}

eg_status walk_cache_init(struct mmu_cpu *c, const struct pwc_config *config, struct eg_arena *arena)
{
	const struct tlb_geometry geometry[3] = { config->pml4, config->pdpt, config->pd };

	for (unsigned i = 0; i < 3; i++) {
		struct mmu_pwc *p = &c->pwc[i];

		if (!geometry[i].entries)
			continue;
		p->ways = geometry[i].ways;
		p->set_mask = geometry[i].entries / geometry[i].ways - 1;
		p->tag = eg_arena_alloc(arena, geometry[i].entries, sizeof(*p->tag));
		if (!p->tag)
			return EG_NO_MEMORY;
	}
	return EG_OK;
}

void walk_cache_flush_asid(struct mmu_cpu *c, unsigned asid)
{
	uint64_t key = TLB_VALID | TLB_ASID(asid), mask = TLB_VALID | TLB_ASID((1u << TLB_ASID_BITS) - 1);

	for (unsigned i = 0; i < 3; i++) {
		struct mmu_pwc *p = &c->pwc[i];

		for (uint32_t s = 0; p->ways && s <= p->set_mask; s++) {
			uint64_t *row = p->tag + (size_t)s * p->ways;
			uint32_t keep = 0;

			for (uint32_t w = 0; w < p->ways; w++)
				if ((row[w] & mask) != key)
					row[keep++] = row[w];
			while (keep < p->ways)
				row[keep++] = 0;
		}
	}
}
