/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What trace validate finds: records that cannot be true, states and indices that lie; and how trace index mends them. */
#include "tests/crafted_ids.h"
#include "tests/trace_records.h"

#include <time.h>
#include <unistd.h>

#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/reindex.h"
#include "workloads/trace/semantic.h"
#include "workloads/trace/validate.h"

/* ---- semantics ----------------------------------------------------------------------------------- */

static eg_status say(struct semantic *s, uint64_t at, uint32_t stream, eg_time time, unsigned code, uint64_t a, uint64_t b,
		     uint64_t c)
{
	const struct eg_block block = { .kind = EG_BLOCK_OP, .stream = stream, .time = time,
					.op = { .code = (uint8_t)code, .stream = stream, .time = time, .arg = { a, b, c } } };

	return semantic_add(s, &block, at);
}

static void semantics(void)
{
	enum { N = 40 };
	static const struct { enum semantic_kind kind; uint64_t nr, first; } want[] = {
		{ SEMANTIC_TIME_BACK, 1, 3 }, { SEMANTIC_MUNMAP_NOTHING, 1, 4 }, { SEMANTIC_DOUBLE_ALLOC, 1, 7 },
		{ SEMANTIC_DOUBLE_FREE, 1, 9 }, { SEMANTIC_FREE_NOTHING, 1, 10 }, { SEMANTIC_BORN_TWICE, 1, 12 },
		{ SEMANTIC_DEAD_STREAM, 2, 15 }, { SEMANTIC_BAD_RANGE, 1, 17 }, { SEMANTIC_BAD_RUN, 1, 18 },
		{ SEMANTIC_BAD_ACCESS, 1, 19 }, { SEMANTIC_FREE_BEYOND, 1, 21 }, { SEMANTIC_MUNMAP_UNKNOWN, 1, 23 },
		{ SEMANTIC_CHANGE_NOTHING, 1, 6 },
	};
	struct semantic *s = semantic_new(true, false);
	const struct semantic_count *c = semantic_counts(s);
	eg_status st = EG_OK;
	uint64_t total = 0;
	unsigned bad = 0;

	st |= say(s, 0, 0, 5, EG_OP_MMAP, 0x10000, 0x4000, 3);
	st |= say(s, 1, 0, 9, EG_OP_MUNMAP, 0x11000, 0x1000, 0);
	st |= say(s, 2, 0, EG_TIME_NONE, EG_OP_MUNMAP, 0x10000, 0x4000, 0);    /* with a hole: fine */
	st |= say(s, 3, 0, 8, EG_OP_MARK, 0, 0, 0);                            /* time back        */
	st |= say(s, 4, 0, 9, EG_OP_MUNMAP, 0x10000, 0x4000, 0);               /* nothing left     */
	st |= say(s, 5, 0, 9, EG_OP_MALLOC, 1, 100, 0);
	st |= say(s, 6, 0, 9, EG_OP_MPROTECT, 0x10000, 0x1000, 1);
	st |= say(s, 7, 0, 9, EG_OP_MALLOC, 1, 100, 0);
	st |= say(s, 8, 0, 9, EG_OP_FREE, 1, 0, 0);
	st |= say(s, 9, 0, 9, EG_OP_FREE, 1, 0, 0);
	st |= say(s, 10, 0, 9, EG_OP_FREE, 2, 0, 0);
	st |= say(s, 11, 0, 9, EG_OP_FORK, 1, 0, 0);
	st |= say(s, 12, 0, 9, EG_OP_FORK, 1, 0, 0);
	st |= say(s, 13, 1, 9, EG_OP_MMAP, 0x20000, 0x1000, 3);
	st |= say(s, 14, 1, 9, EG_OP_EXIT, 0, 0, 0);
	st |= say(s, 15, 1, 9, EG_OP_MARK, 0, 0, 0);
	st |= say(s, 16, 1, 9, EG_OP_MUNMAP, 0x20000, 0x1000, 0);
	st |= say(s, 17, 0, 9, EG_OP_MMAP, 0x20001, 0x1000, 3);
	st |= say(s, 18, 0, 9, EG_OP_RUN, 0x20000, 1, 5);                      /* first kind: no writes */
	st |= say(s, 19, 0, 9, EG_OP_ACCESS, 0x20000, 0, 1);
	st |= say(s, 20, 0, 9, EG_OP_ALLOC_PAGES, 5, 2, 0);
	st |= say(s, 21, 0, 9, EG_OP_FREE_PAGES, 5, 3, 0);
	st |= say(s, 22, 0, 9, EG_OP_EXEC, 0, 0, 0);
	st |= say(s, 23, 0, 9, EG_OP_MUNMAP, 0x400000, 0x1000, 0);             /* of the unknown image */
	for (unsigned i = 0; i < SEMANTIC_KINDS; i++)
		total += c[i].nr;
	for (unsigned i = 0; i < EG_ARRAY_LEN(want); i++) {
		if (c[want[i].kind].nr != want[i].nr || c[want[i].kind].first != want[i].first) {
			printf("# %s: %" PRIu64 ", first %" PRIu64 "\n", semantic_names[want[i].kind].key, c[want[i].kind].nr,
			       c[want[i].kind].first);
			bad++;
		}
		total -= want[i].nr;
	}
	ok(st == EG_OK && bad == 0, "each kind is counted, with its first place");
	is_u64(total, 0, "and nothing else");
	semantic_free(s);
	s = semantic_new(false, false);
	c = semantic_counts(s);
	st = say(s, 0, 0, 1, EG_OP_MUNMAP, 0x1000, 0x1000, 0) | say(s, 1, 0, 1, EG_OP_FREE, 9, 0, 0);
	ok(st == EG_OK && c[SEMANTIC_MUNMAP_UNKNOWN].nr == 1 && c[SEMANTIC_FREE_UNKNOWN].nr == 1 && !c[SEMANTIC_FREE_NOTHING].nr,
	   "without `init` what came before is not judged");
	semantic_free(s);
}

/* Ids that an author chose so that they meet in one slot. */
static void crafted(void)
{
	enum { FIRST = 150000, ALL = FIRST + 20 * 200 };
	struct semantic *s = semantic_new(true, false);
	const struct semantic_count *c = semantic_counts(s);
	clock_t start = clock();
	eg_status st = EG_OK;

	for (uint64_t i = 0; i < ALL; i++)
		st |= say(s, i, 0, 1, EG_OP_MALLOC, crafted_nth(i, FIRST), 16, 0);
	for (uint64_t i = 0; i < ALL; i++)
		st |= say(s, i, 0, 1, EG_OP_FREE, crafted_nth(i, FIRST), 0, 0);
	ok(st == EG_OK && !c[SEMANTIC_DOUBLE_ALLOC].nr && !c[SEMANTIC_DOUBLE_FREE].nr && !c[SEMANTIC_FREE_NOTHING].nr,
	   "ids that collide are told apart");
	ok((clock() - start) / CLOCKS_PER_SEC < 15, "in time (%.2f s)", (double)(clock() - start) / CLOCKS_PER_SEC);
	semantic_free(s);
}

/* ---- index and validate -------------------------------------------------------------------------- */

static void indexing(void)
{
	static struct records before, after;
	static const struct copy_filter all = { .coalesce = 0 };
	const struct trace_write_options plain = { .level = 1, .chunk_bytes = 64 << 10, .no_index = true };
	const struct reindex_options o = { .write = { .level = 1, .chunk_bytes = 64 << 10, .state_every = 1 } };
	struct validate_report v;
	struct reindex_report r;

	memset(&report, 0, sizeof(report));
	err.nr = 0;
	ok(make("valid-a.egt", 77, 9000, true) && copy_file("valid-a.egt", "valid-b.egt", NULL, &all, &plain, &report, &err) == EG_OK &&
	   read_all("valid-b.egt", &before), "a file without an index");
	ok(trace_reindex("valid-b.egt", NULL, &o, &r, &err) == EG_OK && !r.had_one && r.states > 0, "gets one in its place");
	ok(read_all("valid-b.egt", &after) && !strcmp(before.hash, after.hash) && before.caps == after.caps &&
	   before.nr == after.nr && same_all(before.op, after.op, after.nr), "the same trace");
	ok(trace_reindex("valid-b.egt", NULL, &o, &r, &err) == EG_OK && r.had_one, "a second time there is nothing to do");
	ok(trace_validate("valid-b.egt", &v, &err) == EG_OK && v.states > 0 && v.places >= v.states, "index and states are what the records say");
	if (err.nr)
		printf("# %s\n", err.text[0]);
	eg_free(before.op);
	eg_free(after.op);
}

/* ---- an index and states that lie ---------------------------------------------------------------- */

static uint8_t bytes[1 << 20];
static size_t nr_bytes;

static bool load(const char *path)
{
	FILE *f = fopen(path, "rb");

	nr_bytes = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	if (f)
		fclose(f);
	return nr_bytes > 0 && nr_bytes < sizeof(bytes);
}

static bool store(const char *path)
{
	FILE *f = fopen(path, "wb");
	bool good = f && fwrite(bytes, 1, nr_bytes, f) == nr_bytes;

	return (!f || fclose(f) == 0) && good;
}

/* The nth chunk of a type (the file is stored plainly); its offset, 0 if there is none. */
static size_t find_chunk(enum egt_chunk_type type, unsigned nth, struct egt_chunk *c)
{
	size_t at = EGT_HEADER_SIZE + egt_get32(bytes + 16);

	while (at + EGT_CHUNK_HEADER <= nr_bytes && egt_chunk_unpack(c, bytes + at)) {
		if (c->type == type && nth-- == 0)
			return at;
		at += c->header + c->stored;
	}
	return 0;
}

/* Change byte i of a chunk's payload so that its checksums hold. */
static void lie(size_t at, struct egt_chunk *c, size_t i, uint8_t change)
{
	uint8_t *payload = bytes + at + c->header;

	payload[i] ^= change;
	c->payload_crc = egt_crc32c(0, payload, c->stored);
	egt_chunk_pack(c, bytes + at);
}

static void lying(void)
{
	const struct trace_write_options plain = { .chunk_bytes = 64 << 10, .state_every = 2 };
	const struct reindex_options force = { .force = true };
	struct validate_report v;
	struct reindex_report r;
	struct egt_chunk c;
	unsigned accepted = 0, tried = 0;
	size_t at;

	memset(&report, 0, sizeof(report));
	err.nr = 0;
	ok(make("valid-c.egt", 99, 9000, true) && copy_file("valid-c.egt", "valid-a.egt", NULL, NULL, &plain, &report, &err) == EG_OK &&
	   trace_validate("valid-a.egt", &v, &err) == EG_OK && v.states > 1 && load("valid-a.egt"), "a file stored plainly");
	at = find_chunk(EGT_CHUNK_STATE, 1, &c);
	ok(at && c.flags == EGT_CHUNK_IGNORABLE, "has a state chunk");
	for (size_t i = 0; at && i < c.stored; i += 1 + c.stored / 64) {
		/* gaps, flags and names of a state's ops carry nothing */
		if (bytes[at + c.header + i] <= 1)
			continue;
		lie(at, &c, i, 0x01);
		err.nr = 0;
		tried++;
		if (!store("valid-b.egt") || trace_validate("valid-b.egt", &v, &err) != EG_BAD_INPUT || !err.nr) {
			printf("# byte %zu of %u: %02x\n", i, c.stored, bytes[at + c.header + i]);
			accepted++;
		}
		lie(at, &c, i, 0x01);
	}
	ok(tried > 20, "%u lies about the state", tried);
	is_u64(accepted, 0, "are all found");
	at = find_chunk(EGT_CHUNK_INDEX, 0, &c);
	ok(at && c.stored, "and an index");
	for (size_t i = tried = 0; at && i < c.stored; i += 1 + c.stored / 64) {
		lie(at, &c, i, 0x01);
		err.nr = 0;
		tried++;
		if (!store("valid-b.egt") || trace_validate("valid-b.egt", &v, &err) != EG_BAD_INPUT || !err.nr) {
			printf("# byte %zu of %u\n", i, c.stored);
			accepted++;
		}
		err.nr = 0;
		if (trace_reindex("valid-b.egt", "valid-m0.egt", &force, &r, &err) != EG_OK ||
		    trace_validate("valid-m0.egt", &v, &err) != EG_OK) {
			printf("# not mended: %s\n", err.nr ? err.text[0] : "");
			accepted++;
		}
		lie(at, &c, i, 0x01);
	}
	ok(tried > 20, "%u lies in the index", tried);
	is_u64(accepted, 0, "are all found, and trace index --force mends them");
}

/* ---- states that are out of proportion ----------------------------------------------------------- */

/* `maps` mappings, then `forks` children that share them: a short file, and a state of their product. */
static bool make_forks(const char *path, uint32_t maps, uint32_t forks, struct records *t)
{
	const struct trace_write_options o = { .chunk_bytes = 64 << 10, .no_index = true };
	struct trace_writer *w = NULL;
	bool good = trace_writer_open(&w, path, &o, &err) == EG_OK;

	for (uint32_t i = 0; good && i < maps; i++) {
		struct eg_op op = { .code = EG_OP_MMAP, .time = EG_TIME_NONE,
				    .arg = { (2 * i + 8) * EG_PAGE_SIZE, EG_PAGE_SIZE, 3, EG_MAP_ANON } };

		good = trace_writer_op(w, &op) == EG_OK;
	}
	for (uint32_t i = 1; good && i <= forks; i++) {
		struct eg_op op = { .code = EG_OP_FORK, .time = EG_TIME_NONE, .arg = { i } };

		good = trace_writer_op(w, &op) == EG_OK;
	}
	/* so that the last chunk begins behind the forks */
	for (uint32_t i = 0; good && i < 12000; i++) {
		struct eg_op op = { .code = EG_OP_MARK, .time = EG_TIME_NONE, .arg = { i * 977 } };

		good = trace_writer_op(w, &op) == EG_OK;
	}
	good = good && trace_writer_finish(w, &err) == EG_OK;
	return good && read_all(path, t);
}

static void seeking(void)
{
	static struct records t;
	struct trace_place to = { .record = 23000, .state = true };
	struct trace_reader *r = NULL;
	struct eg_block b = { 0 };

	err.nr = 0;
	ok(make_forks("valid-a.egt", 20000, 3000, &t) && t.nr == 35000, "20000 mappings and 3000 forks");
	ok(trace_open(&r, "valid-a.egt", NULL, &err) == EG_OK && trace_seek(r, &to, &err) == EG_BAD_INPUT && err.nr == 1 &&
	   strstr(err.text[0], "the state at record 23000 takes about 60023001 operations to tell, more than 4194304\nenter at "
		  "another place, or replay from the beginning"), "a seek with the state is refused");
	if (err.nr)
		printf("# %s\n", err.text[0]);
	trace_close(r);
	err.nr = 0;
	to.record = 20002;
	ok(trace_open(&r, "valid-a.egt", NULL, &err) == EG_OK && trace_seek(r, &to, &err) == EG_OK &&
	   trace_next(r, &b, &err) == EG_OK && b.op.flags & EG_OPF_INIT, "one to a smaller state is not");
	trace_close(r);
	eg_free(t.op);
}

/* An empty state chunk before the last chunk of records; what it says is wrong, if anyone compares. */
static bool insert_state(const char *path)
{
	struct egt_chunk c, last;
	uint8_t head[EGT_CHUNK_HEADER], payload[EGT_RECORDS_HEAD] = { 0 };
	size_t at = 0, room = sizeof(head) + sizeof(payload), next;

	for (unsigned i = 0; (next = find_chunk(EGT_CHUNK_RECORDS, i, &c)) != 0; i++) {
		at = next;
		last = c;
	}
	if (!at || nr_bytes + room > sizeof(bytes))
		return false;
	memmove(bytes + at + room, bytes + at, nr_bytes - at);
	nr_bytes += room;
	c = (struct egt_chunk){ .type = EGT_CHUNK_STATE, .flags = EGT_CHUNK_IGNORABLE, .header = EGT_CHUNK_HEADER,
				.stream = EGT_INTERLEAVED, .sequence = last.sequence, .ordinal = last.ordinal,
				.raw = sizeof(payload), .stored = sizeof(payload),
				.payload_crc = egt_crc32c(0, payload, sizeof(payload)),
				.first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	egt_chunk_pack(&c, head);
	memcpy(bytes + at, head, sizeof(head));
	memcpy(bytes + at + sizeof(head), payload, sizeof(payload));
	last.sequence++;
	egt_chunk_pack(&last, bytes + at + room);
	return store(path);
}

static void budget(void)
{
	static struct records t;
	struct validate_report v;

	err.nr = 0;
	ok(make_forks("valid-a.egt", 15000, 100, &t) && load("valid-a.egt") && insert_state("valid-b.egt"), "a state of 1.5 million ops");
	ok(trace_validate("valid-b.egt", &v, &err) == EG_OK && v.info.states == 1 && v.states_left == 1 && v.states == 0,
	   "is not compared, and counted");
	ok(make_forks("valid-a.egt", 15000, 10, &t) && load("valid-a.egt") && insert_state("valid-b.egt") &&
	   trace_validate("valid-b.egt", &v, &err) == EG_OK && v.info.states == 1 && v.states_left == 0, "one of 165000 is affordable");
	if (err.nr)
		printf("# %s\n", err.text[0]);
	eg_free(t.op);
}

int main(void)
{
	semantics();
	crafted();
	indexing();
	lying();
	seeking();
	budget();
	unlink("valid-a.egt");
	unlink("valid-b.egt");
	unlink("valid-c.egt");
	unlink("valid-m0.egt");
	return tap_done();
}
