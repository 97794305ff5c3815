/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * column - one column of a figure's table: which of its alternatives the results can feed; see column.h.
 */
#include "plots/column.h"

#include "sim/base/check.h"

void column_field(const char *text, unsigned i, char *to, size_t size)
{
	size_t n;

	for (; i && *text; text++)
		i -= *text == ';';
	text += strspn(text, " ");
	n = strcspn(text, ";");
	while (n && text[n - 1] == ' ')
		n--;
	n = n < size ? n : size - 1;
	memcpy(to, text, n);
	to[n] = '\0';
}

/* The metric of that name in the summary or the series of a file; -1. */
static int find(const struct result_file *f, bool series, const char *name)
{
	return series ? result_find_series(f, name) : result_find_metric(f, name);
}

static bool has_all(const struct plot *p, bool series, const struct expr *e)
{
	for (unsigned i = 0; i < p->nr_points; i++) {
		unsigned n = 0;

		while (n < e->nr && find(p->points[i].file, series, e->names[n]) >= 0)
			n++;
		if (n == e->nr)
			return true;
	}
	return false;
}

bool column_choose(const struct plot *p, bool series, const char *text, struct column *c)
{
	struct column first;
	bool have_first = false;

	memset(c, 0, sizeof(*c));
	column_field(text, 1, c->label, sizeof(c->label));
	column_field(text, 2, c->unit, sizeof(c->unit));
	column_field(text, 3, c->stack, sizeof(c->stack));
	for (;;) {
		const char *end = expr_parse(&c->expr, text, "|;", NULL, NULL);

		EG_CHECK(end);          /* a figure of ours that a test renders */
		c->text = text + strspn(text, " ");
		c->text_len = (size_t)(end - c->text);
		while (c->text_len && c->text[c->text_len - 1] == ' ')
			c->text_len--;
		if (has_all(p, series, &c->expr))
			return true;
		if (!have_first)
			first = *c;
		have_first = true;
		if (*end != '|')
			break;
		text = end + 1;
	}
	*c = first;
	return false;
}

const char *column_unit(const struct plot *p, bool series, const struct column *c)
{
	if (*c->unit)
		return c->unit;
	for (unsigned i = 0; i < p->nr_points; i++) {
		int m = find(p->points[i].file, series, c->expr.names[0]);

		if (m >= 0)
			return series ? result_series(p->points[i].file, (unsigned)m)->unit
				      : result_metric(p->points[i].file, (unsigned)m)->unit;
	}
	return "1";
}

void column_define(struct plot *p, const struct column *c)
{
	eg_str_addf(&p->notes, "%s: %.*s\n", c->label, (int)c->text_len, c->text);
}
