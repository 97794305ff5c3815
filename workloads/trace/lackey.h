/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lackey - what the two halves of the importer share: records (lackey.c) and the core's lines (lackey_calls.c). */
#ifndef WORKLOADS_TRACE_LACKEY_H
#define WORKLOADS_TRACE_LACKEY_H

#include "workloads/trace/import.h"

#define LACKEY_THREADS 1024u            /* valgrind itself stops at 500 unless told otherwise */

struct lackey_access {
	uint64_t            addr;
	unsigned            size;
	enum eg_access_kind kind;
};

struct lackey {
	struct import *im;
	uint64_t  nr[4];                /* records by kind                              */
	uint32_t  stream;               /* of the running thread                        */
	uint32_t  nr_streams;
	uint32_t *stream_of;            /* valgrind thread number -> stream + 1; NULL until needed */
	uint32_t  born[64];             /* streams of clones whose thread has not run yet */
	unsigned  nr_born;
	bool      stop;                 /* the trace ends here: what follows cannot be told apart */
	uint64_t  pid;                  /* of the first core line, 0 = none yet         */
};

const uint8_t *lackey_record(const uint8_t *p, struct lackey_access *a);
eg_status      lackey_access(struct lackey *k, const struct lackey_access *a) EG_MUST_USE;

void      lackey_calls_init(struct lackey *k);
void      lackey_calls_free(struct lackey *k);
/* "SYSCALL[", "--PID--" or a lone " --> " */
bool      lackey_is_core_line(const char *line, const char *end);
eg_status lackey_core_line(struct lackey *k, const char *line, const char *end) EG_MUST_USE;

#endif
