/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * op - the operations that traces carry, generators emit and the machine executes.
 *
 * Two forms. Accesses are the flood: each is one 64-bit word, and a run of them travels as an array.
 * Everything else is a struct eg_op. A producer hands out struct eg_block: either a run of access words
 * of one stream, or one op. Times are picoseconds since the first record; EG_TIME_NONE when unknown.
 *
 * A stream is one task. Addresses are virtual. Object ids are dense integers chosen by the producer.
 */
#ifndef SIM_BASE_OP_H
#define SIM_BASE_OP_H

#include "sim/base/types.h"

/* ---- accesses ------------------------------------------------------------------------------------ */

enum eg_access_kind {
	EG_ACCESS_READ,         /* R */
	EG_ACCESS_WRITE,        /* W */
	EG_ACCESS_MODIFY,       /* M: load, then store at one place: one translation */
	EG_ACCESS_FETCH,        /* X: instruction fetch */
};

/*
 * Access word: bits 0..56 address (57-bit user addresses), 57..58 kind, 59..63 size - 1 (1..32 bytes).
 * A larger access travels as an EG_OP_ACCESS op. An unknown size is stored as 1; the trace's capability
 * bit `size` says so.
 */
#define EG_ACCESS_ADDR_BITS 57u
#define EG_ACCESS_ADDR_MASK ((UINT64_C(1) << EG_ACCESS_ADDR_BITS) - 1)
#define EG_ACCESS_MAX_SIZE  32u

static inline uint64_t eg_access(uint64_t addr, enum eg_access_kind kind, unsigned size)
{
	return (addr & EG_ACCESS_ADDR_MASK) | (uint64_t)kind << 57 | (uint64_t)(size - 1) << 59;
}
static inline uint64_t eg_access_addr(uint64_t w)            { return w & EG_ACCESS_ADDR_MASK; }
static inline enum eg_access_kind eg_access_kind(uint64_t w) { return (enum eg_access_kind)(w >> 57 & 3); }
static inline unsigned eg_access_size(uint64_t w)            { return (unsigned)(w >> 59) + 1; }

/* ---- everything else ----------------------------------------------------------------------------- */

/*
 * One row per op: code (part of the .egt format: never reused), C name, text name, arguments in the
 * order of eg_op.arg[]. An argument is NAME:F with F = x hexadecimal, u decimal, p protection letters
 * (rwx), m mapping flags, c clone flags; after '|' the optional ones, omitted from text when 0. `name`
 * is a quoted string held in eg_op.name. `child` is a stream number.
 */
#define EG_OP_MAP(X)                                                                          \
	X( 1, ACCESS,     "access",     "addr:x size:u kind:u")                               \
	X( 2, MMAP,       "mmap",       "addr:x len:u prot:p flags:m | file:u off:u")         \
	X( 3, MUNMAP,     "munmap",     "addr:x len:u")                                       \
	X( 4, MPROTECT,   "mprotect",   "addr:x len:u prot:p")                                \
	X( 5, MADVISE,    "madvise",    "addr:x len:u advice:u")                              \
	X( 6, MREMAP,     "mremap",     "old:x old_len:u new:x new_len:u flags:u")            \
	X( 7, BRK,        "brk",        "addr:x")                                             \
	X( 8, MLOCK,      "mlock",      "addr:x len:u | onfault:u")                           \
	X( 9, MUNLOCK,    "munlock",    "addr:x len:u")                                       \
	X(10, MSYNC,      "msync",      "addr:x len:u | flags:u")                             \
	X(11, FORK,       "fork",       "child:u")                                            \
	X(12, VFORK,      "vfork",      "child:u")                                            \
	X(13, CLONE,      "clone",      "child:u flags:c")                                    \
	X(14, EXEC,       "exec",       "name")                                               \
	X(15, EXIT,       "exit",       "status:u | cause:u")                                 \
	X(16, EXIT_GROUP, "exit_group", "status:u | cause:u")                                 \
	X(17, ALLOC_PAGES, "alloc_pages", "id:u order:u gfp:x | mobility:u node:u pfn:x")     \
	X(18, FREE_PAGES, "free_pages", "id:u order:u | offset:u")                            \
	X(19, MALLOC,     "malloc",     "id:u size:u | addr:x")                               \
	X(20, CALLOC,     "calloc",     "id:u size:u | addr:x")                               \
	X(21, MEMALIGN,   "memalign",   "id:u size:u align:u | addr:x")                       \
	X(22, REALLOC,    "realloc",    "id:u new_id:u size:u | addr:x")                      \
	X(23, FREE,       "free",       "id:u")                                               \
	X(24, THINK,      "think",      "duration:u")                                         \
	X(25, SCHED,      "sched",      "cpu:u")                                              \
	X(26, MARK,       "mark",       "name")                                               \
	X(27, ROI_BEGIN,  "roi_begin",  "")                                                   \
	X(28, ROI_END,    "roi_end",    "")                                                   \
	X(29, WARMUP_END, "warmup_end", "")                                                   \
	X(30, OBS,        "obs",        "what:u a:u b:u c:u | name")                           \
	X(31, RUN,        "run",        "addr:x first:u reads:u writes:u modifies:u fetches:u")

/*
 * RUN: consecutive accesses of one stream to one 4 KiB page, none of which straddles (trace convert
 * --coalesce page). addr is the page's address, first the kind of the first access (enum eg_access_kind), then
 * how many of each kind, the first one included. Sizes and lines are lost, and the order: a run is executed as one
 * access of the first kind, one of each other kind in the order of the enum, then the other reads, writes,
 * modifies and fetches (sim/machine/access.c).
 *
 * Exact: accesses by kind, and all counters of TLB, walks and faults, if the page is not fetched from and replaced
 * (copy-on-write) in the same run; if it is, one look-up on each side may differ. With one task the end of a run
 * is at the same time; within it, misses come before hits.
 */

enum eg_op_code {
	EG_OP_NONE,
#define X(code, NAME, text, args) EG_OP_##NAME = code,
	EG_OP_MAP(X)
#undef X
};
#define EG_OP_CODES 32u          /* one past the largest */
#define EG_OP_ARGS  6u

/* op.flags */
#define EG_OPF_INIT     1u       /* state before the first record (mappings at the start)          */
#define EG_OPF_FAILED   2u       /* failed in the original: replayed as a failing call, no effect  */

/* MMAP flags (our own numbers; text names in op.c) */
#define EG_MAP_SHARED    0x001u
#define EG_MAP_ANON      0x002u
#define EG_MAP_FIXED     0x004u
#define EG_MAP_NOREPLACE 0x008u
#define EG_MAP_POPULATE  0x010u
#define EG_MAP_NORESERVE 0x020u
#define EG_MAP_STACK     0x040u
#define EG_MAP_GROWSDOWN 0x080u
#define EG_MAP_LOCKED    0x100u
#define EG_MAP_HUGETLB   0x200u
#define EG_MAP_INFERRED  0x400u  /* not in the recording: worked out from the accesses */
#define EG_MAP_BRK       0x800u  /* the heap; used inside the machine, never in a trace */

#define EG_PROT_READ  1u
#define EG_PROT_WRITE 2u
#define EG_PROT_EXEC  4u

#define EG_CLONE_VM     1u       /* shares the address space */
#define EG_CLONE_THREAD 2u
#define EG_CLONE_VFORK  4u       /* the parent waits for exec or exit */

/* MADVISE advice: Linux's numbers */
#define EG_MADV_DONTNEED   4u
#define EG_MADV_FREE       8u
#define EG_MADV_HUGEPAGE   14u
#define EG_MADV_NOHUGEPAGE 15u

/* MREMAP flags: Linux's numbers */
#define EG_MREMAP_MAYMOVE 1u
#define EG_MREMAP_FIXED   2u

struct eg_op {
	uint8_t  code;           /* enum eg_op_code */
	uint8_t  flags;          /* EG_OPF_* */
	uint16_t reserved;       /* 0 */
	uint32_t stream;
	uint32_t name;           /* id of a text in the producer's name table, 0 = none */
	uint32_t reserved2;      /* 0 */
	eg_time  time;           /* when it was issued; EG_TIME_NONE */
	uint64_t arg[EG_OP_ARGS];
};

/* Text name ("mmap"); NULL for a code that is not in the list. */
const char *eg_op_name(unsigned code);
/* The argument list of the row above, "" if it has none; NULL for an unknown code. */
const char *eg_op_signature(unsigned code);
/* Code of a text name, EG_OP_NONE if there is none. */
unsigned    eg_op_by_name(const char *name);

/* ---- blocks -------------------------------------------------------------------------------------- */

enum eg_block_kind {
	EG_BLOCK_END,            /* no more ops (of this stream, or of the whole trace) */
	EG_BLOCK_ACCESS,         /* acc[0..nr) : accesses of `stream`, nr >= 1 */
	EG_BLOCK_OP,             /* one op */
};

struct eg_block {
	enum eg_block_kind kind;
	uint32_t           stream;
	uint32_t           nr;
	const uint64_t    *acc;  /* borrowed until the next call on the producer */
	eg_time            time; /* of the first access; EG_TIME_NONE */
	struct eg_op       op;
};

#endif
