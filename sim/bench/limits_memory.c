/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits_memory - the loops of faults, fork, unmapping and of the buddy allocator; see limits.h. */
#include "sim/bench/limits.h"

#include "sim/base/types.h"

#define NIL UINT32_MAX

enum { FRAMES = 4 * LIMIT_PAGES, NR_VMAS = 32, PRESENT = 1, WRITABLE = 2, AHEAD = 12 };

struct record {                             /* as large as Engram's */
	uint32_t next, prev, flags, owner;
	int32_t  refs, maps;
};

struct limit_vm {
	struct { uint32_t start, end, flags; } vma[NR_VMAS];
	uint64_t      *l4, *l3, *l2, *leaf, *child;
	struct record *frame;
	uint32_t      *stack, nr_free, lru, last;
	uint64_t       faults, pages, time, hist[64];
};

struct limit_vm *limit_vm_new(struct limit_pool *pool)
{
	struct limit_vm *v = limit_carve(pool, 1, sizeof(*v));

	if (!v)
		return NULL;
	v->l4 = limit_carve(pool, 512, sizeof(*v->l4));
	v->l3 = limit_carve(pool, 512, sizeof(*v->l3));
	v->l2 = limit_carve(pool, 512, sizeof(*v->l2));
	v->leaf = limit_carve(pool, LIMIT_PAGES, sizeof(*v->leaf));
	v->child = limit_carve(pool, LIMIT_PAGES, sizeof(*v->child));
	v->frame = limit_carve(pool, FRAMES, sizeof(*v->frame));
	v->stack = limit_carve(pool, FRAMES, sizeof(*v->stack));
	if (!v->l4 || !v->l3 || !v->l2 || !v->leaf || !v->child || !v->frame || !v->stack)
		return NULL;
	v->l4[0] = (uint64_t)(uintptr_t)v->l3;
	v->l3[0] = (uint64_t)(uintptr_t)v->l2;
	for (uint32_t i = 0; i < 512; i++)
		v->l2[i] = (uint64_t)(uintptr_t)(v->leaf + (size_t)i * 512);
	for (uint32_t i = 0; i < NR_VMAS; i++) {
		v->vma[i].start = i * (LIMIT_PAGES / NR_VMAS);
		v->vma[i].end = (i + 1) * (LIMIT_PAGES / NR_VMAS);
		v->vma[i].flags = WRITABLE;
	}
	for (uint32_t i = 0; i < FRAMES; i++)
		v->stack[i] = FRAMES - 1 - i;
	v->nr_free = FRAMES;
	v->lru = NIL;
	return v;
}

static EG_ALWAYS_INLINE uint64_t *table_at(uint64_t address) { return (uint64_t *)(uintptr_t)address; }

static EG_ALWAYS_INLINE uint64_t *walk(const struct limit_vm *v, uint32_t page)
{
	const uint64_t *l3 = table_at(v->l4[page >> 27 & 511]), *l2 = table_at(l3[page >> 18 & 511]);

	return table_at(l2[page >> 9 & 511]) + (page & 511);
}

static EG_ALWAYS_INLINE bool may_write(const struct limit_vm *v, uint32_t page)
{
	uint32_t lo = 0, hi = NR_VMAS;

	while (hi - lo > 1) {
		uint32_t mid = (lo + hi) / 2;

		if (v->vma[mid].start <= page)
			lo = mid;
		else
			hi = mid;
	}
	return page < v->vma[lo].end && v->vma[lo].flags & WRITABLE;
}

static EG_ALWAYS_INLINE uint32_t take(struct limit_vm *v, uint32_t page)
{
	uint32_t f = v->stack[--v->nr_free];

	v->frame[f] = (struct record){ .next = v->lru, .prev = NIL, .flags = 1, .owner = page, .refs = 1, .maps = 1 };
	if (v->lru != NIL)
		v->frame[v->lru].prev = f;
	v->lru = f;
	return f;
}

static EG_ALWAYS_INLINE void put(struct limit_vm *v, uint32_t f)
{
	struct record *r = &v->frame[f];

	r->maps--;
	if (--r->refs)
		return;
	if (r->next != NIL)
		v->frame[r->next].prev = r->prev;
	if (r->prev != NIL)
		v->frame[r->prev].next = r->next;
	else
		v->lru = r->next;
	v->stack[v->nr_free++] = f;
}

static EG_ALWAYS_INLINE void account(struct limit_vm *v, uint32_t f)
{
	uint64_t latency = 500 + (f & 63);

	v->faults++;
	v->pages++;
	v->time += latency;
	v->hist[63 - __builtin_clzll(latency)]++;
}

EG_NOINLINE void limit_vm_touch(struct limit_vm *v, const uint32_t *order)
{
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint32_t page = order ? order[i] : i, f;
		uint64_t *e = walk(v, page);

		if (!may_write(v, page) || *e & PRESENT)
			continue;
		f = take(v, page);
		*e = (uint64_t)f << 12 | PRESENT | WRITABLE;
		account(v, f);
	}
}

EG_NOINLINE void limit_vm_zap(struct limit_vm *v)
{
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint64_t e = v->leaf[i];

		if (!(e & PRESENT))
			continue;
		v->leaf[i] = 0;
		put(v, (uint32_t)(e >> 12));
	}
}

EG_NOINLINE void limit_vm_fork(struct limit_vm *v)
{
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint64_t e = v->leaf[i];

		__builtin_prefetch(&v->frame[v->leaf[i + AHEAD < LIMIT_PAGES ? i + AHEAD : i] >> 12], 1);
		if (!(e & PRESENT))
			continue;
		e &= ~(uint64_t)WRITABLE;
		v->leaf[i] = v->child[i] = e;
		v->frame[e >> 12].refs++;
		v->frame[e >> 12].maps++;
	}
}

EG_NOINLINE void limit_vm_cow(struct limit_vm *v)
{
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint64_t *e = walk(v, i), old = *e;
		uint32_t f;

		if (!may_write(v, i) || old & WRITABLE || v->frame[old >> 12].maps == 1)
			continue;
		f = take(v, i);
		put(v, (uint32_t)(old >> 12));
		*e = (uint64_t)f << 12 | PRESENT | WRITABLE;
		account(v, f);
	}
}

EG_NOINLINE void limit_vm_exit(struct limit_vm *v)
{
	for (uint32_t i = 0; i < LIMIT_PAGES; i++) {
		uint64_t e = v->child[i];

		__builtin_prefetch(&v->frame[v->child[i + AHEAD < LIMIT_PAGES ? i + AHEAD : i] >> 12], 1);
		if (!(e & PRESENT))
			continue;
		v->child[i] = 0;
		put(v, (uint32_t)(e >> 12));
	}
}

/* ---- buddy: Knuth's, TAOCP 1, 2.5, algorithms R and S -------------------------------------------------------- */

enum { PAGES = 1 << 21, TOP = 10, IN_USE = 0xff };

struct limit_buddy {
	struct { uint32_t next, prev; } *link;      /* by page */
	uint8_t *order;                             /* of the free block that begins here, or IN_USE */
	uint32_t head[TOP + 1];
};

static EG_ALWAYS_INLINE void push(struct limit_buddy *b, uint32_t page, unsigned order)
{
	uint32_t next = b->head[order];

	b->link[page].next = next;
	b->link[page].prev = NIL;
	if (next != NIL)
		b->link[next].prev = page;
	b->head[order] = page;
	b->order[page] = (uint8_t)order;
}

struct limit_buddy *limit_buddy_new(struct limit_pool *pool)
{
	struct limit_buddy *b = limit_carve(pool, 1, sizeof(*b));

	if (!b)
		return NULL;
	b->link = limit_carve(pool, PAGES, sizeof(*b->link));
	b->order = limit_carve(pool, PAGES, 1);
	if (!b->link || !b->order)
		return NULL;
	memset(b->order, IN_USE, PAGES);
	memset(b->head, 0xff, sizeof(b->head));
	for (uint32_t page = PAGES; page; ) {
		page -= 1u << TOP;
		push(b, page, TOP);
	}
	return b;
}

static EG_ALWAYS_INLINE uint32_t get(struct limit_buddy *b, unsigned order)
{
	unsigned o = order;
	uint32_t page;

	while (b->head[o] == NIL)
		if (++o > TOP)
			return NIL;
	page = b->head[o];
	b->head[o] = b->link[page].next;
	if (b->head[o] != NIL)
		b->link[b->head[o]].prev = NIL;
	b->order[page] = IN_USE;
	while (o-- > order)
		push(b, page + (1u << o), o);
	return page;
}

static EG_ALWAYS_INLINE void give(struct limit_buddy *b, uint32_t page, unsigned order)
{
	for (; order < TOP; order++) {
		uint32_t buddy = page ^ 1u << order, next, prev;

		if (b->order[buddy] != order)
			break;
		next = b->link[buddy].next;
		prev = b->link[buddy].prev;
		if (prev != NIL)
			b->link[prev].next = next;
		else
			b->head[order] = next;
		if (next != NIL)
			b->link[next].prev = prev;
		b->order[buddy] = IN_USE;
		page &= ~(1u << order);
	}
	push(b, page, order);
}

EG_NOINLINE void limit_buddy_bulk_alloc(struct limit_buddy *b, uint32_t *page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		page[i] = get(b, 0);
}

EG_NOINLINE void limit_buddy_bulk_free(struct limit_buddy *b, const uint32_t *page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		give(b, page[i], 0);
}

EG_NOINLINE void limit_buddy_pairs(struct limit_buddy *b, unsigned order, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		give(b, get(b, order), order);
}
