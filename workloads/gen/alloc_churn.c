/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alloc-churn - a constant number of live allocations, replaced at random.
 *
 * The steady state of servers: the amount of live memory hardly changes, but what is live does, and
 * after a while large and small, old and new lie side by side. It drives mmap, first-touch faults and
 * munmap (mode mmap), or the page allocator itself (mode pages).
 *
 *   1. `live` slots. With `fill` each is allocated once, in order; then the warm-up ends.
 *   2. `ops` times: draw a slot uniformly, free what it holds, allocate anew. So an allocation's life, in
 *      replacements, is geometric with mean `live`.
 *   3. With `drain` what is left is freed in the order of the slots.
 *
 *   mode mmap   A slot is a private anonymous mapping whose size is lognormal (`size_median`, `size_sigma`),
 *               clamped to [`size_min`, `size_max`] and rounded up to pages. `touch` of its pages are
 *               written: the first ones (prefix), or each with that probability (scattered). Slot s has
 *               its own window of addresses, as large as the largest size and a multiple of 2 MiB, so
 *               that huge pages have a chance.
 *   mode pages  A slot is one block of 2^order pages, by ALLOC_PAGES and FREE_PAGES; its id is the slot's
 *               number. The order comes from `orders`. The gfp argument has bit 0 set for an atomic request
 *               (it may not sleep or reclaim) and bit 1 for a movable block; the mobility argument says the
 *               same as Linux's migratetype (0 unmovable, 1 movable).
 *
 * Unit of work: one replacement. Streams: alloc-churn.slot, alloc-churn.size (size or order),
 * alloc-churn.touch, alloc-churn.type (atomic, movable).
 *
 * Order mixes. memtier: page allocations of a cache server on Linux 6.0 by order, kernel and user together
 * (llfree-bench, out/size_counters.dref). build: a machine-wide recording of a parallel compilation: order 0
 * 98.6 %, orders 1 to 8 1.2 % together, order 9 0.17 %; how the 1.2 % split is not in the record, halves from
 * order to order are assumed.
 *
 * Real lifetimes are not geometric: they differ by five orders of magnitude between programs, and neighbours
 * die together. Uniform replacement is the hardest case for fragmentation without an adversary, and has no
 * parameter to tune. A real process lets the kernel choose addresses, close together: the windows make
 * more page tables. Left out: brk, mremap, several tasks, frees by another task.
 */
#include "workloads/gen/dist.h"
#include "workloads/gen/region.h"

enum churn_mode { MODE_MMAP, MODE_PAGES };
enum churn_phase { START, ALLOC, TOUCH, AFTER, WARM, RUN, PICK, RELEASE, DRAIN, DRAINING, OVER };
enum order_mix { ORDERS_FIXED, ORDERS_UNIFORM, ORDERS_BUILD, ORDERS_MEMTIER };

#define CHURN_GFP_ATOMIC  1u
#define CHURN_GFP_MOVABLE 2u
#define MARK_DRAIN        3u        /* after the two of region.h */
#define WINDOWS_MAX       (UINT64_C(1) << 46)

static const char *const churn_names[] = { "fill", "run", "drain", NULL };

static const double order_weights[][EG_NR_ORDERS] = {
	[ORDERS_UNIFORM] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
	[ORDERS_BUILD]   = { 98.63, 0.602353, 0.301176, 0.150588, 0.075294, 0.037647, 0.018824, 0.009412, 0.004706, 0.17,
			     0 },
	[ORDERS_MEMTIER] = { 95843, 1397, 343637, 221577, 8, 1, 1, 1, 3, 26, 1 },
};

struct alloc_churn {
	struct gen_quantile size;       /* mode mmap: bytes                                      */
	struct gen_alias    order;      /* mode pages, unless fixed                              */
	struct eg_rng slot_rng, size_rng, touch_rng, type_rng;
	uint32_t *held;                 /* per slot: pages mapped, or order + 1; 0 = empty       */
	uint64_t  window;               /* mode mmap: bytes from slot to slot                    */
	uint64_t  ops;                  /* replacements still to make                            */
	uint64_t  touch32, atomic32, movable32;         /* shares, / 2^32                        */
	uint64_t  page, touch_end;      /* TOUCH: next page of the slot; one past the last       */
	uint32_t  live, slot, phase;    /* slots; the one in hand; enum churn_phase              */
	enum churn_mode mode;
	enum order_mix  mix;
	unsigned  fixed_order;
	bool      fill, drain, scattered;
	bool      filling;              /* in the first round over the slots                     */
};

static const struct eg_param alloc_churn_params[] = {
	{ .name = "mode", .type = EG_PARAM_CHOICE, .def = "mmap", .choices = "mmap|pages",
	  .help = "what is allocated: mappings of a task, or blocks of the page allocator" },
	{ .name = "live", .type = EG_PARAM_COUNT, .def = "256", .min = "1", .max = "1048576",
	  .help = "allocations that live at a time" },
	{ .name = "ops", .type = EG_PARAM_COUNT, .def = "10000", .min = "0", .max = "1000000000000",
	  .help = "replacements after the fill" },
	{ .name = "fill", .type = EG_PARAM_BOOL, .def = "true",
	  .help = "allocate every slot first and end the warm-up there" },
	{ .name = "drain", .type = EG_PARAM_BOOL, .def = "true", .help = "free everything before the end" },
	{ .name = "size_median", .type = EG_PARAM_SIZE, .def = "64KiB", .min = "1B", .max = "1GiB",
	  .help = "mode mmap: median of the lognormal size" },
	{ .name = "size_sigma", .type = EG_PARAM_REAL, .def = "1", .min = "0", .max = "6",
	  .help = "mode mmap: standard deviation of the size's logarithm; 0 = all equal" },
	{ .name = "size_min", .type = EG_PARAM_SIZE, .def = "4KiB", .min = "1B", .max = "1GiB",
	  .help = "mode mmap: smaller sizes become this" },
	{ .name = "size_max", .type = EG_PARAM_SIZE, .def = "4MiB", .min = "4KiB", .max = "1GiB",
	  .help = "mode mmap: larger sizes become this" },
	{ .name = "touch", .type = EG_PARAM_REAL, .def = "1", .min = "0", .max = "1",
	  .help = "mode mmap: share of a new mapping's pages that are written" },
	{ .name = "touch_order", .type = EG_PARAM_CHOICE, .def = "prefix", .choices = "prefix|scattered",
	  .help = "mode mmap: the first pages, or each page with that probability" },
	{ .name = "orders", .type = EG_PARAM_CHOICE, .def = "fixed", .choices = "fixed|uniform|build|memtier",
	  .help = "mode pages: mix of orders; fixed = `order`" },
	{ .name = "order", .type = EG_PARAM_COUNT, .def = "0", .min = "0", .max = "10",
	  .help = "mode pages: order of every block with orders: fixed" },
	{ .name = "movable", .type = EG_PARAM_REAL, .def = "0.845", .min = "0", .max = "1",
	  .help = "mode pages: share of movable blocks, by default that of a parallel compilation" },
	{ .name = "atomic", .type = EG_PARAM_REAL, .def = "0", .min = "0", .max = "1",
	  .help = "mode pages: share of atomic requests" },
	{ 0 }
};

static size_t alloc_churn_state_size(const struct eg_args *args)
{
	(void)args;
	return sizeof(struct alloc_churn);
}

static eg_status init_sizes(struct alloc_churn *c, const struct eg_args *args, const struct gen_env *env,
			    struct eg_errors *err)
{
	uint64_t lo = eg_args_u64(args, "size_min"), hi = eg_args_u64(args, "size_max");

	if (lo > hi)
		return eg_fail(err, EG_BAD_INPUT, "size_min: larger than size_max; at most size_max would do");
	c->window = eg_align_up(hi, EG_HUGE_PAGES * EG_PAGE_SIZE);
	if (c->live > WINDOWS_MAX / c->window)
		return eg_fail(err, EG_BAD_INPUT, "live: %u windows of size_max need more than 64TiB of addresses; at "
			       "most %llu would do", (unsigned)c->live, (unsigned long long)(WINDOWS_MAX / c->window));
	return gen_quantile_lognormal(&c->size, (double)eg_args_u64(args, "size_median"),
				      eg_args_real(args, "size_sigma"), lo, hi, env->arena, err);
}

/* A parameter of the other mode is a mistake, not to be ignored. */
static eg_status refuse_other_mode(const struct alloc_churn *c, const struct eg_args *args, struct eg_errors *err)
{
	static const char *const of_mmap[] = { "size_median", "size_sigma", "size_min", "size_max", "touch",
					       "touch_order", NULL };
	static const char *const of_pages[] = { "orders", "order", "movable", "atomic", NULL };
	const char *const *other = c->mode == MODE_MMAP ? of_pages : of_mmap;

	for (; *other; other++)
		if (args->value[eg_param_find(args->params, *other)].given)
			return eg_fail(err, EG_BAD_INPUT, "%s: has no meaning in mode %s; remove it or choose mode: %s",
				       *other, c->mode == MODE_MMAP ? "mmap" : "pages",
				       c->mode == MODE_MMAP ? "pages" : "mmap");
	if (c->mix != ORDERS_FIXED && args->value[eg_param_find(args->params, "order")].given)
		return eg_fail(err, EG_BAD_INPUT, "order: has no meaning beside a mix of orders; remove it or choose "
			       "orders: fixed");
	return EG_OK;
}

static eg_status alloc_churn_init(void *state, const struct eg_args *args, const struct gen_env *env,
				  struct eg_errors *err)
{
	struct alloc_churn *c = state;

	c->mode = (enum churn_mode)eg_args_u64(args, "mode");
	c->mix = (enum order_mix)eg_args_u64(args, "orders");
	EG_TRY(refuse_other_mode(c, args, err));
	c->live = (uint32_t)eg_args_u64(args, "live");
	c->ops = eg_args_u64(args, "ops");
	c->fill = eg_args_bool(args, "fill");
	c->drain = eg_args_bool(args, "drain");
	c->scattered = eg_args_u64(args, "touch_order") == 1;
	c->touch32 = gen_chance32(eg_args_real(args, "touch"));
	c->atomic32 = gen_chance32(eg_args_real(args, "atomic"));
	c->movable32 = gen_chance32(eg_args_real(args, "movable"));
	c->fixed_order = (unsigned)eg_args_u64(args, "order");
	c->slot_rng = eg_rng_stream(env->seed, "alloc-churn.slot", env->instance);
	c->size_rng = eg_rng_stream(env->seed, "alloc-churn.size", env->instance);
	c->touch_rng = eg_rng_stream(env->seed, "alloc-churn.touch", env->instance);
	c->type_rng = eg_rng_stream(env->seed, "alloc-churn.type", env->instance);
	c->held = eg_arena_alloc(env->arena, c->live, sizeof(*c->held));
	if (!c->held)
		return eg_fail(err, EG_NO_MEMORY, "no memory for %u slots", (unsigned)c->live);
	if (c->mode == MODE_MMAP)
		return init_sizes(c, args, env, err);
	if (c->mix == ORDERS_FIXED)
		return EG_OK;
	return gen_alias_build(&c->order, order_weights[c->mix], EG_NR_ORDERS, env->arena, err);
}

static void churn_map(struct alloc_churn *c, struct eg_block *block)
{
	uint64_t bytes = eg_align_up(gen_quantile_draw(&c->size, &c->size_rng), EG_PAGE_SIZE);
	uint64_t pages = bytes >> EG_PAGE_SHIFT;

	c->held[c->slot] = (uint32_t)pages;
	c->page = 0;
	c->touch_end = c->scattered ? pages : gen_share_of(pages, c->touch32);
	if (c->touch_end == 0 && c->touch32)
		c->touch_end = 1;       /* who maps and touches at all touches the first page */
	gen_emit_mmap(block, 0, GEN_BASE + c->slot * c->window, bytes);
}

static void churn_take(struct alloc_churn *c, struct eg_block *block)
{
	unsigned order = c->mix == ORDERS_FIXED ? c->fixed_order : gen_alias_draw(&c->order, &c->size_rng);
	bool atomic = eg_rng_chance(&c->type_rng, c->atomic32), movable = eg_rng_chance(&c->type_rng, c->movable32);
	struct eg_op *op = gen_emit_op(block, 0, EG_OP_ALLOC_PAGES, c->slot, order);

	op->arg[2] = (atomic ? CHURN_GFP_ATOMIC : 0) | (movable ? CHURN_GFP_MOVABLE : 0);
	op->arg[3] = movable;
	c->held[c->slot] = order + 1;
	c->page = c->touch_end = 0;
}

static void churn_release(struct alloc_churn *c, struct eg_block *block)
{
	uint64_t held = c->held[c->slot];

	c->held[c->slot] = 0;
	if (c->mode == MODE_MMAP)
		gen_emit_op(block, 0, EG_OP_MUNMAP, GEN_BASE + c->slot * c->window, held << EG_PAGE_SHIFT);
	else
		gen_emit_op(block, 0, EG_OP_FREE_PAGES, c->slot, held - 1);
}

/* Writes to the new mapping, as many as fit: the count of a block does not change which. */
static uint32_t churn_touch(struct alloc_churn *c, const struct gen_buffer *buf)
{
	uint64_t base = GEN_BASE + c->slot * c->window;
	uint32_t n = 0;

	for (; n < buf->capacity && c->page < c->touch_end; c->page++)
		if (!c->scattered || eg_rng_chance(&c->touch_rng, c->touch32))
			buf->acc[n++] = eg_access(base + (c->page << EG_PAGE_SHIFT), EG_ACCESS_WRITE, 8);
	return n;
}

static void alloc_churn_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct alloc_churn *c = state;
	uint32_t n;

	if (stream != 0) {
		gen_emit_end(block, stream);
		return;
	}
	for (;;) {
		switch ((enum churn_phase)c->phase) {
		case START:
			c->filling = c->fill;
			c->phase = c->fill ? ALLOC : RUN;
			if (!c->fill)
				break;
			gen_emit_mark(block, 0, GEN_MARK_FILL);
			return;
		case ALLOC:
			if (c->mode == MODE_MMAP)
				churn_map(c, block);
			else
				churn_take(c, block);
			c->phase = TOUCH;
			return;
		case TOUCH:
			n = churn_touch(c, buf);
			if (n) {
				gen_emit_accesses(block, 0, buf, n);
				return;
			}
			c->phase = AFTER;
			break;
		case AFTER:
			c->phase = !c->filling ? PICK : ++c->slot < c->live ? ALLOC : WARM;
			break;
		case WARM:
			c->filling = false;
			c->phase = RUN;
			gen_emit_op(block, 0, EG_OP_WARMUP_END, 0, 0);
			return;
		case RUN:
			c->phase = PICK;
			gen_emit_mark(block, 0, GEN_MARK_RUN);
			return;
		case PICK:
			if (c->ops == 0) {
				c->phase = DRAIN;
				break;
			}
			c->ops--;
			c->slot = (uint32_t)eg_rng_below(&c->slot_rng, c->live);
			c->phase = c->held[c->slot] ? RELEASE : ALLOC;
			break;
		case RELEASE:
			c->phase = ALLOC;
			churn_release(c, block);
			return;
		case DRAIN:
			c->phase = DRAINING;
			c->slot = c->drain ? 0 : c->live;
			if (!c->drain)
				break;
			gen_emit_mark(block, 0, MARK_DRAIN);
			return;
		case DRAINING:
			while (c->slot < c->live && !c->held[c->slot])
				c->slot++;
			if (c->slot < c->live) {
				churn_release(c, block);
				return;
			}
			c->phase = OVER;
			gen_emit_op(block, 0, EG_OP_EXIT, 0, 0);
			return;
		case OVER:
			gen_emit_end(block, 0);
			return;
		}
	}
}

const struct gen_ops gen_alloc_churn_ops = {
	.name         = "alloc-churn",
	.summary      = "a constant set of live mappings or page blocks, replaced at random",
	.params       = alloc_churn_params,
	.capabilities = GEN_CAPS | TRACE_CAP(PAGES),
	.names        = churn_names,
	.state_size   = alloc_churn_state_size,
	.init         = alloc_churn_init,
	.next         = alloc_churn_next,
};
