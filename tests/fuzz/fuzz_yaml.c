/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_yaml - hostile YAML: the tree, its walkers and the dotted paths must neither crash nor hang, and a
 * tree that comes back keeps its promises (sizes, heights, distinct keys). What a tree says, read back, says
 * the same.
 *
 * Built with --enable-fuzz it is a libFuzzer target; otherwise main() replays the files named as arguments.
 */
#include "tests/fuzz/replay.h"

#include "sim/base/check.h"
#include "sim/base/str.h"
#include "sim/experiment/path.h"

static void check(const struct yt_node *n, unsigned depth)
{
	unsigned size = 1, height = n->kind == YT_SCALAR ? 0 : 1;

	EG_CHECK(depth <= YT_MAX_DEPTH && n->mark.file != NULL);
	for (unsigned i = 0; i < n->nr; i++) {
		check(n->item[i], depth + 1);
		size += n->item[i]->size;
		height = n->item[i]->height >= height ? n->item[i]->height + 1 : height;
		for (unsigned k = 0; n->kind == YT_MAP && k < i; k++)
			EG_CHECK(strcmp(n->key[k], n->key[i]) != 0);
	}
	EG_CHECK(n->size == size && n->height == height);
}

static void say(const struct yt_node *n, struct eg_str *out)
{
	yt_show(out, n);
	EG_CHECK(!out->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eg_arena arena = { 0 };
	struct exp_problems p = { .arena = &arena };
	struct eg_str a = { 0 }, b = { 0 };
	const struct yt_node *n = yt_parse("fuzz", (const char *)data, size, &p), *again;
	unsigned before;

	if (n) {
		check(n, 0);
		say(n, &a);
		before = p.nr;
		again = yt_parse("again", eg_str_text(&a), a.len, &p);
		if (a.len <= YT_MAX_BYTES && n->height + 1 < YT_MAX_DEPTH) {
			EG_CHECK(again && p.nr == before);
			say(again, &b);
			EG_CHECK(strcmp(eg_str_text(&a), eg_str_text(&b)) == 0);
		}
		if (n->kind == YT_MAP) {
			n = path_expand(n, "root", &p);
			EG_CHECK(n != NULL);
			n = path_set(n, "a.b.0.c", (struct exp_mark){ "set", 0, 0 }, n, &p);
			EG_CHECK(n != NULL);
		}
	}
	if (exp_problems_flush(&p, NULL) == EG_NO_MEMORY)
		abort();
	eg_str_free(&a);
	eg_str_free(&b);
	eg_arena_free_all(&arena);
	return 0;
}

FUZZ_MAIN_FILES
