/* SPDX-License-Identifier: GPL-3.0-or-later */
/* column - a column of a figure, chosen among its alternatives; see table.h for how it is written. */
#ifndef PLOTS_COLUMN_H
#define PLOTS_COLUMN_H

#include "plots/table.h"
#include "results/expr.h"

struct column {
	struct expr expr;
	const char *text;               /* the expression as written, text_len characters */
	size_t      text_len;
	char        label[80], unit[24], stack[80];
};

/* Field `i` of the text between semicolons, trimmed. */
void        column_field(const char *text, unsigned i, char *to, size_t size);
/* The first alternative of `text` that some file can feed, from its series or its summary. False: none; c->expr is then
 * the first one, for the message. */
bool        column_choose(const struct plot *p, bool series, const char *text, struct column *c);
/* The unit of the column: its own, else that of the first name in a file that has it. */
const char *column_unit(const struct plot *p, bool series, const struct column *c);
/* "walk: tlb.misses.l2 / tlb.lookups * 100" for the caption. */
void        column_define(struct plot *p, const struct column *c);

#endif
