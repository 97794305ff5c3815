/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric_rig - a small machine put together by hand, for the tests of metrics: memory, spaces, two CPUs, every metric
 * attached. A test does what it likes to the rooms and asks finish() what a run would have reported.
 */
#ifndef TESTS_UNIT_METRIC_RIG_H
#define TESTS_UNIT_METRIC_RIG_H

#include <math.h>

#include "sim/base/rng.h"      /* before `r`, which its parameters would shadow */
#include "sim/metric/metric.h"
#include "sim/mmu/mmu.h"
#include "sim/phys/phys_view.h"
#include "sim/vm/vm.h"
#include "tests/tap.h"

#define MIB  UINT64_C(1048576)
#define BASE UINT64_C(0x100000000000)

enum { NR_CPUS = 2, MAX_METRICS = 32 };

static struct rig {
	struct eg_arena arena;
	struct eg_args palloc_args, tlb_args;
	struct phys phys;
	struct vm vm;
	struct mmu_cpu cpu[NR_CPUS];
	const struct mmu_cpu *mmu[NR_CPUS];
	eg_time time[NR_CPUS][NR_TIME_CATEGORIES];
	struct machine_counters count;
	struct server zone_lock[8], mmap_lock;
	struct probes probes;
	struct metric_view view;
	struct metric_set set;
	void *state[MAX_METRICS];
	size_t first[MAX_METRICS + 1];
	unsigned nr_metrics;
	double *start, *end, *out;
	uint64_t flushes;
} r;

static inline void on_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	(void)space, (void)vpn;
	((struct rig *)ctx)->flushes += nr;
}

static const struct vm_hooks hooks = { on_flush };

static inline void attach(void)
{
	r.set.arena = &r.arena;
	r.set.probes = &r.probes;
	for (r.nr_metrics = 0; metric_registry[r.nr_metrics] && !r.set.failed; r.nr_metrics++) {
		const struct metric_ops *ops = metric_registry[r.nr_metrics];

		r.state[r.nr_metrics] = eg_arena_alloc(&r.arena, 1, ops->state_size + 1);
		if (!r.state[r.nr_metrics]) {
			r.set.failed = true;
			return;
		}
		r.first[r.nr_metrics] = r.set.nr_columns;
		ops->attach(r.state[r.nr_metrics], &r.set, &r.view);
	}
	r.first[r.nr_metrics] = r.set.nr_columns;
}

static inline void open_rig(uint64_t mib, const char *policy, bool unified, bool with_pwc)
{
	struct phys_config config = { .memory_bytes = mib * MIB, .palloc = palloc_find(policy), .palloc_args = &r.palloc_args };
	struct tlb_config tlb = { .l1d = { 16, 4 }, .l1i = { 8, 4 }, .l2 = { 64, 4 }, .unified_l1 = unified };
	struct pwc_config pwc = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
	struct mmu_costs costs = { 1000, 7000, 2000, 20000 };
	const struct tlb_ops *design = tlb_find("set_assoc");

	memset(&r, 0, sizeof(r));
	if (with_pwc)
		pwc = (struct pwc_config){ .pml4 = { 2, 2 }, .pdpt = { 2, 2 }, .pd = { 4, 4 } };
	EG_CHECK(eg_args_init(&r.palloc_args, config.palloc->params, &r.arena) == EG_OK);
	EG_CHECK(eg_args_init(&r.tlb_args, design->params, &r.arena) == EG_OK);
	EG_CHECK(phys_init(&r.phys, &r.arena, &config, NULL) == EG_OK);
	EG_CHECK(vm_init(&r.vm, &r.phys, &hooks, &r) == EG_OK);
	for (unsigned i = 0; i < NR_CPUS; i++) {
		EG_CHECK(mmu_init(&r.cpu[i], design, &tlb, &r.tlb_args, &pwc, &costs, 4, &r.vm.tables, &r.arena) == EG_OK);
		r.mmu[i] = &r.cpu[i];
	}
	r.view = (struct metric_view){
		.nr_cpus = NR_CPUS, .mmu = r.mmu, .time = (const eg_time (*)[NR_TIME_CATEGORIES])r.time, .phys = &r.phys,
		.vm = &r.vm, .count = &r.count, .zone_lock = r.zone_lock, .nr_zones = r.phys.nr_zones, .mmap_lock = &r.mmap_lock,
	};
	attach();
	EG_CHECK(!r.set.failed);
	r.start = eg_arena_alloc(&r.arena, r.set.nr_columns, sizeof(double));
	r.end = eg_arena_alloc(&r.arena, r.set.nr_columns, sizeof(double));
	r.out = eg_arena_alloc(&r.arena, r.set.nr_columns, sizeof(double));
	EG_CHECK(r.start && r.end && r.out);
}

static inline void close_rig(void)
{
	vm_validate(&r.vm);
	phys_validate(&r.phys);
	vm_fini(&r.vm);
	phys_fini(&r.phys);
	eg_arena_free_all(&r.arena);
}

static inline void sample(double *values)
{
	for (size_t i = 0; i < r.set.nr_columns; i++)
		values[i] = -12345;             /* a column that is left out shows */
	for (unsigned i = 0; i < r.nr_metrics; i++)
		if (metric_registry[i]->sample)
			metric_registry[i]->sample(r.state[i], &r.view, values + r.first[i]);
}

/* What the machine does at the end of a run; r.start holds the sample at the end of the warm-up. */
static inline void finish(void)
{
	sample(r.end);
	for (size_t i = 0; i < r.set.nr_columns; i++) {
		enum metric_kind kind = r.set.columns[i].kind;

		r.out[i] = kind == METRIC_COUNTER ? r.end[i] - r.start[i] : kind == METRIC_GAUGE ? r.end[i] : (double)NAN;
	}
	for (unsigned i = 0; i < r.nr_metrics; i++)
		if (metric_registry[i]->final)
			metric_registry[i]->final(r.state[i], &r.view, r.start + r.first[i], r.end + r.first[i],
						  r.out + r.first[i]);
}

static inline double value(const char *name)
{
	for (size_t i = 0; i < r.set.nr_columns; i++)
		if (strcmp(r.set.columns[i].name, name) == 0)
			return r.out[i];
	printf("# no column %s\n", name);
	return -99999;
}

static inline struct eg_hist *hist(const char *group, const char *kind)
{
	for (size_t i = 0; i < r.set.nr_hists; i++)
		if (strcmp(r.set.hists[i].group, group) == 0 && strcmp(r.set.hists[i].kind, kind) == 0)
			return r.set.hists[i].hist;
	printf("# no histogram %s.%s\n", group, kind);
	return NULL;
}

static inline void is_value(const char *name, double want)
{
	double got = value(name);
	bool same = (isnan(got) && isnan(want)) || fabs(got - want) <= 1e-9 * (1 + fabs(want));

	ok(same, "%s is %.10g", name, want);
	if (!same)
		printf("# got %.17g\n", got);
}

static inline uint64_t field(const char *const *names, const uint64_t *values, const char *name)
{
	for (unsigned i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return values[i];
	printf("# no field %s\n", name);
	return UINT64_MAX;
}

static inline uint64_t vmstat(const char *name)
{
	uint64_t values[256];

	EG_CHECK(linux_vmstat_count() <= EG_ARRAY_LEN(values));
	linux_vmstat(&r.view, values);
	return field(linux_vmstat_names, values, name);
}

static inline uint64_t meminfo(const char *name)
{
	uint64_t values[128];

	EG_CHECK(linux_meminfo_count() <= EG_ARRAY_LEN(values));
	linux_meminfo(&r.view, values);
	return field(linux_meminfo_names, values, name);
}

static inline void fault_pages(uint32_t space, unsigned first, unsigned nr, bool write)
{
	struct vm_work w = { 0 };

	for (unsigned i = first; i < first + nr; i++)
		EG_CHECK(vm_fault(&r.vm, space, BASE + i * EG_PAGE_SIZE, write, &w).outcome == VM_DONE);
}

static inline uint32_t new_space(uint64_t bytes, unsigned flags)
{
	struct vm_work w = { 0 };
	uint32_t space;

	EG_CHECK(vm_space_new(&r.vm, &space, &w) == VM_DONE);
	EG_CHECK(vm_mmap(&r.vm, space, BASE, bytes, EG_PROT_READ | EG_PROT_WRITE, flags, 0, 0, &w) == VM_DONE);
	return space;
}

static inline void emit(enum probe probe, uint32_t kind, uint64_t ps)
{
	struct probe_event e = { .kind = kind, .value = ps };

	probe_emit(&r.probes, probe, &e);
}

static inline char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	if (!f)
		return NULL;
	text = eg_calloc(1, 1u << 20);
	if (text)
		n = fread(text, 1, (1u << 20) - 1, f);
	(void)fclose(f);
	if (text)
		text[n] = '\0';
	return text;
}

#endif
