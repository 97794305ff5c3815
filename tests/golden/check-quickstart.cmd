# SPDX-License-Identifier: GPL-3.0-or-later
# The first experiment, resolved: every default and every number of the preset, and the hash of each cell.
engram check configs/experiment/quickstart.yaml
