# SPDX-License-Identifier: GPL-3.0-or-later
# Manual pages are made when the program is built, from its own tables; those of section 5 are written by hand around
# the tables. A page for each verb: tests/unit/test_docs.sh compares this list with `engram __man pages`.
VERB_PAGES = docs/man/engram.1 docs/man/engram-run.1 docs/man/engram-check.1 docs/man/engram-plan.1 docs/man/engram-status.1 \
	docs/man/engram-verify.1 docs/man/engram-compare.1 docs/man/engram-plot.1 docs/man/engram-report.1 docs/man/engram-list.1 \
	docs/man/engram-explain.1 docs/man/engram-bench.1 docs/man/engram-trace-info.1 docs/man/engram-trace-cat.1 \
	docs/man/engram-trace-head.1 docs/man/engram-trace-convert.1 docs/man/engram-trace-merge.1 docs/man/engram-trace-index.1 \
	docs/man/engram-trace-validate.1 docs/man/engram-trace-generate.1
FORMAT_PAGES = docs/man/engram-experiment.5 docs/man/engram-results.5 docs/man/engram-trace.5
man_MANS = $(VERB_PAGES) $(FORMAT_PAGES)
CLEANFILES += $(VERB_PAGES) $(FORMAT_PAGES)
EXTRA_DIST += docs/gen-man.sh docs/engram-experiment.5 docs/engram-results.5 docs/engram-trace.5 docs/completion.bash
# a leak in a helper of the build is no reason to stop it; presets are those of the source, not of an older installation
GEN_MAN = ASAN_OPTIONS=detect_leaks=0 ENGRAM_DATADIR='$(abs_top_srcdir)' $(SHELL) $(top_srcdir)/docs/gen-man.sh ./engram$(EXEEXT)
$(VERB_PAGES): engram$(EXEEXT) $(top_srcdir)/docs/gen-man.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_MAN) $@ > $@.tmp && mv $@.tmp $@
docs/man/engram-experiment.5: $(top_srcdir)/docs/engram-experiment.5
docs/man/engram-results.5: $(top_srcdir)/docs/engram-results.5
docs/man/engram-trace.5: $(top_srcdir)/docs/engram-trace.5
$(FORMAT_PAGES): engram$(EXEEXT) $(top_srcdir)/docs/gen-man.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(GEN_MAN) $@ $(top_srcdir)/docs/$(@F) > $@.tmp && mv $@.tmp $@

completiondir = $(datadir)/bash-completion/completions
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(completiondir)'
	$(INSTALL_DATA) $(top_srcdir)/docs/completion.bash '$(DESTDIR)$(completiondir)/engram'
uninstall-local:
	rm -f '$(DESTDIR)$(completiondir)/engram'
