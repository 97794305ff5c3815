/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mistakes of bad_experiments.txt: every one is reported, where it stands, all at once. A block of that
 * file is "=== what", an experiment ("----" at the start of a line stands for "---"), "---", and the exact
 * messages, one a line (a hint's newline shown as " | "). `test_schema --print` writes the file anew.
 */
#include "sim/base/str.h"
#include "tests/tap.h"
#include "tests/unit/exp_stub.h"

#define NAME "bad.yaml"

static char text[1 << 20];

/* The messages for an experiment, one a line. */
static void messages(const char *yaml, size_t n, struct eg_str *out)
{
	struct eg_errors *err = eg_calloc(1, sizeof(*err));
	struct experiment *x;

	stub_write(NAME, yaml, n);
	if (!err || experiment_load(&x, NAME, &(struct experiment_options){ .data_dirs = stub_data_dirs() }, err) == EG_OK) {
		eg_str_add(out, "no problem\n");
		if (err)
			experiment_free(x);
		eg_free(err);
		return;
	}
	for (unsigned i = 0; i < err->nr; i++) {
		const char *dir = stub_data_dirs()[0], *m = err->text[i];

		/* a preset's own path depends on where the source is */
		if (strncmp(m, dir, strlen(dir)) == 0)
			eg_str_addf(out, "DATADIR%s\n", m + strlen(dir));
		else
			eg_str_addf(out, "%s\n", m);
	}
	eg_free(err);
}

/* The end of the line that `at` is in, past its newline. */
static char *line_end(char *at)
{
	char *nl = strchr(at, '\n');

	return nl ? nl + 1 : at + strlen(at);
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && strcmp(argv[1], "--print") == 0;
	const char *src = getenv("SRCDIR");
	char path[4200], what[200], *at = text;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/unit/bad_experiments.txt", src ? src : ".");
	f = fopen(path, "rb");
	if (!f || fread(text, 1, sizeof(text) - 1, f) == 0) {
		perror(path);
		return 99;
	}
	(void)fclose(f);
	while (strncmp(at, "=== ", 4) == 0) {
		struct eg_str yaml = { 0 }, got = { 0 };
		char *want, *end;

		(void)snprintf(what, sizeof(what), "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
		for (at = line_end(at); *at && strncmp(at, "---\n", 4) != 0; at = line_end(at))
			eg_str_addn(&yaml, at + (strncmp(at, "----", 4) == 0), (size_t)(line_end(at) - at) - (strncmp(at, "----", 4) == 0));
		want = at = line_end(at);
		while (*at && strncmp(at, "=== ", 4) != 0)
			at = line_end(at);
		end = at;
		messages(eg_str_text(&yaml), yaml.len, &got);
		if (print) {
			char *c;

			printf("=== %s\n", what);
			for (c = yaml.p; *c; c = line_end(c))
				printf("%s%.*s", strncmp(c, "---", 3) == 0 ? "-" : "", (int)(line_end(c) - c), c);
			printf("---\n%s", eg_str_text(&got));
		} else {
			char save = *end;

			*end = '\0';
			is_str(eg_str_text(&got), want, what);
			*end = save;
		}
		eg_str_free(&yaml);
		eg_str_free(&got);
	}
	(void)remove(NAME);
	return print ? 0 : tap_done();
}
