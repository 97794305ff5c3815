/* SPDX-License-Identifier: GPL-3.0-or-later */
/* locate - where configurations are, for the verbs that read experiments. */
#ifndef SIM_CLI_LOCATE_H
#define SIM_CLI_LOCATE_H

#include "sim/base/mem.h"

struct experiment;

/* Directories that hold configs/: ENGRAM_DATADIR if set, then where `make install` put them. NULL-terminated,
 * valid for the life of the process. */
void locate_data_dirs(const char *dirs[3]);

/* The experiment a user means: the file, or, when there is none and the name has no slash, the shipped one
 * of that name. From the arena or `name` itself. */
const char *locate_experiment(const char *name, struct eg_arena *a);

/* The result file of an experiment: `given` (--output), or, when that is NULL, results/NAME.h5. Makes nothing. */
struct eg_str;
void locate_result(const char *given, const char *name, struct eg_str *out);

/* Load what locate_experiment() finds, with --set values (NULL-terminated). `only_cell`: check the point of this
 * cell alone; NULL: all of them. */
eg_status locate_and_load(struct experiment **x, const char *name, const char *const *set, const uint64_t *only_cell,
			  struct eg_arena *a, struct eg_errors *err) EG_MUST_USE;

#endif
