/* SPDX-License-Identifier: GPL-3.0-or-later */
/* twin_print - records as text; see twin.h. Its inverse is the importer twin.c. */
#include "workloads/trace/twin.h"

#include <stdio.h>
#include <string.h>

static const char *const map_bits[] = {
	"shared", "anon", "fixed", "noreplace", "populate", "noreserve", "stack", "growsdown", "locked",
	"hugetlb", "inferred", "brk",
};
static const char *const clone_bits[] = { "vm", "thread", "vfork" };

const char *twin_bit_name(char format, unsigned bit)
{
	if (format == 'm')
		return bit < EG_ARRAY_LEN(map_bits) ? map_bits[bit] : NULL;
	return format == 'c' && bit < EG_ARRAY_LEN(clone_bits) ? clone_bits[bit] : NULL;
}

unsigned twin_fields(unsigned code, struct twin_field f[TWIN_FIELDS])
{
	const char *p = eg_op_signature(code);
	unsigned nr = 0, arg = 0;
	bool optional = false;

	while (p && *p && nr < TWIN_FIELDS) {
		size_t len = strcspn(p, " "), colon = strcspn(p, ": ");

		if (len == 1 && *p == '|') {
			optional = true;
		} else {
			bool name = colon == len;

			f[nr] = (struct twin_field){ .format = name ? 'n' : p[colon + 1], .optional = optional };
			(void)snprintf(f[nr].name, sizeof(f[nr].name), "%.*s", (int)colon, p);
			if (!name)
				f[nr].arg = arg++;
			nr++;
		}
		p += len;
		p += strspn(p, " ");
	}
	return nr;
}

void twin_state_init(struct twin_state *t)
{
	*t = (struct twin_state){ .time = EG_TIME_NONE };
}

static void put_prefix(struct twin_state *t, uint32_t stream, eg_time time, struct eg_str *out)
{
	if (time != t->time) {
		if (time == EG_TIME_NONE)
			eg_str_add(out, "@- ");
		else
			eg_str_addf(out, "@%llu ", (unsigned long long)time);
		t->time = time;
	}
	if (stream != t->stream) {
		eg_str_addf(out, "t%u ", stream);
		t->stream = stream;
	}
}

void twin_put_access(struct twin_state *t, uint32_t stream, eg_time time, uint64_t word, struct eg_str *out)
{
	static const char digits[] = "0123456789abcdef", kinds[] = "RWMX";
	uint64_t addr = eg_access_addr(word);
	unsigned size = eg_access_size(word);
	char line[32], *p = line + sizeof(line);

	/* backwards by hand: a trace is made of these, and printf is ten times slower */
	put_prefix(t, stream, time, out);
	*--p = '\n';
	for (; size; size /= 10)
		*--p = (char)('0' + size % 10);
	*--p = ' ';
	do
		*--p = digits[addr & 15];
	while (addr >>= 4);
	*--p = 'x';
	*--p = '0';
	*--p = ' ';
	*--p = kinds[eg_access_kind(word)];
	eg_str_addn(out, p, (size_t)(line + sizeof(line) - p));
}

/* Names of the bits joined by ',', what has no name in hexadecimal, '-' for nothing. */
static void put_mask(uint64_t v, char format, struct eg_str *out)
{
	const char *comma = "";

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = twin_bit_name(format, bit);

		if (name && v >> bit & 1) {
			eg_str_addf(out, "%s%s", comma, name);
			v &= ~(UINT64_C(1) << bit);
			comma = ",";
		}
	}
	if (v)
		eg_str_addf(out, "%s0x%llx", comma, (unsigned long long)v);
	else if (!*comma)
		eg_str_add(out, "-");
}

static void put_prot(uint64_t v, struct eg_str *out)
{
	if (v & EG_PROT_READ)
		eg_str_add(out, "r");
	if (v & EG_PROT_WRITE)
		eg_str_add(out, "w");
	if (v & EG_PROT_EXEC)
		eg_str_add(out, "x");
	if (v & ~UINT64_C(7))
		eg_str_addf(out, "+0x%llx", (unsigned long long)(v & ~UINT64_C(7)));
	else if (!v)
		eg_str_add(out, "-");
}

static void put_value(uint64_t v, char format, struct eg_str *out)
{
	if (format == 'x')
		eg_str_addf(out, "0x%llx", (unsigned long long)v);
	else if (format == 'p')
		put_prot(v, out);
	else if (format == 'm' || format == 'c')
		put_mask(v, format, out);
	else
		eg_str_addf(out, "%llu", (unsigned long long)v);
}

void twin_put_op(struct twin_state *t, const struct eg_op *op, const char *name, struct eg_str *out)
{
	struct twin_state start, *at = t;
	struct twin_field f[TWIN_FIELDS];
	unsigned nr = twin_fields(op->code, f), nr_args = 0;
	bool named = false;

	if (op->flags & EG_OPF_INIT) {
		twin_state_init(&start);
		at = &start;
	}
	put_prefix(at, op->stream, op->time, out);
	eg_str_add(out, eg_op_name(op->code));
	for (unsigned i = 0; i < nr; i++) {
		if (f[i].format == 'n') {
			named = true;
			if (!op->name && f[i].optional)
				continue;
			eg_str_add(out, f[i].optional ? " name=" : " ");
			if (op->name)
				eg_str_add_json(out, name);
			else
				eg_str_add(out, "-");
			continue;
		}
		nr_args = f[i].arg + 1;
		if (f[i].optional && op->arg[f[i].arg] == 0)
			continue;
		eg_str_add(out, " ");
		if (f[i].optional)
			eg_str_addf(out, "%s=", f[i].name);
		put_value(op->arg[f[i].arg], f[i].format, out);
	}
	for (unsigned i = nr_args; i < EG_OP_ARGS; i++)        /* beyond the signature: a later minor's */
		if (op->arg[i])
			eg_str_addf(out, " arg%u=%llu", i, (unsigned long long)op->arg[i]);
	if (op->name && !named) {
		eg_str_add(out, " name=");
		eg_str_add_json(out, name);
	}
	if (op->flags & EG_OPF_INIT)
		eg_str_add(out, " init");
	if (op->flags & EG_OPF_FAILED)
		eg_str_add(out, " failed");
	if (op->flags & ~(EG_OPF_INIT | EG_OPF_FAILED))
		eg_str_addf(out, " opflags=0x%x", (unsigned)(op->flags & ~(EG_OPF_INIT | EG_OPF_FAILED)));
	eg_str_add(out, "\n");
}
