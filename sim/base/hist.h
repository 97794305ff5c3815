/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hist - log-linear histogram of 64-bit values.
 *
 * 64 sub-buckets per octave: values below 128 are exact, larger ones fall in a bucket at most 1/64 of
 * its lower bound wide (1.6 %). The whole histogram is stored in results, so that every percentile can
 * be recomputed and histograms of several runs can be added. No allocation: 3,776 counters inline.
 */
#ifndef SIM_BASE_HIST_H
#define SIM_BASE_HIST_H

#include "sim/base/types.h"

#define EG_HIST_SUB_BITS 6u
#define EG_HIST_BUCKETS  ((64u - EG_HIST_SUB_BITS + 1u) << EG_HIST_SUB_BITS)

struct eg_hist {
	uint64_t count;                     /* values recorded == sum of bucket[]        */
	unsigned __int128 sum;              /* exact sum of the values                   */
	uint64_t min, max;                  /* exact; min > max when count == 0          */
	uint64_t bucket[EG_HIST_BUCKETS];
};

static inline unsigned eg_hist_index(uint64_t v)
{
	unsigned shift;

	if (v < (UINT64_C(2) << EG_HIST_SUB_BITS))
		return (unsigned)v;
	shift = 63u - (unsigned)__builtin_clzll(v) - EG_HIST_SUB_BITS;
	return (shift << EG_HIST_SUB_BITS) + (unsigned)(v >> shift);
}

static inline void eg_hist_add(struct eg_hist *h, uint64_t v)
{
	if (h->count++ == 0)
		h->min = v, h->max = v;
	h->min = v < h->min ? v : h->min;
	h->max = v > h->max ? v : h->max;
	h->sum += v;
	h->bucket[eg_hist_index(v)]++;
}

/* Smallest and largest value that fall in bucket i. */
uint64_t eg_hist_lower(unsigned i);
uint64_t eg_hist_upper(unsigned i);

/* Nearest-rank percentile, 0 < q <= 1: the upper bound of the smallest bucket with count(<=) >=
 * ceil(q * N), never above max; 0 when empty. */
uint64_t eg_hist_percentile(const struct eg_hist *h, double q);

/* Arithmetic mean; 0 when empty. */
double eg_hist_mean(const struct eg_hist *h);

void eg_hist_merge(struct eg_hist *into, const struct eg_hist *from);

#endif
