/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics against values known in closed form or from printed tables. */
#include <math.h>

#include "results/stats.h"
#include "tests/tap.h"

static bool near(double got, double want, double tolerance)
{
	if (fabs(got - want) <= tolerance * fmax(1.0, fabs(want)))
		return true;
	printf("# got %.17g, wanted %.17g\n", got, want);
	return false;
}

static void means(void)
{
	const double v[] = { 1, 2, 3, 4, 5 }, one[] = { 7 }, same[] = { 0.1, 0.1, 0.1 }, gap[] = { 1, NAN, 3 };
	struct stats_mean m = stats_mean(v, 5);

	ok(m.n == 5 && near(m.mean, 3, 1e-15) && near(m.sd, sqrt(2.5), 1e-15), "mean and deviation of 1..5");
	/* t(0.975, 4) = 2.7764451051977987 */
	ok(near(m.half, 2.7764451051977987 * sqrt(2.5 / 5), 1e-12), "interval with 4 degrees of freedom");
	m = stats_mean(one, 1);
	ok(m.n == 1 && near(m.mean, 7, 0) && isnan(m.half) && isnan(m.sd), "one sample has no interval");
	m = stats_mean(same, 3);
	ok(m.n == 3 && near(m.mean, 0.1, 0) && near(m.half, 0, 0), "equal samples: exactly no spread");
	m = stats_mean(gap, 3);
	ok(m.n == 2 && near(m.mean, 2, 0) && near(m.half, 12.706204736174694, 1e-9), "a gap is left out");
	m = stats_mean(v, 0);
	ok(m.n == 0 && isnan(m.mean), "nothing has no mean");
}

static void pairs(void)
{
	/* Student (1908), sleep data: extra hours with two drugs, 10 patients; t = 4.0621, p = 0.002833 */
	const double a[] = { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0 };
	const double b[] = { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 };
	const double x[] = { 1, 2, 4 }, y[] = { 2, 4, 8 }, z[] = { 1.1, 1.9, 4.05 }, hole[] = { 2, NAN, 8 };
	struct stats_pair r = stats_pair(a, b, 10);

	ok(r.n == 10 && near(r.diff, 1.58, 1e-12), "sleep data: mean difference");
	ok(near(r.p, 0.002833, 2e-4) && near(r.diff - r.half, 0.7001142, 1e-6) && near(r.diff + r.half, 2.4598858, 1e-6),
	   "sleep data: p value and interval");
	ok(r.differs && isnan(r.ratio), "sleep data: differs; no ratio of negative numbers");
	r = stats_pair(x, y, 3);
	ok(near(r.ratio, 2, 1e-15) && near(r.ratio_low, 2, 1e-12) && near(r.ratio_high, 2, 1e-12), "constant ratio");
	r = stats_pair(x, z, 3);
	ok(!r.differs && r.p > 0.05, "noise is not marked");
	r = stats_pair(x, x, 3);
	ok(!r.differs && near(r.p, 1, 0) && near(r.half, 0, 0) && near(r.ratio, 1, 0), "identical samples do not differ");
	{
		const double u[] = { 0.3, 0.3, 0.3 }, w[] = { 0.1, 0.1, 0.1 };

		r = stats_pair(u, w, 3);
		ok(r.differs && near(r.p, 0, 0) && near(r.half, 0, 0), "a constant difference without noise differs");
	}
	r = stats_pair(x, y, 1);
	ok(r.n == 1 && isnan(r.half) && isnan(r.p) && !r.differs && near(r.ratio, 2, 1e-15), "one seed marks nothing");
	r = stats_pair(x, hole, 3);
	ok(r.n == 2 && near(r.diff, 2.5, 0), "a gap drops its partner");
}

static void several(void)
{
	const double v[] = { 1, 10, 100 }, bad[] = { 1, 0 }, p[] = { 0.01, 0.04, NAN, 0.03, 0.005 };
	double q[5];

	ok(near(stats_geomean(v, 3), 10, 1e-12), "geometric mean");
	ok(isnan(stats_geomean(bad, 2)) && isnan(stats_geomean(v, 0)), "no geometric mean of zero or of nothing");
	is_u64(stats_holm(p, 5, q), 4, "Holm counts the tests");
	ok(near(q[4], 0.02, 1e-12) && near(q[0], 0.03, 1e-12) && near(q[3], 0.06, 1e-12) && near(q[1], 0.06, 1e-12) &&
	   isnan(q[2]), "Holm's adjusted values");
}

int main(void)
{
	means();
	pairs();
	several();
	return tap_done();
}
