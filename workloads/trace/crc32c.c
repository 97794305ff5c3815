/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crc32c - by the processor's instruction where there is one, else by a table; the same result.
 *
 * The table path works on four bits at a time: 64 bytes of table, no start-up code, and fast enough for
 * hosts without the instruction (every x86 since 2008 has it).
 */
#include "workloads/trace/crc32c.h"

#include <string.h>

/* T[n] = CRC of the nibble n: n shifted right four times by the reflected polynomial 0x82f63b78 */
static const uint32_t T[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t egt_crc32c_portable(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;

	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		crc = T[crc & 15] ^ crc >> 4;
		crc = T[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("sse4.2")))
static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = ~crc;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		c = __builtin_ia32_crc32di(c, v);
	}
	for (; n; p++, n--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p);
	return ~(uint32_t)c;
}

uint32_t egt_crc32c(uint32_t crc, const void *data, size_t n)
{
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, n);
	return egt_crc32c_portable(crc, data, n);
}
#else
uint32_t egt_crc32c(uint32_t crc, const void *data, size_t n)
{
	return egt_crc32c_portable(crc, data, n);
}
#endif
