#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the program does when the host fails at its files: each write, fsync, rename, open, close, mkdir and read in turn
# fails once (shim.c), or transfers half, or is interrupted; and disks that stay full: RLIMIT_FSIZE and /dev/full.
#
# After a failure: exit code 4 and a message that names the file; an older file of the name is as it was, byte for byte,
# or is the complete new one; no temporary file is left but below OUT.cells; and the same command again, with --resume,
# gives the bytes of an undisturbed run. Calls that are a mere wish (the sync of a directory) may fail without effect.
#
# ENGRAM_FAULT_ALL=1 tries every N of every call; otherwise a sample that is dense at the end, where files get names.
# Arguments are calls to try alone ("close read").
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
only=$*
shim=$tmp/shim.so
# shellcheck disable=SC2086  # CC may be two words
if ! $CC -O1 -shared -fPIC -o "$shim" "$SRCDIR/tests/fault/shim.c" -ldl >"$tmp/log" 2>&1; then
	sed 's/^/# /' "$tmp/log"
	skip_all "no shared library can be built here"
fi
case " ${SAN_CFLAGS:-} " in
*address*) ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0; export ASAN_OPTIONS;;
esac
cp "$SRCDIR/tests/fuzz/corpus/lackey/small.lackey" "$tmp/small.lackey"
cd "$tmp" || exit 99
tries=0
cat >x.yaml <<'END'
version: 1
name: tiny
machine: {preset: laptop, cpus: 1, memory: 64MiB}
workload:
  - {generator: zipf, footprint: 1MiB, references: 2000}
  - {trace: small.lackey, label: small}
sweep: {policy.page_allocator: [buddy, bitmap_first]}
seeds: 1
END

# The commands; each makes its file in work/. fresh() brings an older file of the name.
fresh()
{
	rm -rf work
	mkdir work
	if [ -f "old.${1#a.}" ]; then cp "old.${1#a.}" "work/$1"; fi
}
cmd_run() { "$ENGRAM" run x.yaml -o work/a.h5 -j1 -q "$@"; }
cmd_convert() { "$ENGRAM" trace convert small.lackey -o work/a.egt -q; }
cmd_generate() { "$ENGRAM" trace generate zipf footprint=1MiB references=2000 -o work/a.egt -q; }
cmd_plot() { "$ENGRAM" plot ref.h5 tlb-breakdown -o work/figures -q; }

# shimmed CALL N HOW COMMAND: run it with that call failing; the exit code
shimmed()
{
	SHIM_CALL=$1 SHIM_NTH=$2 SHIM_HOW=$3 SHIM_LOG=$tmp/shimlog LD_PRELOAD=$shim "$4" >out 2>log
}
# how many calls of that kind a whole run makes
count_calls()
{
	fresh ''
	shimmed "$1" 0 5 "$2" && sed -n 's/^calls //p' shimlog
}
# nothing half-made: temporary names outside of a.cells
leftovers()
{
	find work -path '*/a.cells/*' -prune -o \( -name '*tmp*' -o -name '.engram-*' \) -print
}
complain()
{
	echo "# $1: $2"
	sed 's/^/#   /' shimlog log | head -n 6
	wrong=1
}

# the same file; of two folders of figures: the same names
same()
{
	if [ -d "$1" ]; then [ "$(ls "$1")" = "$(ls "$2")" ]; else cmp -s "$1" "$2"; fi
}
# judge WHAT RC FILE REFERENCE: after a failure
judge()
{
	grep -q '^failed' shimlog || { complain "$1" "the call did not come"; return; }
	case $2 in
	0)      # it was a wish, or it was done again
		same "work/$3" "$4" || complain "$1" "exit 0, but the file is not right";;
	4)
		grep -q "engram: .*$5" log || complain "$1" "exit 4, but no message names the file"
		if [ -f "work/$3" ] && ! cmp -s "work/$3" "$4" && ! cmp -s "work/$3" "old.${3#a.}"; then
			complain "$1" "something else stands under the final name"
		fi;;
	*)      complain "$1" "exit code $2";;
	esac
	[ -z "$(leftovers)" ] || complain "$1" "left behind: $(leftovers | tr '\n' ' ')"
}

# sample COUNT MAX TAIL: which of 1..COUNT: all, or some MAX and the last TAIL
sample()
{
	if [ "${ENGRAM_FAULT_ALL:-0}" = 1 ] || [ "$1" -le "$2" ]; then
		seq 1 "$1"
	else
		{ seq 1 $(($1 / $2 + 1)) "$1"; seq $(($1 - $3 + 1)) "$1"; } | sort -n | uniq
	fi
}

# sweep CALL HOW COMMAND FILE REFERENCE NAMES MAX [must]: each N; NAMES: what a message may name; must: no N may end well
sweep()
{
	case " ${only:-$1} " in *" $1 "*) ;; *) return;; esac
	count=$(count_calls "$1" "$3")
	wrong=0 failures=0 done_n=0 tail=3
	[ "${8:-}" != never ] || tail=1         # what goes on has no state to leave behind
	for k in $(sample "${count:-0}" "$7" $tail); do
		fresh "$4"
		shimmed "$1" "$k" "$2" "$3"
		rc=$?
		[ $rc = 0 ] || failures=$((failures + 1))
		[ $rc = 0 ] || [ "${8:-}" != never ] || complain "$3: $1 $k ($2)" "it should have gone on"
		judge "$3: $1 $k ($2)" $rc "$4" "$5" "$6"
		if [ "$3" = cmd_run ] && [ $rc != 0 ]; then
			cmd_run --resume >out 2>log || complain "$3: $1 $k ($2)" "--resume does not go on"
			cmp -s "work/$4" "$5" || complain "$3: $1 $k ($2)" "--resume gives other bytes"
			[ ! -e work/a.cells ] || complain "$3: $1 $k ($2)" "--resume leaves a.cells"
		fi
		done_n=$((done_n + 1)) tries=$((tries + 1))
	done
	case ${8:-} in
	must) [ $failures = $done_n ] || complain "$3: $1" "$((done_n - failures)) of $done_n failures went unnoticed";;
	never) [ $failures = 0 ] || complain "$3: $1" "$failures of $done_n ended it";;
	*) [ $failures -gt 0 ] || complain "$3: $1" "no failure was noticed";;
	esac
	[ "$done_n" -gt 0 ] || complain "$3: $1" "there is no such call"
	result $wrong "$3: $1, $2, at $done_n of ${count:-0} places"
}

fresh ''
cmd_run --set machine.memory=128MiB >out 2>log && mv work/a.h5 old.h5 && echo old >old.egt
result $? "an older result"
fresh ''
cmd_run >out 2>log && mv work/a.h5 ref.h5
result $? "a run without failures"
cmd_convert >out 2>log && mv work/a.egt ref.egt
result $? "a conversion"
cmd_generate >out 2>log && mv work/a.egt refg.egt
result $? "a generated trace"
# shellcheck disable=SC2015
cmd_plot >out 2>log && mv work/figures ref.figures && have_gnuplot=1 || have_gnuplot=0
sed 's/^/# /' log

names='work/a\.\(h5\|cells\|host\)'
sweep write 28 cmd_run a.h5 ref.h5 "$names" 3 must
sweep write short cmd_run a.h5 ref.h5 "$names" 2 never
sweep write 4 cmd_run a.h5 ref.h5 "$names" 2 never
sweep fsync 5 cmd_run a.h5 ref.h5 "$names" 2
sweep rename 5 cmd_run a.h5 ref.h5 "$names" 2 must
sweep open 24 cmd_run a.h5 ref.h5 'a\.\|x\.yaml\|small\|laptop' 2
sweep close 5 cmd_run a.h5 ref.h5 "$names" 2
sweep mkdir 28 cmd_run a.h5 ref.h5 "$names" 2
sweep read 5 cmd_run a.h5 ref.h5 'a\.\|x\.yaml\|small\|laptop' 2
sweep read short cmd_run a.h5 ref.h5 "$names" 1 never
sweep read 4 cmd_run a.h5 ref.h5 "$names" 1 never
sweep fork 11 cmd_run a.h5 ref.h5 'worker' 2 must
sweep pipe 24 cmd_run a.h5 ref.h5 'worker' 2 must
for c in convert generate; do
	ref=ref.egt
	[ $c = convert ] || ref=refg.egt
	sweep write 28 cmd_$c a.egt $ref 'a\.egt' 6 must
	sweep write short cmd_$c a.egt $ref 'a\.egt' 4 never
	sweep write 4 cmd_$c a.egt $ref 'a\.egt' 4 never
	sweep fsync 5 cmd_$c a.egt $ref 'a\.egt' 4
	sweep rename 13 cmd_$c a.egt $ref 'a\.egt' 4 must
	sweep close 5 cmd_$c a.egt $ref 'a\.egt' 4
	sweep open 24 cmd_$c a.egt $ref 'a\.egt\|small' 6
done
sweep read 5 cmd_convert a.egt ref.egt 'small\|a\.egt' 6
if [ "$have_gnuplot" = 1 ]; then
	for c in fopen fclose pipe fork mkdir; do
		sweep $c 5 cmd_plot figures ref.figures 'figures\|cannot run\|plots/\|ref\.h5\|standard output' 8
	done
fi

# ---- disks that stay full ----
# stdout COMMAND...: /dev/full in the place of a disk
stdout_full()
{
	what=$1
	shift
	"$@" >/dev/full 2>log
	rc=$?
	if [ $rc = 4 ] && grep -q 'standard output' log; then result 0 "$what"; else
		echo "# exit code $rc: $(head -n 3 log)"
		result 1 "$what"
	fi
}
stdout_full "compare, standard output on a full disk" "$ENGRAM" compare ref.h5
stdout_full "compare --format csv" "$ENGRAM" compare ref.h5 --format csv
stdout_full "report" "$ENGRAM" report ref.h5 --as buddyinfo --point page_allocator=buddy
stdout_full "trace info" "$ENGRAM" trace info ref.egt
stdout_full "trace cat" "$ENGRAM" trace cat ref.egt
stdout_full "trace convert to standard output" "$ENGRAM" trace convert small.lackey -o -
stdout_full "list" "$ENGRAM" list policies
stdout_full "explain" "$ENGRAM" explain machine
stdout_full "check" "$ENGRAM" check x.yaml
stdout_full "--help" "$ENGRAM" --help
stdout_full "--version" "$ENGRAM" --version

# limited BLOCKS COMMAND...: no file may grow beyond that; the signal that comes with it must not end the program. What it
# says goes through a pipe: its file could not grow either. The exit code is in rc.
limited()
{
	(
		ulimit -f "$1"
		shift
		"$@" 2>&1
		echo "rc $?"
	) | cat >log
	rc=$(sed -n 's/^rc //p' log)
}
wrong=0
for blocks in 0 64 800; do
	fresh a.h5
	limited $blocks cmd_run
	{ [ "$rc" = 4 ] && grep -q "engram: .*work/a\..*File too large" log && cmp -s work/a.h5 old.h5; } ||
		{ : >shimlog; complain "run within $blocks blocks" "exit code $rc"; }
	[ -z "$(leftovers)" ] || complain "run within $blocks blocks" "left behind: $(leftovers)"
	cmd_run --resume >out 2>log
	cmp -s work/a.h5 ref.h5 || complain "run within $blocks blocks" "--resume gives other bytes"
done
result $wrong "run, on files that may not grow, and then --resume"
wrong=0
for c in convert generate; do
	fresh a.egt
	limited 0 cmd_$c
	{ [ "$rc" = 4 ] && grep -q "engram: .*a\.egt.*File too large" log && cmp -s work/a.egt old.egt; } ||
		{ : >shimlog; complain "trace $c within 0 blocks" "exit code $rc"; }
	[ -z "$(leftovers)" ] || complain "trace $c" "left behind: $(leftovers)"
done
result $wrong "trace convert and generate, on files that may not grow"

echo "# $tries failures were tried"
tap_done
