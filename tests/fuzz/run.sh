#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run.sh SECONDS : run every libFuzzer target of this build (tests/fuzz/fuzz_*) for its share of SECONDS, starting from
# the corpus in tests/fuzz/corpus/NAME; `make fuzz` in a build configured with --enable-fuzz. A crash, a hang of ten
# seconds or 2 GiB of memory is a failure; the input that caused it is kept and named. New inputs stay in the build
# directory. The random seed is fixed (1), so that a green tree does not turn red by the draw; FUZZ_SEED=0 draws one, and
# is what to use when looking for defects. Ends with the summary lines that automake's tests end with.
set -u
seconds=$1 n=0 failed=0 seed=${FUZZ_SEED:-1}
targets=
for f in tests/fuzz/fuzz_*; do
	if [ -f "$f" ] && [ -x "$f" ]; then
		targets="$targets $f"
		n=$((n + 1))
	fi
done
if [ $n = 0 ]; then
	echo "fuzz: no targets here: configure with CC=clang --enable-fuzz --enable-asan"
	exit 1
fi
share=$((seconds / n))
[ $share -ge 1 ] || share=1
for f in $targets; do
	name=${f##*/fuzz_}
	mkdir -p "tests/fuzz/new/$name"
	seeds=
	if [ -d "$SRCDIR/tests/fuzz/corpus/$name" ]; then
		seeds=$SRCDIR/tests/fuzz/corpus/$name
	fi
	echo "fuzz: $name for $share s"
	# shellcheck disable=SC2086  # no corpus is no argument
	if "$f" -seed="$seed" -max_total_time=$share -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="tests/fuzz/crash-$name-" "tests/fuzz/new/$name" $seeds >"tests/fuzz/$name.fuzzlog" 2>&1; then
		grep -E 'number_of_executed_units|peak_rss' "tests/fuzz/$name.fuzzlog"
	else
		failed=$((failed + 1))
		tail -n 30 "tests/fuzz/$name.fuzzlog"
	fi
done
echo "# TOTAL: $n"
echo "# PASS:  $((n - failed))"
echo "# FAIL:  $failed"
[ $failed = 0 ]
