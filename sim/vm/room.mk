# SPDX-License-Identifier: GPL-3.0-or-later
libengram_core_a_SOURCES += \
	sim/vm/vm.h sim/vm/space.c sim/vm/pages.c sim/vm/fault.c sim/vm/fork.c sim/vm/validate.c \
	sim/vm/shmem.h sim/vm/shmem.c
