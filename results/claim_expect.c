/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_expect - the sentence of a claim, word by word; the grammar is in claim.h.
 *
 * Every sentence about a number comes down to an interval, perhaps without its ends, that the number must lie in.
 */
#include "results/claim.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- numbers and units ---------------------------------------------------------------------------- */

static const struct { const char *name; enum claim_kind kind; double factor; } units[] = {
	{ "", CLAIM_PLAIN, 1 }, { "1", CLAIM_PLAIN, 1 },
	{ "ps", CLAIM_TIME, 1e-3 }, { "ns", CLAIM_TIME, 1 }, { "us", CLAIM_TIME, 1e3 }, { "ms", CLAIM_TIME, 1e6 },
	{ "s", CLAIM_TIME, 1e9 }, { "min", CLAIM_TIME, 60e9 },
	{ "B", CLAIM_SIZE, 1 }, { "byte", CLAIM_SIZE, 1 }, { "bytes", CLAIM_SIZE, 1 }, { "KiB", CLAIM_SIZE, 0x1p10 },
	{ "MiB", CLAIM_SIZE, 0x1p20 }, { "GiB", CLAIM_SIZE, 0x1p30 }, { "TiB", CLAIM_SIZE, 0x1p40 },
	{ "Hz", CLAIM_FREQUENCY, 1 }, { "kHz", CLAIM_FREQUENCY, 1e3 }, { "MHz", CLAIM_FREQUENCY, 1e6 },
	{ "GHz", CLAIM_FREQUENCY, 1e9 },
	{ "%", CLAIM_PERCENT, 1 }, { "pages", CLAIM_PAGES, 1 }, { "blocks", CLAIM_BLOCKS, 1 },
};

static bool unit_of(const char *text, size_t n, enum claim_kind *kind, double *factor)
{
	for (size_t i = 0; i < EG_ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == n && strncmp(units[i].name, text, n) == 0) {
			*kind = units[i].kind;
			*factor = units[i].factor;
			return true;
		}
	return false;
}

bool claim_unit(const char *unit, enum claim_kind *kind, double *factor)
{
	return unit_of(unit, strlen(unit), kind, factor);
}

static size_t unit_length(const char *text)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '%' || (text[n] == '/' && n))
		n++;
	return n;
}

/* "us/MiB" of n characters. */
static bool compound_unit(const char *text, size_t n, struct claim_number *out)
{
	const char *slash = memchr(text, '/', n);
	size_t first = slash ? (size_t)(slash - text) : n;
	double factor, below = 1;

	if (!unit_of(text, first, &out->kind, &factor))
		return false;
	if (slash && (!unit_of(slash + 1, n - first - 1, &out->per, &below) || out->per == CLAIM_PLAIN))
		return false;
	out->value *= factor / below;
	return true;
}

/*
 * A number, and its unit if it touches it or is a known one. The end; NULL when it is no number (*unit: NULL) or its
 * unit is none (*unit: where that stands).
 */
static const char *read_number(const char *text, struct claim_number *out, const char **unit)
{
	char *end;
	size_t n;

	*unit = NULL;
	*out = (struct claim_number){ 0 };
	n = strspn(text, "+-");
	if (n > 1 || (!isdigit((unsigned char)text[n]) && text[n] != '.') || (text[n] == '0' && tolower((unsigned char)text[n + 1]) == 'x'))
		return NULL;
	out->value = strtod(text, &end);
	if (end == text || !isfinite(out->value))
		return NULL;
	n = unit_length(end);
	if (n) {
		*unit = end;
		return compound_unit(end, n, out) ? end + n : NULL;
	}
	text = end + strspn(end, " \t");
	n = unit_length(text);
	return n && compound_unit(text, n, out) ? text + n : end;
}

bool claim_number(const char *text, struct claim_number *n)
{
	const char *unit, *end = read_number(text, n, &unit);

	return end && !*end;
}

/* ---- words ---------------------------------------------------------------------------------------- */

struct sentence {
	const char      *at;
	struct eg_arena *arena;
	char            *why;
	size_t           why_size;
	bool             no_memory;
};

static bool wrong(struct sentence *s, const char *fmt, ...) EG_PRINTF(2, 3);
static bool wrong(struct sentence *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(s->why, s->why_size, fmt, ap);
	va_end(ap);
	return false;
}

static void blanks(struct sentence *s)
{
	s->at += strspn(s->at, " \t\n");
}

static size_t word_length(const char *text)
{
	return strcspn(text, " \t\n<>=[],");
}

/* Take the word if it comes next. */
static bool take(struct sentence *s, const char *word)
{
	size_t n = strlen(word);

	blanks(s);
	if (strncmp(s->at, word, n) != 0 || (isalpha((unsigned char)word[0]) && word_length(s->at) != n))
		return false;
	s->at += n;
	return true;
}

/* What stands here, for a message. */
static const char *found(struct sentence *s, char buf[48])
{
	blanks(s);
	if (!*s->at)
		return "the end";
	(void)snprintf(buf, 48, "%.40s", s->at);
	return buf;
}

static bool expected(struct sentence *s, const char *what)
{
	char buf[48];

	return wrong(s, "expected %s; found %s", what, found(s, buf));
}

static bool number(struct sentence *s, const char *after, struct claim_number *out)
{
	const char *end, *unit;
	char what[80];

	blanks(s);
	end = read_number(s->at, out, &unit);
	if (!end && unit)
		return wrong(s, "unknown unit %.*s; known: ps ns us ms s min, B KiB MiB GiB TiB, Hz kHz MHz GHz, %%, pages, "
			     "blocks, and one per another, such as us/MiB", (int)unit_length(unit), unit);
	if (!end) {
		(void)snprintf(what, sizeof(what), "a number after %s", after);
		return expected(s, what);
	}
	s->at = end;
	return true;
}

/* "within 5 %" after the word within. */
static bool share(struct sentence *s, double *out)
{
	struct claim_number n;

	if (!number(s, "within", &n))
		return false;
	if (n.kind != CLAIM_PERCENT || n.per != CLAIM_PLAIN || !(n.value > 0) || n.value > 1000)
		return wrong(s, "within wants a percentage above 0, such as within 5 %%");
	*out = n.value / 100;
	return true;
}

/* A word or a text in quotes, into the arena. */
static bool name(struct sentence *s, const char *what, const char **out)
{
	char quote, *copy;
	size_t n;

	blanks(s);
	quote = *s->at;
	if (quote == '"' || quote == '\'') {
		const char *end = strchr(s->at + 1, quote);

		if (!end)
			return wrong(s, "the quote %c has no end", quote);
		s->at++;
		n = (size_t)(end - s->at);
	} else {
		quote = '\0';
		n = word_length(s->at);
	}
	if (!n)
		return expected(s, what);
	copy = eg_arena_alloc(s->arena, n + 1, 1);
	if (!copy) {
		s->no_memory = true;
		return false;
	}
	memcpy(copy, s->at, n);
	s->at += n + (quote != '\0');
	*out = copy;
	return true;
}

/* ---- the sentence --------------------------------------------------------------------------------- */

/* over AXIS [from A to B] */
static bool over(struct sentence *s, const char *form, struct claim_expect *e)
{
	char what[80];

	if (!take(s, "over")) {
		(void)snprintf(what, sizeof(what), "over AXIS after %s", form);
		return expected(s, what);
	}
	if (!name(s, "the axis after over", &e->axis))
		return false;
	if (!take(s, "from"))
		return true;
	if (e->nr_order)
		return wrong(s, "order names its labels; leave out from ... to ...");
	if (!name(s, "a label after from", &e->from))
		return false;
	return take(s, "to") ? name(s, "a label after to", &e->to) : expected(s, "to LABEL after from LABEL");
}

static bool same_kind(const struct claim_number *a, const struct claim_number *b)
{
	return a->kind == b->kind && a->per == b->per;
}

static bool is_zero(const struct claim_number *n)
{
	return n->kind == CLAIM_PLAIN && !(fabs(n->value) > 0);
}

static bool between(struct sentence *s, struct claim_expect *e, struct claim_number *a)
{
	struct claim_number b;

	if (!take(s, "["))
		return expected(s, "[LOW, HIGH] after in");
	if (!number(s, "[", a))
		return false;
	if (!take(s, ","))
		return expected(s, "a comma between the ends");
	if (!number(s, "the comma", &b))
		return false;
	if (!take(s, "]"))
		return expected(s, "] after the upper end");
	if (!same_kind(a, &b) && !is_zero(a) && !is_zero(&b))
		return wrong(s, "both ends want the same kind of unit");
	if (!(a->value <= b.value))
		return wrong(s, "the lower end is above the upper one");
	e->low = a->value;
	e->high = b.value;
	if (is_zero(a))
		*a = b;
	return true;
}

static bool equals(struct sentence *s, struct claim_expect *e, struct claim_number *n)
{
	double p = 0;

	if (!number(s, "=", n))
		return false;
	e->low = e->high = n->value;
	if (!take(s, "within"))
		return true;
	if (!share(s, &p))
		return false;
	if (!(fabs(n->value) > 0))
		return wrong(s, "a percentage of 0 is 0; write = 0, or in [LOW, HIGH]");
	e->low = n->value - p * fabs(n->value);
	e->high = n->value + p * fabs(n->value);
	return true;
}

/* OP X, in [X, Y], = X, = X within P % */
static bool bounds(struct sentence *s, struct claim_expect *e)
{
	struct claim_number n = { 0 };

	e->low = -(double)INFINITY;
	e->high = (double)INFINITY;
	if (take(s, "in")) {
		if (!between(s, e, &n))
			return false;
	} else if (take(s, "==")) {
		return wrong(s, "== is written =");
	} else if (take(s, "=")) {
		if (!equals(s, e, &n))
			return false;
	} else if (take(s, ">") || take(s, "<")) {
		bool above = s->at[-1] == '>', or_equal = *s->at == '=';

		s->at += or_equal;
		if (!number(s, above ? or_equal ? ">=" : ">" : or_equal ? "<=" : "<", &n))
			return false;
		if (above) {
			e->low = n.value;
			e->low_open = !or_equal;
		} else {
			e->high = n.value;
			e->high_open = !or_equal;
		}
	} else {
		return expected(s, "one of > >= < <= = in");
	}
	e->kind = n.kind;
	e->per = n.per;
	if (e->form == CLAIM_RATIO && (n.kind != CLAIM_PLAIN || n.per != CLAIM_PLAIN))
		return wrong(s, "a ratio has no unit");
	if (e->form != CLAIM_SLOPE && n.per != CLAIM_PLAIN)
		return wrong(s, "one unit per another is for a slope");
	return true;
}

/* A < B < C, or with >. */
static bool order(struct sentence *s, struct claim_expect *e)
{
	const char *label[64];
	char sign = '\0';

	for (;;) {
		if (e->nr_order == EG_ARRAY_LEN(label))
			return wrong(s, "order takes at most %zu labels", EG_ARRAY_LEN(label));
		if (!name(s, "a label of the axis", &label[e->nr_order]))
			return false;
		for (unsigned i = 0; i < e->nr_order; i++)
			if (strcmp(label[i], label[e->nr_order]) == 0)
				return wrong(s, "the label %.60s stands twice in this order", label[i]);
		e->nr_order++;
		blanks(s);
		if (*s->at != '<' && *s->at != '>')
			break;
		if (sign && *s->at != sign)
			return wrong(s, "an order goes one way: all < or all >");
		sign = *s->at++;
	}
	if (e->nr_order < 2)
		return expected(s, "< or > and another label");
	e->order = eg_arena_alloc(s->arena, e->nr_order, sizeof(*e->order));
	if (!e->order) {
		s->no_memory = true;
		return false;
	}
	memcpy(e->order, label, e->nr_order * sizeof(*label));
	e->form = CLAIM_STEPS;
	e->low = sign == '<' ? 0 : -(double)INFINITY;
	e->high = sign == '<' ? (double)INFINITY : 0;
	e->low_open = e->high_open = true;
	return over(s, "the order", e);
}

static bool parse(struct sentence *s, struct claim_expect *e)
{
	static const struct { const char *word; enum claim_form form; } quantities[] = {
		{ "value", CLAIM_VALUE }, { "ratio", CLAIM_RATIO }, { "difference", CLAIM_DIFFERENCE }, { "slope", CLAIM_SLOPE },
	};
	static const struct { const char *word; double low, high; bool strict; } trends[] = {
		{ "increasing", 0, (double)INFINITY, true }, { "decreasing", -(double)INFINITY, 0, true },
		{ "nondecreasing", 0, (double)INFINITY, false }, { "nonincreasing", -(double)INFINITY, 0, false },
	};
	double p = 0;

	for (size_t i = 0; i < EG_ARRAY_LEN(quantities); i++)
		if (take(s, quantities[i].word)) {
			e->form = quantities[i].form;
			return (e->form != CLAIM_SLOPE || over(s, "slope", e)) && bounds(s, e);
		}
	for (size_t i = 0; i < EG_ARRAY_LEN(trends); i++)
		if (take(s, trends[i].word)) {
			*e = (struct claim_expect){ .form = CLAIM_STEPS, .low = trends[i].low, .high = trends[i].high,
						    .low_open = trends[i].strict, .high_open = trends[i].strict };
			return over(s, trends[i].word, e);
		}
	if (take(s, "order"))
		return order(s, e);
	if (!take(s, "flat"))
		return expected(s, "one of value, ratio, difference, slope, increasing, decreasing, nondecreasing, nonincreasing, "
				"flat, order");
	e->form = CLAIM_FLAT;
	if (!take(s, "within"))
		return expected(s, "within P % after flat");
	if (!share(s, &p))
		return false;
	e->low = 1 / (1 + p);
	e->high = 1 + p;
	return over(s, "flat within P %", e);
}

eg_status claim_expect_parse(const char *sentence, struct claim_expect *e, struct eg_arena *a, char *why, size_t why_size)
{
	struct sentence s = { .at = sentence, .arena = a, .why = why, .why_size = why_size };
	bool good;

	*e = (struct claim_expect){ 0 };
	good = parse(&s, e);
	blanks(&s);
	if (good && *s.at)
		good = expected(&s, "the end of the sentence");
	return good ? EG_OK : s.no_memory ? EG_NO_MEMORY : EG_BAD_INPUT;
}
