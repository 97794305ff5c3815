/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim - judging; see claim.h for what the words mean.
 *
 * A claim is bound to a file (metrics to cubes, axes and labels to numbers, units to one factor), all claims before any
 * is judged, so that every mistake is told at once. Then each place gives one or more parts, a part one interval, and
 * the interval its verdict.
 *
 * The sign test's interval: of n values in order, the k-th from each end, with the largest k for which fewer than k heads
 * in n throws of a coin have a chance of at most 2.5 % (Conover, Practical Nonparametric Statistics, 3.2). It holds for
 * any distribution; fewer than 6 values have none.
 *
 * Left out: a correction for the number of claims. Each is a statement of its own; the report says how many there are.
 */
#include "results/claim.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "results/stats.h"

#define MAX_AXES    64u
#define MAX_PLACES  10000u
#define MAX_FLAT    100u         /* labels of which every pair is compared */
#define TELL_SEEDS  10000u       /* more than this nobody will run */

static const double not_defined = (double)NAN;

/* A claim bound to a file, and room for one part's seeds. */
struct judge {
	struct claim_report *r;
	struct result_file  *f;
	const struct claim  *c;
	struct claim_judged *out;
	unsigned             nr_seeds, nr_axes;
	const double        *cube[EXPR_MAX_NAMES];
	int                  of[MAX_AXES], vs[MAX_AXES];        /* label's index or -1 */
	int                  axis;                              /* of the expectation, or -1 */
	unsigned             nr_labels;
	const unsigned      *label;                             /* its labels, in the order of the claim */
	const double        *x;                                 /* SLOPE: the labels as numbers */
	double              *a, *b, *d;                         /* [nr_seeds] */
	size_t               here;                              /* the place that is judged */
};

static eg_status no_memory(struct eg_errors *err)
{
	return eg_fail(err, EG_NO_MEMORY, "no memory to judge the claims");
}

const char *claim_verdict_text(enum claim_verdict v)
{
	static const char *const text[] = { [CLAIM_PASS] = "PASS", [CLAIM_UNDECIDED] = "UNDECIDED", [CLAIM_FAIL] = "FAIL" };

	return text[v];
}

static eg_status cannot(const struct judge *j, struct eg_errors *err, const char *fmt, ...) EG_PRINTF(3, 4);
static eg_status cannot(const struct judge *j, struct eg_errors *err, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return eg_fail(err, EG_BAD_INPUT, "%.200s%sclaim %.60s: %s", j->c->where ? j->c->where : "", j->c->where ? ": " : "", j->c->id,
		       text);
}

/* ---- binding -------------------------------------------------------------------------------------- */

static const char *metric_name(const void *ctx, unsigned i)
{
	const struct result_file *f = ctx;

	return i < result_nr_metrics(f) ? result_metric(f, i)->name : NULL;
}

static eg_status bind_metric(struct judge *j, const char **unit, struct eg_errors *err)
{
	const char *units[EXPR_MAX_NAMES] = { NULL };
	eg_status s = EG_OK;

	for (unsigned i = 0; i < j->c->expr.nr; i++) {
		const char *name = j->c->expr.names[i];
		int m = result_find_metric(j->f, name);

		if (m < 0) {
			const char *near = eg_did_you_mean(name, metric_name, j->f);

			s = cannot(j, err, "metric: the result has no metric %.80s%s%.80s%s\n`engram compare %.200s --metric '*' "
				   "--format csv` lists those it has", name, near ? "; did you mean " : "", near ? near : "",
				   near ? "?" : "", result_path(j->f));
			continue;
		}
		units[i] = result_metric(j->f, (unsigned)m)->unit;
		EG_TRY(result_values(j->f, (unsigned)m, &j->cube[i], err));
	}
	*unit = s == EG_OK ? expr_unit(&j->c->expr, units) : NULL;
	return s;
}

static int find_axis(const struct result_file *f, const char *path)
{
	for (unsigned i = 0; i < result_nr_axes(f); i++)
		if (strcmp(result_axis(f, i)->name, path) == 0)
			return (int)i;
	return -1;
}

static int find_label(const struct result_axis *a, const char *label)
{
	for (unsigned i = 0; i < a->nr; i++)
		if (strcmp(a->labels[i], label) == 0)
			return (int)i;
	return -1;
}

static eg_status bind_place(const struct judge *j, const struct result_coord *coord, unsigned nr, int *want, struct eg_errors *err)
{
	for (unsigned i = 0; i < j->nr_axes; i++)
		want[i] = -1;
	for (unsigned i = 0; i < nr; i++) {
		int axis = find_axis(j->f, coord[i].axis), label = axis < 0 ? -1 : find_label(result_axis(j->f, (unsigned)axis), coord[i].label);

		if (label < 0)
			return cannot(j, err, "the result has no point with %.80s = %.80s", coord[i].axis, coord[i].label);
		want[axis] = label;
	}
	return EG_OK;
}

/* The labels that the expectation goes over. */
static eg_status bind_axis(struct judge *j, struct eg_errors *err)
{
	const struct claim_expect *e = &j->c->expect;
	const struct result_axis *a;
	unsigned *label;
	int from = 0, to;

	j->axis = -1;
	if (!e->axis)
		return EG_OK;
	j->axis = find_axis(j->f, e->axis);
	if (j->axis < 0)
		return cannot(j, err, "the result has no axis %.80s", e->axis);
	a = result_axis(j->f, (unsigned)j->axis);
	to = (int)a->nr - 1;
	label = eg_arena_alloc(&j->r->arena, a->nr > e->nr_order ? a->nr : e->nr_order, sizeof(*label));
	if (!label)
		return no_memory(err);
	if (e->from) {
		from = find_label(a, e->from);
		to = find_label(a, e->to);
		if (from < 0 || to < from)
			return cannot(j, err, "%.80s has no labels from %.60s to %.60s", e->axis, e->from, e->to);
	}
	for (int i = from; i <= to && !e->nr_order; i++)
		label[j->nr_labels++] = (unsigned)i;
	for (unsigned i = 0; i < e->nr_order; i++) {
		int k = find_label(a, e->order[i]);

		if (k < 0)
			return cannot(j, err, "%.80s has no label %.80s", e->axis, e->order[i]);
		label[j->nr_labels++] = (unsigned)k;
	}
	j->label = label;
	if (j->nr_labels < 2)
		return cannot(j, err, "%.80s has one label only: nothing to go over", e->axis);
	if (e->form == CLAIM_FLAT && j->nr_labels > MAX_FLAT)
		return cannot(j, err, "flat compares every pair of labels, at most %u", MAX_FLAT);
	return EG_OK;
}

static eg_status bind_slope(struct judge *j, enum claim_kind *kind, struct eg_errors *err)
{
	const struct result_axis *a = result_axis(j->f, (unsigned)j->axis);
	double *x = eg_arena_alloc(&j->r->arena, j->nr_labels, sizeof(*x)), spread = 0;
	struct claim_number n;

	if (!x)
		return no_memory(err);
	for (unsigned i = 0; i < j->nr_labels; i++) {
		if (!claim_number(a->labels[j->label[i]], &n) || (i && n.kind != *kind) || n.per != CLAIM_PLAIN)
			return cannot(j, err, "a slope needs labels that are numbers of one kind; %.60s of %.80s is none",
				      a->labels[j->label[i]], a->name);
		*kind = n.kind;
		x[i] = n.value;
		spread += fabs(x[i] - x[0]);
	}
	j->x = x;
	return spread > 0 ? EG_OK : cannot(j, err, "all labels of %.80s stand for the same number", a->name);
}

/* The unit of estimates, and what is expected in it. */
static eg_status bind_unit(struct judge *j, const char *unit, struct eg_errors *err)
{
	static const char *const first[] = { [CLAIM_TIME] = "ns", [CLAIM_SIZE] = "byte", [CLAIM_FREQUENCY] = "Hz",
		[CLAIM_PERCENT] = "%", [CLAIM_PAGES] = "page", [CLAIM_BLOCKS] = "block" };
	const struct claim_expect *e = &j->c->expect;
	enum claim_kind kind = CLAIM_PLAIN, per = CLAIM_PLAIN;
	double factor = 1;
	bool known = unit && claim_unit(unit, &kind, &factor), plain = e->kind == CLAIM_PLAIN && e->per == CLAIM_PLAIN;
	char text[80];

	j->out->low = e->low;
	j->out->high = e->high;
	j->out->unit = unit && strcmp(unit, "1") != 0 ? unit : "";
	if (e->form == CLAIM_RATIO || e->form == CLAIM_FLAT)
		return j->out->unit = "", EG_OK;
	if (e->form == CLAIM_SLOPE) {
		EG_TRY(bind_slope(j, &per, err));
		if (per != CLAIM_PLAIN) {
			(void)snprintf(text, sizeof(text), "%.40s/%s", *j->out->unit ? j->out->unit : "1", first[per]);
			j->out->unit = eg_arena_strdup(&j->r->arena, text);
			if (!j->out->unit)
				return no_memory(err);
		}
	}
	if (plain)
		return EG_OK;   /* bare numbers are in the metric's unit */
	if (!known || e->kind != kind)
		return cannot(j, err, "expect: the unit does not fit %.80s, which is in %.40s", j->c->metric,
			      !unit ? "no single unit" : strcmp(unit, "1") == 0 ? "plain numbers" : unit);
	if (e->form == CLAIM_SLOPE && e->per != per)
		return cannot(j, err, "expect: the slope over %.80s is in %.60s", e->axis, j->out->unit);
	j->out->low /= factor;
	j->out->high /= factor;
	return EG_OK;
}

static eg_status bind(struct judge *j, struct eg_errors *err)
{
	const struct claim *c = j->c;
	const char *unit;

	j->nr_axes = result_nr_axes(j->f);
	j->nr_seeds = result_nr_seeds(j->f);
	j->nr_labels = 0;
	if (j->nr_axes > MAX_AXES)
		return cannot(j, err, "more than %u axes", MAX_AXES);
	EG_TRY(bind_metric(j, &unit, err));
	EG_TRY(bind_place(j, c->of, c->nr_of, j->of, err));
	EG_TRY(bind_place(j, c->vs, c->nr_vs, j->vs, err));
	EG_TRY(bind_axis(j, err));
	return bind_unit(j, unit, err);
}

/* ---- points --------------------------------------------------------------------------------------- */

/* `point` moved to another label of one axis. Points count row-major, the last axis fastest. */
static size_t with_label(const struct judge *j, size_t point, unsigned axis, unsigned label)
{
	size_t stride = 1;

	for (unsigned i = axis + 1; i < j->nr_axes; i++)
		stride *= result_axis(j->f, i)->nr;
	return point + stride * label - stride * result_point_index(j->f, point, axis);
}

/* The point that `point` is compared with; itself if there is none. */
static size_t partner(const struct judge *j, size_t point)
{
	for (unsigned i = 0; i < j->nr_axes; i++)
		if (j->vs[i] >= 0)
			point = with_label(j, point, i, (unsigned)j->vs[i]);
	return point;
}

/* The claim's expression at a point, for each seed. */
static void values_at(const struct judge *j, size_t point, double *out)
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
static void undecided(struct judge *j, struct claim_part *p, const char *fmt, ...) EG_PRINTF(3, 4);
static void undecided(struct judge *j, struct claim_part *p, const char *fmt, ...)
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
static bool all_there(struct judge *j, struct claim_part *p, size_t point, const double *v)
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
static void estimate(const struct judge *j, struct claim_part *p, double *v)
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
static bool paired(struct judge *j, struct claim_part *p, bool ratio)
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
static unsigned enough_seeds(const struct judge *j, const struct claim_part *p)
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
static void decide(struct judge *j, struct claim_part *p)
{
	const struct claim_expect *e = &j->c->expect;
	const double low = j->out->low, high = j->out->high;
	bool above, below, outside;
	unsigned seeds;

	if (j->c->no_interval)
		p->low = p->high = p->estimate;
	if (isnan(p->low) || isnan(p->high)) {
		if (j->c->median)
			undecided(j, p, "%u seeds have no interval of the median; 6 are the least: raise seeds:", p->n);
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

static void part_value(struct judge *j, struct claim_part *p, size_t point)
{
	begin_part(p);
	values_at(j, point, j->b);
	if (!all_there(j, p, point, j->b))
		return;
	estimate(j, p, j->b);
	decide(j, p);
}

static void part_pair(struct judge *j, struct claim_part *p, size_t from, size_t to, bool ratio)
{
	begin_part(p);
	values_at(j, from, j->a);
	values_at(j, to, j->b);
	if (all_there(j, p, from, j->a) && all_there(j, p, to, j->b) && paired(j, p, ratio))
		decide(j, p);
}

static void part_slope(struct judge *j, struct claim_part *p, size_t point)
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
static const char *place_text(struct judge *j, size_t point, size_t vs)
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

static const char *step_text(struct judge *j, unsigned from, unsigned to)
{
	const struct result_axis *a = result_axis(j->f, (unsigned)j->axis);
	char text[240];

	(void)snprintf(text, sizeof(text), "%.110s to %.110s", a->labels[from], a->labels[to]);
	return eg_arena_strdup(&j->r->arena, text);
}

static unsigned parts_of_a_place(const struct judge *j)
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
static bool along_the_axis(struct judge *j, struct claim_place *at, bool flat)
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

static bool judge_place(struct judge *j, struct claim_place *at)
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
static bool is_place(const struct judge *j, size_t point)
{
	if (!result_point_fits(j->f, point, j->of))
		return false;
	if (j->axis >= 0 && result_point_index(j->f, point, (unsigned)j->axis) != 0)
		return false;
	return !j->c->nr_vs || partner(j, point) != point;
}

static eg_status judge_claim(struct judge *j, struct eg_errors *err)
{
	struct claim_judged *out = j->out;
	size_t nr_points = result_nr_points(j->f), n = 0;

	for (size_t i = 0; i < nr_points; i++)
		n += is_place(j, i);
	if (!n || n > MAX_PLACES)
		return cannot(j, err, n ? "it speaks of %zu places, more than can be judged" : "it speaks of %zu places: of: and vs: are "
			      "the same", n);
	out->places = eg_arena_alloc(&j->r->arena, n, sizeof(*out->places));
	if (!out->places)
		return no_memory(err);
	for (size_t i = 0; i < nr_points; i++) {
		struct claim_place *at;

		if (!is_place(j, i))
			continue;
		at = &out->places[out->nr_places++];
		at->point = i;
		at->vs = j->c->nr_vs ? partner(j, i) : i;
		if (!judge_place(j, at))
			return no_memory(err);
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
	struct judge *j = eg_arena_alloc(&r->arena, nr + 1, sizeof(*j));
	double *seeds = eg_arena_alloc(&r->arena, 3 * (size_t)result_nr_seeds(f), sizeof(*seeds));
	eg_status worst = EG_OK;

	r->file = result_path(f);
	r->experiment = result_name(f);
	r->nr_seeds = result_nr_seeds(f);
	r->claims = eg_arena_alloc(&r->arena, nr + 1, sizeof(*r->claims));
	if (!j || !seeds || !r->claims)
		return no_memory(err);
	for (unsigned i = 0; i < nr; i++) {
		eg_status s;

		r->claims[i].claim = claims[i];
		j[i] = (struct judge){ .r = r, .f = f, .c = claims[i], .out = &r->claims[i], .a = seeds, .b = seeds + r->nr_seeds,
				       .d = seeds + 2 * (size_t)r->nr_seeds };
		s = bind(&j[i], err);
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
