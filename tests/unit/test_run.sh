#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `engram run` as a user meets it: the same bytes whatever -j, --block, --lookahead; one cell at a time; an
# interrupted run that goes on; --set; outputs that cannot be written; what check prints is what run stores.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
tap_show() { head -n 20 log; }
# expect CODE WHAT COMMAND...: the exit code, and what it said in `log`
expect()
{
	want=$1 what=$2
	shift 2
	"$@" >out 2>log
	rc=$?
	[ $rc = "$want" ] || echo "exit code $rc, wanted $want" >>log
	[ $rc = "$want" ]
	result $? "$what"
}
cat >x.yaml <<'END'
version: 1
name: small
machine: {preset: laptop, cpus: 2, memory: 256MiB}
workload:
  - {generator: fork-storm, rss: 8MiB, children: 3, touch: 0.2, child_life: 1ms}
  - {generator: zipf, footprint: 4MiB, references: 50000}
sweep: {policy.page_allocator: [buddy, bitmap_first]}
seeds: 2
measure: {interval: 100us}
compare: {baseline: {policy.page_allocator: buddy}}
END
expect 0 "a run" "$ENGRAM" run x.yaml -o a.h5 -j1
[ -s a.h5 ] && [ -s a.host.json ] && [ ! -e a.cells ]
result $? "leaves a result, a side file and no cells"
grep -q 'page_allocator' out && grep -q '4 cells (2 points x 2 seeds)' log
result $? "prints the comparison, and says what was run"
expect 0 "with -j2" "$ENGRAM" run x.yaml -o b.h5 -j2 -q
[ ! -s out ] && [ ! -s log ]
result $? "-q prints nothing"
cmp a.h5 b.h5 >log 2>&1
result $? "-j does not change a byte"
expect 0 "with small blocks and a short lookahead" "$ENGRAM" run x.yaml -o c.h5 --block 7 --lookahead 50ns -q
cmp a.h5 c.h5 >log 2>&1
result $? "which do not change a byte"
expect 0 "with all audits" "$ENGRAM" run x.yaml -o d.h5 --audit 1000 --strict -q
cmp a.h5 d.h5 >log 2>&1
result $? "which do not change a byte"

for i in 3 0 2 1; do
	"$ENGRAM" run x.yaml -o e.h5 --cell $i -q >out 2>log || tap_bad=1
done
[ "$(cd e.cells && ls -- *.h5)" = "0.h5
1.h5
2.h5
3.h5" ]
result $? "cells one at a time"
expect 0 "and their merge" "$ENGRAM" run x.yaml -o e.h5 --resume
grep -q '4 of them from before' log && cmp a.h5 e.h5 >>log 2>&1
result $? "reuses all and gives the same bytes"
expect 0 "--resume of a complete result" "$ENGRAM" run x.yaml -o e.h5 --resume
grep -q 'nothing to do' log
result $? "does nothing"
"$ENGRAM" run x.yaml -o f.h5 --cell 0 -q
expect 3 "a cell of another configuration stops --resume" "$ENGRAM" run x.yaml -o f.h5 --resume --set machine.memory=128MiB
one=$("$ENGRAM" check x.yaml --cell 0 | sha256sum | cut -c1-64)
two=$("$ENGRAM" check x.yaml --cell 0 --set machine.memory=128MiB | sha256sum | cut -c1-64)
grep -q "$one" log && grep -q "$two" log
result $? "and both hashes are named, those of check --cell"

sed 's/references: 50000/references: 400000000/; s/seeds: 2/seeds: [1]/' x.yaml >long.yaml
"$ENGRAM" run long.yaml -o g.h5 -j2 >out 2>log &
pid=$!
i=0
while [ ! -d g.cells ] && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
sleep 0.5
kill -INT $pid
wait $pid
rc=$?
[ $rc = 130 ] && grep -q 'interrupted' log && grep -q -e '--resume' log
result $? "SIGINT ends a run with 130 and says how to go on"
[ ! -e g.h5 ] && [ -z "$(find . -name '*.tmp*')" ]
result $? "and leaves nothing half-written"

expect 2 "an unknown executor" "$ENGRAM" run x.yaml --executor pbs
expect 2 "an executor that is not built" "$ENGRAM" run x.yaml --executor slurm
grep -q 'not built yet' log
result $? "says so"
expect 2 "a bad --lookahead" "$ENGRAM" run x.yaml --lookahead 5
expect 2 "a cell that is not there" "$ENGRAM" run x.yaml --cell 4
expect 3 "a file that is not there" "$ENGRAM" run nothing.yaml
expect 3 "a bad --set" "$ENGRAM" run x.yaml --set machine.memory=5
expect 4 "a directory that is not there" "$ENGRAM" run x.yaml -o no/such/dir/x.h5
touch file
expect 4 "a file in the place of a directory" "$ENGRAM" run x.yaml -o file/x.h5
expect 0 "the default output" "$ENGRAM" run x.yaml --set seeds=1 -q
[ -s results/small.h5 ]
result $? "is results/NAME.h5"
expect 0 "the shipped experiments are valid by name" "$ENGRAM" check fragmentation
expect 3 "a figure that there is not" "$ENGRAM" check x.yaml --set 'plots=[fault-latency-cfd]'
grep -q 'did you mean fault-latency-cdf' log
result $? "is found before anything runs"
expect 0 "check --json" "$ENGRAM" check x.yaml --json
for what in policies workloads metrics figures presets experiments; do
	expect 0 "list $what" "$ENGRAM" list $what
	[ -s out ]
	result $? "is not empty"
done
expect 2 "list of something else" "$ENGRAM" list polices
grep -q 'did you mean policies' log
result $? "has a suggestion"
for what in buddy policy.tlb gups skylake-2s machine.costs machine.memory; do
	expect 0 "explain $what" "$ENGRAM" explain $what
done
expect 2 "explain nonsense" "$ENGRAM" explain qwertz
tap_done
