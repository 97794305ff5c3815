/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge - all cells of an experiment copied into the one file that is published.
 *
 * The file is HDF5 and netCDF-4 at once. Each group below opens by itself as a labelled cube, so each carries its own
 * copies of the coordinates (xarray opens one group at a time and does not look into the parent):
 *
 *	/summary     METRIC(axes..., seed)
 *	/series      METRIC(axes..., seed, time)
 *	/latency     GROUP__KIND(axes..., seed, bucket) counts, and GROUP__KIND__sum, __min, __max (axes..., seed)
 *	/events      not_applied(axes..., seed, op)
 *	/snapshots   free_blocks(axes..., seed, time, zone, order), free_blocks_of_type(..., zone, migratetype, order),
 *	             vmstat(..., time, vmstat_field), meminfo(..., time, meminfo_field)
 *	/provenance  scalar strings, one per fact
 *
 * How the cells become one grid:
 *   1. Columns, histograms, zones and fields are the union over the cells, in the order of first appearance.
 *   2. The time axis is the union of all sample times. A cell has NaN at the times of others, so a run that ends early
 *      is padded, and the last sample of each run keeps its true time instead of the nearest grid point.
 *   3. Everything is double: a value that is missing is NaN, and counts stay exact up to 2^53.
 *   4. Cells are read twice, one at a time (first for the union, then for the data), in the order of their index. So
 *      memory holds one cell and the bytes are the same whichever cell finished first.
 *
 * Rejected: virtual datasets and external links. A missing source of a virtual dataset reads as fill values without a
 * word, and external links stop h5netcdf.
 */
#include "results/h5.h"

#include "results/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "workloads/trace/trace.h"

#define MAX_AXES   16
#define CHUNK      16384u         /* elements; larger chunks gain nothing */
#define MAX_FIELDS 65536u

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
	char          *axis_var[MAX_AXES];
	hid_t          scale[H5_MAX_RANK]; /* of the group in work */
	hid_t         *summary_var, *series_var, *hist_var;
	hid_t          buddy_var, type_var, vmstat_var, meminfo_var;
	double        *cube;              /* summary[column][cell] */
	double        *count_cube;        /* [cell][op] */
	double        *hist_cube;         /* [hist][sum, min, max][cell] */
};

static eg_status no_memory(struct merge *m)
{
	return eg_fail(m->err, EG_NO_MEMORY, "no memory to merge the cells");
}

/* -- pass 1: what is there -- */

/* Index of (text, second), appended if new; SIZE_MAX without memory. Cells agree nearly always: try `hint` first. */
static size_t name_index(struct merge *m, struct names *l, size_t hint, const char *text, const char *second,
			 unsigned node)
{
	struct name *n;

	for (size_t k = 0; k <= l->nr; k++) {
		size_t i = k == 0 ? hint : k - 1;

		if (i < l->nr && l->v[i].node == node && strcmp(l->v[i].text, text) == 0 &&
		    (!second || strcmp(l->v[i].second, second) == 0))
			return i;
	}
	n = eg_grow((void **)&l->v, &l->nr, &l->cap, sizeof(*l->v));
	if (!n)
		return SIZE_MAX;
	n->text = eg_arena_strdup(&m->arena, text);
	n->second = eg_arena_strdup(&m->arena, second ? second : "");
	n->node = node;
	return n->text && n->second ? l->nr - 1 : SIZE_MAX;
}

static size_t column_index(struct merge *m, struct columns *l, size_t hint, const struct run_column *c)
{
	struct run_column *n;

	for (size_t k = 0; k <= l->nr; k++) {
		size_t i = k == 0 ? hint : k - 1;

		if (i < l->nr && strcmp(l->v[i].name, c->name) == 0)
			return i;
	}
	n = eg_grow((void **)&l->v, &l->nr, &l->cap, sizeof(*l->v));
	if (!n)
		return SIZE_MAX;
	*n = *c;
	n->name = eg_arena_strdup(&m->arena, c->name);
	n->unit = eg_arena_strdup(&m->arena, c->unit);
	n->long_name = eg_arena_strdup(&m->arena, c->long_name);
	return n->name && n->unit && n->long_name ? l->nr - 1 : SIZE_MAX;
}

static int by_time(const void *a, const void *b)
{
	eg_time x = *(const eg_time *)a, y = *(const eg_time *)b;

	return x < y ? -1 : x > y;
}

static size_t time_index(const struct times *l, eg_time t)
{
	const eg_time *p = bsearch(&t, l->v, l->nr, sizeof(*l->v), by_time);

	return (size_t)(p - l->v);
}

/* Add the times that are not known yet. */
static bool add_times(struct times *l, size_t n, const eg_time *first, size_t stride)
{
	size_t had = l->nr;

	for (size_t i = 0; i < n; i++) {
		eg_time t = *(const eg_time *)(const void *)((const char *)first + i * stride), *p;

		if (had && bsearch(&t, l->v, had, sizeof(*l->v), by_time))
			continue;
		p = eg_grow((void **)&l->v, &l->nr, &l->cap, sizeof(*l->v));
		if (!p)
			return false;
		*p = t;
	}
	if (l->nr == had)
		return true;
	qsort(l->v, l->nr, sizeof(*l->v), by_time);
	had = 0;
	for (size_t i = 0; i < l->nr; i++)          /* a run may end exactly on its last sample */
		if (i == 0 || l->v[i] != l->v[had - 1])
			l->v[had++] = l->v[i];
	l->nr = had;
	return true;
}

#define NR_RUN_COLUMNS 5
static const struct run_column run_columns[NR_RUN_COLUMNS] = {
	{ "run.elapsed", "ns", "simulated time to the end of the last task", RUN_VALUE, -1 },
	{ "run.warmup", "ns", "simulated time cut from counters and histograms", RUN_VALUE, 0 },
	{ "run.events", "1", "events the engine executed", RUN_COUNTER, 0 },
	{ "run.ops", "1", "operations replayed", RUN_COUNTER, 0 },
	{ "run.accesses", "1", "memory accesses replayed", RUN_COUNTER, 0 },
};

static bool add_schema(struct merge *m, const struct run_result *r)
{
	bool good = add_times(&m->sampled, r->nr_samples, r->sample_time, sizeof(*r->sample_time));

	if (r->nr_snapshots)
		good = good && add_times(&m->snapped, r->nr_snapshots, &r->snapshots->time, sizeof(*r->snapshots));
	for (size_t i = 0; good && i < NR_RUN_COLUMNS; i++)
		good = column_index(m, &m->summary, i, &run_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_summary; i++)
		good = column_index(m, &m->summary, i + NR_RUN_COLUMNS, &r->summary_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_series; i++)
		good = column_index(m, &m->series, i, &r->series_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_hists; i++) {
		const struct run_hist *h = &r->hists[i];
		size_t k = name_index(m, &m->hists, i, h->group, h->kind, 0);

		good = k != SIZE_MAX;
		if (good && !m->hists.v[k].comment)
			m->hists.v[k].comment = eg_arena_strdup(&m->arena, h->long_name);
		for (unsigned b = 0; b < EG_HIST_BUCKETS; b++) {
			if (!h->hist.bucket[b])
				continue;
			m->first_bucket = b < m->first_bucket ? b : m->first_bucket;
			m->last_bucket = b > m->last_bucket ? b : m->last_bucket;
		}
	}
	for (size_t i = 0; good && i < r->nr_zones; i++)
		good = name_index(m, &m->zones, i, r->zone_name[i], NULL, r->zone_node[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_vmstat; i++)
		good = name_index(m, &m->vmstat, i, r->vmstat_name[i], NULL, 0) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_meminfo; i++)
		good = name_index(m, &m->meminfo, i, r->meminfo_name[i], NULL, 0) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_counts; i++) {
		size_t k = name_index(m, &m->counts, i, r->counts[i].name, NULL, 0);

		good = k != SIZE_MAX;
		if (good && !m->counts.v[k].comment)
			m->counts.v[k].comment = eg_arena_strdup(&m->arena, r->counts[i].long_name);
	}
	for (size_t i = 0; good && i < r->nr_assumptions; i++)
		good = name_index(m, &m->assumptions, i, r->assumptions[i], NULL, 0) != SIZE_MAX;
	m->capabilities &= r->capabilities;
	return good;
}

/* Labels of cell i, as text for messages: "policy.thp=never seed=3". */
static void cell_text(const struct merge *m, size_t i, char *buf, size_t size)
{
	const struct result_experiment *x = m->x;
	size_t rest = i / x->nr_seeds, at = 0, stride = m->nr_cells / x->nr_seeds;

	*buf = '\0';
	for (unsigned a = 0; a < x->nr_axes && at < size; a++) {
		stride /= x->axes[a].nr;
		at += (size_t)snprintf(buf + at, size - at, "%s=%s ", x->axes[a].name, x->axes[a].labels[rest / stride]);
		rest %= stride;
	}
	if (at < size)
		(void)snprintf(buf + at, size - at, "seed=%" PRIu64, x->seeds[i % x->nr_seeds]);
}

/* Is this the cell that belongs at place i? */
static bool belongs(const struct merge *m, const struct cell *c, size_t i)
{
	const struct result_experiment *x = m->x;
	size_t rest = i / x->nr_seeds, stride = m->nr_cells / x->nr_seeds;

	if (c->index != i || c->seed != x->seeds[i % x->nr_seeds] || c->nr_coords != x->nr_axes)
		return false;
	for (unsigned a = 0; a < x->nr_axes; a++) {
		stride /= x->axes[a].nr;
		if (strcmp(c->coords[a].axis, x->axes[a].name) != 0 ||
		    strcmp(c->coords[a].label, x->axes[a].labels[rest / stride]) != 0)
			return false;
		rest %= stride;
	}
	return true;
}

static bool is_missing(const struct merge *m, size_t i)
{
	struct stat st;

	return !m->path[i] || (stat(m->path[i], &st) != 0 && (errno == ENOENT || errno == ENOTDIR));
}

static eg_status first_pass(struct merge *m, bool allow_missing)
{
	size_t missing = 0;
	char text[400];
	struct cell c;

	for (size_t i = 0; i < m->nr_cells; i++) {
		bool good;

		if (is_missing(m, i)) {
			cell_text(m, i, text, sizeof(text));
			eg_str_addf(&m->missing, "%zu %s\n", i, text);
			if (!allow_missing)
				(void)eg_fail(m->err, EG_FAILED, "cell %zu is missing: %s", i, text);
			missing++;
			continue;
		}
		EG_TRY(cell_load(m->path[i], &c, m->err));
		if (!belongs(m, &c, i)) {
			cell_text(m, i, text, sizeof(text));
			(void)eg_fail(m->err, EG_BAD_INPUT, "%s: this is cell %" PRIu64 " with seed %" PRIu64
				      " of another experiment or place; wanted cell %zu: %s", m->path[i], c.index, c.seed, i, text);
			cell_free(&c);
			return EG_BAD_INPUT;
		}
		good = add_schema(m, &c.result);
		eg_str_addf(&m->cells, "%zu %s\n", i, c.config_hash);
		cell_free(&c);
		if (!good)
			return no_memory(m);
	}
	if (missing && !allow_missing)
		return eg_fail(m->err, EG_FAILED, "%zu of %zu cells are missing; nothing was written\n"
			       "run again with --resume, or accept gaps", missing, m->nr_cells);
	if (missing == m->nr_cells)
		return eg_fail(m->err, EG_FAILED, "no cell is there; nothing was written");
	if (m->summary.nr > MAX_FIELDS || m->series.nr > MAX_FIELDS || m->vmstat.nr > MAX_FIELDS || m->zones.nr > 4096)
		return eg_fail(m->err, EG_FAILED, "too many metrics for one file (at most %u in a group)", MAX_FIELDS);
	return m->missing.failed || m->cells.failed ? no_memory(m) : EG_OK;
}

/* -- the skeleton: groups, coordinates, variables -- */

/* [A-Za-z0-9_], a dot becomes "__"; unique among `taken` by trailing underscores. In the arena. */
static char *variable_name(struct merge *m, struct names *taken, const char *text)
{
	char *out = eg_arena_alloc(&m->arena, 2 * strlen(text) + 64, 1), *p = out;
	struct name *n;

	if (!out)
		return NULL;
	for (; *text; text++) {
		bool word = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
			    (*text >= 'a' && *text <= 'z');

		*p++ = word ? *text : '_';
		if (*text == '.')
			*p++ = '_';
	}
	if (p == out)
		*p++ = '_';
	for (size_t i = 0, tries = 0; i < taken->nr && tries < 60; i++) {
		if (strcmp(taken->v[i].text, out) == 0) {
			*p++ = '_';
			tries++;
			i = SIZE_MAX;                   /* look again from the first */
		}
	}
	n = eg_grow((void **)&taken->v, &taken->nr, &taken->cap, sizeof(*taken->v));
	if (!n)
		return NULL;
	n->text = out;
	return out;
}

static bool reserve_name(struct names *taken, const char *text)
{
	struct name *n = eg_grow((void **)&taken->v, &taken->nr, &taken->cap, sizeof(*taken->v));

	if (n)
		n->text = text;
	return n != NULL;
}

static bool name_axes(struct merge *m)
{
	static const char *const reserved[] = { "seed", "time", "bucket", "bucket_upper", "op", "zone", "zone_node",
		"zone_name", "order", "migratetype", "vmstat_field", "meminfo_field", "vmstat", "meminfo", "free_blocks",
		"free_blocks_of_type", "not_applied" };
	struct names taken = { 0 };
	bool good = true;

	for (size_t i = 0; i < EG_ARRAY_LEN(reserved); i++)
		good = good && reserve_name(&taken, reserved[i]);
	for (unsigned a = 0; good && a < m->x->nr_axes; a++) {
		m->axis_var[a] = variable_name(m, &taken, m->x->axes[a].name);
		good = m->axis_var[a] != NULL;
	}
	eg_free(taken.v);
	return good;
}

/* A coordinate of texts; a scale when `scale` is NULL, else a variable along it. */
static hid_t text_coordinate(struct merge *m, hid_t g, const char *name, const char *long_name, size_t n,
			     const char *const *first, size_t stride, const hid_t *scale)
{
	const char **flat = eg_calloc(n, sizeof(*flat));
	const hsize_t dim = n;
	hid_t d;

	if (!flat) {
		m->out.failed = true;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		flat[i] = *(const char *const *)(const void *)((const char *)first + i * stride);
	d = h5_var(&m->out, g, name, m->out.text, 1, &dim, scale, NULL);
	h5_describe(&m->out, d, "1", long_name, NULL);
	h5_write(&m->out, d, m->out.text, flat);
	eg_free(flat);
	return d;
}

static hid_t number_coordinate(struct merge *m, hid_t g, const char *name, const char *units, const char *long_name,
			       size_t n, hid_t type, hid_t memtype, const void *data, const hid_t *scale)
{
	const hsize_t dim = n;
	hid_t d = h5_var(&m->out, g, name, type, 1, &dim, scale, NULL);

	h5_describe(&m->out, d, units, long_name, NULL);
	h5_write(&m->out, d, memtype, data);
	return d;
}

/* A group with the coordinates of the sweep; m->scale[0 .. rank - 1] are open until end_group(). */
static hid_t begin_group(struct merge *m, const char *name)
{
	const struct result_experiment *x = m->x;
	hid_t g = h5_group(&m->out, m->out.file, name);
	struct eg_str axes = { 0 };

	for (unsigned a = 0; a < x->nr_axes; a++) {
		m->scale[a] = text_coordinate(m, g, m->axis_var[a], x->axes[a].name, x->axes[a].nr, x->axes[a].labels,
					      sizeof(x->axes[a].labels[0]), NULL);
		eg_str_addf(&axes, "%s%s", a ? " " : "", m->axis_var[a]);
	}
	m->scale[x->nr_axes] = number_coordinate(m, g, "seed", "1", "seed", x->nr_seeds, H5T_STD_U64LE,
						 H5T_NATIVE_UINT64, x->seeds, NULL);
	m->out.failed |= axes.failed;
	h5_attr_text(&m->out, g, "axes", eg_str_text(&axes));
	eg_str_free(&axes);
	return g;
}

static void end_group(struct merge *m, hid_t g, int nr_scales)
{
	for (int i = 0; i < nr_scales; i++)
		h5_close(&m->out, m->scale[i]);
	h5_close_group(&m->out, g);
}

/* Put the `n` scales d[] behind those of the sweep, with their lengths. */
static void inner_scales(struct merge *m, int n, const hid_t *d, const hsize_t *length)
{
	for (int i = 0; i < n; i++) {
		m->scale[m->rank + i] = d[i];
		m->dim[m->rank + i] = length[i];
	}
}

/* Chunks of one cell: the first inner dimension is cut so that a chunk has about CHUNK elements. */
static void cell_chunk(const struct merge *m, int inner, hsize_t *chunk)
{
	hsize_t width = 1, rows;

	for (int i = 1; i < inner; i++)
		width *= m->dim[m->rank + i];
	rows = CHUNK / width ? CHUNK / width : 1;
	for (int i = 0; i < m->rank; i++)
		chunk[i] = 1;
	for (int i = 0; i < inner; i++)
		chunk[m->rank + i] = m->dim[m->rank + i];
	if (inner && chunk[m->rank] > rows)
		chunk[m->rank] = rows;
}

static hid_t variable(struct merge *m, hid_t g, const char *name, int inner, const char *units, const char *long_name,
		      const char *comment)
{
	hsize_t chunk[H5_MAX_RANK];
	hid_t d;

	cell_chunk(m, inner, chunk);
	d = h5_var(&m->out, g, name, H5T_IEEE_F64LE, m->rank + inner, m->dim, m->scale, inner ? chunk : NULL);
	h5_describe(&m->out, d, units, long_name, comment);
	return d;
}

static hid_t metric_variable(struct merge *m, hid_t g, struct names *taken, int inner, const struct run_column *c)
{
	static const char *const kinds[] = { "gauge", "counter", "value" };
	const char *name = variable_name(m, taken, c->name);
	hid_t d;

	if (!name) {
		m->out.failed = true;
		return -1;
	}
	d = variable(m, g, name, inner, *c->unit ? c->unit : "1", c->name, c->long_name);
	h5_attr_text(&m->out, d, "kind", kinds[c->kind]);
	h5_attr_int(&m->out, d, "better", c->better);
	return d;
}

static bool take_coordinates(struct merge *m, struct names *taken, const char *more)
{
	bool good = reserve_name(taken, "seed") && (!more || reserve_name(taken, more));

	for (unsigned a = 0; good && a < m->x->nr_axes; a++)
		good = reserve_name(taken, m->axis_var[a]);
	return good;
}

static hid_t time_coordinate(struct merge *m, hid_t g, const struct times *l)
{
	double *ns = eg_calloc(l->nr, sizeof(*ns));
	hid_t d;

	if (!ns) {
		m->out.failed = true;
		return -1;
	}
	for (size_t i = 0; i < l->nr; i++)
		ns[i] = (double)l->v[i] / (double)EG_PS_PER_NS;
	d = number_coordinate(m, g, "time", "ns", "simulated time", l->nr, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, ns, NULL);
	eg_free(ns);
	return d;
}

static void make_summary(struct merge *m)
{
	hid_t g = begin_group(m, "summary");
	struct names taken = { 0 };

	m->out.failed |= !take_coordinates(m, &taken, NULL);
	for (size_t i = 0; i < m->summary.nr && !m->out.failed; i++)
		m->summary_var[i] = metric_variable(m, g, &taken, 0, &m->summary.v[i]);
	end_group(m, g, m->rank);
	eg_free(taken.v);
}

static void make_series(struct merge *m)
{
	hid_t g = begin_group(m, "series"), d;
	const hsize_t n = m->sampled.nr;
	struct names taken = { 0 };
	int inner = 0;

	if (n && m->series.nr) {
		d = time_coordinate(m, g, &m->sampled);
		inner_scales(m, inner = 1, &d, &n);
		m->out.failed |= !take_coordinates(m, &taken, "time");
		for (size_t i = 0; i < m->series.nr && !m->out.failed; i++)
			m->series_var[i] = metric_variable(m, g, &taken, 1, &m->series.v[i]);
	}
	end_group(m, g, m->rank + inner);
	eg_free(taken.v);
}

static hid_t bucket_coordinates(struct merge *m, hid_t g, size_t n)
{
	double *bound = eg_calloc(n, sizeof(*bound));
	hid_t d, e;

	if (!bound) {
		m->out.failed = true;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		bound[i] = (double)eg_hist_lower(m->first_bucket + (unsigned)i) / (double)EG_PS_PER_NS;
	d = number_coordinate(m, g, "bucket", "ns", "lower bound of the bucket", n, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
			      bound, NULL);
	for (size_t i = 0; i < n; i++)
		bound[i] = (double)eg_hist_upper(m->first_bucket + (unsigned)i) / (double)EG_PS_PER_NS;
	e = number_coordinate(m, g, "bucket_upper", "ns", "upper bound of the bucket, included", n, H5T_IEEE_F64LE,
			      H5T_NATIVE_DOUBLE, bound, &d);
	h5_close(&m->out, e);
	h5_attr_int(&m->out, g, "first_bucket", (int)m->first_bucket);
	eg_free(bound);
	return d;
}

/* Four variables a histogram: the counts by bucket, and the exact sum, least and largest value. */
static void make_latency(struct merge *m)
{
	static const char *const extra[] = { "sum", "min", "max" };
	hid_t g = begin_group(m, "latency"), d;
	hsize_t n = 0;
	struct names taken = { 0 };
	char name[512], text[640];
	int inner = 0;

	if (m->hists.nr) {
		if (m->first_bucket > m->last_bucket)           /* all of them empty */
			m->first_bucket = m->last_bucket = 0;
		n = m->last_bucket - m->first_bucket + 1u;
		d = bucket_coordinates(m, g, n);
		inner_scales(m, inner = 1, &d, &n);
		m->out.failed |= !take_coordinates(m, &taken, "bucket") || !reserve_name(&taken, "bucket_upper");
	}
	for (size_t i = 0; i < m->hists.nr && !m->out.failed; i++) {
		const struct name *h = &m->hists.v[i];
		struct eg_str moments = { 0 };
		const char *var;

		(void)snprintf(name, sizeof(name), "%.240s%s%.240s", h->text, *h->second ? "." : "", h->second);
		var = variable_name(m, &taken, name);
		m->out.failed |= !var;
		if (m->out.failed)
			break;
		m->hist_var[4 * i] = variable(m, g, var, 1, "1", name, h->comment);
		h5_attr_text(&m->out, m->hist_var[4 * i], "group", h->text);
		h5_attr_text(&m->out, m->hist_var[4 * i], "op_kind", h->second);
		for (unsigned k = 0; k < 3; k++) {
			(void)snprintf(text, sizeof(text), "%s.%s", name, extra[k]);
			var = variable_name(m, &taken, text);
			m->out.failed |= !var;
			if (m->out.failed)
				break;
			m->hist_var[4 * i + 1 + k] = variable(m, g, var, 0, "ps", text, NULL);
			eg_str_addf(&moments, "%s%s", k ? " " : "", var);
		}
		h5_attr_text(&m->out, m->hist_var[4 * i], "moments", eg_str_text(&moments));
		m->out.failed |= moments.failed;
		eg_str_free(&moments);
	}
	end_group(m, g, m->rank + inner);
	eg_free(taken.v);
}

static void make_snapshots(struct merge *m)
{
	static const char *const types[RUN_NR_TYPES] = { "Unmovable", "Movable", "Reclaimable" };
	hid_t g = begin_group(m, "snapshots"), time, zone, order, type, field, d;
	const hsize_t nr_times = m->snapped.nr, nr_zones = m->zones.nr;
	int32_t orders[EG_NR_ORDERS], *nodes = eg_calloc(m->zones.nr + 1, sizeof(*nodes));
	const char **labels = eg_calloc(m->zones.nr + 1, sizeof(*labels));
	char text[128];

	m->out.failed |= !nodes || !labels;
	if (!m->snapped.nr || m->out.failed)
		goto out;
	time = time_coordinate(m, g, &m->snapped);
	if (m->zones.nr) {
		for (size_t i = 0; i < m->zones.nr; i++) {
			(void)snprintf(text, sizeof(text), "n%u.%.100s", m->zones.v[i].node, m->zones.v[i].text);
			labels[i] = eg_arena_strdup(&m->arena, text);
			nodes[i] = (int32_t)m->zones.v[i].node;
			m->out.failed |= !labels[i];
		}
		for (int i = 0; i < (int)EG_NR_ORDERS; i++)
			orders[i] = i;
		if (m->out.failed)
			goto out;
		zone = text_coordinate(m, g, "zone", "zone", m->zones.nr, labels, sizeof(*labels), NULL);
		d = number_coordinate(m, g, "zone_node", "1", "node of the zone", m->zones.nr, H5T_STD_I32LE,
				      H5T_NATIVE_INT32, nodes, &zone);
		h5_close(&m->out, d);
		d = text_coordinate(m, g, "zone_name", "kernel's name of the zone", m->zones.nr, &m->zones.v->text,
				    sizeof(*m->zones.v), &zone);
		h5_close(&m->out, d);
		order = number_coordinate(m, g, "order", "1", "order of the block (2^order pages)", EG_NR_ORDERS,
					  H5T_STD_I32LE, H5T_NATIVE_INT32, orders, NULL);
		type = text_coordinate(m, g, "migratetype", "mobility of the free list", RUN_NR_TYPES, types,
				       sizeof(types[0]), NULL);
		inner_scales(m, 3, (hid_t[]){ time, zone, order }, (hsize_t[]){ nr_times, nr_zones, EG_NR_ORDERS });
		m->buddy_var = variable(m, g, "free_blocks", 3, "1", "free_blocks", "free blocks of each order");
		inner_scales(m, 4, (hid_t[]){ time, zone, type, order },
			     (hsize_t[]){ nr_times, nr_zones, RUN_NR_TYPES, EG_NR_ORDERS });
		m->type_var = variable(m, g, "free_blocks_of_type", 4, "1", "free_blocks_of_type",
				       "free blocks of each order on the lists of each migratetype");
		h5_close(&m->out, zone);
		h5_close(&m->out, order);
		h5_close(&m->out, type);
	}
	for (int k = 0; k < 2; k++) {
		const struct names *l = k ? &m->meminfo : &m->vmstat;
		hid_t *var = k ? &m->meminfo_var : &m->vmstat_var;

		if (!l->nr)
			continue;
		field = text_coordinate(m, g, k ? "meminfo_field" : "vmstat_field", "kernel's name of the field", l->nr,
					&l->v->text, sizeof(*l->v), NULL);
		inner_scales(m, 2, (hid_t[]){ time, field }, (hsize_t[]){ nr_times, l->nr });
		*var = k ? variable(m, g, "meminfo", 2, "KiB", "meminfo", "fields of /proc/meminfo")
			 : variable(m, g, "vmstat", 2, "1", "vmstat", "counters of /proc/vmstat since boot");
		h5_close(&m->out, field);
	}
	h5_close(&m->out, time);
out:
	end_group(m, g, m->rank);
	eg_free(nodes);
	eg_free(labels);
}

/* -- pass 2: the data -- */

static void cell_start(const struct merge *m, size_t i, hsize_t *start)
{
	for (int k = m->rank - 1; k >= 0; k--) {
		start[k] = i % m->dim[k];
		i /= (size_t)m->dim[k];
	}
}

/* One value, or `width` of them, of sample i. */
typedef void (*row_fn)(const void *ctx, size_t i, double *row);

/*
 * Write the samples of one cell to a variable (sweep..., time, inner...): sample i goes to time where[i], the rest of
 * each chunk that is touched becomes NaN, chunks without a sample are not written at all.
 */
static void write_rows(struct merge *m, hid_t var, size_t cell, int inner, const hsize_t *length, size_t nr,
		       const size_t *where, row_fn row, const void *ctx)
{
	hsize_t start[H5_MAX_RANK], count[H5_MAX_RANK];
	size_t width = 1, rows, i = 0;
	double *buf;

	for (int k = 1; k < inner; k++)
		width *= (size_t)length[k];
	rows = CHUNK / width ? CHUNK / width : 1;
	rows = rows < length[0] ? rows : (size_t)length[0];
	buf = eg_calloc(rows * width, sizeof(*buf));
	if (!buf) {
		m->out.failed = true;
		return;
	}
	cell_start(m, cell, start);
	for (int k = 0; k < m->rank; k++)
		count[k] = 1;
	for (int k = 0; k < inner; k++) {
		start[m->rank + k] = 0;
		count[m->rank + k] = length[k];
	}
	while (i < nr && !m->out.failed) {
		size_t first = where[i] - where[i] % rows;
		size_t last = first + rows < length[0] ? first + rows : (size_t)length[0];

		for (size_t k = 0; k < (last - first) * width; k++)
			buf[k] = (double)NAN;
		for (; i < nr && where[i] < last; i++)
			row(ctx, i, buf + (where[i] - first) * width);
		start[m->rank] = first;
		count[m->rank] = last - first;
		h5_write_block(&m->out, var, m->rank + inner, start, count, H5T_NATIVE_DOUBLE, buf);
	}
	eg_free(buf);
}

struct series_ctx {
	const struct run_result *r;
	size_t column;
};

static void series_row(const void *ctx, size_t i, double *row)
{
	const struct series_ctx *c = ctx;

	*row = c->r->series[i * c->r->nr_series + c->column];
}

static void put_series(struct merge *m, size_t cell, const struct run_result *r)
{
	const hsize_t length = m->sampled.nr;
	size_t *where = eg_calloc(r->nr_samples + 1, sizeof(*where));

	m->out.failed |= !where;
	for (size_t i = 0; where && i < r->nr_samples; i++)
		where[i] = time_index(&m->sampled, r->sample_time[i]);
	for (size_t k = 0; k < r->nr_series && !m->out.failed; k++) {
		size_t var = column_index(m, &m->series, k, &r->series_columns[k]);
		struct series_ctx ctx = { r, k };

		write_rows(m, m->series_var[var], cell, 1, &length, r->nr_samples, where, series_row, &ctx);
	}
	eg_free(where);
}

/* Where each zone or field of this cell lies in the union. */
struct snap_ctx {
	const struct run_result *r;
	size_t  *zone, *vmstat, *meminfo;
};

static void buddy_row(const void *ctx, size_t i, double *row)
{
	const struct snap_ctx *c = ctx;

	for (unsigned z = 0; z < c->r->nr_zones; z++)
		for (unsigned k = 0; k < EG_NR_ORDERS; k++)
			row[c->zone[z] * EG_NR_ORDERS + k] = (double)c->r->snapshots[i].free_blocks[z][k];
}

static void type_row(const void *ctx, size_t i, double *row)
{
	const struct snap_ctx *c = ctx;

	for (unsigned z = 0; z < c->r->nr_zones; z++)
		for (unsigned t = 0; t < RUN_NR_TYPES; t++)
			for (unsigned k = 0; k < EG_NR_ORDERS; k++)
				row[(c->zone[z] * RUN_NR_TYPES + t) * EG_NR_ORDERS + k] =
					(double)c->r->snapshots[i].free_blocks_of_type[z][t][k];
}

static void vmstat_row(const void *ctx, size_t i, double *row)
{
	const struct snap_ctx *c = ctx;

	for (unsigned k = 0; k < c->r->nr_vmstat; k++)
		row[c->vmstat[k]] = (double)c->r->snapshots[i].vmstat[k];
}

static void meminfo_row(const void *ctx, size_t i, double *row)
{
	const struct snap_ctx *c = ctx;

	for (unsigned k = 0; k < c->r->nr_meminfo; k++)
		row[c->meminfo[k]] = (double)c->r->snapshots[i].meminfo_kib[k];
}

static void put_snapshots(struct merge *m, size_t cell, const struct run_result *r)
{
	const hsize_t times = m->snapped.nr, zones = m->zones.nr;
	size_t n = r->nr_snapshots, *all = eg_calloc(n + r->nr_zones + r->nr_vmstat + r->nr_meminfo + 1, sizeof(*all));
	struct snap_ctx c = { r, all + n, all + n + r->nr_zones, all + n + r->nr_zones + r->nr_vmstat };

	m->out.failed |= !all;
	if (m->out.failed || !n)
		goto out;
	for (size_t i = 0; i < n; i++)
		all[i] = time_index(&m->snapped, r->snapshots[i].time);
	for (unsigned z = 0; z < r->nr_zones; z++)
		c.zone[z] = name_index(m, &m->zones, z, r->zone_name[z], NULL, r->zone_node[z]);
	for (unsigned k = 0; k < r->nr_vmstat; k++)
		c.vmstat[k] = name_index(m, &m->vmstat, k, r->vmstat_name[k], NULL, 0);
	for (unsigned k = 0; k < r->nr_meminfo; k++)
		c.meminfo[k] = name_index(m, &m->meminfo, k, r->meminfo_name[k], NULL, 0);
	if (r->nr_zones) {
		write_rows(m, m->buddy_var, cell, 3, (hsize_t[]){ times, zones, EG_NR_ORDERS }, n, all, buddy_row, &c);
		write_rows(m, m->type_var, cell, 4, (hsize_t[]){ times, zones, RUN_NR_TYPES, EG_NR_ORDERS }, n, all,
			   type_row, &c);
	}
	if (r->nr_vmstat)
		write_rows(m, m->vmstat_var, cell, 2, (hsize_t[]){ times, m->vmstat.nr }, n, all, vmstat_row, &c);
	if (r->nr_meminfo)
		write_rows(m, m->meminfo_var, cell, 2, (hsize_t[]){ times, m->meminfo.nr }, n, all, meminfo_row, &c);
out:
	eg_free(all);
}

/* A histogram that this cell does not have was never recorded into: zero counts, no least or largest value. */
static void put_hists(struct merge *m, size_t cell, const struct run_result *r)
{
	const size_t n = m->last_bucket - m->first_bucket + 1u;
	hsize_t start[H5_MAX_RANK], count[H5_MAX_RANK];
	const struct eg_hist **have = eg_calloc(m->hists.nr + 1, sizeof(const struct eg_hist *));
	double *row = eg_calloc(n, sizeof(*row));

	m->out.failed |= !row || !have;
	if (m->out.failed)
		goto out;
	cell_start(m, cell, start);
	for (int k = 0; k < m->rank; k++)
		count[k] = 1;
	start[m->rank] = 0;
	count[m->rank] = n;
	for (size_t i = 0; i < r->nr_hists; i++)
		have[name_index(m, &m->hists, i, r->hists[i].group, r->hists[i].kind, 0)] = &r->hists[i].hist;
	for (size_t i = 0; i < m->hists.nr; i++) {
		double *moments = m->hist_cube + i * 3 * m->nr_cells + cell;
		const struct eg_hist *h = have[i];

		for (size_t b = 0; b < n; b++)
			row[b] = h ? (double)h->bucket[m->first_bucket + b] : 0.0;
		/* a chunk has at most CHUNK elements and EG_HIST_BUCKETS < CHUNK: one write */
		h5_write_block(&m->out, m->hist_var[4 * i], m->rank + 1, start, count, H5T_NATIVE_DOUBLE, row);
		moments[0] = h ? (double)h->sum : 0.0;
		moments[m->nr_cells] = h && h->count ? (double)h->min : (double)NAN;
		moments[2 * m->nr_cells] = h && h->count ? (double)h->max : (double)NAN;
	}
out:
	eg_free(row);
	eg_free(have);
}

static void put_summary(struct merge *m, size_t cell, const struct run_result *r)
{
	const double own[NR_RUN_COLUMNS] = {
		(double)r->elapsed / (double)EG_PS_PER_NS, (double)r->warmup / (double)EG_PS_PER_NS, (double)r->nr_events,
		(double)r->nr_ops, (double)r->nr_accesses,
	};

	for (size_t i = 0; i < NR_RUN_COLUMNS; i++)
		m->cube[i * m->nr_cells + cell] = own[i];
	for (size_t i = 0; i < r->nr_summary; i++)
		m->cube[column_index(m, &m->summary, i + NR_RUN_COLUMNS, &r->summary_columns[i]) * m->nr_cells + cell] =
			r->summary[i];
	for (size_t i = 0; i < m->counts.nr; i++)
		m->count_cube[cell * m->counts.nr + i] = 0.0;
	for (size_t i = 0; i < r->nr_counts; i++)
		m->count_cube[cell * m->counts.nr + name_index(m, &m->counts, i, r->counts[i].name, NULL, 0)] =
			(double)r->counts[i].n;
}

static void make_events(struct merge *m)
{
	hid_t g = begin_group(m, "events"), d;
	const hsize_t n = m->counts.nr;

	if (n) {
		const char *const *first = &m->counts.v->text;
		hid_t op = text_coordinate(m, g, "op", "kind of operation", n, first, sizeof(*m->counts.v), NULL);

		for (size_t i = 0; i < n; i++)
			m->counts.v[i].second = m->counts.v[i].comment ? m->counts.v[i].comment : "";
		d = text_coordinate(m, g, "op_description", "what could not be applied", n, &m->counts.v->second,
				    sizeof(*m->counts.v), &op);
		h5_close(&m->out, d);
		inner_scales(m, 1, &op, &n);
		d = variable(m, g, "not_applied", 1, "1", "not_applied",
			     "operations of the recording that could not be applied");
		h5_write(&m->out, d, H5T_NATIVE_DOUBLE, m->count_cube);
		h5_close(&m->out, d);
		h5_close(&m->out, op);
	}
	end_group(m, g, m->rank);
}

static void put_lines(struct merge *m, hid_t g, const char *name, const struct eg_str *s)
{
	m->out.failed |= s->failed;
	h5_put_string(&m->out, g, name, eg_str_text(s));
}

static void make_provenance(struct merge *m)
{
	static const char *const cap_name[] = {
#define X(NAME, text) text,
		TRACE_CAP_MAP(X)
#undef X
	};
	const struct result_experiment *x = m->x;
	hid_t g = h5_group(&m->out, m->out.file, "provenance");
	struct eg_str s[5] = { { 0 } };

	h5_put_string(&m->out, g, "config_yaml", x->resolved_yaml ? x->resolved_yaml : "");
	h5_put_string(&m->out, g, "original_yaml", x->original_yaml ? x->original_yaml : "");
	h5_put_string(&m->out, g, "config_sha256", x->config_sha256 ? x->config_sha256 : "");
	h5_put_string(&m->out, g, "engram_version", x->engram_version ? x->engram_version : "");
	for (unsigned i = 0; i < x->nr_traces; i++)
		eg_str_addf(&s[0], "%s %s\n", x->traces[i].label, x->traces[i].sha256);
	put_lines(m, g, "traces", &s[0]);
	for (unsigned i = 0; i < x->nr_assumptions; i++)
		m->out.failed |= name_index(m, &m->assumptions, i, x->assumptions[i], NULL, 0) == SIZE_MAX;
	for (size_t i = 0; i < m->assumptions.nr; i++)
		eg_str_addf(&s[1], "%s\n", m->assumptions.v[i].text);
	put_lines(m, g, "assumptions", &s[1]);
	for (unsigned i = 0; i < EG_ARRAY_LEN(cap_name); i++)
		if (m->capabilities >> i & 1u)
			eg_str_addf(&s[2], "%s\n", cap_name[i]);
	put_lines(m, g, "capabilities", &s[2]);
	for (unsigned i = 0; i < x->nr_baseline; i++)
		eg_str_addf(&s[3], "%s=%s\n", x->baseline[i].axis, x->baseline[i].label);
	put_lines(m, g, "compare_baseline", &s[3]);
	for (unsigned i = 0; i < x->nr_plots; i++)
		eg_str_addf(&s[4], "%s\n", x->plots[i]);
	put_lines(m, g, "plots", &s[4]);
	put_lines(m, g, "missing_cells", &m->missing);
	put_lines(m, g, "cells", &m->cells);
	h5_close_group(&m->out, g);
	for (unsigned i = 0; i < EG_ARRAY_LEN(s); i++)
		eg_str_free(&s[i]);
}

static eg_status second_pass(struct merge *m)
{
	struct cell c;

	for (size_t i = 0; i < m->nr_cells; i++) {
		if (is_missing(m, i))
			continue;
		EG_TRY(cell_load(m->path[i], &c, m->err));
		put_summary(m, i, &c.result);
		if (m->sampled.nr && m->series.nr)
			put_series(m, i, &c.result);
		if (m->hists.nr)
			put_hists(m, i, &c.result);
		put_snapshots(m, i, &c.result);
		cell_free(&c);
		if (m->out.failed)
			break;
	}
	for (size_t i = 0; i < m->summary.nr; i++)
		h5_write(&m->out, m->summary_var[i], H5T_NATIVE_DOUBLE, m->cube + i * m->nr_cells);
	for (size_t i = 0; i < 3 * m->hists.nr; i++)
		h5_write(&m->out, m->hist_var[4 * (i / 3) + 1 + i % 3], H5T_NATIVE_DOUBLE, m->hist_cube + i * m->nr_cells);
	return EG_OK;
}

static bool prepare(struct merge *m)
{
	size_t n[6] = { m->summary.nr, m->series.nr, 4 * m->hists.nr, m->summary.nr * m->nr_cells,
			m->counts.nr * m->nr_cells, 3 * m->hists.nr * m->nr_cells };
	hid_t **vars[3] = { &m->summary_var, &m->series_var, &m->hist_var };
	double **cubes[3] = { &m->cube, &m->count_cube, &m->hist_cube };

	m->buddy_var = m->type_var = m->vmstat_var = m->meminfo_var = -1;
	for (int k = 0; k < 3; k++) {
		*vars[k] = eg_calloc(n[k] + 1, sizeof(hid_t));
		*cubes[k] = eg_calloc(n[3 + k] + 1, sizeof(double));
		if (!*vars[k] || !*cubes[k])
			return false;
		for (size_t i = 0; i < n[k]; i++)
			(*vars[k])[i] = -1;
		for (size_t i = 0; i < n[3 + k]; i++)
			(*cubes[k])[i] = (double)NAN;
	}
	m->rank = (int)m->x->nr_axes + 1;
	for (unsigned a = 0; a < m->x->nr_axes; a++)
		m->dim[a] = m->x->axes[a].nr;
	m->dim[m->x->nr_axes] = m->x->nr_seeds;
	return name_axes(m);
}

static void close_all(struct merge *m)
{
	for (size_t i = 0; m->summary_var && i < m->summary.nr; i++)
		h5_close(&m->out, m->summary_var[i]);
	for (size_t i = 0; m->series_var && i < m->series.nr; i++)
		h5_close(&m->out, m->series_var[i]);
	for (size_t i = 0; m->hist_var && i < 4 * m->hists.nr; i++)
		h5_close(&m->out, m->hist_var[i]);
	h5_close(&m->out, m->buddy_var);
	h5_close(&m->out, m->type_var);
	h5_close(&m->out, m->vmstat_var);
	h5_close(&m->out, m->meminfo_var);
}

static eg_status build(struct merge *m, const char *out_path)
{
	eg_status s;

	if (!prepare(m))
		return no_memory(m);
	EG_TRY(h5_begin(&m->out, m->err));
	h5_attr_text(&m->out, m->out.file, "Conventions", "Engram-1");
	h5_attr_text(&m->out, m->out.file, "title", m->x->name ? m->x->name : "");
	h5_attr_int(&m->out, m->out.file, "schema_version", RESULT_SCHEMA_VERSION);
	make_summary(m);
	make_series(m);
	make_latency(m);
	make_snapshots(m);
	s = m->out.failed ? EG_OK : second_pass(m);
	close_all(m);
	if (s == EG_OK) {
		make_events(m);
		make_provenance(m);
		return h5_publish(&m->out, out_path, m->err);
	}
	h5_abandon(&m->out);
	return s;
}

static eg_status check_experiment(const struct result_experiment *x, size_t nr_cells, struct eg_errors *err)
{
	size_t n = x->nr_seeds;

	if (x->nr_axes > MAX_AXES)
		return eg_fail(err, EG_BAD_INPUT, "sweep: %u axes, at most %d fit in a result", x->nr_axes, MAX_AXES);
	for (unsigned a = 0; a < x->nr_axes; a++)
		n *= x->axes[a].nr;
	if (!n || n != nr_cells || n > (1u << 24))
		return eg_fail(err, EG_BAD_INPUT, "the sweep has %zu cells, %zu were given", n, nr_cells);
	return EG_OK;
}

eg_status result_merge(const char *out_path, const struct result_experiment *x, size_t nr_cells,
		       const char *const *cell_path, bool allow_missing, struct eg_errors *err)
{
	struct merge *m;
	eg_status s;

	h5_quiet();
	EG_TRY(check_experiment(x, nr_cells, err));
	m = eg_calloc(1, sizeof(*m));
	if (!m)
		return eg_fail(err, EG_NO_MEMORY, "no memory to merge the cells");
	m->x = x;
	m->nr_cells = nr_cells;
	m->path = cell_path;
	m->err = err;
	m->first_bucket = EG_HIST_BUCKETS;
	m->capabilities = UINT32_MAX;
	s = first_pass(m, allow_missing);
	if (s == EG_OK)
		s = build(m, out_path);
	eg_free(m->summary_var);
	eg_free(m->series_var);
	eg_free(m->hist_var);
	eg_free(m->cube);
	eg_free(m->count_cube);
	eg_free(m->hist_cube);
	eg_free(m->summary.v);
	eg_free(m->series.v);
	eg_free(m->sampled.v);
	eg_free(m->snapped.v);
	eg_free(m->hists.v);
	eg_free(m->zones.v);
	eg_free(m->vmstat.v);
	eg_free(m->meminfo.v);
	eg_free(m->counts.v);
	eg_free(m->assumptions.v);
	eg_str_free(&m->missing);
	eg_str_free(&m->cells);
	eg_arena_free_all(&m->arena);
	eg_free(m);
	return s;
}
