/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idhash - the hash of ids that a stranger chose, for tables with open addressing.
 *
 * The ids of a trace are its author's, who knows our hash as well as we do: with a fixed one, a file of a few hundred
 * kilobytes can name ids that all share one cell. Secret keys would help and would make runs differ. So the keys are
 * public and in a fixed order, 0, 1, 2..., and each table bounds what a bad one costs: it keeps the reach, the most
 * cells by which an entry stands behind its home; a search goes no further; an entry put beyond EG_ID_REACH makes the
 * table be filled anew under the next key that keeps all within it. What collides under one key is scattered by the
 * others (the finaliser of SplitMix64: Steele, Lea, Flood 2014), so that each bad key has to be paid for by some
 * EG_ID_REACH ids of its own and costs one filling. A half full table of honest ids reaches about ln(n) / 0.19 cells:
 * 85 for ten million.
 *
 * Nothing may depend on the order of the cells: it is no order of ids, and changes with the key.
 */
#ifndef SIM_BASE_IDHASH_H
#define SIM_BASE_IDHASH_H

#include "sim/base/rng.h"

enum { EG_ID_REACH = 128 };

/* 64 mixed bits; tables take the lowest. */
static inline uint64_t eg_id_hash(uint64_t id, uint64_t key)
{
	uint64_t state = id ^ key * UINT64_C(0xd1342543de82ef95);

	return eg_splitmix64(&state);
}

/* Keys that a table of nr entries tries before it takes one as it is: more than that many ids can spoil. */
static inline uint64_t eg_id_tries(uint64_t nr)
{
	return nr / EG_ID_REACH + 16;
}

#endif
