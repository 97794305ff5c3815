/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages - what is present: frames of a space, page-table pages, removing ranges, splitting 2 MiB leaves.
 *
 * Below the operations on mappings (space.c, fault.c, fork.c) and above the radix pool and the page
 * allocator. A page-table page is taken with GFP_KERNEL and cleared; it is given back as soon as it holds
 * nothing and no mapping could need it (Linux: free_pgtables() between the neighbouring mappings).
 */
#include "sim/vm/vm.h"

enum vm_outcome vm__alloc(struct vm *vm, uint32_t gfp, unsigned order, enum frame_kind kind, uint32_t owner, uint64_t index,
			  eg_pfn *pfn, struct vm_work *w)
{
	struct phys_req req = { .order = (uint8_t)order, .kind = (uint8_t)kind, .cpu = vm->cpu, .gfp = gfp,
				.owner = owner, .index = (uint32_t)index };
	struct phys_result r = phys_alloc(vm->phys, &req);

	w->allocs++;
	w->alloc_steps += r.steps;
	*pfn = r.pfn;
	if (r.outcome == PHYS_GRANTED) {
		w->zone = r.zone;
		return VM_DONE;
	}
	return r.outcome == PHYS_WAIT ? VM_WAIT : VM_NOMEM;
}

void vm__free_frame(struct vm *vm, eg_pfn pfn, unsigned order, struct vm_work *w)
{
	w->frees++;
	w->free_steps += phys_free(vm->phys, pfn, order);
}

enum vm_outcome vm__new_table(struct vm *vm, struct space *s, unsigned level, uint32_t *table, struct vm_work *w)
{
	eg_pfn pfn;
	enum vm_outcome o = vm__alloc(vm, GFP_KERNEL | GFP_ZERO, 0, FRAME_TABLE, (uint32_t)(s - vm->space), level, &pfn, w);

	if (o != VM_DONE)
		return o;
	*table = radix_table_new(&vm->tables, level, pfn);
	EG_CHECK(*table != RADIX_NONE);         /* the pool has room for every frame */
	w->zeroed_bytes += EG_PAGE_SIZE;
	w->tables++;
	s->table_pages++;
	return VM_DONE;
}

enum vm_outcome vm__leaf(struct vm *vm, struct space *s, uint64_t vpn, unsigned level, pte_t **e, uint32_t *table,
			 struct vm_work *w)
{
	for (;;) {
		unsigned at;
		uint32_t child = 0;
		enum vm_outcome o;

		*e = radix_lookup(&vm->tables, s->root, eg_vpn_of(vpn), &at, table);
		if (at <= level || (**e & PTE_PRESENT))
			return VM_DONE;
		o = vm__new_table(vm, s, at - 1, &child, w);
		if (o != VM_DONE)
			return o;
		radix_set(&vm->tables, *table, *e, (uint64_t)child << PTE_SHIFT | PTE_PRESENT | PTE_WRITE);
	}
}

void vm__unmap_frame(struct vm *vm, struct space *s, pte_t e, unsigned order, struct vm_work *w)
{
	struct frame *f;

	if (e & PTE_ZERO)
		return;
	f = phys_frame(vm->phys, pte_pfn(e));
	vm__count_rss(s, f->kind, UINT64_C(1) << order, false);
	frame_map_dec(f);
	if (!f->refs)
		vm__free_frame(vm, pte_pfn(e), order, w);
}

void vm__zap(struct vm *vm, struct space *s, uint64_t start, uint64_t end, struct vm_work *w)
{
	uint64_t first = UINT64_MAX, last = 0;
	struct frame *frames = vm->phys->frames;

	for (uint64_t v = start, next; v < end; v = next) {
		unsigned level;
		uint32_t table;
		pte_t *e = radix_lookup(&vm->tables, s->root, eg_vpn_of(v), &level, &table), *leaf;
		uint64_t span = UINT64_C(1) << (RADIX_BITS * (level - 1));
		unsigned n, gone = 0;

		next = eg_align_down(v, span) + span;
		if (level > 1) {
			if (!(*e & PTE_PRESENT))
				continue;
			EG_ASSERT(v == eg_align_down(v, span) && next <= end);   /* split before */
			vm__unmap_frame(vm, s, *e, EG_HUGE_ORDER, w);
			radix_set(&vm->tables, table, e, 0);
			w->zapped++;
			first = v < first ? v : first;
			last = next;
			continue;
		}
		next = eg_align_down(v, RADIX_ENTRIES) + RADIX_ENTRIES;
		if (next > end)
			next = end;
		leaf = e;
		n = (unsigned)(next - v);
		for (unsigned i = 0; i < n; i++) {
			pte_t old = leaf[i];

			/* the frame records of shuffled frames miss the host's caches: fetch some ahead */
			if (i + 8 < n && (leaf[i + 8] & PTE_PRESENT))
				__builtin_prefetch(&frames[leaf[i + 8] >> PTE_SHIFT], 1);
			if (!(old & PTE_PRESENT))
				continue;
			leaf[i] = 0;
			gone++;
			vm__unmap_frame(vm, s, old, 0, w);
			first = v + i < first ? v + i : first;
			last = v + i + 1;
		}
		vm->tables.table[table].nr_present = (uint16_t)(vm->tables.table[table].nr_present - gone);
		w->zapped += gone;
	}
	if (last)
		vm->hooks->flush(vm->hooks_ctx, (uint32_t)(s - vm->space), eg_vpn_of(first), last - first);
}

/* Below `table` of this level, which starts at page `base`: free tables that hold nothing and lie wholly in
 * [floor, ceiling), looking only where [start, end) lies. Depth is RADIX_LEVELS. */
static void free_level(struct vm *vm, struct space *s, uint32_t table, unsigned level, uint64_t base, uint64_t start,
		       uint64_t end, uint64_t floor, uint64_t ceiling, struct vm_work *w)
{
	uint64_t span = UINT64_C(1) << (RADIX_BITS * (level - 1));
	unsigned i = start > base ? (unsigned)((start - base) / span) : 0;

	for (; i < RADIX_ENTRIES && base + i * span < end; i++) {
		pte_t *e = radix_entries(&vm->tables, table) + i;
		uint64_t at = base + i * span;
		uint32_t child;

		if (!(*e & PTE_PRESENT) || (*e & PTE_HUGE))
			continue;
		child = pte_table(*e);
		if (level > 2)
			free_level(vm, s, child, level - 1, at, start, end, floor, ceiling, w);
		if (!vm->tables.table[child].nr_present && at >= floor && at + span <= ceiling) {
			radix_set(&vm->tables, table, e, 0);
			vm__free_frame(vm, radix_table_free(&vm->tables, child), 0, w);
			s->table_pages--;
		}
	}
}

void vm__free_tables(struct vm *vm, struct space *s, uint64_t floor, uint64_t ceiling, struct vm_work *w)
{
	free_level(vm, s, s->root, RADIX_LEVELS, 0, floor, ceiling, floor, ceiling, w);
}

enum vm_outcome vm__split_huge(struct vm *vm, struct space *s, uint64_t vpn, struct vm_work *w)
{
	unsigned level;
	uint32_t table, child = 0;
	pte_t *e = radix_lookup(&vm->tables, s->root, eg_vpn_of(vpn), &level, &table), old = *e;
	enum vm_outcome o;
	eg_pfn pfn;

	if (level != 2 || !(old & PTE_PRESENT))
		return VM_DONE;
	o = vm__new_table(vm, s, 1, &child, w);
	if (o != VM_DONE)
		return o;
	pfn = pte_pfn(old);
	/* 2 MiB pages are never shared: fork splits them, so one mapping becomes 512 */
	EG_CHECK(frame_map_count(phys_frame(vm->phys, pfn)) == 1);
	frame_map_dec(phys_frame(vm->phys, pfn));
	phys_split(vm->phys, pfn, EG_HUGE_ORDER, 0);
	for (unsigned i = 0; i < RADIX_ENTRIES; i++) {
		struct frame *f = phys_frame(vm->phys, eg_pfn_add(pfn, i));

		frame_map_inc(f);
		f->index = (uint32_t)(eg_align_down(vpn, EG_HUGE_PAGES) + i);
		radix_entries(&vm->tables, child)[i] = pte_make(eg_pfn_add(pfn, i), (old & 0xfff) & ~PTE_HUGE);
	}
	vm->tables.table[child].nr_present = RADIX_ENTRIES;
	radix_set(&vm->tables, table, e, (uint64_t)child << PTE_SHIFT | PTE_PRESENT | PTE_WRITE);
	vm->hooks->flush(vm->hooks_ctx, (uint32_t)(s - vm->space), eg_vpn_of(eg_align_down(vpn, EG_HUGE_PAGES)), EG_HUGE_PAGES);
	return VM_DONE;
}
