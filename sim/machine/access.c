/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access - what a task's accesses come as: an array of words, one large access, or a page run.
 *
 * Words go to the access loop as they are. A large access is split into words of its pages. A page run
 * (EG_OP_RUN) is defined as a sequence of words, and is executed as if each of them were in the array:
 *
 *   1. one access of the first kind;
 *   2. one of each other kind that it holds, in the order of enum eg_access_kind;
 *   3. the remaining reads, then writes, then modifies, then fetches.
 *
 * The order in which they happened is not in the run. Parts 1 and 2 go through the access loop: look-ups,
 * walks, faults, dirty-bit assists. Of part 3 nothing need be looked up while the task stays on its CPU
 * without an interruption: the entry of the page is the most recent of its set, with the permission that
 * an access of the same or a stronger kind has proved, and a hit of the most recent entry changes nothing.
 * So as many as start before the horizon are counted and charged at once. After an interruption - a fault,
 * the horizon - the next access of each kind is looked up again. This is why a run gives exactly what its
 * sequence of words gives, on any machine and however far CPUs run ahead (tests/property/run_model.c).
 *
 * Compared with the accesses from which a run was made, counters are equal too, unless a run holds fetches
 * and a write that replaces the page (copy-on-write): whether a fetch, or a read after a fetch, came before or
 * after that write decides one look-up on each side. Times within a run may differ, as a miss has moved before a
 * hit: with one task its end does not; with several, or with an interrupt or the end of a slice in the run, what
 * it meets elsewhere may be another moment of the others, no further away than the run is long.
 */
#include "sim/machine/machine.h"

#define KINDS 4u

static const unsigned proves[KINDS] = {        /* kinds that need no look-up after one of this kind */
	[EG_ACCESS_READ]   = 1u << EG_ACCESS_READ,
	[EG_ACCESS_WRITE]  = 1u << EG_ACCESS_READ | 1u << EG_ACCESS_WRITE | 1u << EG_ACCESS_MODIFY,
	[EG_ACCESS_MODIFY] = 1u << EG_ACCESS_READ | 1u << EG_ACCESS_WRITE | 1u << EG_ACCESS_MODIFY,
	[EG_ACCESS_FETCH]  = 1u << EG_ACCESS_FETCH,
};

/* ---- page runs as ops --------------------------------------------------------------------------------- */

uint64_t access_run_total(const struct eg_op *op)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < KINDS; k++)
		if (__builtin_add_overflow(sum, op->arg[2 + k], &sum))
			return UINT64_MAX;
	return sum;
}

static unsigned first_kind(const struct eg_op *op)
{
	unsigned k = (unsigned)op->arg[1] & 3;

	if (!op->arg[2 + k])
		for (k = 0; k < KINDS - 1 && !op->arg[2 + k]; k++)
			;
	return k;
}

void access_run_cut(struct eg_op *op, uint64_t keep)
{
	uint64_t kept[KINDS] = { 0 }, *nr = &op->arg[2];
	unsigned first = first_kind(op);

	for (unsigned round = 0; round < 3; round++)
		for (unsigned k = 0; k < KINDS; k++) {
			uint64_t n = round < 2 ? nr[k] > 0 && (k == first) == (round == 0) : nr[k] - kept[k];

			n = n < keep ? n : keep;
			kept[k] += n;
			keep -= n;
		}
	op->arg[1] = first;
	for (unsigned k = 0; k < KINDS; k++)
		nr[k] = kept[k];
}

void access_run_drop_fetches(struct eg_op *op)
{
	op->arg[2 + EG_ACCESS_FETCH] = 0;
	op->arg[1] = first_kind(op);
}

/* ---- what comes next ------------------------------------------------------------------------------------ */

/*
 * The next word of a large access: it stands for the one or two pages that the access touches next, with
 * one look-up each, as a small access there would have.
 */
static void next_large_word(struct task *t)
{
	uint64_t border = eg_align_down(t->large_addr, EG_PAGE_SIZE) + EG_PAGE_SIZE, room = border - t->large_addr;
	enum eg_access_kind kind = (enum eg_access_kind)(t->block.op.arg[2] & 3);
	uint64_t take = room + EG_PAGE_SIZE;

	if (t->large_left <= room)
		t->word[0] = eg_access(t->large_addr, kind, 1);
	else
		t->word[0] = eg_access(border - 1, kind, 2);
	if (take > t->large_left)
		take = t->large_left;
	t->large_addr += take;
	t->large_left -= take;
	t->pos = 0;
	t->block.nr = 1;
	t->step = STEP_ACCESS;
}

static void push_run_word(struct task *t, unsigned kind)
{
	t->word[t->block.nr++] = eg_access(t->block.op.arg[0], (enum eg_access_kind)kind, 1);
	t->run_left[kind]--;
}

/* The next of the remaining accesses; false if there is none. */
static bool next_run_word(struct task *t)
{
	unsigned k = 0;

	while (k < KINDS && !t->run_left[k])
		k++;
	if (k == KINDS)
		return false;
	t->pos = t->block.nr = 0;
	push_run_word(t, k);
	t->step = STEP_ACCESS;
	return true;
}

bool access_begin(struct machine *m, struct task *t)
{
	const struct eg_op *op = &t->block.op;

	if (op->code == EG_OP_ACCESS) {
		if (op->arg[1] > UINT64_C(1) << 30) {
			m->not_applied[NOT_ACCESS_HUGE]++;
			return false;
		}
		t->shape = SHAPE_LARGE;
		t->large_addr = op->arg[0];
		t->large_left = op->arg[1] ? op->arg[1] : 1;
		next_large_word(t);
		return true;
	}
	if (access_run_total(op) > ACCESS_RUN_MAX) {
		m->not_applied[NOT_ACCESS_HUGE]++;
		return false;
	}
	if (!access_run_total(op))
		return false;
	memcpy(t->run_left, &op->arg[2], sizeof(t->run_left));
	t->shape = SHAPE_RUN;
	t->pos = t->block.nr = 0;
	push_run_word(t, first_kind(op));
	for (unsigned k = 0; k < KINDS; k++)
		if (k != first_kind(op) && t->run_left[k])
			push_run_word(t, k);
	t->step = STEP_ACCESS;
	return true;
}

void access_words_done(struct task *t)
{
	if (t->shape == SHAPE_LARGE && t->large_left) {
		next_large_word(t);
		return;
	}
	if (t->shape == SHAPE_RUN && next_run_word(t))
		return;
	t->shape = SHAPE_WORDS;
	t->step = STEP_FETCH;
}

/* ---- execution ------------------------------------------------------------------------------------------ */

/*
 * Has the space other tasks? Then its walks are globally ordered, even while none of them runs: one may be
 * woken on another CPU while this one is ahead, by memory that came free or a child's exit, and change the
 * table in this one's past.
 */
static bool space_is_shared(const struct machine *m, uint32_t space)
{
	return m->nr_cpus > 1 && vm_space(&m->vm, space)->users > 1;
}

/* Words [pos, nr) up to the horizon, a fault, or a walk that must wait for its turn. True: all are through. */
static bool execute_words(struct machine *m, struct cpu *c, struct task *t, const uint64_t *acc, eg_time horizon, bool earliest)
{
	struct access_result r = c->mmu.tlb_ops->run(&c->mmu, acc + t->pos, t->block.nr - t->pos, horizon, earliest);

	t->pos += r.nr_done;
	t->executed += r.nr_done;
	m->nr_accesses += r.nr_done;
	if (r.stop == ACCESS_FAULT) {
		t->fault_addr = r.fault_addr;
		t->fault_write = eg_access_kind(acc[t->pos]) == EG_ACCESS_WRITE || eg_access_kind(acc[t->pos]) == EG_ACCESS_MODIFY;
		t->step = STEP_FAULT;
		t->op_start = EG_TIME_NONE;
		return false;
	}
	return t->pos == t->block.nr;
}

/* Remaining accesses of a run that need no look-up and start before the horizon. False: the horizon came first. */
static bool execute_hits(struct machine *m, struct cpu *c, struct task *t, unsigned proven, eg_time horizon)
{
	uint64_t *count[KINDS] = { &c->mmu.n.reads, &c->mmu.n.writes, &c->mmu.n.modifies, &c->mmu.n.fetches };
	eg_time cost = c->mmu.cost.access;

	for (unsigned k = 0; k < KINDS; k++) {
		uint64_t n = t->run_left[k], starts;

		if (!n)
			continue;
		if (!(proven >> k & 1))
			return true;
		if (c->mmu.clock >= horizon)
			return false;
		if (cost) {
			starts = (horizon - c->mmu.clock - 1) / cost + 1;
			n = starts < n ? starts : n;
		}
		c->mmu.clock += n * cost;
		c->mmu.time_compute += n * cost;
		*count[k] += n;
		t->executed += n;
		m->nr_accesses += n;
		t->run_left[k] -= n;
		if (t->run_left[k])
			return false;
	}
	return true;
}

static void execute_run(struct machine *m, struct cpu *c, struct task *t, eg_time horizon, bool earliest)
{
	unsigned proven = 0;

	do {
		uint32_t i = t->pos;

		if (!execute_words(m, c, t, t->word, horizon, earliest))
			return;
		for (; i < t->block.nr; i++)
			proven |= proves[eg_access_kind(t->word[i])];
		if (!execute_hits(m, c, t, proven, horizon))
			break;
		earliest &= !c->mmu.ordered_space;      /* the next walk waits for its turn again */
	} while (next_run_word(t) && c->mmu.clock < horizon);
	/* cut off by the horizon: the next access of the kind is a word again, because who knows what happens now */
	if (t->pos == t->block.nr)
		access_words_done(t);
}

void access_execute(struct machine *m, struct cpu *c, struct task *t, eg_time horizon, bool earliest)
{
	c->mmu.ordered_space = space_is_shared(m, t->space);
	if (t->shape == SHAPE_RUN)
		execute_run(m, c, t, horizon, earliest);
	else if (execute_words(m, c, t, t->shape == SHAPE_LARGE ? t->word : t->block.acc, horizon, earliest))
		access_words_done(t);
}
