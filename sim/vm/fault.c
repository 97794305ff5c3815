/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault - the story of one page fault, top to bottom.
 *
 *   1. The mapping of the address. None, or one that forbids the access: SIGSEGV, a result. A present entry of a
 *      mapping that permits nothing is closed to the walk (PTE_NONE), so it ends here too.
 *   2. The page tables down to the leaf; missing ones are made.
 *   3. The leaf entry decides:
 *        absent, anonymous, read       -> the shared zero page, read-only          (zero)
 *        absent, anonymous, write      -> a zeroed page                            (anon)
 *        absent, shared                -> the object's page, made if missing       (shmem)
 *        absent, private file, read    -> a page of the file, read-only            (file_minor)
 *        absent, private file, write   -> a private copy of it                     (file_minor)
 *        zero page, write              -> a zeroed page                            (zero_cow)
 *        read-only, write, others map it or it is a file's -> a copy               (cow)
 *        read-only, write, no other maps it                -> made writable        (cow_reuse)
 *        present and permitted         -> somebody else was faster                 (spurious)
 *   4. A page that replaces another one is announced to the TLBs.
 *
 * Source of the order of decisions: mm/memory.c of Linux 6.1 (handle_pte_fault, do_anonymous_page,
 * do_wp_page). Linux 6.1 reuses a page if it is marked exclusive to its anonymous mapping or has one
 * reference; after fork that mark is gone, so the number of mappings decides, as here. The counts are held
 * against recordings of a real kernel (tests/validation). Left out: see vm.h.
 *
 * If a page is not to be had, nothing but upper tables was changed, and the machine calls again.
 */
#include "sim/vm/vm.h"

#include "sim/base/op.h"
#include "sim/vm/shmem.h"

static struct fault_result done(enum fault_kind kind)
{
	return (struct fault_result){ VM_DONE, kind };
}

static struct fault_result not_now(enum vm_outcome o)
{
	return (struct fault_result){ o, FAULT_SEGV };
}

static void set_leaf(struct vm *vm, struct space *s, uint32_t table, pte_t *e, eg_pfn pfn, bool writable, bool write,
		     struct vm_work *w)
{
	struct frame *f = phys_frame(vm->phys, pfn);

	frame_map_inc(f);
	vm__count_rss(s, f->kind, 1, true);
	radix_set(&vm->tables, table, e, pte_make(pfn, PTE_PRESENT | PTE_ACCESSED | (writable ? PTE_WRITE : 0) |
							(write ? PTE_DIRTY : 0)));
	w->ptes_set++;
}

static struct fault_result fault_absent(struct vm *vm, struct space *s, const struct vma *v, uint64_t vpn, bool write,
					uint32_t table, pte_t *e, struct vm_work *w)
{
	uint32_t number = (uint32_t)(s - vm->space);
	bool writable = v->prot & EG_PROT_WRITE;
	enum vm_outcome o;
	eg_pfn pfn;

	if (v->object) {
		uint64_t index = v->offset + (vpn - v->start);

		pfn = shmem_find(vm->shmem, v->object, index);
		if (eg_pfn_is_none(pfn)) {
			o = vm__alloc(vm, GFP_HIGHUSER_MOVABLE | GFP_ZERO, 0, v->file ? FRAME_FILE : FRAME_SHMEM, v->object,
				      index, &pfn, w);
			if (o != VM_DONE)
				return not_now(o);
			if (!shmem_put(vm->shmem, v->object, index, pfn)) {
				w->free_steps += phys_free(vm->phys, pfn, 0);
				vm->failed = true;
				return not_now(VM_NOMEM);
			}
			frame_ref_get(phys_frame(vm->phys, pfn));       /* the object's own reference */
			w->zeroed_bytes += EG_PAGE_SIZE;
		}
		set_leaf(vm, s, table, e, pfn, writable, write, w);
		return done(v->file ? FAULT_FILE_MINOR : FAULT_SHMEM);
	}
	if (!write && !v->file) {
		/* the zero page is one reserved frame, mapped any number of times and never counted */
		radix_set(&vm->tables, table, e, pte_make(eg_pfn_of(0), PTE_PRESENT | PTE_ACCESSED | PTE_ZERO));
		w->ptes_set++;
		return done(FAULT_ZERO);
	}
	o = vm__alloc(vm, GFP_HIGHUSER_MOVABLE | (v->file ? 0 : GFP_ZERO), 0, v->file && !write ? FRAME_FILE : FRAME_ANON,
		      number, vpn, &pfn, w);
	if (o != VM_DONE)
		return not_now(o);
	if (!v->file)
		w->zeroed_bytes += EG_PAGE_SIZE;
	else if (write)
		w->copied_bytes += EG_PAGE_SIZE;
	set_leaf(vm, s, table, e, pfn, writable && (write || !v->file), write, w);
	return done(v->file ? FAULT_FILE_MINOR : FAULT_ANON);
}

/* A write to a present entry without the write bit, in a mapping that permits writing. */
static struct fault_result fault_protected(struct vm *vm, struct space *s, const struct vma *v, uint64_t vpn,
					   uint32_t table, pte_t *e, unsigned level, struct vm_work *w)
{
	uint32_t number = (uint32_t)(s - vm->space);
	unsigned order = level == 2 ? EG_HUGE_ORDER : 0;
	pte_t old = *e;
	enum vm_outcome o;
	eg_pfn pfn;

	if (!(old & PTE_ZERO)) {
		struct frame *f = phys_frame(vm->phys, pte_pfn(old));

		if (v->object || (f->kind == FRAME_ANON && frame_map_count(f) == 1 && frame_ref_count(f) == 0)) {
			*e |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
			f->owner = number;
			f->index = (uint32_t)vpn;
			w->ptes_set++;
			return done(FAULT_COW_REUSE);
		}
		EG_CHECK(order == 0);           /* fork splits 2 MiB pages: none is shared */
	}
	o = vm__alloc(vm, GFP_HIGHUSER_MOVABLE | (old & PTE_ZERO ? GFP_ZERO : 0), 0, FRAME_ANON, number, vpn, &pfn, w);
	if (o != VM_DONE)
		return not_now(o);
	if (old & PTE_ZERO)
		w->zeroed_bytes += EG_PAGE_SIZE;
	else
		w->copied_bytes += EG_PAGE_SIZE;
	vm__unmap_frame(vm, s, old, 0, w);
	set_leaf(vm, s, table, e, pfn, true, true, w);
	vm->hooks->flush(vm->hooks_ctx, number, eg_vpn_of(vpn), 1);
	return done(old & PTE_ZERO ? FAULT_ZERO_COW : FAULT_COW);
}

static struct fault_result handle(struct vm *vm, uint32_t number, uint64_t addr, bool write, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	uint64_t vpn = addr >> EG_PAGE_SHIFT;
	struct vma *v = vm_find(s, vpn);
	enum vm_outcome o;
	uint32_t table;
	pte_t *e;

	if (!v || !vm_permits(v->prot, write))
		return done(FAULT_SEGV);
	o = vm__leaf(vm, s, vpn, 1, &e, &table, w);
	if (o != VM_DONE)
		return not_now(o);
	if (!(*e & PTE_PRESENT))
		return fault_absent(vm, s, v, vpn, write, table, e, w);
	if (write && !(*e & PTE_WRITE))
		return fault_protected(vm, s, v, vpn, table, e, vm->tables.table[table].level, w);
	return done(FAULT_SPURIOUS);
}

struct fault_result vm_fault(struct vm *vm, uint32_t number, uint64_t addr, bool write, struct vm_work *w)
{
	struct fault_result r = handle(vm, number, addr, write, w);

	if (r.outcome == VM_DONE)
		vm->nr_faults[r.kind]++;
	return r;
}

enum vm_outcome vm_populate(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, bool write, bool huge, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	uint64_t start = addr >> EG_PAGE_SHIFT, end = (addr + len + EG_PAGE_SIZE - 1) >> EG_PAGE_SHIFT;

	for (uint64_t v = start; v < end; v += huge ? EG_HUGE_PAGES : 1) {
		uint32_t table;
		enum vm_outcome o;
		eg_pfn pfn;
		pte_t *e;

		o = vm__leaf(vm, s, v, huge ? 2 : 1, &e, &table, w);
		if (o != VM_DONE)
			return VM_NOMEM;
		if (*e & PTE_PRESENT)
			continue;
		if (!huge) {
			struct vma *found = vm_find(s, v);
			struct fault_result r;

			if (!found)
				return VM_NOTHING;
			if (!vm_permits(found->prot, false))
				continue;       /* a mapping that permits nothing is not filled (Linux: EFAULT, ignored) */
			r = fault_absent(vm, s, found, v, write, table, e, w);
			if (r.outcome != VM_DONE)
				return VM_NOMEM;
			vm->nr_faults[r.kind]++;
			continue;
		}
		EG_CHECK(write);
		o = vm__alloc(vm, GFP_HIGHUSER_MOVABLE | GFP_ZERO, EG_HUGE_ORDER, FRAME_ANON, number, v, &pfn, w);
		if (o != VM_DONE)
			return VM_NOMEM;
		frame_map_inc(phys_frame(vm->phys, pfn));
		vm__count_rss(s, FRAME_ANON, EG_HUGE_PAGES, true);
		w->zeroed_bytes += EG_PAGE_SIZE << EG_HUGE_ORDER;
		w->ptes_set++;
		radix_set(&vm->tables, table, e, pte_make(pfn, PTE_PRESENT | PTE_ACCESSED | PTE_WRITE | PTE_DIRTY | PTE_HUGE));
	}
	return VM_DONE;
}
