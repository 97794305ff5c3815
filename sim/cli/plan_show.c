/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_show - what a plan means for this host, as text, as JSON, or as the list of missing cells. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"
#include "sim/cli/plan.h"

bool plan__is_missing(const struct plan *p, uint64_t cell)
{
	return p->in.result != INSPECT_COMPLETE && p->in.cell[cell].state != RESULT_CELL_SAME;
}

static unsigned jobs(const struct plan *p)
{
	return p->nr_missing && p->nr_missing < p->o.jobs ? (unsigned)p->nr_missing : p->o.jobs;
}

/* Cells are handed to processes one after the other: at least their share of the sum, at least the longest. */
static double wall_seconds(const struct plan *p)
{
	double share = p->cpu_seconds / jobs(p);

	return share > p->longest ? share : p->longest;
}

/* ---- what it means ---------------------------------------------------------------------------------- */

struct amounts {
	uint64_t memory_cell, memory_all, memory_host;  /* expected; at most if nothing was seen whole */
	uint64_t disk_cells, disk_result, disk_host;
};

static void amounts(const struct plan *p, struct amounts *a)
{
	uint64_t cell = p->cell_bytes ? p->cell_bytes : p->most_disk;

	a->memory_cell = p->seen_whole ? p->seen_memory : p->most_memory;
	a->memory_all = a->memory_cell * jobs(p);
	a->memory_host = exec_host_memory();
	a->disk_cells = cell * p->nr_missing;
	a->disk_result = p->nr_missing ? cell * p->x->nr_cells : 0;
	a->disk_host = exec_host_disk(p->o.out);
}

static void warn(struct plan *p, const struct amounts *a)
{
	char b1[CLI_QUANTITY], b2[CLI_QUANTITY];
	const char *need = !p->seen_whole ? "may need" : jobs(p) == 1 ? "needs" : "need";
	uint64_t disk = a->disk_cells + a->disk_result;

	if (p->in.result == INSPECT_STALE)
		(void)eg_fail(p->warn, EG_OK, "%s is of another configuration; a run replaces it", p->o.out);
	if (p->in.result == INSPECT_UNREADABLE)
		(void)eg_fail(p->warn, EG_OK, p->in.foreign ? "%s is no result, and a run does not write over it\nname another file with -o"
			      : "%s is a damaged result; a run replaces it", p->o.out);
	if (p->in.nr_other)
		(void)eg_fail(p->warn, EG_OK, "%" PRIu64 " cell%s in %s %s of another configuration and in the way of --resume and "
			      "--cell\nremove %s or choose another -o", p->in.nr_other, cli_plural(p->in.nr_other), p->in.cells_dir,
			      p->in.nr_other == 1 ? "is" : "are", p->in.cells_dir);
	if (!p->nr_missing)
		return;
	if (a->memory_host && a->memory_all > a->memory_host)
		(void)eg_fail(p->warn, EG_OK, "%u cell%s at a time %s %s of memory, and %s are available\n%s", jobs(p),
			      cli_plural(jobs(p)), need, cli_bytes(a->memory_all, b1), cli_bytes(a->memory_host, b2),
			      a->memory_cell > a->memory_host ? "one cell alone is too large: a smaller machine.memory or working set needs less"
							      : "run fewer at a time with -j");
	if (a->disk_host && disk > a->disk_host)
		(void)eg_fail(p->warn, EG_OK, "cells and result %stake %s, and %s are free\nchoose another place with -o", p->cell_bytes ? "" : "may ",
			      cli_bytes(disk, b1), cli_bytes(a->disk_host, b2));
	for (unsigned i = 0; i < p->nr_probes; i++)
		if (p->probe[i].failed)
			(void)eg_fail(p->warn, EG_OK, "cell %" PRIu64 " fails: %s", p->probe[i].cell, p->probe[i].why);
}

static void add_ranges(const struct plan *p, struct eg_str *out)
{
	bool first = true;

	for (uint64_t i = 0; i < p->x->nr_cells; i++) {
		uint64_t last = i;

		if (!plan__is_missing(p, i))
			continue;
		while (last + 1 < p->x->nr_cells && plan__is_missing(p, last + 1))
			last++;
		eg_str_addf(out, "%s%" PRIu64, first ? "" : ",", i);
		if (last > i)
			eg_str_addf(out, "-%" PRIu64, last);
		first = false;
		i = last;
	}
}

static const char *const result_words[] = { "none", "complete", "stale", "unreadable" };

static void add_probes_json(const struct plan *p, struct eg_str *out)
{
	eg_str_add(out, ",\n  \"probes\": [");
	for (unsigned i = 0; i < p->nr_probes; i++) {
		const struct exec_probe *one = &p->probe[i];

		eg_str_addf(out, "%s\n    {\"cell\": %" PRIu64 ", \"whole\": %s, \"share\": %.4f, \"cpu_seconds\": %.3f, \"max_rss_bytes\": %" PRIu64
			    ", \"failure\": ", i ? "," : "", one->cell, one->whole ? "true" : "false", one->share, one->cost.cpu_seconds,
			    one->cost.max_rss);
		if (one->failed)
			eg_str_add_json(out, one->why);
		else
			eg_str_add(out, "null");
		eg_str_add(out, "}");
	}
	eg_str_add(out, "]");
}

static void add_json(const struct plan *p, const struct amounts *a, bool only_missing, struct eg_str *out)
{
	eg_str_add(out, "{\"schema\": 1,\n  \"experiment\": ");
	eg_str_add_json(out, p->x->name);
	eg_str_add(out, ", \"output\": ");
	eg_str_add_json(out, p->o.out);
	eg_str_addf(out, ",\n  \"points\": %" PRIu64 ", \"seeds\": %u,\n  \"cells\": {\"total\": %" PRIu64 ", \"done\": %" PRIu64
		    ", \"missing\": %" PRIu64 ", \"other_configuration\": %" PRIu64 ", \"damaged\": %" PRIu64 "},\n  \"result\": \"%s\""
		    ",\n  \"missing\": [", p->x->nr_points, p->x->nr_seeds, p->x->nr_cells, p->x->nr_cells - p->nr_missing, p->nr_missing,
		    p->in.nr_other, p->in.nr_damaged, result_words[p->in.result]);
	for (uint64_t i = 0, n = 0; i < p->x->nr_cells; i++)
		if (plan__is_missing(p, i))
			eg_str_addf(out, "%s%" PRIu64, n++ ? ", " : "", i);
	eg_str_add(out, "]");
	if (only_missing) {
		eg_str_add(out, "}\n");
		return;
	}
	eg_str_addf(out, ",\n  \"time\": {\"jobs\": %u", jobs(p));
	if (p->cpu_seconds < 0)
		eg_str_addf(out, ", \"cpu_seconds\": null, \"cpu_seconds_at_least\": %.3f, \"wall_seconds\": null", p->at_least);
	else
		eg_str_addf(out, ", \"cpu_seconds\": %.3f, \"wall_seconds\": %.3f", p->cpu_seconds, p->nr_missing ? wall_seconds(p) : 0);
	eg_str_addf(out, ", \"finished_cells_known\": %" PRIu64 ", \"probes\": %u, \"cells_guessed\": %" PRIu64 ", \"cells_unknown\": %" PRIu64 "}",
		    p->nr_finished, p->nr_probes, p->nr_guessed, p->nr_unknown);
	eg_str_addf(out, ",\n  \"memory\": {\"cell_seen_bytes\": %" PRIu64 ", \"cell_at_most_bytes\": %" PRIu64 ", \"all_bytes\": %" PRIu64
		    ", \"available_bytes\": %" PRIu64 "}", p->seen_memory, p->most_memory, a->memory_all, a->memory_host);
	eg_str_addf(out, ",\n  \"disk\": {\"cell_bytes\": %" PRIu64 ", \"cell_at_most_bytes\": %" PRIu64 ", \"cells_bytes\": %" PRIu64
		    ", \"result_bytes\": %" PRIu64 ", \"free_bytes\": %" PRIu64 "}", p->cell_bytes, p->most_disk, a->disk_cells, a->disk_result,
		    a->disk_host);
	add_probes_json(p, out);
	eg_str_add(out, ",\n  \"warnings\": [");
	for (unsigned i = 0; i < p->warn->nr; i++) {
		eg_str_add(out, i ? ", " : "");
		eg_str_add_json(out, p->warn->text[i]);
	}
	eg_str_add(out, "]}\n");
}

static void add_time(const struct plan *p, struct eg_str *out)
{
	char a[CLI_QUANTITY], b[CLI_QUANTITY];
	const char *sep = "";
	unsigned whole = 0;

	if (p->cpu_seconds < 0) {
		if (p->at_least > 0)
			eg_str_addf(out, "time     more than %s of CPU time: a cell outlasts its probe before its share of the work is "
				    "known\n         (without stop.time it never is); a longer --probe or a finished cell tells more\n",
				    cli_duration(p->at_least, a));
		else
			eg_str_addf(out, "time     unknown: no cell is finished and none was probed\n");
		return;
	}
	eg_str_addf(out, "time     %s of CPU time", cli_duration(p->cpu_seconds, a));
	if (jobs(p) > 1)
		eg_str_addf(out, ", about %s with %u processes", cli_duration(wall_seconds(p), b), jobs(p));
	eg_str_add(out, " (from ");
	if (p->nr_finished) {
		eg_str_addf(out, "%" PRIu64 " finished cell%s", p->nr_finished, cli_plural(p->nr_finished));
		sep = ", ";
	}
	for (unsigned i = 0; i < p->nr_probes; i++)
		whole += p->probe[i].whole;
	if (whole)
		eg_str_addf(out, "%s%u cell%s run to the end", sep, whole, cli_plural(whole));
	sep = whole ? ", " : sep;
	if (p->nr_probes > whole)
		eg_str_addf(out, "%s%u probe%s, extrapolated", sep, p->nr_probes - whole, cli_plural(p->nr_probes - whole));
	if (p->nr_guessed)
		eg_str_addf(out, "; for %" PRIu64 " cell%s the mean of other points", p->nr_guessed, cli_plural(p->nr_guessed));
	eg_str_add(out, ")\n");
}

static void add_text(const struct plan *p, const struct amounts *m, struct eg_str *out)
{
	char a[CLI_QUANTITY], b[CLI_QUANTITY], c[CLI_QUANTITY];

	eg_str_addf(out, "%s: %" PRIu64 " cell%s (%" PRIu64 " point%s x %u seed%s), %" PRIu64 " done, %" PRIu64 " missing", p->x->name,
		    p->x->nr_cells, cli_plural(p->x->nr_cells), p->x->nr_points, cli_plural(p->x->nr_points), p->x->nr_seeds,
		    cli_plural(p->x->nr_seeds), p->x->nr_cells - p->nr_missing, p->nr_missing);
	if (p->in.result == INSPECT_COMPLETE) {
		eg_str_addf(out, "\n%s is complete: nothing is to be run\n", p->o.out);
		return;
	}
	if (p->nr_missing && p->nr_missing < p->x->nr_cells) {
		eg_str_add(out, ": ");
		add_ranges(p, out);
	}
	eg_str_add(out, "\n");
	if (!p->nr_missing) {
		eg_str_addf(out, "all cells are there; `engram run --resume` merges them into %s\n", p->o.out);
		return;
	}
	add_time(p, out);
	if (p->seen_whole)
		eg_str_addf(out, "memory   %s a process", cli_bytes(m->memory_cell, a));
	else if (p->seen_memory)
		eg_str_addf(out, "memory   %s a process so far, at most %s", cli_bytes(p->seen_memory, b), cli_bytes(m->memory_cell, a));
	else
		eg_str_addf(out, "memory   at most %s a process", cli_bytes(m->memory_cell, a));
	eg_str_addf(out, ", %s for %u; %s available\n", cli_bytes(m->memory_all, a), jobs(p), cli_bytes(m->memory_host, b));
	eg_str_addf(out, "disk     %s%s for cells, %s for the result; %s free\n", p->cell_bytes ? "" : "at most ",
		    cli_bytes(m->disk_cells, a), cli_bytes(m->disk_result, b), cli_bytes(m->disk_host, c));
}

int plan__show(struct plan *p, const struct cli_args *a)
{
	bool missing = cli_given(a, "missing"), ranges = cli_given(a, "ranges");
	struct eg_str out = { 0 };
	struct amounts m;
	int rc;

	amounts(p, &m);
	warn(p, &m);
	if (a->json) {
		add_json(p, &m, missing || ranges, &out);
	} else if (ranges) {
		add_ranges(p, &out);
		eg_str_add(&out, p->nr_missing ? "\n" : "");
	} else if (missing) {
		for (uint64_t i = 0; i < p->x->nr_cells; i++)
			if (plan__is_missing(p, i))
				eg_str_addf(&out, "%" PRIu64 "\n", i);
	} else {
		add_text(p, &m, &out);
	}
	rc = cli_print(&out);
	for (unsigned i = 0; !a->json && i < p->warn->nr; i++) {
		const char *hint = strchr(p->warn->text[i], '\n');

		fprintf(stderr, "engram: warning: %.*s\n", (int)strcspn(p->warn->text[i], "\n"), p->warn->text[i]);
		if (hint)
			fprintf(stderr, "  %s\n", hint + 1);
	}
	return rc == 0 && p->probe_failed ? eg_status_exit_code(EG_FAILED) : rc;
}
