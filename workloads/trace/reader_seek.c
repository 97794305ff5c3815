/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader_seek - to a place in a trace.
 *
 *   1. Enter: at the start, at a chunk that the index names, or where the reader stands if the place lies ahead.
 *   2. Read on to the place with the reader's own functions. Chunks that end before it are hopped over by their
 *      headers, unless the state is wanted: then every op on the way goes to a trace_state.
 *   3. What was found - the state's ops, and the block that a search by time had to read - waits in a queue, from
 *      which trace_next() delivers first.
 *
 * So a seek without an index, with one, and reading from the start end with the same records.
 */
#include "workloads/trace/reader.h"

#include "sim/base/mem.h"

enum { STATE_TRIES = 3 };       /* states that a seek tries */

/* ---- the queue ----------------------------------------------------------------------------------- */

bool trace__queued(struct trace_reader *r, struct eg_block *b)
{
	if (r->queue_at < r->nr_queue) {
		const struct eg_op *op = &r->queue[r->queue_at++];

		*b = (struct eg_block){ .kind = EG_BLOCK_OP, .stream = op->stream, .time = op->time, .op = *op };
		return true;
	}
	r->queued = false;
	if (!r->holds)
		return false;
	r->holds = false;
	*b = r->held;
	r->info.records += b->kind == EG_BLOCK_OP ? 1 : b->nr;
	return true;
}

static void empty_queue(struct trace_reader *r)
{
	r->queue_at = r->nr_queue = 0;
	r->queued = r->holds = false;
}

/* ---- reading on ---------------------------------------------------------------------------------- */

/* Records in front of the next one, as far as the reader knows. */
static uint64_t position(const struct trace_reader *r)
{
	return r->open ? r->chunk.ordinal + r->taken : r->ordinal;
}

/* Does the chunk end before the place? Of times only whole chunks know, so a search by time reads them all. */
static bool before_place(const struct trace_reader *r, const struct egt_chunk *c, const void *ctx)
{
	const struct trace_place *to = ctx;

	if (r->state)
		return false;
	if (r->o.one_stream && trace__other_stream(r, c, NULL))
		return true;
	return !to->by_time && c->ordinal + c->records <= to->record;
}

/* Is the block the first at the place? By record the caller stops in front of it. */
static bool reached(const struct trace_reader *r, const struct trace_place *to, const struct eg_block *b)
{
	if (!to->by_time || (r->o.one_stream && b->stream != r->o.stream))
		return false;
	return b->time != EG_TIME_NONE && b->time >= to->time;
}

/* What is read on the way builds the state. */
static eg_status follow(struct trace_reader *r, const struct eg_block *b, struct eg_errors *err)
{
	eg_status s = r->state && b->kind == EG_BLOCK_OP ? trace_state_op(r->state, &b->op) : EG_OK;

	return s == EG_OK ? s : eg_fail(err, s, "%s: out of memory for the state of the trace", r->path);
}

/* To the place; the first block behind it is held when it had to be read. */
static eg_status read_on(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	while (!r->ended || r->open) {
		uint32_t max = r->o.block;
		bool got;

		if (!r->open) {
			EG_TRY(trace__next_chunk(r, before_place, to, err));
			continue;
		}
		if (!to->by_time) {
			uint64_t at = position(r);

			if (at >= to->record)
				return EG_OK;
			max = to->record - at < max ? (uint32_t)(to->record - at) : max;
		}
		EG_TRY(trace__in_chunk(r, max, &r->held, &got, err));
		if (got && reached(r, to, &r->held)) {
			r->holds = r->queued = true;
			return EG_OK;
		}
		if (got)
			EG_TRY(follow(r, &r->held, err));
	}
	return EG_OK;
}

/* ---- places -------------------------------------------------------------------------------------- */

static bool is_start(const struct trace_place *to)
{
	return to->by_time ? to->time == 0 : to->record == 0;
}

/* The names that chunks before number `upto` define, if they were not read yet. */
static eg_status read_names(struct trace_reader *r, size_t upto, struct eg_errors *err)
{
	uint64_t known = r->names_upto > r->sequence ? r->names_upto : r->sequence;

	for (size_t i = (size_t)known; i < upto; i++) {
		const struct egt_index_entry *e = &r->index.entry[i];

		if (e->type != EGT_CHUNK_NAMES)
			continue;
		EG_TRY(trace__go(r, e->at, i, e->ordinal, 0, err));
		EG_TRY(trace__one_chunk(r, NULL, NULL, err));
	}
	if (r->names_upto < upto)
		r->names_upto = upto;
	return EG_OK;
}

/* Is the chunk what the index says? One that is damaged is found out when it is read. */
static eg_status compare(struct trace_reader *r, size_t i, struct eg_errors *err)
{
	const struct egt_index_entry *e = &r->index.entry[i];
	struct egt_chunk c;
	bool good;

	EG_TRY(trace__look(r, e->at, &c, &good, err));
	if (good && (c.sequence != i || c.type != e->type || c.ordinal != e->ordinal ||
		     (c.type == EGT_CHUNK_RECORDS && (c.records != e->records || c.first_time != e->first ||
						      c.last_time != e->last))))
		return trace__wrong_index(r, r->index_at, "it does not fit the chunks before it", err);
	return EG_OK;
}

/* To the chunk with which to begin; a state must stand in front of chunk number `before`. */
static eg_status enter_by_index(struct trace_reader *r, const struct trace_place *to, size_t before, size_t *state,
				struct eg_errors *err)
{
	const struct egt_index *ix = &r->index;
	size_t i = to->by_time ? egt_index_of_time(ix, to->time, !r->o.one_stream, r->o.stream) :
				 egt_index_of_record(ix, to->record);
	uint64_t intact = 0;

	*state = SIZE_MAX;
	if (is_start(to))
		i = 0;
	if (to->state) {
		i = i < before ? i : before - 1;
		*state = is_start(to) || !before ? SIZE_MAX : egt_index_state_before(ix, i);
		i = *state == SIZE_MAX ? 0 : *state;
	}
	EG_TRY(read_names(r, i < ix->nr ? i : ix->nr, err));
	for (size_t k = 0; k < i && k < ix->nr; k++)
		intact += ix->entry[k].type == EGT_CHUNK_RECORDS;
	if (i >= ix->nr)                        /* behind the end: what is left is the index itself */
		return trace__go(r, r->index_at, ix->nr, r->info.total, intact, err);
	EG_TRY(compare(r, i, err));
	EG_TRY(trace__go(r, ix->entry[i].at, i, ix->entry[i].ordinal, intact, err));
	r->land = *state != SIZE_MAX;
	return EG_OK;
}

/* Where reading on to the place can begin. */
static eg_status enter(struct trace_reader *r, const struct trace_place *to, size_t before, size_t *state,
		       struct eg_errors *err)
{
	bool ahead = !to->by_time && !to->state && !r->queued && position(r) <= to->record;

	*state = SIZE_MAX;
	if (r->index.nr)
		return enter_by_index(r, to, before, state, err);
	if (ahead)
		return EG_OK;
	if (r->seekable)
		return trace__go(r, r->chunks_at, 0, 0, 0, err);
	if (r->offset == r->chunks_at && !r->queued)
		return EG_OK;
	if (to->state)
		return eg_fail(err, EG_USAGE, "%s: the state at a place of a pipe is known only when it is asked for before "
			       "the first record is read", r->path);
	if (to->by_time)
		return eg_fail(err, EG_USAGE, "%s: a place by time of a pipe can be sought before the first record is read",
			       r->path);
	return eg_fail(err, EG_USAGE, "%s: a pipe cannot go back: record %llu is wanted, the next one is number %llu", r->path,
		       (unsigned long long)to->record, (unsigned long long)position(r));
}

static eg_status queue_op(void *ctx, const struct eg_op *op)
{
	struct trace_reader *r = ctx;
	struct eg_op *slot;

	if (r->o.one_stream && op->stream != r->o.stream)
		return EG_OK;
	if (r->nr_queue >= TRACE_STATE_MAX)
		return EG_BAD_INPUT;
	slot = eg_grow((void **)&r->queue, &r->nr_queue, &r->cap_queue, sizeof(*slot));
	if (!slot)
		return EG_NO_MEMORY;
	*slot = *op;
	r->queued = true;
	return EG_OK;
}

static eg_status too_large(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	const char *what = to->by_time ? "time" : "record";
	uint64_t size = trace_state_size(r->state);

	empty_queue(r);
	eg_free(r->queue);
	r->queue = NULL;
	r->cap_queue = 0;
	return eg_fail(err, EG_BAD_INPUT, "%s: the state at %s %llu takes about %llu operations to tell, more than %u\nenter at "
		       "another place, or replay from the beginning", r->path, what,
		       (unsigned long long)(to->by_time ? to->time : to->record), (unsigned long long)size,
		       (unsigned)TRACE_STATE_MAX);
}

/*
 * Enter, read on, and tell the state; again from further back when a state chunk turns out to be damaged, from the
 * start when several do: each attempt reads all up to the place, so there are few.
 */
static eg_status go_to(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	const uint64_t bad = r->info.bad_chunks;
	size_t before = SIZE_MAX, state;
	unsigned tries = 0;
	eg_status s;

	for (;;) {
		r->info.bad_chunks = bad;               /* what an attempt before has met will be met again */
		r->bad_state = false;
		if (r->state)
			trace_state_clear(r->state);
		r->land = r->landed = false;
		EG_TRY(enter(r, to, before, &state, err));
		empty_queue(r);
		r->jumped = true;
		if (!is_start(to))
			EG_TRY(read_on(r, to, err));
		if (state == SIZE_MAX || r->landed)
			break;
		before = ++tries < STATE_TRIES ? state : 0;
	}
	if (!r->state)
		return EG_OK;
	s = !r->o.one_stream && trace_state_size(r->state) > TRACE_STATE_MAX ? EG_BAD_INPUT :
	    trace_state_tell(r->state, queue_op, r);
	if (s == EG_BAD_INPUT)
		return too_large(r, to, err);
	return s == EG_OK ? s : eg_fail(err, s, "%s: out of memory for the state of the trace", r->path);
}

eg_status trace_seek(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	eg_status s;

	if (r->failed != EG_OK)
		return eg_fail(err, r->failed, "%s: a seek after an error", r->path);
	if (to->by_time && r->split && !r->o.one_stream)
		return eg_fail(err, EG_USAGE, "%s: the streams of a split trace have no common time line; say which stream",
			       r->path);
	if (r->index_bad && !r->o.keep_intact && !r->o.skip_bad)
		return trace__wrong_index(r, r->index_at, r->index_bad, err);
	if (to->state) {
		r->state = trace_state_new();
		if (!r->state)
			return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for the state of the trace", r->path);
	}
	s = go_to(r, to, err);
	trace_state_free(r->state);
	r->state = NULL;
	r->land = false;
	if (s == EG_USAGE)
		return s;                       /* nothing has moved */
	return r->failed = s;
}
