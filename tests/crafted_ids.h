/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crafted_ids - ids that share a cell in every table that hashes them with eg_id_hash() (sim/base/idhash.h). */
#ifndef TESTS_CRAFTED_IDS_H
#define TESTS_CRAFTED_IDS_H

#include "sim/base/idhash.h"

static inline uint64_t crafted_unshift(uint64_t z, unsigned by)
{
	uint64_t x = z;

	for (unsigned i = by; i < 64; i += by)
		x = z ^ x >> by;
	return x;
}

static inline uint64_t crafted_inverse(uint64_t odd)
{
	uint64_t x = odd;               /* right in 3 bits; Newton doubles them */

	for (unsigned i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

/* The id whose hash under `key` is `hash`. */
static inline uint64_t crafted_id(uint64_t hash, uint64_t key)
{
	uint64_t z = crafted_unshift(hash, 31) * crafted_inverse(UINT64_C(0x94d049bb133111eb));

	z = crafted_unshift(z, 27) * crafted_inverse(UINT64_C(0xbf58476d1ce4e5b9));
	return (crafted_unshift(z, 30) - UINT64_C(0x9e3779b97f4a7c15)) ^ key * UINT64_C(0xd1342543de82ef95);
}

/* Number i of many: the first `first` meet under key 0, and then 200 each under keys 1, 2... */
static inline uint64_t crafted_nth(uint64_t i, uint64_t first)
{
	uint64_t key = i < first ? 0 : 1 + (i - first) / 200;

	return crafted_id((i + 1) << 32 | 5, key);
}

#endif
