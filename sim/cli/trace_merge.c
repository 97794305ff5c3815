/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace merge - several recordings as one trace. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/param.h"
#include "workloads/trace/merge.h"

static const struct cli_option options[] = {
	{ "output", 'o', "FILE.egt", "the trace to write; - is standard output (required)", false },
	{ "offset", 0, "TIME", "shift a file's times by TIME (10ms); the first --offset belongs to the first file, and so on",
	  true },
	{ "by-origin", 0, NULL, "shift the files by when their first records were (metadata time_origin, as strace -ttt gives "
	  "it)", false },
	{ "layout", 0, "auto|split|concatenate", "by time if all have times, else split (default auto); split anyway; or, without "
	  "times, file after file, which more than 256 streams need", false },
	{ "level", 0, "N", "compression 0..19, 0 stores plainly (default 3)", false },
	{ NULL, 0, NULL, NULL, false }
};

static bool parse_offsets(const struct cli_args *a, struct merge_input *in)
{
	const struct eg_param time = { .name = "offset", .type = EG_PARAM_TIME };
	const char *const *text = cli_values(a, "offset");
	char why[256];

	for (unsigned i = 0; text[i]; i++) {
		struct eg_value v = { 0 };

		if (i == a->nr) {
			(void)cli_usage("--offset: there are more offsets than files");
			return false;
		}
		if (eg_param_parse(&time, text[i], &v, why, sizeof(why)) != EG_OK) {
			(void)cli_usage("--offset: %s", why);
			return false;
		}
		in[i].offset = v.u;
	}
	return true;
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	static struct merge_input in[MERGE_FILES];
	struct trace_write_options write = { .level = -1 };
	const char *out = cli_value(a, "output");
	struct merge_report report;
	uint64_t level = 3;
	char caps[512];
	eg_status s = EG_OK;

	if (!out)
		return cli_usage("where to? give -o FILE (- is standard output)");
	for (unsigned i = 0; i < a->nr; i++) {
		in[i].path = a->arg[i];
		if (strcmp(a->arg[i], "-") == 0)
			return cli_usage("trace merge reads files; a pipe is not one");
	}
	if (!cli_number(a, "level", 0, 19, &level) || !parse_offsets(a, in))
		return 2;
	write.level = (int)level;
	if (cli_given(a, "by-origin"))
		s = merge_by_origin(in, a->nr, &err);
	if (s == EG_OK)
		s = merge_traces(in, a->nr, out, (enum merge_layout)cli_choice(a, "layout", MERGE_AUTO), &write, &report, &err);
	if (s == EG_OK && !a->quiet) {
		trace_capability_names(report.capabilities, caps, sizeof(caps));
		fprintf(stderr, "%s: %u files, %s\n", strcmp(out, "-") == 0 ? "standard output" : out, a->nr,
			report.by_time ? "by time" : cli_choice(a, "layout", MERGE_AUTO) == MERGE_CONCATENATE ?
			"one after the other: not all have times, so nothing says what came first" :
			cli_choice(a, "layout", MERGE_AUTO) == MERGE_SPLIT ? "each stream apart (split layout), without order" :
			"without order: not all have times, so each stream stands apart (split layout)");
		fprintf(stderr, "  %-32s %" PRIu64 "\n", "records", report.records);
		if (report.unknown)
			fprintf(stderr, "  %-32s %" PRIu64 "\n", "dropped.unknown", report.unknown);
		fprintf(stderr, "  %-32s %u\n  %-32s %s\n  %-32s %s\n", "streams", report.streams, "capabilities", caps, "content_hash", report.content_hash);
	}
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_merge_ops = {
	.name = "trace merge",
	.summary = "several recordings as one trace",
	.usage = "A.egt B.egt... -o OUT.egt [options]",
	.description = "Joins traces of processes that ran side by side. Streams get new numbers, named in the metadata "
		       "(stream.N); page blocks, heap objects and unnamed files are kept apart, files of one name are one. "
		       "The result has the capabilities that all files have.\n\n"
		       "When all have times, records follow each other by time, equal times in the order of the files; "
		       "every trace counts its times from its own first record, --by-origin shifts them by the clock and --offset by hand. Without times "
		       "there is no order between files: the result then has the split layout and lacks `order`.",
	.example = "engram trace merge workloads/samples/sqlite3.egt workloads/samples/sqlite3.egt -o two.egt",
	.options = options,
	.min_args = 2, .max_args = MERGE_FILES,
	.run = run,
};
