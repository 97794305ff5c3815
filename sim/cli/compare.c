/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare - sweep points of one or several results, side by side, with intervals and marks. */
#include "results/compare.h"
#include "sim/base/mem.h"
#include "sim/cli/verb.h"

#define MAX_FILES 32u

static const struct cli_option options[] = {
	{ .name = "baseline", .arg = "K=V,...", .help = "compare with these labels (default: compare.baseline of the experiment, else the first point)" },
	{ .name = "metric", .letter = 'm', .arg = "METRIC", .help = "a metric, or a pattern with * and ?; may be repeated (default: a readable selection)", .repeat = true },
	{ .name = "identical", .help = "keep metrics of the default selection that are equal at every point" },
	{ .name = "format", .letter = 'f', .arg = "table|csv|json|markdown|latex", .help = "how to print it; default table" },
	{ .name = "json", .help = "the same as --format json" },
	{ 0 }
};

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_LATEX };

/* The words of --format, in their order there. */
static bool read_format(const struct cli_args *args, enum format *out)
{
	*out = (enum format)cli_choice(args, "format", cli_given(args, "json") ? FORMAT_JSON : FORMAT_TABLE);
	if (!cli_given(args, "json") || *out == FORMAT_JSON)
		return true;
	(void)cli_usage("compare: --json is --format json; leave out one of --json and --format %s", cli_value(args, "format"));
	return false;
}

static eg_status show(struct result_file **files, unsigned nr, const struct cli_args *args, enum format format,
		      int *rc, struct eg_errors *err)
{
	const char *const *metrics = cli_values(args, "metric");
	unsigned nr_metrics = 0;
	struct eg_str out = { 0 };
	struct compare c;

	while (metrics[nr_metrics])
		nr_metrics++;
	EG_TRY(compare_build(&c, files, nr, cli_value(args, "baseline"), metrics, nr_metrics,
			     cli_given(args, "identical"), err));
	if (format == FORMAT_CSV)
		compare_csv(&c, &out);
	else if (format == FORMAT_JSON)
		compare_json(&c, &out);
	else if (format == FORMAT_MARKDOWN)
		compare_markdown(&c, &out);
	else if (format == FORMAT_LATEX)
		compare_latex(&c, &out);
	else
		compare_table(&c, cli_columns(), &out);
	compare_free(&c);
	*rc = cli_print(&out);
	return EG_OK;
}

static int compare_run(const struct cli_args *args)
{
	struct result_file *files[MAX_FILES] = { 0 };
	struct eg_errors err = { 0 };
	enum format format;
	eg_status s = EG_OK;
	int rc = 0;

	if (!read_format(args, &format))
		return eg_status_exit_code(EG_USAGE);
	for (unsigned i = 0; i < args->nr; i++) {
		eg_status one = cli_open_result(args->arg[i], &files[i], &err);

		s = s == EG_OK ? one : s;
	}
	if (s == EG_OK)
		s = show(files, args->nr, args, format, &rc, &err);
	for (unsigned i = 0; i < args->nr; i++)
		result_close(files[i]);
	return s == EG_OK ? rc : cli_report(s, &err);
}

const struct verb_ops verb_compare_ops = {
	.name = "compare",
	.summary = "sweep points side by side, with intervals",
	.usage = "FILE.h5... [options]",
	.description =
		"Shows each metric at each sweep point as its mean over the seeds and half of the 95 % interval, and\n"
		"its ratio to a baseline. The same seed is the same workload at every point, so values are compared\n"
		"seed by seed; a difference is marked only when the 95 % interval of the paired differences excludes\n"
		"zero. With several files each point is compared with the same point of the first file.\n"
		"\n"
		"The table is as wide as the terminal, or as COLUMNS says; 120 columns where there is neither. Points\n"
		"that do not fit side by side follow in groups, each with its baselines, or become the rows.",
	.example = "engram compare quickstart.h5 --baseline page_allocator=buddy --metric 'fault_latency.*'",
	.options = options,
	.min_args = 1,
	.max_args = MAX_FILES,
	.run = compare_run,
};
