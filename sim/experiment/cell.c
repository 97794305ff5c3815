/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell - from a tree of values to a struct spec; see cell.h.
 *
 *   1. The point's sweep values are set into the experiment's tree, shorter paths first, so that
 *      policy.page_allocator and policy.page_allocator.pcp_batch may be swept side by side in any order.
 *   2. The preset's machine keys are applied, then the experiment's own, then workload and policies. A key
 *      is looked up in the table of its owner; there is no list of keys here.
 *   3. Contradictions between keys are found by spec_check().
 *   4. Every value is put into its canonical spelling, the text written, the text hashed.
 */
#include "sim/experiment/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>

#include "sim/base/sha256.h"
#include "sim/experiment/path.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

#define PATH_CHARS 200u

struct resolver {
	struct experiment    *x;
	struct exp_problems  *p;
	const struct yt_node *root;             /* with the point's values */
	const struct yt_node *preset;           /* root of the preset's file, or NULL */
	struct spec          *spec;
	struct eg_arena      *arena;
	bool                  lost_item;        /* a workload item was not added: numbers in the spec differ */
	bool                  no_memory;
	bool                  try_generators;
};

/* Where a key of a map is looked up: up to two tables, and words that the caller handles itself. */
struct tables {
	struct eg_args    *args[2];
	const char *const *words;               /* NULL-terminated */
};

static const char *const no_words[] = { NULL };

static void problem_why(struct resolver *r, struct exp_mark at, const char *path, const char *why)
{
	exp_problem(r->p, at, path, "%s", why);
}

/* ---- values into tables --------------------------------------------------------------------------- */

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
		problem_why(r, at, path, why);
	else if (s == EG_OK)
		settle_given(p, &args->value[p - args->params]);
	r->no_memory |= s == EG_NO_MEMORY;
}

/* The keys of `map` into the tables. `prefix` is the part of the parameter names above them ("tlb.l2"). */
static void apply(struct resolver *r, const struct tables *t, const struct yt_node *map, const char *where, const char *prefix)
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
				apply(r, t, n, where, name);
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

/* Rows without a default must have been given. */
static void require(struct resolver *r, const struct eg_args *args, struct exp_mark at, const char *where)
{
	for (unsigned i = 0; args->params && args->params[i].name; i++)
		if (!args->value[i].text)
			exp_problem(r->p, at, where, "the key %s is missing: %s", args->params[i].name, args->params[i].help);
}

/* A map below the root, or NULL (with a problem if it is there and something else). */
static const struct yt_node *section(struct resolver *r, const struct yt_node *above, const char *key, const char *path)
{
	const struct yt_node *n = yt_get(above, key);

	if (!n || n->kind == YT_MAP)
		return n;
	if (!yt_is_null(n))
		exp_problem(r->p, n->mark, path, "expected a map of keys, found %s", yt_kind_name(n->kind));
	return NULL;
}

/* ---- the sections --------------------------------------------------------------------------------- */

static void resolve_machine_map(struct resolver *r, const struct yt_node *machine)
{
	static const char *const words[] = { "preset", "costs", NULL };
	const struct yt_node *costs = section(r, machine, "costs", "machine.costs");

	apply(r, &(struct tables){ { &r->spec->machine, NULL }, words }, machine, "machine", "");
	if (costs)
		apply(r, &(struct tables){ { &r->spec->costs, NULL }, no_words }, costs, "machine.costs", "");
}

static void resolve_machine(struct resolver *r)
{
	const struct yt_node *machine = section(r, r->root, "machine", "machine"), *name = yt_get(machine, "preset");
	const struct exp_preset *preset;
	const char *ref = "laptop";

	if (name && (name->kind != YT_SCALAR || yt_is_null(name)))
		exp_problem(r->p, name->mark, "machine.preset", "expected the name of a preset, found %s",
			    yt_is_null(name) ? "nothing" : yt_kind_name(name->kind));
	else if (name)
		ref = name->text;
	preset = experiment_preset(r->x, ref, name ? name->mark : machine ? machine->mark : r->root->mark);
	if (!preset) {
		r->no_memory = true;
		return;
	}
	r->preset = preset->root;
	if (preset->root)
		resolve_machine_map(r, yt_get(preset->root, "machine"));
	if (machine)
		resolve_machine_map(r, machine);
	require(r, &r->spec->machine, machine ? machine->mark : r->root->mark, "machine");
	require(r, &r->spec->costs, machine ? machine->mark : r->root->mark, "machine.costs");
}

static void resolve_table(struct resolver *r, const char *key, struct eg_args *args)
{
	const struct yt_node *n = section(r, r->root, key, key);

	if (n)
		apply(r, &(struct tables){ { args, NULL }, no_words }, n, key, "");
	require(r, args, n ? n->mark : r->root->mark, key);
}

/* Kinds that the design knows and this version does not have. */
static bool planned_kind(const char *kind)
{
	static const char *const planned[] = {
		"thp", "compaction", "shootdown", "numa", "reclaim", "swap", "oom", "slab", "heap", "walk", "page_table",
		"memory", "set", NULL
	};

	for (unsigned i = 0; planned[i]; i++)
		if (strcmp(planned[i], kind) == 0)
			return true;
	return false;
}

static void resolve_policy(struct resolver *r, const char *kind, const struct yt_node *n, struct exp_mark key_mark)
{
	static const char *const words[] = { "name", NULL };
	const struct yt_node *name = n->kind == YT_MAP ? yt_get(n, "name") : n;
	char path[PATH_CHARS], why[400];
	eg_status s = EG_OK;

	(void)snprintf(path, sizeof(path), "policy.%.100s", kind);
	if (planned_kind(kind)) {
		struct eg_str built = { 0 };

		for (unsigned i = 0; spec_policy_kinds[i]; i++)
			eg_str_addf(&built, "%s%s", i ? ", " : "", spec_policy_kinds[i]);
		exp_problem(r->p, key_mark, path, "policies of this kind are not built yet; the kinds that are: %s",
			    eg_str_text(&built));
		eg_str_free(&built);
		return;
	}
	if (n->kind == YT_LIST) {
		exp_problem(r->p, n->mark, path, "policies of this kind do not combine: give one; policies to compare go under sweep:");
		return;
	}
	if (name && (name->kind != YT_SCALAR || yt_is_null(name))) {
		exp_problem(r->p, name->mark, path, "expected the name of a policy");
		return;
	}
	if (name || !spec_policy_chosen(r->spec, kind))
		s = spec_set_policy(r->spec, kind, name ? name->text : "", why, sizeof(why));
	r->no_memory |= s == EG_NO_MEMORY;
	if (s == EG_BAD_INPUT)
		problem_why(r, spec_policy_chosen(r->spec, kind) ? name->mark : key_mark, path, why);
	if (s != EG_OK)
		return;
	if (n->kind == YT_MAP)
		apply(r, &(struct tables){ { spec_policy_args(r->spec, kind), NULL }, words }, n, path, "");
	require(r, spec_policy_args(r->spec, kind), n->mark, path);
}

static const char *gen_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return gen_registry[i] ? gen_registry[i]->name : NULL;
}

static const struct gen_ops *find_generator(struct resolver *r, const struct yt_node *n, const char *path)
{
	const struct gen_ops *gen = n->kind == YT_SCALAR ? gen_find(n->text) : NULL;
	struct eg_str list = { 0 };
	const char *near;

	if (gen)
		return gen;
	if (n->kind != YT_SCALAR || yt_is_null(n)) {
		exp_problem(r->p, n->mark, path, "expected the name of a generator");
		return NULL;
	}
	for (unsigned i = 0; gen_registry[i]; i++)
		eg_str_addf(&list, "%s%s", i ? ", " : "", gen_registry[i]->name);
	near = eg_did_you_mean(n->text, gen_name, NULL);
	exp_problem(r->p, n->mark, path, "there is no generator %.60s; %s%s%sknown: %.250s", n->text,
		    near ? "did you mean " : "", near ? near : "", near ? "? " : "", eg_str_text(&list));
	eg_str_free(&list);
	return NULL;
}

/* The experiment's record of a trace file; the first mention checks that it can be opened. */
static struct exp_trace *find_trace(struct resolver *r, const struct yt_node *n, const struct yt_node *format, const char *path)
{
	struct experiment *x = r->x;
	const char *fmt = format ? format->text : NULL;
	const char *file = experiment_relative(x, n->text, r->arena);
	struct exp_trace *t = NULL, **slot;
	struct stat st;

	if (!file) {
		r->no_memory = true;
		return NULL;
	}
	for (size_t i = 0; i < x->nr_traces; i++) {
		const char *f = x->trace[i]->format;

		if (strcmp(x->trace[i]->path, file) == 0 && (f == fmt || (f && fmt && strcmp(f, fmt) == 0)))
			t = x->trace[i];
	}
	if (!t) {
		t = eg_arena_alloc(&x->arena, 1, sizeof(*t));
		slot = t ? eg_grow((void **)&x->trace, &x->nr_traces, &x->cap_traces, sizeof(*slot)) : NULL;
		if (slot) {
			*slot = t;
			t->path = eg_arena_strdup(&x->arena, file);
			t->format = fmt ? eg_arena_strdup(&x->arena, fmt) : NULL;
			t->mark = n->mark;
		}
		if (!slot || !t->path || (fmt && !t->format))
			r->no_memory = true;
		else if (stat(t->path, &st) != 0 || access(t->path, R_OK) != 0)
			exp_problem(r->p, n->mark, path, "cannot open %.200s: %s (a path is relative to the experiment's file)",
				    t->path, strerror(errno));
		else if (S_ISDIR(st.st_mode))
			exp_problem(r->p, n->mark, path, "%.200s is a directory, not a trace", t->path);
	}
	return r->no_memory ? NULL : t;
}

static const char *unique_label(struct resolver *r, const struct yt_node *item, unsigned index)
{
	const struct yt_node *label = yt_get(item, "label");
	char base[81], text[100], path[60];
	unsigned n = 1;

	(void)snprintf(path, sizeof(path), "workload.%u.label", index);
	if (!path_item_label(item, base, sizeof(base)))
		(void)snprintf(base, sizeof(base), "item%u", index);
	if (label && (label->kind != YT_SCALAR || !*label->text || strlen(label->text) > 60 ||
		      label->text[strspn(label->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ||
		      !label->text[strspn(label->text, "0123456789")]))
		exp_problem(r->p, label->mark, path, "expected a name of letters, digits, _ and -, not a number");
	(void)snprintf(text, sizeof(text), "%s", base);
	for (unsigned i = 0; i + 1 < r->spec->nr_workloads; i++)
		if (strcmp(r->spec->workload[i].label, text) == 0) {
			if (label) {
				exp_problem(r->p, label->mark, path, "another item is called %.60s", text);
				break;
			}
			(void)snprintf(text, sizeof(text), "%s-%u", base, ++n);
			i = UINT32_MAX;         /* from the start: the numbered name may be taken too */
		}
	return eg_arena_strdup(r->arena, text);
}

/* Identity of a generator's init(): its name, its values and the memory that shares are of. */
static void identify(const struct spec *s, const struct spec_workload *w, uint8_t digest[32])
{
	struct eg_sha256 sha;
	char text[PATH_CHARS];

	eg_sha256_init(&sha);
	eg_sha256_update(&sha, w->gen->name, strlen(w->gen->name) + 1);
	for (unsigned i = 0; w->gen_args.params[i].name; i++) {
		exp_canonical_value(&w->gen_args.params[i], &w->gen_args.value[i], text, sizeof(text));
		eg_sha256_update(&sha, text, strlen(text) + 1);
	}
	(void)snprintf(text, sizeof(text), "%" PRIu64, eg_args_u64(&s->machine, "memory"));
	eg_sha256_update(&sha, text, strlen(text) + 1);
	eg_sha256_final(&sha, digest);
}

/*
 * Keys of a generator that contradict each other are known only to its init(). It builds tables, so each
 * combination is tried once, and only so many: the rest would say it when they run.
 */
#define MAX_TRIED 256u

static void try_generator(struct resolver *r, const struct spec_workload *w, const struct yt_node *item, const char *where)
{
	struct eg_arena arena = { 0 };
	struct gen_env env = { .seed = r->spec->seed, .memory_bytes = eg_args_u64(&r->spec->machine, "memory"), .arena = &arena };
	struct eg_errors *err = NULL;
	struct experiment *x = r->x;
	uint8_t digest[32], (*slot)[32];
	void *state;

	identify(r->spec, w, digest);
	for (size_t i = 0; i < x->nr_tried; i++)
		if (memcmp(x->tried[i], digest, 32) == 0)
			return;
	if (x->nr_tried == MAX_TRIED)
		return;
	slot = eg_grow((void **)&x->tried, &x->nr_tried, &x->cap_tried, sizeof(*slot));
	state = eg_calloc(1, w->gen->state_size(&w->gen_args));
	err = eg_calloc(1, sizeof(*err));
	if (!slot || !state || !err) {
		r->no_memory = true;
	} else {
		memcpy(*slot, digest, 32);
		if (w->gen->init(state, &w->gen_args, &env, err) == EG_BAD_INPUT) {
			char key[PATH_CHARS], path[PATH_CHARS];
			unsigned steps;

			/* messages begin with the key at fault: point at it if it was written */
			(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(err->text[0], ": "), err->text[0]);
			(void)snprintf(path, sizeof(path), "%s.%.100s", where, key);
			exp_problem(r->p, yt_get(item, key) ? path_mark(r->root, path, &steps) : item->mark, where, "%.400s",
				    err->nr ? err->text[0] : "contradicting keys");
		}
	}
	eg_free(err);
	eg_free(state);
	eg_arena_free_all(&arena);
}

static void resolve_item(struct resolver *r, const struct yt_node *item, unsigned index)
{
	static const char *const gen_words[] = { "generator", "label", NULL };
	static const char *const trace_words[] = { "trace", "format", "label", NULL };
	const struct yt_node *generator = yt_get(item, "generator"), *trace = yt_get(item, "trace"), *format = yt_get(item, "format");
	struct spec_workload *w = NULL;
	char where[60], path[80];
	unsigned before = r->p->nr;

	(void)snprintf(where, sizeof(where), "workload.%u", index);
	if (item->kind != YT_MAP || !generator == !trace) {
		exp_problem(r->p, item->mark, where, "expected a map with either generator: NAME or trace: FILE");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s.%s", where, generator ? "generator" : "trace");
	if (generator) {
		const struct gen_ops *gen = find_generator(r, generator, path);

		if (!gen)
			return;
		w = spec_add_generator(r->spec, gen);
	} else {
		struct exp_trace *t;

		if (trace->kind != YT_SCALAR || yt_is_null(trace)) {
			exp_problem(r->p, trace->mark, path, "expected the path of a trace file");
			return;
		}
		if (format && (format->kind != YT_SCALAR || yt_is_null(format))) {
			exp_problem(r->p, format->mark, where, "format: expected the name of a trace format");
			return;
		}
		t = find_trace(r, trace, format, path);
		if (!t)
			return;
		w = spec_add_trace(r->spec, &trace_egt_ops, t->prepared ? t->egt : t->path, t->hash);
	}
	if (!w || !(w->label = unique_label(r, item, index))) {
		r->no_memory = true;
		return;
	}
	apply(r, &(struct tables){ { generator ? &w->gen_args : NULL, &w->replay }, generator ? gen_words : trace_words },
	      item, where, "");
	if (generator)
		require(r, &w->gen_args, item->mark, where);
	require(r, &w->replay, item->mark, where);
	if (generator && r->try_generators && r->p->nr == before && !r->no_memory)
		try_generator(r, w, item, where);
}

static void resolve_workload(struct resolver *r)
{
	const struct yt_node *list = yt_get(r->root, "workload");

	if (!list || list->kind != YT_LIST || !list->nr) {
		exp_problem(r->p, list ? list->mark : r->root->mark, "workload",
			    "expected a list of what to run, each item a map with generator: NAME or trace: FILE");
		r->lost_item = true;
		return;
	}
	for (unsigned i = 0; i < list->nr; i++) {
		unsigned before = r->spec->nr_workloads;

		resolve_item(r, list->item[i], i);
		r->lost_item |= r->spec->nr_workloads == before;
	}
}

/* spec_check() names a key by its path; find where it was written: here, or in the preset. */
static void on_contradiction(void *ctx, const char *path, const char *text)
{
	struct resolver *r = ctx;
	struct exp_mark at;
	unsigned steps;

	if (r->lost_item && strncmp(path, "workload", 8) == 0)
		return;
	at = path_mark(r->root, path, &steps);
	if (steps < 2 && r->preset && strncmp(path, "machine.", 8) == 0)
		at = path_mark(r->preset, path, &steps);
	exp_problem(r->p, at, path, "%s", text);
}

/* ---- one cell ------------------------------------------------------------------------------------- */

static unsigned steps_of(const char *path)
{
	unsigned n = 1;

	for (; *path; path++)
		n += *path == '.';
	return n;
}

/* The tree with the values of one point set, shorter paths first. */
static const struct yt_node *at_point(struct experiment *x, uint64_t point, struct exp_problems *p, struct exp_coord *coord)
{
	const struct yt_node *root = x->root;
	unsigned most = 0;

	for (unsigned i = x->nr_axes; i-- > 0; point /= x->axis[i].nr) {
		const struct exp_axis *a = &x->axis[i];

		coord[i] = (struct exp_coord){ a->path, a->label[point % a->nr] };
		most = steps_of(a->path) > most ? steps_of(a->path) : most;
	}
	for (unsigned steps = 1; steps <= most; steps++)
		for (unsigned i = 0; i < x->nr_axes && root; i++) {
			const struct exp_axis *a = &x->axis[i];

			if (steps_of(a->path) != steps)
				continue;
			for (unsigned k = 0; k < a->nr; k++)
				if (a->label[k] == coord[i].label) {
					root = path_set(root, a->path, a->mark, a->value[k], p);
					break;
				}
		}
	return root;
}

/* Fill c->spec and c->coord of point `index / nr_seeds`; problems go to p (whose arena is c->arena or lives
 * longer). EG_NO_MEMORY, else EG_OK even with problems. */
static eg_status build(struct experiment *x, uint64_t index, struct exp_cell *c, struct exp_problems *p, bool try_generators)
{
	struct resolver r = { .x = x, .p = p, .spec = &c->spec, .arena = &c->arena, .try_generators = try_generators };

	c->index = index;
	c->seed = x->seed[index % x->nr_seeds];
	c->coord = eg_arena_alloc(&c->arena, x->nr_axes ? x->nr_axes : 1, sizeof(*c->coord));
	if (!c->coord)
		return EG_NO_MEMORY;
	r.root = at_point(x, index / x->nr_seeds, p, c->coord);
	if (!r.root)
		return EG_NO_MEMORY;
	EG_TRY(spec_init(&c->spec, &c->arena));
	c->spec.seed = c->seed;
	resolve_machine(&r);
	resolve_workload(&r);
	resolve_table(&r, "measure", &c->spec.measure);
	resolve_table(&r, "stop", &c->spec.stop);
	{
		const struct yt_node *policy = section(&r, r.root, "policy", "policy");

		for (unsigned i = 0; policy && i < policy->nr; i++)
			resolve_policy(&r, policy->key[i], policy->item[i], policy->key_mark[i]);
	}
	if (r.no_memory)
		return EG_NO_MEMORY;
	if (spec_check(&c->spec, on_contradiction, &r) == EG_NO_MEMORY)
		return EG_NO_MEMORY;
	return p->no_memory ? EG_NO_MEMORY : EG_OK;
}

eg_status exp_cell_check_point(struct experiment *x, uint64_t point)
{
	struct exp_cell c = { 0 };
	struct exp_problems p = { .arena = &c.arena };
	eg_status s = build(x, point * x->nr_seeds, &c, &p, true);

	/* what build() found lies in the cell's arena, which ends here; what it loaded is in x->problems */
	for (unsigned i = 0; i < p.nr; i++)
		exp_problem(&x->problems, p.item[i]->mark, NULL, "%s", p.item[i]->text);
	exp_cell_free(&c);
	return s;
}

/* ---- canonical text ------------------------------------------------------------------------------- */

static eg_status canonical_args(struct eg_args *args, struct eg_arena *arena)
{
	for (unsigned i = 0; args->params && args->params[i].name; i++) {
		const struct eg_param *p = &args->params[i];
		char text[64];

		if (p->type == EG_PARAM_TEXT || p->type == EG_PARAM_CHOICE || !args->value[i].text)
			continue;
		exp_canonical_value(p, &args->value[i], text, sizeof(text));
		args->value[i].text = eg_arena_strdup(arena, text);
		if (!args->value[i].text)
			return EG_NO_MEMORY;
	}
	return EG_OK;
}

static void show_args(struct eg_str *out, const char *indent, const struct eg_args *args)
{
	for (unsigned i = 0; args->params && args->params[i].name; i++) {
		eg_str_addf(out, "%s%s: ", indent, args->params[i].name);
		yt_show_text(out, args->value[i].text);
		eg_str_add(out, "\n");
	}
}

static void show_section(struct eg_str *out, const char *name, const struct eg_args *args)
{
	eg_str_addf(out, "%s:\n", name);
	show_args(out, "  ", args);
}

static void show_item(struct eg_str *out, const struct spec_workload *w)
{
	if (w->gen)
		eg_str_addf(out, "  - generator: %s\n", w->gen->name);
	else
		eg_str_addf(out, "  - trace: \"sha256:%s\"\n", w->trace_hash);
	eg_str_addf(out, "    label: %s\n", w->label);
	if (w->gen)
		show_args(out, "    ", &w->gen_args);
	show_args(out, "    ", &w->replay);
}

/* Everything but the seed. */
static eg_status show_spec(struct eg_str *out, struct exp_cell *c)
{
	struct spec *s = &c->spec;

	EG_TRY(canonical_args(&s->machine, &c->arena));
	EG_TRY(canonical_args(&s->costs, &c->arena));
	EG_TRY(canonical_args(&s->measure, &c->arena));
	EG_TRY(canonical_args(&s->stop, &c->arena));
	for (unsigned i = 0; spec_policy_kinds[i]; i++)
		EG_TRY(canonical_args(spec_policy_args(s, spec_policy_kinds[i]), &c->arena));
	for (unsigned i = 0; i < s->nr_workloads; i++) {
		EG_TRY(canonical_args(&s->workload[i].gen_args, &c->arena));
		EG_TRY(canonical_args(&s->workload[i].replay, &c->arena));
	}
	eg_str_add(out, "version: 1\n");
	show_section(out, "machine", &s->machine);
	eg_str_add(out, "  costs:\n");
	show_args(out, "    ", &s->costs);
	eg_str_add(out, "workload:\n");
	for (unsigned i = 0; i < s->nr_workloads; i++)
		show_item(out, &s->workload[i]);
	eg_str_add(out, "policy:\n");
	for (unsigned i = 0; spec_policy_kinds[i]; i++) {
		const char *kind = spec_policy_kinds[i];

		eg_str_addf(out, "  %s:\n    name: %s\n", kind, spec_policy_chosen(s, kind));
		show_args(out, "    ", spec_policy_args(s, kind));
	}
	show_section(out, "stop", &s->stop);
	show_section(out, "measure", &s->measure);
	return out->failed ? EG_NO_MEMORY : EG_OK;
}

static eg_status resolve(struct experiment *x, uint64_t index, struct exp_cell *c, struct eg_str *text, struct eg_errors *err)
{
	struct exp_problems p = { .arena = &c->arena };
	eg_status s = build(x, index, c, &p, false), found = exp_problems_flush(&p, err);

	EG_TRY(s);
	EG_TRY(found);
	return show_spec(text, c);
}

eg_status exp_cell_resolve(struct experiment *x, uint64_t index, struct exp_cell *c, struct eg_errors *err)
{
	struct eg_str text = { 0 };
	struct eg_sha256 sha;
	uint8_t digest[32];
	eg_status s;

	*c = (struct exp_cell){ 0 };
	s = resolve(x, index, c, &text, err);
	if (s == EG_OK) {
		eg_str_addf(&text, "seeds: [%" PRIu64 "]\n", c->seed);
		c->yaml = text.failed ? NULL : eg_arena_strdup(&c->arena, eg_str_text(&text));
		s = c->yaml ? EG_OK : EG_NO_MEMORY;
	}
	if (s == EG_OK) {
		eg_sha256_init(&sha);
		eg_sha256_update(&sha, c->yaml, strlen(c->yaml));
		eg_sha256_final(&sha, digest);
		eg_sha256_hex(digest, c->hash);
	} else {
		exp_cell_free(c);
	}
	eg_str_free(&text);
	return s;
}

void exp_cell_free(struct exp_cell *c)
{
	eg_arena_free_all(&c->arena);
}

void exp_cell_describe(const struct experiment *x, const struct exp_cell *c, struct eg_str *out)
{
	for (unsigned i = 0; i < x->nr_axes; i++)
		eg_str_addf(out, "%s=%s ", c->coord[i].path, c->coord[i].label);
	eg_str_addf(out, "seed=%" PRIu64, c->seed);
}

eg_status exp_resolved_text(struct experiment *x, struct eg_str *out, struct eg_errors *err)
{
	struct exp_cell c = { 0 };
	eg_status s = resolve(x, 0, &c, out, err);

	exp_cell_free(&c);
	EG_TRY(s);
	if (x->nr_axes)
		eg_str_add(out, "sweep:\n");
	for (unsigned i = 0; i < x->nr_axes; i++) {
		eg_str_addf(out, "  %s: [", x->axis[i].path);
		for (unsigned k = 0; k < x->axis[i].nr; k++) {
			eg_str_add(out, k ? ", " : "");
			yt_show(out, x->axis[i].value[k]);
		}
		eg_str_add(out, "]\n");
	}
	eg_str_add(out, "seeds: [");
	for (unsigned i = 0; i < x->nr_seeds; i++)
		eg_str_addf(out, "%s%" PRIu64, i ? ", " : "", x->seed[i]);
	eg_str_add(out, "]\n");
	return out->failed ? EG_NO_MEMORY : EG_OK;
}
