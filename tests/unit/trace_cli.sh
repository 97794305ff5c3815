#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The trace verbs from outside: exit codes, pipes, a full disk, nothing left behind.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
log=$SRCDIR/tests/fuzz/corpus/strace/small.strace
lackey=$SRCDIR/tests/fuzz/corpus/lackey/small.lackey
sample=$SRCDIR/workloads/samples/sqlite3.egt

"$ENGRAM" trace convert "$log" -o "$tmp/a.egt" 2>"$tmp/err"
result $? "convert"
grep -q content_hash "$tmp/err"
result $? "convert reports"
"$ENGRAM" trace convert -q - -o - <"$log" >"$tmp/b.egt"
cmp -s "$tmp/a.egt" "$tmp/b.egt"
result $? "the same through pipes"
"$ENGRAM" trace cat "$tmp/a.egt" >"$tmp/a.txt" && "$ENGRAM" trace convert -q "$tmp/a.txt" -o "$tmp/c.egt" && cmp -s "$tmp/a.egt" "$tmp/c.egt"
result $? "text and back: the same bytes"
"$ENGRAM" trace info --json "$tmp/a.egt" | grep -q '"vfork": 1'
result $? "info --json"
"$ENGRAM" trace validate "$tmp/a.egt" "$sample" >/dev/null
result $? "validate"
"$ENGRAM" trace head -n 1000 -o "$tmp/h.egt" "$sample" && "$ENGRAM" trace info --json "$tmp/h.egt" | grep -q '"records": 1000'
result $? "head"
"$ENGRAM" trace convert -q - -o "$tmp/d.egt" <"$sample" && "$ENGRAM" trace validate "$tmp/d.egt" | grep -q 6000000
result $? "an .egt from a pipe"
head -c 300000 "$sample" >"$tmp/cut.egt"
"$ENGRAM" trace validate "$tmp/cut.egt" >"$tmp/out" 2>"$tmp/err"
[ $? = 3 ] && grep -q 'truncated: chunk' "$tmp/err"
result $? "a cut file is exit code 3 and says where"
"$ENGRAM" trace convert -q --keep-intact "$tmp/cut.egt" -o "$tmp/kept.egt" && "$ENGRAM" trace validate "$tmp/kept.egt" >/dev/null
result $? "--keep-intact saves what is whole"
printf 'I  0401ab70,3\n L 0400' >"$tmp/cut.lackey"
"$ENGRAM" trace convert "$tmp/cut.lackey" --format lackey -o "$tmp/x.egt" 2>"$tmp/err"
[ $? = 3 ] && grep -q 'cut.lackey:2:8:' "$tmp/err" && [ ! -e "$tmp/x.egt" ]
result $? "a cut log is exit code 3, with its line; no output appears"
"$ENGRAM" trace convert "$lackey" 2>/dev/null
[ $? = 2 ]
result $? "no -o is exit code 2"
"$ENGRAM" trace convert "$lackey" --format nonsense -o "$tmp/x.egt" 2>/dev/null
[ $? = 2 ]
result $? "an unknown format is exit code 2"
for asked in "--format lackey" "--format nonsense" "--vma none" "--strict"; do
	"$ENGRAM" trace convert -q "$tmp/a.egt" $asked -o "$tmp/x.egt" 2>"$tmp/err"
	[ $? = 2 ] && [ ! -e "$tmp/x.egt" ]
	result $? "$asked is for recordings: refused for an .egt, not passed over"
done
"$ENGRAM" trace convert -q "$tmp/a.egt" --format egt -o "$tmp/x.egt" && rm "$tmp/x.egt"
result $? "--format egt is what it is"
if [ -w /dev/full ]; then
	"$ENGRAM" trace convert -q "$log" -o - >/dev/full 2>"$tmp/err"
	[ $? = 4 ] && grep -q 'cannot write' "$tmp/err"
	result $? "a full disk is exit code 4"
fi
"$ENGRAM" trace convert -q "$log" -o "$tmp/nowhere/x.egt" 2>/dev/null
[ $? = 4 ]
result $? "a missing folder is exit code 4"
left=$(find "$tmp" -name '*.tmp' -o -name '.engram-*' | wc -l)
[ "$left" = 0 ]
result $? "no temporary file is left"
"$ENGRAM" trace generate no-such-generator -o "$tmp/g.egt" 2>/dev/null
[ $? = 2 ]
result $? "an unknown generator is exit code 2"
"$ENGRAM" trace generate gups -n 20000 --seed 7 -o "$tmp/g1.egt" && "$ENGRAM" trace generate gups -n 20000 --seed 7 -o "$tmp/g2.egt" &&
	cmp -s "$tmp/g1.egt" "$tmp/g2.egt" && "$ENGRAM" trace info --json "$tmp/g1.egt" | grep -q '"records": 20000'
result $? "a generator's trace, twice the same"

# filters: what they keep, take away and say
run() { # EXIT COMMAND...: standard output in $tmp/out, errors in $tmp/err
	want=$1
	shift
	"$ENGRAM" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ "$got" = "$want" ] || { echo "# engram $*: exit $got, not $want"; sed 's/^/# /' "$tmp/err"; return 1; }
}
has() { grep -q -e "$1" "$tmp/out" || { echo "# no: $1"; return 1; }; }
lacks() { ! grep -q -e "$1" "$tmp/out" || { echo "# there is: $1"; return 1; }; }
says() { grep -q -e "$1" "$tmp/err" || { echo "# no message: $1"; return 1; }; }

run 0 trace convert "$sample" --to 300000 -o "$tmp/s.egt" && run 0 trace info --json "$tmp/s.egt" && has '"records": 300000' &&
	has '"cut.to": "record 300000"' && lacks complete
result $? "--to cuts, and says so"
run 0 trace convert "$tmp/s.egt" --coalesce page=4 -o "$tmp/r.egt" && says page_runs && run 0 trace info --json "$tmp/r.egt" &&
	has '"run":' && has '"filter.coalesce": "page=4"' && has '"assumption.coalesce"' && has '"version": "1.1"' &&
	! grep capabilities "$tmp/out" | grep -q '"size"' && has '"accesses": 299978'
result $? "--coalesce page: runs, every access counted, \`size\` gone"
run 2 trace convert "$tmp/s.egt" --coalesce line -o "$tmp/x.egt" && says 'page=MIN' &&
	run 2 trace convert "$tmp/s.egt" --coalesce page=1 -o "$tmp/x.egt" && run 2 trace convert "$tmp/s.egt" --coalesce page=9x -o "$tmp/x.egt"
result $? "--coalesce of something else is exit code 2"
run 2 trace convert "$tmp/r.egt" --egt-version 1.0 -o "$tmp/x.egt" && says 'needs format version 1.1' && [ ! -e "$tmp/x.egt" ]
result $? "runs do not fit version 1.0: exit code 2, no file"
run 0 trace convert "$tmp/s.egt" --egt-version 1.0 -o "$tmp/v.egt" && run 0 trace info --json --no-count "$tmp/v.egt" && has '"indexed": false' &&
	has '"version": "1.0"'
result $? "version 1.0 has no index"
run 0 trace convert "$log" --from 100us --to 200us --stream 0 -o "$tmp/f.egt" && run 0 trace convert "$tmp/a.egt" --from 100us --to 200us --stream 0 -o "$tmp/g.egt" &&
	cmp -s "$tmp/f.egt" "$tmp/g.egt" && run 0 trace info --json "$tmp/g.egt" && has '"filter.streams": "0"' && has '"cut.from": "100000000ps"' &&
	! grep capabilities "$tmp/out" | grep -q '"task"'
result $? "filters on a recording are those on its trace"
run 2 trace convert "$tmp/s.egt" --from 3 --to 2ms -o "$tmp/x.egt" && says 'both as' && run 2 trace convert "$tmp/s.egt" --from 5 --to 3 -o "$tmp/x.egt" &&
	says 'behind' && run 2 trace convert "$tmp/s.egt" --from soon -o "$tmp/x.egt" && says 'number of a record' &&
	run 2 trace convert "$tmp/s.egt" --stream one -o "$tmp/x.egt"
result $? "places and streams that are none are exit code 2"

# cat, head
run 0 trace cat "$tmp/s.egt" --from 1000 --to 1003 && grep -v -e '^%' -e 'init$' "$tmp/out" >"$tmp/cut.txt" &&
	"$ENGRAM" trace cat "$tmp/s.egt" | grep -v -e '^%' | sed -n '1001,1003p' | cmp -s - "$tmp/cut.txt"
result $? "cat --from --to prints these records"
run 0 trace cat "$tmp/a.egt" --json && [ "$(wc -l <"$tmp/out")" = 20 ] && has '^{"record": 0, "time_ps": 0, "stream": 0, "op": "exec", "name": "/bin/sh"}$'
result $? "cat --json: an object a line"
run 0 trace head --json -n 2 "$tmp/s.egt" && [ "$(wc -l <"$tmp/out")" = 2 ] && has '"init": true}$'
result $? "head --json"

# index
"$ENGRAM" trace convert -q "$tmp/s.egt" -o - --no-index | cat >"$tmp/p.egt"
run 0 trace info "$tmp/p.egt" --no-count && has 'no index (streamed); engram trace index adds one' && chmod 640 "$tmp/p.egt" &&
	run 0 trace index "$tmp/p.egt" && says 'content hash as before' && run 0 trace info "$tmp/p.egt" --no-count --json && has '"indexed": true' &&
	case $(ls -l "$tmp/p.egt") in -rw-r-----*) ;; *) false ;; esac && run 0 trace validate "$tmp/p.egt" && has 'states agree$'
result $? "index: in place, the mode stays"
run 0 trace index "$tmp/p.egt" && says 'nothing to do' && run 0 trace index "$tmp/v.egt" -o "$tmp/w.egt" && run 0 trace validate "$tmp/w.egt" &&
	run 0 trace index --force "$tmp/p.egt" && run 2 trace index - && run 3 trace index "$tmp/absent.egt" && run 3 trace index "$log"
result $? "index: again, elsewhere, of nothing"
head -c 30000 "$tmp/v.egt" >"$tmp/cut.egt"
cp "$tmp/cut.egt" "$tmp/cut2.egt"
run 3 trace index "$tmp/cut.egt" && says 'keep-intact' && cmp -s "$tmp/cut.egt" "$tmp/cut2.egt"
result $? "index: a damaged file stays as it is, exit code 3"

# merge
run 0 trace merge "$tmp/a.egt" "$tmp/a.egt" --offset 0ns --offset 1us -o "$tmp/m.egt" && says 'by time' && run 0 trace info --json "$tmp/m.egt" &&
	has '"records": 40' && has '"stream.7": "a.egt t3"' && has '"merge.2.offset": "1000000ps"' && run 0 trace validate --strict "$tmp/m.egt"
result $? "merge by time"
run 0 trace merge "$tmp/a.egt" "$tmp/s.egt" -o "$tmp/m.egt" && says 'without order' && run 0 trace info --json "$tmp/m.egt" && has '"layout": "split"' &&
	has '"records": 300020' && lacks '"order"'
result $? "merge without times: split, no order"
sed 's/17000000\([0-9]*\)\./17000001\1./' "$log" >"$tmp/later.strace"
run 0 trace convert "$tmp/later.strace" -o "$tmp/later.egt" && run 0 trace merge --by-origin "$tmp/later.egt" "$tmp/a.egt" -o "$tmp/m.egt" &&
	run 0 trace info --json "$tmp/m.egt" && has '"merge.1.offset": "100000000000000ps"' && lacks merge.2.offset &&
	has '"time_origin": "1700000000' && run 2 trace merge --by-origin "$tmp/a.egt" "$tmp/s.egt" -o "$tmp/x.egt" && says time_origin
result $? "merge --by-origin shifts by the clock"
run 2 trace merge "$tmp/a.egt" -o "$tmp/x.egt" && run 2 trace merge "$tmp/a.egt" "$tmp/a.egt" && run 2 trace merge "$tmp/a.egt" - -o "$tmp/x.egt" &&
	run 2 trace merge "$tmp/a.egt" "$tmp/s.egt" --offset 1s --offset 1s -o "$tmp/x.egt" && run 3 trace merge "$tmp/a.egt" "$tmp/cut.egt" -o "$tmp/x.egt" &&
	run 3 trace merge "$tmp/a.egt" "$log" -o "$tmp/x.egt" && [ ! -e "$tmp/x.egt" ]
result $? "merge: usage is 2, damage is 3, and no file appears"

# validate
printf '%%egt 1.0\n%%capabilities: virt init\n@5 mmap 0x10000 4096 rw anon\n@4 munmap 0x90000 4096\nt1 exit 0\nt1 R 0x10000 8\n' >"$tmp/odd.txt"
run 0 trace convert -q "$tmp/odd.txt" -o "$tmp/odd.egt" && run 0 trace validate "$tmp/odd.egt" && has 'time_back 3 (first: record 1), dead_stream 1 (first: record 3), munmap_nothing 1' &&
	run 3 trace validate --strict "$tmp/odd.egt" && says 'because of --strict'
result $? "validate counts what cannot be true; --strict is exit code 3"
run 3 trace validate --json "$tmp/a.egt" "$tmp/cut.egt" "$tmp/odd.egt" && has '"verdict": "valid"' && has '"verdict": "damaged"' && has '"verdict": "odd"' &&
	has '"munmap_nothing": {"count": 1, "first": 1, "defect": true}'
result $? "validate --json: a verdict for each file"
run 3 trace validate "$tmp/a.egt" "$tmp/cut.egt" "$tmp/absent.egt" && [ "$(wc -l <"$tmp/out")" = 3 ] && has 'cut.egt: damaged (' && has 'absent.egt: not read'
result $? "validate: a line for each file"

# leaving out
printf ' L 04000000,8\nbad\n S 04000000,8\n L 04\n' >"$tmp/bad.lackey"
run 0 trace convert "$tmp/bad.lackey" --format lackey --skip-bad 2 -o "$tmp/k.egt" && says 'left out: .*bad.lackey:2:1: expected "KIND address,size"' && says 'bad.lackey:4:6:' &&
	run 0 trace info --json "$tmp/k.egt" && has '"import.bad.2"' && has '"loads": 1' && ! grep capabilities "$tmp/out" | grep -q complete
result $? "--skip-bad lists the places; \`complete\` is gone"
run 3 trace convert "$tmp/bad.lackey" --format lackey --skip-bad 1 -o "$tmp/x.egt" && says ':4:6:'
result $? "one bad line too many is exit code 3"

# the examples of the help texts work as pasted, where the samples are
ln -s "$SRCDIR/workloads" "$tmp/workloads"
mkdir "$tmp/bin"
ln -s "$ENGRAM" "$tmp/bin/engram"
status=0
for verb in info cat head convert merge index validate generate; do
	example=$("$ENGRAM" trace $verb --help | sed -n '/^Example:/{n;s/^ *//;p;}')
	case $example in "engram trace $verb "*) ;; *) echo "# $verb: no example: $example"; status=1 ;; esac
	(cd "$tmp" && PATH=$tmp/bin:$PATH && eval "$example") >"$tmp/out" 2>"$tmp/err" || { echo "# $example"; sed 's/^/# /' "$tmp/err"; status=1; }
done
result $status "the examples in --help work"
left=$(find "$tmp" -name '*.tmp' -o -name '.engram-*' -o -name '*.import' | wc -l)
[ "$left" = 0 ]
result $? "and still no temporary file is left"
tap_done
