#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# gen-figures.sh FILE.gp... : print the table of figures, from the comment that each file opens with:
#   # figure: one line, what it shows
#   # table: latency | series | stack | summary | summary-all | parts
#   # column: see plots/table.h, may be repeated
#   # caption: a sentence of the caption, may be repeated
set -eu
echo "/* Generated from plots/plugins.mk: do not edit. */"
echo '#include "plots/plots.h"'
for f; do
	awk -v name="$(basename "$f" .gp)" '
	function quoted(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
	!/^#/ { exit }
	/^# column: /  { columns = columns "\n\t" quoted(substr($0, 11)) "," }
	/^# caption: / { captions = captions "\n\t" quoted(substr($0, 12)) "," }
	END {
		gsub(/-/, "_", name)
		printf "static const char *const %s_columns[] = {%s\n\t0\n};\n", name, columns
		printf "static const char *const %s_captions[] = {%s\n\t0\n};\n", name, captions
	}' "$f"
done
echo "const struct figure figure_registry[] = {"
for f; do
	awk -v name="$(basename "$f" .gp)" '
	function quoted(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
	!/^#/ { exit }
	/^# figure: / { summary = substr($0, 11) }
	/^# table: /  { table = toupper(substr($0, 10)); gsub(/-/, "_", table) }
	END {
		c = name
		gsub(/-/, "_", c)
		printf "\t{ %s, %s, FIGURE_%s, %s_columns, %s_captions },\n", quoted(name), quoted(summary), table, c, c
	}' "$f"
done
echo "	{ 0, 0, FIGURE_LATENCY, 0, 0 }"
echo "};"
