/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * linux_view - the machine as /proc/vmstat and /proc/meminfo of Linux 6.1 would show it.
 *
 * Line set and order are those of a 6.1.0 kernel (x86-64, NUMA, transparent huge pages, no HighMem, no
 * zswap), as recorded. Everything that the simulator does not have is 0, so that tools find each line.
 * Values are totals since time 0 and as of now; vmstat counts pages unless the name says otherwise.
 *
 * How lines are filled, where that is not plain:
 *
 *   pages by kind    anon, file and shmem are frames, each once, however often they are mapped. The
 *                    resident sets of the spaces give that as long as nothing is shared: no fork with
 *                    both sides alive, no shared mapping, no 2 MiB frame. Otherwise the frame records of
 *                    allocated memory are counted: 0.4 ns a frame in cache (512 MiB: 60 us).
 *   active, inactive There is no reclaim, hence no ageing: all pages are inactive. That is where Linux puts
 *                    new anonymous (since 5.9) and file pages, and they stay there until reclaim or a second
 *                    access by system call moves them.
 *   file             A file mapping's pages are its own (vm.h), not a shared page cache: Cached counts a
 *                    page of a file that two processes map twice.
 *   pgfree           At boot Linux gives all managed memory to the allocator by freeing it, and counts that:
 *                    managed + pages freed since. (A recording of a 512 MiB machine just after boot: pgfree
 *                    122047, managed + allocated - used = 121961.)
 *   pgfault          Faults that found a mapping permitting the access: all kinds but segv.
 *   numa_hit, _local Allocations (not pages) that the zones granted: there is one node.
 *   MemAvailable     linux_mem_available() below.
 *   Committed_AS     Sizes of private writable mappings without MAP_NORESERVE, and of anonymous shared
 *                    ones, each shared among the mappings of its object. Linux fixes this at mmap() time;
 *                    here a later mprotect() changes it.
 *   CommitLimit      Half of managed memory: overcommit_ratio 50, no swap.
 *   allocstall_*, pageoutrun, kswapd_*   0: a task that finds no memory is parked, nothing is reclaimed.
 *   DirectMap*, Percpu, KernelStack, Slab   0: the kernel's own memory is not simulated, but for page
 *                    tables and the frame records (which are outside MemTotal here and in Linux).
 */
#include "sim/base/op.h"
#include "sim/metric/metric.h"
#include "sim/phys/phys_view.h"
#include "sim/vm/shmem.h"
#include "sim/vm/vm.h"

/* X(name, value), Z(name): not simulated. `s` is a struct linux_state. */
#define VMSTAT_MAP(X, Z) \
	X(nr_free_pages, s.free) \
	X(nr_zone_inactive_anon, s.anon + s.shmem) \
	Z(nr_zone_active_anon) \
	X(nr_zone_inactive_file, s.file) \
	Z(nr_zone_active_file) Z(nr_zone_unevictable) Z(nr_zone_write_pending) Z(nr_mlock) \
	Z(nr_bounce) Z(nr_zspages) Z(nr_free_cma) \
	X(numa_hit, s.grants) \
	Z(numa_miss) Z(numa_foreign) Z(numa_interleave) \
	X(numa_local, s.grants) \
	Z(numa_other) \
	X(nr_inactive_anon, s.anon + s.shmem) \
	Z(nr_active_anon) \
	X(nr_inactive_file, s.file) \
	Z(nr_active_file) Z(nr_unevictable) Z(nr_slab_reclaimable) Z(nr_slab_unreclaimable) \
	Z(nr_isolated_anon) Z(nr_isolated_file) Z(workingset_nodes) Z(workingset_refault_anon) \
	Z(workingset_refault_file) Z(workingset_activate_anon) Z(workingset_activate_file) \
	Z(workingset_restore_anon) Z(workingset_restore_file) Z(workingset_nodereclaim) \
	X(nr_anon_pages, s.anon) \
	X(nr_mapped, s.mapped) \
	X(nr_file_pages, s.file + s.shmem) \
	Z(nr_dirty) Z(nr_writeback) Z(nr_writeback_temp) \
	X(nr_shmem, s.shmem) \
	Z(nr_shmem_hugepages) Z(nr_shmem_pmdmapped) Z(nr_file_hugepages) Z(nr_file_pmdmapped) \
	X(nr_anon_transparent_hugepages, s.anon_huge) \
	Z(nr_vmscan_write) Z(nr_vmscan_immediate_reclaim) Z(nr_dirtied) Z(nr_written) \
	Z(nr_throttled_written) Z(nr_kernel_misc_reclaimable) Z(nr_foll_pin_acquired) \
	Z(nr_foll_pin_released) Z(nr_kernel_stack) \
	X(nr_page_table_pages, s.tables) \
	Z(nr_sec_page_table_pages) Z(nr_swapcached) Z(pgpromote_success) Z(pgpromote_candidate) \
	Z(nr_dirty_threshold) Z(nr_dirty_background_threshold) Z(pgpgin) Z(pgpgout) Z(pswpin) \
	Z(pswpout) \
	X(pgalloc_dma, s.granted[ZONE_DMA]) \
	X(pgalloc_dma32, s.granted[ZONE_DMA32]) \
	X(pgalloc_normal, s.granted[ZONE_NORMAL]) \
	Z(pgalloc_movable) Z(pgalloc_device) Z(allocstall_dma) Z(allocstall_dma32) \
	Z(allocstall_normal) Z(allocstall_movable) Z(allocstall_device) Z(pgskip_dma) \
	Z(pgskip_dma32) Z(pgskip_normal) Z(pgskip_movable) Z(pgskip_device) \
	X(pgfree, s.managed + s.freed) \
	Z(pgactivate) Z(pgdeactivate) Z(pglazyfree) \
	X(pgfault, s.faults) \
	Z(pgmajfault) Z(pglazyfreed) Z(pgrefill) \
	X(pgreuse, s.reused) \
	Z(pgsteal_kswapd) Z(pgsteal_direct) Z(pgdemote_kswapd) Z(pgdemote_direct) Z(pgscan_kswapd) \
	Z(pgscan_direct) Z(pgscan_direct_throttle) Z(pgscan_anon) Z(pgscan_file) Z(pgsteal_anon) \
	Z(pgsteal_file) Z(zone_reclaim_failed) Z(pginodesteal) Z(slabs_scanned) \
	Z(kswapd_inodesteal) Z(kswapd_low_wmark_hit_quickly) Z(kswapd_high_wmark_hit_quickly) \
	Z(pageoutrun) Z(pgrotated) Z(drop_pagecache) Z(drop_slab) \
	X(oom_kill, s.oom_kills) \
	Z(numa_pte_updates) Z(numa_huge_pte_updates) Z(numa_hint_faults) Z(numa_hint_faults_local) \
	Z(numa_pages_migrated) Z(pgmigrate_success) Z(pgmigrate_fail) Z(thp_migration_success) \
	Z(thp_migration_fail) Z(thp_migration_split) Z(compact_migrate_scanned) \
	Z(compact_free_scanned) Z(compact_isolated) Z(compact_stall) Z(compact_fail) \
	Z(compact_success) Z(compact_daemon_wake) Z(compact_daemon_migrate_scanned) \
	Z(compact_daemon_free_scanned) Z(htlb_buddy_alloc_success) Z(htlb_buddy_alloc_fail) \
	Z(unevictable_pgs_culled) Z(unevictable_pgs_scanned) Z(unevictable_pgs_rescued) \
	Z(unevictable_pgs_mlocked) Z(unevictable_pgs_munlocked) Z(unevictable_pgs_cleared) \
	Z(unevictable_pgs_stranded) Z(thp_fault_alloc) Z(thp_fault_fallback) \
	Z(thp_fault_fallback_charge) Z(thp_collapse_alloc) Z(thp_collapse_alloc_failed) \
	Z(thp_file_alloc) Z(thp_file_fallback) Z(thp_file_fallback_charge) Z(thp_file_mapped) \
	Z(thp_split_page) Z(thp_split_page_failed) Z(thp_deferred_split_page) Z(thp_split_pmd) \
	Z(thp_scan_exceed_none_pte) Z(thp_scan_exceed_swap_pte) Z(thp_scan_exceed_share_pte) \
	Z(thp_split_pud) Z(thp_zero_page_alloc) Z(thp_zero_page_alloc_failed) Z(thp_swpout) \
	Z(thp_swpout_fallback) Z(balloon_inflate) Z(balloon_deflate) Z(balloon_migrate) Z(swap_ra) \
	Z(swap_ra_hit) Z(ksm_swpin_copy) Z(cow_ksm) Z(direct_map_level2_splits) \
	Z(direct_map_level3_splits) Z(nr_unstable)

#define KIB(pages) ((uint64_t)(pages) << (EG_PAGE_SHIFT - 10))
#define MEMINFO_MAP(X) \
	X("MemTotal", KIB(s.managed)) X("MemFree", KIB(s.free)) \
	X("MemAvailable", KIB(s.available)) X("Buffers", 0) X("Cached", KIB(s.file + s.shmem)) \
	X("SwapCached", 0) X("Active", 0) X("Inactive", KIB(s.anon + s.shmem + s.file)) \
	X("Active(anon)", 0) X("Inactive(anon)", KIB(s.anon + s.shmem)) X("Active(file)", 0) \
	X("Inactive(file)", KIB(s.file)) X("Unevictable", 0) X("Mlocked", 0) X("SwapTotal", 0) \
	X("SwapFree", 0) X("Dirty", 0) X("Writeback", 0) X("AnonPages", KIB(s.anon)) \
	X("Mapped", KIB(s.mapped)) X("Shmem", KIB(s.shmem)) X("KReclaimable", 0) X("Slab", 0) \
	X("SReclaimable", 0) X("SUnreclaim", 0) X("KernelStack", 0) X("PageTables", KIB(s.tables)) \
	X("SecPageTables", 0) X("NFS_Unstable", 0) X("Bounce", 0) X("WritebackTmp", 0) \
	X("CommitLimit", KIB(s.managed / 2)) X("Committed_AS", KIB(s.committed)) \
	X("VmallocTotal", UINT64_C(34359738367)) X("VmallocUsed", 0) X("VmallocChunk", 0) \
	X("Percpu", 0) X("AnonHugePages", KIB(s.anon_huge << EG_HUGE_ORDER)) \
	X("ShmemHugePages", 0) X("ShmemPmdMapped", 0) X("FileHugePages", 0) X("FilePmdMapped", 0) \
	X("HugePages_Total", 0) X("HugePages_Free", 0) X("HugePages_Rsvd", 0) \
	X("HugePages_Surp", 0) X("Hugepagesize", 2048) X("Hugetlb", 0) X("DirectMap4k", 0) \
	X("DirectMap2M", 0) X("DirectMap1G", 0)

const char *const linux_vmstat_names[] = {
#define X(name, value) #name,
#define Z(name) #name,
	VMSTAT_MAP(X, Z)
#undef X
#undef Z
	NULL
};

const char *const linux_meminfo_names[] = {
#define X(name, value) name,
	MEMINFO_MAP(X)
#undef X
	NULL
};

unsigned linux_vmstat_count(void)  { return EG_ARRAY_LEN(linux_vmstat_names) - 1; }
unsigned linux_meminfo_count(void) { return EG_ARRAY_LEN(linux_meminfo_names) - 1; }

uint64_t linux_mem_available(uint64_t free, uint64_t reserve, uint64_t page_cache, uint64_t reclaimable, uint64_t low)
{
	uint64_t have = free + page_cache + reclaimable, keep = reserve;

	keep += page_cache / 2 < low ? page_cache / 2 : low;
	keep += reclaimable / 2 < low ? reclaimable / 2 : low;
	return have > keep ? have - keep : 0;
}

/* What the lines are made of; pages unless noted. */
struct linux_state {
	uint64_t managed, free, available;
	uint64_t anon, file, shmem, mapped;     /* frames by kind; mapped: file and shmem with a mapping     */
	uint64_t anon_huge;                     /* 2 MiB frames among anon                                   */
	uint64_t tables, committed;
	uint64_t grants, freed;                 /* allocations; pages                                        */
	uint64_t granted[NR_ZONE_TYPES];
	uint64_t faults, reused, oom_kills;     /* events */
};

static void count_zones(const struct phys *phys, struct linux_state *s, uint64_t *low, uint64_t *reserve)
{
	*low = *reserve = 0;
	for (unsigned i = 0; i < phys->nr_zones; i++) {
		const struct phys_zone *z = &phys->zone[i];
		uint64_t protect = 0, keep;

		for (unsigned order = 0; order < EG_NR_ORDERS; order++) {
			for (unsigned type = 0; type < NR_MIGRATETYPES; type++) {
				s->grants += z->stats.alloc[order][type];
				s->granted[z->type] += z->stats.alloc[order][type] << order;
			}
			s->freed += z->stats.free[order] << order;
		}
		for (unsigned type = 0; type < NR_ZONE_TYPES; type++)
			protect = z->protect[type] > protect ? z->protect[type] : protect;
		keep = z->mark[WMARK_HIGH] + protect;
		*reserve += keep < z->managed ? keep : z->managed;
		*low += z->mark[WMARK_LOW];
		s->managed += z->managed;
		s->free += z->free_pages;
	}
}

/* Could a frame be mapped twice, or hold 2 MiB? Then the resident sets do not give the number of frames. */
static bool frames_shared(const struct metric_view *v)
{
	if (v->vm->shmem->used || (v->vm->live_spaces > 1 && v->count->forks))
		return true;
	for (unsigned i = 0; i < v->phys->nr_zones; i++)
		for (unsigned type = 0; type < NR_MIGRATETYPES; type++)
			if (v->phys->zone[i].stats.alloc[EG_HUGE_ORDER][type])
				return true;
	return false;
}

/* Kind, order, migratetype and flags of a record: equal in most neighbours. */
static inline uint32_t frame_word(const struct frame *f)
{
	uint32_t word;

	memcpy(&word, (const char *)f + offsetof(struct frame, kind), sizeof(word));
	return word;
}

/*
 * Every frame of an allocated block carries its kind, so only free blocks are stepped over as a whole, and runs
 * of records that are alike are counted by their length. A mapping is counted in a block's first record; blocks
 * of file and shared pages are single frames.
 */
static void count_frames(const struct phys *phys, struct linux_state *s)
{
	for (unsigned i = 0; i < phys->nr_zones; i++) {
		const struct frame *f = &phys->frames[phys->zone[i].start.v], *end = &phys->frames[phys->zone[i].end.v];

		while (f < end) {
			const struct frame *first = f;
			uint32_t word = frame_word(f);
			uint64_t mapped = 0;

			if (f->kind == FRAME_FREE_HEAD) {
				f += 1u << f->order;
				continue;
			}
			if (f->kind == FRAME_FILE || f->kind == FRAME_SHMEM)
				for (; f < end && frame_word(f) == word; f++)
					mapped += frame_map_count(f) != 0;
			else
				while (f < end && frame_word(f) == word)
					f++;
			s->anon += first->kind == FRAME_ANON ? (uint64_t)(f - first) : 0;
			s->anon_huge += first->kind == FRAME_ANON && first->order == EG_HUGE_ORDER ? (uint64_t)(f - first) : 0;
			s->file += first->kind == FRAME_FILE ? (uint64_t)(f - first) : 0;
			s->shmem += first->kind == FRAME_SHMEM ? (uint64_t)(f - first) : 0;
			s->mapped += mapped;
		}
	}
}

static void count_spaces(const struct vm *vm, struct linux_state *s, bool resident)
{
	for (uint32_t i = 1; i < vm->nr_spaces; i++) {
		const struct space *space = vm_space(vm, i);

		if (space->root == RADIX_NONE)
			continue;
		if (resident) {
			s->anon += space->rss_anon;
			s->file += space->rss_file;
			s->shmem += space->rss_shmem;
			s->mapped += space->rss_file + space->rss_shmem;
		}
		for (uint32_t k = 0; k < space->nr; k++) {
			const struct vma *m = &space->vma[k];
			uint64_t pages = m->end - m->start;

			if (m->object) {
				uint32_t mappings = vm->shmem->object[m->object].mappings;

				s->committed += m->file ? 0 : pages / (mappings ? mappings : 1);
			} else if ((m->prot & EG_PROT_WRITE) && !(m->flags & EG_MAP_NORESERVE)) {
				s->committed += pages;
			}
		}
	}
}

static struct linux_state collect(const struct metric_view *v)
{
	struct linux_state s = { .tables = v->vm->tables.nr_used, .oom_kills = v->count->oom_kills };
	bool shared = frames_shared(v);
	uint64_t low, reserve;

	count_zones(v->phys, &s, &low, &reserve);
	if (shared)
		count_frames(v->phys, &s);
	count_spaces(v->vm, &s, !shared);
	for (unsigned k = 0; k < NR_FAULT_KINDS; k++)
		s.faults += k == FAULT_SEGV ? 0 : v->vm->nr_faults[k];
	s.reused = v->vm->nr_faults[FAULT_COW_REUSE];
	s.available = linux_mem_available(s.free, reserve, s.file, 0, low);
	return s;
}

void linux_views(const struct metric_view *v, uint64_t *vmstat, uint64_t *meminfo)
{
	struct linux_state s = collect(v);

	if (vmstat) {
#define X(name, value) *vmstat++ = (value);
#define Z(name) *vmstat++ = 0;
		VMSTAT_MAP(X, Z)
#undef X
#undef Z
	}
	if (meminfo) {
#define X(name, value) *meminfo++ = (value);
		MEMINFO_MAP(X)
#undef X
	}
}

void linux_vmstat(const struct metric_view *v, uint64_t *out)
{
	linux_views(v, out, NULL);
}

void linux_meminfo(const struct metric_view *v, uint64_t *out)
{
	linux_views(v, NULL, out);
}
