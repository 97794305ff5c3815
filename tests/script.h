/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script - workloads written as text, for tests of the machine.
 *
 *   script_add(&spec, (const char *[]){ "map 0 16; write 0 16; fork 1; sleep 5us", "exit" }, 2)
 *
 * makes a generator whose stream i follows text i. script_trace() makes a recording in the same words: each
 * statement of its one text starts with the stream and, after an @, the time in nanoseconds ("0@100 map 0 4").
 *
 * Addresses are page numbers above GEN_BASE. Statements:
 *
 *   map P N [ro|shared|none]   unmap P N   protect P N ro|rw|none   drop P N   brk P
 *   read P N | write P N | fetch P N      one access a page;  sweep P N R: R rounds of reads
 *   run P N KINDS    a page run on page P with N accesses of each kind in KINDS (of r w m x), the first named first
 *   get ID N [order]   get N blocks with ids from ID on, waiting;  grab: the same, atomic
 *   put ID N [order]   free them;  part ID ORDER OFFSET: free so much of one, from the page on
 *   fork S, vfork S, thread S, clone S (shares the space, not a thread), exec, exit, exitgroup, sleep T, fail, warm
 *
 * In a recording a statement that starts with init has EG_OPF_INIT ("0@0 init map 0 4", "0@0 init thread 1").
 */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <stdio.h>

#include "sim/base/check.h"
#include "sim/machine/run.h"
#include "tests/tap.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

enum { SCRIPT_STREAMS = 8, SCRIPT_SOURCES = 16 };

struct script_cursor {
	const char *at;         /* the statement being emitted */
	uint64_t    done;       /* items of it emitted so far  */
};

struct script { const char *text[SCRIPT_STREAMS]; };

/* What init() hands to the machine's sources, in the order in which they are opened. */
static struct script script_of[SCRIPT_SOURCES];
static unsigned script_nr, script_opened;

struct script_statement {
	char               word[16], extra[16];
	unsigned long long a, b, c;
	int                nr;
};

static struct script_statement script_parse(const char *at)
{
	struct script_statement s = { .word = "" };

	s.nr = sscanf(at, " %15[a-z] %llu %llu %llu", s.word, &s.a, &s.b, &s.c);
	if (s.nr == 3)
		(void)sscanf(at, " %*[a-z] %*u %*u %15[a-z]", s.extra);
	else if (s.nr == 2)
		(void)sscanf(at, " %*[a-z] %*u %15[a-z]", s.extra);
	return s;
}

static unsigned script_prot(const char *word)
{
	return strcmp(word, "ro") == 0 ? EG_PROT_READ : strcmp(word, "none") == 0 ? 0 : EG_PROT_READ | EG_PROT_WRITE;
}

/* The next block of a text that ends at a NUL; accesses go to acc[0..room). */
static void script_next(struct script_cursor *c, uint32_t stream, uint64_t *acc, uint32_t room, struct eg_block *b)
{
	for (;;) {
		struct script_statement s;
		uint64_t items = 1, *arg = b->op.arg;
		bool accesses = false;

		while (c->at && (*c->at == ' ' || *c->at == ';'))
			c->at++;
		if (!c->at || !*c->at) {
			*b = (struct eg_block){ .kind = EG_BLOCK_END, .stream = stream };
			return;
		}
		s = script_parse(c->at);
		*b = (struct eg_block){ .kind = EG_BLOCK_OP, .stream = stream, .time = EG_TIME_NONE };
		b->op.stream = stream;
		b->op.time = EG_TIME_NONE;
#define IS(text) (strcmp(s.word, text) == 0)
		if (IS("read") || IS("write") || IS("fetch") || IS("sweep")) {
			enum eg_access_kind kind = IS("write") ? EG_ACCESS_WRITE : IS("fetch") ? EG_ACCESS_FETCH : EG_ACCESS_READ;

			accesses = true;
			items = s.b * (IS("sweep") ? s.c : 1);
			for (b->nr = 0; b->nr < room && c->done < items; b->nr++, c->done++)
				acc[b->nr] = eg_access(GEN_BASE + (s.a + c->done % s.b) * EG_PAGE_SIZE + 8, kind, 8);
			b->kind = EG_BLOCK_ACCESS;
			b->acc = acc;
		} else if (IS("map") || IS("unmap") || IS("protect") || IS("drop")) {
			b->op.code = IS("map") ? EG_OP_MMAP : IS("unmap") ? EG_OP_MUNMAP : IS("drop") ? EG_OP_MADVISE : EG_OP_MPROTECT;
			arg[0] = GEN_BASE + s.a * EG_PAGE_SIZE;
			arg[1] = s.b * EG_PAGE_SIZE;
			arg[2] = IS("drop") ? EG_MADV_DONTNEED : script_prot(s.extra);
			arg[3] = IS("map") ? EG_MAP_ANON | (strcmp(s.extra, "shared") == 0 ? EG_MAP_SHARED : 0) : 0;
		} else if (IS("run")) {
			b->op.code = EG_OP_RUN;
			arg[0] = GEN_BASE + s.a * EG_PAGE_SIZE;
			for (const char *k = s.extra; *k; k++)
				arg[2 + strchr("rwmx", *k) - "rwmx"] = s.b;
			arg[1] = (uint64_t)(strchr("rwmx", s.extra[0]) - "rwmx");
		} else if (IS("brk")) {
			b->op.code = EG_OP_BRK;
			arg[0] = GEN_BASE + s.a * EG_PAGE_SIZE;
		} else if (IS("get") || IS("grab") || IS("put")) {
			items = s.nr > 2 ? s.b : 1;
			b->op.code = IS("put") ? EG_OP_FREE_PAGES : EG_OP_ALLOC_PAGES;
			arg[0] = s.a + c->done;
			arg[1] = s.nr > 3 ? s.c : 0;
			arg[2] = IS("grab");            /* gfp bit 0: atomic */
			if (IS("put"))
				arg[2] = 0;
			c->done++;
		} else if (IS("part")) {
			b->op.code = EG_OP_FREE_PAGES;
			arg[0] = s.a, arg[1] = s.b, arg[2] = s.c;
		} else if (IS("fork") || IS("vfork") || IS("thread") || IS("clone")) {
			b->op.code = IS("fork") ? EG_OP_FORK : IS("vfork") ? EG_OP_VFORK : EG_OP_CLONE;
			arg[0] = s.a;
			arg[1] = IS("thread") ? EG_CLONE_VM | EG_CLONE_THREAD : EG_CLONE_VM;
			if (!IS("thread") && !IS("clone"))
				arg[1] = 0;
		} else if (IS("sleep")) {
			b->op.code = EG_OP_THINK;
			arg[0] = s.a * (strcmp(s.extra, "ms") == 0 ? EG_PS_PER_MS : strcmp(s.extra, "us") == 0 ? EG_PS_PER_US :
					EG_PS_PER_NS);
		} else if (IS("fail")) {
			b->op.code = EG_OP_MMAP;
			b->op.flags = EG_OPF_FAILED;
		} else {
			b->op.code = IS("exec") ? EG_OP_EXEC : IS("exit") ? EG_OP_EXIT : IS("exitgroup") ? EG_OP_EXIT_GROUP : IS("warm") ? EG_OP_WARMUP_END :
				     IS("malloc") ? EG_OP_MALLOC : EG_OP_NONE;
			EG_CHECK(b->op.code);           /* a word that no statement has */
		}
#undef IS
		if (accesses ? c->done >= items : c->done >= items || items == 1) {
			while (*c->at && *c->at != ';')
				c->at++;
			c->done = 0;
		}
		if (!accesses || b->nr)
			return;
	}
}

/* ---- as a generator ------------------------------------------------------------------------------------ */

static const struct eg_param script_params[] = { { 0 } };

static size_t script_state_size(const struct eg_args *args)
{
	(void)args;
	return SCRIPT_STREAMS * sizeof(struct script_cursor);
}

static eg_status script_init(void *state, const struct eg_args *args, const struct gen_env *env, struct eg_errors *err)
{
	struct script_cursor *c = state;

	(void)args, (void)env, (void)err;
	for (unsigned i = 0; i < SCRIPT_STREAMS; i++)
		c[i].at = script_of[script_opened % script_nr].text[i];
	script_opened++;
	return EG_OK;
}

static void script_gen_next(void *state, uint32_t stream, const struct gen_buffer *buf, struct eg_block *block)
{
	EG_CHECK(stream < SCRIPT_STREAMS);
	script_next((struct script_cursor *)state + stream, stream, buf->acc, buf->capacity, block);
}

static const struct gen_ops script_gen_ops = {
	.name = "script", .summary = "a workload of a test", .params = script_params, .capabilities = UINT32_MAX,
	.state_size = script_state_size, .init = script_init, .next = script_gen_next,
};

/* A new spec without workloads; its memory belongs to *arena. */
__attribute__((unused))
static void script_spec(struct spec *spec, struct eg_arena *arena)
{
	script_nr = script_opened = 0;
	EG_CHECK(spec_init(spec, arena) == EG_OK);
}

__attribute__((unused))
static void script_set(struct spec *spec, struct eg_args *args, const char *name, const char *text)
{
	char why[200] = "";

	if (eg_args_set(args, name, text, spec->arena, why, sizeof(why)) != EG_OK) {
		printf("# %s: %s\n", name, why);
		fflush(stdout);
		abort();
	}
}

/* A generator with these texts for streams 0, 1, ...; NULL ends them. */
__attribute__((unused))
static struct spec_workload *script_add(struct spec *spec, const char *const text[])
{
	struct script *s = &script_of[script_nr++];
	struct spec_workload *w = spec_add_generator(spec, &script_gen_ops);

	EG_CHECK(w && script_nr <= SCRIPT_SOURCES);
	*s = (struct script){ { NULL } };
	for (unsigned i = 0; i < SCRIPT_STREAMS && text[i]; i++)
		s->text[i] = text[i];
	return w;
}

/* ---- as a recording ------------------------------------------------------------------------------------ */

struct trace_reader {
	struct script_cursor c;
	uint32_t             stream;
	eg_time              time;
	uint64_t             acc[64];
};

static eg_status script_trace_open(struct trace_reader **r, const char *path, const struct trace_open_options *o,
				   struct eg_errors *err)
{
	(void)o, (void)err;
	*r = eg_calloc(1, sizeof(**r));
	if (!*r)
		return EG_NO_MEMORY;
	(*r)->c.at = path;              /* the "path" is the text */
	return EG_OK;
}

static eg_status script_trace_next(struct trace_reader *r, struct eg_block *b, struct eg_errors *err)
{
	unsigned long long ns;
	bool init = false;
	unsigned stream;
	int used = 0;

	(void)err;
	while (*r->c.at == ' ' || *r->c.at == ';')
		r->c.at++;
	if (!r->c.done && sscanf(r->c.at, " %u@%llu %n", &stream, &ns, &used) == 2) {
		r->c.at += used;
		r->stream = stream;
		r->time = ns * EG_PS_PER_NS;
		init = strncmp(r->c.at, "init ", 5) == 0;
		r->c.at += init ? 5 : 0;
	}
	script_next(&r->c, r->stream, r->acc, EG_ARRAY_LEN(r->acc), b);
	b->time = b->op.time = r->time;
	if (init)
		b->op.flags |= EG_OPF_INIT;
	return EG_OK;
}

static void script_trace_close(struct trace_reader *r) { eg_free(r); }

static uint32_t script_trace_capabilities(const struct trace_reader *r)
{
	(void)r;
	return UINT32_MAX;
}

static const char *script_trace_metadata(const struct trace_reader *r, const char *key)
{
	(void)r, (void)key;
	return NULL;
}

static const struct trace_ops script_trace_ops = {
	.open = script_trace_open, .next = script_trace_next, .close = script_trace_close,
	.capabilities = script_trace_capabilities, .metadata = script_trace_metadata,
};

__attribute__((unused))
static struct spec_workload *script_trace(struct spec *spec, const char *text)
{
	static const char hash[65] = "";
	struct spec_workload *w = spec_add_trace(spec, &script_trace_ops, text, hash);

	EG_CHECK(w);
	return w;
}

/* ---- running ------------------------------------------------------------------------------------------- */

/* Run; the status. Messages go to *err, which may be NULL. The caller frees the result after EG_OK. */
__attribute__((unused))
static eg_status script_run(const struct spec *spec, const struct run_options *options, struct run_result *r, struct eg_errors *err)
{
	static struct eg_errors sink;

	script_opened = 0;
	sink.nr = 0;
	return run_cell(spec, options, r, err ? err : &sink);
}

__attribute__((unused))
static const struct eg_hist *script_hist(const struct run_result *r, const char *group, const char *kind)
{
	for (unsigned i = 0; i < r->nr_hists; i++)
		if (strcmp(r->hists[i].group, group) == 0 && strcmp(r->hists[i].kind, kind) == 0)
			return &r->hists[i].hist;
	printf("# no histogram %s.%s\n", group, kind);
	fflush(stdout);
	abort();
}

__attribute__((unused))
static uint64_t script_count(const struct run_result *r, const char *name)
{
	for (unsigned i = 0; i < r->nr_counts; i++)
		if (strcmp(r->counts[i].name, name) == 0)
			return r->counts[i].n;
	return UINT64_MAX;
}

#endif
