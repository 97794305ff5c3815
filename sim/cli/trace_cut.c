/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace_cut - see trace_cut.h. A bare number is a record; with a unit it is a time. */
#include "sim/cli/trace_cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/param.h"
#include "workloads/trace/coalesce.h"

/* A whole number without sign or junk. */
static bool whole(const char *text, uint64_t max, uint64_t *v)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || text[n])
		return false;
	for (*v = 0; *text; text++)
		if (__builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, (uint64_t)(*text - '0'), v))
			return false;
	return *v <= max;
}

static bool place(const struct cli_args *a, const char *name, bool *given, struct trace_place *at)
{
	const struct eg_param time = { .name = name, .type = EG_PARAM_TIME };
	const char *text = cli_value(a, name);
	struct eg_value v = { 0 };
	char why[256];

	*given = text;
	if (!text || whole(text, UINT64_MAX, &at->record))
		return true;
	if (eg_param_parse(&time, text, &v, why, sizeof(why)) != EG_OK) {
		(void)cli_usage("--%s wants the number of a record (1000000) or a time with its unit (10ms), not %.60s", name, text);
		return false;
	}
	at->by_time = true;
	at->time = v.u;
	return true;
}

bool trace_cut_parse(const struct cli_args *a, struct copy_filter *f)
{
	if (!place(a, "from", &f->has_from, &f->from) || !place(a, "to", &f->has_to, &f->to))
		return false;
	f->from.state = true;
	if (f->has_from && f->has_to && f->from.by_time != f->to.by_time) {
		(void)cli_usage("--from and --to: give both as records or both as times");
		return false;
	}
	if (f->has_from && f->has_to && (f->from.by_time ? f->from.time > f->to.time : f->from.record > f->to.record)) {
		(void)cli_usage("--from %s lies behind --to %s", cli_value(a, "from"), cli_value(a, "to"));
		return false;
	}
	for (const char *const *v = cli_values(a, "stream"); *v; v++) {
		uint64_t n;

		if (!whole(*v, UINT32_MAX - 1, &n)) {
			(void)cli_usage("--stream wants the number of a stream, not %.60s; engram trace info counts them", *v);
			return false;
		}
		f->stream[f->nr_streams++] = (uint32_t)n;
	}
	return true;
}

bool trace_coalesce_parse(const char *text, struct copy_filter *f)
{
	uint64_t min = COALESCE_MIN_DEFAULT;

	if (!text)
		return true;
	if (strncmp(text, "page", 4) != 0 || (text[4] && (text[4] != '=' || !whole(text + 5, COALESCE_MIN_MOST, &min))) ||
	    min < COALESCE_MIN_LEAST) {
		(void)cli_usage("--coalesce wants page or page=MIN with MIN from %u to %u, not %.60s", COALESCE_MIN_LEAST,
				COALESCE_MIN_MOST, text);
		return false;
	}
	f->coalesce = (uint32_t)min;
	return true;
}
