# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-results.a
libengram_results_a_CPPFLAGS = $(AM_CPPFLAGS) $(HDF5_CFLAGS) $(GSL_CFLAGS)
libengram_results_a_SOURCES =
