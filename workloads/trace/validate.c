/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate - see validate.h.
 *
 *   1. The first pass reads the records as if there were no index and keeps the state that they build. Where a state
 *      chunk stood, and at a sample of chunk beginnings, it notes the ordinal, the first record and, for states, a
 *      digest of what the tracked state tells.
 *   2. Of every chunk of records it keeps what an index says of one: records, times, streams. An index is compared
 *      with that, entry by entry.
 *   3. The second pass seeks to the noted places through the index. What arrives must be what was noted.
 *
 * Seeks go through the reader's public functions, so what they check is what a user gets. Of the chunks of one file at
 * most PLACES are entered, spread evenly: each seek may have to read several chunks.
 *
 * A file can ask for more than it pays for: a state chunk in front of every record, each a short one, of a large
 * state. Writers spend at most a quarter of the records on states. So the ops that are told to compare states are at
 * most as many as the records so far and a million more; states beyond that are counted and not compared.
 */
#include "workloads/trace/validate.h"

#include <inttypes.h>

#include "sim/base/mem.h"
#include "sim/base/sha256.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/state.h"

enum { PLACES = 256, STATE_SLACK = 1 << 20 };

struct place {
	uint64_t ordinal;
	bool     state;
	uint8_t  told[32];              /* digest of the state */
	struct eg_op first;             /* code EG_OP_NONE: an access, whose word is in arg[0] */
};

/* What the index should say of a chunk of records. */
struct facts {
	uint64_t records;
	eg_time  first, last, latest;
	size_t   streams_at;            /* in validation.stream */
	uint32_t nr_streams;            /* more than EGT_INDEX_STREAMS are not listed */
};

struct validation {
	const char *path;
	struct validate_report *report;
	struct eg_errors *err;
	struct trace_state *state;
	struct semantic *semantic;
	struct place *place;
	size_t   nr, cap;
	uint64_t stride;                /* every how manieth chunk is noted */
	uint64_t sampled;
	uint64_t told;                  /* ops of states that were compared */
	struct facts *chunk;
	size_t   nr_chunks, cap_chunks;
	uint32_t *stream;
	size_t   nr_streams, cap_streams;
};

/* ---- what is compared ---------------------------------------------------------------------------- */

struct digest {
	struct eg_sha256 sha;
	uint64_t nr;
};

static eg_status digest_op(void *ctx, const struct eg_op *op)
{
	struct digest *d = ctx;
	uint64_t v[3 + EG_OP_ARGS] = { op->code | (uint64_t)op->flags << 8 | (uint64_t)op->stream << 32, op->name, op->time };

	for (unsigned i = 0; i < EG_OP_ARGS; i++)
		v[3 + i] = op->arg[i];
	eg_sha256_update(&d->sha, v, sizeof(v));
	d->nr++;
	return EG_OK;
}

static struct eg_op first_of(const struct eg_block *b)
{
	struct eg_op op = b->op;

	if (b->kind == EG_BLOCK_ACCESS)
		op = (struct eg_op){ .stream = b->stream, .time = b->time, .arg = { b->acc[0] } };
	return op;
}

static bool same_op(const struct eg_op *a, const struct eg_op *b)
{
	return a->code == b->code && a->flags == b->flags && a->stream == b->stream && a->name == b->name && a->time == b->time &&
	       memcmp(a->arg, b->arg, sizeof(a->arg)) == 0;
}

/* ---- first pass ---------------------------------------------------------------------------------- */

/* Half of the sampled chunks are enough when there are too many. States stay. */
static void thin(struct validation *v)
{
	size_t n = 0;
	bool odd = false;

	for (size_t i = 0; i < v->nr; i++)
		if (v->place[i].state || (odd = !odd))
			v->place[n++] = v->place[i];
	v->nr = n;
	v->stride *= 2;
	v->sampled /= 2;
}

/* Is there enough left to compare the state that stands in front of record number `ordinal`? */
static bool affordable(const struct validation *v, uint64_t ordinal)
{
	uint64_t size = trace_state_size(v->state);

	return size <= TRACE_STATE_MAX && v->told + size <= ordinal + STATE_SLACK;
}

static eg_status note(struct validation *v, const struct eg_block *b, uint64_t ordinal, bool state)
{
	struct digest d = { .nr = 0 };
	struct place *p;

	if (state && !affordable(v, ordinal)) {
		v->report->states_left++;
		return EG_OK;
	}
	p = eg_grow((void **)&v->place, &v->nr, &v->cap, sizeof(*p));
	if (!p)
		return EG_NO_MEMORY;
	p->ordinal = ordinal;
	p->state = state;
	p->first = first_of(b);
	if (!state) {
		if (++v->sampled == PLACES)
			thin(v);
		return EG_OK;
	}
	eg_sha256_init(&d.sha);
	EG_TRY(trace_state_tell(v->state, digest_op, &d));
	eg_sha256_final(&d.sha, p->told);
	v->told += d.nr + 1;
	return EG_OK;
}

static eg_status chunk_stream(struct validation *v, struct facts *f, uint32_t stream)
{
	uint32_t *to;

	for (uint32_t i = f->nr_streams; i--;)
		if (v->stream[f->streams_at + i] == stream)
			return EG_OK;
	if (f->nr_streams > EGT_INDEX_STREAMS)
		return EG_OK;
	to = eg_grow((void **)&v->stream, &v->nr_streams, &v->cap_streams, sizeof(*to));
	if (!to)
		return EG_NO_MEMORY;
	*to = stream;
	f->nr_streams++;
	return EG_OK;
}

/* A block of chunk number `chunk`. */
static eg_status chunk_facts(struct validation *v, const struct eg_block *b, uint64_t chunk)
{
	struct facts *f;

	while (v->nr_chunks <= chunk) {
		f = eg_grow((void **)&v->chunk, &v->nr_chunks, &v->cap_chunks, sizeof(*f));
		if (!f)
			return EG_NO_MEMORY;
		*f = (struct facts){ .first = b->time, .latest = EG_TIME_NONE, .streams_at = v->nr_streams };
	}
	f = &v->chunk[chunk];
	f->records += b->kind == EG_BLOCK_OP ? 1 : b->nr;
	f->last = b->time;
	if (b->time != EG_TIME_NONE && (f->latest == EG_TIME_NONE || b->time > f->latest))
		f->latest = b->time;
	return chunk_stream(v, f, b->stream);
}

static eg_status take_block(struct validation *v, const struct eg_block *b, uint64_t ordinal)
{
	EG_TRY(semantic_add(v->semantic, b, ordinal));
	return b->kind == EG_BLOCK_OP ? trace_state_op(v->state, &b->op) : EG_OK;
}

static eg_status first_pass(struct validation *v)
{
	const struct trace_open_options o = { .verify = true, .no_index = true };
	struct trace_reader_info *now = &v->report->info;
	uint64_t states = 0, chunks = UINT64_MAX;
	struct trace_reader *r;
	struct eg_block b;
	eg_status s;

	EG_TRY(trace_open(&r, v->path, &o, v->err));
	trace_reader_info(r, now);
	v->semantic = semantic_new(trace_capabilities(r) & TRACE_CAP(INIT), now->split);
	v->state = trace_state_new();
	s = v->semantic && v->state ? EG_OK : EG_NO_MEMORY;
	while (s == EG_OK) {
		uint64_t ordinal;

		s = trace_next(r, &b, v->err);
		ordinal = now->records;
		trace_reader_info(r, now);
		if (s != EG_OK || b.kind == EG_BLOCK_END)
			break;
		if (now->states != states || (now->chunks != chunks && now->chunks % v->stride == 0))
			s = note(v, &b, ordinal, now->states != states);
		states = now->states;
		chunks = now->chunks;
		if (s == EG_OK)
			s = chunk_facts(v, &b, chunks);
		if (s == EG_OK)
			s = take_block(v, &b, ordinal);
	}
	trace_close(r);
	if (s == EG_NO_MEMORY)
		return eg_fail(v->err, s, "%s: out of memory to follow its state", v->path);
	v->report->newer = now->newer;
	if (s == EG_OK && now->unknown) {
		v->report->newer = true;
		s = eg_fail(v->err, EG_BAD_INPUT, "%s: format version %u.%u; whole, but %" PRIu64 " part%s of it this engram does "
			    "not know: use a newer engram", v->path, now->major, now->minor, now->unknown,
			    now->unknown == 1 ? "" : "s");
	}
	return s;
}

/* ---- second pass --------------------------------------------------------------------------------- */

static eg_status check_place(struct validation *v, struct trace_reader *r, const struct place *p)
{
	const struct trace_place to = { .record = p->ordinal, .state = p->state };
	struct trace_reader_info info;
	struct digest d = { .nr = 0 };
	struct eg_op first;
	struct eg_block b;
	uint8_t told[32];
	uint64_t records;

	EG_TRY(trace_seek(r, &to, v->err));
	trace_reader_info(r, &info);
	records = info.records;
	eg_sha256_init(&d.sha);
	for (;;) {
		EG_TRY(trace_next(r, &b, v->err));
		trace_reader_info(r, &info);
		if (b.kind != EG_BLOCK_OP || info.records != records)
			break;
		(void)digest_op(&d, &b.op);
	}
	eg_sha256_final(&d.sha, told);
	if (p->state && memcmp(told, p->told, sizeof(told)) != 0)
		return eg_fail(v->err, EG_BAD_INPUT, "%s: the state told at record %" PRIu64 " is not what the records before it "
			       "build\nengram trace index --force writes it anew", v->path, p->ordinal);
	if (b.kind == EG_BLOCK_END)
		return eg_fail(v->err, EG_BAD_INPUT, "%s: the index finds no record %" PRIu64 "\nengram trace index --force "
			       "writes it anew", v->path, p->ordinal);
	first = first_of(&b);
	if (!same_op(&first, &p->first))
		return eg_fail(v->err, EG_BAD_INPUT, "%s: the index leads to another record than number %" PRIu64
			       "\nengram trace index --force writes it anew", v->path, p->ordinal);
	v->report->places++;
	v->report->states += p->state;
	return EG_OK;
}

static eg_status check_totals(struct validation *v, const struct trace_reader_info *index)
{
	const struct trace_reader_info *read = &v->report->info;

	/* an index may not know how many streams there are */
	if (index->total == read->records && (!index->streams || index->streams == read->streams) &&
	    index->states == read->states)
		return EG_OK;
	return eg_fail(v->err, EG_BAD_INPUT, "%s: the index tells of %" PRIu64 " records, %u streams, %" PRIu64 " states; there are %"
		       PRIu64 ", %u and %" PRIu64 "\nengram trace index --force writes it anew", v->path, index->total,
		       index->streams, index->states, read->records, read->streams, read->states);
}

static bool entry_fits(const struct validation *v, const struct egt_index *ix, size_t entry, const struct facts *f)
{
	const struct egt_index_entry *e = &ix->entry[entry];

	if (e->records != f->records || e->first != f->first || e->last != f->last || e->latest != f->latest)
		return false;
	if (f->nr_streams > EGT_INDEX_STREAMS)
		return e->nr_streams == 0;
	for (uint32_t i = 0; i < f->nr_streams; i++)
		if (!egt_index_has(ix, entry, v->stream[f->streams_at + i]))
			return false;
	return e->nr_streams == f->nr_streams;
}

static eg_status check_entries(const struct validation *v, const struct trace_reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->index.nr; i++) {
		if (r->index.entry[i].type != EGT_CHUNK_RECORDS)
			continue;
		if (n == v->nr_chunks || !entry_fits(v, &r->index, i, &v->chunk[n++]))
			return eg_fail(v->err, EG_BAD_INPUT, "%s: the index tells of other records, times or streams in chunk %zu "
				       "than there are\nengram trace index --force writes it anew", v->path, i + 1);
	}
	return EG_OK;
}

static eg_status second_pass(struct validation *v)
{
	const struct trace_place start = { .record = 0 };
	struct trace_reader_info info;
	struct trace_reader *r;
	eg_status s;

	EG_TRY(trace_open(&r, v->path, NULL, v->err));
	trace_reader_info(r, &info);
	s = trace_seek(r, &start, v->err);              /* an index that is refused is told of here */
	if (s == EG_OK && info.indexed)
		s = check_totals(v, &info);
	if (s == EG_OK && info.indexed)
		s = check_entries(v, r);
	for (size_t i = 0; info.indexed && s == EG_OK && i < v->nr; i++)
		s = check_place(v, r, &v->place[i]);
	if (info.indexed)
		v->report->info.indexed = true;
	trace_close(r);
	return s;
}

eg_status trace_validate(const char *path, struct validate_report *report, struct eg_errors *err)
{
	struct validation v = { .path = path, .report = report, .err = err, .stride = 1 };
	eg_status s;

	*report = (struct validate_report){ .defects = 0 };
	s = first_pass(&v);
	for (unsigned i = 0; v.semantic && i < SEMANTIC_KINDS; i++) {
		report->count[i] = semantic_counts(v.semantic)[i];
		report->defects += semantic_names[i].defect ? report->count[i].nr : 0;
	}
	if (s == EG_OK && strcmp(path, "-") != 0)
		s = second_pass(&v);
	semantic_free(v.semantic);
	trace_state_free(v.state);
	eg_free(v.place);
	eg_free(v.chunk);
	eg_free(v.stream);
	return s;
}
