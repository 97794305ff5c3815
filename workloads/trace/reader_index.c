/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader_index - chunks that a reader can do without: states and the index.
 *
 * The index is loaded at open, by the place that the trailer names, if all of it holds: checksums, its own sums, the
 * file's size. Otherwise the file is read as if there were none, and who seeks is told why. Met again on the way
 * through the file, it is compared with the chunks that were read.
 */
#include "workloads/trace/reader.h"

#include <errno.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"

eg_status trace__wrong_index(struct trace_reader *r, uint64_t at, const char *why, struct eg_errors *err)
{
	return eg_fail(err, EG_BAD_INPUT, "%s: damaged: the index (byte %llu): %s; no record is lost with it; "
		       "engram trace index --force %s makes a new one", r->path, (unsigned long long)at, why, r->path);
}

static eg_status build_op(void *ctx, const struct eg_op *op)
{
	return ctx ? trace_state_op(ctx, op) : EG_OK;
}

eg_status trace__take_state(struct trace_reader *r, struct eg_errors *err)
{
	const struct egt_chunk *c = &r->chunk;
	bool first = r->before != EGT_CHUNK_STATE, land = r->state && r->land;
	uint32_t ops;
	eg_status s;

	if (c->raw < EGT_RECORDS_HEAD || egt_get32(r->raw) || egt_get32(r->raw + 4) || egt_get32(r->raw + 8) ||
	    egt_get32(r->raw + 12) != c->raw - EGT_RECORDS_HEAD)
		return trace__damaged_chunk(r, true, "the sections do not fill it", err);
	ops = c->raw - EGT_RECORDS_HEAD;
	s = egt_each_op(r->raw + EGT_RECORDS_HEAD, ops, build_op, NULL);
	if (s == EG_BAD_INPUT)
		return trace__damaged_chunk(r, true, "malformed operations", err);
	if (!land)
		return EG_OK;
	if (first)
		trace_state_clear(r->state);
	s = egt_each_op(r->raw + EGT_RECORDS_HEAD, ops, build_op, r->state);
	return s == EG_OK ? s : eg_fail(err, s, "%s: out of memory for the state at chunk %llu", r->path,
					(unsigned long long)c->sequence + 1);
}

eg_status trace__take_index(struct trace_reader *r, struct eg_errors *err)
{
	const struct egt_chunk *c = &r->chunk;
	struct egt_index ix;
	eg_status s;

	r->index_met = r->chunk_at;
	if (r->info.bad_chunks)
		return EG_OK;
	s = egt_index_parse(&ix, r->raw, c->raw, r->chunks_at, r->chunk_at, r->ordinal);
	if (s == EG_OK && ix.nr != c->sequence)
		s = EG_BAD_INPUT;
	egt_index_free(&ix);
	if (s == EG_BAD_INPUT)
		return r->o.skip_bad || r->o.keep_intact ? EG_OK :
		       trace__wrong_index(r, r->chunk_at, "it does not fit the chunks before it", err);
	return s == EG_OK ? s : eg_fail(err, s, "%s: out of memory for the index", r->path);
}

eg_status trace__look(struct trace_reader *r, uint64_t at, struct egt_chunk *c, bool *good, struct eg_errors *err)
{
	uint8_t head[EGT_CHUNK_HEADER];
	ssize_t got;

	do
		got = pread(r->fd, head, sizeof(head), (off_t)(r->base + at));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return eg_fail_errno(err, true, "%s: cannot read", r->path);
	*good = got == (ssize_t)sizeof(head) && egt_chunk_unpack(c, head);
	return EG_OK;
}

/* The payload of the index, whose header is in r->chunk, into r->raw: why not, or NULL. */
static const char *index_payload(struct trace_reader *r)
{
	struct egt_chunk *c = &r->chunk;
	uint8_t *to = c->flags & EGT_CHUNK_COMPRESSED ? r->stored : r->raw;
	size_t got = 0;

	while (got < c->stored) {
		ssize_t k = pread(r->fd, to + got, c->stored - got, (off_t)(r->base + r->index_at + c->header + got));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return "it cannot be read";
		got += (size_t)k;
	}
	/* a longer header adds to the checksum what this version does not read */
	if (c->header == EGT_CHUNK_HEADER && egt_crc32c(0, to, c->stored) != c->payload_crc)
		return "the checksum of its payload does not match";
	if (c->flags & EGT_CHUNK_COMPRESSED ?
	    ZSTD_decompressDCtx(r->zstd, r->raw, c->raw, r->stored, c->stored) != c->raw : c->raw != c->stored)
		return "its payload does not decompress";
	return NULL;
}

eg_status trace__load_index(struct trace_reader *r, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;
	uint64_t room_for = r->size - EGT_TRAILER_SIZE;
	bool good = false;
	eg_status s;

	if (!r->seekable || !r->index_at)
		return EG_OK;
	if (r->index_at < r->chunks_at || r->index_at > room_for || room_for - r->index_at < EGT_CHUNK_HEADER) {
		r->index_bad = "the trailer puts it outside the file";
		return EG_OK;
	}
	EG_TRY(trace__look(r, r->index_at, c, &good, err));
	if (!good || c->type != EGT_CHUNK_INDEX) {
		r->index_bad = "there is none where the trailer puts it";
		return EG_OK;
	}
	if (c->raw > EGT_RAW_MAX || c->stored > EGT_RAW_MAX || c->header < EGT_CHUNK_HEADER || c->flags & ~EGT_CHUNK_KNOWN ||
	    r->index_at + c->header + c->stored != room_for) {
		r->index_bad = "its header does not fit the end of the file";
		return EG_OK;
	}
	if (!trace__make_room(&r->raw, &r->raw_cap, c->raw) || !trace__make_room(&r->stored, &r->stored_cap, c->stored) ||
	    !trace__make_room(&r->raw, &r->raw_cap, c->stored))
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for the index", r->path);
	r->index_bad = index_payload(r);
	if (r->index_bad)
		return EG_OK;
	s = egt_index_parse(&r->index, r->raw, c->raw, r->chunks_at, r->index_at, r->info.total);
	if (s == EG_NO_MEMORY)
		return eg_fail(err, s, "%s: out of memory for the index", r->path);
	if (s != EG_OK || r->index.nr != c->sequence) {
		egt_index_free(&r->index);
		r->index_bad = "it does not fit the chunks before it";
		return EG_OK;
	}
	r->info.states = r->index.states;
	r->info.streams = (uint32_t)r->index.streams;
	return EG_OK;
}
