/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conformance of page allocators: every registered policy, with its defaults and each variant of its
 * parameters, keeps the contract of palloc.h. A new policy is tested with no edit here.
 */
#include "tests/conformance/palloc_rig.h"
#include "tests/tap.h"

/* Neither end aligned, four blocks of the largest order inside. */
enum { START = 37, END = 5 * 1024 + 300, MAX_BLOCKS = END };

struct block { eg_pfn pfn; unsigned order; };

struct world {
	struct rig    rig;
	uint8_t       used[END];             /* by frame */
	struct block  live[MAX_BLOCKS];
	unsigned      nr_live;
	bool          good;                  /* aligned, in span, disjoint so far */
};

static bool take(struct world *w, unsigned order, unsigned type)
{
	struct palloc_result got = rig_alloc(&w->rig, order, type);

	if (got.outcome != PALLOC_GRANTED) {
		w->good &= got.outcome == PALLOC_NO_BLOCK;
		return false;
	}
	if (got.pfn.v & ((1u << order) - 1) || got.pfn.v < START || got.pfn.v + (1u << order) > END) {
		printf("# order %u: block at %u\n", order, got.pfn.v);
		w->good = false;
		return false;
	}
	for (uint32_t i = 0; i < 1u << order; i++)
		w->good &= !w->used[got.pfn.v + i]++;
	w->good &= got.steps > 0;
	w->live[w->nr_live++] = (struct block){ got.pfn, order };
	return true;
}

static void give(struct world *w, unsigned i)
{
	struct block b = w->live[i];

	w->live[i] = w->live[--w->nr_live];
	memset(&w->used[b.pfn.v], 0, 1u << b.order);
	w->good &= rig_free(&w->rig, b.pfn, b.order) > 0;
}

static void shuffle(struct world *w, uint64_t seed)
{
	struct eg_rng rng = eg_rng_stream(seed, "shuffle", 0);

	for (unsigned i = w->nr_live; i > 1; i--) {
		unsigned j = (unsigned)eg_rng_below(&rng, i);
		struct block b = w->live[i - 1];

		w->live[i - 1] = w->live[j];
		w->live[j] = b;
	}
}

static void give_all(struct world *w, uint64_t seed)
{
	shuffle(w, seed);
	while (w->nr_live)
		give(w, w->nr_live - 1);
}

static bool frames_agree(const struct world *w)
{
	for (uint32_t pfn = START; pfn < END; pfn++)
		if (w->rig.ops->frame_is_free(w->rig.state, (eg_pfn){ pfn }) == (w->used[pfn] != 0))
			return false;
	return true;
}

static bool same_blocks(const struct world *w)
{
	struct palloc_free now;
	uint64_t pages = 0;

	w->rig.ops->free_state(w->rig.state, &now);
	for (unsigned order = 0; order < EG_NR_ORDERS; order++) {
		uint64_t of_types = 0;

		for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
			of_types += now.blocks_of_type[type][order];
		if (of_types != now.blocks[order] || now.blocks[order] != w->rig.fresh.blocks[order])
			return false;
		pages += now.blocks[order] << order;
	}
	return now.pages == pages;
}

/* Take all of one order and type until it is refused; returns how many. */
static unsigned exhaust(struct world *w, unsigned order, unsigned type)
{
	unsigned nr = 0;

	while (w->nr_live < MAX_BLOCKS && take(w, order, type))
		nr++;
	return nr;
}

static void random_calls(struct world *w, uint64_t seed, unsigned nr)
{
	struct eg_rng rng = eg_rng_stream(seed, "calls", 0);

	while (nr--) {
		unsigned order = (unsigned)__builtin_ctzll(eg_rng_next(&rng) | 1u << 10);

		if (w->nr_live && eg_rng_below(&rng, 100) < 45)
			give(w, (unsigned)eg_rng_below(&rng, w->nr_live));
		else if (w->nr_live < MAX_BLOCKS)
			take(w, order, (unsigned)eg_rng_below(&rng, NR_MIGRATETYPES));
	}
}

static void check_variant(const struct palloc_ops *ops, const struct rig_variant *v)
{
	static struct world w;
	struct eg_rng rng;
	unsigned nr, parts = 0;
	char label[160];
	uint64_t calls;

	w = (struct world){ .good = true };
	snprintf(label, sizeof(label), "%s%s%s%s%s", ops->name, v->name[0] ? " (" : "", v->name,
		 v->name[0] ? " " : "", v->value);
	rig_open(&w.rig, ops, v, START, END, false);
	ok(w.rig.fresh.pages == 0 && !take(&w, 0, MT_MOVABLE), "%s: before add_free all frames are in use", label);
	ops->add_free(w.rig.state, (eg_pfn){ START }, (eg_pfn){ 700 });
	ops->add_free(w.rig.state, (eg_pfn){ 700 }, (eg_pfn){ END });
	rig_close(&w.rig);
	rig_open(&w.rig, ops, v, START, END, true);
	(void)eg_mem_fail_nth(0);

	is_u64(w.rig.fresh.pages, END - START, "a fresh zone has all its pages");
	is_u64(exhaust(&w, 0, MT_MOVABLE), END - START, "every page can be had singly");
	ok(!take(&w, 0, MT_UNMOVABLE) && !take(&w, w.rig.max_order, MT_RECLAIMABLE), "%s: then there is none", label);
	ok(frames_agree(&w), "%s: frame_is_free agrees, all in use", label);
	ops->validate(w.rig.state);
	give_all(&w, 1);
	ops->validate(w.rig.state);
	ok(frames_agree(&w) && same_blocks(&w), "%s: all given back, the blocks are those of the start", label);

	for (unsigned type = 0; type < NR_MIGRATETYPES; type++) {
		nr = exhaust(&w, w.rig.max_order, type);
		ok(nr == w.rig.fresh.blocks[w.rig.max_order], "%s: all blocks of order %u for type %u",
		   label, w.rig.max_order, type);
		give_all(&w, type);
	}

	for (nr = 0; nr < 20; nr++) {
		random_calls(&w, nr, 500);
		ops->validate(w.rig.state);
	}
	ok(w.good, "%s: 10,000 random calls: aligned, in the span, disjoint", label);
	ok(frames_agree(&w), "%s: frame_is_free agrees", label);
	give_all(&w, 3);
	ok(same_blocks(&w), "%s: all given back again", label);

	/* blocks freed in parts */
	while (take(&w, w.rig.max_order < 4 ? w.rig.max_order : 4, parts % NR_MIGRATETYPES))
		parts++;
	rng = eg_rng_stream(7, "parts", 0);
	for (unsigned i = 0; i < w.nr_live; i++) {
		uint32_t flip = (uint32_t)eg_rng_below(&rng, 1u << w.live[i].order);

		for (uint32_t k = 0; k < 1u << w.live[i].order; k++)
			(void)rig_free(&w.rig, eg_pfn_add(w.live[i].pfn, k ^ flip), 0);
		memset(&w.used[w.live[i].pfn.v], 0, 1u << w.live[i].order);
	}
	w.nr_live = 0;
	ops->validate(w.rig.state);
	ok(same_blocks(&w), "%s: %u blocks freed page by page", label, parts);

	calls = eg_mem_fail_nth(0);
	ok(calls == 0, "%s: no host memory asked for after init", label);
	ok(rig_canary_intact(&w.rig), "%s: nothing written behind its state", label);
	rig_close(&w.rig);
}

static void check_same_answers(const struct palloc_ops *ops)
{
	static struct world a, b;
	const struct rig_variant defaults = { "", "" };
	bool same = true;

	a = (struct world){ .good = true };
	b = (struct world){ .good = true };
	rig_open(&a.rig, ops, &defaults, START, END, true);
	rig_open(&b.rig, ops, &defaults, START, END, true);
	random_calls(&a, 11, 5000);
	random_calls(&b, 11, 5000);
	same &= a.nr_live == b.nr_live;
	for (unsigned i = 0; i < a.nr_live && same; i++)
		same &= a.live[i].pfn.v == b.live[i].pfn.v && a.live[i].order == b.live[i].order;
	ok(same, "%s: the same calls have the same answers", ops->name);
	rig_close(&a.rig);
	rig_close(&b.rig);
}

static void check_params(const struct palloc_ops *ops)
{
	struct eg_arena arena = { 0 };
	struct eg_args args;
	bool refused = true;
	char why[256], text[64];

	ok(eg_args_init(&args, ops->params, &arena) == EG_OK, "%s: the defaults parse", ops->name);
	for (const struct eg_param *p = ops->params; p->name; p++) {
		snprintf(text, sizeof(text), "%s9", p->max ? p->max : "no such value");
		if (p->max || p->type == EG_PARAM_BOOL || p->type == EG_PARAM_CHOICE)
			refused &= eg_args_set(&args, p->name, text, &arena, why, sizeof(why)) == EG_BAD_INPUT;
		refused &= p->help && p->help[0];
	}
	ok(refused, "%s: values out of range are refused, every parameter has a help text", ops->name);
	eg_arena_free_all(&arena);
}

int main(void)
{
	unsigned nr = 0;

	for (; palloc_registry[nr]; nr++) {
		const struct palloc_ops *ops = palloc_registry[nr];
		struct rig_variant v;

		ok(palloc_find(ops->name) == ops && ops->summary && ops->summary[0], "%s: found by its name, which is "
		   "unique; has a summary", ops->name);
		check_params(ops);
		for (unsigned i = 0; rig_variant(ops, i, &v); i++)
			check_variant(ops, &v);
		check_same_answers(ops);
	}
	ok(nr >= 2, "%u policies are registered", nr);
	ok(palloc_find("no such policy") == NULL, "an unknown name finds nothing");
	return tap_done();
}
