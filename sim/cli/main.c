/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main - find the verb, read its options from its table, run it. */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "sim/cli/verb.h"

static const char *verb_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return verb_registry[i] ? verb_registry[i]->name : NULL;
}

static const char *option_name(const void *ctx, unsigned i)
{
	return ((const struct cli_option *)ctx)[i].name;
}

enum { HELP_WIDTH = 80, HELP_COLUMN = 31 };

/*
 * Print `text`, the cursor standing at column `at`, in lines of at most HELP_WIDTH that are continued at
 * column `indent`. Lines of a paragraph are filled; an empty line ends it, and a line that opens with a
 * blank is printed as it is.
 */
static void wrap(const char *text, unsigned indent, unsigned at)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (!first && at + 1 + n > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", (int)n, text);
		at += (unsigned)n + !first;
		first = false;
		text += n;
		if (*text == '\n' && (text[1] == '\n' || text[1] == ' ')) {
			n = strspn(text, "\n");
			printf("%.*s%*s", (int)n, text, (int)indent, "");
			text += n;
			at = indent;
			first = true;
			for (; *text == ' '; text += n) {       /* literal lines */
				n = strcspn(text, "\n");
				n += strspn(text + n, "\n");
				printf("%.*s", (int)n, text);
			}
		} else if (*text) {
			text++;
		}
	}
	putchar('\n');
}

static void print_option(char letter, const char *name, const char *arg, const char *help)
{
	char left[64];
	int n;

	if (letter)
		n = snprintf(left, sizeof(left), "  -%c, --%s%s%s", letter, name, arg ? " " : "", arg ? arg : "");
	else
		n = snprintf(left, sizeof(left), "      --%s%s%s", name, arg ? " " : "", arg ? arg : "");
	if (n >= HELP_COLUMN)           /* no room beside it: the help starts on a line of its own */
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	wrap(help, HELP_COLUMN, HELP_COLUMN);
}

static void print_options(const struct cli_option *o)
{
	printf("\nOptions:\n");
	for (; o && o->name; o++)
		print_option(o->letter, o->name, o->arg, o->help);
	print_option('q', "quiet", NULL, "no progress, no summary; errors only");
	print_option('h', "help", NULL, "this text");
}

static void verb_help(const struct verb_ops *v)
{
	printf("Usage: engram %s %s\n\n", v->name, v->usage);
	wrap(v->description, 0, 0);
	print_options(v->options);
	printf("\nExample:\n  %s\n", v->example);
}

static void help(void)
{
	printf("Usage: engram VERB [arguments]\n\n"
	       "Engram replays memory traces against a modelled machine and reports what its memory\n"
	       "management would have done, how long it took and how fragmented memory became.\n\nVerbs:\n");
	for (unsigned i = 0; verb_registry[i]; i++)
		printf("  %-16s %s\n", verb_registry[i]->name, verb_registry[i]->summary);
	printf("\n`engram VERB --help` explains a verb, with an example. Start here:\n"
	       "  engram run configs/experiment/quickstart.yaml\n"
	       "\nExit codes: 0 done; 1 a cell or claim failed; 2 usage; 3 bad input; 4 host failure; 130 interrupted.\n");
}

/* A verb of one word, or of two ("trace info"); *used tells how many. */
static const struct verb_ops *find_verb(int argc, char **argv, int *used)
{
	char two[64];

	if (argc >= 3 && argv[2][0] != '-') {
		(void)snprintf(two, sizeof(two), "%.30s %.30s", argv[1], argv[2]);
		*used = 2;
		if (verb_find(two))
			return verb_find(two);
	}
	*used = 1;
	return verb_find(argv[1]);
}

static int unknown_verb(int argc, char **argv)
{
	char word[64];
	const char *near;
	size_t n = strlen(argv[1]);
	bool family = false;

	for (unsigned i = 0; verb_registry[i]; i++)
		family |= strncmp(verb_registry[i]->name, argv[1], n) == 0 && verb_registry[i]->name[n] == ' ';
	if (family && argc >= 3 && argv[2][0] != '-')
		(void)snprintf(word, sizeof(word), "%.30s %.30s", argv[1], argv[2]);
	else
		(void)snprintf(word, sizeof(word), "%.60s", argv[1]);
	if (family && (argc < 3 || argv[2][0] == '-')) {
		FILE *to = argc >= 3 ? stdout : stderr;

		fprintf(to, "engram %s is a family of verbs:\n", argv[1]);
		for (unsigned i = 0; verb_registry[i]; i++)
			if (strncmp(verb_registry[i]->name, argv[1], n) == 0 && verb_registry[i]->name[n] == ' ')
				fprintf(to, "  %-16s %s\n", verb_registry[i]->name, verb_registry[i]->summary);
		return argc >= 3 ? 0 : 2;
	}
	near = eg_did_you_mean(word, verb_name, NULL);
	if (near)
		return cli_usage("unknown verb %s; did you mean `%s`? `engram --help` lists them", word, near);
	return cli_usage("unknown verb %s; `engram --help` lists them", word);
}

static int unknown_option(const struct verb_ops *v, const char *text)
{
	char word[64];
	const char *near, *eq;

	while (*text == '-')
		text++;
	eq = strchr(text, '=');
	(void)snprintf(word, sizeof(word), "%.*s", eq ? (int)(eq - text > 60 ? 60 : eq - text) : 60, text);
	near = v->options ? eg_did_you_mean(word, option_name, v->options) : NULL;
	if (near)
		return cli_usage("%s: unknown option --%s; did you mean --%s?", v->name, word, near);
	return cli_usage("%s: unknown option --%s; `engram %s --help` lists them", v->name, word, v->name);
}

/* Read the options of v from argv (argv[0] is the verb). 0: go on; 1: help was printed; 2: an error was. */
static int parse(const struct verb_ops *v, int argc, char **argv, struct cli_args *a)
{
	struct option lo[CLI_MAX_OPTIONS + 3] = { { 0 } };
	unsigned count[CLI_MAX_OPTIONS] = { 0 };
	char so[3 * CLI_MAX_OPTIONS + 8] = ":hq";
	int n = 0, c;

	a->options = v->options;
	for (const struct cli_option *o = v->options; o && o->name; o++, n++) {
		lo[n] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL, 256 + n };
		if (o->letter) {
			size_t len = strlen(so);

			so[len] = o->letter;
			so[len + 1] = o->arg ? ':' : '\0';
			so[len + 2] = '\0';
		}
	}
	lo[n] = (struct option){ "help", no_argument, NULL, 'h' };
	lo[n + 1] = (struct option){ "quiet", no_argument, NULL, 'q' };
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, so, lo, NULL)) != -1) {
		int i = c - 256;

		if (c == 'h') {
			verb_help(v);
			return 1;
		}
		if (c == 'q') {
			a->quiet = true;
			continue;
		}
		if (c == ':')
			return cli_usage("%s: option %s wants a value", v->name, argv[optind - 1]);
		if (c == '?')
			return unknown_option(v, optopt && optopt < 256 ? (char[]){ (char)optopt, 0 } : argv[optind - 1]);
		for (int j = 0; i < 0 && j < n; j++)
			if (v->options[j].letter == c)
				i = j;
		if (a->value[i] && !v->options[i].repeat)
			return cli_usage("%s: option --%s is given twice", v->name, v->options[i].name);
		if (count[i] == EG_ARRAY_LEN(a->values[i]) - 1)
			return cli_usage("%s: option --%s is given too often", v->name, v->options[i].name);
		a->value[i] = optarg ? optarg : "";
		a->values[i][count[i]++] = a->value[i];
	}
	for (; optind < argc; optind++) {
		if (a->nr == CLI_MAX_ARGS)
			return cli_usage("%s: too many arguments", v->name);
		a->arg[a->nr++] = argv[optind];
	}
	if (a->nr < v->min_args || a->nr > v->max_args)
		return cli_usage("%s: %s; usage: engram %s %s", v->name,
				 a->nr < v->min_args ? "an argument is missing" : "too many arguments", v->name, v->usage);
	return 0;
}

/* Data that did not reach its reader is a failure, not a success with a hole (full disk on stdout). */
static int finish(int rc)
{
	if (fflush(stdout) == 0 || rc != 0)
		return rc;
	fprintf(stderr, "engram: cannot write to standard output\n");
	return eg_status_exit_code(EG_IO);
}

int main(int argc, char **argv)
{
	const struct verb_ops *v;
	struct cli_args *a;
	int used, rc;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		help();
		return finish(argc < 2 ? 2 : 0);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("engram %s\n", PACKAGE_VERSION);
		return finish(0);
	}
	if (argv[1][0] == '-')
		return cli_usage("options come after the verb; `engram --help` lists the verbs");
	v = find_verb(argc, argv, &used);
	if (!v)
		return unknown_verb(argc, argv);
	a = eg_calloc(1, sizeof(*a));
	if (!a)
		return cli_report(EG_NO_MEMORY, &(struct eg_errors){ 0 });
	rc = parse(v, argc - used, argv + used, a);
	if (rc == 0)
		rc = v->run(a);
	else if (rc == 1)
		rc = 0;
	eg_free(a);
	return finish(rc);
}
