/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema - an experiment file, read and checked.
 *
 * The file says what a machine is, what runs on it and what is varied. What may stand below machine:,
 * costs:, measure:, stop:, a policy, a generator or a workload item is in the parameter tables of those
 * (sim/machine/spec.h, gen.h, palloc.h, ...); here is only the frame around them:
 *
 *   version, name, description, machine (preset + keys + costs), workload, policy, sweep, labels, seeds,
 *   stop, measure, compare, plots, claims
 *
 * Loading reports every mistake of the file in one go, those that only some cells of the sweep have
 * included, and does not touch a trace beyond seeing that it can be read; experiment_prepare() imports
 * them. Then experiment_cell() resolves one cell: a struct spec, its canonical text and that text's hash.
 */
#ifndef SIM_EXPERIMENT_SCHEMA_H
#define SIM_EXPERIMENT_SCHEMA_H

#include "sim/base/library.h"
#include "sim/experiment/yaml_tree.h"
#include "sim/machine/spec.h"

#define EXPERIMENT_MAX_CELLS UINT64_C(1000000)

/* One line of sweep: a path of the spec and the values it takes, in the order of the file. */
struct exp_axis {
	const char            *path;         /* "policy.page_allocator", "workload.fork-storm.rss" */
	struct exp_mark        mark;
	unsigned               nr;           /* >= 1 */
	const struct yt_node **value;
	const char           **label;        /* unique in the axis: the value as text, or from labels: */
};

struct exp_coord {
	const char *path, *label;
};

/* A trace that the workload names; one entry however many cells use it. */
struct exp_trace {
	const char *path, *format;           /* to open; format NULL = detect */
	const char *egt;                     /* after experiment_prepare() */
	char        hash[65];                /* "" before */
	bool        prepared;
	struct exp_mark mark;
};

struct exp_preset {
	const char           *ref;           /* as written: a name or a path */
	const char           *path;          /* the file; NULL when it could not be found */
	const struct yt_node *root;          /* NULL when unusable */
};

struct claim;

struct experiment {
	struct eg_arena       arena;
	struct exp_problems   problems;
	const char *const    *data_dirs;     /* borrowed; NULL-terminated */
	const char           *path, *dir;    /* of the file, as opened; its directory */
	const char           *text;          /* as read */
	const char           *name, *description;
	const struct yt_node *root;          /* with --set applied and dotted keys expanded */

	unsigned              nr_axes;
	struct exp_axis      *axis;
	unsigned              nr_seeds;
	uint64_t             *seed;
	uint64_t              nr_points, nr_cells;       /* nr_cells = nr_points * nr_seeds */
	unsigned              nr_baseline;               /* compare.baseline; axes not named are free */
	struct exp_coord     *baseline;
	bool                  compare;                   /* there is a compare: */
	unsigned              nr_plots;
	const char          **plot;                      /* names of figures; the caller knows which there are */
	struct exp_mark      *plot_mark;                 /* where each was written */
	unsigned              nr_claims;                 /* claims decide nothing: no cell and no hash knows of them */
	struct claim         *claim;                     /* results/claim.h */

	struct exp_trace    **trace;
	size_t                nr_traces, cap_traces;
	uint8_t             (*tried)[32];            /* generators whose init() was tried; see items.c */
	size_t                nr_tried, cap_tried;
	struct exp_preset   **preset;
	size_t                nr_presets, cap_presets;
};

struct experiment_options {
	const char *const *data_dirs;        /* directories that hold configs/; searched in order; NULL-terminated */
	const char *const *set;              /* "path=value", NULL-terminated; may be NULL */
	const uint64_t    *only_cell;        /* check the point of this cell alone (a job of a large array); or NULL */
};

/*
 * Read `path`, apply --set, check everything. On success the caller owns *x. EG_BAD_INPUT: `err` has every
 * problem, one message each; EG_NO_MEMORY.
 */
eg_status experiment_load(struct experiment **x, const char *path, const struct experiment_options *o,
			  struct eg_errors *err) EG_MUST_USE;
void      experiment_free(struct experiment *x);      /* NULL is fine */

/* Import the traces into `dir` (created by the caller) or find them usable as they are; learn their hashes. */
eg_status experiment_prepare(struct experiment *x, const char *dir, struct eg_errors *err) EG_MUST_USE;

/*
 * A file called `name` below one of the data directories' configs/`kind`/ ("machine", "experiment"), with
 * ".yaml" added: its path in the arena; NULL if there is none or no memory (then *no_memory, which may be
 * NULL, is set).
 */
const char *experiment_find_config(const char *const *data_dirs, const char *kind, const char *name, struct eg_arena *a,
				   bool *no_memory);
/* Names (without .yaml) of all such files, sorted, each once; *names from the arena. Unreadable directories
 * are skipped. Returns how many. */
unsigned    experiment_list_configs(const char *const *data_dirs, const char *kind, const char ***names, struct eg_arena *a);

/* A path as written in the experiment, from where the program runs: relative to the experiment's directory. NULL
 * without memory. */
const char *experiment_relative(const struct experiment *x, const char *path, struct eg_arena *a);

/* The preset `ref` (a name, or a path relative to `dir`), loaded and checked once; problems are added at
 * `at`. Never NULL but for want of memory; look at ->root. */
const struct exp_preset *experiment_preset(struct experiment *x, const char *ref, struct exp_mark at);

/* libyaml: its version. Returns how many. */
unsigned experiment_libraries(struct eg_library lib[EG_ROOM_LIBRARIES]);

#endif
