/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access - rates of the access loop: streams against one CPU's MMU over 4 GiB mapped by 4 KiB pages.
 *
 * TLB, walk caches and costs at the machine's defaults, page tables as an address space has them, frames in
 * random order, every entry accessed and dirty. A run starts with an empty TLB. The limit must find the same
 * number of misses at both levels as the set-associative design did, or the bench fails.
 */
#include "sim/bench/group.h"

#include "sim/base/rng.h"
#include "sim/bench/limits.h"
#include "sim/mmu/mmu.h"

enum { PAGES = 1 << 20, BLOCK = 8192, WHOLE = 1 << 23, QUICK = 1 << 19, NR_STREAMS = 5, NR_WAYS = 3 };
static const uint64_t BASE_VPN = UINT64_C(0x100000000);     /* of the standard streams */

static const char *const stream_names[NR_STREAMS] = { "hot48", "mix99", "seq8", "uniform", "zipf" };
#define LIMIT "recency rows of bare page numbers in registers, 4-level table behind, nothing else"

/* Stream by stream within each way to run them. */
static const struct bench_rate rates[NR_WAYS * NR_STREAMS] = {
	{ "access.hot48", "accesses that hit: 48 pages at random", "M/s", true, 200, 80, LIMIT },
	{ "access.mix99", "accesses, 99 % in 40 pages, 1 % uniform over 4 GiB", "M/s", true, 200, 80, LIMIT },
	{ "access.seq8", "sequential accesses, 8-byte stride", "M/s", true, 700, 250, LIMIT },
	{ "access.uniform", "uniform over 4 GiB: miss, 4-level walk, walk caches, A/D bits", "M/s", true, 30, 8, LIMIT },
	{ "access.zipf", "zipf 0.99 over 1 Mi permuted pages, with walk", "M/s", true, 35, 10, LIMIT },
	{ "access.portable.hot48", "hot48 without vector instructions", "M/s", true, 0, 0, LIMIT },
	{ "access.portable.mix99", "mix99 without vector instructions", "M/s", true, 0, 0, LIMIT },
	{ "access.portable.seq8", "seq8 without vector instructions", "M/s", true, 0, 0, LIMIT },
	{ "access.portable.uniform", "uniform without vector instructions", "M/s", true, 0, 0, LIMIT },
	{ "access.portable.zipf", "zipf without vector instructions", "M/s", true, 0, 0, LIMIT },
	{ "access.full.hot48", "hot48, TLB fully associative of the same size", "M/s", true, 0, 0, NULL },
	{ "access.full.mix99", "mix99, fully associative", "M/s", true, 0, 0, NULL },
	{ "access.full.seq8", "seq8, fully associative", "M/s", true, 0, 0, NULL },
	{ "access.full.uniform", "uniform, fully associative", "M/s", true, 0, 0, NULL },
	{ "access.full.zipf", "zipf, fully associative", "M/s", true, 0, 0, NULL },
};

struct state {
	struct radix_pool pool;
	uint32_t          root;
	uint64_t          nr;
	uint64_t         *acc[NR_STREAMS];
	struct limit_pool limits;
	struct limit_tlb *limit;
};

static void fini(void *state)
{
	struct state *st = state;

	for (unsigned i = 0; i < NR_STREAMS; i++)
		if (st->acc[i])
			eg_unreserve(st->acc[i], st->nr * sizeof(*st->acc[i]));
	if (st->pool.entries)
		radix_pool_fini(&st->pool);
	limit_pool_fini(&st->limits);
}

static eg_status map_pages(struct bench_ctx *b, struct state *st)
{
	struct eg_rng rng = eg_rng_stream(1, "bench-access", 0);
	uint32_t *frame = eg_arena_alloc(b->arena, PAGES, sizeof(*frame)), table_pfn = PAGES;

	if (!frame || radix_pool_init(&st->pool, 4096) != EG_OK)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for page tables");
	for (uint32_t i = 0; i < PAGES; i++) {
		uint32_t j = (uint32_t)eg_rng_below(&rng, i + 1);

		frame[i] = frame[j];
		frame[j] = i;
	}
	st->root = radix_table_new(&st->pool, RADIX_LEVELS, eg_pfn_of(table_pfn++));
	for (uint32_t v = 0; v < PAGES; v++) {
		unsigned level;
		uint32_t table;
		pte_t *e;

		while (e = radix_lookup(&st->pool, st->root, eg_vpn_of(BASE_VPN + v), &level, &table), level > 1) {
			uint32_t child = radix_table_new(&st->pool, level - 1, eg_pfn_of(table_pfn++));

			radix_set(&st->pool, table, e, (uint64_t)child << PTE_SHIFT | PTE_PRESENT | PTE_WRITE);
		}
		radix_set(&st->pool, table, e, pte_make(eg_pfn_of(frame[v]), PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY));
	}
	return EG_OK;
}

static eg_status init(struct bench_ctx *b, void **state)
{
	struct state *st = eg_arena_alloc(b->arena, 1, sizeof(*st));
	eg_status s;

	if (!st)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	*state = st;
	st->nr = b->o->quick ? QUICK : WHOLE;
	EG_TRY(map_pages(b, st));
	st->limit = limit_pool_init(&st->limits) ? limit_tlb_new(&st->limits) : NULL;
	if (!st->limit)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the limit's page tables");
	for (unsigned i = 0; i < NR_STREAMS; i++) {
		bool any = false;

		for (unsigned way = 0; way < NR_WAYS; way++)
			any |= b->wanted[way * NR_STREAMS + i];
		if (!any)
			continue;
		st->acc[i] = bench_stream(b, stream_names[i], st->nr, &s);
		if (!st->acc[i])
			return s;
	}
	return EG_OK;
}

static eg_status new_cpu(struct state *st, unsigned way, struct mmu_cpu *c, struct eg_arena *arena)
{
	const struct tlb_config tlb = { .l1i = { 128, 8 }, .l1i_huge = { 8, 8 }, .l1d = { 64, 4 }, .l1d_huge = { 32, 4 },
					.l2 = { 1536, 12 } };
	const struct pwc_config pwc = { { 4, 4 }, { 8, 4 }, { 32, 4 } };
	const struct mmu_costs costs = { 333, 3000, 333, 17000 };
	const struct tlb_ops *design = tlb_find(way == 2 ? "fully_assoc" : "set_assoc");
	struct eg_args args;
	char why[200];

	EG_TRY(eg_args_init(&args, design->params, arena));
	if (way == 1)
		EG_TRY(eg_args_set(&args, "vector", "off", arena, why, sizeof(why)));
	EG_TRY(mmu_init(c, design, &tlb, &args, &pwc, &costs, 6, &st->pool, arena));
	mmu_switch(c, 1, st->root);
	return EG_OK;
}

static eg_status measure(struct bench_ctx *b, struct state *st, unsigned way, unsigned stream, struct bench_sample *sample)
{
	struct eg_arena arena = { 0 };
	const uint64_t *acc = st->acc[stream];
	uint64_t l1 = 0, l2 = 0;
	struct mmu_cpu c;
	double start;
	eg_status s = new_cpu(st, way, &c, &arena);

	if (s != EG_OK) {
		eg_arena_free_all(&arena);
		return eg_fail(b->err, s, "the bench cannot make an MMU");
	}
	start = bench_seconds();
	for (uint64_t at = 0; at < st->nr; at += BLOCK)
		if (c.tlb_ops->run(&c, acc + at, BLOCK, EG_TIME_NONE, false).stop != ACCESS_DONE)
			s = EG_FAILED;
	sample->cpu_seconds = bench_seconds() - start;
	sample->value = (double)st->nr / sample->cpu_seconds / 1e6;
	if (way != 2) {
		start = bench_seconds();
		limit_tlb_run(st->limit, acc, st->nr, true, &l1, &l2);
		sample->limit = (double)st->nr / (bench_seconds() - start) / 1e6;
		if (l1 != c.n.l1d_misses || l2 != c.n.l2_misses)
			s = eg_fail(b->err, EG_FAILED, "%s: %llu and %llu misses, the limit loop has %llu and %llu",
				    stream_names[stream], (unsigned long long)c.n.l1d_misses, (unsigned long long)c.n.l2_misses,
				    (unsigned long long)l1, (unsigned long long)l2);
	}
	eg_arena_free_all(&arena);
	return s;
}

static eg_status run_round(struct bench_ctx *b, void *state, struct bench_sample *sample)
{
	for (unsigned i = 0; i < NR_WAYS * NR_STREAMS; i++)
		if (b->wanted[i])
			EG_TRY(measure(b, state, i / NR_STREAMS, i % NR_STREAMS, &sample[i]));
	return EG_OK;
}

const struct bench_group bench_access = { rates, EG_ARRAY_LEN(rates), init, run_round, fini };
