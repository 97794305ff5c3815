/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary - bars or dots, a panel for each column or stack of columns, a line for each sweep point; see table.h.
 *
 * A column that says nothing (absent, undefined, zero at every point) is left out and the caption says so; where a figure
 * stands on all of its columns there is no figure then.
 */
#include "plots/column.h"

#include <math.h>
#include <stdio.h>

#include "results/stats.h"

static eg_status summary_means(const struct plot *p, const struct expr *e, struct stats_mean *mean, struct eg_errors *err)
{
	for (unsigned i = 0; i < p->nr_points; i++) {
		const struct plot_point *at = &p->points[i];
		unsigned nr_seeds = result_nr_seeds(at->file);
		double *v = eg_calloc(nr_seeds, sizeof(*v));
		const double *cube[EXPR_MAX_NAMES] = { 0 };
		eg_status s = v ? EG_OK : eg_fail(err, EG_NO_MEMORY, "no memory for the values of a figure");
		bool have = true;

		for (unsigned k = 0; k < e->nr && s == EG_OK && have; k++) {
			int m = result_find_metric(at->file, e->names[k]);

			have = m >= 0;
			if (have)
				s = result_values(at->file, (unsigned)m, &cube[k], err);
		}
		for (unsigned seed = 0; s == EG_OK && seed < nr_seeds; seed++) {
			double names[EXPR_MAX_NAMES];

			for (unsigned k = 0; k < e->nr && have; k++)
				names[k] = cube[k][at->point * nr_seeds + seed];
			v[seed] = have ? expr_value(e, names) : (double)NAN;
		}
		if (s == EG_OK)
			mean[i] = stats_mean(v, nr_seeds);
		eg_free(v);
		EG_TRY(s);
	}
	return EG_OK;
}

void plot__summary_rows(struct plot *p, const struct stats_mean *mean, double divide, double *base)
{
	double top = 0;

	for (unsigned i = 0; i < p->nr_points; i++) {
		const struct stats_mean *m = &mean[i];

		plot_add_name(&p->dat, *p->points[i].label ? p->points[i].label : "all");
		if (!m->n) {
			eg_str_addf(&p->dat, " %u - - - 0 -\n", i + 1);
			continue;
		}
		eg_str_addf(&p->dat, " %u %.6g ", i + 1, m->mean / divide);
		if (isnan(m->half))
			eg_str_add(&p->dat, "- -");
		else
			eg_str_addf(&p->dat, "%.6g %.6g", (m->mean - m->half) / divide, (m->mean + m->half) / divide);
		eg_str_addf(&p->dat, " %u %.6g\n", m->n, base[i] / divide);
		base[i] += m->mean;
		top = fmax(top, fmax(base[i], m->mean + (isnan(m->half) ? 0.0 : m->half)) / divide);
		p->single |= m->n == 1;
		p->several |= m->n > 1;
	}
	p->panels[p->nr_panels - 1].max = fmax(top, p->panels[p->nr_panels - 1].max);
}

eg_status plot__summary(struct plot *p, bool all, struct eg_errors *err)
{
	double base[PLOT_MAX_POINTS] = { 0 };
	char stack[80] = "";
	bool have = false;

	for (const char *const *text = p->figure->columns; *text && p->nr_panels < PLOT_MAX_PANELS; text++) {
		struct stats_mean mean[PLOT_MAX_POINTS];
		double max = 0, divide;
		const char *unit;
		struct column c;
		bool any = false;

		if (!column_choose(p, false, *text, &c)) {
			if (all) {
				plot__why(p, "the results have no metric %s", c.expr.names[0]);
				return EG_OK;
			}
			eg_str_addf(&p->notes, "Left out: %s (no such metric in the results).\n", c.label);
			continue;
		}
		have = true;
		EG_TRY(summary_means(p, &c.expr, mean, err));
		for (unsigned i = 0; i < p->nr_points; i++) {
			any |= mean[i].n && (mean[i].mean != 0.0 || all);
			if (mean[i].n)
				max = fmax(max, mean[i].mean + (isnan(mean[i].half) ? 0.0 : mean[i].half));
		}
		if (!any) {
			eg_str_addf(&p->notes, "Left out: %s (%s at every point).\n", c.label, all ? "undefined" : "zero or undefined");
			if (!all)
				continue;
			plot__why(p, "%s is not defined at any point", c.label);
			return EG_OK;
		}
		unit = plot_unit(column_unit(p, false, &c), max, &divide);
		if (max > 0 && max / divide < 0.01) {
			char small[40];

			(void)snprintf(small, sizeof(small), "10⁻³%s%s", *unit ? " " : "", unit);
			divide *= 1e-3;
			unit = plot_text(p, small);
		}
		if (!*c.stack || strcmp(c.stack, stack) != 0 || !p->nr_panels) {
			(void)plot__add_panel(p, *c.stack ? c.stack : c.label, unit);
			memset(base, 0, sizeof(base));
		}
		p->stacked |= *c.stack != '\0';
		memcpy(stack, c.stack, sizeof(stack));
		plot__add_block(p, 0, c.label);
		plot__summary_rows(p, mean, divide, base);
		column_define(p, &c);
	}
	if (!p->nr_blocks)
		plot__why(p, have ? "its metrics are zero or undefined at every point" : "the results have none of its metrics");
	return EG_OK;
}
