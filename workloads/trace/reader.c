/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - the container back into blocks.
 *
 *   1. The header and its metadata are checked at open. The file is read forward only, chunk by chunk,
 *      with read(2): a pipe does as well, and a child process opens its own.
 *   2. A chunk is believed after its two CRCs: nothing is allocated by a length that has not been bounded,
 *      nothing is decoded past the sections that the payload announces.
 *   3. trace_next() alternates between runs of accesses, decoded straight into the block buffer, and
 *      items of the ops section, each of which says how many accesses stand before it.
 *   4. Damage is reported after everything before it has been delivered. keep_intact calls it the end;
 *      skip_bad looks for the next chunk whose header is whole.
 *
 * A file without its trailer was cut, even if the cut fell between two chunks: the writer emits the
 * trailer on pipes too.
 */
#include "workloads/trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "sim/base/check.h"
#include "sim/base/mem.h"
#include "workloads/trace/codec.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"

enum { IO_BUFFER = 128 * 1024, BLOCK_DEFAULT = 8192 };

struct trace_reader {
	char    *path;                  /* for messages */
	int      fd;
	struct trace_open_options o;
	uint8_t *io;                    /* IO_BUFFER bytes, [io_at, io_end) not yet used */
	size_t   io_at, io_end;
	uint64_t offset;                /* of the next byte the file */

	unsigned minor;
	struct egt_meta meta;
	uint32_t caps;
	char   **name;                  /* text of id i + 1 */
	size_t   nr_names, cap_names;

	struct egt_chunk chunk;         /* the open chunk */
	uint64_t chunk_at;              /* its offset     */
	bool     open;                  /* records of it are left */
	uint8_t *raw, *stored;
	size_t   raw_cap, stored_cap;
	ZSTD_DCtx *zstd;
	struct codec_decoder decoder;
	const uint8_t *ops, *ops_end;   /* cursor in the ops section */
	uint32_t acc_left;              /* accesses of the chunk not delivered           */
	uint32_t run;                   /* of them, before the item at the cursor        */
	bool     want_gap;              /* `run` must be read first                      */
	uint64_t taken;                 /* records of the chunk delivered                */
	bool     unknown_ops;           /* of the chunk: its count includes them         */
	uint32_t stream;
	eg_time  time;

	uint64_t *acc;                  /* block buffer */
	uint64_t sequence;              /* expected next */
	bool     ended;
	eg_status failed;               /* sticky */
	struct trace_reader_info info;
	eg_time  last_time;             /* latest time of the intact chunks */
	struct egt_hash hash;
};

/* ---- bytes --------------------------------------------------------------------------------------- */

/* Up to n bytes into p; fewer only at the end of the file. */
static eg_status get(struct trace_reader *r, void *p, size_t n, size_t *got, struct eg_errors *err)
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
		if (want >= IO_BUFFER) {
			k = read(r->fd, to + *got, want);
		} else {
			k = read(r->fd, r->io, IO_BUFFER);
			r->io_at = 0;
			r->io_end = k > 0 ? (size_t)k : 0;
		}
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return eg_fail_errno(err, true, "%s: cannot read", r->path);
		if (k == 0)
			return EG_OK;
		if (want >= IO_BUFFER) {
			r->offset += (uint64_t)k;
			*got += (size_t)k;
		}
	}
	return EG_OK;
}

/* Room for n bytes and the slack that the decoder may read beyond them. */
static bool room(uint8_t **p, size_t *cap, size_t n)
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

/* ---- header -------------------------------------------------------------------------------------- */

static eg_status not_a_container(struct trace_reader *r, const uint8_t *head, size_t got, struct eg_errors *err)
{
	static const uint8_t mangled[] = { 0x93, 'E', 'G', 'T', '\n' };

	if (got == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: the file is empty; an .egt trace begins with 93 45 47 54", r->path);
	if (got >= sizeof(mangled) && memcmp(head, mangled, sizeof(mangled)) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: an .egt trace whose line ends were changed by a transfer in text mode"
			       "\ncopy it again as binary", r->path);
	if (got >= 5 && memcmp(head, "%egt ", 5) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: this is the text form of a trace"
			       "\nmake it binary with: engram trace convert %s -o OUT.egt", r->path, r->path);
	if (got >= 4 && memcmp(head, EGT_MAGIC, got < EGT_MAGIC_SIZE ? got : EGT_MAGIC_SIZE) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: truncated: the header needs %u bytes, %zu are there", r->path,
			       EGT_HEADER_SIZE, got);
	return eg_fail(err, EG_BAD_INPUT, "%s: not an .egt trace (it begins with %02x %02x %02x %02x, an .egt with 93 45 47 54)"
		       "\nimport other formats with: engram trace convert %s -o OUT.egt", r->path,
		       head[0], got > 1 ? head[1] : 0u, got > 2 ? head[2] : 0u, got > 3 ? head[3] : 0u, r->path);
}

static eg_status read_header(struct trace_reader *r, struct eg_errors *err)
{
	uint8_t head[EGT_HEADER_SIZE];
	uint32_t len, crc;
	size_t got;
	char *text;
	eg_status s;

	EG_TRY(get(r, head, sizeof(head), &got, err));
	if (got < EGT_MAGIC_SIZE || memcmp(head, EGT_MAGIC, EGT_MAGIC_SIZE) != 0 || got < sizeof(head))
		return not_a_container(r, head, got, err);
	r->info.major = egt_get16(head + 8);
	r->info.minor = egt_get16(head + 10);
	if (r->info.major > EGT_MAJOR)
		return eg_fail(err, EG_BAD_INPUT, "%s: format version %u.%u; this engram reads up to %u.x; use a newer engram, "
			       "or convert with: engram trace convert --egt-version %u", r->path, r->info.major,
			       r->info.minor, EGT_MAJOR, EGT_MAJOR);
	len = egt_get32(head + 16);
	if (r->info.major == 0 || len > EGT_META_MAX)
		return eg_fail(err, EG_BAD_INPUT, "%s: damaged header (version %u.%u, %u bytes of metadata)", r->path,
			       r->info.major, r->info.minor, len);
	text = eg_calloc(len + 1, 1);
	if (!text)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", r->path);
	s = get(r, text, len, &got, err);
	if (s == EG_OK && got < len)
		s = eg_fail(err, EG_BAD_INPUT, "%s: truncated: the metadata need %u bytes, %zu are there", r->path, len, got);
	crc = egt_crc32c(egt_crc32c(0, head, 20), text, len);
	if (s == EG_OK && crc != egt_get32(head + 20))
		s = eg_fail(err, EG_BAD_INPUT, "%s: damaged: the checksum of the header does not match", r->path);
	if (s == EG_OK && egt_get32(head + 12) != 0)
		s = eg_fail(err, EG_BAD_INPUT, "%s: header flags %#x are not known; use a newer engram", r->path,
			    egt_get32(head + 12));
	if (s == EG_OK) {
		s = egt_meta_parse(&r->meta, text, len);
		if (s != EG_OK)
			(void)eg_fail(err, s, "%s: malformed metadata in the header", r->path);
	}
	eg_free(text);
	r->caps = egt_capabilities_parse(egt_meta_get(&r->meta, "capabilities"));
	return s;
}

/* The identity of a regular file stands in its last bytes; a pipe's is known at its end. */
static void peek_trailer(struct trace_reader *r)
{
	uint8_t t[EGT_TRAILER_SIZE];
	struct stat st;

	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(t))
		return;
	if (pread(r->fd, t, sizeof(t), st.st_size - (off_t)sizeof(t)) == (ssize_t)sizeof(t) &&
	    memcmp(t, EGT_TRAILER_MAGIC, 4) == 0 && egt_get32(t + 4) == egt_crc32c(0, t + 8, sizeof(t) - 8))
		eg_sha256_hex(t + 24, r->info.content_hash);
}

/* fd and the n bytes already read from it (0: none). */
static eg_status open_fd(struct trace_reader **out, const char *path, int fd, const uint8_t *seen, size_t n,
			 const struct trace_open_options *o, struct eg_errors *err)
{
	struct trace_reader *r = eg_calloc(1, sizeof(*r));
	eg_status s = EG_OK;

	*out = NULL;
	if (!r) {
		if (fd > STDIN_FILENO)
			(void)close(fd);
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	}
	if (o)
		r->o = *o;
	if (!r->o.block)
		r->o.block = BLOCK_DEFAULT;
	r->fd = fd;
	r->last_time = EG_TIME_NONE;
	egt_hash_init(&r->hash);
	r->path = eg_strdup(path);
	r->io_end = n;
	r->io = eg_calloc(n > IO_BUFFER ? n : IO_BUFFER, 1);
	r->acc = eg_calloc(r->o.block, sizeof(*r->acc));
	r->zstd = ZSTD_createDCtx();
	if (!r->path || !r->io || !r->acc || !r->zstd)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (s == EG_OK) {
		memcpy(r->io, seen, n);
		s = read_header(r, err);
	}
	if (s == EG_OK)
		peek_trailer(r);
	if (s == EG_OK)
		*out = r;
	else
		trace_close(r);
	return s;
}

eg_status trace_open(struct trace_reader **out, const char *path, const struct trace_open_options *o,
		     struct eg_errors *err)
{
	bool in = strcmp(path, "-") == 0;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*out = NULL;
	if (fd < 0)
		return eg_fail_errno(err, true, "%s: cannot open", path);
	return open_fd(out, in ? "standard input" : path, fd, (const uint8_t *)"", 0, o, err);
}

eg_status trace_open_input(struct trace_reader **out, struct input *in, const struct trace_open_options *o,
			   struct eg_errors *err)
{
	int fd;

	*out = NULL;
	if (in->codec)
		return eg_fail(err, EG_BAD_INPUT, "%s: an .egt trace inside a %s file; decompress it first (an .egt is "
			       "compressed inside)", in->path, in->compression);
	fd = in->fd == STDIN_FILENO ? in->fd : fcntl(in->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return eg_fail_errno(err, false, "%s: cannot open", in->path);
	return open_fd(out, in->path, fd, in->p, (size_t)(in->end - in->p), o, err);
}

void trace_close(struct trace_reader *r)
{
	if (!r)
		return;
	if (r->fd > STDIN_FILENO)
		(void)close(r->fd);
	egt_meta_free(&r->meta);
	for (size_t i = 0; i < r->nr_names; i++)
		eg_free(r->name[i]);
	eg_free(r->name);
	ZSTD_freeDCtx(r->zstd);
	eg_free(r->raw);
	eg_free(r->stored);
	eg_free(r->acc);
	eg_free(r->io);
	eg_free(r->path);
	eg_free(r);
}

/* ---- damage -------------------------------------------------------------------------------------- */

/* "N chunks (M records, up to T s) are intact" */
static void intact_text(const struct trace_reader *r, char *buf, size_t size)
{
	uint64_t chunks = r->info.chunks, records = r->info.records;
	int n = snprintf(buf, size, "%llu chunk%s (%llu records", (unsigned long long)chunks, chunks == 1 ? "" : "s",
			 (unsigned long long)records);

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

static eg_status damaged(struct trace_reader *r, const char *why, struct eg_errors *err)
{
	char intact[160];

	r->open = false;
	if (r->o.skip_bad) {
		r->info.bad_chunks++;
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

/* ---- chunks -------------------------------------------------------------------------------------- */

static eg_status read_names(struct trace_reader *r, struct eg_errors *err)
{
	const uint8_t *p = r->raw, *end = r->raw + r->chunk.raw;
	uint64_t id, len;

	p = codec_get_varint(p, end, &id);
	/* a chunk left out by skip_bad may have held names: number on with empty ones */
	while (p && r->o.skip_bad && r->info.bad_chunks && id > r->nr_names + 1 && id <= EGT_NAMES_MAX) {
		char **slot = eg_grow((void **)&r->name, &r->nr_names, &r->cap_names, sizeof(*r->name));

		if (!slot)
			return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for names", r->path);
	}
	if (!p || id != r->nr_names + 1)
		return damaged(r, "names out of order", err);
	while (p < end) {
		char **slot;

		p = codec_get_varint(p, end, &len);
		if (!p || len > EGT_NAME_MAX || len > (uint64_t)(end - p) || r->nr_names == EGT_NAMES_MAX ||
		    memchr(p, '\0', len))
			return damaged(r, "malformed names", err);
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
		return damaged(r, "malformed metadata", err);
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
		return damaged(r, "too short for records", err);
	acc = egt_get32(p);
	dict = egt_get32(p + 4);
	data = egt_get32(p + 8);
	ops = egt_get32(p + 12);
	if (EGT_RECORDS_HEAD + acc + dict + data + ops != r->chunk.raw || acc > r->chunk.records)
		return damaged(r, "the sections do not fill it", err);
	p += EGT_RECORDS_HEAD;
	if (!codec_decode_begin(&r->decoder, p, (uint32_t)dict, p + dict, (uint32_t)acc, p + dict + acc, (uint32_t)data))
		return damaged(r, "malformed dictionary", err);
	r->ops = p + dict + acc + data;
	r->ops_end = r->ops + ops;
	r->acc_left = (uint32_t)acc;
	r->want_gap = true;
	r->taken = 0;
	r->unknown_ops = false;
	r->stream = 0;
	r->time = EG_TIME_NONE;
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
	EG_TRY(get(r, t + 4, sizeof(t) - 4, &got, err));
	if (got < sizeof(t) - 4)
		return truncated(r, "the trailer after chunk", at, sizeof(t), got + 4, err);
	if (egt_get32(t + 4) != egt_crc32c(0, t + 8, sizeof(t) - 8) ||
	    memcmp(t + 56, EGT_TRAILER_END, 8) != 0) {
		r->chunk_at = at;
		r->ended = r->o.skip_bad;
		return damaged(r, "the checksum of the trailer does not match", err);
	}
	r->ended = true;
	eg_sha256_hex(t + 24, r->info.content_hash);
	EG_TRY(get(r, &more, 1, &got, err));
	if (got)
		return eg_fail(err, EG_BAD_INPUT, "%s: there are bytes after the trailer, from byte %llu on", r->path,
			       (unsigned long long)r->offset - 1);
	if (egt_get64(t + 16) != r->info.records && !r->info.bad_chunks && !r->info.unknown)
		return eg_fail(err, EG_BAD_INPUT, "%s: %llu records were read, the trailer counts %llu", r->path,
			       (unsigned long long)r->info.records, (unsigned long long)egt_get64(t + 16));
	if (!r->o.verify || r->info.bad_chunks || r->info.unknown)
		return EG_OK;
	egt_hash_final(&r->hash, digest);
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
		EG_TRY(get(r, head + have, 1, &got, err));
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
	EG_TRY(get(r, head, 4, &got, err));
	if (got == 0)
		return truncated(r, "the trailer after chunk", r->chunk_at, EGT_TRAILER_SIZE, 0, err);
	if (got == 4 && memcmp(head, EGT_TRAILER_MAGIC, 4) == 0)
		return read_trailer(r, head, err);
	if (got == 4) {
		EG_TRY(get(r, head + 4, sizeof(head) - 4, &got, err));
		got += 4;
	}
	if (got < sizeof(head))
		return truncated(r, "chunk", r->chunk_at, sizeof(head), got, err);
	if (!egt_chunk_unpack(c, head)) {
		EG_TRY(damaged(r, "the checksum of its header does not match", err));
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
		return damaged(r, "its header is not plausible", err);
	EG_TRY(get(r, extra, c->header - EGT_CHUNK_HEADER, &got, err));
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
	if (!room(&r->raw, &r->raw_cap, c->raw) || !room(to, compressed ? &r->stored_cap : &r->raw_cap, c->stored))
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for a chunk of %u bytes", r->path, c->raw);
	EG_TRY(get(r, *to, c->stored, &got, err));
	if (got < c->stored)
		return truncated(r, "chunk", r->chunk_at, (uint64_t)c->header + c->stored, c->header + got, err);
	if (egt_crc32c(0, *to, c->stored) != c->payload_crc)
		return damaged(r, "the checksum of its payload does not match", err);
	if (c->flags & ~EGT_CHUNK_KNOWN)
		return damaged(r, "its flags are not known; use a newer engram", err);
	if (compressed) {
		size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, c->raw, r->stored, c->stored);

		if (ZSTD_isError(n) || n != c->raw)
			return damaged(r, "its payload does not decompress", err);
	} else if (c->raw != c->stored) {
		return damaged(r, "its lengths contradict each other", err);
	}
	*good = true;
	return EG_OK;
}

/* Read on to the next records chunk, or to the end. */
static eg_status next_chunk(struct trace_reader *r, struct eg_errors *err)
{
	while (!r->open && !r->ended) {
		struct egt_chunk *c = &r->chunk;
		bool have, good;

		EG_TRY(read_chunk_header(r, &have, err));
		if (!have)
			continue;
		EG_TRY(read_payload(r, &good, err));
		if (!good)
			continue;
		if (c->sequence != r->sequence) {
			if (!r->info.bad_chunks && !r->o.skip_bad) {
				EG_TRY(damaged(r, "a chunk before it is missing", err));
				continue;
			}
			r->caps &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST) | TRACE_CAP(ORDER));
		}
		r->sequence = c->sequence;
		switch (c->type) {
		case EGT_CHUNK_RECORDS:
			EG_TRY(begin_records(r, err));
			break;
		case EGT_CHUNK_NAMES:
			EG_TRY(read_names(r, err));
			break;
		case EGT_CHUNK_METADATA:
			EG_TRY(read_meta(r, err));
			break;
		default:
			if (!(c->flags & EGT_CHUNK_IGNORABLE))
				return eg_fail(err, EG_BAD_INPUT, "%s: chunk %llu (byte %llu) is of type %u, which this engram "
					       "does not know and may not ignore; use a newer engram", r->path,
					       (unsigned long long)c->sequence + 1, (unsigned long long)r->chunk_at, c->type);
			r->info.unknown++;
			r->caps &= ~TRACE_CAP(COMPLETE);
		}
		r->sequence = c->sequence + 1;
	}
	return EG_OK;
}

/* ---- records ------------------------------------------------------------------------------------- */

static bool op_payload(struct eg_op *op, const uint8_t *p, const uint8_t *end)
{
	uint64_t v;

	if (p == end)
		return false;
	op->flags = *p++;
	p = codec_get_varint(p, end, &v);
	if (!p || v > UINT32_MAX)
		return false;
	op->name = (uint32_t)v;
	for (unsigned i = 0; p < end; i++) {
		if (i == EG_OP_ARGS)
			return false;
		p = codec_get_varint(p, end, &op->arg[i]);
		if (!p)
			return false;
	}
	return true;
}

/* The item at the cursor, whose gap has been read: changes the state, or fills *op. False when malformed. */
static bool take_item(struct trace_reader *r, struct eg_op *op)
{
	const uint8_t *p = r->ops, *end;
	uint64_t len, v = 0;
	unsigned tag;

	op->code = EG_OP_NONE;
	r->want_gap = true;
	tag = *p++;
	p = codec_get_varint(p, r->ops_end, &len);
	if (!p || len > (uint64_t)(r->ops_end - p))
		return false;
	end = p + len;
	r->ops = end;
	if (tag == EGT_TAG_STREAM) {
		p = codec_get_varint(p, end, &v);
		if (p != end || v >= UINT32_MAX)
			return false;
		r->stream = (uint32_t)v;
		return true;
	}
	if (tag == EGT_TAG_TIME) {
		p = codec_get_varint(p, end, &v);
		if (p != end)
			return false;
		r->time = (r->time == EG_TIME_NONE ? 0 : r->time) + codec_unzigzag(v);
		return true;
	}
	if (tag == EGT_TAG_NO_TIME) {
		r->time = EG_TIME_NONE;
		return len == 0;
	}
	if (!eg_op_name(tag)) {                 /* of a newer minor version */
		r->info.unknown++;
		r->unknown_ops = true;
		r->caps &= ~TRACE_CAP(COMPLETE);
		return tag != 0;
	}
	*op = (struct eg_op){ .code = (uint8_t)tag, .stream = r->stream, .time = r->time };
	return op_payload(op, p, end) && op->name <= r->nr_names;
}

/* How many accesses come before the next item; the last item is followed by the rest. */
static bool take_gap(struct trace_reader *r)
{
	uint64_t gap;

	r->want_gap = false;
	if (r->ops == r->ops_end) {
		r->run = r->acc_left;
		return true;
	}
	r->ops = codec_get_varint(r->ops, r->ops_end, &gap);
	if (!r->ops || r->ops == r->ops_end || gap > r->acc_left)
		return false;
	r->run = (uint32_t)gap;
	return true;
}

static eg_status end_chunk(struct trace_reader *r, struct eg_errors *err)
{
	r->open = false;
	if (!codec_decode_done(&r->decoder) || (r->taken != r->chunk.records && !r->unknown_ops))
		return damaged(r, "its records do not fill it", err);
	r->info.chunks++;
	r->info.raw_bytes += r->chunk.raw;
	r->info.stored_bytes += r->chunk.stored;
	if (r->time != EG_TIME_NONE)
		r->last_time = r->time;
	return EG_OK;
}

static void deliver_accesses(struct trace_reader *r, struct eg_block *b, uint32_t nr)
{
	r->run -= nr;
	r->acc_left -= nr;
	r->taken += nr;
	r->info.records += nr;
	b->kind = EG_BLOCK_ACCESS;
	b->stream = r->stream;
	b->nr = nr;
	b->acc = r->acc;
	b->time = r->time;
	if (r->o.verify)
		egt_hash_accesses(&r->hash, r->stream, r->time, r->acc, nr);
}

static void deliver_op(struct trace_reader *r, struct eg_block *b, const struct eg_op *op)
{
	r->taken++;
	r->info.records++;
	b->kind = EG_BLOCK_OP;
	b->stream = op->stream;
	b->nr = 0;
	b->acc = NULL;
	b->time = op->time;
	b->op = *op;
	if (r->o.verify)
		egt_hash_op(&r->hash, op, trace_name(r, op->name));
}

eg_status trace_next(struct trace_reader *r, struct eg_block *b, struct eg_errors *err)
{
	struct eg_op op;

	if (r->failed != EG_OK)
		return eg_fail(err, r->failed, "%s: read on after an error", r->path);
	for (;;) {
		if (!r->open) {
			if (!r->ended)
				r->failed = next_chunk(r, err);
			if (r->failed != EG_OK || r->open)
				goto check;
			*b = (struct eg_block){ .kind = EG_BLOCK_END, .time = EG_TIME_NONE };
			return EG_OK;
		}
		if (r->want_gap && !take_gap(r)) {
			r->failed = damaged(r, "malformed operations", err);
		} else if (r->run) {
			uint32_t nr = r->run < r->o.block ? r->run : r->o.block;

			if (codec_decode(&r->decoder, r->acc, nr)) {
				deliver_accesses(r, b, nr);
				return EG_OK;
			}
			r->failed = damaged(r, "malformed accesses", err);
		} else if (r->ops == r->ops_end) {
			r->failed = end_chunk(r, err);
		} else if (!take_item(r, &op)) {
			r->failed = damaged(r, "malformed operations", err);
		} else if (op.code != EG_OP_NONE) {
			deliver_op(r, b, &op);
			return EG_OK;
		}
check:
		if (r->failed != EG_OK)
			return r->failed;
	}
}

/* ---- questions ----------------------------------------------------------------------------------- */

uint32_t trace_capabilities(const struct trace_reader *r)
{
	return r->caps;
}

const char *trace_metadata(const struct trace_reader *r, const char *key)
{
	return egt_meta_get(&r->meta, key);
}

bool trace_metadata_at(const struct trace_reader *r, unsigned i, const char **key, const char **value)
{
	if (i >= r->meta.nr)
		return false;
	*key = r->meta.pair[i].key;
	*value = r->meta.pair[i].value;
	return true;
}

const char *trace_name(const struct trace_reader *r, uint32_t id)
{
	return id && id <= r->nr_names && r->name[id - 1] ? r->name[id - 1] : "";
}

uint32_t trace_names(const struct trace_reader *r)
{
	return (uint32_t)r->nr_names;
}

void trace_reader_info(const struct trace_reader *r, struct trace_reader_info *info)
{
	*info = r->info;
}

const struct trace_ops trace_egt_ops = {
	.open = trace_open,
	.next = trace_next,
	.close = trace_close,
	.capabilities = trace_capabilities,
	.metadata = trace_metadata,
};
