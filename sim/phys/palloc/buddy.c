/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buddy - the binary buddy system, with Linux's mobility grouping.
 *
 *   1. A block of order k is 2^k frames, aligned to its size. One free list for each order and mobility
 *      type. Block p and block p ^ 2^k are buddies.
 *   2. alloc: take the head of the smallest non-empty own list of sufficient order; split, keep the lower
 *      half, put the upper halves on the lists of the requester's type.
 *   3. Own lists empty: fall back. Take the *largest* block of a foreign type, types in a fixed order. A
 *      block of a pageblock or more changes its pageblocks' type. A smaller one takes all free pages of
 *      its pageblock along, and the pageblock's type if half of it is then free or alike. A movable
 *      request that meets only blocks below order 4 takes the *smallest* that fits and nothing else.
 *   4. free: merge while the buddy is free and of equal order. The block goes to the list of its
 *      pageblock's type: at the tail if the buddy of the next order is free too (it may soon merge: do
 *      not break it up), else at the head.
 *   5. Boot memory goes to list tails, ascending.
 *
 * Rules 3 to 5 are those of Linux 6.1, mm/page_alloc.c; rules 1, 2, 4 without tails and types are Knuth,
 * The Art of Computer Programming 1, 2.5 (`grouping: false`, `list: lifo`). Left out: per-CPU lists (a
 * policy of their own), CMA, isolation, highatomic reserves and watermark boost (they need kswapd).
 *
 * Untouched memory. The blocks of maximal order that boot hands over are one range, `virgin`, whose
 * records are all zero: only its first block is on the list (at the tail, where the others would
 * follow), and the next one follows when that one is taken. So a machine of any size is set up at once,
 * and the host gives memory only to records in use. Nothing is ever inserted behind the range: an
 * insertion at that list's tail first writes the range out (linux and lifo never do so, fifo would at
 * once, so it has no range).
 *
 * Budget: an order-0 call costs 12 ns at most, merging included (bench.c measures it).
 */
#include "sim/base/check.h"
#include "sim/phys/frame.h"
#include "sim/phys/palloc/palloc.h"

enum list_rule { LIST_LINUX, LIST_LIFO, LIST_FIFO };

struct list {
	uint32_t head, tail;                /* pfn or FRAME_NONE, both or none                        */
	uint32_t nr;                        /* blocks linked: those of the virgin range are not       */
	uint32_t unused;                    /* 16 bytes, and 16 lists a type: indexed by shifts       */
};
enum { LISTS_A_TYPE = 16 };

struct buddy {
	struct frame *frames;               /* by pfn                                                 */
	uint8_t      *pageblock_type;       /* by pfn >> 9                                            */
	uint32_t      start, end;           /* the span                                               */
	uint32_t      virgin, virgin_end;   /* multiples of 2^max_order; empty if equal               */
	uint8_t       virgin_type;          /* list that the range continues                          */
	uint8_t       type_and;             /* 3, or 0 without grouping: all types are type 0         */
	uint8_t       max_order;
	uint8_t       rule;                 /* enum list_rule                                         */
	uint16_t      nonempty[NR_MIGRATETYPES];                 /* bit k: list[type][k] is not empty */
	struct list   list[NR_MIGRATETYPES][LISTS_A_TYPE];
	struct palloc_counters count;
};
/*
 * A record is FRAME_FREE_HEAD iff it is linked on list[migratetype][order]; the other records of a free
 * block are zero. No two buddies of equal order below max_order are both free. virgin < virgin_end
 * implies list[virgin_type][max_order] is not empty.
 */

static const uint8_t fallback_types[NR_MIGRATETYPES][2] = {
	[MT_UNMOVABLE]   = { MT_RECLAIMABLE, MT_MOVABLE },
	[MT_MOVABLE]     = { MT_RECLAIMABLE, MT_UNMOVABLE },
	[MT_RECLAIMABLE] = { MT_UNMOVABLE, MT_MOVABLE },
};

static const struct eg_param buddy_params[] = {
	{ .name = "grouping", .type = EG_PARAM_BOOL, .def = "true",
	  .help = "one list per order and mobility type, with Linux 6.1's fallback rules; false = one per order" },
	{ .name = "list", .type = EG_PARAM_CHOICE, .def = "linux", .choices = "linux|lifo|fifo",
	  .help = "where a freed block goes: head, but tail if a merge is likely; always head; always tail" },
	{ .name = "max_order", .type = EG_PARAM_COUNT, .def = "10", .min = "0", .max = "10",
	  .help = "largest block is 2^max_order frames" },
	{ 0 }
};

static inline bool is_free_block(const struct frame *f, unsigned order)
{
	return f->kind == FRAME_FREE_HEAD && f->order == order;
}

static inline void clear_head(struct frame *f)
{
	f->next = f->prev = 0;
	frame_set_head(f, FRAME_FREE, 0, 0);
}

/*
 * The list functions take the frame table as an argument, because the compiler must assume that a store
 * to a record changes b->frames.
 */
static EG_ALWAYS_INLINE void push_head(struct buddy *b, struct frame *frames, uint32_t pfn, unsigned order,
				       unsigned type)
{
	struct list *l = &b->list[type][order];
	struct frame *f = &frames[pfn];
	uint32_t next = l->head;

	l->head = pfn;
	l->nr++;
	b->nonempty[type] |= (uint16_t)(1u << order);
	f->next = next;
	f->prev = FRAME_NONE;
	frame_set_head(f, FRAME_FREE_HEAD, order, type);
	if (next != FRAME_NONE)
		frames[next].prev = pfn;
	else
		l->tail = pfn;
}

static void link_tail(struct buddy *b, uint32_t pfn, unsigned order, unsigned type)
{
	struct list *l = &b->list[type][order];
	struct frame *f = &b->frames[pfn];

	frame_set_head(f, FRAME_FREE_HEAD, order, type);
	f->next = FRAME_NONE;
	f->prev = l->tail;
	if (l->tail != FRAME_NONE)
		b->frames[l->tail].next = pfn;
	else
		l->head = pfn;
	l->tail = pfn;
	l->nr++;
	b->nonempty[type] |= (uint16_t)(1u << order);
}

/* Write out the next block of the virgin range. */
static EG_NOINLINE void grow_virgin_list(struct buddy *b)
{
	uint32_t pfn = b->virgin;

	b->virgin += 1u << b->max_order;
	link_tail(b, pfn, b->max_order, b->virgin_type);
}

static void push_tail(struct buddy *b, uint32_t pfn, unsigned order, unsigned type)
{
	if (order == b->max_order && type == b->virgin_type)
		while (b->virgin != b->virgin_end)
			grow_virgin_list(b);
	link_tail(b, pfn, order, type);
}

/* The list has just lost its last block. */
static inline void list_emptied(struct buddy *b, unsigned order, unsigned type)
{
	b->nonempty[type] &= (uint16_t)~(1u << order);
	if (order == b->max_order && type == b->virgin_type && b->virgin != b->virgin_end)
		grow_virgin_list(b);
}

/* Unlink a block of a known order; its record becomes zero. Returns true if its list is now empty. */
static EG_ALWAYS_INLINE bool unlink_block(struct buddy *b, struct frame *frames, uint32_t pfn, unsigned order,
					  unsigned type)
{
	struct list *l = &b->list[type][order];
	struct frame *f = &frames[pfn];
	uint32_t next = f->next, prev = f->prev;

	clear_head(f);
	l->nr--;
	if (next != FRAME_NONE)
		frames[next].prev = prev;
	else
		l->tail = prev;
	if (prev != FRAME_NONE) {
		frames[prev].next = next;
		return false;
	}
	l->head = next;
	return next == FRAME_NONE;
}

static void take(struct buddy *b, uint32_t pfn)
{
	unsigned order = b->frames[pfn].order, type = b->frames[pfn].migratetype;

	if (unlink_block(b, b->frames, pfn, order, type))
		list_emptied(b, order, type);
}

static inline bool in_span(const struct buddy *b, uint32_t pfn)
{
	return pfn - b->start < b->end - b->start;
}

static EG_ALWAYS_INLINE bool buddy_is_free(const struct buddy *b, const struct frame *frames, uint32_t pfn,
					   unsigned order)
{
	uint32_t other = pfn ^ (1u << order);

	return in_span(b, other) && is_free_block(&frames[other], order);
}

/* ---- fallback -------------------------------------------------------------------------------------- */

/* May a request of this type take the other free pages of the pageblock along? */
static bool may_claim(unsigned order, unsigned type)
{
	return order >= EG_HUGE_ORDER / 2 || type != MT_MOVABLE;
}

/* The first foreign type with a block of this order; -1 if none. */
static int foreign_type(const struct buddy *b, unsigned order, unsigned type)
{
	for (unsigned i = 0; i < 2; i++)
		if (b->nonempty[fallback_types[type][i]] >> order & 1)
			return fallback_types[type][i];
	return -1;
}

static void retype_block(struct buddy *b, uint32_t pfn, unsigned type)
{
	unsigned order = b->frames[pfn].order;

	take(b, pfn);
	push_tail(b, pfn, order, type);
}

/*
 * Move all free blocks of pfn's pageblock to the lists of `type`. Returns their pages, 0 if the pageblock
 * reaches over the end of the zone; *movable counts the allocated frames that could be moved away.
 */
static uint32_t move_pageblock(struct buddy *b, uint32_t pfn, unsigned type, uint32_t *movable,
			       uint32_t *steps)
{
	uint32_t first = pfn & ~(EG_HUGE_PAGES - 1), last = first + EG_HUGE_PAGES - 1, moved = 0;

	*movable = 0;
	if (!in_span(b, first))
		first = pfn;
	if (!in_span(b, last))
		return 0;
	for (uint32_t p = first; p <= last; ) {
		const struct frame *f = &b->frames[p];
		uint32_t pages = 1;

		if (f->kind == FRAME_FREE_HEAD) {
			pages = 1u << f->order;
			retype_block(b, p, type);
			moved += pages;
			(*steps)++;
		} else if (frame_movable(f)) {
			(*movable)++;
		}
		p += pages;
	}
	b->count.moved_pages += moved;
	return moved;
}

/* Rule 3 for a block that was chosen: afterwards the lists of `type` can serve the request. */
static void steal(struct buddy *b, uint32_t pfn, unsigned type, bool whole, uint32_t *steps)
{
	unsigned order = b->frames[pfn].order, old = b->pageblock_type[pfn >> EG_HUGE_ORDER];
	uint32_t pages, movable, alike;

	if (order >= EG_HUGE_ORDER) {
		for (uint32_t i = 0; i < 1u << (order - EG_HUGE_ORDER); i++)
			b->pageblock_type[(pfn >> EG_HUGE_ORDER) + i] = (uint8_t)type;
		b->count.claims += UINT64_C(1) << (order - EG_HUGE_ORDER);
	} else if (whole) {
		pages = move_pageblock(b, pfn, type, &movable, steps);
		if (type == MT_MOVABLE)
			alike = movable;
		else
			alike = old == MT_MOVABLE ? EG_HUGE_PAGES - pages - movable : 0;
		if (pages) {
			if (pages + alike >= EG_HUGE_PAGES / 2) {
				b->pageblock_type[pfn >> EG_HUGE_ORDER] = (uint8_t)type;
				b->count.claims++;
			}
			return;
		}
	}
	retype_block(b, pfn, type);
	(*steps)++;
}

/*
 * Make a block of a foreign type ours: afterwards the lists of `type` can serve the request. *from and
 * *order_taken say where it came from. False if there is none.
 */
static bool fall_back(struct buddy *b, const struct palloc_req *req, unsigned type, unsigned *from_type,
		      unsigned *order_taken, uint32_t *steps)
{
	unsigned order = req->order, lowest = order, k;
	int from = -1;
	bool whole;

	if (!b->type_and)
		return false;
	if (req->flags & PALLOC_NOFRAGMENT && lowest < EG_HUGE_ORDER)
		lowest = EG_HUGE_ORDER;
	for (k = b->max_order + 1u; k > lowest && from < 0; ) {
		++*steps;
		from = foreign_type(b, --k, type);
	}
	if (from < 0)
		return false;
	whole = may_claim(k, type);
	if (!whole && k > order)
		for (k = order; (from = foreign_type(b, k, type)) < 0; k++)
			++*steps;
	steal(b, b->list[from][k].head, type, whole, steps);
	*from_type = (unsigned)from;
	*order_taken = k;
	return true;
}

/* ---- the two hot calls ------------------------------------------------------------------------------ */

/* Rule 2, with the smallest sufficient order k known. Returns the frame. */
static EG_ALWAYS_INLINE uint32_t carve(struct buddy *b, unsigned order, unsigned k, unsigned type)
{
	struct list *l = &b->list[type][k];
	struct frame *frames = b->frames;
	uint32_t pfn = l->head, next = frames[pfn].next;

	l->head = next;
	l->nr--;
	clear_head(&frames[pfn]);
	if (next != FRAME_NONE) {
		frames[next].prev = FRAME_NONE;
	} else {
		l->tail = FRAME_NONE;
		list_emptied(b, k, type);
	}
	if (k == order)
		return pfn;
	b->count.splits += k - order;
	b->nonempty[type] |= (uint16_t)((1u << k) - (1u << order));
	do {                                 /* these lists were empty: k was the smallest that was not */
		uint32_t half = pfn + (1u << --k);
		struct frame *f = &frames[half];

		*--l = (struct list){ half, half, 1, 0 };
		f->next = f->prev = FRAME_NONE;
		frame_set_head(f, FRAME_FREE_HEAD, k, type);
	} while (k > order);
	return pfn;
}

static EG_NOINLINE struct palloc_result alloc_foreign(struct buddy *b, const struct palloc_req *req,
						      unsigned type)
{
	struct palloc_result res = { .outcome = PALLOC_NO_BLOCK, .pfn = EG_PFN_NONE, .steps = 1 };
	unsigned from, order_taken, k;

	if (!fall_back(b, req, type, &from, &order_taken, &res.steps))
		return res;
	k = (unsigned)__builtin_ctz((unsigned)b->nonempty[type] >> req->order << req->order);
	res.outcome = PALLOC_GRANTED;
	res.pfn = (eg_pfn){ carve(b, req->order, k, type) };
	res.steps += k - req->order;
	res.fallback = (uint8_t)(from + 1);
	res.fallback_order = (uint8_t)order_taken;
	return res;
}

/* The result is made of registers alone: read back from the stack it would cost two failed store forwards. */
static struct palloc_result buddy_alloc_pages(void *state, const struct palloc_req *req)
{
	struct buddy *b = state;
	unsigned order = req->order, type = req->migratetype & b->type_and, k;
	unsigned sufficient = (unsigned)b->nonempty[type] >> order;

	if (EG_UNLIKELY(!sufficient))
		return alloc_foreign(b, req, type);
	k = order + (unsigned)__builtin_ctz(sufficient);
	return (struct palloc_result){ .outcome = PALLOC_GRANTED, .pfn = { carve(b, order, k, type) },
				       .steps = 1 + k - order };
}

/* Merge and insert; `to_tail` for boot memory. */
static EG_ALWAYS_INLINE uint32_t give_back(struct buddy *b, uint32_t pfn, unsigned order, bool to_tail)
{
	unsigned type = b->pageblock_type[pfn >> EG_HUGE_ORDER] & b->type_and, start_order = order;
	unsigned max_order = b->max_order;
	struct frame *frames = b->frames;

	EG_ASSERT(order <= max_order && !(pfn & ((1u << order) - 1)));
	EG_ASSERT(frames[pfn].kind != FRAME_FREE_HEAD);
	while (order < max_order && buddy_is_free(b, frames, pfn, order)) {
		uint32_t other = pfn ^ (1u << order);
		unsigned from = frames[other].migratetype;

		/* no virgin range to look after: that is at max_order */
		if (unlink_block(b, frames, other, order, from))
			b->nonempty[from] &= (uint16_t)~(1u << order);
		pfn &= other;
		order++;
	}
	b->count.merges += order - start_order;
	if (b->rule == LIST_LINUX)
		to_tail |= order + 1 < max_order && buddy_is_free(b, frames, pfn & ~(1u << order), order + 1);
	else if (b->rule == LIST_FIFO)
		to_tail = true;
	if (to_tail)
		push_tail(b, pfn, order, type);
	else
		push_head(b, frames, pfn, order, type);
	return 1 + order - start_order;
}

static EG_NOINLINE void give_boot_block(struct buddy *b, uint32_t pfn, unsigned order)
{
	(void)give_back(b, pfn, order, true);
}

static uint32_t buddy_free_pages(void *state, eg_pfn pfn, unsigned order)
{
	return give_back(state, pfn.v, order, false);
}

/* ---- set-up and inspection ---------------------------------------------------------------------------- */

static size_t buddy_state_size(const struct palloc_span *span, const struct eg_args *args)
{
	(void)span, (void)args;
	return sizeof(struct buddy);
}

static eg_status buddy_init(void *state, const struct palloc_span *span, const struct eg_args *args)
{
	struct buddy *b = state;

	b->frames = span->frames;
	b->pageblock_type = span->pageblock_type;
	b->start = span->start.v;
	b->end = span->end.v;
	b->type_and = eg_args_bool(args, "grouping") ? 3 : 0;
	b->rule = (uint8_t)eg_args_u64(args, "list");
	b->max_order = (uint8_t)eg_args_u64(args, "max_order");
	for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
		for (unsigned order = 0; order < EG_NR_ORDERS; order++)
			b->list[type][order] = (struct list){ FRAME_NONE, FRAME_NONE, 0, 0 };
	return EG_OK;
}

/* Can the blocks from pfn on become, or continue, the virgin range? Their pageblocks must be of one type,
 * so blocks below a pageblock, and types changed before boot, are linked one by one. */
static bool may_be_virgin(const struct buddy *b, uint32_t pfn)
{
	unsigned type = b->pageblock_type[pfn >> EG_HUGE_ORDER] & b->type_and;

	if (b->rule == LIST_FIFO || b->max_order < EG_HUGE_ORDER)
		return false;
	for (uint32_t p = pfn; p < pfn + (1u << b->max_order); p += EG_HUGE_PAGES)
		if ((b->pageblock_type[p >> EG_HUGE_ORDER] & b->type_and) != type)
			return false;
	if (b->virgin != b->virgin_end)
		return pfn == b->virgin_end && type == b->virgin_type;
	return b->nonempty[type] >> b->max_order & 1;
}

static void buddy_add_free(void *state, eg_pfn start, eg_pfn end)
{
	struct buddy *b = state;
	uint32_t pfn = start.v;

	EG_ASSERT(b->start <= start.v && start.v <= end.v && end.v <= b->end);
	while (pfn < end.v) {
		unsigned order = pfn ? (unsigned)__builtin_ctz(pfn) : b->max_order;

		if (order > b->max_order)
			order = b->max_order;
		while (end.v - pfn < 1u << order)
			order--;
		if (order == b->max_order && may_be_virgin(b, pfn)) {
			if (b->virgin == b->virgin_end) {
				b->virgin = b->virgin_end = pfn;
				b->virgin_type = b->pageblock_type[pfn >> EG_HUGE_ORDER] & b->type_and;
			}
			b->virgin_end += 1u << order;
		} else {
			give_boot_block(b, pfn, order);
		}
		pfn += 1u << order;
	}
	b->count = (struct palloc_counters){ 0 };    /* boot is not part of the run */
}

static void buddy_free_state(const void *state, struct palloc_free *f)
{
	const struct buddy *b = state;

	*f = (struct palloc_free){ 0 };
	for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
		for (unsigned order = 0; order <= b->max_order; order++)
			f->blocks_of_type[type][order] = b->list[type][order].nr;
	f->blocks_of_type[b->virgin_type][b->max_order] += (b->virgin_end - b->virgin) >> b->max_order;
	for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
		for (unsigned order = 0; order <= b->max_order; order++) {
			f->blocks[order] += f->blocks_of_type[type][order];
			f->pages += f->blocks_of_type[type][order] << order;
		}
}

static bool buddy_frame_is_free(const void *state, eg_pfn pfn)
{
	const struct buddy *b = state;

	if (pfn.v - b->virgin < b->virgin_end - b->virgin)
		return true;
	for (unsigned order = 0; order <= b->max_order; order++) {
		uint32_t head = pfn.v & ~((1u << order) - 1);

		if (in_span(b, head) && is_free_block(&b->frames[head], order))
			return true;
	}
	return false;
}

static void buddy_counters(const void *state, struct palloc_counters *c)
{
	*c = ((const struct buddy *)state)->count;
}

static void validate_block(const struct buddy *b, uint32_t pfn, unsigned order, unsigned type)
{
	const struct frame *f = &b->frames[pfn];

	EG_CHECK(in_span(b, pfn) && in_span(b, pfn + (1u << order) - 1));
	EG_CHECK(!(pfn & ((1u << order) - 1)));
	EG_CHECK(is_free_block(f, order) && f->migratetype == type && f->flags == 0 && f->refs == 0);
	EG_CHECK(order == b->max_order || !buddy_is_free(b, b->frames, pfn, order));
	for (uint32_t i = 1; i < 1u << order; i++)
		EG_CHECK(f[i].kind == FRAME_FREE && f[i].flags == 0 && f[i].refs == 0);
}

static void buddy_validate(const void *state)
{
	const struct buddy *b = state;
	uint64_t linked = 0, heads = 0;

	for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
		for (unsigned order = 0; order < EG_NR_ORDERS; order++) {
			const struct list *l = &b->list[type][order];
			uint32_t prev = FRAME_NONE, nr = 0;

			EG_CHECK((b->nonempty[type] >> order & 1) == (l->head != FRAME_NONE));
			EG_CHECK((l->head == FRAME_NONE) == (l->tail == FRAME_NONE));
			for (uint32_t p = l->head; p != FRAME_NONE; prev = p, p = b->frames[p].next) {
				EG_CHECK(nr++ < l->nr && b->frames[p].prev == prev);
				validate_block(b, p, order, type);
			}
			EG_CHECK(prev == l->tail && nr == l->nr);
			linked += nr;
		}
	for (uint32_t p = b->start; p < b->end; p++) {
		if (p == b->virgin)
			p = b->virgin_end;
		if (p < b->end && b->frames[p].kind == FRAME_FREE_HEAD)
			heads++;
	}
	EG_CHECK(heads == linked);
	if (b->virgin != b->virgin_end) {
		EG_CHECK(b->start <= b->virgin && b->virgin < b->virgin_end && b->virgin_end <= b->end);
		EG_CHECK(!((b->virgin | b->virgin_end) & ((1u << b->max_order) - 1)));
		EG_CHECK(b->list[b->virgin_type][b->max_order].nr);
	}
}

const struct palloc_ops palloc_buddy_ops = {
	.name        = "buddy",
	.summary     = "binary buddy with mobility grouping and fallback as in Linux 6.1, no per-CPU lists",
	.params      = buddy_params,
	.state_size  = buddy_state_size,
	.init        = buddy_init,
	.add_free    = buddy_add_free,
	.alloc_pages = buddy_alloc_pages,
	.free_pages  = buddy_free_pages,
	.free_state  = buddy_free_state,
	.frame_is_free = buddy_frame_is_free,
	.counters    = buddy_counters,
	.validate    = buddy_validate,
};
