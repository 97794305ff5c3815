/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each generator's essay promises: which places are touched, how often, in which order, and which
 * contradictions are refused. That the streams are reproducible is conformance's business.
 */
#include <math.h>
#include <stdlib.h>

#include "tests/tap.h"
#include "workloads/gen/gen.h"

#define MAX_ACCESSES 300000u
#define MAX_OPS      20000u

/* One stream, whole. */
static uint64_t     acc[MAX_ACCESSES];
static struct eg_op op[MAX_OPS];
static unsigned     nr_acc, nr_ops;
static unsigned     op_at[MAX_OPS];       /* accesses before each op */

struct setting {
	const char *key, *value;
};

struct gen {
	const struct gen_ops *ops;
	struct eg_arena       arena;
	struct eg_args        args;
	void                 *state;
	struct eg_errors      err;
	eg_status             status;
};

static struct gen g;

static uint64_t memory = UINT64_C(64) << 20;      /* of the machine */

static bool start(const char *name, const struct setting *s)
{
	struct gen_env env = { .seed = 7, .memory_bytes = memory, .arena = &g.arena };
	char why[200];

	memset(&g, 0, sizeof(g));
	g.ops = gen_find(name);
	if (!g.ops || eg_args_init(&g.args, g.ops->params, &g.arena) != EG_OK)
		return false;
	for (; s->key; s++)
		if (eg_args_set(&g.args, s->key, s->value, &g.arena, why, sizeof(why)) != EG_OK) {
			printf("# %s\n", why);
			return false;
		}
	g.state = eg_calloc(1, g.ops->state_size(&g.args));
	g.status = g.state ? g.ops->init(g.state, &g.args, &env, &g.err) : EG_NO_MEMORY;
	return g.status == EG_OK;
}

static void finish(void)
{
	eg_free(g.state);
	eg_arena_free_all(&g.arena);
}

static void pull(uint32_t stream)
{
	static uint64_t some[1000];
	struct gen_buffer buf = { some, 1000 };
	struct eg_block b;

	nr_acc = nr_ops = 0;
	for (;;) {
		g.ops->next(g.state, stream, &buf, &b);
		if (b.kind == EG_BLOCK_END)
			return;
		if (b.kind == EG_BLOCK_OP && nr_ops < MAX_OPS) {
			op_at[nr_ops] = nr_acc;
			op[nr_ops++] = b.op;
		}
		for (uint32_t i = 0; b.kind == EG_BLOCK_ACCESS && i < b.nr && nr_acc < MAX_ACCESSES; i++)
			acc[nr_acc++] = some[i];
	}
}

static unsigned count_ops(unsigned code)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nr_ops; i++)
		n += op[i].code == code;
	return n;
}

/* The ops by name, for a look at the whole shape: "mmap mark warmup_end mark exit". */
static const char *shape(void)
{
	static char text[400];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < nr_ops && n < sizeof(text) - 40; i++) {
		(void)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", eg_op_name(op[i].code));
		n = strlen(text);
	}
	return text;
}

/* First access of the body: after the last mark. */
static unsigned body(void)
{
	unsigned at = 0;

	for (unsigned i = 0; i < nr_ops; i++)
		if (op[i].code == EG_OP_MARK)
			at = op_at[i];
	return at;
}

static bool word_is(unsigned i, uint64_t offset, enum eg_access_kind kind, unsigned size)
{
	return i < nr_acc && acc[i] == eg_access(GEN_BASE + offset, kind, size);
}

static void refused(const char *name, const struct setting *s, const char *word)
{
	bool started = start(name, s);

	ok(!started && g.status == EG_BAD_INPUT && g.err.nr == 1 && strstr(g.err.text[0], word),
	   "%s: %s %s is refused: %s", name, s->key, s->value, g.err.nr ? g.err.text[0] : "(nothing)");
	finish();
}

#define WITH(...) (const struct setting[]){ __VA_ARGS__, { NULL, NULL } }

/* ---- stream -------------------------------------------------------------------------------------- */

static void test_stream(void)
{
	unsigned b;
	bool fill = true;

	ok(start("stream", WITH({ "footprint", "12KiB" }, { "passes", "2" })), "stream starts");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark exit", "stream: fill, then the body");
	for (unsigned p = 0; p < 3; p++)
		fill &= word_is(p, p * 4096, EG_ACCESS_WRITE, 8);
	ok(fill, "stream: the fill writes each page once");
	b = body();
	is_u64(b, 3, "stream: and nothing else");
	is_u64(nr_acc - b, 2 * 3 * 512, "stream: passes x arrays x elements");
	ok(word_is(b, 0, EG_ACCESS_READ, 8) && word_is(b + 1, 4096, EG_ACCESS_READ, 8) &&
	   word_is(b + 2, 8192, EG_ACCESS_WRITE, 8) && word_is(b + 3, 8, EG_ACCESS_READ, 8) &&
	   word_is(b + 5, 8200, EG_ACCESS_WRITE, 8), "stream: triad: a[i], b[i] read, c[i] written");
	ok(word_is(b + 3 * 512, 0, EG_ACCESS_READ, 8), "stream: the second pass begins at the first element");
	finish();

	ok(start("stream", WITH({ "footprint", "16KiB" }, { "arrays", "1" }, { "stride", "4096B" }, { "write", "off" },
				{ "fill", "off" }, { "passes", "1" }, { "access", "32B" })), "stream, one a page");
	pull(0);
	is_str(shape(), "mmap mark exit", "stream: without fill there is no warm-up");
	ok(nr_acc == 4 && word_is(0, 0, EG_ACCESS_READ, 32) && word_is(3, 12288, EG_ACCESS_READ, 32),
	   "stream: 4 reads of 32 bytes, 4 KiB apart");
	finish();
	refused("stream", WITH({ "footprint", "8KiB" }, { "arrays", "3" }), "footprint");

	ok(start("stream", WITH({ "footprint_share", "0.25" }, { "arrays", "1" })), "stream, a share of memory");
	pull(0);
	is_u64(op[0].arg[1], UINT64_C(16) << 20, "stream: a quarter of 64 MiB");
	finish();
	refused("stream", WITH({ "footprint_share", "0.00001" }), "footprint_share");
	memory = UINT64_C(15) << 40;
	refused("stream", WITH({ "footprint_share", "16" }), "64TiB");
	memory = UINT64_C(64) << 20;
}

/* ---- gups ---------------------------------------------------------------------------------------- */

static void test_gups(void)
{
	static uint32_t seen[1024];
	unsigned b, wrong = 0;
	double chi = 0;

	ok(start("gups", WITH({ "table", "8KiB" }, { "updates", "200000" })), "gups starts");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark exit", "gups: shape");
	b = body();
	is_u64(nr_acc - b, 200000, "gups: updates");
	for (unsigned i = b; i < nr_acc; i++) {
		uint64_t at = eg_access_addr(acc[i]) - GEN_BASE;

		wrong += eg_access_kind(acc[i]) != EG_ACCESS_MODIFY || at % 8 || at >= 8192 || eg_access_size(acc[i]) != 8;
		if (at < 8192)
			seen[at / 8]++;
	}
	is_u64(wrong, 0, "gups: 8-byte entries are modified");
	for (unsigned i = 0; i < 1024; i++)
		chi += (seen[i] - 200000.0 / 1024) * (seen[i] - 200000.0 / 1024) / (200000.0 / 1024);
	ok(chi > 885 && chi < 1168, "gups: entries are uniform (chi-square %.0f of 1023 degrees)", chi);
	finish();

	ok(start("gups", WITH({ "table", "8KiB" }, { "updates", "1000" }, { "threads", "3" })), "gups, 3 threads");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark clone clone exit", "gups: thread 0 creates the others");
	ok(op[4].arg[0] == 1 && op[5].arg[0] == 2 && op[5].arg[1] == (EG_CLONE_VM | EG_CLONE_THREAD),
	   "gups: which share its memory");
	is_u64(nr_acc - body(), 334, "gups: thread 0 does its share");
	pull(2);
	is_str(shape(), "exit", "gups: a thread only updates");
	is_u64(nr_acc, 333, "gups: and does its share");
	finish();
}

/* ---- zipf ---------------------------------------------------------------------------------------- */

static int falling(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void test_zipf(void)
{
	static uint32_t seen[1000], first[1000];
	unsigned b, writes = 0;
	uint64_t top = 0, words = 0;

	ok(start("zipf", WITH({ "footprint", "4000KiB" }, { "references", "200000" }, { "write_ratio", "0.3" })),
	   "zipf starts");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark exit", "zipf: shape");
	b = body();
	is_u64(nr_acc - b, 200000, "zipf: accesses");
	for (unsigned i = b; i < nr_acc; i++) {
		uint64_t at = eg_access_addr(acc[i]) - GEN_BASE;

		seen[at / 4096 % 1000]++;
		writes += eg_access_kind(acc[i]) == EG_ACCESS_WRITE;
		words |= UINT64_C(1) << (at % 4096 / 64);
	}
	memcpy(first, seen, sizeof(seen));
	ok(fabs(writes / 200000.0 - 0.3) < 0.005, "zipf: %u of 200000 write", writes);
	ok(words == UINT64_MAX, "zipf: every line of a page is reached");
	ok(seen[0] < 25000, "zipf: scrambled: the first page is not the hottest");
	qsort(seen, 1000, sizeof(seen[0]), falling);
	ok(fabs(seen[0] / 200000.0 - 0.12938) < 0.003, "zipf: first rank %.4f of 0.1294", seen[0] / 200000.0);
	for (unsigned i = 0; i < 100; i++)
		top += seen[i];
	ok(fabs((double)top / 200000.0 - 0.685) < 0.006, "zipf: top 10 %% has %.3f of 0.685", (double)top / 200000.0);
	finish();

	ok(start("zipf", WITH({ "footprint", "4000KiB" }, { "references", "200000" }, { "write_ratio", "0" })),
	   "zipf, another write_ratio");
	pull(0);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = body(); i < nr_acc; i++)
		seen[(eg_access_addr(acc[i]) - GEN_BASE) / 4096 % 1000]++;
	ok(memcmp(seen, first, sizeof(seen)) == 0, "zipf: write_ratio does not move the places");
	finish();

	ok(start("zipf", WITH({ "footprint", "64KiB" }, { "references", "50000" }, { "granularity", "line" },
			      { "scramble", "off" })), "zipf by lines");
	pull(0);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = body(); i < nr_acc; i++)
		seen[(eg_access_addr(acc[i]) - GEN_BASE) / 64 % 1000]++;
	/* H(1024, 0.99) = 7.754: half as often from rank 1 to 2 */
	ok(abs((int)seen[0] - 6448) < 350 && abs((int)seen[1] - 3246) < 250, "zipf: lines in the order of their rank");
	finish();
	refused("zipf", WITH({ "footprint", "16GiB" }, { "granularity", "line" }), "granularity: page");
}

/* ---- pointer-chase ------------------------------------------------------------------------------- */

static void test_pointer_chase(void)
{
	static uint8_t seen[128];
	unsigned b, twice = 0, neighbours = 0;
	bool round = true;

	ok(start("pointer-chase", WITH({ "footprint", "8KiB" }, { "references", "300" })), "pointer-chase starts");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark exit", "pointer-chase: shape");
	b = body();
	is_u64(nr_acc - b, 300, "pointer-chase: accesses");
	ok(word_is(b, 0, EG_ACCESS_READ, 8), "pointer-chase: begins at node 0");
	for (unsigned i = 0; i < 128; i++) {
		uint64_t node = (eg_access_addr(acc[b + i]) - GEN_BASE) / 64;

		twice += node >= 128 || seen[node & 127]++;
		neighbours += i > 0 && acc[b + i] == acc[b + i - 1] + 64;
		round &= acc[b + i] == acc[b + 128 + i];
	}
	is_u64(twice, 0, "pointer-chase: a round meets every node once");
	ok(neighbours <= 6, "pointer-chase: in random order (%u neighbours in sequence)", neighbours);
	ok(round, "pointer-chase: each round is the same");
	finish();
	refused("pointer-chase", WITH({ "footprint", "4KiB" }, { "node", "1MiB" }), "node");
}

/* ---- alloc-churn --------------------------------------------------------------------------------- */

static int rising(const void *a, const void *b)
{
	return -falling(a, b);
}

static void test_alloc_churn_mmap(void)
{
	static uint32_t pages[MAX_OPS];
	unsigned nr = 0, live = 0, most = 0;
	uint64_t mapped = 0;

	ok(start("alloc-churn", WITH({ "ops", "5000" }, { "live", "100" }, { "size_sigma", "1.2" })), "alloc-churn starts");
	pull(0);
	for (unsigned i = 0; i < nr_ops; i++) {
		if (op[i].code == EG_OP_MMAP) {
			pages[nr++] = (uint32_t)(op[i].arg[1] >> 12);
			mapped += op[i].arg[1] >> 12;
			most = ++live > most ? live : most;
		}
		live -= op[i].code == EG_OP_MUNMAP;
	}
	is_u64(nr, 5100, "alloc-churn: fill, then one mapping per replacement");
	is_u64(most, 100, "alloc-churn: never more than `live`");
	is_u64(live, 0, "alloc-churn: all given back");
	is_u64(nr_acc, mapped, "alloc-churn: touch 1 writes every page");
	is_u64(count_ops(EG_OP_MARK), 3, "alloc-churn: fill, run, drain");
	qsort(pages, nr, sizeof(pages[0]), rising);
	ok(pages[nr / 2] >= 15 && pages[nr / 2] <= 18, "alloc-churn: median of %u pages (64 KiB)", pages[nr / 2]);
	ok(pages[nr - 1] <= 1024 && pages[nr - 1] > 300, "alloc-churn: largest of %u pages", pages[nr - 1]);
	finish();

	ok(start("alloc-churn", WITH({ "ops", "0" }, { "live", "50" }, { "size_sigma", "0" }, { "size_median", "1MiB" },
				     { "touch", "0.25" })), "alloc-churn, a quarter touched");
	pull(0);
	is_u64(nr_acc, 50 * 64, "alloc-churn: 64 of 256 pages each");
	finish();
	ok(start("alloc-churn", WITH({ "ops", "0" }, { "live", "50" }, { "size_sigma", "0" }, { "size_median", "1MiB" },
				     { "touch", "0.25" }, { "touch_order", "scattered" })), "alloc-churn, scattered");
	pull(0);
	ok(abs((int)nr_acc - 50 * 64) < 200, "alloc-churn: about as many (%u)", nr_acc);
	finish();
	refused("alloc-churn", WITH({ "size_min", "8MiB" }), "size_min");
	refused("alloc-churn", WITH({ "live", "1000000" }, { "size_max", "1GiB" }), "live");
	refused("alloc-churn", WITH({ "order", "3" }), "mode: pages");
	refused("alloc-churn", WITH({ "mode", "pages" }, { "touch", "0.5" }), "mode: mmap");
	refused("alloc-churn", WITH({ "mode", "pages" }, { "orders", "build" }, { "order", "3" }), "order");
}

static void test_alloc_churn_pages(void)
{
	unsigned allocs = 0, movable = 0, atomic = 0, order[EG_NR_ORDERS] = { 0 }, wrong = 0;

	ok(start("alloc-churn", WITH({ "mode", "pages" }, { "ops", "9000" }, { "live", "500" }, { "orders", "memtier" },
				     { "atomic", "0.2" })), "alloc-churn of blocks starts");
	pull(0);
	for (unsigned i = 0; i < nr_ops; i++)
		if (op[i].code == EG_OP_ALLOC_PAGES) {
			allocs++;
			atomic += op[i].arg[2] & 1;
			movable += op[i].arg[2] >> 1 & 1;
			wrong += (op[i].arg[2] >> 1) != op[i].arg[3] || op[i].arg[0] >= 500;
			order[op[i].arg[1]]++;
		}
	is_u64(allocs, 9500, "alloc-churn: fill and replacements");
	is_u64(count_ops(EG_OP_FREE_PAGES), 9500, "alloc-churn: as many given back");
	is_u64(wrong, 0, "alloc-churn: ids are slots; gfp and mobility agree");
	is_u64(nr_acc, 0, "alloc-churn: blocks are not touched");
	ok(fabs(movable / 9500.0 - 0.845) < 0.015, "alloc-churn: %.3f movable", movable / 9500.0);
	ok(fabs(atomic / 9500.0 - 0.2) < 0.015, "alloc-churn: %.3f atomic", atomic / 9500.0);
	ok(fabs(order[2] / 9500.0 - 0.5187) < 0.02 && fabs(order[3] / 9500.0 - 0.3345) < 0.02,
	   "alloc-churn: orders 2 and 3 as in the cache server");
	finish();
}

/* ---- fork-storm ---------------------------------------------------------------------------------- */

static void test_fork_storm(void)
{
	static uint8_t seen[256];
	unsigned twice = 0, forks = 0;
	double life = 0;
	uint64_t one = 0;

	ok(start("fork-storm", WITH({ "rss", "1MiB" }, { "children", "400" }, { "touch", "0.5" })), "fork-storm starts");
	pull(0);
	is_u64(nr_acc, 256, "fork-storm: the root writes its pages once");
	for (unsigned i = 0; i < nr_ops; i++)
		if (op[i].code == EG_OP_FORK)
			twice += op[i].arg[0] != ++forks;
	ok(forks == 400 && twice == 0, "fork-storm: children 1, 2, ... 400");
	ok(op[nr_ops - 1].code == EG_OP_EXIT && count_ops(EG_OP_THINK) == 0, "fork-storm: closed: no pause");
	for (uint32_t c = 1; c <= 400; c++) {
		pull(c);
		if (c == 1) {
			is_str(shape(), "think exit", "fork-storm: a child touches, thinks, exits");
			is_u64(nr_acc, 128, "fork-storm: half of the pages");
			for (unsigned i = 0; i < nr_acc; i++) {
				twice += seen[(eg_access_addr(acc[i]) - GEN_BASE) / 4096 % 256]++;
				twice += eg_access_kind(acc[i]) != EG_ACCESS_WRITE;
			}
			is_u64(twice, 0, "fork-storm: written, none twice");
			one = acc[0];
		}
		if (c == 2)
			ok(acc[0] != one || acc[1] != one, "fork-storm: each child has its own order");
		life += (double)op[0].arg[0];
	}
	ok(fabs(life / 400 / 5e10 - 1) < 0.15, "fork-storm: mean life %.1f ms of 50", life / 400 / 1e9);
	finish();

	ok(start("fork-storm", WITH({ "rss", "1MiB" }, { "children", "3" }, { "depth", "2" }, { "wait", "on" },
				    { "interval", "1ms" }, { "linger", "2s" }, { "parent_touch", "0.125" },
				    { "child", "exit" })), "fork-storm, two generations, waiting");
	pull(0);
	is_str(shape(), "mmap mark warmup_end mark clone think clone think clone think exit", "fork-storm: shape");
	ok(op[4].arg[0] == 1 && op[6].arg[0] == 3 && op[4].arg[1] == EG_CLONE_VFORK,
	   "fork-storm: a full copy and a sleeping parent; stream numbers leave room for the grandchildren");
	is_u64(nr_acc, 256 + 3 * 32, "fork-storm: the root writes between forks");
	is_u64(op[9].arg[0], UINT64_C(2000000000000), "fork-storm: lingers 2 s");
	pull(3);
	is_str(shape(), "clone think exit", "fork-storm: a child forks");
	is_u64(op[0].arg[0], 4, "fork-storm: the next stream");
	pull(4);
	is_str(shape(), "think exit", "fork-storm: its child does not");
	pull(7);
	is_u64(nr_ops + nr_acc, 0, "fork-storm: a stream past the last is over");
	finish();

	ok(start("fork-storm", WITH({ "rss", "1MiB" }, { "child", "exec" }, { "child_life", "0" })), "fork-storm, exec");
	pull(5);
	is_str(shape(), "exec exit", "fork-storm: a child execs at once");
	is_u64(nr_acc, 0, "fork-storm: and touches nothing");
	finish();
	refused("fork-storm", WITH({ "child", "exec" }, { "depth", "2" }), "depth");
}

int main(void)
{
	test_stream();
	test_gups();
	test_zipf();
	test_pointer_chase();
	test_alloc_churn_mmap();
	test_alloc_churn_pages();
	test_fork_storm();
	return tap_done();
}
