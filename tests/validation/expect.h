/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expect - one figure of a recording's expect.txt ("name=value" lines). */
#ifndef TESTS_VALIDATION_EXPECT_H
#define TESTS_VALIDATION_EXPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of `key` in DIR/expect.txt; false if the file or the line is missing. */
static inline bool expected(const char *dir, const char *key, double *value)
{
	char path[512], line[256];
	size_t n = strlen(key);
	bool found = false;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/expect.txt", dir);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, key, n) == 0 && line[n] == '=') {
			*value = atof(line + n + 1);
			found = true;
		}
	if (in)
		fclose(in);
	return found;
}

#endif
