/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer - records in, a container or its text twin out.
 *
 *   1. Accesses gather in an array, ops as bytes of the ops section with the number of accesses before
 *      each, until the chunk is full; then both are coded, compressed, and written. Where chunks end
 *      depends on the records and on chunk_bytes alone.
 *   2. Output goes to a temporary name beside the target and is renamed when it is complete and on disk;
 *      whatever goes wrong before that leaves no file behind.
 *   3. A deferred writer sends the records to a scratch file first. Metadata, capabilities and ops flagged
 *      init may then come at any time: finish() writes the header, the init chunk, and copies the rest,
 *      renumbering the chunks.
 *   4. The first failure sticks: later calls return it at once, finish() reports it.
 *
 * A writer on a pipe cannot go back: metadata set after the first record go into a chunk at the end.
 */
#include "workloads/trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "sim/base/mem.h"
#include "workloads/trace/codec.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/twin.h"

struct name_slot {
	uint32_t id;                    /* 0 = empty */
	uint32_t hash;
};

struct trace_writer {
	struct trace_write_options o;
	char    *path, *tmp;            /* tmp NULL: standard output                        */
	int      out, scratch;          /* scratch -1: straight to `out`                    */
	int      to;                    /* where records go: one of the two                 */
	eg_status failed;               /* first failure                                    */
	struct eg_errors err;

	struct egt_meta meta, late;     /* late: set after the header was written           */
	bool     started;               /* the header is out, or a record was taken (defer) */
	bool     records_begun;         /* a record that is not init has been taken         */
	struct eg_op *init;             /* deferred init ops                                */
	size_t   nr_init, cap_init;

	char   **name;                  /* text of id i + 1                                 */
	size_t   nr_names, cap_names;
	size_t   names_out;             /* of them, already in a names chunk                */
	struct name_slot *slot;         /* hash table, power of two                         */
	size_t   nr_slots;

	uint64_t *acc;                  /* the open chunk                                   */
	uint32_t  nr_acc, max_acc;
	struct eg_str ops;
	uint32_t  nr_ops;               /* records among the items of `ops`                 */
	uint64_t  gap;                  /* accesses since the last item                     */
	uint32_t  stream;               /* state of the chunk's coder                       */
	eg_time   time;
	bool      mixed;                /* several streams in the chunk                     */
	uint32_t  chunk_stream;
	eg_time   first_time;
	bool      chunk_init;           /* the open chunk holds init ops                    */

	eg_time   now;                  /* time of the accesses to come                     */
	uint64_t  sequence, ordinal;
	struct egt_hash hash;

	struct codec_encoder *encoder;
	ZSTD_CCtx *zstd;
	uint8_t *raw, *stored;
	size_t   raw_cap, stored_cap;

	struct twin_state twin;         /* text output */
	struct eg_str     text;
};

#define FAIL(w, ...) ((w)->failed = eg_fail(&(w)->err, __VA_ARGS__))

static const char *shown_path(const struct trace_writer *w)
{
	return w->tmp ? w->path : "standard output";
}

/* ---- bytes out ----------------------------------------------------------------------------------- */

static eg_status put_fd(struct trace_writer *w, int fd, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n && w->failed == EG_OK) {
		ssize_t got = write(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", shown_path(w));
			break;
		}
		p += got;
		n -= (size_t)got;
	}
	return w->failed;
}

/* A file that nobody else sees, in the directory of the target (or TMPDIR for standard output). */
static int open_scratch(const char *beside)
{
	const char *dir = getenv("TMPDIR"), *slash = beside ? strrchr(beside, '/') : NULL;
	struct eg_str name = { 0 };
	int fd;

	if (beside && slash)
		eg_str_addn(&name, beside, (size_t)(slash - beside) + 1);
	else if (beside)
		eg_str_add(&name, "./");
	else
		eg_str_addf(&name, "%s/", dir && *dir ? dir : "/tmp");
	eg_str_add(&name, ".engram-XXXXXX");
	if (name.failed) {
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(name.p, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name.p);
	eg_str_free(&name);
	return fd;
}

static bool room(uint8_t **p, size_t *cap, size_t need)
{
	uint8_t *bigger;

	if (need <= *cap)
		return true;
	bigger = eg_realloc(*p, need, 1);
	if (!bigger)
		return false;
	*p = bigger;
	*cap = need;
	return true;
}

/* ---- chunks -------------------------------------------------------------------------------------- */

/* Compress w->raw[0..raw) if that helps, and write it as a chunk. */
static eg_status put_chunk(struct trace_writer *w, int fd, struct egt_chunk *c, size_t raw)
{
	uint8_t header[EGT_CHUNK_HEADER];
	const uint8_t *payload = w->raw;
	size_t stored = raw;

	if (w->o.level > 0) {
		if (!room(&w->stored, &w->stored_cap, ZSTD_compressBound(raw)))
			return FAIL(w, EG_NO_MEMORY, "out of memory for a chunk of %zu bytes", raw);
		stored = ZSTD_compress2(w->zstd, w->stored, w->stored_cap, w->raw, raw);
		if (ZSTD_isError(stored))
			return FAIL(w, EG_NO_MEMORY, "%s: zstd: %s", shown_path(w), ZSTD_getErrorName(stored));
		if (stored < raw) {
			payload = w->stored;
			c->flags |= EGT_CHUNK_COMPRESSED;
		} else {
			stored = raw;
		}
	}
	c->header = EGT_CHUNK_HEADER;
	c->sequence = w->sequence++;
	c->raw = (uint32_t)raw;
	c->stored = (uint32_t)stored;
	c->ordinal = w->ordinal;
	c->payload_crc = egt_crc32c(0, payload, stored);
	egt_chunk_pack(c, header);
	w->ordinal += c->records;
	EG_TRY(put_fd(w, fd, header, sizeof(header)));
	return put_fd(w, fd, payload, stored);
}

static eg_status put_names(struct trace_writer *w, int fd)
{
	struct egt_chunk c = { .type = EGT_CHUNK_NAMES, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };

	while (w->names_out < w->nr_names && w->failed == EG_OK) {
		size_t first = w->names_out, bytes = 0, i;
		uint8_t *p;

		for (i = first; i < w->nr_names && bytes < w->o.chunk_bytes; i++)
			bytes += strlen(w->name[i]) + CODEC_VARINT_MAX;
		if (!room(&w->raw, &w->raw_cap, bytes + CODEC_VARINT_MAX))
			return FAIL(w, EG_NO_MEMORY, "out of memory for %zu names", i - first);
		p = codec_put_varint(w->raw, first + 1);        /* id of the first; the rest follow on */
		for (; w->names_out < i; w->names_out++) {
			size_t len = strlen(w->name[w->names_out]);

			p = codec_put_varint(p, len);
			memcpy(p, w->name[w->names_out], len);
			p += len;
		}
		c.flags = 0;
		c.records = 0;
		EG_TRY(put_chunk(w, fd, &c, (size_t)(p - w->raw)));
	}
	return w->failed;
}

static void fresh_chunk(struct trace_writer *w)
{
	w->nr_acc = 0;
	w->nr_ops = 0;
	w->ops.len = 0;
	w->gap = 0;
	w->stream = 0;
	w->time = EG_TIME_NONE;
	w->mixed = false;
	w->chunk_init = false;
}

/* Code the open chunk and write it. */
static eg_status flush(struct trace_writer *w, int fd)
{
	struct egt_chunk c = {
		.type = EGT_CHUNK_RECORDS, .stream = w->mixed ? EGT_INTERLEAVED : w->chunk_stream,
		.records = w->nr_acc + w->nr_ops, .first_time = w->first_time, .last_time = w->time,
	};
	size_t need = EGT_RECORDS_HEAD + CODEC_DICT_MAX + (size_t)w->nr_acc * (1 + CODEC_ACCESS_MAX) + w->ops.len;
	size_t ctl_len = w->nr_acc, at;
	struct codec_sizes sizes;
	uint8_t *data;

	if (w->failed != EG_OK || c.records == 0)
		return w->failed;
	if (w->ops.failed)
		return FAIL(w, EG_NO_MEMORY, "out of memory for the operations of a chunk");
	if (fd != w->scratch)                   /* a deferred writer puts all names in front */
		EG_TRY(put_names(w, fd));
	/* code into the upper part of the buffer, since the dictionary's size is known last: control and
	 * data move down by what it left free */
	if (!room(&w->raw, &w->raw_cap, need))
		return FAIL(w, EG_NO_MEMORY, "out of memory for a chunk of %zu bytes", need);
	at = EGT_RECORDS_HEAD + CODEC_DICT_MAX;
	data = w->raw + at + ctl_len;
	sizes = codec_encode(w->encoder, w->acc, w->nr_acc, w->raw + EGT_RECORDS_HEAD, w->raw + at, data);
	memmove(w->raw + EGT_RECORDS_HEAD + sizes.dict, w->raw + at, ctl_len + sizes.data);
	egt_put32(w->raw, w->nr_acc);
	egt_put32(w->raw + 4, sizes.dict);
	egt_put32(w->raw + 8, sizes.data);
	egt_put32(w->raw + 12, (uint32_t)w->ops.len);
	at = EGT_RECORDS_HEAD + sizes.dict + ctl_len + sizes.data;
	memcpy(w->raw + at, w->ops.p ? w->ops.p : "", w->ops.len);
	EG_TRY(put_chunk(w, fd, &c, at + w->ops.len));
	fresh_chunk(w);
	return EG_OK;
}

/* ---- items of the ops section -------------------------------------------------------------------- */

static void put_item(struct trace_writer *w, unsigned tag, const uint8_t *payload, size_t len)
{
	uint8_t head[2 * CODEC_VARINT_MAX + 1], *p = codec_put_varint(head, w->gap);

	*p++ = (uint8_t)tag;
	p = codec_put_varint(p, len);
	eg_str_addn(&w->ops, (const char *)head, (size_t)(p - head));
	eg_str_addn(&w->ops, (const char *)payload, len);
	w->gap = 0;
}

/* Make (stream, time) the state of the chunk's coder. */
static void set_state(struct trace_writer *w, uint32_t stream, eg_time time)
{
	uint8_t payload[CODEC_VARINT_MAX];

	if (w->nr_acc + w->nr_ops == 0) {
		w->chunk_stream = stream;
		w->first_time = time;
	} else if (stream != w->chunk_stream) {
		w->mixed = true;
	}
	if (stream != w->stream) {
		put_item(w, EGT_TAG_STREAM, payload, (size_t)(codec_put_varint(payload, stream) - payload));
		w->stream = stream;
	}
	if (time != w->time) {
		uint64_t before = w->time == EG_TIME_NONE ? 0 : w->time;

		if (time == EG_TIME_NONE)
			put_item(w, EGT_TAG_NO_TIME, payload, 0);
		else
			put_item(w, EGT_TAG_TIME, payload,
				 (size_t)(codec_put_varint(payload, codec_zigzag(time - before)) - payload));
		w->time = time;
	}
}

static void put_op(struct trace_writer *w, const struct eg_op *op)
{
	uint8_t payload[1 + (1 + EG_OP_ARGS) * CODEC_VARINT_MAX], *p = payload;
	unsigned nr_args = EG_OP_ARGS;

	set_state(w, op->stream, op->time);
	*p++ = op->flags;
	p = codec_put_varint(p, op->name);
	while (nr_args && op->arg[nr_args - 1] == 0)
		nr_args--;
	for (unsigned i = 0; i < nr_args; i++)
		p = codec_put_varint(p, op->arg[i]);
	put_item(w, op->code, payload, (size_t)(p - payload));
	w->nr_ops++;
}

/* ---- header, start ------------------------------------------------------------------------------- */

static eg_status put_header(struct trace_writer *w)
{
	struct eg_str text = { 0 };
	uint8_t header[EGT_HEADER_SIZE] = { 0 };
	uint32_t crc;

	w->started = true;
	if (w->o.text) {
		eg_str_addf(&text, "%%egt %u.%u\n", EGT_MAJOR, EGT_MINOR);
		egt_meta_format(&w->meta, "%", &text);
		if (text.failed)
			FAIL(w, EG_NO_MEMORY, "out of memory for the metadata");
		else
			(void)put_fd(w, w->out, text.p, text.len);
		eg_str_free(&text);
		return w->failed;
	}
	egt_meta_format(&w->meta, "", &text);
	if (text.failed || text.len > EGT_META_MAX) {
		FAIL(w, text.failed ? EG_NO_MEMORY : EG_BAD_INPUT, "%s: %zu bytes of metadata, at most %u fit",
		     shown_path(w), text.len, EGT_META_MAX);
		eg_str_free(&text);
		return w->failed;
	}
	memcpy(header, EGT_MAGIC, EGT_MAGIC_SIZE);
	egt_put16(header + 8, EGT_MAJOR);
	egt_put16(header + 10, EGT_MINOR);
	egt_put32(header + 16, (uint32_t)text.len);
	crc = egt_crc32c(0, header, 20);
	egt_put32(header + 20, egt_crc32c(crc, eg_str_text(&text), text.len));
	(void)put_fd(w, w->out, header, sizeof(header));
	(void)put_fd(w, w->out, eg_str_text(&text), text.len);
	eg_str_free(&text);
	return w->failed;
}

/* Before the first record. */
static eg_status start(struct trace_writer *w)
{
	if (w->failed != EG_OK || w->started)
		return w->failed;
	if (!w->o.defer)
		return put_header(w);
	w->started = true;
	w->scratch = open_scratch(w->tmp);
	if (w->scratch < 0)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot make a scratch file", shown_path(w));
	w->to = w->scratch;
	return EG_OK;
}

static void free_writer(struct trace_writer *w)
{
	egt_meta_free(&w->meta);
	egt_meta_free(&w->late);
	for (size_t i = 0; i < w->nr_names; i++)
		eg_free(w->name[i]);
	eg_free(w->name);
	eg_free(w->slot);
	eg_free(w->init);
	eg_free(w->acc);
	eg_free(w->raw);
	eg_free(w->stored);
	eg_free(w->path);
	eg_free(w->tmp);
	eg_str_free(&w->ops);
	eg_str_free(&w->text);
	codec_encoder_free(w->encoder);
	ZSTD_freeCCtx(w->zstd);
	eg_free(w);
}

static eg_status open_output(struct trace_writer *w, const char *path, struct eg_errors *err)
{
	struct eg_str tmp = { 0 };

	w->path = eg_strdup(path);
	if (!w->path)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (strcmp(path, "-") == 0) {
		w->out = STDOUT_FILENO;
		return EG_OK;
	}
	eg_str_addf(&tmp, "%s.XXXXXX.tmp", path);
	if (tmp.failed)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	w->out = mkostemps(tmp.p, 4, O_CLOEXEC);
	if (w->out < 0) {
		eg_status s = eg_fail_errno(err, false, "%s: cannot create", path);

		eg_str_free(&tmp);
		return s;
	}
	w->tmp = tmp.p;
	return EG_OK;
}

eg_status trace_writer_open(struct trace_writer **out, const char *path, const struct trace_write_options *o,
			    struct eg_errors *err)
{
	struct trace_writer *w = eg_calloc(1, sizeof(*w));
	eg_status s;

	*out = NULL;
	if (!w)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	w->o = o ? *o : (struct trace_write_options){ .level = -1 };
	w->out = w->scratch = -1;
	if (w->o.level < 0)
		w->o.level = 3;
	if (!w->o.chunk_bytes)
		w->o.chunk_bytes = EGT_CHUNK_DEFAULT;
	if (w->o.level > 19 || w->o.chunk_bytes < EGT_CHUNK_MIN || w->o.chunk_bytes > EGT_CHUNK_MAX) {
		s = eg_fail(err, EG_USAGE, "%s: compression levels are 0..19, chunks 64KiB..8MiB", path);
		free_writer(w);
		return s;
	}
	w->max_acc = w->o.chunk_bytes / 4;
	w->now = EG_TIME_NONE;
	egt_hash_init(&w->hash);
	twin_state_init(&w->twin);
	fresh_chunk(w);
	if (!w->o.text) {
		w->acc = eg_calloc(w->max_acc, sizeof(*w->acc));
		w->encoder = codec_encoder_new(w->max_acc);
		w->zstd = ZSTD_createCCtx();
		if (!w->acc || !w->encoder || !w->zstd) {
			s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory for a chunk", path);
			free_writer(w);
			return s;
		}
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, w->o.level);
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_contentSizeFlag, 1);
		if (w->o.level >= 17)                   /* any reader has this much */
			(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, 23);
	}
	s = open_output(w, path, err);
	if (s != EG_OK) {
		free_writer(w);
		return s;
	}
	w->to = w->out;
	*out = w;
	return EG_OK;
}

/* ---- what callers add ---------------------------------------------------------------------------- */

eg_status trace_writer_meta(struct trace_writer *w, const char *key, const char *value)
{
	bool late = w->started && !w->o.defer;
	eg_status s;

	if (w->failed != EG_OK)
		return w->failed;
	if (late && w->o.text)
		return FAIL(w, EG_USAGE, "metadata '%s' comes after the first record of a text trace", key);
	s = egt_meta_set(late ? &w->late : &w->meta, key, value);
	if (s != EG_OK)
		return FAIL(w, s, "metadata key '%s': use letters, digits, '_', '.', '-'", key);
	return EG_OK;
}

eg_status trace_writer_capabilities(struct trace_writer *w, uint32_t caps)
{
	char names[512];

	trace_capability_names(caps, names, sizeof(names));
	return trace_writer_meta(w, "capabilities", names);
}

static uint32_t text_hash(const char *text)
{
	uint32_t h = 0x811c9dc5u;               /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x01000193u;
	return h;
}

/* Twice as many slots, everything in its new place. */
static bool grow_slots(struct trace_writer *w)
{
	size_t nr = w->nr_slots ? 2 * w->nr_slots : 64;
	struct name_slot *slot = eg_calloc(nr, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < w->nr_slots; i++) {
		size_t at = w->slot[i].hash & (nr - 1);

		if (!w->slot[i].id)
			continue;
		while (slot[at].id)
			at = (at + 1) & (nr - 1);
		slot[at] = w->slot[i];
	}
	eg_free(w->slot);
	w->slot = slot;
	w->nr_slots = nr;
	return true;
}

uint32_t trace_writer_name(struct trace_writer *w, const char *text)
{
	uint32_t hash = text_hash(text);
	size_t at;
	char **name, *copy;

	if (w->failed != EG_OK)
		return 0;
	if (strlen(text) > EGT_NAME_MAX || w->nr_names == EGT_NAMES_MAX) {
		FAIL(w, EG_BAD_INPUT, "%s: a name has more than %u bytes, or there are more than %u names",
		     shown_path(w), EGT_NAME_MAX, EGT_NAMES_MAX);
		return 0;
	}
	if (2 * (w->nr_names + 1) > w->nr_slots && !grow_slots(w))
		goto no_memory;
	for (at = hash & (w->nr_slots - 1); w->slot[at].id; at = (at + 1) & (w->nr_slots - 1))
		if (w->slot[at].hash == hash && strcmp(w->name[w->slot[at].id - 1], text) == 0)
			return w->slot[at].id;
	copy = eg_strdup(text);
	name = copy ? eg_grow((void **)&w->name, &w->nr_names, &w->cap_names, sizeof(*w->name)) : NULL;
	if (!name) {
		eg_free(copy);
		goto no_memory;
	}
	*name = copy;
	w->slot[at] = (struct name_slot){ (uint32_t)w->nr_names, hash };
	return (uint32_t)w->nr_names;
no_memory:
	FAIL(w, EG_NO_MEMORY, "out of memory for a name");
	return 0;
}

/* Names not yet printed, as lines of the text form. */
static void text_names(struct trace_writer *w)
{
	for (; w->names_out < w->nr_names; w->names_out++) {
		eg_str_addf(&w->text, "name %zu ", w->names_out + 1);
		eg_str_add_json(&w->text, w->name[w->names_out]);
		eg_str_add(&w->text, "\n");
	}
}

static const char *name_text(const struct trace_writer *w, uint32_t id)
{
	return id && id <= w->nr_names ? w->name[id - 1] : "";
}

static eg_status text_out(struct trace_writer *w, bool all)
{
	if (w->text.failed)
		return FAIL(w, EG_NO_MEMORY, "out of memory for text");
	if (w->text.len < (all ? 1u : 65536u))
		return w->failed;
	EG_TRY(put_fd(w, w->to, w->text.p, w->text.len));
	w->text.len = 0;
	return EG_OK;
}

/* The init ops form chunks of their own, so that a deferred writer makes the same bytes. */
static eg_status begin_records(struct trace_writer *w)
{
	EG_TRY(start(w));
	if (w->chunk_init)
		EG_TRY(flush(w, w->to));
	w->records_begun = true;
	return EG_OK;
}

eg_status trace_writer_accesses(struct trace_writer *w, uint32_t stream, const uint64_t *acc, uint32_t nr)
{
	if (w->failed != EG_OK || nr == 0)
		return w->failed;
	if (EG_UNLIKELY(!w->records_begun))
		EG_TRY(begin_records(w));
	egt_hash_accesses(&w->hash, stream, w->now, acc, nr);
	if (w->o.text) {
		for (uint32_t i = 0; i < nr; i++) {
			twin_put_access(&w->twin, stream, w->now, acc[i], &w->text);
			EG_TRY(text_out(w, false));
		}
		w->ordinal += nr;
		return EG_OK;
	}
	while (nr) {
		uint32_t take;

		set_state(w, stream, w->now);
		take = w->max_acc - w->nr_acc < nr ? w->max_acc - w->nr_acc : nr;
		memcpy(w->acc + w->nr_acc, acc, (size_t)take * sizeof(*acc));
		w->nr_acc += take;
		w->gap += take;
		acc += take;
		nr -= take;
		if (w->nr_acc == w->max_acc || w->ops.len >= w->o.chunk_bytes / 2)
			EG_TRY(flush(w, w->to));
	}
	return EG_OK;
}

eg_status trace_writer_access(struct trace_writer *w, uint32_t stream, uint64_t word)
{
	return trace_writer_accesses(w, stream, &word, 1);
}

eg_status trace_writer_time(struct trace_writer *w, eg_time time)
{
	w->now = time;
	return w->failed;
}

eg_status trace_writer_op(struct trace_writer *w, const struct eg_op *op)
{
	bool init = op->flags & EG_OPF_INIT;

	if (w->failed != EG_OK)
		return w->failed;
	if (!eg_op_name(op->code) || op->reserved || op->reserved2 || op->name > w->nr_names)
		return FAIL(w, EG_USAGE, "op code %u, name %u: not an op that a trace can hold", op->code, op->name);
	if (init && w->o.defer) {
		struct eg_op *slot = eg_grow((void **)&w->init, &w->nr_init, &w->cap_init, sizeof(*w->init));

		if (!slot)
			return FAIL(w, EG_NO_MEMORY, "out of memory for initial state");
		*slot = *op;
		egt_hash_op(&w->hash, op, name_text(w, op->name));
		return EG_OK;
	}
	if (init && w->records_begun)
		return FAIL(w, EG_BAD_INPUT, "%s: an op flagged init comes after other records", shown_path(w));
	EG_TRY(init ? start(w) : w->records_begun ? EG_OK : begin_records(w));
	egt_hash_op(&w->hash, op, name_text(w, op->name));
	if (!init)
		w->now = op->time;
	if (w->o.text) {
		if (!w->o.defer)
			text_names(w);
		twin_put_op(&w->twin, op, name_text(w, op->name), &w->text);
		w->ordinal++;
		return text_out(w, false);
	}
	put_op(w, op);
	w->chunk_init |= init;
	if (w->ops.len >= w->o.chunk_bytes / 2)
		return flush(w, w->to);
	return EG_OK;
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* Copy the scratch file behind what is written; chunk headers get their final numbers. */
static eg_status copy_scratch(struct trace_writer *w)
{
	enum { PIECE = 1 << 20 };
	uint64_t left = 0, first_ordinal = w->ordinal;
	off_t at = 0;

	if (!room(&w->raw, &w->raw_cap, PIECE))
		return FAIL(w, EG_NO_MEMORY, "out of memory to copy the records");
	for (;;) {
		size_t want = w->o.text || left > PIECE ? PIECE : left ? (size_t)left : EGT_CHUNK_HEADER;
		ssize_t got = pread(w->scratch, w->raw, want, at);
		struct egt_chunk c;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return w->failed = eg_fail_errno(&w->err, false, "%s: cannot read back its scratch file",
							 shown_path(w));
		if (got == 0)
			return left ? FAIL(w, EG_IO, "%s: its scratch file was cut", shown_path(w)) : EG_OK;
		if (!w->o.text && left == 0) {
			if (got < (ssize_t)EGT_CHUNK_HEADER || !egt_chunk_unpack(&c, w->raw))
				return FAIL(w, EG_IO, "%s: its scratch file was changed", shown_path(w));
			left = c.stored;
			c.sequence = w->sequence++;
			c.ordinal += first_ordinal;
			w->ordinal = c.ordinal + c.records;
			egt_chunk_pack(&c, w->raw);
		} else if (!w->o.text) {
			left -= (uint64_t)got;
		}
		EG_TRY(put_fd(w, w->out, w->raw, (size_t)got));
		at += got;
	}
}

/* Header, init chunks and then the records of a deferred writer. */
static eg_status assemble(struct trace_writer *w)
{
	EG_TRY(w->o.text ? text_out(w, true) : flush(w, w->to));
	EG_TRY(put_header(w));
	w->to = w->out;
	if (w->o.text) {
		text_names(w);
		for (size_t i = 0; i < w->nr_init; i++)
			twin_put_op(&w->twin, &w->init[i], name_text(w, w->init[i].name), &w->text);
		EG_TRY(text_out(w, true));
		return w->scratch >= 0 ? copy_scratch(w) : EG_OK;
	}
	w->sequence = w->ordinal = 0;
	EG_TRY(put_names(w, w->out));
	for (size_t i = 0; i < w->nr_init; i++) {
		put_op(w, &w->init[i]);
		if (w->ops.len >= w->o.chunk_bytes / 2)
			EG_TRY(flush(w, w->out));
	}
	EG_TRY(flush(w, w->out));
	return w->scratch >= 0 ? copy_scratch(w) : EG_OK;
}

static eg_status put_late_meta(struct trace_writer *w)
{
	struct egt_chunk c = { .type = EGT_CHUNK_METADATA, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	struct eg_str text = { 0 };
	size_t len;

	if (w->late.nr == 0)
		return EG_OK;
	egt_meta_format(&w->late, "", &text);
	if (text.failed || text.len > EGT_META_MAX || !room(&w->raw, &w->raw_cap, text.len)) {
		eg_str_free(&text);
		return FAIL(w, EG_NO_MEMORY, "%s: metadata too large", shown_path(w));
	}
	len = text.len;
	memcpy(w->raw, eg_str_text(&text), len);
	eg_str_free(&text);
	return put_chunk(w, w->out, &c, len);
}

static eg_status put_trailer(struct trace_writer *w, const uint8_t digest[32])
{
	uint8_t t[EGT_TRAILER_SIZE] = { 0 };

	memcpy(t, EGT_TRAILER_MAGIC, 4);
	egt_put64(t + 16, w->ordinal);
	memcpy(t + 24, digest, 32);
	memcpy(t + 56, EGT_TRAILER_END, 8);
	egt_put32(t + 4, egt_crc32c(0, t + 8, EGT_TRAILER_SIZE - 8));
	return put_fd(w, w->out, t, sizeof(t));
}

/* Where a rename becomes durable is the directory. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? eg_strdup(path) : eg_strdup(".");
	int fd;

	if (!dir)
		return;
	if (slash)
		dir[slash == path ? 1 : slash - path] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);                /* a wish: some file systems cannot */
		(void)close(fd);
	}
	eg_free(dir);
}

static eg_status commit(struct trace_writer *w)
{
	mode_t mask;

	if (!w->tmp)
		return EG_OK;
	mask = umask(0);                        /* the only way to learn it */
	(void)umask(mask);
	(void)fchmod(w->out, 0666 & ~mask);
	if (fsync(w->out) != 0 && errno != EINVAL && errno != EROFS)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", w->path);
	if (close(w->out) != 0) {
		w->out = -1;
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", w->path);
	}
	w->out = -1;
	if (rename(w->tmp, w->path) != 0)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot rename the finished file", w->path);
	eg_free(w->tmp);
	w->tmp = NULL;
	sync_directory(w->path);
	return EG_OK;
}

static eg_status finish(struct trace_writer *w, const uint8_t digest[32])
{
	if (w->failed != EG_OK)
		return w->failed;
	if (w->o.defer)
		EG_TRY(assemble(w));
	else
		EG_TRY(start(w));
	if (w->o.text) {
		text_names(w);
		EG_TRY(text_out(w, true));
	} else {
		EG_TRY(flush(w, w->out));
		EG_TRY(put_names(w, w->out));
	}
	if (!w->o.text) {
		EG_TRY(put_late_meta(w));
		EG_TRY(put_trailer(w, digest));
	}
	return commit(w);
}

eg_status trace_writer_finish_hash(struct trace_writer *w, char hash[65], struct eg_errors *err)
{
	uint8_t digest[32];
	eg_status s;

	egt_hash_final(&w->hash, digest);
	eg_sha256_hex(digest, hash);
	s = finish(w, digest);
	for (unsigned i = 0; s != EG_OK && i < w->err.nr; i++)
		(void)eg_fail(err, s, "%s", w->err.text[i]);
	trace_writer_abort(w);
	return s;
}

eg_status trace_writer_finish(struct trace_writer *w, struct eg_errors *err)
{
	char hash[65];

	return trace_writer_finish_hash(w, hash, err);
}

void trace_writer_abort(struct trace_writer *w)
{
	if (!w)
		return;
	if (w->scratch >= 0)
		(void)close(w->scratch);
	if (w->tmp && w->out >= 0)
		(void)close(w->out);
	if (w->tmp)
		(void)unlink(w->tmp);
	free_writer(w);
}
