/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * palloc_rig - one page-allocator policy on a small zone of its own, as the mechanism would hold it.
 *
 * The rig marks the records of granted blocks and zeroes them before a free, keeps a canary behind the
 * policy's state, and knows the variants of a policy: its defaults, then every other value of each BOOL
 * and CHOICE parameter and of each COUNT both bounds, the middle and one below the upper, one at a time.
 */
#ifndef TESTS_CONFORMANCE_PALLOC_RIG_H
#define TESTS_CONFORMANCE_PALLOC_RIG_H

#include <stdio.h>

#include "sim/base/check.h"
#include "sim/base/rng.h"
#include "sim/phys/frame.h"
#include "sim/phys/palloc/palloc.h"

enum { RIG_CANARY = 256, RIG_FILL = 0xa5 };

struct rig {
	const struct palloc_ops *ops;
	struct eg_arena          arena;
	struct eg_args           args;
	struct palloc_span       span;
	size_t                   nr_frames;      /* records, over the end of the span          */
	size_t                   state_size;
	uint8_t                 *state;          /* followed by the canary                     */
	unsigned                 max_order;      /* largest order the fresh zone has           */
	struct palloc_free       fresh;          /* its free memory                            */
};

struct rig_variant {
	char name[64], value[64];                /* "" = defaults */
};

/* Variant i of a policy; false past the last. */
static inline bool rig_variant(const struct palloc_ops *ops, unsigned i, struct rig_variant *v)
{
	*v = (struct rig_variant){ "", "" };
	if (i-- == 0)
		return true;
	for (const struct eg_param *p = ops->params; p->name; p++) {
		char words[128], *word, *save;

		words[0] = '\0';
		if (p->type == EG_PARAM_BOOL)
			snprintf(words, sizeof(words), "true|false");
		else if (p->type == EG_PARAM_CHOICE)
			snprintf(words, sizeof(words), "%s", p->choices);
		else if (p->type == EG_PARAM_COUNT && p->min && p->max)
			snprintf(words, sizeof(words), "%s|%llu|%llu|%s", p->min,
				 (strtoull(p->min, NULL, 10) + strtoull(p->max, NULL, 10)) / 2,
				 strtoull(p->max, NULL, 10) - 1, p->max);
		for (word = strtok_r(words, "|", &save); word; word = strtok_r(NULL, "|", &save)) {
			if (p->def && strcmp(word, p->def) == 0)
				continue;
			if (i-- == 0) {
				snprintf(v->name, sizeof(v->name), "%s", p->name);
				snprintf(v->value, sizeof(v->value), "%s", word);
				return true;
			}
		}
	}
	return false;
}

static inline void rig_open(struct rig *r, const struct palloc_ops *ops, const struct rig_variant *v,
			    uint32_t start, uint32_t end, bool give)
{
	char why[256];
	eg_status s;

	*r = (struct rig){ .ops = ops, .span = { .start = { start }, .end = { end } } };
	r->nr_frames = eg_align_up(end, 1u << EG_MAX_ORDER) + (1u << EG_MAX_ORDER);
	r->span.arena = &r->arena;
	r->span.frames = eg_arena_alloc(&r->arena, r->nr_frames, sizeof(struct frame));
	r->span.pageblock_type = eg_arena_alloc(&r->arena, r->nr_frames >> EG_HUGE_ORDER, 1);
	EG_CHECK(r->span.frames && r->span.pageblock_type);
	memset(r->span.pageblock_type, MT_MOVABLE, r->nr_frames >> EG_HUGE_ORDER);
	s = eg_args_init(&r->args, ops->params, &r->arena);
	EG_CHECK(s == EG_OK);
	if (v->name[0]) {
		s = eg_args_set(&r->args, v->name, v->value, &r->arena, why, sizeof(why));
		EG_CHECK(s == EG_OK);
	}
	r->state_size = ops->state_size(&r->span, &r->args);
	r->state = eg_arena_alloc(&r->arena, r->state_size + RIG_CANARY, 1);
	EG_CHECK(r->state);
	memset(r->state + r->state_size, RIG_FILL, RIG_CANARY);
	s = ops->init(r->state, &r->span, &r->args);
	EG_CHECK(s == EG_OK);
	if (give)
		ops->add_free(r->state, r->span.start, r->span.end);
	ops->free_state(r->state, &r->fresh);
	for (unsigned order = 0; order < EG_NR_ORDERS; order++)
		if (r->fresh.blocks[order])
			r->max_order = order;
}

static inline bool rig_canary_intact(const struct rig *r)
{
	for (unsigned i = 0; i < RIG_CANARY; i++)
		if (r->state[r->state_size + i] != RIG_FILL)
			return false;
	return true;
}

static inline void rig_close(struct rig *r)
{
	eg_arena_free_all(&r->arena);
}

static inline struct palloc_result rig_alloc(struct rig *r, unsigned order, unsigned type)
{
	struct palloc_req req = { .order = (uint8_t)order, .migratetype = (uint8_t)type };
	struct palloc_result got = r->ops->alloc_pages(r->state, &req);

	if (got.outcome == PALLOC_GRANTED)
		for (uint32_t i = 0; i < 1u << order; i++)
			r->span.frames[got.pfn.v + i] = (struct frame){
				.kind = FRAME_RAW, .order = i ? 0 : (uint8_t)order, .migratetype = (uint8_t)type,
				.flags = i ? FRAME_TAIL : 0,
			};
	return got;
}

static inline uint32_t rig_free(struct rig *r, eg_pfn pfn, unsigned order)
{
	memset(&r->span.frames[pfn.v], 0, sizeof(struct frame) << order);
	return r->ops->free_pages(r->state, pfn, order);
}

#endif
