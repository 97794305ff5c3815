/* SPDX-License-Identifier: GPL-3.0-or-later */
/* items - one item of an ops section, for who reads many: in the reader's loop, and in egt_each_op(). */
#ifndef WORKLOADS_TRACE_ITEMS_H
#define WORKLOADS_TRACE_ITEMS_H

#include "workloads/trace/codec.h"
#include "workloads/trace/egt.h"

enum egt_item { EGT_ITEM_BAD, EGT_ITEM_STATE, EGT_ITEM_OP, EGT_ITEM_UNKNOWN_OP, EGT_ITEM_UNKNOWN };

static inline bool egt_op_payload(struct eg_op *op, const uint8_t *p, const uint8_t *end)
{
	uint64_t v;

	if (p == end)
		return false;
	op->flags = *p++;
	p = codec_get_varint(p, end, &v);
	if (!p || v > UINT32_MAX)
		return false;
	op->name = (uint32_t)v;
	for (unsigned i = 0; p < end; i++) {
		if (i == EG_OP_ARGS)
			return false;
		p = codec_get_varint(p, end, &op->arg[i]);
		if (!p)
			return false;
	}
	return true;
}

/*
 * The item at the cursor, whose gap has been read. EGT_ITEM_STATE: stream or time have changed; EGT_ITEM_OP: *op is
 * filled (its name id unchecked); EGT_ITEM_UNKNOWN_OP: a record of a newer minor version; EGT_ITEM_UNKNOWN: an
 * item that is none. EGT_ITEM_BAD: malformed.
 */
static inline enum egt_item egt_take_item(struct egt_items *it, struct eg_op *op)
{
	const uint8_t *p = it->p, *end;
	uint64_t len, v = 0;
	unsigned tag;

	if (p == it->end)
		return EGT_ITEM_BAD;
	tag = *p++;
	p = codec_get_varint(p, it->end, &len);
	if (!p || len > (uint64_t)(it->end - p))
		return EGT_ITEM_BAD;
	end = p + len;
	it->p = end;
	switch (tag) {
	case 0:
		return EGT_ITEM_BAD;
	case EGT_TAG_STREAM:
		p = codec_get_varint(p, end, &v);
		if (p != end || v >= UINT32_MAX)
			return EGT_ITEM_BAD;
		it->stream = (uint32_t)v;
		return EGT_ITEM_STATE;
	case EGT_TAG_TIME:
		p = codec_get_varint(p, end, &v);
		if (p != end)
			return EGT_ITEM_BAD;
		it->time = (it->time == EG_TIME_NONE ? 0 : it->time) + codec_unzigzag(v);
		return EGT_ITEM_STATE;
	case EGT_TAG_NO_TIME:
		it->time = EG_TIME_NONE;
		return len == 0 ? EGT_ITEM_STATE : EGT_ITEM_BAD;
	default:
		if (tag > EGT_TAG_NO_TIME)
			return EGT_ITEM_UNKNOWN;
		if (!eg_op_name(tag))
			return EGT_ITEM_UNKNOWN_OP;
		*op = (struct eg_op){ .code = (uint8_t)tag, .stream = it->stream, .time = it->time };
		return egt_op_payload(op, p, end) ? EGT_ITEM_OP : EGT_ITEM_BAD;
	}
}

#endif
