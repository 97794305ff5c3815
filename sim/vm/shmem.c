/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shmem - see shmem.h. */
#include "sim/vm/shmem.h"

#include "sim/base/check.h"

static uint64_t key_of(uint32_t object, uint64_t index)
{
	return ((uint64_t)object << 36 | (index & ((UINT64_C(1) << 36) - 1))) + 1;
}

static uint64_t home_of(const struct shmem *s, uint64_t key)
{
	return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & s->mask;
}

eg_status shmem_init(struct shmem *s)
{
	*s = (struct shmem){ .mask = 1023 };
	s->cell = eg_calloc(s->mask + 1, sizeof(*s->cell));
	if (!s->cell || !eg_grow((void **)&s->object, &s->nr, &s->cap, sizeof(*s->object))) {
		shmem_fini(s);
		return EG_NO_MEMORY;
	}
	return EG_OK;
}

void shmem_fini(struct shmem *s)
{
	eg_free(s->cell);
	eg_free(s->object);
	*s = (struct shmem){ 0 };
}

uint32_t shmem_new(struct shmem *s)
{
	uint32_t n = s->free_object;
	struct shmem_object *o;

	if (n) {
		s->free_object = s->object[n].next_free;
		s->object[n] = (struct shmem_object){ .mappings = 1 };
		return n;
	}
	o = eg_grow((void **)&s->object, &s->nr, &s->cap, sizeof(*o));
	if (!o)
		return 0;
	o->mappings = 1;
	return (uint32_t)(s->nr - 1);
}

void shmem_end(struct shmem *s, uint32_t object)
{
	EG_ASSERT(!s->object[object].mappings && !s->object[object].pages);
	s->object[object].next_free = s->free_object;
	s->free_object = object;
}

static uint64_t cell_find(const struct shmem *s, uint64_t key)
{
	uint64_t h = home_of(s, key);

	while (s->cell[h].key && s->cell[h].key != key)
		h = (h + 1) & s->mask;
	return h;
}

eg_pfn shmem_find(const struct shmem *s, uint32_t object, uint64_t index)
{
	const struct shmem_cell *c = &s->cell[cell_find(s, key_of(object, index))];

	return c->key ? eg_pfn_of(c->pfn) : EG_PFN_NONE;
}

static bool grow(struct shmem *s)
{
	struct shmem bigger = { .mask = s->mask * 2 + 1 };

	bigger.cell = eg_calloc(bigger.mask + 1, sizeof(*bigger.cell));
	if (!bigger.cell)
		return false;
	for (uint64_t h = 0; h <= s->mask; h++)
		if (s->cell[h].key)
			bigger.cell[cell_find(&bigger, s->cell[h].key)] = s->cell[h];
	eg_free(s->cell);
	s->cell = bigger.cell;
	s->mask = bigger.mask;
	return true;
}

bool shmem_put(struct shmem *s, uint32_t object, uint64_t index, eg_pfn pfn)
{
	uint64_t h;

	if (2 * (s->used + 1) > s->mask + 1 && !grow(s))
		return false;
	h = cell_find(s, key_of(object, index));
	EG_ASSERT(!s->cell[h].key);
	s->cell[h] = (struct shmem_cell){ .key = key_of(object, index), .pfn = pfn.v };
	s->used++;
	s->object[object].pages++;
	if (index >= s->object[object].span)
		s->object[object].span = index + 1;
	return true;
}

static void cell_remove(struct shmem *s, uint64_t h)
{
	uint64_t gap = h;

	for (;;) {
		h = (h + 1) & s->mask;
		if (!s->cell[h].key)
			break;
		if (((h - home_of(s, s->cell[h].key)) & s->mask) >= ((h - gap) & s->mask)) {
			s->cell[gap] = s->cell[h];
			gap = h;
		}
	}
	s->cell[gap].key = 0;
	s->used--;
}

eg_pfn shmem_take(struct shmem *s, uint32_t object, uint64_t index)
{
	uint64_t h = cell_find(s, key_of(object, index));
	eg_pfn pfn;

	if (!s->cell[h].key)
		return EG_PFN_NONE;
	pfn = eg_pfn_of(s->cell[h].pfn);
	cell_remove(s, h);
	s->object[object].pages--;
	return pfn;
}

bool shmem_take_any(struct shmem *s, uint32_t object, uint64_t *cursor, eg_pfn *pfn)
{
	/* a small object page by page; a large, sparse one by the table, whose order depends on keys alone */
	while (s->object[object].pages && s->object[object].span <= s->mask) {
		*pfn = shmem_take(s, object, (*cursor)++);
		if (!eg_pfn_is_none(*pfn))
			return true;
	}
	while (s->object[object].pages && *cursor <= s->mask) {
		uint64_t key = s->cell[*cursor].key;

		if (key && (key - 1) >> 36 == object) {
			*pfn = eg_pfn_of(s->cell[*cursor].pfn);
			cell_remove(s, *cursor);        /* another cell may have moved here: look again */
			s->object[object].pages--;
			return true;
		}
		if (++*cursor > s->mask)
			*cursor = 0;
	}
	return false;
}
