/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alloc - from a request to a zone, and back.
 *
 *   1. Fast pass over the zonelist at the low watermark. On the Normal zone the policy is asked not to
 *      fragment: a foreign block below a pageblock is refused, because a lower zone may have an own one.
 *      If no zone served the request so, the pass is repeated without that wish.
 *   2. Slow: kswapd is woken. Pass at the min watermark; GFP_HIGH may use half of it, GFP_HARDER with it a
 *      further quarter.
 *   3. Nothing: a request that may block waits (PHYS_WAIT), others fail, as do those above the costly
 *      order, for which Linux does not insist.
 *
 * A zone passes if  free - (2^order - 1) > mark + protect[highest zone of the request].
 *
 * Linux 6.1, mm/page_alloc.c: get_page_from_freelist(), __zone_watermark_ok(),
 * __alloc_pages_slowpath(). Left out: reclaim and compaction between the attempts of step 3 (nothing
 * here can free memory: the caller parks and tries again after phys_free()), watermark boost, highatomic
 * reserves, OOM victims' access to the last reserves.
 */
#include "sim/phys/phys.h"

static inline unsigned highest_zone(uint32_t gfp)
{
	static const uint8_t zone[4] = { ZONE_NORMAL, ZONE_DMA, ZONE_DMA32, ZONE_DMA };

	return zone[gfp >> 8 & 3];
}

_Static_assert(GFP_DMA == 1u << 8 && GFP_DMA32 == 2u << 8, "the zone bits are an index");
_Static_assert(GFP_MOVABLE >> 6 == MT_MOVABLE && GFP_RECLAIMABLE >> 6 == MT_RECLAIMABLE,
	       "the mobility bits are the migratetype");

static inline unsigned migratetype(uint32_t gfp)
{
	return gfp >> 6 & 3;
}

static inline bool zone_has(const struct phys_zone *z, unsigned order, uint64_t mark, unsigned highest)
{
	return z->free_pages > mark + z->protect[highest] + ((UINT64_C(1) << order) - 1);
}

static EG_NOINLINE void mark_tails(struct frame *head, unsigned order)
{
	for (uint32_t i = 1; i < 1u << order; i++) {
		head[i].kind = head->kind;
		head[i].migratetype = head->migratetype;
		head[i].flags = FRAME_TAIL;
	}
}

static inline struct palloc_result ask(struct phys_zone *z, const struct phys_req *req, unsigned order,
				       unsigned type, uint8_t flags)
{
	struct palloc_req pr = { .order = (uint8_t)order, .migratetype = (uint8_t)type, .cpu = req->cpu,
				 .flags = flags, .hint = req->hint };

	return z->ops->alloc_pages(z->state, &pr);
}

/* Mark and account for a block that the policy of zone z has granted. */
static EG_ALWAYS_INLINE void granted(struct phys *p, struct phys_zone *z, const struct phys_req *req,
				     unsigned order, unsigned type, eg_pfn pfn)
{
	struct frame *f = &p->frames[pfn.v];

	EG_ASSERT(z->start.v <= pfn.v && pfn.v + (1u << order) <= z->end.v);
	f->next = f->prev = 0;
	frame_set_head(f, req->kind, order, type);
	f->refs = 0;
	f->owner = req->owner;
	f->index = req->index;
	if (order)
		mark_tails(f, order);
	z->free_pages -= UINT64_C(1) << order;
	z->stats.alloc[order][type]++;
	if (EG_UNLIKELY(req->gfp & GFP_ZERO))
		z->stats.zeroed_pages += UINT64_C(1) << order;
}

static EG_NOINLINE void note_fallback(struct phys_zone *z, struct palloc_result got, struct phys_result *res)
{
	z->stats.fallback++;
	z->stats.fallback_small += got.fallback_order < EG_HUGE_ORDER;
	res->fallback = got.fallback;
	res->fallback_order = got.fallback_order;
}

/* One zone of a slow pass: true if it passes the mark and its policy granted a block. */
static bool try_zone(struct phys *p, struct phys_zone *z, const struct phys_req *req, uint64_t mark,
		     uint8_t flags, struct phys_result *res)
{
	unsigned type = migratetype(req->gfp);
	struct palloc_result got;

	if (!zone_has(z, req->order, mark, highest_zone(req->gfp)))
		return false;
	got = ask(z, req, req->order, type, flags);
	res->steps += got.steps;
	res->zones_tried++;
	if (got.outcome != PALLOC_GRANTED)
		return false;
	granted(p, z, req, req->order, type, got.pfn);
	res->pfn = got.pfn;
	res->outcome = PHYS_GRANTED;
	res->zone = z->index;
	if (got.fallback)
		note_fallback(z, got, res);
	return true;
}

static uint64_t min_mark(const struct phys_zone *z, uint32_t gfp)
{
	uint64_t mark = z->mark[WMARK_MIN];

	if (gfp & GFP_HIGH) {
		mark -= mark / 2;
		if (gfp & GFP_HARDER)
			mark -= mark / 4;
	}
	return mark;
}

/*
 * Rules 1 to 3 after the first zone of the fast pass, which was below its mark (`tried` 0) or whose policy
 * refused (1, with the steps of that).
 */
static EG_NOINLINE struct phys_result alloc_slow(struct phys *p, const struct phys_req *req, uint8_t tried,
						 uint32_t steps)
{
	const uint8_t *list = p->zonelist[req->node][highest_zone(req->gfp)];
	unsigned nr = p->zonelist_nr[req->node][highest_zone(req->gfp)];
	struct phys_result res = { .pfn = EG_PFN_NONE, .steps = steps, .zones_tried = tried };
	bool avoid = p->zone[list[0]].type == ZONE_NORMAL;

	for (unsigned i = 1; i < nr; i++) {
		struct phys_zone *z = &p->zone[list[i]];

		if (try_zone(p, z, req, z->mark[WMARK_LOW], avoid ? PALLOC_NOFRAGMENT : 0, &res))
			return res;
	}
	for (unsigned i = 0; avoid && i < nr; i++) {
		struct phys_zone *z = &p->zone[list[i]];

		if (try_zone(p, z, req, z->mark[WMARK_LOW], 0, &res))
			return res;
	}
	if (req->gfp & GFP_KSWAPD) {
		res.woke_kswapd = 1;
		p->kswapd_wakes++;
	}
	for (unsigned i = 0; i < nr; i++) {
		struct phys_zone *z = &p->zone[list[i]];

		if (try_zone(p, z, req, min_mark(z, req->gfp), 0, &res))
			return res;
	}
	if (req->gfp & GFP_WAIT && !(req->gfp & GFP_NORETRY) && req->order <= PHYS_COSTLY_ORDER) {
		res.outcome = PHYS_WAIT;
		p->wait[req->order]++;
	} else {
		res.outcome = PHYS_FAIL;
		p->fail[req->order][migratetype(req->gfp)]++;
	}
	return res;
}

/* The first zone of the fast pass. Compiled twice: four of five requests are for one page. */
static EG_ALWAYS_INLINE struct phys_result alloc_fast(struct phys *p, const struct phys_req *req, unsigned order)
{
	unsigned highest = highest_zone(req->gfp), type = migratetype(req->gfp);
	struct phys_zone *z = &p->zone[p->first_zone[req->node][highest]];
	struct palloc_result got;
	struct phys_result res;

	if (EG_UNLIKELY(!zone_has(z, order, z->mark[WMARK_LOW], highest)))
		return alloc_slow(p, req, 0, 0);
	got = ask(z, req, order, type, z->type == ZONE_NORMAL ? PALLOC_NOFRAGMENT : 0);
	if (EG_UNLIKELY(got.outcome != PALLOC_GRANTED))
		return alloc_slow(p, req, 1, got.steps);
	granted(p, z, req, order, type, got.pfn);
	if (EG_UNLIKELY(got.fallback)) {
		res = (struct phys_result){ .pfn = got.pfn, .steps = got.steps, .zone = z->index, .zones_tried = 1 };
		note_fallback(z, got, &res);
		return res;
	}
	return (struct phys_result){ .pfn = got.pfn, .steps = got.steps, .zone = z->index, .zones_tried = 1 };
}

struct phys_result phys_alloc(struct phys *p, const struct phys_req *req)
{
	EG_CHECK(req->order <= EG_MAX_ORDER && req->node < p->nr_nodes);
	EG_CHECK(migratetype(req->gfp) < NR_MIGRATETYPES);
	EG_ASSERT(req->kind >= FRAME_RAW && req->kind < FRAME_RESERVED);
	if (EG_LIKELY(req->order == 0))
		return alloc_fast(p, req, 0);
	return alloc_fast(p, req, req->order);
}

/* ---- giving back ------------------------------------------------------------------------------------- */

struct phys_zone *phys_zone_of(struct phys *p, eg_pfn pfn)
{
	for (unsigned i = p->nr_zones; i-- > 0; )
		if (pfn.v >= p->zone[i].start.v)
			return pfn.v < p->zone[i].end.v ? &p->zone[i] : NULL;
	return NULL;
}

static EG_ALWAYS_INLINE uint32_t give_back(struct phys *p, eg_pfn pfn, unsigned order)
{
	struct phys_zone *z = &p->zone[p->nr_zones - 1];
	struct frame *f = &p->frames[pfn.v];
	uint32_t steps;

	while (EG_UNLIKELY(pfn.v < z->start.v))
		z--;
	if (order == 0)
		*f = (struct frame){ 0 };
	else
		memset(f, 0, sizeof(*f) << order);
	z->free_pages += UINT64_C(1) << order;
	z->stats.free[order]++;
	steps = z->ops->free_pages(z->state, pfn, order);
	if (EG_UNLIKELY(p->waiters))
		p->pages_freed(p->pages_freed_ctx, p);
	return steps;
}

uint32_t phys_free(struct phys *p, eg_pfn pfn, unsigned order)
{
	const struct frame *f = &p->frames[pfn.v];

	EG_CHECK(pfn.v < p->nr_frames);
	EG_CHECK(f->kind >= FRAME_RAW && f->kind < FRAME_RESERVED);
	EG_CHECK(f->order == order && !(f->flags & FRAME_TAIL));
	EG_CHECK(f->refs == 0);
	if (EG_LIKELY(order == 0))
		return give_back(p, pfn, 0);
	return give_back(p, pfn, order);
}

const char *phys_free_text(enum phys_free_result r)
{
	static const char *const texts[] = {
#define X(name, text) text,
		PHYS_FREE_MAP(X)
#undef X
	};

	EG_CHECK((unsigned)r < EG_ARRAY_LEN(texts));
	return texts[r];
}

enum phys_free_result phys_free_checked(struct phys *p, eg_pfn pfn, unsigned order, uint32_t *steps)
{
	const struct frame *f;

	*steps = 0;
	if (pfn.v >= p->own_start.v && pfn.v < p->own_end.v)
		return PHYS_FREE_RESERVED;
	if (pfn.v >= p->nr_frames || !phys_zone_of(p, pfn))
		return PHYS_FREE_NO_FRAME;
	if (order > EG_MAX_ORDER || pfn.v & ((1u << order) - 1))
		return PHYS_FREE_UNALIGNED;
	f = &p->frames[pfn.v];
	if (frame_is_free(f))
		return PHYS_FREE_IS_FREE;
	if (f->kind == FRAME_RESERVED)
		return PHYS_FREE_RESERVED;
	if (frame_is_tail(f))
		return PHYS_FREE_NOT_HEAD;
	if (f->order != order)
		return PHYS_FREE_WRONG_ORDER;
	if (f->refs)
		return PHYS_FREE_IN_USE;
	*steps = give_back(p, pfn, order);
	return PHYS_FREE_OK;
}

void phys_split(struct phys *p, eg_pfn pfn, unsigned order, unsigned to)
{
	struct frame *head = phys_frame(p, pfn);

	EG_CHECK(head->kind >= FRAME_RAW && head->kind < FRAME_RESERVED && !frame_is_tail(head));
	EG_CHECK(head->order == order && to <= order && head->refs == 0);
	for (uint32_t i = 0; i < 1u << order; i += 1u << to) {
		struct frame *f = &head[i];

		f->order = (uint8_t)to;
		f->flags &= (uint8_t)~FRAME_TAIL;
		f->owner = head->owner;
		f->index = head->index + i;
	}
}

eg_pfn phys_block_head(const struct phys *p, eg_pfn pfn)
{
	const struct frame *f;

	if (pfn.v >= p->nr_frames)
		return EG_PFN_NONE;
	f = &p->frames[pfn.v];
	if (frame_is_free(f) || f->kind == FRAME_RESERVED)
		return EG_PFN_NONE;
	for (unsigned order = 0; ; order++) {
		uint32_t head = pfn.v & ~((1u << order) - 1);

		EG_CHECK(order <= EG_MAX_ORDER);        /* a tail has a head */
		f = &p->frames[head];
		if (!frame_is_tail(f) && !frame_is_free(f) && f->order >= order)
			return (eg_pfn){ head };
	}
}

uint64_t phys_free_pages(const struct phys *p)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < p->nr_zones; i++)
		pages += p->zone[i].free_pages;
	return pages;
}
