/* SPDX-License-Identifier: GPL-3.0-or-later */
/* radix - the pool of table pages; see radix.h. */
#include "sim/mmu/table/radix.h"

eg_status radix_pool_init(struct radix_pool *p, uint32_t capacity)
{
	*p = (struct radix_pool){ .capacity = capacity, .free_list = RADIX_NONE };
	p->entries = eg_reserve((size_t)capacity * RADIX_ENTRIES * sizeof(pte_t), true);
	p->table = eg_reserve((size_t)capacity * sizeof(*p->table), false);
	if (!p->entries || !p->table) {
		radix_pool_fini(p);
		return EG_NO_MEMORY;
	}
	return EG_OK;
}

void radix_pool_fini(struct radix_pool *p)
{
	eg_unreserve(p->entries, (size_t)p->capacity * RADIX_ENTRIES * sizeof(pte_t));
	eg_unreserve(p->table, (size_t)p->capacity * sizeof(*p->table));
	p->entries = NULL;
	p->table = NULL;
}

uint32_t radix_table_new(struct radix_pool *p, unsigned level, eg_pfn pfn)
{
	uint32_t t = p->free_list;

	if (t != RADIX_NONE) {
		p->free_list = p->table[t].next_free;
		memset(radix_entries(p, t), 0, RADIX_ENTRIES * sizeof(pte_t));
	} else if (p->nr_top < p->capacity) {
		t = p->nr_top++;        /* never used: still zero pages */
	} else {
		return RADIX_NONE;
	}
	p->table[t] = (struct radix_table){ .pfn = pfn, .level = (uint8_t)level, .next_free = RADIX_NONE };
	p->nr_used++;
	p->nr_level[level]++;
	return t;
}

eg_pfn radix_table_free(struct radix_pool *p, uint32_t table)
{
	struct radix_table *t = &p->table[table];

	EG_ASSERT(t->level && !t->nr_present);
	p->nr_used--;
	p->nr_level[t->level]--;
	t->level = 0;
	t->next_free = p->free_list;
	p->free_list = table;
	return t->pfn;
}

void radix_validate(const struct radix_pool *p)
{
	uint32_t used = 0, level[RADIX_LEVELS + 1] = { 0 };

	for (uint32_t t = 0; t < p->nr_top; t++) {
		unsigned present = 0;

		if (!p->table[t].level)
			continue;
		used++;
		level[p->table[t].level]++;
		for (unsigned i = 0; i < RADIX_ENTRIES; i++) {
			pte_t e = radix_entries(p, t)[i];

			present += (e & PTE_PRESENT) != 0;
			if ((e & PTE_PRESENT) && p->table[t].level > 1 && !(e & PTE_HUGE)) {
				EG_CHECK(pte_table(e) < p->nr_top);
				EG_CHECK(p->table[pte_table(e)].level == p->table[t].level - 1);
			}
		}
		EG_CHECK(present == p->table[t].nr_present);
	}
	EG_CHECK(used == p->nr_used);
	for (unsigned l = 1; l <= RADIX_LEVELS; l++)
		EG_CHECK(level[l] == p->nr_level[l]);
}
