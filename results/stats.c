/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stats - see stats.h. Student's t is GSL's; sums run in the order of the seeds, in two passes (mean, then squares of
 * the deviations), so equal data give equal digits on every host. Holm, S. (1979), "A simple sequentially rejective
 * multiple test procedure", Scand. J. Statist. 6. Left out: bootstrap intervals for skewed data.
 */
#include "results/stats.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define LEVEL 0.975              /* upper end of a two-sided 95 % interval */

static const double not_defined = (double)NAN;

struct stats_mean stats_mean(const double *v, size_t n)
{
	struct stats_mean m = { 0, not_defined, not_defined, not_defined };
	double sum = 0.0, squares = 0.0, first = 0.0;
	bool equal = true;

	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i]))
			continue;
		if (m.n++ == 0)
			first = v[i];
		equal = equal && !(v[i] < first) && !(v[i] > first);
		sum += v[i];
	}
	if (!m.n)
		return m;
	/* equal values have exactly no spread, whatever the rounding of sum / n says */
	m.mean = equal ? first : sum / m.n;
	if (m.n < 2)
		return m;
	for (size_t i = 0; i < n && !equal; i++)
		if (!isnan(v[i]))
			squares += (v[i] - m.mean) * (v[i] - m.mean);
	m.sd = sqrt(squares / (m.n - 1));
	m.half = gsl_cdf_tdist_Pinv(LEVEL, m.n - 1) * m.sd / sqrt(m.n);
	return m;
}

struct stats_pair stats_pair(const double *a, const double *b, size_t n)
{
	struct stats_pair r = { 0, not_defined, not_defined, not_defined, not_defined, not_defined, not_defined, false };
	double t, sum = 0.0, squares = 0.0, first = 0.0;
	bool equal = true, positive = true;

	for (size_t i = 0; i < n; i++) {
		double d = b[i] - a[i];

		if (isnan(d))
			continue;
		if (r.n++ == 0)
			first = d;
		equal = equal && !(d < first) && !(d > first);
		positive = positive && a[i] > 0.0 && b[i] > 0.0;
		sum += d;
	}
	if (!r.n)
		return r;
	r.diff = equal ? first : sum / r.n;
	if (r.n >= 2) {
		for (size_t i = 0; i < n && !equal; i++)
			if (!isnan(b[i] - a[i]))
				squares += (b[i] - a[i] - r.diff) * (b[i] - a[i] - r.diff);
		r.half = gsl_cdf_tdist_Pinv(LEVEL, r.n - 1) * sqrt(squares / (r.n - 1) / r.n);
		if (equal) {
			r.p = fabs(r.diff) > 0.0 ? 0.0 : 1.0;
		} else {
			t = fabs(r.diff) / sqrt(squares / (r.n - 1) / r.n);
			r.p = 2.0 * gsl_cdf_tdist_Q(t, r.n - 1);
		}
		r.differs = fabs(r.diff) > r.half;
	}
	if (positive) {
		double log_sum = 0.0, log_squares = 0.0, mean;

		for (size_t i = 0; i < n; i++)
			if (!isnan(b[i] - a[i]))
				log_sum += log(b[i] / a[i]);
		mean = log_sum / r.n;
		r.ratio = exp(mean);
		for (size_t i = 0; i < n; i++)
			if (!isnan(b[i] - a[i]))
				log_squares += (log(b[i] / a[i]) - mean) * (log(b[i] / a[i]) - mean);
		if (r.n >= 2) {
			t = gsl_cdf_tdist_Pinv(LEVEL, r.n - 1) * sqrt(log_squares / (r.n - 1) / r.n);
			r.ratio_low = exp(mean - t);
			r.ratio_high = exp(mean + t);
		}
	}
	return r;
}

double stats_geomean(const double *v, size_t n)
{
	double sum = 0.0;
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i]))
			continue;
		if (!(v[i] > 0.0))
			return not_defined;
		sum += log(v[i]);
		have++;
	}
	return have ? exp(sum / (double)have) : not_defined;
}

size_t stats_holm(const double *p, size_t n, double *adjusted)
{
	size_t have = 0, done = 0;
	double floor_p = 0.0;

	for (size_t i = 0; i < n; i++) {
		have += isnan(p[i]) ? 0u : 1u;
		adjusted[i] = not_defined;
	}
	/* step down: smallest first, times the number not yet done, never below the one before. n is some hundreds. */
	while (done < have) {
		size_t least = n;

		for (size_t i = 0; i < n; i++)
			if (!isnan(p[i]) && isnan(adjusted[i]) && (least == n || p[i] < p[least]))
				least = i;
		floor_p = fmax(floor_p, fmin(1.0, p[least] * (double)(have - done)));
		adjusted[least] = floor_p;
		done++;
	}
	return have;
}
