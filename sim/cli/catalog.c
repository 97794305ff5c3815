/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalog - see catalog.h. */
#include "sim/cli/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plots/plots.h"
#include "results/report.h"
#include "sim/cli/front.h"
#include "sim/cli/locate.h"
#include "sim/experiment/schema.h"
#include "sim/metric/metric.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/import.h"

/* ---- texts that no table has ------------------------------------------------------------------------- */

const struct catalog_text catalog_environment[] = {
	{ "ENGRAM_DATADIR", "folder that holds configs/, where presets and shipped experiments are looked up before the installed data" },
	{ "NO_COLOR", "if set and not empty, messages have no colour" },
	{ "TERM", "a terminal called dumb gets no colour and no line that is drawn again" },
	{ "COLUMNS", "the width of tables on standard output, if it is no terminal or another width is wanted" },
	{ "TMPDIR", "where temporary files go: imported traces of check, scratch files of bench and of writers into a pipe" },
	{ "SLURM_JOB_ID", "noted in NAME.host.json, as the other variables of a Slurm job are" },
	{ "SLURM_ARRAY_JOB_ID", "noted in NAME.host.json" },
	{ "SLURM_ARRAY_TASK_ID", "noted in NAME.host.json" },
	{ "SLURM_JOB_PARTITION", "noted in NAME.host.json" },
	{ "SLURM_CPUS_PER_TASK", "noted in NAME.host.json" },
	{ NULL, NULL }
};

const struct catalog_text catalog_exit_codes[] = {
	{ "0", "done" },
	{ "1", "a cell failed or was stopped, a claim failed or is undecided, an experiment is not complete" },
	{ "2", "wrong usage: a verb, an option, a value or a name on the command line" },
	{ "3", "bad input: an experiment, a trace or a result that is wrong, damaged or cannot be opened" },
	{ "4", "a failure of the host: no memory, a full disk, an output that cannot be written, a missing program" },
	{ "130", "interrupted (SIGINT, or SIGTERM to a whole run)" },
	{ NULL, NULL }
};

/* ---- tables of parameters ---------------------------------------------------------------------------- */

static const struct catalog_table sections[] = {
	{ "machine", "", spec_machine_params, "The machine. A preset gives all keys; an experiment overrides some." },
	{ "machine.costs", "", spec_cost_params, "What each operation costs in time. Cycles scale with machine.clock." },
	{ "measure", "", spec_measure_params, "What is recorded, and how often." },
	{ "stop", "", spec_stop_params, "When a run ends before its workload does." },
	{ "replay", "", spec_replay_params, "Keys that every item of workload: takes, beside those of its generator." },
};

bool catalog_table_at(unsigned i, struct catalog_table *out)
{
	if (i < EG_ARRAY_LEN(sections)) {
		*out = sections[i];
		return true;
	}
	i -= (unsigned)EG_ARRAY_LEN(sections);
	for (unsigned k = 0; spec_policy_kinds[k]; k++)
		for (unsigned n = 0; spec_policy_name(spec_policy_kinds[k], n); n++)
			if (i-- == 0) {
				const char *kind = spec_policy_kinds[k], *name = spec_policy_name(kind, n);

				*out = (struct catalog_table){ "", name, spec_policy_params(kind, name), spec_policy_summary(kind, name) };
				(void)snprintf(out->name, sizeof(out->name), "policy.%.50s", kind);
				return true;
			}
	for (unsigned n = 0; gen_registry[n]; n++)
		if (i-- == 0) {
			*out = (struct catalog_table){ "workload", gen_registry[n]->name, gen_registry[n]->params, gen_registry[n]->summary };
			return true;
		}
	return false;
}

/* ---- topics ------------------------------------------------------------------------------------------ */

static void give(catalog_fn *fn, void *ctx, const char *kind, const char *name, const char *summary)
{
	fn(ctx, &(struct catalog_item){ kind, name, summary });
}

static void each_verb(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 0; verb_registry[i]; i++)
		if (!front_hidden(verb_registry[i]))
			give(fn, ctx, NULL, verb_registry[i]->name, verb_registry[i]->summary);
}

static void each_policy(catalog_fn *fn, void *ctx)
{
	for (unsigned k = 0; spec_policy_kinds[k]; k++)
		for (unsigned i = 0; spec_policy_name(spec_policy_kinds[k], i); i++) {
			const char *name = spec_policy_name(spec_policy_kinds[k], i);

			give(fn, ctx, spec_policy_kinds[k], name, spec_policy_summary(spec_policy_kinds[k], name));
		}
}

static void each_workload(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 0; gen_registry[i]; i++)
		give(fn, ctx, NULL, gen_registry[i]->name, gen_registry[i]->summary);
}

static void each_metric(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 0; metric_registry[i]; i++)
		give(fn, ctx, NULL, metric_registry[i]->name, metric_registry[i]->summary);
}

eg_status catalog_columns(struct run_result *out)
{
	struct run_options options = { 0 };
	struct eg_arena arena = { 0 };
	struct spec spec;
	eg_status s = spec_init(&spec, &arena);

	if (s == EG_OK)
		s = run_cell(&spec, &options, out, NULL);
	eg_arena_free_all(&arena);
	return s;
}

const char *catalog_column_kind(enum run_kind kind)
{
	return kind == RUN_GAUGE ? "gauge" : kind == RUN_COUNTER ? "counter" : "value";
}

static void each_column(catalog_fn *fn, void *ctx)
{
	struct run_result r;
	char text[300];

	if (catalog_columns(&r) != EG_OK)
		return;
	for (unsigned i = 0; i < r.nr_summary; i++) {
		const struct run_column *c = &r.summary_columns[i];

		(void)snprintf(text, sizeof(text), "%.40s; %.240s", c->unit, c->long_name);
		give(fn, ctx, catalog_column_kind(c->kind), c->name, text);
	}
	for (unsigned i = 0; i < r.nr_hists; i++) {
		char name[200];

		(void)snprintf(name, sizeof(name), "%s.%s", r.hists[i].group, r.hists[i].kind);
		(void)snprintf(text, sizeof(text), "ns; %.240s", r.hists[i].long_name);
		give(fn, ctx, "histogram", name, text);
	}
	run_result_free(&r);
}

static void each_figure(catalog_fn *fn, void *ctx)
{
	for (const struct figure *f = figure_registry; f->name; f++)
		give(fn, ctx, NULL, f->name, f->summary);
}

/* Presets or experiments: their names and descriptions. A file that cannot be read is listed as such. */
static void each_config(catalog_fn *fn, void *ctx, const char *kind)
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
		give(fn, ctx, NULL, names[i], text ? text : "");
	}
	eg_arena_free_all(&arena);
}

static void each_preset(catalog_fn *fn, void *ctx)
{
	each_config(fn, ctx, "machine");
}

static void each_experiment(catalog_fn *fn, void *ctx)
{
	each_config(fn, ctx, "experiment");
}

static void each_view(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 0; report_views[i].name; i++)
		if (report_views[i].built)
			give(fn, ctx, NULL, report_views[i].name, report_views[i].summary);
}

static void each_format(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 0; importer_registry[i]; i++)
		give(fn, ctx, NULL, importer_registry[i]->name, importer_registry[i]->summary);
}

static void each_capability(catalog_fn *fn, void *ctx)
{
	/* in the order of TRACE_CAP_MAP, which the array must follow: the map has names and no sentences */
	static const char *const text[] = {
		"addresses are virtual", "addresses are physical", "loads and stores are present", "instruction fetches are present",
		"sizes of accesses are known", "program counters are known", "instructions are counted",
		"nothing was filtered out or cut", "there is one order over all streams", "mappings were recorded",
		"who ran is known", "when tasks were switched is known", "times are real", "the recorder lost nothing",
		"the state before the first record is known", "calls of malloc and free are present",
		"allocations of page frames are present", "slab allocations are present", "file operations are present",
		"nodes are known", "which CPU ran is known",
	};
	static const char *const name[] = {
#define X(NAME, text) text,
		TRACE_CAP_MAP(X)
#undef X
	};
	_Static_assert(EG_ARRAY_LEN(text) == EG_ARRAY_LEN(name), "a sentence for each capability");

	for (unsigned i = 0; i < EG_ARRAY_LEN(name); i++)
		give(fn, ctx, NULL, name[i], text[i]);
}

static void each_op(catalog_fn *fn, void *ctx)
{
	for (unsigned i = 1; i < EG_OP_CODES; i++)
		if (eg_op_name(i))
			give(fn, ctx, NULL, eg_op_name(i), eg_op_signature(i));
}

static void each_key(catalog_fn *fn, void *ctx)
{
	struct catalog_table t;

	for (unsigned i = 0; catalog_table_at(i, &t); i++)
		for (const struct eg_param *p = t.params; p && p->name; p++) {
			char kind[120];

			(void)snprintf(kind, sizeof(kind), "%.50s%s%.50s", t.name, *t.of ? " " : "", t.of);
			give(fn, ctx, kind, p->name, p->help);
		}
}

static void each_text(catalog_fn *fn, void *ctx, const struct catalog_text *t)
{
	for (; t->name; t++)
		give(fn, ctx, NULL, t->name, t->text);
}

static void each_exit_code(catalog_fn *fn, void *ctx)
{
	each_text(fn, ctx, catalog_exit_codes);
}

static void each_variable(catalog_fn *fn, void *ctx)
{
	each_text(fn, ctx, catalog_environment);
}

const struct catalog_topic catalog_topics[] = {
	{ "policies", "policy", "what may stand below policy:, by kind", each_policy },
	{ "workloads", "workload", "generators of work", each_workload },
	{ "metrics", "metric", "groups of metrics", each_metric },
	{ "columns", "column", "every metric and histogram of a result, with its unit", each_column },
	{ "figures", "figure", "what `engram plot` draws", each_figure },
	{ "presets", "preset", "machines, for machine.preset", each_preset },
	{ "experiments", "experiment", "shipped experiments, for `engram run NAME`", each_experiment },
	{ "keys", "key", "every parameter of machines, costs, policies, generators, measurement", each_key },
	{ "views", "view", "what `engram report --as` prints", each_view },
	{ "formats", "format", "recordings that `engram trace convert` reads", each_format },
	{ "ops", "op", "operations in a trace, with their arguments", each_op },
	{ "capabilities", "capability", "what a trace may know", each_capability },
	{ "verbs", "verb", "the verbs of this command", each_verb },
	{ "exit-codes", "exit code", "how the command ends", each_exit_code },
	{ "environment", "environment variable", "variables that the command reads", each_variable },
	{ NULL, NULL, NULL, NULL }
};

const struct catalog_topic *catalog_find(const char *topic)
{
	for (const struct catalog_topic *t = catalog_topics; t->name; t++)
		if (strcmp(t->name, topic) == 0)
			return t;
	return NULL;
}

const char *catalog_topic_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return i < EG_ARRAY_LEN(catalog_topics) - 1 ? catalog_topics[i].name : NULL;
}
