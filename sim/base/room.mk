# SPDX-License-Identifier: GPL-3.0-or-later
libengram_core_a_SOURCES += \
	sim/base/types.h sim/base/library.h \
	sim/base/status.h sim/base/status.c \
	sim/base/check.h sim/base/check.c \
	sim/base/mem.h sim/base/mem.c \
	sim/base/rng.h sim/base/idhash.h \
	sim/base/hist.h sim/base/hist.c \
	sim/base/str.h sim/base/str.c \
	sim/base/sha256.h sim/base/sha256.c \
	sim/base/param.h sim/base/param.c \
	sim/base/op.h sim/base/op.c
