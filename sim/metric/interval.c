/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interval - see interval.h. A sample touches only the buckets between the smallest and the largest value: latencies of
 * one kind span a few octaves of the 59, and there may be a hundred thousand samples.
 */
#include "sim/metric/interval.h"

#include <math.h>
#include <stdio.h>

static const struct { const char *name, *text; double q; } quantile[METRIC_NR_QUANTILES] = {
	{ "p50", "median", 0.5 }, { "p99", "99th percentile", 0.99 }, { "p99_9", "99.9th percentile", 0.999 },
};

static void on_warmup_end(void *ctx, const struct probe_event *event)
{
	(void)event;
	((struct metric_clock *)ctx)->warmup_ends = true;
}

void metric_interval_watch(struct metric_set *set, struct metric_clock *clock)
{
	metric_subscribe(set, PROBE_WARMUP_END, on_warmup_end, clock);
}

bool metric_interval_ends(struct metric_clock *clock, eg_time now)
{
	bool ends = !clock->warmup_ends && now != clock->last;

	clock->warmup_ends = false;
	if (ends)
		clock->last = now;
	return ends;
}

/* The smallest number of values that are at least a share q of n. */
static uint64_t rank_of(double q, uint64_t n)
{
	double exact = q * (double)n;
	uint64_t rank = (uint64_t)exact;

	rank += (double)rank < exact;
	return rank < 1 ? 1 : rank;
}

void metric_interval_close(struct eg_hist *h, struct metric_quantiles *out)
{
	unsigned next = 0, end;
	uint64_t seen = 0;

	for (unsigned k = 0; k < METRIC_NR_QUANTILES; k++)
		out->ns[k] = (double)NAN;
	if (!h->count)
		return;
	end = eg_hist_index(h->max);
	for (unsigned i = eg_hist_index(h->min); i <= end; i++) {
		seen += h->bucket[i];
		h->bucket[i] = 0;
		for (; next < METRIC_NR_QUANTILES && seen >= rank_of(quantile[next].q, h->count); next++) {
			uint64_t v = eg_hist_upper(i);

			out->ns[next] = (double)(v < h->max ? v : h->max) / (double)EG_PS_PER_NS;
		}
	}
	h->count = 0;
	h->sum = 0;
}

void metric_interval_emit(struct metric_emit *e, const struct metric_quantiles *q, const char *group, const char *kind,
			  const char *text)
{
	for (unsigned k = 0; k < METRIC_NR_QUANTILES; k++) {
		char long_name[128] = "";

		if (e->set)
			(void)snprintf(long_name, sizeof(long_name), "%s since the sample before, %s", quantile[k].text, text);
		metric_emit(e, &(struct metric_column){ .unit = "ns", .better = -1, .series = true, .long_name = long_name },
			    q->ns[k], "%s.%s.%s", group, kind, quantile[k].name);
	}
}
