/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits - yardsticks: the least work that an idea allows, with nothing around it.
 *
 * No counters but those that prove the work was done, no permissions, no sizes, no policy behind a table of
 * functions, fixed geometry, memory laid out for the loop. What Engram does beyond this is what the
 * distance to the limit pays for. Dense on purpose, and no part of any simulation.
 */
#ifndef SIM_BENCH_LIMITS_H
#define SIM_BENCH_LIMITS_H

#include "sim/base/mem.h"

/* Memory of the loops: one reservation, huge pages asked for, carved from the front. */
struct limit_pool {
	char  *p;
	size_t bytes, used;
};

static inline bool limit_pool_init(struct limit_pool *pool)
{
	*pool = (struct limit_pool){ .bytes = (size_t)256 << 20 };
	pool->p = eg_reserve(pool->bytes, true);
	return pool->p != NULL;
}

static inline void limit_pool_fini(struct limit_pool *pool) { eg_unreserve(pool->p, pool->bytes); }

/* Zeroed, at a cache line; NULL when the pool is used up. */
static inline void *limit_carve(struct limit_pool *pool, size_t nr, size_t size)
{
	size_t at = (pool->used + 63) & ~(size_t)63;

	if (nr * size > pool->bytes || at > pool->bytes - nr * size)
		return NULL;
	pool->used = at + nr * size;
	return pool->p + at;
}

/* ---- translation: L1 64 entries in 4 ways, L2 1536 in 12, LRU, 4-level table over 1 Mi pages ------------- */

struct limit_tlb;
struct limit_tlb *limit_tlb_new(struct limit_pool *pool);
/* Translate the addresses (bits 12..31) of n words from an empty TLB; *l1 and *l2 count misses. */
void limit_tlb_run(struct limit_tlb *t, const uint64_t *acc, uint64_t n, bool reset, uint64_t *l1, uint64_t *l2);

/* ---- trace: zigzag deltas in LEB128, decoded from memory --------------------------------------------------- */

/* Encode; returns the bytes used of out[10 * n]. */
size_t limit_leb_encode(const uint64_t *acc, uint64_t n, uint8_t *out);
/* Decode n into out[]; returns where it stopped. *last carries over. */
const uint8_t *limit_leb_decode(const uint8_t *in, uint64_t n, uint64_t *last, uint64_t *out);
/* Decode and add up page numbers. */
uint64_t limit_leb_sum(const uint8_t *in, uint64_t n);

/* ---- memory management of 1 GiB: records of 24 bytes, table of 8-byte entries, stack of free frames -------- */

enum { LIMIT_PAGES = 1 << 18 };
struct limit_vm;
struct limit_vm *limit_vm_new(struct limit_pool *pool);
void limit_vm_touch(struct limit_vm *v, const uint32_t *order);     /* in this order, NULL = ascending */
void limit_vm_zap(struct limit_vm *v);
void limit_vm_fork(struct limit_vm *v);                             /* eager: copy, write-protect, count */
void limit_vm_cow(struct limit_vm *v);                              /* the parent writes every page */
void limit_vm_exit(struct limit_vm *v);                             /* of the child */

/* ---- buddy allocator over 8 GiB ---------------------------------------------------------------------------- */

struct limit_buddy;
struct limit_buddy *limit_buddy_new(struct limit_pool *pool);
void limit_buddy_bulk_alloc(struct limit_buddy *b, uint32_t *page, uint32_t n);
void limit_buddy_bulk_free(struct limit_buddy *b, const uint32_t *page, uint32_t n);
void limit_buddy_pairs(struct limit_buddy *b, unsigned order, uint32_t n);

/* ---- events: a calendar queue whose width was tuned beforehand --------------------------------------------- */

struct limit_calendar;
struct limit_calendar *limit_calendar_new(uint32_t pending, uint64_t mean_gap, struct limit_pool *pool);
void limit_calendar_add(struct limit_calendar *c, uint64_t time, uint32_t data);
/* Take the earliest, add it again gaps[i & mask] later; n times. Returns the sum of the times. */
uint64_t limit_calendar_hold(struct limit_calendar *c, const uint64_t *gaps, uint32_t mask, uint64_t n);

#endif
