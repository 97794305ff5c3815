/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell - the steps from a tree of values to a struct spec; see cell.h.
 *
 *   1. The point's sweep values are set into the experiment's tree, shorter paths first, so that
 *      policy.page_allocator and policy.page_allocator.pcp_batch may be swept side by side in any order.
 *   2. The preset's machine keys are applied, then the experiment's own, then workload and policies. A key
 *      is looked up in the table of its owner (keys.c); workload items are items.c's.
 *   3. Contradictions between keys are found by spec_check().
 *   4. Every value is put into its canonical spelling, the text written, the text hashed.
 */
#include "sim/experiment/resolve.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/base/sha256.h"
#include "sim/experiment/path.h"
#include "workloads/gen/gen.h"

static const char *const no_words[] = { NULL };

/* ---- the sections --------------------------------------------------------------------------------- */

static void resolve_machine_map(struct resolver *r, const struct yt_node *machine)
{
	static const char *const words[] = { "preset", "costs", NULL };
	const struct yt_node *costs = resolve__section(r, machine, "costs", "machine.costs");

	resolve__apply(r, &(struct tables){ { &r->spec->machine, NULL }, words }, machine, "machine", "");
	if (costs)
		resolve__apply(r, &(struct tables){ { &r->spec->costs, NULL }, no_words }, costs, "machine.costs", "");
}

static void resolve_machine(struct resolver *r)
{
	const struct yt_node *machine = resolve__section(r, r->root, "machine", "machine"), *name = yt_get(machine, "preset");
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
	resolve__require(r, &r->spec->machine, machine ? machine->mark : r->root->mark, "machine");
	resolve__require(r, &r->spec->costs, machine ? machine->mark : r->root->mark, "machine.costs");
}

static void resolve_table(struct resolver *r, const char *key, struct eg_args *args)
{
	const struct yt_node *n = resolve__section(r, r->root, key, key);

	if (n)
		resolve__apply(r, &(struct tables){ { args, NULL }, no_words }, n, key, "");
	resolve__require(r, args, n ? n->mark : r->root->mark, key);
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
		exp_problem(r->p, spec_policy_chosen(r->spec, kind) ? name->mark : key_mark, path, "%s", why);
	if (s != EG_OK)
		return;
	if (n->kind == YT_MAP)
		resolve__apply(r, &(struct tables){ { spec_policy_args(r->spec, kind), NULL }, words }, n, path, "");
	resolve__require(r, spec_policy_args(r->spec, kind), n->mark, path);
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
	resolve__workload(&r);
	resolve_table(&r, "measure", &c->spec.measure);
	resolve_table(&r, "stop", &c->spec.stop);
	{
		const struct yt_node *policy = resolve__section(&r, r.root, "policy", "policy");

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
	eg_status s;

	*c = (struct exp_cell){ 0 };
	s = resolve(x, index, c, &text, err);
	if (s == EG_OK) {
		eg_str_addf(&text, "seeds: [%" PRIu64 "]\n", c->seed);
		c->yaml = text.failed ? NULL : eg_arena_strdup(&c->arena, eg_str_text(&text));
		s = c->yaml ? EG_OK : EG_NO_MEMORY;
	}
	if (s == EG_OK)
		eg_sha256_of(c->yaml, strlen(c->yaml), c->hash);
	else
		exp_cell_free(c);
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
