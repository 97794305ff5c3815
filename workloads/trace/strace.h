/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strace - what the two halves of the importer share: who speaks, who was born of whom and in which order ops
 * take effect (strace.c), and what each call means (strace_calls.c).
 */
#ifndef WORKLOADS_TRACE_STRACE_H
#define WORKLOADS_TRACE_STRACE_H

#include "sim/base/str.h"
#include "workloads/trace/import.h"
#include "workloads/trace/strace_line.h"

struct strace_task {
	uint64_t pid;
	uint32_t stream;
	bool     alive, exited;         /* exited: its exit op is out                        */
	bool     gone;                  /* its "+++" line came before its birth was told     */
	bool     forking;               /* a fork-like call has begun */
	struct eg_str partial;          /* a call that has begun      */
	uint64_t held;                  /* its place in the queue + 1, 0 = none */
	uint64_t birth;                 /* place of its birth + 1, 0 = settled */
};

enum strace_place_state { STRACE_SETTLED, STRACE_HELD, STRACE_DROPPED };

struct strace_place {
	struct eg_op op;
	int          state;
};

struct strace {
	struct import *im;
	struct strace_task   *task;            /* in order of birth; the dead stay until their slot is reused */
	size_t         nr_tasks, cap_tasks;
	struct strace_place  *queue;
	size_t         nr, cap, head;   /* queue[head..nr) */
	uint64_t       gone;            /* places before queue[0] */
	uint32_t       nr_streams;
	unsigned       forks;           /* fork-like calls under way */

	bool     timed, relative;
	uint64_t first_seconds, first_ps, clock_add, last_seconds;
	eg_time  now;
};

/* ---- strace.c ------------------------------------------------------------------------------------ */

/* An op of this task, now. */
static inline struct eg_op strace_op(const struct strace *s, const struct strace_task *t, unsigned code)
{
	return (struct eg_op){ .code = (uint8_t)code, .stream = t->stream, .time = s->now };
}

/* Out at once, or in the place that the call has held since it began. */
eg_status strace_put(struct strace *s, struct strace_task *t, const struct eg_op *op) EG_MUST_USE;
/* The call has no op: counted under `why`, and its place given up. */
eg_status strace_drop(struct strace *s, struct strace_task *t, const char *why) EG_MUST_USE;
/* The id of a text in the trace. */
eg_status strace_text_name(struct strace *s, struct strace_text t, uint32_t *id) EG_MUST_USE;
/* A task ends itself; its op goes out once. */
eg_status strace_exit(struct strace *s, struct strace_task *t, struct strace_text status, unsigned code) EG_MUST_USE;
/* fork, vfork, clone or clone3 has returned. *good false: its result is none. `t` is stale afterwards. */
eg_status strace_fork(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good) EG_MUST_USE;

/* ---- strace_calls.c ------------------------------------------------------------------------------ */

bool strace_is_fork(struct strace_text name);
bool strace_is_exec(struct strace_text name);
bool strace_is_exit(struct strace_text name);

/* A whole call. *good = false: arguments or result do not read as they should. `t` may be stale afterwards. */
eg_status strace_do_call(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good) EG_MUST_USE;

#endif
