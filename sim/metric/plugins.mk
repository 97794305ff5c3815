# SPDX-License-Identifier: GPL-3.0-or-later
# One metric a line, in the order shown to users.
METRIC_PLUGINS =
METRIC_PLUGINS += sim/metric/time.c
METRIC_PLUGINS += sim/metric/fault.c
METRIC_PLUGINS += sim/metric/ops.c
METRIC_PLUGINS += sim/metric/tlb.c
METRIC_PLUGINS += sim/metric/memory.c
METRIC_PLUGINS += sim/metric/frag.c
METRIC_PLUGINS += sim/metric/locks.c
