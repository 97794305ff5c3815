/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list - the names of one topic of the catalog, one a line. */
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "sim/cli/catalog.h"
#include "sim/cli/verb.h"

static const struct cli_option options[] = {
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

struct listing {
	bool          json;
	unsigned      nr;
	struct eg_str out;
};

static void item(void *ctx, const struct catalog_item *it)
{
	struct listing *l = ctx;

	if (!l->json) {
		eg_str_addf(&l->out, "%s%s%-24s %s\n", it->kind ? it->kind : "", it->kind ? "  " : "", it->name, it->summary);
		l->nr++;
		return;
	}
	eg_str_add(&l->out, l->nr++ ? ",\n  {" : "\n  {");
	if (it->kind) {
		eg_str_add(&l->out, "\"kind\": ");
		eg_str_add_json(&l->out, it->kind);
		eg_str_add(&l->out, ", ");
	}
	eg_str_add(&l->out, "\"name\": ");
	eg_str_add_json(&l->out, it->name);
	eg_str_add(&l->out, ", \"summary\": ");
	eg_str_add_json(&l->out, it->summary);
	eg_str_add(&l->out, "}");
}

static int run(const struct cli_args *a)
{
	const struct catalog_topic *t = a->nr ? catalog_find(a->arg[0]) : NULL;
	struct listing l = { .json = a->json };
	char near[100];

	if (a->nr && !t) {
		struct eg_str known = { 0 };
		int rc;

		for (t = catalog_topics; t->name; t++)
			eg_str_addf(&known, "%s%s", t == catalog_topics ? "" : ", ", t->name);
		rc = cli_usage("list: there is no list of %.40s%s known: %s", a->arg[0],
			       *cli_near(a->arg[0], catalog_topic_name, NULL, near, sizeof(near)) ? near : ";", eg_str_text(&known));
		eg_str_free(&known);
		return rc;
	}
	if (l.json) {
		eg_str_add(&l.out, "{\"schema\": 1, \"topic\": ");
		eg_str_add_json(&l.out, t ? t->name : "topics");
		eg_str_add(&l.out, ", \"items\": [");
	}
	if (t)
		t->each(item, &l);
	else
		for (t = catalog_topics; t->name; t++)
			item(&l, &(struct catalog_item){ NULL, t->name, t->what });
	if (l.json)
		eg_str_add(&l.out, "\n]}\n");
	return cli_print(&l.out);
}

const struct verb_ops verb_list_ops = {
	.name        = "list",
	.summary     = "the names there are: policies, workloads, metrics, figures, presets, ...",
	.usage       = "[TOPIC] [options]",
	.description = "Prints the names of a topic, one a line, with what each is; without a topic, the topics. `engram\n"
		       "explain NAME` says more about a name.",
	.example     = "engram list policies",
	.options     = options,
	.min_args    = 0,
	.max_args    = 1,
	.run         = run,
};
