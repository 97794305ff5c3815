#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `engram bench --traces`: the table and its JSON on a small recording; with ENGRAM_RECORDINGS also what the format
# promises of the reference traces: at most 3 bytes an access of a program before compression (5 % slack), 5.5 of
# random addresses. Bytes do not depend on the host, so they are held against their limits here; rates are not.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
tap_show() { head -n 20 "$tmp/log"; }
mkdir "$tmp/scratch"
TMPDIR=$tmp/scratch
export TMPDIR

# held JSON LIMIT-OF-PROGRAMS LIMIT-OF-RANDOM: one line a trace; every plain form within its limit
held()
{
	sed -n 's/^ *{"name": "\([^"]*\)", "accesses": \([0-9]*\), .*"coded_bytes_limit": \([0-9.]*\), "forms": {"plain": {"coded_bytes": \([0-9.]*\).*/\1 \2 \3 \4/p' \
		"$1" | awk -v program="$2" -v random="$3" '
		{ limit = $3 == "3.0" ? program : random; print; n++; if (!($2 > 0 && $4 > 0 && $4 <= limit)) { print "above", limit; bad = 1 } }
		END { exit bad || n == 0 }'
}

mkdir -p "$tmp/logs/small" "$tmp/logs/empty"
cp "$SRCDIR/tests/fuzz/corpus/lackey/small.lackey" "$tmp/logs/small/trace.lackey"
"$ENGRAM" bench -q --traces "$tmp/logs" --quick --rounds 1 --only small --only uniform --json >"$tmp/json" 2>"$tmp/log" &&
	[ "$(grep -c '"name": "small".*"recording": true.*"plain".*"zstd".*"runs"' "$tmp/json")" = 1 ] &&
	[ "$(grep -c '"name": "uniform", "accesses": 2000000, "recording": false' "$tmp/json")" = 1 ] &&
	[ "$(grep -c '"coded_bytes"' "$tmp/json")" = 2 ]
result $? "a recording and a stream, as JSON"
grep '"name": "uniform"' "$tmp/json" >"$tmp/uniform"
held "$tmp/uniform" 0 5.5 >"$tmp/log"
result $? "random addresses take at most 5.5 bytes"
if command -v python3 >/dev/null 2>&1; then
	python3 -c 'import json, sys
for t in json.load(open(sys.argv[1]))["traces"]:
    for f in t["forms"].values():
        assert 0 < f["min"] <= f["median"] <= f["max"] and f["coded_bytes"] > 0 and f["stored_bytes"] > 0, t' "$tmp/json" >"$tmp/log" 2>&1
	result $? "it is valid JSON and consistent"
fi
"$ENGRAM" bench -q --traces "$tmp/logs" --quick --rounds 2 --only seq8 >"$tmp/text" 2>"$tmp/log" &&
	grep -q '^seq8  *plain  *2000000  *1\.000  *1\.000  *3\.0 ' "$tmp/text" && grep -q '^  *runs  *0\.0[0-9]* ' "$tmp/text"
result $? "as a table; page runs take almost nothing where addresses follow each other"
"$ENGRAM" bench --traces "$tmp/logs/empty" >"$tmp/text" 2>"$tmp/log"
[ $? = 3 ] && grep -q 'trace.lackey.zst' "$tmp/log"
result $? "a folder without recordings is bad input, and the message says what belongs there"
"$ENGRAM" bench --traces "$tmp/logs" --only nonsense >"$tmp/text" 2>"$tmp/log"
[ $? = 2 ]
result $? "--only of no trace is a usage error"
if [ -d "${ENGRAM_RECORDINGS:-/nonexistent}/traces/access" ]; then
	"$ENGRAM" bench -q --traces "$ENGRAM_RECORDINGS" --rounds 1 --json >"$tmp/json" 2>"$tmp/log" && held "$tmp/json" 3.15 5.5 >"$tmp/log"
	status=$?
	sed 's/^/# /' "$tmp/log"
	result $status "reference traces: programs at most 3 bytes an access (5 % slack), random addresses 5.5"
else
	skip "reference traces: ENGRAM_RECORDINGS is not set"
fi
[ -z "$(ls "$tmp/scratch")" ]
result $? "no scratch file is left behind"
tap_done
