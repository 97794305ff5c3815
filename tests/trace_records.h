/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_records - traces as arrays, for tests of the trace tools.
 *
 * Traces are random, a function of their seed, and read into memory as one struct eg_op for each record (an access has
 * code EG_OP_NONE and its word in arg[0]).
 */
#ifndef TESTS_TRACE_RECORDS_H
#define TESTS_TRACE_RECORDS_H

#include "tests/tap.h"

#include "sim/base/mem.h"
#include "sim/base/rng.h"
#include "workloads/trace/copy.h"

static struct eg_errors err;
static struct import_report report;

struct records {
	struct eg_op *op;
	size_t nr, cap;
	uint32_t caps;
	char hash[65];
};

static inline bool take(struct records *t, const struct eg_op *op)
{
	struct eg_op *slot = eg_grow((void **)&t->op, &t->nr, &t->cap, sizeof(*slot));

	if (slot)
		*slot = *op;
	return slot;
}

/* All records of a file; its names are put into arg[5] as a hash of the text, since numbers may differ. */
static inline bool read_all(const char *path, struct records *t)
{
	const struct trace_open_options o = { .verify = true, .block = 7 };
	struct trace_reader_info info;
	struct trace_reader *r;
	struct eg_block b;
	bool good;

	t->nr = 0;
	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		return false;
	for (good = true; good;) {
		good = trace_next(r, &b, &err) == EG_OK;
		if (!good || b.kind == EG_BLOCK_END)
			break;
		if (b.kind == EG_BLOCK_OP) {
			for (const char *c = trace_name(r, b.op.name); b.op.name && *c; c++)
				b.op.arg[5] = b.op.arg[5] * 31 + (uint8_t)*c;
			b.op.name = 0;
			good = take(t, &b.op);
			continue;
		}
		for (uint32_t i = 0; good && i < b.nr; i++) {
			struct eg_op a = { .stream = b.stream, .time = b.time, .arg = { b.acc[i] } };

			good = take(t, &a);
		}
	}
	t->caps = trace_capabilities(r);
	trace_reader_info(r, &info);
	snprintf(t->hash, sizeof(t->hash), "%s", info.content_hash);
	trace_close(r);
	if (!good)
		printf("# %s: %s\n", path, err.nr ? err.text[0] : "no memory");
	return good;
}

static inline bool same(const struct eg_op *a, const struct eg_op *b)
{
	return a->code == b->code && a->flags == b->flags && a->stream == b->stream && a->time == b->time &&
	       memcmp(a->arg, b->arg, sizeof(a->arg)) == 0;
}

static inline bool same_all(const struct eg_op *a, const struct eg_op *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!same(&a[i], &b[i])) {
			printf("# record %zu: %u t%u %" PRIx64 " instead of %u t%u %" PRIx64 "\n", i, a[i].code, a[i].stream,
			       a[i].arg[0], b[i].code, b[i].stream, b[i].arg[0]);
			return false;
		}
	return true;
}

/* ---- random traces ------------------------------------------------------------------------------- */

enum { STREAMS = 4, CHILDREN = 64, CHILD = 10 };        /* streams that do something; children that do nothing: CHILD... */

struct making {
	struct trace_writer *w;
	struct eg_rng rng;
	eg_time now;
	bool timed;
	uint64_t page[STREAMS], next_id, born;  /* ids and children are given once */
};

static inline uint64_t word(struct making *m, unsigned stream)
{
	uint64_t offset = eg_rng_below(&m->rng, EG_PAGE_SIZE);
	unsigned size = 1 + (unsigned)eg_rng_below(&m->rng, 32);

	/* now and then over the edge of the page */
	if (offset + size > EG_PAGE_SIZE && eg_rng_below(&m->rng, 4))
		offset = EG_PAGE_SIZE - size;
	return eg_access((m->page[stream] << EG_PAGE_SHIFT) + offset, (enum eg_access_kind)eg_rng_below(&m->rng, 4), size);
}

static inline eg_status one_op(struct making *m, uint32_t stream)
{
	struct eg_op op = { .stream = stream, .time = m->timed ? m->now : EG_TIME_NONE };
	char text[32];

	switch (eg_rng_below(&m->rng, 8)) {
	case 0:
		op.code = EG_OP_MMAP;
		op.arg[0] = (1 + eg_rng_below(&m->rng, 64)) << 20;
		op.arg[1] = (1 + eg_rng_below(&m->rng, 32)) << EG_PAGE_SHIFT;
		op.arg[2] = EG_PROT_READ;
		op.arg[3] = EG_MAP_ANON | EG_MAP_FIXED;
		break;
	case 1:
		op.code = EG_OP_MUNMAP;
		op.arg[0] = (1 + eg_rng_below(&m->rng, 64)) << 20;
		op.arg[1] = (1 + eg_rng_below(&m->rng, 32)) << EG_PAGE_SHIFT;
		break;
	case 2:
		op.code = EG_OP_MALLOC;
		op.arg[0] = m->next_id++;
		op.arg[1] = 1 + eg_rng_below(&m->rng, 5000);
		break;
	case 3:
		op.code = EG_OP_REALLOC;
		op.arg[0] = m->next_id ? eg_rng_below(&m->rng, m->next_id) : 0;
		op.arg[1] = m->next_id++;
		op.arg[2] = 100;
		break;
	case 4:
		op.code = EG_OP_ALLOC_PAGES;
		op.arg[0] = m->next_id++;
		op.arg[1] = eg_rng_below(&m->rng, 4);
		break;
	case 5:
		if (m->born == CHILDREN)
			return EG_OK;
		op.code = EG_OP_FORK;
		op.arg[0] = CHILD + m->born++;
		break;
	case 6:
		op.code = EG_OP_ACCESS;
		op.arg[0] = m->page[stream] << EG_PAGE_SHIFT;
		op.arg[1] = 64;
		break;
	default:
		op.code = EG_OP_MARK;
		snprintf(text, sizeof(text), "mark %u", (unsigned)eg_rng_below(&m->rng, 9));
		op.name = trace_writer_name(m->w, text);
		break;
	}
	return trace_writer_op(m->w, &op);
}

static inline eg_status make_records(struct making *m, unsigned nr)
{
	struct eg_op init = { .code = EG_OP_MMAP, .flags = EG_OPF_INIT, .time = EG_TIME_NONE,
			      .arg = { 0x10000, 0x10000, 3, EG_MAP_ANON | EG_MAP_FIXED } };

	EG_TRY(trace_writer_capabilities(m->w, TRACE_CAP(VIRT) | TRACE_CAP(SIZE) | TRACE_CAP(COMPLETE) | TRACE_CAP(ORDER) |
					 TRACE_CAP(INIT) | TRACE_CAP(TASK) | (m->timed ? TRACE_CAP(TIME) : 0)));
	EG_TRY(trace_writer_op(m->w, &init));
	for (unsigned i = 0; i < nr; i++) {
		uint32_t stream = (uint32_t)eg_rng_below(&m->rng, STREAMS);
		uint64_t run = eg_rng_below(&m->rng, eg_rng_below(&m->rng, 3) ? 4 : 60);

		if (m->timed && eg_rng_below(&m->rng, 3) == 0)
			m->now += eg_rng_below(&m->rng, 1000);
		if (m->now > 400 && eg_rng_below(&m->rng, 40) == 0)
			m->now -= 400;          /* it happens in recordings */
		if (eg_rng_below(&m->rng, 12) == 0)
			EG_TRY(one_op(m, stream));
		EG_TRY(trace_writer_time(m->w, m->timed && eg_rng_below(&m->rng, 9) ? m->now : EG_TIME_NONE));
		if (eg_rng_below(&m->rng, 3))
			m->page[stream] = 16 + eg_rng_below(&m->rng, 32);
		for (uint64_t k = 0; k < run; k++)
			EG_TRY(trace_writer_access(m->w, stream, word(m, stream)));
	}
	return EG_OK;
}

static inline bool make(const char *path, uint64_t seed, unsigned nr, bool timed)
{
	const struct trace_write_options o = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 2 };
	struct making m = { .rng = eg_rng_stream(seed, "tools", 0), .timed = timed };
	bool good;

	err.nr = 0;
	if (trace_writer_open(&m.w, path, &o, &err) != EG_OK)
		return false;
	good = make_records(&m, nr) == EG_OK;
	good = trace_writer_finish(m.w, &err) == EG_OK && good;
	if (!good)
		printf("# %s\n", err.nr ? err.text[0] : "?");
	return good;
}

static inline bool copy(const char *from, const char *to, const struct copy_filter *f)
{
	const struct trace_write_options o = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 2 };
	bool good;

	err.nr = 0;
	memset(&report, 0, sizeof(report));
	good = copy_file(from, to, NULL, f, &o, &report, &err) == EG_OK;
	if (!good)
		printf("# %s\n", err.nr ? err.text[0] : "?");
	return good;
}

#endif
