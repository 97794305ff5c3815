/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latency - distributions, a panel for each kind of a group of histograms; see table.h.
 *
 * Histograms are added up over the seeds before anything is read off them, since a mean of percentiles is no
 * percentile. A distribution has fewer steps than PLOT_MAX_ROWS unless it spans thirty octaves, and then steps that are
 * no higher than a pixel are joined.
 */
#include "plots/table.h"

#include <math.h>

/* One curve: latency in units, share of the values up to it, and the percentile that is reached here. */
static void latency_rows(struct plot *p, const struct eg_hist *h, double divide)
{
	static const struct { double q; const char *text; } mark[] = { { 0.5, "50" }, { 0.99, "99" } };
	uint64_t sum = 0, shown = 0, last = 0;
	unsigned next = 0, nr = 0;

	for (unsigned i = 0; i < EG_HIST_BUCKETS; i++)
		nr += h->bucket[i] != 0;
	for (unsigned i = 0; i < EG_HIST_BUCKETS; i++) {
		double share;
		uint64_t v;

		if (!h->bucket[i])
			continue;
		v = eg_hist_upper(i) < h->max ? eg_hist_upper(i) : h->max;
		sum += h->bucket[i];
		share = (double)sum / (double)h->count;
		if (!last)
			eg_str_addf(&p->dat, "%.6g 0 -\n", (double)(h->min) / divide);
		last = v;
		/* a pixel of the axis of shares, which is logarithmic in what is left */
		if (nr > PLOT_MAX_ROWS && sum != h->count && (next == 2 || share < mark[next].q) &&
		    (double)(sum - shown) * PLOT_MAX_ROWS / 4 < (double)(h->count - sum))
			continue;
		shown = sum;
		if (next == 2 || share < mark[next].q)
			eg_str_addf(&p->dat, "%.6g %.9g -\n", (double)v / divide, share);
		for (; next < 2 && share >= mark[next].q; next++)
			eg_str_addf(&p->dat, "%.6g %.9g %s\n", (double)v / divide, share, mark[next].text);
	}
}

/* Histograms of one kind, added up over the seeds of one point. */
static eg_status merged(const struct plot_point *at, const char *group, const char *kind, struct eg_hist *sum,
			struct eg_hist *one, struct eg_errors *err)
{
	int i = result_find_hist(at->file, group, kind);

	memset(sum, 0, sizeof(*sum));
	for (unsigned seed = 0; i >= 0 && seed < result_nr_seeds(at->file); seed++) {
		EG_TRY(result_read_hist(at->file, (unsigned)i, at->point, seed, one, err));
		if (one->count)
			eg_hist_merge(sum, one);
	}
	return EG_OK;
}

struct kind {
	const char *name, *text;
	uint64_t    most;               /* values at the point that has most of them */
	unsigned __int128 time;         /* their sum at the point where it is largest */
};

static unsigned find_kinds(struct plot *p, const char *group, struct kind *kind)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < p->nr_points; i++)
		for (unsigned h = 0; h < result_nr_hists(p->points[i].file); h++) {
			const struct result_hist *r = result_hist(p->points[i].file, h);
			unsigned k = 0;

			while (k < nr && strcmp(kind[k].name, r->kind) != 0)
				k++;
			if (strcmp(r->group, group) == 0 && k == nr && nr < PLOT_MAX_PANELS)
				kind[nr++] = (struct kind){ r->kind, r->long_name, 0, 0 };
		}
	return nr;
}

/* Of more kinds than have room, those in which most time was spent; the others get most = 0 and a line. */
static void keep_largest(struct plot *p, struct kind *kind, unsigned nr, unsigned room)
{
	unsigned have = 0;

	for (unsigned k = 0; k < nr; k++)
		have += kind[k].most != 0;
	for (; have > room; have--) {
		struct kind *least = NULL;

		for (unsigned k = 0; k < nr; k++)
			if (kind[k].most && (!least || kind[k].time < least->time))
				least = &kind[k];
		eg_str_addf(&p->notes, "No room for %s (%s).\n", least->name, least->text);
		least->most = 0;
	}
}

eg_status plot__latency(struct plot *p, struct eg_errors *err)
{
	struct eg_hist *sum = eg_arena_alloc(&p->arena, (PLOT_MAX_PANELS * PLOT_MAX_POINTS) + 1, sizeof(*sum)), *one, *h;
	uint64_t min = UINT64_MAX, max = 0, most = 0;
	struct kind kind[PLOT_MAX_PANELS];
	const char *group = p->figure->columns[0], *unit;
	unsigned nr;
	double divide;

	if (!sum)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the histograms of a figure");
	one = &sum[PLOT_MAX_PANELS * PLOT_MAX_POINTS];
	nr = find_kinds(p, group, kind);
	for (unsigned k = 0; k < nr; k++) {
		for (unsigned i = 0; i < p->nr_points; i++) {
			h = &sum[k * PLOT_MAX_POINTS + i];
			EG_TRY(merged(&p->points[i], group, kind[k].name, h, one, err));
			if (!h->count)
				continue;
			min = h->min < min ? h->min : min;
			max = h->max > max ? h->max : max;
			kind[k].most = h->count > kind[k].most ? h->count : kind[k].most;
			kind[k].time = h->sum > kind[k].time ? h->sum : kind[k].time;
			most = h->count > most ? h->count : most;
		}
	}
	if (!most) {
		plot__why(p, nr ? "no %s was recorded" : "the results have no histograms of %s", group);
		return EG_OK;
	}
	keep_largest(p, kind, nr, p->width == PLOT_COLUMN ? 4 : 8);
	unit = max < 10 * EG_PS_PER_US ? "ns" : min >= EG_PS_PER_MS ? "ms" : "µs";
	divide = max < 10 * EG_PS_PER_US ? 1e3 : min >= EG_PS_PER_MS ? 1e9 : 1e6;
	for (unsigned k = 0; k < nr; k++) {
		if (!kind[k].most)
			continue;
		(void)plot__add_panel(p, kind[k].name, unit);
		eg_str_addf(&p->notes, "%s: %s.\n", kind[k].name, kind[k].text);
		for (unsigned i = 0; i < p->nr_points; i++) {
			const struct plot_point *at = &p->points[i];

			h = &sum[k * PLOT_MAX_POINTS + i];
			if (!h->count) {
				eg_str_addf(&p->notes, "  %s: none\n", at->label);
				continue;
			}
			plot__add_block(p, i, *at->label ? at->label : kind[k].name);
			latency_rows(p, h, divide);
			eg_str_addf(&p->notes, "  %s%s%llu values, p50 %.4g %s, p99 %.4g %s\n", at->label, *at->label ? ": " : "",
				    (unsigned long long)h->count, (double)eg_hist_percentile(h, 0.5) / divide, unit,
				    (double)eg_hist_percentile(h, 0.99) / divide, unit);
		}
	}
	eg_str_addf(&p->vars, "x_unit = \"%s\"\nx_min = %.6g\nx_max = %.6g\n", unit, (double)(min ? min : 1) / divide,
		    (double)max / divide);
	/* the highest share below 1 that the largest number of values can show, as the number of nines */
	eg_str_addf(&p->vars, "nines = %.3g\n", fmin(5.0, fmax(2.2, log10((double)most) + 0.1)));
	return EG_OK;
}
