/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recordings, imported and counted again by other code than the importers', against the figures that
 * independent programs took from the originals (expect.txt). Skipped without ENGRAM_RECORDINGS.
 */
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/import.h"
#include "workloads/trace/stats.h"

static const char *recordings;

/* A figure of an expect.txt; false when it is not there. */
static bool expected(const char *folder, const char *name, uint64_t *v)
{
	char path[512], line[256];
	size_t n = strlen(name);
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/traces/%s/expect.txt", recordings, folder);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		if (strncmp(line, name, n) == 0 && line[n] == '=') {
			*v = strtoull(line + n + 1, NULL, 0);
			found = true;
		}
	fclose(f);
	return found;
}

static void check(const char *folder, const char *name, uint64_t got)
{
	char what[256];
	uint64_t want;

	snprintf(what, sizeof(what), "%s %s", folder, name);
	if (expected(folder, name, &want))
		is_u64(got, want, what);
}

static bool import(const char *folder, const char *file, const char *out)
{
	static struct eg_errors err;
	static struct import_report report;
	struct import_options o = { .write = { .level = 1 } };
	char path[512];

	snprintf(path, sizeof(path), "%s/traces/%s/%s", recordings, folder, file);
	err.nr = 0;
	return ok(import_file(path, out, &o, &report, &err) == EG_OK, "%s imports%s%s", folder, err.nr ? ": " : "",
		  err.nr ? err.text[0] : "");
}

/* Bytes a record before compression: 3 on programs, 5.5 where addresses are random, 5 % slack. */
static void size_of_records(const char *folder, double most)
{
	struct trace_reader_info info;
	struct trace_reader *r;
	struct eg_block b = { .kind = EG_BLOCK_OP };

	if (trace_open(&r, "recount.egt", NULL, NULL) != EG_OK)
		return;
	while (b.kind != EG_BLOCK_END && trace_next(r, &b, NULL) == EG_OK)
		;
	trace_reader_info(r, &info);
	trace_close(r);
	ok((double)info.raw_bytes <= 1.05 * most * (double)info.records, "%s: %.2f bytes a record", folder,
	   (double)info.raw_bytes / (double)info.records);
}

static void access_trace(const char *name, double most)
{
	static struct eg_errors err;
	struct trace_stats *st;
	char folder[128];

	snprintf(folder, sizeof(folder), "access/%s", name);
	if (!import(folder, "trace.lackey.zst", "recount.egt"))
		return;
	st = trace_stats_new();
	if (!ok(st && trace_stats_file("recount.egt", st, &err) == EG_OK, "%s counts", folder))
		return;
	check(folder, "records", st->accesses);
	check(folder, "rec_I", st->kind[EG_ACCESS_FETCH]);
	check(folder, "rec_L", st->kind[EG_ACCESS_READ]);
	check(folder, "rec_S", st->kind[EG_ACCESS_WRITE]);
	check(folder, "rec_M", st->kind[EG_ACCESS_MODIFY]);
	check(folder, "bytes_loaded", st->bytes_loaded);
	check(folder, "bytes_stored", st->bytes_stored);
	check(folder, "data_straddle_4k", st->data_straddles);
	check(folder, "ifetch_straddle_4k", st->fetch_straddles);
	check(folder, "data_distinct_4k_pages", st->data_pages);
	check(folder, "all_distinct_4k_pages", st->all_pages);
	check(folder, "min_data_addr", st->min_data_addr);
	trace_stats_free(st);
	size_of_records(folder, most);
	unlink("recount.egt");
}

/* ---- system calls: a tiny model of address spaces ------------------------------------------------ */

enum { TASKS = 2048, RANGES = 4096 };

struct range {
	uint64_t start, end;
};

struct space {
	struct range r[RANGES];         /* sorted, disjoint */
	unsigned nr, users;
	uint64_t brk_start, brk;
};

static struct space *space_of[TASKS];
static uint64_t total, total_max, one_max;

static uint64_t mapped(const struct space *s)
{
	uint64_t n = s->brk - s->brk_start;

	for (unsigned i = 0; i < s->nr; i++)
		n += s->r[i].end - s->r[i].start;
	return n;
}

/* Take [start, end) out. */
static void cut(struct space *s, uint64_t start, uint64_t end)
{
	struct range kept[RANGES];
	unsigned n = 0;

	for (unsigned i = 0; i < s->nr && n + 2 < RANGES; i++) {
		struct range r = s->r[i];

		if (r.end <= start || r.start >= end) {
			kept[n++] = r;
			continue;
		}
		if (r.start < start)
			kept[n++] = (struct range){ r.start, start };
		if (r.end > end)
			kept[n++] = (struct range){ end, r.end };
	}
	memcpy(s->r, kept, n * sizeof(kept[0]));
	s->nr = n;
}

static void put(struct space *s, uint64_t start, uint64_t end)
{
	cut(s, start, end);
	if (s->nr < RANGES)
		s->r[s->nr++] = (struct range){ start, end };
}

static struct space *space(uint32_t stream)
{
	if (stream >= TASKS)
		return NULL;
	if (!space_of[stream]) {
		space_of[stream] = eg_calloc(1, sizeof(struct space));
		if (space_of[stream])
			space_of[stream]->users = 1;
	}
	return space_of[stream];
}

static void leave(uint32_t stream)
{
	struct space *s = space(stream);

	if (!s || stream >= TASKS)
		return;
	space_of[stream] = NULL;
	if (--s->users == 0) {
		total -= mapped(s);
		eg_free(s);
	}
}

static void enter(uint32_t stream, struct space *s)
{
	if (stream >= TASKS || !s)
		return;
	s->users++;
	space_of[stream] = s;
}

struct counts {
	uint64_t op[EG_OP_CODES], threads, exits, mmaps_failed;
};

static void apply(const struct eg_op *op, struct counts *c)
{
	struct space *s = space(op->stream), *copy;
	uint64_t before;

	c->op[op->code]++;
	if (!s || op->flags & EG_OPF_FAILED)
		return;
	before = mapped(s);
	switch (op->code) {
	case EG_OP_MMAP:
		put(s, op->arg[0], op->arg[0] + op->arg[1]);
		break;
	case EG_OP_MUNMAP:
		cut(s, op->arg[0], op->arg[0] + op->arg[1]);
		break;
	case EG_OP_MREMAP:
		cut(s, op->arg[0], op->arg[0] + op->arg[1]);
		put(s, op->arg[2], op->arg[2] + op->arg[3]);
		break;
	case EG_OP_BRK:
		if (!s->brk_start)
			s->brk_start = op->arg[0];
		s->brk = op->arg[0];
		break;
	case EG_OP_FORK:
		copy = eg_calloc(1, sizeof(*copy));
		if (copy) {
			*copy = *s;
			copy->users = 0;
			enter((uint32_t)op->arg[0], copy);
			total += mapped(copy);
		}
		break;
	case EG_OP_CLONE:
		c->threads += op->arg[1] & EG_CLONE_THREAD ? 1 : 0;
		__attribute__((fallthrough));
	case EG_OP_VFORK:
		enter((uint32_t)op->arg[0], s);
		break;
	case EG_OP_EXEC:
		leave(op->stream);
		return;
	case EG_OP_EXIT:
	case EG_OP_EXIT_GROUP:
		c->exits++;
		leave(op->stream);
		return;
	default:
		break;
	}
	total += mapped(s) - before;
	if (total > total_max)
		total_max = total;
	if (mapped(s) > one_max)
		one_max = mapped(s);
}

static void syscall_trace(const char *name)
{
	static struct eg_errors err;
	struct counts c = { .threads = 0 };
	struct trace_reader *r;
	struct eg_block b;
	char folder[128];
	eg_status s;

	snprintf(folder, sizeof(folder), "syscalls/%s", name);
	total = total_max = one_max = 0;
	if (!import(folder, "trace.strace.zst", "recount.egt"))
		return;
	if (trace_open(&r, "recount.egt", NULL, &err) != EG_OK)
		return;
	while ((s = trace_next(r, &b, &err)) == EG_OK && b.kind != EG_BLOCK_END)
		if (b.kind == EG_BLOCK_OP)
			apply(&b.op, &c);
	ok(s == EG_OK, "%s reads to its end", folder);
	trace_close(r);
	check(folder, "forks_copying_memory", c.op[EG_OP_FORK]);
	check(folder, "vforks_or_vm_sharing_clones", c.op[EG_OP_VFORK] + c.op[EG_OP_CLONE] - c.threads);
	check(folder, "threads_created", c.threads);
	check(folder, "execs", c.op[EG_OP_EXEC]);
	check(folder, "task_exits", c.exits);
	check(folder, "call_mmap", c.op[EG_OP_MMAP]);
	check(folder, "call_munmap", c.op[EG_OP_MUNMAP]);
	check(folder, "call_brk", c.op[EG_OP_BRK]);
	check(folder, "call_mprotect", c.op[EG_OP_MPROTECT]);
	check(folder, "call_madvise", c.op[EG_OP_MADVISE]);
	check(folder, "call_mremap", c.op[EG_OP_MREMAP]);
	check(folder, "call__signals", c.op[EG_OP_MARK]);
	check(folder, "max_mapped_bytes_all_spaces", total_max);
	check(folder, "max_mapped_bytes_one_space", one_max);
	for (uint32_t i = 0; i < TASKS; i++)
		if (space_of[i])
			leave(i);
	is_u64(total, 0, "every space is gone with its last task");
	unlink("recount.egt");
}

int main(void)
{
	recordings = getenv("ENGRAM_RECORDINGS");
	if (!recordings || !*recordings) {
		tap_skip("ENGRAM_RECORDINGS names no recordings");
		return tap_done();
	}
	syscall_trace("make_j2_lua");
	syscall_trace("redis_bgsave");
	syscall_trace("text_pipelines");
	access_trace("cc1_lua_lapi", 3.0);
	access_trace("chase_8m", 5.5);
	access_trace("gups_64m", 5.5);
	access_trace("gzip_text", 3.0);
	access_trace("python3_dict_json", 3.0);
	access_trace("sqlite3_inserts_selects", 3.0);
	access_trace("xz_text", 3.0);
	return tap_done();
}
