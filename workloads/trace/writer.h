/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer - what the three parts of the writer share: records in (writer.c), bytes out (writer_chunks.c), and
 * the file from its temporary name to its own (writer_file.c).
 */
#ifndef WORKLOADS_TRACE_WRITER_H
#define WORKLOADS_TRACE_WRITER_H

#include <zstd.h>

#include "workloads/trace/codec.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/index.h"
#include "workloads/trace/state.h"
#include "workloads/trace/trace.h"
#include "workloads/trace/twin.h"

struct trace_name_slot {
	uint32_t id;                    /* 0 = empty */
	uint32_t hash;
};

/* The streams of one chunk, for the index: a hash table whose slots count only if they are of this chunk. */
struct trace_chunk_streams {
	uint32_t id[EGT_INDEX_STREAMS];
	uint32_t nr;                    /* EGT_INDEX_STREAMS + 1: more than are listed */
	uint32_t round;
	struct { uint32_t stream, round; } slot[4 * EGT_INDEX_STREAMS];
};

/* A chunk that records are gathered for. */
struct trace_gather {
	uint64_t *acc;
	uint32_t  nr_acc, cap_acc;
	struct eg_str ops;
	uint32_t  nr_ops;               /* records among the items of `ops`                 */
	uint64_t  gap;                  /* accesses since the last item                     */
	uint32_t  stream;               /* state of the chunk's coder                       */
	eg_time   time;
	uint32_t  id;                   /* split: the stream whose chunk it is              */
	bool      mixed;                /* several streams in it                            */
	uint32_t  first_stream;
	eg_time   first_time;
	eg_time   latest;               /* of all its records                               */
	bool      builds;               /* an op of it changes the state                    */
	struct trace_chunk_streams *streams;    /* interleaved, with an index               */
};

/* What is kept of a chunk in the scratch file until the file is put together. */
struct trace_scratch_chunk {
	uint32_t facts;                 /* bytes of trace_writer.scratch_facts that are of it */
	bool     builds;
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
	struct trace_name_slot *slot;   /* hash table, power of two                         */
	size_t   nr_slots;

	struct trace_gather one;        /* the open chunk                                   */
	struct trace_gather **of;       /* split: the open chunks, sorted by id; a chunk that was written stays,
					 * empty                                            */
	uint32_t  nr_of, last_of;
	uint32_t  max_acc;              /* accesses of a full chunk                         */
	unsigned  minor, minor_out;     /* what the records need; what the header says      */

	eg_time   now;                  /* time of the accesses to come                     */
	uint64_t  sequence, ordinal;
	struct egt_identity hash;

	struct egt_index_build index;
	struct egt_streams streams;     /* of the whole file                                */
	bool      streams_lost;         /* there was no memory to count them                */
	struct trace_state *state;      /* of all that stands in the file; NULL: not wanted */
	struct trace_gather told;       /* a state chunk on its way                         */
	uint32_t  since_state;          /* chunks of records since the last one             */
	uint64_t  state_ordinal;        /* records before it                                */
	uint64_t  written;              /* bytes of `out`                                   */
	uint64_t  index_at;             /* 0: none                                          */
	struct eg_str scratch_facts;
	struct trace_scratch_chunk *scratch_chunk;
	size_t    nr_scratch, cap_scratch;

	struct codec_encoder *encoder;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *unzstd;              /* to read the scratch file back                    */
	uint8_t *raw, *stored;
	size_t   raw_cap, stored_cap;

	struct twin_state twin;         /* text output */
	struct eg_str     text;
};

/* Fail for good: the first failure is what every later call returns. */
#define FAIL(w, ...) ((w)->failed = eg_fail(&(w)->err, __VA_ARGS__))

/* What messages call the output. */
static inline const char *trace__shown_path(const struct trace_writer *w)
{
	return w->path[0] == '-' && !w->path[1] ? "standard output" : w->path;
}

/* Text of op->name, "" for none. */
static inline const char *trace__name_text(const struct trace_writer *w, uint32_t id)
{
	return id && id <= w->nr_names ? w->name[id - 1] : "";
}

/* Where the functions below have a status, it is w->failed: EG_OK while nothing has gone wrong. */

/* ---- writer.c ------------------------------------------------------------------------------------ */

/* The open chunk that a record of `stream` goes to; NULL: w->failed says why not. */
struct trace_gather *trace__gather(struct trace_writer *w, uint32_t stream) EG_MUST_USE;

/* Append an op, and the stream and time it needs, to an open chunk. The caller flushes. */
void trace__put_op(struct trace_writer *w, struct trace_gather *g, const struct eg_op *op);

/* The same, with what a split layout wants to be in the file before the records that follow. */
eg_status trace__take_op(struct trace_writer *w, const struct eg_op *op, int fd);

/* Names not yet printed, as lines of the text form, into w->text. */
void trace__text_names(struct trace_writer *w);

/* w->text to where records go: all of it, or only when it is worth a call. */
eg_status trace__text_out(struct trace_writer *w, bool all);

/* ---- writer_chunks.c ----------------------------------------------------------------------------- */

/* All n bytes to fd, or a failure. */
eg_status trace__put_fd(struct trace_writer *w, int fd, const void *data, size_t n);

/* *p has at least `need` bytes, *cap says how many; false: no memory, *p as it was. */
bool trace__room(uint8_t **p, size_t *cap, size_t need) EG_MUST_USE;

/* The header with the metadata, as bytes or as text: behind what is written, or (again) over the start of the file. */
eg_status trace__put_header(struct trace_writer *w, bool again);

/* The names that no names chunk has held, as chunks. */
eg_status trace__put_names(struct trace_writer *w, int fd);

/* An empty chunk, whose coder knows no stream and no time. */
void trace__fresh_chunk(struct trace_gather *g);

/* Code an open chunk, write it to fd and begin a fresh one; nothing when it is empty. */
eg_status trace__flush(struct trace_writer *w, struct trace_gather *g, int fd);

/* All open chunks, streams ascending. */
eg_status trace__flush_all(struct trace_writer *w, int fd);

/* A state chunk, when one is due in front of the next chunk of records. */
eg_status trace__put_state(struct trace_writer *w);

/* A chunk of records has come to stand in the file: `ops` is its ops section, which is looked at if it `builds`. */
eg_status trace__stands(struct trace_writer *w, bool builds, const uint8_t *ops, size_t len);

/* The index, as the last chunk. */
eg_status trace__put_index(struct trace_writer *w);

/* Metadata that came after the header, as a chunk. */
eg_status trace__put_late_meta(struct trace_writer *w);

eg_status trace__put_trailer(struct trace_writer *w, const uint8_t digest[32]);

/* ---- writer_file.c ------------------------------------------------------------------------------- */

/* Before the first record: the header, or the scratch file of a deferred writer. */
eg_status trace__start(struct trace_writer *w);
/* Make an empty file beside `path`, to be renamed to it; its name is appended to the empty *name, its descriptor or -1 and
 * errno returned. What killed processes left of such files of this path is removed first. */
int trace__open_temporary(const char *path, struct eg_str *name);

#endif
