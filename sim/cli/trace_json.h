/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace_json - records of a trace as lines of JSON, for trace cat and trace head. */
#ifndef SIM_CLI_TRACE_JSON_H
#define SIM_CLI_TRACE_JSON_H

#include "workloads/trace/copy.h"

/*
 * One object a line to `out` ("-": standard output): record (number in the file; absent for state at a cut and
 * after a cut by time), time_ps (absent: none), stream, op, and the op's arguments by name. Addresses and masks
 * are texts ("0x7f..."), since JSON's numbers end at 2^53; protections and flags as in the text form.
 */
eg_status trace_json(const char *path, const char *out, const struct copy_filter *f, struct eg_errors *err) EG_MUST_USE;

#endif
