/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect - from the cells of a finished run to the result: what the result says of the experiment, the merge,
 * and the file about the host beside it; see pool.h.
 */
#include "sim/experiment/pool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "results/reader.h"
#include "sim/base/sha256.h"
#include "sim/experiment/path.h"

/* Temporary files (NAME.tmp.PID) that a killed run left beside `path`; those of processes that live stay. */
static void remove_stale(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int dir_length = slash ? (int)(slash - path) + 1 : 0;
	size_t n = strlen(name);
	char dir[4200], stale[4600];
	struct dirent *e;
	DIR *d;

	if (snprintf(dir, sizeof(dir), "%.*s.", dir_length, path) >= (int)sizeof(dir))
		return;
	d = opendir(dir);
	while (d && (e = readdir(d)) != NULL) {
		const char *pid = e->d_name + n + 5;

		if (strncmp(e->d_name, name, n) != 0 || strncmp(e->d_name + n, ".tmp.", 5) != 0 || !*pid ||
		    pid[strspn(pid, "0123456789")] || kill((pid_t)strtol(pid, NULL, 10), 0) == 0 || errno != ESRCH)
			continue;
		if (snprintf(stale, sizeof(stale), "%.*s%s", dir_length, path, e->d_name) < (int)sizeof(stale))
			(void)unlink(stale);
	}
	if (d)
		(void)closedir(d);
}

/* Trace labels of the result: the file's name, as a workload item without label: has it. NULL without memory. */
static const char *trace_label(struct experiment *x, const struct exp_trace *t)
{
	const struct yt_node *value = yt_scalar(&x->arena, t->path, t->mark), *item;
	char label[100];

	item = value ? yt_set(&x->arena, NULL, "trace", t->mark, value) : NULL;
	if (!item)
		return NULL;
	if (!path_item_label(item, label, sizeof(label)))
		return "trace";
	return eg_arena_strdup(&x->arena, label);
}

static eg_status describe(struct pool *p, struct result_experiment *r, struct eg_str *yaml, char hash[65])
{
	struct experiment *x = p->x;
	struct result_axis *axis = eg_arena_alloc(&x->arena, x->nr_axes + 1, sizeof(*axis));
	struct result_coord *base = eg_arena_alloc(&x->arena, x->nr_baseline + 1, sizeof(*base));
	struct result_trace *trace = eg_arena_alloc(&x->arena, x->nr_traces + 1, sizeof(*trace));

	if (!axis || !base || !trace)
		return EG_NO_MEMORY;
	EG_TRY(exp_resolved_text(x, yaml, p->err));
	eg_sha256_of(eg_str_text(yaml), yaml->len, hash);
	for (unsigned i = 0; i < x->nr_axes; i++)
		axis[i] = (struct result_axis){ x->axis[i].path, x->axis[i].nr, x->axis[i].label };
	for (unsigned i = 0; i < x->nr_baseline; i++)
		base[i] = (struct result_coord){ x->baseline[i].path, x->baseline[i].label };
	for (size_t i = 0; i < x->nr_traces; i++) {
		trace[i] = (struct result_trace){ trace_label(x, x->trace[i]), x->trace[i]->hash };
		if (!trace[i].label)
			return EG_NO_MEMORY;
	}
	*r = (struct result_experiment){
		.name = x->name, .nr_axes = x->nr_axes, .axes = axis, .nr_seeds = x->nr_seeds, .seeds = x->seed,
		.resolved_yaml = eg_str_text(yaml), .original_yaml = x->text, .config_sha256 = hash,
		.engram_version = p->o->engram_version, .nr_traces = (unsigned)x->nr_traces, .traces = trace,
		.nr_baseline = x->nr_baseline, .baseline = base, .nr_plots = x->nr_plots, .plots = x->plot,
	};
	return EG_OK;
}

eg_status exec__config_hash(struct experiment *x, char hash[65], struct eg_errors *err)
{
	struct eg_str yaml = { 0 };
	eg_status s = exp_resolved_text(x, &yaml, err);

	if (s == EG_OK)
		eg_sha256_of(eg_str_text(&yaml), yaml.len, hash);
	eg_str_free(&yaml);
	return s;
}

eg_status exec__already_complete(struct pool *p, bool *complete)
{
	struct result_file *f;
	char hash[65];

	*complete = false;
	remove_stale(p->o->out);
	remove_stale(p->outcome->host_json);
	if (access(p->o->out, F_OK) != 0)
		return EG_OK;
	EG_TRY(exec__config_hash(p->x, hash, p->err));
	if (result_open(p->o->out, &f, NULL) == EG_OK) {
		*complete = strcmp(result_provenance(f, "config_sha256"), hash) == 0 && !*result_provenance(f, "missing_cells");
		result_close(f);
	}
	return EG_OK;
}

eg_status exec__merge(struct pool *p)
{
	struct result_experiment r;
	struct eg_str yaml = { 0 };
	uint64_t n = p->x->nr_cells;
	const char **path = eg_calloc(n, sizeof(*path));
	struct eg_arena a = { 0 };
	char hash[65], one[4200];
	eg_status s = path ? describe(p, &r, &yaml, hash) : EG_NO_MEMORY;

	for (uint64_t i = 0; s == EG_OK && i < n; i++) {
		exec__cell_path(p, i, one, sizeof(one));
		path[i] = eg_arena_strdup(&a, one);
		s = path[i] ? EG_OK : EG_NO_MEMORY;
	}
	if (s == EG_OK)
		s = result_merge(p->o->out, &r, n, path, false, p->err);
	p->outcome->merged = s == EG_OK;
	eg_arena_free_all(&a);
	eg_str_free(&yaml);
	eg_free(path);
	return s;
}

eg_status exec__write_host(struct pool *p, double began)
{
	struct result_host_info info = p->o->host;
	const char **trace = eg_calloc(p->x->nr_traces + 1, sizeof(*trace));
	eg_status s;

	if (!trace)
		return EG_NO_MEMORY;
	for (size_t i = 0; i < p->x->nr_traces; i++)
		trace[i] = p->x->trace[i]->path;
	info.started = began;
	info.ended = exec__seconds(CLOCK_REALTIME);
	info.nr_workers = p->o->jobs;
	info.nr_traces = (unsigned)p->x->nr_traces;
	info.trace_paths = trace;
	s = result_write_host_json(p->outcome->host_json, &info, p->err);
	eg_free(trace);
	return s;
}
