/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace head - the first records of a trace, as text or as a trace of its own. */
#include "sim/cli/verb.h"

#include "sim/cli/trace_cut.h"
#include "sim/cli/trace_json.h"

static const struct cli_option options[] = {
	{ "records", 'n', "N", "how many records, counting initial mappings (default 10)", false },
	{ "output", 'o', "FILE.egt", "write a trace instead of printing text", false },
	{ "json", 0, NULL, "one JSON object a line instead of text", false },
	{ NULL, 0, NULL, NULL, false }
};

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	const char *out = cli_value(a, "output");
	struct trace_write_options write = { .level = -1, .text = !out };
	struct copy_filter filter = { .has_to = true };
	uint64_t n = 10;

	if (!cli_number(a, "records", 1, UINT64_MAX - 1, &n))
		return 2;
	filter.to.record = n;
	if (cli_given(a, "json"))
		return cli_report(trace_json(a->arg[0], out ? out : "-", &filter, &err), &err);
	return cli_report(copy_through(a->arg[0], out ? out : "-", &filter, &write, &err), &err);
}

const struct verb_ops verb_trace_head_ops = {
	.name = "trace head",
	.summary = "cut off the first records of a trace",
	.usage = "TRACE.egt [-n N] [-o OUT.egt]",
	.description = "Prints the first N records as text or, with --json, as JSON, one object a line; or writes them as a "
		       "trace. A cut trace has no later records, so it loses the capability `complete`. It is the same as "
		       "--to N of trace convert.",
	.example = "engram trace head -n 1000000 -o short.egt workloads/samples/sqlite3.egt",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
