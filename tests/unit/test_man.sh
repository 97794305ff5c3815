#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages: each is made, is well formed (mandoc -T lint), and shows what it should.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
if ! command -v mandoc >/dev/null 2>&1; then
	skip_all "no mandoc"
fi
tap_show() { head -n 20 "$tmp/out"; }
# a page without a date keeps builds reproducible; its neighbours are not installed yet
lint() { mandoc -T lint -W warning "$1" 2>&1 | grep -vE 'missing date|cannot open|referenced manual not found' >"$tmp/out" || :; [ ! -s "$tmp/out" ]; }
show() { mandoc -T ascii "$1" | sed 's/.\x08//g'; }

"$ENGRAM" __man pages >"$tmp/pages"
result "$([ "$(wc -l <"$tmp/pages")" -ge 10 ] && echo 0 || echo 1)" "there are pages"
for page in $(cat "$tmp/pages") engram-experiment.5 engram-results.5 engram-trace.5; do
	source=
	[ ! -f "$SRCDIR/docs/$page" ] || source=$SRCDIR/docs/$page
	rc=0
	# shellcheck disable=SC2086  # none or one
	sh "$SRCDIR/docs/gen-man.sh" "$ENGRAM" "$page" $source >"$tmp/$page" 2>"$tmp/out" || rc=1
	[ $rc != 0 ] || lint "$tmp/$page" || rc=1
	result $rc "$page is made and well formed"
done
printf '.TH X 1\n.SH NAME\nx \\- y\n.XX\n.SH A\n.SH B\n' >"$tmp/broken.1"
rc=0
lint "$tmp/broken.1" || rc=1
result "$((1 - rc))" "a broken page would be found"
printf 'before\n.\\" @table no-such-topic\n' >"$tmp/bad.5"
rc=0
sh "$SRCDIR/docs/gen-man.sh" "$ENGRAM" bad.5 "$tmp/bad.5" >/dev/null 2>&1 || rc=1
result "$((1 - rc))" "and a table that is not there"
show "$tmp/engram-run.1" >"$tmp/out"
rc=0
{ grep -qE '^ +--keep-cells' "$tmp/out" && grep -q 'engram run EXPERIMENT.yaml' "$tmp/out" && grep -q 'Two runs of' "$tmp/out"; } || rc=1
result $rc "a verb's page has usage, description and options"
show "$tmp/engram-experiment.5" >"$tmp/out"
rc=0
{ grep -q 'watermark_scale_factor' "$tmp/out" && grep -q 'fork-storm' "$tmp/out" && grep -q 'vm.min_free_kbytes' "$tmp/out"; } || rc=1
result $rc "engram-experiment(5) has keys, generators and policies"
show "$tmp/engram-results.5" >"$tmp/out"
rc=0
{ grep -q 'tlb.misses.l2' "$tmp/out" && grep -q 'free_blocks.<zone>.<n>' "$tmp/out"; } || rc=1
result $rc "engram-results(5) has the metrics"
show "$tmp/engram-trace.5" >"$tmp/out"
rc=0
{ grep -q 'alloc_pages' "$tmp/out" && grep -q 'lackey' "$tmp/out" && grep -q 'nolost' "$tmp/out"; } || rc=1
result $rc "engram-trace(5) has operations, capabilities and formats"
tap_done
