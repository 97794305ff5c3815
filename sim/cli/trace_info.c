/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace info - what a trace is, knows and holds. */
#include "sim/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "workloads/trace/stats.h"

static const struct cli_option options[] = {
	{ "json", 0, NULL, "print JSON instead of text", false },
	{ "no-count", 0, NULL, "read the header only: no record is counted", false },
	{ NULL, 0, NULL, NULL, false }
};

struct fact {
	const char *name;
	uint64_t    value;
	bool        hex;
};

static unsigned facts_of(const struct trace_stats *st, const struct trace_reader_info *info, struct fact f[64])
{
	bool data = st->min_data_addr <= st->max_data_addr;
	unsigned n = 0;

#define FACT(...) (f[n++] = (struct fact){ __VA_ARGS__ })
	FACT("records", info->records, false);
	FACT("streams", info->streams ? info->streams : st->streams, false);
	FACT("accesses", st->accesses, false);
	FACT("fetches", st->kind[EG_ACCESS_FETCH], false);
	FACT("loads", st->kind[EG_ACCESS_READ], false);
	FACT("stores", st->kind[EG_ACCESS_WRITE], false);
	FACT("modifies", st->kind[EG_ACCESS_MODIFY], false);
	FACT("bytes_loaded", st->bytes_loaded, false);
	FACT("bytes_stored", st->bytes_stored, false);
	FACT("data_straddles_4k", st->data_straddles, false);
	FACT("fetch_straddles_4k", st->fetch_straddles, false);
	FACT("data_pages_4k", st->data_pages, false);
	FACT("all_pages_4k", st->all_pages, false);
	if (data) {
		FACT("min_data_addr", st->min_data_addr, true);
		FACT("max_data_addr", st->max_data_addr, true);
	}
	for (unsigned i = 1; i < EG_OP_CODES && n < 60; i++)
		if (st->op[i])
			FACT(eg_op_name(i), st->op[i], false);
	FACT("init_ops", st->init_ops, false);
	FACT("failed_ops", st->failed_ops, false);
	if (st->first_time != EG_TIME_NONE)
		FACT("duration_ps", st->last_time - st->first_time, false);
#undef FACT
	return n;
}

static const char *layout_of(const struct trace_reader_info *info)
{
	return info->split ? "split" : "interleaved";
}

static void print_text(const char *path, const struct trace_reader *r, const struct trace_reader_info *info,
		       const struct fact *f, unsigned nr)
{
	struct eg_str shown = { 0 };
	const char *key, *value;
	char caps[512];

	trace_capability_names(trace_capabilities(r), caps, sizeof(caps));
	printf("%s: .egt %u.%u\n", path, info->major, info->minor);
	printf("  %-24s %s\n", "content_hash", info->content_hash[0] ? info->content_hash : "unknown (no trailer)");
	printf("  %-24s %s\n", "capabilities", caps);
	printf("  %-24s %s\n", "layout", layout_of(info));
	if (info->indexed)
		printf("  %-24s yes, %" PRIu64 " states%s\n", "index", info->states,
		       info->split ? "" : " (--from lands without reading from the start)");
	else
		printf("  %-24s no index (streamed); engram trace index adds one\n", "index");
	if (info->total)
		printf("  %-24s %" PRIu64 "\n", "records_in_file", info->total);
	for (unsigned i = 0; trace_metadata_at(r, i, &key, &value); i++)
		if (strcmp(key, "capabilities") != 0) {
			shown.len = 0;
			eg_str_add_visible(&shown, value);
			printf("  %-24s %s\n", key, eg_str_text(&shown));
		}
	eg_str_free(&shown);
	for (unsigned i = 0; i < nr; i++)
		printf(f[i].hex ? "  %-24s 0x%" PRIx64 "\n" : "  %-24s %" PRIu64 "\n", f[i].name, f[i].value);
	if (info->chunks)
		printf("  %-24s %" PRIu64 " (%.2f bytes a record before compression, %.2f stored)\n", "record_chunks", info->chunks,
		       (double)info->raw_bytes / (double)info->records, (double)info->stored_bytes / (double)info->records);
}

static int print_json(const char *path, const struct trace_reader *r, const struct trace_reader_info *info,
		       const struct fact *f, unsigned nr)
{
	struct eg_str out = { 0 };
	const char *key, *value;
	char caps[512];

	trace_capability_names(trace_capabilities(r), caps, sizeof(caps));
	eg_str_add(&out, "{\n  \"path\": ");
	eg_str_add_json(&out, path);
	eg_str_addf(&out, ",\n  \"version\": \"%u.%u\",\n  \"content_hash\": \"%s\",\n  \"capabilities\": [", info->major,
		    info->minor, info->content_hash);
	for (char *p = caps, *next; *p; p = next) {
		size_t len = strcspn(p, " ");

		next = p + len + strspn(p + len, " ");
		eg_str_addf(&out, "%s\"%.*s\"", p == caps ? "" : ", ", (int)len, p);
	}
	eg_str_addf(&out, "],\n  \"layout\": \"%s\",\n  \"indexed\": %s,\n  \"states\": %" PRIu64 ",\n  \"streams\": %u,\n"
		    "  \"total\": %" PRIu64 ",\n  \"metadata\": {", layout_of(info), info->indexed ? "true" : "false",
		    info->states, info->streams, info->total);
	for (unsigned i = 0; trace_metadata_at(r, i, &key, &value); i++) {
		eg_str_add(&out, i ? ",\n    " : "\n    ");
		eg_str_add_json(&out, key);
		eg_str_add(&out, ": ");
		eg_str_add_json(&out, value);
	}
	eg_str_add(&out, "\n  },\n  \"counts\": {");
	for (unsigned i = 0; i < nr; i++)
		eg_str_addf(&out, "%s\"%s\": %" PRIu64, i ? ",\n    " : "\n    ", f[i].name, f[i].value);
	eg_str_addf(&out, "\n  },\n  \"record_chunks\": %" PRIu64 ",\n  \"raw_bytes\": %" PRIu64 ",\n  \"stored_bytes\": %" PRIu64
		    "\n}\n", info->chunks, info->raw_bytes, info->stored_bytes);
	return cli_print(&out);
}

static eg_status count(struct trace_reader *r, struct trace_stats *st, struct eg_errors *err)
{
	struct eg_block b;

	do {
		EG_TRY(trace_next(r, &b, err));
		trace_stats_add(st, &b);
	} while (b.kind != EG_BLOCK_END);
	if (trace_stats_end(st) != EG_OK)
		return eg_fail(err, EG_NO_MEMORY, "out of memory for the set of pages");
	return EG_OK;
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	struct trace_stats *st = trace_stats_new();
	struct trace_reader_info info;
	struct trace_reader *r = NULL;
	struct fact f[64];
	unsigned nr = 0;
	int rc = 0;
	eg_status s;

	if (!st)
		return cli_report(eg_fail(&err, EG_NO_MEMORY, "out of memory"), &err);
	s = trace_open(&r, a->arg[0], NULL, &err);
	if (s == EG_OK && !cli_given(a, "no-count"))
		s = count(r, st, &err);
	if (s == EG_OK) {
		trace_reader_info(r, &info);
		if (!cli_given(a, "no-count"))
			nr = facts_of(st, &info, f);
		if (cli_given(a, "json"))
			rc = print_json(a->arg[0], r, &info, f, nr);
		else
			print_text(a->arg[0], r, &info, f, nr);
	}
	trace_close(r);
	trace_stats_free(st);
	return s == EG_OK ? rc : cli_report(s, &err);
}

const struct verb_ops verb_trace_info_ops = {
	.name = "trace info",
	.summary = "show what a trace is, knows and holds",
	.usage = "TRACE.egt [options]",
	.description = "Prints the identity (content hash), the capabilities, the metadata and, after reading the whole "
		       "trace once, how many records of each kind it has, the bytes they touch and the distinct 4 KiB "
		       "pages. A modify counts as a load and a store in bytes; an access that straddles a page counts "
		       "both pages. TRACE may be - for standard input.\n\n"
		       "`layout` says whether the streams stand in one order or apart (split); `index` whether the file "
		       "can be entered in the middle, and before how many chunks it tells the state.",
	.example = "engram trace info workloads/samples/sqlite3.egt",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
