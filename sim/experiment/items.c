/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * items - the workload: each item of the list becomes a generator or a trace of the spec; see resolve.h.
 *
 * An item takes a generator's name or a trace's path, a label that no other item has, and the keys of the generator and
 * of the replay. Trace files are recorded once in the experiment however many points mention them, and read later, by
 * experiment_prepare(). Generators are tried here, since only their init() knows which keys contradict each other.
 */
#include "sim/experiment/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>

#include "sim/base/sha256.h"
#include "sim/experiment/path.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

static const char *gen_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return gen_registry[i] ? gen_registry[i]->name : NULL;
}

static const struct gen_ops *find_generator(struct resolver *r, const struct yt_node *n, const char *path)
{
	const struct gen_ops *gen = n->kind == YT_SCALAR ? gen_find(n->text) : NULL;
	struct eg_str list = { 0 };
	const char *near;

	if (gen)
		return gen;
	if (n->kind != YT_SCALAR || yt_is_null(n)) {
		exp_problem(r->p, n->mark, path, "expected the name of a generator");
		return NULL;
	}
	for (unsigned i = 0; gen_registry[i]; i++)
		eg_str_addf(&list, "%s%s", i ? ", " : "", gen_registry[i]->name);
	near = eg_did_you_mean(n->text, gen_name, NULL);
	exp_problem(r->p, n->mark, path, "there is no generator %.60s; %s%s%sknown: %.250s", n->text,
		    near ? "did you mean " : "", near ? near : "", near ? "? " : "", eg_str_text(&list));
	eg_str_free(&list);
	return NULL;
}

/* The experiment's record of a trace file; the first mention checks that it can be opened. */
static struct exp_trace *find_trace(struct resolver *r, const struct yt_node *n, const struct yt_node *format, const char *path)
{
	struct experiment *x = r->x;
	const char *fmt = format ? format->text : NULL;
	const char *file = experiment_relative(x, n->text, r->arena);
	struct exp_trace *t = NULL, **slot;
	struct stat st;

	if (!file) {
		r->no_memory = true;
		return NULL;
	}
	for (size_t i = 0; i < x->nr_traces; i++) {
		const char *f = x->trace[i]->format;

		if (strcmp(x->trace[i]->path, file) == 0 && (f == fmt || (f && fmt && strcmp(f, fmt) == 0)))
			t = x->trace[i];
	}
	if (!t) {
		t = eg_arena_alloc(&x->arena, 1, sizeof(*t));
		slot = t ? eg_grow((void **)&x->trace, &x->nr_traces, &x->cap_traces, sizeof(*slot)) : NULL;
		if (slot) {
			*slot = t;
			t->path = eg_arena_strdup(&x->arena, file);
			t->format = fmt ? eg_arena_strdup(&x->arena, fmt) : NULL;
			t->mark = n->mark;
		}
		if (!slot || !t->path || (fmt && !t->format))
			r->no_memory = true;
		else if (stat(t->path, &st) != 0 || access(t->path, R_OK) != 0)
			exp_problem(r->p, n->mark, path, "cannot open %.200s: %s (%s)", t->path, strerror(errno), n->text[0] == '~' ?
				    "~ is not expanded: write the path out" : "a path is relative to the experiment's file");
		else if (S_ISDIR(st.st_mode))
			exp_problem(r->p, n->mark, path, "%.200s is a directory, not a trace", t->path);
	}
	return r->no_memory ? NULL : t;
}

static const char *unique_label(struct resolver *r, const struct yt_node *item, unsigned index)
{
	const struct yt_node *label = yt_get(item, "label");
	char base[81], text[100], path[60];
	unsigned n = 1;

	(void)snprintf(path, sizeof(path), "workload.%u.label", index);
	if (!path_item_label(item, base, sizeof(base)))
		(void)snprintf(base, sizeof(base), "item%u", index);
	if (label && (label->kind != YT_SCALAR || !*label->text || strlen(label->text) > 60 ||
		      label->text[strspn(label->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ||
		      !label->text[strspn(label->text, "0123456789")]))
		exp_problem(r->p, label->mark, path, "expected a name of letters, digits, _ and -, not a number");
	(void)snprintf(text, sizeof(text), "%s", base);
	for (unsigned i = 0; i + 1 < r->spec->nr_workloads; i++)
		if (strcmp(r->spec->workload[i].label, text) == 0) {
			if (label) {
				exp_problem(r->p, label->mark, path, "another item is called %.60s", text);
				break;
			}
			(void)snprintf(text, sizeof(text), "%s-%u", base, ++n);
			i = UINT32_MAX;         /* from the start: the numbered name may be taken too */
		}
	return eg_arena_strdup(r->arena, text);
}

/* Identity of a generator's init(): its name, its values and the memory that shares are of. */
static void identify(const struct spec *s, const struct spec_workload *w, uint8_t digest[32])
{
	struct eg_sha256 sha;
	char text[PATH_CHARS];

	eg_sha256_init(&sha);
	eg_sha256_update(&sha, w->gen->name, strlen(w->gen->name) + 1);
	for (unsigned i = 0; w->gen_args.params[i].name; i++) {
		exp_canonical_value(&w->gen_args.params[i], &w->gen_args.value[i], text, sizeof(text));
		eg_sha256_update(&sha, text, strlen(text) + 1);
	}
	(void)snprintf(text, sizeof(text), "%" PRIu64, eg_args_u64(&s->machine, "memory"));
	eg_sha256_update(&sha, text, strlen(text) + 1);
	eg_sha256_final(&sha, digest);
}

/*
 * Keys of a generator that contradict each other are known only to its init(). It builds tables, so each
 * combination is tried once, and only so many: the rest would say it when they run.
 */
#define MAX_TRIED 256u

static void try_generator(struct resolver *r, const struct spec_workload *w, const struct yt_node *item, const char *where)
{
	struct eg_arena arena = { 0 };
	struct gen_env env = { .seed = r->spec->seed, .memory_bytes = eg_args_u64(&r->spec->machine, "memory"), .arena = &arena };
	struct eg_errors *err = NULL;
	struct experiment *x = r->x;
	uint8_t digest[32], (*slot)[32];
	void *state;

	identify(r->spec, w, digest);
	for (size_t i = 0; i < x->nr_tried; i++)
		if (memcmp(x->tried[i], digest, 32) == 0)
			return;
	if (x->nr_tried == MAX_TRIED)
		return;
	slot = eg_grow((void **)&x->tried, &x->nr_tried, &x->cap_tried, sizeof(*slot));
	state = eg_calloc(1, w->gen->state_size(&w->gen_args));
	err = eg_calloc(1, sizeof(*err));
	if (!slot || !state || !err) {
		r->no_memory = true;
	} else {
		memcpy(*slot, digest, 32);
		if (w->gen->init(state, &w->gen_args, &env, err) == EG_BAD_INPUT) {
			char key[PATH_CHARS], path[PATH_CHARS];
			unsigned steps;

			/* messages begin with the key at fault: point at it if it was written */
			(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(err->text[0], ": "), err->text[0]);
			(void)snprintf(path, sizeof(path), "%s.%.100s", where, key);
			exp_problem(r->p, yt_get(item, key) ? path_mark(r->root, path, &steps) : item->mark, where, "%.400s",
				    err->nr ? err->text[0] : "contradicting keys");
		}
	}
	eg_free(err);
	eg_free(state);
	eg_arena_free_all(&arena);
}

static void resolve_item(struct resolver *r, const struct yt_node *item, unsigned index)
{
	static const char *const gen_words[] = { "generator", "label", NULL };
	static const char *const trace_words[] = { "trace", "format", "label", NULL };
	const struct yt_node *generator = yt_get(item, "generator"), *trace = yt_get(item, "trace"), *format = yt_get(item, "format");
	struct spec_workload *w = NULL;
	char where[60], path[80];
	unsigned before = r->p->nr;

	(void)snprintf(where, sizeof(where), "workload.%u", index);
	if (item->kind != YT_MAP || !generator == !trace) {
		exp_problem(r->p, item->mark, where, "expected a map with either generator: NAME or trace: FILE");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s.%s", where, generator ? "generator" : "trace");
	if (generator) {
		const struct gen_ops *gen = find_generator(r, generator, path);

		if (!gen)
			return;
		w = spec_add_generator(r->spec, gen);
	} else {
		struct exp_trace *t;

		if (trace->kind != YT_SCALAR || yt_is_null(trace)) {
			exp_problem(r->p, trace->mark, path, "expected the path of a trace file");
			return;
		}
		if (format && (format->kind != YT_SCALAR || yt_is_null(format))) {
			exp_problem(r->p, format->mark, where, "format: expected the name of a trace format");
			return;
		}
		t = find_trace(r, trace, format, path);
		if (!t)
			return;
		w = spec_add_trace(r->spec, &trace_egt_ops, t->prepared ? t->egt : t->path, t->hash);
	}
	if (!w || !(w->label = unique_label(r, item, index))) {
		r->no_memory = true;
		return;
	}
	resolve__apply(r, &(struct tables){ { generator ? &w->gen_args : NULL, &w->replay },
					    generator ? gen_words : trace_words }, item, where, "");
	if (generator)
		resolve__require(r, &w->gen_args, item->mark, where);
	resolve__require(r, &w->replay, item->mark, where);
	if (generator && r->try_generators && r->p->nr == before && !r->no_memory)
		try_generator(r, w, item, where);
}

void resolve__workload(struct resolver *r)
{
	const struct yt_node *list = yt_get(r->root, "workload");

	if (!list || list->kind != YT_LIST || !list->nr) {
		exp_problem(r->p, list ? list->mark : r->root->mark, "workload",
			    "expected a list of what to run, each item a map with generator: NAME or trace: FILE");
		r->lost_item = true;
		return;
	}
	for (unsigned i = 0; i < list->nr; i++) {
		unsigned before = r->spec->nr_workloads;

		resolve_item(r, list->item[i], i);
		r->lost_item |= r->spec->nr_workloads == before;
	}
}
