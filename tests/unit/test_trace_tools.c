/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page runs, cuts, choices of streams, merging and semantics against what a few lines do on arrays of records.
 *
 * Traces are random, a function of their seed, and read into memory as one struct eg_op for each record (an access has
 * code EG_OP_NONE and its word in arg[0]).
 */
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/rng.h"
#include "workloads/trace/coalesce.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/merge.h"
#include "workloads/trace/reindex.h"
#include "workloads/trace/semantic.h"
#include "workloads/trace/state.h"
#include "workloads/trace/validate.h"

static struct eg_errors err;
static struct import_report report;

struct records {
	struct eg_op *op;
	size_t nr, cap;
	uint32_t caps;
	char hash[65];
};

static bool take(struct records *t, const struct eg_op *op)
{
	struct eg_op *slot = eg_grow((void **)&t->op, &t->nr, &t->cap, sizeof(*slot));

	if (slot)
		*slot = *op;
	return slot;
}

/* All records of a file; its names are put into arg[5] as a hash of the text, since numbers may differ. */
static bool read_all(const char *path, struct records *t)
{
	const struct trace_open_options o = { .verify = true, .block = 7 };
	struct trace_reader_info info;
	struct trace_reader *r;
	struct eg_block b;
	bool good;

	t->nr = 0;
	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		return false;
	for (good = true; good;) {
		good = trace_next(r, &b, &err) == EG_OK;
		if (!good || b.kind == EG_BLOCK_END)
			break;
		if (b.kind == EG_BLOCK_OP) {
			for (const char *c = trace_name(r, b.op.name); b.op.name && *c; c++)
				b.op.arg[5] = b.op.arg[5] * 31 + (uint8_t)*c;
			b.op.name = 0;
			good = take(t, &b.op);
			continue;
		}
		for (uint32_t i = 0; good && i < b.nr; i++) {
			struct eg_op a = { .stream = b.stream, .time = b.time, .arg = { b.acc[i] } };

			good = take(t, &a);
		}
	}
	t->caps = trace_capabilities(r);
	trace_reader_info(r, &info);
	snprintf(t->hash, sizeof(t->hash), "%s", info.content_hash);
	trace_close(r);
	if (!good)
		printf("# %s: %s\n", path, err.nr ? err.text[0] : "no memory");
	return good;
}

static bool same(const struct eg_op *a, const struct eg_op *b)
{
	return a->code == b->code && a->flags == b->flags && a->stream == b->stream && a->time == b->time &&
	       memcmp(a->arg, b->arg, sizeof(a->arg)) == 0;
}

static bool same_all(const struct eg_op *a, const struct eg_op *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!same(&a[i], &b[i])) {
			printf("# record %zu: %u t%u %" PRIx64 " instead of %u t%u %" PRIx64 "\n", i, a[i].code, a[i].stream,
			       a[i].arg[0], b[i].code, b[i].stream, b[i].arg[0]);
			return false;
		}
	return true;
}

/* ---- random traces ------------------------------------------------------------------------------- */

enum { STREAMS = 4, CHILDREN = 64, CHILD = 10 };        /* streams that do something; children that do nothing: CHILD... */

struct making {
	struct trace_writer *w;
	struct eg_rng rng;
	eg_time now;
	bool timed;
	uint64_t page[STREAMS], next_id, born;  /* ids and children are given once */
};

static uint64_t word(struct making *m, unsigned stream)
{
	uint64_t offset = eg_rng_below(&m->rng, EG_PAGE_SIZE);
	unsigned size = 1 + (unsigned)eg_rng_below(&m->rng, 32);

	/* now and then over the edge of the page */
	if (offset + size > EG_PAGE_SIZE && eg_rng_below(&m->rng, 4))
		offset = EG_PAGE_SIZE - size;
	return eg_access((m->page[stream] << EG_PAGE_SHIFT) + offset, (enum eg_access_kind)eg_rng_below(&m->rng, 4), size);
}

static eg_status one_op(struct making *m, uint32_t stream)
{
	struct eg_op op = { .stream = stream, .time = m->timed ? m->now : EG_TIME_NONE };
	char text[32];

	switch (eg_rng_below(&m->rng, 8)) {
	case 0:
		op.code = EG_OP_MMAP;
		op.arg[0] = (1 + eg_rng_below(&m->rng, 64)) << 20;
		op.arg[1] = (1 + eg_rng_below(&m->rng, 32)) << EG_PAGE_SHIFT;
		op.arg[2] = EG_PROT_READ;
		op.arg[3] = EG_MAP_ANON | EG_MAP_FIXED;
		break;
	case 1:
		op.code = EG_OP_MUNMAP;
		op.arg[0] = (1 + eg_rng_below(&m->rng, 64)) << 20;
		op.arg[1] = (1 + eg_rng_below(&m->rng, 32)) << EG_PAGE_SHIFT;
		break;
	case 2:
		op.code = EG_OP_MALLOC;
		op.arg[0] = m->next_id++;
		op.arg[1] = 1 + eg_rng_below(&m->rng, 5000);
		break;
	case 3:
		op.code = EG_OP_REALLOC;
		op.arg[0] = m->next_id ? eg_rng_below(&m->rng, m->next_id) : 0;
		op.arg[1] = m->next_id++;
		op.arg[2] = 100;
		break;
	case 4:
		op.code = EG_OP_ALLOC_PAGES;
		op.arg[0] = m->next_id++;
		op.arg[1] = eg_rng_below(&m->rng, 4);
		break;
	case 5:
		if (m->born == CHILDREN)
			return EG_OK;
		op.code = EG_OP_FORK;
		op.arg[0] = CHILD + m->born++;
		break;
	case 6:
		op.code = EG_OP_ACCESS;
		op.arg[0] = m->page[stream] << EG_PAGE_SHIFT;
		op.arg[1] = 64;
		break;
	default:
		op.code = EG_OP_MARK;
		snprintf(text, sizeof(text), "mark %u", (unsigned)eg_rng_below(&m->rng, 9));
		op.name = trace_writer_name(m->w, text);
		break;
	}
	return trace_writer_op(m->w, &op);
}

static eg_status make_records(struct making *m, unsigned nr)
{
	struct eg_op init = { .code = EG_OP_MMAP, .flags = EG_OPF_INIT, .time = EG_TIME_NONE,
			      .arg = { 0x10000, 0x10000, 3, EG_MAP_ANON | EG_MAP_FIXED } };

	EG_TRY(trace_writer_capabilities(m->w, TRACE_CAP(VIRT) | TRACE_CAP(SIZE) | TRACE_CAP(COMPLETE) | TRACE_CAP(ORDER) |
					 TRACE_CAP(INIT) | TRACE_CAP(TASK) | (m->timed ? TRACE_CAP(TIME) : 0)));
	EG_TRY(trace_writer_op(m->w, &init));
	for (unsigned i = 0; i < nr; i++) {
		uint32_t stream = (uint32_t)eg_rng_below(&m->rng, STREAMS);
		uint64_t run = eg_rng_below(&m->rng, eg_rng_below(&m->rng, 3) ? 4 : 60);

		if (m->timed && eg_rng_below(&m->rng, 3) == 0)
			m->now += eg_rng_below(&m->rng, 1000);
		if (m->now > 400 && eg_rng_below(&m->rng, 40) == 0)
			m->now -= 400;          /* it happens in recordings */
		if (eg_rng_below(&m->rng, 12) == 0)
			EG_TRY(one_op(m, stream));
		EG_TRY(trace_writer_time(m->w, m->timed && eg_rng_below(&m->rng, 9) ? m->now : EG_TIME_NONE));
		if (eg_rng_below(&m->rng, 3))
			m->page[stream] = 16 + eg_rng_below(&m->rng, 32);
		for (uint64_t k = 0; k < run; k++)
			EG_TRY(trace_writer_access(m->w, stream, word(m, stream)));
	}
	return EG_OK;
}

static bool make(const char *path, uint64_t seed, unsigned nr, bool timed)
{
	const struct trace_write_options o = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 2 };
	struct making m = { .rng = eg_rng_stream(seed, "tools", 0), .timed = timed };
	bool good;

	err.nr = 0;
	if (trace_writer_open(&m.w, path, &o, &err) != EG_OK)
		return false;
	good = make_records(&m, nr) == EG_OK;
	good = trace_writer_finish(m.w, &err) == EG_OK && good;
	if (!good)
		printf("# %s\n", err.nr ? err.text[0] : "?");
	return good;
}

static bool copy(const char *from, const char *to, const struct copy_filter *f)
{
	const struct trace_write_options o = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 2 };
	bool good;

	err.nr = 0;
	memset(&report, 0, sizeof(report));
	good = copy_file(from, to, NULL, f, &o, &report, &err) == EG_OK;
	if (!good)
		printf("# %s\n", err.nr ? err.text[0] : "?");
	return good;
}

/* ---- page runs ----------------------------------------------------------------------------------- */

static uint64_t page_of(const struct eg_op *a) { return eg_access_addr(a->arg[0]) >> EG_PAGE_SHIFT; }

static bool straddles(const struct eg_op *a)
{
	return page_of(a) != (eg_access_addr(a->arg[0]) + eg_access_size(a->arg[0]) - 1) >> EG_PAGE_SHIFT;
}

/* Does the run say what the accesses at `a` are? How many of them; 0: it does not. */
static size_t run_equals(const struct eg_op *run, const struct eg_op *a, size_t left)
{
	uint64_t n = run->arg[2] + run->arg[3] + run->arg[4] + run->arg[5], count[4] = { 0 };

	if (n > left || eg_access_kind(a->arg[0]) != run->arg[1])
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (a[i].code != EG_OP_NONE || a[i].stream != run->stream || a[i].time != run->time || straddles(&a[i]) ||
		    page_of(&a[i]) << EG_PAGE_SHIFT != run->arg[0])
			return 0;
		count[eg_access_kind(a[i].arg[0])]++;
	}
	return memcmp(count, run->arg + 2, sizeof(count)) == 0 ? (size_t)n : 0;
}

/* Every record of `runs` stands for the next ones of `all`, and no run of `min` was left as accesses. */
static bool expands(const struct records *runs, const struct records *all, uint32_t min)
{
	size_t at = 0, length = 0;

	for (size_t i = 0; i < runs->nr; i++) {
		const struct eg_op *op = &runs->op[i], *before = i ? op - 1 : NULL;

		if (op->code == EG_OP_RUN) {
			size_t n = at < all->nr ? run_equals(op, &all->op[at], all->nr - at) : 0;

			if (n < min)
				return false;
			at += n;
			length = 0;
			continue;
		}
		if (at == all->nr || !same(op, &all->op[at++]))
			return false;
		if (op->code != EG_OP_NONE || straddles(op))
			length = 0;
		else if (before && length && before->stream == op->stream && before->time == op->time &&
			 page_of(before) == page_of(op))
			length++;
		else
			length = 1;
		if (length >= min)
			return false;
	}
	return at == all->nr;
}

static void coalescing(void)
{
	static struct records all, runs, twice;
	unsigned bad = 0, made = 0;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct copy_filter f = { .coalesce = (uint32_t)(2 + seed * seed % 30) };

		bad += !make("tools-a.egt", seed, 400, seed & 1) || !read_all("tools-a.egt", &all);
		bad += !copy("tools-a.egt", "tools-b.egt", &f) || !read_all("tools-b.egt", &runs);
		bad += !expands(&runs, &all, f.coalesce);
		bad += runs.caps != (all.caps & ~TRACE_CAP(SIZE));
		made += import_count(&report, "page_runs") > 0;
		bad += !copy("tools-b.egt", "tools-c.egt", &f) || !read_all("tools-c.egt", &twice);
		bad += strcmp(runs.hash, twice.hash) != 0;
	}
	is_u64(bad, 0, "runs expand to the accesses: order, pages, kinds, times; maximal; twice is once; `size` is gone");
	is_u64(made, 12, "and there were runs in every trace");
	eg_free(all.op);
	eg_free(runs.op);
	eg_free(twice.op);
}

/* ---- cuts and streams ---------------------------------------------------------------------------- */

static eg_status keep_told(void *ctx, const struct eg_op *op)
{
	return take(ctx, op) ? EG_OK : EG_NO_MEMORY;
}

/* What the first n records have built, as init ops. */
static bool told_state(const struct records *all, size_t n, struct records *told)
{
	struct trace_state *s = trace_state_new();
	bool good = s;

	told->nr = 0;
	for (size_t i = 0; good && i < n; i++)
		if (all->op[i].code != EG_OP_NONE)
			good = trace_state_op(s, &all->op[i]) == EG_OK;
	good = good && trace_state_tell(s, keep_told, told) == EG_OK;
	trace_state_free(s);
	return good;
}

/* Ordinal of the first record at or behind a time. */
static size_t at_time(const struct records *all, eg_time t)
{
	size_t i = 0;

	while (t && i < all->nr && (all->op[i].time == EG_TIME_NONE || all->op[i].time < t))
		i++;
	return i;
}

static bool cut_is_naive(const struct records *all, const struct copy_filter *f)
{
	static struct records cut, told;
	size_t from = 0, to = all->nr;

	if (f->has_from)
		from = f->from.by_time ? at_time(all, f->from.time) : (size_t)f->from.record;
	if (f->has_to)
		to = f->to.by_time ? at_time(all, f->to.time) : (size_t)f->to.record;
	from = from < all->nr ? from : all->nr;
	to = to < all->nr ? to : all->nr;
	if (!copy("tools-a.egt", "tools-b.egt", f) || !read_all("tools-b.egt", &cut) ||
	    !told_state(all, f->has_from ? from : 0, &told))
		return false;
	if (cut.nr != told.nr + to - from || cut.caps != (all->caps & ~TRACE_CAP(COMPLETE))) {
		printf("# %zu records, wanted %zu of state and [%zu, %zu)\n", cut.nr, told.nr, from, to);
		return false;
	}
	return same_all(cut.op, told.op, told.nr) && same_all(cut.op + told.nr, all->op + from, to - from);
}

static void cuts(void)
{
	static struct records all, few;
	unsigned bad = 0;

	for (uint64_t seed = 20; seed < 28; seed++) {
		struct eg_rng rng = eg_rng_stream(seed, "cuts", 0);
		bool timed = seed & 1;
		eg_time last;

		bad += !make("tools-a.egt", seed, 5000, timed) || !read_all("tools-a.egt", &all);
		last = all.nr ? all.op[at_time(&all, EG_TIME_NONE) - 1].time : 0;
		if (last == EG_TIME_NONE)
			last = 100000;
		for (unsigned i = 0; i < 8; i++) {
			uint64_t a = eg_rng_below(&rng, all.nr + 10), b = eg_rng_below(&rng, all.nr + 10);
			struct copy_filter f = { .has_from = i != 1, .has_to = i != 2 };

			if (i == 3)
				a = 0;
			if (timed && i & 1) {
				a = eg_rng_below(&rng, last + last / 8 + 1);
				b = eg_rng_below(&rng, last + last / 8 + 1);
				f.from.by_time = f.to.by_time = true;
			}
			f.from.record = f.from.time = a < b ? a : b;
			f.to.record = f.to.time = a < b ? b : a;
			f.from.state = true;
			bad += !cut_is_naive(&all, &f);
		}
	}
	is_u64(bad, 0, "cuts by record and by time are those of an array, behind the state that the array builds");
	bad = 0;
	for (uint64_t seed = 30; seed < 34; seed++) {
		struct copy_filter f = { .nr_streams = 2, .stream = { (uint32_t)(seed % STREAMS), (uint32_t)((seed + 2) % STREAMS) } };
		size_t n = 0;

		bad += !make("tools-a.egt", seed, 500, true) || !read_all("tools-a.egt", &all);
		bad += !copy("tools-a.egt", "tools-b.egt", &f) || !read_all("tools-b.egt", &few);
		for (size_t i = 0; i < all.nr; i++)
			if (all.op[i].code != EG_OP_FORK && (all.op[i].stream == f.stream[0] || all.op[i].stream == f.stream[1]))
				all.op[n++] = all.op[i];        /* all children are among the streams left out */
		bad += few.nr != n || !same_all(few.op, all.op, n);
		bad += few.caps != (all.caps & ~(TRACE_CAP(COMPLETE) | TRACE_CAP(TASK) | TRACE_CAP(INIT)));
	}
	is_u64(bad, 0, "a choice of streams is that of an array");
	eg_free(all.op);
	eg_free(few.op);
}

static void split_times(void)
{
	static struct records all, few;
	struct copy_filter split = { .coalesce = 0 }, one = { .nr_streams = 1, .has_from = true, .has_to = true };
	const struct trace_write_options apart = { .level = 1, .chunk_bytes = 64 << 10, .split = true };
	size_t n = 0;

	one.from.by_time = one.to.by_time = one.from.state = true;
	one.stream[0] = 2;
	memset(&report, 0, sizeof(report));
	err.nr = 0;
	ok(make("tools-c.egt", 60, 3000, true) && copy_file("tools-c.egt", "tools-a.egt", NULL, &split, &apart, &report, &err) == EG_OK &&
	   read_all("tools-a.egt", &all), "a split trace");
	for (size_t i = 0; i < all.nr; i++)
		if (all.op[i].stream == 2 && all.op[i].code != EG_OP_FORK)
			all.op[n++] = all.op[i];        /* births of streams left out are left out */
	all.nr = n;
	one.from.time = all.op[at_time(&all, 100000)].time;
	one.to.time = all.op[at_time(&all, 300000)].time;
	ok(copy("tools-a.egt", "tools-b.egt", &one) && read_all("tools-b.egt", &few), "a place by time in one of its streams");
	n = at_time(&all, one.to.time) - at_time(&all, one.from.time);
	ok(n > 10 && few.nr >= n && same_all(few.op + few.nr - n, all.op + at_time(&all, one.from.time), n),
	   "is that of the stream's own times");
	one.nr_streams = 0;
	err.nr = 0;
	ok(copy_file("tools-a.egt", "tools-b.egt", NULL, &one, &apart, &report, &err) == EG_USAGE && err.nr,
	   "of all its streams there is none");
	eg_free(all.op);
	eg_free(few.op);
}

/* ---- merging ------------------------------------------------------------------------------------- */

struct keyed {
	eg_time  key;
	unsigned file;
	size_t   seq;
	bool     init;
	struct eg_op op;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->init != y->init)
		return x->init ? -1 : 1;
	if (!x->init && x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The records as merging should order them, streams and ids renumbered as its contract says. */
static size_t naive_merge(struct records *all, unsigned files, const eg_time *offset, struct keyed *out)
{
	uint32_t map[8][CHILD + CHILDREN], next = 0;
	size_t n = 0;

	memset(map, 0xff, sizeof(map));
	for (unsigned f = 0; f < files; f++) {
		eg_time key = offset[f];

		for (size_t i = 0; i < all[f].nr; i++) {
			struct eg_op *op = &all[f].op[i];

			if (op->time != EG_TIME_NONE) {
				op->time += offset[f];
				key = op->time > key ? op->time : key;
			}
			out[n++] = (struct keyed){ key, f, i, op->flags & EG_OPF_INIT, *op };
		}
	}
	qsort(out, n, sizeof(*out), by_key);
	for (size_t i = 0; i < n; i++) {
		struct eg_op *op = &out[i].op;
		uint32_t *to = &map[out[i].file][op->stream];

		if (*to == UINT32_MAX)
			*to = next++;
		op->stream = *to;
		if (op->code == EG_OP_MALLOC || op->code == EG_OP_REALLOC || op->code == EG_OP_ALLOC_PAGES)
			op->arg[0] = op->arg[0] * files + out[i].file;
		if (op->code == EG_OP_REALLOC)
			op->arg[1] = op->arg[1] * files + out[i].file;
		if (op->code == EG_OP_FORK) {
			to = &map[out[i].file][op->arg[0]];
			if (*to == UINT32_MAX)
				*to = next++;
			op->arg[0] = *to;
		}
	}
	return n;
}

static void merging(void)
{
	static struct records all[8], merged;
	const struct trace_write_options write = { .level = 1 };
	struct merge_report mr;
	unsigned bad = 0;
	char path[8][32];

	for (uint64_t seed = 40; seed < 46; seed++) {
		unsigned files = 2 + (unsigned)(seed % 4);
		struct merge_input in[8];
		eg_time offset[8];
		struct keyed *want;
		size_t n = 0;

		for (unsigned f = 0; f < files; f++) {
			snprintf(path[f], sizeof(path[f]), "tools-m%u.egt", f);
			offset[f] = f * (seed % 3) * 20000;
			in[f] = (struct merge_input){ path[f], offset[f] };
			bad += !make(path[f], seed * 100 + f, 150, true) || !read_all(path[f], &all[f]);
			n += all[f].nr;
		}
		want = eg_calloc(n, sizeof(*want));
		if (!want || naive_merge(all, files, offset, want) != n)
			bad++;
		err.nr = 0;
		bad += merge_traces(in, files, "tools-b.egt", MERGE_AUTO, &write, &mr, &err) != EG_OK || !read_all("tools-b.egt", &merged);
		bad += merged.nr != n || !mr.by_time || mr.records != n || strcmp(mr.content_hash, merged.hash) != 0;
		for (size_t i = 0; want && i < n && i < merged.nr; i++)
			if (!same(&merged.op[i], &want[i].op)) {
				printf("# seed %u: record %zu differs\n", (unsigned)seed, i);
				bad++;
				break;
			}
		eg_free(want);
	}
	is_u64(bad, 0, "merging is a stable sort by (time, file), streams and ids renumbered");

	/* one file without times: streams apart, nothing lost, no order claimed */
	bad = 0;
	bad += !make("tools-m0.egt", 7, 100, true) || !make("tools-m1.egt", 8, 100, false);
	bad += !read_all("tools-m0.egt", &all[0]) || !read_all("tools-m1.egt", &all[1]);
	err.nr = 0;
	bad += merge_traces((struct merge_input[]){ { "tools-m0.egt", 0 }, { "tools-m1.egt", 0 } }, 2, "tools-b.egt", MERGE_AUTO, &write, &mr,
			    &err) != EG_OK;
	bad += mr.by_time || mr.capabilities & (TRACE_CAP(ORDER) | TRACE_CAP(TIME)) || !read_all("tools-b.egt", &merged);
	bad += merged.nr != all[0].nr + all[1].nr || mr.streams < 2 * STREAMS;
	is_u64(bad, 0, "without times in one of them: split, every record, no order");
	err.nr = 0;
	bad += merge_traces((struct merge_input[]){ { "tools-m0.egt", 0 }, { "tools-m1.egt", 0 } }, 2, "tools-b.egt",
			    MERGE_CONCATENATE, &write, &mr, &err) != EG_OK || !read_all("tools-b.egt", &merged);
	bad += merged.nr != all[0].nr + all[1].nr || mr.capabilities & TRACE_CAP(ORDER) ||
	       merged.op[0].stream != 0 || merged.op[merged.nr - 1].arg[1] != all[1].op[all[1].nr - 1].arg[1];
	is_u64(bad, 0, "or one after the other");
	err.nr = 0;
	ok(merge_traces((struct merge_input[]){ { "tools-m0.egt", 0 }, { "tools-m1.egt", 5 } }, 2, "tools-b.egt", MERGE_AUTO, &write, &mr,
			&err) == EG_USAGE && err.nr && strstr(err.text[0], "tools-m1.egt"), "an offset for a file without times is an error");
	for (unsigned f = 0; f < 8; f++)
		eg_free(all[f].op);
	eg_free(merged.op);
}

/* ---- semantics ----------------------------------------------------------------------------------- */

static eg_status say(struct semantic *s, uint64_t at, uint32_t stream, eg_time time, unsigned code, uint64_t a, uint64_t b,
		     uint64_t c)
{
	const struct eg_block block = { .kind = EG_BLOCK_OP, .stream = stream, .time = time,
					.op = { .code = (uint8_t)code, .stream = stream, .time = time, .arg = { a, b, c } } };

	return semantic_add(s, &block, at);
}

static void semantics(void)
{
	enum { N = 40 };
	static const struct { enum semantic_kind kind; uint64_t nr, first; } want[] = {
		{ SEMANTIC_TIME_BACK, 1, 3 }, { SEMANTIC_MUNMAP_NOTHING, 1, 4 }, { SEMANTIC_DOUBLE_ALLOC, 1, 7 },
		{ SEMANTIC_DOUBLE_FREE, 1, 9 }, { SEMANTIC_FREE_NOTHING, 1, 10 }, { SEMANTIC_BORN_TWICE, 1, 12 },
		{ SEMANTIC_DEAD_STREAM, 2, 15 }, { SEMANTIC_BAD_RANGE, 1, 17 }, { SEMANTIC_BAD_RUN, 1, 18 },
		{ SEMANTIC_BAD_ACCESS, 1, 19 }, { SEMANTIC_FREE_BEYOND, 1, 21 }, { SEMANTIC_MUNMAP_UNKNOWN, 1, 23 },
		{ SEMANTIC_CHANGE_NOTHING, 1, 6 },
	};
	struct semantic *s = semantic_new(true, false);
	const struct semantic_count *c = semantic_counts(s);
	eg_status st = EG_OK;
	uint64_t total = 0;
	unsigned bad = 0;

	st |= say(s, 0, 0, 5, EG_OP_MMAP, 0x10000, 0x4000, 3);
	st |= say(s, 1, 0, 9, EG_OP_MUNMAP, 0x11000, 0x1000, 0);
	st |= say(s, 2, 0, EG_TIME_NONE, EG_OP_MUNMAP, 0x10000, 0x4000, 0);    /* with a hole: fine */
	st |= say(s, 3, 0, 8, EG_OP_MARK, 0, 0, 0);                            /* time back        */
	st |= say(s, 4, 0, 9, EG_OP_MUNMAP, 0x10000, 0x4000, 0);               /* nothing left     */
	st |= say(s, 5, 0, 9, EG_OP_MALLOC, 1, 100, 0);
	st |= say(s, 6, 0, 9, EG_OP_MPROTECT, 0x10000, 0x1000, 1);
	st |= say(s, 7, 0, 9, EG_OP_MALLOC, 1, 100, 0);
	st |= say(s, 8, 0, 9, EG_OP_FREE, 1, 0, 0);
	st |= say(s, 9, 0, 9, EG_OP_FREE, 1, 0, 0);
	st |= say(s, 10, 0, 9, EG_OP_FREE, 2, 0, 0);
	st |= say(s, 11, 0, 9, EG_OP_FORK, 1, 0, 0);
	st |= say(s, 12, 0, 9, EG_OP_FORK, 1, 0, 0);
	st |= say(s, 13, 1, 9, EG_OP_MMAP, 0x20000, 0x1000, 3);
	st |= say(s, 14, 1, 9, EG_OP_EXIT, 0, 0, 0);
	st |= say(s, 15, 1, 9, EG_OP_MARK, 0, 0, 0);
	st |= say(s, 16, 1, 9, EG_OP_MUNMAP, 0x20000, 0x1000, 0);
	st |= say(s, 17, 0, 9, EG_OP_MMAP, 0x20001, 0x1000, 3);
	st |= say(s, 18, 0, 9, EG_OP_RUN, 0x20000, 1, 5);                      /* first kind: no writes */
	st |= say(s, 19, 0, 9, EG_OP_ACCESS, 0x20000, 0, 1);
	st |= say(s, 20, 0, 9, EG_OP_ALLOC_PAGES, 5, 2, 0);
	st |= say(s, 21, 0, 9, EG_OP_FREE_PAGES, 5, 3, 0);
	st |= say(s, 22, 0, 9, EG_OP_EXEC, 0, 0, 0);
	st |= say(s, 23, 0, 9, EG_OP_MUNMAP, 0x400000, 0x1000, 0);             /* of the unknown image */
	for (unsigned i = 0; i < SEMANTIC_KINDS; i++)
		total += c[i].nr;
	for (unsigned i = 0; i < EG_ARRAY_LEN(want); i++) {
		if (c[want[i].kind].nr != want[i].nr || c[want[i].kind].first != want[i].first) {
			printf("# %s: %" PRIu64 ", first %" PRIu64 "\n", semantic_names[want[i].kind].key, c[want[i].kind].nr,
			       c[want[i].kind].first);
			bad++;
		}
		total -= want[i].nr;
	}
	ok(st == EG_OK && bad == 0, "each kind is counted, with its first place");
	is_u64(total, 0, "and nothing else");
	semantic_free(s);
	s = semantic_new(false, false);
	c = semantic_counts(s);
	st = say(s, 0, 0, 1, EG_OP_MUNMAP, 0x1000, 0x1000, 0) | say(s, 1, 0, 1, EG_OP_FREE, 9, 0, 0);
	ok(st == EG_OK && c[SEMANTIC_MUNMAP_UNKNOWN].nr == 1 && c[SEMANTIC_FREE_UNKNOWN].nr == 1 && !c[SEMANTIC_FREE_NOTHING].nr,
	   "without `init` what came before is not judged");
	semantic_free(s);
}

/* ---- index and validate -------------------------------------------------------------------------- */

static void indexing(void)
{
	static struct records before, after;
	static const struct copy_filter all = { .coalesce = 0 };
	const struct trace_write_options plain = { .level = 1, .chunk_bytes = 64 << 10, .no_index = true };
	const struct reindex_options o = { .write = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 1 } };
	struct validate_report v;
	struct reindex_report r;

	memset(&report, 0, sizeof(report));
	err.nr = 0;
	ok(make("tools-a.egt", 77, 9000, true) && copy_file("tools-a.egt", "tools-b.egt", NULL, &all, &plain, &report, &err) == EG_OK &&
	   read_all("tools-b.egt", &before), "a file without an index");
	ok(trace_reindex("tools-b.egt", NULL, &o, &r, &err) == EG_OK && !r.had_one && r.states > 0, "gets one in its place");
	ok(read_all("tools-b.egt", &after) && !strcmp(before.hash, after.hash) && before.caps == after.caps &&
	   before.nr == after.nr && same_all(before.op, after.op, after.nr), "the same trace");
	ok(trace_reindex("tools-b.egt", NULL, &o, &r, &err) == EG_OK && r.had_one, "a second time there is nothing to do");
	ok(trace_validate("tools-b.egt", &v, &err) == EG_OK && v.states > 0 && v.places >= v.states, "index and states are what the records say");
	if (err.nr)
		printf("# %s\n", err.text[0]);
	eg_free(before.op);
	eg_free(after.op);
}

/* ---- an index and states that lie ---------------------------------------------------------------- */

static uint8_t bytes[1 << 20];
static size_t nr_bytes;

static bool load(const char *path)
{
	FILE *f = fopen(path, "rb");

	nr_bytes = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	if (f)
		fclose(f);
	return nr_bytes > 0 && nr_bytes < sizeof(bytes);
}

static bool store(const char *path)
{
	FILE *f = fopen(path, "wb");
	bool good = f && fwrite(bytes, 1, nr_bytes, f) == nr_bytes;

	return (!f || fclose(f) == 0) && good;
}

/* The nth chunk of a type (the file is stored plainly); its offset, 0 if there is none. */
static size_t find_chunk(enum egt_chunk_type type, unsigned nth, struct egt_chunk *c)
{
	size_t at = EGT_HEADER_SIZE + egt_get32(bytes + 16);

	while (at + EGT_CHUNK_HEADER <= nr_bytes && egt_chunk_unpack(c, bytes + at)) {
		if (c->type == type && nth-- == 0)
			return at;
		at += c->header + c->stored;
	}
	return 0;
}

/* Change byte i of a chunk's payload so that its checksums hold. */
static void lie(size_t at, struct egt_chunk *c, size_t i, uint8_t change)
{
	uint8_t *payload = bytes + at + c->header;

	payload[i] ^= change;
	c->payload_crc = egt_crc32c(0, payload, c->stored);
	egt_chunk_pack(c, bytes + at);
}

static void lying(void)
{
	const struct trace_write_options plain = { .chunk_bytes = 64 << 10, .state_every = 2 };
	const struct reindex_options force = { .force = true };
	struct validate_report v;
	struct reindex_report r;
	struct egt_chunk c;
	unsigned accepted = 0, tried = 0;
	size_t at;

	memset(&report, 0, sizeof(report));
	err.nr = 0;
	ok(make("tools-c.egt", 99, 9000, true) && copy_file("tools-c.egt", "tools-a.egt", NULL, NULL, &plain, &report, &err) == EG_OK &&
	   trace_validate("tools-a.egt", &v, &err) == EG_OK && v.states > 1 && load("tools-a.egt"), "a file stored plainly");
	at = find_chunk(EGT_CHUNK_STATE, 1, &c);
	ok(at && c.flags == EGT_CHUNK_IGNORABLE, "has a state chunk");
	for (size_t i = 0; at && i < c.stored; i += 1 + c.stored / 64) {
		/* gaps, flags and names of a state's ops carry nothing */
		if (bytes[at + c.header + i] <= 1)
			continue;
		lie(at, &c, i, 0x01);
		err.nr = 0;
		tried++;
		if (!store("tools-b.egt") || trace_validate("tools-b.egt", &v, &err) != EG_BAD_INPUT || !err.nr) {
			printf("# byte %zu of %u: %02x\n", i, c.stored, bytes[at + c.header + i]);
			accepted++;
		}
		lie(at, &c, i, 0x01);
	}
	ok(tried > 20, "%u lies about the state", tried);
	is_u64(accepted, 0, "are all found");
	at = find_chunk(EGT_CHUNK_INDEX, 0, &c);
	ok(at && c.stored, "and an index");
	for (size_t i = tried = 0; at && i < c.stored; i += 1 + c.stored / 64) {
		lie(at, &c, i, 0x01);
		err.nr = 0;
		tried++;
		if (!store("tools-b.egt") || trace_validate("tools-b.egt", &v, &err) != EG_BAD_INPUT || !err.nr) {
			printf("# byte %zu of %u\n", i, c.stored);
			accepted++;
		}
		err.nr = 0;
		if (trace_reindex("tools-b.egt", "tools-m0.egt", &force, &r, &err) != EG_OK ||
		    trace_validate("tools-m0.egt", &v, &err) != EG_OK) {
			printf("# not mended: %s\n", err.nr ? err.text[0] : "");
			accepted++;
		}
		lie(at, &c, i, 0x01);
	}
	ok(tried > 20, "%u lies in the index", tried);
	is_u64(accepted, 0, "are all found, and trace index --force mends them");
}

int main(void)
{
	coalescing();
	merging();
	semantics();
	cuts();
	split_times();
	indexing();
	lying();
	for (unsigned i = 0; i < 8; i++) {
		char path[32];

		snprintf(path, sizeof(path), "tools-m%u.egt", i);
		unlink(path);
	}
	unlink("tools-a.egt");
	unlink("tools-b.egt");
	unlink("tools-c.egt");
	return tap_done();
}
