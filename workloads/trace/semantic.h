/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * semantic - records that are well formed and cannot be true, counted by kind.
 *
 * What came before the first record may be unknown (capability `init` absent, or a program that exec has just put in
 * place): then a munmap of nothing or a free of an unknown object proves nothing. Such records are counted apart
 * (the kinds that end in _unknown) and are no defect.
 */
#ifndef WORKLOADS_TRACE_SEMANTIC_H
#define WORKLOADS_TRACE_SEMANTIC_H

#include "sim/base/op.h"
#include "sim/base/status.h"

#define SEMANTIC_MAP(X)                                                                              \
	X(TIME_BACK,        "time_back",         true,  "a time before that of an earlier record")    \
	X(DEAD_STREAM,      "dead_stream",       true,  "a record of a stream that has exited")       \
	X(BORN_TWICE,       "born_twice",        true,  "the birth of a stream that is there already")\
	X(INIT_LATE,        "init_late",         true,  "an init op behind other records")            \
	X(BAD_RANGE,        "bad_range",         true,  "an empty range, or one off page boundaries") \
	X(MUNMAP_NOTHING,   "munmap_nothing",    true,  "munmap where nothing is mapped")             \
	X(MUNMAP_UNKNOWN,   "munmap_unknown",    false, "munmap of what was mapped before the start or by exec") \
	X(CHANGE_NOTHING,   "change_nothing",    true,  "mprotect or mremap where nothing is mapped") \
	X(CHANGE_UNKNOWN,   "change_unknown",    false, "mprotect or mremap of what was mapped before the start or by exec") \
	X(DOUBLE_ALLOC,     "double_allocation", true,  "an allocation under an id that is live")     \
	X(DOUBLE_FREE,      "double_free",       true,  "a free of an id that has been freed")        \
	X(FREE_NOTHING,     "free_nothing",      true,  "a free of an id that never was")             \
	X(FREE_UNKNOWN,     "free_unknown",      false, "a free of what was allocated before the start") \
	X(FREE_BEYOND,      "free_beyond",       true,  "pages freed beyond their block")             \
	X(BAD_RUN,          "bad_run",           true,  "a page run without its first kind, or off a page boundary") \
	X(BAD_ACCESS,       "bad_access",        true,  "an access op without size, of no kind, or beyond the address space")

enum semantic_kind {
#define X(NAME, key, defect, text) SEMANTIC_##NAME,
	SEMANTIC_MAP(X)
#undef X
	SEMANTIC_KINDS
};

struct semantic_name {
	const char *key, *text;
	bool        defect;             /* cannot be true */
};
extern const struct semantic_name semantic_names[SEMANTIC_KINDS];

struct semantic;

struct semantic_count {
	uint64_t nr;
	uint64_t first;                 /* ordinal of the first such record */
};

/* `init`: the trace has that capability; `split`: times of different streams are not compared. NULL: no memory. */
struct semantic *semantic_new(bool init, bool split) EG_MUST_USE;
void             semantic_free(struct semantic *s);     /* NULL is fine */
/* The next block, whose first record has that ordinal. EG_NO_MEMORY. */
eg_status semantic_add(struct semantic *s, const struct eg_block *b, uint64_t ordinal) EG_MUST_USE;
const struct semantic_count *semantic_counts(const struct semantic *s);     /* [SEMANTIC_KINDS] */

#endif
