/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * infer - mappings for traces that have none: regions around the touched pages.
 *
 * Formats that record accesses alone (lackey) say nothing of the mappings they happen in. The touched pages
 * are collected; neighbours at most 1 MiB apart and of the same use (code or data) become one region.
 */
#ifndef WORKLOADS_TRACE_INFER_H
#define WORKLOADS_TRACE_INFER_H

#include "sim/base/op.h"
#include "sim/base/status.h"

#define INFER_JOIN (UINT64_C(1) << 20)

struct infer_page {
	uint64_t vpn;
	uint64_t use;                   /* bits 1 << kind; 0 = empty bucket */
};

struct infer_range {
	uint64_t start, end;            /* bytes */
};

struct infer {
	uint64_t last_key;              /* last (page, kind) noted: most accesses stop here */
	struct infer_page *page;        /* hash table, power of two  */
	size_t   nr, cap;
	struct infer_range *known;      /* ever mapped explicitly    */
	size_t   nr_known, cap_known;
	bool     failed;                /* host memory ran out       */
};

struct infer *infer_new(void) EG_MUST_USE;
void          infer_free(struct infer *f);

void infer_note(struct infer *f, uint64_t vpn, enum eg_access_kind kind);

/* A page (or two) is touched. */
static inline void infer_touch(struct infer *f, uint64_t word)
{
	uint64_t addr = eg_access_addr(word), vpn = addr >> EG_PAGE_SHIFT;
	uint64_t last = (addr + eg_access_size(word) - 1) >> EG_PAGE_SHIFT;
	uint64_t key = vpn << 2 | eg_access_kind(word);

	if (EG_UNLIKELY(key != f->last_key)) {
		infer_note(f, vpn, eg_access_kind(word));
		f->last_key = key;
	}
	if (EG_UNLIKELY(last != vpn))
		infer_note(f, last & (EG_ACCESS_ADDR_MASK >> EG_PAGE_SHIFT), eg_access_kind(word));
}

/* The trace itself maps [start, start + len): nothing is inferred there. */
void infer_known(struct infer *f, uint64_t start, uint64_t len);

/* Call emit() with one MMAP op per region, in address order (flags init; inferred, anon, fixed). */
eg_status infer_regions(struct infer *f, eg_status (*emit)(void *ctx, const struct eg_op *op), void *ctx) EG_MUST_USE;

#endif
