/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gups - uniform random updates of one large table: no locality at all.
 *
 * Giga-updates per second, after HPC Challenge RandomAccess (Luszczek and Dongarra 2005): the worst case
 * of every TLB and of every cache, and the case with a closed form to check a TLB model against.
 *
 *   1. Thread 0 maps the table and writes one word of every page; the warm-up ends.
 *   2. It creates threads 1 .. threads - 1, which share its memory.
 *   3. Each thread makes its share of `updates`: an 8-byte entry drawn uniformly is read, changed and
 *      written back (one access of kind modify: one translation). `write` off: read.
 *
 * Unit of work: one update. The original asks for 4 updates per entry, as the default does for the
 * default table. Streams: gups.entry, one instance per thread.
 *
 * Check: with a table of T bytes and a TLB that covers R < T bytes the miss ratio tends to 1 - R / T,
 * whatever the replacement.
 *
 * The original draws entries from the polynomial x^63 + x^2 + x + 1, looks 1024 updates ahead and wants
 * a power of two; here the entry comes from xoshiro256** by a bound without bias, for any table of whole
 * pages. Left out: the stack and code of the loop, and the verification of the table's content, as there
 * is no content.
 */
#include "workloads/gen/region.h"

struct gups_thread {
	struct eg_rng rng;
	uint64_t      left;         /* updates still to make */
	bool          over;
};

struct gups {
	struct gen_region  region;
	uint64_t           entries; /* 8-byte words of the table */
	uint64_t           word;    /* access word of entry 0 */
	uint32_t           threads, cloned;     /* cloned: created besides thread 0; < threads */
	struct gups_thread thread[];
};

static const struct eg_param gups_params[] = {
	GEN_REGION_PARAMS("table", "64MiB", "size of the table"),
	{ .name = "updates", .type = EG_PARAM_COUNT, .def = "33554432", .min = "1", .max = "1000000000000000",
	  .help = "updates by all threads together; the benchmark's rule is 4 per 8-byte entry" },
	{ .name = "write", .type = EG_PARAM_BOOL, .def = "true", .help = "an update writes back; off: only reads" },
	{ .name = "threads", .type = EG_PARAM_COUNT, .def = "1", .min = "1", .max = "4096",
	  .help = "threads that share the table" },
	{ 0 }
};

static size_t gups_state_size(const struct eg_args *args)
{
	return sizeof(struct gups) + sizeof(struct gups_thread) * eg_args_u64(args, "threads");
}

static eg_status gups_init(void *state, const struct eg_args *args, const struct gen_env *env, struct eg_errors *err)
{
	struct gups *g = state;
	uint64_t updates = eg_args_u64(args, "updates");

	EG_TRY(gen_region_init(&g->region, args, "table", env, err));
	g->entries = g->region.bytes / 8;
	g->word = eg_access(g->region.base, eg_args_bool(args, "write") ? EG_ACCESS_MODIFY : EG_ACCESS_READ, 8);
	g->threads = (uint32_t)eg_args_u64(args, "threads");
	for (uint32_t t = 0; t < g->threads; t++) {
		g->thread[t].rng = eg_rng_stream(env->seed, "gups.entry", env->instance << 32 | t);
		g->thread[t].left = updates / g->threads + (t < updates % g->threads);
	}
	return EG_OK;
}

static void gups_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct gups *g = state;
	struct gups_thread *t;
	struct eg_rng rng;
	uint32_t n;

	if (stream >= g->threads || g->thread[stream].over) {
		gen_emit_end(block, stream);
		return;
	}
	t = &g->thread[stream];
	if (stream == 0 && gen_region_next(&g->region, stream, buf, block)) {
		return;
	} else if (stream == 0 && g->cloned + 1 < g->threads) {
		gen_emit_op(block, stream, EG_OP_CLONE, ++g->cloned, EG_CLONE_VM | EG_CLONE_THREAD);
	} else if (t->left) {
		rng = t->rng;           /* in registers: acc[] might alias the state */
		for (n = 0; n < buf->capacity && n < t->left; n++)
			buf->acc[n] = g->word + 8 * eg_rng_below(&rng, g->entries);
		t->rng = rng;
		t->left -= n;
		gen_emit_accesses(block, stream, buf, n);
	} else {
		gen_emit_op(block, stream, EG_OP_EXIT, 0, 0);
		t->over = true;
	}
}

const struct gen_ops gen_gups_ops = {
	.name         = "gups",
	.summary      = "uniform random 8-byte updates of one table, as HPC Challenge RandomAccess",
	.params       = gups_params,
	.capabilities = GEN_CAPS,
	.names        = gen_region_names,
	.state_size   = gups_state_size,
	.init         = gups_init,
	.next         = gups_next,
};
