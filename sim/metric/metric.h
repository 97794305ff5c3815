/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric - the contract of a metric: one file, columns with units, read from views and probes.
 *
 * A metric declares its columns when the machine is built (attach), reads their values when asked
 * (sample), and subscribes to probes for what only happens at a moment (latencies). It sees the rooms
 * through their read-only views and changes nothing.
 *
 * Values are doubles: counters up to 2^53 are exact. A value that is not defined is NaN.
 */
#ifndef SIM_METRIC_METRIC_H
#define SIM_METRIC_METRIC_H

#include "sim/base/hist.h"
#include "sim/base/mem.h"
#include "sim/engine/probe.h"
#include "sim/engine/server.h"

struct mmu_cpu;
struct phys;
struct vm;

/* Categories of CPU time that the MMU does not know; their sum plus the MMU's three is elapsed time. */
#define TIME_CATEGORY_MAP(X)  /* name, column, text */                                                 \
	X(COMPUTE,          "compute",          "accesses whose translation was at hand")              \
	X(TLB,              "tlb",              "second-level TLB hits")                               \
	X(WALK,             "walk",             "page walks")                                          \
	X(FAULT_ANON,       "fault.anon",       "faults: first write to anonymous pages, fixed part")  \
	X(FAULT_ZERO,       "fault.zero",       "faults: shared zero page")                            \
	X(FAULT_ZERO_COW,   "fault.zero_cow",   "faults: write to the zero page, fixed part")          \
	X(FAULT_COW,        "fault.cow",        "faults: copy-on-write, fixed part")                   \
	X(FAULT_COW_REUSE,  "fault.cow_reuse",  "faults: last user")                                   \
	X(FAULT_FILE_MINOR, "fault.file_minor", "faults: file pages, fixed part")                      \
	X(FAULT_SHMEM,      "fault.shmem",      "faults: shared pages, fixed part")                    \
	X(FAULT_SPURIOUS,   "fault.spurious",   "faults: mended already")                              \
	X(FAULT_SEGV,       "fault.segv",       "faults: no mapping")                                  \
	X(ZEROING,          "zeroing",          "clearing pages")                                      \
	X(COPY,             "copy",             "copying pages")                                       \
	X(ALLOC,            "alloc",            "page allocator")                                      \
	X(LOCK_WAIT,        "lock_wait",        "waiting for simulated locks")                         \
	X(SYSCALL,          "syscall",          "mapping calls: mmap, munmap, mprotect, brk, ...")     \
	X(UNMAP,            "unmap",            "removing present pages")                              \
	X(FORK,             "fork",             "fork, vfork and clone")                               \
	X(EXEC_EXIT,        "exec_exit",        "exec and exit")                                       \
	X(SHOOTDOWN,        "shootdown",        "initiating TLB shootdowns")                           \
	X(IPI,              "ipi",              "time taken by shootdowns of other CPUs")              \
	X(SWITCH,           "switch",           "context switches")                                    \
	X(IDLE,             "idle",             "nothing to run")

enum time_category {
#define X(NAME, name, text) TIME_##NAME,
	TIME_CATEGORY_MAP(X)
#undef X
	NR_TIME_CATEGORIES
};

/* Kinds of PROBE_VMOP. */
#define VMOP_MAP(X)                                                                            \
	X(MMAP, "mmap") X(MUNMAP, "munmap") X(MPROTECT, "mprotect") X(MADVISE, "madvise")      \
	X(MREMAP, "mremap") X(BRK, "brk") X(EXEC, "exec") X(EXIT, "exit")

enum vmop_kind {
#define X(NAME, name) VMOP_##NAME,
	VMOP_MAP(X)
#undef X
	NR_VMOPS
};

/* What the machine counts itself; totals since time 0. */
#define MACHINE_COUNTER_MAP(X)  /* field, column, text */                                           \
	X(ops,              "ops.executed",        "operations other than accesses")                \
	X(forks,            "task.forks",          "forks that copy the address space")             \
	X(vforks,           "task.vforks",         "vforks and clones that share it, not threads")  \
	X(threads,          "task.threads",        "threads created")                               \
	X(execs,            "task.execs",          "execs")                                         \
	X(exits,            "task.exits",          "tasks ended")                                   \
	X(mmaps,            "vmop.mmaps",          "mmap calls")                                    \
	X(munmaps,          "vmop.munmaps",        "munmap calls")                                  \
	X(brks,             "vmop.brks",           "brk calls")                                     \
	X(mprotects,        "vmop.mprotects",      "mprotect calls")                                \
	X(segv_kills,       "task.segv",           "accesses that ended in SIGSEGV")                \
	X(oom_kills,        "task.oom_kills",      "tasks ended because nothing could free memory") \
	X(memory_waits,     "task.memory_waits",   "times a task was parked for memory")            \
	X(switches,         "sched.switches",      "context switches")                              \
	X(shootdowns,       "shootdown.count",     "flush requests that needed other CPUs")         \
	X(shootdown_ipis,   "shootdown.ipis",      "CPUs interrupted by them")                      \
	X(alloc_pages,      "alloc.requests",      "alloc_pages of workloads")                      \
	X(alloc_failed,     "alloc.failed",        "of these, failed")                              \
	X(free_pages,       "alloc.frees",         "free_pages of workloads")

struct machine_counters {
#define X(field, name, text) uint64_t field;
	MACHINE_COUNTER_MAP(X)
#undef X
};

/* All that a metric may read. Everything is const and valid during the call only. */
struct metric_view {
	eg_time                       now;
	unsigned                      nr_cpus;
	const struct mmu_cpu *const  *mmu;           /* [nr_cpus] */
	const eg_time               (*time)[NR_TIME_CATEGORIES];   /* [nr_cpus]; COMPUTE, TLB, WALK included */
	const struct phys            *phys;
	const struct vm              *vm;
	const struct machine_counters *count;
	const struct server          *zone_lock;     /* [nr_zones of phys] */
	unsigned                      nr_zones;
	const struct server          *mmap_lock;     /* sum over all address spaces */
	unsigned                      nr_tasks, nr_running;
};

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_VALUE };

/*
 * A column. Names are dotted and stable (metrics.md): "tlb.misses.l2", "frag.free_blocks.n0.Normal.9".
 * `series`: sampled over time too, not only at the end.
 */
struct metric_column {
	const char      *name, *unit, *long_name;   /* copied by metric_add() */
	enum metric_kind kind;
	int              better;                    /* +1 high, -1 low, 0 neither */
	bool             series;
};

/* What a metric builds itself from in attach(). Memory: eg_arena_alloc(set->arena). */
struct metric_set {
	struct eg_arena *arena;
	struct probes   *probes;
	bool             failed;                    /* host memory ran out */
	/* filled by metric_add() and metric_add_hist(); read by the machine */
	struct metric_column *columns;
	size_t                nr_columns, cap_columns;
	struct metric_hist   *hists;
	size_t                nr_hists, cap_hists;
};

struct metric_hist {
	const char     *group, *kind, *long_name;   /* "fault_latency", "cow", ... */
	struct eg_hist *hist;                       /* picoseconds; reset at the end of the warm-up */
};

/* Append a column of this metric; texts are copied. The order of calls is the order of values. */
void metric_add(struct metric_set *set, const struct metric_column *c);
/* Append a histogram; returns it (zeroed), or NULL with set->failed. */
struct eg_hist *metric_add_hist(struct metric_set *set, const char *group, const char *kind, const char *long_name);

struct metric_ops {
	const char *name;             /* "frag"; file name and prefix of its columns or histograms */
	const char *summary;
	size_t      state_size;       /* zeroed by the machine */

	/* Declare columns and histograms, subscribe to probes. The view is that of the built machine. */
	void (*attach)(void *state, struct metric_set *set, const struct metric_view *view);
	/* Values of this metric's columns now, in the order of metric_add(); NULL if it has none. VALUE columns
	 * may be left alone here. */
	void (*sample)(void *state, const struct metric_view *view, double *out);
	/*
	 * Values over the measured interval: start[] and end[] are samples at the end of the warm-up and of the
	 * run. Fill out[] for VALUE columns (ratios and the like); COUNTER and GAUGE columns are filled by the
	 * machine before the call (end - start; end). NULL if there is nothing to do.
	 */
	void (*final)(void *state, const struct metric_view *view, const double *start, const double *end, double *out);
};

extern const struct metric_ops *const metric_registry[];
const struct metric_ops *metric_find(const char *name);

/* ---- Linux-format state for snapshots (linux_view.c) ----------------------------------------------- */

/* Field names in the kernel's order, NULL-terminated; see metrics.md 14. */
extern const char *const linux_vmstat_names[];
extern const char *const linux_meminfo_names[];
unsigned linux_vmstat_count(void);
unsigned linux_meminfo_count(void);
/* Totals since boot; unsimulated fields 0. meminfo in kB (HugePages_* are counts). */
void linux_vmstat(const struct metric_view *v, uint64_t *out);
void linux_meminfo(const struct metric_view *v, uint64_t *out);
/* Both at one time, which costs half: either may be NULL. */
void linux_views(const struct metric_view *v, uint64_t *vmstat, uint64_t *meminfo);
/*
 * MemAvailable in pages (Linux si_mem_available): free + page cache + reclaimable slab, less the reserve (sum
 * over zones of min(managed, high + largest protection)), less of cache and slab each the smaller of half of
 * it and `low` (sum of the low watermarks). 0 if that is negative.
 */
uint64_t linux_mem_available(uint64_t free, uint64_t reserve, uint64_t page_cache, uint64_t reclaimable, uint64_t low);

#endif
