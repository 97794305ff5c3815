/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - the container back into blocks.
 *
 *   1. The header and its metadata are checked at open. The file is read forward, with read(2): a pipe does as
 *      well, and a child process opens its own.
 *   2. trace_next() alternates between runs of accesses, decoded straight into the block buffer, and
 *      items of the ops section, each of which says how many accesses stand before it.
 *   3. Damage is reported after everything before it has been delivered.
 *
 * What comes before a chunk's records can be decoded, and what is done about damage: reader_chunks.c. Going to
 * a place: reader_seek.c.
 */
#include "workloads/trace/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/items.h"

enum { BLOCK_DEFAULT = 8192 };

/* ---- header -------------------------------------------------------------------------------------- */

static eg_status not_a_container(struct trace_reader *r, const uint8_t *head, size_t got, struct eg_errors *err)
{
	static const struct {
		const char *name, *magic;
		size_t      size;
	} compressed[] = { { "gzip", "\037\213", 2 }, { "xz", "\3757zX", 4 }, { "bzip2", "BZh", 3 }, { "zstd", "\050\265\057\375", 4 } };

	if (got == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: the file is empty; an .egt trace begins with 93 45 47 54", r->path);
	if (got >= 5 && memcmp(head, "%egt ", 5) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: this is the text form of a trace"
			       "\nmake it binary with: engram trace convert %s -o OUT.egt", r->path, r->path);
	if (got >= 4 && memcmp(head, EGT_MAGIC, got < EGT_MAGIC_SIZE ? got : EGT_MAGIC_SIZE) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: truncated: the header needs %u bytes, %zu are there", r->path,
			       EGT_HEADER_SIZE, got);
	/* a text-mode transfer adds or drops CR and LF, an old mail gateway the eighth bit */
	if (got >= 4 && (memcmp(head, EGT_MAGIC, 4) == 0 || (got >= 5 && memcmp(head, "EGT\r\n", 5) == 0)))
		return eg_fail(err, EG_BAD_INPUT, "%s: an .egt trace that a transfer in text mode has changed"
			       "\ncopy it again as binary", r->path);
	for (unsigned i = 0; i < EG_ARRAY_LEN(compressed); i++)
		if (got >= 4 && memcmp(head, compressed[i].magic, compressed[i].size) == 0)
			return eg_fail(err, EG_BAD_INPUT, "%s: compressed with %s: only `engram trace convert` reads such files"
				       "\nmake it a trace with: engram trace convert %s -o OUT.egt", r->path, compressed[i].name, r->path);
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

	EG_TRY(trace__get(r, head, sizeof(head), &got, err));
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
	s = trace__get(r, text, len, &got, err);
	if (s == EG_OK && got < len)
		s = eg_fail(err, EG_BAD_INPUT, "%s: truncated: the metadata need %u bytes, %zu are there", r->path, len, got);
	crc = egt_crc32c(egt_crc32c(0, head, 20), text, len);
	if (s == EG_OK && crc != egt_get32(head + 20))
		s = eg_fail(err, EG_BAD_INPUT, "%s: damaged: the checksum of the header does not match", r->path);
	if (s == EG_OK && egt_get32(head + 12) & ~EGT_FLAG_SPLIT)
		s = eg_fail(err, EG_BAD_INPUT, "%s: header flags %#x are not known; use a newer engram", r->path,
			    egt_get32(head + 12));
	if (s == EG_OK) {
		s = egt_meta_parse(&r->meta, text, len);
		if (s != EG_OK)
			(void)eg_fail(err, s, "%s: malformed metadata in the header", r->path);
	}
	eg_free(text);
	r->split = r->info.split = egt_get32(head + 12) & EGT_FLAG_SPLIT;
	r->chunks_at = r->offset;
	r->caps = egt_capabilities_parse(egt_meta_get(&r->meta, "capabilities"));
	return s;
}

/* The identity of a regular file stands in its last bytes; a pipe's is known at its end. */
static void peek_trailer(struct trace_reader *r, uint64_t seen)
{
	uint8_t t[EGT_TRAILER_SIZE];
	struct stat st;
	off_t at;

	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	at = lseek(r->fd, 0, SEEK_CUR);
	if (at < 0 || (uint64_t)at < seen || st.st_size < at)
		return;
	r->seekable = true;
	r->base = (uint64_t)at - seen;
	r->size = (uint64_t)st.st_size - r->base;
	if (r->size >= r->chunks_at + sizeof(t) &&
	    pread(r->fd, t, sizeof(t), st.st_size - (off_t)sizeof(t)) == (ssize_t)sizeof(t) &&
	    memcmp(t, EGT_TRAILER_MAGIC, 4) == 0 && egt_get32(t + 4) == egt_crc32c(0, t + 8, sizeof(t) - 8)) {
		r->info.total = egt_get64(t + 16);
		r->index_at = r->o.no_index ? 0 : egt_get64(t + 8);
		eg_sha256_hex(t + 24, r->info.content_hash);
	}
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
	r->path = eg_strdup(path);
	r->io_end = n;
	r->io = eg_calloc(n > TRACE_IO_BUFFER ? n : TRACE_IO_BUFFER, 1);
	r->acc = eg_calloc(r->o.block, sizeof(*r->acc));
	r->zstd = ZSTD_createDCtx();
	if (!r->path || !r->io || !r->acc || !r->zstd)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (s == EG_OK) {
		memcpy(r->io, seen, n);
		s = read_header(r, err);
	}
	if (s == EG_OK) {
		peek_trailer(r, r->offset + (r->io_end - r->io_at));
		s = trace__load_index(r, err);
	}
	if (s == EG_OK) {
		egt_identity_init(&r->hash, r->split);
		r->info.resumed = UINT64_MAX;
		r->met_last = UINT32_MAX;
		*out = r;
	} else {
		trace_close(r);
	}
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
	egt_identity_free(&r->hash);
	eg_free(r->met.slot);
	egt_index_free(&r->index);
	trace_state_free(r->state);
	eg_free(r->queue);
	ZSTD_freeDCtx(r->zstd);
	eg_free(r->raw);
	eg_free(r->stored);
	eg_free(r->acc);
	eg_free(r->io);
	eg_free(r->path);
	eg_free(r);
}

/* ---- records ------------------------------------------------------------------------------------- */

/* How many accesses come before the next item; the last item is followed by the rest. */
static bool take_gap(struct trace_reader *r)
{
	uint64_t gap;

	r->want_gap = false;
	if (r->items.p == r->items.end) {
		r->run = r->acc_left;
		return true;
	}
	r->items.p = codec_get_varint(r->items.p, r->items.end, &gap);
	if (!r->items.p || r->items.p == r->items.end || gap > r->acc_left)
		return false;
	r->run = (uint32_t)gap;
	return true;
}

/* The item at the cursor, whose gap has been read; op->code stays EG_OP_NONE when it is no op. */
static bool take_item(struct trace_reader *r, struct eg_op *op)
{
	enum egt_item kind = egt_take_item(&r->items, op);

	r->want_gap = true;
	if (EG_LIKELY(kind == EGT_ITEM_OP))
		return op->name <= r->nr_names;
	op->code = EG_OP_NONE;
	if (kind == EGT_ITEM_STATE)
		return !r->split || r->items.stream == r->chunk.stream;
	if (kind == EGT_ITEM_BAD)
		return false;
	r->info.unknown++;                      /* of a newer minor version */
	r->taken += kind == EGT_ITEM_UNKNOWN_OP;
	r->caps &= ~TRACE_CAP(COMPLETE);
	return true;
}

static eg_status end_chunk(struct trace_reader *r, struct eg_errors *err)
{
	r->open = false;
	if (!codec_decode_done(&r->decoder) || r->taken != r->chunk.records)
		return trace__damaged(r, "its records do not fill it", err);
	r->info.chunks++;
	r->info.raw_bytes += r->chunk.raw;
	r->info.stored_bytes += r->chunk.stored;
	trace__passed(r);
	return EG_OK;
}

static void take_accesses(struct trace_reader *r, struct eg_block *b, uint32_t nr)
{
	r->run -= nr;
	r->acc_left -= nr;
	r->taken += nr;
	b->kind = EG_BLOCK_ACCESS;
	b->stream = r->items.stream;
	b->nr = nr;
	b->acc = r->acc;
	b->time = r->items.time;
}

static void take_op(struct trace_reader *r, struct eg_block *b, const struct eg_op *op)
{
	r->taken++;
	b->kind = EG_BLOCK_OP;
	b->stream = op->stream;
	b->nr = 0;
	b->acc = NULL;
	b->time = op->time;
	b->op = *op;
}

/* Hot: once per block, so it is inlined into trace_next(). */
static EG_ALWAYS_INLINE eg_status in_chunk(struct trace_reader *r, uint32_t max, struct eg_block *b, bool *got,
					   struct eg_errors *err)
{
	struct eg_op op;

	*got = true;
	for (;;) {
		if (r->want_gap && !take_gap(r))
			break;
		if (r->run) {
			uint32_t nr = r->run < max ? r->run : max;

			if (!codec_decode(&r->decoder, r->acc, nr)) {
				*got = false;
				return trace__damaged(r, "malformed accesses", err);
			}
			take_accesses(r, b, nr);
			return EG_OK;
		}
		if (r->items.p == r->items.end) {
			*got = false;
			return end_chunk(r, err);
		}
		if (!take_item(r, &op))
			break;
		if (op.code != EG_OP_NONE) {
			take_op(r, b, &op);
			return EG_OK;
		}
	}
	*got = false;
	return trace__damaged(r, "malformed operations", err);
}

eg_status trace__in_chunk(struct trace_reader *r, uint32_t max, struct eg_block *b, bool *got, struct eg_errors *err)
{
	return in_chunk(r, max, b, got, err);
}

static eg_status hashed(struct trace_reader *r, const struct eg_block *b, struct eg_errors *err)
{
	eg_status s;

	if (b->kind == EG_BLOCK_OP)
		s = egt_identity_op(&r->hash, &b->op, trace_name(r, b->op.name));
	else
		s = egt_identity_accesses(&r->hash, b->stream, b->time, b->acc, b->nr);
	if (s == EG_USAGE)
		return eg_fail(err, EG_BAD_INPUT, "%s: a split trace has at most %u streams, this one has more", r->path,
			       EGT_SPLIT_MAX);
	return s == EG_OK ? s : eg_fail(err, s, "%s: out of memory for a stream's hash", r->path);
}

eg_status trace_next(struct trace_reader *r, struct eg_block *b, struct eg_errors *err)
{
	trace_hop *hop = r->o.one_stream ? trace__other_stream : NULL;

	if (r->failed != EG_OK)
		return eg_fail(err, r->failed, "%s: read on after an error", r->path);
	if (EG_UNLIKELY(r->queued) && trace__queued(r, b))
		return EG_OK;
	for (;;) {
		bool got;

		if (!r->open) {
			if (!r->ended)
				r->failed = trace__next_chunk(r, hop, NULL, err);
			if (r->failed != EG_OK)
				return r->failed;
			if (!r->open) {
				*b = (struct eg_block){ .kind = EG_BLOCK_END, .time = EG_TIME_NONE };
				return EG_OK;
			}
		}
		r->failed = in_chunk(r, r->o.block, b, &got, err);
		if (r->failed != EG_OK)
			return r->failed;
		if (!got || (r->o.one_stream && b->stream != r->o.stream))
			continue;
		r->info.records += b->kind == EG_BLOCK_OP ? 1 : b->nr;
		if (EG_UNLIKELY(b->stream != r->met_last)) {
			r->met_last = b->stream;
			(void)egt_streams_add(&r->met, b->stream);      /* too many: a count that stays low */
		}
		return r->o.verify && !r->jumped ? (r->failed = hashed(r, b, err)) : EG_OK;
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
	if (!info->streams)
		info->streams = r->met.nr;
	info->indexed = r->index.nr != 0;
}

const struct trace_ops trace_egt_ops = {
	.open = trace_open,
	.next = trace_next,
	.close = trace_close,
	.capabilities = trace_capabilities,
	.metadata = trace_metadata,
	.seek = trace_seek,
	.info = trace_reader_info,
};
