# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/workloads/trace/plugins.mk
noinst_LIBRARIES += libengram-trace.a
libengram_trace_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libengram_trace_a_SOURCES = workloads/trace/trace.h \
	workloads/trace/codec.c workloads/trace/codec.h \
	workloads/trace/crc32c.c workloads/trace/crc32c.h \
	workloads/trace/egt.c workloads/trace/egt.h \
	workloads/trace/reader.c workloads/trace/writer.c \
	workloads/trace/twin_print.c workloads/trace/twin.h \
	workloads/trace/bench.c workloads/trace/bench.h \
	workloads/trace/input.c workloads/trace/input.h \
	workloads/trace/infer.c workloads/trace/infer.h \
	workloads/trace/import.c workloads/trace/import.h \
	workloads/trace/copy.c workloads/trace/copy.h workloads/trace/prepare.c \
	workloads/trace/stats.c workloads/trace/stats.h \
	workloads/trace/strace_line.c workloads/trace/strace_line.h \
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
