/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * locks - waiting for simulated locks: one lock a zone, and the mmap locks of all address spaces as one.
 *
 *   lock.zone.<zone>.served      requests (counter)
 *   lock.zone.<zone>.queued      requests that had to wait
 *   lock.zone.<zone>.waited_ns   time spent waiting
 *   lock.zone.<zone>.held_ns     time the lock was held
 *   lock.zone.<zone>.queued_pct  100 * queued / served over the measured interval; NaN if nothing was served
 *   lock.mmap.*                  the same
 *
 * A lock is a first-come-first-served server (sim/engine/server.h). Low is good for all but served. Linux's
 * zone lock is a spinlock with a queue, near to this; its mmap lock is taken shared by faults, and those
 * of 6.4 and later take a lock of the one mapping. Names of Linux's lock_stat: contentions, waittime-total,
 * acquisitions, holdtime-total. Left out: the distribution of one request's waiting time.
 */
#include <math.h>

#include "sim/base/check.h"
#include "sim/metric/emit.h"
#include "sim/phys/phys_view.h"

enum { COLUMNS_OF_LOCK = 5 };

static void emit_lock(struct metric_emit *e, const char *name, const struct server *s)
{
	metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "1", .series = true,
		    .long_name = "requests for the lock" }, (double)s->served, "lock.%s.served", name);
	metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "1", .better = -1, .series = true,
		    .long_name = "requests that had to wait" }, (double)s->queued, "lock.%s.queued", name);
	metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "ns", .better = -1, .series = true,
		    .long_name = "waiting for the lock" },
		    (double)s->waited / (double)EG_PS_PER_NS, "lock.%s.waited_ns", name);
	metric_emit(e, &(struct metric_column){ .kind = METRIC_COUNTER, .unit = "ns", .better = -1, .series = true,
		    .long_name = "holding the lock" },
		    (double)s->held / (double)EG_PS_PER_NS, "lock.%s.held_ns", name);
	metric_emit(e, &(struct metric_column){ .kind = METRIC_VALUE, .unit = "%", .better = -1,
		    .long_name = "requests that had to wait, of all" }, (double)NAN, "lock.%s.queued_pct", name);
}

static void emit_all(struct metric_emit *e, const struct metric_view *view)
{
	EG_CHECK(view->nr_zones == phys_view_zones(view->phys));
	for (unsigned i = 0; i < view->nr_zones; i++) {
		char name[METRIC_ZONE_LABEL + 8] = "zone.";
		struct phys_zone_view z;

		phys_view_zone(view->phys, i, &z);
		metric_zone_label(&z, name + strlen("zone."));
		emit_lock(e, name, &view->zone_lock[i]);
	}
	emit_lock(e, "mmap", view->mmap_lock);
}

static void locks_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct metric_emit e = { .set = set };

	(void)state;
	emit_all(&e, view);
}

static void locks_sample(void *state, const struct metric_view *view, double *out)
{
	struct metric_emit e = { .out = out };

	(void)state;
	emit_all(&e, view);
}

static void locks_final(void *state, const struct metric_view *view, const double *start, const double *end, double *out)
{
	(void)state;
	(void)start;
	(void)end;
	for (unsigned i = 0; i <= view->nr_zones; i++, out += COLUMNS_OF_LOCK)
		out[4] = 100 * metric_ratio(out[1], out[0]);
}

const struct metric_ops metric_locks_ops = {
	.name = "locks",
	.summary = "waiting for zone and mmap locks",
	.attach = locks_attach,
	.sample = locks_sample,
	.final = locks_final,
};
