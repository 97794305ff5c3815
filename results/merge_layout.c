/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * merge_layout - the skeleton of the merged file: names, coordinates, variables, and the groups that hold no numbers of
 * single cells. The layout is drawn in merge.c.
 */
#include "results/h5.h"

#include "results/merge.h"

#include <stdio.h>

#include "workloads/trace/trace.h"

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

bool merge__name_axes(struct merge *m)
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

/* Chunks of one cell: the first inner dimension is cut so that a chunk has about MERGE_CHUNK elements. */
static void cell_chunk(const struct merge *m, int inner, hsize_t *chunk)
{
	hsize_t width = 1, rows;

	for (int i = 1; i < inner; i++)
		width *= m->dim[m->rank + i];
	rows = MERGE_CHUNK / width ? MERGE_CHUNK / width : 1;
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

void merge__make_groups(struct merge *m)
{
	make_summary(m);
	make_series(m);
	make_latency(m);
	make_snapshots(m);
}

void merge__make_events(struct merge *m)
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

void merge__make_provenance(struct merge *m)
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
		m->out.failed |= merge__name_index(m, &m->assumptions, i, x->assumptions[i], NULL, 0) == SIZE_MAX;
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
