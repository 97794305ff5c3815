# SPDX-License-Identifier: GPL-3.0-or-later
# One page-allocator policy a line, in the order shown to users.
PALLOC_PLUGINS =
PALLOC_PLUGINS += sim/phys/palloc/buddy.c
PALLOC_PLUGINS += sim/phys/palloc/bitmap_first.c
