/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Address spaces by small stories: the mappings drawn, a letter a page, and the faults of access patterns
 * counted exactly. The patterns and their names are those of recordings of a real kernel (Linux 6.1, THP
 * never); with ENGRAM_RECORDINGS the counts are read from them as well and must be the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/op.h"
#include "sim/vm/vm.h"
#include "tests/tap.h"

#define RW (EG_PROT_READ | EG_PROT_WRITE)
enum { N = 8192, COW_N = 4096 };                   /* pages: 32 MiB and 16 MiB, as recorded */
#define SLOT (UINT64_C(65) << 30)                  /* a slot begins a new table of 2 MiB entries */

static struct eg_arena arena;
static struct phys phys;
static struct vm vm;
static struct vm_work work;
static uint32_t space;

static void no_flush(void *ctx, uint32_t s, eg_vpn vpn, uint64_t nr) { (void)ctx, (void)s, (void)vpn, (void)nr; }
static const struct vm_hooks hooks = { .flush = no_flush };

static void begin(void)
{
	static struct eg_args args;
	struct phys_config config = { .memory_bytes = UINT64_C(512) << 20, .palloc = palloc_registry[0], .palloc_args = &args };

	EG_CHECK(eg_args_init(&args, config.palloc->params, &arena) == EG_OK);
	EG_CHECK(phys_init(&phys, &arena, &config, NULL) == EG_OK);
	EG_CHECK(vm_init(&vm, &phys, &hooks, NULL) == EG_OK);
	EG_CHECK(vm_space_new(&vm, &space, &work) == VM_DONE);
	/* so that the upper tables are there, as in a running program */
	EG_CHECK(vm_mmap(&vm, space, SLOT - (UINT64_C(1) << 30), 4096, RW, EG_MAP_ANON, 0, 0, &work) == VM_DONE);
	EG_CHECK(vm_fault(&vm, space, SLOT - (UINT64_C(1) << 30), true, &work).outcome == VM_DONE);
}

static void end(void)
{
	vm_validate(&vm);
	phys_validate(&phys);
	vm_fini(&vm);
	phys_fini(&phys);
	eg_arena_free_all(&arena);
}

static uint64_t faults(void)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < NR_FAULT_KINDS; k++)
		n += vm.nr_faults[k];
	return n;
}

/* Touch as a CPU does: a fault only if the entry does not permit it. Returns the faults. */
static uint64_t touch(uint32_t who, uint64_t page, bool write)
{
	unsigned level;
	uint32_t table;
	uint64_t addr = SLOT + page * EG_PAGE_SIZE, before = faults();
	pte_t e = *radix_lookup(&vm.tables, vm_space(&vm, who)->root, eg_vpn_of_addr(addr), &level, &table);

	if (!(e & PTE_PRESENT) || (write && !(e & PTE_WRITE)))
		EG_CHECK(vm_fault(&vm, who, addr, write, &work).outcome == VM_DONE);
	return faults() - before;
}

static uint64_t touch_all(uint32_t who, uint64_t from, uint64_t to, unsigned step, bool write)
{
	uint64_t n = 0;

	for (uint64_t p = from; p < to; p += step)
		n += touch(who, p, write);
	return n;
}

/* A figure of a recording must be `got`; `want` is what arithmetic says. */
static void figure(const char *recording, const char *key, uint64_t got, uint64_t want)
{
	const char *dir = getenv("ENGRAM_RECORDINGS");
	char path[600], line[300];
	size_t n = strlen(key);
	FILE *in;

	is_u64(got, want, key);
	if (!dir)
		return;
	(void)snprintf(path, sizeof(path), "%s/truth/data/%s/T2/expect.txt", dir, recording);
	in = fopen(path, "r");
	if (!in) {
		tap_skip("no recording of this name");
		return;
	}
	while (fgets(line, sizeof(line), in))
		if (strncmp(line, key, n) == 0 && line[n] == '=')
			ok(strtoull(line + n + 1, NULL, 10) == got, "%s: as recorded", key);
	fclose(in);
}
#define TOUCH(key, got, want) figure("b_touch", "thp_never." key, got, want)
#define COW(key, got, want)   figure("c_cow", "cow.thp_never." key, got, want)

static void map(uint64_t page, uint64_t pages, unsigned prot)
{
	EG_CHECK(vm_mmap(&vm, space, SLOT + page * EG_PAGE_SIZE, pages * EG_PAGE_SIZE, prot, EG_MAP_ANON, 0, 0, &work) == VM_DONE);
}

/* ---- mappings, drawn: one letter a page; capitals: present ------------------------------------------------ */

static const char *drawing(uint32_t who, unsigned pages)
{
	static char text[128];
	struct space *s = vm_space(&vm, who);
	char *p = text;

	for (uint64_t v = SLOT >> EG_PAGE_SHIFT; v < (SLOT >> EG_PAGE_SHIFT) + pages; v++) {
		const struct vma *found = vm_find(s, v);
		unsigned level;
		uint32_t table;
		pte_t e = *radix_lookup(&vm.tables, s->root, eg_vpn_of(v), &level, &table);

		if (found && found->start == v && p > text)
			*p++ = '|';
		*p++ = !found ? '.' : (char)((found->prot & EG_PROT_WRITE ? 'w' : 'r') - (e & PTE_PRESENT ? 32 : 0));
	}
	*p = '\0';
	return text;
}

static void mappings(void)
{
	begin();
	map(0, 8, RW);
	is_str(drawing(space, 12), "wwwwwwww....", "mmap 8 pages");
	(void)touch_all(space, 1, 4, 1, true);
	is_str(drawing(space, 12), "wWWWwwww....", "write three");
	(void)vm_mprotect(&vm, space, SLOT + 2 * EG_PAGE_SIZE, 4 * EG_PAGE_SIZE, EG_PROT_READ, &work);
	is_str(drawing(space, 12), "wW|RRrr|ww....", "mprotect cuts twice");
	(void)vm_munmap(&vm, space, SLOT + 3 * EG_PAGE_SIZE, 2 * EG_PAGE_SIZE, &work);
	is_str(drawing(space, 12), "wW|R..|r|ww....", "munmap inside");
	map(3, 2, EG_PROT_READ);
	is_str(drawing(space, 12), "wW|Rrrr|ww....", "a mapping that agrees with both neighbours closes the gap");
	(void)vm_mprotect(&vm, space, SLOT, 8 * EG_PAGE_SIZE, RW, &work);
	is_str(drawing(space, 12), "wWWwwwww....", "one again");
	(void)vm_mremap(&vm, space, SLOT, 3 * EG_PAGE_SIZE, SLOT + 9 * EG_PAGE_SIZE, 3 * EG_PAGE_SIZE, &work);
	is_str(drawing(space, 12), "...|wwwww.|wWW", "mremap takes the pages along");
	is_u64((uint64_t)vm_mremap(&vm, space, SLOT + 3 * EG_PAGE_SIZE, 4 * EG_PAGE_SIZE, SLOT + 5 * EG_PAGE_SIZE, 4 * EG_PAGE_SIZE, &work),
	       VM_NOTHING, "mremap onto itself is refused");
	(void)vm_madvise(&vm, space, SLOT + 9 * EG_PAGE_SIZE, 3 * EG_PAGE_SIZE, EG_MADV_DONTNEED, &work);
	is_str(drawing(space, 12), "...|wwwww.|www", "madvise(DONTNEED) keeps the mapping");
	is_u64(vm_space(&vm, space)->rss_anon, 1, "only the page outside the picture is left");
	end();
}

/* ---- touching ------------------------------------------------------------------------------------------------ */

static void patterns(void)
{
	uint64_t tables, n = 0, x = 1;

	begin();
	map(0, N, RW);
	tables = vm.tables.nr_used;
	TOUCH("seq_write.write.minflt", touch_all(space, 0, N, 1, true), N);
	TOUCH("seq_write.write.vmstat.nr_page_table_pages.delta", vm.tables.nr_used - tables, 17);
	is_u64(vm.nr_faults[FAULT_ANON], N + 1, "all of them zeroed pages");
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);
	is_u64(vm.tables.nr_used, tables, "the tables go with the mapping");

	map(0, N, RW);
	TOUCH("seq_read_then_write.read.minflt", touch_all(space, 0, N, 1, false), N);
	is_u64(vm.nr_faults[FAULT_ZERO], N, "reads map the zero page");
	TOUCH("seq_read_then_write.write_after_read.minflt", touch_all(space, 0, N, 1, true), N);
	is_u64(vm.nr_faults[FAULT_ZERO_COW], N, "writes replace it");
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);

	map(0, N, RW);
	TOUCH("stride2.even.minflt", touch_all(space, 0, N, 2, true), N / 2);
	TOUCH("stride2.odd.minflt", touch_all(space, 1, N, 2, true), N / 2);
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);

	map(0, N, RW);
	for (unsigned i = 0; i < N; i++, x = (x * 5 + 3) % N)     /* a permutation: full period modulo a power of two */
		n += touch(space, x, true);
	TOUCH("rand_write.write.minflt", n, N);
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);

	map(0, N, RW);
	tables = vm.tables.nr_used;
	TOUCH("first_of_2MiB.first_of_2MiB.minflt", touch_all(space, 0, N, 512, true), 16);
	TOUCH("first_of_2MiB.first_of_2MiB.vmstat.nr_page_table_pages.delta", vm.tables.nr_used - tables, 17);
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);

	map(0, N, RW);
	TOUCH("dontneed.write.minflt", touch_all(space, 0, N, 1, true), N);
	(void)vm_madvise(&vm, space, SLOT, N * EG_PAGE_SIZE, EG_MADV_DONTNEED, &work);
	TOUCH("dontneed.rewrite.minflt", touch_all(space, 0, N, 1, true), N);
	for (uint64_t p = 0; p < N; p += 2)
		(void)vm_madvise(&vm, space, SLOT + p * EG_PAGE_SIZE, EG_PAGE_SIZE, EG_MADV_DONTNEED, &work);
	TOUCH("dontneed.rewrite2.minflt", touch_all(space, 0, N, 1, true), N / 2);
	(void)vm_munmap(&vm, space, SLOT, N * EG_PAGE_SIZE, &work);

	map(0, N, RW);
	n = faults();
	EG_CHECK(vm_populate(&vm, space, SLOT, N * EG_PAGE_SIZE, true, false, &work) == VM_DONE);
	TOUCH("map_populate.populate.vmstat.pgfault.delta", faults() - n, N);
	is_u64(touch_all(space, 0, N, 1, true), 0, "nothing is left to fault on");
	end();
}

/* ---- fork and copy-on-write -------------------------------------------------------------------------------------- */

/* The parent writes COW_N pages and forks k children; each in turn writes the first `percent`; then the parent all. */
static void cow(unsigned k, unsigned percent)
{
	uint64_t share = (uint64_t)COW_N * percent / 100, copies;
	uint32_t child[4];
	char key[120];

	begin();
	map(0, COW_N, RW);
	is_u64(touch_all(space, 0, COW_N, 1, true), COW_N, "the parent writes");
	for (unsigned i = 0; i < k; i++)
		EG_CHECK(vm_fork(&vm, space, &child[i], &work) == VM_DONE);
	for (unsigned i = 0; i < k; i++) {
		copies = vm.nr_faults[FAULT_COW];
		(void)snprintf(key, sizeof(key), "cow.thp_never.N16MiB.k%u.f%u.child%u.write_minflt", k, percent, i);
		figure("c_cow", key, touch_all(child[i], 0, share, 1, true), share);
		is_u64(vm.nr_faults[FAULT_COW] - copies, share, "each of them a copy, as the parent still maps the page");
	}
	copies = vm.nr_faults[FAULT_COW];
	(void)snprintf(key, sizeof(key), "cow.thp_never.N16MiB.k%u.f%u.parent_write_all_children_alive_minflt", k, percent);
	figure("c_cow", key, touch_all(space, 0, COW_N, 1, true), COW_N);
	is_u64(vm.nr_faults[FAULT_COW] - copies, COW_N - share, "the pages that every child has left are the parent's again");
	for (unsigned i = 0; i < k; i++)
		vm_space_put(&vm, child[i], &work);
	(void)snprintf(key, sizeof(key), "cow.thp_never.N16MiB.k%u.f%u.parent_write_all_after_exit_minflt", k, percent);
	figure("c_cow", key, touch_all(space, 0, COW_N, 1, true), 0);
	end();
}

static void families(void)
{
	uint32_t child, grandchild;

	begin();
	map(0, COW_N, RW);
	(void)touch_all(space, 0, COW_N, 1, true);
	for (unsigned i = 0; i < 3; i++) {
		EG_CHECK(vm_fork(&vm, space, &child, &work) == VM_DONE);
		vm_space_put(&vm, child, &work);
	}
	COW("reuse_after_3_silent_children.minflt", touch_all(space, 0, COW_N, 1, true), COW_N);
	is_u64(vm.nr_faults[FAULT_COW_REUSE], COW_N, "none of them copies");
	EG_CHECK(vm_fork(&vm, space, &child, &work) == VM_DONE && vm_fork(&vm, child, &grandchild, &work) == VM_DONE);
	COW("grandchild_write_minflt", touch_all(grandchild, 0, COW_N, 1, true), COW_N);
	end();

	begin();
	map(0, COW_N, RW);
	(void)touch_all(space, 0, COW_N, 1, false);
	EG_CHECK(vm_fork(&vm, space, &child, &work) == VM_DONE);
	COW("zero_page_child_write_minflt", touch_all(child, 0, COW_N, 1, true), COW_N);
	COW("zero_page_parent_write_minflt", touch_all(space, 0, COW_N, 1, true), COW_N);
	is_u64(vm.nr_faults[FAULT_COW], 0, "the zero page is never copied");
	end();
}

int main(void)
{
	mappings();
	patterns();
	for (unsigned k = 1; k <= 4; k += 3)
		for (unsigned percent = 0; percent <= 100; percent += 50)
			cow(k, percent);
	families();
	return tap_done();
}
