/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_table - numbers to objects, for state.c: a hash table with open addressing (sim/base/idhash.h). */
#ifndef WORKLOADS_TRACE_STATE_TABLE_H
#define WORKLOADS_TRACE_STATE_TABLE_H

#include "sim/base/types.h"

struct state_table_entry {
	uint64_t key;
	void    *value;                 /* NULL: empty */
};

struct state_table {
	struct state_table_entry *entry;
	size_t        nr, size;         /* size: a power of two, or 0 */
	size_t        reach;            /* the most cells between an entry and its home */
	uint64_t      key;              /* of the hash */
};

/* NULL: no such number. */
void *state_table_get(const struct state_table *t, uint64_t key);
/* Room for one more, so that state_table_add() cannot fail. False: no memory, nothing has changed. */
bool  state_table_room(struct state_table *t);
/* A number that is not there. */
void  state_table_add(struct state_table *t, uint64_t key, void *value);
/* Remove, if it is there, and close the gap. */
void  state_table_drop(struct state_table *t, uint64_t key);
/* All entries in the order of their keys; the caller frees them. NULL without memory. */
struct state_table_entry *state_table_sorted(const struct state_table *t);

#endif
