/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys - the keys of a map into the tables of their owners; see resolve.h.
 *
 * A table's own row names decide what a key may be: "tlb.l2.entries" is reached as that key or through maps within
 * maps. A key that no table has gets the nearest name, or the names that are possible at this place; there is no list
 * of keys here.
 */
#include "sim/experiment/resolve.h"

#include <stdio.h>

static const char *candidate(const void *ctx, unsigned i)
{
	const struct tables *t = ctx;

	for (unsigned k = 0; k < EG_ARRAY_LEN(t->args); k++) {
		unsigned n = t->args[k] ? eg_param_count(t->args[k]->params) : 0;

		if (i < n)
			return t->args[k]->params[i].name;
		i -= n;
	}
	for (unsigned k = 0; t->words[k]; k++)
		if (k == i)
			return t->words[k];
	return NULL;
}

static bool is_word(const struct tables *t, const char *name)
{
	for (unsigned i = 0; t->words[i]; i++)
		if (strcmp(t->words[i], name) == 0)
			return true;
	return false;
}

static struct eg_args *owner(const struct tables *t, const char *name)
{
	for (unsigned k = 0; k < EG_ARRAY_LEN(t->args); k++)
		if (t->args[k] && eg_param_find(t->args[k]->params, name) >= 0)
			return t->args[k];
	return NULL;
}

/* Parameters "name.something": their last parts into list, for a message. 0 if name is no group. */
static unsigned group_members(const struct tables *t, const char *name, char *list, size_t size)
{
	size_t len = strlen(name), n = 0;
	unsigned nr = 0;

	list[0] = '\0';
	for (unsigned i = 0; candidate(t, i); i++) {
		const char *c = candidate(t, i);

		if (strncmp(c, name, len) != 0 || c[len] != '.')
			continue;
		if (n < size)
			n += (size_t)snprintf(list + n, size - n, "%s%s", nr ? ", " : "", c + len + 1);
		nr++;
	}
	return nr;
}

/*
 * A default that is written out is still the default: two files whose values are the same must run the
 * same, and the canonical text, which writes all of them out, must mean the same when read back.
 */
static void settle_given(const struct eg_param *p, struct eg_value *v)
{
	struct eg_value def;
	char a[PATH_CHARS], b[PATH_CHARS], why[200];

	if (!p->def || eg_param_parse(p, p->def, &def, why, sizeof(why)) != EG_OK)
		return;
	def.text = p->def;
	exp_canonical_value(p, v, a, sizeof(a));
	exp_canonical_value(p, &def, b, sizeof(b));
	v->given = strcmp(a, b) != 0;
}

static void set_value(struct resolver *r, struct eg_args *args, const char *name, const struct yt_node *n, const char *path)
{
	const struct eg_param *p = &args->params[eg_param_find(args->params, name)];
	struct exp_mark at = n->mark;
	char why[320];
	eg_status s;

	if (n->kind == YT_MAP) {
		n = yt_get(n, "value");         /* the caller has seen it */
		at = n->mark;
	}
	if (n->kind == YT_LIST) {
		exp_problem(r->p, at, path, "expected one value, found a list; values to try one after the other go under sweep:");
		return;
	}
	if (n->kind != YT_SCALAR || yt_is_null(n)) {
		exp_problem(r->p, at, path, "there is no value; what belongs here: %s", p->help);
		return;
	}
	s = eg_args_set(args, name, n->text, r->arena, why, sizeof(why));
	if (s == EG_BAD_INPUT)
		exp_problem(r->p, at, path, "%s", why);
	else if (s == EG_OK)
		settle_given(p, &args->value[p - args->params]);
	r->no_memory |= s == EG_NO_MEMORY;
}

void resolve__apply(struct resolver *r, const struct tables *t, const struct yt_node *map, const char *where,
		    const char *prefix)
{
	for (unsigned i = 0; i < map->nr; i++) {
		const struct yt_node *n = map->item[i];
		char name[PATH_CHARS], path[PATH_CHARS], members[200];
		const char *near;

		if (!*prefix && is_word(t, map->key[i]))
			continue;
		(void)snprintf(name, sizeof(name), "%.100s%s%.90s", prefix, *prefix ? "." : "", map->key[i]);
		(void)snprintf(path, sizeof(path), "%.60s.%.130s", where, name);
		if (owner(t, name)) {
			if (n->kind == YT_MAP && !yt_get(n, "value"))
				exp_problem(r->p, n->mark, path, "expected one value, found a map");
			else
				set_value(r, owner(t, name), name, n, path);
			continue;
		}
		if (group_members(t, name, members, sizeof(members))) {
			if (n->kind == YT_MAP)
				resolve__apply(r, t, n, where, name);
			else
				exp_problem(r->p, n->mark, path, "expected a map with keys of %s", members);
			continue;
		}
		near = eg_did_you_mean(name, candidate, t);
		if (near)
			exp_problem(r->p, map->key_mark[i], path, "unknown key; did you mean %s?", near);
		else if (*prefix && group_members(t, prefix, members, sizeof(members)))
			exp_problem(r->p, map->key_mark[i], path, "unknown key; known here: %s", members);
		else
			exp_problem(r->p, map->key_mark[i], path, "unknown key");
	}
}

void resolve__require(struct resolver *r, const struct eg_args *args, struct exp_mark at, const char *where)
{
	for (unsigned i = 0; args->params && args->params[i].name; i++)
		if (!args->value[i].text)
			exp_problem(r->p, at, where, "the key %s is missing: %s", args->params[i].name, args->params[i].help);
}

const struct yt_node *resolve__section(struct resolver *r, const struct yt_node *above, const char *key, const char *path)
{
	const struct yt_node *n = yt_get(above, key);

	if (!n || n->kind == YT_MAP)
		return n;
	if (!yt_is_null(n))
		exp_problem(r->p, n->mark, path, "expected a map of keys, found %s", yt_kind_name(n->kind));
	return NULL;
}
