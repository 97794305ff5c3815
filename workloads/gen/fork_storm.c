/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fork-storm - a large process forks, again and again.
 *
 * fork copies page tables in proportion to the parent's resident memory and leaves every page shared;
 * the first write of either side to a page then costs a copy. The pattern of snapshotting databases
 * (Redis BGSAVE), of pre-forking servers, and of large programs that run helpers.
 *
 *   1. Stream 0 maps `rss` and writes one word of every page; the warm-up ends.
 *   2. It forks children 1, 2, ..., `children`. Between two forks it writes `parent_touch` of its pages,
 *      chosen at random (each breaks one copy-on-write share), and thinks for an exponential time of mean
 *      `interval`; with both 0 the next fork begins when the last returned (closed).
 *   3. A child
 *        touch  writes (`child_write` off: reads) `touch` of the pages, each at most once, in random order,
 *        exec   calls exec at once, which drops the address space,
 *        exit   does nothing,
 *      then thinks for an exponential time of mean `child_life`, and exits.
 *   4. With `depth` d > 1 a child, before it thinks, forks a child of its own, down to d generations.
 *
 * Unit of work: one fork and the life of its child. `children` counts the root's; the stream of
 * generation g (0-based) below the root's child c (0-based) is 1 + c * depth + g.
 *
 * There is no op that waits. With `wait` the root forks by clone(CLONE_VFORK) without CLONE_VM: a full
 * copy, but the parent sleeps until the child execs or exits, so that one child lives at a time. Without
 * it up to `children` live at once, and after the last fork the root thinks `linger` before it exits.
 *
 * Lifetimes come from a table of the exponential distribution's quantiles (dist.h). Each child draws from
 * its own stream, so its ops do not depend on who runs first. Streams: fork-storm.parent (touched pages),
 * fork-storm.interval, fork-storm.child (touched pages), fork-storm.life.
 *
 * Real children also run code that faults in text, stack and libraries, close descriptors, and map the new
 * image after exec; a real snapshot child reads everything (`touch: 1`, `child_write: false`). Left out: page
 * tables deep enough to matter come from `rss` alone, all of it one anonymous mapping.
 */
#include "workloads/gen/dist.h"
#include "workloads/gen/region.h"

enum child_kind { CHILD_TOUCH, CHILD_EXEC, CHILD_EXIT };

enum child_phase { CHILD_START, CHILD_TOUCHING, CHILD_FORK, CHILD_THINK, CHILD_EXITS, CHILD_OVER };

struct child {
	struct gen_perm order;      /* of the pages it touches                                   */
	struct eg_rng   life;
	uint64_t        touched;    /* pages so far; <= touch_pages                              */
	uint32_t        phase;      /* enum child_phase                                          */
};

enum root_phase { ROOT_FORK, ROOT_TOUCH, ROOT_THINK, ROOT_LINGER, ROOT_EXIT, ROOT_OVER };

struct fork_storm {
	struct gen_region   region;
	struct gen_quantile life_table, interval_table;
	struct eg_rng       touch_rng, interval_rng;
	uint64_t pages;             /* of the region                                             */
	uint64_t touch_pages;       /* by each child; <= pages                                   */
	uint64_t parent_pages;      /* by the root after each fork                               */
	uint64_t parent_left;       /* of these, still to come                                   */
	uint64_t interval, linger, life;        /* ps; 0 = none                                  */
	uint32_t children, depth, forked;
	uint32_t root;              /* enum root_phase                                           */
	enum child_kind kind;
	enum eg_access_kind child_access;
	bool     wait;
	struct child child[];       /* children * depth; child[s - 1] is stream s                */
};

static const struct eg_param fork_storm_params[] = {
	GEN_REGION_PARAMS("rss", "1GiB", "memory of the root: one anonymous mapping"),
	{ .name = "children", .type = EG_PARAM_COUNT, .def = "16", .min = "1", .max = "65536",
	  .help = "forks by the root" },
	{ .name = "depth", .type = EG_PARAM_COUNT, .def = "1", .min = "1", .max = "16",
	  .help = "generations below the root" },
	{ .name = "child", .type = EG_PARAM_CHOICE, .def = "touch", .choices = "touch|exec|exit",
	  .help = "what a child does before it thinks and exits" },
	{ .name = "touch", .type = EG_PARAM_REAL, .def = "0.01", .min = "0", .max = "1",
	  .help = "share of the pages a child touches (child: touch)" },
	{ .name = "child_write", .type = EG_PARAM_BOOL, .def = "true",
	  .help = "a child's touch is a write (a copy); off: a read" },
	{ .name = "child_life", .type = EG_PARAM_TIME, .def = "50ms", .min = "0", .max = "1000s",
	  .help = "mean of the exponential time a child thinks before it exits; 0 = none" },
	{ .name = "wait", .type = EG_PARAM_BOOL, .def = "false",
	  .help = "the parent sleeps until the child execs or exits" },
	{ .name = "interval", .type = EG_PARAM_TIME, .def = "0", .min = "0", .max = "1000s",
	  .help = "mean of the exponential time the root thinks between forks; 0 = closed" },
	{ .name = "parent_touch", .type = EG_PARAM_REAL, .def = "0", .min = "0", .max = "1",
	  .help = "share of the pages the root writes after each fork, at random" },
	{ .name = "linger", .type = EG_PARAM_TIME, .def = "0", .min = "0", .max = "1000s",
	  .help = "the root thinks so long after the last fork" },
	{ 0 }
};

static size_t fork_storm_state_size(const struct eg_args *args)
{
	return sizeof(struct fork_storm) +
	       sizeof(struct child) * eg_args_u64(args, "children") * eg_args_u64(args, "depth");
}

static eg_status think_table(struct gen_quantile *q, uint64_t mean, const struct gen_env *env, struct eg_errors *err)
{
	return mean ? gen_quantile_exponential(q, (double)mean, 1, UINT64_C(1) << 62, env->arena, err) : EG_OK;
}

static eg_status fork_storm_init(void *state, const struct eg_args *args, const struct gen_env *env,
				 struct eg_errors *err)
{
	struct fork_storm *f = state;
	uint32_t streams;

	EG_TRY(gen_region_init(&f->region, args, "rss", env, err));
	f->pages = f->region.bytes >> EG_PAGE_SHIFT;
	f->children = (uint32_t)eg_args_u64(args, "children");
	f->depth = (uint32_t)eg_args_u64(args, "depth");
	f->kind = (enum child_kind)eg_args_u64(args, "child");
	f->touch_pages = gen_share_of(f->pages, gen_chance32(eg_args_real(args, "touch")));
	f->parent_pages = gen_share_of(f->pages, gen_chance32(eg_args_real(args, "parent_touch")));
	f->child_access = eg_args_bool(args, "child_write") ? EG_ACCESS_WRITE : EG_ACCESS_READ;
	f->wait = eg_args_bool(args, "wait");
	f->life = eg_args_u64(args, "child_life");
	f->interval = eg_args_u64(args, "interval");
	f->linger = eg_args_u64(args, "linger");
	if (f->kind == CHILD_EXEC && f->depth > 1)
		return eg_fail(err, EG_BAD_INPUT, "depth: a child that execs has no memory left to fork; "
			       "use depth 1, or child touch or exit");
	EG_TRY(think_table(&f->life_table, f->life, env, err));
	EG_TRY(think_table(&f->interval_table, f->interval, env, err));
	f->touch_rng = eg_rng_stream(env->seed, "fork-storm.parent", env->instance);
	f->interval_rng = eg_rng_stream(env->seed, "fork-storm.interval", env->instance);
	streams = f->children * f->depth;
	for (uint32_t i = 0; i < streams; i++) {
		uint64_t id = env->instance << 32 | (i + 1);
		struct eg_rng r = eg_rng_stream(env->seed, "fork-storm.child", id);

		f->child[i].order = gen_perm_init(f->pages, eg_rng_next(&r));
		f->child[i].life = eg_rng_stream(env->seed, "fork-storm.life", id);
	}
	return EG_OK;
}

static void emit_fork(const struct fork_storm *f, struct eg_block *block, uint32_t stream, uint32_t child)
{
	if (f->wait)
		gen_emit_op(block, stream, EG_OP_CLONE, child, EG_CLONE_VFORK);
	else
		gen_emit_op(block, stream, EG_OP_FORK, child, 0);
}

static uint64_t page_word(const struct fork_storm *f, uint64_t page, enum eg_access_kind kind)
{
	return eg_access(f->region.base + (page << EG_PAGE_SHIFT), kind, 8);
}

static void root_next(struct fork_storm *f, const struct gen_buffer *buf, struct eg_block *block)
{
	uint32_t n = 0;

	if (gen_region_next(&f->region, 0, buf, block))
		return;
	for (;;) {
		switch ((enum root_phase)f->root) {
		case ROOT_FORK:
			emit_fork(f, block, 0, 1 + f->forked++ * f->depth);
			f->parent_left = f->parent_pages;
			f->root = ROOT_TOUCH;
			return;
		case ROOT_TOUCH:
			for (; n < buf->capacity && f->parent_left; f->parent_left--)
				buf->acc[n++] = page_word(f, eg_rng_below(&f->touch_rng, f->pages), EG_ACCESS_WRITE);
			if (n) {
				gen_emit_accesses(block, 0, buf, n);
				return;
			}
			f->root = f->forked < f->children ? ROOT_THINK : ROOT_LINGER;
			break;
		case ROOT_THINK:
			f->root = ROOT_FORK;
			if (!f->interval)
				break;
			gen_emit_op(block, 0, EG_OP_THINK,
				    gen_quantile_draw(&f->interval_table, &f->interval_rng), 0);
			return;
		case ROOT_LINGER:
			f->root = ROOT_EXIT;
			if (!f->linger)
				break;
			gen_emit_op(block, 0, EG_OP_THINK, f->linger, 0);
			return;
		case ROOT_EXIT:
			gen_emit_op(block, 0, EG_OP_EXIT, 0, 0);
			f->root = ROOT_OVER;
			return;
		case ROOT_OVER:
			gen_emit_end(block, 0);
			return;
		}
	}
}

static void child_next(const struct fork_storm *f, struct child *c, uint32_t stream, const struct gen_buffer *buf,
		       struct eg_block *block)
{
	uint32_t n = 0;

	for (;;) {
		switch ((enum child_phase)c->phase) {
		case CHILD_START:
			c->phase = f->kind == CHILD_TOUCH ? CHILD_TOUCHING : CHILD_FORK;
			if (f->kind != CHILD_EXEC)
				break;
			gen_emit_op(block, stream, EG_OP_EXEC, 0, 0);
			return;
		case CHILD_TOUCHING:
			for (; n < buf->capacity && c->touched < f->touch_pages; c->touched++)
				buf->acc[n++] = page_word(f, gen_perm_at(&c->order, c->touched), f->child_access);
			if (n) {
				gen_emit_accesses(block, stream, buf, n);
				return;
			}
			c->phase = CHILD_FORK;
			break;
		case CHILD_FORK:
			c->phase = CHILD_THINK;
			if ((stream - 1) % f->depth == f->depth - 1)
				break;
			emit_fork(f, block, stream, stream + 1);
			return;
		case CHILD_THINK:
			c->phase = CHILD_EXITS;
			if (!f->life)
				break;
			gen_emit_op(block, stream, EG_OP_THINK, gen_quantile_draw(&f->life_table, &c->life), 0);
			return;
		case CHILD_EXITS:
			gen_emit_op(block, stream, EG_OP_EXIT, 0, 0);
			c->phase = CHILD_OVER;
			return;
		case CHILD_OVER:
			gen_emit_end(block, stream);
			return;
		}
	}
}

static void fork_storm_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct fork_storm *f = state;

	if (stream == 0)
		root_next(f, buf, block);
	else if (stream <= f->children * f->depth)
		child_next(f, &f->child[stream - 1], stream, buf, block);
	else
		gen_emit_end(block, stream);
}

const struct gen_ops gen_fork_storm_ops = {
	.name         = "fork-storm",
	.summary      = "a large process forks again and again; children touch, exec or exit",
	.params       = fork_storm_params,
	.capabilities = GEN_CAPS,
	.names        = gen_region_names,
	.state_size   = fork_storm_state_size,
	.init         = fork_storm_init,
	.next         = fork_storm_next,
};
