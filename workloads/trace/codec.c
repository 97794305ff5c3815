/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * codec - access words as one control byte each, and the bytes that it cannot say.
 *
 * A trace is read many times and must not be what a run waits for, so the coding is chosen for the
 * decoder: one table look-up per access, no branch that depends on the data, no variable shift chain.
 *
 *   1. Sixteen slots remember where recent accesses ended: the encoder keeps 0..7 for data, 8..11 for
 *      instruction fetches; 15 is never written and stays 0. An access is coded as a distance from one
 *      slot (`in`) and leaves its own end in one (`out`): usually the same one, so that a slot follows
 *      the stack, an array, a stretch of code. A jump far from every slot takes over the one that was
 *      not used for the longest.
 *   2. Per chunk, a dictionary of up to 255 entries says what the control bytes 1..255 mean. An entry
 *      fixes kind, size, in, out, and either the exact distance (no data bytes at all) or the number of
 *      data bytes that hold it. Those hold (distance >> scale) + 2^(8 * len - 1), little-endian: the
 *      offset becomes an addition of a constant, where a zigzag or a sign extension costs more.
 *   3. Control byte 0 is the escape: kind and size, slots, length and scale stand in three data bytes.
 *   4. Control bytes and data bytes are separate sections, so that the cursors do not wait for each
 *      other and zstd sees two kinds of statistics instead of a mixture.
 *
 * The distance counts from the *end* of the slot's access: equal strides and straight code are distance 0.
 * Measured in docs/egt-format.md.
 *
 * Which slot and which dictionary is the encoder's business: the format defines only how to decode, and
 * the identity of a trace is a hash of the decoded words.
 */
#include "workloads/trace/codec.h"

#include "sim/base/check.h"
#include "sim/base/mem.h"

enum {
	DATA_SLOTS   = 8,
	FETCH_FIRST  = 8,
	FETCH_SLOTS  = 4,
	SCALES       = 4,
	EXACT_BITS   = 15,               /* hash table of exact distances, 2^15 buckets            */
	EXACT_CODES  = 160,              /* at most this many entries with an exact distance       */
	FORM_BITS    = 13,
};

static const uint64_t FAR = 1 << 22;     /* beyond it an access takes a slot over                  */

/* ---- decoding ------------------------------------------------------------------------------------ */

static uint64_t len_mask(unsigned len)
{
	return len >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * len)) - 1;
}

static uint64_t len_bias(unsigned len)
{
	return len ? UINT64_C(1) << (8 * len - 1) : 0;
}

static bool valid_form(uint8_t kind_size, uint8_t len_scale)
{
	return kind_size < 128 && (len_scale & 15) <= 8 && len_scale >> 4 < SCALES;
}

static void entry_form(struct codec_entry *e, uint8_t kind_size, uint8_t slots, uint8_t len_scale)
{
	unsigned len = len_scale & 15, scale = len_scale >> 4;

	*e = (struct codec_entry){
		.mask = len_mask(len),
		.konst = 0 - (len_bias(len) << scale),
		.word = (uint64_t)kind_size << EG_ACCESS_ADDR_BITS,
		.size = (uint32_t)(kind_size >> 2) + 1,
		.len = (uint8_t)len,
		.scale = (uint8_t)scale,
		.in = slots & 15,
		.out = slots >> 4,
	};
}

bool codec_decode_begin(struct codec_decoder *d, const uint8_t *dict, uint32_t dict_len,
			const uint8_t *ctl, uint32_t nr, const uint8_t *data, uint32_t data_len)
{
	const uint8_t *p = dict, *end = dict + dict_len;
	unsigned code;

	memset(d->slot, 0, sizeof(d->slot));
	d->ctl = ctl;
	d->ctl_end = ctl + nr;
	d->data = data;
	d->data_end = data + data_len;
	for (code = 1; p < end; code++) {
		uint64_t distance;

		if (code == CODEC_CODES || end - p < 3 || !valid_form(p[0], p[2]))
			return false;
		entry_form(&d->entry[code], p[0], p[1], p[2]);
		p += 3;
		if (d->entry[code].len == 0) {
			p = codec_get_varint(p, end, &distance);
			if (!p)
				return false;
			d->entry[code].konst = codec_unzigzag(distance);
		}
	}
	/* codes without an entry, and the escape, are told apart from it by a length no entry can have */
	for (; code < CODEC_CODES; code++)
		d->entry[code] = (struct codec_entry){ .len = 9 };
	d->entry[0] = (struct codec_entry){ .len = 9 };
	return true;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Control byte 0. Returns the bytes taken from the data section, 0 when they are malformed. */
static EG_NOINLINE unsigned decode_escape(uint64_t slot[CODEC_SLOTS], const uint8_t *data, uint64_t *out)
{
	struct codec_entry e;
	uint64_t at;

	if (!valid_form(data[0], data[2]))
		return 0;
	entry_form(&e, data[0], data[1], data[2]);
	at = slot[e.in] + ((load64(data + 3) & e.mask) << e.scale) + e.konst;
	*out = (at & EG_ACCESS_ADDR_MASK) | e.word;
	slot[e.out] = at + e.size;
	return 3u + e.len;
}

/*
 * Hot: this loop is the decode rate. The data cursor is checked once per batch, which is why the caller
 * lends CODEC_SLACK readable bytes behind the section.
 */
bool codec_decode(struct codec_decoder *d, uint64_t *out, uint32_t nr)
{
	const uint8_t *ctl = d->ctl, *data = d->data;
	uint64_t *slot = d->slot;

	EG_CHECK(nr <= (size_t)(d->ctl_end - ctl));
	while (nr) {
		uint32_t batch = nr < CODEC_BATCH ? nr : CODEC_BATCH;

		for (uint32_t i = 0; i < batch; i++) {
			const struct codec_entry *e = &d->entry[*ctl++];
			uint64_t distance, base;

			if (EG_UNLIKELY(e->len == 9)) {
				unsigned used = ctl[-1] ? 0 : decode_escape(slot, data, out + i);

				if (!used)
					return false;
				data += used;
				continue;
			}
			base = slot[e->in];
			distance = ((load64(data) & e->mask) << e->scale) + e->konst;
			data += e->len;
			out[i] = ((base + distance) & EG_ACCESS_ADDR_MASK) | e->word;
			slot[e->out] = base + (distance + e->size);
		}
		if (data > d->data_end)
			return false;
		out += batch;
		nr -= batch;
	}
	d->ctl = ctl;
	d->data = data;
	return true;
}

bool codec_decode_done(const struct codec_decoder *d)
{
	return d->ctl == d->ctl_end && d->data == d->data_end;
}

/* ---- encoding ------------------------------------------------------------------------------------ */

/*
 * Two hash tables count how often each exact (kind, size, in, out, distance) and each form (the same
 * with length and scale instead of the distance) occurs. A table that is three quarters full takes no
 * more: what is common has been met by then.
 */
struct bucket {
	uint64_t distance;              /* exact table only */
	uint32_t key;                   /* 0 = empty        */
	uint32_t count;
	uint8_t  code;                  /* control byte, 0 = none */
};

struct table {
	struct bucket *bucket;
	uint32_t      *used;            /* indices of the occupied buckets */
	uint32_t       nr, limit;
	unsigned       bits;
};

struct codec_encoder {
	uint32_t     max_nr;
	struct table exact, form;
	uint64_t    *distance;          /* per access */
	uint32_t    *key;               /* per access, form included      */
	uint32_t    *exact_at, *form_at;/* per access: bucket, or NONE    */
};

static const uint32_t NONE = UINT32_MAX;

static bool table_new(struct table *t, unsigned bits)
{
	t->bits = bits;
	t->limit = (1u << bits) / 4 * 3;
	t->bucket = eg_calloc(1u << bits, sizeof(*t->bucket));
	t->used = eg_calloc(1u << bits, sizeof(*t->used));
	return t->bucket && t->used;
}

static void table_clear(struct table *t)
{
	for (uint32_t i = 0; i < t->nr; i++)
		t->bucket[t->used[i]] = (struct bucket){ 0 };
	t->nr = 0;
}

/* The bucket of (key, distance), made if there is room, counted; NONE when the table is full. */
static uint32_t table_count(struct table *t, uint32_t key, uint64_t distance)
{
	uint64_t h = (key * UINT64_C(0x9e3779b97f4a7c15) ^ distance) * UINT64_C(0xd6e8feb86659fd93);
	uint32_t i = (uint32_t)(h >> (64 - t->bits)), wrap = (1u << t->bits) - 1;

	for (;; i = (i + 1) & wrap) {
		struct bucket *b = &t->bucket[i];

		if (b->key == key && b->distance == distance) {
			b->count++;
			return i;
		}
		if (!b->key) {
			if (t->nr == t->limit)
				return NONE;
			b->key = key;
			b->distance = distance;
			b->count = 1;
			t->used[t->nr++] = i;
			return i;
		}
	}
}

struct codec_encoder *codec_encoder_new(uint32_t max_nr)
{
	struct codec_encoder *e = eg_calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->max_nr = max_nr;
	e->distance = eg_calloc(max_nr, sizeof(*e->distance));
	e->key = eg_calloc(max_nr, sizeof(*e->key));
	e->exact_at = eg_calloc(max_nr, sizeof(*e->exact_at));
	e->form_at = eg_calloc(max_nr, sizeof(*e->form_at));
	if (!e->distance || !e->key || !e->exact_at || !e->form_at || !table_new(&e->exact, EXACT_BITS) ||
	    !table_new(&e->form, FORM_BITS)) {
		codec_encoder_free(e);
		return NULL;
	}
	return e;
}

void codec_encoder_free(struct codec_encoder *e)
{
	if (!e)
		return;
	eg_free(e->exact.bucket);
	eg_free(e->exact.used);
	eg_free(e->form.bucket);
	eg_free(e->form.used);
	eg_free(e->distance);
	eg_free(e->key);
	eg_free(e->exact_at);
	eg_free(e->form_at);
	eg_free(e);
}

/* Fewest bytes that hold `distance` signed. */
static unsigned bytes_of(uint64_t distance)
{
	uint64_t magnitude = distance ^ (uint64_t)-(int64_t)(distance >> 63);

	return magnitude ? (64u - (unsigned)__builtin_clzll(magnitude)) / 8 + 1 : 1;
}

/* Length in the low four bits, scale in the high: the shortest, the smaller scale when equal. */
static unsigned form_of(uint64_t distance)
{
	unsigned len = bytes_of(distance), scale = 0, zeros = distance ? (unsigned)__builtin_ctzll(distance) : 0;

	for (unsigned s = 2; s < SCALES && s <= zeros; s++) {
		unsigned shorter = bytes_of((uint64_t)((int64_t)distance >> s));

		if (shorter < len) {
			len = shorter;
			scale = s;
		}
	}
	return len | scale << 4;
}

struct slots {
	uint64_t end[CODEC_SLOTS];
	uint64_t used[CODEC_SLOTS];     /* ordinal of the last use */
};

/* Nearest slot, and which one the access goes to. */
static uint32_t choose_slots(struct slots *s, uint64_t word, uint64_t ordinal, uint64_t *distance)
{
	bool fetch = eg_access_kind(word) == EG_ACCESS_FETCH;
	unsigned first = fetch ? FETCH_FIRST : 0, nr = fetch ? FETCH_SLOTS : DATA_SLOTS, in = first, out;
	uint64_t addr = eg_access_addr(word), best = UINT64_MAX;

	for (unsigned i = first; i < first + nr; i++) {
		uint64_t d = addr - s->end[i], magnitude = d ^ (uint64_t)-(int64_t)(d >> 63);

		if (magnitude < best) {
			best = magnitude;
			in = i;
		}
	}
	out = in;
	if (best >= FAR)
		for (unsigned i = first; i < first + nr; i++)
			if (s->used[i] < s->used[out])
				out = i;
	*distance = addr - s->end[in];
	s->end[out] = addr + eg_access_size(word);
	s->used[out] = ordinal;
	return in | out << 4;
}

/* Sort occupied buckets by falling count, then key, so that the dictionary is a function of the words. */
static int by_count(const struct bucket *a, const struct bucket *b)
{
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->distance < b->distance ? -1 : a->distance > b->distance;
}

/* The `want` most frequent buckets with at least `least` accesses, in order, into out; how many. */
static unsigned most_frequent(const struct table *t, uint32_t least, unsigned want, struct bucket **out)
{
	unsigned nr = 0;

	for (uint32_t i = 0; i < t->nr; i++) {
		struct bucket *b = &t->bucket[t->used[i]];
		unsigned at;

		if (b->count < least || (nr == want && by_count(out[nr - 1], b) <= 0))
			continue;
		at = nr < want ? nr++ : want - 1;
		for (; at && by_count(b, out[at - 1]) < 0; at--)
			out[at] = out[at - 1];
		out[at] = b;
	}
	return nr;
}

/* key: 1 << 31 | kind and size << 8 | slots; a form's key also length and scale << 16 */
static uint8_t *put_entry(uint8_t *p, uint32_t key, unsigned form)
{
	*p++ = (uint8_t)(key >> 8 & 0x7f);
	*p++ = (uint8_t)key;
	*p++ = (uint8_t)form;
	return p;
}

static uint8_t *put_distance(uint8_t *p, uint64_t distance, unsigned form)
{
	unsigned len = form & 15;
	uint64_t v = (uint64_t)((int64_t)distance >> (form >> 4)) + len_bias(len);

	for (unsigned i = 0; i < len; i++, v >>= 8)
		*p++ = (uint8_t)v;
	return p;
}

struct codec_sizes codec_encode(struct codec_encoder *e, const uint64_t *acc, uint32_t nr,
				uint8_t *dict, uint8_t *ctl, uint8_t *data)
{
	struct slots slots = { .end = { 0 } };
	struct bucket *top[CODEC_CODES];
	uint8_t *dict_start = dict, *data_start = data;
	unsigned code = 1, nr_top;

	EG_CHECK(nr <= e->max_nr);
	table_clear(&e->exact);
	table_clear(&e->form);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t distance;
		uint32_t key = choose_slots(&slots, acc[i], i + 1, &distance);

		key |= UINT32_C(1) << 31 | (uint32_t)(acc[i] >> EG_ACCESS_ADDR_BITS) << 8;
		e->distance[i] = distance;
		e->key[i] = key | form_of(distance) << 16;
		e->form_at[i] = table_count(&e->form, e->key[i], 0);
		e->exact_at[i] = bytes_of(distance) <= 3 ? table_count(&e->exact, key, distance) : NONE;
	}
	nr_top = most_frequent(&e->exact, nr / 4096 + 4, EXACT_CODES, top);
	for (unsigned i = 0; i < nr_top; i++, code++) {
		top[i]->code = (uint8_t)code;
		dict = put_entry(dict, top[i]->key, 0);
		dict = codec_put_varint(dict, codec_zigzag(top[i]->distance));
	}
	/* a form is worth an entry for the accesses that no exact entry covers */
	for (uint32_t i = 0; i < nr; i++)
		if (e->form_at[i] != NONE && e->exact_at[i] != NONE && e->exact.bucket[e->exact_at[i]].code)
			e->form.bucket[e->form_at[i]].count--;
	nr_top = most_frequent(&e->form, 2, CODEC_CODES - code, top);
	for (unsigned i = 0; i < nr_top; i++, code++) {
		top[i]->code = (uint8_t)code;
		dict = put_entry(dict, top[i]->key, top[i]->key >> 16 & 0xff);
	}
	for (uint32_t i = 0; i < nr; i++) {
		struct bucket *exact = e->exact_at[i] == NONE ? NULL : &e->exact.bucket[e->exact_at[i]];
		struct bucket *form = e->form_at[i] == NONE ? NULL : &e->form.bucket[e->form_at[i]];
		unsigned f;

		if (exact && exact->code) {
			ctl[i] = exact->code;
			continue;
		}
		f = e->key[i] >> 16 & 0xff;
		ctl[i] = form ? form->code : 0;
		if (!ctl[i])
			data = put_entry(data, e->key[i], f);
		data = put_distance(data, e->distance[i], f);
	}
	return (struct codec_sizes){ (uint32_t)(dict - dict_start), (uint32_t)(data - data_start) };
}
