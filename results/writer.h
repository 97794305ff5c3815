/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer - one HDF5 file per finished cell, and the merge of all cells into the experiment's result.
 *
 * A cell file is private to Engram (results/cell.h): what one run_cell() observed, under a final name only when it
 * is whole. The merged file is the product: HDF5 that is also netCDF-4 (results/merge.c tells its layout).
 * Nothing that differs between two identical runs is stored in either; that goes to NAME.host.json.
 *
 * Not thread-safe (the HDF5 library is not): one thread of a process calls these functions.
 */
#ifndef RESULTS_WRITER_H
#define RESULTS_WRITER_H

#include "sim/base/library.h"
#include "sim/base/status.h"
#include "sim/machine/run.h"

/* Version of the layout of the merged file, an attribute of its root group. */
#define RESULT_SCHEMA_VERSION 1

/* One coordinate of a cell: the dotted path of a sweep axis and the label of the cell's value on it. Also one
 * "key: value" of a baseline. */
struct result_coord {
	const char *axis, *label;
};

struct result_cell_info {
	uint64_t    index;                       /* row-major over (axes..., seed), the seed running fastest */
	const char *config_hash;                 /* 64 hexadecimal digits: identity of all that decides the result */
	uint64_t    seed;
	unsigned    nr_coords;                   /* one for each sweep axis, in the order of the axes */
	const struct result_coord *coords;
	const char *resolved_yaml;
};

/*
 * Write the cell to `path` (temporary name path.tmp.PID, flush, close, fsync, rename, fsync of the directory).
 * All arguments are borrowed. EG_IO (with path and remedy) when the disk is full or the path cannot be written,
 * EG_NO_MEMORY; then no file of ours is left and an older file of that name is as it was.
 */
eg_status result_write_cell(const char *path, const struct result_cell_info *info, const struct run_result *r,
			    struct eg_errors *err) EG_MUST_USE;

/* What stands under the name of a cell, for --resume. DIFFERENT: a whole cell of another configuration. */
enum result_cell_state { RESULT_CELL_ABSENT, RESULT_CELL_SAME, RESULT_CELL_DIFFERENT, RESULT_CELL_DAMAGED };
enum result_cell_state result_cell_matches(const char *path, const char *config_hash);
/* The configuration hash of the whole cell file at `path`; false if there is none. */
bool result_cell_hash(const char *path, char hash[65]);

struct result_axis {
	const char        *name;                 /* dotted path in the spec: "policy.page_allocator" */
	unsigned           nr;                   /* number of labels, at least 1 */
	const char *const *labels;               /* unique within the axis */
};

struct result_trace {
	const char *label, *sha256;              /* no path: the same trace elsewhere gives the same result */
};

/* What the merged file says about the experiment as a whole. Texts may be NULL where not known. */
struct result_experiment {
	const char *name;
	unsigned    nr_axes;                     /* 0: a single point */
	const struct result_axis *axes;
	unsigned    nr_seeds;                    /* at least 1 */
	const uint64_t *seeds;

	const char *resolved_yaml, *original_yaml;
	const char *config_sha256;
	const char *engram_version;
	unsigned    nr_traces;
	const struct result_trace *traces;
	unsigned    nr_assumptions;              /* of the experiment; those of the cells are added */
	const char *const *assumptions;
	unsigned    nr_baseline;                 /* compare.baseline; 0 = none */
	const struct result_coord *baseline;
	unsigned    nr_plots;
	const char *const *plots;
};

/*
 * Copy the cells into one file, written as a cell is (temporary name, synced, renamed). cell_path[i] is the file
 * of cell i; nr_cells must be the product of the axes' lengths and nr_seeds. A path that is NULL or names no file
 * is a missing cell: all are listed and EG_FAILED is returned without writing, unless `allow_missing`; then their
 * values are NaN and /provenance/missing_cells lists them. EG_BAD_INPUT if a file is damaged, is no cell, or
 * belongs at another place of the experiment; EG_IO and EG_NO_MEMORY as above.
 */
eg_status result_merge(const char *out_path, const struct result_experiment *x, size_t nr_cells,
		       const char *const *cell_path, bool allow_missing, struct eg_errors *err) EG_MUST_USE;

/* The volatile facts, for the side file. */
struct result_host_info {
	int                argc;                 /* the command line */
	const char *const *argv;
	double             started, ended;       /* seconds since the epoch */
	unsigned           nr_workers;
	bool               anonymous;            /* leave out host name, user's paths and command line */
	unsigned           nr_traces;
	const char *const *trace_paths;          /* where the traces were read from */
};

/*
 * Write `path` (conventionally NAME.host.json beside NAME.h5) as JSON: host name, uname, CPU model and count,
 * memory, start and end, CPU time and largest memory of this process and its children, command line, paths,
 * compiler, versions of HDF5 and GSL at build and run time, Slurm's ids. Written to a temporary name and renamed.
 */
eg_status result_write_host_json(const char *path, const struct result_host_info *info, struct eg_errors *err)
	EG_MUST_USE;

/* HDF5 and GSL: versions of headers and code. Returns how many. */
unsigned result_libraries(struct eg_library lib[EG_ROOM_LIBRARIES]);

#endif
