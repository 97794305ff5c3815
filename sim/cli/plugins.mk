# SPDX-License-Identifier: GPL-3.0-or-later
# One verb a line, in the order shown by `engram --help`. trace_info.c exports verb_trace_info_ops.
VERB_PLUGINS =
VERB_PLUGINS += sim/cli/check.c
VERB_PLUGINS += sim/cli/compare.c
VERB_PLUGINS += sim/cli/report.c
VERB_PLUGINS += sim/cli/list.c
VERB_PLUGINS += sim/cli/explain.c
