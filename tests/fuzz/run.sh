#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run.sh SECONDS : run every libFuzzer target of this build (tests/fuzz/fuzz_*) for SECONDS each, as many at a time as
# there are processors, starting from the corpus in tests/fuzz/corpus/NAME; `make fuzz` in a build configured with
# --enable-fuzz. A crash, a hang of ten seconds or 2 GiB of memory is a failure; the input that caused it is kept and
# named. New inputs stay in the build directory. The random seed is fixed (1), so that a green tree does not turn red by
# the draw; FUZZ_SEED=0 draws one, and is what to use when looking for defects. FUZZ_JOBS sets how many run at a time.
# Ends with the summary lines that automake's tests end with.
set -u
seconds=$1 n=0 failed=0 seed=${FUZZ_SEED:-1}
jobs=${FUZZ_JOBS:-$(nproc 2>/dev/null || echo 1)}
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

# one TARGET: run it; its exit code goes to NAME.fuzzrc
one()
{
	name=${1##*/fuzz_}
	seeds=
	if [ -d "$SRCDIR/tests/fuzz/corpus/$name" ]; then
		seeds=$SRCDIR/tests/fuzz/corpus/$name
	fi
	leaks=1
	# libhdf5 allocates and frees unevenly, so libFuzzer would look for leaks after every input; it looks at the end
	[ "$name" != result ] || leaks=0
	# shellcheck disable=SC2086  # no corpus is no argument
	"$1" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
		-detect_leaks=$leaks -artifact_prefix="tests/fuzz/crash-$name-" "tests/fuzz/new/$name" $seeds \
		>"tests/fuzz/$name.fuzzlog" 2>&1
	echo $? >"tests/fuzz/$name.fuzzrc"
}

began=$(date +%s)
echo "fuzz: $n targets for $seconds s each, $jobs at a time"
running=
count=0
for f in $targets; do
	mkdir -p "tests/fuzz/new/${f##*/fuzz_}"
	one "$f" &
	running="$running $!"
	count=$((count + 1))
	if [ $count = "$jobs" ]; then           # the oldest ends first, or nearly
		# shellcheck disable=SC2086
		set -- $running
		wait "$1"
		shift
		running=$*
		count=$((count - 1))
	fi
done
wait
for f in $targets; do
	name=${f##*/fuzz_}
	rc=$(cat "tests/fuzz/$name.fuzzrc" 2>/dev/null)
	if [ "$rc" = 0 ]; then
		echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "tests/fuzz/$name.fuzzlog") inputs," \
			"at most $(sed -n 's/^stat::peak_rss_mb: *//p' "tests/fuzz/$name.fuzzlog") MiB"
	else
		failed=$((failed + 1))
		echo "fuzz: $name: FAILED (exit code ${rc:-none}); what it says last, and the input that it keeps:"
		tail -n 30 "tests/fuzz/$name.fuzzlog"
		ls "tests/fuzz/crash-$name-"* 2>/dev/null
	fi
	rm -f "tests/fuzz/$name.fuzzrc"
done
echo "fuzz: $(($(date +%s) - began)) s"
echo "# TOTAL: $n"
echo "# PASS:  $((n - failed))"
echo "# FAIL:  $failed"
[ $failed = 0 ]
