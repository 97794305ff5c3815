/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe - see probe.h. */
#include "sim/experiment/probe.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sim/experiment/pool.h"

#define FRAME_BYTES   32u               /* a frame record, 24, and 8 of page tables: one 8-byte entry a mapped page */
#define SAMPLE_BYTES  (sizeof(struct run_snapshot) + 4096u)     /* zones; vmstat, meminfo and the curves beside them */
#define PROGRAM_BYTES (UINT64_C(64) << 20)    /* the program, its libraries, the chunks that trace readers hold */
#define CELL_FILE_BYTES (UINT64_C(256) << 10)                   /* a cell's file without its samples */
#define MIN_SHARE     0.002             /* less than this is noise, not a base for extrapolation */
#define MAX_LOOKED_AT 200u              /* points that the quick look resolves */

void exec_need(const struct spec *spec, struct exec_need *need)
{
	uint64_t frames = eg_args_u64(&spec->machine, "memory") / 4096, samples = eg_args_u64(&spec->measure, "samples") + 1;
	uint64_t stop = eg_args_u64(&spec->stop, "time"), interval = eg_args_u64(&spec->measure, "interval");

	if (stop && interval && stop / interval + 2 < samples)
		samples = stop / interval + 2;
	need->memory = frames * FRAME_BYTES + samples * SAMPLE_BYTES + PROGRAM_BYTES;
	need->disk = samples * SAMPLE_BYTES + CELL_FILE_BYTES;
}

double exec_probe_seconds(const struct exec_probe *probe)
{
	if (probe->whole)
		return probe->cost.cpu_seconds;
	if (probe->failed || probe->share < MIN_SHARE || probe->share_cpu <= 0)
		return -1;
	return probe->share_cpu / probe->share;
}

static void no_progress(void *ctx, const struct exec_progress *p)
{
	(void)ctx;
	(void)p;
}

static eg_status run_probes(struct pool *p, sigset_t *mask)
{
	eg_status s;

	p->signals = signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (p->signals < 0)
		return eg_fail_errno(p->err, false, "cannot wait for signals");
	s = exec__run_pool(p);
	exec__tell_progress(p, true);
	if (s == EG_OK && p->interrupted)
		s = eg_fail(p->err, EG_INTERRUPTED, "interrupted");
	(void)close(p->signals);
	return s;
}

eg_status exec_probe(struct experiment *x, const struct exec_options *o, const char *dir, double seconds,
		     struct exec_probe *probe, unsigned nr, struct eg_errors *err)
{
	struct exec_options own = *o;
	struct exec_outcome outcome = { .cells_dir = eg_strdup(dir) };
	struct pool p = { .x = x, .o = &own, .outcome = &outcome, .err = err, .signals = -1, .probe = probe, .limit = seconds, .nr_todo = nr };
	sigset_t mask, old;
	eg_status s = EG_NO_MEMORY;

	own.cell = EXEC_ALL_CELLS;
	own.progress = own.progress ? own.progress : no_progress;
	outcome.last.total = nr;
	p.worker = eg_calloc(own.jobs, sizeof(*p.worker));
	p.todo = eg_calloc(nr + 1, sizeof(*p.todo));
	p.started = exec__seconds(CLOCK_MONOTONIC);
	if (outcome.cells_dir && p.worker && p.todo) {
		for (unsigned i = 0; i < nr; i++)
			p.todo[i] = probe[i].cell;
		(void)sigemptyset(&mask);
		(void)sigaddset(&mask, SIGCHLD);
		(void)sigaddset(&mask, SIGINT);
		(void)sigaddset(&mask, SIGTERM);
		(void)sigprocmask(SIG_BLOCK, &mask, &old);
		s = run_probes(&p, &mask);
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	}
	eg_free(p.worker);
	eg_free(p.todo);
	exec_outcome_free(&outcome);
	return s;
}

/* ---- the host ------------------------------------------------------------------------------------- */

uint64_t exec_host_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	uint64_t kib = 0;
	char line[200];

	while (f && !kib && fgets(line, sizeof(line), f))
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kib = strtoull(line + 13, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib * 1024;
}

uint64_t exec_host_disk(const char *path)
{
	char dir[4200];
	struct statvfs fs;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	/* the nearest folder that is there */
	while (statvfs(dir, &fs) != 0) {
		slash = strrchr(dir, '/');
		if (!slash)
			return statvfs(".", &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
		slash[slash == dir] = '\0';
		if (slash == dir && !slash[1] && statvfs(dir, &fs) != 0)
			return 0;
	}
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

eg_status exec_check_room(struct experiment *x, const struct exec_options *o, struct eg_errors *warn)
{
	uint64_t step = x->nr_points / MAX_LOOKED_AT + 1, jobs = o->cell == EXEC_ALL_CELLS && o->jobs < x->nr_cells ? o->jobs : x->nr_cells;
	uint64_t available = exec_host_memory(), free_disk = exec_host_disk(o->out), disk, biggest = 0;
	struct exec_need need, most = { 0 };

	if (o->cell != EXEC_ALL_CELLS)
		jobs = 1;
	for (uint64_t point = o->cell == EXEC_ALL_CELLS ? 0 : o->cell / x->nr_seeds; point < x->nr_points; point += step) {
		struct exp_cell c;

		EG_TRY(exp_cell_resolve(x, point * x->nr_seeds, &c, NULL));
		exec_need(&c.spec, &need);
		exp_cell_free(&c);
		biggest = need.memory > most.memory ? point : biggest;
		most.memory = need.memory > most.memory ? need.memory : most.memory;
		most.disk = need.disk > most.disk ? need.disk : most.disk;
		if (o->cell != EXEC_ALL_CELLS)
			break;
	}
	/* every cell's file, and then all of them again in the result */
	disk = most.disk * (o->cell == EXEC_ALL_CELLS ? 2 * x->nr_cells : 1);
	if (available && most.memory * jobs > available) {
		if (most.memory > available)
			(void)eg_fail(warn, EG_OK, "the machine of cell %" PRIu64 " may need up to %.1f GiB of host memory, and %.1f GiB are available\n"
				      "`engram plan` measures what it does need; a smaller machine.memory needs less",
				      biggest * x->nr_seeds, (double)most.memory / 0x1p30, (double)available / 0x1p30);
		else
			(void)eg_fail(warn, EG_OK, "%" PRIu64 " cell%s at a time may need up to %.1f GiB of host memory, and %.1f GiB are available\n"
				      "`engram plan` measures what they do need; -j %" PRIu64 " is sure to fit", jobs, jobs == 1 ? "" : "s",
				      (double)(most.memory * jobs) / 0x1p30, (double)available / 0x1p30, available / most.memory);
	}
	if (free_disk && disk > free_disk)
		(void)eg_fail(warn, EG_OK, "cells and result may take up to %.1f GiB, and %.1f GiB are free where %s would be\n"
			      "`engram plan` measures what a cell takes; a smaller measure.samples takes less", (double)disk / 0x1p30,
			      (double)free_disk / 0x1p30, o->out);
	return EG_OK;
}
