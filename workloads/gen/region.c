/* SPDX-License-Identifier: GPL-3.0-or-later */
/* region - one mapping, filled, then the pattern; see region.h. */
#include "workloads/gen/region.h"

#include <stdio.h>

/* What a share may come to: with GEN_BASE it stays below the 128 TiB of 47-bit user addresses. */
#define REGION_MAX (UINT64_C(64) << 40)

enum { MAP, MARK_FILL, FILL, WARM, MARK_RUN, BODY };

const char *const gen_region_names[] = { "fill", "run", NULL };

eg_status gen_region_size(uint64_t *bytes, const struct eg_args *args, const char *size_name,
			  const struct gen_env *env, struct eg_errors *err)
{
	char share_name[40];
	uint64_t size = eg_args_u64(args, size_name);
	double share;

	(void)snprintf(share_name, sizeof(share_name), "%s_share", size_name);
	share = eg_args_real(args, share_name);
	if (share > 0) {
		int i = eg_param_find(args->params, size_name);

		if (args->value[i].given)
			return eg_fail(err, EG_BAD_INPUT, "%s and %s are both given; give one of them", size_name,
				       share_name);
		/* the share in units of 2^-20, then integers: memory_bytes may exceed what a double holds */
		size = (uint64_t)((unsigned __int128)env->memory_bytes * (uint64_t)(share * 1048576.0 + 0.5) >> 20);
	}
	size = eg_align_down(size, EG_PAGE_SIZE);
	if (size == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: less than one page of 4KiB; a larger share is needed",
			       share_name);
	if (size > REGION_MAX)
		return eg_fail(err, EG_BAD_INPUT, "%s: more than 64TiB of addresses; a smaller share is needed",
			       share_name);
	*bytes = size;
	return EG_OK;
}

eg_status gen_region_init(struct gen_region *r, const struct eg_args *args, const char *size_name,
			  const struct gen_env *env, struct eg_errors *err)
{
	*r = (struct gen_region){ .base = GEN_BASE, .fill = eg_args_bool(args, "fill") };
	return gen_region_size(&r->bytes, args, size_name, env, err);
}

bool gen_region_next(struct gen_region *r, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	uint32_t n = 0;

	switch (r->phase) {
	case MAP:
		gen_emit_mmap(block, stream, r->base, r->bytes);
		r->phase = r->fill ? MARK_FILL : MARK_RUN;
		return true;
	case MARK_FILL:
		gen_emit_mark(block, stream, GEN_MARK_FILL);
		r->phase = FILL;
		return true;
	case FILL:
		for (; n < buf->capacity && r->filled < r->bytes; r->filled += EG_PAGE_SIZE)
			buf->acc[n++] = eg_access(r->base + r->filled, EG_ACCESS_WRITE, 8);
		gen_emit_accesses(block, stream, buf, n);
		if (r->filled == r->bytes)
			r->phase = WARM;
		return true;
	case WARM:
		gen_emit_op(block, stream, EG_OP_WARMUP_END, 0, 0);
		r->phase = MARK_RUN;
		return true;
	case MARK_RUN:
		gen_emit_mark(block, stream, GEN_MARK_RUN);
		r->phase = BODY;
		return true;
	default:
		return false;
	}
}
