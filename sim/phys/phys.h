/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * phys - the physical memory of one machine: frames, nodes, zones, and the page-allocation mechanism.
 *
 * Mechanism is here, decisions are in the policy (palloc/palloc.h): the mechanism picks the zone by the
 * zonelist and the watermarks, asks the zone's policy for a block, marks the frame records and counts.
 *
 * The memory map is that of a PC with x86-64 zones (zone.c says which frames exist):
 *
 *   DMA  0-16 MiB | DMA32 16 MiB-4 GiB | Normal above 4 GiB
 *
 * Nothing here takes simulated time. Each call reports its steps; the caller prices them.
 *
 * There is no reclaim in this room: a blocking request that finds all zones below their min watermark
 * gets PHYS_WAIT, and the machine decides (park until phys_free(), reclaim, or kill).
 */
#ifndef SIM_PHYS_PHYS_H
#define SIM_PHYS_PHYS_H

#include "sim/base/mem.h"
#include "sim/phys/frame.h"
#include "sim/phys/palloc/palloc.h"

#define PHYS_MAX_NODES 8u

enum phys_zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, NR_ZONE_TYPES };

enum phys_watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARKS };

/* What a request may do and where its pages may lie. Our own bits, in the manner of Linux's GFP flags. */
#define GFP_WAIT         0x001u   /* may block (Linux: direct reclaim)                                    */
#define GFP_HIGH         0x002u   /* may use half of the min reserve                                      */
#define GFP_HARDER       0x004u   /* may use a further quarter                                            */
#define GFP_KSWAPD       0x008u   /* wakes kswapd when a zone is below low                                */
#define GFP_NORETRY      0x010u   /* with GFP_WAIT: fail rather than wait (huge pages)                    */
#define GFP_ZERO         0x020u   /* the caller zeroes the block and charges for it; counted here         */
#define GFP_MOVABLE      0x040u   /* mobility: movable, reclaimable, neither = unmovable                  */
#define GFP_RECLAIMABLE  0x080u
#define GFP_DMA          0x100u   /* highest zone; neither = Normal                                       */
#define GFP_DMA32        0x200u

#define GFP_ATOMIC           (GFP_HIGH | GFP_HARDER | GFP_KSWAPD)
#define GFP_NOWAIT           GFP_KSWAPD
#define GFP_KERNEL           (GFP_WAIT | GFP_KSWAPD)
#define GFP_HIGHUSER         (GFP_WAIT | GFP_KSWAPD)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | GFP_MOVABLE)
#define GFP_TRANSHUGE        (GFP_HIGHUSER_MOVABLE | GFP_NORETRY)

/* A request above this order fails rather than waits (Linux: PAGE_ALLOC_COSTLY_ORDER). */
#define PHYS_COSTLY_ORDER 3u

struct phys_req {
	uint8_t  order;         /* 0..EG_MAX_ORDER                                              */
	uint8_t  kind;          /* enum frame_kind, FRAME_RAW..FRAME_KERNEL                     */
	uint8_t  cpu;           /* requesting CPU                                               */
	uint8_t  node;          /* preferred node                                               */
	uint32_t gfp;
	uint32_t owner, index;  /* written into the first frame                                 */
	uint64_t hint;          /* passed to the policy                                         */
};

enum phys_outcome {
	PHYS_GRANTED,
	PHYS_WAIT,              /* may block, and no zone has a page above min now              */
	PHYS_FAIL,              /* may not block (or wants more than a costly order): it fails  */
};

struct phys_result {
	eg_pfn   pfn;           /* first frame, aligned; EG_PFN_NONE if not granted             */
	uint32_t steps;         /* of all policies asked                                        */
	uint8_t  outcome;       /* enum phys_outcome                                            */
	uint8_t  zone;          /* index into phys.zone[] of the granting zone                  */
	uint8_t  woke_kswapd;   /* 1: went below low and the request wakes kswapd               */
	uint8_t  fallback;      /* 1 + migratetype of the foreign list it came from; 0 = own    */
	uint8_t  fallback_order;
	uint8_t  zones_tried;
	uint16_t reserved;
};
_Static_assert(sizeof(struct phys_result) == 16, "returned in two registers");

/* Totals since phys_init(). Free memory, splits and merges come from the policy (phys_view.h). */
struct phys_zone_stats {
	uint64_t alloc[EG_NR_ORDERS][NR_MIGRATETYPES];   /* blocks granted                       */
	uint64_t free[EG_NR_ORDERS];                     /* blocks given back                    */
	uint64_t fallback;                               /* grants from a foreign list (extfrag) */
	uint64_t fallback_small;                         /* ... from a block below a pageblock   */
	uint64_t zeroed_pages;                           /* granted with GFP_ZERO                */
};

struct phys_zone {
	/* hot */
	uint64_t                 free_pages;
	uint64_t                 mark[NR_WMARKS];        /* pages: min <= low <= high            */
	uint64_t                 protect[NR_ZONE_TYPES]; /* kept from requests that could use zone type i */
	const struct palloc_ops *ops;
	void                    *state;                  /* of the policy; ops->state_size() bytes */
	/* layout: present <= spanned, managed <= present */
	eg_pfn                   start, end;             /* the policy's span: without a hole or
							  * struct pages at its end              */
	uint64_t                 spanned;                /* with the hole up to the next zone    */
	uint64_t                 present;                /* frames that exist                    */
	uint64_t                 managed;                /* frames given to the policy           */
	uint8_t                  node, type, index;      /* enum phys_zone_type; place in phys.zone[] */
	size_t                   state_bytes;
	struct phys_zone_stats   stats;
	uint8_t                  unused[16];             /* a power of two: zones are indexed by a shift */
};
_Static_assert(sizeof(struct phys_zone) == 512, "an index times 512 is a shift");

struct phys {
	struct frame    *frames;                         /* by pfn, nr_frames of them            */
	uint8_t         *pageblock_type;                 /* by pfn >> EG_HUGE_ORDER              */
	uint64_t         nr_frames;                      /* one past the highest pfn             */
	uint64_t         managed;                        /* of all zones                         */
	eg_pfn           own_start, own_end;             /* the kernel's own frame records: reserved */
	struct phys_zone zone[PHYS_MAX_NODES * NR_ZONE_TYPES];   /* ascending by pfn; populated only */
	unsigned         nr_zones, nr_nodes;
	uint8_t          zonelist[PHYS_MAX_NODES][NR_ZONE_TYPES][PHYS_MAX_NODES * NR_ZONE_TYPES];
	uint8_t          zonelist_nr[PHYS_MAX_NODES][NR_ZONE_TYPES];
	uint8_t          first_zone[PHYS_MAX_NODES][4];  /* zonelist[][][0]                      */
	uint64_t         min_free_kbytes;                /* as used for the watermarks           */
	uint64_t         fail[EG_NR_ORDERS][NR_MIGRATETYPES];    /* requests that got PHYS_FAIL  */
	uint64_t         wait[EG_NR_ORDERS];             /* ... PHYS_WAIT                        */
	uint64_t         kswapd_wakes;
	/* set by the machine */
	bool             waiters;                        /* somebody wants pages_freed() called  */
	void           (*pages_freed)(void *ctx, struct phys *p);
	void            *pages_freed_ctx;
};

struct phys_config {
	uint64_t                 memory_bytes;           /* installed RAM, >= 4 MiB, whole pages */
	unsigned                 nr_nodes;               /* 0 or 1: one node; more are refused   */
	const struct palloc_ops *palloc;
	const struct eg_args    *palloc_args;
	uint64_t                 min_free_kbytes;        /* 0: the formula                       */
	bool                     khugepaged;             /* the formula with khugepaged's raise  */
	unsigned                 watermark_scale_factor; /* 0: 10 (ten-thousandths of managed)   */
	unsigned                 struct_page_bytes;      /* kernel's own record a frame, reserved at the top of
							  * each zone (Linux x86-64: 64); 0: none */
};

/*
 * Build the memory of a machine in *p (overwritten; not to be copied afterwards). *config is borrowed for the
 * call. Arrays come from the arena, except the frame table,
 * which is returned by phys_fini(). EG_BAD_INPUT for a size that cannot be, EG_NO_MEMORY; *p is then
 * empty and phys_fini() may, but need not, be called.
 */
eg_status phys_init(struct phys *p, struct eg_arena *arena, const struct phys_config *config,
		    struct eg_errors *errors) EG_MUST_USE;
void phys_fini(struct phys *p);

/*
 * Compute watermarks and lowmem reserves from what the zones manage, as phys_init() does and as Linux does
 * again when a tunable is written. Uses min_free_kbytes, khugepaged and watermark_scale_factor alone.
 */
void phys_set_limits(struct phys *p, const struct phys_config *config);

static inline struct frame *phys_frame(const struct phys *p, eg_pfn pfn)
{
	EG_ASSERT(pfn.v < p->nr_frames);
	return &p->frames[pfn.v];
}

/*
 * The record of a frame that will be freed about a dozen calls from now, and that of its buddy, into the
 * cache: a zap of shuffled frames of a 16 GiB machine then takes 85 ns a page instead of 140.
 */
static inline void phys_prefetch(const struct phys *p, eg_pfn pfn)
{
	__builtin_prefetch(&p->frames[pfn.v & ~1u], 1);
	__builtin_prefetch((const char *)&p->frames[pfn.v | 1u] + sizeof(struct frame) - 1, 1);
}

/*
 * One block of 2^order frames. On PHYS_GRANTED the first record holds kind, order, migratetype, owner and
 * index with zero references; the other records hold kind, migratetype and FRAME_TAIL.
 */
struct phys_result phys_alloc(struct phys *p, const struct phys_req *req);

/*
 * Give a block back: exactly one that phys_alloc() granted (or phys_split() made), with its order, and
 * nothing referring to it; anything else stops the run. Returns the policy's steps. Calls pages_freed()
 * if `waiters` is set.
 */
uint32_t phys_free(struct phys *p, eg_pfn pfn, unsigned order);

/* The same for frees that come from outside (a trace): says what is wrong instead of stopping. */
#define PHYS_FREE_MAP(X)                                                                     \
	X(OK,          "freed")                                                              \
	X(NO_FRAME,    "no such frame")                                                      \
	X(UNALIGNED,   "not aligned to the order, or an order that does not exist")          \
	X(IS_FREE,     "free already, or never allocated")                                   \
	X(RESERVED,    "reserved memory")                                                    \
	X(NOT_HEAD,    "inside a larger block")                                              \
	X(WRONG_ORDER, "allocated with another order")                                       \
	X(IN_USE,      "still mapped or referenced")

enum phys_free_result {
#define X(name, text) PHYS_FREE_##name,
	PHYS_FREE_MAP(X)
#undef X
};
const char *phys_free_text(enum phys_free_result r);
enum phys_free_result phys_free_checked(struct phys *p, eg_pfn pfn, unsigned order, uint32_t *steps);

/*
 * Make 2^(order - to) blocks of order `to` of one allocated block; each can then be freed alone. Kind,
 * migratetype and owner are copied, the index of each is that of its first frame. Nothing may refer to
 * the block (checked).
 */
void phys_split(struct phys *p, eg_pfn pfn, unsigned order, unsigned to);

/* First frame of the allocated block that contains pfn; EG_PFN_NONE if the frame is free or a hole. */
eg_pfn phys_block_head(const struct phys *p, eg_pfn pfn);

/* The zone of a frame; NULL for a hole between zones. */
struct phys_zone *phys_zone_of(struct phys *p, eg_pfn pfn);

/* Free pages of all zones. */
uint64_t phys_free_pages(const struct phys *p);

/*
 * Walk everything; a broken invariant stops the run. Every frame is in exactly one place: in a free block
 * of its zone's policy, in an allocated block with a kind, or reserved; counters equal lists.
 */
void phys_validate(const struct phys *p);

/* Linux names: "DMA", "DMA32", "Normal"; "Unmovable", "Movable", "Reclaimable". */
const char *phys_zone_name(unsigned type);
const char *phys_migratetype_name(unsigned type);

#endif
