/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * codec - access words to bytes and back, one chunk at a time; see codec.c for the coding.
 *
 * Pure memory: no files, no checksums. A chunk starts from fresh state, so chunks decode in any order.
 */
#ifndef WORKLOADS_TRACE_CODEC_H
#define WORKLOADS_TRACE_CODEC_H

#include "sim/base/op.h"
#include "sim/base/status.h"

#define CODEC_SLOTS       16u
#define CODEC_CODES       256u
#define CODEC_DICT_MAX    (255u * 16u)  /* bytes of the largest dictionary                             */
#define CODEC_ACCESS_MAX  12u           /* bytes of the data section that one access can take          */
#define CODEC_BATCH       256u          /* accesses decoded between two checks of the data cursor      */
#define CODEC_SLACK       (CODEC_BATCH * CODEC_ACCESS_MAX + 8u)  /* readable bytes wanted behind data  */

/* ---- encoding ------------------------------------------------------------------------------------ */

struct codec_encoder;

/* Scratch for chunks of up to max_nr accesses; NULL when there is no memory. */
struct codec_encoder *codec_encoder_new(uint32_t max_nr) EG_MUST_USE;
void                  codec_encoder_free(struct codec_encoder *e);

struct codec_sizes {
	uint32_t dict, data;            /* bytes written to each section; control takes nr bytes */
};

/*
 * Encode acc[0..nr): dict (CODEC_DICT_MAX bytes), ctl (nr bytes) and data (nr * CODEC_ACCESS_MAX bytes)
 * are the caller's. The same words always give the same bytes.
 */
struct codec_sizes codec_encode(struct codec_encoder *e, const uint64_t *acc, uint32_t nr,
				uint8_t *dict, uint8_t *ctl, uint8_t *data);

/* ---- decoding ------------------------------------------------------------------------------------ */

/* What one control byte says. Two cache lines hold four of them. */
struct codec_entry {
	uint64_t mask;                  /* keeps the low 8 * len bits of what stands at the data cursor */
	uint64_t konst;                 /* added to the offset                                          */
	uint64_t word;                  /* kind and size, in place                                      */
	uint32_t size;                  /* bytes accessed                                               */
	uint8_t  len, scale, in, out;   /* bytes of data; offset << scale; slots                        */
};

struct codec_decoder {
	struct codec_entry entry[CODEC_CODES];   /* [0]: the escape                       */
	uint64_t slot[CODEC_SLOTS];              /* end of the last access of each slot   */
	const uint8_t *ctl, *ctl_end;            /* next control byte                     */
	const uint8_t *data, *data_end;          /* data cursor; CODEC_SLACK bytes follow */
};

/*
 * Start a chunk. The sections are borrowed until it is decoded; CODEC_SLACK bytes behind data[data_len]
 * must be readable. False when the dictionary is malformed.
 */
bool codec_decode_begin(struct codec_decoder *d, const uint8_t *dict, uint32_t dict_len,
			const uint8_t *ctl, uint32_t nr, const uint8_t *data, uint32_t data_len) EG_MUST_USE;

/* The next nr accesses (no more than are left) into out. False when the sections contradict each other. */
bool codec_decode(struct codec_decoder *d, uint64_t *out, uint32_t nr) EG_MUST_USE;

/* True when control and data are used up, both exactly. */
bool codec_decode_done(const struct codec_decoder *d);

/* ---- variable-length integers (7 bits a byte, low first) ------------------------------------------ */

#define CODEC_VARINT_MAX 10u

static inline uint8_t *codec_put_varint(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* NULL when the bytes end inside the number, it has more than 64 bits, or is not in its shortest form. */
static inline const uint8_t *codec_get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t x = 0;

	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		uint8_t b = *p++;

		if (shift == 63 && b > 1)
			return NULL;
		x |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*v = x;
			return b || shift == 0 ? p : NULL;
		}
	}
	return NULL;
}

static inline uint64_t codec_zigzag(uint64_t d)   { return d << 1 ^ (uint64_t)-(int64_t)(d >> 63); }
static inline uint64_t codec_unzigzag(uint64_t z) { return z >> 1 ^ (uint64_t)-(int64_t)(z & 1); }

#endif
