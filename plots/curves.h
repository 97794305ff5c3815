/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves - an expression of time series at one point of the sweep, as means over the seeds; for series.c and stack.c. */
#ifndef PLOTS_CURVES_H
#define PLOTS_CURVES_H

#include "plots/column.h"
#include "results/stats.h"

struct curve {
	unsigned nr_seeds;              /* seeds that have any value; those without (missing cells) do not count */
	/* [result_nr_times()]: n is nr_seeds, or 0 where one of these seeds has no value: n is the same along a curve */
	struct stats_mean *at;
	/* [result_nr_times()]: all seeds were sampled here, but one has no value: nothing happened in its interval */
	bool *hole;
};

/* EG_OK with nr_seeds 0 when the file lacks a series. The arrays are the caller's to give to curve_free(). */
eg_status curve_read(const struct plot_point *at, const struct expr *e, struct curve *c, struct eg_errors *err) EG_MUST_USE;
void      curve_free(struct curve *c);

/* What simulated time is shown in; p->x_max is set to its end. */
const char *curve_time_unit(struct plot *p, double *divide);

#endif
