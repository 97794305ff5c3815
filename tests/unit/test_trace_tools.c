/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page runs, cuts, choices of streams and merging against what a few lines do on arrays of records. */
#include "tests/trace_records.h"

#include <stdlib.h>
#include <unistd.h>

#include "workloads/trace/coalesce.h"
#include "workloads/trace/merge.h"
#include "workloads/trace/state.h"

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

int main(void)
{
	coalescing();
	merging();
	cuts();
	split_times();
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
