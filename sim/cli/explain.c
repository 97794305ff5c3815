/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain - everything the program knows about one name, whatever it is the name of. All of it comes from the tables
 * that the program works with; see catalog.h.
 *
 * A name may be several things at once (a metric's prefix and a policy kind are both "tlb"): all of them are shown, in
 * text one after the other, in JSON as entries of one list.
 */
#include <stdio.h>
#include <string.h>

#include "sim/cli/explain.h"
#include "sim/cli/verb.h"

static const struct cli_option options[] = {
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

/* ---- parameters ----------------------------------------------------------------------------------- */

static const char *type_word(const struct eg_param *p)
{
	static const char *const words[] = {
#define X(name, word, example) word,
		EG_PARAM_TYPE_MAP(X)
#undef X
	};

	return p->type == EG_PARAM_CHOICE ? p->choices : words[p->type];
}

static const char *type_name(const struct eg_param *p)
{
	static const char *const names[] = {
#define X(name, word, example) #name,
		EG_PARAM_TYPE_MAP(X)
#undef X
	};

	return names[p->type];
}

static void param_text(const struct eg_param *p, struct eg_str *out)
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

static void param_json(const struct eg_param *p, struct eg_str *out)
{
	char type[16];

	(void)snprintf(type, sizeof(type), "%s", type_name(p));
	for (char *c = type; *c; c++)
		*c = (char)(*c | 0x20);
	eg_str_add(out, "{\"name\": ");
	eg_str_add_json(out, p->name);
	eg_str_addf(out, ", \"type\": \"%s\"", type);
	explain__text(out, "default", p->def);
	explain__text(out, "min", p->min);
	explain__text(out, "max", p->max);
	explain__text(out, "choices", p->choices);
	explain__text(out, "help", p->help);
	eg_str_add(out, "}");
}

static void params(struct page *p, const char *title, const struct eg_param *table)
{
	bool any = table && table->name;

	if (p->json)
		eg_str_add(&p->out, ", \"parameters\": [");
	else
		eg_str_addf(&p->out, "\n%s:%s\n", title, any ? "" : " none");
	for (const struct eg_param *row = table; any && row->name; row++) {
		if (!p->json) {
			param_text(row, &p->out);
			continue;
		}
		eg_str_add(&p->out, row == table ? "\n    " : ",\n    ");
		param_json(row, &p->out);
	}
	eg_str_add(&p->out, p->json ? "]" : "");
}

/* A section, a policy or a generator: whatever has a table of its own. */
static void explain_table(const char *name, struct page *p)
{
	struct catalog_table t;

	for (unsigned i = 0; catalog_table_at(i, &t); i++) {
		bool section = !*t.of;

		if (strcmp(section ? t.name : t.of, name) != 0 && !(strcmp(name, "costs") == 0 && strcmp(t.name, "machine.costs") == 0))
			continue;
		explain__entry(p, section ? "section" : strcmp(t.name, "workload") == 0 ? "generator" : "policy",
		      section || strcmp(t.name, "workload") == 0 ? NULL : t.name, section ? t.name : t.of, t.what);
		params(p, strcmp(t.name, "workload") == 0 || section ? "Keys" : "Parameters", t.params);
		if (!p->json && strcmp(t.name, "workload") == 0)
			eg_str_add(&p->out, "\nAnd the keys of every item: `engram explain replay`.\n");
		explain__end(p);
	}
}

/* A key, with its section ("machine.memory") or without ("memory"): every table that has it. */
static void explain_key(const char *name, struct page *p)
{
	struct catalog_table t;

	for (unsigned i = 0; catalog_table_at(i, &t); i++) {
		size_t n = strlen(t.name), k = strlen(t.of);
		const char *key = name;
		char of[120];
		int at;

		if (strncmp(key, t.name, n) == 0 && key[n] == '.')
			key += n + 1;
		if (k && strncmp(key, t.of, k) == 0 && key[k] == '.')
			key += k + 1;
		at = t.params ? eg_param_find(t.params, key) : -1;
		if (at < 0)
			continue;
		(void)snprintf(of, sizeof(of), "%s%s%s", t.name, k ? " " : "", t.of);
		explain__entry(p, "key", of, key, NULL);
		if (p->json) {
			eg_str_add(&p->out, ", \"parameter\": ");
			param_json(&t.params[at], &p->out);
		} else {
			param_text(&t.params[at], &p->out);
		}
		explain__end(p);
	}
}

static void explain_kind(const char *name, struct page *p)
{
	bool first = true;

	if (strncmp(name, "policy.", 7) == 0)
		name += 7;
	for (unsigned k = 0; spec_policy_kinds[k]; k++) {
		if (strcmp(spec_policy_kinds[k], name) != 0)
			continue;
		explain__entry(p, "kind of policy", NULL, name, NULL);
		eg_str_addf(&p->out, p->json ? ", \"choices\": [" : "policy.%s: a choice of\n", name);
		for (unsigned i = 0; spec_policy_name(name, i); i++, first = false) {
			const char *one = spec_policy_name(name, i), *what = spec_policy_summary(name, one);

			if (p->json) {
				eg_str_add(&p->out, first ? "{\"name\": " : ", {\"name\": ");
				eg_str_add_json(&p->out, one);
				explain__text(&p->out, "summary", what);
				eg_str_add(&p->out, "}");
			} else {
				eg_str_addf(&p->out, "  %-20s %s\n", one, what);
			}
		}
		eg_str_add(&p->out, p->json ? "]" : "");
		explain__end(p);
	}
}

/* ---- nothing found -------------------------------------------------------------------------------- */

struct names {
	struct eg_arena arena;
	const char    **name;
	size_t          nr, cap;
};

static void keep_name(void *ctx, const struct catalog_item *it)
{
	struct names *n = ctx;
	const char **slot = eg_grow((void **)&n->name, &n->nr, &n->cap, sizeof(*n->name));

	if (slot) {
		*slot = eg_arena_strdup(&n->arena, it->name);
		if (!*slot)
			n->nr--;
	}
}

static const char *nth_name(const void *ctx, unsigned i)
{
	const struct names *n = ctx;

	return i < n->nr ? n->name[i] : NULL;
}

static int unknown(const char *name)
{
	struct names all = { 0 };
	char near[100];
	int rc;

	for (const struct catalog_topic *t = catalog_topics; t->name; t++)
		t->each(keep_name, &all);
	rc = cli_usage("explain: nothing is called %.60s%s `engram list` has the topics, and machine, machine.costs, measure, stop "
		       "and replay are sections", name, *cli_near(name, nth_name, &all, near, sizeof(near)) ? near : ";");
	eg_free(all.name);
	eg_arena_free_all(&all.arena);
	return rc;
}

static int run(const struct cli_args *a)
{
	struct page p = { .json = a->json };
	struct eg_str joined = { 0 };
	const char *name;

	for (unsigned i = 0; i < a->nr; i++)            /* engram explain trace info */
		eg_str_addf(&joined, "%s%s", i ? " " : "", a->arg[i]);
	if (joined.failed)
		return cli_fail(EG_NO_MEMORY, "no memory for a name");
	name = eg_str_text(&joined);
	if (p.json)
		eg_str_add(&p.out, "{\"schema\": 1, \"entries\": [");
	explain_table(name, &p);
	explain_kind(name, &p);
	explain_key(name, &p);
	explain__preset(name, &p);
	explain__experiment(name, &p);
	explain__figure(name, &p);
	explain__verb(name, &p);
	explain__plain(name, &p);
	explain__columns(name, &p);
	if (!p.nr && !p.out.failed) {
		int rc = unknown(name);

		eg_str_free(&p.out);
		eg_str_free(&joined);
		return rc;
	}
	eg_str_free(&joined);
	if (p.json)
		eg_str_add(&p.out, "\n]}\n");
	return cli_print(&p.out);
}

const struct verb_ops verb_explain_ops = {
	.name        = "explain",
	.summary     = "what a name means: a policy, a key, a metric, a figure, ...",
	.usage       = "NAME [options]",
	.description = "Prints what is known of a name that `engram list` shows: the parameters of a policy or generator\n"
		       "with types, defaults and ranges, the values of a preset with their sources and what it leaves out,\n"
		       "the keys of a section (machine, machine.costs, measure, stop, replay) or one key, a metric with its\n"
		       "unit (or all that match a pattern or a prefix), the table and columns of a figure.",
	.example     = "engram explain buddy",
	.options     = options,
	.min_args    = 1,
	.max_args    = 2,
	.run         = run,
};
