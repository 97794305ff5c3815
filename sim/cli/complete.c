/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complete - what may stand at a place of the command line, for the shell. A verb for docs/completion.bash, not for users:
 *
 *	engram __complete -- 3 engram plot quickstart.h5 fault
 *
 * prints the words that can stand in the place of word 3, one a line. A line that begins with a tab is for the shell:
 * "files PATTERN" and "dirs" (it knows the files), "nospace" (the word goes on).
 *
 * What is wanted is read from the same texts that people read: the usage line of the verb ("FILE.h5... [FIGURE...]") and
 * the name of an option's argument ("a|b|c", "METRIC", "FILE.egt"). Bash takes = for a word of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "sim/bench/bench.h"
#include "sim/cli/catalog.h"
#include "sim/cli/front.h"

static const struct cli_option options[] = { { 0 } };

struct completion {
	const char   *prefix;   /* what the words must begin with */
	size_t        keep;     /* of the prefix, what stands before the word that is completed ("pdf," of "pdf,sv") */
	struct eg_str out;
};

static void offer(struct completion *c, const char *word)
{
	if (strncmp(word, c->prefix + c->keep, strlen(c->prefix) - c->keep) == 0)
		eg_str_addf(&c->out, "%.*s%s\n", (int)c->keep, c->prefix, word);
}

static void offer_item(void *ctx, const struct catalog_item *it)
{
	offer(ctx, it->name);
}

static void offer_topic(struct completion *c, const char *topic)
{
	catalog_find(topic)->each(offer_item, c);
}

static void offer_verb(struct completion *c, const char *family)
{
	char last[32] = "";

	for (unsigned i = 0; verb_registry[i]; i++) {
		const char *name = verb_registry[i]->name;
		size_t n = strcspn(name, " ");
		char word[32];

		if (front_hidden(verb_registry[i]))
			continue;
		if (family && (strncmp(name, family, n) != 0 || family[n] || !name[n]))
			continue;
		(void)snprintf(word, sizeof(word), "%.*s", family ? 30 : (int)(n < 30 ? n : 30), family ? name + n + 1 : name);
		if (strcmp(word, last) != 0)
			offer(c, word);
		(void)snprintf(last, sizeof(last), "%s", word);
	}
}

/* Paths for --set: what may stand in an experiment, with its =. */
static void offer_paths(struct completion *c)
{
	static const char *const single[] = { "seeds", "name", "compare.baseline", "plots", "machine.preset" };
	struct catalog_table t;
	char path[200];

	for (unsigned i = 0; i < EG_ARRAY_LEN(single); i++) {
		(void)snprintf(path, sizeof(path), "%s=", single[i]);
		offer(c, path);
	}
	for (unsigned i = 0; catalog_table_at(i, &t); i++)
		for (const struct eg_param *p = t.params; p && p->name && !*t.of && strcmp(t.name, "replay") != 0; p++) {
			(void)snprintf(path, sizeof(path), "%s.%s=", t.name, p->name);
			offer(c, path);
		}
	for (unsigned k = 0; spec_policy_kinds[k]; k++) {
		(void)snprintf(path, sizeof(path), "policy.%s=", spec_policy_kinds[k]);
		offer(c, path);
	}
	eg_str_add(&c->out, "\tnospace\n");
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void offer_choices(struct completion *c, const char *arg)
{
	const char *comma = strstr(arg, ",...") ? strrchr(c->prefix + c->keep, ',') : NULL;

	if (comma)
		c->keep = (size_t)(comma + 1 - c->prefix);
	for (size_t n; *arg; arg += n + (arg[n] == '|')) {
		char word[40];

		n = strcspn(arg, "|,");
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, arg);
		offer(c, word);
		if (arg[n] != '|')
			break;
	}
}

/* The name of an option's argument or of a word of the usage line. */
static void offer_kind(struct completion *c, const char *kind, const struct verb_ops *v)
{
	if (strchr(kind, '|')) {
		offer_choices(c, kind);
	} else if (begins(kind, "EXPERIMENT")) {
		offer_topic(c, "experiments");
		eg_str_add(&c->out, "\tfiles *.yaml\n");
	} else if (begins(kind, "METRIC")) {
		offer_topic(c, "columns");
	} else if (begins(kind, "FIGURE")) {
		offer_topic(c, "figures");
	} else if (begins(kind, "GENERATOR")) {
		offer_topic(c, "workloads");
	} else if (begins(kind, "VIEW")) {
		offer_topic(c, "views");
	} else if (begins(kind, "TOPIC")) {
		for (unsigned i = 0; catalog_topic_name(NULL, i); i++)
			offer(c, catalog_topic_name(NULL, i));
	} else if (begins(kind, "PATH=VALUE")) {
		offer_paths(c);
	} else if (begins(kind, "DIR")) {
		eg_str_add(&c->out, "\tdirs\n");
	} else if (strcmp(kind, "NAME") == 0 && strcmp(v->name, "explain") == 0) {
		for (const struct catalog_topic *t = catalog_topics; t->name; t++)
			t->each(offer_item, c);
	} else if (strcmp(kind, "NAME") == 0 && strcmp(v->name, "bench") == 0) {
		for (unsigned i = 0; bench_rate_at(i); i++)
			offer(c, bench_rate_at(i)->name);
	} else if (strcmp(kind, "NAME") == 0 && begins(v->name, "trace")) {
		offer_topic(c, "formats");
	} else if (strstr(kind, ".h5")) {
		eg_str_add(&c->out, "\tfiles *.h5\n");
	} else if (strstr(kind, ".egt")) {
		eg_str_add(&c->out, "\tfiles *.egt\n");
	} else if (begins(kind, "FILE") || begins(kind, "INPUT") || begins(kind, "OUTPUT") || begins(kind, "TRACE")) {
		eg_str_add(&c->out, "\tfiles *\n");
	}
}

/* The option that `word` names, of the verb or of all; NULL if it is none. */
static const struct cli_option *find_option(const struct verb_ops *v, const char *word)
{
	size_t n = strcspn(word, "=");

	for (int global = 0; global < 2; global++)
		for (const struct cli_option *o = global ? cli_global_options : v->options; o && o->name; o++)
			if ((begins(word, "--") && strlen(o->name) == n - 2 && memcmp(o->name, word + 2, n - 2) == 0) ||
			    (o->letter && word[0] == '-' && word[1] == o->letter && !word[2]))
				return o;
	return NULL;
}

/* The n-th argument of the usage line; a word with ... stands for all that follow, with the words behind it. */
static void offer_argument(struct completion *c, const struct verb_ops *v, unsigned n)
{
	const char *at = v->usage;
	bool repeated = false;
	unsigned i = 0;

	while (*at) {
		size_t len = strcspn(at, " ");
		char word[40];

		(void)snprintf(word, sizeof(word), "%.*s", (int)(len < 39 ? len : 39), at + (*at == '['));
		at += len + strspn(at + len, " ");
		if (word[0] == '-') {           /* an option and its argument */
			len = strcspn(at, " ");
			at += len + strspn(at + len, " ");
			continue;
		}
		word[strcspn(word, "]")] = '\0';
		if (strcmp(word, "options") == 0)
			break;
		if (i == n || repeated || (i < n && strstr(word, "..."))) {
			offer_kind(c, word, v);
			repeated |= strstr(word, "...") != NULL;
			if (!repeated)
				break;
		}
		i++;
	}
}

static void complete(struct completion *c, unsigned at, unsigned nr, const char *const *word)
{
	const char *cur = at < nr ? word[at] : "", *prev = at > 0 && at - 1 < nr ? word[at - 1] : "";
	const struct cli_option *o;
	const struct verb_ops *v;
	unsigned first = 2, argument = 0;
	char two[64];

	c->prefix = cur;
	if (at <= 1) {
		static const char *const others[] = { "help", "--help", "--version" };

		offer_verb(c, NULL);
		for (unsigned i = 0; i < EG_ARRAY_LEN(others); i++)
			offer(c, others[i]);
		return;
	}
	if (strcmp(word[1], "help") == 0 && at == 2) {
		offer_verb(c, NULL);
		return;
	}
	if (at == 2 && front_family(word[1], NULL)) {
		offer_verb(c, word[1]);
		return;
	}
	v = verb_find(word[1]);
	if (!v && at > 2) {
		(void)snprintf(two, sizeof(two), "%.30s %.30s", word[1], word[2]);
		v = verb_find(two);
		first = 3;
	}
	if (!v)
		return;
	if (strcmp(cur, "=") == 0 || strcmp(prev, "=") == 0) {
		unsigned of = strcmp(cur, "=") == 0 ? at - 1 : at - 2;

		if (strcmp(cur, "=") == 0)
			c->prefix = "";
		o = of >= first && *word[of] == '-' ? find_option(v, word[of]) : NULL;
		if (o && o->arg)
			offer_kind(c, o->arg, v);
		return;
	}
	o = *prev == '-' && at - 1 >= first ? find_option(v, prev) : NULL;
	if (o && o->arg) {
		offer_kind(c, o->arg, v);
		return;
	}
	if (begins(cur, "--") && strchr(cur, '=')) {            /* a shell that does not split there */
		o = find_option(v, cur);
		c->keep = strcspn(cur, "=") + 1;
		if (o && o->arg)
			offer_kind(c, o->arg, v);
		return;
	}
	if (*cur == '-') {
		for (unsigned global = 0; global < 2; global++)
			for (o = global ? cli_global_options : v->options; o && o->name; o++) {
				char text[64];

				(void)snprintf(text, sizeof(text), "--%s", o->name);
				offer(c, text);
			}
		return;
	}
	for (unsigned i = first; i < at; i++) {
		o = *word[i] == '-' ? find_option(v, word[i]) : NULL;
		if (*word[i] != '-' && strcmp(word[i], "=") != 0)
			argument++;
		if (!o || !o->arg || strchr(word[i], '='))
			continue;
		i += i + 1 < at && strcmp(word[i + 1], "=") == 0 ? 2 : 1;       /* its value */
	}
	offer_argument(c, v, argument);
}

static int run(const struct cli_args *a)
{
	struct completion c = { 0 };
	char *end;
	unsigned long at = strtoul(a->arg[0], &end, 10);

	if (*end || at > a->nr)
		return cli_usage("__complete: which word?");
	complete(&c, (unsigned)at, a->nr - 1, a->arg + 1);
	return cli_print(&c.out);
}

const struct verb_ops verb_complete_ops = {
	.name        = "__complete",
	.summary     = "words for the shell's completion",
	.usage       = "-- N WORD...",
	.description = "For the completion of shells.",
	.example     = "engram __complete -- 1 engram",
	.options     = options,
	.min_args    = 1,
	.max_args    = CLI_MAX_ARGS,
	.run         = run,
};
