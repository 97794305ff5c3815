/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Damage: every cut and every flipped bit of small traces that hold all kinds of chunks, read in every way. What is
 * delivered is what was recorded, or the beginning of it and a status that says so; with skip_bad something is left
 * out, nothing is made up.
 */
#include "tests/egt_random.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"

static struct eg_errors err;

/* ---- records in memory --------------------------------------------------------------------------- */

struct recs {
	struct eg_op rec[4000];         /* code 0: an access, its word in arg[0] */
	size_t       nr;
};

static eg_status read_rest(struct trace_reader *r, struct recs *all)
{
	struct eg_block b;
	eg_status s;

	all->nr = 0;
	while ((s = trace_next(r, &b, &err)) == EG_OK && b.kind != EG_BLOCK_END)
		for (uint32_t i = 0; i < (b.kind == EG_BLOCK_OP ? 1 : b.nr) && all->nr < EG_ARRAY_LEN(all->rec); i++)
			all->rec[all->nr++] = b.kind == EG_BLOCK_OP ? b.op :
				(struct eg_op){ .stream = b.stream, .time = b.time, .arg = { b.acc[i] } };
	return s;
}

/* Read the file, from `place` on if there is one; without its state, which comes first. */
static eg_status read_from(const char *path, const struct trace_open_options *o, const struct trace_place *place,
			   struct recs *all, struct trace_reader_info *info)
{
	struct trace_reader *r;
	eg_status s;

	err.nr = 0;
	all->nr = 0;
	s = trace_open(&r, path, o, &err);
	if (s != EG_OK)
		return s;
	if (place)
		s = trace_seek(r, place, &err);
	if (s == EG_OK)
		s = read_rest(r, all);
	if (info)
		trace_reader_info(r, info);
	trace_close(r);
	return s;
}

static bool same(const struct eg_op *a, const struct eg_op *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_part(const struct recs *whole, size_t from, const struct recs *got)
{
	if (got->nr > whole->nr - from)
		return false;
	for (size_t i = 0; i < got->nr; i++)
		if (!same(&whole->rec[from + i], &got->rec[i]))
			return false;
	return true;
}

/* In order, with gaps. */
static bool is_subset(const struct recs *whole, size_t from, const struct recs *got)
{
	size_t at = from;

	for (size_t i = 0; i < got->nr; i++, at++) {
		while (at < whole->nr && !same(&whole->rec[at], &got->rec[i]))
			at++;
		if (at == whole->nr)
			return false;
	}
	return true;
}

/* ---- small traces -------------------------------------------------------------------------------- */

static eg_status put(struct trace_writer *w, unsigned code, uint32_t stream, eg_time time, uint64_t a, uint64_t b, uint64_t c)
{
	struct eg_op op = { .code = (uint8_t)code, .stream = stream, .time = time, .arg = { a, b, c } };

	if (code == EG_OP_MARK)
		op.name = trace_writer_name(w, a ? "here" : "there");
	if (time == EG_TIME_NONE)
		op.flags = EG_OPF_INIT;
	return trace_writer_op(w, &op);
}

/*
 * Several chunks although there are few records: initial state has its own, and in a split trace a birth ends one.
 * With names, states and an index.
 */
static eg_status small_records(struct trace_writer *w)
{
	for (uint32_t i = 0; i < 10; i++)
		EG_TRY(put(w, i % 2 ? EG_OP_MUNMAP : EG_OP_MMAP, 1, EG_TIME_NONE, 0x10000 + i / 2 * 4096, 4096, 3));
	for (uint32_t i = 0; i < 5; i++) {
		EG_TRY(put(w, EG_OP_MMAP, 1 + i / 2, 100 * i, 0x100000 * (i + 1), 8192, 3));
		EG_TRY(put(w, EG_OP_MARK, 1, 100 * i + 1, i % 2, 0, 0));
		for (uint32_t k = 0; k < 16; k++)
			EG_TRY(trace_writer_access(w, 1 + i / 2, eg_access(0x100000 * (i + 1) + k * 8, EG_ACCESS_WRITE, 8)));
		if (i % 2 == 0)
			EG_TRY(put(w, EG_OP_FORK, 1 + i / 2, 100 * i + 50, 2 + i / 2, 0, 0));
	}
	return EG_OK;
}

static bool write_small(const char *path, bool split, int level)
{
	struct trace_write_options o = { .level = level, .split = split, .state_every = 1 };
	struct trace_writer *w;

	err.nr = 0;
	if (trace_writer_open(&w, path, &o, &err) != EG_OK)
		return false;
	if (trace_writer_capabilities(w, TRACE_CAP(VIRT) | TRACE_CAP(COMPLETE)) == EG_OK)
		(void)small_records(w);
	return trace_writer_finish(w, &err) == EG_OK;
}

struct file {
	uint8_t bytes[65536];
	size_t  n;
};

static bool load(struct file *f, const char *path)
{
	FILE *in = fopen(path, "rb");

	f->n = in ? fread(f->bytes, 1, sizeof(f->bytes), in) : 0;
	if (in)
		fclose(in);
	return f->n && f->n < sizeof(f->bytes);
}

static void spit(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (f) {
		if (fwrite(p, 1, n, f) != n)
			printf("# cannot write %s\n", path);
		fclose(f);
	}
}

/* ---- every bit, every cut ------------------------------------------------------------------------ */

enum { WAYS = 6 };

static const char *const way_name[WAYS] = { "read", "verify", "keep_intact", "skip_bad", "seek", "seek past damage" };

/* Is what this way of reading delivers sound? `hurt`: the file is not the original. */
static bool sound(const char *path, unsigned way, const struct recs *whole, bool hurt)
{
	static struct recs got;
	struct trace_open_options o = { .block = 64, .verify = way == 1, .keep_intact = way == 2, .skip_bad = way == 3 || way == 5 };
	struct trace_place place = { .record = whole->nr / 2, .state = way == 4 };
	size_t from = way >= 4 ? (size_t)place.record : 0, state;
	eg_status s = read_from(path, &o, way >= 4 ? &place : NULL, &got, NULL);

	if (s != EG_OK && s != EG_BAD_INPUT)
		return false;
	/* the state comes first, flagged as no record in the second half is */
	for (state = 0; way == 4 && state < got.nr && got.rec[state].flags & EG_OPF_INIT; state++)
		;
	got.nr -= state;
	memmove(got.rec, got.rec + state, got.nr * sizeof(got.rec[0]));
	if (way == 3 || way == 5)
		return is_subset(whole, from, &got);
	if (!is_part(whole, from, &got))
		return false;
	if (way == 2)
		return true;
	return s == EG_BAD_INPUT || (got.nr == whole->nr - from && (hurt || !err.nr));
}

static void flip_and_cut(bool split)
{
	static struct file f;
	static struct recs whole;
	struct trace_reader_info info;
	unsigned bad[WAYS] = { 0 }, silent = 0, lost = 0;
	clock_t start = clock();
	int fd;

	ok(write_small("egt_damage.egt", split, 3) && load(&f, "egt_damage.egt") &&
	   read_from("egt_damage.egt", NULL, NULL, &whole, &info) == EG_OK && info.states > 0 && info.indexed && whole.nr > 80,
	   "a small %s trace with states and an index", split ? "split" : "interleaved");
	printf("# %zu bytes, %u chunks of records, %u states\n", f.n, (unsigned)info.chunks, (unsigned)info.states);
	for (unsigned way = 0; way < WAYS; way++)
		if (!sound("egt_damage.egt", way, &whole, false))
			printf("# %s fails on the whole file\n", way_name[way]);
	fd = open("egt_damage.egt", O_WRONLY | O_CLOEXEC);
	for (size_t bit = 0; fd >= 0 && bit < 8 * f.n; bit++) {
		uint8_t b = f.bytes[bit / 8] ^ (uint8_t)(1u << bit % 8);

		if (pwrite(fd, &b, 1, (off_t)(bit / 8)) != 1)
			break;
		/* plainly, and in one of the other ways: the eight bits of a byte go through all of them */
		for (unsigned k = 0; k < 2; k++) {
			unsigned way = k ? 1 + (unsigned)(bit % (WAYS - 1)) : 0;

			if (!sound("egt_damage.egt", way, &whole, true) && !bad[way]++)
				printf("# %s: bit %zu of byte %zu\n", way_name[way], bit % 8, bit / 8);
		}
		if (pwrite(fd, &f.bytes[bit / 8], 1, (off_t)(bit / 8)) != 1)
			break;
	}
	if (fd >= 0)
		close(fd);
	for (unsigned way = 0; way < WAYS; way++)
		is_u64(bad[way], 0, way_name[way]);
	printf("# in %.1f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
	memset(bad, 0, sizeof(bad));
	for (size_t n = f.n; n-- > 0;) {
		static struct recs got;
		struct trace_open_options keep = { .keep_intact = true };

		if (truncate("egt_damage.egt", (off_t)n) != 0)
			break;
		for (unsigned way = 0; way < WAYS; way++)
			bad[way] += !sound("egt_damage.egt", way, &whole, true);
		silent += read_from("egt_damage.egt", NULL, NULL, &got, NULL) != EG_BAD_INPUT;
		/* behind the header nothing is wrong with what is there */
		lost += n > 200 && read_from("egt_damage.egt", &keep, NULL, &got, &info) != EG_OK;
	}
	ok(!bad[0] && !bad[1] && !bad[2] && !bad[3] && !bad[4] && !bad[5], "cut anywhere, it is read as far as it goes");
	is_u64(silent, 0, "and the cut is told");
	is_u64(lost, 0, "unless only what is intact was asked for");
	unlink("egt_damage.egt");
}

/* ---- messages ------------------------------------------------------------------------------------ */

static bool says(const char *a, const char *b, const char *c)
{
	bool good = err.nr > 0 && strstr(err.text[0], a) && strstr(err.text[0], b) && strstr(err.text[0], c);

	if (!good)
		printf("# %s\n", err.nr ? err.text[0] : "(no message)");
	return good;
}

/* Offset of the chunk with that number; the file's size when it has fewer. */
static size_t chunk_at(const struct file *f, uint64_t number)
{
	size_t at = EGT_HEADER_SIZE + egt_get32(f->bytes + 16);
	struct egt_chunk c;

	while (at + EGT_CHUNK_HEADER <= f->n && egt_chunk_unpack(&c, f->bytes + at)) {
		if (c.sequence == number)
			return at;
		at += c.header + c.stored;
	}
	return f->n;
}

static bool is_type(const struct file *f, uint64_t number, unsigned type)
{
	size_t at = chunk_at(f, number);

	return at < f->n && f->bytes[at + 4] == type;
}

static void messages(void)
{
	static struct file f;
	static struct recs whole, got;
	struct trace_open_options skip = { .skip_bad = true };
	struct trace_reader_info info;
	uint64_t bad = 0, state;
	char text[64];
	size_t at;

	ok(write_small("msg.egt", true, 0) && load(&f, "msg.egt") && read_from("msg.egt", NULL, NULL, &whole, NULL) == EG_OK,
	   "a trace to hurt");
	/* the fourth chunk of records */
	for (unsigned k = 0; k < 4; bad++)
		k += is_type(&f, bad, EGT_CHUNK_RECORDS);
	at = chunk_at(&f, --bad);
	spit("msg.egt", f.bytes, at + 100);
	snprintf(text, sizeof(text), "chunk %u (byte %zu) needs %u bytes, 100 are there", (unsigned)bad + 1, at,
		 EGT_CHUNK_HEADER + egt_get32(f.bytes + at + 28));
	ok(read_from("msg.egt", NULL, NULL, &got, NULL) == EG_BAD_INPUT && says("truncated: ", text, "3 chunks (") &&
	   says("up to 0.000 s) are intact", "engram trace convert --keep-intact msg.egt", "saves them"),
	   "a cut: where, what is intact, what saves it");
	f.bytes[at + EGT_CHUNK_HEADER + 20] ^= 4;
	spit("msg.egt", f.bytes, f.n);
	snprintf(text, sizeof(text), "chunk %u (byte %zu): the checksum", (unsigned)bad + 1, at);
	ok(read_from("msg.egt", NULL, NULL, &got, NULL) == EG_BAD_INPUT && says("damaged: ", text, "--skip-bad"),
	   "a bad chunk: which, and what leaves it out");
	/* over the hole, and where the state is whole again */
	for (state = bad; !is_type(&f, state, EGT_CHUNK_STATE) && chunk_at(&f, state) < f.n; state++)
		;
	ok(read_from("msg.egt", &skip, NULL, &got, &info) == EG_OK && info.bad_chunks == 1 &&
	   got.nr == whole.nr - egt_get32(f.bytes + at + 12) && info.hole == egt_get64(f.bytes + at + 32) &&
	   info.resumed == egt_get64(f.bytes + chunk_at(&f, state) + 32), "the hole, and from where the state is known again");
	{
		struct trace_place to = { .record = info.resumed, .state = true };
		size_t n = 0, init;

		ok(read_from("msg.egt", &skip, &to, &got, NULL) == EG_OK, "a seek to there");
		for (init = 0; init < got.nr && got.rec[init].flags & EG_OPF_INIT; init++)
			n += got.rec[init].code == EG_OP_MMAP;
		got.nr -= init;
		memmove(got.rec, got.rec + init, got.nr * sizeof(got.rec[0]));
		ok(n > 0 && got.nr == whole.nr - info.resumed && is_part(&whole, (size_t)info.resumed, &got),
		   "delivers the state, %zu mappings, and the rest", n);
	}
	/* a damaged state loses no record, and a seek falls back on what is before it */
	f.bytes[at + EGT_CHUNK_HEADER + 20] ^= 4;
	at = chunk_at(&f, state);
	f.bytes[at + EGT_CHUNK_HEADER + 17] ^= 4;
	spit("msg.egt", f.bytes, f.n);
	{
		struct trace_place to = { .record = egt_get64(f.bytes + at + 32) + 1, .state = true };
		static struct recs good;

		ok(read_from("msg.egt", &skip, NULL, &got, &info) == EG_OK && got.nr == whole.nr && info.bad_chunks == 0,
		   "a damaged state chunk is no matter to who reads on");
		ok(read_from("msg.egt", NULL, &to, &got, NULL) == EG_BAD_INPUT && says("chunk ", "checksum", "--skip-bad"),
		   "a seek names it");
		ok(read_from("msg.egt", &skip, &to, &got, NULL) == EG_OK, "or lands from further back");
		f.bytes[at + EGT_CHUNK_HEADER + 17] ^= 4;
		spit("msg.egt", f.bytes, f.n);
		ok(read_from("msg.egt", NULL, &to, &good, NULL) == EG_OK && good.nr == got.nr && is_part(&good, 0, &got),
		   "with the same state");
	}
	unlink("msg.egt");
}

/* ---- a wrong index ------------------------------------------------------------------------------- */

/* Other bytes in the index, with checksums that fit them. */
static void forge(struct file *f, const uint8_t *payload, size_t n)
{
	size_t at = (size_t)egt_get64(f->bytes + f->n - EGT_TRAILER_SIZE + 8);
	struct egt_chunk c;

	if (!egt_chunk_unpack(&c, f->bytes + at) || n != c.stored)
		return;
	memcpy(f->bytes + at + c.header, payload, n);
	c.payload_crc = egt_crc32c(0, payload, n);
	egt_chunk_pack(&c, f->bytes + at);
}

static void wrong_index(void)
{
	static struct file f;
	static struct recs whole, got;
	struct trace_open_options keep = { .keep_intact = true }, without = { .no_index = true };
	struct trace_place to;
	struct trace_reader_info info;
	uint8_t payload[4096];
	size_t at, n, wrong = 0, tries = 0;

	ok(write_small("ix.egt", false, 0) && load(&f, "ix.egt") && read_from("ix.egt", NULL, NULL, &whole, NULL) == EG_OK,
	   "a trace with an index");
	to = (struct trace_place){ .record = whole.nr - 20 };
	at = (size_t)egt_get64(f.bytes + f.n - EGT_TRAILER_SIZE + 8);
	n = egt_get32(f.bytes + at + 28);
	memcpy(payload, f.bytes + at + EGT_CHUNK_HEADER, n);
	payload[n / 2] ^= 1;
	forge(&f, payload, n);
	spit("ix.egt", f.bytes, f.n);
	/* any byte of it, any bit: with good checksums only its own sums and the chunks speak against it */
	payload[n / 2] ^= 1;
	for (size_t bit = 0; bit < 8 * n; bit++) {
		eg_status s;

		payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
		forge(&f, payload, n);
		spit("ix.egt", f.bytes, f.n);
		s = read_from("ix.egt", NULL, &to, &got, NULL);
		tries += s == EG_BAD_INPUT;
		if (s == EG_BAD_INPUT ? got.nr && !is_part(&whole, (size_t)to.record, &got) :
					got.nr != 20 || !is_part(&whole, (size_t)to.record, &got))
			wrong++;
		if (read_from("ix.egt", &keep, &to, &got, NULL) == EG_OK && (got.nr > 20 || !is_part(&whole, whole.nr - 20, &got)))
			wrong++;
		payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ok(tries > n && wrong == 0, "no lie of an index moves a place: %zu are found out", tries);
	forge(&f, payload, n);
	f.bytes[at + EGT_CHUNK_HEADER + n / 2] ^= 1;
	spit("ix.egt", f.bytes, f.n);
	ok(read_from("ix.egt", NULL, NULL, &got, NULL) == EG_BAD_INPUT && got.nr == whole.nr &&
	   says("the index (byte ", "checksum", "engram trace index --force"), "a damaged index is told behind all records");
	ok(read_from("ix.egt", &without, NULL, &got, NULL) == EG_OK && got.nr == whole.nr, "unless it is not asked for");
	payload[n - 1] ^= 0x7f;
	payload[1]++;
	forge(&f, payload, n);
	spit("ix.egt", f.bytes, f.n);
	ok(read_from("ix.egt", NULL, NULL, &got, &info) == EG_BAD_INPUT && got.nr == whole.nr && is_part(&whole, 0, &got) &&
	   says("the index (byte ", "no record is lost", "engram trace index"), "all records come before a wrong index is told");
	ok(read_from("ix.egt", NULL, &to, &got, NULL) == EG_BAD_INPUT && says("the index (byte ", "does not fit", "engram trace index"),
	   "a seek refuses it");
	ok(read_from("ix.egt", &keep, &to, &got, NULL) == EG_OK && got.nr == 20 && is_part(&whole, whole.nr - 20, &got),
	   "or does without it");
	ok(read_from("ix.egt", &without, NULL, &got, &info) == EG_OK && got.nr == whole.nr && !info.indexed,
	   "who makes a new one does not look at it");
	unlink("ix.egt");
}

/* ---- a recorder that is killed ------------------------------------------------------------------- */

enum { KILL_CHUNK = EGT_CHUNK_MIN / 4 };        /* accesses of a full chunk */

static uint64_t kill_word(uint64_t i)
{
	return eg_access(i * 40503 % 65536 * 64, EG_ACCESS_READ, 8);
}

static void record_until_killed(const char *path, int told)
{
	struct trace_write_options o = { .level = 1, .chunk_bytes = EGT_CHUNK_MIN };
	struct trace_writer *w;

	if (trace_writer_open(&w, path, &o, &err) != EG_OK)
		_exit(1);
	for (uint64_t i = 0;; i++) {
		if (trace_writer_access(w, 0, kill_word(i)) != EG_OK)
			_exit(1);
		/* what has been handed over in whole chunks */
		if ((i + 1) % KILL_CHUNK == 0 && write(told, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

/* The path of its temporary file: the target's name and some letters. */
static bool left_behind(char *path, size_t size)
{
	FILE *ls = popen("ls -1 killed.egt.*.tmp 2>/dev/null", "r");
	bool good = ls && fgets(path, (int)size, ls);

	if (ls)
		(void)pclose(ls);
	path[strcspn(path, "\n")] = '\0';
	return good;
}

static void killed(void)
{
	struct trace_open_options keep = { .keep_intact = true };
	struct eg_rng rng = eg_rng_stream(1, "kill", 0);
	unsigned good = 0, chunks = 0;

	for (unsigned k = 0; k < 8; k++) {
		uint64_t last = 0, said = 0, nr = 0;
		struct trace_reader *r;
		struct eg_block b;
		char path[64] = "";
		bool right = true;
		int fd[2];
		pid_t child;

		fflush(stdout);
		if (pipe(fd) != 0)
			return;
		child = fork();
		if (child == 0) {
			close(fd[0]);
			record_until_killed("killed.egt", fd[1]);
		}
		close(fd[1]);
		/* some whole chunks, then anywhere in the next ones */
		for (uint64_t n = 1 + eg_rng_below(&rng, 6); n && read(fd[0], &last, sizeof(last)) == sizeof(last); n--)
			said = last + 1;
		usleep((useconds_t)eg_rng_below(&rng, 3000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(fd[0], &last, sizeof(last)) == sizeof(last))
			said = last + 1;
		close(fd[0]);
		if (!left_behind(path, sizeof(path)) || trace_open(&r, path, &keep, &err) != EG_OK)
			continue;
		while (trace_next(r, &b, &err) == EG_OK && b.kind != EG_BLOCK_END)
			for (uint32_t i = 0; i < b.nr; i++, nr++)
				right = right && b.acc[i] == kill_word(nr);
		trace_close(r);
		unlink(path);
		good += right && nr >= said && nr % KILL_CHUNK == 0 && access("killed.egt", F_OK) != 0;
		chunks += (unsigned)(nr / KILL_CHUNK);
	}
	ok(good == 8, "killed at any moment, a recorder leaves all whole chunks (%u in 8 files) and no file under the name", chunks);
}

/* What a writer finds beside its target: only what a writer that is gone has left of this target may go. */
static void stale(void)
{
	static const struct { const char *name; bool goes; } file[] = {
		{ "stale.egt.%ld.aB3xYz.tmp", true },           /* %ld: a process that has ended */
		{ "stale.egt.%ld.aB3xYz.tmp.%ld.000000.tmp", true },
		{ "stale.egt.%ld.aB3xYz.tmp.1.000000.tmp", false },
		{ "stale.egt.%ld.aB3xYz.tmp2", false },
		{ "stale.egt.%ld.aB3xY.tmp", false },
		{ "stale.egt.%ld.aB3xY-.tmp", false },
		{ "stale.egt.0%ld.aB3xYz.tmp", false },
		{ "stale.egt.-%ld.aB3xYz.tmp", false },
		{ "stale.egt.aB3xYz.tmp", false },
		{ "stale.egt2.%ld.aB3xYz.tmp", false },
		{ "stale.%ld.aB3xYz.tmp", false },
	};
	static const char *const paths[] = { "stale.egt", "./stale.egt", "stale-dir/stale.egt" };
	char name[96], link[96], locked[96], own[96], parent[96], *slash;
	pid_t gone = fork();
	bool right = true;

	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);
	(void)mkdir("stale-dir", 0777);
	for (unsigned k = 0; k < EG_ARRAY_LEN(paths); k++) {
		struct trace_writer *w = NULL;
		char dir[32];
		int lock, fd;

		(void)snprintf(dir, sizeof(dir), "%s", paths[k]);
		slash = strrchr(dir, '/');
		dir[slash ? slash + 1 - dir : 0] = '\0';
		for (unsigned i = 0; i < EG_ARRAY_LEN(file); i++) {
			size_t n = (size_t)snprintf(name, sizeof(name), "%s", dir);

			(void)snprintf(name + n, sizeof(name) - n, file[i].name, (long)gone, (long)gone);
			fd = open(name, O_CREAT | O_WRONLY, 0666);
			(void)close(fd);
		}
		(void)snprintf(own, sizeof(own), "%sstale.egt.%ld.aaaaaa.tmp", dir, (long)getpid());
		(void)snprintf(link, sizeof(link), "%sstale.egt.%ld.bbbbbb.tmp", dir, (long)gone);
		(void)snprintf(parent, sizeof(parent), "%sstale.egt.%ld.cccccc.tmp", dir, (long)gone);
		(void)snprintf(locked, sizeof(locked), "%sstale.egt.%ld.dddddd.tmp", dir, (long)gone);
		fd = open(own, O_CREAT | O_WRONLY, 0666);
		(void)close(fd);
		(void)symlink("nowhere", link);
		(void)mkdir(parent, 0777);
		lock = open(locked, O_CREAT | O_WRONLY, 0666);
		(void)flock(lock, LOCK_EX);
		if (trace_writer_open(&w, paths[k], NULL, &err) != EG_OK) {
			right = false;
			continue;
		}
		for (unsigned i = 0; i < EG_ARRAY_LEN(file); i++) {
			size_t n = (size_t)snprintf(name, sizeof(name), "%s", dir);

			(void)snprintf(name + n, sizeof(name) - n, file[i].name, (long)gone, (long)gone);
			if ((access(name, F_OK) != 0) != file[i].goes) {
				printf("# %s: %s\n", name, file[i].goes ? "stays" : "is gone");
				right = false;
			}
			(void)unlink(name);
		}
		/* of a process that lives; no file; locked by someone that this machine's process numbers do not know */
		right = unlink(own) == 0 && unlink(link) == 0 && rmdir(parent) == 0 && unlink(locked) == 0 && right;
		(void)close(lock);
		trace_writer_abort(w);
	}
	ok(rmdir("stale-dir") == 0 && right, "a writer removes what killed writers of its target left, and nothing else");
}

int main(void)
{
	/* readers come and go by the ten thousand: keep their buffers instead of mapping them anew */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 26);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
	flip_and_cut(false);
	flip_and_cut(true);
	messages();
	wrong_index();
	killed();
	stale();
	return tap_done();
}
