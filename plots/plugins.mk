# SPDX-License-Identifier: GPL-3.0-or-later
# One figure a line, in the order shown to users. Its opening comment says what it draws.
FIGURE_PLUGINS =
FIGURE_PLUGINS += plots/fault-latency-cdf.gp
FIGURE_PLUGINS += plots/latency-percentiles-over-time.gp
FIGURE_PLUGINS += plots/fragmentation-over-time.gp
FIGURE_PLUGINS += plots/buddy-lists-over-time.gp
FIGURE_PLUGINS += plots/tlb-breakdown.gp
FIGURE_PLUGINS += plots/walk-cost.gp
FIGURE_PLUGINS += plots/time-categories.gp
FIGURE_PLUGINS += plots/policy-comparison.gp
