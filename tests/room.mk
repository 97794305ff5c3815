# SPDX-License-Identifier: GPL-3.0-or-later
# What is tested across rooms: the base vocabulary, the layers, the house rules, the command's manners, golden
# outputs. Each room lists its own tests in its own room.mk: check_PROGRAMS += tests/unit/test_x, its _SOURCES and
# _LDADD, TESTS += tests/unit/test_x.
EXTRA_DIST += tests/tap.h

check_PROGRAMS += tests/unit/test_base
TESTS += tests/unit/test_base
tests_unit_test_base_SOURCES = tests/unit/test_base.c tests/tap.h
tests_unit_test_base_LDADD = libengram-core.a -lm
