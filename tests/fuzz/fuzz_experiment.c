/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_experiment - hostile experiments: whatever the text, loading it ends with messages or with cells that
 * resolve, and the canonical text of a cell, loaded again, is the same text.
 *
 * Built with --enable-fuzz it is a libFuzzer target; otherwise main() replays the files named as arguments.
 * The text goes through a file, as it does in life.
 */
#include "tests/fuzz/replay.h"

#include "sim/base/check.h"
#include "sim/experiment/cell.h"

static struct eg_errors err;

static struct experiment *load(const char *path, const void *text, size_t size)
{
	static const char *dirs[2];
	struct experiment *x = NULL;
	FILE *f = fopen(path, "wb");
	eg_status s;

	dirs[0] = getenv("ENGRAM_DATADIR") ? getenv("ENGRAM_DATADIR") : ".";
	EG_CHECK(f && fwrite(text, 1, size, f) == size && fclose(f) == 0);
	err.nr = err.dropped = 0;
	s = experiment_load(&x, path, &(struct experiment_options){ .data_dirs = dirs }, &err);
	EG_CHECK((s == EG_OK) == (x != NULL) && (s == EG_OK || err.nr));
	return x;
}

/* A trace has no path in the canonical text, so such a text cannot be loaded. */
static bool only_generators(const struct exp_cell *c)
{
	for (unsigned i = 0; i < c->spec.nr_workloads; i++)
		if (!c->spec.workload[i].gen)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], again_path[64];
	struct experiment *x, *again;
	struct exp_cell c, d;

	(void)snprintf(path, sizeof(path), "fuzz_experiment.%ld.yaml", (long)getpid());
	(void)snprintf(again_path, sizeof(again_path), "fuzz_experiment.%ld.again.yaml", (long)getpid());
	x = load(path, data, size);
	if (x) {
		EG_CHECK(exp_cell_resolve(x, x->nr_cells - 1, &c, &err) == EG_OK);
		if (only_generators(&c)) {
			again = load(again_path, c.yaml, strlen(c.yaml));
			EG_CHECK(again && again->nr_cells == 1);
			EG_CHECK(exp_cell_resolve(again, 0, &d, &err) == EG_OK);
			EG_CHECK(strcmp(c.yaml, d.yaml) == 0);
			exp_cell_free(&d);
			experiment_free(again);
			(void)unlink(again_path);
		}
		exp_cell_free(&c);
	}
	experiment_free(x);
	(void)unlink(path);
	return 0;
}

FUZZ_MAIN_FILES
