/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit - one list of columns for both attach() and sample().
 *
 * The order of a metric's columns and the order of its values must agree. So a metric walks over its
 * columns in one function, called with `set` when the machine is built (names are made, columns added)
 * and with `out` for every sample (values are written; no text is made).
 */
#ifndef SIM_METRIC_EMIT_H
#define SIM_METRIC_EMIT_H

#include "sim/metric/metric.h"

struct phys_zone_view;

struct metric_emit {
	struct metric_set *set;     /* attach(): declare; NULL in sample()                */
	double            *out;     /* sample(): values, one a column; NULL in attach()   */
	size_t             nr;      /* columns so far                                     */
};

/*
 * The next column: unit, long_name, kind, better and series from *like, its name from the format. A
 * METRIC_VALUE column gets its value in final(), so pass NAN.
 */
void metric_emit(struct metric_emit *e, const struct metric_column *like, double value, const char *fmt, ...)
	EG_PRINTF(4, 5);

/* "n0.normal": how a zone is called in the names of columns. */
#define METRIC_ZONE_LABEL 24
void metric_zone_label(const struct phys_zone_view *z, char label[METRIC_ZONE_LABEL]);

/* Subscribe; a full list of subscribers stops the run (probe.h has room for a few). */
void metric_subscribe(struct metric_set *set, enum probe probe, probe_fn fn, void *ctx);

/* part / whole, NAN when there is nothing to divide by. */
static inline double metric_ratio(double part, double whole)
{
	return whole > 0 ? part / whole : (double)__builtin_nanf("");
}

#endif
