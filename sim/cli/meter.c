/* SPDX-License-Identifier: GPL-3.0-or-later */
/* meter - see meter.h. */
#include "sim/cli/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/str.h"

#define PLAIN_EVERY_S 30.0
#define JSON_EVERY_S  1.0

void cli_meter_init(struct cli_meter *m, const struct cli_args *a)
{
	const char *term = getenv("TERM");

	*m = (struct cli_meter){ .form = a->quiet ? CLI_PROGRESS_NONE : a->progress };
	if (m->form == CLI_PROGRESS_AUTO)
		m->form = isatty(STDERR_FILENO) == 1 && !(term && strcmp(term, "dumb") == 0) ? CLI_PROGRESS_LINE : CLI_PROGRESS_PLAIN;
	if (m->form == CLI_PROGRESS_JSON)
		m->last = -JSON_EVERY_S;        /* the first state is told at once */
}

static void add_eta(struct eg_str *out, double s)
{
	if (s < 0)
		return;
	if (s < 90)
		eg_str_addf(out, ", ETA %.0f s", s);
	else if (s < 5400)
		eg_str_addf(out, ", ETA %.0f min", s / 60);
	else
		eg_str_addf(out, ", ETA %.1f h", s / 3600);
}

static void add_line(struct eg_str *out, const struct cli_meter_state *s)
{
	uint64_t fresh = s->done - s->reused;

	eg_str_addf(out, "%" PRIu64 " of %" PRIu64 " %s", s->done, s->total, s->what);
	if (s->share >= 0)
		eg_str_addf(out, " (%.0f %%)", s->share * 100);
	if (s->running)
		eg_str_addf(out, ", %u running", s->running);
	if (s->failed)
		eg_str_addf(out, ", %" PRIu64 " failed", s->failed);
	if (fresh && s->elapsed > 1)
		eg_str_addf(out, ", %.2g %s/s", (double)fresh / s->elapsed, s->what);
	add_eta(out, s->eta);
	if (s->text)
		eg_str_addf(out, ", %s", s->text);
}

static void add_json(struct eg_str *out, const struct cli_meter_state *s)
{
	eg_str_add(out, "{\"schema\": 1, \"progress\": ");
	eg_str_add_json(out, s->what);
	eg_str_addf(out, ", \"done\": %" PRIu64 ", \"total\": %" PRIu64 ", \"reused\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"running\": %u",
		    s->done, s->total, s->reused, s->failed, s->running);
	if (s->share >= 0)
		eg_str_addf(out, ", \"share\": %.4f", s->share);
	eg_str_addf(out, ", \"elapsed_seconds\": %.3f, \"eta_seconds\": ", s->elapsed);
	if (s->eta >= 0)
		eg_str_addf(out, "%.1f", s->eta);
	else
		eg_str_add(out, "null");
	if (s->text) {
		eg_str_add(out, ", \"text\": ");
		eg_str_add_json(out, s->text);
	}
	eg_str_addf(out, ", \"end\": %s}", s->end ? "true" : "false");
}

void cli_meter_show(struct cli_meter *m, const struct cli_meter_state *s)
{
	struct eg_str out = { 0 };

	switch (m->form) {
	case CLI_PROGRESS_JSON:
		if (!s->end && s->elapsed - m->last < JSON_EVERY_S)
			return;
		add_json(&out, s);
		eg_str_add(&out, "\n");
		break;
	case CLI_PROGRESS_LINE:
		if (!s->end) {
			eg_str_add(&out, "\r");
			add_line(&out, s);
		}
		if (!s->end || m->drawn)
			eg_str_add(&out, s->end ? "\r\033[K" : "\033[K");
		m->drawn = !s->end;
		break;
	case CLI_PROGRESS_PLAIN:
		if (s->end || s->elapsed - m->last < PLAIN_EVERY_S)
			return;
		eg_str_add(&out, "engram: ");
		add_line(&out, s);
		eg_str_add(&out, "\n");
		break;
	case CLI_PROGRESS_AUTO:
	case CLI_PROGRESS_NONE:
		return;
	}
	m->last = s->elapsed;
	if (!out.failed)
		(void)fputs(eg_str_text(&out), stderr);
	(void)fflush(stderr);
	eg_str_free(&out);
}
