/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_base - the vocabulary of sim/base, edge by edge: values with units, tables of them, histograms,
 * random streams, texts and suggestions, hashes, memory, statuses, access words.
 *
 * Vectors come from the standards and papers named beside them, not from this program.
 */
#include <errno.h>
#include <math.h>

#include "sim/base/hist.h"
#include "sim/base/mem.h"
#include "sim/base/op.h"
#include "sim/base/param.h"
#include "sim/base/rng.h"
#include "sim/base/sha256.h"
#include "sim/base/status.h"
#include "sim/base/str.h"
#include "tests/tap.h"

static const struct eg_param table[] = {
	{ "on",        EG_PARAM_BOOL,      "true",  NULL,    NULL,    NULL, "a switch" },
	{ "count",     EG_PARAM_COUNT,     "64",    "1",     "4096",  NULL, "a count" },
	{ "size",      EG_PARAM_SIZE,      "4KiB",  "1KiB",  "1TiB",  NULL, "a size" },
	{ "time",      EG_PARAM_TIME,      "10ms",  NULL,    NULL,    NULL, "a time" },
	{ "cost",      EG_PARAM_COST,      "9cyc",  NULL,    NULL,    NULL, "a cost" },
	{ "freq",      EG_PARAM_FREQ,      "3GHz",  NULL,    NULL,    NULL, "a frequency" },
	{ "bandwidth", EG_PARAM_BANDWIDTH, "12GB/s", NULL,   NULL,    NULL, "a bandwidth" },
	{ "theta",     EG_PARAM_REAL,      "0.99",  "0",     "2",     NULL, "a number" },
	{ "mode",      EG_PARAM_CHOICE,    "asap",  NULL,    NULL, "asap|timed|closed", "a choice" },
	{ "label",     EG_PARAM_TEXT,      "",      NULL,    NULL,    NULL, "a text" },
	{ "must",      EG_PARAM_COUNT,     NULL,    NULL,    NULL,    NULL, "has no default" },
	{ 0 }
};

static const struct eg_param *row(const char *name)
{
	return &table[eg_param_find(table, name)];
}

static void takes(const char *name, const char *text, uint64_t want)
{
	struct eg_value v;
	char why[160] = "";
	eg_status s = eg_param_parse(row(name), text, &v, why, sizeof(why));

	if (!ok(s == EG_OK && v.u == want, "%s takes \"%s\" as %" PRIu64, name, text, want))
		printf("# status %d, value %" PRIu64 ", %s\n", (int)s, v.u, why);
}

static void refuses(const char *name, const char *text, const char *because)
{
	struct eg_value v;
	char why[160] = "";
	eg_status s = eg_param_parse(row(name), text, &v, why, sizeof(why));

	if (!ok(s == EG_BAD_INPUT && strstr(why, because), "%s refuses \"%s\": %s", name, text, because))
		printf("# status %d, %s\n", (int)s, why);
}

static void test_units(void)
{
	takes("size", "4KiB", 4096);
	takes("size", "4 KiB", 4096);
	takes("size", "1.5GiB", UINT64_C(1610612736));
	takes("size", "1TiB", UINT64_C(1) << 40);
	takes("size", "2kB", 2000);
	takes("time", "0", 0);
	takes("time", "1ps", 1);
	takes("time", "0.1us", 100000);
	takes("time", "0.001ns", 1);
	takes("time", "213s", 213 * EG_PS_PER_S);
	takes("time", "2min", 120 * EG_PS_PER_S);
	takes("freq", "2.6GHz", UINT64_C(2600000000));
	takes("bandwidth", "12GB/s", UINT64_C(12000000000));
	takes("bandwidth", "1MiB/s", 1048576);
	takes("count", "4096", 4096);
	takes("on", "off", 0);
	takes("on", "yes", 1);
	takes("mode", "closed", 2);

	refuses("size", "4096", "a size with its unit, such as 4KiB; found 4096");
	refuses("size", "4K", "with its unit");
	refuses("size", "4KiBs", "with its unit");
	refuses("size", "KiB", "with its unit");
	refuses("size", "-4KiB", "with its unit");
	refuses("size", "", "with its unit");
	refuses("size", "0.3KiB", "with its unit");     /* 307.2 bytes: a fraction of a byte is no size */
	refuses("time", "10", "a time with its unit");
	refuses("time", "0.0001ns", "a time with its unit");
	refuses("time", "18446745s", "a time with its unit");   /* 2^64 ps is 18446744.07 s */
	refuses("count", "12x", "a whole number");
	refuses("count", "1.5", "a whole number");
	refuses("count", "99999999999999999999999", "a whole number");
	refuses("on", "maybe", "true or false");
	refuses("mode", "asa", "one of asap|timed|closed; found asa");
	refuses("mode", "asap|timed", "one of");
	refuses("theta", "abc", "a number");
	refuses("theta", "inf", "a number");
	refuses("theta", "nan", "a number");
	refuses("theta", "1e999", "a number");
}

static void test_ranges(void)
{
	refuses("count", "0", "out of range; allowed: 1 to 4096");
	refuses("count", "4097", "out of range");
	refuses("size", "1023B", "allowed: 1KiB to 1TiB");
	refuses("size", "2TiB", "allowed: 1KiB to 1TiB");
	refuses("theta", "-0.1", "allowed: 0 to 2");
	refuses("theta", "2.5", "allowed: 0 to 2");
	takes("count", "1", 1);
	takes("size", "1024B", 1024);
}

static void test_table(void)
{
	struct eg_arena arena = { 0 };
	struct eg_args a;
	char why[160];

	is_u64(eg_param_count(table), 11, "rows are counted without the last one");
	ok(eg_param_find(table, "size") == 2 && eg_param_find(table, "siz") == -1, "rows are found by whole name");
	ok(eg_args_init(&a, table, &arena) == EG_OK, "defaults parse");
	ok(eg_args_bool(&a, "on") && eg_args_u64(&a, "count") == 64 && eg_args_u64(&a, "size") == 4096,
	   "defaults are in place");
	ok(fabs(eg_args_real(&a, "theta") - 0.99) < 1e-15, "a real keeps its value");
	is_str(eg_args_text(&a, "mode"), "asap", "a choice gives its word");
	is_u64(eg_args_cost(&a, "cost", UINT64_C(3000000000)), 3000, "9 cycles at 3 GHz are 3000 ps");
	is_u64(eg_args_cost(&a, "cost", UINT64_C(2600000000)), 3462, "9 cycles at 2.6 GHz round to 3462 ps");
	ok(a.value[10].text == NULL, "a row without default stays unset");
	ok(!a.value[2].given, "a default is not given");

	ok(eg_args_set(&a, "size", "2MiB", &arena, why, sizeof(why)) == EG_OK && eg_args_u64(&a, "size") == 2097152,
	   "a value is set");
	ok(a.value[2].given && strcmp(a.value[2].text, "2MiB") == 0, "and is marked as given, with its spelling");
	ok(eg_args_set(&a, "size", "2", &arena, why, sizeof(why)) == EG_BAD_INPUT && eg_args_u64(&a, "size") == 2097152,
	   "a refused value leaves the old one");
	ok(eg_args_set(&a, "cost", "80ns", &arena, why, sizeof(why)) == EG_OK &&
	   eg_args_cost(&a, "cost", 1) == 80000, "a cost in time needs no clock");
	ok(eg_args_set(&a, "tehta", "1", &arena, why, sizeof(why)) == EG_BAD_INPUT && strstr(why, "did you mean theta?"),
	   "an unknown key is answered with a suggestion");
	ok(eg_args_set(&a, "zzzzzz", "1", &arena, why, sizeof(why)) == EG_BAD_INPUT && !strstr(why, "did you mean"),
	   "or without, when nothing is near");
	eg_arena_free_all(&arena);
}

static void test_hist(void)
{
	static struct eg_hist h, more, all;
	bool contiguous = true, inside = true, narrow = true;

	for (unsigned i = 0; i < EG_HIST_BUCKETS; i++) {
		uint64_t lo = eg_hist_lower(i), hi = eg_hist_upper(i);

		contiguous &= lo <= hi && (i == 0 ? lo == 0 : lo == eg_hist_upper(i - 1) + 1);
		inside &= eg_hist_index(lo) == i && eg_hist_index(hi) == i;
		narrow &= hi - lo <= lo / 64;
	}
	ok(contiguous, "buckets follow each other without gap from 0");
	is_u64(eg_hist_upper(EG_HIST_BUCKETS - 1), UINT64_MAX, "the last bucket ends at 2^64 - 1");
	ok(inside, "the bounds of each bucket fall in it");
	ok(narrow, "a bucket is at most 1/64 of its lower bound wide");

	is_u64(eg_hist_percentile(&h, 0.5), 0, "an empty histogram has percentile 0");
	ok(eg_hist_mean(&h) == 0.0, "and mean 0");
	for (uint64_t v = 1; v <= 100; v++)
		eg_hist_add(&h, v);
	is_u64(eg_hist_percentile(&h, 0.50), 50, "nearest rank: p50 of 1..100 is 50");
	is_u64(eg_hist_percentile(&h, 0.99), 99, "p99 is 99");
	is_u64(eg_hist_percentile(&h, 0.995), 100, "p99.5 is 100");
	is_u64(eg_hist_percentile(&h, 1.0), 100, "p100 is the maximum");
	is_u64(eg_hist_percentile(&h, 0.001), 1, "the smallest percentile is the minimum");
	ok(eg_hist_mean(&h) == 50.5 && h.min == 1 && h.max == 100, "mean, minimum and maximum are exact");

	eg_hist_add(&more, 1000003);
	is_u64(eg_hist_percentile(&more, 0.5), 1000003, "a percentile never exceeds the maximum");
	eg_hist_merge(&all, &h);
	eg_hist_merge(&all, &more);
	ok(all.count == 101 && all.min == 1 && all.max == 1000003 && all.sum == h.sum + more.sum, "a merge adds up");
	eg_hist_add(&h, 1000003);
	ok(memcmp(&all, &h, sizeof(h)) == 0, "merged equals recorded together");
	more = (struct eg_hist){ 0 };
	eg_hist_merge(&all, &more);
	ok(memcmp(&all, &h, sizeof(h)) == 0, "merging an empty one changes nothing");
	eg_hist_add(&more, UINT64_MAX);
	eg_hist_add(&more, UINT64_MAX);
	ok(more.sum == (unsigned __int128)UINT64_MAX * 2, "the sum does not overflow");
}

static void test_rng(void)
{
	/* Steele, Lea, Flood 2014: the reference splitmix64.c with seed 1234567 */
	static const uint64_t split[] = { UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431), UINT64_C(16408922859458223821) };
	/* Blackman and Vigna 2018: the reference xoshiro256starstar.c with state 1, 2, 3, 4 */
	static const uint64_t star[] = { UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
		UINT64_C(1215971899390074240), UINT64_C(1216172134540287360), UINT64_C(607988272756665600) };
	struct eg_rng r = { { 1, 2, 3, 4 } }, a, b;
	uint64_t state = 42, bins[10] = { 0 }, equal = 0, hits = 0;
	double chi2 = 0;
	bool good = true;

	is_u64(eg_splitmix64(&state), UINT64_C(0xbdd732262feb6e95), "SplitMix64 of seed 42");
	state = 1234567;
	for (size_t i = 0; i < EG_ARRAY_LEN(split); i++)
		good &= eg_splitmix64(&state) == split[i];
	ok(good, "SplitMix64 gives the reference's numbers");
	good = true;
	for (size_t i = 0; i < EG_ARRAY_LEN(star); i++)
		good &= eg_rng_next(&r) == star[i];
	ok(good, "xoshiro256** gives the reference's numbers");

	a = eg_rng_stream(1, "faults", 0);
	b = eg_rng_stream(1, "faults", 0);
	ok(memcmp(&a, &b, sizeof(a)) == 0, "a stream is a function of seed, name and instance");
	b = eg_rng_stream(1, "faults", 1);
	ok(memcmp(&a, &b, sizeof(a)) != 0, "another instance is another stream");
	b = eg_rng_stream(2, "faults", 0);
	ok(memcmp(&a, &b, sizeof(a)) != 0, "another seed is another stream");
	b = eg_rng_stream(1, "fault", 0);
	for (int i = 0; i < 10000; i++)
		equal += (eg_rng_next(&a) >> 56) == (eg_rng_next(&b) >> 56);
	/* 10000 / 256 = 39 expected, standard deviation 6.2: five of them on either side */
	ok(equal > 8 && equal < 70, "streams with near names agree no more than chance (%" PRIu64 " of 10000 bytes)", equal);

	a = eg_rng_stream(7, "below", 0);
	good = true;
	for (int i = 0; i < 100000; i++) {
		uint64_t v = eg_rng_below(&a, 10);

		good &= v < 10;
		bins[v % 10]++;
	}
	for (int i = 0; i < 10; i++)
		chi2 += ((double)bins[i] - 1e4) * ((double)bins[i] - 1e4) / 1e4;
	ok(good, "below(10) stays below 10");
	ok(chi2 < 27.9, "and is uniform (chi2 %.1f, 99.9 %% of 9 degrees of freedom lie below 27.9)", chi2);
	is_u64(eg_rng_below(&a, 1), 0, "below(1) is 0");
	for (int i = 0; i < 100000; i++)
		hits += eg_rng_chance(&a, UINT64_C(1) << 30);
	ok(hits > 24300 && hits < 25700, "a chance of one in four hits a quarter of the time (%" PRIu64 ")", hits);
	ok(!eg_rng_chance(&a, 0) && eg_rng_chance(&a, UINT64_C(1) << 32), "chance 0 never, chance 1 always");
}

static const char *word_at(const void *ctx, unsigned i)
{
	return ((const char *const *)ctx)[i];
}

static const char *near(const char *word)
{
	static const char *const words[] = { "run", "compare", "report", "plot", "trace info", "trace convert", "validate", NULL };
	const char *w = eg_did_you_mean(word, word_at, words);

	return w ? w : "(none)";
}

static void test_str(void)
{
	struct eg_str s = { 0 };
	char want[301];

	is_str(eg_str_text(&s), "", "an empty text is \"\"");
	eg_str_add(&s, "a");
	eg_str_addn(&s, "bcd", 2);
	eg_str_addf(&s, "-%d-%s", 7, "x");
	is_str(eg_str_text(&s), "abc-7-x", "texts are appended");
	is_u64(s.len, 7, "and counted");
	eg_str_free(&s);
	for (int i = 0; i < 300; i++)
		eg_str_add(&s, "y");
	memset(want, 'y', 300);
	want[300] = '\0';
	is_str(eg_str_text(&s), want, "a text grows past its first block");
	eg_str_free(&s);
	eg_str_add_json(&s, "a\"b\\c\n\t\x01é");
	is_str(eg_str_text(&s), "\"a\\\"b\\\\c\\n\\t\\u0001é\"", "JSON strings are escaped");
	eg_str_free(&s);
	eg_str_add_json(&s, "\x7f\xc2\x9b\xc2\xa0");
	is_str(eg_str_text(&s), "\"\\u007f\\u009b\xc2\xa0\"", "so are DEL and the upper control characters");
	eg_str_free(&s);
	eg_str_add_visible(&s, "\x1b[2Ja\tb\xc2\x9bz\xc2\xa0é");
	is_str(eg_str_text(&s), "\\x1b[2Ja\\x09b\\x9bz\xc2\xa0é", "nothing that a terminal obeys is shown to it");
	eg_str_free(&s);
	ok(!eg_find_control("plain é\n", "\n") && eg_find_control("a\nb", "") && eg_find_control("\x7f", "\n"),
	   "control characters are found");
	for (size_t size = 5; size < 24; size++) {
		char text[32], full[] = "\\x1bab\\x07\ncde\\x9b";
		bool whole = size > strlen(full);

		memset(text, '#', sizeof(text));
		(void)snprintf(text, size, "%s", "\x1b" "ab\x07\ncde\xc2\x9b");
		eg_make_visible(text, size, "\n");
		if (text[strlen(text) - 1] == '\xc2')           /* cut between two bytes, as any text may be */
			text[strlen(text) - 1] = '\0';
		if (strlen(text) >= size || text[size] != '#' || eg_find_control(text, "\n") ||
		    strncmp(text, full, strlen(text)) != 0 || (whole && strcmp(text, full) != 0)) {
			ok(false, "%zu bytes hold a text made visible: %s", size, text);
			break;
		}
	}
	{
		struct eg_errors e = { 0 };

		(void)eg_fail(&e, EG_IO, "a\x1b[31m%s\n\thint", "\x07");
		is_str(e.text[0], "a\\x1b[31m\\x07\n\thint", "messages hold line ends and tabs alone");
	}
	(void)eg_mem_fail_nth(1);
	eg_str_add(&s, "lost");
	ok(s.failed, "a text that finds no memory says so");
	is_str(eg_str_text(&s), "", "and is still a text");
	eg_str_free(&s);

	is_str(near("rnu"), "run", "two swapped letters: one step");
	is_str(near("comapre"), "compare", "transposition in a longer word");
	is_str(near("validat"), "validate", "a letter short");
	is_str(near("trace inof"), "trace info", "a verb of two words");
	is_str(near("comp"), "compare", "a unique prefix");
	is_str(near("re"), "report", "a prefix of two letters, if it is unique");
	is_str(near("trace"), "(none)", "an ambiguous prefix");
	is_str(near("r"), "(none)", "one letter is no prefix");
	is_str(near("quux"), "(none)", "nothing near");
	is_str(near(""), "(none)", "the empty word");
}

static void sha(const char *text, size_t times, const char *want, const char *what)
{
	struct eg_sha256 s;
	uint8_t digest[32];
	char hex[65];

	eg_sha256_init(&s);
	for (size_t i = 0; i < times; i++)
		eg_sha256_update(&s, text, strlen(text));
	eg_sha256_final(&s, digest);
	eg_sha256_hex(digest, hex);
	is_str(hex, want, what);
}

static void test_sha256(void)
{
	struct eg_sha256 s;
	uint8_t one[32], split[32], data[200];
	bool same = true;

	/* FIPS 180-4 examples; the million a's is its long-message test */
	sha("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "SHA-256 of nothing");
	sha("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256 of abc");
	sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "SHA-256 of 56 bytes: padding in a second block");
	sha("aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "SHA-256 of a million a's");
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37);
	for (size_t n = 0; n <= sizeof(data); n++) {
		eg_sha256_init(&s);
		eg_sha256_update(&s, data, n);
		eg_sha256_final(&s, one);
		eg_sha256_init(&s);
		eg_sha256_update(&s, data, n / 3);
		eg_sha256_update(&s, data + n / 3, n - n / 3);
		eg_sha256_final(&s, split);
		same &= memcmp(one, split, 32) == 0;
	}
	ok(same, "how the data are cut does not change the hash, at 201 lengths");
}

static void test_mem(void)
{
	struct eg_arena arena = { 0 };
	char *a, *b, *big, *text;
	void *items = NULL;
	size_t nr = 0, cap = 0;
	bool zero = true, kept = true;
	uint64_t *v;

	a = eg_arena_alloc(&arena, 3, 5);
	b = eg_arena_alloc(&arena, 1, 100);
	ok(a && b && (uintptr_t)a % 16 == 0 && (uintptr_t)b % 64 == 0, "arena objects are aligned to 16, large ones to 64");
	memset(a, 1, 15);
	memset(b, 2, 100);
	big = eg_arena_alloc(&arena, 1, 1 << 20);
	for (size_t i = 0; big && i < 1 << 20; i++)
		zero &= big[i] == 0;
	ok(big && zero, "an object larger than a chunk is served, and zeroed");
	text = eg_arena_strdup(&arena, "copied");
	is_str(text, "copied", "texts are copied");
	ok(a[14] == 1 && b[99] == 2, "neighbours are untouched");
	ok(eg_arena_alloc(&arena, SIZE_MAX, 2) == NULL, "a size that overflows is refused");
	(void)eg_mem_fail_nth(1);
	ok(eg_arena_alloc(&arena, 1, 1 << 20) == NULL, "the arena reports a host without memory");
	ok(eg_arena_alloc(&arena, 1, 1 << 20) != NULL, "the injected failure happens once");
	eg_arena_free_all(&arena);
	ok(!arena.chunks && arena.total == 0, "a freed arena is empty");

	for (uint64_t i = 0; i < 1000; i++) {
		v = eg_grow(&items, &nr, &cap, sizeof(*v));
		zero &= v && *v == 0;
		if (v)
			*v = i;
	}
	for (uint64_t i = 0; i < nr; i++)
		kept &= ((uint64_t *)items)[i] == i;
	ok(nr == 1000 && zero && kept, "a growing array keeps its items; new ones are zero");
	nr = cap;
	(void)eg_mem_fail_nth(1);
	ok(eg_grow(&items, &nr, &cap, sizeof(*v)) == NULL && nr == cap, "when it cannot grow it stays as it was");
	eg_free(items);

	ok(eg_calloc(SIZE_MAX / 2, 4) == NULL && eg_realloc(NULL, SIZE_MAX / 2, 4) == NULL, "overflow is no small block");
	a = eg_reserve(UINT64_C(1) << 36, false);
	ok(a != NULL, "64 GiB of address space cost nothing");
	if (a) {
		a[UINT64_C(1) << 35] = 1;
		ok(a[(UINT64_C(1) << 35) + 1] == 0, "reserved pages are zero");
		eg_unreserve(a, UINT64_C(1) << 36);
	}
	(void)eg_mem_fail_nth(0);
	eg_free(eg_calloc(1, 1));
	eg_free(NULL);
	is_u64(eg_mem_fail_nth(0), 1, "requests are counted");
}

static void test_status(void)
{
	static struct eg_errors e;

	is_u64(eg_status_exit_code(EG_OK), 0, "exit code of success");
	is_u64(eg_status_exit_code(EG_FAILED), 1, "of a failed cell or claim");
	is_u64(eg_status_exit_code(EG_USAGE), 2, "of wrong usage");
	is_u64(eg_status_exit_code(EG_BAD_INPUT), 3, "of bad input");
	is_u64(eg_status_exit_code(EG_NO_MEMORY), 4, "of a host without memory");
	is_u64(eg_status_exit_code(EG_IO), 4, "of an output that cannot be written");
	is_u64(eg_status_exit_code(EG_INTERRUPTED), 130, "of an interruption");
	is_str(eg_status_text(EG_IO), "cannot read or write a file", "statuses have texts");

	ok(eg_fail(&e, EG_BAD_INPUT, "line %d", 7) == EG_BAD_INPUT && e.nr == 1, "a failure returns its status");
	is_str(e.text[0], "line 7", "and stores its message");
	ok(eg_fail(NULL, EG_IO, "nobody listens") == EG_IO, "a list is not needed");
	errno = ENOENT;
	ok(eg_fail_errno(&e, true, "%s", "x.yaml") == EG_BAD_INPUT, "an input that is not there is bad input");
	is_str(e.text[1], "x.yaml: No such file or directory", "and says why");
	errno = ENOSPC;
	ok(eg_fail_errno(&e, false, "%s", "x.h5") == EG_IO, "a full disk is a host failure");
	errno = ENOMEM;
	ok(eg_fail_errno(&e, true, "map") == EG_NO_MEMORY, "so is a host without memory");
	for (int i = 0; i < 100; i++)
		(void)eg_fail(&e, EG_BAD_INPUT, "again");
	ok(e.nr == EG_ERRORS_MAX && e.dropped == 104 - EG_ERRORS_MAX, "messages past the capacity are counted");
}

static void test_op(void)
{
	uint64_t w = eg_access(UINT64_C(0x1ffffffffffffff), EG_ACCESS_FETCH, 32);
	bool round = true;

	ok(eg_access_addr(w) == UINT64_C(0x1ffffffffffffff) && eg_access_kind(w) == EG_ACCESS_FETCH &&
	   eg_access_size(w) == 32, "an access word holds 57 bits of address, the kind and 32 bytes");
	w = eg_access(0, EG_ACCESS_READ, 1);
	ok(w == 0, "a one-byte read of 0 is the word 0");
	for (unsigned i = 1; i < EG_OP_CODES; i++)
		if (eg_op_name(i))
			round &= eg_op_by_name(eg_op_name(i)) == i && eg_op_signature(i) != NULL;
	ok(round, "every op is found by its name");
	ok(eg_op_name(EG_OP_CODES) == NULL && eg_op_by_name("nonsense") == EG_OP_NONE, "unknown ops are none");
}

int main(void)
{
	test_units();
	test_ranges();
	test_table();
	test_hist();
	test_rng();
	test_str();
	test_sha256();
	test_mem();
	test_status();
	test_op();
	return tap_done();
}
