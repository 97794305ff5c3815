/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The container: checksums, coding, round trips, and what damage does. */
#include "tests/egt_random.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/codec.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/trace.h"

static struct eg_errors err;

static void crc(void)
{
	uint8_t buf[64];
	bool same = true;

	/* RFC 3720, B.4 */
	memset(buf, 0, 32);
	is_u64(egt_crc32c(0, buf, 32), 0x8a9136aa, "crc32c of 32 zeros");
	memset(buf, 0xff, 32);
	is_u64(egt_crc32c(0, buf, 32), 0x62a8ab43, "crc32c of 32 ones");
	for (unsigned i = 0; i < 32; i++)
		buf[i] = (uint8_t)i;
	is_u64(egt_crc32c(0, buf, 32), 0x46dd794e, "crc32c of 0..31");
	is_u64(egt_crc32c(0, "123456789", 9), 0xe3069283, "crc32c of 123456789");
	is_u64(egt_crc32c(egt_crc32c(0, "1234", 4), "56789", 5), 0xe3069283, "crc32c in two parts");
	for (unsigned i = 0; i < 64; i++) {
		buf[i] = (uint8_t)(i * 37);
		same = same && egt_crc32c(7, buf, i) == egt_crc32c_portable(7, buf, i);
	}
	ok(same, "the instruction and the table agree");
}

static void sha(void)
{
	uint8_t text[300], one[32], two[32];
	bool same = true;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 73);
	for (unsigned n = 0; n < sizeof(text); n++) {
		struct eg_sha256 a, b;

		eg_sha256_init(&a);
		eg_sha256_init(&b);
		b.instructions = false;
		eg_sha256_update(&a, text, n);
		eg_sha256_update(&b, text, n);
		eg_sha256_final(&a, one);
		eg_sha256_final(&b, two);
		same = same && memcmp(one, two, 32) == 0;
	}
	ok(same, "SHA-256 by instructions and without agree");
}

static void codec(void)
{
	enum { N = 20000 };
	uint64_t *acc = eg_calloc(N, 8), *out = eg_calloc(N, 8);
	uint8_t *dict = eg_calloc(CODEC_DICT_MAX, 1), *ctl = eg_calloc(N, 1);
	uint8_t *data = eg_calloc((size_t)N * CODEC_ACCESS_MAX + CODEC_SLACK, 1);
	struct codec_encoder *e = codec_encoder_new(N);
	struct codec_decoder *d = eg_calloc(1, sizeof(*d));
	struct eg_rng r = eg_rng_stream(1, "codec", 0);
	bool same = true, exact = true;

	for (unsigned round = 0; round < 20; round++) {
		uint32_t nr = round < 4 ? round : (uint32_t)eg_rng_below(&r, N) + 1, at = 0;
		struct codec_sizes s;

		for (uint32_t i = 0; i < nr; i++)
			acc[i] = odd_word(&r, i);
		s = codec_encode(e, acc, nr, dict, ctl, data);
		exact = exact && codec_decode_begin(d, dict, s.dict, ctl, nr, data, s.data);
		while (exact && at < nr) {
			uint32_t n = (uint32_t)eg_rng_below(&r, 1000) + 1;

			n = n < nr - at ? n : nr - at;
			exact = exact && codec_decode(d, out + at, n);
			at += n;
		}
		exact = exact && codec_decode_done(d);
		same = same && memcmp(acc, out, nr * sizeof(*acc)) == 0;
	}
	ok(exact, "every section is used up exactly");
	ok(same, "what was encoded is decoded");
	/* a cut data section is noticed */
	{
		struct codec_sizes s = codec_encode(e, acc, 100, dict, ctl, data);

		ok(s.data > 0 && codec_decode_begin(d, dict, s.dict, ctl, 100, data, s.data - 1) &&
		   !codec_decode(d, out, 100), "a data section that is too short is refused");
		ok(!codec_decode_begin(d, dict, s.dict - 1, ctl, 100, data, s.data) ||
		   !codec_decode(d, out, 100) || !codec_decode_done(d), "a dictionary that is too short is noticed");
	}
	codec_encoder_free(e);
	eg_free(d);
	eg_free(acc);
	eg_free(out);
	eg_free(dict);
	eg_free(ctl);
	eg_free(data);
}

/* ---- round trips --------------------------------------------------------------------------------- */

static bool write_random(const char *path, uint64_t seed, unsigned nr, const struct trace_write_options *o, char hash[65])
{
	struct trace_writer *w;

	if (trace_writer_open(&w, path, o, &err) != EG_OK)
		return false;
	/* a failure sticks to the writer: finish tells it */
	if (trace_writer_capabilities(w, TRACE_CAP(VIRT) | TRACE_CAP(DATA) | TRACE_CAP(COMPLETE)) == EG_OK &&
	    trace_writer_meta(w, "note", "quote \" backslash \\ line\nend") == EG_OK)
		(void)random_records(w, seed, nr);
	return trace_writer_finish_hash(w, hash, &err) == EG_OK;
}

static bool convert(const char *from, const char *to, bool text, uint32_t chunk, char hash[65])
{
	static struct import_report report;
	struct import_options o = { .write = { .level = -1, .text = text, .chunk_bytes = chunk } };

	err.nr = 0;
	if (import_file(from, to, &o, &report, &err) != EG_OK) {
		printf("# %s: %s\n", from, err.text[0]);
		return false;
	}
	memcpy(hash, report.content_hash, 65);
	return true;
}

static bool same_file(const char *a, const char *b)
{
	FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
	int x = 0, y = 1;

	while (f && g && (x = getc(f)) == (y = getc(g)) && x != EOF)
		;
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return x == y;
}

static void round_trips(void)
{
	struct trace_write_options plain = { .level = 0 }, def = { .level = -1, .defer = true },
				   small = { .level = 1, .chunk_bytes = 65536 };
	char h1[65], h2[65], h3[65], h4[65], h5[65];
	bool hashes = true, bytes = true, text = true;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		unsigned nr = seed == 12 ? 20000 : (unsigned)seed * 40;

		if (!write_random("rt1.egt", seed, nr, &plain, h1) || !write_random("rt2.egt", seed, nr, &def, h2) ||
		    !write_random("rt3.egt", seed, nr, &small, h3) || !convert("rt2.egt", "rt4.txt", true, 0, h4) ||
		    !convert("rt4.txt", "rt5.egt", false, 0, h5) || !convert("rt5.egt", "rt6.txt", true, 0, h4)) {
			printf("# seed %u: %s\n", (unsigned)seed, err.nr ? err.text[0] : "");
			hashes = false;
			break;
		}
		hashes = hashes && !strcmp(h1, h2) && !strcmp(h1, h3) && !strcmp(h1, h4) && !strcmp(h1, h5);
		bytes = bytes && same_file("rt2.egt", "rt5.egt");
		text = text && same_file("rt4.txt", "rt6.txt");
	}
	ok(hashes, "the content hash does not depend on level, chunk size, or a way through text");
	ok(bytes, "container to text to container gives the same bytes");
	ok(text, "text to container to text gives the same text");
	for (unsigned i = 1; i <= 6; i++) {
		char name[32];

		snprintf(name, sizeof(name), "rt%u.%s", i, i == 4 || i == 6 ? "txt" : "egt");
		unlink(name);
	}
}

/* ---- damage -------------------------------------------------------------------------------------- */

struct whole {
	uint8_t  bytes[65536];
	size_t   n;
	char     hash[65];
	uint64_t records;
};

/* Read a file to its end; what came is hashed. */
static eg_status read_all(const char *path, const struct trace_open_options *o, char hash[65], uint64_t *records)
{
	struct trace_reader *r;
	struct egt_hash h;
	struct eg_block b;
	uint8_t digest[32];
	eg_status s;

	*records = 0;
	hash[0] = '\0';
	err.nr = 0;
	s = trace_open(&r, path, o, &err);
	if (s != EG_OK)
		return s;
	egt_hash_init(&h);
	while ((s = trace_next(r, &b, &err)) == EG_OK && b.kind != EG_BLOCK_END) {
		if (b.kind == EG_BLOCK_OP)
			egt_hash_op(&h, &b.op, trace_name(r, b.op.name));
		else
			egt_hash_accesses(&h, b.stream, b.time, b.acc, b.nr);
		*records += b.kind == EG_BLOCK_OP ? 1 : b.nr;
	}
	egt_hash_final(&h, digest);
	eg_sha256_hex(digest, hash);
	trace_close(r);
	return s;
}

static void spit(const char *path, const uint8_t *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (f) {
		if (fwrite(p, 1, n, f) != n)
			printf("# cannot write %s\n", path);
		fclose(f);
	}
}

static bool load(struct whole *w, const char *path)
{
	FILE *f = fopen(path, "rb");

	w->n = f ? fread(w->bytes, 1, sizeof(w->bytes), f) : 0;
	if (f)
		fclose(f);
	return w->n && w->n < sizeof(w->bytes) && read_all(path, NULL, w->hash, &w->records) == EG_OK;
}

static void damage(void)
{
	static struct whole w;
	struct trace_write_options o = { .level = 3 };
	struct trace_open_options small = { .block = 64 }, keep = { .block = 64, .keep_intact = true },
				  skip = { .block = 64, .skip_bad = true };
	uint64_t records;
	char hash[65], written[65];
	size_t silent = 0, lost = 0, bad_keep = 0, bad_skip = 0;

	ok(write_random("dmg.egt", 3, 12, &o, written) && load(&w, "dmg.egt"), "a small trace is written and read");
	is_str(w.hash, written, "its hash is the one the writer told");
	for (size_t n = 0; n < w.n; n++) {
		spit("cut.egt", w.bytes, n);
		if (read_all("cut.egt", &small, hash, &records) != EG_BAD_INPUT)
			silent++;
		if (n > EGT_HEADER_SIZE + 200 && read_all("cut.egt", &keep, hash, &records) != EG_OK)
			bad_keep++;
	}
	is_u64(silent, 0, "a cut at any byte is noticed");
	is_u64(bad_keep, 0, "keep_intact ends such a trace quietly");
	for (size_t bit = 0; bit < 8 * w.n; bit++) {
		w.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		spit("cut.egt", w.bytes, w.n);
		if (read_all("cut.egt", &small, hash, &records) == EG_OK && strcmp(hash, w.hash) != 0)
			lost++;
		else if (read_all("cut.egt", &skip, hash, &records) == EG_NO_MEMORY)
			bad_skip++;
		w.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	is_u64(lost, 0, "a flipped bit is noticed or harmless");
	is_u64(bad_skip, 0, "nor does it make the reader ask for absurd memory");
	spit("cut.egt", w.bytes, w.n);
	{
		FILE *f = fopen("cut.egt", "ab");

		fputc('x', f);
		fclose(f);
	}
	ok(read_all("cut.egt", NULL, hash, &records) == EG_BAD_INPUT, "a byte behind the trailer is noticed");
	spit("cut.egt", w.bytes, w.n - 1);
	ok(read_all("cut.egt", NULL, hash, &records) == EG_BAD_INPUT && records == w.records &&
	   strcmp(hash, w.hash) == 0, "all intact records come before the error");
	ok(strstr(err.text[0], "truncated") && strstr(err.text[0], "--keep-intact"), "the message says what saves them");
	unlink("dmg.egt");
	unlink("cut.egt");
}

/* Many chunks, one of them damaged. */
static void skip_one(void)
{
	struct trace_write_options o = { .level = 0, .chunk_bytes = EGT_CHUNK_MIN };
	struct trace_open_options skip = { .skip_bad = true };
	struct trace_reader_info info;
	struct trace_reader *r;
	struct trace_writer *w;
	struct eg_block b = { .kind = EG_BLOCK_OP };
	uint64_t records, seen = 0;
	char hash[65];
	FILE *f;

	if (!ok(trace_writer_open(&w, "skip.egt", &o, &err) == EG_OK, "a writer opens"))
		return;
	for (uint64_t i = 0; i < 100000; i++)
		if (trace_writer_access(w, 0, eg_access(i * 40503 % 65536 * 64, EG_ACCESS_READ, 8)) != EG_OK)
			break;
	ok(trace_writer_meta(w, "late", "yes") == EG_OK && trace_writer_finish(w, &err) == EG_OK, "seven chunks");
	f = fopen("skip.egt", "r+b");
	fseek(f, 60000, SEEK_SET);
	fputc('!', f);
	fputc('?', f);
	fclose(f);
	ok(read_all("skip.egt", NULL, hash, &records) == EG_BAD_INPUT && strstr(err.text[0], "chunk 4") &&
	   strstr(err.text[0], "checksum"), "the damaged chunk is named");
	is_u64(records, 3 * 16384, "those before it were delivered");
	if (trace_open(&r, "skip.egt", &skip, &err) != EG_OK)
		return;
	while (trace_next(r, &b, &err) == EG_OK && b.kind != EG_BLOCK_END)
		seen += b.nr;
	trace_reader_info(r, &info);
	is_u64(seen, 100000 - 16384, "skip_bad leaves out one chunk");
	is_u64(info.bad_chunks, 1, "and counts it");
	is_str(trace_metadata(r, "late"), "yes", "late metadata are there at the end");
	trace_close(r);
	unlink("skip.egt");
}

static void versions(void)
{
	uint8_t head[24] = { 0x93, 'E', 'G', 'T', '\r', '\n', 0x1a, '\n', 2, 0, 0, 0 };
	uint64_t records;
	char hash[65];

	spit("v.egt", head, sizeof(head));
	ok(read_all("v.egt", NULL, hash, &records) == EG_BAD_INPUT && strstr(err.text[0], "format version 2.0"),
	   "a newer major version is refused by name");
	spit("v.egt", (const uint8_t *)"\x93" "EGT\n\x1a\n", 7);
	ok(read_all("v.egt", NULL, hash, &records) == EG_BAD_INPUT && strstr(err.text[0], "text mode"),
	   "a text-mode transfer is recognised");
	spit("v.egt", (const uint8_t *)"", 0);
	ok(read_all("v.egt", NULL, hash, &records) == EG_BAD_INPUT && strstr(err.text[0], "empty"), "an empty file");
	ok(read_all("no-such-file.egt", NULL, hash, &records) == EG_BAD_INPUT, "a missing file is bad input");
	unlink("v.egt");
}

/* Blocks of any size hold the same records. */
static void blocks(void)
{
	struct trace_write_options o = { .level = 0 };
	struct trace_open_options one = { .block = 1 }, seven = { .block = 7, .verify = true };
	uint64_t n1, n2, n3;
	char h[65], h1[65], h2[65], h3[65];

	ok(write_random("blk.egt", 7, 300, &o, h) && read_all("blk.egt", NULL, h1, &n1) == EG_OK &&
	   read_all("blk.egt", &one, h2, &n2) == EG_OK && read_all("blk.egt", &seven, h3, &n3) == EG_OK &&
	   !strcmp(h1, h) && !strcmp(h1, h2) && !strcmp(h1, h3) && n1 == n2 && n2 == n3,
	   "the size of blocks changes nothing");
	unlink("blk.egt");
}

/* Writer to pipe to reader, with metadata that come late. */
static void pipes(void)
{
	int fd[2], status = 0;
	uint64_t records;
	char hash[65], h[65];
	int saved = dup(STDIN_FILENO);
	pid_t child;

	if (saved < 0 || pipe(fd) != 0)
		return;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct trace_write_options o = { .level = 3 };

		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		_exit(write_random("-", 5, 2000, &o, h) ? 0 : 1);
	}
	close(fd[1]);
	dup2(fd[0], STDIN_FILENO);
	close(fd[0]);
	ok(read_all("-", NULL, hash, &records) == EG_OK && records > 1000, "a trace goes through a pipe");
	waitpid(child, &status, 0);
	ok(status == 0 && write_random("pipe.egt", 5, 2000, NULL, h) && strcmp(h, hash) == 0, "unchanged");
	dup2(saved, STDIN_FILENO);
	close(saved);
	unlink("pipe.egt");
}

/* Fail each request for memory in turn: a status, no file under the final name, no leak (ASan). */
static void no_memory(void)
{
	uint64_t n, failures = 0, files = 0;
	char hash[65];

	for (n = 1; n < 400; n++) {
		bool good;

		err.nr = 0;
		(void)eg_mem_fail_nth(n);
		good = write_random("oom.egt", 9, 50, NULL, hash);
		if (eg_mem_fail_nth(0) < n) {
			unlink("oom.egt");
			break;
		}
		failures += !good;
		files += !good && access("oom.egt", F_OK) == 0;
		unlink("oom.egt");
	}
	ok(failures > 10 && n < 400, "every request for memory can fail");
	is_u64(files, 0, "and leaves no file");
}

int main(void)
{
	crc();
	sha();
	codec();
	round_trips();
	blocks();
	damage();
	skip_one();
	versions();
	pipes();
	no_memory();
	return tap_done();
}
