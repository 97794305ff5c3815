/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written by `tests/conformance/gen --print`: sha256 of each generator's small op stream, seed 1. */
	{ "stream",
	  "23d135d6ec06b552f0ddb0e7385a027e1bd7e9976ad8f984aa480026a0cc6570" },
	{ "gups",
	  "ff2376caf12540237c8861077c7bea68076eac2cfc4e78f2c2b61b4e314a082b" },
	{ "zipf",
	  "5ee9a3414c682f0e6f4081db9afbf5261952d1dca4b4f5912aee1331f8ea812d" },
	{ "pointer-chase",
	  "09f9c7c98326415944960a30e8db443abb766084012a07ad6a92a0e84b142924" },
	{ "alloc-churn",
	  "afb74ebf3337be2b6d0d0e8a73bfc01d12f3e41b3c032f894778211408bec1ed" },
	{ "fork-storm",
	  "47a0a7ae95175ac5a0545b8bbd9f749580dc9698b542069f696dfa1571ee9ae4" },
