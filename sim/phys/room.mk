# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/phys/palloc/plugins.mk
libengram_core_a_SOURCES += sim/phys/palloc/palloc.h $(PALLOC_PLUGINS) \
	sim/phys/frame.h sim/phys/phys.h sim/phys/phys_view.h sim/phys/frag.h sim/phys/bench.h \
	sim/phys/zone.c sim/phys/alloc.c sim/phys/view.c sim/phys/frag.c sim/phys/bench.c
nodist_libengram_core_a_SOURCES += sim/phys/palloc/registry.c
sim/phys/palloc/registry.c: $(top_srcdir)/sim/phys/palloc/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) palloc sim/phys/palloc/palloc.h $(PALLOC_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/phys/palloc/registry.c

check_PROGRAMS += tests/unit/test_frag tests/unit/test_zone tests/unit/test_phys tests/conformance/palloc tests/property/palloc_model
TESTS += tests/unit/test_frag tests/unit/test_zone tests/unit/test_phys tests/conformance/palloc tests/property/palloc_model
tests_unit_test_frag_SOURCES = tests/unit/test_frag.c
tests_unit_test_frag_LDADD = libengram-core.a -lm
tests_conformance_palloc_SOURCES = tests/conformance/palloc.c tests/conformance/palloc_rig.h
tests_conformance_palloc_LDADD = libengram-core.a -lm
tests_property_palloc_model_SOURCES = tests/property/palloc_model.c
tests_property_palloc_model_LDADD = libengram-core.a -lm
tests_unit_test_zone_SOURCES = tests/unit/test_zone.c
tests_unit_test_zone_LDADD = libengram-core.a -lm
tests_unit_test_phys_SOURCES = tests/unit/test_phys.c
tests_unit_test_phys_LDADD = libengram-core.a -lm
