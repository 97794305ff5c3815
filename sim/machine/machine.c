/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine - construction, teardown and audit: rooms are built from the spec, hooks are wired. */
#include "sim/machine/machine.h"

#include <stdio.h>

enum { DEFAULT_BLOCK = 8192, MAX_EVENTS = 131072 };

void machine_fail(struct machine *m, eg_status s)
{
	if (m->status == EG_OK)
		m->status = s;
}

static struct tlb_geometry geometry(const struct eg_args *a, const char *name)
{
	char entries[64], ways[64];

	(void)snprintf(entries, sizeof(entries), "%s.entries", name);
	(void)snprintf(ways, sizeof(ways), "%s.ways", name);
	return (struct tlb_geometry){ (uint32_t)eg_args_u64(a, entries), (uint32_t)eg_args_u64(a, ways) };
}

static eg_status init_cpus(struct machine *m)
{
	const struct eg_args *a = &m->spec->machine;
	const struct tlb_config tlb = {
		.l1i = geometry(a, "tlb.l1i"), .l1d = geometry(a, "tlb.l1d"),
		.l1i_huge = geometry(a, "tlb.l1i_huge"), .l1d_huge = geometry(a, "tlb.l1d_huge"),
		.l2 = geometry(a, "tlb.l2"), .l2_huge = geometry(a, "tlb.l2_huge"),
		.unified_l1 = eg_args_bool(a, "tlb.unified_l1"),
	};
	const struct pwc_config pwc = { geometry(a, "walk_cache.pml4"), geometry(a, "walk_cache.pdpt"), geometry(a, "walk_cache.pd") };
	const struct mmu_costs costs = { m->cost.access, m->cost.stlb_hit, m->cost.pwc_hit, m->cost.pte_read };

	m->nr_cpus = (unsigned)eg_args_u64(a, "cpus");
	m->cpu = eg_arena_alloc(&m->arena, m->nr_cpus, sizeof(*m->cpu));
	m->mmu = eg_arena_alloc(&m->arena, m->nr_cpus, sizeof(*m->mmu));
	m->view_time = eg_arena_alloc(&m->arena, m->nr_cpus, sizeof(*m->view_time));
	if (!m->cpu || !m->mmu || !m->view_time)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < m->nr_cpus; i++) {
		m->cpu[i].task = m->cpu[i].last_task = TASK_NONE;
		m->mmu[i] = &m->cpu[i].mmu;
		EG_TRY(mmu_init(&m->cpu[i].mmu, m->spec->tlb, &tlb, &m->spec->tlb_args, &pwc, &costs,
				(unsigned)eg_args_u64(a, "asids"), &m->vm.tables, &m->arena));
	}
	return EG_OK;
}

static eg_status init_sources(struct machine *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->spec->nr_workloads; i++)
		m->nr_sources += (unsigned)eg_args_u64(&m->spec->workload[i].replay, "instances");
	if (m->nr_sources > MAX_EVENTS / 2)
		return eg_fail(m->err, EG_BAD_INPUT, "%u instances of workloads: at most %u can be started", m->nr_sources,
			       MAX_EVENTS / 2);
	m->source = eg_arena_alloc(&m->arena, m->nr_sources, sizeof(*m->source));
	if (!m->source)
		return EG_NO_MEMORY;
	m->capabilities = UINT32_MAX;
	for (unsigned i = 0; i < m->spec->nr_workloads; i++) {
		const struct spec_workload *w = &m->spec->workload[i];
		uint64_t instances = eg_args_u64(&w->replay, "instances");

		for (uint32_t k = 0; k < instances; k++, n++) {
			EG_TRY(source_open(m, &m->source[n], w, k));
			event_add(&m->events, m->source[n].start, source_start, m, n);
			m->starts_left++;
		}
	}
	return EG_OK;
}

static void end_of_time(void *ctx, uint64_t arg, eg_time now)
{
	struct machine *m = ctx;

	(void)arg;
	m->stopping = true;
	m->stop_time = now;
}

static eg_status build(struct machine *m)
{
	static const struct vm_hooks hooks = { .flush = vm_flush_hook };
	const struct eg_args *a = &m->spec->machine;
	const struct phys_config phys = {
		.memory_bytes = eg_args_u64(a, "memory"), .nr_nodes = 1, .palloc = m->spec->palloc,
		.palloc_args = &m->spec->palloc_args, .min_free_kbytes = eg_args_u64(a, "min_free_kbytes"),
		.watermark_scale_factor = (unsigned)eg_args_u64(a, "watermark_scale_factor"),
		.struct_page_bytes = (unsigned)eg_args_u64(a, "struct_page"),
	};
	eg_time stop_time = eg_args_u64(&m->spec->stop, "time");

	m->cost = cost_resolve(&m->spec->costs, eg_args_u64(a, "clock"));
	EG_TRY(event_queue_init(&m->events, MAX_EVENTS, &m->arena));
	EG_TRY(phys_init(&m->phys, &m->arena, &phys, m->err));
	m->phys.pages_freed = machine_pages_freed;
	m->phys.pages_freed_ctx = m;
	EG_TRY(vm_init(&m->vm, &m->phys, &hooks, m));
	EG_TRY(init_cpus(m));
	EG_CHECK(m->phys.nr_zones <= RUN_MAX_ZONES);
	for (unsigned i = 0; i < m->phys.nr_zones; i++)
		m->zone_lock[i].name = "zone";
	m->mmap_lock.name = "mmap";
	EG_TRY(init_sources(m));
	if (stop_time)
		event_add(&m->events, stop_time, end_of_time, m, 0);
	return EG_OK;
}

eg_status machine_init(struct machine *m, const struct spec *spec, const struct run_options *options, struct eg_errors *err)
{
	eg_status s;

	*m = (struct machine){ .spec = spec, .options = options, .err = err, .free_task = TASK_NONE,
			       .memory_head = TASK_NONE, .memory_tail = TASK_NONE };
	m->block = options->block ? options->block : DEFAULT_BLOCK;
	m->slice = eg_args_u64(&spec->machine, "time_slice");
	m->ipi_latency = eg_args_u64(&spec->machine, "ipi_latency");
	/* running ahead further than an interrupt takes would let one arrive in a CPU's past */
	m->lookahead = options->lookahead && options->lookahead < m->ipi_latency ? options->lookahead : m->ipi_latency;
	m->stop_ops = eg_args_u64(&spec->stop, "ops");
	m->audit_left = options->audit_every;
	m->context.seed = spec->seed;
	s = build(m);
	if (s != EG_OK)
		machine_fini(m);
	return s;
}

void machine_fini(struct machine *m)
{
	for (unsigned i = 0; m->source && i < m->nr_sources; i++)
		source_close(&m->source[i]);
	for (size_t i = 0; i < m->nr_tasks; i++)
		eg_free(m->task[i].buffer);
	eg_free(m->task);
	vm_fini(&m->vm);
	phys_fini(&m->phys);
	eg_arena_free_all(&m->arena);
	m->source = NULL;
	m->task = NULL;
	m->nr_tasks = 0;
}

struct metric_view machine_view(struct machine *m, eg_time now)
{
	struct metric_view v = {
		.now = now, .nr_cpus = m->nr_cpus, .mmu = m->mmu, .phys = &m->phys, .vm = &m->vm, .count = &m->count,
		.zone_lock = m->zone_lock, .nr_zones = m->phys.nr_zones, .mmap_lock = &m->mmap_lock, .nr_tasks = m->live_tasks,
	};

	for (unsigned i = 0; i < m->nr_cpus; i++) {
		const struct cpu *c = &m->cpu[i];

		memcpy(m->view_time[i], c->time, sizeof(c->time));
		m->view_time[i][TIME_COMPUTE] += c->mmu.time_compute;
		m->view_time[i][TIME_TLB] += c->mmu.time_tlb;
		m->view_time[i][TIME_WALK] += c->mmu.time_walk;
		/* an idle CPU's clock stands where it stopped working: the rest of its time is idle */
		if (c->task == TASK_NONE && c->mmu.clock < now)
			m->view_time[i][TIME_IDLE] += now - c->mmu.clock;
		v.nr_running += c->task != TASK_NONE;
	}
	v.time = (const eg_time (*)[NR_TIME_CATEGORIES])m->view_time;
	return v;
}

void machine_validate(struct machine *m)
{
	uint32_t live = 0, sleeping = 0;

	phys_validate(&m->phys);
	vm_validate(&m->vm);
	event_validate(&m->events);
	for (unsigned i = 0; i < m->nr_cpus; i++) {
		const struct cpu *c = &m->cpu[i];
		eg_time sum = c->mmu.time_compute + c->mmu.time_tlb + c->mmu.time_walk;
		uint32_t queued = 0;

		mmu_validate(&c->mmu);
		for (unsigned k = 0; k < NR_TIME_CATEGORIES; k++)
			sum += c->time[k];
		EG_CHECK(sum == c->mmu.clock);          /* every picosecond has a category */
		for (uint32_t t = c->head; queued < c->queued; t = m->task[t].next, queued++)
			EG_CHECK(m->task[t].state == TASK_READY && m->task[t].cpu == i);
		EG_CHECK(c->task == TASK_NONE || m->task[c->task].state == TASK_RUNNING);
		/* a dead task's number is given to another, who would be taken for it */
		EG_CHECK(c->last_task >= TASK_NOBODY || m->task[c->last_task].state != TASK_DEAD);
	}
	for (size_t i = 0; i < m->nr_tasks; i++) {
		live += m->task[i].state != TASK_DEAD;
		sleeping += m->task[i].state == TASK_SLEEPING;
	}
	EG_CHECK(live == m->live_tasks && sleeping == m->nr_sleeping);
}
