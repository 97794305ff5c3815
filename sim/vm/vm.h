/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vm - address spaces: mappings, page faults, fork and copy-on-write, unmapping.
 *
 * Nothing here takes simulated time and nothing here waits. Each operation does its work at once, counts
 * what it did in a struct vm_work, which the machine prices, and says how it ended. VM_WAIT means that a
 * page was not to be had: the operation has changed nothing that calling it again would not find (page
 * tables made on the way stay), so the machine parks the task and calls it again.
 *
 *   struct vm ── spaces[] ── vma[] (sorted by start)      what is mapped
 *                    └────── root ── radix tables         what is present
 *                                         └── frame records: kind, mappings, owner
 *
 * Pages of shared mappings live in objects (shmem.h), so that every mapper finds the same frame.
 *
 * What real Linux does differently, and what is left out: no page cache (a file mapping has pages of its
 * own, found at once: file_minor), no swap, no fault-around, no transparent huge pages (2 MiB mappings
 * appear by population only and are split by fork, mprotect and partial unmapping), no anon_vma chains,
 * no stack growth, no mlock limits; execute permission is not checked.
 */
#ifndef SIM_VM_VM_H
#define SIM_VM_VM_H

#include "sim/base/op.h"
#include "sim/mmu/table/radix.h"
#include "sim/phys/phys.h"

/* One mapping: pages [start, end) of the space. Mappings of a space are disjoint and sorted. */
struct vma {
	uint64_t start, end;        /* page numbers, start < end                               */
	uint64_t offset;            /* page offset of `start` in the file or object            */
	uint32_t flags;             /* EG_MAP_* of op.h                                        */
	uint32_t file;              /* name id of the file, 0 = anonymous                      */
	uint32_t object;            /* shared object, 0 = private                              */
	uint8_t  prot;              /* EG_PROT_*                                               */
	uint8_t  pad[3];
};

struct space {
	uint32_t    root;           /* root table; RADIX_NONE when the slot is free            */
	uint32_t    users;          /* tasks                                                   */
	struct vma *vma;            /* [nr]; owned                                             */
	uint32_t    nr, cap, hint;  /* hint: index of the mapping found last                   */
	uint64_t    brk_start, brk; /* byte addresses; 0 until the first brk                   */
	uint64_t    mapped_pages;   /* sum of the mappings' sizes                              */
	uint64_t    rss_anon, rss_file, rss_shmem;  /* pages mapped, by frame kind             */
	uint64_t    table_pages;
	uint32_t    next_free;      /* list of free slots                                      */
	uint64_t    lock_free_at;   /* simulated mmap lock: when it is free (machine)          */
};

/* What an operation did; sums over calls. Prices are in the machine's cost table. */
struct vm_work {
	uint32_t allocs, alloc_steps;       /* page-allocator calls and their steps  */
	uint32_t frees, free_steps;
	uint64_t zeroed_bytes, copied_bytes;
	uint32_t ptes_set;                  /* entries written by a fault            */
	uint32_t tables;                    /* page-table pages made                 */
	uint32_t zapped;                    /* present entries removed               */
	uint32_t ptes_copied;               /* by fork                               */
	uint32_t vmas_copied;
	uint32_t protected_pages;           /* entries changed by mprotect           */
	uint32_t moved_pages;               /* entries moved by mremap               */
	uint32_t zone;                      /* zone of the last allocation           */
};

/* Kinds of page fault (metrics.md 8) that exist so far. */
#define FAULT_KIND_MAP(X)  /* name, column, text */                                                   \
	X(ANON,       "anon",       "first write to an anonymous page: a zeroed page")                \
	X(ZERO,       "zero",       "read of an untouched anonymous page: the shared zero page")      \
	X(ZERO_COW,   "zero_cow",   "write to a page that maps the shared zero page")                 \
	X(COW,        "cow",        "write to a shared page: a copy")                                 \
	X(COW_REUSE,  "cow_reuse",  "write by the last user: made writable in place")                 \
	X(FILE_MINOR, "file_minor", "page of a file mapping")                                         \
	X(SHMEM,      "shmem",      "page of a shared anonymous mapping")                             \
	X(SPURIOUS,   "spurious",   "another task of the space had mended it already")                \
	X(SEGV,       "segv",       "no mapping, or the mapping forbids the access")

enum fault_kind {
#define X(NAME, name, text) FAULT_##NAME,
	FAULT_KIND_MAP(X)
#undef X
	NR_FAULT_KINDS
};

enum vm_outcome {
	VM_DONE,
	VM_WAIT,        /* no page now: park and call again                                      */
	VM_NOMEM,       /* fails: simulated ENOMEM                                               */
	VM_NOTHING,     /* nothing to apply it to: unmapped, or nothing mapped there             */
};

struct fault_result {
	enum vm_outcome outcome;        /* VM_DONE (see kind) or VM_WAIT */
	enum fault_kind kind;
};

/* Upward calls, wired by the machine. */
struct vm_hooks {
	/* Translations of [vpn, vpn + nr) of the space may have changed for the worse: flush them. */
	void (*flush)(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr);
};

struct shmem;

struct vm {
	struct phys           *phys;
	struct radix_pool      tables;
	struct space          *space;       /* [nr_spaces]; number 0 is never used           */
	uint32_t               nr_spaces, cap_spaces, free_list;
	uint32_t               live_spaces;
	struct shmem          *shmem;
	const struct vm_hooks *hooks;
	void                  *hooks_ctx;
	uint8_t                cpu;         /* CPU on whose behalf we work (per-CPU lists)    */
	uint64_t               mapped_pages, mapped_pages_max;   /* over all spaces          */
	uint64_t               nr_faults[NR_FAULT_KINDS];
	bool                   failed;      /* host memory ran out: the run must end          */
};

eg_status vm_init(struct vm *vm, struct phys *phys, const struct vm_hooks *hooks, void *hooks_ctx) EG_MUST_USE;
void      vm_fini(struct vm *vm);

/* A new, empty space: *number >= 1. VM_WAIT / VM_NOMEM as for any allocation. users = 1. */
enum vm_outcome vm_space_new(struct vm *vm, uint32_t *number, struct vm_work *w);
/* One user less; the last one unmaps everything and frees the tables. */
void vm_space_put(struct vm *vm, uint32_t number, struct vm_work *w);

static inline struct space *vm_space(const struct vm *vm, uint32_t number) { return &vm->space[number]; }

/* Does this protection allow the access? On x86-64 whatever allows anything allows reading. */
static inline bool vm_permits(unsigned prot, bool write)
{
	return prot & (write ? EG_PROT_WRITE : EG_PROT_READ | EG_PROT_WRITE | EG_PROT_EXEC);
}

/* The mapping that contains vpn, or NULL. */
struct vma *vm_find(struct space *s, uint64_t vpn);

/*
 * mmap at a given address (as recorded): whatever is mapped there is unmapped first, as MAP_FIXED does.
 * `len` in bytes is rounded up to pages. VM_NOMEM if the range leaves the user half.
 */
enum vm_outcome vm_mmap(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned prot, unsigned flags,
			uint32_t file, uint64_t offset, struct vm_work *w);
/* VM_NOTHING if nothing was mapped there. */
enum vm_outcome vm_munmap(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, struct vm_work *w);
enum vm_outcome vm_mprotect(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned prot, struct vm_work *w);
/* MADV_DONTNEED drops the pages; MADV_FREE leaves them, as Linux does until it reclaims; other advice is VM_NOTHING. */
enum vm_outcome vm_madvise(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, unsigned advice, struct vm_work *w);
enum vm_outcome vm_mremap(struct vm *vm, uint32_t number, uint64_t old, uint64_t old_len, uint64_t to, uint64_t new_len,
			  struct vm_work *w);
/* The break becomes addr; the first call sets its start. */
enum vm_outcome vm_brk(struct vm *vm, uint32_t number, uint64_t addr, struct vm_work *w);

/* Handle a fault at a byte address. */
struct fault_result vm_fault(struct vm *vm, uint32_t number, uint64_t addr, bool write, struct vm_work *w);

/* Present pages for [addr, addr + len), all mapped, as faults of reads or writes would make them, and
 * counted as such (as Linux counts MAP_POPULATE). `huge`: writable 2 MiB pages of a new private anonymous mapping.
 * VM_NOMEM when memory is short; VM_NOTHING at a hole. */
enum vm_outcome vm_populate(struct vm *vm, uint32_t number, uint64_t addr, uint64_t len, bool write, bool huge,
			    struct vm_work *w);

/* A copy of the space, copy-on-write: *child. On VM_WAIT and VM_NOMEM there is no child. */
enum vm_outcome vm_fork(struct vm *vm, uint32_t parent, uint32_t *child, struct vm_work *w);

/* Every invariant of spaces, tables and frames: mappings of each frame equal its present entries; rss
 * equals entries by kind; the tables' frames are FRAME_TABLE; objects hold what they should. */
void vm_validate(const struct vm *vm);

/* ---- inside the room ------------------------------------------------------------------------------ */

/* A frame for this use; PHYS outcome as VM_DONE / VM_WAIT / VM_NOMEM. */
enum vm_outcome vm__alloc(struct vm *vm, uint32_t gfp, unsigned order, enum frame_kind kind, uint32_t owner, uint64_t index,
			  eg_pfn *pfn, struct vm_work *w);
void vm__free_frame(struct vm *vm, eg_pfn pfn, unsigned order, struct vm_work *w);
/* A cleared page-table page of this level for the space. */
enum vm_outcome vm__new_table(struct vm *vm, struct space *s, unsigned level, uint32_t *table, struct vm_work *w);
/* One mapping of the frame less; frees it when nothing refers to it. */
void vm__unmap_frame(struct vm *vm, struct space *s, pte_t e, unsigned order, struct vm_work *w);
/* The leaf slot of vpn, making tables on the way. */
enum vm_outcome vm__leaf(struct vm *vm, struct space *s, uint64_t vpn, unsigned level, pte_t **e, uint32_t *table,
			 struct vm_work *w);
/* Drop present pages [start, end); then page tables that lie wholly in [floor, ceiling). */
void vm__zap(struct vm *vm, struct space *s, uint64_t start, uint64_t end, struct vm_work *w);
void vm__free_tables(struct vm *vm, struct space *s, uint64_t floor, uint64_t ceiling, struct vm_work *w);
/* A 2 MiB leaf becomes a table of 512. */
enum vm_outcome vm__split_huge(struct vm *vm, struct space *s, uint64_t vpn, struct vm_work *w);
static inline void vm__count_rss(struct space *s, unsigned kind, uint64_t pages, bool more)
{
	uint64_t *rss = kind == FRAME_ANON ? &s->rss_anon : kind == FRAME_FILE ? &s->rss_file : &s->rss_shmem;

	*rss = more ? *rss + pages : *rss - pages;
}

#endif
