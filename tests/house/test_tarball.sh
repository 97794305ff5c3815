#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tarball has every file of the project: one that a room.mk forgot would be missed only by those who unpack it.
set -eu
if [ ! -e "$SRCDIR/.git" ] || ! git -C "$SRCDIR" ls-files >/dev/null 2>&1; then
	echo "1..0 # SKIP not a checkout: nothing to compare with"
	exit 0
fi
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
if ! make -C "$BUILDDIR" distdir distdir="$tmp/d" top_distdir="$tmp/d" >"$tmp/out" 2>&1 </dev/null; then
	echo "not ok 1 - make distdir"
	tail -n 20 "$tmp/out" | sed 's/^/# /'
	echo "1..1"
	exit 1
fi
git -C "$SRCDIR" ls-files | grep -v '^\.gitignore$' | while read -r f; do
	[ -e "$tmp/d/$f" ] || [ ! -e "$SRCDIR/$f" ] || echo "$f is in no _SOURCES and no EXTRA_DIST"
done >"$tmp/missing"
if [ -s "$tmp/missing" ]; then
	echo "not ok 1 - the tarball has every file"
	sed 's/^/# /' "$tmp/missing"
else
	echo "ok 1 - the tarball has every file"
fi
echo "1..1"
[ ! -s "$tmp/missing" ]
