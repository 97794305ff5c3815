/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells: how points are counted, what a sweep sets, and that the canonical text knows values, not spellings. */
#include "sim/base/sha256.h"
#include "sim/experiment/exec.h"
#include "tests/tap.h"
#include "tests/unit/exp_stub.h"

#define NAME "good.yaml"

static struct eg_errors err;

static struct experiment *load_with(const char *yaml, const char *const *set)
{
	struct experiment *x;

	stub_write(NAME, yaml, strlen(yaml));
	err.nr = 0;
	if (experiment_load(&x, NAME, &(struct experiment_options){ .data_dirs = stub_data_dirs(), .set = set }, &err) != EG_OK) {
		printf("# %s\n", err.nr ? err.text[0] : "?");
		return NULL;
	}
	return x;
}

static struct experiment *load(const char *yaml)
{
	return load_with(yaml, NULL);
}

/* The canonical text of a cell, in a static buffer (two in turn); "" when it cannot be had. */
static const char *cell_text(struct experiment *x, uint64_t i, char hash[65])
{
	static char buf[2][20000];
	static int turn;
	struct exp_cell c;

	turn = !turn;
	buf[turn][0] = '\0';
	if (x && exp_cell_resolve(x, i, &c, &err) == EG_OK) {
		(void)snprintf(buf[turn], sizeof(buf[turn]), "%s", c.yaml);
		if (hash)
			memcpy(hash, c.hash, 65);
		exp_cell_free(&c);
	}
	return buf[turn];
}

static bool has(const char *text, const char *line)
{
	char want[200];

	(void)snprintf(want, sizeof(want), "\n%s\n", line);
	if (strstr(text, want))
		return true;
	printf("# no line \"%s\"\n", line);
	return false;
}

static void test_points(void)
{
	struct experiment *x = load("version: 1\nworkload: [{generator: gups}]\n"
				    "sweep:\n  policy.page_allocator: [buddy, bitmap_first]\n  machine: {memory: [1GiB, 2GiB, 4GiB]}\n"
				    "labels: {machine.memory: [small, middle, large]}\nseeds: [7, 9]\n");
	static const char *const want[12] = {
		"buddy small 7", "buddy small 9", "buddy middle 7", "buddy middle 9", "buddy large 7", "buddy large 9",
		"bitmap_first small 7", "bitmap_first small 9", "bitmap_first middle 7", "bitmap_first middle 9",
		"bitmap_first large 7", "bitmap_first large 9"
	};

	ok(x != NULL, "an experiment of two axes and two seeds");
	if (!x)
		return;
	is_u64(x->nr_points, 6, "points");
	is_u64(x->nr_cells, 12, "cells");
	is_str(x->name, "good", "the file's name is the default name");
	for (uint64_t i = 0; i < 12; i++) {
		struct exp_cell c;
		char got[100];

		if (!ok(exp_cell_resolve(x, i, &c, &err) == EG_OK, "cell %u", (unsigned)i))
			continue;
		(void)snprintf(got, sizeof(got), "%s %s %u", c.coord[0].label, c.coord[1].label, (unsigned)c.seed);
		is_str(got, want[i], "is where the order says: row-major, the seed fastest");
		is_str(c.spec.palloc ? spec_policy_chosen(&c.spec, "page_allocator") : "", c.coord[0].label, "its policy");
		is_u64(eg_args_u64(&c.spec.machine, "memory") >> 30, i / 2 % 3 == 0 ? 1 : i / 2 % 3 == 1 ? 2 : 4, "its memory");
		exp_cell_free(&c);
	}
	experiment_free(x);
}

static void test_spelling(void)
{
	static const char *const same[] = {
		"version: 1\nworkload: [{generator: gups, table: 4MiB}]\nmachine: {memory: 4GiB, costs.trap: 0.5us, clock: 3GHz}\n",
		"# a comment\nname: other\ndescription: x\nversion: 1\nmachine:\n  clock: 3000MHz\n  memory: 4096MiB\n"
		"  costs: {trap: 500ns}\nworkload:\n- table: 4096KiB\n  generator: gups\n  instances: 1\n",
		"version: 1\nworkload: [{generator: gups, table: 4194304B}]\npolicy: {page_allocator: {name: buddy}}\n"
		"machine: {preset: laptop, memory: 4GiB, costs: {trap: 500000ps}, clock: 3GHz}\nplots: [x]\n",
	};
	char first[65] = "", hash[65];
	struct experiment *x;

	for (unsigned i = 0; i < 3; i++) {
		x = load(same[i]);
		hash[0] = '\0';
		(void)cell_text(x, 0, hash);
		if (i == 0)
			memcpy(first, hash, 65);
		ok(x && *hash && strcmp(hash, first) == 0, "the same values in other words have the same hash (%u)", i);
		experiment_free(x);
	}
	x = load("version: 1\nworkload: [{generator: gups, table: 4MiB}]\nmachine: {memory: 4GiB, costs.trap: 501ns, clock: 3GHz}\n");
	(void)cell_text(x, 0, hash);
	ok(x && strcmp(hash, first) != 0, "a nanosecond makes another hash");
	experiment_free(x);
}

static void test_text(void)
{
	struct experiment *x = load("version: 1\nworkload:\n  - {generator: gups}\n  - {generator: gups, cpu: 1}\n  - {generator: zipf, label: z}\n"
				    "machine: {preset: skylake-2s, costs: {pwc_hit: 1.5cyc}}\nseeds: 2\n"), *again;
	char hash[65], hash2[65];
	const char *text = cell_text(x, 1, hash), *text2;
	struct eg_sha256 sha;
	uint8_t digest[32];
	FILE *f;

	ok(has(text, "  memory: 96GiB") && has(text, "    stlb_hit: 9cyc"), "the preset's values");
	ok(has(text, "    pwc_hit: 1.5cyc"), "the experiment's own");
	ok(has(text, "    label: gups") && has(text, "    label: gups-2") && has(text, "    label: z"), "labels are unique");
	ok(has(text, "seeds: [2]"), "its seed");
	eg_sha256_init(&sha);
	eg_sha256_update(&sha, text, strlen(text));
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hash2);
	is_str(hash, hash2, "the hash is the SHA-256 of the text");
	/* the text is an experiment of its own, of one cell with the same text */
	f = fopen("canonical.yaml", "w");
	if (f) {
		fputs(text, f);
		(void)fclose(f);
	}
	err.nr = 0;
	if (experiment_load(&again, "canonical.yaml", &(struct experiment_options){ .data_dirs = stub_data_dirs() }, &err) != EG_OK)
		again = NULL;
	if (err.nr)
		printf("# %s\n", err.text[0]);
	text2 = cell_text(again, 0, hash2);
	is_str(text2, text, "the canonical text reads back as itself");
	experiment_free(again);
	experiment_free(x);
	(void)remove("canonical.yaml");
}

static void test_set(void)
{
	static const char yaml[] = "version: 1\nworkload: [{generator: gups}]\nsweep: {policy.page_allocator: [buddy, bitmap_first]}\n";
	static const char *const good[] = {
		"machine.memory=1GiB", "workload.gups.table=2MiB", "seeds=[4, 5, 6]", "sweep.machine.cpus=[1, 2]",
		"policy.tlb=fully_assoc", "machine.tlb.l2={entries: 512, ways: 4}", NULL
	};
	static const struct { const char *set, *want; } bad[] = {
		{ "policy.page_allocator=buddy", "--set policy.page_allocator: the file sweeps this path, which would undo it; set "
		  "sweep.policy.page_allocator=[...] instead" },
		{ "machine.memory=lots", "--set machine.memory: expected a size with its unit, such as 4KiB; found lots" },
		{ "machine.memroy=1GiB", "--set machine.memroy: unknown key; did you mean memory?" },
		{ "machin.memory=1GiB", "--set machin.memory: there is no section machin; did you mean machine? a path begins with "
		  "machine, workload, policy, sweep, seeds, stop, measure, ..." },
		{ "memory", "--set memory: expected --set PATH=VALUE, such as --set machine.memory=8GiB" },
		{ "machine.memory=", "--set machine.memory: there is no value" },
		{ "machine.memory=[1", "--set machine.memory: not valid YAML: did not find expected ',' or ']'; check indentation, quotes "
		  "and brackets" },
		{ "workload.zipf.table=1MiB", "--set workload.zipf.table: no item zipf in the list; use its number "
		  "(from 0) or its label" },
	};
	struct experiment *x = load_with(yaml, good);
	const char *text = cell_text(x, 11, NULL);

	ok(x && x->nr_cells == 12 && x->nr_axes == 2, "--set of seeds and a new axis");
	ok(has(text, "  memory: 1GiB") && has(text, "    table: 2MiB") && has(text, "  cpus: 2"), "--set of values");
	ok(has(text, "    name: fully_assoc") && has(text, "    name: bitmap_first"), "--set of a policy");
	ok(has(text, "  tlb.l2.entries: 512") && has(text, "  tlb.l2.ways: 4"), "--set of a map");
	ok(has(text, "  tlb.l1d.entries: 72"), "which leaves its neighbours alone");
	experiment_free(x);
	for (unsigned i = 0; i < EG_ARRAY_LEN(bad); i++) {
		const char *const set[] = { bad[i].set, NULL };

		stub_write(NAME, yaml, sizeof(yaml) - 1);
		err.nr = 0;
		if (experiment_load(&x, NAME, &(struct experiment_options){ .data_dirs = stub_data_dirs(), .set = set }, &err) == EG_OK)
			experiment_free(x);
		is_str(err.nr ? err.text[0] : "no problem", bad[i].want, "a bad --set says what is wrong");
	}
}

static void test_maps_in_sweeps(void)
{
	struct experiment *x = load("version: 1\nworkload: [{generator: gups}]\nmachine: {tlb.l2: {entries: 1024, ways: 4}}\n"
				    "policy: {page_allocator: buddy}\n"
				    "sweep:\n  machine.tlb.l2: [{entries: 512}, {entries: 96, ways: 6}]\n"
				    "labels: {machine.tlb.l2: [half, odd]}\ncompare: {baseline: {machine.tlb.l2: odd}}\n");
	const char *text;

	ok(x && x->nr_cells == 2, "values that are maps make one axis of several keys");
	text = cell_text(x, 0, NULL);
	ok(has(text, "  tlb.l2.entries: 512") && has(text, "  tlb.l2.ways: 4"), "a map is merged into what stands there");
	text = cell_text(x, 1, NULL);
	ok(has(text, "  tlb.l2.entries: 96") && has(text, "  tlb.l2.ways: 6"), "and may set more than one key");
	ok(x && x->nr_baseline == 1 && strcmp(x->baseline[0].label, "odd") == 0, "the baseline goes by label");
	experiment_free(x);
}

static void test_canonical_values(void)
{
	static const struct { enum eg_param_type type; const char *in, *out; } v[] = {
		{ EG_PARAM_SIZE, "4096KiB", "4MiB" }, { EG_PARAM_SIZE, "1000kB", "1000000B" }, { EG_PARAM_SIZE, "0", "0B" },
		{ EG_PARAM_SIZE, "1536MiB", "1536MiB" }, { EG_PARAM_TIME, "1000us", "1ms" }, { EG_PARAM_TIME, "1.5ms", "1500us" },
		{ EG_PARAM_TIME, "1min", "60s" }, { EG_PARAM_COST, "2.50cyc", "2.5cyc" }, { EG_PARAM_COST, "9cyc", "9cyc" },
		{ EG_PARAM_COST, "0.001cyc", "0.001cyc" }, { EG_PARAM_COST, "0", "0ps" }, { EG_PARAM_FREQ, "3.5GHz", "3500MHz" },
		{ EG_PARAM_BANDWIDTH, "12GB/s", "12GB/s" }, { EG_PARAM_BANDWIDTH, "1KiB/s", "1024B/s" }, { EG_PARAM_REAL, "0.990", "0.99" },
		{ EG_PARAM_REAL, "1e3", "1000" }, { EG_PARAM_REAL, "0.1", "0.1" }, { EG_PARAM_BOOL, "on", "true" }, { EG_PARAM_BOOL, "no", "false" },
		{ EG_PARAM_COUNT, "007", "7" },
	};

	for (unsigned i = 0; i < EG_ARRAY_LEN(v); i++) {
		struct eg_param p = { .name = "x", .type = v[i].type };
		struct eg_value a, b;
		char why[200], out[64];

		if (!ok(eg_param_parse(&p, v[i].in, &a, why, sizeof(why)) == EG_OK, "%s", v[i].in))
			continue;
		exp_canonical_value(&p, &a, out, sizeof(out));
		is_str(out, v[i].out, "is spelled");
		ok(eg_param_parse(&p, out, &b, why, sizeof(why)) == EG_OK && a.u == b.u && a.cycles == b.cycles && !(a.real < b.real) &&
		   !(a.real > b.real), "which reads back as the same value");
	}
}

/* Every number of every shipped preset says where it comes from. */
static void each_value(const struct yt_node *n, unsigned *nr, unsigned *without)
{
	if (n->kind != YT_MAP || yt_get(n, "value")) {
		++*nr;
		*without += !yt_get(n, "value") || !yt_get(n, "status") || !yt_get(n, "source") || !*yt_get(n, "source")->text;
		return;
	}
	for (unsigned i = 0; i < n->nr; i++)
		each_value(n->item[i], nr, without);
}

static void test_presets(void)
{
	struct eg_arena a = { 0 };
	const char **names;
	unsigned nr = experiment_list_configs(stub_data_dirs(), "machine", &names, &a);

	ok(nr >= 5, "presets are found: %u", nr);
	for (unsigned i = 0; i < nr; i++) {
		struct exp_problems p = { .arena = &a };
		const char *path = experiment_find_config(stub_data_dirs(), "machine", names[i], &a, NULL);
		const struct yt_node *root = path ? yt_load(path, NULL, &p) : NULL;
		char yaml[200];
		unsigned values = 0, without = 0;
		struct experiment *x;

		if (root && yt_get(root, "machine"))
			each_value(yt_get(root, "machine"), &values, &without);
		ok(values > 20 && without == 0, "%s: %u values, each with status and source", names[i], values);
		is_str(yt_get(root, "name") ? yt_get(root, "name")->text : "", names[i], "its name is its file's");
		(void)snprintf(yaml, sizeof(yaml), "version: 1\nmachine: {preset: %s}\nworkload: [{generator: gups}]\n", names[i]);
		x = load(yaml);
		ok(x != NULL, "%s: a possible machine", names[i]);
		experiment_free(x);
	}
	eg_arena_free_all(&a);
}

/* A preset of one's own: by path, as short as one likes; its mistakes are told with its own file's lines. */
static void test_own_preset(void)
{
	static const char use[] = "version: 1\nmachine: {preset: ./mine.yaml, memory: 2GiB}\nworkload: [{generator: gups}]\n";
	static const char good[] = "version: 1\nname: mine\nmachine: {cpus: 3, memory: 1GiB, tlb.l2: {entries: 256, ways: 4}}\n";
	static const char bad[] = "version: 2\nnaem: x\nmachine:\n  preset: laptop\n  cpus: {value: 3, rang: [1, 2]}\n"
				  "  memory: {value: 1GiB, range: 5, status: guessed}\n  tlb.l2.ways: 5\n  costs: {trap: {value: 7}}\nleft_out: x\n";
	static const char *const want[] = {
		"./mine.yaml:1:10: version: must be 1",
		"./mine.yaml:2:1: naem: unknown key; a preset has version, name, description, machine and left_out",
		"./mine.yaml:4:11: machine.preset: a preset cannot stand on another one",
		"./mine.yaml:5:20: machine.cpus: unknown key rang; a value carries value, range, status and source",
		"./mine.yaml:6:32: machine.memory: range must be a list of two values, [lowest, highest]",
		"./mine.yaml:6:43: machine.memory: status must be read, computed, measured, secondary, abstract only, derived or unverified",
		"./mine.yaml:7:16: machine.tlb.l2.ways: 5 ways do not divide 1536 entries",
		"./mine.yaml:8:25: machine.costs.trap: expected a time or cycles, such as 9cyc or 80ns; found 7",
		"./mine.yaml:9:11: left_out: expected a list of texts, found a text",
	};
	struct experiment *x;
	const char *text;

	stub_write("mine.yaml", good, sizeof(good) - 1);
	x = load(use);
	text = cell_text(x, 0, NULL);
	ok(has(text, "  cpus: 3") && has(text, "  tlb.l2.entries: 256") && has(text, "  memory: 2GiB"), "a preset of one's own");
	experiment_free(x);
	stub_write("mine.yaml", bad, sizeof(bad) - 1);
	x = load(use);
	ok(!x, "a bad preset is refused");
	experiment_free(x);
	is_u64(err.nr, EG_ARRAY_LEN(want), "with all its mistakes");
	for (unsigned i = 0; i < EG_ARRAY_LEN(want); i++)
		is_str(i < err.nr ? err.text[i] : "", want[i], "each in its place");
	(void)remove("mine.yaml");
}

static void test_experiments(void)
{
	struct eg_arena a = { 0 };
	const char **names;
	unsigned nr = experiment_list_configs(stub_data_dirs(), "experiment", &names, &a);

	for (unsigned i = 0; i < nr; i++) {
		const char *path = experiment_find_config(stub_data_dirs(), "experiment", names[i], &a, NULL);
		struct experiment *x = NULL;

		err.nr = 0;
		ok(path && experiment_load(&x, path, &(struct experiment_options){ .data_dirs = stub_data_dirs() }, &err) == EG_OK,
		   "the shipped experiment %s is valid", names[i]);
		for (unsigned k = 0; k < err.nr; k++)
			printf("# %s\n", err.text[k]);
		experiment_free(x);
	}
	eg_arena_free_all(&a);
}

int main(void)
{
	test_points();
	test_spelling();
	test_text();
	test_set();
	test_maps_in_sweeps();
	test_canonical_values();
	test_presets();
	test_own_preset();
	test_experiments();
	(void)remove(NAME);
	return tap_done();
}
