/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * time - where the CPUs' time went.
 *
 *   elapsed               ns from the end of the warm-up to the end of the run
 *   time.<category>       ns, summed over CPUs (counter): every picosecond of every CPU has exactly one
 *                         category of TIME_CATEGORY_MAP, idle included
 *   time_pct.<category>   percent of all CPU time of the measured interval
 *   time.sum_error        ns, must be 0: sum over CPUs of |sum over categories - elapsed time since time 0|.
 *                         Absolute values, so that two CPUs' errors cannot cancel
 *
 * Low is good for everything but compute and idle, which have no direction. Linux has user, system,
 * iowait, steal and idle by ticks or context switches; what happens inside a fault it does not split, and
 * translation is part of user time there.
 */
#include <math.h>

#include "sim/metric/emit.h"

struct time_state {
	size_t pct;                 /* first column of time_pct */
};

static const struct { const char *name, *text; } category[NR_TIME_CATEGORIES] = {
#define X(NAME, column, long_name) [TIME_##NAME] = { column, long_name },
	TIME_CATEGORY_MAP(X)
#undef X
};

/* Columns: elapsed, one counter a category, one share a category, sum_error. */
static void emit_all(struct metric_emit *e, struct time_state *s, const struct metric_view *view)
{
	metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "ns", .better = -1,
		    .long_name = "simulated time of the measured interval" },
		    (double)view->now / (double)EG_PS_PER_NS, "elapsed");
	for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++) {
		eg_time sum = 0;

		for (unsigned cpu = 0; cpu < view->nr_cpus; cpu++)
			sum += view->time[cpu][k];
		metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "ns", .series = true,
			    .better = k == TIME_COMPUTE || k == TIME_IDLE ? 0 : -1, .long_name = category[k].text },
			    (double)sum / (double)EG_PS_PER_NS, "time.%s", category[k].name);
	}
	if (e->set)
		s->pct = e->nr;
	for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++)
		metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "%",
			    .better = k == TIME_COMPUTE || k == TIME_IDLE ? 0 : -1, .long_name = category[k].text },
			    (double)NAN, "time_pct.%s", category[k].name);
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "ns", .better = -1,
		    .long_name = "CPU time without a category, or with two: must be 0" },
		    (double)NAN, "time.sum_error");
}

static void time_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct metric_emit e = { .set = set };

	emit_all(&e, state, view);
}

static void time_sample(void *state, const struct metric_view *view, double *out)
{
	struct metric_emit e = { .out = out };

	emit_all(&e, state, view);
}

static void time_final(void *state, const struct metric_view *view, const double *start, const double *end, double *out)
{
	const struct time_state *s = state;
	const double *time = out + s->pct - NR_TIME_CATEGORIES;
	eg_time error = 0;
	double all = 0;

	(void)start;
	(void)end;
	for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++)
		all += time[k];
	for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++)
		out[s->pct + k] = 100 * metric_ratio(time[k], all);
	for (unsigned cpu = 0; cpu < view->nr_cpus; cpu++) {
		eg_time sum = 0;

		for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++)
			sum += view->time[cpu][k];
		error += sum > view->now ? sum - view->now : view->now - sum;
	}
	out[s->pct + NR_TIME_CATEGORIES] = (double)error / (double)EG_PS_PER_NS;
}

const struct metric_ops metric_time_ops = {
	.name = "time",
	.summary = "CPU time by category",
	.state_size = sizeof(struct time_state),
	.attach = time_attach,
	.sample = time_sample,
	.final = time_final,
};
