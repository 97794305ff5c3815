/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_claim - claims judged on results that were written to make them hold, fail or stay open. Intervals are held against
 * GSL's statistics and against numbers worked out by hand.
 */
#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "results/claim.h"
#include "results/claim_exact.h"
#include "tests/tap.h"

#define FILE_NAME "test_claim.h5"
#define T4        2.7764451051977987          /* Student's t, 4 degrees of freedom, 97.5 % */
#define T1        12.706204736174707          /* ... 1 degree */
#define MAX_SEEDS 8u

static const char *const thp[] = { "never", "always" };
static const char *const cores[] = { "1", "2", "4" };
static const struct result_axis axes[] = { { "policy.thp", 2, thp }, { "machine.cores", 3, cores } };

enum { LATENCY, COUNT, SAME, ZERO, HOLE, LINE, BYTES, NR_METRICS };
static const struct run_column columns[NR_METRICS] = {
	[LATENCY] = { "latency.p99", "ns", "a latency", RUN_VALUE, -1 }, [COUNT] = { "count", "1", "a count", RUN_COUNTER, 0 },
	[SAME] = { "same", "1", "equal for all seeds", RUN_COUNTER, 0 }, [ZERO] = { "zero", "1", "often zero", RUN_COUNTER, 0 },
	[HOLE] = { "hole", "1", "not there for seed 2", RUN_VALUE, 0 }, [LINE] = { "line", "ns", "linear in cores", RUN_VALUE, 0 },
	[BYTES] = { "bytes", "bytes", "a size", RUN_GAUGE, 0 },
};
static const double noise[MAX_SEEDS] = { 0.1, -0.3, 0.25, -0.05, 0.4, -0.2, 0.15, 0.02 };

/* What the files hold: point = thp * 3 + core index. */
static double value(unsigned metric, unsigned point, unsigned seed)
{
	double n = noise[seed], core = point % 3 == 2 ? 4 : point % 3 + 1, always = point / 3;

	switch (metric) {
	case LATENCY:           /* twice as long with thp always; noise that is mostly of the seed, so that pairs see little of it */
		return 1000 * (1 + n) * (1 + always * (1 + 0.01 * noise[(seed + point) % MAX_SEEDS]));
	case COUNT:
		return 100 + 10 * n + core;
	case SAME:
		return 7 + 3 * always;
	case ZERO:
		return point == 0 ? 0 : 5;
	case HOLE:
		return seed == 1 ? (double)NAN : 1;
	case LINE:
		return 50 + (20 + n) * core;
	default:
		return 0x1p20 * (1 + 0.001 * n);
	}
}

/* Write the file with n seeds; `lost`: a cell that is missing, or 1000; `change` is added to one value of it. */
static void write_file(const char *name, unsigned nr_seeds, unsigned lost, double change)
{
	static struct eg_errors err;
	uint64_t seeds[MAX_SEEDS];
	const char *path[6 * MAX_SEEDS] = { 0 };
	struct result_experiment x = { .name = "claims", .nr_axes = 2, .axes = axes, .nr_seeds = nr_seeds, .seeds = seeds,
				       .resolved_yaml = "a: 1\n", .original_yaml = "a: 1\n", .config_sha256 = "00", .engram_version = "0" };
	eg_status s = EG_OK;

	for (unsigned i = 0; i < nr_seeds; i++)
		seeds[i] = i + 1;
	for (unsigned i = 0; i < 6 * nr_seeds && s == EG_OK; i++) {
		unsigned point = i / nr_seeds, seed = i % nr_seeds;
		struct result_coord at[] = { { "policy.thp", thp[point / 3] }, { "machine.cores", cores[point % 3] } };
		char file[64], hash[65];
		struct result_cell_info info = { i, hash, seed + 1, 2, at, "a: 1\n" };
		struct run_column copy[NR_METRICS];
		double v[NR_METRICS];
		struct run_result r = { .nr_summary = NR_METRICS, .summary_columns = copy, .summary = v };

		memcpy(copy, columns, sizeof(copy));
		for (unsigned m = 0; m < NR_METRICS; m++)
			v[m] = value(m, point, seed);
		v[COUNT] += i == 3 ? change : 0;
		(void)snprintf(hash, sizeof(hash), "%064x", i + 1);
		(void)snprintf(file, sizeof(file), "test_claim.cell.%u", i);
		path[i] = eg_strdup(file);
		if (i != lost)
			s = result_write_cell(file, &info, &r, &err);
	}
	if (s == EG_OK)
		s = result_merge(name, &x, 6 * nr_seeds, path, lost < 1000, &err);
	for (unsigned i = 0; i < 6 * nr_seeds; i++) {
		(void)unlink(path[i]);
		eg_free((void *)(uintptr_t)path[i]);
	}
	ok(s == EG_OK, "%s with %u seeds%s%s", name, nr_seeds, err.nr ? ": " : "", err.nr ? err.text[0] : "");
}

/* ---- one claim ------------------------------------------------------------------------------------ */

static struct result_file *file;
static struct eg_arena arena;
static struct claim_report report;
static struct eg_errors errors;

#define AT(...) (struct result_coord[]){ __VA_ARGS__ }
#define ALWAYS  { "policy.thp", "always" }
#define NEVER   { "policy.thp", "never" }
#define CORE(n) { "machine.cores", n }

static struct claim claim_of(const char *metric, const char *sentence)
{
	struct claim c = { .id = "C", .text = "text", .metric = metric, .sentence = sentence, .where = "x.yaml:1:2" };
	char why[300];

	if (!expr_parse(&c.expr, metric, "", NULL, NULL) || claim_expect_parse(sentence, &c.expect, &arena, why, sizeof(why)) != EG_OK)
		ok(false, "%s: %s: %s", metric, sentence, why);
	return c;
}

static struct claim place(struct claim c, unsigned nr_of, struct result_coord *of, unsigned nr_vs, struct result_coord *vs)
{
	c.of = eg_arena_alloc(&arena, nr_of + 1, sizeof(*of));
	c.vs = eg_arena_alloc(&arena, nr_vs + 1, sizeof(*vs));
	for (unsigned i = 0; i < nr_of; i++)
		c.of[i] = of[i];
	for (unsigned i = 0; i < nr_vs; i++)
		c.vs[i] = vs[i];
	c.nr_of = nr_of;
	c.nr_vs = nr_vs;
	return c;
}

static const struct claim_judged *judge(struct claim c)
{
	struct claim *kept = eg_arena_alloc(&arena, 1, sizeof(*kept));
	const struct claim *list[] = { kept };
	eg_status s;

	*kept = c;
	claim_report_free(&report);
	errors.nr = 0;
	s = claim_judge(&report, file, list, 1, &errors);
	return s == EG_OK ? report.claims : NULL;
}

static void verdict(struct claim c, enum claim_verdict want, const char *what)
{
	const struct claim_judged *j = judge(c);

	ok(j && j->verdict == want, "%s: %s: %s (%s)", what, c.sentence, claim_verdict_text(want),
	   j ? claim_verdict_text(j->verdict) : errors.text[0]);
}

static void near_to(double got, double want, const char *what)
{
	ok(fabs(got - want) <= 1e-12 * fmax(1, fabs(want)), "%s: %.15g, wanted %.15g", what, got, want);
}

static void open_file(unsigned nr_seeds, unsigned lost)
{
	result_close(file);
	write_file(FILE_NAME, nr_seeds, lost, 0);
	ok(result_open(FILE_NAME, &file, &errors) == EG_OK, "it can be read");
}

/* ---- what is tested ------------------------------------------------------------------------------- */

static void values(void)
{
	const struct claim_judged *j;
	struct claim c;
	double v[5], half;

	for (unsigned s = 0; s < 5; s++)
		v[s] = value(COUNT, 4, s);
	half = T4 * gsl_stats_sd(v, 1, 5) / sqrt(5);
	c = place(claim_of("count", "value > 97"), 2, AT(ALWAYS, CORE("2")), 0, NULL);
	j = judge(c);
	ok(j && j->nr_places == 1 && j->places[0].nr_parts == 1 && j->places[0].point == 4, "one place, one part");
	near_to(j->places[0].parts[0].estimate, gsl_stats_mean(v, 1, 5), "mean as GSL's");
	near_to(j->places[0].parts[0].low, gsl_stats_mean(v, 1, 5) - half, "lower end");
	near_to(j->places[0].parts[0].high, gsl_stats_mean(v, 1, 5) + half, "upper end");
	near_to(j->places[0].parts[0].margin, gsl_stats_mean(v, 1, 5) - half - 97, "margin");
	ok(j->verdict == CLAIM_PASS && j->places[0].parts[0].n == 5 && !j->places[0].parts[0].all_equal, "passes, with 5 seeds");
	verdict(place(claim_of("count", "value < 97"), 1, AT(CORE("2")), 0, NULL), CLAIM_FAIL, "the whole interval is above");
	verdict(place(claim_of("count", "value > 103"), 1, AT(CORE("2")), 0, NULL), CLAIM_UNDECIDED, "the bound is inside");
	/* mean 102.8, sd 2.7065: t sd / sqrt(n) < 0.2 from (1.9633 * 2.7065 / 0.2)^2 = 705.9 on */
	ok(strstr(report.claims->places[0].parts[0].why, "about 706 seeds could tell") != NULL, "%s", report.claims->places[0].parts[0].why);
	verdict(place(claim_of("count", "value in [97, 108]"), 1, AT(CORE("2")), 0, NULL), CLAIM_PASS, "inside");
	verdict(place(claim_of("count", "value in [99, 103]"), 1, AT(CORE("2")), 0, NULL), CLAIM_UNDECIDED, "wider than the range");
	verdict(place(claim_of("count", "value = 100 within 10 %"), 1, AT(CORE("2")), 0, NULL), CLAIM_PASS, "within");
	verdict(place(claim_of("count", "value = 200 within 10 %"), 1, AT(CORE("2")), 0, NULL), CLAIM_FAIL, "not within");
	verdict(claim_of("count", "value > 90"), CLAIM_PASS, "at every point");
	ok(report.claims->nr_places == 6, "six places");
	verdict(claim_of("same", "value > 8"), CLAIM_FAIL, "at half of the points");
	ok(report.claims->places[0].verdict == CLAIM_FAIL && report.claims->places[3].verdict == CLAIM_PASS, "each is judged");
	verdict(place(claim_of("same", "value = 7"), 1, AT(NEVER), 0, NULL), CLAIM_PASS, "all seeds equal");
	ok(report.claims->places[0].parts[0].all_equal, "... and that is said");
	verdict(place(claim_of("same", "value > 7"), 1, AT(NEVER), 0, NULL), CLAIM_FAIL, "> is not >=");
	verdict(place(claim_of("same", "value >= 7"), 1, AT(NEVER), 0, NULL), CLAIM_PASS, ">= is");
	verdict(place(claim_of("same", "value < 7"), 1, AT(NEVER), 0, NULL), CLAIM_FAIL, "< is not <=");
	verdict(place(claim_of("same", "value <= 7"), 1, AT(NEVER), 0, NULL), CLAIM_PASS, "<= is");
	verdict(place(claim_of("count", "value = 102"), 1, AT(CORE("2")), 0, NULL), CLAIM_UNDECIDED, "= with noise");
	verdict(claim_of("(same - 7) * 2 / 3 + 1", "value in [1, 3]"), CLAIM_PASS, "an expression");
	verdict(claim_of("hole", "value > 0"), CLAIM_UNDECIDED, "a value is not there");
	ok(strstr(report.claims->places[0].parts[0].why, "for seed 2:") != NULL, "... for seed 2");
}

static void pairs(void)
{
	struct claim ratio = claim_of("latency.p99", "ratio > 1.9"), diff = claim_of("latency.p99", "difference > 0.5us");
	const struct claim_judged *j;
	const struct claim_part *p;
	double logs[5], d[5], half;

	for (unsigned s = 0; s < 5; s++) {
		d[s] = value(LATENCY, 3, s) - value(LATENCY, 0, s);
		logs[s] = log(value(LATENCY, 3, s) / value(LATENCY, 0, s));
	}
	j = judge(place(ratio, 1, AT(ALWAYS), 1, AT(NEVER)));
	ok(j && j->nr_places == 3 && j->places[0].point == 3 && j->places[0].vs == 0, "a pair for each number of cores");
	p = j->places[0].parts;
	half = T4 * gsl_stats_sd(logs, 1, 5) / sqrt(5);
	near_to(p->estimate, exp(gsl_stats_mean(logs, 1, 5)), "geometric mean of the ratios");
	near_to(p->low, exp(gsl_stats_mean(logs, 1, 5) - half), "lower end, from the logarithms");
	near_to(p->high, exp(gsl_stats_mean(logs, 1, 5) + half), "upper end");
	ok(j->verdict == CLAIM_PASS, "paired, the noise of the seeds does not hide it");
	verdict(place(claim_of("latency.p99", "ratio > 2.1"), 1, AT(ALWAYS), 1, AT(NEVER)), CLAIM_FAIL, "not so much");
	verdict(place(claim_of("latency.p99", "ratio = 2 within 2 %"), 1, AT(ALWAYS), 1, AT(NEVER)), CLAIM_PASS, "twice");
	j = judge(place(diff, 2, AT(ALWAYS, CORE("1")), 1, AT(NEVER)));
	p = j->places[0].parts;
	half = T4 * gsl_stats_sd(d, 1, 5) / sqrt(5);
	near_to(p->estimate, gsl_stats_mean(d, 1, 5), "mean difference");
	near_to(p->low, gsl_stats_mean(d, 1, 5) - half, "its lower end");
	ok(j->verdict == CLAIM_PASS && strcmp(j->unit, "ns") == 0, "microseconds fit a metric in ns");
	near_to(j->low, 500, "the bound in the metric's unit");
	verdict(place(claim_of("latency.p99", "difference < -1us"), 1, AT(NEVER), 1, AT(ALWAYS)), CLAIM_UNDECIDED, "the other way round");
	verdict(place(claim_of("same", "ratio = 1"), 0, NULL, 1, AT(CORE("4"))), CLAIM_PASS, "everything against one label");
	ok(report.claims->nr_places == 4, "... but not that label against itself");
	verdict(place(claim_of("zero", "ratio > 1"), 1, AT(CORE("2")), 2, AT(NEVER, CORE("1"))), CLAIM_UNDECIDED, "a ratio to zero");
	ok(strstr(report.claims->places[0].parts[0].why, "no ratio") != NULL, "... for that reason");
	verdict(place(claim_of("zero", "difference = 5"), 1, AT(CORE("2")), 2, AT(NEVER, CORE("1"))), CLAIM_PASS, "a difference to zero");
	verdict(place(claim_of("hole", "ratio > 1"), 1, AT(CORE("2")), 1, AT(CORE("1"))), CLAIM_UNDECIDED, "a pair with a hole");
}

static void along(void)
{
	const struct claim_judged *j;
	double x[] = { 1, 2, 4 }, y[3], slope[5], c0, c00, c01, c11, ss;

	verdict(claim_of("line", "increasing over machine.cores"), CLAIM_PASS, "a line rises");
	j = report.claims;
	ok(j->nr_places == 2 && j->places[0].nr_parts == 2 && strcmp(j->places[0].parts[1].step, "2 to 4") == 0, "two steps in two places");
	verdict(claim_of("line", "decreasing over machine.cores"), CLAIM_FAIL, "it does not fall");
	verdict(claim_of("same", "increasing over machine.cores"), CLAIM_FAIL, "equal is not increasing");
	verdict(claim_of("same", "nondecreasing over machine.cores"), CLAIM_PASS, "... but not decreasing");
	verdict(claim_of("same", "nonincreasing over machine.cores"), CLAIM_PASS, "... nor increasing");
	verdict(claim_of("latency.p99", "increasing over machine.cores"), CLAIM_FAIL, "equal with thp never");
	ok(report.claims->places[1].verdict == CLAIM_UNDECIDED, "... and nothing to see through the noise with always");
	verdict(claim_of("same", "order never < always over policy.thp"), CLAIM_PASS, "an order");
	verdict(claim_of("same", "order always < never over policy.thp"), CLAIM_FAIL, "the wrong order");
	verdict(claim_of("same", "order always > never over policy.thp"), CLAIM_PASS, "written the other way");
	verdict(claim_of("line", "order 4 > 1 over machine.cores"), CLAIM_PASS, "labels left out");
	verdict(place(claim_of("latency.p99", "flat within 1 % over machine.cores"), 1, AT(ALWAYS), 0, NULL), CLAIM_PASS, "flat");
	ok(report.claims->places[0].nr_parts == 3, "three pairs");
	verdict(claim_of("line", "flat within 5 % over machine.cores"), CLAIM_FAIL, "a line is not flat");
	verdict(claim_of("line", "flat within 100 % over machine.cores"), CLAIM_PASS, "... though within 100 %");
	verdict(claim_of("line - line", "flat within 1 % over machine.cores"), CLAIM_PASS, "zero everywhere is flat");
	verdict(claim_of("line", "flat within 30 % over machine.cores from 1 to 2"), CLAIM_PASS, "a part of the axis");
	verdict(claim_of("hole", "flat within 5 % over machine.cores"), CLAIM_UNDECIDED, "with a hole");
	for (unsigned s = 0; s < 5; s++) {
		for (unsigned i = 0; i < 3; i++)
			y[i] = value(LINE, i, s);
		gsl_fit_linear(x, 1, y, 1, 3, &c0, &slope[s], &c00, &c01, &c11, &ss);
	}
	verdict(place(claim_of("line", "slope over machine.cores in [19, 21]"), 1, AT(NEVER), 0, NULL), CLAIM_PASS, "a slope");
	near_to(report.claims->places[0].parts[0].estimate, gsl_stats_mean(slope, 1, 5), "its mean as by GSL's least squares");
	near_to(report.claims->places[0].parts[0].high, gsl_stats_mean(slope, 1, 5) + T4 * gsl_stats_sd(slope, 1, 5) / sqrt(5), "its interval");
	verdict(place(claim_of("line", "slope over machine.cores > 0.021us"), 1, AT(NEVER), 0, NULL), CLAIM_FAIL, "in another unit");
}

static void seeds(void)
{
	struct claim c = place(claim_of("count", "value > 90"), 1, AT(CORE("2")), 0, NULL);
	const struct claim_part *p;
	double v[8];

	open_file(1, 1000);
	verdict(c, CLAIM_UNDECIDED, "one seed");
	ok(strstr(report.claims->places[0].parts[0].why, "raise seeds:") != NULL, "... and what helps");
	verdict(place(claim_of("same", "value = 7"), 1, AT(NEVER), 0, NULL), CLAIM_UNDECIDED, "one seed is not all seeds equal");
	c.no_interval = true;
	verdict(c, CLAIM_PASS, "one seed, interval: none");
	open_file(2, 1000);
	(void)judge(place(claim_of("count", "value > 90"), 2, AT(NEVER, CORE("1")), 0, NULL));
	p = report.claims->places[0].parts;
	near_to(p->high - p->low, 2 * T1 * (value(COUNT, 0, 0) - value(COUNT, 0, 1)) / 2, "two seeds: t times half their distance");
	open_file(5, 1000);
	c = place(claim_of("count", "value > 90"), 2, AT(NEVER, CORE("1")), 0, NULL);
	c.median = true;
	verdict(c, CLAIM_UNDECIDED, "a median of five");
	ok(strstr(report.claims->places[0].parts[0].why, "6 are the least") != NULL, "... and what helps");
	for (unsigned n = 6; n <= 8; n++) {
		open_file(n, 1000);
		verdict(c, CLAIM_PASS, "a median");
		p = report.claims->places[0].parts;
		for (unsigned s = 0; s < n; s++)
			v[s] = value(COUNT, 0, s);
		gsl_sort(v, 1, n);
		near_to(p->estimate, gsl_stats_median_from_sorted_data(v, 1, n), "the median as GSL's");
		/* the smallest and the largest hold it with 1 - 2 / 2^n; dropping one more costs 2 n / 2^n: too much below 9 */
		near_to(p->low, v[0], "from the smallest");
		near_to(p->high, v[n - 1], "to the largest");
	}
	open_file(5, 7);        /* point 1 (never, 2 cores), seed 3 */
	verdict(place(claim_of("count", "value > 0"), 1, AT(NEVER), 0, NULL), CLAIM_UNDECIDED, "a missing cell");
	ok(strstr(report.claims->places[1].parts[0].why, "for seed 3:") != NULL && report.claims->places[0].verdict == CLAIM_PASS,
	   "... at one place");
	verdict(claim_of("line", "increasing over machine.cores"), CLAIM_UNDECIDED, "a step over a missing cell");
	ok(strstr(report.claims->places[0].parts[0].why, "thp=never cores=2 for seed 3") != NULL, "... says where: %s",
	   report.claims->places[0].parts[0].why);
	open_file(5, 1000);
}

static void refused(struct claim c, const char *want)
{
	const struct claim_judged *j = judge(c);
	const char *said = errors.nr ? errors.text[0] : "nothing";

	ok(!j && errors.nr == 1 && strstr(said, want) && strstr(said, "x.yaml:1:2: claim C: "), "%.*s", (int)strcspn(said, "\n"), said);
}

static void refusals(void)
{
	refused(claim_of("cuont", "value > 1"), "no metric cuont; did you mean count?");
	refused(claim_of("frobnicate", "value > 1"), "no metric frobnicate\n");
	refused(claim_of("count", "value > 1ms"), "the unit does not fit count, which is in plain numbers");
	refused(claim_of("line", "value > 1MiB"), "the unit does not fit line, which is in ns");
	refused(claim_of("line + bytes", "value > 1MiB"), "which is in no single unit");
	refused(claim_of("line", "slope over machine.cores > 1us/MiB"), "the slope over machine.cores is in ns");
	refused(claim_of("line", "slope over policy.thp > 1"), "labels that are numbers");
	refused(claim_of("line", "increasing over machine.cpus"), "no axis machine.cpus");
	refused(claim_of("line", "increasing over machine.cores from 1 to 8"), "no labels from 1 to 8");
	refused(place(claim_of("line", "value > 1"), 1, AT({ "policy.thp", "sometimes" }), 0, NULL), "no point with policy.thp = sometimes");
	refused(place(claim_of("line", "ratio > 1"), 1, AT(NEVER), 1, AT(NEVER)), "of: and vs: are the same");
	verdict(claim_of("bytes", "value = 1MiB within 1 %"), CLAIM_PASS, "MiB fit bytes");
	verdict(claim_of("line / bytes * 100", "value < 1"), CLAIM_PASS, "a quotient without a unit of its own, a bare number");
}

static void sentences(void)
{
	static const struct { const char *text; double value; enum claim_kind kind, per; } numbers[] = {
		{ "3", 3, CLAIM_PLAIN, CLAIM_PLAIN }, { "-2.5e3", -2500, CLAIM_PLAIN, CLAIM_PLAIN }, { "10ms", 1e7, CLAIM_TIME, CLAIM_PLAIN },
		{ "10 ms", 1e7, CLAIM_TIME, CLAIM_PLAIN }, { "4KiB", 4096, CLAIM_SIZE, CLAIM_PLAIN }, { "3GHz", 3e9, CLAIM_FREQUENCY, CLAIM_PLAIN },
		{ "5 %", 5, CLAIM_PERCENT, CLAIM_PLAIN }, { "9us/KiB", 9000.0 / 1024, CLAIM_TIME, CLAIM_SIZE }, { ".5s", 5e8, CLAIM_TIME, CLAIM_PLAIN },
	};
	static const char *const none[] = { "", "x", "10xb", "0x10", "nan", "inf", "--3", "3 4", "3us/", "3us/x", "1e999" };
	struct claim_number n;

	for (size_t i = 0; i < EG_ARRAY_LEN(numbers); i++)
		ok(claim_number(numbers[i].text, &n) && fabs(n.value - numbers[i].value) <= 1e-12 * fabs(n.value) && n.kind == numbers[i].kind &&
		   n.per == numbers[i].per, "%s is %g", numbers[i].text, numbers[i].value);
	for (size_t i = 0; i < EG_ARRAY_LEN(none); i++)
		ok(!claim_number(none[i], &n), "'%s' is no number", none[i]);
}

static void texts(void)
{
	struct claim c = place(claim_of("latency.p99", "ratio > 1.9"), 2, AT(ALWAYS, CORE("1")), 1, AT(NEVER));
	struct eg_str out = { 0 };

	(void)judge(c);
	claim_table(&report, 100, &out);
	is_str(eg_str_text(&out),
	       "PASS       C  text\n"
	       "    latency.p99: ratio > 1.9\n"
	       "      thp=always cores=1 to thp=never: 2.0006 [1.9978, 2.0035], 5 seeds, margin 0.0978\n"
	       "1 claim: 1 PASS, 0 FAIL, 0 UNDECIDED; 95 % intervals over 5 seeds, each claim for itself\n", "the table");
	eg_str_free(&out);
	c.source = "a | b";
	(void)judge(c);
	claim_markdown(&report, &out);
	ok(strstr(eg_str_text(&out), "| PASS | C | text | `latency.p99` | ratio > 1.9 | thp=always cores=1 to thp=never: 2.0006 [1.9978, "
		  "2.0035], 5 seeds, margin 0.0978 | a \\| b |\n") != NULL, "the Markdown row");
	eg_str_free(&out);
	(void)judge(place(claim_of("line", "increasing over machine.cores"), 1, AT(NEVER), 0, NULL));
	claim_json(&report, &out);
	ok(strstr(eg_str_text(&out), "\"step\": \"1 to 2\", \"verdict\": \"PASS\", \"seeds\": 5") != NULL &&
	   strstr(eg_str_text(&out), "\"expect_low\": 0, \"expect_high\": null") != NULL, "the JSON");
	eg_str_free(&out);
}

static void exactly(void)
{
	struct claim_exact *e = eg_calloc(1, sizeof(*e));

	write_file("test_claim.other.h5", 5, 1000, 0);
	ok(claim_exact(e, FILE_NAME, "test_claim.other.h5", &errors) == EG_OK && e->identical && e->numbers_equal, "equal bytes");
	write_file("test_claim.other.h5", 5, 1000, 0.5);
	ok(claim_exact(e, FILE_NAME, "test_claim.other.h5", &errors) == EG_OK && !e->identical && !e->numbers_equal, "one number differs");
	is_str(e->said[0], "metric count differs in 1 of 30 cells, first at thp=never cores=1 seed 4: 100.5, published: 101", "... and is named");
	ok(e->nr_said == 1, "... alone");
	write_file("test_claim.other.h5", 4, 1000, 0);
	ok(claim_exact(e, FILE_NAME, "test_claim.other.h5", &errors) == EG_OK && strcmp(e->said[0], "5 seeds, published: 4") == 0, "other seeds");
	ok(claim_exact(e, FILE_NAME, "gone.h5", &errors) == EG_BAD_INPUT, "a file that is not there");
	(void)unlink("test_claim.other.h5");
	eg_free(e);
}

/* Every request for memory of reading a sentence, judging and printing fails once. */
static eg_status attempt(struct eg_errors *err)
{
	struct eg_arena own = { 0 };
	struct claim c[] = { claim_of("line", "value > 1"), claim_of("line", "value > 1"), claim_of("line", "value > 1") };
	static const char *const sentence[] = { "order '1' < 2 over machine.cores", "slope over machine.cores > 1", "flat within 1 % over machine.cores" };
	const struct claim *list[] = { &c[0], &c[1], &c[2] };
	struct claim_report r = { 0 };
	struct eg_str out = { 0 };
	eg_status s = EG_OK;
	char why[200];

	for (unsigned i = 0; i < 3 && s == EG_OK; i++)
		s = claim_expect_parse(sentence[i], &c[i].expect, &own, why, sizeof(why));
	if (s == EG_OK)
		s = claim_judge(&r, file, list, 3, err);
	if (s == EG_OK) {
		claim_table(&r, 80, &out);
		claim_markdown(&r, &out);
		claim_json(&r, &out);
		s = out.failed ? EG_NO_MEMORY : EG_OK;
	}
	eg_str_free(&out);
	claim_report_free(&r);
	eg_arena_free_all(&own);
	return s;
}

static void without_memory(void)
{
	uint64_t n = 0;
	eg_status s;

	do {
		(void)eg_mem_fail_nth(++n);
		s = attempt(&errors);
		if (s != EG_OK && s != EG_NO_MEMORY)
			ok(false, "request %u failing: status %d", (unsigned)n, (int)s);
	} while (s != EG_OK && n < 10000);
	(void)eg_mem_fail_nth(0);
	ok(s == EG_OK && n > 5, "each of %u requests failed in turn", (unsigned)n - 1);
}

int main(void)
{
	open_file(5, 1000);
	without_memory();
	values();
	pairs();
	along();
	seeds();
	refusals();
	sentences();
	texts();
	exactly();
	claim_report_free(&report);
	eg_arena_free_all(&arena);
	result_close(file);
	(void)unlink(FILE_NAME);
	return tap_done();
}
