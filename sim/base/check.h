/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check - broken invariants stop the run.
 *
 *   EG_CHECK        every build: cheap, guards indices that come from input
 *   EG_ASSERT       builds without NDEBUG (--enable-debug, --enable-hostile): preconditions
 *   EG_ASSERT_SLOW  hostile builds only: whole structures
 *
 * No check has a side effect. The message names file, line and, if a run has registered itself with
 * eg_check_context(), the simulated time, the event number and the seed.
 */
#ifndef SIM_BASE_CHECK_H
#define SIM_BASE_CHECK_H

#include "sim/base/types.h"

struct eg_check_context {
	eg_time  now;       /* simulated time of the event being executed */
	uint64_t seq;       /* its number */
	uint64_t seed;
};

/* Where a failing check finds the time, event and seed of this thread's run; NULL for none. Borrowed. */
void eg_check_set_context(const struct eg_check_context *ctx);

_Noreturn void eg_check_failed(const char *file, int line, const char *what);

#define EG_CHECK(cond) \
	do { if (EG_UNLIKELY(!(cond))) eg_check_failed(__FILE__, __LINE__, #cond); } while (0)

#ifdef NDEBUG
#define EG_ASSERT(cond) do { (void)sizeof(cond); } while (0)
#else
#define EG_ASSERT(cond) EG_CHECK(cond)
#endif

#ifdef EG_HOSTILE
#define EG_ASSERT_SLOW(cond) EG_CHECK(cond)
#else
#define EG_ASSERT_SLOW(cond) do { (void)sizeof(cond); } while (0)
#endif

#endif
