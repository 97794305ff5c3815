/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer - records in: metadata, names, accesses and ops, as callers add them.
 *
 *   1. Accesses gather in an array, ops as bytes of the ops section with the number of accesses before
 *      each, until the chunk is full; then writer_chunks.c codes and writes both. Where chunks end
 *      depends on the records and on chunk_bytes alone.
 *   2. Ops flagged init come first and form chunks of their own. A deferred writer keeps them aside, so that
 *      they may come at any time.
 *   3. Names are numbered as they come; a hash table with open addressing finds those known.
 *   4. The first failure sticks: later calls return it at once, finish() reports it.
 *
 * A writer on a pipe cannot go back: metadata set after the first record go into a chunk at the end.
 */
#include "workloads/trace/writer.h"

#include "sim/base/mem.h"

/* ---- items of the ops section -------------------------------------------------------------------- */

static void put_item(struct trace_writer *w, unsigned tag, const uint8_t *payload, size_t len)
{
	uint8_t head[2 * CODEC_VARINT_MAX + 1], *p = codec_put_varint(head, w->gap);

	*p++ = (uint8_t)tag;
	p = codec_put_varint(p, len);
	eg_str_addn(&w->ops, (const char *)head, (size_t)(p - head));
	eg_str_addn(&w->ops, (const char *)payload, len);
	w->gap = 0;
}

/* Make (stream, time) the state of the chunk's coder. */
static void set_state(struct trace_writer *w, uint32_t stream, eg_time time)
{
	uint8_t payload[CODEC_VARINT_MAX];

	if (w->nr_acc + w->nr_ops == 0) {
		w->chunk_stream = stream;
		w->first_time = time;
	} else if (stream != w->chunk_stream) {
		w->mixed = true;
	}
	if (stream != w->stream) {
		put_item(w, EGT_TAG_STREAM, payload, (size_t)(codec_put_varint(payload, stream) - payload));
		w->stream = stream;
	}
	if (time != w->time) {
		uint64_t before = w->time == EG_TIME_NONE ? 0 : w->time;

		if (time == EG_TIME_NONE)
			put_item(w, EGT_TAG_NO_TIME, payload, 0);
		else
			put_item(w, EGT_TAG_TIME, payload,
				 (size_t)(codec_put_varint(payload, codec_zigzag(time - before)) - payload));
		w->time = time;
	}
}

void trace__put_op(struct trace_writer *w, const struct eg_op *op)
{
	uint8_t payload[1 + (1 + EG_OP_ARGS) * CODEC_VARINT_MAX], *p = payload;
	unsigned nr_args = EG_OP_ARGS;

	set_state(w, op->stream, op->time);
	*p++ = op->flags;
	p = codec_put_varint(p, op->name);
	while (nr_args && op->arg[nr_args - 1] == 0)
		nr_args--;
	for (unsigned i = 0; i < nr_args; i++)
		p = codec_put_varint(p, op->arg[i]);
	put_item(w, op->code, payload, (size_t)(p - payload));
	w->nr_ops++;
}

/* ---- what callers add ---------------------------------------------------------------------------- */

eg_status trace_writer_meta(struct trace_writer *w, const char *key, const char *value)
{
	bool late = w->started && !w->o.defer;
	eg_status s;

	if (w->failed != EG_OK)
		return w->failed;
	if (late && w->o.text)
		return FAIL(w, EG_USAGE, "metadata '%s' comes after the first record of a text trace", key);
	s = egt_meta_set(late ? &w->late : &w->meta, key, value);
	if (s != EG_OK)
		return FAIL(w, s, "metadata key '%s': use letters, digits, '_', '.', '-'", key);
	return EG_OK;
}

eg_status trace_writer_capabilities(struct trace_writer *w, uint32_t caps)
{
	char names[512];

	trace_capability_names(caps, names, sizeof(names));
	return trace_writer_meta(w, "capabilities", names);
}

static uint32_t text_hash(const char *text)
{
	uint32_t h = 0x811c9dc5u;               /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x01000193u;
	return h;
}

/* Twice as many slots, everything in its new place. */
static bool grow_slots(struct trace_writer *w)
{
	size_t nr = w->nr_slots ? 2 * w->nr_slots : 64;
	struct trace_name_slot *slot = eg_calloc(nr, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < w->nr_slots; i++) {
		size_t at = w->slot[i].hash & (nr - 1);

		if (!w->slot[i].id)
			continue;
		while (slot[at].id)
			at = (at + 1) & (nr - 1);
		slot[at] = w->slot[i];
	}
	eg_free(w->slot);
	w->slot = slot;
	w->nr_slots = nr;
	return true;
}

uint32_t trace_writer_name(struct trace_writer *w, const char *text)
{
	uint32_t hash = text_hash(text);
	size_t at;
	char **name, *copy;

	if (w->failed != EG_OK)
		return 0;
	if (strlen(text) > EGT_NAME_MAX || w->nr_names == EGT_NAMES_MAX) {
		FAIL(w, EG_BAD_INPUT, "%s: a name has more than %u bytes, or there are more than %u names",
		     trace__shown_path(w), EGT_NAME_MAX, EGT_NAMES_MAX);
		return 0;
	}
	if (2 * (w->nr_names + 1) > w->nr_slots && !grow_slots(w))
		goto no_memory;
	for (at = hash & (w->nr_slots - 1); w->slot[at].id; at = (at + 1) & (w->nr_slots - 1))
		if (w->slot[at].hash == hash && strcmp(w->name[w->slot[at].id - 1], text) == 0)
			return w->slot[at].id;
	copy = eg_strdup(text);
	name = copy ? eg_grow((void **)&w->name, &w->nr_names, &w->cap_names, sizeof(*w->name)) : NULL;
	if (!name) {
		eg_free(copy);
		goto no_memory;
	}
	*name = copy;
	w->slot[at] = (struct trace_name_slot){ (uint32_t)w->nr_names, hash };
	return (uint32_t)w->nr_names;
no_memory:
	FAIL(w, EG_NO_MEMORY, "out of memory for a name");
	return 0;
}

/* Names not yet printed, as lines of the text form. */
void trace__text_names(struct trace_writer *w)
{
	for (; w->names_out < w->nr_names; w->names_out++) {
		eg_str_addf(&w->text, "name %zu ", w->names_out + 1);
		eg_str_add_json(&w->text, w->name[w->names_out]);
		eg_str_add(&w->text, "\n");
	}
}

eg_status trace__text_out(struct trace_writer *w, bool all)
{
	if (w->text.failed)
		return FAIL(w, EG_NO_MEMORY, "out of memory for text");
	if (w->text.len < (all ? 1u : 65536u))
		return w->failed;
	EG_TRY(trace__put_fd(w, w->to, w->text.p, w->text.len));
	w->text.len = 0;
	return EG_OK;
}

/* The init ops form chunks of their own, so that a deferred writer makes the same bytes. */
static eg_status begin_records(struct trace_writer *w)
{
	EG_TRY(trace__start(w));
	if (w->chunk_init)
		EG_TRY(trace__flush(w, w->to));
	w->records_begun = true;
	return EG_OK;
}

eg_status trace_writer_accesses(struct trace_writer *w, uint32_t stream, const uint64_t *acc, uint32_t nr)
{
	if (w->failed != EG_OK || nr == 0)
		return w->failed;
	if (EG_UNLIKELY(!w->records_begun))
		EG_TRY(begin_records(w));
	egt_hash_accesses(&w->hash, stream, w->now, acc, nr);
	if (w->o.text) {
		for (uint32_t i = 0; i < nr; i++) {
			twin_put_access(&w->twin, stream, w->now, acc[i], &w->text);
			EG_TRY(trace__text_out(w, false));
		}
		w->ordinal += nr;
		return EG_OK;
	}
	while (nr) {
		uint32_t take;

		set_state(w, stream, w->now);
		take = w->max_acc - w->nr_acc < nr ? w->max_acc - w->nr_acc : nr;
		memcpy(w->acc + w->nr_acc, acc, (size_t)take * sizeof(*acc));
		w->nr_acc += take;
		w->gap += take;
		acc += take;
		nr -= take;
		if (w->nr_acc == w->max_acc || w->ops.len >= w->o.chunk_bytes / 2)
			EG_TRY(trace__flush(w, w->to));
	}
	return EG_OK;
}

eg_status trace_writer_access(struct trace_writer *w, uint32_t stream, uint64_t word)
{
	return trace_writer_accesses(w, stream, &word, 1);
}

eg_status trace_writer_time(struct trace_writer *w, eg_time time)
{
	w->now = time;
	return w->failed;
}

eg_status trace_writer_op(struct trace_writer *w, const struct eg_op *op)
{
	bool init = op->flags & EG_OPF_INIT;

	if (w->failed != EG_OK)
		return w->failed;
	if (!eg_op_name(op->code) || op->reserved || op->reserved2 || op->name > w->nr_names)
		return FAIL(w, EG_USAGE, "op code %u, name %u: not an op that a trace can hold", op->code, op->name);
	if (init && w->o.defer) {
		struct eg_op *slot = eg_grow((void **)&w->init, &w->nr_init, &w->cap_init, sizeof(*w->init));

		if (!slot)
			return FAIL(w, EG_NO_MEMORY, "out of memory for initial state");
		*slot = *op;
		egt_hash_op(&w->hash, op, trace__name_text(w, op->name));
		return EG_OK;
	}
	if (init && w->records_begun)
		return FAIL(w, EG_BAD_INPUT, "%s: an op flagged init comes after other records", trace__shown_path(w));
	EG_TRY(init ? trace__start(w) : w->records_begun ? EG_OK : begin_records(w));
	egt_hash_op(&w->hash, op, trace__name_text(w, op->name));
	if (!init)
		w->now = op->time;
	if (w->o.text) {
		if (!w->o.defer)
			trace__text_names(w);
		twin_put_op(&w->twin, op, trace__name_text(w, op->name), &w->text);
		w->ordinal++;
		return trace__text_out(w, false);
	}
	trace__put_op(w, op);
	w->chunk_init |= init;
	if (w->ops.len >= w->o.chunk_bytes / 2)
		return trace__flush(w, w->to);
	return EG_OK;
}
