/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics: a small machine put together by hand - memory, spaces, two CPUs - whose every number is known.
 * Columns are unique, documented and in known units; values, intervals and histograms are what was done;
 * the Linux views have the kernel's lines. Recordings (ENGRAM_RECORDINGS) are compared where they are.
 */
#include <math.h>
#include <time.h>

#include "sim/base/rng.h"
#include "sim/metric/metric.h"
#include "sim/mmu/mmu.h"
#include "sim/phys/frag.h"
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

static void on_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	(void)space, (void)vpn;
	((struct rig *)ctx)->flushes += nr;
}

static const struct vm_hooks hooks = { on_flush };

static void attach(void)
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

static void open_rig(uint64_t mib, const char *policy, bool unified, bool with_pwc)
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

static void close_rig(void)
{
	vm_validate(&r.vm);
	phys_validate(&r.phys);
	vm_fini(&r.vm);
	phys_fini(&r.phys);
	eg_arena_free_all(&r.arena);
}

static void sample(double *values)
{
	for (size_t i = 0; i < r.set.nr_columns; i++)
		values[i] = -12345;             /* a column that is left out shows */
	for (unsigned i = 0; i < r.nr_metrics; i++)
		if (metric_registry[i]->sample)
			metric_registry[i]->sample(r.state[i], &r.view, values + r.first[i]);
}

/* What the machine does at the end of a run; r.start holds the sample at the end of the warm-up. */
static void finish(void)
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

static double value(const char *name)
{
	for (size_t i = 0; i < r.set.nr_columns; i++)
		if (strcmp(r.set.columns[i].name, name) == 0)
			return r.out[i];
	printf("# no column %s\n", name);
	return -99999;
}

static struct eg_hist *hist(const char *group, const char *kind)
{
	for (size_t i = 0; i < r.set.nr_hists; i++)
		if (strcmp(r.set.hists[i].group, group) == 0 && strcmp(r.set.hists[i].kind, kind) == 0)
			return r.set.hists[i].hist;
	printf("# no histogram %s.%s\n", group, kind);
	return NULL;
}

static void is_value(const char *name, double want)
{
	double got = value(name);
	bool same = (isnan(got) && isnan(want)) || fabs(got - want) <= 1e-9 * (1 + fabs(want));

	ok(same, "%s is %.10g", name, want);
	if (!same)
		printf("# got %.17g\n", got);
}

static uint64_t field(const char *const *names, const uint64_t *values, const char *name)
{
	for (unsigned i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return values[i];
	printf("# no field %s\n", name);
	return UINT64_MAX;
}

static uint64_t vmstat(const char *name)
{
	uint64_t values[256];

	EG_CHECK(linux_vmstat_count() <= EG_ARRAY_LEN(values));
	linux_vmstat(&r.view, values);
	return field(linux_vmstat_names, values, name);
}

static uint64_t meminfo(const char *name)
{
	uint64_t values[128];

	EG_CHECK(linux_meminfo_count() <= EG_ARRAY_LEN(values));
	linux_meminfo(&r.view, values);
	return field(linux_meminfo_names, values, name);
}

/* ---- columns ----------------------------------------------------------------------------------------- */

static char *read_text(const char *path)
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

/* "frag.free_blocks.n0.dma32.3" stands in the table as `frag.free_blocks.<zone>.<n>`. */
static void general_name(const char *name, char *out, size_t size)
{
	static const struct { const char *prefix, *as; } family[] = {
		{ "time_pct.", "<category>" }, { "time.", "<category>" }, { "fault_count.", "<kind>" },
		{ "fault_latency.", "<kind>" }, { "vmop_latency.", "<call>" },
	};
	char zone[64];
	size_t n = 0;

	for (unsigned i = 0; i < EG_ARRAY_LEN(family); i++)
		if (strncmp(name, family[i].prefix, strlen(family[i].prefix)) == 0) {
			(void)snprintf(out, size, "`%s%s`", family[i].prefix, family[i].as);
			return;
		}
	out[n++] = '`';
	while (*name) {
		const char *dot = strchr(name, '.');
		size_t len = dot ? (size_t)(dot - name) : strlen(name);
		bool number = strspn(name, "0123456789") == len;

		if (len == 2 && name[0] == 'n' && name[1] == '0') {
			/* a zone has two parts, a node one */
			size_t more = dot ? strcspn(dot + 1, ".") : 0;

			(void)snprintf(zone, sizeof(zone), "%s", dot ? "<zone>" : "<node>");
			len += dot ? more + 1 : 0;
			n += (size_t)snprintf(out + n, size - n, "%s", zone);
		} else if (number) {
			n += (size_t)snprintf(out + n, size - n, "<n>");
		} else {
			n += (size_t)snprintf(out + n, size - n, "%.*s", (int)len, name);
		}
		name += len;
		if (*name == '.')
			out[n++] = *name++;
	}
	(void)snprintf(out + n, size - n, "`");
}

static void check_columns(void)
{
	static const char *const units[] = { "1", "bytes", "pages", "blocks", "ns", "%", "order" };
	const char *srcdir = getenv("SRCDIR");
	char path[512], *page;
	unsigned twice = 0, bad_unit = 0, bad_text = 0, missing = 0, bad_char = 0;

	open_rig(64, "buddy", false, true);
	(void)snprintf(path, sizeof(path), "%s/docs/metrics.md", srcdir ? srcdir : ".");
	page = read_text(path);
	ok(page != NULL, "docs/metrics.md can be read");
	for (size_t i = 0; i < r.set.nr_columns; i++) {
		const struct metric_column *c = &r.set.columns[i];
		bool known = false;
		char general[160];

		for (size_t j = 0; j < i; j++)
			if (strcmp(c->name, r.set.columns[j].name) == 0)
				twice++, printf("# twice: %s\n", c->name);
		for (unsigned u = 0; u < EG_ARRAY_LEN(units); u++)
			known |= strcmp(units[u], c->unit) == 0;
		if (!known)
			bad_unit++, printf("# unit of %s: %s\n", c->name, c->unit);
		if (!*c->long_name || c->better < -1 || c->better > 1 || (c->series && c->kind == METRIC_VALUE))
			bad_text++, printf("# %s: no text, no sense of better, or a series that is never sampled\n", c->name);
		if (strspn(c->name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != strlen(c->name))
			bad_char++, printf("# name: %s\n", c->name);
		general_name(c->name, general, sizeof(general));
		if (page && !strstr(page, general))
			missing++, printf("# not in docs/metrics.md: %s\n", general);
	}
	for (size_t i = 0; i < r.set.nr_hists; i++) {
		const struct metric_hist *h = &r.set.hists[i];
		char name[96], general[160];

		for (size_t j = 0; j < i; j++)
			if (strcmp(h->group, r.set.hists[j].group) == 0 && strcmp(h->kind, r.set.hists[j].kind) == 0)
				twice++, printf("# twice: %s.%s\n", h->group, h->kind);
		(void)snprintf(name, sizeof(name), "%s.%s", h->group, h->kind);
		for (size_t j = 0; j < r.set.nr_columns; j++)
			if (strncmp(name, r.set.columns[j].name, strlen(name)) == 0)
				twice++, printf("# a column begins like the histogram %s\n", name);
		general_name(name, general, sizeof(general));
		if (page && !strstr(page, general))
			missing++, printf("# not in docs/metrics.md: %s\n", general);
		bad_text += !*h->long_name || h->hist->count != 0;
	}
	ok(r.set.nr_columns > 150 && r.nr_metrics == 7, "seven metrics, %zu columns, %zu histograms", r.set.nr_columns,
	   r.set.nr_hists);
	is_u64(twice, 0, "names are unique");
	is_u64(bad_unit, 0, "units are known");
	is_u64(bad_text, 0, "each has a text and a direction; values over an interval are no series");
	is_u64(bad_char, 0, "names are lower case and dotted");
	is_u64(missing, 0, "all are in docs/metrics.md");
	sample(r.out);
	missing = 0;
	for (size_t i = 0; i < r.set.nr_columns; i++)
		if (r.out[i] <= -12345 || (isnan(r.out[i]) && r.set.columns[i].kind == METRIC_COUNTER))
			missing++, printf("# not sampled: %s\n", r.set.columns[i].name);
	is_u64(missing, 0, "a sample has every column");
	eg_free(page);
	close_rig();
}

/* ---- values ------------------------------------------------------------------------------------------ */

static void fault_pages(uint32_t space, unsigned first, unsigned nr, bool write)
{
	struct vm_work w = { 0 };

	for (unsigned i = first; i < first + nr; i++)
		EG_CHECK(vm_fault(&r.vm, space, BASE + i * EG_PAGE_SIZE, write, &w).outcome == VM_DONE);
}

static uint32_t new_space(uint64_t bytes, unsigned flags)
{
	struct vm_work w = { 0 };
	uint32_t space;

	EG_CHECK(vm_space_new(&r.vm, &space, &w) == VM_DONE);
	EG_CHECK(vm_mmap(&r.vm, space, BASE, bytes, EG_PROT_READ | EG_PROT_WRITE, flags, 0, 0, &w) == VM_DONE);
	return space;
}

static void check_faults(void)
{
	uint64_t free_before, used;
	struct vm_work w = { 0 };
	uint32_t parent, child;

	open_rig(64, "buddy", false, true);
	free_before = r.phys.managed;
	parent = new_space(1 * MIB, EG_MAP_ANON);
	fault_pages(parent, 100, 4, true);              /* before the warm-up ends */
	sample(r.start);
	fault_pages(parent, 0, 5, true);                /* 5 anon */
	fault_pages(parent, 10, 3, false);              /* 3 zero */
	fault_pages(parent, 10, 1, true);               /* 1 zero_cow */
	(void)vm_fault(&r.vm, parent, BASE + 2 * MIB, true, &w);        /* 1 segv */
	finish();
	is_value("fault_count.anon", 5);
	is_value("fault_count.zero", 3);
	is_value("fault_count.zero_cow", 1);
	is_value("fault_count.segv", 1);
	is_value("fault_count.cow", 0);
	is_value("fault_count.all", 10);
	is_value("mem.anon", 10 * 4096);
	is_value("mem.mapped_bytes", 1048576);
	is_value("pt.bytes", 4 * 4096);
	is_value("pt.pages.1", 1);
	is_value("pt.pages.4", 1);
	is_value("pt.overhead_pct", 40);
	is_value("mem.spaces", 1);
	used = 10 + 4;
	is_value("mem.used", (double)used * 4096);
	is_value("mem.free", (double)(free_before - used) * 4096);
	is_u64(vmstat("nr_anon_pages"), 10, "nr_anon_pages without sharing: the resident set");
	is_u64(vmstat("pgfault"), 13, "pgfault since time 0, without segv");
	is_u64(vmstat("nr_page_table_pages"), 4, "nr_page_table_pages");
	is_u64(vmstat("pgalloc_dma") + vmstat("pgalloc_dma32"), used, "pgalloc of the zones");
	is_u64(vmstat("numa_hit"), used, "numa_hit");

	/* fork: both map the 10 pages; the child copies two; the parent is the last user of one of them */
	EG_CHECK(vm_fork(&r.vm, parent, &child, &w) == VM_DONE);
	r.count.forks = 1;
	fault_pages(child, 0, 2, true);
	fault_pages(parent, 0, 1, true);
	finish();
	is_value("fault_count.cow", 2);
	is_value("fault_count.cow_reuse", 1);
	is_value("cow.breaks", 2);
	is_value("cow.bytes", 8192);
	is_value("mem.anon", 20 * 4096);
	is_value("mem.mapped_bytes_max", 2 * 1048576);
	is_value("task.forks", 1);
	is_u64(vmstat("nr_anon_pages"), 12, "nr_anon_pages counts a shared frame once");
	is_u64(vmstat("pgreuse"), 1, "pgreuse");
	is_u64(meminfo("AnonPages"), 48, "AnonPages in KiB");
	is_u64(meminfo("Committed_AS"), 2048, "Committed_AS: both copies");
	is_u64(meminfo("PageTables"), 32, "PageTables");
	vm_space_put(&r.vm, child, &w);
	vm_space_put(&r.vm, parent, &w);
	is_u64(vmstat("nr_anon_pages") + vmstat("nr_page_table_pages"), 0, "nothing is left");
	is_u64(vmstat("nr_free_pages"), r.phys.managed, "all memory is free");
	is_u64(vmstat("pgfree") - r.phys.managed, vmstat("pgalloc_dma") + vmstat("pgalloc_dma32"), "pgfree = managed + freed");
	close_rig();
}

static void check_shared(void)
{
	struct vm_work w = { 0 };
	uint32_t parent, child;

	open_rig(64, "buddy", false, true);
	parent = new_space(1 * MIB, EG_MAP_ANON | EG_MAP_SHARED);
	fault_pages(parent, 0, 7, true);
	EG_CHECK(vm_fork(&r.vm, parent, &child, &w) == VM_DONE);
	r.count.forks = 1;
	fault_pages(child, 0, 7, false);
	EG_CHECK(vm_madvise(&r.vm, parent, BASE, EG_PAGE_SIZE, EG_MADV_DONTNEED, &w) == VM_DONE);
	EG_CHECK(vm_madvise(&r.vm, child, BASE, EG_PAGE_SIZE, EG_MADV_DONTNEED, &w) == VM_DONE);
	finish();
	is_value("mem.shmem", 2 * 6 * 4096);
	is_u64(vmstat("nr_shmem"), 7, "nr_shmem: frames of the object, mapped or not");
	is_u64(vmstat("nr_mapped"), 6, "nr_mapped: those with a mapping, once");
	is_u64(vmstat("nr_file_pages"), 7, "nr_file_pages includes shared memory");
	is_u64(meminfo("Shmem"), 28, "Shmem");
	is_u64(meminfo("Cached"), 28, "Cached");
	is_u64(meminfo("Committed_AS"), 1024, "Committed_AS: a shared mapping once");
	vm_space_put(&r.vm, child, &w);
	vm_space_put(&r.vm, parent, &w);
	close_rig();

	open_rig(64, "buddy", false, true);
	parent = new_space(4 * MIB, EG_MAP_ANON);
	EG_CHECK(vm_populate(&r.vm, parent, BASE, 4 * MIB, true, true, &w) == VM_DONE);
	finish();
	is_value("mem.anon", 4 * 1048576);
	is_u64(vmstat("nr_anon_transparent_hugepages"), 2, "2 MiB frames");
	is_u64(vmstat("nr_anon_pages"), 1024, "... are 512 pages each");
	is_u64(meminfo("AnonHugePages"), 4096, "AnonHugePages");
	vm_space_put(&r.vm, parent, &w);
	close_rig();
}

/* Execute one access a page over `nr` pages on CPU 0; every page is present. */
static void sweep(unsigned nr, enum eg_access_kind kind)
{
	uint64_t acc[64];
	struct access_result a;

	EG_CHECK(nr <= EG_ARRAY_LEN(acc));
	for (unsigned i = 0; i < nr; i++)
		acc[i] = eg_access(BASE + i * EG_PAGE_SIZE, kind, 8);
	a = r.cpu[0].tlb_ops->run(&r.cpu[0], acc, nr, EG_TIME_NONE, true);
	EG_CHECK(a.stop == ACCESS_DONE && a.nr_done == nr);
}

static void check_tlb(void)
{
	uint32_t space;

	for (unsigned with_pwc = 0; with_pwc < 2; with_pwc++) {
		open_rig(64, "buddy", false, with_pwc);
		space = new_space(1 * MIB, EG_MAP_ANON);
		fault_pages(space, 0, 64, true);
		sample(r.start);
		mmu_switch(&r.cpu[0], space, vm_space(&r.vm, space)->root);
		/* 32 pages twice through 16 and 64 entries: L1 misses always, L2 the first time */
		sweep(32, EG_ACCESS_READ);
		sweep(32, EG_ACCESS_READ);
		finish();
		is_value("tlb.accesses", 64);
		is_value("tlb.lookups", 64);
		is_value("tlb.misses.l1d", 64);
		is_value("tlb.misses.l2", 32);
		is_value("tlb.hits.l1d", 0);
		is_value("tlb.hits.l2", 32);
		is_value("tlb.miss_ratio.l1d", 1);
		is_value("tlb.miss_ratio.l1i", (double)NAN);
		is_value("tlb.miss_ratio.l2", 0.5);
		is_value("tlb.global_miss_ratio", 0.5);
		is_value("tlb.mpka", 500);
		is_value("tlb.mpki", (double)NAN);
		is_value("walk.count", 32);
		is_value("walk.refs_per_walk", with_pwc ? 35.0 / 32 : 4);
		is_value("pwc.hits.pd", with_pwc ? 31 : 0);
		is_value("pwc.hit_ratio.pd", with_pwc ? 31.0 / 32 : (double)NAN);
		is_value("pwc.hit_ratio.pdpt", with_pwc ? 0 : (double)NAN);
		is_value("tlb.reach", 32 * 4096);

		memcpy(r.start, r.end, r.set.nr_columns * sizeof(double));      /* a new interval */
		sweep(4, EG_ACCESS_FETCH);
		sweep(4, EG_ACCESS_FETCH);
		sweep(4, EG_ACCESS_FETCH);
		sweep(4, EG_ACCESS_FETCH);
		finish();
		is_value("tlb.accesses", 16);
		is_value("tlb.misses.l1i", 4);
		is_value("tlb.hits.l1i", 12);
		is_value("tlb.miss_ratio.l1i", 0.25);
		is_value("tlb.miss_ratio.l1d", (double)NAN);
		is_value("tlb.mpki", 0);
		{
			struct vm_work w = { 0 };

			mmu_forget(&r.cpu[0], space);
			vm_space_put(&r.vm, space, &w);
		}
		close_rig();
	}

	/* one first level for both: fetches are look-ups of the data TLB */
	open_rig(64, "buddy", true, false);
	space = new_space(1 * MIB, EG_MAP_ANON);
	fault_pages(space, 0, 8, true);
	sample(r.start);
	mmu_switch(&r.cpu[0], space, vm_space(&r.vm, space)->root);
	sweep(4, EG_ACCESS_FETCH);
	sweep(4, EG_ACCESS_FETCH);
	finish();
	is_value("tlb.misses.l1d", 4);
	is_value("tlb.hits.l1d", 4);
	is_value("tlb.hits.l1i", 0);
	is_value("tlb.miss_ratio.l1d", 0.5);
	is_value("tlb.mpki", 500);
	close_rig();
}

static void check_time(void)
{
	open_rig(64, "buddy", false, true);
	r.time[0][TIME_COMPUTE] = 400;
	r.time[0][TIME_WALK] = 600;
	r.time[1][TIME_IDLE] = 1000;
	r.view.now = 1000;
	sample(r.start);
	r.time[0][TIME_COMPUTE] += 1500;
	r.time[0][TIME_FAULT_ANON] += 500;
	r.time[1][TIME_IDLE] += 1000;
	r.time[1][TIME_COPY] += 1000;
	r.view.now += 2000;
	finish();
	is_value("elapsed", 2);
	is_value("time.compute", 1.5);
	is_value("time.walk", 0);
	is_value("time.fault.anon", 0.5);
	is_value("time_pct.compute", 37.5);
	is_value("time_pct.idle", 25);
	is_value("time_pct.copy", 25);
	is_value("time_pct.fault.anon", 12.5);
	is_value("time.sum_error", 0);
	r.time[0][TIME_COMPUTE] += 1000;                /* one CPU has too much, the other too little */
	r.time[1][TIME_IDLE] -= 1000;
	finish();
	is_value("time.sum_error", 2);
	close_rig();
}

static void emit(enum probe probe, uint32_t kind, uint64_t ps)
{
	struct probe_event e = { .kind = kind, .value = ps };

	probe_emit(&r.probes, probe, &e);
}

static void check_histograms(void)
{
	open_rig(64, "buddy", false, true);
	emit(PROBE_FAULT, FAULT_ANON, 500000);
	emit(PROBE_FAULT, FAULT_ANON, 700000);
	emit(PROBE_FAULT, FAULT_COW, 900000);
	emit(PROBE_FORK, 0, 5);
	emit(PROBE_FORK, 1, 6);
	emit(PROBE_VMOP, VMOP_MUNMAP, 7);
	emit(PROBE_VMOP, VMOP_EXIT, 8);
	emit(PROBE_ALLOC, 10, 9);
	emit(PROBE_FREE, 0, 11);
	emit(PROBE_MEMORY_WAIT, 0, 12);
	is_u64(hist("fault_latency", "anon")->count, 2, "fault_latency.anon");
	is_u64(hist("fault_latency", "anon")->sum, 1200000, "... in picoseconds");
	is_u64(hist("fault_latency", "cow")->max, 900000, "fault_latency.cow");
	is_u64(hist("fault_latency", "zero")->count, 0, "a kind that did not happen is empty");
	is_u64(hist("fork_latency", "fork")->max, 5, "fork_latency.fork");
	is_u64(hist("fork_latency", "vfork")->max, 6, "fork_latency.vfork");
	is_u64(hist("vmop_latency", "munmap")->max, 7, "vmop_latency.munmap");
	is_u64(hist("vmop_latency", "exit")->max, 8, "vmop_latency.exit");
	is_u64(hist("alloc_latency", "alloc.10")->max, 9, "alloc_latency.alloc.10");
	is_u64(hist("alloc_latency", "free.0")->max, 11, "alloc_latency.free.0");
	is_u64(hist("memory_wait", "parked")->max, 12, "memory_wait.parked");
	close_rig();
}

static void check_locks(void)
{
	open_rig(64, "buddy", false, true);
	(void)server_enter_row(&r.zone_lock[1], 0, 5000, 1, 1);
	sample(r.start);
	(void)server_enter_row(&r.zone_lock[1], 1000, 5000, 1, 1);        /* waits 4000 */
	(void)server_enter_row(&r.zone_lock[1], 50000, 5000, 1, 1);
	(void)server_enter_row(&r.mmap_lock, 0, 3000, 1, 1);
	finish();
	is_value("lock.zone.n0.dma32.served", 2);
	is_value("lock.zone.n0.dma32.queued", 1);
	is_value("lock.zone.n0.dma32.waited_ns", 4);
	is_value("lock.zone.n0.dma32.held_ns", 10);
	is_value("lock.zone.n0.dma32.queued_pct", 50);
	is_value("lock.zone.n0.dma.served", 0);
	is_value("lock.zone.n0.dma.queued_pct", (double)NAN);
	is_value("lock.mmap.held_ns", 3);
	is_value("lock.mmap.queued_pct", 0);
	close_rig();
}

/* ---- fragmentation ----------------------------------------------------------------------------------- */

static void check_frag(void)
{
	struct phys_req req = { .kind = FRAME_RAW, .gfp = GFP_ATOMIC | GFP_MOVABLE };
	static eg_pfn held[20000];
	struct phys_zone_view z;
	unsigned nr = 0;
	uint64_t sum[EG_NR_ORDERS] = { 0 }, pages = 0;
	double before;

	open_rig(64, "buddy", false, true);
	r.view.now = 10;
	sample(r.start);
	memcpy(r.end, r.start, r.set.nr_columns * sizeof(double));
	finish();
	is_value("frag.huge_unmerged", 0);
	is_value("frag.largest_order.n0.dma32", 10);
	is_value("frag.index_milli.n0.dma32.9", -1000);
	emit(PROBE_WARMUP_END, 0, 0);
	r.view.now = 15;
	finish();
	sample(r.end);                                  /* two samples at one time are one */
	before = value("frag.huge_pct");
	for (;;) {
		struct phys_result p = phys_alloc(&r.phys, &req);

		if (p.outcome != PHYS_GRANTED)
			break;
		EG_CHECK(nr < EG_ARRAY_LEN(held));
		held[nr++] = p.pfn;
	}
	for (unsigned i = 0; i < nr; i++)               /* every other frame is free */
		if (held[i].v & 1)
			(void)phys_free(&r.phys, held[i], 0);
	r.view.now = 20;
	finish();
	phys_view_zone(&r.phys, 1, &z);
	ok(strcmp(z.name, "DMA32") == 0 && z.free.pages > 5000, "DMA32 is checkered");
	is_value("frag.unusable_milli.n0.dma32.9", frag_unusable_milli(z.free.blocks, 9));
	is_value("frag.index_milli.n0.dma32.9", frag_index_milli(z.free.blocks, 9));
	is_value("frag.score.n0.dma32", frag_score(z.free.blocks));
	is_value("frag.free_blocks.n0.dma32.0", (double)z.free.blocks[0]);
	ok(value("frag.unusable_milli.n0.dma32.9") > 900, "hardly a huge page is left");
	for (unsigned k = 0; k < r.phys.nr_zones; k++) {
		phys_view_zone(&r.phys, k, &z);
		pages += z.free.pages;
		for (unsigned i = 0; i < EG_NR_ORDERS; i++)
			sum[i] += z.free.blocks[i];
	}
	is_value("frag.unusable_milli.all.9", frag_unusable_milli(sum, 9));
	is_value("frag.unusable.all.9", frag_unusable(sum, 9));
	is_value("frag.unusable.all.0", 0);
	is_value("mem.free", (double)pages * 4096);
	is_value("frag.huge_unmerged", 0);
	is_value("frag.huge_score", (before + value("frag.huge_pct")) / 2);
	ok(value("frag.compact_moves") > 0 && value("frag.compact_moves_llfree") >= value("frag.compact_moves"),
	   "moves: %g, LLFree's count %g", value("frag.compact_moves"), value("frag.compact_moves_llfree"));
	for (unsigned i = 0; i < nr; i++)
		if (!(held[i].v & 1))
			(void)phys_free(&r.phys, held[i], 0);
	r.view.now = 30;
	finish();
	is_value("frag.huge_pct", 100.0 * value("frag.free_huge") / floor((double)r.phys.managed / 512));
	{
		uint16_t *huge = eg_arena_alloc(&r.arena, phys_view_huge_frames(&r.phys), sizeof(*huge));
		uint64_t moves, rest;

		EG_CHECK(huge);
		phys_view_huge_free(&r.phys, huge, NULL);
		moves = frag_compact_moves(huge, phys_view_huge_frames(&r.phys), &rest);
		is_value("frag.compact_moves", (double)moves);
		is_value("frag.compact_moves_llfree", (double)rest);
	}
	is_value("frag.huge_unmerged", 0);
	close_rig();
}

/* huge_pct is computed from blocks: whole free 2 MiB frames are in blocks of order 9 for every policy. */
static void check_merged(void)
{
	for (unsigned k = 0; palloc_registry[k]; k++) {
		struct eg_rng rng = eg_rng_stream(7, "test", k);
		struct { eg_pfn pfn; unsigned order; } held[512];
		double worst = 0;
		unsigned nr = 0;

		open_rig(64, palloc_registry[k]->name, false, true);
		for (unsigned step = 0; step < 4000; step++) {
			if (nr < EG_ARRAY_LEN(held) && eg_rng_below(&rng, 100) < (step % 1000 < 500 ? 65 : 35)) {
				struct phys_req req = { .kind = FRAME_RAW, .gfp = GFP_NOWAIT | (step & 1 ? GFP_MOVABLE : 0),
							.order = (uint8_t)eg_rng_below(&rng, 8) };
				struct phys_result p = phys_alloc(&r.phys, &req);

				if (p.outcome == PHYS_GRANTED) {
					held[nr].pfn = p.pfn;
					held[nr++].order = req.order;
				}
			} else if (nr) {
				unsigned i = (unsigned)eg_rng_below(&rng, nr);

				(void)phys_free(&r.phys, held[i].pfn, held[i].order);
				held[i] = held[--nr];
			}
			if (step % 500 == 499) {
				finish();
				worst = fabs(value("frag.huge_unmerged")) > worst ? fabs(value("frag.huge_unmerged")) : worst;
			}
		}
		ok(worst == 0 && value("frag.free_huge") > 0, "%s: free frames of 2 MiB are those of the free blocks",
		   palloc_registry[k]->name);
		while (nr) {
			nr--;
			(void)phys_free(&r.phys, held[nr].pfn, held[nr].order);
		}
		close_rig();
	}
}

/* ---- Linux ------------------------------------------------------------------------------------------- */

/* Lines of a recorded file begin with our names, in our order. */
static void compare_lines(const char *file, const char *const *names, unsigned nr)
{
	const char *root = getenv("ENGRAM_RECORDINGS");
	char path[512], *text, *line;
	unsigned i = 0;
	bool same = true;

	(void)snprintf(path, sizeof(path), "%s/truth/data/boot/T1/state/%s", root ? root : "", file);
	text = root ? read_text(path) : NULL;
	if (!text) {
		tap_skip("no recordings");
		return;
	}
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), i++) {
		size_t n = strcspn(line, " :");

		if (i < nr && (strlen(names[i]) != n || strncmp(line, names[i], n) != 0) && same) {
			printf("# line %u: %s, here %s\n", i + 1, line, names[i]);
			same = false;
		}
	}
	ok(same && i == nr, "%s: %u lines as recorded", file, nr);
	eg_free(text);
}

static uint64_t host_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void check_linux(void)
{
	uint64_t values[256], view_ns = UINT64_MAX, sample_ns = UINT64_MAX;
	struct vm_work w = { 0 };
	uint32_t parent, child;

	compare_lines("vmstat", linux_vmstat_names, linux_vmstat_count());
	compare_lines("meminfo", linux_meminfo_names, linux_meminfo_count());
	/* a running 6.18 kernel; its Movable zone was empty but had a low watermark of 32 */
	is_u64(linux_mem_available(19262184 / 4, 47619, (1535956 + 3129752) / 4, 223936 / 4, 21994) * 4, 23785400,
	       "MemAvailable of a recorded machine");
	is_u64(linux_mem_available(10, 100, 0, 0, 5), 0, "MemAvailable is not negative");

	open_rig(64, "buddy", false, true);
	is_u64(meminfo("MemTotal"), r.phys.managed * 4, "MemTotal");
	is_u64(meminfo("MemFree"), r.phys.managed * 4, "MemFree");
	is_u64(meminfo("CommitLimit"), r.phys.managed / 2 * 4, "CommitLimit");
	is_u64(meminfo("VmallocTotal"), 34359738367, "VmallocTotal");
	ok(meminfo("MemAvailable") < meminfo("MemFree") && meminfo("MemAvailable") > meminfo("MemFree") / 2,
	   "MemAvailable is a little less than MemFree");
	close_rig();

	/* what counting frames costs: everything used, everything shared */
	open_rig(512, "buddy", false, true);
	parent = new_space(480 * MIB, EG_MAP_ANON);
	EG_CHECK(vm_populate(&r.vm, parent, BASE, 480 * MIB, true, false, &w) == VM_DONE);
	EG_CHECK(vm_fork(&r.vm, parent, &child, &w) == VM_DONE);
	r.count.forks = 1;
	for (unsigned i = 0; i < 5; i++) {
		uint64_t t0 = host_ns(), t1, t2;

		linux_views(&r.view, values, NULL);
		t1 = host_ns();
		sample(r.start);
		t2 = host_ns();
		view_ns = t1 - t0 < view_ns ? t1 - t0 : view_ns;
		sample_ns = t2 - t1 < sample_ns ? t2 - t1 : sample_ns;
	}
	is_u64(field(linux_vmstat_names, values, "nr_anon_pages"), 480 * 256, "480 MiB are shared");
	printf("# counting %" PRIu64 " frames: %.2f ns each; one sample of all metrics: %.1f us\n", r.phys.nr_frames,
	       (double)view_ns / (double)r.phys.nr_frames, (double)sample_ns / 1e3);
	vm_space_put(&r.vm, child, &w);
	vm_space_put(&r.vm, parent, &w);
	close_rig();
}

/* Host memory runs out at the nth request while metrics attach: said in set->failed, and nothing else breaks. */
static void check_no_memory(void)
{
	unsigned nth, failed = 0;

	for (nth = 1; nth < 200; nth++) {
		bool out;

		open_rig(64, "buddy", false, true);
		memset(&r.probes, 0, sizeof(r.probes));
		memset(&r.set, 0, sizeof(r.set));
		(void)eg_mem_fail_nth(nth);
		attach();
		(void)eg_mem_fail_nth(0);
		out = r.set.failed;
		failed += out;
		close_rig();
		if (!out)
			break;
	}
	ok(failed > 0 && nth == failed + 1, "each of %u requests for host memory may fail", failed);
}

int main(void)
{
	check_columns();
	check_faults();
	check_shared();
	check_tlb();
	check_time();
	check_histograms();
	check_locks();
	check_frag();
	check_merged();
	check_linux();
	check_no_memory();
	return tap_done();
}
