/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops - execute one shared operation or fault: call the room, price its work, say what came of it.
 *
 * Each operation is restartable: a room that answers VM_WAIT has changed nothing that a second call would
 * trip over, so the task is parked with its step unchanged and calls again when pages were freed. The
 * latency of an operation runs from its first attempt to its completion, waits included.
 *
 * Prices come from the cost table alone. What passes where:
 *
 *   fault     trap + vma_lookup + pte_set + charge (+ cow_extra or reuse_extra)   fault.<kind>
 *   any       allocs * alloc_base + steps * alloc_step, frees alike               alloc
 *   any       bytes / zero_bandwidth, bytes / copy_bandwidth                      zeroing, copy
 *   any       zone lock: each allocation and free holds it zone_lock_hold         lock_wait
 *   writers   mmap lock of the space, held for the operation                      lock_wait
 *   flushes   shootdown + targets + pages on the initiator, ipi_handler on each target
 */
#include "sim/machine/machine.h"

/* ---- prices -------------------------------------------------------------------------------------------- */

void price_work(struct machine *m, struct cpu *c, const struct vm_work *w, enum time_category category)
{
	const struct cost_table *k = &m->cost;
	uint64_t calls = w->allocs + w->frees;

	if (m->booting)
		return;
	if (calls) {
		/* the zone of the last allocation stands for all pages of the operation */
		eg_time wait = server_enter_row(&m->zone_lock[w->zone], c->mmu.clock, k->zone_lock_hold, calls,
						m->nr_cpus - 1);

		charge(c, TIME_LOCK_WAIT, wait);
		charge(c, TIME_ALLOC, w->allocs * k->alloc_base + w->frees * k->free_base +
				      (uint64_t)(w->alloc_steps + w->free_steps) * k->alloc_step);
	}
	if (w->zeroed_bytes)
		charge(c, TIME_ZEROING, cost_bytes(w->zeroed_bytes, k->zero_bandwidth));
	if (w->copied_bytes)
		charge(c, TIME_COPY, cost_bytes(w->copied_bytes, k->copy_bandwidth));
	charge(c, TIME_UNMAP, w->zapped * k->zap_page);
	charge(c, category, w->ptes_set * k->pte_set + w->protected_pages * k->mprotect_page + w->moved_pages * k->mremap_page +
			    w->ptes_copied * k->fork_page + w->vmas_copied * k->fork_vma);
}

/* Wait for the mmap lock of a space. Returns when it was got; a writer says hold_mmap_lock() at its end. */
static eg_time wait_mmap_lock(struct machine *m, struct cpu *c, uint32_t space)
{
	eg_time free_at = vm_space(&m->vm, space)->lock_free_at;
	eg_time wait = free_at > c->mmu.clock ? free_at - c->mmu.clock : 0;

	m->mmap_lock.served++;
	m->mmap_lock.queued += wait > 0;
	m->mmap_lock.waited += wait;
	charge(c, TIME_LOCK_WAIT, wait);
	return c->mmu.clock;
}

static void hold_mmap_lock(struct machine *m, struct cpu *c, uint32_t space, eg_time since)
{
	vm_space(&m->vm, space)->lock_free_at = c->mmu.clock;
	m->mmap_lock.held += c->mmu.clock - since;
}

/* ---- TLB flushes ---------------------------------------------------------------------------------------- */

/* A shootdown arrives: the target loses its translations and the handler's time. */
static void ipi_arrives(void *ctx, uint64_t packed, eg_time now)
{
	struct machine *m = ctx;
	struct cpu *c = &m->cpu[packed & 0xff];
	uint32_t space = (uint32_t)(packed >> 8);

	(void)now;
	mmu_flush_range(&c->mmu, space, eg_vpn_of(0), MMU_FLUSH_CEILING + 1);
	if (c->task != TASK_NONE)
		charge(c, TIME_IPI, m->cost.ipi_handler);
}

void vm_flush_hook(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	struct machine *m = ctx;
	struct cpu *self = &m->cpu[m->acting];
	unsigned targets = 0;

	for (unsigned i = 0; i < m->nr_cpus; i++) {
		struct cpu *c = &m->cpu[i];

		/* its own; idle CPUs (Linux: lazy TLB mode) and CPUs that only hold the space get no interrupt */
		if (c == self || m->booting || c->task == TASK_NONE || !mmu_is_current(&c->mmu, space)) {
			mmu_flush_range(&c->mmu, space, vpn, nr);
			continue;
		}
		if (m->events.nr + EVENTS_SPARE >= m->events.capacity) {
			machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "more than %u interrupts and sleeping tasks are pending\n"
						"a shorter machine.ipi_latency, or fewer CPUs, make fewer of them",
						(unsigned)m->events.capacity));
			return;
		}
		/* Linux sends the range; the model drops the whole space, which the target cannot tell apart
		 * by results other than extra misses. Delivered no sooner than the run-ahead allows. */
		event_add(&m->events, self->mmu.clock + m->ipi_latency, ipi_arrives, m, (uint64_t)space << 8 | i);
		targets++;
	}
	if (targets) {
		m->count.shootdowns++;
		m->count.shootdown_ipis += targets;
		charge(self, TIME_SHOOTDOWN, m->cost.shootdown + targets * m->cost.shootdown_target +
					     (nr < MMU_FLUSH_CEILING ? nr : MMU_FLUSH_CEILING) * m->cost.shootdown_page);
	}
}

/* ---- faults ---------------------------------------------------------------------------------------------- */

static enum time_category fault_category(enum fault_kind kind)
{
	return (enum time_category)(TIME_FAULT_ANON + (unsigned)kind);
}
_Static_assert(TIME_FAULT_SEGV - TIME_FAULT_ANON == (int)FAULT_SEGV, "time categories follow the kinds of fault");

void op_emit(struct machine *m, struct cpu *c, enum probe probe, uint32_t task, uint32_t kind, uint64_t value)
{
	struct probe_event e = { .now = c->mmu.clock, .cpu = (uint32_t)(c - m->cpu), .task = task, .kind = kind, .value = value };

	probe_emit(&m->probes, probe, &e);
}

bool fault_execute(struct machine *m, struct cpu *c, uint32_t task)
{
	struct task *t = task_of(m, task);
	const struct cost_table *k = &m->cost;
	struct vm_work w = { 0 };
	struct fault_result r;
	enum time_category category;

	(void)wait_mmap_lock(m, c, t->space);
	r = vm_fault(&m->vm, t->space, t->fault_addr, t->fault_write, &w);
	if (r.outcome == VM_WAIT || r.outcome == VM_NOMEM) {
		price_work(m, c, &w, TIME_ALLOC);       /* page tables made on the way stay */
		task_park(m, c);
		return false;
	}
	category = fault_category(r.kind);
	charge(c, category, k->trap + k->vma_lookup);
	price_work(m, c, &w, category);
	if (r.kind == FAULT_ANON || r.kind == FAULT_ZERO_COW || r.kind == FAULT_COW || r.kind == FAULT_SHMEM)
		charge(c, category, k->charge);
	if (r.kind == FAULT_COW || r.kind == FAULT_ZERO_COW)
		charge(c, category, k->cow_extra);
	if (r.kind == FAULT_COW_REUSE)
		charge(c, category, k->reuse_extra);
	op_emit(m, c, PROBE_FAULT, task, r.kind, c->mmu.clock - t->op_start);
	t->step = STEP_ACCESS;
	if (r.kind == FAULT_SEGV) {
		/* a recording that shows the access as done: count it, leave it out, go on */
		m->count.segv_kills++;
		m->not_applied[NOT_SEGV]++;
		if (m->options->strict) {
			machine_fail(m, eg_fail(m->err, EG_BAD_INPUT, "workload %s, stream %u: record %llu: access to 0x%llx outside "
						"any mapping, or against its protection\nwithout --strict such accesses are "
						"counted and skipped", m->source[t->source].w->label, t->stream,
						(unsigned long long)t->executed + 1, (unsigned long long)t->fault_addr));
			return true;
		}
		t->executed++;
		if (++t->pos == t->block.nr)
			access_words_done(t);
	}
	return true;
}

/* ---- tasks ------------------------------------------------------------------------------------------------ */

/* The parent of a vfork child may go on. */
static void release_parent(struct machine *m, struct cpu *c, uint32_t child)
{
	uint32_t parent = task_of(m, child)->waited_by;

	task_of(m, child)->waited_by = 0;
	if (!parent--)
		return;
	task_of(m, parent)->waits_for = 0;
	if (task_of(m, parent)->state == TASK_CHILD)
		task_wake(m, parent, c->mmu.clock);
}

static void leave_space(struct machine *m, struct cpu *c, uint32_t space, enum time_category category)
{
	struct vm_work w = { 0 };

	if (!space)
		return;
	if (vm_space(&m->vm, space)->users == 1)
		for (unsigned i = 0; i < m->nr_cpus; i++)
			mmu_forget(&m->cpu[i].mmu, space);
	else if (mmu_is_current(&c->mmu, space))
		mmu_switch_none(&c->mmu);
	vm_space_put(&m->vm, space, &w);
	price_work(m, c, &w, category);
}

void task_exit(struct machine *m, struct cpu *c, uint32_t task)
{
	struct task *t = task_of(m, task);
	struct source *s = &m->source[t->source];

	charge(c, TIME_EXEC_EXIT, m->cost.exit);
	leave_space(m, c, t->space, TIME_EXEC_EXIT);
	release_parent(m, c, task);
	if (t->waits_for)
		task_of(m, t->waits_for - 1)->waited_by = 0;
	if (source_bind(m, s, t->stream, TASK_NONE) && t->ended_by_group)
		source_ended_by_group(s, t->stream);
	m->count.exits++;
	task_block(m, c, TASK_DEAD);
	c->last_task = TASK_NONE;       /* nothing of it is left to come back to */
	for (unsigned i = 0; i < m->nr_cpus; i++)
		if (m->cpu[i].last_task == task)
			m->cpu[i].last_task = TASK_NOBODY;      /* its number will be another's, whose switch has its price */
	t->next = m->free_task;
	m->free_task = task;
	m->live_tasks--;
	if (!s->turn || s->turn == task + 1)            /* who ends out of turn leaves it to whoever has it */
		source_hand_over(m, s, c->mmu.clock);
}

static bool do_fork(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op)
{
	struct task *t = task_of(m, task);
	uint64_t flags = op->code == EG_OP_CLONE ? op->arg[1] : op->code == EG_OP_VFORK ? EG_CLONE_VM | EG_CLONE_VFORK : 0;
	uint32_t child_stream = (uint32_t)op->arg[0], source = t->source, space = t->space, child;
	struct vm_work w = { 0 };

	if (source_task(&m->source[source], child_stream) != TASK_NONE) {
		m->not_applied[NOT_STREAM_REUSED]++;
		return true;
	}
	if (flags & EG_CLONE_VM) {
		charge(c, TIME_FORK, m->cost.vfork);
		vm_space(&m->vm, space)->users++;
	} else {
		enum vm_outcome o;
		bool waiters = m->phys.waiters;
		eg_time locked = wait_mmap_lock(m, c, space);

		/* a fork that fails gives back what it took, no more: woken by that, two tasks that fork would keep
		 * each other awake for ever */
		m->phys.waiters = false;
		o = vm_fork(&m->vm, space, &space, &w);
		m->phys.waiters = waiters;
		if (o == VM_WAIT) {
			price_work(m, c, &w, TIME_FORK);
			task_park(m, c);
			return false;
		}
		charge(c, TIME_FORK, m->cost.fork);
		price_work(m, c, &w, TIME_FORK);
		hold_mmap_lock(m, c, t->space, locked);
		if (o != VM_DONE) {
			m->not_applied[NOT_NOMEM]++;
			return true;
		}
	}
	child = task_new(m, source, child_stream, space);
	if (child == TASK_NONE || !source_bind(m, &m->source[source], child_stream, child))
		return true;
	t = task_of(m, task);           /* the array may have moved */
	if (flags & EG_CLONE_THREAD)
		m->count.threads++;
	else if (flags & EG_CLONE_VM)
		m->count.vforks++;
	else
		m->count.forks++;
	op_emit(m, c, PROBE_FORK, task, (flags & EG_CLONE_VM) != 0, c->mmu.clock - t->op_start);
	if (flags & EG_CLONE_THREAD)
		task_of(m, child)->group = t->group;
	if (m->source[source].gen || m->source[source].independent)
		task_wake(m, child, c->mmu.clock);
	else
		task_of(m, child)->state = TASK_TURN;
	if (flags & EG_CLONE_VFORK) {
		task_of(m, child)->waited_by = task + 1;
		t->waits_for = child + 1;
	}
	return true;
}

static bool do_exec(struct machine *m, struct cpu *c, uint32_t task)
{
	struct task *t = task_of(m, task);
	struct vm_work w = { 0 };
	uint32_t fresh;
	enum vm_outcome o = vm_space_new(&m->vm, &fresh, &w);

	if (o == VM_WAIT) {
		price_work(m, c, &w, TIME_EXEC_EXIT);
		task_park(m, c);
		return false;
	}
	charge(c, TIME_EXEC_EXIT, m->cost.exec);
	price_work(m, c, &w, TIME_EXEC_EXIT);
	if (o != VM_DONE) {
		m->not_applied[NOT_NOMEM]++;
		return true;
	}
	leave_space(m, c, t->space, TIME_EXEC_EXIT);
	t->space = fresh;
	mmu_switch(&c->mmu, fresh, vm_space(&m->vm, fresh)->root);
	release_parent(m, c, task);
	m->count.execs++;
	op_emit(m, c, PROBE_VMOP, task, VMOP_EXEC, c->mmu.clock - t->op_start);
	return true;
}

/* ---- mappings --------------------------------------------------------------------------------------------- */

static bool do_vmop(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op)
{
	const struct cost_table *k = &m->cost;
	struct task *t = task_of(m, task);
	struct vm_work w = { 0 };
	enum vm_outcome o;
	enum vmop_kind kind;
	enum not_applied nothing;
	eg_time fixed, locked = wait_mmap_lock(m, c, t->space);

	switch (op->code) {
	case EG_OP_MMAP:
		kind = VMOP_MMAP, fixed = k->mmap, nothing = NOT_NOMEM;
		o = vm_mmap(&m->vm, t->space, op->arg[0], op->arg[1], (unsigned)op->arg[2], (unsigned)op->arg[3],
			    source_mmap_file(op), op->arg[5], &w);
		if (o == VM_DONE && (op->arg[3] & EG_MAP_POPULATE))
			(void)vm_populate(&m->vm, t->space, op->arg[0], op->arg[1], op->arg[2] & EG_PROT_WRITE, false, &w);
		break;
	case EG_OP_MUNMAP:
		kind = VMOP_MUNMAP, fixed = k->munmap, nothing = NOT_MUNMAP_NOTHING;
		o = vm_munmap(&m->vm, t->space, op->arg[0], op->arg[1], &w);
		break;
	case EG_OP_MPROTECT:
		kind = VMOP_MPROTECT, fixed = k->mprotect, nothing = NOT_MPROTECT_NOTHING;
		o = vm_mprotect(&m->vm, t->space, op->arg[0], op->arg[1], (unsigned)op->arg[2], &w);
		break;
	case EG_OP_MADVISE:
		kind = VMOP_MADVISE, fixed = k->madvise, nothing = NOT_MADVISE_NOTHING;
		o = vm_madvise(&m->vm, t->space, op->arg[0], op->arg[1], (unsigned)op->arg[2], &w);
		break;
	case EG_OP_MREMAP:
		kind = VMOP_MREMAP, fixed = k->mremap, nothing = NOT_MREMAP_NOTHING;
		o = vm_mremap(&m->vm, t->space, op->arg[0], op->arg[1], op->arg[2], op->arg[3], &w);
		break;
	default:
		kind = VMOP_BRK, fixed = k->brk, nothing = NOT_BRK_BELOW;
		o = vm_brk(&m->vm, t->space, op->arg[0], &w);
		break;
	}
	if (o == VM_WAIT) {
		price_work(m, c, &w, TIME_SYSCALL);
		task_park(m, c);
		return false;
	}
	charge(c, TIME_SYSCALL, k->syscall + fixed);
	price_work(m, c, &w, TIME_SYSCALL);
	hold_mmap_lock(m, c, t->space, locked);
	m->count.mmaps += kind == VMOP_MMAP;
	m->count.munmaps += kind == VMOP_MUNMAP;
	m->count.mprotects += kind == VMOP_MPROTECT;
	m->count.brks += kind == VMOP_BRK;
	m->not_applied[nothing] += o == VM_NOTHING;
	m->not_applied[NOT_NOMEM] += o == VM_NOMEM;
	op_emit(m, c, PROBE_VMOP, task, kind, c->mmu.clock - t->op_start);
	return true;
}

/* ---- dispatch ---------------------------------------------------------------------------------------------- */

/* vfork: the parent sleeps, and a trace goes on without it. */
static void task_block_for_child(struct machine *m, struct cpu *c, struct task *t)
{
	struct source *s = &m->source[t->source];

	task_block(m, c, TASK_CHILD);
	source_hand_over(m, s, c->mmu.clock);
}

bool op_execute(struct machine *m, struct cpu *c, uint32_t task)
{
	struct eg_op op = task_of(m, task)->block.op;
	bool done = true;

	if (op.flags & EG_OPF_FAILED) {
		m->not_applied[NOT_FAILED_CALL]++;
		charge(c, TIME_SYSCALL, m->cost.syscall);
	} else switch (op.code) {
	case EG_OP_MMAP: case EG_OP_MUNMAP: case EG_OP_MPROTECT: case EG_OP_MADVISE: case EG_OP_MREMAP: case EG_OP_BRK:
		done = do_vmop(m, c, task, &op);
		break;
	case EG_OP_FORK: case EG_OP_VFORK: case EG_OP_CLONE:
		done = do_fork(m, c, task, &op);
		break;
	case EG_OP_EXEC:
		done = do_exec(m, c, task);
		break;
	case EG_OP_ALLOC_PAGES:
		done = op_alloc_pages(m, c, task, &op);
		break;
	case EG_OP_FREE_PAGES:
		op_free_pages(m, c, task, &op);
		break;
	case EG_OP_WARMUP_END:
		m->warmup_hook(m->warmup_ctx, c->mmu.clock);
		break;
	case EG_OP_EXIT: case EG_OP_EXIT_GROUP:
		m->count.ops++;
		{
			eg_time start = task_of(m, task)->op_start;

			if (op.code == EG_OP_EXIT_GROUP)
				task_end_group(m, c, task);
			task_exit(m, c, task);
			op_emit(m, c, PROBE_VMOP, task, VMOP_EXIT, c->mmu.clock - start);
		}
		return true;
	case EG_OP_THINK: case EG_OP_MARK: case EG_OP_ROI_BEGIN: case EG_OP_ROI_END: case EG_OP_SCHED:
		break;
	default:
		m->not_applied[NOT_NOT_MODELLED]++;
		break;
	}
	if (!done)
		return false;
	{
		struct task *t = task_of(m, task);

		m->count.ops++;
		t->executed++;
		t->step = STEP_FETCH;
		if (t->waits_for && (op.code == EG_OP_VFORK || op.code == EG_OP_CLONE))
			task_block_for_child(m, c, t);
		else if (op.code == EG_OP_THINK)
			(void)task_sleep(m, c, op.arg[0] < EG_TIME_NONE - c->mmu.clock ? c->mmu.clock + op.arg[0] : EG_TIME_NONE);
	}
	return true;
}
