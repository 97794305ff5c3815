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
#include <stdio.h>
#include <unistd.h>

#include "sim/base/str.h"
#include "sim/cli/execute.h"
#include "sim/cli/locate.h"
#include "sim/cli/meter.h"
#include "sim/cli/plan.h"

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

			p->nr_missing += plan__is_missing(p, cell);
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
		if (plan__is_missing(p, cell))
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

		if (!plan__is_missing(p, cell))
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
		*rc = plan__show(p, a);
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
