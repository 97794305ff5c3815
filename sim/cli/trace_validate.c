/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace validate - read traces to their ends and check all there is to check. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "workloads/trace/validate.h"

static const struct cli_option options[] = {
	{ "strict", 0, NULL, "records that cannot be true are failures too", false },
	{ "json", 0, NULL, "print JSON instead of text", false },
	{ NULL, 0, NULL, NULL, false }
};

/* "munmap_nothing 2 (first: record 17), ..." */
static void list_counts(const struct validate_report *r, bool defects, struct eg_str *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < SEMANTIC_KINDS; i++) {
		if (!r->count[i].nr || semantic_names[i].defect != defects)
			continue;
		eg_str_addf(out, "%s%s %" PRIu64 " (first: record %" PRIu64 ")", comma, semantic_names[i].key, r->count[i].nr,
			    r->count[i].first);
		comma = ", ";
	}
}

static const char *verdict_of(eg_status s, const struct validate_report *r)
{
	if (s == EG_BAD_INPUT && r->newer)
		return "newer";
	if (s == EG_BAD_INPUT && r->info.major)
		return "damaged";
	return s != EG_OK ? "not read" : r->defects ? "odd" : "valid";
}

static void text_verdict(const char *path, eg_status s, const struct validate_report *r, const char *why, struct eg_str *out)
{
	size_t name = strlen(path);

	if (s != EG_OK) {
		if (strncmp(why, path, name) == 0 && strncmp(why + name, ": ", 2) == 0)
			why += name + 2;
		eg_str_addf(out, "%s: %s (%" PRIu64 " record%s read): %.*s\n", path, verdict_of(s, r), r->info.records,
			    cli_plural(r->info.records), (int)strcspn(why, "\n"), why);
		return;
	}
	eg_str_addf(out, "%s: valid, %" PRIu64 " record%s in %" PRIu64 " chunk%s, content hash %s", path, r->info.records,
		    cli_plural(r->info.records), r->info.chunks, cli_plural(r->info.chunks), r->info.content_hash);
	if (r->info.indexed)
		eg_str_addf(out, ", index and %" PRIu64 " state%s agree", r->states, cli_plural(r->states));
	if (r->info.indexed && r->states_left)
		eg_str_addf(out, "; %" PRIu64 " state%s not compared, larger than the records before pay for", r->states_left,
			    cli_plural(r->states_left));
	if (r->defects) {
		eg_str_addf(out, "; %" PRIu64 " record%s cannot be true: ", r->defects, cli_plural(r->defects));
		list_counts(r, true, out);
	}
	eg_str_add(out, "\n");
}

static void json_verdict(const char *path, eg_status s, const struct validate_report *r, const char *why, bool first,
			 struct eg_str *out)
{
	const char *comma = "";

	eg_str_add(out, first ? "\n    {\"path\": " : ",\n    {\"path\": ");
	eg_str_add_json(out, path);
	eg_str_addf(out, ", \"verdict\": \"%s\", \"records\": %" PRIu64 ", \"chunks\": %" PRIu64 ", \"indexed\": %s, \"states\": %"
		    PRIu64 ", \"states_not_compared\": %" PRIu64 ", \"places\": %" PRIu64 ", \"content_hash\": \"%s\", \"cannot_be_true\": %" PRIu64 ",\n     \"semantic\": {",
		    verdict_of(s, r), r->info.records, r->info.chunks, r->info.indexed ? "true" : "false", r->states,
		    r->states_left, r->places, r->info.content_hash, r->defects);
	for (unsigned i = 0; i < SEMANTIC_KINDS; i++) {
		if (!r->count[i].nr)
			continue;
		eg_str_addf(out, "%s\"%s\": {\"count\": %" PRIu64 ", \"first\": %" PRIu64 ", \"defect\": %s}", comma,
			    semantic_names[i].key, r->count[i].nr, r->count[i].first, semantic_names[i].defect ? "true" : "false");
		comma = ", ";
	}
	eg_str_add(out, "}");
	if (s != EG_OK) {
		eg_str_add(out, ", \"error\": ");
		eg_str_add_json(out, why);
	}
	eg_str_add(out, "}");
}

static eg_status validate(const struct cli_args *a, const char *path, bool first, struct eg_errors *err, struct eg_str *out)
{
	struct validate_report report;
	unsigned before = err->nr;
	eg_status s = trace_validate(path, &report, err);
	const char *why = err->nr > before ? err->text[before] : eg_status_text(s);

	if (cli_given(a, "json"))
		json_verdict(path, s, &report, why, first, out);
	else if (!a->quiet)
		text_verdict(path, s, &report, why, out);
	if (s == EG_OK && report.defects && cli_given(a, "strict")) {
		struct eg_str counts = { 0 };

		list_counts(&report, true, &counts);
		s = eg_fail(err, EG_BAD_INPUT, "%s: %" PRIu64 " record%s cannot be true: %s (an error because of --strict)", path,
			    report.defects, cli_plural(report.defects), eg_str_text(&counts));
		eg_str_free(&counts);
	}
	return s;
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	struct eg_str out = { 0 };
	eg_status s = EG_OK;
	int printed;

	if (cli_given(a, "json"))
		eg_str_add(&out, "{\n  \"files\": [");
	for (unsigned i = 0; i < a->nr; i++) {
		eg_status one = validate(a, a->arg[i], i == 0, &err, &out);

		s = s == EG_OK ? one : s;
		if (!cli_given(a, "json") && out.len) {         /* a verdict as soon as it is known */
			printed = cli_print(&out);
			out = (struct eg_str){ 0 };
			if (printed != 0)
				return printed;
		}
	}
	if (cli_given(a, "json")) {
		eg_str_add(&out, "\n  ]\n}\n");
		printed = cli_print(&out);
		if (printed != 0)
			return printed;
	}
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_validate_ops = {
	.name = "trace validate",
	.summary = "check that traces are whole and undamaged",
	.usage = "TRACE.egt... [options]",
	.description = "Reads each trace to its end and prints one line about it: checksums, coding, the number of records and "
		       "the content hash; if it has an index, whether it leads to the right records and every state chunk "
		       "is what the records before it build. A state that is out of all proportion to the records "
		       "before it is not compared; how many is said. The exit code is 3 when a trace is damaged (the message says "
		       "where, and what is intact) or newer: whole, with parts that only a later engram knows.\n\n"
		       "Records that are well formed and cannot be true are counted by kind: time_back, dead_stream, "
		       "born_twice, double_allocation, double_free, munmap_nothing and others; with --strict they are "
		       "failures. Where the state before the first record is not known (capability `init`), a munmap or a "
		       "free of something unknown is no defect.",
	.example = "engram trace validate workloads/samples/sqlite3.egt",
	.options = options,
	.min_args = 1, .max_args = CLI_MAX_ARGS,
	.run = run,
};
