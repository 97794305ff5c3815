/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect - see inspect.h. */
#include "sim/experiment/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/reader.h"
#include "sim/experiment/pool.h"
#include "sim/experiment/side.h"

#define SILENT_S 15.0           /* a run on another host that was not heard of for so long is taken for dead */

bool inspect_number(const struct yt_node *map, const char *key, double *out)
{
	const struct yt_node *n = yt_get(map, key);
	double value;
	char *end;

	if (!n || n->kind != YT_SCALAR || !*n->text)
		return false;
	value = strtod(n->text, &end);
	if (*end || !isfinite(value))
		return false;
	*out = value;
	return true;
}

bool inspect_u64(const struct yt_node *map, const char *key, uint64_t *out)
{
	const struct yt_node *n = yt_get(map, key);
	char *end;

	if (!n || n->kind != YT_SCALAR || *n->text < '0' || *n->text > '9')
		return false;
	errno = 0;
	*out = strtoull(n->text, &end, 10);
	return *end == '\0' && errno == 0;
}

static const char *text_of(const struct yt_node *map, const char *key)
{
	const struct yt_node *n = yt_get(map, key);

	return n && n->kind == YT_SCALAR ? n->text : "";
}

uint64_t inspect_process_start(long pid)
{
	char path[64], line[1024], *at;
	uint64_t start = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	/* the command, which may hold anything, ends with the last ) ; the start is field 22, the 20th behind it */
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	for (unsigned i = 0; at && i < 20; i++)
		at = strchr(at + 1, ' ');
	if (at)
		start = strtoull(at + 1, NULL, 10);
	(void)fclose(f);
	return start;
}

/* ---- heartbeats ----------------------------------------------------------------------------------- */

static eg_status read_run(const char *path, const char *name, struct exp_problems *problems, struct inspect_run *r)
{
	const struct yt_node *root = yt_load(path, NULL, problems), *running = yt_get(root, "running"), *failures = yt_get(root, "failures");
	struct eg_arena *arena = problems->arena;
	uint64_t pid = 0, start = 0;
	char host[256];

	*r = (struct inspect_run){ .whole = *name == 'r', .eta = -1 };
	if (!root || root->kind != YT_MAP || !inspect_u64(root, "pid", &pid))
		return EG_BAD_INPUT;
	if (!r->whole)
		r->cell = strtoull(name, NULL, 10);
	r->state = text_of(root, "state");
	r->host = text_of(root, "host");
	r->pid = (long)pid;
	(void)inspect_u64(root, "pid_start", &start);
	(void)inspect_number(root, "started", &r->started);
	(void)inspect_number(root, "updated", &r->updated);
	(void)inspect_number(root, "share", &r->share);
	(void)inspect_number(root, "elapsed_seconds", &r->elapsed);
	(void)inspect_number(root, "eta_seconds", &r->eta);
	(void)inspect_u64(root, "total", &r->total);
	(void)inspect_u64(root, "done", &r->done);
	(void)inspect_u64(root, "reused", &r->reused);
	(void)inspect_u64(root, "failed", &r->failed);
	if (running && running->kind == YT_LIST) {
		r->running = eg_arena_alloc(arena, running->nr + 1, sizeof(*r->running));
		r->running_share = eg_arena_alloc(arena, running->nr + 1, sizeof(*r->running_share));
		if (!r->running || !r->running_share)
			return EG_NO_MEMORY;
		for (unsigned i = 0; i < running->nr; i++)
			if (inspect_u64(running->item[i], "cell", &r->running[r->nr_running])) {
				(void)inspect_number(running->item[i], "share", &r->running_share[r->nr_running]);
				r->nr_running++;
			}
	}
	if (failures && failures->kind == YT_LIST) {
		r->failures = eg_arena_alloc(arena, failures->nr + 1, sizeof(*r->failures));
		if (!r->failures)
			return EG_NO_MEMORY;
		for (unsigned i = 0; i < failures->nr; i++)
			if (failures->item[i]->kind == YT_SCALAR)
				r->failures[r->nr_failures++] = failures->item[i]->text;
	}
	r->here = !*r->host || (gethostname(host, sizeof(host)) == 0 && strcmp(host, r->host) == 0);
	r->alive = strcmp(r->state, "running") == 0 || strcmp(r->state, "merging") == 0;
	if (r->alive && r->here)
		r->alive = start && inspect_process_start(r->pid) == start;
	else if (r->alive)
		r->alive = exec__seconds(CLOCK_REALTIME) - r->updated < SILENT_S;
	return EG_OK;
}

static eg_status read_runs(const struct experiment *x, struct inspect *in, struct eg_arena *arena)
{
	struct exp_problems problems = { .arena = arena };
	DIR *d = opendir(in->cells_dir);
	size_t nr = 0, cap = 0;
	struct inspect_run *all = NULL, *r, one;
	struct dirent *e;
	char path[4300];
	eg_status s = EG_OK;

	while (d && s == EG_OK && (e = readdir(d)) != NULL) {
		if (!side_is_heartbeat(e->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", in->cells_dir, e->d_name) >= (int)sizeof(path))
			continue;
		s = read_run(path, e->d_name, &problems, &one);
		if (s != EG_OK) {
			s = s == EG_NO_MEMORY ? s : EG_OK;      /* removed a moment ago, or not ours */
			continue;
		}
		if (!one.whole && one.cell >= x->nr_cells)
			continue;                               /* of a time when the sweep was longer */
		r = eg_grow((void **)&all, &nr, &cap, sizeof(*all));
		if (!r)
			s = EG_NO_MEMORY;
		else
			*r = one;
	}
	if (d)
		(void)closedir(d);
	in->run = s == EG_OK ? eg_arena_alloc(arena, nr + 1, sizeof(*in->run)) : NULL;
	s = in->run ? EG_OK : EG_NO_MEMORY;
	for (int whole = 1; s == EG_OK && whole >= 0; whole--)
		for (size_t i = 0; i < nr; i++)
			if (all[i].whole == (bool)whole)
				in->run[in->nr_runs++] = all[i];
	eg_free(all);
	return s;
}

/* ---- the rest ------------------------------------------------------------------------------------- */

static eg_status look_at_result(struct experiment *x, const char *out, struct inspect *in, struct eg_errors *err)
{
	struct result_file *f;

	EG_TRY(exec__config_hash(x, in->config_hash, err));
	in->result = INSPECT_NONE;
	if (access(out, F_OK) != 0)
		return EG_OK;
	in->result = INSPECT_UNREADABLE;
	in->foreign = exec__is_foreign(out);
	if (result_open(out, &f, NULL) != EG_OK)
		return EG_OK;
	(void)snprintf(in->result_hash, sizeof(in->result_hash), "%s", result_provenance(f, "config_sha256"));
	in->result = strcmp(in->result_hash, in->config_hash) == 0 && !*result_provenance(f, "missing_cells") ? INSPECT_COMPLETE
													      : INSPECT_STALE;
	result_close(f);
	return EG_OK;
}

static eg_status look_at_cells(struct experiment *x, struct inspect *in, struct eg_errors *err)
{
	for (uint64_t i = 0; i < x->nr_cells; i++) {
		struct inspect_cell *c = &in->cell[i];
		struct exp_cell cell;
		char path[4200];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s/%" PRIu64 ".h5", in->cells_dir, i);
		c->state = RESULT_CELL_ABSENT;
		if (stat(path, &st) != 0)
			continue;
		EG_TRY(exp_cell_resolve(x, i, &cell, err));
		c->state = result_cell_matches(path, cell.hash);
		exp_cell_free(&cell);
		in->nr_other += c->state == RESULT_CELL_DIFFERENT;
		in->nr_damaged += c->state == RESULT_CELL_DAMAGED;
		if (c->state != RESULT_CELL_SAME)
			continue;
		in->nr_done++;
		c->bytes = (uint64_t)st.st_size;
		c->cost_known = side_read_cost(in->cells_dir, i, &c->cost);
	}
	return EG_OK;
}

eg_status inspect(struct experiment *x, const char *out, struct eg_arena *arena, struct inspect *in, struct eg_errors *err)
{
	char *dir = exec_beside(out, ".cells");

	*in = (struct inspect){ 0 };
	in->cells_dir = dir ? eg_arena_strdup(arena, dir) : NULL;
	eg_free(dir);
	in->cell = eg_arena_alloc(arena, x->nr_cells, sizeof(*in->cell));
	if (!in->cells_dir || !in->cell)
		return EG_NO_MEMORY;
	EG_TRY(look_at_result(x, out, in, err));
	EG_TRY(look_at_cells(x, in, err));
	return read_runs(x, in, arena);
}
