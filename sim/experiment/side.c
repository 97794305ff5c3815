/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side - see side.h. */
#include "sim/experiment/side.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/experiment/inspect.h"
#include "sim/experiment/pool.h"

#define COST   ".cost.json"
#define STATUS ".status.json"

/* Not synced: a note lost with the host's power is missed by nobody. */
static void write_note(const char *path, const struct eg_str *text)
{
	char tmp[4300];
	size_t done = 0;
	int fd;

	(void)snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", path, (long)getpid());
	fd = text->failed ? -1 : open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	while (done < text->len) {
		ssize_t n = write(fd, text->p + done, text->len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (close(fd) != 0 || done < text->len || rename(tmp, path) != 0)
		(void)unlink(tmp);
}

void side_write_cost(const char *cells_dir, uint64_t cell, const struct exec_cost *cost)
{
	struct eg_str text = { 0 };
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/%" PRIu64 COST, cells_dir, cell);
	eg_str_addf(&text, "{\"schema\": 1, \"cell\": %" PRIu64 ", \"cpu_seconds\": %.6f, \"wall_seconds\": %.6f, \"max_rss_bytes\": %" PRIu64
		    "}\n", cell, cost->cpu_seconds, cost->wall_seconds, cost->max_rss);
	write_note(path, &text);
	eg_str_free(&text);
}

bool side_read_cost(const char *cells_dir, uint64_t cell, struct exec_cost *cost)
{
	struct eg_arena arena = { 0 };
	struct exp_problems problems = { .arena = &arena };
	const struct yt_node *root;
	char path[4200];
	bool good;

	(void)snprintf(path, sizeof(path), "%s/%" PRIu64 COST, cells_dir, cell);
	/* JSON is YAML's flow style, so the reader of experiments reads it */
	root = access(path, R_OK) == 0 ? yt_load(path, NULL, &problems) : NULL;
	good = root && inspect_number(root, "cpu_seconds", &cost->cpu_seconds) && inspect_number(root, "wall_seconds", &cost->wall_seconds) &&
	       inspect_u64(root, "max_rss_bytes", &cost->max_rss);
	eg_arena_free_all(&arena);
	return good;
}

static void heartbeat_path(const struct pool *p, char *path, size_t size)
{
	if (p->o->cell == EXEC_ALL_CELLS)
		(void)snprintf(path, size, "%s/run" STATUS, p->outcome->cells_dir);
	else
		(void)snprintf(path, size, "%s/%" PRIu64 STATUS, p->outcome->cells_dir, p->o->cell);
}

static void add_workers(struct eg_str *out, const struct pool *p)
{
	bool first = true;

	for (unsigned i = 0; i < p->o->jobs; i++) {
		const struct worker *w = &p->worker[i];

		if (!w->pid)
			continue;
		eg_str_addf(out, "%s{\"cell\": %" PRIu64 ", \"share\": %.4f, \"pid\": %ld}", first ? "" : ", ", w->cell, w->share, (long)w->pid);
		first = false;
	}
}

void side_heartbeat(struct pool *p, const char *state)
{
	const struct exec_progress *now = &p->outcome->last;
	struct eg_str out = { 0 };
	char path[4200], host[256];
	uint64_t start;

	heartbeat_path(p, path, sizeof(path));
	if (gethostname(host, sizeof(host)) != 0 || p->o->host.anonymous)
		*host = '\0';
	host[sizeof(host) - 1] = '\0';
	start = inspect_process_start(getpid());
	eg_str_addf(&out, "{\"schema\": 1, \"state\": \"%s\", \"pid\": %ld, \"pid_start\": %" PRIu64 ", \"host\": ", state, (long)getpid(), start);
	eg_str_add_json(&out, host);
	eg_str_addf(&out, ",\n \"started\": %.3f, \"updated\": %.3f, \"jobs\": %u, \"total\": %" PRIu64 ", \"done\": %" PRIu64 ", \"reused\": %"
		    PRIu64 ", \"failed\": %" PRIu64 ",\n \"share\": %.4f, \"elapsed_seconds\": %.3f, \"eta_seconds\": %.1f,\n \"running\": [",
		    p->began, exec__seconds(CLOCK_REALTIME), p->o->jobs, now->total, now->done, now->reused, now->failed, now->share,
		    now->elapsed, now->eta);
	add_workers(&out, p);
	eg_str_add(&out, "],\n \"failures\": [");
	for (unsigned i = 0; i < p->outcome->failures.nr; i++) {
		eg_str_add(&out, i ? ",\n  " : "\n  ");
		eg_str_add_json(&out, p->outcome->failures.text[i]);
	}
	eg_str_add(&out, "]}\n");
	write_note(path, &out);
	eg_str_free(&out);
	p->beat = now->elapsed > 0 ? now->elapsed : 1e-9;
}

void side_heartbeat_end(const struct pool *p)
{
	char path[4200];

	heartbeat_path(p, path, sizeof(path));
	(void)unlink(path);
}

static bool ends(const char *name, size_t n, const char *with)
{
	size_t k = strlen(with);

	return n > k && memcmp(name + n - k, with, k) == 0;
}

/* The length of a name without ".tmp.PID". */
static size_t length(const char *name)
{
	const char *tmp = strstr(name, ".json.tmp.");

	return tmp ? (size_t)(tmp - name) + strlen(".json") : strlen(name);
}

bool side_is_heartbeat(const char *name)
{
	size_t n = strlen(name);
	size_t stem = ends(name, n, STATUS) ? n - strlen(STATUS) : 0;

	return stem && ((stem == 3 && memcmp(name, "run", 3) == 0) || strspn(name, "0123456789") == stem);
}

bool side_is_note(const char *name)
{
	size_t n = length(name), digits = strspn(name, "0123456789");

	if (ends(name, n, COST))
		return digits == n - strlen(COST);
	if (ends(name, n, STATUS))
		return digits == n - strlen(STATUS) || (n == 3 + strlen(STATUS) && memcmp(name, "run", 3) == 0);
	return false;
}
