/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traces in files, replayed by the machine: in recorded order or as independent streams, from the beginning or
 * from a place inside. The traces are written here, so what each must do is known.
 */
#include <unistd.h>

#include "tests/script.h"

static struct eg_arena arena;
static struct spec spec;
static struct run_result result;
static struct eg_errors errors;
static const char file[] = "test_replay.egt";

static void begin(const char *cpus)
{
	eg_arena_free_all(&arena);
	run_result_free(&result);
	memset(&errors, 0, sizeof(errors));
	script_spec(&spec, &arena);
	script_set(&spec, &spec.machine, "cpus", cpus);
	script_set(&spec, &spec.machine, "memory", "64MiB");
}

static struct spec_workload *item(void)
{
	static const char hash[65] = "";
	struct spec_workload *w = spec_add_trace(&spec, &trace_egt_ops, file, hash);

	EG_CHECK(w);
	return w;
}

static void key(struct spec_workload *w, const char *name, const char *text) { script_set(&spec, &w->replay, name, text); }

static bool run_as(struct run_options o)
{
	eg_status s;

	o.audit = true;
	s = script_run(&spec, &o, &result, &errors);
	if (s != EG_OK) {
		printf("# %s: %s\n", eg_status_text(s), errors.nr ? errors.text[0] : "no message");
		memset(&result, 0, sizeof(result));
	}
	return s == EG_OK;
}

static bool run(void) { return run_as((struct run_options){ .audit = true }); }

static double sum(const char *name) { return run_summary(&result, name); }

static bool assumes(const char *part)
{
	for (unsigned i = 0; i < result.nr_assumptions; i++)
		if (strstr(result.assumptions[i], part))
			return true;
	return false;
}

static bool refused(const char *part)
{
	return !run() && errors.nr == 1 && strstr(errors.text[0], part);
}

/* A recording in the words of script.h, as a file. */
static void record(const char *text, bool split, bool order)
{
	struct trace_write_options o = { .level = 1, .split = split, .state_every = 1, .chunk_bytes = 64 << 10 };
	uint32_t caps = TRACE_CAP(VIRT) | TRACE_CAP(TIME) | TRACE_CAP(VMA) | (order ? TRACE_CAP(ORDER) : 0);
	struct trace_reader *r;
	struct trace_writer *w;
	struct eg_block b;

	(void)unlink(file);
	EG_CHECK(script_trace_open(&r, text, NULL, NULL) == EG_OK);
	EG_CHECK(trace_writer_open(&w, file, &o, &errors) == EG_OK);
	EG_CHECK(trace_writer_capabilities(w, caps) == EG_OK);
	while (script_trace_next(r, &b, NULL) == EG_OK && b.kind != EG_BLOCK_END) {
		if (b.kind == EG_BLOCK_ACCESS) {
			EG_CHECK(trace_writer_time(w, b.time) == EG_OK);
			EG_CHECK(trace_writer_accesses(w, b.stream, b.acc, b.nr) == EG_OK);
		} else {
			b.op.stream = b.stream;
			EG_CHECK(trace_writer_op(w, &b.op) == EG_OK);
		}
	}
	script_trace_close(r);
	if (trace_writer_finish(w, &errors) != EG_OK) {
		printf("# %s\n", errors.nr ? errors.text[0] : "cannot write");
		fflush(stdout);
		abort();
	}
}

/* ---- independent streams -------------------------------------------------------------------------------- */

/* two programs, one of which forks, one with a thread; a stream whose birth comes late */
static const char family[] =
	"0@0 init map 0 64; 5@0 init map 200 32; 0@10 write 0 64; 5@20 write 200 32; 0@30 fork 1; 1@40 write 0 8; 5@50 thread 6; "
	"6@60 sweep 200 32 2000; 0@70 sweep 0 64 1000; 1@80 sweep 0 64 1000; 5@90 sweep 200 32 2000; 0@100 exit; 1@110 fork 2; "
	"1@120 exit; 2@130 run 3 500 rw; 2@140 exit; 6@150 exit; 5@160 exit";
enum { FAMILY_READS = 64000 + 64000 + 2 * 64000 + 500, FAMILY_WRITES = 64 + 32 + 8 + 500 };

static void family_counts(const char *how)
{
	ok(sum("access.reads") == FAMILY_READS && sum("access.writes") == FAMILY_WRITES, "%s: every access is executed", how);
	ok(sum("task.forks") == 2 && sum("task.threads") == 1 && sum("task.exits") == 5, "%s: births and exits", how);
	ok(script_count(&result, "segv") == 0 && script_count(&result, "after_exit") == 0 && script_count(&result, "never_born") == 0,
	   "%s: nothing is left over", how);
}

static void independent(void)
{
	double together;

	record(family, false, true);
	begin("4");
	(void)item();
	ok(run() && assumes("recorded order"), "with order: recorded order");
	family_counts("recorded order");
	together = sum("elapsed");

	begin("4");
	key(item(), "streams", "independent");
	ok(run() && assumes("though the order between them was recorded"), "with order, independent: says so");
	family_counts("independent");
	ok(sum("elapsed") < together * 0.8, "tasks run side by side");
	ok(!(result.capabilities & TRACE_CAP(ORDER)), "the result has no order");

	record(family, false, false);
	begin("4");
	(void)item();
	ok(run() && assumes("without order"), "without order: independent by itself");
	family_counts("without order");
	begin("4");
	key(item(), "streams", "recorded");
	ok(run() && assumes("order of the file"), "without order, recorded: the order of the file");
	family_counts("order of the file");

	record(family, true, true);
	begin("4");
	(void)item();
	ok(run() && assumes("without order"), "a split file: independent by itself");
	family_counts("split");
	begin("4");
	key(item(), "streams", "recorded");
	ok(refused("split layout"), "a split file in recorded order is refused");

	begin("2");
	key(item(), "instances", "3");
	ok(run(), "three instances of it on two CPUs");
	ok(sum("access.reads") == 3 * FAMILY_READS && sum("task.exits") == 15, "are three times the same");

	begin("2");
	script_set(&spec, &spec.stop, "ops", "100");
	(void)item();
	ok(run(), "stop.ops is for each stream");
	ok(result.nr_accesses + result.nr_ops <= 500 && result.nr_accesses > 250, "of five");
}

static void independent_is_invariant(void)
{
	static const struct { const char *name; struct run_options o; } ways[] = {
		{ "blocks of 64", { .block = 64 } }, { "lookahead 3 ns", { .lookahead = 3 * EG_PS_PER_NS } },
		{ "blocks of 77, lookahead 50 ns", { .block = 77, .lookahead = 50 * EG_PS_PER_NS } },
		{ "audits", { .audit_every = 100 } },
	};
	static const char *const replays[] = { "asap", "timed", "closed" };

	record(family, true, false);
	for (unsigned k = 0; k < EG_ARRAY_LEN(replays); k++) {
		double first[4] = { 0 };

		for (unsigned i = 0; i <= EG_ARRAY_LEN(ways); i++) {
			begin("3");
			script_set(&spec, &spec.machine, "time_slice", "9us");
			key(item(), "replay", replays[k]);
			key(item(), "start", "5us");
			if (!ok(i ? run_as(ways[i - 1].o) : run(), "%s, %s", replays[k], i ? ways[i - 1].name : "as usual"))
				continue;
			if (i)
				ok((double)result.elapsed == first[0] && sum("tlb.misses.l1d") == first[1] && sum("walk.count") == first[2] &&
				   sum("fault_count.cow") == first[3], "gives the same");
			first[0] = (double)result.elapsed, first[1] = sum("tlb.misses.l1d");
			first[2] = sum("walk.count"), first[3] = sum("fault_count.cow");
		}
	}
}

static void strange_families(void)
{
	static char text[16384];
	int n = 0;

	for (unsigned i = 0; i < 256; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%u@%u map 0 1; %u@%u write 0 1; ", i, i, i, i);
	record(text, true, false);
	begin("2");
	(void)item();
	ok(run() && sum("task.exits") == 256 && sum("fault_count.anon") == 256, "256 streams");
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "256@0 map 0 1");
	record(text, false, false);
	begin("2");
	(void)item();
	ok(refused("more than 256 streams"), "257 are refused");

	record("0@0 map 0 4; 0@1 exit; 0@2 write 0 1; 1@3 fork 2", true, false);
	begin("2");
	(void)item();
	ok(run() && sum("task.exits") == 3 && result.nr_accesses == 0, "a child without records; what stands behind an exit");

	record("0@0 fork 1; 1@1 map 0 4; 1@2 write 0 4; 1@3 exit; 0@4 fork 1; 1@5 map 0 4; 1@6 write 0 2; 1@7 exit; 0@8 exit", false, true);
	begin("1");
	key(item(), "streams", "independent");
	ok(run() && sum("access.writes") == (script_count(&result, "stream_reused") ? 4 : 6), "a stream that is born twice");

	record("3@0 fork 4; 4@1 map 0 4; 4@2 exit; 0@0 map 0 1; 0@1 exit; 0@2 fork 9; 9@3 map 0 1", true, false);
	begin("1");
	(void)item();
	ok(run() && script_count(&result, "never_born") == 1, "a birth that is never reached is counted");

	record("0@0 map 0 4; 0@1 vfork 1; 1@2 write 0 1; 1@3 exec; 1@4 map 0 1; 0@5 write 0 4; 1@6 exit; 0@7 exit", true, false);
	begin("2");
	(void)item();
	ok(run() && sum("fault_count.anon") == 4 && sum("task.vforks") == 1, "vfork waits for exec, not for the recording");

}

struct reports { unsigned nr; char text[8][200]; };

static void take_report(void *ctx, const char *path, const char *text)
{
	struct reports *r = ctx;

	if (r->nr < 8)
		(void)snprintf(r->text[r->nr++], sizeof(r->text[0]), "%s: %s", path, text);
}

static void checks(void)
{
	struct reports r = { 0 };

	begin("1");
	key(script_add(&spec, (const char *const[]){ "exit", NULL }), "streams", "independent");
	key(&spec.workload[0], "from", "7");
	key(item(), "from", "soon");
	ok(spec_check(&spec, take_report, &r) == EG_BAD_INPUT && r.nr == 3, "three mistakes");
	for (unsigned i = 0; i < r.nr; i++)
		printf("# %s\n", r.text[i]);
	ok(strstr(r.text[0], "workload.0.streams: only for traces") && strstr(r.text[1], "workload.0.from: only for traces") &&
	   strstr(r.text[2], "workload.1.from: expected a record's ordinal"), "are reported with their paths");
}

int main(void)
{
	independent();
	independent_is_invariant();
	strange_families();
	checks();
	(void)unlink(file);
	eg_arena_free_all(&arena);
	run_result_free(&result);
	return tap_done();
}
