/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state - what the records of a trace have built so far: mappings, breaks, who shares an address space, live
 * page blocks and heap objects. Writers keep one to write state chunks, readers to land from a seek.
 *
 * A state is told as ops flagged EG_OPF_INIT, time EG_TIME_NONE, in a canonical order that depends on the
 * state alone: streams ascending; of each first how it is born (`clone child flags=vm,thread` by the lowest stream
 * of its thread group, else `flags=vm` by the lowest that shares its address space; nothing for these lowest ones),
 * then its mappings by address, then its break (`brk` with where the heap begins, and, if it is not empty, with its
 * end); then live page blocks by id (`alloc_pages`, and `free_pages` for each part that is free already), then heap
 * objects by id (`malloc`, `calloc`, `memalign`). What streams share is told once, by the lowest of them. Applied to
 * nothing, these ops give the same state again (a property test).
 *
 * Mappings are told with EG_MAP_FIXED, in whole pages, and as one where Linux would have merged them. exec and
 * exit_group end the other threads; exec drops the address space; what an exited stream had is gone, except page
 * blocks, which belong to nobody. A stream with an address space of its own and nothing in it is as good as one
 * that was never met, and is not told.
 *
 * Left out: stacks that grow by faults, what madvise said, locks (mlock), who waits for a vfork child, and the heap
 * objects that a forked child inherits (they stay the parent's). Contents are not part of a trace, so which pages are
 * present, or shared after a fork, is not known: a landing replay touches them anew. That is the assumption
 * `state_from_seek`, which the result names.
 */
#ifndef WORKLOADS_TRACE_STATE_H
#define WORKLOADS_TRACE_STATE_H

#include "sim/base/op.h"
#include "sim/base/status.h"

struct trace_state;

/* A state of more ops is not handed out by a seek: forks share what they have in common, the ops that tell it do not. */
enum { TRACE_STATE_MAX = 4 << 20 };

/* NULL without memory. */
struct trace_state *trace_state_new(void) EG_MUST_USE;
void                trace_state_free(struct trace_state *s);     /* NULL is fine */
/* Nothing mapped, nobody alive. */
void                trace_state_clear(struct trace_state *s);

/*
 * One record: any op, init ops included; accesses need not be told. Ops that failed or cannot be true (munmap of
 * nothing, a free of what is not live) change nothing; a birth of a living stream, or an allocation with a live id,
 * means that the recording missed an end. EG_NO_MEMORY leaves the state as it was. Memory is proportional to what
 * is mapped and alive; forked spaces share what they have in common.
 */
eg_status trace_state_op(struct trace_state *s, const struct eg_op *op) EG_MUST_USE;

/* A stream that did something. It is told only when it comes to have or share anything. */
eg_status trace_state_stream(struct trace_state *s, uint32_t stream) EG_MUST_USE;

/* Can an op with this code change a state? */
bool trace_state_cares(unsigned code);

/* About how many ops telling it takes. */
uint64_t trace_state_size(const struct trace_state *s);

/* Tell it; stops at and returns the first status of emit() that is not EG_OK. */
eg_status trace_state_tell(struct trace_state *s, eg_status (*emit)(void *ctx, const struct eg_op *op), void *ctx)
	EG_MUST_USE;

#endif
