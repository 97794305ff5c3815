/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric - lists of columns and histograms, filled while the machine is built.
 *
 * Both lists live in the arena of the run: a list that is full is copied to one twice as long, and what
 * it leaves behind (less than the list itself) goes with the arena.
 */
#include "sim/metric/metric.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/base/check.h"
#include "sim/metric/emit.h"
#include "sim/phys/phys_view.h"

/* Room for one more item of a list in the arena; NULL and set->failed when there is no memory. */
static void *next_item(struct metric_set *set, void *items, size_t *nr, size_t *cap, size_t size, void **grown)
{
	*grown = items;
	if (set->failed)
		return NULL;
	if (*nr == *cap) {
		size_t more = *cap ? 2 * *cap : 32;

		*grown = eg_arena_alloc(set->arena, more, size);
		if (!*grown) {
			*grown = items;
			set->failed = true;
			return NULL;
		}
		if (*nr)
			memcpy(*grown, items, *nr * size);
		*cap = more;
	}
	return (char *)*grown + (*nr)++ * size;
}

void metric_add(struct metric_set *set, const struct metric_column *c)
{
	struct metric_column copy = *c, *place;
	void *list;

	copy.name = eg_arena_strdup(set->arena, c->name);
	copy.unit = eg_arena_strdup(set->arena, c->unit);
	copy.long_name = eg_arena_strdup(set->arena, c->long_name);
	if (!copy.name || !copy.unit || !copy.long_name) {
		set->failed = true;
		return;
	}
	place = next_item(set, set->columns, &set->nr_columns, &set->cap_columns, sizeof(*place), &list);
	set->columns = list;
	if (place)
		*place = copy;
}

struct eg_hist *metric_add_hist(struct metric_set *set, const char *group, const char *kind, const char *long_name)
{
	struct metric_hist h = {
		.group = eg_arena_strdup(set->arena, group),
		.kind = eg_arena_strdup(set->arena, kind),
		.long_name = eg_arena_strdup(set->arena, long_name),
		.hist = eg_arena_alloc(set->arena, 1, sizeof(*h.hist)),
	}, *place;
	void *list;

	if (!h.group || !h.kind || !h.long_name || !h.hist) {
		set->failed = true;
		return NULL;
	}
	place = next_item(set, set->hists, &set->nr_hists, &set->cap_hists, sizeof(*place), &list);
	set->hists = list;
	if (!place)
		return NULL;
	*place = h;
	return h.hist;
}

void metric_emit(struct metric_emit *e, const struct metric_column *like, double value, const char *fmt, ...)
{
	if (e->set) {
		struct metric_column c = *like;
		char name[128];
		va_list ap;
		int n;

		va_start(ap, fmt);
		n = vsnprintf(name, sizeof(name), fmt, ap);
		va_end(ap);
		EG_CHECK(n > 0 && (size_t)n < sizeof(name));
		c.name = name;
		metric_add(e->set, &c);
	} else {
		e->out[e->nr] = like->kind == METRIC_VALUE ? (double)NAN : value;
	}
	e->nr++;
}

void metric_zone_label(const struct phys_zone_view *z, char label[METRIC_ZONE_LABEL])
{
	int n = snprintf(label, METRIC_ZONE_LABEL, "n%u.%s", z->node, z->name);

	EG_CHECK(n > 0 && n < METRIC_ZONE_LABEL);
	for (; *label; label++)
		if (*label >= 'A' && *label <= 'Z')
			*label = (char)(*label - 'A' + 'a');
}

void metric_subscribe(struct metric_set *set, enum probe probe, probe_fn fn, void *ctx)
{
	bool room = probe_subscribe(set->probes, probe, fn, ctx);

	EG_CHECK(room);
}
