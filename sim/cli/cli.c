/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli - messages, numbers and colour for all verbs; see verb.h. */
#include "sim/cli/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/base/check.h"

static int option_index(const struct cli_args *a, const char *name)
{
	for (int i = 0; a->options && a->options[i].name; i++)
		if (strcmp(a->options[i].name, name) == 0)
			return i;
	return -1;
}

bool cli_given(const struct cli_args *a, const char *name)
{
	return cli_value(a, name) != NULL;
}

const char *cli_value(const struct cli_args *a, const char *name)
{
	int i = option_index(a, name);

	EG_CHECK(i >= 0);       /* a verb asks only for options of its own table */
	return a->value[i];
}

bool cli_number(const struct cli_args *a, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *text = cli_value(a, name);
	char *end;
	uint64_t v;

	if (!text)
		return true;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || v < min || v > max) {
		(void)cli_usage("--%s wants a whole number from %" PRIu64 " to %" PRIu64 ", not %.60s", name, min, max, text);
		return false;
	}
	*out = v;
	return true;
}

int cli_report(eg_status s, const struct eg_errors *err)
{
	const char *red = cli_color() ? "\033[31m" : "", *off = cli_color() ? "\033[0m" : "";

	if (s == EG_OK)
		return 0;
	for (unsigned i = 0; i < err->nr; i++) {
		const char *hint = strchr(err->text[i], '\n');

		if (hint)
			fprintf(stderr, "%sengram:%s %.*s\n  %s\n", red, off, (int)(hint - err->text[i]), err->text[i], hint + 1);
		else
			fprintf(stderr, "%sengram:%s %s\n", red, off, err->text[i]);
	}
	if (err->dropped)
		fprintf(stderr, "engram: and %u more problems\n", err->dropped);
	if (!err->nr)
		fprintf(stderr, "%sengram:%s %s\n", red, off, eg_status_text(s));
	return eg_status_exit_code(s);
}

int cli_usage(const char *fmt, ...)
{
	va_list ap;

	fputs("engram: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return eg_status_exit_code(EG_USAGE);
}

bool cli_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && *no) || (term && strcmp(term, "dumb") == 0))
		return false;
	return isatty(STDERR_FILENO) == 1;
}

unsigned cli_columns(void)
{
	const char *text = getenv("COLUMNS");
	char *end = NULL;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;
	struct winsize w;

	if (n > 0 && n <= 10000 && *end == '\0')
		return (unsigned)n;
	if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		return w.ws_col;
	return 120;
}
