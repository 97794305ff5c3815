# SPDX-License-Identifier: GPL-3.0-or-later
# engram.1 is made from the program's own --help; the other pages are written by hand.
EXTRA_DIST += docs/gen-man.sh
man_MANS = docs/engram.1
dist_man_MANS += docs/engram-experiment.5
CLEANFILES += docs/engram.1
docs/engram.1: engram$(EXEEXT) $(top_srcdir)/docs/gen-man.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ASAN_OPTIONS=detect_leaks=0 $(SHELL) $(top_srcdir)/docs/gen-man.sh \
	  ./engram$(EXEEXT) $(PACKAGE_VERSION) > $@.tmp && mv $@.tmp $@
