# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/cli/plugins.mk
engram_SOURCES = sim/cli/verb.h sim/cli/cli.c sim/cli/front.h sim/cli/main.c sim/cli/help.c sim/cli/version.c \
	sim/cli/meter.h sim/cli/meter.c sim/cli/locate.h sim/cli/locate.c sim/cli/execute.h sim/cli/execute.c \
	sim/cli/trace_cut.h sim/cli/trace_cut.c sim/cli/trace_json.h sim/cli/trace_json.c $(VERB_PLUGINS)
nodist_engram_SOURCES = sim/cli/registry.c
engram_LDADD = $(ENGRAM_LIBS)
engram_SOURCES += sim/cli/catalog.h sim/cli/catalog.c sim/cli/explain.h sim/cli/explain_names.c sim/cli/plan.h sim/cli/plan_show.c
sim/cli/registry.c: $(top_srcdir)/sim/cli/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) verb sim/cli/verb.h $(VERB_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/cli/registry.c
