/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table - what the kinds of tables share: texts and units for gnuplot, panels and blocks; see table.h.
 *
 * latency.c, series.c, stack.c, summary.c and parts.c read the numbers. Wherever there is an interval it is that of results/stats.h,
 * Student's t over the seeds at 95 %.
 */
#include "plots/table.h"

#include <stdarg.h>
#include <stdio.h>

void plot__why(struct plot *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
}

const char *plot_text(struct plot *p, const char *text)
{
	const char *copy = eg_arena_strdup(&p->arena, text);

	if (!copy)
		p->dat.failed = true;
	return copy ? copy : "";
}

void plot_add_quoted(struct eg_str *s, const char *text)
{
	eg_str_add(s, "\"");
	for (; *text; text++) {
		if (*text == '\n')
			eg_str_add(s, "\\n");
		else if (*text == '`')          /* gnuplot would run what stands between two */
			eg_str_add(s, "\\140");
		else if ((unsigned char)*text < ' ')
			eg_str_add(s, " ");
		else
			eg_str_addf(s, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
	}
	eg_str_add(s, "\"");
}

void plot_add_name(struct eg_str *s, const char *text)
{
	eg_str_add(s, "\"");
	for (; *text; text++)
		eg_str_addf(s, "%c", *text == '"' ? '\'' : (unsigned char)*text < ' ' ? ' ' : *text);
	eg_str_add(s, "\"");
}

const char *plot_unit(const char *unit, double max, double *divide)
{
	static const struct { const char *unit; double from, divide; const char *show; } scale[] = {
		{ "ns", 1e9, 1e9, "s" }, { "ns", 1e6, 1e6, "ms" }, { "ns", 1e3, 1e3, "µs" },
		{ "bytes", 0x1p30, 0x1p30, "GiB" }, { "bytes", 0x1p20, 0x1p20, "MiB" }, { "bytes", 0x1p10, 0x1p10, "KiB" },
		{ "pages", 1e7, 1e6, "10⁶ pages" }, { "pages", 1e4, 1e3, "10³ pages" },
		{ "1", 1e7, 1e6, "10⁶" }, { "1", 1e4, 1e3, "10³" },
	};

	*divide = 1.0;
	for (unsigned i = 0; i < EG_ARRAY_LEN(scale); i++)
		if (strcmp(scale[i].unit, unit) == 0 && max >= scale[i].from) {
			*divide = scale[i].divide;
			return scale[i].show;
		}
	return strcmp(unit, "1") == 0 ? "" : unit;
}

struct plot_panel *plot__add_panel(struct plot *p, const char *label, const char *unit)
{
	struct plot_panel *panel = &p->panels[p->nr_panels++];

	*panel = (struct plot_panel){ .label = plot_text(p, label), .unit = plot_text(p, unit), .first = p->nr_blocks };
	return panel;
}

/* Open the block of a curve: an empty line and another part it from the one before, as gnuplot wants. */
void plot__add_block(struct plot *p, unsigned point, const char *label)
{
	struct plot_block *b = &p->blocks[p->nr_blocks];

	*b = (struct plot_block){ p->nr_panels - 1, point, plot_text(p, label) };
	if (p->nr_blocks++)
		eg_str_add(&p->dat, "\n\n");
	plot_add_name(&p->dat, label);
	eg_str_add(&p->dat, "\n");
	p->panels[p->nr_panels - 1].nr++;
}

eg_status plot_table(struct plot *p, struct eg_errors *err)
{
	switch (p->figure->table) {
	case FIGURE_LATENCY:     return plot__latency(p, err);
	case FIGURE_SERIES:      return plot__series(p, err);
	case FIGURE_STACK:       return plot__stack(p, err);
	case FIGURE_PARTS:       return plot__parts(p, err);
	case FIGURE_SUMMARY:     return plot__summary(p, false, err);
	case FIGURE_SUMMARY_ALL: return plot__summary(p, true, err);
	}
	return EG_OK;
}
