/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw - a figure's files: text written whole or not at all, and the pictures that gnuplot and poppler make of it.
 *
 * gnuplot draws a PDF under a temporary name; PNG and SVG are made from that PDF, so that all look the same (its own PNG
 * has other line widths and lets labels overlap). Only then the PDF gets its name.
 *
 * For TeX gnuplot draws once more: lines into NAME-inc.pdf, letters into a text file that places them. It knows nothing
 * of what TeX would read in a label - an underscore, a percent sign - so its file is rewritten on the way to NAME.tex.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plots/table.h"

#define CHILD_SECONDS 60u

eg_status plot_write_file(const char *dir, const char *name, const char *ext, const struct eg_str *s, struct eg_errors *err)
{
	char path[4096], temp[4112];
	bool good;
	FILE *f;

	if (s->failed)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the text of figure %s", name);
	(void)snprintf(path, sizeof(path), "%.3900s/%s.%s", dir, name, ext);
	(void)snprintf(temp, sizeof(temp), "%s.tmp", path);
	f = fopen(temp, "w");
	if (!f)
		return eg_fail_errno(err, false, "%s: cannot be written", path);
	good = fwrite(eg_str_text(s), 1, s->len, f) == s->len;
	good &= fclose(f) == 0;
	good = good && rename(temp, path) == 0;
	if (!good) {
		eg_status bad = eg_fail_errno(err, false, "%s: cannot be written", path);

		(void)unlink(temp);
		return bad;
	}
	return EG_OK;
}

static eg_status convert(const char *dir, const char *name, const char *temp, unsigned formats, struct eg_errors *err)
{
	char png[100], svg[100];
	const char *const to_png[] = { "pdftoppm", "-r", "300", "-png", "-singlefile", temp, png, NULL };
	const char *const to_svg[] = { "pdftocairo", "-svg", temp, svg, NULL };

	(void)snprintf(png, sizeof(png), "%s", name);           /* pdftoppm adds .png itself */
	(void)snprintf(svg, sizeof(svg), "%s.svg", name);
	if (formats & PLOT_PNG)
		EG_TRY(plot_child(to_png, dir, CHILD_SECONDS, "poppler-utils", err));
	if (formats & PLOT_SVG)
		EG_TRY(plot_child(to_svg, dir, CHILD_SECONDS, "poppler-utils", err));
	return EG_OK;
}

/* A picture of the script, to `out` in `dir`. */
static eg_status run_gnuplot(const char *dir, const char *name, const char *out, struct eg_errors *err)
{
	char assign[120], script[80], path[4096];
	/* -d: the user's own initialisation file must not change the figure */
	const char *const gnuplot[] = { "gnuplot", "-d", "-e", assign, script, NULL };
	struct stat st;

	(void)snprintf(assign, sizeof(assign), "out='%s'", out);
	(void)snprintf(script, sizeof(script), "%s.gp", name);
	(void)snprintf(path, sizeof(path), "%.3900s/%s", dir, out);
	EG_TRY(plot_child(gnuplot, dir, CHILD_SECONDS, "gnuplot-nox", err));
	if (stat(path, &st) != 0 || st.st_size == 0)
		return eg_fail(err, EG_IO, "gnuplot drew nothing for %s.gp\nit must know the terminals pdfcairo and cairolatex: package gnuplot-nox",
			       name);
	return EG_OK;
}

static eg_status read_text(const char *path, struct eg_str *s, struct eg_errors *err)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;
	bool good;

	if (!f)
		return eg_fail_errno(err, false, "%s: cannot be read", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		eg_str_addn(s, chunk, n);
	good = !ferror(f);
	(void)fclose(f);
	if (!good)
		return eg_fail_errno(err, false, "%s: cannot be read", path);
	return s->failed ? eg_fail(err, EG_NO_MEMORY, "no memory for the text of a figure") : EG_OK;
}

static eg_status draw_tex(const char *dir, const char *name, struct eg_errors *err)
{
	struct eg_str raw = { 0 }, tex = { 0 };
	char out[100], path[4096];
	eg_status s;

	(void)snprintf(out, sizeof(out), "%s-inc.tex", name);   /* gnuplot names the PDF after it */
	(void)snprintf(path, sizeof(path), "%.3900s/%s", dir, out);
	s = run_gnuplot(dir, name, out, err);
	if (s == EG_OK)
		s = read_text(path, &raw, err);
	(void)unlink(path);
	if (s == EG_OK) {
		plot_tex(&tex, eg_str_text(&raw));
		s = plot_write_file(dir, name, "tex", &tex, err);
	}
	eg_str_free(&raw);
	eg_str_free(&tex);
	return s;
}

eg_status plot_draw(const char *dir, const char *name, unsigned formats, struct eg_errors *err)
{
	char temp[100], from[4096], to[4096];
	eg_status s = EG_OK;

	(void)snprintf(temp, sizeof(temp), "%s.tmp.pdf", name);
	(void)snprintf(from, sizeof(from), "%.3900s/%s", dir, temp);
	(void)snprintf(to, sizeof(to), "%.3900s/%s.pdf", dir, name);
	if (formats & (PLOT_PDF | PLOT_PNG | PLOT_SVG)) {
		s = run_gnuplot(dir, name, temp, err);
		if (s == EG_OK)
			s = convert(dir, name, temp, formats, err);
		if (s == EG_OK && formats & PLOT_PDF && rename(from, to) != 0)
			s = eg_fail_errno(err, false, "%s: cannot be written", to);
		(void)unlink(from);
	}
	if (s == EG_OK && formats & PLOT_TEX)
		s = draw_tex(dir, name, err);
	return s;
}
