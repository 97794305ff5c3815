# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/workloads/gen/plugins.mk
noinst_LIBRARIES += libengram-gen.a
libengram_gen_a_CPPFLAGS = $(AM_CPPFLAGS) $(GSL_CFLAGS)
libengram_gen_a_SOURCES = workloads/gen/gen.h workloads/gen/dist.c workloads/gen/dist.h \
	workloads/gen/region.c workloads/gen/region.h $(GEN_PLUGINS)
nodist_libengram_gen_a_SOURCES = workloads/gen/registry.c
workloads/gen/registry.c: $(top_srcdir)/workloads/gen/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) gen workloads/gen/gen.h $(GEN_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += workloads/gen/registry.c

check_PROGRAMS += tests/conformance/gen
tests_conformance_gen_SOURCES = tests/conformance/gen.c tests/conformance/gen_rig.h \
	tests/conformance/gen_golden.h
tests_conformance_gen_LDADD = libengram-gen.a libengram-core.a $(GSL_LIBS) -lm
TESTS += tests/conformance/gen

check_PROGRAMS += tests/unit/test_dist tests/unit/test_gen
tests_unit_test_dist_SOURCES = tests/unit/test_dist.c
tests_unit_test_dist_LDADD = libengram-gen.a libengram-core.a $(GSL_LIBS) -lm
tests_unit_test_gen_SOURCES = tests/unit/test_gen.c
tests_unit_test_gen_LDADD = libengram-gen.a libengram-core.a $(GSL_LIBS) -lm
TESTS += tests/unit/test_dist tests/unit/test_gen

EXTRA_DIST += docs/generators.md
