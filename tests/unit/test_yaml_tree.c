/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The YAML tree: what it reads, what it refuses and where, and that trees are values. */
#include "sim/base/str.h"
#include "sim/experiment/path.h"
#include "sim/experiment/yaml_tree.h"
#include "tests/tap.h"

static struct eg_arena arena;
static struct exp_problems problems;
static struct eg_errors errors;

static const struct yt_node *parse(const char *text, size_t len)
{
	const struct yt_node *n;

	eg_arena_free_all(&arena);
	problems = (struct exp_problems){ .arena = &arena };
	n = yt_parse("f.yaml", text, len, &problems);
	errors.nr = errors.dropped = 0;
	if (exp_problems_flush(&problems, &errors) == EG_OK)
		errors.nr = 0;
	return n;
}

#define PARSE(text) parse(text, sizeof(text) - 1)

static const char *shown(const struct yt_node *n)
{
	static char buf[4000];
	struct eg_str s = { 0 };

	yt_show(&s, n);
	(void)snprintf(buf, sizeof(buf), "%s", eg_str_text(&s));
	eg_str_free(&s);
	return buf;
}

/* A text and the one problem it has. */
static void refused(const char *text, size_t len, const char *want, const char *what)
{
	(void)!parse(text, len);
	is_u64(errors.nr, 1, what);
	is_str(errors.nr ? errors.text[0] : "", want, what);
}

static void test_reading(void)
{
	const struct yt_node *n = PARSE("a: 1\nb:\n  - x y\n  - {c: 'q', d: ~}\n"), *list, *d;

	ok(n && !errors.nr, "a small document is read");
	is_str(shown(n), "{a: 1, b: [x y, {c: q, d: \"~\"}]}", "its values");
	list = yt_get(n, "b");
	is_u64(list->item[1]->mark.line, 4, "line of a value");
	is_u64(list->item[1]->mark.col, 5, "column of a value");
	is_u64(n->key_mark[1].line, 2, "line of a key");
	is_u64(n->size, 7, "size counts every value");
	is_u64(n->height, 3, "height");
	d = yt_get(list->item[1], "d");
	ok(yt_is_null(d) && !yt_is_null(yt_get(list->item[1], "c")), "~ is null, a quoted text is not");
	ok(yt_get(n, "zzz") == NULL && yt_get(NULL, "a") == NULL, "keys that are not there");
	n = PARSE("a: &x {p: 1}\nb: *x\n");
	ok(n && yt_get(n, "a") == yt_get(n, "b"), "an alias is the node it names");
	n = PARSE("\xef\xbb\xbf" "a: \xc3\xa9\n");
	ok(n && strcmp(yt_get(n, "a")->text, "\xc3\xa9") == 0, "UTF-8 with a byte order mark");
	n = PARSE("---\na: 1\n...\n");
	ok(n && !errors.nr, "document markers");
}

static void test_refusals(void)
{
	static char deep[100], bomb[600], big[(1 << 20) + 2];
	size_t n = 0;

#define REFUSED(text, want, what) refused(text, sizeof(text) - 1, want, what)
	REFUSED("", "f.yaml:1:1: the file is empty", "an empty file");
	REFUSED("# only\n", "f.yaml:1:1: the file is empty", "a comment");
	REFUSED("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: duplicate key a; the first one stands in line 1", "a duplicate key");
	REFUSED("a: &x {p: 1}\nb:\n  <<: *x\n",
		"f.yaml:3:3: merge keys (<<) are not supported; write the keys out", "a merge key");
	REFUSED("a: &x [1, *x]\n", "f.yaml:1:11: *x stands inside &x itself; an alias must follow its anchor's end", "a cycle");
	REFUSED("a: *nope\n", "f.yaml:1:4: *nope: there is no anchor &nope before it", "an unknown alias");
	REFUSED("a: 1\n---\nb: 2\n",
		"f.yaml:2:1: a second document begins here; a file holds one (put the other into a file of its own)",
		"a second document");
	REFUSED("a: !!int 3\n", "f.yaml:1:4: tags (tag:yaml.org,2002:int) are not supported; write the value alone", "a tag");
	REFUSED("a: \"x\\0y\"\n", "f.yaml:1:4: the text holds a control character (\\x00)", "a NUL");
	REFUSED("a: 1\nb: \xff\n", "f.yaml:2:4: invalid leading UTF-8 octet: save the file as plain UTF-8 text", "bytes that are not UTF-8");
	REFUSED("[a, b]: 1\n", "f.yaml:1:1: a key must be a plain text, not a list", "a list as a key");
	REFUSED("a: [1, 2\nb: 3\n", "f.yaml:2:2: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence that "
		"begins in line 1); check indentation, quotes and brackets", "a bracket left open");
	REFUSED("a:\n\tb: 1\n", "f.yaml:2:1: a tab indents this line; YAML wants spaces", "a tab");
	for (n = 0; n < 40; n++)
		deep[n] = '[';
	refused(deep, 40, "f.yaml:1:33: more than 32 maps and lists inside each other", "depth");
	n = (size_t)snprintf(bomb, sizeof(bomb), "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++)
		n += (size_t)snprintf(bomb + n, sizeof(bomb) - n, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
				      i - 1, i - 1, i - 1, i - 1);
	(void)!parse(bomb, n);
	ok(errors.nr == 1 && strstr(errors.text[0], "more than 20000 values"), "an alias bomb");
	memset(big, ' ', sizeof(big) - 1);
	refused(big, sizeof(big) - 1, "f.yaml:1:1: larger than 1 MiB: not an experiment file", "size");
	/* chains of aliases must not get deeper than the limit either */
	n = (size_t)snprintf(bomb, sizeof(bomb), "a: &a [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\nb: [[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]\n");
	(void)!parse(bomb, n);
	ok(errors.nr == 1 && strstr(errors.text[0], "inside each other"), "depth through an alias");
}

static void test_values(void)
{
	const struct yt_node *n = PARSE("a: {b: 1}\nlist: [{generator: g, x: 1}, {trace: dir/t.egt.zst}]\npolicy: {p: buddy}\n"), *m;
	struct exp_mark at = { "s", 0, 0 };
	const struct yt_node *v = yt_scalar(&arena, "9", at);
	char label[40];
	unsigned steps;

	problems = (struct exp_problems){ .arena = &arena };
	m = path_set(n, "a.c.d", at, v, &problems);
	is_str(shown(yt_get(m, "a")), "{b: 1, c: {d: 9}}", "missing maps are made");
	is_str(shown(yt_get(n, "a")), "{b: 1}", "the old tree stays as it was");
	m = path_set(n, "list.1.cpu", at, v, &problems);
	is_str(shown(yt_get(m, "list")->item[1]), "{trace: dir/t.egt.zst, cpu: 9}", "an item by number");
	m = path_set(n, "list.g.x", at, v, &problems);
	is_str(shown(yt_get(m, "list")->item[0]), "{generator: g, x: 9}", "an item by label");
	m = path_set(n, "policy.p.k", at, v, &problems);
	is_str(shown(yt_get(m, "policy")), "{p: {name: buddy, k: 9}}", "a policy's bare name becomes a map");
	is_u64(problems.nr, 0, "no problems so far");
	m = path_set(n, "a.b.c", at, v, &problems);
	ok(m == n && problems.nr == 1, "a value is no map");
	m = path_set(n, "list.7.c", at, v, &problems);
	ok(m == n && problems.nr == 2, "an item that is not there");
	m = path_set(n, "a..c", at, v, &problems);
	ok(m == n && problems.nr == 3, "an empty step");
	ok(path_item_label(yt_get(n, "list")->item[1], label, sizeof(label)) && strcmp(label, "t") == 0, "label of a trace");
	is_u64(path_mark(n, "list.0.x", &steps).col, 26, "where a path was written");
	is_u64(steps, 3, "all of it");
	(void)path_mark(n, "list.0.nope.more", &steps);
	is_u64(steps, 2, "as far as it exists");
}

int main(void)
{
	test_reading();
	test_refusals();
	test_values();
	eg_arena_free_all(&arena);
	return tap_done();
}
