/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page runs (EG_OP_RUN) against the accesses they stand for.
 *
 * Random programs - segments of accesses to a page, single accesses, straddling ones, protections taken and
 * given back, pages dropped, threads - are told in three ways: access by access, with runs made by a naive
 * coalescer (at least MIN accesses to one page, MIN = 1, 4, 16), and with each such run expanded to the
 * sequence of words that access.c says it is.
 *
 *   runs = their expansion       everything, times and samples and histograms too, with several CPUs, threads,
 *                                short slices, interrupts, any block size and lookahead
 *   runs = accesses              all counters and, for one task, the end: if code and data are apart
 *   runs ~ accesses              if not: faults are equal; as many first-level look-ups may differ as there are runs
 *
 * Usage: run_model [SEED]
 */
#include <math.h>
#include <stdlib.h>

#include "tests/script.h"

enum { STREAMS = 3, ITEMS = 60000, PAGES = 90, CODE = 100, CODE_PAGES = 30, SEEDS = 6 };

struct item { bool is_op; uint64_t word; struct eg_op op; };

struct program {
	size_t      nr[STREAMS];
	struct item item[STREAMS][ITEMS];
};

static struct program plain, coalesced, expanded;
static unsigned nr_runs, faults_seen;

static void add_op(struct program *p, unsigned stream, struct eg_op op)
{
	EG_CHECK(p->nr[stream] < ITEMS);
	op.stream = stream;
	op.time = EG_TIME_NONE;
	p->item[stream][p->nr[stream]++] = (struct item){ .is_op = true, .op = op };
}

static void add_word(struct program *p, unsigned stream, uint64_t word)
{
	EG_CHECK(p->nr[stream] < ITEMS);
	p->item[stream][p->nr[stream]++] = (struct item){ .word = word };
}

static uint64_t page_at(uint64_t page) { return GEN_BASE + page * EG_PAGE_SIZE; }

static void add_map(struct program *p, unsigned stream, uint64_t page, uint64_t pages, unsigned prot)
{
	add_op(p, stream, (struct eg_op){ .code = EG_OP_MMAP, .arg = { page_at(page), pages * EG_PAGE_SIZE, prot, EG_MAP_ANON } });
}

/* ---- three tellings -------------------------------------------------------------------------------------- */

/* `mixed`: fetches go to data pages too. `threads`: streams 1 and 2 are born into the space of stream 0. */
static void draw(struct program *p, uint64_t seed, unsigned items, bool mixed, bool threads)
{
	struct eg_rng rng = eg_rng_stream(seed, "run_model", 0);

	memset(p->nr, 0, sizeof(p->nr));
	add_map(p, 0, 0, PAGES, EG_PROT_READ | EG_PROT_WRITE);
	add_map(p, 0, CODE, CODE_PAGES, EG_PROT_READ | EG_PROT_EXEC);
	for (unsigned s = 1; threads && s < STREAMS; s++)
		add_op(p, 0, (struct eg_op){ .code = EG_OP_CLONE, .arg = { s, EG_CLONE_VM | EG_CLONE_THREAD } });
	for (unsigned s = 0; s < (threads ? STREAMS : 1); s++) {
		for (unsigned i = 0; i < items; i++) {
			uint64_t page = eg_rng_below(&rng, eg_rng_below(&rng, 3) ? PAGES / 4 : PAGES + 2), pick = eg_rng_below(&rng, 100);
			unsigned len = 1 + (unsigned)eg_rng_below(&rng, pick < 60 ? 12 : pick < 90 ? 40 : 200);
			bool code = eg_rng_below(&rng, 3) == 0;

			if (pick == 99) {
				static const unsigned prots[] = { EG_PROT_READ, 0, EG_PROT_READ | EG_PROT_WRITE };
				uint64_t n = 1 + eg_rng_below(&rng, 6);

				for (unsigned k = 0; k < 3; k += 2) {
					unsigned prot = prots[k ? 2 : eg_rng_below(&rng, 2)];

					add_op(p, s, (struct eg_op){ .code = EG_OP_MPROTECT, .arg = { page_at(page), n * EG_PAGE_SIZE, prot } });
					for (unsigned a = 0; !k && a < 40; a++)
						add_word(p, s, eg_access(page_at(page) + eg_rng_below(&rng, 4000), a < 20 ? EG_ACCESS_READ : EG_ACCESS_WRITE, 4));
				}
			} else if (pick >= 97) {
				add_op(p, s, (struct eg_op){ .code = EG_OP_MADVISE, .arg = { page_at(page), 3 * EG_PAGE_SIZE, EG_MADV_DONTNEED } });
			} else if (pick == 96) {
				add_word(p, s, eg_access(page_at(page) + 4090, EG_ACCESS_WRITE, 16));
			}
			for (unsigned a = 0; a < len; a++) {
				uint64_t addr = page_at(code && !mixed ? CODE + page % CODE_PAGES : page) + eg_rng_below(&rng, 4000);
				enum eg_access_kind kind = code && (!mixed || eg_rng_below(&rng, 2)) ? EG_ACCESS_FETCH :
							   pick % 3 == 0 ? EG_ACCESS_READ : (enum eg_access_kind)eg_rng_below(&rng, 3);

				add_word(p, s, eg_access(addr, kind, 1 + (unsigned)eg_rng_below(&rng, 32)));
			}
		}
		add_op(p, s, (struct eg_op){ .code = EG_OP_EXIT });
	}
}

static bool may_join(const struct item *a, const struct item *b)
{
	return !a->is_op && !b->is_op && !((eg_access_addr(a->word) ^ eg_access_addr(b->word)) & ~(EG_PAGE_SIZE - 1)) &&
	       eg_access_addr(b->word) % EG_PAGE_SIZE + eg_access_size(b->word) <= EG_PAGE_SIZE;
}

static void coalesce(const struct program *from, struct program *to, size_t min)
{
	memset(to->nr, 0, sizeof(to->nr));
	nr_runs = 0;
	for (unsigned s = 0; s < STREAMS; s++)
		for (size_t i = 0, end; i < from->nr[s]; i = end) {
			const struct item *first = &from->item[s][i];
			struct eg_op op = { .code = EG_OP_RUN };

			for (end = i; end < from->nr[s] && may_join(first, &from->item[s][end]); end++)
				op.arg[2 + eg_access_kind(from->item[s][end].word)]++;
			if (end > i && end - i >= min) {
				op.arg[0] = eg_align_down(eg_access_addr(first->word), EG_PAGE_SIZE);
				op.arg[1] = eg_access_kind(first->word);
				add_op(to, s, op);
				nr_runs++;
			} else {
				to->item[s][to->nr[s]++] = *first;
				end = i + 1;
			}
		}
}

/* As access.c says, in the plainest way. */
static void expand(const struct program *from, struct program *to)
{
	memset(to->nr, 0, sizeof(to->nr));
	for (unsigned s = 0; s < STREAMS; s++)
		for (size_t i = 0; i < from->nr[s]; i++) {
			struct eg_op op = from->item[s][i].op;

			if (!from->item[s][i].is_op || op.code != EG_OP_RUN) {
				to->item[s][to->nr[s]++] = from->item[s][i];
				continue;
			}
			add_word(to, s, eg_access(op.arg[0], (enum eg_access_kind)op.arg[1], 1));
			op.arg[2 + op.arg[1]]--;
			for (unsigned k = 0; k < 4; k++)
				if (k != op.arg[1] && op.arg[2 + k]) {
					add_word(to, s, eg_access(op.arg[0], (enum eg_access_kind)k, 1));
					op.arg[2 + k]--;
				}
			for (unsigned k = 0; k < 4; k++)
				for (; op.arg[2 + k]; op.arg[2 + k]--)
					add_word(to, s, eg_access(op.arg[0], (enum eg_access_kind)k, 1));
		}
}

/* ---- as a workload ----------------------------------------------------------------------------------------- */

static const struct program *telling;

static size_t told_size(const struct eg_args *args) { (void)args; return STREAMS * sizeof(size_t); }

static eg_status told_init(void *state, const struct eg_args *args, const struct gen_env *env, struct eg_errors *err)
{
	(void)state, (void)args, (void)env, (void)err;
	return EG_OK;
}

static void told_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *b)
{
	size_t *at = (size_t *)state + stream;
	const struct item *item = telling->item[stream];

	*b = (struct eg_block){ .kind = EG_BLOCK_ACCESS, .stream = stream, .acc = buf->acc, .time = EG_TIME_NONE };
	if (*at == telling->nr[stream]) {
		b->kind = EG_BLOCK_END;
	} else if (item[*at].is_op) {
		b->kind = EG_BLOCK_OP;
		b->op = item[(*at)++].op;
	} else {
		while (*at < telling->nr[stream] && !item[*at].is_op && b->nr < buf->capacity)
			buf->acc[b->nr++] = item[(*at)++].word;
	}
}

static const struct gen_ops told_ops = {
	.name = "told", .summary = "a program of this test", .params = script_params, .capabilities = UINT32_MAX,
	.state_size = told_size, .init = told_init, .next = told_next,
};

struct machine_choice { const char *name, *machine, *tlb, *vector; };
static const struct machine_choice machines[] = {
	{ "usual",                "",                                                                 "set_assoc",   "auto" },
	{ "tiny, portable",       "tlb.l1d.entries=4 tlb.l1d.ways=1 tlb.l1i.entries=2 tlb.l1i.ways=2 tlb.l2.entries=8 tlb.l2.ways=4",
	  "set_assoc", "off" },
	{ "one entry, no second", "tlb.l1d.entries=1 tlb.l1d.ways=1 tlb.l1i.entries=1 tlb.l1i.ways=1 tlb.l2.entries=0 walk_cache.pd.entries=0",
	  "set_assoc", "off" },
	{ "unified",              "tlb.unified_l1=true tlb.l1d.entries=16 tlb.l2.entries=32 tlb.l2.ways=8", "set_assoc", "auto" },
	{ "fully associative",    "tlb.l1d.entries=8 tlb.l1d.ways=4 tlb.l1i.entries=4 tlb.l1i.ways=4 tlb.l2.entries=32 tlb.l2.ways=4",
	  "fully_assoc", "auto" },
};

static void tell(const struct program *p, const struct machine_choice *c, const char *more, const struct run_options *o, struct run_result *r)
{
	static struct eg_errors err;
	const char *texts[2] = { c->machine, more };
	struct eg_arena arena = { 0 };
	char name[64], value[64], why[200];
	struct spec spec;
	int used;

	script_spec(&spec, &arena);
	script_set(&spec, &spec.machine, "memory", "16MiB");
	EG_CHECK(spec_set_policy(&spec, "tlb", c->tlb, why, sizeof(why)) == EG_OK);
	if (strcmp(c->tlb, "set_assoc") == 0)
		script_set(&spec, &spec.tlb_args, "vector", c->vector);
	for (unsigned i = 0; i < 2; i++)
		for (const char *t = texts[i]; sscanf(t, " %63[^=]=%63s%n", name, value, &used) == 2; t += used)
			script_set(&spec, &spec.machine, name, value);
	script_set(&spec, &spec.measure, "interval", "20us");
	telling = p;
	EG_CHECK(spec_add_generator(&spec, &told_ops));
	err.nr = 0;
	if (script_run(&spec, o, r, &err) != EG_OK) {
		printf("# %s\n", err.nr ? err.text[0] : "failed");
		fflush(stdout);
		abort();
	}
	eg_arena_free_all(&arena);
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

static bool same_summary(const struct run_result *a, const struct run_result *b)
{
	bool same = a->elapsed == b->elapsed && a->nr_accesses == b->nr_accesses && a->nr_ops == b->nr_ops;

	if (!same)
		printf("# elapsed %llu, not %llu; accesses %llu, not %llu\n", (unsigned long long)b->elapsed, (unsigned long long)a->elapsed,
		       (unsigned long long)b->nr_accesses, (unsigned long long)a->nr_accesses);
	for (unsigned i = 0; i < a->nr_summary; i++)
		if (memcmp(&a->summary[i], &b->summary[i], sizeof(double)) != 0) {
			printf("# %s: %.17g, not %.17g\n", a->summary_columns[i].name, b->summary[i], a->summary[i]);
			same = false;
		}
	for (unsigned i = 0; i < a->nr_counts; i++)
		same &= a->counts[i].n == b->counts[i].n;
	return same;
}

static bool same_all(const struct run_result *a, const struct run_result *b)
{
	bool same = same_summary(a, b) && a->nr_samples == b->nr_samples && a->nr_events == b->nr_events;

	if (same && memcmp(a->series, b->series, a->nr_samples * a->nr_series * sizeof(double)) != 0) {
		printf("# a series differs\n");
		same = false;
	}
	for (unsigned i = 0; i < a->nr_hists; i++)
		same &= memcmp(&a->hists[i].hist, &b->hists[i].hist, sizeof(a->hists[i].hist)) == 0;
	return same;
}

static const char *const wanted[] = { "fault_count.segv", "fault_count.zero_cow", "fault_count.cow_reuse", "walk.dirty" };

static void one_task(uint64_t seed, const struct machine_choice *c)
{
	static const size_t mins[] = { 1, 4, 16 };
	const struct run_options o = { .audit = true };
	struct run_result a, b;

	draw(&plain, seed, 260, false, false);
	tell(&plain, c, "cpus=1", &o, &a);
	for (unsigned k = 0; k < EG_ARRAY_LEN(mins); k++) {
		coalesce(&plain, &coalesced, mins[k]);
		tell(&coalesced, c, "cpus=1", &o, &b);
		if (!ok(same_summary(&a, &b), "%s, seed %llu, runs of at least %zu: as its accesses", c->name, (unsigned long long)seed, mins[k]))
			printf("# %u runs\n", nr_runs);
		run_result_free(&b);
	}
	for (unsigned i = 0; i < EG_ARRAY_LEN(wanted); i++)
		faults_seen |= (unsigned)(run_summary(&a, wanted[i]) > 0) << i;
	run_result_free(&a);

	draw(&plain, seed, 260, true, false);
	coalesce(&plain, &coalesced, 4);
	tell(&plain, c, "cpus=1", &o, &a);
	tell(&coalesced, c, "cpus=1", &o, &b);
	ok(fabs(run_summary(&a, "tlb.misses.l1i") - run_summary(&b, "tlb.misses.l1i")) <= nr_runs &&
	   fabs(run_summary(&a, "tlb.misses.l1d") - run_summary(&b, "tlb.misses.l1d")) <= nr_runs &&
	   run_summary(&a, "access.fetches") == run_summary(&b, "access.fetches") && a.nr_accesses == b.nr_accesses &&
	   run_summary(&a, "fault_count.zero") == run_summary(&b, "fault_count.zero") &&
	   run_summary(&a, "fault_count.zero_cow") == run_summary(&b, "fault_count.zero_cow") &&
	   run_summary(&a, "fault_count.anon") == run_summary(&b, "fault_count.anon") &&
	   run_summary(&a, "fault_count.segv") == run_summary(&b, "fault_count.segv"),
	   "%s, seed %llu: code and data in one page: the same faults, look-ups may differ by one a run", c->name, (unsigned long long)seed);
	run_result_free(&a);
	run_result_free(&b);
}

static void threads(uint64_t seed, const struct machine_choice *c)
{
	static const struct { const char *name; struct run_options o; } ways[] = {
		{ "as usual", { .audit = true } },
		{ "in blocks of 77, lookahead 13 ns", { .block = 77, .lookahead = 13 * EG_PS_PER_NS } },
		{ "lookahead 1 ns, audits", { .lookahead = EG_PS_PER_NS, .audit = true, .audit_every = 700 } },
	};
	static const char *const more[] = { "cpus=3 ipi_latency=3us", "cpus=2 time_slice=7us asids=2", "cpus=1 time_slice=3us" };

	draw(&plain, seed, 120, true, true);
	coalesce(&plain, &coalesced, 3);
	expand(&coalesced, &expanded);
	for (unsigned i = 0; i < EG_ARRAY_LEN(more); i++) {
		struct run_result a, b;

		tell(&expanded, c, more[i], &ways[0].o, &a);
		for (unsigned k = 0; k < EG_ARRAY_LEN(ways); k++) {
			tell(&coalesced, c, more[i], &ways[k].o, &b);
			ok(same_all(&a, &b), "%s, %s, seed %llu: threads, %s: runs are their sequences of words", c->name, more[i],
			   (unsigned long long)seed, ways[k].name);
			run_result_free(&b);
		}
		run_result_free(&a);
	}
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;

	for (uint64_t seed = first; seed < first + SEEDS; seed++)
		for (unsigned i = 0; i < EG_ARRAY_LEN(machines); i++) {
			one_task(seed, &machines[i]);
			if (seed < first + 3)
				threads(seed, &machines[i]);
		}
	ok(faults_seen == 15, "in between were SIGSEGVs, writes to the zero page and to protected pages, dirty bits");
	return tap_done();
}
