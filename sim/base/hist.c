/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hist - bounds and percentiles of the log-linear histogram; see hist.h. */
#include "sim/base/hist.h"

uint64_t eg_hist_lower(unsigned i)
{
	unsigned octave = i >> EG_HIST_SUB_BITS, sub = 1u << EG_HIST_SUB_BITS;

	if (octave < 2)
		return i;
	return (uint64_t)((i & (sub - 1)) + sub) << (octave - 1);
}

uint64_t eg_hist_upper(unsigned i)
{
	return i + 1 < EG_HIST_BUCKETS ? eg_hist_lower(i + 1) - 1 : UINT64_MAX;
}

uint64_t eg_hist_percentile(const struct eg_hist *h, double q)
{
	uint64_t rank, seen = 0;
	double exact = q * (double)h->count;

	if (!h->count)
		return 0;
	rank = (uint64_t)exact;
	if ((double)rank < exact)
		rank++;
	if (rank < 1)
		rank = 1;
	for (unsigned i = 0; i < EG_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank) {
			uint64_t v = eg_hist_upper(i);

			return v < h->max ? v : h->max;
		}
	}
	return h->max;
}

double eg_hist_mean(const struct eg_hist *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0.0;
}

void eg_hist_merge(struct eg_hist *into, const struct eg_hist *from)
{
	if (!from->count)
		return;
	if (!into->count || from->min < into->min)
		into->min = from->min;
	if (!into->count || from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (unsigned i = 0; i < EG_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}
