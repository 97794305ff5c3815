/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_result - write a plausible result file without running a simulation.
 *
 * Usage: make_result OUT.h5 [--single] [--seeds N] [--only-cells] [--reverse] [--gap] [--schema N]
 *
 * By default 2 policies (policy.page_allocator: linux, llfree) x 2 (policy.thp: never, always) x 5 seeds, with
 * series, histograms, snapshots and provenance; baseline linux/never. Cell files are written to OUT.h5.cells.N and
 * removed again unless --only-cells (which stops before the merge). --single: no sweep, one point. --reverse: the
 * cells are written last to first. --gap: cell 3 is left out and the gap accepted. --schema N: the file says that its
 * schema is N, and has no checksum; 0: it does not say so, as HDF5 of other programs. Exit codes are those of engram.
 */
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/synthetic.h"

static const char *const allocators[] = { "linux", "llfree" };
static const char *const thp[] = { "never", "always" };

/* The file as another version of Engram, or another program, would have written it. */
static bool set_schema(const char *path, int schema)
{
	enum { TRAILER = 80 };
	struct stat st;
	hid_t f, a = -1;
	bool good;

	if (stat(path, &st) != 0 || truncate(path, st.st_size - TRAILER) != 0)
		return false;
	f = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
	if (f < 0)
		return false;
	if (schema == 0) {
		good = H5Adelete(f, "schema_version") >= 0;
	} else {
		a = H5Aopen(f, "schema_version", H5P_DEFAULT);
		good = a >= 0 && H5Awrite(a, H5T_NATIVE_INT, &schema) >= 0;
	}
	if (a >= 0)
		(void)H5Aclose(a);
	return H5Fclose(f) >= 0 && good;
}

int main(int argc, char **argv)
{
	static struct eg_errors err;
	const struct result_axis axes[] = { { "policy.page_allocator", 2, allocators }, { "policy.thp", 2, thp } };
	const struct result_coord baseline[] = { { "policy.page_allocator", "linux" }, { "policy.thp", "never" } };
	const struct result_trace traces[] = { {
		"redis.egt", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" } };
	const char *const plots[] = { "fault-latency-cdf", "fragmentation-over-time" };
	bool single = false, only_cells = false, reverse = false, gap = false;
	unsigned nr_seeds = 5, nr_points;
	int schema = -1;
	struct result_experiment x = { 0 };
	const char *path[64] = { 0 };
	uint64_t seeds[16];
	eg_status s = EG_OK;

	if (argc < 2) {
		fprintf(stderr, "usage: make_result OUT.h5 [--single] [--seeds N] [--only-cells] [--reverse] [--gap] [--schema N]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		single |= strcmp(argv[i], "--single") == 0;
		only_cells |= strcmp(argv[i], "--only-cells") == 0;
		reverse |= strcmp(argv[i], "--reverse") == 0;
		gap |= strcmp(argv[i], "--gap") == 0;
		if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
			nr_seeds = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--schema") == 0 && i + 1 < argc)
			schema = (int)strtol(argv[++i], NULL, 10);
	}
	if (nr_seeds < 1 || nr_seeds > 16)
		return 2;
	nr_points = single ? 1 : 4;
	for (unsigned i = 0; i < nr_seeds; i++)
		seeds[i] = i + 1;
	for (unsigned k = 0; k < nr_points * nr_seeds && s == EG_OK; k++) {
		unsigned i = reverse ? nr_points * nr_seeds - 1 - k : k, point = i / nr_seeds;
		struct result_coord at[2] = { { "policy.page_allocator", allocators[point / 2] },
					      { "policy.thp", thp[point % 2] } };
		struct result_cell_info info = { i, "", seeds[i % nr_seeds], single ? 0 : 2, at, "version: 1\n" };
		struct run_result r;
		char name[4096], hash[65];

		(void)snprintf(name, sizeof(name), "%.4000s.cells.%u", argv[1], i);
		(void)snprintf(hash, sizeof(hash), "%064x", i + 1);
		info.config_hash = hash;
		path[i] = eg_strdup(name);
		if (gap && i == 3)
			continue;
		syn_result(&r, point / 2, seeds[i % nr_seeds] + 100 * (point % 2));
		s = result_write_cell(name, &info, &r, &err);
		eg_arena_free_all(&r.arena);
	}
	x.name = "synthetic";
	x.nr_axes = single ? 0 : 2;
	x.axes = axes;
	x.nr_seeds = nr_seeds;
	x.seeds = seeds;
	x.resolved_yaml = "version: 1\nname: synthetic\nseeds: 5\n";
	x.original_yaml = "version: 1\nname: synthetic # as typed\nseeds: 5\n";
	x.config_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	x.engram_version = "0.1.0";
	x.nr_traces = 1;
	x.traces = traces;
	x.nr_baseline = single ? 0 : 2;
	x.baseline = baseline;
	x.nr_plots = 2;
	x.plots = plots;
	if (s == EG_OK && !only_cells)
		s = result_merge(argv[1], &x, nr_points * nr_seeds, path, gap, &err);
	if (s == EG_OK && schema >= 0 && !set_schema(argv[1], schema))
		s = eg_fail(&err, EG_IO, "%s: cannot set the schema", argv[1]);
	for (unsigned i = 0; i < EG_ARRAY_LEN(path); i++) {
		if (path[i] && !only_cells)
			(void)unlink(path[i]);
		eg_free((void *)(uintptr_t)path[i]);
	}
	for (unsigned i = 0; i < err.nr; i++)
		fprintf(stderr, "make_result: %s\n", err.text[i]);
	return eg_status_exit_code(s);
}
