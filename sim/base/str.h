/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str - a growing text buffer, and "did you mean". */
#ifndef SIM_BASE_STR_H
#define SIM_BASE_STR_H

#include "sim/base/status.h"

struct eg_str {
	char  *p;           /* NUL-terminated once something was added; owned      */
	size_t len, cap;
	bool   failed;      /* host memory ran out: the text is incomplete        */
};

/* Append; when memory runs out nothing is added and `failed` is set, to be checked once at the end. */
void eg_str_add(struct eg_str *s, const char *text);
void eg_str_addn(struct eg_str *s, const char *text, size_t n);
void eg_str_addf(struct eg_str *s, const char *fmt, ...) EG_PRINTF(2, 3);
void eg_str_free(struct eg_str *s);
/* The text, "" when empty; borrowed until the next call. */
const char *eg_str_text(const struct eg_str *s);

/* Append `text` as a JSON string with its quotes (control characters, quotes and backslash escaped). */
void eg_str_add_json(struct eg_str *s, const char *text);

/*
 * Characters that a terminal obeys instead of showing them: below blank, DEL, and U+0080..U+009F, which some terminals
 * take for escape sequences too. Names in files of others may hold them, so nothing prints them as they are.
 *
 * eg_find_control: the first one in `text` that is none of `but` ("\n\t", ""), else NULL.
 * eg_make_visible: each as \xNN, within the `size` bytes of the buffer (its end is cut when they get too few).
 * eg_str_add_visible: append the text so.
 */
const char *eg_find_control(const char *text, const char *but);
void        eg_make_visible(char *text, size_t size, const char *but);
void        eg_str_add_visible(struct eg_str *s, const char *text);

/*
 * The candidate nearest to `word` (edit distance <= 2, at most a third of its length for short words,
 * or a unique prefix), or NULL. next(ctx, i) returns candidate i, NULL past the last.
 */
const char *eg_did_you_mean(const char *word, const char *(*next)(const void *ctx, unsigned i), const void *ctx);

#endif
