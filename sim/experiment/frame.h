/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame - what the files that read the frame of an experiment share: schema.c (names, seeds, plots, --set), sweep.c (sweep,
 * labels, compare) and claims.c. Private to them. Mistakes go to x->problems; the statuses are of the host.
 */
#ifndef SIM_EXPERIMENT_FRAME_H
#define SIM_EXPERIMENT_FRAME_H

#include "sim/base/str.h"
#include "sim/experiment/schema.h"

#define PATH_CHARS 200u

/* "machine", "workload", ...: what a path of the spec begins with. NULL-terminated. */
extern const char *const frame__spec_sections[];

/* Do the first `len` characters of `word` make an item of the NULL-terminated list? */
bool frame__in_list(const char *const *list, const char *word, size_t len);
/* Where the node is, or where the file begins if there is none. */
struct exp_mark frame__mark_of(const struct experiment *x, const struct yt_node *n);

struct exp_axis *frame__find_axis(struct experiment *x, const char *path);
/* The i-th path for eg_did_you_mean(), ctx being the experiment. */
const char      *frame__axis_path(const void *ctx, unsigned i);
/* The label of `axis` that a node spells: the value as text, or its name in labels:. Not one of them: a problem below
 * `where`, and *label is NULL. */
eg_status        frame__find_label(struct experiment *x, const struct exp_axis *axis, const struct yt_node *n, const char *where,
				   const char **label) EG_MUST_USE;
/*
 * Call leaf() for every value that is no map below `map`, with its dotted path: `policy: {thp: [..]}` and
 * `policy.thp: [..]` are the same. As deep as the tree is high.
 */
typedef eg_status (*frame_leaf_fn)(struct experiment *x, const char *path, struct exp_mark at, const struct yt_node *n, void *ctx);
eg_status frame__each_leaf(struct experiment *x, const struct yt_node *map, const char *above, frame_leaf_fn leaf, void *ctx)
	EG_MUST_USE;

eg_status frame__read_sweep(struct experiment *x) EG_MUST_USE;          /* after the seeds */
eg_status frame__read_compare(struct experiment *x) EG_MUST_USE;        /* after the sweep */
eg_status frame__read_claims(struct experiment *x) EG_MUST_USE;         /* after the sweep */

#endif
