/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify - an experiment's claims, held against its result.
 *
 * What is missing of the result is run first, so that the same command makes it, finishes it and, when it is there,
 * only judges it.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "results/claim.h"
#include "results/claim_exact.h"
#include "sim/base/sha256.h"
#include "sim/cli/execute.h"
#include "sim/cli/locate.h"

enum { FORMAT_TABLE, FORMAT_MARKDOWN, FORMAT_JSON };

static const struct cli_option options[] = {
	{ .name = "set", .arg = "PATH=VALUE", .help = "override a key of the file, before the sweep; may be repeated", .repeat = true },
	{ .name = "output", .letter = 'o', .arg = "FILE.h5", .help = "the result file; default results/NAME.h5; one that is complete and matches is not made again" },
	{ .name = "jobs", .letter = 'j', .arg = "N", .help = "cells at a time; default: online CPUs" },
	{ .name = "result", .arg = "FILE.h5", .help = "judge this file and run nothing; it must be a result of this experiment" },
	{ .name = "claim", .letter = 'c', .arg = "ID", .help = "judge this claim only; may be repeated", .repeat = true },
	{ .name = "exact", .arg = "FILE.h5", .help = "also compare the result with this published one, byte for byte" },
	{ .name = "format", .letter = 'f', .arg = "table|markdown|json", .help = "how to print; default table" },
	{ .name = "json", .help = "the same as --format json" },
	{ 0 }
};

/* ---- which claims --------------------------------------------------------------------------------- */

static const char *claim_id(const void *ctx, unsigned i)
{
	const struct experiment *x = ctx;

	return i < x->nr_claims ? x->claim[i].id : NULL;
}

static eg_status no_claims(const struct experiment *x, struct eg_errors *err)
{
	return eg_fail(err, EG_BAD_INPUT, "%s: claims: there are none to verify\nadd some, such as claims: [{id: C1, text: \"copies "
		       "happen\", metric: cow.breaks, expect: value > 0}]; engram-experiment(5) has the sentences", x->path);
}

/* All, or those of --claim, in the order of the file. */
static eg_status choose(const struct experiment *x, const char *const *ids, const struct claim **chosen, unsigned *nr,
			struct eg_errors *err)
{
	eg_status s = EG_OK;

	for (unsigned k = 0; ids[k]; k++) {
		unsigned i = 0;
		char near[120];

		while (i < x->nr_claims && strcmp(x->claim[i].id, ids[k]) != 0)
			i++;
		if (i == x->nr_claims)
			s = eg_fail(err, EG_USAGE, "%s has no claim %.60s%s", x->path, ids[k], cli_near(ids[k], claim_id, x, near, sizeof(near)));
	}
	EG_TRY(s);
	*nr = 0;
	for (unsigned i = 0; i < x->nr_claims; i++) {
		bool wanted = !ids[0];

		for (unsigned k = 0; ids[k]; k++)
			wanted |= strcmp(x->claim[i].id, ids[k]) == 0;
		if (wanted)
			chosen[(*nr)++] = &x->claim[i];
	}
	return EG_OK;
}

/* ---- the result ----------------------------------------------------------------------------------- */

/* The first line in which two texts differ, of each. */
static void first_difference(const char *a, const char *b, char la[80], char lb[80])
{
	const char *sa = a, *sb = b;

	for (; *a && *a == *b; a++, b++)
		if (*a == '\n') {
			sa = a + 1;
			sb = b + 1;
		}
	sa += strspn(sa, " ");
	sb += strspn(sb, " ");
	(void)snprintf(la, 80, "%.*s", (int)strcspn(sa, "\n"), sa);
	(void)snprintf(lb, 80, "%.*s", (int)strcspn(sb, "\n"), sb);
}

/* Is `path` a result of this very experiment? */
static eg_status check_result(struct experiment *x, const char *path, struct eg_errors *err)
{
	struct eg_str dir = { 0 }, text = { 0 };
	char hash[65], theirs[80], ours[80];
	struct result_file *f;
	eg_status s;

	EG_TRY(result_open(path, &f, err));
	s = execute_traces(x, &dir, err);
	if (s == EG_OK)
		s = exp_resolved_text(x, &text, err);
	if (s == EG_OK) {
		eg_sha256_of(eg_str_text(&text), text.len, hash);
		if (strcmp(result_provenance(f, "config_sha256"), hash) != 0) {
			first_difference(result_provenance(f, "config_yaml"), eg_str_text(&text), theirs, ours);
			s = eg_fail(err, EG_BAD_INPUT, "%s: not a result of %s: its experiment is another (%.12s, not %.12s)\nthe first "
				    "difference: \"%s\" there, \"%s\" here", path, x->path, result_provenance(f, "config_sha256"), hash,
				    theirs, ours);
		}
	}
	execute_traces_end(&dir);
	eg_str_free(&text);
	result_close(f);
	return s;
}

/* A changed experiment makes its result again; that of another experiment is not this verb's to replace. */
static eg_status check_place(const struct experiment *x, const char *path, struct eg_errors *err)
{
	struct result_file *f;
	struct eg_errors *unused = eg_calloc(1, sizeof(*unused));
	eg_status s = EG_OK;

	if (!unused)
		return EG_NO_MEMORY;
	if (access(path, F_OK) == 0 && result_open(path, &f, unused) == EG_OK) {
		if (strcmp(result_name(f), x->name) != 0)
			s = eg_fail(err, EG_BAD_INPUT, "%s: holds a result of another experiment, %s; this one is %s\nchoose another place "
				    "with -o, or remove the file", path, result_name(f), x->name);
		result_close(f);
	}
	eg_free(unused);
	return s;
}

static eg_status make_result(struct experiment *x, const struct cli_args *a, unsigned jobs, struct eg_str *path,
			     struct eg_arena *arena, struct eg_errors *err)
{
	struct exec_options o = { .jobs = jobs, .cell = EXEC_ALL_CELLS, .resume = true, .engram_version = PACKAGE_VERSION };
	struct exec_outcome *out = eg_calloc(1, sizeof(*out));
	const char *argv[CLI_MAX_ARGS];
	eg_status s;

	if (!out)
		return EG_NO_MEMORY;
	s = execute_command_line(a, "verify", &o, argv, arena);
	if (s == EG_OK)
		s = execute_output(a, x, path, err);
	if (s == EG_OK)
		s = check_place(x, eg_str_text(path), err);
	if (s == EG_OK) {
		o.out = eg_str_text(path);
		s = execute_cells(x, &o, a, out, err);
	}
	if (s == EG_OK && !a->quiet)
		execute_summary(x, &o, out);
	exec_outcome_free(out);
	eg_free(out);
	return s;
}

/* ---- the verdict ---------------------------------------------------------------------------------- */

static int print(const struct claim_report *r, unsigned format)
{
	struct eg_str out = { 0 };

	if (format == FORMAT_JSON)
		claim_json(r, &out);
	else if (format == FORMAT_MARKDOWN)
		claim_markdown(r, &out);
	else
		claim_table(r, cli_columns(), &out);
	return cli_print(&out);
}

static eg_status judge(const struct cli_args *a, const char *path, const struct claim *const *claims, unsigned nr, int *rc,
		       struct eg_errors *err)
{
	unsigned format = cli_given(a, "json") ? FORMAT_JSON : cli_choice(a, "format", FORMAT_TABLE);
	struct claim_exact *exact = eg_calloc(1, sizeof(*exact));
	struct claim_report r = { 0 };
	struct result_file *f;
	eg_status s;

	if (!exact)
		return EG_NO_MEMORY;
	s = cli_open_result(path, &f, err);
	if (s == EG_OK)
		s = claim_judge(&r, f, claims, nr, err);
	if (s == EG_OK && cli_given(a, "exact")) {
		s = claim_exact(exact, path, cli_value(a, "exact"), err);
		r.exact = exact;
	}
	if (s == EG_OK) {
		*rc = print(&r, format);
		if (*rc == 0 && (r.count[CLAIM_PASS] < r.nr || (r.exact && !r.exact->identical)))
			*rc = eg_status_exit_code(EG_FAILED);
	}
	claim_report_free(&r);
	result_close(f);
	eg_free(exact);
	return s;
}

static eg_status verify(const struct cli_args *a, unsigned jobs, struct eg_arena *arena, int *rc, struct eg_errors *err)
{
	const char *given = cli_value(a, "result");
	const struct claim **claims;
	struct experiment *x = NULL;
	struct eg_str path = { 0 };
	unsigned nr = 0;
	eg_status s;

	EG_TRY(locate_and_load(&x, a->arg[0], cli_values(a, "set"), NULL, arena, err));
	claims = eg_arena_alloc(arena, x->nr_claims + 1, sizeof(struct claim *));
	if (!claims)
		s = EG_NO_MEMORY;
	else if (!x->nr_claims && (!cli_given(a, "exact") || cli_given(a, "claim")))
		s = no_claims(x, err);
	else
		s = choose(x, cli_values(a, "claim"), claims, &nr, err);
	if (s == EG_OK && given)
		s = check_result(x, given, err);
	else if (s == EG_OK)
		s = make_result(x, a, jobs, &path, arena, err);
	if (s == EG_OK)
		s = judge(a, given ? given : eg_str_text(&path), claims, nr, rc, err);
	eg_str_free(&path);
	experiment_free(x);
	return s;
}

static int run(const struct cli_args *a)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	uint64_t jobs = exec_default_jobs();
	struct eg_arena arena = { 0 };
	eg_status s;
	int rc = 0;

	if (!err)
		return cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
	if (cli_given(a, "json") && cli_choice(a, "format", FORMAT_JSON) != FORMAT_JSON)
		rc = cli_usage("verify: --json is --format json; leave out one of --json and --format %s", cli_value(a, "format"));
	else if (cli_given(a, "result") && (cli_given(a, "output") || cli_given(a, "jobs")))
		rc = cli_usage("verify: --result runs nothing: leave out --output and --jobs");
	else if (!cli_number(a, "jobs", 1, 4096, &jobs))
		rc = eg_status_exit_code(EG_USAGE);
	if (rc == 0) {
		s = verify(a, (unsigned)jobs, &arena, &rc, err);
		rc = s == EG_OK ? rc : cli_report(s, err);
	}
	eg_arena_free_all(&arena);
	eg_free(err);
	return rc;
}

const struct verb_ops verb_verify_ops = {
	.name        = "verify",
	.summary     = "judge the claims of an experiment: PASS, FAIL or UNDECIDED",
	.usage       = "EXPERIMENT.yaml [options]",
	.description = "Runs what is missing of the experiment's result, then judges each of its claims: by the 95 %\n"
		       "interval over the seeds of what it is about, paired seed by seed where places are compared.\n"
		       "PASS: the whole interval meets the expectation; FAIL: none of it does; UNDECIDED: it reaches over\n"
		       "the bound, or there is no interval. A result that is complete is not run again, also when claims\n"
		       "were changed: they decide nothing in it. The exit code is 0 if every claim passes, else 1.",
	.example     = "engram verify quickstart",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
