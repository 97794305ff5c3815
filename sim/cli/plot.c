/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot - figures from results. What is a file and what a figure is told by the name: figures have no dot or slash. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plots/plots.h"
#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "sim/cli/verb.h"

static const struct cli_option options[] = {
	{ .name = "output", .letter = 'o', .arg = "DIR", .help = "where to write (default: FILE-figures, beside the result), made if need be" },
	{ .name = "format", .letter = 'f', .arg = "pdf|png|svg|tex,...", .help = "one format or several with commas; default pdf" },
	{ .name = "width", .arg = "column|text", .help = "3.5 in (default) or 7.16 in" },
	{ .name = "point", .arg = "K=V,...", .help = "only the points of the sweep with these labels (default: all)" },
	{ .name = "json", .help = "print what became of each figure as JSON" },
	{ 0 }
};

static const struct { const char *name; unsigned flag; } formats[] = {
	{ "pdf", PLOT_PDF }, { "png", PLOT_PNG }, { "svg", PLOT_SVG }, { "tex", PLOT_TEX },
};

static bool read_formats(const char *text, unsigned *out)
{
	*out = text ? 0 : PLOT_PDF;
	while (text) {
		size_t n = strcspn(text, ",");
		unsigned flag = 0;

		for (unsigned i = 0; i < EG_ARRAY_LEN(formats); i++)
			if (strlen(formats[i].name) == n && memcmp(text, formats[i].name, n) == 0)
				flag = formats[i].flag;
		if (!flag) {
			(void)cli_usage("plot: unknown format %.*s; there are: pdf, png, svg, tex", (int)(n < 40 ? n : 40), text);
			return false;
		}
		*out |= flag;
		text = text[n] ? text + n + 1 : NULL;
	}
	return true;
}

static bool read_width(const char *text, enum plot_width *out)
{
	*out = text && strcmp(text, "text") == 0 ? PLOT_TEXT : PLOT_COLUMN;
	if (!text || strcmp(text, "text") == 0 || strcmp(text, "column") == 0)
		return true;
	(void)cli_usage("plot: unknown width %.40s; there are: column (3.5 in), text (7.16 in)", text);
	return false;
}

static bool is_file(const char *arg)
{
	return !figure_find(arg) && (strpbrk(arg, "./") != NULL || access(arg, F_OK) == 0);
}

/* "results/a.h5": "results/a-figures". */
static char *default_dir(const char *path)
{
	struct eg_str s = { 0 };
	size_t n = strlen(path);

	eg_str_addn(&s, path, n > 3 && strcmp(path + n - 3, ".h5") == 0 ? n - 3 : n);
	eg_str_add(&s, "-figures");
	if (!s.failed)
		return s.p;
	eg_str_free(&s);
	return NULL;
}

static void tell(const struct plot_request *q, const struct plot_report *r, bool quiet)
{
	for (unsigned i = 0; i < r->nr; i++) {
		const struct plot_outcome *o = &r->outcome[i];

		if (*o->why)
			fprintf(stderr, "engram: %s left out: %s\n", o->figure, o->why);
		for (unsigned k = 0; k < EG_ARRAY_LEN(formats) && !*o->why && !quiet; k++)
			if (q->formats & formats[k].flag)
				printf("%s/%s.%s\n", q->out_dir, o->figure, formats[k].name);
	}
}

/* The same for programs: each figure with its files, or why it was left out. */
static int tell_json(const struct plot_request *q, const struct plot_report *r)
{
	struct eg_str out = { 0 };

	eg_str_add(&out, "{\"schema\": 1, \"directory\": ");
	eg_str_add_json(&out, q->out_dir);
	eg_str_add(&out, ",\n  \"figures\": [");
	for (unsigned i = 0; i < r->nr; i++) {
		const struct plot_outcome *o = &r->outcome[i];
		bool first = true;

		eg_str_addf(&out, "%s\n    {\"name\": ", i ? "," : "");
		eg_str_add_json(&out, o->figure);
		eg_str_addf(&out, ", \"drawn\": %s, \"left_out\": ", *o->why ? "false" : "true");
		if (*o->why)
			eg_str_add_json(&out, o->why);
		else
			eg_str_add(&out, "null");
		eg_str_add(&out, ", \"files\": [");
		for (unsigned k = 0; k < EG_ARRAY_LEN(formats) && !*o->why; k++) {
			struct eg_str path = { 0 };

			if (!(q->formats & formats[k].flag))
				continue;
			eg_str_addf(&path, "%s/%s.%s", q->out_dir, o->figure, formats[k].name);
			eg_str_add(&out, first ? "" : ", ");
			eg_str_add_json(&out, eg_str_text(&path));
			out.failed |= path.failed;
			eg_str_free(&path);
			first = false;
		}
		eg_str_add(&out, "]}");
	}
	eg_str_add(&out, "\n  ]}\n");
	return cli_print(&out);
}

static int run(const struct cli_args *a)
{
	struct result_file *files[PLOT_MAX_FILES] = { 0 };
	const char *figures[CLI_MAX_ARGS];
	struct plot_request q = { .files = files, .figures = figures, .point = cli_value(a, "point") };
	static const struct eg_errors no_errors;
	struct eg_errors err = no_errors;
	struct plot_report report = { 0 };
	char *dir = NULL;
	eg_status s = EG_OK;
	int rc = 0;

	if (!read_formats(cli_value(a, "format"), &q.formats) || !read_width(cli_value(a, "width"), &q.width))
		return eg_status_exit_code(EG_USAGE);
	for (unsigned i = 0; i < a->nr; i++)
		if (!is_file(a->arg[i]))
			figures[q.nr_figures++] = a->arg[i];
	for (unsigned i = 0; i < q.nr_figures; i++)
		if (!figure_find(figures[i])) {
			const char *near = figure_did_you_mean(figures[i]);

			return cli_usage("plot: %.60s is neither a file nor a figure%s%s%s; `engram list figures` names the figures", figures[i],
					 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		}
	if (q.nr_figures == a->nr)
		return cli_usage("plot: which result? plot FILE.h5... [FIGURE...]");
	for (unsigned i = 0; i < a->nr && s == EG_OK; i++) {
		if (!is_file(a->arg[i]))
			continue;
		if (q.nr_files == PLOT_MAX_FILES) {
			s = eg_fail(&err, EG_USAGE, "plot: at most %u files", PLOT_MAX_FILES);
			break;
		}
		if (!q.nr_files)
			dir = default_dir(a->arg[i]);
		s = cli_open_result(a->arg[i], &files[q.nr_files++], &err);
	}
	q.out_dir = cli_given(a, "output") ? cli_value(a, "output") : dir;
	if (s == EG_OK && !q.out_dir)
		s = EG_NO_MEMORY;
	if (s == EG_OK) {
		s = plot_figures(&q, &report, &err);
		if (s == EG_OK && a->json)
			rc = tell_json(&q, &report);
		else if (s == EG_OK)
			tell(&q, &report, a->quiet);
	}
	for (unsigned i = 0; i < q.nr_files; i++)
		result_close(files[i]);
	eg_free(dir);
	return s == EG_OK ? rc : cli_report(s, &err);
}

const struct verb_ops verb_plot_ops = {
	.name = "plot",
	.summary = "figures for a paper from results",
	.usage = "FILE.h5... [FIGURE...] [options]",
	.description =
		"Draws the figures named, or those that the experiment names under `plots:`, or else all that the results\n"
		"have data for. For each figure a gnuplot script, its data and a caption are written beside the picture:\n"
		"edit FIGURE.gp and run `gnuplot FIGURE.gp` to draw it anew. The caption (FIGURE.txt) tells what is shown,\n"
		"the number of seeds, how intervals were made, and the units. `engram list figures` names the figures.\n"
		"Needs gnuplot; png and svg need poppler-utils as well. tex gives FIGURE.tex and FIGURE-inc.pdf, for a document\n"
		"of LaTeX that loads graphicx and xcolor; drawing it needs no TeX.",
	.example = "engram plot quickstart.h5 fault-latency-cdf --format pdf,png --width column",
	.options = options,
	.min_args = 1,
	.max_args = CLI_MAX_ARGS,
	.run = run,
};
