/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim - a sentence about an experiment that its result makes true or false.
 *
 * A claim is a metric (or an expression of metrics), one or two places in the sweep and an expectation:
 *
 *	value OP X              ratio OP X              difference OP X         slope over AXIS OP X
 *	... in [X, Y]           ... = X within P %      ... = X
 *	increasing over AXIS    decreasing over AXIS    nondecreasing ...       nonincreasing ...
 *	flat within P % over AXIS                       order A < B < C over AXIS
 *
 * with OP one of > >= < <=, numbers that may carry a unit (10ms, 2MiB, 5 %, 9us/MiB), and after AXIS, where there is
 * one, perhaps `from LABEL to LABEL`. A label with a blank or a < in it stands in quotes.
 *
 * Judging: the quantity is computed seed by seed (the same seed is the same workload everywhere, so ratios, differences
 * and steps are paired) and gets a 95 % interval. PASS: the whole interval meets the expectation. FAIL: none of it does.
 * Else UNDECIDED, as is what has no interval or no value at all. A claim that speaks of several places holds if it
 * holds at each: one FAIL makes it FAIL, else one UNDECIDED makes it that.
 *
 *	value        mean over the seeds, Student's t
 *	difference   mean of the paired differences, Student's t
 *	ratio        geometric mean of the paired ratios; interval from their logarithms (symmetric in ratio and inverse)
 *	slope        mean over the seeds of each seed's least-squares slope
 *	increasing   the paired difference of each label to the one before; all of them must be above zero. That all hold is
 *	             claimed only if each does at 95 %, so no correction for their number is due (intersection-union test)
 *	flat         the ratio of every pair of labels lies between 1 / (1 + P %) and 1 + P %
 *
 * With `statistic: median` the estimate is the median and its interval that of the sign test, between order statistics:
 * no assumption about the distribution, at least 6 seeds. Where all seeds give the same number there is no noise to
 * judge by and the interval has no width, with one seed as an exception: nothing says that the second would agree.
 *
 * Nothing here knows YAML; sim/experiment/claims.c reads claims: into these structs.
 */
#ifndef RESULTS_CLAIM_H
#define RESULTS_CLAIM_H

#include "results/expr.h"
#include "results/reader.h"
#include "sim/base/mem.h"
#include "sim/base/str.h"

enum claim_form { CLAIM_VALUE, CLAIM_RATIO, CLAIM_DIFFERENCE, CLAIM_SLOPE, CLAIM_STEPS, CLAIM_FLAT };

/* What a number counts. Numbers are kept in the first unit of their kind: ns, bytes, Hz. */
enum claim_kind { CLAIM_PLAIN, CLAIM_TIME, CLAIM_SIZE, CLAIM_FREQUENCY, CLAIM_PERCENT, CLAIM_PAGES, CLAIM_BLOCKS };

/* "10ms" is { 1e7, TIME }, "9us/MiB" { 9e3 / 2^20, TIME, SIZE }, "3" { 3, PLAIN }. */
struct claim_number {
	double          value;
	enum claim_kind kind, per;
};

/* The factor from `unit` ("us", "bytes", "1") to the first unit of its kind; false if it is no unit. */
bool claim_unit(const char *unit, enum claim_kind *kind, double *factor);
/* A whole text as a number with or without a unit: a label of an axis. False if it is none. */
bool claim_number(const char *text, struct claim_number *n);

struct claim_expect {
	enum claim_form form;
	/* The quantity must lie here: of VALUE, DIFFERENCE and SLOPE in the units of `kind` and `per`; of RATIO and FLAT
	 * (of each pair) a plain number; of STEPS the sign of each difference. Ends may be infinite. */
	double          low, high;
	bool            low_open, high_open;            /* the end itself is outside */
	enum claim_kind kind, per;
	const char     *axis, *from, *to;               /* SLOPE, STEPS, FLAT; from and to: NULL for all labels */
	unsigned        nr_order;
	const char    **order;                          /* order A < B: these labels, not the axis' own order */
};

/*
 * Read a sentence. Texts are from the arena; axis and labels are as written. On failure EG_BAD_INPUT and `why` says what
 * is wrong and what would be right; EG_NO_MEMORY.
 */
eg_status claim_expect_parse(const char *sentence, struct claim_expect *e, struct eg_arena *a, char *why, size_t why_size)
	EG_MUST_USE;

struct claim {
	const char *id, *text;
	const char *source;                             /* where the expectation is from, or NULL */
	const char *where;                              /* "file.yaml:31:5", for messages */
	const char *metric;                             /* as written ... */
	struct expr expr;                               /* ... and read */
	unsigned    nr_of, nr_vs;
	struct result_coord *of, *vs;                   /* full paths of axes, labels */
	const char *sentence;
	struct claim_expect expect;                     /* axis: its full path */
	bool        median;                             /* of the seeds, not the mean */
	bool        no_interval;                        /* judge the estimate itself */
};

enum claim_verdict { CLAIM_PASS, CLAIM_UNDECIDED, CLAIM_FAIL };         /* from good to bad */
const char *claim_verdict_text(enum claim_verdict v);

/* One interval that was judged: a value, a ratio, one step along an axis. In the metric's unit, or a ratio. */
struct claim_part {
	const char        *step;                        /* "1MiB to 4MiB"; NULL when the place has one part */
	unsigned           n;                           /* seeds */
	double             estimate, low, high;         /* NaN where there is none */
	double             p;                           /* of a paired t test of no difference; NaN */
	double             margin;                      /* from the interval to the end of what is expected; < 0: beyond */
	bool               all_equal;                   /* all seeds give the same */
	enum claim_verdict verdict;
	const char        *why;                         /* of UNDECIDED, else NULL */
};

struct claim_place {
	size_t             point, vs;                   /* vs: == point when there is none */
	const char        *text;                        /* "thp=always to thp=never"; "" without a sweep */
	unsigned           nr_parts, worst;             /* worst: the part to show */
	struct claim_part *parts;
	enum claim_verdict verdict;
};

struct claim_judged {
	const struct claim *claim;
	const char         *unit;                       /* of estimates: "ns", "ns/byte", "" for a plain number */
	double              low, high;                  /* what is expected, in that unit */
	unsigned            nr_places;
	struct claim_place *places;
	enum claim_verdict  verdict;
};

struct claim_report {
	struct eg_arena      arena;
	const char          *file, *experiment;
	unsigned             nr, nr_seeds;
	struct claim_judged *claims;
	unsigned             count[CLAIM_FAIL + 1];     /* claims by verdict */
	const struct claim_exact *exact;                /* for the texts below; set by the caller after judging, or NULL */
};

/*
 * Judge. All arguments are borrowed and must live as long as the report. EG_BAD_INPUT: every claim that the file cannot
 * answer is named (an unknown metric, with the nearest; a unit that does not fit); EG_NO_MEMORY. Then there is nothing
 * to free.
 */
eg_status claim_judge(struct claim_report *r, struct result_file *f, const struct claim *const *claims, unsigned nr,
		      struct eg_errors *err) EG_MUST_USE;
void      claim_report_free(struct claim_report *r);

/* For a terminal (lines at most `width` long where words allow it; 0: no limit), as a Markdown table, as JSON. */
void claim_table(const struct claim_report *r, unsigned width, struct eg_str *out);
void claim_markdown(const struct claim_report *r, struct eg_str *out);
void claim_json(const struct claim_report *r, struct eg_str *out);

#endif
