/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input that nobody would write by hand: numbers near 2^64, addresses outside every space, ids that mean
 * something inside, more of everything than the machine has room for. Each story once stopped the program,
 * ran for ever, took all memory or - worst - gave a plausible wrong number. What is asked here is that such
 * input is counted or refused with a message, and that everything around it goes on.
 *
 * Operations are rows of a table (struct row) where a text (tests/script.h) could not say them.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/vm/shmem.h"
#include "sim/vm/vm.h"
#include "tests/crafted_ids.h"
#include "tests/script.h"

#define K    UINT64_C(4096)
#define BASE UINT64_C(0x10000000)
#define TOP  UINT64_MAX
#define RW   (EG_PROT_READ | EG_PROT_WRITE)
#define ANON EG_MAP_ANON

/* ---- a recording from a table ------------------------------------------------------------------------------ */

enum { ROW_TOUCH = 100 };       /* arg: address, accesses, kind, distance in bytes */

struct row {
	unsigned code;
	uint32_t stream;
	uint64_t arg[EG_OP_ARGS];
	eg_time  time;          /* 0: none */
	uint8_t  flags;
};

struct row_reader {
	size_t   at;
	uint64_t acc[64];
};

static const struct row *rows;
static size_t nr_rows;

static eg_status rows_open(struct trace_reader **r, const char *path, const struct trace_open_options *o, struct eg_errors *err)
{
	(void)path, (void)o, (void)err;
	*r = eg_calloc(1, sizeof(struct row_reader));
	return *r ? EG_OK : EG_NO_MEMORY;
}

static eg_status rows_next(struct trace_reader *reader, struct eg_block *b, struct eg_errors *err)
{
	struct row_reader *r = (struct row_reader *)reader;
	const struct row *row = &rows[r->at];

	(void)err;
	if (r->at == nr_rows) {
		*b = (struct eg_block){ .kind = EG_BLOCK_END, .time = EG_TIME_NONE };
		return EG_OK;
	}
	r->at++;
	*b = (struct eg_block){ .kind = EG_BLOCK_OP, .stream = row->stream, .time = row->time ? row->time : EG_TIME_NONE };
	if (row->code == ROW_TOUCH) {
		EG_CHECK(row->arg[1] <= EG_ARRAY_LEN(r->acc));
		b->kind = EG_BLOCK_ACCESS;
		b->acc = r->acc;
		for (b->nr = 0; b->nr < row->arg[1]; b->nr++)
			r->acc[b->nr] = eg_access(row->arg[0] + b->nr * row->arg[3], (enum eg_access_kind)row->arg[2], 8);
		return EG_OK;
	}
	b->op = (struct eg_op){ .code = (uint8_t)row->code, .flags = row->flags, .stream = row->stream, .time = b->time };
	memcpy(b->op.arg, row->arg, sizeof(b->op.arg));
	return EG_OK;
}

static const struct trace_ops row_ops = {
	.open = rows_open, .next = rows_next, .close = script_trace_close,
	.capabilities = script_trace_capabilities, .metadata = script_trace_metadata,
};

/* ---- telling ----------------------------------------------------------------------------------------------- */

static struct eg_arena arena;
static struct spec spec;
static struct run_result result;
static struct eg_errors errors;
static struct spec_workload *recording;
static eg_status status;

static void forget(void)
{
	eg_arena_free_all(&arena);
	run_result_free(&result);
	memset(&result, 0, sizeof(result));
	memset(&errors, 0, sizeof(errors));
}

static void begin(const char *cpus, const char *memory)
{
	forget();
	script_spec(&spec, &arena);
	script_set(&spec, &spec.machine, "cpus", cpus);
	script_set(&spec, &spec.machine, "memory", memory);
}

static void record(const struct row *list, size_t nr)
{
	static const char hash[65] = "";

	rows = list;
	nr_rows = nr;
	recording = spec_add_trace(&spec, &row_ops, "rows", hash);
	EG_CHECK(recording);
}
#define RECORD(...) do { static const struct row list_[] = { __VA_ARGS__ }; record(list_, EG_ARRAY_LEN(list_)); } while (0)
#define OP(code, stream, ...)                { EG_OP_##code, stream, { __VA_ARGS__ }, 0, 0 }
#define AT(code, stream, time, flags, ...)   { EG_OP_##code, stream, { __VA_ARGS__ }, time, flags }
#define TOUCH(stream, addr, nr, kind, step)  { ROW_TOUCH, stream, { addr, nr, kind, step }, 0, 0 }
#define WRITE(stream, addr, pages)           TOUCH(stream, addr, pages, EG_ACCESS_WRITE, K)

static bool run_every(uint64_t audit_every)
{
	struct run_options o = { .audit = true, .audit_every = audit_every };

	status = script_run(&spec, &o, &result, &errors);
	if (status != EG_OK) {
		printf("# %s: %s\n", eg_status_text(status), errors.nr ? errors.text[0] : "no message");
		memset(&result, 0, sizeof(result));
	}
	return status == EG_OK;
}

static bool run(void) { return run_every(1); }

static void counts(const char *name, uint64_t want)
{
	uint64_t n = script_count(&result, name);

	is_u64(n == UINT64_MAX ? (uint64_t)run_summary(&result, name) : n, want, name);
}

/* The run ends as bad input, with a message that contains these words. */
static void refused(const char *what, const char *words)
{
	bool done = run();

	ok(!done && status == EG_BAD_INPUT && errors.nr == 1 && strstr(errors.text[0], words), "%s ends with a message (%s)",
	   what, words);
}

/* ---- address spaces ---------------------------------------------------------------------------------------- */

static void break_at_the_end(void)
{
	/* rounded up, the new break was page 0, and everything from there on was unmapped */
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0, K, 16 * K, RW, ANON), WRITE(0, K, 4), OP(BRK, 0, 0x600000), OP(BRK, 0, TOP), OP(BRK, 0, TOP - K + 2),
	       WRITE(0, K, 4), OP(BRK, 0, 0x700000), WRITE(0, 0x6ff000, 1));
	if (!ok(run(), "brk(2^64 - 1)"))
		return;
	counts("enomem", 2);
	counts("segv", 0);
	counts("fault_count.anon", 4 + 1);

	begin("2", "64MiB");
	RECORD(OP(BRK, 0, TOP), OP(BRK, 0, TOP), OP(BRK, 0, 0x600000), OP(BRK, 0, 0x600000 + 4 * K), WRITE(0, 0x600000, 4));
	if (!ok(run(), "the first brk at the end"))
		return;
	counts("enomem", 2);
	counts("fault_count.anon", 4);
}

static void break_into_a_mapping(void)
{
	begin("2", "64MiB");
	RECORD(OP(BRK, 0, 0x600000), OP(MMAP, 0, 0x700000, 4 * K, RW, ANON), WRITE(0, 0x700000, 4), OP(BRK, 0, 0x800000),
	       WRITE(0, 0x700000, 4), WRITE(0, 0x600000, 1), OP(BRK, 0, 0x700000), WRITE(0, 0x600000, 1));
	if (!ok(run(), "brk over a mapping"))
		return;
	counts("enomem", 1);
	counts("segv", 1);
	counts("fault_count.anon", 4 + 1);     /* the mapping keeps its pages; the break stayed until it had room */
}

static void moving_a_reservation(void)
{
	/* 2^33 pages of which two exist, in a hole of tables of every level */
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0, 0, UINT64_C(1) << 45, RW, ANON), WRITE(0, 5 * K, 1), WRITE(0, (UINT64_C(1) << 45) - K, 1),
	       OP(MREMAP, 0, 0, UINT64_C(1) << 45, UINT64_C(1) << 46, UINT64_C(1) << 45, 3),
	       TOUCH(0, (UINT64_C(1) << 46) + 5 * K, 1, EG_ACCESS_READ, 0),
	       TOUCH(0, (UINT64_C(3) << 45) - K, 1, EG_ACCESS_READ, 0), WRITE(0, 5 * K, 1));
	if (!ok(run(), "mremap of 32 TiB"))
		return;
	counts("fault_count.anon", 2);
	counts("segv", 1);
	is_u64(result.nr_accesses, 4, "both pages came along");
}

static void beyond_48_bits(void)
{
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0, BASE, 16 * K, RW, ANON), WRITE(0, BASE, 4), TOUCH(0, BASE | UINT64_C(1) << 48, 4, EG_ACCESS_READ, K),
	       WRITE(0, BASE | UINT64_C(1) << 52, 4), TOUCH(0, BASE, 4, EG_ACCESS_READ, K));
	if (!ok(run(), "addresses above 2^48"))
		return;
	counts("segv", 8);
	counts("fault_count.anon", 4);
	is_u64(result.nr_accesses, 8, "they are skipped, not taken for the page 2^48 bytes below");
}

static void initial_mapping_wraps(void)
{
	static const char *const populate[][2] = { { "none", "4KiB" }, { "read", "4KiB" }, { "write", "4KiB" }, { "write", "2MiB" } };

	for (unsigned i = 0; i < EG_ARRAY_LEN(populate); i++) {
		begin("2", "64MiB");
		RECORD(AT(MMAP, 0, 0, EG_OPF_INIT, TOP - 8191, 1 << 20, RW, ANON),
		       AT(MMAP, 0, 0, EG_OPF_INIT, BASE, TOP - BASE - K, RW, ANON),
		       AT(MMAP, 0, 0, EG_OPF_INIT, BASE, 4 * K, RW, ANON), WRITE(0, BASE, 4));
		script_set(&spec, &recording->replay, "populate", populate[i][0]);
		script_set(&spec, &recording->replay, "populate_page", populate[i][1]);
		if (!ok(run(), "initial mappings whose ends wrap, populate %s, %s", populate[i][0], populate[i][1]))
			continue;
		counts("enomem", 2);
		is_u64(result.nr_accesses, 4, "the one that fits is there");
	}
}

static void lazily_freed(void)
{
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0, BASE, 8 * K, RW, ANON), WRITE(0, BASE, 8), OP(MADVISE, 0, BASE, 8 * K, EG_MADV_FREE), WRITE(0, BASE, 8),
	       OP(MADVISE, 0, BASE + 64 * K, K, EG_MADV_FREE));
	if (!ok(run(), "MADV_FREE"))
		return;
	counts("fault_count.all", 8);
	counts("madvise_ignored", 1);          /* of nothing */
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0, BASE, 8 * K, RW, ANON), WRITE(0, BASE, 8), OP(MADVISE, 0, BASE, 8 * K, EG_MADV_DONTNEED), WRITE(0, BASE, 8));
	if (ok(run(), "MADV_DONTNEED"))
		counts("fault_count.all", 16);
}

static void no_flush(void *ctx, uint32_t s, eg_vpn vpn, uint64_t nr) { (void)ctx, (void)s, (void)vpn, (void)nr; }

/* Beside one object with many pages, 200000 small ones come and go: each end looked through the table of all. */
static void shared_come_and_go(void)
{
	static const struct vm_hooks hooks = { .flush = no_flush };
	static struct eg_args args;
	static struct phys phys;
	static struct vm vm;
	struct phys_config config = { .memory_bytes = UINT64_C(512) << 20, .palloc = palloc_registry[0], .palloc_args = &args };
	struct vm_work work = { 0 };
	uint32_t space;
	size_t objects;
	bool good = true;

	forget();
	EG_CHECK(eg_args_init(&args, config.palloc->params, &arena) == EG_OK);
	EG_CHECK(phys_init(&phys, &arena, &config, NULL) == EG_OK);
	EG_CHECK(vm_init(&vm, &phys, &hooks, NULL) == EG_OK);
	EG_CHECK(vm_space_new(&vm, &space, &work) == VM_DONE);
	EG_CHECK(vm_mmap(&vm, space, BASE, 100000 * K, RW, ANON | EG_MAP_SHARED, 0, 0, &work) == VM_DONE);
	for (uint64_t p = 0; p < 100000; p++)
		EG_CHECK(vm_fault(&vm, space, BASE + p * K, true, &work).outcome == VM_DONE);
	objects = vm.shmem->nr;
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t at = UINT64_C(1) << 40;

		good &= vm_mmap(&vm, space, at, 4 * K, RW, ANON | EG_MAP_SHARED, 0, 0, &work) == VM_DONE;
		good &= vm_fault(&vm, space, at + i % 4 * K, true, &work).outcome == VM_DONE;
		good &= vm_munmap(&vm, space, at, 4 * K, &work) == VM_DONE;
	}
	ok(good, "200000 shared mappings were made, written and unmapped");
	is_u64(vm.shmem->nr, objects + 1, "one number served them all");
	is_u64(vm.shmem->used, 100000, "their pages are gone, the others' are not");
	vm_validate(&vm);
	vm_space_put(&vm, space, &work);
	is_u64(vm.shmem->used, 0, "nothing is left");
	phys_validate(&phys);
	vm_fini(&vm);
	phys_fini(&phys);
}

/* ---- raw pages --------------------------------------------------------------------------------------------- */

static void page_of_two_kinds(void)
{
	begin("2", "64MiB");
	RECORD(OP(ALLOC_PAGES, 0, 1, 0, 6), OP(ALLOC_PAGES, 0, 2, 0, TOP), OP(FREE_PAGES, 0, 1, 0), OP(FREE_PAGES, 0, 2, 0));
	if (ok(run(), "both movable and reclaimable")) {
		counts("alloc.requests", 2);
		counts("alloc.frees", 2);
	}
}

/* Ids that meet in one cell under the first key of the table, and groups that do under later ones. */
static void crafted_ids(void)
{
	enum { FIRST = 100000, ALL = FIRST + 20 * 200 };
	struct row *list = eg_calloc(2 * ALL, sizeof(*list));

	EG_CHECK(list);
	for (uint64_t i = 0; i < ALL; i++) {
		list[i] = (struct row)OP(ALLOC_PAGES, 0, crafted_nth(i, FIRST));
		list[ALL + i] = (struct row)OP(FREE_PAGES, 0, crafted_nth(i, FIRST));
	}
	begin("1", "1GiB");
	record(list, 2 * ALL);
	if (ok(run_every(1000000), "ids that collide")) {
		counts("alloc.requests", ALL);
		counts("alloc.frees", ALL);
	}
	eg_free(list);
}

static void largest_id(void)
{
	begin("2", "64MiB");
	RECORD(OP(ALLOC_PAGES, 0, TOP, 0, 0), OP(FREE_PAGES, 0, TOP, 0), OP(ALLOC_PAGES, 0, TOP - 1, 0, 0), OP(FREE_PAGES, 0, TOP - 1, 0));
	if (ok(run(), "the id 2^64 - 1")) {
		counts("enomem", 1);
		counts("free_unknown", 1);
		counts("alloc.requests", 1);
		counts("alloc.frees", 1);
	}
}

static void orders(void)
{
	begin("2", "64MiB");
	RECORD(OP(ALLOC_PAGES, 0, 1, 11, 0), OP(ALLOC_PAGES, 0, 1, UINT64_C(1) << 40, 0), OP(ALLOC_PAGES, 0, 1, 10, 0),
	       OP(FREE_PAGES, 0, 1, 11), OP(FREE_PAGES, 0, 1, 63), OP(FREE_PAGES, 0, 1, 64), OP(FREE_PAGES, 0, 1, UINT64_C(1) << 32),
	       OP(FREE_PAGES, 0, 1, TOP), OP(FREE_PAGES, 0, 1, 0, TOP), OP(FREE_PAGES, 0, 1, 10));
	if (ok(run(), "orders that no block has")) {
		counts("enomem", 2);
		counts("free_wrong_order", 6);
		counts("alloc.frees", 1);
	}
}

/* ---- time -------------------------------------------------------------------------------------------------- */

static void time_ends(void)
{
	begin("2", "64MiB");
	RECORD(OP(THINK, 0, TOP - 10), OP(MMAP, 0, BASE, 4 * K, RW, ANON));
	refused("a think time near 2^64", "simulated time");
	begin("2", "64MiB");
	RECORD(OP(THINK, 0, TOP));
	refused("a think time of 2^64 - 1", "simulated time");
	begin("2", "64MiB");
	RECORD(OP(THINK, 0, UINT64_C(1) << 62), OP(THINK, 0, UINT64_C(1) << 62), OP(THINK, 0, UINT64_C(1) << 62),
	       OP(THINK, 0, UINT64_C(1) << 62), OP(THINK, 0, UINT64_C(1) << 62));
	script_set(&spec, &spec.measure, "interval", "1000s");
	refused("a series of long thinks", "simulated time");
	begin("2", "64MiB");
	RECORD(AT(MMAP, 0, 1000000, 0, BASE, 4 * K, RW, ANON), AT(MUNMAP, 0, 1000, 0, BASE, 4 * K),
	       AT(MMAP, 0, TOP - 1, 0, BASE, 4 * K, RW, ANON));
	script_set(&spec, &recording->replay, "replay", "timed");
	refused("a recorded time near 2^64, timed", "simulated time");
	begin("2", "64MiB");
	RECORD(AT(MMAP, 0, 1000000, 0, BASE, 4 * K, RW, ANON), AT(MUNMAP, 0, TOP - 5, 0, BASE, 4 * K),
	       AT(MMAP, 0, TOP - 1, 0, BASE, 4 * K, RW, ANON));
	script_set(&spec, &recording->replay, "replay", "closed");
	refused("a recorded time near 2^64, closed", "simulated time");
}

/* frag.huge_score is the mean from the end of the warm-up on: memory is whole before it, broken after it. */
static void warmup_is_announced(void)
{
	double score;
	unsigned pct = 0;

	begin("2", "64MiB");
	script_set(&spec, &spec.measure, "interval", "100us");
	(void)script_add(&spec, (const char *const[]){ "sleep 10ms; grab 0 20 9; put 0 20 8; warm; sleep 5ms", NULL });
	if (!ok(run_every(50), "a warm-up, then broken memory"))
		return;
	while (pct < result.nr_series && strcmp(result.series_columns[pct].name, "frag.huge_pct") != 0)
		pct++;
	EG_CHECK(pct < result.nr_series && result.nr_samples > 100);
	ok(result.series[pct] > 90, "memory is whole at first");
	ok(result.warmup >= 10 * EG_PS_PER_MS, "until the warm-up ends");
	/* of 32 frames of 2 MiB some 20 are half taken then; the mean of all 15 ms would be above 75 */
	score = run_summary(&result, "frag.huge_score");
	if (!ok(score > 30 && score < 60, "the score knows nothing of the time before"))
		printf("# score %g\n", score);
}

/* ---- more than there is room for --------------------------------------------------------------------------- */

static void stream_numbers(void)
{
	begin("2", "64MiB");
	RECORD(OP(MMAP, 0xfffffff0, BASE, 4 * K, RW, ANON), WRITE(0xfffffff0, BASE, 4));
	refused("stream 0xfffffff0", "stream 4294967280");
	begin("2", "64MiB");
	RECORD(OP(FORK, 0, 0xfffffff0), OP(EXIT, 0xfffffff0, 0));
	refused("a child 0xfffffff0", "stream 4294967280");
}

static void too_many_instances(void)
{
	begin("2", "64MiB");
	for (unsigned i = 0; i < 17; i++) {
		RECORD(OP(EXIT, 0, 0));
		script_set(&spec, &recording->replay, "instances", "4096");
	}
	refused("69632 instances", "instances");
}

static void large_access(void)
{
	begin("2", "64MiB");
	RECORD(OP(ACCESS, 0, BASE, TOP, EG_ACCESS_WRITE), OP(ACCESS, 0, BASE, (UINT64_C(1) << 30) + 1, EG_ACCESS_READ),
	       OP(MMAP, 0, BASE, 4 * K, RW, ANON), OP(ACCESS, 0, BASE, 4 * K, EG_ACCESS_WRITE));
	if (!ok(run(), "an access of 2^64 - 1 bytes"))
		return;
	counts("access_too_large", 2);
	counts("segv", 0);
	counts("fault_count.anon", 4);
}

/* Eight threads break the sharing of thousands of pages within the latency of an interrupt. */
static void too_many_interrupts(void)
{
	static const char *const cheap[] = { "trap", "vma_lookup", "pte_set", "charge", "cow_extra", "alloc_base", "shootdown",
					     "shootdown_target", "shootdown_page", "zone_lock_hold" };

	begin("8", "1GiB");
	script_set(&spec, &spec.machine, "ipi_latency", "1ms");
	script_set(&spec, &spec.costs, "zero_bandwidth", "1000GB/s");
	for (unsigned i = 0; i < EG_ARRAY_LEN(cheap); i++)
		script_set(&spec, &spec.costs, cheap[i], "5ns");
#define WAIT "read 0 1; sleep 20ms; sleep 30ms; "
	(void)script_add(&spec, (const char *const[]){
		"map 0 40000; read 0 40000; thread 1; thread 2; thread 3; thread 4; thread 5; thread 6; thread 7; sleep 50ms; write 0 5000",
		WAIT "write 5000 5000", WAIT "write 10000 5000", WAIT "write 15000 5000", WAIT "write 20000 5000",
		WAIT "write 25000 5000", WAIT "write 30000 5000", WAIT "write 35000 5000" });
#undef WAIT
	ok(!run_every(1 << 20) && status == EG_BAD_INPUT && strstr(errors.text[0], "interrupts"),
	   "more pending interrupts than there is room for");
}

/* ---- whose turn it is -------------------------------------------------------------------------------------- */

/*
 * The child's exec releases the parent, and a slice ends while the child is in the middle of a block: if the
 * parent now asks for the recording's next block, the reader overwrites the words that the child works on.
 */
static void released_in_a_block(void)
{
	bool same = true;
	unsigned runs = 0, switches = 0;

	for (unsigned us = 5; us < 400; us += 5) {
		char slice[16];

		begin("1", "64MiB");
		(void)snprintf(slice, sizeof(slice), "%uus", us);
		script_set(&spec, &spec.machine, "time_slice", slice);
		script_trace(&spec, "0@0 map 0 64; 0@0 vfork 1; 1@0 exec; 1@0 map 0 64; 1@0 write 0 64; 1@0 read 1000 64; "
				    "1@0 write 0 64; 1@0 exit; 0@0 write 0 1; 0@0 exit");
		if (!run_every(50)) {
			same = false;
			continue;
		}
		runs++;
		switches += run_summary(&result, "sched.switches") > 2;
		if (run_summary(&result, "fault_count.anon") != 65 || script_count(&result, "segv") != 64 ||
		    result.nr_accesses != 129) {
			printf("# slice %s: %g anonymous faults, %llu accesses outside\n", slice,
			       run_summary(&result, "fault_count.anon"), (unsigned long long)script_count(&result, "segv"));
			same = false;
		}
	}
	ok(same && runs, "the child's accesses are its own, whatever the slice");
	ok(switches, "some of the slices were short enough to end in a block");
}

/* ---- host memory ------------------------------------------------------------------------------------------- */

static const struct gen_ops *generator(const char *name)
{
	for (unsigned i = 0; gen_registry[i]; i++)
		if (strcmp(gen_registry[i]->name, name) == 0)
			return gen_registry[i];
	EG_CHECK(false);
	return NULL;
}

static void add(const char *name, const char *const (*values)[2])
{
	struct spec_workload *w = spec_add_generator(&spec, generator(name));

	EG_CHECK(w);
	for (; (*values)[0]; values++)
		script_set(&spec, &w->gen_args, (*values)[0], (*values)[1]);
}

/*
 * Every request for host memory fails once, until a run has no more of them. What a failed run leaves behind
 * is for the sanitizer build to find: this process ends by exit().
 */
static void host_memory(void)
{
	static const char *const storm[][2] = { { "rss", "256KiB" }, { "children", "3" }, { "child_life", "100us" }, { NULL, NULL } };
	static const char *const churn[][2] = { { "mode", "pages" }, { "live", "700" }, { "ops", "3000" }, { NULL, NULL } };
	/* shared and private mappings, enough of them that tables grow */
	static char many[1024] = "map 0 900 shared; write 0 600; ";
	uint64_t nth = 0, used;
	unsigned fine = 0, no_memory = 0, other = 0;

	for (unsigned i = 0; i < 40; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "map %u 3%s; ", 2000 + 100 * i, i % 4 ? "" : " shared");
	(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "fork 1; exit");
	do {
		begin("2", "16MiB");
		script_set(&spec, &spec.measure, "samples", "10");
		script_set(&spec, &spec.measure, "interval", "100us");
		add("fork-storm", storm);
		add("alloc-churn", churn);
		(void)script_add(&spec, (const char *const[]){ many, "write 0 700; exit", NULL });
		(void)script_trace(&spec, "0@0 map 0 20; 0@0 write 0 20; 0@0 fork 9; 9@0 write 0 20; 0@0 vfork 300; 300@0 exec; "
					  "300@0 exit; 0@0 exit");
		(void)eg_mem_fail_nth(++nth);
		status = script_run(&spec, &(struct run_options){ .audit = true, .audit_every = 500 }, &result, &errors);
		used = eg_mem_fail_nth(0);
		fine += status == EG_OK;
		no_memory += status == EG_NO_MEMORY;
		if (status != EG_OK)
			memset(&result, 0, sizeof(result));
		if (status != EG_OK && status != EG_NO_MEMORY) {
			printf("# request %llu: %s: %s\n", (unsigned long long)nth, eg_status_text(status),
			       errors.nr ? errors.text[0] : "");
			other++;
		}
	} while (used >= nth && nth < 1000);
	ok(used < nth && nth < 1000, "a run makes a limited number of requests");
	ok(no_memory > 20, "most of them are needed");
	ok(status == EG_OK && fine >= 1, "without a failure the run succeeds");
	is_u64(other, 0, "each failure is reported as what it is");
}

/* ---- */

/* A child process for each story, as in test_machine.c; by exit(), so that a sanitizer looks for leaks. */
static void tell(void (*story)(void), const char *name)
{
	char line[512];
	int ends[2], how;
	pid_t child;
	FILE *in;

	fflush(stdout);
	EG_CHECK(pipe(ends) == 0);
	child = fork();
	EG_CHECK(child >= 0);
	if (child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		alarm(60);
		story();
		forget();
		exit(0);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	EG_CHECK(in);
	while (fgets(line, sizeof(line), in)) {
		bool bad = strncmp(line, "not ok ", 7) == 0;
		const char *text = strstr(line, " - ");

		line[strcspn(line, "\n")] = '\0';
		if (text && (bad || strncmp(line, "ok ", 3) == 0))
			ok(!bad, "%s: %s", name, text + 3);
		else
			printf("%s%s\n", *line == '#' ? "" : "# ", line);
	}
	fclose(in);
	EG_CHECK(waitpid(child, &how, 0) == child);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == 0, "%s: told to its end", name);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*story)(void); } stories[] = {
		{ "break at the end", break_at_the_end }, { "break into a mapping", break_into_a_mapping },
		{ "moving a reservation", moving_a_reservation }, { "beyond 48 bits", beyond_48_bits },
		{ "initial mapping wraps", initial_mapping_wraps }, { "lazily freed", lazily_freed },
		{ "shared come and go", shared_come_and_go }, { "page of two kinds", page_of_two_kinds },
		{ "crafted ids", crafted_ids }, { "largest id", largest_id }, { "orders", orders }, { "time ends", time_ends },
		{ "warm-up is announced", warmup_is_announced }, { "stream numbers", stream_numbers },
		{ "too many instances", too_many_instances }, { "large access", large_access },
		{ "too many interrupts", too_many_interrupts }, { "released in a block", released_in_a_block },
		{ "host memory", host_memory },
	};

	for (unsigned i = 0; i < EG_ARRAY_LEN(stories); i++)
		if (argc < 2 || strstr(stories[i].name, argv[1]))
			tell(stories[i].story, stories[i].name);
	return tap_done();
}
