/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml_tree - looking into a tree, new trees from old ones, and a tree as text again; see yaml_tree.h. What reads a text
 * is in yaml_read.c.
 *
 * A new tree copies the nodes on the way to the change, one map or list each, and shares all others. A text is shown so
 * that it reads back as itself: in quotes where plain YAML would take it for something else.
 */
#include "sim/experiment/yaml_tree.h"

#include "sim/base/str.h"

const char *yt_kind_name(enum yt_kind kind)
{
	return kind == YT_MAP ? "a map" : kind == YT_LIST ? "a list" : "a text";
}

bool yt_is_null(const struct yt_node *n)
{
	return n->kind == YT_SCALAR && !n->quoted &&
	       (!*n->text || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

const struct yt_node *yt_get(const struct yt_node *map, const char *key)
{
	for (unsigned i = 0; map && map->kind == YT_MAP && i < map->nr; i++)
		if (strcmp(map->key[i], key) == 0)
			return map->item[i];
	return NULL;
}

/* ---- new trees from old ones ---------------------------------------------------------------------- */

const struct yt_node *yt_scalar(struct eg_arena *a, const char *text, struct exp_mark mark)
{
	struct yt_node *n = eg_arena_alloc(a, 1, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct yt_node){ .kind = YT_SCALAR, .mark = mark, .text = eg_arena_strdup(a, text), .quoted = true, .size = 1 };
	return n->text ? n : NULL;
}

const struct yt_node *yt_set(struct eg_arena *a, const struct yt_node *map, const char *key, struct exp_mark key_mark,
			     const struct yt_node *value)
{
	struct yt_node *n = eg_arena_alloc(a, 1, sizeof(*n));
	unsigned nr = map ? map->nr : 0, at = 0;

	if (!n)
		return NULL;
	*n = (struct yt_node){ .kind = YT_MAP, .mark = map ? map->mark : key_mark };
	while (at < nr && strcmp(map->key[at], key) != 0)
		at++;
	n->nr = at == nr ? nr + 1 : nr;
	n->item = eg_arena_alloc(a, n->nr, sizeof(struct yt_node *));
	n->key = eg_arena_alloc(a, n->nr, sizeof(*n->key));
	n->key_mark = eg_arena_alloc(a, n->nr, sizeof(*n->key_mark));
	if (!n->item || !n->key || !n->key_mark)
		return NULL;
	for (unsigned i = 0; i < nr; i++) {
		n->item[i] = map->item[i];
		n->key[i] = map->key[i];
		n->key_mark[i] = map->key_mark[i];
	}
	n->item[at] = value;
	n->key[at] = at < nr ? map->key[at] : eg_arena_strdup(a, key);
	n->key_mark[at] = key_mark;
	n->size = n->height = 1;
	for (unsigned i = 0; i < n->nr; i++) {
		n->size += n->item[i]->size;
		n->height = n->item[i]->height >= n->height ? n->item[i]->height + 1 : n->height;
	}
	return n->key[at] ? n : NULL;
}

const struct yt_node *yt_set_item(struct eg_arena *a, const struct yt_node *list, unsigned i,
				  const struct yt_node *value)
{
	struct yt_node *n = eg_arena_alloc(a, 1, sizeof(*n));

	if (!n)
		return NULL;
	*n = *list;
	n->item = eg_arena_alloc(a, n->nr, sizeof(struct yt_node *));
	if (!n->item)
		return NULL;
	for (unsigned k = 0; k < n->nr; k++)
		n->item[k] = k == i ? value : list->item[k];
	n->size = list->size - list->item[i]->size + value->size;
	n->height = value->height >= n->height ? value->height + 1 : n->height;
	return n;
}

/* ---- showing -------------------------------------------------------------------------------------- */

/* May the text stand without quotes and read back as itself? "<<" would be a merge key, "..." a document's end. */
static bool plain(const char *text)
{
	if (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || *text == '<' || *text == '.' || *text == '-' || *text == '?' || *text == ' ')
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c >= 0x80)
			return false;
	return strpbrk(text, ":#,[]{}&*!|>'\"%@`\n\t\\") == NULL && text[strlen(text) - 1] != ' ';
}

/* Double quotes, with what YAML takes for line breaks (NEL, LS, PS) or drops (BOM) escaped. */
static void show_quoted(struct eg_str *out, const char *text)
{
	static const struct { const char *bytes, *escape; } special[] = {
		{ "\n", "\\n" }, { "\t", "\\t" }, { "\"", "\\\"" }, { "\\", "\\\\" }, { "\xc2\x85", "\\N" },
		{ "\xe2\x80\xa8", "\\L" }, { "\xe2\x80\xa9", "\\P" }, { "\xef\xbb\xbf", "\\uFEFF" },
	};

	eg_str_add(out, "\"");
	while (*text) {
		unsigned i = 0;

		while (i < EG_ARRAY_LEN(special) && strncmp(text, special[i].bytes, strlen(special[i].bytes)) != 0)
			i++;
		if (i < EG_ARRAY_LEN(special)) {
			eg_str_add(out, special[i].escape);
			text += strlen(special[i].bytes);
		} else {
			eg_str_addn(out, text++, 1);
		}
	}
	eg_str_add(out, "\"");
}

void yt_show_text(struct eg_str *out, const char *text)
{
	if (plain(text))
		eg_str_add(out, text);
	else
		show_quoted(out, text);
}

/* Depth is bounded by YT_MAX_DEPTH of the file plus that of a value set into it. */
void yt_show(struct eg_str *out, const struct yt_node *n)
{
	if (n->kind == YT_SCALAR) {
		yt_show_text(out, n->text);
		return;
	}
	eg_str_add(out, n->kind == YT_MAP ? "{" : "[");
	for (unsigned i = 0; i < n->nr; i++) {
		if (i)
			eg_str_add(out, ", ");
		if (n->kind == YT_MAP) {
			yt_show_text(out, n->key[i]);
			eg_str_add(out, ": ");
		}
		yt_show(out, n->item[i]);
	}
	eg_str_add(out, n->kind == YT_MAP ? "}" : "]");
}
