#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `engram run` with the host's malloc failing at the Nth request (shim.c), of the program itself, of libyaml and of libzstd,
# counted over all processes of the run. Each time: exit code 4 (or 0, where it was a mere wish, with the right
# result), a message, no signal; no file of the final name that is not whole; and --resume gives the bytes of an
# undisturbed run. The program's own requests are failed one by one, much faster, in test_run_alloc and
# test_results_alloc; here is what those cannot see: workers, the merge after them, the verb itself.
#
# Left out are the requests of libgsl 2.7 (gsl_ran_discrete_preproc() uses what malloc gave it without a look) and of
# libhdf5 1.10.8, which do not survive, and those of libc (stdio, directories), for which the calls that make them fail in
# test_files.sh.
#
# ENGRAM_FAULT_ALL=1: every N; otherwise some from all parts of the run.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
case " ${SAN_CFLAGS:-} " in
*address*) skip_all "the sanitizer has its own malloc";;
esac
shim=$tmp/shim.so
# shellcheck disable=SC2086  # CC may be two words
if ! $CC -O1 -shared -fPIC -DSHIM_MALLOC -o "$shim" "$SRCDIR/tests/fault/shim.c" -ldl >"$tmp/log" 2>&1; then
	sed 's/^/# /' "$tmp/log"
	skip_all "no shared library can be built here"
fi
cp "$SRCDIR/tests/fuzz/corpus/lackey/small.lackey" "$tmp/small.lackey"
cd "$tmp" || exit 99
cat >x.yaml <<'END'
version: 1
name: tiny
machine: {preset: laptop, cpus: 1, memory: 64MiB}
workload:
  - {generator: zipf, footprint: 1MiB, references: 2000}
  - {trace: small.lackey, label: small}
sweep: {policy.page_allocator: [buddy, bitmap_first]}
seeds: 1
END
run() { "$ENGRAM" run x.yaml -o a.h5 -j1 -q "$@" >out 2>log; }
shimmed()
{
	SHIM_CALL=malloc SHIM_FROM=$1 SHIM_NTH=$2 SHIM_HOW=12 SHIM_LOG=$tmp/shimlog LD_PRELOAD=$shim run
}
run && mv a.h5 ref.h5
result $? "a run without failures"

# sweep FROM MAX: up to MAX of the requests
sweep()
{
	rm -rf a.*
	shimmed "$1" 0
	count=$(sed -n 's/^calls //p' shimlog)
	step=$((${count:-0} / $2 + 1))
	[ "${ENGRAM_FAULT_ALL:-0}" = 0 ] || step=1
	k=$((step / 2 + 1)) tried=0 wrong=0 failed=0
	while [ "$k" -le "${count:-0}" ]; do
		rm -rf a.*
		shimmed "$1" "$k"
		rc=$?
		what=
		case $rc in
		0) cmp -s a.h5 ref.h5 || what="exit 0 with another result";;
		4)
			failed=$((failed + 1))
			grep -q '^engram: ' log || what="no message"
			[ ! -e a.h5 ] || cmp -s a.h5 ref.h5 || what="a result that is not whole";;
		*) what="exit code $rc";;
		esac
		grep -q '^failed' shimlog || what="the request did not come"
		if [ "$rc" != 0 ]; then
			run --resume
			cmp -s a.h5 ref.h5 || what="$what; --resume gives another result"
		fi
		if [ -n "$what" ]; then
			wrong=1
			echo "# $1, request $k: $what"
			sed 's/^/#   /' log | head -n 4
		fi
		tried=$((tried + 1))
		k=$((k + step))
	done
	[ "$failed" -gt 0 ] || wrong=1
	result $wrong "$1: $tried of ${count:-0} requests failed, $failed ended the run"
}
sweep own 5
sweep yaml 2
sweep zstd 2
tap_done
