/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace cat - the text form of a trace on standard output. */
#include "sim/cli/verb.h"

#include "workloads/trace/copy.h"

static const struct cli_option options[] = {
	{ "output", 'o', "FILE", "write to FILE instead of standard output", false },
	{ NULL, 0, NULL, NULL, false }
};

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	struct trace_write_options write = { .level = -1, .text = true };
	const char *out = cli_value(a, "output");

	return cli_report(copy_through(a->arg[0], out ? out : "-", NULL, &write, &err), &err);
}

const struct verb_ops verb_trace_cat_ops = {
	.name = "trace cat",
	.summary = "print a trace as text, one record a line",
	.usage = "TRACE.egt [options]",
	.description = "Prints the text form of a trace: metadata as \"%key: value\", then one record a line. Times (in "
		       "picoseconds) and streams stand where they change. engram trace convert reads it back: the "
		       "records, and so the content hash, are the same.",
	.example = "engram trace cat sqlite3.egt | head",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
