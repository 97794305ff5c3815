# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-plots.a
libengram_plots_a_SOURCES =
