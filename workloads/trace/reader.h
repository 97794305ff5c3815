/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader - what the two halves of the reader share: blocks (reader.c) and chunks (reader_chunks.c). */
#ifndef WORKLOADS_TRACE_READER_H
#define WORKLOADS_TRACE_READER_H

#include <zstd.h>

#include "workloads/trace/codec.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/trace.h"

enum { TRACE_IO_BUFFER = 128 * 1024 };

struct trace_reader {
	char    *path;                  /* for messages */
	int      fd;
	struct trace_open_options o;
	uint8_t *io;                    /* TRACE_IO_BUFFER bytes, [io_at, io_end) not yet used */
	size_t   io_at, io_end;
	uint64_t offset;                /* of the next byte the file */

	unsigned minor;
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
	const uint8_t *ops, *ops_end;   /* cursor in the ops section */
	uint32_t acc_left;              /* accesses of the chunk not delivered           */
	uint32_t run;                   /* of them, before the item at the cursor        */
	bool     want_gap;              /* `run` must be read first                      */
	uint64_t taken;                 /* records of the chunk delivered                */
	bool     unknown_ops;           /* of the chunk: its count includes them         */
	uint32_t stream;
	eg_time  time;

	uint64_t *acc;                  /* block buffer */
	uint64_t sequence;              /* expected next */
	bool     ended;
	eg_status failed;               /* sticky */
	struct trace_reader_info info;
	eg_time  last_time;             /* latest time of the intact chunks */
	struct egt_hash hash;
};

/* Up to n bytes into p; fewer, as *got says, only at the end of the file. */
eg_status trace__get(struct trace_reader *r, void *p, size_t n, size_t *got, struct eg_errors *err) EG_MUST_USE;

/*
 * The open chunk cannot be used, for the reason `why`. EG_OK when the options say to go on: skip_bad counts
 * it and closes the chunk, keep_intact ends the trace. Otherwise the error says what is intact before it.
 */
eg_status trace__damaged(struct trace_reader *r, const char *why, struct eg_errors *err) EG_MUST_USE;

/*
 * Read on, over names, metadata and what was left out, until a records chunk is open (r->open: its payload
 * is in r->raw, decoder and cursors stand at its first record) or the trace has ended (r->ended).
 */
eg_status trace__next_chunk(struct trace_reader *r, struct eg_errors *err) EG_MUST_USE;

#endif
