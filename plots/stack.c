/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack - parts of a whole against time, stacked, a panel for each sweep point; see table.h.
 *
 * An area has no room for bands: what is drawn are means over the seeds, and the caption names the widest interval of
 * each point. Times are those at which every seed has every part; of more than MAX_STACK_ROWS equally spaced ones are
 * kept, since smallest and largest of eleven areas would be at eleven different times.
 */
#include "plots/curves.h"

#include <math.h>

#define MAX_PARTS 16u
#define MAX_STACK_ROWS 500u             /* of a panel 1.5 inches wide */

struct part {
	struct column c;
	bool          have;
};

/* The parts of one point, all times; false in *any when it has none. */
static eg_status read_point(const struct plot_point *at, const struct part *part, unsigned nr, struct curve *c, bool *any,
			    struct eg_errors *err)
{
	eg_status s = EG_OK;

	*any = nr > 0;
	for (unsigned k = 0; k < nr; k++)
		c[k] = (struct curve){ 0 };
	for (unsigned k = 0; k < nr && s == EG_OK; k++) {
		s = curve_read(at, &part[k].c.expr, &c[k], err);
		*any &= s == EG_OK && c[k].nr_seeds > 0;
	}
	return s;
}

static void free_point(struct curve *c, unsigned nr)
{
	for (unsigned k = 0; k < nr; k++)
		curve_free(&c[k]);
}

static bool whole(const struct curve *c, unsigned nr, size_t t)
{
	bool all = true;

	for (unsigned k = 0; k < nr; k++)
		all &= c[k].at[t].n > 0;
	return all;
}

/* The height of all stacks of all points, as recorded. */
static eg_status highest(const struct plot *p, const struct part *part, unsigned nr, double *max, struct eg_errors *err)
{
	*max = 0;
	for (unsigned i = 0; i < p->nr_points; i++) {
		struct curve c[MAX_PARTS];
		bool any;
		eg_status s = read_point(&p->points[i], part, nr, c, &any, err);

		for (size_t t = 0; s == EG_OK && any && t < result_nr_times(p->points[i].file); t++) {
			double sum = 0;

			for (unsigned k = 0; k < nr && whole(c, nr, t); k++)
				sum += c[k].at[t].mean;
			*max = fmax(*max, sum);
		}
		free_point(c, nr);
		EG_TRY(s);
	}
	return EG_OK;
}

/* The widest interval of any part, for the caption. */
static void tell_widest(struct plot *p, const struct plot_point *at, const struct part *part, unsigned nr, const struct curve *c,
			double divide, const char *unit)
{
	double half = -1, when = 0;
	unsigned which = 0;

	for (unsigned k = 0; k < nr; k++)
		for (size_t t = 0; t < result_nr_times(at->file); t++)
			if (whole(c, nr, t) && c[k].at[t].half > half) {
				half = c[k].at[t].half;
				which = k;
				when = result_times(at->file)[t];
			}
	if (half >= 0) {
		double by;
		const char *x = plot_unit("ns", when, &by);

		eg_str_addf(&p->notes, "%s%swidest 95 %% interval of a mean: +/- %.3g %s (%s, at %.3g %s)\n", at->label,
			    *at->label ? ": " : "", half / divide, unit, part[which].c.label, when / by, x);
	}
}

static eg_status stack_point(struct plot *p, unsigned i, const struct part *part, unsigned nr, double x_divide, double divide,
			     const char *unit, struct eg_errors *err)
{
	const struct plot_point *at = &p->points[i];
	size_t nr_times = result_nr_times(at->file), kept = 0, stride;
	struct curve c[MAX_PARTS];
	bool any;
	eg_status s = read_point(at, part, nr, c, &any, err);

	for (size_t t = 0; s == EG_OK && any && t < nr_times; t++)
		kept += whole(c, nr, t);
	if (s != EG_OK || !kept) {
		if (s == EG_OK)
			eg_str_addf(&p->notes, "%s%sno values.\n", at->label, *at->label ? ": " : "");
		free_point(c, nr);
		return s;
	}
	stride = (kept + MAX_STACK_ROWS - 1) / MAX_STACK_ROWS;
	(void)plot__add_panel(p, *at->label ? at->label : "all", unit);
	for (unsigned k = 0; k < nr; k++) {
		size_t seen = 0;

		plot__add_block(p, i, part[k].c.label);
		for (size_t t = 0; t < nr_times; t++) {
			double base = 0;

			if (!whole(c, nr, t))
				continue;
			/* the last one too: it is the state that is left */
			if (seen++ % stride && seen != kept)
				continue;
			for (unsigned b = 0; b < k; b++)
				base += c[b].at[t].mean;
			eg_str_addf(&p->dat, "%.6g %.6g %.6g %.6g %u\n", result_times(at->file)[t] / x_divide, base / divide,
				    (base + c[k].at[t].mean) / divide, c[k].at[t].mean / divide, c[k].at[t].n);
		}
	}
	p->single |= c[0].nr_seeds == 1;
	p->several |= c[0].nr_seeds > 1;
	if (c[0].nr_seeds < result_nr_seeds(at->file))
		eg_str_addf(&p->notes, "%s%s%u of %u seeds have values.\n", at->label, *at->label ? ": " : "", c[0].nr_seeds,
			    result_nr_seeds(at->file));
	tell_widest(p, at, part, nr, c, divide, unit);
	free_point(c, nr);
	return EG_OK;
}

eg_status plot__stack(struct plot *p, struct eg_errors *err)
{
	struct part *part = eg_arena_alloc(&p->arena, MAX_PARTS, sizeof(*part));
	const char *unit, *x_unit;
	double max, divide, x_divide;
	unsigned nr = 0;

	if (!part)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the parts of a figure");
	for (const char *const *text = p->figure->columns; *text && nr < MAX_PARTS; text++, nr++)
		if (!column_choose(p, true, *text, &part[nr].c)) {
			plot__why(p, "the results have no time series %s", part[nr].c.expr.names[0]);
			return EG_OK;
		}
	EG_TRY(highest(p, part, nr, &max, err));
	unit = plot_text(p, plot_unit(column_unit(p, true, &part[0].c), max, &divide));
	x_unit = curve_time_unit(p, &x_divide);
	for (unsigned i = 0; i < p->nr_points; i++)
		EG_TRY(stack_point(p, i, part, nr, x_divide, divide, unit, err));
	for (unsigned k = 0; k < nr; k++)
		column_define(p, &part[k].c);
	if (!p->nr_panels)
		plot__why(p, "the time series %s has no values", part[0].c.expr.names[0]);
	/* one scale for all panels, so that they can be compared */
	for (unsigned i = 0; i < p->nr_panels; i++)
		p->panels[i].max = max / divide;
	eg_str_addf(&p->vars, "x_unit = \"%s\"\n", x_unit);
	return EG_OK;
}
