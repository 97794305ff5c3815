# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-trace.a
libengram_trace_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libengram_trace_a_SOURCES = workloads/trace/trace.h
