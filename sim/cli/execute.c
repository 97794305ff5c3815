/* SPDX-License-Identifier: GPL-3.0-or-later */
/* execute - see execute.h. */
#include "sim/cli/execute.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/meter.h"
#include "sim/experiment/probe.h"

static void on_progress(void *ctx, const struct exec_progress *p)
{
	cli_meter_show(ctx, &(struct cli_meter_state){ .what = "cells", .done = p->done, .total = p->total, .reused = p->reused,
		       .failed = p->failed, .running = p->running, .share = p->share, .elapsed = p->elapsed, .eta = p->eta,
		       .end = p->end });
}

eg_status execute_command_line(const struct cli_args *a, const char *verb, struct exec_options *o, const char **argv,
			       struct eg_arena *arena)
{
	size_t n = 0;

	argv[n++] = "engram";
	argv[n++] = verb;
	for (unsigned i = 0; i < a->nr && n < CLI_MAX_ARGS; i++)
		argv[n++] = a->arg[i];
	for (unsigned i = 0; a->options[i].name; i++)
		for (unsigned k = 0; a->values[i][k] && n + 2 <= CLI_MAX_ARGS; k++) {
			char dashed[40];

			(void)snprintf(dashed, sizeof(dashed), "--%s", a->options[i].name);
			argv[n++] = eg_arena_strdup(arena, dashed);
			if (!argv[n - 1])
				return EG_NO_MEMORY;
			if (a->options[i].arg)
				argv[n++] = a->values[i][k];
		}
	o->host.argc = (int)n;
	o->host.argv = argv;
	return EG_OK;
}

eg_status execute_output(const struct cli_args *a, const struct experiment *x, struct eg_str *out, struct eg_errors *err)
{
	if (cli_given(a, "output"))
		eg_str_add(out, cli_value(a, "output"));
	else if (mkdir("results", 0777) == 0 || access("results", F_OK) == 0)
		eg_str_addf(out, "results/%s.h5", x->name);
	else
		return eg_fail_errno(err, false, "cannot make the directory results (choose another place with -o)");
	return out->failed ? EG_NO_MEMORY : EG_OK;
}

/* A run that may not fit says so first; it is not refused, since the estimate is an upper bound. */
static void warn_of_room(struct experiment *x, const struct exec_options *o)
{
	struct eg_errors *warn = eg_calloc(1, sizeof(*warn));

	if (warn && exec_check_room(x, o, warn) == EG_OK)
		for (unsigned i = 0; i < warn->nr; i++) {
			size_t n = strcspn(warn->text[i], "\n");

			fprintf(stderr, "engram: warning: %.*s%s%s\n", (int)n, warn->text[i], warn->text[i][n] ? "\n  " : "",
				warn->text[i][n] ? warn->text[i] + n + 1 : "");
		}
	eg_free(warn);
}

eg_status execute_cells(struct experiment *x, struct exec_options *o, const struct cli_args *a, struct exec_outcome *out,
			struct eg_errors *err)
{
	struct cli_meter meter;
	eg_status s;

	cli_meter_init(&meter, a);
	o->progress = on_progress;
	o->ctx = &meter;
	warn_of_room(x, o);
	s = exec_run(x, o, out, err);
	for (unsigned i = 0; i < out->failures.nr; i++) {
		const char *text = out->failures.text[i];
		size_t n = strcspn(text, "\n");

		fprintf(stderr, "engram: %.*s%s%s\n", (int)n, text, text[n] ? "\n  " : "", text[n] ? text + n + 1 : "");
	}
	if (out->failures.dropped)
		fprintf(stderr, "engram: and %u more failure%s\n", out->failures.dropped, cli_plural(out->failures.dropped));
	return s;
}

void execute_summary(const struct experiment *x, const struct exec_options *o, const struct exec_outcome *out)
{
	const struct exec_progress *p = &out->last;

	if (out->complete_before) {
		fprintf(stderr, "engram: %s is complete already and matches the experiment; nothing to do\n", o->out);
		return;
	}
	if (o->cell != EXEC_ALL_CELLS) {
		fprintf(stderr, "engram: cell %" PRIu64 " %s %s/%" PRIu64 ".h5\n", o->cell, p->reused ? "stands already in" : "is in",
			out->cells_dir, o->cell);
		return;
	}
	fprintf(stderr, "engram: %s: %" PRIu64 " cell%s (%" PRIu64 " point%s x %u seed%s)", x->name, x->nr_cells,
		cli_plural(x->nr_cells), x->nr_points, cli_plural(x->nr_points), x->nr_seeds, cli_plural(x->nr_seeds));
	if (p->reused)
		fprintf(stderr, ", %" PRIu64 " of them from before", p->reused);
	fprintf(stderr, " in %.1f s with %u process%s\nengram: result in %s\n", p->elapsed, o->jobs, o->jobs == 1 ? "" : "es", o->out);
}

eg_status execute_traces(struct experiment *x, struct eg_str *dir, struct eg_errors *err)
{
	const char *tmp = getenv("TMPDIR");

	if (!x->nr_traces)
		return EG_OK;
	eg_str_addf(dir, "%s/engram-traces-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (dir->failed)
		return EG_NO_MEMORY;
	if (!mkdtemp(dir->p)) {
		eg_status s = eg_fail_errno(err, false, "cannot make a temporary directory for imported traces");

		eg_str_free(dir);
		return s;
	}
	return experiment_prepare(x, dir->p, err);
}

/* Nothing but imported traces is in there. */
void execute_traces_end(struct eg_str *dir)
{
	DIR *d = dir->p ? opendir(dir->p) : NULL;
	struct dirent *e;
	char path[4200];

	while (d && (e = readdir(d)) != NULL)
		if (snprintf(path, sizeof(path), "%s/%s", dir->p, e->d_name) < (int)sizeof(path) && *e->d_name != '.')
			(void)unlink(path);
	if (d)
		(void)closedir(d);
	if (dir->p)
		(void)rmdir(dir->p);
	eg_str_free(dir);
}
