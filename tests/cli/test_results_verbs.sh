#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# compare and report on a synthetic result: what they print, what they refuse and with which exit code.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
make_result=$BUILDDIR/tests/make_result

tap_show() { cat "$tmp/out" "$tmp/err" | head -n 12; }
run() { # EXIT ARGUMENT... : the exit code must be EXIT
	want=$1
	shift
	"$ENGRAM" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ $got -eq "$want" ] || echo "exit $got, wanted $want" >>"$tmp/err"
	[ $got -eq "$want" ]
}
has() { grep -q -e "$2" "$tmp/$1"; }

"$make_result" "$tmp/r.h5" && "$make_result" "$tmp/one.h5" --single --seeds 1 && "$make_result" "$tmp/gap.h5" --gap
result $? "results to work on"
r=$tmp/r.h5
one=$tmp/one.h5

# -- compare --
run 0 compare "$r" && has out '^synthetic: 4 points x 5 seeds$' && has out '^run.elapsed ' &&
	has out '^fault_latency.cow.p99 ' && has out '^Baseline: page_allocator=linux thp=never\.'
result $? "compare shows a selection against the recorded baseline"
has out '^fault_latency.anon.p50 .*base .* x1.00 .*x0.70 ++' && ! has out 'x1.00 [+*-]'
result $? "a real difference is marked, noise is not"
! has out '^oom.kills' && run 0 compare "$r" --metric oom.kills && has out '^oom.kills .*0 ± 0 base .* =$'
result $? "equal zeros have no ratio and no mark"
run 0 compare "$r" --metric 'tlb*' --baseline page_allocator=llfree && has out '^tlb.miss_ratio' && ! has out run.elapsed &&
	has out 'shares its other labels'
result $? "a pattern and a partial baseline"
run 0 compare "$one" && ! has out '±' && has out '^values without intervals' && ! has out Baseline
result $? "one seed has no interval"

# widest: the longest line of "$tmp/out" in characters, whatever the locale
widest() { LC_ALL=C sed 's/[\200-\277]//g' "$tmp/out" | LC_ALL=C awk 'length > n { n = length } END { print n + 0 }'; }
status=0
for columns in 60 72 80 100 120 200; do
	for baseline in page_allocator=linux,thp=never thp=always; do
		for metric in '*' 'fault_latency.*' run.elapsed; do
			export COLUMNS=$columns
			run 0 compare "$r" --metric "$metric" --baseline "$baseline" && [ "$(widest)" -le $columns ] || status=1
			run 0 compare "$r" "$tmp/gap.h5" "$one" --metric "$metric" && [ "$(widest)" -le $columns ] || status=1
		done
	done
done
result $status "no line is wider than COLUMNS"
COLUMNS=100 && run 0 compare "$r" && [ "$(grep -c '^thp  *never  ' "$tmp/out")" -eq 3 ] &&
	[ "$(grep -c '^fault_latency.cow.p99 .* base ' "$tmp/out")" -eq 3 ] && has out '^thp  *never  *always$' &&
	has out '^page_allocator  *linux$' && has out '^page_allocator  *linux  *llfree$'
result $? "groups of points, each with the baseline; a label that repeats is left out"
COLUMNS=100 && run 0 compare "$r" --baseline thp=always && [ "$(grep -c '^thp  *always  *never$' "$tmp/out")" -eq 2 ]
result $? "each group has the baseline of its points, and that one alone"
COLUMNS=80 && run 0 compare "$r" --metric 'fault_latency.cow.*' && has out '^page_allocator  thp     fault_latency.cow.p50 (us)' &&
	[ "$(grep -c '^llfree          never   ' "$tmp/out")" -eq 1 ] && [ "$(grep -c '^                always  ' "$tmp/out")" -eq 2 ]
result $? "more points than metrics: points are the rows"
unset COLUMNS
run 0 compare "$r" && cp "$tmp/out" "$tmp/default" && COLUMNS=120 && export COLUMNS && run 0 compare "$r" &&
	cmp -s "$tmp/out" "$tmp/default" && COLUMNS=wide && run 0 compare "$r" && cmp -s "$tmp/out" "$tmp/default"
result $? "without a terminal 120 columns; nonsense in COLUMNS is none"
unset COLUMNS
run 0 compare "$one" "$one" && has out '^fault_latency.anon.p50 .* x1.00$' && ! has out '^Left out'
result $? "where nothing differs at all, that is shown"
run 0 compare "$tmp/gap.h5" && has out 'warning: 1 cell of synthetic is missing'
result $? "gaps are told"
run 0 compare "$r" "$one" --metric run.elapsed && has out '^synthetic: 1 point x 1 seed$'
result $? "two files side by side"
run 0 compare "$r" --metric run.elapsed --format csv && [ "$(wc -l <"$tmp/out")" -eq 5 ] &&
	[ "$(tr -dc '\r' <"$tmp/out" | wc -c)" -eq 5 ] &&
	has out '^experiment,policy.page_allocator,policy.thp,metric,unit,n,mean,half95,baseline,' &&
	has out '^synthetic,linux,never,run.elapsed,ns,5,[0-9.]*,[0-9.]*,,0,,,,,,,,'
result $? "csv: a line per metric and point, CR LF, NaN empty"
run 0 compare "$r" --metric reclaim.efficiency --format json && has out '"mean": null'
result $? "json: NaN is null"
if [ -n "${PYTHON_READERS:-}" ]; then
	"$PYTHON_READERS" - "$tmp/out" >"$tmp/err" 2>&1 <<-'END'
		import json, sys
		d = json.load(open(sys.argv[1]))
		assert d["schema"] == 1 and len(d["points"]) == 4 and d["points"][3]["baseline"] == 0
		assert d["points"][3]["labels"] == {"policy.page_allocator": "llfree", "policy.thp": "always"}
		assert [v["point"] for v in d["metrics"][0]["values"]] == [0, 1, 2, 3]
	END
	result $? "json parses"
fi
run 2 compare "$r" --metric fault_latency.cwo.p99 && has err 'did you mean `fault_latency.cow.p99`'
result $? "did you mean, for metrics"
run 2 compare "$r" --baseline thp=alwys && has err 'did you mean `always`'
result $? "did you mean, for labels"
run 0 compare "$r" --metric 'tlb*' --format markdown && has out '^| metric | unit | linux, never | ' && has out '^|:--|:--|--:|--:|--:|--:|$' &&
	has out '^| `tlb.miss_ratio` |  | [0-9.]* ± [0-9.]* (base) | .* (x0.84 ++) |'
result $? "markdown"
run 0 compare "$r" --metric 'tlb*' --format latex && has out '^.begin{tabular}{llrrrrrrrr}$' &&
	has out '^tlb.miss._ratio &  & \$[0-9.]* .pm [0-9.]*\$ & base & ' && has out 'times 0.84^{++}'
result $? "latex"
run 2 compare "$r" --format xml && has err 'known: table.csv.json'
result $? "a format that is not there"
run 2 compare
result $? "compare wants a file"

# -- report --
run 0 report "$r" --as buddyinfo --point page_allocator=llfree,thp=never --seed 2 --at 250ms &&
	has err 'seed 2, simulated time 250 ms' && [ "$(wc -l <"$tmp/out")" -eq 3 ] &&
	[ "$(grep -c -E '^Node 0, zone {1,}[A-Za-z0-9]+ ( *[0-9]+ ){11}$' "$tmp/out")" -eq 3 ] &&
	[ "$(head -n 1 "$tmp/out" | cut -c 1-22)" = 'Node 0, zone      DMA ' ]
result $? "buddyinfo has the kernel's bytes"
run 0 report "$one" --as meminfo -q && [ ! -s "$tmp/err" ] && has out '^MemTotal:        4209664 kB$' &&
	has out '^HugePages_Total:       0$' && has out '^Hugepagesize:       2048 kB$'
result $? "meminfo has the kernel's bytes, -q is quiet"
run 0 report "$one" --as buddyinfo -q && cp "$tmp/out" "$tmp/buddy" && run 0 report "$one" --as unusable_index -q &&
	awk 'FNR == NR { for (z = 5; z <= 15; z++) { n[FNR, z - 5] = $z; f[FNR] += $z * 2 ^ (z - 5) } next }
	     { for (j = 0; j <= 10; j++) { s = 0; for (i = j; i <= 10; i++) s += n[FNR, i] * 2 ^ i
		w = int((f[FNR] - s) * 1000 / f[FNR]); if ($(5 + j) != sprintf("%d.%03d", w / 1000, w % 1000)) bad = 1 } }
	     END { exit bad }' "$tmp/buddy" "$tmp/out" && [ "$(wc -l <"$tmp/out")" -eq 3 ] &&
	run 0 report "$one" --as extfrag_index -q && [ "$(grep -c ' -1.000 ' "$tmp/out")" -eq 3 ]
result $? "unusable_index is what follows from buddyinfo; every order could be served, says extfrag_index"
run 0 report "$one" --as free -q &&
	[ "$(head -n 1 "$tmp/out")" = "               total        used        free      shared  buff/cache   available" ] &&
	has out '^Mem:         4209664     [0-9]\{7\}     [0-9]\{7\}           0           0     [0-9]\{7\}$' &&
	has out '^Swap:              0           0           0$'
result $? "free has the bytes of procps"
run 0 report "$one" --as vmstat && has out '^nr_free_pages [0-9]*$' && has err 'all, seed 1'
result $? "vmstat has the kernel's bytes"
run 0 report "$one" --as vmstat --at 251ms -q && cp "$tmp/out" "$tmp/first" && run 0 report "$one" --as vmstat --at 259999us -q &&
	cmp -s "$tmp/out" "$tmp/first" && run 0 report "$one" --as vmstat --at 260ms -q && ! cmp -s "$tmp/out" "$tmp/first"
result $? "the last snapshot at or before the time"
run 3 report "$one" --as vmstat --at 1us && has err 'the first is at 10 ms'
result $? "no snapshot so early"
run 3 report "$tmp/gap.h5" --as vmstat --point page_allocator=linux,thp=never --seed 4 && has err 'missing'
result $? "a missing cell has no state"
run 2 report "$r" --as buddyinfo && has err '4 points' && has err '--point page_allocator=linux,thp=never'
result $? "a point must be named, and the message says how"
run 2 report "$r" && run 2 report "$r" --as slabinfo && has err 'not built' && run 2 report "$r" --as buddinfo &&
	has err 'did you mean `buddyinfo`'
result $? "views that are not there"
run 2 report "$one" --as vmstat --seed 9 && has err 'there are: 1' && run 2 report "$one" --as vmstat --at 5 && has err unit
result $? "seeds and times that are not there"

# -- files that are not what they should be --
printf 'version: 1\n' >"$tmp/x.h5"
run 3 compare "$tmp/x.h5" && has err 'not HDF5' && run 3 report "$tmp/absent.h5" --as vmstat && has err absent.h5 &&
	: >"$tmp/empty.h5" && run 3 compare "$tmp/empty.h5" && has err empty && run 3 compare "$tmp"
result $? "no HDF5, no file, an empty file, a directory: exit 3"
"$make_result" "$tmp/c.h5" --only-cells
run 3 compare "$tmp/c.h5.cells.0" && has err 'one cell'
result $? "a cell is told from a result"
size=$(wc -c <"$r")
status=0
for cut in 1 8 100 1000 10000 $((size / 2)) $((size - 200)); do
	head -c "$cut" "$r" >"$tmp/cut.h5"
	run 3 compare "$tmp/cut.h5" || status=1
done
result $status "truncated files: exit 3 with a message"
status=0
for at in 9 50 500 5000 50000 $((size / 2)) $((size - 500)); do
	cp "$r" "$tmp/flip.h5"
	printf '\252\125\252\125' | dd of="$tmp/flip.h5" bs=1 seek="$at" conv=notrunc 2>/dev/null
	run 3 compare "$tmp/flip.h5" && has err checksum || status=1
done
result $status "overwritten bytes: exit 3, the checksum tells"
if [ -w /dev/full ]; then
	"$ENGRAM" compare "$r" >/dev/full 2>"$tmp/err"
	[ $? -eq 4 ] && has err 'cannot write'
	result $? "a full disk on standard output: exit 4"
	ln -s /dev/full "$tmp/full.h5"
	"$make_result" "$tmp/full.h5" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 4 ] && [ -c /dev/full ] && [ -h "$tmp/full.h5" ] && has err full.h5
	result $? "a result for a full device: exit 4, and the device is still one"
fi
tap_done
