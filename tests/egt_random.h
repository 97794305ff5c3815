/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * egt_random - records of all kinds for tests of the container: words of several characters, ops with any arguments.
 * Everything is a function of the seed.
 */
#ifndef TESTS_EGT_RANDOM_H
#define TESTS_EGT_RANDOM_H

#include <stdio.h>

#include "sim/base/rng.h"
#include "workloads/trace/trace.h"

/* Words of several characters: strides, stack, jumps, all of the address space. */
static inline uint64_t odd_word(struct eg_rng *r, uint64_t i)
{
	static const unsigned sizes[] = { 1, 2, 4, 8, 16, 32, 3, 10 };
	unsigned size = sizes[eg_rng_below(r, 8)];
	enum eg_access_kind kind = (enum eg_access_kind)eg_rng_below(r, 4);

	switch (eg_rng_below(r, 6)) {
	case 0:
		return eg_access(0x10000 + i * 8, EG_ACCESS_READ, 8);
	case 1:
		return eg_access(0x1fff000000 - eg_rng_below(r, 512), kind, size);
	case 2:
		return eg_access(0x400000 + i * 4, EG_ACCESS_FETCH, 4);
	case 3:
		return eg_access(eg_rng_next(r) & EG_ACCESS_ADDR_MASK, kind, size);
	case 4:
		return eg_access(eg_rng_next(r) & 1 ? 0 : EG_ACCESS_ADDR_MASK, kind, size);
	default:
		return eg_access(0x7f0000000000 + eg_rng_below(r, 1 << 20) * 8, kind, size);
	}
}

static inline eg_status random_op(struct trace_writer *w, struct eg_rng *r, bool init)
{
	struct eg_op op = { .code = (uint8_t)(1 + eg_rng_below(r, EG_OP_CODES - 1)) };
	char name[64];

	op.stream = (uint32_t)eg_rng_below(r, 5) * 1000;
	op.time = eg_rng_below(r, 4) ? eg_rng_next(r) >> eg_rng_below(r, 60) : EG_TIME_NONE;
	if (op.time == EG_TIME_NONE - 1)
		op.time = 0;
	op.flags = (uint8_t)((init ? EG_OPF_INIT : 0) | (eg_rng_below(r, 4) ? 0 : EG_OPF_FAILED) |
			     (eg_rng_below(r, 30) ? 0 : 0x40));
	for (unsigned i = 0; i < EG_OP_ARGS; i++)
		op.arg[i] = eg_rng_below(r, 3) ? eg_rng_next(r) >> eg_rng_below(r, 64) : 0;
	if (eg_rng_below(r, 3) == 0) {
		snprintf(name, sizeof(name), "a \"name\"\\ %u\n\tinit \x01", (unsigned)eg_rng_below(r, 20));
		op.name = trace_writer_name(w, name);
	}
	return trace_writer_op(w, &op);
}

static inline eg_status random_records(struct trace_writer *w, uint64_t seed, unsigned nr)
{
	struct eg_rng r = eg_rng_stream(seed, "records", 0);

	for (unsigned i = 0; i < 3; i++)
		EG_TRY(random_op(w, &r, true));
	for (unsigned i = 0; i < nr; i++) {
		uint64_t run;

		if (eg_rng_below(&r, 4) == 0) {
			EG_TRY(random_op(w, &r, false));
			continue;
		}
		if (eg_rng_below(&r, 8) == 0)
			EG_TRY(trace_writer_time(w, eg_rng_below(&r, 3) ? eg_rng_below(&r, 1u << 30) : EG_TIME_NONE));
		run = eg_rng_below(&r, 20);
		for (uint64_t k = 0; k < run; k++)
			EG_TRY(trace_writer_access(w, (uint32_t)eg_rng_below(&r, 3), odd_word(&r, k)));
	}
	return EG_OK;
}

#endif
