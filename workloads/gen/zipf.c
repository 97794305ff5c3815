/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zipf - skewed random accesses: a few places are touched very often, most hardly ever.
 *
 * The popularity of keys, files and pages is close to Zipf's law in caches and stores (Breslau et al.,
 * INFOCOM 1999; theta 0.99 is the default of YCSB, Cooper et al., SoCC 2010). It is the pattern on which
 * caches and replacement policies differ.
 *
 *   1. The region is n granules: pages, or lines of 64 bytes.
 *   2. Each access draws rank k = 1..n with probability k^-theta / H(n, theta), from an alias table of
 *      integers (dist.h).
 *   3. `scramble`: rank k is a fixed pseudo-random granule, the same for every seed, so that hot granules
 *      are spread over the region. Off: rank k is granule k - 1, and the hot ones are neighbours.
 *   4. The 8-byte word inside the granule is uniform; the access is a write with probability
 *      `write_ratio`.
 *
 * Unit of work: one access. Streams: zipf.item (the rank), zipf.detail (write or read, and the word): a
 * sweep over write_ratio keeps the sequence of places.
 *
 * Check values for n = 1000, theta = 0.99: the first rank has 0.12938 of the accesses, the top 1 % have
 * 38.2 %, the top 10 % 68.5 % (tests/unit/test_dist.c).
 *
 * Cost: 12 bytes of table per granule, at most 2^26 granules (256 GiB of pages). A draw is one step of the
 * generator and one miss on the table, which for 1 M granules is 12 MB: draws are made in groups so that
 * the misses overlap. Measured at 1 M pages: 53 ns one by one, 17 to 20 ns in groups of 64; 5 ns at 16 K.
 * Rejected: the approximation of Gray et al. (SIGMOD 1994), which YCSB uses: floating point at each draw
 * and wrong by some percent at the first ranks. Real popularity drifts, and real accesses come in runs:
 * draws here are independent. Left out: drift, arrivals.
 */
#include "workloads/gen/dist.h"
#include "workloads/gen/region.h"

#define AHEAD 64u      /* draws whose slots are fetched together */

struct zipf {
	struct gen_region region;
	struct gen_alias  item;         /* granule, scrambled already */
	struct eg_rng     item_rng, detail_rng;
	uint64_t left;                  /* accesses still to make */
	uint64_t write32;               /* chance of a write, / 2^32 */
	unsigned shift;                 /* log2 of the granule's bytes */
	bool     over;
};

static const struct eg_param zipf_params[] = {
	GEN_REGION_PARAMS("footprint", "64MiB", "size of the region"),
	{ .name = "theta", .type = EG_PARAM_REAL, .def = "0.99", .min = "0", .max = "8",
	  .help = "skew: 0 is uniform; 0.99 is YCSB's default" },
	{ .name = "references", .type = EG_PARAM_COUNT, .def = "10000000", .min = "1", .max = "1000000000000000",
	  .help = "accesses after the fill" },
	{ .name = "write_ratio", .type = EG_PARAM_REAL, .def = "0.1", .min = "0", .max = "1",
	  .help = "share of the accesses that write" },
	{ .name = "granularity", .type = EG_PARAM_CHOICE, .def = "page", .choices = "page|line",
	  .help = "what has a popularity: a page of 4 KiB or a line of 64 bytes" },
	{ .name = "scramble", .type = EG_PARAM_BOOL, .def = "true",
	  .help = "spread the popular granules over the region; off: they are the first" },
	{ 0 }
};

static size_t zipf_state_size(const struct eg_args *args)
{
	(void)args;
	return sizeof(struct zipf);
}

static eg_status zipf_init(void *state, const struct eg_args *args, const struct gen_env *env, struct eg_errors *err)
{
	struct zipf *z = state;
	uint64_t n;

	EG_TRY(gen_region_init(&z->region, args, "footprint", env, err));
	z->shift = eg_args_u64(args, "granularity") == 0 ? EG_PAGE_SHIFT : 6;
	z->left = eg_args_u64(args, "references");
	z->write32 = gen_chance32(eg_args_real(args, "write_ratio"));
	z->item_rng = eg_rng_stream(env->seed, "zipf.item", env->instance);
	z->detail_rng = eg_rng_stream(env->seed, "zipf.detail", env->instance);
	n = z->region.bytes >> z->shift;
	if (n > GEN_ALIAS_MAX)
		return eg_fail(err, EG_BAD_INPUT, "footprint: %llu %s are more than the %u that a table holds; a smaller "
			       "footprint%s would do", (unsigned long long)n, z->shift == 6 ? "lines" : "pages",
			       (unsigned)GEN_ALIAS_MAX, z->shift == 6 ? " or granularity: page" : "");
	return gen_alias_zipf(&z->item, (uint32_t)n, eg_args_real(args, "theta"), eg_args_bool(args, "scramble"),
			      env->arena, err);
}

static uint32_t zipf_fill(struct zipf *z, uint64_t *acc, uint32_t capacity)
{
	struct eg_rng item = z->item_rng, detail = z->detail_rng;       /* in registers */
	uint64_t base = eg_access(z->region.base, EG_ACCESS_READ, 8);
	uint64_t words = (UINT64_C(1) << z->shift) - 8, write32 = z->write32;
	uint32_t nr = z->left < capacity ? (uint32_t)z->left : capacity;
	unsigned shift = z->shift;

	_Static_assert(EG_ACCESS_READ == 0 && EG_ACCESS_WRITE == 1, "the write bit is bit 57");
	for (uint32_t n = 0; n < nr;) {
		struct gen_alias_pick pick[AHEAD];
		uint32_t group = nr - n < AHEAD ? nr - n : AHEAD;

		for (uint32_t i = 0; i < group; i++)
			pick[i] = gen_alias_pick(&z->item, &item);
		for (uint32_t i = 0; i < group; i++) {
			uint64_t granule = gen_alias_take(&z->item, pick[i]), d = eg_rng_next(&detail);

			acc[n++] = (base + (granule << shift) + (d & words)) | (uint64_t)(d >> 32 < write32) << 57;
		}
	}
	z->item_rng = item;
	z->detail_rng = detail;
	z->left -= nr;
	return nr;
}

static void zipf_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct zipf *z = state;

	if (stream != 0 || z->over) {
		gen_emit_end(block, stream);
	} else if (gen_region_next(&z->region, stream, buf, block)) {
		return;
	} else if (z->left) {
		gen_emit_accesses(block, stream, buf, zipf_fill(z, buf->acc, buf->capacity));
	} else {
		gen_emit_op(block, stream, EG_OP_EXIT, 0, 0);
		z->over = true;
	}
}

const struct gen_ops gen_zipf_ops = {
	.name         = "zipf",
	.summary      = "skewed random reads and writes of pages or lines, by Zipf's law",
	.params       = zipf_params,
	.capabilities = GEN_CAPS,
	.names        = gen_region_names,
	.state_size   = zipf_state_size,
	.init         = zipf_init,
	.next         = zipf_next,
};
