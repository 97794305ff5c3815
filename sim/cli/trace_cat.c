/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace cat - the text form of a trace on standard output. */
#include "sim/cli/verb.h"

#include "sim/cli/trace_cut.h"
#include "sim/cli/trace_json.h"

static const struct cli_option options[] = {
	{ "output", 'o', "FILE", "write to FILE instead of standard output", false },
	TRACE_CUT_OPTIONS,
	{ "json", 0, NULL, "one JSON object a line instead of text", false },
	{ NULL, 0, NULL, NULL, false }
};

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	struct trace_write_options write = { .level = -1, .text = true };
	struct copy_filter f = { .coalesce = 0 };
	const char *out = cli_value(a, "output");

	if (!trace_cut_parse(a, &f))
		return 2;
	if (cli_given(a, "json"))
		return cli_report(trace_json(a->arg[0], out ? out : "-", &f, &err), &err);
	return cli_report(copy_through(a->arg[0], out ? out : "-", &f, &write, &err), &err);
}

const struct verb_ops verb_trace_cat_ops = {
	.name = "trace cat",
	.summary = "print a trace as text, one record a line",
	.usage = "TRACE.egt [options]",
	.description = "Prints the text form of a trace: metadata as \"%key: value\", then one record a line. Times (in "
		       "picoseconds) and streams stand where they change. engram trace convert reads it back: the "
		       "records, and so the content hash, are the same.\n\n"
		       "--from prints first, as lines marked init, what was mapped and alive there. --json prints every "
		       "record with its number, time, stream, op and arguments.",
	.example = "engram trace cat workloads/samples/sqlite3.egt --from 1000000 --to 1000020",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
