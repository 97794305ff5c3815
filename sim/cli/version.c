/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version - what this program is: `engram --version`, one line; --build, what it was made of and with; --check,
 * whether the programs and the font are there that figures are drawn with.
 *
 * A library has two versions, that of the headers at build time and that of the code that runs; both are told, since
 * a difference is the first thing to look at when a result cannot be read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "results/writer.h"
#include "sim/base/str.h"
#include "sim/bench/bench.h"
#include "sim/cli/front.h"
#include "sim/cli/locate.h"
#include "sim/experiment/schema.h"
#include "workloads/trace/trace.h"

/* ---- --build --------------------------------------------------------------------------------------- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(undefined_behavior_sanitizer)
#define WITH_UBSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WITH_ASAN)
#define WITH_ASAN 1
#endif

static const char *sanitizers(void)
{
#if defined(WITH_ASAN) && defined(WITH_UBSAN)
	return "address undefined";
#elif defined(WITH_ASAN)
	return "address";
#elif defined(WITH_UBSAN)
	return "undefined";
#else
	return "none";
#endif
}

static const char *checks(void)
{
#if defined(EG_HOSTILE)
	return "hostile";
#elif !defined(NDEBUG)
	return "debug";
#else
	return "release";
#endif
}

static unsigned libraries(struct eg_library lib[3 * EG_ROOM_LIBRARIES])
{
	unsigned n = result_libraries(lib);

	n += experiment_libraries(lib + n);
	return n + trace_libraries(lib + n);
}

static void add_pair(struct eg_str *out, bool json, const char *key, const char *value)
{
	if (!json) {
		eg_str_addf(out, "%-12s %s\n", key, value);
		return;
	}
	eg_str_addf(out, ",\n  \"%s\": ", key);
	eg_str_add_json(out, value);
}

static void add_build(struct eg_str *out, bool json)
{
	struct bench_host h;
	struct eg_library lib[3 * EG_ROOM_LIBRARIES];
	const char *dirs[3];
	unsigned n = libraries(lib);

	bench_host_facts(&h);
	locate_data_dirs(dirs);
	add_pair(out, json, "compiler", h.compiler);
	add_pair(out, json, "flags", h.flags);
	add_pair(out, json, "checks", checks());
	add_pair(out, json, "sanitizers", sanitizers());
	add_pair(out, json, "data", dirs[0]);
	eg_str_add(out, json ? ",\n  \"libraries\": [" : "");
	for (unsigned i = 0; i < n; i++) {
		const struct eg_library *l = &lib[i];

		if (json)
			eg_str_addf(out, "%s\n    {\"name\": \"%s\", \"built\": %s%s%s, \"running\": \"%s\"}", i ? "," : "", l->name,
				    *l->built ? "\"" : "", *l->built ? l->built : "null", *l->built ? "\"" : "", l->running);
		else if (!*l->built || strcmp(l->built, l->running) == 0)
			eg_str_addf(out, "%-12s %s\n", l->name, l->running);
		else
			eg_str_addf(out, "%-12s %s (built with %s)\n", l->name, l->running, l->built);
	}
	eg_str_add(out, json ? "]" : "");
}

/* ---- --check --------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *command, *expect;    /* a text that its first line must have */
	const char *what, *remedy;
} needs[] = {
	{ "gnuplot", EG_GNUPLOT " --version", "gnuplot", "draws the figures", "install gnuplot (Debian: gnuplot-nox)" },
	{ "pdfcairo", EG_GNUPLOT " -e 'set terminal pdfcairo; print GPVAL_TERM' 2>&1", "pdfcairo", "gnuplot's terminal for PDF",
	  "install a gnuplot that was built with cairo" },
	{ "pdftoppm", EG_PDFTOPPM " -v 2>&1", "pdftoppm", "makes PNG from PDF", "install poppler-utils" },
	{ "Nimbus Sans", "fc-match 'Nimbus Sans' 2>&1", "Nimbus", "the font of the figures",
	  "install fontconfig and the URW base fonts (Debian: fonts-urw-base35); another font is taken instead" },
};

/* The first line that a command prints, if it has what is expected. */
static bool look(const char *command, const char *expect, char *line, size_t size)
{
	FILE *p = popen(command, "r");
	bool got;

	*line = '\0';
	if (!p)
		return false;
	got = fgets(line, (int)size, p) != NULL;
	line[strcspn(line, "\n")] = '\0';
	while (fgetc(p) != EOF)         /* or it would die of a closed pipe, and look broken */
		;
	return (pclose(p) == 0) & got && strstr(line, expect) != NULL;
}

static bool add_check(struct eg_str *out, bool json)
{
	bool all = true;

	eg_str_add(out, json ? ",\n  \"needs\": [" : "");
	for (unsigned i = 0; i < EG_ARRAY_LEN(needs); i++) {
		char line[200];
		bool there = look(needs[i].command, needs[i].expect, line, sizeof(line));

		all &= there;
		if (json) {
			eg_str_addf(out, "%s\n    {\"name\": \"%s\", \"there\": %s, \"what\": \"%s\", \"found\": ", i ? "," : "", needs[i].name,
				    there ? "true" : "false", needs[i].what);
			eg_str_add_json(out, there ? line : "");
			eg_str_add(out, "}");
		} else if (there) {
			eg_str_addf(out, "%-12s %s\n", needs[i].name, line);
		} else {
			eg_str_addf(out, "%-12s MISSING: %s; %s\n", needs[i].name, needs[i].what, needs[i].remedy);
		}
	}
	eg_str_add(out, json ? "]" : "");
	return all;
}

/* ---- both ------------------------------------------------------------------------------------------ */

static const char *const options[] = { "--build", "--check", "--json", NULL };

static const char *option(const void *ctx, unsigned i)
{
	(void)ctx;
	return options[i];
}

int front_version(int argc, char **argv)
{
	bool build = false, check = false, json = false, all = true;
	struct eg_str out = { 0 };
	char near[100];
	int rc;

	for (int i = 0; i < argc; i++)
		json |= strcmp(argv[i], "--json") == 0;
	if (json)
		cli_keep_messages();
	for (int i = 0; i < argc; i++) {
		build |= strcmp(argv[i], "--build") == 0;
		check |= strcmp(argv[i], "--check") == 0;
		if (strcmp(argv[i], "--build") != 0 && strcmp(argv[i], "--check") != 0 && strcmp(argv[i], "--json") != 0)
			return cli_usage("--version: unknown argument %.60s%s it takes --build, --check and --json", argv[i],
					 *cli_near(argv[i], option, NULL, near, sizeof(near)) ? near : ";");
	}
	if (json)
		eg_str_addf(&out, "{\n  \"schema\": 1,\n  \"engram\": \"%s\"", PACKAGE_VERSION);
	else
		eg_str_addf(&out, "engram %s\n", PACKAGE_VERSION);
	if (build || (json && !check))
		add_build(&out, json);
	if (check)
		all = add_check(&out, json);
	eg_str_add(&out, json ? "\n}\n" : "");
	rc = cli_print(&out);
	/* what is missing is the host's: the exit code tells scripts that figures cannot be drawn here */
	return rc == 0 && !all ? eg_status_exit_code(EG_IO) : rc;
}
