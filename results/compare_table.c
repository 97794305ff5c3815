/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_table - a comparison as a table for a terminal, never wider than it is; see compare.h.
 *
 * Which of three forms it gets depends on the width and the numbers alone, so the same width gives the same text:
 *
 *   1. metrics as rows, all points side by side, when that fits: the form in which one sees what a policy costs and
 *      what it gains;
 *   2. when it does not fit and there are more points than metrics, the table is turned: points as rows, as many metrics
 *      side by side as fit, the others below. A curve over a swept parameter is then read down a column;
 *   3. otherwise groups of points one after the other. Each group begins with the baselines of its points: a ratio is
 *      never far from what it is a ratio to.
 *
 * The parts of a number are aligned column by column: mean, ±, half of the interval, ratio, mark. Above or left of them
 * stand the labels; one that repeats the last one of an outer axis is left blank. Labels and names too long for the
 * width lose their beginnings, which say less than their ends.
 */
#include <stdio.h>

#include "results/compare_text.h"

#define GAP       2u             /* blanks between columns */
#define MIN_WIDTH 60u            /* labels and one number; a narrower terminal breaks the lines itself */
#define NO_LIMIT  100000u

struct column {
	unsigned mean, half, change, mark;
	unsigned total;                  /* of all this, and at least of what stands above it */
};

struct layout {
	const struct compare *c;
	struct compare_units units;
	unsigned width;
	bool     turned;                 /* points are the rows */
	unsigned name;                   /* on the left, metrics as rows: the name, and at the end the unit */
	unsigned *label;                 /* ... points as rows: of each head */
	unsigned label_limit;            /* nothing above or left of the numbers is wider */
	size_t   nr_columns;
	struct column *column;           /* of each point; turned: of each metric */
	size_t  *shown;                  /* the columns of the current block */
	bool    *done;                   /* points that stood in some block */
};

/* -- text -- */

static unsigned columns_of(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;        /* code points, not bytes */
	return n;
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
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

static void end_line(struct eg_str *out)
{
	while (out->len && out->p[out->len - 1] == ' ')
		out->p[--out->len] = '\0';
	eg_str_add(out, "\n");
}

/* Keep the end of a text that is wider than `limit`. */
static void clip(char *text, unsigned limit)
{
	unsigned n = columns_of(text);
	char *p = text;

	if (n <= limit || limit < 3)
		return;
	for (n -= limit - 2; n; n--)
		do
			p++;
		while (((unsigned char)*p & 0xc0) == 0x80);
	memmove(text + 2, p, strlen(p) + 1);
	memcpy(text, "..", 2);
}

/* Paragraphs, one a line, broken at blanks. */
static void wrapped(struct eg_str *out, const char *text, unsigned width)
{
	unsigned at = 0;

	while (*text) {
		size_t n = strcspn(text, " \n");
		unsigned columns = 0;

		for (size_t i = 0; i < n; i++)
			columns += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at && at + 1 + columns > width) {
			eg_str_add(out, "\n");
			at = 0;
		}
		eg_str_add(out, at ? " " : "");
		at += columns + (at ? 1 : 0);
		eg_str_addn(out, text, n);
		text += n;
		if (*text == '\n') {
			eg_str_add(out, "\n");
			at = 0;
		}
		text += *text != '\0';
	}
}

/* -- widths -- */

static void head(const struct layout *l, size_t point, unsigned h, char *buf, size_t size)
{
	compare__head(l->c, point, h, buf, size);
	clip(buf, l->label_limit);
}

static void head_name(const struct layout *l, unsigned h, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", compare__head_name(l->c, h));
	clip(buf, l->turned && l->label[h] ? l->label[h] : l->label_limit);
}

static void metric_head(const struct layout *l, size_t m, char *buf, size_t size)
{
	const char *unit = l->units.of[m].text;

	(void)snprintf(buf, size, *unit ? "%s (%s)" : "%s%s", l->c->metrics[m].name, unit);
	clip(buf, l->label_limit);
}

static void words_of(const struct layout *l, size_t row, size_t column, struct compare_words *w)
{
	compare__words(l->c, &l->units, l->turned ? column : row, l->turned ? row : column, w);
}

static void fit_column(struct layout *l, size_t i)
{
	const size_t nr_rows = l->turned ? l->c->nr_points : l->c->nr_metrics;
	struct column *k = &l->column[i];
	struct compare_words w;
	char text[1400];

	*k = (struct column){ 0 };
	for (size_t r = 0; r < nr_rows; r++) {
		words_of(l, r, i, &w);
		k->mean = max(k->mean, columns_of(w.mean));
		k->half = max(k->half, columns_of(w.half));
		k->change = max(k->change, columns_of(w.change));
		k->mark = max(k->mark, columns_of(w.mark));
	}
	k->total = k->mean + (k->half ? 3 + k->half : 0) + (k->change ? 1 + k->change : 0) + (k->mark ? 1 + k->mark : 0);
	if (l->turned) {
		metric_head(l, i, text, sizeof(text));
		k->total = max(k->total, columns_of(text));
	}
	for (unsigned h = 0; !l->turned && h < compare__nr_heads(l->c); h++) {
		head(l, i, h, text, sizeof(text));
		k->total = max(k->total, columns_of(text));
	}
}

/* What stands left of the numbers. */
static unsigned margin(const struct layout *l)
{
	unsigned n = 0;

	if (!l->turned)
		return l->name;
	for (unsigned h = 0; h < compare__nr_heads(l->c); h++)
		n += (h ? GAP : 0) + l->label[h];
	return n;
}

static void fit_rows(struct layout *l)
{
	const struct compare *c = l->c;
	char text[1400];
	unsigned unit;

	l->name = 6;
	for (unsigned h = 0; h < compare__nr_heads(c); h++) {
		l->label[h] = 0;
		head_name(l, h, text, sizeof(text));
		l->name = max(l->name, columns_of(text));
		l->label[h] = columns_of(text);
		for (size_t i = 0; i < c->nr_points; i++) {
			head(l, i, h, text, sizeof(text));
			l->label[h] = max(l->label[h], columns_of(text));
		}
	}
	for (size_t m = 0; m < c->nr_metrics; m++) {
		(void)snprintf(text, sizeof(text), "%s", c->metrics[m].name);
		clip(text, l->label_limit);
		unit = columns_of(l->units.of[m].text);
		l->name = max(l->name, columns_of(text) + (unit ? 1 + unit : 0));
	}
}

/* Does everything fit on one line? *narrow: not even a point beside its baseline does. */
static bool fits(const struct layout *l, bool *narrow)
{
	unsigned used = margin(l), widest = 0;

	*narrow = false;
	for (size_t i = 0; i < l->nr_columns; i++) {
		const size_t base = l->turned ? i : l->c->points[i].base;
		unsigned pair = l->column[i].total + GAP + (base == i ? 0 : l->column[base].total + GAP);

		widest = max(widest, pair);
		used += GAP + l->column[i].total;
		if (used > NO_LIMIT)
			used = NO_LIMIT;
	}
	*narrow = margin(l) + widest > l->width;
	return used <= l->width;
}

static void measure(struct layout *l, bool turned)
{
	const unsigned heads = compare__nr_heads(l->c);

	l->turned = turned;
	/* Half the width for the labels of a row, and a number fits beside; a third for each of name, baseline and point. */
	l->label_limit = l->width >= NO_LIMIT ? NO_LIMIT : turned ? max(l->width / 2 / heads, 8) : max(l->width / 3, 8);
	l->nr_columns = turned ? l->c->nr_metrics : l->c->nr_points;
	fit_rows(l);
	if (turned && l->width < NO_LIMIT)      /* names of metrics stand above: they may take what the labels leave */
		l->label_limit = max(l->label_limit, l->width - margin(l) - GAP);
	for (size_t i = 0; i < l->nr_columns; i++)
		fit_column(l, i);
}

static bool begin_layout(const struct compare *c, unsigned width, struct layout *l)
{
	const size_t most = c->nr_points > c->nr_metrics ? c->nr_points : c->nr_metrics;
	bool narrow;

	l->c = c;
	l->width = width ? max(width, MIN_WIDTH) : NO_LIMIT;
	l->column = eg_calloc(most, sizeof(*l->column));
	l->shown = eg_calloc(most, sizeof(*l->shown));
	l->done = eg_calloc(most, sizeof(*l->done));
	l->label = eg_calloc(compare__nr_heads(c), sizeof(*l->label));
	if (!compare__units_begin(c, &l->units) || !l->column || !l->shown || !l->done || !l->label)
		return false;
	measure(l, false);
	if (!fits(l, &narrow) && c->nr_points > 1 && (narrow || c->nr_points > c->nr_metrics))
		measure(l, true);
	return true;
}

static void end_layout(struct layout *l)
{
	compare__units_end(&l->units);
	eg_free(l->column);
	eg_free(l->shown);
	eg_free(l->done);
	eg_free(l->label);
}

/* -- blocks -- */

/* Is the label of an outer axis the same as that of the point before, as are all further out? */
static bool repeats(const struct layout *l, size_t point, size_t before, unsigned h)
{
	char a[1400], b[1400];

	if (h + 1 == compare__nr_heads(l->c))
		return false;
	for (unsigned i = 0; i <= h; i++) {
		compare__head(l->c, point, i, a, sizeof(a));
		compare__head(l->c, before, i, b, sizeof(b));
		if (strcmp(a, b) != 0)
			return false;
	}
	return true;
}

static void row(const struct layout *l, size_t r, size_t nr, struct eg_str *out)
{
	struct compare_words w;

	for (size_t i = 0; i < nr; i++) {
		const struct column *k = &l->column[l->shown[i]];
		unsigned used = k->mean + (k->half ? 3 + k->half : 0) + (k->change ? 1 + k->change : 0) +
				(k->mark ? 1 + k->mark : 0);

		words_of(l, r, l->shown[i], &w);
		pad(out, GAP);
		right(out, w.mean, k->mean);
		if (k->half) {
			eg_str_add(out, *w.half ? " ± " : "   ");
			left(out, w.half, k->half);
		}
		if (k->change) {
			eg_str_add(out, " ");
			right(out, w.change, k->change);
		}
		if (k->mark) {
			eg_str_add(out, " ");
			left(out, w.mark, k->mark);
		}
		pad(out, k->total - used);
	}
	end_line(out);
}

static void block(const struct layout *l, size_t nr, struct eg_str *out)
{
	const struct compare *c = l->c;
	char text[1400];

	for (unsigned h = 0; !l->turned && h < compare__nr_heads(c); h++) {
		head_name(l, h, text, sizeof(text));
		left(out, text, margin(l));
		for (size_t i = 0; i < nr; i++) {
			head(l, l->shown[i], h, text, sizeof(text));
			pad(out, GAP);
			left(out, i && repeats(l, l->shown[i], l->shown[i - 1], h) ? "" : text, l->column[l->shown[i]].total);
		}
		end_line(out);
	}
	for (size_t m = 0; !l->turned && m < c->nr_metrics; m++) {
		(void)snprintf(text, sizeof(text), "%s", c->metrics[m].name);
		clip(text, l->label_limit);
		eg_str_add(out, text);
		right(out, l->units.of[m].text, l->name - columns_of(text));
		row(l, m, nr, out);
	}
	if (!l->turned)
		return;
	for (unsigned h = 0; h < compare__nr_heads(c); h++) {
		head_name(l, h, text, sizeof(text));
		pad(out, h ? GAP : 0);
		left(out, text, l->label[h]);
	}
	for (size_t i = 0; i < nr; i++) {
		metric_head(l, l->shown[i], text, sizeof(text));
		pad(out, GAP);
		left(out, text, l->column[l->shown[i]].total);
	}
	end_line(out);
	for (size_t p = 0; p < c->nr_points; p++) {
		for (unsigned h = 0; h < compare__nr_heads(c); h++) {
			head(l, p, h, text, sizeof(text));
			clip(text, l->label[h]);
			pad(out, h ? GAP : 0);
			left(out, p && repeats(l, p, p - 1, h) ? "" : text, l->label[h]);
		}
		row(l, p, nr, out);
	}
}

/* Blocks of neighbouring columns, as many as fit. */
static void in_order(const struct layout *l, struct eg_str *out)
{
	size_t i = 0;

	while (i < l->nr_columns) {
		unsigned used = margin(l);
		size_t nr = 0;

		eg_str_add(out, i ? "\n" : "");
		while (i < l->nr_columns && (!nr || used + GAP + l->column[i].total <= l->width)) {
			used += GAP + l->column[i].total;
			l->shown[nr++] = i++;
		}
		block(l, nr, out);
	}
}

static bool is_shown(const struct layout *l, size_t nr, size_t point)
{
	for (size_t i = 0; i < nr; i++)
		if (l->shown[i] == point)
			return true;
	return false;
}

/* Groups of points, each with the baselines it needs; points that share one stay together. */
static void in_groups(const struct layout *l, struct eg_str *out)
{
	const struct compare_point *points = l->c->points;      /* few: where there are many, the table is turned */
	unsigned used = margin(l);
	bool first = true;
	size_t nr = 0;

	for (size_t i = 0; i < l->nr_columns; i++)
		for (size_t k = i; k < l->nr_columns; k++) {
			const size_t base = points[i].base;
			unsigned need;

			if (l->done[k] || points[k].base != base)
				continue;
			need = GAP + l->column[k].total + (is_shown(l, nr, base) || k == base ? 0 : GAP + l->column[base].total);
			for (size_t j = k + 1; k == base && j < l->nr_columns; j++)
				if (points[j].base == base && !l->done[j]) {    /* not the last of a line: it has company */
					need += GAP + l->column[j].total;
					break;
				}
			if (nr && used + need > l->width) {
				eg_str_add(out, first ? "" : "\n");
				block(l, nr, out);
				first = false;
				nr = 0;
				used = margin(l);
			}
			if (k != base && !is_shown(l, nr, base)) {
				used += GAP + l->column[base].total;
				l->shown[nr++] = base;
				l->done[base] = true;
			}
			used += GAP + l->column[k].total;
			l->shown[nr++] = k;
			l->done[k] = true;
		}
	eg_str_add(out, first ? "" : "\n");
	block(l, nr, out);
}

static void title(const struct layout *l, struct eg_str *out)
{
	const struct compare *c = l->c;

	for (unsigned k = 0; k < c->nr_files; k++) {
		const char *gaps = result_provenance(c->files[k], "missing_cells");
		unsigned n = 0;

		eg_str_addf(out, "%s: %zu point%s x %u seed%s\n", result_name(c->files[k]), result_nr_points(c->files[k]),
			    result_nr_points(c->files[k]) == 1 ? "" : "s", result_nr_seeds(c->files[k]),
			    result_nr_seeds(c->files[k]) == 1 ? "" : "s");
		for (; *gaps; gaps++)
			n += *gaps == '\n';
		if (n)
			eg_str_addf(out, "warning: %u cell%s of %s %s missing\n", n, n == 1 ? "" : "s", result_name(c->files[k]),
				    n == 1 ? "is" : "are");
	}
	eg_str_add(out, l->units.plain ? "values without intervals: there is one seed\n"
				       : "mean ± half of the 95 % interval over the seeds (Student t)\n");
}

void compare_table(const struct compare *c, unsigned width, struct eg_str *out)
{
	struct layout l = { 0 };
	struct eg_str prose = { 0 };
	bool narrow;

	if (begin_layout(c, width, &l)) {
		title(&l, &prose);
		wrapped(out, eg_str_text(&prose), l.width);
		eg_str_add(out, "\n");
		if (l.turned || fits(&l, &narrow))
			in_order(&l, out);
		else
			in_groups(&l, out);
		eg_str_add(out, "\n");
		out->failed |= prose.failed;
		eg_str_free(&prose);
		compare__legend(c, l.turned ? "row" : "column", &prose);
		wrapped(out, eg_str_text(&prose), l.width);
		out->failed |= prose.failed;
	} else {
		out->failed = true;
	}
	eg_str_free(&prose);
	end_layout(&l);
}
