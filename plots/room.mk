# SPDX-License-Identifier: GPL-3.0-or-later
include $(top_srcdir)/plots/plugins.mk
noinst_LIBRARIES += libengram-plots.a
libengram_plots_a_SOURCES = plots/plots.h plots/table.h plots/table.c plots/latency.c plots/curves.h plots/curves.c \
	plots/series.c plots/stack.c plots/summary.c plots/parts.c plots/column.h plots/column.c plots/layout.c plots/child.c \
	plots/tex.c plots/draw.c plots/driver.c
nodist_libengram_plots_a_SOURCES = plots/registry.c
# The scripts are read when a figure is drawn; what they open with is compiled in.
nobase_dist_pkgdata_DATA += plots/style.gp $(FIGURE_PLUGINS)
EXTRA_DIST += plots/gen-figures.sh
plots/registry.c: $(top_srcdir)/plots/plugins.mk $(top_srcdir)/plots/gen-figures.sh $(FIGURE_PLUGINS)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && (cd $(srcdir) && $(SHELL) plots/gen-figures.sh $(FIGURE_PLUGINS)) > $@.tmp && mv $@.tmp $@
CLEANFILES += plots/registry.c

# A result of any shape that has what figures need; not a test.
check_PROGRAMS += tests/make_figures
tests_make_figures_SOURCES = tests/make_figures.c
tests_make_figures_LDADD = $(results_libs)
TESTS += tests/cli/test_plots.sh tests/cli/test_gallery.sh
EXTRA_DIST += tests/cli/test_plots.sh tests/cli/test_gallery.sh tests/plots

# The pictures that docs/gallery.md shows, from the experiments that it names, and the page with them as gallery/index.html.
EXTRA_DIST += docs/gallery.md docs/gallery.sh
.PHONY: gallery
gallery: engram$(EXEEXT)
	ENGRAM="$(abs_builddir)/engram$(EXEEXT)" ENGRAM_DATADIR="$(abs_top_srcdir)" $(SHELL) $(top_srcdir)/docs/gallery.sh \
	  $(top_srcdir)/docs/gallery.md gallery
clean-local:
	-rm -rf gallery
check_PROGRAMS += tests/unit/test_plots
tests_unit_test_plots_SOURCES = tests/unit/test_plots.c
tests_unit_test_plots_LDADD = libengram-plots.a $(results_libs)
TESTS += tests/unit/test_plots
