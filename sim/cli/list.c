/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list - the names that an experiment may use, from the registries and the data directories. */
#include <stdio.h>
#include <string.h>

#include "plots/plots.h"
#include "sim/base/str.h"
#include "sim/cli/locate.h"
#include "sim/cli/verb.h"
#include "sim/experiment/schema.h"
#include "sim/metric/metric.h"
#include "workloads/gen/gen.h"

static const struct cli_option options[] = {
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

/* What is printed: lines of (kind, name, summary). */
struct listing {
	bool          json;
	unsigned      nr;
	struct eg_str out;
};

static void item(struct listing *l, const char *kind, const char *name, const char *summary)
{
	if (!l->json) {
		eg_str_addf(&l->out, "%s%s%-24s %s\n", kind ? kind : "", kind ? "  " : "", name, summary);
		l->nr++;
		return;
	}
	eg_str_add(&l->out, l->nr++ ? ",\n  {" : "\n  {");
	if (kind) {
		eg_str_add(&l->out, "\"kind\": ");
		eg_str_add_json(&l->out, kind);
		eg_str_add(&l->out, ", ");
	}
	eg_str_add(&l->out, "\"name\": ");
	eg_str_add_json(&l->out, name);
	eg_str_add(&l->out, ", \"summary\": ");
	eg_str_add_json(&l->out, summary);
	eg_str_add(&l->out, "}");
}

static void list_policies(struct listing *l)
{
	for (unsigned k = 0; spec_policy_kinds[k]; k++)
		for (unsigned i = 0; spec_policy_name(spec_policy_kinds[k], i); i++) {
			const char *name = spec_policy_name(spec_policy_kinds[k], i);

			item(l, spec_policy_kinds[k], name, spec_policy_summary(spec_policy_kinds[k], name));
		}
}

static void list_workloads(struct listing *l)
{
	for (unsigned i = 0; gen_registry[i]; i++)
		item(l, NULL, gen_registry[i]->name, gen_registry[i]->summary);
}

/* A metric stands for the columns that begin with its name; their full list is in a result file. */
static void list_metrics(struct listing *l)
{
	for (unsigned i = 0; metric_registry[i]; i++)
		item(l, NULL, metric_registry[i]->name, metric_registry[i]->summary);
}

static void list_figures(struct listing *l)
{
	for (const struct figure *f = figure_registry; f->name; f++)
		item(l, NULL, f->name, f->summary);
}

/* Presets or experiments: their names and descriptions. A file that cannot be read is listed as such. */
static void list_configs(struct listing *l, const char *kind)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const char *dirs[3], **names;
	unsigned nr;

	locate_data_dirs(dirs);
	nr = experiment_list_configs(dirs, kind, &names, &arena);
	for (unsigned i = 0; i < nr; i++) {
		const char *path = experiment_find_config(dirs, kind, names[i], &arena, NULL);
		const struct yt_node *root = path ? yt_load(path, NULL, &problems) : NULL, *d = yt_get(root, "description");
		char *text = eg_arena_strdup(&arena, d && d->kind == YT_SCALAR ? d->text : root ? "" : "(cannot be read)");

		if (text)
			text[strcspn(text, "\n")] = '\0';
		item(l, NULL, names[i], text ? text : "");
	}
	eg_arena_free_all(&arena);
}

static const char *const topics[] = { "policies", "workloads", "metrics", "figures", "presets", "experiments", NULL };

static const char *topic(const void *ctx, unsigned i)
{
	(void)ctx;
	return topics[i];
}

static int run(const struct cli_args *a)
{
	struct listing l = { .json = cli_given(a, "json") };
	const char *what = a->arg[0], *near;
	int rc = 0;

	if (l.json)
		eg_str_add(&l.out, "[");
	if (strcmp(what, "policies") == 0) {
		list_policies(&l);
	} else if (strcmp(what, "workloads") == 0) {
		list_workloads(&l);
	} else if (strcmp(what, "metrics") == 0) {
		list_metrics(&l);
	} else if (strcmp(what, "figures") == 0) {
		list_figures(&l);
	} else if (strcmp(what, "presets") == 0) {
		list_configs(&l, "machine");
	} else if (strcmp(what, "experiments") == 0) {
		list_configs(&l, "experiment");
	} else {
		near = eg_did_you_mean(what, topic, NULL);
		rc = cli_usage("list: there is no list of %.40s; %s%s%sknown: policies, workloads, metrics, figures, presets, experiments", what,
			       near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	}
	if (l.json)
		eg_str_add(&l.out, "\n]\n");
	if (rc == 0 && l.out.failed)
		rc = cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
	if (rc == 0)
		fputs(eg_str_text(&l.out), stdout);
	eg_str_free(&l.out);
	return rc;
}

const struct verb_ops verb_list_ops = {
	.name        = "list",
	.summary     = "the policies, workloads, metrics, figures, presets and experiments there are",
	.usage       = "policies|workloads|metrics|figures|presets|experiments [--json]",
	.description = "Prints the names that an experiment may use, one a line, with what each is. `engram explain NAME`\n"
		       "says more about one.",
	.example     = "engram list policies",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
