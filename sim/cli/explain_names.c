/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_names - names that have no table of parameters: presets, experiments, metrics, figures, verbs, the rest. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "plots/plots.h"
#include "sim/cli/explain.h"
#include "sim/cli/front.h"
#include "sim/cli/locate.h"
#include "sim/experiment/schema.h"

/* ---- how entries are written ---------------------------------------------------------------------- */

/* Open an entry: what kind of thing it is, its name, a line about it. Text: "name: kind of WHAT", the line. */
void explain__entry(struct page *p, const char *kind, const char *of, const char *name, const char *summary)
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

void explain__end(struct page *p)
{
	eg_str_add(&p->out, p->json ? "}" : "");
}

/* A further fact of an entry, or of an object within it. In text the label, blanks, the value. */
void explain__fact(struct page *p, const char *key, const char *label, const char *value)
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
void explain__texts(struct page *p, const char *key, const char *title, const char *const *text)
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

void explain__text(struct eg_str *out, const char *key, const char *text)
{
	eg_str_addf(out, ", \"%s\": ", key);
	if (text)
		eg_str_add_json(out, text);
	else
		eg_str_add(out, "null");
}

/* ---- presets -------------------------------------------------------------------------------------- */

static void shown(struct page *p, const char *key, const struct yt_node *n)
{
	struct eg_str text = { 0 };

	yt_show(&text, n);
	if (key)
		explain__text(&p->out, key, eg_str_text(&text));
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
				explain__text(&p->out, "status", status->text);
			if (source && source->kind == YT_SCALAR)
				explain__text(&p->out, "source", source->text);
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

void explain__preset(const char *name, struct page *p)
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
		explain__entry(p, "preset of a machine", NULL, name, what);
		eg_str_add(&p->out, p->json ? ", \"values\": [" : "\nValues, with range, status and source:\n");
		if (machine && machine->kind == YT_MAP)
			preset_values(p, machine, "", &first);
		eg_str_add(&p->out, p->json ? "]" : "");
		for (unsigned i = 0; left && left->kind == YT_LIST && i < left->nr && n + 1 < EG_ARRAY_LEN(left_out); i++)
			if (left->item[i]->kind == YT_SCALAR)
				left_out[n++] = left->item[i]->text;
		explain__texts(p, "left_out", "\nLeft out", left_out);
		explain__end(p);
	}
	eg_arena_free_all(&arena);
}

void explain__experiment(const char *name, struct page *p)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const struct yt_node *root;
	const char *what = config(name, "experiment", &problems, &root), *dirs[3];

	if (root) {
		locate_data_dirs(dirs);
		explain__entry(p, "shipped experiment", NULL, name, what);
		explain__fact(p, "path", "File: ", experiment_find_config(dirs, "experiment", name, &arena, NULL));
		if (!p->json)
			eg_str_addf(&p->out, "`engram check %s` shows what it resolves to.\n", name);
		explain__end(p);
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

void explain__columns(const char *name, struct page *p)
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
		explain__entry(p, "metric", NULL, c->name, c->long_name);
		if (p->json) {
			eg_str_addf(&p->out, ", \"unit\": \"%s\", \"type\": \"%s\", \"better\": %d, \"series\": %s", c->unit,
				    catalog_column_kind(c->kind), c->better, series ? "true" : "false");
		} else {
			eg_str_addf(&p->out, "  unit %s; %s; %s; %s\n", c->unit, catalog_column_kind(c->kind), better_word(c->better),
				    series ? "in summary and series" : "in summary alone");
		}
		explain__end(p);
	}
	for (unsigned i = 0; i < r.nr_hists; i++) {
		char column[200];

		(void)snprintf(column, sizeof(column), "%s.%s", r.hists[i].group, r.hists[i].kind);
		if (!wanted(name, column))
			continue;
		explain__entry(p, "histogram", NULL, column, r.hists[i].long_name);
		if (p->json)
			eg_str_add(&p->out, ", \"unit\": \"ns\"");
		else
			eg_str_add(&p->out, "  unit ns; less is better; columns of the summary: .n .mean .p50 .p90 .p99 .p99_9 .max\n");
		if (p->json)
			explain__texts(p, "columns", NULL, of_histogram);
		explain__end(p);
	}
	run_result_free(&r);
}

/* ---- the rest ------------------------------------------------------------------------------------- */

void explain__figure(const char *name, struct page *p)
{
	static const char *const tables[] = {
		[FIGURE_LATENCY] = "histograms (/latency)", [FIGURE_SERIES] = "curves (/series)",
		[FIGURE_STACK] = "curves (/series), stacked", [FIGURE_SUMMARY] = "columns of /summary, those that are there",
		[FIGURE_SUMMARY_ALL] = "columns of /summary, all of them", [FIGURE_PARTS] = "a family of columns of /summary, as shares",
	};
	const struct figure *f = figure_find(name);

	if (!f)
		return;
	explain__entry(p, "figure", NULL, name, f->summary);
	explain__fact(p, "table", "Drawn from: ", (unsigned)f->table < EG_ARRAY_LEN(tables) ? tables[f->table] : "results");
	explain__texts(p, "columns", "Columns", f->columns);
	explain__texts(p, "captions", "Caption", f->captions);
	explain__end(p);
}

void explain__verb(const char *name, struct page *p)
{
	const struct verb_ops *v = verb_find(name);

	if (!v || front_hidden(v))
		return;
	explain__entry(p, "verb", NULL, v->name, v->summary);
	if (!p->json) {
		eg_str_addf(&p->out, "Usage: engram %s %s\n`engram %s --help` says more.\n", v->name, v->usage, v->name);
		return;
	}
	explain__fact(p, "usage", "", v->usage);
	explain__fact(p, "description", "", v->description);
	explain__fact(p, "example", "", v->example);
	eg_str_add(&p->out, ", \"options\": [");
	for (unsigned i = 0, nr = 0; i < 2; i++)
		for (const struct cli_option *o = i ? cli_global_options : v->options; o && o->name; o++) {
			char letter[2] = { o->letter, '\0' };

			eg_str_add(&p->out, nr++ ? ",\n    {\"name\": " : "\n    {\"name\": ");
			eg_str_add_json(&p->out, o->name);
			explain__text(&p->out, "letter", o->letter ? letter : NULL);
			explain__text(&p->out, "argument", o->arg);
			eg_str_addf(&p->out, ", \"repeat\": %s", o->repeat ? "true" : "false");
			explain__text(&p->out, "help", o->help);
			eg_str_add(&p->out, "}");
		}
	eg_str_add(&p->out, "]");
	explain__end(p);
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
	explain__entry(s->page, s->kind, NULL, it->name, it->summary);
	explain__end(s->page);
}

void explain__plain(const char *name, struct page *p)
{
	static const char *const topics[] = { "metrics", "views", "formats", "ops", "capabilities", "exit-codes", "environment" };

	for (unsigned i = 0; i < EG_ARRAY_LEN(topics); i++) {
		const struct catalog_topic *t = catalog_find(topics[i]);

		t->each(plain_item, &(struct searched){ p, name, strcmp(t->one, "metric") == 0 ? "group of metrics" : t->one });
	}
	for (const struct catalog_topic *t = catalog_topics; t->name; t++)
		if (strcmp(t->name, name) == 0) {
			explain__entry(p, "topic", NULL, t->name, t->what);
			if (!p->json)
				eg_str_addf(&p->out, "`engram list %s` lists them.\n", t->name);
			explain__end(p);
		}
}
