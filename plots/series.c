/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series - curves against time, one for each sweep point, a panel for each column; see table.h.
 *
 * A point of time is kept only if every seed that ran has a value there, so that n is the same along a curve: runs of
 * different length are shown as far as the shortest. Where all were sampled but in one nothing happened, the line is
 * broken. A series is thinned to the smallest and the largest mean of each of PLOT_MAX_ROWS / 2 stretches, which no eye
 * tells from the whole at the size of a page.
 */
#include "plots/curves.h"

#include <math.h>

/* A row that is kept, and whether the line is broken before it. */
struct row { double time; const struct stats_mean *m; bool cut; };

static void series_row(struct plot *p, const struct row *r, bool cut, bool alone, double x_divide, double divide)
{
	const struct stats_mean *m = r->m;

	eg_str_addf(&p->dat, "%s%.6g %.6g ", cut ? "\n" : "", r->time / x_divide, m->mean / divide);
	if (isnan(m->half))
		eg_str_addf(&p->dat, "- - %u %d\n", m->n, alone);
	else
		eg_str_addf(&p->dat, "%.6g %.6g %u %d\n", (m->mean - m->half) / divide, (m->mean + m->half) / divide, m->n, alone);
}

static void series_rows(struct plot *p, const struct row *row, size_t nr, double x_divide, double divide)
{
	size_t stretch = nr <= PLOT_MAX_ROWS ? 1 : (nr + PLOT_MAX_ROWS / 2 - 1) / (PLOT_MAX_ROWS / 2);

	for (size_t i = 0; i < nr; i += stretch) {
		size_t end = i + stretch < nr ? i + stretch : nr, low = i, high = i;
		bool cut = false, alone;

		for (size_t k = i; k < end; k++) {
			low = row[k].m->mean < row[low].m->mean ? k : low;
			high = row[k].m->mean > row[high].m->mean ? k : high;
			cut |= row[k].cut && k > 0;
		}
		alone = stretch == 1 && (i == 0 || row[i].cut) && (i + 1 == nr || row[i + 1].cut);
		series_row(p, &row[low < high ? low : high], cut, alone, x_divide, divide);
		if (low != high)
			series_row(p, &row[low < high ? high : low], false, false, x_divide, divide);
	}
}

/* The ends of the bands, in units as recorded: what the axis has to hold. */
static eg_status range(const struct plot *p, const struct expr *e, double *min, double *max, bool *any, struct eg_errors *err)
{
	*min = INFINITY;
	*max = 0;
	*any = false;
	for (unsigned i = 0; i < p->nr_points; i++) {
		struct curve c;

		EG_TRY(curve_read(&p->points[i], e, &c, err));
		for (size_t t = 0; t < result_nr_times(p->points[i].file) && c.nr_seeds; t++) {
			const struct stats_mean *m = &c.at[t];

			if (!m->n)
				continue;
			*any = true;
			/* a mean over seeds may be less than its interval is wide; an axis of logarithms begins at the means */
			*min = fmin(*min, m->mean > 0 ? m->mean : *min);
			*max = fmax(*max, m->mean + (isnan(m->half) ? 0.0 : m->half));
		}
		curve_free(&c);
	}
	return EG_OK;
}

static eg_status series_point(struct plot *p, unsigned i, const struct column *column, double x_divide, double divide,
			      struct eg_errors *err)
{
	const struct plot_point *at = &p->points[i];
	size_t nr = result_nr_times(at->file), kept = 0;
	unsigned max_seeds = result_nr_seeds(at->file);
	struct row *row;
	bool cut = false;
	struct curve c;

	EG_TRY(curve_read(at, &column->expr, &c, err));
	row = eg_calloc(nr + 1, sizeof(*row));
	if (!row) {
		curve_free(&c);
		return eg_fail(err, EG_NO_MEMORY, "no memory for the time series of a figure");
	}
	for (size_t t = 0; t < nr && c.nr_seeds; t++) {
		cut |= c.hole[t];
		if (!c.at[t].n)
			continue;
		row[kept++] = (struct row){ result_times(at->file)[t], &c.at[t], cut };
		cut = false;
	}
	if (kept) {
		plot__add_block(p, i, *at->label ? at->label : column->label);
		series_rows(p, row, kept, x_divide, divide);
		p->single |= c.nr_seeds == 1;
		p->several |= c.nr_seeds > 1;
		if (c.nr_seeds < max_seeds)
			eg_str_addf(&p->notes, "%s: %u of %u seeds have values.\n", *at->label ? at->label : column->label,
				    c.nr_seeds, max_seeds);
	} else {
		eg_str_addf(&p->notes, "%s%s%s: no values.\n", column->label, *at->label ? ", " : "", at->label);
	}
	eg_free(row);
	curve_free(&c);
	return EG_OK;
}

eg_status plot__series(struct plot *p, struct eg_errors *err)
{
	struct eg_str ends[2] = { { 0 }, { 0 } };
	const char *first_raw = NULL, *x_unit;
	double divide = 1, x_divide;

	x_unit = curve_time_unit(p, &x_divide);
	for (const char *const *text = p->figure->columns; *text && p->nr_panels < PLOT_MAX_PANELS; text++) {
		const char *raw, *unit;
		double min, max;
		struct column c;
		bool any;

		if (!column_choose(p, true, *text, &c)) {
			if (!*p->why)
				plot__why(p, "the results have no time series %s", c.expr.names[0]);
			eg_str_addf(&p->notes, "Left out: %s (no such time series in the results).\n", c.label);
			continue;
		}
		EG_TRY(range(p, &c.expr, &min, &max, &any, err));
		if (!any) {
			if (!*p->why)
				plot__why(p, "the time series %s has no values", c.expr.names[0]);
			eg_str_addf(&p->notes, "Left out: %s (no values).\n", c.label);
			continue;
		}
		/* panels of one quantity have one unit, that of the first */
		raw = column_unit(p, true, &c);
		if (!first_raw || strcmp(raw, first_raw) != 0) {
			unit = plot_unit(raw, max, &divide);
			first_raw = raw;
		} else {
			unit = p->panels[p->nr_panels - 1].unit;
		}
		(void)plot__add_panel(p, c.label, unit);
		for (unsigned i = 0; i < p->nr_points; i++)
			EG_TRY(series_point(p, i, &c, x_divide, divide, err));
		p->panels[p->nr_panels - 1].max = max / divide;
		eg_str_addf(&ends[0], "%s%.6g", p->nr_panels > 1 ? ", " : "", (isinf(min) ? 0.0 : min) / divide);
		eg_str_addf(&ends[1], "%s%.6g", p->nr_panels > 1 ? ", " : "", max / divide);
		column_define(p, &c);
	}
	if (p->nr_panels)
		p->why[0] = '\0';
	eg_str_addf(&p->vars, "x_unit = \"%s\"\narray panel_min[%u] = [%s]\narray panel_max[%u] = [%s]\n", x_unit, p->nr_panels,
		    eg_str_text(&ends[0]), p->nr_panels, eg_str_text(&ends[1]));
	p->vars.failed |= ends[0].failed || ends[1].failed;
	eg_str_free(&ends[0]);
	eg_str_free(&ends[1]);
	return EG_OK;
}
