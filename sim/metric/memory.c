/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory - how much memory is free, mapped, resident, and spent on page tables. All gauges.
 *
 *   mem.free, mem.managed, mem.used  bytes: on free lists; given to the page allocator; the difference
 *   mem.anon, mem.file, mem.shmem    resident set: present pages by kind, in bytes, summed over address
 *                                    spaces. A page that two spaces map counts twice, as the sum of RSS
 *                                    columns does; the zero page counts in none. A 2 MiB entry is 512 pages
 *   mem.mapped_bytes                 sum of the sizes of all mappings, present or not (sum of VSZ)
 *   mem.mapped_bytes_max             its largest value since time 0 (not since the warm-up)
 *   pt.bytes                         page-table pages, all levels, in bytes (PageTables of meminfo)
 *   pt.pages.<level>                 by level: 1 = tables of 4 KiB entries ... 4 = roots
 *   pt.overhead_pct                  100 * pt.bytes / resident bytes: a dense region of 4 KiB pages is
 *                                    at 0.195 % and more, one page in each 2 MiB at 100 %; NaN without
 *                                    a resident page
 *   mem.spaces, task.alive, task.running
 *
 * Low is good for used memory and tables. Linux keeps RSS per process and approximates it (per-thread
 * deltas); here it is exact.
 */
#include <math.h>

#include "sim/metric/emit.h"
#include "sim/phys/phys_view.h"
#include "sim/vm/vm.h"

static void emit_bytes(struct metric_emit *e, const char *name, const char *text, int better, uint64_t pages)
{
	metric_emit(e, &(struct metric_column){ .unit = "bytes", .better = better, .series = true, .long_name = text },
		    (double)pages * (double)EG_PAGE_SIZE, "%s", name);
}

static void emit_count(struct metric_emit *e, const char *name, const char *text, uint64_t n)
{
	metric_emit(e, &(struct metric_column){ .unit = "1", .series = true, .long_name = text }, (double)n, "%s", name);
}

static void emit_all(struct metric_emit *e, const struct metric_view *view)
{
	const struct vm *vm = view->vm;
	uint64_t anon = 0, file = 0, shmem = 0;
	struct phys_view_totals t;

	phys_view_totals(view->phys, &t);
	for (uint32_t i = 1; i < vm->nr_spaces; i++) {
		const struct space *s = vm_space(vm, i);

		if (s->root == RADIX_NONE)
			continue;
		anon += s->rss_anon;
		file += s->rss_file;
		shmem += s->rss_shmem;
	}
	emit_bytes(e, "mem.free", "free memory", 1, t.free_pages);
	emit_bytes(e, "mem.managed", "memory given to the page allocator", 0, t.managed);
	emit_bytes(e, "mem.used", "managed memory that is not free", -1, t.managed - t.free_pages);
	emit_bytes(e, "mem.anon", "resident anonymous memory, sum over address spaces", 0, anon);
	emit_bytes(e, "mem.file", "resident file memory, sum over address spaces", 0, file);
	emit_bytes(e, "mem.shmem", "resident shared memory, sum over address spaces", 0, shmem);
	emit_bytes(e, "mem.mapped_bytes", "size of all mappings", 0, vm->mapped_pages);
	emit_bytes(e, "mem.mapped_bytes_max", "largest size of all mappings since time 0", 0, vm->mapped_pages_max);
	emit_bytes(e, "pt.bytes", "page tables", -1, vm->tables.nr_used);
	for (unsigned level = 1; level <= RADIX_LEVELS; level++)
		metric_emit(e, &(struct metric_column){ .unit = "pages", .better = -1, .series = level == 1,
			    .long_name = "page-table pages of this level; 4 = roots" },
			    vm->tables.nr_level[level], "pt.pages.%u", level);
	metric_emit(e, &(struct metric_column){ .unit = "%", .better = -1, .series = true,
		    .long_name = "page tables relative to resident memory" },
		    100.0 * metric_ratio((double)vm->tables.nr_used, (double)(anon + file + shmem)), "pt.overhead_pct");
	emit_count(e, "mem.spaces", "address spaces", vm->live_spaces);
	emit_count(e, "task.alive", "tasks that have not ended", view->nr_tasks);
	emit_count(e, "task.running", "tasks on a CPU", view->nr_running);
}

static void memory_attach(void *state, struct metric_set *set, const struct metric_view *view)
{
	struct metric_emit e = { .set = set };

	(void)state;
	emit_all(&e, view);
}

static void memory_sample(void *state, const struct metric_view *view, double *out)
{
	struct metric_emit e = { .out = out };

	(void)state;
	emit_all(&e, view);
}

const struct metric_ops metric_memory_ops = {
	.name = "memory",
	.summary = "free, resident and mapped memory, page tables, tasks",
	.attach = memory_attach,
	.sample = memory_sample,
};
