/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_text - verdicts for people and programs; see claim.h.
 *
 * A number is shown with two digits of its interval, in a unit that keeps it short. A place with many parts shows the one
 * that is nearest to failing; JSON has them all, in the result's own units.
 */
#include "results/claim.h"

#include <math.h>
#include <stdio.h>

#include "results/claim_exact.h"

/* ---- numbers -------------------------------------------------------------------------------------- */

struct scale {
	double      divide;
	char        unit[48];            /* with its leading blank, or "" */
};

/* The unit for numbers as large as `largest`; "ns/byte" becomes "us/MiB". */
static void choose_scale(struct scale *s, const char *unit, double largest)
{
	static const struct { const char *from, *to; double factor; } steps[] = {
		{ "ns", "s", 1e9 }, { "ns", "ms", 1e6 }, { "ns", "us", 1e3 }, { "bytes", "GiB", 0x1p30 }, { "bytes", "MiB", 0x1p20 },
		{ "bytes", "KiB", 0x1p10 },
	};
	size_t n = strcspn(unit, "/");
	bool per_byte = strcmp(unit + n, "/byte") == 0;
	const char *per = per_byte ? "/MiB" : unit + n;

	s->divide = per_byte ? 0x1p-20 : 1;
	largest /= s->divide;
	for (size_t i = 0; i < EG_ARRAY_LEN(steps); i++)
		if (strlen(steps[i].from) == n && strncmp(unit, steps[i].from, n) == 0 && largest >= steps[i].factor) {
			s->divide *= steps[i].factor;
			(void)snprintf(s->unit, sizeof(s->unit), " %s%.30s", steps[i].to, per);
			return;
		}
	(void)snprintf(s->unit, sizeof(s->unit), "%s%.*s%.20s", *unit ? " " : "", (int)(n < 20 ? n : 20), unit, per);
}

/* With the digits that a spread of +- half leaves meaning. */
static void add_number(struct eg_str *out, double v, double half)
{
	int decimals;

	if (!(half > 0)) {
		eg_str_addf(out, fabs(v) < 1e12 && floor(v) >= v ? "%.0f" : "%.6g", v);
		return;
	}
	decimals = (int)fmax(0, fmin(9, 1 - floor(log10(half))));
	eg_str_addf(out, "%.*f", decimals, v);
}

/* "2.41 [2.30, 2.53], 5 seeds, margin 0.30" */
static void add_part(const struct claim_judged *j, const struct claim_part *p, struct eg_str *out)
{
	double half = (p->high - p->low) / 2;
	struct scale s;

	if (isnan(p->estimate)) {
		eg_str_addf(out, "%s", p->why ? p->why : "");
		return;
	}
	choose_scale(&s, j->unit, fmax(fabs(p->estimate), isnan(half) ? 0 : fmax(fabs(p->low), fabs(p->high))));
	half /= s.divide;
	add_number(out, p->estimate / s.divide, half);
	if (half > 0) {
		eg_str_add(out, " [");
		add_number(out, p->low / s.divide, half);
		eg_str_add(out, ", ");
		add_number(out, p->high / s.divide, half);
		eg_str_add(out, "]");
	}
	eg_str_add(out, s.unit);
	if (p->all_equal)
		eg_str_addf(out, ", all %u seeds equal", p->n);
	else
		eg_str_addf(out, ", %u seed%s%s", p->n, p->n == 1 ? "" : "s", j->claim->no_interval ? ", no interval asked for" : "");
	if (isfinite(p->margin) && fabs(p->margin) > 0) {
		eg_str_add(out, p->margin < 0 ? ", misses by " : ", margin ");
		add_number(out, fabs(p->margin) / s.divide, half);
		eg_str_add(out, s.unit);
	}
	if (p->why)
		eg_str_addf(out, "; %s", p->why);
}

static const char *parts_are(const struct claim_judged *j)
{
	return j->claim->expect.form == CLAIM_FLAT ? "pairs" : "steps";
}

/* "thp=always to thp=never: " and the part that decides. */
static void add_place(const struct claim_judged *j, const struct claim_place *at, struct eg_str *out)
{
	const struct claim_part *p = &at->parts[at->worst];
	unsigned holds = 0;

	if (j->nr_places > 1 && at->verdict != CLAIM_PASS)
		eg_str_addf(out, "%s at ", claim_verdict_text(at->verdict));
	if (*at->text)
		eg_str_addf(out, "%s: ", at->text);
	for (unsigned i = 0; i < at->nr_parts; i++)
		holds += at->parts[i].verdict == CLAIM_PASS;
	if (at->nr_parts > 1)
		eg_str_addf(out, "%u of %u %s hold; %s ", holds, at->nr_parts, parts_are(j), at->verdict == CLAIM_PASS ? "the closest," : "worst,");
	if (p->step)
		eg_str_addf(out, "%s: ", p->step);
	add_part(j, p, out);
}

static const char *statistic(const struct claim *c)
{
	return c->median ? ", median of the seeds" : "";
}

static void add_totals(const struct claim_report *r, struct eg_str *out)
{
	eg_str_addf(out, "%u claim%s: %u PASS, %u FAIL, %u UNDECIDED; 95 %% intervals over %u seed%s, each claim for itself\n", r->nr,
		    r->nr == 1 ? "" : "s", r->count[CLAIM_PASS], r->count[CLAIM_FAIL], r->count[CLAIM_UNDECIDED], r->nr_seeds,
		    r->nr_seeds == 1 ? "" : "s");
}

static const char *exact_text(const struct claim_exact *e)
{
	return e->identical ? "the same bytes as" : e->numbers_equal ? "other bytes, but the same numbers as" : "other numbers than";
}

/* ---- a terminal ----------------------------------------------------------------------------------- */

/* `text` filled into lines of `width`, continued at `indent`; the cursor stands at `indent`. */
static void add_filled(struct eg_str *out, const char *text, unsigned indent, unsigned width)
{
	unsigned at = indent;

	for (bool first = true; *text; first = false) {
		size_t n = strcspn(text, " \n");

		if (!first && width && at + 1 + n > width) {
			eg_str_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			eg_str_add(out, " ");
			at++;
		}
		eg_str_addn(out, text, n);
		at += (unsigned)n;
		text += n;
		text += strspn(text, " \n");
	}
	eg_str_add(out, "\n");
}

/* A line that begins at column `at` and is continued two columns further; frees it. */
static void add_line(struct eg_str *out, struct eg_str *line, unsigned at, unsigned width)
{
	eg_str_addf(out, "%*s", (int)at, "");
	add_filled(out, eg_str_text(line), at + 2, width);
	out->failed |= line->failed;
	eg_str_free(line);
}

void claim_table(const struct claim_report *r, unsigned width, struct eg_str *out)
{
	unsigned id = 0;

	for (unsigned i = 0; i < r->nr; i++) {
		size_t n = strlen(r->claims[i].claim->id);

		id = n > id ? (unsigned)n : id;
	}
	id = id > 20 ? 20 : id;
	for (unsigned i = 0; i < r->nr; i++) {
		const struct claim_judged *j = &r->claims[i];
		const struct claim *c = j->claim;
		struct eg_str line = { 0 };

		eg_str_addf(out, "%-9s  %-*s  ", claim_verdict_text(j->verdict), (int)id, c->id);
		add_filled(out, c->text, id + 13, width);
		eg_str_addf(&line, "%s: %s%s", c->metric, c->sentence, statistic(c));
		add_line(out, &line, 4, width);
		for (unsigned k = 0; k < j->nr_places; k++) {
			add_place(j, &j->places[k], &line);
			add_line(out, &line, 6, width);
		}
		if (c->source && j->verdict != CLAIM_PASS) {
			eg_str_addf(&line, "source: %s", c->source);
			add_line(out, &line, 4, width);
		}
	}
	if (r->nr)
		add_totals(r, out);
	if (!r->exact)
		return;
	eg_str_addf(out, "exact: %s: %s %s\n", r->exact->identical ? "PASS" : "FAIL", exact_text(r->exact), r->exact->published);
	eg_str_addf(out, "  sha256 %s%s%s\n", r->exact->sha256[0], r->exact->identical ? "" : ", published: ",
		    r->exact->identical ? "" : r->exact->sha256[1]);
	for (unsigned i = 0; i < r->exact->nr_said; i++)
		eg_str_addf(out, "  %s\n", r->exact->said[i]);
	if (r->exact->nr_left_out)
		eg_str_addf(out, "  and %u more differences\n", r->exact->nr_left_out);
}

/* ---- Markdown ------------------------------------------------------------------------------------- */

static void add_cell(struct eg_str *out, const char *text)
{
	for (; *text; text++)
		if (*text == '|')
			eg_str_add(out, "\\|");
		else
			eg_str_addn(out, *text == '\n' ? " " : text, 1);
}

void claim_markdown(const struct claim_report *r, struct eg_str *out)
{
	if (r->nr)
		eg_str_add(out, "| verdict | claim | | metric | expected | found | source |\n|---|---|---|---|---|---|---|\n");
	for (unsigned i = 0; i < r->nr; i++) {
		const struct claim_judged *j = &r->claims[i];
		const struct claim *c = j->claim;
		struct eg_str line = { 0 };

		eg_str_addf(out, "| %s | %s | ", claim_verdict_text(j->verdict), c->id);
		add_cell(out, c->text);
		eg_str_addf(out, " | `%s` | ", c->metric);
		add_cell(out, c->sentence);
		eg_str_addf(out, "%s | ", statistic(c));
		for (unsigned k = 0; k < j->nr_places; k++) {
			add_place(j, &j->places[k], &line);
			eg_str_add(out, k ? "<br>" : "");
			add_cell(out, eg_str_text(&line));
			out->failed |= line.failed;
			eg_str_free(&line);
		}
		eg_str_add(out, " | ");
		add_cell(out, c->source ? c->source : "");
		eg_str_add(out, " |\n");
	}
	if (r->nr) {
		eg_str_add(out, "\n");
		add_totals(r, out);
	}
	if (!r->exact)
		return;
	eg_str_addf(out, "\nexact: **%s**: %s `%s` (sha256 `%s`)\n", r->exact->identical ? "PASS" : "FAIL", exact_text(r->exact),
		    r->exact->published, r->exact->sha256[1]);
	for (unsigned i = 0; i < r->exact->nr_said; i++)
		eg_str_addf(out, "- %s\n", r->exact->said[i]);
	if (r->exact->nr_left_out)
		eg_str_addf(out, "- and %u more differences\n", r->exact->nr_left_out);
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void json_text(struct eg_str *out, const char *key, const char *text)
{
	eg_str_addf(out, "\"%s\": ", key);
	if (text)
		eg_str_add_json(out, text);
	else
		eg_str_add(out, "null");
}

static void json_number(struct eg_str *out, const char *key, double v)
{
	if (isfinite(v))
		eg_str_addf(out, ", \"%s\": %.17g", key, v);
	else
		eg_str_addf(out, ", \"%s\": null", key);
}

static void json_part(const struct claim_part *p, struct eg_str *out)
{
	eg_str_add(out, "{");
	json_text(out, "step", p->step);
	eg_str_addf(out, ", \"verdict\": \"%s\", \"seeds\": %u, \"all_equal\": %s", claim_verdict_text(p->verdict), p->n,
		    p->all_equal ? "true" : "false");
	json_number(out, "estimate", p->estimate);
	json_number(out, "low", p->low);
	json_number(out, "high", p->high);
	json_number(out, "margin", p->margin);
	json_number(out, "p", p->p);
	eg_str_add(out, ", ");
	json_text(out, "why", p->why);
	eg_str_add(out, "}");
}

static void json_claim(const struct claim_judged *j, struct eg_str *out)
{
	const struct claim *c = j->claim;

	eg_str_add(out, "{");
	json_text(out, "id", c->id);
	eg_str_addf(out, ", \"verdict\": \"%s\", ", claim_verdict_text(j->verdict));
	json_text(out, "text", c->text);
	eg_str_add(out, ", ");
	json_text(out, "source", c->source);
	eg_str_add(out, ",\n     ");
	json_text(out, "metric", c->metric);
	eg_str_add(out, ", ");
	json_text(out, "unit", j->unit);
	eg_str_add(out, ", ");
	json_text(out, "expect", c->sentence);
	json_number(out, "expect_low", j->low);
	json_number(out, "expect_high", j->high);
	eg_str_addf(out, ", \"statistic\": \"%s\", \"interval\": %s,\n     \"places\": [", c->median ? "median" : "mean",
		    c->no_interval ? "null" : "0.95");
	for (unsigned i = 0; i < j->nr_places; i++) {
		const struct claim_place *at = &j->places[i];

		eg_str_add(out, i ? ",\n      {" : "\n      {");
		json_text(out, "place", at->text);
		eg_str_addf(out, ", \"point\": %zu, ", at->point);
		if (at->vs != at->point)
			eg_str_addf(out, "\"vs_point\": %zu, ", at->vs);
		eg_str_addf(out, "\"verdict\": \"%s\", \"parts\": [", claim_verdict_text(at->verdict));
		for (unsigned k = 0; k < at->nr_parts; k++) {
			eg_str_add(out, k ? ",\n        " : "\n        ");
			json_part(&at->parts[k], out);
		}
		eg_str_add(out, "]}");
	}
	eg_str_add(out, "]}");
}

static void json_exact(const struct claim_exact *e, struct eg_str *out)
{
	eg_str_add(out, ",\n  \"exact\": {");
	json_text(out, "published", e->published);
	eg_str_addf(out, ", \"identical\": %s, \"numbers_equal\": %s, \"sha256\": \"%s\", \"published_sha256\": \"%s\", "
		    "\"differences\": [", e->identical ? "true" : "false", e->numbers_equal ? "true" : "false", e->sha256[0], e->sha256[1]);
	for (unsigned i = 0; i < e->nr_said; i++) {
		eg_str_add(out, i ? ",\n    " : "\n    ");
		eg_str_add_json(out, e->said[i]);
	}
	eg_str_addf(out, "], \"left_out\": %u}", e->nr_left_out);
}

void claim_json(const struct claim_report *r, struct eg_str *out)
{
	eg_str_add(out, "{\"schema\": 1,\n  ");
	json_text(out, "experiment", r->experiment);
	eg_str_add(out, ",\n  ");
	json_text(out, "result", r->file);
	eg_str_addf(out, ",\n  \"seeds\": %u,\n  \"claims\": [", r->nr_seeds);
	for (unsigned i = 0; i < r->nr; i++) {
		eg_str_add(out, i ? ",\n    " : "\n    ");
		json_claim(&r->claims[i], out);
	}
	eg_str_addf(out, "],\n  \"pass\": %u, \"fail\": %u, \"undecided\": %u", r->count[CLAIM_PASS], r->count[CLAIM_FAIL],
		    r->count[CLAIM_UNDECIDED]);
	if (r->exact)
		json_exact(r->exact, out);
	eg_str_add(out, "}\n");
}
