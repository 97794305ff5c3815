/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_text - a comparison as a table for people: plain, Markdown, LaTeX; see compare.h.
 *
 * Tables show mean and half of the 95 % interval with as many digits as the interval supports, in a unit with a prefix
 * that suits the row.
 */
#include "results/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define GAP 3u                   /* blanks between columns */

/* -- numbers for people -- */

struct prefix {
	double      factor;
	const char *text;
};

/* A unit in which the row's largest mean is between 1 and 1000 where that is possible. */
static struct prefix choose_unit(const char *unit, double largest, char *buf, size_t size)
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
			return (struct prefix){ steps[i].factor, steps[i].to };
	}
	if (!known && largest >= 1e6) {
		bool giga = largest >= 1e9;

		(void)snprintf(buf, size, "%s%s%s", giga ? "G" : "M", strcmp(unit, "1") == 0 ? "" : " ",
			       strcmp(unit, "1") == 0 ? "" : unit);
		return (struct prefix){ giga ? 1e9 : 1e6, buf };
	}
	return (struct prefix){ 1.0, strcmp(unit, "1") == 0 ? "" : unit };
}

static int clip(double d)
{
	return d < 0.0 ? 0 : d > 6.0 ? 6 : (int)d;
}

/* Decimals: two digits of the interval; without one, four digits of the value, none for a whole number. */
static int decimals(double value, double half)
{
	if (half > 0.0)
		return clip(1.0 - floor(log10(half)));
	if (fabs(value) < 1e6 && value >= floor(value) && value <= floor(value))
		return 0;
	return clip(3.0 - floor(log10(fabs(value))));
}

static void value_text(const struct compare_cell *c, double factor, char *buf, size_t size)
{
	double value = c->mean.mean / factor, half = c->mean.half / factor;
	int d;

	if (!c->mean.n) {
		(void)snprintf(buf, size, "-");
		return;
	}
	d = decimals(value, half);
	if (isnan(half))
		(void)snprintf(buf, size, "%.*f ± -", d, value);
	else
		(void)snprintf(buf, size, "%.*f ± %.*f", d, value, half > 0.0 ? d : 0, half);
}

/* "+" better, "-" worse, "*" different where neither is; twice if it stands after Holm's correction. */
static const char *mark(const struct compare_cell *c, int better)
{
	static const char *const marks[3][2] = { { "-", "--" }, { "*", "**" }, { "+", "++" } };
	int side = better == 0 ? 0 : (c->pair.diff > 0.0) == (better > 0) ? 1 : -1;

	return c->pair.differs ? marks[side + 1][c->p_holm < 0.05] : "";
}

static void change_text(const struct compare_cell *c, bool is_base, int better, double factor, char *buf, size_t size)
{
	char number[40] = "";

	if (is_base)
		(void)snprintf(number, sizeof(number), "base  ");
	else if (!c->pair.n)
		(void)snprintf(number, sizeof(number), "-  ");
	else if (!isnan(c->pair.ratio))
		(void)snprintf(number, sizeof(number), c->pair.ratio >= 99.995 ? "x%.0f" : "x%.2f", c->pair.ratio);
	else if (!(fabs(c->pair.diff) > 0.0) && !(c->pair.half > 0.0))
		(void)snprintf(number, sizeof(number), "=");
	else    /* no ratio to or of zero: the difference */
		(void)snprintf(number, sizeof(number), "%+.*f", decimals(c->pair.diff / factor, c->pair.half / factor),
			       c->pair.diff / factor);
	if (is_base || !c->pair.n)
		(void)snprintf(buf, size, "%s", number);
	else
		(void)snprintf(buf, size, "%s %-2s", number, mark(c, better));
}

/* -- the table -- */

static unsigned columns_of(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;        /* code points, not bytes */
	return n;
}

static void pad(struct eg_str *out, unsigned n)
{
	while (n-- > 0)
		eg_str_add(out, " ");
}

static void left(struct eg_str *out, const char *text, unsigned width)
{
	unsigned n = columns_of(text);

	eg_str_add(out, text);
	pad(out, n < width ? width - n : 0);
}

static void right(struct eg_str *out, const char *text, unsigned width)
{
	unsigned n = columns_of(text);

	pad(out, n < width ? width - n : 0);
	eg_str_add(out, text);
}

/* Lines above the columns: the axes if all files have the same ones, else one line that says it all. */
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

static unsigned nr_heads(const struct compare *c)
{
	unsigned n = result_nr_axes(c->files[0]);

	return same_axes(c) && n ? n + (c->nr_files > 1) : 1;
}

static const char *head_name(const struct compare *c, unsigned i)
{
	if (nr_heads(c) == 1 && (!same_axes(c) || !result_nr_axes(c->files[0])))
		return "";
	if (c->nr_files > 1 && i == 0)
		return "file";
	return result_axis_short(c->files[0], c->nr_files > 1 ? i - 1 : i);
}

static void head_text(const struct compare *c, size_t point, unsigned i, char *buf, size_t size)
{
	const struct compare_point *p = &c->points[point];

	if (nr_heads(c) == 1 && (!same_axes(c) || !result_nr_axes(c->files[0])))
		(void)snprintf(buf, size, "%s", p->text);
	else if (c->nr_files > 1 && i == 0)
		(void)snprintf(buf, size, "%.*s", (int)strcspn(p->text, " "), p->text);
	else
		(void)snprintf(buf, size, "%s", result_point_label(c->files[p->file], p->point, c->nr_files > 1 ? i - 1 : i));
}

struct layout {
	unsigned  name, unit;
	unsigned *value, *change;        /* of each point */
	struct prefix *prefix;           /* of each metric */
	char    (*unit_text)[32];
};

static double largest_of(const struct compare *c, size_t metric)
{
	double largest = 0.0;

	for (size_t i = 0; i < c->nr_points; i++)
		largest = fmax(largest, fabs(c->cells[metric * c->nr_points + i].mean.mean));
	return largest;
}

static void measure(const struct compare *c, struct layout *l)
{
	char text[1400];

	l->name = 6;
	for (unsigned h = 0; h < nr_heads(c); h++)
		l->name = columns_of(head_name(c, h)) > l->name ? columns_of(head_name(c, h)) : l->name;
	for (size_t m = 0; m < c->nr_metrics; m++) {
		unsigned n = columns_of(c->metrics[m].name);

		l->name = n > l->name ? n : l->name;
		l->prefix[m] = choose_unit(c->metrics[m].unit, largest_of(c, m), l->unit_text[m], sizeof(l->unit_text[m]));
		n = columns_of(l->prefix[m].text);
		l->unit = n > l->unit ? n : l->unit;
	}
	for (size_t i = 0; i < c->nr_points; i++) {
		for (size_t m = 0; m < c->nr_metrics; m++) {
			const struct compare_cell *cell = &c->cells[m * c->nr_points + i];
			unsigned n;

			value_text(cell, l->prefix[m].factor, text, sizeof(text));
			n = columns_of(text);
			l->value[i] = n > l->value[i] ? n : l->value[i];
			if (c->nr_points == 1)
				continue;
			change_text(cell, c->points[i].base == i, c->metrics[m].better, l->prefix[m].factor, text, sizeof(text));
			n = columns_of(text);
			l->change[i] = n > l->change[i] ? n : l->change[i];
		}
		for (unsigned h = 0; h < nr_heads(c); h++) {
			unsigned have = l->value[i] + (l->change[i] ? 1 + l->change[i] : 0), n;

			head_text(c, i, h, text, sizeof(text));
			n = columns_of(text);
			l->value[i] += n > have ? n - have : 0;
		}
	}
}

static void block(const struct compare *c, const struct layout *l, size_t from, size_t to, struct eg_str *out)
{
	char text[1400];

	for (unsigned h = 0; h < nr_heads(c); h++) {
		left(out, head_name(c, h), l->name + 1 + l->unit);
		for (size_t i = from; i < to; i++) {
			head_text(c, i, h, text, sizeof(text));
			pad(out, GAP);
			right(out, text, l->value[i]);
			if (i + 1 < to)
				pad(out, l->change[i] ? 1 + l->change[i] : 0);
		}
		eg_str_add(out, "\n");
	}
	for (size_t m = 0; m < c->nr_metrics; m++) {
		const double factor = l->prefix[m].factor;

		left(out, c->metrics[m].name, l->name + 1);
		left(out, l->prefix[m].text, l->unit);
		for (size_t i = from; i < to; i++) {
			const struct compare_cell *cell = &c->cells[m * c->nr_points + i];

			pad(out, GAP);
			value_text(cell, factor, text, sizeof(text));
			right(out, text, l->value[i]);
			if (!l->change[i])
				continue;
			pad(out, 1);
			change_text(cell, c->points[i].base == i, c->metrics[m].better, factor, text, sizeof(text));
			right(out, text, l->change[i]);
		}
		while (out->len && out->p[out->len - 1] == ' ')
			out->p[--out->len] = '\0';
		eg_str_add(out, "\n");
	}
}

static void title(const struct compare *c, struct eg_str *out)
{
	for (unsigned k = 0; k < c->nr_files; k++) {
		const char *gaps = result_provenance(c->files[k], "missing_cells");
		unsigned n = 0;

		eg_str_addf(out, "%s: %zu point%s x %u seed%s\n", result_name(c->files[k]), result_nr_points(c->files[k]),
			    result_nr_points(c->files[k]) == 1 ? "" : "s", result_nr_seeds(c->files[k]),
			    result_nr_seeds(c->files[k]) == 1 ? "" : "s");
		for (; *gaps; gaps++)
			n += *gaps == '\n';
		if (n)
			eg_str_addf(out, "warning: %u cells of %s are missing\n", n, result_name(c->files[k]));
	}
	eg_str_add(out, "mean ± half of the 95 % interval over the seeds (Student t)\n\n");
}

static void legend(const struct compare *c, struct eg_str *out)
{
	size_t marked = 0, after = 0;
	bool one = true;

	for (size_t i = 0; i < c->nr_metrics * c->nr_points; i++) {
		marked += c->cells[i].pair.differs;
		after += c->cells[i].pair.differs && c->cells[i].p_holm < 0.05;
	}
	for (size_t i = 0; i < c->nr_points; i++)
		one = one && c->points[i].base == c->points[0].base;
	eg_str_add(out, "\n");
	if (c->own_choice && c->nr_metrics < c->nr_available)
		eg_str_addf(out, "%zu of %zu metrics; --metric NAME or --metric 'PATTERN*' shows others.\n", c->nr_metrics,
			    c->nr_available);
	if (c->nr_points < 2)
		return;
	if (one)
		eg_str_addf(out, "Baseline: %s.", c->points[c->points[0].base].text);
	else
		eg_str_add(out, "Each column is compared with the `base` column that shares its other labels.");
	eg_str_add(out, " xR: geometric mean of the ratios to it, seed by seed; +D, -D, =: the difference, where there"
		   " is no ratio.\n");
	if (!c->nr_tests) {
		eg_str_add(out, "No interval, so no mark: fewer than two seeds in common.\n");
		return;
	}
	eg_str_addf(out, "Marks: + better, - worse, * different, where the 95 %% interval of the paired difference excludes zero:\n"
		    "%zu of %zu comparisons, of which about %.0f by chance alone would be; doubled: %zu that stand after Holm's"
		    " correction.\n", marked, c->nr_tests, ceil(0.05 * (double)c->nr_tests), after);
}

static bool begin_layout(const struct compare *c, struct layout *l)
{
	l->value = eg_calloc(c->nr_points, sizeof(*l->value));
	l->change = eg_calloc(c->nr_points, sizeof(*l->change));
	l->prefix = eg_calloc(c->nr_metrics, sizeof(*l->prefix));
	l->unit_text = eg_calloc(c->nr_metrics, sizeof(*l->unit_text));
	if (!l->value || !l->change || !l->prefix || !l->unit_text)
		return false;
	measure(c, l);
	return true;
}

static void end_layout(struct layout *l)
{
	eg_free(l->value);
	eg_free(l->change);
	eg_free(l->prefix);
	eg_free(l->unit_text);
}

void compare_table(const struct compare *c, unsigned width, struct eg_str *out)
{
	struct layout l = { 0 };
	size_t from = 0;

	if (begin_layout(c, &l)) {
		title(c, out);
		while (from < c->nr_points) {
			size_t to = from;
			unsigned used = l.name + 1 + l.unit;

			while (to < c->nr_points) {
				used += GAP + l.value[to] + (l.change[to] ? 1 + l.change[to] : 0);
				if (width && used > width && to > from)
					break;
				to++;
			}
			eg_str_add(out, from ? "\n" : "");
			block(c, &l, from, to, out);
			from = to;
		}
		legend(c, out);
	} else {
		out->failed = true;
	}
	end_layout(&l);
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

	for (unsigned h = 0; h < nr_heads(c); h++) {
		head_text(c, point, h, text, sizeof(text));
		escaped(out, h ? ", " : "", "", false);
		escaped(out, text, special, latex);
	}
}

void compare_markdown(const struct compare *c, struct eg_str *out)
{
	struct layout l = { 0 };
	char text[200];

	out->failed |= !begin_layout(c, &l);
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
			eg_str_addf(out, "| `%s` | %s |", c->metrics[m].name, l.prefix[m].text);
			for (size_t i = 0; i < c->nr_points; i++) {
				const struct compare_cell *cell = &c->cells[m * c->nr_points + i];

				value_text(cell, l.prefix[m].factor, text, sizeof(text));
				eg_str_addf(out, " %s", text);
				if (c->nr_points > 1) {
					change_text(cell, c->points[i].base == i, c->metrics[m].better, l.prefix[m].factor, text,
						    sizeof(text));
					text[strcspn(text, " ")] = '\0';
					eg_str_addf(out, " (%s", text);
					eg_str_addf(out, "%s%s)", *mark(cell, c->metrics[m].better) ? " " : "",
						    mark(cell, c->metrics[m].better));
				}
				eg_str_add(out, " |");
			}
			eg_str_add(out, "\n");
		}
		legend(c, out);
	}
	end_layout(&l);
}

/* For the package booktabs; the legend is a comment, to be turned into the caption. */
void compare_latex(const struct compare *c, struct eg_str *out)
{
	static const char special[] = "&%$#_{}";
	struct layout l = { 0 };
	struct eg_str text = { 0 };
	char value[200];

	out->failed |= !begin_layout(c, &l);
	if (!out->failed) {
		legend(c, &text);
		eg_str_add(out, "% needs \\usepackage{booktabs}; mean and half of the 95 % interval over the seeds (Student t)\n");
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
			escaped(out, l.prefix[m].text, special, true);
			for (size_t i = 0; i < c->nr_points; i++) {
				const struct compare_cell *cell = &c->cells[m * c->nr_points + i];
				char *sign;

				value_text(cell, l.prefix[m].factor, value, sizeof(value));
				sign = strstr(value, "±");
				if (sign)
					eg_str_addf(out, " & $%.*s\\pm%s$", (int)(sign - value), value, sign + strlen("±"));
				else
					eg_str_addf(out, " & %s", value);
				change_text(cell, c->points[i].base == i, c->metrics[m].better, l.prefix[m].factor, value,
					    sizeof(value));
				value[strcspn(value, " ")] = '\0';
				if (c->nr_points == 1)
					eg_str_add(out, " &");
				else if (*value == 'x' && *mark(cell, c->metrics[m].better))
					eg_str_addf(out, " & $\\times %s^{%s}$", value + 1, mark(cell, c->metrics[m].better));
				else if (*value == 'x')
					eg_str_addf(out, " & $\\times %s$", value + 1);
				else
					eg_str_addf(out, " & %s", value);
			}
			eg_str_add(out, " \\\\\n");
		}
		eg_str_add(out, "\\bottomrule\n\\end{tabular}\n");
	}
	out->failed |= text.failed;
	eg_str_free(&text);
	end_layout(&l);
}
