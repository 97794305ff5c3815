/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_data - points, values, series, histograms and snapshots of an open result; see reader.h. */
#include "results/h5.h"

#include "results/file.h"

#include <math.h>
#include <stdio.h>

const char *result_path(const struct result_file *f) { return f->path; }
const char *result_name(const struct result_file *f) { return f->name; }
unsigned result_nr_axes(const struct result_file *f) { return f->nr_axes; }
const struct result_axis *result_axis(const struct result_file *f, unsigned i) { return &f->axes[i]; }
unsigned result_nr_seeds(const struct result_file *f) { return f->nr_seeds; }
const uint64_t *result_seeds(const struct result_file *f) { return f->seeds; }
size_t result_nr_points(const struct result_file *f) { return f->nr_points; }
unsigned result_nr_metrics(const struct result_file *f) { return (unsigned)f->metrics.nr; }
const struct result_metric *result_metric(const struct result_file *f, unsigned i) { return &f->metrics.v[i].metric; }
unsigned result_nr_series(const struct result_file *f) { return (unsigned)f->series.nr; }
const struct result_metric *result_series(const struct result_file *f, unsigned i) { return &f->series.v[i].metric; }
size_t result_nr_times(const struct result_file *f) { return f->nr_times; }
const double *result_times(const struct result_file *f) { return f->time; }
unsigned result_nr_hists(const struct result_file *f) { return (unsigned)f->hists.nr; }
const struct result_hist *result_hist(const struct result_file *f, unsigned i) { return &f->hist[i]; }
unsigned result_nr_counts(const struct result_file *f) { return f->counts.nr; }
const char *result_count_name(const struct result_file *f, unsigned i) { return f->counts.v[i]; }
size_t result_nr_snapshots(const struct result_file *f) { return f->nr_snapshots; }
const double *result_snapshot_times(const struct result_file *f) { return f->snapshot_time; }
unsigned result_nr_zones(const struct result_file *f) { return f->nr_zones; }
const struct result_zone *result_zone(const struct result_file *f, unsigned i) { return &f->zones[i]; }
const char *result_migratetype(const struct result_file *f, unsigned i) { return i < f->types.nr ? f->types.v[i] : ""; }
unsigned result_nr_vmstat(const struct result_file *f) { return f->vmstat.nr; }
const char *result_vmstat_name(const struct result_file *f, unsigned i) { return f->vmstat.v[i]; }
unsigned result_nr_meminfo(const struct result_file *f) { return f->meminfo.nr; }
const char *result_meminfo_name(const struct result_file *f, unsigned i) { return f->meminfo.v[i]; }

static int find_var(const struct result_vars *l, const char *name)
{
	for (size_t i = 0; i < l->nr; i++)
		if (strcmp(l->v[i].metric.name, name) == 0)
			return (int)i;
	return -1;
}

int result_find_metric(const struct result_file *f, const char *name) { return find_var(&f->metrics, name); }
int result_find_series(const struct result_file *f, const char *name) { return find_var(&f->series, name); }

int result_find_hist(const struct result_file *f, const char *group, const char *kind)
{
	for (size_t i = 0; i < f->hists.nr; i++)
		if (strcmp(f->hist[i].group, group) == 0 && strcmp(f->hist[i].kind, kind) == 0)
			return (int)i;
	return -1;
}

/* -- points -- */

unsigned result_point_index(const struct result_file *f, size_t point, unsigned axis)
{
	for (unsigned a = f->nr_axes; a-- > axis + 1;)
		point /= f->axes[a].nr;
	return (unsigned)(point % f->axes[axis].nr);
}

const char *result_point_label(const struct result_file *f, size_t point, unsigned axis)
{
	return f->axes[axis].labels[result_point_index(f, point, axis)];
}

/* Does `key` name the axis: its whole path, or what follows one of its dots? */
static bool is_tail(const char *name, const char *key)
{
	size_t n = strlen(name), k = strlen(key);

	return k && k <= n && strcmp(name + n - k, key) == 0 && (k == n || name[n - k - 1] == '.');
}

static unsigned count_tail(const struct result_file *f, const char *key)
{
	unsigned n = 0;

	for (unsigned a = 0; a < f->nr_axes; a++)
		n += is_tail(f->axes[a].name, key);
	return n;
}

const char *result_axis_short(const struct result_file *f, unsigned axis)
{
	const char *name = f->axes[axis].name, *p = name + strlen(name);

	while (p > name) {
		do
			p--;
		while (p > name && p[-1] != '.');
		if (count_tail(f, p) == 1)
			return p;
	}
	return name;
}

char *result_point_text(const struct result_file *f, size_t point, char *buf, size_t size)
{
	size_t at = 0;

	(void)snprintf(buf, size, "%s", f->nr_axes ? "" : "all");
	for (unsigned a = 0; a < f->nr_axes && at < size; a++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s=%s", a ? " " : "", result_axis_short(f, a),
				       result_point_label(f, point, a));
	return buf;
}

static const char *axis_name(const void *ctx, unsigned i)
{
	const struct result_file *f = ctx;

	if (i >= 2 * f->nr_axes)
		return NULL;
	return i < f->nr_axes ? result_axis_short(f, i) : f->axes[i - f->nr_axes].name;
}

static const char *label_name(const void *ctx, unsigned i)
{
	const struct result_axis *a = ctx;

	return i < a->nr ? a->labels[i] : NULL;
}

static eg_status unknown(const char *what, const char *word, const char *near, const char *(*next)(const void *, unsigned),
			 const void *ctx, unsigned limit, struct eg_errors *err)
{
	char list[400] = "";
	size_t at = 0;

	for (unsigned i = 0; i < limit && next(ctx, i) && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", next(ctx, i));
	if (near)
		return eg_fail(err, EG_USAGE, "no such %s: %.80s; did you mean `%.80s`? There are: %s", what, word, near, list);
	return eg_fail(err, EG_USAGE, "no such %s: %.80s; there are: %s", what, word, *list ? list : "none");
}

static eg_status set_point(const struct result_file *f, const char *key, const char *value, int *want,
			   struct eg_errors *err)
{
	unsigned n = count_tail(f, key);
	const struct result_axis *axis;
	char what[200];

	if (n == 0 && !f->nr_axes)
		return eg_fail(err, EG_USAGE, "%.80s is not swept; nothing is: %s has a single point", key, f->path);
	if (n == 0)
		return unknown("sweep axis", key, eg_did_you_mean(key, axis_name, f), axis_name, f, f->nr_axes, err);
	for (unsigned a = 0; a < f->nr_axes; a++) {
		axis = &f->axes[a];
		if (n > 1 ? strcmp(axis->name, key) != 0 : !is_tail(axis->name, key))
			continue;
		for (unsigned k = 0; k < axis->nr; k++)
			if (strcmp(axis->labels[k], value) == 0) {
				want[a] = (int)k;
				return EG_OK;
			}
		(void)snprintf(what, sizeof(what), "value of %.150s", axis->name);
		return unknown(what, value, eg_did_you_mean(value, label_name, axis), label_name, axis, 12, err);
	}
	return eg_fail(err, EG_USAGE, "%.80s fits %u axes of the sweep; give its whole path", key, n);
}

eg_status result_parse_point(const struct result_file *f, const char *text, int *want, struct eg_errors *err)
{
	char *copy = eg_strdup(text), *p = copy;
	eg_status s = EG_OK;

	if (!copy)
		return eg_fail(err, EG_NO_MEMORY, "no memory");
	for (unsigned a = 0; a < f->nr_axes; a++)
		want[a] = -1;
	while (s == EG_OK && *p) {
		char *eq = strchr(p, '='), *end, *next;

		if (!eq) {
			s = eg_fail(err, EG_USAGE, "%.80s: expected AXIS=VALUE, with commas between several", p);
			break;
		}
		/* a comma ends the value only if another AXIS= follows: labels may contain commas */
		next = strchr(eq + 1, '=');
		end = next;
		while (end && end > eq && *end != ',')
			end--;
		if (end && end > eq)
			*end = '\0';
		else
			end = NULL;
		*eq = '\0';
		s = set_point(f, p, eq + 1, want, err);
		p = end ? end + 1 : eq + 1 + strlen(eq + 1);
	}
	eg_free(copy);
	return s;
}

bool result_point_fits(const struct result_file *f, size_t point, const int *want)
{
	for (unsigned a = 0; a < f->nr_axes; a++)
		if (want[a] >= 0 && result_point_index(f, point, a) != (unsigned)want[a])
			return false;
	return true;
}

/* -- numbers -- */

static eg_status unreadable(const struct result_file *f, const char *what, struct eg_errors *err)
{
	if (f->arena.failed)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory for %.200s", f->path, what);
	return eg_fail(err, EG_BAD_INPUT, "%s: damaged: %.200s cannot be read\nrun the experiment again, or copy the file again",
		       f->path, what);
}

/* The dense block of one cell in a variable (sweep..., inner...): from `first`, `nr` along the first inner one. */
static eg_status read_cell(const struct result_file *f, enum result_group g, const char *name, size_t point,
			   unsigned seed, int inner, const hsize_t *length, size_t first, size_t nr, double *out,
			   struct eg_errors *err)
{
	hsize_t dim[H5_MAX_RANK], start[H5_MAX_RANK], count[H5_MAX_RANK];
	bool good;
	hid_t d;

	for (int i = 0; i < f->rank; i++) {
		dim[i] = f->dim[i];
		start[i] = i < f->rank - 1 ? result_point_index(f, point, (unsigned)i) : seed;
		count[i] = 1;
	}
	for (int i = 0; i < inner; i++) {
		dim[f->rank + i] = length[i];
		start[f->rank + i] = i == 0 ? first : 0;
		count[f->rank + i] = i == 0 ? nr : length[i];
	}
	d = h5_open_var(f->group[g], name, f->rank + inner, dim);
	good = d >= 0 && h5_read_block(d, f->rank + inner, start, count, H5T_NATIVE_DOUBLE, out);
	if (d >= 0)
		(void)H5Dclose(d);
	return good ? EG_OK : unreadable(f, name, err);
}

eg_status result_values(struct result_file *f, unsigned metric, const double **cube, struct eg_errors *err)
{
	const size_t n = f->nr_points * f->nr_seeds;
	double *v = f->cubes[metric];

	if (!v) {
		v = eg_arena_alloc(&f->arena, n, sizeof(*v));
		if (!v)
			return eg_fail(err, EG_NO_MEMORY, "%s: no memory for %zu values", f->path, n);
		if (!h5_get(f->group[RESULT_SUMMARY], f->metrics.v[metric].variable, H5T_NATIVE_DOUBLE, n, v))
			return unreadable(f, f->metrics.v[metric].metric.name, err);
		f->cubes[metric] = v;
	}
	*cube = v;
	return EG_OK;
}

eg_status result_read_series(struct result_file *f, unsigned series, size_t point, unsigned seed, double *values,
			     struct eg_errors *err)
{
	const hsize_t length = f->nr_times;

	return read_cell(f, RESULT_SERIES, f->series.v[series].variable, point, seed, 1, &length, 0, f->nr_times, values,
			 err);
}

/* Counts come back as the doubles they were stored as: whole, not negative, below 2^53. */
static bool as_count(double v, uint64_t *out)
{
	if (!(v >= 0.0) || v > 0x1p53 || v != floor(v))
		return false;
	*out = (uint64_t)v;
	return true;
}

eg_status result_read_hist(struct result_file *f, unsigned hist, size_t point, unsigned seed, struct eg_hist *out,
			   struct eg_errors *err)
{
	const struct result_var *v = &f->hists.v[hist];
	const hsize_t length = f->nr_buckets;
	double row[EG_HIST_BUCKETS], moment[3];
	char names[3][600];

	memset(out, 0, sizeof(*out));
	EG_TRY(read_cell(f, RESULT_LATENCY, v->variable, point, seed, 1, &length, 0, f->nr_buckets, row, err));
	for (size_t i = 0; i < f->nr_buckets; i++) {
		uint64_t *b = &out->bucket[f->first_bucket + i];

		if (isnan(row[i]))
			continue;                       /* the cell is missing */
		if (!as_count(row[i], b) || out->count > UINT64_MAX / 2)
			return unreadable(f, v->metric.name, err);
		out->count += *b;
	}
	if (!out->count)
		return EG_OK;
	if (sscanf(v->moments, "%599s %599s %599s", names[0], names[1], names[2]) != 3)
		return unreadable(f, v->metric.name, err);
	for (int i = 0; i < 3; i++)
		EG_TRY(read_cell(f, RESULT_LATENCY, names[i], point, seed, 0, NULL, 0, 0, &moment[i], err));
	if (!(moment[0] >= 0.0 && moment[0] < 0x1p120) || !(moment[1] >= 0.0 && moment[1] <= moment[2]) ||
	    !(moment[2] < 0x1p64))
		return unreadable(f, v->metric.name, err);
	out->sum = (unsigned __int128)moment[0];
	out->min = (uint64_t)moment[1];
	out->max = (uint64_t)moment[2];
	return EG_OK;
}

eg_status result_read_counts(struct result_file *f, size_t point, unsigned seed, double *counts, struct eg_errors *err)
{
	const hsize_t length = f->counts.nr;

	if (!length)
		return EG_OK;
	return read_cell(f, RESULT_EVENTS, "not_applied", point, seed, 1, &length, 0, f->counts.nr, counts, err);
}

eg_status result_read_snapshots(struct result_file *f, size_t point, unsigned seed, size_t first, size_t nr,
				double *buddy, double *by_type, double *vmstat, double *meminfo, struct eg_errors *err)
{
	const hsize_t t = f->nr_snapshots, z = f->nr_zones;
	const enum result_group g = RESULT_SNAPSHOTS;

	if (first > f->nr_snapshots || nr > f->nr_snapshots - first)
		return eg_fail(err, EG_BAD_INPUT, "%s: has %zu snapshots", f->path, f->nr_snapshots);
	if (!nr)
		return EG_OK;
	if (buddy && z)
		EG_TRY(read_cell(f, g, "free_blocks", point, seed, 3, (hsize_t[]){ t, z, EG_NR_ORDERS }, first, nr, buddy,
				 err));
	if (by_type && z)
		EG_TRY(read_cell(f, g, "free_blocks_of_type", point, seed, 4,
				 (hsize_t[]){ t, z, RUN_NR_TYPES, EG_NR_ORDERS }, first, nr, by_type, err));
	if (vmstat && f->vmstat.nr)
		EG_TRY(read_cell(f, g, "vmstat", point, seed, 2, (hsize_t[]){ t, f->vmstat.nr }, first, nr, vmstat, err));
	if (meminfo && f->meminfo.nr)
		EG_TRY(read_cell(f, g, "meminfo", point, seed, 2, (hsize_t[]){ t, f->meminfo.nr }, first, nr, meminfo, err));
	return EG_OK;
}
