/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench - rounds over the groups, medians, shares; see bench.h. */
#include "sim/bench/group.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "workloads/trace/bench.h"
#include "workloads/trace/trace.h"

static const struct bench_group *const groups[] = {
	&bench_access, &bench_files, &bench_faults, &bench_frames, &bench_events,
};

const struct bench_rate *bench_rate_at(unsigned i)
{
	for (unsigned g = 0; g < EG_ARRAY_LEN(groups); g++) {
		if (i < groups[g]->nr)
			return &groups[g]->rates[i];
		i -= groups[g]->nr;
	}
	return NULL;
}

static bool is_wanted(const struct bench_options *o, const struct bench_rate *r)
{
	/* a file of the user's is decoded if one was given */
	if (strcmp(r->name, "decode.file") == 0 && !o->trace)
		return false;
	if (!o->only || !o->only[0])
		return true;
	for (unsigned i = 0; o->only[i]; i++)
		if (strncmp(r->name, o->only[i], strlen(o->only[i])) == 0)
			return true;
	return false;
}

/* All rounds of one group; its rows are filled. */
static eg_status run_group(const struct bench_group *g, struct bench_ctx *b, struct bench_row **row_of)
{
	struct bench_sample *sample = eg_arena_alloc(b->arena, g->nr, sizeof(*sample));
	void *state = NULL;
	eg_status s;

	if (!sample)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	s = g->init(b, &state);
	for (unsigned round = 0; s == EG_OK && round <= b->o->rounds; round++) {
		b->warm_up = round == 0;
		for (unsigned i = 0; i < g->nr; i++)
			sample[i] = (struct bench_sample){ .value = NAN, .limit = NAN };
		if (b->o->progress)
			b->o->progress(b->o->progress_ctx, g->rates[0].name, round, b->o->rounds);
		s = g->round(b, state, sample);
		for (unsigned i = 0; s == EG_OK && round && i < g->nr; i++) {
			struct bench_row *row = row_of[i];

			if (!row)
				continue;
			EG_CHECK(row->nr < BENCH_MAX_ROUNDS);
			row->value[row->nr] = sample[i].value;
			row->limit[row->nr++] = sample[i].limit;
			row->cpu_seconds += sample[i].cpu_seconds;
		}
	}
	if (state && g->fini)
		g->fini(state);
	return s;
}

eg_status bench_run(const struct bench_options *o, struct eg_arena *arena, struct bench_row **rows, unsigned *nr,
		    struct eg_errors *err)
{
	unsigned at = 0;

	EG_CHECK(o->rounds >= 1 && o->rounds <= BENCH_MAX_ROUNDS);
	*nr = 0;
	for (unsigned i = 0; bench_rate_at(i); i++)
		*nr += is_wanted(o, bench_rate_at(i));
	if (!*nr)
		return eg_fail(err, EG_USAGE, "no rate has a name that begins so\n`engram bench --list` shows their names");
	*rows = eg_arena_alloc(arena, *nr, sizeof(**rows));
	if (!*rows)
		return eg_fail(err, EG_NO_MEMORY, "no host memory for the bench");
	for (unsigned k = 0; k < EG_ARRAY_LEN(groups); k++) {
		const struct bench_group *g = groups[k];
		struct eg_arena own = { 0 };
		bool *wanted = eg_arena_alloc(&own, g->nr, sizeof(*wanted)), any = false;
		struct bench_row **row_of = eg_arena_alloc(&own, g->nr, sizeof(struct bench_row *));
		struct bench_ctx b = { .o = o, .arena = &own, .wanted = wanted, .err = err };
		eg_status s = EG_OK;

		if (!wanted || !row_of)
			s = eg_fail(err, EG_NO_MEMORY, "no host memory for the bench");
		for (unsigned i = 0; s == EG_OK && i < g->nr; i++) {
			wanted[i] = is_wanted(o, &g->rates[i]);
			if (!wanted[i])
				continue;
			any = true;
			row_of[i] = &(*rows)[at++];
			row_of[i]->rate = &g->rates[i];
		}
		if (s == EG_OK && any)
			s = run_group(g, &b, row_of);
		eg_arena_free_all(&own);
		EG_TRY(s);
	}
	return EG_OK;
}

/* ---- statistics -------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void spread(const double *v, unsigned nr, double *median, double *min, double *max)
{
	double sorted[BENCH_MAX_ROUNDS];

	*median = *min = *max = NAN;
	if (!nr || isnan(v[0]))
		return;
	memcpy(sorted, v, nr * sizeof(*v));
	qsort(sorted, nr, sizeof(*sorted), by_value);
	*min = sorted[0];
	*max = sorted[nr - 1];
	*median = (sorted[(nr - 1) / 2] + sorted[nr / 2]) / 2;
}

struct bench_summary bench_summarise(const struct bench_row *row)
{
	const struct bench_rate *r = row->rate;
	struct bench_summary s = { 0 };

	spread(row->value, row->nr, &s.median, &s.min, &s.max);
	spread(row->limit, row->nr, &s.limit_median, &s.limit_min, &s.limit_max);
	s.share = r->higher ? s.median / s.limit_median : s.limit_median / s.median;
	s.reached = r->goal > 0 && (r->higher ? s.median >= r->goal : s.median <= r->goal);
	s.below = r->never > 0 && (r->higher ? s.median < r->never : s.median > r->never);
	return s;
}

/* ---- for the groups ---------------------------------------------------------------------------------------- */

const char *bench_scratch(struct bench_ctx *b, const char *name)
{
	size_t size = strlen(b->o->scratch) + strlen(name) + 2;
	char *path = eg_arena_alloc(b->arena, size, 1);

	if (path)
		(void)snprintf(path, size, "%s/%s", b->o->scratch, name);
	else
		(void)eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	return path;
}

static eg_status read_words(const char *path, uint64_t *acc, uint64_t nr, struct eg_errors *err)
{
	struct trace_reader *r;
	struct eg_block block;
	uint64_t at = 0;
	eg_status s;

	EG_TRY(trace_open(&r, path, NULL, err));
	while ((s = trace_next(r, &block, err)) == EG_OK && block.kind != EG_BLOCK_END)
		if (block.kind == EG_BLOCK_ACCESS && at + block.nr <= nr) {
			memcpy(acc + at, block.acc, block.nr * sizeof(*acc));
			at += block.nr;
		}
	trace_close(r);
	if (s == EG_OK && at != nr)
		s = eg_fail(err, EG_FAILED, "%s: the stream has %llu accesses, not %llu", path, (unsigned long long)at,
			    (unsigned long long)nr);
	return s;
}

uint64_t *bench_stream(struct bench_ctx *b, const char *name, uint64_t nr, eg_status *s)
{
	const char *path = bench_scratch(b, "stream.egt");
	uint64_t *acc = eg_reserve(nr * sizeof(*acc), true);

	*s = path && acc ? EG_OK : eg_fail(b->err, EG_NO_MEMORY, "no host memory for an address stream");
	if (*s == EG_OK)
		*s = trace_bench_write(name, nr, 0, path, b->err);
	if (*s == EG_OK)
		*s = read_words(path, acc, nr, b->err);
	if (path)
		(void)remove(path);
	if (*s == EG_OK)
		return acc;
	if (acc)
		eg_unreserve(acc, nr * sizeof(*acc));
	return NULL;
}
