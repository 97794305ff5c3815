/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader - what the parts of the reader share: blocks (reader.c), chunks (reader_chunks.c), states and
 * the index (reader_index.c), places (reader_seek.c).
 */
#ifndef WORKLOADS_TRACE_READER_H
#define WORKLOADS_TRACE_READER_H

#include <zstd.h>

#include "workloads/trace/codec.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/index.h"
#include "workloads/trace/state.h"
#include "workloads/trace/trace.h"

enum { TRACE_IO_BUFFER = 128 * 1024 };

struct trace_reader {
	char    *path;                  /* for messages */
	int      fd;
	struct trace_open_options o;
	uint8_t *io;                    /* TRACE_IO_BUFFER bytes, [io_at, io_end) not yet used */
	size_t   io_at, io_end;
	uint64_t offset;                /* of the next byte, counted from the header */
	bool     seekable;              /* a regular file: */
	uint64_t base, size;            /* where the header stands in it; bytes from there on */
	uint64_t chunks_at;             /* the first chunk */

	struct egt_index index;         /* nr 0: none */
	uint64_t index_at;              /* where the trailer says it is, 0: nowhere (or not known) */
	uint64_t index_met;             /* where one was met */
	const char *index_bad;          /* why it is not used */

	bool     split;
	struct egt_meta meta;
	uint32_t caps;
	char   **name;                  /* text of id i + 1 */
	size_t   nr_names, cap_names;

	struct egt_chunk chunk;         /* the open chunk */
	uint64_t chunk_at;              /* its offset     */
	bool     open;                  /* records of it are left */
	uint8_t *raw, *stored;
	size_t   raw_cap, stored_cap;
	ZSTD_DCtx *zstd;
	struct codec_decoder decoder;
	struct egt_items items;         /* cursor in the ops section, and what stream and time it is */
	uint32_t acc_left;              /* accesses of the chunk not delivered           */
	uint32_t run;                   /* of them, before the item at the cursor        */
	bool     want_gap;              /* `run` must be read first                      */
	uint64_t taken;                 /* records of the chunk delivered or left out    */

	uint64_t *acc;                  /* block buffer */
	uint64_t sequence;              /* expected next */
	uint64_t ordinal;               /* records before the next chunk, or in front of the open one */
	uint64_t intact;                /* whole record chunks before it */
	uint64_t names_upto;            /* names of the chunks before this one are known */
	uint8_t  before;                /* type of the chunk before the next one, 0: not known */
	bool     jumped;                /* not read from end to end: the trailer cannot be compared */
	bool     ended;
	eg_status failed;               /* sticky */
	struct trace_reader_info info;
	eg_time  last_time;             /* latest time of the intact chunks */
	struct egt_identity hash;
	struct egt_streams met;
	uint32_t met_last;

	/* a seek that wants the state */
	struct trace_state *state;      /* NULL outside of it                               */
	bool     land;                  /* the next state chunk is the state, whatever was before */
	bool     landed;
	bool     bad_state;             /* a state chunk could not be used                  */

	/* what a seek has found, to be delivered first */
	bool     queued;
	struct eg_op *queue;            /* the state     */
	size_t   queue_at, nr_queue, cap_queue;
	struct eg_block held;           /* the first block at the place */
	bool     holds;
};

/* Up to n bytes into p; fewer, as *got says, only at the end of the file. */
eg_status trace__get(struct trace_reader *r, void *p, size_t n, size_t *got, struct eg_errors *err) EG_MUST_USE;

/* *p has n bytes and the slack that the decoder may read beyond them; false: no memory. */
bool trace__make_room(uint8_t **p, size_t *cap, size_t n) EG_MUST_USE;

/*
 * The open chunk cannot be used, for the reason `why`. EG_OK when the options say to go on: skip_bad counts
 * it and closes the chunk, keep_intact ends the trace. Otherwise the error says what is intact before it.
 */
eg_status trace__damaged(struct trace_reader *r, const char *why, struct eg_errors *err) EG_MUST_USE;
/* The same; without an `ignorable` chunk no record is lost, so keep_intact goes on as well. */
eg_status trace__damaged_chunk(struct trace_reader *r, bool ignorable, const char *why, struct eg_errors *err) EG_MUST_USE;

/* A state chunk, whose payload is in r->raw: checked, and applied when a seek lands on it. */
eg_status trace__take_state(struct trace_reader *r, struct eg_errors *err) EG_MUST_USE;

/* The index, met on the way: does it fit? */
eg_status trace__take_index(struct trace_reader *r, struct eg_errors *err) EG_MUST_USE;

/* The header of the file's chunk at byte `at`, without moving; *good false: there is none that is whole. */
eg_status trace__look(struct trace_reader *r, uint64_t at, struct egt_chunk *c, bool *good, struct eg_errors *err)
	EG_MUST_USE;

/* The index that the trailer names, if it can be believed: else r->index_bad says why not. */
eg_status trace__load_index(struct trace_reader *r, struct eg_errors *err) EG_MUST_USE;

/* The index at byte `at` contradicts the file. */
eg_status trace__wrong_index(struct trace_reader *r, uint64_t at, const char *why, struct eg_errors *err) EG_MUST_USE;

/* Over n bytes; *got of them, fewer only at the end of the file. */
eg_status trace__skip(struct trace_reader *r, uint64_t n, uint64_t *got, struct eg_errors *err) EG_MUST_USE;

/* To a chunk of a seekable file: byte `at`, number `sequence`, `ordinal` records and `intact` record chunks before. */
eg_status trace__go(struct trace_reader *r, uint64_t at, uint64_t sequence, uint64_t ordinal, uint64_t intact,
		    struct eg_errors *err) EG_MUST_USE;

/*
 * Read on, over names, metadata and what was left out, until a records chunk is open (r->open: its payload
 * is in r->raw, decoder and cursors stand at its first record) or the trace has ended (r->ended). Chunks of records
 * for which `hop` is true are passed without being read.
 */
typedef bool trace_hop(const struct trace_reader *r, const struct egt_chunk *c, const void *ctx);
eg_status trace__next_chunk(struct trace_reader *r, trace_hop *hop, const void *ctx, struct eg_errors *err) EG_MUST_USE;
/* The same for one chunk, whatever it is. */
eg_status trace__one_chunk(struct trace_reader *r, trace_hop *hop, const void *ctx, struct eg_errors *err) EG_MUST_USE;

/* A chunk of records is behind us, whole. */
void trace__passed(struct trace_reader *r);

/* The hop of the options: chunks that hold one stream, and another one than is wanted. */
bool trace__other_stream(const struct trace_reader *r, const struct egt_chunk *c, const void *ctx);

/* The next block of at most `max` accesses within the open chunk; *got false: the chunk has ended. */
eg_status trace__in_chunk(struct trace_reader *r, uint32_t max, struct eg_block *b, bool *got, struct eg_errors *err)
	EG_MUST_USE;

/* What a seek has found, block by block; false when there is no more. */
bool trace__queued(struct trace_reader *r, struct eg_block *b);

#endif
