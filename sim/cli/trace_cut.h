/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace_cut - the options --from, --to, --stream and --coalesce, which several trace verbs share. */
#ifndef SIM_CLI_TRACE_CUT_H
#define SIM_CLI_TRACE_CUT_H

#include "sim/cli/verb.h"
#include "workloads/trace/copy.h"

/* Rows of an option table. */
#define TRACE_CUT_OPTIONS \
	{ "from", 0, "PLACE", "begin at a record (a number, from 0) or a time with its unit (10ms); the state there is told", false }, \
	{ "to", 0, "PLACE", "end before that record or time", false }, \
	{ "stream", 0, "N", "only the records of this stream; may be repeated", true }

/* Fill f from them; false and a message (exit 2) when one is wrong. */
bool trace_cut_parse(const struct cli_args *a, struct copy_filter *f);

/* "page" or "page=MIN" into f->coalesce. */
bool trace_coalesce_parse(const char *text, struct copy_filter *f);

#endif
