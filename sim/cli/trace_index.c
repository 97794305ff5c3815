/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace index - give a trace what it was written without: an index, and the state at its chunks. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "workloads/trace/reindex.h"

static const struct cli_option options[] = {
	{ "output", 'o', "FILE.egt", "write there instead of replacing the file", false },
	{ "level", 0, "N", "compression 0..19, 0 stores plainly (default 3)", false },
	{ "state-every", 0, "N", "tell the state before every Nth chunk of records (default 16)", false },
	{ "force", 0, NULL, "write a new index although there is one", false },
	{ NULL, 0, NULL, NULL, false }
};

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	struct reindex_options o = { .write = { .level = -1 }, .force = cli_given(a, "force") };
	const char *out = cli_value(a, "output");
	struct reindex_report report;
	uint64_t level = 3, every = 16;
	eg_status s;

	if (strcmp(a->arg[0], "-") == 0 || (out && strcmp(out, "-") == 0))
		return cli_usage("trace index works on files, not on a pipe; save it first");
	if (!cli_number(a, "level", 0, 19, &level) || !cli_number(a, "state-every", 1, 1000000, &every))
		return 2;
	o.write.level = (int)level;
	o.write.state_every = (uint32_t)every;
	s = trace_reindex(a->arg[0], out, &o, &report, &err);
	if (s == EG_OK && !a->quiet && report.had_one)
		fprintf(stderr, "%s: it has an index already; nothing to do\n", a->arg[0]);
	else if (s == EG_OK && !a->quiet)
		fprintf(stderr, "%s: indexed, %" PRIu64 " record%s, %" PRIu64 " state%s, content hash as before %s\n",
			out ? out : a->arg[0], report.records, cli_plural(report.records), report.states,
			cli_plural(report.states), report.content_hash);
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_index_ops = {
	.name = "trace index",
	.summary = "add an index and states to a trace that has none",
	.usage = "TRACE.egt [-o OUT.egt] [options]",
	.description = "A trace that was written without an index (with --no-index, by another program) can only be read "
		       "from its start. This writes it anew with an index and with the state (mappings, tasks, live objects) before every 16th chunk, so "
		       "that --from lands at once. The file is written beside, synced, compared by content hash with the "
		       "old one, and only then renamed in its place; when anything is wrong the old file stays.",
	.example = "engram trace index workloads/samples/sqlite3.egt -o indexed.egt",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
