/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * radix - page tables of four levels, as x86-64 has them.
 *
 * A table page is two things: 512 entries in host memory, in one pool that is reserved at once and
 * touched as tables appear; and one simulated frame, which the caller takes from the page allocator
 * (kind FRAME_TABLE, unmovable) and gives back. An upper entry holds the index of the child table in the
 * pool, so that a walk needs no second look-up; a leaf holds a pfn.
 *
 *   level 4 (root) ── level 3 ── level 2 ── level 1: 4 KiB leaves
 *                                  └ leaf with PTE_HUGE: 2 MiB
 *
 * What real hardware and Linux do and this does not: 1 GiB leaves, five levels, protection keys, NX kept
 * in the entry (execute permission is checked against the VMA at the fault only), page tables in HighMem.
 */
#ifndef SIM_MMU_TABLE_RADIX_H
#define SIM_MMU_TABLE_RADIX_H

#include "sim/base/check.h"
#include "sim/base/mem.h"
#include "sim/base/types.h"

typedef uint64_t pte_t;

#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_WRITE    UINT64_C(0x002)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY    UINT64_C(0x040)
#define PTE_HUGE     UINT64_C(0x080)    /* a level-2 leaf */
#define PTE_ZERO     UINT64_C(0x200)    /* software: maps the shared zero page, which is not counted */
#define PTE_NONE     UINT64_C(0x400)    /* software, with PTE_PRESENT: mapped and counted, but closed to the walk (PROT_NONE) */
#define PTE_SHIFT    12

#define RADIX_LEVELS  4u
#define RADIX_BITS    9u
#define RADIX_ENTRIES 512u
#define RADIX_NONE    UINT32_MAX
#define RADIX_VA_BITS 48u

static inline eg_pfn pte_pfn(pte_t e)                    { return eg_pfn_of(e >> PTE_SHIFT); }
static inline pte_t  pte_make(eg_pfn pfn, uint64_t bits) { return (uint64_t)pfn.v << PTE_SHIFT | bits; }

/* What is known about a table page beside its entries. */
struct radix_table {
	eg_pfn   pfn;           /* its simulated frame                                            */
	uint32_t next_free;     /* pool free list                                                 */
	uint16_t nr_present;    /* present entries == those counted in its 512 words; 0..512      */
	uint8_t  level;         /* 1..4; 0 = not in use                                           */
};

struct radix_pool {
	pte_t              *entries;    /* table i: entries[512 * i ..]; reserved, lazily touched */
	struct radix_table *table;      /* reserved, lazily touched                               */
	uint32_t            nr_used;    /* tables in use                                          */
	uint32_t            nr_top;     /* tables ever used: index of the first untouched one     */
	uint32_t            capacity;
	uint32_t            free_list;  /* RADIX_NONE = empty                                     */
	uint32_t            nr_level[RADIX_LEVELS + 1];  /* in use, by level; sums to nr_used     */
};

/* Reserve room for `capacity` tables. EG_NO_MEMORY. radix_pool_fini() releases it. */
eg_status radix_pool_init(struct radix_pool *p, uint32_t capacity) EG_MUST_USE;
void      radix_pool_fini(struct radix_pool *p);

/* A cleared table of this level in frame `pfn`; RADIX_NONE when the pool is full. */
uint32_t radix_table_new(struct radix_pool *p, unsigned level, eg_pfn pfn);
/* Give an empty table back; returns its frame, which the caller frees. */
eg_pfn radix_table_free(struct radix_pool *p, uint32_t table);

static inline pte_t *radix_entries(const struct radix_pool *p, uint32_t table)
{
	return p->entries + (size_t)table * RADIX_ENTRIES;
}

static inline unsigned radix_index(eg_vpn vpn, unsigned level)
{
	return (unsigned)(vpn.v >> (RADIX_BITS * (level - 1))) & (RADIX_ENTRIES - 1);
}

/* Does the walk accept this leaf? */
static inline bool pte_permits(pte_t e, bool write)
{
	return (e & (PTE_PRESENT | PTE_NONE)) == PTE_PRESENT && (!write || (e & PTE_WRITE));
}

/* The child table of a present upper entry. */
static inline uint32_t pte_table(pte_t e) { return (uint32_t)(e >> PTE_SHIFT); }

/*
 * The entry that translates vpn, or the first hole on the way. Returns a pointer to the entry of the
 * lowest level reached: *level 1 = a 4 KiB slot (present or not), 2 with PTE_HUGE = a 2 MiB leaf, else a
 * non-present upper entry, whose child table is missing. *table is the table the entry is in.
 */
static inline pte_t *radix_lookup(const struct radix_pool *p, uint32_t root, eg_vpn vpn, unsigned *level, uint32_t *table)
{
	uint32_t t = root;

	for (unsigned l = RADIX_LEVELS; ; l--) {
		pte_t *e = radix_entries(p, t) + radix_index(vpn, l);

		if (l == 1 || !(*e & PTE_PRESENT) || (*e & PTE_HUGE)) {
			*level = l;
			*table = t;
			return e;
		}
		t = pte_table(*e);
	}
}

/* Write an entry and keep nr_present. */
static inline void radix_set(struct radix_pool *p, uint32_t table, pte_t *e, pte_t value)
{
	p->table[table].nr_present = (uint16_t)(p->table[table].nr_present + (value & PTE_PRESENT) - (*e & PTE_PRESENT));
	*e = value;
}

/* Counters of the pool equal what its tables hold; every child is in use one level below its parent. */
void radix_validate(const struct radix_pool *p);

#endif
