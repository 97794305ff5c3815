/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * region - what the generators of plain access patterns share.
 *
 * Each of them maps one region, writes it once so that the body measures steady state instead of first
 * touches, runs its pattern and exits. The ops before the body, the two texts of their marks and the
 * parameters of the region are here, once.
 */
#ifndef WORKLOADS_GEN_REGION_H
#define WORKLOADS_GEN_REGION_H

#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"      /* TRACE_CAP_* */

/* Everything a generator emits is known: nothing is sampled or lost, and mappings come before touches. */
#define GEN_CAPS (TRACE_CAP(VIRT) | TRACE_CAP(DATA) | TRACE_CAP(SIZE) | TRACE_CAP(COMPLETE) | TRACE_CAP(ORDER) | \
		  TRACE_CAP(VMA) | TRACE_CAP(TASK) | TRACE_CAP(NOLOST) | TRACE_CAP(INIT))

/* Texts of the marks (gen_ops.names) and their ids. */
enum { GEN_MARK_FILL = 1, GEN_MARK_RUN = 2 };
extern const char *const gen_region_names[];

/* Rows for the parameter table: the region's size under `size_name`, its share of memory, and fill. */
#define GEN_REGION_PARAMS(size_name, size_def, what)                                                   \
	{ .name = size_name, .type = EG_PARAM_SIZE, .def = size_def, .min = "4KiB", .max = "16TiB",    \
	  .help = what ", rounded down to whole pages" },                                              \
	{ .name = size_name "_share", .type = EG_PARAM_REAL, .def = "0", .min = "0", .max = "16",      \
	  .help = "the same as a share of the machine's memory; 0 = use " size_name },                 \
	{ .name = "fill", .type = EG_PARAM_BOOL, .def = "true",                                        \
	  .help = "write one word of every page first and end the warm-up there" }

struct gen_region {
	uint64_t base, bytes;       /* page aligned, bytes >= one page                        */
	uint64_t filled;            /* bytes written by the fill so far; <= bytes             */
	uint32_t phase;             /* which op comes next; internal                          */
	bool     fill;
};

/* Size from args (size_name, size_name_share, fill). Giving both sizes is EG_BAD_INPUT. */
eg_status gen_region_init(struct gen_region *r, const struct eg_args *args, const char *size_name,
			  const struct gen_env *env, struct eg_errors *err) EG_MUST_USE;

/* Size from args alone, in whole pages, for a generator that maps otherwise. */
eg_status gen_region_size(uint64_t *bytes, const struct eg_args *args, const char *size_name,
			  const struct gen_env *env, struct eg_errors *err) EG_MUST_USE;

/*
 * The next block before the body: mmap; with fill: mark "fill", one 8-byte write per page, warmup_end;
 * mark "run". Returns false, with the block untouched, when the body is to go on.
 */
bool gen_region_next(struct gen_region *r, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block);

/* ---- blocks -------------------------------------------------------------------------------------- */

static inline void gen_emit_end(struct eg_block *b, uint32_t stream)
{
	*b = (struct eg_block){ .kind = EG_BLOCK_END, .stream = stream, .time = EG_TIME_NONE };
}

static inline void gen_emit_accesses(struct eg_block *b, uint32_t stream, const struct gen_buffer *buf, uint32_t nr)
{
	*b = (struct eg_block){ .kind = EG_BLOCK_ACCESS, .stream = stream, .nr = nr, .acc = buf->acc,
				.time = EG_TIME_NONE };
}

static inline struct eg_op *gen_emit_op(struct eg_block *b, uint32_t stream, enum eg_op_code code,
					uint64_t arg0, uint64_t arg1)
{
	*b = (struct eg_block){ .kind = EG_BLOCK_OP, .stream = stream, .time = EG_TIME_NONE };
	b->op.code = (uint8_t)code;
	b->op.stream = stream;
	b->op.time = EG_TIME_NONE;
	b->op.arg[0] = arg0;
	b->op.arg[1] = arg1;
	return &b->op;
}

static inline void gen_emit_mark(struct eg_block *b, uint32_t stream, uint32_t name)
{
	gen_emit_op(b, stream, EG_OP_MARK, 0, 0)->name = name;
}

/* Anonymous, private, readable and writable, at exactly this place. */
static inline void gen_emit_mmap(struct eg_block *b, uint32_t stream, uint64_t addr, uint64_t bytes)
{
	struct eg_op *op = gen_emit_op(b, stream, EG_OP_MMAP, addr, bytes);

	op->arg[2] = EG_PROT_READ | EG_PROT_WRITE;
	op->arg[3] = EG_MAP_ANON | EG_MAP_FIXED;
}

#endif
