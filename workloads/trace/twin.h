/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twin - the text twin of the container: one record a line, one spelling for each.
 *
 *   %egt 1.0              or 1.1; " split" behind it: streams without a common order
 *   %key: value
 *   [@TIME] [tSTREAM] R|W|M|X ADDRESS SIZE
 *   [@TIME] [tSTREAM] OP FIELD... [NAME=FIELD]... [init] [failed]
 *
 * TIME (picoseconds, or '-' for none) and STREAM stand only where they differ from the line before; a line
 * marked init counts from the start (stream 0, no time) and is not counted by the next.
 */
#ifndef WORKLOADS_TRACE_TWIN_H
#define WORKLOADS_TRACE_TWIN_H

#include "sim/base/op.h"
#include "sim/base/str.h"

struct twin_state {
	uint32_t stream;
	eg_time  time;
};

void twin_state_init(struct twin_state *t);
void twin_put_access(struct twin_state *t, uint32_t stream, eg_time time, uint64_t word, struct eg_str *out);
/* `name`: the text of op->name; printed when op->name is not 0. */
void twin_put_op(struct twin_state *t, const struct eg_op *op, const char *name, struct eg_str *out);

/* One argument of an op's signature ("addr:x"). */
struct twin_field {
	char     name[16];
	char     format;                /* x u p m c; 'n': the op's name */
	bool     optional;
	unsigned arg;                   /* index in eg_op.arg */
};

#define TWIN_FIELDS (EG_OP_ARGS + 1)

/* The fields of an op code, in the order of the text; how many. */
unsigned twin_fields(unsigned code, struct twin_field f[TWIN_FIELDS]);

/* Name of a bit of a mask of that format ('m', 'c'), NULL if it has none. */
const char *twin_bit_name(char format, unsigned bit);

#endif
