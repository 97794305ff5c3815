/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout - where panels, labels and key go, in points, before gnuplot draws.
 *
 * gnuplot sizes margins in characters of an assumed width and lets a key fall on the data. Here the widths of all
 * labels are known (the advance widths of Helvetica, which Nimbus Sans shares), so margins are set in parts of the
 * figure, the key gets a strip of its own above the panels, and the figure becomes as high as all of that needs. What
 * lies below a panel depends on its labels: side by side if they fit, slanted if not, upright if even that would leave
 * the figure at the left; labels too long for that are listed at the foot, and the bars numbered.
 */
#include <math.h>
#include <stdio.h>

#include "plots/table.h"

#define TEXT 7.0
#define SMALL 6.0
#define MAX_SLANTED 66.0

/* Advance widths of Helvetica for ' ' to '~', in thousandths of the size. */
static const unsigned short advance[95] = {
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
	556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
	556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
};

/* The widest line of the text. */
double plot_text_width(const char *text, double size)
{
	double line = 0, widest = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			line = 0;
		else if (c >= ' ' && c <= '~')
			line += advance[c - ' '];
		else if (c >= 0xc0)             /* the first byte of another character */
			line += 600;
		widest = line > widest ? line : widest;
	}
	return widest * size / 1000.0;
}

/* The byte at which a character begins, at or after `i`. */
static size_t character_at(const char *text, size_t i)
{
	while (((unsigned char)text[i] & 0xc0) == 0x80)
		i++;
	return i;
}

const char *plot_shorten(struct plot *p, const char *text, double size, double width)
{
	size_t n = strlen(text);

	if (plot_text_width(text, size) <= width)
		return text;
	/* the ends tell more than the middle: the first axis, and the last value */
	for (size_t keep = n / 2; keep > 1; keep--) {
		struct eg_str s = { 0 };
		const char *cut;
		bool fits;

		eg_str_addn(&s, text, character_at(text, keep));
		eg_str_add(&s, "…");
		eg_str_add(&s, text + character_at(text, n - keep));
		fits = plot_text_width(eg_str_text(&s), size) <= width;
		cut = fits ? plot_text(p, eg_str_text(&s)) : NULL;
		p->dat.failed |= s.failed;
		eg_str_free(&s);
		if (cut)
			return cut;
	}
	return "…";
}

static unsigned nr_lines(const char *text)
{
	unsigned n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

struct layout {
	double   width, height;                 /* of the figure */
	unsigned cols, rows;
	double   key, label;                    /* strips above all, and above each panel */
	double   panel, bottom, inner;          /* heights: of a panel, below it, below it when another panel follows */
	double   left, gap, right;              /* left of the first column, of the others, right of the last */
	int      rotate;                        /* of the labels below bars */
	bool     numbered;                      /* bars have numbers, and the labels stand below all */
};

static bool bars(const struct plot *p)
{
	return p->figure->table == FIGURE_SUMMARY || p->figure->table == FIGURE_SUMMARY_ALL || p->figure->table == FIGURE_PARTS;
}

static double panel_width(const struct layout *l, unsigned cols)
{
	return (l->width - l->left - l->right - (cols - 1) * l->gap) / cols;
}

/* As many columns as hold the labels, filling the rows. */
static unsigned choose_columns(const struct plot *p, const struct layout *l, unsigned most)
{
	/* three panels in two columns are a hole; one column has none */
	unsigned best = 1, best_empty = p->nr_panels >= 5 ? UINT32_MAX : 1;

	for (unsigned c = most < p->nr_panels ? most : p->nr_panels; c > 1; c--) {
		unsigned empty = (p->nr_panels + c - 1) / c * c - p->nr_panels;
		double pitch = panel_width(l, c) + l->gap - 4;
		bool fits = !bars(p) || panel_width(l, c) / (p->nr_points + 0.4) >= 11.0;

		for (unsigned i = 0; i < p->nr_panels; i++)
			fits &= plot_text_width(p->panels[i].label, TEXT) + 14 <= pitch;
		if (fits && empty < best_empty) {
			best = c;
			best_empty = empty;
		}
	}
	return best;
}

/* Bars of all panels have room in one row. */
static bool fits_beside(const struct plot *p, const struct layout *l)
{
	return panel_width(l, p->nr_panels) / (p->nr_points + 0.4) >= 11.0;
}

/* How the labels below bars stand, and the height they need. */
static double bar_labels(const struct plot *p, struct layout *l)
{
	double slot = panel_width(l, l->cols) / (p->nr_points + 0.4), widest = 0, all = 0, leftmost = 0;
	unsigned lines = 1;

	for (unsigned i = 0; i < p->nr_points; i++) {
		const struct plot_point *at = &p->points[i];
		double w = plot_text_width(at->label, SMALL), reach = w * 0.71 - slot * (i + 0.7);

		widest = fmax(widest, plot_text_width(at->lines, SMALL));
		lines = nr_lines(at->lines) > lines ? nr_lines(at->lines) : lines;
		all = fmax(all, w);
		leftmost = fmax(leftmost, reach);
	}
	l->rotate = 0;
	if (widest + 3 <= slot)
		return 5 + 7 * lines;
	l->rotate = leftmost < l->left - 2 ? 45 : 90;
	if (all * (l->rotate == 45 ? 0.71 : 1.0) > MAX_SLANTED) {
		l->rotate = 0;
		l->numbered = true;
		return 12;
	}
	return 6 + all * (l->rotate == 45 ? 0.71 : 1.0) + (l->rotate == 45 ? 4 : 0);
}

/* Names of the key: curves, or the parts of stacked bars and areas. */
static unsigned key_names(const struct plot *p, const char *name[PLOT_MAX_BLOCKS])
{
	unsigned n = 0;

	if (p->figure->table == FIGURE_STACK) {
		for (unsigned b = 0; b < p->panels[0].nr; b++)
			name[n++] = p->blocks[b].label;
		return n;
	}
	if (!bars(p)) {
		for (unsigned i = 0; p->nr_points > 1 && i < p->nr_points; i++)
			name[n++] = p->points[i].label;
		return n;
	}
	/* boxes, and dots too if some bars are of one seed */
	for (unsigned i = 0; p->stacked && i < p->nr_panels * (1u + (p->single && p->several)); i++) {
		const struct plot_panel *panel = &p->panels[i % p->nr_panels];

		for (unsigned b = 0; panel->nr > 1 && b < panel->nr && n < PLOT_MAX_BLOCKS; b++)
			name[n++] = p->blocks[panel->first + b].label;
	}
	return n;
}

/* Above the key: what its labels are labels of. Bars have that at the foot. */
static bool has_title(const struct plot *p)
{
	return p->figure->table == FIGURE_STACK || (!bars(p) && *p->axes);
}

static double place_key(struct plot *p, const struct layout *l)
{
	const char *name[PLOT_MAX_BLOCKS];
	unsigned n = key_names(p, name), cols, rows;
	double widest = 0;

	if (!n)
		return 0;
	for (unsigned i = 0; i < n; i++)
		widest = fmax(widest, plot_text_width(name[i], SMALL) + (p->stacked && p->single && p->several ? 24 : 0));
	cols = (unsigned)((l->width - 8) / (widest + 30));
	cols = cols < 1 ? 1 : cols > n ? n : cols;
	rows = (n + cols - 1) / cols;
	cols = (n + rows - 1) / rows;           /* rows of equal length */
	eg_str_addf(&p->vars, "key_columns = %u\n", cols);
	return 7.6 * rows + 4 + (has_title(p) ? 10.5 : 0);
}

static void add_array(struct plot *p, const struct layout *l, const char *name, double (*at)(const struct layout *, unsigned))
{
	eg_str_addf(&p->vars, "array %s[%u] = [", name, p->nr_panels);
	for (unsigned i = 0; i < p->nr_panels; i++)
		eg_str_addf(&p->vars, "%s%.4f", i ? ", " : "", at(l, i));
	eg_str_add(&p->vars, "]\n");
}

static double left_of(const struct layout *l, unsigned i)
{
	return (l->left + (i % l->cols) * (panel_width(l, l->cols) + l->gap)) / l->width;
}

static double right_of(const struct layout *l, unsigned i)
{
	return left_of(l, i) + panel_width(l, l->cols) / l->width;
}

static double top_of(const struct layout *l, unsigned i)
{
	return 1.0 - (l->key + l->label + (i / l->cols) * (l->panel + l->inner + l->label)) / l->height;
}

static double bottom_of(const struct layout *l, unsigned i)
{
	return top_of(l, i) - l->panel / l->height;
}

/* The smallest of 1, 2, 2.5 or 5 times a power of ten of which `steps` reach max. */
static double nice_step(double max, double steps)
{
	static const double nice[] = { 1, 2, 2.5, 5, 10 };
	double power = pow(10, floor(log10(max / steps)));
	unsigned k = 0;

	while (k + 1 < EG_ARRAY_LEN(nice) && nice[k] * power * steps < max)
		k++;
	return nice[k] * power;
}

/* Axes from zero with at most five steps. */
static void add_scales(struct plot *p)
{
	struct eg_str tops = { 0 };

	eg_str_addf(&p->vars, "array y_step[%u] = [", p->nr_panels);
	eg_str_addf(&tops, "array y_top[%u] = [", p->nr_panels);
	for (unsigned i = 0; i < p->nr_panels; i++) {
		double max = p->panels[i].max > 0 ? p->panels[i].max : 1.0, step;

		/* a hundred percent is the top, however the sum was rounded */
		max = p->panels[i].nr > 1 ? max * (1 - 1e-9) : max * 1.02;
		step = nice_step(max, 5);
		eg_str_addf(&p->vars, "%s%.6g", i ? ", " : "", step);
		eg_str_addf(&tops, "%s%.6g", i ? ", " : "", ceil(max / step) * step);
	}
	eg_str_add(&p->vars, "]\n");
	eg_str_addf(&p->vars, "%s]\n", eg_str_text(&tops));
	p->vars.failed |= tops.failed;
	eg_str_free(&tops);
}

/* The labels that bars have numbers for, as many in a line as fit; returns the number of lines. */
static unsigned add_foot(struct plot *p, const struct layout *l)
{
	struct eg_str lines = { 0 }, line = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; l->numbered && i < p->nr_points; i++) {
		char one[300];

		(void)snprintf(one, sizeof(one), "%u: %s", i + 1, p->points[i].label);
		if (line.len && plot_text_width(eg_str_text(&line), SMALL) + plot_text_width(one, SMALL) + 8 > l->width - l->left) {
			eg_str_add(&lines, n++ ? ", " : "");
			plot_add_quoted(&lines, eg_str_text(&line));
			eg_str_free(&line);
		}
		eg_str_addf(&line, "%s%s", line.len ? "    " : "", one);
	}
	if (line.len) {
		eg_str_add(&lines, n++ ? ", " : "");
		plot_add_quoted(&lines, eg_str_text(&line));
	}
	eg_str_addf(&p->vars, "foot_lines = %u\n", n);
	if (n)
		eg_str_addf(&p->vars, "array foot_line[%u] = [%s]\n", n, eg_str_text(&lines));
	p->vars.failed |= lines.failed || line.failed;
	eg_str_free(&lines);
	eg_str_free(&line);
	return n;
}

void plot_layout(struct plot *p)
{
	struct layout l = { .width = p->width == PLOT_COLUMN ? 252.0 : 515.52, .right = 7 };
	unsigned last_row;
	double foot;

	l.label = p->nr_panels > 1 || p->figure->table == FIGURE_LATENCY || bars(p) ? 14 : 5;
	l.cols = 1;
	l.bottom = 18;
	if (bars(p)) {
		l.left = l.gap = 33;
		l.panel = 64;
		l.cols = choose_columns(p, &l, p->width == PLOT_COLUMN ? 3 : 4);
		/* shares in seven colours want height, and their sum a place beside them */
		if (p->figure->table == FIGURE_PARTS) {
			l.panel = 104;
			if (p->width == PLOT_TEXT || fits_beside(p, &l))
				l.cols = p->nr_panels;
		}
		l.bottom = bar_labels(p, &l);
	} else if (p->figure->table == FIGURE_LATENCY) {
		l.left = 34;
		l.gap = 21;
		l.cols = choose_columns(p, &l, p->width == PLOT_COLUMN ? 2 : 4);
		l.panel = p->nr_panels == 1 ? 110 : 76;
	} else if (p->figure->table == FIGURE_STACK) {
		l.left = 34;
		l.gap = 16;
		l.cols = choose_columns(p, &l, p->width == PLOT_COLUMN ? 2 : 4);
		l.panel = p->nr_panels == 1 ? 110 : 76;
	} else {
		l.left = 42;
		l.gap = 34;
		l.cols = p->width == PLOT_TEXT && p->nr_panels <= 3 ? p->nr_panels : 1;
		l.panel = p->nr_panels == 1 || l.cols > 1 ? 104 : 62;
	}
	l.rows = (p->nr_panels + l.cols - 1) / l.cols;
	/* a panel in the last row but one may have none below it, and then has the labels of the last */
	last_row = p->nr_panels % l.cols;
	l.inner = bars(p) ? (last_row ? l.bottom : 4) : p->figure->table == FIGURE_LATENCY ? 11 : 3;
	if (!bars(p) && last_row)
		l.inner = l.bottom;
	if (bars(p) && l.rows > 1 && last_row)
		l.inner = l.bottom;
	l.key = place_key(p, &l);
	foot = bars(p) && *p->axes ? 9 : 0;     /* what the labels below bars are labels of */
	if (bars(p))
		foot += 7.5 * add_foot(p, &l);
	l.height = l.key + l.rows * (l.label + l.panel) + (l.rows - 1) * l.inner + l.bottom + foot + 1;
	eg_str_addf(&p->vars, "fig_width = %.4g\nfig_height = %.4g\nkey_height = %.4f\n", l.width / 72.0, l.height / 72.0,
		    l.key / l.height);
	add_array(p, &l, "left", left_of);
	add_array(p, &l, "right", right_of);
	add_array(p, &l, "bottom", bottom_of);
	add_array(p, &l, "top", top_of);
	eg_str_addf(&p->vars, "array lowest[%u] = [", p->nr_panels);
	for (unsigned i = 0; i < p->nr_panels; i++)
		eg_str_addf(&p->vars, "%s%d", i ? ", " : "", i + l.cols >= p->nr_panels);
	eg_str_add(&p->vars, "]\n");
	eg_str_addf(&p->vars, "panel_columns = %u\n", l.cols);
	if (p->x_max > 0)
		eg_str_addf(&p->vars, "x_max = %.6g\nx_step = %.6g\n", p->x_max,
			    nice_step(p->x_max, fmin(10, fmax(2, floor(panel_width(&l, l.cols) / 22)))));
	if (!bars(p)) {
		if (p->figure->table == FIGURE_STACK)
			add_scales(p);
		return;
	}
	eg_str_addf(&p->vars, "label_angle = %d\nnumbered = %d\n", l.rotate, l.numbered);
	add_scales(p);
}
