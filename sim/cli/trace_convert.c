/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace convert - import a recording, or rewrite a trace. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/param.h"
#include "sim/cli/trace_cut.h"
#include "workloads/trace/import.h"

static const struct cli_option options[] = {
	{ "output", 'o', "FILE", "where to write; - is standard output (required)", false },
	{ "format", 0, "NAME", "format of the input (default: found by content)", false },
	{ "level", 0, "N", "compression 0..19, 0 stores plainly (default 3)", false },
	{ "chunk", 0, "SIZE", "size of a chunk, 64KiB to 8MiB (default 1MiB)", false },
	{ "vma", 0, "infer|none", "make mappings around the touched pages, or not (default: as the format needs)", false },
	{ "text", 0, NULL, "write the text form", false },
	TRACE_CUT_OPTIONS,
	{ "coalesce", 0, "page[=MIN]", "runs of at least MIN accesses to one page become one record each (default 16)", false },
	{ "layout", 0, "interleaved|split", "streams in one order, or each in chunks of its own without order (default "
	  "as the input)", false },
	{ "no-index", 0, NULL, "write no index and no state: the file is smaller and cannot be entered in the middle", false },
	{ "egt-version", 0, "1.0|1.1", "highest format version that may be written (default: the newest that is needed)", false },
	{ "keep-intact", 0, NULL, "the first damaged record ends the trace; what precedes it is kept", false },
	{ "skip-bad", 0, "N", "leave out up to N damaged records (.egt: any damaged chunk)", false },
	{ "strict", 0, NULL, "records that cannot be true are errors", false },
	{ NULL, 0, NULL, NULL, false }
};

static void print_report(const struct import_report *r, const char *in, const char *out)
{
	char caps[512];

	trace_capability_names(r->capabilities, caps, sizeof(caps));
	fprintf(stderr, "%s: from %s\n", strcmp(out, "-") == 0 ? "standard output" : out, r->format);
	for (unsigned i = 0; i < r->nr; i++)
		fprintf(stderr, "  %-32s %" PRIu64 "\n", r->count[i].name, r->count[i].value);
	fprintf(stderr, "  %-32s %s\n  %-32s %s\n", "capabilities", caps, "content_hash", r->content_hash);
	for (unsigned i = 0; i < r->nr_places; i++)
		fprintf(stderr, "  left out: %s:%s\n", in, r->place[i]);
	if (r->nr_places == IMPORT_PLACES)
		fprintf(stderr, "  (the first %u places; dropped.bad_lines counts all)\n", IMPORT_PLACES);
	if (r->damaged_end)
		fprintf(stderr, "  the end of the input is damaged; what precedes it was kept\n");
}

static bool parse_chunk(const char *text, uint32_t *bytes)
{
	const struct eg_param p = { .name = "chunk", .type = EG_PARAM_SIZE, .min = "64KiB", .max = "8MiB" };
	struct eg_value v = { 0 };
	char why[256];

	if (eg_param_parse(&p, text, &v, why, sizeof(why)) != EG_OK) {
		(void)cli_usage("--chunk: %s", why);
		return false;
	}
	*bytes = (uint32_t)v.u;
	return true;
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	static struct import_report report;
	const char *out = cli_value(a, "output"), *chunk = cli_value(a, "chunk");
	struct copy_filter filter = { .coalesce = 0 };
	struct import_options o = {
		.format = cli_value(a, "format"), .vma = cli_value(a, "vma"),
		.keep_intact = cli_given(a, "keep-intact"), .strict = cli_given(a, "strict"),
		.filter = &filter,
		.write = { .level = -1, .text = cli_given(a, "text"), .no_index = cli_given(a, "no-index"),
			   .split = cli_choice(a, "layout", 0) == 1 },
	};
	uint64_t level = 3;
	eg_status s;

	if (cli_choice(a, "egt-version", 1) == 0) {
		o.write.minor = TRACE_MINOR_0;
		o.write.no_index = true;        /* 1.0 had none */
	}

	if (!out)
		return cli_usage("where to? give -o FILE (- is standard output)");
	if (!cli_number(a, "level", 0, 19, &level) || !cli_number(a, "skip-bad", 0, UINT64_MAX, &o.skip_bad) ||
	    (chunk && !parse_chunk(chunk, &o.write.chunk_bytes)) || !trace_cut_parse(a, &filter) ||
	    !trace_coalesce_parse(cli_value(a, "coalesce"), &filter))
		return 2;
	filter.interleave = cli_choice(a, "layout", 1) == 0;
	o.write.level = (int)level;
	s = import_file(a->arg[0], out, &o, &report, &err);
	if (s == EG_OK && !a->quiet)
		print_report(&report, strcmp(a->arg[0], "-") == 0 ? "standard input" : a->arg[0], out);
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_convert_ops = {
	.name = "trace convert",
	.summary = "import a recording, or rewrite a trace",
	.usage = "INPUT -o OUTPUT [options]",
	.description = "Reads a recording and writes an .egt trace (or its text form). Formats, found by content: lackey "
		       "(valgrind --tool=lackey --trace-mem=yes), strace (strace -f -ttt -y), the text form, and .egt itself, "
		       "which is rewritten with other settings. The input may be compressed with gzip, xz, bzip2 or zstd, "
		       "and may be - for standard input. Record with one of:\n"
		       "  valgrind --tool=lackey --trace-mem=yes --log-file=app.lackey CMD\n"
		       "  strace -f -ttt -y -s 0 -e trace=%memory,%process,%desc -o app.strace CMD\n\n"
		       "Formats without mappings (lackey) get regions inferred from the touched pages; the trace then lacks "
		       "the capability `vma`. What was read, dropped and odd is printed and kept as import.* metadata.\n\n"
		       "A damaged or malformed input stops at the first bad record (exit code 3). --keep-intact takes what "
		       "precedes it, --skip-bad=N goes on after up to N of them; both take the capability `complete`.\n\n"
		       "--from, --to and --stream take a part, --coalesce page replaces stays in one page by counts: exact "
		       "for TLBs and page faults, without sizes. Each is written into the metadata and can only remove "
		       "capabilities. A recording is imported whole first, so cuts count records of the trace.",
	.example = "engram trace convert workloads/samples/sqlite3.egt --from 1000000 --to 2000000 --coalesce page -o part.egt",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
