/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written by `tests/conformance/gen --print`: sha256 of each generator's small op stream, seed 1. */
	{ "stream",
	  "23d135d6ec06b552f0ddb0e7385a027e1bd7e9976ad8f984aa480026a0cc6570" },
	{ "fork-storm",
	  "b573164df62930d433c55fa604fa5754cd1a086d2eac3f45626b314f5ab19cce" },
