/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every generator keeps the contract of workloads/gen/gen.h.
 *
 * Loops over the generated registry: a new generator is tested with no edit here but its golden value,
 * which `tests/conformance/gen --print` writes as the lines of gen_golden.h. `--rate` prints how fast each one
 * is with its default parameters, `--table` the parameter tables of docs/generators.md.
 */
#include <stdlib.h>
#include <time.h>

#include "sim/machine/spec.h"
#include "tests/conformance/gen_rig.h"

static void test_stream(const struct gen_ops *ops, int variant)
{
	static const uint32_t capacities[] = { 64, 100, 4096 };
	const char *key = variant < 0 ? "defaults" : variants[variant].key[0];
	struct facts first = { .hash = "" }, f;

	for (size_t i = 0; i < EG_ARRAY_LEN(capacities); i++) {
		ok(facts_of(ops, variant, 1, 0, capacities[i], &f), "%s (%s): runs, no write past its state",
		   ops->name, key);
		if (i == 0)
			first = f;
		ok(strcmp(f.hash, first.hash) == 0, "%s (%s): same ops with blocks of %u", ops->name, key,
		   (unsigned)capacities[i]);
	}
	ok(first.ends, "%s (%s): %u streams end, each named once", ops->name, key, (unsigned)first.streams);
	ok(first.mapped, "%s (%s): touches only what it mapped", ops->name, key);
	ok(first.pages, "%s (%s): page blocks are taken and given back in turn", ops->name, key);
	ok(first.shape, "%s (%s): blocks are well formed", ops->name, key);
	ok(first.names, "%s (%s): every name has a text", ops->name, key);
	is_u64(first.host_requests, 0, "no host memory asked for after init");
	ok(first.sum.items > 100, "%s (%s): %" PRIu64 " items", ops->name, key, first.sum.items);
}

static bool is_random(const struct gen_ops *ops)
{
	return strcmp(ops->name, "stream") != 0;        /* the one that draws nothing */
}

static void test_seed(const struct gen_ops *ops)
{
	struct facts one, two, copy;

	if (!ok(facts_of(ops, -1, 1, 0, 512, &one) && facts_of(ops, -1, 2, 0, 512, &two) &&
		facts_of(ops, -1, 1, 1, 512, &copy), "%s: runs with other seeds", ops->name))
		return;
	ok((strcmp(one.hash, two.hash) != 0) == is_random(ops), "%s: another seed %s", ops->name,
	   is_random(ops) ? "differs" : "changes nothing");
	ok((strcmp(one.hash, copy.hash) != 0) == is_random(ops), "%s: another instance %s", ops->name,
	   is_random(ops) ? "differs" : "changes nothing");
	for (size_t i = 0; i < EG_ARRAY_LEN(golden); i++)
		if (strcmp(golden[i].gen, ops->name) == 0) {
			is_str(one.hash, golden[i].hash, "golden op stream");
#define X(figure) is_u64(one.sum.figure, golden[i].figures.figure, "golden " #figure);
			FIGURES(X)
#undef X
			return;
		}
	ok(false, "%s: has a golden value (run with --print)", ops->name);
}

/* A stream asked in turns with the others gives what it gives alone. */
static void test_interleaved(const struct gen_ops *ops, int variant)
{
	static uint64_t acc[128];
	struct gen_buffer buf = { acc, 64 };
	struct eg_sha256 alone[MAX_STREAMS], turns[MAX_STREAMS];
	struct run r[2];
	struct eg_block b;
	struct facts f;
	bool same = true;

	if (!facts_of(ops, variant, 1, 0, 64, &f))
		return;
	for (unsigned k = 0; k < 2; k++)
		if (!run_args(&r[k], ops, variant) || run_init(&r[k], 1, 0, NULL) != EG_OK) {
			ok(false, "%s: init", ops->name);
			return;
		}
	for (uint32_t s = 0; s < f.streams; s++) {
		eg_sha256_init(&alone[s]);
		eg_sha256_init(&turns[s]);
		do {
			r[0].ops->next(r[0].state, s, &buf, &b);
			if (b.kind == EG_BLOCK_ACCESS)
				hash_words(&alone[s], acc, b.nr);
			else if (b.kind == EG_BLOCK_OP)
				hash_op(&alone[s], &b.op);
		} while (b.kind != EG_BLOCK_END);
	}
	for (bool going = true; going;) {
		going = false;
		for (uint32_t s = f.streams; s-- > 0;) {
			r[1].ops->next(r[1].state, s, &buf, &b);
			if (b.kind == EG_BLOCK_ACCESS)
				hash_words(&turns[s], acc, b.nr);
			else if (b.kind == EG_BLOCK_OP)
				hash_op(&turns[s], &b.op);
			going |= b.kind != EG_BLOCK_END;
		}
	}
	for (uint32_t s = 0; s < f.streams; s++) {
		uint8_t x[32], y[32];

		eg_sha256_final(&alone[s], x);
		eg_sha256_final(&turns[s], y);
		same &= memcmp(x, y, sizeof(x)) == 0;
	}
	ok(same, "%s: %u streams asked in turns give the same ops", ops->name, (unsigned)f.streams);
	for (unsigned k = 0; k < 2; k++)
		run_free(&r[k]);
}

/* A generator's keys stand in one YAML map with those of the replay and with two words of its own. */
static void test_keys(const struct gen_ops *ops)
{
	bool own = true;

	for (const struct eg_param *p = ops->params; p->name; p++)
		if (eg_param_find(spec_replay_params, p->name) >= 0 || strcmp(p->name, "generator") == 0 ||
		    strcmp(p->name, "label") == 0 || strchr(p->name, '-')) {
			printf("# %s\n", p->name);
			own = false;
		}
	ok(own, "%s: no key that means something else in a workload item", ops->name);
}

/* Every bound of the table is enforced, every default and every bound parses, every row has a help. */
static void test_params(const struct gen_ops *ops)
{
	char why[200], over[40];
	struct eg_value v;
	bool defaults = true, bounds = true, refused = true, help = true;

	for (const struct eg_param *p = ops->params; p->name; p++) {
		help &= p->help && p->help[0];
		defaults &= !p->def || eg_param_parse(p, p->def, &v, why, sizeof(why)) == EG_OK;
		bounds &= !p->min || eg_param_parse(p, p->min, &v, why, sizeof(why)) == EG_OK;
		bounds &= !p->max || eg_param_parse(p, p->max, &v, why, sizeof(why)) == EG_OK;
		if (p->max && (p->type == EG_PARAM_COUNT || p->type == EG_PARAM_SIZE || p->type == EG_PARAM_REAL ||
			       p->type == EG_PARAM_TIME)) {
			(void)snprintf(over, sizeof(over), "9%s", p->max);
			refused &= eg_param_parse(p, over, &v, why, sizeof(why)) == EG_BAD_INPUT;
		}
		if (p->type == EG_PARAM_COUNT || p->type == EG_PARAM_SIZE || p->type == EG_PARAM_REAL ||
		    p->type == EG_PARAM_TIME)
			help &= p->min && p->max;       /* no number without a range */
	}
	ok(defaults, "%s: defaults parse", ops->name);
	ok(bounds, "%s: bounds parse", ops->name);
	ok(refused, "%s: values past the bounds are refused", ops->name);
	ok(help, "%s: every row has help and a range", ops->name);
}

/* Fail each request of init in turn: a status, never a crash; the last try has nothing to fail. */
static void test_no_memory(const struct gen_ops *ops)
{
	bool good = true;
	uint64_t nth = 1;

	for (; nth < 100; nth++) {
		struct run r;
		eg_status s;
		struct gen_env env = { .seed = 1, .memory_bytes = UINT64_C(1) << 30, .arena = &r.arena };

		if (!run_args(&r, ops, -1))
			break;
		r.state = eg_calloc(1, ops->state_size(&r.args));
		(void)eg_mem_fail_nth(nth);
		s = r.state ? ops->init(r.state, &r.args, &env, NULL) : EG_NO_MEMORY;
		if (eg_mem_fail_nth(0) < nth) {
			good &= s == EG_OK;
			run_free(&r);
			break;
		}
		good &= s == EG_NO_MEMORY;
		run_free(&r);
	}
	ok(good && nth < 100, "%s: survives each of %" PRIu64 " failed requests for memory", ops->name, nth - 1);
}

static void test_share(const struct gen_ops *ops)
{
	char name[64];

	for (const struct eg_param *p = ops->params; p->name; p++) {
		static struct eg_errors err;
		struct run r;
		eg_status s;

		(void)snprintf(name, sizeof(name), "%s_share", p->name);
		if (eg_param_find(ops->params, name) < 0)
			continue;
		err.nr = 0;
		s = run_args(&r, ops, -1) && set(&r, name, "0.5") ? run_init(&r, 1, 0, &err) : EG_OK;
		ok(s == EG_BAD_INPUT && err.nr == 1 && strstr(err.text[0], name), "%s: %s beside %s is refused",
		   ops->name, name, p->name);
		run_free(&r);
	}
}

/* The row of docs/generators.md for one parameter. */
static void doc_row(const struct eg_param *p, char *row, size_t size)
{
	char range[200];

	if (p->type == EG_PARAM_CHOICE) {
		size_t n = 0;

		for (const char *c = p->choices; *c && n + 3 < sizeof(range); c++) {
			if (*c == '|')
				range[n++] = ',', range[n++] = ' ';
			else
				range[n++] = *c;
		}
		range[n] = '\0';
	} else if (p->min) {
		(void)snprintf(range, sizeof(range), "%s to %s", p->min, p->max);
	} else {
		(void)snprintf(range, sizeof(range), "true, false");
	}
	(void)snprintf(row, size, "| `%s` | %s | %s | %s |\n", p->name, p->def, range, p->help);
}

static int print_table(void)
{
	char row[600];

	for (unsigned g = 0; gen_registry[g]; g++) {
		printf("\n## %s\n\n| parameter | default | range | meaning |\n|---|---|---|---|\n", gen_registry[g]->name);
		for (const struct eg_param *p = gen_registry[g]->params; p->name; p++) {
			doc_row(p, row, sizeof(row));
			printf("%s", row);
		}
	}
	return 0;
}

/* The page of a generator in docs/generators.md shows the table that the code has. */
static void test_docs(void)
{
	static char text[1u << 16];
	const char *srcdir = getenv("SRCDIR");
	char name[600];
	FILE *f;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s/docs/generators.md", srcdir ? srcdir : ".");
	f = fopen(name, "rb");
	if (!ok(f != NULL, "docs/generators.md can be read"))
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	for (unsigned g = 0; gen_registry[g]; g++) {
		const struct gen_ops *ops = gen_registry[g];
		const char *page, *next;
		bool same;

		(void)snprintf(name, sizeof(name), "\n## %s\n", ops->name);
		page = strstr(text, name);
		next = page ? strstr(page + 1, "\n## ") : NULL;
		same = page != NULL;
		for (const struct eg_param *p = ops->params; same && p->name; p++) {
			const char *row;

			doc_row(p, name, sizeof(name));
			row = strstr(page, name);
			same = row && (!next || row < next);
			if (!same)
				printf("# missing: %s", name);
		}
		ok(same, "%s: its page shows its parameters", ops->name);
	}
}

static int print_golden(void)
{
	for (unsigned g = 0; gen_registry[g]; g++) {
		struct facts f;

		if (!facts_of(gen_registry[g], -1, 1, 0, 512, &f))
			return 1;
		printf("\t{ \"%s\",\n\t  \"%s\",\n\t  {", gen_registry[g]->name, f.hash);
#define X(figure) printf(" ." #figure " = %" PRIu64 ",", f.sum.figure);
		FIGURES(X)
#undef X
		printf(" } },\n");
	}
	return 0;
}

/* Nanoseconds of CPU time per access (per op, where a generator makes few accesses), after its init. */
static int print_rates(void)
{
	static uint64_t acc[4096];
	struct gen_buffer buf = { acc, EG_ARRAY_LEN(acc) };

	for (unsigned g = 0; gen_registry[g]; g++) {
		struct run r = { .ops = gen_registry[g] };
		uint64_t accesses = 0, ops = 0, sum = 0;
		clock_t start = clock(), ready, end;
		struct eg_block b = { .kind = EG_BLOCK_OP };

		if (eg_args_init(&r.args, r.ops->params, &r.arena) != EG_OK || run_init(&r, 1, 0, NULL) != EG_OK)
			return 1;
		ready = clock();
		for (uint32_t s = 0; s < 64 && accesses < 20000000; s++)
			do {
				r.ops->next(r.state, s, &buf, &b);
				accesses += b.kind == EG_BLOCK_ACCESS ? b.nr : 0;
				ops += b.kind == EG_BLOCK_OP;
				sum += b.kind == EG_BLOCK_ACCESS ? acc[b.nr / 2] : 0;
			} while (b.kind != EG_BLOCK_END && accesses < 20000000);
		end = clock();
		printf("%-14s %9" PRIu64 " accesses %6" PRIu64 " ops  %6.2f ns an item  init %5.1f ms  (%" PRIx64 ")\n",
		       r.ops->name, accesses, ops,
		       (double)(end - ready) / CLOCKS_PER_SEC * 1e9 / (double)(accesses + ops),
		       (double)(ready - start) / CLOCKS_PER_SEC * 1e3, sum & 0xff);
		run_free(&r);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--rate") == 0)
		return print_rates();
	if (argc > 1 && strcmp(argv[1], "--table") == 0)
		return print_table();
	if (argc > 1 && strcmp(argv[1], "--print") == 0)
		return print_golden();
	for (unsigned g = 0; gen_registry[g]; g++) {
		const struct gen_ops *ops = gen_registry[g];

		ok(gen_find(ops->name) == ops, "%s: found by its name, which is its own", ops->name);
		ok(ops->summary && ops->summary[0] && ops->capabilities, "%s: described", ops->name);
		test_params(ops);
		test_keys(ops);
		test_share(ops);
		test_no_memory(ops);
		test_stream(ops, -1);
		test_seed(ops);
		test_interleaved(ops, -1);
		for (size_t v = 0; v < EG_ARRAY_LEN(variants); v++)
			if (strcmp(variants[v].gen, ops->name) == 0) {
				test_stream(ops, (int)v);
				test_interleaved(ops, (int)v);
			}
	}
	test_docs();
	ok(gen_find("no-such-generator") == NULL, "an unknown name is not found");
	return tap_done();
}
