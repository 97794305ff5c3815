/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mmu - address-space switches and flushes of one CPU.
 *
 * As Linux does with PCID (arch/x86/mm/tlb.c, 6.1): a CPU keeps a few spaces in dynamic ids; a switch
 * back finds its translations again. A flush meant for a space that this CPU holds but does not run is
 * not sent: the slot is marked stale and flushed whole when the space comes back. Linux compares
 * generation numbers to the same effect. Left out: global pages (the kernel's own), lazy TLB mode.
 */
#include "sim/mmu/mmu.h"

#include "sim/mmu/walk/walk.h"

eg_status mmu_init(struct mmu_cpu *c, const struct tlb_ops *design, const struct tlb_config *tlb, const struct eg_args *args,
		   const struct pwc_config *pwc, const struct mmu_costs *costs, unsigned nr_asids,
		   struct radix_pool *tables, struct eg_arena *arena)
{
	*c = (struct mmu_cpu){ .tlb_ops = design, .cost = *costs, .tables = tables, .root = RADIX_NONE,
			       .nr_asids = nr_asids };
	mmu_filter_clear(c);
	c->tlb = eg_arena_alloc(arena, 1, design->state_size(tlb, args));
	c->asids = eg_arena_alloc(arena, nr_asids, sizeof(*c->asids));
	if (!c->tlb || !c->asids)
		return EG_NO_MEMORY;
	EG_TRY(walk_cache_init(c, pwc, arena));
	return design->init(c->tlb, tlb, args, arena);
}

void mmu_filter_clear(struct mmu_cpu *c)
{
	c->filter[TLB_DATA] = c->filter[TLB_INSTR] = MMU_FILTER_EMPTY;
}

static void drop_slot(struct mmu_cpu *c, unsigned slot)
{
	c->tlb_ops->flush_asid(c->tlb, slot);
	walk_cache_flush_asid(c, slot);
	mmu_filter_clear(c);
}

static int slot_of(const struct mmu_cpu *c, uint32_t space)
{
	for (unsigned i = 0; i < c->nr_asids; i++)
		if (c->asids[i].space == space)
			return (int)i;
	return -1;
}

void mmu_switch(struct mmu_cpu *c, uint32_t space, uint32_t root)
{
	int slot = slot_of(c, space);

	EG_ASSERT(space);
	if (slot < 0) {
		slot = 0;
		for (unsigned i = 1; i < c->nr_asids; i++)
			if (c->asids[i].used < c->asids[slot].used)
				slot = (int)i;
		if (c->asids[slot].space || c->asids[slot].stale)
			drop_slot(c, (unsigned)slot);
		c->asids[slot].space = space;
		c->asids[slot].stale = false;
	}
	if (c->asids[slot].stale) {
		drop_slot(c, (unsigned)slot);
		c->asids[slot].stale = false;
		c->n.flush_all++;
	}
	c->asids[slot].used = ++c->nr_switches;
	c->asid = (unsigned)slot;
	c->asid_key = TLB_VALID | TLB_ASID(slot);
	c->root = root;
	mmu_filter_clear(c);
}

void mmu_switch_none(struct mmu_cpu *c)
{
	c->root = RADIX_NONE;
	c->ordered_space = false;
	mmu_filter_clear(c);
}

bool mmu_is_current(const struct mmu_cpu *c, uint32_t space)
{
	return c->root != RADIX_NONE && c->asids[c->asid].space == space;
}

bool mmu_holds(const struct mmu_cpu *c, uint32_t space)
{
	return slot_of(c, space) >= 0;
}

void mmu_flush_range(struct mmu_cpu *c, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	int slot = slot_of(c, space);

	if (slot < 0)
		return;
	if (!mmu_is_current(c, space)) {
		c->asids[slot].stale = true;
		return;
	}
	if (nr > MMU_FLUSH_CEILING) {
		drop_slot(c, (unsigned)slot);
		c->n.flush_all++;
		return;
	}
	for (uint64_t i = 0; i < nr; i++)
		c->tlb_ops->invalidate(c->tlb, (unsigned)slot, eg_vpn_of(vpn.v + i));
	/* INVLPG drops the walk caches of the current id, whatever the address (Intel SDM 3A 4.10.4.1) */
	walk_cache_flush_asid(c, (unsigned)slot);
	c->n.flush_one += nr;
	mmu_filter_clear(c);
}

void mmu_forget(struct mmu_cpu *c, uint32_t space)
{
	int slot = slot_of(c, space);

	if (slot < 0)
		return;
	if (!mmu_is_current(c, space)) {
		/* this CPU may have run ahead with another space: when entries go must not depend on how far */
		c->asids[slot] = (struct mmu_asid){ .stale = true };
		return;
	}
	mmu_switch_none(c);
	drop_slot(c, (unsigned)slot);
	c->asids[slot] = (struct mmu_asid){ 0 };
}

void mmu_validate(const struct mmu_cpu *c)
{
	for (unsigned i = 0; i < c->nr_asids; i++)
		for (unsigned j = i + 1; j < c->nr_asids; j++)
			EG_CHECK(!c->asids[i].space || c->asids[i].space != c->asids[j].space);
	EG_CHECK(c->asid < c->nr_asids);
	c->tlb_ops->validate(c->tlb);
}
