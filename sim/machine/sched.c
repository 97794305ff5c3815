/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sched - the main loop, tasks and CPUs.
 *
 *   1. The earliest actor goes next: the earliest event, or the busy CPU with the smallest (clock,
 *      number); an event before a CPU of the same time.
 *   2. A CPU works up to the horizon = min(next event, other busy CPUs' clocks + lookahead, end of its
 *      time slice). Accesses start only before the horizon. Shared work - faults, operations, the end of
 *      a slice, taking turns in a trace - only while this CPU is the earliest; otherwise it returns and
 *      comes back when it is.
 *   3. Round robin: at the end of a slice the next task of the run queue runs. The end of a slice is a
 *      shared decision, so that it never depends on how far a CPU ran ahead of a wake-up.
 *   4. A ready task goes to its pinned CPU, else to an idle one (the one it ran on, or the lowest), else
 *      to the shortest queue.
 *   5. If nothing can run and no event is pending, tasks parked for memory cannot be helped: the one that
 *      waits longest is ended (counted as oom_kills) until memory comes free.
 *
 * Linux's CFS weighs tasks, migrates them between CPUs and preempts on wake-up; here is plain round robin
 * with placement at wake-up alone.
 */
#include "sim/machine/machine.h"

/* Half of what a clock holds (106 days): the next operation, sample or interrupt then still has a time. */
#define TIME_MAX (EG_TIME_NONE / 2)

/* ---- run queues ------------------------------------------------------------------------------------- */

static void enqueue(struct machine *m, struct cpu *c, uint32_t task)
{
	struct task *t = task_of(m, task);

	t->state = TASK_READY;
	t->cpu = (uint16_t)(c - m->cpu);
	t->next = TASK_NONE;
	if (c->queued++)
		task_of(m, c->tail)->next = task;
	else
		c->head = task;
	c->tail = task;
}

static uint32_t dequeue(struct machine *m, struct cpu *c)
{
	uint32_t task = c->head;

	if (!c->queued)
		return TASK_NONE;
	c->queued--;
	c->head = task_of(m, task)->next;
	return task;
}

static bool is_busy(const struct cpu *c)
{
	return c->task != TASK_NONE || c->queued;
}

static struct cpu *place(struct machine *m, const struct task *t)
{
	struct cpu *best = &m->cpu[0];

	if (t->pinned >= 0)
		return &m->cpu[t->pinned];
	if (!is_busy(&m->cpu[t->cpu]))
		return &m->cpu[t->cpu];
	for (unsigned i = 0; i < m->nr_cpus; i++) {
		struct cpu *c = &m->cpu[i];
		uint32_t load = c->queued + (c->task != TASK_NONE), best_load = best->queued + (best->task != TASK_NONE);

		if (load < best_load)
			best = c;
	}
	return best;
}

void task_wake(struct machine *m, uint32_t task, eg_time now)
{
	struct cpu *c = place(m, task_of(m, task));

	if (!is_busy(c) && c->mmu.clock < now)
		charge(c, TIME_IDLE, now - c->mmu.clock);
	enqueue(m, c, task);
}

void task_block(struct machine *m, struct cpu *c, enum task_state state)
{
	task_of(m, c->task)->state = (uint8_t)state;
	c->last_task = c->task;
	c->task = TASK_NONE;
}

enum { SLEEP_MASK = (1 << 24) - 1 };

static void sleep_over(void *ctx, uint64_t packed, eg_time now)
{
	struct machine *m = ctx;
	const struct task *t = task_of(m, (uint32_t)packed);

	/* a sleep that was cut short has left its event behind; its number may be another task's by now */
	if (t->state != TASK_SLEEPING || (t->sleep & SLEEP_MASK) != packed >> 32)
		return;
	m->nr_sleeping--;
	task_wake(m, (uint32_t)packed, now);
}

bool task_sleep(struct machine *m, struct cpu *c, eg_time when)
{
	if (when <= c->mmu.clock)
		return false;
	if (when > TIME_MAX) {
		machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "a task sleeps until %llu s, past the %llu s that simulated time has\n"
					"is a recorded time or a think time damaged?", (unsigned long long)(when / EG_PS_PER_S),
					(unsigned long long)(TIME_MAX / EG_PS_PER_S)));
		return false;
	}
	if (m->events.nr + EVENTS_SPARE >= m->events.capacity) {
		machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "more than %u tasks sleep at the same time\n"
					"this machine is built for fewer: lower the number of tasks", (unsigned)m->nr_sleeping));
		return false;
	}
	task_of(m, c->task)->sleep++;
	event_add(&m->events, when, sleep_over, m, (uint64_t)(task_of(m, c->task)->sleep & SLEEP_MASK) << 32 | c->task);
	m->nr_sleeping++;
	task_block(m, c, TASK_SLEEPING);
	return true;
}

void task_park(struct machine *m, struct cpu *c)
{
	uint32_t task = c->task;
	struct task *t = task_of(m, task);

	t->parked_at = c->mmu.clock;
	t->next = TASK_NONE;
	if (m->memory_head == TASK_NONE)
		m->memory_head = task;
	else
		task_of(m, m->memory_tail)->next = task;
	m->memory_tail = task;
	m->phys.waiters = true;
	m->count.memory_waits++;
	task_block(m, c, TASK_MEMORY);
}

static uint32_t unpark(struct machine *m, eg_time now)
{
	uint32_t task = m->memory_head;
	struct task *t = task_of(m, task);
	struct probe_event e = { .now = now, .cpu = t->cpu, .task = task,
				 .value = now > t->parked_at ? now - t->parked_at : 0 };

	m->memory_head = t->next;
	probe_emit(&m->probes, PROBE_MEMORY_WAIT, &e);
	return task;
}

/* Pages came free: all parked tasks try again. Runs inside the operation that freed them. */
void machine_pages_freed(void *ctx, struct phys *p)
{
	struct machine *m = ctx;
	/* the initial state of a trace is applied by an event: no CPU acts, and which one did last is chance */
	eg_time now = m->booting ? m->events.now : m->cpu[m->acting].mmu.clock;

	p->waiters = false;
	while (m->memory_head != TASK_NONE)
		task_wake(m, unpark(m, now), now);
}

/* ---- thread groups ------------------------------------------------------------------------------------ */

static void unpark_one(struct machine *m, uint32_t task, eg_time now)
{
	uint32_t before = m->memory_head;

	if (before == task) {
		(void)unpark(m, now);
	} else {
		while (task_of(m, before)->next != task)
			before = task_of(m, before)->next;
		task_of(m, before)->next = task_of(m, task)->next;
		if (m->memory_tail == task)
			m->memory_tail = before;
	}
	m->phys.waiters = m->memory_head != TASK_NONE;
}

/* Whatever it waits for, it will come to its end. Running ones only where no CPU is ahead of `now`. */
static void end_task(struct machine *m, uint32_t task, eg_time now)
{
	struct task *t = task_of(m, task);

	t->ended_by_group = true;
	t->step = STEP_END;
	switch ((enum task_state)t->state) {
	case TASK_READY: case TASK_RUNNING: case TASK_DEAD:
		return;
	case TASK_SLEEPING:
		t->sleep++;
		m->nr_sleeping--;
		break;
	case TASK_MEMORY:
		unpark_one(m, task, now);
		break;
	case TASK_TURN: case TASK_CHILD:
		break;
	}
	task_wake(m, task, now);
}

/* All that are left of a group: those that ran when it ended, and those that they have made since. */
static void group_ends(void *ctx, uint64_t group, eg_time now)
{
	struct machine *m = ctx;

	for (uint32_t i = 0; i < m->nr_tasks; i++)
		if (task_of(m, i)->group == group && task_of(m, i)->state != TASK_DEAD)
			end_task(m, i, now);
}

void task_end_group(struct machine *m, struct cpu *c, uint32_t task)
{
	uint64_t group = task_of(m, task)->group;
	bool running = false;

	for (uint32_t i = 0; i < m->nr_tasks; i++) {
		if (i == task || task_of(m, i)->group != group || task_of(m, i)->state == TASK_DEAD)
			continue;
		if (task_of(m, i)->state == TASK_RUNNING)
			running = true;
		else
			end_task(m, i, c->mmu.clock);
	}
	if (running && m->events.nr + EVENTS_SPARE >= m->events.capacity)
		machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "more than %u interrupts and sleeping tasks are pending\n"
					"a shorter machine.ipi_latency, or fewer CPUs, make fewer of them", (unsigned)m->events.capacity));
	else if (running)
		event_add(&m->events, c->mmu.clock + m->ipi_latency, group_ends, m, group);
}

uint32_t task_new(struct machine *m, uint32_t source, uint32_t stream, uint32_t space)
{
	uint32_t n = m->free_task;
	struct task *t;

	if (n != TASK_NONE) {
		m->free_task = task_of(m, n)->next;
	} else {
		if (!eg_grow((void **)&m->task, &m->nr_tasks, &m->cap_tasks, sizeof(*m->task))) {
			machine_fail(m, EG_NO_MEMORY);
			return TASK_NONE;
		}
		n = (uint32_t)(m->nr_tasks - 1);
	}
	t = task_of(m, n);
	{
		uint64_t *buffer = t->buffer;
		uint32_t sleep = t->sleep;

		*t = (struct task){ .source = source, .stream = stream, .space = space, .next = TASK_NONE,
				    .pinned = m->source[source].pinned, .recorded = EG_TIME_NONE, .asked = EG_TIME_NONE,
				    .buffer = buffer, .sleep = sleep + 1, .group = ++m->nr_groups };
	}
	if (m->source[source].gen && !t->buffer) {
		t->buffer = eg_calloc(m->block, sizeof(*t->buffer));
		if (!t->buffer) {
			machine_fail(m, EG_NO_MEMORY);
			return TASK_NONE;
		}
	}
	t->cpu = (uint16_t)(n % m->nr_cpus);
	m->live_tasks++;
	return n;
}

/* ---- one CPU ---------------------------------------------------------------------------------------- */

static void switch_to(struct machine *m, struct cpu *c, uint32_t task)
{
	struct task *t = task_of(m, task);

	if (c->last_task != task && c->last_task != TASK_NONE) {
		charge(c, TIME_SWITCH, m->cost.context_switch);
		m->count.switches++;
	}
	c->task = task;
	t->state = TASK_RUNNING;
	t->cpu = (uint16_t)(c - m->cpu);
	c->slice_end = c->mmu.clock + m->slice;
	if (t->space && (!mmu_is_current(&c->mmu, t->space) || c->mmu.root != vm_space(&m->vm, t->space)->root))
		mmu_switch(&c->mmu, t->space, vm_space(&m->vm, t->space)->root);
}

static void fetch(struct machine *m, struct cpu *c, uint32_t task, bool earliest, bool *again)
{
	struct task *t = task_of(m, task);
	struct source *s = &m->source[t->source];

	*again = false;
	switch (source_next(m, s, task, earliest, c->mmu.clock)) {
	case SOURCE_SHARED:
		return;
	case SOURCE_TURN:
		task_block(m, c, TASK_TURN);
		return;
	case SOURCE_END:
		task_of(m, task)->step = STEP_END;      /* others may have been woken: this CPU may not be the earliest */
		return;
	case SOURCE_BLOCK:
		break;
	}
	t = task_of(m, task);       /* a trace may have brought a new task: the array may have moved */
	t->pos = 0;
	t->step = t->block.kind == EG_BLOCK_ACCESS ? STEP_ACCESS : STEP_OP;
	t->op_start = EG_TIME_NONE;
	*again = true;
	if (t->step == STEP_OP && (t->block.op.code == EG_OP_ACCESS || t->block.op.code == EG_OP_RUN) && !access_begin(m, t))
		t->step = STEP_FETCH;
}

/* Let c, which is the earliest, work until the horizon. */
static void cpu_step(struct machine *m, struct cpu *c, eg_time next_event, eg_time other, unsigned other_cpu)
{
	bool earliest = true;
	eg_time horizon = next_event;

	if (other != EG_TIME_NONE && other + m->lookahead < horizon)
		horizon = other + m->lookahead;
	m->acting = (unsigned)(c - m->cpu);
	m->vm.cpu = (uint8_t)m->acting;
	if (c->task == TASK_NONE) {
		switch_to(m, c, dequeue(m, c));
		return;         /* the switch took time: another CPU may be the earliest now */
	}
	if (c->mmu.clock >= c->slice_end) {
		if (c->queued) {
			uint32_t old = c->task;

			task_block(m, c, TASK_READY);
			enqueue(m, c, old);
			switch_to(m, c, dequeue(m, c));
			return;
		}
		c->slice_end = c->mmu.clock + m->slice;
	}
	if (c->slice_end < horizon)
		horizon = c->slice_end;
	for (;;) {
		uint32_t task = c->task;
		struct task *t = task_of(m, task);
		bool again;

		if (t->not_before > c->mmu.clock && (t->step == STEP_ACCESS || t->step == STEP_OP)) {
			/* its recorded time has not come; sleeping is shared work */
			if (earliest)
				(void)task_sleep(m, c, t->not_before);
			return;
		}
		switch (t->step) {
		case STEP_FETCH:
			fetch(m, c, task, earliest, &again);
			if (!again)
				return;
			break;
		case STEP_ACCESS:
			access_execute(m, c, t, horizon, earliest);
			if (t->step == STEP_ACCESS)
				return;         /* horizon, or a walk that must wait for its turn */
			break;
		case STEP_END:
			if (earliest)
				task_exit(m, c, task);
			return;
		case STEP_FAULT:
		case STEP_OP:
			if (!earliest)
				return;
			if (t->op_start == EG_TIME_NONE)
				t->op_start = c->mmu.clock;
			if (t->step == STEP_FAULT)
				(void)fault_execute(m, c, task);
			else
				(void)op_execute(m, c, task);
			return;                 /* the order of CPUs and events may have changed */
		}
		if (c->mmu.clock >= horizon)
			return;
		earliest = c->mmu.clock < next_event &&
			   (c->mmu.clock < other || (c->mmu.clock == other && m->acting < other_cpu));
	}
}

/* ---- the main loop ---------------------------------------------------------------------------------- */

/* Nothing can run. True if ending a parked task made something possible. */
static bool end_a_parked_task(struct machine *m)
{
	uint32_t task = m->memory_head;
	eg_time now = m->events.now;
	struct cpu *c;

	if (task == TASK_NONE)
		return false;
	/* its CPU may have stood still for long: this happens now, when the last one that could help has gone */
	for (unsigned i = 0; i < m->nr_cpus; i++)
		now = m->cpu[i].mmu.clock > now ? m->cpu[i].mmu.clock : now;
	c = &m->cpu[task_of(m, task)->cpu];
	charge(c, TIME_IDLE, now - c->mmu.clock);
	m->acting = (unsigned)(c - m->cpu);
	(void)unpark(m, c->mmu.clock);
	m->phys.waiters = m->memory_head != TASK_NONE;
	m->count.oom_kills++;
	switch_to(m, c, task);
	task_exit(m, c, task);
	return true;
}

eg_time machine_run(struct machine *m)
{
	eg_time end = 0;

	while (m->status == EG_OK && !m->stopping && !m->vm.failed) {
		eg_time next_event, first = EG_TIME_NONE, second = EG_TIME_NONE;
		unsigned first_cpu = 0, second_cpu = 0;

		for (unsigned i = 0; i < m->nr_cpus; i++) {
			eg_time clock = m->cpu[i].mmu.clock;

			if (!is_busy(&m->cpu[i]))
				continue;
			if (clock < first) {
				second = first, second_cpu = first_cpu;
				first = clock, first_cpu = i;
			} else if (clock < second) {
				second = clock, second_cpu = i;
			}
		}
		next_event = event_next_time(&m->events);
		if (first == EG_TIME_NONE && !m->nr_sleeping && !m->starts_left) {
			/* nothing runs and nobody will wake by himself; samples and interrupts change nothing */
			if (!m->live_tasks)
				break;
			if (end_a_parked_task(m))
				continue;
			machine_fail(m, eg_fail(m->err, EG_FAILED, "deadlock in the workload at %llu ps: %u tasks wait for "
						"each other\nis a vfork child missing from the trace?",
						(unsigned long long)m->context.now, (unsigned)m->live_tasks));
			break;
		}
		if (first > TIME_MAX && next_event > TIME_MAX) {
			machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "simulated time is over after %llu s",
						(unsigned long long)(TIME_MAX / EG_PS_PER_S)));
			break;
		}
		if (next_event != EG_TIME_NONE && next_event <= first) {
			m->context.now = next_event;
			m->context.seq = m->events.executed;
			event_run(&m->events);
			continue;
		}
		m->context.now = first;
		cpu_step(m, &m->cpu[first_cpu], next_event, second, second_cpu);
		if (m->options->audit_every && m->audit_left-- == 0) {
			m->audit_left = m->options->audit_every;
			machine_validate(m);
		}
	}
	if (m->vm.failed)
		machine_fail(m, EG_NO_MEMORY);
	for (unsigned i = 0; i < m->nr_cpus; i++)
		if (m->cpu[i].mmu.clock > end)
			end = m->cpu[i].mmu.clock;
	if (m->stopping && m->stop_time > end)
		end = m->stop_time;
	for (unsigned i = 0; i < m->nr_cpus; i++)
		charge(&m->cpu[i], TIME_IDLE, end - m->cpu[i].mmu.clock);
	return end;
}
