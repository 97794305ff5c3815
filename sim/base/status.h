/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status - host failures: a must-use value that travels up, and the list its messages go to.
 *
 * Three kinds of failure have three mechanisms. A simulated failure (ENOMEM, SIGSEGV) is part of the
 * result. A broken invariant stops the run (check.h). A host failure - bad YAML, damaged trace, full
 * disk, no memory - is an eg_status, carried up unchanged; the text goes to the struct eg_errors that
 * the caller passed in, and only sim/cli prints it and picks the exit code.
 */
#ifndef SIM_BASE_STATUS_H
#define SIM_BASE_STATUS_H

#include "sim/base/types.h"

#define EG_STATUS_MAP(X)  /* name, exit code of engram, text */            \
	X(OK,          0,   "success")                                     \
	X(FAILED,      1,   "a cell or a claim failed")                    \
	X(USAGE,       2,   "wrong use of the command")                    \
	X(BAD_INPUT,   3,   "invalid input")                               \
	X(NO_MEMORY,   4,   "out of host memory")                          \
	X(IO,          4,   "cannot read or write a file")                 \
	X(INTERRUPTED, 130, "interrupted")

typedef enum {
#define X(name, code, text) EG_##name,
	EG_STATUS_MAP(X)
#undef X
} eg_status;

#define EG_MUST_USE __attribute__((warn_unused_result))

#define EG_TRY(call) do { eg_status s_ = (call); if (s_ != EG_OK) return s_; } while (0)

/* The exit code of the engram command for a status, and its text (static). */
int         eg_status_exit_code(eg_status s);
const char *eg_status_text(eg_status s);

/*
 * A list of messages, one line each (an optional second line is a hint, indented by two spaces when
 * printed). Fixed storage, so that reporting "out of memory" needs no memory: messages past the
 * capacity are counted, not stored.
 */
#define EG_ERRORS_MAX   64
#define EG_ERRORS_CHARS 640

struct eg_errors {
	unsigned nr;                              /* stored messages, <= EG_ERRORS_MAX          */
	unsigned dropped;                         /* messages that found no room                */
	char     text[EG_ERRORS_MAX][EG_ERRORS_CHARS];
};

/* Append a message, control characters but line ends and tabs as \xNN; returns `s`, so that a function can end with `return eg_fail(...)`. `e` may be NULL. */
eg_status eg_fail(struct eg_errors *e, eg_status s, const char *fmt, ...) EG_PRINTF(3, 4);

/* As eg_fail(EG_IO), with ": strerror(errno)" appended. ENOENT, EACCES and EISDIR on an input are
 * EG_BAD_INPUT: pass `input` = true for a file that was to be read. */
eg_status eg_fail_errno(struct eg_errors *e, bool input, const char *fmt, ...) EG_PRINTF(3, 4);

#endif
