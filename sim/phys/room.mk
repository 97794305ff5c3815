# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/phys/palloc/plugins.mk
libengram_core_a_SOURCES += sim/phys/palloc/palloc.h $(PALLOC_PLUGINS)
nodist_libengram_core_a_SOURCES += sim/phys/palloc/registry.c
sim/phys/palloc/registry.c: $(top_srcdir)/sim/phys/palloc/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) palloc sim/phys/palloc/palloc.h $(PALLOC_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/phys/palloc/registry.c
