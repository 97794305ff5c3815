/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file - what struct result_file consists of. Private to the reader (reader.c, reader_data.c). */
#ifndef RESULTS_FILE_H
#define RESULTS_FILE_H

#include "results/h5.h"
#include "results/reader.h"

enum result_group { RESULT_SUMMARY, RESULT_SERIES, RESULT_LATENCY, RESULT_EVENTS, RESULT_SNAPSHOTS, RESULT_PROVENANCE,
		    RESULT_NR_GROUPS };
#define RESULT_NR_PROV 11

struct result_var {
	const char *variable;                   /* its name in the group */
	struct result_metric metric;
	const char *group, *kind, *moments;     /* of a histogram; moments: "SUM MIN MAX", names of variables */
};

struct result_vars {
	struct result_var *v;
	size_t nr, cap;
};

struct result_texts {
	const char **v;
	unsigned nr;
};

struct result_file {
	struct eg_arena arena;                  /* all texts, coordinates and cubes */
	const char *path, *name;
	hid_t       file, group[RESULT_NR_GROUPS];
	bool        unsummed;                   /* its checksum is missing */
	bool        obeyed;                     /* a text holds what a terminal would obey */

	struct result_axis *axes;
	unsigned    nr_axes, nr_seeds;
	uint64_t   *seeds;
	size_t      nr_points;
	int         rank;                       /* nr_axes + 1 */
	hsize_t     dim[H5_MAX_RANK];           /* of the axes, then nr_seeds */

	struct result_vars metrics, series, hists;
	double    **cubes;                      /* of metrics[i], NULL until asked for */
	size_t      nr_times, nr_snapshots, nr_buckets;
	double     *time, *snapshot_time;
	unsigned    first_bucket;
	struct result_hist *hist;
	struct result_texts counts, types, vmstat, meminfo;
	unsigned    nr_zones;
	struct result_zone *zones;
	const char *prov[RESULT_NR_PROV];
};

#endif
