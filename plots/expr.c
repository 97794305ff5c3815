/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expr - see expr.h. A scanner with two states: a name or number is due, or an operator is. */
#include "plots/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

const char *expr_parse(struct expr *e, const char *text, const char *stop)
{
	bool divided = false;

	*e = (struct expr){ .factor = 1.0 };
	for (;;) {
		size_t n = 0;

		text += strspn(text, " \t");
		while (in_name(text[n]))
			n++;
		if (n == 0 || n >= sizeof(e->names[0]) || e->nr == EXPR_MAX_NAMES)
			return NULL;
		memcpy(e->names[e->nr], text, n);
		e->names[e->nr++][n] = '\0';
		text += n + strspn(text + n, " \t");
		if (*text == '/' && !divided) {
			divided = true;
			e->nr_above = e->nr;
		} else if (*text != '+') {
			break;
		}
		text++;
	}
	if (!divided)
		e->nr_above = e->nr;
	if (*text == '*') {
		char *end;

		e->factor = strtod(text + 1, &end);
		if (end == text + 1)
			return NULL;
		text = end + strspn(end, " \t");
	}
	return *text == '\0' || strchr(stop, *text) ? text : NULL;
}

double expr_value(const struct expr *e, const double *v)
{
	double above = 0, below = e->nr_above == e->nr ? 1.0 : 0;

	for (unsigned i = 0; i < e->nr; i++)
		*(i < e->nr_above ? &above : &below) += v[i];
	return below == 0.0 ? (double)NAN : above / below * e->factor;
}
