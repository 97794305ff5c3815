/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state_random - ops that build and tear down, on so few addresses and numbers that they meet: mappings that overlay
 * each other, births of the living, frees of what is gone. For tests of what a trace's records have built.
 */
#ifndef TESTS_STATE_RANDOM_H
#define TESTS_STATE_RANDOM_H

#include "sim/base/op.h"
#include "sim/base/rng.h"

enum { STATE_PAGES = 48, STATE_STREAMS = 7 };

static inline struct eg_op state_random_op(struct eg_rng *r)
{
	static const uint8_t code[] = {
		EG_OP_MMAP, EG_OP_MMAP, EG_OP_MMAP, EG_OP_MMAP, EG_OP_MMAP, EG_OP_MUNMAP, EG_OP_MUNMAP, EG_OP_MPROTECT,
		EG_OP_MPROTECT, EG_OP_MREMAP, EG_OP_BRK, EG_OP_FORK, EG_OP_VFORK, EG_OP_CLONE, EG_OP_CLONE, EG_OP_EXEC,
		EG_OP_EXIT, EG_OP_EXIT_GROUP, EG_OP_ALLOC_PAGES, EG_OP_ALLOC_PAGES, EG_OP_FREE_PAGES, EG_OP_FREE_PAGES,
		EG_OP_FREE_PAGES, EG_OP_MALLOC, EG_OP_CALLOC, EG_OP_MEMALIGN, EG_OP_REALLOC, EG_OP_FREE, EG_OP_FREE,
		EG_OP_MADVISE, EG_OP_MLOCK, EG_OP_THINK,
	};
	struct eg_op op = { .code = code[eg_rng_below(r, sizeof(code))], .time = EG_TIME_NONE };
	uint64_t *a = op.arg;

	op.stream = (uint32_t)eg_rng_below(r, STATE_STREAMS);
	op.flags = eg_rng_below(r, 20) ? 0 : EG_OPF_FAILED;
	switch (op.code) {
	case EG_OP_MMAP: case EG_OP_MUNMAP: case EG_OP_MPROTECT: case EG_OP_MADVISE: case EG_OP_MLOCK: case EG_OP_MREMAP:
		a[0] = (1 + eg_rng_below(r, STATE_PAGES)) << EG_PAGE_SHIFT;
		a[1] = eg_rng_below(r, 10) << EG_PAGE_SHIFT;
		if (eg_rng_below(r, 4) == 0)
			a[1] += eg_rng_below(r, 4096);          /* not whole pages */
		if (eg_rng_below(r, 40) == 0)
			a[eg_rng_below(r, 2)] = eg_rng_next(r); /* no place at all */
		a[2] = eg_rng_below(r, 3) + 1;
		break;
	case EG_OP_BRK:
		a[0] = 0x10000000 + eg_rng_below(r, 100) * 1000;
		break;
	case EG_OP_FORK: case EG_OP_VFORK: case EG_OP_CLONE:
		a[0] = eg_rng_below(r, STATE_STREAMS);
		a[1] = eg_rng_below(r, 8);
		break;
	case EG_OP_ALLOC_PAGES:
		a[0] = eg_rng_below(r, 12);
		a[1] = eg_rng_below(r, 12);                     /* some larger than blocks can be */
		a[2] = eg_rng_below(r, 3);
		a[5] = eg_rng_below(r, 1000);
		break;
	case EG_OP_FREE_PAGES:
		a[0] = eg_rng_below(r, 12);
		a[1] = eg_rng_below(r, 11);
		a[2] = eg_rng_below(r, 3) ? (eg_rng_below(r, 8) << a[1]) & 1023 : eg_rng_below(r, 1100);
		break;
	default:
		for (unsigned i = 0; i < 4; i++)
			a[i] = eg_rng_below(r, 20);
	}
	if (op.code == EG_OP_MMAP) {
		static const uint64_t flags[] = { EG_MAP_ANON, EG_MAP_ANON, EG_MAP_ANON | EG_MAP_FIXED, EG_MAP_SHARED,
						  EG_MAP_ANON | EG_MAP_SHARED, EG_MAP_ANON | EG_MAP_GROWSDOWN,
						  EG_MAP_NOREPLACE, 0 };

		a[3] = flags[eg_rng_below(r, 8)];
		a[4] = a[3] & EG_MAP_ANON ? 0 : 1 + eg_rng_below(r, 2);
		a[5] = a[0];                                    /* so that neighbours can continue each other */
	}
	if (op.code == EG_OP_MREMAP) {
		a[2] = (1 + eg_rng_below(r, STATE_PAGES)) << EG_PAGE_SHIFT;
		if (eg_rng_below(r, 3) == 0)
			a[2] = a[0];
		a[3] = eg_rng_below(r, 10) << EG_PAGE_SHIFT;
		a[4] = eg_rng_below(r, 3) ? EG_MREMAP_MAYMOVE : EG_MREMAP_MAYMOVE | 4;
		/* Linux refuses places that overlap */
		if (a[2] != a[0] && a[2] < a[0] + a[1] + 4096 && a[0] < a[2] + a[3] + 4096)
			a[2] = 0;
	}
	return op;
}

#endif
