# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the shell tests share, as tests/tap.h is what those in C share. A test reads it before it changes directory:
#
#	. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
#	cd "$tmp" || exit 99
#	tap_show() { head -n 20 out err; }
#	"$ENGRAM" list >out 2>err
#	result $? "the list is printed"
#	tap_done
#
# $tmp is an empty folder of the test's own, gone when it ends. ENGRAM, SRCDIR and BUILDDIR must be in the environment, as
# `make check` sets them: a test that went on without them would fail in each of its lines, and say nothing.

if [ -z "${ENGRAM:-}" ] || [ -z "${SRCDIR:-}" ] || [ -z "${BUILDDIR:-}" ]; then
	echo "Bail out! ENGRAM, SRCDIR and BUILDDIR are not set; in the build directory: make check TESTS=tests/.../${0##*/}"
	exit 1
fi
if ! tmp=$(mktemp -d "${TMPDIR:-/tmp}/engram-test.XXXXXX"); then
	echo "Bail out! no temporary directory below ${TMPDIR:-/tmp}"
	exit 1
fi
# some tests take the right to write away
trap 'chmod -R u+w "$tmp" 2>/dev/null || :; rm -rf "$tmp"' EXIT
tap_run=0 tap_bad=0

# What a failed test shows as its reason: a test that has logs defines it anew. Files that are not there are left out.
tap_show() { :; }

# result STATUS TEXT: one test; 0 is good
result()
{
	tap_run=$((tap_run + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_run - $2"
	else
		echo "not ok $tap_run - $2"
		tap_bad=1
		tap_show 2>/dev/null | sed 's/^/# /'
	fi
}

# skip WHY: in the place of one test, or of some that belong together
skip()
{
	tap_run=$((tap_run + 1))
	echo "ok $tap_run # SKIP $1"
}

# skip_all WHY: in the place of all
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# The plan, and the end: exit code 1 if a test failed.
tap_done()
{
	echo "1..$tap_run"
	exit $tap_bad
}
