/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones: the memory map against boot recordings of Linux 6.1 (spans and present pages of one-node
 * machines), the watermark and reserve formulas against recordings with the managed pages put in, and
 * what phys_init() refuses.
 */
#include "sim/phys/phys.h"
#include "sim/phys/phys_view.h"
#include "tests/tap.h"

#define MIB UINT64_C(1048576)

struct zone_row { unsigned type; uint32_t start; uint64_t spanned, present; };

/* Recorded machines: memory in MiB, their zones. */
static const struct { unsigned mib, nr; struct zone_row zone[3]; } recorded[] = {
	{ 512,   2, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 126932, 126932 } } },
	{ 1024,  2, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 258004, 258004 } } },
	{ 2048,  2, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 520148, 520148 } } },
	{ 4096,  3, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 1044480, 782292 },
		      { ZONE_NORMAL, 1048576, 262144, 262144 } } },
	{ 6144,  3, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 1044480, 782292 },
		      { ZONE_NORMAL, 1048576, 786432, 786432 } } },
	{ 16384, 3, { { ZONE_DMA, 1, 4095, 3998 }, { ZONE_DMA32, 4096, 1044480, 782292 },
		      { ZONE_NORMAL, 1048576, 3407872, 3407872 } } },
};

/* Watermarks of zones with these managed pages; protect[j] of the lowest zone. 0 in `kbytes`: the formula. */
static const struct limits_row {
	const char *what;
	uint64_t kbytes; unsigned factor; bool khugepaged; uint64_t want_kbytes;
	unsigned nr; uint64_t managed[3], min[3], low[3], high[3], protect[3];
} limits[] = {
	{ "W1: 24 GiB, Linux 6.18, khugepaged", 0, 10, true, 67584, 3, { 3840, 772915, 4292608 },
	  { 12, 2576, 14307 }, { 15, 3348, 18599 }, { 18, 4120, 22891 }, { 0, 3019, 19787 } },
	{ "512 MiB, formula", 0, 10, false, 2761, 2, { 3840, 115320 }, { 22, 667 }, { 27, 833 }, { 32, 999 },
	  { 0, 450, 450 } },
	{ "512 MiB, min_free_kbytes 1024", 1024, 10, false, 1024, 2, { 3840, 115320 },
	  { 8, 247 }, { 11, 362 }, { 14, 477 }, { 0, 450, 450 } },
	{ "512 MiB, min_free_kbytes 65536", 65536, 10, true, 65536, 2, { 3840, 115320 },
	  { 527, 15856 }, { 658, 19820 }, { 789, 23784 }, { 0, 450, 450 } },
	{ "512 MiB, watermark_scale_factor 1000", 2656, 1000, false, 2656, 2, { 3840, 115320 },
	  { 21, 642 }, { 405, 12174 }, { 789, 23706 }, { 0, 450, 450 } },
	{ "512 MiB, watermark_scale_factor 1", 2656, 1, false, 2656, 2, { 3840, 115320 },
	  { 21, 642 }, { 26, 802 }, { 31, 962 }, { 0, 450, 450 } },
	{ "1 GiB of one zone", 0, 10, false, 4096, 1, { 262144 }, { 1024 }, { 1286 }, { 1548 }, { 0 } },
	{ "16 GiB of one zone", 0, 10, false, 16384, 1, { 4194304 }, { 4096 }, { 8290 }, { 12484 }, { 0 } },
	{ "256 GiB of one zone", 0, 10, false, 65536, 1, { 67108864 }, { 16384 }, { 83492 }, { 150600 }, { 0 } },
};

static struct eg_errors errors;

static eg_status make(struct phys *p, struct eg_arena *arena, uint64_t bytes, const char *policy,
		      unsigned struct_page, unsigned nodes)
{
	static struct eg_args args;
	struct phys_config config = { .memory_bytes = bytes, .palloc = palloc_find(policy), .palloc_args = &args,
				      .struct_page_bytes = struct_page, .nr_nodes = nodes };

	errors.nr = 0;
	EG_CHECK(eg_args_init(&args, config.palloc->params, arena) == EG_OK);
	return phys_init(p, arena, &config, &errors);
}

static void check_map(unsigned i)
{
	struct eg_arena arena = { 0 };
	struct phys_view_totals t;
	uint64_t present = 0;
	bool good = true;
	uint32_t steps;
	struct phys p;

	ok(make(&p, &arena, recorded[i].mib * MIB, "buddy", 64, 1) == EG_OK, "%u MiB: built", recorded[i].mib);
	is_u64(phys_view_zones(&p), recorded[i].nr, "number of zones");
	for (unsigned z = 0; z < recorded[i].nr; z++) {
		const struct zone_row *want = &recorded[i].zone[z];
		struct phys_zone_view v;

		phys_view_zone(&p, z, &v);
		good &= v.type == want->type && v.start.v == want->start && v.spanned == want->spanned &&
			v.present == want->present;
		good &= v.free.pages == v.free_pages && v.free_pages == v.managed;
		if (want->type == ZONE_DMA)
			good &= v.managed == 3840;
		present += want->present;
	}
	phys_view_totals(&p, &t);
	ok(good, "%u MiB: start, spanned, present as recorded; all managed pages free", recorded[i].mib);
	ok(t.present == present && t.free_pages == t.managed, "%u MiB: totals", recorded[i].mib);
	ok(t.present - t.managed >= present / 64 && t.present - t.managed <= present / 64 + 3 + 158,
	   "%u MiB: 64 bytes a frame and the first MiB are the kernel's", recorded[i].mib);
	ok(p.own_end.v - p.own_start.v >= present / 64 && phys_free_checked(&p, p.own_start, 0, &steps) ==
	   PHYS_FREE_RESERVED, "%u MiB: the kernel's own records are reserved", recorded[i].mib);
	if (recorded[i].mib <= 1024)
		phys_validate(&p);
	phys_fini(&p);
	eg_arena_free_all(&arena);
}

static void check_limits(const struct limits_row *row)
{
	struct phys_config config = { .min_free_kbytes = row->kbytes, .khugepaged = row->khugepaged,
				      .watermark_scale_factor = row->factor };
	static struct phys p;
	bool good = true;

	p = (struct phys){ .nr_zones = row->nr };
	for (unsigned i = 0; i < row->nr; i++) {
		p.zone[i].type = (uint8_t)i;
		p.zone[i].managed = row->managed[i];
		p.managed += row->managed[i];
	}
	phys_set_limits(&p, &config);
	is_u64(p.min_free_kbytes, row->want_kbytes, row->what);
	for (unsigned i = 0; i < row->nr; i++) {
		const uint64_t *mark = p.zone[i].mark;

		if (mark[WMARK_MIN] == row->min[i] && mark[WMARK_LOW] == row->low[i] && mark[WMARK_HIGH] == row->high[i])
			continue;
		printf("# zone %u: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i, mark[WMARK_MIN], mark[WMARK_LOW],
		       mark[WMARK_HIGH]);
		good = false;
	}
	ok(good, "%s: min, low, high", row->what);
	ok(memcmp(p.zone[0].protect, row->protect, sizeof(row->protect)) == 0, "%s: protection", row->what);
	if (row->nr == 3)
		is_u64(p.zone[1].protect[ZONE_NORMAL], row->managed[2] / 256, "protection of DMA32 against Normal");
}

static void check_refusals(void)
{
	static const struct { uint64_t bytes; unsigned struct_page, nodes; const char *word; } bad[] = {
		{ 64 * MIB + 5, 0, 1, "whole number" }, { 3 * MIB, 0, 1, "between" }, { 0, 0, 1, "between" },
		{ 16 * 1024 * 1024 * MIB, 0, 1, "between" }, { 64 * MIB, 0, 2, "1 node" },
		{ 64 * MIB, 1000, 1, "at most 256" }, { 16 * MIB + MIB / 4, 64, 1, "no room" },
	};
	struct eg_arena arena = { 0 };
	struct phys p;

	for (unsigned i = 0; i < EG_ARRAY_LEN(bad); i++) {
		eg_status s = make(&p, &arena, bad[i].bytes, "buddy", bad[i].struct_page, bad[i].nodes);

		ok(s == EG_BAD_INPUT && errors.nr == 1 && strstr(errors.text[0], bad[i].word), "refused: %s",
		   errors.nr ? errors.text[0] : "(nothing)");
		phys_fini(&p);
	}
	for (unsigned nth = 1; nth <= 2; nth++) {
		struct eg_arena fresh = { 0 };
		static struct eg_args args;
		struct phys_config config = { .memory_bytes = 64 * MIB, .palloc = palloc_find("buddy"),
					      .palloc_args = &args };
		eg_status s;

		EG_CHECK(eg_args_init(&args, config.palloc->params, &arena) == EG_OK);
		errors.nr = 0;
		(void)eg_mem_fail_nth(nth);
		s = phys_init(&p, &fresh, &config, &errors);
		(void)eg_mem_fail_nth(0);
		ok(s == EG_NO_MEMORY && errors.nr == 1 && !p.frames, "host request %u fails: said so, nothing kept", nth);
		eg_arena_free_all(&fresh);
	}
	eg_arena_free_all(&arena);
}

static void check_small(void)
{
	static const unsigned sizes[] = { 4, 8, 15, 16, 18, 64 };

	for (unsigned i = 0; i < EG_ARRAY_LEN(sizes); i++)
		for (unsigned k = 0; palloc_registry[k]; k++) {
			struct eg_arena arena = { 0 };
			struct phys p;

			ok(make(&p, &arena, sizes[i] * MIB, palloc_registry[k]->name, 0, 0) == EG_OK,
			   "%u MiB with %s: built", sizes[i], palloc_registry[k]->name);
			phys_validate(&p);
			phys_fini(&p);
			eg_arena_free_all(&arena);
		}
}

int main(void)
{
	for (unsigned i = 0; i < EG_ARRAY_LEN(recorded); i++)
		check_map(i);
	for (unsigned i = 0; i < EG_ARRAY_LEN(limits); i++)
		check_limits(&limits[i]);
	check_small();
	check_refusals();
	return tap_done();
}
