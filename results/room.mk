# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-results.a
libengram_results_a_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS) $(GSL_CFLAGS)
libengram_results_a_SOURCES = results/writer.h results/reader.h results/h5.h results/h5.c results/h5read.c results/probe.c \
	results/cell.h results/cell.c results/merge.h results/merge.c \
	results/merge_layout.c results/merge_data.c results/host.c results/library.c results/file.h results/reader.c results/reader_data.c \
	results/expr.h results/expr.c results/stats.h results/stats.c results/compare.h results/compare.c results/compare_text.h results/compare_text.c \
	results/compare_table.c results/compare_export.c results/report.h results/report.c \
	results/claim.h results/claim.c results/claim_bind.h results/claim_bind.c results/claim_expect.c results/claim_text.c results/claim_exact.h results/claim_exact.c

results_libs = libengram-results.a libengram-core.a $(HDF5_LIBS) $(GSL_LIBS) -lm

# A plausible result file without a simulator, for those who draw and compare; not a test.
check_PROGRAMS += tests/make_result
tests_make_result_SOURCES = tests/make_result.c tests/synthetic.h
tests_make_result_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS)
tests_make_result_LDADD = $(results_libs)

check_PROGRAMS += tests/unit/test_stats
tests_unit_test_stats_SOURCES = tests/unit/test_stats.c
tests_unit_test_stats_LDADD = $(results_libs)
TESTS += tests/unit/test_stats
check_PROGRAMS += tests/unit/test_expr
tests_unit_test_expr_SOURCES = tests/unit/test_expr.c tests/tap.h
tests_unit_test_expr_LDADD = $(results_libs)
TESTS += tests/unit/test_expr
check_PROGRAMS += tests/unit/test_claim
tests_unit_test_claim_SOURCES = tests/unit/test_claim.c tests/tap.h
tests_unit_test_claim_CPPFLAGS = $(AM_CPPFLAGS) $(GSL_CFLAGS)
tests_unit_test_claim_LDADD = $(results_libs)
TESTS += tests/unit/test_claim
check_PROGRAMS += tests/unit/test_results
tests_unit_test_results_SOURCES = tests/unit/test_results.c tests/synthetic.h
tests_unit_test_results_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS)
tests_unit_test_results_LDADD = $(results_libs)
TESTS += tests/unit/test_results
TESTS += tests/interop/readers.sh tests/cli/test_results_verbs.sh tests/cli/test_verify.sh
EXTRA_DIST += tests/interop/readers.sh tests/cli/test_results_verbs.sh tests/cli/test_verify.sh
