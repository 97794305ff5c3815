/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state - see state.h.
 *
 *   1. A stream points to a space (mappings, break, heap objects) and to a thread group; both know how many streams
 *      they have. Spaces hold their mappings in state_maps.c, where forked ones share what neither has changed.
 *   2. Streams, blocks and objects are found by number in hash tables; objects are also in a list of their space,
 *      so that the end of a space is the end of its objects.
 *   3. Whatever needs memory is got before anything changes.
 *
 * Blocks that were freed in part keep a bitmap of the pages that are gone, and are told as the largest aligned
 * pieces of it, lowest first.
 */
#include "workloads/trace/state.h"

#include "sim/base/mem.h"
#include "workloads/trace/state_maps.h"
#include "workloads/trace/state_table.h"

/* ---- what there is -------------------------------------------------------------------------------- */

struct object {
	uint64_t id, size, align, addr;
	uint8_t  code;                  /* the call that told its size */
	struct space  *space;
	struct object *next, **link;    /* of the same space */
};

struct space {
	uint32_t users;                 /* streams */
	struct state_maps maps;
	uint64_t heap, brk;             /* where the heap begins, and the break; 0: not known */
	struct object *objects;
	uint32_t lowest;                /* while telling: its lowest stream, if `told` says that it was met */
	uint64_t told;
};

struct group {                          /* threads of a process */
	struct stream *first;
	uint32_t lowest;
	uint64_t told;
};

struct stream {
	uint32_t number;
	struct space  *space;
	struct group  *group;
	struct stream *next, **link;    /* of the same group */
};

enum { BLOCK_WORDS = (1u << EG_MAX_ORDER) / 64 };

struct block {
	uint64_t id, order, gfp, mobility, node, pfn;
	uint32_t stream;
	uint64_t *gone;                 /* pages that are free already, one bit each; NULL: none */
};

struct trace_state {
	struct state_table streams, blocks, objects;
	uint64_t maps;                  /* in all spaces */
	uint64_t telling;               /* counts the calls of tell */
};

struct trace_state *trace_state_new(void)
{
	return eg_calloc(1, sizeof(struct trace_state));
}

/* ---- the ends of things --------------------------------------------------------------------------- */

static void drop_object(struct trace_state *s, struct object *o)
{
	*o->link = o->next;
	if (o->next)
		o->next->link = o->link;
	state_table_drop(&s->objects, o->id);
	eg_free(o);
}

static void put_space(struct trace_state *s, struct space *space)
{
	if (--space->users)
		return;
	while (space->objects)
		drop_object(s, space->objects);
	s->maps -= space->maps.count;
	state_maps_free(&space->maps);
	eg_free(space);
}

static void leave_group(struct stream *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	if (!t->group->first)
		eg_free(t->group);
}

static void drop_stream(struct trace_state *s, struct stream *t)
{
	state_table_drop(&s->streams, t->number);
	leave_group(t);
	put_space(s, t->space);
	eg_free(t);
}

static void drop_block(struct trace_state *s, struct block *b)
{
	state_table_drop(&s->blocks, b->id);
	eg_free(b->gone);
	eg_free(b);
}

void trace_state_clear(struct trace_state *s)
{
	for (size_t i = 0; i < s->objects.size; i++)
		eg_free(s->objects.entry[i].value);
	for (size_t i = 0; i < s->blocks.size; i++) {
		struct block *b = s->blocks.entry[i].value;

		if (b)
			eg_free(b->gone);
		eg_free(b);
	}
	for (size_t i = 0; i < s->streams.size; i++) {
		struct stream *t = s->streams.entry[i].value;

		if (!t)
			continue;
		t->space->objects = NULL;
		leave_group(t);
		put_space(s, t->space);
		eg_free(t);
	}
	eg_free(s->streams.entry);
	eg_free(s->blocks.entry);
	eg_free(s->objects.entry);
	*s = (struct trace_state){ .telling = s->telling };
}

void trace_state_free(struct trace_state *s)
{
	if (!s)
		return;
	trace_state_clear(s);
	eg_free(s);
}

/* ---- streams -------------------------------------------------------------------------------------- */

static void join_group(struct stream *t, struct group *g)
{
	t->group = g;
	t->next = g->first;
	t->link = &g->first;
	if (t->next)
		t->next->link = &t->next;
	g->first = t;
}

/* A stream that is not in the table, in `space` (NULL: a fresh one) and `group` (the same). */
static struct stream *new_stream(struct trace_state *s, uint32_t number, struct space *space, struct group *group)
{
	struct stream *t = state_table_room(&s->streams) ? eg_calloc(1, sizeof(*t)) : NULL;
	struct space *fresh = space ? NULL : eg_calloc(1, sizeof(*fresh));
	struct group *alone = group ? NULL : eg_calloc(1, sizeof(*alone));

	if (!t || (!space && !fresh) || (!group && !alone)) {
		eg_free(t);
		eg_free(fresh);
		eg_free(alone);
		return NULL;
	}
	t->number = number;
	t->space = space ? space : fresh;
	t->space->users++;
	join_group(t, group ? group : alone);
	state_table_add(&s->streams, number, t);
	return t;
}

static struct stream *stream_of(struct trace_state *s, uint32_t number)
{
	struct stream *t = state_table_get(&s->streams, number);

	return t ? t : new_stream(s, number, NULL, NULL);
}

eg_status trace_state_stream(struct trace_state *s, uint32_t stream)
{
	return stream_of(s, stream) ? EG_OK : EG_NO_MEMORY;
}

static eg_status birth(struct trace_state *s, const struct eg_op *op)
{
	uint64_t flags = op->code == EG_OP_CLONE ? op->arg[1] : op->code == EG_OP_VFORK ? EG_CLONE_VM : 0;
	struct stream *parent, *old, *child;
	struct state_maps copy = { 0 };
	uint32_t number = (uint32_t)op->arg[0];

	if (op->arg[0] >= UINT32_MAX || number == op->stream)
		return EG_OK;
	parent = stream_of(s, op->stream);
	if (!parent)
		return EG_NO_MEMORY;
	if (!(flags & EG_CLONE_VM)) {
		flags = 0;
		EG_TRY(state_maps_copy(&copy, &parent->space->maps));
	}
	old = state_table_get(&s->streams, number);
	if (old)                                /* its exit was not recorded */
		state_table_drop(&s->streams, number);
	child = new_stream(s, number, flags ? parent->space : NULL, flags & EG_CLONE_THREAD ? parent->group : NULL);
	if (!child) {
		if (old)
			state_table_add(&s->streams, number, old);
		state_maps_free(&copy);
		return EG_NO_MEMORY;
	}
	if (old) {
		leave_group(old);
		put_space(s, old->space);
		eg_free(old);
	}
	if (!flags) {
		child->space->maps = copy;
		child->space->heap = parent->space->heap;
		child->space->brk = parent->space->brk;
		s->maps += copy.count;
	}
	return EG_OK;
}

/* The other threads end, and the address space is a new one, empty. */
static eg_status exec(struct trace_state *s, uint32_t number)
{
	struct stream *t = state_table_get(&s->streams, number), *other, *next;
	struct space *fresh;

	if (!t)
		return EG_OK;
	fresh = eg_calloc(1, sizeof(*fresh));
	if (!fresh)
		return EG_NO_MEMORY;
	for (other = t->group->first; other; other = next) {
		next = other->next;
		if (other != t)
			drop_stream(s, other);
	}
	put_space(s, t->space);
	fresh->users = 1;
	t->space = fresh;
	return EG_OK;
}

static void end(struct trace_state *s, uint32_t number, bool all)
{
	struct stream *t = state_table_get(&s->streams, number), *next;

	if (t && !all)
		drop_stream(s, t);
	for (t = t && all ? t->group->first : NULL; t; t = next) {
		next = t->next;
		drop_stream(s, t);
	}
}

/* ---- mappings ------------------------------------------------------------------------------------- */

/* Whole pages at addr; false when they cannot be. */
static bool pages(uint64_t addr, uint64_t len, uint64_t *bytes)
{
	*bytes = eg_align_up(len, EG_PAGE_SIZE);
	return addr % EG_PAGE_SIZE == 0 && len && *bytes >= len && addr + *bytes > addr;
}

static eg_status mapping(struct trace_state *s, const struct eg_op *op)
{
	const uint64_t *a = op->arg;
	struct state_map map = { .start = a[0], .prot = a[2], .file = a[4], .off = a[5] };
	struct stream *t = state_table_get(&s->streams, op->stream);
	uint64_t len = 0, new_len = 0, before;
	eg_status status;

	if (op->code == EG_OP_MREMAP ? !pages(a[0], a[1], &len) || !pages(a[2], a[3], &new_len) || !a[2] :
	    !pages(a[0], a[1], &len))
		return EG_OK;
	if (!t && op->code != EG_OP_MMAP)
		return EG_OK;
	t = t ? t : stream_of(s, op->stream);
	if (!t)
		return EG_NO_MEMORY;
	before = t->space->maps.count;
	if (op->code == EG_OP_MMAP) {
		map.end = a[0] + len;
		map.flags = (a[3] | EG_MAP_FIXED) & ~(uint64_t)EG_MAP_NOREPLACE;
		if (map.flags & EG_MAP_ANON)
			map.off = 0;
		status = state_maps_set(&t->space->maps, &map);
	} else if (op->code == EG_OP_MUNMAP) {
		status = state_maps_cut(&t->space->maps, a[0], a[0] + len);
	} else if (op->code == EG_OP_MPROTECT) {
		status = state_maps_protect(&t->space->maps, a[0], a[0] + len, a[2]);
	} else {
		status = state_maps_move(&t->space->maps, a[0], len, a[2], new_len, a[4] & 4);  /* MREMAP_DONTUNMAP */
	}
	s->maps += t->space->maps.count - before;
	return status;
}

/* The first break that is seen is where the heap begins. */
static eg_status set_break(struct trace_state *s, const struct eg_op *op)
{
	struct stream *t = op->arg[0] ? stream_of(s, op->stream) : NULL;

	if (!t)
		return op->arg[0] ? EG_NO_MEMORY : EG_OK;
	if (!t->space->heap)
		t->space->heap = op->arg[0];
	if (op->arg[0] >= t->space->heap)
		t->space->brk = op->arg[0];
	return EG_OK;
}

/* ---- page blocks ---------------------------------------------------------------------------------- */

static eg_status alloc_block(struct trace_state *s, const struct eg_op *op)
{
	struct block *old = state_table_get(&s->blocks, op->arg[0]), *b;

	if (op->arg[1] > EG_MAX_ORDER)
		return EG_OK;
	b = old ? old : state_table_room(&s->blocks) ? eg_calloc(1, sizeof(*b)) : NULL;
	if (!b)
		return EG_NO_MEMORY;
	if (old)                                /* its free was not recorded */
		eg_free(old->gone);
	else
		state_table_add(&s->blocks, op->arg[0], b);
	*b = (struct block){ .id = op->arg[0], .order = op->arg[1], .gfp = op->arg[2], .mobility = op->arg[3],
			     .node = op->arg[4], .pfn = op->arg[5], .stream = op->stream };
	return EG_OK;
}

static bool is_gone(const struct block *b, uint64_t page)
{
	return b->gone[page / 64] >> (page % 64) & 1;
}

/* The largest aligned piece at `page` whose pages are all free (or, with gone false, all live). */
static unsigned piece_at(const struct block *b, uint64_t page)
{
	unsigned order = 0;

	while (order + 1 < b->order && page % (UINT64_C(2) << order) == 0) {
		uint64_t p = page + (UINT64_C(1) << order), stop = page + (UINT64_C(2) << order);

		while (p < stop && is_gone(b, p))
			p++;
		if (p < stop)
			break;
		order++;
	}
	return order;
}

static eg_status free_block(struct trace_state *s, const struct eg_op *op)
{
	struct block *b = state_table_get(&s->blocks, op->arg[0]);
	uint64_t order = op->arg[1], first = op->arg[2], nr, left = 0;

	if (!b || order > b->order || first >= UINT64_C(1) << b->order || first % (UINT64_C(1) << order))
		return EG_OK;
	nr = UINT64_C(1) << order;
	for (uint64_t p = first; b->gone && p < first + nr; p++)
		if (is_gone(b, p))
			return EG_OK;
	if (order == b->order) {
		drop_block(s, b);
		return EG_OK;
	}
	if (!b->gone)
		b->gone = eg_calloc(BLOCK_WORDS, sizeof(*b->gone));
	if (!b->gone)
		return EG_NO_MEMORY;
	for (uint64_t p = first; p < first + nr; p++)
		b->gone[p / 64] |= UINT64_C(1) << p % 64;
	for (uint64_t p = 0; p < UINT64_C(1) << b->order; p++)
		left += !is_gone(b, p);
	if (!left)
		drop_block(s, b);
	return EG_OK;
}

/* ---- heap objects --------------------------------------------------------------------------------- */

/* Of the stream's space alone: a forked child that frees what it inherited frees its own copy. */
static void free_object(struct trace_state *s, uint32_t number, uint64_t id)
{
	struct object *o = state_table_get(&s->objects, id);
	struct stream *t = state_table_get(&s->streams, number);

	if (o && t && t->space == o->space)
		drop_object(s, o);
}

static eg_status alloc_object(struct trace_state *s, const struct eg_op *op)
{
	const uint64_t *a = op->arg;
	bool again = op->code == EG_OP_REALLOC, aligned = op->code == EG_OP_MEMALIGN;
	struct stream *t = stream_of(s, op->stream);
	struct object *o = t && state_table_room(&s->objects) ? eg_calloc(1, sizeof(*o)) : NULL, *old;

	if (!o)
		return EG_NO_MEMORY;
	if (again)
		free_object(s, op->stream, a[0]);
	*o = (struct object){ .id = again ? a[1] : a[0], .size = again ? a[2] : a[1], .align = aligned ? a[2] : 0,
			      .addr = again || aligned ? a[3] : a[2], .code = again ? EG_OP_MALLOC : op->code,
			      .space = t->space, .next = t->space->objects, .link = &t->space->objects };
	old = state_table_get(&s->objects, o->id);
	if (old) {                              /* its free was not recorded */
		drop_object(s, old);
		o->next = t->space->objects;
	}
	if (o->next)
		o->next->link = &o->next;
	t->space->objects = o;
	state_table_add(&s->objects, o->id, o);
	return EG_OK;
}

/* ---- one record ----------------------------------------------------------------------------------- */

bool trace_state_cares(unsigned code)
{
	return (code >= EG_OP_MMAP && code <= EG_OP_FREE && code != EG_OP_MADVISE && code != EG_OP_MLOCK &&
		code != EG_OP_MUNLOCK && code != EG_OP_MSYNC);
}

eg_status trace_state_op(struct trace_state *s, const struct eg_op *op)
{
	if (op->flags & EG_OPF_FAILED)
		return EG_OK;
	switch (op->code) {
	case EG_OP_MMAP: case EG_OP_MUNMAP: case EG_OP_MPROTECT: case EG_OP_MREMAP:
		return mapping(s, op);
	case EG_OP_BRK:
		return set_break(s, op);
	case EG_OP_FORK: case EG_OP_VFORK: case EG_OP_CLONE:
		return birth(s, op);
	case EG_OP_EXEC:
		return exec(s, op->stream);
	case EG_OP_EXIT: case EG_OP_EXIT_GROUP:
		end(s, op->stream, op->code == EG_OP_EXIT_GROUP);
		return EG_OK;
	case EG_OP_ALLOC_PAGES:
		return alloc_block(s, op);
	case EG_OP_FREE_PAGES:
		return free_block(s, op);
	case EG_OP_MALLOC: case EG_OP_CALLOC: case EG_OP_MEMALIGN: case EG_OP_REALLOC:
		return alloc_object(s, op);
	case EG_OP_FREE:
		free_object(s, op->stream, op->arg[0]);
		return EG_OK;
	default:
		return EG_OK;
	}
}

uint64_t trace_state_size(const struct trace_state *s)
{
	return s->maps + s->streams.nr + s->blocks.nr + s->objects.nr;
}

/* ---- telling -------------------------------------------------------------------------------------- */

struct teller {
	eg_status (*emit)(void *ctx, const struct eg_op *op);
	void *ctx;
};

static eg_status say(const struct teller *to, unsigned code, uint32_t stream, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		     uint64_t e, uint64_t f)
{
	struct eg_op op = { .code = (uint8_t)code, .flags = EG_OPF_INIT, .stream = stream, .time = EG_TIME_NONE,
			    .arg = { a, b, c, d, e, f } };

	return to->emit(to->ctx, &op);
}

static eg_status tell_space(const struct space *space, uint32_t stream, const struct teller *to)
{
	for (uint32_t i = 0; i < space->maps.nr; i++)
		for (uint32_t k = 0; k < space->maps.leaf[i]->nr; k++) {
			const struct state_map *m = &space->maps.leaf[i]->map[k];

			EG_TRY(say(to, EG_OP_MMAP, stream, m->start, m->end - m->start, m->prot, m->flags, m->file, m->off));
		}
	if (space->heap)
		EG_TRY(say(to, EG_OP_BRK, stream, space->heap, 0, 0, 0, 0, 0));
	if (space->brk > space->heap)
		EG_TRY(say(to, EG_OP_BRK, stream, space->brk, 0, 0, 0, 0, 0));
	return EG_OK;
}

static eg_status tell_streams(const struct trace_state *s, const struct state_table_entry *e, uint64_t now, const struct teller *to)
{
	for (size_t i = 0; i < s->streams.nr; i++) {
		const struct stream *t = e[i].value;
		struct space *space = t->space;
		struct group *group = t->group;
		bool first_of_space = space->told != now, first_of_group = group->told != now;

		if (first_of_group) {
			group->told = now;
			group->lowest = t->number;
		}
		if (first_of_space) {
			space->told = now;
			space->lowest = t->number;
			EG_TRY(tell_space(space, t->number, to));
		} else {
			EG_TRY(say(to, EG_OP_CLONE, first_of_group ? space->lowest : group->lowest, t->number,
				   EG_CLONE_VM | (first_of_group ? 0 : EG_CLONE_THREAD), 0, 0, 0, 0));
		}
	}
	return EG_OK;
}

static eg_status tell_block(const struct block *b, const struct teller *to)
{
	EG_TRY(say(to, EG_OP_ALLOC_PAGES, b->stream, b->id, b->order, b->gfp, b->mobility, b->node, b->pfn));
	for (uint64_t p = 0; b->gone && p < UINT64_C(1) << b->order;) {
		unsigned order;

		if (!is_gone(b, p)) {
			p++;
			continue;
		}
		order = piece_at(b, p);
		EG_TRY(say(to, EG_OP_FREE_PAGES, b->stream, b->id, order, p, 0, 0, 0));
		p += UINT64_C(1) << order;
	}
	return EG_OK;
}

static eg_status tell_object(const struct object *o, const struct teller *to)
{
	if (o->code == EG_OP_MEMALIGN)
		return say(to, o->code, o->space->lowest, o->id, o->size, o->align, o->addr, 0, 0);
	return say(to, o->code, o->space->lowest, o->id, o->size, o->addr, 0, 0, 0);
}

eg_status trace_state_tell(struct trace_state *s, eg_status (*emit)(void *ctx, const struct eg_op *op), void *ctx)
{
	struct teller to = { emit, ctx };
	struct state_table_entry *e = state_table_sorted(&s->streams);
	uint64_t now = ++s->telling;
	eg_status status = e ? tell_streams(s, e, now, &to) : EG_NO_MEMORY;

	eg_free(e);
	e = status == EG_OK ? state_table_sorted(&s->blocks) : NULL;
	status = status == EG_OK && !e ? EG_NO_MEMORY : status;
	for (size_t i = 0; status == EG_OK && i < s->blocks.nr; i++)
		status = tell_block(e[i].value, &to);
	eg_free(e);
	e = status == EG_OK ? state_table_sorted(&s->objects) : NULL;
	status = status == EG_OK && !e ? EG_NO_MEMORY : status;
	for (size_t i = 0; status == EG_OK && i < s->objects.nr; i++)
		status = tell_object(e[i].value, &to);
	eg_free(e);
	return status;
}
