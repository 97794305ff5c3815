/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp_stub - a machine for tests of the executor, substituted at link time: it "runs" a cell by making up a
 * result from its seed, and misbehaves on request. What it does is chosen by stop.ops of the spec:
 *
 *   1..99     a result that is a function of (stop.ops, seed)
 *   666       dies of SIGKILL
 *   667       dies of SIGKILL unless the file "exp_stub.healed" exists
 *   668       reports bad input
 *   669       reports a full disk
 *   700..     as above, after (n - 700) tenths of a second, with progress reported
 */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/run.h"
#include "tests/synthetic.h"
#include "tests/unit/exp_stub.h"

static void nap(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

eg_status run_cell(const struct spec *spec, const struct run_options *options, struct run_result *result,
		   struct eg_errors *err)
{
	uint64_t ops = eg_args_u64(&spec->stop, "ops");

	if (ops == 666 || (ops == 667 && access("exp_stub.healed", F_OK) != 0))
		(void)raise(SIGKILL);
	if (ops == 668)
		return eg_fail(err, EG_BAD_INPUT, "record 17 cannot be applied");
	if (ops == 669)
		return eg_fail(err, EG_IO, "cells: No space left on device");
	for (uint64_t i = 700; i < ops; i++) {
		nap(100);
		if (options->progress && !options->progress(options->progress_ctx, (double)(i - 699) / (double)(ops - 699), 0))
			return EG_INTERRUPTED;
	}
	*result = (struct run_result){ 0 };
	syn_result(result, (unsigned)(ops % 2), spec->seed);
	return EG_OK;
}

void run_result_free(struct run_result *result)
{
	eg_arena_free_all(&result->arena);
}
