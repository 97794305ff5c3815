/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table - read what a figure draws; see table.h.
 *
 * The interval is that of results/stats.h, Student's t over the seeds at 95 %. In a time series a point of time is
 * kept only if every seed that ran has a value there, so that n is the same along a curve: runs of different length
 * are shown as far as the shortest. Histograms are added up over the seeds before anything is read off them, since a
 * mean of percentiles is no percentile.
 *
 * A curve has at most MAX_ROWS rows. A series is thinned to the smallest and the largest mean of each of MAX_ROWS / 2
 * stretches, which no eye tells from the whole at the size of a page; a distribution has fewer steps than that unless it
 * spans thirty octaves, and then steps that are no higher than a pixel are joined.
 */
#include "plots/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "plots/expr.h"
#include "results/stats.h"
#include "sim/base/check.h"

#define MAX_ROWS 2000u

static void why(struct plot *p, const char *fmt, ...) EG_PRINTF(2, 3);
static void why(struct plot *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
}

const char *plot_text(struct plot *p, const char *text)
{
	const char *copy = eg_arena_strdup(&p->arena, text);

	if (!copy)
		p->dat.failed = true;
	return copy ? copy : "";
}

void plot_add_quoted(struct eg_str *s, const char *text)
{
	eg_str_add(s, "\"");
	for (; *text; text++) {
		if (*text == '\n')
			eg_str_add(s, "\\n");
		else if (*text == '`')          /* gnuplot would run what stands between two */
			eg_str_add(s, "\\140");
		else if ((unsigned char)*text < ' ')
			eg_str_add(s, " ");
		else
			eg_str_addf(s, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
	}
	eg_str_add(s, "\"");
}

void plot_add_name(struct eg_str *s, const char *text)
{
	eg_str_add(s, "\"");
	for (; *text; text++)
		eg_str_addf(s, "%c", *text == '"' ? '\'' : (unsigned char)*text < ' ' ? ' ' : *text);
	eg_str_add(s, "\"");
}

const char *plot_unit(const char *unit, double max, double *divide)
{
	static const struct { const char *unit; double from, divide; const char *show; } scale[] = {
		{ "ns", 1e9, 1e9, "s" }, { "ns", 1e6, 1e6, "ms" }, { "ns", 1e3, 1e3, "µs" },
		{ "bytes", 0x1p30, 0x1p30, "GiB" }, { "bytes", 0x1p20, 0x1p20, "MiB" }, { "bytes", 0x1p10, 0x1p10, "KiB" },
		{ "pages", 1e7, 1e6, "10⁶ pages" }, { "pages", 1e4, 1e3, "10³ pages" },
		{ "1", 1e7, 1e6, "10⁶" }, { "1", 1e4, 1e3, "10³" },
	};

	*divide = 1.0;
	for (unsigned i = 0; i < EG_ARRAY_LEN(scale); i++)
		if (strcmp(scale[i].unit, unit) == 0 && max >= scale[i].from) {
			*divide = scale[i].divide;
			return scale[i].show;
		}
	return strcmp(unit, "1") == 0 ? "" : unit;
}

static struct plot_panel *add_panel(struct plot *p, const char *label, const char *unit)
{
	struct plot_panel *panel = &p->panels[p->nr_panels++];

	*panel = (struct plot_panel){ .label = plot_text(p, label), .unit = plot_text(p, unit), .first = p->nr_blocks };
	return panel;
}

/* Open the block of a curve: an empty line and another part it from the one before, as gnuplot wants. */
static void add_block(struct plot *p, unsigned point, const char *label)
{
	struct plot_block *b = &p->blocks[p->nr_blocks];

	*b = (struct plot_block){ p->nr_panels - 1, point, plot_text(p, label) };
	if (p->nr_blocks++)
		eg_str_add(&p->dat, "\n\n");
	plot_add_name(&p->dat, label);
	eg_str_add(&p->dat, "\n");
	p->panels[p->nr_panels - 1].nr++;
}

/* -- latency -- */

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
		if (nr > MAX_ROWS && sum != h->count && (next == 2 || share < mark[next].q) &&
		    (double)(sum - shown) * MAX_ROWS / 4 < (double)(h->count - sum))
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

static eg_status latency(struct plot *p, struct eg_errors *err)
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
		why(p, nr ? "no %s was recorded" : "the results have no histograms of %s", group);
		return EG_OK;
	}
	keep_largest(p, kind, nr, p->width == PLOT_COLUMN ? 4 : 8);
	unit = max < 10 * EG_PS_PER_US ? "ns" : min >= EG_PS_PER_MS ? "ms" : "µs";
	divide = max < 10 * EG_PS_PER_US ? 1e3 : min >= EG_PS_PER_MS ? 1e9 : 1e6;
	for (unsigned k = 0; k < nr; k++) {
		if (!kind[k].most)
			continue;
		(void)add_panel(p, kind[k].name, unit);
		eg_str_addf(&p->notes, "%s: %s.\n", kind[k].name, kind[k].text);
		for (unsigned i = 0; i < p->nr_points; i++) {
			const struct plot_point *at = &p->points[i];

			h = &sum[k * PLOT_MAX_POINTS + i];
			if (!h->count) {
				eg_str_addf(&p->notes, "  %s: none\n", at->label);
				continue;
			}
			add_block(p, i, *at->label ? at->label : kind[k].name);
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

/* -- columns -- */

struct column {
	struct expr expr;
	char        label[80], unit[24], stack[80];
};

/* Field `i` of the text between semicolons, trimmed. */
static void field(const char *text, unsigned i, char *to, size_t size)
{
	size_t n;

	for (; i && *text; text++)
		i -= *text == ';';
	text += strspn(text, " ");
	n = strcspn(text, ";");
	while (n && text[n - 1] == ' ')
		n--;
	n = n < size ? n : size - 1;
	memcpy(to, text, n);
	to[n] = '\0';
}

/* The metric of that name in the summary or the series of a file; -1. */
static int find(const struct result_file *f, bool series, const char *name)
{
	return series ? result_find_series(f, name) : result_find_metric(f, name);
}

static bool has_all(const struct plot *p, bool series, const struct expr *e)
{
	for (unsigned i = 0; i < p->nr_points; i++) {
		unsigned n = 0;

		while (n < e->nr && find(p->points[i].file, series, e->names[n]) >= 0)
			n++;
		if (n == e->nr)
			return true;
	}
	return false;
}

/* The first alternative that some file can feed. False: none; *e is then the first one, for the message. */
static bool choose(const struct plot *p, bool series, const char *text, struct column *c)
{
	struct expr first;
	bool have_first = false;

	memset(c, 0, sizeof(*c));
	field(text, 1, c->label, sizeof(c->label));
	field(text, 2, c->unit, sizeof(c->unit));
	field(text, 3, c->stack, sizeof(c->stack));
	for (;;) {
		const char *end = expr_parse(&c->expr, text, "|;");

		EG_CHECK(end);          /* a figure of ours that a test renders */
		if (has_all(p, series, &c->expr))
			return true;
		if (!have_first)
			first = c->expr;
		have_first = true;
		if (*end != '|')
			break;
		text = end + 1;
	}
	c->expr = first;
	return false;
}

/* The unit of the column: its own, else that of the first name in a file that has it. */
static const char *unit_of(const struct plot *p, bool series, const struct column *c)
{
	if (*c->unit)
		return c->unit;
	for (unsigned i = 0; i < p->nr_points; i++) {
		int m = find(p->points[i].file, series, c->expr.names[0]);

		if (m >= 0)
			return series ? result_series(p->points[i].file, (unsigned)m)->unit
				      : result_metric(p->points[i].file, (unsigned)m)->unit;
	}
	return "1";
}

/* "walk: tlb.misses.l2 / tlb.lookups * 100" for the caption, which has room for parentheses. */
static void add_definition(struct plot *p, const struct column *c)
{
	const struct expr *e = &c->expr;
	bool quotient = e->nr > e->nr_above;

	eg_str_addf(&p->notes, "%s: ", c->label);
	for (unsigned half = 0; half < 1u + quotient; half++) {
		unsigned from = half ? e->nr_above : 0, to = half ? e->nr : e->nr_above;
		bool sum = quotient && to - from > 1;

		eg_str_addf(&p->notes, "%s%s", half ? " / " : "", sum ? "(" : "");
		for (unsigned i = from; i < to; i++)
			eg_str_addf(&p->notes, "%s%s", i > from ? " + " : "", e->names[i]);
		eg_str_add(&p->notes, sum ? ")" : "");
	}
	if (e->factor != 1.0)
		eg_str_addf(&p->notes, " * %g", e->factor);
	eg_str_add(&p->notes, "\n");
}

/* -- series -- */

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
	size_t stretch = nr <= MAX_ROWS ? 1 : (nr + MAX_ROWS / 2 - 1) / (MAX_ROWS / 2);

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
	add_block(p, i, *at->label ? at->label : p->panels[0].label);
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

static eg_status series(struct plot *p, struct eg_errors *err)
{
	double end = 0, divide;
	struct column c;
	const char *unit;

	if (!choose(p, true, p->figure->columns[0], &c)) {
		why(p, "the results have no time series %s", c.expr.names[0]);
		return EG_OK;
	}
	for (unsigned i = 0; i < p->nr_points; i++)
		if (result_nr_times(p->points[i].file))
			end = fmax(end, result_times(p->points[i].file)[result_nr_times(p->points[i].file) - 1]);
	unit = plot_unit("ns", end, &divide);
	(void)add_panel(p, c.label, unit_of(p, true, &c));
	for (unsigned i = 0; i < p->nr_points; i++)
		EG_TRY(series_point(p, i, &c.expr, divide, err));
	if (!p->nr_blocks)
		why(p, "the time series %s has no values", c.expr.names[0]);
	eg_str_addf(&p->vars, "x_unit = \"%s\"\ny_max = %.6g\n", unit, p->panels[0].max);
	add_definition(p, &c);
	return EG_OK;
}

/* -- summary -- */

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

/* Lines of one block: name, place, mean, interval, n, and what it stands on (the columns stacked below). */
static void summary_rows(struct plot *p, const struct stats_mean *mean, double divide, double *base)
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

static eg_status summary(struct plot *p, bool all, struct eg_errors *err)
{
	double base[PLOT_MAX_POINTS] = { 0 };
	char stack[80] = "";

	for (const char *const *text = p->figure->columns; *text && p->nr_panels < PLOT_MAX_PANELS; text++) {
		struct stats_mean mean[PLOT_MAX_POINTS];
		double max = 0, divide;
		const char *unit;
		struct column c;
		bool any = false;

		if (!choose(p, false, *text, &c)) {
			if (all) {
				why(p, "the results have no metric %s", c.expr.names[0]);
				return EG_OK;
			}
			eg_str_addf(&p->notes, "Left out: %s (no such metric in the results).\n", c.label);
			continue;
		}
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
			why(p, "%s is not defined at any point", c.label);
			return EG_OK;
		}
		unit = plot_unit(unit_of(p, false, &c), max, &divide);
		if (max > 0 && max / divide < 0.01) {
			char small[40];

			(void)snprintf(small, sizeof(small), "10⁻³%s%s", *unit ? " " : "", unit);
			divide *= 1e-3;
			unit = plot_text(p, small);
		}
		if (!*c.stack || strcmp(c.stack, stack) != 0 || !p->nr_panels) {
			(void)add_panel(p, *c.stack ? c.stack : c.label, unit);
			memset(base, 0, sizeof(base));
		}
		p->stacked |= *c.stack != '\0';
		memcpy(stack, c.stack, sizeof(stack));
		add_block(p, 0, c.label);
		summary_rows(p, mean, divide, base);
		add_definition(p, &c);
	}
	if (!p->nr_blocks)
		why(p, "the results have none of its metrics");
	return EG_OK;
}

eg_status plot_table(struct plot *p, struct eg_errors *err)
{
	switch (p->figure->table) {
	case FIGURE_LATENCY:     return latency(p, err);
	case FIGURE_SERIES:      return series(p, err);
	case FIGURE_SUMMARY:     return summary(p, false, err);
	case FIGURE_SUMMARY_ALL: return summary(p, true, err);
	}
	return EG_OK;
}
