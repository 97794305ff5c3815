# SPDX-License-Identifier: GPL-3.0-or-later
# One verb a line, in the order shown by `engram --help`. trace_info.c exports verb_trace_info_ops.
VERB_PLUGINS =
VERB_PLUGINS += sim/cli/run.c
VERB_PLUGINS += sim/cli/check.c
VERB_PLUGINS += sim/cli/plan.c
VERB_PLUGINS += sim/cli/status.c
VERB_PLUGINS += sim/cli/verify.c
VERB_PLUGINS += sim/cli/compare.c
VERB_PLUGINS += sim/cli/plot.c
VERB_PLUGINS += sim/cli/report.c
VERB_PLUGINS += sim/cli/list.c
VERB_PLUGINS += sim/cli/explain.c
VERB_PLUGINS += sim/cli/bench.c
VERB_PLUGINS += sim/cli/trace_info.c
VERB_PLUGINS += sim/cli/trace_cat.c
VERB_PLUGINS += sim/cli/trace_head.c
VERB_PLUGINS += sim/cli/trace_convert.c
VERB_PLUGINS += sim/cli/trace_merge.c
VERB_PLUGINS += sim/cli/trace_index.c
VERB_PLUGINS += sim/cli/trace_validate.c
VERB_PLUGINS += sim/cli/trace_generate.c
VERB_PLUGINS += sim/cli/man.c
VERB_PLUGINS += sim/cli/complete.c
