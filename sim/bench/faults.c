/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * faults - page faults, copy-on-write, fork and unmapping of 1 GiB in 4 KiB pages, on a machine of 4 GiB.
 *
 * What is timed is the whole of the virtual-memory room and the page allocator below it: look-up of the
 * mapping, tables, frame records, zone, watermarks, counters. What is not: the TLB, the scheduler and the price
 * of the fault in simulated time. One round:
 *
 *   map, touch in order (fault), unmap (zap), map, touch in random order (fault.random), fork (fork: the frames
 *   are shuffled now), parent writes in order (cow), child exits (exit), parent exits
 *
 * The counters of the room must say that exactly these faults happened.
 */
#include "sim/bench/group.h"

#include "sim/base/op.h"
#include "sim/base/rng.h"
#include "sim/bench/limits.h"
#include "sim/vm/vm.h"

static const uint64_t BASE = UINT64_C(0x100000000000), BYTES = (uint64_t)LIMIT_PAGES << EG_PAGE_SHIFT;

#define LIMIT "search of 32 mappings, 4-level walk, stack of free frames, 24-byte record, LRU link"
enum rate { FAULT, FAULT_RANDOM, COW, FORK, ZAP, EXIT_SHUFFLED };
static const struct bench_rate rates[] = {
	[FAULT]         = { "fault", "page fault, anonymous first touch in order, all bookkeeping", "ns", false, 120, 500, LIMIT },
	[FAULT_RANDOM]  = { "fault.random", "the same in random order over 1 GiB", "ns", false, 120, 500, LIMIT },
	[COW]           = { "cow", "copy-on-write fault, shuffled frames", "ns", false, 180, 700, LIMIT },
	[FORK]          = { "fork", "fork of 1 GiB mapped: 262,144 entries, shuffled frames", "ms", false, 3, 8,
			    "eager copy of the entries, one count a frame" },
	[ZAP]           = { "zap", "munmap, a page, frames in order", "ns", false, 40, 120, "clear entry, count, unlink, push the frame" },
	[EXIT_SHUFFLED] = { "zap.exit", "exit, a page, shuffled frames that nobody else maps", "ns", false, 40, 120,
			    "clear entry, count, unlink, push the frame" },
};

struct state {
	struct phys      phys;
	struct vm        vm;
	struct limit_pool limits;
	struct limit_vm *limit;
	uint32_t        *order;
	bool             have_phys, have_vm;
};

static void no_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	(void)ctx, (void)space, (void)vpn, (void)nr;
}

static const struct vm_hooks hooks = { .flush = no_flush };

static void fini(void *state)
{
	struct state *st = state;

	if (st->have_vm)
		vm_fini(&st->vm);
	if (st->have_phys)
		phys_fini(&st->phys);
	limit_pool_fini(&st->limits);
}

static eg_status init(struct bench_ctx *b, void **state)
{
	struct state *st = eg_arena_alloc(b->arena, 1, sizeof(*st));
	struct eg_rng rng = eg_rng_stream(1, "bench-faults", 0);
	struct phys_config config = { .memory_bytes = UINT64_C(4) << 30, .struct_page_bytes = 64, .palloc = palloc_registry[0] };
	struct eg_args args;

	if (!st)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	*state = st;
	EG_TRY(eg_args_init(&args, config.palloc->params, b->arena));
	config.palloc_args = &args;
	EG_TRY(phys_init(&st->phys, b->arena, &config, b->err));
	st->have_phys = true;
	if (vm_init(&st->vm, &st->phys, &hooks, NULL) != EG_OK)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for address spaces");
	st->have_vm = true;
	st->limit = limit_pool_init(&st->limits) ? limit_vm_new(&st->limits) : NULL;
	st->order = eg_arena_alloc(b->arena, LIMIT_PAGES, sizeof(*st->order));
	if (!st->limit || !st->order)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint32_t j = (uint32_t)eg_rng_below(&rng, i + 1);

		st->order[i] = st->order[j];
		st->order[j] = i;
	}
	return EG_OK;
}

static void took(struct bench_sample *s, double start, double per_second)
{
	s->cpu_seconds = bench_seconds() - start;
	s->value = s->cpu_seconds * per_second;
}

static void limit_took(struct bench_sample *s, double start, double per_second)
{
	s->limit = (bench_seconds() - start) * per_second;
}

/* Every page is written once, in this order (NULL: ascending). */
static EG_NOINLINE void touch(struct vm *vm, uint32_t space, const uint32_t *order)
{
	struct vm_work w = { 0 };

	for (uint32_t i = 0; i < LIMIT_PAGES; i++)
		(void)vm_fault(vm, space, BASE + ((uint64_t)(order ? order[i] : i) << EG_PAGE_SHIFT), true, &w);
}

static bool map(struct vm *vm, uint32_t space)
{
	struct vm_work w = { 0 };

	return vm_mmap(vm, space, BASE, BYTES, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON, 0, 0, &w) == VM_DONE;
}

static eg_status run_round(struct bench_ctx *b, void *state, struct bench_sample *sample)
{
	const double per_page = 1e9 / LIMIT_PAGES;
	struct state *st = state;
	struct vm *vm = &st->vm;
	struct vm_work w = { 0 };
	uint64_t anon = vm->nr_faults[FAULT_ANON], cow = vm->nr_faults[FAULT_COW];
	uint32_t parent, child = 0;
	double start;
	bool good = vm_space_new(vm, &parent, &w) == VM_DONE && map(vm, parent);

	start = bench_seconds();
	if (good)
		touch(vm, parent, NULL);
	took(&sample[FAULT], start, per_page);
	start = bench_seconds();
	limit_vm_touch(st->limit, NULL);
	limit_took(&sample[FAULT], start, per_page);

	start = bench_seconds();
	good = good && vm_munmap(vm, parent, BASE, BYTES, &w) == VM_DONE;
	took(&sample[ZAP], start, per_page);
	start = bench_seconds();
	limit_vm_zap(st->limit);
	limit_took(&sample[ZAP], start, per_page);

	good = good && map(vm, parent);
	start = bench_seconds();
	if (good)
		touch(vm, parent, st->order);
	took(&sample[FAULT_RANDOM], start, per_page);
	start = bench_seconds();
	limit_vm_touch(st->limit, st->order);
	limit_took(&sample[FAULT_RANDOM], start, per_page);

	start = bench_seconds();
	good = good && vm_fork(vm, parent, &child, &w) == VM_DONE;
	took(&sample[FORK], start, 1e3);
	start = bench_seconds();
	limit_vm_fork(st->limit);
	limit_took(&sample[FORK], start, 1e3);

	start = bench_seconds();
	if (good)
		touch(vm, parent, NULL);
	took(&sample[COW], start, per_page);
	start = bench_seconds();
	limit_vm_cow(st->limit);
	limit_took(&sample[COW], start, per_page);

	start = bench_seconds();
	if (good)
		vm_space_put(vm, child, &w);
	took(&sample[EXIT_SHUFFLED], start, per_page);
	start = bench_seconds();
	limit_vm_exit(st->limit);
	limit_took(&sample[EXIT_SHUFFLED], start, per_page);
	if (good)
		vm_space_put(vm, parent, &w);
	limit_vm_zap(st->limit);
	if (!good || vm->nr_faults[FAULT_ANON] - anon != 2 * LIMIT_PAGES || vm->nr_faults[FAULT_COW] - cow != LIMIT_PAGES)
		return eg_fail(b->err, EG_FAILED, "the bench of page faults did not fault as it should have");
	return EG_OK;
}

const struct bench_group bench_faults = { rates, EG_ARRAY_LEN(rates), init, run_round, fini };
