/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every request for memory between an experiment's text and what its cell observed fails once: loading, importing a
 * recording, resolving, the machine under several workloads, and the conversions of traces by themselves. Each time the
 * answer is "out of memory", no file is left that was not there before, and LeakSanitizer finds nothing. A request that
 * was a mere wish may be refused; then the numbers are those of a run in which nothing was.
 */
#include "tests/tap.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/sha256.h"
#include "sim/experiment/cell.h"
#include "sim/machine/run.h"
#include "workloads/trace/import.h"

static const char one[] =
	"version: 1\nmachine: {preset: laptop, cpus: 2, memory: 64MiB}\n"
	"workload:\n  - {generator: fork-storm, rss: 256KiB, children: 2, touch: 0.2, child_life: 1ms}\n"
	"  - {generator: zipf, footprint: 256KiB, references: 300}\n  - {trace: ../small.lackey, label: small}\n"
	"sweep: {policy.page_allocator: [buddy, bitmap_first]}\nmeasure: {interval: 100us}\n"
	"compare: {baseline: {policy.page_allocator: buddy}}\n";
static const char two[] =
	"version: 1\nmachine: {preset: laptop, cpus: 1, memory: 64MiB}\n"
	"workload:\n  - {generator: alloc-churn, live: 20}\n  - {generator: gups, table: 256KiB}\n  - {trace: ../small.strace, label: calls}\n"
	"policy: {page_allocator: bitmap_first}\nstop: {time: 2ms}\n";

static char dir[] = "test_run_alloc.XXXXXX";
static struct eg_errors err;
static char digest[65];                 /* of what the last run observed, or of the trace it made */

static unsigned count_files(const char *where)
{
	DIR *d = opendir(where);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (d)
		(void)closedir(d);
	return n;
}

static void empty(const char *where)
{
	DIR *d = opendir(where);
	struct dirent *e;
	char path[600];

	while (d && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%.200s/%.300s", where, e->d_name);
		if (unlink(path) != 0) {
			empty(path);
			(void)rmdir(path);
		}
	}
	if (d)
		(void)closedir(d);
}

static void note(const struct run_result *r)
{
	struct eg_sha256 sha;
	uint8_t sum[32];

	eg_sha256_init(&sha);
	eg_sha256_update(&sha, r->summary, r->nr_summary * sizeof(*r->summary));
	eg_sha256_update(&sha, &r->elapsed, sizeof(r->elapsed));
	eg_sha256_final(&sha, sum);
	eg_sha256_hex(sum, digest);
}

/* ---- the stages -------------------------------------------------------------------------------------------------- */

static eg_status run_experiment(const char *path)
{
	const char *dirs[2] = { getenv("ENGRAM_DATADIR") ? getenv("ENGRAM_DATADIR") : ".", NULL };
	struct experiment *x;
	struct eg_str text = { 0 };
	struct exp_cell c;
	struct run_result r;
	eg_status s;

	EG_TRY(experiment_load(&x, path, &(struct experiment_options){ .data_dirs = dirs }, &err));
	s = experiment_prepare(x, "cells", &err);
	if (s == EG_OK)
		s = exp_resolved_text(x, &text, &err);
	eg_str_free(&text);
	if (s == EG_OK)
		s = exp_cell_resolve(x, x->nr_cells - 1, &c, &err);
	if (s == EG_OK) {
		s = run_cell(&c.spec, &(struct run_options){ .block = 64, .audit = true }, &r, &err);
		if (s == EG_OK) {
			note(&r);
			run_result_free(&r);
		}
		exp_cell_free(&c);
	}
	experiment_free(x);
	return s;
}

static eg_status run_one(void)
{
	return run_experiment("in/one.yaml");
}

static eg_status run_two(void)
{
	return run_experiment("in/two.yaml");
}

static eg_status convert(const char *from, const char *to, const struct import_options *o)
{
	static struct import_report report;
	static char buf[1 << 18];
	struct eg_sha256 sha;
	uint8_t sum[32];
	FILE *f;

	EG_TRY(import_file(from, to, o, &report, &err));
	f = fopen(to, "rb");
	eg_sha256_init(&sha);
	eg_sha256_update(&sha, buf, f ? fread(buf, 1, sizeof(buf), f) : 0);
	eg_sha256_final(&sha, sum);
	eg_sha256_hex(sum, digest);
	return f && fclose(f) == 0 ? EG_OK : EG_IO;
}

/* Without an index: how many streams there are is counted for it only while there is memory. (The runs below have one.) */
static eg_status import_lackey(void)
{
	return convert("small.lackey", "cells/a.egt", &(struct import_options){ .write = { .level = 0, .chunk_bytes = 1 << 16, .no_index = true } });
}

static eg_status import_strace(void)
{
	return convert("small.strace", "cells/a.egt", &(struct import_options){ .write = { .level = 1, .no_index = true } });
}

static eg_status rewrite(void)
{
	return convert("ref.egt", "cells/a.egt", &(struct import_options){ .write = { .level = 3, .no_index = true } });
}

static eg_status to_text(void)
{
	return convert("ref.egt", "cells/a.txt", &(struct import_options){ .write = { .text = true } });
}

static eg_status from_text(void)
{
	return convert("ref.txt", "cells/a.egt", &(struct import_options){ .write = { .level = 3, .no_index = true } });
}

static const struct stage {
	const char *what;
	eg_status (*run)(void);
} stages[] = {
	{ "importing lackey", import_lackey }, { "importing strace", import_strace }, { "rewriting a trace", rewrite },
	{ "a trace to text", to_text }, { "a trace from text", from_text },
	{ "an experiment of forks, accesses and a recording", run_one },
	{ "an experiment of allocations and a recording of calls", run_two },
};

static void each_request(const struct stage *st)
{
	unsigned n = 0, bad = 0;
	char want[65];
	eg_status s;

	(void)eg_mem_fail_nth(0);
	err.nr = 0;
	if (!ok(st->run() == EG_OK, "%s works", st->what)) {
		printf("# %s\n", err.nr ? err.text[0] : "");
		return;
	}
	memcpy(want, digest, sizeof(want));
	do {
		const char *wrong = NULL;
		unsigned made;

		empty("cells");
		err.nr = err.dropped = 0;
		(void)eg_mem_fail_nth(++n);
		s = st->run();
		made = count_files("cells");
		if (s != EG_OK && s != EG_NO_MEMORY)
			wrong = "the status is wrong";
		else if (s == EG_OK && memcmp(want, digest, sizeof(want)) != 0)
			wrong = "another result";
		else if (made > 1 || (made && st->run != run_one && st->run != run_two && s != EG_OK))
			wrong = "a file is left";
		if (wrong && bad++ < 5)
			printf("# request %u: %s (status %d: %s)\n", n, wrong, (int)s, err.nr ? err.text[0] : "");
		if (s == EG_OK && eg_mem_fail_nth(0) < n)
			break;
	} while (n < 100000);
	(void)eg_mem_fail_nth(0);
	ok(!bad && n > 10, "%s: each of %u requests failed in turn", st->what, n - 1);
}

static bool copy(const char *from, const char *to)
{
	static char buf[1 << 16];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n = in ? fread(buf, 1, sizeof(buf), in) : 0;
	bool good = n && out && fwrite(buf, 1, n, out) == n;

	if (in)
		(void)fclose(in);
	return out && fclose(out) == 0 && good;
}

static bool put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good = f && fputs(text, f) >= 0;

	return f && fclose(f) == 0 && good;
}

int main(void)
{
	const char *top = getenv("SRCDIR") ? getenv("SRCDIR") : ".";
	char lackey[1024], strace[1024];

	(void)snprintf(lackey, sizeof(lackey), "%s/tests/fuzz/corpus/lackey/small.lackey", top);
	(void)snprintf(strace, sizeof(strace), "%s/tests/fuzz/corpus/strace/small.strace", top);
	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return tap_done();
	(void)snprintf(strace + 600, 300, "%s/small.strace", dir);
	(void)snprintf(lackey + 600, 300, "%s/small.lackey", dir);
	ok(copy(lackey, lackey + 600) && copy(strace, strace + 600), "two recordings");
	if (!ok(chdir(dir) == 0 && mkdir("cells", 0700) == 0 && mkdir("in", 0700) == 0, "and two folders"))
		return tap_done();
	ok(put("in/one.yaml", one) && put("in/two.yaml", two), "two experiments");
	ok(convert("small.lackey", "ref.egt", &(struct import_options){ .write = { .level = 3 } }) == EG_OK, "a trace");
	ok(convert("ref.egt", "ref.txt", &(struct import_options){ .write = { .text = true } }) == EG_OK, "and as text");
	for (unsigned i = 0; i < EG_ARRAY_LEN(stages); i++)
		each_request(&stages[i]);
	if (chdir("..") == 0) {
		empty(dir);
		(void)rmdir(dir);
	}
	return tap_done();
}
