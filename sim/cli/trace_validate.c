/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace validate - read a trace to its end and check all there is to check. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>

#include "workloads/trace/trace.h"

static const struct cli_option options[] = { { NULL, 0, NULL, NULL, false } };

static eg_status validate(const char *path, bool quiet, struct eg_errors *err)
{
	struct trace_open_options o = { .verify = true };
	struct trace_reader_info info;
	struct trace_reader *r;
	struct eg_block b;
	eg_status s;

	EG_TRY(trace_open(&r, path, &o, err));
	do
		s = trace_next(r, &b, err);
	while (s == EG_OK && b.kind != EG_BLOCK_END);
	trace_reader_info(r, &info);
	trace_close(r);
	if (s == EG_OK && info.unknown)
		s = eg_fail(err, EG_BAD_INPUT, "%s: whole, but %" PRIu64 " parts are of a newer version and were not read", path,
			    info.unknown);
	if (s == EG_OK && !quiet)
		printf("%s: valid, %" PRIu64 " records in %" PRIu64 " chunks, content hash %s\n", path, info.records,
		       info.chunks, info.content_hash);
	return s;
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	eg_status s = EG_OK;

	for (unsigned i = 0; i < a->nr; i++) {
		eg_status one = validate(a->arg[i], a->quiet, &err);

		s = s == EG_OK ? one : s;
	}
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_validate_ops = {
	.name = "trace validate",
	.summary = "check that traces are whole and undamaged",
	.usage = "TRACE.egt...",
	.description = "Reads each trace to its end: checksums, coding, the number of records and the content hash. The exit "
		       "code is 3 when one of them is damaged; the message says where, and what is intact.",
	.example = "engram trace validate sqlite3.egt",
	.options = options,
	.min_args = 1, .max_args = CLI_MAX_ARGS,
	.run = run,
};
