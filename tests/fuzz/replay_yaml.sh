#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The corpora of fuzz_yaml and fuzz_experiment, and every shipped preset and experiment, through the fuzz targets.
set -eu
"$BUILDDIR/tests/fuzz/fuzz_yaml" "$SRCDIR"/tests/fuzz/corpus/yaml/* "$SRCDIR"/configs/*/*.yaml >/dev/null
echo "ok 1 - trees"
"$BUILDDIR/tests/fuzz/fuzz_experiment" "$SRCDIR"/tests/fuzz/corpus/yaml/* "$SRCDIR"/tests/fuzz/corpus/experiment/* \
	"$SRCDIR"/configs/*/*.yaml >/dev/null
echo "ok 2 - experiments"
echo "1..2"
