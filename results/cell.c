/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell - writing one run's result to its own file, and reading it back; see cell.h and writer.h. */
#include "results/h5.h"

#include "results/cell.h"

#include <stdio.h>
#include <sys/stat.h>

/* Everything below lies in the root group of the file, in the order of the struct. */
#define ORDERS EG_NR_ORDERS
#define ZONE_WORDS (RUN_MAX_ZONES * ORDERS)
#define TYPE_WORDS (RUN_MAX_ZONES * RUN_NR_TYPES * ORDERS)

static void put_columns(struct h5_out *o, const char *prefix, size_t n, const struct run_column *c)
{
	int32_t *numbers;
	char name[48];

	if (!n)
		return;
	numbers = eg_calloc(2 * n, sizeof(*numbers));
	if (!numbers) {
		o->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		numbers[i] = (int32_t)c[i].kind;
		numbers[n + i] = c[i].better;
	}
	(void)snprintf(name, sizeof(name), "%s_name", prefix);
	h5_put_texts(o, o->file, name, n, &c->name, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_unit", prefix);
	h5_put_texts(o, o->file, name, n, &c->unit, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_long_name", prefix);
	h5_put_texts(o, o->file, name, n, &c->long_name, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_kind_better", prefix);
	h5_put(o, o->file, name, H5T_STD_I32LE, H5T_NATIVE_INT32, 2 * n, numbers);
	eg_free(numbers);
}

/* Histograms are sparse: of 3,776 buckets a kind of operation fills some dozens. */
static void put_hists(struct h5_out *o, const struct run_result *r)
{
	size_t used = 0, k = 0, n = r->nr_hists;
	uint64_t *head, *count;
	uint32_t *index;

	for (size_t i = 0; i < n; i++)
		for (unsigned b = 0; b < EG_HIST_BUCKETS; b++)
			used += r->hists[i].hist.bucket[b] != 0;
	head = eg_calloc(5 * n + 1, sizeof(*head));
	count = eg_calloc(used + 1, sizeof(*count));
	index = eg_calloc(used + 1, sizeof(*index));
	if (!head || !count || !index) {
		o->failed = true;
	} else {
		for (size_t i = 0; i < n; i++) {
			const struct eg_hist *h = &r->hists[i].hist;
			size_t first = k;

			for (unsigned b = 0; b < EG_HIST_BUCKETS; b++) {
				if (!h->bucket[b])
					continue;
				index[k] = b;
				count[k++] = h->bucket[b];
			}
			head[5 * i] = k - first;
			head[5 * i + 1] = (uint64_t)h->sum;
			head[5 * i + 2] = (uint64_t)(h->sum >> 64);
			head[5 * i + 3] = h->min;
			head[5 * i + 4] = h->max;
		}
		if (n) {
			h5_put_texts(o, o->file, "hist_group", n, &r->hists->group, sizeof(*r->hists));
			h5_put_texts(o, o->file, "hist_kind", n, &r->hists->kind, sizeof(*r->hists));
			h5_put_texts(o, o->file, "hist_long_name", n, &r->hists->long_name, sizeof(*r->hists));
		}
		h5_put(o, o->file, "hist_head", H5T_STD_U64LE, H5T_NATIVE_UINT64, 5 * n, head);
		h5_put(o, o->file, "hist_bucket", H5T_STD_U32LE, H5T_NATIVE_UINT32, used, index);
		h5_put(o, o->file, "hist_count", H5T_STD_U64LE, H5T_NATIVE_UINT64, used, count);
	}
	eg_free(head);
	eg_free(count);
	eg_free(index);
}

static void put_snapshots(struct h5_out *o, const struct run_result *r)
{
	size_t n = r->nr_snapshots, words = 1 + ZONE_WORDS + TYPE_WORDS + r->nr_vmstat + r->nr_meminfo;
	uint64_t *all = eg_calloc(n ? n : 1, words * sizeof(*all)), *p = all;
	uint32_t node[RUN_MAX_ZONES];

	if (!all) {
		o->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct run_snapshot *s = &r->snapshots[i];

		*p++ = s->time;
		memcpy(p, s->free_blocks, sizeof(s->free_blocks));
		p += ZONE_WORDS;
		memcpy(p, s->free_blocks_of_type, sizeof(s->free_blocks_of_type));
		p += TYPE_WORDS;
		if (r->nr_vmstat)
			memcpy(p, s->vmstat, r->nr_vmstat * sizeof(*p));
		p += r->nr_vmstat;
		if (r->nr_meminfo)
			memcpy(p, s->meminfo_kib, r->nr_meminfo * sizeof(*p));
		p += r->nr_meminfo;
	}
	for (unsigned z = 0; z < r->nr_zones; z++)
		node[z] = r->zone_node[z];
	h5_put_texts(o, o->file, "zone_name", r->nr_zones, r->zone_name, sizeof(r->zone_name[0]));
	h5_put(o, o->file, "zone_node", H5T_STD_U32LE, H5T_NATIVE_UINT32, r->nr_zones, node);
	h5_put_texts(o, o->file, "vmstat_name", r->nr_vmstat, r->vmstat_name, sizeof(r->vmstat_name[0]));
	h5_put_texts(o, o->file, "meminfo_name", r->nr_meminfo, r->meminfo_name, sizeof(r->meminfo_name[0]));
	h5_put(o, o->file, "snapshots", H5T_STD_U64LE, H5T_NATIVE_UINT64, n * words, all);
	eg_free(all);
}

static void put_head(struct h5_out *o, const struct result_cell_info *info, const struct run_result *r)
{
	hid_t f = o->file;

	h5_attr_int(o, f, "engram_cell", CELL_SCHEMA_VERSION);
	h5_attr_text(o, f, "config_hash", info->config_hash);
	h5_attr_u64(o, f, "index", info->index);
	h5_attr_u64(o, f, "seed", info->seed);
	h5_attr_u64(o, f, "nr_coords", info->nr_coords);
	h5_attr_u64(o, f, "elapsed_ps", r->elapsed);
	h5_attr_u64(o, f, "warmup_ps", r->warmup);
	h5_attr_u64(o, f, "nr_events", r->nr_events);
	h5_attr_u64(o, f, "nr_ops", r->nr_ops);
	h5_attr_u64(o, f, "nr_accesses", r->nr_accesses);
	h5_attr_u64(o, f, "capabilities", r->capabilities);
	h5_attr_u64(o, f, "nr_summary", r->nr_summary);
	h5_attr_u64(o, f, "nr_series", r->nr_series);
	h5_attr_u64(o, f, "nr_samples", r->nr_samples);
	h5_attr_u64(o, f, "nr_hists", r->nr_hists);
	h5_attr_u64(o, f, "nr_zones", r->nr_zones);
	h5_attr_u64(o, f, "nr_vmstat", r->nr_vmstat);
	h5_attr_u64(o, f, "nr_meminfo", r->nr_meminfo);
	h5_attr_u64(o, f, "nr_snapshots", r->nr_snapshots);
	h5_attr_u64(o, f, "nr_counts", r->nr_counts);
	h5_attr_u64(o, f, "nr_assumptions", r->nr_assumptions);
	h5_put_string(o, f, "resolved_yaml", info->resolved_yaml ? info->resolved_yaml : "");
}

eg_status result_write_cell(const char *path, const struct result_cell_info *info, const struct run_result *r,
			    struct eg_errors *err)
{
	const struct result_coord *c = info->coords;
	struct h5_out o;

	EG_TRY(h5_begin(&o, err));
	put_head(&o, info, r);
	if (info->nr_coords) {
		h5_put_texts(&o, o.file, "coord_axis", info->nr_coords, &c->axis, sizeof(*c));
		h5_put_texts(&o, o.file, "coord_label", info->nr_coords, &c->label, sizeof(*c));
	}
	put_columns(&o, "summary", r->nr_summary, r->summary_columns);
	h5_put(&o, o.file, "summary", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, r->nr_summary, r->summary);
	put_columns(&o, "series", r->nr_series, r->series_columns);
	h5_put(&o, o.file, "sample_time", H5T_STD_U64LE, H5T_NATIVE_UINT64, r->nr_samples, r->sample_time);
	h5_put(&o, o.file, "series", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, r->nr_samples * r->nr_series, r->series);
	put_hists(&o, r);
	put_snapshots(&o, r);
	if (r->nr_counts) {
		uint64_t *n = eg_calloc(r->nr_counts, sizeof(*n));

		for (unsigned i = 0; n && i < r->nr_counts; i++)
			n[i] = r->counts[i].n;
		h5_put_texts(&o, o.file, "count_name", r->nr_counts, &r->counts->name, sizeof(*r->counts));
		h5_put_texts(&o, o.file, "count_long_name", r->nr_counts, &r->counts->long_name, sizeof(*r->counts));
		if (n)
			h5_put(&o, o.file, "count", H5T_STD_U64LE, H5T_NATIVE_UINT64, r->nr_counts, n);
		o.failed |= !n;
		eg_free(n);
	}
	h5_put_texts(&o, o.file, "assumptions", r->nr_assumptions, r->assumptions, sizeof(r->assumptions[0]));
	return h5_publish(&o, path, err);
}

/* The hash and the schema of a cell file; false if it is damaged or no cell. */
static bool identity(const char *path, char hash[65], int *schema)
{
	struct eg_arena arena = { 0 };
	const char *text;
	bool summed, good;
	hid_t f;

	if (h5_check_file(path, &summed, NULL) != EG_OK || !summed || (f = h5_open(path)) < 0)
		return false;
	text = h5_get_attr_text(f, "config_hash", &arena);
	good = text && h5_get_attr_int(f, "engram_cell", schema);
	(void)snprintf(hash, 65, "%s", good ? text : "");
	(void)H5Fclose(f);
	eg_arena_free_all(&arena);
	return good;
}

enum result_cell_state result_cell_matches(const char *path, const char *config_hash)
{
	struct stat st;
	char hash[65];
	int schema;

	if (stat(path, &st) != 0)
		return RESULT_CELL_ABSENT;
	if (!identity(path, hash, &schema))
		return RESULT_CELL_DAMAGED;
	return schema == CELL_SCHEMA_VERSION && strcmp(hash, config_hash) == 0 ? RESULT_CELL_SAME : RESULT_CELL_DIFFERENT;
}

bool result_cell_hash(const char *path, char hash[65])
{
	int schema;

	return identity(path, hash, &schema);
}

/* -- reading back -- */

static bool get_columns(hid_t f, const char *prefix, size_t n, struct eg_arena *a, struct run_column **out)
{
	struct run_column *c = eg_arena_alloc(a, n + 1, sizeof(*c));
	int32_t *numbers = eg_arena_alloc(a, 2 * n + 1, sizeof(*numbers));
	char name[48];
	bool good;

	if (!c || !numbers)
		return false;
	(void)snprintf(name, sizeof(name), "%s_name", prefix);
	good = h5_get_texts(f, name, n, a, &c->name, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_unit", prefix);
	good = good && h5_get_texts(f, name, n, a, &c->unit, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_long_name", prefix);
	good = good && h5_get_texts(f, name, n, a, &c->long_name, sizeof(*c));
	(void)snprintf(name, sizeof(name), "%s_kind_better", prefix);
	good = good && h5_get(f, name, H5T_NATIVE_INT32, 2 * n, numbers);
	for (size_t i = 0; good && i < n; i++) {
		good = numbers[i] >= RUN_GAUGE && numbers[i] <= RUN_VALUE;
		c[i].kind = (enum run_kind)numbers[i];
		c[i].better = numbers[n + i];
	}
	*out = c;
	return good;
}

static bool get_hists(hid_t f, struct run_result *r)
{
	struct eg_arena *a = &r->arena;
	size_t n = r->nr_hists, used = 0, k = 0;
	uint64_t *head, *count;
	uint32_t *index;

	r->hists = eg_arena_alloc(a, n + 1, sizeof(*r->hists));
	head = eg_arena_alloc(a, 5 * n + 1, sizeof(*head));
	if (!r->hists || !head || !h5_get_texts(f, "hist_group", n, a, &r->hists->group, sizeof(*r->hists)) ||
	    !h5_get_texts(f, "hist_kind", n, a, &r->hists->kind, sizeof(*r->hists)) ||
	    !h5_get_texts(f, "hist_long_name", n, a, &r->hists->long_name, sizeof(*r->hists)) ||
	    !h5_get(f, "hist_head", H5T_NATIVE_UINT64, 5 * n, head))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (head[5 * i] > EG_HIST_BUCKETS)
			return false;
		used += head[5 * i];
	}
	index = eg_arena_alloc(a, used + 1, sizeof(*index));
	count = eg_arena_alloc(a, used + 1, sizeof(*count));
	if (!index || !count || !h5_get(f, "hist_bucket", H5T_NATIVE_UINT32, used, index) ||
	    !h5_get(f, "hist_count", H5T_NATIVE_UINT64, used, count))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct eg_hist *h = &r->hists[i].hist;

		h->sum = (unsigned __int128)head[5 * i + 2] << 64 | head[5 * i + 1];
		h->min = head[5 * i + 3];
		h->max = head[5 * i + 4];
		for (size_t j = 0; j < head[5 * i]; j++, k++) {
			if (index[k] >= EG_HIST_BUCKETS)
				return false;
			h->bucket[index[k]] = count[k];
			h->count += count[k];
		}
	}
	return true;
}

static bool get_snapshots(hid_t f, struct run_result *r)
{
	size_t n = r->nr_snapshots, words = 1 + ZONE_WORDS + TYPE_WORDS + r->nr_vmstat + r->nr_meminfo;
	struct eg_arena *a = &r->arena;
	uint32_t node[RUN_MAX_ZONES];
	const char **vm, **mem;
	uint64_t *p;

	if (n > H5_MAX_ITEMS / words)
		return false;
	r->snapshots = eg_arena_alloc(a, n + 1, sizeof(*r->snapshots));
	vm = eg_arena_alloc(a, r->nr_vmstat + 1, sizeof(*vm));
	mem = eg_arena_alloc(a, r->nr_meminfo + 1, sizeof(*mem));
	p = eg_arena_alloc(a, n * words + 1, sizeof(*p));
	if (!r->snapshots || !vm || !mem || !p ||
	    !h5_get_texts(f, "zone_name", r->nr_zones, a, r->zone_name, sizeof(r->zone_name[0])) ||
	    !h5_get(f, "zone_node", H5T_NATIVE_UINT32, r->nr_zones, node) ||
	    !h5_get_texts(f, "vmstat_name", r->nr_vmstat, a, vm, sizeof(*vm)) ||
	    !h5_get_texts(f, "meminfo_name", r->nr_meminfo, a, mem, sizeof(*mem)) ||
	    !h5_get(f, "snapshots", H5T_NATIVE_UINT64, n * words, p))
		return false;
	for (unsigned z = 0; z < r->nr_zones; z++)
		r->zone_node[z] = node[z];
	r->vmstat_name = vm;
	r->meminfo_name = mem;
	for (size_t i = 0; i < n; i++) {
		struct run_snapshot *s = &r->snapshots[i];

		s->time = *p++;
		memcpy(s->free_blocks, p, sizeof(s->free_blocks));
		p += ZONE_WORDS;
		memcpy(s->free_blocks_of_type, p, sizeof(s->free_blocks_of_type));
		p += TYPE_WORDS;
		s->vmstat = p;
		p += r->nr_vmstat;
		s->meminfo_kib = p;
		p += r->nr_meminfo;
	}
	return true;
}

static bool get_u(hid_t f, const char *name, uint64_t max, unsigned *out)
{
	uint64_t v;

	if (!h5_get_attr_u64(f, name, &v) || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

static bool get_all(hid_t f, struct cell *c)
{
	struct run_result *r = &c->result;
	struct eg_arena *a = &r->arena;
	const unsigned many = 1u << 20;
	uint64_t samples, snaps, *counts;

	if (!get_u(f, "nr_coords", 64, &c->nr_coords) || !h5_get_attr_u64(f, "index", &c->index) ||
	    !h5_get_attr_u64(f, "seed", &c->seed) || !h5_get_attr_u64(f, "elapsed_ps", &r->elapsed) ||
	    !h5_get_attr_u64(f, "warmup_ps", &r->warmup) || !h5_get_attr_u64(f, "nr_events", &r->nr_events) ||
	    !h5_get_attr_u64(f, "nr_ops", &r->nr_ops) || !h5_get_attr_u64(f, "nr_accesses", &r->nr_accesses) ||
	    !get_u(f, "capabilities", UINT32_MAX, &r->capabilities) || !get_u(f, "nr_summary", many, &r->nr_summary) ||
	    !get_u(f, "nr_series", many, &r->nr_series) || !h5_get_attr_u64(f, "nr_samples", &samples) ||
	    !get_u(f, "nr_hists", 1u << 14, &r->nr_hists) || !get_u(f, "nr_zones", RUN_MAX_ZONES, &r->nr_zones) ||
	    !get_u(f, "nr_vmstat", many, &r->nr_vmstat) || !get_u(f, "nr_meminfo", many, &r->nr_meminfo) ||
	    !h5_get_attr_u64(f, "nr_snapshots", &snaps) || !get_u(f, "nr_counts", many, &r->nr_counts) ||
	    !get_u(f, "nr_assumptions", many, &r->nr_assumptions))
		return false;
	if (samples > H5_MAX_ITEMS || (r->nr_series && samples > H5_MAX_ITEMS / r->nr_series) || snaps > H5_MAX_ITEMS)
		return false;
	r->nr_samples = (size_t)samples;
	r->nr_snapshots = (size_t)snaps;
	c->config_hash = h5_get_attr_text(f, "config_hash", a);
	c->resolved_yaml = h5_get_string(f, "resolved_yaml", a);
	c->coords = eg_arena_alloc(a, c->nr_coords + 1u, sizeof(*c->coords));
	r->summary = eg_arena_alloc(a, r->nr_summary + 1u, sizeof(double));
	r->sample_time = eg_arena_alloc(a, r->nr_samples + 1, sizeof(eg_time));
	r->series = eg_arena_alloc(a, r->nr_samples * r->nr_series + 1, sizeof(double));
	r->counts = eg_arena_alloc(a, r->nr_counts + 1u, sizeof(*r->counts));
	r->assumptions = eg_arena_alloc(a, r->nr_assumptions + 1u, sizeof(*r->assumptions));
	counts = eg_arena_alloc(a, r->nr_counts + 1u, sizeof(*counts));
	if (!c->config_hash || !c->resolved_yaml || !c->coords || !r->summary || !r->sample_time || !r->series ||
	    !r->counts || !r->assumptions || !counts)
		return false;
	if (!h5_get_texts(f, "coord_axis", c->nr_coords, a, &c->coords->axis, sizeof(*c->coords)) ||
	    !h5_get_texts(f, "coord_label", c->nr_coords, a, &c->coords->label, sizeof(*c->coords)) ||
	    !get_columns(f, "summary", r->nr_summary, a, &r->summary_columns) ||
	    !h5_get(f, "summary", H5T_NATIVE_DOUBLE, r->nr_summary, r->summary) ||
	    !get_columns(f, "series", r->nr_series, a, &r->series_columns) ||
	    !h5_get(f, "sample_time", H5T_NATIVE_UINT64, r->nr_samples, r->sample_time) ||
	    !h5_get(f, "series", H5T_NATIVE_DOUBLE, r->nr_samples * r->nr_series, r->series) ||
	    !h5_get_texts(f, "count_name", r->nr_counts, a, &r->counts->name, sizeof(*r->counts)) ||
	    !h5_get_texts(f, "count_long_name", r->nr_counts, a, &r->counts->long_name, sizeof(*r->counts)) ||
	    !h5_get(f, "count", H5T_NATIVE_UINT64, r->nr_counts, counts) ||
	    !h5_get_texts(f, "assumptions", r->nr_assumptions, a, r->assumptions, sizeof(r->assumptions[0])))
		return false;
	for (unsigned i = 0; i < r->nr_counts; i++)
		r->counts[i].n = counts[i];
	return get_hists(f, r) && get_snapshots(f, r);
}

/* The bytes fit their checksum, so it is not the file that failed. */
static eg_status unreadable(const char *path, bool no_memory, struct eg_errors *err)
{
	if (no_memory)
		return eg_fail(err, EG_NO_MEMORY, "%s: no memory to read it", path);
	return eg_fail(err, EG_IO, "%s: cannot be read, though its checksum is right: the disk failed, or there was no memory\n"
		       "try again with --resume; if that does not help, remove it first", path);
}

eg_status cell_load(const char *path, struct cell *c, struct eg_errors *err)
{
	int schema = 0;
	bool good, summed, no_memory;
	hid_t f;

	memset(c, 0, sizeof(*c));
	EG_TRY(h5_check_file(path, &summed, err));
	f = summed ? h5_open(path) : -1;        /* nobody has a reason to change a cell */
	if (f < 0 && summed)
		return unreadable(path, false, err);
	if (f < 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: damaged, or no cell of Engram\nremove it and run with --resume", path);
	if (!h5_get_attr_int(f, "engram_cell", &schema) || schema != CELL_SCHEMA_VERSION) {
		(void)H5Fclose(f);
		return eg_fail(err, EG_BAD_INPUT, "%s: not a cell of this version of Engram (cell schema %d, wanted %d)\n"
			       "remove it and run with --resume", path, schema, CELL_SCHEMA_VERSION);
	}
	good = get_all(f, c);
	(void)H5Fclose(f);
	if (good)
		return EG_OK;
	no_memory = c->result.arena.failed;
	cell_free(c);
	return unreadable(path, no_memory, err);
}

void cell_free(struct cell *c)
{
	eg_arena_free_all(&c->result.arena);
	memset(c, 0, sizeof(*c));
}
