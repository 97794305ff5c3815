/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec - the parameter tables of a machine and the policies it can be built from; see spec.h. */
#include "sim/machine/spec.h"

#include <stdio.h>

#include "sim/base/check.h"
#include "sim/base/str.h"
#include "sim/machine/cost.h"
#include "sim/mmu/tlb/tlb.h"
#include "sim/phys/palloc/palloc.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

#define GEOMETRY(path, entries, ways, what)                                                                     \
	{ path ".entries", EG_PARAM_COUNT, entries, "0", "65536", NULL, "entries of the " what "; 0 = absent" }, \
	{ path ".ways", EG_PARAM_COUNT, ways, "1", "65536", NULL, "ways of the " what }

const struct eg_param spec_machine_params[] = {
	{ "cpus", EG_PARAM_COUNT, "2", "1", "64", NULL, "simulated CPUs" },
	{ "clock", EG_PARAM_FREQ, "3GHz", "1MHz", "100GHz", NULL, "core clock; costs given in cycles scale with it" },
	{ "memory", EG_PARAM_SIZE, "4GiB", "16MiB", "4TiB", NULL, "installed memory; zones follow the x86-64 layout" },
	{ "struct_page", EG_PARAM_SIZE, "64B", "0B", "256B", NULL,
	  "memory that the kernel spends on each page frame (struct page), taken from each zone at boot" },
	{ "min_free_kbytes", EG_PARAM_COUNT, "0", "0", "67108864", NULL,
	  "vm.min_free_kbytes; 0 = Linux's rule sqrt(16 * lowmem_kB)" },
	{ "watermark_scale_factor", EG_PARAM_COUNT, "10", "1", "3000", NULL,
	  "vm.watermark_scale_factor: distance between watermarks in 1/10000 of a zone" },
	{ "time_slice", EG_PARAM_TIME, "4ms", "1us", "10s", NULL, "round robin: how long a task runs while others wait" },
	{ "ipi_latency", EG_PARAM_TIME, "1us", "1ns", "1ms", NULL,
	  "delivery time of an interprocessor interrupt; CPUs run ahead of each other by no more" },
	{ "asids", EG_PARAM_COUNT, "6", "1", "4096", NULL,
	  "address spaces whose translations a CPU keeps (Linux: TLB_NR_DYN_ASIDS = 6); 1 = flush at each switch" },
	GEOMETRY("tlb.l1i", "128", "8", "L1 instruction TLB"),
	GEOMETRY("tlb.l1i_huge", "8", "8", "L1 instruction TLB for 2 MiB pages (absent: l1i holds both sizes)"),
	GEOMETRY("tlb.l1d", "64", "4", "L1 data TLB"),
	GEOMETRY("tlb.l1d_huge", "32", "4", "L1 data TLB for 2 MiB pages (absent: l1d holds both sizes)"),
	GEOMETRY("tlb.l2", "1536", "12", "second-level TLB"),
	GEOMETRY("tlb.l2_huge", "0", "1", "second-level TLB for 2 MiB pages (absent: l2 holds both sizes)"),
	{ "tlb.unified_l1", EG_PARAM_BOOL, "false", NULL, NULL, NULL, "instruction fetches use the L1 data TLB" },
	GEOMETRY("walk_cache.pml4", "4", "4", "page-walk cache of PML4 entries"),
	GEOMETRY("walk_cache.pdpt", "8", "4", "page-walk cache of PDPT entries"),
	GEOMETRY("walk_cache.pd", "32", "4", "page-walk cache of PD entries"),
	{ 0 }
};

const struct eg_param spec_cost_params[] = {
#define X(field, def, max, help) { #field, EG_PARAM_COST, def, "0", max, NULL, help },
	COST_MAP(X)
#undef X
	{ "zero_bandwidth", EG_PARAM_BANDWIDTH, "12GB/s", "1MB/s", "10000GB/s", NULL, "clearing memory" },
	{ "copy_bandwidth", EG_PARAM_BANDWIDTH, "8GB/s", "1MB/s", "10000GB/s", NULL, "copying memory" },
	{ 0 }
};

const struct eg_param spec_measure_params[] = {
	{ "interval", EG_PARAM_TIME, "1ms", "1us", "1000s", NULL, "simulated time between two samples of the series" },
	{ "warmup", EG_PARAM_TIME, "0s", NULL, NULL, NULL,
	  "counters and histograms start after this time; a warmup_end mark in the workload ends it too" },
	{ "samples", EG_PARAM_COUNT, "2000", "2", "100000", NULL,
	  "largest number of samples; when it is reached every second one is dropped and the interval doubles" },
	{ 0 }
};

const struct eg_param spec_stop_params[] = {
	{ "time", EG_PARAM_TIME, "0s", NULL, NULL, NULL, "end after this simulated time; 0 = at the end of the workload" },
	{ "ops", EG_PARAM_COUNT, "0", NULL, NULL, NULL, "end after so many operations and accesses; 0 = no limit" },
	{ 0 }
};

const struct eg_param spec_replay_params[] = {
	{ "replay", EG_PARAM_CHOICE, "asap", NULL, NULL, "asap|timed|closed",
	  "asap: an op starts when the one before it ends; timed: not before its recorded time; closed: the recorded "
	  "time between two ops of a task is kept as think time" },
	{ "accesses", EG_PARAM_CHOICE, "all", NULL, NULL, "all|data", "data: instruction fetches are left out" },
	{ "populate", EG_PARAM_CHOICE, "none", NULL, NULL, "none|read|write",
	  "mappings that exist before the first record are filled before it, at no cost: read-only zero pages or writable pages" },
	{ "populate_page", EG_PARAM_CHOICE, "4KiB", NULL, NULL, "4KiB|2MiB", "page size of that population" },
	{ "streams", EG_PARAM_CHOICE, "auto", NULL, NULL, "auto|recorded|independent",
	  "of traces: recorded: in the order of the recording, one task at a time; independent: each task pulls its own stream, "
	  "at most 256; auto: recorded if the trace knows the order (capability order), else independent" },
	{ "from", EG_PARAM_TEXT, "0", NULL, NULL, NULL,
	  "of traces: where the replay begins: a record's ordinal (from 0), or a recorded time with its unit; the mappings of the "
	  "records before are there, their pages are not" },
	{ "start", EG_PARAM_TIME, "0s", NULL, NULL, NULL, "simulated time at which the first task of this item starts" },
	{ "instances", EG_PARAM_COUNT, "1", "1", "4096", NULL, "independent copies, each with its own tasks and random streams" },
	{ "cpu", EG_PARAM_TEXT, "any", NULL, NULL, NULL, "CPU to which the tasks are pinned, or any" },
	{ 0 }
};

/* ---- policy kinds -------------------------------------------------------------------------------- */

const char *const spec_policy_kinds[] = { "page_allocator", "tlb", NULL };

enum kind { KIND_PALLOC, KIND_TLB, KIND_NONE };

static enum kind kind_of(const char *kind)
{
	for (unsigned i = 0; spec_policy_kinds[i]; i++)
		if (strcmp(spec_policy_kinds[i], kind) == 0)
			return (enum kind)i;
	return KIND_NONE;
}

const char *spec_policy_name(const char *kind, unsigned i)
{
	switch (kind_of(kind)) {
	case KIND_PALLOC: return palloc_registry[i] ? palloc_registry[i]->name : NULL;
	case KIND_TLB:    return tlb_registry[i] ? tlb_registry[i]->name : NULL;
	case KIND_NONE:   break;
	}
	return NULL;
}

const struct eg_param *spec_policy_params(const char *kind, const char *name)
{
	switch (kind_of(kind)) {
	case KIND_PALLOC: return palloc_find(name) ? palloc_find(name)->params : NULL;
	case KIND_TLB:    return tlb_find(name) ? tlb_find(name)->params : NULL;
	case KIND_NONE:   break;
	}
	return NULL;
}

const char *spec_policy_summary(const char *kind, const char *name)
{
	switch (kind_of(kind)) {
	case KIND_PALLOC: return palloc_find(name) ? palloc_find(name)->summary : NULL;
	case KIND_TLB:    return tlb_find(name) ? tlb_find(name)->summary : NULL;
	case KIND_NONE:   break;
	}
	return NULL;
}

const char *spec_policy_chosen(const struct spec *s, const char *kind)
{
	switch (kind_of(kind)) {
	case KIND_PALLOC: return s->palloc->name;
	case KIND_TLB:    return s->tlb->name;
	case KIND_NONE:   break;
	}
	return NULL;
}

struct eg_args *spec_policy_args(struct spec *s, const char *kind)
{
	switch (kind_of(kind)) {
	case KIND_PALLOC: return &s->palloc_args;
	case KIND_TLB:    return &s->tlb_args;
	case KIND_NONE:   break;
	}
	return NULL;
}

static const char *kind_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return spec_policy_kinds[i];
}

static const char *name_of_kind(const void *ctx, unsigned i)
{
	return spec_policy_name(ctx, i);
}

eg_status spec_set_policy(struct spec *s, const char *kind, const char *name, char *why, size_t why_size)
{
	const char *near;
	char list[200];
	size_t n = 0;

	if (kind_of(kind) == KIND_NONE) {
		near = eg_did_you_mean(kind, kind_name, NULL);
		(void)snprintf(why, why_size, "no policy of kind %.40s is built; %s%s%skinds: page_allocator, tlb", kind,
			       near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return EG_BAD_INPUT;
	}
	if (!spec_policy_params(kind, name)) {
		list[0] = '\0';
		for (unsigned i = 0; spec_policy_name(kind, i) && n < sizeof(list) - 1; i++)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", spec_policy_name(kind, i));
		near = eg_did_you_mean(name, name_of_kind, kind);
		(void)snprintf(why, why_size, "unknown %s %.40s; %s%s%sbuilt: %s", kind, name, near ? "did you mean " : "",
			       near ? near : "", near ? "? " : "", list);
		return EG_BAD_INPUT;
	}
	if (kind_of(kind) == KIND_PALLOC)
		s->palloc = palloc_find(name);
	else
		s->tlb = tlb_find(name);
	return eg_args_init(spec_policy_args(s, kind), spec_policy_params(kind, name), s->arena);
}

/* ---- building ------------------------------------------------------------------------------------ */

eg_status spec_init(struct spec *s, struct eg_arena *arena)
{
	char why[256];

	*s = (struct spec){ .arena = arena, .seed = 1 };
	EG_TRY(eg_args_init(&s->machine, spec_machine_params, arena));
	EG_TRY(eg_args_init(&s->costs, spec_cost_params, arena));
	EG_TRY(eg_args_init(&s->measure, spec_measure_params, arena));
	EG_TRY(eg_args_init(&s->stop, spec_stop_params, arena));
	EG_TRY(spec_set_policy(s, "page_allocator", palloc_registry[0]->name, why, sizeof(why)));
	return spec_set_policy(s, "tlb", tlb_registry[0]->name, why, sizeof(why));
}

static struct spec_workload *add_workload(struct spec *s)
{
	struct spec_workload *bigger = eg_arena_alloc(s->arena, s->nr_workloads + 1, sizeof(*bigger)), *w;

	if (!bigger)
		return NULL;
	if (s->nr_workloads)
		memcpy(bigger, s->workload, s->nr_workloads * sizeof(*bigger));
	w = &bigger[s->nr_workloads];
	if (eg_args_init(&w->replay, spec_replay_params, s->arena) != EG_OK)
		return NULL;
	s->workload = bigger;
	s->nr_workloads++;
	return w;
}

static const char *numbered(struct spec *s, const char *name)
{
	char text[160];
	unsigned n = 0;

	for (unsigned i = 0; i + 1 < s->nr_workloads; i++) {
		const char *other = s->workload[i].label;

		n += strncmp(other, name, strlen(name)) == 0;
	}
	if (n == 0)
		return eg_arena_strdup(s->arena, name);
	(void)snprintf(text, sizeof(text), "%.140s-%u", name, n + 1);
	return eg_arena_strdup(s->arena, text);
}

struct spec_workload *spec_add_generator(struct spec *s, const struct gen_ops *gen)
{
	struct spec_workload *w = add_workload(s);

	if (!w || eg_args_init(&w->gen_args, gen->params, s->arena) != EG_OK)
		return NULL;
	w->gen = gen;
	w->label = numbered(s, gen->name);
	return w->label ? w : NULL;
}

struct spec_workload *spec_add_trace(struct spec *s, const struct trace_ops *trace, const char *path, const char hash[65])
{
	struct spec_workload *w = add_workload(s);
	const char *base = strrchr(path, '/');

	if (!w)
		return NULL;
	w->trace = trace;
	w->trace_path = eg_arena_strdup(s->arena, path);
	memcpy(w->trace_hash, hash, sizeof(w->trace_hash));
	w->trace_hash[64] = '\0';
	w->label = numbered(s, base ? base + 1 : path);
	return w->trace_path && w->label ? w : NULL;
}

bool spec_replay_from(const struct eg_args *replay, struct trace_place *to)
{
	static const struct eg_param as[2] = { { .name = "from", .type = EG_PARAM_COUNT }, { .name = "from", .type = EG_PARAM_TIME } };
	const char *text = eg_args_text(replay, "from");

	for (unsigned i = 0; i < 2; i++) {
		struct eg_value v = { 0 };
		char why[160];

		if (eg_param_parse(&as[i], text, &v, why, sizeof(why)) != EG_OK)
			continue;
		to->by_time = i == 1;
		to->record = i == 0 ? v.u : 0;
		to->time = i == 1 ? v.u : 0;
		return true;
	}
	return false;
}

/* ---- impossible machines ------------------------------------------------------------------------- */

struct problems {
	void    (*report)(void *ctx, const char *path, const char *text);
	void     *ctx;
	unsigned  nr;
};

static void problem(struct problems *p, const char *path, const char *text)
{
	p->nr++;
	p->report(p->ctx, path, text);
}

static void check_geometry(const struct spec *s, struct problems *p, const char *name, bool required)
{
	char entries_key[64], ways_key[64], path[80], text[160];
	uint64_t entries, ways;

	(void)snprintf(entries_key, sizeof(entries_key), "%s.entries", name);
	(void)snprintf(ways_key, sizeof(ways_key), "%s.ways", name);
	entries = eg_args_u64(&s->machine, entries_key);
	ways = eg_args_u64(&s->machine, ways_key);
	if (!entries) {
		(void)snprintf(path, sizeof(path), "machine.%s", entries_key);
		if (required)
			problem(p, path, "0 entries: this array cannot be absent");
		return;
	}
	(void)snprintf(path, sizeof(path), "machine.%s", ways_key);
	if (entries % ways) {
		(void)snprintf(text, sizeof(text), "%llu ways do not divide %llu entries", (unsigned long long)ways,
			       (unsigned long long)entries);
		problem(p, path, text);
	} else if ((entries / ways) & (entries / ways - 1)) {
		(void)snprintf(text, sizeof(text), "%llu entries in %llu ways make %llu sets; the number of sets must be a "
			       "power of two", (unsigned long long)entries, (unsigned long long)ways,
			       (unsigned long long)(entries / ways));
		problem(p, path, text);
	}
}

/* Keys that only a trace takes. */
static void check_trace_keys(const struct spec *s, struct problems *p, unsigned i)
{
	static const struct { const char *key, *text; } keys[] = {
		{ "populate", "only for traces; a generator fills its own mappings" },
		{ "streams", "only for traces; the streams of a generator are independent" },
		{ "from", "only for traces; a generator starts at its beginning" },
	};
	const struct spec_workload *w = &s->workload[i];
	struct trace_place place;
	char path[80];

	for (unsigned k = 0; w->gen && k < EG_ARRAY_LEN(keys); k++)
		if (w->replay.value[eg_param_find(spec_replay_params, keys[k].key)].given) {
			(void)snprintf(path, sizeof(path), "workload.%u.%s", i, keys[k].key);
			problem(p, path, keys[k].text);
		}
	if (!w->gen && !spec_replay_from(&w->replay, &place)) {
		(void)snprintf(path, sizeof(path), "workload.%u.from", i);
		problem(p, path, "expected a record's ordinal, like 150000, or a recorded time with its unit, like 2.5s");
	}
}

eg_status spec_check(const struct spec *s, void (*report)(void *ctx, const char *path, const char *text), void *ctx)
{
	static const struct { const char *name; bool required; } arrays[] = {
		{ "tlb.l1i", true }, { "tlb.l1i_huge", false }, { "tlb.l1d", true }, { "tlb.l1d_huge", false },
		{ "tlb.l2", false }, { "tlb.l2_huge", false },
		{ "walk_cache.pml4", false }, { "walk_cache.pdpt", false }, { "walk_cache.pd", false },
	};
	struct problems p = { .report = report, .ctx = ctx };
	uint64_t cpus = eg_args_u64(&s->machine, "cpus");
	char path[80], text[160];

	for (unsigned i = 0; i < EG_ARRAY_LEN(arrays); i++)
		check_geometry(s, &p, arrays[i].name, arrays[i].required);
	if (eg_args_u64(&s->machine, "tlb.l2_huge.entries") && !eg_args_u64(&s->machine, "tlb.l2.entries"))
		problem(&p, "machine.tlb.l2_huge.entries", "a second level for 2 MiB pages needs tlb.l2 as well");
	if (eg_args_u64(&s->machine, "memory") % EG_PAGE_SIZE)
		problem(&p, "machine.memory", "not a whole number of 4 KiB pages");
	if (!s->nr_workloads)
		problem(&p, "workload", "nothing to run: list at least one generator or trace");
	for (unsigned i = 0; i < s->nr_workloads; i++) {
		const struct eg_args *r = &s->workload[i].replay;
		const char *cpu = eg_args_text(r, "cpu");
		char *end;
		unsigned long n;

		(void)snprintf(path, sizeof(path), "workload.%u.cpu", i);
		n = strtoul(cpu, &end, 10);
		if (strcmp(cpu, "any") != 0 && (end == cpu || *end || *cpu == '-')) {
			problem(&p, path, "expected a CPU number or any");
		} else if (strcmp(cpu, "any") != 0 && n >= cpus) {
			(void)snprintf(text, sizeof(text), "CPU %lu does not exist; the machine has 0 to %llu", n,
				       (unsigned long long)(cpus - 1));
			problem(&p, path, text);
		}
		(void)snprintf(path, sizeof(path), "workload.%u.populate_page", i);
		if (r->value[eg_param_find(spec_replay_params, "populate_page")].given &&
		    strcmp(eg_args_text(r, "populate"), "write") != 0)
			problem(&p, path, "needs populate: write");
		check_trace_keys(s, &p, i);
	}
	return p.nr ? EG_BAD_INPUT : EG_OK;
}
