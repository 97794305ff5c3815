/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The allocation mechanism: zonelists, watermarks and reserves, frame records, frees that are wrong,
 * splitting, mobility fallback, waiters; and the buddy's arithmetic in its smallest case.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/rng.h"
#include "sim/phys/bench.h"
#include "sim/phys/phys.h"
#include "sim/phys/phys_view.h"
#include "tests/tap.h"

#define MIB UINT64_C(1048576)

static struct eg_args args;
static struct eg_arena arena;
static struct phys p;

static void open_machine(uint64_t mib, const char *policy)
{
	struct phys_config config = { .memory_bytes = mib * MIB, .palloc = palloc_find(policy), .palloc_args = &args };

	EG_CHECK(eg_args_init(&args, config.palloc->params, &arena) == EG_OK);
	EG_CHECK(phys_init(&p, &arena, &config, NULL) == EG_OK);
}

static void close_machine(void)
{
	phys_validate(&p);
	phys_fini(&p);
	eg_arena_free_all(&arena);
}

static struct phys_result get(unsigned order, uint32_t gfp)
{
	struct phys_req req = { .order = (uint8_t)order, .kind = FRAME_RAW, .gfp = gfp, .owner = 7, .index = 1000 };

	return phys_alloc(&p, &req);
}

static struct phys_zone *zone(unsigned type)
{
	for (unsigned i = 0; i < p.nr_zones; i++)
		if (p.zone[i].type == type)
			return &p.zone[i];
	return NULL;
}

/* Take single pages until a request is not granted; returns how it was refused. */
static struct phys_result drain(uint32_t gfp)
{
	struct phys_result r;

	do
		r = get(0, gfp);
	while (r.outcome == PHYS_GRANTED);
	return r;
}

static void check_smallest_buddy(void)
{
	/* 16 frames, largest order 4: the counts after each step */
	static const uint64_t want[4][5] = { { 0, 0, 0, 0, 1 }, { 1, 1, 1, 1, 0 }, { 0, 1, 1, 1, 0 }, { 0, 0, 0, 0, 1 } };

	for (unsigned swap = 0; swap < 2; swap++) {
		struct palloc_span span = { .end = { 16 }, .arena = &arena };
		const struct palloc_ops *ops = palloc_find("buddy");
		struct palloc_req req = { .migratetype = MT_MOVABLE };
		struct palloc_free f[4];
		bool good = true;
		char why[128];
		void *state;
		eg_pfn a, b;

		EG_CHECK(eg_args_init(&args, ops->params, &arena) == EG_OK);
		EG_CHECK(eg_args_set(&args, "max_order", "4", &arena, why, sizeof(why)) == EG_OK);
		span.frames = eg_arena_alloc(&arena, 16, sizeof(struct frame));
		span.pageblock_type = eg_arena_alloc(&arena, 1, 1);
		state = eg_arena_alloc(&arena, 1, ops->state_size(&span, &args));
		EG_CHECK(span.frames && span.pageblock_type && state);
		span.pageblock_type[0] = MT_MOVABLE;
		EG_CHECK(ops->init(state, &span, &args) == EG_OK);
		ops->add_free(state, span.start, span.end);
		ops->free_state(state, &f[0]);
		a = ops->alloc_pages(state, &req).pfn;
		ops->free_state(state, &f[1]);
		b = ops->alloc_pages(state, &req).pfn;
		ops->free_state(state, &f[2]);
		(void)ops->free_pages(state, swap ? b : a, 0);
		(void)ops->free_pages(state, swap ? a : b, 0);
		ops->free_state(state, &f[3]);
		ops->validate(state);
		for (unsigned i = 0; i < 4; i++)
			good &= memcmp(f[i].blocks, want[i], sizeof(want[i])) == 0;
		ok(good && a.v == 0 && b.v == 1, "16 frames: 1 block, split, second half, merged (%s first)",
		   swap ? "second" : "first");
	}
	eg_arena_free_all(&arena);
}

static void check_records(void)
{
	struct phys_result r;
	struct frame *f;
	uint32_t steps;
	bool good = true;

	open_machine(64, "buddy");
	r = get(3, GFP_HIGHUSER_MOVABLE | GFP_ZERO);
	f = phys_frame(&p, r.pfn);
	ok(r.outcome == PHYS_GRANTED && f->kind == FRAME_RAW && f->order == 3 && f->migratetype == MT_MOVABLE &&
	   f->flags == 0 && f->refs == 0 && f->owner == 7 && f->index == 1000, "the first record of a block");
	for (unsigned i = 1; i < 8; i++)
		good &= frame_is_tail(&f[i]) && f[i].kind == FRAME_RAW && f[i].order == 0 && f[i].refs == 0 &&
			phys_block_head(&p, eg_pfn_add(r.pfn, i)).v == r.pfn.v;
	ok(good && phys_block_head(&p, r.pfn).v == r.pfn.v, "seven tails, all find their head");
	is_u64(zone(ZONE_DMA32)->stats.zeroed_pages, 8, "zeroed pages counted");

	ok(phys_free_checked(&p, eg_pfn_add(r.pfn, 2), 1, &steps) == PHYS_FREE_NOT_HEAD && steps == 0, "free of a tail");
	ok(phys_free_checked(&p, r.pfn, 2, &steps) == PHYS_FREE_WRONG_ORDER, "free with another order");
	ok(phys_free_checked(&p, eg_pfn_add(r.pfn, 1), 3, &steps) == PHYS_FREE_UNALIGNED, "free not aligned");
	ok(phys_free_checked(&p, r.pfn, 11, &steps) == PHYS_FREE_UNALIGNED, "free with order 11");
	ok(phys_free_checked(&p, (eg_pfn){ 3 }, 0, &steps) == PHYS_FREE_RESERVED, "free of firmware");
	ok(phys_free_checked(&p, (eg_pfn){ UINT32_MAX - 7 }, 3, &steps) == PHYS_FREE_NO_FRAME &&
	   phys_free_checked(&p, eg_pfn_of((64 * MIB >> 12) - 4), 0, &steps) == PHYS_FREE_NO_FRAME,
	   "free of frames that do not exist");
	frame_map_inc(f);
	ok(phys_free_checked(&p, r.pfn, 3, &steps) == PHYS_FREE_IN_USE, "free of a mapped block");
	frame_ref_get(f);
	ok(frame_map_count(f) == 1 && frame_ref_count(f) == 1 && frame_map_dec(f) == 0 && frame_ref_put(f),
	   "a mapping and a reference come and go");
	phys_validate(&p);
	ok(phys_free_checked(&p, r.pfn, 3, &steps) == PHYS_FREE_OK && steps > 0, "then it can be freed");
	ok(phys_free_checked(&p, r.pfn, 3, &steps) == PHYS_FREE_IS_FREE, "but not twice");
	is_str(phys_free_text(PHYS_FREE_IS_FREE), "free already, or never allocated", "with a text");
	ok(phys_block_head(&p, r.pfn).v == UINT32_MAX && phys_block_head(&p, (eg_pfn){ 0 }).v == UINT32_MAX,
	   "free and reserved frames have no head");
	is_u64(phys_free_pages(&p), p.managed, "nothing is lost");

	r = get(4, GFP_KERNEL);
	phys_split(&p, r.pfn, 4, 1);
	phys_validate(&p);
	good = true;
	for (unsigned i = 0; i < 16; i += 2) {
		good &= phys_frame(&p, eg_pfn_add(r.pfn, i))->index == 1000 + i;
		if (i % 4 == 0)
			(void)phys_free(&p, eg_pfn_add(r.pfn, i), 1);
	}
	phys_validate(&p);
	ok(good && phys_free_pages(&p) == p.managed - 8, "a split block is freed in parts");
	close_machine();
}

static void check_watermarks(void)
{
	struct phys_zone *dma, *dma32;
	struct phys_result r;
	uint64_t min;

	open_machine(64, "buddy");
	dma = zone(ZONE_DMA);
	dma32 = zone(ZONE_DMA32);
	r = get(0, GFP_KERNEL);
	ok(&p.zone[r.zone] == dma32 && !r.woke_kswapd && r.zones_tried == 1, "the highest zone first");
	ok(&p.zone[get(0, GFP_KERNEL | GFP_DMA).zone] == dma, "GFP_DMA: the lowest");
	while (dma32->free_pages > dma32->mark[WMARK_LOW])
		r = get(0, GFP_KERNEL);
	ok(!r.woke_kswapd && &p.zone[r.zone] == dma32, "down to the low watermark: kswapd sleeps");
	r = get(0, GFP_KERNEL);
	ok(&p.zone[r.zone] == dma && !r.woke_kswapd, "at low: the next zone, which is above its own");
	while (dma->free_pages > dma->mark[WMARK_LOW] + dma->protect[ZONE_DMA32])
		r = get(0, GFP_KERNEL);
	r = get(0, GFP_KERNEL);
	ok(r.woke_kswapd && &p.zone[r.zone] == dma32 && p.kswapd_wakes == 1, "all at low: kswapd is woken, page granted");
	ok(!get(0, GFP_WAIT).woke_kswapd, "a request without GFP_KSWAPD wakes nobody");

	min = dma32->mark[WMARK_MIN];
	r = drain(GFP_KERNEL);
	ok(r.outcome == PHYS_WAIT && eg_pfn_is_none(r.pfn) && dma32->free_pages == min && p.wait[0] == 1,
	   "blocking requests stop at min and wait");
	ok(dma->free_pages == dma->mark[WMARK_MIN] + dma->protect[ZONE_NORMAL], "the reserve of DMA is kept");
	ok(get(0, GFP_TRANSHUGE).outcome == PHYS_FAIL && get(4, GFP_KERNEL).outcome == PHYS_FAIL &&
	   get(3, GFP_KERNEL).outcome == PHYS_WAIT, "NORETRY and costly orders fail rather than wait");
	r = drain(GFP_HIGH);
	ok(r.outcome == PHYS_FAIL && dma32->free_pages == min - min / 2, "GFP_HIGH: half of the reserve");
	r = drain(GFP_ATOMIC);
	ok(r.outcome == PHYS_FAIL && dma32->free_pages == min - min / 2 - (min - min / 2) / 4,
	   "GFP_ATOMIC: and a quarter of the rest");
	ok(drain(GFP_NOWAIT).outcome == PHYS_FAIL, "GFP_NOWAIT fails at min");
	ok(get(0, GFP_KERNEL | GFP_DMA).outcome == PHYS_GRANTED, "a request for DMA itself is not kept out by its reserve");
	ok(p.fail[0][MT_UNMOVABLE] == 3 && p.fail[0][MT_MOVABLE] == 1, "failures are counted by mobility");
	close_machine();
}

static void check_orders_near_min(void)
{
	struct phys_zone *z;
	struct phys_result r;

	open_machine(16, "buddy");
	z = zone(ZONE_DMA);
	while (z->free_pages > z->mark[WMARK_MIN] + 100)
		EG_CHECK(get(0, GFP_KERNEL).outcome == PHYS_GRANTED);
	r = get(7, GFP_KERNEL);
	ok(r.outcome == PHYS_FAIL, "a block of 128 does not fit above min + 100");
	r = get(6, GFP_KERNEL);
	ok(r.outcome == PHYS_GRANTED && z->free_pages == z->mark[WMARK_MIN] + 36, "one of 64 does");
	close_machine();
}

static unsigned woken;

static void count_wake(void *ctx, struct phys *of)
{
	woken += ctx == &woken && of == &p;
}

static void check_waiters(void)
{
	struct phys_result r;

	open_machine(64, "buddy");
	r = get(0, GFP_KERNEL);
	p.pages_freed = count_wake;
	p.pages_freed_ctx = &woken;
	(void)phys_free(&p, r.pfn, 0);
	ok(woken == 0, "nobody waits: nobody is called");
	r = get(2, GFP_KERNEL);
	p.waiters = true;
	(void)phys_free(&p, r.pfn, 2);
	ok(woken == 1, "a waiter is told of a free");
	close_machine();
}

static void check_fallback(void)
{
	struct phys_zone_view v;
	struct phys_result r;
	unsigned i;

	open_machine(64, "buddy");
	r = get(0, GFP_KERNEL);
	ok(r.fallback == 1 + MT_MOVABLE && r.fallback_order == 10, "first unmovable page: the largest movable block");
	is_u64(p.pageblock_type[r.pfn.v >> 9], MT_UNMOVABLE, "its pageblocks become unmovable");
	r = get(0, GFP_KERNEL);
	ok(r.fallback == 0, "the next one is at home there");
	r = get(0, GFP_KERNEL | GFP_RECLAIMABLE);
	ok(r.fallback == 1 + MT_MOVABLE && r.fallback_order == 10, "reclaimable: the largest, though unmovable comes first");
	phys_view_zone(&p, 1, &v);
	ok(v.fallback == 2 && v.fallback_small == 0 + (r.fallback_order < 9) && v.counters.claims >= 2,
	   "counted: fallbacks and claims");
	phys_validate(&p);
	close_machine();

	/* a pageblock more than half movable is not claimed by an unmovable page; one mostly free is */
	open_machine(20, "buddy");
	for (i = 0; get(0, GFP_HIGH | GFP_HARDER | GFP_MOVABLE).outcome == PHYS_GRANTED; i++)
		;
	(void)phys_free(&p, (eg_pfn){ 4096 + 5 }, 0);
	(void)phys_free(&p, (eg_pfn){ 4096 + 7 }, 0);
	for (uint32_t k = 0; k < 300; k++)
		(void)phys_free(&p, (eg_pfn){ 1024 + k }, 0);
	for (unsigned k = 0; k < 2; k++) {
		r = get(0, GFP_ATOMIC | GFP_DMA);
		if (r.outcome != PHYS_GRANTED)
			break;
	}
	ok(r.outcome == PHYS_GRANTED && r.pfn.v >= 1024 && r.pfn.v < 1536 && p.pageblock_type[2] == MT_UNMOVABLE,
	   "300 of 512 pages free: the pageblock is claimed");
	is_u64(p.pageblock_type[8], MT_MOVABLE, "a pageblock in movable use stays movable");
	close_machine();
}

static void check_no_fragment(void)
{
	struct phys_result r;
	struct phys_zone *z;

	/* Normal has foreign blocks below a pageblock only: DMA32 serves the first unmovable request */

	open_machine(3600, "buddy");
	z = zone(ZONE_NORMAL);
	memset(z->mark, 0, sizeof(z->mark));
	while (z->free_pages)
		EG_CHECK(&p.zone[get(0, GFP_HIGHUSER_MOVABLE).zone] == z);
	for (uint32_t i = 0; i < 4096; i += 2)
		(void)phys_free(&p, eg_pfn_add(z->start, i), 0);
	r = get(0, GFP_KERNEL);
	ok(r.outcome == PHYS_GRANTED && p.zone[r.zone].type == ZONE_DMA32 && r.zones_tried == 2,
	   "rather another zone than a foreign block below a pageblock");
	for (unsigned i = 0; i + 1 < p.nr_zones; i++)
		p.zone[i].mark[WMARK_LOW] = p.zone[i].mark[WMARK_MIN] = UINT64_MAX / 4;
	r = get(0, GFP_KERNEL);
	ok(r.outcome == PHYS_GRANTED && &p.zone[r.zone] == z && r.fallback == 1 + MT_MOVABLE && !r.woke_kswapd &&
	   z->stats.fallback_small == 1, "no other zone: then the foreign block");
	phys_fini(&p);
	eg_arena_free_all(&arena);
}

static void check_random(const char *policy)
{
	static struct { eg_pfn pfn; uint8_t order; } live[20000];
	struct eg_rng rng = eg_rng_stream(5, "test_phys", 0);
	uint64_t pages = 0;
	unsigned nr = 0;
	bool good = true;

	open_machine(40, policy);
	for (unsigned i = 0; i < 60000; i++) {
		if (nr && eg_rng_below(&rng, 100) < 48) {
			unsigned k = (unsigned)eg_rng_below(&rng, nr);

			pages -= UINT64_C(1) << live[k].order;
			(void)phys_free(&p, live[k].pfn, live[k].order);
			live[k] = live[--nr];
		} else if (nr < EG_ARRAY_LEN(live)) {
			static const uint32_t gfps[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
							 GFP_KERNEL | GFP_RECLAIMABLE, GFP_KERNEL | GFP_DMA };
			unsigned order = (unsigned)__builtin_ctzll(eg_rng_next(&rng) | 1u << 10);
			struct phys_result r = get(order, gfps[eg_rng_below(&rng, EG_ARRAY_LEN(gfps))]);

			if (r.outcome == PHYS_GRANTED) {
				live[nr].pfn = r.pfn;
				live[nr++].order = (uint8_t)order;
				pages += UINT64_C(1) << order;
			}
		}
		if (i % 3000 == 0)
			phys_validate(&p);
		good &= phys_free_pages(&p) + pages == p.managed;
	}
	while (nr--)
		(void)phys_free(&p, live[nr].pfn, live[nr].order);
	ok(good && phys_free_pages(&p) == p.managed, "%s: 60,000 random calls lose no page", policy);
	close_machine();
}

/*
 * What mobility grouping is for: under churn, with a tenth of the pages unmovable and long-lived, few
 * pageblocks hold unmovable pages, so many can be emptied. Returns the pageblocks that hold any.
 */
static unsigned polluted(const char *grouping)
{
	static eg_pfn movable[40000];
	struct phys_config config = { .memory_bytes = 128 * MIB, .palloc = palloc_find("buddy"), .palloc_args = &args };
	struct eg_rng rng = eg_rng_stream(9, "polluted", 0);
	unsigned nr = 0, nr_polluted = 0;
	char why[128];

	EG_CHECK(eg_args_init(&args, config.palloc->params, &arena) == EG_OK);
	EG_CHECK(eg_args_set(&args, "grouping", grouping, &arena, why, sizeof(why)) == EG_OK);
	EG_CHECK(phys_init(&p, &arena, &config, NULL) == EG_OK);
	for (unsigned i = 0; i < 30000; i++) {
		if (i % 15 == 0)
			EG_CHECK(get(0, GFP_ATOMIC).outcome == PHYS_GRANTED);
		movable[nr++] = get(0, GFP_HIGHUSER_MOVABLE).pfn;
		EG_CHECK(!eg_pfn_is_none(movable[nr - 1]));
		while (nr > 20000 || (nr > 1000 && eg_rng_below(&rng, 3) == 0)) {
			unsigned k = (unsigned)eg_rng_below(&rng, nr);

			(void)phys_free(&p, movable[k], 0);
			movable[k] = movable[--nr];
		}
	}
	for (uint32_t block = 1; block < p.nr_frames >> EG_HUGE_ORDER; block++) {
		bool found = false;

		for (uint32_t k = 0; k < EG_HUGE_PAGES; k++)
			found |= p.frames[block * EG_HUGE_PAGES + k].kind == FRAME_RAW &&
				 p.frames[block * EG_HUGE_PAGES + k].migratetype == MT_UNMOVABLE;
		nr_polluted += found;
	}
	close_machine();
	return nr_polluted;
}

static void check_grouping(void)
{
	unsigned with = polluted("true"), without = polluted("false");

	printf("# pageblocks with unmovable pages: %u grouped, %u not\n", with, without);
	ok(with <= 6 && without >= 4 * with, "2,000 unmovable pages in few pageblocks with grouping, in many without");
}

/* A broken rule stops the run: in a child, so that the test goes on. */
static bool stops(void (*wrong)(void))
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(0);
		wrong();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

static void free_twice(void)
{
	struct phys_result r = get(0, GFP_KERNEL);

	(void)phys_free(&p, r.pfn, 0);
	(void)phys_free(&p, r.pfn, 0);
}
static void free_mapped(void)
{
	struct phys_result r = get(0, GFP_KERNEL);

	frame_map_inc(phys_frame(&p, r.pfn));
	(void)phys_free(&p, r.pfn, 0);
}
static void unmap_too_often(void) { (void)frame_map_dec(phys_frame(&p, get(0, GFP_KERNEL).pfn)); }
static void lose_a_page(void)     { p.zone[0].free_pages--; phys_validate(&p); }
static void scribble(void)        { p.frames[2048].order = 3; phys_validate(&p); }
static void stray_owner(void)     { p.frames[1500].kind = FRAME_ANON; phys_validate(&p); }

static void check_stops(void)
{
	open_machine(64, "buddy");
	ok(stops(free_twice), "a double free stops the run");
	ok(stops(free_mapped), "so does a free of a mapped frame");
	ok(stops(unmap_too_often), "so does a mapping count below zero");
	ok(stops(lose_a_page), "the audit finds a lost page");
	ok(stops(scribble), "the audit finds a wrong order in a free block");
	ok(stops(stray_owner), "the audit finds a used frame inside a free block");
	close_machine();
}

static void check_huge_view(void)
{
	static uint16_t nr_free[64], exists[64];
	uint64_t pages = 0, frames = 0;

	open_machine(64, "buddy");
	(void)get(9, GFP_KERNEL);
	(void)get(0, GFP_HIGHUSER_MOVABLE);
	ok(phys_view_huge_frames(&p) <= 64, "huge frames of 64 MiB");
	phys_view_huge_free(&p, nr_free, exists);
	for (unsigned h = 0; h < phys_view_huge_frames(&p); h++) {
		pages += nr_free[h];
		frames += exists[h];
	}
	ok(pages == phys_free_pages(&p) && frames == (64 * MIB >> 12) - 44 - 1, "free pages by huge frame add up");
	close_machine();
}

static void check_bench(void)
{
	struct phys_bench_row rows[PHYS_BENCH_ROWS];
	static struct eg_errors errors;
	bool good = true;

	ok(phys_bench("no such policy", 1, rows, &errors) == EG_USAGE && errors.nr == 1, "bench: unknown policy");
	ok(phys_bench("buddy", 1, rows, &errors) == EG_OK, "bench: one round");
	for (unsigned i = 0; i < PHYS_BENCH_ROWS; i++) {
		printf("# %-28s %12.1f ns: %s\n", rows[i].name, rows[i].ns, rows[i].what);
		good &= rows[i].ns > 0;
	}
	ok(good && rows[8].ns < 2e9 && rows[9].ns < 20e9, "bench: every rate is measured; set-up is not absurd");
}

int main(void)
{
	check_bench();
	check_smallest_buddy();
	check_records();
	check_watermarks();
	check_orders_near_min();
	check_waiters();
	check_fallback();
	check_no_fragment();
	check_grouping();
	for (unsigned i = 0; palloc_registry[i]; i++)
		check_random(palloc_registry[i]->name);
	check_stops();
	check_huge_view();
	return tap_done();
}
