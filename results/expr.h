/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr - a value computed from named metrics of a result, seed by seed: a column of a figure, the metric of a claim.
 *
 *	expression: term { (+ | -) term }
 *	term:       factor { (* | /) factor }
 *	factor:     name | number | ( expression ) | - factor
 *
 * "(tlb.hits.l1d + tlb.hits.l1i) / tlb.lookups * 100", with the precedence of arithmetic. A name is made of letters,
 * digits, _ and . and does not begin with a digit or a dot. Enough for shares, rates and scales; more belongs into a
 * metric.
 */
#ifndef RESULTS_EXPR_H
#define RESULTS_EXPR_H

#include "sim/base/status.h"

#define EXPR_MAX_NAMES 12u              /* different ones */
#define EXPR_MAX_STEPS 48u              /* names, numbers and operators */

struct expr {
	unsigned nr;                        /* names, each once, in the order of their first use */
	char     names[EXPR_MAX_NAMES][80];
	unsigned nr_steps;                  /* the expression in postfix form */
	struct expr_step {
		char     op;                /* 'n' name, '#' number, '-' '+' '*' '/', '~' minus of one operand */
		unsigned name;
		double   number;
	} steps[EXPR_MAX_STEPS];
};

/* Read the text up to its end or one of the characters in `stop`; NULL if it is not an expression: then *why, which may
 * be NULL, is what was expected ("expected a metric or a number after /") and *at, which may be NULL, where. */
const char *expr_parse(struct expr *e, const char *text, const char *stop, const char **why, const char **at);

/* The value where names[i] has value v[i]; NaN if one is NaN or a divisor is 0. */
double expr_value(const struct expr *e, const double *v);

/*
 * The unit of the value where names[i] has unit[i]: numbers have none ("1"); sums want equal units; "ns" / "1" is ns,
 * ns / ns is "1". NULL when no single unit comes out (ns + bytes, bytes / ns).
 */
const char *expr_unit(const struct expr *e, const char *const *unit);

#endif
