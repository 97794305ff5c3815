/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - the container back into blocks.
 *
 *   1. The header and its metadata are checked at open. The file is read forward only, with read(2): a pipe
 *      does as well, and a child process opens its own.
 *   2. trace_next() alternates between runs of accesses, decoded straight into the block buffer, and
 *      items of the ops section, each of which says how many accesses stand before it.
 *   3. Damage is reported after everything before it has been delivered.
 *
 * What comes before a chunk's records can be decoded, and what is done about damage: reader_chunks.c.
 */
#include "workloads/trace/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/crc32c.h"

enum { BLOCK_DEFAULT = 8192 };

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
	r->io = eg_calloc(n > TRACE_IO_BUFFER ? n : TRACE_IO_BUFFER, 1);
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
		return trace__damaged(r, "its records do not fill it", err);
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
				r->failed = trace__next_chunk(r, err);
			if (r->failed != EG_OK || r->open)
				goto check;
			*b = (struct eg_block){ .kind = EG_BLOCK_END, .time = EG_TIME_NONE };
			return EG_OK;
		}
		if (r->want_gap && !take_gap(r)) {
			r->failed = trace__damaged(r, "malformed operations", err);
		} else if (r->run) {
			uint32_t nr = r->run < r->o.block ? r->run : r->o.block;

			if (codec_decode(&r->decoder, r->acc, nr)) {
				deliver_accesses(r, b, nr);
				return EG_OK;
			}
			r->failed = trace__damaged(r, "malformed accesses", err);
		} else if (r->ops == r->ops_end) {
			r->failed = end_chunk(r, err);
		} else if (!take_item(r, &op)) {
			r->failed = trace__damaged(r, "malformed operations", err);
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
