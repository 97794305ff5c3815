/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * egt - the bytes of the container: sizes, offsets, tags. docs/egt-format.md is the description; this
 * header is what reader and writer share. All integers little-endian.
 */
#ifndef WORKLOADS_TRACE_EGT_H
#define WORKLOADS_TRACE_EGT_H

#include "sim/base/op.h"
#include "sim/base/sha256.h"
#include "sim/base/str.h"

#define EGT_MAJOR          1u
#define EGT_MINOR          1u            /* newest that is known */
#define EGT_MINOR_SPLIT    1u            /* which one brought the split layout and EG_OP_RUN */
#define EGT_MINOR_RUN      1u

#define EGT_MAGIC          "\x93" "EGT\r\n\x1a\n"
#define EGT_MAGIC_SIZE     8u
#define EGT_HEADER_SIZE    24u            /* before the metadata */
#define EGT_META_MAX       (1u << 20)
#define EGT_FLAG_SPLIT     1u            /* header flags: each chunk of records holds one stream */
#define EGT_SPLIT_MAX      256u          /* streams of a split file: one chunk is open for each */

#define EGT_CHUNK_MAGIC    "EGTC"
#define EGT_CHUNK_HEADER   72u
#define EGT_CHUNK_HEADER_MAX 4096u        /* a later minor version may have a longer one */
#define EGT_RAW_MAX        (40u << 20)    /* largest raw chunk a reader accepts: what 8 MiB chunks can
					   * come to when nothing in them can be predicted */

#define EGT_TRAILER_MAGIC  "EGTT"
#define EGT_TRAILER_SIZE   64u
#define EGT_TRAILER_END    "EGTEND\r\n"

#define EGT_CHUNK_MIN      (64u << 10)    /* chunk_bytes of a writer */
#define EGT_CHUNK_MAX      (8u << 20)
#define EGT_CHUNK_DEFAULT  (1u << 20)

#define EGT_NAME_MAX       (64u << 10)    /* bytes of one text */
#define EGT_NAMES_MAX      (1u << 22)     /* texts in a file   */

enum egt_chunk_type {
	EGT_CHUNK_RECORDS  = 1,
	EGT_CHUNK_NAMES    = 2,
	EGT_CHUNK_METADATA = 3,
	EGT_CHUNK_STATE    = 4,           /* what the records before it have built, as ops */
	EGT_CHUNK_INDEX    = 5,           /* where the chunks stand; the last chunk        */
};

#define EGT_CHUNK_COMPRESSED 1u
#define EGT_CHUNK_IGNORABLE  2u           /* a reader that does not know the type may skip it */
#define EGT_CHUNK_KNOWN      3u

#define EGT_INTERLEAVED      UINT32_MAX   /* chunk stream: several */

/* Raw payload of a records chunk: four u32, then the sections in this order. */
#define EGT_RECORDS_HEAD     16u          /* accesses, dictionary, data and ops bytes */

/* Items of the ops section: varint gap, tag, varint length, payload. 1..127 are op codes. */
#define EGT_TAG_STREAM       0x80u        /* varint stream: of the records that follow  */
#define EGT_TAG_TIME         0x81u        /* varint zigzag(difference) in picoseconds   */
#define EGT_TAG_NO_TIME      0x82u        /* nothing: EG_TIME_NONE from here            */

static inline void egt_put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)v; p[1] = (uint8_t)(v >> 8); }
static inline void egt_put32(uint8_t *p, uint32_t v) { egt_put16(p, v & 0xffff); egt_put16(p + 2, v >> 16); }
static inline void egt_put64(uint8_t *p, uint64_t v)
{
	egt_put32(p, (uint32_t)v);
	egt_put32(p + 4, (uint32_t)(v >> 32));
}
static inline uint32_t egt_get16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t egt_get32(const uint8_t *p) { return egt_get16(p) | egt_get16(p + 2) << 16; }
static inline uint64_t egt_get64(const uint8_t *p) { return egt_get32(p) | (uint64_t)egt_get32(p + 4) << 32; }

/* ---- chunk header -------------------------------------------------------------------------------- */

struct egt_chunk {
	uint8_t  type, flags;
	uint32_t header;                  /* length of the header, >= EGT_CHUNK_HEADER */
	uint32_t stream, records;
	uint64_t sequence;                /* 0, 1, 2, ... over all chunks */
	uint32_t raw, stored;
	uint64_t ordinal;                 /* records before this chunk */
	eg_time  first_time, last_time;
	uint32_t payload_crc;
};

void egt_chunk_pack(const struct egt_chunk *c, uint8_t out[EGT_CHUNK_HEADER]);
/* False when magic or CRC are wrong. */
bool egt_chunk_unpack(struct egt_chunk *c, const uint8_t in[EGT_CHUNK_HEADER]) EG_MUST_USE;

/* ---- content hash -------------------------------------------------------------------------------- */

/*
 * A trace's identity: what was recorded, not how it is stored. Three SHA-256 streams - ops flagged init,
 * access words, all else with its place among the accesses - so that accesses hash as plain arrays.
 */
struct egt_hash {
	struct eg_sha256 init, acc, ops;
	uint64_t nr_init, nr_acc, nr_ops;
	uint64_t gap;                     /* accesses since the last item of `ops` */
	uint32_t stream;                  /* of the last record  */
	eg_time  time;
};

void egt_hash_init(struct egt_hash *h);
void egt_hash_accesses(struct egt_hash *h, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr);
/* `name` is the text of op->name, "" for none. */
void egt_hash_op(struct egt_hash *h, const struct eg_op *op, const char *name);
void egt_hash_final(struct egt_hash *h, uint8_t digest[32]);

/*
 * Identity of either layout. Split: the streams' own identities in the order of their numbers, so that it does not
 * depend on how their chunks follow each other. At most EGT_SPLIT_MAX of them.
 */
struct egt_identity {
	bool             split;
	struct egt_hash  one;             /* interleaved */
	struct egt_hash **of;             /* split: sorted by id */
	uint32_t        *id;
	uint32_t         nr, last;
};

void egt_identity_init(struct egt_identity *h, bool split);
void egt_identity_free(struct egt_identity *h);
/* EG_NO_MEMORY, or EG_USAGE when a split trace has too many streams. */
eg_status egt_identity_accesses(struct egt_identity *h, uint32_t stream, eg_time time, const uint64_t *acc, uint32_t nr)
	EG_MUST_USE;
eg_status egt_identity_op(struct egt_identity *h, const struct eg_op *op, const char *name) EG_MUST_USE;
void      egt_identity_final(struct egt_identity *h, uint8_t digest[32]);

/* ---- items of an ops section ---------------------------------------------------------------------- */

/* A cursor. `stream` and `time` are the coder's state; a chunk begins with stream 0 and no time. */
struct egt_items {
	const uint8_t *p, *end;
	uint32_t       stream;
	eg_time        time;
};

/* What stands at the cursor: items.h. */

/*
 * All ops of an ops section, in order: stops at and returns the first status of fn() that is not EG_OK; EG_BAD_INPUT
 * when it is malformed. What is unknown is passed over.
 */
eg_status egt_each_op(const uint8_t *p, size_t len, eg_status (*fn)(void *ctx, const struct eg_op *op), void *ctx)
	EG_MUST_USE;

/* ---- stream numbers ------------------------------------------------------------------------------- */

/* Those that were met: open addressing, each slot a number plus one. */
struct egt_streams {
	uint32_t *slot;
	uint32_t  nr, nr_slots;           /* slots: a power of two, or 0 */
};

/* False: no memory, or absurdly many. */
bool egt_streams_add(struct egt_streams *s, uint32_t stream);

/* ---- metadata ------------------------------------------------------------------------------------ */

struct egt_pair {
	char *key, *value;
};

struct egt_meta {
	struct egt_pair *pair;            /* sorted by key */
	size_t           nr, cap;
};

/* Set or replace. EG_BAD_INPUT for a key that is empty or has odd characters. */
eg_status   egt_meta_set(struct egt_meta *m, const char *key, const char *value) EG_MUST_USE;
const char *egt_meta_get(const struct egt_meta *m, const char *key);
void        egt_meta_free(struct egt_meta *m);
/* Append "key: value" lines, each with `prefix` in front. */
void        egt_meta_format(const struct egt_meta *m, const char *prefix, struct eg_str *out);
/* One line without its end into the map; EG_BAD_INPUT when it is not "key: value". */
eg_status   egt_meta_parse_line(struct egt_meta *m, const char *line, size_t len) EG_MUST_USE;
eg_status   egt_meta_parse(struct egt_meta *m, const char *text, size_t len) EG_MUST_USE;

/*
 * A JSON-escaped text without its quotes back to bytes, NUL-terminated, into out (at least len + 1
 * bytes). Returns the length, SIZE_MAX when an escape is malformed or says NUL.
 */
size_t egt_unescape(const char *text, size_t len, char *out);

/* Capability bits of a list of names; unknown names are ignored. */
uint32_t egt_capabilities_parse(const char *names);

#endif
