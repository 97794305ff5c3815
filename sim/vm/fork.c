/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fork - a copy of an address space, copy-on-write (Linux: dup_mmap, copy_page_range).
 *
 *   1. 2 MiB leaves of the parent are split (a limit of this model: see vm.h).
 *   2. The child gets the parent's mappings, each object one mapping more.
 *   3. For each leaf table with present entries the child gets a table. Each present entry is copied; in
 *      a private mapping both lose the write bit. Every copied frame has one mapping more.
 *   4. The parent's translations are flushed, because its entries lost their write bit.
 *
 * Linux skips private file mappings that have no anonymous page; here their entries are copied too, as
 * there is no page cache to find the pages again. The loop over a table is the cost of fork: the frame
 * records of shuffled frames miss the host's caches, so they are fetched some entries ahead.
 *
 * Robust against lack of memory: a child that cannot be completed is taken down again and VM_WAIT or
 * VM_NOMEM returned; the parent's entries may have lost their write bit, which the next fault mends.
 */
#include "sim/vm/vm.h"

#include "sim/base/op.h"
#include "sim/vm/shmem.h"

enum { FRAMES_AHEAD = 12 };

/* Copy entries [from, to) of one leaf table. Returns how many were present. */
static unsigned copy_table(struct vm *vm, pte_t *parent, pte_t *child, unsigned from, unsigned to, bool private,
			   uint64_t rss[NR_FRAME_KINDS])
{
	struct frame *frames = vm->phys->frames;
	unsigned present = 0;

	for (unsigned i = from; i < to; i++) {
		pte_t e = parent[i];
		struct frame *f;

		if (i + FRAMES_AHEAD < to)
			__builtin_prefetch(&frames[parent[i + FRAMES_AHEAD] >> PTE_SHIFT], 1);
		if (!(e & PTE_PRESENT))
			continue;
		present++;
		if (private && (e & PTE_WRITE))
			parent[i] = e &= ~PTE_WRITE;
		child[i] = e & ~(PTE_ACCESSED | PTE_DIRTY);
		if (e & PTE_ZERO)
			continue;
		f = &frames[e >> PTE_SHIFT];
		frame_map_inc(f);
		rss[f->kind]++;
	}
	return present;
}

static enum vm_outcome copy_vma(struct vm *vm, uint32_t parent, uint32_t child, const struct vma *v, struct vm_work *w)
{
	uint64_t rss[NR_FRAME_KINDS] = { 0 };
	enum vm_outcome o = VM_DONE;

	for (uint64_t at = v->start, next; at < v->end && o == VM_DONE; at = next) {
		struct space *p = vm_space(vm, parent), *c = vm_space(vm, child);
		unsigned level, from, present;
		uint32_t p_table, c_table;
		pte_t *e = radix_lookup(&vm->tables, p->root, eg_vpn_of(at), &level, &p_table), *ce;
		uint64_t span = UINT64_C(1) << (RADIX_BITS * (level > 1 ? level - 1 : 1));

		next = eg_align_down(at, span) + span;
		if (next > v->end)
			next = v->end;
		if (level > 1 || !vm->tables.table[p_table].nr_present)
			continue;       /* a hole of this size; 2 MiB leaves were split */
		o = vm__leaf(vm, c, at, 1, &ce, &c_table, w);
		if (o != VM_DONE)
			break;
		from = radix_index(eg_vpn_of(at), 1);
		present = copy_table(vm, e - from, ce - from, from, from + (unsigned)(next - at), !v->object, rss);
		vm->tables.table[c_table].nr_present = (uint16_t)(vm->tables.table[c_table].nr_present + present);
		w->ptes_copied += present;
	}
	vm_space(vm, child)->rss_anon += rss[FRAME_ANON];
	vm_space(vm, child)->rss_file += rss[FRAME_FILE];
	vm_space(vm, child)->rss_shmem += rss[FRAME_SHMEM];
	return o;
}

enum vm_outcome vm_fork(struct vm *vm, uint32_t parent, uint32_t *child, struct vm_work *w)
{
	struct space *p = vm_space(vm, parent), *c;
	enum vm_outcome o;

	for (uint32_t i = 0; i < p->nr; i++)
		for (uint64_t v = eg_align_down(p->vma[i].start, EG_HUGE_PAGES), next; v < p->vma[i].end; v = next) {
			unsigned level;
			uint32_t table;
			uint64_t span;

			(void)radix_lookup(&vm->tables, p->root, eg_vpn_of(v), &level, &table);
			span = UINT64_C(1) << (RADIX_BITS * (level > 2 ? level - 1 : 1));
			next = eg_align_down(v, span) + span;
			o = vm__split_huge(vm, p, v, w);
			if (o != VM_DONE)
				return o;
		}
	o = vm_space_new(vm, child, w);
	if (o != VM_DONE)
		return o;
	p = vm_space(vm, parent);               /* the array may have moved */
	c = vm_space(vm, *child);
	if (c->cap < p->nr) {
		struct vma *bigger = eg_realloc(c->vma, p->nr, sizeof(*bigger));

		if (!bigger) {
			vm->failed = true;
			vm_space_put(vm, *child, w);
			return VM_NOMEM;
		}
		c->vma = bigger;
		c->cap = p->nr;
	}
	c->brk_start = p->brk_start;
	c->brk = p->brk;
	for (uint32_t i = 0; i < p->nr; i++) {
		c->vma[c->nr++] = p->vma[i];
		c->mapped_pages += p->vma[i].end - p->vma[i].start;
		if (p->vma[i].object)
			vm->shmem->object[p->vma[i].object].mappings++;
	}
	vm->mapped_pages += c->mapped_pages;
	w->vmas_copied += p->nr;
	for (uint32_t i = 0; i < p->nr && o == VM_DONE; i++)
		o = copy_vma(vm, parent, *child, &p->vma[i], w);
	/* page 0 is never mapped, so this is the whole space: more pages than the ceiling, a full flush */
	vm->hooks->flush(vm->hooks_ctx, parent, eg_vpn_of(0), UINT64_C(1) << 36);
	if (o != VM_DONE) {
		vm_space_put(vm, *child, w);
		*child = 0;
	} else if (vm->mapped_pages > vm->mapped_pages_max) {
		vm->mapped_pages_max = vm->mapped_pages;
	}
	return o;
}
