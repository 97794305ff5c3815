/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * semantic - see semantic.h.
 *
 *   1. Streams, page blocks and heap objects are kept in hash tables by number; an object that was freed stays known
 *      as dead, so that a second free can be told from one of something older than the trace.
 *   2. An address space is a sorted array of mapped ranges; streams that share it share the array. A space is
 *      `whole` when all its mappings are known: from the start with `init`, and not after an exec.
 *   3. Failed ops are not judged: what they could not do says nothing.
 *
 * Left out: protections, whether accesses hit a mapping (the machine counts those as SIGSEGV), brk against mappings.
 */
#include "workloads/trace/semantic.h"

#include "sim/base/idhash.h"
#include "sim/base/mem.h"

const struct semantic_name semantic_names[SEMANTIC_KINDS] = {
#define X(NAME, key, defect, text) { key, text, defect },
	SEMANTIC_MAP(X)
#undef X
};

/* ---- numbers -> entries -------------------------------------------------------------------------- */

enum { ABSENT, ALIVE, DEAD };

struct entry {
	uint64_t id;
	uint64_t value;                 /* stream: its space; block: pages still in it */
	eg_time  time;                  /* stream: its latest                          */
	uint8_t  state;                 /* ABSENT: empty slot                          */
};

struct table {
	struct entry *slot;
	size_t nr, cap;                 /* cap: a power of two, 0 before the first */
	size_t reach;                   /* the most slots between an entry and its home */
	uint64_t key;                   /* of the hash */
};

static size_t table_home(const struct table *t, uint64_t id)
{
	return (size_t)eg_id_hash(id, t->key) & (t->cap - 1);
}

static struct entry *table_find(const struct table *t, uint64_t id)
{
	size_t at, steps;

	if (!t->cap)
		return NULL;
	for (at = table_home(t, id), steps = 0; t->slot[at].state != ABSENT && steps <= t->reach; steps++) {
		if (t->slot[at].id == id)
			return &t->slot[at];
		at = (at + 1) & (t->cap - 1);
	}
	return NULL;
}

/* The empty slot for an id that is not there. */
static struct entry *table_slot(struct table *t, uint64_t id)
{
	size_t at, steps;

	for (at = table_home(t, id), steps = 0; t->slot[at].state != ABSENT; steps++)
		at = (at + 1) & (t->cap - 1);
	t->reach = steps > t->reach ? steps : t->reach;
	return &t->slot[at];
}

/* Filled anew with `cap` slots, under the first key from `key` on that keeps the reach (sim/base/idhash.h). */
static bool table_fill(struct table *t, size_t cap, uint64_t key)
{
	struct table fresh = { .cap = cap, .nr = t->nr, .key = key };
	uint64_t last = key + eg_id_tries(t->nr);

	fresh.slot = eg_calloc(cap, sizeof(*fresh.slot));
	if (!fresh.slot)
		return false;
	for (;;) {
		for (size_t i = 0; i < t->cap && (fresh.reach <= EG_ID_REACH || fresh.key == last); i++)
			if (t->slot[i].state != ABSENT)
				*table_slot(&fresh, t->slot[i].id) = t->slot[i];
		if (fresh.reach <= EG_ID_REACH || fresh.key == last)
			break;
		memset(fresh.slot, 0, cap * sizeof(*fresh.slot));
		fresh.reach = 0;
		fresh.key++;
	}
	eg_free(t->slot);
	*t = fresh;
	return true;
}

/* The entry of id, made with this state if there is none. NULL: no memory. */
static struct entry *table_make(struct table *t, uint64_t id, uint8_t state)
{
	struct entry *e = table_find(t, id);
	size_t before;

	if (e)
		return e;
	if (2 * (t->nr + 1) > t->cap && !table_fill(t, t->cap ? 2 * t->cap : 64, t->key))
		return NULL;
	before = t->reach;
	e = table_slot(t, id);
	*e = (struct entry){ .id = id, .state = state };
	t->nr++;
	if (t->reach > EG_ID_REACH && t->reach > before && table_fill(t, t->cap, t->key + 1))
		e = table_find(t, id);
	return e;
}

/* ---- address spaces ------------------------------------------------------------------------------ */

struct range {
	uint64_t start, end;
};

struct space {
	struct range *r;                /* sorted, disjoint, never touching */
	size_t   nr, cap;
	uint64_t brk;                   /* 0: not met yet */
	uint32_t users;
	bool     whole;
};

struct semantic {
	bool init, split;
	bool begun;                     /* a record that is not init has been met */
	eg_time time;
	struct table streams, blocks, objects;
	struct space *space;
	size_t nr_spaces, cap_spaces;
	struct semantic_count count[SEMANTIC_KINDS];
	uint64_t at;                    /* ordinal of the record that is looked at */
};

static void found(struct semantic *s, enum semantic_kind kind)
{
	if (s->count[kind].nr++ == 0)
		s->count[kind].first = s->at;
}

/* First range that ends behind addr. */
static size_t range_after(const struct space *sp, uint64_t addr)
{
	size_t lo = 0, hi = sp->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sp->r[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool any_mapped(const struct space *sp, uint64_t start, uint64_t end)
{
	size_t i = range_after(sp, start);

	return i < sp->nr && sp->r[i].start < end;
}

/* Replace ranges [from, to) by up to two others. */
static bool splice(struct space *sp, size_t from, size_t to, const struct range *with, size_t n)
{
	size_t tail = sp->nr - to;

	while (sp->nr < from + n + tail)
		if (!eg_grow((void **)&sp->r, &sp->nr, &sp->cap, sizeof(*sp->r)))
			return false;
	if (tail)
		memmove(sp->r + from + n, sp->r + to, tail * sizeof(*sp->r));
	for (size_t i = 0; i < n; i++)
		sp->r[from + i] = with[i];
	sp->nr = from + n + tail;
	return true;
}

static bool add_range(struct space *sp, uint64_t start, uint64_t end)
{
	size_t from = start ? range_after(sp, start - 1) : 0, to = from;
	struct range all = { start, end };

	for (; to < sp->nr && sp->r[to].start <= end; to++) {
		all.start = sp->r[to].start < all.start ? sp->r[to].start : all.start;
		all.end = sp->r[to].end > all.end ? sp->r[to].end : all.end;
	}
	return splice(sp, from, to, &all, 1);
}

static bool cut_range(struct space *sp, uint64_t start, uint64_t end)
{
	size_t from = range_after(sp, start), to = from, n = 0;
	struct range rest[2];

	for (; to < sp->nr && sp->r[to].start < end; to++) {
		if (sp->r[to].start < start)
			rest[n++] = (struct range){ sp->r[to].start, start };
		if (sp->r[to].end > end)
			rest[n++] = (struct range){ end, sp->r[to].end };
	}
	return splice(sp, from, to, rest, n);
}

static bool new_space(struct semantic *s, bool whole, size_t *at)
{
	struct space *sp = NULL;

	for (size_t i = 0; i < s->nr_spaces && !sp; i++)
		if (!s->space[i].users)
			sp = &s->space[i];
	if (!sp)
		sp = eg_grow((void **)&s->space, &s->nr_spaces, &s->cap_spaces, sizeof(*sp));
	if (!sp)
		return false;
	sp->nr = 0;
	sp->brk = 0;
	sp->users = 1;
	sp->whole = whole;
	*at = (size_t)(sp - s->space);
	return true;
}

/* ---- streams ------------------------------------------------------------------------------------- */

struct semantic *semantic_new(bool init, bool split)
{
	struct semantic *s = eg_calloc(1, sizeof(*s));

	if (s) {
		s->init = init;
		s->split = split;
	}
	return s;
}

void semantic_free(struct semantic *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr_spaces; i++)
		eg_free(s->space[i].r);
	eg_free(s->space);
	eg_free(s->streams.slot);
	eg_free(s->blocks.slot);
	eg_free(s->objects.slot);
	eg_free(s);
}

const struct semantic_count *semantic_counts(const struct semantic *s)
{
	return s->count;
}

/* The stream of a record; one that nobody has given birth to is a root. */
static struct entry *stream_of(struct semantic *s, uint64_t id)
{
	struct entry *e = table_find(&s->streams, id);
	size_t space;

	if (e)
		return e;
	if (!new_space(s, s->init, &space))
		return NULL;
	e = table_make(&s->streams, id, ALIVE);
	if (!e)
		return NULL;
	e->value = space;
	return e;
}

static eg_status birth(struct semantic *s, const struct eg_op *op, size_t parents)
{
	bool shares = op->code == EG_OP_VFORK || (op->code == EG_OP_CLONE && op->arg[1] & EG_CLONE_VM);
	struct entry *child = table_find(&s->streams, op->arg[0]);
	const struct space *parent;
	size_t space = parents;

	if (child) {
		found(s, SEMANTIC_BORN_TWICE);
		return EG_OK;
	}
	child = table_make(&s->streams, op->arg[0], ALIVE);
	if (!child)
		return EG_NO_MEMORY;
	child->value = parents;
	if (shares) {
		s->space[parents].users++;
		return EG_OK;
	}
	if (!new_space(s, s->space[parents].whole, &space))
		return EG_NO_MEMORY;
	child->value = space;
	parent = &s->space[parents];            /* new_space() may have moved it */
	s->space[space].brk = parent->brk;
	return splice(&s->space[space], 0, 0, parent->r, parent->nr) ? EG_OK : EG_NO_MEMORY;
}

/* exec: a space of its own, of which nothing is known but what follows. */
static eg_status leave_space(struct semantic *s, struct entry *e)
{
	size_t space;

	s->space[e->value].users--;
	if (!new_space(s, false, &space))
		return EG_NO_MEMORY;
	e->value = space;
	return EG_OK;
}

/* ---- ranges, blocks, objects --------------------------------------------------------------------- */

static bool good_range(struct semantic *s, uint64_t start, uint64_t len, uint64_t *end)
{
	if (len && !(start & (EG_PAGE_SIZE - 1)) && !(len & (EG_PAGE_SIZE - 1)) && !__builtin_add_overflow(start, len, end))
		return true;
	found(s, SEMANTIC_BAD_RANGE);
	return false;
}

static eg_status range_op(struct semantic *s, const struct eg_op *op, struct space *sp)
{
	uint64_t end, to;
	bool good = true;

	/* mprotect of nothing is nothing, mremap of length 0 makes a second mapping: both are allowed */
	if (op->arg[1] == 0 && (op->code == EG_OP_MPROTECT || op->code == EG_OP_MREMAP))
		return EG_OK;
	if (!good_range(s, op->arg[0], op->arg[1], &end))
		return EG_OK;
	if (op->code != EG_OP_MMAP && !any_mapped(sp, op->arg[0], end)) {
		if (op->code == EG_OP_MUNMAP)
			found(s, sp->whole ? SEMANTIC_MUNMAP_NOTHING : SEMANTIC_MUNMAP_UNKNOWN);
		else
			found(s, sp->whole ? SEMANTIC_CHANGE_NOTHING : SEMANTIC_CHANGE_UNKNOWN);
	}
	if (op->code == EG_OP_MMAP)
		good = add_range(sp, op->arg[0], end);
	else if (op->code == EG_OP_MUNMAP)
		good = cut_range(sp, op->arg[0], end);
	else if (op->code == EG_OP_MREMAP && good_range(s, op->arg[2], op->arg[3], &to))
		good = cut_range(sp, op->arg[0], end) && add_range(sp, op->arg[2], to);
	return good ? EG_OK : EG_NO_MEMORY;
}

static eg_status brk_op(struct space *sp, uint64_t to)
{
	uint64_t from = sp->brk ? eg_align_up(sp->brk, EG_PAGE_SIZE) : 0;
	bool good = true;

	sp->brk = to;
	to = eg_align_up(to, EG_PAGE_SIZE);
	if (from && to > from)
		good = add_range(sp, from, to);
	else if (from && to < from && to)
		good = cut_range(sp, to, from);
	return good ? EG_OK : EG_NO_MEMORY;
}

static eg_status allocate(struct semantic *s, struct table *t, uint64_t id, uint64_t value)
{
	struct entry *e = table_find(t, id);

	if (e && e->state == ALIVE)
		found(s, SEMANTIC_DOUBLE_ALLOC);
	e = e ? e : table_make(t, id, ALIVE);
	if (!e)
		return EG_NO_MEMORY;
	e->state = ALIVE;
	e->value = value;
	return EG_OK;
}

/* The live entry; NULL after counting why there is none. */
static struct entry *live(struct semantic *s, struct table *t, uint64_t id)
{
	struct entry *e = table_find(t, id);

	if (e && e->state == ALIVE)
		return e;
	found(s, e ? SEMANTIC_DOUBLE_FREE : s->init ? SEMANTIC_FREE_NOTHING : SEMANTIC_FREE_UNKNOWN);
	return NULL;
}

static void free_pages(struct semantic *s, const struct eg_op *op)
{
	struct entry *e = live(s, &s->blocks, op->arg[0]);
	uint64_t pages = op->arg[1] < 64 ? UINT64_C(1) << op->arg[1] : 0;

	if (!e)
		return;
	if (!pages || pages > e->value) {
		found(s, SEMANTIC_FREE_BEYOND);
		pages = e->value;
	}
	e->value -= pages;
	if (!e->value)
		e->state = DEAD;
}

static eg_status free_object(struct semantic *s, uint64_t id)
{
	struct entry *e = live(s, &s->objects, id);

	if (e)
		e->state = DEAD;
	return EG_OK;
}

static void check_run(struct semantic *s, const struct eg_op *op)
{
	if (op->arg[1] > EG_ACCESS_FETCH || !op->arg[2 + (op->arg[1] & 3)] || op->arg[0] & (EG_PAGE_SIZE - 1) ||
	    op->arg[0] > EG_ACCESS_ADDR_MASK)
		found(s, SEMANTIC_BAD_RUN);
}

static void check_access(struct semantic *s, const struct eg_op *op)
{
	uint64_t end;

	if (!op->arg[1] || op->arg[2] > EG_ACCESS_FETCH || __builtin_add_overflow(op->arg[0], op->arg[1], &end) ||
	    end - 1 > EG_ACCESS_ADDR_MASK)
		found(s, SEMANTIC_BAD_ACCESS);
}

/* ---- records ------------------------------------------------------------------------------------- */

static eg_status take_op(struct semantic *s, const struct eg_op *op, struct entry *stream)
{
	struct space *sp = &s->space[stream->value];

	switch (op->code) {
	case EG_OP_ACCESS:
		check_access(s, op);
		return EG_OK;
	case EG_OP_RUN:
		check_run(s, op);
		return EG_OK;
	case EG_OP_MMAP:
	case EG_OP_MUNMAP:
	case EG_OP_MPROTECT:
	case EG_OP_MREMAP:
		return range_op(s, op, sp);
	case EG_OP_BRK:
		return brk_op(sp, op->arg[0]);
	case EG_OP_FORK:
	case EG_OP_VFORK:
	case EG_OP_CLONE:
		return birth(s, op, (size_t)stream->value);
	case EG_OP_EXEC:
		return leave_space(s, stream);
	case EG_OP_EXIT:
	case EG_OP_EXIT_GROUP:
		stream->state = DEAD;
		sp->users--;
		return EG_OK;
	case EG_OP_ALLOC_PAGES:
		return allocate(s, &s->blocks, op->arg[0], op->arg[1] < 64 ? UINT64_C(1) << op->arg[1] : 0);
	case EG_OP_FREE_PAGES:
		free_pages(s, op);
		return EG_OK;
	case EG_OP_MALLOC:
	case EG_OP_CALLOC:
	case EG_OP_MEMALIGN:
		return allocate(s, &s->objects, op->arg[0], op->arg[1]);
	case EG_OP_REALLOC:
		EG_TRY(free_object(s, op->arg[0]));
		return allocate(s, &s->objects, op->arg[1], op->arg[2]);
	case EG_OP_FREE:
		return free_object(s, op->arg[0]);
	default:
		return EG_OK;
	}
}

static void check_time(struct semantic *s, const struct eg_block *b, struct entry *stream)
{
	eg_time *latest = s->split ? &stream->time : &s->time;

	if (b->time == EG_TIME_NONE)
		return;
	if (b->time < *latest)
		found(s, SEMANTIC_TIME_BACK);
	else
		*latest = b->time;
}

eg_status semantic_add(struct semantic *s, const struct eg_block *b, uint64_t ordinal)
{
	bool init = b->kind == EG_BLOCK_OP && b->op.flags & EG_OPF_INIT;
	struct entry *stream;

	if (b->kind == EG_BLOCK_END)
		return EG_OK;
	s->at = ordinal;
	stream = stream_of(s, b->stream);
	if (!stream)
		return EG_NO_MEMORY;
	check_time(s, b, stream);
	if (init && s->begun && !s->split)
		found(s, SEMANTIC_INIT_LATE);
	s->begun |= !init;
	if (stream->state == DEAD) {
		found(s, SEMANTIC_DEAD_STREAM);
		return EG_OK;                   /* its space is gone: one defect, not a trail of them */
	}
	if (b->kind != EG_BLOCK_OP || b->op.flags & EG_OPF_FAILED)
		return EG_OK;
	return take_op(s, &b->op, stream);
}
