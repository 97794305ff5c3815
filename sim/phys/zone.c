/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone - the memory map of a machine, and the numbers that follow from it.
 *
 * The map is that of a PC as QEMU's machine type `pc` builds it, because the recordings of zones that we
 * compare with were made there:
 *
 *   [0, 1 MiB)        exists but for frame 0 and [0x9f000, 1 MiB) (EBDA, video, firmware); Linux 6.1 keeps
 *                     all of it for itself, so none of it is managed
 *   [1 MiB, low top)  RAM, less 44 frames of firmware tables at the very top; low top is the memory size
 *                     or, from 3.5 GiB on, 3 GiB
 *   [low top, 4 GiB)  devices
 *   [4 GiB, ...)      the rest of the RAM
 *
 * Zones are cut at 16 MiB and 4 GiB. The kernel's own record of each frame (`struct_page_bytes`) lies at
 * the top of the highest zone, where Linux's early allocator, which goes from the top down, puts it. That
 * range is present but lies outside the policy's span, and its frame records are never written: for 1 TiB
 * they would be 96 MiB of host memory, and most of the set-up time.
 *
 * Watermarks and lowmem reserves follow Linux 6.1 (mm/page_alloc.c, mm/khugepaged.c):
 *
 *   min_free_kbytes = isqrt(16 * lowmem_kB), 128..262144; khugepaged raises it to zones * 512 * 11 pages,
 *                     at most 5 % of the memory above the high watermarks
 *   min  = min_free_pages * managed / sum of managed
 *   step = max(min / 4, managed * watermark_scale_factor / 10000);  low = min + step, high = low + step
 *   protect[i][j] = sum of managed of zones i+1..j / ratio[i], ratio 256 256 32
 *
 * Left out: watermark boost and per-CPU drift; the memory that Linux frees after it has computed the
 * numbers (its boot values are a little smaller than a later recomputation); more than one node.
 */
#include "sim/phys/phys.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define PAGES(bytes) ((bytes) >> EG_PAGE_SHIFT)

enum { EBDA_PFN = 0x9f, FIRMWARE_TABLE_PAGES = 44 };

static const uint64_t zone_limit[NR_ZONE_TYPES] = { PAGES(16 * MIB), PAGES(4 * GIB), UINT32_MAX };
static const unsigned reserve_ratio[NR_ZONE_TYPES] = { 256, 256, 32 };

const struct frame_kind_info frame_kinds[NR_FRAME_KINDS] = {
#define X(name, text, movable) { text, movable },
	FRAME_KIND_MAP(X)
#undef X
};

const char *phys_zone_name(unsigned type)
{
	static const char *const names[NR_ZONE_TYPES] = { "DMA", "DMA32", "Normal" };

	EG_CHECK(type < NR_ZONE_TYPES);
	return names[type];
}

const char *phys_migratetype_name(unsigned type)
{
	static const char *const names[NR_MIGRATETYPES] = { "Unmovable", "Movable", "Reclaimable" };

	EG_CHECK(type < NR_MIGRATETYPES);
	return names[type];
}

static uint64_t isqrt(uint64_t x)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

/* ---- layout ----------------------------------------------------------------------------------------- */

static void add_zone(struct phys *p, unsigned type, uint64_t start, uint64_t end)
{
	struct phys_zone *z = &p->zone[p->nr_zones++];

	z->type = (uint8_t)type;
	z->index = (uint8_t)(z - p->zone);
	z->start = eg_pfn_of(start);
	z->end = eg_pfn_of(end);
	z->spanned = z->present = z->managed = end - start;
	if (type == ZONE_DMA) {
		z->present -= PAGES(MIB) - EBDA_PFN;
		z->managed -= PAGES(MIB) - 1;
	}
}

static void lay_out(struct phys *p, uint64_t pages)
{
	uint64_t low = pages >= PAGES(3 * GIB + 512 * MIB) ? PAGES(3 * GIB) : pages;
	uint64_t low_end = low - FIRMWARE_TABLE_PAGES, high_end = zone_limit[ZONE_DMA32] + (pages - low);

	add_zone(p, ZONE_DMA, 1, low_end < zone_limit[ZONE_DMA] ? low_end : zone_limit[ZONE_DMA]);
	if (low_end > zone_limit[ZONE_DMA])
		add_zone(p, ZONE_DMA32, zone_limit[ZONE_DMA], low_end);
	if (pages > low) {
		add_zone(p, ZONE_NORMAL, zone_limit[ZONE_DMA32], high_end);
		/* the span of a zone that is not the last reaches to its limit, over the hole */
		p->zone[p->nr_zones - 2].spanned = zone_limit[ZONE_DMA32] - zone_limit[ZONE_DMA];
	}
	for (unsigned highest = 0; highest < NR_ZONE_TYPES; highest++)
		for (unsigned i = p->nr_zones; i-- > 0; )
			if (p->zone[i].type <= highest)
				p->zonelist[0][highest][p->zonelist_nr[0][highest]++] = (uint8_t)i;
	for (unsigned highest = 0; highest < NR_ZONE_TYPES; highest++)
		p->first_zone[0][highest] = p->zonelist[0][highest][0];
	p->nr_nodes = 1;
	p->nr_frames = eg_align_up(p->zone[p->nr_zones - 1].end.v, 1u << EG_MAX_ORDER);
}

static void reserve(struct phys *p, uint64_t start, uint64_t end)
{
	for (uint64_t pfn = start; pfn < end; pfn++)
		p->frames[pfn].kind = FRAME_RESERVED;
}

/* ---- watermarks ------------------------------------------------------------------------------------- */

static void set_watermarks(struct phys *p, unsigned scale_factor)
{
	uint64_t pages_min = p->min_free_kbytes / 4;

	for (unsigned i = 0; i < p->nr_zones; i++) {
		struct phys_zone *z = &p->zone[i];
		uint64_t min = pages_min * z->managed / p->managed;
		uint64_t step = z->managed * scale_factor / 10000;

		step = step > min / 4 ? step : min / 4;
		z->mark[WMARK_MIN] = min;
		z->mark[WMARK_LOW] = min + step;
		z->mark[WMARK_HIGH] = min + 2 * step;
	}
}

static void set_reserves(struct phys *p)
{
	for (unsigned i = 0; i < p->nr_zones; i++) {
		struct phys_zone *z = &p->zone[i];
		uint64_t above = 0;

		for (unsigned type = z->type + 1u, j = i + 1; type < NR_ZONE_TYPES; type++) {
			if (j < p->nr_zones && p->zone[j].type == type)
				above += p->zone[j++].managed;
			z->protect[type] = above / reserve_ratio[z->type];
		}
	}
}

/* What khugepaged asks for, so that a pageblock of each type pair stays free in each zone. */
static uint64_t khugepaged_min_kbytes(const struct phys *p)
{
	uint64_t pages = (uint64_t)p->nr_zones * EG_HUGE_PAGES * (2 + NR_MIGRATETYPES * NR_MIGRATETYPES);
	uint64_t usable = 0;

	for (unsigned i = 0; i < p->nr_zones; i++)
		if (p->zone[i].managed > p->zone[i].mark[WMARK_HIGH])
			usable += p->zone[i].managed - p->zone[i].mark[WMARK_HIGH];
	if (pages > usable / 20)
		pages = usable / 20;
	return pages * 4;
}

void phys_set_limits(struct phys *p, const struct phys_config *config)
{
	unsigned factor = config->watermark_scale_factor ? config->watermark_scale_factor : 10;
	uint64_t kbytes = isqrt(16 * 4 * p->managed);

	kbytes = kbytes < 128 ? 128 : kbytes > 262144 ? 262144 : kbytes;
	p->min_free_kbytes = config->min_free_kbytes ? config->min_free_kbytes : kbytes;
	set_watermarks(p, factor);
	if (config->khugepaged && !config->min_free_kbytes && khugepaged_min_kbytes(p) > p->min_free_kbytes) {
		p->min_free_kbytes = khugepaged_min_kbytes(p);
		set_watermarks(p, factor);
	}
	set_reserves(p);
}

/* ---- construction ------------------------------------------------------------------------------------ */

static eg_status init_policy(struct phys *p, struct phys_zone *z, struct eg_arena *arena,
			     const struct phys_config *config)
{
	struct palloc_span span = { .start = z->start, .end = z->end, .frames = p->frames,
				    .pageblock_type = p->pageblock_type, .arena = arena };
	uint64_t first = z->type == ZONE_DMA ? PAGES(MIB) : z->start.v;

	z->ops = config->palloc;
	z->state_bytes = z->ops->state_size(&span, config->palloc_args);
	z->state = eg_arena_alloc(arena, 1, z->state_bytes);
	if (!z->state)
		return EG_NO_MEMORY;
	EG_TRY(z->ops->init(z->state, &span, config->palloc_args));
	z->ops->add_free(z->state, eg_pfn_of(first), eg_pfn_of(first + z->managed));
	z->free_pages = z->managed;
	return EG_OK;
}

static eg_status build(struct phys *p, struct eg_arena *arena, const struct phys_config *config,
		       struct eg_errors *errors)
{
	struct phys_zone *top = &p->zone[p->nr_zones - 1];
	uint64_t blocks = p->nr_frames >> EG_HUGE_ORDER;
	uint64_t own = (p->zone[0].present * config->struct_page_bytes + EG_PAGE_SIZE - 1) >> EG_PAGE_SHIFT;

	for (unsigned i = 1; i < p->nr_zones; i++)
		own += (p->zone[i].present * config->struct_page_bytes + EG_PAGE_SIZE - 1) >> EG_PAGE_SHIFT;
	if (own >= top->managed)
		return eg_fail(errors, EG_BAD_INPUT, "memory of %llu bytes: no room for %llu pages of struct page "
			       "in its highest zone", (unsigned long long)config->memory_bytes,
			       (unsigned long long)own);
	p->frames = eg_reserve(p->nr_frames * sizeof(*p->frames), true);
	p->pageblock_type = eg_arena_alloc(arena, blocks, 1);
	if (!p->frames || !p->pageblock_type)
		return EG_NO_MEMORY;
	memset(p->pageblock_type, MT_MOVABLE, blocks);
	reserve(p, 0, PAGES(MIB));
	p->own_end = top->end;
	p->own_start = top->end = eg_pfn_of(top->end.v - own);
	top->managed -= own;
	for (unsigned i = 0; i < p->nr_zones; i++) {
		p->managed += p->zone[i].managed;
		EG_TRY(init_policy(p, &p->zone[i], arena, config));
	}
	phys_set_limits(p, config);
	return EG_OK;
}

eg_status phys_init(struct phys *p, struct eg_arena *arena, const struct phys_config *config,
		    struct eg_errors *errors)
{
	uint64_t pages = PAGES(config->memory_bytes);
	eg_status s;

	*p = (struct phys){ 0 };
	if (config->memory_bytes & (EG_PAGE_SIZE - 1))
		return eg_fail(errors, EG_BAD_INPUT, "memory of %llu bytes is not a whole number of 4 KiB pages",
			       (unsigned long long)config->memory_bytes);
	if (config->memory_bytes < 4 * MIB || config->memory_bytes > 8 * KIB * GIB)
		return eg_fail(errors, EG_BAD_INPUT, "memory of %llu bytes: must be between 4 MiB and 8 TiB",
			       (unsigned long long)config->memory_bytes);
	if (config->nr_nodes > 1)
		return eg_fail(errors, EG_BAD_INPUT, "%u memory nodes: only machines with 1 node can be built",
			       config->nr_nodes);
	if (config->struct_page_bytes > 256)
		return eg_fail(errors, EG_BAD_INPUT, "struct page of %u bytes: must be at most 256",
			       config->struct_page_bytes);
	lay_out(p, pages);
	if (config->min_free_kbytes / 4 >= pages)
		s = eg_fail(errors, EG_BAD_INPUT, "min_free_kbytes %llu is not less than the memory",
			    (unsigned long long)config->min_free_kbytes);
	else
		s = build(p, arena, config, errors);
	if (s == EG_OK)
		return EG_OK;
	if (s == EG_NO_MEMORY)
		(void)eg_fail(errors, s, "no host memory for the frame table of a machine with %llu MiB",
			      (unsigned long long)(config->memory_bytes / MIB));
	phys_fini(p);
	return s;
}

void phys_fini(struct phys *p)
{
	eg_unreserve(p->frames, p->nr_frames * sizeof(*p->frames));
	*p = (struct phys){ 0 };
}
