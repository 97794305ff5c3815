# SPDX-License-Identifier: GPL-3.0-or-later
libengram_core_a_SOURCES += \
	sim/engine/event.h sim/engine/event.c \
	sim/engine/server.h sim/engine/probe.h
