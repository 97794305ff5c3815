/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tlb - the contract of a TLB design.
 *
 * A design owns one CPU's translation arrays. Its run() executes a block of accesses: it is the access
 * loop (sim/mmu/access_loop.h) specialised for the design at compile time, so that nothing is called
 * through a pointer per access; the machine calls run() once a block.
 *
 * Entry, 64 bits, self-contained:
 *
 *   63..60 node   59 W   58 valid   57 size   56..45 ASID   44..0 page number in units of its size
 *
 * W means "may be written without a walk": the PTE is writable and its dirty bit is set. Entries are
 * compared under TLB_KEY_MASK (valid, size, ASID, page number). An all-zero entry is invalid.
 *
 * Semantics common to all designs: fetches look in the instruction side, all else in the data side; a
 * miss looks in the second level; a hit there fills the first; a miss there walks and fills both. Victims
 * are dropped silently, nothing is back-invalidated. An access that straddles two pages makes two
 * lookups, low page first. MODIFY makes one. Counters change only when the access completes, so that a
 * faulting access counts once however often it is retried.
 */
#ifndef SIM_MMU_TLB_TLB_H
#define SIM_MMU_TLB_TLB_H

#include "sim/base/mem.h"
#include "sim/base/op.h"
#include "sim/base/param.h"
#include "sim/mmu/tlb_config.h"

#define TLB_VPN_BITS   45u
#define TLB_ASID_BITS  12u
#define TLB_ASID(a)    ((uint64_t)(a) << TLB_VPN_BITS)
#define TLB_HUGE       (UINT64_C(1) << 57)
#define TLB_VALID      (UINT64_C(1) << 58)
#define TLB_WRITE      (UINT64_C(1) << 59)
#define TLB_KEY_MASK   ((UINT64_C(1) << 59) - 1)
#define TLB_VPN_MASK   ((UINT64_C(1) << TLB_VPN_BITS) - 1)

enum tlb_side { TLB_DATA, TLB_INSTR };

struct mmu_cpu;

/* Why run() stopped. */
enum access_stop {
	ACCESS_DONE,        /* the whole block is executed                                             */
	ACCESS_HORIZON,     /* the next access would start at or after the horizon                     */
	ACCESS_FAULT,       /* access nr_done needs the fault handler; it has changed nothing yet      */
	ACCESS_ORDER,       /* access nr_done needs a walk, and walks of this space are globally ordered */
};

struct access_result {
	enum access_stop stop;
	uint32_t nr_done;          /* accesses completed                                     */
	uint64_t fault_addr;       /* FAULT: byte address of the page at fault               */
};

struct tlb_ops {
	const char            *name;
	const char            *summary;
	const struct eg_param *params;

	size_t (*state_size)(const struct tlb_config *config, const struct eg_args *args);
	/* Side arrays come from the arena, here only. The state is all invalid entries afterwards. */
	eg_status (*init)(void *state, const struct tlb_config *config, const struct eg_args *args,
			  struct eg_arena *arena);

	/*
	 * Execute acc[0..n) on this CPU from c->clock, each access whose start lies before `horizon`.
	 * Advances c->clock and the counters. `ordered`: the CPU is the earliest of all, so its first walk
	 * may run even if walks of the current space are ordered.
	 */
	struct access_result (*run)(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered);

	/* Drop the entries of one page (any size that covers it), of one ASID, of all. */
	void (*invalidate)(void *state, unsigned asid, eg_vpn vpn);
	void (*flush_asid)(void *state, unsigned asid);
	void (*flush_all)(void *state);

	/* Bytes mapped by the valid entries of the last level (of the first if there is no second). */
	uint64_t (*reach)(const void *state);
	void (*validate)(const void *state);
};

extern const struct tlb_ops *const tlb_registry[];

const struct tlb_ops *tlb_find(const char *name);

#endif
