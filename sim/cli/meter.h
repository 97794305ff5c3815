/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meter - how far a long verb has come, on standard error, in the form that --progress asks for.
 *
 * line: one line that is drawn again and again, for terminals; plain: a line every half minute, for logs; json: one
 * object a line, at most one a second, for programs; none. auto is line on a terminal that can move its cursor, else
 * plain. -q is none. A verb calls cli_meter_show() as often as it likes.
 */
#ifndef SIM_CLI_METER_H
#define SIM_CLI_METER_H

#include "sim/cli/verb.h"

struct cli_meter {
	enum cli_progress form;         /* never AUTO */
	double            last;         /* when something was printed, in the verb's own elapsed seconds */
	bool              drawn;        /* there is a line to erase */
};

/* Where the work stands. Counts that the verb does not have are 0; eta and share < 0: not known. */
struct cli_meter_state {
	const char *what;               /* what is counted: "cells" */
	uint64_t    done, total;
	uint64_t    reused;             /* of done: not work of this call, left out of the rate */
	uint64_t    failed;
	unsigned    running;
	double      share;              /* of all the work, 0..1 */
	double      elapsed, eta;       /* seconds */
	const char *text;               /* more about this moment, or NULL */
	bool        end;                /* the last call: erases the line */
};

void cli_meter_init(struct cli_meter *m, const struct cli_args *a);
void cli_meter_show(struct cli_meter *m, const struct cli_meter_state *s);

#endif
