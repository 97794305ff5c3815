#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Standard output under all verbs: what is printed with --json is JSON, also when the verb fails; a full disk and a closed
# descriptor are failures with a message; a reader that goes away ends the verb at once and without noise. Then the command
# line itself: --help, --, doubled and conflicting options, values of choices.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
TMPDIR=$tmp; export TMPDIR
tap_show() { head -n 12 out err; }
run() { rc=0; "$ENGRAM" "$@" >out 2>err </dev/null || rc=$?; }
# exits CODE TEXT WHAT
exits()
{
	good=0
	[ "$rc" = "$1" ] || good=1
	[ -z "$2" ] || grep -qF -- "$2" err || good=1
	result $good "$3"
}
if command -v python3 >/dev/null 2>&1 && python3 -c 'import json' 2>/dev/null; then
	json() { python3 -m json.tool "$1" >/dev/null 2>>err; }
elif command -v jq >/dev/null 2>&1; then
	json() { jq -e . "$1" >/dev/null 2>>err; }
else
	json() { [ "$(head -c 1 "$1")" = '{' ] && [ "$(tail -c 2 "$1" | head -c 1)" = '}' ]; }
fi
cat >x.yaml <<'END'
version: 1
name: small
machine: {preset: laptop, cpus: 2, memory: 64MiB}
workload:
  - {generator: fork-storm, rss: 4MiB, children: 2, touch: 0.2, child_life: 100us}
sweep: {policy.page_allocator: [buddy, bitmap_first]}
seeds: 2
stop: {time: 2ms}
measure: {interval: 100us}
END
run run x.yaml -o a.h5 -q
result "$rc" "a result to look at"
run trace generate gups -n 2000 -o t.egt
result "$rc" "a trace to look at"
run trace generate gups -n 2000 -o u.egt --seed 2

# A line for each verb that prints data: what succeeds.
cat >good <<'END'
check x.yaml
check x.yaml --cell 1
plan x.yaml -o b.h5
plan x.yaml -o b.h5 --missing
plan x.yaml -o b.h5 --no-probe
status x.yaml -o a.h5
compare a.h5
report a.h5 --as buddyinfo --point page_allocator=buddy
report a.h5 --as meminfo --point page_allocator=buddy
report a.h5 --as vmstat --point page_allocator=buddy
list
explain buddy
explain skylake-2s
explain tlb
explain trace info
bench --list
bench --quick --only event --rounds 1
trace info t.egt
END
"$ENGRAM" list | sed 's/ .*//; s/^/list /' >>good
# and what fails, with its exit code
cat >wrong <<'END'
3 check gone.yaml
2 check x.yaml --cell 99
2 check x.yaml --cell one
2 check --frobnicate x.yaml
3 plan gone.yaml
2 plan x.yaml --jobs 0
3 status gone.yaml
3 status x.yaml -o nothing.h5
3 compare gone.h5
3 compare x.yaml
2 compare a.h5 --format csb
2 compare a.h5 --format csv
2 report a.h5
2 report a.h5 --as nonsense
2 report a.h5 --as buddyinfo
3 report x.yaml --as buddyinfo
3 plot gone.h5
2 plot nonsense
2 plot a.h5 --format pgn
2 list polices
2 explain qwertz
2 bench --only nothing
2 bench --list --quick
3 trace info gone.egt
3 trace info x.yaml
END
# every verb with --json must be in both lists, so that none is forgotten
"$ENGRAM" __man names | awk -F '\t' '$1 == "option" && $3 == "--json" { print $2 }' >verbs
while read -r verb; do
	: >err
	grep -q "^$verb" good && grep -qE "^[0-9] $verb" wrong
	known=$?
	case $verb in
	plot | trace* | verify) known=0 ;;      # plot needs gnuplot; the others are tested by their own tests
	esac
	result $known "$verb --json is tested here"
done <verbs
while read -r line; do
	# shellcheck disable=SC2086  # words
	run $line --json
	good=$rc
	if [ "$line" = "status x.yaml -o a.h5" ] || [ "$rc" = 0 ]; then json out || good=1; fi
	case $line in
	trace*) ;;              # tests/cli/ has the layout of theirs
	*) grep -q '"schema": *1' out || good=1 ;;
	esac
	result $good "$line --json"
done <good
while read -r code line; do
	# shellcheck disable=SC2086
	run $line --json
	good=0
	[ "$rc" = "$code" ] && json out || good=1
	grep -q '"schema": 1' out && { grep -q '"error"' out || grep -q '"state": "nothing"' out; } || good=1
	result $good "$line --json fails with $code, in JSON"
done <wrong
if command -v gnuplot >/dev/null 2>&1; then
	run plot a.h5 fragmentation-over-time -o figures --json
	good=$rc
	json out || good=1
	result $good "plot --json"
fi
run --version --json
good=$rc
json out || good=1
result $good "--version --json"

# A full disk, a closed stream and a reader that goes away
sed 's/^/v /' good | grep -vE -e '--quick|^v list [a-jl-z]|--missing|--no-probe|--cell|vmstat' >lines
printf 'v trace cat t.egt\nv trace head t.egt\nv --help\nv --version\nv run --help\n' >>lines
while read -r _ line; do
	if [ -c /dev/full ]; then
		rc=0
		# shellcheck disable=SC2086
		"$ENGRAM" $line >/dev/full 2>err </dev/null || rc=$?
		: >out
		good=0
		[ "$rc" = 4 ] && [ -s err ] || good=1
		result $good "$line: a full disk under standard output is exit 4 with a message"
	fi
	rc=0
	# shellcheck disable=SC2086
	"$ENGRAM" $line >&- 2>err </dev/null || rc=$?
	[ "$rc" = 4 ] && [ -s err ]
	result $? "$line: so is a closed one"
	# shellcheck disable=SC2086
	{ rc=0; "$ENGRAM" $line 2>err </dev/null || rc=$?; echo "$rc" >code; } | :
	good=0
	# 141: ended by SIGPIPE; 0: it was done before; 4 where a parent has SIGPIPE ignored
	case $(cat code) in
	0 | 141) ! grep -v '^engram: page_allocator' err >/dev/null || good=1 ;;
	4) grep -q 'cannot write' err || good=1 ;;
	*) good=1 ;;
	esac
	result $good "$line: a closed pipe ends it ($(cat code))"
done <lines
rc=0
(trap '' PIPE; "$ENGRAM" list keys 2>err; echo $? >code) | :
[ "$(cat code)" = 4 ] && grep -q 'cannot write to standard output' err
result $? "where SIGPIPE is ignored, a closed pipe is exit 4"

# The command line
run run --frobnicate --help
exits 0 "" "--help wins over an unknown option"
grep -q '^Usage: engram run' out
result $? "  and is the verb's"
run help compare
exits 0 "" "engram help VERB"
run compare --format=csv=x a.h5
exits 2 "unknown format csv=x" "a value of a choice is checked"
run compare --format mardown a.h5
exits 2 "did you mean markdown" "and suggested"
run plot a.h5 --format pdf,pgn
exits 2 "did you mean png" "in a list too"
run plot a.h5 --format pdf,
exits 2 "unknown format" "an empty one of a list is none"
run list --progress lien policies
exits 2 "did you mean line" "--progress is checked by every verb"
run list --progress none --progress plain policies
exits 2 "given twice" "a single option given twice"
run run x.yaml -o a -o b
exits 2 "given twice" "or in its short form"
run run x.yaml -q --progress line
exits 2 "--quiet" "-q and --progress line contradict each other"
run list --json=yes policies
exits 2 "takes no value" "a flag takes no value"
run compare -- a.h5
exits 0 "" "-- ends options"
run compare -- --json
exits 3 "--json" "behind it a word is an argument"
run list policies extra
exits 2 "too many arguments" "too many arguments"
run --version --buidl
exits 2 "did you mean --build" "--version has suggestions"
run --version
[ "$(wc -l <out)" = 1 ]
result $? "--version is one line"
run --version --build
grep -q '^HDF5 ' out && grep -q '^compiler ' out && grep -q '^sanitizers ' out
result $? "--version --build names compiler, sanitizers and libraries"
run run x.yaml -o p.h5 --progress json
tail -n 1 err >last
grep '^{' err | tail -n 1 >out
json out
result $? "run --progress json tells JSON"
run run x.yaml -o p.h5 --progress none
grep -q 'cells (' err
result $? "another --progress leaves the summary"
run run x.yaml -o p.h5 -q
[ ! -s err ] && [ ! -s out ]
result $? "-q leaves nothing"
rc=0
NO_COLOR=1 "$ENGRAM" list polices 2>err || rc=$?
! grep -q "$(printf '\033')" err
result $? "no colour where there is no terminal"
tap_done
