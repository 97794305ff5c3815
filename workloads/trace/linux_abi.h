/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linux_abi - x86-64 Linux flag bits (uapi/linux/mman.h, sched.h) to ours: formats that print numbers. */
#ifndef WORKLOADS_TRACE_LINUX_ABI_H
#define WORKLOADS_TRACE_LINUX_ABI_H

#include "sim/base/op.h"

#define LINUX_MAP_SHARED    0x01u
#define LINUX_MAP_ANONYMOUS 0x20u

static inline uint64_t linux_prot(uint64_t prot)
{
	return prot & 7;                /* PROT_READ, WRITE, EXEC have the same bits */
}

static inline uint64_t linux_map_flags(uint64_t flags)
{
	static const struct { uint32_t theirs, ours; } bits[] = {
		{ LINUX_MAP_SHARED, EG_MAP_SHARED }, { LINUX_MAP_ANONYMOUS, EG_MAP_ANON }, { 0x10, EG_MAP_FIXED },
		{ 0x100000, EG_MAP_NOREPLACE | EG_MAP_FIXED }, { 0x8000, EG_MAP_POPULATE },
		{ 0x4000, EG_MAP_NORESERVE }, { 0x20000, EG_MAP_STACK }, { 0x0100, EG_MAP_GROWSDOWN },
		{ 0x2000, EG_MAP_LOCKED }, { 0x40000, EG_MAP_HUGETLB },
	};
	uint64_t ours = 0;

	for (unsigned i = 0; i < EG_ARRAY_LEN(bits); i++)
		if (flags & bits[i].theirs)
			ours |= bits[i].ours;
	return ours;
}

static inline uint64_t linux_clone_flags(uint64_t flags)
{
	return (flags & 0x100 ? EG_CLONE_VM : 0) | (flags & 0x10000 ? EG_CLONE_THREAD : 0) |
	       (flags & 0x4000 ? EG_CLONE_VFORK : 0);
}

#endif
