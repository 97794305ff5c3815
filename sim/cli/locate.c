/* SPDX-License-Identifier: GPL-3.0-or-later */
/* locate - see locate.h. */
#include "sim/cli/locate.h"

#include <unistd.h>

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

eg_status locate_and_load(struct experiment **x, const char *name, const char *const *set, const uint64_t *only_cell,
			  struct eg_arena *a, struct eg_errors *err)
{
	const char **dirs = eg_arena_alloc(a, 3, sizeof(*dirs));

	if (!dirs)
		return EG_NO_MEMORY;
	locate_data_dirs(dirs);
	return experiment_load(x, locate_experiment(name, a), &(struct experiment_options){ .data_dirs = dirs, .set = set,
			       .only_cell = only_cell }, err);
}
