/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist - distributions as integer tables.
 *
 * A workload must be the same on every host, but pow(), log() and the inverse normal differ in their
 * last digit from one libm or GSL to the next. Three rules keep that digit out of an op stream:
 *
 *   1. Floating point and GSL run only here, while a table is built. A draw is integers.
 *   2. What a library function returned is rounded to 24 significant bits before anything is derived
 *      from it. Two libraries that differ by 2^-53 then disagree on a value only if it lies that close
 *      to a rounding boundary: about 2^-28 per value.
 *   3. Tests hash the finished tables, so the disagreement that remains possible is seen.
 *
 * Alias tables (Walker 1974, Vose 1991). GSL's gsl_ran_discrete_preproc() splits n weights into n slots
 * of equal mass, each shared by at most two items. It uses only divisions, sums and comparisons, which
 * IEEE 754 fixes to the last bit; so the same rounded weights give the same slots. Its cut-off in [0, 1)
 * becomes a 32-bit threshold. The rank's item number is stored in the slot, so that a permuted (scrambled)
 * table costs a draw no second cache miss. Error of a probability: below 2^-32 / n from the threshold
 * plus 2^-25 relative from the weight.
 *
 * Quantile tables. 4097 knots at the probabilities i / 4096 (the outer two at 2^-20 and 1 - 2^-20, where
 * an unbounded quantile would be infinite), linear in between. Against the exact distribution the mean
 * of an exponential comes out 0.05 % high, nearly all of it from the last cell; test_dist holds it
 * to 0.1 %. Rejected: inversion by formula at each draw (floating point in the stream), and the
 * bare 4096 midpoints (a lifetime would take 4096 values only).
 *
 * Permutation. A Feistel network of 4 rounds over the next even power of two >= n, walked until the value
 * falls inside [0, n) (Black and Rogaway 2002, "cycle walking"): no memory, so every forked child can
 * have its own order of pages. It scatters; it makes no cryptographic promise.
 *
 * GSL reports failures through a process-wide handler that aborts by default. It is switched off before
 * each use, always to the same value, and failures are read from the return value.
 *
 * Left out: the other distributions of a YAML map (pareto, mix, table): a generator that needs one adds
 * its builder here.
 */
#include "workloads/gen/dist.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/base/check.h"

#define SIGNIFICANT_BITS 24

/* x >= 0 to 24 significant bits. */
static double rounded(double x)
{
	int exponent;
	double m = frexp(x, &exponent);

	return ldexp(rint(ldexp(m, SIGNIFICANT_BITS)), exponent - SIGNIFICANT_BITS);
}

/* ---- alias --------------------------------------------------------------------------------------- */

/* `weight` is rounded already; item[i] (NULL: i) is what slot i stands for. */
static eg_status alias_from_rounded(struct gen_alias *a, const double *weight, const struct gen_perm *items,
				    uint32_t n, struct eg_arena *arena, struct eg_errors *err)
{
	gsl_ran_discrete_t *g;
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += weight[i];
	if (!(sum > 0))
		return eg_fail(err, EG_BAD_INPUT, "a distribution whose weights are all zero");
	a->n = n;
	a->slot = eg_arena_alloc(arena, n, sizeof(*a->slot));
	if (!a->slot)
		return eg_fail(err, EG_NO_MEMORY, "no memory for a table of %u items", (unsigned)n);
	gsl_set_error_handler_off();
	g = gsl_ran_discrete_preproc(n, weight);
	if (!g)
		return eg_fail(err, EG_NO_MEMORY, "no memory to build a table of %u items", (unsigned)n);
	for (uint32_t i = 0; i < n; i++) {
		/* GSL stores (i + cut) / n in F; the cut is what the item keeps of its slot */
		double cut = g->F[i] * (double)n - (double)i;
		uint32_t other = (uint32_t)g->A[i];
		double t = rint(cut * 4294967296.0);

		if (t >= 4294967296.0) {
			t = 4294967295.0;
			other = i;      /* full: the one draw in 2^32 past the threshold stays here too */
		}
		a->slot[i].threshold = t > 0 ? (uint32_t)t : 0;
		a->slot[i].item  = items ? (uint32_t)gen_perm_at(items, i) : i;
		a->slot[i].alias = items ? (uint32_t)gen_perm_at(items, other) : other;
	}
	gsl_ran_discrete_free(g);
	return EG_OK;
}

eg_status gen_alias_build(struct gen_alias *a, const double *weight, uint32_t n, struct eg_arena *arena,
			  struct eg_errors *err)
{
	double *w;
	eg_status s;

	EG_CHECK(n >= 1 && n <= GEN_ALIAS_MAX);
	w = eg_calloc(n, sizeof(*w));
	if (!w)
		return eg_fail(err, EG_NO_MEMORY, "no memory for %u weights", (unsigned)n);
	for (uint32_t i = 0; i < n; i++) {
		EG_CHECK(weight[i] >= 0 && weight[i] - weight[i] == 0.0);
		w[i] = rounded(weight[i]);
	}
	s = alias_from_rounded(a, w, NULL, n, arena, err);
	eg_free(w);
	return s;
}

eg_status gen_alias_zipf(struct gen_alias *a, uint32_t n, double theta, bool scramble, struct eg_arena *arena,
			 struct eg_errors *err)
{
	/* the key is a constant: which items are hot is a property of the workload, not of the seed */
	struct gen_perm perm = gen_perm_init(n, UINT64_C(0x7a697066));
	double *w;
	eg_status s;

	EG_CHECK(n >= 1 && n <= GEN_ALIAS_MAX && theta >= 0);
	w = eg_calloc(n, sizeof(*w));
	if (!w)
		return eg_fail(err, EG_NO_MEMORY, "no memory for %u weights", (unsigned)n);
	for (uint32_t i = 0; i < n; i++)
		w[i] = rounded(pow((double)i + 1.0, -theta));
	s = alias_from_rounded(a, w, scramble ? &perm : NULL, n, arena, err);
	eg_free(w);
	return s;
}

/* ---- quantile ------------------------------------------------------------------------------------ */

static double knot_probability(unsigned i)
{
	const double edge = 1.0 / 1048576.0;

	if (i == 0)
		return edge;
	if (i == GEN_QUANTILE_KNOTS - 1)
		return 1.0 - edge;
	return (double)i / (double)(GEN_QUANTILE_KNOTS - 1);
}

static uint64_t clamp_knot(double x, uint64_t lo, uint64_t hi)
{
	uint64_t v;

	if (!(x < 4611686018427387904.0))
		return hi;
	v = (uint64_t)(rounded(x) + 0.5);
	return v < lo ? lo : v > hi ? hi : v;
}

static eg_status quantile_alloc(struct gen_quantile *q, struct eg_arena *arena, struct eg_errors *err)
{
	q->knot = eg_arena_alloc(arena, GEN_QUANTILE_KNOTS, sizeof(*q->knot));
	if (!q->knot)
		return eg_fail(err, EG_NO_MEMORY, "no memory for a quantile table");
	gsl_set_error_handler_off();
	return EG_OK;
}

eg_status gen_quantile_exponential(struct gen_quantile *q, double mean, uint64_t lo, uint64_t hi,
				   struct eg_arena *arena, struct eg_errors *err)
{
	EG_CHECK(mean > 0 && lo <= hi);
	EG_TRY(quantile_alloc(q, arena, err));
	for (unsigned i = 0; i < GEN_QUANTILE_KNOTS; i++)
		q->knot[i] = clamp_knot(gsl_cdf_exponential_Pinv(knot_probability(i), mean), lo, hi);
	return EG_OK;
}

eg_status gen_quantile_lognormal(struct gen_quantile *q, double median, double sigma, uint64_t lo, uint64_t hi,
				 struct eg_arena *arena, struct eg_errors *err)
{
	double zeta = log(median);

	EG_CHECK(median > 0 && sigma >= 0 && lo <= hi);
	EG_TRY(quantile_alloc(q, arena, err));
	for (unsigned i = 0; i < GEN_QUANTILE_KNOTS; i++) {
		/* sigma 0 is a constant; GSL divides by it nowhere but promises nothing */
		double x = sigma > 0 ? gsl_cdf_lognormal_Pinv(knot_probability(i), zeta, sigma) : median;

		q->knot[i] = clamp_knot(x, lo, hi);
	}
	return EG_OK;
}

/* ---- permutation --------------------------------------------------------------------------------- */

struct gen_perm gen_perm_init(uint64_t n, uint64_t key)
{
	struct gen_perm p = { .n = n, .key = key, .half = 1 };

	EG_CHECK(n >= 1 && n <= UINT64_C(1) << 62);
	while (UINT64_C(1) << (2 * p.half) < n)
		p.half++;
	return p;
}

/* Round function: any mixing will do for a bijection; this is the finaliser of SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t gen_perm_at(const struct gen_perm *p, uint64_t i)
{
	uint64_t mask = (UINT64_C(1) << p->half) - 1;

	EG_ASSERT(i < p->n);
	do {
		uint64_t left = i >> p->half, right = i & mask;

		for (uint64_t round = 1; round <= 4; round++) {
			uint64_t f = mix(right + p->key + round * UINT64_C(0x9e3779b97f4a7c15)) & mask;
			uint64_t swapped = left ^ f;

			left = right;
			right = swapped;
		}
		i = left << p->half | right;
	} while (i >= p->n);
	return i;
}
