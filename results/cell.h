/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cell - the file of one finished cell, read back. Private to results/.
 *
 * A cell file is a struct run_result laid flat: scalars as attributes of the root, arrays of structs as one dataset per
 * member. Only the program that wrote it reads it, for --resume and for the merge, so it is not netCDF-4.
 */
#ifndef RESULTS_CELL_H
#define RESULTS_CELL_H

#include "results/writer.h"

#define CELL_SCHEMA_VERSION 1

struct cell {
	uint64_t index, seed;
	const char *config_hash, *resolved_yaml;        /* in result.arena */
	unsigned nr_coords;
	struct result_coord *coords;
	struct run_result result;
};

/* Read a cell file. EG_BAD_INPUT if it is damaged or no cell, EG_IO if it is not but cannot be read, EG_NO_MEMORY; then
 * there is nothing to free. */
eg_status cell_load(const char *path, struct cell *c, struct eg_errors *err) EG_MUST_USE;
void      cell_free(struct cell *c);

#endif
