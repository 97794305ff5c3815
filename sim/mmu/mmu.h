/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mmu - one CPU's memory management unit: TLB, page-walk caches, current space, counters, clock.
 *
 * The clock stands here because the access loop advances it: time passes where accesses execute. Each
 * picosecond goes to one of three categories that this room knows (compute, tlb, walk); the rest are
 * charged by the machine.
 */
#ifndef SIM_MMU_MMU_H
#define SIM_MMU_MMU_H

#include "sim/mmu/table/radix.h"
#include "sim/mmu/tlb/tlb.h"

#define MMU_COUNTER_MAP(X)  /* field, metric column, long name */                                              \
	X(reads,           "access.reads",           "loads executed")                                         \
	X(writes,          "access.writes",          "stores executed")                                        \
	X(modifies,        "access.modifies",        "loads followed by a store at one place")                 \
	X(fetches,         "access.fetches",         "instruction fetches executed")                           \
	X(straddles,       "access.straddles",       "accesses that touch two pages")                          \
	X(l1d_misses,      "tlb.misses.l1d",         "lookups that missed the L1 data TLB")                    \
	X(l1i_misses,      "tlb.misses.l1i",         "lookups that missed the L1 instruction TLB")             \
	X(l2_misses,       "tlb.misses.l2",          "lookups that missed the second-level TLB")               \
	X(huge_misses,     "tlb.misses.l2_2m",       "of these, walks that ended at a 2 MiB entry")            \
	X(walks,           "walk.count",             "page walks of completed accesses")                       \
	X(walk_refs,       "walk.refs",              "page-table entries read by walks")                       \
	X(dirty_walks,     "walk.dirty",             "walks only to set a dirty bit")                          \
	X(fault_walks,     "walk.faulting",          "walks that ended in a fault")                            \
	X(flush_all,       "flush.local_all",        "flushes of a whole address space on its own CPU")        \
	X(flush_one,       "flush.local_one",        "single pages invalidated on their own CPU")

struct mmu_counters {
#define X(field, name, text) uint64_t field;
	MMU_COUNTER_MAP(X)
#undef X
	/* walks by the level they started from: 1 = PD entry cached, 2 = PDPT, 3 = PML4, 4 = no cache hit */
	uint64_t pwc_hits[RADIX_LEVELS + 1];
};

/* Costs the loop charges, in picoseconds. */
struct mmu_costs {
	eg_time access, stlb_hit, pwc_hit, pte_read;
};

enum { MMU_MAX_ASIDS = 4096 };

/* A slot of the CPU's dynamic ASIDs (Linux: cpu_tlbstate.ctxs). */
struct mmu_asid {
	uint32_t space;         /* number of the address space, 0 = none                       */
	bool     stale;         /* a flush was missed while the space was not current here, or
				 * (space == 0) entries of a space that is gone are left       */
	uint64_t used;          /* switch count at last use: the smallest is replaced          */
};

/* One walk cache: rows of tags in recency order; tag = prefix of the page number | ASID | valid. */
struct mmu_pwc {
	uint64_t *tag;
	uint32_t  set_mask, ways;   /* ways == 0: absent */
};

/* Empty last-page filter: no user address has all page bits set. */
#define MMU_FILTER_EMPTY (EG_ACCESS_ADDR_MASK & ~(EG_PAGE_SIZE - 1))

struct mmu_cpu {
	/* what the loop reads for every access */
	uint64_t             asid_key;          /* TLB_VALID | TLB_ASID of the current space          */
	uint64_t             filter[2];         /* last 4 KiB page used, by side (access_loop.h)      */
	eg_time              clock;             /* simulated time this CPU has reached                */
	struct mmu_costs     cost;
	void                *tlb;               /* state of the design                                */
	const struct tlb_ops *tlb_ops;

	/* what a walk needs */
	struct radix_pool   *tables;
	uint32_t             root;              /* root table of the current space, RADIX_NONE = none */
	bool                 ordered_space;     /* active on several CPUs: walks are globally ordered */
	unsigned             asid;              /* current slot */
	struct mmu_pwc       pwc[3];            /* PML4, PDPT, PD entries */
	bool                 huge_seen;         /* a 2 MiB entry was ever filled: probe for them too  */

	struct mmu_counters  n;
	eg_time              time_compute, time_tlb, time_walk;   /* sum of what the loop charged     */

	unsigned             nr_asids;
	uint64_t             nr_switches;
	struct mmu_asid     *asids;
};

/*
 * Build a CPU's MMU. Arrays come from the arena. EG_NO_MEMORY or what the design's init says.
 */
eg_status mmu_init(struct mmu_cpu *c, const struct tlb_ops *design, const struct tlb_config *tlb, const struct eg_args *args,
		   const struct pwc_config *pwc, const struct mmu_costs *costs, unsigned nr_asids,
		   struct radix_pool *tables, struct eg_arena *arena) EG_MUST_USE;

/*
 * Make `space` (a number >= 1) with this root the current one. Its translations survive from its last
 * turn if a slot still holds it and no flush was missed.
 */
void mmu_switch(struct mmu_cpu *c, uint32_t space, uint32_t root);

/* No space is current (idle, or the task has exited). */
void mmu_switch_none(struct mmu_cpu *c);

/* Is `space` current here; does any slot hold translations of it? */
bool mmu_is_current(const struct mmu_cpu *c, uint32_t space);
bool mmu_holds(const struct mmu_cpu *c, uint32_t space);

/* Drop the translations of [vpn, vpn + nr) of a space that is current; more than 33 pages flush the whole
 * space (Linux: tlb_single_page_flush_ceiling). Of a space that is only held: marks its slot stale. */
#define MMU_FLUSH_CEILING 33u
void mmu_flush_range(struct mmu_cpu *c, uint32_t space, eg_vpn vpn, uint64_t nr);

/* The space is gone: its slot is free. Its translations are dropped now if it is current here, else when
 * the slot is used again; until then nothing can find them. */
void mmu_forget(struct mmu_cpu *c, uint32_t space);

/* The filter forgets: after every change to translations other than by the loop itself. */
void mmu_filter_clear(struct mmu_cpu *c);

/* Invariants of the design and the slots. */
void mmu_validate(const struct mmu_cpu *c);

#endif
