/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * traces - the forms of each reference trace, written, read in turns, and removed again; see traces.h.
 *
 * Bytes and rates are given per access of the trace, whatever the form: a page run that stands for a hundred accesses
 * counts as a hundred, so that the columns can be compared.
 */
#include "sim/bench/traces.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "workloads/trace/bench.h"
#include "workloads/trace/coalesce.h"

enum { MAX_TRACES = 64, QUICK_RECORDS = 2000000, STREAM_RECORDS = 8000000, ZSTD_LEVEL = 3, PATH_BYTES = 4096 };

/* Bytes an access: what programs need, and what addresses do that no coding can foresee (27 bits of each of an 8-byte
 * word in 1 GiB are chance). The first are synthetic kernels among the recordings, the rest the standard streams. */
static const double LIMIT_PROGRAM = 3.0, LIMIT_RANDOM = 5.5;
static const char *const random_addresses[] = { "gups", "chase", "hot48", "zipf", "uniform", "mix99" };

static const char *const form_names[BENCH_NR_FORMS] = { "plain", "zstd", "runs" };

const char *bench_form_name(enum bench_form form)
{
	return form_names[form];
}

struct source {
	char name[256];
	char path[PATH_BYTES];                  /* of the log; "" for a standard stream */
};

struct finding {
	struct source *source;                  /* MAX_TRACES of them */
	unsigned       nr;
};

/* ---- which ------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->name, ((const struct source *)b)->name);
}

static bool is_wanted(const struct bench_options *o, const char *name)
{
	if (!o->only || !o->only[0])
		return true;
	for (unsigned i = 0; o->only[i]; i++)
		if (strncmp(name, o->only[i], strlen(o->only[i])) == 0)
			return true;
	return false;
}

/* The folders of `dir` in which a lackey log lies. */
static eg_status find_logs(const char *dir, struct finding *f, struct eg_errors *err)
{
	static const char *const log_names[] = { "trace.lackey.zst", "trace.lackey.xz", "trace.lackey.gz", "trace.lackey" };
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return eg_fail_errno(err, true, "%s: cannot open the folder of recordings", dir);
	while ((e = readdir(d)) != NULL && f->nr < MAX_TRACES) {
		struct source *s = &f->source[f->nr];
		struct stat st;

		if (*e->d_name == '.')
			continue;
		for (unsigned i = 0; i < EG_ARRAY_LEN(log_names); i++) {
			int n = snprintf(s->path, sizeof(s->path), "%s/%s/%s", dir, e->d_name, log_names[i]);

			if (n < (int)sizeof(s->path) && stat(s->path, &st) == 0 && S_ISREG(st.st_mode)) {
				(void)snprintf(s->name, sizeof(s->name), "%s", e->d_name);
				f->nr++;
				break;
			}
		}
	}
	(void)closedir(d);
	qsort(f->source, f->nr, sizeof(*f->source), by_name);
	return EG_OK;
}

static eg_status find_all(const char *dir, const struct bench_options *o, struct finding *f, struct eg_errors *err)
{
	char below[PATH_BYTES];
	unsigned kept = 0;
	struct stat st;

	(void)snprintf(below, sizeof(below), "%.4000s/traces/access", dir);
	EG_TRY(find_logs(stat(below, &st) == 0 ? below : dir, f, err));
	if (!f->nr)
		return eg_fail(err, EG_BAD_INPUT, "%s: no recording in it\nexpected folders NAME with a file trace.lackey.zst each, or "
			       "traces/access/ with such folders", dir);
	for (unsigned i = 0; trace_bench_streams[i] && f->nr < MAX_TRACES; i++) {
		struct source *s = &f->source[f->nr++];

		(void)snprintf(s->name, sizeof(s->name), "%s", trace_bench_streams[i]);
		s->path[0] = '\0';
	}
	for (unsigned i = 0; i < f->nr; i++)
		if (is_wanted(o, f->source[i].name))
			f->source[kept++] = f->source[i];
	f->nr = kept;
	return kept ? EG_OK : eg_fail(err, EG_USAGE, "no trace has a name that begins so\nthe names are those of the folders, and %s, %s, %s, %s and %s",
				      trace_bench_streams[0], trace_bench_streams[1], trace_bench_streams[2], trace_bench_streams[3],
				      trace_bench_streams[4]);
}

/* ---- one trace --------------------------------------------------------------------------------------------- */

struct forms {
	char path[BENCH_NR_FORMS][PATH_BYTES];
	char whole[PATH_BYTES];                 /* with `quick`: the import, before the cut */
};

static void remove_forms(const struct forms *f)
{
	for (unsigned i = 0; i < BENCH_NR_FORMS; i++)
		(void)remove(f->path[i]);
	(void)remove(f->whole);
}

static eg_status write_forms(const struct source *s, const struct bench_options *o, const struct forms *f, struct eg_errors *err)
{
	if (!*s->path) {
		EG_TRY(trace_bench_write(s->name, o->quick ? QUICK_RECORDS : STREAM_RECORDS, 0, f->path[BENCH_PLAIN], err));
	} else if (o->quick) {
		EG_TRY(trace_bench_import(s->path, f->whole, err));
		EG_TRY(trace_bench_copy(f->whole, f->path[BENCH_PLAIN], QUICK_RECORDS, 0, 0, err));
		(void)remove(f->whole);
	} else {
		EG_TRY(trace_bench_import(s->path, f->path[BENCH_PLAIN], err));
	}
	EG_TRY(trace_bench_copy(f->path[BENCH_PLAIN], f->path[BENCH_ZSTD], 0, ZSTD_LEVEL, 0, err));
	return trace_bench_copy(f->path[BENCH_PLAIN], f->path[BENCH_RUNS], 0, ZSTD_LEVEL, COALESCE_MIN_DEFAULT, err);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static eg_status read_forms(struct bench_trace_row *row, const struct bench_options *o, const struct forms *f, struct eg_errors *err)
{
	double rate[BENCH_NR_FORMS][BENCH_MAX_ROUNDS];
	uint64_t check = 0;

	for (unsigned round = 0; round <= o->rounds; round++) {     /* the first pays for cold caches: thrown away */
		if (o->progress)
			o->progress(o->progress_ctx, row->name, round, o->rounds);
		for (unsigned i = 0; i < BENCH_NR_FORMS; i++) {
			struct trace_bench_facts facts;

			EG_TRY(trace_bench_read(f->path[i], &facts, err));
			if (round) {
				rate[i][round - 1] = (double)facts.accesses / facts.cpu_seconds / 1e6;
				continue;
			}
			if (i == 0) {
				row->accesses = facts.accesses;
				check = facts.check;
			}
			if (!facts.accesses || facts.accesses != row->accesses || facts.check != check)
				return eg_fail(err, EG_FAILED, "%s: %s has %llu accesses, %s %llu, or other pages", row->name,
					       form_names[i], (unsigned long long)facts.accesses, form_names[0],
					       (unsigned long long)row->accesses);
			row->form[i].coded = (double)facts.raw_bytes / (double)facts.accesses;
			row->form[i].stored = (double)facts.stored_bytes / (double)facts.accesses;
		}
	}
	for (unsigned i = 0; i < BENCH_NR_FORMS; i++) {
		qsort(rate[i], o->rounds, sizeof(double), by_value);
		row->form[i].min = rate[i][0];
		row->form[i].max = rate[i][o->rounds - 1];
		row->form[i].median = (rate[i][(o->rounds - 1) / 2] + rate[i][o->rounds / 2]) / 2;
	}
	return EG_OK;
}

static eg_status measure(const struct source *s, const struct bench_options *o, struct bench_trace_row *row, struct eg_errors *err)
{
	struct forms f;
	eg_status status;

	for (unsigned i = 0; i < BENCH_NR_FORMS; i++)
		(void)snprintf(f.path[i], sizeof(f.path[i]), "%.4000s/%s.egt", o->scratch, form_names[i]);
	(void)snprintf(f.whole, sizeof(f.whole), "%.4000s/whole.egt", o->scratch);
	row->recording = *s->path != '\0';
	row->limit = LIMIT_PROGRAM;
	for (unsigned i = 0; i < EG_ARRAY_LEN(random_addresses); i++)
		if (strncmp(s->name, random_addresses[i], strlen(random_addresses[i])) == 0)
			row->limit = LIMIT_RANDOM;
	status = write_forms(s, o, &f, err);
	if (status == EG_OK)
		status = read_forms(row, o, &f, err);
	remove_forms(&f);
	return status;
}

eg_status bench_traces(const char *dir, const struct bench_options *o, struct eg_arena *arena, struct bench_trace_row **rows,
		       unsigned *nr, struct eg_errors *err)
{
	struct finding f = { .source = eg_calloc(MAX_TRACES, sizeof(struct source)) };
	eg_status s;

	*nr = 0;
	if (!f.source)
		return eg_fail(err, EG_NO_MEMORY, "no host memory for the bench");
	s = find_all(dir, o, &f, err);
	*rows = s == EG_OK ? eg_arena_alloc(arena, f.nr, sizeof(**rows)) : NULL;
	if (s == EG_OK && !*rows)
		s = eg_fail(err, EG_NO_MEMORY, "no host memory for the bench");
	for (unsigned i = 0; s == EG_OK && i < f.nr; i++) {
		struct bench_trace_row *row = &(*rows)[i];

		row->name = eg_arena_strdup(arena, f.source[i].name);
		s = row->name ? measure(&f.source[i], o, row, err) : eg_fail(err, EG_NO_MEMORY, "no host memory for the bench");
	}
	*nr = s == EG_OK ? f.nr : 0;
	eg_free(f.source);
	return s;
}
