/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crc32c - the Castagnoli CRC (RFC 3720, appendix B.4): reflected 0x82f63b78, initial and final ~0. */
#ifndef WORKLOADS_TRACE_CRC32C_H
#define WORKLOADS_TRACE_CRC32C_H

#include "sim/base/types.h"

/* CRC of data[0..n); pass 0 to start, or the result so far to go on. */
uint32_t egt_crc32c(uint32_t crc, const void *data, size_t n);

/* The table path alone, whatever the processor offers: for the test that compares the two. */
uint32_t egt_crc32c_portable(uint32_t crc, const void *data, size_t n);

#endif
