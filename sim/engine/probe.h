/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe - where observable facts leave the rooms.
 *
 * One list of facts, each with its fields. Whoever wants them subscribes when the machine is built; the
 * machine calls probe_emit() where the fact happens. Nobody subscribed: one test of a counter. Accesses
 * have no probe: their counters are read from the MMU.
 */
#ifndef SIM_ENGINE_PROBE_H
#define SIM_ENGINE_PROBE_H

#include "sim/base/types.h"

#define PROBE_MAP(X)  /* name, meaning of kind, value */                                        \
	X(FAULT)          /* kind = enum fault_kind, value = latency in ps                    */ \
	X(FORK)           /* kind = 0 fork, 1 vfork or thread; value = latency in ps          */ \
	X(VMOP)           /* kind = enum vmop_kind, value = latency in ps                     */ \
	X(ALLOC)          /* kind = order, value = latency in ps: alloc_pages of a workload   */ \
	X(FREE)           /* kind = order, value = latency in ps                              */ \
	X(MEMORY_WAIT)    /* kind = 0, value = time a task was parked for memory, in ps       */ \
	X(WARMUP_END)     /* counters and histograms start here                               */

enum probe {
#define X(NAME) PROBE_##NAME,
	PROBE_MAP(X)
#undef X
	NR_PROBES
};

struct probe_event {
	eg_time  now;
	uint32_t cpu;
	uint32_t task;
	uint32_t kind;
	uint64_t value;
};

typedef void (*probe_fn)(void *ctx, const struct probe_event *e);

enum { PROBE_MAX_SUBSCRIBERS = 4 };

struct probes {
	struct { probe_fn fn; void *ctx; } sub[NR_PROBES][PROBE_MAX_SUBSCRIBERS];
	unsigned nr[NR_PROBES];
};

static inline bool probe_subscribe(struct probes *p, enum probe probe, probe_fn fn, void *ctx)
{
	if (p->nr[probe] == PROBE_MAX_SUBSCRIBERS)
		return false;
	p->sub[probe][p->nr[probe]].fn = fn;
	p->sub[probe][p->nr[probe]++].ctx = ctx;
	return true;
}

static inline void probe_emit(const struct probes *p, enum probe probe, const struct probe_event *e)
{
	for (unsigned i = 0; i < p->nr[probe]; i++)
		p->sub[probe][i].fn(p->sub[probe][i].ctx, e);
}

#endif
