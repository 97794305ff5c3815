/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_export - a comparison for programs, as tidy CSV and as JSON: base units, all digits; see compare.h. */
#include "results/compare.h"

#include <math.h>

static void csv_text(struct eg_str *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		eg_str_add(out, text);
		return;
	}
	eg_str_add(out, "\"");
	for (; *text; text++)
		eg_str_addn(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	eg_str_add(out, "\"");
}

static void csv_number(struct eg_str *out, double v)
{
	eg_str_add(out, ",");
	if (!isnan(v))
		eg_str_addf(out, "%.17g", v);
}

/* Does an earlier file have an axis of this name? */
static bool seen_axis(const struct compare *c, unsigned file, const char *name)
{
	for (unsigned k = 0; k < file; k++)
		for (unsigned a = 0; a < result_nr_axes(c->files[k]); a++)
			if (strcmp(result_axis(c->files[k], a)->name, name) == 0)
				return true;
	return false;
}

/* The columns of the axes: their names (point == SIZE_MAX) or the labels of a point, empty where it has no such axis. */
static void csv_axes(const struct compare *c, size_t point, struct eg_str *out)
{
	for (unsigned k = 0; k < c->nr_files; k++)
		for (unsigned a = 0; a < result_nr_axes(c->files[k]); a++) {
			const char *name = result_axis(c->files[k], a)->name;
			const struct result_file *f;

			if (seen_axis(c, k, name))
				continue;
			eg_str_add(out, ",");
			if (point == SIZE_MAX) {
				csv_text(out, name);
				continue;
			}
			f = c->files[c->points[point].file];
			for (unsigned b = 0; b < result_nr_axes(f); b++)
				if (strcmp(result_axis(f, b)->name, name) == 0)
					csv_text(out, result_point_label(f, c->points[point].point, b));
		}
}

void compare_csv(const struct compare *c, struct eg_str *out)
{
	eg_str_add(out, "experiment");
	csv_axes(c, SIZE_MAX, out);
	eg_str_add(out, ",metric,unit,n,mean,half95,baseline,pairs,ratio,ratio_low95,ratio_high95,difference,"
		   "difference_half95,p,p_holm,differs\r\n");
	for (size_t m = 0; m < c->nr_metrics; m++)
		for (size_t i = 0; i < c->nr_points; i++) {
			const struct compare_cell *cell = &c->cells[m * c->nr_points + i];
			const struct compare_point *p = &c->points[i];

			csv_text(out, result_name(c->files[p->file]));
			csv_axes(c, i, out);
			eg_str_add(out, ",");
			csv_text(out, c->metrics[m].name);
			eg_str_add(out, ",");
			csv_text(out, c->metrics[m].unit);
			eg_str_addf(out, ",%u", cell->mean.n);
			csv_number(out, cell->mean.mean);
			csv_number(out, cell->mean.half);
			eg_str_add(out, ",");
			csv_text(out, p->base == i ? "" : c->points[p->base].text);
			eg_str_addf(out, ",%u", cell->pair.n);
			csv_number(out, cell->pair.ratio);
			csv_number(out, cell->pair.ratio_low);
			csv_number(out, cell->pair.ratio_high);
			csv_number(out, cell->pair.diff);
			csv_number(out, cell->pair.half);
			csv_number(out, cell->pair.p);
			csv_number(out, cell->p_holm);
			eg_str_addf(out, ",%s\r\n", p->base == i || isnan(cell->pair.p) ? "" : cell->pair.differs ? "1" : "0");
		}
}

static void json_number(struct eg_str *out, const char *key, double v)
{
	if (isnan(v) || isinf(v))
		eg_str_addf(out, ", \"%s\": null", key);
	else
		eg_str_addf(out, ", \"%s\": %.17g", key, v);
}

static void json_point(const struct compare *c, size_t i, struct eg_str *out)
{
	const struct compare_point *p = &c->points[i];
	const struct result_file *f = c->files[p->file];

	eg_str_add(out, "{\"experiment\": ");
	eg_str_add_json(out, result_name(f));
	eg_str_add(out, ", \"labels\": {");
	for (unsigned a = 0; a < result_nr_axes(f); a++) {
		eg_str_add(out, a ? ", " : "");
		eg_str_add_json(out, result_axis(f, a)->name);
		eg_str_add(out, ": ");
		eg_str_add_json(out, result_point_label(f, p->point, a));
	}
	eg_str_addf(out, "}, \"baseline\": %zu}", p->base);
}

void compare_json(const struct compare *c, struct eg_str *out)
{
	eg_str_add(out, "{\n  \"schema\": 1,\n  \"interval\": \"95 % Student t\",\n");
	eg_str_addf(out, "  \"comparisons\": %zu,\n  \"points\": [", c->nr_tests);
	for (size_t i = 0; i < c->nr_points; i++) {
		eg_str_add(out, i ? ",\n    " : "\n    ");
		json_point(c, i, out);
	}
	eg_str_add(out, "\n  ],\n  \"metrics\": [");
	for (size_t m = 0; m < c->nr_metrics; m++) {
		eg_str_add(out, m ? ",\n    {\"name\": " : "\n    {\"name\": ");
		eg_str_add_json(out, c->metrics[m].name);
		eg_str_add(out, ", \"unit\": ");
		eg_str_add_json(out, c->metrics[m].unit);
		eg_str_addf(out, ", \"better\": %d, \"values\": [", c->metrics[m].better);
		for (size_t i = 0; i < c->nr_points; i++) {
			const struct compare_cell *cell = &c->cells[m * c->nr_points + i];

			eg_str_addf(out, "%s\n      {\"point\": %zu, \"n\": %u", i ? "," : "", i, cell->mean.n);
			json_number(out, "mean", cell->mean.mean);
			json_number(out, "half95", cell->mean.half);
			if (c->points[i].base != i) {
				eg_str_addf(out, ", \"pairs\": %u", cell->pair.n);
				json_number(out, "ratio", cell->pair.ratio);
				json_number(out, "ratio_low95", cell->pair.ratio_low);
				json_number(out, "ratio_high95", cell->pair.ratio_high);
				json_number(out, "difference", cell->pair.diff);
				json_number(out, "difference_half95", cell->pair.half);
				json_number(out, "p", cell->pair.p);
				json_number(out, "p_holm", cell->p_holm);
				eg_str_addf(out, ", \"differs\": %s", cell->pair.differs ? "true" : "false");
			}
			eg_str_add(out, "}");
		}
		eg_str_add(out, "]}");
	}
	eg_str_add(out, "\n  ]\n}\n");
}
