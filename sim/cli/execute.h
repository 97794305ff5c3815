/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * execute - what the verbs that read an experiment share beyond reading it: where its result goes, its cells, what to say
 * of them (run, verify), and the hashes of its traces (check, verify).
 */
#ifndef SIM_CLI_EXECUTE_H
#define SIM_CLI_EXECUTE_H

#include "sim/base/str.h"
#include "sim/cli/verb.h"
#include "sim/experiment/exec.h"

/* What the user typed, put together again for the side file, into o->host; argv has room for CLI_MAX_ARGS. */
eg_status execute_command_line(const struct cli_args *a, const char *verb, struct exec_options *o, const char **argv,
			       struct eg_arena *arena) EG_MUST_USE;

/* The result file: --output, else results/NAME.h5, whose folder is made. */
eg_status execute_output(const struct cli_args *a, const struct experiment *x, struct eg_str *out, struct eg_errors *err)
	EG_MUST_USE;

/* exec_run() with a meter; cells that failed are told on standard error. The caller frees *out with
 * exec_outcome_free(), whatever the status. */
eg_status execute_cells(struct experiment *x, struct exec_options *o, const struct cli_args *a, struct exec_outcome *out,
			struct eg_errors *err) EG_MUST_USE;

/* What was done, on standard error. */
void execute_summary(const struct experiment *x, const struct exec_options *o, const struct exec_outcome *out);

/*
 * Learn the hashes of the traces without running anything: traces that are not .egt yet are imported, into a folder of
 * their own that *dir will name and execute_traces_end() removes, whatever the status.
 */
eg_status execute_traces(struct experiment *x, struct eg_str *dir, struct eg_errors *err) EG_MUST_USE;
void      execute_traces_end(struct eg_str *dir);

#endif
