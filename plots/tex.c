/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tex - what gnuplot's terminal cairolatex writes, made safe to \input: labels are text, in 7 points.
 *
 * The file has a line for each piece of text,
 *
 *	\put(637,5230){\makebox(0,0)[l]{\strut{}(b) cow_reuse}}%
 *
 * and gnuplot copies the text as it is. Here what stands between \strut{} and the closing braces of the line, as many as
 * were opened before it, is escaped; nothing else is touched but the beginning, where the size is set: the pictures are
 * laid out for letters of 7 points. The family is that of the document.
 */
#include "plots/table.h"

static void add_escaped(struct eg_str *s, const char *text, size_t n)
{
	static const struct { const char *from, *to; } map[] = {
		{ "\\", "\\textbackslash{}" }, { "{", "\\{" }, { "}", "\\}" }, { "$", "\\$" }, { "&", "\\&" }, { "#", "\\#" },
		{ "%", "\\%" }, { "_", "\\_" }, { "~", "\\textasciitilde{}" }, { "^", "\\textasciicircum{}" },
		{ "<", "\\textless{}" }, { ">", "\\textgreater{}" }, { "|", "\\textbar{}" }, { "\"", "''" },
		{ "µ", "\\textmu{}" }, { "…", "\\ldots{}" }, { "⁻³", "$^{-3}$" }, { "³", "$^{3}$" },
		{ "⁶", "$^{6}$" },
	};

	while (n) {
		size_t step = 1;
		const char *to = NULL;

		for (unsigned i = 0; i < EG_ARRAY_LEN(map) && !to; i++)
			if (strlen(map[i].from) <= n && memcmp(text, map[i].from, strlen(map[i].from)) == 0) {
				to = map[i].to;
				step = strlen(map[i].from);
			}
		if (to)
			eg_str_add(s, to);
		else
			eg_str_addn(s, text, 1);
		text += step;
		n -= step;
	}
}

/* One line without its newline. */
static void add_line(struct eg_str *s, const char *line, size_t n)
{
	static const char strut[] = "\\strut{}";
	const char *text = NULL;
	size_t depth = 0, tail;

	for (size_t i = 0; i + sizeof(strut) - 1 <= n && !text; i++) {
		if (memcmp(line + i, strut, sizeof(strut) - 1) == 0)
			text = line + i + sizeof(strut) - 1;
		else
			depth += line[i] == '{' ? 1 : line[i] == '}' ? SIZE_MAX : 0;
	}
	tail = depth + 1;               /* the braces and the percent sign that swallows the newline */
	if (!text || tail > n - (size_t)(text - line)) {
		eg_str_addn(s, line, n);
		return;
	}
	eg_str_addn(s, line, (size_t)(text - line));
	add_escaped(s, text, n - (size_t)(text - line) - tail);
	eg_str_addn(s, line + n - tail, tail);
}

void plot_tex(struct eg_str *s, const char *from)
{
	eg_str_add(s, "% Drawn by gnuplot for Engram: \\input it, with the packages graphicx, xcolor and, before LaTeX 2020, textcomp.\n");
	while (*from) {
		size_t n = strcspn(from, "\n");

		add_line(s, from, n);
		eg_str_add(s, "\n");
		if (n == strlen("\\begingroup") && memcmp(from, "\\begingroup", n) == 0)
			eg_str_add(s, "  \\fontsize{7pt}{8pt}\\selectfont\n");
		from += n + (from[n] == '\n');
	}
}
