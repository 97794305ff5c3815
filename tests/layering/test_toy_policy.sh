#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One file and one line make a policy: in a copy of the tree a first-fit page allocator is added to
# sim/phys/palloc/ and one line to its plugins.mk, nothing else. The rebuilt command then lists it and explains
# its parameter, and the conformance test of page allocators, unedited, runs over it and passes.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
if [ "${DISTCHECK:-0}" != 0 ]; then
	skip_all "a second build inside distcheck is left out"
fi
case ${SAN_CFLAGS:-} in
*-fsanitize*)
	skip_all "the release build does this" ;;
esac
for f in configure Makefile.in configure.ac tests/layering/toy.c tests/conformance/palloc.c; do
	if [ ! -f "$SRCDIR/$f" ]; then
		skip_all "not a whole source tree: no $f"
	fi
done
if ! command -v automake >/dev/null 2>&1 || ! command -v autoconf >/dev/null 2>&1; then
	skip_all "a new line in a plugins.mk needs automake"
fi
# this make's jobs and variables are not those of the make inside
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
tap_show() { tail -n 25 "$tmp/out"; }

mkdir "$tmp/src" "$tmp/build"
(cd "$SRCDIR" && find . \( -path ./.git -o -path ./build -o -path ./autom4te.cache -o -name '*.h5' -o -name '*.o' -o -name '*.a' \) \
	-prune -o -type f -print0 | tar --null -T - -cf -) | (cd "$tmp/src" && tar -xf -)
chmod -R u+w "$tmp/src"
rm -f "$tmp/src/config.status" "$tmp/src/config.h" "$tmp/src/Makefile"
cp "$SRCDIR/tests/layering/toy.c" "$tmp/src/sim/phys/palloc/toy.c"
echo 'PALLOC_PLUGINS += sim/phys/palloc/toy.c' >>"$tmp/src/sim/phys/palloc/plugins.mk"

rc=0
# -O0: this build is run for seconds and compiled in tens of them; make renews Makefile.in by itself
(cd "$tmp/build" && "$tmp/src/configure" -q CC="${CC:-cc}" CFLAGS=-O0 --enable-debug &&
 make -j2 engram tests/conformance/palloc) >"$tmp/out" 2>&1 </dev/null || rc=1
result $rc "one new file and one new line build"
if [ $rc = 0 ]; then
	ENGRAM_DATADIR="$tmp/src"; export ENGRAM_DATADIR
	"$tmp/build/engram" list policies >"$tmp/out" 2>&1 || :
	grep -qw toy "$tmp/out" || rc=1
	result $rc "engram list policies shows the new policy"
	rc=0
	"$tmp/build/engram" explain toy >"$tmp/out" 2>&1 || rc=1
	grep -qw scan_start "$tmp/out" || rc=1
	result $rc "engram explain shows its parameter"
	rc=0
	(cd "$tmp/build" && tests/conformance/palloc) >"$tmp/out" 2>&1 || rc=1
	grep -qE '^ok .*toy' "$tmp/out" || rc=1
	result $rc "the conformance test runs over it, unedited, and passes"
fi
tap_done
