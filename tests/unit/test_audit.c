/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_audit - the audit itself: each kind of corruption is found.
 *
 * A small machine with two spaces, shared and private pages, page tables and a raw block is built. It must
 * pass. Then, in a child process each, one fact is falsified, and the audit must stop the child. An audit
 * that lets one of these through would be a check left out.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/op.h"
#include "sim/mmu/mmu.h"
#include "sim/vm/shmem.h"
#include "sim/vm/vm.h"
#include "tests/tap.h"

#define BASE UINT64_C(0x100000000000)

struct world {
	struct eg_arena   arena;
	struct phys       phys;
	struct vm         vm;
	struct mmu_cpu    cpu;
	uint32_t          parent, child;
	eg_pfn            raw;
};

static void no_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr)
{
	(void)ctx, (void)space, (void)vpn, (void)nr;
}

static bool build(struct world *w)
{
	static const struct vm_hooks hooks = { .flush = no_flush };
	static struct eg_errors err;
	static const struct tlb_config tlb = { .l1i = { 16, 4 }, .l1d = { 16, 4 }, .l2 = { 64, 4 } };
	static const struct pwc_config pwc = { { 4, 4 }, { 4, 4 }, { 4, 4 } };
	static const struct mmu_costs costs = { 1, 1, 1, 1 };
	struct phys_config config = { .memory_bytes = UINT64_C(64) << 20, .nr_nodes = 1, .palloc = palloc_find("buddy") };
	struct phys_req req = { .order = 2, .kind = FRAME_RAW, .gfp = GFP_KERNEL };
	struct eg_args palloc_args, tlb_args;
	struct vm_work work = { 0 };
	struct phys_result r;

	if (eg_args_init(&palloc_args, config.palloc->params, &w->arena) != EG_OK)
		return false;
	config.palloc_args = &palloc_args;
	if (phys_init(&w->phys, &w->arena, &config, &err) != EG_OK || vm_init(&w->vm, &w->phys, &hooks, NULL) != EG_OK ||
	    vm_space_new(&w->vm, &w->parent, &work) != VM_DONE)
		return false;
	if (vm_mmap(&w->vm, w->parent, BASE, 64 << 12, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON, 0, 0, &work) != VM_DONE ||
	    vm_mmap(&w->vm, w->parent, BASE + (256 << 12), 16 << 12, EG_PROT_READ | EG_PROT_WRITE, EG_MAP_ANON | EG_MAP_SHARED, 0, 0,
		    &work) != VM_DONE)
		return false;
	for (uint64_t i = 0; i < 48; i++)
		if (vm_fault(&w->vm, w->parent, BASE + (i << 12), i % 3 != 0, &work).outcome != VM_DONE)
			return false;
	for (uint64_t i = 256; i < 264; i++)
		if (vm_fault(&w->vm, w->parent, BASE + (i << 12), true, &work).outcome != VM_DONE)
			return false;
	if (vm_fork(&w->vm, w->parent, &w->child, &work) != VM_DONE ||
	    vm_fault(&w->vm, w->child, BASE + (1 << 12), true, &work).outcome != VM_DONE)
		return false;
	r = phys_alloc(&w->phys, &req);
	w->raw = r.pfn;
	if (eg_args_init(&tlb_args, tlb_find("set_assoc")->params, &w->arena) != EG_OK ||
	    mmu_init(&w->cpu, tlb_find("set_assoc"), &tlb, &tlb_args, &pwc, &costs, 2, &w->vm.tables, &w->arena) != EG_OK)
		return false;
	mmu_switch(&w->cpu, w->child, vm_space(&w->vm, w->child)->root);
	for (uint64_t i = 0; i < 48; i++) {
		uint64_t word = eg_access(BASE + (i << 12), EG_ACCESS_READ, 8);

		(void)w->cpu.tlb_ops->run(&w->cpu, &word, 1, EG_TIME_NONE, true);
	}
	return r.outcome == PHYS_GRANTED;
}

static void audit(const struct world *w)
{
	phys_validate(&w->phys);
	vm_validate(&w->vm);
	mmu_validate(&w->cpu);
}

/* The leaf entry of page i of a space. */
static pte_t *leaf(struct world *w, uint32_t space, uint64_t i, uint32_t *table)
{
	unsigned level;

	return radix_lookup(&w->vm.tables, vm_space(&w->vm, space)->root, eg_vpn_of((BASE >> 12) + i), &level, table);
}

static struct frame *anon(struct world *w)
{
	uint32_t table;

	return phys_frame(&w->phys, pte_pfn(*leaf(w, w->parent, 2, &table)));
}

/* ---- one falsehood each ------------------------------------------------------------------------------- */

static void mapping_too_many(struct world *w)   { frame_map_inc(anon(w)); }
static void mapping_too_few(struct world *w)    { frame_map_dec(anon(w)); }
static void frame_lost(struct world *w)         { phys_frame(&w->phys, w->raw)->kind = FRAME_ANON; }
static void frame_marked_free(struct world *w)  { memset(phys_frame(&w->phys, w->raw), 0, sizeof(struct frame)); }
static void free_frame_marked(struct world *w)
{
	struct phys_zone *z = &w->phys.zone[w->phys.nr_zones - 1];

	for (uint64_t p = z->start.v; p < z->end.v; p++)
		if (frame_is_free(&w->phys.frames[p])) {
			w->phys.frames[p].kind = FRAME_RAW;
			return;
		}
}
static void raw_wrong_order(struct world *w)    { phys_frame(&w->phys, w->raw)->order = 3; }
static void zone_counter(struct world *w)       { w->phys.zone[0].free_pages++; }
static void entry_to_other_frame(struct world *w)
{
	uint32_t table;

	*leaf(w, w->parent, 2, &table) += UINT64_C(1) << PTE_SHIFT;
}
static void entry_lost(struct world *w)
{
	uint32_t table;
	pte_t *e = leaf(w, w->parent, 2, &table);

	radix_set(&w->vm.tables, table, e, 0);
}
static void entry_uncounted(struct world *w)
{
	uint32_t table;

	*leaf(w, w->parent, 2, &table) = 0;
}
static void entry_outside_mapping(struct world *w)
{
	uint32_t table;
	pte_t *from = leaf(w, w->parent, 2, &table), e = *from;

	radix_set(&w->vm.tables, table, from, 0);
	from = leaf(w, w->parent, 100, &table);
	radix_set(&w->vm.tables, table, from, e);
}
static void zero_page_writable(struct world *w)
{
	uint32_t table;

	*leaf(w, w->parent, 3, &table) |= PTE_WRITE;
}
static void writable_in_readonly(struct world *w)
{
	struct vma *v = vm_find(vm_space(&w->vm, w->child), BASE >> 12);

	v->prot = EG_PROT_READ;
}
static void rss_counter(struct world *w)        { vm_space(&w->vm, w->child)->rss_anon++; }
static void table_counter(struct world *w)      { vm_space(&w->vm, w->child)->table_pages--; }
static void mapped_counter(struct world *w)     { w->vm.mapped_pages++; }
static void mapping_empty(struct world *w)      { vm_space(&w->vm, w->child)->vma[0].end = vm_space(&w->vm, w->child)->vma[0].start; }
static void mappings_overlap(struct world *w)   { vm_space(&w->vm, w->child)->vma[1].start = vm_space(&w->vm, w->child)->vma[0].start; }
static void table_frame_kind(struct world *w)
{
	uint32_t table;

	(void)leaf(w, w->child, 0, &table);
	phys_frame(&w->phys, w->vm.tables.table[table].pfn)->kind = FRAME_RAW;
}
static void table_level(struct world *w)        { w->vm.tables.table[vm_space(&w->vm, w->child)->root].level = 3; }
static void tables_in_use(struct world *w)      { w->vm.tables.nr_used++; }
static void object_reference(struct world *w)
{
	uint32_t table;

	(void)frame_ref_put(phys_frame(&w->phys, pte_pfn(*leaf(w, w->parent, 257, &table))));
}
static void tlb_entry_twice(struct world *w)
{
	/* the public way to get a duplicate: fill an entry while its key is hidden under another ASID */
	uint64_t word = eg_access(BASE + (47 << 12), EG_ACCESS_READ, 8);

	w->cpu.asids[1] = w->cpu.asids[0];
	(void)w->cpu.tlb_ops->run(&w->cpu, &word, 1, EG_TIME_NONE, true);
}

static const struct { const char *what; void (*falsify)(struct world *w); } cases[] = {
	{ "a frame has a mapping more than entries", mapping_too_many },
	{ "a frame has a mapping less than entries", mapping_too_few },
	{ "a raw block claims to be anonymous memory", frame_lost },
	{ "an allocated block is marked free", frame_marked_free },
	{ "a free frame is marked allocated", free_frame_marked },
	{ "a block's order is wrong", raw_wrong_order },
	{ "a zone's free pages differ from its lists", zone_counter },
	{ "an entry maps another frame", entry_to_other_frame },
	{ "an entry has vanished, its frame not", entry_lost },
	{ "an entry has vanished without being counted", entry_uncounted },
	{ "an entry lies outside every mapping", entry_outside_mapping },
	{ "the zero page is writable", zero_page_writable },
	{ "a writable entry in a read-only mapping", writable_in_readonly },
	{ "resident pages are miscounted", rss_counter },
	{ "table pages are miscounted", table_counter },
	{ "mapped pages are miscounted", mapped_counter },
	{ "a mapping is empty", mapping_empty },
	{ "mappings overlap", mappings_overlap },
	{ "a table lives in a frame that is not a table's", table_frame_kind },
	{ "a table is of the wrong level", table_level },
	{ "tables in use are miscounted", tables_in_use },
	{ "an object has lost its reference to a page", object_reference },
	{ "two ASIDs stand for one space", tlb_entry_twice },
};

/* Did the child stop on a broken invariant? */
static bool stops(struct world *w, void (*falsify)(struct world *w))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &none);
		if (!freopen("/dev/null", "w", stderr))
			_exit(3);
		(void)signal(SIGABRT, SIG_DFL);
		if (falsify)
			falsify(w);
		audit(w);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int main(void)
{
	static struct world w;

	if (!ok(build(&w), "a small machine is built"))
		return tap_done();
	ok(!stops(&w, NULL), "as built it passes the audit");
	for (unsigned i = 0; i < EG_ARRAY_LEN(cases); i++)
		ok(stops(&w, cases[i].falsify), "found: %s", cases[i].what);
	vm_fini(&w.vm);
	phys_fini(&w.phys);
	eg_arena_free_all(&w.arena);
	return tap_done();
}
