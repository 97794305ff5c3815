/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Address spaces against a naive model: what must each process see in each page?
 *
 * The model (vm_naive.h) is an array of pages a space, which fork copies. The room's side is followed by a shadow
 * value for each frame: a fault that puts a new frame under a page copies, clears or reads the file, as its
 * kind says; a write stores a fresh value through the entry that permits it.
 *
 * After each of some hundred random operations every page of every space must hold what the model says,
 * present entries must permit no more than the mapping, and mapped pages must be counted; every few
 * operations the rooms validate themselves, and at the end all memory has come back. With little memory
 * operations return VM_WAIT: then nothing may have changed, and the operation is called again after another
 * space has ended. A failing sequence is shrunk and printed with its seed.
 *
 * Usage: vm_model [SEED]
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/rng.h"
#include "tests/property/vm_naive.h"

enum { CALLS = 700, SEEDS = 8, BREAK = 1000, VALIDATE_EVERY = 16 };

#define CALL_MAP(X) X(READ) X(WRITE) X(MMAP) X(MUNMAP) X(MPROTECT) X(DONTNEED) X(MREMAP) X(BRK) X(HUGE) X(FORK) X(EXIT) X(NEW)
enum call_code {
#define X(NAME) CALL_##NAME,
	CALL_MAP(X)
#undef X
	NR_CALLS
};
static const char *const call_names[] = {
#define X(NAME) #NAME,
	CALL_MAP(X)
#undef X
};

struct call { uint8_t code, space, bits; uint16_t page, len, to, to_len; };

static void no_flush(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr) { (void)ctx, (void)space, (void)vpn, (void)nr; }
static const struct vm_hooks hooks = { .flush = no_flush };

static void leave(struct model *m, struct process *p)
{
	struct vm_work w = { 0 };

	vm_space_put(&m->vm, p->number, &w);
	p->alive = false;
}

/* Make the planted defect: a fork that leaves the parent's entries writable. */
static void plant(struct model *m, const struct process *p)
{
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned level;
		uint32_t table;
		pte_t *e = radix_lookup(&m->vm.tables, vm_space(&m->vm, p->number)->root, eg_vpn_of(BASE + i), &level, &table);

		if (level == 1 && (*e & PTE_PRESENT) && !(*e & PTE_ZERO) && p->page[i].mapped && (p->page[i].prot & EG_PROT_WRITE))
			*e |= PTE_WRITE;
	}
}

/* One call; *out is WAIT if memory was short. */
static const char *try_call(struct model *m, const struct call *c, enum vm_outcome *out)
{
	struct process *p = &m->p[c->space % SPACES];
	unsigned from = c->page % PAGES, len = 1 + c->len % (PAGES - from), to = from + len;
	uint64_t addr = (BASE + from) << EG_PAGE_SHIFT, bytes = (uint64_t)len << EG_PAGE_SHIFT;
	static const uint8_t prots[8] = { EG_PROT_READ | EG_PROT_WRITE, EG_PROT_READ, EG_PROT_READ | EG_PROT_WRITE, EG_PROT_READ,
					  EG_PROT_READ | EG_PROT_WRITE, EG_PROT_READ, 0, EG_PROT_WRITE };
	uint8_t prot = prots[(c->bits >> 2 & 1) | (c->to_len & 6)];
	struct vm_work w = { 0 };
	const char *wrong = NULL;

	*out = VM_DONE;
	if (c->code == CALL_NEW && !p->alive) {
		uint32_t number;

		*out = vm_space_new(&m->vm, &number, &w);
		if (*out == VM_DONE)
			*p = (struct process){ .alive = true, .number = number };
		return NULL;
	}
	if (!p->alive)
		return NULL;
	switch (c->code) {
	case CALL_READ: case CALL_WRITE:
		for (unsigned i = from; i < to && i < from + 50 && !wrong && *out != VM_WAIT; i++)
			wrong = touch(m, p, i, c->code == CALL_WRITE, out);
		break;
	case CALL_MMAP: {
		uint32_t file = (c->bits >> 4 & 3) == 3 ? 1 + (c->bits >> 6) : 0;
		uint64_t offset = c->to % 100;
		bool shared = c->bits & 1;

		*out = vm_mmap(&m->vm, p->number, addr, bytes, prot, (shared ? EG_MAP_SHARED : 0) | (file ? 0 : EG_MAP_ANON), file,
			       offset << EG_PAGE_SHIFT, &w);
		if (*out != VM_DONE)
			break;
		model_map(m, p, from, to, prot, shared, file, offset);
		if ((c->bits & 10) == 2) {              /* MAP_POPULATE */
			(void)vm_populate(&m->vm, p->number, addr, bytes, prot & EG_PROT_WRITE, false, &w);
			for (unsigned i = from; i < to; i++) {
				eg_pfn pfn;
				pte_t e = entry(m, p, i, &pfn);

				if (e && !(e & PTE_ZERO))
					m->content[pfn.v] = p->page[i].untouched;
			}
		}
		break;
	}
	case CALL_MUNMAP: {
		bool any = false;

		for (unsigned i = from; i < to; i++)
			any |= p->page[i].mapped;
		*out = vm_munmap(&m->vm, p->number, addr, bytes, &w);
		if (*out == VM_DONE || *out == VM_NOTHING) {
			wrong = any != (*out == VM_DONE) ? "munmap is wrong about whether something was mapped" : NULL;
			model_unmap(p, from, to);
		}
		break;
	}
	case CALL_MPROTECT:
		*out = vm_mprotect(&m->vm, p->number, addr, bytes, prot, &w);
		for (unsigned i = from; *out == VM_DONE && i < to; i++)
			if (p->page[i].mapped)
				p->page[i].prot = prot;
		break;
	case CALL_DONTNEED:
		*out = vm_madvise(&m->vm, p->number, addr, bytes, EG_MADV_DONTNEED, &w);
		for (unsigned i = from; *out == VM_DONE && i < to; i++)
			p->page[i].value = p->page[i].untouched;
		break;
	case CALL_MREMAP: {
		unsigned target = c->bits & 8 ? from : c->to % PAGES, to_len = 1 + c->to_len % (PAGES - target);
		bool one = true, room = true, overlap;

		if (len > 200)
			len = 200, to = from + len;
		overlap = target != from && target < to && from < target + to_len;
		for (unsigned i = from; i < to; i++)
			one &= same_mapping(&p->page[from], &p->page[i], i - from);
		for (unsigned i = to; target == from && i < target + to_len; i++)
			room &= !p->page[i].mapped;
		if (p->page[from].index + to_len >= OBJECT_PAGES)
			break;
		*out = vm_mremap(&m->vm, p->number, addr, (uint64_t)len << EG_PAGE_SHIFT, (BASE + target) << EG_PAGE_SHIFT,
				 (uint64_t)to_len << EG_PAGE_SHIFT, &w);
		if (*out == VM_DONE && (!one || overlap || !room))
			wrong = "mremap of what is not one mapping, onto itself, or over a neighbour";
		if (*out == VM_DONE && !wrong)
			model_move(p, from, len, target, to_len);
		break;
	}
	case CALL_BRK: {
		uint64_t want = BREAK + c->to % (PAGES - BREAK), was = p->brk;

		*out = vm_brk(&m->vm, p->number, (BASE + want) << EG_PAGE_SHIFT, &w);
		if (*out == VM_NOTHING && p->brk_start && want >= p->brk_start)
			wrong = "brk refused";
		if (*out != VM_DONE)
			break;
		if (!p->brk_start)
			p->brk_start = want;
		else if (want > was)
			model_map(m, p, (unsigned)was, (unsigned)want, EG_PROT_READ | EG_PROT_WRITE, false, 0, 0);
		else
			model_unmap(p, (unsigned)want, (unsigned)was);
		p->brk = want;
		break;
	}
	case CALL_HUGE:
		/* a mapping of the 2 MiB region, present from the start, as initial mappings can be */
		from = (unsigned)(eg_align_up(BASE, EG_HUGE_PAGES) - BASE);
		*out = vm_mmap(&m->vm, p->number, (BASE + from) << EG_PAGE_SHIFT, EG_HUGE_PAGES << EG_PAGE_SHIFT, EG_PROT_READ | EG_PROT_WRITE,
			       EG_MAP_ANON, 0, 0, &w);
		if (*out != VM_DONE)
			break;
		model_map(m, p, from, from + EG_HUGE_PAGES, EG_PROT_READ | EG_PROT_WRITE, false, 0, 0);
		(void)vm_populate(&m->vm, p->number, (BASE + from) << EG_PAGE_SHIFT, EG_HUGE_PAGES << EG_PAGE_SHIFT, true, true, &w);
		for (unsigned i = from; i < from + EG_HUGE_PAGES; i++) {
			eg_pfn pfn;

			if (entry(m, p, i, &pfn))
				m->content[pfn.v] = 0;
		}
		break;
	case CALL_FORK: {
		struct process *child = &m->p[c->to % SPACES];
		uint32_t number = 0;

		if (child->alive)
			break;
		*out = vm_fork(&m->vm, p->number, &number, &w);
		if (*out != VM_DONE)
			break;
		*child = *p;
		child->number = number;
		if (m->planted)
			plant(m, p);
		break;
	}
	case CALL_EXIT:
		leave(m, p);
		break;
	}
	return wrong;
}

static const char *apply(struct model *m, const struct call *c)
{
	enum vm_outcome o;
	const char *wrong = try_call(m, c, &o);

	for (unsigned s = 1; !wrong && o == VM_WAIT && s <= SPACES; s++) {
		struct process *victim = &m->p[(c->space + s) % SPACES];

		m->waits++;
		wrong = check(m);       /* of an operation that waits nothing is to be seen */
		if (wrong || !victim->alive || s == SPACES)
			continue;
		leave(m, victim);
		wrong = try_call(m, c, &o);
	}
	return wrong ? wrong : check(m);
}

/* ---- the harness ------------------------------------------------------------------------------------------------ */

static void draw(struct call *calls, unsigned nr, uint64_t seed)
{
	static const uint8_t weight[NR_CALLS] = { [CALL_READ] = 20, [CALL_WRITE] = 30, [CALL_MMAP] = 12, [CALL_MUNMAP] = 4,
		[CALL_MPROTECT] = 6, [CALL_DONTNEED] = 4, [CALL_MREMAP] = 6, [CALL_BRK] = 4, [CALL_HUGE] = 1, [CALL_FORK] = 5,
		[CALL_EXIT] = 1, [CALL_NEW] = 2 };
	struct eg_rng rng = eg_rng_stream(seed, "vm_model", 0);
	unsigned sum = 0;

	for (unsigned k = 0; k < NR_CALLS; k++)
		sum += weight[k];
	for (unsigned i = 0; i < nr; i++) {
		unsigned pick = (unsigned)eg_rng_below(&rng, sum), k = 0;

		for (; pick >= weight[k]; k++)
			pick -= weight[k];
		calls[i] = (struct call){ .code = (uint8_t)k, .space = (uint8_t)eg_rng_below(&rng, SPACES), .bits = (uint8_t)eg_rng_next(&rng),
					  .page = (uint16_t)eg_rng_next(&rng), .len = (uint16_t)eg_rng_next(&rng),
					  .to = (uint16_t)eg_rng_next(&rng), .to_len = (uint16_t)eg_rng_next(&rng) };
		if (eg_rng_below(&rng, 5))              /* mostly small, about a few places, so that they meet */
			calls[i].len = (uint16_t)eg_rng_below(&rng, 50);
		if (eg_rng_below(&rng, 5))
			calls[i].page = (uint16_t)(eg_rng_below(&rng, 5) * 250 + eg_rng_below(&rng, 60));
		if (eg_rng_below(&rng, 2))
			calls[i].to_len = (uint16_t)(calls[i].len + eg_rng_below(&rng, 20));
		if (eg_rng_below(&rng, 3) == 0)         /* near a border of 2 MiB */
			calls[i].page = (uint16_t)((eg_align_up(BASE, EG_HUGE_PAGES) - BASE + 512 * eg_rng_below(&rng, 2) + PAGES - 5 +
						    eg_rng_below(&rng, 10)) % PAGES);
	}
	for (unsigned s = 0; s < 2; s++)
		calls[s] = (struct call){ .code = CALL_NEW, .space = (uint8_t)s };
}

/* `leave`: pages left to the spaces, 0 = all. */
static void open_model(struct model *m, unsigned left, bool planted)
{
	static struct eg_args args;
	struct phys_config config = { .memory_bytes = UINT64_C(16) << 20, .palloc = palloc_registry[0] };
	struct phys_req req = { .kind = FRAME_KERNEL, .gfp = GFP_KERNEL };

	EG_CHECK(eg_args_init(&args, config.palloc->params, &m->arena) == EG_OK);
	config.palloc_args = &args;
	EG_CHECK(phys_init(&m->phys, &m->arena, &config, NULL) == EG_OK && m->phys.nr_frames <= FRAMES);
	EG_CHECK(vm_init(&m->vm, &m->phys, &hooks, NULL) == EG_OK);
	while (left && phys_free_pages(&m->phys) > m->phys.zone[0].mark[WMARK_MIN] + left)
		EG_CHECK(phys_alloc(&m->phys, &req).outcome == PHYS_GRANTED);
	m->free_at_start = phys_free_pages(&m->phys);
	m->planted = planted;
}

static void print_call(const struct call *c)
{
	unsigned from = c->page % PAGES;

	printf("#   %s space %u page %u len %u to %u to_len %u bits %02x\n", call_names[c->code], c->space % SPACES, from,
	       1 + c->len % (PAGES - from), c->to % PAGES, 1 + c->to_len % (PAGES - c->to % PAGES), c->bits);
}

/* In a child process, so that a broken invariant is a failing run, and the model is all zeros. True if all is well. */
static bool run(unsigned left, bool planted, const struct call *calls, unsigned nr, bool say, unsigned *waits)
{
	static struct model m;
	int status, ends[2];
	pid_t child;

	fflush(stdout);
	EG_CHECK(pipe(ends) == 0);
	child = fork();
	EG_CHECK(child >= 0);
	if (child == 0) {
		const char *wrong = NULL;
		struct vm_work w = { 0 };

		if (!say && (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout)))
			_exit(2);
		open_model(&m, left, planted);
		for (unsigned i = 0; i < nr && !wrong; i++) {
			wrong = apply(&m, &calls[i]);
			if (wrong)
				printf("# call %u: %s\n", i, wrong);
			if (i % VALIDATE_EVERY == 0 || i + 1 == nr) {
				vm_validate(&m.vm);
				phys_validate(&m.phys);
			}
		}
		for (unsigned s = 0; s < SPACES; s++)
			if (m.p[s].alive)
				vm_space_put(&m.vm, m.p[s].number, &w);
		if (!wrong && (phys_free_pages(&m.phys) != m.free_at_start || m.vm.mapped_pages || m.vm.live_spaces || m.vm.tables.nr_used)) {
			printf("# memory is lost: %llu pages free, %llu at the start\n", (unsigned long long)phys_free_pages(&m.phys),
			       (unsigned long long)m.free_at_start);
			wrong = "memory is lost";
		}
		fflush(stdout);
		if (write(ends[1], &m.waits, sizeof(m.waits)) != sizeof(m.waits))
			_exit(3);
		_exit(wrong ? 1 : 0);
	}
	close(ends[1]);
	if (read(ends[0], waits, sizeof(*waits)) != sizeof(*waits))
		*waits = 0;
	close(ends[0]);
	EG_CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void shrink_and_print(unsigned left, struct call *calls, unsigned nr, uint64_t seed)
{
	static struct call fewer[CALLS];
	unsigned waits;

	for (unsigned part = nr / 2; part > 0; part /= 2)
		for (unsigned at = 0; at < nr; ) {
			unsigned len = at + part > nr ? nr - at : part;

			memcpy(fewer, calls, at * sizeof(*calls));
			memcpy(fewer + at, calls + at + len, (nr - at - len) * sizeof(*calls));
			if (!run(left, false, fewer, nr - len, false, &waits)) {
				nr -= len;
				memcpy(calls, fewer, nr * sizeof(*calls));
			} else {
				at += len;
			}
		}
	printf("# %u pages, seed %" PRIu64 ", shrunk to %u calls:\n", left, seed, nr);
	for (unsigned i = 0; i < nr; i++)
		print_call(&calls[i]);
	(void)run(left, false, calls, nr, true, &waits);
}

int main(int argc, char **argv)
{
	static const unsigned pages[] = { 0, 900, 400, 150, 60 };
	static struct call calls[CALLS];
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned waits, all_waits = 0;

	for (unsigned k = 0; k < EG_ARRAY_LEN(pages); k++) {
		bool good = true;

		for (uint64_t seed = first; good && seed < first + SEEDS; seed++) {
			draw(calls, CALLS, seed);
			good = run(pages[k], false, calls, CALLS, false, &waits);
			all_waits += waits;
			if (!good)
				shrink_and_print(pages[k], calls, CALLS, seed);
		}
		ok(good, "with %u pages (0: all of 16 MiB): every page as the model, %d x %d calls", pages[k], SEEDS, CALLS);
	}
	ok(all_waits > 10, "operations had to wait for memory: %u times", all_waits);
	draw(calls, CALLS, 1);
	ok(!run(0, true, calls, CALLS, false, &waits), "a planted defect is found: fork leaves pages writable");
	return tap_done();
}
