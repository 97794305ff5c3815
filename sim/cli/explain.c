/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain - everything the program knows about one name, whatever it is the name of. All of it comes from the tables
 * that the program works with; see catalog.h.
 *
 * A name may be several things at once (a metric's prefix and a policy kind are both "tlb"): all of them are shown, in
 * text one after the other, in JSON as entries of one list.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "plots/plots.h"
#include "results/report.h"
#include "sim/base/str.h"
#include "sim/cli/catalog.h"
#include "sim/cli/front.h"
#include "sim/cli/locate.h"
#include "sim/experiment/schema.h"

static const struct cli_option options[] = {
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

/* What is being written. */
struct page {
	bool          json;
	unsigned      nr;       /* entries so far */
	struct eg_str out;
};

/* Open an entry: what kind of thing it is, its name, a line about it. Text: "name: kind of WHAT", the line. */
static void entry(struct page *p, const char *kind, const char *of, const char *name, const char *summary)
{
	if (!p->json) {
		eg_str_addf(&p->out, "%s%s: %s%s%s\n", p->nr++ ? "\n" : "", name, kind, of ? " of " : "", of ? of : "");
		if (summary && *summary)
			eg_str_addf(&p->out, "%s%s", summary, summary[strlen(summary) - 1] == '\n' ? "" : "\n");
		return;
	}
	eg_str_add(&p->out, p->nr++ ? ",\n  {\"kind\": " : "\n  {\"kind\": ");
	eg_str_add_json(&p->out, kind);
	if (of) {
		eg_str_add(&p->out, ", \"of\": ");
		eg_str_add_json(&p->out, of);
	}
	eg_str_add(&p->out, ", \"name\": ");
	eg_str_add_json(&p->out, name);
	eg_str_add(&p->out, ", \"summary\": ");
	eg_str_add_json(&p->out, summary ? summary : "");
}

static void end(struct page *p)
{
	eg_str_add(&p->out, p->json ? "}" : "");
}

/* A further fact of an entry, or of an object within it. In text the label, blanks, the value. */
static void fact(struct page *p, const char *key, const char *label, const char *value)
{
	if (!value)
		return;
	if (p->json) {
		eg_str_addf(&p->out, ", \"%s\": ", key);
		eg_str_add_json(&p->out, value);
	} else {
		eg_str_addf(&p->out, "%s%s\n", label, value);
	}
}

/* A list of texts: one a line, or a JSON array. */
static void texts(struct page *p, const char *key, const char *title, const char *const *text)
{
	if (!text || (!*text && !p->json))
		return;
	if (p->json)
		eg_str_addf(&p->out, ", \"%s\": [", key);
	else
		eg_str_addf(&p->out, "%s:\n", title);
	for (unsigned i = 0; text[i]; i++) {
		if (p->json) {
			eg_str_add(&p->out, i ? ", " : "");
			eg_str_add_json(&p->out, text[i]);
		} else {
			eg_str_addf(&p->out, "  %s\n", text[i]);
		}
	}
	eg_str_add(&p->out, p->json ? "]" : "");
}

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

static void json_or_null(struct eg_str *out, const char *key, const char *text)
{
	eg_str_addf(out, ", \"%s\": ", key);
	if (text)
		eg_str_add_json(out, text);
	else
		eg_str_add(out, "null");
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
	json_or_null(out, "default", p->def);
	json_or_null(out, "min", p->min);
	json_or_null(out, "max", p->max);
	json_or_null(out, "choices", p->choices);
	json_or_null(out, "help", p->help);
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
		entry(p, section ? "section" : strcmp(t.name, "workload") == 0 ? "generator" : "policy",
		      section || strcmp(t.name, "workload") == 0 ? NULL : t.name, section ? t.name : t.of, t.what);
		params(p, strcmp(t.name, "workload") == 0 || section ? "Keys" : "Parameters", t.params);
		if (!p->json && strcmp(t.name, "workload") == 0)
			eg_str_add(&p->out, "\nAnd the keys of every item: `engram explain replay`.\n");
		end(p);
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
		entry(p, "key", of, key, NULL);
		if (p->json) {
			eg_str_add(&p->out, ", \"parameter\": ");
			param_json(&t.params[at], &p->out);
		} else {
			param_text(&t.params[at], &p->out);
		}
		end(p);
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
		entry(p, "kind of policy", NULL, name, NULL);
		eg_str_addf(&p->out, p->json ? ", \"choices\": [" : "policy.%s: a choice of\n", name);
		for (unsigned i = 0; spec_policy_name(name, i); i++, first = false) {
			const char *one = spec_policy_name(name, i), *what = spec_policy_summary(name, one);

			if (p->json) {
				eg_str_add(&p->out, first ? "{\"name\": " : ", {\"name\": ");
				eg_str_add_json(&p->out, one);
				json_or_null(&p->out, "summary", what);
				eg_str_add(&p->out, "}");
			} else {
				eg_str_addf(&p->out, "  %-20s %s\n", one, what);
			}
		}
		eg_str_add(&p->out, p->json ? "]" : "");
		end(p);
	}
}

/* ---- presets -------------------------------------------------------------------------------------- */

static void shown(struct page *p, const char *key, const struct yt_node *n)
{
	struct eg_str text = { 0 };

	yt_show(&text, n);
	if (key)
		json_or_null(&p->out, key, eg_str_text(&text));
	else
		eg_str_add(&p->out, eg_str_text(&text));
	p->out.failed |= text.failed;
	eg_str_free(&text);
}

static void preset_values(struct page *p, const struct yt_node *n, const char *path, bool *first)
{
	for (unsigned i = 0; i < n->nr; i++) {
		const struct yt_node *v = n->item[i], *value = yt_get(v, "value"), *range = yt_get(v, "range");
		const struct yt_node *status = yt_get(v, "status"), *source = yt_get(v, "source");
		char below[200];

		(void)snprintf(below, sizeof(below), "%.100s%s%.90s", path, *path ? "." : "", n->key[i]);
		if (v->kind == YT_MAP && !value) {
			preset_values(p, v, below, first);
			continue;
		}
		if (p->json) {
			eg_str_add(&p->out, *first ? "\n    {\"key\": " : ",\n    {\"key\": ");
			eg_str_add_json(&p->out, below);
			shown(p, "value", value ? value : v);
			if (range)
				shown(p, "range", range);
			if (status && status->kind == YT_SCALAR)
				json_or_null(&p->out, "status", status->text);
			if (source && source->kind == YT_SCALAR)
				json_or_null(&p->out, "source", source->text);
			eg_str_add(&p->out, "}");
			*first = false;
			continue;
		}
		eg_str_addf(&p->out, "  %-28s ", below);
		shown(p, NULL, value ? value : v);
		if (range) {
			eg_str_add(&p->out, "  in ");
			shown(p, NULL, range);
		}
		if (status && status->kind == YT_SCALAR)
			eg_str_addf(&p->out, "  (%s: %s)", status->text, source && source->kind == YT_SCALAR ? source->text : "no source");
		eg_str_add(&p->out, "\n");
	}
}

/* The description of a file below configs/KIND; *root is in the arena, NULL if there is no such file. */
static const char *config(const char *name, const char *kind, struct exp_problems *problems, const struct yt_node **root)
{
	const struct yt_node *d;
	const char *dirs[3], *path;

	locate_data_dirs(dirs);
	path = strchr(name, '/') ? NULL : experiment_find_config(dirs, kind, name, problems->arena, NULL);
	*root = path ? yt_load(path, NULL, problems) : NULL;
	d = yt_get(*root, "description");
	return d && d->kind == YT_SCALAR ? d->text : "";
}

static void explain_preset(const char *name, struct page *p)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const struct yt_node *root, *machine, *left;
	const char *what = config(name, "machine", &problems, &root), *left_out[100] = { NULL };
	bool first = true;
	unsigned n = 0;

	if (root) {
		machine = yt_get(root, "machine");
		left = yt_get(root, "left_out");
		entry(p, "preset of a machine", NULL, name, what);
		eg_str_add(&p->out, p->json ? ", \"values\": [" : "\nValues, with range, status and source:\n");
		if (machine && machine->kind == YT_MAP)
			preset_values(p, machine, "", &first);
		eg_str_add(&p->out, p->json ? "]" : "");
		for (unsigned i = 0; left && left->kind == YT_LIST && i < left->nr && n + 1 < EG_ARRAY_LEN(left_out); i++)
			if (left->item[i]->kind == YT_SCALAR)
				left_out[n++] = left->item[i]->text;
		texts(p, "left_out", "\nLeft out", left_out);
		end(p);
	}
	eg_arena_free_all(&arena);
}

static void explain_experiment(const char *name, struct page *p)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const struct yt_node *root;
	const char *what = config(name, "experiment", &problems, &root), *dirs[3];

	if (root) {
		locate_data_dirs(dirs);
		entry(p, "shipped experiment", NULL, name, what);
		fact(p, "path", "File: ", experiment_find_config(dirs, "experiment", name, &arena, NULL));
		if (!p->json)
			eg_str_addf(&p->out, "`engram check %s` shows what it resolves to.\n", name);
		end(p);
	}
	eg_arena_free_all(&arena);
}

/* ---- metrics -------------------------------------------------------------------------------------- */

/* A name, a pattern ("tlb.misses.*"), or what names begin with ("tlb" of "tlb.misses.l2", "fault" of "fault_count"). */
static bool wanted(const char *name, const char *column)
{
	size_t n = strlen(name);

	if (strpbrk(name, "*?"))
		return fnmatch(name, column, 0) == 0;
	return strncmp(name, column, n) == 0 && (column[n] == '\0' || column[n] == '.' || column[n] == '_');
}

static const char *better_word(int better)
{
	return better > 0 ? "more is better" : better < 0 ? "less is better" : "neither is better";
}

static bool has_series(const struct run_result *r, const char *name)
{
	for (unsigned i = 0; i < r->nr_series; i++)
		if (strcmp(r->series_columns[i].name, name) == 0)
			return true;
	return false;
}

static void explain_columns(const char *name, struct page *p)
{
	static const char *const of_histogram[] = { "n", "mean", "p50", "p90", "p99", "p99_9", "max", NULL };
	struct run_result r;

	if (catalog_columns(&r) != EG_OK) {
		p->out.failed = true;
		return;
	}
	for (unsigned i = 0; i < r.nr_summary; i++) {
		const struct run_column *c = &r.summary_columns[i];
		bool series = has_series(&r, c->name);

		if (!wanted(name, c->name))
			continue;
		entry(p, "metric", NULL, c->name, c->long_name);
		if (p->json) {
			eg_str_addf(&p->out, ", \"unit\": \"%s\", \"type\": \"%s\", \"better\": %d, \"series\": %s", c->unit,
				    catalog_column_kind(c->kind), c->better, series ? "true" : "false");
		} else {
			eg_str_addf(&p->out, "  unit %s; %s; %s; %s\n", c->unit, catalog_column_kind(c->kind), better_word(c->better),
				    series ? "in summary and series" : "in summary alone");
		}
		end(p);
	}
	for (unsigned i = 0; i < r.nr_hists; i++) {
		char column[200];

		(void)snprintf(column, sizeof(column), "%s.%s", r.hists[i].group, r.hists[i].kind);
		if (!wanted(name, column))
			continue;
		entry(p, "histogram", NULL, column, r.hists[i].long_name);
		if (p->json)
			eg_str_add(&p->out, ", \"unit\": \"ns\"");
		else
			eg_str_add(&p->out, "  unit ns; less is better; columns of the summary: .n .mean .p50 .p90 .p99 .p99_9 .max\n");
		if (p->json)
			texts(p, "columns", NULL, of_histogram);
		end(p);
	}
	run_result_free(&r);
}

/* ---- the rest ------------------------------------------------------------------------------------- */

static void explain_figure(const char *name, struct page *p)
{
	static const char *const tables[] = {
		[FIGURE_LATENCY] = "histograms (/latency)", [FIGURE_SERIES] = "curves (/series)",
		[FIGURE_STACK] = "curves (/series), stacked", [FIGURE_SUMMARY] = "columns of /summary, those that are there",
		[FIGURE_SUMMARY_ALL] = "columns of /summary, all of them", [FIGURE_PARTS] = "a family of columns of /summary, as shares",
	};
	const struct figure *f = figure_find(name);

	if (!f)
		return;
	entry(p, "figure", NULL, name, f->summary);
	fact(p, "table", "Drawn from: ", (unsigned)f->table < EG_ARRAY_LEN(tables) ? tables[f->table] : "results");
	texts(p, "columns", "Columns", f->columns);
	texts(p, "captions", "Caption", f->captions);
	end(p);
}

static void explain_verb(const char *name, struct page *p)
{
	const struct verb_ops *v = verb_find(name);

	if (!v || front_hidden(v))
		return;
	entry(p, "verb", NULL, v->name, v->summary);
	if (!p->json) {
		eg_str_addf(&p->out, "Usage: engram %s %s\n`engram %s --help` says more.\n", v->name, v->usage, v->name);
		return;
	}
	fact(p, "usage", "", v->usage);
	fact(p, "description", "", v->description);
	fact(p, "example", "", v->example);
	eg_str_add(&p->out, ", \"options\": [");
	for (unsigned i = 0, nr = 0; i < 2; i++)
		for (const struct cli_option *o = i ? cli_global_options : v->options; o && o->name; o++) {
			char letter[2] = { o->letter, '\0' };

			eg_str_add(&p->out, nr++ ? ",\n    {\"name\": " : "\n    {\"name\": ");
			eg_str_add_json(&p->out, o->name);
			json_or_null(&p->out, "letter", o->letter ? letter : NULL);
			json_or_null(&p->out, "argument", o->arg);
			eg_str_addf(&p->out, ", \"repeat\": %s", o->repeat ? "true" : "false");
			json_or_null(&p->out, "help", o->help);
			eg_str_add(&p->out, "}");
		}
	eg_str_add(&p->out, "]");
	end(p);
}

/* Topics of which the catalog's line is all there is. */
struct searched {
	struct page *page;
	const char  *name, *kind;
};

static void plain_item(void *ctx, const struct catalog_item *it)
{
	const struct searched *s = ctx;

	if (strcmp(it->name, s->name) != 0)
		return;
	entry(s->page, s->kind, NULL, it->name, it->summary);
	end(s->page);
}

static void explain_plain(const char *name, struct page *p)
{
	static const char *const topics[] = { "metrics", "views", "formats", "ops", "capabilities", "exit-codes", "environment" };

	for (unsigned i = 0; i < EG_ARRAY_LEN(topics); i++) {
		const struct catalog_topic *t = catalog_find(topics[i]);

		t->each(plain_item, &(struct searched){ p, name, strcmp(t->one, "metric") == 0 ? "group of metrics" : t->one });
	}
	for (const struct catalog_topic *t = catalog_topics; t->name; t++)
		if (strcmp(t->name, name) == 0) {
			entry(p, "topic", NULL, t->name, t->what);
			if (!p->json)
				eg_str_addf(&p->out, "`engram list %s` lists them.\n", t->name);
			end(p);
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
	explain_preset(name, &p);
	explain_experiment(name, &p);
	explain_figure(name, &p);
	explain_verb(name, &p);
	explain_plain(name, &p);
	explain_columns(name, &p);
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
