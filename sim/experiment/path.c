/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path - see path.h. Recursion goes as deep as a tree is high (YT_MAX_DEPTH) or a path has steps (MAX_STEPS). */
#include "sim/experiment/path.h"

#include <stdio.h>

#define MAX_STEPS 16u
#define MAX_STEP  80u

/* The next step of `*path` into step[]; *path moves past it (NULL at the end). False if empty or too long. */
static bool next_step(const char **path, char step[MAX_STEP])
{
	const char *dot = strchr(*path, '.');
	size_t n = dot ? (size_t)(dot - *path) : strlen(*path);

	if (n == 0 || n >= MAX_STEP)
		return false;
	memcpy(step, *path, n);
	step[n] = '\0';
	*path = dot ? dot + 1 : NULL;
	return true;
}

static bool well_formed(const char *path)
{
	char step[MAX_STEP];
	unsigned n = 0;

	while (path)
		if (!next_step(&path, step) || ++n > MAX_STEPS)
			return false;
	return n > 0;
}

static int key_index(const struct yt_node *map, const char *key)
{
	for (unsigned i = 0; map && i < map->nr; i++)
		if (strcmp(map->key[i], key) == 0)
			return (int)i;
	return -1;
}

/* ---- dotted keys ---------------------------------------------------------------------------------- */

static bool has_dotted_key(const struct yt_node *n)
{
	if (n->kind != YT_MAP)
		return false;
	for (unsigned i = 0; i < n->nr; i++)
		if (strchr(n->key[i], '.') || has_dotted_key(n->item[i]))
			return true;
	return false;
}

/* `into` with the keys of `more`, none of which may give a value a second time. */
static const struct yt_node *merge_strict(const struct yt_node *into, const struct yt_node *more, const char *where,
					  struct exp_problems *p)
{
	for (unsigned i = 0; into && i < more->nr; i++) {
		const struct yt_node *value = more->item[i];
		char path[160];
		int k = key_index(into, more->key[i]);

		(void)snprintf(path, sizeof(path), "%.80s.%.70s", where, more->key[i]);
		if (k >= 0 && (into->item[k]->kind != YT_MAP || value->kind != YT_MAP)) {
			exp_problem(p, more->key_mark[i], path, "given twice; the first one stands in line %u",
				    into->key_mark[k].line);
			continue;
		}
		if (k >= 0)
			value = merge_strict(into->item[k], value, path, p);
		if (!value)
			return NULL;
		into = yt_set(p->arena, into, more->key[i], more->key_mark[i], value);
	}
	return into;
}

static const struct yt_node *wrap(const char *key, struct exp_mark mark, const struct yt_node *value, struct exp_problems *p)
{
	char step[MAX_STEP];
	const char *rest = key;

	if (!next_step(&rest, step))
		return NULL;    /* well_formed() was asked */
	if (rest)
		value = wrap(rest, mark, value, p);
	return value ? yt_set(p->arena, NULL, step, mark, value) : NULL;
}

const struct yt_node *path_expand(const struct yt_node *map, const char *where, struct exp_problems *p)
{
	const struct yt_node *out;
	struct yt_node *empty;

	if (!has_dotted_key(map))
		return map;
	empty = eg_arena_alloc(p->arena, 1, sizeof(*empty));
	if (!empty)
		return NULL;
	*empty = (struct yt_node){ .kind = YT_MAP, .mark = map->mark, .size = 1, .height = 1 };
	out = empty;
	for (unsigned i = 0; out && i < map->nr; i++) {
		const struct yt_node *value = map->item[i];
		char path[160];

		(void)snprintf(path, sizeof(path), "%.80s.%.70s", where, map->key[i]);
		if (!well_formed(map->key[i])) {
			exp_problem(p, map->key_mark[i], path, "not a key: the names between the dots must not be empty");
			continue;
		}
		if (value->kind == YT_MAP)
			value = path_expand(value, path, p);
		if (value)
			value = wrap(map->key[i], map->key_mark[i], value, p);
		out = value ? merge_strict(out, value, where, p) : NULL;
	}
	return out;
}

/* ---- labels --------------------------------------------------------------------------------------- */

bool path_item_label(const struct yt_node *item, char *buf, size_t size)
{
	const struct yt_node *n = yt_get(item, "label");
	const char *text, *slash;
	size_t len;

	if (!n || n->kind != YT_SCALAR)
		n = yt_get(item, "generator");
	if (n && n->kind == YT_SCALAR && *n->text) {
		(void)snprintf(buf, size, "%s", n->text);
		return true;
	}
	n = yt_get(item, "trace");
	if (!n || n->kind != YT_SCALAR || !*n->text)
		return false;
	slash = strrchr(n->text, '/');
	text = slash ? slash + 1 : n->text;
	len = strcspn(text + (*text == '.'), ".") + (*text == '.');
	(void)snprintf(buf, size, "%.*s", (int)(len < size ? len : size - 1), text);
	/* a label is a step of paths and part of names in the result */
	for (char *c = buf; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_'))
			*c = '-';
	return *buf != '\0';
}

/* Item of a list by number or label; -1 if there is none, -2 if several have that label. */
static int item_index(const struct yt_node *list, const char *step)
{
	unsigned n = 0;
	int found = -1;
	char label[MAX_STEP];
	size_t digits = strspn(step, "0123456789");

	if (!step[digits] && digits < 6) {
		for (const char *c = step; *c; c++)
			n = n * 10 + (unsigned)(*c - '0');
		return n < list->nr ? (int)n : -1;
	}
	for (unsigned i = 0; i < list->nr; i++) {
		if (!path_item_label(list->item[i], label, sizeof(label)) || strcmp(label, step) != 0)
			continue;
		if (found >= 0)
			return -2;
		found = (int)i;
	}
	return found;
}

/* ---- setting -------------------------------------------------------------------------------------- */

struct setting {
	const char           *path;
	struct exp_mark       at;
	const struct yt_node *value;
	struct exp_problems  *p;
	bool                  failed;           /* a problem was reported */
};

static bool is_whole(const struct yt_node *map)
{
	return yt_get(map, "name") || yt_get(map, "generator") || yt_get(map, "trace") || yt_get(map, "value");
}

static const struct yt_node *merge(const struct yt_node *old, const struct yt_node *new, struct eg_arena *a)
{
	if (!old || old->kind != YT_MAP || new->kind != YT_MAP || is_whole(new))
		return new;
	for (unsigned i = 0; old && i < new->nr; i++) {
		const struct yt_node *v = merge(yt_get(old, new->key[i]), new->item[i], a);

		old = v ? yt_set(a, old, new->key[i], new->key_mark[i], v) : NULL;
	}
	return old;
}

static void refuse(struct setting *s, const char *what, const char *step)
{
	exp_problem(s->p, s->at, s->path, what, step);
	s->failed = true;
}

/* `here` with `rest` set below it. `policy`: the path is one of policies, whose bare name may become a map. */
static const struct yt_node *set_below(struct setting *s, const struct yt_node *here, const char *rest, bool policy)
{
	const struct yt_node *value;
	char step[MAX_STEP];
	int i;

	if (!rest)
		return merge(here, s->value, s->p->arena);
	if (!next_step(&rest, step))
		return NULL;
	if (here && here->kind == YT_SCALAR && policy && !yt_is_null(here))
		here = yt_set(s->p->arena, NULL, "name", here->mark, here);
	else if (here && here->kind == YT_SCALAR && yt_is_null(here))
		here = NULL;
	if (here && here->kind == YT_SCALAR) {
		refuse(s, "there is no key %s: what stands above it is one value, not a map", step);
		return here;
	}
	if (here && here->kind == YT_LIST) {
		i = item_index(here, step);
		if (i < 0) {
			refuse(s, i == -2 ? "several items are called %s; give them a label: or use their number"
					  : "no item %s in the list; use its number (from 0) or its label", step);
			return here;
		}
		value = set_below(s, here->item[i], rest, false);
		return value ? yt_set_item(s->p->arena, here, (unsigned)i, value) : NULL;
	}
	value = set_below(s, yt_get(here, step), rest, policy);
	return value ? yt_set(s->p->arena, here, step, s->at, value) : NULL;
}

const struct yt_node *path_set(const struct yt_node *root, const char *path, struct exp_mark at,
			       const struct yt_node *value, struct exp_problems *p)
{
	struct setting s = { .path = path, .at = at, .value = value, .p = p };
	const struct yt_node *n;

	if (!well_formed(path)) {
		exp_problem(p, at, NULL, "%.80s is not a path: the names between the dots must not be empty", path);
		return root;
	}
	n = set_below(&s, root, path, strncmp(path, "policy.", 7) == 0);
	return s.failed ? root : n;
}

struct exp_mark path_mark(const struct yt_node *root, const char *path, unsigned *steps)
{
	struct exp_mark at = root->mark;
	char step[MAX_STEP];

	*steps = 0;
	while (path && next_step(&path, step)) {
		int i = root->kind == YT_MAP ? key_index(root, step) : root->kind == YT_LIST ? item_index(root, step) : -1;

		if (i < 0)
			return at;
		at = root->kind == YT_MAP ? root->key_mark[i] : root->item[i]->mark;
		root = root->item[i];
		++*steps;
	}
	if (root->kind == YT_SCALAR)
		at = root->mark;
	return at;
}
