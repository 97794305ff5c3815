/* SPDX-License-Identifier: GPL-3.0-or-later */
/* claim_bind - what a claim names, found in a result; see claim_bind.h. */
#include "results/claim_bind.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_FLAT 100u            /* labels of which every pair is compared */

eg_status claim__no_memory(struct eg_errors *err)
{
	return eg_fail(err, EG_NO_MEMORY, "no memory to judge the claims");
}

eg_status claim__cannot(const struct claim_bound *j, struct eg_errors *err, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return eg_fail(err, EG_BAD_INPUT, "%.200s%sclaim %.60s: %s", j->c->where ? j->c->where : "", j->c->where ? ": " : "", j->c->id,
		       text);
}

static const char *metric_name(const void *ctx, unsigned i)
{
	const struct result_file *f = ctx;

	return i < result_nr_metrics(f) ? result_metric(f, i)->name : NULL;
}

static eg_status bind_metric(struct claim_bound *j, const char **unit, struct eg_errors *err)
{
	const char *units[EXPR_MAX_NAMES] = { NULL };
	eg_status s = EG_OK;

	for (unsigned i = 0; i < j->c->expr.nr; i++) {
		const char *name = j->c->expr.names[i];
		int m = result_find_metric(j->f, name);

		if (m < 0) {
			const char *near = eg_did_you_mean(name, metric_name, j->f);

			s = claim__cannot(j, err, "metric: the result has no metric %.80s%s%.80s%s\n`engram compare %.200s --metric '*' "
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

static eg_status bind_place(const struct claim_bound *j, const struct result_coord *coord, unsigned nr, int *want, struct eg_errors *err)
{
	for (unsigned i = 0; i < j->nr_axes; i++)
		want[i] = -1;
	for (unsigned i = 0; i < nr; i++) {
		int axis = find_axis(j->f, coord[i].axis), label = axis < 0 ? -1 : find_label(result_axis(j->f, (unsigned)axis), coord[i].label);

		if (label < 0)
			return claim__cannot(j, err, "the result has no point with %.80s = %.80s", coord[i].axis, coord[i].label);
		want[axis] = label;
	}
	return EG_OK;
}

/* The labels that the expectation goes over. */
static eg_status bind_axis(struct claim_bound *j, struct eg_errors *err)
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
		return claim__cannot(j, err, "the result has no axis %.80s", e->axis);
	a = result_axis(j->f, (unsigned)j->axis);
	to = (int)a->nr - 1;
	label = eg_arena_alloc(&j->r->arena, a->nr > e->nr_order ? a->nr : e->nr_order, sizeof(*label));
	if (!label)
		return claim__no_memory(err);
	if (e->from) {
		from = find_label(a, e->from);
		to = find_label(a, e->to);
		if (from < 0 || to < from)
			return claim__cannot(j, err, "%.80s has no labels from %.60s to %.60s", e->axis, e->from, e->to);
	}
	for (int i = from; i <= to && !e->nr_order; i++)
		label[j->nr_labels++] = (unsigned)i;
	for (unsigned i = 0; i < e->nr_order; i++) {
		int k = find_label(a, e->order[i]);

		if (k < 0)
			return claim__cannot(j, err, "%.80s has no label %.80s", e->axis, e->order[i]);
		label[j->nr_labels++] = (unsigned)k;
	}
	j->label = label;
	if (j->nr_labels < 2)
		return claim__cannot(j, err, "%.80s has one label only: nothing to go over", e->axis);
	if (e->form == CLAIM_FLAT && j->nr_labels > MAX_FLAT)
		return claim__cannot(j, err, "flat compares every pair of labels, at most %u", MAX_FLAT);
	return EG_OK;
}

static eg_status bind_slope(struct claim_bound *j, enum claim_kind *kind, struct eg_errors *err)
{
	const struct result_axis *a = result_axis(j->f, (unsigned)j->axis);
	double *x = eg_arena_alloc(&j->r->arena, j->nr_labels, sizeof(*x)), spread = 0;
	struct claim_number n;

	if (!x)
		return claim__no_memory(err);
	for (unsigned i = 0; i < j->nr_labels; i++) {
		if (!claim_number(a->labels[j->label[i]], &n) || (i && n.kind != *kind) || n.per != CLAIM_PLAIN)
			return claim__cannot(j, err, "a slope needs labels that are numbers of one kind; %.60s of %.80s is none",
				      a->labels[j->label[i]], a->name);
		*kind = n.kind;
		x[i] = n.value;
		spread += fabs(x[i] - x[0]);
	}
	j->x = x;
	return spread > 0 ? EG_OK : claim__cannot(j, err, "all labels of %.80s stand for the same number", a->name);
}

/* The unit of estimates, and what is expected in it. */
static eg_status bind_unit(struct claim_bound *j, const char *unit, struct eg_errors *err)
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
				return claim__no_memory(err);
		}
	}
	if (plain)
		return EG_OK;   /* bare numbers are in the metric's unit */
	if (!known || e->kind != kind)
		return claim__cannot(j, err, "expect: the unit does not fit %.80s, which is in %.40s", j->c->metric,
			      !unit ? "no single unit" : strcmp(unit, "1") == 0 ? "plain numbers" : unit);
	if (e->form == CLAIM_SLOPE && e->per != per)
		return claim__cannot(j, err, "expect: the slope over %.80s is in %.60s", e->axis, j->out->unit);
	j->out->low /= factor;
	j->out->high /= factor;
	return EG_OK;
}

eg_status claim__bind(struct claim_bound *j, struct eg_errors *err)
{
	const struct claim *c = j->c;
	const char *unit;

	j->nr_axes = result_nr_axes(j->f);
	j->nr_seeds = result_nr_seeds(j->f);
	j->nr_labels = 0;
	if (j->nr_axes > CLAIM_MAX_AXES)
		return claim__cannot(j, err, "more than %u axes", CLAIM_MAX_AXES);
	EG_TRY(bind_metric(j, &unit, err));
	EG_TRY(bind_place(j, c->of, c->nr_of, j->of, err));
	EG_TRY(bind_place(j, c->vs, c->nr_vs, j->vs, err));
	EG_TRY(bind_axis(j, err));
	return bind_unit(j, unit, err);
}
