/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool - one run under way, as the files of the executor share it: exec.c (before and after), pool.c (the
 * processes) and collect.c (the result). Private to them.
 */
#ifndef SIM_EXPERIMENT_POOL_H
#define SIM_EXPERIMENT_POOL_H

#include <sys/types.h>
#include <time.h>

#include "sim/experiment/exec.h"

struct worker {
	pid_t    pid;                   /* 0: a free place */
	int      fd;
	uint64_t cell;
	double   share;                 /* 0..1 */
	double   share_cpu;             /* CPU seconds that it had used then; 0: no share was told yet */
	double   began;                 /* CLOCK_MONOTONIC */
	bool     cut;                   /* ended because its time was over (a probe) */
	bool     said;                  /* it sent a message of its own */
};

struct pool {
	struct experiment         *x;
	const struct exec_options *o;
	struct exec_outcome       *outcome;
	struct eg_errors          *err;
	struct worker             *worker;      /* o->jobs places */
	uint64_t                  *todo;        /* cells to run, ascending */
	uint64_t                   nr_todo, next;
	int                        signals;     /* signalfd */
	eg_status                  worst;       /* of the failed cells */
	bool                       stop;        /* start no more */
	bool                       interrupted, by_term;
	double                     started;     /* CLOCK_MONOTONIC */
	double                     began;       /* CLOCK_REALTIME */
	double                     beat;        /* elapsed seconds at the last heartbeat */
	struct exec_probe         *probe;       /* one for each of todo: what cells cost is wanted, not the cells */
	double                     limit;       /* with probe: CPU seconds after which a cell is ended */
};

/* A clock of the host, in seconds; 0 if it has none. */
double    exec__seconds(clockid_t clock);
/* The file of a cell below OUT.cells. */
void      exec__cell_path(const struct pool *p, uint64_t cell, char *buf, size_t size);

/* Bring p->outcome->last up to date and report it; end: for the last time. */
void      exec__tell_progress(struct pool *p, bool end);
/* Run p->todo, with SIGCHLD, SIGINT and SIGTERM blocked and p->signals open. What became of the cells is in
 * p->worst, p->interrupted and p->outcome; the status is that of the host. */
eg_status exec__run_pool(struct pool *p) EG_MUST_USE;

/* Is a file there that is no result? It is not written over. */
bool      exec__is_foreign(const char *path);
/* The hash of the whole experiment, which its result carries. */
eg_status exec__config_hash(struct experiment *x, char hash[65], struct eg_errors *err) EG_MUST_USE;
/* With --resume: does the result file hold this very experiment already? */
eg_status exec__already_complete(struct pool *p, bool *complete) EG_MUST_USE;
/* All cells into the result file. */
eg_status exec__merge(struct pool *p) EG_MUST_USE;
/* OUT.host.json; began: CLOCK_REALTIME at the start. */
eg_status exec__write_host(struct pool *p, double began) EG_MUST_USE;

#endif
