/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * streams - a trace whose streams are replayed independently, each task pulling its own like a generator's.
 *
 * For traces that do not know the order between their streams (split files, traces without the capability
 * `order`), and for all others if the user says so. Each stream has a reader of its own on the same file:
 * host memory is one chunk for each stream, so their number is limited.
 *
 * Which streams there are, and which of them are born in the trace, is not in its header: the file is read
 * once from end to end before the run. Streams that no record at or behind the place of entry gives birth to
 * are tasks that exist at the start; the others open their reader when they are born. Recorded times count
 * from the earliest of the trace. What a stream holds behind its exit is not read; a stream born again goes
 * on where its last life ended.
 */
#include "sim/machine/machine.h"

static struct trace_stream *find_stream(const struct source *s, uint32_t id)
{
	uint32_t lo = 0, hi = s->nr_listed;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->listed[mid].id == id)
			return &s->listed[mid];
		if (s->listed[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* The stream's row, made if it is new; NULL if there are too many. */
static struct trace_stream *list_stream(struct source *s, uint32_t id)
{
	struct trace_stream *found = find_stream(s, id);
	uint32_t at = 0;

	if (found)
		return found;
	if (s->nr_listed == TRACE_STREAMS_MAX)
		return NULL;
	while (at < s->nr_listed && s->listed[at].id < id)
		at++;
	memmove(&s->listed[at + 1], &s->listed[at], (s->nr_listed - at) * sizeof(*s->listed));
	s->listed[at] = (struct trace_stream){ .id = id };
	s->nr_listed++;
	return &s->listed[at];
}

/* ---- before the run ---------------------------------------------------------------------------------- */

static bool gives_birth(const struct eg_block *b)
{
	return b->kind == EG_BLOCK_OP && !(b->op.flags & EG_OPF_FAILED) &&
	       (b->op.code == EG_OP_FORK || b->op.code == EG_OP_VFORK || b->op.code == EG_OP_CLONE);
}

/* Read the whole file: streams, births, the earliest time. */
static eg_status scan(struct machine *m, struct source *s, struct trace_reader *r)
{
	uint64_t record = 0;
	struct eg_block b;

	for (;;) {
		struct trace_stream *row;
		eg_time time;
		uint64_t nr;
		bool behind;

		EG_TRY(s->w->trace->next(r, &b, m->err));
		if (b.kind == EG_BLOCK_END)
			break;
		time = b.kind == EG_BLOCK_OP ? b.op.time : b.time;
		nr = b.kind == EG_BLOCK_OP ? 1 : b.nr;
		behind = !s->enters || (s->place.by_time ? time != EG_TIME_NONE && time >= s->place.time
							 : record + nr > s->place.record);
		record += nr;
		if (behind && time != EG_TIME_NONE && (s->time_origin == EG_TIME_NONE || time < s->time_origin))
			s->time_origin = time;
		row = list_stream(s, b.stream);
		if (row)
			row->seen |= behind;
		if (row && behind && gives_birth(&b)) {
			row = list_stream(s, (uint32_t)b.op.arg[0]);
			/* a stream that acts before it is born lives twice. In split files too births stand before the born */
			if (row)
				row->born_inside |= !row->seen;
		}
		if (!row)
			return eg_fail(m->err, EG_BAD_INPUT, "workload %s: more than %u streams: each needs a reader of its own\n"
				       "choose some of them (trace convert), or say streams: recorded if their order is known",
				       s->w->label, TRACE_STREAMS_MAX);
	}
	return EG_OK;
}

eg_status streams_open(struct machine *m, struct source *s, struct trace_reader *r)
{
	const struct source *before = s > m->source ? s - 1 : NULL;

	s->listed = eg_calloc(TRACE_STREAMS_MAX, sizeof(*s->listed));
	if (!s->listed)
		return EG_NO_MEMORY;
	if (before && before->w == s->w) {       /* another instance has read it already */
		for (uint32_t i = 0; i < before->nr_listed; i++)
			s->listed[i] = (struct trace_stream){ .id = before->listed[i].id, .born_inside = before->listed[i].born_inside };
		s->nr_listed = before->nr_listed;
		s->time_origin = before->time_origin;
		return EG_OK;
	}
	return scan(m, s, r);
}

void streams_close(struct source *s)
{
	for (uint32_t i = 0; i < s->nr_listed; i++) {
		if (s->listed[i].reader)
			s->w->trace->close(s->listed[i].reader);
		eg_free(s->listed[i].filtered);
	}
	eg_free(s->listed);
}

uint64_t streams_unborn(const struct source *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->nr_listed; i++)
		n += s->listed[i].born_inside && (s->listed[i].id >= s->cap_streams || !s->task_of[s->listed[i].id]);
	return n;
}

/* ---- one stream -------------------------------------------------------------------------------------- */

static eg_status open_stream(struct machine *m, struct source *s, struct trace_stream *t)
{
	struct trace_open_options o = { .block = m->block, .one_stream = true, .stream = t->id };

	if (t->reader || t->ended)
		return EG_OK;
	if (s->data_only && !t->filtered) {
		t->filtered = eg_calloc(m->block, sizeof(*t->filtered));
		if (!t->filtered)
			return EG_NO_MEMORY;
	}
	EG_TRY(s->w->trace->open(&t->reader, s->w->trace_path, &o, m->err));
	return s->enters ? s->w->trace->seek(t->reader, &s->place, m->err) : EG_OK;
}

/* The next block of the stream that counts for this item; kind END at its end, or on damage, which ends the run. */
static void load(struct machine *m, struct source *s, struct trace_stream *t, uint64_t left)
{
	struct eg_block *b = &t->pending;
	eg_status st = EG_OK;

	while (!t->has_pending && !t->ended) {
		st = open_stream(m, s, t);
		if (st == EG_OK)
			st = s->w->trace->next(t->reader, b, m->err);
		if (st != EG_OK) {
			machine_fail(m, st);
			b->kind = EG_BLOCK_END;
		}
		if (b->kind == EG_BLOCK_END) {
			t->ended = true;
			if (t->reader)
				s->w->trace->close(t->reader);
			t->reader = NULL;
			break;
		}
		t->has_pending = source_trim(s, b, t->filtered, left) > 0;
	}
}

static bool is_initial(const struct eg_block *b)
{
	return b->kind == EG_BLOCK_OP && (b->op.flags & EG_OPF_INIT);
}

enum source_outcome streams_next(struct machine *m, struct source *s, struct task *task, eg_time now)
{
	struct trace_stream *t = find_stream(s, task->stream);

	if (!t || (m->stop_ops && task->executed >= m->stop_ops))
		return SOURCE_END;
	/* the state of a stream that is born here is what its birth gives it: what a seek tells of it is no record */
	do {
		t->has_pending &= !is_initial(&t->pending);
		load(m, s, t, m->stop_ops ? m->stop_ops - task->executed : UINT64_MAX);
	} while (t->has_pending && is_initial(&t->pending));
	if (!t->has_pending)
		return SOURCE_END;
	task->block = t->pending;
	t->has_pending = false;
	source_apply_time(s, task, task->block.kind == EG_BLOCK_OP ? task->block.op.time : task->block.time, now);
	return SOURCE_BLOCK;
}

/* ---- start ------------------------------------------------------------------------------------------- */

void streams_start(struct machine *m, struct source *s, eg_time now)
{
	uint64_t left = m->stop_ops ? m->stop_ops : UINT64_MAX;

	for (uint32_t i = 0; i < s->nr_listed && m->status == EG_OK; i++) {
		struct trace_stream *t = &s->listed[i];
		uint32_t task;

		if (t->born_inside)
			continue;
		load(m, s, t, left);
		task = source_task(s, t->id);
		if (!t->has_pending && task == TASK_NONE)
			continue;               /* it was over before the place of entry */
		if (task == TASK_NONE)
			task = source_root_task(m, s, t->id);
		while (task != TASK_NONE && t->has_pending && is_initial(&t->pending)) {
			source_initial(m, s, task, &t->pending.op);
			t->has_pending = false;
			load(m, s, t, left);
		}
	}
	for (uint32_t i = 0; i < m->nr_tasks && m->status == EG_OK; i++)
		if (&m->source[task_of(m, i)->source] == s && task_of(m, i)->state != TASK_DEAD)
			task_wake(m, i, now);
}
