/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * palloc - the contract of a page-allocator policy.
 *
 * One policy instance manages the frames of one zone. Zonelists, watermarks, the slow path, zeroing and
 * accounting are mechanism (sim/phys/alloc.c); a policy only decides which block a request gets and
 * where a freed block goes. Each call reports the steps it took; the cost table prices a step.
 *
 * Per-frame state. The policy shares the zone's frame records (frame.h): for a free block the record of
 * its first frame holds its order and the two list links, which a policy may use for its own lists. All
 * zeros in a record means "inside a free block, not its head". The mechanism marks allocated blocks.
 */
#ifndef SIM_PHYS_PALLOC_PALLOC_H
#define SIM_PHYS_PALLOC_PALLOC_H

#include "sim/base/mem.h"
#include "sim/base/param.h"
#include "sim/base/types.h"

struct frame;

/* Mobility groups, Linux's order and names (MIGRATE_*). */
enum migratetype { MT_UNMOVABLE, MT_MOVABLE, MT_RECLAIMABLE, NR_MIGRATETYPES };

struct palloc_span {
	eg_pfn           start, end;      /* frames [start, end) of the zone                              */
	struct frame    *frames;          /* the machine's table, indexed by pfn                          */
	uint8_t         *pageblock_type;  /* enum migratetype of each 2 MiB block; index (pfn >> 9) of the
					   * machine; all MT_MOVABLE at start, as Linux's memmap_init     */
	struct eg_arena *arena;           /* for side arrays sized by the span, in init() only            */
};

struct palloc_req {
	uint8_t order;                    /* 0..EG_MAX_ORDER                                             */
	uint8_t migratetype;
	uint8_t cpu;                      /* requesting CPU (policies with per-CPU lists)                */
	uint8_t flags;                    /* PALLOC_NOFRAGMENT                                           */
	uint64_t hint;                    /* object offset for placement policies; 0 = none              */
};

#define PALLOC_NOFRAGMENT 1u            /* do not take a foreign block below a pageblock: another zone will do */

enum palloc_outcome { PALLOC_GRANTED, PALLOC_NO_BLOCK };

struct palloc_result {
	enum palloc_outcome outcome;
	eg_pfn   pfn;                     /* first frame, aligned to the order                           */
	uint32_t steps;                   /* list operations and words looked at                         */
	uint8_t  fallback;                /* 1 + migratetype of the foreign list it came from; 0 = own   */
	uint8_t  fallback_order;          /* order of the block taken there                              */
};

/* Free memory as seen by /proc/buddyinfo and extfrag. */
struct palloc_free {
	uint64_t blocks[EG_NR_ORDERS];                            /* n_i                         */
	uint64_t blocks_of_type[NR_MIGRATETYPES][EG_NR_ORDERS];   /* by list; sums to blocks[]   */
	uint64_t pages;                                           /* sum n_i << i                */
};

/* Totals since init(); a policy leaves at 0 what it does not do. */
struct palloc_counters {
	uint64_t splits, merges;          /* one block made two; two made one                            */
	uint64_t claims;                  /* pageblocks whose type was changed for a fallback            */
	uint64_t moved_pages;             /* free pages moved to another type's list by a claim          */
};

struct palloc_ops {
	const char            *name;
	const char            *summary;
	const struct eg_param *params;

	size_t (*state_size)(const struct palloc_span *span, const struct eg_args *args);
	/* All frames of the span are allocated at first; add_free() hands them over. */
	eg_status (*init)(void *state, const struct palloc_span *span, const struct eg_args *args);
	/* Boot: give the policy [start, end), in ascending calls. Linux puts such blocks at list tails. */
	void (*add_free)(void *state, eg_pfn start, eg_pfn end);

	struct palloc_result (*alloc_pages)(void *state, const struct palloc_req *req);
	/* A block handed out by alloc_pages with this order, or part of it of a smaller order. Returns steps. */
	uint32_t (*free_pages)(void *state, eg_pfn pfn, unsigned order);

	/* Fill *f from the state; may be linear in the number of free blocks. */
	void (*free_state)(const void *state, struct palloc_free *f);
	/* Is this frame inside a free block? For audits. */
	bool (*frame_is_free)(const void *state, eg_pfn pfn);
	/* Fill *c; NULL for a policy that counts nothing. */
	void (*counters)(const void *state, struct palloc_counters *c);
	/* Every invariant in the state's comment; a broken one stops the run. */
	void (*validate)(const void *state);
};

extern const struct palloc_ops *const palloc_registry[];

const struct palloc_ops *palloc_find(const char *name);

#endif
