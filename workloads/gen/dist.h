/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist - distributions as integer tables.
 *
 * Built once with GSL in a generator's init(), drawn from with integers only; see dist.c for how a table
 * is kept free of the host's last floating-point digit.
 */
#ifndef WORKLOADS_GEN_DIST_H
#define WORKLOADS_GEN_DIST_H

#include "sim/base/mem.h"
#include "sim/base/rng.h"
#include "sim/base/status.h"

/* ---- alias table: one of n items with given weights ---------------------------------------------- */

#define GEN_ALIAS_MAX (UINT32_C(1) << 26)     /* most items of one table */

/* The slot keeps `item` with probability threshold / 2^32, else gives `alias`. One cache line per draw. */
struct gen_alias_slot {
	uint32_t threshold, item, alias;
};

struct gen_alias {
	uint32_t               n;             /* >= 1 */
	struct gen_alias_slot *slot;          /* n of them, in the arena */
};

/*
 * Table of n items (1..GEN_ALIAS_MAX), item i with probability weight[i] / sum. Weights are finite, not
 * negative, and not all zero. They are used to 24 significant bits. EG_NO_MEMORY, or EG_BAD_INPUT when
 * the weights are none.
 */
eg_status gen_alias_build(struct gen_alias *a, const double *weight, uint32_t n, struct eg_arena *arena,
			  struct eg_errors *err) EG_MUST_USE;

/*
 * Zipf over n items: rank k = 1..n has probability k^-theta / H(n, theta), theta >= 0. Rank k is item
 * k - 1, or, with `scramble`, a fixed place of it (the same for every seed) so that the often drawn
 * items are spread over the whole range.
 */
eg_status gen_alias_zipf(struct gen_alias *a, uint32_t n, double theta, bool scramble, struct eg_arena *arena,
			 struct eg_errors *err) EG_MUST_USE;

/*
 * A draw in two halves, one step of the generator in the first. The first asks for the slot's cache line, so
 * that a loop of first halves and then of second ones waits for many misses at once.
 */
struct gen_alias_pick {
	uint32_t slot, coin;
};

static inline struct gen_alias_pick gen_alias_pick(const struct gen_alias *a, struct eg_rng *r)
{
	unsigned __int128 m = (unsigned __int128)eg_rng_next(r) * a->n;
	struct gen_alias_pick p = { (uint32_t)(m >> 64), (uint32_t)((uint64_t)m >> 32) };

	__builtin_prefetch(&a->slot[p.slot]);
	return p;
}

static inline uint32_t gen_alias_take(const struct gen_alias *a, struct gen_alias_pick p)
{
	const struct gen_alias_slot *s = &a->slot[p.slot];
	uint32_t keep = 0 - (uint32_t)(p.coin < s->threshold);

	return s->alias ^ ((s->alias ^ s->item) & keep);        /* no branch: many would be mispredicted */
}

static inline uint32_t gen_alias_draw(const struct gen_alias *a, struct eg_rng *r)
{
	return gen_alias_take(a, gen_alias_pick(a, r));
}

/* ---- quantile table: a continuous quantity ------------------------------------------------------- */

#define GEN_QUANTILE_BITS  12u
#define GEN_QUANTILE_KNOTS ((1u << GEN_QUANTILE_BITS) + 1u)

struct gen_quantile {
	uint64_t *knot;                       /* GEN_QUANTILE_KNOTS, not decreasing, in the arena */
};

/*
 * Both clamp to [lo, hi], which gather what lies outside. Values are rounded to 24 significant bits and
 * to whole units. mean > 0; median > 0, sigma >= 0; lo <= hi <= 2^62. EG_NO_MEMORY.
 */
eg_status gen_quantile_exponential(struct gen_quantile *q, double mean, uint64_t lo, uint64_t hi,
				   struct eg_arena *arena, struct eg_errors *err) EG_MUST_USE;
eg_status gen_quantile_lognormal(struct gen_quantile *q, double median, double sigma, uint64_t lo, uint64_t hi,
				 struct eg_arena *arena, struct eg_errors *err) EG_MUST_USE;

/* One draw = one step of the generator: 12 bits choose the cell, 32 the place between its two knots. */
static inline uint64_t gen_quantile_draw(const struct gen_quantile *q, struct eg_rng *r)
{
	uint64_t x = eg_rng_next(r), i = x >> (64 - GEN_QUANTILE_BITS), frac = (uint32_t)(x >> 16);
	uint64_t lo = q->knot[i], step = q->knot[i + 1] - lo;

	return lo + (uint64_t)((unsigned __int128)step * frac >> 32);
}

/* ---- permutation --------------------------------------------------------------------------------- */

/* A bijection of [0, n) without a table: the same (n, key) is the same permutation everywhere. */
struct gen_perm {
	uint64_t n;                           /* 1..2^62 */
	uint64_t key;
	unsigned half;                        /* bits of each half of the network, 1..31 */
};

struct gen_perm gen_perm_init(uint64_t n, uint64_t key);

/* Where i < n goes; < n. At most 4 passes of the network are expected, 4 rounds each. */
uint64_t gen_perm_at(const struct gen_perm *p, uint64_t i);

/* ---- a share as 32-bit chance -------------------------------------------------------------------- */

/* A share in [0, 1] as p / 2^32 for eg_rng_chance(), rounded to the nearest. */
static inline uint64_t gen_chance32(double share)
{
	return (uint64_t)(share * 4294967296.0 + 0.5);
}

/* `share32` / 2^32 of n, rounded to the nearest. */
static inline uint64_t gen_share_of(uint64_t n, uint64_t share32)
{
	return (uint64_t)(((unsigned __int128)n * share32 + (UINT64_C(1) << 31)) >> 32);
}

#endif
