/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench - print the rates of this build on this host beside their goals and limits. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/str.h"
#include "sim/bench/bench.h"
#include "sim/bench/traces.h"
#include "sim/cli/meter.h"
#include "sim/cli/verb.h"

enum { ROUNDS = 5, QUICK_ROUNDS = 2 };

static const struct cli_option options[] = {
	{ "quick", 0, NULL, "shorter streams and 2 rounds: rough rates in a few seconds", false },
	{ "json", 0, NULL, "a JSON object with every value of every round", false },
	{ "only", 0, "NAME", "only rates (with --traces: traces) whose names begin so; may be repeated", true },
	{ "rounds", 0, "N", "rounds, 1 to 99; default 5, with --quick 2. A round before them is thrown away", false },
	{ "trace", 0, "FILE.egt", "also decode this trace", false },
	{ "traces", 0, "DIR", "instead: bytes an access and decode rates of the recordings below DIR and of the standard streams", false },
	{ "list", 0, NULL, "list the names and definitions, measure nothing", false },
	{ 0 }
};

struct telling {
	struct cli_meter meter;
	struct timespec  began;
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) * 1e-9;
}

/* Called as a group of rates begins its round; groups are not counted beforehand, so there is no share of the whole. */
static void progress(void *ctx, const char *name, unsigned round, unsigned rounds)
{
	struct telling *t = ctx;
	char text[64];

	(void)snprintf(text, sizeof(text), "measuring %.*s", (int)strcspn(name, "."), name);
	cli_meter_show(&t->meter, &(struct cli_meter_state){ .what = "rounds", .done = round, .total = rounds, .reused = round, .share = -1,
		       .elapsed = seconds_since(&t->began), .eta = -1, .text = text });
}

static int list_rates(bool json)
{
	struct eg_str out = { 0 };

	eg_str_add(&out, json ? "{\"schema\": 1, \"rates\": [" : "");
	for (unsigned i = 0; bench_rate_at(i); i++) {
		const struct bench_rate *r = bench_rate_at(i);

		if (!json) {
			eg_str_addf(&out, "%-24s %s\n", r->name, r->what);
			continue;
		}
		eg_str_addf(&out, "%s\n  {\"name\": ", i ? "," : "");
		eg_str_add_json(&out, r->name);
		eg_str_add(&out, ", \"unit\": ");
		eg_str_add_json(&out, r->unit);
		eg_str_add(&out, ", \"what\": ");
		eg_str_add_json(&out, r->what);
		eg_str_add(&out, "}");
	}
	eg_str_add(&out, json ? "\n]}\n" : "");
	return cli_print(&out);
}

/* ---- as text ------------------------------------------------------------------------------------------------- */

/* A value with three significant digits, NaN as "-". */
static const char *number(double v, char buf[24])
{
	if (isnan(v))
		(void)snprintf(buf, 24, "-");
	else
		(void)snprintf(buf, 24, "%.*f", fabs(v) >= 100 ? 0 : fabs(v) >= 10 ? 1 : 2, v);
	return buf;
}

static void print_host(const struct bench_host *h)
{
	printf("engram %s, %s, flags %s%s\n", h->version, h->compiler, h->flags, h->checks ? ", with assertions" : "");
	printf("%s, %u CPUs, %.1f GiB, %s, huge pages %s, AVX2 %s\n", h->cpu, h->cpus, (double)h->memory_bytes / 0x1p30, h->kernel,
	       h->huge_pages, h->avx2 ? "yes" : "no");
}

static void print_text(const struct bench_row *rows, unsigned nr, const struct bench_host *h, const struct bench_options *o, bool pinned)
{
	print_host(h);
	printf("CPU time of one thread, %s, median (smallest to largest) of %u rounds, each beside its limit%s\n\n",
	       pinned ? "pinned" : "not pinned", o->rounds, o->quick ? "; quick: rough" : "");
	printf("%-24s %-4s %8s %-18s %8s %6s %6s %6s  %s\n", "rate", "unit", "median", "(spread)", "limit", "share", "goal", "never",
	       "");
	for (unsigned i = 0; i < nr; i++) {
		const struct bench_rate *r = rows[i].rate;
		struct bench_summary s = bench_summarise(&rows[i]);
		char a[24], b[24], c[24], d[24], e[24], f[24], spread[64], share[24] = "-";

		(void)snprintf(spread, sizeof(spread), "(%s to %s)", number(s.min, a), number(s.max, b));
		if (!isnan(s.share))
			(void)snprintf(share, sizeof(share), "%.0f %%", s.share * 100);
		printf("%-24s %-4s %8s %-18s %8s %6s %6s %6s  %s\n", r->name, r->unit, number(s.median, c), spread,
		       number(s.limit_median, d), share, number(r->goal > 0 ? r->goal : NAN, e), number(r->never > 0 ? r->never : NAN, f),
		       s.below ? "BELOW" : s.reached ? "reached" : "");
	}
	printf("\nM/s: more is better; ns, ms, B: less is better. never: the worst that is acceptable.\n\n");
	for (unsigned i = 0; i < nr; i++) {
		printf("%-24s %s\n", rows[i].rate->name, rows[i].rate->what);
		if (rows[i].rate->limit)
			printf("%-24s limit: %s\n", "", rows[i].rate->limit);
	}
}

/* Bytes and rates are per access in every form; see traces.h. */
static void print_traces_text(const struct bench_trace_row *rows, unsigned nr, const struct bench_host *h,
			      const struct bench_options *o, bool pinned)
{
	print_host(h);
	printf("CPU time of one thread, %s, files in the page cache, median (smallest to largest) of %u rounds%s\n\n",
	       pinned ? "pinned" : "not pinned", o->rounds, o->quick ? "; quick: the first 2 million records" : "");
	printf("%-24s %-6s %10s %8s %8s %6s %9s %-16s\n", "trace", "form", "accesses", "coded B", "stored B", "limit", "decode M/s",
	       "(spread)");
	for (unsigned i = 0; i < nr; i++)
		for (unsigned k = 0; k < BENCH_NR_FORMS; k++) {
			const struct bench_trace_form *f = &rows[i].form[k];
			char a[24], b[24], c[24], limit[16] = "", nr_of[24] = "";

			if (k == BENCH_PLAIN)
				(void)snprintf(limit, sizeof(limit), "%.1f", rows[i].limit);
			if (k == BENCH_PLAIN)
				(void)snprintf(nr_of, sizeof(nr_of), "%" PRIu64, rows[i].accesses);
			printf("%-24s %-6s %10s %8.3f %8.3f %6s %9s  (%s to %s)%s\n", k == BENCH_PLAIN ? rows[i].name : "",
			       bench_form_name(k), nr_of, f->coded, f->stored, limit, number(f->median, a), number(f->min, b),
			       number(f->max, c), k == BENCH_PLAIN && f->coded > rows[i].limit ? "  ABOVE" : "");
		}
	printf("\nBytes and millions are of accesses in every form. plain: stored as coded. zstd: level 3. runs: 16 or more\n"
	       "accesses to a page as one record, zstd level 3 (places in the page are lost). limit: of coded bytes, 3.0 for\n"
	       "programs, 5.5 for random addresses.\n");
}

/* ---- as JSON --------------------------------------------------------------------------------------------------- */

static void add_number(struct eg_str *out, double v)
{
	if (isnan(v) || isinf(v))
		eg_str_add(out, "null");
	else
		eg_str_addf(out, "%.6g", v);
}

static void add_text(struct eg_str *out, const char *key, const char *text)
{
	eg_str_addf(out, "\"%s\": ", key);
	eg_str_add_json(out, text);
}

static void add_values(struct eg_str *out, const char *key, const double *v, unsigned nr)
{
	eg_str_addf(out, "\"%s\": [", key);
	for (unsigned i = 0; i < nr; i++) {
		eg_str_add(out, i ? ", " : "");
		add_number(out, v[i]);
	}
	eg_str_add(out, "]");
}

static void add_row(struct eg_str *out, const struct bench_row *row)
{
	const struct bench_rate *r = row->rate;
	struct bench_summary s = bench_summarise(row);
	const struct { const char *key; double v; } n[] = {
		{ "goal", r->goal > 0 ? r->goal : NAN }, { "never", r->never > 0 ? r->never : NAN },
		{ "median", s.median }, { "min", s.min }, { "max", s.max }, { "limit_median", s.limit_median },
		{ "limit_min", s.limit_min }, { "limit_max", s.limit_max }, { "share_of_limit", s.share },
		{ "cpu_seconds", row->cpu_seconds },
	};

	eg_str_add(out, "    {");
	add_text(out, "name", r->name);
	eg_str_add(out, ", ");
	add_text(out, "what", r->what);
	eg_str_add(out, ", ");
	add_text(out, "unit", r->unit);
	eg_str_add(out, ", ");
	add_text(out, "better", r->higher ? "more" : "less");
	eg_str_add(out, ", ");
	if (r->limit)
		add_text(out, "limit", r->limit);
	else
		eg_str_add(out, "\"limit\": null");
	for (unsigned i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		eg_str_addf(out, ", \"%s\": ", n[i].key);
		add_number(out, n[i].v);
	}
	eg_str_add(out, ", ");
	add_values(out, "rounds", row->value, row->nr);
	eg_str_add(out, ", ");
	add_values(out, "limit_rounds", row->limit, row->nr);
	eg_str_add(out, "}");
}

/* From the opening brace to the number of rounds. */
static void add_head(struct eg_str *to, const struct bench_host *h, const struct bench_options *o, bool pinned)
{
	eg_str_add(to, "{\n  \"schema\": 1,\n  ");
	add_text(to, "engram", h->version);
	eg_str_add(to, ",\n  \"build\": {");
	add_text(to, "compiler", h->compiler);
	eg_str_add(to, ", ");
	add_text(to, "flags", h->flags);
	eg_str_addf(to, ", \"assertions\": %s},\n  \"host\": {", h->checks ? "true" : "false");
	add_text(to, "cpu", h->cpu);
	eg_str_addf(to, ", \"cpus\": %u, \"memory_bytes\": %" PRIu64 ", ", h->cpus, h->memory_bytes);
	add_text(to, "kernel", h->kernel);
	eg_str_add(to, ", ");
	add_text(to, "huge_pages", h->huge_pages);
	eg_str_addf(to, ", \"avx2\": %s},\n", h->avx2 ? "true" : "false");
	eg_str_addf(to, "  \"clock\": \"CPU time of one thread\", \"pinned\": %s, \"quick\": %s, \"nr_rounds\": %u,\n",
		    pinned ? "true" : "false", o->quick ? "true" : "false", o->rounds);
}

static int print_json(const struct bench_row *rows, unsigned nr, const struct bench_host *h, const struct bench_options *o, bool pinned)
{
	struct eg_str out = { 0 };

	add_head(&out, h, o, pinned);
	eg_str_add(&out, "  \"rates\": [\n");
	for (unsigned i = 0; i < nr; i++) {
		add_row(&out, &rows[i]);
		eg_str_add(&out, i + 1 < nr ? ",\n" : "\n");
	}
	eg_str_add(&out, "  ]\n}\n");
	return cli_print(&out);
}

static int print_traces_json(const struct bench_trace_row *rows, unsigned nr, const struct bench_host *h,
			     const struct bench_options *o, bool pinned)
{
	struct eg_str out = { 0 };

	add_head(&out, h, o, pinned);
	eg_str_add(&out, "  \"traces\": [\n");
	for (unsigned i = 0; i < nr; i++) {
		eg_str_add(&out, "    {");
		add_text(&out, "name", rows[i].name);
		eg_str_addf(&out, ", \"accesses\": %" PRIu64 ", \"recording\": %s, \"coded_bytes_limit\": %.1f, \"forms\": {",
			    rows[i].accesses, rows[i].recording ? "true" : "false", rows[i].limit);
		for (unsigned k = 0; k < BENCH_NR_FORMS; k++) {
			const struct bench_trace_form *f = &rows[i].form[k];
			const struct { const char *key; double v; } n[] = {
				{ "coded_bytes", f->coded }, { "stored_bytes", f->stored }, { "median", f->median }, { "min", f->min },
				{ "max", f->max },
			};

			eg_str_addf(&out, "%s\"%s\": {", k ? ", " : "", bench_form_name(k));
			for (unsigned j = 0; j < sizeof(n) / sizeof(n[0]); j++) {
				eg_str_addf(&out, "%s\"%s\": ", j ? ", " : "", n[j].key);
				add_number(&out, n[j].v);
			}
			eg_str_add(&out, "}");
		}
		eg_str_addf(&out, "}}%s\n", i + 1 < nr ? "," : "");
	}
	eg_str_add(&out, "  ]\n}\n");
	return cli_print(&out);
}

static int run(const struct cli_args *a)
{
	struct bench_options o = { .quick = cli_given(a, "quick"), .trace = cli_value(a, "trace") };
	const char *tmp = getenv("TMPDIR"), *only[BENCH_MAX_ONLY + 1] = { NULL };
	uint64_t rounds = o.quick ? QUICK_ROUNDS : ROUNDS;
	struct eg_arena arena = { 0 };
	static struct eg_errors err;    /* large; a verb runs once */
	static const char *const of_runs[] = { "quick", "only", "rounds", "trace", "traces", NULL };
	struct telling telling;
	struct bench_host host;
	const char *dir = cli_value(a, "traces");
	struct bench_trace_row *traces = NULL;
	struct bench_row *rows = NULL;
	unsigned nr = 0;
	char scratch[4096];
	bool pinned;
	eg_status s;
	int rc;

	for (unsigned i = 0; cli_given(a, "list") && of_runs[i]; i++)
		if (cli_given(a, of_runs[i]))
			return cli_usage("bench: --list measures nothing: --%s has no meaning with it", of_runs[i]);
	if (cli_given(a, "list"))
		return list_rates(a->json);
	if (dir && o.trace)
		return cli_usage("bench: --trace adds a rate, --traces measures other things: give one of them");
	if (!cli_number(a, "rounds", 1, BENCH_MAX_ROUNDS, &rounds))
		return eg_status_exit_code(EG_USAGE);
	o.rounds = (unsigned)rounds;
	for (unsigned i = 0; i < BENCH_MAX_ONLY && cli_values(a, "only")[i]; i++)
		only[i] = cli_values(a, "only")[i];
	o.only = only;
	cli_meter_init(&telling.meter, a);
	(void)clock_gettime(CLOCK_MONOTONIC, &telling.began);
	o.progress = progress;
	o.progress_ctx = &telling;
	if ((size_t)snprintf(scratch, sizeof(scratch), "%s/engram-bench-XXXXXX", tmp && *tmp ? tmp : P_tmpdir) >= sizeof(scratch) ||
	    !mkdtemp(scratch))
		return cli_report(eg_fail_errno(&err, false, "%s: no scratch directory", scratch), &err);
	o.scratch = scratch;
	pinned = bench_pin();
	s = dir ? bench_traces(dir, &o, &arena, &traces, &nr, &err) : bench_run(&o, &arena, &rows, &nr, &err);
	(void)rmdir(scratch);
	cli_meter_show(&telling.meter, &(struct cli_meter_state){ .what = "rounds", .done = o.rounds, .total = o.rounds, .share = 1,
		       .elapsed = seconds_since(&telling.began), .eta = -1, .end = true });
	rc = cli_report(s, &err);
	if (s == EG_OK) {
		bench_host_facts(&host);
		if (!host.optimised && !a->quiet)
			fputs("engram: built without optimisation: these rates mean nothing\n", stderr);
		if (a->json && dir)
			rc = print_traces_json(traces, nr, &host, &o, pinned);
		else if (dir)
			print_traces_text(traces, nr, &host, &o, pinned);
		else if (a->json)
			rc = print_json(rows, nr, &host, &o, pinned);
		else
			print_text(rows, nr, &host, &o, pinned);
	}
	eg_arena_free_all(&arena);
	return rc;
}

const struct verb_ops verb_bench_ops = {
	.name        = "bench",
	.summary     = "how fast this build is on this host, beside goals and limits",
	.usage       = "[options]",
	.description = "Measures the rates that a run is made of: accesses, faults, fork, page allocation, events, trace\n"
		       "decoding, a whole run from file to report, host memory a frame, machine set-up. Each is measured in\n"
		       "turns with a limit, a minimal loop over nothing but the data structure, so that the share of the\n"
		       "limit can be compared between hosts; absolute numbers are for the record. Takes about two\n"
		       "minutes and 1 GiB of memory; scratch files go to $TMPDIR.\n\n"
		       "With --traces it measures instead what the container makes of reference traces: bytes an access and\n"
		       "decode rates, stored plainly, compressed and as page runs, beside the bytes that the format allows. DIR\n"
		       "holds a folder NAME for each recording with its log, trace.lackey.zst, or is the folder above\n"
		       "traces/access/. The five standard address streams are measured with them.\n\n"
		       "Wall-clock time does not matter to it: all times are CPU time of one thread.",
	.example     = "engram bench --quick --only access --only fault",
	.options     = options,
	.min_args    = 0,
	.max_args    = 0,
	.run         = run,
};
