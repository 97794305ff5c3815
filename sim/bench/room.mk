# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-bench.a
libengram_bench_a_CPPFLAGS = $(AM_CPPFLAGS) -DEG_BUILD_FLAGS='"$(CFLAGS) $(SAN_CFLAGS)"'
libengram_bench_a_SOURCES = sim/bench/bench.h sim/bench/bench.c sim/bench/group.h sim/bench/host.c \
	sim/bench/limits.h sim/bench/limits.c sim/bench/limits_memory.c \
	sim/bench/traces.h sim/bench/traces.c sim/bench/access.c sim/bench/files.c sim/bench/faults.c sim/bench/frames.c sim/bench/events.c

TESTS += tests/cli/test_bench.sh tests/cli/test_bench_traces.sh
EXTRA_DIST += tests/cli/test_bench.sh tests/cli/test_bench_traces.sh docs/performance.md
