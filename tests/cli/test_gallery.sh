#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docs/gallery.md against the program: each figure has its section, and no other has one; the opening of its caption is
# that of the figure; the experiment named there is shipped, asks for the figure, and - made smaller - gives a result
# from which it can be drawn. What the page says is what docs/gallery.sh runs.
set -u
page=$SRCDIR/docs/gallery.md
n=0
bad=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/engram-gallery.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT

result() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/out" 2>/dev/null | head -n 20
		bad=1
	fi
}
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
sed -n 's/^## //p' "$page" >"$dir/sections"
echo "$figures" | diff - "$dir/sections" >"$dir/out"
result $? "a section for each figure, in the order of the list"
for f in $figures; do
	awk -v name="$f" '/^## / { here = $2 == name } here' "$page" >"$dir/section"
	sed -n 's/^# caption: //p' "$SRCDIR/plots/$f.gp" >"$dir/caption"
	sed -n 's/^> //p' "$dir/section" | diff "$dir/caption" - >"$dir/out" && grep -qF "<img src=\"../gallery/$f.png\"" "$dir/section"
	result $? "$f: its picture and the opening of its caption"
	name=$(sed -n 's/^engram run //p' "$dir/section")
	[ -n "$name" ] && grep -q "^plots: \[.*$f" "$SRCDIR/configs/experiment/$name.yaml" &&
		grep -qx "engram plot results/$name.h5 $f" "$dir/section" && [ -n "$(smaller "$name")" ]
	result $? "$f: the experiment $name is shipped and asks for it"
done

if ! command -v gnuplot >/dev/null || ! command -v pdftoppm >/dev/null; then
	echo "ok $((n + 1)) # SKIP gnuplot or poppler-utils is not installed"
	echo "1..$((n + 1))"
	exit $bad
fi
# the page with its commands made smaller: options follow the name
sed -n 's/^engram run //p' "$page" | sort -u >"$dir/names"
cat >"$dir/engram" <<END
#!/bin/sh
[ "\$1" != run ] || case \$2 in
$(while read -r name; do echo "$name) shift 2; set -- run $name --set seeds=2 $(smaller "$name") \"\$@\" ;;"; done <"$dir/names")
esac
exec "$ENGRAM" "\$@"
END
chmod +x "$dir/engram"
ENGRAM=$dir/engram sh "$SRCDIR/docs/gallery.sh" "$page" "$dir/gallery" >"$dir/out" 2>&1
result $? "the page's commands run"
for f in $figures; do
	[ -s "$dir/gallery/$f.png" ] && [ -s "$dir/gallery/$f.txt" ] && grep -q "<img src=\"$f.png\"" "$dir/gallery/index.html" &&
		grep -q "^$f: " "$dir/gallery/index.html"
	result $? "$f is in the gallery, with its caption"
done
[ "$(grep -c '<p>' "$dir/gallery/index.html")" -eq "$(grep -c '</p>' "$dir/gallery/index.html")" ] &&
	[ "$(grep -c '<pre>' "$dir/gallery/index.html")" -eq "$(grep -c '</pre>' "$dir/gallery/index.html")" ]
result $? "index.html closes what it opens"
echo "1..$n"
exit $bad
