/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import - from a file of some format to a finished .egt: detection, the report, lines and their errors. */
#include "workloads/trace/import.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/egt.h"

/* ---- counts -------------------------------------------------------------------------------------- */

static void report_add(struct import_report *r, const char *name, uint64_t n)
{
	for (unsigned i = 0; i < r->nr; i++)
		if (strcmp(r->count[i].name, name) == 0) {
			r->count[i].value += n;
			return;
		}
	if (r->nr < IMPORT_COUNTS)
		r->count[r->nr++] = (struct import_count){ name, n };
}

void import_add(struct import *im, const char *name, uint64_t n)
{
	report_add(im->report, name, n);
}

uint64_t import_count(const struct import_report *r, const char *name)
{
	for (unsigned i = 0; i < r->nr; i++)
		if (strcmp(r->count[i].name, name) == 0)
			return r->count[i].value;
	return 0;
}

/* ---- lines --------------------------------------------------------------------------------------- */

/* At most 60 printable characters of [from, end). */
static void shown(const char *from, const char *end, char out[64])
{
	size_t n = 0;

	for (; from < end && n < 60; from++)
		out[n++] = *from >= 0x20 && *from < 0x7f ? *from : '?';
	out[n] = '\0';
}

/*
 * May the reading go on after a bad record? Counts it, and keeps the first places. *stop: the options end the trace
 * before it.
 */
static bool forgiven(struct import *im, long column, const char *want, const char *found, bool *stop)
{
	struct import_report *r = im->report;

	im->bad++;
	*stop = im->o->keep_intact;
	if (!*stop && im->bad > im->o->skip_bad)
		return false;
	if (*stop)
		r->damaged_end = true;
	import_add(im, *stop ? "dropped.after_damage" : "dropped.bad_lines", 1);
	if (r->nr_places < IMPORT_PLACES)
		(void)snprintf(r->place[r->nr_places++], sizeof(r->place[0]), "%llu:%ld: expected %s, found \"%s\"",
			       (unsigned long long)im->line, column, want, found);
	return true;
}

/* A line that does not fit the window: left out to its end, or the end of the trace, or an error. */
static eg_status long_line(struct import *im, bool *stop)
{
	struct input *in = im->in;
	const uint8_t *lf = NULL;
	char found[64];

	shown((const char *)in->p, (const char *)in->end, found);
	if (!forgiven(im, 1, "a line of at most 1 MiB", found, stop))
		return eg_fail(im->err, EG_BAD_INPUT, "%s:%llu:1: a line of more than %u bytes; is this a text file?",
			       in->path, (unsigned long long)im->line, INPUT_WINDOW);
	if (*stop) {
		in->p = in->end;
		in->eof = true;
		return EG_OK;
	}
	while (!lf) {
		lf = memchr(in->p, '\n', (size_t)(in->end - in->p));
		in->p = lf ? lf + 1 : in->end;
		if (!lf && in->eof)
			break;
		if (!lf)
			EG_TRY(input_more(in, im->err));
	}
	im->line++;
	return EG_OK;
}

eg_status import_line(struct import *im, const char **line, const char **end, bool *cut)
{
	struct input *in = im->in;
	size_t looked = 0;

	*line = *end = NULL;
	*cut = false;
	for (;;) {
		size_t have = (size_t)(in->end - in->p);
		const uint8_t *lf = memchr(in->p + looked, '\n', have - looked);

		if (lf || (in->eof && have)) {
			const uint8_t *stop = lf ? lf : in->end;

			*line = (const char *)in->p;
			in->p = lf ? lf + 1 : in->end;
			if (stop > (const uint8_t *)*line && stop[-1] == '\r')
				stop--;
			*end = (const char *)stop;
			*cut = !lf;
			return EG_OK;
		}
		if (in->eof)
			return EG_OK;
		if (have == INPUT_WINDOW) {
			bool stop;

			EG_TRY(long_line(im, &stop));
			looked = 0;
			continue;
		}
		looked = have;
		EG_TRY(input_more(in, im->err));
	}
}

eg_status import_bad_line(struct import *im, const char *line, const char *end, const char *at, bool cut,
			  bool *stop, const char *want)
{
	char found[64];
	unsigned long long before = im->line - 1;
	const char *why = "";

	shown(line, end, found);
	if (forgiven(im, (long)(at - line + 1), want, found, stop))
		return EG_OK;
	if (memchr(line, '\0', (size_t)(end - line)))
		why = "; the line holds binary zeros";
	else if (end - line >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		why = "; the file begins with a UTF-8 byte order mark: remove it";
	if (cut)
		return eg_fail(im->err, EG_BAD_INPUT, "%s:%llu:%td: expected %s, found \"%s\"%s"
			       "\nthe file ends inside a record; the %llu line%s before it %s whole: --keep-intact imports %s",
			       im->in->path, (unsigned long long)im->line, at - line + 1, want, found, why, before,
			       before == 1 ? "" : "s", before == 1 ? "is" : "are", before == 1 ? "it" : "them");
	return eg_fail(im->err, EG_BAD_INPUT, "%s:%llu:%td: expected %s, found \"%s\"%s"
		       "\n--skip-bad=N leaves out up to N such lines, --keep-intact ends the trace here",
		       im->in->path, (unsigned long long)im->line, at - line + 1, want, found, why);
}

eg_status import_semantic(struct import *im, const char *name)
{
	import_add(im, name, 1);
	if (!im->o->strict)
		return EG_OK;
	return eg_fail(im->err, EG_BAD_INPUT, "%s:%llu: %s (an error because of --strict)", im->in->path,
		       (unsigned long long)im->line, name);
}

/* ---- ops ----------------------------------------------------------------------------------------- */

eg_status import_flush(struct import *im)
{
	eg_status s = EG_OK;

	if (im->nr_acc)
		s = trace_writer_accesses(im->w, im->stream, im->acc, im->nr_acc);
	im->nr_acc = 0;
	return s;
}

eg_status import_op(struct import *im, const struct eg_op *op)
{
	EG_TRY(import_flush(im));
	return trace_writer_op(im->w, op);
}

/* ---- detection ----------------------------------------------------------------------------------- */

/* Formats that are known by sight and cannot be read yet. */
static const struct {
	const char *name, *magic;
	unsigned    at, size;
} not_built[] = {
	{ "gem5 (packet, elastic or instruction) traces", "gem5", 0, 4 },
	{ "zipped drmemtrace files", "PK\3\4", 0, 4 },
	{ "libCacheSim LCS traces", "\xf0\xde\xbc\x9a\x78\x56\x34\x12", 0, 8 },
	{ "trace-cmd trace.dat files (run: trace-cmd report)", "\x17\x08" "Dtracing", 0, 10 },
	{ "perf.data files (run: perf script)", "PERFILE2", 0, 8 },
	{ "ftrace text", "# tracer:", 0, 9 },
	{ "trace-cmd report text", "cpus=", 0, 5 },
	{ "drmemtrace view text", "Output format:", 0, 14 },
	{ "mtrace logs", "= Start", 0, 7 },
	{ "perf mem reports", "# PID, TID, IP, ADDR,", 0, 21 },
};

/* What is given by mistake. */
static const struct {
	const char *name, *magic;
	unsigned    size;
} no_trace[] = {
	{ "this is a program (ELF), not a trace of it", "\177ELF", 4 },
	{ "this is an HDF5 file, such as a result, not a trace", "\211HDF", 4 },
	{ "the text form of a trace in a newer version; this engram reads %egt 1.x", "%egt ", 5 },
};

const struct importer_ops *import_detect(const struct input *in, struct eg_errors *err)
{
	const char *head = (const char *)in->p;
	size_t len = (size_t)(in->end - in->p);
	struct eg_str tried = { 0 };

	if (len > 65536)
		len = 65536;
	for (unsigned i = 0; len && importer_registry[i]; i++)
		if (importer_registry[i]->detect(head, len, in->eof))
			return importer_registry[i];
	for (unsigned i = 0; i < EG_ARRAY_LEN(not_built); i++)
		if (len >= not_built[i].size && memcmp(head, not_built[i].magic, not_built[i].size) == 0) {
			(void)eg_fail(err, EG_BAD_INPUT, "%s: %s are known, but their importer is not built yet", in->path,
				      not_built[i].name);
			return NULL;
		}
	for (unsigned i = 0; i < EG_ARRAY_LEN(no_trace); i++)
		if (len >= no_trace[i].size && memcmp(head, no_trace[i].magic, no_trace[i].size) == 0) {
			(void)eg_fail(err, EG_BAD_INPUT, "%s: %s", in->path, no_trace[i].name);
			return NULL;
		}
	for (unsigned i = 0; importer_registry[i]; i++)
		eg_str_addf(&tried, "; %s: %s", importer_registry[i]->name, importer_registry[i]->missing);
	if (len == 0)
		(void)eg_fail(err, EG_BAD_INPUT, "%s: the file is empty", in->path);
	else if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		(void)eg_fail(err, EG_BAD_INPUT, "%s: the file begins with a UTF-8 byte order mark\nremove it: tail -c +4 %s >FILE",
			      in->path, in->path);
	else if (len >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
		(void)eg_fail(err, EG_BAD_INPUT, "%s: a text in UTF-16\nconvert it: iconv -f UTF-16 -t UTF-8 %s >FILE", in->path,
			      in->path);
	else if (memchr(head, '\0', len))
		(void)eg_fail(err, EG_BAD_INPUT, "%s: a binary file, and no .egt trace; no other binary format is built yet"
			      "\nChampSim and drmemtrace traces, among others, cannot be read yet", in->path);
	else
		(void)eg_fail(err, EG_BAD_INPUT, "%s: not a trace format that is known by its content (egt: no magic 93 45 47 54%s)"
			      "\nif it is one of these, name it: --format NAME, or format: NAME in an experiment", in->path,
			      eg_str_text(&tried));
	eg_str_free(&tried);
	return NULL;
}

/* ---- one import ---------------------------------------------------------------------------------- */

static eg_status emit_region(void *ctx, const struct eg_op *op)
{
	struct import *im = ctx;

	import_add(im, "inferred_mappings", 1);
	return trace_writer_op(im->w, op);
}

static eg_status put_report(struct import *im)
{
	char text[512];

	EG_TRY(trace_writer_capabilities(im->w, im->report->capabilities));
	EG_TRY(trace_writer_meta(im->w, "import.format", im->report->format));
	EG_TRY(trace_writer_meta(im->w, "import.compression", im->in->compression));
	for (unsigned i = 0; i < im->report->nr; i++) {
		char key[96];

		(void)snprintf(key, sizeof(key), "import.%s", im->report->count[i].name);
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)im->report->count[i].value);
		EG_TRY(trace_writer_meta(im->w, key, text));
	}
	for (unsigned i = 0; i < im->report->nr_places; i++) {
		(void)snprintf(text, sizeof(text), "import.bad.%u", i + 1);
		EG_TRY(trace_writer_meta(im->w, text, im->report->place[i]));
	}
	return EG_OK;
}

/* The importer, and what follows from what it has seen. */
static eg_status run_importer(struct import *im, const struct importer_ops *ops)
{
	EG_TRY(ops->import(im));
	EG_TRY(import_flush(im));
	if (im->in->damaged) {
		im->bad++;
		im->report->damaged_end = true;
		import_add(im, "dropped.after_damage", 1);
	}
	if (!ops->verbatim && import_count(im->report, "records") == 0 && !im->report->damaged_end)
		return eg_fail(im->err, EG_BAD_INPUT, "%s: no record in it, read as %s\n%s", im->in->path, ops->name,
			       strcmp(ops->name, "lackey") == 0 ? "record with: valgrind --tool=lackey --trace-mem=yes" :
			       "is it the whole log?");
	if (im->bad)
		im->capabilities &= ~(TRACE_CAP(COMPLETE) | TRACE_CAP(NOLOST));
	im->report->capabilities = im->capabilities;
	if (im->infer) {
		eg_status s = infer_regions(im->infer, emit_region, im);

		if (s != EG_OK)
			return eg_fail(im->err, s, "%s: out of memory for the touched pages", im->in->path);
		EG_TRY(trace_writer_meta(im->w, "import.assumption.mappings",
					 "inferred from the touched pages, joined when at most 1 MiB apart"));
	}
	if (!ops->verbatim)
		return put_report(im);
	return im->bad ? trace_writer_capabilities(im->w, im->capabilities) : EG_OK;
}

static eg_status unknown_format(const struct import_options *o, struct eg_errors *err)
{
	struct eg_str known = { 0 };
	eg_status s;

	for (unsigned i = 0; importer_registry[i]; i++)
		eg_str_addf(&known, ", %s", importer_registry[i]->name);
	s = eg_fail(err, EG_USAGE, "--format %.60s: no such importer; known: egt%s", o->format, eg_str_text(&known));
	eg_str_free(&known);
	return s;
}

static eg_status choose(const struct import_options *o, const struct input *in, const struct importer_ops **ops,
			struct eg_errors *err)
{
	if (!o->format) {
		*ops = import_detect(in, err);
		return *ops ? EG_OK : EG_BAD_INPUT;
	}
	*ops = importer_find(o->format);
	return *ops ? EG_OK : unknown_format(o, err);
}

eg_status import_suits_container(const char *path, const struct import_options *o, struct eg_errors *err)
{
	if (o->format && strcmp(o->format, "egt") != 0) {
		if (!importer_find(o->format))
			return unknown_format(o, err);
		return eg_fail(err, EG_USAGE, "%s: it is an .egt trace, not %s\nleave out the format", path, o->format);
	}
	if (o->vma)
		return eg_fail(err, EG_USAGE, "%s: it is an .egt trace: its mappings are what they are\n--vma is for recordings",
			       path);
	if (o->strict)
		return eg_fail(err, EG_USAGE, "%s: it is an .egt trace, and --strict is for recordings\n`engram trace validate "
			       "--strict` judges its records", path);
	return EG_OK;
}

static eg_status wants_infer(const struct import_options *o, const struct importer_ops *ops, bool *infer,
			     struct eg_errors *err)
{
	*infer = ops->infer;
	if (!o->vma)
		return EG_OK;
	*infer = strcmp(o->vma, "infer") == 0;
	if (*infer || strcmp(o->vma, "none") == 0)
		return EG_OK;
	return eg_fail(err, EG_USAGE, "--vma %s: use infer or none", o->vma);
}

static bool is_container(const struct input *in)
{
	return in->end - in->p >= (ptrdiff_t)EGT_MAGIC_SIZE && memcmp(in->p, EGT_MAGIC, EGT_MAGIC_SIZE) == 0;
}

static eg_status import_input(struct input *in, const char *out, const struct import_options *o,
			      struct import_report *report, struct eg_errors *err)
{
	const struct importer_ops *ops = NULL;
	struct trace_write_options write = o->write;
	struct import *im;
	bool infer = false;
	eg_status s;

	EG_TRY(choose(o, in, &ops, err));
	EG_TRY(wants_infer(o, ops, &infer, err));
	(void)snprintf(report->format, sizeof(report->format), "%s", ops->name);
	im = eg_calloc(1, sizeof(*im));
	if (!im)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", in->path);
	im->in = in;
	im->err = err;
	im->o = o;
	im->report = report;
	im->line = 1;
	im->infer = infer ? infer_new() : NULL;
	write.defer = true;
	s = infer && !im->infer ? eg_fail(err, EG_NO_MEMORY, "%s: out of memory", in->path) :
	    trace_writer_open(&im->w, out, &write, err);
	if (s == EG_OK)
		s = copy_close(im->w, run_importer(im, ops), report->content_hash, err);
	infer_free(im->infer);
	eg_free(im);
	return s;
}

/*
 * Filters work on traces: the recording is imported whole into a file beside the output, which is then
 * copied. So `convert LOG --filter` is `convert LOG`, then `convert --filter`, to the bit.
 */
static eg_status import_filtered(struct input *in, const char *out, const struct import_options *o,
				 struct import_report *report, struct eg_errors *err)
{
	const char *dir = getenv("TMPDIR");
	struct import_options whole = *o;
	struct import_report *second = eg_calloc(1, sizeof(*second));
	struct eg_str tmp = { 0 };
	eg_status s = EG_OK;
	struct stat st;
	int fd = -1;

	if (strcmp(out, "-") == 0 || (stat(out, &st) == 0 && !S_ISREG(st.st_mode)))
		eg_str_addf(&tmp, "%s/engram-XXXXXX.import", dir && *dir ? dir : "/tmp");
	else
		eg_str_addf(&tmp, "%s.XXXXXX.import", out);
	if (!second || tmp.failed)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", in->path);
	if (s == EG_OK && (fd = mkostemps(tmp.p, 7, O_CLOEXEC)) < 0)
		s = eg_fail_errno(err, false, "%s: cannot create", out);
	if (fd >= 0) {
		(void)close(fd);
		whole.write = (struct trace_write_options){ .level = 1 };
		s = import_input(in, tmp.p, &whole, report, err);
		if (s == EG_OK)
			s = copy_file(tmp.p, out, NULL, o->filter, &o->write, second, err);
		(void)unlink(tmp.p);
	}
	if (s == EG_OK) {
		report->capabilities = second->capabilities;
		memcpy(report->content_hash, second->content_hash, sizeof(report->content_hash));
		for (unsigned i = 0; i < second->nr; i++)
			report_add(report, strcmp(second->count[i].name, "records") == 0 ? "records_written" :
				   second->count[i].name, second->count[i].value);
	}
	eg_str_free(&tmp);
	eg_free(second);
	return s;
}

eg_status import_file(const char *path, const char *out, const struct import_options *o,
		      struct import_report *report, struct eg_errors *err)
{
	struct input in;
	eg_status s;

	*report = (struct import_report){ .nr = 0 };
	EG_TRY(input_open(&in, path, o->keep_intact, err));
	if (is_container(&in) || (o->format && strcmp(o->format, "egt") == 0)) {
		s = import_suits_container(path, o, err);
		if (s == EG_OK)
			s = copy_container(&in, out, o, report, err);
	} else if (copy_filters(o->filter)) {
		s = import_filtered(&in, out, o, report, err);
	} else {
		s = import_input(&in, out, o, report, err);
	}
	input_close(&in);
	return s;
}
