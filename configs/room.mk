# SPDX-License-Identifier: GPL-3.0-or-later
# Presets and experiments are installed as they are; `engram list presets` finds them by folder.
nobase_dist_pkgdata_DATA += \
	configs/experiment/fault-tail.yaml \
	configs/experiment/fork-cow.yaml \
	configs/experiment/fragmentation.yaml \
	configs/experiment/quickstart.yaml \
	configs/experiment/tlb-reach.yaml \
	configs/experiment/walk-caches.yaml \
	configs/machine/champsim.yaml \
	configs/machine/laptop.yaml \
	configs/machine/reference-tlb.yaml \
	configs/machine/skylake-2s.yaml \
	configs/machine/vm-2cpu.yaml

# a preset that claims measurements is held to them
TESTS += tests/validation/test_vm_preset.sh
EXTRA_DIST += tests/validation/test_vm_preset.sh configs/README.md
