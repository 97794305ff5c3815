/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resolve - what the files that turn a tree into a struct spec share: cell.c (the steps, machine, policies), keys.c
 * (maps into tables) and items.c (the workload). Private to them.
 *
 * Problems with the input go to r->p and resolving goes on, so that one run finds them all; what ends it is
 * r->no_memory, which the caller asks for at the end.
 */
#ifndef SIM_EXPERIMENT_RESOLVE_H
#define SIM_EXPERIMENT_RESOLVE_H

#include "sim/experiment/cell.h"

#define PATH_CHARS 200u

struct resolver {
	struct experiment    *x;
	struct exp_problems  *p;
	const struct yt_node *root;             /* with the point's values */
	const struct yt_node *preset;           /* root of the preset's file, or NULL */
	struct spec          *spec;
	struct eg_arena      *arena;
	bool                  lost_item;        /* a workload item was not added: numbers in the spec differ */
	bool                  no_memory;
	bool                  try_generators;
};

/* Where a key of a map is looked up: up to two tables, and words that the caller handles itself. */
struct tables {
	struct eg_args    *args[2];
	const char *const *words;               /* NULL-terminated */
};

/* The keys of `map` into the tables. `prefix` is the part of the parameter names above them ("tlb.l2"). */
void resolve__apply(struct resolver *r, const struct tables *t, const struct yt_node *map, const char *where,
		    const char *prefix);

/* Rows without a default must have been given. */
void resolve__require(struct resolver *r, const struct eg_args *args, struct exp_mark at, const char *where);

/* A map below the root, or NULL (with a problem if it is there and something else). */
const struct yt_node *resolve__section(struct resolver *r, const struct yt_node *above, const char *key, const char *path);

/* The items of workload: into r->spec; sets r->lost_item if one was not added. */
void resolve__workload(struct resolver *r);

#endif
