/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace - reading and writing traces: the .egt container, its text twin, and the importers.
 *
 * The reader's contract serves the machine and the tools: blocks in recorded order, one call per block,
 * constant memory, no seek needed. The format: docs/egt-format.md.
 */
#ifndef WORKLOADS_TRACE_TRACE_H
#define WORKLOADS_TRACE_TRACE_H

#include "sim/base/library.h"
#include "sim/base/op.h"
#include "sim/base/status.h"

/* Capabilities: what a trace knows (docs/trace-formats). A filter or a cut can only remove them. */
#define TRACE_CAP_MAP(X)                                                                       \
	X(VIRT, "virt") X(PHYS, "phys") X(DATA, "data") X(IFETCH, "ifetch") X(SIZE, "size")    \
	X(PC, "pc") X(ICOUNT, "icount") X(COMPLETE, "complete") X(ORDER, "order") X(VMA, "vma")\
	X(TASK, "task") X(SCHED, "sched") X(TIME, "time") X(NOLOST, "nolost") X(INIT, "init")  \
	X(HEAP, "heap") X(PAGES, "pages") X(SLAB, "slab") X(FILE, "file") X(NUMA, "numa")      \
	X(CPU, "cpu")

enum {
#define X(NAME, text) TRACE_CAP_BIT_##NAME,
	TRACE_CAP_MAP(X)
#undef X
};
#define TRACE_CAP(NAME) (1u << TRACE_CAP_BIT_##NAME)

struct trace_reader;

struct trace_open_options {
	uint32_t block;          /* at most this many accesses per block; 0 = 8192. Never changes a result. */
	bool     keep_intact;    /* a damaged end is the end: the records before it are delivered           */
	bool     skip_bad;       /* go on after a damaged chunk; clears `complete`                          */
	bool     verify;         /* hash the records as they pass and compare with the trailer at the end   */
	bool     one_stream;     /* deliver the records of `stream` alone; chunks without it are hopped over */
	uint32_t stream;
	bool     no_index;       /* the index is neither used nor judged: how a wrong one is replaced        */
};

/*
 * Open an .egt file for reading ("-" is standard input). The header and metadata are checked here. On
 * failure *r is NULL and err says file, byte and remedy. The reader owns its buffers (one chunk).
 */
eg_status trace_open(struct trace_reader **r, const char *path, const struct trace_open_options *o,
		     struct eg_errors *err) EG_MUST_USE;

/*
 * The next block in recorded order: EG_BLOCK_ACCESS (a run of one stream), EG_BLOCK_OP, or EG_BLOCK_END.
 * Damage is EG_BAD_INPUT after every intact record before it has been delivered.
 */
eg_status trace_next(struct trace_reader *r, struct eg_block *b, struct eg_errors *err) EG_MUST_USE;

/*
 * Go to a place: the next trace_next() delivers the first record at or behind it (by record: the record with
 * that ordinal, counted from 0 over the whole file, init ops included; by time: the first whose time is at
 * least `time`; records without a time count as that of the record before them). Behind the end: EG_BLOCK_END.
 *
 * A file with an index is entered at the chunk; without one, or from a pipe, the records in between are
 * read and thrown away: seeking equals skipping, record for record. A pipe only goes forward, and by time or with
 * `state` only from its first record (EG_USAGE). Before the first record that has a time, the time is 0.
 * With `state`, what the records before the place have built is delivered first, as ops flagged
 * EG_OPF_INIT (state.h): mappings, breaks, tasks that share an address space, live blocks and objects.
 * trace_options.verify ends with a seek: the hash is over the whole.
 *
 * With one_stream, ordinals count over the whole file all the same, a time is that of the stream's own records,
 * and of the state only the ops of that stream are delivered (one reader per stream gets the whole of it). A
 * split file has a place by time only for one stream (else EG_USAGE): its streams have no common time line.
 * An index that contradicts the file is EG_BAD_INPUT; with keep_intact or skip_bad it is left aside.
 */
struct trace_place {
	bool     by_time;
	uint64_t record;
	eg_time  time;
	bool     state;
};
eg_status trace_seek(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err) EG_MUST_USE;

void trace_close(struct trace_reader *r);

/* Facts known at open: capability bits, number of streams (0 = unknown until read), a metadata value by
 * key (NULL if absent), the text of a name id ("" if unknown; borrowed until the next trace_next()). */
uint32_t    trace_capabilities(const struct trace_reader *r);
const char *trace_metadata(const struct trace_reader *r, const char *key);
const char *trace_name(const struct trace_reader *r, uint32_t id);

/* Names met so far: ids 1..n. */
uint32_t trace_names(const struct trace_reader *r);

/* Metadata by position, sorted by key; false past the last. Borrowed until the next trace_next(). */
bool trace_metadata_at(const struct trace_reader *r, unsigned i, const char **key, const char **value);

/* What a reader has met so far, and what the file says of itself. */
struct trace_reader_info {
	unsigned major, minor;       /* format version                                                  */
	uint64_t records;            /* delivered so far                                                */
	uint64_t chunks;             /* whole record chunks read so far                                 */
	uint64_t raw_bytes;          /* of them, decompressed                                           */
	uint64_t stored_bytes;       /* of them, as stored                                              */
	uint64_t bad_chunks;         /* skipped as damaged (skip_bad)                                   */
	bool     newer;              /* what failed is no damage but of a newer minor version            */
	uint64_t unknown;            /* op codes and chunks of a newer minor version that were skipped  */
	bool     damaged_end;        /* the end was missing and keep_intact took what there is          */
	bool     split;              /* layout: one stream per chunk, no order between streams          */
	bool     indexed;            /* an index was found (known at open for a file)                   */
	uint64_t states;             /* state chunks, as the index says or as read so far               */
	uint32_t streams;            /* different streams: by the index, else those met so far          */
	uint64_t total;              /* records in the file, by trailer or index; 0 while unknown       */
	uint64_t hole;               /* skip_bad: records before the last damaged chunk                 */
	uint64_t resumed;            /* skip_bad: behind the last damaged chunk, the first record before which
				      * a state chunk stands: from there trace_seek() with state knows all
				      * again; UINT64_MAX: none met yet                                 */
	char     content_hash[65];   /* "" while unknown: known at open for a file, at the end of a pipe*/
};
void trace_reader_info(const struct trace_reader *r, struct trace_reader_info *info);

/*
 * The reader as a table. The machine (layer 6, libc and libm alone) reaches traces only through it, so
 * that the core does not link with a decompressor.
 */
struct trace_ops {
	eg_status   (*open)(struct trace_reader **r, const char *path, const struct trace_open_options *o,
			    struct eg_errors *err);
	eg_status   (*next)(struct trace_reader *r, struct eg_block *b, struct eg_errors *err);
	void        (*close)(struct trace_reader *r);
	uint32_t    (*capabilities)(const struct trace_reader *r);
	const char *(*metadata)(const struct trace_reader *r, const char *key);
	/* NULL in a table of a test's own: nothing but the beginning can be replayed; one stream is not to be had apart */
	eg_status   (*seek)(struct trace_reader *r, const struct trace_place *to, struct eg_errors *err);
	void        (*info)(const struct trace_reader *r, struct trace_reader_info *info);
};
extern const struct trace_ops trace_egt_ops;    /* the functions above */

/* Space-separated names of capability bits, into buf. */
void trace_capability_names(uint32_t caps, char *buf, size_t size);

/*
 * Make any supported file an .egt: an .egt is used as it is (path copied to out_path); anything else is
 * imported (format detected by content, regions inferred where the format has no mappings) into an
 * .egt below the directory `dir`, whose name follows from the content, and *imported is set. content_hash
 * receives the trace's identity (64 hex digits), whatever the compression or chunking.
 */
eg_status trace_prepare(const char *path, const char *format, const char *dir, char *out_path, size_t out_size,
			bool *imported, char content_hash[65], struct eg_errors *err) EG_MUST_USE;

/* ---- writing ------------------------------------------------------------------------------------- */

struct trace_writer;

struct trace_write_options {
	int      level;          /* zstd level 1..19, 0 = stored; default 3 (pass -1) */
	uint32_t chunk_bytes;    /* raw bytes per chunk, 64 KiB..8 MiB; 0 = 1 MiB     */
	bool     text;           /* the text twin instead of the container            */
	bool     defer;          /* metadata, capabilities and ops flagged EG_OPF_INIT may come at any time
				  * (an importer knows them last): records wait in a scratch file */
	bool     split;          /* streams apart: each chunk holds one, one chunk is open per stream, and there
				  * is no order between streams (clears the capability `order`)    */
	bool     no_index;       /* no index, no state chunks: what format 1.0 had                      */
	uint32_t state_every;    /* a state chunk before every Nth chunk of records; 0 = 16             */
	uint32_t minor;          /* largest minor version that may be written; 0 = newest. What needs a newer
				  * one (EG_OP_RUN, split) is then EG_USAGE; see TRACE_MINOR_0. A header says
				  * the least that the records need; that of a pipe (not deferred) is written
				  * before they are known and says 0, or what is given here          */
};
#define TRACE_MINOR_0 UINT32_MAX        /* write_options.minor: version 1.0 */

/* Create `path` ("-" = standard output) under a temporary name; trace_writer_finish() renames it. */
eg_status trace_writer_open(struct trace_writer **w, const char *path, const struct trace_write_options *o,
			    struct eg_errors *err) EG_MUST_USE;
/*
 * Metadata should be set before the first record; later ones go to the end of the file, where a reader
 * of a pipe meets them last (deferred writers: any time, all in front). Values are copied; a key is
 * letters, digits, '_', '.', '-'.
 */
eg_status trace_writer_meta(struct trace_writer *w, const char *key, const char *value) EG_MUST_USE;
eg_status trace_writer_capabilities(struct trace_writer *w, uint32_t caps) EG_MUST_USE;
/* The id of a text (defined once; the same text gives the same id). 0 on failure. */
uint32_t  trace_writer_name(struct trace_writer *w, const char *text);
eg_status trace_writer_access(struct trace_writer *w, uint32_t stream, uint64_t word) EG_MUST_USE;
/* A run of accesses of one stream. */
eg_status trace_writer_accesses(struct trace_writer *w, uint32_t stream, const uint64_t *acc, uint32_t nr) EG_MUST_USE;
/* The time of the accesses that follow; a time lasts until the next one (an op's own time counts too). */
eg_status trace_writer_time(struct trace_writer *w, eg_time time) EG_MUST_USE;
/* One op. Ops flagged EG_OPF_INIT come before all other records (deferred writers: at any time). */
eg_status trace_writer_op(struct trace_writer *w, const struct eg_op *op) EG_MUST_USE;
/*
 * As trace_write_options.split, said later: before the first record (the text form says it in its first line).
 * EG_USAGE afterwards.
 */
eg_status trace_writer_split(struct trace_writer *w) EG_MUST_USE;
/* Flush, write the trailer, sync, rename; or remove the temporary file. Frees w in both cases. */
eg_status trace_writer_finish(struct trace_writer *w, struct eg_errors *err) EG_MUST_USE;
/* The same; hash[] receives the identity of what was written. */
eg_status trace_writer_finish_hash(struct trace_writer *w, char hash[65], struct eg_errors *err) EG_MUST_USE;
void      trace_writer_abort(struct trace_writer *w);

/* The compressors: versions of headers and code. Returns how many. */
unsigned trace_libraries(struct eg_library lib[EG_ROOM_LIBRARIES]);

#endif
