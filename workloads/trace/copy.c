/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * copy - see copy.h.
 *
 *   1. Records pass from reader to writer in blocks; a cut trims the blocks at both ends, a choice of streams drops
 *      whole blocks (a block has one stream and one time), page runs are a stage in front of the writer.
 *   2. What a filter takes away from the capabilities depends on the options alone, not on the records: the same
 *      command gives the same claim. A cut takes `complete`; a choice of streams also takes `task` (births are
 *      missing) and `init` (so is what was inherited); page runs take `size`.
 *   3. Names keep their numbers. A mapping's file argument that is the number of a name follows its text.
 */
#include "workloads/trace/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/coalesce.h"
#include "workloads/trace/writer.h"

bool copy_filters(const struct copy_filter *f)
{
	return f && (f->has_from || f->has_to || f->nr_streams || f->coalesce);
}

/* ---- names and metadata -------------------------------------------------------------------------- */

eg_status copy_names(struct trace_reader *r, struct trace_writer *w, uint32_t *done)
{
	uint32_t nr = trace_names(r);

	while (*done < nr) {
		uint32_t id = trace_writer_name(w, trace_name(r, *done + 1));

		if (!id)
			return EG_NO_MEMORY;
		/* only a file made by hand, or one that lost names to damage, repeats a text */
		++*done;
	}
	return EG_OK;
}

eg_status copy_op_names(const struct trace_reader *r, struct trace_writer *w, struct eg_op *op)
{
	/* ids that repeated texts, or other files before, have shifted: follow the text */
	if (op->name && !(op->name = trace_writer_name(w, trace_name(r, op->name))))
		return EG_NO_MEMORY;
	if (op->code == EG_OP_MMAP && op->arg[4] && op->arg[4] <= trace_names(r)) {
		op->arg[4] = trace_writer_name(w, trace_name(r, (uint32_t)op->arg[4]));
		if (!op->arg[4])
			return EG_NO_MEMORY;
	}
	return EG_OK;
}

eg_status copy_metadata(const struct trace_reader *r, struct trace_writer *w, const char *skip)
{
	const char *key, *value;

	for (unsigned i = 0; trace_metadata_at(r, i, &key, &value); i++)
		if (!skip || strncmp(key, skip, strlen(skip)) != 0)
			EG_TRY(trace_writer_meta(w, key, value));
	return EG_OK;
}

/* A filter's own line of metadata; one that stands there already was used before. */
static eg_status note(const struct trace_reader *r, struct trace_writer *w, const char *key, const char *value)
{
	const char *before = trace_metadata(r, key);
	struct eg_str text = { 0 };
	eg_status s;

	if (before)
		eg_str_addf(&text, "%s; then ", before);
	eg_str_add(&text, value);
	s = text.failed ? EG_NO_MEMORY : trace_writer_meta(w, key, text.p);
	eg_str_free(&text);
	return s;
}

static eg_status note_place(const struct trace_reader *r, struct trace_writer *w, const char *key,
			    const struct trace_place *at)
{
	char text[64];

	(void)snprintf(text, sizeof(text), at->by_time ? "%" PRIu64 "ps" : "record %" PRIu64,
		       at->by_time ? at->time : at->record);
	return note(r, w, key, text);
}

static uint32_t lost_capabilities(const struct copy_filter *f)
{
	uint32_t lost = 0;

	if (f->has_from || f->has_to)
		lost |= TRACE_CAP(COMPLETE);
	if (f->nr_streams)
		lost |= TRACE_CAP(COMPLETE) | TRACE_CAP(TASK) | TRACE_CAP(INIT);
	if (f->coalesce)
		lost |= TRACE_CAP(SIZE);
	return lost;
}

static eg_status put_filter(const struct trace_reader *r, struct trace_writer *w, const struct copy_filter *f)
{
	char text[512];
	int n = 0;

	if (f->has_from)
		EG_TRY(note_place(r, w, "cut.from", &f->from));
	if (f->has_from)
		EG_TRY(trace_writer_meta(w, "assumption.state_from_cut", "what was mapped and alive at cut.from is told by "
					 "init ops; which pages were present, or shared after a fork, is not known"));
	if (f->has_to)
		EG_TRY(note_place(r, w, "cut.to", &f->to));
	for (unsigned i = 0; i < f->nr_streams; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%u", i ? " " : "", f->stream[i]);
	if (f->nr_streams) {
		EG_TRY(note(r, w, "filter.streams", text));
		EG_TRY(trace_writer_meta(w, "assumption.streams", "other streams, the births of these from them, and what "
					 "these inherited are left out"));
	}
	if (f->coalesce) {
		(void)snprintf(text, sizeof(text), "page=%u", f->coalesce);
		EG_TRY(note(r, w, "filter.coalesce", text));
		EG_TRY(trace_writer_meta(w, "assumption.coalesce", "sizes and places within a page are lost in runs; which "
					 "pages, in which order and how often by each kind is exact"));
	}
	return EG_OK;
}

/* Metadata and capabilities of the copy. */
static eg_status put_description(const struct trace_reader *r, struct trace_writer *w, const struct copy_filter *f,
				 uint32_t caps, bool say_caps)
{
	EG_TRY(copy_metadata(r, w, NULL));
	if (copy_filters(f))
		EG_TRY(put_filter(r, w, f));
	return say_caps || trace_metadata(r, "capabilities") ? trace_writer_capabilities(w, caps) : EG_OK;
}

/* ---- records ------------------------------------------------------------------------------------- */

static bool chosen(const struct copy_filter *f, uint64_t stream)
{
	if (!f || f->nr_streams == 0)
		return true;
	for (unsigned i = 0; i < f->nr_streams; i++)
		if (f->stream[i] == stream)
			return true;
	return false;
}

static bool wanted(const struct copy_filter *f, const struct eg_block *b)
{
	bool birth = b->kind == EG_BLOCK_OP &&
		     (b->op.code == EG_OP_FORK || b->op.code == EG_OP_VFORK || b->op.code == EG_OP_CLONE);

	/* a child without records would never end, and a vfork parent wait for it */
	return chosen(f, b->stream) && (!birth || chosen(f, b->op.arg[0]));
}

/* Is the block at or behind the end of the cut? *nr: how many of its records lie before. */
static bool behind(const struct copy_source *c, const struct eg_block *b, uint32_t *nr)
{
	*nr = b->kind == EG_BLOCK_OP ? 1 : b->nr;
	if (!c->f || !c->f->has_to)
		return false;
	if (c->f->to.by_time)
		return c->f->to.time == 0 || (b->time != EG_TIME_NONE && b->time >= c->f->to.time);
	if (c->at >= c->f->to.record)
		return true;
	if (*nr > c->f->to.record - c->at)
		*nr = (uint32_t)(c->f->to.record - c->at);
	return false;
}

eg_status copy_open(struct trace_reader **r, const char *path, const struct trace_open_options *open,
		    const struct copy_filter *f, struct eg_errors *err)
{
	struct trace_open_options o = open ? *open : (struct trace_open_options){ .verify = true };
	bool by_time = f && ((f->has_from && f->from.by_time) || (f->has_to && f->to.by_time));
	struct trace_reader_info info;

	EG_TRY(trace_open(r, path, &o, err));
	trace_reader_info(*r, &info);
	if (!info.split || !by_time || f->nr_streams != 1 || strcmp(path, "-") == 0)
		return EG_OK;
	trace_close(*r);
	o.one_stream = true;
	o.stream = f->stream[0];
	return trace_open(r, path, &o, err);
}

eg_status copy_begin(struct copy_source *c, struct trace_reader *r, const struct copy_filter *f, struct eg_errors *err)
{
	struct trace_reader_info info;

	*c = (struct copy_source){ .r = r, .f = f };
	trace_reader_info(r, &info);
	c->split = info.split;
	if (f && f->has_to && f->to.by_time && info.split && f->nr_streams != 1)
		return eg_fail(err, EG_USAGE, "the streams of a split trace have no common time line; cut it by records, or say "
			       "which stream");
	if (!f || !f->has_from)
		return EG_OK;
	EG_TRY(trace_seek(r, &f->from, err));
	trace_reader_info(r, &info);
	c->seen = info.records;
	c->at = f->from.by_time ? 0 : f->from.record;
	return EG_OK;
}

eg_status copy_next(struct copy_source *c, struct eg_block *b, struct eg_errors *err)
{
	struct trace_reader_info info;
	uint32_t nr = 0;

	for (;;) {
		/* nothing is asked of a pipe that is not needed */
		if (c->f && c->f->has_to && !c->f->to.by_time && c->at >= c->f->to.record)
			break;
		EG_TRY(trace_next(c->r, b, err));
		if (b->kind == EG_BLOCK_END)
			return EG_OK;
		trace_reader_info(c->r, &info);
		c->state = info.records == c->seen;
		c->seen = info.records;
		/* in a split trace the times of other streams say nothing */
		if (!c->state && (!c->split || !c->f || !c->f->to.by_time || wanted(c->f, b)) && behind(c, b, &nr))
			break;
		c->first = c->at;
		if (c->state)
			nr = 0;                 /* what the seek tells is no record of the file */
		c->at += nr;
		if (b->kind == EG_BLOCK_ACCESS)
			b->nr = nr;
		if (wanted(c->f, b))
			return EG_OK;
		c->left_out += nr;
	}
	*b = (struct eg_block){ .kind = EG_BLOCK_END, .time = EG_TIME_NONE };
	return EG_OK;
}

struct copy {
	struct copy_source from;
	struct trace_writer *w;
	struct coalesce *runs;          /* NULL: none are made */
	uint64_t copied;
	uint32_t names;
};

static eg_status copy_block(struct copy *c, struct eg_block *b)
{
	EG_TRY(copy_names(c->from.r, c->w, &c->names));
	if (b->kind == EG_BLOCK_OP) {
		EG_TRY(copy_op_names(c->from.r, c->w, &b->op));
		c->copied++;
		return c->runs ? coalesce_op(c->runs, &b->op) : trace_writer_op(c->w, &b->op);
	}
	c->copied += b->nr;
	if (c->runs)
		return coalesce_accesses(c->runs, b->stream, b->time, b->acc, b->nr);
	EG_TRY(trace_writer_time(c->w, b->time));
	return trace_writer_accesses(c->w, b->stream, b->acc, b->nr);
}

static eg_status copy_records(struct copy *c, struct eg_errors *err)
{
	struct eg_block b;

	for (;;) {
		EG_TRY(copy_next(&c->from, &b, err));
		if (b.kind == EG_BLOCK_END)
			break;
		EG_TRY(copy_block(c, &b));
	}
	return c->runs ? coalesce_flush(c->runs) : EG_OK;
}

static void count(struct import_report *report, const char *name, uint64_t n)
{
	if (n && report->nr < IMPORT_COUNTS)
		report->count[report->nr++] = (struct import_count){ name, n };
}

static eg_status run_copy(struct copy *c, struct trace_reader *r, const struct copy_filter *f, struct import_report *report,
			  struct eg_errors *err)
{
	eg_status s;

	EG_TRY(copy_begin(&c->from, r, f, err));
	if (f && f->coalesce) {
		c->runs = eg_calloc(1, sizeof(*c->runs));
		if (!c->runs)
			return eg_fail(err, EG_NO_MEMORY, "out of memory for page runs");
		coalesce_init(c->runs, c->w, f->coalesce);
	}
	s = copy_records(c, err);
	if (report) {
		report->count[report->nr++] = (struct import_count){ "records", c->copied };
		count(report, "left_out.other_streams", c->from.left_out);
		count(report, "page_runs", c->runs ? c->runs->runs : 0);
		count(report, "accesses_in_runs", c->runs ? c->runs->in_runs : 0);
	}
	eg_free(c->runs);
	return s;
}

static eg_status copy_trace(struct trace_reader *r, struct trace_writer *w, const struct copy_filter *f, bool split,
			    struct import_report *report, struct eg_errors *err)
{
	struct copy c = { .w = w };
	struct trace_reader_info info;

	EG_TRY(run_copy(&c, r, f, report, err));
	trace_reader_info(r, &info);
	report->damaged_end = info.damaged_end;
	report->capabilities = trace_capabilities(r) & ~(f ? lost_capabilities(f) : 0);
	if (split)
		report->capabilities &= ~TRACE_CAP(ORDER);
	if (info.damaged_end)
		report->capabilities &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST));
	count(report, "dropped.bad_chunks", info.bad_chunks);
	count(report, "dropped.unknown", info.unknown);
	/* at the end: a pipe's last metadata are known */
	return put_description(r, w, f, report->capabilities, info.bad_chunks || info.damaged_end);
}

/* ---- whole files --------------------------------------------------------------------------------- */

eg_status copy_close(struct trace_writer *w, eg_status s, char hash[65], struct eg_errors *err)
{
	if (s != EG_OK && err->nr == 0) {
		/* nobody has spoken: the writer knows why. If it does not, it must not finish what is only a part */
		if (w->failed == EG_OK)
			w->failed = eg_fail(&w->err, s, "%s: %s", trace__shown_path(w), eg_status_text(s));
		return trace_writer_finish_hash(w, hash, err);
	}
	if (s == EG_OK)
		return trace_writer_finish_hash(w, hash, err);
	trace_writer_abort(w);
	return s;
}

static eg_status stream_through(struct trace_reader *r, struct trace_writer *w, const struct copy_filter *f,
				struct eg_errors *err)
{
	struct copy c = { .w = w };

	EG_TRY(put_description(r, w, f, trace_capabilities(r) & ~(f ? lost_capabilities(f) : 0), false));
	return run_copy(&c, r, f, NULL, err);
}

eg_status copy_through(const char *path, const char *out, const struct copy_filter *f,
		       const struct trace_write_options *write, struct eg_errors *err)
{
	struct trace_write_options o = *write;
	struct trace_reader_info info;
	struct trace_reader *r;
	struct trace_writer *w;
	char hash[65];
	eg_status s;

	EG_TRY(copy_open(&r, path, NULL, f, err));
	trace_reader_info(r, &info);
	o.split |= info.split;
	s = trace_writer_open(&w, out, &o, err);
	if (s == EG_OK)
		s = copy_close(w, stream_through(r, w, f, err), hash, err);
	trace_close(r);
	return s;
}

static eg_status copy_reader(struct trace_reader *r, const char *out, const struct copy_filter *f,
			     const struct trace_write_options *write, struct import_report *report, struct eg_errors *err)
{
	struct trace_write_options deferred = *write;
	struct trace_reader_info info;
	struct trace_writer *w;

	trace_reader_info(r, &info);
	deferred.defer = true;
	deferred.split |= info.split && !(f && f->interleave);
	EG_TRY(trace_writer_open(&w, out, &deferred, err));
	return copy_close(w, copy_trace(r, w, f, deferred.split, report, err), report->content_hash, err);
}

eg_status copy_file(const char *path, const char *out, const struct trace_open_options *open, const struct copy_filter *f,
		    const struct trace_write_options *write, struct import_report *report, struct eg_errors *err)
{
	struct trace_reader *r;
	eg_status s;

	EG_TRY(copy_open(&r, path, open, f, err));
	s = copy_reader(r, out, f, write, report, err);
	trace_close(r);
	return s;
}

eg_status copy_container(struct input *in, const char *out, const struct import_options *o,
			 struct import_report *report, struct eg_errors *err)
{
	struct trace_open_options open = { .keep_intact = o->keep_intact, .skip_bad = o->skip_bad > 0, .verify = true };
	struct trace_reader *r;
	eg_status s;

	(void)snprintf(report->format, sizeof(report->format), "egt");
	if (in->codec || in->fd == STDIN_FILENO)
		EG_TRY(trace_open_input(&r, in, &open, err));
	else
		EG_TRY(copy_open(&r, in->path, &open, o->filter, err));
	s = copy_reader(r, out, o->filter, &o->write, report, err);
	trace_close(r);
	return s;
}
