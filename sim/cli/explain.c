/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain - everything the program knows about one name: a policy, a generator, a preset, a section of an
 * experiment or one key. All of it comes from the tables that also check experiments.
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "sim/cli/locate.h"
#include "sim/cli/verb.h"
#include "sim/experiment/schema.h"
#include "workloads/gen/gen.h"

static const struct cli_option options[] = { { 0 } };

/* The sections whose keys are tables, as they are written in an experiment. */
static const struct { const char *name; const struct eg_param *params; const char *what; } sections[] = {
	{ "machine", spec_machine_params, "The machine. A preset gives all keys; an experiment overrides some." },
	{ "machine.costs", spec_cost_params, "What each operation costs in time. Cycles scale with machine.clock." },
	{ "measure", spec_measure_params, "What is recorded, and how often." },
	{ "stop", spec_stop_params, "When a run ends before its workload does." },
	{ "replay", spec_replay_params, "Keys that every item of workload: takes, beside those of its generator." },
};

static const char *type_word(const struct eg_param *p)
{
	static const char *const words[] = {
#define X(name, word, example) word,
		EG_PARAM_TYPE_MAP(X)
#undef X
	};

	return p->type == EG_PARAM_CHOICE ? p->choices : words[p->type];
}

static void show_param(const struct eg_param *p, struct eg_str *out)
{
	eg_str_addf(out, "  %s\n      %s", p->name, type_word(p));
	if (p->def)
		eg_str_addf(out, "; default %s", p->def);
	else
		eg_str_add(out, "; must be given");
	if (p->min && p->max)
		eg_str_addf(out, "; %s to %s", p->min, p->max);
	else if (p->min || p->max)
		eg_str_addf(out, "; %s %s", p->min ? "at least" : "at most", p->min ? p->min : p->max);
	eg_str_addf(out, "\n      %s\n", p->help);
}

static void show_params(const char *title, const struct eg_param *params, struct eg_str *out)
{
	if (!params || !params[0].name) {
		eg_str_addf(out, "%s: none\n", title);
		return;
	}
	eg_str_addf(out, "%s:\n", title);
	for (; params->name; params++)
		show_param(params, out);
}

/* ---- presets -------------------------------------------------------------------------------------- */

static void show_values(const struct yt_node *n, const char *path, struct eg_str *out)
{
	for (unsigned i = 0; i < n->nr; i++) {
		const struct yt_node *v = n->item[i], *value = yt_get(v, "value"), *range = yt_get(v, "range");
		char below[200];

		(void)snprintf(below, sizeof(below), "%.100s%s%.90s", path, *path ? "." : "", n->key[i]);
		if (v->kind == YT_MAP && !value) {
			show_values(v, below, out);
			continue;
		}
		eg_str_addf(out, "  %-28s ", below);
		yt_show(out, value ? value : v);
		if (range) {
			eg_str_add(out, "  in ");
			yt_show(out, range);
		}
		if (yt_get(v, "status"))
			eg_str_addf(out, "  (%s: %s)", yt_get(v, "status")->text, yt_get(v, "source") ? yt_get(v, "source")->text : "no source");
		eg_str_add(out, "\n");
	}
}

static bool explain_preset(const char *name, struct eg_str *out)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const struct yt_node *root = NULL, *d, *machine, *left;
	const char *dirs[3], *path;

	locate_data_dirs(dirs);
	path = strchr(name, '/') ? NULL : experiment_find_config(dirs, "machine", name, &arena, NULL);
	if (path)
		root = yt_load(path, NULL, &problems);
	if (root) {
		d = yt_get(root, "description");
		machine = yt_get(root, "machine");
		left = yt_get(root, "left_out");
		eg_str_addf(out, "%s: preset of a machine\n%s\n\nValues, with range, status and source:\n", name,
			    d && d->kind == YT_SCALAR ? d->text : "");
		if (machine && machine->kind == YT_MAP)
			show_values(machine, "", out);
		if (left && left->kind == YT_LIST && left->nr)
			eg_str_add(out, "\nLeft out:\n");
		for (unsigned i = 0; left && left->kind == YT_LIST && i < left->nr; i++)
			if (left->item[i]->kind == YT_SCALAR)
				eg_str_addf(out, "  %s\n", left->item[i]->text);
	}
	eg_arena_free_all(&arena);
	return root != NULL;
}

/* ---- the rest ------------------------------------------------------------------------------------- */

static bool explain_policy(const char *name, struct eg_str *out)
{
	bool found = false;

	for (unsigned k = 0; spec_policy_kinds[k]; k++)
		for (unsigned i = 0; spec_policy_name(spec_policy_kinds[k], i); i++) {
			if (strcmp(spec_policy_name(spec_policy_kinds[k], i), name) != 0)
				continue;
			eg_str_addf(out, "%s%s: policy.%s\n%s\n\n", found ? "\n" : "", name, spec_policy_kinds[k],
				    spec_policy_summary(spec_policy_kinds[k], name));
			show_params("Parameters", spec_policy_params(spec_policy_kinds[k], name), out);
			found = true;
		}
	return found;
}

static bool explain_kind(const char *name, struct eg_str *out)
{
	if (strncmp(name, "policy.", 7) == 0)
		name += 7;
	for (unsigned k = 0; spec_policy_kinds[k]; k++) {
		if (strcmp(spec_policy_kinds[k], name) != 0)
			continue;
		eg_str_addf(out, "policy.%s: a choice of\n", name);
		for (unsigned i = 0; spec_policy_name(name, i); i++)
			eg_str_addf(out, "  %-20s %s\n", spec_policy_name(name, i), spec_policy_summary(name, spec_policy_name(name, i)));
		return true;
	}
	return false;
}

static bool explain_generator(const char *name, struct eg_str *out)
{
	const struct gen_ops *gen = gen_find(name);

	if (!gen)
		return false;
	eg_str_addf(out, "%s: workload generator\n%s\n\n", name, gen->summary);
	show_params("Keys", gen->params, out);
	eg_str_add(out, "\nAnd the keys of every item: `engram explain replay`.\n");
	return true;
}

static bool explain_section(const char *name, struct eg_str *out)
{
	for (unsigned i = 0; i < EG_ARRAY_LEN(sections); i++) {
		if (strcmp(sections[i].name, name) != 0 && !(i == 1 && strcmp(name, "costs") == 0))
			continue;
		eg_str_addf(out, "%s\n%s\n\n", sections[i].name, sections[i].what);
		show_params("Keys", sections[i].params, out);
		return true;
	}
	return false;
}

/* A key, with its section ("machine.memory") or without ("memory"): every table that has it. */
static bool explain_key(const char *name, struct eg_str *out)
{
	bool found = false;

	for (unsigned i = 0; i < EG_ARRAY_LEN(sections); i++) {
		size_t n = strlen(sections[i].name);
		const char *key = strncmp(name, sections[i].name, n) == 0 && name[n] == '.' ? name + n + 1 : name;
		int at = eg_param_find(sections[i].params, key);

		if (at < 0)
			continue;
		eg_str_addf(out, "%s of %s\n", key, sections[i].name);
		show_param(&sections[i].params[at], out);
		found = true;
	}
	return found;
}

/* Candidates for did-you-mean, one list after the other. */
static const char *any_name(const void *ctx, unsigned i)
{
	const char *const *presets = ctx;

	for (unsigned k = 0; spec_policy_kinds[k]; k++)
		for (unsigned n = 0; spec_policy_name(spec_policy_kinds[k], n); n++)
			if (i-- == 0)
				return spec_policy_name(spec_policy_kinds[k], n);
	for (unsigned n = 0; gen_registry[n]; n++)
		if (i-- == 0)
			return gen_registry[n]->name;
	for (unsigned n = 0; n < EG_ARRAY_LEN(sections); n++) {
		if (i-- == 0)
			return sections[n].name;
		for (const struct eg_param *p = sections[n].params; p->name; p++)
			if (i-- == 0)
				return p->name;
	}
	while (*presets && i--)
		presets++;
	return *presets;
}

static int unknown(const char *name)
{
	struct eg_arena arena = { 0 };
	const char *dirs[3], **names, **list, *near;
	unsigned nr;
	int rc;

	locate_data_dirs(dirs);
	nr = experiment_list_configs(dirs, "machine", &names, &arena);
	list = eg_arena_alloc(&arena, nr + 1, sizeof(*list));
	for (unsigned i = 0; list && i < nr; i++)
		list[i] = names[i];
	near = list ? eg_did_you_mean(name, any_name, list) : NULL;
	if (near)
		rc = cli_usage("explain: nothing is called %.60s; did you mean %s?", name, near);
	else
		rc = cli_usage("explain: nothing is called %.60s; `engram list policies|workloads|presets` has the names, and "
			       "machine, machine.costs, measure, stop and replay are sections", name);
	eg_arena_free_all(&arena);
	return rc;
}

static int run(const struct cli_args *a)
{
	const char *name = a->arg[0];
	struct eg_str out = { 0 };
	bool found = false;
	int rc = 0;

	/* a name may be several things at once ("buddy" a policy and a preset of one's own): show all */
	found |= explain_policy(name, &out);
	found |= explain_kind(name, &out);
	found |= explain_generator(name, &out);
	found |= explain_section(name, &out);
	found |= explain_key(name, &out);
	found |= explain_preset(name, &out);
	if (!found)
		rc = unknown(name);
	else if (out.failed)
		rc = cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
	else
		fputs(eg_str_text(&out), stdout);
	eg_str_free(&out);
	return rc;
}

const struct verb_ops verb_explain_ops = {
	.name        = "explain",
	.summary     = "what a policy, generator, preset or key is, with its parameters",
	.usage       = "NAME",
	.description = "Prints what is known of a name: the parameters of a policy or generator with types, defaults and\n"
		       "ranges, the values of a preset with their sources and what it leaves out, the keys of a section\n"
		       "(machine, machine.costs, measure, stop, replay), or one key.",
	.example     = "engram explain buddy",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
