/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main - find the verb, read its options from its table, run it, and see that what it printed arrived.
 *
 * Options may stand before, between and behind arguments; `--` ends them. --help wins over whatever else is wrong on
 * the line, since it is what one types next.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "sim/cli/front.h"

/* In the order of enum cli_progress. */
#define PROGRESS_FORMS "auto|line|plain|json|none"

const struct cli_option cli_global_options[] = {
	{ .name = "quiet", .letter = 'q', .help = "no progress, no summary; errors only" },
	{ .name = "progress", .arg = PROGRESS_FORMS,
	  .help = "how a long verb tells how far it is: line (redrawn), plain (a line now and then), json (an object a line), none; "
		  "auto (default) is line on a terminal, else plain" },
	{ .name = "help", .letter = 'h', .help = "this text" },
	{ 0 }
};
enum { GLOBAL_QUIET, GLOBAL_PROGRESS, GLOBAL_HELP, NR_GLOBALS };

/* ---- names ----------------------------------------------------------------------------------------- */

static const char *verb_name(const void *ctx, unsigned i)
{
	unsigned at = 0;

	(void)ctx;
	for (; verb_registry[at]; at++)
		if (!front_hidden(verb_registry[at]) && i-- == 0)
			return verb_registry[at]->name;
	return NULL;
}

/* The verb's options, then the global ones. */
static const char *option_name(const void *ctx, unsigned i)
{
	const struct cli_option *o = ctx;

	for (; o && o->name; o++)
		if (i-- == 0)
			return o->name;
	return i < NR_GLOBALS ? cli_global_options[i].name : NULL;
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
	bool family = front_family(argv[1], NULL), second = argc >= 3 && argv[2][0] != '-';
	size_t n = strlen(argv[1]);
	char word[64];
	const char *near;

	if (family && !second) {
		bool asked = argc >= 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);

		if (argc >= 3 && !asked)
			return cli_usage("%s: options come after the verb; `engram %s --help` lists the verbs", argv[1], argv[1]);
		(void)front_family(argv[1], asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	if (family)
		(void)snprintf(word, sizeof(word), "%.30s %.30s", argv[1], argv[2]);
	else
		(void)snprintf(word, sizeof(word), "%.60s", argv[1]);
	near = eg_did_you_mean(word, verb_name, NULL);
	if (!near && n > 5 && strcmp(argv[1] + n - 5, ".yaml") == 0)
		return cli_usage("unknown verb %s; to run an experiment: engram run %s", word, word);
	if (near)
		return cli_usage("unknown verb %s; did you mean `%s`? `engram --help` lists them", word, near);
	return cli_usage("unknown verb %s; `engram --help` lists them", word);
}

/* ---- options --------------------------------------------------------------------------------------- */

/* The option of v with this long name, of `n` bytes; NULL if there is none. */
static const struct cli_option *long_option(const struct verb_ops *v, const char *name, size_t n)
{
	for (const struct cli_option *o = v->options; o && o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static int unknown_option(const struct verb_ops *v, const char *text)
{
	char word[64];
	const char *near, *eq;
	size_t n;

	if (text[0] == '-' && text[1] != '-')
		return cli_usage("%s: unknown option %.60s; `engram %s --help` lists them", v->name, text, v->name);
	text += strspn(text, "-");
	eq = strchr(text, '=');
	n = eq ? (size_t)(eq - text) : strlen(text);
	(void)snprintf(word, sizeof(word), "%.*s", (int)(n > 60 ? 60 : n), text);
	for (unsigned i = 0; eq && option_name(v->options, i); i++)
		if (strcmp(option_name(v->options, i), word) == 0)
			return cli_usage("%s: option --%s takes no value", v->name, word);
	near = eg_did_you_mean(word, option_name, v->options);
	if (near)
		return cli_usage("%s: unknown option --%s; did you mean --%s?", v->name, word, near);
	return cli_usage("%s: unknown option --%s; `engram %s --help` lists them", v->name, word, v->name);
}

/* The words of "a|b|c" or "a|b,...". */
struct words {
	unsigned nr;
	char     word[24][40];
};

static void split(const char *arg, struct words *w)
{
	for (w->nr = 0; w->nr < EG_ARRAY_LEN(w->word); arg++) {
		size_t n = strcspn(arg, "|,");

		(void)snprintf(w->word[w->nr++], sizeof(w->word[0]), "%.*s", (int)n, arg);
		arg += n;
		if (*arg != '|')
			return;
	}
}

static const char *choice(const void *ctx, unsigned i)
{
	const struct words *w = ctx;

	return i < w->nr ? w->word[i] : NULL;
}

/* Which word the value is; -1: none. */
static int find_choice(const struct words *w, const char *value, size_t n)
{
	for (unsigned i = 0; i < w->nr; i++)
		if (strlen(w->word[i]) == n && memcmp(w->word[i], value, n) == 0)
			return (int)i;
	return -1;
}

/* One value of an option whose values are a list; 0, or the exit code. */
static int check_choice(const struct verb_ops *v, const struct cli_option *o, const char *value)
{
	bool list = o->arg && strstr(o->arg, ",...") != NULL;
	char word[64], near[100], known[200];
	struct words words;
	size_t n;

	if (!o->arg || !strchr(o->arg, '|'))
		return 0;
	split(o->arg, &words);
	for (;;) {
		n = list ? strcspn(value, ",") : strlen(value);
		if (find_choice(&words, value, n) < 0)
			break;
		if (!value[n])
			return 0;
		value += n + 1;
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)(n < 60 ? n : 60), value);
	(void)snprintf(known, sizeof(known), "%.*s", (int)strcspn(o->arg, ","), o->arg);
	return cli_usage("%s: unknown %s %s%s known: %s", v->name, o->name, *word ? word : "(nothing)",
			 *cli_near(word, choice, &words, near, sizeof(near)) ? near : ";", known);
}

/* Is `word` on the line, as an option? An option's value that reads so counts too: one asks for help, not for such a file. */
static bool on_line(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

static int global_option(const struct verb_ops *v, int which, struct cli_args *a)
{
	const struct cli_option *o = &cli_global_options[which];
	struct words words;
	int rc;

	if (which == GLOBAL_QUIET) {
		a->quiet = true;
		return 0;
	}
	rc = check_choice(v, o, optarg);
	if (rc == 0) {
		split(o->arg, &words);
		a->progress = (enum cli_progress)find_choice(&words, optarg, strlen(optarg));
	}
	return rc;
}

/* What getopt could not read. */
static int refuse(const struct verb_ops *v, int c, char **argv)
{
	const char *text = argv[optind - 1];

	if (c == ':')
		return cli_usage("%s: option %s wants a value", v->name, text);
	if (optopt >= 256)      /* a long option without an argument was given one */
		return cli_usage("%s: option %.*s takes no value", v->name, (int)strcspn(text, "="), text);
	return unknown_option(v, optopt ? (char[]){ '-', (char)optopt, 0 } : text);
}

/* Tables for getopt: the verb's options from 256 on, then the global ones. Returns how many the verb has. */
static int tables(const struct verb_ops *v, struct option *lo, char *so)
{
	int n = 0;

	*so++ = ':';
	for (const struct cli_option *o = v->options; o && o->name; o++, n++) {
		lo[n] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL, 256 + n };
		if (o->letter) {
			*so++ = o->letter;
			if (o->arg)
				*so++ = ':';
		}
	}
	for (int i = 0; i < NR_GLOBALS; i++) {
		const struct cli_option *o = &cli_global_options[i];

		lo[n + i] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL, 256 + n + i };
		if (o->letter)
			*so++ = o->letter;
	}
	*so = '\0';
	return n;
}

/* Read the options of v from argv (argv[0] is the verb). 0, or the exit code. */
static int parse(const struct verb_ops *v, int argc, char **argv, struct cli_args *a)
{
	struct option lo[CLI_MAX_OPTIONS + NR_GLOBALS + 1] = { { 0 } };
	unsigned count[CLI_MAX_OPTIONS] = { 0 };
	char so[2 * (CLI_MAX_OPTIONS + NR_GLOBALS) + 2];
	bool progress = false;
	int n, c, rc;

	a->options = v->options;
	n = tables(v, lo, so);
	/* -output would be read as -o utput, and the user told of something else */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t len = argv[i][0] == '-' && argv[i][1] != '-' ? strcspn(argv[i] + 1, "=") : 0;

		if (len > 1 && long_option(v, argv[i] + 1, len))
			return cli_usage("%s: %.60s: a long option has two dashes: --%.*s", v->name, argv[i], (int)len, argv[i] + 1);
	}
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, so, lo, NULL)) != -1) {
		int i = c - 256;

		if (c == ':' || c == '?')
			return refuse(v, c, argv);
		for (int j = 0; i < 0 && j < n; j++)
			if (v->options[j].letter == c)
				i = j;
		for (int j = 0; i < 0 && j < NR_GLOBALS; j++)
			if (cli_global_options[j].letter == c)
				i = n + j;
		if (i >= n) {
			if (i == n + GLOBAL_PROGRESS && progress)
				return cli_usage("%s: option --progress is given twice", v->name);
			progress |= i == n + GLOBAL_PROGRESS;
			rc = global_option(v, i - n, a);
			if (rc)
				return rc;
			continue;
		}
		if (a->value[i] && !v->options[i].repeat)
			return cli_usage("%s: option --%s is given twice", v->name, v->options[i].name);
		if (count[i] == EG_ARRAY_LEN(a->values[i]) - 1)
			return cli_usage("%s: option --%s is given too often", v->name, v->options[i].name);
		a->value[i] = optarg ? optarg : "";
		a->values[i][count[i]++] = a->value[i];
		rc = check_choice(v, &v->options[i], a->value[i]);
		if (rc)
			return rc;
	}
	if (a->quiet && progress && a->progress != CLI_PROGRESS_NONE)
		return cli_usage("%s: --quiet shows no progress; leave out one of --quiet and --progress", v->name);
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

/* Does the line ask for JSON? Known before the line is understood, since its mistakes are to be told as JSON too. */
static bool wants_json(const struct verb_ops *v, int argc, char **argv)
{
	bool has = false;

	for (const struct cli_option *o = v->options; o && o->name; o++)
		has |= strcmp(o->name, "json") == 0 && !o->arg;
	return has && (on_line(argc, argv, "--json") || on_line(argc, argv, "--format=json"));
}

/* ---- the frame ------------------------------------------------------------------------------------- */

/* A process that was started without its standard streams would open a result as one of them and print into it. */
static void open_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			(void)open("/dev/null", O_RDONLY);      /* so that writing fails and is told */
}

/* Data that did not reach its reader is a failure, not a success with a hole (full disk on stdout). */
static int finish(int rc)
{
	struct eg_str out = { 0 };
	bool bad;

	if (rc != 0)
		cli_failure_json(rc, &out);
	(void)fputs(eg_str_text(&out), stdout);
	eg_str_free(&out);
	errno = 0;
	bad = ferror(stdout) != 0;
	if (fclose(stdout) == 0 && !bad)
		return rc;
	if (rc != 0 && rc != eg_status_exit_code(EG_FAILED))
		return rc;
	fprintf(stderr, "engram: cannot write to standard output%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
	return eg_status_exit_code(EG_IO);
}

static int run(const struct verb_ops *v, int argc, char **argv)
{
	struct cli_args *a;
	int rc;

	if (on_line(argc, argv, "--help") || on_line(argc, argv, "-h")) {
		front_verb_help(v);
		return 0;
	}
	a = eg_calloc(1, sizeof(*a));
	if (!a)
		return cli_fail(EG_NO_MEMORY, "no memory for the command line");
	a->json = wants_json(v, argc, argv);
	if (a->json)
		cli_keep_messages();
	rc = parse(v, argc, argv, a);
	if (rc == 0)
		rc = v->run(a);
	eg_free(a);
	return rc;
}

int main(int argc, char **argv)
{
	const struct verb_ops *v;
	int used;

	open_streams();
	/* a limit on file sizes is an error of write(), with its message and clean-up, not a death */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		front_help();
		return finish(2);
	}
	if (strcmp(argv[1], "help") == 0 && argc > 2) {         /* engram help run */
		argv++;
		argc--;
		v = find_verb(argc, argv, &used);
		if (v)
			front_verb_help(v);
		else if (!front_family(argv[1], stdout))
			return finish(unknown_verb(argc, argv));
		return finish(0);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		front_help();
		return finish(0);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return finish(front_version(argc - 2, argv + 2));
	if (argv[1][0] == '-')
		return finish(cli_usage("options come after the verb; `engram --help` lists the verbs"));
	v = find_verb(argc, argv, &used);
	return finish(v ? run(v, argc - used, argv + used) : unknown_verb(argc, argv));
}
