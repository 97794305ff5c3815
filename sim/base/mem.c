/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem - the only file that asks the host for memory; see mem.h. */
#define EG_MEM_IMPLEMENTATION
#include "sim/base/mem.h"

#include <sys/mman.h>

/* Fault injection is process-wide on purpose: the Nth request of the whole program is what a test fails. */
static uint64_t nr_requests, fail_at;

static bool refuse(void)
{
	nr_requests++;
	if (fail_at && nr_requests == fail_at) {
		fail_at = 0;
		return true;
	}
	return false;
}

uint64_t eg_mem_fail_nth(uint64_t nth)
{
	uint64_t before = nr_requests;

	nr_requests = 0;
	fail_at = nth;
	return before;
}

void *eg_calloc(size_t nr, size_t size)
{
	return refuse() ? NULL : calloc(nr ? nr : 1, size ? size : 1);
}

void *eg_realloc(void *p, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes) || refuse())
		return NULL;
	return realloc(p, bytes ? bytes : 1);
}

char *eg_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = eg_calloc(n, 1);

	return copy ? memcpy(copy, s, n) : NULL;
}

void eg_free(void *p)
{
	free(p);
}

void *eg_reserve(size_t bytes, bool huge)
{
	void *p;

	if (refuse())
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (huge)
		(void)madvise(p, bytes, MADV_HUGEPAGE);    /* a wish: nothing depends on it */
	return p;
}

void eg_unreserve(void *p, size_t bytes)
{
	if (p)
		(void)munmap(p, bytes);
}

struct eg_arena_chunk {
	struct eg_arena_chunk *next;
	size_t size;
};

enum { CHUNK_BYTES = 256 * 1024, CHUNK_HEAD = 64 };

void *eg_arena_alloc(struct eg_arena *a, size_t nr, size_t size)
{
	size_t bytes, align, at;

	if (__builtin_mul_overflow(nr, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	align = bytes >= 64 ? 64 : 16;
	at = (a->used + align - 1) & ~(align - 1);
	if (!a->chunks || at + bytes > a->size) {
		size_t want = bytes + CHUNK_HEAD + 64 > CHUNK_BYTES ? bytes + CHUNK_HEAD + 64 : CHUNK_BYTES;
		struct eg_arena_chunk *c;

		want = (want + 63) & ~(size_t)63;
		c = refuse() ? NULL : aligned_alloc(64, want);
		if (!c) {
			a->failed = true;
			return NULL;
		}
		memset(c, 0, want);
		c->next = a->chunks;
		c->size = want;
		a->chunks = c;
		a->size = want;
		a->total += want;
		at = CHUNK_HEAD;
	}
	a->used = at + bytes;
	return (char *)a->chunks + at;
}

char *eg_arena_strdup(struct eg_arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = eg_arena_alloc(a, n, 1);

	return copy ? memcpy(copy, s, n) : NULL;
}

void eg_arena_free_all(struct eg_arena *a)
{
	while (a->chunks) {
		struct eg_arena_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	*a = (struct eg_arena){ 0 };
}

void *eg_grow(void **items, size_t *nr, size_t *cap, size_t item_size)
{
	if (*nr == *cap) {
		size_t bigger = *cap ? *cap * 2 : 8;
		void *p = eg_realloc(*items, bigger, item_size);

		if (!p)
			return NULL;
		*items = p;
		*cap = bigger;
	}
	return memset((char *)*items + (*nr)++ * item_size, 0, item_size);
}
