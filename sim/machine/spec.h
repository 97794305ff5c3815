/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec - one cell, resolved: everything the machine needs to know, and nothing it has to guess.
 *
 * sim/experiment fills it from YAML (presets, overrides, sweep point, seed); tests fill it by hand with
 * spec_init(). All values live in tables of parameters, so a key in the experiment file, a row here, a
 * line of `engram explain` and an attribute in the result are one fact.
 */
#ifndef SIM_MACHINE_SPEC_H
#define SIM_MACHINE_SPEC_H

#include "sim/base/mem.h"
#include "sim/base/param.h"

struct gen_ops;
struct palloc_ops;
struct tlb_ops;
struct trace_ops;
struct trace_place;

/* Tables (spec.c): the keys below `machine:`, `machine.costs:`, `measure:`, `stop:` and of one item of
 * `workload:` (the last two are shared by generators and traces). */
extern const struct eg_param spec_machine_params[];
extern const struct eg_param spec_cost_params[];
extern const struct eg_param spec_measure_params[];
extern const struct eg_param spec_stop_params[];
extern const struct eg_param spec_replay_params[];

struct spec_workload {
	const char           *label;           /* unique in the spec: the generator's or file's name, numbered */
	const struct gen_ops *gen;             /* NULL for a trace */
	struct eg_args        gen_args;
	const struct trace_ops *trace;         /* how to read it; NULL for a generator */
	const char           *trace_path;      /* an .egt file (trace_prepare()) */
	char                  trace_hash[65];  /* its identity */
	struct eg_args        replay;          /* spec_replay_params */
};

struct spec {
	struct eg_arena          *arena;       /* owns all texts and values; borrowed */
	struct eg_args            machine, costs, measure, stop;
	const struct palloc_ops  *palloc;      /* policy.page_allocator */
	struct eg_args            palloc_args;
	const struct tlb_ops     *tlb;         /* policy.tlb */
	struct eg_args            tlb_args;
	struct spec_workload     *workload;
	unsigned                  nr_workloads;
	uint64_t                  seed;        /* master seed of this cell */
};

/* All defaults, policies `buddy` and `set_assoc`, no workload. */
eg_status spec_init(struct spec *s, struct eg_arena *arena) EG_MUST_USE;

/*
 * Choose a policy by kind ("page_allocator", "tlb") and name, with its default parameters. An unknown
 * kind or name is EG_BAD_INPUT with a suggestion and the list in why[].
 */
eg_status spec_set_policy(struct spec *s, const char *kind, const char *name, char *why, size_t why_size) EG_MUST_USE;

/* The policy kinds, NULL-terminated; the names of one kind by index (NULL past the last); the parameter
 * table and the one-line summary of one policy; the chosen name and the arguments of a kind. */
extern const char *const spec_policy_kinds[];
const char            *spec_policy_name(const char *kind, unsigned i);
const struct eg_param *spec_policy_params(const char *kind, const char *name);
const char            *spec_policy_summary(const char *kind, const char *name);
const char            *spec_policy_chosen(const struct spec *s, const char *kind);
struct eg_args        *spec_policy_args(struct spec *s, const char *kind);

/* Append a workload item (zeroed, replay defaults set); NULL when out of memory. `gen_args` of a
 * generator are initialised with its defaults. */
struct spec_workload *spec_add_generator(struct spec *s, const struct gen_ops *gen);
struct spec_workload *spec_add_trace(struct spec *s, const struct trace_ops *trace, const char *path,
				     const char hash[65]);

/* Replay key `from`: a record's ordinal, or a time with its unit, into by_time and record or time of *to. False: neither. */
bool spec_replay_from(const struct eg_args *replay, struct trace_place *to);

/*
 * Impossible machines and contradictions between keys: TLB ways that do not divide the entries, memory
 * below 16 MiB, a pinned CPU that does not exist, 2 MiB population of ... Every problem is reported:
 * report(ctx, path, text) with the dotted path of the key at fault. Returns EG_BAD_INPUT if any.
 */
eg_status spec_check(const struct spec *s, void (*report)(void *ctx, const char *path, const char *text), void *ctx)
	EG_MUST_USE;

#endif
