/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files - rates that begin with a trace file: decoding, and a whole run from file to report.
 *
 * Files are in the host's page cache. The end-to-end rate is that of a cell that replays mix99 with its
 * mapping populated beforehand, minus the time of the same cell over a file of one access: what the machine's
 * set-up and the population of 4 GiB take is a rate of its own (frames.c).
 */
#include "sim/bench/group.h"

#include <stdio.h>

#include "sim/bench/limits.h"
#include "sim/machine/run.h"
#include "workloads/trace/bench.h"
#include "workloads/trace/trace.h"

enum { WHOLE = 1 << 23, QUICK = 1 << 21, LIMIT_BLOCK = 1024, ZSTD_LEVEL = 3 };

#define LIMIT_DECODE "the same accesses as LEB128 deltas in memory"
enum rate { PLAIN, ZSTD, GIVEN, REPORT };
static const struct bench_rate rates[] = {
	[PLAIN]  = { "decode.plain", "trace decode, mix99, stored uncompressed", "M/s", true, 300, 120, LIMIT_DECODE },
	[ZSTD]   = { "decode.zstd", "trace decode, mix99, zstd level 3", "M/s", true, 100, 40, LIMIT_DECODE },
	[GIVEN]  = { "decode.file", "trace decode of the file given with --trace", "M/s", true, 100, 40, NULL },
	[REPORT] = { "report.mix99", "from a mix99 file through a whole run to the TLB report", "M/s", true, 130, 50,
		     "decode of LEB128 deltas and the limit of translation, block by block" },
};

struct state {
	uint64_t          nr;
	uint64_t          pages;        /* sum of page numbers: what decoding must find */
	const char       *plain, *zstd, *one;
	char              plain_hash[65], one_hash[65];
	struct limit_pool limits;
	struct limit_tlb *tlb;
	uint8_t          *leb;
};

static void fini(void *state)
{
	struct state *st = state;

	limit_pool_fini(&st->limits);
	for (unsigned i = 0; i < 3; i++) {
		const char *path = i == 0 ? st->plain : i == 1 ? st->zstd : st->one;

		if (path)
			(void)remove(path);
	}
}

static eg_status prepare(struct bench_ctx *b, const char *path, char hash[65])
{
	char used[4096];
	bool imported;

	return trace_prepare(path, NULL, b->o->scratch, used, sizeof(used), &imported, hash, b->err);
}

static eg_status init(struct bench_ctx *b, void **state)
{
	struct state *st = eg_arena_alloc(b->arena, 1, sizeof(*st));
	uint64_t *acc;
	eg_status s;

	if (!st)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	*state = st;
	st->nr = b->o->quick ? QUICK : WHOLE;
	acc = bench_stream(b, "mix99", st->nr, &s);
	if (!acc)
		return s;
	if (limit_pool_init(&st->limits)) {
		st->tlb = limit_tlb_new(&st->limits);
		st->leb = limit_carve(&st->limits, 10 * st->nr, 1);
	}
	if (st->tlb && st->leb)
		(void)limit_leb_encode(acc, st->nr, st->leb);
	for (uint64_t i = 0; i < st->nr; i++)
		st->pages += eg_access_addr(acc[i]) >> EG_PAGE_SHIFT;
	eg_unreserve(acc, st->nr * sizeof(*acc));
	if (!st->tlb || !st->leb)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	st->plain = bench_scratch(b, "plain.egt");
	st->zstd = bench_scratch(b, "zstd.egt");
	st->one = bench_scratch(b, "single.egt");
	if (!st->plain || !st->zstd || !st->one)
		return EG_NO_MEMORY;
	EG_TRY(trace_bench_write("mix99", st->nr, 0, st->plain, b->err));
	EG_TRY(trace_bench_write("mix99", st->nr, ZSTD_LEVEL, st->zstd, b->err));
	EG_TRY(trace_bench_write("mix99", 1, 0, st->one, b->err));
	EG_TRY(prepare(b, st->plain, st->plain_hash));
	return prepare(b, st->one, st->one_hash);
}

static eg_status measure_decode(struct bench_ctx *b, struct state *st, const char *path, bool ours, struct bench_sample *sample)
{
	uint64_t records, pages;
	double start;

	EG_TRY(trace_bench_decode(path, &records, &sample->cpu_seconds, &pages, b->err));
	sample->value = (double)records / sample->cpu_seconds / 1e6;
	if (!ours)
		return EG_OK;
	start = bench_seconds();
	if (limit_leb_sum(st->leb, st->nr) != st->pages || pages != st->pages)
		return eg_fail(b->err, EG_FAILED, "%s: the records read are not those written", path);
	sample->limit = (double)st->nr / (bench_seconds() - start) / 1e6;
	return EG_OK;
}

static eg_status replay(struct bench_ctx *b, const char *path, const char *hash, double *seconds, double *l1, double *l2)
{
	struct eg_arena arena = { 0 };
	struct run_options options = { 0 };
	struct spec_workload *w = NULL;
	struct run_result result;
	struct spec spec;
	char why[200];
	double start = bench_seconds();
	eg_status s = spec_init(&spec, &arena);

	if (s == EG_OK)
		s = eg_args_set(&spec.machine, "memory", "8GiB", &arena, why, sizeof(why));
	if (s == EG_OK && !(w = spec_add_trace(&spec, &trace_egt_ops, path, hash)))
		s = EG_NO_MEMORY;
	if (s == EG_OK)
		s = eg_args_set(&w->replay, "populate", "write", &arena, why, sizeof(why));
	if (s == EG_OK)
		s = run_cell(&spec, &options, &result, b->err);
	if (s == EG_OK) {
		*l1 = run_summary(&result, "tlb.misses.l1d");
		*l2 = run_summary(&result, "tlb.misses.l2");
		run_result_free(&result);
	}
	eg_arena_free_all(&arena);
	*seconds = bench_seconds() - start;
	return s;
}

static void limit_report(struct state *st, uint64_t *l1, uint64_t *l2)
{
	uint64_t block[LIMIT_BLOCK], last = 0;
	const uint8_t *in = st->leb;

	for (uint64_t at = 0; at < st->nr; at += LIMIT_BLOCK) {
		in = limit_leb_decode(in, LIMIT_BLOCK, &last, block);
		limit_tlb_run(st->tlb, block, LIMIT_BLOCK, at == 0, l1, l2);
	}
}

static eg_status measure_report(struct bench_ctx *b, struct state *st, struct bench_sample *sample)
{
	double whole, one, l1, l2, start;
	uint64_t limit_l1, limit_l2;

	EG_TRY(replay(b, st->one, st->one_hash, &one, &l1, &l2));
	EG_TRY(replay(b, st->plain, st->plain_hash, &whole, &l1, &l2));
	/* set-up (populating 4 GiB) is taken off, unless the host's noise swallows the difference: then the rate
	 * of the whole run stands, which is lower, never one that was not there */
	sample->cpu_seconds = whole - one > 0.1 * whole ? whole - one : whole;
	sample->value = (double)(st->nr - 1) / sample->cpu_seconds / 1e6;
	start = bench_seconds();
	limit_report(st, &limit_l1, &limit_l2);
	sample->limit = (double)st->nr / (bench_seconds() - start) / 1e6;
	if (l1 != (double)limit_l1 || l2 != (double)limit_l2)
		return eg_fail(b->err, EG_FAILED, "mix99: the report has %.0f and %.0f misses, the limit loop %llu and %llu", l1, l2,
			       (unsigned long long)limit_l1, (unsigned long long)limit_l2);
	return EG_OK;
}

static eg_status run_round(struct bench_ctx *b, void *state, struct bench_sample *sample)
{
	struct state *st = state;

	if (b->wanted[PLAIN])
		EG_TRY(measure_decode(b, st, st->plain, true, &sample[PLAIN]));
	if (b->wanted[ZSTD])
		EG_TRY(measure_decode(b, st, st->zstd, true, &sample[ZSTD]));
	if (b->wanted[GIVEN])
		EG_TRY(measure_decode(b, st, b->o->trace, false, &sample[GIVEN]));
	if (b->wanted[REPORT])
		EG_TRY(measure_report(b, st, &sample[REPORT]));
	return EG_OK;
}

const struct bench_group bench_files = { rates, EG_ARRAY_LEN(rates), init, run_round, fini };
