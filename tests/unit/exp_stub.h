/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp_stub - tests of the executor that need no machine; see exp_stub.c. */
#ifndef TESTS_UNIT_EXP_STUB_H
#define TESTS_UNIT_EXP_STUB_H

#include <stdio.h>
#include <stdlib.h>

#include "sim/experiment/cell.h"

/* Where configs/ is, from the environment of `make check`. */
static inline const char *const *stub_data_dirs(void)
{
	static const char *dirs[2];

	dirs[0] = getenv("ENGRAM_DATADIR") ? getenv("ENGRAM_DATADIR") : ".";
	return dirs;
}

static inline void stub_write(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(99);
	}
}

#endif
