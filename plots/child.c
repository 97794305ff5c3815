/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child - run gnuplot and the like: no shell, bounded in time, its complaint kept for the message.
 *
 * fork and execvp rather than posix_spawn, which has no portable way to start a program in another folder. That exec
 * failed is told through a second pipe that closes by itself when it succeeds, so that "is not installed" is not
 * mistaken for "said no".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plots/table.h"

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In the child, where only async-signal-safe calls are allowed. */
static void start(const char *const *argv, const char *dir, int say, int tell)
{
	int null = open("/dev/null", O_RDWR), e;

	if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(say, 2) == 2 && chdir(dir) == 0)
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	e = errno;
	(void)!write(tell, &e, sizeof(e));
	_exit(127);
}

/* What the child says until it closes its standard error; false when time is over. */
static bool listen_to(int fd, char *said, size_t size, int64_t end)
{
	int64_t left;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[512];
	size_t len = 0;

	for (;;) {
		ssize_t n;
		int ready;

		left = end - now_ms();
		if (left <= 0)
			return false;
		ready = poll(&p, 1, (int)left);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return false;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		for (ssize_t i = 0; i < n && len + 1 < size; i++)
			said[len++] = chunk[i];
		said[len] = '\0';
	}
}

/* Wait for the child's end, and kill it when time is over: false then. It may have closed its output long before. */
static bool wait_for(pid_t pid, int64_t end, int *status)
{
	bool in_time = true;

	for (;;) {
		pid_t got = waitpid(pid, status, in_time ? WNOHANG : 0);

		if (got == pid || (got < 0 && errno != EINTR))
			return in_time;
		if (got == 0 && now_ms() >= end) {
			in_time = false;
			(void)kill(pid, SIGKILL);
		} else if (got == 0) {
			(void)poll(NULL, 0, 2);
		}
	}
}

/* gnuplot echoes the line and points at the column below it: one line of it all is enough in a message. */
static void one_line(char *s)
{
	char *to = s;
	bool gap = false;

	for (const char *c = s; *c; c++) {
		if ((unsigned char)*c <= ' ') {
			gap = to != s;
			continue;
		}
		if (gap)
			*to++ = ' ';
		gap = false;
		*to++ = *c;
	}
	*to = '\0';
}

eg_status plot_child(const char *const *argv, const char *dir, unsigned seconds, const char *package,
		     struct eg_errors *err)
{
	int say[2], tell[2], e = 0, status = 0;
	char said[400] = "";
	int64_t end;
	bool in_time;
	pid_t pid;

	if (pipe2(say, O_CLOEXEC) != 0)
		return eg_fail_errno(err, false, "cannot run %s", argv[0]);
	if (pipe2(tell, O_CLOEXEC) != 0) {
		(void)close(say[0]);
		(void)close(say[1]);
		return eg_fail_errno(err, false, "cannot run %s", argv[0]);
	}
	pid = fork();
	if (pid == 0)
		start(argv, dir, say[1], tell[1]);
	(void)close(say[1]);
	(void)close(tell[1]);
	if (pid < 0) {
		(void)close(say[0]);
		(void)close(tell[0]);
		return eg_fail_errno(err, false, "cannot run %s", argv[0]);
	}
	end = now_ms() + (int64_t)seconds * 1000;
	in_time = listen_to(say[0], said, sizeof(said), end);
	in_time &= wait_for(pid, end, &status);
	if (read(tell[0], &e, sizeof(e)) != (ssize_t)sizeof(e))
		e = 0;
	(void)close(say[0]);
	(void)close(tell[0]);
	one_line(said);
	if (e == ENOENT)
		return eg_fail(err, EG_IO, "figures need the program %s, which is not installed or not in PATH\ninstall the package %s",
			       argv[0], package);
	if (e) {
		errno = e;
		return eg_fail_errno(err, false, "cannot run %s", argv[0]);
	}
	if (!in_time)
		return eg_fail(err, EG_IO, "%s was stopped: it had not ended after %u s", argv[0], seconds);
	if (WIFSIGNALED(status))
		return eg_fail(err, EG_IO, "%s ended by signal %d: %s", argv[0], WTERMSIG(status), said);
	if (WEXITSTATUS(status) != 0)
		return eg_fail(err, EG_IO, "%s failed (exit code %d): %s", argv[0], WEXITSTATUS(status), said);
	return EG_OK;
}
