/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_text - a comparison for people: its numbers and words, and the tables for papers and pages; see compare.h.
 *
 * Tables show mean and half of the 95 % interval with as many digits as the interval supports, in a unit with a prefix
 * that suits the metric.
 */
#include "results/compare_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* -- numbers for people -- */

/* A unit in which the metric's largest mean is between 1 and 1000 where that is possible. */
static struct compare_unit choose_unit(const char *unit, double largest, char *buf, size_t size)
{
	static const struct { const char *from; double factor; const char *to; } steps[] = {
		{ "ns", 1e9, "s" }, { "ns", 1e6, "ms" }, { "ns", 1e3, "us" }, { "ps", 1e12, "s" }, { "ps", 1e9, "ms" },
		{ "ps", 1e6, "us" }, { "ps", 1e3, "ns" }, { "bytes", 0x1p40, "TiB" }, { "bytes", 0x1p30, "GiB" },
		{ "bytes", 0x1p20, "MiB" }, { "bytes", 0x1p10, "KiB" }, { "KiB", 0x1p30, "TiB" }, { "KiB", 0x1p20, "GiB" },
		{ "KiB", 0x1p10, "MiB" }, { "B", 0x1p30, "GiB" }, { "B", 0x1p20, "MiB" }, { "B", 0x1p10, "KiB" },
	};
	bool known = false;

	for (size_t i = 0; i < EG_ARRAY_LEN(steps); i++) {
		if (strcmp(unit, steps[i].from) != 0)
			continue;
		known = true;
		if (largest >= steps[i].factor)
			return (struct compare_unit){ steps[i].factor, steps[i].to };
	}
	if (!known && largest >= 1e6) {
		bool giga = largest >= 1e9;

		(void)snprintf(buf, size, "%s%s%s", giga ? "G" : "M", strcmp(unit, "1") == 0 ? "" : " ",
			       strcmp(unit, "1") == 0 ? "" : unit);
		return (struct compare_unit){ giga ? 1e9 : 1e6, buf };
	}
	return (struct compare_unit){ 1.0, strcmp(unit, "1") == 0 ? "" : unit };
}

static int clip(double d)
{
	return d < 0.0 ? 0 : d > 6.0 ? 6 : (int)d;
}

/*
 * Decimals: two digits of the interval, but no more than seven digits of the value, which nobody reads; without an
 * interval four digits of the value, none for a whole number.
 */
static int decimals(double value, double half)
{
	const double digits = fabs(value) >= 1.0 ? floor(log10(fabs(value))) + 1.0 : 1.0;

	if (half > 0.0)
		return clip(fmin(1.0 - floor(log10(half)), 7.0 - digits));
	if (fabs(value) < 1e6 && value >= floor(value) && value <= floor(value))
		return 0;
	return clip(3.0 - floor(log10(fabs(value))));
}

/* "+" better, "-" worse, "*" different where neither is; twice if it stands after Holm's correction. */
static const char *mark(const struct compare_cell *c, int better)
{
	static const char *const marks[3][2] = { { "-", "--" }, { "*", "**" }, { "+", "++" } };
	int side = better == 0 ? 0 : (c->pair.diff > 0.0) == (better > 0) ? 1 : -1;

	return c->pair.differs ? marks[side + 1][c->p_holm < 0.05] : "";
}

/* Decimals of a ratio: two, and more where a difference that is one would read "x1.00". */
static int ratio_decimals(const struct compare_cell *c)
{
	double shown = 0.005;
	int d = 2;

	if (c->pair.ratio >= 99.995)
		return 0;
	for (; c->pair.differs && d < 6 && fabs(c->pair.ratio - 1.0) < shown; shown /= 10.0)
		d++;
	return d;
}

static void change_text(const struct compare_cell *c, bool is_base, double factor, char *buf, size_t size)
{
	if (is_base)
		(void)snprintf(buf, size, "base");
	else if (!c->pair.n)
		(void)snprintf(buf, size, "-");
	else if (!isnan(c->pair.ratio))
		(void)snprintf(buf, size, "x%.*f", ratio_decimals(c), c->pair.ratio);
	else if (!(fabs(c->pair.diff) > 0.0) && !(c->pair.half > 0.0))
		(void)snprintf(buf, size, "=");
	else    /* no ratio to or of zero: the difference */
		(void)snprintf(buf, size, "%+.*f", decimals(c->pair.diff / factor, c->pair.half / factor),
			       c->pair.diff / factor);
}

void compare__words(const struct compare *c, const struct compare_units *u, size_t metric, size_t point,
		    struct compare_words *w)
{
	const struct compare_cell *cell = &c->cells[metric * c->nr_points + point];
	const double factor = u->of[metric].factor, value = cell->mean.mean / factor, half = cell->mean.half / factor;

	*w = (struct compare_words){ .mark = "" };
	if (!cell->mean.n) {
		(void)snprintf(w->mean, sizeof(w->mean), "-");
	} else {
		(void)snprintf(w->mean, sizeof(w->mean), "%.*f", decimals(value, half), value);
		if (isnan(half) && !u->plain)
			(void)snprintf(w->half, sizeof(w->half), "-");
		else if (!isnan(half))
			(void)snprintf(w->half, sizeof(w->half), "%.*f", half > 0.0 ? decimals(value, half) : 0, half);
	}
	if (c->nr_points < 2)
		return;
	change_text(cell, c->points[point].base == point, factor, w->change, sizeof(w->change));
	w->mark = mark(cell, c->metrics[metric].better);
}

static double largest_of(const struct compare *c, size_t metric)
{
	double largest = 0.0;

	for (size_t i = 0; i < c->nr_points; i++)
		largest = fmax(largest, fabs(c->cells[metric * c->nr_points + i].mean.mean));
	return largest;
}

bool compare__units_begin(const struct compare *c, struct compare_units *u)
{
	u->of = eg_calloc(c->nr_metrics, sizeof(*u->of));
	u->text = eg_calloc(c->nr_metrics, sizeof(*u->text));
	u->plain = true;
	if (!u->of || !u->text)
		return false;
	for (size_t m = 0; m < c->nr_metrics; m++)
		u->of[m] = choose_unit(c->metrics[m].unit, largest_of(c, m), u->text[m], sizeof(u->text[m]));
	for (size_t i = 0; i < c->nr_metrics * c->nr_points; i++)
		u->plain = u->plain && isnan(c->cells[i].mean.half);
	return true;
}

void compare__units_end(struct compare_units *u)
{
	eg_free(u->of);
	eg_free(u->text);
}

/* -- words -- */

static bool same_axes(const struct compare *c)
{
	for (unsigned k = 1; k < c->nr_files; k++) {
		if (result_nr_axes(c->files[k]) != result_nr_axes(c->files[0]))
			return false;
		for (unsigned a = 0; a < result_nr_axes(c->files[0]); a++)
			if (strcmp(result_axis(c->files[k], a)->name, result_axis(c->files[0], a)->name) != 0)
				return false;
	}
	return true;
}

unsigned compare__nr_heads(const struct compare *c)
{
	unsigned n = result_nr_axes(c->files[0]);

	return same_axes(c) && n ? n + (c->nr_files > 1) : 1;
}

const char *compare__head_name(const struct compare *c, unsigned i)
{
	if (compare__nr_heads(c) == 1 && (!same_axes(c) || !result_nr_axes(c->files[0])))
		return "";
	if (c->nr_files > 1 && i == 0)
		return "file";
	return result_axis_short(c->files[0], c->nr_files > 1 ? i - 1 : i);
}

void compare__head(const struct compare *c, size_t point, unsigned i, char *buf, size_t size)
{
	const struct compare_point *p = &c->points[point];

	if (compare__nr_heads(c) == 1 && (!same_axes(c) || !result_nr_axes(c->files[0])))
		(void)snprintf(buf, size, "%s", p->text);
	else if (c->nr_files > 1 && i == 0)
		(void)snprintf(buf, size, "%.*s", (int)strcspn(p->text, " "), p->text);
	else
		(void)snprintf(buf, size, "%s", result_point_label(c->files[p->file], p->point, c->nr_files > 1 ? i - 1 : i));
}

void compare__legend(const struct compare *c, const char *points_are, struct eg_str *out)
{
	size_t marked = 0, after = 0;
	bool one = true;

	for (size_t i = 0; i < c->nr_metrics * c->nr_points; i++) {
		marked += c->cells[i].pair.differs;
		after += c->cells[i].pair.differs && c->cells[i].p_holm < 0.05;
	}
	for (size_t i = 0; i < c->nr_points; i++)
		one = one && c->points[i].base == c->points[0].base;
	if (c->own_choice && c->nr_metrics < c->nr_available)
		eg_str_addf(out, "%zu of %zu metrics; --metric NAME or --metric 'PATTERN*' shows others.\n", c->nr_metrics,
			    c->nr_available);
	if (c->nr_same)
		eg_str_addf(out, "Left out, because equal at every point: %zu; --identical shows them.\n", c->nr_same);
	if (c->nr_points < 2)
		return;
	if (one)
		eg_str_addf(out, "Baseline: %s.", c->points[c->points[0].base].text);
	else
		eg_str_addf(out, "Each %s is compared with the `base` %s that shares its other labels.", points_are, points_are);
	eg_str_add(out, " xR: geometric mean of the ratios to it, seed by seed; +D, -D, =: the difference, where there"
		   " is no ratio.\n");
	if (!c->nr_tests) {
		eg_str_add(out, "No interval, so no mark: fewer than two seeds in common.\n");
		return;
	}
	eg_str_addf(out, "Marks: + better, - worse, * different, where the 95 %% interval of the paired difference excludes zero:"
		    " %zu of %zu comparisons, of which about %.0f by chance alone would be; doubled: %zu that stand after"
		    " Holm's correction.\n", marked, c->nr_tests, ceil(0.05 * (double)c->nr_tests), after);
}

/* -- for papers and pages -- */

/* Text in which the characters of `special` are escaped by a backslash; LaTeX's own backslash, ~ and ^ by name. */
static void escaped(struct eg_str *out, const char *text, const char *special, bool latex)
{
	for (; *text; text++) {
		if (latex && *text == '\\')
			eg_str_add(out, "\\textbackslash{}");
		else if (latex && (*text == '~' || *text == '^'))
			eg_str_addf(out, "\\%c{}", *text);
		else
			eg_str_addf(out, "%s%c", strchr(special, *text) ? "\\" : "", *text);
	}
}

static void head_line(const struct compare *c, size_t point, struct eg_str *out, const char *special, bool latex)
{
	char text[1400];

	for (unsigned h = 0; h < compare__nr_heads(c); h++) {
		compare__head(c, point, h, text, sizeof(text));
		escaped(out, h ? ", " : "", "", false);
		escaped(out, text, special, latex);
	}
}

void compare_markdown(const struct compare *c, struct eg_str *out)
{
	struct compare_units u = { 0 };
	struct compare_words w;

	out->failed |= !compare__units_begin(c, &u);
	if (!out->failed) {
		eg_str_add(out, "| metric | unit |");
		for (size_t i = 0; i < c->nr_points; i++) {
			eg_str_add(out, " ");
			head_line(c, i, out, "|*_\\`", false);
			eg_str_add(out, " |");
		}
		eg_str_add(out, "\n|:--|:--|");
		for (size_t i = 0; i < c->nr_points; i++)
			eg_str_add(out, "--:|");
		eg_str_add(out, "\n");
		for (size_t m = 0; m < c->nr_metrics; m++) {
			eg_str_addf(out, "| `%s` | %s |", c->metrics[m].name, u.of[m].text);
			for (size_t i = 0; i < c->nr_points; i++) {
				compare__words(c, &u, m, i, &w);
				eg_str_addf(out, " %s%s%s", w.mean, *w.half ? " ± " : "", w.half);
				if (*w.change)
					eg_str_addf(out, " (%s%s%s)", w.change, *w.mark ? " " : "", w.mark);
				eg_str_add(out, " |");
			}
			eg_str_add(out, "\n");
		}
		eg_str_add(out, "\n");
		compare__legend(c, "column", out);
	}
	compare__units_end(&u);
}

/* For the package booktabs; the legend is a comment, to be turned into the caption. */
void compare_latex(const struct compare *c, struct eg_str *out)
{
	static const char special[] = "&%$#_{}";
	struct compare_units u = { 0 };
	struct eg_str text = { 0 };
	struct compare_words w;

	out->failed |= !compare__units_begin(c, &u);
	if (!out->failed) {
		compare__legend(c, "column", &text);
		eg_str_addf(out, "%% needs \\usepackage{booktabs}; %s\n", u.plain ? "one seed, so no interval"
			    : "mean and half of the 95 % interval over the seeds (Student t)");
		for (const char *p = eg_str_text(&text); *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
			if (*p != '\n')
				eg_str_addf(out, "%% %.*s\n", (int)strcspn(p, "\n"), p);
		eg_str_add(out, "\\begin{tabular}{ll");
		for (size_t i = 0; i < c->nr_points; i++)
			eg_str_add(out, "rr");
		eg_str_add(out, "}\n\\toprule\nmetric & unit");
		for (size_t i = 0; i < c->nr_points; i++) {
			eg_str_add(out, " & \\multicolumn{2}{c}{");
			head_line(c, i, out, special, true);
			eg_str_add(out, "}");
		}
		eg_str_add(out, " \\\\\n\\midrule\n");
		for (size_t m = 0; m < c->nr_metrics; m++) {
			escaped(out, c->metrics[m].name, special, true);
			eg_str_add(out, " & ");
			escaped(out, u.of[m].text, special, true);
			for (size_t i = 0; i < c->nr_points; i++) {
				compare__words(c, &u, m, i, &w);
				if (*w.half)
					eg_str_addf(out, " & $%s \\pm %s$", w.mean, w.half);
				else
					eg_str_addf(out, " & %s", w.mean);
				if (*w.change == 'x')
					eg_str_addf(out, *w.mark ? " & $\\times %s^{%s}$" : " & $\\times %s%s$", w.change + 1, w.mark);
				else
					eg_str_addf(out, *w.mark ? " & $%s^{%s}$" : " & %s%s", w.change, w.mark);
			}
			eg_str_add(out, " \\\\\n");
		}
		eg_str_add(out, "\\bottomrule\n\\end{tabular}\n");
	}
	out->failed |= text.failed;
	eg_str_free(&text);
	compare__units_end(&u);
}
