/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tlb_config - the geometry a TLB design and the walker are built from; filled from machine parameters. */
#ifndef SIM_MMU_TLB_CONFIG_H
#define SIM_MMU_TLB_CONFIG_H

#include "sim/base/types.h"

/* One array of entries. entries == 0: absent. ways divides entries; entries / ways is a power of two. */
struct tlb_geometry {
	uint32_t entries, ways;
};

struct tlb_config {
	struct tlb_geometry l1i, l1d;            /* 4 KiB pages (and 2 MiB if the array below is absent) */
	struct tlb_geometry l1i_huge, l1d_huge;  /* 2 MiB pages */
	struct tlb_geometry l2;                  /* absent: no second level */
	struct tlb_geometry l2_huge;             /* absent: l2 holds both sizes */
	bool                unified_l1;          /* fetches use the l1d arrays too */
};

/* Page-walk caches: entries that skip the upper levels (Intel: PML4E, PDPTE, PDE caches). */
struct pwc_config {
	struct tlb_geometry pml4, pdpt, pd;
};

#endif
