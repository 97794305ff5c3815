/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench - measured, so that a rate in the documents has a command behind it.
 *
 * Bulk: 1,048,576 pages of a 16 GiB machine taken one by one, then given back in order or shuffled, every
 * merge included. "policy" calls the policy's functions directly; "phys" goes through zone choice,
 * watermarks, frame records and counters. CPU time of this process; the fastest round counts, because
 * whatever disturbs a run can only make it slower. The host clock is read here and nowhere else in the
 * room; no simulated result depends on it.
 */
#include <time.h>

#include "sim/base/rng.h"
#include "sim/phys/bench.h"
#include "sim/phys/phys.h"

enum { BULK = 1 << 20, PAIRS = 200000 };

enum row {
	POLICY_ALLOC, POLICY_FREE, POLICY_FREE_SHUFFLED, POLICY_PAIR_9,
	PHYS_ALLOC, PHYS_FREE, PHYS_FREE_SHUFFLED, PHYS_PAIR_9, SET_UP_64G, SET_UP_1T
};

static const struct phys_bench_row empty_rows[PHYS_BENCH_ROWS] = {
	[POLICY_ALLOC]         = { "policy_alloc_order0", "one page of a bulk of 1 Mi, policy alone", 0, 12 },
	[POLICY_FREE]          = { "policy_free_order0", "the same given back in order, merging", 0, 12 },
	[POLICY_FREE_SHUFFLED] = { "policy_free_order0_shuffled", "... in random order", 0, 0 },
	[POLICY_PAIR_9]        = { "policy_pair_order9", "one 2 MiB block taken and given back, policy alone", 0, 35 },
	[PHYS_ALLOC]           = { "alloc_order0", "one page of a bulk of 1 Mi, with zones and frame records", 0, 13 },
	[PHYS_FREE]            = { "free_order0", "the same given back in order, merging", 0, 12 },
	[PHYS_FREE_SHUFFLED]   = { "free_order0_shuffled", "... in random order", 0, 0 },
	[PHYS_PAIR_9]          = { "pair_order9", "one 2 MiB block taken and given back, 512 frame records", 0, 0 },
	[SET_UP_64G]           = { "set_up_64GiB", "physical memory of a machine with 64 GiB", 0, 20e6 },
	[SET_UP_1T]            = { "set_up_1TiB", "physical memory of a machine with 1 TiB", 0, 200e6 },
};

static double cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void record(struct phys_bench_row *row, double start, double operations)
{
	double ns = (cpu_ns() - start) / operations;

	if (row->ns == 0 || ns < row->ns)
		row->ns = ns;
}

static void shuffle(eg_pfn *pages, uint64_t seed)
{
	struct eg_rng rng = eg_rng_stream(seed, "phys_bench", 0);

	for (uint32_t i = BULK; i > 1; i--) {
		uint32_t j = (uint32_t)eg_rng_below(&rng, i);
		eg_pfn page = pages[i - 1];

		pages[i - 1] = pages[j];
		pages[j] = page;
	}
}

static void bench_policy(struct phys *p, eg_pfn *pages, struct phys_bench_row *rows)
{
	struct phys_zone *z = &p->zone[p->nr_zones - 1];
	const struct palloc_ops *ops = z->ops;
	struct palloc_req req = { .migratetype = MT_MOVABLE };
	double start;

	for (unsigned shuffled = 0; shuffled < 2; shuffled++) {
		start = cpu_ns();
		for (uint32_t i = 0; i < BULK; i++)
			pages[i] = ops->alloc_pages(z->state, &req).pfn;
		record(&rows[POLICY_ALLOC], start, BULK);
		if (shuffled)
			shuffle(pages, 1);
		start = cpu_ns();
		for (uint32_t i = 0; i < BULK; i++)
			(void)ops->free_pages(z->state, pages[i], 0);
		record(&rows[shuffled ? POLICY_FREE_SHUFFLED : POLICY_FREE], start, BULK);
	}
	req.order = EG_HUGE_ORDER;
	start = cpu_ns();
	for (uint32_t i = 0; i < PAIRS; i++)
		(void)ops->free_pages(z->state, ops->alloc_pages(z->state, &req).pfn, EG_HUGE_ORDER);
	record(&rows[POLICY_PAIR_9], start, PAIRS);
}

static void bench_phys(struct phys *p, eg_pfn *pages, struct phys_bench_row *rows)
{
	struct phys_req req = { .kind = FRAME_ANON, .gfp = GFP_HIGHUSER_MOVABLE };
	double start;

	for (unsigned shuffled = 0; shuffled < 2; shuffled++) {
		start = cpu_ns();
		for (uint32_t i = 0; i < BULK; i++)
			pages[i] = phys_alloc(p, &req).pfn;
		record(&rows[PHYS_ALLOC], start, BULK);
		if (shuffled)
			shuffle(pages, 2);
		start = cpu_ns();
		for (uint32_t i = 0; i < BULK; i++)
			(void)phys_free(p, pages[i], 0);
		record(&rows[shuffled ? PHYS_FREE_SHUFFLED : PHYS_FREE], start, BULK);
	}
	req.order = EG_HUGE_ORDER;
	start = cpu_ns();
	for (uint32_t i = 0; i < PAIRS / 10; i++)
		(void)phys_free(p, phys_alloc(p, &req).pfn, EG_HUGE_ORDER);
	record(&rows[PHYS_PAIR_9], start, PAIRS / 10);
}

static eg_status bench_set_up(struct phys_config config, uint64_t bytes, struct phys_bench_row *row,
			      struct eg_errors *errors)
{
	struct eg_arena arena = { 0 };
	struct phys p;
	double start = cpu_ns();
	eg_status s;

	config.memory_bytes = bytes;
	s = phys_init(&p, &arena, &config, errors);
	if (s == EG_OK)
		record(row, start, 1);
	phys_fini(&p);
	eg_arena_free_all(&arena);
	return s;
}

static eg_status bench_round(const struct phys_config *config, eg_pfn *pages, struct phys_bench_row *rows,
			     struct eg_errors *errors)
{
	struct eg_arena arena = { 0 };
	struct phys p;
	eg_status s = phys_init(&p, &arena, config, errors);

	if (s == EG_OK) {
		bench_policy(&p, pages, rows);
		bench_phys(&p, pages, rows);
	}
	phys_fini(&p);
	eg_arena_free_all(&arena);
	EG_TRY(s);
	EG_TRY(bench_set_up(*config, UINT64_C(64) << 30, &rows[SET_UP_64G], errors));
	return bench_set_up(*config, UINT64_C(1) << 40, &rows[SET_UP_1T], errors);
}

eg_status phys_bench(const char *palloc, unsigned rounds, struct phys_bench_row rows[PHYS_BENCH_ROWS],
		     struct eg_errors *errors)
{
	struct phys_config config = { .memory_bytes = UINT64_C(16) << 30, .struct_page_bytes = 64 };
	struct eg_arena arena = { 0 };
	struct eg_args args;
	eg_pfn *pages;
	eg_status s;

	memcpy(rows, empty_rows, sizeof(empty_rows));
	config.palloc = palloc_find(palloc);
	config.palloc_args = &args;
	if (!config.palloc)
		return eg_fail(errors, EG_USAGE, "no page allocator is called '%s'", palloc);
	pages = eg_arena_alloc(&arena, BULK, sizeof(*pages));
	s = pages ? eg_args_init(&args, config.palloc->params, &arena) :
	    eg_fail(errors, EG_NO_MEMORY, "no host memory for the bench");
	while (s == EG_OK && rounds--)
		s = bench_round(&config, pages, rows, errors);
	eg_arena_free_all(&arena);
	return s;
}
