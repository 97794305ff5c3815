# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-experiment.a
libengram_experiment_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libengram_experiment_a_SOURCES = \
	sim/experiment/problem.h sim/experiment/problem.c \
	sim/experiment/yaml_tree.h sim/experiment/yaml_tree.c sim/experiment/yaml_read.c \
	sim/experiment/path.h sim/experiment/path.c \
	sim/experiment/schema.h sim/experiment/schema.c \
	sim/experiment/frame.h sim/experiment/sweep.c sim/experiment/claims.c \
	sim/experiment/preset.c \
	sim/experiment/cell.h sim/experiment/cell.c sim/experiment/canonical.c \
	sim/experiment/resolve.h sim/experiment/keys.c sim/experiment/items.c \
	sim/experiment/worker.h sim/experiment/worker.c \
	sim/experiment/exec.h sim/experiment/exec.c \
	sim/experiment/pool.h sim/experiment/pool.c sim/experiment/collect.c \
	sim/experiment/library.c sim/experiment/side.h sim/experiment/side.c \
	sim/experiment/probe.h sim/experiment/probe.c \
	sim/experiment/inspect.h sim/experiment/inspect.c

EXPERIMENT_TEST_LIBS = libengram-experiment.a libengram-results.a libengram-gen.a libengram-trace.a libengram-core.a \
	$(HDF5_LIBS) $(YAML_LIBS) $(GSL_LIBS) $(ZSTD_LIBS) $(ZLIB_LIBS) $(LZMA_LIBS) $(BZ2_LIBS) -lm
check_PROGRAMS += tests/unit/test_yaml_tree tests/fuzz/fuzz_yaml tests/fuzz/fuzz_experiment
TESTS += tests/unit/test_yaml_tree tests/fuzz/replay_yaml.sh
EXTRA_DIST += tests/fuzz/replay_yaml.sh tests/fuzz/corpus/yaml tests/fuzz/corpus/experiment
tests_unit_test_yaml_tree_SOURCES = tests/unit/test_yaml_tree.c tests/tap.h
tests_unit_test_yaml_tree_LDADD = libengram-experiment.a libengram-core.a $(YAML_LIBS)
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz_yaml.c tests/fuzz/replay.h
tests_fuzz_fuzz_yaml_LDADD = libengram-experiment.a libengram-core.a $(YAML_LIBS)
tests_fuzz_fuzz_experiment_SOURCES = tests/fuzz/fuzz_experiment.c tests/fuzz/replay.h
tests_fuzz_fuzz_experiment_LDADD = $(EXPERIMENT_TEST_LIBS)
if FUZZ
tests_fuzz_fuzz_experiment_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_experiment_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_yaml_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_yaml_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
# without this branch automake would link with neither flags nor sanitizers
tests_fuzz_fuzz_experiment_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_experiment_LDFLAGS = $(AM_LDFLAGS)
tests_fuzz_fuzz_yaml_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_yaml_LDFLAGS = $(AM_LDFLAGS)
endif

# the machine of these tests is exp_stub.c: an executor is tested without a simulation
EXP_STUB = tests/unit/exp_stub.c tests/unit/exp_stub.h tests/tap.h tests/synthetic.h
check_PROGRAMS += tests/unit/test_schema tests/unit/test_cell tests/unit/test_exec
TESTS += tests/unit/test_schema tests/unit/test_cell tests/unit/test_exec
EXTRA_DIST += tests/unit/bad_experiments.txt
tests_unit_test_schema_SOURCES = tests/unit/test_schema.c $(EXP_STUB)
tests_unit_test_schema_LDADD = $(EXPERIMENT_TEST_LIBS)
tests_unit_test_cell_SOURCES = tests/unit/test_cell.c $(EXP_STUB)
tests_unit_test_cell_LDADD = $(EXPERIMENT_TEST_LIBS)
tests_unit_test_exec_SOURCES = tests/unit/test_exec.c $(EXP_STUB)
tests_unit_test_exec_LDADD = $(EXPERIMENT_TEST_LIBS)
check_PROGRAMS += tests/fault/test_experiment_alloc
TESTS += tests/fault/test_experiment_alloc
tests_fault_test_experiment_alloc_SOURCES = tests/fault/test_experiment_alloc.c $(EXP_STUB)
tests_fault_test_experiment_alloc_LDADD = $(EXPERIMENT_TEST_LIBS)
TESTS += tests/unit/test_run.sh tests/unit/test_plan_status.sh
EXTRA_DIST += tests/unit/test_run.sh tests/unit/test_plan_status.sh
