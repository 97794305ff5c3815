/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops - what tasks asked of the kernel: how often (MACHINE_COUNTER_MAP) and how long it took.
 *
 * Histograms, low is good; durations as the calling task sees them, waiting for locks included:
 *
 *   fork_latency.fork, .vfork            a fork that copies the space; a vfork, or a clone that shares it
 *   vmop_latency.<call>                  mmap, munmap, mprotect, madvise, mremap, brk, exec, exit
 *   alloc_latency.alloc.<order>, .free.<order>   alloc_pages and free_pages of a workload, by order. Not
 *                                        in it: allocations inside faults (they are part of the fault)
 *   alloc_latency_interval.alloc.p50, .p99, .p99_9   percentiles of the allocations of all orders since the
 *                                        sample before (a series); NaN if there were none
 *   memory_wait.parked                   how long a task that found no memory was parked
 *
 * shootdown.count and shootdown.ipis: flush requests that needed other CPUs, and how many they
 * interrupted (Linux: nr_tlb_remote_flush, nr_tlb_remote_flush_received).
 *
 * Linux would reclaim where a task here is parked; memory_wait is therefore not its stall time. Left out:
 * fork.ns_per_mib (the slope of fork latency over RSS: the probe has no RSS), latencies by call size.
 */
#include <stdio.h>

#include "sim/base/check.h"
#include "sim/metric/interval.h"

struct ops_state {
	struct eg_hist *fork[2], *vmop[NR_VMOPS], *alloc[EG_NR_ORDERS], *free[EG_NR_ORDERS], *wait;
	struct eg_hist *since;                  /* allocations of any order since the last sample */
	struct metric_quantiles quantiles;
	struct metric_clock clock;
};

static const char *const vmop_name[NR_VMOPS] = {
#define X(NAME, name) [VMOP_##NAME] = name,
	VMOP_MAP(X)
#undef X
};

/* Fewer is better for what nobody asks for. */
static bool is_trouble(const char *name)
{
	static const char *const names[] = { "task.segv", "task.oom_kills", "task.memory_waits", "shootdown.count",
					     "shootdown.ipis", "alloc.failed" };

	for (unsigned i = 0; i < EG_ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void emit_intervals(struct metric_emit *e, const struct ops_state *s)
{
	metric_interval_emit(e, &s->quantiles, "alloc_latency_interval", "alloc", "allocation of a block of any order");
}

static void ops_sample(void *state, const struct metric_view *view, double *out)
{
	struct metric_emit e = { .out = out };
	struct ops_state *s = state;

#define X(field, name, text) e.out[e.nr++] = (double)view->count->field;
	MACHINE_COUNTER_MAP(X)
#undef X
	if (metric_interval_ends(&s->clock, view->now))
		metric_interval_close(s->since, &s->quantiles);
	emit_intervals(&e, s);
}

static void on_fork(void *ctx, const struct probe_event *event)
{
	EG_CHECK(event->kind < 2);
	eg_hist_add(((struct ops_state *)ctx)->fork[event->kind], event->value);
}

static void on_vmop(void *ctx, const struct probe_event *event)
{
	EG_CHECK(event->kind < NR_VMOPS);
	eg_hist_add(((struct ops_state *)ctx)->vmop[event->kind], event->value);
}

static void on_alloc(void *ctx, const struct probe_event *event)
{
	struct ops_state *s = ctx;

	EG_CHECK(event->kind < EG_NR_ORDERS);
	eg_hist_add(s->alloc[event->kind], event->value);
	eg_hist_add(s->since, event->value);
}

static void on_free(void *ctx, const struct probe_event *event)
{
	EG_CHECK(event->kind < EG_NR_ORDERS);
	eg_hist_add(((struct ops_state *)ctx)->free[event->kind], event->value);
}

static void on_wait(void *ctx, const struct probe_event *event)
{
	eg_hist_add(((struct ops_state *)ctx)->wait, event->value);
}

static void ops_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct metric_emit e = { .set = set };
	struct ops_state *s = state;
	char name[24];

	(void)view;
#define X(field, column, text)                                                                              \
	metric_add(set, &(struct metric_column){ .name = column, .unit = "1", .kind = METRIC_COUNTER,       \
						 .long_name = text, .series = true,                         \
						 .better = is_trouble(column) ? -1 : 0 });
	MACHINE_COUNTER_MAP(X)
#undef X
	s->since = eg_arena_alloc(set->arena, 1, sizeof(*s->since));
	if (!s->since) {
		set->failed = true;
		return;
	}
	metric_interval_close(s->since, &s->quantiles);
	emit_intervals(&e, s);
	s->fork[0] = metric_add_hist(set, "fork_latency", "fork", "fork in the parent");
	s->fork[1] = metric_add_hist(set, "fork_latency", "vfork", "vfork, or clone that shares the space");
	for (unsigned i = 0; i < NR_VMOPS; i++)
		s->vmop[i] = metric_add_hist(set, "vmop_latency", vmop_name[i], "duration of the call");
	for (unsigned i = 0; i < EG_NR_ORDERS; i++) {
		(void)snprintf(name, sizeof(name), "alloc.%u", i);
		s->alloc[i] = metric_add_hist(set, "alloc_latency", name, "allocation of a block of this order");
	}
	for (unsigned i = 0; i < EG_NR_ORDERS; i++) {
		(void)snprintf(name, sizeof(name), "free.%u", i);
		s->free[i] = metric_add_hist(set, "alloc_latency", name, "freeing of a block of this order");
	}
	s->wait = metric_add_hist(set, "memory_wait", "parked", "time a task was parked for memory");
	metric_subscribe(set, PROBE_FORK, on_fork, s);
	metric_subscribe(set, PROBE_VMOP, on_vmop, s);
	metric_subscribe(set, PROBE_ALLOC, on_alloc, s);
	metric_subscribe(set, PROBE_FREE, on_free, s);
	metric_subscribe(set, PROBE_MEMORY_WAIT, on_wait, s);
	metric_interval_watch(set, &s->clock);
}

const struct metric_ops metric_ops_ops = {
	.name = "ops",
	.summary = "forks, mapping calls, allocations, waiting for memory: counts and latencies",
	.state_size = sizeof(struct ops_state),
	.attach = ops_attach,
	.sample = ops_sample,
};
