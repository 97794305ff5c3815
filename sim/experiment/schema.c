/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema - the frame of an experiment file; see schema.h.
 *
 * Order: read, expand dotted keys, apply --set, read the frame (names, seeds, sweep, compare, plots, claims), then
 * resolve every point of the sweep once, because a mistake may exist in one point only. All problems end
 * in one list.
 */
#include "sim/experiment/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "sim/base/str.h"
#include "sim/experiment/cell.h"
#include "sim/experiment/frame.h"
#include "sim/experiment/path.h"
#include "workloads/trace/trace.h"

static const char *const frame_keys[] = {
	"version", "name", "description", "machine", "workload", "policy", "sweep", "labels", "seeds", "stop", "measure",
	"compare", "plots", "claims", NULL
};
const char *const frame__spec_sections[] = { "machine", "workload", "policy", "measure", "stop", NULL };

static const char *list_item(const void *ctx, unsigned i)
{
	return ((const char *const *)ctx)[i];
}

bool frame__in_list(const char *const *list, const char *word, size_t len)
{
	for (; *list; list++)
		if (strlen(*list) == len && strncmp(*list, word, len) == 0)
			return true;
	return false;
}

struct exp_mark frame__mark_of(const struct experiment *x, const struct yt_node *n)
{
	return n ? n->mark : x->root->mark;
}

/* ---- the frame ------------------------------------------------------------------------------------ */

static void check_keys(struct experiment *x)
{
	for (unsigned i = 0; i < x->root->nr; i++) {
		const char *k = x->root->key[i], *near;

		if (frame__in_list(frame_keys, k, strlen(k)))
			continue;
		if (strcmp(k, "sensitivity") == 0) {
			exp_problem(&x->problems, x->root->key_mark[i], k, "sensitivity sweeps are not built yet; remove this key");
			continue;
		}
		if (strcmp(k, "costs") == 0) {
			exp_problem(&x->problems, x->root->key_mark[i], k, "costs belong to a machine: put this below machine:");
			continue;
		}
		near = eg_did_you_mean(k, list_item, frame_keys);
		exp_problem(&x->problems, x->root->key_mark[i], NULL, "unknown key %.60s; %s%s%sknown: version, name, description, "
			    "machine, workload, policy, sweep, labels, seeds, stop, measure, compare, plots, claims", k,
			    near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	}
}

/* The text of a key that must be one value; NULL (with a problem if it is there) when it is not. */
static const char *text_of(struct experiment *x, const char *key)
{
	const struct yt_node *n = yt_get(x->root, key);

	if (!n)
		return NULL;
	if (n->kind != YT_SCALAR || yt_is_null(n)) {
		exp_problem(&x->problems, n->mark, key, "expected a text, found %s", yt_is_null(n) ? "nothing" : yt_kind_name(n->kind));
		return NULL;
	}
	return n->text;
}

static eg_status read_names(struct experiment *x)
{
	const struct yt_node *version = yt_get(x->root, "version");
	const char *slash = strrchr(x->path, '/'), *base = slash ? slash + 1 : x->path, *name = text_of(x, "name");
	size_t len = strlen(base);
	char *own;

	if (!version)
		exp_problem(&x->problems, x->root->mark, "version", "the key is missing; write version: 1");
	else if (version->kind != YT_SCALAR || strcmp(version->text, "1") != 0)
		exp_problem(&x->problems, version->mark, "version", "this Engram reads version 1, not %.40s",
			    version->kind == YT_SCALAR ? version->text : yt_kind_name(version->kind));
	x->description = text_of(x, "description");
	if (name && (!name[strspn(name, ".-")] || *name == '.' || *name == '-' || strlen(name) > 100 ||
		     name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")])) {
		exp_problem(&x->problems, yt_get(x->root, "name")->mark, "name",
			    "it becomes a file's name: use letters, digits, ., _ and -, at most 100");
		name = NULL;
	}
	x->name = name;
	if (name)
		return EG_OK;
	if (len > 5 && strcmp(base + len - 5, ".yaml") == 0)
		len -= 5;
	own = eg_arena_alloc(&x->arena, len + 1, 1);
	if (!own)
		return EG_NO_MEMORY;
	memcpy(own, base, len);
	x->name = own;
	return EG_OK;
}

static bool read_u64(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static eg_status read_seeds(struct experiment *x)
{
	const struct yt_node *n = yt_get(x->root, "seeds");
	uint64_t count = 1;

	x->nr_seeds = 1;
	if (n && n->kind == YT_LIST && n->nr)
		x->nr_seeds = n->nr;
	else if (n && (n->kind != YT_SCALAR || !read_u64(n->text, &count) || count < 1 || count > 10000))
		exp_problem(&x->problems, n->mark, "seeds", "expected how many (1 to 10000, meaning 1, 2, 3, ...) or a list of seeds");
	else
		x->nr_seeds = (unsigned)count;
	x->seed = eg_arena_alloc(&x->arena, x->nr_seeds, sizeof(*x->seed));
	if (!x->seed)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < x->nr_seeds; i++) {
		x->seed[i] = i + 1;
		if (!n || n->kind != YT_LIST || !n->nr)
			continue;
		if (n->item[i]->kind != YT_SCALAR || !read_u64(n->item[i]->text, &x->seed[i])) {
			exp_problem(&x->problems, n->item[i]->mark, "seeds", "expected a whole number, 0 to 2^64 - 1");
			continue;
		}
		for (unsigned k = 0; k < i; k++)
			if (x->seed[k] == x->seed[i]) {
				exp_problem(&x->problems, n->item[i]->mark, "seeds", "seed %" PRIu64 " is listed twice", x->seed[i]);
				break;
			}
	}
	return EG_OK;
}

static eg_status read_plots(struct experiment *x)
{
	const struct yt_node *n = yt_get(x->root, "plots");

	if (!n)
		return EG_OK;
	if (n->kind != YT_LIST) {
		exp_problem(&x->problems, n->mark, "plots", "expected a list of figures; `engram list figures` names them");
		return EG_OK;
	}
	x->plot = eg_arena_alloc(&x->arena, n->nr ? n->nr : 1, sizeof(*x->plot));
	x->plot_mark = eg_arena_alloc(&x->arena, n->nr ? n->nr : 1, sizeof(*x->plot_mark));
	if (!x->plot || !x->plot_mark)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < n->nr; i++)
		if (n->item[i]->kind != YT_SCALAR || yt_is_null(n->item[i])) {
			exp_problem(&x->problems, n->item[i]->mark, "plots", "expected the name of a figure; `engram list figures` names them");
		} else {
			x->plot_mark[x->nr_plots] = n->item[i]->mark;
			x->plot[x->nr_plots++] = n->item[i]->text;
		}
	return EG_OK;
}

/* ---- --set ---------------------------------------------------------------------------------------- */

/* Keys below sweep, labels and compare.baseline are paths themselves: one key, dots and all. */
static size_t single_key_after(const char *path)
{
	static const char *const prefixes[] = { "sweep.", "labels.", "compare.baseline.", NULL };

	for (unsigned i = 0; prefixes[i]; i++)
		if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
			return strlen(prefixes[i]);
	return 0;
}

static const struct yt_node *set_single_key(struct experiment *x, const char *path, size_t prefix, struct exp_mark at,
					    const struct yt_node *value)
{
	struct eg_arena *a = &x->arena;
	const struct yt_node *top, *n;

	if (*path != 'c') {
		const char *key = *path == 's' ? "sweep" : "labels";

		n = yt_get(x->root, key);
		n = yt_set(a, n && n->kind == YT_MAP ? n : NULL, path + prefix, at, value);
		return n ? yt_set(a, x->root, key, at, n) : NULL;
	}
	top = yt_get(x->root, "compare");
	n = yt_get(top, "baseline");
	n = yt_set(a, n && n->kind == YT_MAP ? n : NULL, path + prefix, at, value);
	top = n ? yt_set(a, top && top->kind == YT_MAP ? top : NULL, "baseline", at, n) : NULL;
	return top ? yt_set(a, x->root, "compare", at, top) : NULL;
}

static eg_status apply_set(struct experiment *x, const char *text)
{
	const char *eq = strchr(text, '=');
	size_t n = eq ? (size_t)(eq - text) : strlen(text), first = strcspn(text, ".="), prefix;
	char *path = eg_arena_alloc(&x->arena, n + 1, 1), where[PATH_CHARS + 8];
	struct exp_mark at = { 0 };
	const struct yt_node *value, *root, *sweep = yt_get(x->root, "sweep");

	(void)snprintf(where, sizeof(where), "--set %.*s", n ? (int)(n < 150 ? n : 150) : 150, text);
	at.file = eg_arena_strdup(&x->arena, where);
	if (!path || !at.file)
		return EG_NO_MEMORY;
	memcpy(path, text, n);
	if (!eq || !n) {
		exp_problem(&x->problems, at, NULL, "expected --set PATH=VALUE, such as --set machine.memory=8GiB");
		return EG_OK;
	}
	if (!frame__in_list(frame_keys, text, first)) {
		char word[PATH_CHARS];
		const char *near;

		(void)snprintf(word, sizeof(word), "%.*s", (int)first, text);
		near = eg_did_you_mean(word, list_item, frame_keys);
		exp_problem(&x->problems, at, NULL, "there is no section %.60s; %s%s%sa path begins with machine, workload, policy, "
			    "sweep, seeds, stop, measure, ...", word, near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return EG_OK;
	}
	if (yt_get(sweep, path)) {
		exp_problem(&x->problems, at, NULL, "the file sweeps this path, which would undo it; set sweep.%.80s=[...] instead", path);
		return EG_OK;
	}
	value = yt_parse_value(where, eq + 1, &x->problems);
	if (!value)
		return x->problems.no_memory ? EG_NO_MEMORY : EG_OK;
	prefix = single_key_after(path);
	if (prefix)
		root = path[prefix] ? set_single_key(x, path, prefix, at, value) : x->root;
	else
		root = path_set(x->root, path, at, value, &x->problems);
	if (!root)
		return EG_NO_MEMORY;
	x->root = root;
	return EG_OK;
}

/* ---- loading -------------------------------------------------------------------------------------- */

static eg_status expand_section(struct experiment *x, const char *key)
{
	const struct yt_node *n = yt_get(x->root, key), *m;

	if (!n || n->kind == YT_SCALAR)
		return EG_OK;
	for (unsigned i = 0; n->kind == YT_LIST && i < n->nr; i++) {
		char where[40];

		(void)snprintf(where, sizeof(where), "%s.%u", key, i);
		m = n->item[i]->kind == YT_MAP ? path_expand(n->item[i], where, &x->problems) : n->item[i];
		n = m ? m == n->item[i] ? n : yt_set_item(&x->arena, n, i, m) : NULL;
		if (!n)
			return EG_NO_MEMORY;
	}
	if (n->kind == YT_MAP)
		n = path_expand(n, key, &x->problems);
	if (!n)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < x->root->nr; i++)
		if (strcmp(x->root->key[i], key) == 0) {
			x->root = yt_set(&x->arena, x->root, key, x->root->key_mark[i], n);
			break;
		}
	return x->root ? EG_OK : EG_NO_MEMORY;
}

static eg_status load(struct experiment *x, const char *path, const struct experiment_options *o)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	x->problems.arena = &x->arena;
	x->data_dirs = o->data_dirs;
	x->path = eg_arena_strdup(&x->arena, path);
	dir = eg_arena_strdup(&x->arena, slash ? path : ".");
	if (!x->path || !dir)
		return EG_NO_MEMORY;
	if (slash)
		dir[slash == path ? 1 : slash - path] = '\0';
	x->dir = dir;
	x->root = yt_load(path, &x->text, &x->problems);
	if (!x->root)
		return EG_OK;   /* the problem says why */
	if (x->root->kind != YT_MAP) {
		exp_problem(&x->problems, x->root->mark, NULL, "an experiment is a map of keys (version, name, machine, workload, ...), "
			    "not %s", yt_kind_name(x->root->kind));
		return EG_OK;
	}
	for (unsigned i = 0; frame__spec_sections[i]; i++)
		EG_TRY(expand_section(x, frame__spec_sections[i]));
	for (unsigned i = 0; o->set && o->set[i]; i++)
		EG_TRY(apply_set(x, o->set[i]));
	check_keys(x);
	EG_TRY(read_names(x));
	EG_TRY(read_seeds(x));
	EG_TRY(frame__read_sweep(x));
	EG_TRY(frame__read_compare(x));
	EG_TRY(read_plots(x));
	EG_TRY(frame__read_claims(x));
	if (o->only_cell)       /* one past the end is for the caller to refuse */
		return exp_cell_check_point(x, *o->only_cell < x->nr_cells ? *o->only_cell / x->nr_seeds : 0);
	for (uint64_t point = 0; point < x->nr_points && x->problems.nr < EXP_PROBLEMS_MAX; point++)
		EG_TRY(exp_cell_check_point(x, point));
	return EG_OK;
}

eg_status experiment_load(struct experiment **out, const char *path, const struct experiment_options *o, struct eg_errors *err)
{
	struct experiment *x = eg_calloc(1, sizeof(*x));
	eg_status s, found;

	*out = NULL;
	if (!x)
		return EG_NO_MEMORY;
	s = load(x, path, o);
	found = exp_problems_flush(&x->problems, err);
	s = s == EG_OK ? found : s;
	if (s == EG_OK)
		*out = x;
	else
		experiment_free(x);
	return s;
}

void experiment_free(struct experiment *x)
{
	if (!x)
		return;
	eg_free(x->trace);
	eg_free(x->tried);
	eg_free(x->preset);
	eg_arena_free_all(&x->arena);
	eg_free(x);
}

eg_status experiment_prepare(struct experiment *x, const char *dir, struct eg_errors *err)
{
	eg_status worst = EG_OK;

	for (size_t i = 0; i < x->nr_traces; i++) {
		struct exp_trace *t = x->trace[i];
		char egt[4096];
		bool imported;
		eg_status s;

		if (t->prepared)
			continue;
		s = trace_prepare(t->path, t->format, dir, egt, sizeof(egt), &imported, t->hash, err);
		if (s != EG_OK) {
			worst = s;      /* the next trace may be damaged too: say both */
			continue;
		}
		t->egt = eg_arena_strdup(&x->arena, egt);
		if (!t->egt)
			return EG_NO_MEMORY;
		t->prepared = true;
	}
	return worst;
}
