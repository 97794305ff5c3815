/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stories about the machine's time (machine_story.h): sleeps and limits, slices, recordings and their clocks, page runs,
 * blocks that are freed in parts.
 */
#include <math.h>

#include "tests/unit/machine_story.h"

static void sleeps_and_limits(void)
{
	begin(2);
	TASKS("sleep 7ms; exit");
	ok(run(0), "one sleeper");
	ok(sum("elapsed") >= 7e6 && sum("elapsed") < 7.1e6, "elapsed is its sleep and little more");
	ok(sum("time.idle") >= 2 * 7e6 - 1e5, "both CPUs are idle meanwhile");

	begin(1);
	script_set(&st.spec, &st.spec.stop, "time", "3ms");
	TASKS("sleep 7ms; exit");
	ok(run(0), "stop.time in a sleep");
	is_u64(st.r.elapsed, 3 * EG_PS_PER_MS, "the run ends then");
	counts("task.exits", 0);

	begin(1);
	script_set(&st.spec, &st.spec.stop, "time", "1ms");
	TASKS("map 0 4; write 0 4; sweep 0 4 100000000; exit");
	ok(run(0), "stop.time in accesses");
	ok(st.r.elapsed >= EG_PS_PER_MS && st.r.elapsed < EG_PS_PER_MS + EG_PS_PER_US, "ends with the access under way");

	begin(1);
	script_set(&st.spec, &st.spec.stop, "ops", "1000");
	TASKS("map 0 4; write 0 4; sweep 0 4 100000; exit");
	ok(run(0), "stop.ops");
	is_u64(st.r.nr_accesses, 999, "accesses and ops together: one map, 999 accesses");

	begin(1);
	script_set(&st.spec, &st.spec.measure, "warmup", "1ms");
	TASKS("get 0 10; sleep 2ms; get 10 5; put 0 15; exit");
	ok(run(0), "a warm-up of 1 ms");
	counts("alloc.requests", 5);
	is_u64(script_hist(&st.r, "alloc_latency", "alloc.0")->count, 5, "histograms start after it");
	is_u64(st.r.warmup, EG_PS_PER_MS, "it is in the result");

	begin(1);
	TASKS("get 0 10; warm; get 10 5; put 0 15; exit");
	ok(run(0), "a warm-up that ends at a mark");
	counts("alloc.requests", 5);
}

static void slices(void)
{
	begin(1);
	set("time_slice", "100us");
	cost("context_switch", "1us");
	for (unsigned i = 0; i < 3; i++)
		TASKS("map 0 4; write 0 4; sweep 0 4 750000; exit");     /* 3 million accesses: 1 ms */
	ok(run(0), "three tasks take turns on one CPU");
	ok(sum("sched.switches") >= 27 && sum("sched.switches") <= 33, "about one switch for each 100 us of 3 ms");
	ok(sum("time.switch") == sum("sched.switches") * 1000, "each at its price");
	ok(sum("time.compute") >= 2.99e6 && sum("time.idle") == 0, "the work is 3 ms and nobody idles");

	begin(1);
	set("time_slice", "100us");
	TASKS("map 0 4; write 0 4; sweep 0 4 750000; exit");
	ok(run(0), "a task alone");
	counts("sched.switches", 0);

	begin(2);
	for (unsigned i = 0; i < 3; i++)
		script_set(&st.spec, &TASKS("map 0 4; write 0 4; sweep 0 4 750000; exit")->replay, "cpu", "1");
	ok(run(0), "three tasks pinned to CPU 1 of two");
	ok(sum("elapsed") >= 3e6 && sum("time.idle") >= 3e6, "the other CPU idles");

	begin(4);
	script_set(&st.spec, &TASKS("map 0 4; write 0 4; sweep 0 4 750000; exit")->replay, "instances", "4");
	ok(run(0), "four instances on four CPUs");
	ok(sum("elapsed") < 1.2e6, "run side by side");

	begin(1);
	script_set(&st.spec, &TASKS("exit")->replay, "start", "5ms");
	ok(run(0), "a later start");
	ok(sum("elapsed") >= 5e6 && sum("time.idle") >= 5e6, "idle until then");
}

static void recordings(void)
{
	static const char text[] = "0@0 map 0 8; 0@1000 write 0 4; 0@500000 fork 1; 1@600000 write 0 2; 0@700000 read 0 4; "
				   "1@800000 exit; 0@1000000 exit";

	begin(2);
	script_trace(&st.spec, text);
	ok(run(0), "a recording, as fast as it goes");
	counts("task.forks", 1);
	counts("fault_count.cow", 2);
	counts("task.exits", 2);
	ok(sum("elapsed") < 300e3, "its times do not matter");

	begin(2);
	script_set(&st.spec, &script_trace(&st.spec, text)->replay, "replay", "timed");
	ok(run(0), "the same, timed");
	ok(sum("elapsed") >= 1000e3 && sum("elapsed") < 1030e3, "every op starts at its time");
	counts("fault_count.cow", 2);

	begin(2);
	script_set(&st.spec, &script_trace(&st.spec, text)->replay, "replay", "closed");
	ok(run(0), "the same, closed");
	if (!ok(sum("elapsed") >= 1000e3 && sum("elapsed") < 1200e3, "the recorded pauses are kept, the work comes on top"))
		printf("# elapsed %g ns\n", sum("elapsed"));

	begin(1);
	script_trace(&st.spec, "0@0 map 0 4; 0@1 vfork 1; 1@2 write 0 1; 1@3 exec; 0@4 write 1 1; 1@5 map 0 1; 1@6 exit; "
			       "1@7 read 0 1; 0@8 exit");
	ok(run(0), "vfork in a recording, and an access after the exit");
	counts("task.vforks", 1);
	is_u64(script_count(&st.r, "after_exit"), 1, "the access of the dead is counted");

	begin(1);
	script_trace(&st.spec, "0@0 map 0 4; 3@1 map 0 1; 3@2 write 0 1; 0@3 write 0 1; 3@4 exit; 0@5 exit");
	ok(run(0), "a stream that nobody gave birth to existed before");
	counts("task.exits", 2);
	counts("fault_count.anon", 2);
}

static void freed_in_parts(void)
{
	begin(1);
	TASKS("get 1 1 4; put 1 1 1; part 1 0 2; part 1 1 2; part 1 0 0; part 1 2 4; part 1 3 8; put 1 1 4; part 1 0 3; exit");
	ok(run(0), "a block that is freed in parts");
	is_u64(script_count(&st.r, "free_unknown"), 3, "a part that is gone, and the whole of what is not whole, are counted");
	counts("alloc.frees", 5);

	begin(1);
	TASKS("get 1 1 4; part 1 0 5; part 1 2 12; get 1 1 2; put 1 1 2; get 2 1 3; part 2 1 4; part 2 0 4; put 2 1 3; exit");
	ok(run(0), "an id that is given again while parts of its block are left");
	is_u64(script_count(&st.r, "alloc_live"), 1, "is counted, and what was left of it is freed");
	is_u64(script_count(&st.r, "free_unknown"), 2, "an id whose last part is gone is unknown, as a part freed twice");
	counts("alloc.frees", 2 + 4 + 1 + 1);   /* of the first block: 0-3, 4, 6-7 and 8-11 were left */
}

static void page_runs(void)
{
	begin(1);
	TASKS("map 0 4; run 0 1000000 rw; run 1 10 wx; run 2 1 x; exit");
	ok(run(0), "page runs");
	counts("access.reads", 1000000);
	counts("access.writes", 1000010);
	counts("access.fetches", 11);
	counts("fault_count.zero", 2);
	counts("fault_count.zero_cow", 1);
	counts("fault_count.anon", 1);
	counts("tlb.misses.l1d", 3);
	counts("tlb.misses.l1i", 2);
	is_u64(st.r.nr_accesses, 2000021, "each access is counted");
	is_u64(st.r.nr_ops, 2, "a run is no operation");
	ok(fabs(sum("time.compute") - 2000021 * 0.333) < 0.001, "and costs what a hit costs");

	begin(1);
	script_set(&st.spec, &st.spec.stop, "ops", "1000");
	TASKS("map 0 4; run 0 600 wr; run 1 5000 r; exit");
	ok(run(0), "stop.ops within a run");
	is_u64(st.r.nr_accesses, 999, "cuts it");
	counts("access.writes", 399);   /* after one of each, the reads go first */
	counts("access.reads", 600);

	begin(1);
	script_set(&st.spec, &TASKS("map 0 4; run 0 600 xw; run 1 50 x; run 2 4 rx; exit")->replay, "accesses", "data");
	ok(run(0), "accesses: data");
	counts("access.fetches", 0);
	counts("access.writes", 600);
	counts("access.reads", 4);
	counts("fault_count.anon", 1);

	begin(1);
	script_set(&st.spec, &st.spec.stop, "ops", "1000");
	script_set(&st.spec, &script_trace(&st.spec, "0@0 map 0 4; 0@1 run 0 600 xw; 0@2 run 1 5000 xr; 0@3 exit")->replay, "accesses", "data");
	ok(run(0), "both, in a recording");
	counts("access.writes", 600);
	counts("access.reads", 399);

	begin(1);
	TASKS("map 0 4; run 9 30 rw; protect 0 1 ro; run 0 20 rw; run 0 4294967297 r; run 0 0 r; exit");
	ok(run(0), "runs on nothing, on what forbids them, and too long ones");
	is_u64(script_count(&st.r, "segv"), 80, "every access of a run that is refused is counted");
	is_u64(script_count(&st.r, "access_too_large"), 1, "a run of more than 2^32 is left out");
	counts("access.reads", 20);
}

int main(int argc, char **argv)
{
	static const struct story_of stories[] = {
		{ "sleeps and limits", sleeps_and_limits }, { "slices", slices }, { "recordings", recordings },
		{ "page runs", page_runs }, { "freed in parts", freed_in_parts },
	};

	return tell_all(stories, EG_ARRAY_LEN(stories), argc, argv);
}
