/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cost - the one named cost table.
 *
 * Every duration that the machine charges is a row here; no literal stands in the code. Values come from
 * a preset, each with its range, status and source (configs/machine). The defaults are those of the
 * virtual machine of preset vm-2cpu: Debian 12 guest, Linux 6.18, own micro-benchmark, medians (2026-11).
 *
 * Never count a cost twice: what the model simulates itself (allocator steps, zeroing and copying by
 * bandwidth, walks, lock queues) is not in the fixed parts. anon fault = trap + vma_lookup + charge +
 * [allocator] + page / zero_bandwidth + pte_set.
 */
#ifndef SIM_MACHINE_COST_H
#define SIM_MACHINE_COST_H

#include "sim/base/param.h"

#define COST_MAP(X)  /* field, default, max, help */                                                         \
	X(access,           "1cyc",    "1us",   "one access whose translation is in the L1 TLB (issue and L1 cache hit)") \
	X(stlb_hit,         "9cyc",    "1us",   "extra when the translation comes from the L2 TLB")           \
	X(pwc_hit,          "1cyc",    "1us",   "lookup of the page-walk caches, once a walk")                \
	X(pte_read,         "17ns",    "10us",  "one page-table read of a walk: mixture of L2, L3 and DRAM 0.6/0.3/0.1") \
	X(trap,             "450ns",   "100us", "fault exception: entry and return")                          \
	X(vma_lookup,       "150ns",   "100us", "finding the mapping of a faulting address")                  \
	X(pte_set,          "140ns",   "100us", "taking the page-table lock and setting an entry")            \
	X(charge,           "250ns",   "100us", "accounting a new page: memory control group, LRU, reverse map") \
	X(cow_extra,        "600ns",   "100us", "what copy-on-write costs beyond fault, allocation and copy") \
	X(reuse_extra,      "100ns",   "100us", "making the last reference to a page writable in place")      \
	X(alloc_base,       "45ns",    "100us", "page allocator call, fixed part")                            \
	X(alloc_step,       "5ns",     "100us", "page allocator, one list operation or bitmap word")          \
	X(free_base,        "40ns",    "100us", "freeing a block, fixed part")                                \
	X(zone_lock_hold,   "38ns",    "100us", "time an allocation or free keeps the zone lock")             \
	X(syscall,          "160ns",   "100us", "system call: entry and return")                              \
	X(mmap,             "540ns",   "1ms",   "mmap beyond the system call, no touch")                      \
	X(munmap,           "1us",     "1ms",   "munmap beyond the system call, fixed part")                  \
	X(mprotect,         "900ns",   "1ms",   "mprotect beyond the system call, fixed part")                \
	X(mprotect_page,    "30ns",    "10us",  "mprotect, each present page")                                \
	X(madvise,          "550ns",   "1ms",   "madvise beyond the system call, fixed part")                 \
	X(brk,              "500ns",   "1ms",   "brk beyond the system call")                                 \
	X(mremap,           "1us",     "1ms",   "mremap beyond the system call, fixed part")                  \
	X(mremap_page,      "60ns",    "10us",  "mremap, each moved page")                                    \
	X(zap_page,         "95ns",    "10us",  "unmapping one present page, without freeing it")             \
	X(fork,             "26us",    "10ms",  "fork of an empty address space")                             \
	X(fork_vma,         "150ns",   "1ms",   "fork, each mapping")                                         \
	X(fork_page,        "25ns",    "10us",  "fork, each page-table entry copied")                         \
	X(vfork,            "12us",    "10ms",  "vfork or clone that shares the address space")               \
	X(exec,             "250us",   "100ms", "exec: new image, without freeing the old one")               \
	X(exit,             "10us",    "10ms",  "exit, without freeing the address space")                    \
	X(context_switch,   "1500ns",  "1ms",   "switching a CPU to another task")                            \
	X(shootdown,        "1us",     "1ms",   "TLB shootdown: initiator, fixed part")                       \
	X(shootdown_target, "500ns",   "1ms",   "TLB shootdown: initiator, each CPU interrupted")             \
	X(shootdown_page,   "100ns",   "1ms",   "TLB shootdown: initiator, each page up to 33")               \
	X(ipi_handler,      "1us",     "1ms",   "TLB shootdown: time a target CPU loses")

struct cost_table {
#define X(field, def, max, help) eg_time field;
	COST_MAP(X)
#undef X
	uint64_t zero_bandwidth, copy_bandwidth;     /* bytes per second */
};

/* All rows at a clock of `hz`. */
struct cost_table cost_resolve(const struct eg_args *costs, uint64_t hz);

/* Picoseconds to move `bytes` at `bandwidth` bytes/s, rounded up. */
static inline eg_time cost_bytes(uint64_t bytes, uint64_t bandwidth)
{
	return (eg_time)(((unsigned __int128)bytes * EG_PS_PER_S + bandwidth - 1) / bandwidth);
}

#endif
