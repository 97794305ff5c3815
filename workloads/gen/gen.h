/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gen - the contract of a workload generator.
 *
 * A generator is a pure function of (parameters, its random streams, its state). It emits ops and cannot
 * see the machine, so it chooses its own addresses: mappings are placed by the generator from
 * GEN_BASE upwards (the machine honours them as MAP_FIXED). The same (parameters, seed) gives the same
 * op stream on every host: all choices are integers; floating point and GSL only build tables in init().
 *
 * One generator drives one or more streams. Stream 0 is the root and starts at time 0; others come to
 * life by FORK/VFORK/CLONE ops that name them. Streams are pulled independently, so the ops of one
 * stream may depend only on that stream's own random stream and position, never on when it is asked.
 * A stream ends with EXIT, or with EG_BLOCK_END, which the machine treats as exit.
 *
 * A file generates one policy: workloads/gen/foo.c exports gen_foo_ops and stands in plugins.mk.
 */
#ifndef WORKLOADS_GEN_GEN_H
#define WORKLOADS_GEN_GEN_H

#include "sim/base/mem.h"
#include "sim/base/op.h"
#include "sim/base/param.h"
#include "sim/base/rng.h"

#define GEN_BASE UINT64_C(0x100000000000)    /* 16 TiB: first mapping of a generator */

/* What a generator is told about its surroundings: nothing of the machine but sizes fixed in the spec. */
struct gen_env {
	uint64_t         seed;            /* master seed of the run                                        */
	uint64_t         instance;        /* which copy of this generator (0..instances-1)                 */
	uint64_t         memory_bytes;    /* machine memory, for sizes given as a share (resolved at init) */
	struct eg_arena *arena;           /* tables live here; freed with the run                          */
};

/* Where next() puts access words. */
struct gen_buffer {
	uint64_t *acc;
	uint32_t  capacity;               /* >= 64; fill at most this many */
};

struct gen_ops {
	const char            *name;          /* kebab-case, as in YAML: "pointer-chase" */
	const char            *summary;       /* one line for `engram list` */
	const struct eg_param *params;
	uint32_t               capabilities;  /* TRACE_CAP_* the stream has (see trace.h) */
	const char *const     *names;         /* text of eg_op.name n is names[n - 1]; NULL-terminated, or NULL */

	/* Bytes of state; the caller allocates them zeroed. */
	size_t (*state_size)(const struct eg_args *args);

	/* Check parameters against each other, build tables. A contradiction is EG_BAD_INPUT with a message
	 * that names the parameters. On failure the caller need do nothing. */
	eg_status (*init)(void *state, const struct eg_args *args, const struct gen_env *env, struct eg_errors *err);

	/* The next block of `stream`: a run of accesses in buf (block->acc = buf->acc) or one op. How many
	 * accesses come at once must not change what they are: the concatenation is the same for every
	 * capacity. Never fails after init; EG_BLOCK_END when the stream is over. */
	void (*next)(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block);
};

/* All generators, NULL-terminated, in the order of plugins.mk (generated). */
extern const struct gen_ops *const gen_registry[];

const struct gen_ops *gen_find(const char *name);

#endif
