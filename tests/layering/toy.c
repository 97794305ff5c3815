/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * toy - a page allocator small enough to be read in a minute: one byte a frame, searched in order.
 *
 * It shows what a policy is (this file and one line in plugins.mk) and is added to a copy of the tree by
 * test_toy_policy.sh. First fit (scan_start bottom) or next fit (last), by address; migratetypes, CPUs
 * and hints are ignored, and a search is linear, so nobody should simulate with it.
 */
#include "sim/base/check.h"
#include "sim/phys/palloc/palloc.h"

struct toy {
	eg_pfn   start;
	uint64_t nr;            /* frames of the span                                             */
	uint64_t next;          /* index where the next search starts; < nr, or 0                 */
	uint64_t pages;         /* == number of set bytes in is_free[]                            */
	bool     from_bottom;
	uint8_t  is_free[];     /* [nr]: 1 = free; zero at first: every frame is allocated        */
};

static const struct eg_param toy_params[] = {
	{ "scan_start", EG_PARAM_CHOICE, "last", NULL, NULL, "bottom|last", "where a search starts: lowest frame, or after the last grant" },
	{ 0 }
};

static size_t toy_state_size(const struct palloc_span *span, const struct eg_args *args)
{
	(void)args;
	return sizeof(struct toy) + (span->end.v - span->start.v);
}

static eg_status toy_init(void *state, const struct palloc_span *span, const struct eg_args *args)
{
	struct toy *t = state;

	t->start = span->start;
	t->nr = span->end.v - span->start.v;
	t->from_bottom = eg_args_u64(args, "scan_start") == 0;
	return EG_OK;
}

static void toy_add_free(void *state, eg_pfn start, eg_pfn end)
{
	struct toy *t = state;

	EG_CHECK(start.v >= t->start.v && start.v <= end.v && end.v - t->start.v <= t->nr);
	memset(t->is_free + (start.v - t->start.v), 1, end.v - start.v);
	t->pages += end.v - start.v;
}

/* Is the block of n frames at index i free? `steps` counts the bytes looked at. */
static bool toy_block_free(const struct toy *t, uint64_t i, uint64_t n, uint32_t *steps)
{
	for (uint64_t j = 0; j < n; j++) {
		++*steps;
		if (!t->is_free[i + j])
			return false;
	}
	return true;
}

static struct palloc_result toy_alloc_pages(void *state, const struct palloc_req *req)
{
	struct toy *t = state;
	struct palloc_result r = { .outcome = PALLOC_NO_BLOCK, .pfn = EG_PFN_NONE };
	uint64_t n = UINT64_C(1) << req->order, from = t->from_bottom ? 0 : t->next;
	uint64_t first = eg_align_up(t->start.v, n) - t->start.v;       /* index of the lowest aligned frame */

	for (int pass = 0; pass < 2; pass++) {
		uint64_t i = pass || from < first ? first : first + eg_align_up(from - first, n);

		for (; i + n <= t->nr; i += n) {
			if (!toy_block_free(t, i, n, &r.steps))
				continue;
			memset(t->is_free + i, 0, n);
			t->pages -= n;
			t->next = i + n < t->nr ? i + n : 0;
			r.outcome = PALLOC_GRANTED;
			r.pfn = eg_pfn_add(t->start, i);
			return r;
		}
		if (from <= first)
			break;
	}
	return r;
}

static uint32_t toy_free_pages(void *state, eg_pfn pfn, unsigned order)
{
	struct toy *t = state;
	uint64_t i = pfn.v - t->start.v, n = UINT64_C(1) << order;

	EG_CHECK(i + n <= t->nr);
	for (uint64_t j = 0; j < n; j++) {
		EG_CHECK(!t->is_free[i + j]);
		t->is_free[i + j] = 1;
	}
	t->pages += n;
	return (uint32_t)n;
}

static void toy_free_state(const void *state, struct palloc_free *f)
{
	const struct toy *t = state;
	uint32_t steps = 0;

	*f = (struct palloc_free){ .pages = t->pages };
	/* the largest aligned block that starts here and is free, then the frame after it */
	for (uint64_t i = 0, n; i < t->nr; i += n) {
		unsigned order = 0;

		n = 1;
		if (!t->is_free[i])
			continue;
		while (order < EG_MAX_ORDER && (t->start.v + i) % (2 * n) == 0 && i + 2 * n <= t->nr &&
		       toy_block_free(t, i + n, n, &steps)) {
			n *= 2;
			order++;
		}
		f->blocks[order]++;
		f->blocks_of_type[MT_MOVABLE][order]++;
	}
}

static bool toy_frame_is_free(const void *state, eg_pfn pfn)
{
	const struct toy *t = state;

	EG_CHECK(pfn.v - t->start.v < t->nr);
	return t->is_free[pfn.v - t->start.v];
}

static void toy_validate(const void *state)
{
	const struct toy *t = state;
	uint64_t pages = 0;

	for (uint64_t i = 0; i < t->nr; i++)
		pages += t->is_free[i];
	EG_CHECK(pages == t->pages);
	EG_CHECK(t->next < t->nr || t->next == 0);
}

const struct palloc_ops palloc_toy_ops = {
	.name        = "toy",
	.summary     = "first fit by address (an example)",
	.params      = toy_params,
	.state_size  = toy_state_size,
	.init        = toy_init,
	.add_free    = toy_add_free,
	.alloc_pages = toy_alloc_pages,
	.free_pages  = toy_free_pages,
	.free_state  = toy_free_state,
	.frame_is_free = toy_frame_is_free,
	.validate    = toy_validate,
};
