/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fully_assoc - fully associative two-level TLB with true LRU (policies.md J5, "ideal").
 *
 * The upper bound that other designs of the same size are measured against: no conflict misses. Each
 * array of the geometry is one set with all its entries; `ways` has no meaning here.
 *
 *   1. A hash table (open addressing, linear probing, at most half full) finds an entry by its key.
 *   2. A doubly linked list by 32-bit slot numbers keeps recency. A hit moves its slot to the head; a fill
 *      takes a free slot or the tail's.
 *   3. Removal from the hash closes the gap by moving later entries of the probe run back (Knuth, TAOCP 3,
 *      6.4 algorithm R), so there are no tombstones.
 *
 * Laws held by tests: with N <= E pages only cold misses; N > E pages swept cyclically always miss; LRU
 * is a stack algorithm, so more entries never mean more misses. The data_fa_lru_* figures of the recorded
 * traces are met exactly. Real cores have fully associative first levels of 16 to 96 entries (AMD Zen),
 * never second levels. Left out: what set_assoc leaves out.
 */
#include "sim/mmu/access_loop.h"

struct slot {
	uint64_t entry;             /* 0 = free                                */
	uint32_t newer, older;      /* recency list; NONE at the ends          */
};

struct lru {
	struct slot *slot;          /* [entries]                               */
	uint32_t    *hash;          /* [hash_mask + 1]: slot number or NONE    */
	uint32_t     hash_mask;
	uint32_t     entries;       /* 0: absent                               */
	uint32_t     nr;            /* valid slots                             */
	uint32_t     head, tail;    /* most, least recent; NONE if empty       */
	uint32_t     free_list;     /* linked by `older`                       */
};	/* slots on the recency list == nr == occupied hash cells; the rest are on free_list */

struct fully_assoc {
	struct lru  array[6];       /* L1D, L1I, L1D 2M, L1I 2M, L2, L2 2M */
	struct lru *l1[2], *l1_huge[2], *l2, *l2_huge;    /* huge ones point to the 4 KiB array where absent */
	bool        unified;
};

#define NONE UINT32_MAX

static const struct eg_param fully_assoc_params[] = { { 0 } };

static size_t fully_assoc_state_size(const struct tlb_config *config, const struct eg_args *args)
{
	(void)config, (void)args;
	return sizeof(struct fully_assoc);
}

static void lru_clear(struct lru *a)
{
	for (uint32_t i = 0; i < a->entries; i++)
		a->slot[i] = (struct slot){ .newer = NONE, .older = i + 1 < a->entries ? i + 1 : NONE };
	for (uint32_t i = 0; i <= a->hash_mask && a->entries; i++)
		a->hash[i] = NONE;
	a->nr = 0;
	a->head = a->tail = NONE;
	a->free_list = a->entries ? 0 : NONE;
}

static eg_status lru_init(struct lru *a, const struct tlb_geometry *g, struct eg_arena *arena)
{
	uint32_t cells = 4;

	a->entries = g->entries;
	while (cells < 2 * g->entries)
		cells *= 2;
	a->hash_mask = cells - 1;
	a->slot = eg_arena_alloc(arena, g->entries ? g->entries : 1, sizeof(*a->slot));
	a->hash = eg_arena_alloc(arena, cells, sizeof(*a->hash));
	if (!a->slot || !a->hash)
		return EG_NO_MEMORY;
	lru_clear(a);
	return EG_OK;
}

static eg_status fully_assoc_init(void *state, const struct tlb_config *config, const struct eg_args *args, struct eg_arena *arena)
{
	struct fully_assoc *t = state;
	const struct tlb_geometry *g[6] = { &config->l1d, &config->l1i, &config->l1d_huge, &config->l1i_huge,
					    &config->l2, &config->l2_huge };

	(void)args;
	for (unsigned i = 0; i < 6; i++)
		EG_TRY(lru_init(&t->array[i], g[i], arena));
	t->l1[TLB_DATA] = &t->array[0];
	t->l1[TLB_INSTR] = &t->array[1];
	t->l1_huge[TLB_DATA] = &t->array[config->l1d_huge.entries ? 2 : 0];
	t->l1_huge[TLB_INSTR] = &t->array[config->l1i_huge.entries ? 3 : 1];
	t->l2 = &t->array[4];
	t->l2_huge = &t->array[config->l2_huge.entries ? 5 : 4];
	t->unified = config->unified_l1;
	return EG_OK;
}

/* ---- one array ------------------------------------------------------------------------------------ */

static inline uint32_t cell_of(const struct lru *a, uint64_t key)
{
	return (uint32_t)(((key & TLB_KEY_MASK) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & a->hash_mask;
}

static inline uint32_t lru_find(const struct lru *a, uint64_t key)
{
	for (uint32_t h = cell_of(a, key); a->hash[h] != NONE; h = (h + 1) & a->hash_mask)
		if (((a->slot[a->hash[h]].entry ^ key) & TLB_KEY_MASK) == 0)
			return a->hash[h];
	return NONE;
}

static inline void unlink_slot(struct lru *a, uint32_t i)
{
	struct slot *s = &a->slot[i];

	if (s->newer != NONE)
		a->slot[s->newer].older = s->older;
	else
		a->head = s->older;
	if (s->older != NONE)
		a->slot[s->older].newer = s->newer;
	else
		a->tail = s->newer;
}

static inline void link_head(struct lru *a, uint32_t i)
{
	a->slot[i].newer = NONE;
	a->slot[i].older = a->head;
	if (a->head != NONE)
		a->slot[a->head].newer = i;
	else
		a->tail = i;
	a->head = i;
}

static void hash_remove(struct lru *a, uint32_t i)
{
	uint32_t h = cell_of(a, a->slot[i].entry), gap;

	while (a->hash[h] != i)
		h = (h + 1) & a->hash_mask;
	gap = h;
	for (;;) {
		uint32_t home;

		h = (h + 1) & a->hash_mask;
		if (a->hash[h] == NONE)
			break;
		home = cell_of(a, a->slot[a->hash[h]].entry);
		/* may the entry at h move to the gap: its home is not inside (gap, h] */
		if (((h - home) & a->hash_mask) >= ((h - gap) & a->hash_mask)) {
			a->hash[gap] = a->hash[h];
			gap = h;
		}
	}
	a->hash[gap] = NONE;
}

static uint64_t lru_hit(struct lru *a, uint64_t key)
{
	uint32_t i;

	if (!a->entries)
		return 0;
	if (a->head != NONE && ((a->slot[a->head].entry ^ key) & TLB_KEY_MASK) == 0)
		return a->slot[a->head].entry;
	i = lru_find(a, key);
	if (i == NONE)
		return 0;
	unlink_slot(a, i);
	link_head(a, i);
	return a->slot[i].entry;
}

static void lru_put(struct lru *a, uint64_t entry)
{
	uint32_t i = a->free_list, h;

	if (!a->entries)
		return;
	if (i != NONE) {
		a->free_list = a->slot[i].older;
		a->nr++;
	} else {
		i = a->tail;
		unlink_slot(a, i);
		hash_remove(a, i);
	}
	a->slot[i].entry = entry;
	link_head(a, i);
	h = cell_of(a, entry);
	while (a->hash[h] != NONE)
		h = (h + 1) & a->hash_mask;
	a->hash[h] = i;
}

static void lru_drop(struct lru *a, uint64_t key)
{
	uint32_t i = a->entries ? lru_find(a, key) : NONE;

	if (i == NONE)
		return;
	unlink_slot(a, i);
	hash_remove(a, i);
	a->slot[i] = (struct slot){ .older = a->free_list, .newer = NONE };
	a->free_list = i;
	a->nr--;
}

/* ---- look-ups of the access loop ------------------------------------------------------------------ */

static inline uint64_t huge_key(const struct mmu_cpu *c, uint64_t vpn)
{
	return c->asid_key | TLB_HUGE | vpn >> EG_HUGE_ORDER;
}

static inline uint64_t l1(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn, bool known)
{
	struct fully_assoc *t = c->tlb;
	uint64_t e = known ? 0 : lru_hit(t->l1[side], vpn | c->asid_key);

	return e || !c->huge_seen ? e : lru_hit(t->l1_huge[side], huge_key(c, vpn));
}

static inline uint64_t l2(struct mmu_cpu *c, uint64_t vpn)
{
	struct fully_assoc *t = c->tlb;
	uint64_t e = lru_hit(t->l2, vpn | c->asid_key);

	return e || !c->huge_seen ? e : lru_hit(t->l2_huge, huge_key(c, vpn));
}

static inline void fill1(struct mmu_cpu *c, enum tlb_side side, uint64_t entry)
{
	struct fully_assoc *t = c->tlb;

	lru_put(entry & TLB_HUGE ? t->l1_huge[side] : t->l1[side], entry);
}

static inline void fill2(struct mmu_cpu *c, uint64_t entry)
{
	struct fully_assoc *t = c->tlb;

	lru_put(entry & TLB_HUGE ? t->l2_huge : t->l2, entry);
}

static void update(struct mmu_cpu *c, uint64_t entry)
{
	struct fully_assoc *t = c->tlb;

	for (unsigned k = 0; k < 6; k++) {
		uint32_t i = t->array[k].entries ? lru_find(&t->array[k], entry) : NONE;

		if (i != NONE)
			t->array[k].slot[i].entry = entry;
	}
}

static EG_NOINLINE struct miss_outcome miss(struct mmu_cpu *c, uint64_t word, enum tlb_side side, bool straddles, bool known,
					     bool ordered)
{
	return access_miss(c, word, side, straddles, known, ordered, l1, l2, fill1, fill2, update, walk);
}

static inline uint64_t fast(struct tlb_l1 a, uint64_t vpn, uint64_t key)
{
	(void)vpn;
	return lru_hit(a.rows, key);
}

static struct access_result fully_assoc_run(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered)
{
	struct fully_assoc *t = c->tlb;

	return access_loop(c, acc, n, horizon, ordered, t->unified, (struct tlb_l1){ .rows = t->l1[TLB_DATA] }, fast, miss);
}

/* ---- flushes and views ---------------------------------------------------------------------------- */

static void fully_assoc_invalidate(void *state, unsigned asid, eg_vpn vpn)
{
	struct fully_assoc *t = state;

	for (unsigned k = 0; k < 6; k++) {
		lru_drop(&t->array[k], TLB_VALID | TLB_ASID(asid) | vpn.v);
		lru_drop(&t->array[k], TLB_VALID | TLB_ASID(asid) | TLB_HUGE | vpn.v >> EG_HUGE_ORDER);
	}
}

static void fully_assoc_flush_asid(void *state, unsigned asid)
{
	struct fully_assoc *t = state;
	uint64_t mask = TLB_VALID | TLB_ASID((1u << TLB_ASID_BITS) - 1), key = TLB_VALID | TLB_ASID(asid);

	for (unsigned k = 0; k < 6; k++)
		for (uint32_t i = t->array[k].head, older; i != NONE; i = older) {
			older = t->array[k].slot[i].older;
			if ((t->array[k].slot[i].entry & mask) == key)
				lru_drop(&t->array[k], t->array[k].slot[i].entry);
		}
}

static void fully_assoc_flush_all(void *state)
{
	struct fully_assoc *t = state;

	for (unsigned k = 0; k < 6; k++)
		lru_clear(&t->array[k]);
}

static uint64_t fully_assoc_reach(const void *state)
{
	const struct fully_assoc *t = state;
	const struct lru *last[2] = { t->l2->entries ? t->l2 : t->l1[TLB_DATA],
				      t->l2->entries ? t->l2_huge : t->l1_huge[TLB_DATA] };
	uint64_t bytes = 0;

	for (unsigned k = 0; k < (last[0] == last[1] ? 1u : 2u); k++)
		for (uint32_t i = last[k]->head; i != NONE; i = last[k]->slot[i].older)
			bytes += last[k]->slot[i].entry & TLB_HUGE ? EG_PAGE_SIZE << EG_HUGE_ORDER : EG_PAGE_SIZE;
	return bytes;
}

static void fully_assoc_validate(const void *state)
{
	const struct fully_assoc *t = state;

	for (unsigned k = 0; k < 6; k++) {
		const struct lru *a = &t->array[k];
		uint32_t listed = 0, hashed = 0, spare = 0, newer = NONE;

		if (!a->entries)
			continue;
		for (uint32_t i = a->head; i != NONE; i = a->slot[i].older) {
			EG_CHECK(a->slot[i].newer == newer && listed++ < a->entries);
			EG_CHECK((a->slot[i].entry & TLB_VALID) && lru_find(a, a->slot[i].entry) == i);
			newer = i;
		}
		EG_CHECK(a->tail == newer);
		for (uint32_t h = 0; h <= a->hash_mask; h++)
			hashed += a->hash[h] != NONE;
		for (uint32_t i = a->free_list; i != NONE; i = a->slot[i].older)
			EG_CHECK(!a->slot[i].entry && spare++ < a->entries);
		EG_CHECK(listed == a->nr && hashed == a->nr && listed + spare == a->entries);
	}
}

const struct tlb_ops tlb_fully_assoc_ops = {
	.name       = "fully_assoc",
	.summary    = "fully associative two-level TLB, true LRU: no conflict misses",
	.params     = fully_assoc_params,
	.state_size = fully_assoc_state_size,
	.init       = fully_assoc_init,
	.run        = fully_assoc_run,
	.invalidate = fully_assoc_invalidate,
	.flush_asid = fully_assoc_flush_asid,
	.flush_all  = fully_assoc_flush_all,
	.reach      = fully_assoc_reach,
	.validate   = fully_assoc_validate,
};
