# SPDX-License-Identifier: GPL-3.0-or-later
# One metric a line, in the order shown to users.
METRIC_PLUGINS =
