/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The container reader on hostile bytes. Checksums would stop a fuzzer at once, so the first byte chooses:
 * the bytes are a whole file, or the payload of a chunk (of the type in its low bits) that is wrapped in
 * headers with valid checksums.
 */
#include "tests/fuzz/replay.h"

#include "workloads/trace/codec.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/trace.h"

static void read_to_end(const char *path, bool skip)
{
	static struct eg_errors err;
	struct trace_open_options o = { .block = 64, .skip_bad = skip, .verify = true };
	struct trace_reader *r;
	struct eg_block b;

	err.nr = 0;
	if (trace_open(&r, path, &o, &err) != EG_OK)
		return;
	do {
		if (trace_next(r, &b, &err) != EG_OK)
			break;
		if (b.kind == EG_BLOCK_OP && strlen(trace_name(r, b.op.name)) > EGT_NAME_MAX)
			abort();
		for (uint32_t i = 0; b.kind == EG_BLOCK_ACCESS && i < b.nr; i++)
			if (eg_access_addr(b.acc[i]) > EG_ACCESS_ADDR_MASK)
				abort();
	} while (b.kind != EG_BLOCK_END);
	trace_close(r);
}

static size_t wrap(const uint8_t *data, size_t size, uint8_t *out)
{
	struct egt_chunk c = { .type = data[0] & 3, .header = EGT_CHUNK_HEADER, .raw = (uint32_t)size - 5,
			       .stored = (uint32_t)size - 5, .records = egt_get32(data + 1) & 0xffff };
	uint8_t *p = out;

	memcpy(p, EGT_MAGIC, EGT_MAGIC_SIZE);
	memset(p + 8, 0, 16);
	egt_put16(p + 8, EGT_MAJOR);
	egt_put32(p + 20, egt_crc32c(0, p, 20));
	p += EGT_HEADER_SIZE;
	c.payload_crc = egt_crc32c(0, data + 5, size - 5);
	egt_chunk_pack(&c, p);
	p += EGT_CHUNK_HEADER;
	memcpy(p, data + 5, size - 5);
	return (size_t)(p - out) + size - 5;
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
	close(fd);
	return 0;
}

FUZZ_MAIN("egt")
