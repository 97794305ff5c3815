/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run - the verb that does the work: from an experiment's file to its result file.
 *
 * The order is that of a cautious user: everything that can be wrong with the file, the traces and the
 * output is said before the first cell starts.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "plots/plots.h"
#include "results/compare.h"
#include "sim/cli/execute.h"
#include "sim/cli/locate.h"

#define OPTION_SET 0            /* index of --set below */

static const struct cli_option options[] = {
	{ .name = "set", .arg = "PATH=VALUE", .help = "override a key of the file, before the sweep; may be repeated", .repeat = true },
	{ .name = "output", .letter = 'o', .arg = "FILE.h5", .help = "the result file; default results/NAME.h5" },
	{ .name = "jobs", .letter = 'j', .arg = "N", .help = "cells at a time; default: online CPUs" },
	{ .name = "resume", .help = "keep finished cells that match, run the missing ones" },
	{ .name = "cell", .arg = "N", .help = "run cell N only, into FILE.cells/N.h5; nothing if it is there" },
	{ .name = "keep-cells", .help = "leave FILE.cells in place after the merge" },
	{ .name = "no-plots", .help = "do not draw the figures of plots:" },
	{ .name = "executor", .arg = "NAME", .help = "local (default): processes of this host" },
	{ .name = "audit", .arg = "N", .help = "check all invariants every N events and at the end; 0: at the end only" },
	{ .name = "strict", .help = "an operation of a recording that cannot be applied is an error" },
	{ .name = "block", .arg = "N", .help = "accesses per block, 1 to 1048576; never changes a result" },
	{ .name = "lookahead", .arg = "TIME", .help = "how far a CPU may run ahead, such as 500ns; never changes a result" },
	{ .name = "anonymous", .help = "leave host name, command line and paths out of FILE.host.json" },
	{ 0 }
};

/* ---- options -------------------------------------------------------------------------------------- */

static bool read_options(const struct cli_args *a, struct exec_options *o)
{
	static const struct eg_param time_param = { .name = "lookahead", .type = EG_PARAM_TIME, .min = "1ns", .max = "1s" };
	const char *executor = cli_value(a, "executor"), *lookahead = cli_value(a, "lookahead");
	uint64_t jobs = exec_default_jobs(), cell = EXEC_ALL_CELLS, block = 0;
	struct eg_value v;
	char why[200];

	if (!cli_number(a, "jobs", 1, 4096, &jobs) || !cli_number(a, "cell", 0, EXPERIMENT_MAX_CELLS, &cell) ||
	    !cli_number(a, "block", 1, 1u << 20, &block) || !cli_number(a, "audit", 0, UINT64_MAX, &o->run.audit_every))
		return false;
	if (executor && strcmp(executor, "local") != 0) {
		if (strcmp(executor, "slurm") == 0)
			(void)cli_usage("--executor slurm is not built yet; --cell N runs one cell of an array job, and "
					"--resume merges when all are there");
		else
			(void)cli_usage("there is no executor %.40s; known: local", executor);
		return false;
	}
	if (lookahead) {
		if (eg_param_parse(&time_param, lookahead, &v, why, sizeof(why)) != EG_OK) {
			(void)cli_usage("--lookahead: %s", why);
			return false;
		}
		o->run.lookahead = v.u;
	}
	if (cell != EXEC_ALL_CELLS) {
		static const char *const of_all[] = { "jobs", "resume", "keep-cells", "no-plots", NULL };

		for (unsigned i = 0; of_all[i]; i++)
			if (cli_given(a, of_all[i])) {
				(void)cli_usage("--cell runs one cell and merges nothing: --%s has no meaning with it", of_all[i]);
				return false;
			}
	}
	o->jobs = (unsigned)jobs;
	o->cell = cell;
	o->run.block = (uint32_t)block;
	o->run.audit = cli_given(a, "audit");
	o->run.strict = cli_given(a, "strict");
	o->resume = cli_given(a, "resume");
	o->keep_cells = cli_given(a, "keep-cells");
	o->host.anonymous = cli_given(a, "anonymous");
	o->engram_version = PACKAGE_VERSION;
	return true;
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* The table of `engram compare FILE`, for an experiment that asks for one; data, so to standard output. */
static eg_status show_comparison(const char *path, struct eg_errors *err)
{
	struct result_file *file;
	struct eg_str text = { 0 };
	struct compare c;
	eg_status s;

	EG_TRY(result_open(path, &file, err));
	s = compare_build(&c, &file, 1, NULL, NULL, 0, false, err);
	if (s == EG_OK) {
		compare_table(&c, cli_columns(), &text);
		fputs(eg_str_text(&text), stdout);
		s = text.failed ? EG_NO_MEMORY : EG_OK;
		compare_free(&c);
	}
	eg_str_free(&text);
	result_close(file);
	return s;
}

/* The figures of plots:, as `engram plot FILE` draws them. */
static eg_status draw(const char *path, bool quiet, struct eg_errors *err)
{
	/* none named here: those that the result names, and one that has no data is left out with its reason */
	struct plot_request q = { .nr_files = 1, .formats = PLOT_PDF };
	struct plot_report *report;
	struct result_file *file;
	unsigned drawn = 0;
	struct eg_str dir = { 0 };
	size_t n = strlen(path);
	eg_status s;

	eg_str_addn(&dir, path, n > 3 && strcmp(path + n - 3, ".h5") == 0 ? n - 3 : n);
	eg_str_add(&dir, "-figures");
	if (dir.failed)
		return EG_NO_MEMORY;
	report = eg_calloc(1, sizeof(*report));
	s = report ? result_open(path, &file, err) : EG_NO_MEMORY;
	if (s != EG_OK) {
		eg_free(report);
		eg_str_free(&dir);
		return s;
	}
	q.files = &file;
	q.out_dir = eg_str_text(&dir);
	s = plot_figures(&q, report, err);
	for (unsigned i = 0; i < report->nr; i++) {
		if (*report->outcome[i].why)
			fprintf(stderr, "engram: figure %s is left out: %s\n", report->outcome[i].figure, report->outcome[i].why);
		drawn += !*report->outcome[i].why;
	}
	if (s == EG_OK && !quiet)
		fprintf(stderr, "engram: %u figure%s in %s\n", drawn, drawn == 1 ? "" : "s", q.out_dir);
	else if (s != EG_OK)
		fprintf(stderr, "engram: the result %s is complete, its figures are not:\n", path);
	result_close(file);
	eg_free(report);
	eg_str_free(&dir);
	return s;
}

static eg_status execute(struct experiment *x, struct exec_options *o, const struct cli_args *a, bool no_plots, struct eg_errors *err)
{
	bool quiet = a->quiet;
	struct exec_outcome *out = eg_calloc(1, sizeof(*out));
	eg_status s;

	if (!out)
		return EG_NO_MEMORY;
	s = execute_cells(x, o, a, out, err);
	if (s == EG_OK && !quiet)
		execute_summary(x, o, out);
	if (s == EG_OK && !quiet && x->compare && o->cell == EXEC_ALL_CELLS)
		s = show_comparison(o->out, err);
	if (s == EG_OK && x->nr_plots && o->cell == EXEC_ALL_CELLS && !no_plots)
		s = draw(o->out, quiet, err);
	exec_outcome_free(out);
	eg_free(out);
	return s;
}

static int run(const struct cli_args *a)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	struct exec_options o = { 0 };
	const char *argv[CLI_MAX_ARGS];
	struct eg_arena arena = { 0 };
	struct experiment *x = NULL;
	struct eg_str out = { 0 };
	eg_status s;
	int rc;

	if (!err || !read_options(a, &o)) {
		rc = err ? eg_status_exit_code(EG_USAGE) : cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
		eg_free(err);
		return rc;
	}
	s = execute_command_line(a, "run", &o, argv, &arena);
	if (s == EG_OK)
		s = locate_and_load(&x, a->arg[0], a->values[OPTION_SET], o.cell == EXEC_ALL_CELLS ? NULL : &o.cell, &arena, err);
	if (s == EG_OK)
		s = execute_output(a, x, &out, err);
	if (s == EG_OK) {
		o.out = eg_str_text(&out);
		s = execute(x, &o, a, cli_given(a, "no-plots"), err);
	}
	rc = cli_report(s, err);
	experiment_free(x);
	eg_str_free(&out);
	eg_arena_free_all(&arena);
	eg_free(err);
	return rc;
}

const struct verb_ops verb_run_ops = {
	.name        = "run",
	.summary     = "run an experiment",
	.usage       = "EXPERIMENT.yaml [options]",
	.description = "Runs every cell of an experiment (each point of its sweep with each seed) and writes one result\n"
		       "file, HDF5 that netCDF-4 tools read. EXPERIMENT is a file or the name of a shipped experiment.\n"
		       "Two runs of the same experiment give the same bytes, whatever -j. Finished cells are kept in\n"
		       "FILE.cells until all are there; --resume goes on after an interruption. What differs between\n"
		       "runs (host, times, command line) goes to FILE.host.json.",
	.example     = "engram run quickstart -o quickstart.h5",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
