/* SPDX-License-Identifier: GPL-3.0-or-later */
/* locate - see locate.h. */
#include "sim/cli/locate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "plots/plots.h"
#include "sim/base/str.h"
#include "sim/experiment/schema.h"

void locate_data_dirs(const char *dirs[3])
{
	const char *own = getenv("ENGRAM_DATADIR");
	unsigned n = 0;

	if (own && *own)
		dirs[n++] = own;
	dirs[n++] = EG_DATADIR;
	dirs[n] = NULL;
}

void locate_result(const char *given, const char *name, struct eg_str *out)
{
	if (given)
		eg_str_add(out, given);
	else
		eg_str_addf(out, "results/%s.h5", name);
}

const char *locate_experiment(const char *name, struct eg_arena *a)
{
	const char *dirs[3], *found;
	size_t n = strlen(name);
	char *stem;

	if (access(name, F_OK) == 0 || strchr(name, '/'))
		return name;
	stem = eg_arena_strdup(a, name);
	if (!stem)
		return name;
	if (n > 5 && strcmp(stem + n - 5, ".yaml") == 0)
		stem[n - 5] = '\0';
	locate_data_dirs(dirs);
	found = experiment_find_config(dirs, "experiment", stem, a, NULL);
	return found ? found : name;
}

static const char *config_name(const void *ctx, unsigned i)
{
	return ((const char *const *)ctx)[i];
}

/* A name that is no file and nearly that of a shipped experiment: say so. */
static eg_status check_name(const char *path, struct eg_arena *a, struct eg_errors *err)
{
	const char *dirs[3], **names, **list, *near;
	unsigned nr;

	if (access(path, F_OK) == 0 || errno != ENOENT || strchr(path, '/'))
		return EG_OK;
	locate_data_dirs(dirs);
	nr = experiment_list_configs(dirs, "experiment", &names, a);
	list = eg_arena_alloc(a, nr + 1, sizeof(*list));
	if (!list)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < nr; i++)
		list[i] = names[i];
	near = eg_did_you_mean(path, config_name, list);
	if (near)
		return eg_fail(err, EG_BAD_INPUT, "%.300s: there is no such file, and no shipped experiment of this name; did you mean %s?",
			       path, near);
	return eg_fail(err, EG_BAD_INPUT, "%.300s: there is no such file, and no shipped experiment of this name\n"
		       "`engram list experiments` has the names of those that are shipped", path);
}

/* Figures are above the experiment in the layers, so their names are checked here. */
static eg_status check_figures(const struct experiment *x, struct eg_errors *err)
{
	eg_status s = EG_OK;

	for (unsigned i = 0; i < x->nr_plots; i++) {
		const struct exp_mark *at = &x->plot_mark[i];
		const char *near = figure_did_you_mean(x->plot[i]);
		char where[40] = "";

		if (figure_find(x->plot[i]))
			continue;
		if (at->line)
			(void)snprintf(where, sizeof(where), ":%u:%u", at->line, at->col);
		s = eg_fail(err, EG_BAD_INPUT, "%.300s%s: plots: there is no figure %.60s; %s%s%s`engram list figures` names them", at->file,
			    where, x->plot[i], near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	}
	return s;
}

eg_status locate_and_load(struct experiment **x, const char *name, const char *const *set, const uint64_t *only_cell,
			  struct eg_arena *a, struct eg_errors *err)
{
	const char **dirs = eg_arena_alloc(a, 3, sizeof(*dirs));
	eg_status s;

	if (!dirs)
		return EG_NO_MEMORY;
	locate_data_dirs(dirs);
	name = locate_experiment(name, a);
	EG_TRY(check_name(name, a, err));
	EG_TRY(experiment_load(x, name, &(struct experiment_options){ .data_dirs = dirs, .set = set,
			       .only_cell = only_cell }, err));
	s = check_figures(*x, err);
	if (s != EG_OK) {
		experiment_free(*x);
		*x = NULL;
	}
	return s;
}
