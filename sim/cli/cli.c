/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli - messages, numbers and colour for all verbs; see verb.h.
 *
 * A program that asked for --json reads standard output alone, so a failure must be told there too. Messages come
 * from everywhere in this folder, often without the command line at hand; hence the one variable of this file.
 */
#include "sim/cli/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "results/reader.h"
#include "sim/base/check.h"
#include "sim/base/mem.h"
#include "sim/base/str.h"

static struct {
	bool             on, printed;
	struct eg_errors said;
} kept;

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

const char *const *cli_values(const struct cli_args *a, const char *name)
{
	int i = option_index(a, name);

	EG_CHECK(i >= 0);
	return a->values[i];
}

unsigned cli_choice(const struct cli_args *a, const char *name, unsigned absent)
{
	int i = option_index(a, name);
	const char *word;
	size_t n;

	EG_CHECK(i >= 0);
	if (!a->value[i])
		return absent;
	word = a->options[i].arg;
	for (unsigned k = 0; *word; k++, word += n + (word[n] == '|')) {
		n = strcspn(word, "|");
		if (strlen(a->value[i]) == n && strncmp(word, a->value[i], n) == 0)
			return k;
	}
	EG_CHECK(false);        /* main() has refused other values */
	return absent;
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

		if (kept.on)
			(void)eg_fail(&kept.said, s, "%s", err->text[i]);

		if (hint)
			fprintf(stderr, "%sengram:%s %.*s\n  %s\n", red, off, (int)(hint - err->text[i]), err->text[i], hint + 1);
		else
			fprintf(stderr, "%sengram:%s %s\n", red, off, err->text[i]);
	}
	if (err->dropped)
		fprintf(stderr, "engram: and %u more problems\n", err->dropped);
	if (!err->nr)
		fprintf(stderr, "%sengram:%s %s\n", red, off, eg_status_text(s));
	kept.said.dropped += err->dropped;
	return eg_status_exit_code(s);
}

int cli_usage(const char *fmt, ...)
{
	char text[EG_ERRORS_CHARS];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cli_fail(EG_USAGE, "%s", text);
}

int cli_fail(eg_status s, const char *fmt, ...)
{
	const char *red = cli_color() ? "\033[31m" : "", *off = cli_color() ? "\033[0m" : "";
	char text[EG_ERRORS_CHARS];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	eg_make_visible(text, sizeof(text), "\n\t");
	fprintf(stderr, "%sengram:%s %s\n", red, off, text);
	if (kept.on)
		(void)eg_fail(&kept.said, s, "%s", text);
	return eg_status_exit_code(s);
}

eg_status cli_open_result(const char *path, struct result_file **out, struct eg_errors *err)
{
	struct eg_str text = { 0 };

	EG_TRY(result_open(path, out, err));
	if (result_warning(*out)) {
		eg_str_add_visible(&text, path);
		fprintf(stderr, "engram: %s: %s\n", eg_str_text(&text), result_warning(*out));
		eg_str_free(&text);
	}
	return EG_OK;
}

int cli_print(struct eg_str *text)
{
	int rc = text->failed ? cli_fail(EG_NO_MEMORY, "no memory for the text of the output") : 0;

	if (rc == 0 && text->len) {
		(void)fputs(eg_str_text(text), stdout);         /* main() looks whether it arrived */
		kept.printed = true;
	}
	eg_str_free(text);
	return rc;
}

const char *cli_bytes(uint64_t bytes, char buf[CLI_QUANTITY])
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double v = (double)bytes;
	unsigned u = 0;

	while (v >= 999.5 && u + 1 < EG_ARRAY_LEN(unit)) {
		v /= 1024;
		u++;
	}
	(void)snprintf(buf, CLI_QUANTITY, "%.*f %s", u && v < 9.95 ? 1 : 0, v, unit[u]);
	return buf;
}

const char *cli_duration(double seconds, char buf[CLI_QUANTITY])
{
	double s = seconds;

	if (s < 0.0995)
		(void)snprintf(buf, CLI_QUANTITY, "%.0f ms", s * 1000);
	else if (s < 9.95)
		(void)snprintf(buf, CLI_QUANTITY, "%.1f s", s);
	else if (s < 119.5)
		(void)snprintf(buf, CLI_QUANTITY, "%.0f s", s);
	else if (s < 3600)
		(void)snprintf(buf, CLI_QUANTITY, "%.0f min", s / 60);
	else if (s < 48 * 3600.0)
		(void)snprintf(buf, CLI_QUANTITY, "%.0f h %.0f min", (s - fmod(s, 3600)) / 3600, (fmod(s, 3600) - fmod(s, 60)) / 60);
	else
		(void)snprintf(buf, CLI_QUANTITY, "%.1f days", s / 86400);
	return buf;
}

const char *cli_near(const char *word, const char *(*next)(const void *ctx, unsigned i), const void *ctx, char *buf, size_t size)
{
	const char *near = eg_did_you_mean(word, next, ctx);

	if (near)
		(void)snprintf(buf, size, "; did you mean %.80s?", near);
	else
		*buf = '\0';
	return buf;
}

void cli_keep_messages(void)
{
	kept.on = true;
}

void cli_failure_json(int exit_code, struct eg_str *out)
{
	if (!kept.on || kept.printed || __fpending(stdout))
		return;
	eg_str_addf(out, "{\"schema\": 1, \"error\": {\"exit\": %d, \"messages\": [", exit_code);
	for (unsigned i = 0; i < kept.said.nr; i++) {
		char *hint = strchr(kept.said.text[i], '\n');

		if (hint)
			*hint++ = '\0';
		eg_str_add(out, i ? ",\n  {\"text\": " : "\n  {\"text\": ");
		eg_str_add_json(out, kept.said.text[i]);
		if (hint) {
			eg_str_add(out, ", \"hint\": ");
			eg_str_add_json(out, hint + strspn(hint, " "));
		}
		eg_str_add(out, "}");
	}
	eg_str_addf(out, "], \"dropped\": %u}}\n", kept.said.dropped);
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
