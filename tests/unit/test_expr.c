/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_expr - expressions of metrics: precedence, values that are not there, units, and what is no expression. */
#include <math.h>
#include <stdio.h>

#include "results/expr.h"
#include "tests/tap.h"

static const double v[] = { 1, 2, 4, 8 }, hole[] = { 1, (double)NAN };

static void value(const char *text, double want)
{
	struct expr e;
	const char *end = expr_parse(&e, text, "", NULL, NULL);
	double got = end ? expr_value(&e, v) : (double)NAN;

	ok(end && !*end && got >= want && got <= want, "%s is %g", text, want);
}

static void wrong(const char *text, const char *want, unsigned column)
{
	const char *why = NULL, *at = text, *end;
	struct expr e;

	end = expr_parse(&e, text, "|;", &why, &at);
	ok(!end && why && strcmp(why, want) == 0 && at == text + column, "'%s' in column %u: %s (got %s in %d)", text, column, want,
	   why ? why : "nothing", (int)(at - text));
}

static void unit(const char *text, const char *want)
{
	static const char *const units[] = { "ns", "bytes", "ns", "1" };
	struct expr e;
	const char *got = expr_parse(&e, text, "", NULL, NULL) ? expr_unit(&e, units) : "no expression";

	is_str(got ? got : "none", want, text);
}

int main(void)
{
	static const double zero[] = { 1, 0 };
	struct expr e;
	const char *end;
	char text[400];

	value("a", 1);
	value("a + b * c", 9);          /* names are a, b, c, d = 1, 2, 4, 8 in the order of their first use */
	value("(a + b) * c", 12);
	value("a - b - c", -5);
	value("a - (b - c)", 3);
	value("a / b / c", 0.125);
	value("a / b * c", 2);
	value("-a", -1);
	value("a - -b", 3);
	value("-(a + b) * c", -12);
	value("a * -b", -2);
	value("a + a * a", 2);
	value("((a))", 1);
	value("1.5e1 * a", 15);
	value(".5 * frag.n0_x", 0.5);
	value("100 * (a.x + b_2) / (c + d)", 25);
	end = expr_parse(&e, "(a.x + b_2) / (c + d) * 100 ; label", "|;", NULL, NULL);
	ok(end && *end == ';' && e.nr == 4, "up to a character that ends it");
	is_str(e.names[0], "a.x", "the first name");
	is_str(e.names[3], "d", "the last name");
	ok(expr_parse(&e, "a + b + a", "", NULL, NULL) && e.nr == 2, "a name that comes twice is one");
	ok(expr_parse(&e, "a / b", "", NULL, NULL) && isnan(expr_value(&e, zero)) && isnan(expr_value(&e, hole)),
	   "a divisor of zero, or a value that is not there");
	wrong("", "expected a metric or a number", 0);
	wrong("+", "expected a metric or a number", 0);
	wrong("a + ", "expected a metric or a number", 4);
	wrong("a b", "expected + - * / or the end", 2);
	wrong("a * 0x10", "expected a metric or a number", 4);
	wrong("a * 1e999", "expected a metric or a number", 4);
	wrong("a * 2b", "expected a metric or a number", 4);
	wrong("(a + b", "a ( without its )", 6);
	wrong("a + b)", "a ) without its (", 5);
	wrong("()", "expected a metric or a number", 1);
	wrong("a+b+c+d+e+f+g+h+i+j+k+l+m", "this expression has too many names", 24);
	memset(text, '(', 60);
	text[60] = '\0';
	ok(!expr_parse(&e, text, "", NULL, NULL), "sixty parentheses");
	memset(text, 'a', 100);
	text[100] = '\0';
	ok(!expr_parse(&e, text, "", NULL, NULL), "a name of a hundred letters");
	text[0] = '\0';
	for (unsigned i = 0; i < 60; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sa", i ? "+" : "");
	ok(!expr_parse(&e, text, "", NULL, NULL), "sixty operands");
	unit("a", "ns");
	unit("a + b", "none");
	unit("a / b", "none");
	unit("a / a", "1");
	unit("100 * a / a", "1");
	unit("a * 2 - a", "ns");
	unit("-a", "ns");
	unit("1 / a", "none");
	return tap_done();
}
