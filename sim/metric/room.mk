# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/metric/plugins.mk
libengram_core_a_SOURCES += sim/metric/metric.h sim/metric/metric.c sim/metric/emit.h sim/metric/linux_view.c $(METRIC_PLUGINS)
nodist_libengram_core_a_SOURCES += sim/metric/registry.c
sim/metric/registry.c: $(top_srcdir)/sim/metric/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) metric sim/metric/metric.h $(METRIC_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/metric/registry.c

EXTRA_DIST += docs/metrics.md
check_PROGRAMS += tests/unit/test_metric
TESTS += tests/unit/test_metric
tests_unit_test_metric_SOURCES = tests/unit/test_metric.c tests/tap.h
tests_unit_test_metric_LDADD = libengram-core.a -lm
