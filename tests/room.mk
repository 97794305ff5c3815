# SPDX-License-Identifier: GPL-3.0-or-later
# What is tested across rooms: the base vocabulary, the layers, the house rules, the command's manners, golden
# outputs, man pages. Each room lists its own tests in its own room.mk: check_PROGRAMS += tests/unit/test_x, its
# _SOURCES and _LDADD, TESTS += tests/unit/test_x.
EXTRA_DIST += tests/tap.h tests/tap.sh quickstart .ci/run
# the page that a repository opens with, and its companions
EXTRA_DIST += COPYING DESIGN.md README.md INSTALL.md CONTRIBUTING.md CHANGELOG.md CITATION.cff

check_PROGRAMS += tests/unit/test_base
TESTS += tests/unit/test_base
tests_unit_test_base_SOURCES = tests/unit/test_base.c tests/tap.h
tests_unit_test_base_LDADD = libengram-core.a -lm

GENERIC_TESTS = tests/unit/test_cli.sh tests/unit/test_man.sh tests/unit/test_completion.sh tests/unit/test_streams.sh tests/unit/test_docs.sh tests/run_golden.sh tests/house/test_house.sh tests/house/test_tarball.sh \
	tests/layering/test_includes.sh tests/layering/test_core_link.sh tests/layering/test_toy_policy.sh
TESTS += $(GENERIC_TESTS)
# A folder is shipped whole: a golden test is its two files and no line here. (No test may log into that folder: what
# the build directory has under its name would be shipped too.)
EXTRA_DIST += $(GENERIC_TESTS) tests/house/files.sh tests/layering/check.sh tests/layering/toy.c tests/golden \
	tests/fuzz/run.sh

# What a mistake is answered with; needs a result to make mistakes with. `make reword` writes the answers anew.
TESTS += tests/cli/test_mistakes.sh tests/cli/test_terminal.sh
EXTRA_DIST += tests/cli/test_mistakes.sh tests/cli/test_terminal.sh tests/cli/mistakes docs/mistakes.md
.PHONY: reword
reword: engram$(EXEEXT) tests/make_result$(EXEEXT)
	REBASELINE=1 $(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/cli/test_mistakes.sh

# Write every tests/golden/NAME.out anew; read the diff before committing it.
.PHONY: rebaseline check-all fuzz
rebaseline: engram$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/run_golden.sh --rebaseline
# gcc and clang, each as release, hostile and sanitizer build
check-all:
	cd $(srcdir) && ./quickstart check-all
# Fuzz every target of a build configured with CC=clang --enable-fuzz --enable-asan (tests/fuzz/fuzz_*), so long each.
FUZZ_SECONDS = 60
fuzz:
	$(MAKE) $(AM_MAKEFLAGS) `for p in $(check_PROGRAMS); do case $$p in tests/fuzz/fuzz_*) echo $$p;; esac; done`
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/fuzz/run.sh $(FUZZ_SECONDS)

# engine, mmu, vm, machine
include $(top_srcdir)/tests/core.mk

# fuzz targets of results; faults injected into the whole program
include $(top_srcdir)/tests/fuzz/fuzz.mk
include $(top_srcdir)/tests/fault/fault.mk
