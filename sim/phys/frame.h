/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame - one 24-byte record for each simulated 4 KiB frame.
 *
 * The records are an array indexed by pfn, reserved and not touched until used. All zeros means
 * "inside a free block, not its head", so memory that the machine never uses costs nothing. An array of
 * structures, because a fault or a zap looks at most fields of one frame and at nothing of its
 * neighbours: measured on shuffled frames of 64 GiB, 39 ns of bookkeeping a fault against 159 ns with
 * six separate arrays.
 *
 * Who may write what:
 *   - a free block belongs to the page-allocator policy of its zone: it writes FRAME_FREE_HEAD, the order
 *     and the two links in the record of the first frame;
 *   - the mechanism (alloc.c) writes the whole record when a block is granted and zeroes it when the
 *     block is given back;
 *   - while a block is allocated, links, refs, owner and index belong to its owner. They must be zero
 *     references again when the block is freed.
 */
#ifndef SIM_PHYS_FRAME_H
#define SIM_PHYS_FRAME_H

#include <string.h>

#include "sim/base/check.h"
#include "sim/base/types.h"

/*
 * What a frame is used for. `movable`: its contents may be moved to another frame, because all the places
 * that refer to it are known (a raw handle is movable if it was asked for as such: frame_movable()).
 */
#define FRAME_KIND_MAP(X)  /* name, text, movable */                                                \
	X(FREE,      "free",       false)  /* inside a free block, not its head: all zeros    */    \
	X(FREE_HEAD, "free_head",  false)  /* first frame of a free block on a list           */    \
	X(RAW,       "raw",        false)  /* alloc_pages() by a trace or a test: a handle    */    \
	X(ANON,      "anon",       true)                                                            \
	X(FILE,      "file",       true)                                                            \
	X(TABLE,     "page_table", false)                                                           \
	X(SHMEM,     "shmem",      true)                                                            \
	X(SLAB,      "slab",       false)                                                           \
	X(KERNEL,    "kernel",     false)                                                           \
	X(RESERVED,  "reserved",   false)  /* firmware, zero page, the kernel's own frame table */

enum frame_kind {
#define X(name, text, movable) FRAME_##name,
	FRAME_KIND_MAP(X)
#undef X
	NR_FRAME_KINDS
};

struct frame_kind_info {
	const char *name;
	bool        movable;
};

extern const struct frame_kind_info frame_kinds[NR_FRAME_KINDS];

/* frame.flags; the upper four bits are free for the owner of the block */
#define FRAME_TAIL     0x01u    /* part of a larger allocated block, not its first frame            */
#define FRAME_DIRTY    0x02u    /* differs from its backing store                                   */
#define FRAME_LRU      0x04u    /* next and prev are links of an LRU list                           */
#define FRAME_REFD     0x08u    /* referenced since the last scan                                   */
#define FRAME_OWNER_0  0x10u
#define FRAME_OWNER_1  0x20u
#define FRAME_OWNER_2  0x40u
#define FRAME_OWNER_3  0x80u

#define FRAME_NONE     UINT32_MAX               /* end of a list of frames */

#define FRAME_MAP_BITS 20u
#define FRAME_MAP_MAX  ((1u << FRAME_MAP_BITS) - 1)
#define FRAME_REF_ONE  (1u << FRAME_MAP_BITS)
#define FRAME_REF_MAX  (UINT32_MAX >> FRAME_MAP_BITS)

struct frame {
	uint32_t next, prev;    /* list links, pfn or FRAME_NONE: free list, later LRU             */
	uint8_t  kind;          /* enum frame_kind; of a tail: that of its block                   */
	uint8_t  order;         /* of the block, in its first frame; 0 in tails                    */
	uint8_t  migratetype;   /* what was asked for (allocated); of the list it is on (head)     */
	uint8_t  flags;         /* FRAME_TAIL ...                                                  */
	uint32_t refs;          /* bits 0..19 mappings, 20..31 other references; 0 when freed      */
	uint32_t owner;         /* owner id: number of the address space or object                 */
	uint32_t index;         /* page index within the owner, low 32 bits                        */
};
_Static_assert(sizeof(struct frame) == 24, "a frame record is 24 bytes");

/* kind, order, migratetype and flags in one store: four byte stores cost a hot path 2 ns. */
static inline void frame_set_head(struct frame *f, unsigned kind, unsigned order, unsigned migratetype)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint32_t word = kind | order << 8 | migratetype << 16;
#else
	uint32_t word = kind << 24 | order << 16 | migratetype << 8;
#endif
	memcpy((char *)f + offsetof(struct frame, kind), &word, sizeof(word));
}

/* Is the frame part of a free block? (All frames of allocated blocks carry their kind.) */
static inline bool frame_is_free(const struct frame *f)  { return f->kind <= FRAME_FREE_HEAD; }
static inline bool frame_is_tail(const struct frame *f)  { return f->flags & FRAME_TAIL; }

/* May the contents of this allocated frame be moved? Called in the scan of whole pageblocks. */
static inline bool frame_movable(const struct frame *f)
{
	return frame_kinds[f->kind].movable || (f->kind == FRAME_RAW && f->migratetype == 1 /* MT_MOVABLE */);
}

/* ---- references: counts are checked, never wrap ---------------------------------------------------- */

static inline uint32_t frame_map_count(const struct frame *f) { return f->refs & FRAME_MAP_MAX; }
static inline uint32_t frame_ref_count(const struct frame *f) { return f->refs >> FRAME_MAP_BITS; }

static inline void frame_map_inc(struct frame *f)
{
	EG_CHECK((f->refs & FRAME_MAP_MAX) != FRAME_MAP_MAX);
	f->refs++;
}

/* Returns the mappings left. */
static inline uint32_t frame_map_dec(struct frame *f)
{
	EG_CHECK((f->refs & FRAME_MAP_MAX) != 0);
	return --f->refs & FRAME_MAP_MAX;
}

static inline void frame_ref_get(struct frame *f)
{
	EG_CHECK(f->refs < FRAME_REF_MAX << FRAME_MAP_BITS);
	f->refs += FRAME_REF_ONE;
}

/* Returns true if nothing refers to the frame any more: no mapping, no other reference. */
static inline bool frame_ref_put(struct frame *f)
{
	EG_CHECK(f->refs >= FRAME_REF_ONE);
	f->refs -= FRAME_REF_ONE;
	return f->refs == 0;
}

#endif
