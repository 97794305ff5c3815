/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer - records in: metadata, names, accesses and ops, as callers add them.
 *
 *   1. Accesses gather in an array, ops as bytes of the ops section with the number of accesses before
 *      each, until the chunk is full; then writer_chunks.c codes and writes both. Where chunks end
 *      depends on the records and on chunk_bytes alone.
 *   2. Ops flagged init come first and form chunks of their own. A deferred writer keeps them aside, so that
 *      they may come at any time.
 *      In a split layout each stream has its own open chunk, which grows with what it holds.
 *   3. Names are numbered as they come; a hash table with open addressing finds those known.
 *   4. The first failure sticks: later calls return it at once, finish() reports it.
 *
 * A writer on a pipe cannot go back: metadata set after the first record go into a chunk at the end.
 */
#include "workloads/trace/writer.h"

#include "sim/base/mem.h"

#define MANY_STREAMS "keep them in one order: trace convert has --layout interleaved, trace merge --layout concatenate"

/* ---- items of the ops section -------------------------------------------------------------------- */

static void put_item(struct trace_gather *g, unsigned tag, const uint8_t *payload, size_t len)
{
	uint8_t head[2 * CODEC_VARINT_MAX + 1], *p = codec_put_varint(head, g->gap);

	*p++ = (uint8_t)tag;
	p = codec_put_varint(p, len);
	eg_str_addn(&g->ops, (const char *)head, (size_t)(p - head));
	eg_str_addn(&g->ops, (const char *)payload, len);
	g->gap = 0;
}

/* A stream of the chunk, for the index. */
static void note_stream(struct trace_writer *w, struct trace_chunk_streams *c, uint32_t stream)
{
	uint32_t at = stream * 0x9e3779b1u >> 7;

	for (;; at++) {
		uint32_t i = at & (4 * EGT_INDEX_STREAMS - 1);

		if (c->slot[i].round != c->round) {
			if (c->nr >= EGT_INDEX_STREAMS) {
				c->nr = EGT_INDEX_STREAMS + 1;
			} else {
				c->slot[i].stream = stream;
				c->slot[i].round = c->round;
				c->id[c->nr++] = stream;
			}
			w->streams_lost |= !egt_streams_add(&w->streams, stream);
			return;
		}
		if (c->slot[i].stream == stream)
			return;
	}
}

/* Make (stream, time) the state of the chunk's coder. */
static void set_state(struct trace_writer *w, struct trace_gather *g, uint32_t stream, eg_time time)
{
	uint8_t payload[CODEC_VARINT_MAX];
	bool empty = g->nr_acc + g->nr_ops == 0;

	if (g->streams && (empty || stream != g->stream))
		note_stream(w, g->streams, stream);
	if (empty) {
		g->first_stream = stream;
		g->first_time = time;
	} else if (stream != g->first_stream) {
		g->mixed = true;
	}
	if (stream != g->stream) {
		put_item(g, EGT_TAG_STREAM, payload, (size_t)(codec_put_varint(payload, stream) - payload));
		g->stream = stream;
	}
	if (time != g->time) {
		uint64_t before = g->time == EG_TIME_NONE ? 0 : g->time;

		if (time == EG_TIME_NONE)
			put_item(g, EGT_TAG_NO_TIME, payload, 0);
		else
			put_item(g, EGT_TAG_TIME, payload,
				 (size_t)(codec_put_varint(payload, codec_zigzag(time - before)) - payload));
		g->time = time;
		if (time != EG_TIME_NONE && (g->latest == EG_TIME_NONE || time > g->latest))
			g->latest = time;
	}
}

void trace__put_op(struct trace_writer *w, struct trace_gather *g, const struct eg_op *op)
{
	uint8_t payload[1 + (1 + EG_OP_ARGS) * CODEC_VARINT_MAX], *p = payload;
	unsigned nr_args = EG_OP_ARGS;

	set_state(w, g, op->stream, op->time);
	*p++ = op->flags;
	p = codec_put_varint(p, op->name);
	while (nr_args && op->arg[nr_args - 1] == 0)
		nr_args--;
	for (unsigned i = 0; i < nr_args; i++)
		p = codec_put_varint(p, op->arg[i]);
	put_item(g, op->code, payload, (size_t)(p - payload));
	g->nr_ops++;
	g->builds |= trace_state_cares(op->code);
}

/* ---- open chunks --------------------------------------------------------------------------------- */

static struct trace_gather *new_gather(struct trace_writer *w, uint32_t at, uint32_t stream)
{
	struct trace_gather *g;

	if (w->nr_of == EGT_SPLIT_MAX) {
		FAIL(w, EG_USAGE, "%s: a split trace holds at most %u streams, each with an open chunk"
		     "\n" MANY_STREAMS, trace__shown_path(w), EGT_SPLIT_MAX);
		return NULL;
	}
	if (!w->of)
		w->of = eg_calloc(EGT_SPLIT_MAX, sizeof(struct trace_gather *));
	g = w->of ? eg_calloc(1, sizeof(*g)) : NULL;
	if (!g) {
		FAIL(w, EG_NO_MEMORY, "out of memory for a chunk");
		return NULL;
	}
	g->id = stream;
	w->streams_lost |= !egt_streams_add(&w->streams, stream);
	trace__fresh_chunk(g);
	memmove(w->of + at + 1, w->of + at, (w->nr_of - at) * sizeof(struct trace_gather *));
	w->of[at] = g;
	w->nr_of++;
	return g;
}

struct trace_gather *trace__gather(struct trace_writer *w, uint32_t stream)
{
	uint32_t lo = 0, hi = w->nr_of;

	if (!w->o.split)
		return &w->one;
	if (w->last_of < w->nr_of && w->of[w->last_of]->id == stream)
		return w->of[w->last_of];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->of[mid]->id < stream)
			lo = mid + 1;
		else
			hi = mid;
	}
	w->last_of = lo;
	return lo < w->nr_of && w->of[lo]->id == stream ? w->of[lo] : new_gather(w, lo, stream);
}

/* Room for `nr` more accesses; the one open chunk has all it can ever need. */
static bool gather_room(struct trace_writer *w, struct trace_gather *g, uint32_t nr)
{
	uint32_t want = g->nr_acc + nr, cap = g->cap_acc ? g->cap_acc : 1024;
	uint64_t *bigger;

	if (want <= g->cap_acc)
		return true;
	while (cap < want)
		cap *= 2;
	cap = cap < w->max_acc ? cap : w->max_acc;
	bigger = eg_realloc(g->acc, cap, sizeof(*g->acc));
	if (!bigger)
		return false;
	g->acc = bigger;
	g->cap_acc = cap;
	return true;
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
	if (!w->o.text)
		EG_TRY(trace__flush_all(w, w->to));
	w->records_begun = true;
	return EG_OK;
}

static eg_status hashed(struct trace_writer *w, eg_status s)
{
	if (s == EG_USAGE)
		return FAIL(w, s, "%s: a split trace holds at most %u streams\n" MANY_STREAMS, trace__shown_path(w), EGT_SPLIT_MAX);
	return s == EG_OK ? s : FAIL(w, s, "out of memory for a stream's hash");
}

eg_status trace_writer_accesses(struct trace_writer *w, uint32_t stream, const uint64_t *acc, uint32_t nr)
{
	struct trace_gather *g;

	if (w->failed != EG_OK || nr == 0)
		return w->failed;
	if (EG_UNLIKELY(!w->records_begun))
		EG_TRY(begin_records(w));
	EG_TRY(hashed(w, egt_identity_accesses(&w->hash, stream, w->now, acc, nr)));
	if (w->o.text) {
		for (uint32_t i = 0; i < nr; i++) {
			twin_put_access(&w->twin, stream, w->now, acc[i], &w->text);
			EG_TRY(trace__text_out(w, false));
		}
		w->ordinal += nr;
		return EG_OK;
	}
	g = trace__gather(w, stream);
	if (!g)
		return w->failed;
	while (nr) {
		uint32_t take;

		set_state(w, g, stream, w->now);
		take = w->max_acc - g->nr_acc < nr ? w->max_acc - g->nr_acc : nr;
		if (!gather_room(w, g, take))
			return FAIL(w, EG_NO_MEMORY, "out of memory for a chunk");
		memcpy(g->acc + g->nr_acc, acc, (size_t)take * sizeof(*acc));
		g->nr_acc += take;
		g->gap += take;
		acc += take;
		nr -= take;
		if (g->nr_acc == w->max_acc || g->ops.len >= w->o.chunk_bytes / 2)
			EG_TRY(trace__flush(w, g, w->to));
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

/*
 * A birth in a split trace: what the parent did up to it, and what another task of the child's number did, stand in
 * the file before the child's records. So a reader that goes by the file's order meets no child before its parent.
 */
static eg_status split_birth(struct trace_writer *w, const struct eg_op *op, struct trace_gather *g, int fd)
{
	if (op->arg[0] < UINT32_MAX)
		for (uint32_t i = 0; i < w->nr_of; i++)
			if (w->of[i]->id == op->arg[0] && w->of[i] != g)
				EG_TRY(trace__flush(w, w->of[i], fd));
	return trace__flush(w, g, fd);
}

eg_status trace__take_op(struct trace_writer *w, const struct eg_op *op, int fd)
{
	struct trace_gather *g = trace__gather(w, op->stream);
	bool birth = op->code == EG_OP_FORK || op->code == EG_OP_VFORK || op->code == EG_OP_CLONE;

	if (!g)
		return w->failed;
	trace__put_op(w, g, op);
	if (w->o.split && birth)
		return split_birth(w, op, g, fd);
	return g->ops.len >= w->o.chunk_bytes / 2 ? trace__flush(w, g, fd) : EG_OK;
}

/* What a version before 1.1 does not have. */
static eg_status newer(struct trace_writer *w, const char *what)
{
	if (w->o.minor == TRACE_MINOR_0)
		return FAIL(w, EG_USAGE, "%s: %s needs format version 1.1, and only 1.0 may be written", trace__shown_path(w),
			    what);
	w->minor = EGT_MINOR_SPLIT;
	return EG_OK;
}

eg_status trace_writer_split(struct trace_writer *w)
{
	if (w->failed != EG_OK || w->o.split)
		return w->failed;
	if (w->started || w->nr_init)
		return FAIL(w, EG_USAGE, "%s: the layout is chosen before the first record", trace__shown_path(w));
	EG_TRY(newer(w, "the split layout"));
	w->o.split = true;
	w->hash.split = true;
	return EG_OK;
}

eg_status trace_writer_op(struct trace_writer *w, const struct eg_op *op)
{
	bool init = op->flags & EG_OPF_INIT;

	if (w->failed != EG_OK)
		return w->failed;
	if (!eg_op_name(op->code) || op->reserved || op->reserved2 || op->name > w->nr_names)
		return FAIL(w, EG_USAGE, "op code %u, name %u: not an op that a trace can hold", op->code, op->name);
	if (op->code == EG_OP_RUN && w->minor < EGT_MINOR_RUN)
		EG_TRY(newer(w, "a page run"));
	if (init && w->o.defer) {
		struct eg_op *slot = eg_grow((void **)&w->init, &w->nr_init, &w->cap_init, sizeof(*w->init));

		if (!slot)
			return FAIL(w, EG_NO_MEMORY, "out of memory for initial state");
		*slot = *op;
		return hashed(w, egt_identity_op(&w->hash, op, trace__name_text(w, op->name)));
	}
	if (init && w->records_begun)
		return FAIL(w, EG_BAD_INPUT, "%s: an op flagged init comes after other records", trace__shown_path(w));
	EG_TRY(init ? trace__start(w) : w->records_begun ? EG_OK : begin_records(w));
	EG_TRY(hashed(w, egt_identity_op(&w->hash, op, trace__name_text(w, op->name))));
	if (!init)
		w->now = op->time;
	if (w->o.text) {
		if (!w->o.defer)
			trace__text_names(w);
		twin_put_op(&w->twin, op, trace__name_text(w, op->name), &w->text);
		w->ordinal++;
		return trace__text_out(w, false);
	}
	return trace__take_op(w, op, w->to);
}
