/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_table - see state_table.h. */
#include "workloads/trace/state_table.h"

#include "sim/base/idhash.h"
#include "sim/base/mem.h"

static size_t home(const struct state_table *t, uint64_t key)
{
	return (size_t)eg_id_hash(key, t->key) & (t->size - 1);
}

static struct state_table_entry *find(const struct state_table *t, uint64_t key)
{
	size_t i, steps;

	if (!t->size)
		return NULL;
	for (i = home(t, key), steps = 0; t->entry[i].value && steps <= t->reach; i = (i + 1) & (t->size - 1), steps++)
		if (t->entry[i].key == key)
			return &t->entry[i];
	return NULL;
}

void *state_table_get(const struct state_table *t, uint64_t key)
{
	struct state_table_entry *e = find(t, key);

	return e ? e->value : NULL;
}

static void put(struct state_table *t, uint64_t key, void *value)
{
	size_t i, steps;

	for (i = home(t, key), steps = 0; t->entry[i].value; i = (i + 1) & (t->size - 1))
		steps++;
	t->entry[i] = (struct state_table_entry){ key, value };
	t->reach = steps > t->reach ? steps : t->reach;
}

/* Filled anew with `size` cells, under the first key from `key` on that keeps the reach. */
static bool fill(struct state_table *t, size_t size, uint64_t key)
{
	struct state_table fresh = { .nr = t->nr, .size = size, .key = key };
	uint64_t last = key + eg_id_tries(t->nr);

	fresh.entry = eg_calloc(size, sizeof(*fresh.entry));
	if (!fresh.entry)
		return false;
	for (;;) {
		for (size_t i = 0; i < t->size && (fresh.reach <= EG_ID_REACH || fresh.key == last); i++)
			if (t->entry[i].value)
				put(&fresh, t->entry[i].key, t->entry[i].value);
		if (fresh.reach <= EG_ID_REACH || fresh.key == last)
			break;
		memset(fresh.entry, 0, size * sizeof(*fresh.entry));
		fresh.reach = 0;
		fresh.key++;
	}
	eg_free(t->entry);
	*t = fresh;
	return true;
}

bool state_table_room(struct state_table *t)
{
	return 2 * (t->nr + 1) <= t->size || fill(t, t->size ? 2 * t->size : 32, t->key);
}

void state_table_add(struct state_table *t, uint64_t key, void *value)
{
	size_t before = t->reach;

	put(t, key, value);
	t->nr++;
	if (t->reach > EG_ID_REACH && t->reach > before)
		(void)fill(t, t->size, t->key + 1);     /* without memory it is slower, and right */
}

/* Knuth 6.4, algorithm R; what stands further behind the hole than the reach cannot belong into it. */
void state_table_drop(struct state_table *t, uint64_t key)
{
	struct state_table_entry *e = find(t, key);
	size_t hole, i;

	if (!e)
		return;
	t->nr--;
	hole = i = (size_t)(e - t->entry);
	for (;;) {
		size_t want;

		t->entry[hole].value = NULL;
		do {
			i = (i + 1) & (t->size - 1);
			if (!t->entry[i].value || ((i - hole) & (t->size - 1)) > t->reach)
				return;
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
