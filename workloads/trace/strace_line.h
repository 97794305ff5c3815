/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strace_line - one line of strace output taken apart; what it means is decided in strace.c. */
#ifndef WORKLOADS_TRACE_STRACE_LINE_H
#define WORKLOADS_TRACE_STRACE_LINE_H

#include "sim/base/types.h"

#define STRACE_ARGS 8u

struct strace_text {
	const char *p, *end;            /* [p, end), no blanks at either end */
};

enum strace_kind {
	STRACE_CALL,                    /* name(args) = result                 */
	STRACE_UNFINISHED,              /* name(args <unfinished ...>          */
	STRACE_RESUMED,                 /* <... name resumed>rest              */
	STRACE_SIGNAL,                  /* --- SIGX {...} ---                  */
	STRACE_EXITED,                  /* +++ exited with N +++               */
	STRACE_KILLED,                  /* +++ killed by SIGX +++              */
	STRACE_SUPERSEDED,              /* +++ superseded by execve in pid N +++ */
	STRACE_NOISE,                   /* strace's own messages, stops        */
};

struct strace_line {
	enum strace_kind kind;
	uint64_t pid;                   /* 0: the line names none */
	bool     has_time, clock;       /* clock: HH:MM:SS        */
	uint64_t seconds, fraction_ps;
	struct strace_text body;        /* CALL: all; UNFINISHED: up to the mark; RESUMED: behind the mark */
	struct strace_text word;        /* name of the call, of the signal; SUPERSEDED, EXITED: see number  */
	uint64_t number;
};

/* False when it is none of the kinds; *at is where that was seen. */
bool strace_parse_line(const char *p, const char *end, struct strace_line *l, const char **at);

struct strace_call {
	struct strace_text name, arg[STRACE_ARGS];
	unsigned nr;                    /* args, at most STRACE_ARGS are kept       */
	struct strace_text args;        /* all between the parentheses              */
	struct strace_text result;      /* first word behind '='                    */
	bool     failed, never;         /* -1 ERRNO; "?"                            */
};

/* A whole call, "name(args) = result ..." */
bool strace_parse_call(const char *p, const char *end, struct strace_call *c, const char **at);

/* Number in decimal, 0x or octal; NULL is 0. What follows ("<path>", blanks, a comment) is ignored. */
bool strace_number(struct strace_text t, uint64_t *v);

/* "A|B|0x10" with the names of a table; *unknown counts names that are not in it. */
struct strace_name {
	const char *name;
	uint64_t    value;
};
uint64_t strace_flags(struct strace_text t, const struct strace_name *names, unsigned *unknown);

/* Behind "3</path>": the path. Empty when there is none. */
struct strace_text strace_fd_path(struct strace_text t);

bool strace_is(struct strace_text t, const char *word);

extern const struct strace_name strace_prots[], strace_maps[], strace_advices[], strace_clones[], strace_remaps[],
	strace_signals[];

#endif
