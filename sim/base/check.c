/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check - print where an invariant broke, and stop; see check.h. */
#include "sim/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local const struct eg_check_context *context;

void eg_check_set_context(const struct eg_check_context *ctx)
{
	context = ctx;
}

_Noreturn void eg_check_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "engram: broken invariant: %s:%d: %s\n", file, line, what);
	if (context)
		fprintf(stderr, "  simulated time %" PRIu64 " ps, event %" PRIu64 ", seed %" PRIu64 "\n",
			context->now, context->seq, context->seed);
	fprintf(stderr, "  this is a defect of engram: please report it with the experiment file\n");
	abort();
}
