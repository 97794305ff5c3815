/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index - where the chunks of a file stand and what they hold: made by the writer, parsed by the reader.
 *
 * One entry for each chunk in front of the index, in their order. An entry gives the chunk's size in the file, not
 * its place, and its number of records, not its first one: places and ordinals are sums, which must come out at the
 * index's own place and at the number of records in the file. So an index that belongs to another file, or to an
 * earlier version of this one, contradicts it, and no entry can point outside.
 */
#ifndef WORKLOADS_TRACE_INDEX_H
#define WORKLOADS_TRACE_INDEX_H

#include "workloads/trace/egt.h"

#define EGT_INDEX_STREAMS 256u          /* streams that an entry lists at most; with more it lists none */

/* ---- making --------------------------------------------------------------------------------------- */

struct egt_index_build {
	struct eg_str entries;
	uint64_t      nr;
};

/* What an entry says of a records chunk, besides its records: streams ascending, nr 0 when they are not listed. */
void egt_index_put_facts(struct eg_str *out, eg_time first, eg_time last, eg_time latest, const uint32_t *streams,
			 uint32_t nr);
/* `bytes` in the file, header included; facts: of a records chunk, else none. */
void egt_index_add(struct egt_index_build *b, unsigned type, uint64_t bytes, uint32_t records, const void *facts, size_t len);
/* The payload. streams: how many different ones, 0 when that is not known. */
void egt_index_finish(const struct egt_index_build *b, uint64_t streams, struct eg_str *out);

/* ---- using ---------------------------------------------------------------------------------------- */

struct egt_index_entry {
	uint64_t at, ordinal;
	eg_time  first, last, latest;   /* first and last as in the header; latest of all in the chunk */
	uint32_t records;
	uint32_t streams_at, nr_streams;/* in the text */
	uint8_t  type;
};

struct egt_index {
	struct egt_index_entry *entry;  /* entry[i]: chunk number i */
	size_t   nr;
	uint64_t streams;               /* different ones in the file; 0 unknown */
	uint64_t states;                /* places with a state chunk             */
	uint8_t *text;                  /* the payload                           */
	size_t   len;
};

/*
 * payload[0..n) of an index at byte `at` of a file whose chunks begin at `first`: EG_BAD_INPUT when it is malformed or
 * its sums are not `at` and `records`. Memory is proportional to the chunks that the file has room for.
 */
eg_status egt_index_parse(struct egt_index *ix, const uint8_t *payload, size_t n, uint64_t first, uint64_t at,
			  uint64_t records) EG_MUST_USE;
void      egt_index_free(struct egt_index *ix);

/* May the chunk hold records of the stream? */
bool egt_index_has(const struct egt_index *ix, size_t entry, uint32_t stream);

/* The records chunk with that ordinal, or the first in which (of a stream, unless any) a time is at least `time`;
 * ix->nr when there is none. */
size_t egt_index_of_record(const struct egt_index *ix, uint64_t ordinal);
size_t egt_index_of_time(const struct egt_index *ix, eg_time time, bool any, uint32_t stream);
/* The first chunk of the last state at or in front of an entry; SIZE_MAX: there is none. */
size_t egt_index_state_before(const struct egt_index *ix, size_t entry);

#endif
