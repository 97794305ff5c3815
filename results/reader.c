/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - opening a result and knowing what is in it; reading numbers out of it is in reader_data.c.
 *
 * The reader takes its knowledge from the file alone: coordinates tell the sweep, and every dataset that has exactly the
 * sweep's shape (plus time, or bucket) is a metric, in the order in which it was created. So files to which another
 * netCDF tool has added variables still open.
 */
#include "results/h5.h"

#include "results/file.h"

#include <hdf5_hl.h>

#include <inttypes.h>
#include <stdio.h>

#define MAX_AXES   16
#define MAX_LABELS (1u << 20)
#define MAX_CELLS  (1u << 24)
#define MAX_VARS   (1u << 17)

/* The first two are files as written, and may hold what YAML allows. */
static const char *const prov_key[RESULT_NR_PROV] = {
	"config_yaml", "original_yaml", "config_sha256", "engram_version", "assumptions", "capabilities", "traces",
	"missing_cells", "compare_baseline", "plots", "cells",
};

static eg_status damaged(const struct result_file *f, struct eg_errors *err, const char *what)
{
	if (f->arena.failed)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory to read it", f->path);
	return eg_fail(err, EG_BAD_INPUT, "%s: damaged or incomplete: %s\nrun the experiment again, or copy the file again",
		       f->path, what);
}

/* The text, noting whether a terminal would obey any of it. */
static const char *looked_at(struct result_file *f, const char *text)
{
	f->obeyed |= eg_find_control(text, "") != NULL;
	return text;
}

/* An attribute of a dataset or group, as text in the arena; "" if it has none. */
static const char *attr_of(struct result_file *f, hid_t g, const char *object, const char *attr)
{
	hid_t o = h5_has(g, object) ? H5Oopen(g, object, H5P_DEFAULT) : -1;
	const char *text = o < 0 ? NULL : h5_get_attr_text(o, attr, &f->arena);

	if (o >= 0)
		(void)H5Oclose(o);
	return looked_at(f, text ? text : "");
}

static eg_status open_group(struct result_file *f, const char *name, hid_t *g, struct eg_errors *err)
{
	H5O_info_t info;

	*g = -1;
	if (h5_has(f->file, name) && H5Oget_info_by_name2(f->file, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
	    info.type == H5O_TYPE_GROUP)
		*g = H5Gopen2(f->file, name, H5P_DEFAULT);
	if (*g < 0) {
		char what[64];

		(void)snprintf(what, sizeof(what), "no group /%s", name);
		return damaged(f, err, what);
	}
	return EG_OK;
}

static eg_status read_sweep(struct result_file *f, struct eg_errors *err)
{
	hid_t g = f->group[RESULT_SUMMARY];
	char *names = h5_get_attr_text(g, "axes", &f->arena), *save = NULL;
	struct result_axis *axis;
	const char **labels;
	size_t n, points = 1;

	if (!names)
		return damaged(f, err, "/summary has no attribute `axes`");
	f->axes = axis = eg_arena_alloc(&f->arena, MAX_AXES, sizeof(*axis));
	if (!axis)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for the axes", f->path);
	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		if (f->nr_axes == MAX_AXES || !h5_length(g, name, MAX_LABELS, &n) || !n || points > MAX_CELLS / n)
			return damaged(f, err, "the axes of /summary do not fit their coordinates");
		labels = eg_arena_alloc(&f->arena, n, sizeof(*labels));
		if (!labels || !h5_get_texts(g, name, n, &f->arena, labels, sizeof(*labels)))
			return damaged(f, err, "the labels of an axis cannot be read");
		for (size_t i = 0; i < n; i++)
			(void)looked_at(f, labels[i]);
		axis->name = attr_of(f, g, name, "long_name");
		axis->nr = (unsigned)n;
		axis->labels = labels;
		f->dim[f->nr_axes++] = n;
		points *= n;
		axis++;
	}
	if (!h5_length(g, "seed", MAX_LABELS, &n) || !n || points > MAX_CELLS / n)
		return damaged(f, err, "/summary/seed cannot be read");
	f->nr_seeds = (unsigned)n;
	f->nr_points = points;
	f->dim[f->nr_axes] = n;
	f->rank = (int)f->nr_axes + 1;
	f->seeds = eg_arena_alloc(&f->arena, n, sizeof(*f->seeds));
	if (!f->seeds || !h5_get(g, "seed", H5T_NATIVE_UINT64, n, f->seeds))
		return damaged(f, err, "/summary/seed cannot be read");
	return EG_OK;
}

/* Name of link i of a group, in the order of creation if the file keeps it. */
static bool link_name(hid_t g, hsize_t i, char *buf, size_t size)
{
	ssize_t n = H5Lget_name_by_idx(g, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, buf, size, H5P_DEFAULT);

	if (n < 0)
		n = H5Lget_name_by_idx(g, ".", H5_INDEX_NAME, H5_ITER_INC, i, buf, size, H5P_DEFAULT);
	return n > 0 && (size_t)n < size;
}

/* Does variable `name` have the sweep's shape, with `more` more dimensions, and is no coordinate? */
static bool is_variable(const struct result_file *f, hid_t g, const char *name, int more, const hsize_t *length)
{
	hsize_t dim[H5_MAX_RANK];
	bool good;
	hid_t d;

	for (int i = 0; i < f->rank; i++)
		dim[i] = f->dim[i];
	for (int i = 0; i < more; i++)
		dim[f->rank + i] = length[i];
	d = h5_open_var(g, name, f->rank + more, dim);
	if (d < 0)
		return false;
	good = H5DSis_scale(d) == 0 && h5_has_attr(d, "long_name");
	(void)H5Dclose(d);
	return good;
}

static eg_status read_metrics(struct result_file *f, enum result_group which, int more, const hsize_t *length,
			      struct result_vars *out, struct eg_errors *err)
{
	hid_t g = f->group[which];
	H5G_info_t info;
	char name[1100];

	if (H5Gget_info(g, &info) < 0 || info.nlinks > MAX_VARS)
		return damaged(f, err, "a group cannot be listed");
	for (hsize_t i = 0; i < info.nlinks; i++) {
		struct result_var *v;
		const char *kind;
		hid_t d;

		if (!link_name(g, i, name, sizeof(name)) || !is_variable(f, g, name, more, length))
			continue;
		v = eg_grow((void **)&out->v, &out->nr, &out->cap, sizeof(*v));
		if (!v || !(v->variable = eg_arena_strdup(&f->arena, name)))
			return eg_fail(err, EG_NO_MEMORY, "%s: no memory for the metrics", f->path);
		v->metric.name = attr_of(f, g, name, "long_name");
		v->metric.unit = attr_of(f, g, name, "units");
		v->metric.long_name = attr_of(f, g, name, "comment");
		v->group = attr_of(f, g, name, "group");
		v->kind = attr_of(f, g, name, "op_kind");
		v->moments = attr_of(f, g, name, "moments");
		kind = attr_of(f, g, name, "kind");
		v->metric.kind = strcmp(kind, "counter") == 0 ? RUN_COUNTER : strcmp(kind, "gauge") == 0 ? RUN_GAUGE : RUN_VALUE;
		d = H5Dopen2(g, name, H5P_DEFAULT);
		if (d < 0 || !h5_get_attr_int(d, "better", &v->metric.better))
			v->metric.better = 0;
		if (d >= 0)
			(void)H5Dclose(d);
	}
	return EG_OK;
}

static eg_status read_times(struct result_file *f, hid_t g, size_t *nr, double **out, struct eg_errors *err)
{
	*nr = 0;
	if (!h5_has(g, "time"))
		return EG_OK;
	if (!h5_length(g, "time", H5_MAX_ITEMS, nr))
		return damaged(f, err, "a time axis cannot be read");
	*out = eg_arena_alloc(&f->arena, *nr + 1, sizeof(**out));
	if (!*out)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for %zu times", f->path, *nr);
	if (!h5_get(g, "time", H5T_NATIVE_DOUBLE, *nr, *out))
		return damaged(f, err, "a time axis cannot be read");
	return EG_OK;
}

static eg_status read_texts(struct result_file *f, hid_t g, const char *name, struct result_texts *out,
			    struct eg_errors *err)
{
	size_t n = 0;

	if (!h5_has(g, name))
		return EG_OK;
	if (!h5_length(g, name, MAX_VARS, &n) || !(out->v = eg_arena_alloc(&f->arena, n + 1, sizeof(*out->v))) ||
	    !h5_get_texts(g, name, n, &f->arena, out->v, sizeof(*out->v)))
		return damaged(f, err, name);
	out->nr = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		(void)looked_at(f, out->v[i]);
	return EG_OK;
}

static eg_status read_latency(struct result_file *f, struct eg_errors *err)
{
	hid_t g = f->group[RESULT_LATENCY];
	hsize_t length;
	size_t n;
	int first;

	if (!h5_has(g, "bucket"))
		return EG_OK;
	if (!h5_length(g, "bucket", EG_HIST_BUCKETS, &n) || !n || !h5_get_attr_int(g, "first_bucket", &first) || first < 0 ||
	    (size_t)first + n > EG_HIST_BUCKETS)
		return damaged(f, err, "the buckets of /latency");
	f->first_bucket = (unsigned)first;
	f->nr_buckets = n;
	length = n;
	EG_TRY(read_metrics(f, RESULT_LATENCY, 1, &length, &f->hists, err));
	f->hist = eg_arena_alloc(&f->arena, f->hists.nr + 1, sizeof(*f->hist));
	if (!f->hist)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for the histograms", f->path);
	for (size_t i = 0; i < f->hists.nr; i++)
		f->hist[i] = (struct result_hist){ f->hists.v[i].group, f->hists.v[i].kind,
						   f->hists.v[i].metric.long_name };
	return EG_OK;
}

static eg_status read_snapshot_axes(struct result_file *f, struct eg_errors *err)
{
	hid_t g = f->group[RESULT_SNAPSHOTS];
	struct result_texts zone = { 0 };
	int32_t *node;

	EG_TRY(read_times(f, g, &f->nr_snapshots, &f->snapshot_time, err));
	EG_TRY(read_texts(f, g, "zone_name", &zone, err));
	EG_TRY(read_texts(f, g, "migratetype", &f->types, err));
	EG_TRY(read_texts(f, g, "vmstat_field", &f->vmstat, err));
	EG_TRY(read_texts(f, g, "meminfo_field", &f->meminfo, err));
	if (!zone.nr)
		return EG_OK;
	f->zones = eg_arena_alloc(&f->arena, zone.nr, sizeof(*f->zones));
	node = eg_arena_alloc(&f->arena, zone.nr, sizeof(*node));
	if (!f->zones || !node)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for the zones", f->path);
	if (!h5_get(g, "zone_node", H5T_NATIVE_INT32, zone.nr, node) || f->types.nr != RUN_NR_TYPES)
		return damaged(f, err, "the zones of /snapshots");
	f->nr_zones = zone.nr;
	for (unsigned i = 0; i < zone.nr; i++)
		f->zones[i] = (struct result_zone){ zone.v[i], node[i] };
	return EG_OK;
}

static eg_status read_schema(struct result_file *f, struct eg_errors *err)
{
	static const char *const group[RESULT_NR_GROUPS] = { "summary", "series", "latency", "events", "snapshots",
							     "provenance" };
	hsize_t length;
	int schema;

	if (!h5_get_attr_int(f->file, "schema_version", &schema)) {
		if (h5_has_attr(f->file, "engram_cell"))
			return eg_fail(err, EG_BAD_INPUT, "%s: this is one cell of an experiment, not its result\n"
				       "`engram run EXPERIMENT.yaml --resume` completes and merges it", f->path);
		return eg_fail(err, EG_BAD_INPUT, "%s: HDF5, but no result of Engram: the root has no attribute "
			       "schema_version\n`engram run EXPERIMENT.yaml -o NAME.h5` writes one", f->path);
	}
	if (schema != RESULT_SCHEMA_VERSION)
		return eg_fail(err, EG_BAD_INPUT, "%s: schema_version %d, this Engram knows %d\n%s", f->path, schema,
			       RESULT_SCHEMA_VERSION, schema > RESULT_SCHEMA_VERSION ? "a newer Engram wrote it: update" :
			       "run the experiment again");
	f->name = h5_get_attr_text(f->file, "title", &f->arena);
	f->name = looked_at(f, f->name ? f->name : "");
	for (int i = 0; i < RESULT_NR_GROUPS; i++)
		EG_TRY(open_group(f, group[i], &f->group[i], err));
	EG_TRY(read_sweep(f, err));
	EG_TRY(read_metrics(f, RESULT_SUMMARY, 0, NULL, &f->metrics, err));
	EG_TRY(read_times(f, f->group[RESULT_SERIES], &f->nr_times, &f->time, err));
	length = f->nr_times;
	if (f->nr_times)
		EG_TRY(read_metrics(f, RESULT_SERIES, 1, &length, &f->series, err));
	EG_TRY(read_latency(f, err));
	EG_TRY(read_texts(f, f->group[RESULT_EVENTS], "op", &f->counts, err));
	EG_TRY(read_snapshot_axes(f, err));
	for (int i = 0; i < RESULT_NR_PROV; i++) {
		f->prov[i] = h5_get_string(f->group[RESULT_PROVENANCE], prov_key[i], &f->arena);
		if (!f->prov[i])
			f->prov[i] = "";
		f->obeyed |= i > 1 && eg_find_control(f->prov[i], "\n");
	}
	if (f->obeyed)
		return damaged(f, err, "a name or a text in it has control characters");
	f->cubes = eg_arena_alloc(&f->arena, f->metrics.nr + 1, sizeof(*f->cubes));
	/* a text that found no memory looks like one that is not there */
	return f->cubes && !f->arena.failed ? EG_OK : eg_fail(err, EG_NO_MEMORY, "%s: no memory", f->path);
}

static eg_status open_file(const char *path, struct result_file **out, struct eg_errors *err)
{
	struct result_file *f;
	eg_status s;

	f = eg_calloc(1, sizeof(*f));
	if (!f)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory", path);
	for (int i = 0; i < RESULT_NR_GROUPS; i++)
		f->group[i] = -1;
	f->path = eg_arena_strdup(&f->arena, path);
	f->file = f->path ? h5_open(path) : -1;
	if (!f->path)
		s = eg_fail(err, EG_NO_MEMORY, "%s: no memory", path);
	else if (f->file < 0)
		s = damaged(f, err, "HDF5 cannot open it");
	else
		s = read_schema(f, err);
	if (s == EG_OK)
		*out = f;
	else
		result_close(f);
	return s;
}

/* What the probe tries in its child. */
static void try_file(const char *path)
{
	struct result_file *f = NULL;

	if (open_file(path, &f, NULL) == EG_OK)
		result_close(f);
}

eg_status result_open(const char *path, struct result_file **out, struct eg_errors *err)
{
	bool summed;

	*out = NULL;
	EG_TRY(h5_check_file(path, &summed, err));
	if (!summed)
		EG_TRY(h5_probe(path, try_file, err));
	EG_TRY(open_file(path, out, err));
	(*out)->unsummed = !summed;
	return EG_OK;
}

const char *result_warning(const struct result_file *f)
{
	return f->unsummed ? "its checksum is missing: changed by another tool, or cut? Values are shown as found" : NULL;
}

void result_close(struct result_file *f)
{
	if (!f)
		return;
	for (int i = 0; i < RESULT_NR_GROUPS; i++)
		if (f->group[i] >= 0)
			(void)H5Gclose(f->group[i]);
	if (f->file >= 0)
		(void)H5Fclose(f->file);
	eg_free(f->metrics.v);
	eg_free(f->series.v);
	eg_free(f->hists.v);
	eg_arena_free_all(&f->arena);
	eg_free(f);
}

const char *result_provenance(const struct result_file *f, const char *key)
{
	for (int i = 0; i < RESULT_NR_PROV; i++)
		if (strcmp(prov_key[i], key) == 0)
			return f->prov[i];
	return "";
}
