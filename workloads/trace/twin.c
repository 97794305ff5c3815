/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twin - importer for the text twin of the container: the inverse of twin_print.c.
 *
 * Reading what was printed gives the same records and, with the same chunk size, the same bytes. So every
 * line is taken literally: fields in the order of the op's signature, no second spelling. '#' lines and
 * empty lines are comments and not kept.
 */
#include "workloads/trace/twin.h"

#include <string.h>

#include "sim/base/mem.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"

struct cursor {
	const char *p, *end;            /* rest of the line       */
	const char *word, *word_end;    /* the word last taken    */
};

struct twin {
	struct import    *im;
	struct twin_state at;
	char             *text;         /* buffer for unescaped strings */
	size_t            text_cap;
};

/* The next word; a quoted string is one word, with its quotes, and may follow "name=". */
static bool take(struct cursor *c)
{
	bool quoted = false;

	while (c->p < c->end && *c->p == ' ')
		c->p++;
	c->word = c->p;
	for (; c->p < c->end && (quoted || *c->p != ' '); c->p++) {
		if (quoted && *c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		else if (*c->p == '"')
			quoted = !quoted;
	}
	c->word_end = c->p;
	return c->word < c->word_end && !quoted;
}

static bool word_is(const struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(c->word_end - c->word) == n && memcmp(c->word, text, n) == 0;
}

static bool decimal(const char *p, const char *end, uint64_t *v)
{
	*v = 0;
	if (p == end || (*p == '0' && end - p > 1))
		return false;
	for (; p < end; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (unsigned)(*p - '0'), v))
			return false;
	return true;
}

static bool hexadecimal(const char *p, const char *end, uint64_t *v)
{
	*v = 0;
	if (end - p < 3 || end - p > 18 || p[0] != '0' || p[1] != 'x' || (p[2] == '0' && end - p > 3))
		return false;
	for (p += 2; p < end; p++) {
		if (*p >= '0' && *p <= '9')
			*v = *v << 4 | (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*v = *v << 4 | (unsigned)(*p - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool prot(const char *p, const char *end, uint64_t *v)
{
	static const char letters[] = "rwx";
	uint64_t more;

	*v = 0;
	if (end - p == 1 && *p == '-')
		return true;
	for (unsigned i = 0; i < 3; i++)
		if (p < end && *p == letters[i]) {
			*v |= 1u << i;
			p++;
		}
	if (p == end)
		return *v != 0;
	if (*p != '+' || !hexadecimal(p + 1, end, &more) || !more || more & 7)
		return false;
	*v |= more;
	return true;
}

static bool mask(const char *p, const char *end, char format, uint64_t *v)
{
	*v = 0;
	if (end - p == 1 && *p == '-')
		return true;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
		uint64_t bit = 0;

		for (unsigned i = 0; i < 64 && !bit; i++) {
			const char *name = twin_bit_name(format, i);

			if (name && strlen(name) == (size_t)(stop - p) && memcmp(name, p, strlen(name)) == 0)
				bit = UINT64_C(1) << i;
		}
		if (!bit && !hexadecimal(p, stop, &bit))
			return false;
		if (*v & bit)
			return false;
		*v |= bit;
		if (comma && comma + 1 == end)
			return false;
		p = comma ? comma + 1 : end;
	}
	return *v != 0;
}

static bool value(const char *p, const char *end, char format, uint64_t *v)
{
	if (format == 'x')
		return hexadecimal(p, end, v);
	if (format == 'p')
		return prot(p, end, v);
	if (format == 'm' || format == 'c')
		return mask(p, end, format, v);
	return decimal(p, end, v);
}

/* A JSON string to a name id; *good = false when it is not one. */
static eg_status string(struct twin *t, const char *p, const char *end, uint32_t *id, bool *good)
{
	size_t need = (size_t)(end - p) + 1;

	*good = end - p >= 2 && *p == '"' && end[-1] == '"';
	if (!*good)
		return EG_OK;
	if (need > t->text_cap) {
		char *bigger = eg_realloc(t->text, need, 1);

		if (!bigger)
			return eg_fail(t->im->err, EG_NO_MEMORY, "%s: out of memory", t->im->in->path);
		t->text = bigger;
		t->text_cap = need;
	}
	*good = egt_unescape(p + 1, (size_t)(end - p) - 2, t->text) != SIZE_MAX;
	if (!*good)
		return EG_OK;
	*id = trace_writer_name(t->im->w, t->text);
	return *id ? EG_OK : EG_NO_MEMORY;
}

/* "name=..." when the word begins with that; the value's start, else NULL. */
static const char *named(const struct cursor *c, const char *name)
{
	size_t n = strlen(name);

	return (size_t)(c->word_end - c->word) > n && memcmp(c->word, name, n) == 0 && c->word[n] == '=' ?
	       c->word + n + 1 : NULL;
}

/* The words behind the op's required fields. */
static eg_status optional_word(struct twin *t, struct cursor *c, const struct twin_field *f, unsigned nr,
			       struct eg_op *op, bool *good)
{
	const char *p = named(c, "name");
	uint64_t v;

	*good = true;
	if (p)
		return string(t, p, c->word_end, &op->name, good);
	if (word_is(c, "init") || word_is(c, "failed")) {
		op->flags |= word_is(c, "init") ? EG_OPF_INIT : EG_OPF_FAILED;
		return EG_OK;
	}
	for (unsigned i = 0; i < nr; i++) {
		p = f[i].optional ? named(c, f[i].name) : NULL;
		if (p) {
			*good = value(p, c->word_end, f[i].format, &op->arg[f[i].arg]);
			return EG_OK;
		}
	}
	p = named(c, "opflags");
	if (p) {
		*good = hexadecimal(p, c->word_end, &v) && v < 256;
		op->flags |= (uint8_t)v;
		return EG_OK;
	}
	*good = c->word_end - c->word > 5 && memcmp(c->word, "arg", 3) == 0 && c->word[3] >= '0' &&
		c->word[3] < '0' + (int)EG_OP_ARGS && c->word[4] == '=';
	if (*good)
		*good = decimal(c->word + 5, c->word_end, &op->arg[c->word[3] - '0']);
	return EG_OK;
}

static eg_status op_line(struct twin *t, struct cursor *c, unsigned code, bool *good)
{
	struct eg_op op = { .code = (uint8_t)code, .stream = t->at.stream, .time = t->at.time };
	struct twin_field f[TWIN_FIELDS];
	unsigned nr = twin_fields(code, f);

	for (unsigned i = 0; i < nr && !f[i].optional; i++) {
		*good = take(c);
		if (!*good)
			return EG_OK;
		if (f[i].format != 'n') {
			*good = value(c->word, c->word_end, f[i].format, &op.arg[f[i].arg]);
		} else if (!word_is(c, "-")) {
			EG_TRY(string(t, c->word, c->word_end, &op.name, good));
		}
		if (!*good)
			return EG_OK;
	}
	while (take(c)) {
		EG_TRY(optional_word(t, c, f, nr, &op, good));
		if (!*good)
			return EG_OK;
	}
	*good = c->word == c->end;
	return *good ? import_op(t->im, &op) : EG_OK;
}

static eg_status access_line(struct twin *t, struct cursor *c, enum eg_access_kind kind, bool *good)
{
	uint64_t addr, size;

	*good = take(c) && hexadecimal(c->word, c->word_end, &addr) && addr <= EG_ACCESS_ADDR_MASK && take(c) &&
		decimal(c->word, c->word_end, &size) && size >= 1 && size <= EG_ACCESS_MAX_SIZE && !take(c) &&
		c->word == c->end;
	if (!*good)
		return EG_OK;
	if (t->im->infer)
		infer_touch(t->im->infer, eg_access(addr, kind, (unsigned)size));
	EG_TRY(trace_writer_time(t->im->w, t->at.time));
	return trace_writer_access(t->im->w, t->at.stream, eg_access(addr, kind, (unsigned)size));
}

/* "name ID "TEXT"": texts by number, in order, so that ids in arguments mean the same again */
static eg_status name_line(struct twin *t, struct cursor *c, bool *good)
{
	uint64_t want;
	uint32_t id = 0;

	*good = take(c) && decimal(c->word, c->word_end, &want) && take(c);
	if (!*good)
		return EG_OK;
	EG_TRY(string(t, c->word, c->word_end, &id, good));
	*good = *good && id == want && !take(c) && c->word == c->end;
	return EG_OK;
}

/* Does the line end in the flag "init"? It then counts from the start, whatever came before. */
static bool is_init(const char *p, const char *end)
{
	const char *flags = memmem(p, (size_t)(end - p), " opflags=", 9);

	if (flags)
		end = flags;
	if (end - p > 7 && memcmp(end - 7, " failed", 7) == 0)
		end -= 7;
	return end - p > 5 && memcmp(end - 5, " init", 5) == 0;
}

/* Time and stream in front of a record; the word behind them is taken. */
static bool prefix(struct twin *t, struct cursor *c)
{
	uint64_t v;

	if (!take(c))
		return false;
	if (*c->word == '@') {
		if (c->word_end - c->word == 2 && c->word[1] == '-')
			t->at.time = EG_TIME_NONE;
		else if (decimal(c->word + 1, c->word_end, &v) && v != EG_TIME_NONE)
			t->at.time = v;
		else
			return false;
		if (!take(c))
			return false;
	}
	if (*c->word == 't' && c->word_end - c->word > 1 && c->word[1] >= '0' && c->word[1] <= '9') {
		if (!decimal(c->word + 1, c->word_end, &v) || v >= UINT32_MAX)
			return false;
		t->at.stream = (uint32_t)v;
		return take(c);
	}
	return true;
}

static eg_status record_line(struct twin *t, struct cursor *c, bool *good)
{
	static const char kinds[] = "RWMX";
	struct twin_state before = t->at;
	bool init = is_init(c->p, c->end);
	unsigned code;
	char name[32];
	const char *kind;
	eg_status s;
	size_t n;

	if (init)
		twin_state_init(&t->at);
	*good = prefix(t, c);
	if (!*good)
		return EG_OK;
	n = (size_t)(c->word_end - c->word);
	kind = n == 1 ? memchr(kinds, *c->word, 4) : NULL;
	if (kind)
		return access_line(t, c, (enum eg_access_kind)(kind - kinds), good);
	if (word_is(c, "name"))
		return name_line(t, c, good);
	*good = n < sizeof(name);
	if (!*good)
		return EG_OK;
	memcpy(name, c->word, n);
	name[n] = '\0';
	code = eg_op_by_name(name);
	*good = code != EG_OP_NONE;
	if (!*good)
		return EG_OK;
	s = op_line(t, c, code, good);
	if (init)
		t->at = before;
	return s;
}

/* "%key: value" */
static eg_status meta_line(struct twin *t, const char *p, const char *end, bool *good)
{
	struct egt_meta meta = { 0 };
	eg_status s = egt_meta_parse_line(&meta, p, (size_t)(end - p));

	*good = s != EG_BAD_INPUT;
	if (s == EG_OK && strcmp(meta.pair[0].key, "capabilities") == 0)
		t->im->capabilities = egt_capabilities_parse(meta.pair[0].value);
	if (s == EG_OK)
		s = trace_writer_meta(t->im->w, meta.pair[0].key, meta.pair[0].value);
	egt_meta_free(&meta);
	return *good ? s : EG_OK;
}

/* "%egt 1.MINOR", and " split" when the streams have no common order */
static eg_status first_line(struct twin *t, const char *line, const char *end, bool *good)
{
	const char *p = line + 7;

	*good = end - line > 7 && memcmp(line, "%egt 1.", 7) == 0;
	while (*good && p < end && *p >= '0' && *p <= '9')
		p++;
	*good = *good && p > line + 7;
	if (!*good || p == end)
		return EG_OK;
	*good = end - p == 6 && memcmp(p, " split", 6) == 0;
	return *good ? trace_writer_split(t->im->w) : EG_OK;
}

static const char want[] = "\"[@TIME] [tSTREAM] OP FIELDS\" as `engram trace cat` prints it";

static eg_status twin_import(struct import *im)
{
	struct twin t = { .im = im };
	bool stop = false;
	eg_status s = EG_OK;

	twin_state_init(&t.at);
	for (; !stop && s == EG_OK; im->line++) {
		const char *line, *end;
		struct cursor c;
		bool cut, good = true;

		s = import_line(im, &line, &end, &cut);
		if (s != EG_OK || !line)
			break;
		c = (struct cursor){ line, end, line, line };
		if (cut)
			good = false;
		else if (im->line == 1)
			s = first_line(&t, line, end, &good);
		else if (line < end && *line == '%')
			s = meta_line(&t, line + 1, end, &good);
		else if (line < end && *line != '#')
			s = record_line(&t, &c, &good);
		if (s == EG_OK && !good)
			s = import_bad_line(im, line, end, c.word, cut, &stop, want);
	}
	eg_free(t.text);
	return s;
}

static bool twin_detect(const char *head, size_t len, bool whole)
{
	(void)whole;
	return len >= 7 && memcmp(head, "%egt 1.", 7) == 0;
}

const struct importer_ops importer_twin_ops = {
	.name = "twin",
	.summary = "the text form of .egt, as printed by engram trace cat",
	.missing = "line 1 is not \"%egt 1.x\"",
	.infer = false,
	.verbatim = true,
	.detect = twin_detect,
	.import = twin_import,
};
