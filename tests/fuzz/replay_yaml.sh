#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The corpus of fuzz_yaml, and every shipped preset and experiment, through the fuzz target.
set -eu
exec "$BUILDDIR/tests/fuzz/fuzz_yaml" "$SRCDIR"/tests/fuzz/corpus/yaml/* "$SRCDIR"/configs/*/*.yaml
