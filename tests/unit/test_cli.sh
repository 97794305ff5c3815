#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manners that all verbs share: help with an example, suggestions, exit codes, streams, --version.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp"

tap_show() { head -n 12 out err; }
# run ARGUMENTS...: exit code in $rc, streams in out and err
run() { rc=0; "$ENGRAM" "$@" >out 2>err </dev/null || rc=$?; }
# exits CODE TEXT-IN-STDERR WHAT: TEXT may be empty
exits()
{
	good=0
	[ "$rc" = "$1" ] || good=1
	[ -z "$2" ] || grep -qF -- "$2" err || good=1
	[ "$1" = 0 ] || [ ! -s out ] || good=1         # a failure says nothing on standard output
	result $good "$3"
}

run --version
result $([ $rc = 0 ] && grep -qE '^engram [0-9]+\.[0-9]+\.[0-9]+' out && [ ! -s err ] && echo 0 || echo 1) "--version prints name and version"
run --help
result $([ $rc = 0 ] && grep -q '^Usage: engram VERB' out && [ ! -s err ] && echo 0 || echo 1) "--help goes to standard output"
sed -n '/^Verbs:/,/^$/s/^  \([a-z-]* \{0,1\}[a-z-]*\)  .*/\1/p' out | sed 's/ *$//' >verbs
result $([ "$(wc -l <verbs)" -ge 3 ] && echo 0 || echo 1) "the verbs are listed: $(tr '\n' ',' <verbs)"

while read -r verb; do
	# shellcheck disable=SC2086  # a verb of two words is two arguments
	run $verb --help
	good=0
	[ $rc = 0 ] && [ ! -s err ] && grep -q "^Usage: engram $verb" out || good=1
	sed -n '/^Example:/,$p' out | grep -q "^  .*engram $verb" || good=1
	result $good "$verb --help has an example"
	# shellcheck disable=SC2086
	run $verb --no-such-option-at-all
	exits 2 "unknown option --no-such-option-at-all" "$verb refuses an unknown option"
	# no line of help is wider than a page
	# shellcheck disable=SC2086
	"$ENGRAM" $verb --help | awk 'length($0) > 132 { print; wide = 1 } END { exit wide }' >out && good=0 || good=1
	result $good "$verb --help fits on a page"
done <verbs

run
result $([ $rc = 2 ] && echo 0 || echo 1) "no verb at all is wrong usage"
run rnu
exits 2 "did you mean \`run\`" "an unknown verb is answered with a suggestion"
run frobnicate
exits 2 "engram --help" "or with where to look"
run run
exits 2 "an argument is missing" "a missing argument is wrong usage"
run run --ouput x.h5 y.yaml
exits 2 "did you mean --output" "an option one letter off is answered with a suggestion"
run run --output
exits 2 "wants a value" "an option without its value is wrong usage"
run run gone.yaml
exits 3 "gone.yaml" "an experiment that is not there is bad input"
printf 'version: 1\nname: [\n' >broken.yaml
run check broken.yaml
exits 3 "broken.yaml:" "broken YAML is bad input, with its file and line"
run compare gone.h5
exits 3 "gone.h5" "a result that is not there is bad input"
echo "no HDF5" >text.h5
run compare text.h5
exits 3 "text.h5" "a file that is no result is bad input"
if [ -c /dev/full ]; then
	rc=0
	"$ENGRAM" --help >/dev/full 2>err || rc=$?
	: >out
	exits 4 "standard output" "a full disk under standard output is a host failure"
fi
tap_done
