/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strace - importer for `strace -f` text: who mapped what, and who was born of whom.
 *
 *   1. Every line belongs to a task; calls that were cut by another task's line ("<unfinished ...>", "<...
 *      resumed>") are joined per task. The op takes effect where the call returned, except munmap and exec:
 *      where they were called, since their effect is over when they return, and exit, which does not.
 *   2. So ops pass through a queue. A munmap or exec that has begun holds a place in it until its result
 *      is known; ops leave the queue from the front while they are settled.
 *   3. A child often speaks before its parent's fork returns. The first line of an unknown PID, while some
 *      fork is under way, holds a place for the birth; the parent's result fills in who it was. A place
 *      never filled becomes a root task. PIDs are reused: a stream is (PID, birth).
 *   4. Failed mapping calls are kept as ops that fail; failed exec and fork are dropped and counted, like
 *      calls that do not concern memory or tasks.
 *
 * Lost: all accesses, the image that exec maps, stack growth.
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/import.h"
#include "workloads/trace/strace_line.h"

struct task {
	uint64_t pid;
	uint32_t stream;
	bool     alive, exited;         /* exited: its exit op is out                        */
	bool     gone;                  /* its "+++" line came before its birth was told     */
	bool     forking;               /* a fork-like call has begun */
	struct eg_str partial;          /* a call that has begun      */
	uint64_t held;                  /* its place in the queue + 1, 0 = none */
	uint64_t birth;                 /* place of its birth + 1, 0 = settled */
};

enum { SETTLED, HELD, DROPPED };

struct place {
	struct eg_op op;
	int          state;
};

struct strace {
	struct import *im;
	struct task   *task;            /* in order of birth; the dead stay until their slot is reused */
	size_t         nr_tasks, cap_tasks;
	struct place  *queue;
	size_t         nr, cap, head;   /* queue[head..nr) */
	uint64_t       gone;            /* places before queue[0] */
	uint32_t       nr_streams;
	unsigned       forks;           /* fork-like calls under way */

	bool     timed, relative;
	uint64_t first_seconds, first_ps, clock_add, last_seconds;
	eg_time  now;
};

/* ---- the queue ----------------------------------------------------------------------------------- */

static eg_status no_memory(struct strace *s)
{
	return eg_fail(s->im->err, EG_NO_MEMORY, "%s: out of memory", s->im->in->path);
}

static eg_status drain(struct strace *s)
{
	while (s->head < s->nr && s->queue[s->head].state != HELD) {
		if (s->queue[s->head].state == SETTLED)
			EG_TRY(import_op(s->im, &s->queue[s->head].op));
		s->head++;
	}
	if (s->head && (s->head == s->nr || s->head > 4096)) {
		memmove(s->queue, s->queue + s->head, (s->nr - s->head) * sizeof(*s->queue));
		s->gone += s->head;
		s->nr -= s->head;
		s->head = 0;
	}
	return EG_OK;
}

/* At the end of the queue; *at (may be NULL) receives the place + 1. */
static eg_status enqueue(struct strace *s, const struct eg_op *op, int state, uint64_t *at)
{
	struct place *p = eg_grow((void **)&s->queue, &s->nr, &s->cap, sizeof(*p));

	if (!p)
		return no_memory(s);
	p->op = *op;
	p->state = state;
	if (at)
		*at = s->gone + s->nr;
	return state == HELD ? EG_OK : drain(s);
}

/* Fill (op) or give up (NULL) a held place; its time stays that of the call. */
static eg_status settle(struct strace *s, uint64_t *at, const struct eg_op *op)
{
	struct place *p = &s->queue[*at - 1 - s->gone];
	eg_time time = p->op.time;

	*at = 0;
	p->state = op ? SETTLED : DROPPED;
	if (op) {
		p->op = *op;
		p->op.time = time;
	}
	return drain(s);
}

/* ---- tasks --------------------------------------------------------------------------------------- */

static struct task *find_task(struct strace *s, uint64_t pid)
{
	for (size_t i = s->nr_tasks; i--;)
		if (s->task[i].pid == pid && s->task[i].alive)
			return &s->task[i];
	return NULL;
}

static struct task *new_task(struct strace *s, uint64_t pid)
{
	struct task *t = NULL;

	for (size_t i = 0; i < s->nr_tasks && !t; i++)
		if (!s->task[i].alive)
			t = &s->task[i];
	if (!t)
		t = eg_grow((void **)&s->task, &s->nr_tasks, &s->cap_tasks, sizeof(*t));
	if (t)
		*t = (struct task){ .pid = pid, .stream = s->nr_streams++, .alive = true };
	return t;
}

/* The task of a line; an unknown PID is a child whose parent has not said so yet, or a root. */
static eg_status task_of(struct strace *s, uint64_t pid, struct task **out)
{
	struct task *t = find_task(s, pid);

	*out = t;
	if (t)
		return EG_OK;
	t = *out = new_task(s, pid);
	if (!t)
		return no_memory(s);
	if (s->forks) {
		struct eg_op birth = { .time = s->now };

		return enqueue(s, &birth, HELD, &t->birth);
	}
	if (t->stream)
		return import_semantic(s->im, "semantic.root_tasks");
	return EG_OK;
}

static eg_status end_task(struct strace *s, struct task *t)
{
	if (t->held) {
		import_add(s->im, "dropped.unfinished_calls", 1);
		EG_TRY(settle(s, &t->held, NULL));
	}
	if (t->birth) {
		EG_TRY(settle(s, &t->birth, NULL));
		EG_TRY(import_semantic(s->im, "semantic.root_tasks"));
	}
	if (t->forking)
		s->forks--;
	t->forking = false;
	t->alive = false;
	eg_str_free(&t->partial);
	return EG_OK;
}

/* ---- calls --------------------------------------------------------------------------------------- */

static struct eg_op op_of(const struct strace *s, const struct task *t, unsigned code)
{
	return (struct eg_op){ .code = (uint8_t)code, .stream = t->stream, .time = s->now };
}

/* Put out at once, or in the place that the call has held since it began. */
static eg_status put(struct strace *s, struct task *t, const struct eg_op *op)
{
	return t->held ? settle(s, &t->held, op) : enqueue(s, op, SETTLED, NULL);
}

static eg_status drop(struct strace *s, struct task *t, const char *why)
{
	import_add(s->im, why, 1);
	return t->held ? settle(s, &t->held, NULL) : EG_OK;
}

static eg_status text_name(struct strace *s, struct strace_text t, uint32_t *id)
{
	struct eg_str text = { 0 };

	*id = 0;
	eg_str_addn(&text, t.p, (size_t)(t.end - t.p));
	if (!text.failed)
		*id = trace_writer_name(s->im->w, eg_str_text(&text));
	eg_str_free(&text);
	return *id ? EG_OK : EG_NO_MEMORY;
}

static eg_status count_unknown(struct strace *s, unsigned unknown)
{
	if (unknown)
		import_add(s->im, "unknown_flag_names", unknown);
	return EG_OK;
}

static eg_status do_mmap(struct strace *s, struct task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = op_of(s, t, EG_OP_MMAP);
	uint64_t hint, len, result = 0, offset = 0;
	unsigned unknown = 0;
	struct strace_text path;
	uint32_t file;

	*good = c->nr >= 6 && strace_number(c->arg[0], &hint) && strace_number(c->arg[1], &len) &&
		strace_number(c->arg[5], &offset) && (c->failed || strace_number(c->result, &result));
	if (!*good)
		return EG_OK;
	op.flags = c->failed ? EG_OPF_FAILED : 0;
	op.arg[0] = c->failed ? hint : result;
	op.arg[1] = eg_align_up(len, EG_PAGE_SIZE);
	op.arg[2] = strace_flags(c->arg[2], strace_prots, &unknown);
	op.arg[3] = strace_flags(c->arg[3], strace_maps, &unknown);
	path = strace_fd_path(c->arg[4]);
	if (!(op.arg[3] & EG_MAP_ANON)) {
		op.arg[5] = offset;
		if (path.p < path.end) {
			EG_TRY(text_name(s, path, &file));
			op.arg[4] = file;
		}
	}
	EG_TRY(count_unknown(s, unknown));
	return put(s, t, &op);
}

/* munmap, mprotect, madvise, mlock, munlock, msync: addr, len [, something] */
static eg_status do_range(struct strace *s, struct task *t, const struct strace_call *c, unsigned code,
			  const struct strace_name *names, bool *good)
{
	struct eg_op op = op_of(s, t, code);
	unsigned unknown = 0;
	uint64_t addr, len;

	*good = c->nr >= 2u + !!names && strace_number(c->arg[0], &addr) && strace_number(c->arg[1], &len);
	if (!*good)
		return EG_OK;
	op.flags = c->failed ? EG_OPF_FAILED : 0;
	op.arg[0] = addr;
	op.arg[1] = eg_align_up(len, EG_PAGE_SIZE);
	if (names)
		op.arg[2] = strace_flags(c->arg[2], names, &unknown);
	EG_TRY(count_unknown(s, unknown));
	return put(s, t, &op);
}

static eg_status do_mremap(struct strace *s, struct task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = op_of(s, t, EG_OP_MREMAP);
	unsigned unknown = 0;
	uint64_t old_len, new_len;

	*good = c->nr >= 4 && strace_number(c->arg[0], &op.arg[0]) && strace_number(c->arg[1], &old_len) &&
		strace_number(c->arg[2], &new_len) && (c->failed || strace_number(c->result, &op.arg[2]));
	if (!*good)
		return EG_OK;
	op.flags = c->failed ? EG_OPF_FAILED : 0;
	op.arg[1] = eg_align_up(old_len, EG_PAGE_SIZE);
	op.arg[3] = eg_align_up(new_len, EG_PAGE_SIZE);
	op.arg[4] = strace_flags(c->arg[3], strace_remaps, &unknown);
	EG_TRY(count_unknown(s, unknown));
	return put(s, t, &op);
}

static eg_status do_brk(struct strace *s, struct task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = op_of(s, t, EG_OP_BRK);
	uint64_t asked;

	*good = c->nr >= 1 && strace_number(c->arg[0], &asked) && strace_number(c->result, &op.arg[0]);
	if (!*good)
		return EG_OK;
	if (asked && asked != op.arg[0])
		op.flags = EG_OPF_FAILED;       /* the break stayed where it was */
	return put(s, t, &op);
}

static eg_status do_exec(struct strace *s, struct task *t, const struct strace_call *c, unsigned path_arg, bool *good)
{
	struct eg_op op = op_of(s, t, EG_OP_EXEC);
	struct strace_text path;

	*good = c->nr > path_arg;
	if (!*good)
		return EG_OK;
	if (c->failed || c->never)
		return drop(s, t, "dropped.failed_exec");
	path = c->arg[path_arg];
	if (path.end - path.p >= 2 && *path.p == '"') {
		path.p++;
		for (path.end--; path.end > path.p && *path.end != '"'; path.end--)
			;
	}
	EG_TRY(text_name(s, path, &op.name));
	return put(s, t, &op);
}

static eg_status do_exit(struct strace *s, struct task *t, struct strace_text status, unsigned code)
{
	struct eg_op op = op_of(s, t, code);

	if (t->exited)
		return EG_OK;
	t->exited = true;
	if (!strace_number(status, &op.arg[0]))
		op.arg[0] = 0;
	op.arg[0] &= 0xff;
	return enqueue(s, &op, SETTLED, NULL);
}

/* Flags of clone and clone3 stand as "flags=A|B" among the arguments. */
static uint64_t clone_flags(struct strace_text args)
{
	const char *p = memmem(args.p, (size_t)(args.end - args.p), "flags=", 6), *end;
	unsigned unknown = 0;

	if (!p)
		return 0;
	p += 6;
	for (end = p; end < args.end && *end != ',' && *end != '}' && *end != ' '; end++)
		;
	return strace_flags((struct strace_text){ p, end }, strace_clones, &unknown) &
	       (EG_CLONE_VM | EG_CLONE_THREAD | EG_CLONE_VFORK);
}

static eg_status do_fork(struct strace *s, struct task *t, const struct strace_call *c, bool *good)
{
	uint64_t flags = 0, pid;
	struct eg_op op = op_of(s, t, EG_OP_FORK);
	struct task *child;
	uint32_t parent = t->stream;

	if (c->failed || c->never)
		return drop(s, t, "dropped.failed_forks");
	*good = strace_number(c->result, &pid) && pid;
	if (!*good)
		return EG_OK;
	if (strace_is(c->name, "vfork"))
		flags = EG_CLONE_VM | EG_CLONE_VFORK;
	else if (!strace_is(c->name, "fork"))
		flags = clone_flags(c->args);
	if (flags & EG_CLONE_VM) {
		op.code = flags & EG_CLONE_VFORK && !(flags & EG_CLONE_THREAD) ? EG_OP_VFORK : EG_OP_CLONE;
		op.arg[1] = op.code == EG_OP_CLONE ? flags : 0;
	}
	child = find_task(s, pid);
	if (child && child->birth) {
		op.stream = parent;
		op.arg[0] = child->stream;
		EG_TRY(settle(s, &child->birth, &op));
		return child->gone ? end_task(s, child) : EG_OK;
	}
	if (child) {
		EG_TRY(import_semantic(s->im, "semantic.born_twice"));
		EG_TRY(end_task(s, child));
	}
	child = new_task(s, pid);               /* t is stale from here: the array may have moved */
	if (!child)
		return no_memory(s);
	op.arg[0] = child->stream;
	return enqueue(s, &op, SETTLED, NULL);
}

static bool is_fork(struct strace_text name)
{
	return strace_is(name, "fork") || strace_is(name, "vfork") || strace_is(name, "clone") || strace_is(name, "clone3");
}

static bool is_exec(struct strace_text name)
{
	return strace_is(name, "execve") || strace_is(name, "execveat");
}

static bool is_exit(struct strace_text name)
{
	return strace_is(name, "exit") || strace_is(name, "exit_group");
}

/* A whole call. *good = false: arguments or result do not read as they should. */
static eg_status do_call(struct strace *s, struct task *t, const struct strace_call *c, bool *good)
{
	static const struct {
		const char *name;
		unsigned    code;
		const struct strace_name *third;
	} ranges[] = {
		{ "munmap", EG_OP_MUNMAP, NULL }, { "mprotect", EG_OP_MPROTECT, strace_prots },
		{ "pkey_mprotect", EG_OP_MPROTECT, strace_prots }, { "madvise", EG_OP_MADVISE, strace_advices },
		{ "mlock", EG_OP_MLOCK, NULL }, { "munlock", EG_OP_MUNLOCK, NULL }, { "msync", EG_OP_MSYNC, NULL },
	};
	struct strace_text name = c->name;

	*good = true;
	if (is_exit(name))
		return do_exit(s, t, c->arg[0], strace_is(name, "exit") ? EG_OP_EXIT : EG_OP_EXIT_GROUP);
	if (is_fork(name))
		return do_fork(s, t, c, good);
	if (is_exec(name))
		return do_exec(s, t, c, strace_is(name, "execve") ? 0 : 1, good);
	if (c->never)
		return drop(s, t, "dropped.unfinished_calls");
	if (strace_is(name, "mmap") || strace_is(name, "mmap2"))
		return do_mmap(s, t, c, good);
	if (strace_is(name, "brk"))
		return do_brk(s, t, c, good);
	if (strace_is(name, "mremap"))
		return do_mremap(s, t, c, good);
	for (unsigned i = 0; i < EG_ARRAY_LEN(ranges); i++)
		if (strace_is(name, ranges[i].name))
			return do_range(s, t, c, ranges[i].code, ranges[i].third, good);
	return drop(s, t, "dropped.other_calls");
}

/* ---- lines --------------------------------------------------------------------------------------- */

static eg_status set_time(struct strace *s, const struct strace_line *l)
{
	uint64_t seconds = l->seconds, ps;

	if (!l->has_time)
		return EG_OK;
	if (!s->timed) {
		char origin[64];

		s->timed = true;
		s->relative = !l->clock && seconds < 1000000;
		s->first_seconds = s->last_seconds = seconds;
		s->first_ps = l->fraction_ps;
		s->now = 0;
		(void)snprintf(origin, sizeof(origin), "%llu.%012llu", (unsigned long long)seconds,
			       (unsigned long long)l->fraction_ps);
		s->im->capabilities |= TRACE_CAP(TIME);
		return trace_writer_meta(s->im->w, "time_origin", s->relative ? "relative" : origin);
	}
	if (s->relative) {                      /* -r: since the line before */
		if (seconds < 1000000)
			s->now += seconds * EG_PS_PER_S + l->fraction_ps;
		return EG_OK;
	}
	if (l->clock && seconds + 12 * 3600 < s->last_seconds)
		s->clock_add += 24 * 3600;      /* midnight */
	s->last_seconds = seconds;
	seconds += s->clock_add;
	if (seconds < s->first_seconds || seconds - s->first_seconds > 10000000 ||
	    (seconds == s->first_seconds && l->fraction_ps < s->first_ps))
		return import_semantic(s->im, "semantic.time_out_of_range");
	ps = (seconds - s->first_seconds) * EG_PS_PER_S + l->fraction_ps - s->first_ps;
	if (ps < s->now)
		EG_TRY(import_semantic(s->im, "semantic.time_back"));
	s->now = ps;
	return EG_OK;
}

static eg_status begin_call(struct strace *s, struct task *t, const struct strace_line *l)
{
	struct eg_op nothing = { .time = s->now };

	t->partial.len = 0;
	eg_str_addn(&t->partial, l->body.p, (size_t)(l->body.end - l->body.p));
	if (t->partial.failed)
		return no_memory(s);
	if (is_exit(l->word)) {
		const char *p = l->word.end + 1;

		return do_exit(s, t, (struct strace_text){ p, l->body.end },
			       strace_is(l->word, "exit") ? EG_OP_EXIT : EG_OP_EXIT_GROUP);
	}
	if (is_fork(l->word) && !t->forking) {
		t->forking = true;
		s->forks++;
	}
	if (!t->held && (is_exec(l->word) || strace_is(l->word, "munmap")))
		return enqueue(s, &nothing, HELD, &t->held);
	return EG_OK;
}

static eg_status finish_call(struct strace *s, struct task *t, struct strace_text text, bool *good, const char **at)
{
	struct strace_call c;

	*good = strace_parse_call(text.p, text.end, &c, at);
	return *good ? do_call(s, t, &c, good) : EG_OK;
}

/* Join the two parts; the text lives in the task, which do_fork() may move: take it out first. */
static eg_status resume_call(struct strace *s, struct task *t, const struct strace_line *l, bool *good, const char **at)
{
	struct eg_str text = t->partial;
	eg_status status;

	*good = text.len > 0;
	if (!*good)
		return EG_OK;
	t->partial = (struct eg_str){ 0 };
	eg_str_addn(&text, l->body.p, (size_t)(l->body.end - l->body.p));
	if (text.failed) {
		eg_str_free(&text);
		return no_memory(s);
	}
	if (t->forking)
		s->forks--;
	t->forking = false;
	status = finish_call(s, t, (struct strace_text){ text.p, text.p + text.len }, good, at);
	if (!*good)
		*at = l->body.p;
	eg_str_free(&text);
	return status;
}

static eg_status do_signal(struct strace *s, struct task *t, const struct strace_line *l)
{
	struct eg_op op = op_of(s, t, EG_OP_MARK);

	import_add(s->im, "signals", 1);
	EG_TRY(text_name(s, l->word, &op.name));
	return enqueue(s, &op, SETTLED, NULL);
}

static eg_status do_gone(struct strace *s, struct task *t, const struct strace_line *l)
{
	struct eg_op op = op_of(s, t, EG_OP_EXIT);
	unsigned unknown = 0;

	if (t->held) {
		import_add(s->im, "dropped.unfinished_calls", 1);
		EG_TRY(settle(s, &t->held, NULL));
	}
	if (!t->exited) {
		op.arg[0] = l->number;
		if (l->kind == STRACE_KILLED)
			op.arg[1] = strace_flags(l->word, strace_signals, &unknown);
		EG_TRY(enqueue(s, &op, SETTLED, NULL));
	}
	import_add(s->im, l->kind == STRACE_KILLED ? "tasks_killed" : "tasks_exited", 1);
	if (t->birth) {                         /* the parent may still be about to say so: keep the place */
		t->exited = t->gone = true;
		return EG_OK;
	}
	return end_task(s, t);
}

/* A thread's exec makes it the leader: it goes on under the leader's PID. */
static eg_status do_superseded(struct strace *s, struct task *leader, uint64_t thread)
{
	struct eg_op op = op_of(s, leader, EG_OP_EXIT);
	struct task *t = find_task(s, thread);
	struct eg_str partial;

	if (!t || t == leader)
		return import_semantic(s->im, "semantic.superseded_by_nobody");
	if (!leader->exited)
		EG_TRY(enqueue(s, &op, SETTLED, NULL));
	eg_str_free(&leader->partial);
	partial = t->partial;
	leader->partial = partial;
	leader->stream = t->stream;
	leader->held = t->held;
	leader->exited = false;
	t->partial = (struct eg_str){ 0 };
	t->held = 0;
	t->alive = false;
	return EG_OK;
}

static eg_status do_line(struct strace *s, const struct strace_line *l, bool *good, const char **at)
{
	struct task *t;

	*good = true;
	if (l->kind == STRACE_NOISE) {
		import_add(s->im, "lines.noise", 1);
		return EG_OK;
	}
	EG_TRY(set_time(s, l));
	EG_TRY(task_of(s, l->pid, &t));
	switch (l->kind) {
	case STRACE_CALL:
		return finish_call(s, t, l->body, good, at);
	case STRACE_UNFINISHED:
		return begin_call(s, t, l);
	case STRACE_RESUMED:
		return resume_call(s, t, l, good, at);
	case STRACE_SIGNAL:
		return do_signal(s, t, l);
	case STRACE_EXITED:
	case STRACE_KILLED:
		return do_gone(s, t, l);
	default:
		return do_superseded(s, t, l->number);
	}
}

static eg_status read_lines(struct strace *s)
{
	struct import *im = s->im;
	bool stop = false;

	for (; !stop; im->line++) {
		const char *line, *end, *at;
		struct strace_line l;
		bool cut, good;

		EG_TRY(import_line(im, &line, &end, &cut));
		if (!line)
			break;
		at = line;
		good = !cut && strace_parse_line(line, end, &l, &at);
		if (good)
			EG_TRY(do_line(s, &l, &good, &at));
		if (!good)
			EG_TRY(import_bad_line(im, line, end, at, cut, &stop,
					       "\"[PID] [TIME] call(arguments) = result\""));
		else
			import_add(im, "records", 1);
	}
	return EG_OK;
}

static eg_status strace_import(struct import *im)
{
	struct strace s = { .im = im, .now = EG_TIME_NONE };
	eg_status status = read_lines(&s);

	for (size_t i = 0; i < s.nr_tasks; i++) {
		if (status == EG_OK && s.task[i].alive)
			status = end_task(&s, &s.task[i]);
		eg_str_free(&s.task[i].partial);
	}
	if (status == EG_OK)
		status = drain(&s);
	import_add(im, "streams", s.nr_streams);
	im->capabilities |= TRACE_CAP(VIRT) | TRACE_CAP(VMA) | TRACE_CAP(TASK) | TRACE_CAP(ORDER) | TRACE_CAP(COMPLETE) |
			    TRACE_CAP(NOLOST);
	eg_free(s.task);
	eg_free(s.queue);
	return status;
}

/* Library calls that a call log prints in the same grammar. */
static bool is_heap_call(struct strace_text name)
{
	return strace_is(name, "malloc") || strace_is(name, "calloc") || strace_is(name, "realloc") || strace_is(name, "free");
}

/* The first line parses as a call or a task's end, and most of the first eight lines do. */
static bool strace_detect(const char *head, size_t len, bool whole)
{
	const char *p = head, *stop = head + len;
	unsigned good = 0, lines = 0;

	(void)whole;
	while (p < stop && lines < 8) {
		const char *lf = memchr(p, '\n', (size_t)(stop - p)), *end = lf, *at;
		struct strace_line l;
		struct strace_call c;

		if (!lf)
			break;
		if (end > p && end[-1] == '\r')
			end--;
		if (strace_parse_line(p, end, &l, &at)) {
			if (l.kind == STRACE_CALL)
				good += strace_parse_call(l.body.p, l.body.end, &c, &at) && !is_heap_call(c.name);
			else
				good += l.kind != STRACE_NOISE;
			lines += l.kind != STRACE_NOISE;
		} else {
			lines++;
		}
		if (lines == 1 && !good)
			return false;
		p = lf + 1;
	}
	return good * 2 > lines;
}

const struct importer_ops importer_strace_ops = {
	.name = "strace",
	.summary = "strace -f -ttt -y: mappings and tasks of a whole job",
	.infer = false,
	.detect = strace_detect,
	.import = strace_import,
};
