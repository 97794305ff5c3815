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
"$ENGRAM" trace validate "$dir/cut.egt" >"$dir/out" 2>"$dir/err"
[ $? = 3 ] && grep -q 'truncated: chunk' "$dir/err"
check "a cut file is exit code 3 and says where" $?
"$ENGRAM" trace convert -q --keep-intact "$dir/cut.egt" -o "$dir/kept.egt" && "$ENGRAM" trace validate "$dir/kept.egt" >/dev/null
check "--keep-intact saves what is whole" $?
printf 'I  0401ab70,3\n L 0400' >"$dir/cut.lackey"
"$ENGRAM" trace convert "$dir/cut.lackey" --format lackey -o "$dir/x.egt" 2>"$dir/err"
[ $? = 3 ] && grep -q 'cut.lackey:2:8:' "$dir/err" && [ ! -e "$dir/x.egt" ]
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

# filters: what they keep, take away and say
run() { # EXIT COMMAND...: standard output in $dir/out, errors in $dir/err
	want=$1
	shift
	"$ENGRAM" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" = "$want" ] || { echo "# engram $*: exit $got, not $want"; sed 's/^/# /' "$dir/err"; return 1; }
}
has() { grep -q -e "$1" "$dir/out" || { echo "# no: $1"; return 1; }; }
lacks() { ! grep -q -e "$1" "$dir/out" || { echo "# there is: $1"; return 1; }; }
says() { grep -q -e "$1" "$dir/err" || { echo "# no message: $1"; return 1; }; }

run 0 trace convert "$sample" --to 300000 -o "$dir/s.egt" && run 0 trace info --json "$dir/s.egt" && has '"records": 300000' &&
	has '"cut.to": "record 300000"' && lacks complete
check "--to cuts, and says so" $?
run 0 trace convert "$dir/s.egt" --coalesce page=4 -o "$dir/r.egt" && says page_runs && run 0 trace info --json "$dir/r.egt" &&
	has '"run":' && has '"filter.coalesce": "page=4"' && has '"assumption.coalesce"' && has '"version": "1.1"' &&
	! grep capabilities "$dir/out" | grep -q '"size"' && has '"accesses": 299978'
check "--coalesce page: runs, every access counted, \`size\` gone" $?
run 2 trace convert "$dir/s.egt" --coalesce line -o "$dir/x.egt" && says 'page=MIN' &&
	run 2 trace convert "$dir/s.egt" --coalesce page=1 -o "$dir/x.egt" && run 2 trace convert "$dir/s.egt" --coalesce page=9x -o "$dir/x.egt"
check "--coalesce of something else is exit code 2" $?
run 2 trace convert "$dir/r.egt" --egt-version 1.0 -o "$dir/x.egt" && says 'needs format version 1.1' && [ ! -e "$dir/x.egt" ]
check "runs do not fit version 1.0: exit code 2, no file" $?
run 0 trace convert "$dir/s.egt" --egt-version 1.0 -o "$dir/v.egt" && run 0 trace info --json --no-count "$dir/v.egt" && has '"indexed": false' &&
	has '"version": "1.0"'
check "version 1.0 has no index" $?
run 0 trace convert "$log" --from 100us --to 200us --stream 0 -o "$dir/f.egt" && run 0 trace convert "$dir/a.egt" --from 100us --to 200us --stream 0 -o "$dir/g.egt" &&
	cmp -s "$dir/f.egt" "$dir/g.egt" && run 0 trace info --json "$dir/g.egt" && has '"filter.streams": "0"' && has '"cut.from": "100000000ps"' &&
	! grep capabilities "$dir/out" | grep -q '"task"'
check "filters on a recording are those on its trace" $?
run 2 trace convert "$dir/s.egt" --from 3 --to 2ms -o "$dir/x.egt" && says 'both as' && run 2 trace convert "$dir/s.egt" --from 5 --to 3 -o "$dir/x.egt" &&
	says 'behind' && run 2 trace convert "$dir/s.egt" --from soon -o "$dir/x.egt" && says 'number of a record' &&
	run 2 trace convert "$dir/s.egt" --stream one -o "$dir/x.egt"
check "places and streams that are none are exit code 2" $?

# cat, head
run 0 trace cat "$dir/s.egt" --from 1000 --to 1003 && grep -v -e '^%' -e 'init$' "$dir/out" >"$dir/cut.txt" &&
	"$ENGRAM" trace cat "$dir/s.egt" | grep -v -e '^%' | sed -n '1001,1003p' | cmp -s - "$dir/cut.txt"
check "cat --from --to prints these records" $?
run 0 trace cat "$dir/a.egt" --json && [ "$(wc -l <"$dir/out")" = 20 ] && has '^{"record": 0, "time_ps": 0, "stream": 0, "op": "exec", "name": "/bin/sh"}$'
check "cat --json: an object a line" $?
run 0 trace head --json -n 2 "$dir/s.egt" && [ "$(wc -l <"$dir/out")" = 2 ] && has '"init": true}$'
check "head --json" $?

# index
"$ENGRAM" trace convert -q "$dir/s.egt" -o - --no-index | cat >"$dir/p.egt"
run 0 trace info "$dir/p.egt" --no-count && has 'no index (streamed); engram trace index adds one' && chmod 640 "$dir/p.egt" &&
	run 0 trace index "$dir/p.egt" && says 'content hash as before' && run 0 trace info "$dir/p.egt" --no-count --json && has '"indexed": true' &&
	case $(ls -l "$dir/p.egt") in -rw-r-----*) ;; *) false ;; esac && run 0 trace validate "$dir/p.egt" && has 'states agree$'
check "index: in place, the mode stays" $?
run 0 trace index "$dir/p.egt" && says 'nothing to do' && run 0 trace index "$dir/v.egt" -o "$dir/w.egt" && run 0 trace validate "$dir/w.egt" &&
	run 0 trace index --force "$dir/p.egt" && run 2 trace index - && run 3 trace index "$dir/absent.egt" && run 3 trace index "$log"
check "index: again, elsewhere, of nothing" $?
head -c 30000 "$dir/v.egt" >"$dir/cut.egt"
cp "$dir/cut.egt" "$dir/cut2.egt"
run 3 trace index "$dir/cut.egt" && says 'keep-intact' && cmp -s "$dir/cut.egt" "$dir/cut2.egt"
check "index: a damaged file stays as it is, exit code 3" $?

# merge
run 0 trace merge "$dir/a.egt" "$dir/a.egt" --offset 0ns --offset 1us -o "$dir/m.egt" && says 'by time' && run 0 trace info --json "$dir/m.egt" &&
	has '"records": 40' && has '"stream.7": "a.egt t3"' && has '"merge.2.offset": "1000000ps"' && run 0 trace validate --strict "$dir/m.egt"
check "merge by time" $?
run 0 trace merge "$dir/a.egt" "$dir/s.egt" -o "$dir/m.egt" && says 'without order' && run 0 trace info --json "$dir/m.egt" && has '"layout": "split"' &&
	has '"records": 300020' && lacks '"order"'
check "merge without times: split, no order" $?
sed 's/17000000\([0-9]*\)\./17000001\1./' "$log" >"$dir/later.strace"
run 0 trace convert "$dir/later.strace" -o "$dir/later.egt" && run 0 trace merge --by-origin "$dir/later.egt" "$dir/a.egt" -o "$dir/m.egt" &&
	run 0 trace info --json "$dir/m.egt" && has '"merge.1.offset": "100000000000000ps"' && lacks merge.2.offset &&
	has '"time_origin": "1700000000' && run 2 trace merge --by-origin "$dir/a.egt" "$dir/s.egt" -o "$dir/x.egt" && says time_origin
check "merge --by-origin shifts by the clock" $?
run 2 trace merge "$dir/a.egt" -o "$dir/x.egt" && run 2 trace merge "$dir/a.egt" "$dir/a.egt" && run 2 trace merge "$dir/a.egt" - -o "$dir/x.egt" &&
	run 2 trace merge "$dir/a.egt" "$dir/s.egt" --offset 1s --offset 1s -o "$dir/x.egt" && run 3 trace merge "$dir/a.egt" "$dir/cut.egt" -o "$dir/x.egt" &&
	run 3 trace merge "$dir/a.egt" "$log" -o "$dir/x.egt" && [ ! -e "$dir/x.egt" ]
check "merge: usage is 2, damage is 3, and no file appears" $?

# validate
printf '%%egt 1.0\n%%capabilities: virt init\n@5 mmap 0x10000 4096 rw anon\n@4 munmap 0x90000 4096\nt1 exit 0\nt1 R 0x10000 8\n' >"$dir/odd.txt"
run 0 trace convert -q "$dir/odd.txt" -o "$dir/odd.egt" && run 0 trace validate "$dir/odd.egt" && has 'time_back 3 (first: record 1), dead_stream 1 (first: record 3), munmap_nothing 1' &&
	run 3 trace validate --strict "$dir/odd.egt" && says 'because of --strict'
check "validate counts what cannot be true; --strict is exit code 3" $?
run 3 trace validate --json "$dir/a.egt" "$dir/cut.egt" "$dir/odd.egt" && has '"verdict": "valid"' && has '"verdict": "damaged"' && has '"verdict": "odd"' &&
	has '"munmap_nothing": {"count": 1, "first": 1, "defect": true}'
check "validate --json: a verdict for each file" $?
run 3 trace validate "$dir/a.egt" "$dir/cut.egt" "$dir/absent.egt" && [ "$(wc -l <"$dir/out")" = 3 ] && has 'cut.egt: damaged (' && has 'absent.egt: not read'
check "validate: a line for each file" $?

# leaving out
printf ' L 04000000,8\nbad\n S 04000000,8\n L 04\n' >"$dir/bad.lackey"
run 0 trace convert "$dir/bad.lackey" --format lackey --skip-bad 2 -o "$dir/k.egt" && says 'left out: .*bad.lackey:2:1: expected "KIND address,size"' && says 'bad.lackey:4:6:' &&
	run 0 trace info --json "$dir/k.egt" && has '"import.bad.2"' && has '"loads": 1' && ! grep capabilities "$dir/out" | grep -q complete
check "--skip-bad lists the places; \`complete\` is gone" $?
run 3 trace convert "$dir/bad.lackey" --format lackey --skip-bad 1 -o "$dir/x.egt" && says ':4:6:'
check "one bad line too many is exit code 3" $?

# the examples of the help texts work as pasted, where the samples are
ln -s "$SRCDIR/workloads" "$dir/workloads"
mkdir "$dir/bin"
ln -s "$ENGRAM" "$dir/bin/engram"
status=0
for verb in info cat head convert merge index validate generate; do
	example=$("$ENGRAM" trace $verb --help | sed -n '/^Example:/{n;s/^ *//;p;}')
	case $example in "engram trace $verb "*) ;; *) echo "# $verb: no example: $example"; status=1 ;; esac
	(cd "$dir" && PATH=$dir/bin:$PATH && eval "$example") >"$dir/out" 2>"$dir/err" || { echo "# $example"; sed 's/^/# /' "$dir/err"; status=1; }
done
check "the examples in --help work" $status
left=$(find "$dir" -name '*.tmp' -o -name '.engram-*' -o -name '*.import' | wc -l)
[ "$left" = 0 ]
check "and still no temporary file is left" $?
echo "1..$n"
exit $bad
