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

#include "results/merge.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#define MAX_FIELDS 65536u         /* metrics or fields in a group */

static eg_status no_memory(struct merge *m)
{
	return eg_fail(m->err, EG_NO_MEMORY, "no memory to merge the cells");
}

/* -- the union of the cells -- */

size_t merge__name_index(struct merge *m, struct names *l, size_t hint, const char *text, const char *second,
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

size_t merge__column_index(struct merge *m, struct columns *l, size_t hint, const struct run_column *c)
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

size_t merge__time_index(const struct times *l, eg_time t)
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

static const struct run_column run_columns[MERGE_NR_RUN] = {
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
	for (size_t i = 0; good && i < MERGE_NR_RUN; i++)
		good = merge__column_index(m, &m->summary, i, &run_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_summary; i++)
		good = merge__column_index(m, &m->summary, i + MERGE_NR_RUN, &r->summary_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_series; i++)
		good = merge__column_index(m, &m->series, i, &r->series_columns[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_hists; i++) {
		const struct run_hist *h = &r->hists[i];
		size_t k = merge__name_index(m, &m->hists, i, h->group, h->kind, 0);

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
		good = merge__name_index(m, &m->zones, i, r->zone_name[i], NULL, r->zone_node[i]) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_vmstat; i++)
		good = merge__name_index(m, &m->vmstat, i, r->vmstat_name[i], NULL, 0) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_meminfo; i++)
		good = merge__name_index(m, &m->meminfo, i, r->meminfo_name[i], NULL, 0) != SIZE_MAX;
	for (size_t i = 0; good && i < r->nr_counts; i++) {
		size_t k = merge__name_index(m, &m->counts, i, r->counts[i].name, NULL, 0);

		good = k != SIZE_MAX;
		if (good && !m->counts.v[k].comment)
			m->counts.v[k].comment = eg_arena_strdup(&m->arena, r->counts[i].long_name);
	}
	for (size_t i = 0; good && i < r->nr_assumptions; i++)
		good = merge__name_index(m, &m->assumptions, i, r->assumptions[i], NULL, 0) != SIZE_MAX;
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
		return eg_fail(m->err, EG_FAILED, "%zu of %zu cell%s %s missing; nothing was written\n"
			       "run again with --resume, or accept gaps", missing, m->nr_cells, m->nr_cells == 1 ? "" : "s",
			       missing == 1 ? "is" : "are");
	if (missing == m->nr_cells)
		return eg_fail(m->err, EG_FAILED, "no cell is there; nothing was written");
	if (m->summary.nr > MAX_FIELDS || m->series.nr > MAX_FIELDS || m->vmstat.nr > MAX_FIELDS || m->zones.nr > 4096)
		return eg_fail(m->err, EG_FAILED, "too many metrics for one file (at most %u in a group)", MAX_FIELDS);
	return m->missing.failed || m->cells.failed ? no_memory(m) : EG_OK;
}

/* -- the file -- */

static eg_status second_pass(struct merge *m)
{
	struct cell c;

	for (size_t i = 0; i < m->nr_cells; i++) {
		if (is_missing(m, i))
			continue;
		EG_TRY(cell_load(m->path[i], &c, m->err));
		merge__put_cell(m, i, &c.result);
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
	return merge__name_axes(m);
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
	merge__make_groups(m);
	s = m->out.failed ? EG_OK : second_pass(m);
	close_all(m);
	if (s == EG_OK) {
		merge__make_events(m);
		merge__make_provenance(m);
		return h5_publish(&m->out, out_path, m->err);
	}
	h5_abandon(&m->out);
	return s;
}

static eg_status check_experiment(const struct result_experiment *x, size_t nr_cells, struct eg_errors *err)
{
	size_t n = x->nr_seeds;

	if (x->nr_axes > MERGE_MAX_AXES)
		return eg_fail(err, EG_BAD_INPUT, "sweep: %u axes, at most %d fit in a result", x->nr_axes, MERGE_MAX_AXES);
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
