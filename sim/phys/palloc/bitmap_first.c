/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bitmap_first - one bit per frame, first fit.
 *
 *   1. A set bit is a frame in use. A request of order k takes the lowest aligned run of 2^k clear bits.
 *   2. free clears the bits; coalescing is implicit.
 *   3. A second bitmap has one bit per 64-bit word: set = the word is full, skip it.
 *
 * Steps are the words looked at, of both bitmaps, so the search over a full low end shows as cost; that
 * is the price of always filling the lowest hole, which keeps the high end in one piece (Johnstone and
 * Wilson, ISMM 1998: address-ordered first fit with coalescing wastes next to nothing).
 *
 * Inside a word the aligned free groups of order k are found by folding: with x the free bits,
 * x & x >> 1 at the even positions are the free pairs, and so on; the same folding of a chunk's 16 words
 * gives orders 7 to 10. So free memory can be counted in blocks as a buddy system would hold it.
 *
 * No mobility types, no list links: nothing is written into the frame records.
 */
#include "sim/base/check.h"
#include "sim/phys/palloc/palloc.h"

enum { WORD_ORDER = 6, WORD_BITS = 64, CHUNK_WORDS = 1 << (EG_MAX_ORDER - WORD_ORDER) };

struct bitmap_first {
	uint32_t base;          /* frame of bit 0: the span's start, down to a multiple of 2^EG_MAX_ORDER */
	uint32_t nr_words;      /* a multiple of CHUNK_WORDS; bits outside the span are set              */
	bool     summary;       /* parameter                                                             */
	uint64_t nr_free;       /* == clear bits of the bitmap                                           */
	uint64_t bits[];        /* the bitmap, then the summary: bit i of it set iff word i is all ones  */
};

static const struct eg_param bitmap_first_params[] = {
	{ .name = "summary", .type = EG_PARAM_BOOL, .def = "true",
	  .help = "skip full words by a second bitmap; the blocks chosen are the same, the cost is not" },
	{ 0 }
};

static inline uint64_t *summary_of(struct bitmap_first *m) { return m->bits + m->nr_words; }
static inline const uint64_t *summary_const(const struct bitmap_first *m) { return m->bits + m->nr_words; }

/* From the free groups of order k - 1 (a bit at the first of each) those of order k; k in 1..6. */
static inline uint64_t fold(uint64_t groups, unsigned k)
{
	static const uint64_t aligned[WORD_ORDER + 1] = {
		UINT64_MAX, UINT64_C(0x5555555555555555), UINT64_C(0x1111111111111111),
		UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001), 1,
	};

	return groups & groups >> (1u << (k - 1)) & aligned[k];
}

/* First bit of each aligned group of 2^order free frames in a word of the bitmap. */
static inline uint64_t free_groups(uint64_t word, unsigned order)
{
	uint64_t groups = ~word;

	for (unsigned k = 1; k <= order; k++)
		groups = fold(groups, k);
	return groups;
}

static void set_summary(struct bitmap_first *m, uint32_t word)
{
	uint64_t *s = &summary_of(m)[word / WORD_BITS], bit = UINT64_C(1) << word % WORD_BITS;

	*s = m->bits[word] == UINT64_MAX ? *s | bit : *s & ~bit;
}

/* Set or clear 2^order bits; they must all have the other value. */
static void change(struct bitmap_first *m, uint32_t index, unsigned order, bool used)
{
	uint64_t mask = order >= WORD_ORDER ? UINT64_MAX :
			((UINT64_C(1) << (1u << order)) - 1) << index % WORD_BITS;
	uint32_t first = index / WORD_BITS, nr = order > WORD_ORDER ? 1u << (order - WORD_ORDER) : 1;

	for (uint32_t w = first; w < first + nr; w++) {
		EG_CHECK((m->bits[w] & mask) == (used ? 0 : mask));
		m->bits[w] ^= mask;
		set_summary(m, w);
	}
	if (used)
		m->nr_free -= UINT64_C(1) << order;
	else
		m->nr_free += UINT64_C(1) << order;
}

/* Index of the first group inside a word, UINT32_MAX if none. */
static uint32_t find_small(const struct bitmap_first *m, unsigned order, uint32_t *steps)
{
	const uint64_t *summary = summary_const(m);

	for (uint32_t s = 0; s * WORD_BITS < m->nr_words; s++) {
		uint64_t look = m->summary ? ~summary[s] : UINT64_MAX;

		*steps += m->summary;
		for (; look; look &= look - 1) {
			uint32_t w = s * WORD_BITS + (uint32_t)__builtin_ctzll(look);
			uint64_t groups;

			if (w >= m->nr_words)
				break;
			++*steps;
			groups = free_groups(m->bits[w], order);
			if (groups)
				return w * WORD_BITS + (uint32_t)__builtin_ctzll(groups);
		}
	}
	return UINT32_MAX;
}

/* The same for a group of whole words. */
static uint32_t find_large(const struct bitmap_first *m, unsigned order, uint32_t *steps)
{
	uint32_t nr = 1u << (order - WORD_ORDER), w = 0, i;
	const uint64_t *summary = summary_const(m);

	while (w < m->nr_words) {
		if (m->summary) {
			*steps += w % WORD_BITS == 0;
			if (summary[w / WORD_BITS] >> w % WORD_BITS & ((UINT64_C(1) << nr) - 1)) {
				w += nr;
				continue;
			}
		}
		for (i = 0; i < nr; i++) {
			++*steps;
			if (m->bits[w + i])
				break;
		}
		if (i == nr)
			return w * WORD_BITS;
		w += nr;
	}
	return UINT32_MAX;
}

static struct palloc_result bitmap_first_alloc_pages(void *state, const struct palloc_req *req)
{
	struct palloc_result res = { .outcome = PALLOC_NO_BLOCK, .pfn = EG_PFN_NONE };
	struct bitmap_first *m = state;
	uint32_t index;

	if (m->nr_free >> req->order == 0) {
		res.steps = 1;
		return res;
	}
	if (req->order <= WORD_ORDER)
		index = find_small(m, req->order, &res.steps);
	else
		index = find_large(m, req->order, &res.steps);
	if (index == UINT32_MAX)
		return res;
	change(m, index, req->order, true);
	res.outcome = PALLOC_GRANTED;
	res.pfn = (eg_pfn){ m->base + index };
	return res;
}

static uint32_t bitmap_first_free_pages(void *state, eg_pfn pfn, unsigned order)
{
	struct bitmap_first *m = state;

	EG_CHECK(pfn.v >= m->base && (pfn.v - m->base) / WORD_BITS < m->nr_words);
	change(m, pfn.v - m->base, order, false);
	return order > WORD_ORDER ? 1u << (order - WORD_ORDER) : 1;
}

/* ---- set-up and inspection ---------------------------------------------------------------------------- */

static uint32_t words_of(const struct palloc_span *span)
{
	uint64_t base = eg_align_down(span->start.v, 1u << EG_MAX_ORDER);

	return (uint32_t)(eg_align_up(span->end.v - base, 1u << EG_MAX_ORDER) / WORD_BITS);
}

static size_t bitmap_first_state_size(const struct palloc_span *span, const struct eg_args *args)
{
	size_t words = words_of(span), summary = (words + WORD_BITS - 1) / WORD_BITS;

	(void)args;
	return sizeof(struct bitmap_first) + (words + summary) * sizeof(uint64_t);
}

static eg_status bitmap_first_init(void *state, const struct palloc_span *span, const struct eg_args *args)
{
	struct bitmap_first *m = state;

	m->base = (uint32_t)eg_align_down(span->start.v, 1u << EG_MAX_ORDER);
	m->nr_words = words_of(span);
	m->summary = eg_args_bool(args, "summary");
	memset(m->bits, 0xff, bitmap_first_state_size(span, args) - sizeof(*m));
	return EG_OK;
}

static void bitmap_first_add_free(void *state, eg_pfn start, eg_pfn end)
{
	struct bitmap_first *m = state;

	for (uint32_t i = start.v - m->base, stop = end.v - m->base; i < stop; ) {
		unsigned order = i ? (unsigned)__builtin_ctz(i) : EG_MAX_ORDER;

		order = order > EG_MAX_ORDER ? EG_MAX_ORDER : order;
		while (stop - i < 1u << order)
			order--;
		change(m, i, order, false);
		i += 1u << order;
	}
}

static void bitmap_first_free_state(const void *state, struct palloc_free *f)
{
	const struct bitmap_first *m = state;

	*f = (struct palloc_free){ .pages = m->nr_free };
	for (uint32_t chunk = 0; chunk < m->nr_words; chunk += CHUNK_WORDS) {
		uint64_t groups[EG_NR_ORDERS] = { 0 }, whole = 0;

		for (unsigned i = 0; i < CHUNK_WORDS; i++) {
			uint64_t free = ~m->bits[chunk + i];

			groups[0] += (unsigned)__builtin_popcountll(free);
			for (unsigned k = 1; free && k <= WORD_ORDER; k++) {
				free = fold(free, k);
				groups[k] += (unsigned)__builtin_popcountll(free);
			}
			whole |= (free & 1) << i;
		}
		for (unsigned k = 1; k <= EG_MAX_ORDER - WORD_ORDER; k++) {
			whole = fold(whole, k);
			groups[WORD_ORDER + k] = (unsigned)__builtin_popcountll(whole);
		}
		for (unsigned k = 0; k < EG_MAX_ORDER; k++)      /* two groups of an order are one of the next */
			f->blocks[k] += groups[k] - 2 * groups[k + 1];
		f->blocks[EG_MAX_ORDER] += groups[EG_MAX_ORDER];
	}
	memcpy(f->blocks_of_type[MT_UNMOVABLE], f->blocks, sizeof(f->blocks));
}

static bool bitmap_first_frame_is_free(const void *state, eg_pfn pfn)
{
	const struct bitmap_first *m = state;
	uint32_t i = pfn.v - m->base;

	return i / WORD_BITS < m->nr_words && !(m->bits[i / WORD_BITS] >> i % WORD_BITS & 1);
}

static void bitmap_first_validate(const void *state)
{
	const struct bitmap_first *m = state;
	uint64_t nr_free = 0;

	for (uint32_t w = 0; w < m->nr_words; w++) {
		nr_free += (unsigned)__builtin_popcountll(~m->bits[w]);
		EG_CHECK((summary_const(m)[w / WORD_BITS] >> w % WORD_BITS & 1) == (m->bits[w] == UINT64_MAX));
	}
	EG_CHECK(nr_free == m->nr_free);
}

const struct palloc_ops palloc_bitmap_first_ops = {
	.name        = "bitmap_first",
	.summary     = "one bit per frame, lowest aligned free run first",
	.params      = bitmap_first_params,
	.state_size  = bitmap_first_state_size,
	.init        = bitmap_first_init,
	.add_free    = bitmap_first_add_free,
	.alloc_pages = bitmap_first_alloc_pages,
	.free_pages  = bitmap_first_free_pages,
	.free_state  = bitmap_first_free_state,
	.frame_is_free = bitmap_first_frame_is_free,
	.validate    = bitmap_first_validate,
};
