/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view - snapshots of physical memory for metrics (phys_view.h), and the audit that walks all of it. */
#include "sim/phys/phys.h"
#include "sim/phys/phys_view.h"

unsigned phys_view_zones(const struct phys *p)
{
	return p->nr_zones;
}

void phys_view_zone(const struct phys *p, unsigned i, struct phys_zone_view *v)
{
	const struct phys_zone *z;

	EG_CHECK(i < p->nr_zones);
	z = &p->zone[i];
	*v = (struct phys_zone_view){
		.name = phys_zone_name(z->type), .node = z->node, .type = z->type, .start = z->start,
		.spanned = z->spanned, .present = z->present, .managed = z->managed,
		.min = z->mark[WMARK_MIN], .low = z->mark[WMARK_LOW], .high = z->mark[WMARK_HIGH],
		.free_pages = z->free_pages,
		.fallback = z->stats.fallback, .fallback_small = z->stats.fallback_small,
	};
	for (unsigned type = 0; type < NR_ZONE_TYPES; type++)
		v->protect[type] = z->protect[type];
	memcpy(v->alloc, z->stats.alloc, sizeof(v->alloc));
	memcpy(v->freed, z->stats.free, sizeof(v->freed));
	z->ops->free_state(z->state, &v->free);
	if (z->ops->counters)
		z->ops->counters(z->state, &v->counters);
}

void phys_view_totals(const struct phys *p, struct phys_view_totals *t)
{
	*t = (struct phys_view_totals){ .nr_nodes = p->nr_nodes, .managed = p->managed,
					.free_pages = phys_free_pages(p),
					.min_free_kbytes = p->min_free_kbytes,
					.kswapd_wakes = p->kswapd_wakes,
					.metadata_bytes = p->nr_frames >> EG_HUGE_ORDER };
	for (unsigned i = 0; i < p->nr_zones; i++) {
		t->present += p->zone[i].present;
		t->metadata_bytes += p->zone[i].state_bytes;
	}
	memcpy(t->fail, p->fail, sizeof(t->fail));
	memcpy(t->wait, p->wait, sizeof(t->wait));
}

uint64_t phys_view_huge_frames(const struct phys *p)
{
	return p->nr_frames >> EG_HUGE_ORDER;
}

/* Free frames of [pfn, end), which lie in one huge frame. Whole blocks are taken in one step. */
static uint16_t free_between(const struct phys *p, uint32_t pfn, uint32_t end)
{
	uint32_t nr = 0;

	while (pfn < end) {
		const struct frame *f = &p->frames[pfn];
		uint32_t pages = 1u << f->order;                /* 1 for what is not a head */

		if (pages > end - pfn)
			pages = end - pfn;
		if (frame_is_free(f))
			nr += pages;
		pfn += pages;
	}
	return (uint16_t)nr;
}

void phys_view_huge_free(const struct phys *p, uint16_t *free, uint16_t *exists)
{
	uint64_t nr = phys_view_huge_frames(p);

	memset(free, 0, nr * sizeof(*free));
	if (exists)
		memset(exists, 0, nr * sizeof(*exists));
	for (unsigned i = 0; i < p->nr_zones; i++) {
		uint32_t start = p->zone[i].start.v, end = p->zone[i].end.v;

		for (uint32_t pfn = start; pfn < end; ) {
			uint32_t next = (pfn | (EG_HUGE_PAGES - 1)) + 1;

			next = next < end ? next : end;
			free[pfn >> EG_HUGE_ORDER] = free_between(p, pfn, next);
			if (exists)
				exists[pfn >> EG_HUGE_ORDER] = (uint16_t)(next - pfn);
			pfn = next;
		}
	}
}

/* ---- audit -------------------------------------------------------------------------------------------- */

static void validate_zone(const struct phys *p, const struct phys_zone *z)
{
	uint64_t nr_free = 0, nr_used = 0, nr_reserved = 0;
	static const struct frame nothing;
	struct palloc_free state;

	z->ops->validate(z->state);
	z->ops->free_state(z->state, &state);
	EG_CHECK(state.pages == z->free_pages);
	for (uint32_t pfn = z->start.v; pfn < z->end.v; ) {
		const struct frame *f = &p->frames[pfn];
		uint32_t pages = 1;

		EG_CHECK(z->ops->frame_is_free(z->state, (eg_pfn){ pfn }) == frame_is_free(f));
		EG_CHECK(f->kind < NR_FRAME_KINDS && f->order <= EG_MAX_ORDER);
		if (frame_is_free(f)) {
			EG_CHECK(f->kind == FRAME_FREE_HEAD || memcmp(f, &nothing, sizeof(nothing)) == 0);
			nr_free++;
		} else if (f->kind == FRAME_RESERVED) {
			nr_reserved++;
		} else {
			pages = 1u << f->order;
			EG_CHECK(!frame_is_tail(f) && !(pfn & (pages - 1)) && pfn + pages <= z->end.v);
			EG_CHECK(f->migratetype < NR_MIGRATETYPES);
			for (uint32_t i = 1; i < pages; i++)
				EG_CHECK(frame_is_tail(&f[i]) && f[i].kind == f->kind && f[i].order == 0 &&
					 !z->ops->frame_is_free(z->state, (eg_pfn){ pfn + i }));
			nr_used += pages;
		}
		pfn += pages;
	}
	EG_CHECK(nr_free == z->free_pages);
	EG_CHECK(nr_free + nr_used == z->managed);
	EG_CHECK(nr_reserved == z->end.v - z->start.v - z->managed);
	EG_CHECK(z->managed <= z->present && z->present <= z->spanned);
	EG_CHECK(z->mark[WMARK_MIN] <= z->mark[WMARK_LOW] && z->mark[WMARK_LOW] <= z->mark[WMARK_HIGH]);
}

void phys_validate(const struct phys *p)
{
	uint64_t managed = 0;

	for (unsigned i = 0; i < p->nr_zones; i++) {
		EG_CHECK(i == 0 || p->zone[i - 1].end.v <= p->zone[i].start.v);
		validate_zone(p, &p->zone[i]);
		managed += p->zone[i].managed;
	}
	EG_CHECK(managed == p->managed);
}
