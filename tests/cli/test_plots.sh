#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every figure is drawn once from a result of a small known shape. Script and data are compared to the byte with
# tests/plots/NAME.gp.golden and .dat.golden (REBASELINE=1 writes them anew; read the diff): these are what a user edits
# and what decides the picture. The picture itself carries a date, so of it only what must be true of any is asked:
# letters embedded, of the size promised, none cut off at the edge.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
make_figures=$BUILDDIR/tests/make_figures
golden=$SRCDIR/tests/plots

tap_show() { cat "$tmp/out" "$tmp/err" | head -n 20; }
run() { # EXIT ARGUMENT... : the exit code must be EXIT
	want=$1
	shift
	"$ENGRAM" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ $got -eq "$want" ] || echo "exit $got, wanted $want" >>"$tmp/err"
	[ $got -eq "$want" ]
}
has() { grep -q -e "$2" "$tmp/$1"; }
figures=$("$ENGRAM" list figures | sed 's/ .*//')

"$make_figures" "$tmp/r.h5" --axis policy.page_allocator=linux,llfree --axis policy.thp=never,always --seeds 3 \
	--plots fragmentation-over-time,tlb-breakdown,no-such-figure &&
	"$make_figures" "$tmp/one.h5" --seeds 1 --no-tlb --no-faults && "$make_figures" "$tmp/long.h5" --samples 5000 --seeds 1 &&
	"$make_figures" "$tmp/many.h5" --axis policy.page_allocator=a,b,c,d,e --axis policy.thp=f,g,h,i --seeds 1 &&
	"$make_figures" "$tmp/gap.h5" --axis policy.page_allocator=linux,llfree --seeds 2 --gap
result $? "results to draw from"

"$make_figures" "$tmp/single.h5" --seeds 1 && "$make_figures" "$tmp/five.h5" --seeds 5 && "$make_figures" "$tmp/four.h5" --axis policy.page_allocator=linux,llfree --axis policy.thp=never,always --seeds 5 &&
	"$make_figures" "$tmp/eight.h5" --axis machine.cpus=1,2,4,8,16,32,64,128 --seeds 2 && "$make_figures" "$tmp/zero.h5" --zero &&
	"$make_figures" "$tmp/nan.h5" --nan --seeds 2 && "$make_figures" "$tmp/wordy.h5" --seeds 2 \
	--axis "policy.page_allocator=a label with all parameters of its policy written out at full length and then some more of it,short" \
	--axis 'x.y=another that is not short either, and has a comma,ω'
result $? "results of other shapes"

# -- what is refused, before any program is started --
run 2 plot && run 2 plot fault-latency-cdf && has err 'which result'
result $? "plot wants a result"
run 2 plot "$tmp/r.h5" fault-latency-cdfs && has err 'did you mean fault-latency-cdf?'
result $? "did you mean, for figures"
run 2 plot "$tmp/r.h5" --format pdf,jpg && has err 'pdf.*png.*svg.*tex' && run 2 plot "$tmp/r.h5" --format '' &&
	run 2 plot "$tmp/r.h5" --width wide && has err 'column'
result $? "formats and widths that are not there"
run 2 plot "$tmp/r.h5" --point page_allocator=lnux && has err 'did you mean'
result $? "did you mean, for points"
echo "no result" >"$tmp/text.h5"
run 3 plot "$tmp/text.h5" && run 3 plot "$tmp/absent.h5" && has err 'absent.h5'
result $? "what is no result"
run 3 plot "$tmp/one.h5" tlb-breakdown -o "$tmp/none" && has err 'no metric tlb.hits.l1d' &&
	run 3 plot "$tmp/one.h5" fault-latency-cdf -o "$tmp/none" && has err 'no histograms of fault_latency'
result $? "a figure asked for that has no data is an error"
run 3 plot "$tmp/many.h5" -o "$tmp/none" && has err 'no figure can be drawn' && has err 'choose with --point'
result $? "more points than a figure can show"
echo x >"$tmp/file"
run 4 plot "$tmp/r.h5" -o "$tmp/file" && run 4 plot "$tmp/r.h5" -o "$tmp/absent/figures" && has err 'absent/figures'
result $? "a directory that cannot be made"
if [ "$(id -u)" -ne 0 ]; then
	mkdir "$tmp/locked" && chmod a-w "$tmp/locked"
	run 4 plot "$tmp/r.h5" -o "$tmp/locked" && has err 'locked/.*cannot be written'
	result $? "a directory that cannot be written"
else
	skip "the superuser may write everywhere"
fi

# -- programs that are not there, fail, or draw nothing --
mkdir "$tmp/bin"
PATH=$tmp/bin run 4 plot "$tmp/r.h5" -o "$tmp/no" && has err 'gnuplot, which is not installed' && has err 'install the package gnuplot'
result $? "no gnuplot: said so, with the remedy"
printf '#!/bin/sh\necho "line 7: bad syntax" >&2\nexit 3\n' >"$tmp/bin/gnuplot"
chmod +x "$tmp/bin/gnuplot"
PATH=$tmp/bin:$PATH run 4 plot "$tmp/r.h5" -o "$tmp/no" && has err 'gnuplot failed (exit code 3): line 7: bad syntax' &&
	[ -z "$(ls "$tmp/no"/*.pdf 2>/dev/null)" ]
result $? "gnuplot fails: its message, and no picture"
printf '#!/bin/sh\nexit 0\n' >"$tmp/bin/gnuplot"
PATH=$tmp/bin:$PATH run 4 plot "$tmp/r.h5" -o "$tmp/no" && has err 'drew nothing'
result $? "gnuplot draws nothing: said so"
rm "$tmp/bin/gnuplot"
ENGRAM_DATADIR=$tmp run 0 list figures && [ -n "$figures" ]
result $? "figures are listed without their files"

# -- drawn --
if ! command -v gnuplot >/dev/null || ! gnuplot -e 'set terminal pdfcairo' >/dev/null 2>&1; then
	skip "gnuplot with pdfcairo is not installed"
	tap_done
fi
# shellcheck disable=SC2086 # one word each
run 0 plot "$tmp/r.h5" $figures -o "$tmp/f"
result $? "every figure is drawn: $(echo "$figures" | tr '\n' ' ')"
for f in $figures; do
	[ -s "$tmp/f/$f.pdf" ] && [ ! -e "$tmp/f/$f.tmp.pdf" ] && grep -q 'Student t\|Interval: none' "$tmp/f/$f.txt" &&
		grep -q 'n = 3 seeds (1, 2, 3), configuration 0123456789ab, Engram 0' "$tmp/f/$f.txt" && grep -q '^Units: ' "$tmp/f/$f.txt" && ! grep -q "$tmp" "$tmp/f/$f".*t
	result $? "$f: a picture, and a caption with n, interval and units that names no directory"
	for ext in gp dat; do
		if [ -n "${REBASELINE:-}" ]; then
			cp "$tmp/f/$f.$ext" "$golden/$f.$ext.golden"
		fi
		diff "$golden/$f.$ext.golden" "$tmp/f/$f.$ext" >"$tmp/out" 2>"$tmp/err"
		result $? "$f.$ext is as it was"
	done
done
# -- other shapes: each figure of each, drawn without a word from gnuplot, in the width of a column and of the text --
for shape in single five four eight wordy; do
	status=0
	for w in column text; do
		# shellcheck disable=SC2086 # one word each
		run 0 plot "$tmp/$shape.h5" $figures -o "$tmp/$shape-$w" --width $w && [ ! -s "$tmp/err" ] || status=1
	done
	result $status "every figure of a result of this shape: $shape"
done
run 0 plot "$tmp/zero.h5" latency-percentiles-over-time fragmentation-over-time buddy-lists-over-time fault-latency-cdf -o "$tmp/zero" &&
	run 3 plot "$tmp/zero.h5" walk-cost -o "$tmp/none" && has err 'zero or undefined at every point' &&
	run 3 plot "$tmp/zero.h5" time-categories -o "$tmp/none" && has err 'time\.\* are zero or undefined'
result $? "what is always zero is drawn if it is a curve, and no share of it is"
run 0 plot "$tmp/nan.h5" -o "$tmp/nan" && [ "$(wc -l <"$tmp/out")" -eq 1 ] && [ "$(grep -c 'left out: ' "$tmp/err")" -eq 7 ] &&
	has err 'latency-percentiles-over-time left out: the time series fault_latency_interval.all.p50 has no values'
result $? "what has no values is left out, with the reason"
grep -q '^110 .* 1$' "$tmp/f/latency-percentiles-over-time.dat" && grep -q '^$' "$tmp/f/latency-percentiles-over-time.dat" &&
	[ "$(awk '/^$/ { if (++e == 2) n++ } !/^$/ { e = 0 } END { print n + 1 }' "$tmp/f/latency-percentiles-over-time.dat")" -eq 12 ]
result $? "a curve is broken where one run has no value, and a value alone is marked"
awk '!/^"/ && NF == 5 { top[$1] = $3; if ($1 in under && under[$1] != $2) bad = 1; under[$1] = $3; n++ } /^$/ { if (++e == 2 && ++b % 11 == 0) split("", under) } !/^$/ { e = 0 }
	END { exit bad || n != 11 * 4 * 17 }' "$tmp/f/buddy-lists-over-time.dat"
result $? "areas stand on each other"
awk '/^"[^"]*"$/ { b++; next } NF == 8 && b <= 9 { sum[$3] += $4; n++ } END { for (i in sum) if (sum[i] < 99.99 || sum[i] > 100.01) bad = 1; exit bad || n != 36 }' \
	"$tmp/f/time-categories.dat" && grep -q '^other, with the largest share of each: tlb [0-9.]* %, ' "$tmp/f/time-categories.txt"
result $? "shares add up to 100 %, and what was joined is named"

run 0 explain buddy-lists-over-time && has out '/series.*stacked' && run 0 explain time-categories && has out 'shares' &&
	run 0 explain walk-cost && has out 'walk.ns_per_walk ; time per walk'
result $? "explain says what a figure is drawn from"

# -- for TeX, which need not be here --
# shellcheck disable=SC2016 # TeX's dollars
"$make_figures" "$tmp/tex.h5" --axis 'policy.x=50% of $A_i & {#1},~a^b\c' --seeds 2 &&
	run 0 plot "$tmp/tex.h5" policy-comparison time-categories --format tex,svg,pdf -o "$tmp/tex" && [ "$(wc -l <"$tmp/out")" -eq 6 ] &&
	[ -z "$(find "$tmp/tex" -name '*-inc.tex' -o -name '*.tmp*')" ] && [ -s "$tmp/tex/time-categories-inc.pdf" ] && [ -s "$tmp/tex/time-categories.pdf" ] &&
	grep -q '{time-categories-inc}}%$' "$tmp/tex/time-categories.tex" && grep -qF '\fontsize{7pt}{8pt}' "$tmp/tex/time-categories.tex" &&
	grep -qF '{\strut{}50\% of \$A\_i \& \{\#1\}}' "$tmp/tex/time-categories.tex" &&
	grep -qF '{\strut{}\textasciitilde{}a\textasciicircum{}b\textbackslash{}c}' "$tmp/tex/time-categories.tex"
result $? "tex: labels are text there too; several formats in one call"
if command -v pdflatex >/dev/null && kpsewhich xcolor.sty >/dev/null; then
	printf '\\documentclass{article}\\usepackage{graphicx,xcolor,textcomp}\\begin{document}\\input{time-categories}\\end{document}\n' >"$tmp/tex/paper.tex"
	(cd "$tmp/tex" && pdflatex -interaction=batchmode paper.tex) >"$tmp/out" 2>&1
	result $? "a document inputs it"
else
	skip "LaTeX is not installed"
fi

cp "$tmp/f/tlb-breakdown.gp" "$tmp/f/tlb-breakdown.dat" "$tmp" && (cd "$tmp" && gnuplot -d tlb-breakdown.gp) >"$tmp/out" 2>"$tmp/err" &&
	[ -s "$tmp/tlb-breakdown.pdf" ] && ! grep -v iconv "$tmp/err"  # it warns of the C locale
result $? "the script draws by itself, without a warning"
run 0 plot "$tmp/r.h5" -o "$tmp/named" && has err 'no-such-figure left out' && [ "$(find "$tmp/named" -name '*.pdf' | wc -l)" -eq 2 ]
result $? "without names: the figures of the experiment; unknown ones are left out and named"
run 0 plot "$tmp/one.h5" && [ "$(wc -l <"$tmp/out")" -eq 5 ] && has out '^.*/one-figures/policy-comparison.pdf$' &&
	has err 'tlb-breakdown left out: .*no metric' && grep -q 'a dot instead of a bar' "$tmp/one-figures/policy-comparison.txt" &&
	! grep -q '^[0-9].* [0-9.]* [0-9.]* 1 0$' "$tmp/one-figures/fragmentation-over-time.dat"
result $? "one point, one seed, few data: what can be drawn, without intervals"
run 0 plot "$tmp/long.h5" fragmentation-over-time && [ "$(wc -l <"$tmp/long-figures/fragmentation-over-time.dat")" -le 2001 ] &&
	[ "$(wc -l <"$tmp/long-figures/fragmentation-over-time.dat")" -gt 1000 ]
result $? "at most 2000 rows a curve"
run 0 plot "$tmp/gap.h5" -q && [ ! -s "$tmp/out" ] && grep -q '^Missing cells: \[1 ' "$tmp/gap-figures/tlb-breakdown.txt" &&
	grep -q '^"linux" 1 [0-9.]* - - 1 0$' "$tmp/gap-figures/tlb-breakdown.dat"
result $? "missing cells are told, and a point with one seed left has no interval"
run 0 plot "$tmp/many.h5" policy-comparison --point page_allocator=b -o "$tmp/b" && grep -q '^All at policy.page_allocator=b' "$tmp/b/policy-comparison.txt" &&
	grep -q 'point_label\[4\] = \["f", "g", "h", "i"\]' "$tmp/b/policy-comparison.gp"
result $? "some points of the sweep; what they share leaves the labels"
run 0 plot "$tmp/r.h5" "$tmp/one.h5" policy-comparison -o "$tmp/two" &&
	grep -q '"r, linux, never", .*, "one"\]' "$tmp/two/policy-comparison.gp"
result $? "two results beside each other"
run 0 plot "$tmp/r.h5" tlb-breakdown --width text -o "$tmp/wide" && grep -q '^fig_width = 7.16' "$tmp/wide/tlb-breakdown.gp"
result $? "the width of the text"
# shellcheck disable=SC2016 # the label is not for this shell
"$make_figures" "$tmp/evil.h5" --axis 'policy.page_allocator=`touch evil1`,a"b\c@place' --axis "x.y='.system('touch evil2').',{/=20 z}_2" &&
	run 0 plot "$tmp/evil.h5" -o "$tmp/evil" && [ "$(wc -l <"$tmp/out")" -eq 8 ] && [ -z "$(find "$tmp" . -name 'evil[12]')" ] &&
	{ ! command -v pdftotext >/dev/null || pdftotext "$tmp/evil/fragmentation-over-time.pdf" - | grep -qF '`touch evil1`, '; }
result $? "labels of a result are text, whatever is in them"
if command -v pdftoppm >/dev/null && command -v pdffonts >/dev/null; then
	status=0
	for f in "$tmp"/f/*.pdf "$tmp"/four-text/*.pdf "$tmp"/eight-column/*.pdf "$tmp"/wordy-*/*.pdf; do
		# name, type (two words), encoding, emb
		pdffonts "$f" | awk 'NR > 2 { n++; if (!/ yes yes (yes|no ) /) bad = 1 } END { exit bad || !n }' || status=1
	done
	result $status "every font is embedded"
	for f in "$tmp"/f/*.pdf "$tmp"/four-text/*.pdf "$tmp"/eight-column/*.pdf "$tmp"/wordy-*/*.pdf; do
		pdftotext -bbox "$f" - >"$tmp/bbox"
		# nothing beyond the page, and at most 7.1 points high if level
		awk -F'"' '/<page / { w = $2; h = $4 }
			/<word / { if ($2 < 0 || $4 < 0 || $6 > w || $8 > h) { print FILENAME, $0; bad = 1 } n++ }
			END { exit bad || n < 10 }' "$tmp/bbox" || status=1
	done
	cp "$tmp/bbox" "$tmp/out"
	result $status "no letter is cut off"
	sed -n 's/.*yMin="\([0-9.]*\)".*yMax="\([0-9.]*\)">page_allocator.*/\1 \2/p' "$tmp/bbox" | awk '{ n++; d = $2 - $1; if (d < 6.9 || d > 7.1) bad = 1 } END { exit bad || !n }'
	result $? "axis titles are 7 points high"
	cp "$tmp/f/tlb-breakdown.pdf" "$tmp/before.pdf"
	run 0 plot "$tmp/r.h5" tlb-breakdown -o "$tmp/f" --format png,svg && cmp -s "$tmp/f/tlb-breakdown.pdf" "$tmp/before.pdf" &&
		[ "$(od -An -tx1 -j16 -N4 "$tmp/f/tlb-breakdown.png" | tr -d ' ')" = 0000041a ] && grep -q '<svg' "$tmp/f/tlb-breakdown.svg"
	result $? "png of 1050 pixels, svg; an older pdf stays"
else
	skip "poppler-utils is not installed"
fi
tap_done
