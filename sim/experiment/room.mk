# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-experiment.a
libengram_experiment_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libengram_experiment_a_SOURCES =
