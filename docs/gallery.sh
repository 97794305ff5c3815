#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# gallery.sh GALLERY.md OUT [OPTION...]: build the gallery that the page describes.
#
# The page is the program: its commands are what is run, and each picture is that of the section it stands in. Written
# into OUT: results/, FIGURE.png and the other files of `engram plot`, and index.html. OPTIONs are given to each
# `engram run`, so that a test can run less. ENGRAM is the program, `engram` if it is not set.
set -eu
page=$1
out=$2
shift 2
engram=${ENGRAM:-engram}
page=$(cd "$(dirname "$page")" && pwd)/$(basename "$page")
mkdir -p "$out/results"
cd "$out"

# each experiment once, in the order of the page
sed -n 's/^engram run //p' "$page" | awk '!seen[$0]++' | while read -r name; do
	echo "engram run $name" >&2
	"$engram" run "$name" -q --no-plots "$@" -o "results/$name.h5"
done

# "engram plot results/X.h5 FIGURE" as it stands there; only where the files go is ours
sed -n 's/^engram plot //p' "$page" | while read -r result figure; do
	"$engram" plot "$result" "$figure" --width column --format png,pdf -o . -q
done

# The page as HTML. It has headings, pictures, quotations, one kind of code block and paragraphs, and no other mark-up
# but code between backquotes. The caption as drawn takes the place of its opening.
awk '
	function safe(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
	function text(s) {
		s = safe(s)
		while (match(s, /`[^`]*`/))
			s = substr(s, 1, RSTART - 1) "<code>" substr(s, RSTART + 1, RLENGTH - 2) "</code>" substr(s, RSTART + RLENGTH)
		return s
	}
	function end() { if (in_p) print "</p>"; in_p = 0 }
	BEGIN {
		print "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Engram: gallery</title>"
		print "<style>body { max-width: 46em; margin: 2em auto; padding: 0 1em; font-family: sans-serif; line-height: 1.4 }"
		print "img { width: 3.5in; display: block; margin: 1em 0 } pre { background: #f4f4f4; padding: .7em; white-space: pre-wrap; font-size: 85% }</style></head><body>"
	}
	/^```/ { end(); code = !code; print code ? "<pre>" : "</pre>"; next }
	code { print safe($0); next }
	/^# /  { end(); print "<h1>" text(substr($0, 3)) "</h1>"; next }
	/^## / {
		end()
		figure = substr($0, 4)
		print "<h2 id=\"" figure "\">" figure "</h2>"
		next
	}
	/^<img / {
		end()
		print "<img src=\"" figure ".png\" alt=\"" figure "\">\n<pre>"
		while ((getline line < (figure ".txt")) > 0)
			print safe(line)
		close(figure ".txt")
		print "</pre>"
		next
	}
	/^>/ { next }
	/^$/ { end(); next }
	{ if (!in_p) print "<p>"; in_p = 1; print text($0) }
	END { end(); print "</body></html>" }
' "$page" >index.html.tmp
mv index.html.tmp index.html
echo "$out/index.html"
