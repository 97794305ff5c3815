#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every figure is drawn once from a result of a small known shape. Script and data are compared to the byte with
# tests/plots/NAME.gp.golden and .dat.golden (REBASELINE=1 writes them anew; read the diff): these are what a user edits
# and what decides the picture. The picture itself carries a date, so of it only what must be true of any is asked:
# letters embedded, of the size promised, none cut off at the edge.
set -u
make_figures=$BUILDDIR/tests/make_figures
golden=$SRCDIR/tests/plots
n=0
bad=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/engram-plots.XXXXXX") || exit 99
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT

result() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		cat "$dir/out" "$dir/err" 2>/dev/null | sed 's/^/# /' | head -n 20
		bad=1
	fi
}
skip() { n=$((n + 1)); echo "ok $n # SKIP $1"; }
run() { # EXIT ARGUMENT... : the exit code must be EXIT
	want=$1
	shift
	"$ENGRAM" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ] || echo "exit $got, wanted $want" >>"$dir/err"
	[ $got -eq "$want" ]
}
has() { grep -q -e "$2" "$dir/$1"; }
figures=$("$ENGRAM" list figures | sed 's/ .*//')

"$make_figures" "$dir/r.h5" --axis policy.page_allocator=linux,llfree --axis policy.thp=never,always --seeds 3 \
	--plots fragmentation-over-time,tlb-breakdown,no-such-figure &&
	"$make_figures" "$dir/one.h5" --seeds 1 --no-tlb --no-faults && "$make_figures" "$dir/long.h5" --samples 5000 --seeds 1 &&
	"$make_figures" "$dir/many.h5" --axis policy.page_allocator=a,b,c,d,e --axis policy.thp=f,g,h,i --seeds 1 &&
	"$make_figures" "$dir/gap.h5" --axis policy.page_allocator=linux,llfree --seeds 2 --gap
result $? "results to draw from"

"$make_figures" "$dir/single.h5" --seeds 1 && "$make_figures" "$dir/five.h5" --seeds 5 && "$make_figures" "$dir/four.h5" --axis policy.page_allocator=linux,llfree --axis policy.thp=never,always --seeds 5 &&
	"$make_figures" "$dir/eight.h5" --axis machine.cpus=1,2,4,8,16,32,64,128 --seeds 2 && "$make_figures" "$dir/zero.h5" --zero &&
	"$make_figures" "$dir/nan.h5" --nan --seeds 2 && "$make_figures" "$dir/wordy.h5" --seeds 2 \
	--axis "policy.page_allocator=a label with all parameters of its policy written out at full length and then some more of it,short" \
	--axis 'x.y=another that is not short either, and has a comma,ω'
result $? "results of other shapes"

# -- what is refused, before any program is started --
run 2 plot && run 2 plot fault-latency-cdf && has err 'which result'
result $? "plot wants a result"
run 2 plot "$dir/r.h5" fault-latency-cdfs && has err 'did you mean fault-latency-cdf?'
result $? "did you mean, for figures"
run 2 plot "$dir/r.h5" --format pdf,jpg && has err 'pdf.*png.*svg.*tex' && run 2 plot "$dir/r.h5" --format '' &&
	run 2 plot "$dir/r.h5" --width wide && has err 'column'
result $? "formats and widths that are not there"
run 2 plot "$dir/r.h5" --point page_allocator=lnux && has err 'did you mean'
result $? "did you mean, for points"
echo "no result" >"$dir/text.h5"
run 3 plot "$dir/text.h5" && run 3 plot "$dir/absent.h5" && has err 'absent.h5'
result $? "what is no result"
run 3 plot "$dir/one.h5" tlb-breakdown -o "$dir/none" && has err 'no metric tlb.hits.l1d' &&
	run 3 plot "$dir/one.h5" fault-latency-cdf -o "$dir/none" && has err 'no histograms of fault_latency'
result $? "a figure asked for that has no data is an error"
run 3 plot "$dir/many.h5" -o "$dir/none" && has err 'no figure can be drawn' && has err 'choose with --point'
result $? "more points than a figure can show"
echo x >"$dir/file"
run 4 plot "$dir/r.h5" -o "$dir/file" && run 4 plot "$dir/r.h5" -o "$dir/absent/figures" && has err 'absent/figures'
result $? "a directory that cannot be made"
if [ "$(id -u)" -ne 0 ]; then
	mkdir "$dir/locked" && chmod a-w "$dir/locked"
	run 4 plot "$dir/r.h5" -o "$dir/locked" && has err 'locked/.*cannot be written'
	result $? "a directory that cannot be written"
else
	skip "the superuser may write everywhere"
fi

# -- programs that are not there, fail, or draw nothing --
mkdir "$dir/bin"
PATH=$dir/bin run 4 plot "$dir/r.h5" -o "$dir/no" && has err 'gnuplot, which is not installed' && has err 'install the package gnuplot'
result $? "no gnuplot: said so, with the remedy"
printf '#!/bin/sh\necho "line 7: bad syntax" >&2\nexit 3\n' >"$dir/bin/gnuplot"
chmod +x "$dir/bin/gnuplot"
PATH=$dir/bin:$PATH run 4 plot "$dir/r.h5" -o "$dir/no" && has err 'gnuplot failed (exit code 3): line 7: bad syntax' &&
	[ -z "$(ls "$dir/no"/*.pdf 2>/dev/null)" ]
result $? "gnuplot fails: its message, and no picture"
printf '#!/bin/sh\nexit 0\n' >"$dir/bin/gnuplot"
PATH=$dir/bin:$PATH run 4 plot "$dir/r.h5" -o "$dir/no" && has err 'drew nothing'
result $? "gnuplot draws nothing: said so"
rm "$dir/bin/gnuplot"
ENGRAM_DATADIR=$dir run 0 list figures && [ -n "$figures" ]
result $? "figures are listed without their files"

# -- drawn --
if ! command -v gnuplot >/dev/null || ! gnuplot -e 'set terminal pdfcairo' >/dev/null 2>&1; then
	skip "gnuplot with pdfcairo is not installed"
	echo "1..$n"
	exit $bad
fi
# shellcheck disable=SC2086 # one word each
run 0 plot "$dir/r.h5" $figures -o "$dir/f"
result $? "every figure is drawn: $(echo "$figures" | tr '\n' ' ')"
for f in $figures; do
	[ -s "$dir/f/$f.pdf" ] && [ ! -e "$dir/f/$f.tmp.pdf" ] && grep -q 'Student t\|Interval: none' "$dir/f/$f.txt" &&
		grep -q 'n = 3 seeds (1, 2, 3), configuration 0123456789ab, Engram 0' "$dir/f/$f.txt" && grep -q '^Units: ' "$dir/f/$f.txt" && ! grep -q "$dir" "$dir/f/$f".*t
	result $? "$f: a picture, and a caption with n, interval and units that names no directory"
	for ext in gp dat; do
		if [ -n "${REBASELINE:-}" ]; then
			cp "$dir/f/$f.$ext" "$golden/$f.$ext.golden"
		fi
		diff "$golden/$f.$ext.golden" "$dir/f/$f.$ext" >"$dir/out" 2>"$dir/err"
		result $? "$f.$ext is as it was"
	done
done
# -- other shapes: each figure of each, drawn without a word from gnuplot, in the width of a column and of the text --
for shape in single five four eight wordy; do
	status=0
	for w in column text; do
		# shellcheck disable=SC2086 # one word each
		run 0 plot "$dir/$shape.h5" $figures -o "$dir/$shape-$w" --width $w && [ ! -s "$dir/err" ] || status=1
	done
	result $status "every figure of a result of this shape: $shape"
done
run 0 plot "$dir/zero.h5" latency-percentiles-over-time fragmentation-over-time buddy-lists-over-time fault-latency-cdf -o "$dir/zero" &&
	run 3 plot "$dir/zero.h5" walk-cost -o "$dir/none" && has err 'zero or undefined at every point' &&
	run 3 plot "$dir/zero.h5" time-categories -o "$dir/none" && has err 'time\.\* are zero or undefined'
result $? "what is always zero is drawn if it is a curve, and no share of it is"
run 0 plot "$dir/nan.h5" -o "$dir/nan" && [ "$(wc -l <"$dir/out")" -eq 1 ] && [ "$(grep -c 'left out: ' "$dir/err")" -eq 7 ] &&
	has err 'latency-percentiles-over-time left out: the time series fault_latency_interval.all.p50 has no values'
result $? "what has no values is left out, with the reason"
grep -q '^110 .* 1$' "$dir/f/latency-percentiles-over-time.dat" && grep -q '^$' "$dir/f/latency-percentiles-over-time.dat" &&
	[ "$(awk '/^$/ { if (++e == 2) n++ } !/^$/ { e = 0 } END { print n + 1 }' "$dir/f/latency-percentiles-over-time.dat")" -eq 12 ]
result $? "a curve is broken where one run has no value, and a value alone is marked"
awk '!/^"/ && NF == 5 { top[$1] = $3; if ($1 in under && under[$1] != $2) bad = 1; under[$1] = $3; n++ } /^$/ { if (++e == 2 && ++b % 11 == 0) split("", under) } !/^$/ { e = 0 }
	END { exit bad || n != 11 * 4 * 17 }' "$dir/f/buddy-lists-over-time.dat"
result $? "areas stand on each other"
awk '/^"[^"]*"$/ { b++; next } NF == 8 && b <= 9 { sum[$3] += $4; n++ } END { for (i in sum) if (sum[i] < 99.99 || sum[i] > 100.01) bad = 1; exit bad || n != 36 }' \
	"$dir/f/time-categories.dat" && grep -q '^other, with the largest share of each: tlb [0-9.]* %, ' "$dir/f/time-categories.txt"
result $? "shares add up to 100 %, and what was joined is named"

run 0 explain buddy-lists-over-time && has out '/series.*stacked' && run 0 explain time-categories && has out 'shares' &&
	run 0 explain walk-cost && has out 'walk.ns_per_walk ; time per walk'
result $? "explain says what a figure is drawn from"

# -- for TeX, which need not be here --
# shellcheck disable=SC2016 # TeX's dollars
"$make_figures" "$dir/tex.h5" --axis 'policy.x=50% of $A_i & {#1},~a^b\c' --seeds 2 &&
	run 0 plot "$dir/tex.h5" policy-comparison time-categories --format tex,svg,pdf -o "$dir/tex" && [ "$(wc -l <"$dir/out")" -eq 6 ] &&
	[ -z "$(find "$dir/tex" -name '*-inc.tex' -o -name '*.tmp*')" ] && [ -s "$dir/tex/time-categories-inc.pdf" ] && [ -s "$dir/tex/time-categories.pdf" ] &&
	grep -q '{time-categories-inc}}%$' "$dir/tex/time-categories.tex" && grep -qF '\fontsize{7pt}{8pt}' "$dir/tex/time-categories.tex" &&
	grep -qF '{\strut{}50\% of \$A\_i \& \{\#1\}}' "$dir/tex/time-categories.tex" &&
	grep -qF '{\strut{}\textasciitilde{}a\textasciicircum{}b\textbackslash{}c}' "$dir/tex/time-categories.tex"
result $? "tex: labels are text there too; several formats in one call"
if command -v pdflatex >/dev/null && kpsewhich xcolor.sty >/dev/null; then
	printf '\\documentclass{article}\\usepackage{graphicx,xcolor,textcomp}\\begin{document}\\input{time-categories}\\end{document}\n' >"$dir/tex/paper.tex"
	(cd "$dir/tex" && pdflatex -interaction=batchmode paper.tex) >"$dir/out" 2>&1
	result $? "a document inputs it"
else
	skip "LaTeX is not installed"
fi

cp "$dir/f/tlb-breakdown.gp" "$dir/f/tlb-breakdown.dat" "$dir" && (cd "$dir" && gnuplot -d tlb-breakdown.gp) >"$dir/out" 2>"$dir/err" &&
	[ -s "$dir/tlb-breakdown.pdf" ] && ! grep -v iconv "$dir/err"  # it warns of the C locale
result $? "the script draws by itself, without a warning"
run 0 plot "$dir/r.h5" -o "$dir/named" && has err 'no-such-figure left out' && [ "$(find "$dir/named" -name '*.pdf' | wc -l)" -eq 2 ]
result $? "without names: the figures of the experiment; unknown ones are left out and named"
run 0 plot "$dir/one.h5" && [ "$(wc -l <"$dir/out")" -eq 5 ] && has out '^.*/one-figures/policy-comparison.pdf$' &&
	has err 'tlb-breakdown left out: .*no metric' && grep -q 'a dot instead of a bar' "$dir/one-figures/policy-comparison.txt" &&
	! grep -q '^[0-9].* [0-9.]* [0-9.]* 1 0$' "$dir/one-figures/fragmentation-over-time.dat"
result $? "one point, one seed, few data: what can be drawn, without intervals"
run 0 plot "$dir/long.h5" fragmentation-over-time && [ "$(wc -l <"$dir/long-figures/fragmentation-over-time.dat")" -le 2001 ] &&
	[ "$(wc -l <"$dir/long-figures/fragmentation-over-time.dat")" -gt 1000 ]
result $? "at most 2000 rows a curve"
run 0 plot "$dir/gap.h5" -q && [ ! -s "$dir/out" ] && grep -q '^Missing cells: \[1 ' "$dir/gap-figures/tlb-breakdown.txt" &&
	grep -q '^"linux" 1 [0-9.]* - - 1 0$' "$dir/gap-figures/tlb-breakdown.dat"
result $? "missing cells are told, and a point with one seed left has no interval"
run 0 plot "$dir/many.h5" policy-comparison --point page_allocator=b -o "$dir/b" && grep -q '^All at policy.page_allocator=b' "$dir/b/policy-comparison.txt" &&
	grep -q 'point_label\[4\] = \["f", "g", "h", "i"\]' "$dir/b/policy-comparison.gp"
result $? "some points of the sweep; what they share leaves the labels"
run 0 plot "$dir/r.h5" "$dir/one.h5" policy-comparison -o "$dir/two" &&
	grep -q '"r, linux, never", .*, "one"\]' "$dir/two/policy-comparison.gp"
result $? "two results beside each other"
run 0 plot "$dir/r.h5" tlb-breakdown --width text -o "$dir/wide" && grep -q '^fig_width = 7.16' "$dir/wide/tlb-breakdown.gp"
result $? "the width of the text"
# shellcheck disable=SC2016 # the label is not for this shell
"$make_figures" "$dir/evil.h5" --axis 'policy.page_allocator=`touch evil1`,a"b\c@place' --axis "x.y='.system('touch evil2').',{/=20 z}_2" &&
	run 0 plot "$dir/evil.h5" -o "$dir/evil" && [ "$(wc -l <"$dir/out")" -eq 8 ] && [ -z "$(find "$dir" . -name 'evil[12]')" ] &&
	{ ! command -v pdftotext >/dev/null || pdftotext "$dir/evil/fragmentation-over-time.pdf" - | grep -qF '`touch evil1`, '; }
result $? "labels of a result are text, whatever is in them"
if command -v pdftoppm >/dev/null && command -v pdffonts >/dev/null; then
	status=0
	for f in "$dir"/f/*.pdf "$dir"/four-text/*.pdf "$dir"/eight-column/*.pdf "$dir"/wordy-*/*.pdf; do
		# name, type (two words), encoding, emb
		pdffonts "$f" | awk 'NR > 2 { n++; if (!/ yes yes (yes|no ) /) bad = 1 } END { exit bad || !n }' || status=1
	done
	result $status "every font is embedded"
	for f in "$dir"/f/*.pdf "$dir"/four-text/*.pdf "$dir"/eight-column/*.pdf "$dir"/wordy-*/*.pdf; do
		pdftotext -bbox "$f" - >"$dir/bbox"
		# nothing beyond the page, and at most 7.1 points high if level
		awk -F'"' '/<page / { w = $2; h = $4 }
			/<word / { if ($2 < 0 || $4 < 0 || $6 > w || $8 > h) { print FILENAME, $0; bad = 1 } n++ }
			END { exit bad || n < 10 }' "$dir/bbox" || status=1
	done
	cp "$dir/bbox" "$dir/out"
	result $status "no letter is cut off"
	sed -n 's/.*yMin="\([0-9.]*\)".*yMax="\([0-9.]*\)">page_allocator.*/\1 \2/p' "$dir/bbox" | awk '{ n++; d = $2 - $1; if (d < 6.9 || d > 7.1) bad = 1 } END { exit bad || !n }'
	result $? "axis titles are 7 points high"
	cp "$dir/f/tlb-breakdown.pdf" "$dir/before.pdf"
	run 0 plot "$dir/r.h5" tlb-breakdown -o "$dir/f" --format png,svg && cmp -s "$dir/f/tlb-breakdown.pdf" "$dir/before.pdf" &&
		[ "$(od -An -tx1 -j16 -N4 "$dir/f/tlb-breakdown.png" | tr -d ' ')" = 0000041a ] && grep -q '<svg' "$dir/f/tlb-breakdown.svg"
	result $? "png of 1050 pixels, svg; an older pdf stays"
else
	skip "poppler-utils is not installed"
fi
echo "1..$n"
exit $bad
