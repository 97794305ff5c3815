/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nothing of a result may depend on how the simulator goes about its work: accesses per block, how far CPUs
 * run ahead of each other, audits, vector code. Workloads in which tasks meet - threads of one space, forks,
 * more tasks than CPUs, memory so tight that tasks park - are run in many ways; every summary value, series,
 * histogram, snapshot and count must be equal, bit by bit.
 *
 * Usage: test_invariance [PART OF A WORKLOAD'S NAME]
 */
#include <math.h>

#include "tests/script.h"

struct item { const char *gen, *args, *replay; };           /* args: "name=value name=value"; of "script": its texts, "A/B" */

struct workload {
	const char *name, *machine, *costs;                  /* as args */
	const char *interval;                                /* of samples; they hold run-ahead up */
	struct item items[4];
	const char *script[SCRIPT_STREAMS];                  /* instead of, or beside, the items */
};

static const struct workload workloads[] = {
	{ "one of each on one CPU", "cpus=1 memory=64MiB time_slice=50us", "", "50us",
	  { { "stream", "footprint=512KiB passes=1", "" }, { "zipf", "footprint=8MiB references=20000", "" },
	    { "pointer-chase", "footprint=8MiB node=4KiB references=5000", "" },
	    { "fork-storm", "rss=512KiB children=3 child_life=100us", "" } }, { NULL } },
	{ "one of each on two CPUs", "cpus=2 memory=64MiB time_slice=100us", "", "50us",
	  { { "alloc-churn", "mode=mmap live=60 ops=800", "" }, { "zipf", "footprint=8MiB references=20000", "" },
	    { "fork-storm", "rss=1MiB children=6 child_life=200us touch=0.3 parent_touch=0.2", "" },
	    { "alloc-churn", "mode=pages live=30 ops=2000 orders=uniform", "" } }, { NULL } },
	{ "threads of one space on four CPUs", "cpus=4 memory=64MiB", "", "50us",
	  { { "gups", "table=4MiB updates=40000 threads=3 fill=false", "" } }, { NULL } },
	{ "threads on two CPUs with short slices", "cpus=2 memory=64MiB time_slice=7us asids=2", "context_switch=100ns", "50us",
	  { { "gups", "table=2MiB updates=20000 threads=3 fill=false", "" },
	    { "gups", "table=1MiB updates=10000 threads=2 fill=false", "" } }, { NULL } },
	{ "threads, switching for nothing", "cpus=3 memory=64MiB time_slice=5us", "context_switch=0ns", "50us",
	  { { "gups", "table=2MiB updates=20000 threads=4 fill=false", "" },
	    { "zipf", "footprint=1MiB references=20000", "instances=2" } }, { NULL } },
	{ "fork storm on four CPUs", "cpus=4 memory=128MiB", "", "50us",
	  { { "fork-storm", "rss=2MiB children=12 depth=2 child_life=50us touch=0.5 parent_touch=0.5 interval=20us", "" } }, { NULL } },
	{ "more instances than CPUs", "cpus=2 memory=128MiB time_slice=11us asids=3", "", "50us",
	  { { "zipf", "footprint=2MiB references=8000", "instances=7" },
	    { "fork-storm", "rss=256KiB children=5 child_life=10us", "instances=3" } }, { NULL } },
	{ "churn without enough memory", "cpus=2 memory=16MiB", "", "50us",
	  { { "alloc-churn", "mode=mmap live=40 ops=400 size_median=256KiB size_max=1MiB", "instances=2" },
	    { "fork-storm", "rss=2MiB children=6 child_life=300us touch=0.8", "" } }, { NULL } },
	{ "threads without enough memory", "cpus=4 memory=16MiB", "", "50us",
	  { { "gups", "table=6MiB updates=20000 threads=3 fill=false", "" },
	    { "gups", "table=6MiB updates=20000 threads=3 fill=false", "" },
	    { "alloc-churn", "mode=pages live=1200 ops=60000 orders=fixed", "" } }, { NULL } },
	{ "threads that start when memory trickles in", "cpus=8 memory=16MiB", "context_switch=0ns", "50us",
	  { { "gups", "table=1MiB updates=3000 threads=3 fill=false", "instances=8" },
	    { "script", "grab 0 4096; sleep 2100us; put 0 1; sleep 3us; put 1 1; sleep 3us; put 2 30; sleep 1us; put 32 40; "
			"sleep 2us; put 72 90; put 162 1; sleep 1us; put 163 10; sleep 1us; put 173 100; sleep 1us; put 273 200; "
			"sleep 1us; put 473 3; sleep 1us; put 476 5; sleep 1us; put 481 1000; sleep 1us; put 1481 1000", "" } }, { NULL } },

	{ "threads that wait for a third party's memory", "cpus=3 memory=16MiB ipi_latency=20us", "context_switch=0ns", "50us",
	  { { "alloc-churn", "mode=pages live=2600 ops=60000 orders=fixed order=0", "" } },
	  { "map 0 2000; thread 1; write 0 1500; sweep 0 1500 20; exit", "sweep 0 1500 20; write 0 1500; sweep 0 1500 9; exit" } },
	/* a thread that was parked mends a page while another one, ahead of it, is about to fault on it */
	{ "a parked thread and one that runs ahead", "cpus=3 memory=16MiB ipi_latency=1ms", "", "10ms",
	  { { "script", "map 0 100; write 0 50; thread 1; sweep 0 50 60000; read 60 1; write 60 1; exit/"
			"sleep 500us; write 60 1; sleep 1ms; exit", "" },
	    { "script", "sleep 200us; grab 0 4096; sleep 300us; put 0 3000", "" } }, { NULL } },
	/* translations of a space that ends stand in a TLB whose CPU is already further on */
	{ "a space ends whose thread ran on another CPU", "cpus=2 memory=64MiB ipi_latency=1ms", "", "10ms",
	  { { "trace", "0@0 map 0 2000; 0@0 write 0 2000; 0@0 sweep 0 1400 3; 0@20000000 sweep 0 1 60000; 0@0 read 1400 600; "
		       "0@0 sweep 700 300 2; 0@0 exit", "cpu=1 replay=timed" },
	    { "trace", "0@0 map 700 1; 0@10000000 map 0 600; 0@0 write 0 600; 0@0 thread 1; 1@12000000 sweep 0 600 2; "
		       "1@13000000 exit; 0@20001000 sweep 0 1 30000; 0@0 exit", "replay=timed" } }, { NULL } },
	{ "a space that dies elsewhere", "cpus=2 memory=64MiB time_slice=20us ipi_latency=50us", "context_switch=0ns", "50us",
	  { { "zipf", "footprint=8MiB references=60000", "instances=2" } },
	  { "map 0 400; write 0 400; sleep 30us; sweep 0 400 10; fork 1; sleep 20us; sweep 0 400 10; fork 2; sweep 0 400 9; exit",
	    "sweep 0 400 9; sleep 11us; sweep 0 400 5; exit", "write 0 300; sleep 5us; sweep 0 400 5; exit" } },
	{ "page runs of threads that are protected and unmapped", "cpus=3 memory=64MiB ipi_latency=3us time_slice=9us", "", "20us",
	  { { "trace", "0@0 map 0 20; 0@1 run 0 5000 rw; 0@2 run 1 70000 wx; 0@3 fork 1; 1@4 run 0 9000 rwm; 0@5 run 1 9000 w; 1@6 exit; "
		       "0@7 protect 0 1 ro; 0@8 run 0 40 rw; 0@9 exit", "" } },
	  { "map 0 60; thread 1; thread 2; run 0 100000 rw; run 1 30000 xwr; protect 0 30 ro; run 2 20000 r; protect 0 30 rw; "
	    "run 0 90000 mr; unmap 20 10; run 1 50000 w; exit",
	    "run 0 60000 r; run 25 3000 rw; run 3 40000 wm; sleep 2us; run 0 70000 rwmx; run 25 30 w; exit",
	    "write 0 20; run 0 200000 xr; drop 0 10; run 0 80000 rw; fork 3; run 0 50000 w; exit",
	    "run 0 60000 rx; run 0 30000 w; sweep 0 20 300; run 5 100 rwmx; exit" } },
	{ "protecting what others read", "cpus=3 memory=64MiB ipi_latency=3us", "", "50us",
	  { { NULL, NULL, NULL } },
	  { "map 0 600; write 0 600; thread 1; thread 2; sleep 5us; protect 0 50 ro; sleep 3us; protect 0 50 rw; write 0 50; "
	    "unmap 500 20; sleep 9us; drop 100 300; write 100 300; fork 3; write 0 400; exit",
	    "sweep 0 500 40; write 100 300; sweep 0 500 20; exit", "write 60 400; sweep 60 400 40; write 60 400; exit",
	    "write 0 200; sleep 5us; write 0 400; exit" } },
};

static void set_all(struct spec *spec, struct eg_args *args, const char *text)
{
	char name[64], value[64];
	int used;

	for (; text && sscanf(text, " %63[^=]=%63s%n", name, value, &used) == 2; text += used)
		script_set(spec, args, name, value);
}

static eg_status run_it(const struct workload *w, const struct run_options *o, const char *vector, struct run_result *r)
{
	static struct eg_errors err;
	struct eg_arena arena = { 0 };
	struct spec spec;
	eg_status s;

	script_spec(&spec, &arena);
	spec.seed = 20261121;
	set_all(&spec, &spec.machine, w->machine);
	set_all(&spec, &spec.costs, w->costs);
	script_set(&spec, &spec.measure, "interval", w->interval);
	script_set(&spec, &spec.measure, "samples", "200");
	script_set(&spec, &spec.tlb_args, "vector", vector);
	if (w->script[0])
		(void)script_add(&spec, w->script);
	for (unsigned i = 0; i < EG_ARRAY_LEN(w->items) && w->items[i].gen; i++) {
		const char *kind = w->items[i].gen;
		char *text = eg_arena_strdup(&arena, w->items[i].args), *second = strchr(text, '/');
		struct spec_workload *item;

		if (second)
			*second++ = '\0';
		if (strcmp(kind, "script") == 0)
			item = script_add(&spec, (const char *const[]){ text, second, NULL });
		else if (strcmp(kind, "trace") == 0)
			item = script_trace(&spec, text);
		else
			item = spec_add_generator(&spec, gen_find(kind));
		EG_CHECK(item);
		if (item->gen && item->gen != &script_gen_ops)
			set_all(&spec, &item->gen_args, text);
		set_all(&spec, &item->replay, w->items[i].replay);
	}
	err.nr = 0;
	s = script_run(&spec, o, r, &err);
	if (s != EG_OK)
		printf("# %s: %s\n", w->name, err.nr ? err.text[0] : eg_status_text(s));
	eg_arena_free_all(&arena);
	return s;
}

/* Say what differs first; true if nothing does. */
static bool equal_values(const char *what, const double *a, const double *b, size_t nr, const struct run_column *columns, size_t nr_columns)
{
	unsigned shown = 0;

	for (size_t i = 0; i < nr; i++)
		if (memcmp(&a[i], &b[i], sizeof(a[i])) != 0 && shown++ < 5)
			printf("# %s %s[%zu]: %.17g, not %.17g\n", what, columns[i % nr_columns].name, i / nr_columns, b[i], a[i]);
	return !shown;
}

static bool equal(const struct run_result *a, const struct run_result *b)
{
	bool same = a->elapsed == b->elapsed && a->warmup == b->warmup && a->nr_ops == b->nr_ops &&
		    a->nr_accesses == b->nr_accesses && a->nr_events == b->nr_events && a->nr_samples == b->nr_samples &&
		    a->nr_snapshots == b->nr_snapshots && a->nr_summary == b->nr_summary && a->nr_series == b->nr_series &&
		    a->nr_hists == b->nr_hists && a->nr_counts == b->nr_counts && a->nr_zones == b->nr_zones;

	if (!same) {
		printf("# elapsed %llu, not %llu; accesses %llu, not %llu; events %llu, not %llu\n",
		       (unsigned long long)b->elapsed, (unsigned long long)a->elapsed, (unsigned long long)b->nr_accesses,
		       (unsigned long long)a->nr_accesses, (unsigned long long)b->nr_events, (unsigned long long)a->nr_events);
		return false;
	}
	same &= equal_values("summary", a->summary, b->summary, a->nr_summary, a->summary_columns, a->nr_summary);
	same &= equal_values("series", a->series, b->series, a->nr_samples * a->nr_series, a->series_columns, a->nr_series);
	same &= memcmp(a->sample_time, b->sample_time, a->nr_samples * sizeof(*a->sample_time)) == 0;
	for (unsigned i = 0; i < a->nr_hists; i++) {
		const struct eg_hist *x = &a->hists[i].hist, *y = &b->hists[i].hist;

		if (x->count != y->count || x->sum != y->sum || memcmp(x->bucket, y->bucket, sizeof(x->bucket)) != 0 ||
		    (x->count && (x->min != y->min || x->max != y->max))) {
			printf("# histogram %s.%s differs\n", a->hists[i].group, a->hists[i].kind);
			same = false;
		}
	}
	for (size_t i = 0; i < a->nr_snapshots; i++) {
		const struct run_snapshot *x = &a->snapshots[i], *y = &b->snapshots[i];

		if (x->time != y->time || memcmp(x->free_blocks, y->free_blocks, sizeof(x->free_blocks)) != 0 ||
		    memcmp(x->free_blocks_of_type, y->free_blocks_of_type, sizeof(x->free_blocks_of_type)) != 0 ||
		    memcmp(x->vmstat, y->vmstat, a->nr_vmstat * sizeof(*x->vmstat)) != 0 ||
		    memcmp(x->meminfo_kib, y->meminfo_kib, a->nr_meminfo * sizeof(*x->meminfo_kib)) != 0) {
			printf("# snapshot %zu differs\n", i);
			same = false;
		}
	}
	for (unsigned i = 0; i < a->nr_counts; i++)
		same &= a->counts[i].n == b->counts[i].n;
	return same;
}

int main(int argc, char **argv)
{
	static const struct { const char *name, *vector; struct run_options o; } ways[] = {
		{ "blocks of 64",        "auto", { .block = 64 } },
		{ "blocks of 77",        "auto", { .block = 77 } },
		{ "blocks of 1000",      "auto", { .block = 1000 } },
		{ "lookahead 1 ns",      "auto", { .lookahead = EG_PS_PER_NS } },
		{ "lookahead 37 ns",     "auto", { .lookahead = 37 * EG_PS_PER_NS } },
		{ "blocks of 77, lookahead 370 ns", "auto", { .block = 77, .lookahead = 370 * EG_PS_PER_NS } },
		{ "audits",              "auto", { .audit = true, .audit_every = 500 } },
		{ "portable code",       "off",  { .block = 8192 } },
		{ "all at once",         "off",  { .block = 64, .lookahead = 5 * EG_PS_PER_NS, .audit = true } },
	};
	const struct run_options usual = { .block = 8192 };
	unsigned parked = 0;

	for (unsigned i = 0; i < EG_ARRAY_LEN(workloads); i++) {
		const struct workload *w = &workloads[i];
		struct run_result first, other;

		if (argc > 1 && !strstr(w->name, argv[1]))
			continue;
		if (!ok(run_it(w, &usual, "auto", &first) == EG_OK, "%s", w->name))
			continue;
		printf("# %llu accesses, %llu ops, %.3f ms, parked %g, shootdowns %g\n", (unsigned long long)first.nr_accesses,
		       (unsigned long long)first.nr_ops, (double)first.elapsed / 1e9, run_summary(&first, "task.memory_waits"),
		       run_summary(&first, "shootdown.count"));
		parked += run_summary(&first, "task.memory_waits") > 0;
		ok(run_summary(&first, "time.sum_error") == 0, "%s: time adds up", w->name);
		for (unsigned k = 0; k < EG_ARRAY_LEN(ways); k++) {
			if (!ok(run_it(w, &ways[k].o, ways[k].vector, &other) == EG_OK, "%s: %s", w->name, ways[k].name))
				continue;
			ok(equal(&first, &other), "%s: the same with %s", w->name, ways[k].name);
			run_result_free(&other);
		}
		run_result_free(&first);
	}
	if (argc < 2)
		ok(parked >= 3, "in some of them tasks wait for memory");
	return tap_done();
}
