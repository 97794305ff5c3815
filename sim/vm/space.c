/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * space - address spaces and their mappings: mmap, munmap, mprotect, madvise, mremap, brk.
 *
 * A space keeps its mappings in one sorted array (Linux: a maple tree since 6.1, a red-black tree
 * before). Look-up is a binary search behind a one-entry cache; insertion moves the tail, which for the
 * hundreds of mappings that programs have is cheaper than a tree's pointers. Neighbours that agree in
 * everything are merged, as Linux's vma_merge() does.
 *
 * An operation first makes sure that no 2 MiB leaf crosses its borders (that may need a page, hence
 * VM_WAIT), and only then changes anything.
 */
#include "sim/vm/vm.h"

#include "sim/base/op.h"
#include "sim/vm/shmem.h"

#define USER_PAGES (UINT64_C(1) << (RADIX_VA_BITS - 1 - EG_PAGE_SHIFT))   /* 47-bit user half */

eg_status vm_init(struct vm *vm, struct phys *phys, const struct vm_hooks *hooks, void *hooks_ctx)
{
	uint64_t tables = phys->nr_frames < UINT32_MAX / 2 ? phys->nr_frames : UINT32_MAX / 2;

	*vm = (struct vm){ .phys = phys, .hooks = hooks, .hooks_ctx = hooks_ctx, .nr_spaces = 1 };
	/* every frame could become a table; the reservation costs nothing until it does */
	EG_TRY(radix_pool_init(&vm->tables, (uint32_t)tables));
	vm->shmem = eg_calloc(1, sizeof(*vm->shmem));
	if (!vm->shmem || shmem_init(vm->shmem) != EG_OK) {
		vm_fini(vm);
		return EG_NO_MEMORY;
	}
	return EG_OK;
}

void vm_fini(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->nr_spaces && vm->space; i++)
		eg_free(vm->space[i].vma);
	eg_free(vm->space);
	if (vm->shmem)
		shmem_fini(vm->shmem);
	eg_free(vm->shmem);
	radix_pool_fini(&vm->tables);
	*vm = (struct vm){ 0 };
}

/* ---- the array of mappings -------------------------------------------------------------------------- */

/* Index of the first mapping that ends after vpn; s->nr if none. */
static uint32_t vma_index(const struct space *s, uint64_t vpn)
{
	uint32_t lo = 0, hi = s->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->vma[mid].end <= vpn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct vma *vm_find(struct space *s, uint64_t vpn)
{
	uint32_t i = s->hint;

	if (i < s->nr && s->vma[i].start <= vpn && vpn < s->vma[i].end)
		return &s->vma[i];
	i = vma_index(s, vpn);
	if (i == s->nr || s->vma[i].start > vpn)
		return NULL;
	s->hint = i;
	return &s->vma[i];
}

static bool room_for_vma(struct vm *vm, struct space *s, uint32_t more)
{
	uint32_t cap = s->cap ? s->cap : 16;
	struct vma *bigger;

	if (s->nr + more <= s->cap)
		return true;
	while (cap < s->nr + more)
		cap *= 2;
	bigger = eg_realloc(s->vma, cap, sizeof(*bigger));
	if (!bigger) {
		vm->failed = true;
		return false;
	}
	s->vma = bigger;
	s->cap = cap;
	return true;
}

static void insert_at(struct space *s, uint32_t i, const struct vma *v)
{
	memmove(&s->vma[i + 1], &s->vma[i], (s->nr - i) * sizeof(*v));
	s->vma[i] = *v;
	s->nr++;
}

/* Cut the mapping that contains vpn in its inside into two, at vpn. Room must be there. */
static void cut(struct vm *vm, struct space *s, uint64_t vpn)
{
	uint32_t i = vma_index(s, vpn);
	struct vma right;

	if (i == s->nr || s->vma[i].start >= vpn)
		return;
	right = s->vma[i];
	right.offset += vpn - right.start;
	right.start = vpn;
	s->vma[i].end = vpn;
	if (right.object)
		vm->shmem->object[right.object].mappings++;
	insert_at(s, i + 1, &right);
}

static bool mergeable(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->file == b->file &&
	       a->object == b->object && ((!a->file && !a->object) || a->offset + (a->end - a->start) == b->offset);
}

static void merge_around(struct vm *vm, struct space *s, uint64_t start, uint64_t end)
{
	uint32_t i = vma_index(s, start ? start - 1 : 0);

	while (i + 1 < s->nr && s->vma[i].start <= end) {
		if (mergeable(&s->vma[i], &s->vma[i + 1])) {
			if (s->vma[i].object)
				vm->shmem->object[s->vma[i].object].mappings--;
			s->vma[i].end = s->vma[i + 1].end;
			memmove(&s->vma[i + 1], &s->vma[i + 2], (s->nr - i - 2) * sizeof(*s->vma));
			s->nr--;
		} else {
			i++;
		}
	}
}

static void object_put(struct vm *vm, uint32_t object, struct vm_work *w)
{
	uint64_t cursor = 0;
	eg_pfn pfn;

	if (!object || --vm->shmem->object[object].mappings)
		return;
	while (shmem_take_any(vm->shmem, object, &cursor, &pfn))
		if (frame_ref_put(phys_frame(vm->phys, pfn)))
			vm__free_frame(vm, pfn, 0, w);
	shmem_end(vm->shmem, object);
}

static void count_mapped(struct vm *vm, struct space *s, uint64_t pages, bool more)
{
	s->mapped_pages = more ? s->mapped_pages + pages : s->mapped_pages - pages;
	vm->mapped_pages = more ? vm->mapped_pages + pages : vm->mapped_pages - pages;
	if (vm->mapped_pages > vm->mapped_pages_max)
		vm->mapped_pages_max = vm->mapped_pages;
}

/* Nothing is mapped in [start, end) afterwards. Returns the pages that were. */
static enum vm_outcome unmap_range(struct vm *vm, struct space *s, uint64_t start, uint64_t end, uint64_t *pages,
				   struct vm_work *w)
{
	enum vm_outcome o = VM_DONE;
	uint32_t i, j;

	*pages = 0;
	i = vma_index(s, start);
	if (i == s->nr || s->vma[i].start >= end)
		return VM_DONE;
	if (!room_for_vma(vm, s, 2))
		return VM_NOMEM;
	if (start % EG_HUGE_PAGES)
		o = vm__split_huge(vm, s, start, w);
	if (o == VM_DONE && end % EG_HUGE_PAGES)
		o = vm__split_huge(vm, s, end, w);
	if (o != VM_DONE)
		return o;
	cut(vm, s, start);
	cut(vm, s, end);
	i = vma_index(s, start);
	for (j = i; j < s->nr && s->vma[j].start < end; j++) {
		vm__zap(vm, s, s->vma[j].start, s->vma[j].end, w);
		object_put(vm, s->vma[j].object, w);
		*pages += s->vma[j].end - s->vma[j].start;
	}
	memmove(&s->vma[i], &s->vma[j], (s->nr - j) * sizeof(*s->vma));
	s->nr -= j - i;
	s->hint = 0;
	count_mapped(vm, s, *pages, false);
	vm__free_tables(vm, s, i ? s->vma[i - 1].end : 0, i < s->nr ? s->vma[i].start : USER_PAGES, w);
	return VM_DONE;
}

/* Byte range to pages; false if empty or outside the user half. */
static bool pages_of(uint64_t addr, uint64_t len, uint64_t *start, uint64_t *end)
{
	*start = addr >> EG_PAGE_SHIFT;
	if (!len || len > USER_PAGES << EG_PAGE_SHIFT || *start >= USER_PAGES)
		return false;
	*end = (addr + len + EG_PAGE_SIZE - 1) >> EG_PAGE_SHIFT;
	return *end <= USER_PAGES;
}

/* ---- operations ------------------------------------------------------------------------------------- */

enum vm_outcome vm_space_new(struct vm *vm, uint32_t *number, struct vm_work *w)
{
	uint32_t n = vm->free_list;
	enum vm_outcome o;
	struct space *s;

	if (!n) {
		if (vm->nr_spaces >= vm->cap_spaces) {
			uint32_t cap = vm->cap_spaces ? vm->cap_spaces * 2 : 64;
			struct space *bigger = eg_realloc(vm->space, cap, sizeof(*bigger));

			if (!bigger) {
				vm->failed = true;
				return VM_NOMEM;
			}
			memset(bigger + vm->cap_spaces, 0, (cap - vm->cap_spaces) * sizeof(*bigger));
			vm->space = bigger;
			vm->cap_spaces = cap;
		}
		n = vm->nr_spaces;
	}
	s = &vm->space[n];
	{
		struct space fresh = { .vma = s->vma, .cap = s->cap, .next_free = s->next_free };

		*s = fresh;
	}
	o = vm__new_table(vm, s, RADIX_LEVELS, &s->root, w);
	if (o != VM_DONE) {
		s->root = RADIX_NONE;
		return o;
	}
	if (n == vm->free_list)
		vm->free_list = s->next_free;
	else
		vm->nr_spaces++;
	/* mappings of one frame are counted in 20 bits: more spaces than that could not share a page */
	vm->live_spaces++;
	EG_CHECK(vm->live_spaces < FRAME_MAP_MAX);
	s->users = 1;
	*number = n;
	return VM_DONE;
}

void vm_space_put(struct vm *vm, uint32_t number, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);

	EG_CHECK(s->users);
	if (--s->users)
		return;
	for (uint32_t i = 0; i < s->nr; i++) {
		vm__zap(vm, s, s->vma[i].start, s->vma[i].end, w);
		object_put(vm, s->vma[i].object, w);
	}
	count_mapped(vm, s, s->mapped_pages, false);
	s->nr = 0;
	vm__free_tables(vm, s, 0, USER_PAGES, w);
	vm__free_frame(vm, radix_table_free(&vm->tables, s->root), 0, w);
	s->table_pages--;
	EG_CHECK(!s->table_pages && !s->rss_anon && !s->rss_file && !s->rss_shmem);
	s->root = RADIX_NONE;
	s->next_free = vm->free_list;
	vm->free_list = number;
	vm->live_spaces--;
}

enum vm_outcome vm_mmap(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned prot, unsigned flags,
			uint32_t file, uint64_t offset, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	struct vma v = { .flags = flags & ~(EG_MAP_FIXED | EG_MAP_NOREPLACE | EG_MAP_POPULATE), .file = file,
			 .offset = offset >> EG_PAGE_SHIFT, .prot = (uint8_t)prot };
	enum vm_outcome o;
	uint64_t pages;

	if (!pages_of(addr, len, &v.start, &v.end))
		return VM_NOMEM;
	o = unmap_range(vm, s, v.start, v.end, &pages, w);
	if (o != VM_DONE)
		return o;
	if (!room_for_vma(vm, s, 1))
		return VM_NOMEM;
	if (flags & EG_MAP_SHARED) {
		v.object = shmem_new(vm->shmem);
		v.offset = 0;
		if (!v.object) {
			vm->failed = true;
			return VM_NOMEM;
		}
	}
	insert_at(s, vma_index(s, v.start), &v);
	count_mapped(vm, s, v.end - v.start, true);
	merge_around(vm, s, v.start, v.end);
	return VM_DONE;
}

enum vm_outcome vm_munmap(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, struct vm_work *w)
{
	uint64_t start, end, pages;
	enum vm_outcome o;

	if (!pages_of(addr, len, &start, &end))
		return VM_NOTHING;
	o = unmap_range(vm, vm_space(vm, number), start, end, &pages, w);
	return o == VM_DONE && !pages ? VM_NOTHING : o;
}

/*
 * Take the write bit from present entries (less) or leave them for faults to set (more). A mapping that permits nothing
 * closes its present entries to the walk; one that permits anything again opens them, as Linux's pte_modify() does.
 */
static void protect_range(struct vm *vm, struct space *s, uint64_t start, uint64_t end, unsigned prot, struct vm_work *w)
{
	bool changed = false;

	for (uint64_t v = start, next; v < end; v = next) {
		unsigned level;
		uint32_t table;
		pte_t old, *e = radix_lookup(&vm->tables, s->root, eg_vpn_of(v), &level, &table);

		next = eg_align_down(v, UINT64_C(1) << (RADIX_BITS * (level - 1))) + (UINT64_C(1) << (RADIX_BITS * (level - 1)));
		if (!(*e & PTE_PRESENT))
			continue;
		w->protected_pages++;
		old = *e;
		if (!(prot & EG_PROT_WRITE))
			*e &= ~PTE_WRITE;
		*e = vm_permits(prot, false) ? *e & ~PTE_NONE : *e | PTE_NONE;
		/* to open an entry needs no flush: no TLB holds a closed one */
		changed |= (old & ~*e & PTE_WRITE) || (*e & ~old & PTE_NONE);
	}
	if (changed)
		vm->hooks->flush(vm->hooks_ctx, (uint32_t)(s - vm->space), eg_vpn_of(start), end - start);
}

enum vm_outcome vm_mprotect(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned prot, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	enum vm_outcome o = VM_DONE;
	uint64_t start, end;
	bool any = false;

	if (!pages_of(addr, len, &start, &end))
		return VM_NOTHING;
	if (!room_for_vma(vm, s, 2))
		return VM_NOMEM;
	if (start % EG_HUGE_PAGES)
		o = vm__split_huge(vm, s, start, w);
	if (o == VM_DONE && end % EG_HUGE_PAGES)
		o = vm__split_huge(vm, s, end, w);
	if (o != VM_DONE)
		return o;
	cut(vm, s, start);
	cut(vm, s, end);
	for (uint32_t i = vma_index(s, start); i < s->nr && s->vma[i].start < end; i++) {
		s->vma[i].prot = (uint8_t)prot;
		protect_range(vm, s, s->vma[i].start, s->vma[i].end, prot, w);
		any = true;
	}
	merge_around(vm, s, start, end);
	return any ? VM_DONE : VM_NOTHING;
}

enum vm_outcome vm_madvise(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned advice, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	uint64_t start, end;
	bool any = false;

	if ((advice != EG_MADV_DONTNEED && advice != EG_MADV_FREE) || !pages_of(addr, len, &start, &end))
		return VM_NOTHING;
	if (advice == EG_MADV_FREE) {
		/* lazily freed pages stay until memory is reclaimed, and nothing reclaims */
		uint32_t i = vma_index(s, start);

		return i < s->nr && s->vma[i].start < end ? VM_DONE : VM_NOTHING;
	}
	for (unsigned k = 0; k < 2; k++) {
		uint64_t border = k ? end : start;
		enum vm_outcome o = border % EG_HUGE_PAGES ? vm__split_huge(vm, s, border, w) : VM_DONE;

		if (o != VM_DONE)
			return o;
	}
	for (uint32_t i = vma_index(s, start); i < s->nr && s->vma[i].start < end; i++) {
		uint64_t from = s->vma[i].start > start ? s->vma[i].start : start;
		uint64_t to = s->vma[i].end < end ? s->vma[i].end : end;

		vm__zap(vm, s, from, to, w);
		any = true;
	}
	return any ? VM_DONE : VM_NOTHING;
}

/* The page after what one entry of this level spans: past a hole in one step, however large it is. */
static uint64_t span_end(uint64_t vpn, unsigned level)
{
	uint64_t span = UINT64_C(1) << (RADIX_BITS * (level - 1));

	return eg_align_down(vpn, span) + span;
}

enum vm_outcome vm_mremap(struct vm *vm, uint32_t number, uint64_t old, uint64_t old_len, uint64_t to, uint64_t new_len,
			  struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	uint64_t o_start, o_end, n_start, n_end, keep, pages;
	enum vm_outcome o = VM_DONE;
	struct vma *found, v;
	uint32_t i;

	if (!pages_of(old, old_len, &o_start, &o_end) || !pages_of(to, new_len, &n_start, &n_end))
		return VM_NOTHING;
	found = vm_find(s, o_start);
	if (!found || found->end < o_end)
		return VM_NOTHING;
	if (n_start == o_start && n_end <= o_end)
		return n_end == o_end ? VM_DONE : vm_munmap(vm, number, n_end << EG_PAGE_SHIFT,
							    (o_end - n_end) << EG_PAGE_SHIFT, w);
	if (n_start != o_start && n_start < o_end && o_start < n_end)
		return VM_NOTHING;      /* onto itself: Linux says EINVAL */
	/* entries are moved one by one: no 2 MiB leaf may be in the way */
	for (uint64_t p = o_start; p < o_end && o == VM_DONE;) {
		unsigned level;
		uint32_t table;

		(void)radix_lookup(&vm->tables, s->root, eg_vpn_of(p), &level, &table);
		if (level == 2)
			o = vm__split_huge(vm, s, p, w);
		p = span_end(p, level > 2 ? level : 2);
	}
	if (o != VM_DONE)
		return o;
	keep = o_end - o_start < n_end - n_start ? o_end - o_start : n_end - n_start;
	if (n_start != o_start) {
		/* the tables of the new place first: after this nothing can fail */
		for (uint64_t p = 0; p < keep; p++) {
			unsigned level;
			uint32_t table;
			pte_t *e = radix_lookup(&vm->tables, s->root, eg_vpn_of(o_start + p), &level, &table);

			if (level != 1)
				p = span_end(o_start + p, level) - o_start - 1;
			if (level != 1 || !(*e & PTE_PRESENT))
				continue;
			o = vm__leaf(vm, s, n_start + p, 1, &e, &table, w);
			if (o != VM_DONE)
				return o;
		}
	} else if (n_end > o_end) {
		i = vma_index(s, o_end);
		if (i < s->nr && s->vma[i].start < n_end)
			return VM_NOTHING;      /* no room to grow in place */
	}
	if (!room_for_vma(vm, s, 3))
		return VM_NOMEM;
	cut(vm, s, o_start);
	cut(vm, s, o_end);
	v = s->vma[vma_index(s, o_start)];
	if (n_start == o_start) {
		s->vma[vma_index(s, o_start)].end = n_end;
		count_mapped(vm, s, n_end - o_end, true);
		merge_around(vm, s, n_start, n_end);
		return VM_DONE;
	}
	o = unmap_range(vm, s, n_start, n_end, &pages, w);
	if (o != VM_DONE)
		return o;
	for (uint64_t p = 0; p < keep; p++) {
		unsigned level;
		uint32_t from_table, to_table;
		pte_t *from = radix_lookup(&vm->tables, s->root, eg_vpn_of(o_start + p), &level, &from_table), *dest, e = *from;

		if (level != 1)
			p = span_end(o_start + p, level) - o_start - 1;
		if (level != 1 || !(e & PTE_PRESENT))
			continue;
		/* unmap_range() may have freed tables of the new place that were still empty */
		if (vm__leaf(vm, s, n_start + p, 1, &dest, &to_table, w) != VM_DONE)
			return VM_NOMEM;
		radix_set(&vm->tables, to_table, dest, e);
		radix_set(&vm->tables, from_table, from, 0);
		w->moved_pages++;
	}
	vm->hooks->flush(vm->hooks_ctx, number, eg_vpn_of(o_start), o_end - o_start);
	v.start = n_start;
	v.end = n_end;
	if (v.object)
		vm->shmem->object[v.object].mappings++;
	insert_at(s, vma_index(s, n_start), &v);
	count_mapped(vm, s, n_end - n_start, true);
	o = unmap_range(vm, s, o_start, o_end, &pages, w);
	merge_around(vm, s, n_start, n_end);
	return o;
}

enum vm_outcome vm_brk(struct vm *vm, uint32_t number, uint64_t addr, struct vm_work *w)
{
	struct space *s = vm_space(vm, number);
	uint64_t from, to;

	if (addr > USER_PAGES << EG_PAGE_SHIFT)
		return VM_NOMEM;        /* near 2^64 it would round up to page 0 */
	if (!s->brk_start) {
		s->brk_start = s->brk = addr;
		return VM_DONE;
	}
	from = eg_align_up(s->brk, EG_PAGE_SIZE);
	to = eg_align_up(addr, EG_PAGE_SIZE);
	if (addr < s->brk_start)
		return VM_NOTHING;
	if (to > from) {
		uint32_t i = vma_index(s, from >> EG_PAGE_SHIFT);
		enum vm_outcome o;

		if (i < s->nr && s->vma[i].start < to >> EG_PAGE_SHIFT)
			return VM_NOMEM;        /* something else is mapped there: the break stays (Linux the same) */
		o = vm_mmap(vm, number, from, to - from, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON | EG_MAP_BRK,
					    0, 0, w);

		if (o != VM_DONE)
			return o;
	} else if (to < from) {
		enum vm_outcome o = vm_munmap(vm, number, to, from - to, w);

		if (o != VM_DONE && o != VM_NOTHING)
			return o;
	}
	s->brk = addr;
	return VM_DONE;
}
