/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pointer-chase - one random walk through all nodes of a list.
 *
 * Each node holds the address of the next: no two loads overlap, no prefetcher helps. It is how the
 * latency of a memory level is measured (lat_mem_rd of lmbench, McVoy and Staelin 1996), and the pattern of
 * lists and trees whose nodes were allocated in random order.
 *
 *   1. The region is n = footprint / node nodes.
 *   2. The links form a single cycle through all nodes, uniform among the (n - 1)! cycles.
 *   3. `references` steps along it from node 0, one 8-byte read at the start of each node (`write`: read and
 *      write back).
 *
 * Unit of work: one step. Streams: pointer-chase.cycle.
 *
 * Check: every node is visited once in n steps. With one node a page (`node` 4KiB) that is the cyclic worst
 * case of LRU: a fully associative TLB smaller than the region misses at every step, where gups, whose draws
 * repeat, hits in proportion to its reach.
 *
 * Sattolo's algorithm (1986) builds the links of such a cycle; following them would cost the generator the
 * very cache miss per step that it models. The nodes are stored in the order of the visit instead: node 0,
 * then a Fisher-Yates shuffle of the others, which is the same distribution of cycles, read in sequence.
 * 4 bytes per node, at most 2^28 nodes.
 *
 * Real programs work on the node they reached and touch more than its first word. Left out: several
 * chains at once (the measure of memory-level parallelism).
 */
#include "workloads/gen/region.h"

#define MAX_NODES (UINT64_C(1) << 28)

struct pointer_chase {
	struct gen_region region;
	uint32_t *order;                /* node visited at step i of a round */
	uint64_t  nr, i;                /* nodes >= 1; position in the round < nr */
	uint64_t  node;                 /* bytes */
	uint64_t  word;                 /* access word of node 0 */
	uint64_t  left;                 /* steps still to make */
	bool      over;
};

static const struct eg_param pointer_chase_params[] = {
	GEN_REGION_PARAMS("footprint", "64MiB", "size of all nodes together"),
	{ .name = "node", .type = EG_PARAM_SIZE, .def = "64B", .min = "8B", .max = "1GiB",
	  .help = "distance between neighbouring nodes; 4KiB: one a page" },
	{ .name = "references", .type = EG_PARAM_COUNT, .def = "10000000", .min = "1", .max = "1000000000000000",
	  .help = "steps after the fill" },
	{ .name = "write", .type = EG_PARAM_BOOL, .def = "false", .help = "each step also writes the node" },
	{ 0 }
};

static size_t pointer_chase_state_size(const struct eg_args *args)
{
	(void)args;
	return sizeof(struct pointer_chase);
}

static eg_status pointer_chase_init(void *state, const struct eg_args *args, const struct gen_env *env,
				    struct eg_errors *err)
{
	struct pointer_chase *p = state;
	struct eg_rng rng = eg_rng_stream(env->seed, "pointer-chase.cycle", env->instance);

	EG_TRY(gen_region_init(&p->region, args, "footprint", env, err));
	p->node = eg_args_u64(args, "node");
	p->left = eg_args_u64(args, "references");
	p->word = eg_access(p->region.base, eg_args_bool(args, "write") ? EG_ACCESS_MODIFY : EG_ACCESS_READ, 8);
	p->nr = p->region.bytes / p->node;
	if (p->nr == 0)
		return eg_fail(err, EG_BAD_INPUT, "node: larger than the footprint; at most the footprint would do");
	if (p->nr > MAX_NODES)
		return eg_fail(err, EG_BAD_INPUT, "node: %llu nodes are more than the %llu that a table holds; a larger "
			       "node or a smaller footprint would do", (unsigned long long)p->nr,
			       (unsigned long long)MAX_NODES);
	p->order = eg_arena_alloc(env->arena, p->nr, sizeof(*p->order));
	if (!p->order)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the order of %llu nodes", (unsigned long long)p->nr);
	for (uint64_t i = 0; i < p->nr; i++)
		p->order[i] = (uint32_t)i;
	for (uint64_t i = p->nr - 1; i > 1; i--) {
		uint64_t j = 1 + eg_rng_below(&rng, i);         /* 1..i: node 0 stays first */
		uint32_t node = p->order[i];

		p->order[i] = p->order[j];
		p->order[j] = node;
	}
	return EG_OK;
}

static uint32_t pointer_chase_fill(struct pointer_chase *p, uint64_t *acc, uint32_t capacity)
{
	uint32_t n = 0;

	while (n < capacity && p->left) {
		uint64_t run = capacity - n;

		run = run < p->left ? run : p->left;
		run = run < p->nr - p->i ? run : p->nr - p->i;
		for (uint64_t k = 0; k < run; k++)
			acc[n + k] = p->word + p->order[p->i + k] * p->node;
		n += (uint32_t)run;
		p->left -= run;
		p->i += run;
		if (p->i == p->nr)
			p->i = 0;
	}
	return n;
}

static void pointer_chase_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct pointer_chase *p = state;

	if (stream != 0 || p->over) {
		gen_emit_end(block, stream);
	} else if (gen_region_next(&p->region, stream, buf, block)) {
		return;
	} else if (p->left) {
		gen_emit_accesses(block, stream, buf, pointer_chase_fill(p, buf->acc, buf->capacity));
	} else {
		gen_emit_op(block, stream, EG_OP_EXIT, 0, 0);
		p->over = true;
	}
}

const struct gen_ops gen_pointer_chase_ops = {
	.name         = "pointer-chase",
	.summary      = "one random cycle through all nodes of a list, a dependent read each",
	.params       = pointer_chase_params,
	.capabilities = GEN_CAPS,
	.names        = gen_region_names,
	.state_size   = pointer_chase_state_size,
	.init         = pointer_chase_init,
	.next         = pointer_chase_next,
};
