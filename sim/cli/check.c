/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check - say what an experiment would run, without running it.
 *
 * The canonical text of a cell holds the hashes of its traces, so traces that are not .egt yet are
 * imported, into a directory that is removed again.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/cli/execute.h"
#include "sim/cli/locate.h"
#include "sim/experiment/cell.h"

static const struct cli_option options[] = {
	{ .name = "set", .arg = "PATH=VALUE", .help = "override a key of the file, before the sweep; may be repeated", .repeat = true },
	{ .name = "cell", .arg = "N", .help = "print the canonical text of cell N alone, the bytes that its hash is of" },
	{ .name = "json", .help = "print everything, each cell's text included, as JSON" },
	{ 0 }
};

static void show_text(const struct experiment *x, struct eg_str *out)
{
	eg_str_addf(out, "# %s", x->name);
	if (x->description)
		eg_str_addf(out, ": %s", x->description);
	if (!x->description || x->description[strlen(x->description) - 1] != '\n')
		eg_str_add(out, "\n");
	eg_str_addf(out, "# %" PRIu64 " point%s x %u seed%s = %" PRIu64 " cell%s\n", x->nr_points, cli_plural(x->nr_points), x->nr_seeds,
		    cli_plural(x->nr_seeds), x->nr_cells, cli_plural(x->nr_cells));
}

static void cell_json(const struct experiment *x, const struct exp_cell *c, struct eg_str *out)
{
	eg_str_addf(out, "{\"cell\": %" PRIu64 ", \"seed\": %" PRIu64 ", \"sha256\": \"%s\", \"point\": {", c->index, c->seed, c->hash);
	for (unsigned i = 0; i < x->nr_axes; i++) {
		eg_str_add(out, i ? ", " : "");
		eg_str_add_json(out, c->coord[i].path);
		eg_str_add(out, ": ");
		eg_str_add_json(out, c->coord[i].label);
	}
	eg_str_add(out, "}, \"yaml\": ");
	eg_str_add_json(out, c->yaml);
	eg_str_add(out, "}");
}

/* JSON is collected in `all`, so that a failure leaves no half of it behind; text is printed as it comes. */
static eg_status show_cells(struct experiment *x, struct eg_str *all, struct eg_errors *err)
{
	for (uint64_t i = 0; i < x->nr_cells; i++) {
		struct eg_str out = { 0 };
		struct exp_cell c;
		bool failed;

		EG_TRY(exp_cell_resolve(x, i, &c, err));
		if (all) {
			eg_str_add(all, i ? ",\n    " : "");
			cell_json(x, &c, all);
		} else {
			eg_str_addf(&out, "# cell %" PRIu64 "  %.12s  ", i, c.hash);
			exp_cell_describe(x, &c, &out);
			eg_str_add(&out, "\n");
		}
		exp_cell_free(&c);
		fputs(eg_str_text(&out), stdout);
		failed = out.failed || (all && all->failed);
		eg_str_free(&out);
		if (failed)
			return EG_NO_MEMORY;
	}
	return EG_OK;
}

static eg_status show(struct experiment *x, const struct cli_args *a, uint64_t cell, int *rc, struct eg_errors *err)
{
	struct eg_str out = { 0 }, text = { 0 };
	struct exp_cell c;
	eg_status s;

	if (cli_given(a, "cell")) {
		if (cell >= x->nr_cells)
			return eg_fail(err, EG_USAGE, "there is no cell %" PRIu64 ": the experiment has %" PRIu64 " (0 to %" PRIu64 ")",
				       cell, x->nr_cells, x->nr_cells - 1);
		EG_TRY(exp_cell_resolve(x, cell, &c, err));
		if (a->json) {
			eg_str_add(&out, "{\"schema\": 1,\n  \"cells\": [\n    ");
			cell_json(x, &c, &out);
			eg_str_add(&out, "\n  ]}\n");
		} else {
			eg_str_add(&out, c.yaml);
		}
		exp_cell_free(&c);
		*rc = cli_print(&out);
		return EG_OK;
	}
	s = exp_resolved_text(x, &text, err);
	if (s == EG_OK && a->json) {
		eg_str_add(&out, "{\"schema\": 1,\n  \"name\": ");
		eg_str_add_json(&out, x->name);
		eg_str_addf(&out, ",\n  \"points\": %" PRIu64 ", \"seeds\": %u,\n  \"resolved\": ", x->nr_points, x->nr_seeds);
		eg_str_add_json(&out, eg_str_text(&text));
		eg_str_add(&out, ",\n  \"cells\": [\n    ");
	} else if (s == EG_OK) {
		show_text(x, &out);
		eg_str_add(&out, eg_str_text(&text));
	}
	s = s == EG_OK && (out.failed || text.failed) ? EG_NO_MEMORY : s;
	eg_str_free(&text);
	if (s == EG_OK && !a->json)
		*rc = cli_print(&out);
	if (s == EG_OK)
		s = show_cells(x, a->json ? &out : NULL, err);
	if (s == EG_OK && a->json) {
		eg_str_add(&out, "\n  ]}\n");
		*rc = cli_print(&out);
	}
	eg_str_free(&out);
	return s;
}

static eg_status check(const struct cli_args *a, uint64_t cell, struct eg_arena *arena, int *rc, struct eg_errors *err)
{
	struct experiment *x = NULL;
	struct eg_str dir = { 0 };
	eg_status s;

	EG_TRY(locate_and_load(&x, a->arg[0], a->values[0], NULL, arena, err));
	s = execute_traces(x, &dir, err);
	if (s == EG_OK)
		s = show(x, a, cell, rc, err);
	execute_traces_end(&dir);
	experiment_free(x);
	return s;
}

static int run(const struct cli_args *a)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	struct eg_arena arena = { 0 };
	uint64_t cell = 0;
	eg_status s;
	int rc = 0;

	if (!err)
		return cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
	if (cli_number(a, "cell", 0, EXPERIMENT_MAX_CELLS, &cell)) {
		s = check(a, cell, &arena, &rc, err);
		rc = s == EG_OK ? rc : cli_report(s, err);
	} else {
		rc = eg_status_exit_code(EG_USAGE);
	}
	eg_arena_free_all(&arena);
	eg_free(err);
	return rc;
}

const struct verb_ops verb_check_ops = {
	.name        = "check",
	.summary     = "validate an experiment and show what it resolves to",
	.usage       = "EXPERIMENT.yaml [options]",
	.description = "Reports everything that is wrong with an experiment at once, as file:line:column: key: what is\n"
		       "wrong, what would be right. If nothing is, prints every value of the first point after presets,\n"
		       "defaults and --set, the sweep, and the list of cells with the hashes that identify them. Runs\n"
		       "nothing.",
	.example     = "engram check quickstart",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
