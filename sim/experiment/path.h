/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path - dotted paths into an experiment: dotted keys, --set and sweep values.
 *
 * `tlb.l2.entries: 64` and `tlb: {l2: {entries: 64}}` are the same. A path steps through maps by key and
 * through the list of workloads by number or by label. Setting a path:
 *
 *   - missing maps on the way are made;
 *   - a policy given by its bare name becomes a map {name: NAME} when a key below it is set;
 *   - a map value is merged into a map that is there, unless it names something whole (has the key name,
 *     generator or trace): then it replaces. Everything else replaces.
 */
#ifndef SIM_EXPERIMENT_PATH_H
#define SIM_EXPERIMENT_PATH_H

#include "sim/experiment/yaml_tree.h"

/* Expand the dotted keys of a map and of the maps below it; a key that comes twice, in whatever spelling,
 * is a problem. Returns `map` itself if there is nothing to do, NULL when out of memory. */
const struct yt_node *path_expand(const struct yt_node *map, const char *where, struct exp_problems *p) EG_MUST_USE;

/* `root` with `path` set to `value`; a path that cannot be followed is a problem at `at`, and root comes
 * back as it was. NULL when out of memory. */
const struct yt_node *path_set(const struct yt_node *root, const char *path, struct exp_mark at,
			       const struct yt_node *value, struct exp_problems *p) EG_MUST_USE;

/* Where `path`, or the longest part of it that exists, was written; *steps: how many of its steps that is. */
struct exp_mark path_mark(const struct yt_node *root, const char *path, unsigned *steps);

/* Label of a workload item: label:, or the generator's name, or the trace's file name up to its first dot,
 * into buf; false when the item has none of them. */
bool path_item_label(const struct yt_node *item, char *buf, size_t size);

#endif
