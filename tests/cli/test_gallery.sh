#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docs/gallery.md against the program: each figure has its section, and no other has one; the opening of its caption is
# that of the figure; the experiment named there is shipped, asks for the figure, and - made smaller - gives a result
# from which it can be drawn. What the page says is what docs/gallery.sh runs.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
page=$SRCDIR/docs/gallery.md

tap_show() { head -n 20 "$tmp/out"; }
# the same experiment, small enough to take a moment
smaller() {
	case $1 in  # what is not named here is not small: a test that takes minutes is not run
	fault-tail)    echo "--set stop.time=3ms --set measure.interval=500us --set workload.fork-storm.instances=4 --set workload.fork-storm.rss=256KiB" ;;
	walk-caches)   echo "--set workload.gups.updates=3000" ;;
	tlb-reach)     echo "--set workload.zipf.references=20000" ;;
	fork-cow)      echo "--set workload.fork-storm.children=2" ;;
	fragmentation) echo "--set workload.alloc-churn.ops=1000" ;;
	quickstart)    echo "--set stop.time=60ms" ;;
	esac
}

figures=$("$ENGRAM" list figures | sed 's/ .*//')
sed -n 's/^## //p' "$page" >"$tmp/sections"
echo "$figures" | diff - "$tmp/sections" >"$tmp/out"
result $? "a section for each figure, in the order of the list"
for f in $figures; do
	awk -v name="$f" '/^## / { here = $2 == name } here' "$page" >"$tmp/section"
	sed -n 's/^# caption: //p' "$SRCDIR/plots/$f.gp" >"$tmp/caption"
	sed -n 's/^> //p' "$tmp/section" | diff "$tmp/caption" - >"$tmp/out" && grep -qF "<img src=\"../gallery/$f.png\"" "$tmp/section"
	result $? "$f: its picture and the opening of its caption"
	name=$(sed -n 's/^engram run //p' "$tmp/section")
	[ -n "$name" ] && grep -q "^plots: \[.*$f" "$SRCDIR/configs/experiment/$name.yaml" &&
		grep -qx "engram plot results/$name.h5 $f" "$tmp/section" && [ -n "$(smaller "$name")" ]
	result $? "$f: the experiment $name is shipped and asks for it"
done

if ! command -v gnuplot >/dev/null || ! command -v pdftoppm >/dev/null; then
	skip "gnuplot or poppler-utils is not installed"
	tap_done
fi
# the page with its commands made smaller: options follow the name
sed -n 's/^engram run //p' "$page" | sort -u >"$tmp/names"
cat >"$tmp/engram" <<END
#!/bin/sh
[ "\$1" != run ] || case \$2 in
$(while read -r name; do echo "$name) shift 2; set -- run $name --set seeds=2 $(smaller "$name") \"\$@\" ;;"; done <"$tmp/names")
esac
exec "$ENGRAM" "\$@"
END
chmod +x "$tmp/engram"
ENGRAM=$tmp/engram sh "$SRCDIR/docs/gallery.sh" "$page" "$tmp/gallery" >"$tmp/out" 2>&1
result $? "the page's commands run"
for f in $figures; do
	[ -s "$tmp/gallery/$f.png" ] && [ -s "$tmp/gallery/$f.txt" ] && grep -q "<img src=\"$f.png\"" "$tmp/gallery/index.html" &&
		grep -q "^$f: " "$tmp/gallery/index.html"
	result $? "$f is in the gallery, with its caption"
done
[ "$(grep -c '<p>' "$tmp/gallery/index.html")" -eq "$(grep -c '</p>' "$tmp/gallery/index.html")" ] &&
	[ "$(grep -c '<pre>' "$tmp/gallery/index.html")" -eq "$(grep -c '</pre>' "$tmp/gallery/index.html")" ]
result $? "index.html closes what it opens"
tap_done
