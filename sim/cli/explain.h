/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain - what the files of the verb share: explain.c (tables, keys, suggestions) and explain_names.c (the other names). */
#ifndef SIM_CLI_EXPLAIN_H
#define SIM_CLI_EXPLAIN_H

#include "sim/base/str.h"
#include "sim/cli/catalog.h"

/* What is being written. */
struct page {
	bool          json;
	unsigned      nr;       /* entries so far */
	struct eg_str out;
};

/* Open an entry: what kind of thing it is, of what (or NULL), its name, a line about it (or NULL); and close it. */
void explain__entry(struct page *p, const char *kind, const char *of, const char *name, const char *summary);
void explain__end(struct page *p);
/* A further fact of an entry; nothing for NULL. In text the label and the value. */
void explain__fact(struct page *p, const char *key, const char *label, const char *value);
/* A list of texts, NULL-terminated: one a line, or a JSON array. */
void explain__texts(struct page *p, const char *key, const char *title, const char *const *text);
/* JSON alone: , "key": "text" or null. */
void explain__text(struct eg_str *out, const char *key, const char *text);

/* Each adds the entries of its kind that have this name. */
void explain__preset(const char *name, struct page *p);
void explain__experiment(const char *name, struct page *p);
void explain__columns(const char *name, struct page *p);
void explain__figure(const char *name, struct page *p);
void explain__verb(const char *name, struct page *p);
void explain__plain(const char *name, struct page *p);

#endif
