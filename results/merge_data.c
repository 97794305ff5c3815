/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge_data - the numbers of one cell, put at their place in the merged file. Each write is a whole chunk of one cell,
 * so nothing is compressed twice and no cache is needed.
 */
#include "results/h5.h"

#include "results/merge.h"

#include <math.h>

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
	rows = MERGE_CHUNK / width ? MERGE_CHUNK / width : 1;
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
		where[i] = merge__time_index(&m->sampled, r->sample_time[i]);
	for (size_t k = 0; k < r->nr_series && !m->out.failed; k++) {
		size_t var = merge__column_index(m, &m->series, k, &r->series_columns[k]);
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
	struct snap_ctx c;

	m->out.failed |= !all;
	if (m->out.failed || !n)
		goto out;
	c = (struct snap_ctx){ r, all + n, all + n + r->nr_zones, all + n + r->nr_zones + r->nr_vmstat };
	for (size_t i = 0; i < n; i++)
		all[i] = merge__time_index(&m->snapped, r->snapshots[i].time);
	for (unsigned z = 0; z < r->nr_zones; z++)
		c.zone[z] = merge__name_index(m, &m->zones, z, r->zone_name[z], NULL, r->zone_node[z]);
	for (unsigned k = 0; k < r->nr_vmstat; k++)
		c.vmstat[k] = merge__name_index(m, &m->vmstat, k, r->vmstat_name[k], NULL, 0);
	for (unsigned k = 0; k < r->nr_meminfo; k++)
		c.meminfo[k] = merge__name_index(m, &m->meminfo, k, r->meminfo_name[k], NULL, 0);
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
		have[merge__name_index(m, &m->hists, i, r->hists[i].group, r->hists[i].kind, 0)] = &r->hists[i].hist;
	for (size_t i = 0; i < m->hists.nr; i++) {
		double *moments = m->hist_cube + i * 3 * m->nr_cells + cell;
		const struct eg_hist *h = have[i];

		for (size_t b = 0; b < n; b++)
			row[b] = h ? (double)h->bucket[m->first_bucket + b] : 0.0;
		/* a chunk has at most MERGE_CHUNK elements and EG_HIST_BUCKETS < MERGE_CHUNK: one write */
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
	const double own[MERGE_NR_RUN] = {
		(double)r->elapsed / (double)EG_PS_PER_NS, (double)r->warmup / (double)EG_PS_PER_NS, (double)r->nr_events,
		(double)r->nr_ops, (double)r->nr_accesses,
	};

	for (size_t i = 0; i < MERGE_NR_RUN; i++)
		m->cube[i * m->nr_cells + cell] = own[i];
	for (size_t i = 0; i < r->nr_summary; i++)
		m->cube[merge__column_index(m, &m->summary, i + MERGE_NR_RUN, &r->summary_columns[i]) * m->nr_cells + cell] =
			r->summary[i];
	for (size_t i = 0; i < m->counts.nr; i++)
		m->count_cube[cell * m->counts.nr + i] = 0.0;
	for (size_t i = 0; i < r->nr_counts; i++)
		m->count_cube[cell * m->counts.nr + merge__name_index(m, &m->counts, i, r->counts[i].name, NULL, 0)] =
			(double)r->counts[i].n;
}

void merge__put_cell(struct merge *m, size_t cell, const struct run_result *r)
{
	put_summary(m, cell, r);
	if (m->sampled.nr && m->series.nr)
		put_series(m, cell, r);
	if (m->hists.nr)
		put_hists(m, cell, r);
	put_snapshots(m, cell, r);
}
