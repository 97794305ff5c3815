/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * problem - everything that is wrong with an experiment file, in one list.
 *
 * Reading, schema, sweep and resolution each find mistakes of their own kind; a user wants them all at
 * once, in the order of the file, each once even when it shows up in a thousand cells of a sweep.
 */
#ifndef SIM_EXPERIMENT_PROBLEM_H
#define SIM_EXPERIMENT_PROBLEM_H

#include "sim/base/mem.h"

/* Where a node was written. line and col count from 1; line 0 = not in a file (a --set, a default): then
 * `file` alone names the place. */
struct exp_mark {
	const char *file;
	unsigned    line, col;
};

#define EXP_PROBLEMS_MAX  256u
#define EXP_PROBLEM_CHARS 520u

struct exp_problem {
	struct exp_mark mark;
	char            text[EXP_PROBLEM_CHARS];     /* "path: what is wrong, what would be right" */
};

/* Zero it, point `arena` at one; freed with the arena. */
struct exp_problems {
	struct eg_arena     *arena;
	struct exp_problem **item;                   /* EXP_PROBLEMS_MAX pointers, allocated at the first */
	unsigned             nr, dropped;            /* dropped: past the maximum */
	bool                 no_memory;              /* the host had none: the list is incomplete */
};

/* Add one (path may be NULL or ""), unless the same text stands at the same place already. */
void exp_problem(struct exp_problems *p, struct exp_mark at, const char *path, const char *fmt, ...) EG_PRINTF(4, 5);

/* Move all to `err` as "file:line:col: path: text", sorted by file and place (files in order of first
 * mention), and empty the list. EG_OK if there were none, EG_NO_MEMORY if some may be missing for lack
 * of it, else EG_BAD_INPUT. */
eg_status exp_problems_flush(struct exp_problems *p, struct eg_errors *err) EG_MUST_USE;

#endif
