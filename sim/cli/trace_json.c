/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace_json - see trace_json.h. The arguments of an op come from its signature, so a new op needs no line here. */
#include "sim/cli/trace_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "workloads/trace/twin.h"

struct json {
	FILE *to;
	const char *shown;              /* name of the output for messages */
	struct copy_source from;
	struct eg_str line;
};

static void put_head(struct json *j, uint64_t record, uint32_t stream, eg_time time)
{
	j->line.len = 0;
	eg_str_add(&j->line, "{");
	if (!j->from.state && !(j->from.f && (j->from.f->from.by_time || j->from.f->to.by_time)))
		eg_str_addf(&j->line, "\"record\": %" PRIu64 ", ", record);
	if (time != EG_TIME_NONE)
		eg_str_addf(&j->line, "\"time_ps\": %" PRIu64 ", ", time);
	eg_str_addf(&j->line, "\"stream\": %u, \"op\": ", stream);
}

/* Letters or names of the bits that have one, the rest in hexadecimal. */
static void put_bits(struct eg_str *s, uint64_t v, char format)
{
	const char *comma = "";

	eg_str_add(s, "\"");
	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = format == 'p' ? (bit < 3 ? (const char *[]){ "r", "w", "x" }[bit] : NULL) :
				   twin_bit_name(format, bit);

		if (!name || !(v >> bit & 1))
			continue;
		eg_str_addf(s, "%s%s", comma, name);
		v &= ~(UINT64_C(1) << bit);
		comma = format == 'p' ? "" : ",";
	}
	if (v)
		eg_str_addf(s, "%s0x%" PRIx64, comma, v);
	eg_str_add(s, "\"");
}

static void put_op(struct json *j, const struct eg_op *op)
{
	struct twin_field f[TWIN_FIELDS];
	unsigned nr = twin_fields(op->code, f);
	struct eg_str *s = &j->line;

	put_head(j, j->from.first, op->stream, op->time);
	eg_str_addf(s, "\"%s\"", eg_op_name(op->code));
	for (unsigned i = 0; i < nr; i++) {
		uint64_t v = op->arg[f[i].arg];

		if (f[i].format == 'n' || (f[i].optional && v == 0))
			continue;
		eg_str_addf(s, ", \"%s\": ", f[i].name);
		if (f[i].format == 'x')
			eg_str_addf(s, "\"0x%" PRIx64 "\"", v);
		else if (f[i].format == 'u')
			eg_str_addf(s, "%" PRIu64, v);
		else
			put_bits(s, v, f[i].format);
	}
	if (op->name) {
		eg_str_add(s, ", \"name\": ");
		eg_str_add_json(s, trace_name(j->from.r, op->name));
	}
	if (op->flags & EG_OPF_INIT)
		eg_str_add(s, ", \"init\": true");
	if (op->flags & EG_OPF_FAILED)
		eg_str_add(s, ", \"failed\": true");
	eg_str_add(s, "}\n");
}

static void put_access(struct json *j, uint64_t record, const struct eg_block *b, uint64_t word)
{
	put_head(j, record, b->stream, b->time);
	eg_str_addf(&j->line, "\"%c\", \"addr\": \"0x%" PRIx64 "\", \"size\": %u}\n", "RWMX"[eg_access_kind(word)],
		    eg_access_addr(word), eg_access_size(word));
}

static eg_status put_line(struct json *j, struct eg_errors *err)
{
	if (j->line.failed)
		return eg_fail(err, EG_NO_MEMORY, "out of memory for a line");
	if (fwrite(j->line.p, 1, j->line.len, j->to) != j->line.len)
		return eg_fail_errno(err, false, "%s: cannot write", j->shown);
	return EG_OK;
}

static eg_status put_all(struct json *j, const struct copy_filter *f, struct eg_errors *err)
{
	struct eg_block b;

	EG_TRY(copy_begin(&j->from, j->from.r, f, err));
	for (;;) {
		EG_TRY(copy_next(&j->from, &b, err));
		if (b.kind == EG_BLOCK_END)
			return EG_OK;
		if (b.kind == EG_BLOCK_OP) {
			put_op(j, &b.op);
			EG_TRY(put_line(j, err));
			continue;
		}
		for (uint32_t i = 0; i < b.nr; i++) {
			put_access(j, j->from.first + i, &b, b.acc[i]);
			EG_TRY(put_line(j, err));
		}
	}
}

eg_status trace_json(const char *path, const char *out, const struct copy_filter *f, struct eg_errors *err)
{
	bool to_stdout = strcmp(out, "-") == 0;
	struct json j = { .shown = to_stdout ? "standard output" : out };
	eg_status s;

	EG_TRY(copy_open(&j.from.r, path, NULL, f, err));
	j.to = to_stdout ? stdout : fopen(out, "we");
	if (!j.to) {
		s = eg_fail_errno(err, false, "%s: cannot create", out);
	} else {
		s = put_all(&j, f, err);
		if ((to_stdout ? fflush(j.to) : fclose(j.to)) != 0 && s == EG_OK)
			s = eg_fail_errno(err, false, "%s: cannot write", j.shown);
	}
	trace_close(j.from.r);
	eg_str_free(&j.line);
	return s;
}
