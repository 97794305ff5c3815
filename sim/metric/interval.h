/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interval - percentiles of what happened between two samples, as columns of a metric.
 *
 * A histogram of the whole run cannot say when its tail was made. So a metric keeps a second one, adds each value to it
 * too, and empties it whenever a sample is taken: one more addition for each value, and 30 KiB.
 *
 *	on_fault:  eg_hist_add(&s->since[kind], latency);
 *	sample:    if (metric_interval_ends(&s->clock, view->now))
 *			metric_interval_close(&s->since[kind], &s->quantiles[kind]);
 *		   metric_interval_emit(e, &s->quantiles[kind], "fault_latency_interval", "cow", "...");
 *
 * The machine asks for values at other moments too: at the end of the warm-up, whose values only serve differences, and a
 * second time at the end of the run. Neither ends an interval. When a run outgrows measure.samples and every second
 * sample is dropped, what the dropped ones had seen is dropped with them: a percentile is always that of the time since
 * the sample that was taken before it.
 */
#ifndef SIM_METRIC_INTERVAL_H
#define SIM_METRIC_INTERVAL_H

#include "sim/metric/emit.h"

enum { METRIC_NR_QUANTILES = 3 };                       /* p50, p99, p99_9 */

struct metric_quantiles {
	double ns[METRIC_NR_QUANTILES];                 /* NAN: nothing happened */
};

/* When the last sample was taken. Zero is right at the beginning, apart from the subscription. */
struct metric_clock {
	eg_time last;
	bool    warmup_ends;                            /* the next request is not for a sample */
};

/* attach(): learn when the warm-up ends. */
void metric_interval_watch(struct metric_set *set, struct metric_clock *clock);
/* sample(): true once for each sample; what was added since the last one is its interval. */
bool metric_interval_ends(struct metric_clock *clock, eg_time now);
/* Percentiles of the picoseconds in `h`, by the rule of eg_hist_percentile(); `h` is empty afterwards. */
void metric_interval_close(struct eg_hist *h, struct metric_quantiles *out);
/* Columns <group>.<kind>.p50, .p99 and .p99_9, in nanoseconds. */
void metric_interval_emit(struct metric_emit *e, const struct metric_quantiles *q, const char *group, const char *kind,
			  const char *text);

#endif
