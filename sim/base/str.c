/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str - see str.h. */
#include "sim/base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/base/mem.h"

static bool room_for(struct eg_str *s, size_t more)
{
	size_t need = s->len + more + 1, cap = s->cap ? s->cap : 64;
	char *p;

	if (s->failed)
		return false;
	if (need <= s->cap)
		return true;
	while (cap < need)
		cap *= 2;
	p = eg_realloc(s->p, cap, 1);
	if (!p) {
		s->failed = true;
		return false;
	}
	s->p = p;
	s->cap = cap;
	return true;
}

void eg_str_addn(struct eg_str *s, const char *text, size_t n)
{
	if (!room_for(s, n))
		return;
	memcpy(s->p + s->len, text, n);
	s->len += n;
	s->p[s->len] = '\0';
}

void eg_str_add(struct eg_str *s, const char *text)
{
	eg_str_addn(s, text, strlen(text));
}

void eg_str_addf(struct eg_str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !room_for(s, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->p + s->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)n;
}

void eg_str_free(struct eg_str *s)
{
	eg_free(s->p);
	*s = (struct eg_str){ 0 };
}

const char *eg_str_text(const struct eg_str *s)
{
	return s->p ? s->p : "";
}

/* Bytes of the control character at p, or 0. */
static unsigned control_at(const char *p)
{
	unsigned char c = (unsigned char)p[0], next = c ? (unsigned char)p[1] : 0;

	if (c == 0xc2 && next >= 0x80 && next < 0xa0)
		return 2;
	return c && (c < 0x20 || c == 0x7f);
}

const char *eg_find_control(const char *text, const char *but)
{
	for (; *text; text++)
		if (control_at(text) && !strchr(but, *text))
			return text;
	return NULL;
}

void eg_make_visible(char *text, size_t size, const char *but)
{
	size_t len = strlen(text);
	char *at = text;

	while ((at = (char *)(uintptr_t)eg_find_control(at, but)) != NULL) {
		static const char digits[] = "0123456789abcdef";
		unsigned n = control_at(at), code = (unsigned char)at[n - 1];
		size_t room = size - (size_t)(at - text), rest = len - (size_t)(at - text) - n;

		if (room <= 4) {
			*at = '\0';
			return;
		}
		if (rest > room - 5)
			rest = room - 5;
		memmove(at + 4, at + n, rest);
		at[0] = '\\';
		at[1] = 'x';
		at[2] = digits[code >> 4];
		at[3] = digits[code & 15];
		at[4 + rest] = '\0';
		len = (size_t)(at - text) + 4 + rest;
		at += 4;
	}
}

void eg_str_add_visible(struct eg_str *s, const char *text)
{
	for (const char *c; (c = eg_find_control(text, "")) != NULL;) {
		unsigned n = control_at(c);

		eg_str_addn(s, text, (size_t)(c - text));
		eg_str_addf(s, "\\x%02x", (unsigned)(unsigned char)c[n - 1]);
		text = c + n;
	}
	eg_str_add(s, text);
}

void eg_str_add_json(struct eg_str *s, const char *text)
{
	unsigned n;

	eg_str_add(s, "\"");
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\') {
			eg_str_addf(s, "\\%c", *c);
		} else if (*c == '\n') {
			eg_str_add(s, "\\n");
		} else if (*c == '\t') {
			eg_str_add(s, "\\t");
		} else if ((n = control_at(c)) != 0) {
			c += n - 1;
			eg_str_addf(s, "\\u%04x", (unsigned)(unsigned char)*c);
		} else {
			eg_str_addn(s, c, 1);
		}
	}
	eg_str_add(s, "\"");
}

enum { WORD_MAX = 64 };

/* Edit distance with transpositions (optimal string alignment); words longer than WORD_MAX are far. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned d[3][WORD_MAX + 1];

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = d[i % 3], *up = d[(i - 1) % 3], *up2 = d[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return d[n % 3][m];
}

const char *eg_did_you_mean(const char *word, const char *(*next)(const void *ctx, unsigned i), const void *ctx)
{
	size_t len = strlen(word);
	unsigned best = len < 4 ? 2 : 3, nr_prefix = 0;      /* accept distances below this */
	const char *found = NULL, *prefix = NULL, *c;

	for (unsigned i = 0; (c = next(ctx, i)) != NULL; i++) {
		unsigned d = distance(word, c);

		if (d < best) {
			best = d;
			found = c;
		}
		if (len >= 2 && strncmp(word, c, len) == 0) {
			prefix = c;
			nr_prefix++;
		}
	}
	if (found)
		return found;
	return nr_prefix == 1 ? prefix : NULL;
}
