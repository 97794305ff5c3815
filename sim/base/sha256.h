/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sha256 - FIPS 180-4; the identity of traces and configurations. */
#ifndef SIM_BASE_SHA256_H
#define SIM_BASE_SHA256_H

#include "sim/base/types.h"

struct eg_sha256 {
	uint32_t h[8];
	uint64_t bytes;               /* hashed so far */
	uint8_t  block[64];           /* the unfinished block */
	bool     instructions;        /* the processor's own; clear it after init to force the portable path */
};

void eg_sha256_init(struct eg_sha256 *s);
void eg_sha256_update(struct eg_sha256 *s, const void *data, size_t n);
void eg_sha256_final(struct eg_sha256 *s, uint8_t digest[32]);
/* 64 lower-case hexadecimal digits and a NUL. */
void eg_sha256_hex(const uint8_t digest[32], char hex[65]);
/* The digits of `n` bytes that lie together. */
void eg_sha256_of(const void *data, size_t n, char hex[65]);

#endif
