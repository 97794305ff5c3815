/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_text - what the table of a terminal, the Markdown table and the LaTeX tabular say alike: numbers with the
 * digits they deserve, labels, the legend. For compare_text.c and compare_table.c only.
 */
#ifndef RESULTS_COMPARE_TEXT_H
#define RESULTS_COMPARE_TEXT_H

#include "results/compare.h"

struct compare_unit {
	double      factor;              /* values are shown divided by it */
	const char *text;                /* "ms"; "" for a plain number */
};

/* The units of all metrics, and whether any cell has an interval. */
struct compare_units {
	struct compare_unit *of;         /* [nr_metrics] */
	char (*text)[32];
	bool plain;                      /* no interval anywhere: values stand alone */
};
bool compare__units_begin(const struct compare *c, struct compare_units *u);    /* false: no memory; then still end it */
void compare__units_end(struct compare_units *u);

/* The parts of a cell; all of them may be "". change has no mark, which is a static string. */
struct compare_words {
	char        mean[48], half[48], change[48];
	const char *mark;
};
void compare__words(const struct compare *c, const struct compare_units *u, size_t metric, size_t point,
		    struct compare_words *w);

/* Labels of a point: one per axis if all files have the same axes (before them the file, if several), else one text. */
unsigned    compare__nr_heads(const struct compare *c);
const char *compare__head_name(const struct compare *c, unsigned head);         /* "" when it needs no name */
void        compare__head(const struct compare *c, size_t point, unsigned head, char *buf, size_t size);

/* What stands below a table, one paragraph a line. points_are: "column" or "row". */
void compare__legend(const struct compare *c, const char *points_are, struct eg_str *out);

#endif
