/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * types - the typed identifiers that every room shares.
 *
 * A frame number cannot be passed where a page number is wanted: each is a one-field struct and is
 * converted only by a named function. Time is a plain 64-bit count of picoseconds, because nearly
 * every function adds times; sizes end in _bytes or _pages, durations in _ps.
 */
#ifndef SIM_BASE_TYPES_H
#define SIM_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EG_PAGE_SHIFT  12u                                /* the base page: 4 KiB */
#define EG_PAGE_SIZE   (UINT64_C(1) << EG_PAGE_SHIFT)
#define EG_HUGE_ORDER  9u                                 /* 2 MiB = 2^9 base pages, one pageblock */
#define EG_HUGE_PAGES  (1u << EG_HUGE_ORDER)
#define EG_MAX_ORDER   10u                                /* largest buddy order (4 MiB), as Linux */
#define EG_NR_ORDERS   (EG_MAX_ORDER + 1u)

typedef uint64_t eg_time;                                 /* picoseconds of simulated time */
#define EG_TIME_NONE   UINT64_MAX                         /* "no time recorded", "never" */
#define EG_PS_PER_NS   UINT64_C(1000)
#define EG_PS_PER_US   UINT64_C(1000000)
#define EG_PS_PER_MS   UINT64_C(1000000000)
#define EG_PS_PER_S    UINT64_C(1000000000000)

typedef struct { uint32_t v; } eg_pfn;                    /* frame number: physical address >> 12 */
typedef struct { uint64_t v; } eg_vpn;                    /* page number: virtual address >> 12 */

#define EG_PFN_NONE    ((eg_pfn){ UINT32_MAX })

static inline eg_pfn eg_pfn_of(uint64_t n)           { return (eg_pfn){ (uint32_t)n }; }
static inline eg_pfn eg_pfn_add(eg_pfn p, uint64_t n) { return (eg_pfn){ (uint32_t)(p.v + n) }; }
static inline bool   eg_pfn_is_none(eg_pfn p)        { return p.v == UINT32_MAX; }
static inline eg_vpn eg_vpn_of(uint64_t n)           { return (eg_vpn){ n }; }
static inline eg_vpn eg_vpn_of_addr(uint64_t addr)   { return (eg_vpn){ addr >> EG_PAGE_SHIFT }; }
static inline uint64_t eg_addr_of_vpn(eg_vpn v)      { return v.v << EG_PAGE_SHIFT; }

static inline uint64_t eg_align_up(uint64_t x, uint64_t pow2)   { return (x + pow2 - 1) & ~(pow2 - 1); }
static inline uint64_t eg_align_down(uint64_t x, uint64_t pow2) { return x & ~(pow2 - 1); }

#define EG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define EG_LIKELY(x)    __builtin_expect(!!(x), 1)
#define EG_UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define EG_NOINLINE     __attribute__((noinline))
#define EG_ALWAYS_INLINE inline __attribute__((always_inline))
#define EG_PRINTF(f, a) __attribute__((format(printf, f, a)))

#endif
