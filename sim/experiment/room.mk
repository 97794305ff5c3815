# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += libengram-experiment.a
libengram_experiment_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libengram_experiment_a_SOURCES = \
	sim/experiment/problem.h sim/experiment/problem.c \
	sim/experiment/yaml_tree.h sim/experiment/yaml_tree.c \
	sim/experiment/path.h sim/experiment/path.c \
	sim/experiment/schema.h sim/experiment/schema.c \
	sim/experiment/preset.c \
	sim/experiment/cell.h sim/experiment/cell.c sim/experiment/canonical.c
