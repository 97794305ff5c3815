/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Versions: one file of each released one is read as it was written, headers say the least that the records need, and
 * files from the future are read as far as their flags allow. And files that no writer makes, since they are built here.
 */
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"
#include "workloads/trace/merge.h"
#include "workloads/trace/reindex.h"
#include "workloads/trace/validate.h"

static struct eg_errors err;

static eg_status read_all(const char *path, struct trace_reader_info *info, uint32_t *caps)
{
	struct trace_open_options o = { .verify = true };
	struct trace_reader *r;
	struct eg_block b;
	eg_status s;

	err.nr = 0;
	EG_TRY(trace_open(&r, path, &o, &err));
	while ((s = trace_next(r, &b, &err)) == EG_OK && b.kind != EG_BLOCK_END)
		;
	trace_reader_info(r, info);
	*caps = trace_capabilities(r);
	trace_close(r);
	return s;
}

/* ---- released versions --------------------------------------------------------------------------- */

static void golden(void)
{
	static const struct {
		const char *file;
		unsigned    minor;
		uint64_t    records, states;
		bool        split, indexed;
		const char *hash;
	} released[] = {
		/* written by the first release of the format */
		{ "version-1.0.egt", 0, 970, 0, false, false,
		  "2d327727662064dc65d9c571f8ddbafe8ff64123afd26cb618e854546a016016" },
		{ "version-1.1.egt", 1, 75006, 4, false, true,
		  "8bf50dceaa49a1ced5a77387f730a72ba43e1ba734d9cea61564e840c365920f" },
		{ "version-1.1-split.egt", 1, 75006, 4, true, true,
		  "f6fad1cd8f9b735c420b70ca2ceedade96bad52939e2ec29479ef0d33d05e366" },
	};
	const char *top = getenv("SRCDIR");

	for (unsigned i = 0; i < EG_ARRAY_LEN(released); i++) {
		struct trace_reader_info info;
		uint32_t caps;
		char path[1024];

		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/egt/%s", top ? top : ".", released[i].file);
		ok(read_all(path, &info, &caps) == EG_OK && info.major == 1 && info.minor == released[i].minor &&
		   info.records == released[i].records && info.total == info.records && info.split == released[i].split &&
		   info.indexed == released[i].indexed && info.unknown == 0, "%s is read", released[i].file);
		if (err.nr)
			printf("# %s\n", err.text[0]);
		is_str(info.content_hash, released[i].hash, "and is what it was");
		printf("# %u states\n", (unsigned)info.states);
	}
}

/* ---- the version that a header says --------------------------------------------------------------- */

static bool write_run(const char *path, bool run, const struct trace_write_options *o)
{
	struct eg_op op = { .code = EG_OP_RUN, .arg = { 0x1000, 0, 2, 0, 0, 0 } };
	struct trace_writer *w;
	eg_status s;

	err.nr = 0;
	if (trace_writer_open(&w, path, o, &err) != EG_OK)
		return false;
	s = trace_writer_access(w, 0, eg_access(0x1000, EG_ACCESS_READ, 8));
	if (s == EG_OK && run)
		s = trace_writer_op(w, &op);
	return trace_writer_finish(w, &err) == EG_OK && s == EG_OK;
}

static unsigned minor_of(const char *path)
{
	struct trace_reader_info info;
	uint32_t caps;

	return read_all(path, &info, &caps) == EG_OK ? info.minor : 99;
}

static void labels(void)
{
	struct trace_write_options direct = { .level = 1 }, def = { .level = 1, .defer = true }, text = { .text = true },
		old = { .level = 1, .minor = TRACE_MINOR_0 }, one = { .level = 1, .minor = 1 }, two = { .level = 1, .minor = 2 };
	char line[32] = "";
	FILE *f;

	ok(write_run("v1.egt", false, &direct) && minor_of("v1.egt") == 0 && write_run("v1.egt", false, &one) &&
	   minor_of("v1.egt") == 0, "accesses need version 1.0");
	ok(write_run("v1.egt", true, &direct) && minor_of("v1.egt") == 1, "page runs need 1.1");
	ok(write_run("v1.egt", true, &def) && minor_of("v1.egt") == 1, "also when they wait");
	ok(write_run("v1.txt", true, &text), "and as text");
	f = fopen("v1.txt", "r");
	if (f) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	is_str(line, "%egt 1.1\n", "which says so");
	ok(!write_run("v2.egt", true, &old) && strstr(err.text[0], "page run") && strstr(err.text[0], "1.1") &&
	   access("v2.egt", F_OK) != 0, "1.0 cannot hold them");
	ok(write_run("v1.egt", false, &old) && minor_of("v1.egt") == 0, "but the rest");
	ok(!write_run("v2.egt", false, &two) && strstr(err.text[0], "up to 1.1"), "there is no version 1.2");
	unlink("v1.egt");
	unlink("v1.txt");
}

/* ---- files from the future ------------------------------------------------------------------------ */

struct file {
	uint8_t bytes[4096];
	size_t  n;
};

static void put(struct file *f, const void *p, size_t n)
{
	memcpy(f->bytes + f->n, p, n);
	f->n += n;
}

static void header(struct file *f, unsigned major, unsigned minor, uint32_t flags)
{
	static const char meta[] = "capabilities: virt complete nolost\nfuture.key: yes\n";
	uint8_t h[EGT_HEADER_SIZE] = { 0 };

	memcpy(h, EGT_MAGIC, EGT_MAGIC_SIZE);
	egt_put16(h + 8, major);
	egt_put16(h + 10, minor);
	egt_put32(h + 12, flags);
	egt_put32(h + 16, sizeof(meta) - 1);
	egt_put32(h + 20, egt_crc32c(egt_crc32c(0, h, 20), meta, sizeof(meta) - 1));
	f->n = 0;
	put(f, h, sizeof(h));
	put(f, meta, sizeof(meta) - 1);
}

/* `longer` bytes that this version does not know stand in the header. */
static void chunk(struct file *f, unsigned type, unsigned flags, unsigned longer, uint64_t sequence, uint64_t ordinal,
		  uint32_t records, const void *payload, size_t n)
{
	struct egt_chunk c = { .type = (uint8_t)type, .flags = (uint8_t)flags, .header = EGT_CHUNK_HEADER + longer,
			       .stream = EGT_INTERLEAVED, .records = records, .sequence = sequence, .raw = (uint32_t)n,
			       .stored = (uint32_t)n, .ordinal = ordinal, .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	uint8_t h[EGT_CHUNK_HEADER], more[64];

	memset(more, 0xa5, sizeof(more));
	c.payload_crc = egt_crc32c(0, payload, n) ^ (longer ? egt_crc32c(0, more, longer) : 0);
	egt_chunk_pack(&c, h);
	put(f, h, sizeof(h));
	put(f, more, longer);
	put(f, payload, n);
}

static void trailer(struct file *f, uint64_t records, uint64_t index)
{
	uint8_t t[EGT_TRAILER_SIZE] = { 0 };

	memcpy(t, EGT_TRAILER_MAGIC, 4);
	egt_put64(t + 8, index);
	egt_put64(t + 16, records);
	memcpy(t + 56, EGT_TRAILER_END, 8);
	egt_put32(t + 4, egt_crc32c(0, t + 8, sizeof(t) - 8));
	put(f, t, sizeof(t));
}

static bool save(const struct file *f, const char *path)
{
	FILE *out = fopen(path, "wb");

	return out && fwrite(f->bytes, 1, f->n, out) == f->n && fclose(out) == 0;
}

static eg_status read_file(const struct file *f, struct trace_reader_info *info, uint32_t *caps)
{
	eg_status s;

	memset(info, 0, sizeof(*info));
	if (!save(f, "future.egt"))
		return EG_IO;
	s = read_all("future.egt", info, caps);
	unlink("future.egt");
	return s;
}

/* Ops section of two records, one with a code (or tag) of the future between them. */
static size_t records(uint8_t *p, unsigned tag)
{
	uint8_t ops[] = { 0, EG_OP_THINK, 3, 0, 0, 5, 0, (uint8_t)tag, 2, 9, 9, 0, EG_OP_EXIT, 2, 0, 0 };

	memset(p, 0, EGT_RECORDS_HEAD);
	egt_put32(p + 12, sizeof(ops));
	memcpy(p + EGT_RECORDS_HEAD, ops, sizeof(ops));
	return EGT_RECORDS_HEAD + sizeof(ops);
}

/* What is left out of a merged file is counted, and taken from what is promised. */
static void merged(const struct file *f)
{
	static const struct merge_input in[] = { { "future.egt", 0 }, { "future.egt", 0 } };
	struct trace_write_options o = { .level = 0 };
	struct merge_report report = { 0 };
	eg_status s;

	err.nr = 0;
	s = save(f, "future.egt") ? merge_traces(in, 2, "merged.egt", MERGE_CONCATENATE, &o, &report, &err) : EG_IO;
	ok(s == EG_OK && report.records == 8 && report.unknown == 6 && report.capabilities == (TRACE_CAP(VIRT) | TRACE_CAP(NOLOST)),
	   "merged with another it leaves the result incomplete, and says how much was left out");
	unlink("future.egt");
	unlink("merged.egt");
}

/* Validate and index tell a newer file from a damaged one. */
static void judged(const struct file *f)
{
	const struct reindex_options o = { .write = { .level = 0 } };
	struct validate_report v = { .newer = false };
	struct reindex_report r;
	eg_status s;

	err.nr = 0;
	s = save(f, "future.egt") ? trace_validate("future.egt", &v, &err) : EG_IO;
	ok(s == EG_BAD_INPUT && v.newer && strstr(err.text[0], "format version 1.9; whole, but 3 parts of it this engram does not "
							       "know: use a newer engram"), "validate says that it is newer");
	err.nr = 0;
	s = trace_reindex("future.egt", NULL, &o, &r, &err);
	ok(s == EG_BAD_INPUT && err.nr == 1 && strstr(err.text[0], "future.egt: 3 parts of it this engram does not know, and would "
						      "lose: nothing was replaced\nuse a newer engram"), "index says why not");
	if (err.nr)
		printf("# %s\n", err.text[0]);
	unlink("future.egt");
}

static void future(void)
{
	static struct file f;
	struct trace_reader_info info;
	struct validate_report v;
	uint8_t payload[64];
	uint32_t caps;
	size_t n;

	header(&f, 2, 0, 0);
	ok(read_file(&f, &info, &caps) == EG_BAD_INPUT &&
	   strstr(err.text[0], "format version 2.0; this engram reads up to 1.x; use a newer engram, or convert with: "
			       "engram trace convert --egt-version 1"), "a newer major version is refused, with what to do");
	header(&f, 1, 9, 2);
	ok(read_file(&f, &info, &caps) == EG_BAD_INPUT && strstr(err.text[0], "header flags 0x2"), "so are header flags");

	header(&f, 1, 9, 0);
	n = records(payload, 99);
	chunk(&f, EGT_CHUNK_RECORDS, 0, 16, 0, 0, 3, payload, n);
	chunk(&f, 77, EGT_CHUNK_IGNORABLE, 0, 1, 3, 0, "anything", 8);
	n = records(payload, 200);
	chunk(&f, EGT_CHUNK_RECORDS, 0, 0, 2, 3, 2, payload, n);
	trailer(&f, 5, 0);
	ok(read_file(&f, &info, &caps) == EG_OK && info.records == 4 && info.unknown == 3 && info.minor == 9,
	   "a newer minor version: an op, an item and a chunk are passed and counted, a longer header is read");
	ok(caps == (TRACE_CAP(VIRT) | TRACE_CAP(NOLOST)), "and the trace is no longer complete");
	merged(&f);
	judged(&f);

	header(&f, 1, 9, 0);
	chunk(&f, 77, 0, 0, 0, 0, 0, "anything", 8);
	trailer(&f, 0, 0);
	ok(read_file(&f, &info, &caps) == EG_BAD_INPUT && strstr(err.text[0], "type 77") && strstr(err.text[0], "newer engram"),
	   "a chunk that may not be ignored is refused");
	err.nr = 0;
	ok(save(&f, "future.egt") && trace_validate("future.egt", &v, &err) == EG_BAD_INPUT && v.newer, "as newer, not as damaged");
	err.nr = 0;
	header(&f, 1, 9, 0);
	chunk(&f, 77, EGT_CHUNK_IGNORABLE, 0, 0, 0, 0, "anything", 8);
	f.bytes[f.n - 1] ^= 1;
	trailer(&f, 0, 0);
	ok(save(&f, "future.egt") && trace_validate("future.egt", &v, &err) == EG_BAD_INPUT && !v.newer, "a damaged one is damaged");
	unlink("future.egt");
}

/* Every state of a file is damaged: few attempts are made to land on one, and what is left out is counted once. */
static void wrecked_states(void)
{
	enum { PAIRS = 12 };
	static const uint8_t think[] = { 0, EG_OP_THINK, 3, 0, 0, 5 };
	static const uint8_t entries[] = { EGT_CHUNK_STATE, EGT_CHUNK_HEADER + EGT_RECORDS_HEAD,
					   EGT_CHUNK_RECORDS, EGT_CHUNK_HEADER + EGT_RECORDS_HEAD + sizeof(think), 1, 0, 0, 0, 1, 0 };
	const struct trace_open_options o = { .skip_bad = true, .verify = true };
	const struct trace_place to = { .record = PAIRS - 1, .state = true };
	uint8_t payload[EGT_RECORDS_HEAD + sizeof(think)] = { 0 }, index[2 + PAIRS * sizeof(entries)] = { 1, 2 * PAIRS };
	struct trace_reader_info info = { 0 };
	struct trace_reader *r = NULL;
	static struct file f;
	struct eg_block b = { 0 };
	uint64_t at;
	eg_status s;

	header(&f, 1, 1, 0);
	for (unsigned i = 0; i < PAIRS; i++) {
		memset(payload, 0, sizeof(payload));
		chunk(&f, EGT_CHUNK_STATE, EGT_CHUNK_IGNORABLE, 0, 2 * i, i, 0, payload, EGT_RECORDS_HEAD);
		f.bytes[f.n - 1] ^= 1;
		egt_put32(payload + 12, sizeof(think));
		memcpy(payload + EGT_RECORDS_HEAD, think, sizeof(think));
		chunk(&f, EGT_CHUNK_RECORDS, 0, 0, 2 * i + 1, i, 1, payload, sizeof(payload));
		memcpy(index + 2 + i * sizeof(entries), entries, sizeof(entries));
	}
	at = f.n;
	chunk(&f, EGT_CHUNK_INDEX, EGT_CHUNK_IGNORABLE, 0, 2 * PAIRS, PAIRS, 0, index, sizeof(index));
	trailer(&f, PAIRS, at);
	err.nr = 0;
	s = save(&f, "wrecked.egt") ? trace_open(&r, "wrecked.egt", &o, &err) : EG_IO;
	trace_reader_info(r, &info);
	ok(s == EG_OK && info.indexed && info.states == PAIRS, "a file with nothing but damaged states is opened by its index");
	ok(trace_seek(r, &to, &err) == EG_OK && trace_next(r, &b, &err) == EG_OK && b.kind == EG_BLOCK_OP &&
	   b.op.code == EG_OP_THINK && trace_next(r, &b, &err) == EG_OK && b.kind == EG_BLOCK_END,
	   "a seek to its last record finds it");
	trace_reader_info(r, &info);
	is_u64(info.bad_chunks, PAIRS, "each state that was left out on the way is counted once");
	trace_close(r);
	unlink("wrecked.egt");
}

int main(void)
{
	golden();
	labels();
	future();
	wrecked_states();
	return tap_done();
}
