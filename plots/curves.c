/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curves - see curves.h.
 *
 * All cells of a result share one time axis, so "no value" has two reasons: the cell was not sampled at that time (it
 * had ended, or its interval is another), or nothing happened that could be measured. The first series of the file
 * tells them apart: it has a value wherever there was a sample.
 */
#include "plots/curves.h"

#include <math.h>

/* values[t] of one seed; scratch has room for EXPR_MAX_NAMES series. Returns in *any whether one is there. */
static eg_status read_seed(const struct plot_point *at, const struct expr *e, const int *series, unsigned seed, double *values,
			   double *scratch, bool *any, struct eg_errors *err)
{
	size_t nr = result_nr_times(at->file);

	*any = false;
	for (unsigned k = 0; k < e->nr; k++)
		EG_TRY(result_read_series(at->file, (unsigned)series[k], at->point, seed, scratch + k * nr, err));
	for (size_t t = 0; t < nr; t++) {
		double v[EXPR_MAX_NAMES];

		for (unsigned k = 0; k < e->nr; k++)
			v[k] = scratch[k * nr + t];
		values[t] = expr_value(e, v);
		*any |= !isnan(values[t]);
	}
	return EG_OK;
}

/* From values[seed * nr + t] of nr_seeds seeds; sampled[t] counts those that were sampled. */
static void means(struct curve *c, const double *values, const unsigned *sampled, double *one, size_t nr)
{
	for (size_t t = 0; t < nr; t++) {
		bool all = true;

		for (unsigned k = 0; k < c->nr_seeds; k++) {
			one[k] = values[k * nr + t];
			all &= !isnan(one[k]);
		}
		if (all)
			c->at[t] = stats_mean(one, c->nr_seeds);
		c->hole[t] = !all && sampled[t] == c->nr_seeds;
	}
}

eg_status curve_read(const struct plot_point *at, const struct expr *e, struct curve *c, struct eg_errors *err)
{
	size_t nr = result_nr_times(at->file);
	unsigned max_seeds = result_nr_seeds(at->file), *sampled = eg_calloc(nr + 1, sizeof(*sampled));
	double *values = eg_calloc(nr * (max_seeds + EXPR_MAX_NAMES) + max_seeds, sizeof(*values));
	double *scratch = values ? values + nr * max_seeds : NULL;
	int series[EXPR_MAX_NAMES];
	eg_status s = EG_OK;
	bool have = nr > 0;

	*c = (struct curve){ .at = eg_calloc(nr + 1, sizeof(*c->at)), .hole = eg_calloc(nr + 1, sizeof(*c->hole)) };
	if (!values || !sampled || !c->at || !c->hole)
		s = eg_fail(err, EG_NO_MEMORY, "no memory for the time series of a figure");
	for (unsigned k = 0; k < e->nr; k++) {
		series[k] = result_find_series(at->file, e->names[k]);
		have &= series[k] >= 0;
	}
	for (unsigned seed = 0; s == EG_OK && have && seed < max_seeds; seed++) {
		bool any;

		s = read_seed(at, e, series, seed, values + c->nr_seeds * nr, scratch, &any, err);
		if (s != EG_OK || !any)
			continue;
		c->nr_seeds++;
		s = result_read_series(at->file, 0, at->point, seed, scratch, err);
		for (size_t t = 0; s == EG_OK && t < nr; t++)
			sampled[t] += isnan(scratch[t]) ? 0 : 1;
	}
	if (s == EG_OK && c->nr_seeds)
		means(c, values, sampled, scratch + nr * EXPR_MAX_NAMES, nr);
	eg_free(values);
	eg_free(sampled);
	if (s != EG_OK)
		curve_free(c);
	return s;
}

void curve_free(struct curve *c)
{
	eg_free(c->at);
	eg_free(c->hole);
	*c = (struct curve){ 0 };
}

const char *curve_time_unit(struct plot *p, double *divide)
{
	const char *unit;
	double end = 0;

	for (unsigned i = 0; i < p->nr_points; i++) {
		size_t nr = result_nr_times(p->points[i].file);

		if (nr)
			end = fmax(end, result_times(p->points[i].file)[nr - 1]);
	}
	unit = plot_unit("ns", end, divide);
	p->x_max = end / *divide;
	return unit;
}
