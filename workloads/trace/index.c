/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index - see index.h. */
#include "workloads/trace/index.h"

#include "sim/base/mem.h"
#include "workloads/trace/codec.h"

static void put(struct eg_str *out, uint64_t v)
{
	uint8_t buf[CODEC_VARINT_MAX];

	eg_str_addn(out, (const char *)buf, (size_t)(codec_put_varint(buf, v) - buf));
}

void egt_index_put_facts(struct eg_str *out, eg_time first, eg_time last, eg_time latest, const uint32_t *streams,
			 uint32_t nr)
{
	uint32_t before = 0;

	put(out, first + 1);                    /* 0: none */
	put(out, last + 1);
	put(out, latest + 1);
	put(out, nr);
	for (uint32_t i = 0; i < nr; i++) {
		put(out, streams[i] - before);
		before = streams[i];
	}
}

void egt_index_add(struct egt_index_build *b, unsigned type, uint64_t bytes, uint32_t records, const void *facts, size_t len)
{
	put(&b->entries, type);
	put(&b->entries, bytes);
	if (type == EGT_CHUNK_RECORDS) {
		put(&b->entries, records);
		eg_str_addn(&b->entries, facts, len);
	}
	b->nr++;
}

void egt_index_finish(const struct egt_index_build *b, uint64_t streams, struct eg_str *out)
{
	put(out, streams);
	put(out, b->nr);
	if (b->entries.len)
		eg_str_addn(out, b->entries.p, b->entries.len);
	out->failed |= b->entries.failed;
}

/* ---- parsing -------------------------------------------------------------------------------------- */

/* One entry at *p, places still relative to `e->at`; false when malformed. */
static bool take_entry(const uint8_t *text, const uint8_t **p, const uint8_t *end, struct egt_index_entry *e, uint64_t *bytes)
{
	uint64_t type, v[5] = { 0 }, before = 0;

	*p = codec_get_varint(*p, end, &type);
	*p = *p ? codec_get_varint(*p, end, bytes) : NULL;
	if (!*p || type > UINT8_MAX || *bytes < EGT_CHUNK_HEADER || *bytes > UINT32_MAX)
		return false;
	e->type = (uint8_t)type;
	e->records = 0;
	e->first = e->last = e->latest = EG_TIME_NONE;
	e->nr_streams = 0;
	if (type != EGT_CHUNK_RECORDS)
		return true;
	for (unsigned i = 0; *p && i < 5; i++)
		*p = codec_get_varint(*p, end, &v[i]);
	if (!*p || v[0] > UINT32_MAX || v[4] > EGT_INDEX_STREAMS)
		return false;
	e->records = (uint32_t)v[0];
	e->first = v[1] - 1;
	e->last = v[2] - 1;
	e->latest = v[3] - 1;
	e->nr_streams = (uint32_t)v[4];
	e->streams_at = (uint32_t)(*p - text);
	for (uint64_t i = 0; i < v[4]; i++) {
		uint64_t d;

		*p = codec_get_varint(*p, end, &d);
		if (!*p || d >= UINT32_MAX || (i && !d))
			return false;
		before += d;
		if (before >= UINT32_MAX)
			return false;
	}
	return true;
}

eg_status egt_index_parse(struct egt_index *ix, const uint8_t *payload, size_t n, uint64_t first, uint64_t at,
			  uint64_t records)
{
	const uint8_t *p = payload, *end = payload + n, *start;
	uint64_t nr = 0, streams = 0, sum = first, ordinal = 0, bytes;
	struct egt_index_entry e;

	*ix = (struct egt_index){ 0 };
	p = codec_get_varint(p, end, &streams);
	start = p = p ? codec_get_varint(p, end, &nr) : NULL;
	/* once without keeping anything: each entry takes at least a header of the file */
	for (uint64_t i = 0; p && i < nr; i++) {
		if (!take_entry(payload, &p, end, &e, &bytes) || bytes > at - sum)
			return EG_BAD_INPUT;
		sum += bytes;
		if (__builtin_add_overflow(ordinal, e.records, &ordinal))
			return EG_BAD_INPUT;
	}
	if (!p || p != end || sum != at || ordinal != records || streams > UINT32_MAX)
		return EG_BAD_INPUT;
	ix->entry = eg_calloc(nr ? nr : 1, sizeof(*ix->entry));
	ix->text = eg_calloc(n, 1);
	if (!ix->entry || !ix->text) {
		egt_index_free(ix);
		return EG_NO_MEMORY;
	}
	memcpy(ix->text, payload, n);
	ix->len = n;
	ix->nr = (size_t)nr;
	ix->streams = streams;
	p = start;
	sum = first;
	ordinal = 0;
	for (size_t i = 0; i < ix->nr; i++) {
		struct egt_index_entry *to = &ix->entry[i];

		if (!take_entry(payload, &p, end, to, &bytes))
			break;
		to->at = sum;
		to->ordinal = ordinal;
		sum += bytes;
		ordinal += to->records;
		ix->states += to->type == EGT_CHUNK_STATE && (i == 0 || to[-1].type != EGT_CHUNK_STATE);
	}
	return EG_OK;
}

void egt_index_free(struct egt_index *ix)
{
	eg_free(ix->entry);
	eg_free(ix->text);
	*ix = (struct egt_index){ 0 };
}

/* ---- searching ------------------------------------------------------------------------------------ */

bool egt_index_has(const struct egt_index *ix, size_t entry, uint32_t stream)
{
	const struct egt_index_entry *e = &ix->entry[entry];
	const uint8_t *p = ix->text + e->streams_at, *end = ix->text + ix->len;
	uint64_t at = 0, d;

	for (uint32_t i = 0; i < e->nr_streams; i++) {
		p = codec_get_varint(p, end, &d);
		if (!p)
			return true;
		at += d;
		if (at >= stream)
			return at == stream;
	}
	return e->nr_streams == 0;
}

size_t egt_index_of_record(const struct egt_index *ix, uint64_t ordinal)
{
	size_t lo = 0, hi = ix->nr;

	/* the first entry that ends behind it */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ix->entry[mid].ordinal + ix->entry[mid].records <= ordinal)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t egt_index_of_time(const struct egt_index *ix, eg_time time, bool any, uint32_t stream)
{
	for (size_t i = 0; i < ix->nr; i++) {
		const struct egt_index_entry *e = &ix->entry[i];

		if (e->type == EGT_CHUNK_RECORDS && e->latest != EG_TIME_NONE && e->latest >= time &&
		    (any || egt_index_has(ix, i, stream)))
			return i;
	}
	return ix->nr;
}

size_t egt_index_state_before(const struct egt_index *ix, size_t entry)
{
	size_t i = entry < ix->nr ? entry : ix->nr - 1;

	if (!ix->nr)
		return SIZE_MAX;
	while (i && ix->entry[i].type != EGT_CHUNK_STATE)
		i--;
	while (i && ix->entry[i].type == EGT_CHUNK_STATE && ix->entry[i - 1].type == EGT_CHUNK_STATE)
		i--;
	return ix->entry[i].type == EGT_CHUNK_STATE ? i : SIZE_MAX;
}
