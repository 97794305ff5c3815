/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell - one point of the sweep with one seed, resolved.
 *
 * Cell i has seed i % nr_seeds and point i / nr_seeds; points count the axes row-major, the last axis
 * fastest. Every point runs with the same seeds (common random numbers), so that differences between
 * points are paired.
 *
 * The canonical text holds every value that decides the result, defaults and presets resolved, each in one
 * spelling, keys in the order of the tables; traces by content hash, never by path. Its SHA-256 is the
 * cell's identity: two cells with the same hash give the same bytes.
 */
#ifndef SIM_EXPERIMENT_CELL_H
#define SIM_EXPERIMENT_CELL_H

#include "sim/base/str.h"
#include "sim/experiment/schema.h"

struct exp_cell {
	struct eg_arena   arena;           /* owns all below; exp_cell_free() */
	uint64_t          index, seed;
	struct exp_coord *coord;           /* one for each axis */
	struct spec       spec;
	const char       *yaml;            /* canonical */
	char              hash[65];        /* of yaml */
};

/* Resolve cell `index` < nr_cells. After experiment_prepare(): a spec that can run. On failure there is
 * nothing to free. */
eg_status exp_cell_resolve(struct experiment *x, uint64_t index, struct exp_cell *c, struct eg_errors *err) EG_MUST_USE;
void      exp_cell_free(struct exp_cell *c);

/* Check one point: as resolving its first cell, problems going to x->problems. For experiment_load(). */
eg_status exp_cell_check_point(struct experiment *x, uint64_t point) EG_MUST_USE;

/* "policy.page_allocator=buddy seed=1", for messages. */
void exp_cell_describe(const struct experiment *x, const struct exp_cell *c, struct eg_str *out);

/* The experiment as a whole, for the result: the canonical text of the first cell without its seed, then
 * sweep and seeds. */
eg_status exp_resolved_text(struct experiment *x, struct eg_str *out, struct eg_errors *err) EG_MUST_USE;

/* The spelling of a value that the canonical text uses: 4096KiB is 4MiB, yes is true, 3.50GHz 3500MHz.
 * Reading it back gives the same value. */
void exp_canonical_value(const struct eg_param *p, const struct eg_value *v, char *out, size_t size);

#endif
