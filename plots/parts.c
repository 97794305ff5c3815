/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts - where a whole went: the shares of a family of counters, stacked, and their sum; see table.h.
 *
 * Which of two dozen parts matter differs from experiment to experiment, so they are chosen here: those of at least
 * MIN_SHARE at some point, the largest MAX_SHOWN of them, in the order in which the results list them; the others are
 * joined. Shares are taken seed by seed and then averaged: they add up to 100 % and have intervals.
 */
#include "plots/column.h"

#include <math.h>
#include <stdio.h>

#include "results/stats.h"

#define MAX_FAMILY 64u
#define MAX_SHOWN  7u                   /* colours, besides "other" and what is on top */
#define MIN_SHARE  1.0                  /* percent */
#define NOT_SHOWN  UINT32_MAX

struct part {
	const char *name, *long_name;   /* without the prefix */
	double      most;               /* its largest mean share at any point */
	unsigned    shown;              /* which block, or NOT_SHOWN: joined */
};

struct family {
	char        prefix[80], top[80];
	const char *unit;
	unsigned    nr;
	struct part part[MAX_FAMILY];
	/* [point][part or total][seed] of one point at a time */
	double     *value;
};

static void find_parts(const struct plot *p, struct family *f)
{
	size_t n = strlen(f->prefix);

	for (unsigned i = 0; i < p->nr_points; i++)
		for (unsigned m = 0; m < result_nr_metrics(p->points[i].file); m++) {
			const struct result_metric *r = result_metric(p->points[i].file, m);
			unsigned k = 0;

			if (strncmp(r->name, f->prefix, n) != 0 || r->kind != RUN_COUNTER)
				continue;
			f->unit = r->unit;
			while (k < f->nr && strcmp(f->part[k].name, r->name + n) != 0)
				k++;
			if (k == f->nr && f->nr < MAX_FAMILY)
				f->part[f->nr++] = (struct part){ r->name + n, r->long_name, 0, NOT_SHOWN };
		}
}

/* value[part * nr_seeds + seed] of one point, and the sums behind the last part; NaN where a cell is missing. */
static eg_status read_point(const struct plot_point *at, struct family *f, struct eg_errors *err)
{
	unsigned nr_seeds = result_nr_seeds(at->file);
	double *sum = f->value + f->nr * nr_seeds;

	for (unsigned s = 0; s < nr_seeds; s++)
		sum[s] = 0;
	for (unsigned k = 0; k < f->nr; k++) {
		const double *cube = NULL;
		char name[160];
		int m;

		(void)snprintf(name, sizeof(name), "%s%s", f->prefix, f->part[k].name);
		m = result_find_metric(at->file, name);
		if (m >= 0)
			EG_TRY(result_values(at->file, (unsigned)m, &cube, err));
		for (unsigned s = 0; s < nr_seeds; s++) {
			/* a result of an earlier version lacks a category that it has not */
			double v = cube ? cube[at->point * nr_seeds + s] : 0.0;

			f->value[k * nr_seeds + s] = v;
			sum[s] += v;
		}
	}
	return EG_OK;
}

/* The mean over the seeds of the share of all parts for which shown == which. */
static struct stats_mean share(const struct family *f, unsigned which, unsigned nr_seeds, double *one)
{
	const double *sum = f->value + f->nr * nr_seeds;

	for (unsigned s = 0; s < nr_seeds; s++) {
		double v = 0;

		for (unsigned k = 0; k < f->nr; k++)
			if (f->part[k].shown == which)
				v += f->value[k * nr_seeds + s];
		one[s] = sum[s] > 0 ? 100 * v / sum[s] : (double)NAN;
	}
	return stats_mean(one, nr_seeds);
}

static eg_status find_largest(const struct plot *p, struct family *f, double *one, struct eg_errors *err)
{
	for (unsigned i = 0; i < p->nr_points; i++) {
		EG_TRY(read_point(&p->points[i], f, err));
		for (unsigned k = 0; k < f->nr; k++) {
			struct stats_mean m;

			f->part[k].shown = 0;
			m = share(f, 0, result_nr_seeds(p->points[i].file), one);
			f->part[k].shown = NOT_SHOWN;
			if (m.n)
				f->part[k].most = fmax(f->part[k].most, m.mean);
		}
	}
	return EG_OK;
}

/* Give blocks to the parts that are shown: in their order, then the others, then the one on top. Returns how many. */
static unsigned choose(struct family *f, unsigned *other, unsigned *top)
{
	bool take[MAX_FAMILY] = { false };
	unsigned nr = 0, joined = 0;

	*other = *top = NOT_SHOWN;
	for (unsigned n = 0; n < MAX_SHOWN; n++) {
		unsigned best = NOT_SHOWN;

		for (unsigned k = 0; k < f->nr; k++)
			if (!take[k] && strcmp(f->part[k].name, f->top) != 0 && f->part[k].most >= MIN_SHARE &&
			    (best == NOT_SHOWN || f->part[k].most > f->part[best].most))
				best = k;
		if (best != NOT_SHOWN)
			take[best] = true;
	}
	for (unsigned k = 0; k < f->nr; k++) {
		if (take[k])
			f->part[k].shown = nr++;
		else if (strcmp(f->part[k].name, f->top) != 0)
			joined += f->part[k].most > 0;
	}
	if (joined)
		*other = nr++;
	for (unsigned k = 0; k < f->nr; k++)
		if (strcmp(f->part[k].name, f->top) == 0 && f->part[k].most > 0)
			f->part[k].shown = *top = nr++;
		else if (!take[k])
			f->part[k].shown = *other;
	return nr;
}

static void tell_parts(struct plot *p, const struct family *f, unsigned other)
{
	for (unsigned k = 0; k < f->nr; k++)
		if (f->part[k].shown != NOT_SHOWN && f->part[k].shown != other)
			eg_str_addf(&p->notes, "%s: %s (%s%s)\n", f->part[k].name, f->part[k].long_name, f->prefix,
				    f->part[k].name);
	if (other == NOT_SHOWN)
		return;
	eg_str_add(&p->notes, "other, with the largest share of each:");
	for (unsigned k = 0, n = 0; k < f->nr; k++)
		if (f->part[k].shown == other && f->part[k].most > 0)
			eg_str_addf(&p->notes, "%s %s %.2g %%", n++ ? "," : "", f->part[k].name, f->part[k].most);
	eg_str_add(&p->notes, "\n");
}

static const char *block_name(const struct family *f, unsigned block, unsigned other)
{
	if (block == other)
		return "other";
	for (unsigned k = 0; k < f->nr; k++)
		if (f->part[k].shown == block)
			return f->part[k].name;
	return "";
}

/* Block `which` of the shares, or of the sums for NOT_SHOWN. */
static eg_status means(const struct plot *p, struct family *f, unsigned which, struct stats_mean *mean, double *one,
		       struct eg_errors *err)
{
	for (unsigned i = 0; i < p->nr_points; i++) {
		unsigned nr_seeds = result_nr_seeds(p->points[i].file);

		EG_TRY(read_point(&p->points[i], f, err));
		mean[i] = which == NOT_SHOWN ? stats_mean(f->value + f->nr * nr_seeds, nr_seeds) : share(f, which, nr_seeds, one);
	}
	return EG_OK;
}

eg_status plot__parts(struct plot *p, struct eg_errors *err)
{
	const char *text = p->figure->columns[0], *unit;
	struct family *f = eg_arena_alloc(&p->arena, 1, sizeof(*f));
	struct stats_mean mean[PLOT_MAX_POINTS];
	double base[PLOT_MAX_POINTS] = { 0 }, *one, max = 0, divide;
	unsigned nr, other, top, most_seeds = 0;
	char label[80], sum_label[80];

	for (unsigned i = 0; i < p->nr_points; i++)
		most_seeds = result_nr_seeds(p->points[i].file) > most_seeds ? result_nr_seeds(p->points[i].file) : most_seeds;
	one = eg_arena_alloc(&p->arena, most_seeds, sizeof(*one));
	if (f)
		f->value = eg_arena_alloc(&p->arena, (MAX_FAMILY + 1) * (size_t)most_seeds, sizeof(*f->value));
	if (!f || !one || !f->value)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the parts of a figure");
	column_field(text, 0, f->prefix, sizeof(f->prefix));
	column_field(text, 1, label, sizeof(label));
	column_field(text, 2, sum_label, sizeof(sum_label));
	column_field(text, 3, f->top, sizeof(f->top));
	find_parts(p, f);
	if (!f->nr) {
		plot__why(p, "the results have no metrics %s*", f->prefix);
		return EG_OK;
	}
	EG_TRY(find_largest(p, f, one, err));
	nr = choose(f, &other, &top);
	if (!nr) {
		plot__why(p, "the metrics %s* are zero or undefined at every point", f->prefix);
		return EG_OK;
	}
	(void)plot__add_panel(p, label, "%");
	for (unsigned b = 0; b < nr; b++) {
		EG_TRY(means(p, f, b, mean, one, err));
		plot__add_block(p, 0, block_name(f, b, other));
		plot__summary_rows(p, mean, 1.0, base);
	}
	p->stacked = true;
	EG_TRY(means(p, f, NOT_SHOWN, mean, one, err));
	for (unsigned i = 0; i < p->nr_points; i++)
		if (mean[i].n)
			max = fmax(max, mean[i].mean + (isnan(mean[i].half) ? 0.0 : mean[i].half));
	unit = plot_unit(f->unit, max, &divide);
	(void)plot__add_panel(p, sum_label, unit);
	plot__add_block(p, 0, sum_label);
	memset(base, 0, sizeof(base));
	plot__summary_rows(p, mean, divide, base);
	tell_parts(p, f, other);
	/* as numbers of blocks, which begin at 1 there; 0: there is none */
	eg_str_addf(&p->vars, "part_other = %u\npart_top = %u\n", other == NOT_SHOWN ? 0 : other + 1, top == NOT_SHOWN ? 0 : top + 1);
	return EG_OK;
}
