# SPDX-License-Identifier: GPL-3.0-or-later
# The overview that a newcomer sees first.
engram --help
