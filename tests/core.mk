# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the simulator's core: engine, mmu, vm, machine. They link with the core alone, but for those that run the
# built-in generators.
CORE_GEN_LIBS = libengram-gen.a libengram-core.a $(GSL_LIBS) -lm

check_PROGRAMS += tests/unit/test_machine tests/unit/test_machine_time
TESTS += tests/unit/test_machine tests/unit/test_machine_time
tests_unit_test_machine_SOURCES = tests/unit/test_machine.c tests/unit/machine_story.h tests/script.h tests/tap.h
tests_unit_test_machine_LDADD = $(CORE_GEN_LIBS)
tests_unit_test_machine_time_SOURCES = tests/unit/test_machine_time.c tests/unit/machine_story.h tests/script.h tests/tap.h
tests_unit_test_machine_time_LDADD = $(CORE_GEN_LIBS)

check_PROGRAMS += tests/property/test_invariance
TESTS += tests/property/test_invariance
tests_property_test_invariance_SOURCES = tests/property/test_invariance.c tests/script.h tests/tap.h
tests_property_test_invariance_LDADD = $(CORE_GEN_LIBS)

check_PROGRAMS += tests/property/run_model
TESTS += tests/property/run_model
tests_property_run_model_SOURCES = tests/property/run_model.c tests/script.h tests/tap.h
tests_property_run_model_LDADD = libengram-core.a -lm

check_PROGRAMS += tests/property/vm_model
TESTS += tests/property/vm_model
tests_property_vm_model_SOURCES = tests/property/vm_model.c tests/property/vm_naive.h tests/tap.h
tests_property_vm_model_LDADD = libengram-core.a -lm

check_PROGRAMS += tests/conformance/tlb tests/property/tlb_model
TESTS += tests/conformance/tlb tests/property/tlb_model
tests_conformance_tlb_SOURCES = tests/conformance/tlb.c tests/conformance/tlb_rig.h tests/tap.h
tests_conformance_tlb_LDADD = libengram-core.a -lm
tests_property_tlb_model_SOURCES = tests/property/tlb_model.c tests/conformance/tlb_rig.h tests/tap.h
tests_property_tlb_model_LDADD = libengram-core.a -lm

check_PROGRAMS += tests/unit/test_event tests/unit/test_vm
TESTS += tests/unit/test_event tests/unit/test_vm
tests_unit_test_event_SOURCES = tests/unit/test_event.c tests/tap.h
tests_unit_test_event_LDADD = libengram-core.a -lm
tests_unit_test_vm_SOURCES = tests/unit/test_vm.c tests/tap.h
tests_unit_test_vm_LDADD = libengram-core.a -lm

check_PROGRAMS += tests/unit/test_hostile
TESTS += tests/unit/test_hostile
tests_unit_test_hostile_SOURCES = tests/unit/test_hostile.c tests/script.h tests/tap.h
tests_unit_test_hostile_LDADD = $(CORE_GEN_LIBS)

check_PROGRAMS += tests/unit/test_replay
TESTS += tests/unit/test_replay
tests_unit_test_replay_SOURCES = tests/unit/test_replay.c tests/script.h tests/tap.h
tests_unit_test_replay_LDADD = libengram-trace.a libengram-core.a $(ZSTD_LIBS) $(ZLIB_LIBS) $(LZMA_LIBS) $(BZ2_LIBS) -lm
