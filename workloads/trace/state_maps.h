/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state_maps - the mappings of one address space, for state.c.
 *
 * Sorted runs of mappings in leaves, the leaves in an array. A leaf is never changed while two spaces hold it, so a
 * fork copies the array alone and both sides share what neither touches. Every change builds the leaves that replace
 * the touched ones first and swaps them in last: a change that finds no memory has not happened.
 */
#ifndef WORKLOADS_TRACE_STATE_MAPS_H
#define WORKLOADS_TRACE_STATE_MAPS_H

#include "sim/base/op.h"
#include "sim/base/status.h"

struct state_map {
	uint64_t start, end;            /* bytes, whole pages */
	uint64_t prot, flags, file, off;
};

#define STATE_LEAF 64u

struct state_leaf {
	uint32_t refs, nr;
	struct state_map map[STATE_LEAF];
};

struct state_maps {
	struct state_leaf **leaf;
	uint32_t nr, cap;
	uint64_t count;                 /* mappings in all leaves */
};

void      state_maps_free(struct state_maps *m);
/* `to` is empty. */
eg_status state_maps_copy(struct state_maps *to, const struct state_maps *from) EG_MUST_USE;

/* Map [map->start, map->end) anew, over whatever was there; neighbours that differ in nothing become one. */
eg_status state_maps_set(struct state_maps *m, const struct state_map *map) EG_MUST_USE;
eg_status state_maps_cut(struct state_maps *m, uint64_t start, uint64_t end) EG_MUST_USE;
eg_status state_maps_protect(struct state_maps *m, uint64_t start, uint64_t end, uint64_t prot) EG_MUST_USE;
/*
 * mremap: what is mapped in [old, old + old_len) goes to `to`, cut to new_len bytes or with its last mapping longer; the
 * old place stays mapped too with `keep`. Nothing mapped there: no change.
 */
eg_status state_maps_move(struct state_maps *m, uint64_t old, uint64_t old_len, uint64_t to, uint64_t new_len, bool keep)
	EG_MUST_USE;

#endif
