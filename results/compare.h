/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare - sweep points side by side: means with intervals, and seed by seed against a baseline.
 *
 *	struct compare c;
 *	s = compare_build(&c, files, nr_files, baseline, metrics, nr_metrics, err);
 *	compare_table(&c, width, &text);
 *	compare_free(&c);
 */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H

#include "results/reader.h"
#include "results/stats.h"
#include "sim/base/str.h"

struct compare_point {
	unsigned    file;
	size_t      point;               /* in that file */
	const char *text;                /* "page_allocator=linux thp=never"; with the file's name if there are several */
	size_t      base;                /* index in points[] of what it is compared with; itself: a baseline */
};

struct compare_cell {
	struct stats_mean mean;
	struct stats_pair pair;          /* against points[base]; n == 0 for a baseline */
	double            p_holm;        /* pair.p corrected for all pairs of this comparison; NaN without one */
};

struct compare {
	struct eg_arena arena;
	struct result_file **files;      /* borrowed */
	unsigned nr_files;
	size_t   nr_points, nr_metrics;
	struct compare_point *points;
	struct result_metric *metrics;   /* texts belong to the files */
	struct compare_cell  *cells;     /* [metric * nr_points + point] */
	size_t   nr_available;           /* metrics in all files together */
	size_t   nr_tests;               /* pairs with a p value */
	size_t   nr_same;                /* metrics of the selection left out, because equal at every point */
	bool     own_choice;             /* no metric was named: the readable selection */
};

/*
 * Compare every point of the files. baseline: "k=v,k=v" of some or all axes (each point is compared with the one that
 * has these labels and agrees on the other axes); NULL: compare.baseline of the first file, or its first point, and with
 * several files the same point of the first file. metrics: names or patterns with * and ?; none: a readable selection,
 * without what has the same values at every point, unless keep_same (or nothing else is there). Files stay the caller's and must live as long as *c. EG_USAGE for unknown names, EG_BAD_INPUT, EG_NO_MEMORY; then
 * there is nothing to free.
 */
eg_status compare_build(struct compare *c, struct result_file **files, unsigned nr_files, const char *baseline,
			const char *const *metrics, unsigned nr_metrics, bool keep_same, struct eg_errors *err) EG_MUST_USE;
void      compare_free(struct compare *c);

/*
 * An aligned table, no line longer than `width` characters (at least 60; 0: no limit). When the points do not fit side
 * by side it is turned, or they follow in groups, each with the baselines of its points.
 */
void compare_table(const struct compare *c, unsigned width, struct eg_str *out);
/* The same as a Markdown table, and as a LaTeX tabular (package booktabs). */
void compare_markdown(const struct compare *c, struct eg_str *out);
void compare_latex(const struct compare *c, struct eg_str *out);
/* One line per metric and point, RFC 4180; NaN is an empty field, numbers as %.17g. */
void compare_csv(const struct compare *c, struct eg_str *out);
void compare_json(const struct compare *c, struct eg_str *out);

#endif
