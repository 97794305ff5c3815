#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages: well formed (mandoc -Tlint), and engram(1) has every verb and its options.
set -eu
if ! command -v mandoc >/dev/null 2>&1; then
	echo "1..0 # SKIP no mandoc"
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 bad=0
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; head -n 20 "$tmp/out" | sed 's/^/# /'; fi
}
sh "$SRCDIR/docs/gen-man.sh" "$ENGRAM" 1.2.3 >"$tmp/engram.1"
for page in "$tmp/engram.1" "$SRCDIR"/docs/*.[1-8]; do
	[ -f "$page" ] || continue
	rc=0
	# a page without a date keeps builds reproducible; its neighbours are not installed yet
	mandoc -T lint -W warning "$page" 2>&1 | grep -vE 'missing date|cannot open|referenced manual not found' >"$tmp/out" || :
	[ ! -s "$tmp/out" ] || rc=1
	result $rc "${page##*/} is well formed"
done
mandoc -T ascii "$tmp/engram.1" | sed 's/.\x08//g' >"$tmp/text"
"$ENGRAM" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]* \{0,1\}[a-z-]*\)  .*/\1/p' | sed 's/ *$//' >"$tmp/verbs"
result "$([ -s "$tmp/verbs" ] && echo 0 || echo 1)" "there are verbs"
while read -r verb; do
	rc=0
	: >"$tmp/out"
	grep -qE "^   $verb\$" "$tmp/text" || { echo "no section $verb" >"$tmp/out"; rc=1; }
	# shellcheck disable=SC2086  # a verb of two words is two arguments
	"$ENGRAM" $verb --help </dev/null | sed -n '/^Options:/,/^Example:/s/.* \(--[a-z][a-z-]*\).*/\1/p' >"$tmp/options"
	while read -r o; do
		grep -qF -e "$o" "$tmp/text" || { echo "no option $o" >>"$tmp/out"; rc=1; }
	done <"$tmp/options"
	result $rc "engram(1) describes $verb and its options"
done <"$tmp/verbs"
echo "1..$n"
exit $bad
