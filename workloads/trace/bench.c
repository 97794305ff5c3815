/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace/bench - decode rates, and the standard address streams they are stated for; see bench.h. */
#include "workloads/trace/bench.h"

#include <math.h>
#include <time.h>

#include "sim/base/mem.h"
#include "sim/base/rng.h"
#include "workloads/trace/copy.h"

const char *const trace_bench_streams[] = { "hot48", "seq8", "zipf", "uniform", "mix99", NULL };

static double thread_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The accesses that an op stands for. */
static void count_op(const struct eg_op *op, struct trace_bench_facts *f)
{
	uint64_t n = 0;

	if (op->code == EG_OP_ACCESS)
		n = 1;
	else if (op->code == EG_OP_RUN)
		for (unsigned i = 2; i < 6; i++)
			n += op->arg[i];
	f->accesses += n;
	f->check += n * (op->arg[0] >> EG_PAGE_SHIFT);
}

eg_status trace_bench_read(const char *path, struct trace_bench_facts *f, struct eg_errors *err)
{
	struct trace_reader_info info;
	double start = thread_seconds();
	struct trace_reader *r;
	struct eg_block b;
	uint64_t sum = 0;
	eg_status s;

	*f = (struct trace_bench_facts){ 0 };
	EG_TRY(trace_open(&r, path, NULL, err));
	do {
		s = trace_next(r, &b, err);
		if (s != EG_OK || b.kind == EG_BLOCK_END)
			break;
		if (b.kind == EG_BLOCK_OP) {
			count_op(&b.op, f);
			continue;
		}
		f->accesses += b.nr;
		for (uint32_t i = 0; i < b.nr; i++)
			sum += eg_access_addr(b.acc[i]) >> EG_PAGE_SHIFT;
	} while (true);
	trace_reader_info(r, &info);
	trace_close(r);
	f->cpu_seconds = thread_seconds() - start;
	f->records = info.records;
	f->raw_bytes = info.raw_bytes;
	f->stored_bytes = info.stored_bytes;
	f->check += sum;
	return s;
}

eg_status trace_bench_decode(const char *path, uint64_t *records, double *cpu_seconds, uint64_t *check,
			     struct eg_errors *err)
{
	struct trace_bench_facts f;
	eg_status s = trace_bench_read(path, &f, err);

	*records = f.records;
	*cpu_seconds = f.cpu_seconds;
	*check = f.check;
	return s;
}

eg_status trace_bench_copy(const char *in, const char *out, uint64_t records, int level, uint32_t coalesce,
			   struct eg_errors *err)
{
	struct copy_filter filter = { .has_to = records != 0, .to = { .record = records }, .coalesce = coalesce };
	struct trace_write_options write = { .level = level };
	struct import_report report = { .nr = 0 };

	return copy_file(in, out, NULL, &filter, &write, &report, err);
}

eg_status trace_bench_import(const char *log, const char *out, struct eg_errors *err)
{
	struct import_options o = { .write = { .level = 0 } };
	struct import_report report;

	return import_file(log, out, &o, &report, err);
}

enum { ZIPF_PAGES = 1 << 20, BATCH = 4096 };
static const uint64_t BASE = UINT64_C(0x100000000000), SPAN = UINT64_C(1) << 32;

struct stream {
	unsigned      kind;             /* index in trace_bench_streams */
	struct eg_rng rng;
	uint64_t      at;
	double       *cdf;              /* zipf */
	uint32_t     *page;
};

static bool zipf_tables(struct stream *s)
{
	double total = 0;

	s->cdf = eg_calloc(ZIPF_PAGES, sizeof(*s->cdf));
	s->page = eg_calloc(ZIPF_PAGES, sizeof(*s->page));
	if (!s->cdf || !s->page)
		return false;
	for (uint32_t i = 0; i < ZIPF_PAGES; i++) {
		total += pow(i + 1.0, -0.99);
		s->cdf[i] = total;
		s->page[i] = i;
	}
	for (uint32_t i = ZIPF_PAGES - 1; i; i--) {
		uint32_t j = (uint32_t)eg_rng_below(&s->rng, i + 1), page = s->page[i];

		s->page[i] = s->page[j];
		s->page[j] = page;
	}
	return true;
}

static uint64_t zipf_page(struct stream *s)
{
	double u = (double)(eg_rng_next(&s->rng) >> 11) * 0x1p-53 * s->cdf[ZIPF_PAGES - 1];
	uint32_t lo = 0, hi = ZIPF_PAGES - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->cdf[mid] < u)
			lo = mid + 1;
		else
			hi = mid;
	}
	return s->page[lo];
}

static uint64_t next_offset(struct stream *s)
{
	uint64_t in_page = eg_rng_next(&s->rng) & 0xff8;

	switch (s->kind) {
	case 0:
		return eg_rng_below(&s->rng, 48) * 4099 % (SPAN >> EG_PAGE_SHIFT) << EG_PAGE_SHIFT | in_page;
	case 1:
		s->at += 8;
		return (s->at - 8) % SPAN;
	case 2:
		return zipf_page(s) << EG_PAGE_SHIFT | in_page;
	case 3:
		return eg_rng_below(&s->rng, SPAN) & ~UINT64_C(7);
	default:
		if (eg_rng_below(&s->rng, 100) == 0)
			return eg_rng_below(&s->rng, SPAN) & ~UINT64_C(7);
		return eg_rng_below(&s->rng, 40) * 3 << EG_PAGE_SHIFT | in_page;
	}
}

static eg_status write_records(struct trace_writer *w, struct stream *st, uint64_t records)
{
	struct eg_op map = { .code = EG_OP_MMAP, .flags = EG_OPF_INIT, .time = EG_TIME_NONE,
			     .arg = { BASE, SPAN, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON | EG_MAP_FIXED } };
	uint64_t acc[BATCH];

	EG_TRY(trace_writer_capabilities(w, TRACE_CAP(VIRT) | TRACE_CAP(DATA) | TRACE_CAP(SIZE) | TRACE_CAP(COMPLETE) |
					 TRACE_CAP(ORDER) | TRACE_CAP(VMA) | TRACE_CAP(NOLOST) | TRACE_CAP(INIT)));
	EG_TRY(trace_writer_meta(w, "bench.stream", trace_bench_streams[st->kind]));
	EG_TRY(trace_writer_op(w, &map));
	while (records) {
		uint32_t n = records < BATCH ? (uint32_t)records : BATCH;

		for (uint32_t i = 0; i < n; i++)
			acc[i] = eg_access(BASE + next_offset(st), EG_ACCESS_READ, 8);
		EG_TRY(trace_writer_accesses(w, 0, acc, n));
		records -= n;
	}
	return EG_OK;
}

eg_status trace_bench_write(const char *stream, uint64_t records, int level, const char *path, struct eg_errors *err)
{
	struct trace_write_options o = { .level = level };
	struct stream st = { .rng = eg_rng_stream(1, "trace-bench", 0) };
	struct trace_writer *w;
	eg_status s;

	while (trace_bench_streams[st.kind] && strcmp(trace_bench_streams[st.kind], stream) != 0)
		st.kind++;
	if (!trace_bench_streams[st.kind])
		return eg_fail(err, EG_USAGE, "%s: not a standard stream: hot48, seq8, zipf, uniform or mix99", stream);
	if (st.kind == 2 && !zipf_tables(&st)) {
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory for its tables", stream);
		goto out;
	}
	s = trace_writer_open(&w, path, &o, err);
	if (s != EG_OK)
		goto out;
	(void)write_records(w, &st, records);   /* a failure sticks to the writer */
	s = trace_writer_finish(w, err);
out:
	eg_free(st.cdf);
	eg_free(st.page);
	return s;
}
