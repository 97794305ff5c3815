/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics: a small machine put together by hand - memory, spaces, two CPUs - whose every number is known.
 * Columns are unique, documented and in known units; values, intervals and histograms are what was done.
 * Fragmentation and the Linux views are in test_metric_views.c.
 */
#include "tests/unit/metric_rig.h"

/* ---- columns ----------------------------------------------------------------------------------------- */

/* "frag.free_blocks.n0.dma32.3" stands in the table as `frag.free_blocks.<zone>.<n>`. */
static void general_name(const char *name, char *out, size_t size)
{
	static const struct { const char *prefix, *as; } family[] = {
		{ "time_pct.", "<category>" }, { "time.", "<category>" }, { "fault_count.", "<kind>" },
		{ "fault_latency.", "<kind>" }, { "vmop_latency.", "<call>" },
	};
	/* ... and a last part that stays */
	static const char *const interval = "fault_latency_interval.";
	char zone[64];
	size_t n = 0;

	for (unsigned i = 0; i < EG_ARRAY_LEN(family); i++)
		if (strncmp(name, family[i].prefix, strlen(family[i].prefix)) == 0) {
			(void)snprintf(out, size, "`%s%s`", family[i].prefix, family[i].as);
			return;
		}
	if (strncmp(name, interval, strlen(interval)) == 0) {
		(void)snprintf(out, size, "`%s<kind>%s`", interval, strrchr(name, '.'));
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
		r.time[0][TIME_WALK] += 640000;
		finish();
		is_value("walk.ns_per_walk", 20);
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
		/* the reads of each level, as a figure computes them from where walks begin and end */
		is_u64((uint64_t)(4 * value("walk.count") - value("tlb.misses.l2_2m") - value("pwc.hits.pd") -
				  (value("pwc.hits.pd") + value("pwc.hits.pdpt")) -
				  (value("pwc.hits.pd") + value("pwc.hits.pdpt") + value("pwc.hits.pml4"))),
		       (uint64_t)value("walk.refs"), "reads by level add up to all reads");
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
	is_value("walk.ns_per_walk", (double)NAN);      /* no walks */
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

/* The sample at `now`: r.out as finish() leaves it. */
static void sample_at(eg_time now)
{
	r.view.now = now;
	finish();
}

static void check_intervals(void)
{
	struct eg_hist all = { 0 };

	open_rig(64, "buddy", false, true);
	sample_at(0);
	is_value("fault_latency_interval.all.p50", (double)NAN);
	is_value("alloc_latency_interval.alloc.p99", (double)NAN);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t ps = 700000 + 1003 * i;

		emit(PROBE_FAULT, i % 4 ? FAULT_ANON : FAULT_SHMEM, ps);
		eg_hist_add(&all, ps);
	}
	emit(PROBE_ALLOC, 3, 1000);
	emit(PROBE_ALLOC, 0, 2000);
	sample_at(5);
	is_value("fault_latency_interval.all.p50", (double)eg_hist_percentile(&all, 0.5) / 1e3);
	is_value("fault_latency_interval.all.p99", (double)eg_hist_percentile(&all, 0.99) / 1e3);
	is_value("fault_latency_interval.all.p99_9", (double)eg_hist_percentile(&all, 0.999) / 1e3);
	is_value("fault_latency_interval.anon.p99_9", (double)eg_hist_percentile(hist("fault_latency", "anon"), 0.999) / 1e3);
	is_value("fault_latency_interval.cow.p50", (double)NAN);
	is_value("alloc_latency_interval.alloc.p50", (double)eg_hist_upper(eg_hist_index(1000)) / 1e3);
	is_value("alloc_latency_interval.alloc.p99", 2);
	sample_at(5);                                   /* asked again at the end of a run: the same interval */
	is_value("fault_latency_interval.all.p50", (double)eg_hist_percentile(&all, 0.5) / 1e3);
	sample_at(6);
	is_value("fault_latency_interval.all.p50", (double)NAN);
	is_value("alloc_latency_interval.alloc.p50", (double)NAN);

	/* nothing of an interval is left in the next, whichever buckets it used */
	emit(PROBE_FAULT, FAULT_ANON, 5);
	emit(PROBE_FAULT, FAULT_ANON, UINT64_MAX);
	sample_at(7);
	emit(PROBE_FAULT, FAULT_ANON, 3000);
	sample_at(8);
	is_value("fault_latency_interval.anon.p50", 3);
	is_value("fault_latency_interval.anon.p99_9", 3);

	/* the end of the warm-up is not the end of an interval, even at the moment of a sample */
	emit(PROBE_FAULT, FAULT_COW, 4000);
	emit(PROBE_WARMUP_END, 0, 0);
	r.view.now = 9;
	sample(r.start);
	emit(PROBE_FAULT, FAULT_COW, 8000);
	emit(PROBE_FAULT, FAULT_COW, 8000);
	sample_at(9);
	is_value("fault_latency_interval.cow.p50", 8);
	is_u64(hist("fault_latency", "cow")->count, 3, "the histogram of the run has them all");
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
	check_intervals();
	check_locks();
	check_no_memory();
	return tap_done();
}
