/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_figures - a result file of a chosen shape that has what figures need, without a simulation; not a test.
 *
 * Usage: make_figures OUT.h5 [--axis PATH=A,B,...]... [--seeds N] [--plots NAME,...] [--samples N] [--no-tlb] [--no-faults]
 *                            [--gap] [--zero] [--nan]
 *
 * Without --axis there is one point. All values are small whole numbers made from (point, seed) by multiplication, so
 * the figures' data are the same on every host. Seed 2 ends before the others. --gap: the second cell is missing.
 * --zero: all values are 0, where they can be. --nan: none is defined.
 * Exit codes are those of engram.
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "results/writer.h"
#include "sim/base/mem.h"

#define MAX_AXES   4
#define MAX_LABELS 32
#define MAX_CELLS  512

struct shape {
	struct result_axis axis[MAX_AXES];
	const char *label[MAX_AXES][MAX_LABELS];
	unsigned    nr_axes, nr_seeds, nr_plots, nr_samples;
	const char *plot[16];
	bool        tlb, faults, gap, zero, nan;
};

static unsigned split(char *text, const char **item, unsigned most)
{
	unsigned n = 0;

	for (char *save = NULL, *t = strtok_r(text, ",", &save); t && n < most; t = strtok_r(NULL, ",", &save))
		item[n++] = t;
	return n;
}

static bool read_axis(struct shape *s, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || s->nr_axes == MAX_AXES)
		return false;
	*equals = '\0';
	s->axis[s->nr_axes] = (struct result_axis){ text, split(equals + 1, s->label[s->nr_axes], MAX_LABELS),
						    s->label[s->nr_axes] };
	return s->axis[s->nr_axes++].nr > 0;
}

static bool read_shape(struct shape *s, int argc, char **argv)
{
	*s = (struct shape){ .nr_seeds = 3, .nr_samples = 21, .tlb = true, .faults = true };
	for (int i = 2; i < argc; i++) {
		char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--no-tlb") == 0)
			s->tlb = false;
		else if (strcmp(argv[i], "--no-faults") == 0)
			s->faults = false;
		else if (strcmp(argv[i], "--gap") == 0)
			s->gap = true;
		else if (strcmp(argv[i], "--zero") == 0)
			s->zero = true;
		else if (strcmp(argv[i], "--nan") == 0)
			s->nan = true;
		else if (!value)
			return false;
		else if (strcmp(argv[i], "--axis") == 0 && read_axis(s, value))
			i++;
		else if (strcmp(argv[i], "--seeds") == 0)
			s->nr_seeds = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--samples") == 0)
			s->nr_samples = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--plots") == 0)
			s->nr_plots = split(argv[++i], s->plot, 16);
		else
			return false;
	}
	return s->nr_seeds >= 1 && s->nr_seeds <= 32 && s->nr_samples >= 2;
}

/* 0 .. n - 1, the same for the same arguments. */
static uint64_t noise(uint64_t point, uint64_t seed, uint64_t i, uint64_t n)
{
	uint64_t x = (point * 1000003 + seed * 7919 + i) * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return (x >> 33) % n;
}

static void add_kind(struct run_result *r, const char *name, const char *unit, enum run_kind kind, double v)
{
	r->summary_columns[r->nr_summary] = (struct run_column){ name, unit, name, kind, -1 };
	r->summary[r->nr_summary++] = v;
}

static void add(struct run_result *r, const char *name, const char *unit, double v)
{
	add_kind(r, name, unit, RUN_VALUE, v);
}

static void hists(struct run_result *r, uint64_t point, uint64_t seed)
{
	static const struct { const char *kind, *text; uint64_t ps; unsigned n; } h[] = {
		{ "anon", "first write to an anonymous page", 900000, 3000 },
		{ "zero", "read of an untouched page", 420000, 200 },
		{ "cow", "write to a shared page: a copy", 1100000, 1500 },
		{ "file_minor", "page of a file mapping", 700000, 0 },
		{ "shmem", "page of a shared mapping", 800000, 5 },
	};

	r->nr_hists = EG_ARRAY_LEN(h);
	r->hists = eg_arena_alloc(&r->arena, r->nr_hists, sizeof(*r->hists));
	for (unsigned k = 0; k < EG_ARRAY_LEN(h); k++) {
		r->hists[k].group = "fault_latency";
		r->hists[k].kind = h[k].kind;
		r->hists[k].long_name = h[k].text;
		for (unsigned i = 0; i < h[k].n; i++) {
			uint64_t tail = noise(point, seed, i, 1000), v = h[k].ps + noise(point, seed, i + 77, h[k].ps / 4);

			v = v * (10 + point) / 10;
			eg_hist_add(&r->hists[k].hist, tail < 3 ? v * 40 : tail < 40 ? v * 4 : v);
		}
	}
}

#define NR_SERIES (1 + EG_NR_ORDERS + 3)

/* Sample i of one cell. */
static void sample(double *v, uint64_t point, uint64_t seed, uint64_t i, uint64_t nr)
{
	*v++ = (double)(i * (12 + 2 * (point % 6)) * 40 / nr + noise(point, seed, i, 60));
	/* memory moves from the largest blocks to the smaller ones */
	for (uint64_t k = 0; k < EG_NR_ORDERS; k++)
		*v++ = k == EG_NR_ORDERS - 1 ? (double)(60 + nr * (2 - point % 2) - i * (2 - point % 2) / 2)
					     : (double)((i * (point % 4 + 1) + noise(point, seed, k, 9)) << (EG_NR_ORDERS - 1 - k) / 2);
	/* no fault in the twelfth interval, and in the tenth none of seed 3: what lies between stands alone */
	for (uint64_t k = 0; k < 3; k++)
		*v++ = (i == 9 && seed == 3) || i == 11 ? (double)NAN
							: 1000.0 * (double)((k * k * 3 + 1) * (point + 4)) + (double)noise(point, seed, 40 + i, 200);
}

static void series(struct run_result *r, const struct shape *s, uint64_t point, uint64_t seed)
{
	static char order_name[EG_NR_ORDERS][32];
	struct run_column *c;

	r->nr_series = NR_SERIES;
	r->series_columns = c = eg_arena_alloc(&r->arena, NR_SERIES, sizeof(*c));
	r->series = eg_arena_alloc(&r->arena, r->nr_samples * NR_SERIES, sizeof(double));
	*c++ = (struct run_column){ "frag.unusable_milli.all.9", "1", "unusable", RUN_GAUGE, -1 };
	for (unsigned k = 0; k < EG_NR_ORDERS; k++) {
		(void)snprintf(order_name[k], sizeof(order_name[k]), "frag.free_blocks.all.%u", k);
		*c++ = (struct run_column){ order_name[k], "blocks", "free blocks", RUN_GAUGE, 0 };
	}
	*c++ = (struct run_column){ "fault_latency_interval.all.p50", "ns", "median", RUN_GAUGE, -1 };
	*c++ = (struct run_column){ "fault_latency_interval.all.p99", "ns", "p99", RUN_GAUGE, -1 };
	*c++ = (struct run_column){ "fault_latency_interval.all.p99_9", "ns", "p99.9", RUN_GAUGE, -1 };
	for (size_t i = 0; i < r->nr_samples; i++) {
		r->sample_time[i] = (i + 1) * 10 * EG_PS_PER_MS;
		sample(r->series + i * NR_SERIES, point, seed, i, s->nr_samples);
	}
}

static void times(struct run_result *r, uint64_t point, uint64_t seed)
{
	/* in thousandths; the last but one are small enough to be joined */
	static const struct { const char *name; unsigned share; } t[] = {
		{ "time.compute", 400 }, { "time.tlb", 20 }, { "time.walk", 120 }, { "time.fault.anon", 90 }, { "time.fault.cow", 60 },
		{ "time.zeroing", 110 }, { "time.copy", 50 }, { "time.alloc", 40 }, { "time.lock_wait", 30 }, { "time.fork", 5 },
		{ "time.switch", 3 }, { "time.idle", 72 },
	};

	for (unsigned k = 0; k < EG_ARRAY_LEN(t); k++)
		add_kind(r, t[k].name, "ns", RUN_COUNTER,
			 1e5 * (double)t[k].share * (1 + (double)((point * k) % 5) / 4) + (double)noise(point, seed, 60 + k, 900000));
}

static void walks(struct run_result *r, uint64_t point, double l2)
{
	double from_pd = l2 * (double)(point % 3 + 1) / 5, from_pdpt = (l2 - from_pd) / 2;

	add(r, "walk.refs", "1", 3.5 * l2);
	add(r, "walk.count", "1", l2);
	add(r, "tlb.misses.l2_2m", "1", l2 / 10);
	add(r, "pwc.hits.pd", "1", from_pd);
	add(r, "pwc.hits.pdpt", "1", from_pdpt);
	add(r, "pwc.hits.pml4", "1", (l2 - from_pd - from_pdpt) / 4);
	add(r, "walk.ns_per_walk", "ns", 60 - 10 * (double)(point % 3));
	add(r, "time_pct.walk", "%", 12 - 2 * (double)(point % 3));
}

static void fill(struct run_result *r, const struct shape *s, uint64_t point, uint64_t seed)
{
	double lookups = 1e6, l1 = 120000 - 3000.0 * (double)point + (double)noise(point, seed, 1, 4000);
	double l2 = 6000 + 900 * (double)point + (double)noise(point, seed, 2, 900);
	size_t nr = s->nr_samples - (seed == 2 ? s->nr_samples / 5 : 0);

	memset(r, 0, sizeof(*r));
	r->summary_columns = eg_arena_alloc(&r->arena, 40, sizeof(*r->summary_columns));
	r->summary = eg_arena_alloc(&r->arena, 40, sizeof(double));
	r->nr_samples = nr;
	r->sample_time = eg_arena_alloc(&r->arena, nr, sizeof(eg_time));
	series(r, s, point, seed);
	r->elapsed = r->sample_time[nr - 1];
	r->nr_accesses = 1000000;
	if (s->faults)
		hists(r, point, seed);
	add(r, "elapsed", "ns", 2.1e8 - 5e6 * (double)point + (double)noise(point, seed, 3, 4000000));
	if (s->faults) {
		add(r, "fault_latency.anon.p99", "ns", (double)eg_hist_percentile(&r->hists[0].hist, 0.99) / 1e3);
		add(r, "fault_latency.cow.p99", "ns", (double)eg_hist_percentile(&r->hists[2].hist, 0.99) / 1e3);
	}
	add(r, "frag.unusable.all.9", "1", r->series[(nr - 1) * NR_SERIES] / 1000);
	add(r, "pt.bytes", "bytes", 4096.0 * (double)(100 + 10 * point + noise(point, seed, 4, 5)));
	times(r, point, seed);
	if (s->tlb) {
		add(r, "tlb.lookups", "1", lookups);
		add(r, "tlb.hits.l1d", "1", lookups - l1);
		add(r, "tlb.hits.l1i", "1", 0);
		add(r, "tlb.misses.l1d", "1", l1);
		add(r, "tlb.misses.l1i", "1", 0);
		add(r, "tlb.hits.l2", "1", l1 - l2);
		add(r, "tlb.misses.l2", "1", l2);
		walks(r, point, l2);
	}
	for (size_t i = 0; (s->zero || s->nan) && i < r->nr_summary; i++)
		r->summary[i] = s->nan ? (double)NAN : 0;
	for (size_t i = 0; (s->zero || s->nan) && i < nr * NR_SERIES; i++)
		r->series[i] = s->nan ? (double)NAN : 0;
}

int main(int argc, char **argv)
{
	static const char *path[MAX_CELLS];
	static struct eg_errors err;
	static struct shape s;
	struct result_experiment x = { .name = "figures", .engram_version = "0.1.0", .config_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", .resolved_yaml = "version: 1\n" };
	uint64_t seeds[32], nr_points = 1;
	eg_status st = EG_OK;

	if (argc < 2 || !read_shape(&s, argc, argv)) {
		fprintf(stderr, "usage: make_figures OUT.h5 [--axis PATH=A,B]... [--seeds N] [--plots NAME,...] [--samples N] [--no-tlb] "
				"[--no-faults] [--gap] [--zero] [--nan]\n");
		return 2;
	}
	for (unsigned a = 0; a < s.nr_axes; a++)
		nr_points *= s.axis[a].nr;
	if (nr_points * s.nr_seeds > MAX_CELLS)
		return 2;
	for (unsigned i = 0; i < s.nr_seeds; i++)
		seeds[i] = i + 1;
	for (uint64_t i = 0; i < nr_points * s.nr_seeds && st == EG_OK; i++) {
		uint64_t point = i / s.nr_seeds, rest = point;
		struct result_coord at[MAX_AXES];
		struct result_cell_info info = { i, "", seeds[i % s.nr_seeds], s.nr_axes, at, "version: 1\n" };
		struct run_result r;
		char name[4096], hash[65];

		for (unsigned a = s.nr_axes; a-- > 0; rest /= s.axis[a].nr)
			at[a] = (struct result_coord){ s.axis[a].name, s.label[a][rest % s.axis[a].nr] };
		(void)snprintf(name, sizeof(name), "%.4000s.cells.%u", argv[1], (unsigned)i);
		(void)snprintf(hash, sizeof(hash), "%064x", (unsigned)i + 1);
		info.config_hash = hash;
		path[i] = eg_strdup(name);
		if (s.gap && i == 1)
			continue;
		fill(&r, &s, point, info.seed);
		st = result_write_cell(name, &info, &r, &err);
		eg_arena_free_all(&r.arena);
	}
	x.nr_axes = s.nr_axes;
	x.axes = s.axis;
	x.nr_seeds = s.nr_seeds;
	x.seeds = seeds;
	x.nr_plots = s.nr_plots;
	x.plots = s.plot;
	if (st == EG_OK)
		st = result_merge(argv[1], &x, nr_points * s.nr_seeds, path, s.gap, &err);
	for (unsigned i = 0; i < MAX_CELLS; i++) {
		if (path[i])
			(void)unlink(path[i]);
		eg_free((void *)(uintptr_t)path[i]);
	}
	for (unsigned i = 0; i < err.nr; i++)
		fprintf(stderr, "make_figures: %s\n", err.text[i]);
	return eg_status_exit_code(st);
}
