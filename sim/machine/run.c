/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run - one cell from spec to result: build the machine, attach the metrics, run, collect.
 *
 * Samples are taken by an event every measure.interval. When measure.samples is reached every second one
 * is dropped and the interval doubles, so that a run of any length keeps a series of bounded size with
 * samples at multiples of one interval. The state at the end is the last sample.
 *
 * Warm-up ends at measure.warmup if it is given, else at each warmup_end mark of a workload (the last one
 * counts; while several CPUs work, an interrupt's delivery time later, so that it is one moment for all of them): counters are then taken relative to that moment, histograms start empty.
 */
#include "sim/machine/run.h"

#include <math.h>
#include <stdio.h>

#include "sim/machine/machine.h"

struct attached {
	const struct metric_ops *ops;
	void                    *state;
	size_t                   first, nr;     /* its columns in set.columns */
};

struct runner {
	struct machine     m;
	struct run_result *out;
	struct metric_set  set;
	struct attached   *metric;
	unsigned           nr_metrics;
	double            *now, *start, *end, *final;   /* [set.nr_columns] */
	unsigned          *series_of;                   /* [nr_series] column numbers */
	unsigned           nr_series;
	size_t             max_samples, cap_snapshots;
	eg_time            interval;
	uint64_t           nr_vmstat, nr_meminfo;
	bool               fixed_warmup;
	unsigned           marks_pending;
};

static void *keep(struct runner *r, size_t nr, size_t size)
{
	void *p = eg_arena_alloc(&r->out->arena, nr, size);

	if (!p)
		machine_fail(&r->m, EG_NO_MEMORY);
	return p;
}

static eg_status attach_metrics(struct runner *r)
{
	struct metric_view view = machine_view(&r->m, 0);

	r->set.arena = &r->out->arena;
	r->set.probes = &r->m.probes;
	while (metric_registry[r->nr_metrics])
		r->nr_metrics++;
	r->metric = keep(r, r->nr_metrics, sizeof(*r->metric));
	if (!r->metric)
		return EG_NO_MEMORY;
	for (unsigned i = 0; i < r->nr_metrics; i++) {
		struct attached *a = &r->metric[i];

		a->ops = metric_registry[i];
		a->state = keep(r, 1, a->ops->state_size ? a->ops->state_size : 1);
		a->first = r->set.nr_columns;
		if (!a->state)
			return EG_NO_MEMORY;
		a->ops->attach(a->state, &r->set, &view);
		a->nr = r->set.nr_columns - a->first;
		if (r->set.failed)
			return EG_NO_MEMORY;
	}
	r->now = keep(r, r->set.nr_columns, sizeof(double));
	r->start = keep(r, r->set.nr_columns, sizeof(double));
	r->end = keep(r, r->set.nr_columns, sizeof(double));
	r->final = keep(r, r->set.nr_columns, sizeof(double));
	r->series_of = keep(r, r->set.nr_columns, sizeof(*r->series_of));
	if (!r->now || !r->start || !r->end || !r->final || !r->series_of)
		return EG_NO_MEMORY;
	for (size_t i = 0; i < r->set.nr_columns; i++)
		if (r->set.columns[i].series)
			r->series_of[r->nr_series++] = (unsigned)i;
	return EG_OK;
}

static void sample_into(struct runner *r, eg_time now, double *values)
{
	struct metric_view view = machine_view(&r->m, now);

	for (size_t i = 0; i < r->set.nr_columns; i++)
		values[i] = NAN;
	for (unsigned i = 0; i < r->nr_metrics; i++)
		if (r->metric[i].ops->sample && r->metric[i].nr)
			r->metric[i].ops->sample(r->metric[i].state, &view, values + r->metric[i].first);
}

/* ---- samples and snapshots --------------------------------------------------------------------------- */

static void take_snapshot(struct runner *r, eg_time now, struct run_snapshot *s)
{
	struct metric_view view = machine_view(&r->m, now);

	s->time = now;
	for (unsigned z = 0; z < r->m.phys.nr_zones; z++) {
		struct palloc_free f;

		r->m.phys.zone[z].ops->free_state(r->m.phys.zone[z].state, &f);
		memcpy(s->free_blocks[z], f.blocks, sizeof(f.blocks));
		memcpy(s->free_blocks_of_type[z], f.blocks_of_type, sizeof(f.blocks_of_type));
	}
	if (!s->vmstat) {       /* a dropped sample's arrays are used again */
		s->vmstat = keep(r, r->nr_vmstat, sizeof(*s->vmstat));
		s->meminfo_kib = keep(r, r->nr_meminfo, sizeof(*s->meminfo_kib));
	}
	if (!s->vmstat || !s->meminfo_kib)
		return;
	linux_views(&view, s->vmstat, s->meminfo_kib);
}

static void add_sample(struct runner *r, eg_time now)
{
	struct run_result *out = r->out;
	size_t n = out->nr_samples++;

	sample_into(r, now, r->now);
	out->sample_time[n] = now;
	for (unsigned i = 0; i < r->nr_series; i++)
		out->series[n * r->nr_series + i] = r->now[r->series_of[i]];
	take_snapshot(r, now, &out->snapshots[n]);
	out->nr_snapshots = out->nr_samples;
}

/* Keep samples 0, 2, 4, ...: they lie at multiples of the doubled interval. */
static void thin_samples(struct runner *r)
{
	struct run_result *out = r->out;
	size_t n = 0;

	for (size_t i = 0; i < out->nr_samples; i += 2, n++) {
		struct run_snapshot odd = out->snapshots[n];

		out->sample_time[n] = out->sample_time[i];
		memmove(out->series + n * r->nr_series, out->series + i * r->nr_series, r->nr_series * sizeof(double));
		out->snapshots[n] = out->snapshots[i];
		out->snapshots[i] = odd;
	}
	out->nr_samples = out->nr_snapshots = n;
	r->interval *= 2;
}

/*
 * How much of a recording in recorded order, or of each stream of a generator that stop.ops bounds, has been handed
 * out; -1 where nobody knows how much there is.
 */
static double source_share(const struct machine *m, const struct source *s)
{
	uint64_t all = m->stop_ops && (!s->records || m->stop_ops < s->records) ? m->stop_ops : s->records;
	double share = 1;

	if (s->ended || !all)
		return s->ended ? 1 : -1;
	if (s->reader)
		return (double)s->record / (double)all;
	if (!s->gen)
		return -1;
	for (size_t i = 0; i < m->nr_tasks; i++) {
		const struct task *t = &m->task[i];

		if (&m->source[t->source] == s && t->state != TASK_DEAD && (double)t->executed / (double)all < share)
			share = (double)t->executed / (double)all;
	}
	return share;
}

/* The run ends with the last of its sources, or at the stop time. */
static double share_done(const struct machine *m, eg_time now)
{
	eg_time stop = eg_args_u64(&m->spec->stop, "time");
	double share = 1, timed = stop ? (double)now / (double)stop : -1;

	for (unsigned i = 0; i < m->nr_sources; i++) {
		double s = source_share(m, &m->source[i]);

		share = s < share ? s : share;
	}
	share = share < timed ? timed : share;
	return share < 1 ? share : 1;
}

static void sample_event(void *ctx, uint64_t arg, eg_time now)
{
	struct runner *r = ctx;

	(void)arg;
	if (r->out->nr_samples + 1 >= r->max_samples)
		thin_samples(r);
	if (now % r->interval == 0)
		add_sample(r, now);
	if (r->m.options->progress && !r->m.options->progress(r->m.options->progress_ctx, share_done(&r->m, now), now))
		machine_fail(&r->m, EG_INTERRUPTED);
	event_add(&r->m.events, now - now % r->interval + r->interval, sample_event, r, 0);
}

static void end_warmup(void *ctx, eg_time now)
{
	struct runner *r = ctx;

	if (r->fixed_warmup && now < eg_args_u64(&r->m.spec->measure, "warmup"))
		return;
	probe_emit(&r->m.probes, PROBE_WARMUP_END, &(struct probe_event){ .now = now });
	sample_into(r, now, r->start);
	for (size_t i = 0; i < r->set.nr_hists; i++)
		*r->set.hists[i].hist = (struct eg_hist){ 0 };
	r->m.warmup = now;
}

static void mark_event(void *ctx, uint64_t arg, eg_time now)
{
	(void)arg;
	((struct runner *)ctx)->marks_pending--;
	end_warmup(ctx, now);
}

/* Busy CPUs may have run ahead of the mark: their counters are those of one moment only when an interrupt
 * could have reached them. */
static void warmup_mark(void *ctx, eg_time now)
{
	struct runner *r = ctx;
	unsigned busy = 0;

	if (r->fixed_warmup)
		return;
	for (unsigned i = 0; i < r->m.nr_cpus; i++)
		busy += r->m.cpu[i].task != TASK_NONE;
	if (busy == 1) {
		end_warmup(r, now);
		return;
	}
	r->marks_pending++;
	event_add(&r->m.events, now + r->m.ipi_latency, mark_event, r, 0);
}

static void warmup_event(void *ctx, uint64_t arg, eg_time now)
{
	(void)arg;
	end_warmup(ctx, now);
}

static eg_status prepare_samples(struct runner *r)
{
	const struct eg_args *measure = &r->m.spec->measure;
	eg_time warmup = eg_args_u64(measure, "warmup");
	struct run_result *out = r->out;

	r->interval = eg_args_u64(measure, "interval");
	r->max_samples = eg_args_u64(measure, "samples") + 1;   /* and the end */
	r->nr_vmstat = linux_vmstat_count();
	r->nr_meminfo = linux_meminfo_count();
	out->sample_time = keep(r, r->max_samples + 1, sizeof(*out->sample_time));
	out->series = keep(r, (r->max_samples + 1) * (r->nr_series ? r->nr_series : 1), sizeof(*out->series));
	out->snapshots = keep(r, r->max_samples + 1, sizeof(*out->snapshots));
	if (!out->sample_time || !out->series || !out->snapshots)
		return EG_NO_MEMORY;
	r->fixed_warmup = warmup > 0;
	r->m.warmup_hook = warmup_mark;
	r->m.warmup_ctx = r;
	if (warmup)
		event_add(&r->m.events, warmup, warmup_event, r, 0);
	sample_into(r, 0, r->start);
	event_add(&r->m.events, 0, sample_event, r, 0);
	return EG_OK;
}

/* ---- collecting -------------------------------------------------------------------------------------- */

static struct run_column run_column(const struct metric_column *c)
{
	return (struct run_column){ .name = c->name, .unit = c->unit, .long_name = c->long_name, .better = c->better,
				    .kind = c->kind == METRIC_GAUGE ? RUN_GAUGE : c->kind == METRIC_COUNTER ? RUN_COUNTER : RUN_VALUE };
}

static void collect_columns(struct runner *r)
{
	struct metric_view view = machine_view(&r->m, r->out->elapsed);
	struct run_result *out = r->out;

	sample_into(r, out->elapsed, r->end);
	for (size_t i = 0; i < r->set.nr_columns; i++) {
		enum metric_kind kind = r->set.columns[i].kind;

		r->final[i] = kind == METRIC_COUNTER ? r->end[i] - r->start[i] : kind == METRIC_GAUGE ? r->end[i] : NAN;
	}
	for (unsigned i = 0; i < r->nr_metrics; i++) {
		const struct attached *a = &r->metric[i];

		if (a->ops->final && a->nr)
			a->ops->final(a->state, &view, r->start + a->first, r->end + a->first, r->final + a->first);
	}
	out->series_columns = keep(r, r->nr_series ? r->nr_series : 1, sizeof(*out->series_columns));
	if (!out->series_columns)
		return;
	for (unsigned i = 0; i < r->nr_series; i++)
		out->series_columns[i] = run_column(&r->set.columns[r->series_of[i]]);
	out->nr_series = r->nr_series;
}

/* Statistics of a histogram, in nanoseconds, that become columns of the summary. */
static const struct { const char *name, *text; double q; } stats[] = {
	{ "n", "number of", 0 }, { "mean", "mean", 0 }, { "p50", "median", 0.5 }, { "p90", "90th percentile", 0.9 },
	{ "p99", "99th percentile", 0.99 }, { "p99_9", "99.9th percentile", 0.999 }, { "max", "maximum", 1.0 },
};

static double stat_value(const struct eg_hist *h, unsigned i)
{
	if (i == 0)
		return (double)h->count;
	if (!h->count)
		return NAN;
	if (i == 1)
		return eg_hist_mean(h) / (double)EG_PS_PER_NS;
	return (double)(i + 1 == EG_ARRAY_LEN(stats) ? h->max : eg_hist_percentile(h, stats[i].q)) / (double)EG_PS_PER_NS;
}

static const char *text_of(struct runner *r, const char *fmt, const char *a, const char *b, const char *c)
{
	size_t n = strlen(fmt) + strlen(a) + strlen(b) + strlen(c) + 1;
	char *s = keep(r, n, 1);

	if (!s)
		return "";
	(void)snprintf(s, n, fmt, a, b, c);
	return s;
}

static void collect_hists(struct runner *r)
{
	struct run_result *out = r->out;
	size_t total = r->set.nr_columns + r->set.nr_hists * EG_ARRAY_LEN(stats) + 1;

	out->hists = keep(r, r->set.nr_hists ? r->set.nr_hists : 1, sizeof(*out->hists));
	out->summary_columns = keep(r, total, sizeof(*out->summary_columns));
	out->summary = keep(r, total, sizeof(*out->summary));
	if (!out->hists || !out->summary_columns || !out->summary)
		return;
	for (size_t i = 0; i < r->set.nr_columns; i++) {
		out->summary_columns[out->nr_summary] = run_column(&r->set.columns[i]);
		out->summary[out->nr_summary++] = r->final[i];
	}
	for (size_t i = 0; i < r->set.nr_hists; i++) {
		const struct metric_hist *h = &r->set.hists[i];

		out->hists[out->nr_hists++] = (struct run_hist){ h->group, h->kind, h->long_name, *h->hist };
		for (unsigned k = 0; k < EG_ARRAY_LEN(stats); k++) {
			struct run_column *c = &out->summary_columns[out->nr_summary];

			c->name = text_of(r, "%s.%s.%s", h->group, h->kind, stats[k].name);
			c->long_name = text_of(r, "%s, %s%s", stats[k].text, h->long_name, "");
			c->unit = k ? "ns" : "1";
			c->kind = RUN_VALUE;
			c->better = k ? -1 : 0;
			out->summary[out->nr_summary++] = stat_value(h->hist, k);
		}
	}
}

static void collect_rest(struct runner *r)
{
	static const struct { const char *name, *text; } not_applied[] = {
#define X(NAME, name, text) { name, text },
		NOT_APPLIED_MAP(X)
#undef X
	};
	struct run_result *out = r->out;
	struct machine *m = &r->m;

	for (unsigned i = 0; i < m->nr_sources && !m->stop_ops && !m->stopping; i++)
		m->not_applied[NOT_NEVER_BORN] += streams_unborn(&m->source[i]);
	out->warmup = m->warmup;
	out->nr_events = m->events.executed;
	out->nr_ops = m->count.ops;
	out->nr_accesses = m->nr_accesses;
	out->capabilities = m->capabilities;
	out->nr_zones = m->phys.nr_zones;
	for (unsigned z = 0; z < m->phys.nr_zones; z++) {
		out->zone_name[z] = phys_zone_name(m->phys.zone[z].type);
		out->zone_node[z] = m->phys.zone[z].node;
	}
	out->nr_vmstat = (unsigned)r->nr_vmstat;
	out->nr_meminfo = (unsigned)r->nr_meminfo;
	out->vmstat_name = linux_vmstat_names;
	out->meminfo_name = linux_meminfo_names;
	out->counts = keep(r, NR_NOT_APPLIED, sizeof(*out->counts));
	out->assumptions = keep(r, 8, sizeof(*out->assumptions));
	if (!out->counts || !out->assumptions)
		return;
	for (unsigned i = 0; i < NR_NOT_APPLIED; i++)
		out->counts[out->nr_counts++] = (struct run_count){ not_applied[i].name, not_applied[i].text, m->not_applied[i] };
	if (m->has_assumption_inferred)
		out->assumptions[out->nr_assumptions++] =
			"mappings were inferred from the accesses of a trace: its own were not recorded";
	for (unsigned i = 0; i < m->nr_sources; i++)
		if (!m->source[i].gen && strcmp(eg_args_text(&m->source[i].w->replay, "populate"), "none") != 0) {
			out->assumptions[out->nr_assumptions++] = "mappings were populated before the first record, at no cost";
			break;
		}
	for (unsigned i = 0; i < m->nr_sources; i++)
		if (!m->source[i].gen && !m->source[i].independent && m->source[i].nr_streams != 1) {
			out->assumptions[out->nr_assumptions++] = "traces are replayed in recorded order, one task at a time each";
			break;
		}
	for (unsigned i = 0; i < m->nr_sources; i++)
		if (m->source[i].reader && !m->source[i].had_order && m->source[i].nr_streams != 1) {
			out->assumptions[out->nr_assumptions++] = "streams of a trace without order between them were replayed in the order of the file";
			break;
		}
	for (unsigned known = 0; known < 2; known++)
		for (unsigned i = 0; i < m->nr_sources; i++)
			if (m->source[i].independent && m->source[i].had_order == known && m->source[i].nr_streams != 1) {
				out->assumptions[out->nr_assumptions++] = known ?
					"streams of a trace were replayed independently, though the order between them was recorded" :
					"streams of a trace without order between them were replayed independently";
				break;
			}
	for (unsigned i = 0; i < m->nr_sources; i++)
		if (m->source[i].enters) {
			out->assumptions[out->nr_assumptions++] =
				"state_from_seek: a trace was entered behind its beginning; which pages were present or shared there is "
				"not known: they are touched anew";
			break;
		}
}

eg_status run_cell(const struct spec *spec, const struct run_options *options, struct run_result *result, struct eg_errors *err)
{
	struct runner *r = eg_calloc(1, sizeof(*r));
	eg_status s;

	*result = (struct run_result){ 0 };
	if (!r)
		return EG_NO_MEMORY;
	r->out = result;
	s = machine_init(&r->m, spec, options, err);
	if (s != EG_OK) {
		eg_free(r);
		return s;
	}
	eg_check_set_context(&r->m.context);
	s = attach_metrics(r);
	if (s == EG_OK)
		s = prepare_samples(r);
	if (s == EG_OK) {
		result->elapsed = machine_run(&r->m);
		if (r->marks_pending)
			end_warmup(r, result->elapsed);
		if (options->audit && r->m.status == EG_OK)
			machine_validate(&r->m);
		if (r->m.status == EG_OK) {
			/* the end is a sample of its own, unless one was taken at that very moment */
			if (!result->nr_samples || result->sample_time[result->nr_samples - 1] != result->elapsed)
				add_sample(r, result->elapsed);
			collect_columns(r);
			collect_hists(r);
			collect_rest(r);
		}
		s = r->m.status;
	}
	eg_check_set_context(NULL);
	machine_fini(&r->m);
	eg_free(r);
	if (s != EG_OK)
		run_result_free(result);
	return s;
}

void run_result_free(struct run_result *result)
{
	eg_arena_free_all(&result->arena);
	*result = (struct run_result){ 0 };
}

double run_summary(const struct run_result *r, const char *name)
{
	for (unsigned i = 0; i < r->nr_summary; i++)
		if (strcmp(r->summary_columns[i].name, name) == 0)
			return r->summary[i];
	return NAN;
}
