/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace generate - the ops of a workload generator as a trace.
 *
 * The generator's streams are pulled in turn, a block at a time, since no machine is there to schedule
 * them; a stream that waits for its vfork child is passed over. So the order between streams is one of
 * many; the order within each is the generator's.
 */
#include "sim/cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

enum { BLOCK = 4096, STREAMS_MAX = 65536 };

static const struct cli_option options[] = {
	{ "output", 'o', "FILE", "the trace to write; - is standard output (required)", false },
	{ "ops", 'n', "N", "stop after N records (default 1000000)", false },
	{ "seed", 0, "S", "seed of all random choices (default 1)", false },
	{ "memory", 0, "SIZE", "memory of the machine, for sizes given as a share of it (default 1GiB)", false },
	{ "level", 0, "N", "compression 0..19, 0 stores plainly (default 3)", false },
	{ "text", 0, NULL, "write the text form", false },
	{ NULL, 0, NULL, NULL, false }
};

struct pull {
	uint32_t stream;
	bool     over;
	uint32_t waits_for;             /* vfork child's stream + 1, 0 = runs */
};

struct generation {
	const struct gen_ops *ops;
	void                 *state;
	struct trace_writer  *w;
	struct pull          *pull;
	size_t                nr, cap;
	uint64_t              left;
	uint64_t              acc[BLOCK];
};

static const char *generator_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return gen_registry[i] ? gen_registry[i]->name : NULL;
}

static eg_status add_stream(struct generation *g, uint64_t stream)
{
	struct pull *p = g->nr < STREAMS_MAX ? eg_grow((void **)&g->pull, &g->nr, &g->cap, sizeof(*p)) : NULL;

	if (!p)
		return EG_NO_MEMORY;
	p->stream = (uint32_t)stream;
	return EG_OK;
}

static void wake(struct generation *g, uint32_t child)
{
	for (size_t i = 0; i < g->nr; i++)
		if (g->pull[i].waits_for == child + 1)
			g->pull[i].waits_for = 0;
}

/* One block of stream i. */
static eg_status step(struct generation *g, size_t i)
{
	struct gen_buffer buf = { g->acc, g->left < BLOCK ? (g->left < 64 ? 64 : (uint32_t)g->left) : BLOCK };
	uint32_t stream = g->pull[i].stream;
	struct eg_block b = { .kind = EG_BLOCK_END };

	g->ops->next(g->state, stream, &buf, &b);
	if (b.kind == EG_BLOCK_ACCESS) {
		if (b.nr > g->left)
			b.nr = (uint32_t)g->left;
		g->left -= b.nr;
		return trace_writer_accesses(g->w, stream, b.acc, b.nr);
	}
	if (b.kind == EG_BLOCK_END)             /* the machine takes it for an exit; a trace says so */
		b.op = (struct eg_op){ .code = EG_OP_EXIT };
	b.op.stream = stream;
	b.op.time = EG_TIME_NONE;
	b.op.name = 0;
	g->left--;
	switch (b.op.code) {
	case EG_OP_VFORK:
		g->pull[i].waits_for = (uint32_t)b.op.arg[0] + 1;
		__attribute__((fallthrough));
	case EG_OP_FORK:
	case EG_OP_CLONE:
		EG_TRY(add_stream(g, b.op.arg[0]));
		break;
	case EG_OP_EXIT:
	case EG_OP_EXIT_GROUP:
		g->pull[i].over = true;
		__attribute__((fallthrough));
	case EG_OP_EXEC:
		wake(g, stream);
		break;
	default:
		break;
	}
	return trace_writer_op(g->w, &b.op);
}

static eg_status pull_all(struct generation *g)
{
	bool ran = true;

	EG_TRY(add_stream(g, 0));
	while (g->left && ran) {
		ran = false;
		for (size_t i = 0; i < g->nr && g->left; i++)
			if (!g->pull[i].over && !g->pull[i].waits_for) {
				EG_TRY(step(g, i));
				ran = true;
			}
	}
	return EG_OK;
}

static eg_status set_args(const struct cli_args *a, struct eg_args *args, struct eg_arena *arena, struct eg_errors *err)
{
	for (unsigned i = 1; i < a->nr; i++) {
		const char *equals = strchr(a->arg[i], '=');
		char name[128], why[512];

		if (!equals || (size_t)(equals - a->arg[i]) >= sizeof(name))
			return eg_fail(err, EG_USAGE, "%.60s: expected KEY=VALUE with a key of the generator; `engram explain %.60s` has them",
				       a->arg[i], a->arg[0]);
		(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - a->arg[i]), a->arg[i]);
		if (eg_args_set(args, name, equals + 1, arena, why, sizeof(why)) != EG_OK)
			return eg_fail(err, EG_USAGE, "%s: %s", name, why);
	}
	for (unsigned i = 0; i < eg_param_count(args->params); i++)
		if (!args->value[i].text)
			return eg_fail(err, EG_USAGE, "%s must be given: %s", args->params[i].name, args->params[i].help);
	return EG_OK;
}

static eg_status describe(const struct generation *g, const struct eg_args *args, const struct gen_env *env)
{
	char key[160], value[32];

	EG_TRY(trace_writer_capabilities(g->w, g->ops->capabilities));
	EG_TRY(trace_writer_meta(g->w, "generator", g->ops->name));
	(void)snprintf(value, sizeof(value), "%llu", (unsigned long long)env->seed);
	EG_TRY(trace_writer_meta(g->w, "generator.seed", value));
	for (unsigned i = 0; i < eg_param_count(args->params); i++) {
		(void)snprintf(key, sizeof(key), "generator.%s", args->params[i].name);
		EG_TRY(trace_writer_meta(g->w, key, args->value[i].text));
	}
	return EG_OK;
}

static eg_status generate(const struct cli_args *a, struct generation *g, struct gen_env *env,
			  const struct trace_write_options *write, struct eg_errors *err)
{
	struct eg_args args;

	EG_TRY(eg_args_init(&args, g->ops->params, env->arena));
	EG_TRY(set_args(a, &args, env->arena, err));
	g->state = eg_arena_alloc(env->arena, 1, g->ops->state_size(&args));
	if (!g->state)
		return eg_fail(err, EG_NO_MEMORY, "out of memory for %s", g->ops->name);
	EG_TRY(g->ops->init(g->state, &args, env, err));
	EG_TRY(trace_writer_open(&g->w, cli_value(a, "output"), write, err));
	if (describe(g, &args, env) == EG_OK && pull_all(g) == EG_NO_MEMORY) {
		trace_writer_abort(g->w);
		return eg_fail(err, EG_NO_MEMORY, "out of memory, or more than %d streams", STREAMS_MAX);
	}
	return trace_writer_finish(g->w, err);  /* a failure of the writer sticks and is told here */
}

static int run(const struct cli_args *a)
{
	static struct eg_errors err;
	static struct generation g;
	const struct eg_param size = { .name = "memory", .type = EG_PARAM_SIZE, .min = "1MiB" };
	struct trace_write_options write = { .level = -1, .text = cli_given(a, "text") };
	struct eg_arena arena = { 0 };
	struct gen_env env = { .seed = 1, .memory_bytes = UINT64_C(1) << 30, .arena = &arena };
	const char *memory = cli_value(a, "memory"), *near;
	struct eg_value v = { 0 };
	uint64_t level = 3;
	char why[256];
	eg_status s;

	g.ops = gen_find(a->arg[0]);
	g.left = 1000000;
	if (!g.ops) {
		near = eg_did_you_mean(a->arg[0], generator_name, NULL);
		return cli_usage(near ? "no generator %s; did you mean %s?" : "no generator %s; see: engram list", a->arg[0], near);
	}
	if (!cli_given(a, "output"))
		return cli_usage("where to? give -o FILE (- is standard output)");
	if (!cli_number(a, "ops", 1, UINT64_MAX, &g.left) || !cli_number(a, "seed", 0, UINT64_MAX, &env.seed) ||
	    !cli_number(a, "level", 0, 19, &level))
		return 2;
	if (memory && eg_param_parse(&size, memory, &v, why, sizeof(why)) != EG_OK)
		return cli_usage("--memory: %s", why);
	if (memory)
		env.memory_bytes = v.u;
	write.level = (int)level;
	s = generate(a, &g, &env, &write, &err);
	eg_arena_free_all(&arena);
	eg_free(g.pull);
	return cli_report(s, &err);
}

const struct verb_ops verb_trace_generate_ops = {
	.name = "trace generate",
	.summary = "write what a workload generator emits as a trace",
	.usage = "GENERATOR [key=value...] -o OUT.egt [options]",
	.description = "Runs a generator without a machine. engram list shows the generators, engram explain their "
		       "parameters. Streams (tasks) are pulled in turn, since nothing schedules them. The same parameters and "
		       "seed give the same trace on every host.",
	.example = "engram trace generate gups -n 100000 -o gups.egt",
	.options = options,
	.min_args = 1, .max_args = CLI_MAX_ARGS,
	.run = run,
};
