/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits - the loops of translation, decoding and events; see limits.h.
 *
 * Translation: a set is a row of 32-bit page numbers in recency order in one vector register. Hit position =
 * lowest set bit of the comparison, or the last way on a miss; ways 0..k move up by one and the page enters at
 * way 0: hit and miss are the same instructions, eviction is free. A last-page filter before it, a prefetch of
 * the leaf entry of an access a little ahead behind it.
 */
#if defined(__x86_64__)
#include <immintrin.h>          /* before mem.h, which poisons the malloc that it mentions */
#define HAVE_AVX2_PATH 1
#endif

#include "sim/bench/limits.h"

#include "sim/base/types.h"

enum { L1_SETS = 16, L1_WAYS = 4, L2_SETS = 128, L2_WAYS = 12, L2_ROW = 16, LEAVES = 1 << 20, AHEAD = 8 };

struct limit_tlb {
	uint32_t l1[L1_SETS][L1_WAYS];
	uint32_t l2[L2_SETS][L2_ROW];       /* rows of 12, with room for a whole vector */
	uint32_t last;
	uint64_t sum;                       /* of the leaf entries read: the walks were made */
	uint64_t *l4, *l3, *l2t, *leaf;     /* upper entries hold the address of the next table */
};

struct limit_tlb *limit_tlb_new(struct limit_pool *pool)
{
	struct limit_tlb *t = limit_carve(pool, 1, sizeof(*t));

	if (!t)
		return NULL;
	t->l4 = limit_carve(pool, 512, sizeof(*t->l4));
	t->l3 = limit_carve(pool, 512, sizeof(*t->l3));
	t->l2t = limit_carve(pool, 4 * 512, sizeof(*t->l2t));
	t->leaf = limit_carve(pool, LEAVES, sizeof(*t->leaf));
	if (!t->l4 || !t->l3 || !t->l2t || !t->leaf)
		return NULL;
	t->l4[0] = (uint64_t)(uintptr_t)t->l3;
	for (unsigned i = 0; i < 4; i++)
		t->l3[i] = (uint64_t)(uintptr_t)(t->l2t + i * 512);
	for (unsigned i = 0; i < 4 * 512; i++)
		t->l2t[i] = (uint64_t)(uintptr_t)(t->leaf + (size_t)i * 512);
	for (uint64_t i = 0; i < LEAVES; i++)
		t->leaf[i] = (i * 2654435761u & (LEAVES - 1)) << 12 | 1;
	return t;
}

static EG_ALWAYS_INLINE uint64_t *entries(uint64_t address) { return (uint64_t *)(uintptr_t)address; }

static EG_ALWAYS_INLINE uint64_t walk(const struct limit_tlb *t, uint32_t page)
{
	const uint64_t *l3 = entries(t->l4[page >> 27 & 511]), *l2 = entries(l3[page >> 18 & 511]);
	uint64_t *e = entries(l2[page >> 9 & 511]) + (page & 511);

	if (!(*e & 0x20))
		*e |= 0x20;
	return *e;
}

static EG_ALWAYS_INLINE uint32_t page_of(uint64_t word) { return (uint32_t)(word >> 12) & (LEAVES - 1); }

static bool row_touch(uint32_t *row, unsigned ways, uint32_t page)
{
	unsigned w = 0;
	bool hit;

	while (w < ways && row[w] != page)
		w++;
	hit = w < ways;
	for (w = hit ? w : ways - 1; w > 0; w--)
		row[w] = row[w - 1];
	row[0] = page;
	return hit;
}

static EG_NOINLINE void run_portable(struct limit_tlb *t, const uint64_t *acc, uint64_t n, uint64_t *l1, uint64_t *l2)
{
	uint64_t m1 = 0, m2 = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t page = page_of(acc[i]);

		if (page == t->last)
			continue;
		t->last = page;
		if (row_touch(t->l1[page % L1_SETS], L1_WAYS, page))
			continue;
		m1++;
		if (row_touch(t->l2[page % L2_SETS], L2_WAYS, page))
			continue;
		m2++;
		__builtin_prefetch(&t->leaf[page_of(acc[i + AHEAD < n ? i + AHEAD : i])], 1);
		t->sum += walk(t, page);
	}
	*l1 += m1;
	*l2 += m2;
}

#ifdef HAVE_AVX2_PATH
#define AVX2 __attribute__((target("avx2")))

/* Byte shuffles that move ways 0..k-1 of a row of four up by one. */
static const uint8_t up4[4][16] __attribute__((aligned(16))) = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15 },
	{ 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
};

AVX2 static EG_NOINLINE void run_avx2(struct limit_tlb *t, const uint64_t *acc, uint64_t n, uint64_t *l1, uint64_t *l2)
{
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	const __m256i up8 = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
	uint64_t m1 = 0, m2 = 0, sum = 0;
	uint32_t last = t->last;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t page = page_of(acc[i]), *row;
		__m128i *set, r, b;
		__m256i lo, hi, hi_up, bb, kk;
		unsigned hits, k;

		if (page == last)
			continue;
		last = page;
		set = (__m128i *)(void *)t->l1[page % L1_SETS];
		r = _mm_loadu_si128(set);
		b = _mm_set1_epi32((int)page);
		hits = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(r, b)));
		k = (unsigned)__builtin_ctz(hits | 8);
		r = _mm_shuffle_epi8(r, _mm_load_si128((const __m128i *)(const void *)up4[k]));
		_mm_storeu_si128(set, _mm_blend_epi32(r, b, 1));
		if (hits)
			continue;
		m1++;
		row = t->l2[page % L2_SETS];
		bb = _mm256_set1_epi32((int)page);
		lo = _mm256_loadu_si256((__m256i *)(void *)row);
		hi = _mm256_loadu_si256((__m256i *)(void *)(row + 8));
		hits = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(lo, bb)));
		hits |= (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(hi, bb))) << 8;
		hits &= (1u << L2_WAYS) - 1;
		k = (unsigned)__builtin_ctz(hits | 1u << (L2_WAYS - 1));
		kk = _mm256_set1_epi32((int)k);
		hi_up = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(hi, up8), _mm256_permutevar8x32_epi32(lo, _mm256_set1_epi32(7)), 1);
		hi = _mm256_blendv_epi8(hi_up, hi, _mm256_cmpgt_epi32(lane, _mm256_sub_epi32(kk, _mm256_set1_epi32(8))));
		lo = _mm256_blendv_epi8(_mm256_permutevar8x32_epi32(lo, up8), lo, _mm256_cmpgt_epi32(lane, kk));
		_mm256_storeu_si256((__m256i *)(void *)row, _mm256_blend_epi32(lo, bb, 1));
		_mm256_storeu_si256((__m256i *)(void *)(row + 8), hi);
		if (hits)
			continue;
		m2++;
		__builtin_prefetch(&t->leaf[page_of(acc[i + AHEAD < n ? i + AHEAD : i])], 1);
		sum += walk(t, page);
	}
	t->last = last;
	t->sum += sum;
	*l1 += m1;
	*l2 += m2;
}
#endif

void limit_tlb_run(struct limit_tlb *t, const uint64_t *acc, uint64_t n, bool reset, uint64_t *l1, uint64_t *l2)
{
	if (reset) {
		memset(t->l1, 0xff, sizeof(t->l1));
		memset(t->l2, 0xff, sizeof(t->l2));
		t->last = UINT32_MAX;
		*l1 = *l2 = 0;
	}
#ifdef HAVE_AVX2_PATH
	if (__builtin_cpu_supports("avx2")) {
		run_avx2(t, acc, n, l1, l2);
		return;
	}
#endif
	run_portable(t, acc, n, l1, l2);
}

/* ---- trace ------------------------------------------------------------------------------------------------- */

size_t limit_leb_encode(const uint64_t *acc, uint64_t n, uint8_t *out)
{
	uint64_t last = 0;
	uint8_t *p = out;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t a = acc[i] & ((UINT64_C(1) << 57) - 1), d = a - last, z = d << 1 ^ (d >> 63 ? UINT64_MAX : 0);

		last = a;
		for (; z >= 0x80; z >>= 7)
			*p++ = (uint8_t)(z | 0x80);
		*p++ = (uint8_t)z;
	}
	return (size_t)(p - out);
}

static EG_ALWAYS_INLINE const uint8_t *leb_next(const uint8_t *in, uint64_t *at)
{
	uint64_t z = *in++;

	if (z & 0x80) {
		unsigned shift = 7;
		uint8_t b;

		z &= 0x7f;
		do {
			b = *in++;
			z |= (uint64_t)(b & 0x7f) << shift;
			shift += 7;
		} while (b & 0x80);
	}
	*at += z >> 1 ^ (0 - (z & 1));
	return in;
}

const uint8_t *limit_leb_decode(const uint8_t *in, uint64_t n, uint64_t *last, uint64_t *out)
{
	uint64_t at = *last;

	for (uint64_t i = 0; i < n; i++) {
		in = leb_next(in, &at);
		out[i] = at;
	}
	*last = at;
	return in;
}

uint64_t limit_leb_sum(const uint8_t *in, uint64_t n)
{
	uint64_t at = 0, sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		in = leb_next(in, &at);
		sum += at >> 12;
	}
	return sum;
}

/* ---- events ------------------------------------------------------------------------------------------------ */

#define NIL UINT32_MAX

struct node {
	uint64_t time;
	uint32_t data, next;
};

struct limit_calendar {
	struct node *node;
	uint32_t    *bucket;                /* lists by time, ascending */
	uint32_t     mask, free;
	unsigned     shift;                 /* width of a bucket */
	uint64_t     at;                    /* bucket number, not reduced */
};

struct limit_calendar *limit_calendar_new(uint32_t pending, uint64_t mean_gap, struct limit_pool *pool)
{
	struct limit_calendar *c = limit_carve(pool, 1, sizeof(*c));
	uint32_t buckets = 1;

	if (!c)
		return NULL;
	while (buckets < 2 * pending)
		buckets *= 2;
	while (UINT64_C(1) << c->shift < mean_gap / pending)
		c->shift++;
	c->mask = buckets - 1;
	c->node = limit_carve(pool, pending + 1, sizeof(*c->node));
	c->bucket = limit_carve(pool, buckets, sizeof(*c->bucket));
	if (!c->node || !c->bucket)
		return NULL;
	memset(c->bucket, 0xff, buckets * sizeof(*c->bucket));
	for (uint32_t i = 0; i <= pending; i++)
		c->node[i].next = i + 1;
	return c;
}

static EG_ALWAYS_INLINE void calendar_put(struct limit_calendar *c, uint64_t time, uint32_t data)
{
	uint32_t x = c->free, *p = &c->bucket[time >> c->shift & c->mask];

	c->free = c->node[x].next;
	while (*p != NIL && c->node[*p].time <= time)
		p = &c->node[*p].next;
	c->node[x] = (struct node){ time, data, *p };
	*p = x;
}

void limit_calendar_add(struct limit_calendar *c, uint64_t time, uint32_t data) { calendar_put(c, time, data); }

uint64_t limit_calendar_hold(struct limit_calendar *c, const uint64_t *gaps, uint32_t mask, uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t x, *p;

		while (p = &c->bucket[c->at & c->mask], x = *p, x == NIL || c->node[x].time >> c->shift != c->at)
			c->at++;
		*p = c->node[x].next;
		c->node[x].next = c->free;
		c->free = x;
		sum += c->node[x].time;
		calendar_put(c, c->node[x].time + gaps[i & mask], c->node[x].data);
	}
	return sum;
}
