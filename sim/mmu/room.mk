# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/mmu/tlb/plugins.mk
libengram_core_a_SOURCES += \
	sim/mmu/tlb_config.h \
	sim/mmu/mmu.h sim/mmu/mmu.c \
	sim/mmu/access_loop.h \
	sim/mmu/table/radix.h sim/mmu/table/radix.c \
	sim/mmu/walk/walk.h sim/mmu/walk/walk.c \
	sim/mmu/tlb/tlb.h $(TLB_PLUGINS)
nodist_libengram_core_a_SOURCES += sim/mmu/tlb/registry.c
sim/mmu/tlb/registry.c: $(top_srcdir)/sim/mmu/tlb/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) tlb sim/mmu/tlb/tlb.h $(TLB_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/mmu/tlb/registry.c
