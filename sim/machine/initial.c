/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * initial - what a trace says stood before its first record: ops flagged EG_OPF_INIT.
 *
 * Of a whole trace these are mappings; of one that is entered in its middle (replay key `from`) they are the
 * state that the records before have built (workloads/trace/state.h): mappings, breaks, tasks that share an
 * address space, live page blocks. They take no time. Which pages were present is not told: the replay key
 * `populate` may fill mappings, else they are touched anew.
 */
#include "sim/machine/machine.h"

static void no_memory(struct machine *m, const struct source *s, const char *what, uint64_t which, const char *remedy)
{
	machine_fail(m, m->vm.failed ? EG_NO_MEMORY :
		     eg_fail(m->err, EG_BAD_INPUT, "workload %s: %s 0x%llx needs more memory than the machine has\n%s",
			     s->w->label, what, (unsigned long long)which, remedy));
}

static void initial_mapping(struct machine *m, struct source *s, uint32_t space, const struct eg_op *op)
{
	const char *populate = eg_args_text(&s->w->replay, "populate");
	bool huge = strcmp(eg_args_text(&s->w->replay, "populate_page"), "2MiB") == 0, write = strcmp(populate, "write") == 0;
	uint64_t start = op->arg[0], end = op->arg[0] + op->arg[1], step = UINT64_C(1) << 21;
	unsigned prot = (unsigned)op->arg[2] | (write ? EG_PROT_WRITE : 0);
	struct vm_work w = { 0 };
	enum vm_outcome o;

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
			no_memory(m, s, "populating the mapping at", op->arg[0], "raise machine.memory, or populate: none");
			return;
		}
	}
}

/* A task that was born before the place at which the trace is entered, and shares the space of another. */
static void initial_clone(struct machine *m, struct source *s, uint32_t task, const struct eg_op *op)
{
	uint32_t source = (uint32_t)(s - m->source), stream = (uint32_t)op->arg[0], child;
	uint32_t space = task_of(m, task)->space;

	if (!(op->arg[1] & EG_CLONE_VM) || op->arg[0] != stream) {
		m->not_applied[NOT_NOT_MODELLED]++;     /* a space of its own is told by mappings of its own */
		return;
	}
	if (source_task(s, stream) != TASK_NONE) {
		m->not_applied[NOT_STREAM_REUSED]++;
		return;
	}
	vm_space(&m->vm, space)->users++;
	child = task_new(m, source, stream, space);
	if (child == TASK_NONE || !source_bind(m, s, stream, child))
		return;
	if (op->arg[1] & EG_CLONE_THREAD)
		task_of(m, child)->group = task_of(m, task)->group;
	task_of(m, child)->state = TASK_TURN;
}

void source_initial(struct machine *m, struct source *s, uint32_t task, const struct eg_op *op)
{
	struct vm_work w = { 0 };

	switch (op->code) {
	case EG_OP_MMAP:
		initial_mapping(m, s, task_of(m, task)->space, op);
		break;
	case EG_OP_BRK:
		m->not_applied[NOT_NOMEM] += vm_brk(&m->vm, task_of(m, task)->space, op->arg[0], &w) != VM_DONE;
		break;
	case EG_OP_CLONE:
		initial_clone(m, s, task, op);
		break;
	case EG_OP_ALLOC_PAGES:
		/* while booting nothing is charged, so any CPU will do */
		if (!op_alloc_pages(m, &m->cpu[0], task, op))
			no_memory(m, s, "the live block", op->arg[0], "raise machine.memory, or enter the trace elsewhere (from)");
		break;
	case EG_OP_FREE_PAGES:
		op_free_pages(m, &m->cpu[0], task, op);
		break;
	default:
		m->not_applied[NOT_NOT_MODELLED]++;
		break;
	}
}
