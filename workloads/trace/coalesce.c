/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coalesce - see coalesce.h.
 *
 *   1. The pending run is kept as counts, and as its first `min` accesses in case it stays short.
 *   2. A new access extends it when stream, time and page are the same; anything else flushes it.
 *   3. A flush writes one op or the accesses themselves. Runs are maximal, so coalescing twice changes nothing.
 *
 * Left out: runs that look through accesses of other streams or pages (loop bodies that alternate between two
 * pages): their order, which a TLB sees, would be lost.
 */
#include "workloads/trace/coalesce.h"

void coalesce_init(struct coalesce *c, struct trace_writer *w, uint32_t min)
{
	c->w = w;
	c->min = min;
	c->runs = c->in_runs = c->nr = 0;
}

eg_status coalesce_flush(struct coalesce *c)
{
	struct eg_op op = { .code = EG_OP_RUN, .stream = c->stream, .time = c->time };
	uint64_t nr = c->nr;

	c->nr = 0;
	if (nr == 0)
		return EG_OK;
	if (nr < c->min) {
		EG_TRY(trace_writer_time(c->w, c->time));
		return trace_writer_accesses(c->w, c->stream, c->acc, (uint32_t)nr);
	}
	op.arg[0] = c->page;
	op.arg[1] = c->first;
	op.arg[2] = c->count[EG_ACCESS_READ];
	op.arg[3] = c->count[EG_ACCESS_WRITE];
	op.arg[4] = c->count[EG_ACCESS_MODIFY];
	op.arg[5] = c->count[EG_ACCESS_FETCH];
	c->runs++;
	c->in_runs += nr;
	return trace_writer_op(c->w, &op);
}

static void begin(struct coalesce *c, uint32_t stream, eg_time time, uint64_t word)
{
	c->stream = stream;
	c->time = time;
	c->page = eg_align_down(eg_access_addr(word), EG_PAGE_SIZE);
	c->first = eg_access_kind(word);
	for (unsigned i = 0; i < EG_ARRAY_LEN(c->count); i++)
		c->count[i] = 0;
}

static bool straddles(uint64_t word)
{
	return (eg_access_addr(word) & (EG_PAGE_SIZE - 1)) + eg_access_size(word) > EG_PAGE_SIZE;
}

eg_status coalesce_accesses(struct coalesce *c, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr)
{
	if (c->nr && (c->stream != stream || c->time != time))
		EG_TRY(coalesce_flush(c));
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t word = acc[i];

		if (c->nr && eg_align_down(eg_access_addr(word), EG_PAGE_SIZE) != c->page)
			EG_TRY(coalesce_flush(c));
		if (EG_UNLIKELY(straddles(word))) {
			EG_TRY(coalesce_flush(c));
			EG_TRY(trace_writer_time(c->w, time));
			EG_TRY(trace_writer_access(c->w, stream, word));
			continue;
		}
		if (c->nr == 0)
			begin(c, stream, time, word);
		if (c->nr < c->min)
			c->acc[c->nr] = word;
		c->count[eg_access_kind(word)]++;
		c->nr++;
	}
	return EG_OK;
}

eg_status coalesce_op(struct coalesce *c, const struct eg_op *op)
{
	EG_TRY(coalesce_flush(c));
	return trace_writer_op(c->w, op);
}
