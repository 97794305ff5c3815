# SPDX-License-Identifier: GPL-3.0-or-later
# Faults injected into the whole program: memory, files, processes.
check_PROGRAMS += tests/fault/test_results_alloc
tests_fault_test_results_alloc_SOURCES = tests/fault/test_results_alloc.c tests/fuzz/small_result.h tests/tap.h
tests_fault_test_results_alloc_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS)
tests_fault_test_results_alloc_LDADD = libengram-plots.a $(results_libs)
TESTS += tests/fault/test_results_alloc
check_PROGRAMS += tests/fault/test_kill
tests_fault_test_kill_SOURCES = tests/fault/test_kill.c tests/tap.h
TESTS += tests/fault/test_kill tests/fault/test_files.sh tests/fault/test_malloc.sh
EXTRA_DIST += tests/fault/shim.c tests/fault/test_files.sh tests/fault/test_malloc.sh
check_PROGRAMS += tests/fault/test_run_alloc
tests_fault_test_run_alloc_SOURCES = tests/fault/test_run_alloc.c tests/tap.h
tests_fault_test_run_alloc_LDADD = $(EXPERIMENT_TEST_LIBS)
TESTS += tests/fault/test_run_alloc
