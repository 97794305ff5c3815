/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preset - machines as files: configs/machine/NAME.yaml.
 *
 *   version: 1
 *   name: NAME                    the file's name
 *   description: ...
 *   machine:                      the keys of an experiment's machine:, costs: below it
 *     clock: {value: 4.5GHz, range: [3GHz, 5.7GHz], status: unverified, source: "..."}
 *   left_out: [...]               what of the real machine is not represented
 *
 * A value may be bare or carry where it comes from. Shipped presets carry it for every number (a test
 * holds them to that); a preset of one's own may be as short as one likes. Which keys exist and what
 * their values may be is checked where the preset is used, by the same tables as the experiment's own.
 */
#include "sim/experiment/schema.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/base/str.h"
#include "sim/experiment/path.h"

static const char *const status_words[] = {
	"read", "computed", "measured", "secondary", "abstract only", "derived", "unverified", NULL
};

/* ---- finding -------------------------------------------------------------------------------------- */

static const char *join(struct eg_arena *a, const char *dir, const char *kind, const char *name, const char *ext)
{
	struct eg_str s = { 0 };
	char *out;

	eg_str_addf(&s, "%s/configs/%s%s%s%s", dir, kind, *name ? "/" : "", name, ext);
	out = s.failed ? NULL : eg_arena_strdup(a, eg_str_text(&s));
	eg_str_free(&s);
	return out;
}

const char *experiment_find_config(const char *const *data_dirs, const char *kind, const char *name, struct eg_arena *a,
				   bool *no_memory)
{
	for (unsigned i = 0; data_dirs && data_dirs[i]; i++) {
		const char *path = join(a, data_dirs[i], kind, name, ".yaml");

		if (path && access(path, R_OK) == 0)
			return path;
		if (!path && no_memory)
			*no_memory = true;
	}
	return NULL;
}

const char *experiment_relative(const struct experiment *x, const char *path, struct eg_arena *a)
{
	struct eg_str s = { 0 };
	const char *out;

	if (*path == '/' || strcmp(x->dir, ".") == 0)
		return eg_arena_strdup(a, path);
	eg_str_addf(&s, "%s/%s", x->dir, path);
	out = s.failed ? NULL : eg_arena_strdup(a, eg_str_text(&s));
	eg_str_free(&s);
	return out;
}

/* Put a name into the sorted list, unless it is there. */
static bool insert_name(const char ***names, unsigned *nr, char *name, struct eg_arena *a)
{
	const char **bigger = eg_arena_alloc(a, *nr + 1, sizeof(*bigger));
	unsigned at = 0;

	if (!bigger || !name)
		return false;
	while (at < *nr && strcmp((*names)[at], name) < 0)
		at++;
	if (at < *nr && strcmp((*names)[at], name) == 0)
		return true;
	for (unsigned i = 0; i < *nr; i++)
		bigger[i + (i >= at)] = (*names)[i];
	bigger[at] = name;
	*names = bigger;
	(*nr)++;
	return true;
}

unsigned experiment_list_configs(const char *const *data_dirs, const char *kind, const char ***names, struct eg_arena *a)
{
	unsigned nr = 0;

	*names = NULL;
	for (unsigned i = 0; data_dirs && data_dirs[i]; i++) {
		const char *path = join(a, data_dirs[i], kind, "", "");
		DIR *d = path ? opendir(path) : NULL;
		struct dirent *e;

		while (d && (e = readdir(d)) != NULL) {
			size_t n = strlen(e->d_name);
			char *name;

			if (n <= 5 || strcmp(e->d_name + n - 5, ".yaml") != 0 || *e->d_name == '.')
				continue;
			name = eg_arena_strdup(a, e->d_name);
			if (name)
				name[n - 5] = '\0';
			if (!insert_name(names, &nr, name, a))
				break;
		}
		if (d)
			(void)closedir(d);
	}
	return nr;
}

/* ---- checking ------------------------------------------------------------------------------------- */

static bool known_status(const struct yt_node *n)
{
	for (unsigned i = 0; status_words[i]; i++)
		if (n->kind == YT_SCALAR && strcmp(n->text, status_words[i]) == 0)
			return true;
	return false;
}

/* A value with its origin: {value, range, status, source}. */
static void check_origin(const struct yt_node *n, const char *path, struct exp_problems *p)
{
	for (unsigned i = 0; i < n->nr; i++) {
		const char *k = n->key[i];
		const struct yt_node *v = n->item[i];

		if (strcmp(k, "range") == 0) {
			if (v->kind != YT_LIST || v->nr != 2 || v->item[0]->kind != YT_SCALAR || v->item[1]->kind != YT_SCALAR)
				exp_problem(p, v->mark, path, "range must be a list of two values, [lowest, highest]");
		} else if (strcmp(k, "status") == 0) {
			if (!known_status(v))
				exp_problem(p, v->mark, path, "status must be read, computed, measured, secondary, abstract only, "
					    "derived or unverified");
		} else if (strcmp(k, "source") == 0 || strcmp(k, "value") == 0) {
			if (v->kind != YT_SCALAR)
				exp_problem(p, v->mark, path, "%s must be one text, not %s", k, yt_kind_name(v->kind));
		} else {
			exp_problem(p, n->key_mark[i], path, "unknown key %.60s; a value carries value, range, status and source", k);
		}
	}
}

static void check_values(const struct yt_node *map, const char *path, struct exp_problems *p)
{
	for (unsigned i = 0; i < map->nr; i++) {
		char below[160];

		(void)snprintf(below, sizeof(below), "%.80s.%.70s", path, map->key[i]);
		if (map->item[i]->kind != YT_MAP)
			continue;
		if (yt_get(map->item[i], "value"))
			check_origin(map->item[i], below, p);
		else
			check_values(map->item[i], below, p);
	}
}

static void check_texts(const struct yt_node *n, const char *path, struct exp_problems *p)
{
	if (n->kind != YT_LIST)
		exp_problem(p, n->mark, path, "expected a list of texts, found %s", yt_kind_name(n->kind));
	for (unsigned i = 0; n->kind == YT_LIST && i < n->nr; i++)
		if (n->item[i]->kind != YT_SCALAR)
			exp_problem(p, n->item[i]->mark, path, "expected a text, found %s", yt_kind_name(n->item[i]->kind));
}

static const struct yt_node *checked(const struct yt_node *root, struct exp_problems *p)
{
	const struct yt_node *machine = yt_get(root, "machine"), *version = yt_get(root, "version");

	if (root->kind != YT_MAP) {
		exp_problem(p, root->mark, NULL, "a preset is a map, not %s", yt_kind_name(root->kind));
		return NULL;
	}
	for (unsigned i = 0; i < root->nr; i++) {
		const char *k = root->key[i];

		if (strcmp(k, "left_out") == 0)
			check_texts(root->item[i], k, p);
		else if (strcmp(k, "name") == 0 || strcmp(k, "description") == 0 || strcmp(k, "version") == 0)
			continue;
		else if (strcmp(k, "machine") != 0)
			exp_problem(p, root->key_mark[i], k, "unknown key; a preset has version, name, description, machine "
				    "and left_out");
	}
	if (!version || version->kind != YT_SCALAR || strcmp(version->text, "1") != 0)
		exp_problem(p, version ? version->mark : root->mark, "version", "must be 1");
	if (!machine || machine->kind != YT_MAP) {
		exp_problem(p, machine ? machine->mark : root->mark, "machine", "a preset needs a map of machine keys");
		return NULL;
	}
	if (yt_get(machine, "preset"))
		exp_problem(p, path_mark(root, "machine.preset", &(unsigned){ 0 }), "machine.preset",
			    "a preset cannot stand on another one");
	check_values(machine, "machine", p);
	machine = path_expand(machine, "machine", p);
	return machine ? yt_set(p->arena, root, "machine", root->mark, machine) : NULL;
}

static const char *list_item(const void *ctx, unsigned i)
{
	const char *const *names = ctx;

	return names[i];
}

static void not_found(struct experiment *x, const char *ref, struct exp_mark at)
{
	const char **names, **list, *near;
	unsigned nr = experiment_list_configs(x->data_dirs, "machine", &names, &x->arena);
	struct eg_str all = { 0 };

	list = eg_arena_alloc(&x->arena, nr + 1, sizeof(*list));
	for (unsigned i = 0; list && i < nr; i++) {
		list[i] = names[i];
		eg_str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = list ? eg_did_you_mean(ref, list_item, list) : NULL;
	exp_problem(&x->problems, at, "machine.preset", "there is no preset %.60s; %s%s%sknown: %.250s", ref,
		    near ? "did you mean " : "", near ? near : "", near ? "? " : "", nr ? eg_str_text(&all) : "none");
	eg_str_free(&all);
}

const struct exp_preset *experiment_preset(struct experiment *x, const char *ref, struct exp_mark at)
{
	struct exp_preset *r, **slot;
	const struct yt_node *root;
	size_t n = strlen(ref);

	for (size_t i = 0; i < x->nr_presets; i++)
		if (strcmp(x->preset[i]->ref, ref) == 0)
			return x->preset[i];
	r = eg_arena_alloc(&x->arena, 1, sizeof(*r));
	slot = r ? eg_grow((void **)&x->preset, &x->nr_presets, &x->cap_presets, sizeof(*slot)) : NULL;
	if (!slot)
		return NULL;
	*slot = r;
	r->ref = eg_arena_strdup(&x->arena, ref);
	if (!r->ref)
		return NULL;
	if (strchr(ref, '/') || (n > 5 && strcmp(ref + n - 5, ".yaml") == 0)) {
		r->path = experiment_relative(x, ref, &x->arena);
		if (!r->path)
			return NULL;
		if (access(r->path, R_OK) != 0) {
			exp_problem(&x->problems, at, "machine.preset", "cannot open %.200s: %s (a path is relative to the "
				    "experiment's file)", r->path, strerror(errno));
			return r;
		}
	} else {
		bool no_memory = false;

		r->path = experiment_find_config(x->data_dirs, "machine", ref, &x->arena, &no_memory);
		if (no_memory)
			return NULL;
		if (!r->path) {
			not_found(x, ref, at);
			return r;
		}
	}
	root = yt_load(r->path, NULL, &x->problems);
	r->root = root ? checked(root, &x->problems) : NULL;
	return r;
}
