#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Golden outputs: tests/golden/NAME.cmd is a shell script, NAME.out what it must print, byte for byte: its
# standard output, then what it wrote to standard error, then its exit code. Runs are deterministic, so there
# are no patterns and each script is run twice. It runs in an empty folder in which configs/ is the project's,
# with engram on the PATH.
#
#   run_golden.sh                 compare (TAP)
#   run_golden.sh --rebaseline    write every NAME.out anew (`make rebaseline`); read the diff before committing it
#   run_golden.sh [...] NAME...   only these
set -eu
mode=compare
if [ "${1-}" = --rebaseline ]; then
	mode=rebaseline
	shift
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin"
ln -s "$ENGRAM" "$tmp/bin/engram"
PATH=$tmp/bin:$PATH NO_COLOR=1 TERM=dumb COLUMNS=80 LC_ALL=C
export PATH NO_COLOR TERM COLUMNS LC_ALL
unset ENGRAM_RECORDINGS 2>/dev/null || :
ENGRAM_DATADIR=$SRCDIR; export ENGRAM_DATADIR

# play SCRIPT OUTPUT
play()
{
	rm -rf "$tmp/run"
	mkdir "$tmp/run"
	ln -s "$SRCDIR/configs" "$tmp/run/configs"
	rc=0
	(cd "$tmp/run" && sh "$1" </dev/null >"$tmp/stdout" 2>"$tmp/stderr") || rc=$?
	{
		cat "$tmp/stdout"
		if [ -s "$tmp/stderr" ]; then
			echo "--- stderr"
			cat "$tmp/stderr"
		fi
		echo "--- exit $rc"
	} >"$2"
}

n=0 bad=0
# shellcheck disable=SC2046,SC2012  # names of goldens are plain words
[ $# != 0 ] || set -- $(cd "$SRCDIR/tests/golden" && ls -- *.cmd | sed 's/\.cmd$//')
for name; do
	cmd=$SRCDIR/tests/golden/$name.cmd want=$SRCDIR/tests/golden/$name.out
	n=$((n + 1))
	play "$cmd" "$tmp/got"
	play "$cmd" "$tmp/again"
	if ! cmp -s "$tmp/got" "$tmp/again"; then
		echo "not ok $n - $name: two runs differ"
		diff "$tmp/got" "$tmp/again" | head -n 20 | sed 's/^/# /'
		bad=1
	elif [ $mode = rebaseline ]; then
		if cmp -s "$tmp/got" "$want"; then
			echo "unchanged $name"
		else
			cat "$tmp/got" >"$want"
			echo "rewritten $name"
		fi
	elif cmp -s "$tmp/got" "$want"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		diff "$want" "$tmp/got" | head -n 40 | sed 's/^/# /'
		echo "# if the change is meant: make rebaseline, and read the diff"
		bad=1
	fi
done
[ $mode = rebaseline ] || echo "1..$n"
exit $bad
