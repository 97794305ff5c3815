/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_exact - is a result, byte for byte, the one that was published? And if not, what is different in it?
 *
 * Two runs of one experiment with one version of Engram give the same bytes. Where the bytes differ, the answer is in
 * words: which metrics, series, histograms and texts differ, and where a metric does so first.
 */
#ifndef RESULTS_CLAIM_EXACT_H
#define RESULTS_CLAIM_EXACT_H

#include "sim/base/mem.h"

#define EXACT_MAX_SAID 40u

struct claim_exact {
	const char *published;                  /* path, borrowed */
	bool        identical;
	char        sha256[2][65];              /* of the result, of the published one */
	bool        numbers_equal;              /* sweep, metrics, series, histograms, counts; the texts about them may differ */
	unsigned    nr_said, nr_left_out;
	char        said[EXACT_MAX_SAID][240];  /* "elapsed differs in 3 of 20 cells, first ..." */
};

/* Compare two files. EG_BAD_INPUT when one cannot be read, EG_NO_MEMORY. */
eg_status claim_exact(struct claim_exact *e, const char *result, const char *published, struct eg_errors *err) EG_MUST_USE;

#endif
