/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report - the state of the simulated machine at one moment, in the formats of Linux' /proc. */
#ifndef RESULTS_REPORT_H
#define RESULTS_REPORT_H

#include "results/reader.h"
#include "sim/base/str.h"

struct report_view {
	const char *name;                /* "buddyinfo"; the table ends with NULL */
	const char *summary;
	bool        built;               /* false: known, but the result does not hold what it needs */
};
extern const struct report_view report_views[];

/* EG_USAGE, with a suggestion, for a view that is not known or not built. */
eg_status report_check_view(const char *name, struct eg_errors *err) EG_MUST_USE;

/*
 * Index of the last snapshot of a cell at or before `ns` (NaN: the last of all). EG_BAD_INPUT when there is none, with
 * the time of the first one.
 */
eg_status report_snapshot(struct result_file *f, size_t point, unsigned seed, double ns, size_t *index,
			  struct eg_errors *err) EG_MUST_USE;

/* Append the view `name` of that snapshot to `out`. EG_USAGE for a view that is not known or not built. */
eg_status report_text(struct result_file *f, const char *name, size_t point, unsigned seed, size_t index,
		      struct eg_str *out, struct eg_errors *err) EG_MUST_USE;

#endif
