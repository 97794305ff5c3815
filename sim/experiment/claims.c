/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claims - claims: of an experiment file, read into struct claim; see results/claim.h for what they mean.
 *
 * Everything that can be wrong without a result is found here, where the text still has a line: the sentence, the axes and
 * labels it names, two places that are one. Which metrics a result has is known when there is one, so their names are
 * checked then (and their units).
 *
 * Claims decide nothing: they enter neither the canonical text nor a hash, so a claim that is added or changed makes no
 * cell run again. The result holds them as part of /provenance/original_yaml, the file as it was typed.
 */
#include "results/claim.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/experiment/frame.h"

#define MAX_CLAIMS 1000u
#define MAX_ID     60u

static const char *const keys[] = { "id", "text", "metric", "of", "vs", "expect", "source", "statistic", "interval", NULL };

/* One claim being read. */
struct reading {
	struct experiment    *x;
	struct claim         *c;
	const struct yt_node *node;
	char                  where[MAX_ID + 16];       /* "claims.C1" */
	struct result_coord  *coord;                    /* of or vs, whichever is read */
	unsigned              nr, max;
};

/* A problem of a key of the claim. */
static void problem(const struct reading *r, const char *key, const struct yt_node *at, const char *fmt, ...) EG_PRINTF(4, 5);
static void problem(const struct reading *r, const char *key, const struct yt_node *at, const char *fmt, ...)
{
	char path[MAX_ID + 40], text[460];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(path, sizeof(path), "%s%s%s", r->where, key ? "." : "", key ? key : "");
	exp_problem(&r->x->problems, (at ? at : r->node)->mark, path, "%s", text);
}

static const char *list_item(const void *ctx, unsigned i)
{
	return ((const char *const *)ctx)[i];
}

/* The text of a key; NULL with a problem when it is missing and needed, or no text. */
static const char *text_of(const struct reading *r, const char *key, const char *needed)
{
	const struct yt_node *n = yt_get(r->node, key);

	if (!n) {
		if (needed)
			problem(r, NULL, NULL, "%s", needed);
		return NULL;
	}
	if (n->kind == YT_SCALAR && !yt_is_null(n) && *n->text)
		return n->text;
	problem(r, key, n, "expected a text");
	return NULL;
}

/* ---- places --------------------------------------------------------------------------------------- */

/* Paths of the axes, then the last words of each. */
static const char *axis_name(const void *ctx, unsigned i)
{
	const struct experiment *x = ctx;
	const char *dot;

	if (i < x->nr_axes)
		return x->axis[i].path;
	if (i >= 2 * x->nr_axes)
		return NULL;
	dot = strrchr(x->axis[i - x->nr_axes].path, '.');
	return dot ? dot + 1 : x->axis[i - x->nr_axes].path;
}

/* The axis of a path, or of a tail of it that no other has. NULL: a problem. */
static const struct exp_axis *resolve_axis(const struct reading *r, const char *key, struct exp_mark at, const char *text)
{
	const struct experiment *x = r->x;
	const struct exp_axis *found = NULL;
	const char *near = eg_did_you_mean(text, axis_name, x);
	char path[MAX_ID + 40];
	size_t n = strlen(text);

	(void)snprintf(path, sizeof(path), "%s.%s", r->where, key);
	for (unsigned i = 0; i < x->nr_axes; i++) {
		const char *own = x->axis[i].path;
		size_t len = strlen(own);

		if (strcmp(own, text) == 0)
			return &x->axis[i];
		if (len <= n || own[len - n - 1] != '.' || strcmp(own + len - n, text) != 0)
			continue;
		if (found) {
			exp_problem(&r->x->problems, at, path, "%.60s may be %.80s or %.80s; write more of the path", text, found->path, own);
			return NULL;
		}
		found = &x->axis[i];
	}
	if (!found)
		exp_problem(&r->x->problems, at, path, "%.80s is not swept; %s%s%sname a path that stands in sweep:", text,
			    near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return found;
}

static eg_status add_coord(struct experiment *x, const char *path, struct exp_mark at, const struct yt_node *n, void *ctx)
{
	struct reading *r = ctx;
	bool of = r->coord == r->c->of;
	const struct exp_axis *a = resolve_axis(r, of ? "of" : "vs", at, path);
	char where[MAX_ID + 20];
	const char *label;

	if (!a)
		return EG_OK;
	(void)snprintf(where, sizeof(where), "%s.%s", r->where, of ? "of" : "vs");
	for (unsigned i = 0; i < r->nr; i++)
		if (r->coord[i].axis == a->path) {
			exp_problem(&x->problems, at, where, "%.80s is named twice", a->path);
			return EG_OK;
		}
	EG_TRY(frame__find_label(x, a, n, where, &label));
	if (label && r->nr < r->max)
		r->coord[r->nr++] = (struct result_coord){ a->path, label };
	return EG_OK;
}

static eg_status read_place(struct reading *r, const char *key, struct result_coord **coord, unsigned *nr)
{
	const struct yt_node *n = yt_get(r->node, key);

	if (!n)
		return EG_OK;
	if (n->kind != YT_MAP || (!n->nr && *key == 'v')) {
		problem(r, key, n, "expected a map from swept paths to one of their values, such as {policy.page_allocator: buddy}");
		return EG_OK;
	}
	r->max = r->x->nr_axes;
	*coord = eg_arena_alloc(&r->x->arena, r->max + 1, sizeof(**coord));
	if (!*coord)
		return EG_NO_MEMORY;
	r->coord = *coord;
	r->nr = 0;
	EG_TRY(frame__each_leaf(r->x, n, "", add_coord, r));
	*nr = r->nr;
	return EG_OK;
}

/* ---- the sentence --------------------------------------------------------------------------------- */

static int label_index(const struct exp_axis *a, const char *label)
{
	for (unsigned i = 0; i < a->nr; i++)
		if (strcmp(a->label[i], label) == 0)
			return (int)i;
	return -1;
}

static bool is_label(const struct reading *r, const struct exp_axis *a, const struct yt_node *at, const char *label)
{
	size_t n = 0;
	char all[240];

	if (label_index(a, label) >= 0)
		return true;
	for (unsigned i = 0; i < a->nr && n < sizeof(all); i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", a->label[i]);
	problem(r, "expect", at, "%.60s is not a value of %.80s; its values: %.200s", label, a->path, all);
	return false;
}

/* What a sentence says of its axis, held against the sweep. */
static void check_axis(const struct reading *r, const struct yt_node *at)
{
	struct claim_expect *e = &r->c->expect;
	const struct exp_axis *a = resolve_axis(r, "expect", at->mark, e->axis);
	enum claim_kind kind = CLAIM_PLAIN;
	struct claim_number n;
	int from = 0, to;

	if (!a)
		return;
	to = (int)a->nr - 1;
	e->axis = a->path;
	for (unsigned i = 0; i < r->c->nr_of; i++)
		if (r->c->of[i].axis == a->path)
			problem(r, "expect", at, "it goes over an axis that of: holds in one place");
	if (a->nr < 2)
		problem(r, "expect", at, "it goes over an axis that has one value only");
	for (unsigned i = 0; i < e->nr_order; i++)
		(void)is_label(r, a, at, e->order[i]);
	if (e->from && is_label(r, a, at, e->from) && is_label(r, a, at, e->to)) {
		from = label_index(a, e->from);
		to = label_index(a, e->to);
		if (from >= to)
			problem(r, "expect", at, "from must come before to in the order of sweep:");
	}
	for (int i = from; e->form == CLAIM_SLOPE && i <= to; i++) {
		if (!claim_number(a->label[i], &n) || n.per != CLAIM_PLAIN || (i > from && n.kind != kind)) {
			problem(r, "expect", at, "a slope needs values that are numbers of one kind; %.80s is none", a->label[i]);
			break;
		}
		kind = n.kind;
	}
}

static bool same_place(const struct claim *c)
{
	for (unsigned i = 0; i < c->nr_vs; i++) {
		unsigned k = 0;

		while (k < c->nr_of && (c->of[k].axis != c->vs[i].axis || c->of[k].label != c->vs[i].label))
			k++;
		if (k == c->nr_of)
			return false;
	}
	return c->nr_vs > 0;
}

static eg_status read_expect(struct reading *r)
{
	const struct yt_node *at = yt_get(r->node, "expect"), *vs = yt_get(r->node, "vs");
	struct claim *c = r->c;
	char why[300];
	bool pair;
	eg_status s;

	c->sentence = text_of(r, "expect", "expect: is missing; say what should hold, such as expect: ratio > 2");
	if (!c->sentence)
		return EG_OK;
	s = claim_expect_parse(c->sentence, &c->expect, &r->x->arena, why, sizeof(why));
	if (s == EG_BAD_INPUT)
		problem(r, "expect", at, "%s", why);
	if (s != EG_OK)
		return s == EG_BAD_INPUT ? EG_OK : s;
	pair = c->expect.form == CLAIM_RATIO || c->expect.form == CLAIM_DIFFERENCE;
	if (pair && !vs)
		problem(r, "expect", at, "ratio and difference compare two places; name the second with vs:");
	if (!pair && vs)
		problem(r, "vs", vs, "only ratio and difference compare two places");
	if (same_place(c))
		problem(r, "vs", vs, "the same place as of:");
	if (c->expect.axis)
		check_axis(r, at);
	return EG_OK;
}

static void read_metric(struct reading *r)
{
	const struct yt_node *at = yt_get(r->node, "metric");
	const char *why, *place;

	r->c->metric = text_of(r, "metric", "metric: is missing; name a metric of the result, such as fault_latency.cow.p99");
	if (!r->c->metric || expr_parse(&r->c->expr, r->c->metric, "", &why, &place)) {
		if (r->c->metric && !r->c->expr.nr)
			problem(r, "metric", at, "there is no metric in it");
		return;
	}
	problem(r, "metric", at, "%s; found %s%.60s", why, *place ? "" : "the end", place);
}

/* ---- one claim ------------------------------------------------------------------------------------ */

static void read_id(struct reading *r, unsigned index)
{
	const char *id = text_of(r, "id", "id: is missing; give the claim a short name, such as C1");
	const struct yt_node *at = yt_get(r->node, "id");

	if (id && (strlen(id) > MAX_ID || id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")])) {
		problem(r, "id", at, "use letters, digits, ., _ and -, at most 60");
		id = NULL;
	}
	for (unsigned i = 0; id && i < index; i++)
		if (r->x->claim[i].id && strcmp(r->x->claim[i].id, id) == 0) {
			problem(r, "id", at, "another claim has this id");
			id = NULL;
		}
	r->c->id = id;
	if (id)
		(void)snprintf(r->where, sizeof(r->where), "claims.%s", id);
}

/* A key with a fixed set of words: is it there as `word`? */
static bool chosen(const struct reading *r, const char *key, const char *word, const char *other, const char *hint)
{
	const struct yt_node *n = yt_get(r->node, key);

	if (!n || (n->kind == YT_SCALAR && other && strcmp(n->text, other) == 0))
		return false;
	if (n->kind == YT_SCALAR && strcmp(n->text, word) == 0)
		return true;
	problem(r, key, n, "%s", hint);
	return false;
}

static eg_status read_claim(struct reading *r, unsigned index)
{
	struct claim *c = r->c;
	char where[200];

	(void)snprintf(r->where, sizeof(r->where), "claims.%u", index);
	if (r->node->kind != YT_MAP) {
		problem(r, NULL, NULL, "a claim is a map with id, text, metric and expect");
		return EG_OK;
	}
	if (r->node->mark.line)
		(void)snprintf(where, sizeof(where), "%.150s:%u:%u", r->node->mark.file, r->node->mark.line, r->node->mark.col);
	else
		(void)snprintf(where, sizeof(where), "%.150s", r->node->mark.file);
	c->where = eg_arena_strdup(&r->x->arena, where);
	if (!c->where)
		return EG_NO_MEMORY;
	read_id(r, index);
	for (unsigned i = 0; i < r->node->nr; i++) {
		const char *near;

		if (frame__in_list(keys, r->node->key[i], strlen(r->node->key[i])))
			continue;
		near = eg_did_you_mean(r->node->key[i], list_item, keys);
		exp_problem(&r->x->problems, r->node->key_mark[i], r->where, "unknown key %.60s; %s%s%sknown: id, text, metric, of, vs, "
			    "expect, source, statistic, interval", r->node->key[i], near ? "did you mean " : "", near ? near : "",
			    near ? "? " : "");
	}
	c->text = text_of(r, "text", "text: is missing; say in a sentence what is claimed");
	c->source = text_of(r, "source", NULL);
	read_metric(r);
	EG_TRY(read_place(r, "of", &c->of, &c->nr_of));
	EG_TRY(read_place(r, "vs", &c->vs, &c->nr_vs));
	c->median = chosen(r, "statistic", "median", "mean", "expected mean (the default) or median");
	c->no_interval = chosen(r, "interval", "none", NULL, "expected none, to judge the estimate itself; without the key it is 95 %");
	return read_expect(r);
}

eg_status frame__read_claims(struct experiment *x)
{
	const struct yt_node *n = yt_get(x->root, "claims");

	if (!n || (n->kind == YT_LIST && !n->nr))
		return EG_OK;
	if (n->kind != YT_LIST || n->nr > MAX_CLAIMS) {
		exp_problem(&x->problems, n->mark, "claims", "expected a list of at most %u claims, such as [{id: C1, text: ..., metric: "
			    "cow.breaks, expect: value > 0}]", MAX_CLAIMS);
		return EG_OK;
	}
	x->claim = eg_arena_alloc(&x->arena, n->nr, sizeof(*x->claim));
	if (!x->claim)
		return EG_NO_MEMORY;
	for (; x->nr_claims < n->nr; x->nr_claims++) {
		struct reading r = { .x = x, .c = &x->claim[x->nr_claims], .node = n->item[x->nr_claims] };

		EG_TRY(read_claim(&r, x->nr_claims));
	}
	return EG_OK;
}
