/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * canonical - one spelling for every value.
 *
 * The identity of a cell must not depend on how a value was written. Each is printed with the largest
 * unit that leaves a whole number; binary units for sizes and decimal ones for the rest. Reals are printed
 * with the fewest digits that read back as the same double.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/experiment/cell.h"

struct unit {
	const char *name;
	uint64_t    scale;
};

/* Ascending; the first has scale 1. */
static const struct unit size_units[] = {
	{ "B", 1 }, { "KiB", UINT64_C(1) << 10 }, { "MiB", UINT64_C(1) << 20 }, { "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 }, { NULL, 0 }
};
static const struct unit time_units[] = {
	{ "ps", 1 }, { "ns", EG_PS_PER_NS }, { "us", EG_PS_PER_US }, { "ms", EG_PS_PER_MS }, { "s", EG_PS_PER_S }, { NULL, 0 }
};
static const struct unit freq_units[] = {
	{ "Hz", 1 }, { "kHz", 1000 }, { "MHz", 1000000 }, { "GHz", 1000000000 }, { NULL, 0 }
};
static const struct unit bandwidth_units[] = {
	{ "B/s", 1 }, { "kB/s", 1000 }, { "MB/s", 1000000 }, { "GB/s", 1000000000 }, { NULL, 0 }
};

static void with_unit(uint64_t v, const struct unit *u, char *out, size_t size)
{
	const struct unit *best = u;

	for (; v && u->name; u++)
		if (v % u->scale == 0)
			best = u;
	(void)snprintf(out, size, "%" PRIu64 "%s", v / best->scale, best->name);
}

static void real(double v, char *out, size_t size)
{
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(out, size, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
}

static void cycles(uint64_t milli, char *out, size_t size)
{
	char frac[8];

	(void)snprintf(frac, sizeof(frac), ".%03u", (unsigned)(milli % 1000));
	for (size_t n = 4; n && (frac[n - 1] == '0' || frac[n - 1] == '.'); n--)
		frac[n - 1] = '\0';
	(void)snprintf(out, size, "%" PRIu64 "%scyc", milli / 1000, frac);
}

void exp_canonical_value(const struct eg_param *p, const struct eg_value *v, char *out, size_t size)
{
	switch (p->type) {
	case EG_PARAM_BOOL:
		(void)snprintf(out, size, "%s", v->u ? "true" : "false");
		return;
	case EG_PARAM_COUNT:
		(void)snprintf(out, size, "%" PRIu64, v->u);
		return;
	case EG_PARAM_SIZE:
		with_unit(v->u, size_units, out, size);
		return;
	case EG_PARAM_COST:
		if (v->cycles)
			cycles(v->u, out, size);
		else
			with_unit(v->u, time_units, out, size);
		return;
	case EG_PARAM_TIME:
		with_unit(v->u, time_units, out, size);
		return;
	case EG_PARAM_FREQ:
		with_unit(v->u, freq_units, out, size);
		return;
	case EG_PARAM_BANDWIDTH:
		with_unit(v->u, bandwidth_units, out, size);
		return;
	case EG_PARAM_REAL:
		real(v->real, out, size);
		return;
	case EG_PARAM_CHOICE:
	case EG_PARAM_TEXT:
		(void)snprintf(out, size, "%s", v->text);
		return;
	}
}
