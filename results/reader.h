/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - a result file as the rest of Engram sees it; no other room knows HDF5.
 *
 * A sweep has axes; a point is one combination of labels, numbered row-major (the last axis runs fastest); a cell is
 * (point, seed index). Without axes there is one point. Times are nanoseconds (double). NaN means "not defined" or
 * "not there" (a cell that is missing, a time at which this cell was not sampled).
 *
 * Names, labels and other texts hold no control characters, so what prints them need not look: a file that has some is
 * damaged. Not looked at are the two experiments in its provenance, config_yaml and original_yaml.
 *
 * Damaged and hostile files are refused or give EG_BAD_INPUT with a message, never a crash: every size is bounded
 * before memory is asked for. Strings and arrays returned by pointer belong to the file and live until
 * result_close(). Not thread-safe.
 */
#ifndef RESULTS_READER_H
#define RESULTS_READER_H

#include "results/writer.h"
#include "sim/base/hist.h"

struct result_file;

/* EG_BAD_INPUT when the file cannot be opened, is not HDF5, is HDF5 of another program (no schema_version), has a
 * newer schema, is one cell rather than a result, or is damaged; EG_NO_MEMORY. */
eg_status result_open(const char *path, struct result_file **out, struct eg_errors *err) EG_MUST_USE;
void      result_close(struct result_file *f);          /* NULL is fine */

/* What is odd about a file that was opened all the same, or NULL; static, one line, to stand behind its path. */
const char *result_warning(const struct result_file *f);

const char *result_path(const struct result_file *f);
const char *result_name(const struct result_file *f);    /* the experiment's name */

/* -- the sweep -- */
unsigned                  result_nr_axes(const struct result_file *f);
const struct result_axis *result_axis(const struct result_file *f, unsigned i);
/* The shortest tail of the axis' path that names it alone: "page_allocator". */
const char               *result_axis_short(const struct result_file *f, unsigned i);
unsigned                  result_nr_seeds(const struct result_file *f);
const uint64_t           *result_seeds(const struct result_file *f);
size_t                    result_nr_points(const struct result_file *f);
/* Index of the point's label on axis i, and the label itself. */
unsigned    result_point_index(const struct result_file *f, size_t point, unsigned axis);
const char *result_point_label(const struct result_file *f, size_t point, unsigned axis);
/* "page_allocator=linux thp=never" (the axes' shortest unique tails; "all" without axes) into buf; returns buf. */
char       *result_point_text(const struct result_file *f, size_t point, char *buf, size_t size);
/*
 * Read "k=v,k=v" (k: an axis' dotted path or a tail of it that fits one axis; v: one of its labels) into want[],
 * one entry per axis: the label's index or -1 for "any". EG_USAGE with a did-you-mean for what does not exist.
 */
eg_status result_parse_point(const struct result_file *f, const char *text, int *want, struct eg_errors *err)
	EG_MUST_USE;
bool      result_point_fits(const struct result_file *f, size_t point, const int *want);

/* -- final values -- */
struct result_metric {
	const char   *name, *unit, *long_name;          /* name is the dotted one */
	enum run_kind kind;
	int           better;                           /* +1 high, -1 low, 0 neither */
};
unsigned                    result_nr_metrics(const struct result_file *f);
const struct result_metric *result_metric(const struct result_file *f, unsigned i);
int                         result_find_metric(const struct result_file *f, const char *name);  /* -1: none */
/* *cube[point * nr_seeds + seed], borrowed. */
eg_status result_values(struct result_file *f, unsigned metric, const double **cube, struct eg_errors *err) EG_MUST_USE;

/* -- time series: all share one time axis, the union of the sample times of all cells -- */
unsigned                    result_nr_series(const struct result_file *f);
const struct result_metric *result_series(const struct result_file *f, unsigned i);
int                         result_find_series(const struct result_file *f, const char *name);
size_t                      result_nr_times(const struct result_file *f);
const double               *result_times(const struct result_file *f);
/* values[result_nr_times()], the caller's; NaN at times this cell was not sampled (before or after its end). */
eg_status result_read_series(struct result_file *f, unsigned series, size_t point, unsigned seed, double *values,
			     struct eg_errors *err) EG_MUST_USE;

/* -- latency histograms, values in picoseconds as recorded -- */
struct result_hist {
	const char *group, *kind, *long_name;           /* "fault_latency", "cow" */
};
unsigned                  result_nr_hists(const struct result_file *f);
const struct result_hist *result_hist(const struct result_file *f, unsigned i);
int                       result_find_hist(const struct result_file *f, const char *group, const char *kind);
/* count == 0 for a cell that is missing or recorded nothing. */
eg_status result_read_hist(struct result_file *f, unsigned hist, size_t point, unsigned seed, struct eg_hist *out,
			   struct eg_errors *err) EG_MUST_USE;

/* -- operations of recordings that could not be applied -- */
unsigned    result_nr_counts(const struct result_file *f);
const char *result_count_name(const struct result_file *f, unsigned i);
/* counts[result_nr_counts()]; NaN for a missing cell. */
eg_status   result_read_counts(struct result_file *f, size_t point, unsigned seed, double *counts,
			       struct eg_errors *err) EG_MUST_USE;

/* -- snapshots of the zones and of the kernel's counters -- */
#define RESULT_NR_ORDERS EG_NR_ORDERS
struct result_zone {
	const char *name;                               /* "Normal" */
	int         node;
};
size_t        result_nr_snapshots(const struct result_file *f);      /* times at which any cell has one */
const double *result_snapshot_times(const struct result_file *f);
unsigned      result_nr_zones(const struct result_file *f);
const struct result_zone *result_zone(const struct result_file *f, unsigned i);
const char   *result_migratetype(const struct result_file *f, unsigned i);      /* i < RUN_NR_TYPES */
unsigned      result_nr_vmstat(const struct result_file *f);
const char   *result_vmstat_name(const struct result_file *f, unsigned i);
unsigned      result_nr_meminfo(const struct result_file *f);
const char   *result_meminfo_name(const struct result_file *f, unsigned i);
/*
 * Snapshots first .. first + nr - 1 of one cell; each array is the caller's and may be NULL:
 * buddy[nr][zones][orders], by_type[nr][zones][RUN_NR_TYPES][orders], vmstat[nr][nr_vmstat],
 * meminfo[nr][nr_meminfo] (KiB). NaN where the cell has no snapshot at that time or no such zone or field.
 */
eg_status result_read_snapshots(struct result_file *f, size_t point, unsigned seed, size_t first, size_t nr,
				double *buddy, double *by_type, double *vmstat, double *meminfo,
				struct eg_errors *err) EG_MUST_USE;

/*
 * -- provenance -- the text of /provenance/KEY, "" when the file has none. Keys: config_yaml, original_yaml,
 * config_sha256, engram_version, assumptions, capabilities, traces ("label sha256"), missing_cells,
 * compare_baseline ("key=value"), plots, cells ("index sha256"); lists have one item a line.
 */
const char *result_provenance(const struct result_file *f, const char *key);

#endif
