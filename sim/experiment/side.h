/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * side - notes that the executor leaves in OUT.cells beside the cells, for `engram plan` and `engram status`.
 *
 *   N.cost.json      what finished cell N cost: CPU seconds, wall seconds, largest memory of its process
 *   run.status.json  the heartbeat of a run: who runs it since when, what is done, running, failed; written at most
 *                    once a second, left behind by a run that failed or was interrupted, removed by one that did not
 *   N.status.json    the same of `run --cell N`
 *
 * They hold what differs between two runs of one experiment, so nothing of them ever enters a .h5 file, and a run
 * that cannot write them runs all the same. Each is written under a temporary name and renamed.
 */
#ifndef SIM_EXPERIMENT_SIDE_H
#define SIM_EXPERIMENT_SIDE_H

#include "sim/experiment/probe.h"

#define SIDE_BEAT_S 1.0         /* seconds between two heartbeats */

struct pool;

void side_write_cost(const char *cells_dir, uint64_t cell, const struct exec_cost *cost);
bool side_read_cost(const char *cells_dir, uint64_t cell, struct exec_cost *cost);

/* state: "running", "merging", "failed", "interrupted". */
void side_heartbeat(struct pool *p, const char *state);
void side_heartbeat_end(const struct pool *p);

/* Is this the name of such a note, finished or temporary? Of a heartbeat? */
bool side_is_note(const char *name);
bool side_is_heartbeat(const char *name);

#endif
