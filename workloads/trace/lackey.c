/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lackey - importer for the logs of valgrind's lackey tool (--trace-mem=yes).
 *
 *   1. "I  ADDR,SIZE", " L ADDR,SIZE", " S ...", " M ..." are fetch, load, store, modify: nearly every line.
 *      They are scanned in place, without cutting out the line first.
 *   2. With --trace-syscalls=yes and --trace-sched=yes the core's lines stand between them: SYSCALL[PID,TID](NR)
 *      becomes a mapping or task op, SCHED[T] says which thread's accesses follow. Such a line may carry a
 *      record glued to its end; it is found there. (lackey_calls.c)
 *   3. "==PID==" lines are banner and statistics: the command and the instruction count are kept, the
 *      latter is compared with the I lines.
 *
 * What the log does not have: time, kernel-side accesses, physical addresses, and the program's own image,
 * which valgrind loads itself: without mappings they are inferred (infer.h).
 */
#include "workloads/trace/lackey.h"

#include <string.h>

#include "sim/base/str.h"

/* Value of a hexadecimal digit (lower case, as lackey writes them), 255 for all else. */
static const uint8_t hex_value[256] = {
#define N 255
#define ROW N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N
	ROW, ROW, ROW,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, N, N, N, N, N, N,
	ROW, ROW,
	N, 10, 11, 12, 13, 14, 15, N, N, N, N, N, N, N, N, N,
	ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW,
#undef ROW
#undef N
};

/*
 * One record at p, "K" to the end of the line. Returns what follows the size digits, NULL when it is not a
 * record; the caller checks what stands there. Bytes up to 40 behind p must be readable.
 */
const uint8_t *lackey_record(const uint8_t *p, struct lackey_access *a)
{
	uint64_t addr = 0;
	unsigned digits = 0, size = 0, value;

	if (p[0] == ' ' && p[2] == ' ') {
		if (p[1] == 'L')
			a->kind = EG_ACCESS_READ;
		else if (p[1] == 'S')
			a->kind = EG_ACCESS_WRITE;
		else if (p[1] == 'M')
			a->kind = EG_ACCESS_MODIFY;
		else
			return NULL;
	} else if (p[0] == 'I' && p[1] == ' ' && p[2] == ' ') {
		a->kind = EG_ACCESS_FETCH;
	} else {
		return NULL;
	}
	for (p += 3; (value = hex_value[*p]) < 16; p++) {
		addr = addr << 4 | value;
		digits++;
	}
	if (digits < 8 || digits > 16 || *p != ',')
		return NULL;
	p++;
	for (digits = 0; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
		size = size * 10 + (*p - '0');
	if (!digits || !size)
		return NULL;
	a->addr = addr;
	a->size = size;
	return p;
}

/* Where a line stops being a record. */
static const char *misfit(const char *line, const char *end)
{
	const char *p = line, *start;

	if (p < end && *p == 'I')
		p += end - p > 1 && p[1] == ' ' ? 2 : 1;
	else if (p < end && *p == ' ')
		p += end - p > 1 && (p[1] == 'L' || p[1] == 'S' || p[1] == 'M') ? 2 : 1;
	if (p - line != 2 || p == end || *p != ' ')
		return p;
	for (start = ++p; p < end && hex_value[(uint8_t)*p] < 16 && p - start < 16; p++)
		;
	if (p - start < 8 || p == end || *p != ',')
		return p;
	for (start = ++p; p < end && *p >= '0' && *p <= '9' && p - start < 6; p++)
		;
	return p == end ? start : p;            /* all digits: it is the size itself, 0 */
}

static const char want_record[] = "\"KIND address,size\" as in \" S 1fff000708,8\"";

/* An access that does not fit a word, or lies outside the address space. */
static eg_status odd_access(struct lackey *k, const struct lackey_access *a)
{
	struct import *im = k->im;
	struct eg_op op = { .code = EG_OP_ACCESS, .stream = k->stream, .time = EG_TIME_NONE,
			    .arg = { a->addr, a->size, a->kind } };

	if (im->infer)
		for (uint64_t at = a->addr; at < a->addr + a->size; at += EG_PAGE_SIZE)
			infer_touch(im->infer, eg_access(at, a->kind, 1));
	if (im->infer)
		infer_touch(im->infer, eg_access(a->addr + a->size - 1, a->kind, 1));
	import_add(im, "large_accesses", 1);
	return import_op(im, &op);
}

eg_status lackey_access(struct lackey *k, const struct lackey_access *a)
{
	k->nr[a->kind]++;
	if (EG_UNLIKELY(a->size > EG_ACCESS_MAX_SIZE))
		return odd_access(k, a);
	return import_access(k->im, k->stream, eg_access(a->addr, a->kind, a->size));
}

static bool canonical(const struct lackey_access *a)
{
	return a->addr + a->size <= EG_ACCESS_ADDR_MASK && a->addr <= EG_ACCESS_ADDR_MASK;
}

/* "==PID== ..." */
static eg_status banner(struct lackey *k, const char *line, const char *end)
{
	static const char command[] = " Command: ", instrs[] = "  guest instrs:";
	const char *p = line + 2;
	uint64_t n = 0;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (end - p < 2 || p[0] != '=' || p[1] != '=')
		return EG_OK;
	p += 2;
	if ((size_t)(end - p) > sizeof(command) && memcmp(p, command, sizeof(command) - 1) == 0) {
		struct eg_str text = { 0 };
		eg_status s;

		eg_str_addn(&text, p + sizeof(command) - 1, (size_t)(end - p) - (sizeof(command) - 1));
		s = text.failed ? EG_NO_MEMORY : memchr(text.p, '\0', text.len) ? EG_OK :
			trace_writer_meta(k->im->w, "command", text.p);
		eg_str_free(&text);
		return s;
	}
	if ((size_t)(end - p) <= sizeof(instrs) || memcmp(p + 1, instrs, sizeof(instrs) - 1) != 0)
		return EG_OK;
	for (p += sizeof(instrs); p < end; p++)
		if (*p >= '0' && *p <= '9' && n < UINT64_MAX / 16)
			n = n * 10 + (uint64_t)(*p - '0');
	if (k->nr[EG_ACCESS_FETCH] && n != k->nr[EG_ACCESS_FETCH])
		return import_semantic(k->im, "semantic.guest_instructions_differ");
	return EG_OK;
}

/* A line that the fast path did not take. */
static eg_status other_line(struct lackey *k, bool *stop)
{
	struct import *im = k->im;
	const char *line, *end;
	struct lackey_access a;
	const uint8_t *after;
	bool cut;

	EG_TRY(import_line(im, &line, &end, &cut));
	if (!line) {
		*stop = true;
		return EG_OK;
	}
	if (line == end && !cut)
		return EG_OK;
	if (end - line >= 4 && memcmp(line, "==", 2) == 0) {
		import_add(im, "lines.banner", 1);
		return banner(k, line, end);
	}
	if (lackey_is_core_line(line, end)) {
		import_add(im, "lines.core", 1);
		return lackey_core_line(k, line, end);
	}
	if (end - line >= 13) {
		after = lackey_record((const uint8_t *)line, &a);
		if (after == (const uint8_t *)end && !cut) {
			if (canonical(&a))
				return lackey_access(k, &a);
			return import_bad_line(im, line, end, line + 3, cut, stop, "an address of at most 57 bits");
		}
	}
	return import_bad_line(im, line, end, misfit(line, end), cut, stop, want_record);
}

static eg_status read_lines(struct lackey *k)
{
	struct import *im = k->im;
	struct input *in = im->in;
	bool stop = false;

	while (!stop && !k->stop) {
		const uint8_t *p = in->p, *safe;

		/* the fast path: whole lines in view, one record each */
		if (in->end - p < 4096 && !in->eof) {
			EG_TRY(input_more(in, im->err));
			p = in->p;
		}
		safe = in->end - p > 64 ? in->end - 64 : p;
		while (p < safe) {
			struct lackey_access a;
			const uint8_t *after = lackey_record(p, &a);

			if (!after || *after != '\n' || !canonical(&a))
				break;
			p = after + 1;
			im->line++;
			EG_TRY(lackey_access(k, &a));
		}
		in->p = p;
		if (p < safe || in->eof || in->end - p <= 64) {
			if (!in->eof && in->end - p <= 64)
				continue;
			EG_TRY(other_line(k, &stop));
			im->line++;
		}
	}
	return EG_OK;
}

static eg_status lackey_import(struct import *im)
{
	struct lackey k = { .im = im };
	uint64_t data;
	eg_status s;

	lackey_calls_init(&k);
	s = read_lines(&k);
	lackey_calls_free(&k);
	data = k.nr[EG_ACCESS_READ] + k.nr[EG_ACCESS_WRITE] + k.nr[EG_ACCESS_MODIFY];
	import_add(im, "records", data + k.nr[EG_ACCESS_FETCH]);
	import_add(im, "fetches", k.nr[EG_ACCESS_FETCH]);
	import_add(im, "loads", k.nr[EG_ACCESS_READ]);
	import_add(im, "stores", k.nr[EG_ACCESS_WRITE]);
	import_add(im, "modifies", k.nr[EG_ACCESS_MODIFY]);
	im->capabilities |= TRACE_CAP(VIRT) | TRACE_CAP(SIZE) | TRACE_CAP(COMPLETE) | TRACE_CAP(ORDER) | TRACE_CAP(NOLOST);
	if (data)
		im->capabilities |= TRACE_CAP(DATA);
	if (k.nr[EG_ACCESS_FETCH])
		im->capabilities |= TRACE_CAP(IFETCH) | TRACE_CAP(ICOUNT);
	return s;
}

/* A "==PID== Lackey" banner, or three lines of the record grammar in a row. */
static bool lackey_detect(const char *head, size_t len, bool whole)
{
	const char *p = head, *end = head + len;
	unsigned records = 0, lines = 0;

	while (p < end && lines++ < 64) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		struct lackey_access a;
		uint8_t copy[64] = { 0 };
		size_t n;
		const uint8_t *after;

		if (!lf)
			break;
		n = (size_t)(lf - p);
		if (n > 2 && memcmp(p, "==", 2) == 0) {
			const char *eq = memchr(p + 2, '=', n - 2);

			if (eq && lf - eq > 9 && memcmp(eq, "== Lackey", 9) == 0)
				return true;
		}
		if (n && p[n - 1] == '\r')
			n--;
		if (n < sizeof(copy) - 40) {
			memcpy(copy, p, n);
			after = lackey_record(copy, &a);
			records = after && after == copy + n ? records + 1 : n ? 0 : records;
		}
		if (records == 3)
			return true;
		p = lf + 1;
	}
	return whole && records && p == end;
}

const struct importer_ops importer_lackey_ops = {
	.name = "lackey",
	.summary = "valgrind --tool=lackey --trace-mem=yes (system calls and threads with --trace-syscalls, --trace-sched)",
	.missing = "no \"==PID== Lackey\", no three records like \" S 1fff000708,8\" in a row",
	.infer = true,
	.detect = lackey_detect,
	.import = lackey_import,
};
