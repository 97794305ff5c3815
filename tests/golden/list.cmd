# SPDX-License-Identifier: GPL-3.0-or-later
# What can stand in an experiment.
engram list policies
echo
engram list workloads
echo
engram list presets
