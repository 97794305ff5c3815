/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vm_naive - the naive model of address spaces that vm_model.c holds sim/vm against.
 *
 * The model is an array of pages a space. A page is mapped or not, private with a value of its own, or a
 * window on a shared object, an array of values that all its mappers see. The room's side is followed by a shadow
 * value for each frame: touch() makes an access and keeps both up to date, check() compares every page of every space.
 */
#ifndef TESTS_PROPERTY_VM_NAIVE_H
#define TESTS_PROPERTY_VM_NAIVE_H

#include "sim/base/op.h"
#include "sim/vm/shmem.h"
#include "sim/vm/vm.h"
#include "tests/tap.h"

enum { PAGES = 1100, SPACES = 6, OBJECTS = 2048, OBJECT_PAGES = 3 * PAGES, FRAMES = 16 << 8 };
/* the window crosses a border of 1 GiB and contains one whole 2 MiB region and parts of two more */
#define BASE ((UINT64_C(1) << 18) - 512 - 60)

struct page {
	bool     mapped;
	uint8_t  prot;
	uint32_t object;                /* 0: private */
	uint32_t index;                 /* in the object */
	uint64_t untouched;             /* what it holds before it is written: 0, or the file's value */
	uint64_t value;                 /* private */
};

struct process {
	bool        alive;
	uint32_t    number;
	uint64_t    brk_start, brk;     /* pages of the window, 0 = none yet */
	struct page page[PAGES];
};

struct model {
	struct eg_arena arena;
	struct phys     phys;
	struct vm       vm;
	uint64_t        free_at_start;
	struct process  p[SPACES];
	uint32_t        nr_objects;
	uint64_t        object[OBJECTS][OBJECT_PAGES];     /* values; 0 + untouched in object_file */
	uint64_t        object_file[OBJECTS];              /* file value of index 0; 0 = anonymous */
	uint64_t        content[FRAMES];
	uint64_t        fresh;
	unsigned        waits;
	bool            planted;
};

static uint64_t file_value(uint32_t file, uint64_t page) { return UINT64_C(1) << 60 | (uint64_t)file << 40 | page; }

static uint64_t *object_value(struct model *m, const struct page *g) { return &m->object[g->object][g->index]; }

/* ---- the room's side ------------------------------------------------------------------------------------- */

static pte_t entry(struct model *m, const struct process *p, unsigned page, eg_pfn *pfn)
{
	unsigned level;
	uint32_t table;
	pte_t e = *radix_lookup(&m->vm.tables, vm_space(&m->vm, p->number)->root, eg_vpn_of(BASE + page), &level, &table);

	if (!(e & PTE_PRESENT))
		return 0;
	*pfn = level == 2 ? eg_pfn_add(pte_pfn(e), (BASE + page) % EG_HUGE_PAGES) : pte_pfn(e);
	return e;
}

/* NULL, or what is wrong. *out: DONE, WAIT, or NOTHING for a SIGSEGV. */
static const char *touch(struct model *m, struct process *p, unsigned at, bool write, enum vm_outcome *out)
{
	struct page *g = &p->page[at];
	bool allowed = g->mapped && (g->prot & (write ? EG_PROT_WRITE : EG_PROT_READ | EG_PROT_WRITE));
	eg_pfn before = EG_PFN_NONE, pfn = EG_PFN_NONE;
	pte_t old = entry(m, p, at, &before), e = old;

	*out = VM_DONE;
	if (!pte_permits(old, write)) {
		struct vm_work w = { 0 };
		struct fault_result r = vm_fault(&m->vm, p->number, (BASE + at) << EG_PAGE_SHIFT, write, &w);
		bool cleared = w.zeroed_bytes > w.tables * EG_PAGE_SIZE;
		const struct vma *v = vm_find(vm_space(&m->vm, p->number), BASE + at);

		*out = r.outcome;
		if (r.outcome != VM_DONE)
			return r.outcome == VM_WAIT ? NULL : "a fault ended neither well nor in waiting";
		if (r.kind == FAULT_SEGV) {
			*out = VM_NOTHING;
			return allowed ? "SIGSEGV where access is allowed" : NULL;
		}
		if (!allowed)
			return "a fault was served where access is not allowed";
		if (r.kind == FAULT_SPURIOUS)
			return "a spurious fault, though the entry did not permit the access";
		e = entry(m, p, at, &pfn);
		if (!pte_permits(e, write))
			return "a fault was served and the entry still does not permit the access";
		switch (r.kind) {
		case FAULT_ANON: case FAULT_ZERO_COW:
			m->content[pfn.v] = 0;
			break;
		case FAULT_SHMEM:
			if (cleared)
				m->content[pfn.v] = 0;
			break;
		case FAULT_FILE_MINOR:
			if (!v->object || cleared)
				m->content[pfn.v] = file_value(v->file, v->offset + (BASE + at - v->start));
			break;
		case FAULT_COW:
			if (w.copied_bytes != EG_PAGE_SIZE)
				return "copy-on-write without a copy";
			m->content[pfn.v] = m->content[before.v];
			break;
		case FAULT_COW_REUSE:
			if (pfn.v != before.v)
				return "reuse in another frame";
			break;
		default:
			if (!(e & PTE_ZERO))
				return "the zero fault did not map the zero page";
		}
	} else {
		pfn = before;
	}
	if (!write)
		return NULL;
	m->content[pfn.v] = ++m->fresh;
	if (g->object)
		*object_value(m, g) = m->fresh;
	else
		g->value = m->fresh;
	return NULL;
}

static const char *check(struct model *m)
{
	for (unsigned s = 0; s < SPACES; s++) {
		struct process *p = &m->p[s];
		struct space *room;
		uint64_t mapped = 0;

		if (!p->alive)
			continue;
		room = vm_space(&m->vm, p->number);
		for (unsigned i = 0; i < PAGES; i++) {
			const struct page *g = &p->page[i];
			struct vma *v = vm_find(room, BASE + i);
			eg_pfn pfn = EG_PFN_NONE;
			pte_t e = entry(m, p, i, &pfn);
			uint64_t want, got;

			mapped += g->mapped;
			if ((v != NULL) != g->mapped)
				return g->mapped ? "a mapping is missing" : "a mapping too many";
			if (!g->mapped) {
				if (e)
					return "an entry outside any mapping";
				continue;
			}
			if (v->prot != g->prot)
				return "another protection";
			if (!e && g->object)
				pfn = shmem_find(m->vm.shmem, v->object, v->offset + (BASE + i - v->start));
			want = g->object ? m->object[g->object][g->index] : g->value;
			got = e & PTE_ZERO ? 0 : eg_pfn_is_none(pfn) ? g->untouched : m->content[pfn.v];
			if (got != want) {
				printf("# space %u page %u holds %llx, not %llx\n", s, i, (unsigned long long)got, (unsigned long long)want);
				return "a page holds the wrong value";
			}
			if ((e & PTE_WRITE) && !(g->prot & EG_PROT_WRITE))
				return "a writable entry in a read-only mapping";
			if (e && pte_permits(e, false) != (g->prot != 0))
				return g->prot ? "a present page that cannot be read" : "a readable entry in a mapping that permits nothing";
		}
		if (mapped != room->mapped_pages)
			return "mapped pages are miscounted";
	}
	return NULL;
}

/* ---- the model's side ------------------------------------------------------------------------------------ */

static void model_unmap(struct process *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		p->page[i] = (struct page){ .mapped = false };
}

static void model_map(struct model *m, struct process *p, unsigned from, unsigned to, uint8_t prot, bool shared, uint32_t file,
		      uint64_t offset)
{
	uint32_t object = shared ? ++m->nr_objects : 0;

	EG_CHECK(m->nr_objects < OBJECTS);
	for (unsigned i = 0; shared && i < OBJECT_PAGES; i++)
		m->object[object][i] = file ? file_value(file, i) : 0;
	for (unsigned i = from; i < to; i++) {
		uint64_t value = file ? file_value(file, shared ? i - from : offset + i - from) : 0;

		p->page[i] = (struct page){ .mapped = true, .prot = prot, .object = object, .index = i - from, .untouched = value,
					    .value = value };
	}
}

static bool same_mapping(const struct page *a, const struct page *b, unsigned distance)
{
	if (!a->mapped || !b->mapped || a->prot != b->prot || a->object != b->object)
		return false;
	if (a->object)
		return b->index == a->index + distance;
	return a->untouched ? b->untouched == a->untouched + distance : !b->untouched;
}

static void model_move(struct process *p, unsigned from, unsigned len, unsigned to, unsigned to_len)
{
	struct page moved[PAGES];

	for (unsigned i = 0; i < to_len; i++) {
		const struct page *first = &p->page[from];

		moved[i] = i < len ? p->page[from + i] : *first;
		if (i >= len) {
			moved[i].index = first->index + i;
			moved[i].untouched = first->untouched ? first->untouched + i : 0;
			moved[i].value = moved[i].untouched;
		}
	}
	model_unmap(p, from, from + len);
	for (unsigned i = 0; i < to_len; i++)
		p->page[to + i] = moved[i];
}

#endif
