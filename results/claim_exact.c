/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_exact - see claim_exact.h. First the digests of both files; only if they differ are the files opened and walked.
 * Numbers are compared as numbers, NaN being equal to NaN. Snapshots are not walked: what makes them differ shows in the
 * series that are sampled at the same moments, or else as bytes alone.
 */
#include "results/claim_exact.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "results/reader.h"
#include "sim/base/sha256.h"

struct walk {
	struct claim_exact *e;
	struct result_file *f, *g;              /* the result, the published one */
	size_t              nr_cells;           /* equal in both by then */
};

static void say(struct walk *w, const char *fmt, ...) EG_PRINTF(2, 3);
static void say(struct walk *w, const char *fmt, ...)
{
	struct claim_exact *e = w->e;
	va_list ap;

	if (e->nr_said == EXACT_MAX_SAID) {
		e->nr_left_out++;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(e->said[e->nr_said++], sizeof(e->said[0]), fmt, ap);
	va_end(ap);
}

static void differs(struct walk *w, const char *fmt, ...) EG_PRINTF(2, 3);
static void differs(struct walk *w, const char *fmt, ...)
{
	char text[240];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->e->numbers_equal = false;
	say(w, "%s", text);
}

static eg_status digest(const char *path, char hex[65], struct eg_errors *err)
{
	struct eg_sha256 sha;
	uint8_t buf[1 << 14], sum[32];
	FILE *f = fopen(path, "rb");
	size_t n;
	bool bad;

	if (!f)
		return eg_fail_errno(err, true, "%s: cannot open", path);
	eg_sha256_init(&sha);
	errno = 0;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		eg_sha256_update(&sha, buf, n);
	bad = ferror(f);
	if (bad)
		(void)eg_fail_errno(err, true, "%s: cannot read", path);
	(void)fclose(f);
	eg_sha256_final(&sha, sum);
	eg_sha256_hex(sum, hex);
	return bad ? EG_BAD_INPUT : EG_OK;
}

static bool same_number(double a, double b)
{
	return isnan(a) ? isnan(b) : a >= b && a <= b;
}

/* The same points, seeds and labels? What comes after needs that. */
static bool same_cells(struct walk *w)
{
	unsigned n = result_nr_axes(w->f);

	if (n != result_nr_axes(w->g))
		return differs(w, "%u ax%s of the sweep, published: %u", n, n == 1 ? "is" : "es", result_nr_axes(w->g)), false;
	for (unsigned i = 0; i < n; i++) {
		const struct result_axis *a = result_axis(w->f, i), *b = result_axis(w->g, i);

		if (strcmp(a->name, b->name) != 0 || a->nr != b->nr)
			return differs(w, "axis %.60s with %u value%s, published: %.60s with %u", a->name, a->nr,
				       a->nr == 1 ? "" : "s", b->name, b->nr), false;
		for (unsigned k = 0; k < a->nr; k++)
			if (strcmp(a->labels[k], b->labels[k]) != 0)
				return differs(w, "axis %.60s: value %.60s, published: %.60s", a->name, a->labels[k], b->labels[k]), false;
	}
	if (result_nr_seeds(w->f) != result_nr_seeds(w->g))
		return differs(w, "%u seed%s, published: %u", result_nr_seeds(w->f), result_nr_seeds(w->f) == 1 ? "" : "s",
			       result_nr_seeds(w->g)), false;
	for (unsigned i = 0; i < result_nr_seeds(w->f); i++)
		if (result_seeds(w->f)[i] != result_seeds(w->g)[i])
			return differs(w, "other seeds"), false;
	w->nr_cells = result_nr_points(w->f) * result_nr_seeds(w->f);
	return true;
}

static eg_status metrics(struct walk *w, struct eg_errors *err)
{
	unsigned seeds = result_nr_seeds(w->f);
	const double *a, *b;
	char where[120];

	for (unsigned i = 0; i < result_nr_metrics(w->f); i++) {
		const char *name = result_metric(w->f, i)->name;
		int k = result_find_metric(w->g, name);
		size_t n = 0, first = 0;

		if (k < 0) {
			differs(w, "metric %.100s is not in the published file", name);
			continue;
		}
		EG_TRY(result_values(w->f, i, &a, err));
		EG_TRY(result_values(w->g, (unsigned)k, &b, err));
		for (size_t c = w->nr_cells; c-- > 0;)
			if (!same_number(a[c], b[c])) {
				n++;
				first = c;
			}
		if (n)
			differs(w, "metric %.80s differs in %zu of %zu cells, first at %s seed %llu: %.9g, published: %.9g", name, n,
				w->nr_cells, result_point_text(w->f, first / seeds, where, sizeof(where)),
				(unsigned long long)result_seeds(w->f)[first % seeds], a[first], b[first]);
	}
	for (unsigned i = 0; i < result_nr_metrics(w->g); i++)
		if (result_find_metric(w->f, result_metric(w->g, i)->name) < 0)
			differs(w, "metric %.100s is in the published file alone", result_metric(w->g, i)->name);
	return EG_OK;
}

static eg_status one_series(struct walk *w, unsigned i, unsigned k, double *a, double *b, struct eg_errors *err)
{
	size_t nr = result_nr_times(w->f), n = 0;
	unsigned seeds = result_nr_seeds(w->f);

	for (size_t c = 0; c < w->nr_cells; c++) {
		bool same = true;

		EG_TRY(result_read_series(w->f, i, c / seeds, (unsigned)(c % seeds), a, err));
		EG_TRY(result_read_series(w->g, k, c / seeds, (unsigned)(c % seeds), b, err));
		for (size_t t = 0; t < nr && same; t++)
			same = same_number(a[t], b[t]);
		n += !same;
	}
	if (n)
		differs(w, "series %.100s differs in %zu of %zu cells", result_series(w->f, i)->name, n, w->nr_cells);
	return EG_OK;
}

static eg_status series(struct walk *w, struct eg_errors *err)
{
	size_t nr = result_nr_times(w->f);
	bool same = nr == result_nr_times(w->g);
	double *v;
	eg_status s = EG_OK;

	for (size_t t = 0; t < nr && same; t++)
		same = same_number(result_times(w->f)[t], result_times(w->g)[t]);
	if (!same)
		return differs(w, "other times of the samples"), EG_OK;
	v = eg_calloc(2 * nr + 1, sizeof(*v));
	if (!v)
		return eg_fail(err, EG_NO_MEMORY, "no memory to compare series");
	for (unsigned i = 0; i < result_nr_series(w->f) && s == EG_OK; i++) {
		int k = result_find_series(w->g, result_series(w->f, i)->name);

		if (k >= 0)
			s = one_series(w, i, (unsigned)k, v, v + nr, err);
		else
			differs(w, "series %.100s is not in the published file", result_series(w->f, i)->name);
	}
	eg_free(v);
	return s;
}

static bool same_hist(const struct eg_hist *a, const struct eg_hist *b)
{
	return a->count == b->count && a->sum == b->sum && (!a->count || (a->min == b->min && a->max == b->max)) &&
	       memcmp(a->bucket, b->bucket, sizeof(a->bucket)) == 0;
}

static eg_status histograms(struct walk *w, struct eg_errors *err)
{
	struct eg_hist *h = eg_calloc(2, sizeof(*h));
	unsigned seeds = result_nr_seeds(w->f);
	eg_status s = h ? EG_OK : eg_fail(err, EG_NO_MEMORY, "no memory to compare histograms");

	for (unsigned i = 0; i < result_nr_hists(w->f) && s == EG_OK; i++) {
		const struct result_hist *r = result_hist(w->f, i);
		int k = result_find_hist(w->g, r->group, r->kind);
		size_t n = 0;

		if (k < 0) {
			differs(w, "histogram %.60s.%.40s is not in the published file", r->group, r->kind);
			continue;
		}
		for (size_t c = 0; c < w->nr_cells && s == EG_OK; c++) {
			s = result_read_hist(w->f, i, c / seeds, (unsigned)(c % seeds), &h[0], err);
			if (s == EG_OK)
				s = result_read_hist(w->g, (unsigned)k, c / seeds, (unsigned)(c % seeds), &h[1], err);
			n += s == EG_OK && !same_hist(&h[0], &h[1]);
		}
		if (n)
			differs(w, "histogram %.60s.%.40s differs in %zu of %zu cells", r->group, r->kind, n, w->nr_cells);
	}
	eg_free(h);
	return s;
}

static void texts(struct walk *w)
{
	static const struct { const char *key, *text; } keys[] = {
		{ "config_yaml", "the resolved experiment" },
		{ "original_yaml", "the text of the experiment file, its comments and claims included," },
		{ "engram_version", "the version of Engram" }, { "assumptions", "the assumptions" }, { "traces", "the traces" },
		{ "capabilities", "the capabilities of the traces" }, { "missing_cells", "the list of missing cells" },
		{ "compare_baseline", "compare.baseline" }, { "plots", "the list of figures" },
	};

	for (size_t i = 0; i < EG_ARRAY_LEN(keys); i++)
		if (strcmp(result_provenance(w->f, keys[i].key), result_provenance(w->g, keys[i].key)) != 0)
			say(w, "%s differs (/provenance/%s)", keys[i].text, keys[i].key);
	if (strcmp(result_name(w->f), result_name(w->g)) != 0)
		say(w, "the name is %.80s, published: %.80s", result_name(w->f), result_name(w->g));
}

static eg_status explain(struct walk *w, struct eg_errors *err)
{
	if (same_cells(w)) {
		EG_TRY(metrics(w, err));
		EG_TRY(series(w, err));
		EG_TRY(histograms(w, err));
	}
	texts(w);
	if (!w->e->nr_said)
		say(w, "the bytes differ, but no number and no text that is read here");
	return EG_OK;
}

eg_status claim_exact(struct claim_exact *e, const char *result, const char *published, struct eg_errors *err)
{
	struct walk w = { .e = e };
	eg_status s;

	*e = (struct claim_exact){ .published = published, .numbers_equal = true };
	EG_TRY(digest(result, e->sha256[0], err));
	EG_TRY(digest(published, e->sha256[1], err));
	e->identical = strcmp(e->sha256[0], e->sha256[1]) == 0;
	if (e->identical)
		return EG_OK;
	s = result_open(result, &w.f, err);
	if (s == EG_OK)
		s = result_open(published, &w.g, err);
	if (s == EG_OK)
		s = explain(&w, err);
	result_close(w.g);
	result_close(w.f);
	return s;
}
