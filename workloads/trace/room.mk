# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-trace.a
libengram_trace_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libengram_trace_a_SOURCES = workloads/trace/trace.h \
	workloads/trace/codec.c workloads/trace/codec.h \
	workloads/trace/crc32c.c workloads/trace/crc32c.h \
	workloads/trace/egt.c workloads/trace/egt.h \
	workloads/trace/reader.c workloads/trace/writer.c \
	workloads/trace/twin_print.c workloads/trace/twin.h
libengram_trace_a_SOURCES += workloads/trace/bench.c workloads/trace/bench.h
