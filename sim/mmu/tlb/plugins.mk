# SPDX-License-Identifier: GPL-3.0-or-later
# One TLB design a line, in the order shown to users.
TLB_PLUGINS =
TLB_PLUGINS += sim/mmu/tlb/set_assoc.c
TLB_PLUGINS += sim/mmu/tlb/fully_assoc.c
