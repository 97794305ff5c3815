/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * man - manual pages from the tables of the program, so that page and program cannot differ. A verb for docs/gen-man.sh
 * and the tests, not for users: `__man page engram-run` is a whole page, `__man table TOPIC` the list that stands in a
 * page written by hand, `__man names` every name that must be documented, `__man pages` the names of all pages.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "sim/cli/catalog.h"
#include "sim/cli/front.h"

static const struct cli_option options[] = { { 0 } };

/* ---- roff ------------------------------------------------------------------------------------------- */

/* Text as roff reads it: a hyphen is a minus, a backslash is one, a leading dot or quote is no request. */
static void add(struct eg_str *out, const char *text)
{
	bool start = !out->len || out->p[out->len - 1] == '\n';

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			eg_str_add(out, "\\&");
		start = *text == '\n';
		if (*text == '-')
			eg_str_add(out, "\\-");
		else if (*text == '\\')
			eg_str_add(out, "\\e");
		else
			eg_str_addn(out, text, 1);
	}
}

static void item(struct eg_str *out, const char *name)
{
	eg_str_add(out, ".TP\n.B \"");
	for (; *name; name++)           /* within an argument of a request, quotes are doubled */
		*name == '"' ? eg_str_add(out, "\"\"") : add(out, (char[]){ *name, '\0' });
	eg_str_add(out, "\"\n");
}

static void section(struct eg_str *out, const char *name)
{
	eg_str_addf(out, ".SH %s\n", name);
}

static void head(struct eg_str *out, const char *title, const char *name, const char *summary)
{
	char upper[80];
	unsigned i = 0;

	for (; title[i] && i + 1 < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)title[i]);
	upper[i] = '\0';
	eg_str_add(out, ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" Generated from the tables of the program: do not edit.\n.TH ");
	add(out, upper);
	eg_str_addf(out, " 1 \"\" \"engram %s\" \"User Commands\"\n", PACKAGE_VERSION);
	section(out, "NAME");
	add(out, name);
	eg_str_add(out, " \\- ");
	add(out, summary);
	eg_str_add(out, "\n");
}

/* Paragraphs, an empty line between them; lines that begin with blanks are set as they are. */
static void prose(struct eg_str *out, const char *text)
{
	bool literal = false, gap = false;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		char line[400];

		n = strcspn(text, "\n");
		(void)snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (!n) {
			gap = true;
			continue;
		}
		if (literal != (*line == ' ')) {
			eg_str_add(out, literal ? ".fi\n.PP\n" : ".PP\n.nf\n");
			literal = !literal;
		} else if (gap) {
			eg_str_add(out, literal ? "\n" : ".PP\n");
		}
		gap = false;
		/* mandoc wants new sentences on new lines; a blank line of text is a paragraph of its own */
		for (char *at = line, *dot; *at; at = dot) {
			dot = literal ? NULL : strstr(at, ". ");
			if (!dot || dot == at || !isupper((unsigned char)dot[2])) {
				add(out, at);
				break;
			}
			dot[1] = '\0';
			add(out, at);
			eg_str_add(out, "\n");
			dot += 2;
		}
		eg_str_add(out, "\n");
	}
	if (literal)
		eg_str_add(out, ".fi\n");
}

static void see_also(struct eg_str *out, const char *const *pages)
{
	section(out, "SEE ALSO");
	for (; *pages; pages++) {
		size_t n = strcspn(*pages, "(");
		char name[60];

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, *pages);
		eg_str_add(out, ".BR ");
		add(out, name);
		eg_str_addf(out, " %s%s\n", *pages + n, pages[1] ? " ," : "");
	}
}

/* ---- pages ------------------------------------------------------------------------------------------ */

/* "trace info": "engram-trace-info". */
static void page_name(const struct verb_ops *v, char *buf, size_t size)
{
	(void)snprintf(buf, size, "engram-%s", v->name);
	for (char *c = buf; *c; c++)
		*c = *c == ' ' ? '-' : *c;
}

static void option(struct eg_str *out, const struct cli_option *o)
{
	char left[120];

	if (o->letter)
		(void)snprintf(left, sizeof(left), "-%c, --%s%s%s", o->letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	else
		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	item(out, left);
	prose(out, o->help);
}

static void verb_page(const struct verb_ops *v, struct eg_str *out)
{
	static const char *const pages[] = { "engram(1)", "engram-experiment(5)", "engram-results(5)", "engram-trace(5)", NULL };
	char name[80];

	page_name(v, name, sizeof(name));
	head(out, name, name, v->summary);
	section(out, "SYNOPSIS");
	eg_str_addf(out, ".B engram %s\n", v->name);
	add(out, v->usage);
	eg_str_add(out, "\n");
	section(out, "DESCRIPTION");
	prose(out, v->description);
	section(out, "OPTIONS");
	for (const struct cli_option *o = v->options; o && o->name; o++)
		option(out, o);
	for (const struct cli_option *o = cli_global_options; o->name; o++)
		option(out, o);
	section(out, "EXAMPLES");
	eg_str_add(out, ".nf\n");
	add(out, v->example);
	eg_str_add(out, "\n.fi\n");
	section(out, "EXIT STATUS");
	eg_str_add(out, "0 done, 1 a cell or a claim failed, 2 wrong usage, 3 bad input, 4 a failure of the host, 130 interrupted;\nsee\n"
		   ".BR engram (1).\n");
	see_also(out, pages);
}

static void texts(struct eg_str *out, const struct catalog_text *t)
{
	for (; t->name; t++) {
		item(out, t->name);
		add(out, t->text);
		eg_str_add(out, "\n");
	}
}

static void overview(struct eg_str *out)
{
	static const char *const pages[] = { "engram-experiment(5)", "engram-results(5)", "engram-trace(5)", "gnuplot(1)", "h5dump(1)", NULL };

	head(out, "engram", "engram", "replay memory traces against a modelled machine");
	section(out, "SYNOPSIS");
	eg_str_add(out, ".B engram\n.I verb\n[arguments]\n.PP\n.B engram \\-\\-version\n[\\-\\-build] [\\-\\-check] [\\-\\-json]\n");
	section(out, "DESCRIPTION");
	prose(out, "Engram replays memory traces against a modelled machine and reports what its memory management would have\n"
		   "done, how long it took and how fragmented memory became.\n\n"
		   "An experiment is a YAML file: a machine, work, policies, what is varied and how often. A run of it gives one\n"
		   "HDF5 file, the same bytes each time. Data go to standard output, everything else to standard error; a verb\n"
		   "that prints data prints them as JSON with --json, one object with the version of its layout under schema, and\n"
		   "then a failure is an object too: its exit code and messages under error.");
	section(out, "VERBS");
	for (unsigned i = 0; verb_registry[i]; i++) {
		char page[80];

		if (front_hidden(verb_registry[i]))
			continue;
		page_name(verb_registry[i], page, sizeof(page));
		eg_str_add(out, ".TP\n.BR ");
		add(out, page);
		eg_str_add(out, " (1)\n");
		add(out, verb_registry[i]->summary);
		eg_str_add(out, "\n");
	}
	section(out, "OPTIONS");
	prose(out, "Every verb takes these. Options and arguments may be mixed; -- ends the options.");
	for (const struct cli_option *o = cli_global_options; o->name; o++)
		option(out, o);
	prose(out, "\nIn place of a verb:");
	item(out, "--version");
	prose(out, "print name and version, in one line");
	item(out, "--version --build");
	prose(out, "also the compiler, its flags, checks and sanitizers, the folder of the data and the versions of the libraries");
	item(out, "--version --check");
	prose(out, "also whether the programs and the font are there that figures need; the exit code is 4 if one is missing");
	section(out, "EXIT STATUS");
	texts(out, catalog_exit_codes);
	section(out, "ENVIRONMENT");
	texts(out, catalog_environment);
	section(out, "FILES");
	item(out, "FILE.h5");
	prose(out, "a result");
	item(out, "FILE.host.json");
	prose(out, "what differs between two runs: host, times, command line, libraries");
	item(out, "FILE.cells");
	prose(out, "cells of a run that is not finished, what each cost, and how far the run is; removed at its end");
	item(out, "FILE-figures");
	prose(out, "figures");
	section(out, "EXAMPLES");
	eg_str_add(out, ".nf\nengram check quickstart\nengram run quickstart \\-o quickstart.h5\nengram compare quickstart.h5\n"
		   "engram plot quickstart.h5\n.fi\n");
	see_also(out, pages);
}

/* ---- tables ----------------------------------------------------------------------------------------- */

static const char *type_word(const struct eg_param *p)
{
	static const char *const words[] = {
#define X(name, word, example) word,
		EG_PARAM_TYPE_MAP(X)
#undef X
	};

	return p->type == EG_PARAM_CHOICE ? p->choices : words[p->type];
}

static void add_params(struct eg_str *out, const struct eg_param *p)
{
	for (; p && p->name; p++) {
		item(out, p->name);
		add(out, type_word(p));
		add(out, p->def ? "; default " : "; must be given");
		add(out, p->def ? p->def : "");
		if (p->min && p->max) {
			add(out, "; ");
			add(out, p->min);
			add(out, " to ");
			add(out, p->max);
		} else if (p->min || p->max) {
			add(out, p->min ? "; at least " : "; at most ");
			add(out, p->min ? p->min : p->max);
		}
		eg_str_add(out, ".\n");
		add(out, p->help);
		eg_str_add(out, ".\n");
	}
}

/* The keys of one section, or of all policies or generators, each below a heading. */
static bool add_keys(struct eg_str *out, const char *which)
{
	struct catalog_table t;
	bool found = false;

	for (unsigned i = 0; catalog_table_at(i, &t); i++) {
		bool policy = *t.of && strcmp(t.name, "workload") != 0;

		if (strcmp(which, *t.of ? (policy ? "policies" : "workloads") : t.name) != 0)
			continue;
		found = true;
		if (*t.of) {
			eg_str_addf(out, ".SS %s%s", policy ? t.name : "generator", policy ? ": " : " ");
			add(out, t.of);
			eg_str_add(out, "\n");
			add(out, t.what);
			eg_str_add(out, ".\n");
		}
		add_params(out, t.params);
	}
	return found;
}

/* "frag.free_blocks.n0.dma32.9" is one of many: "frag.free_blocks.<zone>.<n>". */
static void general(const char *name, char *buf, size_t size)
{
	size_t at = 0;

	*buf = '\0';
	while (*name && at + 1 < size) {
		size_t n = strcspn(name, ".");
		bool node = n >= 2 && name[0] == 'n' && strspn(name + 1, "0123456789") == n - 1;
		const char *zone = node && name[n] == '.' ? name + n + 1 : NULL;
		size_t z = zone ? strcspn(zone, ".") : 0;

		if (zone && ((z == 3 && memcmp(zone, "dma", 3) == 0) || (z == 5 && memcmp(zone, "dma32", 5) == 0) ||
			     (z == 6 && memcmp(zone, "normal", 6) == 0))) {
			at += (size_t)snprintf(buf + at, size - at, "<zone>");
			n += 1 + z;
		} else if (node) {
			at += (size_t)snprintf(buf + at, size - at, "<node>");
		} else if (n && strspn(name, "0123456789") >= n) {
			at += (size_t)snprintf(buf + at, size - at, "<n>");
		} else {
			at += (size_t)snprintf(buf + at, size - at, "%.*s", (int)n, name);
		}
		name += n;
		if (*name && at + 1 < size) {
			buf[at++] = *name++;
			buf[at] = '\0';
		}
	}
}

static bool add_metrics(struct eg_str *out, bool plain)
{
	struct eg_str seen = { 0 };
	struct run_result r;
	char name[200], line[220];

	if (catalog_columns(&r) != EG_OK)
		return false;
	for (unsigned i = 0; i < r.nr_summary + r.nr_hists; i++) {
		const struct run_column *c = i < r.nr_summary ? &r.summary_columns[i] : NULL;
		const struct run_hist *h = c ? NULL : &r.hists[i - r.nr_summary];

		if (c) {
			general(c->name, name, sizeof(name));
		} else {
			char full[200];

			(void)snprintf(full, sizeof(full), "%s.%s", h->group, h->kind);
			general(full, name, sizeof(name));
		}
		(void)snprintf(line, sizeof(line), "\n%s\n", name);
		if (strstr(eg_str_text(&seen), line))
			continue;
		eg_str_add(&seen, line);
		if (plain) {
			eg_str_addf(out, "metric\t%s\n", name);
			continue;
		}
		item(out, name);
		if (c)
			eg_str_addf(out, "%s in %s%s.\n", catalog_column_kind(c->kind), c->unit,
				    c->better > 0 ? ", more is better" : c->better < 0 ? ", less is better" : "");
		else
			eg_str_add(out, "histogram in ns.\n");
		add(out, c ? c->long_name : h->long_name);
		eg_str_add(out, ".\n");
	}
	out->failed |= seen.failed;
	eg_str_free(&seen);
	run_result_free(&r);
	return true;
}

static void topic_item(void *ctx, const struct catalog_item *it)
{
	struct eg_str *out = ctx;

	item(out, it->name);
	add(out, *it->summary ? it->summary : "no arguments");
	eg_str_add(out, "\n");
}

static bool add_table(struct eg_str *out, const char *which)
{
	const struct catalog_topic *t;

	if (strcmp(which, "metrics") == 0)
		return add_metrics(out, false);
	if (add_keys(out, which))
		return true;
	t = catalog_find(which);
	if (t)
		t->each(topic_item, out);
	return t != NULL;
}

/* ---- names ------------------------------------------------------------------------------------------ */

struct naming {
	struct eg_str *out;
	const char    *kind;
};

static void name_item(void *ctx, const struct catalog_item *it)
{
	const struct naming *n = ctx;

	eg_str_addf(n->out, "%s\t%s\n", n->kind, it->name);
}

/* "KIND<TAB>NAME", options as "option<TAB>VERB<TAB>--NAME", keys as "key<TAB>SECTION<TAB>NAME". */
static bool add_names(struct eg_str *out)
{
	static const char *const whole[] = { "verbs", "policies", "workloads", "figures", "presets", "experiments", "views", "formats", "ops",
					     "capabilities", "exit-codes", "environment" };
	struct catalog_table t;

	for (unsigned i = 0; i < EG_ARRAY_LEN(whole); i++) {
		const struct catalog_topic *topic = catalog_find(whole[i]);

		topic->each(name_item, &(struct naming){ out, whole[i] });
	}
	for (unsigned i = 0; verb_registry[i]; i++)
		for (const struct cli_option *o = verb_registry[i]->options; o && o->name; o++)
			eg_str_addf(out, "option\t%s\t--%s\n", verb_registry[i]->name, o->name);
	for (const struct cli_option *o = cli_global_options; o->name; o++)
		eg_str_addf(out, "option\t\t--%s\n", o->name);
	for (unsigned i = 0; catalog_table_at(i, &t); i++)
		for (const struct eg_param *p = t.params; p && p->name; p++)
			eg_str_addf(out, "key\t%s%s%s\t%s\n", t.name, *t.of ? " " : "", t.of, p->name);
	return add_metrics(out, true);
}

static void add_pages(struct eg_str *out)
{
	eg_str_add(out, "engram.1\n");
	for (unsigned i = 0; verb_registry[i]; i++) {
		char name[80];

		if (front_hidden(verb_registry[i]))
			continue;
		page_name(verb_registry[i], name, sizeof(name));
		eg_str_addf(out, "%s.1\n", name);
	}
}

static int run(const struct cli_args *a)
{
	const char *what = a->arg[0], *which = a->nr > 1 ? a->arg[1] : "";
	struct eg_str out = { 0 };
	bool found = false;
	char name[80];

	if (strcmp(what, "page") == 0 && strcmp(which, "engram") == 0) {
		overview(&out);
		found = true;
	}
	for (unsigned i = 0; verb_registry[i] && strcmp(what, "page") == 0; i++) {
		page_name(verb_registry[i], name, sizeof(name));
		if (strcmp(name, which) != 0)
			continue;
		verb_page(verb_registry[i], &out);
		found = true;
	}
	if (strcmp(what, "table") == 0)
		found = add_table(&out, which);
	if (strcmp(what, "names") == 0)
		found = add_names(&out);
	if (strcmp(what, "pages") == 0) {
		add_pages(&out);
		found = true;
	}
	if (!found) {
		eg_str_free(&out);
		return cli_usage("__man: there is no %.20s %.60s", what, which);
	}
	return cli_print(&out);
}

const struct verb_ops verb_man_ops = {
	.name        = "__man",
	.summary     = "manual pages from the program's tables",
	.usage       = "page PAGE | table TOPIC | names | pages",
	.description = "For docs/gen-man.sh and the tests.",
	.example     = "engram __man page engram",
	.options     = options,
	.min_args    = 1,
	.max_args    = 2,
	.run         = run,
};
