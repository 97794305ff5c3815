#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `engram plan` and `engram status`: what is done and what is missing, before, during and after a run, one that is
# interrupted, one that is killed, one with failing cells; costs that are noted and used; what leaves no trace behind.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
mkdir tmp
TMPDIR=$tmp/tmp; export TMPDIR
tap_show() { head -n 20 out log; }
# expect CODE WHAT COMMAND...: the exit code; streams in out and log
expect()
{
	want=$1 what=$2
	shift 2
	rc=0
	"$@" >out 2>log </dev/null || rc=$?
	[ $rc = "$want" ] || echo "exit code $rc, wanted $want" >>log
	[ $rc = "$want" ]
	result $? "$what"
}
has() { grep -qF -- "$1" out; result $? "  it says: $1"; }
cat >x.yaml <<'END'
version: 1
name: small
machine: {preset: laptop, cpus: 2, memory: 256MiB}
workload:
  - {generator: fork-storm, rss: 8MiB, children: 3, touch: 0.2, child_life: 1ms}
sweep: {policy.page_allocator: [buddy, bitmap_first]}
seeds: 3
stop: {time: 4ms}
measure: {interval: 100us}
END
# a cell that takes long enough to be looked at; its share is known from stop.time
sed 's/{generator: fork.*/{generator: zipf, footprint: 4MiB, references: 4000000000}/; s/time: 4ms/time: 200ms/; s/interval: 100us/interval: 1ms/' x.yaml >long.yaml

expect 3 "status of nothing" "$ENGRAM" status x.yaml -o a.h5
expect 0 "plan of nothing: probes" "$ENGRAM" plan x.yaml -o a.h5
has "6 cells (2 points x 3 seeds), 0 done, 6 missing"
has "(from 2 cells run to the end)"
[ ! -e a.h5 ] && [ ! -e a.cells ] && [ ! -e results ] && [ -z "$(ls tmp)" ]
result $? "  it leaves nothing behind"
expect 0 "plan without a probe" "$ENGRAM" plan x.yaml -o a.h5 --no-probe
has "time     unknown"
expect 0 "--ranges" "$ENGRAM" plan x.yaml -o a.h5 --ranges
has "0-5"
for i in 1 4; do "$ENGRAM" run x.yaml -o a.h5 --cell $i -q; done
[ "$(cd a.cells && ls)" = "1.cost.json
1.h5
4.cost.json
4.h5" ]
result $? "cells leave themselves and what they cost"
expect 0 "--missing after two cells" "$ENGRAM" plan x.yaml -o a.h5 --missing
[ "$(tr '\n' ' ' <out)" = "0 2 3 5 " ]
result $? "  it lists the others"
expect 0 "--ranges after two cells" "$ENGRAM" plan x.yaml -o a.h5 --ranges
has "0,2-3,5"
expect 0 "plan after two cells" "$ENGRAM" plan x.yaml -o a.h5
has "(from 2 finished cells)"
grep -q probe out && rc=1 || rc=0
result $rc "  nothing had to be probed"
expect 1 "status of an incomplete one" "$ENGRAM" status x.yaml -o a.h5
has "2 of 6 cells are in a.cells"
"$ENGRAM" plan x.yaml -o a.h5 --missing | xargs -I N "$ENGRAM" run -q x.yaml -o a.h5 --cell N 2>log
expect 0 "after xargs ran the rest: nothing is missing" "$ENGRAM" plan x.yaml -o a.h5 --missing
[ ! -s out ]
result $? "  and the list is empty"
expect 0 "the merge" "$ENGRAM" run x.yaml -o a.h5 --resume -q
[ ! -e a.cells ]
result $? "  it removes cells, costs and heartbeats"
"$ENGRAM" run x.yaml -o b.h5 -q -j2 && cmp a.h5 b.h5 >log 2>&1
result $? "  and gives the bytes of a whole run: costs are not in the result"
expect 0 "status of a complete one" "$ENGRAM" status x.yaml -o a.h5
has "small: complete"
expect 0 "plan of a complete one" "$ENGRAM" plan x.yaml -o a.h5
has "complete: nothing is to be run"
expect 1 "status of a result of another configuration" "$ENGRAM" status x.yaml -o a.h5 --set seeds=2
has "small: stale"
expect 0 "plan of it" "$ENGRAM" plan x.yaml -o a.h5 --set seeds=2 --no-probe
grep -q 'another configuration' log
result $? "  it warns"
echo mine >mine.txt
expect 1 "status where another file is in the way" "$ENGRAM" status x.yaml -o mine.txt
has "a run does not write over it"
grep -q 'go on with' out && rc=1 || rc=0
result $rc "  and no command that would fail is recommended"
expect 0 "plan of that place" "$ENGRAM" plan x.yaml -o mine.txt --no-probe
grep -q 'warning: mine.txt is no result, and a run does not write over it' log
result $? "  it warns"
mkfifo pipe.h5
expect 4 "a result in a place that is no file: told before anything is run" "$ENGRAM" run x.yaml -o pipe.h5
grep -q 'not a regular file' log && [ ! -e pipe.cells ]
result $? "  and no cell was"
"$ENGRAM" run x.yaml -o c.h5 --cell 0 -q
expect 1 "a cell of another configuration" "$ENGRAM" status x.yaml -o c.h5 --set machine.memory=128MiB
has "1 of another configuration"

echo '{"schema": 1, "state": "failed", "pid": 5, "running": [], "failures": ["gone"]}' >c.cells/99999999999.status.json
expect 1 "a note of a cell that the sweep had before" "$ENGRAM" status x.yaml -o c.h5
has "1 of 6 cells is in c.cells"
grep -q gone out && rc=1 || rc=0
result $rc "  it is passed over"
echo '{"schema": 1, "state": "died", "pid": 5, "updated": nan, "elapsed_seconds": 1, "done": 1, "reused": 5}' >c.cells/run.status.json
expect 1 "a note that says what cannot be" "$ENGRAM" status x.yaml -o c.h5 --json
grep -q -e nan -e '"cells_per_second": [^0]' out && rc=1 || rc=0
result $rc "  no number comes of it that JSON has not, nor a rate of work nobody did"

"$ENGRAM" run long.yaml -o l.h5 -j2 >out 2>log & pid=$!
i=0
while ! grep -qs '"running": \[{' l.cells/run.status.json && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
expect 0 "status of a run at work" "$ENGRAM" status long.yaml -o l.h5
has "small: running"
has "process $pid"
expect 0 "status as JSON" "$ENGRAM" status long.yaml -o l.h5 --json
has '"alive": true'
kill -KILL $pid
wait $pid 2>/dev/null
expect 1 "status of a run that was killed" "$ENGRAM" status long.yaml -o l.h5
has "run: died"
"$ENGRAM" run long.yaml -o l.h5 -j2 >out 2>log & pid=$!
sleep 1
kill -INT $pid
wait $pid
expect 1 "status of a run that was interrupted" "$ENGRAM" status long.yaml -o l.h5
has "run: interrupted"
"$ENGRAM" run long.yaml -o m.h5 --cell 2 >out 2>log & pid=$!
sleep 1
kill -TERM $pid
rc=0
wait $pid || rc=$?
[ $rc = 1 ] && grep -q 'stopped by SIGTERM' log
result $? "SIGTERM ends --cell with 1: the cell failed"
[ -z "$(find m.cells -name '*.h5*')" ]
result $? "  it leaves nothing half-written"
"$ENGRAM" run long.yaml -o m.h5 >out 2>log & pid=$!
sleep 1
kill -TERM $pid
rc=0
wait $pid || rc=$?
[ $rc = 130 ]
result $? "SIGTERM ends a whole run with 130"

expect 0 "plan of a long one: a probe that is cut short" "$ENGRAM" plan long.yaml -o p.h5 --probe 1500ms -j2 --progress json
has "2 probes, extrapolated"
has "so far, at most"
grep -q '^{"schema": 1, "progress": "probes"' log
result $? "  --progress json tells of the probes"
expect 0 "plan of a machine that does not fit" "$ENGRAM" plan x.yaml -o p.h5 --no-probe --set machine.memory=4TiB -j 64
grep -q 'warning: .* of memory, and .* available' log
result $? "  it warns, with the numbers"
expect 2 "--missing with --ranges" "$ENGRAM" plan x.yaml --missing --ranges
expect 2 "--missing with --probe" "$ENGRAM" plan x.yaml --missing --probe 1s
expect 2 "a probe without a unit" "$ENGRAM" plan x.yaml --probe 1
expect 3 "plan of a file that is not there" "$ENGRAM" plan gone.yaml
expect 3 "status of a file that is not there" "$ENGRAM" status gone.yaml
expect 2 "--cell and --jobs" "$ENGRAM" run x.yaml --cell 1 -j 3
[ -z "$(ls tmp)" ]
result $? "no temporary files are left"
tap_done
