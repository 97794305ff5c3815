/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader_chunks - from the bytes of the file to an open chunk.
 *
 *   1. The file is read forward, chunk by chunk, through one buffer; what is not wanted is passed by its length.
 *   2. A chunk is believed after its two CRCs: nothing is allocated by a length that has not been bounded,
 *      nothing is decoded past the sections that the payload announces.
 *   3. Damage: keep_intact calls it the end; skip_bad looks for the next chunk whose header is whole.
 *
 * A file without its trailer was cut, even if the cut fell between two chunks: the writer emits the
 * trailer on pipes too.
 */
#include "workloads/trace/reader.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"

/* ---- bytes --------------------------------------------------------------------------------------- */

eg_status trace__get(struct trace_reader *r, void *p, size_t n, size_t *got, struct eg_errors *err)
{
	uint8_t *to = p;

	*got = 0;
	while (*got < n) {
		size_t have = r->io_end - r->io_at, want = n - *got;
		ssize_t k;

		if (have) {
			size_t take = have < want ? have : want;

			memcpy(to + *got, r->io + r->io_at, take);
			r->io_at += take;
			r->offset += take;
			*got += take;
			continue;
		}
		if (want >= TRACE_IO_BUFFER) {
			k = read(r->fd, to + *got, want);
		} else {
			k = read(r->fd, r->io, TRACE_IO_BUFFER);
			r->io_at = 0;
			r->io_end = k > 0 ? (size_t)k : 0;
		}
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return eg_fail_errno(err, true, "%s: cannot read", r->path);
		if (k == 0)
			return EG_OK;
		if (want >= TRACE_IO_BUFFER) {
			r->offset += (uint64_t)k;
			*got += (size_t)k;
		}
	}
	return EG_OK;
}

eg_status trace__skip(struct trace_reader *r, uint64_t n, uint64_t *got, struct eg_errors *err)
{
	uint64_t have = r->io_end - r->io_at, left;

	*got = have < n ? have : n;
	r->io_at += (size_t)*got;
	r->offset += *got;
	left = n - *got;
	if (left && r->seekable) {
		uint64_t there = r->size > r->offset ? r->size - r->offset : 0;

		left = left < there ? left : there;
		if (lseek(r->fd, (off_t)(r->base + r->offset + left), SEEK_SET) < 0)
			return eg_fail_errno(err, true, "%s: cannot seek", r->path);
		r->offset += left;
		*got += left;
		return EG_OK;
	}
	while (*got < n) {
		ssize_t k = read(r->fd, r->io, TRACE_IO_BUFFER);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return eg_fail_errno(err, true, "%s: cannot read", r->path);
		if (k == 0)
			break;
		left = n - *got < (uint64_t)k ? n - *got : (uint64_t)k;
		r->io_at = (size_t)left;
		r->io_end = (size_t)k;
		r->offset += left;
		*got += left;
	}
	return EG_OK;
}

eg_status trace__go(struct trace_reader *r, uint64_t at, uint64_t sequence, uint64_t ordinal, uint64_t intact,
		    struct eg_errors *err)
{
	if (lseek(r->fd, (off_t)(r->base + at), SEEK_SET) < 0)
		return eg_fail_errno(err, true, "%s: cannot seek", r->path);
	r->io_at = r->io_end = 0;
	r->offset = at;
	if (r->names_upto < r->sequence)
		r->names_upto = r->sequence;
	r->before = 0;
	r->sequence = sequence;
	r->ordinal = ordinal;
	r->intact = intact;
	r->open = false;
	r->ended = false;
	r->jumped = true;
	return EG_OK;
}

bool trace__make_room(uint8_t **p, size_t *cap, size_t n)
{
	uint8_t *bigger;

	n += CODEC_SLACK;
	if (n <= *cap)
		return true;
	bigger = eg_realloc(*p, n, 1);
	if (!bigger)
		return false;
	*p = bigger;
	*cap = n;
	return true;
}

/* ---- damage -------------------------------------------------------------------------------------- */

/* "N chunks (M records, up to T s) are intact" */
static void intact_text(const struct trace_reader *r, char *buf, size_t size)
{
	uint64_t chunks = r->intact, records = r->ordinal;
	int n = snprintf(buf, size, "%llu chunk%s (%llu record%s", (unsigned long long)chunks, chunks == 1 ? "" : "s",
			 (unsigned long long)records, records == 1 ? "" : "s");

	if (r->last_time != EG_TIME_NONE && n > 0 && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, ", up to %llu.%03llu s",
			      (unsigned long long)(r->last_time / EG_PS_PER_S),
			      (unsigned long long)(r->last_time % EG_PS_PER_S / EG_PS_PER_MS));
	if (n > 0 && (size_t)n < size)
		(void)snprintf(buf + n, size - (size_t)n, ") %s intact", chunks == 1 ? "is" : "are");
}

static eg_status truncated(struct trace_reader *r, const char *what, uint64_t at, uint64_t need, uint64_t have,
			   struct eg_errors *err)
{
	char intact[160];

	if (r->o.keep_intact) {
		r->ended = true;
		r->info.damaged_end = true;
		return EG_OK;
	}
	intact_text(r, intact, sizeof(intact));
	return eg_fail(err, EG_BAD_INPUT, "%s: truncated: %s %llu (byte %llu) needs %llu bytes, %llu are there; %s; "
		       "engram trace convert --keep-intact %s -o OUT.egt saves them", r->path, what,
		       (unsigned long long)r->sequence + 1, (unsigned long long)at, (unsigned long long)need,
		       (unsigned long long)have, intact, r->path);
}

eg_status trace__damaged_chunk(struct trace_reader *r, bool ignorable, const char *why, struct eg_errors *err)
{
	char intact[160];

	r->open = false;
	if (ignorable && (r->o.skip_bad || r->o.keep_intact)) {
		r->info.bad_chunks++;           /* no record is lost with it */
		r->bad_state = true;
		if (r->info.resumed == r->chunk.ordinal)
			r->info.resumed = UINT64_MAX;
		return EG_OK;
	}
	if (ignorable && r->chunk.type == EGT_CHUNK_INDEX)
		return trace__wrong_index(r, r->chunk_at, why, err);
	if (r->o.skip_bad) {
		r->land = r->state != NULL;
		r->info.bad_chunks++;
		r->info.hole = r->ordinal;
		r->info.resumed = UINT64_MAX;
		r->caps &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST) | TRACE_CAP(ORDER));
		return EG_OK;
	}
	if (r->o.keep_intact) {
		r->ended = true;
		r->info.damaged_end = true;
		return EG_OK;
	}
	intact_text(r, intact, sizeof(intact));
	return eg_fail(err, EG_BAD_INPUT, "%s: damaged: chunk %llu (byte %llu): %s; %s before it; "
		       "engram trace convert --skip-bad %s -o OUT.egt leaves it out", r->path,
		       (unsigned long long)r->sequence + 1, (unsigned long long)r->chunk_at, why, intact, r->path);
}

eg_status trace__damaged(struct trace_reader *r, const char *why, struct eg_errors *err)
{
	return trace__damaged_chunk(r, false, why, err);
}

void trace__passed(struct trace_reader *r)
{
	r->intact++;
	r->ordinal = r->chunk.ordinal + r->chunk.records;
	if (r->chunk.last_time != EG_TIME_NONE)
		r->last_time = r->chunk.last_time;
}

/* ---- chunks -------------------------------------------------------------------------------------- */

static eg_status read_names(struct trace_reader *r, struct eg_errors *err)
{
	const uint8_t *p = r->raw, *end = r->raw + r->chunk.raw;
	uint64_t id, len;

	p = codec_get_varint(p, end, &id);
	if (p && r->jumped && id && id <= r->nr_names)          /* met before a step back */
		return EG_OK;
	/* a chunk left out by skip_bad may have held names: number on with empty ones */
	while (p && r->o.skip_bad && r->info.bad_chunks && id > r->nr_names + 1 && id <= EGT_NAMES_MAX) {
		char **slot = eg_grow((void **)&r->name, &r->nr_names, &r->cap_names, sizeof(*r->name));

		if (!slot)
			return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for names", r->path);
	}
	if (!p || id != r->nr_names + 1)
		return trace__damaged(r, "names out of order", err);
	while (p < end) {
		char **slot;

		p = codec_get_varint(p, end, &len);
		if (!p || len > EGT_NAME_MAX || len > (uint64_t)(end - p) || r->nr_names == EGT_NAMES_MAX ||
		    memchr(p, '\0', len))
			return trace__damaged(r, "malformed names", err);
		slot = eg_grow((void **)&r->name, &r->nr_names, &r->cap_names, sizeof(*r->name));
		if (slot)
			*slot = eg_calloc(len + 1, 1);
		if (!slot || !*slot)
			return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for names", r->path);
		memcpy(*slot, p, len);
		p += len;
	}
	return EG_OK;
}

static eg_status read_meta(struct trace_reader *r, struct eg_errors *err)
{
	uint32_t caps = r->caps;
	eg_status s = egt_meta_parse(&r->meta, (const char *)r->raw, r->chunk.raw);

	if (s == EG_BAD_INPUT)
		return trace__damaged(r, "malformed metadata", err);
	if (s != EG_OK)
		return eg_fail(err, s, "%s: out of memory for metadata", r->path);
	/* what was said at the start and taken back by damage stays taken back */
	r->caps = egt_capabilities_parse(egt_meta_get(&r->meta, "capabilities"));
	if (r->info.bad_chunks)
		r->caps &= caps;
	return EG_OK;
}

/* Where the sections of a records chunk lie, all bounds checked. */
static eg_status begin_records(struct trace_reader *r, struct eg_errors *err)
{
	const uint8_t *p = r->raw;
	uint64_t acc, dict, data, ops;

	if (r->chunk.raw < EGT_RECORDS_HEAD)
		return trace__damaged(r, "too short for records", err);
	acc = egt_get32(p);
	dict = egt_get32(p + 4);
	data = egt_get32(p + 8);
	ops = egt_get32(p + 12);
	if (EGT_RECORDS_HEAD + acc + dict + data + ops != r->chunk.raw || acc > r->chunk.records)
		return trace__damaged(r, "the sections do not fill it", err);
	p += EGT_RECORDS_HEAD;
	if (!codec_decode_begin(&r->decoder, p, (uint32_t)dict, p + dict, (uint32_t)acc, p + dict + acc, (uint32_t)data))
		return trace__damaged(r, "malformed dictionary", err);
	p += dict + acc + data;
	r->items = (struct egt_items){ .p = p, .end = p + ops, .time = EG_TIME_NONE };
	r->acc_left = (uint32_t)acc;
	r->want_gap = true;
	r->taken = 0;
	r->open = true;
	return EG_OK;
}

static eg_status read_trailer(struct trace_reader *r, const uint8_t *start, struct eg_errors *err)
{
	uint8_t t[EGT_TRAILER_SIZE], more, digest[32];
	char hash[65];
	uint64_t at = r->offset - 4;
	size_t got;

	memcpy(t, start, 4);
	EG_TRY(trace__get(r, t + 4, sizeof(t) - 4, &got, err));
	if (got < sizeof(t) - 4)
		return truncated(r, "the trailer after chunk", at, sizeof(t), got + 4, err);
	if (egt_get32(t + 4) != egt_crc32c(0, t + 8, sizeof(t) - 8) ||
	    memcmp(t + 56, EGT_TRAILER_END, 8) != 0) {
		r->chunk_at = at;
		r->ended = r->o.skip_bad;
		return trace__damaged(r, "the checksum of the trailer does not match", err);
	}
	r->ended = true;
	eg_sha256_hex(t + 24, r->info.content_hash);
	EG_TRY(trace__get(r, &more, 1, &got, err));
	if (got)
		return eg_fail(err, EG_BAD_INPUT, "%s: there are bytes after the trailer, from byte %llu on", r->path,
			       (unsigned long long)r->offset - 1);
	r->info.total = egt_get64(t + 16);
	if (!r->o.no_index && !r->o.skip_bad && !r->o.keep_intact && !r->jumped && egt_get64(t + 8) != r->index_met &&
	    egt_get64(t + 8))
		return trace__wrong_index(r, egt_get64(t + 8), "there is none where the trailer puts it", err);
	if (r->info.total != r->ordinal && !r->info.bad_chunks)
		return eg_fail(err, EG_BAD_INPUT, "%s: %llu records were read, the trailer counts %llu", r->path,
			       (unsigned long long)r->ordinal, (unsigned long long)r->info.total);
	if (!r->o.verify || r->jumped || r->o.one_stream || r->info.bad_chunks || r->info.unknown)
		return EG_OK;
	egt_identity_final(&r->hash, digest);
	eg_sha256_hex(digest, hash);
	if (strcmp(hash, r->info.content_hash) != 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: the records hash to %.16s..., the trailer says %.16s...", r->path, hash,
			       r->info.content_hash);
	return EG_OK;
}

/* Slide forward byte by byte until 72 bytes are a whole chunk header, or the trailer begins. */
static eg_status resync(struct trace_reader *r, uint8_t head[EGT_CHUNK_HEADER], bool *found, struct eg_errors *err)
{
	size_t have = EGT_CHUNK_HEADER, got;
	struct egt_chunk c;

	*found = false;
	for (;;) {
		memmove(head, head + 1, --have);
		EG_TRY(trace__get(r, head + have, 1, &got, err));
		have += got;
		if (have < EGT_CHUNK_HEADER) {
			/* the trailer is shorter than a chunk header, and the last thing in a file */
			for (size_t i = 0; i + EGT_TRAILER_SIZE <= have; i++)
				if (i + EGT_TRAILER_SIZE == have && memcmp(head + i, EGT_TRAILER_MAGIC, 4) == 0)
					eg_sha256_hex(head + i + 24, r->info.content_hash);
			r->ended = true;
			return EG_OK;
		}
		if (memcmp(head, EGT_CHUNK_MAGIC, 4) == 0 && egt_chunk_unpack(&c, head)) {
			*found = true;
			return EG_OK;
		}
	}
}

/* Header of the next chunk into r->chunk; the trailer or the end sets r->ended. */
static eg_status read_chunk_header(struct trace_reader *r, bool *have, struct eg_errors *err)
{
	uint8_t head[EGT_CHUNK_HEADER], extra[EGT_CHUNK_HEADER_MAX];
	struct egt_chunk *c = &r->chunk;
	size_t got;

	*have = false;
	r->chunk_at = r->offset;
	EG_TRY(trace__get(r, head, 4, &got, err));
	if (got == 0)
		return truncated(r, "the trailer after chunk", r->chunk_at, EGT_TRAILER_SIZE, 0, err);
	if (got == 4 && memcmp(head, EGT_TRAILER_MAGIC, 4) == 0)
		return read_trailer(r, head, err);
	if (got == 4) {
		EG_TRY(trace__get(r, head + 4, sizeof(head) - 4, &got, err));
		got += 4;
	}
	if (got < sizeof(head))
		return truncated(r, "chunk", r->chunk_at, sizeof(head), got, err);
	if (!egt_chunk_unpack(c, head)) {
		EG_TRY(trace__damaged(r, "the checksum of its header does not match", err));
		if (r->ended)
			return EG_OK;
		EG_TRY(resync(r, head, have, err));
		if (!*have)
			return EG_OK;
		*have = false;
		r->chunk_at = r->offset - sizeof(head);
		if (!egt_chunk_unpack(c, head))
			return EG_OK;
	}
	if (c->header < EGT_CHUNK_HEADER || c->header > EGT_CHUNK_HEADER_MAX || c->raw > EGT_RAW_MAX ||
	    c->stored > EGT_RAW_MAX || c->records > c->raw)
		return trace__damaged(r, "its header is not plausible", err);
	EG_TRY(trace__get(r, extra, c->header - EGT_CHUNK_HEADER, &got, err));
	if (got < c->header - EGT_CHUNK_HEADER)
		return truncated(r, "chunk", r->chunk_at, (uint64_t)c->header + c->stored, got + EGT_CHUNK_HEADER, err);
	/* bytes of a longer header are covered by the payload's checksum */
	r->chunk.payload_crc ^= got ? egt_crc32c(0, extra, got) : 0;
	*have = true;
	return EG_OK;
}

/* The payload into r->raw; *good = false when the chunk was left out. */
static eg_status read_payload(struct trace_reader *r, bool *good, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;
	bool compressed = c->flags & EGT_CHUNK_COMPRESSED;
	uint8_t **to = compressed ? &r->stored : &r->raw;
	size_t got;

	*good = false;
	if (!trace__make_room(&r->raw, &r->raw_cap, c->raw) ||
	    !trace__make_room(to, compressed ? &r->stored_cap : &r->raw_cap, c->stored))
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for a chunk of %u bytes", r->path, c->raw);
	EG_TRY(trace__get(r, *to, c->stored, &got, err));
	if (got < c->stored)
		return truncated(r, "chunk", r->chunk_at, (uint64_t)c->header + c->stored, c->header + got, err);
	if (egt_crc32c(0, *to, c->stored) != c->payload_crc)
		return trace__damaged_chunk(r, c->flags & EGT_CHUNK_IGNORABLE, "the checksum of its payload does not match", err);
	if (c->flags & ~EGT_CHUNK_KNOWN) {
		r->info.newer = !(c->flags & EGT_CHUNK_IGNORABLE);
		return trace__damaged_chunk(r, c->flags & EGT_CHUNK_IGNORABLE, "its flags are not known; use a newer engram", err);
	}
	if (compressed) {
		size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, c->raw, r->stored, c->stored);

		if (ZSTD_isError(n) || n != c->raw)
			return trace__damaged_chunk(r, c->flags & EGT_CHUNK_IGNORABLE, "its payload does not decompress", err);
	} else if (c->raw != c->stored) {
		return trace__damaged_chunk(r, c->flags & EGT_CHUNK_IGNORABLE, "its lengths contradict each other", err);
	}
	*good = true;
	return EG_OK;
}

/* Over the payload. */
static eg_status skip_payload(struct trace_reader *r, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;
	uint64_t got;

	EG_TRY(trace__skip(r, c->stored, &got, err));
	if (got < c->stored)
		return truncated(r, "chunk", r->chunk_at, (uint64_t)c->header + c->stored, c->header + got, err);
	return EG_OK;
}

/* Is this chunk where its numbers say? EG_OK with *good = false: left out. */
static eg_status check_place(struct trace_reader *r, bool *good, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;

	*good = true;
	if (c->sequence != r->sequence) {
		if (!r->info.bad_chunks && !r->o.skip_bad) {
			*good = false;
			return trace__damaged(r, "a chunk before it is missing", err);
		}
		r->caps &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST) | TRACE_CAP(ORDER));
	}
	if (c->type != EGT_CHUNK_RECORDS)
		return EG_OK;
	if (c->ordinal != r->ordinal && !r->info.bad_chunks && !r->o.skip_bad) {
		*good = false;
		return trace__damaged(r, "records before it are missing", err);
	}
	if (r->split && c->stream == EGT_INTERLEAVED) {
		*good = false;
		return trace__damaged(r, "several streams in a chunk of a split trace", err);
	}
	return EG_OK;
}

bool trace__other_stream(const struct trace_reader *r, const struct egt_chunk *c, const void *ctx)
{
	const struct egt_index_entry *e = c->sequence < r->index.nr ? &r->index.entry[c->sequence] : NULL;

	(void)ctx;
	if (e && e->at == r->chunk_at && e->type == c->type && e->ordinal == c->ordinal && e->records == c->records &&
	    !egt_index_has(&r->index, (size_t)c->sequence, r->o.stream))
		return true;
	return c->stream != EGT_INTERLEAVED && c->stream != r->o.stream;
}

/* A chunk of a type that may be ignored, or not. */
static eg_status unknown_chunk(struct trace_reader *r, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;

	r->info.newer = !(c->flags & EGT_CHUNK_IGNORABLE);
	if (r->info.newer)
		return eg_fail(err, EG_BAD_INPUT, "%s: chunk %llu (byte %llu) is of type %u, which this engram does not know "
			       "and may not ignore; use a newer engram", r->path, (unsigned long long)c->sequence + 1,
			       (unsigned long long)r->chunk_at, c->type);
	r->info.unknown++;
	r->caps &= ~TRACE_CAP(COMPLETE);
	return EG_OK;
}

/* ---- chunk by chunk ------------------------------------------------------------------------------ */

/* Is the payload of no use here? What is not checked on the way is checked by `verify`. */
static bool passes_by(const struct trace_reader *r, const struct egt_chunk *c)
{
	if (c->type == EGT_CHUNK_STATE)
		return !r->o.verify && !(r->state && r->land);
	return c->type == EGT_CHUNK_INDEX && r->o.no_index;
}

/* A state chunk stands here. */
static void meet_state(struct trace_reader *r)
{
	if (r->before == EGT_CHUNK_STATE)
		return;
	r->bad_state = false;
	if (!r->index.nr)
		r->info.states++;
	if (r->info.bad_chunks && r->info.resumed == UINT64_MAX)
		r->info.resumed = r->chunk.ordinal;
}

static eg_status take_chunk(struct trace_reader *r, struct eg_errors *err)
{
	switch (r->chunk.type) {
	case EGT_CHUNK_RECORDS:
		return begin_records(r, err);
	case EGT_CHUNK_NAMES:
		return read_names(r, err);
	case EGT_CHUNK_METADATA:
		return read_meta(r, err);
	case EGT_CHUNK_STATE:
		return trace__take_state(r, err);
	case EGT_CHUNK_INDEX:
		return trace__take_index(r, err);
	default:
		return unknown_chunk(r, err);
	}
}

eg_status trace__one_chunk(struct trace_reader *r, trace_hop *hop, const void *ctx, struct eg_errors *err)
{
	struct egt_chunk *c = &r->chunk;
	bool have, good, whole = true, records, hopped;
	uint64_t bad;

	EG_TRY(read_chunk_header(r, &have, err));
	if (!have)
		return EG_OK;
	records = c->type == EGT_CHUNK_RECORDS;
	hopped = (records && hop && hop(r, c, ctx)) || passes_by(r, c);
	if (hopped)
		EG_TRY(skip_payload(r, err));
	else
		EG_TRY(read_payload(r, &whole, err));
	if (r->ended || (!whole && !(c->flags & EGT_CHUNK_IGNORABLE)))
		return EG_OK;
	EG_TRY(check_place(r, &good, err));
	if (!good)
		return EG_OK;
	if (c->type == EGT_CHUNK_STATE && whole)
		meet_state(r);
	bad = r->info.bad_chunks;
	if (hopped && records)
		trace__passed(r);
	else if (!hopped && whole)
		EG_TRY(take_chunk(r, err));
	if (r->land && records && bad == r->info.bad_chunks && r->before == EGT_CHUNK_STATE && !r->bad_state) {
		r->land = false;
		r->landed = true;
	}
	r->before = c->type;
	r->sequence = c->sequence + 1;
	return EG_OK;
}

eg_status trace__next_chunk(struct trace_reader *r, trace_hop *hop, const void *ctx, struct eg_errors *err)
{
	while (!r->open && !r->ended)
		EG_TRY(trace__one_chunk(r, hop, ctx, err));
	return EG_OK;
}
