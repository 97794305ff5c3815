/* SPDX-License-Identifier: GPL-3.0-or-later */
/* infer - see infer.h. A hash set of pages, sorted once at the end. */
#include "workloads/trace/infer.h"

#include "sim/base/mem.h"

struct infer *infer_new(void)
{
	struct infer *f = eg_calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->last_key = UINT64_MAX;
	f->cap = 1 << 12;
	f->page = eg_calloc(f->cap, sizeof(*f->page));
	if (!f->page) {
		eg_free(f);
		return NULL;
	}
	return f;
}

void infer_free(struct infer *f)
{
	if (!f)
		return;
	eg_free(f->page);
	eg_free(f->known);
	eg_free(f);
}

static struct infer_page *find(struct infer_page *page, size_t cap, uint64_t vpn)
{
	size_t at = (size_t)(vpn * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (cap - 1);

	while (page[at].use && page[at].vpn != vpn)
		at = (at + 1) & (cap - 1);
	return &page[at];
}

static void grow(struct infer *f)
{
	struct infer_page *bigger = eg_calloc(2 * f->cap, sizeof(*bigger));

	if (!bigger) {
		f->failed = true;
		return;
	}
	for (size_t i = 0; i < f->cap; i++)
		if (f->page[i].use)
			*find(bigger, 2 * f->cap, f->page[i].vpn) = f->page[i];
	eg_free(f->page);
	f->page = bigger;
	f->cap *= 2;
}

void infer_note(struct infer *f, uint64_t vpn, enum eg_access_kind kind)
{
	struct infer_page *p;

	if (2 * (f->nr + 1) > f->cap && !f->failed)
		grow(f);
	if (f->failed)
		return;
	p = find(f->page, f->cap, vpn);
	if (!p->use) {
		p->vpn = vpn;
		f->nr++;
	}
	p->use |= UINT64_C(1) << kind;
}

void infer_known(struct infer *f, uint64_t start, uint64_t len)
{
	struct infer_range *r = eg_grow((void **)&f->known, &f->nr_known, &f->cap_known, sizeof(*r));

	if (!r) {
		f->failed = true;
		return;
	}
	*r = (struct infer_range){ eg_align_down(start, EG_PAGE_SIZE), eg_align_up(start + len, EG_PAGE_SIZE) };
}

static int by_vpn(const void *a, const void *b)
{
	const struct infer_page *x = a, *y = b;

	return x->vpn < y->vpn ? -1 : x->vpn > y->vpn;
}

static int by_start(const void *a, const void *b)
{
	const struct infer_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Sort the known ranges and join those that touch. */
static void merge_known(struct infer *f)
{
	size_t n = 0;

	if (f->nr_known)
		qsort(f->known, f->nr_known, sizeof(*f->known), by_start);
	for (size_t i = 0; i < f->nr_known; i++) {
		if (n && f->known[i].start <= f->known[n - 1].end) {
			if (f->known[i].end > f->known[n - 1].end)
				f->known[n - 1].end = f->known[i].end;
		} else {
			f->known[n++] = f->known[i];
		}
	}
	f->nr_known = n;
}

/* First known range that ends after addr; nr_known when none. */
static size_t known_after(const struct infer *f, uint64_t addr)
{
	size_t lo = 0, hi = f->nr_known;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->known[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t prot_of(uint64_t use)
{
	bool fetched = use >> EG_ACCESS_FETCH & 1, written = use & (1u << EG_ACCESS_WRITE | 1u << EG_ACCESS_MODIFY);

	if (!fetched)
		return EG_PROT_READ | EG_PROT_WRITE;
	return EG_PROT_READ | EG_PROT_EXEC | (written ? EG_PROT_WRITE : 0);
}

eg_status infer_regions(struct infer *f, eg_status (*emit)(void *ctx, const struct eg_op *op), void *ctx)
{
	struct eg_op op = { .code = EG_OP_MMAP, .flags = EG_OPF_INIT, .time = EG_TIME_NONE,
			    .arg = { 0, 0, 0, EG_MAP_ANON | EG_MAP_FIXED | EG_MAP_INFERRED } };
	uint64_t start = 0, end = 0, use = 0;
	size_t n = 0;

	if (f->failed)
		return EG_NO_MEMORY;
	merge_known(f);
	for (size_t i = 0; i < f->cap; i++) {
		uint64_t addr = f->page[i].vpn << EG_PAGE_SHIFT;
		size_t k = known_after(f, addr);

		if (f->page[i].use && !(k < f->nr_known && f->known[k].start <= addr))
			f->page[n++] = f->page[i];
	}
	if (n)
		qsort(f->page, n, sizeof(*f->page), by_vpn);
	for (size_t i = 0; i <= n; i++) {
		uint64_t addr = i < n ? f->page[i].vpn << EG_PAGE_SHIFT : 0;
		size_t k = known_after(f, end);

		if (i < n && i && addr - end <= INFER_JOIN &&
		    (f->page[i].use >> EG_ACCESS_FETCH & 1) == (use >> EG_ACCESS_FETCH & 1) &&
		    !(k < f->nr_known && f->known[k].start < addr)) {
			end = addr + EG_PAGE_SIZE;
			use |= f->page[i].use;
			continue;
		}
		if (i) {
			op.arg[0] = start;
			op.arg[1] = end - start;
			op.arg[2] = prot_of(use);
			EG_TRY(emit(ctx, &op));
		}
		if (i < n) {
			start = addr;
			end = addr + EG_PAGE_SIZE;
			use = f->page[i].use;
		}
	}
	f->nr = 0;
	return EG_OK;
}
