/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tlb_figures - TLB hits and misses of recorded programs, against an independent reference.
 *
 * Each recorded access trace comes with figures that two independent programs agree on (expect.txt):
 * set-associative L1 64/4 + L2 1536/12, and ideal fully associative LRU of many sizes, for 4 KiB and 2 MiB
 * pages. The trace is replayed with its mappings populated writable beforehand; every figure must be met
 * exactly. Skips without ENGRAM_RECORDINGS.
 *
 *   tlb_figures [NAME...]     only these traces
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/machine/run.h"
#include "sim/mmu/tlb/tlb.h"
#include "tests/tap.h"
#include "tests/validation/expect.h"
#include "workloads/trace/trace.h"

struct figures {
	double lookups, l1_miss, l2_miss, walks;
};

struct config {
	const char *design;
	unsigned    l1;             /* fully associative: entries of the only level */
	bool        huge, all;
};

static bool set(struct eg_args *a, const char *name, const char *text, struct eg_arena *arena)
{
	char why[200];

	if (eg_args_set(a, name, text, arena, why, sizeof(why)) == EG_OK)
		return true;
	printf("# %s: %s\n", name, why);
	return false;
}

static bool replay(const char *egt, const char *hash, const struct config *k, struct figures *f)
{
	static struct eg_errors err;
	struct eg_arena arena = { 0 };
	struct run_options options = { .audit = true };
	struct run_result result;
	struct spec_workload *w;
	struct spec spec;
	char why[200], number[16];
	bool good;

	err.nr = 0;
	good = spec_init(&spec, &arena) == EG_OK &&
	       spec_set_policy(&spec, "tlb", k->design, why, sizeof(why)) == EG_OK &&
	       (w = spec_add_trace(&spec, &trace_egt_ops, egt, hash)) != NULL &&
	       set(&w->replay, "populate", "write", &arena) && set(&w->replay, "accesses", k->all ? "all" : "data", &arena) &&
	       set(&spec.machine, "memory", "1GiB", &arena) && set(&spec.machine, "cpus", "1", &arena) &&
	       (!k->huge || set(&w->replay, "populate_page", "2MiB", &arena)) &&
	       (!k->all || set(&spec.machine, "tlb.unified_l1", "true", &arena));
	if (good && k->l1) {
		(void)snprintf(number, sizeof(number), "%u", k->l1);
		good = set(&spec.machine, "tlb.l1d.entries", number, &arena) && set(&spec.machine, "tlb.l2.entries", "0", &arena) &&
		       set(&spec.machine, "tlb.l1d_huge.entries", "0", &arena);
	}
	good = good && run_cell(&spec, &options, &result, &err) == EG_OK;
	for (unsigned i = 0; i < err.nr; i++)
		printf("# %s\n", err.text[i]);
	if (good) {
		f->lookups = run_summary(&result, "tlb.lookups");
		f->l1_miss = run_summary(&result, "tlb.misses.l1d");
		f->l2_miss = run_summary(&result, "tlb.misses.l2");
		f->walks = run_summary(&result, "walk.count");
		run_result_free(&result);
	}
	eg_arena_free_all(&arena);
	return good;
}

static void compare(const char *name, const char *dir, const char *key, double got)
{
	double want;

	if (expected(dir, key, &want) && !ok(got == want, "%s %s = %.0f", name, key, want))
		printf("# got %.0f\n", got);
}

static void one_trace(const char *name, const char *dir)
{
	static const unsigned sizes4k[] = { 16, 32, 64, 128, 256, 512, 1024, 1536, 2048, 4096, 8192, 16384 };
	static const unsigned sizes2m[] = { 8, 16, 32, 64 };
	static struct eg_errors err;
	char path[512], egt[512], hash[65], key[64];
	struct figures f;
	bool imported;

	(void)snprintf(path, sizeof(path), "%s/trace.lackey.zst", dir);
	err.nr = 0;
	if (!ok(trace_prepare(path, NULL, "validation-traces", egt, sizeof(egt), &imported, hash, &err) == EG_OK, "%s is imported", name)) {
		for (unsigned i = 0; i < err.nr; i++)
			printf("# %s\n", err.text[i]);
		return;
	}
	for (unsigned all = 0; all < 2; all++) {
		const char *side = all ? "all" : "data";
		double present;

		(void)snprintf(key, sizeof(key), "%s_sa_l1_64x4_hits", side);
		if (!expected(dir, key, &present))
			continue;
		if (ok(replay(egt, hash, &(struct config){ "set_assoc", 0, false, all }, &f), "%s %s set-associative runs", name, side)) {
			compare(name, dir, key, f.lookups - f.l1_miss);
			(void)snprintf(key, sizeof(key), "%s_sa_l1_64x4_misses", side);
			compare(name, dir, key, f.l1_miss);
			(void)snprintf(key, sizeof(key), "%s_sa_l2_1536x12_hits", side);
			compare(name, dir, key, f.l1_miss - f.l2_miss);
			(void)snprintf(key, sizeof(key), "%s_sa_l2_1536x12_misses", side);
			compare(name, dir, key, f.l2_miss);
			(void)snprintf(key, sizeof(key), "%s_lookups_4k", side);
			compare(name, dir, key, f.lookups);
		}
		for (unsigned huge = 0; huge < 2; huge++)
			for (unsigned i = 0; i < (huge ? EG_ARRAY_LEN(sizes2m) : EG_ARRAY_LEN(sizes4k)); i++) {
				unsigned n = huge ? sizes2m[i] : sizes4k[i];

				(void)snprintf(key, sizeof(key), "%s_fa_lru_%s_%u_misses", side, huge ? "2m" : "4k", n);
				if (replay(egt, hash, &(struct config){ "fully_assoc", n, huge, all }, &f))
					compare(name, dir, key, f.l1_miss);
				else
					ok(false, "%s %s runs", name, key);
			}
	}
}

int main(int argc, char **argv)
{
	const char *recordings = getenv("ENGRAM_RECORDINGS");
	static const char *const names[] = { "cc1_lua_lapi", "chase_8m", "gups_64m", "gzip_text", "python3_dict_json",
					     "sqlite3_inserts_selects", "xz_text" };

	if (!recordings || !*recordings) {
		tap_skip("ENGRAM_RECORDINGS is not set");
		return tap_done();
	}
	(void)mkdir("validation-traces", 0777);
	for (unsigned i = 0; i < EG_ARRAY_LEN(names); i++) {
		char dir[400];
		bool wanted = argc == 1;
		struct stat st;

		for (int k = 1; k < argc; k++)
			wanted |= strcmp(argv[k], names[i]) == 0;
		(void)snprintf(dir, sizeof(dir), "%s/traces/access/%s", recordings, names[i]);
		if (wanted && stat(dir, &st) == 0)
			one_trace(names[i], dir);
	}
	return tap_done();
}
