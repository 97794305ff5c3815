/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plots - figures from result files: a gnuplot script, its data, the picture and a caption.
 *
 *	struct plot_request q = { .files = &f, .nr_files = 1, .out_dir = "figures", .formats = PLOT_PDF };
 *	s = plot_figures(&q, &report, err);
 *
 * For each figure NAME these files are written into out_dir (older ones of that name are replaced):
 *
 *   NAME.gp     the script, complete in itself: `gnuplot NAME.gp` in that folder draws NAME.pdf again
 *   NAME.dat    its data as text, one index block for each curve or metric, the block's name in its first line
 *   NAME.txt    the caption: what is shown, n, the interval and how it was made, units, source
 *   NAME.pdf, NAME.png (300 dpi), NAME.svg    as asked for
 *   NAME.tex, NAME-inc.pdf      for \input into a document of LaTeX, which sets the labels in its own letters
 */
#ifndef PLOTS_PLOTS_H
#define PLOTS_PLOTS_H

#include "results/reader.h"

/* How the columns of a figure are read from a result; see plots/table.h. */
enum figure_table { FIGURE_LATENCY, FIGURE_SERIES, FIGURE_STACK, FIGURE_SUMMARY, FIGURE_SUMMARY_ALL, FIGURE_PARTS };

/* One figure: plots/NAME.gp. The registry is generated from the first lines of the files that plugins.mk lists. */
struct figure {
	const char       *name, *summary;
	enum figure_table table;
	const char *const *columns;     /* as written in the file, NULL-terminated */
	const char *const *captions;    /* sentences for the caption, NULL-terminated */
};
extern const struct figure figure_registry[];   /* ends with name == NULL */

const struct figure *figure_find(const char *name);     /* NULL if there is none */
/* The figure whose name is nearest to a wrong one, or NULL. */
const char          *figure_did_you_mean(const char *name);

enum plot_format { PLOT_PDF = 1, PLOT_PNG = 2, PLOT_SVG = 4, PLOT_TEX = 8 };
enum plot_width  { PLOT_COLUMN /* 3.5 in */, PLOT_TEXT /* 7.16 in */ };

#define PLOT_MAX_POINTS 16u     /* more bars than this have no room */
#define PLOT_MAX_CURVES 8u      /* more curves than this cannot be told apart, nor more panels compared */
#define PLOT_MAX_FILES  32u

struct plot_request {
	struct result_file *const *files;       /* at least one; they stay the caller's */
	unsigned                   nr_files;
	const char *const         *figures;     /* names; none: those the results name, else all that there are data for */
	unsigned                   nr_figures;
	const char                *point;       /* "k=v,...": only these points of the sweep; NULL = all */
	const char                *out_dir;     /* made if it is not there (its parent must be) */
	unsigned                   formats;     /* of enum plot_format, at least one */
	enum plot_width            width;
};

/* What became of each figure, in the order drawn; `why` says why one was left out ("" when it was drawn). */
struct plot_outcome {
	char figure[64];
	char why[240];
};
#define PLOT_MAX_OUTCOMES 64u
struct plot_report {
	unsigned nr;
	struct plot_outcome outcome[PLOT_MAX_OUTCOMES];
};

/*
 * Draw. EG_USAGE for a figure or label that does not exist; EG_BAD_INPUT when a figure that was asked for by name has
 * no data in these files (one that was not is skipped, and the report says why), or nothing at all can be drawn; EG_IO when a file cannot be written or
 * gnuplot or pdftoppm is missing, fails, or takes longer than a minute (with its message); EG_NO_MEMORY. The figures
 * before the failing one are complete. `report` may be NULL.
 */
eg_status plot_figures(const struct plot_request *q, struct plot_report *report, struct eg_errors *err) EG_MUST_USE;

#endif
