/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frag - golden vectors of the fragmentation metrics.
 *
 * G1 and G2 are from a published script's output, G3 to G5 were read off one running Linux 6.18 machine
 * (counts, unusable and fragmentation index back to back), the others are computed by hand.
 */
#include "sim/phys/frag.h"
#include "tests/tap.h"

struct vector {
	const char *name;
	uint64_t n[EG_NR_ORDERS];
	int32_t unusable[EG_NR_ORDERS], index[EG_NR_ORDERS], score;
};

#define ALL(x) { x, x, x, x, x, x, x, x, x, x, x }

static const struct vector vectors[] = {
	{ "G1", { 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 3 },
	  { 0, 0, 0, 1, 3, 7, 15, 31, 31, 96, 225 }, ALL(-1000), 9 },
	{ "G2", { 8071, 18670, 19833, 15246, 7438, 2287, 875, 261, 39, 0, 0 },
	  { 0, 14, 84, 231, 458, 679, 815, 919, 981, 1000, 1000 },
	  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, 986, 993 }, 100 },
	{ "G3", { 60415, 66193, 49063, 19266, 11501, 3530, 496, 86, 137, 110, 494 },
	  { 0, 40, 130, 262, 366, 491, 567, 589, 596, 620, 658 }, ALL(-1000), 62 },
	{ "G4", { 1, 1, 4, 2, 5, 4, 3, 3, 4, 2, 752 },
	  { 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3 }, ALL(-1000), 0 },
	{ "G5", { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3 },
	  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 66, 200 }, ALL(-1000), 6 },
	{ "G6", { 1 }, { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	  { -1000, -500, -250, -125, -62, -31, -15, -7, -3, -1, 0 }, 100 },
	{ "G7", { 3 }, { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	  { -1000, 167, 417, 542, 605, 636, 652, 659, 663, 665, 666 }, 100 },
	{ "G8", { 512 }, { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	  { -1000, 499, 749, 874, 936, 967, 983, 991, 995, 997, 998 }, 100 },
	{ "G9", { 1024, 1024 }, { 0, 333, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	  { -1000, -1000, 625, 813, 906, 953, 977, 988, 994, 997, 999 }, 100 },
	{ "G10", { 0, 0, 0, 0, 0, 0, 0, 0, 4 }, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 1000 },
	  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, 250, 500 }, 100 },
	{ "G11", { 512, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, { 0, 500, 500, 500, 500, 500, 500, 500, 500, 500, 1000 },
	  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, 997 }, 50 },
	{ "G12", { 0 }, ALL(1000), ALL(0), 0 },
};

static void check_vector(const struct vector *v)
{
	bool good = true;

	for (unsigned j = 0; j < EG_NR_ORDERS; j++) {
		int32_t u = frag_unusable_milli(v->n, j), i = frag_index_milli(v->n, j);

		if (u != v->unusable[j] || i != v->index[j]) {
			printf("# order %u: unusable %d, wanted %d; index %d, wanted %d\n", j, u, v->unusable[j],
			       i, v->index[j]);
			good = false;
		}
	}
	ok(good, "%s: unusable_milli and index_milli", v->name);
	ok(frag_score(v->n) == v->score, "%s: score", v->name);
}

struct moves { uint16_t free[4]; unsigned nr; uint64_t moves, with_rest; };

static const struct moves moves[] = {
	{ { 512, 0 }, 2, 0, 0 },
	{ { 256, 256 }, 2, 256, 256 },
	{ { 300, 200, 12 }, 3, 212, 212 },
	{ { 128, 128, 128, 128 }, 4, 384, 384 },
	{ { 384, 384, 384, 384 }, 4, 384, 384 },
	{ { 100, 200, 300, 400 }, 4, 112, 300 },
	{ { 510, 2, 0, 512 }, 4, 2, 2 },
};

int main(void)
{
	const uint64_t *g3 = vectors[2].n, *g4 = vectors[3].n, *g5 = vectors[4].n;
	const uint64_t node = 3998 + 782336 + 5505024;

	for (unsigned i = 0; i < EG_ARRAY_LEN(vectors); i++)
		check_vector(&vectors[i]);
	is_u64(frag_score_share(frag_score(g5), 3998, node) + frag_score_share(frag_score(g4), 782336, node) +
	       frag_score_share(frag_score(g3), 5505024, node), 54, "node score of G5 + G4 + G3");
	is_u64(frag_pages_in_blocks(g3), 562176, "free_pages_in_blocks of G3, as the kernel counted");
	ok(frag_largest_order(g3) == 10 && frag_largest_order(vectors[1].n) == 8 &&
	   frag_largest_order(vectors[11].n) == -1, "largest order");
	ok(frag_unusable(vectors[10].n, 5) == 0.5 && frag_unusable(vectors[11].n, 0) != 0 &&
	   frag_unusable(vectors[11].n, 0) != frag_unusable(vectors[11].n, 0), "exact unusable share, NAN if no memory");
	ok(frag_index(vectors[5].n, 1) == -0.5 && frag_index(g3, 10) == -1.0, "exact index");
	for (unsigned i = 0; i < EG_ARRAY_LEN(moves); i++) {
		uint64_t rest;
		uint64_t got = frag_compact_moves(moves[i].free, moves[i].nr, &rest);

		ok(got == moves[i].moves && rest == moves[i].with_rest, "compact_moves, vector %u", i + 1);
	}
	ok(frag_heat(0) == 0 && frag_heat(1) == 1 && frag_heat(63) == 1 && frag_heat(64) == 2 &&
	   frag_heat(448) == 8 && frag_heat(511) == 8 && frag_heat(512) == 9, "heat digits");
	return tap_done();
}
