/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream - sequential passes over a few arrays.
 *
 * The easiest pattern there is for memory: every page is used up before the next one begins. It gives
 * the floor of every locality measure and the ceiling of every rate. After STREAM (McCalpin 1995): copy
 * and scale are two arrays, add and triad three.
 *
 *   1. The region is cut into `arrays` arrays of equal size, whole pages each, one after the other.
 *   2. For element i = 0, stride, 2 stride, ...: read element i of every array but the last, then write
 *      element i of the last (`write` off: read it).
 *   3. `passes` times. Unit of work: one access.
 *
 * Check: with a stride of s bytes and 4 KiB pages a TLB of at least `arrays` entries that replaces by
 * recency misses once every 4096 / s elements and array: a miss ratio of s / 4096.
 *
 * Real programs add the instruction fetches and the stack, unroll (several elements of one array before
 * the next), use 16- to 64-byte vector loads (`access`), and prefetch. STREAM times four kernels apart;
 * here one kernel is one run. Left out: non-temporal stores, more than one thread. No randomness.
 */
#include "workloads/gen/region.h"

#define MAX_ARRAYS 16u

struct stream {
	struct gen_region region;
	uint64_t word[MAX_ARRAYS];  /* access word of element 0 of each array                    */
	uint64_t stride, nr;        /* bytes from element to element; elements of an array, >= 1 */
	uint64_t passes;            /* still to begin or to finish                               */
	uint64_t i;                 /* element, < nr                                             */
	uint32_t arrays, a;         /* a: array of the next access, < arrays                     */
	bool     over;
};

static const struct eg_param stream_params[] = {
	GEN_REGION_PARAMS("footprint", "64MiB", "size of all arrays together"),
	{ .name = "arrays", .type = EG_PARAM_COUNT, .def = "3", .min = "1", .max = "16",
	  .help = "arrays walked in step: the last is written, the others read" },
	{ .name = "stride", .type = EG_PARAM_SIZE, .def = "8B", .min = "1B", .max = "1GiB",
	  .help = "distance from one element to the next" },
	{ .name = "access", .type = EG_PARAM_SIZE, .def = "8B", .min = "1B", .max = "32B",
	  .help = "size of one access" },
	{ .name = "write", .type = EG_PARAM_BOOL, .def = "true", .help = "write the last array; off: only reads" },
	{ .name = "passes", .type = EG_PARAM_COUNT, .def = "4", .min = "1", .max = "1000000000",
	  .help = "how often everything is walked" },
	{ 0 }
};

static size_t stream_state_size(const struct eg_args *args)
{
	(void)args;
	return sizeof(struct stream);
}

static eg_status stream_init(void *state, const struct eg_args *args, const struct gen_env *env,
			     struct eg_errors *err)
{
	struct stream *s = state;
	unsigned size = (unsigned)eg_args_u64(args, "access");
	bool write = eg_args_bool(args, "write");
	uint64_t array;

	EG_TRY(gen_region_init(&s->region, args, "footprint", env, err));
	s->arrays = (uint32_t)eg_args_u64(args, "arrays");
	s->stride = eg_args_u64(args, "stride");
	s->passes = eg_args_u64(args, "passes");
	array = eg_align_down(s->region.bytes / s->arrays, EG_PAGE_SIZE);
	if (array == 0)
		return eg_fail(err, EG_BAD_INPUT, "footprint: less than a page for each of %u arrays; at least %uKiB "
			       "would do", (unsigned)s->arrays, (unsigned)(4 * s->arrays));
	s->region.bytes = array * s->arrays;
	s->nr = (array - size) / s->stride + 1;
	for (uint32_t a = 0; a < s->arrays; a++)
		s->word[a] = eg_access(s->region.base + a * array,
				       write && a == s->arrays - 1 ? EG_ACCESS_WRITE : EG_ACCESS_READ, size);
	return EG_OK;
}

/*
 * `count` whole elements from byte offset `off`; there is room. Adding an offset to an access word moves its
 * address, which never leaves the low 57 bits. Inlined with a constant number of arrays for the usual ones:
 * 0.5 instead of 1.2 ns an access.
 */
static inline void whole_elements(const struct stream *s, uint64_t *acc, uint64_t count, uint64_t off,
				  uint32_t arrays)
{
	for (; count; count--, off += s->stride)
		for (uint32_t a = 0; a < arrays; a++)
			*acc++ = s->word[a] + off;
}

static uint32_t stream_fill(struct stream *s, uint64_t *acc, uint32_t capacity)
{
	uint32_t n = 0, arrays = s->arrays;

	while (n < capacity && s->passes) {
		uint64_t left = s->nr - s->i, whole = (capacity - n) / arrays, off = s->i * s->stride;

		if (s->a == 0 && whole) {       /* whole elements: no bounds to look at */
			if (whole > left)
				whole = left;
			if (arrays == 1)
				whole_elements(s, acc + n, whole, off, 1);
			else if (arrays == 2)
				whole_elements(s, acc + n, whole, off, 2);
			else if (arrays == 3)
				whole_elements(s, acc + n, whole, off, 3);
			else
				whole_elements(s, acc + n, whole, off, arrays);
			s->i += whole;
			n += (uint32_t)whole * arrays;
		} else {
			acc[n++] = s->word[s->a] + off;
			if (++s->a == arrays)
				s->a = 0, s->i++;
		}
		if (s->i == s->nr)
			s->i = 0, s->passes--;
	}
	return n;
}

static void stream_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	struct stream *s = state;

	if (stream != 0 || s->over) {
		gen_emit_end(block, stream);
	} else if (gen_region_next(&s->region, stream, buf, block)) {
		return;
	} else if (s->passes) {
		gen_emit_accesses(block, stream, buf, stream_fill(s, buf->acc, buf->capacity));
	} else {
		gen_emit_op(block, stream, EG_OP_EXIT, 0, 0);
		s->over = true;
	}
}

const struct gen_ops gen_stream_ops = {
	.name         = "stream",
	.summary      = "sequential reads and writes of a few arrays in step, as STREAM's copy and triad",
	.params       = stream_params,
	.capabilities = GEN_CAPS,
	.names        = gen_region_names,
	.state_size   = stream_state_size,
	.init         = stream_init,
	.next         = stream_next,
};
