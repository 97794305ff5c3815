/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events - the hold model: take the earliest event, schedule it again an exponential gap later, with a
 * constant number pending. The limit's queue is tuned to that number beforehand, which a simulator cannot be.
 */
#include "sim/bench/group.h"

#include "sim/base/rng.h"
#include "sim/bench/limits.h"
#include "sim/engine/event.h"

enum { NR_GAPS = 1 << 16, MEAN_GAP = 1 << 30, WHOLE = 2000000, QUICK = 300000, NR_SIZES = 3 };
static const uint32_t pending[NR_SIZES] = { 100, 1000, 100000 };

#define LIMIT "calendar queue, width tuned beforehand"
static const struct bench_rate rates[NR_SIZES] = {
	{ "events.1e2", "events executed, hold model, 100 pending, stable ties", "M/s", true, 30, 15, LIMIT },
	{ "events.1e3", "... 1,000 pending", "M/s", true, 25, 15, LIMIT },
	{ "events.1e5", "... 100,000 pending", "M/s", true, 14, 7, LIMIT },
};

struct hold {
	struct event_queue     q;
	struct limit_calendar *limit;
	const uint64_t        *gaps;
	uint32_t               at;
};

struct state {
	uint64_t    *gaps;
	struct limit_pool limits;
	struct hold  hold[NR_SIZES];
};

static void again(void *ctx, uint64_t arg, eg_time now)
{
	struct hold *h = ctx;

	event_add(&h->q, now + h->gaps[h->at++ & (NR_GAPS - 1)], again, h, arg);
}

static void fini(void *state)
{
	limit_pool_fini(&((struct state *)state)->limits);
}

static eg_status init(struct bench_ctx *b, void **state)
{
	struct state *st = eg_arena_alloc(b->arena, 1, sizeof(*st));
	struct eg_rng rng = eg_rng_stream(1, "bench-events", 0);

	if (!st)
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	*state = st;
	st->gaps = eg_arena_alloc(b->arena, NR_GAPS, sizeof(*st->gaps));
	if (!st->gaps || !limit_pool_init(&st->limits))
		return eg_fail(b->err, EG_NO_MEMORY, "no host memory for the bench");
	for (unsigned i = 0; i < NR_GAPS; i++)
		st->gaps[i] = (uint64_t)(-log((double)((eg_rng_next(&rng) >> 11) + 1) * 0x1p-53) * MEAN_GAP) + 1;
	for (unsigned k = 0; k < NR_SIZES; k++) {
		struct hold *h = &st->hold[k];

		h->gaps = st->gaps;
		h->limit = limit_calendar_new(pending[k], MEAN_GAP, &st->limits);
		if (!h->limit || event_queue_init(&h->q, pending[k] + 8, b->arena) != EG_OK)
			return eg_fail(b->err, EG_NO_MEMORY, "no host memory for an event queue");
		for (uint32_t i = 0; i < pending[k]; i++) {
			event_add(&h->q, st->gaps[i & (NR_GAPS - 1)], again, h, i);
			limit_calendar_add(h->limit, st->gaps[i & (NR_GAPS - 1)], i);
		}
	}
	return EG_OK;
}

static eg_status run_round(struct bench_ctx *b, void *state, struct bench_sample *sample)
{
	const uint64_t n = b->o->quick ? QUICK : WHOLE;
	struct state *st = state;

	for (unsigned k = 0; k < NR_SIZES; k++) {
		double start = bench_seconds(), seconds;
		volatile uint64_t sink;

		for (uint64_t i = 0; i < n; i++)
			event_run(&st->hold[k].q);
		sample[k].cpu_seconds = bench_seconds() - start;
		sample[k].value = (double)n / sample[k].cpu_seconds / 1e6;
		start = bench_seconds();
		sink = limit_calendar_hold(st->hold[k].limit, st->gaps, NR_GAPS - 1, n);
		seconds = bench_seconds() - start;
		(void)sink;
		sample[k].limit = (double)n / seconds / 1e6;
	}
	return EG_OK;
}

const struct bench_group bench_events = { rates, EG_ARRAY_LEN(rates), init, run_round, fini };
