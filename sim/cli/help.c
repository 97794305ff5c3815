/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help - --help of the command and of its verbs, laid out from their tables. */
#include "sim/cli/front.h"

#include <stdio.h>
#include <string.h>

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
	for (o = cli_global_options; o->name; o++)
		print_option(o->letter, o->name, o->arg, o->help);
}

void front_verb_help(const struct verb_ops *v)
{
	printf("Usage: engram %s %s\n\n", v->name, v->usage);
	wrap(v->description, 0, 0);
	print_options(v->options);
	printf("\nExample:\n  %s\n", v->example);
}

bool front_family(const char *word, FILE *to)
{
	size_t n = strlen(word);
	bool any = false;

	for (unsigned i = 0; verb_registry[i]; i++) {
		const char *name = verb_registry[i]->name;

		if (strncmp(name, word, n) != 0 || name[n] != ' ')
			continue;
		if (to && !any)
			fprintf(to, "engram %s is a family of verbs:\n", word);
		if (to)
			fprintf(to, "  %-16s %s\n", name, verb_registry[i]->summary);
		any = true;
	}
	return any;
}

void front_help(void)
{
	printf("Usage: engram VERB [arguments]\n\n"
	       "Engram replays memory traces against a modelled machine and reports what its memory\n"
	       "management would have done, how long it took and how fragmented memory became.\n\nVerbs:\n");
	for (unsigned i = 0; verb_registry[i]; i++)
		if (!front_hidden(verb_registry[i]))
			printf("  %-16s %s\n", verb_registry[i]->name, verb_registry[i]->summary);
	printf("\n`engram VERB --help` explains a verb, with an example. Start here:\n"
	       "  engram run configs/experiment/quickstart.yaml\n"
	       "\n`engram --version` prints the version; with --build also how it was built, with --check whether\n"
	       "the programs and fonts are there that figures need. Each of them takes --json.\n"
	       "\nExit codes: 0 done; 1 a cell or claim failed; 2 usage; 3 bad input; 4 host failure; 130 interrupted.\n");
}
