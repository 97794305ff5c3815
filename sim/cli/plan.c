/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan - what an experiment will cost before it runs, and which of its cells are still to be run.
 *
 * Where numbers come from, best first: what finished cells of the same point cost (the executor notes it), a probe of
 * the point (one cell, run for a bounded time, extrapolated from the share of its work), the mean of the points that
 * are known. The plan says how many of each there are; without any, time is unknown and called so. Cells of one point
 * are taken to cost the same, since they differ in their seed alone.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/base/str.h"
#include "sim/cli/execute.h"
#include "sim/cli/locate.h"
#include "sim/cli/meter.h"
#include "sim/experiment/inspect.h"

enum { MAX_PROBES = 8 };
#define PROBE_SECONDS 2.0

static const struct cli_option options[] = {
	{ .name = "set", .arg = "PATH=VALUE", .help = "override a key of the file, before the sweep; may be repeated", .repeat = true },
	{ .name = "output", .letter = 'o', .arg = "FILE.h5", .help = "the result file of the run; default results/NAME.h5" },
	{ .name = "missing", .help = "print the numbers of the cells that are still to be run, one a line, and nothing else" },
	{ .name = "ranges", .help = "print them in one line, as 3,7-9" },
	{ .name = "jobs", .letter = 'j', .arg = "N", .help = "plan for N cells at a time; default: online CPUs" },
	{ .name = "probe", .arg = "TIME", .help = "how much CPU time each probe may use, such as 10s; default 2s" },
	{ .name = "no-probe", .help = "run nothing: time is then known only from finished cells" },
	{ .name = "json", .help = "print as JSON" },
	{ 0 }
};

/* OUTLASTED: its probe ended before the share of the work was known; seconds is what it had used, a lower bound. */
enum source { UNKNOWN, FINISHED, PROBED, GUESSED, OUTLASTED };

struct plan {
	struct experiment  *x;
	struct exec_options o;
	struct inspect      in;
	uint64_t            nr_missing;
	double             *seconds;            /* CPU time of a cell, by point; valid unless source is UNKNOWN */
	uint8_t            *source;             /* enum source, by point */
	uint64_t            nr_finished;        /* cells whose cost is known */
	struct exec_probe   probe[MAX_PROBES];
	unsigned            nr_probes;
	bool                probe_failed;
	double              cpu_seconds;        /* of all missing cells; < 0: unknown */
	uint64_t            nr_unknown;         /* missing cells about whose time nothing is known */
	uint64_t            nr_guessed;         /* ... the mean of other points was taken */
	double              at_least;           /* CPU seconds of all missing cells, by what those of unknown time have used */
	double              longest;            /* cell */
	uint64_t            seen_memory;        /* the largest of finished cells and probes */
	bool                seen_whole;         /* ... of which all ended, one at least of each point */
	uint64_t            most_memory, most_disk;     /* of one cell, by the closed form */
	uint64_t            cell_bytes;         /* mean file of finished cells; 0 unknown */
	struct eg_errors   *warn;
};

static bool is_missing(const struct plan *p, uint64_t cell)
{
	return p->in.result != INSPECT_COMPLETE && p->in.cell[cell].state != RESULT_CELL_SAME;
}

static unsigned jobs(const struct plan *p)
{
	return p->nr_missing && p->nr_missing < p->o.jobs ? (unsigned)p->nr_missing : p->o.jobs;
}

/* ---- what is known ---------------------------------------------------------------------------------- */

static eg_status look_at_cells(struct plan *p, struct eg_arena *arena)
{
	struct experiment *x = p->x;
	uint64_t bytes = 0, sized = 0;

	p->seconds = eg_arena_alloc(arena, x->nr_points, sizeof(*p->seconds));
	p->source = eg_arena_alloc(arena, x->nr_points, sizeof(*p->source));
	if (!p->seconds || !p->source)
		return EG_NO_MEMORY;
	for (uint64_t point = 0; point < x->nr_points; point++) {
		double sum = 0;
		unsigned n = 0;

		for (uint64_t cell = point * x->nr_seeds; cell < (point + 1) * x->nr_seeds; cell++) {
			const struct inspect_cell *c = &p->in.cell[cell];

			p->nr_missing += is_missing(p, cell);
			bytes += c->bytes;
			sized += c->bytes != 0;
			if (!c->cost_known)
				continue;
			sum += c->cost.cpu_seconds;
			n++;
			p->seen_memory = c->cost.max_rss > p->seen_memory ? c->cost.max_rss : p->seen_memory;
		}
		p->nr_finished += n;
		if (n) {
			p->seconds[point] = sum / n;
			p->source[point] = FINISHED;
		}
	}
	p->cell_bytes = sized ? bytes / sized : 0;
	return EG_OK;
}

/* The closed form of at most some hundred points. */
static eg_status look_at_needs(struct plan *p, struct eg_errors *err)
{
	uint64_t step = p->x->nr_points / 200 + 1;

	for (uint64_t point = 0; point < p->x->nr_points; point += step) {
		struct exec_need need;
		struct exp_cell c;

		EG_TRY(exp_cell_resolve(p->x, point * p->x->nr_seeds, &c, err));
		exec_need(&c.spec, &need);
		exp_cell_free(&c);
		p->most_memory = need.memory > p->most_memory ? need.memory : p->most_memory;
		p->most_disk = need.disk > p->most_disk ? need.disk : p->most_disk;
	}
	return EG_OK;
}

static bool wants_probe(const struct plan *p, uint64_t point)
{
	if (p->source[point] != UNKNOWN)
		return false;
	for (uint64_t cell = point * p->x->nr_seeds; cell < (point + 1) * p->x->nr_seeds; cell++)
		if (is_missing(p, cell))
			return true;
	return false;
}

static void remove_scratch(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[4300];

	while (d && (e = readdir(d)) != NULL)
		if (*e->d_name != '.' && snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) < (int)sizeof(path))
			(void)unlink(path);
	if (d)
		(void)closedir(d);
	(void)rmdir(dir);
}

static void on_progress(void *ctx, const struct exec_progress *now)
{
	cli_meter_show(ctx, &(struct cli_meter_state){ .what = "probes", .done = now->done, .total = now->total, .running = now->running,
		       .share = -1, .elapsed = now->elapsed, .eta = -1, .end = now->end });
}

/* Run the cells of the points that nothing is known of: all of them if they are few, else some spread over the sweep. */
static eg_status probe(struct plan *p, const struct cli_args *a, double seconds, struct eg_errors *err)
{
	uint64_t wanted = 0, at = 0;
	const char *tmp = getenv("TMPDIR");
	char dir[4200];
	struct cli_meter meter;
	eg_status s;

	for (uint64_t point = 0; point < p->x->nr_points; point++)
		wanted += wants_probe(p, point);
	p->nr_probes = wanted < MAX_PROBES ? (unsigned)wanted : MAX_PROBES;
	for (uint64_t point = 0, n = 0; point < p->x->nr_points && n < p->nr_probes; point++)
		if (wants_probe(p, point) && at++ == (p->nr_probes == 1 ? 0 : n * (wanted - 1) / (p->nr_probes - 1)))
			p->probe[n++].cell = point * p->x->nr_seeds;
	if (!p->nr_probes)
		return EG_OK;
	if (snprintf(dir, sizeof(dir), "%s/engram-plan-XXXXXX", tmp && *tmp ? tmp : P_tmpdir) >= (int)sizeof(dir) || !mkdtemp(dir))
		return eg_fail_errno(err, false, "cannot make a temporary directory for probes");
	cli_meter_init(&meter, a);
	p->o.progress = on_progress;
	p->o.ctx = &meter;
	s = exec_probe(p->x, &p->o, dir, seconds, p->probe, p->nr_probes, err);
	remove_scratch(dir);
	return s;
}

static void use_probes(struct plan *p)
{
	uint64_t bytes = 0, sized = 0;

	for (unsigned i = 0; i < p->nr_probes; i++) {
		const struct exec_probe *one = &p->probe[i];
		uint64_t point = one->cell / p->x->nr_seeds;

		p->seen_memory = one->cost.max_rss > p->seen_memory ? one->cost.max_rss : p->seen_memory;
		bytes += one->bytes;
		sized += one->bytes != 0;
		p->probe_failed |= one->failed;
		if (one->failed)
			continue;
		p->source[point] = exec_probe_seconds(one) < 0 ? OUTLASTED : PROBED;
		p->seconds[point] = exec_probe_seconds(one) < 0 ? one->cost.cpu_seconds : exec_probe_seconds(one);
	}
	if (!p->cell_bytes && sized)
		p->cell_bytes = bytes / sized;
}

/* Sum up; a point that nothing is known of gets the mean of the others. */
static void add_up(struct plan *p)
{
	double sum = 0, least = 0;
	uint64_t known = 0, outlasted = 0;

	for (uint64_t point = 0; point < p->x->nr_points; point++) {
		if (p->source[point] == FINISHED || p->source[point] == PROBED) {
			sum += p->seconds[point];
			known++;
		} else if (p->source[point] == OUTLASTED) {
			least = outlasted++ && least < p->seconds[point] ? least : p->seconds[point];
		}
	}
	p->seen_whole = known == p->x->nr_points;
	for (unsigned i = 0; i < p->nr_probes; i++)
		p->seen_whole &= p->probe[i].whole;
	for (uint64_t cell = 0; cell < p->x->nr_cells; cell++) {
		uint64_t point = cell / p->x->nr_seeds;

		if (!is_missing(p, cell))
			continue;
		/* the mean of the others is no guess where some of them are known to take longer */
		if (p->source[point] == UNKNOWN && known && !outlasted) {
			p->source[point] = GUESSED;
			p->seconds[point] = sum / (double)known;
		}
		p->nr_unknown += p->source[point] == UNKNOWN || p->source[point] == OUTLASTED;
		p->nr_guessed += p->source[point] == GUESSED;
		p->at_least += p->source[point] == UNKNOWN ? least : p->seconds[point];
		p->longest = p->source[point] != UNKNOWN && p->seconds[point] > p->longest ? p->seconds[point] : p->longest;
	}
	p->cpu_seconds = p->nr_unknown ? -1 : p->at_least;
	p->most_memory = p->seen_memory > p->most_memory ? p->seen_memory : p->most_memory;
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
	const char *may = p->seen_whole ? "" : "may ";
	uint64_t disk = a->disk_cells + a->disk_result;

	if (p->in.result == INSPECT_STALE)
		(void)eg_fail(p->warn, EG_OK, "%s is of another configuration; a run replaces it", p->o.out);
	if (p->in.result == INSPECT_UNREADABLE)
		(void)eg_fail(p->warn, EG_OK, "%s is damaged or no result; a run replaces it", p->o.out);
	if (p->in.nr_other)
		(void)eg_fail(p->warn, EG_OK, "%" PRIu64 " cells in %s are of another configuration and in the way of --resume and --cell\n"
			      "remove %s or choose another -o", p->in.nr_other, p->in.cells_dir, p->in.cells_dir);
	if (!p->nr_missing)
		return;
	if (a->memory_host && a->memory_all > a->memory_host)
		(void)eg_fail(p->warn, EG_OK, "%u cells at a time %sneed %s of memory, and %s are available\n%s", jobs(p), may,
			      cli_bytes(a->memory_all, b1), cli_bytes(a->memory_host, b2),
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

		if (!is_missing(p, i))
			continue;
		while (last + 1 < p->x->nr_cells && is_missing(p, last + 1))
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
		if (is_missing(p, i))
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
		eg_str_addf(out, "%" PRIu64 " finished cell%s", p->nr_finished, p->nr_finished == 1 ? "" : "s");
		sep = ", ";
	}
	for (unsigned i = 0; i < p->nr_probes; i++)
		whole += p->probe[i].whole;
	if (whole)
		eg_str_addf(out, "%s%u cell%s run to the end", sep, whole, whole == 1 ? "" : "s");
	sep = whole ? ", " : sep;
	if (p->nr_probes > whole)
		eg_str_addf(out, "%s%u probe%s, extrapolated", sep, p->nr_probes - whole, p->nr_probes - whole == 1 ? "" : "s");
	if (p->nr_guessed)
		eg_str_addf(out, "; for %" PRIu64 " cells the mean of other points", p->nr_guessed);
	eg_str_add(out, ")\n");
}

static void add_text(const struct plan *p, const struct amounts *m, struct eg_str *out)
{
	char a[CLI_QUANTITY], b[CLI_QUANTITY], c[CLI_QUANTITY];

	eg_str_addf(out, "%s: %" PRIu64 " cells (%" PRIu64 " point%s x %u seed%s), %" PRIu64 " done, %" PRIu64 " missing", p->x->name,
		    p->x->nr_cells, p->x->nr_points, p->x->nr_points == 1 ? "" : "s", p->x->nr_seeds, p->x->nr_seeds == 1 ? "" : "s",
		    p->x->nr_cells - p->nr_missing, p->nr_missing);
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

static int show(struct plan *p, const struct cli_args *a)
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
			if (is_missing(p, i))
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

static eg_status make(struct plan *p, const struct cli_args *a, double seconds, struct eg_arena *arena, int *rc, struct eg_errors *err)
{
	bool list = cli_given(a, "missing") || cli_given(a, "ranges");
	struct eg_str traces = { 0 };
	eg_status s = execute_traces(p->x, &traces, err);

	if (s == EG_OK)
		s = inspect(p->x, p->o.out, arena, &p->in, err);
	if (s == EG_OK)
		s = look_at_cells(p, arena);
	if (s == EG_OK)
		s = look_at_needs(p, err);
	if (s == EG_OK && !list && !cli_given(a, "no-probe"))
		s = probe(p, a, seconds, err);
	if (s == EG_OK) {
		use_probes(p);
		add_up(p);
		*rc = show(p, a);
	}
	execute_traces_end(&traces);
	return s;
}

static bool read_options(const struct cli_args *a, struct plan *p, double *seconds)
{
	static const struct eg_param time = { .name = "probe", .type = EG_PARAM_TIME, .min = "10ms", .max = "1000s" };
	static const char *const of_probes[] = { "probe", "no-probe", "jobs", NULL };
	const char *list = cli_given(a, "missing") ? "missing" : cli_given(a, "ranges") ? "ranges" : NULL;
	uint64_t n = exec_default_jobs();
	struct eg_value v;
	char why[200];

	if (cli_given(a, "missing") && cli_given(a, "ranges"))
		return cli_usage("plan: --missing prints lines and --ranges one line; leave out one of them") == 0;
	for (unsigned i = 0; list && of_probes[i]; i++)
		if (cli_given(a, of_probes[i]))
			return cli_usage("plan: --%s estimates nothing: --%s has no meaning with it", list, of_probes[i]) == 0;
	if (cli_given(a, "probe") && cli_given(a, "no-probe"))
		return cli_usage("plan: leave out one of --probe and --no-probe") == 0;
	if (!cli_number(a, "jobs", 1, 4096, &n))
		return false;
	*seconds = PROBE_SECONDS;
	if (cli_given(a, "probe")) {
		if (eg_param_parse(&time, cli_value(a, "probe"), &v, why, sizeof(why)) != EG_OK)
			return cli_usage("plan: --probe: %s", why) == 0;
		*seconds = (double)v.u / (double)EG_PS_PER_NS / 1e9;
	}
	p->o.jobs = (unsigned)n;
	p->o.cell = EXEC_ALL_CELLS;
	return true;
}

static int run(const struct cli_args *a)
{
	struct eg_errors *err = eg_calloc(2, sizeof(*err));
	struct plan *p = eg_calloc(1, sizeof(*p));
	struct eg_arena arena = { 0 };
	struct eg_str out = { 0 };
	double seconds;
	eg_status s;
	int rc = 0;

	if (!err || !p) {
		rc = cli_fail(EG_NO_MEMORY, "no memory for a plan");
	} else if (!read_options(a, p, &seconds)) {
		rc = eg_status_exit_code(EG_USAGE);
	} else {
		p->warn = &err[1];
		s = locate_and_load(&p->x, a->arg[0], cli_values(a, "set"), NULL, &arena, err);
		if (s == EG_OK) {
			locate_result(cli_value(a, "output"), p->x->name, &out);
			s = out.failed ? EG_NO_MEMORY : EG_OK;
		}
		p->o.out = eg_str_text(&out);
		if (s == EG_OK)
			s = make(p, a, seconds, &arena, &rc, err);
		rc = s == EG_OK ? rc : cli_report(s, err);
		experiment_free(p->x);
	}
	eg_str_free(&out);
	eg_arena_free_all(&arena);
	eg_free(p);
	eg_free(err);
	return rc;
}

const struct verb_ops verb_plan_ops = {
	.name        = "plan",
	.summary     = "what an experiment costs, and which cells are still to be run",
	.usage       = "EXPERIMENT.yaml [options]",
	.description = "Prints how many cells there are and which are done, and what the others will take: CPU time, memory\n"
		       "and disk, with a warning when the host has less. Time and memory come from the finished cells if\n"
		       "there are any; else one cell of each point (of eight at most) is run for two seconds of CPU time\n"
		       "and extrapolated from the share of its work, which is the rougher the less was done.\n"
		       "Where no cell ended, memory is bounded by the size of the machine.\n\n"
		       "--missing gives the cells to a scheduler of your own:\n\n"
		       "  engram plan x.yaml -o x.h5 --missing | xargs -P 4 -I N engram run x.yaml -o x.h5 --cell N\n"
		       "  engram plan x.yaml -o x.h5 --missing | parallel engram run x.yaml -o x.h5 --cell {}\n"
		       "  sbatch --array=$(engram plan x.yaml -o x.h5 --ranges) job.sh\n\n"
		       "and `engram run x.yaml -o x.h5 --resume` makes the result of them. The exit code is 1 when a probed\n"
		       "cell fails.",
	.example     = "engram plan quickstart",
	.options     = options,
	.min_args    = 1,
	.max_args    = 1,
	.run         = run,
};
