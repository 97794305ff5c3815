/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import - the contract of an importer, and what importers share.
 *
 * One format, one file: workloads/trace/foo.c exports importer_foo_ops and stands in plugins.mk. An importer
 * reads in->p .. in->end forward and hands ops to the writer, which is deferred: capabilities, metadata
 * and initial mappings may be set at any time. What is lost or odd is counted by name; the counts become
 * the report and the metadata import.*.
 */
#ifndef WORKLOADS_TRACE_IMPORT_H
#define WORKLOADS_TRACE_IMPORT_H

#include "workloads/trace/infer.h"
#include "workloads/trace/input.h"
#include "workloads/trace/trace.h"

#define IMPORT_COUNTS 48
#define IMPORT_BATCH  4096
#define IMPORT_PLACES 10

/* A count of the report: "records", "dropped.other_calls", "semantic.time_back". Names are static. */
struct import_count {
	const char *name;
	uint64_t    value;
};

struct import_report {
	struct import_count count[IMPORT_COUNTS];
	unsigned            nr;
	uint32_t            capabilities;
	char                format[32];
	char                content_hash[65];
	bool                damaged_end;        /* keep_intact cut the input at its first bad record */
	unsigned            nr_places;          /* the first bad records, "LINE:COLUMN: expected ..., found ..." */
	char                place[IMPORT_PLACES][192];
};

struct copy_filter;

struct import_options {
	const char *format;             /* name of an importer; NULL: by content                         */
	const char *vma;                /* "infer", "none"; NULL: what suits the format                  */
	bool        keep_intact;        /* a bad record ends the trace; what precedes it is kept         */
	uint64_t    skip_bad;           /* leave out up to so many bad records                           */
	bool        strict;             /* well-formed records that cannot be true are errors            */
	const struct copy_filter *filter; /* what of the trace is wanted (copy.h); NULL: all             */
	struct trace_write_options write;
};

struct import {
	struct input              *in;
	struct trace_writer       *w;
	struct eg_errors          *err;
	const struct import_options *o;
	struct import_report      *report;
	struct infer              *infer;       /* NULL: mappings are not to be inferred */
	uint64_t                   line;        /* text formats: of in->p, from 1        */
	uint32_t                   capabilities;/* set by the importer                   */
	uint64_t                   bad;         /* records skipped as bad                */

	uint32_t                   stream;      /* accesses not yet handed to the writer */
	uint32_t                   nr_acc;
	uint64_t                   acc[IMPORT_BATCH];
};

struct importer_ops {
	const char *name;
	const char *summary;            /* one line for lists */
	const char *missing;            /* what a file lacks that detect() does not take, for its message */
	bool        infer;              /* no mappings in the format: inferred unless told otherwise */
	bool        verbatim;           /* brings its own metadata: no import.* are added            */

	/* Is this the format? head[0..len) are the first bytes, at most 64 KiB; whole: there are no more.
	 * True only when certain. */
	bool      (*detect)(const char *head, size_t len, bool whole);
	eg_status (*import)(struct import *im);
};

extern const struct importer_ops *const importer_registry[];

const struct importer_ops *importer_find(const char *name);

/* ---- for importers ------------------------------------------------------------------------------- */

void import_add(struct import *im, const char *name, uint64_t n);

/*
 * A line (without its end) of a text input: *line .. *end, borrowed until the next call; *line NULL at the
 * end. CR before LF is cut off; a line that ends at the end of the file without LF sets *cut.
 * A line longer than INPUT_WINDOW is a bad record.
 */
eg_status import_line(struct import *im, const char **line, const char **end, bool *cut) EG_MUST_USE;

/*
 * A bad record of a text input, at column `at` of the line [line, end): counts it, and returns EG_OK when
 * it may be skipped (or, with *stop set, when the trace ends before it), else EG_BAD_INPUT with a message
 * "file:line:col: expected WANT, found ...". The first IMPORT_PLACES skipped ones are listed in the report.
 */
eg_status import_bad_line(struct import *im, const char *line, const char *end, const char *at, bool cut,
			  bool *stop, const char *want) EG_MUST_USE;

/* A well-formed record that cannot be true: counted under "semantic.NAME"; an error with --strict. `name`
 * includes the prefix. */
eg_status import_semantic(struct import *im, const char *name) EG_MUST_USE;

/* Hand the gathered accesses to the writer. Ops must be preceded by it. */
eg_status import_flush(struct import *im) EG_MUST_USE;
eg_status import_op(struct import *im, const struct eg_op *op) EG_MUST_USE;

/* One access; gathers, so it is cheap. */
static inline eg_status import_access(struct import *im, uint32_t stream, uint64_t word)
{
	if (im->infer)
		infer_touch(im->infer, word);
	if (EG_UNLIKELY(im->nr_acc == IMPORT_BATCH || stream != im->stream)) {
		eg_status s = import_flush(im);

		if (s != EG_OK)
			return s;
		im->stream = stream;
	}
	im->acc[im->nr_acc++] = word;
	return EG_OK;
}

/* ---- for callers --------------------------------------------------------------------------------- */

/* What is asked of a recording (another format, vma, strict) means nothing for `path`, which is an .egt: EG_USAGE. */
eg_status import_suits_container(const char *path, const struct import_options *o, struct eg_errors *err) EG_MUST_USE;

/* Import `path` into an .egt (or text) at `out`; the report is filled in both cases. */
eg_status import_file(const char *path, const char *out, const struct import_options *o,
		      struct import_report *report, struct eg_errors *err) EG_MUST_USE;

/* Which format is this? NULL and a message that lists what was tried when none fits. */
const struct importer_ops *import_detect(const struct input *in, struct eg_errors *err);

/* Value of a count of the report, 0 when absent. */
uint64_t import_count(const struct import_report *r, const char *name);

#endif
