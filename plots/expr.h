/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr - a column of a figure computed from named columns of a result, seed by seed.
 *
 *	sum [ / sum ] [ * number ]        sum: name { + name }
 *
 * "tlb.hits.l1d + tlb.hits.l1i / tlb.lookups * 100": both sums first, then the quotient, then the factor. Enough for
 * shares, rates and scales; more belongs into a metric.
 */
#ifndef PLOTS_EXPR_H
#define PLOTS_EXPR_H

#include "sim/base/status.h"

#define EXPR_MAX_NAMES 12u

struct expr {
	unsigned nr, nr_above;              /* names[0 .. nr_above) over names[nr_above .. nr), or over nothing */
	char     names[EXPR_MAX_NAMES][80];
	double   factor;
};

/* Read the text up to its end or one of the characters in `stop`; NULL if it is not an expression. */
const char *expr_parse(struct expr *e, const char *text, const char *stop);

/* The value where names[i] has value v[i]; NaN if one is NaN or the divisor is 0. */
double expr_value(const struct expr *e, const double *v);

#endif
