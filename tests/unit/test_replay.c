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

/* ---- from a place inside ------------------------------------------------------------------------------------ */

/* mappings of all kinds of origin, a heap that grows, a thread, a child, blocks that live for a while */
static const char life[] =
	"0@0 init map 0 64; 3@0 init map 500 8; 0@10 write 0 64; 0@20 brk 1000; 0@30 brk 1010; 0@40 write 1000 10; 0@50 map 100 20; "
	"0@60 write 100 20; 0@70 thread 1; 1@80 write 105 5; 1@82 write 113 7; 3@85 write 500 8; 0@90 protect 100 5 ro; 0@100 get 7 3; 0@110 get 20 1 4; 0@112 get 30 1 3; 0@113 part 30 1 2; "
	"0@120 malloc 1; 0@125 fork 2; 2@130 write 0 5; 2@140 unmap 100 3; 0@150 unmap 110 3; 1@160 write 113 7; 2@170 read 103 5; "
	"2@180 exit; 0@185 part 30 0 1; 0@190 read 0 60; 0@195 part 30 2 4; 0@196 part 30 0 0; 0@200 read 1000 10; 1@210 read 105 5; 0@220 put 7 3; 0@230 put 20 1 4; 0@240 brk 1020; "
	"0@250 write 1010 10; 1@260 run 104 500 r; 3@270 write 500 8; 0@280 exit; 1@290 read 0 5; 1@300 exit; 3@310 exit";

/* What stands at or behind the place, by reading it: accesses and operations. */
static uint64_t behind(uint64_t record, eg_time time, uint64_t *accesses, uint64_t *ops)
{
	struct trace_open_options o = { .block = 1 };
	struct trace_reader *r;
	struct eg_block b;
	uint64_t at = 0;

	*accesses = *ops = 0;
	EG_CHECK(trace_open(&r, file, &o, &errors) == EG_OK);
	for (; trace_next(r, &b, &errors) == EG_OK && b.kind != EG_BLOCK_END; at++) {
		bool is_op = b.kind == EG_BLOCK_OP;

		EG_CHECK(is_op || b.nr == 1);
		if (at < record || (is_op ? b.op.time : b.time) < time || (is_op && (b.op.flags & EG_OPF_INIT)))
			continue;
		if (is_op && b.op.code == EG_OP_RUN)
			*accesses += b.op.arg[2] + b.op.arg[3] + b.op.arg[4] + b.op.arg[5];
		else
			++*(is_op ? ops : accesses);
	}
	trace_close(r);
	return at;
}

static bool nothing_is_odd(void)
{
	bool good = true;

	for (unsigned i = 0; i < result.nr_counts; i++)
		if (result.counts[i].n && strcmp(result.counts[i].name, "not_modelled") != 0) {
			printf("# %s: %llu\n", result.counts[i].name, (unsigned long long)result.counts[i].n);
			good = false;
		}
	return good;
}

static bool lands(unsigned ns, uint64_t accesses, uint64_t ops)
{
	if (run() && result.nr_accesses == accesses && result.nr_ops == ops && nothing_is_odd())
		return true;
	printf("# from %u ns: %llu accesses, not %llu; %llu ops, not %llu\n", ns, (unsigned long long)result.nr_accesses,
	       (unsigned long long)accesses, (unsigned long long)result.nr_ops, (unsigned long long)ops);
	return false;
}

static void from_inside(const char *streams)
{
	uint64_t accesses, ops, total;
	char text[32];
	bool good = true;

	record(life, false, true);
	total = behind(0, 0, &accesses, &ops);
	for (uint64_t k = 1; k <= total; k += 1 + k % 3) {
		begin("2");
		key(item(), "streams", streams);
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)k);
		key(&spec.workload[0], "from", text);
		(void)behind(k, 0, &accesses, &ops);
		if (!run() || result.nr_accesses != accesses || result.nr_ops != ops || !nothing_is_odd() || !assumes("state_from_seek")) {
			printf("# from %llu: %llu accesses, not %llu; %llu ops, not %llu\n", (unsigned long long)k,
			       (unsigned long long)result.nr_accesses, (unsigned long long)accesses, (unsigned long long)result.nr_ops,
			       (unsigned long long)ops);
			good = false;
		}
	}
	ok(good, "%s: from each of %llu records what follows is replayed, and finds its mappings, heap and blocks", streams,
	   (unsigned long long)total);

	good = true;
	for (unsigned ns = 5; ns <= 305; ns += 20) {
		begin("2");
		key(item(), "streams", streams);
		(void)snprintf(text, sizeof(text), "%uns", ns);
		key(&spec.workload[0], "from", text);
		(void)behind(0, ns * EG_PS_PER_NS, &accesses, &ops);
		good &= lands(ns, accesses, ops);
	}
	ok(good, "%s: the same from times", streams);
}

static void from_places(void)
{
	double elapsed, walks;
	uint64_t accesses, ops;
	char text[32];
	bool good = true;

	from_inside("recorded");
	from_inside("independent");

	begin("2");
	(void)item();
	ok(run() && !assumes("state_from_seek"), "from the beginning");
	elapsed = sum("elapsed"), walks = sum("walk.count");
	begin("2");
	key(item(), "from", "0");
	ok(run() && sum("elapsed") == elapsed && sum("walk.count") == walks && !assumes("state_from_seek"), "from: 0 is the same");

	begin("2");
	key(item(), "from", "1000000");
	ok(run() && result.nr_accesses == 0 && result.nr_ops == 0, "from behind the end: nothing is done");

	/* 190 ns: the child is gone, the thread lives, blocks are held */
	begin("1");
	key(item(), "from", "190ns");
	key(&spec.workload[0], "populate", "write");
	ok(run() && sum("fault_count.anon") == 10 && sum("fault_count.zero") == 10 && sum("task.exits") == 3,
	   "populated mappings are there, the heap is touched anew");

	begin("1");
	script_set(&spec, &spec.machine, "memory", "16MiB");
	record("0@0 map 0 1; 0@1 get 0 5000; 0@2 write 0 1; 0@3 exit", false, true);
	key(item(), "from", "5002");
	ok(refused("machine.memory"), "blocks for which there is no memory are an error");

	record(life, true, false);
	begin("2");
	key(item(), "from", "40");
	ok(refused("give a time"), "a number is no place in a split trace");
	for (unsigned ns = 5; ns <= 305; ns += 20) {
		begin("2");
		(void)snprintf(text, sizeof(text), "%uns", ns);
		key(item(), "from", text);
		(void)behind(0, ns * EG_PS_PER_NS, &accesses, &ops);
		good &= lands(ns, accesses, ops);
	}
	ok(good, "a time is");
}

/* Each request for host memory fails once. */
static void host_memory(void)
{
	unsigned other = 0, no_memory = 0;
	uint64_t nth = 0, used;
	eg_status s;

	record(family, true, false);
	do {
		begin("2");
		script_set(&spec, &spec.measure, "samples", "5");
		key(item(), "from", "25ns");
		key(&spec.workload[0], "accesses", "data");
		(void)eg_mem_fail_nth(++nth);
		s = script_run(&spec, &(struct run_options){ 0 }, &result, &errors);
		used = eg_mem_fail_nth(0);
		no_memory += s == EG_NO_MEMORY;
		if (s != EG_OK)
			memset(&result, 0, sizeof(result));
		if (s != EG_OK && s != EG_NO_MEMORY) {
			printf("# request %llu: %s: %s\n", (unsigned long long)nth, eg_status_text(s), errors.nr ? errors.text[0] : "");
			other++;
		}
	} while (used >= nth && nth < 2000);
	ok(s == EG_OK && no_memory > 50 && !other, "each of %u requests for host memory that fails is reported as that", no_memory);
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
	from_places();
	host_memory();
	checks();
	(void)unlink(file);
	eg_arena_free_all(&arena);
	run_result_free(&result);
	return tap_done();
}
