/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep - the part of an experiment file that makes points of it: sweep:, labels: and compare.baseline; see frame.h.
 */
#include "sim/experiment/frame.h"

#include <inttypes.h>
#include <stdio.h>

struct exp_axis *frame__find_axis(struct experiment *x, const char *path)
{
	for (unsigned i = 0; i < x->nr_axes; i++)
		if (strcmp(x->axis[i].path, path) == 0)
			return &x->axis[i];
	return NULL;
}

const char *frame__axis_path(const void *ctx, unsigned i)
{
	const struct experiment *x = ctx;

	return i < x->nr_axes ? x->axis[i].path : NULL;
}

static eg_status read_values(struct experiment *x, struct exp_axis *a, const struct yt_node *list)
{
	a->nr = list->nr;
	a->value = eg_arena_alloc(&x->arena, a->nr, sizeof(struct yt_node *));
	a->label = eg_arena_alloc(&x->arena, a->nr, sizeof(*a->label));
	if (!a->value || !a->label)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < a->nr; i++) {
		struct eg_str s = { 0 };

		a->value[i] = list->item[i];
		if (a->value[i]->kind == YT_SCALAR)
			eg_str_add(&s, a->value[i]->text);
		else
			yt_show(&s, a->value[i]);
		a->label[i] = s.failed ? NULL : eg_arena_strdup(&x->arena, eg_str_text(&s));
		eg_str_free(&s);
		if (!a->label[i])
			return EG_NO_MEMORY;
		if (eg_find_control(a->label[i], ""))
			exp_problem(&x->problems, a->value[i]->mark, a->path, "this value names a point of the sweep: "
				    "one line, without tabs");
		if (yt_is_null(a->value[i]))
			exp_problem(&x->problems, a->value[i]->mark, a->path, "there is no value");
		for (unsigned k = 0; k < i; k++)
			if (strcmp(a->label[k], a->label[i]) == 0) {
				exp_problem(&x->problems, a->value[i]->mark, a->path, "the value %.80s is listed twice", a->label[i]);
				break;
			}
	}
	return EG_OK;
}

static eg_status add_axis(struct experiment *x, const char *path, struct exp_mark at, const struct yt_node *list, void *ctx)
{
	size_t first = strcspn(path, ".");
	struct exp_axis *bigger, *a;

	(void)ctx;
	if (!path[first] || !frame__in_list(frame__spec_sections, path, first)) {
		exp_problem(&x->problems, at, "sweep", "%.80s cannot be swept: a path begins with %s", path,
			    strncmp(path, "costs.", 6) == 0 ? "machine.costs." : "machine., workload., policy., measure. or stop.");
		return EG_OK;
	}
	if (list->kind != YT_LIST || !list->nr) {
		exp_problem(&x->problems, list->mark, path, "expected a list of at least one value, such as [1, 2, 4]");
		return EG_OK;
	}
	if (frame__find_axis(x, path)) {
		exp_problem(&x->problems, at, path, "swept twice; the first one stands in line %u", frame__find_axis(x, path)->mark.line);
		return EG_OK;
	}
	bigger = eg_arena_alloc(&x->arena, x->nr_axes + 1, sizeof(*bigger));
	if (!bigger)
		return EG_NO_MEMORY;
	if (x->nr_axes)
		memcpy(bigger, x->axis, x->nr_axes * sizeof(*bigger));
	a = &bigger[x->nr_axes];
	*a = (struct exp_axis){ .path = eg_arena_strdup(&x->arena, path), .mark = at };
	if (!a->path)
		return EG_NO_MEMORY;
	EG_TRY(read_values(x, a, list));
	x->axis = bigger;
	x->nr_axes++;
	return EG_OK;
}

eg_status frame__each_leaf(struct experiment *x, const struct yt_node *map, const char *above, frame_leaf_fn leaf, void *ctx)
{
	for (unsigned i = 0; i < map->nr; i++) {
		char path[PATH_CHARS];

		if (snprintf(path, sizeof(path), "%s%s%s", above, *above ? "." : "", map->key[i]) >= (int)sizeof(path)) {
			exp_problem(&x->problems, map->key_mark[i], NULL, "this path is longer than %u characters", PATH_CHARS - 1);
			continue;
		}
		if (map->item[i]->kind == YT_MAP && map->item[i]->nr)
			EG_TRY(frame__each_leaf(x, map->item[i], path, leaf, ctx));
		else
			EG_TRY(leaf(x, path, map->key_mark[i], map->item[i], ctx));
	}
	return EG_OK;
}

static eg_status set_labels(struct experiment *x, const char *path, struct exp_mark at, const struct yt_node *n, void *ctx)
{
	struct exp_axis *a = frame__find_axis(x, path);
	const char *near = eg_did_you_mean(path, frame__axis_path, x);

	(void)ctx;
	if (!a) {
		exp_problem(&x->problems, at, "labels", "%.80s is not swept; %s%s%slabels name the values of a line of sweep:", path,
			    near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return EG_OK;
	}
	if (n->kind != YT_LIST || n->nr != a->nr) {
		exp_problem(&x->problems, n->mark, "labels", "expected a list of %u texts, one for each value of %.80s", a->nr, path);
		return EG_OK;
	}
	for (unsigned i = 0; i < a->nr; i++) {
		bool twice = false;

		for (unsigned k = 0; k < i && n->item[i]->kind == YT_SCALAR; k++)
			twice |= n->item[k]->kind == YT_SCALAR && strcmp(n->item[k]->text, n->item[i]->text) == 0;
		if (n->item[i]->kind != YT_SCALAR || yt_is_null(n->item[i]) || twice)
			exp_problem(&x->problems, n->item[i]->mark, "labels", twice ? "this label is given twice" : "expected a text");
		else if (eg_find_control(n->item[i]->text, ""))
			exp_problem(&x->problems, n->item[i]->mark, "labels", "a label is one line, without tabs");
		else
			a->label[i] = n->item[i]->text;
	}
	return EG_OK;
}

eg_status frame__read_sweep(struct experiment *x)
{
	const struct yt_node *sweep = yt_get(x->root, "sweep"), *labels = yt_get(x->root, "labels");
	uint64_t points = 1;

	if (sweep && sweep->kind != YT_MAP)
		exp_problem(&x->problems, sweep->mark, "sweep", "expected a map from paths to lists of values");
	else if (sweep)
		EG_TRY(frame__each_leaf(x, sweep, "", add_axis, NULL));
	if (labels && labels->kind != YT_MAP)
		exp_problem(&x->problems, labels->mark, "labels", "expected a map from swept paths to lists of texts");
	else if (labels)
		EG_TRY(frame__each_leaf(x, labels, "", set_labels, NULL));
	for (unsigned i = 0; i < x->nr_axes && points <= EXPERIMENT_MAX_CELLS; i++)
		points *= x->axis[i].nr;
	if (points > EXPERIMENT_MAX_CELLS || points * x->nr_seeds > EXPERIMENT_MAX_CELLS) {
		exp_problem(&x->problems, frame__mark_of(x, sweep), "sweep", "the values and seeds make more than %" PRIu64 " cells; split the "
			    "experiment", EXPERIMENT_MAX_CELLS);
		points = 1;
	}
	x->nr_points = points;
	x->nr_cells = points * x->nr_seeds;
	return EG_OK;
}

/* ---- compare -------------------------------------------------------------------------------------- */

eg_status frame__find_label(struct experiment *x, const struct exp_axis *axis, const struct yt_node *n, const char *where,
			    const char **label)
{
	struct eg_str text = { 0 }, all = { 0 };
	eg_status s;

	*label = NULL;
	if (n->kind == YT_SCALAR)
		eg_str_add(&text, n->text);
	else
		yt_show(&text, n);
	for (unsigned i = 0; i < axis->nr; i++) {
		if (strcmp(axis->label[i], eg_str_text(&text)) == 0)
			*label = axis->label[i];
		eg_str_addf(&all, "%s%s", i ? ", " : "", axis->label[i]);
	}
	if (!*label)
		exp_problem(&x->problems, n->mark, where, "%.60s is not a value of %.80s; its values: %.200s", eg_str_text(&text),
			    axis->path, eg_str_text(&all));
	s = text.failed || all.failed ? EG_NO_MEMORY : EG_OK;
	eg_str_free(&text);
	eg_str_free(&all);
	return s;
}

static eg_status add_baseline(struct experiment *x, const char *path, struct exp_mark at, const struct yt_node *n, void *ctx)
{
	struct exp_axis *a = frame__find_axis(x, path);
	const char *near = eg_did_you_mean(path, frame__axis_path, x), *found;

	(void)ctx;
	if (!a) {
		exp_problem(&x->problems, at, "compare.baseline", "%.80s is not swept; %s%s%sname a path that stands in sweep:", path,
			    near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return EG_OK;
	}
	EG_TRY(frame__find_label(x, a, n, "compare.baseline", &found));
	if (found)
		x->baseline[x->nr_baseline++] = (struct exp_coord){ a->path, found };
	return EG_OK;
}

eg_status frame__read_compare(struct experiment *x)
{
	const struct yt_node *n = yt_get(x->root, "compare"), *baseline = yt_get(n, "baseline");

	if (!n)
		return EG_OK;
	for (unsigned i = 0; n->kind == YT_MAP && i < n->nr; i++)
		if (strcmp(n->key[i], "baseline") != 0)
			exp_problem(&x->problems, n->key_mark[i], "compare", "unknown key %.60s; known: baseline", n->key[i]);
	if (!baseline || baseline->kind != YT_MAP || !baseline->nr) {
		exp_problem(&x->problems, frame__mark_of(x, baseline ? baseline : n), "compare",
			    "expected {baseline: {PATH: VALUE}}: the point that the others are compared with");
		return EG_OK;
	}
	x->baseline = eg_arena_alloc(&x->arena, baseline->size, sizeof(*x->baseline));
	if (!x->baseline)
		return EG_NO_MEMORY;
	x->compare = true;
	return frame__each_leaf(x, baseline, "", add_baseline, NULL);
}
