/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layouts and places: split files, one stream of many, and seeking. The property that carries all of it: whatever
 * the layout, the chunks and the way there, a seek delivers what reading from the start and skipping delivers.
 */
#include "tests/egt_random.h"
#include "tests/state_random.h"
#include "tests/tap.h"

#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"
#include "workloads/trace/state.h"

static struct eg_errors err;

/* ---- a trace in memory --------------------------------------------------------------------------- */

/* One record, however it came. */
struct rec {
	struct eg_op op;                /* code 0: an access, its word in arg[0] */
};

struct recs {
	struct rec *rec;
	size_t      nr, cap;
};

static bool add_block(struct recs *all, const struct eg_block *b)
{
	for (uint32_t i = 0; i < (b->kind == EG_BLOCK_OP ? 1 : b->nr); i++) {
		struct rec *r = eg_grow((void **)&all->rec, &all->nr, &all->cap, sizeof(*r));

		if (!r)
			return false;
		if (b->kind == EG_BLOCK_OP)
			r->op = b->op;
		else
			r->op = (struct eg_op){ .stream = b->stream, .time = b->time, .arg = { b->acc[i] } };
	}
	return true;
}

/* From here to the end. */
static eg_status read_rest(struct trace_reader *r, struct recs *all)
{
	struct eg_block b;
	eg_status s;

	all->nr = 0;
	while ((s = trace_next(r, &b, &err)) == EG_OK && b.kind != EG_BLOCK_END)
		if (!add_block(all, &b))
			return EG_NO_MEMORY;
	return s;
}

static bool read_file(const char *path, const struct trace_open_options *o, struct recs *all)
{
	struct trace_reader *r;
	eg_status s;

	err.nr = 0;
	if (trace_open(&r, path, o, &err) != EG_OK)
		return false;
	s = read_rest(r, all);
	trace_close(r);
	if (s != EG_OK)
		printf("# %s: %s\n", path, err.nr ? err.text[0] : "?");
	return s == EG_OK;
}

/* Are `got` the records of `want` from `from` on, of one stream (or all: UINT32_MAX)? */
static bool same_from(const struct recs *want, size_t from, uint32_t stream, const struct recs *got)
{
	size_t at = 0;

	for (size_t i = from; i < want->nr; i++) {
		if (stream != UINT32_MAX && want->rec[i].op.stream != stream)
			continue;
		if (at == got->nr || memcmp(&want->rec[i], &got->rec[at], sizeof(struct rec)) != 0) {
			printf("# record %zu (%zu of the rest) differs, %zu are there\n", i, at, got->nr);
			return false;
		}
		at++;
	}
	if (at != got->nr)
		printf("# %zu records too many\n", got->nr - at);
	return at == got->nr;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static bool write_trace(const char *path, uint64_t seed, unsigned nr, const struct trace_write_options *o, char hash[65])
{
	struct trace_writer *w;

	err.nr = 0;
	if (trace_writer_open(&w, path, o, &err) != EG_OK)
		return false;
	if (trace_writer_capabilities(w, TRACE_CAP(VIRT) | TRACE_CAP(ORDER) | TRACE_CAP(COMPLETE)) == EG_OK)
		(void)random_records(w, seed, nr);
	return trace_writer_finish_hash(w, hash, &err) == EG_OK;
}

/* ---- split --------------------------------------------------------------------------------------- */

/* Every stream of the split file is that of the interleaved one, record for record. */
static bool same_streams(const struct recs *a, const struct recs *b)
{
	static const uint32_t streams[] = { 0, 1, 2, 1000, 2000, 3000, 4000 };
	bool same = a->nr == b->nr;

	for (unsigned k = 0; k < EG_ARRAY_LEN(streams); k++) {
		size_t i = 0, j = 0;

		for (;; i++, j++) {
			while (i < a->nr && a->rec[i].op.stream != streams[k])
				i++;
			while (j < b->nr && b->rec[j].op.stream != streams[k])
				j++;
			if (i == a->nr || j == b->nr)
				break;
			same = same && memcmp(&a->rec[i], &b->rec[j], sizeof(struct rec)) == 0;
		}
		same = same && i == a->nr && j == b->nr;
	}
	return same;
}

static void split(void)
{
	struct trace_write_options inter = { .level = 1 }, big = { .level = 1, .split = true },
		small = { .level = 1, .split = true, .chunk_bytes = EGT_CHUNK_MIN },
		def = { .level = 1, .split = true, .defer = true, .chunk_bytes = EGT_CHUNK_MIN };
	struct trace_open_options verify = { .verify = true };
	struct recs a = { 0 }, b = { 0 }, c = { 0 };
	char h1[65], h2[65], h3[65], h4[65];
	bool streams = true, hashes = true, one = true;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		unsigned nr = seed == 3 ? 20000 : 300;

		if (!write_trace("sp1.egt", seed, nr, &inter, h1) || !write_trace("sp2.egt", seed, nr, &big, h2) ||
		    !write_trace("sp3.egt", seed, nr, &small, h3) || !write_trace("sp4.egt", seed, nr, &def, h4)) {
			printf("# %s\n", err.nr ? err.text[0] : "?");
			streams = false;
			break;
		}
		streams = streams && read_file("sp1.egt", &verify, &a) && read_file("sp3.egt", &verify, &b) &&
			  same_streams(&a, &b) && read_file("sp4.egt", &verify, &b) && same_streams(&a, &b);
		hashes = hashes && strcmp(h1, h2) != 0 && !strcmp(h2, h3) && !strcmp(h2, h4);
		for (unsigned k = 0; k < 4; k++) {
			static const uint32_t stream[] = { 0, 2, 3000, 77 };
			struct trace_open_options o = { .one_stream = true, .stream = stream[k], .block = 100 };

			one = one && read_file("sp1.egt", &o, &c) && same_from(&a, 0, stream[k], &c);
			one = one && read_file("sp4.egt", &o, &c) && same_from(&b, 0, stream[k], &c);
		}
	}
	ok(streams, "a split file holds each stream as it was");
	ok(hashes, "its identity depends on neither chunks nor deferring");
	ok(one, "one stream alone, of either layout");
	for (unsigned i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "sp%u.egt", i);
		unlink(name);
	}
	eg_free(a.rec);
	eg_free(b.rec);
	eg_free(c.rec);
}

static void split_facts(void)
{
	static struct import_report report;
	struct import_options text = { .write = { .level = 1, .text = true } }, back = { .write = { .level = 1 } };
	struct trace_write_options o = { .level = 1, .split = true };
	struct trace_reader_info info;
	struct trace_reader *r = NULL;
	struct trace_writer *w;
	char hash[65];

	if (!ok(write_trace("sf.egt", 5, 200, &o, hash) && trace_open(&r, "sf.egt", NULL, &err) == EG_OK, "a split file"))
		return;
	trace_reader_info(r, &info);
	ok(info.split && info.major == 1 && info.minor == 1, "says that it is one, of version 1.1");
	ok(!(trace_capabilities(r) & TRACE_CAP(ORDER)) && trace_capabilities(r) & TRACE_CAP(COMPLETE), "and knows no order");
	trace_close(r);
	text.write.split = back.write.split = true;
	ok(import_file("sf.egt", "sf.txt", &text, &report, &err) == EG_OK, "it becomes text");
	back.write.split = false;
	ok(import_file("sf.txt", "sf2.egt", &back, &report, &err) == EG_OK && strcmp(report.content_hash, hash) == 0,
	   "which is split again when it is read");
	o.minor = TRACE_MINOR_0;
	ok(trace_writer_open(&w, "sf3.egt", &o, &err) == EG_USAGE, "version 1.0 cannot hold it");
	o.minor = 0;
	err.nr = 0;
	ok(trace_writer_open(&w, "sf3.egt", &o, &err) == EG_OK, "a writer for many streams");
	for (uint32_t i = 0; i < 257; i++)
		if (trace_writer_access(w, i, eg_access(i * 64, EG_ACCESS_READ, 8)) != EG_OK)
			break;
	ok(trace_writer_finish(w, &err) == EG_USAGE && strstr(err.text[0], "256") && strstr(err.text[0], "--layout interleaved"),
	   "more than 256 streams are refused, with a remedy");
	unlink("sf.egt");
	unlink("sf.txt");
	unlink("sf2.egt");
}

/* ---- seeking ------------------------------------------------------------------------------------- */

/* The place of a time, by its definition. */
static size_t place_of_time(const struct recs *all, eg_time time, uint32_t stream)
{
	size_t i;

	for (i = 0; time && i < all->nr; i++)
		if ((stream == UINT32_MAX || all->rec[i].op.stream == stream) && all->rec[i].op.time != EG_TIME_NONE &&
		    all->rec[i].op.time >= time)
			break;
	return i;
}

static eg_status keep_op(void *ctx, const struct eg_op *op)
{
	struct recs *all = ctx;
	struct rec *r = eg_grow((void **)&all->rec, &all->nr, &all->cap, sizeof(*r));

	if (!r)
		return EG_NO_MEMORY;
	r->op = *op;
	return EG_OK;
}

/* What a tracker that ran from the start tells at record `upto`; only the ops of the stream, unless all. */
static bool state_at(const struct recs *all, size_t upto, uint32_t stream, struct recs *told)
{
	struct trace_state *s = trace_state_new();
	size_t nr = 0;
	bool good = s != NULL;

	told->nr = 0;
	for (size_t i = 0; good && i < upto && i < all->nr; i++)
		good = all->rec[i].op.code == 0 || trace_state_op(s, &all->rec[i].op) == EG_OK;
	good = good && trace_state_tell(s, keep_op, told) == EG_OK;
	trace_state_free(s);
	for (size_t i = 0; i < told->nr; i++)
		if (stream == UINT32_MAX || told->rec[i].op.stream == stream)
			told->rec[nr++] = told->rec[i];
	told->nr = nr;
	return good;
}

static bool seek_one(struct trace_reader *r, const struct recs *all, const struct trace_place *to, uint32_t stream,
		     struct recs *got, struct recs *told)
{
	size_t from = to->by_time ? place_of_time(all, to->time, stream) : (size_t)to->record;

	err.nr = 0;
	if (trace_seek(r, to, &err) != EG_OK || read_rest(r, got) != EG_OK) {
		printf("# %s\n", err.nr ? err.text[0] : "?");
		return false;
	}
	if (!to->state)
		return same_from(all, from, stream, got);
	if (!state_at(all, from, stream, told) || got->nr < told->nr ||
	    (told->nr && memcmp(got->rec, told->rec, told->nr * sizeof(struct rec)) != 0)) {
		printf("# the state is not that of the records before\n");
		return false;
	}
	got->nr -= told->nr;
	if (told->nr)
		memmove(got->rec, got->rec + told->nr, got->nr * sizeof(struct rec));
	return same_from(all, from, stream, got);
}

/* Places of all kinds in one file, one after the other through one reader: forward, backward, behind the end. */
static bool seek_file(const char *path, uint64_t seed, uint32_t stream)
{
	struct trace_open_options o = { .block = 200, .one_stream = stream != UINT32_MAX, .stream = stream };
	struct eg_rng rng = eg_rng_stream(seed, "places", stream);
	struct recs all = { 0 }, got = { 0 }, told = { 0 };
	struct trace_reader_info info;
	struct trace_reader *r;
	bool good = read_file(path, NULL, &all);

	if (!good || trace_open(&r, path, &o, &err) != EG_OK)
		return false;
	trace_reader_info(r, &info);
	for (unsigned k = 0; good && k < 30; k++) {
		struct trace_place to = { .record = eg_rng_below(&rng, all.nr + 1), .state = k % 2 };

		if (k == 5)
			to.record = 0;
		if (k == 6)
			to.record = all.nr + 5;
		if (k % 3 == 2 && (!info.split || stream != UINT32_MAX)) {
			to.by_time = true;
			to.time = k == 8 ? 0 : k == 11 ? EG_TIME_NONE - 2 : all.rec[to.record % all.nr].op.time;
		}
		good = seek_one(r, &all, &to, stream, &got, &told);
		if (!good)
			printf("# place %u: %s %llu, stream %u%s\n", k, to.by_time ? "time" : "record",
			       (unsigned long long)(to.by_time ? to.time : to.record), stream, to.state ? ", state" : "");
	}
	trace_close(r);
	eg_free(all.rec);
	eg_free(got.rec);
	eg_free(told.rec);
	return good;
}

/* Ops that build things, between accesses, some of them with names. */
static eg_status building_records(struct trace_writer *w, uint64_t seed, unsigned nr)
{
	struct eg_rng r = eg_rng_stream(seed, "building", 0);
	eg_time now = 0;

	for (unsigned i = 0; i < nr; i++) {
		struct eg_op op = state_random_op(&r);
		uint64_t run = eg_rng_below(&r, 3) ? 0 : eg_rng_below(&r, 300);
		char name[32];

		op.time = eg_rng_below(&r, 5) ? now : EG_TIME_NONE;
		op.flags |= i < 20 ? EG_OPF_INIT : 0;
		now += eg_rng_below(&r, 1000);
		if (eg_rng_below(&r, 9) == 0) {
			snprintf(name, sizeof(name), "name %u", (unsigned)eg_rng_below(&r, nr));
			op.name = trace_writer_name(w, name);
		}
		EG_TRY(trace_writer_op(w, &op));
		EG_TRY(trace_writer_time(w, now));
		for (uint64_t k = 0; i >= 20 && k < run; k++)
			EG_TRY(trace_writer_access(w, op.stream, odd_word(&r, k)));
	}
	return EG_OK;
}

static bool write_building(const char *path, uint64_t seed, unsigned nr, const struct trace_write_options *o)
{
	struct trace_writer *w;

	err.nr = 0;
	if (trace_writer_open(&w, path, o, &err) != EG_OK)
		return false;
	(void)building_records(w, seed, nr);
	if (trace_writer_finish(w, &err) == EG_OK)
		return true;
	printf("# %s\n", err.text[0]);
	return false;
}

static void seek(void)
{
	struct trace_write_options o = { .level = 1, .chunk_bytes = EGT_CHUNK_MIN, .state_every = 2 };
	struct trace_reader_info info = { 0 };
	struct trace_reader *r;
	char hash[65];

	for (unsigned kind = 0; kind < 6; kind++) {
		uint64_t states = 0;
		bool good = true;

		o.split = kind & 1;
		o.no_index = kind & 2;
		o.defer = kind & 4;
		for (uint64_t seed = 1; good && seed <= 4; seed++) {
			good = seed == 4 ? write_building("sk.egt", seed, 3000, &o) :
			       write_trace("sk.egt", seed, seed == 3 ? 20000 : 60 * (unsigned)seed, &o, hash);
			good = good && seek_file("sk.egt", seed, UINT32_MAX) && seek_file("sk.egt", seed, 2) &&
			       seek_file("sk.egt", seed, 4000);
			if (!good || trace_open(&r, "sk.egt", NULL, &err) != EG_OK)
				break;
			trace_reader_info(r, &info);
			good = info.indexed == !o.no_index && info.total > 0;
			states += info.states;
			trace_close(r);
		}
		ok(good && (o.no_index || states > 3), "%s, %s%s: to any place is as skipping to it, with the state that was",
		   o.split ? "split" : "interleaved", o.no_index ? "no index" : "with an index", o.defer ? ", deferred" : "");
	}
	unlink("sk.egt");
}

int main(void)
{
	split();
	split_facts();
	seek();
	return tap_done();
}
