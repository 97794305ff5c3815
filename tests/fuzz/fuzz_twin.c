/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The twin importer on hostile text: any status, no crash; what it accepts must read back whole. */
#include "tests/fuzz/replay.h"

#include "tests/fuzz/import_one.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_import("twin", data, size);
}

FUZZ_MAIN("twin")
