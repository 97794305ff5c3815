/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strace_calls - what each system call of an strace log means for memory and tasks.
 *
 * Mapping calls that failed become ops that fail; a brk fails by answering with another break than was asked
 * for. Lengths are rounded up to pages as the kernel does. Calls of other kinds are counted and left out.
 */
#include "workloads/trace/strace.h"

#include <string.h>

static eg_status count_unknown(struct strace *s, unsigned unknown)
{
	if (unknown)
		import_add(s->im, "unknown_flag_names", unknown);
	return EG_OK;
}

static eg_status do_mmap(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = strace_op(s, t, EG_OP_MMAP);
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
			EG_TRY(strace_text_name(s, path, &file));
			op.arg[4] = file;
		}
	}
	EG_TRY(count_unknown(s, unknown));
	return strace_put(s, t, &op);
}

/* munmap, mprotect, madvise, mlock, munlock, msync: addr, len [, something] */
static eg_status do_range(struct strace *s, struct strace_task *t, const struct strace_call *c, unsigned code,
			  const struct strace_name *names, bool *good)
{
	struct eg_op op = strace_op(s, t, code);
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
	return strace_put(s, t, &op);
}

static eg_status do_mremap(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = strace_op(s, t, EG_OP_MREMAP);
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
	return strace_put(s, t, &op);
}

static eg_status do_brk(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good)
{
	struct eg_op op = strace_op(s, t, EG_OP_BRK);
	uint64_t asked;

	*good = c->nr >= 1 && strace_number(c->arg[0], &asked) && strace_number(c->result, &op.arg[0]);
	if (!*good)
		return EG_OK;
	if (asked && asked != op.arg[0])
		op.flags = EG_OPF_FAILED;       /* the break stayed where it was */
	return strace_put(s, t, &op);
}

static eg_status do_exec(struct strace *s, struct strace_task *t, const struct strace_call *c, unsigned path_arg, bool *good)
{
	struct eg_op op = strace_op(s, t, EG_OP_EXEC);
	struct strace_text path;

	*good = c->nr > path_arg;
	if (!*good)
		return EG_OK;
	if (c->failed || c->never)
		return strace_drop(s, t, "dropped.failed_exec");
	path = c->arg[path_arg];
	if (path.end - path.p >= 2 && *path.p == '"') {
		path.p++;
		for (path.end--; path.end > path.p && *path.end != '"'; path.end--)
			;
	}
	EG_TRY(strace_text_name(s, path, &op.name));
	return strace_put(s, t, &op);
}

bool strace_is_fork(struct strace_text name)
{
	return strace_is(name, "fork") || strace_is(name, "vfork") || strace_is(name, "clone") || strace_is(name, "clone3");
}

bool strace_is_exec(struct strace_text name)
{
	return strace_is(name, "execve") || strace_is(name, "execveat");
}

bool strace_is_exit(struct strace_text name)
{
	return strace_is(name, "exit") || strace_is(name, "exit_group");
}

eg_status strace_do_call(struct strace *s, struct strace_task *t, const struct strace_call *c, bool *good)
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
	if (strace_is_exit(name))
		return strace_exit(s, t, c->arg[0], strace_is(name, "exit") ? EG_OP_EXIT : EG_OP_EXIT_GROUP);
	if (strace_is_fork(name))
		return strace_fork(s, t, c, good);
	if (strace_is_exec(name))
		return do_exec(s, t, c, strace_is(name, "execve") ? 0 : 1, good);
	if (c->never)
		return strace_drop(s, t, "dropped.unfinished_calls");
	if (strace_is(name, "mmap") || strace_is(name, "mmap2"))
		return do_mmap(s, t, c, good);
	if (strace_is(name, "brk"))
		return do_brk(s, t, c, good);
	if (strace_is(name, "mremap"))
		return do_mremap(s, t, c, good);
	for (unsigned i = 0; i < EG_ARRAY_LEN(ranges); i++)
		if (strace_is(name, ranges[i].name))
			return do_range(s, t, c, ranges[i].code, ranges[i].third, good);
	return strace_drop(s, t, "dropped.other_calls");
}
