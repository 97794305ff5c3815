# SPDX-License-Identifier: GPL-3.0-or-later
# One importer a line, in the order in which their formats are tried.
IMPORTER_PLUGINS = \
	workloads/trace/twin.c \
	workloads/trace/lackey.c \
	workloads/trace/strace.c
