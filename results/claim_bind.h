/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_bind - a claim bound to a result file: metrics to cubes, axes and labels to numbers, units to one factor. Between
 * claim_bind.c, which binds, and claim.c, which judges; private to them.
 */
#ifndef RESULTS_CLAIM_BIND_H
#define RESULTS_CLAIM_BIND_H

#include "results/claim.h"

#define CLAIM_MAX_AXES 64u

/* A claim bound to a file, and room for one part's seeds. */
struct claim_bound {
	struct claim_report *r;
	struct result_file  *f;
	const struct claim  *c;
	struct claim_judged *out;
	unsigned             nr_seeds, nr_axes;
	const double        *cube[EXPR_MAX_NAMES];
	int                  of[CLAIM_MAX_AXES], vs[CLAIM_MAX_AXES];        /* label's index or -1 */
	int                  axis;                              /* of the expectation, or -1 */
	unsigned             nr_labels;
	const unsigned      *label;                             /* its labels, in the order of the claim */
	const double        *x;                                 /* SLOPE: the labels as numbers */
	double              *a, *b, *d;                         /* [nr_seeds] */
	size_t               here;                              /* the place that is judged */
};

/*
 * Fill what is not r, f, c, out and the seeds' room. EG_BAD_INPUT: what the file cannot answer is told in err, as
 * "file:line:col: claim ID: why"; EG_NO_MEMORY.
 */
eg_status claim__bind(struct claim_bound *j, struct eg_errors *err) EG_MUST_USE;
/* EG_BAD_INPUT with such a message. */
eg_status claim__cannot(const struct claim_bound *j, struct eg_errors *err, const char *fmt, ...) EG_PRINTF(3, 4);
eg_status claim__no_memory(struct eg_errors *err);

#endif
