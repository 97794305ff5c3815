/* SPDX-License-Identifier: GPL-3.0-or-later */
/* problem - see problem.h. A list of at most a few hundred: linear searches and insertion sort will do. */
#include "sim/experiment/problem.h"

#include <stdarg.h>
#include <stdio.h>

void exp_problem(struct exp_problems *p, struct exp_mark at, const char *path, const char *fmt, ...)
{
	struct exp_problem *new;
	va_list ap;
	int n = 0;

	if (!p->item)
		p->item = eg_arena_alloc(p->arena, EXP_PROBLEMS_MAX, sizeof(struct exp_problem *));
	new = p->item ? eg_arena_alloc(p->arena, 1, sizeof(*new)) : NULL;
	if (!new) {
		p->no_memory = true;
		return;
	}
	new->mark = at;
	/* the place "--set PATH" names the path already */
	if (path && *path && (at.line || strncmp(at.file, "--set ", 6) != 0 || strcmp(at.file + 6, path) != 0))
		n = snprintf(new->text, sizeof(new->text), "%.120s: ", path);
	va_start(ap, fmt);
	(void)vsnprintf(new->text + n, sizeof(new->text) - (size_t)n, fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < p->nr; i++) {
		const struct exp_problem *old = p->item[i];

		if (old->mark.line == at.line && old->mark.col == at.col && strcmp(old->mark.file, at.file) == 0 &&
		    strcmp(old->text, new->text) == 0)
			return;
	}
	if (p->nr == EXP_PROBLEMS_MAX)
		p->dropped++;
	else
		p->item[p->nr++] = new;
}

/* Rank of a file: the first problem that names it. */
static unsigned file_rank(const struct exp_problems *p, const char *file)
{
	unsigned i = 0;

	while (i < p->nr && strcmp(p->item[i]->mark.file, file) != 0)
		i++;
	return i;
}

static bool before(const unsigned *rank, const struct exp_problem *const *item, unsigned a, unsigned b)
{
	if (rank[a] != rank[b])
		return rank[a] < rank[b];
	if (item[a]->mark.line != item[b]->mark.line)
		return item[a]->mark.line < item[b]->mark.line;
	return item[a]->mark.col < item[b]->mark.col;
}

eg_status exp_problems_flush(struct exp_problems *p, struct eg_errors *err)
{
	unsigned rank[EXP_PROBLEMS_MAX], order[EXP_PROBLEMS_MAX];
	eg_status s = p->nr || p->dropped ? EG_BAD_INPUT : EG_OK;

	for (unsigned i = 0; i < p->nr; i++) {
		unsigned j = i;

		rank[i] = file_rank(p, p->item[i]->mark.file);
		for (; j > 0 && before(rank, (const struct exp_problem *const *)p->item, i, order[j - 1]); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (unsigned i = 0; i < p->nr; i++) {
		const struct exp_problem *m = p->item[order[i]];

		if (m->mark.line)
			s = eg_fail(err, s, "%s:%u:%u: %s", m->mark.file, m->mark.line, m->mark.col, m->text);
		else
			s = eg_fail(err, s, "%s: %s", m->mark.file, m->text);
	}
	if (err)
		err->dropped += p->dropped;
	p->nr = p->dropped = 0;
	return p->no_memory ? EG_NO_MEMORY : s;
}
