/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every request for memory that loading and resolving an experiment makes fails once: each time the answer
 * is "out of memory", nothing is reported as a mistake of the user's, and nothing leaks (LeakSanitizer).
 */
#include "tests/tap.h"
#include "tests/unit/exp_stub.h"

static const char yaml[] =
	"version: 1\nmachine: {preset: skylake-2s, tlb.l2.entries: 768, costs: {trap: &t 1us, pte_set: *t}}\n"
	"workload:\n  - {generator: gups, table: 1MiB}\n  - {generator: alloc-churn, live: 10, label: churn}\n"
	"policy: {page_allocator: {name: buddy}}\n"
	"sweep: {workload.churn.live: [10, 20], machine.tlb.l1d: [{entries: 64}, {entries: 32, ways: 4}]}\n"
	"labels: {machine.tlb.l1d: [a, b]}\ncompare: {baseline: {machine.tlb.l1d: a}}\nseeds: [3, 4]\nplots: [x]\n"
	"claims:\n  - {id: C1, text: x, metric: (a + b) / c, of: {churn.live: 10}, vs: {live: 20}, expect: ratio > 2}\n"
	"  - {id: C2, text: x, metric: a, of: {live: 10}, expect: order b < 'a' over machine.tlb.l1d, source: x, statistic: median}\n"
	"  - {id: C3, text: x, metric: a, expect: \"slope over live in [1us, 2us]\", interval: none}\n";

static struct eg_errors err;

/* Load and resolve; EG_OK if all went well. */
static eg_status attempt(void)
{
	static const char *const set[] = { "machine.memory=1GiB", "policy.page_allocator.grouping=false", NULL };
	struct experiment *x;
	struct exp_cell c;
	struct eg_str text = { 0 };
	eg_status s = experiment_load(&x, "alloc.yaml", &(struct experiment_options){ .data_dirs = stub_data_dirs(), .set = set }, &err);

	if (s != EG_OK)
		return s;
	s = exp_cell_resolve(x, 5, &c, &err);
	if (s == EG_OK)
		exp_cell_free(&c);
	if (s == EG_OK)
		s = exp_resolved_text(x, &text, &err);
	eg_str_free(&text);
	experiment_free(x);
	return s;
}

int main(void)
{
	uint64_t n = 0;
	eg_status s;

	stub_write("alloc.yaml", yaml, sizeof(yaml) - 1);
	(void)eg_mem_fail_nth(0);
	ok(attempt() == EG_OK, "the experiment is valid");
	for (unsigned i = 0; i < err.nr; i++)
		printf("# %s\n", err.text[i]);
	do {
		err.nr = 0;
		(void)eg_mem_fail_nth(++n);
		s = attempt();
		if (s != EG_OK && s != EG_NO_MEMORY) {
			ok(false, "request %u failing: status %d", (unsigned)n, (int)s);
			printf("# %s\n", err.nr ? err.text[0] : "");
		}
	} while (s != EG_OK && n < 100000);
	(void)eg_mem_fail_nth(0);
	ok(s == EG_OK && n > 20, "each of %u requests failed in turn", (unsigned)n - 1);
	(void)remove("alloc.yaml");
	return tap_done();
}
