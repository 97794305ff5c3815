/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series - curves against time, one for each sweep point; see table.h.
 *
 * A point of time is kept only if every seed that ran has a value there, so that n is the same along a curve: runs of
 * different length are shown as far as the shortest. A series is thinned to the smallest and the largest mean of each of
 * PLOT_MAX_ROWS / 2 stretches, which no eye tells from the whole at the size of a page.
 */
#include "plots/column.h"

#include <math.h>

#include "results/stats.h"

/* values[seed * nr_times + t] of the expression; seeds without any value (missing cells) are left out. */
static eg_status read_seeds(const struct plot_point *at, const struct expr *e, double *values, double *scratch,
			    unsigned *nr_seeds, struct eg_errors *err)
{
	size_t nr = result_nr_times(at->file);

	*nr_seeds = 0;
	for (unsigned seed = 0; seed < result_nr_seeds(at->file); seed++) {
		double *out = values + *nr_seeds * nr;
		bool any = false;

		for (unsigned k = 0; k < e->nr; k++) {
			int s = result_find_series(at->file, e->names[k]);

			if (s < 0)
				return EG_OK;
			EG_TRY(result_read_series(at->file, (unsigned)s, at->point, seed, scratch + k * nr, err));
		}
		for (size_t t = 0; t < nr; t++) {
			double v[EXPR_MAX_NAMES];

			for (unsigned k = 0; k < e->nr; k++)
				v[k] = scratch[k * nr + t];
			out[t] = expr_value(e, v);
			any |= !isnan(out[t]);
		}
		*nr_seeds += any;
	}
	return EG_OK;
}

struct row { double time; struct stats_mean m; };

static void series_row(struct plot *p, const struct row *r, double divide)
{
	eg_str_addf(&p->dat, "%.6g %.6g ", r->time / divide, r->m.mean);
	if (isnan(r->m.half))
		eg_str_addf(&p->dat, "- - %u\n", r->m.n);
	else
		eg_str_addf(&p->dat, "%.6g %.6g %u\n", r->m.mean - r->m.half, r->m.mean + r->m.half, r->m.n);
}

static void series_rows(struct plot *p, const struct row *row, size_t nr, double divide)
{
	size_t stretch = nr <= PLOT_MAX_ROWS ? 1 : (nr + PLOT_MAX_ROWS / 2 - 1) / (PLOT_MAX_ROWS / 2);

	for (size_t i = 0; i < nr; i += stretch) {
		size_t end = i + stretch < nr ? i + stretch : nr, low = i, high = i;

		for (size_t k = i; k < end; k++) {
			low = row[k].m.mean < row[low].m.mean ? k : low;
			high = row[k].m.mean > row[high].m.mean ? k : high;
		}
		series_row(p, &row[low < high ? low : high], divide);
		if (low != high)
			series_row(p, &row[low < high ? high : low], divide);
	}
}

static eg_status series_point(struct plot *p, unsigned i, const struct expr *e, double divide, struct eg_errors *err)
{
	const struct plot_point *at = &p->points[i];
	size_t nr = result_nr_times(at->file), kept = 0;
	unsigned max_seeds = result_nr_seeds(at->file), nr_seeds;
	double *values = eg_calloc(nr * max_seeds + nr * EXPR_MAX_NAMES + max_seeds, sizeof(*values));
	struct row *row = eg_calloc(nr + 1, sizeof(*row));
	eg_status s = EG_NO_MEMORY;

	if (!values || !row) {
		(void)eg_fail(err, s, "no memory for the time series of a figure");
		goto out;
	}
	s = read_seeds(at, e, values + max_seeds, values + max_seeds + nr * max_seeds, &nr_seeds, err);
	for (size_t t = 0; s == EG_OK && nr_seeds && t < nr; t++) {
		bool all = true;

		for (unsigned k = 0; k < nr_seeds; k++) {
			values[k] = values[max_seeds + k * nr + t];
			all &= !isnan(values[k]);
		}
		if (all)
			row[kept++] = (struct row){ result_times(at->file)[t], stats_mean(values, nr_seeds) };
	}
	if (s != EG_OK)
		goto out;
	if (!kept) {
		eg_str_addf(&p->notes, "%s: no values.\n", at->label);
		goto out;
	}
	plot__add_block(p, i, *at->label ? at->label : p->panels[0].label);
	series_rows(p, row, kept, divide);
	for (size_t t = 0; t < kept; t++)
		p->panels[0].max = fmax(p->panels[0].max, row[t].m.mean + (isnan(row[t].m.half) ? 0.0 : row[t].m.half));
	p->single |= nr_seeds == 1;
	p->several |= nr_seeds > 1;
	if (nr_seeds < max_seeds)
		eg_str_addf(&p->notes, "%s: %u of %u seeds have values.\n", at->label, nr_seeds, max_seeds);
out:
	eg_free(values);
	eg_free(row);
	return s;
}

eg_status plot__series(struct plot *p, struct eg_errors *err)
{
	double end = 0, divide;
	struct column c;
	const char *unit;

	if (!column_choose(p, true, p->figure->columns[0], &c)) {
		plot__why(p, "the results have no time series %s", c.expr.names[0]);
		return EG_OK;
	}
	for (unsigned i = 0; i < p->nr_points; i++)
		if (result_nr_times(p->points[i].file))
			end = fmax(end, result_times(p->points[i].file)[result_nr_times(p->points[i].file) - 1]);
	unit = plot_unit("ns", end, &divide);
	(void)plot__add_panel(p, c.label, column_unit(p, true, &c));
	for (unsigned i = 0; i < p->nr_points; i++)
		EG_TRY(series_point(p, i, &c.expr, divide, err));
	if (!p->nr_blocks)
		plot__why(p, "the time series %s has no values", c.expr.names[0]);
	eg_str_addf(&p->vars, "x_unit = \"%s\"\ny_max = %.6g\n", unit, p->panels[0].max);
	column_define(p, &c);
	return EG_OK;
}
