/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats - see stats.h. The page set is that of infer.h. */
#include "workloads/trace/stats.h"

#include "sim/base/mem.h"

struct trace_stats *trace_stats_new(void)
{
	struct trace_stats *st = eg_calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->pages = infer_new();
	if (!st->pages) {
		eg_free(st);
		return NULL;
	}
	st->min_data_addr = UINT64_MAX;
	st->first_time = st->last_time = EG_TIME_NONE;
	return st;
}

void trace_stats_free(struct trace_stats *st)
{
	if (!st)
		return;
	infer_free(st->pages);
	eg_free(st);
}

static void add_access(struct trace_stats *st, uint64_t addr, uint64_t size, unsigned kind)
{
	bool straddle = addr >> EG_PAGE_SHIFT != (addr + size - 1) >> EG_PAGE_SHIFT;

	st->accesses++;
	st->kind[kind]++;
	if (kind == EG_ACCESS_FETCH) {
		st->fetch_straddles += straddle;
		return;
	}
	st->data_straddles += straddle;
	st->bytes_loaded += kind != EG_ACCESS_WRITE ? size : 0;
	st->bytes_stored += kind != EG_ACCESS_READ ? size : 0;
	if (addr < st->min_data_addr)
		st->min_data_addr = addr;
	if (addr > st->max_data_addr)
		st->max_data_addr = addr;
}

static void add_time(struct trace_stats *st, eg_time time)
{
	if (time == EG_TIME_NONE)
		return;
	if (st->first_time == EG_TIME_NONE || time < st->first_time)
		st->first_time = time;
	if (st->last_time == EG_TIME_NONE || time > st->last_time)
		st->last_time = time;
}

/* A page run: what it still knows. */
static void add_run(struct trace_stats *st, const struct eg_op *op)
{
	for (unsigned kind = 0; kind <= EG_ACCESS_FETCH; kind++) {
		uint64_t n = op->arg[2 + kind];

		st->accesses += n;
		st->kind[kind] += n;
		if (n)
			infer_note(st->pages, op->arg[0] >> EG_PAGE_SHIFT, (enum eg_access_kind)kind);
		if (!n || kind == EG_ACCESS_FETCH)
			continue;
		if (op->arg[0] < st->min_data_addr)
			st->min_data_addr = op->arg[0];
		if (op->arg[0] > st->max_data_addr)
			st->max_data_addr = op->arg[0];
	}
}

static void add_op(struct trace_stats *st, const struct eg_op *op)
{
	st->op[op->code]++;
	st->failed_ops += op->flags & EG_OPF_FAILED ? 1 : 0;
	st->init_ops += op->flags & EG_OPF_INIT ? 1 : 0;
	if (op->code == EG_OP_RUN)
		add_run(st, op);
	if (op->code != EG_OP_ACCESS || op->arg[2] > EG_ACCESS_FETCH || op->arg[1] == 0 || op->arg[1] > 1 << 20)
		return;
	add_access(st, op->arg[0], op->arg[1], (unsigned)op->arg[2]);
	for (uint64_t page = op->arg[0] >> EG_PAGE_SHIFT; page <= (op->arg[0] + op->arg[1] - 1) >> EG_PAGE_SHIFT; page++)
		infer_note(st->pages, page, (enum eg_access_kind)op->arg[2]);
}

void trace_stats_add(struct trace_stats *st, const struct eg_block *b)
{
	if (b->kind == EG_BLOCK_END)
		return;
	if (b->stream >= st->streams)
		st->streams = b->stream + 1;
	add_time(st, b->time);
	if (b->kind == EG_BLOCK_OP) {
		add_op(st, &b->op);
		return;
	}
	for (uint32_t i = 0; i < b->nr; i++) {
		uint64_t w = b->acc[i];

		add_access(st, eg_access_addr(w), eg_access_size(w), eg_access_kind(w));
		infer_touch(st->pages, w);
	}
}

eg_status trace_stats_end(struct trace_stats *st)
{
	if (st->pages->failed)
		return EG_NO_MEMORY;
	st->data_pages = 0;
	for (size_t i = 0; i < st->pages->cap; i++)
		st->data_pages += st->pages->page[i].use & ~(UINT64_C(1) << EG_ACCESS_FETCH) ? 1 : 0;
	st->all_pages = st->pages->nr;
	return EG_OK;
}

eg_status trace_stats_file(const char *path, struct trace_stats *st, struct eg_errors *err)
{
	struct trace_reader *r;
	struct eg_block b;
	eg_status s;

	EG_TRY(trace_open(&r, path, NULL, err));
	do {
		s = trace_next(r, &b, err);
		if (s == EG_OK)
			trace_stats_add(st, &b);
	} while (s == EG_OK && b.kind != EG_BLOCK_END);
	trace_close(r);
	if (s == EG_OK && trace_stats_end(st) != EG_OK)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory for the set of pages", path);
	return s;
}
