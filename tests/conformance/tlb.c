/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws that every TLB design keeps (docs/metrics.md, the closed forms of address translation):
 *
 *   a walk without walk caches reads 4 entries for a 4 KiB page and 3 for 2 MiB
 *   N pages swept cyclically in E fully associative LRU entries: N <= E only cold misses, N > E always miss
 *   one set of W ways: W pages never miss after the first round, W + 1 always
 *   uniform random over N >= E pages: miss ratio 1 - E/N
 *   reach is entries times page size once all are in use
 *   a flush makes every page miss once
 */
#include <math.h>

#include "tests/conformance/tlb_rig.h"

#define PRESENT (PTE_PRESENT | PTE_WRITE | PTE_DIRTY)

static struct tlb_rig rig;

static struct tlb_config one_level(uint32_t entries, uint32_t ways)
{
	struct tlb_geometry g = { entries, ways };

	return (struct tlb_config){ .l1d = g, .l1i = g, .l1d_huge = g, .l1i_huge = g };
}

static void open_rig(const struct tlb_ops *design, const struct tlb_config *tlb, const struct pwc_config *pwc, uint64_t pages)
{
	rig_open(&rig, design, "auto", tlb, pwc, 6);
	for (uint64_t v = 0; v < pages; v++)
		rig_map(&rig, 1, 0x1000 + v, 1, PRESENT);
	mmu_switch(&rig.cpu, 1, rig.root[1]);
}

static void access_page_number(uint64_t vpn)
{
	uint64_t word = eg_access(vpn << EG_PAGE_SHIFT | 64, EG_ACCESS_READ, 8);
	struct access_result r = rig.cpu.tlb_ops->run(&rig.cpu, &word, 1, EG_TIME_NONE, true);

	EG_CHECK(r.stop == ACCESS_DONE);
}

/* Misses of `rounds` sweeps over n pages, `stride` apart. */
static uint64_t sweep(uint64_t n, uint64_t stride, unsigned rounds)
{
	uint64_t before = rig.cpu.n.l2_misses;

	for (unsigned k = 0; k < rounds; k++)
		for (uint64_t v = 0; v < n; v++)
			access_page_number(0x1000 + v * stride);
	return rig.cpu.n.l2_misses - before;
}

static void walks(const struct tlb_ops *design)
{
	const struct tlb_config tlb = one_level(4, 4);
	const struct pwc_config none = { { 0, 1 }, { 0, 1 }, { 0, 1 } }, some = { { 4, 4 }, { 4, 4 }, { 8, 4 } };

	open_rig(design, &tlb, &none, 64);
	(void)sweep(64, 1, 1);
	is_u64(rig.cpu.n.walk_refs, 64 * 4, "4 reads a walk of a 4 KiB page");
	is_u64(rig.cpu.n.pwc_hits[4], 64, "all of them from the root");
	for (uint64_t h = 0; h < 8; h++)
		rig_map(&rig, 1, 0x40000 + h * 512, 2, PRESENT);
	rig.cpu.n.walk_refs = 0;
	for (uint64_t h = 0; h < 8; h++)
		access_page_number(0x40000 + h * 512 + 17);
	is_u64(rig.cpu.n.walk_refs, 8 * 3, "3 reads a walk of a 2 MiB page");
	is_u64(rig.cpu.n.huge_misses, 8, "they are counted by size");
	rig_close(&rig);

	open_rig(design, &tlb, &some, 64);
	(void)sweep(64, 1, 1);
	is_u64(rig.cpu.n.walk_refs, 4 + 63, "with walk caches: 4 reads once, then 1");
	is_u64(rig.cpu.n.pwc_hits[1], 63, "from the PD entry");
	rig_close(&rig);
}

static void sweeps(const struct tlb_ops *design, bool fully)
{
	const struct pwc_config none = { { 0, 1 }, { 0, 1 }, { 0, 1 } };
	const struct tlb_config tlb = one_level(64, 64), sets = one_level(64, 4);

	open_rig(design, &tlb, &none, 65);
	is_u64(sweep(64, 1, 5), 64, "64 pages in 64 entries of one set: cold misses only");
	is_u64(rig.cpu.tlb_ops->reach(rig.cpu.tlb), 64 * EG_PAGE_SIZE, "reach is 256 KiB");
	mmu_flush_range(&rig.cpu, 1, eg_vpn_of(0), 100000);
	is_u64(rig.cpu.tlb_ops->reach(rig.cpu.tlb), 0, "nothing after a flush");
	is_u64(sweep(64, 1, 2), 64, "each page misses once after it");
	mmu_flush_range(&rig.cpu, 1, eg_vpn_of(0x1000 + 5), 1);
	is_u64(sweep(64, 1, 1), 1, "one page misses after it was invalidated");
	mmu_flush_range(&rig.cpu, 1, eg_vpn_of(0), 100000);
	is_u64(sweep(65, 1, 5), 5 * 65, "65 pages: every access misses");
	rig_close(&rig);
	if (fully)
		return;
	open_rig(design, &sets, &none, 5 * 16);
	is_u64(sweep(4, 16, 5), 4, "4 pages of one set of 4 ways: cold misses only");
	is_u64(sweep(5, 16, 5) >= 5 * 5 - 4 ? 1 : 0, 1, "5 pages of one set: after the first round every access misses");
	rig_close(&rig);
}

static void uniform(const struct tlb_ops *design)
{
	const struct pwc_config none = { { 0, 1 }, { 0, 1 }, { 0, 1 } };
	const struct tlb_config tlb = one_level(256, 8);
	enum { N = 1024, DRAWS = 60000 };
	struct eg_rng rng = eg_rng_stream(7, "tlb.uniform", 0);
	double want = 1.0 - 256.0 / N, sigma = sqrt(want * (1 - want) / DRAWS), got;

	open_rig(design, &tlb, &none, N);
	for (unsigned i = 0; i < 5000; i++)
		access_page_number(0x1000 + eg_rng_below(&rng, N));
	rig.cpu.n.l2_misses = 0;
	for (unsigned i = 0; i < DRAWS; i++)
		access_page_number(0x1000 + eg_rng_below(&rng, N));
	got = (double)rig.cpu.n.l2_misses / DRAWS;
	ok(fabs(got - want) < 5 * sigma, "uniform over 1024 pages, 256 entries: miss ratio %.4f is 0.75 within 5 sigma", got);
	is_u64(rig.cpu.tlb_ops->reach(rig.cpu.tlb), 256 * EG_PAGE_SIZE, "all entries are in use");
	rig_close(&rig);
}

int main(void)
{
	for (unsigned i = 0; tlb_registry[i]; i++) {
		printf("# %s\n", tlb_registry[i]->name);
		walks(tlb_registry[i]);
		sweeps(tlb_registry[i], strcmp(tlb_registry[i]->name, "fully_assoc") == 0);
		uniform(tlb_registry[i]);
	}
	return tap_done();
}
