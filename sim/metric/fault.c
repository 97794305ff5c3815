/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault - page faults by kind: how many, how long, and what copy-on-write copied.
 *
 *   fault_count.<kind>      handled faults (FAULT_KIND_MAP says what each is); a fault that waited for
 *                           memory counts once, when it is handled
 *   fault_count.all         their sum
 *   fault_latency.<kind>    histogram: from the faulting access to its return, waiting for locks and
 *                           for memory included; low is good
 *   fault_latency_interval.<kind>.p50, .p99, .p99_9   the same of the faults since the sample before, for all kinds
 *                           together and for those that programs meet most; NaN if there were none
 *   cow.breaks, cow.bytes   pages copied because a write hit a shared one, and their bytes. The first
 *                           write to the zero page copies nothing and is not one
 *
 * Linux counts pgfault for all of these but segv: it counts when it has found a mapping that permits the
 * access. It has no counter of copies, and file_minor there may map 16 pages around the fault, where
 * here it maps one.
 */
#include "sim/metric/interval.h"
#include "sim/vm/vm.h"

struct fault_state {
	struct eg_hist         *latency[NR_FAULT_KINDS];
	struct eg_hist         *since;                  /* [NR_FAULT_KINDS + 1]: since the last sample; all is last */
	struct metric_quantiles quantiles[NR_FAULT_KINDS + 1];
	struct metric_clock     clock;
};

static const struct { const char *name, *text; } kind[NR_FAULT_KINDS] = {
#define X(NAME, column, long_name) [FAULT_##NAME] = { column, long_name },
	FAULT_KIND_MAP(X)
#undef X
};

/* Kinds with percentiles of their own over time: a column of each would make results half as large again. */
static bool has_curve(unsigned k)
{
	return k == FAULT_ANON || k == FAULT_ZERO || k == FAULT_COW || k == FAULT_FILE_MINOR;
}

static void emit_all(struct metric_emit *e, const struct fault_state *s, const struct vm *vm)
{
	const struct metric_column count = { .kind = METRIC_COUNTER, .unit = "1", .series = true };
	struct metric_column c = count;
	uint64_t all = 0;

	for (unsigned k = 0; k < NR_FAULT_KINDS; k++) {
		c.long_name = kind[k].text;
		c.better = k == FAULT_SEGV ? -1 : 0;
		metric_emit(e, &c, (double)vm->nr_faults[k], "fault_count.%s", kind[k].name);
		all += vm->nr_faults[k];
	}
	c = count;
	c.better = -1;
	c.long_name = "faults of all kinds";
	metric_emit(e, &c, (double)all, "fault_count.all");
	c.long_name = "pages copied because a write hit a shared page";
	metric_emit(e, &c, (double)vm->nr_faults[FAULT_COW], "cow.breaks");
	c.unit = "bytes";
	c.long_name = "bytes copied because a write hit a shared page";
	metric_emit(e, &c, (double)vm->nr_faults[FAULT_COW] * (double)EG_PAGE_SIZE, "cow.bytes");
	metric_interval_emit(e, &s->quantiles[NR_FAULT_KINDS], "fault_latency_interval", "all", "faults of all kinds");
	for (unsigned k = 0; k < NR_FAULT_KINDS; k++)
		if (has_curve(k))
			metric_interval_emit(e, &s->quantiles[k], "fault_latency_interval", kind[k].name, kind[k].text);
}

/* The end of an interval: all kinds are added up here, so that a fault costs one addition and not two. */
static void close_interval(struct fault_state *s)
{
	struct eg_hist *all = &s->since[NR_FAULT_KINDS];

	for (unsigned k = 0; k < NR_FAULT_KINDS; k++) {
		if (s->since[k].count)
			eg_hist_merge(all, &s->since[k]);
		metric_interval_close(&s->since[k], &s->quantiles[k]);
	}
	metric_interval_close(all, &s->quantiles[NR_FAULT_KINDS]);
}

static void on_fault(void *ctx, const struct probe_event *event)
{
	struct fault_state *s = ctx;

	EG_CHECK(event->kind < NR_FAULT_KINDS);
	eg_hist_add(s->latency[event->kind], event->value);
	eg_hist_add(&s->since[event->kind], event->value);
}

static void fault_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct metric_emit e = { .set = set };
	struct fault_state *s = state;

	s->since = eg_arena_alloc(set->arena, NR_FAULT_KINDS + 1, sizeof(*s->since));
	if (!s->since) {
		set->failed = true;
		return;
	}
	close_interval(s);              /* nothing has happened yet */
	emit_all(&e, s, view->vm);
	for (unsigned k = 0; k < NR_FAULT_KINDS; k++)
		s->latency[k] = metric_add_hist(set, "fault_latency", kind[k].name, kind[k].text);
	metric_subscribe(set, PROBE_FAULT, on_fault, s);
	metric_interval_watch(set, &s->clock);
}

static void fault_sample(void *state, const struct metric_view *view, double *out)
{
	struct metric_emit e = { .out = out };
	struct fault_state *s = state;

	if (metric_interval_ends(&s->clock, view->now))
		close_interval(s);
	emit_all(&e, s, view->vm);
}

const struct metric_ops metric_fault_ops = {
	.name = "fault",
	.summary = "page faults by kind: counts and latencies",
	.state_size = sizeof(struct fault_state),
	.attach = fault_attach,
	.sample = fault_sample,
};
