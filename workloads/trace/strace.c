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
 * What each call means is in strace_calls.c. Lost: all accesses, the image that exec maps, stack growth.
 */
#include "workloads/trace/strace.h"

#include <stdio.h>
#include <string.h>

#include "sim/base/mem.h"

/* ---- the queue ----------------------------------------------------------------------------------- */

static eg_status no_memory(struct strace *s)
{
	return eg_fail(s->im->err, EG_NO_MEMORY, "%s: out of memory", s->im->in->path);
}

static eg_status drain(struct strace *s)
{
	while (s->head < s->nr && s->queue[s->head].state != STRACE_HELD) {
		if (s->queue[s->head].state == STRACE_SETTLED)
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
	struct strace_place *p = eg_grow((void **)&s->queue, &s->nr, &s->cap, sizeof(*p));

	if (!p)
		return no_memory(s);
	p->op = *op;
	p->state = state;
	if (at)
		*at = s->gone + s->nr;
	return state == STRACE_HELD ? EG_OK : drain(s);
}

/* Fill (op) or give up (NULL) a held place; its time stays that of the call. */
static eg_status settle(struct strace *s, uint64_t *at, const struct eg_op *op)
{
	struct strace_place *p = &s->queue[*at - 1 - s->gone];
	eg_time time = p->op.time;

	*at = 0;
	p->state = op ? STRACE_SETTLED : STRACE_DROPPED;
	if (op) {
		p->op = *op;
		p->op.time = time;
	}
	return drain(s);
}

/* ---- tasks --------------------------------------------------------------------------------------- */

static struct strace_task *find_task(struct strace *s, uint64_t pid)
{
	for (size_t i = s->nr_tasks; i--;)
		if (s->task[i].pid == pid && s->task[i].alive)
			return &s->task[i];
	return NULL;
}

static struct strace_task *new_task(struct strace *s, uint64_t pid)
{
	struct strace_task *t = NULL;

	for (size_t i = 0; i < s->nr_tasks && !t; i++)
		if (!s->task[i].alive)
			t = &s->task[i];
	if (!t)
		t = eg_grow((void **)&s->task, &s->nr_tasks, &s->cap_tasks, sizeof(*t));
	if (t)
		*t = (struct strace_task){ .pid = pid, .stream = s->nr_streams++, .alive = true };
	return t;
}

/* The task of a line; an unknown PID is a child whose parent has not said so yet, or a root. */
static eg_status task_of(struct strace *s, uint64_t pid, struct strace_task **out)
{
	struct strace_task *t = find_task(s, pid);

	*out = t;
	if (t)
		return EG_OK;
	t = *out = new_task(s, pid);
	if (!t)
		return no_memory(s);
	if (s->forks) {
		struct eg_op birth = { .time = s->now };

		return enqueue(s, &birth, STRACE_HELD, &t->birth);
	}
	if (t->stream)
		return import_semantic(s->im, "semantic.root_tasks");
	return EG_OK;
}

static eg_status end_task(struct strace *s, struct strace_task *t)
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

/* ---- what calls do to the queue and the tasks ----------------------------------------------------- */

eg_status strace_put(struct strace *s, struct strace_task *t, const struct eg_op *op)
{
	return t->held ? settle(s, &t->held, op) : enqueue(s, op, STRACE_SETTLED, NULL);
}

eg_status strace_drop(struct strace *s, struct strace_task *t, const char *why)
{
	import_add(s->im, why, 1);
	return t->held ? settle(s, &t->held, NULL) : EG_OK;
}

eg_status strace_text_name(struct strace *s, struct strace_text t, uint32_t *id)
{
	struct eg_str text = { 0 };

	*id = 0;
	eg_str_addn(&text, t.p, (size_t)(t.end - t.p));
	if (!text.failed)
		*id = trace_writer_name(s->im->w, eg_str_text(&text));
	eg_str_free(&text);
	return *id ? EG_OK : EG_NO_MEMORY;
}

eg_status strace_exit(struct strace *s, struct strace_task *t, struct strace_text status, unsigned code)
{
	struct eg_op op = strace_op(s, t, code);

	if (t->exited)
		return EG_OK;
	t->exited = true;
	if (!strace_number(status, &op.arg[0]))
		op.arg[0] = 0;
	op.arg[0] &= 0xff;
	return enqueue(s, &op, STRACE_SETTLED, NULL);
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

eg_status strace_fork(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good)
{
	uint64_t flags = 0, pid;
	struct eg_op op = strace_op(s, t, EG_OP_FORK);
	struct strace_task *child;
	uint32_t parent = t->stream;

	if (c->failed || c->never)
		return strace_drop(s, t, "dropped.failed_forks");
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
	return enqueue(s, &op, STRACE_SETTLED, NULL);
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

static eg_status begin_call(struct strace *s, struct strace_task *t, const struct strace_line *l)
{
	struct eg_op nothing = { .time = s->now };

	t->partial.len = 0;
	eg_str_addn(&t->partial, l->body.p, (size_t)(l->body.end - l->body.p));
	if (t->partial.failed)
		return no_memory(s);
	if (strace_is_exit(l->word)) {
		const char *p = l->word.end + 1;

		return strace_exit(s, t, (struct strace_text){ p, l->body.end },
			       strace_is(l->word, "exit") ? EG_OP_EXIT : EG_OP_EXIT_GROUP);
	}
	if (strace_is_fork(l->word) && !t->forking) {
		t->forking = true;
		s->forks++;
	}
	if (!t->held && (strace_is_exec(l->word) || strace_is(l->word, "munmap")))
		return enqueue(s, &nothing, STRACE_HELD, &t->held);
	return EG_OK;
}

static eg_status finish_call(struct strace *s, struct strace_task *t, struct strace_text text, bool *good, const char **at)
{
	struct strace_call c;

	*good = strace_parse_call(text.p, text.end, &c, at);
	return *good ? strace_do_call(s, t, &c, good) : EG_OK;
}

/* Join the two parts; the text lives in the task, which strace_fork() may move: take it out first. */
static eg_status resume_call(struct strace *s, struct strace_task *t, const struct strace_line *l, bool *good, const char **at)
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
	eg_str_free(&text);
	if (*good || status != EG_OK)
		return status;
	*at = l->body.p;
	t = find_task(s, l->pid);
	return t && t->held ? settle(s, &t->held, NULL) : EG_OK;        /* left out: its place must not wait */
}

static eg_status do_signal(struct strace *s, struct strace_task *t, const struct strace_line *l)
{
	struct eg_op op = strace_op(s, t, EG_OP_MARK);

	import_add(s->im, "signals", 1);
	EG_TRY(strace_text_name(s, l->word, &op.name));
	return enqueue(s, &op, STRACE_SETTLED, NULL);
}

static eg_status do_gone(struct strace *s, struct strace_task *t, const struct strace_line *l)
{
	struct eg_op op = strace_op(s, t, EG_OP_EXIT);
	unsigned unknown = 0;

	if (t->held) {
		import_add(s->im, "dropped.unfinished_calls", 1);
		EG_TRY(settle(s, &t->held, NULL));
	}
	if (!t->exited) {
		op.arg[0] = l->number;
		if (l->kind == STRACE_KILLED)
			op.arg[1] = strace_flags(l->word, strace_signals, &unknown);
		EG_TRY(enqueue(s, &op, STRACE_SETTLED, NULL));
	}
	import_add(s->im, l->kind == STRACE_KILLED ? "tasks_killed" : "tasks_exited", 1);
	if (t->birth) {                         /* the parent may still be about to say so: keep the place */
		t->exited = t->gone = true;
		return EG_OK;
	}
	return end_task(s, t);
}

/* A thread's exec makes it the leader: it goes on under the leader's PID. */
static eg_status do_superseded(struct strace *s, struct strace_task *leader, uint64_t thread)
{
	struct eg_op op = strace_op(s, leader, EG_OP_EXIT);
	struct strace_task *t = find_task(s, thread);
	struct eg_str partial;

	if (!t || t == leader)
		return import_semantic(s->im, "semantic.superseded_by_nobody");
	if (!leader->exited)
		EG_TRY(enqueue(s, &op, STRACE_SETTLED, NULL));
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
	struct strace_task *t;

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
	.missing = "line 1 is no call like \"100 brk(NULL) = 0x1000\"",
	.infer = false,
	.detect = strace_detect,
	.import = strace_import,
};
