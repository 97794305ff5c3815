/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem - all host memory comes through here.
 *
 * One place, so that a test can fail the Nth request and see what the program does about it. Outside
 * mem.c the names malloc, calloc, realloc and free are poisoned.
 */
#ifndef SIM_BASE_MEM_H
#define SIM_BASE_MEM_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/status.h"

/* Zeroed memory for `nr` objects of `size` bytes; NULL when there is none (or on overflow). eg_free()
 * takes NULL. eg_realloc() keeps the old block when it fails; new bytes are not zeroed. */
void *eg_calloc(size_t nr, size_t size) EG_MUST_USE;
void *eg_realloc(void *p, size_t nr, size_t size) EG_MUST_USE;
char *eg_strdup(const char *s) EG_MUST_USE;
void  eg_free(void *p);

/*
 * A range of zeroed pages that costs nothing until touched (frame table, page-table pool). NULL when
 * the host refuses. `eg_unreserve` takes the size again. With `huge` transparent huge pages are asked for.
 */
void *eg_reserve(size_t bytes, bool huge) EG_MUST_USE;
void  eg_unreserve(void *p, size_t bytes);

/* Fault injection: the Nth request from now (1 = the next) fails, once; 0 switches it off. Returns how
 * many requests were made since the last call. Process-wide; for tests. */
uint64_t eg_mem_fail_nth(uint64_t nth);

/*
 * Arena: memory with the lifetime of one run, freed whole. Objects are zeroed, 16-byte aligned (64 when
 * 64 bytes or larger). eg_arena_alloc() returns NULL when the host has no memory.
 */
struct eg_arena_chunk;
struct eg_arena {
	struct eg_arena_chunk *chunks;    /* newest first                                   */
	size_t used, size;                /* of the newest chunk                            */
	size_t total;                     /* bytes obtained from the host                   */
	bool   failed;                    /* the host refused once; sticky                  */
};

void *eg_arena_alloc(struct eg_arena *a, size_t nr, size_t size) EG_MUST_USE;
char *eg_arena_strdup(struct eg_arena *a, const char *s) EG_MUST_USE;
void  eg_arena_free_all(struct eg_arena *a);

/*
 * Growable array of fixed-size items: make room for one more and return it (zeroed), or NULL.
 * Usage: struct foo *f = eg_grow((void **)&v, &nr, &cap, sizeof(*v)); free with eg_free(v).
 */
void *eg_grow(void **items, size_t *nr, size_t *cap, size_t item_size) EG_MUST_USE;

#ifndef EG_MEM_IMPLEMENTATION
#pragma GCC poison malloc calloc realloc
#endif

#endif
