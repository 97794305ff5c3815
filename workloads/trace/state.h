/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state - what the records of a trace have built so far: mappings, breaks, who shares an address space, live
 * page blocks and heap objects. Writers keep one to write state chunks, readers to land from a seek.
 *
 * A state is told as ops flagged EG_OPF_INIT, time EG_TIME_NONE, in a canonical order that depends on the
 * state alone: streams ascending; of each first how it is born (`clone child flags=vm,...` by the lowest stream
 * that shares its address space, nothing for the others), then its mappings by address, its break; then live
 * blocks and objects by id. Applied to nothing, these ops give the same state again (a property test).
 *
 * Contents are not part of a trace, so which pages are present, or shared after a fork, is not known: a
 * landing replay touches them anew. That is the assumption `state_from_seek`, which the result names.
 */
#ifndef WORKLOADS_TRACE_STATE_H
#define WORKLOADS_TRACE_STATE_H

#include "sim/base/op.h"
#include "sim/base/status.h"

struct trace_state;

/* NULL without memory. */
struct trace_state *trace_state_new(void) EG_MUST_USE;
void                trace_state_free(struct trace_state *s);     /* NULL is fine */
/* Nothing mapped, nobody alive. */
void                trace_state_clear(struct trace_state *s);

/*
 * One record: any op, init ops included; accesses need not be told, but a stream must be known by an op or by
 * trace_state_stream(). Ops that failed or cannot be true (munmap of nothing, a dead stream) change nothing.
 * EG_NO_MEMORY leaves the state as it was. Memory is proportional to what is mapped and alive.
 */
eg_status trace_state_op(struct trace_state *s, const struct eg_op *op) EG_MUST_USE;
/* A stream that did something. */
eg_status trace_state_stream(struct trace_state *s, uint32_t stream) EG_MUST_USE;

/* Tell it; stops at and returns the first status of emit() that is not EG_OK. */
eg_status trace_state_tell(const struct trace_state *s, eg_status (*emit)(void *ctx, const struct eg_op *op), void *ctx)
	EG_MUST_USE;

#endif
