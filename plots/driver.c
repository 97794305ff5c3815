/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver - from results to files: which points and figures, what they are called, script, data, caption, pictures.
 *
 *   1. The points of the sweep that are wanted, of all files, are labelled with their values on the axes on which
 *      they differ: "linux, never". What they have in common is in the caption.
 *   2. table.c and the kinds of tables read the data, layout.c finds the places.
 *   3. Script = style.gp + assignments + the figure's file: complete in itself, to be edited for a paper.
 *   4. draw.c has the pictures made.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plots/table.h"
#include "sim/base/check.h"

const struct figure *figure_find(const char *name)
{
	for (const struct figure *f = figure_registry; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static const char *figure_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return figure_registry[i].name;
}

const char *figure_did_you_mean(const char *name)
{
	return eg_did_you_mean(name, figure_name, NULL);
}

/* -- points and their labels -- */

/* More points than the figure can show: say so and how to choose. */
static bool too_many(struct plot *p, const struct plot_request *q)
{
	bool curves = p->figure->table == FIGURE_LATENCY || p->figure->table == FIGURE_SERIES || p->figure->table == FIGURE_STACK;
	size_t most = curves ? PLOT_MAX_CURVES : PLOT_MAX_POINTS;
	struct result_file *f = q->files[0];

	if (p->nr_wanted <= most)
		return false;
	(void)snprintf(p->why, sizeof(p->why), "%zu points are more than %zu %s%s%.60s%s%.40s", p->nr_wanted, most,
		       p->figure->table == FIGURE_STACK ? "panels that have room" : curves ? "curves that can be told apart" : "bars that have room",
		       result_nr_axes(f) ? "; choose with --point, as in --point " : "",
		       result_nr_axes(f) ? result_axis_short(f, 0) : "", result_nr_axes(f) ? "=" : "",
		       result_nr_axes(f) ? result_axis(f, 0)->labels[0] : "");
	return true;
}

static eg_status select_points(struct plot *p, const struct plot_request *q, struct eg_errors *err)
{
	size_t all = 0;

	for (unsigned f = 0; f < q->nr_files; f++) {
		struct result_file *file = q->files[f];
		int want[64];

		for (unsigned a = 0; a < EG_ARRAY_LEN(want); a++)
			want[a] = -1;
		if (q->point)
			EG_TRY(result_parse_point(file, q->point, want, err));
		for (size_t i = 0; i < result_nr_points(file); i++) {
			if (!result_point_fits(file, i, want))
				continue;
			if (all++ < PLOT_MAX_POINTS)
				p->points[p->nr_points++] = (struct plot_point){ .file = file, .point = i };
		}
	}
	p->nr_wanted = all;
	if (!all)
		return eg_fail(err, EG_USAGE, "no point of the sweep fits %s", q->point ? q->point : "");
	return EG_OK;
}

/* The point's label on the axis of that name; NULL if its file has no such axis. */
static const char *label_on(const struct plot_point *at, const char *axis)
{
	for (unsigned a = 0; a < result_nr_axes(at->file); a++)
		if (strcmp(result_axis(at->file, a)->name, axis) == 0)
			return result_point_label(at->file, at->point, a);
	return NULL;
}

static bool differs(const struct plot *p, const char *axis)
{
	const char *first = label_on(&p->points[0], axis);

	for (unsigned i = 1; i < p->nr_points; i++) {
		const char *other = label_on(&p->points[i], axis);

		if (!first != !other || (first && strcmp(first, other) != 0))
			return true;
	}
	return false;
}

/* "results/a.h5" is "a". */
static void file_stem(const struct result_file *f, char *to, size_t size)
{
	const char *slash = strrchr(result_path(f), '/'), *base = slash ? slash + 1 : result_path(f);
	size_t n = strlen(base);

	(void)snprintf(to, size, "%.*s", (int)(n > 3 && strcmp(base + n - 3, ".h5") == 0 ? n - 3 : n), base);
}

static void label_points(struct plot *p, unsigned nr_files)
{
	struct eg_str axes = { 0 };

	if (nr_files > 1)
		eg_str_add(&axes, "result");
	for (unsigned i = 0; i < p->nr_points; i++) {
		struct plot_point *at = &p->points[i];
		struct eg_str label = { 0 }, lines = { 0 };
		char stem[100];

		file_stem(at->file, stem, sizeof(stem));
		if (nr_files > 1) {
			eg_str_add(&label, stem);
			eg_str_add(&lines, stem);
		}
		for (unsigned a = 0; a < result_nr_axes(at->file); a++) {
			if (!differs(p, result_axis(at->file, a)->name))
				continue;
			eg_str_addf(&label, "%s%s", label.len ? ", " : "", result_point_label(at->file, at->point, a));
			eg_str_addf(&lines, "%s%s", lines.len ? "\n" : "", result_point_label(at->file, at->point, a));
			if (i == 0)
				eg_str_addf(&axes, "%s%s", axes.len ? ", " : "", result_axis_short(at->file, a));
		}
		at->whole = plot_text(p, eg_str_text(&label));
		/* a line of a key, of a foot or above a panel; room for what stands beside it there */
		at->label = plot_shorten(p, at->whole, 7.0, (p->width == PLOT_COLUMN ? 252.0 : 515.52) - 60.0);
		at->lines = plot_text(p, eg_str_text(&lines));
		p->dat.failed |= label.failed || lines.failed;
		eg_str_free(&label);
		eg_str_free(&lines);
	}
	p->axes = plot_text(p, eg_str_text(&axes));
	p->dat.failed |= axes.failed;
	eg_str_free(&axes);
}

/* -- the script -- */

static void add_strings(struct eg_str *s, const char *name, unsigned n, const char *(*text)(const struct plot *, unsigned),
			const struct plot *p)
{
	eg_str_addf(s, "array %s[%u] = [", name, n);
	for (unsigned i = 0; i < n; i++) {
		eg_str_add(s, i ? ", " : "");
		plot_add_quoted(s, text(p, i));
	}
	eg_str_add(s, "]\n");
}

static const char *point_label(const struct plot *p, unsigned i) { return p->points[i].label; }
static const char *panel_label(const struct plot *p, unsigned i) { return p->panels[i].label; }
static const char *panel_unit(const struct plot *p, unsigned i) { return p->panels[i].unit; }
static const char *block_label(const struct plot *p, unsigned i) { return p->blocks[i].label; }

/* The labels of tics, which gnuplot reads as formats. */
static void add_tics(const struct plot *p, bool slanted, struct eg_str *s)
{
	eg_str_addf(s, "array tick_label[%u] = [", p->nr_points);
	for (unsigned i = 0; i < p->nr_points; i++) {
		struct eg_str twice = { 0 };

		for (const char *c = slanted ? p->points[i].label : p->points[i].lines; *c; c++)
			eg_str_addf(&twice, "%s%c", *c == '%' ? "%" : "", *c);
		eg_str_add(s, i ? ", " : "");
		plot_add_quoted(s, eg_str_text(&twice));
		s->failed |= twice.failed;
		eg_str_free(&twice);
	}
	eg_str_add(s, "]\n");
}

static void add_variables(const struct plot *p, bool slanted, struct eg_str *s)
{
	eg_str_addf(s, "nr_points = %u\nnr_panels = %u\nnr_blocks = %u\nsingle = %d\nseveral = %d\naxes = ", p->nr_points,
		    p->nr_panels, p->nr_blocks, p->single, p->several);
	plot_add_quoted(s, p->axes);
	eg_str_add(s, "\n");
	add_strings(s, "point_label", p->nr_points, point_label, p);
	add_tics(p, slanted, s);
	add_strings(s, "panel_label", p->nr_panels, panel_label, p);
	add_strings(s, "panel_unit", p->nr_panels, panel_unit, p);
	add_strings(s, "block_label", p->nr_blocks, block_label, p);
	eg_str_addf(s, "array first[%u] = [", p->nr_panels);
	for (unsigned i = 0; i < p->nr_panels; i++)
		eg_str_addf(s, "%s%u", i ? ", " : "", p->panels[i].first + 1);
	eg_str_addf(s, "]\narray last[%u] = [", p->nr_panels);
	for (unsigned i = 0; i < p->nr_panels; i++)
		eg_str_addf(s, "%s%u", i ? ", " : "", p->panels[i].first + p->panels[i].nr);
	eg_str_addf(s, "]\narray curve_point[%u] = [", p->nr_blocks);
	for (unsigned i = 0; i < p->nr_blocks; i++)
		eg_str_addf(s, "%s%u", i ? ", " : "", p->blocks[i].point + 1);
	eg_str_add(s, "]\n");
}

/* A file of the data directory, appended without the comment it opens with (licence, and what it reads). */
static eg_status add_shipped(struct eg_str *s, const char *name, struct eg_errors *err)
{
	const char *own = getenv("ENGRAM_DATADIR"), *dirs[2] = { own && *own ? own : EG_DATADIR, EG_DATADIR };
	char path[4096], line[1024];
	bool opening = true, whole = true;
	FILE *f = NULL;

	for (unsigned i = 0; i < 2 && !f; i++) {
		(void)snprintf(path, sizeof(path), "%.3900s/plots/%s", dirs[i], name);
		f = fopen(path, "r");
	}
	if (!f)
		return eg_fail(err, EG_IO, "%s: %s\nENGRAM_DATADIR names the directory that has plots/; `make install` makes one", path,
			       strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		opening &= line[0] == '#' && line[1] == ' ';
		if (!opening)
			eg_str_add(s, line);
	}
	whole = !ferror(f);
	(void)fclose(f);
	return whole ? EG_OK : eg_fail(err, EG_IO, "%s: cannot be read", path);
}

static eg_status make_script(struct plot *p, struct eg_str *s, struct eg_errors *err)
{
	const char *name = p->figure->name;
	char file[80];
	bool slanted;

	plot_layout(p);
	slanted = p->vars.len && strstr(eg_str_text(&p->vars), "label_angle = ") && !strstr(eg_str_text(&p->vars), "label_angle = 0");
	eg_str_addf(s, "# %s - %s\n# Written by Engram to be edited; `gnuplot %s.gp` draws %s.pdf from %s.dat again.\n", name,
		    p->figure->summary, name, name, name);
	eg_str_addf(s, "data = \"%s.dat\"\nif (!exists(\"out\")) out = \"%s.pdf\"\n", name, name);
	eg_str_add(s, eg_str_text(&p->vars));
	add_variables(p, slanted, s);
	if (!strstr(eg_str_text(&p->vars), "key_columns"))
		eg_str_add(s, "key_columns = 1\n");
	/* of its own accord pdfcairo makes 7 points 4.67: its unit is 4/3 of a point, and halved; 0.75 makes them 7 */
	eg_str_add(s, "if (strlen(out) > 4 && out[strlen(out)-3:strlen(out)] eq \".tex\") {\n"
		      "\tset terminal cairolatex pdf input size fig_width,fig_height fontscale 0.75 linewidth 1 butt dashlength 0.5\n"
		      "} else {\n"
		      "\tset terminal pdfcairo size fig_width,fig_height font \"Nimbus Sans,7\" fontscale 0.75 linewidth 1 butt dashlength 0.5 noenhanced\n"
		      "}\nset output out\n\n# -- style --\n");
	EG_TRY(add_shipped(s, "style.gp", err));
	eg_str_add(s, "\n# -- figure --\n");
	(void)snprintf(file, sizeof(file), "%s.gp", name);
	EG_TRY(add_shipped(s, file, err));
	eg_str_add(s, "unset output\n");
	return EG_OK;
}

/* -- the caption -- */

static void add_sources(const struct plot *p, const struct plot_request *q, struct eg_str *s)
{
	for (unsigned i = 0; i < q->nr_files; i++) {
		struct result_file *f = q->files[i];
		const char *slash = strrchr(result_path(f), '/'), *missing = result_provenance(f, "missing_cells");
		unsigned nr = result_nr_seeds(f);

		eg_str_addf(s, "Experiment %s (%s), n = %u seed%s (", result_name(f), slash ? slash + 1 : result_path(f), nr,
			    nr == 1 ? "" : "s");
		for (unsigned k = 0; k < nr; k++)
			eg_str_addf(s, "%s%llu", k ? ", " : "", (unsigned long long)result_seeds(f)[k]);
		eg_str_addf(s, "), configuration %.12s, Engram %s.\n",
			    *result_provenance(f, "config_sha256") ? result_provenance(f, "config_sha256") : "without a hash",
			    result_provenance(f, "engram_version"));
		if (*missing)
			eg_str_add(s, "Missing cells:");
		for (; *missing; missing += strcspn(missing, "\n"), missing += *missing == '\n')
			eg_str_addf(s, " [%.*s]", (int)strcspn(missing, "\n"), missing);
		if (*result_provenance(f, "missing_cells"))
			eg_str_add(s, "\n");
		/* what all points shown have in common */
		for (unsigned a = 0; a < result_nr_axes(f); a++)
			if (!differs(p, result_axis(f, a)->name) && label_on(&p->points[0], result_axis(f, a)->name))
				eg_str_addf(s, "All at %s=%s.\n", result_axis(f, a)->name,
					    label_on(&p->points[0], result_axis(f, a)->name));
	}
}

static void make_caption(const struct plot *p, const struct plot_request *q, struct eg_str *s)
{
	const bool latency = p->figure->table == FIGURE_LATENCY, series = p->figure->table == FIGURE_SERIES;
	const bool stack = p->figure->table == FIGURE_STACK, one_unit = latency || stack;

	eg_str_addf(s, "%s: %s\n\n", p->figure->name, p->figure->summary);
	for (const char *const *c = p->figure->captions; *c; c++)
		eg_str_addf(s, "%s\n", *c);
	if (*p->axes) {
		eg_str_addf(s, "Points of the sweep (%s): ", p->axes);
		for (unsigned i = 0; i < p->nr_points; i++)
			eg_str_addf(s, "%s%s", i ? "; " : "", p->points[i].whole);
		eg_str_add(s, ".\n");
	}
	if (latency)
		eg_str_add(s, "Interval: none; the histograms of all seeds are added up (buckets no wider than 1.6 %).\n");
	else if (stack)
		eg_str_add(s, "Areas: mean over the seeds; the widest 95 % interval of a mean (Student t) is given for each point below.\n");
	else
		eg_str_addf(s, "%s: mean over the seeds; %s: 95 %% interval of the mean (Student t).\n", series ? "Lines" : "Bars",
			    series ? "bands" : "error bars");
	if (p->single)
		eg_str_addf(s, "Where there is one seed only, there is no interval%s.\n",
			    latency || series || stack ? "" : ", and a dot instead of a bar");
	eg_str_add(s, "Units: ");
	for (unsigned i = 0; i < p->nr_panels; i++)
		if (!i || !one_unit)
			eg_str_addf(s, "%s%s: %s", i ? "; " : "", latency ? "latency" : stack ? "heights of areas" : p->panels[i].label,
				    *p->panels[i].unit ? p->panels[i].unit : "a number");
	eg_str_addf(s, "%s.\n", series || stack ? "; simulated time: as on the axis" : "");
	add_sources(p, q, s);
	if (p->notes.len)
		eg_str_addf(s, "\n%s", eg_str_text(&p->notes));
}

/* -- one figure, all figures -- */

static eg_status one_figure(const struct plot_request *q, const struct figure *figure, char *why, size_t size,
			    struct eg_errors *err)
{
	struct plot *p = eg_calloc(1, sizeof(*p));
	struct eg_str script = { 0 }, caption = { 0 };
	eg_status s;

	if (!p)
		return eg_fail(err, EG_NO_MEMORY, "no memory for figure %s", figure->name);
	p->figure = figure;
	p->width = q->width;
	s = select_points(p, q, err);
	if (s == EG_OK && !too_many(p, q)) {
		label_points(p, q->nr_files);
		s = plot_table(p, err);
	}
	(void)snprintf(why, size, "%s", p->why);
	if (s != EG_OK || *p->why)
		goto out;
	s = make_script(p, &script, err);
	make_caption(p, q, &caption);
	caption.failed |= p->notes.failed;
	script.failed |= p->vars.failed;
	if (s == EG_OK)
		s = plot_write_file(q->out_dir, figure->name, "dat", &p->dat, err);
	if (s == EG_OK)
		s = plot_write_file(q->out_dir, figure->name, "gp", &script, err);
	if (s == EG_OK)
		s = plot_write_file(q->out_dir, figure->name, "txt", &caption, err);
	if (s == EG_OK)
		s = plot_draw(q->out_dir, figure->name, q->formats, err);
out:
	eg_str_free(&script);
	eg_str_free(&caption);
	eg_str_free(&p->dat);
	eg_str_free(&p->vars);
	eg_str_free(&p->notes);
	eg_arena_free_all(&p->arena);
	eg_free(p);
	return s;
}

static struct plot_outcome *outcome(struct plot_report *r, const char *name)
{
	struct plot_outcome *o = &r->outcome[r->nr < PLOT_MAX_OUTCOMES ? r->nr++ : PLOT_MAX_OUTCOMES - 1];

	(void)snprintf(o->figure, sizeof(o->figure), "%s", name);
	o->why[0] = '\0';
	return o;
}

/* Draw one that was not asked for by name: no data is no error. */
static eg_status offered(const struct plot_request *q, const struct figure *f, struct plot_report *r, struct eg_errors *err)
{
	struct plot_outcome *o = outcome(r, f->name);

	return one_figure(q, f, o->why, sizeof(o->why), err);
}

/* The figures that the results' experiments name, each once; *named: there was one. */
static eg_status from_provenance(const struct plot_request *q, struct plot_report *r, bool *named, struct eg_errors *err)
{
	for (unsigned i = 0; i < q->nr_files; i++) {
		const char *line = result_provenance(q->files[i], "plots");

		while (*line) {
			size_t n = strcspn(line, "\n");
			const struct figure *f;
			bool seen = false;
			char name[64];

			(void)snprintf(name, sizeof(name), "%.*s", (int)(n < 63 ? n : 63), line);
			line += n + (line[n] == '\n');
			for (unsigned k = 0; k < r->nr; k++)
				seen |= strcmp(r->outcome[k].figure, name) == 0;
			if (!*name || seen)
				continue;
			*named = true;
			f = figure_find(name);
			if (f)
				EG_TRY(offered(q, f, r, err));
			else
				(void)snprintf(outcome(r, name)->why, sizeof(r->outcome[0].why), "there is no such figure in this version");
		}
	}
	return EG_OK;
}

static eg_status by_name(const struct plot_request *q, struct plot_report *r, struct eg_errors *err)
{
	for (unsigned i = 0; i < q->nr_figures; i++)
		if (!figure_find(q->figures[i])) {
			const char *near = figure_did_you_mean(q->figures[i]);

			return eg_fail(err, EG_USAGE, "there is no figure %.60s%s%s%s\n`engram list figures` names them", q->figures[i],
				       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		}
	for (unsigned i = 0; i < q->nr_figures; i++) {
		struct plot_outcome *o = outcome(r, q->figures[i]);

		EG_TRY(one_figure(q, figure_find(q->figures[i]), o->why, sizeof(o->why), err));
		if (*o->why)
			return eg_fail(err, EG_BAD_INPUT, "%s: %s cannot be drawn: %s", result_path(q->files[0]), q->figures[i], o->why);
	}
	return EG_OK;
}

eg_status plot_figures(const struct plot_request *q, struct plot_report *report, struct eg_errors *err)
{
	struct plot_report *r = report ? report : eg_calloc(1, sizeof(*r));
	bool named = false;
	eg_status s = EG_OK;

	EG_CHECK(q->nr_files && q->nr_files <= PLOT_MAX_FILES && q->formats && q->out_dir);
	if (!r)
		return eg_fail(err, EG_NO_MEMORY, "no memory for figures");
	r->nr = 0;
	if (mkdir(q->out_dir, 0777) != 0 && errno != EEXIST)
		s = eg_fail_errno(err, false, "%s: cannot be made", q->out_dir);
	if (s == EG_OK && q->nr_figures)
		s = by_name(q, r, err);
	else if (s == EG_OK)
		s = from_provenance(q, r, &named, err);
	if (s == EG_OK && !q->nr_figures && !named)
		for (const struct figure *f = figure_registry; f->name && s == EG_OK; f++)
			s = offered(q, f, r, err);
	if (s == EG_OK) {
		unsigned drawn = 0;

		for (unsigned i = 0; i < r->nr; i++)
			drawn += !*r->outcome[i].why;
		if (!drawn)
			s = eg_fail(err, EG_BAD_INPUT, "%s: no figure can be drawn; %s: %s", result_path(q->files[0]), r->outcome[0].figure,
				    r->outcome[0].why);
	}
	if (r != report)
		eg_free(r);
	return s;
}
