#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The trace verbs from outside: exit codes, pipes, a full disk, nothing left behind.
set -u
n=0 bad=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/engram-trace.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
check() {
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; bad=1; fi
}
log=$SRCDIR/tests/fuzz/corpus/strace/small.strace
lackey=$SRCDIR/tests/fuzz/corpus/lackey/small.lackey
sample=$SRCDIR/workloads/samples/sqlite3.egt

"$ENGRAM" trace convert "$log" -o "$dir/a.egt" 2>"$dir/err"
check "convert" $?
grep -q content_hash "$dir/err"
check "convert reports" $?
"$ENGRAM" trace convert -q - -o - <"$log" >"$dir/b.egt"
cmp -s "$dir/a.egt" "$dir/b.egt"
check "the same through pipes" $?
"$ENGRAM" trace cat "$dir/a.egt" >"$dir/a.txt" && "$ENGRAM" trace convert -q "$dir/a.txt" -o "$dir/c.egt" && cmp -s "$dir/a.egt" "$dir/c.egt"
check "text and back: the same bytes" $?
"$ENGRAM" trace info --json "$dir/a.egt" | grep -q '"vfork": 1'
check "info --json" $?
"$ENGRAM" trace validate "$dir/a.egt" "$sample" >/dev/null
check "validate" $?
"$ENGRAM" trace head -n 1000 -o "$dir/h.egt" "$sample" && "$ENGRAM" trace info --json "$dir/h.egt" | grep -q '"records": 1000'
check "head" $?
"$ENGRAM" trace convert -q - -o "$dir/d.egt" <"$sample" && "$ENGRAM" trace validate "$dir/d.egt" | grep -q 6000000
check "an .egt from a pipe" $?
head -c 300000 "$sample" >"$dir/cut.egt"
"$ENGRAM" trace validate "$dir/cut.egt" 2>"$dir/err"
[ $? = 3 ] && grep -q 'truncated: chunk' "$dir/err"
check "a cut file is exit code 3 and says where" $?
"$ENGRAM" trace convert -q --keep-intact "$dir/cut.egt" -o "$dir/kept.egt" && "$ENGRAM" trace validate "$dir/kept.egt" >/dev/null
check "--keep-intact saves what is whole" $?
printf 'I  0401ab70,3\n L 0400' >"$dir/cut.lackey"
"$ENGRAM" trace convert "$dir/cut.lackey" --format lackey -o "$dir/x.egt" 2>"$dir/err"
[ $? = 3 ] && grep -q 'cut.lackey:2:1:' "$dir/err" && [ ! -e "$dir/x.egt" ]
check "a cut log is exit code 3, with its line; no output appears" $?
"$ENGRAM" trace convert "$lackey" 2>/dev/null
[ $? = 2 ]
check "no -o is exit code 2" $?
"$ENGRAM" trace convert "$lackey" --format nonsense -o "$dir/x.egt" 2>/dev/null
[ $? = 2 ]
check "an unknown format is exit code 2" $?
if [ -w /dev/full ]; then
	"$ENGRAM" trace convert -q "$log" -o - >/dev/full 2>"$dir/err"
	[ $? = 4 ] && grep -q 'cannot write' "$dir/err"
	check "a full disk is exit code 4" $?
fi
"$ENGRAM" trace convert -q "$log" -o "$dir/nowhere/x.egt" 2>/dev/null
[ $? = 4 ]
check "a missing folder is exit code 4" $?
left=$(find "$dir" -name '*.tmp' -o -name '.engram-*' | wc -l)
[ "$left" = 0 ]
check "no temporary file is left" $?
"$ENGRAM" trace generate no-such-generator -o "$dir/g.egt" 2>/dev/null
[ $? = 2 ]
check "an unknown generator is exit code 2" $?
"$ENGRAM" trace generate gups -n 20000 --seed 7 -o "$dir/g1.egt" && "$ENGRAM" trace generate gups -n 20000 --seed 7 -o "$dir/g2.egt" &&
	cmp -s "$dir/g1.egt" "$dir/g2.egt" && "$ENGRAM" trace info --json "$dir/g1.egt" | grep -q '"records": 20000'
check "a generator's trace, twice the same" $?
echo "1..$n"
exit $bad
