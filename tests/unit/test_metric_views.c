/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics, the other half: fragmentation against the formulas and against counting frames, the Linux views against
 * the kernel's lines. Recordings (ENGRAM_RECORDINGS) are compared where they are.
 */
#include "tests/unit/metric_rig.h"

#include <time.h>

#include "sim/phys/frag.h"

/* ---- fragmentation ----------------------------------------------------------------------------------- */

static void check_frag(void)
{
	struct phys_req req = { .kind = FRAME_RAW, .gfp = GFP_ATOMIC | GFP_MOVABLE };
	static eg_pfn held[20000];
	struct phys_zone_view z;
	unsigned nr = 0;
	uint64_t sum[EG_NR_ORDERS] = { 0 }, pages = 0;
	double before;

	open_rig(64, "buddy", false, true);
	r.view.now = 10;
	sample(r.start);
	memcpy(r.end, r.start, r.set.nr_columns * sizeof(double));
	finish();
	is_value("frag.huge_unmerged", 0);
	is_value("frag.largest_order.n0.dma32", 10);
	is_value("frag.index_milli.n0.dma32.9", -1000);
	emit(PROBE_WARMUP_END, 0, 0);
	r.view.now = 15;
	finish();
	sample(r.end);                                  /* two samples at one time are one */
	before = value("frag.huge_pct");
	for (;;) {
		struct phys_result p = phys_alloc(&r.phys, &req);

		if (p.outcome != PHYS_GRANTED)
			break;
		EG_CHECK(nr < EG_ARRAY_LEN(held));
		held[nr++] = p.pfn;
	}
	for (unsigned i = 0; i < nr; i++)               /* every other frame is free */
		if (held[i].v & 1)
			(void)phys_free(&r.phys, held[i], 0);
	r.view.now = 20;
	finish();
	phys_view_zone(&r.phys, 1, &z);
	ok(strcmp(z.name, "DMA32") == 0 && z.free.pages > 5000, "DMA32 is checkered");
	is_value("frag.unusable_milli.n0.dma32.9", frag_unusable_milli(z.free.blocks, 9));
	is_value("frag.index_milli.n0.dma32.9", frag_index_milli(z.free.blocks, 9));
	is_value("frag.score.n0.dma32", frag_score(z.free.blocks));
	is_value("frag.free_blocks.n0.dma32.0", (double)z.free.blocks[0]);
	ok(value("frag.unusable_milli.n0.dma32.9") > 900, "hardly a huge page is left");
	for (unsigned k = 0; k < r.phys.nr_zones; k++) {
		phys_view_zone(&r.phys, k, &z);
		pages += z.free.pages;
		for (unsigned i = 0; i < EG_NR_ORDERS; i++)
			sum[i] += z.free.blocks[i];
	}
	is_value("frag.unusable_milli.all.9", frag_unusable_milli(sum, 9));
	is_value("frag.unusable.all.9", frag_unusable(sum, 9));
	is_value("frag.free_blocks.all.0", (double)sum[0]);
	is_value("frag.free_blocks.all.10", (double)sum[10]);
	is_value("frag.unusable.all.0", 0);
	is_value("mem.free", (double)pages * 4096);
	is_value("frag.huge_unmerged", 0);
	is_value("frag.huge_score", (before + value("frag.huge_pct")) / 2);
	ok(value("frag.compact_moves") > 0 && value("frag.compact_moves_llfree") >= value("frag.compact_moves"),
	   "moves: %g, LLFree's count %g", value("frag.compact_moves"), value("frag.compact_moves_llfree"));
	for (unsigned i = 0; i < nr; i++)
		if (!(held[i].v & 1))
			(void)phys_free(&r.phys, held[i], 0);
	r.view.now = 30;
	finish();
	is_value("frag.huge_pct", 100.0 * value("frag.free_huge") / floor((double)r.phys.managed / 512));
	{
		uint16_t *huge = eg_arena_alloc(&r.arena, phys_view_huge_frames(&r.phys), sizeof(*huge));
		uint64_t moves, rest;

		EG_CHECK(huge);
		phys_view_huge_free(&r.phys, huge, NULL);
		moves = frag_compact_moves(huge, phys_view_huge_frames(&r.phys), &rest);
		is_value("frag.compact_moves", (double)moves);
		is_value("frag.compact_moves_llfree", (double)rest);
	}
	is_value("frag.huge_unmerged", 0);
	close_rig();
}

/* huge_pct is computed from blocks: whole free 2 MiB frames are in blocks of order 9 for every policy. */
static void check_merged(void)
{
	for (unsigned k = 0; palloc_registry[k]; k++) {
		struct eg_rng rng = eg_rng_stream(7, "test", k);
		struct { eg_pfn pfn; unsigned order; } held[512];
		double worst = 0;
		unsigned nr = 0;

		open_rig(64, palloc_registry[k]->name, false, true);
		for (unsigned step = 0; step < 4000; step++) {
			if (nr < EG_ARRAY_LEN(held) && eg_rng_below(&rng, 100) < (step % 1000 < 500 ? 65 : 35)) {
				struct phys_req req = { .kind = FRAME_RAW, .gfp = GFP_NOWAIT | (step & 1 ? GFP_MOVABLE : 0),
							.order = (uint8_t)eg_rng_below(&rng, 8) };
				struct phys_result p = phys_alloc(&r.phys, &req);

				if (p.outcome == PHYS_GRANTED) {
					held[nr].pfn = p.pfn;
					held[nr++].order = req.order;
				}
			} else if (nr) {
				unsigned i = (unsigned)eg_rng_below(&rng, nr);

				(void)phys_free(&r.phys, held[i].pfn, held[i].order);
				held[i] = held[--nr];
			}
			if (step % 500 == 499) {
				finish();
				worst = fabs(value("frag.huge_unmerged")) > worst ? fabs(value("frag.huge_unmerged")) : worst;
			}
		}
		ok(worst == 0 && value("frag.free_huge") > 0, "%s: free frames of 2 MiB are those of the free blocks",
		   palloc_registry[k]->name);
		while (nr) {
			nr--;
			(void)phys_free(&r.phys, held[nr].pfn, held[nr].order);
		}
		close_rig();
	}
}

/* ---- Linux ------------------------------------------------------------------------------------------- */

/* Lines of a recorded file begin with our names, in our order. */
static void compare_lines(const char *file, const char *const *names, unsigned nr)
{
	const char *root = getenv("ENGRAM_RECORDINGS");
	char path[512], *text, *line;
	unsigned i = 0;
	bool same = true;

	(void)snprintf(path, sizeof(path), "%s/truth/data/boot/T1/state/%s", root ? root : "", file);
	text = root ? read_text(path) : NULL;
	if (!text) {
		tap_skip("no recordings");
		return;
	}
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), i++) {
		size_t n = strcspn(line, " :");

		if (i < nr && (strlen(names[i]) != n || strncmp(line, names[i], n) != 0) && same) {
			printf("# line %u: %s, here %s\n", i + 1, line, names[i]);
			same = false;
		}
	}
	ok(same && i == nr, "%s: %u lines as recorded", file, nr);
	eg_free(text);
}

static uint64_t host_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void check_linux(void)
{
	uint64_t values[256], view_ns = UINT64_MAX, sample_ns = UINT64_MAX;
	struct vm_work w = { 0 };
	uint32_t parent, child;

	compare_lines("vmstat", linux_vmstat_names, linux_vmstat_count());
	compare_lines("meminfo", linux_meminfo_names, linux_meminfo_count());
	/* a running 6.18 kernel; its Movable zone was empty but had a low watermark of 32 */
	is_u64(linux_mem_available(19262184 / 4, 47619, (1535956 + 3129752) / 4, 223936 / 4, 21994) * 4, 23785400,
	       "MemAvailable of a recorded machine");
	is_u64(linux_mem_available(10, 100, 0, 0, 5), 0, "MemAvailable is not negative");

	open_rig(64, "buddy", false, true);
	is_u64(meminfo("MemTotal"), r.phys.managed * 4, "MemTotal");
	is_u64(meminfo("MemFree"), r.phys.managed * 4, "MemFree");
	is_u64(meminfo("CommitLimit"), r.phys.managed / 2 * 4, "CommitLimit");
	is_u64(meminfo("VmallocTotal"), 34359738367, "VmallocTotal");
	ok(meminfo("MemAvailable") < meminfo("MemFree") && meminfo("MemAvailable") > meminfo("MemFree") / 2,
	   "MemAvailable is a little less than MemFree");
	close_rig();

	/* what counting frames costs: everything used, everything shared */
	open_rig(512, "buddy", false, true);
	parent = new_space(480 * MIB, EG_MAP_ANON);
	EG_CHECK(vm_populate(&r.vm, parent, BASE, 480 * MIB, true, false, &w) == VM_DONE);
	EG_CHECK(vm_fork(&r.vm, parent, &child, &w) == VM_DONE);
	r.count.forks = 1;
	for (unsigned i = 0; i < 5; i++) {
		uint64_t t0 = host_ns(), t1, t2;

		linux_views(&r.view, values, NULL);
		t1 = host_ns();
		sample(r.start);
		t2 = host_ns();
		view_ns = t1 - t0 < view_ns ? t1 - t0 : view_ns;
		sample_ns = t2 - t1 < sample_ns ? t2 - t1 : sample_ns;
	}
	is_u64(field(linux_vmstat_names, values, "nr_anon_pages"), 480 * 256, "480 MiB are shared");
	printf("# counting %" PRIu64 " frames: %.2f ns each; one sample of all metrics: %.1f us\n", r.phys.nr_frames,
	       (double)view_ns / (double)r.phys.nr_frames, (double)sample_ns / 1e3);
	vm_space_put(&r.vm, child, &w);
	vm_space_put(&r.vm, parent, &w);
	close_rig();
}

int main(void)
{
	check_frag();
	check_merged();
	check_linux();
	return tap_done();
}
