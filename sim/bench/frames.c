/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frames - the page allocator, the host memory that a simulated frame takes, and making a machine.
 *
 * The allocator's rates come from its own bench (sim/phys/bench.h), one round of it a round of ours, the
 * limit's buddy allocator right after it. A machine is made twice: its physical memory alone, and as a whole
 * cell that replays a trace of one access, from the spec to the report.
 */
#include "sim/bench/group.h"

#include <stdio.h>
#include <unistd.h>

#include "sim/base/op.h"
#include "sim/base/rng.h"
#include "sim/bench/limits.h"
#include "sim/machine/run.h"
#include "sim/phys/bench.h"
#include "sim/vm/vm.h"
#include "workloads/trace/bench.h"
#include "workloads/trace/trace.h"

#define LIMIT "binary buddy with lists, no zones, no mobility, no watermarks"
#define LIMIT_SETUP "one 24-byte record for each 4 MiB"
enum rate {
	ALLOC, FREE, POLICY_ALLOC, POLICY_FREE, FREE_SHUFFLED, POLICY_PAIR_9, PAIR_9, MEMORY,
	PHYS_64G, PHYS_1T, CELL_64G, CELL_1T
};
static const struct bench_rate rates[] = {
	[ALLOC]         = { "buddy.alloc", "order 0, bulk of 1 Mi, with zones, watermarks and frame records", "ns", false, 12, 30, LIMIT },
	[FREE]          = { "buddy.free", "the same given back in order, with merging", "ns", false, 12, 30, LIMIT },
	[POLICY_ALLOC]  = { "buddy.policy.alloc", "order 0, bulk of 1 Mi, the policy alone", "ns", false, 12, 30, LIMIT },
	[POLICY_FREE]   = { "buddy.policy.free", "the same given back in order, with merging", "ns", false, 12, 30, LIMIT },
	[FREE_SHUFFLED] = { "buddy.free.shuffled", "given back in random order, with merging and frame records", "ns", false, 0, 0, LIMIT },
	[POLICY_PAIR_9] = { "buddy.pair9", "one 2 MiB block taken and given back, the policy alone", "ns", false, 35, 70, LIMIT },
	[PAIR_9]        = { "buddy.pair9.records", "the same with its 512 frame records", "ns", false, 0, 0, NULL },
	[MEMORY]        = { "memory.frame", "host memory a simulated frame, all of 4 GiB mapped once, page tables included", "B", false, 36, 48,
			    "a record of 24 bytes and an entry of 8" },
	[PHYS_64G]      = { "setup.64GiB", "physical memory of a machine with 64 GiB", "ms", false, 20, 200, LIMIT_SETUP },
	[PHYS_1T]       = { "setup.1TiB", "physical memory of a machine with 1 TiB", "ms", false, 200, 2000, LIMIT_SETUP },
	[CELL_64G]      = { "setup.cell.64GiB", "a whole cell with one access, 64 GiB", "ms", false, 20, 200, LIMIT_SETUP },
	[CELL_1T]       = { "setup.cell.1TiB", "a whole cell with one access, 1 TiB", "ms", false, 200, 2000, LIMIT_SETUP },
};

/* Where our rates stand among those of the room, and in what unit. */
static const struct { enum rate rate; const char *name; double scale; } from_phys[] = {
	{ ALLOC, "alloc_order0", 1 }, { FREE, "free_order0", 1 }, { POLICY_ALLOC, "policy_alloc_order0", 1 },
	{ POLICY_FREE, "policy_free_order0", 1 }, { FREE_SHUFFLED, "free_order0_shuffled", 1 },
	{ POLICY_PAIR_9, "policy_pair_order9", 1 }, { PAIR_9, "pair_order9", 1 },
	{ PHYS_64G, "set_up_64GiB", 1e-6 }, { PHYS_1T, "set_up_1TiB", 1e-6 },
};

enum { BULK = 1 << 20, PAIRS = 200000 };

struct state {
	struct limit_pool   limits;
	struct limit_buddy *buddy;
	uint32_t           *page, *order;
	const char         *trace;
	char                hash[65];
};

static void fini(void *state)
{
	struct state *st = state;

	limit_pool_fini(&st->limits);
	if (st->trace)
		(void)remove(st->trace);
}

static eg_status init(struct bench_ctx *b, void **state)
{
	struct state *st = eg_arena_alloc(b->arena, 1, sizeof(*st));
	struct eg_rng rng = eg_rng_stream(1, "bench-frames", 0);
	char path[4096];
	bool imported;

	if (!st)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	*state = st;
	if (limit_pool_init(&st->limits)) {
		st->buddy = limit_buddy_new(&st->limits);
		st->page = limit_carve(&st->limits, BULK, sizeof(*st->page));
		st->order = limit_carve(&st->limits, BULK, sizeof(*st->order));
	}
	if (!st->buddy || !st->page || !st->order)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	for (uint32_t i = 0; i < BULK; i++) {
		uint32_t j = (uint32_t)eg_rng_below(&rng, i + 1);

		st->order[i] = st->order[j];
		st->order[j] = i;
	}
	st->trace = bench_scratch(b, "one.egt");
	if (!st->trace)
		return EG_NO_MEMORY;
	EG_TRY(trace_bench_write("hot48", 1, 0, st->trace, b->err));
	return trace_prepare(st->trace, NULL, b->o->scratch, path, sizeof(path), &imported, st->hash, b->err);
}

/* ---- the allocator ------------------------------------------------------------------------------------------- */

static void limit_buddies(struct state *st, struct bench_sample *sample)
{
	double start = bench_seconds(), took;

	limit_buddy_bulk_alloc(st->buddy, st->page, BULK);
	took = (bench_seconds() - start) * 1e9 / BULK;
	sample[ALLOC].limit = sample[POLICY_ALLOC].limit = took;
	start = bench_seconds();
	limit_buddy_bulk_free(st->buddy, st->page, BULK);
	took = (bench_seconds() - start) * 1e9 / BULK;
	sample[FREE].limit = sample[POLICY_FREE].limit = took;
	limit_buddy_bulk_alloc(st->buddy, st->page, BULK);
	for (uint32_t i = 0; i < BULK; i++) {
		uint32_t page = st->page[i];

		st->page[i] = st->page[st->order[i]];
		st->page[st->order[i]] = page;
	}
	start = bench_seconds();
	limit_buddy_bulk_free(st->buddy, st->page, BULK);
	sample[FREE_SHUFFLED].limit = (bench_seconds() - start) * 1e9 / BULK;
	start = bench_seconds();
	limit_buddy_pairs(st->buddy, EG_HUGE_ORDER, PAIRS);
	sample[POLICY_PAIR_9].limit = (bench_seconds() - start) * 1e9 / PAIRS;
}

static double limit_setup(struct bench_ctx *b, uint64_t bytes)
{
	size_t nr = (size_t)(bytes >> (EG_PAGE_SHIFT + EG_MAX_ORDER));
	struct frame *record = eg_reserve(nr * sizeof(*record), false);
	double start;

	if (!record) {
		(void)eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
		return NAN;
	}
	start = bench_seconds();
	for (size_t i = 0; i < nr; i++)
		record[i] = (struct frame){ .next = (uint32_t)i + 1, .prev = (uint32_t)i, .kind = FRAME_FREE_HEAD };
	start = bench_seconds() - start;
	eg_unreserve(record, nr * sizeof(*record));
	return start * 1e3;
}

/* ---- host memory a frame --------------------------------------------------------------------------------------- */

static double resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long long size, resident = 0;

	if (f) {
		if (fscanf(f, "%llu %llu", &size, &resident) != 2)
			resident = 0;
		(void)fclose(f);
	}
	return resident ? (double)resident * (double)sysconf(_SC_PAGESIZE) : NAN;
}

static void no_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	(void)ctx, (void)space, (void)vpn, (void)nr;
}

/* Map until no frame is left; the machine's reserve (watermarks) stays free, and its records untouched. */
static eg_status measure_memory(struct bench_ctx *b, struct bench_sample *sample)
{
	static const struct vm_hooks hooks = { .flush = no_flush };
	struct phys_config config = { .memory_bytes = UINT64_C(4) << 30, .struct_page_bytes = 64, .palloc = palloc_registry[0] };
	const uint64_t base = UINT64_C(0x100000000000);
	double before = resident_bytes(), start = bench_seconds();
	struct eg_arena arena = { 0 };
	struct vm_work w = { 0 };
	struct eg_args args;
	uint64_t mapped = 0;
	uint32_t space;
	struct phys phys;
	struct vm vm;
	eg_status s;

	s = eg_args_init(&args, config.palloc->params, &arena);
	config.palloc_args = &args;
	if (s == EG_OK)
		s = phys_init(&phys, &arena, &config, b->err);
	if (s != EG_OK) {
		eg_arena_free_all(&arena);
		return s;
	}
	s = vm_init(&vm, &phys, &hooks, NULL);
	if (s == EG_OK && (vm_space_new(&vm, &space, &w) != VM_DONE ||
			   vm_mmap(&vm, space, base, config.memory_bytes, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON, 0, 0, &w) != VM_DONE))
		s = EG_FAILED;
	while (s == EG_OK && vm_fault(&vm, space, base + (mapped << EG_PAGE_SHIFT), true, &w).outcome == VM_DONE)
		mapped++;
	sample->value = (resident_bytes() - before) / (double)mapped;
	sample->limit = sizeof(struct frame) + sizeof(pte_t);
	sample->cpu_seconds = bench_seconds() - start;
	vm_fini(&vm);
	phys_fini(&phys);
	eg_arena_free_all(&arena);
	return s == EG_OK ? s : eg_fail(b->err, s, "the bench cannot map a machine's memory");
}

/* ---- a whole cell ------------------------------------------------------------------------------------------------ */

static eg_status measure_cell(struct bench_ctx *b, struct state *st, const char *memory, uint64_t bytes, struct bench_sample *sample)
{
	struct eg_arena arena = { 0 };
	struct run_options options = { 0 };
	struct run_result result;
	struct spec spec;
	char why[200];
	double start = bench_seconds();
	eg_status s = spec_init(&spec, &arena);

	if (s == EG_OK)
		s = eg_args_set(&spec.machine, "memory", memory, &arena, why, sizeof(why));
	if (s == EG_OK && !spec_add_trace(&spec, &trace_egt_ops, st->trace, st->hash))
		s = EG_NO_MEMORY;
	if (s == EG_OK)
		s = run_cell(&spec, &options, &result, b->err);
	if (s == EG_OK)
		run_result_free(&result);
	eg_arena_free_all(&arena);
	sample->cpu_seconds = bench_seconds() - start;
	sample->value = sample->cpu_seconds * 1e3;
	sample->limit = limit_setup(b, bytes);
	return s;
}

static eg_status run_round(struct bench_ctx *b, void *state, struct bench_sample *sample)
{
	struct phys_bench_row rows[PHYS_BENCH_ROWS];
	struct state *st = state;
	bool any = false;

	for (unsigned i = 0; i < EG_ARRAY_LEN(from_phys); i++)
		any |= b->wanted[from_phys[i].rate];
	if (any && !(b->warm_up && b->o->quick)) {
		double start = bench_seconds(), seconds;

		EG_TRY(phys_bench(palloc_registry[0]->name, 1, rows, b->err));
		seconds = bench_seconds() - start;
		for (unsigned i = 0; i < EG_ARRAY_LEN(from_phys); i++)
			for (unsigned k = 0; k < PHYS_BENCH_ROWS; k++)
				if (strcmp(rows[k].name, from_phys[i].name) == 0) {
					sample[from_phys[i].rate].value = rows[k].ns * from_phys[i].scale;
					sample[from_phys[i].rate].cpu_seconds = seconds / PHYS_BENCH_ROWS;
				}
		limit_buddies(st, sample);
		sample[PHYS_64G].limit = limit_setup(b, UINT64_C(64) << 30);
		sample[PHYS_1T].limit = limit_setup(b, UINT64_C(1) << 40);
	}
	if (b->wanted[MEMORY])
		EG_TRY(measure_memory(b, &sample[MEMORY]));
	if (b->wanted[CELL_64G])
		EG_TRY(measure_cell(b, st, "64GiB", UINT64_C(64) << 30, &sample[CELL_64G]));
	if (b->wanted[CELL_1T])
		EG_TRY(measure_cell(b, st, "1TiB", UINT64_C(1) << 40, &sample[CELL_1T]));
	return EG_OK;
}

const struct bench_group bench_frames = { rates, EG_ARRAY_LEN(rates), init, run_round, fini };
