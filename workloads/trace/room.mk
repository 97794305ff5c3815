# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/workloads/trace/plugins.mk
noinst_LIBRARIES += libengram-trace.a
libengram_trace_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libengram_trace_a_SOURCES = workloads/trace/trace.h \
	workloads/trace/codec.c workloads/trace/codec.h \
	workloads/trace/crc32c.c workloads/trace/crc32c.h \
	workloads/trace/egt.c workloads/trace/egt.h workloads/trace/items.h \
	workloads/trace/reader.c workloads/trace/reader.h workloads/trace/reader_chunks.c \
	workloads/trace/reader_seek.c workloads/trace/reader_index.c workloads/trace/index.c workloads/trace/index.h \
	workloads/trace/state.c workloads/trace/state.h workloads/trace/state_maps.c workloads/trace/state_maps.h \
	workloads/trace/state_table.c workloads/trace/state_table.h \
	workloads/trace/writer.c workloads/trace/writer.h workloads/trace/writer_chunks.c workloads/trace/writer_file.c \
	workloads/trace/twin_print.c workloads/trace/twin.h \
	workloads/trace/bench.c workloads/trace/bench.h \
	workloads/trace/input.c workloads/trace/input.h \
	workloads/trace/infer.c workloads/trace/infer.h \
	workloads/trace/import.c workloads/trace/import.h \
	workloads/trace/coalesce.c workloads/trace/coalesce.h \
	workloads/trace/library.c workloads/trace/copy.c workloads/trace/copy.h workloads/trace/merge.c workloads/trace/merge.h workloads/trace/prepare.c \
	workloads/trace/reindex.c workloads/trace/reindex.h \
	workloads/trace/semantic.c workloads/trace/semantic.h workloads/trace/validate.c workloads/trace/validate.h \
	workloads/trace/stats.c workloads/trace/stats.h \
	workloads/trace/strace.h workloads/trace/strace_calls.c workloads/trace/strace_line.c workloads/trace/strace_line.h \
	workloads/trace/lackey.h workloads/trace/lackey_calls.c workloads/trace/linux_abi.h \
	$(IMPORTER_PLUGINS)
nodist_libengram_trace_a_SOURCES = workloads/trace/registry.c
workloads/trace/registry.c: $(top_srcdir)/workloads/trace/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) importer workloads/trace/import.h $(IMPORTER_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += workloads/trace/registry.c

TRACE_TEST_LIBS = libengram-trace.a libengram-core.a $(ZSTD_LIBS) $(ZLIB_LIBS) $(LZMA_LIBS) $(BZ2_LIBS) -lm
check_PROGRAMS += tests/unit/test_trace_recount
tests_unit_test_trace_recount_SOURCES = tests/unit/test_trace_recount.c
tests_unit_test_trace_recount_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_trace_recount

check_PROGRAMS += tests/unit/test_egt
tests_unit_test_egt_SOURCES = tests/unit/test_egt.c tests/egt_random.h
tests_unit_test_egt_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_egt

check_PROGRAMS += tests/unit/test_egt_versions
tests_unit_test_egt_versions_SOURCES = tests/unit/test_egt_versions.c
tests_unit_test_egt_versions_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_egt_versions

check_PROGRAMS += tests/unit/test_egt_damage
tests_unit_test_egt_damage_SOURCES = tests/unit/test_egt_damage.c tests/egt_random.h
tests_unit_test_egt_damage_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_egt_damage

check_PROGRAMS += tests/unit/test_state
tests_unit_test_state_SOURCES = tests/unit/test_state.c tests/state_random.h tests/crafted_ids.h
tests_unit_test_state_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_state

check_PROGRAMS += tests/unit/test_egt_layout
tests_unit_test_egt_layout_SOURCES = tests/unit/test_egt_layout.c tests/egt_random.h tests/state_random.h
tests_unit_test_egt_layout_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_egt_layout

check_PROGRAMS += tests/unit/test_trace_import
tests_unit_test_trace_import_SOURCES = tests/unit/test_trace_import.c
tests_unit_test_trace_import_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_trace_import

check_PROGRAMS += tests/unit/test_trace_tools
tests_unit_test_trace_tools_SOURCES = tests/unit/test_trace_tools.c tests/trace_records.h
tests_unit_test_trace_tools_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_trace_tools

check_PROGRAMS += tests/unit/test_trace_validate
tests_unit_test_trace_validate_SOURCES = tests/unit/test_trace_validate.c tests/trace_records.h tests/crafted_ids.h
tests_unit_test_trace_validate_LDADD = $(TRACE_TEST_LIBS)
TESTS += tests/unit/test_trace_validate

TESTS += tests/unit/trace_cli.sh
EXTRA_DIST += tests/unit/trace_cli.sh

nobase_dist_pkgdata_DATA += workloads/samples/sqlite3.egt workloads/samples/README.md
EXTRA_DIST += docs/egt-format.md

# Fuzz targets: with --enable-fuzz libFuzzer drives them, otherwise they replay their corpus as tests.
TRACE_FUZZ = tests/fuzz/fuzz_egt tests/fuzz/fuzz_lackey tests/fuzz/fuzz_strace tests/fuzz/fuzz_twin
check_PROGRAMS += $(TRACE_FUZZ)
tests_fuzz_fuzz_egt_SOURCES = tests/fuzz/fuzz_egt.c tests/fuzz/replay.h
tests_fuzz_fuzz_lackey_SOURCES = tests/fuzz/fuzz_lackey.c tests/fuzz/import_one.h
tests_fuzz_fuzz_strace_SOURCES = tests/fuzz/fuzz_strace.c
tests_fuzz_fuzz_twin_SOURCES = tests/fuzz/fuzz_twin.c
tests_fuzz_fuzz_egt_LDADD = $(TRACE_TEST_LIBS)
tests_fuzz_fuzz_lackey_LDADD = $(TRACE_TEST_LIBS)
tests_fuzz_fuzz_strace_LDADD = $(TRACE_TEST_LIBS)
tests_fuzz_fuzz_twin_LDADD = $(TRACE_TEST_LIBS)
if FUZZ
tests_fuzz_fuzz_egt_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_egt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_lackey_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_lackey_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_strace_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_strace_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_twin_CFLAGS = $(AM_CFLAGS) -DEG_FUZZ
tests_fuzz_fuzz_twin_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_egt_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_egt_LDFLAGS = $(AM_LDFLAGS)
tests_fuzz_fuzz_lackey_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_lackey_LDFLAGS = $(AM_LDFLAGS)
tests_fuzz_fuzz_strace_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_strace_LDFLAGS = $(AM_LDFLAGS)
tests_fuzz_fuzz_twin_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_twin_LDFLAGS = $(AM_LDFLAGS)
TESTS += $(TRACE_FUZZ)
endif
EXTRA_DIST += tests/fuzz/corpus/egt tests/fuzz/corpus/lackey tests/fuzz/corpus/strace tests/fuzz/corpus/twin
