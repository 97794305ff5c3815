# SPDX-License-Identifier: GPL-3.0-or-later
libengram_core_a_SOURCES += \
	sim/machine/cost.h sim/machine/cost.c \
	sim/machine/spec.h sim/machine/spec.c \
	sim/machine/run.h
libengram_core_a_SOURCES += \
	sim/machine/machine.h sim/machine/machine.c \
	sim/machine/sched.c sim/machine/source.c sim/machine/ops.c sim/machine/run.c
