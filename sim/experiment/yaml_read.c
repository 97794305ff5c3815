/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml_read - from libyaml's events to a tree; see yaml_tree.h. Only this file reads YAML; library.c asks libyaml its version.
 *
 * Events rather than libyaml's document: a document is composed whole before anyone can look at it, so
 * twenty thousand '[' cost seconds (the scanner is quadratic in the depth), an alias that contains itself
 * comes back as a cycle, and duplicate keys are gone. Here depth, nodes and keys are checked as they come
 * and the first hostile event ends the reading. An alias is the node it names, shared; it counts with
 * its expanded size, so that whoever walks a tree later walks at most YT_MAX_NODES nodes.
 *
 * The builder is a stack of open maps and lists, YT_MAX_DEPTH high. A closed one gets arrays of the exact
 * size from the arena; until then its entries grow in host memory.
 */
#include "sim/experiment/yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <yaml.h>

#include "sim/base/str.h"

struct entry {
	const char           *key;      /* NULL in a list                    */
	struct exp_mark       key_mark;
	const struct yt_node *value;
};

struct open_node {
	struct yt_node *node;           /* size 0 while open                 */
	struct entry   *entry;
	size_t          nr, cap;
	bool            has_key;        /* MAP: the next event is a value    */
	bool            drop;           /* MAP: of a bad key; not kept       */
	const char     *key;
	struct exp_mark key_mark;
};

struct anchor {
	const char           *name;
	const struct yt_node *node;
};

struct builder {
	struct exp_problems  *p;
	const char           *file;
	struct open_node      open[YT_MAX_DEPTH];
	unsigned              depth;
	struct anchor        *anchor;
	size_t                nr_anchors, cap_anchors;
	unsigned              nodes;
	const struct yt_node *root;
	bool                  stop;     /* no use going on                   */
	bool                  no_lines; /* a value of the command line       */
};

static struct exp_mark mark_of(const struct builder *b, yaml_mark_t m)
{
	if (b->no_lines)
		return (struct exp_mark){ b->file, 0, 0 };
	return (struct exp_mark){ b->file, (unsigned)m.line + 1, (unsigned)m.column + 1 };
}

static void out_of_memory(struct builder *b)
{
	b->p->no_memory = true;
	b->stop = true;
}

static void count_nodes(struct builder *b, struct exp_mark at, unsigned nr)
{
	b->nodes += nr;
	if (b->nodes <= YT_MAX_NODES)
		return;
	exp_problem(b->p, at, NULL, "more than %u values (each alias counted as what it stands for); split the experiment",
		    YT_MAX_NODES);
	b->stop = true;
}

static struct yt_node *new_node(struct builder *b, enum yt_kind kind, struct exp_mark at)
{
	struct yt_node *n;

	count_nodes(b, at, 1);
	if (b->stop)
		return NULL;
	n = eg_arena_alloc(b->p->arena, 1, sizeof(*n));
	if (!n) {
		out_of_memory(b);
		return NULL;
	}
	n->kind = kind;
	n->mark = at;
	return n;
}

/* A scalar in the place of a key. Returns false if its value must be dropped. */
static bool good_key(struct builder *b, struct open_node *o, const struct yt_node *n)
{
	if (n->kind != YT_SCALAR) {
		exp_problem(b->p, n->mark, NULL, "a key must be a plain text, not %s", yt_kind_name(n->kind));
		return false;
	}
	if (!n->quoted && strcmp(n->text, "<<") == 0) {
		exp_problem(b->p, n->mark, NULL, "merge keys (<<) are not supported; write the keys out");
		return false;
	}
	if (!*n->text) {
		exp_problem(b->p, n->mark, NULL, "a key is missing before the colon");
		return false;
	}
	if (strlen(n->text) > YT_MAX_KEY) {
		exp_problem(b->p, n->mark, NULL, "this key has more than %u bytes", YT_MAX_KEY);
		return false;
	}
	for (size_t i = 0; i < o->nr; i++)
		if (strcmp(o->entry[i].key, n->text) == 0) {
			exp_problem(b->p, n->mark, NULL, "duplicate key %.80s; the first one stands in line %u", n->text,
				    o->entry[i].key_mark.line);
			return false;
		}
	return true;
}

/* A finished (or, for containers, just opened) node finds its place in the innermost open one. */
static void deliver(struct builder *b, const struct yt_node *n)
{
	struct open_node *o = b->depth ? &b->open[b->depth - 1] : NULL;
	struct entry *e;

	if (!o) {
		b->root = n;
		return;
	}
	if (o->node->kind == YT_MAP && !o->has_key) {
		o->has_key = true;
		o->drop = !good_key(b, o, n);
		o->key = n->text;
		o->key_mark = n->mark;
		return;
	}
	o->has_key = false;
	if (o->node->kind == YT_MAP && o->drop)
		return;
	e = eg_grow((void **)&o->entry, &o->nr, &o->cap, sizeof(*e));
	if (!e) {
		out_of_memory(b);
		return;
	}
	*e = (struct entry){ o->node->kind == YT_MAP ? o->key : NULL, o->key_mark, n };
}

static void add_anchor(struct builder *b, const yaml_char_t *name, const struct yt_node *n)
{
	struct anchor *a;

	if (!name || !n)
		return;
	a = eg_grow((void **)&b->anchor, &b->nr_anchors, &b->cap_anchors, sizeof(*a));
	if (a)
		*a = (struct anchor){ eg_arena_strdup(b->p->arena, (const char *)name), n };
	if (!a || !a->name)
		out_of_memory(b);
}

static void refuse_tag(struct builder *b, const yaml_char_t *tag, struct exp_mark at)
{
	if (tag)
		exp_problem(b->p, at, NULL, "tags (%.40s) are not supported; write the value alone", (const char *)tag);
}

static void on_alias(struct builder *b, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	struct exp_mark at = mark_of(b, ev->start_mark);

	for (size_t i = b->nr_anchors; i-- > 0;) {
		const struct yt_node *n = b->anchor[i].node;

		if (strcmp(b->anchor[i].name, name) != 0)
			continue;
		if (!n->size) {
			exp_problem(b->p, at, NULL, "*%.60s stands inside &%.60s itself; an alias must follow its anchor's end",
				    name, name);
			b->stop = true;
			return;
		}
		count_nodes(b, at, n->size);
		if (!b->stop)
			deliver(b, n);
		return;
	}
	exp_problem(b->p, at, NULL, "*%.60s: there is no anchor &%.60s before it", name, name);
	b->stop = true;
}

static void on_scalar(struct builder *b, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value, *bad;
	size_t len = ev->data.scalar.length;
	struct exp_mark at = mark_of(b, ev->start_mark);
	struct yt_node *n = new_node(b, YT_SCALAR, at);

	if (!n)
		return;
	refuse_tag(b, ev->data.scalar.tag, at);
	bad = strlen(text) < len ? text + strlen(text) : eg_find_control(text, "\n\t");
	if (bad) {
		bad += (unsigned char)*bad == 0xc2;     /* of two bytes the second is the code */
		exp_problem(b->p, at, NULL, "the text holds a control character (\\x%02x)", (unsigned)(unsigned char)*bad);
		text = "";
	}
	n->text = eg_arena_strdup(b->p->arena, text);
	if (!n->text) {
		out_of_memory(b);
		return;
	}
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->size = 1;
	add_anchor(b, ev->data.scalar.anchor, n);
	deliver(b, n);
}

static void too_deep(struct builder *b, struct exp_mark at)
{
	exp_problem(b->p, at, NULL, "more than %u maps and lists inside each other", YT_MAX_DEPTH);
	b->stop = true;
}

static void on_start(struct builder *b, enum yt_kind kind, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = kind == YT_MAP ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor;
	const yaml_char_t *tag = kind == YT_MAP ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
	struct exp_mark at = mark_of(b, ev->start_mark);
	struct yt_node *n;

	if (b->depth == YT_MAX_DEPTH) {
		too_deep(b, at);
		return;
	}
	n = new_node(b, kind, at);
	if (!n)
		return;
	refuse_tag(b, tag, at);
	add_anchor(b, anchor, n);
	b->open[b->depth++] = (struct open_node){ .node = n };
}

static void on_end(struct builder *b)
{
	struct open_node *o = &b->open[--b->depth];
	struct yt_node *n = o->node;
	struct eg_arena *a = b->p->arena;

	n->item = eg_arena_alloc(a, o->nr ? o->nr : 1, sizeof(struct yt_node *));
	if (n->kind == YT_MAP) {
		n->key = eg_arena_alloc(a, o->nr ? o->nr : 1, sizeof(*n->key));
		n->key_mark = eg_arena_alloc(a, o->nr ? o->nr : 1, sizeof(*n->key_mark));
	}
	if (!n->item || (n->kind == YT_MAP && (!n->key || !n->key_mark))) {
		out_of_memory(b);
	} else {
		n->nr = (unsigned)o->nr;
		n->size = n->height = 1;
		for (unsigned i = 0; i < n->nr; i++) {
			n->item[i] = o->entry[i].value;
			n->size += n->item[i]->size;
			n->height = n->item[i]->height >= n->height ? n->item[i]->height + 1 : n->height;
			if (n->kind == YT_MAP) {
				n->key[i] = o->entry[i].key;
				n->key_mark[i] = o->entry[i].key_mark;
			}
		}
	}
	eg_free(o->entry);
	if (n->height + b->depth > YT_MAX_DEPTH)        /* only aliases can get here */
		too_deep(b, n->mark);
	if (!b->stop)
		deliver(b, n);
}

/* What a file that is not UTF-8 text may be instead, by its first bytes; NULL if that is not known. */
static const char *what_it_is(const char *text, size_t len)
{
	static const struct {
		const char *magic, *what;
		size_t      size;
	} kind[] = {
		{ "\211HDF", "this is an HDF5 file, not an experiment: `engram compare` and `engram plot` read results", 4 },
		{ "\223EGT", "this is a trace, not an experiment: name it under workload:, or see `engram trace info`", 4 },
		{ "\377\376", "the text is UTF-16: save it as UTF-8", 2 },
		{ "\376\377", "the text is UTF-16: save it as UTF-8", 2 },
		{ "\037\213", "the file is compressed with gzip: decompress it first", 2 },
		{ "\050\265\057\375", "the file is compressed with zstd: decompress it first", 4 },
	};

	for (size_t i = 0; i < EG_ARRAY_LEN(kind); i++)
		if (len >= kind[i].size && memcmp(text, kind[i].magic, kind[i].size) == 0)
			return kind[i].what;
	return NULL;
}

/* Does the line of this mark begin with blanks one of which is a tab? */
static bool tab_indents(const char *text, size_t len, size_t line)
{
	size_t i = 0;

	for (; line && i < len; i++)
		line -= text[i] == '\n';
	for (; i < len && (text[i] == ' ' || text[i] == '\t'); i++)
		if (text[i] == '\t')
			return true;
	return false;
}

/* What libyaml could not read. A reader error (encoding) has no mark but a byte offset. */
static void syntax_problem(struct builder *b, const yaml_parser_t *y, const char *text, size_t len)
{
	struct exp_mark at = mark_of(b, y->problem_mark);

	if (y->error == YAML_MEMORY_ERROR) {
		out_of_memory(b);
	} else if (y->error == YAML_READER_ERROR) {
		at.line = at.col = b->no_lines ? 0 : 1;
		for (size_t i = 0; at.line && i < len && i < y->problem_offset; i++) {
			at.col = text[i] == '\n' ? 1 : at.col + (((unsigned char)text[i] & 0xc0) != 0x80);
			at.line += text[i] == '\n';
		}
		if (!b->no_lines && what_it_is(text, len))
			exp_problem(b->p, at, NULL, "%s", what_it_is(text, len));
		else
			exp_problem(b->p, at, NULL, "%s: save the file as plain UTF-8 text",
				    y->problem ? y->problem : "unreadable character");
	} else if (!b->no_lines && tab_indents(text, len, y->problem_mark.line)) {
		exp_problem(b->p, at, NULL, "a tab indents this line; YAML wants spaces");
	} else if (!b->no_lines && y->context && y->context_mark.line != y->problem_mark.line) {
		exp_problem(b->p, at, NULL, "not valid YAML: %s (%s that begins in line %zu); check indentation, quotes and brackets",
			    y->problem ? y->problem : "syntax error", y->context, y->context_mark.line + 1);
	} else {
		exp_problem(b->p, at, NULL, "not valid YAML: %s; check indentation, quotes and brackets",
			    y->problem ? y->problem : "syntax error");
	}
	b->stop = true;
}

static void on_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->root) {
			exp_problem(b->p, mark_of(b, ev->start_mark), NULL,
				    "a second document begins here; a file holds one (put the other into a file of its own)");
			b->stop = true;
		}
		break;
	case YAML_ALIAS_EVENT:
		on_alias(b, ev);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(b, ev);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_start(b, YT_LIST, ev);
		break;
	case YAML_MAPPING_START_EVENT:
		on_start(b, YT_MAP, ev);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(b);
		break;
	default:        /* stream start and end, document end */
		break;
	}
}

static const struct yt_node *parse(const char *file, const char *text, size_t len, bool no_lines, struct exp_problems *p)
{
	struct builder *b = eg_calloc(1, sizeof(*b));
	const struct yt_node *root;
	yaml_parser_t y;
	bool end = false;

	file = eg_arena_strdup(p->arena, file);
	if (!b || !file || !yaml_parser_initialize(&y)) {
		p->no_memory = true;
		eg_free(b);
		return NULL;
	}
	*b = (struct builder){ .p = p, .file = file, .no_lines = no_lines };
	if (len > YT_MAX_BYTES) {
		exp_problem(p, (struct exp_mark){ file, 1, 1 }, NULL, "larger than 1 MiB: not an experiment file");
		b->stop = true;
	}
	if (!no_lines && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {       /* a byte order mark is no text */
		text += 3;
		len -= 3;
	}
	yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y, (const unsigned char *)text, len);
	while (!b->stop && !end) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&y, &ev)) {
			syntax_problem(b, &y, text, len);
			break;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		on_event(b, &ev);
		yaml_event_delete(&ev);
	}
	while (b->depth)
		eg_free(b->open[--b->depth].entry);
	yaml_parser_delete(&y);
	root = b->stop ? NULL : b->root;
	if (!b->stop && !root)
		exp_problem(p, mark_of(b, (yaml_mark_t){ 0 }), NULL, no_lines ? "there is no value" : "the file is empty");
	eg_free(b->anchor);
	eg_free(b);
	return root;
}

const struct yt_node *yt_parse(const char *file, const char *text, size_t len, struct exp_problems *p)
{
	return parse(file, text, len, false, p);
}

const struct yt_node *yt_parse_value(const char *where, const char *text, struct exp_problems *p)
{
	return parse(where, text, strlen(text), true, p);
}

const struct yt_node *yt_load(const char *path, const char **contents, struct exp_problems *p)
{
	const char *name = eg_arena_strdup(p->arena, path);
	const struct yt_node *root = NULL;
	char *text = eg_calloc(1, YT_MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!text || !name) {
		p->no_memory = true;
	} else if (!f) {
		exp_problem(p, (struct exp_mark){ name, 0, 0 }, NULL, "cannot open: %s", strerror(errno));
	} else {
		n = fread(text, 1, YT_MAX_BYTES + 1, f);
		if (ferror(f))
			exp_problem(p, (struct exp_mark){ name, 0, 0 }, NULL, "cannot read: %s", strerror(errno));
		else
			root = yt_parse(path, text, n, p);
	}
	if (contents)
		*contents = root ? eg_arena_strdup(p->arena, text) : "";
	if (contents && !*contents)
		p->no_memory = true;
	if (f)
		(void)fclose(f);
	eg_free(text);
	return root;
}
