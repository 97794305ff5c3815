# SPDX-License-Identifier: GPL-3.0-or-later
# One generator a line, in the order shown to users.
GEN_PLUGINS =
GEN_PLUGINS += workloads/gen/stream.c
GEN_PLUGINS += workloads/gen/gups.c
GEN_PLUGINS += workloads/gen/zipf.c
GEN_PLUGINS += workloads/gen/pointer_chase.c
GEN_PLUGINS += workloads/gen/alloc_churn.c
GEN_PLUGINS += workloads/gen/fork_storm.c
