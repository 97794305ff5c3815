/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLB designs and walk caches against a naive model: plain arrays of (space, page, size) with time stamps,
 * searched from end to end.
 *
 * Random geometries (1 to 72 ways, one or two levels, unified or split, own or shared arrays for 2 MiB
 * pages), random accesses of all kinds and sizes, straddling ones among them, over 4 KiB and 2 MiB mappings
 * of several spaces; switches, flushes, pages that become read-only, clean, absent or change size. After each
 * step every counter of the MMU and its clock must equal the model's. A failing run is shrunk by halves and
 * printed with its seed.
 *
 * Usage: tlb_model [SEED]
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conformance/tlb_rig.h"

enum { REGIONS = 3, HUGE = 512, PAGES = REGIONS * HUGE, STEPS = 260, SEEDS = 40, BURST = 90, MAX_ENTRIES = 72 * 8 };
#define BASE ((UINT64_C(1) << 18) - HUGE)       /* crosses a border of 1 GiB */

struct line { bool valid, huge, write; unsigned space; uint64_t page, stamp; };

struct array { unsigned sets, ways; struct line line[MAX_ENTRIES]; };

struct model {
	struct array l1[2], l1_huge[2], l2, l2_huge, pwc[3];
	bool own_huge[2], own_huge2, unified;
	struct { unsigned space; uint64_t used; bool stale; } slot[8];
	unsigned nr_slots, current;
	uint64_t now, switches;
	struct mmu_counters n;
	eg_time clock;
	bool dirty[RIG_SPACES + 1][PAGES], dirty_huge[RIG_SPACES + 1][REGIONS];   /* the room's bits are ahead by a burst */
};

struct step { uint8_t code; uint32_t a, b, seed; };
enum { STEP_ACCESS, STEP_SWITCH, STEP_FLUSH, STEP_PROTECT, STEP_CLEAN, STEP_UNMAP, STEP_HUGE, NR_STEPS };
static const char *const step_names[] = { "access", "switch", "flush", "protect", "clean", "unmap", "huge" };

/* ---- the model ------------------------------------------------------------------------------------------ */

static struct line *find(struct model *m, struct array *a, unsigned space, uint64_t page, bool huge)
{
	for (unsigned i = 0; i < a->sets * a->ways; i++)
		if (a->line[i].valid && a->line[i].space == space && a->line[i].page == page && a->line[i].huge == huge) {
			a->line[i].stamp = ++m->now;
			return &a->line[i];
		}
	return NULL;
}

static void put(struct model *m, struct array *a, struct line l)
{
	struct line *victim = NULL;

	for (unsigned i = 0; i < a->sets * a->ways; i++) {
		struct line *at = &a->line[i];

		if (i / a->ways != l.page % a->sets)
			continue;
		if (!victim || (victim->valid && (!at->valid || at->stamp < victim->stamp)))
			victim = at;
	}
	if (!victim)
		return;
	*victim = l;
	victim->valid = true;
	victim->stamp = ++m->now;
}

static struct array *l1_for(struct model *m, unsigned side, bool huge) { return huge && m->own_huge[side] ? &m->l1_huge[side] : &m->l1[side]; }
static struct array *l2_for(struct model *m, bool huge) { return huge && m->own_huge2 ? &m->l2_huge : &m->l2; }

/* Apply to all lines of all TLB arrays. */
static void each(struct model *m, void (*fn)(struct line *l, unsigned space, uint64_t page), unsigned space, uint64_t page)
{
	struct array *all[6] = { &m->l1[0], &m->l1[1], &m->l1_huge[0], &m->l1_huge[1], &m->l2, &m->l2_huge };

	for (unsigned k = 0; k < 6; k++)
		for (unsigned i = 0; i < all[k]->sets * all[k]->ways; i++)
			fn(&all[k]->line[i], space, page);
}

static void drop_page(struct line *l, unsigned space, uint64_t page)
{
	if (l->space == space && l->page == (l->huge ? page >> EG_HUGE_ORDER : page))
		l->valid = false;
}

static void drop_space(struct line *l, unsigned space, uint64_t page)
{
	(void)page;
	if (l->space == space)
		l->valid = false;
}

static void set_write(struct line *l, unsigned space, uint64_t page)
{
	if (l->valid && l->space == space && l->page == (l->huge ? page >> EG_HUGE_ORDER : page))
		l->write = true;
}

static void drop_walks(struct model *m, unsigned space)
{
	for (unsigned k = 0; k < 3; k++)
		for (unsigned i = 0; i < m->pwc[k].sets * m->pwc[k].ways; i++)
			drop_space(&m->pwc[k].line[i], space, 0);
}

static void drop_all(struct model *m, unsigned space)
{
	each(m, drop_space, space, 0);
	drop_walks(m, space);
}

static bool permits(const pte_t *e, bool write) { return (*e & PTE_PRESENT) && !(*e & PTE_NONE) && (!write || (*e & PTE_WRITE)); }

static bool *dirty_of(struct model *m, unsigned space, uint64_t vpn, bool huge)
{
	return huge ? &m->dirty_huge[space][(vpn - BASE) / HUGE] : &m->dirty[space][vpn - BASE];
}

enum { M_OK, M_FAULT };

static int model_page(struct model *m, struct tlb_rig *r, unsigned side, uint64_t vpn, bool write)
{
	static const unsigned shift[3] = { 27, 18, 9 };
	unsigned space = m->current, level, start = 4, refs;
	uint32_t table;
	struct line *one = find(m, l1_for(m, side, false), space, vpn, false), *two = NULL, *hit;
	pte_t *e;
	bool missed, huge;

	if (!one)
		one = find(m, l1_for(m, side, true), space, vpn >> EG_HUGE_ORDER, true);
	missed = !one;
	if (missed) {
		two = find(m, l2_for(m, false), space, vpn, false);
		if (!two)
			two = find(m, l2_for(m, true), space, vpn >> EG_HUGE_ORDER, true);
	}
	hit = one ? one : two;
	if (hit && (!write || hit->write)) {
		if (missed) {
			side == TLB_INSTR ? m->n.l1i_misses++ : m->n.l1d_misses++;
			m->clock += rig_costs.stlb_hit;
			put(m, l1_for(m, side, hit->huge), *hit);
		}
		return M_OK;
	}
	e = radix_lookup(&r->tables, r->root[space], eg_vpn_of(vpn), &level, &table);
	for (unsigned k = 3; k-- > 0 && start == 4;)
		if (find(m, &m->pwc[k], space, vpn >> shift[k], false))
			start = 3 - k;
	refs = start >= level ? start - level + 1 : 1;
	for (unsigned l = start; l > level; l--)
		put(m, &m->pwc[4 - l], (struct line){ .space = space, .page = vpn >> shift[4 - l] });
	m->clock += rig_costs.pwc_hit + refs * rig_costs.pte_read;
	if (!permits(e, write)) {
		m->n.fault_walks++;
		return M_FAULT;
	}
	huge = level == 2;
	if (missed)
		side == TLB_INSTR ? m->n.l1i_misses++ : m->n.l1d_misses++;
	m->n.walk_refs += refs;
	*dirty_of(m, space, vpn, huge) |= write;
	{
		struct line l = { .space = space, .huge = huge, .page = huge ? vpn >> EG_HUGE_ORDER : vpn,
				  .write = (*e & PTE_WRITE) && *dirty_of(m, space, vpn, huge) };

		if (hit) {
			m->n.dirty_walks++;
			if (missed) {
				m->clock += rig_costs.stlb_hit;
				put(m, l1_for(m, side, huge), l);
			}
			each(m, set_write, space, vpn);
		} else {
			m->n.l2_misses++;
			m->n.huge_misses += huge;
			m->n.walks++;
			m->n.pwc_hits[start]++;
			put(m, l2_for(m, huge), l);
			put(m, l1_for(m, side, huge), l);
		}
	}
	return M_OK;
}

/* True if the access completes. */
static bool model_access(struct model *m, struct tlb_rig *r, uint64_t word)
{
	uint64_t addr = eg_access_addr(word), vpn = addr >> EG_PAGE_SHIFT;
	enum eg_access_kind kind = eg_access_kind(word);
	bool write = kind == EG_ACCESS_WRITE || kind == EG_ACCESS_MODIFY;
	unsigned side = kind == EG_ACCESS_FETCH && !m->unified ? TLB_INSTR : TLB_DATA, level;
	bool straddles = (addr + eg_access_size(word) - 1) >> EG_PAGE_SHIFT != vpn;
	uint32_t table;

	if (straddles && permits(radix_lookup(&r->tables, r->root[m->current], eg_vpn_of(vpn), &level, &table), write) &&
	    !permits(radix_lookup(&r->tables, r->root[m->current], eg_vpn_of(vpn + 1), &level, &table), write)) {
		m->clock += rig_costs.pwc_hit + rig_costs.pte_read;
		m->n.fault_walks++;
		return false;
	}
	if (model_page(m, r, side, vpn, write) == M_FAULT)
		return false;
	if (straddles) {
		EG_CHECK(model_page(m, r, side, vpn + 1, write) == M_OK);
		m->n.straddles++;
	}
	m->n.reads += kind == EG_ACCESS_READ;
	m->n.writes += kind == EG_ACCESS_WRITE;
	m->n.modifies += kind == EG_ACCESS_MODIFY;
	m->n.fetches += kind == EG_ACCESS_FETCH;
	m->clock += rig_costs.access;
	return true;
}

static void model_switch(struct model *m, unsigned space)
{
	unsigned s = 0;

	while (s < m->nr_slots && m->slot[s].space != space)
		s++;
	if (s == m->nr_slots) {
		s = 0;
		for (unsigned i = 1; i < m->nr_slots; i++)
			if (m->slot[i].used < m->slot[s].used)
				s = i;
		if (m->slot[s].space)
			drop_all(m, m->slot[s].space);
		m->slot[s].space = space;
		m->slot[s].stale = false;
	}
	if (m->slot[s].stale) {
		drop_all(m, space);
		m->slot[s].stale = false;
		m->n.flush_all++;
	}
	m->slot[s].used = ++m->switches;
	m->current = space;
}

static void model_flush(struct model *m, unsigned space, uint64_t vpn, uint64_t nr)
{
	for (unsigned s = 0; s < m->nr_slots; s++) {
		if (m->slot[s].space != space)
			continue;
		if (space != m->current) {
			m->slot[s].stale = true;
		} else if (nr > MMU_FLUSH_CEILING) {
			drop_all(m, space);
			m->n.flush_all++;
		} else {
			for (uint64_t i = 0; i < nr; i++)
				each(m, drop_page, space, vpn + i);
			drop_walks(m, space);
			m->n.flush_one += nr;
		}
	}
}

/* ---- both sides ------------------------------------------------------------------------------------------ */

static const char *compare(const struct model *m, const struct mmu_cpu *c)
{
#define X(field, name, text)                                                                                             \
	if (m->n.field != c->n.field) {                                                                                  \
		printf("# %s is %llu, not %llu\n", name, (unsigned long long)c->n.field, (unsigned long long)m->n.field); \
		return name;                                                                                             \
	}
	MMU_COUNTER_MAP(X)
#undef X
	for (unsigned k = 0; k <= RADIX_LEVELS; k++)
		if (m->n.pwc_hits[k] != c->n.pwc_hits[k])
			return "walks by level";
	if (m->clock != c->clock)
		return "clock";
	if (c->time_compute + c->time_tlb + c->time_walk != c->clock)
		return "sum of the time categories";
	return NULL;
}

static const char *burst(struct model *m, struct tlb_rig *r, const struct step *s)
{
	struct eg_rng rng = eg_rng_stream(s->seed, "burst", 0);
	uint64_t words[BURST], hot = eg_rng_below(&rng, PAGES), span = 1 + eg_rng_below(&rng, s->b % 3 ? 40 : PAGES);
	uint32_t i = 0;

	for (unsigned k = 0; k < BURST; k++) {
		uint64_t page = BASE + (hot + eg_rng_below(&rng, span)) % (PAGES - 1), offset = eg_rng_below(&rng, EG_PAGE_SIZE);
		unsigned size = 1 + (unsigned)eg_rng_below(&rng, 32);

		if (eg_rng_below(&rng, 8) == 0)
			offset = EG_PAGE_SIZE - 1 - eg_rng_below(&rng, 20);
		else if (offset + size > EG_PAGE_SIZE)
			offset = 0;
		words[k] = eg_access(page << EG_PAGE_SHIFT | offset, (enum eg_access_kind)eg_rng_below(&rng, s->a % 2 ? 4 : 2), size);
	}
	while (i < BURST) {
		eg_time horizon = eg_rng_below(&rng, 2) ? EG_TIME_NONE : r->cpu.clock + eg_rng_below(&rng, 60 * rig_costs.access);
		struct access_result got;
		const char *wrong;

		got = r->cpu.tlb_ops->run(&r->cpu, words + i, BURST - i, horizon, true);
		r->cpu.tlb_ops->validate(r->cpu.tlb);
		for (uint32_t k = 0; k < got.nr_done; k++) {
			if (m->clock >= horizon)
				return "an access began after the horizon";
			if (!model_access(m, r, words[i + k]))
				return "an access was done that must fault";
		}
		if (got.stop == ACCESS_HORIZON && m->clock < horizon)
			return "stopped before the horizon";
		if (got.stop == ACCESS_ORDER)
			return "asked for order in a space that is its own";
		i += got.nr_done;
		if (got.stop == ACCESS_FAULT && model_access(m, r, words[i++]))
			return "a fault on an access that is allowed";
		wrong = compare(m, &r->cpu);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *apply(struct model *m, struct tlb_rig *r, const struct step *s)
{
	unsigned space = 1 + s->a % RIG_SPACES, level;
	uint64_t vpn = BASE + s->b % PAGES, region = vpn & ~(uint64_t)(HUGE - 1);
	uint32_t table;
	pte_t *e = radix_lookup(&r->tables, r->root[space], eg_vpn_of(vpn), &level, &table);

	switch (s->code) {
	case STEP_ACCESS:
		return burst(m, r, s);
	case STEP_SWITCH:
		mmu_switch(&r->cpu, space, r->root[space]);
		model_switch(m, space);
		break;
	case STEP_FLUSH: {
		uint64_t nr = 1 + s->seed % 40;

		mmu_flush_range(&r->cpu, space, eg_vpn_of(vpn), nr);
		model_flush(m, space, vpn, nr);
		break;
	}
	case STEP_PROTECT: case STEP_CLEAN: case STEP_UNMAP: {
		uint64_t nr = level == 2 ? HUGE : 1, from = level == 2 ? region : vpn;

		if (level > 2 || (level == 2 && !(*e & PTE_PRESENT)))
			break;
		if (s->code == STEP_CLEAN) {
			*e &= ~PTE_DIRTY;
			*dirty_of(m, space, vpn, level == 2) = false;
		} else if (s->code == STEP_PROTECT) {
			*e ^= PTE_WRITE;
		} else {
			radix_set(&r->tables, table, e, *e ^ PTE_PRESENT);
		}
		mmu_flush_range(&r->cpu, space, eg_vpn_of(from), nr);
		model_flush(m, space, from, nr);
		break;
	}
	default:
		/* the region becomes one 2 MiB page; its table of 4 KiB pages is left behind, as it is not reached */
		e = rig_entry(r, space, region, 2, &table);
		if (*e & PTE_HUGE)
			break;
		radix_set(&r->tables, table, e, pte_make(eg_pfn_of(HUGE), PTE_PRESENT | PTE_HUGE | (s->seed % 3 ? PTE_WRITE : 0)));
		mmu_flush_range(&r->cpu, space, eg_vpn_of(region), HUGE);
		model_flush(m, space, region, HUGE);
	}
	return compare(m, &r->cpu);
}

/* ---- the harness ------------------------------------------------------------------------------------------- */

static struct tlb_geometry draw_geometry(struct eg_rng *rng, bool may_be_absent)
{
	static const uint8_t ways[] = { 1, 2, 3, 4, 4, 5, 8, 8, 12, 16, 72 };
	uint32_t w = ways[eg_rng_below(rng, sizeof(ways))];

	if (may_be_absent && eg_rng_below(rng, 3) == 0)
		return (struct tlb_geometry){ 0, 1 };
	return (struct tlb_geometry){ w << eg_rng_below(rng, 4), w };
}

static void model_array(struct array *a, struct tlb_geometry g, bool fully)
{
	a->sets = fully ? (g.entries ? 1 : 0) : g.entries / g.ways;
	a->ways = fully ? g.entries : g.ways;
}

static void open_both(struct model *m, struct tlb_rig *r, const struct tlb_ops *design, const char *vector, uint64_t seed)
{
	struct eg_rng rng = eg_rng_stream(seed, "geometry", 0);
	bool fully = strcmp(design->name, "fully_assoc") == 0;
	static const unsigned asids[] = { 1, 2, 3, 6 };
	struct tlb_config tlb;
	struct pwc_config pwc;

	tlb = (struct tlb_config){ .l1i = draw_geometry(&rng, false), .l1d = draw_geometry(&rng, false), .l1i_huge = draw_geometry(&rng, true),
				   .l1d_huge = draw_geometry(&rng, true), .l2 = draw_geometry(&rng, true),
				   .unified_l1 = eg_rng_below(&rng, 3) == 0 };
	tlb.l2_huge = tlb.l2.entries ? draw_geometry(&rng, true) : (struct tlb_geometry){ 0, 1 };
	pwc = (struct pwc_config){ draw_geometry(&rng, true), draw_geometry(&rng, true), draw_geometry(&rng, true) };
	m->nr_slots = asids[eg_rng_below(&rng, 4)];
	rig_open(r, design, vector, &tlb, &pwc, m->nr_slots);
	printf("# l1d %u/%u l1i %u/%u huge %u/%u %u/%u l2 %u/%u huge %u/%u, unified %d, %u ids\n", tlb.l1d.entries, tlb.l1d.ways,
	       tlb.l1i.entries, tlb.l1i.ways, tlb.l1d_huge.entries, tlb.l1d_huge.ways, tlb.l1i_huge.entries, tlb.l1i_huge.ways,
	       tlb.l2.entries, tlb.l2.ways, tlb.l2_huge.entries, tlb.l2_huge.ways, tlb.unified_l1, m->nr_slots);
	m->unified = tlb.unified_l1;
	m->own_huge[TLB_DATA] = tlb.l1d_huge.entries;
	m->own_huge[TLB_INSTR] = tlb.l1i_huge.entries;
	m->own_huge2 = tlb.l2_huge.entries;
	model_array(&m->l1[TLB_DATA], tlb.l1d, fully);
	model_array(&m->l1[TLB_INSTR], tlb.l1i, fully);
	model_array(&m->l1_huge[TLB_DATA], tlb.l1d_huge, fully);
	model_array(&m->l1_huge[TLB_INSTR], tlb.l1i_huge, fully);
	model_array(&m->l2, tlb.l2, fully);
	model_array(&m->l2_huge, tlb.l2_huge, fully);
	model_array(&m->pwc[0], pwc.pml4, false);
	model_array(&m->pwc[1], pwc.pdpt, false);
	model_array(&m->pwc[2], pwc.pd, false);
	for (unsigned s = 1; s <= RIG_SPACES; s++)
		for (uint64_t v = 0; v < PAGES; v++)
			if (eg_rng_below(&rng, 20)) {
				m->dirty[s][v] = eg_rng_below(&rng, 2);
				rig_map(r, s, BASE + v, 1, PTE_PRESENT | (eg_rng_below(&rng, 4) ? PTE_WRITE : 0) |
							   (m->dirty[s][v] ? PTE_DIRTY : 0));
			}
	mmu_switch(&r->cpu, 1, r->root[1]);
	model_switch(m, 1);
}

static void draw(struct step *steps, unsigned nr, uint64_t seed)
{
	struct eg_rng rng = eg_rng_stream(seed, "steps", 0);
	static const uint8_t codes[] = { STEP_ACCESS, STEP_ACCESS, STEP_ACCESS, STEP_ACCESS, STEP_ACCESS, STEP_ACCESS, STEP_SWITCH,
					 STEP_SWITCH, STEP_FLUSH, STEP_PROTECT, STEP_CLEAN, STEP_UNMAP, STEP_HUGE };

	for (unsigned i = 0; i < nr; i++)
		steps[i] = (struct step){ codes[eg_rng_below(&rng, sizeof(codes))], (uint32_t)eg_rng_next(&rng), (uint32_t)eg_rng_next(&rng),
					  (uint32_t)eg_rng_next(&rng) };
}

static bool run(const struct tlb_ops *design, const char *vector, uint64_t seed, const struct step *steps, unsigned nr, bool say)
{
	static struct model m;
	static struct tlb_rig r;
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	EG_CHECK(child >= 0);
	if (child == 0) {
		const char *wrong = NULL;

		if (!say && (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout)))
			_exit(2);
		open_both(&m, &r, design, vector, seed);
		for (unsigned i = 0; i < nr && !wrong; i++) {
			wrong = apply(&m, &r, &steps[i]);
			if (wrong)
				printf("# step %u: %s\n", i, wrong);
		}
		mmu_validate(&r.cpu);
		rig_close(&r);
		fflush(stdout);
		_exit(wrong ? 1 : 0);
	}
	EG_CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void shrink_and_print(const struct tlb_ops *design, const char *vector, struct step *steps, unsigned nr, uint64_t seed)
{
	static struct step fewer[STEPS];

	for (unsigned part = nr / 2; part > 0; part /= 2)
		for (unsigned at = 0; at < nr; ) {
			unsigned len = at + part > nr ? nr - at : part;

			memcpy(fewer, steps, at * sizeof(*steps));
			memcpy(fewer + at, steps + at + len, (nr - at - len) * sizeof(*steps));
			if (!run(design, vector, seed, fewer, nr - len, false)) {
				nr -= len;
				memcpy(steps, fewer, nr * sizeof(*steps));
			} else {
				at += len;
			}
		}
	printf("# %s, vector %s, seed %" PRIu64 ", shrunk to %u steps:\n", design->name, vector, seed, nr);
	for (unsigned i = 0; i < nr; i++)
		printf("#   %s %u %u %u\n", step_names[steps[i].code], steps[i].a, steps[i].b, steps[i].seed);
	(void)run(design, vector, seed, steps, nr, true);
}

/* The harness itself: a design that loses its flushes must be found. */
static void forget_to_invalidate(void *state, unsigned asid, eg_vpn vpn) { (void)state, (void)asid, (void)vpn; }

int main(int argc, char **argv)
{
	static struct step steps[STEPS];
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct tlb_ops defect;
	unsigned found = 0;

	for (unsigned d = 0; tlb_registry[d]; d++)
		for (unsigned v = 0; v < 2; v++) {
			const char *vector = v ? "off" : "auto";
			bool good = true;

			if (v && eg_param_find(tlb_registry[d]->params, "vector") < 0)
				continue;
			for (uint64_t seed = first; good && seed < first + SEEDS; seed++) {
				draw(steps, STEPS, seed);
				good = run(tlb_registry[d], vector, seed, steps, STEPS, false);
				if (!good)
					shrink_and_print(tlb_registry[d], vector, steps, STEPS, seed);
			}
			ok(good, "%s, vector %s: as the model, %d geometries x %d steps", tlb_registry[d]->name, vector, SEEDS, STEPS);
		}
	defect = *tlb_find("set_assoc");
	defect.invalidate = forget_to_invalidate;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		draw(steps, STEPS, seed);
		found += !run(&defect, "auto", seed, steps, STEPS, false);
	}
	ok(found > 0, "a planted defect is found: pages are not invalidated");
	return tap_done();
}
