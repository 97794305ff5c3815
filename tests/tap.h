/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tap - the test harness: each test program prints TAP and ends with tap_done().
 *
 *   ok(cond, "what holds");   is_u64(got, want, "what");   is_str(got, want, "what");
 *   tap_skip("why");          return tap_done();
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_run, tap_bad;

__attribute__((format(printf, 4, 5), unused))
static bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!good) {
		tap_bad++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

__attribute__((unused))
static bool tap_is_u64(uint64_t got, uint64_t want, const char *file, int line, const char *what)
{
	bool good = tap_ok(got == want, file, line, "%s", what);

	if (!good)
		printf("# got %" PRIu64 ", wanted %" PRIu64 "\n", got, want);
	return good;
}

__attribute__((unused))
static bool tap_is_str(const char *got, const char *want, const char *file, int line, const char *what)
{
	bool good = tap_ok(got && want && strcmp(got, want) == 0, file, line, "%s", what);

	if (!good)
		printf("# got    %s\n# wanted %s\n", got ? got : "(null)", want ? want : "(null)");
	return good;
}

__attribute__((unused))
static void tap_skip(const char *why)
{
	printf("ok %u # SKIP %s\n", ++tap_run, why);
}

__attribute__((unused))
static int tap_done(void)
{
	printf("1..%u\n", tap_run);
	return tap_bad ? 1 : 0;
}

#define ok(cond, ...)           tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_u64(got, want, what) tap_is_u64((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, what)
#define is_str(got, want, what) tap_is_str((got), (want), __FILE__, __LINE__, what)

#endif
