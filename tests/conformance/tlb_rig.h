/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tlb_rig - one CPU's MMU and page tables made by hand, for tests of TLB designs without a machine. */
#ifndef TESTS_CONFORMANCE_TLB_RIG_H
#define TESTS_CONFORMANCE_TLB_RIG_H

#include "sim/base/rng.h"
#include "sim/mmu/walk/walk.h"
#include "tests/tap.h"

enum { RIG_SPACES = 4, RIG_TABLES = 16384 };

struct tlb_rig {
	struct eg_arena   arena;
	struct radix_pool tables;
	struct mmu_cpu    cpu;
	uint32_t          root[RIG_SPACES + 1];     /* spaces are numbered from 1 */
};

static const struct mmu_costs rig_costs = { 1000, 7000, 300, 17000 };

__attribute__((unused))
static void rig_open(struct tlb_rig *r, const struct tlb_ops *design, const char *vector, const struct tlb_config *tlb,
		     const struct pwc_config *pwc, unsigned asids)
{
	struct eg_args args;
	char why[200];

	memset(r, 0, sizeof(*r));
	EG_CHECK(radix_pool_init(&r->tables, RIG_TABLES) == EG_OK);
	EG_CHECK(eg_args_init(&args, design->params, &r->arena) == EG_OK);
	if (eg_param_find(design->params, "vector") >= 0)
		EG_CHECK(eg_args_set(&args, "vector", vector, &r->arena, why, sizeof(why)) == EG_OK);
	EG_CHECK(mmu_init(&r->cpu, design, tlb, &args, pwc, &rig_costs, asids, &r->tables, &r->arena) == EG_OK);
	for (unsigned s = 1; s <= RIG_SPACES; s++)
		r->root[s] = radix_table_new(&r->tables, RADIX_LEVELS, eg_pfn_of(s));
}

__attribute__((unused))
static void rig_close(struct tlb_rig *r)
{
	radix_pool_fini(&r->tables);
	eg_arena_free_all(&r->arena);
}

/* The entry of a page at `level` (1, or 2 for 2 MiB), tables made on the way. */
__attribute__((unused))
static pte_t *rig_entry(struct tlb_rig *r, unsigned space, uint64_t vpn, unsigned level, uint32_t *table)
{
	uint32_t t = r->root[space];

	for (unsigned l = RADIX_LEVELS; ; l--) {
		pte_t *e = radix_entries(&r->tables, t) + radix_index(eg_vpn_of(vpn), l);

		*table = t;
		if (l == level)
			return e;
		if (!(*e & PTE_PRESENT)) {
			uint32_t child = radix_table_new(&r->tables, l - 1, eg_pfn_of(vpn));

			EG_CHECK(child != RADIX_NONE);
			radix_set(&r->tables, t, e, (uint64_t)child << PTE_SHIFT | PTE_PRESENT | PTE_WRITE);
		}
		t = pte_table(*e);
	}
}

__attribute__((unused))
static void rig_map(struct tlb_rig *r, unsigned space, uint64_t vpn, unsigned level, uint64_t bits)
{
	uint32_t table;
	pte_t *e = rig_entry(r, space, vpn, level, &table);

	radix_set(&r->tables, table, e, pte_make(eg_pfn_of(vpn & 0xffff), bits | (level == 2 ? PTE_HUGE : 0)));
}

#endif
