/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog - every name that a user may meet, by topic, with one line about it.
 *
 * `engram list`, `engram explain`, "did you mean", completion and the tables of the man pages read the same catalog,
 * and the catalog reads the registries and parameter tables that the program works with. Only the environment and
 * the meaning of exit codes are written here, and tests/unit/test_docs.sh compares the former with the sources.
 */
#ifndef SIM_CLI_CATALOG_H
#define SIM_CLI_CATALOG_H

#include "sim/base/mem.h"
#include "sim/base/param.h"
#include "sim/machine/run.h"

struct catalog_item {
	const char *kind;       /* within the topic ("page_allocator" of policies, "machine" of keys); NULL if it has none */
	const char *name, *summary;
};

/* Called for each item, in order; texts are valid during the call. */
typedef void catalog_fn(void *ctx, const struct catalog_item *item);

struct catalog_topic {
	const char *name;       /* "policies"; the table ends with NULL */
	const char *one;        /* "policy" */
	const char *what;       /* one line */
	void      (*each)(catalog_fn *fn, void *ctx);
};
extern const struct catalog_topic catalog_topics[];

const struct catalog_topic *catalog_find(const char *topic);
/* For eg_did_you_mean(): names of topics. */
const char *catalog_topic_name(const void *ctx, unsigned i);

/* Tables whose keys may stand in an experiment: "machine", "machine.costs", "measure", "stop", "replay"; then every
 * policy ("policy.page_allocator buddy") and generator. NULL name past the last. */
struct catalog_table {
	char                   name[64];/* path of the section, "policy.KIND", "workload" */
	const char            *of;      /* name of the policy or generator, "" for a section */
	const struct eg_param *params;
	const char            *what;
};
bool catalog_table_at(unsigned i, struct catalog_table *out);

/* What a cell with no work reports: names, units and texts of all columns and histograms. run_result_free() it. */
eg_status catalog_columns(struct run_result *out) EG_MUST_USE;

/* "counter", "gauge", "value". */
const char *catalog_column_kind(enum run_kind kind);

/* The environment variables that the program reads, and its exit codes; NULL names end them. */
struct catalog_text {
	const char *name, *text;
};
extern const struct catalog_text catalog_environment[], catalog_exit_codes[];

#endif
