/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer_chunks - bytes out: the header, the chunks of all types, the trailer.
 *
 * The open chunk's accesses and ops are coded side by side, compressed when that helps, and written behind a
 * header with both lengths and a CRC. Names go in front of the first chunk whose ops may use them, except
 * into a scratch file: a deferred writer puts all of them in front at the end.
 *
 * The state (state.h) follows the chunks of records as they come to stand in the file, which for a deferred writer
 * is when the file is put together. Before every Nth of them it is told in a chunk of its own - unless telling it
 * takes a quarter as many ops as records have passed, so that states cost no more than a bounded share of a file
 * and of its writing. The index is made along the way and written last.
 */
#include "workloads/trace/writer.h"

#include <errno.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"

/* ---- bytes out ----------------------------------------------------------------------------------- */

eg_status trace__put_fd(struct trace_writer *w, int fd, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n && w->failed == EG_OK) {
		ssize_t got = write(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", trace__shown_path(w));
			break;
		}
		p += got;
		n -= (size_t)got;
		if (fd == w->out)
			w->written += (uint64_t)got;
	}
	return w->failed;
}

bool trace__room(uint8_t **p, size_t *cap, size_t need)
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

/* Compress w->raw[0..raw) if that helps, and write it as a chunk; `facts` (or NULL) are for the index. */
static eg_status put_chunk(struct trace_writer *w, int fd, struct egt_chunk *c, size_t raw, const struct eg_str *facts)
{
	uint8_t header[EGT_CHUNK_HEADER];
	const uint8_t *payload = w->raw;
	size_t stored = raw;

	if (w->o.level > 0) {
		if (!trace__room(&w->stored, &w->stored_cap, ZSTD_compressBound(raw)))
			return FAIL(w, EG_NO_MEMORY, "out of memory for a chunk of %zu bytes", raw);
		stored = ZSTD_compress2(w->zstd, w->stored, w->stored_cap, w->raw, raw);
		if (ZSTD_isError(stored))
			return FAIL(w, EG_NO_MEMORY, "%s: zstd: %s", trace__shown_path(w), ZSTD_getErrorName(stored));
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
	if (fd == w->out && !w->o.no_index)
		egt_index_add(&w->index, c->type, sizeof(header) + stored, c->records, facts ? eg_str_text(facts) : "",
			      facts ? facts->len : 0);
	EG_TRY(trace__put_fd(w, fd, header, sizeof(header)));
	return trace__put_fd(w, fd, payload, stored);
}

eg_status trace__put_names(struct trace_writer *w, int fd)
{
	struct egt_chunk c = { .type = EGT_CHUNK_NAMES, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };

	while (w->names_out < w->nr_names && w->failed == EG_OK) {
		size_t first = w->names_out, bytes = 0, i;
		uint8_t *p;

		for (i = first; i < w->nr_names && bytes < w->o.chunk_bytes; i++)
			bytes += strlen(w->name[i]) + CODEC_VARINT_MAX;
		if (!trace__room(&w->raw, &w->raw_cap, bytes + CODEC_VARINT_MAX))
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
		EG_TRY(put_chunk(w, fd, &c, (size_t)(p - w->raw), NULL));
	}
	return w->failed;
}

void trace__fresh_chunk(struct trace_gather *g)
{
	g->nr_acc = 0;
	g->nr_ops = 0;
	g->ops.len = 0;
	g->gap = 0;
	g->stream = 0;
	g->time = EG_TIME_NONE;
	g->mixed = false;
	g->latest = EG_TIME_NONE;
	g->builds = false;
	if (g->streams) {
		g->streams->nr = 0;
		g->streams->round++;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* What the index will say of an open chunk. */
static void facts_of(struct trace_gather *g, eg_time first, eg_time last, struct eg_str *out)
{
	struct trace_chunk_streams *s = g->streams;

	if (!s) {
		egt_index_put_facts(out, first, last, g->latest, &g->id, 1);
		return;
	}
	qsort(s->id, s->nr > EGT_INDEX_STREAMS ? 0 : s->nr, sizeof(s->id[0]), by_number);
	egt_index_put_facts(out, first, last, g->latest, s->id, s->nr > EGT_INDEX_STREAMS ? 0 : s->nr);
}

/* The chunk goes to the scratch file; the index is made later. */
static eg_status keep_facts(struct trace_writer *w, struct trace_gather *g, const struct eg_str *facts)
{
	struct trace_scratch_chunk *c;

	c = eg_grow((void **)&w->scratch_chunk, &w->nr_scratch, &w->cap_scratch, sizeof(*c));
	eg_str_addn(&w->scratch_facts, eg_str_text(facts), facts->len);
	if (!c || w->scratch_facts.failed)
		return FAIL(w, EG_NO_MEMORY, "out of memory for the index");
	*c = (struct trace_scratch_chunk){ (uint32_t)facts->len, g->builds };
	return EG_OK;
}

eg_status trace__flush(struct trace_writer *w, struct trace_gather *g, int fd)
{
	struct egt_chunk c = {
		.type = EGT_CHUNK_RECORDS, .stream = g->mixed ? EGT_INTERLEAVED : g->first_stream,
		.records = g->nr_acc + g->nr_ops, .first_time = g->first_time, .last_time = g->time,
	};
	size_t need = EGT_RECORDS_HEAD + CODEC_DICT_MAX + (size_t)g->nr_acc * (1 + CODEC_ACCESS_MAX) + g->ops.len;
	size_t ctl_len = g->nr_acc, at;
	bool later = fd == w->scratch;
	struct eg_str facts = { 0 };
	struct codec_sizes sizes;
	uint8_t *data;

	if (w->failed != EG_OK || c.records == 0)
		return w->failed;
	if (g->ops.failed)
		return FAIL(w, EG_NO_MEMORY, "out of memory for the operations of a chunk");
	if (!later) {                           /* a deferred writer puts all names in front */
		EG_TRY(trace__put_names(w, fd));
		EG_TRY(trace__put_state(w));
	}
	/* code into the upper part of the buffer, since the dictionary's size is known last: control and
	 * data move down by what it left free */
	if (!trace__room(&w->raw, &w->raw_cap, need))
		return FAIL(w, EG_NO_MEMORY, "out of memory for a chunk of %zu bytes", need);
	at = EGT_RECORDS_HEAD + CODEC_DICT_MAX;
	data = w->raw + at + ctl_len;
	sizes = codec_encode(w->encoder, g->acc, g->nr_acc, w->raw + EGT_RECORDS_HEAD, w->raw + at, data);
	memmove(w->raw + EGT_RECORDS_HEAD + sizes.dict, w->raw + at, ctl_len + sizes.data);
	egt_put32(w->raw, g->nr_acc);
	egt_put32(w->raw + 4, sizes.dict);
	egt_put32(w->raw + 8, sizes.data);
	egt_put32(w->raw + 12, (uint32_t)g->ops.len);
	at = EGT_RECORDS_HEAD + sizes.dict + ctl_len + sizes.data;
	memcpy(w->raw + at, g->ops.p ? g->ops.p : "", g->ops.len);
	if (!w->o.no_index)
		facts_of(g, c.first_time, c.last_time, &facts);
	if (facts.failed)
		(void)FAIL(w, EG_NO_MEMORY, "out of memory for the index");
	else if (put_chunk(w, fd, &c, at + g->ops.len, &facts) == EG_OK && !w->o.no_index) {
		if (later)
			(void)keep_facts(w, g, &facts);
		else
			(void)trace__stands(w, g->builds, (const uint8_t *)g->ops.p, g->ops.len);
	}
	eg_str_free(&facts);
	trace__fresh_chunk(g);
	return w->failed;
}

eg_status trace__flush_all(struct trace_writer *w, int fd)
{
	if (!w->o.split)
		return trace__flush(w, &w->one, fd);
	for (uint32_t i = 0; i < w->nr_of; i++)
		EG_TRY(trace__flush(w, w->of[i], fd));
	return w->failed;
}

/* ---- state and index ----------------------------------------------------------------------------- */

static eg_status build_op(void *ctx, const struct eg_op *op)
{
	return trace_state_op(ctx, op);
}

eg_status trace__stands(struct trace_writer *w, bool builds, const uint8_t *ops, size_t len)
{
	eg_status s = EG_OK;

	if (!w->state)
		return EG_OK;
	w->since_state++;
	if (builds)
		s = egt_each_op(ops, len, build_op, w->state);
	return s == EG_OK ? s : FAIL(w, s, "out of memory for the state of the trace");
}

/* What has been told so far, as a chunk. */
static eg_status put_told(struct trace_writer *w)
{
	struct egt_chunk c = { .type = EGT_CHUNK_STATE, .flags = EGT_CHUNK_IGNORABLE, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	struct trace_gather *g = &w->told;

	if (g->ops.failed || !trace__room(&w->raw, &w->raw_cap, EGT_RECORDS_HEAD + g->ops.len))
		return FAIL(w, EG_NO_MEMORY, "out of memory for the state of the trace");
	memset(w->raw, 0, EGT_RECORDS_HEAD);
	egt_put32(w->raw + 12, (uint32_t)g->ops.len);
	if (g->ops.len)
		memcpy(w->raw + EGT_RECORDS_HEAD, g->ops.p, g->ops.len);
	EG_TRY(put_chunk(w, w->out, &c, EGT_RECORDS_HEAD + g->ops.len, NULL));
	trace__fresh_chunk(g);
	return EG_OK;
}

static eg_status tell_op(void *ctx, const struct eg_op *op)
{
	struct trace_writer *w = ctx;

	trace__put_op(w, &w->told, op);
	return w->told.ops.len >= w->o.chunk_bytes / 2 ? put_told(w) : EG_OK;
}

eg_status trace__put_state(struct trace_writer *w)
{
	eg_status s;

	if (!w->state || w->since_state < w->o.state_every ||
	    (w->ordinal - w->state_ordinal) / 4 < trace_state_size(w->state))
		return EG_OK;
	trace__fresh_chunk(&w->told);
	s = trace_state_tell(w->state, tell_op, w);
	if (s != EG_OK)
		return w->failed != EG_OK ? w->failed : FAIL(w, s, "out of memory for the state of the trace");
	w->since_state = 0;
	w->state_ordinal = w->ordinal;
	return put_told(w);
}

eg_status trace__put_index(struct trace_writer *w)
{
	struct egt_chunk c = { .type = EGT_CHUNK_INDEX, .flags = EGT_CHUNK_IGNORABLE, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	struct eg_str text = { 0 };
	uint64_t at = w->written;
	bool fits;

	if (w->o.no_index)
		return EG_OK;
	egt_index_finish(&w->index, w->streams_lost ? 0 : w->streams.nr, &text);
	fits = text.len <= EGT_RAW_MAX;         /* a file of terabytes goes without */
	if (text.failed || !trace__room(&w->raw, &w->raw_cap, text.len)) {
		eg_str_free(&text);
		return FAIL(w, EG_NO_MEMORY, "out of memory for the index");
	}
	memcpy(w->raw, eg_str_text(&text), text.len);
	if (fits && put_chunk(w, w->out, &c, text.len, NULL) == EG_OK)
		w->index_at = at;
	eg_str_free(&text);
	return w->failed;
}

/* ---- header, metadata, trailer ------------------------------------------------------------------- */

/* Streams apart have no common order, whatever was said of them. */
static eg_status forget_order(struct trace_writer *w, struct egt_meta *m)
{
	const char *caps = egt_meta_get(m, "capabilities"), *word;
	struct eg_str left = { 0 };
	eg_status s = EG_OK;

	if (!w->o.split || !caps)
		return EG_OK;
	for (word = caps; *word; word += strspn(word, " ")) {
		size_t len = strcspn(word, " ");

		if (len != 5 || memcmp(word, "order", 5) != 0) {
			eg_str_add(&left, left.len ? " " : "");
			eg_str_addn(&left, word, len);
		}
		word += len;
	}
	if (left.failed || egt_meta_set(m, "capabilities", eg_str_text(&left)) != EG_OK)
		s = FAIL(w, EG_NO_MEMORY, "out of memory for the metadata");
	eg_str_free(&left);
	return s;
}

/* The first bytes of the file, in their place. */
static eg_status put_start(struct trace_writer *w, const void *data, size_t n, bool again)
{
	ssize_t got;

	if (!again)
		return trace__put_fd(w, w->out, data, n);
	do
		got = pwrite(w->out, data, n, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)n)
		w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", trace__shown_path(w));
	return w->failed;
}

eg_status trace__put_header(struct trace_writer *w, bool again)
{
	struct eg_str text = { 0 };
	uint8_t header[EGT_HEADER_SIZE] = { 0 };
	uint32_t crc;

	w->started = true;
	w->minor_out = w->minor;
	/* what cannot be corrected later says what may come, if the caller expects it */
	if (!w->tmp && !w->o.defer && w->o.minor != TRACE_MINOR_0 && w->o.minor > w->minor)
		w->minor_out = w->o.minor;
	EG_TRY(forget_order(w, &w->meta));
	if (w->o.text) {
		eg_str_addf(&text, "%%egt %u.%u%s\n", EGT_MAJOR, w->minor_out, w->o.split ? " split" : "");
		egt_meta_format(&w->meta, "%", &text);
		if (text.failed)
			FAIL(w, EG_NO_MEMORY, "out of memory for the metadata");
		else
			(void)put_start(w, text.p, text.len, again);
		eg_str_free(&text);
		return w->failed;
	}
	egt_meta_format(&w->meta, "", &text);
	if (text.failed || text.len > EGT_META_MAX) {
		FAIL(w, text.failed ? EG_NO_MEMORY : EG_BAD_INPUT, "%s: %zu bytes of metadata, at most %u fit",
		     trace__shown_path(w), text.len, EGT_META_MAX);
		eg_str_free(&text);
		return w->failed;
	}
	memcpy(header, EGT_MAGIC, EGT_MAGIC_SIZE);
	egt_put16(header + 8, EGT_MAJOR);
	egt_put16(header + 10, w->minor_out);
	egt_put32(header + 12, w->o.split ? EGT_FLAG_SPLIT : 0);
	egt_put32(header + 16, (uint32_t)text.len);
	crc = egt_crc32c(0, header, 20);
	egt_put32(header + 20, egt_crc32c(crc, eg_str_text(&text), text.len));
	(void)put_start(w, header, sizeof(header), again);
	if (!again)
		(void)trace__put_fd(w, w->out, eg_str_text(&text), text.len);
	eg_str_free(&text);
	return w->failed;
}

eg_status trace__put_late_meta(struct trace_writer *w)
{
	struct egt_chunk c = { .type = EGT_CHUNK_METADATA, .stream = EGT_INTERLEAVED,
			       .first_time = EG_TIME_NONE, .last_time = EG_TIME_NONE };
	struct eg_str text = { 0 };
	size_t len;

	if (w->late.nr == 0)
		return EG_OK;
	EG_TRY(forget_order(w, &w->late));
	egt_meta_format(&w->late, "", &text);
	if (text.failed || text.len > EGT_META_MAX || !trace__room(&w->raw, &w->raw_cap, text.len)) {
		eg_str_free(&text);
		return FAIL(w, EG_NO_MEMORY, "%s: metadata too large", trace__shown_path(w));
	}
	len = text.len;
	memcpy(w->raw, eg_str_text(&text), len);
	eg_str_free(&text);
	return put_chunk(w, w->out, &c, len, NULL);
}

eg_status trace__put_trailer(struct trace_writer *w, const uint8_t digest[32])
{
	uint8_t t[EGT_TRAILER_SIZE] = { 0 };

	memcpy(t, EGT_TRAILER_MAGIC, 4);
	egt_put64(t + 8, w->index_at);
	egt_put64(t + 16, w->ordinal);
	memcpy(t + 24, digest, 32);
	memcpy(t + 56, EGT_TRAILER_END, 8);
	egt_put32(t + 4, egt_crc32c(0, t + 8, EGT_TRAILER_SIZE - 8));
	return trace__put_fd(w, w->out, t, sizeof(t));
}
