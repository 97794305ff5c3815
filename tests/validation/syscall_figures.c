/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syscall_figures - recorded system calls, replayed in recorded order, against counts of the recording.
 *
 * Forks, vforks, threads, execs, exits, mmap, munmap and brk calls and the maximum of mapped bytes over all
 * address spaces must equal expect.txt; what could not be applied is printed by kind. Skips without
 * ENGRAM_RECORDINGS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/machine/run.h"
#include "tests/tap.h"
#include "tests/validation/expect.h"
#include "workloads/trace/trace.h"

static const struct { const char *key, *metric; } rows[] = {
	{ "forks_copying_memory", "task.forks" }, { "vforks_or_vm_sharing_clones", "task.vforks" },
	{ "threads_created", "task.threads" }, { "execs", "task.execs" }, { "task_exits", "task.exits" },
	{ "call_mmap", "vmop.mmaps" }, { "call_munmap", "vmop.munmaps" }, { "call_brk", "vmop.brks" },
	{ "call_mprotect", "vmop.mprotects" }, { "max_mapped_bytes_all_spaces", "mem.mapped_bytes_max" },
};

static void one_trace(const char *name, const char *dir)
{
	static struct eg_errors err;
	char path[512], egt[512], hash[65], why[200];
	struct eg_arena arena = { 0 };
	struct run_options options = { .audit = true };
	struct run_result result;
	struct spec spec;
	bool imported, good;

	(void)snprintf(path, sizeof(path), "%s/trace.strace.zst", dir);
	err.nr = 0;
	good = trace_prepare(path, NULL, "validation-traces", egt, sizeof(egt), &imported, hash, &err) == EG_OK &&
	       spec_init(&spec, &arena) == EG_OK && spec_add_trace(&spec, &trace_egt_ops, egt, hash) &&
	       eg_args_set(&spec.machine, "memory", "8GiB", &arena, why, sizeof(why)) == EG_OK &&
	       run_cell(&spec, &options, &result, &err) == EG_OK;
	ok(good, "%s is replayed", name);
	for (unsigned i = 0; i < err.nr; i++)
		printf("# %s\n", err.text[i]);
	if (good) {
		for (unsigned i = 0; i < EG_ARRAY_LEN(rows); i++) {
			double want, got = run_summary(&result, rows[i].metric);

			if (!expected(dir, rows[i].key, &want))
				want = 0;       /* a call that the recording does not contain has no line */
			if (!ok(got == want, "%s %s = %.0f", name, rows[i].key, want))
				printf("# got %.0f\n", got);
		}
		for (unsigned i = 0; i < result.nr_counts; i++)
			if (result.counts[i].n)
				printf("# not applied: %s %" PRIu64 "\n", result.counts[i].name, result.counts[i].n);
		run_result_free(&result);
	}
	eg_arena_free_all(&arena);
}

int main(void)
{
	const char *recordings = getenv("ENGRAM_RECORDINGS");
	static const char *const names[] = { "make_j2_lua", "redis_bgsave", "text_pipelines" };

	if (!recordings || !*recordings) {
		tap_skip("ENGRAM_RECORDINGS is not set");
		return tap_done();
	}
	(void)mkdir("validation-traces", 0777);
	for (unsigned i = 0; i < EG_ARRAY_LEN(names); i++) {
		char dir[400];
		struct stat st;

		(void)snprintf(dir, sizeof(dir), "%s/traces/syscalls/%s", recordings, names[i]);
		if (stat(dir, &st) == 0)
			one_trace(names[i], dir);
	}
	return tap_done();
}
