#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# engram verify: what it runs and what it leaves alone, files that are not the experiment's, exit codes, and the claims of
# the shipped experiments.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
mkdir tmp
TMPDIR=$tmp/tmp
export TMPDIR

tap_show() { cat out err | head -n 16; }
run() { # EXIT ARGUMENT... : the exit code must be EXIT
	want=$1
	shift
	"$ENGRAM" "$@" >out 2>err
	got=$?
	[ $got -eq "$want" ] || echo "exit $got, wanted $want" >>err
	[ $got -eq "$want" ]
}
has() { grep -q -e "$2" "$1"; }

cat >base.yaml <<'END'
version: 1
name: small
machine: {memory: 64MiB, cpus: 1}
workload: [{generator: fork-storm, rss: 4MiB, children: 2, child_life: 1ms}]
sweep:
  policy.page_allocator: [buddy, bitmap_first]
seeds: 2
END
claim() { # FILE CLAIM... : base.yaml with these claims
	file=$1
	shift
	{
		cat base.yaml
		[ $# = 0 ] || echo "claims:"
		for c; do echo "  - {$c}"; done
	} >"$file"
}
holds='id: C1, text: copies happen, metric: cow.breaks, expect: value > 0'
fails='id: C2, text: none happen, metric: cow.breaks, expect: value = 0'
open='id: C3, text: no such faults, metric: fault_latency.shmem.p50, expect: value > 0'
claim none.yaml
claim good.yaml "$holds"
claim all.yaml "$holds" "$fails" "$open"

# -- verdicts and exit codes --
run 0 verify good.yaml -j 1 && has out '^PASS  *C1  copies happen$' && has out '^1 claim: 1 PASS, 0 FAIL, 0 UNDECIDED' &&
	has err 'result in results/small.h5'
result $? "all claims hold: 0"
cp results/small.h5 first.h5
run 1 verify all.yaml && has out '^FAIL  *C2' && has out '^UNDECIDED  *C3' && has err 'complete already' && cmp -s first.h5 results/small.h5
result $? "one does not: 1; claims that were added make nothing run again"
run 1 verify all.yaml -c C3 -q && ! has out C1 && [ ! -s err ]
result $? "one that stays open: 1"
run 0 verify all.yaml --claim C1 -q
result $? "one claim of several"
run 2 verify all.yaml --claim C9 && has err 'all.yaml has no claim C9; did you mean '
result $? "a claim that is not there: 2"
run 3 verify none.yaml && has err 'none.yaml: claims: there are none to verify' && has err 'claims: \[{id: C1'
result $? "no claims: 3, and how to write one"
claim typo.yaml 'id: C1, text: x, metric: cow.braeks, expect: value > 0' 'id: C2, text: x, metric: elapsed, expect: value > 1MiB'
run 3 verify typo.yaml -q && has err 'typo.yaml:9:5: claim C1: metric: the result has no metric cow.braeks; did you mean cow.breaks?' &&
	has err 'typo.yaml:10:5: claim C2: expect: the unit does not fit elapsed, which is in ns' && [ ! -s out ]
result $? "metrics and units that the result does not have: 3, all of them, with their lines"
run 2 verify good.yaml --result first.h5 -j 2
result $? "--result with what is for running: 2"
run 2 verify good.yaml --format latex
result $? "an unknown format: 2"

# -- claims decide nothing in a result --
run 0 check none.yaml --cell 0 && cp out cell.none && run 0 check all.yaml --cell 0 && cmp -s out cell.none
result $? "a cell's text and hash know no claims"
run 0 run all.yaml -q -o other.h5 && run 1 verify none.yaml --result first.h5 --exact other.h5 &&
	has out '^exact: FAIL: other bytes, but the same numbers as other.h5$' &&
	has out 'the text of the experiment file, its comments and claims included, differs' && [ "$(grep -c differs out)" = 1 ]
result $? "claims that differ change the text that the result keeps, and nothing else"

# -- a result that is there --
run 0 verify good.yaml --result first.h5 && has out '^PASS' && [ ! -s err ]
result $? "a result is judged where it lies"
run 3 verify good.yaml --result gone.h5
result $? "no result: 3"
run 0 run none.yaml --set seeds=3 -q -o three.h5 && run 3 verify good.yaml --result three.h5 &&
	has err 'not a result of good.yaml' && has err '"seeds: \[1, 2, 3\]" there, "seeds: \[1, 2\]" here'
result $? "a result of another experiment: 3, and where it differs"
run 0 verify good.yaml --set seeds=3 --result three.h5
result $? "... unless --set makes it that one"

cp three.h5 other.h5 && sed 's/^name: .*/name: another/' good.yaml >another.yaml
run 3 verify another.yaml -o other.h5 -q && has err 'other.h5: holds a result of another experiment, ' && cmp -s three.h5 other.h5
result $? "a result of another experiment is not replaced: 3"

# -- published results --
run 0 verify good.yaml --exact first.h5 -q && has out '^exact: PASS: the same bytes as first.h5$' && has out "sha256 $(sha256sum first.h5 | cut -c1-64)"
result $? "the published bytes come out again"
run 1 verify good.yaml --exact three.h5 -q && has out '2 seeds, published: 3'
result $? "other seeds"
run 0 run good.yaml -q -o slow.h5 --set machine.costs.page_copy=2us 2>/dev/null || run 0 run good.yaml -q -o slow.h5 --set machine.memory=128MiB
run 1 verify good.yaml --exact slow.h5 -q --json && has out '"identical": false, "numbers_equal": false' && has out 'metric .* differs in .* of 4 cells, first at'
result $? "other numbers are named, metric by metric"
run 2 verify good.yaml --format markdown --json -q && has err 'leave out one of --json and --format markdown' && run 0 verify good.yaml --format json --json -q
result $? "--json with another format: 2"
run 3 verify good.yaml --exact gone.h5 -q
result $? "a published result that is not there: 3"
[ ! -d results/small.cells ] && [ -z "$(ls tmp)" ]
result $? "nothing is left behind"

# -- shipped experiments: small enough for a test their claims may fail, but each can be judged --
small() { # NAME ARGUMENT...
	name=$1
	shift
	"$ENGRAM" verify "$name" -q -j 1 --set seeds=2 "$@" >out 2>err
	[ $? -le 1 ] && has out '^[1-9][0-9]* claims'
	result $? "$name: every claim can be judged"
}
small quickstart --set stop.time=20ms --set workload.sqlite3.start=5ms --set workload.fork-storm.rss=8MiB
small fragmentation --set workload.alloc-churn.ops=2000
small tlb-reach --set workload.zipf.references=5000
run 0 verify fork-cow -q -j 1 -o fork-cow.h5
result $? "fork-cow: its claims hold"
tap_done
