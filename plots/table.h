/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table - what a figure draws: panels, blocks of numbers, labels; and how they are read from results.
 *
 *   latency       one panel for each kind of a group of histograms, one block for each (panel, sweep point): the
 *                 cumulative distribution of the histograms of all seeds added up
 *   series        one panel for each column that the results have, one block for each sweep point: mean and interval
 *                 over the seeds against time
 *   stack         one panel for each sweep point, one block for each column: areas on each other, against time
 *   summary       one panel for each column that the results have, one block each, one line for each sweep point
 *   summary-all   the same, but all columns must be there
 *   parts         two panels: the shares of a family of counters, stacked, small ones joined; and their sum
 *
 * A column of a figure is "EXPRESSION | EXPRESSION ... ; label ; unit ; stack LABEL": the first expression whose names
 * the results have, what it is called in the figure, its unit (default: that of its first name), and for parts of a
 * whole the label of the panel in which the adjoining columns are stacked. See results/expr.h for expressions.
 */
#ifndef PLOTS_TABLE_H
#define PLOTS_TABLE_H

#include "plots/plots.h"
#include "sim/base/mem.h"
#include "sim/base/str.h"

#define PLOT_MAX_PANELS 12u
#define PLOT_MAX_BLOCKS (PLOT_MAX_PANELS * PLOT_MAX_POINTS)
#define PLOT_MAX_ROWS   2000u           /* of a curve */

struct plot_point {
	struct result_file *file;
	size_t              point;          /* in that file */
	const char         *label;          /* "linux, never": its labels on the axes that differ, "" when there is one point */
	const char         *lines;          /* the same, a line for each axis */
	const char         *whole;          /* the label before it was cut to the width of the figure */
};

struct plot_panel {
	const char *label, *unit;
	unsigned    first, nr;              /* its blocks */
	double      max;                    /* the highest end of an interval or stack, as shown; not of latencies */
};

struct plot_block {
	unsigned    panel, point;           /* point: of a curve; 0 in summaries */
	const char *label;
};

struct plot {
	const struct figure *figure;
	enum plot_width      width;
	struct eg_arena      arena;
	unsigned             nr_points, nr_panels, nr_blocks;
	size_t               nr_wanted;     /* points that were asked for; more than fit: none is drawn */
	struct plot_point    points[PLOT_MAX_POINTS];
	const char          *axes;          /* "page_allocator, thp": what the points' labels are labels of */
	struct plot_panel    panels[PLOT_MAX_PANELS];
	struct plot_block    blocks[PLOT_MAX_BLOCKS];
	double               x_max;         /* the end of an axis of time, as shown; 0: it has none */
	bool                 stacked;       /* a panel has stacked columns */
	bool                 single;        /* some mean is of one seed only ... */
	bool                 several;       /* ... and some of more */
	struct eg_str        dat;           /* the data file */
	struct eg_str        vars;          /* further assignments for the script */
	struct eg_str        notes;         /* further lines of the caption */
	char                 why[240];      /* nothing to draw, because ... */
};

/* Fill panels, blocks, dat, vars and notes; when there is nothing to draw, EG_OK with p->why. */
eg_status plot_table(struct plot *p, struct eg_errors *err) EG_MUST_USE;

/* The kinds of tables, for plot_table(). */
eg_status plot__latency(struct plot *p, struct eg_errors *err) EG_MUST_USE;
eg_status plot__series(struct plot *p, struct eg_errors *err) EG_MUST_USE;
eg_status plot__stack(struct plot *p, struct eg_errors *err) EG_MUST_USE;
eg_status plot__parts(struct plot *p, struct eg_errors *err) EG_MUST_USE;
eg_status plot__summary(struct plot *p, bool all, struct eg_errors *err) EG_MUST_USE;
/* There is nothing to draw, because ... */
void plot__why(struct plot *p, const char *fmt, ...) EG_PRINTF(2, 3);
/* One more panel, which owns the blocks that are opened from now on. */
struct plot_panel *plot__add_panel(struct plot *p, const char *label, const char *unit);
struct stats_mean;
/* Lines of one block of bars: name, place, mean, interval, n, and what it stands on, base[point]; it is raised. */
void plot__summary_rows(struct plot *p, const struct stats_mean *mean, double divide, double *base);
/* Open the block of a curve in the last panel, for that point. */
void plot__add_block(struct plot *p, unsigned point, const char *label);

/* "# a" as a string of a gnuplot script, quoted and escaped. */
void plot_add_quoted(struct eg_str *s, const char *text);
/* `text` for the data file: in double quotes, which its text may not contain. */
void plot_add_name(struct eg_str *s, const char *text);
/* "ns", "bytes", ... and the largest value: the unit to show and what to divide by. */
const char *plot_unit(const char *unit, double max, double *divide);
/* A copy from the arena; EG_NO_MEMORY shows as p->dat.failed. */
const char *plot_text(struct plot *p, const char *text);

/* Sizes in points. */
double plot_text_width(const char *text, double size);
/* The text, its middle replaced by an ellipsis if it is wider. */
const char *plot_shorten(struct plot *p, const char *text, double size, double width);
/* Place panels and key, and add the variables that say where: fig_width, left[], key_columns, ... */
void   plot_layout(struct plot *p);

/* Write NAME.EXT in `dir`, whole or not at all. */
eg_status plot_write_file(const char *dir, const char *name, const char *ext, const struct eg_str *s, struct eg_errors *err) EG_MUST_USE;
/* Make the pictures of NAME.gp in `dir`; formats: of enum plot_format. */
eg_status plot_draw(const char *dir, const char *name, unsigned formats, struct eg_errors *err) EG_MUST_USE;
/* What gnuplot wrote for TeX, with its labels escaped and their size set. */
void      plot_tex(struct eg_str *s, const char *from);

/*
 * Run a program in folder `dir` with empty standard input, its standard output discarded. EG_IO, with what it said on
 * standard error, when it is not there, fails, or runs for more than `seconds`. package: what to install to have it.
 */
eg_status plot_child(const char *const *argv, const char *dir, unsigned seconds, const char *package,
		     struct eg_errors *err) EG_MUST_USE;

#endif
