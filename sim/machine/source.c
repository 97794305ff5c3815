/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source - where tasks get their operations: generators and traces.
 *
 * A generator's streams are independent: each task pulls its own, which is private work. A trace is
 * replayed in recorded order: it has one cursor, and only the task whose operation is next may run; the
 * others wait for their turn. Handing the turn over is shared work, as it wakes another task. So a trace
 * never runs on two CPUs at once; programs that should run side by side are separate workload items.
 *
 * What the recording does not say is assumed and reported: a stream that was not born in the trace is a
 * task that existed before it; operations of a task after its exit are counted and dropped.
 */
#include "sim/machine/machine.h"

#define STREAM_DEAD UINT32_MAX
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

/* TASK_NONE: never born, or dead. */
uint32_t source_task(const struct source *s, uint32_t stream)
{
	if (stream >= s->cap_streams || !s->task_of[stream] || s->task_of[stream] == STREAM_DEAD)
		return TASK_NONE;
	return s->task_of[stream] - 1;
}

static bool stream_is_dead(const struct source *s, uint32_t stream)
{
	return stream < s->cap_streams && s->task_of[stream] == STREAM_DEAD;
}

/* A task that existed before the trace, or the root of a generator, with an empty space. */
static uint32_t root_task(struct machine *m, struct source *s, uint32_t stream)
{
	struct vm_work w = { 0 };
	uint32_t space, task;

	if (vm_space_new(&m->vm, &space, &w) != VM_DONE) {
		m->not_applied[NOT_NOMEM]++;
		(void)source_bind(m, s, stream, TASK_NONE);
		return TASK_NONE;
	}
	task = task_new(m, (uint32_t)(s - m->source), stream, space);
	if (task == TASK_NONE || !source_bind(m, s, stream, task))
		return TASK_NONE;
	return task;
}

/* ---- alloc_pages handles ------------------------------------------------------------------------------ */

static uint64_t block_cell(const struct source *s, uint64_t id)
{
	uint64_t h = (id * UINT64_C(0x9e3779b97f4a7c15)) >> 16 & s->block_mask;

	while (s->block_of[h].id && s->block_of[h].id != id + 1)
		h = (h + 1) & s->block_mask;
	return h;
}

bool source_block_put(struct machine *m, struct source *s, uint64_t id, eg_pfn pfn, unsigned order)
{
	uint64_t h;

	if (!s->block_of || 2 * (s->blocks_used + 1) > s->block_mask + 1) {
		struct source bigger = { .block_mask = s->block_of ? s->block_mask * 2 + 1 : 1023 };

		bigger.block_of = eg_calloc(bigger.block_mask + 1, sizeof(*bigger.block_of));
		if (!bigger.block_of) {
			machine_fail(m, EG_NO_MEMORY);
			return false;
		}
		for (uint64_t i = 0; s->block_of && i <= s->block_mask; i++)
			if (s->block_of[i].id)
				bigger.block_of[block_cell(&bigger, s->block_of[i].id - 1)] = s->block_of[i];
		eg_free(s->block_of);
		s->block_of = bigger.block_of;
		s->block_mask = bigger.block_mask;
	}
	h = block_cell(s, id);
	s->block_of[h].id = id + 1;
	s->block_of[h].pfn = pfn;
	s->block_of[h].order = (uint8_t)order;
	s->blocks_used++;
	return true;
}

eg_pfn source_block_take(struct source *s, uint64_t id, unsigned *order)
{
	uint64_t h, gap;
	eg_pfn pfn;

	if (!s->block_of)
		return EG_PFN_NONE;
	h = gap = block_cell(s, id);
	if (!s->block_of[h].id)
		return EG_PFN_NONE;
	pfn = s->block_of[h].pfn;
	*order = s->block_of[h].order;
	for (;;) {
		uint64_t home;

		h = (h + 1) & s->block_mask;
		if (!s->block_of[h].id)
			break;
		home = ((s->block_of[h].id - 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 16 & s->block_mask;
		if (((h - home) & s->block_mask) >= ((h - gap) & s->block_mask)) {
			s->block_of[gap] = s->block_of[h];
			gap = h;
		}
	}
	s->block_of[gap].id = 0;
	s->blocks_used--;
	return pfn;
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

/*
 * An op as the item wants it: a run without its fetches, and no longer than `left` accesses. Returns what it counts
 * for stop.ops; 0 = nothing is left of it.
 */
static uint64_t trim_op(const struct source *s, struct eg_op *op, uint64_t left)
{
	uint64_t total;

	if (op->code != EG_OP_RUN)
		return 1;
	if (s->data_only)
		access_run_drop_fetches(op);
	total = access_run_total(op);
	if (total > ACCESS_RUN_MAX)
		return 1;               /* too long to be executed: counted as one */
	if (total > left)
		access_run_cut(op, left);
	return total < left ? total : left;
}

/* When may the next op of this task start, by the recorded time? */
static void apply_time(const struct source *s, struct task *t, eg_time time, eg_time asked)
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
		if (t->block.kind == EG_BLOCK_OP) {
			if (trim_op(s, &t->block.op, m->stop_ops ? m->stop_ops - t->executed : UINT64_MAX))
				return SOURCE_BLOCK;
			continue;
		}
		if (s->data_only)
			t->block.nr = without_fetches(t->block.acc, t->block.nr, t->buffer);
		if (m->stop_ops && t->block.nr > m->stop_ops - t->executed)
			t->block.nr = (uint32_t)(m->stop_ops - t->executed);
		if (t->block.nr)
			return SOURCE_BLOCK;
	}
}

/* Read the next block of a trace into `pending`; kind END at its end (or on damage, which ends the run). */
static void load_pending(struct machine *m, struct source *s)
{
	struct eg_block *b = &s->pending;

	while (!s->has_pending) {
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
		if (b->kind == EG_BLOCK_OP) {
			uint64_t counts = trim_op(s, &b->op, m->stop_ops ? m->stop_ops - s->record : UINT64_MAX);

			s->record += counts;
			s->has_pending = counts > 0;
			continue;
		}
		if (s->data_only) {
			b->nr = without_fetches(b->acc, b->nr, s->filtered);
			b->acc = s->filtered;
		}
		if (m->stop_ops && b->nr > m->stop_ops - s->record)
			b->nr = (uint32_t)(m->stop_ops - s->record);
		s->record += b->nr;
		s->has_pending = b->nr > 0;
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
			apply_time(s, t, block_time(&t->block), t->asked);
			t->asked = EG_TIME_NONE;
			return SOURCE_BLOCK;
		}
		if (!earliest)
			return SOURCE_SHARED;
		s->turn = 0;
		if (owner == TASK_NONE && !stream_is_dead(s, s->pending.stream)) {
			owner = root_task(m, s, s->pending.stream);
			if (owner != TASK_NONE)
				task_of(m, owner)->state = TASK_TURN;
		}
		if (owner == TASK_NONE) {
			m->not_applied[NOT_DEAD_STREAM] += s->pending.kind == EG_BLOCK_ACCESS ? s->pending.nr : 1;
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
	if (!s->gen && !s->ended)
		(void)next_recorded(m, s, TASK_NOBODY, true, now);
}

enum source_outcome source_next(struct machine *m, struct source *s, uint32_t task, bool earliest, eg_time now)
{
	if (s->gen)
		return next_generated(m, s, task_of(m, task));
	return next_recorded(m, s, task, earliest, now);
}

/* ---- start -------------------------------------------------------------------------------------------- */

/* A mapping that existed before the recording, and its population as the spec says. */
static void apply_initial(struct machine *m, struct source *s, uint32_t task, const struct eg_op *op)
{
	uint32_t space = task_of(m, task)->space;
	const char *populate = eg_args_text(&s->w->replay, "populate");
	bool huge = strcmp(eg_args_text(&s->w->replay, "populate_page"), "2MiB") == 0, write = strcmp(populate, "write") == 0;
	uint64_t start = op->arg[0], end = op->arg[0] + op->arg[1], step = UINT64_C(1) << 21;
	unsigned prot = (unsigned)op->arg[2] | (write ? EG_PROT_WRITE : 0);
	struct vm_work w = { 0 };
	enum vm_outcome o;

	if (op->code != EG_OP_MMAP) {
		m->not_applied[NOT_NOT_MODELLED]++;
		return;
	}
	if (op->arg[0] >> 48 || op->arg[1] >> 48) {
		m->not_applied[NOT_NOMEM]++;            /* outside every address space */
		return;
	}
	m->has_assumption_inferred |= (op->arg[3] & EG_MAP_INFERRED) != 0;
	if (strcmp(populate, "none") == 0) {
		o = vm_mmap(&m->vm, space, start, op->arg[1], prot, (unsigned)op->arg[3], source_mmap_file(op), op->arg[5], &w);
		m->not_applied[NOT_NOMEM] += o != VM_DONE;
		return;
	}
	if (huge) {
		/* whole 2 MiB pages: widen, but leave what a neighbour has already */
		start = eg_align_down(start, step);
		end = eg_align_up(end, step);
	} else {
		step = end - start;
	}
	for (uint64_t at = start; at < end; at += step) {
		if (huge && vm_find(vm_space(&m->vm, space), at >> EG_PAGE_SHIFT))
			continue;
		o = vm_mmap(&m->vm, space, at, step, prot, (unsigned)op->arg[3], source_mmap_file(op), op->arg[5], &w);
		if (o == VM_DONE) {
			uint64_t faults[NR_FAULT_KINDS];

			/* it happened before the start: no faults of this run */
			memcpy(faults, m->vm.nr_faults, sizeof(faults));
			o = vm_populate(&m->vm, space, at, step, write, huge, &w);
			memcpy(m->vm.nr_faults, faults, sizeof(faults));
		}
		if (o != VM_DONE) {
			machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "workload %s: populating the mapping at 0x%llx needs more "
						"memory than the machine has\nraise machine.memory, or populate: none",
						s->w->label, (unsigned long long)op->arg[0]));
			return;
		}
	}
}

void source_start(void *ctx, uint64_t number, eg_time now)
{
	struct machine *m = ctx;
	struct source *s = &m->source[number];
	uint32_t task;

	m->starts_left--;
	if (s->gen) {
		task = root_task(m, s, 0);
		if (task != TASK_NONE)
			task_wake(m, task, now);
		return;
	}
	m->booting = true;
	for (;;) {
		load_pending(m, s);
		if (s->pending.kind == EG_BLOCK_END || m->status != EG_OK)
			break;
		task = source_task(s, s->pending.stream);
		if (task == TASK_NONE && !stream_is_dead(s, s->pending.stream)) {
			task = root_task(m, s, s->pending.stream);
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
		apply_initial(m, s, task, &s->pending.op);
		s->has_pending = false;
	}
	m->booting = false;
	if (s->pending.kind == EG_BLOCK_END)
		end_trace(m, s, now);
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
	{
		struct trace_open_options o = { .block = m->block };

		EG_TRY(w->trace->open(&s->reader, w->trace_path, &o, m->err));
		m->capabilities &= w->trace->capabilities(s->reader) & (s->data_only ? ~TRACE_CAP(IFETCH) : UINT32_MAX);
	}
	return EG_OK;
}

void source_close(struct source *s)
{
	if (s->reader)
		s->w->trace->close(s->reader);
	eg_free(s->task_of);
	eg_free(s->block_of);
	*s = (struct source){ 0 };
}
