/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stories about the machine's memory and tasks (machine_story.h): memory that runs out, families, operations that cannot
 * be applied, and every generator with every policy.
 */
#include "sim/mmu/tlb/tlb.h"
#include "tests/unit/machine_story.h"

/* The largest value of a histogram, in picoseconds. */
static uint64_t longest(const char *group, const char *kind)
{
	const struct eg_hist *h = script_hist(&st.r, group, kind);

	return h->count ? h->max : 0;
}

/* ---- memory runs out ------------------------------------------------------------------------------------- */

static void memory_wait(void)
{
	/* 16 MiB have 4096 frames; the hog fills them in well under 1 ms, down to what atomic requests may use */
	begin(1);
	TASKS("grab 0 4096; sleep 2ms; put 0 3000; sleep 20us; put 3000 1096");
	TASKS("sleep 1ms; get 0 1; put 0 1");
	TASKS("sleep 1ms; grab 0 1");
	ok(run(0), "one CPU: one task waits for memory, one is refused, one frees");
	/* it tries again at the first page that comes free, which is not enough, and parks again */
	counts("task.memory_waits", 2);
	counts("task.oom_kills", 0);
	counts("task.exits", 3);
	is_u64(script_hist(&st.r, "memory_wait", "parked")->count, 2, "each wait is recorded");
	ok(longest("memory_wait", "parked") > 900 * EG_PS_PER_US && longest("memory_wait", "parked") < 2 * EG_PS_PER_MS,
	   "it lasted from the request at 1 ms to the first free after 2 ms");
	ok(longest("alloc_latency", "alloc.0") >= longest("memory_wait", "parked"), "the latency of the allocation contains the wait");
	ok(sum("alloc.failed") >= 2, "the hog's last request and the atomic one were refused");
	ok(sum("alloc.requests") == 4096 + 2, "every request is counted once, however often it was tried");
	ok(sum("alloc.requests") - sum("alloc.failed") == sum("alloc.frees"), "what was granted was given back");
	ok(sum("elapsed") > 2e6 && sum("elapsed") < 4e6, "elapsed covers both sleeps of the hog");
	ok(sum("time.idle") > 1.5e6, "the CPU was idle while all slept or waited");
	is_u64(script_count(&st.r, "free_unknown"), 4096 - (uint64_t)sum("alloc.frees") + 1,
	       "frees of blocks that were refused are counted");
}

static void memory_wait_atomic_alone(void)
{
	begin(1);
	TASKS("grab 0 4096; grab 5000 1; grab 5001 1 3");
	ok(run(0), "atomic requests of an exhausted machine");
	counts("task.memory_waits", 0);
	is_u64(script_hist(&st.r, "alloc_latency", "alloc.3")->count, 1, "a refused request is answered at once");
	ok(longest("alloc_latency", "alloc.3") < EG_PS_PER_US, "... within a microsecond");
	ok(sum("alloc.failed") >= 2, "both are refused");
}

static void costly_order_fails(void)
{
	begin(1);
	TASKS("grab 0 4096; get 5000 1 4");
	ok(run(0), "a waiting request above the costly order");
	counts("task.memory_waits", 0);
	counts("task.oom_kills", 0);
}

static void nobody_can_free(void)
{
	begin(1);
	TASKS("grab 0 4096; get 5000 1; put 0 4096");
	ok(run(0), "the only task waits for itself");
	counts("task.oom_kills", 1);
	counts("task.memory_waits", 1);
	counts("task.exits", 1);

	begin(2);
	TASKS("grab 0 4096");
	TASKS("sleep 5ms; map 0 8; write 0 4");
	TASKS("sleep 6ms; map 0 8; write 0 4");
	ok(run(0), "handles outlive their task, so those who wait are ended one by one");
	ok(sum("task.oom_kills") >= 1, "somebody was ended");
	counts("task.exits", 3);
	ok(sum("elapsed") >= 6e6, "not before the last of them asked");
}

/*
 * The task that is ended ran last long before the others: it must not end in their past, nor may the one that
 * its end releases go on there.
 */
static void killed_now_not_then(void)
{
	begin(2);
	script_set(&st.spec, &TASKS("vfork 1; sleep 1us; exit", "grab 0 4096; get 5000 1")->replay, "cpu", "0");
	script_set(&st.spec, &TASKS("sleep 10ms; exit")->replay, "cpu", "1");
	if (!ok(run(0), "a task parked early is ended when the last one that might free has gone"))
		return;
	counts("task.oom_kills", 1);
	counts("task.exits", 3);
	ok(longest("memory_wait", "parked") > 9 * EG_PS_PER_MS, "it had waited until then");
	ok(sum("elapsed") >= 10e6 + 1e3, "and its parent goes on from then");
}

/*
 * Two forks that cannot be completed must not keep waking each other with the pages that they give back:
 * memory is filled to every level at which a fork might get some of its pages.
 */
static void forks_at_the_margin(void)
{
	bool ended = true, waited = false;

	for (unsigned spare = 0; spare < 900; spare += 30) {
		char hog[80];

		begin(1);
		script_set(&st.spec, &st.spec.stop, "time", "1s");
		TASKS("map 0 1; write 0 1; map 600 1; write 600 1; map 1200 1; write 1200 1; sleep 2ms; fork 1; sleep 1us", "exit");
		TASKS("map 0 1; write 0 1; map 600 1; write 600 1; map 1200 1; write 1200 1; sleep 2ms; fork 1; sleep 1us", "exit");
		(void)snprintf(hog, sizeof(hog), "sleep 1ms; get 0 %u; sleep 500ms", 2900 + spare);
		TASKS(hog);
		if (!run(0))
			continue;
		waited |= sum("task.memory_waits") > 0;
		ended &= sum("elapsed") < 0.9e9;
		if (sum("elapsed") >= 0.9e9)
			printf("# %u blocks taken: still running\n", 2900 + spare);
	}
	ok(waited, "some of 30 fillings make a fork wait");
	ok(ended, "each of them ends");
}

/* ---- families ---------------------------------------------------------------------------------------------- */

static void vforks(void)
{
	begin(2);
	TASKS("map 0 4; write 0 4; vfork 1; read 0 4; exit", "sleep 3ms; exec; sleep 10ms; exit");
	ok(run(0), "vfork: the parent waits for exec");
	counts("task.vforks", 1);
	counts("task.execs", 1);
	counts("task.forks", 0);
	ok(sum("elapsed") >= 13e6 && sum("time.idle") >= 13e6, "the child sleeps 3 + 10 ms, alone at first");

	begin(2);
	TASKS("map 0 4; vfork 1; sleep 1ms; exit", "sleep 3ms; write 0 4; exit");
	ok(run(0), "vfork: the parent waits for exit");
	ok(sum("elapsed") >= 4e6, "one after the other");
	counts("fault_count.anon", 4);

	begin(2);
	TASKS("vfork 1; sleep 1ms; exit", "vfork 2; sleep 2ms; exit", "sleep 3ms; exit");
	ok(run(0), "a vfork child may vfork");
	counts("task.vforks", 2);
	counts("task.exits", 3);
	ok(sum("elapsed") >= 6e6 && sum("elapsed") < 7e6, "all three after one another");

	begin(2);
	TASKS("vfork 1; sleep 1ms; exit", "thread 2; sleep 1ms; exit", "sleep 5ms; exit");
	ok(run(0), "a vfork child may start a thread without waiting for it");
	counts("task.threads", 1);
	ok(sum("elapsed") >= 5e6 && sum("elapsed") < 6e6, "the thread does not hold its creator up");

	begin(2);
	TASKS("vfork 1; sleep 1ms; exit", "fork 2; sleep 1ms; exit", "sleep 5ms; exit");
	ok(run(0), "a vfork child may fork");
	ok(sum("elapsed") >= 5e6 && sum("elapsed") < 6e6, "and does not wait either");
}

static void forks(void)
{
	begin(2);
	TASKS("map 0 8; write 0 8; fork 1; sleep 1ms; write 0 8; exit", "write 0 4; sleep 5ms; exit");
	ok(run(0), "fork, then both write");
	counts("task.forks", 1);
	counts("fault_count.anon", 8);
	counts("fault_count.cow", 8);          /* the child copies 4; the parent copies the 4 that are still shared */
	counts("fault_count.cow_reuse", 4);

	begin(1);
	TASKS("fork 1; fork 1; exit", "sleep 1ms; exit");
	ok(run(0), "a stream that is alive is not born again");
	is_u64(script_count(&st.r, "stream_reused"), 1, "it is counted");
}

static void threads(void)
{
	/* the second task runs over the pages while the first takes their write bit and unmaps them */
	begin(2);
	TASKS("map 0 16; write 0 16; thread 1; sleep 100us; protect 0 16 ro; unmap 0 8; sleep 1us; exit",
	      "sweep 8 8 100000; exit");
	ok(run(0), "threads on two CPUs");
	counts("task.threads", 1);
	counts("shootdown.count", 2);
	counts("shootdown.ipis", 2);
	ok(sum("time.shootdown") > 0, "the initiator pays");
	ok(sum("time.ipi") == 2 * 1000, "the target loses 1 us each time");
	ok(sum("flush.local_all") >= 2, "and its translations");

	begin(1);
	TASKS("map 0 16; write 0 16; thread 1; protect 0 16 ro; unmap 0 8; exit", "sweep 8 8 100; exit");
	ok(run(0), "the same on one CPU");
	counts("shootdown.count", 0);
	counts("time.ipi", 0);
	ok(sum("task.segv") == 0, "nothing is read that is not mapped");
}

static void thread_groups(void)
{
	begin(1);
	TASKS("thread 1; thread 2; sleep 1ms; exitgroup", "sleep 50ms; exit", "map 0 4; write 0 4; sweep 0 4 100000000; exit");
	ok(run(0), "exit_group ends a thread that sleeps and one that waits for the CPU");
	counts("task.exits", 3);
	ok(sum("elapsed") < 10e6, "long before their time");

	begin(3);
	TASKS("thread 1; thread 2; sleep 1ms; exitgroup", "vfork 3; sleep 50ms; exit", "map 0 4; write 0 4; sweep 0 4 100000000; exit",
	      "sleep 4ms; exit");
	ok(run(0), "... and one that runs elsewhere, and one that waits for a vfork child");
	counts("task.exits", 4);
	ok(sum("elapsed") > 4e6 && sum("elapsed") < 4.1e6, "the child is of another group and goes on");
	ok(sum("access.reads") > 1e6 && sum("access.reads") < 1e7, "the one that ran stopped when an interrupt could be there");

	begin(2);
	set("ipi_latency", "100us");
	TASKS("thread 1; sleep 1ms; exitgroup", "map 0 4; write 0 4; sweep 0 4 765000; thread 2; sweep 0 4 100000000; exit",
	      "map 8 4; sweep 8 4 100000000; exit");
	ok(run(0), "a thread made while the group ends");
	counts("task.exits", 3);
	ok(sum("elapsed") < 2e6, "ends with it");

	begin(1);
	TASKS("thread 1; thread 2; sleep 2ms; put 0 1; exitgroup", "grab 0 4096; get 5000 1; exit", "sleep 1ms; get 6000 1; exit");
	ok(run(0), "threads parked for memory");
	counts("task.exits", 3);
	counts("task.oom_kills", 0);

	begin(2);
	TASKS("fork 1; thread 2; exitgroup", "sleep 5ms; map 0 4; write 0 4; exit", "sleep 9ms; exit");
	ok(run(0), "a forked child is of another group");
	counts("fault_count.anon", 4);
	ok(sum("elapsed") < 6e6, "its parent's thread is not");

	begin(1);
	TASKS("thread 1; sleep 1us; exitgroup", "sleep 10ms; exit");
	TASKS("sleep 50us; fork 1; sleep 20ms; exit", "sleep 30ms; map 0 1; write 0 1; exit");
	ok(run(0), "a task with the number of one that was ended in its sleep");
	ok(sum("elapsed") >= 30.05e6, "is not woken by the other's alarm");
	counts("fault_count.anon", 1);

	begin(2);
	script_trace(&st.spec, "0@0 map 0 4; 0@1 thread 1; 0@2 thread 2; 1@3 write 0 1; 2@4 write 1 1; 1@5 exitgroup; 0@6 exit; 2@7 exit");
	ok(run(0), "a recording in which the other threads' exits follow");
	counts("task.exits", 3);
	is_u64(script_count(&st.r, "after_exit"), 0, "they are none too many");

	begin(2);
	script_trace(&st.spec, "0@0 map 0 4; 0@1 thread 1; 1@3 write 0 1; 1@5 exitgroup; 0@6 write 0 3; 0@7 exit; 7@8 map 0 4; 7@9 read 0 1");
	ok(run(0), "a recording in which another thread goes on");
	counts("task.exits", 3);
	is_u64(script_count(&st.r, "after_exit"), 3, "what it does is counted, and done by nobody; its exit is right");
}

static void numbers_again(void)
{
	/* the third task runs on CPU 0, then dies on CPU 1 while CPU 0 works for the first; the child gets its number.
	 * The audit says if a CPU still knows the dead. */
	begin(2);
	cost("context_switch", "7us");
	TASKS("sleep 50us; map 0 4; write 0 4; sweep 0 4 1000000; sleep 1ms; exit");
	TASKS("sleep 200us; fork 1; sleep 5ms; exit", "map 0 1; write 0 1; sleep 2ms; exit");
	TASKS("map 0 1; write 0 1; sleep 70us; exit");
	ok(run(AUDIT_ALL), "task numbers are used again");
	ok(sum("sched.switches") >= 4 && sum("time.switch") == sum("sched.switches") * 7000, "every switch has its price");
}

static void cannot_start(void)
{
	begin(1);
	script_set(&st.spec, &script_trace(&st.spec, "0@0 init map 0 512; 0@1 read 0 1; 0@2 exit")->replay, "populate", "read");
	script_set(&st.spec, &st.spec.workload[0].replay, "populate_page", "2MiB");
	ok(!run(0) && st.status == EG_BAD_INPUT && strstr(st.err.text[0], "populate_page"), "read-only 2 MiB pages are refused, not a failed check");

	begin(1);
	TASKS("grab 0 4096; get 4200 4096 1; sleep 2ms");
	script_set(&st.spec, &TASKS("map 0 1; write 0 1; exit")->replay, "start", "1ms");
	ok(!run(0) && st.status == EG_BAD_INPUT && st.err.nr && strstr(st.err.text[0], "machine.memory"),
	   "a workload for which no page is left is an error that names the memory");
}

/* ---- what cannot be applied ------------------------------------------------------------------------------------ */

static void not_applied(void)
{
	begin(1);
	TASKS("map 0 4; write 0 4; protect 0 2 ro; write 0 4; read 100 3; write 3 1; exit");
	ok(run(0), "accesses outside or against the protection");
	counts("task.segv", 5);
	is_u64(script_count(&st.r, "segv"), 5, "are counted");
	is_u64(st.r.nr_accesses, 4 + 2 + 1, "and left out");

	begin(1);
	TASKS("map 0 4; write 0 4; read 0 4; protect 0 2 none; read 0 4; fetch 0 1; write 0 1; protect 0 2 rw; read 0 4; write 0 4; exit");
	ok(run(0), "PROT_NONE revokes what is present, and mprotect gives it back");
	is_u64(script_count(&st.r, "segv"), 4, "reads, fetches and writes of the closed pages are refused");
	counts("fault_count.anon", 4);
	counts("fault_count.cow_reuse", 2);

	begin(1);
	TASKS("map 0 4; read 100 1; exit");
	ok(!run(STRICT) && st.status == EG_BAD_INPUT, "--strict stops at the first");
	ok(st.err.nr == 1 && strstr(st.err.text[0], "script") && strstr(st.err.text[0], "record 2"), "and says where");

	begin(1);
	TASKS("put 7 1; get 1 1; get 1 1; put 1 1 2; put 1 1; put 1 1; unmap 0 4; protect 0 4 ro; drop 0 4; brk 100; brk 90; "
	      "fail; malloc 1; exit");
	ok(run(0), "operations on nothing");
	is_u64(script_count(&st.r, "free_unknown"), 2, "frees of ids that are not allocated");
	is_u64(script_count(&st.r, "alloc_live"), 1, "an id allocated while live");
	is_u64(script_count(&st.r, "free_wrong_order"), 1, "a free of another order");
	is_u64(script_count(&st.r, "munmap_nothing"), 1, "munmap of nothing");
	is_u64(script_count(&st.r, "mprotect_nothing"), 1, "mprotect of nothing");
	is_u64(script_count(&st.r, "madvise_ignored"), 1, "madvise of nothing");
	is_u64(script_count(&st.r, "brk_below_start"), 1, "brk below its start");
	is_u64(script_count(&st.r, "failed_in_recording"), 1, "a call that failed in the recording");
	is_u64(script_count(&st.r, "not_modelled"), 1, "malloc, which no room models");
	counts("alloc.frees", 2);

	begin(1);
	TASKS("get 1 1 3; put 1 1 0; exit");
	ok(run(0), "freeing a part of a block");
	counts("alloc.frees", 1);
}

static void chain(void)
{
	begin(1);
	TASKS("vfork 1; exit", "get 0 1; vfork 2; exit", "vfork 3; exit", "exit");
	ok(run(0), "a chain of vforks ends");
	counts("task.exits", 4);
}

/* ---- every generator, every policy -------------------------------------------------------------------------------- */

static void small(struct spec_workload *w, struct spec *spec)
{
	static const struct { const char *name, *text; } values[] = {
		{ "footprint", "256KiB" }, { "table", "256KiB" }, { "rss", "256KiB" }, { "references", "3000" },
		{ "updates", "3000" }, { "passes", "1" }, { "ops", "500" }, { "live", "40" }, { "children", "4" },
		{ "child_life", "100us" }, { "threads", "2" }, { "touch", "0.5" },
	};

	for (unsigned i = 0; i < EG_ARRAY_LEN(values); i++)
		if (eg_param_find(w->gen->params, values[i].name) >= 0)
			script_set(spec, &w->gen_args, values[i].name, values[i].text);
}

static void all_policies(void)
{
	for (unsigned g = 0; gen_registry[g]; g++) {
		bool good = true;
		unsigned runs = 0;

		for (unsigned p = 0; spec_policy_name("page_allocator", p); p++)
			for (unsigned t = 0; spec_policy_name("tlb", t); t++) {
				char why[200] = "";
				struct run_options o = { .audit = true, .audit_every = 50 };
				struct spec_workload *w;

				begin(2);
				script_nr = 1;
				EG_CHECK(spec_set_policy(&st.spec, "page_allocator", spec_policy_name("page_allocator", p), why,
							 sizeof(why)) == EG_OK);
				EG_CHECK(spec_set_policy(&st.spec, "tlb", spec_policy_name("tlb", t), why, sizeof(why)) == EG_OK);
				w = spec_add_generator(&st.spec, gen_registry[g]);
				EG_CHECK(w);
				small(w, &st.spec);
				if (script_run(&st.spec, &o, &st.r, &st.err) != EG_OK) {
					printf("# %s\n", st.err.nr ? st.err.text[0] : "failed");
					memset(&st.r, 0, sizeof(st.r));
					good = false;
					continue;
				}
				good &= sum("time.sum_error") == 0 && sum("elapsed") > 0;
				runs++;
			}
		ok(good && runs >= 4, "%s: time adds up with each of %u combinations of policies", gen_registry[g]->name, runs);
	}
}

int main(int argc, char **argv)
{
	static const struct story_of stories[] = {
		{ "memory wait", memory_wait }, { "atomic", memory_wait_atomic_alone }, { "costly order", costly_order_fails },
		{ "nobody can free", nobody_can_free }, { "killed now", killed_now_not_then },
		{ "forks at the margin", forks_at_the_margin },
		{ "vforks", vforks }, { "forks", forks }, { "threads", threads },
		{ "thread groups", thread_groups }, { "numbers again", numbers_again }, { "cannot start", cannot_start },
		{ "not applied", not_applied }, { "chain", chain }, { "all policies", all_policies },
	};

	return tell_all(stories, EG_ARRAY_LEN(stories), argc, argv);
}
