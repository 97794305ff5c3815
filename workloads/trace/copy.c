/* SPDX-License-Identifier: GPL-3.0-or-later */
/* copy - see copy.h. */
#include "workloads/trace/copy.h"

#include <stdio.h>

#include "sim/base/mem.h"

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

eg_status copy_metadata(const struct trace_reader *r, struct trace_writer *w, const char *skip)
{
	const char *key, *value;

	for (unsigned i = 0; trace_metadata_at(r, i, &key, &value); i++)
		if (!skip || strncmp(key, skip, strlen(skip)) != 0)
			EG_TRY(trace_writer_meta(w, key, value));
	return EG_OK;
}

eg_status copy_records(struct trace_reader *r, struct trace_writer *w, uint64_t limit, uint64_t *copied,
		       struct eg_errors *err)
{
	uint32_t names = 0;

	*copied = 0;
	while (*copied < limit) {
		struct eg_block b;

		EG_TRY(trace_next(r, &b, err));
		if (b.kind == EG_BLOCK_END)
			break;
		EG_TRY(copy_names(r, w, &names));
		if (b.kind == EG_BLOCK_OP) {
			/* ids that repeated texts have shifted: follow the text */
			if (b.op.name)
				b.op.name = trace_writer_name(w, trace_name(r, b.op.name));
			EG_TRY(trace_writer_op(w, &b.op));
			++*copied;
			continue;
		}
		if (b.nr > limit - *copied)
			b.nr = (uint32_t)(limit - *copied);
		EG_TRY(trace_writer_time(w, b.time));
		EG_TRY(trace_writer_accesses(w, b.stream, b.acc, b.nr));
		*copied += b.nr;
	}
	return EG_OK;
}

static eg_status cut(struct trace_reader *r, struct trace_writer *w, uint64_t limit, struct eg_errors *err)
{
	uint64_t copied;

	EG_TRY(copy_metadata(r, w, NULL));
	if (limit != UINT64_MAX) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
		EG_TRY(trace_writer_meta(w, "cut.records", text));
		EG_TRY(trace_writer_capabilities(w, trace_capabilities(r) & ~TRACE_CAP(COMPLETE)));
	}
	return copy_records(r, w, limit, &copied, err);
}

/* Whatever went wrong, tell it once: the reader's errors are in err, the writer keeps its own. */
static eg_status close_writer(struct trace_writer *w, eg_status s, char hash[65], struct eg_errors *err)
{
	if (s == EG_OK || err->nr == 0)
		return trace_writer_finish_hash(w, hash, err);
	trace_writer_abort(w);
	return s;
}

eg_status copy_head(const char *path, const char *out, uint64_t limit, const struct trace_write_options *write,
		    struct eg_errors *err)
{
	struct trace_reader *r;
	struct trace_writer *w;
	char hash[65];
	eg_status s;

	EG_TRY(trace_open(&r, path, NULL, err));
	s = trace_writer_open(&w, out, write, err);
	if (s == EG_OK)
		s = close_writer(w, cut(r, w, limit, err), hash, err);
	trace_close(r);
	return s;
}

static eg_status copy_all(struct trace_reader *r, struct trace_writer *w, struct import_report *report,
			  struct eg_errors *err)
{
	struct trace_reader_info info;
	uint64_t copied;

	EG_TRY(copy_records(r, w, UINT64_MAX, &copied, err));
	EG_TRY(copy_metadata(r, w, NULL));      /* at the end: a pipe's last ones are known */
	trace_reader_info(r, &info);
	report->capabilities = trace_capabilities(r);
	report->damaged_end = info.damaged_end;
	report->count[report->nr++] = (struct import_count){ "records", copied };
	if (info.bad_chunks)
		report->count[report->nr++] = (struct import_count){ "dropped.bad_chunks", info.bad_chunks };
	if (info.unknown)
		report->count[report->nr++] = (struct import_count){ "dropped.unknown", info.unknown };
	if (info.damaged_end)
		report->capabilities &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST));
	if (trace_metadata(r, "capabilities") || info.bad_chunks || info.damaged_end)
		EG_TRY(trace_writer_capabilities(w, report->capabilities));
	return EG_OK;
}

eg_status copy_container(struct input *in, const char *out, const struct import_options *o,
			 struct import_report *report, struct eg_errors *err)
{
	struct trace_open_options open = { .keep_intact = o->keep_intact, .skip_bad = o->skip_bad > 0, .verify = true };
	struct trace_write_options write = o->write;
	struct trace_reader *r;
	struct trace_writer *w = NULL;
	eg_status s;

	(void)snprintf(report->format, sizeof(report->format), "egt");
	EG_TRY(trace_open_input(&r, in, &open, err));
	write.defer = true;
	s = trace_writer_open(&w, out, &write, err);
	if (s == EG_OK)
		s = close_writer(w, copy_all(r, w, report, err), report->content_hash, err);
	trace_close(r);
	return s;
}
