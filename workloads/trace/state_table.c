/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_table - see state_table.h. */
#include "workloads/trace/state_table.h"

#include "sim/base/mem.h"

static size_t home(const struct state_table *t, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->size - 1);
}

static struct state_table_entry *find(const struct state_table *t, uint64_t key)
{
	if (!t->size)
		return NULL;
	for (size_t i = home(t, key); t->entry[i].value; i = (i + 1) & (t->size - 1))
		if (t->entry[i].key == key)
			return &t->entry[i];
	return NULL;
}

void *state_table_get(const struct state_table *t, uint64_t key)
{
	struct state_table_entry *e = find(t, key);

	return e ? e->value : NULL;
}

bool state_table_room(struct state_table *t)
{
	struct state_table more = { .nr = t->nr, .size = t->size ? 2 * t->size : 32 };

	if (2 * (t->nr + 1) <= t->size)
		return true;
	more.entry = eg_calloc(more.size, sizeof(*more.entry));
	if (!more.entry)
		return false;
	for (size_t i = 0; i < t->size; i++) {
		size_t at;

		if (!t->entry[i].value)
			continue;
		for (at = home(&more, t->entry[i].key); more.entry[at].value; at = (at + 1) & (more.size - 1))
			;
		more.entry[at] = t->entry[i];
	}
	eg_free(t->entry);
	*t = more;
	return true;
}

void state_table_add(struct state_table *t, uint64_t key, void *value)
{
	size_t i;

	for (i = home(t, key); t->entry[i].value; i = (i + 1) & (t->size - 1))
		;
	t->entry[i] = (struct state_table_entry){ key, value };
	t->nr++;
}

/* Knuth 6.4, algorithm R. */
void state_table_drop(struct state_table *t, uint64_t key)
{
	struct state_table_entry *e = find(t, key);
	size_t hole, i;

	if (!e)
		return;
	hole = i = (size_t)(e - t->entry);
	for (;;) {
		size_t want;

		t->entry[hole].value = NULL;
		do {
			i = (i + 1) & (t->size - 1);
			if (!t->entry[i].value) {
				t->nr--;
				return;
			}
			want = home(t, t->entry[i].key);
		} while (hole <= i ? hole < want && want <= i : hole < want || want <= i);
		t->entry[hole] = t->entry[i];
		hole = i;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct state_table_entry *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

struct state_table_entry *state_table_sorted(const struct state_table *t)
{
	struct state_table_entry *e = eg_calloc(t->nr ? t->nr : 1, sizeof(*e));
	size_t nr = 0;

	if (!e)
		return NULL;
	for (size_t i = 0; i < t->size; i++)
		if (t->entry[i].value)
			e[nr++] = t->entry[i];
	qsort(e, nr, sizeof(*e), by_key);
	return e;
}
