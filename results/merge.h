/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge - what the three parts of the merge share: merge.c (the union of the cells, and the order of things),
 * merge_layout.c (groups, coordinates, variables), merge_data.c (the numbers of one cell). Private to results/.
 */
#ifndef RESULTS_MERGE_H
#define RESULTS_MERGE_H

#include "results/h5.h"

#include "results/cell.h"

#define MERGE_MAX_AXES 16
#define MERGE_CHUNK    16384u         /* elements; larger chunks gain nothing */
#define MERGE_NR_RUN   5              /* columns that every cell has: run.elapsed, ... */

/* A list of texts in the merge's arena; `extra` and `info` are what the list's owner needs. */
struct names {
	struct name {
		const char *text;
		const char *second;       /* kind of a histogram, long name of a count */
		const char *comment;
		unsigned    node;
	}     *v;
	size_t nr, cap;
};

struct columns {
	struct run_column *v;
	size_t nr, cap;
};

struct times {
	eg_time *v;
	size_t   nr, cap;
};

struct merge {
	const struct result_experiment *x;
	size_t            nr_cells;
	const char *const *path;
	struct eg_arena   arena;
	struct eg_errors *err;

	struct columns summary, series;
	struct times   sampled, snapped;
	struct names   hists, zones, vmstat, meminfo, counts, assumptions;
	unsigned       first_bucket, last_bucket;
	uint32_t       capabilities;
	struct eg_str  missing, cells;

	struct h5_out  out;
	int            rank;              /* axes + seed */
	hsize_t        dim[H5_MAX_RANK];
	char          *axis_var[MERGE_MAX_AXES];
	hid_t          scale[H5_MAX_RANK]; /* of the group in work */
	hid_t         *summary_var, *series_var, *hist_var;
	hid_t          buddy_var, type_var, vmstat_var, meminfo_var;
	double        *cube;              /* summary[column][cell] */
	double        *count_cube;        /* [cell][op] */
	double        *hist_cube;         /* [hist][sum, min, max][cell] */
};

/* merge.c. Index of (text, second, node) in a list of the union, appended if new; SIZE_MAX without memory. Cells agree
 * nearly always: `hint` is tried first. */
size_t merge__name_index(struct merge *m, struct names *l, size_t hint, const char *text, const char *second,
			 unsigned node);
size_t merge__column_index(struct merge *m, struct columns *l, size_t hint, const struct run_column *c);
/* Index of a time that is in the list. */
size_t merge__time_index(const struct times *l, eg_time t);

/* merge_layout.c. Names of the axes' variables; false without memory. */
bool merge__name_axes(struct merge *m);
/* The groups of the cells' data, with their variables left open in m->*_var. */
void merge__make_groups(struct merge *m);
/* The groups that are written when all cells have been seen. */
void merge__make_events(struct merge *m);
void merge__make_provenance(struct merge *m);

/* merge_data.c. Everything one cell has to say. */
void merge__put_cell(struct merge *m, size_t cell, const struct run_result *r);

#endif
