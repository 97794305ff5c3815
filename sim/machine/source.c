/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source - where tasks get their operations: generators and traces.
 *
 * A generator's streams are independent: each task pulls its own, which is private work; so are those of a
 * trace without order (streams.c). A trace with order is
 * replayed in recorded order: it has one cursor, and only the task whose operation is next may run; the
 * others wait for their turn. Handing the turn over is shared work, as it wakes another task. So a trace
 * never runs on two CPUs at once; programs that should run side by side are separate workload items.
 *
 * What the recording does not say is assumed and reported: a stream that was not born in the trace is a
 * task that existed before it; operations of a task after its exit are counted and dropped.
 */
#include "sim/machine/machine.h"

#define STREAM_DEAD           UINT32_MAX
#define STREAM_ENDED_BY_GROUP (UINT32_MAX - 1)        /* dead, and its exit may yet be recorded */
#define MAX_STREAMS (1u << 24)  /* the table of streams is an array: 64 MiB at most */

/* ---- streams ----------------------------------------------------------------------------------------- */

bool source_bind(struct machine *m, struct source *s, uint32_t stream, uint32_t task)
{
	if (stream >= MAX_STREAMS) {
		machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "workload %s: stream %u; the largest that can be replayed is %u\n"
					"streams are numbered densely: is the trace damaged?", s->w->label, stream, MAX_STREAMS - 1));
		return false;
	}
	if (stream >= s->cap_streams) {
		size_t cap = s->cap_streams ? s->cap_streams : 64;
		uint32_t *bigger;

		while (cap <= stream)
			cap *= 2;
		bigger = eg_realloc(s->task_of, cap, sizeof(*bigger));
		if (!bigger) {
			machine_fail(m, EG_NO_MEMORY);
			return false;
		}
		memset(bigger + s->cap_streams, 0, (cap - s->cap_streams) * sizeof(*bigger));
		s->task_of = bigger;
		s->cap_streams = cap;
	}
	s->nr_streams += !s->task_of[stream];
	s->task_of[stream] = task == TASK_NONE ? STREAM_DEAD : task + 1;
	return true;
}

void source_ended_by_group(struct source *s, uint32_t stream)
{
	s->task_of[stream] = STREAM_ENDED_BY_GROUP;
}

/* TASK_NONE: never born, or dead. */
uint32_t source_task(const struct source *s, uint32_t stream)
{
	if (stream >= s->cap_streams || !s->task_of[stream] || s->task_of[stream] >= STREAM_ENDED_BY_GROUP)
		return TASK_NONE;
	return s->task_of[stream] - 1;
}

static bool stream_is_dead(const struct source *s, uint32_t stream)
{
	return stream < s->cap_streams && s->task_of[stream] >= STREAM_ENDED_BY_GROUP;
}

/* A task that existed before the trace, or the root of a generator, with an empty space. */
uint32_t source_root_task(struct machine *m, struct source *s, uint32_t stream)
{
	struct vm_work w = { 0 };
	uint32_t space, task;

	if (vm_space_new(&m->vm, &space, &w) != VM_DONE) {
		machine_fail(m, m->vm.failed ? EG_NO_MEMORY : eg_fail(m->err, EG_BAD_INPUT, "workload %s, stream %u: not even a page for its root page table is free when "
					"it starts\nraise machine.memory, or start it earlier", s->w->label, stream));
		return TASK_NONE;
	}
	task = task_new(m, (uint32_t)(s - m->source), stream, space);
	if (task == TASK_NONE || !source_bind(m, s, stream, task))
		return TASK_NONE;
	return task;
}

/* ---- blocks ------------------------------------------------------------------------------------------- */

static uint32_t without_fetches(const uint64_t *from, uint32_t n, uint64_t *to)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		to[kept] = from[i];
		kept += eg_access_kind(from[i]) != EG_ACCESS_FETCH;
	}
	return kept;
}

uint64_t source_trim(const struct source *s, struct eg_block *b, uint64_t *filtered, uint64_t left)
{
	uint64_t total;

	if (b->kind == EG_BLOCK_ACCESS) {
		if (s->data_only) {
			b->nr = without_fetches(b->acc, b->nr, filtered);
			b->acc = filtered;
		}
		if (b->nr > left)
			b->nr = (uint32_t)left;
		return b->nr;
	}
	if (b->op.code != EG_OP_RUN)
		return 1;
	if (s->data_only)
		access_run_drop_fetches(&b->op);
	total = access_run_total(&b->op);
	if (total > ACCESS_RUN_MAX)
		return 1;               /* too long to be executed: counted as one */
	if (total > left)
		access_run_cut(&b->op, left);
	return total < left ? total : left;
}

/* When may the next op of this task start, by the recorded time? */
void source_apply_time(const struct source *s, struct task *t, eg_time time, eg_time asked)
{
	if (time == EG_TIME_NONE || s->replay == 0)
		return;
	if (s->replay == 1)
		t->not_before = s->start + (time > s->time_origin ? time - s->time_origin : 0);     /* clocks may step back */
	else if (t->recorded != EG_TIME_NONE && time > t->recorded)
		t->not_before = asked + (time - t->recorded);
	t->recorded = time;
}

static enum source_outcome next_generated(struct machine *m, struct source *s, struct task *t)
{
	struct gen_buffer buf = { t->buffer, m->block };

	for (;;) {
		if (m->stop_ops && t->executed >= m->stop_ops)
			return SOURCE_END;
		s->w->gen->next(s->gen, t->stream, &buf, &t->block);
		if (t->block.kind == EG_BLOCK_END)
			return SOURCE_END;
		if (source_trim(s, &t->block, t->buffer, m->stop_ops ? m->stop_ops - t->executed : UINT64_MAX))
			return SOURCE_BLOCK;
	}
}

/* Read the next block of a trace into `pending`; kind END at its end (or on damage, which ends the run). */
static void load_pending(struct machine *m, struct source *s)
{
	struct eg_block *b = &s->pending;

	while (!s->has_pending) {
		uint64_t counts;
		eg_status st;

		if (m->stop_ops && s->record >= m->stop_ops) {
			b->kind = EG_BLOCK_END;
		} else {
			st = s->w->trace->next(s->reader, b, m->err);
			if (st != EG_OK) {
				machine_fail(m, st);
				b->kind = EG_BLOCK_END;
			}
		}
		s->has_pending = true;
		if (b->kind == EG_BLOCK_END || (b->kind == EG_BLOCK_OP && b->op.flags & EG_OPF_INIT))
			return;
		counts = source_trim(s, b, s->filtered, m->stop_ops ? m->stop_ops - s->record : UINT64_MAX);
		s->record += counts;
		s->has_pending = counts > 0;
	}
}

static eg_time block_time(const struct eg_block *b)
{
	return b->kind == EG_BLOCK_OP ? b->op.time : b->time;
}

/* The trace is over: everybody who waits for it is ended. */
static void end_trace(struct machine *m, struct source *s, eg_time now)
{
	s->ended = true;
	for (size_t i = 0; i < m->nr_tasks; i++) {
		struct task *t = &m->task[i];

		if (&m->source[t->source] != s || t->state == TASK_DEAD)
			continue;
		t->waits_for = t->waited_by = 0;
		if (t->state == TASK_TURN || t->state == TASK_CHILD) {
			t->step = STEP_END;
			task_wake(m, (uint32_t)i, now);
		}
	}
}

/* A record of a task that has ended. That a thread exits whose group has ended is what the recording should say. */
static void count_of_the_dead(struct machine *m, struct source *s)
{
	const struct eg_block *b = &s->pending;
	uint32_t *state = &s->task_of[b->stream];

	if (*state == STREAM_ENDED_BY_GROUP && b->kind == EG_BLOCK_OP && (b->op.code == EG_OP_EXIT || b->op.code == EG_OP_EXIT_GROUP)) {
		*state = STREAM_DEAD;
		return;
	}
	m->not_applied[NOT_DEAD_STREAM] += b->kind == EG_BLOCK_ACCESS ? b->nr : 1;
}

static enum source_outcome next_recorded(struct machine *m, struct source *s, uint32_t task, bool earliest, eg_time now)
{
	/* a pause of the recording (closed) begins here, not when the turn comes: others' pauses pass meanwhile */
	if (task != TASK_NOBODY && task_of(m, task)->asked == EG_TIME_NONE)
		task_of(m, task)->asked = now;
	/* whoever works on a block keeps the turn: its words are the reader's, who would overwrite them */
	if (task == TASK_NOBODY)
		s->turn = 0;
	else if (s->turn && s->turn != task + 1 && !s->ended)
		return earliest ? SOURCE_TURN : SOURCE_SHARED;
	while (!s->ended) {
		uint32_t owner;
		struct task *t;

		load_pending(m, s);
		if (s->pending.kind == EG_BLOCK_END) {
			if (!earliest)
				return SOURCE_SHARED;
			end_trace(m, s, now);
			break;
		}
		owner = source_task(s, s->pending.stream);
		if (owner == task) {
			t = task_of(m, task);
			t->block = s->pending;
			s->has_pending = false;
			s->turn = task + 1;
			if (s->time_origin == EG_TIME_NONE)
				s->time_origin = block_time(&t->block) == EG_TIME_NONE ? EG_TIME_NONE : block_time(&t->block);
			source_apply_time(s, t, block_time(&t->block), t->asked);
			t->asked = EG_TIME_NONE;
			return SOURCE_BLOCK;
		}
		if (!earliest)
			return SOURCE_SHARED;
		s->turn = 0;
		if (owner == TASK_NONE && !stream_is_dead(s, s->pending.stream)) {
			owner = source_root_task(m, s, s->pending.stream);
			if (owner != TASK_NONE)
				task_of(m, owner)->state = TASK_TURN;
		}
		if (owner == TASK_NONE) {
			count_of_the_dead(m, s);
			s->has_pending = false;
			continue;
		}
		/* a vfork parent whose operation is next was released in the recording, whatever we think */
		if (task_of(m, owner)->state == TASK_TURN || task_of(m, owner)->state == TASK_CHILD) {
			if (task_of(m, owner)->waits_for)
				task_of(m, task_of(m, owner)->waits_for - 1)->waited_by = 0;
			task_of(m, owner)->waits_for = 0;
			task_wake(m, owner, now);
		}
		return SOURCE_TURN;
	}
	return SOURCE_END;
}

void source_hand_over(struct machine *m, struct source *s, eg_time now)
{
	/* asking on behalf of nobody wakes whoever is next, or ends the trace */
	if (!s->gen && !s->independent && !s->ended)
		(void)next_recorded(m, s, TASK_NOBODY, true, now);
}

enum source_outcome source_next(struct machine *m, struct source *s, uint32_t task, bool earliest, eg_time now)
{
	if (s->gen)
		return next_generated(m, s, task_of(m, task));
	if (s->independent)
		return streams_next(m, s, task_of(m, task), now);
	return next_recorded(m, s, task, earliest, now);
}

/* ---- start -------------------------------------------------------------------------------------------- */

void source_start(void *ctx, uint64_t number, eg_time now)
{
	struct machine *m = ctx;
	struct source *s = &m->source[number];
	uint32_t task;

	m->starts_left--;
	if (s->gen) {
		task = source_root_task(m, s, 0);
		if (task != TASK_NONE)
			task_wake(m, task, now);
		return;
	}
	m->booting = true;
	if (s->independent) {
		streams_start(m, s, now);
		m->booting = false;
		return;
	}
	for (;;) {
		load_pending(m, s);
		if (s->pending.kind == EG_BLOCK_END || m->status != EG_OK)
			break;
		task = source_task(s, s->pending.stream);
		if (task == TASK_NONE && !stream_is_dead(s, s->pending.stream)) {
			task = source_root_task(m, s, s->pending.stream);
			if (task != TASK_NONE)
				task_of(m, task)->state = TASK_TURN;
		}
		if (task == TASK_NONE) {
			s->has_pending = false;
			continue;
		}
		if (s->pending.kind != EG_BLOCK_OP || !(s->pending.op.flags & EG_OPF_INIT)) {
			task_wake(m, task, now);
			break;
		}
		source_initial(m, s, task, &s->pending.op);
		s->has_pending = false;
	}
	m->booting = false;
	if (s->pending.kind == EG_BLOCK_END)
		end_trace(m, s, now);
}

/* Open the trace, decide how its streams are replayed, go to where it is entered. */
static eg_status open_trace(struct machine *m, struct source *s)
{
	struct trace_open_options o = { .block = m->block };
	const struct trace_ops *ops = s->w->trace;
	struct trace_reader_info info = { 0 };
	const char *streams = eg_args_text(&s->w->replay, "streams");
	uint32_t caps;

	if (eg_args_u64(&s->w->replay, "populate_page") == 1 && strcmp(eg_args_text(&s->w->replay, "populate"), "write") != 0)
		return eg_fail(m->err, EG_BAD_INPUT, "workload %s: populate_page: 2MiB needs populate: write", s->w->label);
	if (!spec_replay_from(&s->w->replay, &s->place))
		return eg_fail(m->err, EG_BAD_INPUT, "workload %s: from: neither a record number nor a time with its unit", s->w->label);
	s->enters = s->place.by_time ? s->place.time > 0 : s->place.record > 0;
	EG_TRY(ops->open(&s->reader, s->w->trace_path, &o, m->err));
	if (ops->info)
		ops->info(s->reader, &info);
	caps = ops->capabilities(s->reader) & (s->data_only ? ~TRACE_CAP(IFETCH) : UINT32_MAX);
	s->had_order = (caps & TRACE_CAP(ORDER)) && !info.split;
	if (strcmp(streams, "recorded") == 0 && info.split)
		return eg_fail(m->err, EG_BAD_INPUT, "workload %s: the file has no order between its streams (split layout), so they "
			       "cannot be replayed in recorded order\nsay streams: independent, or leave it out", s->w->label);
	s->independent = strcmp(streams, "independent") == 0 || (strcmp(streams, "auto") == 0 && !s->had_order);
	m->capabilities &= caps & (s->independent ? ~TRACE_CAP(ORDER) : UINT32_MAX);
	if (s->enters && (!ops->seek || (info.split && !s->place.by_time)))
		return eg_fail(m->err, EG_BAD_INPUT, "workload %s: from: %s", s->w->label, ops->seek ?
			       "records of a split trace have no order, so a number says no place\ngive a time with its unit" :
			       "this kind of trace can be replayed from its beginning only");
	s->place.state = true;
	s->records = info.total;
	if (s->enters)
		s->records = s->place.by_time || info.total < s->place.record ? 0 : info.total - s->place.record;
	if (s->independent) {
		EG_TRY(streams_open(m, s, s->reader));
		ops->close(s->reader);
		s->reader = NULL;
		return EG_OK;
	}
	return s->enters ? ops->seek(s->reader, &s->place, m->err) : EG_OK;
}

eg_status source_open(struct machine *m, struct source *s, const struct spec_workload *w, uint32_t instance)
{
	const char *cpu = eg_args_text(&w->replay, "cpu");

	*s = (struct source){ .w = w, .instance = instance, .time_origin = EG_TIME_NONE };
	s->pinned = (int16_t)(strcmp(cpu, "any") == 0 ? -1 : atoi(cpu));
	s->replay = (uint8_t)eg_args_u64(&w->replay, "replay");
	s->data_only = eg_args_u64(&w->replay, "accesses") == 1;
	s->start = eg_args_u64(&w->replay, "start");
	if (w->gen) {
		struct gen_env env = { .seed = m->spec->seed, .instance = instance,
				       .memory_bytes = eg_args_u64(&m->spec->machine, "memory"), .arena = &m->arena };
		size_t bytes = w->gen->state_size(&w->gen_args);

		s->gen = eg_arena_alloc(&m->arena, 1, bytes ? bytes : 1);
		if (!s->gen)
			return EG_NO_MEMORY;
		m->capabilities &= w->gen->capabilities;
		return w->gen->init(s->gen, &w->gen_args, &env, m->err);
	}
	if (s->data_only) {
		s->filtered = eg_arena_alloc(&m->arena, m->block, sizeof(*s->filtered));
		if (!s->filtered)
			return EG_NO_MEMORY;
	}
	return open_trace(m, s);
}

void source_close(struct source *s)
{
	if (s->reader)
		s->w->trace->close(s->reader);
	streams_close(s);
	eg_free(s->task_of);
	source_blocks_close(s);
	*s = (struct source){ 0 };
}
