/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine_story - what the stories about the machine are told with (test_machine.c, test_machine_time.c): small scripted
 * workloads (tests/script.h) whose counters, waits and times are known beforehand. Every run is audited, and the
 * categories of time must add up in each.
 *
 *   begin(2); TASKS("map 0 4; fork 1; exit", "exit"); ok(run(0), "fork"); counts("task.forks", 1);
 */
#ifndef TESTS_UNIT_MACHINE_STORY_H
#define TESTS_UNIT_MACHINE_STORY_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/script.h"

enum { STRICT = 1, AUDIT_ALL = 2 };

struct story {
	struct eg_arena  arena;
	struct spec      spec;
	struct run_result r;
	struct eg_errors err;
	eg_status        status;
};

static struct story st;

static void begin(unsigned cpus)
{
	char text[16];

	eg_arena_free_all(&st.arena);
	run_result_free(&st.r);
	memset(&st.err, 0, sizeof(st.err));
	script_spec(&st.spec, &st.arena);
	(void)snprintf(text, sizeof(text), "%u", cpus);
	script_set(&st.spec, &st.spec.machine, "cpus", text);
	script_set(&st.spec, &st.spec.machine, "memory", "16MiB");
}

static void set(const char *name, const char *text)
{
	script_set(&st.spec, &st.spec.machine, name, text);
}

static void cost(const char *name, const char *text)
{
	script_set(&st.spec, &st.spec.costs, name, text);
}

/* One generator: the texts of its streams. */
#define TASKS(...) script_add(&st.spec, (const char *const[]){ __VA_ARGS__, NULL })

static double sum(const char *name)
{
	return run_summary(&st.r, name);
}

static bool run(unsigned flags)
{
	struct run_options o = { .audit = true, .audit_every = flags & AUDIT_ALL ? 1 : 100, .strict = flags & STRICT };

	st.status = script_run(&st.spec, &o, &st.r, &st.err);
	if (st.status != EG_OK) {
		memset(&st.r, 0, sizeof(st.r));
		return false;
	}
	if (sum("time.sum_error") != 0)
		ok(false, "the categories of time add up to the elapsed time");
	return true;
}

static void counts(const char *name, uint64_t want)
{
	double got = sum(name);

	if (!ok(got == (double)want, "%s is %llu", name, (unsigned long long)want))
		printf("# got %g\n", got);
}

/*
 * Each story is a child process: one that stops the program is one failed test, not the end of all others.
 * What the child reports is reported again here, with our numbers.
 */
static void tell(void (*story)(void), const char *name)
{
	char line[512];
	int ends[2], status;
	pid_t child;
	FILE *in;

	fflush(stdout);
	EG_CHECK(pipe(ends) == 0);
	child = fork();
	EG_CHECK(child >= 0);
	if (child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		alarm(120);
		story();
		eg_arena_free_all(&st.arena);
		run_result_free(&st.r);
		fflush(stdout);
		_exit(0);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	EG_CHECK(in);
	while (fgets(line, sizeof(line), in)) {
		bool bad = strncmp(line, "not ok ", 7) == 0;
		const char *text = strstr(line, " - ");

		line[strcspn(line, "\n")] = '\0';
		if (text && (bad || strncmp(line, "ok ", 3) == 0))
			ok(!bad, "%s: %s", name, text + 3);
		else
			printf("%s\n", line);
	}
	fclose(in);
	(void)waitpid(child, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: told to its end", name);
}

struct story_of { const char *name; void (*story)(void); };

/* Those whose name contains the first argument, or all. */
static int tell_all(const struct story_of *stories, unsigned nr, int argc, char **argv)
{
	for (unsigned i = 0; i < nr; i++)
		if (argc < 2 || strstr(stories[i].name, argv[1]))
			tell(stories[i].story, stories[i].name);
	return tap_done();
}

#endif
