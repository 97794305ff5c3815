/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report - print the simulated machine's /proc files for one moment of one cell. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/report.h"
#include "sim/base/param.h"
#include "sim/cli/verb.h"

static const struct cli_option options[] = {
	{ .name = "as", .arg = "VIEW", .help = "which view (must be given); `engram list views` names them" },
	{ .name = "at", .arg = "TIME", .help = "the last snapshot at or before this simulated time, such as 250ms (default: the end)" },
	{ .name = "point", .arg = "K=V,...", .help = "labels of one sweep point (needed when there are several)" },
	{ .name = "seed", .arg = "N", .help = "one of the experiment's seeds (default: the first)" },
	{ .name = "json", .help = "print the lines as JSON, numbers as numbers, with the point, the seed and the time" },
	{ 0 }
};

/* Labels as --point takes them. */
static void as_option(char *labels)
{
	for (; *labels; labels++)
		if (*labels == ' ')
			*labels = ',';
}

static eg_status choose_point(struct result_file *f, const char *text, size_t *point, struct eg_errors *err)
{
	char first[300], second[300];
	size_t fits = 0, other = 0;
	int want[64];

	for (unsigned a = 0; a < result_nr_axes(f); a++)
		want[a] = -1;
	if (text)
		EG_TRY(result_parse_point(f, text, want, err));
	for (size_t p = 0; p < result_nr_points(f); p++) {
		if (!result_point_fits(f, p, want))
			continue;
		*(fits ? &other : point) = p;
		fits++;
	}
	if (fits == 1)
		return EG_OK;
	(void)result_point_text(f, *point, first, sizeof(first));
	(void)result_point_text(f, other, second, sizeof(second));
	as_option(first);
	as_option(second);
	return eg_fail(err, EG_USAGE, "report: %zu points of the sweep fit (%s ... %s)\nname one with --point %s", fits, first,
		       second, first);
}

static eg_status choose_seed(const struct result_file *f, const struct cli_args *args, unsigned *seed,
			     struct eg_errors *err)
{
	uint64_t wanted = result_seeds(f)[0];
	char list[200] = "";
	size_t at = 0;

	if (!cli_number(args, "seed", 0, UINT64_MAX, &wanted))
		return EG_USAGE;
	for (*seed = 0; *seed < result_nr_seeds(f); (*seed)++)
		if (result_seeds(f)[*seed] == wanted)
			return EG_OK;
	for (unsigned i = 0; i < result_nr_seeds(f) && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%" PRIu64, i ? ", " : "", result_seeds(f)[i]);
	return eg_fail(err, EG_USAGE, "report: no seed %" PRIu64 "; there are: %s", wanted, list);
}

static eg_status choose_time(const char *text, double *ns, struct eg_errors *err)
{
	static const struct eg_param at = { .name = "at", .type = EG_PARAM_TIME, .help = "" };
	struct eg_value v = { 0 };
	char why[200];

	*ns = (double)NAN;
	if (!text)
		return EG_OK;
	if (eg_param_parse(&at, text, &v, why, sizeof(why)) != EG_OK)
		return eg_fail(err, EG_USAGE, "report: --at: %s", why);
	*ns = (double)v.u / (double)EG_PS_PER_NS;
	return EG_OK;
}

/* "Node", "0,", 3, 1, ...: the words of one line; what reads as a number is one. */
static void add_words(struct eg_str *out, const char *line, size_t len)
{
	bool first = true;

	while (len) {
		size_t n = 0;
		char word[64], *end;

		while (len && (*line == ' ' || *line == '\t')) {
			line++;
			len--;
		}
		while (n < len && line[n] != ' ' && line[n] != '\t')
			n++;
		if (!n)
			break;
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, line);
		eg_str_add(out, first ? "" : ", ");
		first = false;
		(void)strtod(word, &end);
		/* a word of digits; not nan, infinity or 0x1, which JSON does not know */
		if (*end == '\0' && !word[strspn(word, "0123456789.-")])
			eg_str_add(out, word);
		else
			eg_str_add_json(out, word);
		line += n;
		len -= n;
	}
}

static void add_json(const struct result_file *f, const char *view, size_t point, unsigned seed, size_t index,
		     const char *text, struct eg_str *out)
{
	bool first = true;

	eg_str_add(out, "{\"schema\": 1, \"view\": ");
	eg_str_add_json(out, view);
	eg_str_add(out, ", \"point\": {");
	for (unsigned a = 0; a < result_nr_axes(f); a++) {
		eg_str_add(out, a ? ", " : "");
		eg_str_add_json(out, result_axis(f, a)->name);
		eg_str_add(out, ": ");
		eg_str_add_json(out, result_point_label(f, point, a));
	}
	eg_str_addf(out, "}, \"seed\": %" PRIu64 ", \"time_ns\": %.17g,\n  \"lines\": [", result_seeds(f)[seed],
		    result_snapshot_times(f)[index]);
	for (size_t n; *text; text += n + (text[n] == '\n'), first = false) {
		n = strcspn(text, "\n");
		eg_str_add(out, first ? "\n    [" : ",\n    [");
		add_words(out, text, n);
		eg_str_add(out, "]");
	}
	eg_str_add(out, "\n  ]}\n");
}

static eg_status show(struct result_file *f, const struct cli_args *args, int *rc, struct eg_errors *err)
{
	struct eg_str out = { 0 }, json = { 0 };
	char text[400];
	size_t point = 0, index = 0;
	unsigned seed = 0;
	double ns;
	eg_status s;

	EG_TRY(choose_point(f, cli_value(args, "point"), &point, err));
	EG_TRY(choose_seed(f, args, &seed, err));
	EG_TRY(choose_time(cli_value(args, "at"), &ns, err));
	EG_TRY(report_snapshot(f, point, seed, ns, &index, err));
	s = report_text(f, cli_value(args, "as"), point, seed, index, &out, err);
	if (s == EG_OK && args->json) {
		add_json(f, cli_value(args, "as"), point, seed, index, eg_str_text(&out), &json);
		json.failed |= out.failed;
		*rc = cli_print(&json);
	} else if (s == EG_OK) {
		*rc = cli_print(&out);
	}
	eg_str_free(&out);
	if (s == EG_OK && !args->quiet && !args->json)
		fprintf(stderr, "engram: %s, seed %" PRIu64 ", simulated time %g ms\n",
			result_point_text(f, point, text, sizeof(text)), result_seeds(f)[seed],
			result_snapshot_times(f)[index] / 1e6);
	return s;
}

static int report_run(const struct cli_args *args)
{
	struct eg_errors err = { 0 };
	struct result_file *f;
	eg_status s;
	int rc = 0;

	if (!cli_given(args, "as"))
		return cli_usage("report: which view? Name it with --as; `engram list views` names them");
	/* before the file: a wrong name is a wrong name whatever the file holds */
	s = report_check_view(cli_value(args, "as"), &err);
	if (s == EG_OK)
		s = cli_open_result(args->arg[0], &f, &err);
	if (s != EG_OK)
		return cli_report(s, &err);
	s = show(f, args, &rc, &err);
	result_close(f);
	if (s == EG_USAGE && !err.nr)           /* cli_number() has said it */
		return eg_status_exit_code(s);
	return s == EG_OK ? rc : cli_report(s, &err);
}

const struct verb_ops verb_report_ops = {
	.name = "report",
	.summary = "the simulated machine's /proc files at one moment",
	.usage = "FILE.h5 --as VIEW [options]",
	.description =
		"Prints a file of /proc, or what the tool free prints, as the simulated kernel would have shown it and in\n"
		"the format of the real one, so that existing tools read it. Values are since boot. The state is that of the last\n"
		"snapshot at or before --at; which one that was stands on standard error.",
	.example = "engram report quickstart.h5 --as buddyinfo --at 250ms --point page_allocator=buddy",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = report_run,
};
