/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim - judging; see claim.h for what the words mean.
 *
 * All claims are bound to the file (claim_bind.c) before any is judged, so that every mistake is told at once. Then each
 * place gives one or more parts, a part one interval, and the interval its verdict.
 *
 * The sign test's interval: of n values in order, the k-th from each end, with the largest k for which fewer than k heads
 * in n throws of a coin have a chance of at most 2.5 % (Conover, Practical Nonparametric Statistics, 3.2). It holds for
 * any distribution; fewer than 6 values have none.
 *
 * Left out: a correction for the number of claims. Each is a statement of its own; the report says how many there are.
 */
#include "results/claim_bind.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "results/stats.h"

#define MAX_PLACES 10000u
#define TELL_SEEDS 10000u        /* more than this nobody will run */

static const double not_defined = (double)NAN;

const char *claim_verdict_text(enum claim_verdict v)
{
	static const char *const text[] = { [CLAIM_PASS] = "PASS", [CLAIM_UNDECIDED] = "UNDECIDED", [CLAIM_FAIL] = "FAIL" };

	return text[v];
}

/* ---- points --------------------------------------------------------------------------------------- */

/* `point` moved to another label of one axis. Points count row-major, the last axis fastest. */
static size_t with_label(const struct claim_bound *j, size_t point, unsigned axis, unsigned label)
{
	size_t stride = 1;

	for (unsigned i = axis + 1; i < j->nr_axes; i++)
		stride *= result_axis(j->f, i)->nr;
	return point + stride * label - stride * result_point_index(j->f, point, axis);
}

/* The point that `point` is compared with; itself if there is none. */
static size_t partner(const struct claim_bound *j, size_t point)
{
	for (unsigned i = 0; i < j->nr_axes; i++)
		if (j->vs[i] >= 0)
			point = with_label(j, point, i, (unsigned)j->vs[i]);
	return point;
}

/* The claim's expression at a point, for each seed. */
static void values_at(const struct claim_bound *j, size_t point, double *out)
{
	double v[EXPR_MAX_NAMES];

	for (unsigned s = 0; s < j->nr_seeds; s++) {
		for (unsigned i = 0; i < j->c->expr.nr; i++)
			v[i] = j->cube[i][point * j->nr_seeds + s];
		out[s] = expr_value(&j->c->expr, v);
	}
}

/* ---- parts ---------------------------------------------------------------------------------------- */

/* Why a part is undecided, into the arena; a host without memory shows in the missing text. */
static void undecided(struct claim_bound *j, struct claim_part *p, const char *fmt, ...) EG_PRINTF(3, 4);
static void undecided(struct claim_bound *j, struct claim_part *p, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->verdict = CLAIM_UNDECIDED;
	p->why = eg_arena_strdup(&j->r->arena, text);
}

/* Are there values for all seeds? If not, the part is undecided for that reason. */
static bool all_there(struct claim_bound *j, struct claim_part *p, size_t point, const double *v)
{
	char where[200] = "", seeds[80] = "";
	unsigned missing = 0;
	size_t at = 0;

	for (unsigned s = 0; s < j->nr_seeds; s++)
		if (isnan(v[s]) && missing++ < 3)
			at += (size_t)snprintf(seeds + at, sizeof(seeds) - at, "%s%llu", missing > 1 ? ", " : "",
					       (unsigned long long)result_seeds(j->f)[s]);
	if (!missing)
		return true;
	if (point != j->here)
		(void)result_point_text(j->f, point, where, sizeof(where));
	undecided(j, p, "no value%s%s for seed%s %s%s: a missing cell, or nothing happened that could be measured", *where ? " at " : "",
		  where, missing > 1 ? "s" : "", seeds, missing > 3 ? ", ..." : "");
	return false;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median and the sign test's interval; sorts v. */
static void median(struct claim_part *p, double *v, unsigned n)
{
	unsigned k = 0;

	qsort(v, n, sizeof(*v), ascending);
	p->estimate = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	while (k < n / 2 && gsl_cdf_binomial_P(k, 0.5, n) <= 0.025)
		k++;
	if (k) {
		p->low = v[k - 1];
		p->high = v[n - k];
	}
}

/* Estimate and interval of one number a seed. */
static void estimate(const struct claim_bound *j, struct claim_part *p, double *v)
{
	struct stats_mean m = stats_mean(v, j->nr_seeds);

	p->n = m.n;
	p->all_equal = m.n > 1 && !(m.sd > 0);
	if (j->c->median && !p->all_equal) {
		median(p, v, j->nr_seeds);
		return;
	}
	p->estimate = m.mean;
	p->low = m.mean - m.half;
	p->high = m.mean + m.half;
}

/* Estimate and interval of b - a, or of b / a; false: undecided, there is no ratio. */
static bool paired(struct claim_bound *j, struct claim_part *p, bool ratio)
{
	const struct stats_pair pair = stats_pair(j->a, j->b, j->nr_seeds);
	bool same = true;

	for (unsigned s = 0; s < j->nr_seeds; s++) {
		j->d[s] = ratio ? j->b[s] / j->a[s] : j->b[s] - j->a[s];
		same = same && !(fabs(j->b[s] - j->a[s]) > 0);
	}
	p->p = pair.p;
	if (ratio && isnan(pair.ratio)) {
		if (!same || j->c->expect.form != CLAIM_FLAT) {
			undecided(j, p, "a value is zero or negative, so that there is no ratio; `difference` needs none");
			return false;
		}
		for (unsigned s = 0; s < j->nr_seeds; s++)      /* equal, zero or not, is flat */
			j->d[s] = 1;
	}
	estimate(j, p, j->d);
	if (j->c->median || p->all_equal)
		return true;
	p->estimate = ratio ? pair.ratio : pair.diff;
	p->low = ratio ? pair.ratio_low : pair.diff - pair.half;
	p->high = ratio ? pair.ratio_high : pair.diff + pair.half;
	return true;
}

static double least_squares(const double *x, const double *y, unsigned n)
{
	double mx = 0, my = 0, xy = 0, xx = 0;

	for (unsigned i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (unsigned i = 0; i < n; i++) {
		xy += (x[i] - mx) * (y[i] - my);
		xx += (x[i] - mx) * (x[i] - mx);
	}
	return xy / xx;
}

/* How many seeds would make the interval narrow enough, if estimate and spread stay; 0: no telling. */
static unsigned enough_seeds(const struct claim_bound *j, const struct claim_part *p)
{
	double half = fmax(p->estimate - p->low, p->high - p->estimate), sd = half * sqrt(p->n) / gsl_cdf_tdist_Pinv(0.975, p->n - 1);
	double room = fmin(fabs(p->estimate - j->out->low), fabs(p->estimate - j->out->high)), least = (1.96 * sd / room) * (1.96 * sd / room);
	unsigned n;

	if (!(room > 0) || !(least < TELL_SEEDS))
		return 0;
	n = (unsigned)fmax(least, p->n + 1);
	while (n < TELL_SEEDS && gsl_cdf_tdist_Pinv(0.975, n - 1) * sd / sqrt(n) >= room)
		n++;
	return n < TELL_SEEDS ? n : 0;
}

/* From the interval to its verdict. */
static void decide(struct claim_bound *j, struct claim_part *p)
{
	const struct claim_expect *e = &j->c->expect;
	const double low = j->out->low, high = j->out->high;
	bool above, below, outside;
	unsigned seeds;

	if (j->c->no_interval)
		p->low = p->high = p->estimate;
	if (isnan(p->low) || isnan(p->high)) {
		if (j->c->median)
			undecided(j, p, "%u seed%s no interval of the median; 6 are the least: raise seeds:", p->n,
				  p->n == 1 ? " has" : "s have");
		else
			undecided(j, p, "one seed has no interval: raise seeds:, or say interval: none to judge the number itself");
		return;
	}
	above = e->low_open ? p->low > low : p->low >= low;
	below = e->high_open ? p->high < high : p->high <= high;
	outside = (e->low_open ? p->high <= low : p->high < low) || (e->high_open ? p->low >= high : p->low > high);
	p->margin = outside ? fmin(p->high - low, high - p->low) : fmin(p->low - low, high - p->high);
	p->verdict = above && below ? CLAIM_PASS : outside ? CLAIM_FAIL : CLAIM_UNDECIDED;
	if (p->verdict != CLAIM_UNDECIDED)
		return;
	p->margin = not_defined;
	seeds = j->c->median ? 0 : enough_seeds(j, p);
	if (seeds)
		undecided(j, p, "the interval reaches over the bound; about %u seeds could tell", seeds);
	else
		undecided(j, p, "the interval reaches over the bound");
}

static void begin_part(struct claim_part *p)
{
	*p = (struct claim_part){ .estimate = not_defined, .low = not_defined, .high = not_defined, .p = not_defined,
				  .margin = not_defined };
}

static void part_value(struct claim_bound *j, struct claim_part *p, size_t point)
{
	begin_part(p);
	values_at(j, point, j->b);
	if (!all_there(j, p, point, j->b))
		return;
	estimate(j, p, j->b);
	decide(j, p);
}

static void part_pair(struct claim_bound *j, struct claim_part *p, size_t from, size_t to, bool ratio)
{
	begin_part(p);
	values_at(j, from, j->a);
	values_at(j, to, j->b);
	if (all_there(j, p, from, j->a) && all_there(j, p, to, j->b) && paired(j, p, ratio))
		decide(j, p);
}

static void part_slope(struct claim_bound *j, struct claim_part *p, size_t point)
{
	double *y = eg_arena_alloc(&j->r->arena, (size_t)j->nr_labels * j->nr_seeds, sizeof(*y));
	double *own = eg_arena_alloc(&j->r->arena, j->nr_labels, sizeof(*own));

	begin_part(p);
	if (!y || !own)
		return undecided(j, p, "no memory");
	for (unsigned i = 0; i < j->nr_labels; i++) {
		size_t at = with_label(j, point, (unsigned)j->axis, j->label[i]);

		values_at(j, at, y + (size_t)i * j->nr_seeds);
		if (!all_there(j, p, at, y + (size_t)i * j->nr_seeds))
			return;
	}
	for (unsigned s = 0; s < j->nr_seeds; s++) {
		for (unsigned i = 0; i < j->nr_labels; i++)
			own[i] = y[(size_t)i * j->nr_seeds + s];
		j->b[s] = least_squares(j->x, own, j->nr_labels);
	}
	estimate(j, p, j->b);
	decide(j, p);
}

/* ---- places --------------------------------------------------------------------------------------- */

/* "thp=always cores=4" without the axis that is gone over; then what it is compared with. */
static const char *place_text(struct claim_bound *j, size_t point, size_t vs)
{
	struct eg_str s = { 0 };
	const char *text;

	for (unsigned i = 0; i < j->nr_axes; i++)
		if ((int)i != j->axis)
			eg_str_addf(&s, "%s%s=%s", s.len ? " " : "", result_axis_short(j->f, i), result_point_label(j->f, point, i));
	for (unsigned i = 0, n = 0; i < j->nr_axes && vs != point; i++)
		if (j->vs[i] >= 0 && result_point_index(j->f, vs, i) != result_point_index(j->f, point, i))
			eg_str_addf(&s, "%s%s=%s", n++ ? " " : " to ", result_axis_short(j->f, i), result_point_label(j->f, vs, i));
	text = s.failed ? NULL : eg_arena_strdup(&j->r->arena, eg_str_text(&s));
	eg_str_free(&s);
	return text;
}

static const char *step_text(struct claim_bound *j, unsigned from, unsigned to)
{
	const struct result_axis *a = result_axis(j->f, (unsigned)j->axis);
	char text[240];

	(void)snprintf(text, sizeof(text), "%.110s to %.110s", a->labels[from], a->labels[to]);
	return eg_arena_strdup(&j->r->arena, text);
}

static unsigned parts_of_a_place(const struct claim_bound *j)
{
	switch (j->c->expect.form) {
	case CLAIM_STEPS:
		return j->nr_labels - 1;
	case CLAIM_FLAT:
		return j->nr_labels * (j->nr_labels - 1) / 2;
	default:
		return 1;
	}
}

/* Steps to the next label, or every pair of labels. */
static bool along_the_axis(struct claim_bound *j, struct claim_place *at, bool flat)
{
	unsigned axis = (unsigned)j->axis, n = 0;

	for (unsigned i = 0; i + 1 < j->nr_labels; i++)
		for (unsigned k = i + 1; k < (flat ? j->nr_labels : i + 2); k++) {
			struct claim_part *p = &at->parts[n++];

			part_pair(j, p, with_label(j, at->point, axis, j->label[i]), with_label(j, at->point, axis, j->label[k]), flat);
			p->step = step_text(j, j->label[i], j->label[k]);
			if (!p->step)
				return false;
		}
	return true;
}

static bool is_worse(const struct claim_part *a, const struct claim_part *b)
{
	if (a->verdict != b->verdict)
		return a->verdict > b->verdict;
	return a->margin < b->margin;
}

static bool judge_place(struct claim_bound *j, struct claim_place *at)
{
	j->here = at->point;
	at->nr_parts = parts_of_a_place(j);
	at->text = place_text(j, at->point, at->vs);
	at->parts = eg_arena_alloc(&j->r->arena, at->nr_parts, sizeof(*at->parts));
	if (!at->text || !at->parts)
		return false;
	switch (j->c->expect.form) {
	case CLAIM_VALUE:
		part_value(j, at->parts, at->point);
		break;
	case CLAIM_RATIO:
	case CLAIM_DIFFERENCE:
		part_pair(j, at->parts, at->vs, at->point, j->c->expect.form == CLAIM_RATIO);
		break;
	case CLAIM_SLOPE:
		part_slope(j, at->parts, at->point);
		break;
	case CLAIM_STEPS:
	case CLAIM_FLAT:
		if (!along_the_axis(j, at, j->c->expect.form == CLAIM_FLAT))
			return false;
		break;
	}
	for (unsigned i = 0; i < at->nr_parts; i++) {
		if (at->parts[i].verdict == CLAIM_UNDECIDED && !at->parts[i].why)
			return false;
		if (is_worse(&at->parts[i], &at->parts[at->worst]))
			at->worst = i;
	}
	at->verdict = at->parts[at->worst].verdict;
	return true;
}

/* Is the claim judged at this point? An axis that is gone over is represented by its first label. */
static bool is_place(const struct claim_bound *j, size_t point)
{
	if (!result_point_fits(j->f, point, j->of))
		return false;
	if (j->axis >= 0 && result_point_index(j->f, point, (unsigned)j->axis) != 0)
		return false;
	return !j->c->nr_vs || partner(j, point) != point;
}

static eg_status judge_claim(struct claim_bound *j, struct eg_errors *err)
{
	struct claim_judged *out = j->out;
	size_t nr_points = result_nr_points(j->f), n = 0;

	for (size_t i = 0; i < nr_points; i++)
		n += is_place(j, i);
	if (!n || n > MAX_PLACES)
		return claim__cannot(j, err, n ? "it speaks of %zu places, more than can be judged" : "it speaks of %zu places: of: and vs: are "
			      "the same", n);
	out->places = eg_arena_alloc(&j->r->arena, n, sizeof(*out->places));
	if (!out->places)
		return claim__no_memory(err);
	for (size_t i = 0; i < nr_points; i++) {
		struct claim_place *at;

		if (!is_place(j, i))
			continue;
		at = &out->places[out->nr_places++];
		at->point = i;
		at->vs = j->c->nr_vs ? partner(j, i) : i;
		if (!judge_place(j, at))
			return claim__no_memory(err);
		if (at->verdict > out->verdict)
			out->verdict = at->verdict;
	}
	j->r->count[out->verdict]++;
	return EG_OK;
}

/* ---- the report ----------------------------------------------------------------------------------- */

static eg_status judge_all(struct claim_report *r, struct result_file *f, const struct claim *const *claims, unsigned nr,
			   struct eg_errors *err)
{
	struct claim_bound *j = eg_arena_alloc(&r->arena, nr + 1, sizeof(*j));
	double *seeds = eg_arena_alloc(&r->arena, 3 * (size_t)result_nr_seeds(f), sizeof(*seeds));
	eg_status worst = EG_OK;

	r->file = result_path(f);
	r->experiment = result_name(f);
	r->nr_seeds = result_nr_seeds(f);
	r->claims = eg_arena_alloc(&r->arena, nr + 1, sizeof(*r->claims));
	if (!j || !seeds || !r->claims)
		return claim__no_memory(err);
	for (unsigned i = 0; i < nr; i++) {
		eg_status s;

		r->claims[i].claim = claims[i];
		j[i] = (struct claim_bound){ .r = r, .f = f, .c = claims[i], .out = &r->claims[i], .a = seeds, .b = seeds + r->nr_seeds,
				       .d = seeds + 2 * (size_t)r->nr_seeds };
		s = claim__bind(&j[i], err);
		if (s != EG_OK && s != EG_BAD_INPUT)
			return s;
		worst = s == EG_OK ? worst : s;
	}
	EG_TRY(worst);
	for (r->nr = 0; r->nr < nr; r->nr++)
		EG_TRY(judge_claim(&j[r->nr], err));
	return EG_OK;
}

eg_status claim_judge(struct claim_report *r, struct result_file *f, const struct claim *const *claims, unsigned nr,
		      struct eg_errors *err)
{
	eg_status s;

	*r = (struct claim_report){ 0 };
	s = judge_all(r, f, claims, nr, err);
	if (s != EG_OK)
		claim_report_free(r);
	return s;
}

void claim_report_free(struct claim_report *r)
{
	eg_arena_free_all(&r->arena);
	*r = (struct claim_report){ 0 };
}
