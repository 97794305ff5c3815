/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocks - raw pages: alloc_pages and free_pages of workloads, and the ids by which they know their blocks.
 *
 * Ids are a source's own: open addressing, deletion by moving back what follows. A block may be freed in parts
 * (op argument `offset`, in pages): its first partial free makes a bitmap of the pages that are gone, and the
 * id lives until all are. A free of what is gone already is counted and does nothing, whoever has the page now.
 */
#include "sim/machine/machine.h"

#include "sim/base/idhash.h"

/* ---- ids ---------------------------------------------------------------------------------------------- */

static uint64_t block_home(const struct source *s, uint64_t id)
{
	return eg_id_hash(id, s->block_key) & s->block_mask;
}

static struct source_block *find_block(const struct source *s, uint64_t id)
{
	uint64_t h, steps;

	if (!s->block_of)
		return NULL;
	for (h = block_home(s, id), steps = 0; s->block_of[h].id && steps <= s->block_reach; steps++) {
		if (s->block_of[h].id == id + 1)
			return &s->block_of[h];
		h = (h + 1) & s->block_mask;
	}
	return NULL;
}

/* Into the first empty cell from its home on. */
static void keep_block(struct source *s, const struct source_block *b)
{
	uint64_t h, steps;

	for (h = block_home(s, b->id - 1), steps = 0; s->block_of[h].id; steps++)
		h = (h + 1) & s->block_mask;
	s->block_of[h] = *b;
	s->block_reach = steps > s->block_reach ? steps : s->block_reach;
}

/* Filled anew with mask + 1 cells, under the first key from `key` on that keeps the reach (sim/base/idhash.h). */
static bool refill_blocks(struct source *s, uint64_t mask, uint64_t key)
{
	struct source fresh = { .block_mask = mask, .block_key = key };
	uint64_t last = key + eg_id_tries(s->blocks_used);

	fresh.block_of = eg_calloc(mask + 1, sizeof(*fresh.block_of));
	if (!fresh.block_of)
		return false;
	for (;;) {
		for (uint64_t i = 0; s->block_of && i <= s->block_mask; i++) {
			if (s->block_of[i].id)
				keep_block(&fresh, &s->block_of[i]);
			if (fresh.block_reach > EG_ID_REACH && fresh.block_key != last)
				break;
		}
		if (fresh.block_reach <= EG_ID_REACH || fresh.block_key == last)
			break;
		memset(fresh.block_of, 0, (mask + 1) * sizeof(*fresh.block_of));
		fresh.block_reach = 0;
		fresh.block_key++;
	}
	eg_free(s->block_of);
	s->block_of = fresh.block_of;
	s->block_mask = mask;
	s->block_key = fresh.block_key;
	s->block_reach = fresh.block_reach;
	return true;
}

static bool put_block(struct machine *m, struct source *s, uint64_t id, eg_pfn pfn, unsigned order)
{
	const struct source_block b = { .id = id + 1, .pfn = pfn, .order = (uint8_t)order };
	uint64_t before;

	if ((!s->block_of || 2 * (s->blocks_used + 1) > s->block_mask + 1) &&
	    !refill_blocks(s, s->block_of ? s->block_mask * 2 + 1 : 1023, s->block_key)) {
		machine_fail(m, EG_NO_MEMORY);
		return false;
	}
	before = s->block_reach;
	keep_block(s, &b);
	s->blocks_used++;
	if (s->block_reach > EG_ID_REACH && s->block_reach > before &&
	    !refill_blocks(s, s->block_mask, s->block_key + 1)) {
		machine_fail(m, EG_NO_MEMORY);
		return false;
	}
	return true;
}

static void forget_block(struct source *s, struct source_block *b)
{
	uint64_t h = (uint64_t)(b - s->block_of), gap = h;

	eg_free(b->gone);
	for (;;) {
		uint64_t home;

		h = (h + 1) & s->block_mask;
		/* what stands further behind the gap than the reach cannot belong into it */
		if (!s->block_of[h].id || ((h - gap) & s->block_mask) > s->block_reach)
			break;
		home = block_home(s, s->block_of[h].id - 1);
		if (((h - home) & s->block_mask) >= ((h - gap) & s->block_mask)) {
			s->block_of[gap] = s->block_of[h];
			gap = h;
		}
	}
	s->block_of[gap] = (struct source_block){ 0 };
	s->blocks_used--;
}

void source_blocks_close(struct source *s)
{
	for (uint64_t i = 0; s->block_of && i <= s->block_mask; i++)
		eg_free(s->block_of[i].gone);
	eg_free(s->block_of);
}

/* ---- freeing ------------------------------------------------------------------------------------------ */

static void free_block(struct machine *m, struct cpu *c, uint32_t task, eg_pfn pfn, unsigned order)
{
	eg_time start = c->mmu.clock;
	uint32_t steps = 0;
	enum phys_free_result r = phys_free_checked(&m->phys, pfn, order, &steps);
	struct vm_work w = { .frees = 1, .free_steps = steps };

	if (r != PHYS_FREE_OK) {
		m->not_applied[r == PHYS_FREE_WRONG_ORDER || r == PHYS_FREE_NOT_HEAD ? NOT_FREE_WRONG : NOT_FREE_UNKNOWN]++;
		return;
	}
	if (m->booting)
		return;         /* it happened before the run */
	price_work(m, c, &w, TIME_ALLOC);
	m->count.free_pages++;
	op_emit(m, c, PROBE_FREE, task, order, c->mmu.clock - start);
}

static bool is_gone(const struct source_block *b, uint64_t page)
{
	return b->gone && b->gone[page / 64] >> page % 64 & 1;
}

/* Pages [from, to) of a block, none of which is gone, in the pieces that earlier frees have left. */
static void free_pieces(struct machine *m, struct cpu *c, uint32_t task, const struct source_block *b, uint64_t from, uint64_t to)
{
	while (from < to) {
		eg_pfn pfn = eg_pfn_add(b->pfn, from), head = phys_block_head(&m->phys, pfn);
		unsigned aligned = (unsigned)__builtin_ctzll(from | UINT64_C(1) << EG_MAX_ORDER);
		unsigned order, fits = 63u - (unsigned)__builtin_clzll(to - from);

		EG_CHECK(!eg_pfn_is_none(head));
		fits = fits < aligned ? fits : aligned;
		/* by halves: what stays is as large as it can be */
		for (order = phys_frame(&m->phys, head)->order; order > fits; order--) {
			phys_split(&m->phys, head, order, order - 1);
			head = phys_block_head(&m->phys, pfn);
		}
		EG_CHECK(head.v == pfn.v);
		free_block(m, c, task, pfn, order);
		from += UINT64_C(1) << order;
	}
}

static void free_part(struct machine *m, struct cpu *c, uint32_t task, struct source *s, struct source_block *b, uint64_t offset,
		      unsigned order)
{
	uint64_t nr = UINT64_C(1) << order, pages = UINT64_C(1) << b->order;

	for (uint64_t p = offset; p < offset + nr; p++)
		if (is_gone(b, p)) {
			m->not_applied[NOT_FREE_UNKNOWN]++;
			return;
		}
	if (!b->gone)
		b->gone = eg_calloc((pages + 63) / 64, sizeof(*b->gone));
	if (!b->gone) {
		machine_fail(m, EG_NO_MEMORY);
		return;
	}
	free_pieces(m, c, task, b, offset, offset + nr);
	for (uint64_t p = offset; p < offset + nr; p++)
		b->gone[p / 64] |= UINT64_C(1) << p % 64;
	b->nr_gone += nr;
	if (b->nr_gone == pages)
		forget_block(s, b);
}

/* What is left of a block. */
static void free_rest(struct machine *m, struct cpu *c, uint32_t task, struct source *s, struct source_block *b)
{
	uint64_t pages = UINT64_C(1) << b->order;

	if (!b->gone)
		free_block(m, c, task, b->pfn, b->order);
	for (uint64_t p = 0, end; b->gone && p < pages; p = end) {
		for (end = p + 1; end < pages && is_gone(b, end) == is_gone(b, p); end++)
			;
		if (!is_gone(b, p))
			free_pieces(m, c, task, b, p, end);
	}
	forget_block(s, b);
}

/* ---- operations --------------------------------------------------------------------------------------- */

bool op_alloc_pages(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op)
{
	struct task *t = task_of(m, task);
	struct source *s = &m->source[t->source];
	struct phys_req req = { .order = (uint8_t)op->arg[1], .kind = FRAME_RAW, .cpu = (uint8_t)m->acting,
				.gfp = alloc_pages_gfp(op->arg[2]), .owner = task };
	struct vm_work w = { .allocs = 1 };
	struct source_block *old;
	struct phys_result r;

	if (op->arg[1] > EG_MAX_ORDER || op->arg[0] == UINT64_MAX) {     /* no such block; an id that marks an empty cell */
		m->not_applied[NOT_NOMEM]++;
		return true;
	}
	old = find_block(s, op->arg[0]);
	if (old) {
		/* allocated while live: the recording missed the free */
		m->not_applied[NOT_ALLOC_LIVE]++;
		free_rest(m, c, task, s, old);
	}
	r = phys_alloc(&m->phys, &req);
	w.alloc_steps = r.steps;
	w.zone = r.outcome == PHYS_GRANTED ? r.zone : 0;
	price_work(m, c, &w, TIME_ALLOC);
	if (m->booting) {
		if (r.outcome != PHYS_GRANTED)
			return false;
		(void)put_block(m, s, op->arg[0], r.pfn, req.order);
		return true;
	}
	if (r.outcome == PHYS_WAIT) {
		task_park(m, c);
		return false;
	}
	m->count.alloc_pages++;
	if (r.outcome == PHYS_FAIL)
		m->count.alloc_failed++;
	else if (!put_block(m, s, op->arg[0], r.pfn, req.order))
		return true;
	op_emit(m, c, PROBE_ALLOC, task, req.order, c->mmu.clock - t->op_start);
	return true;
}

void op_free_pages(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op)
{
	struct source *s = &m->source[task_of(m, task)->source];
	unsigned order = op->arg[1] > EG_MAX_ORDER ? EG_MAX_ORDER + 1 : (unsigned)op->arg[1];
	struct source_block *b = find_block(s, op->arg[0]);
	uint64_t offset = op->arg[2];

	if (!b)
		m->not_applied[NOT_FREE_UNKNOWN]++;
	else if (order > b->order || offset % (UINT64_C(1) << order) || offset >= UINT64_C(1) << b->order)
		m->not_applied[NOT_FREE_WRONG]++;
	else if (order == b->order && !b->gone)
		free_rest(m, c, task, s, b);
	else
		free_part(m, c, task, s, b, offset, order);
}
