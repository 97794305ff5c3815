/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distribution tables against closed forms and against the exact distribution, their content against fixed
 * hashes (a math library that rounds otherwise is to be noticed, not discovered), and the random streams
 * against the published vectors of SplitMix64.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/base/sha256.h"
#include "tests/tap.h"
#include "workloads/gen/dist.h"

static struct eg_arena arena;

static void near(double got, double want, double tolerance, const char *what)
{
	if (!ok(fabs(got - want) <= tolerance, "%s", what))
		printf("# got %.8g, wanted %.8g within %.2g\n", got, want, tolerance);
}

/* ---- random streams ------------------------------------------------------------------------------ */

static void test_splitmix(void)
{
	static const uint64_t want[] = {
		UINT64_C(0xbdd732262feb6e95), UINT64_C(0x28efe333b266f103), UINT64_C(0x47526757130f9f52),
		UINT64_C(0x581ce1ff0e4ae394),
	};
	uint64_t state = 42;

	for (unsigned i = 0; i < EG_ARRAY_LEN(want); i++)
		is_u64(eg_splitmix64(&state), want[i], "SplitMix64, seed 42");
}

static void test_streams(void)
{
	struct eg_rng a = eg_rng_stream(1, "zipf.item", 0), again = eg_rng_stream(1, "zipf.item", 0);
	struct eg_rng others[] = {
		eg_rng_stream(2, "zipf.item", 0), eg_rng_stream(1, "zipf.detail", 0), eg_rng_stream(1, "zipf.item", 1),
	};
	uint64_t first = eg_rng_next(&a);

	is_u64(eg_rng_next(&again), first, "a stream is its seed, name and instance");
	for (unsigned i = 0; i < EG_ARRAY_LEN(others); i++)
		ok(eg_rng_next(&others[i]) != first, "another seed, name or instance is another stream");
}

/* ---- alias --------------------------------------------------------------------------------------- */

/* The exact probability of each item, in units of 2^-32 / n: what the table draws, not what was asked. */
static uint64_t *table_mass(const struct gen_alias *a)
{
	uint64_t *mass = eg_calloc(a->n, sizeof(*mass));

	for (uint32_t i = 0; mass && i < a->n; i++) {
		mass[a->slot[i].item] += a->slot[i].threshold;
		mass[a->slot[i].alias] += (UINT64_C(1) << 32) - a->slot[i].threshold;
	}
	return mass;
}

static double head(const uint64_t *mass, uint32_t n, uint32_t ranks)
{
	double sum = 0;

	for (uint32_t i = 0; i < ranks; i++)
		sum += (double)mass[i];
	return sum / 4294967296.0 / n;
}

struct zipf_case {
	uint32_t n;
	double   theta, first, top1, top10, top20;      /* 0: not given */
};

static void test_zipf(const struct zipf_case *c)
{
	struct gen_alias a;
	uint64_t *mass;
	double harmonic = 0, worst = 0;

	ok(gen_alias_zipf(&a, c->n, c->theta, false, &arena, NULL) == EG_OK, "zipf n=%u theta=%g is built",
	   (unsigned)c->n, c->theta);
	mass = table_mass(&a);
	if (!ok(mass != NULL, "mass"))
		return;
	for (uint32_t k = c->n; k >= 1; k--)
		harmonic += pow(k, -c->theta);
	for (uint32_t k = 1; k <= c->n; k++) {
		double p = pow(k, -c->theta) / harmonic, d = fabs((double)mass[k - 1] / 4294967296.0 / c->n - p);

		worst = d > worst ? d : worst;
	}
	ok(worst < 1e-8, "every rank's probability is right (worst error %.2g)", worst);
	if (c->n == 1000)
		near(harmonic, 7.72895, 5e-6, "H(1000, 0.99)");
	near(head(mass, c->n, 1), c->first, 6e-6, "first rank");
	near(head(mass, c->n, c->n / 100), c->top1, 6e-4, "top 1 %");
	if (c->top10 > 0) {
		near(head(mass, c->n, c->n / 10), c->top10, 6e-4, "top 10 %");
		near(head(mass, c->n, c->n / 5), c->top20, 6e-4, "top 20 %");
	}
	eg_free(mass);
}

/* What is drawn follows the table: chi-square over 20 items, 10^6 draws. 99.9 % of samples are < 43.8. */
static void test_draws(void)
{
	struct eg_rng r = eg_rng_stream(1, "test.draws", 0);
	struct gen_alias a;
	uint64_t seen[20] = { 0 }, *mass;
	const double draws = 1e6;
	double chi = 0;

	ok(gen_alias_zipf(&a, 20, 1.2, false, &arena, NULL) == EG_OK, "zipf of 20 is built");
	mass = table_mass(&a);
	for (unsigned i = 0; i < 1000000; i++)
		seen[gen_alias_draw(&a, &r)]++;
	for (unsigned i = 0; mass && i < 20; i++) {
		double want = draws * (double)mass[i] / 4294967296.0 / 20;

		chi += ((double)seen[i] - want) * ((double)seen[i] - want) / want;
	}
	ok(mass && chi < 43.8, "draws follow the table (chi-square %.1f of 19 degrees)", chi);
	eg_free(mass);
}

static void test_alias_edges(void)
{
	static const double none[] = { 0, 0 }, one[] = { 5 }, gap[] = { 1, 0, 3 };
	struct eg_rng r = eg_rng_stream(1, "test.edges", 0);
	struct gen_alias a;
	uint64_t *mass;
	unsigned bad = 0;

	ok(gen_alias_build(&a, none, 2, &arena, NULL) == EG_BAD_INPUT, "no weight at all is refused");
	ok(gen_alias_build(&a, one, 1, &arena, NULL) == EG_OK && gen_alias_draw(&a, &r) == 0, "one item");
	ok(gen_alias_build(&a, gap, 3, &arena, NULL) == EG_OK, "an item of weight 0");
	for (unsigned i = 0; i < 100000; i++)
		bad += gen_alias_draw(&a, &r) == 1;
	is_u64(bad, 0, "is never drawn");
	mass = table_mass(&a);
	near(mass ? (double)mass[2] / 3 / 4294967296.0 : 0, 0.75, 1e-9, "3 of 4");
	eg_free(mass);
}

/* Scrambling moves items, never probabilities, and not by the seed. */
static void test_scramble(void)
{
	struct gen_alias plain, spread;
	uint64_t *p, *s, together = 0;
	struct gen_perm perm = gen_perm_init(5000, UINT64_C(0x7a697066));
	bool same = true;

	ok(gen_alias_zipf(&plain, 5000, 0.8, false, &arena, NULL) == EG_OK &&
	   gen_alias_zipf(&spread, 5000, 0.8, true, &arena, NULL) == EG_OK, "both are built");
	p = table_mass(&plain);
	s = table_mass(&spread);
	for (uint32_t i = 0; p && s && i < 5000; i++)
		same &= s[gen_perm_at(&perm, i)] == p[i];
	ok(same && p && s, "item of a rank is the permutation's, with the same probability");
	for (uint32_t i = 0; i < 50; i++)
		together += gen_perm_at(&perm, i) < 500;
	ok(together <= 15, "the 50 hottest items are not together (%u in the first tenth)", (unsigned)together);
	eg_free(p);
	eg_free(s);
}

/* ---- quantiles ----------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define DRAWS 200001u

static void sample(const struct gen_quantile *q, uint64_t *v, double *mean)
{
	struct eg_rng r = eg_rng_stream(3, "test.quantile", 0);
	double sum = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		v[i] = gen_quantile_draw(q, &r);
		sum += (double)v[i];
	}
	*mean = sum / DRAWS;
	qsort(v, DRAWS, sizeof(*v), by_value);
}

/* The table's own mean: cells are equally likely and straight. */
static double table_mean(const struct gen_quantile *q)
{
	double sum = 0;

	for (unsigned i = 0; i + 1 < GEN_QUANTILE_KNOTS; i++)
		sum += ((double)q->knot[i] + (double)q->knot[i + 1]) / 2;
	return sum / (GEN_QUANTILE_KNOTS - 1);
}

static void test_quantiles(void)
{
	static uint64_t v[DRAWS];
	struct gen_quantile q;
	double mean;
	bool rising = true;

	ok(gen_quantile_exponential(&q, 5e10, 1, UINT64_C(1) << 62, &arena, NULL) == EG_OK, "exponential is built");
	for (unsigned i = 0; i + 1 < GEN_QUANTILE_KNOTS; i++)
		rising &= q.knot[i] <= q.knot[i + 1];
	ok(rising && q.knot[0] >= 1, "knots never fall");
	printf("# mean of the table / mean: %.6f\n", table_mean(&q) / 5e10);
	near(table_mean(&q) / 5e10, 1, 1e-3, "mean of the table");
	sample(&q, v, &mean);
	near(mean / 5e10, 1, 8e-3, "mean of 200,001 draws");
	near((double)v[DRAWS / 2] / 5e10, log(2), 8e-3, "median");
	near((double)v[DRAWS / 100 * 99] / 5e10, log(100), 0.1, "99th percentile");

	ok(gen_quantile_lognormal(&q, 65536, 1.0, 4096, 4194304, &arena, NULL) == EG_OK, "lognormal is built");
	sample(&q, v, &mean);
	near((double)v[DRAWS / 2] / 65536, 1, 0.015, "median");
	near((double)v[DRAWS / 10000 * 8413] / 65536, exp(1), 0.05, "one sigma above");
	ok(v[0] >= 4096 && v[DRAWS - 1] <= 4194304, "inside its bounds");
	ok(v[0] == 4096, "what lies below is gathered at the bound");

	ok(gen_quantile_lognormal(&q, 12345, 0, 1, 1000000, &arena, NULL) == EG_OK, "sigma 0 is built");
	sample(&q, v, &mean);
	ok(v[0] == 12345 && v[DRAWS - 1] == 12345, "and is a constant");
	ok(gen_quantile_exponential(&q, 100, 7, 7, &arena, NULL) == EG_OK && q.knot[0] == 7 &&
	   q.knot[GEN_QUANTILE_KNOTS - 1] == 7, "equal bounds are a constant");
}

/* ---- permutation --------------------------------------------------------------------------------- */

static void test_perm(void)
{
	static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 17, 64, 65, 1000, 4097, 65536 };
	static uint8_t hit[65536];

	for (unsigned k = 0; k < EG_ARRAY_LEN(sizes); k++) {
		struct gen_perm p = gen_perm_init(sizes[k], 99), other = gen_perm_init(sizes[k], 100);
		uint64_t twice = 0, outside = 0, same = 0;

		memset(hit, 0, sizeof(hit));
		for (uint64_t i = 0; i < sizes[k]; i++) {
			uint64_t to = gen_perm_at(&p, i);

			outside += to >= sizes[k];
			if (to < sizes[k])
				twice += hit[to]++ != 0;
			same += to == gen_perm_at(&other, i);
		}
		ok(outside == 0 && twice == 0, "a permutation of %u", (unsigned)sizes[k]);
		if (sizes[k] >= 64)
			ok(same < sizes[k] / 8, "another key is another one");
	}
	ok(gen_perm_at(&(struct gen_perm){ UINT64_C(1) << 62, 5, 31 }, (UINT64_C(1) << 62) - 1) < UINT64_C(1) << 62,
	   "the largest domain");
}

static void test_shares(void)
{
	is_u64(gen_chance32(0), 0, "share 0");
	is_u64(gen_chance32(1), UINT64_C(1) << 32, "share 1 is always");
	is_u64(gen_chance32(0.1), 429496730, "share 0.1");
	is_u64(gen_share_of(1000, gen_chance32(0.01)), 10, "1 % of 1000");
	is_u64(gen_share_of(UINT64_C(1) << 40, gen_chance32(1)), UINT64_C(1) << 40, "all of a large number");
}

/* ---- content ------------------------------------------------------------------------------------- */

static void hash_u64(struct eg_sha256 *h, uint64_t w)
{
	uint8_t bytes[8];

	for (unsigned b = 0; b < 8; b++)
		bytes[b] = (uint8_t)(w >> (8 * b));
	eg_sha256_update(h, bytes, sizeof(bytes));
}

static void is_hash(struct eg_sha256 *h, const char *want, const char *what)
{
	uint8_t digest[32];
	char hex[65];

	eg_sha256_final(h, digest);
	eg_sha256_hex(digest, hex);
	is_str(hex, want, what);
}

static void hash_alias(uint32_t n, double theta, bool scramble, const char *want, const char *what)
{
	struct gen_alias a;
	struct eg_sha256 h;

	eg_sha256_init(&h);
	ok(gen_alias_zipf(&a, n, theta, scramble, &arena, NULL) == EG_OK, "%s: built", what);
	for (uint32_t i = 0; i < a.n; i++) {
		hash_u64(&h, a.slot[i].threshold);
		hash_u64(&h, a.slot[i].item);
		hash_u64(&h, a.slot[i].alias);
	}
	is_hash(&h, want, what);
}

static void hash_quantile(const struct gen_quantile *q, const char *want, const char *what)
{
	struct eg_sha256 h;

	eg_sha256_init(&h);
	for (unsigned i = 0; i < GEN_QUANTILE_KNOTS; i++)
		hash_u64(&h, q->knot[i]);
	is_hash(&h, want, what);
}

static void test_content(void)
{
	struct gen_quantile q;

	hash_alias(16384, 0.99, true,
		"5eb2f5fe83c4414a07798a68f0d902ad57bbea4b9004cc86395115342d725e3b",
		"zipf 16384 0.99 scrambled, as on every host");
	hash_alias(100000, 0.8, false,
		"dfc43fe23c75a01523ae2c0a72f05eb2e166ef3e15e5541a600fa43445ed1aa1",
		"zipf 100000 0.8, as on every host");
	ok(gen_quantile_exponential(&q, 5e10, 1, UINT64_C(1) << 62, &arena, NULL) == EG_OK, "built");
	hash_quantile(&q,
		"8da77edc33ff85514f8e5bf3d490285c1c97f5008a4a8961acc3fb452dc428c2",
		"exponential 50 ms, as on every host");
	ok(gen_quantile_lognormal(&q, 65536, 1.0, 4096, 4194304, &arena, NULL) == EG_OK, "built");
	hash_quantile(&q,
		"57757ccdacb487ba58a3298f4d7724fb73eeb8b612e1ec39bb058d303dd3b5b0",
		"lognormal 64 KiB, as on every host");
}

int main(void)
{
	static const struct zipf_case cases[] = {
		{ 1000, 0.99, 0.12938, 0.382, 0.685, 0.779 },
		{ 1000000, 0.8, 0.01337, 0.362, 0, 0 },
		{ 1000000, 0.99, 0.06497, 0.664, 0, 0 },
		{ 1000000, 1.2, 0.18953, 0.910, 0, 0 },
	};

	test_splitmix();
	test_streams();
	for (unsigned i = 0; i < EG_ARRAY_LEN(cases); i++)
		test_zipf(&cases[i]);
	test_draws();
	test_alias_edges();
	test_scramble();
	test_quantiles();
	test_perm();
	test_shares();
	test_content();
	eg_arena_free_all(&arena);
	return tap_done();
}
