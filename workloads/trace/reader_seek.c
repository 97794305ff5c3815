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

	if (to->state)
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
	}
	return EG_OK;
}

/* ---- places -------------------------------------------------------------------------------------- */

/* Where reading on to the place can begin. */
static eg_status enter(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	bool ahead = !to->by_time && !to->state && !r->queued && position(r) <= to->record;

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

eg_status trace_seek(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err)
{
	eg_status s;

	if (r->failed != EG_OK)
		return eg_fail(err, r->failed, "%s: a seek after an error", r->path);
	if (to->by_time && r->split && !r->o.one_stream)
		return eg_fail(err, EG_USAGE, "%s: the streams of a split trace have no common time line; say which stream",
			       r->path);
	if (to->state)
		return eg_fail(err, EG_USAGE, "%s: the state at a place is not known yet", r->path);
	s = enter(r, to, err);
	if (s == EG_USAGE)
		return s;                       /* nothing has moved */
	empty_queue(r);
	r->jumped = true;
	if (s == EG_OK && !(to->by_time && to->time == 0))
		s = read_on(r, to, err);
	return r->failed = s;
}
