/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The container reader on hostile bytes. Checksums would stop a fuzzer at once, so the first byte chooses: the bytes
 * are a whole file, or the payload of a chunk that is wrapped in a file with valid checksums, an index that names it
 * and a trailer. Its low three bits are the chunk's type (a state is followed by a record, an index preceded by one),
 * bit 3 makes the file split. Each is read to its end and sought in.
 */
#include "tests/fuzz/replay.h"

#include "workloads/trace/codec.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/index.h"
#include "workloads/trace/trace.h"

static struct eg_errors err;

static void read_on(struct trace_reader *r, uint32_t stream)
{
	struct eg_block b;

	do {
		if (trace_next(r, &b, &err) != EG_OK)
			break;
		if (b.kind == EG_BLOCK_OP && strlen(trace_name(r, b.op.name)) > EGT_NAME_MAX)
			abort();
		if (b.kind != EG_BLOCK_END && stream != UINT32_MAX && b.stream != stream)
			abort();
		for (uint32_t i = 0; b.kind == EG_BLOCK_ACCESS && i < b.nr; i++)
			if (eg_access_addr(b.acc[i]) > EG_ACCESS_ADDR_MASK)
				abort();
	} while (b.kind != EG_BLOCK_END);
}

static void read_to_end(const char *path, bool skip)
{
	struct trace_open_options o = { .block = 64, .skip_bad = skip, .verify = true };
	struct trace_reader *r;

	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		return;
	read_on(r, UINT32_MAX);
	trace_close(r);
}

static void seek(const char *path, bool skip, bool one)
{
	struct trace_place place[] = { { .record = 1, .state = true }, { .by_time = true, .time = 1000, .state = !skip },
				       { .record = 0 }, { .record = UINT64_MAX, .state = true } };
	struct trace_open_options o = { .block = 64, .skip_bad = skip, .one_stream = one, .stream = 1 };
	struct trace_reader *r;

	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		return;
	for (unsigned i = 0; i < EG_ARRAY_LEN(place); i++)
		if (trace_seek(r, &place[i], &err) == EG_OK)
			read_on(r, one ? 1 : UINT32_MAX);
	trace_close(r);
}

/* ---- a file around a payload --------------------------------------------------------------------- */

struct out {
	uint8_t *p;
	struct egt_index_build index;
	uint64_t sequence, ordinal;
	size_t   at;
};

static void put_chunk(struct out *o, unsigned type, uint32_t records, const uint8_t *payload, size_t n)
{
	struct egt_chunk c = { .type = (uint8_t)type, .header = EGT_CHUNK_HEADER, .raw = (uint32_t)n, .stored = (uint32_t)n,
			       .records = type == EGT_CHUNK_RECORDS ? records : 0, .sequence = o->sequence++,
			       .ordinal = o->ordinal, .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	struct eg_str facts = { 0 };

	c.flags = type >= EGT_CHUNK_STATE ? EGT_CHUNK_IGNORABLE : 0;
	c.payload_crc = egt_crc32c(0, payload, n);
	egt_chunk_pack(&c, o->p + o->at);
	memcpy(o->p + o->at + EGT_CHUNK_HEADER, payload, n);
	o->at += EGT_CHUNK_HEADER + n;
	o->ordinal += c.records;
	egt_index_put_facts(&facts, EG_TIME_NONE, EG_TIME_NONE, 2000, NULL, 0);
	egt_index_add(&o->index, type, EGT_CHUNK_HEADER + n, c.records, eg_str_text(&facts), facts.len);
	eg_str_free(&facts);
}

/* One op: exit of stream 0. */
static void put_record(struct out *o)
{
	static const uint8_t exits[] = { 0, EG_OP_EXIT, 2, 0, 0 };
	uint8_t payload[EGT_RECORDS_HEAD + sizeof(exits)] = { 0 };

	payload[12] = sizeof(exits);
	memcpy(payload + EGT_RECORDS_HEAD, exits, sizeof(exits));
	put_chunk(o, EGT_CHUNK_RECORDS, 1, payload, sizeof(payload));
}

static size_t wrap(const uint8_t *data, size_t size, uint8_t *out)
{
	struct out o = { .p = out, .at = EGT_HEADER_SIZE };
	unsigned type = data[0] & 7;
	struct eg_str index = { 0 };
	size_t index_at;

	memset(out, 0, EGT_HEADER_SIZE);
	memcpy(out, EGT_MAGIC, EGT_MAGIC_SIZE);
	egt_put16(out + 8, EGT_MAJOR);
	egt_put16(out + 10, EGT_MINOR);
	egt_put32(out + 12, data[0] & 8 ? EGT_FLAG_SPLIT : 0);
	egt_put32(out + 20, egt_crc32c(0, out, 20));
	if (type == EGT_CHUNK_INDEX)
		put_record(&o);
	index_at = o.at;
	put_chunk(&o, type, egt_get32(data + 1) & 0xffff, data + 5, size - 5);
	if (type != EGT_CHUNK_INDEX) {
		if (type == EGT_CHUNK_STATE)
			put_record(&o);
		index_at = o.at;
		egt_index_finish(&o.index, 1, &index);
		put_chunk(&o, EGT_CHUNK_INDEX, 0, (const uint8_t *)eg_str_text(&index), index.len);
	}
	eg_str_free(&index);
	eg_str_free(&o.index.entries);
	memset(out + o.at, 0, EGT_TRAILER_SIZE);
	memcpy(out + o.at, EGT_TRAILER_MAGIC, 4);
	egt_put64(out + o.at + 8, index_at);
	egt_put64(out + o.at + 16, o.ordinal);
	memcpy(out + o.at + 56, EGT_TRAILER_END, 8);
	egt_put32(out + o.at + 4, egt_crc32c(0, out + o.at + 8, EGT_TRAILER_SIZE - 8));
	return o.at + EGT_TRAILER_SIZE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[1 << 21];
	char path[64];
	size_t n = size;
	int fd;

	if (size > 1 << 20)
		return 0;
	if (size > 5 && data[0] < 0x80)
		n = wrap(data, size, file);
	else
		memcpy(file, data, size);
	fd = fuzz_file(file, n, path);
	if (fd < 0)
		return 0;
	read_to_end(path, false);
	read_to_end(path, true);
	seek(path, false, false);
	seek(path, true, false);
	seek(path, false, true);
	close(fd);
	return 0;
}

FUZZ_MAIN("egt")
