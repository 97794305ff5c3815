/* SPDX-License-Identifier: GPL-3.0-or-later */
/* walk - the page walker: a radix table walk helped by page-walk caches. */
#ifndef SIM_MMU_WALK_WALK_H
#define SIM_MMU_WALK_WALK_H

#include "sim/mmu/mmu.h"

struct walk_result {
	uint64_t entry;     /* TLB entry to fill (with ASID, size, W); 0 = fault        */
	unsigned refs;      /* page-table entries read                                  */
	unsigned start;     /* level of the first read: 4 = no walk-cache hit           */
	bool     huge;
};

/*
 * Walk the current space's table for vpn; sets the accessed bit, and the dirty bit for a write. Returns
 * entry 0 if the translation is absent or does not permit the write. Walk caches learn the upper entries
 * that were read.
 *
 *   1. The PD cache is asked for the prefix vpn >> 9, then the PDPT cache for vpn >> 18, then the PML4
 *      cache for vpn >> 27. A hit means that the table one level below is known: the walk reads from
 *      there. No hit: it starts at the root.
 *   2. Each level read is one memory reference (4 for a 4 KiB page, 3 for 2 MiB without a cache hit).
 *   3. Upper entries that were read are put into their caches, most recent first.
 *
 * Only tags are kept: the host walks the radix table anyway, and a flush drops every tag that a change of
 * the table could have made wrong, so a tag's value is always what the table says. Inline, because the
 * access loop specialises it; hit(row, ways, tag) is the design's search of a row.
 */
enum { PWC_PML4, PWC_PDPT, PWC_PD };

typedef bool (*pwc_hit_fn)(uint64_t *row, uint32_t ways, uint64_t tag);
typedef void (*pwc_put_fn)(uint64_t *row, uint32_t ways, uint64_t tag);

static inline bool pwc_row_hit(uint64_t *row, uint32_t ways, uint64_t tag)
{
	if (row[0] == tag)
		return true;
	for (uint32_t w = 1; w < ways; w++)
		if (row[w] == tag) {
			for (; w > 0; w--)
				row[w] = row[w - 1];
			row[0] = tag;
			return true;
		}
	return false;
}

static inline void pwc_row_put(uint64_t *row, uint32_t ways, uint64_t tag)
{
	for (uint32_t w = ways - 1; w > 0; w--)
		row[w] = row[w - 1];
	row[0] = tag;
}

static inline __attribute__((always_inline)) struct walk_result
walk_with(struct mmu_cpu *c, eg_vpn vpn, bool write, pwc_hit_fn hit, pwc_put_fn put)
{
	static const unsigned prefix_shift[3] = { 27, 18, 9 };
	struct walk_result r = { .start = RADIX_LEVELS };
	uint64_t *row[3] = { NULL, NULL, NULL }, tag[3];
	pte_t *e, bits;
	unsigned level;
	uint32_t table;

	if (c->root == RADIX_NONE || vpn.v >> (RADIX_VA_BITS - EG_PAGE_SHIFT))
		return r;       /* not canonical: the table's indices would find the page 2^48 bytes below */
	e = radix_lookup(c->tables, c->root, vpn, &level, &table);
	for (unsigned k = 3; k-- > 0;) {
		const struct mmu_pwc *p = &c->pwc[k];
		uint64_t prefix = vpn.v >> prefix_shift[k];

		if (!p->ways)
			continue;
		tag[k] = prefix | c->asid_key;
		row[k] = p->tag + (size_t)(prefix & p->set_mask) * p->ways;
		if (hit(row[k], p->ways, tag[k])) {
			r.start = 3 - k;
			break;
		}
	}
	r.refs = r.start >= level ? r.start - level + 1 : 1;
	for (unsigned l = r.start; l > level; l--)      /* upper entries read: levels start .. level + 1 */
		if (row[RADIX_LEVELS - l])
			put(row[RADIX_LEVELS - l], c->pwc[RADIX_LEVELS - l].ways, tag[RADIX_LEVELS - l]);
	if (!pte_permits(*e, write))
		return r;
	bits = PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	if ((*e & bits) != bits)
		*e |= bits;     /* store only when it changes something: clean lines stay clean on the host */
	r.huge = level == 2;
	r.entry = c->asid_key | (r.huge ? TLB_HUGE | vpn.v >> EG_HUGE_ORDER : vpn.v);
	if ((*e & (PTE_WRITE | PTE_DIRTY)) == (PTE_WRITE | PTE_DIRTY))
		r.entry |= TLB_WRITE;
	return r;
}

/* The portable walk. */
struct walk_result walk(struct mmu_cpu *c, eg_vpn vpn, bool write);

/* Read what a walk for vpn will read, without effect: called some accesses ahead, because DRAM latency is
 * the wall for walks. */
static inline void walk_prefetch(const struct mmu_cpu *c, eg_vpn vpn)
{
	unsigned level;
	uint32_t t = c->root;

	for (level = RADIX_LEVELS; level > 1; level--) {
		pte_t e = radix_entries(c->tables, t)[radix_index(vpn, level)];

		if ((e & (PTE_PRESENT | PTE_HUGE)) != PTE_PRESENT)
			return;
		t = pte_table(e);
	}
	__builtin_prefetch(radix_entries(c->tables, t) + radix_index(vpn, 1), 1);
}

eg_status walk_cache_init(struct mmu_cpu *c, const struct pwc_config *config, struct eg_arena *arena) EG_MUST_USE;
void      walk_cache_flush_asid(struct mmu_cpu *c, unsigned asid);

#endif
