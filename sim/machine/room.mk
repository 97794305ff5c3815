# SPDX-License-Identifier: GPL-3.0-or-later
libengram_core_a_SOURCES += \
	sim/machine/cost.h sim/machine/cost.c \
	sim/machine/spec.h sim/machine/spec.c \
	sim/machine/run.h
libengram_core_a_SOURCES += \
	sim/machine/machine.h sim/machine/machine.c \
	sim/machine/sched.c sim/machine/access.c sim/machine/source.c sim/machine/initial.c sim/machine/streams.c \
	sim/machine/blocks.c sim/machine/ops.c sim/machine/run.c

# replays against recordings
check_PROGRAMS += tests/validation/tlb_figures tests/validation/syscall_figures
TESTS += tests/validation/tlb_figures tests/validation/syscall_figures
tests_validation_tlb_figures_SOURCES = tests/validation/tlb_figures.c tests/validation/expect.h tests/tap.h
tests_validation_tlb_figures_LDADD = libengram-trace.a libengram-core.a $(ZSTD_LIBS) $(ZLIB_LIBS) $(LZMA_LIBS) $(BZ2_LIBS) -lm
tests_validation_syscall_figures_SOURCES = tests/validation/syscall_figures.c tests/validation/expect.h tests/tap.h
tests_validation_syscall_figures_LDADD = $(tests_validation_tlb_figures_LDADD)

check_PROGRAMS += tests/unit/test_audit
TESTS += tests/unit/test_audit
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c tests/tap.h
tests_unit_test_audit_LDADD = libengram-core.a -lm
