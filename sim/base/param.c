/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param - reading values with units, and tables of them; see param.h. */
#include "sim/base/param.h"

#include <errno.h>
#include <stdio.h>

#include "sim/base/check.h"
#include "sim/base/mem.h"
#include "sim/base/str.h"

struct unit {
	const char *name;
	uint64_t    scale;      /* in the base unit of the type */
};

static const struct unit size_units[] = {
	{ "B", 1 }, { "KiB", UINT64_C(1) << 10 }, { "MiB", UINT64_C(1) << 20 }, { "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 },
	{ "TB", UINT64_C(1000000000000) }, { 0, 0 }
};
static const struct unit time_units[] = {
	{ "ps", 1 }, { "ns", EG_PS_PER_NS }, { "us", EG_PS_PER_US }, { "ms", EG_PS_PER_MS }, { "s", EG_PS_PER_S },
	{ "min", 60 * EG_PS_PER_S }, { 0, 0 }
};
static const struct unit freq_units[] = {
	{ "Hz", 1 }, { "kHz", 1000 }, { "MHz", 1000000 }, { "GHz", 1000000000 }, { 0, 0 }
};
static const struct unit bandwidth_units[] = {
	{ "B/s", 1 }, { "KiB/s", UINT64_C(1) << 10 }, { "MiB/s", UINT64_C(1) << 20 }, { "GiB/s", UINT64_C(1) << 30 },
	{ "kB/s", 1000 }, { "MB/s", 1000000 }, { "GB/s", 1000000000 }, { 0, 0 }
};

static const char *const type_words[] = {
#define X(name, word, example) word,
	EG_PARAM_TYPE_MAP(X)
#undef X
};
static const char *const type_examples[] = {
#define X(name, word, example) example,
	EG_PARAM_TYPE_MAP(X)
#undef X
};

unsigned eg_param_count(const struct eg_param *params)
{
	unsigned n = 0;

	while (params && params[n].name)
		n++;
	return n;
}

int eg_param_find(const struct eg_param *params, const char *name)
{
	for (unsigned i = 0; params && params[i].name; i++)
		if (strcmp(params[i].name, name) == 0)
			return (int)i;
	return -1;
}

/*
 * A decimal number with an optional fraction, times a scale, as an exact integer: floating point would
 * make 0.1us depend on the host's library. Digits that the scale cannot hold are an error, not rounded.
 */
static bool scaled_number(const char *text, const char **end, uint64_t scale, uint64_t *out)
{
	unsigned __int128 value = 0;
	uint64_t frac = 0, frac_div = 1;
	const char *c = text;
	bool digits = false;

	for (; *c >= '0' && *c <= '9'; c++, digits = true) {
		value = value * 10 + (unsigned)(*c - '0');
		if (value > UINT64_MAX)
			return false;
	}
	if (*c == '.')
		for (c++; *c >= '0' && *c <= '9'; c++, digits = true) {
			if (frac_div > UINT64_C(1000000000000000))
				return false;
			frac = frac * 10 + (unsigned)(*c - '0');
			frac_div *= 10;
		}
	if (!digits)
		return false;
	*end = c;
	value *= scale;
	if (frac) {
		unsigned __int128 f = (unsigned __int128)frac * scale;

		if (f % frac_div)
			return false;
		value += f / frac_div;
	}
	if (value > UINT64_MAX)
		return false;
	*out = (uint64_t)value;
	return true;
}

static bool number_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
	const char *unit = text, *end;

	while ((*unit >= '0' && *unit <= '9') || *unit == '.')
		unit++;
	while (*unit == ' ')
		unit++;
	for (; units->name; units++)
		if (strcmp(unit, units->name) == 0)
			return scaled_number(text, &end, units->scale, out);
	/* zero needs no unit: it is the same in all of them */
	return *unit == '\0' && strcmp(text, "0") == 0 && ((*out = 0), true);
}

static int choice_index(const char *choices, const char *word)
{
	size_t len = strlen(word);
	int i = 0;

	while (choices) {
		const char *bar = strchr(choices, '|');
		size_t n = bar ? (size_t)(bar - choices) : strlen(choices);

		if (n == len && strncmp(choices, word, n) == 0)
			return i;
		choices = bar ? bar + 1 : NULL;
		i++;
	}
	return -1;
}

static bool parse_value(const struct eg_param *p, const char *text, struct eg_value *v)
{
	const char *end;
	char *stop;
	int i;

	switch (p->type) {
	case EG_PARAM_BOOL:
		v->u = strcmp(text, "true") == 0 || strcmp(text, "on") == 0 || strcmp(text, "yes") == 0;
		return v->u || strcmp(text, "false") == 0 || strcmp(text, "off") == 0 || strcmp(text, "no") == 0;
	case EG_PARAM_COUNT:
		return scaled_number(text, &end, 1, &v->u) && *end == '\0';
	case EG_PARAM_SIZE:
		return number_with_unit(text, size_units, &v->u);
	case EG_PARAM_TIME:
		return number_with_unit(text, time_units, &v->u);
	case EG_PARAM_COST:
		v->cycles = false;
		if (number_with_unit(text, time_units, &v->u))
			return true;
		v->cycles = true;
		return scaled_number(text, &end, 1000, &v->u) && strcmp(end, "cyc") == 0;
	case EG_PARAM_FREQ:
		return number_with_unit(text, freq_units, &v->u);
	case EG_PARAM_BANDWIDTH:
		return number_with_unit(text, bandwidth_units, &v->u);
	case EG_PARAM_REAL:
		errno = 0;
		v->real = strtod(text, &stop);
		return stop != text && *stop == '\0' && errno == 0 && v->real - v->real == 0.0;
	case EG_PARAM_CHOICE:
		i = choice_index(p->choices, text);
		v->u = (uint64_t)i;
		return i >= 0;
	case EG_PARAM_TEXT:
		return true;
	}
	return false;
}

/* -1, 0, 1: how v compares with the bound; both are values of the same parameter. */
static int compare(const struct eg_param *p, const struct eg_value *v, const struct eg_value *bound)
{
	if (p->type == EG_PARAM_REAL)
		return v->real < bound->real ? -1 : v->real > bound->real;
	if (v->cycles != bound->cycles)
		return 0;       /* cycles and times compare only once the clock is known */
	return v->u < bound->u ? -1 : v->u > bound->u;
}

static void describe_range(const struct eg_param *p, char *why, size_t size, const char *text)
{
	if (p->min && p->max)
		(void)snprintf(why, size, "%.80s is out of range; allowed: %s to %s", text, p->min, p->max);
	else
		(void)snprintf(why, size, "%.80s is out of range; allowed: %s %s", text,
			       p->min ? "at least" : "at most", p->min ? p->min : p->max);
}

eg_status eg_param_parse(const struct eg_param *p, const char *text, struct eg_value *v, char *why, size_t why_size)
{
	struct eg_value bound;

	*v = (struct eg_value){ 0 };
	if (!parse_value(p, text, v)) {
		if (p->type == EG_PARAM_CHOICE)
			(void)snprintf(why, why_size, "expected one of %s; found %.80s", p->choices, text);
		else
			(void)snprintf(why, why_size, "expected %s, such as %s; found %.80s",
				       type_words[p->type], type_examples[p->type], text);
		return EG_BAD_INPUT;
	}
	bound = (struct eg_value){ 0 };
	if (p->min && parse_value(p, p->min, &bound) && compare(p, v, &bound) < 0) {
		describe_range(p, why, why_size, text);
		return EG_BAD_INPUT;
	}
	bound = (struct eg_value){ 0 };
	if (p->max && parse_value(p, p->max, &bound) && compare(p, v, &bound) > 0) {
		describe_range(p, why, why_size, text);
		return EG_BAD_INPUT;
	}
	return EG_OK;
}

eg_status eg_args_init(struct eg_args *a, const struct eg_param *params, struct eg_arena *arena)
{
	unsigned n = eg_param_count(params);
	char why[160];

	a->params = params;
	a->value = eg_arena_alloc(arena, n ? n : 1, sizeof(*a->value));
	if (!a->value)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < n; i++) {
		if (!params[i].def)
			continue;
		EG_TRY(eg_param_parse(&params[i], params[i].def, &a->value[i], why, sizeof(why)));
		a->value[i].text = params[i].def;
	}
	return EG_OK;
}

static const char *param_name(const void *ctx, unsigned i)
{
	return ((const struct eg_param *)ctx)[i].name;
}

eg_status eg_args_set(struct eg_args *a, const char *name, const char *text, struct eg_arena *arena,
		      char *why, size_t why_size)
{
	int i = eg_param_find(a->params, name);
	struct eg_value v;

	if (i < 0) {
		const char *near = eg_did_you_mean(name, param_name, a->params);

		if (near)
			(void)snprintf(why, why_size, "unknown key %.60s; did you mean %s?", name, near);
		else
			(void)snprintf(why, why_size, "unknown key %.60s", name);
		return EG_BAD_INPUT;
	}
	EG_TRY(eg_param_parse(&a->params[i], text, &v, why, why_size));
	v.text = eg_arena_strdup(arena, text);
	if (!v.text)
		return EG_NO_MEMORY;
	v.given = true;
	a->value[i] = v;
	return EG_OK;
}

static const struct eg_value *get(const struct eg_args *a, const char *name, unsigned types)
{
	int i = eg_param_find(a->params, name);

	EG_CHECK(i >= 0 && (types >> a->params[i].type & 1u));
	return &a->value[i];
}

bool eg_args_bool(const struct eg_args *a, const char *name)
{
	return get(a, name, 1u << EG_PARAM_BOOL)->u != 0;
}

uint64_t eg_args_u64(const struct eg_args *a, const char *name)
{
	return get(a, name, 1u << EG_PARAM_COUNT | 1u << EG_PARAM_SIZE | 1u << EG_PARAM_TIME | 1u << EG_PARAM_FREQ |
			    1u << EG_PARAM_BANDWIDTH | 1u << EG_PARAM_CHOICE)->u;
}

double eg_args_real(const struct eg_args *a, const char *name)
{
	return get(a, name, 1u << EG_PARAM_REAL)->real;
}

const char *eg_args_text(const struct eg_args *a, const char *name)
{
	return get(a, name, 1u << EG_PARAM_TEXT | 1u << EG_PARAM_CHOICE)->text;
}

eg_time eg_args_cost(const struct eg_args *a, const char *name, uint64_t hz)
{
	const struct eg_value *v = get(a, name, 1u << EG_PARAM_COST);

	if (!v->cycles)
		return v->u;
	return (eg_time)(((unsigned __int128)v->u * (EG_PS_PER_S / 1000) + hz / 2) / hz);
}
