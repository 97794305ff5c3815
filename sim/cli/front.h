/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front - what the files of the command's frame share: main.c, help.c, version.c. Verbs use verb.h. */
#ifndef SIM_CLI_FRONT_H
#define SIM_CLI_FRONT_H

#include <stdio.h>

#include "sim/cli/verb.h"

/* Verbs for our own scripts (completion, man pages): not listed, not suggested. */
static inline bool front_hidden(const struct verb_ops *v) { return v->name[0] == '_'; }

void front_help(void);
void front_verb_help(const struct verb_ops *v);
/* Is `word` the first of verbs of two words ("trace")? They are listed to `to`, unless it is NULL. */
bool front_family(const char *word, FILE *to);

/* engram --version [--build] [--check] [--json]: the arguments behind --version; the exit code. */
int front_version(int argc, char **argv);

#endif
