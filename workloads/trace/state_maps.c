/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_maps - see state_maps.h. */
#include "workloads/trace/state_maps.h"

#include "sim/base/mem.h"

enum { FILL = STATE_LEAF * 3 / 4 };      /* of leaves that are followed by more: room to grow in place */

static void put_leaf(struct state_leaf *l)
{
	if (--l->refs == 0)
		eg_free(l);
}

void state_maps_free(struct state_maps *m)
{
	for (uint32_t i = 0; i < m->nr; i++)
		put_leaf(m->leaf[i]);
	eg_free(m->leaf);
	*m = (struct state_maps){ 0 };
}

eg_status state_maps_copy(struct state_maps *to, const struct state_maps *from)
{
	*to = (struct state_maps){ 0 };
	if (!from->nr)
		return EG_OK;
	to->leaf = eg_calloc(from->nr, sizeof(struct state_leaf *));
	if (!to->leaf)
		return EG_NO_MEMORY;
	for (uint32_t i = 0; i < from->nr; i++) {
		to->leaf[i] = from->leaf[i];
		to->leaf[i]->refs++;
	}
	to->nr = to->cap = from->nr;
	to->count = from->count;
	return EG_OK;
}

/* ---- one change ---------------------------------------------------------------------------------- */

/* The leaves that replace others, as they are filled. */
struct build {
	struct state_leaf  *first;      /* on the stack of edit(): most changes need one leaf, in place */
	struct state_leaf **more;       /* further ones, from the host                                  */
	uint32_t            nr_more, cap_more;
	uint64_t            count;
	bool                failed;
};

/* Is b the continuation of a? Stacks that grow and shared memory without a file keep what they are one by one. */
static bool joins(const struct state_map *a, const struct state_map *b)
{
	if (a->end != b->start || a->prot != b->prot || a->flags != b->flags || a->file != b->file ||
	    a->flags & EG_MAP_GROWSDOWN || (a->flags & EG_MAP_SHARED && a->flags & EG_MAP_ANON))
		return false;
	return a->flags & EG_MAP_ANON ? a->off == b->off : b->off == a->off + (b->start - a->start);
}

static void push(struct build *b, const struct state_map *map)
{
	struct state_leaf *l = b->nr_more ? b->more[b->nr_more - 1] : b->first;

	if (map->start >= map->end)
		return;
	if (l->nr && joins(&l->map[l->nr - 1], map)) {
		l->map[l->nr - 1].end = map->end;
		return;
	}
	if (l->nr == STATE_LEAF) {
		size_t nr = b->nr_more, cap = b->cap_more;
		struct state_leaf *next = eg_calloc(1, sizeof(*next)), **slot;

		slot = next ? eg_grow((void **)&b->more, &nr, &cap, sizeof(struct state_leaf *)) : NULL;
		if (!slot) {
			eg_free(next);
			b->failed = true;
			return;
		}
		b->nr_more = (uint32_t)nr;
		b->cap_more = (uint32_t)cap;
		next->refs = 1;
		*slot = next;
		/* leave room behind, except for the last mapping, which may join what comes */
		next->nr = STATE_LEAF - FILL;
		memcpy(next->map, l->map + FILL, next->nr * sizeof(*map));
		l->nr = FILL;
		l = next;
	}
	l->map[l->nr++] = *map;
	b->count++;
}

/* The part of `map` in [start, end). */
static struct state_map part(const struct state_map *map, uint64_t start, uint64_t end)
{
	struct state_map p = *map;

	if (start > p.start) {
		if (!(p.flags & EG_MAP_ANON))
			p.off += start - p.start;
		p.start = start;
	}
	p.end = end < p.end ? end : p.end;
	return p;
}

/* First leaf that ends at or behind `at`; m->nr if none does. */
static uint32_t leaf_of(const struct state_maps *m, uint64_t at)
{
	uint32_t lo = 0, hi = m->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct state_leaf *l = m->leaf[mid];

		if (l->map[l->nr - 1].end < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Put the built leaves in place of [from, to). */
static eg_status swap_in(struct state_maps *m, uint32_t from, uint32_t to, struct build *b)
{
	uint32_t fresh = (b->first->nr != 0) + b->nr_more, nr = m->nr - (to - from) + fresh;
	struct state_leaf *first = NULL, **bigger;
	uint64_t before = 0;

	for (uint32_t i = from; i < to; i++)
		before += m->leaf[i]->nr;
	if (fresh && to > from && m->leaf[from]->refs == 1) {
		first = m->leaf[from];          /* ours alone: in place */
		first->refs++;
	} else if (fresh) {
		first = eg_calloc(1, sizeof(*first));
		if (!first)
			return EG_NO_MEMORY;
		first->refs = 1;
	}
	if (nr > m->cap) {
		uint32_t cap = nr + nr / 2 + 4;

		bigger = eg_realloc(m->leaf, cap, sizeof(struct state_leaf *));
		if (!bigger) {
			put_leaf(first);
			return EG_NO_MEMORY;
		}
		m->leaf = bigger;
		m->cap = cap;
	}
	for (uint32_t i = from; i < to; i++)
		put_leaf(m->leaf[i]);
	if (m->nr > to)
		memmove(m->leaf + from + fresh, m->leaf + to, (m->nr - to) * sizeof(struct state_leaf *));
	if (first) {
		first->nr = b->first->nr;
		memcpy(first->map, b->first->map, first->nr * sizeof(first->map[0]));
		m->leaf[from] = first;
	}
	for (uint32_t i = 0; i < b->nr_more; i++)
		m->leaf[from + 1 + i] = b->more[i];
	b->nr_more = 0;
	m->nr = nr;
	m->count += b->count - before;
	return EG_OK;
}

enum edit { EDIT_CUT, EDIT_SET, EDIT_PROTECT };

/* What is in [map->start, map->end) becomes: nothing, `map`, or the same with map->prot. */
static eg_status edit(struct state_maps *m, const struct state_map *map, enum edit kind)
{
	struct state_leaf scratch;
	struct build b = { .first = &scratch };
	uint32_t from = leaf_of(m, map->start), to = from, nr = 0;
	bool placed = kind != EDIT_SET;
	eg_status s;

	scratch.nr = 0;                         /* not all of it: it is large, and this is hot */
	while (to < m->nr && m->leaf[to]->map[0].start <= map->end)
		nr += m->leaf[to++]->nr;
	if (from == to && kind != EDIT_SET)
		return EG_OK;
	/* few mappings: take a neighbour in, so that leaves stay filled */
	if (nr < STATE_LEAF / 2 && from > 0)
		nr += m->leaf[--from]->nr;
	if (nr < STATE_LEAF / 2 && to < m->nr)
		to++;
	for (uint32_t i = from; i < to; i++)
		for (uint32_t k = 0; k < m->leaf[i]->nr; k++) {
			const struct state_map *old = &m->leaf[i]->map[k];
			struct state_map p;

			if (old->end < map->start || (placed && old->start > map->end)) {
				push(&b, old);
				continue;
			}
			if (old->start < map->start) {
				p = part(old, old->start, map->start);
				push(&b, &p);
			}
			if (!placed && old->end > map->start) {
				push(&b, map);
				placed = true;
			}
			if (kind == EDIT_PROTECT && old->end > map->start && old->start < map->end) {
				p = part(old, map->start, map->end);
				p.prot = map->prot;
				push(&b, &p);
			}
			if (old->end > map->end) {
				p = part(old, map->end, old->end);
				push(&b, &p);
			}
		}
	if (!placed)
		push(&b, map);
	s = b.failed ? EG_NO_MEMORY : swap_in(m, from, to, &b);
	for (uint32_t i = 0; i < b.nr_more; i++)
		eg_free(b.more[i]);
	eg_free(b.more);
	return s;
}

eg_status state_maps_set(struct state_maps *m, const struct state_map *map)
{
	return edit(m, map, EDIT_SET);
}

eg_status state_maps_cut(struct state_maps *m, uint64_t start, uint64_t end)
{
	struct state_map range = { .start = start, .end = end };

	return edit(m, &range, EDIT_CUT);
}

eg_status state_maps_protect(struct state_maps *m, uint64_t start, uint64_t end, uint64_t prot)
{
	struct state_map range = { .start = start, .end = end, .prot = prot };

	return edit(m, &range, EDIT_PROTECT);
}

/* The steps of a move, on a space that the caller can throw away; `was` still has the old place. */
static eg_status move(struct state_maps *m, const struct state_maps *was, uint64_t old, uint64_t old_len, uint64_t to,
		      uint64_t new_len, bool keep)
{
	uint64_t end = old + old_len;

	if (!keep)
		EG_TRY(state_maps_cut(m, old, end));
	EG_TRY(state_maps_cut(m, to, to + new_len));
	for (uint32_t i = leaf_of(was, old); i < was->nr && was->leaf[i]->map[0].start < end; i++)
		for (uint32_t k = 0; k < was->leaf[i]->nr; k++) {
			const struct state_map *map = &was->leaf[i]->map[k];
			struct state_map p;

			if (map->end <= old || map->start >= end)
				continue;
			p = part(map, old, end);
			if (p.start - old >= new_len)
				continue;
			/* the last one takes what is new, or gives what is lost */
			p.end = p.end == end || p.end - old > new_len ? to + new_len : p.end - old + to;
			p.start = p.start - old + to;
			EG_TRY(state_maps_set(m, &p));
		}
	return EG_OK;
}

static bool mapped(const struct state_maps *m, uint64_t start, uint64_t end)
{
	for (uint32_t i = leaf_of(m, start); i < m->nr && m->leaf[i]->map[0].start < end; i++)
		for (uint32_t k = 0; k < m->leaf[i]->nr; k++)
			if (m->leaf[i]->map[k].start < end && m->leaf[i]->map[k].end > start)
				return true;
	return false;
}

eg_status state_maps_move(struct state_maps *m, uint64_t old, uint64_t old_len, uint64_t to, uint64_t new_len, bool keep)
{
	struct state_maps next;
	eg_status s;

	if (!mapped(m, old, old + old_len))
		return EG_OK;
	EG_TRY(state_maps_copy(&next, m));
	s = move(&next, m, old, old_len, to, new_len, keep);
	if (s != EG_OK) {
		state_maps_free(&next);
		return s;
	}
	state_maps_free(m);
	*m = next;
	return EG_OK;
}
