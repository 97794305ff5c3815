/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shmem - pages of shared mappings, by (object, page index).
 *
 * A shared mapping and the copies that fork makes of it must find the same frames. An object is born with
 * its first mapping and ends with the last; it holds one reference to each of its frames. One hash table
 * for all objects (open addressing, linear probing, at most half full).
 */
#ifndef SIM_VM_SHMEM_H
#define SIM_VM_SHMEM_H

#include "sim/base/mem.h"
#include "sim/base/types.h"

struct shmem_object {
	uint32_t mappings;      /* VMAs that refer to it; 0 = free slot               */
	uint32_t next_free;     /* of free slots; 0 = none                            */
	uint64_t pages;         /* in the table                                       */
	uint64_t span;          /* one past the largest index ever put                */
};

struct shmem_cell {
	uint64_t key;           /* object << 36 | page index, + 1; 0 = empty          */
	uint32_t pfn;
	uint32_t pad;
};

struct shmem {
	struct shmem_object *object;    /* [nr]; number 0 is never used               */
	size_t               nr, cap;
	uint32_t             free_object;
	struct shmem_cell   *cell;      /* [mask + 1]                                 */
	uint64_t             mask, used;
};

eg_status shmem_init(struct shmem *s) EG_MUST_USE;
void      shmem_fini(struct shmem *s);
/* A new object with one mapping; 0 when host memory is out. */
uint32_t  shmem_new(struct shmem *s);
/* The frame of a page; EG_PFN_NONE if it has none. */
eg_pfn    shmem_find(const struct shmem *s, uint32_t object, uint64_t index);
/* Page has no frame yet. False when host memory is out. */
bool      shmem_put(struct shmem *s, uint32_t object, uint64_t index, eg_pfn pfn);
/* Take one page out of the table; returns its frame or EG_PFN_NONE. */
eg_pfn    shmem_take(struct shmem *s, uint32_t object, uint64_t index);
/* Any page of the object, for its end: returns false when there is none; *cursor starts at 0. */
bool      shmem_take_any(struct shmem *s, uint32_t object, uint64_t *cursor, eg_pfn *pfn);
/* The object has no mapping and no page: its number may be used again. */
void      shmem_end(struct shmem *s, uint32_t object);

#endif
