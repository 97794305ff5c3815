# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/sim/metric/plugins.mk
libengram_core_a_SOURCES += sim/metric/metric.h sim/metric/metric.c sim/metric/emit.h sim/metric/interval.h \
	sim/metric/interval.c sim/metric/linux_view.c $(METRIC_PLUGINS)
nodist_libengram_core_a_SOURCES += sim/metric/registry.c
sim/metric/registry.c: $(top_srcdir)/sim/metric/plugins.mk $(top_srcdir)/build-aux/gen-registry.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_REGISTRY) metric sim/metric/metric.h $(METRIC_PLUGINS) > $@.tmp && mv $@.tmp $@
CLEANFILES += sim/metric/registry.c

EXTRA_DIST += docs/metrics.md
check_PROGRAMS += tests/unit/test_metric tests/unit/test_metric_views
TESTS += tests/unit/test_metric tests/unit/test_metric_views
tests_unit_test_metric_SOURCES = tests/unit/test_metric.c tests/unit/metric_rig.h tests/tap.h
tests_unit_test_metric_LDADD = libengram-core.a -lm
tests_unit_test_metric_views_SOURCES = tests/unit/test_metric_views.c tests/unit/metric_rig.h tests/tap.h
tests_unit_test_metric_views_LDADD = libengram-core.a -lm
