/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * set_assoc - set-associative two-level TLB with true LRU (policies.md J1).
 *
 *   1. Each array of the geometry has entries/ways sets; the set is the page number modulo their number.
 *   2. A set is a row of entries in recency order, most recent first. A hit moves its entry to the front,
 *      a fill enters at the front, the last way leaves. There are no time stamps and no victim search.
 *   3. The first level has instruction and data sides, 4 KiB and 2 MiB arrays; an absent 2 MiB array means
 *      that the 4 KiB array holds both sizes, probed once per size with that size's index. 2 MiB probes
 *      are skipped while no 2 MiB entry was ever filled, which cannot change a result.
 *   4. The second level is one array for both sizes, or two.
 *
 * Source: the recency-stack view of LRU, Mattson, Gecsei, Slutz and Traiger, IBM Systems Journal 1970.
 * Geometry from CPUID leaves (presets.md 2). Real cores use pseudo-LRU in the second level and publish
 * neither the hash of its index nor the policy; here true LRU and plain modulo. Left out: separate load
 * and store arrays (Ice Lake on), AMD's skewed L2, 1 GiB entries.
 *
 * Cross-check: all data_sa_* and all_sa_* figures of the recorded traces (tests/validation), computed by
 * two independent programs, are met exactly.
 *
 * Measured (EPYC Zen 3, 2.45 GHz; gcc 12 -O2): keeping a row of four in one AVX2 register and permuting
 * it, against moving words: see docs/performance.md. Both paths give identical results (tests/property).
 */
#if defined(__x86_64__)
#include <immintrin.h>          /* before mem.h, which poisons the malloc that it mentions */
#define HAVE_AVX2_PATH 1
#endif

#include "sim/mmu/access_loop.h"

struct array {
	uint64_t *row;          /* sets * ways entries; row s at row + s * ways, most recent first */
	uint32_t  set_mask;     /* sets - 1 */
	uint32_t  ways;         /* 0: absent */
};

struct set_assoc {
	struct array l1[2];         /* by side, 4 KiB */
	struct array l1_huge[2];    /* by side, 2 MiB; a copy of l1[] where absent */
	struct array l2, l2_huge;   /* l2_huge a copy of l2 where absent */
	bool         unified;       /* fetches use the data side */
	bool         avx2;          /* the vector path is used */
};	/* in each row no two valid entries have equal keys; a valid entry never follows an invalid one */

static const struct eg_param set_assoc_params[] = {
	{ "vector", EG_PARAM_CHOICE, "auto", NULL, NULL, "auto|off",
	  "auto: use AVX2 where the host has it; off: portable code. Results are the same" },
	{ 0 }
};

static size_t set_assoc_state_size(const struct tlb_config *config, const struct eg_args *args)
{
	(void)config, (void)args;
	return sizeof(struct set_assoc);
}

static eg_status make_array(struct array *a, const struct tlb_geometry *g, struct eg_arena *arena)
{
	*a = (struct array){ 0 };
	if (!g->entries)
		return EG_OK;
	a->ways = g->ways;
	a->set_mask = g->entries / g->ways - 1;
	a->row = eg_arena_alloc(arena, g->entries + 8, sizeof(*a->row));   /* + 8: a vector may read past the last row */
	return a->row ? EG_OK : EG_NO_MEMORY;
}

static eg_status set_assoc_init(void *state, const struct tlb_config *config, const struct eg_args *args, struct eg_arena *arena)
{
	struct set_assoc *t = state;

	EG_TRY(make_array(&t->l1[TLB_DATA], &config->l1d, arena));
	EG_TRY(make_array(&t->l1[TLB_INSTR], &config->l1i, arena));
	EG_TRY(make_array(&t->l1_huge[TLB_DATA], &config->l1d_huge, arena));
	EG_TRY(make_array(&t->l1_huge[TLB_INSTR], &config->l1i_huge, arena));
	EG_TRY(make_array(&t->l2, &config->l2, arena));
	EG_TRY(make_array(&t->l2_huge, &config->l2_huge, arena));
	for (unsigned side = 0; side < 2; side++)
		if (!t->l1_huge[side].ways)
			t->l1_huge[side] = t->l1[side];
	if (!t->l2_huge.ways)
		t->l2_huge = t->l2;
	t->unified = config->unified_l1;
#ifdef HAVE_AVX2_PATH
	/* rows of whole vectors only; 32 ways is as far as the match mask of a row reaches */
	t->avx2 = strcmp(eg_args_text(args, "vector"), "off") != 0 && __builtin_cpu_supports("avx2") &&
		  t->l1[TLB_DATA].ways % 4 == 0 && t->l1[TLB_INSTR].ways % 4 == 0 && t->l2.ways % 4 == 0 &&
		  t->l1[TLB_DATA].ways <= 32 && t->l1[TLB_INSTR].ways <= 32 && t->l2.ways <= 32;
#else
	(void)args;
#endif
	return EG_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static inline uint64_t *row_of(const struct array *a, uint64_t page)
{
	return a->row + (size_t)(page & a->set_mask) * a->ways;
}

/* Find a key and make it the most recent; 0 = not there. */
static EG_ALWAYS_INLINE uint64_t row_hit(uint64_t *row, uint32_t ways, uint64_t key)
{
	if (((row[0] ^ key) & TLB_KEY_MASK) == 0)
		return row[0];
	for (uint32_t w = 1; w < ways; w++) {
		uint64_t e = row[w];

		if (((e ^ key) & TLB_KEY_MASK) == 0) {
			for (; w > 0; w--)
				row[w] = row[w - 1];
			row[0] = e;
			return e;
		}
	}
	return 0;
}

static EG_ALWAYS_INLINE void row_put(uint64_t *row, uint32_t ways, uint64_t entry)
{
	for (uint32_t w = ways - 1; w > 0; w--)
		row[w] = row[w - 1];
	row[0] = entry;
}

static void row_drop(uint64_t *row, uint32_t ways, uint64_t key)
{
	for (uint32_t w = 0; w < ways; w++)
		if (((row[w] ^ key) & TLB_KEY_MASK) == 0) {
			for (; w + 1 < ways; w++)
				row[w] = row[w + 1];
			row[ways - 1] = 0;
			return;
		}
}

static void row_replace(uint64_t *row, uint32_t ways, uint64_t entry)
{
	for (uint32_t w = 0; w < ways; w++)
		if (((row[w] ^ entry) & TLB_KEY_MASK) == 0)
			row[w] = entry;
}

/* ---- look-ups of the access loop ------------------------------------------------------------------ */

static inline uint64_t huge_key(const struct mmu_cpu *c, uint64_t vpn)
{
	return c->asid_key | TLB_HUGE | vpn >> EG_HUGE_ORDER;
}

static EG_NOINLINE uint64_t l1_huge(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = &t->l1_huge[side];

	return row_hit(row_of(a, vpn >> EG_HUGE_ORDER), a->ways, huge_key(c, vpn));
}

static EG_ALWAYS_INLINE uint64_t l1_any(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn, bool known)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = &t->l1[side];
	uint64_t e = known ? 0 : row_hit(row_of(a, vpn), a->ways, vpn | c->asid_key);

	if (!e && EG_UNLIKELY(c->huge_seen))
		e = l1_huge(c, side, vpn);
	return e;
}

static EG_ALWAYS_INLINE uint64_t l2_any(struct mmu_cpu *c, uint64_t vpn)
{
	struct set_assoc *t = c->tlb;
	uint64_t e;

	if (!t->l2.ways)
		return 0;
	e = row_hit(row_of(&t->l2, vpn), t->l2.ways, vpn | c->asid_key);
	if (!e && EG_UNLIKELY(c->huge_seen))
		e = row_hit(row_of(&t->l2_huge, vpn >> EG_HUGE_ORDER), t->l2_huge.ways, huge_key(c, vpn));
	return e;
}

static EG_ALWAYS_INLINE void fill1(struct mmu_cpu *c, enum tlb_side side, uint64_t entry)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = entry & TLB_HUGE ? &t->l1_huge[side] : &t->l1[side];

	row_put(row_of(a, entry & TLB_VPN_MASK), a->ways, entry);
}

static EG_ALWAYS_INLINE void fill2(struct mmu_cpu *c, uint64_t entry)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = entry & TLB_HUGE ? &t->l2_huge : &t->l2;

	if (a->ways)
		row_put(row_of(a, entry & TLB_VPN_MASK), a->ways, entry);
}

static void update(struct mmu_cpu *c, uint64_t entry)
{
	struct set_assoc *t = c->tlb;
	const struct array *arrays[3] = { &t->l1[TLB_DATA], &t->l1[TLB_INSTR], &t->l2 };
	const struct array *huge[3] = { &t->l1_huge[TLB_DATA], &t->l1_huge[TLB_INSTR], &t->l2_huge };

	for (unsigned i = 0; i < 3; i++) {
		const struct array *a = entry & TLB_HUGE ? huge[i] : arrays[i];

		if (a->ways)
			row_replace(row_of(a, entry & TLB_VPN_MASK), a->ways, entry);
	}
}

static EG_NOINLINE struct miss_outcome
miss(struct mmu_cpu *c, uint64_t word, enum tlb_side side, bool straddles, bool known, bool ordered)
{
	return access_miss(c, word, side, straddles, known, ordered, l1_any, l2_any, fill1, fill2, update, walk);
}

static EG_ALWAYS_INLINE struct tlb_l1 l1_registers(const struct set_assoc *t)
{
	return (struct tlb_l1){ .rows = t->l1[TLB_DATA].row, .set_mask = t->l1[TLB_DATA].set_mask,
				.ways = t->l1[TLB_DATA].ways };
}

static EG_ALWAYS_INLINE uint64_t fast4(struct tlb_l1 a, uint64_t vpn, uint64_t key)
{
	return row_hit((uint64_t *)a.rows + (vpn & a.set_mask) * 4, 4, key);
}

static EG_ALWAYS_INLINE uint64_t fast8(struct tlb_l1 a, uint64_t vpn, uint64_t key)
{
	return row_hit((uint64_t *)a.rows + (vpn & a.set_mask) * 8, 8, key);
}

static EG_ALWAYS_INLINE uint64_t fast_any(struct tlb_l1 a, uint64_t vpn, uint64_t key)
{
	return row_hit((uint64_t *)a.rows + (vpn & a.set_mask) * a.ways, a.ways, key);
}

static struct access_result run_portable(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered)
{
	const struct set_assoc *t = c->tlb;

	if (t->l1[TLB_DATA].ways == 4)
		return access_loop(c, acc, n, horizon, ordered, t->unified, l1_registers(t), fast4, miss);
	if (t->l1[TLB_DATA].ways == 8)
		return access_loop(c, acc, n, horizon, ordered, t->unified, l1_registers(t), fast8, miss);
	return access_loop(c, acc, n, horizon, ordered, t->unified, l1_registers(t), fast_any, miss);
}

#ifdef HAVE_AVX2_PATH
/* Rows of four in one register: bring way p to the front, the ways before it move up by one. */
static const uint32_t to_front[4][8] __attribute__((aligned(32))) = {
	{ 0, 1, 2, 3, 4, 5, 6, 7 }, { 2, 3, 0, 1, 4, 5, 6, 7 },
	{ 4, 5, 0, 1, 2, 3, 6, 7 }, { 6, 7, 0, 1, 2, 3, 4, 5 },
};

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t fast4_avx2(struct tlb_l1 a, uint64_t vpn, uint64_t key)
{
	uint64_t *row = (uint64_t *)a.rows + (vpn & a.set_mask) * 4;
	__m256i r = _mm256_loadu_si256((const __m256i *)row);
	__m256i same = _mm256_cmpeq_epi64(_mm256_and_si256(r, _mm256_set1_epi64x((long long)TLB_KEY_MASK)),
					  _mm256_set1_epi64x((long long)key));
	unsigned hits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(same));

	if (EG_UNLIKELY(!hits))
		return 0;
	r = _mm256_permutevar8x32_epi32(r, _mm256_load_si256((const __m256i *)to_front[__builtin_ctz(hits)]));
	_mm256_storeu_si256((__m256i *)row, r);
	return (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(r));
}

/* Which ways of a row of `quads` * 4 hold the key. */
AVX2 static EG_ALWAYS_INLINE unsigned row_match_avx2(const uint64_t *row, unsigned quads, uint64_t key)
{
	__m256i k = _mm256_set1_epi64x((long long)key), mask = _mm256_set1_epi64x((long long)TLB_KEY_MASK);
	unsigned hits = 0;

	for (unsigned q = 0; q < quads; q++) {
		__m256i r = _mm256_loadu_si256((const __m256i *)(row + 4 * q));

		r = _mm256_cmpeq_epi64(_mm256_and_si256(r, mask), k);
		hits |= (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(r)) << (4 * q);
	}
	return hits;
}

/* Ways 0..way-1 move up by one, `entry` enters at the front; the ways behind `way` stay. From the back, so
 * that no word is read after it was written. */
AVX2 static inline void row_shift_avx2(uint64_t *row, unsigned quads, unsigned way, uint64_t entry)
{
	const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);

	for (unsigned q = quads; q-- > 1;) {
		__m256i old = _mm256_loadu_si256((const __m256i *)(row + 4 * q));
		__m256i up = _mm256_loadu_si256((const __m256i *)(row + 4 * q - 1));
		__m256i stay = _mm256_cmpgt_epi64(_mm256_add_epi64(lane, _mm256_set1_epi64x(4 * (long long)q)),
						  _mm256_set1_epi64x(way));

		_mm256_storeu_si256((__m256i *)(row + 4 * q), _mm256_blendv_epi8(up, old, stay));
	}
	{
		__m256i old = _mm256_loadu_si256((const __m256i *)row);
		__m256i up = _mm256_blend_epi32(_mm256_permute4x64_epi64(old, 0x90), _mm256_set1_epi64x((long long)entry), 3);
		__m256i stay = _mm256_cmpgt_epi64(lane, _mm256_set1_epi64x(way));

		_mm256_storeu_si256((__m256i *)row, _mm256_blendv_epi8(up, old, stay));
	}
}

/* The same for a fill, when the last way leaves and none stays: no comparison and no blend. */
AVX2 static EG_ALWAYS_INLINE void row_push_avx2(uint64_t *row, unsigned quads, uint64_t entry)
{
	__m256i first;

	for (unsigned q = quads; q-- > 1;)
		_mm256_storeu_si256((__m256i *)(row + 4 * q), _mm256_loadu_si256((const __m256i *)(row + 4 * q - 1)));
	first = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)row), 0x90);
	_mm256_storeu_si256((__m256i *)row, _mm256_blend_epi32(first, _mm256_set1_epi64x((long long)entry), 3));
}

AVX2 static EG_ALWAYS_INLINE uint64_t row_hit_avx2(uint64_t *row, unsigned quads, uint64_t key)
{
	unsigned hits = row_match_avx2(row, quads, key), way;
	uint64_t e;

	if (!hits)
		return 0;
	way = (unsigned)__builtin_ctz(hits);
	e = row[way];
	if (way)
		row_shift_avx2(row, quads, way, e);
	return e;
}

AVX2 static inline uint64_t l1_avx2(struct mmu_cpu *c, enum tlb_side side, uint64_t vpn, bool known)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = &t->l1[side];
	uint64_t e = 0;

	if (!known)
		e = a->ways == 4 ? row_hit_avx2(row_of(a, vpn), 1, vpn | c->asid_key) :
				   row_hit_avx2(row_of(a, vpn), a->ways / 4, vpn | c->asid_key);
	return e || !c->huge_seen ? e : l1_huge(c, side, vpn);
}

AVX2 static inline uint64_t l2_avx2(struct mmu_cpu *c, uint64_t vpn)
{
	struct set_assoc *t = c->tlb;
	uint64_t e = 0;

	if (t->l2.ways == 12)           /* the usual second level, its loops unrolled */
		e = row_hit_avx2(row_of(&t->l2, vpn), 3, vpn | c->asid_key);
	else if (t->l2.ways)
		e = row_hit_avx2(row_of(&t->l2, vpn), t->l2.ways / 4, vpn | c->asid_key);
	if (!e && EG_UNLIKELY(c->huge_seen) && t->l2_huge.ways)
		e = row_hit(row_of(&t->l2_huge, vpn >> EG_HUGE_ORDER), t->l2_huge.ways, huge_key(c, vpn));
	return e;
}

AVX2 static inline void fill1_avx2(struct mmu_cpu *c, enum tlb_side side, uint64_t entry)
{
	struct set_assoc *t = c->tlb;
	const struct array *a = &t->l1[side];

	if (EG_UNLIKELY(entry & TLB_HUGE))
		fill1(c, side, entry);
	else if (a->ways == 4)
		row_push_avx2(row_of(a, entry & TLB_VPN_MASK), 1, entry);
	else
		row_push_avx2(row_of(a, entry & TLB_VPN_MASK), a->ways / 4, entry);
}

AVX2 static inline void fill2_avx2(struct mmu_cpu *c, uint64_t entry)
{
	struct set_assoc *t = c->tlb;

	if (EG_UNLIKELY(entry & TLB_HUGE))
		fill2(c, entry);
	else if (t->l2.ways == 12)
		row_push_avx2(row_of(&t->l2, entry & TLB_VPN_MASK), 3, entry);
	else if (t->l2.ways)
		row_push_avx2(row_of(&t->l2, entry & TLB_VPN_MASK), t->l2.ways / 4, entry);
}

AVX2 static inline bool pwc_hit_avx2(uint64_t *row, uint32_t ways, uint64_t tag)
{
	__m256i r, same;
	unsigned hits;

	if (row[0] == tag)
		return true;
	if (ways != 4)
		return pwc_row_hit(row, ways, tag);
	r = _mm256_loadu_si256((const __m256i *)row);
	same = _mm256_cmpeq_epi64(r, _mm256_set1_epi64x((long long)tag));
	hits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(same));
	if (!hits)
		return false;
	r = _mm256_permutevar8x32_epi32(r, _mm256_load_si256((const __m256i *)to_front[__builtin_ctz(hits)]));
	_mm256_storeu_si256((__m256i *)row, r);
	return true;
}

AVX2 static inline void pwc_put_avx2(uint64_t *row, uint32_t ways, uint64_t tag)
{
	if (ways == 4)
		row_push_avx2(row, 1, tag);
	else
		pwc_row_put(row, ways, tag);
}

AVX2 static inline struct walk_result walk_avx2(struct mmu_cpu *c, eg_vpn vpn, bool write)
{
	return walk_with(c, vpn, write, pwc_hit_avx2, pwc_put_avx2);
}

AVX2 static EG_NOINLINE struct miss_outcome
miss_avx2(struct mmu_cpu *c, uint64_t word, enum tlb_side side, bool straddles, bool known, bool ordered)
{
	return access_miss(c, word, side, straddles, known, ordered, l1_avx2, l2_avx2, fill1_avx2, fill2_avx2, update,
			   walk_avx2);
}

AVX2 static struct access_result run_avx2(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered)
{
	const struct set_assoc *t = c->tlb;

	if (t->l1[TLB_DATA].ways == 4)
		return access_loop(c, acc, n, horizon, ordered, t->unified, l1_registers(t), fast4_avx2, miss_avx2);
	return access_loop(c, acc, n, horizon, ordered, t->unified, l1_registers(t), fast_any, miss_avx2);
}
#endif

static struct access_result set_assoc_run(struct mmu_cpu *c, const uint64_t *acc, uint32_t n, eg_time horizon, bool ordered)
{
#ifdef HAVE_AVX2_PATH
	const struct set_assoc *t = c->tlb;

	if (t->avx2)
		return run_avx2(c, acc, n, horizon, ordered);
#endif
	return run_portable(c, acc, n, horizon, ordered);
}

/* ---- flushes and views ---------------------------------------------------------------------------- */

/* The distinct arrays of t: those present, no copy twice. Returns how many. */
static unsigned arrays_of(const struct set_assoc *t, const struct array *out[6])
{
	const struct array *all[6] = { &t->l1[0], &t->l1[1], &t->l2, &t->l1_huge[0], &t->l1_huge[1], &t->l2_huge };
	unsigned n = 0;

	for (unsigned i = 0; i < 6; i++) {
		bool copy = !all[i]->ways;

		for (unsigned j = 0; j < n; j++)
			copy |= out[j]->row == all[i]->row;
		if (!copy)
			out[n++] = all[i];
	}
	return n;
}

static void set_assoc_invalidate(void *state, unsigned asid, eg_vpn vpn)
{
	struct set_assoc *t = state;
	const struct array *arrays[6];
	unsigned n = arrays_of(t, arrays);
	uint64_t key = TLB_VALID | TLB_ASID(asid), huge = vpn.v >> EG_HUGE_ORDER;

	for (unsigned i = 0; i < n; i++) {
		row_drop(row_of(arrays[i], vpn.v), arrays[i]->ways, key | vpn.v);
		row_drop(row_of(arrays[i], huge), arrays[i]->ways, key | TLB_HUGE | huge);
	}
}

static void flush_matching(struct set_assoc *t, uint64_t mask, uint64_t key)
{
	const struct array *arrays[6];
	unsigned n = arrays_of(t, arrays);

	for (unsigned i = 0; i < n; i++)
		for (uint32_t s = 0; s <= arrays[i]->set_mask; s++) {
			uint64_t *row = arrays[i]->row + (size_t)s * arrays[i]->ways;
			uint32_t keep = 0;

			if (!row[0])
				continue;
			for (uint32_t w = 0; w < arrays[i]->ways; w++)
				if (row[w] && (row[w] & mask) != key)
					row[keep++] = row[w];
			while (keep < arrays[i]->ways)
				row[keep++] = 0;
		}
}

static void set_assoc_flush_asid(void *state, unsigned asid)
{
	flush_matching(state, TLB_VALID | TLB_ASID((1u << TLB_ASID_BITS) - 1), TLB_VALID | TLB_ASID(asid));
}

static void set_assoc_flush_all(void *state)
{
	flush_matching(state, 0, 0);
}

static uint64_t set_assoc_reach(const void *state)
{
	const struct set_assoc *t = state;
	const struct array *last[2] = { t->l2.ways ? &t->l2 : &t->l1[TLB_DATA],
					t->l2.ways ? &t->l2_huge : &t->l1_huge[TLB_DATA] };
	uint64_t bytes = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (i && last[1]->row == last[0]->row)
			break;
		for (size_t k = 0; k < (size_t)(last[i]->set_mask + 1) * last[i]->ways; k++)
			if (last[i]->row[k] & TLB_VALID)
				bytes += last[i]->row[k] & TLB_HUGE ? EG_PAGE_SIZE << EG_HUGE_ORDER : EG_PAGE_SIZE;
	}
	return bytes;
}

static void set_assoc_validate(const void *state)
{
	const struct set_assoc *t = state;
	const struct array *arrays[6];
	unsigned n = arrays_of(t, arrays);

	for (unsigned i = 0; i < n; i++)
		for (uint32_t s = 0; s <= arrays[i]->set_mask; s++) {
			const uint64_t *row = arrays[i]->row + (size_t)s * arrays[i]->ways;

			for (uint32_t w = 0; w < arrays[i]->ways; w++) {
				EG_CHECK(!row[w] || (row[w] & TLB_VALID));
				EG_CHECK(!row[w] || ((row[w] & TLB_VPN_MASK) & arrays[i]->set_mask) == s);
				EG_CHECK(!row[w] || w == 0 || row[w - 1]);
				for (uint32_t v = 0; row[w] && v < w; v++)
					EG_CHECK((row[w] ^ row[v]) & TLB_KEY_MASK);
			}
		}
}

const struct tlb_ops tlb_set_assoc_ops = {
	.name       = "set_assoc",
	.summary    = "set-associative two-level TLB, true LRU in each set",
	.params     = set_assoc_params,
	.state_size = set_assoc_state_size,
	.init       = set_assoc_init,
	.run        = set_assoc_run,
	.invalidate = set_assoc_invalidate,
	.flush_asid = set_assoc_flush_asid,
	.flush_all  = set_assoc_flush_all,
	.reach      = set_assoc_reach,
	.validate   = set_assoc_validate,
};
