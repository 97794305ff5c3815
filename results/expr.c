/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr - see expr.h. Dijkstra's two stacks (the "shunting yard", MC report MR 34/61, 1961): operators wait on one until
 * one that binds weaker arrives, operands go straight to the postfix form. No recursion: the depth of parentheses is
 * bounded by the length of the stack.
 */
#include "results/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Operators that wait, and what went wrong. */
struct yard {
	struct expr *e;
	char         waiting[EXPR_MAX_STEPS];
	unsigned     nr_waiting;
	const char  *why;
};

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static int binding(char op)
{
	return op == '(' ? 0 : op == '+' || op == '-' ? 1 : op == '~' ? 3 : 2;
}

static bool emit(struct yard *y, struct expr_step step)
{
	if (y->e->nr_steps == EXPR_MAX_STEPS)
		y->why = "this expression is too long";
	else
		y->e->steps[y->e->nr_steps++] = step;
	return !y->why;
}

static bool defer(struct yard *y, char op)
{
	if (y->nr_waiting == EXPR_MAX_STEPS)
		y->why = "this expression is too long";
	else
		y->waiting[y->nr_waiting++] = op;
	return !y->why;
}

/* What binds at least as strongly as `strength` need wait no longer. */
static bool release(struct yard *y, int strength)
{
	while (y->nr_waiting && y->waiting[y->nr_waiting - 1] != '(' && binding(y->waiting[y->nr_waiting - 1]) >= strength)
		if (!emit(y, (struct expr_step){ .op = y->waiting[--y->nr_waiting] }))
			return false;
	return true;
}

static const char *take_number(struct yard *y, const char *text)
{
	double number;
	char *end;

	/* strtod() knows hexadecimal numbers and words, which are no numbers here */
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return NULL;
	number = strtod(text, &end);
	if (end == text || in_name(*end) || !isfinite(number))
		return NULL;
	return emit(y, (struct expr_step){ .op = '#', .number = number }) ? end : NULL;
}

static const char *take_name(struct yard *y, const char *text)
{
	struct expr *e = y->e;
	unsigned name = 0;
	size_t n = 0;

	while (in_name(text[n]))
		n++;
	if (n >= sizeof(e->names[0])) {
		y->why = "this name is too long";
		return NULL;
	}
	while (name < e->nr && (strncmp(e->names[name], text, n) != 0 || e->names[name][n]))
		name++;
	if (name == EXPR_MAX_NAMES) {
		y->why = "this expression has too many names";
		return NULL;
	}
	if (name == e->nr) {
		memcpy(e->names[name], text, n);
		e->names[name][n] = '\0';
		e->nr++;
	}
	return emit(y, (struct expr_step){ .op = 'n', .name = name }) ? text + n : NULL;
}

/* A name or number with what stands before it; its end, or NULL. */
static const char *operand(struct yard *y, const char *text, const char **at)
{
	const char *end;

	for (;; text++) {
		text += strspn(text, " \t");
		*at = text;
		if (*text == '(' || *text == '-') {
			if (!defer(y, *text == '(' ? '(' : '~'))
				return NULL;
			continue;
		}
		if (isdigit((unsigned char)*text) || *text == '.')
			end = take_number(y, text);
		else if (in_name(*text))
			end = take_name(y, text);
		else
			end = NULL;
		if (!end && !y->why)
			y->why = "expected a metric or a number";
		return end;
	}
}

const char *expr_parse(struct expr *e, const char *text, const char *stop, const char **why, const char **at)
{
	struct yard y = { .e = e };
	const char *where = text;

	*e = (struct expr){ 0 };
	for (;;) {
		text = operand(&y, text, &where);
		if (!text)
			break;
		for (text += strspn(text, " \t"); *text == ')'; text += 1 + strspn(text + 1, " \t")) {
			where = text;
			if (!release(&y, 1))
				break;
			if (!y.nr_waiting) {
				y.why = "a ) without its (";
				break;
			}
			y.nr_waiting--;
		}
		where = text;
		if (y.why)
			break;
		if (*text == '\0' || strchr(stop, *text)) {
			if (release(&y, 1) && !y.nr_waiting)
				return text;
			y.why = y.why ? y.why : "a ( without its )";
			break;
		}
		if (!strchr("+-*/", *text)) {
			y.why = "expected + - * / or the end";
			break;
		}
		if (!release(&y, binding(*text)) || !defer(&y, *text))
			break;
		text++;
	}
	if (why)
		*why = y.why;
	if (at)
		*at = where;
	return NULL;
}

static double apply(char op, double a, double b)
{
	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	default:
		return b == 0.0 ? (double)NAN : a / b;
	}
}

double expr_value(const struct expr *e, const double *v)
{
	double stack[EXPR_MAX_STEPS];
	unsigned n = 0;

	for (unsigned i = 0; i < e->nr_steps; i++) {
		const struct expr_step *s = &e->steps[i];

		if (s->op == 'n' || s->op == '#') {
			stack[n++] = s->op == 'n' ? v[s->name] : s->number;
		} else if (s->op == '~') {
			stack[n - 1] = -stack[n - 1];
		} else {
			n--;
			stack[n - 1] = apply(s->op, stack[n - 1], stack[n]);
		}
	}
	return n == 1 ? stack[0] : (double)NAN;
}

/* NULL stays NULL whatever is done with it. */
static const char *combined(char op, const char *a, const char *b)
{
	bool plain_a, plain_b;

	if (!a || !b)
		return NULL;
	plain_a = strcmp(a, "1") == 0;
	plain_b = strcmp(b, "1") == 0;
	if (op == '+' || op == '-')
		return strcmp(a, b) == 0 ? a : NULL;
	if (op == '*')
		return plain_a ? b : plain_b ? a : NULL;
	return plain_b ? a : strcmp(a, b) == 0 ? "1" : NULL;
}

const char *expr_unit(const struct expr *e, const char *const *unit)
{
	const char *stack[EXPR_MAX_STEPS] = { NULL };
	unsigned n = 0;

	for (unsigned i = 0; i < e->nr_steps; i++) {
		const struct expr_step *s = &e->steps[i];

		if (s->op == 'n' || s->op == '#') {
			stack[n++] = s->op == 'n' ? unit[s->name] : "1";
		} else if (s->op != '~') {
			n--;
			stack[n - 1] = combined(s->op, stack[n - 1], stack[n]);
		}
	}
	return n == 1 ? stack[0] : NULL;
}
