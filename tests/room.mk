# SPDX-License-Identifier: GPL-3.0-or-later
# Every test program: a line in check_PROGRAMS and TESTS, its sources and libraries.
EXTRA_DIST += tests/tap.h
