/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare - choosing metrics and baselines, and the numbers; the texts are in compare_text.c.
 *
 * Every point is compared with exactly one baseline point, over the seeds both have: the same seed is the same workload,
 * so differences are taken seed by seed and what varies between workloads drops out. Several files are laid side by
 * side; seeds are matched by their value, not by their place.
 */
#include "results/compare.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>

#define MAX_POINTS  100000u
#define MAX_DEFAULT 16u          /* a selection is at most so long */
#define FEW         6u           /* ... and one shorter than this is filled up */

/*
 * What a person wants to see first, in this order; of these the ones the files have, that are not zero or undefined
 * everywhere and not equal at every point, are shown. Two patterns in a row keep what belongs together side by side.
 * Of two metrics that say the same in other words (huge_pct and the unusable index of order 9, misses per access and
 * per thousand of them) one stands here.
 */
static const char *const selection[][2] = {
	{ "elapsed" }, { "slowdown*" }, { "fault_count.all" }, { "fault_latency.anon.p50", "fault_latency.anon.p99" },
	{ "fault_latency.cow.p50", "fault_latency.cow.p99" }, { "alloc_latency.alloc.0.p50", "alloc_latency.alloc.0.p99" },
	{ "alloc_latency.alloc.9.p50", "alloc_latency.alloc.9.p99" }, { "fork_latency.fork.p50", "fork_latency.fork.p99" },
	{ "stall_latency.*.p99" }, { "memory_wait.*.p99" }, { "tlb.global_miss_ratio" }, { "walk.refs_per_walk" },
	{ "shootdown.ipis" }, { "mem.used" }, { "pt.bytes" }, { "frag.huge_pct" }, { "frag.free_huge" },
	{ "frag.compact_moves" }, { "alloc.failed" }, { "task.oom_kills", "oom.kills" }, { "reclaim.efficiency" },
	{ "refault.ratio" }, { "swap.in", "swap.out" },
};
/* ... and when few of these are there. */
static const char *const fallback[][2] = {
	{ "fault_latency.*.p50", "fault_latency.*.p99" }, { "tlb.miss_ratio*" }, { "time_pct.walk" },
	{ "frag.unusable_milli.*.9" }, { "cow.breaks" },
};

static eg_status no_memory(struct eg_errors *err)
{
	return eg_fail(err, EG_NO_MEMORY, "no memory to compare");
}

/* -- metrics -- */

struct chosen {
	size_t cap, nr_varying;  /* metrics that are not the same at every point */
	size_t limit;            /* of nr_varying */
	bool   selected;         /* by us, not by name: only what tells something */
	bool   keep_same;
	bool   any;              /* something fitted the last pattern */
};

/* Has any point of the file something else than zero or NaN for it? */
static bool is_telling(struct result_file *f, unsigned metric)
{
	const size_t n = result_nr_points(f) * result_nr_seeds(f);
	const double *v;

	if (result_values(f, metric, &v, NULL) != EG_OK)
		return false;
	for (size_t i = 0; i < n; i++)
		if (fabs(v[i]) > 0.0)
			return true;
	return false;
}

static bool has_metric(const struct compare *c, const char *name)
{
	for (size_t i = 0; i < c->nr_metrics; i++)
		if (strcmp(c->metrics[i].name, name) == 0)
			return true;
	return false;
}

/* Does a metric differ between any two points, for any seed? Of one point there is nothing to say: yes. */
static bool varies(const struct compare *c, const char *name)
{
	const struct result_file *first = c->files[0];
	const double *a, *b;

	if (c->nr_points < 2)
		return true;
	for (unsigned k = 0; k < c->nr_files; k++) {
		struct result_file *f = c->files[k];
		const unsigned nr_a = result_nr_seeds(first), nr_b = result_nr_seeds(f);
		int ma = result_find_metric(first, name), mb = result_find_metric(f, name);

		if (ma < 0 || mb < 0 || result_values(c->files[0], (unsigned)ma, &a, NULL) != EG_OK ||
		    result_values(f, (unsigned)mb, &b, NULL) != EG_OK)
			return true;
		for (size_t p = 0; p < result_nr_points(f); p++)
			for (unsigned i = 0; i < nr_b; i++)
				for (unsigned j = 0; j < nr_a; j++)
					if (result_seeds(f)[i] == result_seeds(first)[j] &&
					    (isnan(a[j]) != isnan(b[p * nr_b + i]) || fabs(a[j] - b[p * nr_b + i]) > 0.0))
						return true;
	}
	return false;
}

/* Add the metrics that fit one of two patterns (the second may be NULL). */
static bool add_matching(struct compare *c, struct chosen *to, const char *pattern, const char *other)
{
	to->any = false;
	for (unsigned k = 0; k < c->nr_files; k++)
		for (unsigned i = 0; i < result_nr_metrics(c->files[k]); i++) {
			const struct result_metric *m = result_metric(c->files[k], i);
			struct result_metric *n;
			bool same;

			if (fnmatch(pattern, m->name, 0) != 0 && (!other || fnmatch(other, m->name, 0) != 0))
				continue;
			if (to->selected && !is_telling(c->files[k], i))
				continue;
			to->any = true;
			if (has_metric(c, m->name))
				continue;
			same = to->selected && !varies(c, m->name);
			if (!same && to->nr_varying >= to->limit)
				continue;
			if (same && !to->keep_same) {
				c->nr_same += k == 0;   /* what does not vary is in the first file */
				continue;
			}
			n = eg_grow((void **)&c->metrics, &c->nr_metrics, &to->cap, sizeof(*n));
			if (!n)
				return false;
			*n = *m;
			to->nr_varying += !same;
		}
	return true;
}

static const char *metric_name(const void *ctx, unsigned i)
{
	const struct compare *c = ctx;

	for (unsigned k = 0; k < c->nr_files; k++) {
		if (i < result_nr_metrics(c->files[k]))
			return result_metric(c->files[k], i)->name;
		i -= result_nr_metrics(c->files[k]);
	}
	return NULL;
}

static eg_status unknown_metric(const struct compare *c, const char *word, struct eg_errors *err)
{
	const char *near = eg_did_you_mean(word, metric_name, c);
	char list[360] = "";
	size_t at = 0;

	if (near)
		return eg_fail(err, EG_USAGE, "unknown metric %.80s; did you mean `%.120s`?", word, near);
	for (unsigned i = 0; metric_name(c, i) && at + 80 < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", metric_name(c, i));
	return eg_fail(err, EG_USAGE, "unknown metric %.80s; the file has %s, ...\npatterns work too: --metric 'fault_latency.*'",
		       word, list);
}

/* The readable selection. */
static bool select_metrics(struct compare *c, bool keep_same)
{
	struct chosen to = { .limit = MAX_DEFAULT, .selected = true, .keep_same = keep_same };
	bool ok = true;

	c->nr_same = 0;
	for (unsigned k = 0; k < c->nr_files && ok; k++)        /* the measured interval; where there is none, the run */
		if (result_find_metric(c->files[k], "elapsed") < 0)
			ok = add_matching(c, &to, "run.elapsed", NULL);
	for (size_t i = 0; i < EG_ARRAY_LEN(selection) && ok; i++)
		ok = add_matching(c, &to, selection[i][0], selection[i][1]);
	to.limit = FEW;
	to.keep_same = false;
	for (size_t i = 0; i < EG_ARRAY_LEN(fallback) && to.nr_varying < FEW && ok; i++) {
		size_t nr_same = c->nr_same;

		ok = add_matching(c, &to, fallback[i][0], fallback[i][1]);
		c->nr_same = nr_same;   /* of these nobody expects to hear */
	}
	to.limit = MAX_DEFAULT;
	if (ok && !c->nr_metrics && !c->nr_same)
		ok = add_matching(c, &to, "*", NULL);
	return ok;
}

static eg_status choose_metrics(struct compare *c, const char *const *names, unsigned nr, bool keep_same,
				struct eg_errors *err)
{
	struct chosen to = { .limit = SIZE_MAX };
	eg_status s = EG_OK;

	for (unsigned k = 0; k < c->nr_files; k++)
		c->nr_available += result_nr_metrics(c->files[k]);
	if (c->nr_files > 1)
		c->nr_available = 0;
	for (unsigned i = 0; c->nr_files > 1 && metric_name(c, i); i++) {       /* count each name once */
		unsigned k = 0;

		while (strcmp(metric_name(c, k), metric_name(c, i)) != 0)
			k++;
		c->nr_available += k == i;
	}
	for (unsigned i = 0; i < nr; i++) {
		if (!add_matching(c, &to, names[i], NULL))
			return no_memory(err);
		if (!to.any)
			s = unknown_metric(c, names[i], err);
	}
	if (s != EG_OK || nr)
		return s;
	c->own_choice = true;
	/* Where nothing differs, that is what is to be seen. */
	if (!select_metrics(c, keep_same) || (!c->nr_metrics && !select_metrics(c, true)))
		return no_memory(err);
	if (!c->nr_metrics)
		return eg_fail(err, EG_BAD_INPUT, "%s: holds no metric that is not zero", result_path(c->files[0]));
	return EG_OK;
}

/* -- points and baselines -- */

/* Two files of one name are told apart by their paths. */
static const char *file_label(const struct compare *c, unsigned file)
{
	const char *name = result_name(c->files[file]);

	for (unsigned k = 0; k < c->nr_files; k++)
		if (k != file && strcmp(result_name(c->files[k]), name) == 0)
			return result_path(c->files[file]);
	return name;
}

static eg_status list_points(struct compare *c, struct eg_errors *err)
{
	char text[1024], full[1400];
	size_t n = 0;

	for (unsigned k = 0; k < c->nr_files; k++)
		n += result_nr_points(c->files[k]);
	if (n > MAX_POINTS)
		return eg_fail(err, EG_BAD_INPUT, "%zu sweep points are too many to compare (at most %u)", n, MAX_POINTS);
	c->points = eg_arena_alloc(&c->arena, n, sizeof(*c->points));
	if (!c->points)
		return no_memory(err);
	for (unsigned k = 0; k < c->nr_files; k++)
		for (size_t p = 0; p < result_nr_points(c->files[k]); p++) {
			struct compare_point *at = &c->points[c->nr_points++];

			(void)result_point_text(c->files[k], p, text, sizeof(text));
			if (c->nr_files > 1)
				(void)snprintf(full, sizeof(full), "%.350s%s%s", file_label(c, k), result_nr_axes(c->files[k]) ? " " : "",
					       result_nr_axes(c->files[k]) ? text : "");
			else
				(void)snprintf(full, sizeof(full), "%s", text);
			at->file = k;
			at->point = p;
			at->text = eg_arena_strdup(&c->arena, full);
			if (!at->text)
				return no_memory(err);
		}
	return EG_OK;
}

static bool same_sweep(const struct result_file *a, const struct result_file *b)
{
	if (result_nr_axes(a) != result_nr_axes(b))
		return false;
	for (unsigned i = 0; i < result_nr_axes(a); i++) {
		const struct result_axis *x = result_axis(a, i), *y = result_axis(b, i);

		if (strcmp(x->name, y->name) != 0 || x->nr != y->nr)
			return false;
		for (unsigned k = 0; k < x->nr; k++)
			if (strcmp(x->labels[k], y->labels[k]) != 0)
				return false;
	}
	return true;
}

/* The provenance has one "key=value" a line; the parser of points wants commas. */
static char *recorded_baseline(const struct result_file *f)
{
	char *text = eg_strdup(result_provenance(f, "compare_baseline"));
	size_t n = text ? strlen(text) : 0;

	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	for (char *p = text; p && *p; p++)
		if (*p == '\n')
			*p = ',';
	return text;
}

/* Baselines lie in the first file; its points are the first of points[], so a point's number is its index. */
static eg_status choose_baselines(struct compare *c, const char *text, struct eg_errors *err)
{
	struct result_file *f = c->files[0];
	const unsigned nr_axes = result_nr_axes(f);
	bool same = c->nr_files > 1 && !text;   /* several files: the same point of the first */
	char *recorded = NULL;
	int want[64];
	eg_status s = EG_OK;

	if (!text && !same) {
		recorded = recorded_baseline(f);
		if (!recorded)
			return no_memory(err);
		text = recorded;
	}
	for (unsigned a = 0; a < nr_axes; a++)
		want[a] = same ? -1 : 0;
	if (text && *text)
		s = result_parse_point(f, text, want, err);
	eg_free(recorded);
	if (s != EG_OK)
		return s;
	for (size_t i = 0; i < c->nr_points; i++) {
		const struct compare_point *p = &c->points[i];
		bool like = same_sweep(f, c->files[p->file]);
		size_t base = 0;

		for (unsigned a = 0; a < nr_axes; a++) {
			unsigned index = want[a] >= 0 ? (unsigned)want[a] : like ? result_point_index(f, p->point, a) : 0;

			base = base * result_axis(f, a)->nr + index;
		}
		c->points[i].base = base;
	}
	return EG_OK;
}

/* -- numbers -- */

/* Values of a metric at a point for the seeds of the baseline's file; NaN where it has none. */
static eg_status values_at(const struct compare *c, const char *metric, const struct compare_point *p,
			   const struct result_file *seeds_of, double *out, struct eg_errors *err)
{
	struct result_file *f = c->files[p->file];
	int m = result_find_metric(f, metric);
	const double *cube;

	for (unsigned i = 0; i < result_nr_seeds(seeds_of); i++)
		out[i] = (double)NAN;
	if (m < 0)
		return EG_OK;
	EG_TRY(result_values(f, (unsigned)m, &cube, err));
	for (unsigned i = 0; i < result_nr_seeds(seeds_of); i++)
		for (unsigned k = 0; k < result_nr_seeds(f); k++)
			if (result_seeds(f)[k] == result_seeds(seeds_of)[i]) {
				out[i] = cube[p->point * result_nr_seeds(f) + k];
				break;
			}
	return EG_OK;
}

static eg_status compute(struct compare *c, struct eg_errors *err)
{
	const struct result_file *first = c->files[0];
	size_t nr = c->nr_metrics * c->nr_points, nr_seeds = 1;
	double *a, *b, *p, *holm;

	for (unsigned k = 0; k < c->nr_files; k++)
		if (result_nr_seeds(c->files[k]) > nr_seeds)
			nr_seeds = result_nr_seeds(c->files[k]);
	a = eg_arena_alloc(&c->arena, nr_seeds, sizeof(*a));
	b = eg_arena_alloc(&c->arena, nr_seeds, sizeof(*b));
	p = eg_arena_alloc(&c->arena, nr, sizeof(*p));
	holm = eg_arena_alloc(&c->arena, nr, sizeof(*holm));
	c->cells = eg_arena_alloc(&c->arena, nr, sizeof(*c->cells));
	if (!a || !b || !p || !holm || !c->cells)
		return no_memory(err);
	for (size_t m = 0; m < c->nr_metrics; m++)
		for (size_t i = 0; i < c->nr_points; i++) {
			struct compare_cell *cell = &c->cells[m * c->nr_points + i];
			const struct compare_point *at = &c->points[i];
			const struct result_file *own = c->files[at->file];
			const char *name = c->metrics[m].name;

			EG_TRY(values_at(c, name, at, own, b, err));
			cell->mean = stats_mean(b, result_nr_seeds(own));
			cell->pair = stats_pair(NULL, NULL, 0);
			if (at->base != i) {
				EG_TRY(values_at(c, name, &c->points[at->base], first, a, err));
				EG_TRY(values_at(c, name, at, first, b, err));
				cell->pair = stats_pair(a, b, result_nr_seeds(first));
			}
			p[m * c->nr_points + i] = cell->pair.p;
		}
	c->nr_tests = stats_holm(p, nr, holm);
	for (size_t i = 0; i < nr; i++)
		c->cells[i].p_holm = holm[i];
	return EG_OK;
}

eg_status compare_build(struct compare *c, struct result_file **files, unsigned nr_files, const char *baseline,
			const char *const *metrics, unsigned nr_metrics, bool keep_same, struct eg_errors *err)
{
	eg_status s;

	memset(c, 0, sizeof(*c));
	c->files = files;
	c->nr_files = nr_files;
	s = list_points(c, err);
	if (s == EG_OK)
		s = choose_metrics(c, metrics, nr_metrics, keep_same, err);
	if (s == EG_OK)
		s = choose_baselines(c, baseline, err);
	if (s == EG_OK)
		s = compute(c, err);
	if (s != EG_OK)
		compare_free(c);
	return s;
}

void compare_free(struct compare *c)
{
	eg_free(c->metrics);
	eg_arena_free_all(&c->arena);
	memset(c, 0, sizeof(*c));
}
