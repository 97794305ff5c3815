/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml_tree - a YAML text as an immutable tree of our own, each node with its place in the file.
 *
 * Only the part of YAML that an experiment needs: maps with plain text keys, lists and scalars, one
 * document, UTF-8. Anchors and aliases work; an aliased node is shared, not copied. Refused, each with a
 * message that says what to do: duplicate keys, merge keys (<<), tags, keys that are not a scalar, an
 * alias inside its own anchor, a second document, and texts past the limits below.
 *
 * Trees are values: yt_set() returns a new tree that shares what did not change. That is how a sweep
 * makes ten thousand variants of one file.
 */
#ifndef SIM_EXPERIMENT_YAML_TREE_H
#define SIM_EXPERIMENT_YAML_TREE_H

#include "sim/experiment/problem.h"

#define YT_MAX_BYTES (UINT64_C(1) << 20)   /* of text                                              */
#define YT_MAX_DEPTH 32u                   /* maps and lists inside each other                     */
#define YT_MAX_KEY   200u                    /* bytes of a key                                       */
#define YT_MAX_NODES 20000u                /* with every alias counted as what it stands for       */

enum yt_kind { YT_SCALAR, YT_LIST, YT_MAP };

struct yt_node {
	enum yt_kind     kind;
	struct exp_mark  mark;
	const char      *text;          /* SCALAR: UTF-8 without control characters but tab and newline */
	bool             quoted;        /* SCALAR: written in quotes or as a block: never null          */
	unsigned         nr;            /* LIST, MAP                                                    */
	const struct yt_node **item;    /* LIST, MAP: nr values                                         */
	const char     **key;           /* MAP: nr keys, all different                                  */
	struct exp_mark *key_mark;      /* MAP                                                          */
	unsigned         size;          /* nodes below and including this one, aliases expanded         */
	unsigned         height;        /* containers on the longest way down, itself included; 0 for a scalar.
					 * At most YT_MAX_DEPTH as parsed: recursion over a tree is bounded   */
};

/* "a map", "a list", "a text" for messages. */
const char *yt_kind_name(enum yt_kind kind);

/* A scalar that stands for nothing: empty, ~ or null, not in quotes. */
bool yt_is_null(const struct yt_node *n);

/* Value of a key; NULL if `map` is NULL, no map, or lacks the key. */
const struct yt_node *yt_get(const struct yt_node *map, const char *key);

/*
 * Parse `len` bytes. `file` is what messages call it; it is copied. Returns the root, or NULL if nothing
 * usable came out; mistakes are added to `p` in either case, so a tree with problems may come back, with
 * the offending entries left out. All memory is from p->arena.
 */
const struct yt_node *yt_parse(const char *file, const char *text, size_t len, struct exp_problems *p) EG_MUST_USE;

/* As yt_parse() of a text that has no lines to name: a value on the command line, called `where` in messages. */
const struct yt_node *yt_parse_value(const char *where, const char *text, struct exp_problems *p) EG_MUST_USE;

/* As yt_parse() of a file's contents. A file that cannot be read is a problem as well.
 * If `text` is not NULL it receives the contents (from the arena; "" when unreadable). */
const struct yt_node *yt_load(const char *path, const char **text, struct exp_problems *p) EG_MUST_USE;

/*
 * A copy of map `map` (NULL: an empty one at `key_mark`) with `key` set to `value`; of list `list` with
 * item i replaced (i < nr). NULL when out of memory.
 */
const struct yt_node *yt_set(struct eg_arena *a, const struct yt_node *map, const char *key, struct exp_mark key_mark,
			     const struct yt_node *value) EG_MUST_USE;
const struct yt_node *yt_set_item(struct eg_arena *a, const struct yt_node *list, unsigned i,
				  const struct yt_node *value) EG_MUST_USE;
const struct yt_node *yt_scalar(struct eg_arena *a, const char *text, struct exp_mark mark) EG_MUST_USE;

struct eg_str;
/* Append the node as one line of flow-style YAML: what a message or an axis label shows. */
void yt_show(struct eg_str *out, const struct yt_node *n);
/* Append one text, in quotes where YAML needs them. */
void yt_show_text(struct eg_str *out, const char *text);

#endif
