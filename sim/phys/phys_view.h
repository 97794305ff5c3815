/* SPDX-License-Identifier: GPL-3.0-or-later */
/* phys_view - physical memory as metrics and reports may see it: read only, one snapshot a call. */
#ifndef SIM_PHYS_PHYS_VIEW_H
#define SIM_PHYS_PHYS_VIEW_H

#include "sim/phys/palloc/palloc.h"

struct phys;

struct phys_zone_view {
	const char *name;                        /* "DMA", "DMA32", "Normal"                    */
	unsigned    node, type;                  /* enum phys_zone_type                         */
	eg_pfn      start;
	uint64_t    spanned, present, managed;   /* pages                                       */
	uint64_t    min, low, high;              /* watermarks, pages                           */
	uint64_t    protect[3];                  /* by the zone type the request could use      */
	uint64_t    free_pages;
	struct palloc_free     free;             /* n_i, in all and by migratetype              */
	struct palloc_counters counters;         /* splits, merges, ... since the start         */
	uint64_t    alloc[EG_NR_ORDERS][NR_MIGRATETYPES];   /* blocks granted since the start   */
	uint64_t    freed[EG_NR_ORDERS];
	uint64_t    fallback, fallback_small;    /* grants from a foreign list; below a pageblock */
};

unsigned phys_view_zones(const struct phys *p);
/* Zone i (checked), ascending by address. Linear in the number of free blocks at worst. */
void phys_view_zone(const struct phys *p, unsigned i, struct phys_zone_view *v);

struct phys_view_totals {
	unsigned nr_nodes;
	uint64_t present, managed, free_pages, min_free_kbytes;
	uint64_t fail[EG_NR_ORDERS][NR_MIGRATETYPES];
	uint64_t wait[EG_NR_ORDERS];
	uint64_t kswapd_wakes;
	uint64_t metadata_bytes;                 /* host bytes of policy state and pageblock types */
};
void phys_view_totals(const struct phys *p, struct phys_view_totals *t);

/*
 * Free pages of every huge frame (aligned 2 MiB, 0..512), for frag.huge_pct, compact_moves, heat:
 * free[h] for h in [0, phys_view_huge_frames()), frames outside any zone count as not free. exists[h]
 * (may be NULL) is the number of frames of h in a zone, without the kernel's own frame records. Linear in the frames of the machine.
 */
uint64_t phys_view_huge_frames(const struct phys *p);
void phys_view_huge_free(const struct phys *p, uint16_t *free, uint16_t *exists);

#endif
