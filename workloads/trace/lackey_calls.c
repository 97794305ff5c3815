/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lackey_calls - system calls and thread hand-overs in a lackey log.
 *
 *   SYSCALL[PID,TID](NR) sys_NAME ( A, B(TEXT), ... ) --> [pre-success] Success(0xV)
 *   SYSCALL[PID,TID](NR) sys_NAME ( ... )[sync] --> Failure(0xERRNO)
 *   --PID--   SCHED[T]:  acquired lock (...)
 *
 * The calls that change the address space or the set of tasks all get their result on their own line;
 * calls that complete later ("[async] ...") are of other kinds and are counted. The kernel's flag bits
 * become ours. A record glued to the end of such a line is taken after the call.
 */
#include "workloads/trace/lackey.h"

#include "sim/base/mem.h"
#include "workloads/trace/linux_abi.h"

void lackey_calls_init(struct lackey *k)
{
	k->nr_streams = 1;
}

void lackey_calls_free(struct lackey *k)
{
	eg_free(k->stream_of);
	k->stream_of = NULL;
}

static bool starts(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

bool lackey_is_core_line(const char *line, const char *end)
{
	return starts(line, end, "SYSCALL[") || starts(line, end, " --> ") || starts(line, end, "SCHED") ||
	       starts(line, end, "**") ||
	       (starts(line, end, "--") && end - line > 2 && line[2] >= '0' && line[2] <= '9');
}

static const char *find(const char *p, const char *end, const char *word)
{
	return p < end ? memmem(p, (size_t)(end - p), word, strlen(word)) : NULL;
}

/* Decimal or 0x number; *p moves behind it. */
static bool number(const char **p, const char *end, uint64_t *v)
{
	const char *c = *p;
	unsigned base = 10;

	*v = 0;
	if (end - c > 2 && c[0] == '0' && c[1] == 'x') {
		base = 16;
		c += 2;
	}
	*p = c;
	for (; c < end; c++) {
		unsigned digit = *c >= '0' && *c <= '9' ? (unsigned)(*c - '0') :
				 *c >= 'a' && *c <= 'f' ? (unsigned)(*c - 'a' + 10) : 99;

		if (digit >= base || __builtin_mul_overflow(*v, base, v) || __builtin_add_overflow(*v, digit, v))
			break;
	}
	if (c == *p)
		return false;
	*p = c;
	return true;
}

/* The accesses of thread t come next. A thread not seen before is the oldest clone not yet running. */
static eg_status run_thread(struct lackey *k, uint64_t t)
{
	if (t == 0 || t >= LACKEY_THREADS)
		return import_semantic(k->im, "semantic.thread_number");
	if (!k->stream_of) {
		k->stream_of = eg_calloc(LACKEY_THREADS, sizeof(*k->stream_of));
		if (!k->stream_of)
			return eg_fail(k->im->err, EG_NO_MEMORY, "out of memory");
		k->stream_of[t] = 1;            /* whoever runs first is stream 0 */
	}
	if (!k->stream_of[t]) {
		if (k->nr_born) {
			k->stream_of[t] = k->born[0] + 1;
			memmove(k->born, k->born + 1, --k->nr_born * sizeof(*k->born));
		} else {
			k->stream_of[t] = ++k->nr_streams;
			EG_TRY(import_semantic(k->im, "semantic.thread_without_clone"));
		}
	}
	k->stream = k->stream_of[t] - 1;
	k->im->capabilities |= TRACE_CAP(TASK);
	return EG_OK;
}

static eg_status mapped(struct lackey *k, const struct eg_op *op, uint64_t start, uint64_t len)
{
	if (k->im->infer && !(op->flags & EG_OPF_FAILED))
		infer_known(k->im->infer, start, len);
	k->im->capabilities |= TRACE_CAP(VMA);
	return import_op(k->im, op);
}

/* A call with its arguments and its result. */
static eg_status call(struct lackey *k, const char *name, size_t len, const uint64_t a[6], bool ok, uint64_t result)
{
	struct eg_op op = { .flags = ok ? 0 : EG_OPF_FAILED, .stream = k->stream, .time = EG_TIME_NONE };
	uint64_t pages = eg_align_up(a[1], EG_PAGE_SIZE);

#define IS(text) (len == sizeof(text) - 1 && memcmp(name, text, len) == 0)
	if (IS("mmap")) {
		op.code = EG_OP_MMAP;
		op.arg[0] = ok ? result : a[0];
		op.arg[1] = pages;
		op.arg[2] = linux_prot(a[2]);
		op.arg[3] = linux_map_flags(a[3]);
		op.arg[5] = a[3] & LINUX_MAP_ANONYMOUS ? 0 : a[5];
		return mapped(k, &op, op.arg[0], pages);
	}
	if (IS("brk")) {
		op.code = EG_OP_BRK;
		op.flags = 0;
		op.arg[0] = result;
		return import_op(k->im, &op);
	}
	if (IS("mremap")) {
		op.code = EG_OP_MREMAP;
		op.arg[0] = a[0];
		op.arg[1] = pages;
		op.arg[2] = ok ? result : 0;
		op.arg[3] = eg_align_up(a[2], EG_PAGE_SIZE);
		op.arg[4] = a[3];
		return mapped(k, &op, op.arg[2], op.arg[3]);
	}
	op.arg[0] = a[0];
	op.arg[1] = pages;
	op.arg[2] = a[2];
	if (IS("munmap")) {
		op.code = EG_OP_MUNMAP;
		op.arg[2] = 0;
		return import_op(k->im, &op);
	}
	if (IS("mprotect")) {
		op.code = EG_OP_MPROTECT;
		op.arg[2] = linux_prot(a[2]);
		return import_op(k->im, &op);
	}
	if (IS("madvise")) {
		op.code = EG_OP_MADVISE;
		return import_op(k->im, &op);
	}
	op.arg[1] = op.arg[2] = 0;
	if (IS("exit") || IS("exit_group")) {
		op.code = IS("exit") ? EG_OP_EXIT : EG_OP_EXIT_GROUP;
		op.flags = 0;
		return import_op(k->im, &op);
	}
	if ((IS("clone") || IS("fork") || IS("vfork")) && ok && result) {
		uint64_t flags = IS("clone") ? linux_clone_flags(a[0]) : 0;

		op.arg[0] = k->nr_streams++;
		op.code = flags & EG_CLONE_VM ? EG_OP_CLONE : EG_OP_FORK;
		op.arg[1] = flags & EG_CLONE_VM ? flags : 0;
		/* a forked child writes its own log (or, without %p, ours: refused by its PID) */
		if (flags & EG_CLONE_THREAD && k->nr_born < EG_ARRAY_LEN(k->born))
			k->born[k->nr_born++] = (uint32_t)op.arg[0];
		k->im->capabilities |= TRACE_CAP(TASK);
		return import_op(k->im, &op);
	}
#undef IS
	import_add(k->im, "dropped.other_calls", 1);
	return EG_OK;
}

/* SYSCALL[PID,TID](NR) NAME ( ARGS ) ... RESULT */
static eg_status syscall_line(struct lackey *k, const char *line, const char *end)
{
	uint64_t pid, tid, nr, result, arg[6] = { 0 };
	const char *name, *name_end, *outcome, *p = line + 8;
	unsigned depth = 0, i = 0;
	bool ok;

	if (!number(&p, end, &pid) || !starts(p, end, ",") || (p++, !number(&p, end, &tid)) ||
	    !starts(p, end, "](") || (p += 2, !number(&p, end, &nr)) || !starts(p, end, ") "))
		return import_semantic(k->im, "semantic.unreadable_call");
	p += 2;
	if (k->pid && pid != k->pid && k->im->o->keep_intact)
		return import_bad_line(k->im, line, end, line + 8, false, &k->stop, "one process in a log");
	if (k->pid && pid != k->pid)
		return eg_fail(k->im->err, EG_BAD_INPUT, "%s:%llu: process %llu writes into the log of process %llu, and their "
			       "accesses cannot be told apart\nrecord again with %%p in --log-file", k->im->in->path,
			       (unsigned long long)k->im->line, (unsigned long long)pid, (unsigned long long)k->pid);
	k->pid = pid;
	if (starts(p, end, "..."))              /* the result of a call that took its time */
		return EG_OK;
	if (starts(p, end, "sys_"))
		p += 4;
	for (name = p; p < end && *p != ' ' && *p != '('; p++)
		;
	name_end = p;
	while (p < end && (*p == ' ' || *p == '('))
		p++;
	for (; p < end && !(*p == ')' && depth == 0); p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')')
			depth--;
		else if (depth == 0 && *p >= '0' && *p <= '9' && i < EG_ARRAY_LEN(arg)) {
			if (!number(&p, end, &arg[i++]))
				break;
			/* clone's flags come without 0x */
			p--;
		}
	}
	if (name_end - name == 5 && memcmp(name, "clone", 5) == 0) {
		const char *c = name_end;

		while (c < end && (*c == ' ' || *c == '('))
			c++;
		for (arg[0] = 0; c < end && *c != ','; c++)
			arg[0] = arg[0] << 4 | (*c <= '9' ? (uint64_t)*c & 15 : (uint64_t)(*c - 'a' + 10) & 15);
	}
	outcome = find(p, end, "Success(");
	ok = outcome;
	if (!outcome)
		outcome = find(p, end, "Failure(");
	if (outcome) {
		outcome += 8;
		if (!number(&outcome, end, &result))
			return import_semantic(k->im, "semantic.unreadable_call");
	} else {
		/* exit, exit_group and a successful execve do not return; others say later how they ended */
		ok = true;
		result = 0;
		if (!(name_end - name >= 4 && memcmp(name, "exit", 4) == 0)) {
			import_add(k->im, "dropped.other_calls", 1);
			return EG_OK;
		}
	}
	if (k->stream_of)
		EG_TRY(run_thread(k, tid));
	return call(k, name, (size_t)(name_end - name), arg, ok, result);
}

/* "... Success(0x5aee) I  04952b42,3": the record behind a core line. */
static eg_status glued_record(struct lackey *k, const char *line, const char *end)
{
	const char *comma = memrchr(line, ',', (size_t)(end - line)), *p;
	uint8_t copy[80] = { 0 };
	struct lackey_access a;
	const uint8_t *after;

	if (!comma || end - comma > 7)
		return EG_OK;
	for (p = comma; p > line && comma - p < 17 &&
	     ((p[-1] >= '0' && p[-1] <= '9') || (p[-1] >= 'a' && p[-1] <= 'f')); p--)
		;
	if (p - line < 3 || end - p > 32)
		return EG_OK;
	p -= 3;
	memcpy(copy, p, (size_t)(end - p));
	after = lackey_record(copy, &a);
	if (!after || after != copy + (end - p) || a.addr > EG_ACCESS_ADDR_MASK - a.size)
		return EG_OK;
	import_add(k->im, "glued_records", 1);
	return lackey_access(k, &a);
}

eg_status lackey_core_line(struct lackey *k, const char *line, const char *end)
{
	const char *sched;
	uint64_t t;

	if (starts(line, end, "SYSCALL[")) {
		EG_TRY(syscall_line(k, line, end));
		if (k->stop)
			return EG_OK;
	} else {
		sched = find(line, end, "SCHED[");
		if (sched && find(sched, end, "acquired lock")) {
			sched += 6;
			if (number(&sched, end, &t))
				EG_TRY(run_thread(k, t));
		}
	}
	return glued_record(k, line, end);
}
