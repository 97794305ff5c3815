/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verb - the contract of one verb of the engram command.
 *
 * One verb, one file: sim/cli/foo.c exports verb_foo_ops and stands in plugins.mk. Options are a table, from
 * which come parsing, --help, did-you-mean and the man page. Only code in sim/cli prints and chooses exit
 * codes: data go to stdout, everything else to stderr.
 */
#ifndef SIM_CLI_VERB_H
#define SIM_CLI_VERB_H

#include "sim/base/status.h"

#define CLI_MAX_OPTIONS 24
#define CLI_MAX_ARGS    256

struct cli_option {
	const char *name;        /* long name without dashes; the table ends with NULL */
	char        letter;      /* short form or 0 */
	const char *arg;         /* name of the argument ("FILE"), NULL for a flag */
	const char *help;        /* one sentence; names the default and the unit */
	bool        repeat;      /* may be given more than once */
};

/* Parsed command line: value[i] belongs to options[i] of the table (NULL = not given; "" for a flag). */
struct cli_args {
	const struct cli_option *options;
	const char *value[CLI_MAX_OPTIONS];
	const char *values[CLI_MAX_OPTIONS][CLI_MAX_ARGS / 8];  /* repeated options, NULL-terminated */
	unsigned    nr;                                         /* positional arguments */
	const char *arg[CLI_MAX_ARGS];
	bool        quiet;                                      /* -q, known to every verb */
};

struct verb_ops {
	const char              *name;        /* "run"; two words for a family: "trace info" */
	const char              *summary;     /* one line */
	const char              *usage;       /* what follows the name: "EXPERIMENT.yaml [options]" */
	const char              *description; /* paragraphs for --help and the man page */
	const char              *example;     /* works as pasted */
	const struct cli_option *options;
	unsigned                 min_args, max_args;
	int (*run)(const struct cli_args *args);   /* returns the exit code */
};

extern const struct verb_ops *const verb_registry[];

const struct verb_ops *verb_find(const char *name);

/* Was the option given; its value (NULL if not). The name must be in the table. */
bool        cli_given(const struct cli_args *a, const char *name);
const char *cli_value(const struct cli_args *a, const char *name);

/* A whole-number option with bounds; false and a message (exit 2) when it is not. Absent leaves *out. */
bool cli_number(const struct cli_args *a, const char *name, uint64_t min, uint64_t max, uint64_t *out);

/* Print "engram: " and the messages to stderr, hints indented; returns the exit code of the status. */
int cli_report(eg_status s, const struct eg_errors *err);

/* printf to stderr as "engram: ..." and return the exit code for usage errors (2). */
int cli_usage(const char *fmt, ...) EG_PRINTF(1, 2);

/* True if stderr is a terminal that may be coloured (NO_COLOR, TERM=dumb). */
bool cli_color(void);

/* Columns for a table on stdout: COLUMNS if it is a number, else the terminal's width, else 120. */
unsigned cli_columns(void);

#endif
