/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What records have built: mappings against a map of pages, and the property that a state that is told and applied
 * again is the same state, wherever in a trace that happens.
 */
#include "tests/crafted_ids.h"
#include "tests/state_random.h"
#include "tests/tap.h"

#include <time.h>

#include "sim/base/mem.h"
#include "workloads/trace/state.h"

/* ---- telling into memory ------------------------------------------------------------------------- */

struct told {
	struct eg_op *op;
	size_t        nr, cap;
};

static eg_status keep(void *ctx, const struct eg_op *op)
{
	struct told *t = ctx;
	struct eg_op *slot = eg_grow((void **)&t->op, &t->nr, &t->cap, sizeof(*slot));

	if (!slot)
		return EG_NO_MEMORY;
	*slot = *op;
	return EG_OK;
}

static bool tell(struct trace_state *s, struct told *t)
{
	t->nr = 0;
	return trace_state_tell(s, keep, t) == EG_OK;
}

static bool same(const struct told *a, const struct told *b)
{
	for (size_t i = 0; i < a->nr && i < b->nr; i++)
		if (memcmp(&a->op[i], &b->op[i], sizeof(struct eg_op)) != 0) {
			printf("# op %zu: %s by %u (%#llx, %#llx), and %s by %u (%#llx, %#llx)\n", i, eg_op_name(a->op[i].code),
			       a->op[i].stream, (unsigned long long)a->op[i].arg[0], (unsigned long long)a->op[i].arg[1],
			       eg_op_name(b->op[i].code), b->op[i].stream, (unsigned long long)b->op[i].arg[0],
			       (unsigned long long)b->op[i].arg[1]);
			return false;
		}
	if (a->nr != b->nr)
		printf("# %zu ops and %zu\n", a->nr, b->nr);
	return a->nr == b->nr;
}

static bool apply(struct trace_state *s, const struct told *t)
{
	for (size_t i = 0; i < t->nr; i++)
		if (trace_state_op(s, &t->op[i]) != EG_OK)
			return false;
	return true;
}

/* ---- told, applied, told ------------------------------------------------------------------------- */

static void again(void)
{
	struct told a = { 0 }, b = { 0 };
	bool once = true, later = true;

	for (uint64_t seed = 1; seed <= 60 && once && later; seed++) {
		struct eg_rng r = eg_rng_stream(seed, "state", 0);
		struct trace_state *s = trace_state_new(), *copy = NULL;

		for (unsigned i = 0; s && i < 600 && once && later; i++) {
			struct eg_op op = state_random_op(&r);

			later = later && trace_state_op(s, &op) == EG_OK && (!copy || trace_state_op(copy, &op) == EG_OK);
			if (i % 7 == 0 && copy) {
				later = later && tell(s, &a) && tell(copy, &b) && same(&a, &b);
			}
			if (i % 50 == 13) {
				trace_state_free(copy);
				copy = trace_state_new();
				once = once && copy && tell(s, &a) && apply(copy, &a) && tell(copy, &b) && same(&a, &b);
			}
			if (!once || !later)
				printf("# seed %u, op %u: %s\n", (unsigned)seed, i, eg_op_name(op.code));
		}
		trace_state_free(s);
		trace_state_free(copy);
	}
	ok(once, "a state that is told and applied tells the same");
	ok(later, "and goes on as the one that was there from the start");
	eg_free(a.op);
	eg_free(b.op);
}

/* ---- against a map of pages ---------------------------------------------------------------------- */

struct page {
	bool     there;
	uint64_t prot, flags, file, off;
};

enum { MODEL_PAGES = 80 };

struct model {
	struct page page[STATE_STREAMS][MODEL_PAGES];   /* by space */
	unsigned    space[STATE_STREAMS];               /* of each stream */
	unsigned    group[STATE_STREAMS];
	bool        lives[STATE_STREAMS];
};

static unsigned unused(const struct model *m, bool groups)
{
	for (unsigned k = 0; k < STATE_STREAMS; k++) {
		bool used = false;

		for (unsigned i = 0; i < STATE_STREAMS; i++)
			used |= m->lives[i] && (groups ? m->group[i] : m->space[i]) == k;
		if (!used)
			return k;
	}
	return 0;
}

static void model_alone(struct model *m, unsigned t, bool clear)
{
	m->lives[t] = false;
	m->space[t] = unused(m, false);
	m->group[t] = unused(m, true);
	m->lives[t] = true;
	if (clear)
		memset(m->page[m->space[t]], 0, sizeof(m->page[0]));
}

static void model_map(struct model *m, const struct eg_op *op)
{
	struct page *page = m->page[m->space[op->stream]], old[MODEL_PAGES];
	const uint64_t *a = op->arg;
	uint64_t first = a[0] >> 12, nr = (a[1] + 4095) >> 12, to = a[2] >> 12, new_nr = (a[3] + 4095) >> 12;

	if (a[0] % 4096 || a[0] >> 20 || a[1] >> 20 || !a[1])
		return;
	memcpy(old, page, sizeof(old));
	if (op->code == EG_OP_MREMAP) {
		bool any = false;

		for (uint64_t i = 0; i < nr; i++)
			any |= old[first + i].there;
		if (!a[2] || !a[3] || !any)
			return;
		for (uint64_t i = 0; i < nr && !(a[4] & 4); i++)
			page[first + i].there = false;
		for (uint64_t i = 0; i < new_nr; i++) {
			struct page p = old[first + (i < nr ? i : nr - 1)];

			if (i >= nr && !(p.flags & EG_MAP_ANON))
				p.off += (i - nr + 1) << 12;
			page[to + i] = p;
		}
		return;
	}
	for (uint64_t i = 0; i < nr; i++) {
		struct page *p = &page[first + i];

		if (op->code == EG_OP_MMAP)
			*p = (struct page){ true, a[2], (a[3] | EG_MAP_FIXED) & ~(uint64_t)EG_MAP_NOREPLACE, a[4],
					    a[3] & EG_MAP_ANON ? 0 : a[5] + (i << 12) };
		else if (op->code == EG_OP_MUNMAP)
			p->there = false;
		else if (op->code == EG_OP_MPROTECT)
			p->prot = a[2];
	}
}

static void model_op(struct model *m, const struct eg_op *op)
{
	unsigned child = (unsigned)op->arg[0], t = op->stream;
	uint64_t flags = op->code == EG_OP_CLONE ? op->arg[1] : op->code == EG_OP_VFORK ? EG_CLONE_VM : 0;

	if (op->flags & EG_OPF_FAILED)
		return;
	if (!m->lives[t])
		model_alone(m, t, true);
	switch (op->code) {
	case EG_OP_MMAP: case EG_OP_MUNMAP: case EG_OP_MPROTECT: case EG_OP_MREMAP:
		model_map(m, op);
		break;
	case EG_OP_FORK: case EG_OP_VFORK: case EG_OP_CLONE:
		if (child == t)
			break;
		model_alone(m, child, true);
		if (flags & EG_CLONE_VM) {
			m->space[child] = m->space[t];
			if (flags & EG_CLONE_THREAD)
				m->group[child] = m->group[t];
		} else {
			memcpy(m->page[m->space[child]], m->page[m->space[t]], sizeof(m->page[0]));
		}
		break;
	case EG_OP_EXEC: case EG_OP_EXIT: case EG_OP_EXIT_GROUP:
		for (unsigned i = 0; i < STATE_STREAMS; i++)
			if (op->code != EG_OP_EXIT && m->lives[i] && m->group[i] == m->group[t] && i != t)
				m->lives[i] = false;
		m->lives[t] = false;
		if (op->code == EG_OP_EXEC)
			model_alone(m, t, true);
		break;
	default:
		break;
	}
}

/* The told mappings, page by page, and who shares what. */
static bool agrees(const struct model *m, const struct told *t)
{
	static struct page page[STATE_STREAMS][MODEL_PAGES];
	unsigned by[STATE_STREAMS];

	memset(page, 0, sizeof(page));
	for (unsigned i = 0; i < STATE_STREAMS; i++)
		by[i] = i;
	for (size_t i = 0; i < t->nr; i++) {
		const struct eg_op *op = &t->op[i];

		if (op->code == EG_OP_CLONE)
			by[op->arg[0]] = by[op->stream];
		for (uint64_t k = 0; op->code == EG_OP_MMAP && k < op->arg[1] >> 12; k++) {
			if ((op->arg[0] >> 12) + k >= MODEL_PAGES)
				continue;       /* a random address that happened to be a page's */
			page[op->stream][(op->arg[0] >> 12) + k] =
				(struct page){ true, op->arg[2], op->arg[3], op->arg[4],
					       op->arg[3] & EG_MAP_ANON ? 0 : op->arg[5] + (k << 12) };
		}
	}
	for (unsigned i = 0; i < STATE_STREAMS; i++)
		for (unsigned k = 0; m->lives[i] && k < MODEL_PAGES; k++) {
			const struct page *a = &m->page[m->space[i]][k], *b = &page[by[i]][k];

			if (a->there != b->there || (a->there && (a->prot != b->prot || a->flags != b->flags ||
								  a->file != b->file || a->off != b->off))) {
				printf("# stream %u, page %u: there %d, told %d\n", i, k, a->there, b->there);
				return false;
			}
		}
	for (unsigned i = 0; i < STATE_STREAMS; i++)
		for (unsigned k = 0; k < i; k++)
			if (m->lives[i] && m->lives[k] && (m->space[i] == m->space[k]) != (by[i] == by[k])) {
				printf("# streams %u and %u: shared %d, told %d\n", i, k, m->space[i] == m->space[k], by[i] == by[k]);
				return false;
			}
	return true;
}

static void model(void)
{
	struct told t = { 0 };
	bool good = true;

	for (uint64_t seed = 1; seed <= 100 && good; seed++) {
		struct eg_rng r = eg_rng_stream(seed, "model", 0);
		struct trace_state *s = trace_state_new();
		static struct model m;

		memset(&m, 0, sizeof(m));
		for (unsigned i = 0; s && i < 300 && good; i++) {
			struct eg_op op = state_random_op(&r);

			if (op.arg[0] % 4096 == 0 && (op.arg[0] >> 20 || op.arg[1] >> 20) && op.code >= EG_OP_MMAP &&
			    op.code <= EG_OP_MREMAP)
				continue;       /* real, but outside the model */
			model_op(&m, &op);
			good = trace_state_op(s, &op) == EG_OK && tell(s, &t) && agrees(&m, &t);
			if (!good)
				printf("# seed %u, op %u: %s by %u (%#llx, %llu, %#llx, %llu)\n", (unsigned)seed, i,
				       eg_op_name(op.code), op.stream, (unsigned long long)op.arg[0],
				       (unsigned long long)op.arg[1], (unsigned long long)op.arg[2],
				       (unsigned long long)op.arg[3]);
		}
		trace_state_free(s);
	}
	ok(good, "mappings and who shares them are those of a map of pages");
	eg_free(t.op);
}

/* ---- size ---------------------------------------------------------------------------------------- */

static struct eg_op map_page(uint32_t stream, uint64_t page, uint64_t prot)
{
	return (struct eg_op){ .code = EG_OP_MMAP, .stream = stream, .time = EG_TIME_NONE,
			       .arg = { page << 12, 4096, prot, EG_MAP_ANON } };
}

/* Many mappings, many forks of them: requests for memory tell how much work that was. */
static void many(void)
{
	enum { MAPS = 20000, FORKS = 300 };
	struct trace_state *s = trace_state_new();
	struct told t = { 0 };
	bool good = s != NULL;
	uint64_t requests;

	for (uint64_t i = 0; good && i < MAPS; i++) {
		/* from the middle outwards, no two alike */
		struct eg_op op = map_page(0, 2 * (i % 2 ? MAPS + i : MAPS - i) + 8, 1);

		good = trace_state_op(s, &op) == EG_OK;
	}
	is_u64(trace_state_size(s), MAPS + 1, "20000 mappings");
	(void)eg_mem_fail_nth(0);
	for (uint32_t i = 1; good && i <= FORKS; i++) {
		struct eg_op fork = { .code = EG_OP_FORK, .stream = i - 1, .time = EG_TIME_NONE, .arg = { i } };
		struct eg_op map = map_page(i, 8 + 2 * i, 3);

		good = trace_state_op(s, &fork) == EG_OK && trace_state_op(s, &map) == EG_OK;
	}
	requests = eg_mem_fail_nth(0);
	ok(good && requests < 12 * FORKS, "300 forks of them ask for memory %u times", (unsigned)requests);
	for (uint32_t i = 1; good && i <= FORKS; i++) {
		struct eg_op end = { .code = EG_OP_EXIT, .stream = i, .time = EG_TIME_NONE };

		good = trace_state_op(s, &end) == EG_OK;
	}
	good = good && tell(s, &t) && t.nr == MAPS;
	for (size_t i = 0; good && i < t.nr; i++)
		good = t.op[i].arg[2] == 1 && (i == 0 || t.op[i].arg[0] > t.op[i - 1].arg[0]);
	ok(good, "what the children changed was theirs");
	trace_state_clear(s);
	ok(tell(s, &t) && t.nr == 0, "nothing is left when it is cleared");
	trace_state_free(s);
	eg_free(t.op);
}

/* A refused request changes nothing. */
static void no_memory(void)
{
	struct eg_rng r = eg_rng_stream(7, "oom", 0);
	struct trace_state *s = trace_state_new();
	struct told a = { 0 }, b = { 0 };
	unsigned refused = 0;
	bool good = s != NULL;

	for (unsigned i = 0; good && i < 1500; i++) {
		struct eg_op op = state_random_op(&r);
		eg_status status;

		if (!tell(s, &a))
			break;
		(void)eg_mem_fail_nth(1 + eg_rng_below(&r, 3));
		status = trace_state_op(s, &op);
		(void)eg_mem_fail_nth(0);
		if (status == EG_NO_MEMORY) {
			refused++;
			good = tell(s, &b) && same(&a, &b) && trace_state_op(s, &op) == EG_OK;
		}
		if (!good)
			printf("# op %u: %s by %u\n", i, eg_op_name(op.code), op.stream);
	}
	ok(good && refused > 100, "%u requests for memory were refused, and nothing had changed", refused);
	trace_state_free(s);
	eg_free(a.op);
	eg_free(b.op);
}

/* Ids that an author chose so that they meet in one cell, under the first key and under later ones. */
static void crafted(void)
{
	enum { FIRST = 150000, ALL = FIRST + 40 * 200 };
	struct trace_state *s = trace_state_new();
	clock_t start = clock();
	struct told t = { 0 };
	bool good = s != NULL;

	ok(eg_id_hash(crafted_id(77, 3), 3) == 77 && eg_id_hash(crafted_id(77, 0), 0) == 77, "ids can be crafted");
	for (uint64_t i = 0; good && i < ALL; i++) {
		struct eg_op op = { .code = EG_OP_MALLOC, .arg = { crafted_nth(i, FIRST), 16 } };

		good = trace_state_op(s, &op) == EG_OK;
	}
	good = good && trace_state_size(s) == ALL + 1 && tell(s, &t) && t.nr == ALL;
	for (size_t i = 1; good && i < t.nr; i++)
		good = t.op[i].arg[0] > t.op[i - 1].arg[0];
	ok(good, "150000 ids that collide, and then 200 each for 40 keys: all are told, in order");
	for (uint64_t i = 0; good && i < ALL; i++) {
		struct eg_op op = { .code = EG_OP_FREE, .arg = { crafted_nth(i, FIRST) } };

		good = trace_state_op(s, &op) == EG_OK && trace_state_op(s, &op) == EG_OK && trace_state_size(s) == ALL - i;
	}
	ok(good, "each is found to be freed, once");
	ok((clock() - start) / CLOCKS_PER_SEC < 15, "in time (%.2f s)", (double)(clock() - start) / CLOCKS_PER_SEC);
	trace_state_free(s);
	eg_free(t.op);
}

static void blocks(void)
{
	static const struct eg_op op[] = {
		{ .code = EG_OP_ALLOC_PAGES, .stream = 3, .arg = { 5, 4, 1 } },
		{ .code = EG_OP_FREE_PAGES, .arg = { 5, 1, 2 } },
		{ .code = EG_OP_FREE_PAGES, .arg = { 5, 1, 2 } },       /* again: not true */
		{ .code = EG_OP_FREE_PAGES, .arg = { 5, 4, 0 } },       /* part of it is gone: not true */
		{ .code = EG_OP_FREE_PAGES, .arg = { 5, 1, 0 } },
		{ .code = EG_OP_FREE_PAGES, .arg = { 5, 0, 8 } },
	};
	struct trace_state *s = trace_state_new();
	struct told t = { 0 };
	bool good = s != NULL;

	for (unsigned i = 0; good && i < EG_ARRAY_LEN(op); i++)
		good = trace_state_op(s, &op[i]) == EG_OK;
	good = good && tell(s, &t);
	ok(good && t.nr == 3 && t.op[0].code == EG_OP_ALLOC_PAGES && t.op[1].arg[1] == 2 && t.op[1].arg[2] == 0 &&
	   t.op[2].arg[1] == 0 && t.op[2].arg[2] == 8, "parts of a block that are free are told as the largest pieces");
	trace_state_free(s);
	eg_free(t.op);
}

int main(void)
{
	again();
	model();
	blocks();
	many();
	no_memory();
	crafted();
	return tap_done();
}
