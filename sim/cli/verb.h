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

#include <stddef.h>

#include "sim/base/status.h"

#define CLI_MAX_OPTIONS 24
#define CLI_MAX_ARGS    256

struct cli_option {
	const char *name;        /* long name without dashes; the table ends with NULL */
	char        letter;      /* short form or 0 */
	/* Name of the argument ("FILE.h5", "N", "METRIC"), NULL for a flag. Words with | between them are all that may be
	 * given ("table|csv|json"), which is checked before the verb runs; with ",..." behind them, a list of them with
	 * commas. Completion knows METRIC, FIGURE, EXPERIMENT, GENERATOR, DIR and names that end like a file's. */
	const char *arg;
	const char *help;        /* one sentence; names the default and the unit */
	bool        repeat;      /* may be given more than once */
};

/* How a long verb tells how far it is; see meter.h. */
enum cli_progress { CLI_PROGRESS_AUTO, CLI_PROGRESS_LINE, CLI_PROGRESS_PLAIN, CLI_PROGRESS_JSON, CLI_PROGRESS_NONE };

/* Parsed command line: value[i] belongs to options[i] of the table (NULL = not given; "" for a flag). */
struct cli_args {
	const struct cli_option *options;
	const char *value[CLI_MAX_OPTIONS];
	const char *values[CLI_MAX_OPTIONS][CLI_MAX_ARGS / 8];  /* repeated options, NULL-terminated */
	unsigned    nr;                                         /* positional arguments */
	const char *arg[CLI_MAX_ARGS];
	bool        quiet;                                      /* -q, known to every verb */
	bool        json;                                       /* standard output is to hold one JSON text */
	enum cli_progress progress;                             /* --progress, known to every verb */
};

/* Options that every verb takes: -q, --progress, -h. */
extern const struct cli_option cli_global_options[];

struct verb_ops {
	const char              *name;        /* "run"; two words for a family: "trace info"; hidden when it begins with _ */
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

/* The values given to an option that may be repeated, NULL-terminated. */
const char *const *cli_values(const struct cli_args *a, const char *name);
/* Which of the words of an option "a|b|c" was given: 0, 1, ...; `absent` if it was not. */
unsigned    cli_choice(const struct cli_args *a, const char *name, unsigned absent);

/* A whole-number option with bounds; false and a message (exit 2) when it is not. Absent leaves *out. */
bool cli_number(const struct cli_args *a, const char *name, uint64_t min, uint64_t max, uint64_t *out);

/* Print "engram: " and the messages to stderr, hints indented; returns the exit code of the status. With --json, main()
 * repeats the messages in an object on standard output, unless the verb has printed something there. */
int cli_report(eg_status s, const struct eg_errors *err);

struct eg_str;
struct result_file;

/* As result_open(); what is odd about a file that opens all the same is told on stderr. */
eg_status cli_open_result(const char *path, struct result_file **out, struct eg_errors *err) EG_MUST_USE;

/* Write the text to standard output and free it; returns the exit code: 0, or 4 when there was no memory for it. */
int cli_print(struct eg_str *text);

/* printf to stderr as "engram: ..." and return the exit code for usage errors (2). */
int cli_usage(const char *fmt, ...) EG_PRINTF(1, 2);

/* "1.5 GiB", "37 s", "2 h 5 min": quantities for people, into buf, which is returned. */
#define CLI_QUANTITY 32
const char *cli_bytes(uint64_t bytes, char buf[CLI_QUANTITY]);
const char *cli_duration(double seconds, char buf[CLI_QUANTITY]);
/* What makes a plural of the noun behind a number: "" for 1, else "s". */
static inline const char *cli_plural(uint64_t n) { return n == 1 ? "" : "s"; }

/* "; did you mean X?" for the nearest of the candidates, "" if none is near; into buf, which is returned. */
const char *cli_near(const char *word, const char *(*next)(const void *ctx, unsigned i), const void *ctx, char *buf, size_t size);

/* For main(): messages are kept from here on; what was kept, as the JSON object that stands for a failed verb, unless
 * something was printed with cli_print(). */
void cli_keep_messages(void);
void cli_failure_json(int exit_code, struct eg_str *out);

/* The same with the exit code of another status. */
int cli_fail(eg_status s, const char *fmt, ...) EG_PRINTF(2, 3);

/* True if stderr is a terminal that may be coloured (NO_COLOR, TERM=dumb). */
bool cli_color(void);

/* Columns for a table on stdout: COLUMNS if it is a number, else the terminal's width, else 120. */
unsigned cli_columns(void);

#endif
