/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egt - what the reader and the writer of the container share: chunk headers, identity, metadata. */
#include "workloads/trace/egt.h"

#include <string.h>

#include "sim/base/mem.h"
#include "workloads/trace/crc32c.h"
#include "workloads/trace/items.h"
#include "workloads/trace/trace.h"

/* ---- chunk header -------------------------------------------------------------------------------- */

void egt_chunk_pack(const struct egt_chunk *c, uint8_t out[EGT_CHUNK_HEADER])
{
	memset(out, 0, EGT_CHUNK_HEADER);
	memcpy(out, EGT_CHUNK_MAGIC, 4);
	out[4] = c->type;
	out[5] = c->flags;
	egt_put16(out + 6, c->header);
	egt_put32(out + 8, c->stream);
	egt_put32(out + 12, c->records);
	egt_put64(out + 16, c->sequence);
	egt_put32(out + 24, c->raw);
	egt_put32(out + 28, c->stored);
	egt_put64(out + 32, c->ordinal);
	egt_put64(out + 40, c->first_time);
	egt_put64(out + 48, c->last_time);
	egt_put32(out + 64, c->payload_crc);
	egt_put32(out + 68, egt_crc32c(0, out, 68));
}

bool egt_chunk_unpack(struct egt_chunk *c, const uint8_t in[EGT_CHUNK_HEADER])
{
	if (memcmp(in, EGT_CHUNK_MAGIC, 4) != 0 || egt_get32(in + 68) != egt_crc32c(0, in, 68))
		return false;
	c->type = in[4];
	c->flags = in[5];
	c->header = egt_get16(in + 6);
	c->stream = egt_get32(in + 8);
	c->records = egt_get32(in + 12);
	c->sequence = egt_get64(in + 16);
	c->raw = egt_get32(in + 24);
	c->stored = egt_get32(in + 28);
	c->ordinal = egt_get64(in + 32);
	c->first_time = egt_get64(in + 40);
	c->last_time = egt_get64(in + 48);
	c->payload_crc = egt_get32(in + 64);
	return true;
}

/* ---- content hash -------------------------------------------------------------------------------- */

void egt_hash_init(struct egt_hash *h)
{
	*h = (struct egt_hash){ .time = EG_TIME_NONE };
	eg_sha256_init(&h->init);
	eg_sha256_init(&h->acc);
	eg_sha256_init(&h->ops);
}

enum { HASH_HEAD = 24, HASH_ITEM = HASH_HEAD + 8 * EG_OP_ARGS };

static void hash_head(uint8_t *p, uint64_t gap, unsigned code, unsigned flags, uint32_t stream, eg_time time)
{
	egt_put64(p, gap);
	p[8] = (uint8_t)code;
	p[9] = (uint8_t)flags;
	egt_put16(p + 10, 0);
	egt_put32(p + 12, stream);
	egt_put64(p + 16, time);
}

void egt_hash_accesses(struct egt_hash *h, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr)
{
	if (stream != h->stream || time != h->time) {
		uint8_t head[HASH_HEAD];

		hash_head(head, h->gap, EG_OP_NONE, 0, stream, time);
		eg_sha256_update(&h->ops, head, sizeof(head));
		h->nr_ops++;
		h->gap = 0;
		h->stream = stream;
		h->time = time;
	}
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (uint32_t i = 0; i < nr; i++) {
		uint8_t word[8];

		egt_put64(word, acc[i]);
		eg_sha256_update(&h->acc, word, sizeof(word));
	}
#else
	eg_sha256_update(&h->acc, acc, (size_t)nr * sizeof(*acc));
#endif
	h->nr_acc += nr;
	h->gap += nr;
}

void egt_hash_op(struct egt_hash *h, const struct eg_op *op, const char *name)
{
	uint8_t item[HASH_ITEM + 4];
	bool init = op->flags & EG_OPF_INIT;
	struct eg_sha256 *to = init ? &h->init : &h->ops;
	size_t len = strlen(name);

	hash_head(item, init ? 0 : h->gap, op->code, op->flags, op->stream, op->time);
	for (unsigned i = 0; i < EG_OP_ARGS; i++)
		egt_put64(item + HASH_HEAD + 8 * i, op->arg[i]);
	egt_put32(item + HASH_ITEM, (uint32_t)len);
	eg_sha256_update(to, item, sizeof(item));
	eg_sha256_update(to, name, len);
	if (init) {
		h->nr_init++;
		return;
	}
	h->nr_ops++;
	h->gap = 0;
	h->stream = op->stream;
	h->time = op->time;
}

void egt_hash_final(struct egt_hash *h, uint8_t digest[32])
{
	struct eg_sha256 whole;
	uint8_t part[40];
	struct { struct eg_sha256 *sha; uint64_t nr; } parts[3] = {
		{ &h->init, h->nr_init }, { &h->acc, h->nr_acc }, { &h->ops, h->nr_ops },
	};

	eg_sha256_init(&whole);
	for (unsigned i = 0; i < 3; i++) {
		egt_put64(part, parts[i].nr);
		eg_sha256_final(parts[i].sha, part + 8);
		eg_sha256_update(&whole, part, sizeof(part));
	}
	eg_sha256_final(&whole, digest);
}

void egt_identity_init(struct egt_identity *h, bool split)
{
	*h = (struct egt_identity){ .split = split };
	egt_hash_init(&h->one);
}

void egt_identity_free(struct egt_identity *h)
{
	for (uint32_t i = 0; i < h->nr; i++)
		eg_free(h->of[i]);
	eg_free(h->of);
	eg_free(h->id);
	h->of = NULL;
	h->id = NULL;
	h->nr = 0;
}

/* The hash of a stream, made when it is new. */
static eg_status hash_of(struct egt_identity *h, uint32_t stream, struct egt_hash **out)
{
	uint32_t at = h->last;
	struct egt_hash *one;

	if (at < h->nr && h->id[at] == stream) {
		*out = h->of[at];
		return EG_OK;
	}
	for (at = 0; at < h->nr && h->id[at] < stream; at++)
		;
	if (at == h->nr || h->id[at] != stream) {
		if (h->nr == EGT_SPLIT_MAX)
			return EG_USAGE;
		if (!h->of)
			h->of = eg_calloc(EGT_SPLIT_MAX, sizeof(struct egt_hash *));
		if (!h->id)
			h->id = eg_calloc(EGT_SPLIT_MAX, sizeof(*h->id));
		one = h->of && h->id ? eg_calloc(1, sizeof(*one)) : NULL;
		if (!one)
			return EG_NO_MEMORY;
		egt_hash_init(one);
		memmove(h->of + at + 1, h->of + at, (h->nr - at) * sizeof(struct egt_hash *));
		memmove(h->id + at + 1, h->id + at, (h->nr - at) * sizeof(*h->id));
		h->of[at] = one;
		h->id[at] = stream;
		h->nr++;
	}
	h->last = at;
	*out = h->of[at];
	return EG_OK;
}

eg_status egt_identity_accesses(struct egt_identity *h, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr)
{
	struct egt_hash *to = &h->one;

	if (h->split)
		EG_TRY(hash_of(h, stream, &to));
	egt_hash_accesses(to, stream, time, acc, nr);
	return EG_OK;
}

eg_status egt_identity_op(struct egt_identity *h, const struct eg_op *op, const char *name)
{
	struct egt_hash *to = &h->one;

	if (h->split)
		EG_TRY(hash_of(h, op->stream, &to));
	egt_hash_op(to, op, name);
	return EG_OK;
}

void egt_identity_final(struct egt_identity *h, uint8_t digest[32])
{
	struct eg_sha256 whole;
	uint8_t part[36];

	if (!h->split) {
		egt_hash_final(&h->one, digest);
		return;
	}
	eg_sha256_init(&whole);
	for (uint32_t i = 0; i < h->nr; i++) {
		egt_put32(part, h->id[i]);
		egt_hash_final(h->of[i], part + 4);
		eg_sha256_update(&whole, part, sizeof(part));
	}
	eg_sha256_final(&whole, digest);
}

/* ---- items of an ops section ---------------------------------------------------------------------- */

eg_status egt_each_op(const uint8_t *p, size_t len, eg_status (*fn)(void *ctx, const struct eg_op *op), void *ctx)
{
	struct egt_items it = { .p = p, .end = p + len, .time = EG_TIME_NONE };

	while (it.p < it.end) {
		struct eg_op op;
		enum egt_item kind;
		uint64_t gap;

		it.p = codec_get_varint(it.p, it.end, &gap);
		kind = it.p ? egt_take_item(&it, &op) : EGT_ITEM_BAD;
		if (kind == EGT_ITEM_BAD)
			return EG_BAD_INPUT;
		if (kind == EGT_ITEM_OP)
			EG_TRY(fn(ctx, &op));
	}
	return EG_OK;
}

/* ---- stream numbers ------------------------------------------------------------------------------- */

static bool grow_streams(struct egt_streams *s)
{
	struct egt_streams more = { .nr = s->nr, .nr_slots = s->nr_slots ? 2 * s->nr_slots : 64 };
	uint32_t at;

	more.slot = s->nr_slots < 1u << 24 ? eg_calloc(more.nr_slots, sizeof(*more.slot)) : NULL;
	if (!more.slot)
		return false;
	for (uint32_t i = 0; i < s->nr_slots; i++) {
		if (!s->slot[i])
			continue;
		for (at = s->slot[i] * 0x9e3779b1u >> 7; more.slot[at & (more.nr_slots - 1)]; at++)
			;
		more.slot[at & (more.nr_slots - 1)] = s->slot[i];
	}
	eg_free(s->slot);
	*s = more;
	return true;
}

bool egt_streams_add(struct egt_streams *s, uint32_t stream)
{
	uint32_t at;

	if (2 * s->nr >= s->nr_slots && !grow_streams(s))
		return false;
	for (at = (stream + 1) * 0x9e3779b1u >> 7; s->slot[at & (s->nr_slots - 1)]; at++)
		if (s->slot[at & (s->nr_slots - 1)] == stream + 1)
			return true;
	s->slot[at & (s->nr_slots - 1)] = stream + 1;
	s->nr++;
	return true;
}

/* ---- metadata ------------------------------------------------------------------------------------ */

static bool key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '.' || c == '-';
}

/* Index of the first key that is not less than `key`. */
static size_t meta_find(const struct egt_meta *m, const char *key)
{
	size_t lo = 0, hi = m->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(m->pair[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

eg_status egt_meta_set(struct egt_meta *m, const char *key, const char *value)
{
	size_t at = meta_find(m, key);
	char *copy, *name;

	if (!*key)
		return EG_BAD_INPUT;
	for (const char *c = key; *c; c++)
		if (!key_char(*c))
			return EG_BAD_INPUT;
	copy = eg_strdup(value);
	if (!copy)
		return EG_NO_MEMORY;
	if (at < m->nr && strcmp(m->pair[at].key, key) == 0) {
		eg_free(m->pair[at].value);
		m->pair[at].value = copy;
		return EG_OK;
	}
	name = eg_strdup(key);
	if (!name || !eg_grow((void **)&m->pair, &m->nr, &m->cap, sizeof(*m->pair))) {
		eg_free(name);
		eg_free(copy);
		return EG_NO_MEMORY;
	}
	memmove(m->pair + at + 1, m->pair + at, (m->nr - 1 - at) * sizeof(*m->pair));
	m->pair[at] = (struct egt_pair){ name, copy };
	return EG_OK;
}

const char *egt_meta_get(const struct egt_meta *m, const char *key)
{
	size_t at = meta_find(m, key);

	return at < m->nr && strcmp(m->pair[at].key, key) == 0 ? m->pair[at].value : NULL;
}

void egt_meta_free(struct egt_meta *m)
{
	for (size_t i = 0; i < m->nr; i++) {
		eg_free(m->pair[i].key);
		eg_free(m->pair[i].value);
	}
	eg_free(m->pair);
	*m = (struct egt_meta){ 0 };
}

void egt_meta_format(const struct egt_meta *m, const char *prefix, struct eg_str *out)
{
	for (size_t i = 0; i < m->nr; i++) {
		struct eg_str value = { 0 };

		eg_str_add_json(&value, m->pair[i].value);
		if (value.failed || value.len < 2)
			out->failed = true;
		eg_str_addf(out, "%s%s: ", prefix, m->pair[i].key);
		if (value.len >= 2)
			eg_str_addn(out, value.p + 1, value.len - 2);
		eg_str_add(out, "\n");
		eg_str_free(&value);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t egt_unescape(const char *text, size_t len, char *out)
{
	static const char from[] = "\"\\/nrtbf", to[] = "\"\\/\n\r\t\b\f";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *c;
		unsigned code = 0;

		if (text[i] != '\\') {
			if (!text[i])
				return SIZE_MAX;
			out[n++] = text[i];
			continue;
		}
		if (++i == len)
			return SIZE_MAX;
		if (text[i] != 'u') {
			c = text[i] ? strchr(from, text[i]) : NULL;
			if (!c)
				return SIZE_MAX;
			out[n++] = to[c - from];
			continue;
		}
		if (len - i < 5)
			return SIZE_MAX;
		for (unsigned k = 1; k <= 4; k++) {
			int digit = hex_digit(text[i + k]);

			if (digit < 0)
				return SIZE_MAX;
			code = code << 4 | (unsigned)digit;
		}
		i += 4;
		if (code == 0 || code >= 0xa0)          /* we write control characters only */
			return SIZE_MAX;
		if (code >= 0x80)
			out[n++] = (char)0xc2;
		out[n++] = (char)code;
	}
	out[n] = '\0';
	return n;
}

eg_status egt_meta_parse_line(struct egt_meta *m, const char *line, size_t len)
{
	const char *colon = len ? memchr(line, ':', len) : NULL;
	size_t key = colon ? (size_t)(colon - line) : 0;
	char *text, *value;
	eg_status s;

	if (!key || len < key + 2 || colon[1] != ' ')
		return EG_BAD_INPUT;
	text = eg_calloc(len + 2, 1);
	if (!text)
		return EG_NO_MEMORY;
	memcpy(text, line, key);
	value = text + key + 1;
	if (memchr(text, '\0', key) || eg_find_control(text, "") || egt_unescape(colon + 2, len - key - 2, value) == SIZE_MAX)
		s = EG_BAD_INPUT;
	else
		s = egt_meta_set(m, text, value);
	eg_free(text);
	return s;
}

eg_status egt_meta_parse(struct egt_meta *m, const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);

		if (!end)
			return EG_BAD_INPUT;
		EG_TRY(egt_meta_parse_line(m, text, (size_t)(end - text)));
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return EG_OK;
}

/* ---- capabilities -------------------------------------------------------------------------------- */

static const char *const cap_names[] = {
#define X(NAME, text) text,
	TRACE_CAP_MAP(X)
#undef X
};

void trace_capability_names(uint32_t caps, char *buf, size_t size)
{
	size_t n = 0;

	if (!size)
		return;
	buf[0] = '\0';
	for (unsigned i = 0; i < EG_ARRAY_LEN(cap_names); i++) {
		size_t len = strlen(cap_names[i]);

		if (!(caps >> i & 1) || n + len + 2 > size)
			continue;
		if (n)
			buf[n++] = ' ';
		memcpy(buf + n, cap_names[i], len + 1);
		n += len;
	}
}

uint32_t egt_capabilities_parse(const char *names)
{
	uint32_t caps = 0;

	while (names && *names) {
		size_t len = strcspn(names, " ");

		for (unsigned i = 0; i < EG_ARRAY_LEN(cap_names); i++)
			if (strlen(cap_names[i]) == len && memcmp(cap_names[i], names, len) == 0)
				caps |= 1u << i;
		names += len;
		names += strspn(names, " ");
	}
	return caps;
}
