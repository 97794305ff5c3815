/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge - see merge.h.
 *
 *   1. Each file shows its next block. The block with the smallest key (latest time of its file so far) goes out
 *      whole; a block has one time, so no other file's record belongs inside it. A scan finds it: there are few
 *      files and many records in a block.
 *   2. Init ops are the first records of every file and go out first, file by file.
 *   3. The writer is deferred: the stream names are known at the end.
 */
#include "workloads/trace/merge.h"

#include <stdio.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/egt.h"

enum { STREAMS_NAMED = 4096 };

struct stream_pair {
	uint32_t old, new;
};

struct source {
	const struct merge_input *in;
	struct trace_reader *r;
	struct eg_block b;              /* the next one                  */
	eg_time  key;                   /* latest time so far            */
	struct stream_pair *pair;       /* sorted by old number          */
	size_t   nr, cap;
	unsigned index;
};

struct merge {
	struct source *src;
	unsigned nr;
	struct trace_writer *w;
	struct merge_report *report;
	struct eg_errors *err;
	enum merge_layout layout;
};

/* ---- numbers ------------------------------------------------------------------------------------- */

static eg_status no_memory(const struct merge *m)
{
	return eg_fail(m->err, EG_NO_MEMORY, "out of memory to merge traces");
}

static eg_status name_stream(struct merge *m, const struct source *s, const struct stream_pair *p)
{
	const char *slash = strrchr(s->in->path, '/');
	struct eg_str text = { 0 };
	char key[32];
	eg_status status;

	if (p->new >= STREAMS_NAMED)
		return EG_OK;
	(void)snprintf(key, sizeof(key), "stream.%u", p->new);
	eg_str_addf(&text, "%s t%u", slash ? slash + 1 : s->in->path, p->old);
	status = text.failed ? no_memory(m) : trace_writer_meta(m->w, key, text.p);
	eg_str_free(&text);
	return status;
}

/* The new number of a stream; a stream not met before gets the next one. */
static eg_status map_stream(struct merge *m, struct source *s, uint32_t old, uint32_t *new)
{
	size_t lo = 0, hi = s->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->pair[mid].old < old)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->nr || s->pair[lo].old != old) {
		if (!eg_grow((void **)&s->pair, &s->nr, &s->cap, sizeof(*s->pair)))
			return no_memory(m);
		memmove(s->pair + lo + 1, s->pair + lo, (s->nr - 1 - lo) * sizeof(*s->pair));
		s->pair[lo] = (struct stream_pair){ old, m->report->streams++ };
		EG_TRY(name_stream(m, s, &s->pair[lo]));
	}
	*new = s->pair[lo].new;
	return EG_OK;
}

static eg_status map_id(struct merge *m, const struct source *s, uint64_t base, uint64_t *id)
{
	if (__builtin_mul_overflow(*id, m->nr, id) || __builtin_add_overflow(*id, base + s->index, id))
		return eg_fail(m->err, EG_BAD_INPUT, "%s: the number of an object is too large to merge", s->in->path);
	return EG_OK;
}

/* A mapping's file: the number of a name, or of an object without one (0: not told which). */
static eg_status map_file(struct merge *m, const struct source *s, struct eg_op *op)
{
	if (op->arg[3] & EG_MAP_ANON || (op->arg[4] && op->arg[4] <= trace_names(s->r)))
		return EG_OK;
	return map_id(m, s, EGT_NAMES_MAX, &op->arg[4]);
}

static eg_status map_child(struct merge *m, struct source *s, struct eg_op *op)
{
	uint32_t child;

	if (op->arg[0] >= UINT32_MAX)
		return eg_fail(m->err, EG_BAD_INPUT, "%s: a child has no stream number", s->in->path);
	EG_TRY(map_stream(m, s, (uint32_t)op->arg[0], &child));
	op->arg[0] = child;
	return EG_OK;
}

static eg_status map_op(struct merge *m, struct source *s, struct eg_op *op)
{
	switch (op->code) {
	case EG_OP_FORK:
	case EG_OP_VFORK:
	case EG_OP_CLONE:
		return map_child(m, s, op);
	case EG_OP_MMAP:
		return map_file(m, s, op);
	case EG_OP_REALLOC:
		EG_TRY(map_id(m, s, 0, &op->arg[1]));
		__attribute__((fallthrough));
	case EG_OP_ALLOC_PAGES:
	case EG_OP_FREE_PAGES:
	case EG_OP_MALLOC:
	case EG_OP_CALLOC:
	case EG_OP_MEMALIGN:
	case EG_OP_FREE:
		return map_id(m, s, 0, &op->arg[0]);
	default:
		return EG_OK;
	}
}

/* ---- records ------------------------------------------------------------------------------------- */

/* The next block of a file, its time shifted. */
static eg_status advance(struct merge *m, struct source *s)
{
	EG_TRY(trace_next(s->r, &s->b, m->err));
	if (s->b.kind == EG_BLOCK_END || s->b.time == EG_TIME_NONE)
		return EG_OK;
	if (s->b.time >= EG_TIME_NONE - s->in->offset)
		return eg_fail(m->err, EG_BAD_INPUT, "%s: its times and the offset exceed the 213 days that a trace can tell",
			       s->in->path);
	s->b.time += s->in->offset;
	s->b.op.time = s->b.time;
	if (s->b.time > s->key)
		s->key = s->b.time;
	return EG_OK;
}

static eg_status put_block(struct merge *m, struct source *s)
{
	struct eg_block *b = &s->b;
	uint32_t stream;

	EG_TRY(map_stream(m, s, b->stream, &stream));
	if (b->kind == EG_BLOCK_ACCESS) {
		m->report->records += b->nr;
		EG_TRY(trace_writer_time(m->w, b->time));
		return trace_writer_accesses(m->w, stream, b->acc, b->nr);
	}
	m->report->records++;
	b->op.stream = stream;
	EG_TRY(map_op(m, s, &b->op));
	EG_TRY(copy_op_names(s->r, m->w, &b->op));
	return trace_writer_op(m->w, &b->op);
}

static bool is_init(const struct eg_block *b)
{
	return b->kind == EG_BLOCK_OP && b->op.flags & EG_OPF_INIT;
}

/* Init ops of all files; then every file shows its first other block. */
static eg_status put_init(struct merge *m)
{
	for (unsigned i = 0; i < m->nr; i++) {
		EG_TRY(advance(m, &m->src[i]));
		while (is_init(&m->src[i].b)) {
			EG_TRY(put_block(m, &m->src[i]));
			EG_TRY(advance(m, &m->src[i]));
		}
	}
	return EG_OK;
}

static eg_status put_by_time(struct merge *m)
{
	for (;;) {
		struct source *next = NULL;

		for (unsigned i = 0; i < m->nr; i++)
			if (m->src[i].b.kind != EG_BLOCK_END && (!next || m->src[i].key < next->key))
				next = &m->src[i];
		if (!next)
			return EG_OK;
		EG_TRY(put_block(m, next));
		EG_TRY(advance(m, next));
	}
}

static eg_status put_apart(struct merge *m)
{
	for (unsigned i = 0; i < m->nr; i++)
		while (m->src[i].b.kind != EG_BLOCK_END) {
			EG_TRY(put_block(m, &m->src[i]));
			EG_TRY(advance(m, &m->src[i]));
		}
	return EG_OK;
}

/* ---- origins ------------------------------------------------------------------------------------- */

/* The metadata time_origin in picoseconds; -1: none, or relative. */
static __int128 origin_of(const struct trace_reader *r)
{
	const char *p = trace_metadata(r, "time_origin");
	size_t seconds = p ? strspn(p, "0123456789") : 0;
	__int128 ps = 0;

	if (seconds == 0 || seconds > 12 || p[seconds] != '.' || strspn(p + seconds + 1, "0123456789") != 12 ||
	    p[seconds + 13])
		return -1;
	for (; *p; p++)
		if (*p != '.')
			ps = ps * 10 + (*p - '0');
	return ps;
}

static eg_status read_origin(const char *path, __int128 *origin, struct eg_errors *err)
{
	struct trace_reader *r;

	EG_TRY(trace_open(&r, path, NULL, err));
	*origin = origin_of(r);
	trace_close(r);
	if (*origin < 0)
		return eg_fail(err, EG_USAGE, "%s: it does not say when its first record was (time_origin); give --offset instead",
			       path);
	return EG_OK;
}

eg_status merge_by_origin(struct merge_input *in, unsigned nr, struct eg_errors *err)
{
	const __int128 most = (__int128)EG_TIME_NONE - 1;
	__int128 earliest = 0, origin = 0;

	for (unsigned i = 0; i < nr; i++) {
		EG_TRY(read_origin(in[i].path, &origin, err));
		earliest = i == 0 || origin < earliest ? origin : earliest;
	}
	for (unsigned i = 0; i < nr; i++) {
		EG_TRY(read_origin(in[i].path, &origin, err));
		if (origin - earliest + in[i].offset > most)
			return eg_fail(err, EG_USAGE, "%s: its first record was %llu days after that of another file: are both "
				       "of one clock?", in[i].path,
				       (unsigned long long)((origin - earliest) / EG_PS_PER_S / 86400));
		in[i].offset += (eg_time)(origin - earliest);
	}
	return EG_OK;
}

/* When time 0 of the result was, if the files agree on that. */
static eg_status put_origin(struct merge *m)
{
	__int128 zero = -1;
	char text[64];

	for (unsigned i = 0; i < m->nr; i++) {
		__int128 origin = origin_of(m->src[i].r), mine = origin - m->src[i].in->offset;

		if (origin < 0 || mine < 0 || (i && mine != zero))
			return EG_OK;
		zero = mine;
	}
	(void)snprintf(text, sizeof(text), "%llu.%012llu", (unsigned long long)(zero / EG_PS_PER_S),
		       (unsigned long long)(zero % EG_PS_PER_S));
	return trace_writer_meta(m->w, "time_origin", text);
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static eg_status describe(struct merge *m, const struct source *s)
{
	const char *slash = strrchr(s->in->path, '/'), *key, *value;
	struct trace_reader_info info;
	struct eg_str name = { 0 };
	char text[64];
	eg_status status = EG_OK;

	trace_reader_info(s->r, &info);
	(void)snprintf(text, sizeof(text), "merge.%u.file", s->index + 1);
	EG_TRY(trace_writer_meta(m->w, text, slash ? slash + 1 : s->in->path));
	(void)snprintf(text, sizeof(text), "merge.%u.content_hash", s->index + 1);
	EG_TRY(trace_writer_meta(m->w, text, info.content_hash));
	for (unsigned i = 0; status == EG_OK && trace_metadata_at(s->r, i, &key, &value); i++) {
		name.len = 0;
		eg_str_addf(&name, "merge.%u.%s", s->index + 1, key);
		status = name.failed ? no_memory(m) : trace_writer_meta(m->w, name.p, value);
	}
	eg_str_free(&name);
	if (status == EG_OK && s->in->offset) {
		char key_text[64];

		(void)snprintf(key_text, sizeof(key_text), "merge.%u.offset", s->index + 1);
		(void)snprintf(text, sizeof(text), "%llups", (unsigned long long)s->in->offset);
		status = trace_writer_meta(m->w, key_text, text);
	}
	return status;
}

/* What only reading a file tells: late metadata, and what had to be left out. */
static void end_capabilities(struct merge *m)
{
	struct trace_reader_info info;

	for (unsigned i = 0; i < m->nr; i++) {
		m->report->capabilities &= trace_capabilities(m->src[i].r);
		trace_reader_info(m->src[i].r, &info);
		m->report->unknown += info.unknown;
	}
}

static eg_status put_all(struct merge *m)
{
	EG_TRY(put_init(m));
	EG_TRY(m->report->by_time ? put_by_time(m) : put_apart(m));
	for (unsigned i = 0; i < m->nr; i++)
		EG_TRY(describe(m, &m->src[i]));
	EG_TRY(trace_writer_meta(m->w, "merge.order", m->report->by_time ? "by time, then by file" :
				 m->layout == MERGE_CONCATENATE ? "none: one file after the other" : "none: streams apart"));
	EG_TRY(put_origin(m));
	end_capabilities(m);
	return trace_writer_capabilities(m->w, m->report->capabilities);
}

static eg_status open_all(struct merge *m, const struct merge_input *in)
{
	const struct trace_open_options open = { .verify = true };
	struct trace_reader_info info;

	m->report->capabilities = UINT32_MAX;
	m->report->by_time = true;
	for (unsigned i = 0; i < m->nr; i++) {
		struct source *s = &m->src[i];

		s->in = &in[i];
		s->index = i;
		EG_TRY(trace_open(&s->r, in[i].path, &open, m->err));
		trace_reader_info(s->r, &info);
		m->report->capabilities &= trace_capabilities(s->r);
		m->report->by_time &= !info.split;
		if (in[i].offset && !(trace_capabilities(s->r) & TRACE_CAP(TIME)))
			return eg_fail(m->err, EG_USAGE, "%s: it has no times, so an offset means nothing", in[i].path);
		s->key = in[i].offset;
	}
	m->report->by_time &= (m->report->capabilities & TRACE_CAP(TIME)) != 0 && m->layout != MERGE_SPLIT;
	if (!m->report->by_time)
		m->report->capabilities &= ~TRACE_CAP(ORDER);
	return EG_OK;
}

eg_status merge_traces(const struct merge_input *in, unsigned nr, const char *out, enum merge_layout layout,
		       const struct trace_write_options *write, struct merge_report *report, struct eg_errors *err)
{
	struct merge m = { .nr = nr, .report = report, .err = err, .layout = layout };
	struct trace_write_options o = *write;
	eg_status s = EG_OK;

	*report = (struct merge_report){ .records = 0 };
	m.src = eg_calloc(nr, sizeof(*m.src));
	if (!m.src)
		return no_memory(&m);
	s = open_all(&m, in);
	o.defer = true;
	o.split = !report->by_time && layout != MERGE_CONCATENATE;
	if (s == EG_OK)
		s = trace_writer_open(&m.w, out, &o, err);
	if (s == EG_OK)
		s = copy_close(m.w, put_all(&m), report->content_hash, err);
	for (unsigned i = 0; i < nr; i++) {
		trace_close(m.src[i].r);
		eg_free(m.src[i].pair);
	}
	eg_free(m.src);
	return s;
}
