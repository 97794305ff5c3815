/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gen_rig - a generator driven through all its streams by a test, and what is to be known of it then.
 *
 * struct run holds one generator with small parameters; facts_of() drains it: which streams it has, whether it touched
 * only what it had mapped, took and gave back its blocks in turn, ended, stayed within its state, and the hash of every
 * op. gen.c says what must be true of these.
 */
#ifndef TESTS_CONFORMANCE_GEN_RIG_H
#define TESTS_CONFORMANCE_GEN_RIG_H

#include "sim/base/sha256.h"
#include "tests/tap.h"
#include "workloads/gen/gen.h"

#define MAX_ITEMS   400000u     /* ops and accesses of one stream with the small parameters below */
#define MAX_STREAMS 64u
#define MAX_REGIONS 4096u
#define CANARY      0xA5u
#define CANARY_SIZE 64u

/* Where a generator has one of these, the test sets it: every stream is to end within MAX_ITEMS. */
static const struct { const char *name, *value; } small[] = {
	{ "footprint", "512KiB" }, { "table", "512KiB" }, { "rss", "512KiB" }, { "references", "5000" },
	{ "updates", "5000" }, { "ops", "600" }, { "passes", "1" }, { "children", "5" }, { "live", "40" },
};

/* Variants that walk the other branches of a generator; besides these the small defaults alone. */
static const struct { const char *gen, *key[4], *value[4]; } variants[] = {
	{ "stream", { "arrays", "write", "stride" }, { "1", "off", "4KiB" } },
	{ "stream", { "fill", "arrays", "access" }, { "off", "7", "32B" } },
	{ "gups", { "threads", "write" }, { "3", "off" } },
	{ "zipf", { "granularity", "scramble", "fill" }, { "line", "off", "off" } },
	{ "pointer-chase", { "write", "node" }, { "on", "4KiB" } },
	{ "alloc-churn", { "mode" }, { "pages" } },
	{ "alloc-churn", { "touch_order", "touch", "drain" }, { "scattered", "0.3", "off" } },
	{ "alloc-churn", { "fill", "touch", "size_sigma", "size_median" }, { "off", "0.01", "0", "1MiB" } },
	{ "alloc-churn", { "mode", "atomic", "movable", "orders" }, { "pages", "0.5", "0.5", "memtier" } },
	{ "fork-storm", { "depth", "wait", "interval", "parent_touch" }, { "3", "on", "1ms", "0.1" } },
	{ "fork-storm", { "child", "linger" }, { "exec", "1s" } },
	{ "fork-storm", { "child", "child_life" }, { "exit", "0" } },
	{ "fork-storm", { "touch", "child_write" }, { "1", "off" } },
};

/* The summary figures of a small run; a changed hash with the same figures is another order or choice. */
#define FIGURES(X)                                                                                            \
	X(items)                 /* accesses and ops of all streams                                        */ \
	X(mapped_bytes)          /* by mmap                                                                */ \
	X(pages_touched)         /* different pages, of each address space                                 */ \
	X(forks)                 /* fork, vfork, clone                                                     */ \
	X(frees)                 /* munmap, free_pages                                                     */ \
	X(largest_live)          /* most bytes mapped, or in blocks, at a time in one address space        */

struct figures {
#define X(name) uint64_t name;
	FIGURES(X)
#undef X
};

/* sha256 of the op stream of all streams, small defaults, seed 1, instance 0, and its figures; by --print. */
static const struct {
	const char    *gen, *hash;
	struct figures figures;
} golden[] = {
#include "tests/conformance/gen_golden.h"
};

struct run {
	const struct gen_ops *ops;
	struct eg_arena       arena;
	struct eg_args        args;
	uint8_t              *state;
	size_t                state_size;
};

static bool set(struct run *r, const char *key, const char *value)
{
	char why[200];

	return eg_args_set(&r->args, key, value, &r->arena, why, sizeof(why)) == EG_OK;
}

/* Arguments of variant v (-1: none) on top of the small ones. */
static bool run_args(struct run *r, const struct gen_ops *ops, int v)
{
	*r = (struct run){ .ops = ops };
	if (eg_args_init(&r->args, ops->params, &r->arena) != EG_OK)
		return false;
	for (size_t i = 0; i < EG_ARRAY_LEN(small); i++)
		if (eg_param_find(ops->params, small[i].name) >= 0 && !set(r, small[i].name, small[i].value))
			return false;
	for (unsigned i = 0; v >= 0 && i < 4 && variants[v].key[i]; i++)
		if (!set(r, variants[v].key[i], variants[v].value[i]))
			return false;
	return true;
}

static eg_status run_init(struct run *r, uint64_t seed, uint64_t instance, struct eg_errors *err)
{
	struct gen_env env = { .seed = seed, .instance = instance, .memory_bytes = UINT64_C(1) << 30,
			       .arena = &r->arena };

	r->state_size = r->ops->state_size(&r->args);
	r->state = eg_calloc(1, r->state_size + CANARY_SIZE);
	if (!r->state)
		return EG_NO_MEMORY;
	memset(r->state + r->state_size, CANARY, CANARY_SIZE);
	return r->ops->init(r->state, &r->args, &env, err);
}

static bool run_canary(const struct run *r)
{
	for (unsigned i = 0; i < CANARY_SIZE; i++)
		if (r->state[r->state_size + i] != CANARY)
			return false;
	return true;
}

static void run_free(struct run *r)
{
	eg_free(r->state);
	eg_arena_free_all(&r->arena);
}

/* ---- one pass over all streams ------------------------------------------------------------------- */

struct region {
	uint64_t start, end;
};

/* What a task may touch. A fork copies it, a thread shares it: `space` is the stream that owns it. */
struct task {
	bool     born;
	uint32_t space;
	uint64_t live;          /* bytes mapped */
	struct region region[MAX_REGIONS];
	unsigned nr;
};

struct facts {
	char     hash[65];
	struct figures sum;
	uint32_t streams;
	bool     ends;          /* every stream: EXIT, then END for ever         */
	bool     mapped;        /* accesses inside own mappings, munmap of whole ones */
	bool     pages;         /* ids of blocks used as alloc, free, alloc ... */
	bool     shape;         /* blocks well formed, never more than capacity  */
	bool     names;         /* name ids have a text                          */
	uint64_t host_requests;
};

static struct task task[MAX_STREAMS];
static uint8_t live_id[1u << 16];
static uint64_t live_blocks;            /* bytes */

/* Pages touched: the small runs stay within these; a page of a space is one bit. */
#define MAX_TOUCHED_PAGES (UINT64_C(1) << 19)
static uint8_t touched[MAX_STREAMS][MAX_TOUCHED_PAGES / 8];

static void touch(uint32_t space, uint64_t addr, struct facts *f)
{
	uint64_t page = (addr - GEN_BASE) >> EG_PAGE_SHIFT;

	if (page >= MAX_TOUCHED_PAGES) {
		f->mapped = false;
	} else if (!(touched[space][page / 8] >> (page % 8) & 1)) {
		touched[space][page / 8] |= (uint8_t)(1u << (page % 8));
		f->sum.pages_touched++;
	}
}

static void live_at_most(uint64_t bytes, struct facts *f)
{
	f->sum.largest_live = bytes > f->sum.largest_live ? bytes : f->sum.largest_live;
}

static bool inside(const struct task *t, uint64_t addr, uint64_t size)
{
	for (unsigned i = 0; i < t->nr; i++)
		if (addr >= t->region[i].start && addr + size <= t->region[i].end)
			return true;
	return false;
}

static void map(struct task *t, const struct eg_op *op, struct facts *f)
{
	uint64_t start = op->arg[0], end = start + op->arg[1];

	if (start < GEN_BASE || start % EG_PAGE_SIZE || op->arg[1] % EG_PAGE_SIZE || end <= start ||
	    t->nr == MAX_REGIONS || (op->arg[3] & EG_MAP_FIXED) == 0)
		f->mapped = false;
	for (unsigned i = 0; i < t->nr; i++)
		if (start < t->region[i].end && t->region[i].start < end)
			f->mapped = false;
	if (t->nr < MAX_REGIONS)
		t->region[t->nr++] = (struct region){ start, end };
	f->sum.mapped_bytes += op->arg[1];
	t->live += op->arg[1];
	live_at_most(t->live, f);
}

static void unmap(struct task *t, const struct eg_op *op, struct facts *f)
{
	for (unsigned i = 0; i < t->nr; i++)
		if (t->region[i].start == op->arg[0] && t->region[i].end == op->arg[0] + op->arg[1]) {
			t->region[i] = t->region[--t->nr];
			t->live -= op->arg[1];
			f->sum.frees++;
			return;
		}
	f->mapped = false;
}

static void birth(uint32_t parent, const struct eg_op *op, struct facts *f)
{
	uint64_t child = op->arg[0];

	f->sum.forks++;
	if (child == 0 || child >= MAX_STREAMS || task[child].born) {
		f->ends = false;        /* a stream number that is used twice, or no small integer */
		return;
	}
	if (op->code == EG_OP_CLONE && op->arg[1] & EG_CLONE_VM) {
		task[child].space = task[parent].space;
	} else {
		task[child] = task[task[parent].space];
		task[child].space = (uint32_t)child;
	}
	task[child].born = true;
	if (child >= f->streams)
		f->streams = (uint32_t)child + 1;
}

static void block(const struct eg_op *op, struct facts *f)
{
	uint8_t *id = &live_id[op->arg[0]];
	uint64_t bytes = EG_PAGE_SIZE << op->arg[1];

	if (op->code == EG_OP_ALLOC_PAGES) {
		f->pages &= *id == 0;
		*id = (uint8_t)(op->arg[1] + 1);
		live_blocks += bytes;
		live_at_most(live_blocks, f);
	} else {
		f->pages &= *id == op->arg[1] + 1;
		*id = 0;
		live_blocks -= bytes;
		f->sum.frees++;
	}
}

static void one_op(const struct gen_ops *ops, uint32_t s, const struct eg_op *op, struct facts *f)
{
	struct task *t = &task[task[s].space];
	unsigned texts = 0;

	while (ops->names && ops->names[texts])
		texts++;
	if (op->name > texts)
		f->names = false;
	if (op->stream != s || eg_op_name(op->code) == NULL)
		f->shape = false;
	switch (op->code) {
	case EG_OP_MMAP:
		map(t, op, f);
		break;
	case EG_OP_MUNMAP:
		unmap(t, op, f);
		break;
	case EG_OP_EXEC:
		t->nr = 0;
		break;
	case EG_OP_FORK:
	case EG_OP_VFORK:
	case EG_OP_CLONE:
		birth(s, op, f);
		break;
	case EG_OP_ALLOC_PAGES:
	case EG_OP_FREE_PAGES:
		if (op->arg[0] >= sizeof(live_id) || op->arg[1] > EG_MAX_ORDER)
			f->pages = false;
		else
			block(op, f);
		break;
	default:
		break;
	}
}

/* Feed one item to the hash in a form that does not depend on padding or byte order. */
static void hash_words(struct eg_sha256 *h, const uint64_t *w, unsigned n)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < n; i++) {
		for (unsigned b = 0; b < 8; b++)
			bytes[b] = (uint8_t)(w[i] >> (8 * b));
		eg_sha256_update(h, bytes, sizeof(bytes));
	}
}

static void hash_op(struct eg_sha256 *h, const struct eg_op *op)
{
	uint64_t w[5 + EG_OP_ARGS] = { UINT64_MAX, op->code, op->flags, op->stream, op->name };

	memcpy(w + 5, op->arg, sizeof(op->arg));
	hash_words(h, w, 5 + EG_OP_ARGS);
}

/* Streams 0, 1, 2, ... each to its end; with `turns` two streams alternate, which must change nothing. */
static void drain(const struct run *r, uint32_t capacity, struct facts *f)
{
	static uint64_t acc[4096 + 1];
	struct gen_buffer buf = { acc, capacity };
	struct eg_sha256 h;
	struct eg_block b;
	uint8_t digest[32];

	*f = (struct facts){ .ends = true, .mapped = true, .pages = true, .shape = true, .names = true, .streams = 1 };
	memset(task, 0, sizeof(task));
	memset(live_id, 0, sizeof(live_id));
	memset(touched, 0, sizeof(touched));
	live_blocks = 0;
	task[0].born = true;
	eg_sha256_init(&h);
	(void)eg_mem_fail_nth(0);
	for (uint32_t s = 0; s < f->streams; s++) {
		bool over = false;
		uint64_t items = 0;

		while (!over && items < MAX_ITEMS) {
			memset(&b, 0x5a, sizeof(b));
			acc[capacity] = UINT64_C(0xdeadbeefdeadbeef);
			r->ops->next(r->state, s, &buf, &b);
			f->shape &= acc[capacity] == UINT64_C(0xdeadbeefdeadbeef) && b.stream == s;
			switch (b.kind) {
			case EG_BLOCK_ACCESS:
				f->shape &= b.nr >= 1 && b.nr <= capacity && b.acc == acc;
				for (uint32_t i = 0; i < b.nr; i++) {
					f->mapped &= inside(&task[task[s].space], eg_access_addr(acc[i]),
							    eg_access_size(acc[i]));
					touch(task[s].space, eg_access_addr(acc[i]), f);
				}
				hash_words(&h, acc, b.nr);
				items += b.nr;
				break;
			case EG_BLOCK_OP:
				one_op(r->ops, s, &b.op, f);
				hash_op(&h, &b.op);
				over = b.op.code == EG_OP_EXIT;
				items++;
				break;
			case EG_BLOCK_END:
				over = true;
				break;
			}
		}
		f->sum.items += items;
		f->ends &= over && task[s].born;
		for (int again = 0; again < 2; again++) {
			r->ops->next(r->state, s, &buf, &b);
			f->ends &= b.kind == EG_BLOCK_END;
		}
	}
	f->host_requests = eg_mem_fail_nth(0);
	eg_sha256_final(&h, digest);
	eg_sha256_hex(digest, f->hash);
}

static bool facts_of(const struct gen_ops *ops, int variant, uint64_t seed, uint64_t instance, uint32_t capacity,
		     struct facts *f)
{
	static struct eg_errors err;
	struct run r;
	bool good = run_args(&r, ops, variant) && run_init(&r, seed, instance, &err) == EG_OK;

	if (good)
		drain(&r, capacity, f);
	else
		printf("# init: %s\n", err.nr ? err.text[0] : "arguments refused");
	good = good && run_canary(&r);
	run_free(&r);
	return good;
}

#endif
