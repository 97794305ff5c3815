/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng - named random streams.
 *
 * Each consumer of randomness owns one stream, seeded SplitMix64(master seed, stream id), where the id
 * is a hash of the stream's name and an instance number: adding a consumer shifts nobody else, and the
 * same master seed gives the same draws in every cell of a sweep (common random numbers). The generator
 * is xoshiro256** (Blackman and Vigna 2018). All choices are integers: identical on every host.
 */
#ifndef SIM_BASE_RNG_H
#define SIM_BASE_RNG_H

#include "sim/base/types.h"

struct eg_rng {
	uint64_t s[4];      /* never all zero */
};

/* One step of SplitMix64 (Steele, Lea, Flood 2014). Seed 42 gives bdd732262feb6e95 first. */
static inline uint64_t eg_splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The stream called `name`, instance `instance`, of the run with this master seed. */
static inline struct eg_rng eg_rng_stream(uint64_t seed, const char *name, uint64_t instance)
{
	uint64_t id = UINT64_C(0xcbf29ce484222325), state;      /* FNV-1a of the name */
	struct eg_rng r;

	for (; *name; name++)
		id = (id ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	state = seed;
	state = eg_splitmix64(&state) ^ id;
	state = eg_splitmix64(&state) ^ instance;
	for (int i = 0; i < 4; i++)
		r.s[i] = eg_splitmix64(&state);
	return r;
}

static inline uint64_t eg_rng_rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/* 64 uniform bits. */
static inline uint64_t eg_rng_next(struct eg_rng *r)
{
	uint64_t result = eg_rng_rotl(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = eg_rng_rotl(r->s[3], 45);
	return result;
}

/* Uniform in [0, n), n >= 1, without bias (Lemire 2019). */
static inline uint64_t eg_rng_below(struct eg_rng *r, uint64_t n)
{
	unsigned __int128 m = (unsigned __int128)eg_rng_next(r) * n;

	if ((uint64_t)m < n) {
		uint64_t reject = (0 - n) % n;

		while ((uint64_t)m < reject)
			m = (unsigned __int128)eg_rng_next(r) * n;
	}
	return (uint64_t)(m >> 64);
}

/* True with probability p / 2^32 (p from a table or a parameter, so that no floating point is drawn). */
static inline bool eg_rng_chance(struct eg_rng *r, uint64_t p32)
{
	return (eg_rng_next(r) >> 32) < p32;
}

#endif
