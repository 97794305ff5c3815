/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate - every invariant of the room, by counting everything again.
 *
 *   mappings of a frame        == present entries that map it, over all spaces
 *   other references           == objects that hold it
 *   rss_* of a space           == its present entries by frame kind
 *   table_pages of a space     == tables reached from its root; all tables in use are reached
 *   mapped_pages               == sum of its mappings; mappings disjoint and ascending
 *   a present entry            lies in a mapping; a writable one in a writable mapping; a closed one (PTE_NONE) in one
 *                              that permits nothing
 */
#include "sim/base/op.h"
#include "sim/vm/shmem.h"
#include "sim/vm/vm.h"

struct census {
	const struct vm *vm;
	uint32_t        *maps;          /* by pfn */
	struct space    *space;         /* being counted */
	struct space     seen;          /* what was found in it */
};

static void count_leaf(struct census *c, pte_t e, uint64_t vpn, unsigned order)
{
	struct vma *v = vm_find(c->space, vpn);
	const struct frame *f;

	EG_CHECK(v && v->end >= vpn + (UINT64_C(1) << order));
	EG_CHECK(!(e & PTE_WRITE) || (v->prot & EG_PROT_WRITE));
	EG_CHECK(!(e & PTE_NONE) == vm_permits(v->prot, false));
	if (e & PTE_ZERO) {
		EG_CHECK(!(e & PTE_WRITE));
		return;
	}
	f = phys_frame(c->vm->phys, pte_pfn(e));
	EG_CHECK(f->kind == FRAME_ANON || f->kind == FRAME_FILE || f->kind == FRAME_SHMEM);
	EG_CHECK(f->order == order && !frame_is_tail(f));
	c->maps[pte_pfn(e).v]++;
	vm__count_rss(&c->seen, f->kind, UINT64_C(1) << order, true);
}

static void count_table(struct census *c, uint32_t table, unsigned level, uint64_t base)
{
	const struct radix_table *t = &c->vm->tables.table[table];

	EG_CHECK(t->level == level && phys_frame(c->vm->phys, t->pfn)->kind == FRAME_TABLE);
	c->seen.table_pages++;
	for (unsigned i = 0; i < RADIX_ENTRIES; i++) {
		pte_t e = radix_entries(&c->vm->tables, table)[i];
		uint64_t at = base + ((uint64_t)i << (RADIX_BITS * (level - 1)));

		if (!(e & PTE_PRESENT))
			continue;
		if (level == 1 || (e & PTE_HUGE))
			count_leaf(c, e, at, level == 1 ? 0 : EG_HUGE_ORDER);
		else
			count_table(c, pte_table(e), level - 1, at);
	}
}

void vm_validate(const struct vm *vm)
{
	struct census c = { .vm = vm, .maps = eg_calloc(vm->phys->nr_frames, sizeof(*c.maps)) };
	uint64_t tables = 0, mapped = 0;

	if (!c.maps)
		return;         /* no host memory for the audit: nothing can be said */
	for (uint32_t n = 1; n < vm->nr_spaces; n++) {
		uint64_t pages = 0;

		c.space = &vm->space[n];
		if (c.space->root == RADIX_NONE)
			continue;
		c.seen = (struct space){ 0 };
		for (uint32_t i = 0; i < c.space->nr; i++) {
			EG_CHECK(c.space->vma[i].start < c.space->vma[i].end);
			EG_CHECK(!i || c.space->vma[i - 1].end <= c.space->vma[i].start);
			pages += c.space->vma[i].end - c.space->vma[i].start;
		}
		count_table(&c, c.space->root, RADIX_LEVELS, 0);
		EG_CHECK(pages == c.space->mapped_pages);
		EG_CHECK(c.seen.table_pages == c.space->table_pages);
		EG_CHECK(c.seen.rss_anon == c.space->rss_anon && c.seen.rss_file == c.space->rss_file &&
			 c.seen.rss_shmem == c.space->rss_shmem);
		tables += c.seen.table_pages;
		mapped += pages;
	}
	EG_CHECK(tables == vm->tables.nr_used && mapped == vm->mapped_pages && mapped <= vm->mapped_pages_max);
	for (uint64_t h = 0; h <= vm->shmem->mask; h++)
		if (vm->shmem->cell[h].key)
			EG_CHECK(frame_ref_count(phys_frame(vm->phys, eg_pfn_of(vm->shmem->cell[h].pfn))) == 1);
	for (uint64_t pfn = 0; pfn < vm->phys->nr_frames; pfn++) {
		const struct frame *f = &vm->phys->frames[pfn];

		if (f->kind == FRAME_ANON || f->kind == FRAME_FILE || f->kind == FRAME_SHMEM)
			EG_CHECK(frame_map_count(f) == c.maps[pfn] && (f->refs || frame_is_tail(f)));
		else
			EG_CHECK(!c.maps[pfn]);
	}
	eg_free(c.maps);
	radix_validate(&vm->tables);
}
