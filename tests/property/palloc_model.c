/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page allocators against a naive model: an array with a byte a frame.
 *
 * Random calls; after each the policy's validate(), and: a granted block is aligned, inside the span and
 * free in the model; a refusal means that the model has no aligned free run of that order either; the
 * free blocks are the maximal aligned ones of the model, order by order. Each run is a child process, so
 * a failing check is a failing run like any other. A failing sequence is shrunk by leaving out halves,
 * quarters, ... while it still fails, and printed with its seed.
 *
 * Usage: palloc_model [SEED]
 */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conformance/palloc_rig.h"
#include "tests/tap.h"

enum { START = 3, END = 2 * 1024 + 1500, CALLS = 1200, SEEDS = 3 };

/* One call, meaningful after any prefix: a free names a live block modulo their number. */
struct call { uint8_t is_free, order, type; uint16_t which; };

struct model {
	struct rig rig;
	uint8_t    used[END];
	struct { uint32_t pfn; uint8_t order; } live[END];
	unsigned   nr_live;
};

static void draw(struct call *calls, unsigned nr, uint64_t seed)
{
	struct eg_rng rng = eg_rng_stream(seed, "palloc_model", 0);
	unsigned frees = 50;                       /* per cent; phases fill and empty the zone */

	for (unsigned i = 0; i < nr; i++) {
		if (i % 100 == 0)
			frees = 20 + (unsigned)eg_rng_below(&rng, 60);
		calls[i] = (struct call){
			.is_free = eg_rng_below(&rng, 100) < frees,
			.order = (uint8_t)(__builtin_ctzll(eg_rng_next(&rng) | 1u << EG_MAX_ORDER)),
			.type = (uint8_t)eg_rng_below(&rng, NR_MIGRATETYPES),
			.which = (uint16_t)eg_rng_next(&rng),
		};
		if (eg_rng_below(&rng, 4) == 0)
			calls[i].order = (uint8_t)eg_rng_below(&rng, EG_NR_ORDERS);
	}
}

static bool run_is_free(const struct model *m, uint32_t pfn, unsigned order)
{
	if (pfn < START || pfn + (1u << order) > END)
		return false;
	for (uint32_t i = 0; i < 1u << order; i++)
		if (m->used[pfn + i])
			return false;
	return true;
}

static void count_blocks(const struct model *m, uint64_t n[EG_NR_ORDERS])
{
	memset(n, 0, EG_NR_ORDERS * sizeof(n[0]));
	for (uint32_t pfn = START; pfn < END; ) {
		unsigned order = pfn ? (unsigned)__builtin_ctz(pfn) : EG_MAX_ORDER;

		order = order > m->rig.max_order ? m->rig.max_order : order;
		while (order && !run_is_free(m, pfn, order))
			order--;
		n[order] += run_is_free(m, pfn, order);
		pfn += 1u << (run_is_free(m, pfn, order) ? order : 0);
	}
}

/* What is wrong after call c, NULL if nothing. */
static const char *apply(struct model *m, const struct call *c)
{
	struct palloc_free state;
	struct palloc_result got;
	uint64_t n[EG_NR_ORDERS];
	unsigned order = c->order > m->rig.max_order ? m->rig.max_order : c->order;

	if (c->is_free && m->nr_live) {
		unsigned i = c->which % m->nr_live;

		memset(&m->used[m->live[i].pfn], 0, 1u << m->live[i].order);
		(void)rig_free(&m->rig, (eg_pfn){ m->live[i].pfn }, m->live[i].order);
		m->live[i] = m->live[--m->nr_live];
	} else {
		got = rig_alloc(&m->rig, order, c->type);
		if (got.outcome == PALLOC_GRANTED) {
			if (got.pfn.v & ((1u << order) - 1))
				return "not aligned";
			if (!run_is_free(m, got.pfn.v, order))
				return "not free, or outside";
			memset(&m->used[got.pfn.v], 1, 1u << order);
			m->live[m->nr_live].pfn = got.pfn.v;
			m->live[m->nr_live++].order = (uint8_t)order;
		} else {
			for (uint32_t pfn = 0; pfn < END; pfn += 1u << order)
				if (run_is_free(m, pfn, order))
					return "refused, though there is a free block";
		}
	}
	m->rig.ops->validate(m->rig.state);
	m->rig.ops->free_state(m->rig.state, &state);
	count_blocks(m, n);
	return memcmp(n, state.blocks, sizeof(n)) ? "free blocks are not the maximal ones" : NULL;
}

/* Index of the failing call in a child process, -1 if all is well; `say` prints what is wrong. */
static int run(const struct palloc_ops *ops, const struct rig_variant *v, const struct call *calls, unsigned nr,
	       bool say)
{
	static struct model m;
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	EG_CHECK(child >= 0);
	if (child == 0) {
		if (!say && !freopen("/dev/null", "w", stderr))
			_exit(2);
		m.nr_live = 0;
		memset(m.used, 0, sizeof(m.used));
		rig_open(&m.rig, ops, v, START, END, true);
		for (unsigned i = 0; i < nr; i++) {
			const char *wrong = apply(&m, &calls[i]);

			if (wrong) {
				if (say)
					printf("# call %u: %s\n", i, wrong);
				fflush(stdout);
				_exit(1);
			}
		}
		rig_close(&m.rig);
		_exit(0);
	}
	EG_CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? -1 : 0;
}

static void shrink_and_print(const struct palloc_ops *ops, const struct rig_variant *v, struct call *calls,
			     unsigned nr, uint64_t seed)
{
	static struct call fewer[CALLS];

	for (unsigned part = nr / 2; part > 0; part /= 2)
		for (unsigned at = 0; at < nr; ) {
			unsigned len = at + part > nr ? nr - at : part;

			memcpy(fewer, calls, at * sizeof(*calls));
			memcpy(fewer + at, calls + at + len, (nr - at - len) * sizeof(*calls));
			if (run(ops, v, fewer, nr - len, false) >= 0) {
				nr -= len;
				memcpy(calls, fewer, nr * sizeof(*calls));
			} else {
				at += len;
			}
		}
	printf("# %s %s=%s, seed %" PRIu64 ", shrunk to %u calls:\n", ops->name, v->name, v->value, seed, nr);
	for (unsigned i = 0; i < nr; i++)
		if (calls[i].is_free)
			printf("#   free live[%u %% nr]\n", calls[i].which);
		else
			printf("#   alloc order %u type %u\n", calls[i].order, calls[i].type);
	(void)run(ops, v, calls, nr, true);
}

/* The harness itself: a policy with a planted defect must be caught, or the test cannot fail. */
static uint32_t forget_to_merge(void *state, eg_pfn pfn, unsigned order)
{
	uint32_t steps = 0;

	if (order == 0)
		return palloc_find("buddy")->free_pages(state, pfn, order);
	for (uint32_t i = 0; i < 1u << order; i += 2)      /* loses every other frame */
		steps += palloc_find("buddy")->free_pages(state, eg_pfn_add(pfn, i), 0);
	return steps;
}

int main(int argc, char **argv)
{
	static struct call calls[CALLS];
	const struct rig_variant defaults = { "", "" };
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct palloc_ops defect;
	struct rig_variant v;

	for (unsigned p = 0; palloc_registry[p]; p++)
		for (unsigned i = 0; rig_variant(palloc_registry[p], i, &v); i++) {
			bool good = true;

			for (uint64_t seed = first; good && seed < first + SEEDS; seed++) {
				draw(calls, CALLS, seed);
				good = run(palloc_registry[p], &v, calls, CALLS, false) < 0;
				if (!good)
					shrink_and_print(palloc_registry[p], &v, calls, CALLS, seed);
			}
			ok(good, "%s %s %s: as the model, %d x %d calls", palloc_registry[p]->name, v.name, v.value,
			   SEEDS, CALLS);
		}
	defect = *palloc_find("buddy");
	defect.free_pages = forget_to_merge;
	draw(calls, CALLS, first);
	ok(run(&defect, &defaults, calls, CALLS, false) >= 0, "a planted defect is found");
	return tap_done();
}
