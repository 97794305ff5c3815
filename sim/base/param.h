/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * param - parameters as tables.
 *
 * Whatever a user may set - a policy's knob, a generator's size, a cost of the machine - stands in one
 * table next to the code that uses it: name, type, default, range, help. From it come the check of the
 * experiment file, `engram explain`, the man page and the result's metadata. Values carry units: a bare
 * number where a unit is needed is an error, a trailing unknown letter too.
 */
#ifndef SIM_BASE_PARAM_H
#define SIM_BASE_PARAM_H

#include "sim/base/status.h"

#define EG_PARAM_TYPE_MAP(X)  /* name, word in messages, example */                      \
	X(BOOL,   "true or false",            "true")                                    \
	X(COUNT,  "a whole number",           "64")                                      \
	X(SIZE,   "a size with its unit",     "4KiB")                                    \
	X(TIME,   "a time with its unit",     "10ms")                                    \
	X(COST,   "a time or cycles",         "9cyc or 80ns")                            \
	X(FREQ,   "a frequency",              "3GHz")                                    \
	X(BANDWIDTH, "a bandwidth",           "12GB/s")                                  \
	X(REAL,   "a number",                 "0.99")                                    \
	X(CHOICE, "one of a list",            "")                                        \
	X(TEXT,   "a text",                   "")

enum eg_param_type {
#define X(name, word, example) EG_PARAM_##name,
	EG_PARAM_TYPE_MAP(X)
#undef X
};

/*
 * One row; a table ends with a row whose name is NULL. `name` is a dotted path below the owner
 * ("l1d.entries" is written as nested maps in YAML). `min` and `max` are texts in the parameter's own
 * unit, NULL = no bound. `def` NULL = must be given. COST: cycles are kept as cycles until the clock is
 * known: value.u is picoseconds or, if eg_value.cycles is set, thousandths of a cycle.
 */
struct eg_param {
	const char        *name;
	enum eg_param_type type;
	const char        *def;
	const char        *min, *max;
	const char        *choices;   /* CHOICE: "a|b|c" */
	const char        *help;      /* one sentence, with the source of a number where there is one */
};

struct eg_value {
	uint64_t    u;      /* BOOL 0/1; COUNT; SIZE bytes; TIME ps; COST ps or milli-cycles; FREQ Hz; BANDWIDTH bytes/s;
			     * CHOICE: index into choices */
	double      real;   /* REAL */
	const char *text;   /* the canonical spelling, all types; borrowed from the arena of the args */
	bool        cycles; /* COST given in cycles */
	bool        given;  /* set by the user, not the default */
};

/* The values of one table: value[i] belongs to params[i]. */
struct eg_args {
	const struct eg_param *params;
	struct eg_value       *value;   /* eg_param_count(params) of them */
};

unsigned eg_param_count(const struct eg_param *params);

/* Index of a parameter by name, or -1. */
int eg_param_find(const struct eg_param *params, const char *name);

/*
 * Read `text` as a value of parameter p: type, unit and range. On failure returns EG_BAD_INPUT and
 * writes what is wrong and what would be right into why[] ("expected a size with its unit, such as
 * 4KiB; found 4096"). v->text is left NULL; the caller keeps the spelling.
 */
eg_status eg_param_parse(const struct eg_param *p, const char *text, struct eg_value *v,
			 char *why, size_t why_size) EG_MUST_USE;

struct eg_arena;

/* Values of a table, all defaults, from the arena. A row without a default is left with text NULL.
 * EG_NO_MEMORY, or EG_BAD_INPUT when a default of the table itself does not parse (a defect; tested). */
eg_status eg_args_init(struct eg_args *a, const struct eg_param *params, struct eg_arena *arena) EG_MUST_USE;

/* Set one value from its text; the text is copied into the arena. Errors as eg_param_parse(); an unknown
 * name is EG_BAD_INPUT with a suggestion in why[]. */
eg_status eg_args_set(struct eg_args *a, const char *name, const char *text, struct eg_arena *arena,
		      char *why, size_t why_size) EG_MUST_USE;

/* Getters: the name must be in the table and of that type (checked). */
bool        eg_args_bool(const struct eg_args *a, const char *name);
uint64_t    eg_args_u64(const struct eg_args *a, const char *name);    /* COUNT SIZE TIME FREQ BANDWIDTH CHOICE */
double      eg_args_real(const struct eg_args *a, const char *name);
const char *eg_args_text(const struct eg_args *a, const char *name);   /* TEXT, CHOICE: the word */
/* COST in picoseconds at a clock of `hz` (rounded to the nearest picosecond). */
eg_time     eg_args_cost(const struct eg_args *a, const char *name, uint64_t hz);

#endif
