/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status - how far an experiment is: a run at work, one that failed or was interrupted, a finished result. Read from
 * files alone (inspect.h), so it works beside a run, after one, and from another machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/base/str.h"
#include "sim/cli/execute.h"
#include "sim/cli/locate.h"
#include "sim/experiment/inspect.h"

static const struct cli_option options[] = {
	{ .name = "set", .arg = "PATH=VALUE", .help = "override a key of the file, as the run did; may be repeated", .repeat = true },
	{ .name = "output", .letter = 'o', .arg = "FILE.h5", .help = "the result file of the run; default results/NAME.h5" },
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

/* What the whole is in; the first that applies. */
enum state { COMPLETE, RUNNING, FAILED, INTERRUPTED, DIED, INCOMPLETE, STALE, NOTHING };

static const struct { const char *word; int exit_code; } states[] = {
	[COMPLETE] = { "complete", 0 },
	[RUNNING] = { "running", 0 },
	[FAILED] = { "failed", 1 },
	[INTERRUPTED] = { "interrupted", 1 },
	[DIED] = { "died", 1 },
	[INCOMPLETE] = { "incomplete", 1 },
	[STALE] = { "stale", 1 },
	[NOTHING] = { "nothing", 3 },
};

static enum state judge(const struct inspect *in)
{
	enum state worst = in->nr_done || in->nr_other || in->nr_damaged ? INCOMPLETE : NOTHING;

	for (unsigned i = 0; i < in->nr_runs; i++)
		if (in->run[i].alive)
			return RUNNING;
	if (in->result == INSPECT_COMPLETE)
		return COMPLETE;
	for (unsigned i = 0; i < in->nr_runs; i++) {
		const struct inspect_run *r = &in->run[i];
		enum state s = strcmp(r->state, "failed") == 0 ? FAILED : strcmp(r->state, "interrupted") == 0 ? INTERRUPTED : DIED;

		/* a cell that was run again since left a note of before */
		if (!r->whole && in->cell[r->cell].state == RESULT_CELL_SAME)
			continue;
		worst = s < worst ? s : worst;
	}
	return worst == NOTHING && in->result != INSPECT_NONE ? STALE : worst;
}

static const char *when(double epoch, char buf[32])
{
	time_t t = (time_t)epoch;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm))
		*buf = '\0';
	return buf;
}

static const char *run_word(const struct inspect_run *r)
{
	return r->alive ? r->state : strcmp(r->state, "running") == 0 || strcmp(r->state, "merging") == 0 ? "died" : r->state;
}

static double rate(const struct inspect_run *r)
{
	return r->elapsed > 0 && r->done > r->reused ? (double)(r->done - r->reused) / r->elapsed : 0;
}

/* ---- text -------------------------------------------------------------------------------------------- */

static void add_run(struct eg_str *out, const struct inspect_run *r)
{
	char date[32], a[CLI_QUANTITY];

	if (r->whole)
		eg_str_addf(out, "run: %s", run_word(r));
	else
		eg_str_addf(out, "cell %" PRIu64 ": %s", r->cell, run_word(r));
	eg_str_addf(out, ", since %s, process %ld", when(r->started, date), r->pid);
	if (*r->host)
		eg_str_addf(out, " on %s", r->host);
	if (!r->alive)
		eg_str_addf(out, ", last heard of %s", when(r->updated, date));
	eg_str_add(out, "\n");
	if (r->whole) {
		eg_str_addf(out, "  %" PRIu64 " of %" PRIu64 " cell%s done", r->done, r->total, cli_plural(r->total));
		if (r->reused)
			eg_str_addf(out, " (%" PRIu64 " from before)", r->reused);
		if (r->failed)
			eg_str_addf(out, ", %" PRIu64 " failed", r->failed);
		if (r->alive && rate(r) > 0)
			eg_str_addf(out, ", %.2g cells/s", rate(r));
		if (r->alive && r->eta >= 0)
			eg_str_addf(out, ", ETA %s", cli_duration(r->eta, a));
		eg_str_add(out, "\n");
	}
	for (unsigned i = 0; r->alive && i < r->nr_running; i++)
		eg_str_addf(out, "  cell %" PRIu64 " at %.0f %%\n", r->running[i], r->running_share[i] * 100);
	for (unsigned i = 0; i < r->nr_failures; i++)
		eg_str_addf(out, "  %.*s\n", (int)strcspn(r->failures[i], "\n"), r->failures[i]);
}

static void add_text(struct eg_str *out, const struct experiment *x, const char *path, const struct inspect *in, enum state s)
{
	eg_str_addf(out, "%s: %s\n", x->name, states[s].word);
	if (s == COMPLETE) {
		eg_str_addf(out, x->nr_cells == 1 ? "%s holds its %" PRIu64 " cell\n" : "%s holds all %" PRIu64 " cells\n", path, x->nr_cells);
		return;
	}
	if (in->result == INSPECT_STALE)
		eg_str_addf(out, "%s is a result of another configuration (%.12s, this one is %.12s)\n", path, in->result_hash, in->config_hash);
	if (in->result == INSPECT_UNREADABLE)
		eg_str_addf(out, in->foreign ? "%s is no result, and a run does not write over it: name another file with -o\n" :
			    "%s is a damaged result; a run replaces it\n", path);
	for (unsigned i = 0; i < in->nr_runs; i++)
		add_run(out, &in->run[i]);
	eg_str_addf(out, "%" PRIu64 " of %" PRIu64 " cell%s %s in %s", in->nr_done, x->nr_cells, cli_plural(x->nr_cells),
		    in->nr_done == 1 ? "is" : "are", in->cells_dir);
	if (in->nr_other)
		eg_str_addf(out, ", %" PRIu64 " of another configuration", in->nr_other);
	if (in->nr_damaged)
		eg_str_addf(out, ", %" PRIu64 " damaged", in->nr_damaged);
	eg_str_add(out, "\n");
	if (s != RUNNING && !in->nr_other && !in->foreign)
		eg_str_addf(out, "go on with: engram run %s -o %s --resume\n", x->path, path);
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

static void add_run_json(struct eg_str *out, const struct inspect_run *r)
{
	eg_str_addf(out, "{\"state\": \"%s\", \"cell\": ", run_word(r));
	if (r->whole)
		eg_str_add(out, "null");
	else
		eg_str_addf(out, "%" PRIu64, r->cell);
	eg_str_addf(out, ", \"alive\": %s, \"pid\": %ld, \"host\": ", r->alive ? "true" : "false", r->pid);
	eg_str_add_json(out, r->host);
	eg_str_addf(out, ", \"started\": %.3f, \"updated\": %.3f, \"total\": %" PRIu64 ", \"done\": %" PRIu64 ", \"reused\": %" PRIu64
		    ", \"failed\": %" PRIu64 ", \"share\": %.4f, \"elapsed_seconds\": %.3f, \"cells_per_second\": %.6g, \"eta_seconds\": ",
		    r->started, r->updated, r->total, r->done, r->reused, r->failed, r->share, r->elapsed, rate(r));
	if (r->alive && r->eta >= 0)
		eg_str_addf(out, "%.1f", r->eta);
	else
		eg_str_add(out, "null");
	eg_str_add(out, ", \"running\": [");
	for (unsigned i = 0; r->alive && i < r->nr_running; i++)
		eg_str_addf(out, "%s{\"cell\": %" PRIu64 ", \"share\": %.4f}", i ? ", " : "", r->running[i], r->running_share[i]);
	eg_str_add(out, "], \"failures\": [");
	for (unsigned i = 0; i < r->nr_failures; i++) {
		eg_str_add(out, i ? ", " : "");
		eg_str_add_json(out, r->failures[i]);
	}
	eg_str_add(out, "]}");
}

static void add_json(struct eg_str *out, const struct experiment *x, const char *path, const struct inspect *in, enum state s)
{
	static const char *const result_words[] = { "none", "complete", "stale", "unreadable" };

	eg_str_add(out, "{\"schema\": 1,\n  \"experiment\": ");
	eg_str_add_json(out, x->name);
	eg_str_addf(out, ", \"state\": \"%s\", \"output\": ", states[s].word);
	eg_str_add_json(out, path);
	eg_str_addf(out, ", \"result\": \"%s\",\n  \"config_sha256\": \"%s\",\n  \"cells\": {\"total\": %" PRIu64 ", \"done\": %" PRIu64
		    ", \"other_configuration\": %" PRIu64 ", \"damaged\": %" PRIu64 "},\n  \"runs\": [", result_words[in->result],
		    in->config_hash, x->nr_cells, in->result == INSPECT_COMPLETE ? x->nr_cells : in->nr_done, in->nr_other, in->nr_damaged);
	for (unsigned i = 0; i < in->nr_runs; i++) {
		eg_str_add(out, i ? ",\n    " : "\n    ");
		add_run_json(out, &in->run[i]);
	}
	eg_str_add(out, "]}\n");
}

/* ---- the verb ---------------------------------------------------------------------------------------- */

static eg_status look(struct experiment *x, const struct cli_args *a, struct eg_arena *arena, int *rc, struct eg_errors *err)
{
	struct eg_str out = { 0 }, traces = { 0 }, path = { 0 };
	struct inspect in;
	enum state state;
	eg_status s;

	locate_result(cli_value(a, "output"), x->name, &path);
	s = path.failed ? EG_NO_MEMORY : execute_traces(x, &traces, err);
	if (s == EG_OK)
		s = inspect(x, eg_str_text(&path), arena, &in, err);
	execute_traces_end(&traces);
	if (s == EG_OK) {
		state = judge(&in);
		if (state == NOTHING && !a->json) {
			s = eg_fail(err, EG_BAD_INPUT, "nothing is there of %s: neither %s nor cells in %s\n`engram run` starts it; -o names another "
				    "place", x->name, eg_str_text(&path), in.cells_dir);
		} else {
			(a->json ? add_json : add_text)(&out, x, eg_str_text(&path), &in, state);
			*rc = cli_print(&out);
			*rc = *rc ? *rc : states[state].exit_code;
		}
	}
	eg_str_free(&path);
	return s;
}

static int run(const struct cli_args *a)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	struct eg_arena arena = { 0 };
	struct experiment *x = NULL;
	eg_status s;
	int rc = 0;

	if (!err)
		return cli_fail(EG_NO_MEMORY, "no memory for messages");
	s = locate_and_load(&x, a->arg[0], cli_values(a, "set"), NULL, &arena, err);
	if (s == EG_OK)
		s = look(x, a, &arena, &rc, err);
	rc = s == EG_OK ? rc : cli_report(s, err);
	experiment_free(x);
	eg_arena_free_all(&arena);
	eg_free(err);
	return rc;
}

const struct verb_ops verb_status_ops = {
	.name        = "status",
	.summary     = "how far a running, failed or interrupted experiment is",
	.usage       = "EXPERIMENT.yaml [options]",
	.description = "Tells what is there of an experiment: a run at work with its rate and the time it still takes, the\n"
		       "cells that failed and why, the cells that are done, or a finished result and whether it is of this\n"
		       "very experiment. The exit code is 0 when it is complete or running, 1 when cells failed or are\n"
		       "missing, and 3 when nothing is there.",
	.example     = "engram status quickstart || engram run quickstart --resume",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
