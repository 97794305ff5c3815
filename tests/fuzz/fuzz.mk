# SPDX-License-Identifier: GPL-3.0-or-later
# Fuzz targets that belong to no single room. With --enable-fuzz libFuzzer drives them, otherwise they replay their corpus.
check_PROGRAMS += tests/fuzz/fuzz_result
tests_fuzz_fuzz_result_SOURCES = tests/fuzz/fuzz_result.c tests/fuzz/edit_result.h tests/fuzz/small_result.h tests/fuzz/replay.h
tests_fuzz_fuzz_result_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS)
tests_fuzz_fuzz_result_LDADD = libengram-plots.a $(results_libs)
if FUZZ
tests_fuzz_fuzz_result_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_result_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_result_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_result_LDFLAGS = $(AM_LDFLAGS)
TESTS += tests/fuzz/fuzz_result
endif
EXTRA_DIST += tests/fuzz/corpus/result
