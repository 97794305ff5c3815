#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `engram bench`: every rate is measured and printed, as text and as JSON. No number is held against anything:
# that would be a test of the host. (The loops check themselves: what they computed equals what the limits did.)
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
tap_show() { head -n 20 "$tmp/log"; }
mkdir "$tmp/scratch"
TMPDIR=$tmp/scratch
export TMPDIR

"$ENGRAM" bench --list >"$tmp/list" 2>"$tmp/log"
result $? "bench --list"
"$ENGRAM" bench --quick --rounds 1 --json --trace "$SRCDIR/workloads/samples/sqlite3.egt" >"$tmp/json" 2>"$tmp/log"
result $? "bench --quick --json"
# one object a line, each with all keys and a number for every measured value
missing=0
while read -r name _; do
	grep -F "{\"name\": \"$name\"," "$tmp/json" | grep -Eq '"median": [0-9.e+-]+, "min": [0-9.e+-]+, "max": [0-9.e+-]+,.*"rounds": \[[0-9.e+-]+\]' ||
		{ echo "no row $name" >>"$tmp/log"; missing=1; }
done <"$tmp/list"
[ "$(grep -c '^' "$tmp/list")" -ge 30 ] || missing=1
result $missing "every rate has a row with numbers"
if command -v python3 >/dev/null 2>&1; then
	python3 - "$tmp/json" "$tmp/list" >"$tmp/log" 2>&1 <<'END'
import json, sys
got = json.load(open(sys.argv[1]))
names = [line.split()[0] for line in open(sys.argv[2])]
assert [r["name"] for r in got["rates"]] == names
for r in got["rates"]:
    assert r["min"] <= r["median"] <= r["max"] and r["min"] > 0, r
    assert (r["limit"] is None) == (r["share_of_limit"] is None), r
assert got["build"]["compiler"] and got["host"]["cpus"] >= 1
END
	result $? "it is valid JSON and consistent"
fi
"$ENGRAM" bench --quick --rounds 1 --only events >"$tmp/text" 2>"$tmp/log" && [ "$(grep -c '^events\.1e[235] *M/s' "$tmp/text")" = 3 ]
result $? "--only, as text"
"$ENGRAM" bench --only nonsense >"$tmp/text" 2>"$tmp/log"
[ $? = 2 ] && grep -q 'bench --list' "$tmp/log"
result $? "--only of no rate is a usage error"
[ -z "$(ls "$tmp/scratch")" ]
result $? "no scratch file is left behind"
tap_done
