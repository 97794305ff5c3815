/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access_loop - the product's engine: translate, charge, count, in order.
 *
 * One always-inline body; each TLB design makes one named function of it (run) by passing its own
 * look-ups, which the compiler inlines because they are constants. For each access:
 *
 *   1. Last-page filter: the same 4 KiB as the access before on that side (data or fetch), with
 *      permission, is a hit that changes nothing - its entry, of either size, is the most recent of its
 *      set already. Worth several times on sequential streams.
 *   2. First level of the design. A hit moves the entry to the front of its set.
 *   3. Out of line: second level, walk, fill, dirty-bit assists, and the second half of an access that
 *      straddles two pages.
 *
 * Time. An access that hits costs cost.access, so the start of access i is clock + i * access + extra,
 * where extra grows only out of line. The horizon therefore becomes a bound on i, computed when extra
 * changes, and a hit does no arithmetic on time.
 *
 * Order. A walk of a space that is active on several CPUs must happen in global order: the loop stops
 * before it (ACCESS_ORDER) unless the caller says this CPU is the earliest.
 *
 * Counters change only when an access completes; a faulting access changes nothing but walk caches and
 * n.fault_walks, and is executed again after the fault.
 *
 * Measured numbers stand in docs/performance.md.
 */
#ifndef SIM_MMU_ACCESS_LOOP_H
#define SIM_MMU_ACCESS_LOOP_H

#include "sim/mmu/mmu.h"
#include "sim/mmu/walk/walk.h"

#define EG_ALWAYS_INLINE inline __attribute__((always_inline))

/*
 * Look-ups of a design, for the out-of-line path. Each returns the entry found, 0 = miss; a hit makes it
 * the most recent of its set.
 *   l1(c, side, vpn, known)   first level, both page sizes; `known`: the 4 KiB data array was just found
 *                             not to hold the page
 *   l2(c, vpn)                second level (0 if there is none)
 *   fill1, fill2              put an entry that is not there
 *   update(c, entry)          replace the entry of this page wherever it is (its W bit was set)
 *   walk(c, vpn, write)       walk.h, specialised
 */
typedef uint64_t (*tlb_l1_fn)(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn, bool known);
typedef uint64_t (*tlb_l2_fn)(struct mmu_cpu *c, uint64_t vpn);
typedef void     (*tlb_fill1_fn)(struct mmu_cpu *c, enum tlb_side side, uint64_t entry);
typedef void     (*tlb_fill2_fn)(struct mmu_cpu *c, uint64_t entry);
typedef void     (*tlb_update_fn)(struct mmu_cpu *c, uint64_t entry);
typedef struct walk_result (*tlb_walk_fn)(struct mmu_cpu *c, eg_vpn vpn, bool write);

/*
 * The last-page filter of a side is one word: page address, and TLB_WRITE if the page may be written. An
 * access hits it if the page bits are equal and, while the page may not be written, its kind is READ (0).
 */
#define FILTER_PAGE  (EG_ACCESS_ADDR_MASK & ~(EG_PAGE_SIZE - 1))
#define FILTER_KIND  (UINT64_C(3) << 57)

static EG_ALWAYS_INLINE uint64_t filter_mask(uint64_t entry)
{
	uint64_t readonly = ~entry & TLB_WRITE;         /* bit 59: its right neighbours are the kind bits */

	return FILTER_PAGE | readonly >> 1 | readonly >> 2;
}

enum page_outcome { PAGE_OK, PAGE_FAULT, PAGE_ORDER };

enum {
	WALK_AHEAD = 8,         /* an access that walks prefetches the leaf entry of the one so far ahead  */
	WALK_AHEAD_TABLES = 64, /* ... if the page tables are larger than the host's L1 cache holds anyway */
};

static EG_ALWAYS_INLINE bool access_is_write(uint64_t word)
{
	return ((word >> 57 & 3) + 1) >> 1 & 1;     /* WRITE = 1 and MODIFY = 2, of 0..3 */
}

/* Out of line: translate one page that the fast path could not. Adds its time beyond cost.access to
 * *extra. Counts only on PAGE_OK. */
static EG_ALWAYS_INLINE enum page_outcome
access_page(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn, bool write, bool known, bool ordered, eg_time *extra,
	    tlb_l1_fn l1, tlb_l2_fn l2, tlb_fill1_fn fill1, tlb_fill2_fn fill2, tlb_update_fn update, tlb_walk_fn walker)
{
	uint64_t *l1_misses = side == TLB_INSTR ? &c->n.l1i_misses : &c->n.l1d_misses;
	uint64_t entry = l1(c, side, vpn, known);
	bool missed1 = !entry;
	struct walk_result w;
	eg_time cost;

	if (missed1)
		entry = l2(c, vpn);
	if (entry && (!write || (entry & TLB_WRITE))) {
		if (missed1) {
			++*l1_misses;
			*extra += c->cost.stlb_hit;
			c->time_tlb += c->cost.stlb_hit;
			fill1(c, side, entry);
		}
		c->filter[side] = vpn << EG_PAGE_SHIFT | (entry & TLB_WRITE);
		return PAGE_OK;
	}
	if (c->ordered_space && !ordered)
		return PAGE_ORDER;
	w = walker(c, eg_vpn_of(vpn), write);
	cost = c->cost.pwc_hit + w.refs * c->cost.pte_read;
	*extra += cost;
	c->time_walk += cost;
	if (!w.entry) {
		c->n.fault_walks++;
		/* an entry without permission was looked up, so the filter's is not the most recent any more */
		c->filter[side] = MMU_FILTER_EMPTY;
		return PAGE_FAULT;
	}
	*l1_misses += missed1;
	c->n.walk_refs += w.refs;
	if (entry) {
		/* a translation was there, but its dirty bit was not set: an assist, not a miss */
		c->n.dirty_walks++;
		if (missed1) {
			*extra += c->cost.stlb_hit;
			c->time_tlb += c->cost.stlb_hit;
			fill1(c, side, w.entry);
		}
		update(c, w.entry);
	} else {
		c->n.l2_misses++;
		c->n.huge_misses += w.huge;
		c->n.walks++;
		c->n.pwc_hits[w.start]++;
		c->huge_seen |= w.huge;
		fill2(c, w.entry);
		fill1(c, side, w.entry);
	}
	c->filter[side] = vpn << EG_PAGE_SHIFT | (w.entry & TLB_WRITE);
	return PAGE_OK;
}

/* What a chunk holds, from one pass that the compiler vectorises. */
struct chunk_kinds {
	uint64_t lo, hi, both;      /* words with kind bit 0, bit 1, both set */
	uint64_t straddles;
};

static EG_ALWAYS_INLINE struct chunk_kinds chunk_scan(const uint64_t *acc, uint32_t n)
{
	struct chunk_kinds k = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint64_t a = acc[i] >> 57 & 1, b = acc[i] >> 58 & 1;

		k.lo += a;
		k.hi += b;
		k.both += a & b;
		k.straddles += ((acc[i] & (EG_PAGE_SIZE - 1)) + (acc[i] >> 59)) >> EG_PAGE_SHIFT;
	}
	return k;
}

static EG_ALWAYS_INLINE void chunk_count(struct mmu_cpu *c, const struct chunk_kinds *k, uint64_t n)
{
	c->n.fetches += k->both;
	c->n.writes += k->lo - k->both;
	c->n.modifies += k->hi - k->both;
	c->n.reads += n - k->lo - k->hi + k->both;
}

/* Index of the first access that starts at or after the horizon; start of i is clock + i * cost + extra. */
static inline uint32_t access_limit(const struct mmu_cpu *c, eg_time extra, eg_time horizon, uint32_t n)
{
	eg_time start = c->clock + extra;

	if (start >= horizon)
		return 0;
	if (horizon - start > n * c->cost.access)
		return n;               /* the common case needs no division */
	return (uint32_t)((horizon - start + c->cost.access - 1) / c->cost.access);
}

struct miss_outcome {
	enum page_outcome outcome;
	eg_time           extra;        /* time beyond cost.access */
	uint64_t          fault_addr;
};

/* May this page be used as it stands, by the page table? */
static inline bool table_permits(const struct mmu_cpu *c, uint64_t vpn, bool write)
{
	unsigned level;
	uint32_t table;
	pte_t e;

	if (c->root == RADIX_NONE || vpn >> (RADIX_VA_BITS - EG_PAGE_SHIFT))
		return false;
	e = *radix_lookup(c->tables, c->root, eg_vpn_of(vpn), &level, &table);
	return pte_permits(e, write);
}

/* Out of line for one access: its page, and the next one if it straddles. */
static EG_ALWAYS_INLINE struct miss_outcome
access_miss(struct mmu_cpu *c, uint64_t word, enum tlb_side side, bool straddles, bool known, bool ordered,
	    tlb_l1_fn l1, tlb_l2_fn l2, tlb_fill1_fn fill1, tlb_fill2_fn fill2, tlb_update_fn update, tlb_walk_fn walker)
{
	uint64_t vpn = eg_access_addr(word) >> EG_PAGE_SHIFT;
	bool write = access_is_write(word);
	struct miss_outcome m = { .fault_addr = eg_access_addr(word) };

	if (EG_UNLIKELY(straddles)) {
		/* both pages must be usable before either counts: ask the table about the second one first, so
		 * that a fault on it leaves the first page's look-up unmade */
		if (c->ordered_space && !ordered) {
			m.outcome = PAGE_ORDER;
			return m;
		}
		if (table_permits(c, vpn, write) && !table_permits(c, vpn + 1, write)) {
			m.outcome = PAGE_FAULT;
			m.extra = c->cost.pwc_hit + c->cost.pte_read;
			m.fault_addr = (vpn + 1) << EG_PAGE_SHIFT;
			c->time_walk += m.extra;
			c->n.fault_walks++;
			return m;
		}
	}
	m.outcome = access_page(c, side, vpn, write, known, ordered, &m.extra, l1, l2, fill1, fill2, update, walker);
	if (EG_UNLIKELY(straddles) && m.outcome == PAGE_OK) {
		/* it can still fail if the first page was in the TLB only, its entry gone from the table */
		m.outcome = access_page(c, side, vpn + 1, write, false, ordered, &m.extra, l1, l2, fill1, fill2, update, walker);
		if (m.outcome == PAGE_OK)
			c->n.straddles++;
		else
			m.fault_addr = (vpn + 1) << EG_PAGE_SHIFT;
	}
	return m;
}

/*
 * The design's first data array for 4 KiB pages, held in registers. fast() looks a key up in it and makes
 * it the most recent; 0 (it is not there) sends the access to the out-of-line path, which knows the other
 * arrays and does not look in this one again.
 */
struct tlb_l1 {
	void    *rows;
	uint64_t set_mask;
	uint32_t ways;
};
typedef uint64_t (*tlb_fast_fn)(struct tlb_l1 l1, uint64_t vpn, uint64_t key);
typedef struct miss_outcome (*tlb_miss_fn)(struct mmu_cpu *c, uint64_t word, enum tlb_side side, bool straddles,
					   bool known, bool ordered);

/* Execute acc[i..end) of one chunk; `plain`: no fetch on a side of its own and no straddle among them. */
static EG_ALWAYS_INLINE uint32_t
chunk_run(struct mmu_cpu *c, const uint64_t *acc, uint32_t i, uint32_t end, uint32_t n, eg_time horizon, bool *ordered,
	  uint32_t *limit, eg_time *extra, struct access_result *r, bool plain, bool unified, struct tlb_l1 l1,
	  tlb_fast_fn fast, tlb_miss_fn miss)
{
	const uint64_t asid_key = c->asid_key;
	uint64_t last = c->filter[TLB_DATA], mask = filter_mask(last);

	for (; i < end; i++) {
		uint64_t word = acc[i];
		bool straddles = false, fetch = false, known = false;
		struct miss_outcome m;

		if (!plain) {
			straddles = ((word & (EG_PAGE_SIZE - 1)) + (word >> 59)) >> EG_PAGE_SHIFT;
			fetch = !unified && (word & FILTER_KIND) == FILTER_KIND;
			if (fetch && !straddles && !((word ^ c->filter[TLB_INSTR]) & FILTER_PAGE))
				continue;
			if (unified && (word & FILTER_KIND) == FILTER_KIND)
				word &= ~FILTER_KIND;   /* in a unified array a fetch is a read */
		}
		if (plain || (!straddles && !fetch)) {
			uint64_t vpn, entry;

			if (!((word ^ last) & mask))
				continue;
			vpn = eg_access_addr(word) >> EG_PAGE_SHIFT;
			entry = fast(l1, vpn, vpn | asid_key);
			if (EG_LIKELY(entry && !(access_is_write(word) && !(entry & TLB_WRITE)))) {
				last = (word & FILTER_PAGE) | (entry & TLB_WRITE);
				mask = filter_mask(entry);
				continue;
			}
			known = !entry;
		}
		if (i + WALK_AHEAD < n && c->tables->nr_used > WALK_AHEAD_TABLES && c->root != RADIX_NONE)
			walk_prefetch(c, eg_vpn_of_addr(eg_access_addr(acc[i + WALK_AHEAD])));
		c->filter[TLB_DATA] = last;
		m = miss(c, word, fetch ? TLB_INSTR : TLB_DATA, straddles, known, *ordered);
		last = c->filter[TLB_DATA];
		mask = filter_mask(last);
		if (EG_UNLIKELY(m.outcome != PAGE_OK)) {
			*extra += m.extra;
			r->stop = m.outcome == PAGE_FAULT ? ACCESS_FAULT : ACCESS_ORDER;
			r->fault_addr = m.fault_addr;
			break;
		}
		if (EG_UNLIKELY(c->ordered_space))
			*ordered = false;       /* the next walk waits for its turn again */
		*extra += m.extra;
		*limit = access_limit(c, *extra, horizon, n);
		end = end < *limit ? end : *limit;
	}
	c->filter[TLB_DATA] = last;
	return i;
}

/* The body: chunks of 64, small enough that a fault soon after does not waste the scan. */
enum { ACCESS_CHUNK = 64 };

static EG_ALWAYS_INLINE struct access_result
access_loop(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered, bool unified,
	    struct tlb_l1 l1, tlb_fast_fn fast, tlb_miss_fn miss)
{
	struct access_result r = { .stop = ACCESS_DONE };
	uint32_t limit = access_limit(c, 0, horizon, n), i = 0;
	eg_time extra = 0;

	while (i < limit && r.stop == ACCESS_DONE) {
		uint32_t start = i, end = limit - i > ACCESS_CHUNK ? i + ACCESS_CHUNK : limit;
		struct chunk_kinds kinds = chunk_scan(acc + start, end - start);

		if (EG_LIKELY(!kinds.straddles && !kinds.both))
			i = chunk_run(c, acc, i, end, n, horizon, &ordered, &limit, &extra, &r, true, unified, l1, fast, miss);
		else
			i = chunk_run(c, acc, i, end, n, horizon, &ordered, &limit, &extra, &r, false, unified, l1, fast, miss);
		if (i != end)
			kinds = chunk_scan(acc + start, i - start);
		chunk_count(c, &kinds, i - start);
	}
	if (r.stop == ACCESS_DONE && i < n)
		r.stop = ACCESS_HORIZON;
	r.nr_done = i;
	c->clock += i * c->cost.access + extra;
	c->time_compute += i * c->cost.access;
	return r;
}

#endif
