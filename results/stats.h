/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stats - means with intervals, paired comparisons, and what several comparisons at once are worth.
 *
 * NaN in the data means "not there" and is left out, in a pair together with its partner. NaN in an answer means "not
 * defined": one sample has no interval.
 */
#ifndef RESULTS_STATS_H
#define RESULTS_STATS_H

#include "sim/base/types.h"

struct stats_mean {
	unsigned n;              /* values that were there */
	double   mean, sd;       /* sd with n - 1; NaN when n < 2 */
	double   half;           /* the 95 % interval is mean - half .. mean + half (Student t); NaN when n < 2 */
};
struct stats_mean stats_mean(const double *v, size_t n);

/*
 * The same seed gives the same workload at every sweep point, so values are compared seed by seed: d[i] = b[i] - a[i].
 * `differs` only when the interval of the mean difference excludes zero. p is two-sided, of the paired t test.
 * When all differences are equal there is no noise to judge by: half is 0, p is 1 for zero and 0 otherwise.
 */
struct stats_pair {
	unsigned n;
	double   diff, half, p;
	double   ratio;          /* geometric mean of b[i] / a[i]; NaN unless all are positive */
	double   ratio_low, ratio_high;  /* its 95 % interval, from the logarithms */
	bool     differs;
};
struct stats_pair stats_pair(const double *a, const double *b, size_t n);

/* Geometric mean of those that are there; NaN if one is not positive or none is there. */
double stats_geomean(const double *v, size_t n);

/* Holm's step-down adjustment: adjusted[i] is p[i] corrected for all p that are not NaN. Returns how many those are. */
size_t stats_holm(const double *p, size_t n, double *adjusted);

#endif
