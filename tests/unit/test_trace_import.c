/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Importers: every record kind of small hand-made logs, cut, mangled, compressed, in the wrong hands. */
#include "tests/tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"
#include "workloads/trace/infer.h"

static struct eg_errors err;
static struct import_report report;
static const char *srcdir;

static char text[1 << 20];      /* the file last slurped */
static size_t text_len;

static bool slurp(const char *path)
{
	FILE *f = fopen(path, "rb");

	text_len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[text_len] = '\0';
	if (f)
		fclose(f);
	return text_len > 0;
}

static void spit(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, n, f) != n)
		printf("# cannot write %s\n", path);
	if (f)
		fclose(f);
}

static eg_status import(const char *path, const struct import_options *more)
{
	struct import_options o = more ? *more : (struct import_options){ .strict = false };

	o.write.level = 1;
	o.write.chunk_bytes = EGT_CHUNK_MIN;
	err.nr = 0;
	return import_file(path, "imp.egt", &o, &report, &err);
}

/* A text in, its text form out, without the metadata; "" and a diagnosis when it fails. */
static const char *as_text(const char *log, const struct import_options *more)
{
	struct import_options o = { .write = { .text = true } };
	char *body;

	spit("imp.log", log, strlen(log));
	if (import("imp.log", more) != EG_OK || import_file("imp.egt", "imp.txt", &o, &report, &err) != EG_OK) {
		printf("# %s\n", err.nr ? err.text[0] : "no message");
		return "";
	}
	slurp("imp.txt");
	for (body = text; *body == '%'; body++)
		body += strcspn(body, "\n");
	return body;
}

/* ---- lackey -------------------------------------------------------------------------------------- */

static const char records[] =
	"I  0401ab70,3\n"
	" L 04000ffc,8\n"
	" S 1fff0006c8,32\n"
	" M 1fff0006c8,4\n";

static void lackey(void)
{
	static const struct import_options lackey_none = { .format = "lackey", .vma = "none" };
	static const char plain[] = "X 0x401ab70 3\nR 0x4000ffc 8\nW 0x1fff0006c8 32\nM 0x1fff0006c8 4\n";
	char crlf[200] = "", *to = crlf;
	size_t bad = 0;
	uint64_t before = 0;

	is_str(as_text(records, &lackey_none), plain, "the four kinds");
	for (const char *c = records; *c; c++) {
		if (*c == '\n')
			*to++ = '\r';
		*to++ = *c;
	}
	is_str(as_text(crlf, &lackey_none), plain, "the same with CR LF");
	is_str(as_text(records, NULL),
	       "mmap 0x4000000 8192 rw anon,fixed,inferred init\nmmap 0x401a000 4096 rx anon,fixed,inferred init\n"
	       "mmap 0x1fff000000 4096 rw anon,fixed,inferred init\n"
	       "X 0x401ab70 3\nR 0x4000ffc 8\nW 0x1fff0006c8 32\nM 0x1fff0006c8 4\n", "inferred mappings, by content");
	is_str(as_text(" S 04000000,64\n S 04000fff,1\n L 04001000,1\n", &lackey_none),
	       "access 0x4000000 64 1\nW 0x4000fff 1\nR 0x4001000 1\n", "an access of 64 bytes is an op");
	is_str(as_text("SYSCALL[7,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) "
		       "I  04952b42,3\n L 04835000,1\n", NULL),
	       "mmap 0x4952000 4096 rx anon,fixed,inferred init\nmmap 0x4835000 8192 rw anon\nX 0x4952b42 3\nR 0x4835000 1\n",
	       "a record glued to a call; nothing is inferred inside a mapping");
	/* cut everywhere: whole lines are kept, a cut line is an error that names its place */
	for (size_t n = 1; n < sizeof(records) - 1; n++) {
		struct import_options keep = { .format = "lackey", .vma = "none", .keep_intact = true };
		bool at_line = records[n - 1] == '\n';

		before += at_line;
		spit("imp.log", records, n);
		bad += (import("imp.log", &lackey_none) == EG_OK) != at_line;
		bad += !at_line && !strstr(err.text[0], "imp.log:");
		bad += import("imp.log", &keep) != EG_OK || import_count(&report, "records") != before;
	}
	is_u64(bad, 0, "a log cut at any byte");
	ok(strcmp(as_text("I  0401ab70,3\n L zz,8\n", &lackey_none), "") == 0 &&
	   strstr(err.text[0], "imp.log:2:4: expected \"KIND address,size\"") && strstr(err.text[0], "\" L zz,8\""),
	   "the message says where, what was wanted, what was found");
	ok(strcmp(as_text(" L fffffffffffffff8,8\n", &lackey_none), "") == 0 && strstr(err.text[0], "57 bits"),
	   "an address beyond user space");
	ok(strcmp(as_text(" L 04000000,0\n", &lackey_none), "") == 0, "size 0");
	ok(strcmp(as_text(" L 04000000,8x\n", &lackey_none), "") == 0, "junk behind the size");
	ok(strcmp(as_text("SYSCALL[7,1](39) sys_getpid ()[sync] --> Success(0x7) \n"
			  "SYSCALL[8,1](39) sys_getpid ()[sync] --> Success(0x8) \n", &lackey_none), "") == 0 &&
	   strstr(err.text[0], "%p"), "two processes in one log");
	{
		struct import_options skip = { .format = "lackey", .vma = "none", .skip_bad = 1 };

		is_str(as_text("I  0401ab70,3\n L zz,8\n L 04000ffc,8\n", &skip), "X 0x401ab70 3\nR 0x4000ffc 8\n",
		       "--skip-bad=1 leaves one line out");
		ok(strcmp(as_text("q\nq\n", &skip), "") == 0, "but not two");
	}
}

/* ---- strace -------------------------------------------------------------------------------------- */

static void strace(void)
{
	static const char births[] =
		"10 1700000005.000000 fork( <unfinished ...>\n"
		"11 1700000005.000001 brk(NULL) = 0x1000\n"
		"11 1700000005.000002 munmap(0x7000, 1 <unfinished ...>\n"
		"10 1700000005.000003 <... fork resumed>) = 11\n"
		"10 1700000005.000004 brk(NULL) = 0x2000\n"
		"11 1700000005.000005 <... munmap resumed>) = 0\n"
		"11 1700000005.000006 exit_group(0) = ?\n"
		"11 1700000005.000007 +++ exited with 0 +++\n"
		"10 1700000005.000008 fork() = 11\n"
		"11 1700000005.000009 brk(NULL) = 0x1000\n";
	char path[600];

	is_str(as_text(births, NULL),
	       "@1000000 fork 1\nt1 brk 0x1000\n@2000000 munmap 0x7000 4096\n@4000000 t0 brk 0x2000\n@6000000 t1 exit_group 0\n"
	       "@8000000 t0 fork 2\n@9000000 t2 brk 0x1000\n",
	       "a child speaks before its birth is told; a munmap counts when called; a PID is used again");
	is_str(as_text("[pid  5] 10:00:00 brk(0x5000) = 0x4000\n[pid  5] 10:00:01.5 +++ killed by SIGSEGV +++\n", NULL),
	       "@0 brk 0x4000 failed\n@1500000000000 exit 0 cause=11\n", "clock times, [pid N], a failed brk, a signal");
	is_str(as_text("munmap(0x1000, 4096) = -1 EINVAL (Invalid argument)\nmadvise(0x1000, 1, 0x63 /* MADV_??? */) = 0\n", NULL),
	       "munmap 0x1000 4096 failed\nmadvise 0x1000 4096 99\n", "no PID, no time; an unknown advice keeps its number");
	is_str(as_text("7 vfork( <unfinished ...>\n8 execve(\"/bin/x\", [], 0x0) = 0\n7 <... vfork resumed>) = 8\n"
		       "7 clone(child_stack=0x1, flags=CLONE_VM|CLONE_FS|CLONE_THREAD) = 9\n", NULL),
	       "name 1 \"/bin/x\"\nvfork 1\nt1 exec \"/bin/x\"\nt0 clone 2 vm,thread\n", "vfork and a thread");
	ok(strcmp(as_text("1 brk(NULL) = 0x1000\n1 brk(NULL) = 0x1000\n1 mmap(\"unbalanced, 3) = 4\n", NULL), "") == 0 &&
	   strstr(err.text[0], "imp.log:3:8"), "an unbalanced quote: line and column");
	ok(strcmp(as_text("1 brk(NULL) = 0x1000\n1 <... mmap resumed>) = 4\n", NULL), "") == 0, "resumed without unfinished");
	ok(strcmp(as_text("1 brk(NULL) = 0x1000\n1 mmap(0x1000, zz, 1, 2, 3, 4) = 4\n", NULL), "") == 0, "a length that is none");
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/strace/small.strace", srcdir);
	ok(import(path, NULL) == EG_OK && import_count(&report, "streams") == 4 &&
	   import_count(&report, "dropped.failed_exec") == 1 && import_count(&report, "tasks_killed") == 1,
	   "the small job: four streams, one failed exec, one kill");
	ok(report.capabilities & TRACE_CAP(VMA) && report.capabilities & TRACE_CAP(TIME) &&
	   !(report.capabilities & (TRACE_CAP(DATA) | TRACE_CAP(INIT))), "what strace knows, and what not");
}

/* ---- leaving out and stopping ---------------------------------------------------------------------- */

static bool has_place(unsigned i, const char *begins)
{
	return i < report.nr_places && strncmp(report.place[i], begins, strlen(begins)) == 0;
}

/* Each kind of malformed line between two good ones: an error; left out; or the end. */
static void each_bad_line(const char *format, const char *good, const char *const *bad, unsigned nr)
{
	static char log[4096];
	unsigned wrong = 0;

	for (unsigned i = 0; i < nr; i++) {
		struct import_options plain = { .format = format }, skip = { .format = format, .skip_bad = 1 };
		struct import_options keep = { .format = format, .keep_intact = true };
		unsigned before = wrong;

		snprintf(log, sizeof(log), "%s\n%s\n%s\n", good, bad[i], good);
		spit("imp.log", log, strlen(log));
		wrong += import("imp.log", &plain) != EG_BAD_INPUT || !strstr(err.text[0], "imp.log:2:") ||
			 !strstr(err.text[0], "expected") || !strstr(err.text[0], "--skip-bad=N");
		wrong += import("imp.log", &skip) != EG_OK || import_count(&report, "records") != 2 || report.nr_places != 1 ||
			 !has_place(0, "2:") || report.capabilities & TRACE_CAP(COMPLETE) ||
			 import_count(&report, "dropped.bad_lines") != 1;
		wrong += import("imp.log", &keep) != EG_OK || import_count(&report, "records") != 1 || !report.damaged_end ||
			 report.capabilities & TRACE_CAP(COMPLETE);
		if (wrong != before)
			printf("# %s: %s\n", bad[i], err.nr ? err.text[0] : "no message");
	}
	is_u64(wrong, 0, format);
}

static void lenient(void)
{
	static const char *const lackey_bad[] = {
		" S 1fff00", " S 1fff000708", " S 1fff000708,", " S 1fff000708,x", " S 1fff000708,0", " S 1fff000708,8 8",
		" S 1fff00g708,8", " S 1fff0007081fff000708,8", " R 1fff000708,8", "S 1fff000708,8", " S1fff000708,8",
		"I 0401ab70,3", " L ffffffffffffffff,8", "hello", " S 1fff000708,1234567", "\t",
	};
	static const char *const strace_bad[] = {
		"7 brk(NULL)", "hello", "7 mmap(NULL, 8192) = 0x7000", "7 munmap(0x7000, many) = 0", "7 <... munmap resumed>) = 0",
		"7 brk(NULL) = ", "7 mmap(\"unbalanced, 3) = 4", "7 brk(NULL = 0x1000", "7 mremap(0x1000) = 0x2000",
		"7 fork() = child", "7 17x.5 brk(NULL) = 0x1000", "7 +++ sang +++",
	};
	struct import_options skip = { .format = "lackey", .vma = "none", .skip_bad = 20 };
	struct import_options keep = { .format = "lackey", .vma = "none", .keep_intact = true };
	struct import_options strace_skip = { .format = "strace", .skip_bad = 3 };
	static char log[INPUT_WINDOW + 4096];
	char gz[4096];
	size_t n = 0, bad = 0;
	uint64_t last = 0;

	each_bad_line("lackey", " L 04000000,8", lackey_bad, EG_ARRAY_LEN(lackey_bad));
	each_bad_line("strace", "7 brk(NULL) = 0x1000", strace_bad, EG_ARRAY_LEN(strace_bad));
	for (unsigned i = 0; i < 15; i++)
		n += (size_t)snprintf(log + n, sizeof(log) - n, " L 04000000,8\nbad %u\n", i);
	spit("imp.log", log, n);
	ok(import("imp.log", &skip) == EG_OK && report.nr_places == IMPORT_PLACES &&
	   import_count(&report, "dropped.bad_lines") == 15, "fifteen are left out, ten are listed");
	is_str(report.place[9], "20:1: expected \"KIND address,size\" as in \" S 1fff000708,8\", found \"bad 9\"", "the tenth");
	/* a line that does not fit the window */
	n = (size_t)snprintf(log, sizeof(log), " L 04000000,8\n");
	memset(log + n, 'x', INPUT_WINDOW + 100);
	n += INPUT_WINDOW + 100;
	n += (size_t)snprintf(log + n, sizeof(log) - n, "\n S 04000000,8\nq\n");
	spit("imp.log", log, n);
	ok(import("imp.log", NULL) == EG_BAD_INPUT || import("imp.log", &(struct import_options){ .format = "lackey" }) == EG_BAD_INPUT,
	   "a line of more than 1 MiB is an error");
	ok(import("imp.log", &skip) == EG_OK && import_count(&report, "records") == 2 && has_place(0, "2:1:") && has_place(1, "4:1:"),
	   "or is left out, and lines are counted on");
	ok(import("imp.log", &keep) == EG_OK && import_count(&report, "records") == 1 && report.damaged_end, "or is the end");
	/* compressed data that end early: what came out of them is kept */
	n = 0;
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(log + n, sizeof(log) - n, " L %08x,8\n", 0x4000000 + i * 4096 * (i % 7));
	{
		z_stream z = { .next_in = (unsigned char *)log, .avail_in = (unsigned)n, .next_out = (unsigned char *)gz,
			       .avail_out = sizeof(gz) };

		if (deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END)
			printf("# no gzip\n");
		n = z.total_out;
		deflateEnd(&z);
	}
	for (size_t cut = 20; cut < n; cut += 37) {
		spit("imp.log", gz, cut);
		bad += import("imp.log", &(struct import_options){ .format = "lackey" }) != EG_BAD_INPUT;
		bad += import("imp.log", &keep) != EG_OK || !report.damaged_end || import_count(&report, "records") < last;
		last = import_count(&report, "records");
	}
	ok(bad == 0 && last > 100 && last < 200, "a cut gzip: an error, or the whole records before the cut");
	/* two processes: nothing behind can be told apart */
	spit("imp.log", "SYSCALL[7,1](39) sys_getpid ()[sync] --> Success(0x7) \n L 04000000,8\n"
	     "SYSCALL[8,1](39) sys_getpid ()[sync] --> Success(0x8) \n L 04000000,8\n", 124);
	ok(import("imp.log", &keep) == EG_OK && import_count(&report, "records") == 1 && report.damaged_end,
	   "a second process in a log ends it with --keep-intact");
	/* the rest of a call that is left out gives up its place */
	is_str(as_text("7 munmap(0x1000, 4096 <unfinished ...>\n7 <... munmap resumed>oops\n7 brk(NULL) = 0x5000\n"
		       "7 munmap(0x2000, 4096 <unfinished ...>\n7 <... munmap resumed>) = 0\n", &strace_skip),
	       "brk 0x5000\nmunmap 0x2000 4096\n", "a call whose rest is left out does not hold up others");
}

/* ---- the input layer and detection --------------------------------------------------------------- */

static void compressed(void)
{
	static unsigned char out[4096];
	unsigned bz = sizeof(out);
	size_t n = 0;
	z_stream gz = { .next_in = (unsigned char *)(uintptr_t)records, .avail_in = sizeof(records) - 1, .next_out = out,
			.avail_out = sizeof(out) };
	char want[65];

	spit("imp.log", records, sizeof(records) - 1);
	ok(import("imp.log", NULL) == EG_OK, "plain");
	memcpy(want, report.content_hash, sizeof(want));
	n = ZSTD_compress(out, sizeof(out), records, sizeof(records) - 1, 3);
	spit("imp.log", out, n);
	ok(import("imp.log", NULL) == EG_OK && !strcmp(want, report.content_hash), "zstd");
	spit("imp.log", out, n - 3);
	ok(import("imp.log", NULL) == EG_BAD_INPUT, "zstd, cut");
	out[n / 2] ^= 0x55;
	spit("imp.log", out, n);
	ok(import("imp.log", NULL) == EG_BAD_INPUT, "zstd, damaged");
	if (deflateInit2(&gz, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK && deflate(&gz, Z_FINISH) == Z_STREAM_END)
		spit("imp.log", out, gz.total_out);
	ok(import("imp.log", NULL) == EG_OK && !strcmp(want, report.content_hash), "gzip");
	spit("imp.log", out, gz.total_out - 9);
	ok(import("imp.log", NULL) == EG_BAD_INPUT, "gzip, cut");
	deflateEnd(&gz);
	(void)BZ2_bzBuffToBuffCompress((char *)out, &bz, (char *)(uintptr_t)records, sizeof(records) - 1, 9, 0, 0);
	spit("imp.log", out, bz);
	ok(import("imp.log", NULL) == EG_OK && !strcmp(want, report.content_hash), "bzip2");
	n = 0;
	(void)lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)records, sizeof(records) - 1, out, &n,
				      sizeof(out));
	spit("imp.log", out, n);
	ok(import("imp.log", NULL) == EG_OK && !strcmp(want, report.content_hash), "xz");
	spit("imp.log", out, n - 5);
	ok(import("imp.log", NULL) == EG_BAD_INPUT, "xz, cut");
	memset(out, 0, 512);
	memcpy(out + 257, "ustar", 5);
	spit("imp.log", out, 512);
	ok(import("imp.log", NULL) == EG_BAD_INPUT && strstr(err.text[0], "tar archive"), "a tar archive is named");
}

static void detection(void)
{
	static const struct { const char *text, *says; } odd[] = {
		{ "", "empty" }, { "PERFILE2xxxxxxxxxxxx", "perf.data" }, { "# tracer: nop\n", "not built yet" },
		{ "hello\nworld\n", "--format" }, { "hello\nworld\n", "lackey: no \"==PID== Lackey\"" },
		{ "\xef\xbb\xbf L 04000000,8\n", "byte order mark" }, { "\xff\xfeI", "UTF-16" },
		{ "\x04\x22\x4d\x18xxxx", "lz4" }, { "\xff\x06\x7f", "not a trace" }, { "PK\3\4aaaaaaaaaaaa", "zip" },
	};
	static const struct { const char *file, *format; } samples[] = {
		{ "lackey/small.lackey", "lackey" }, { "strace/small.strace", "strace" }, { "twin/strace.txt", "twin" },
		{ "egt/strace.egt", "egt" },
	};
	char path[600];

	for (unsigned i = 0; i < EG_ARRAY_LEN(odd); i++) {
		spit("imp.log", odd[i].text, strlen(odd[i].text));
		ok(import("imp.log", NULL) == EG_BAD_INPUT && strstr(err.text[0], odd[i].says), "%.8s: %s", odd[i].text,
		   odd[i].says);
	}
	for (unsigned i = 0; i < EG_ARRAY_LEN(samples); i++) {
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir, samples[i].file);
		ok(import(path, NULL) == EG_OK, "%s imports", samples[i].file);
		is_str(report.format, samples[i].format, "as what it is");
	}
	/* each sample against every detector: exactly one match */
	for (unsigned i = 0; i < 3; i++) {
		unsigned matches = 0;

		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir, samples[i].file);
		slurp(path);
		for (unsigned k = 0; importer_registry[k]; k++)
			matches += importer_registry[k]->detect(text, text_len, true);
		is_u64(matches, 1, samples[i].file);
	}
}

/* ---- trace_prepare ------------------------------------------------------------------------------- */

static void prepare(void)
{
	char out[256], out2[256], h1[65], h2[65], h3[65];
	bool first, second, third;

	spit("imp.log", records, sizeof(records) - 1);
	ok(trace_prepare("imp.log", NULL, "imp-cache", out, sizeof(out), &first, h1, &err) == EG_OK && first, "imported");
	ok(trace_prepare("imp.log", NULL, "imp-cache", out2, sizeof(out2), &second, h2, &err) == EG_OK && !second &&
	   !strcmp(out, out2) && !strcmp(h1, h2), "found again");
	ok(trace_prepare(out, NULL, "imp-cache", out2, sizeof(out2), &third, h3, &err) == EG_OK && !third &&
	   !strcmp(out, out2) && !strcmp(h1, h3), "an .egt is used as it is");
	spit(out, "rubbish", 7);
	ok(trace_prepare("imp.log", NULL, "imp-cache", out2, sizeof(out2), &third, h3, &err) == EG_OK && third &&
	   !strcmp(h1, h3), "a damaged cache file is made again");
	spit("imp.log", records, sizeof(records) - 5);
	err.nr = 0;
	ok(trace_prepare("imp.log", NULL, "imp-cache", out2, sizeof(out2), &third, h3, &err) == EG_BAD_INPUT && err.nr,
	   "a bad file is reported");
	unlink(out);
	ok(rmdir("imp-cache") == 0, "and leaves nothing behind");
}

int main(void)
{
	srcdir = getenv("SRCDIR") ? getenv("SRCDIR") : ".";
	lackey();
	strace();
	lenient();
	compressed();
	detection();
	prepare();
	unlink("imp.log");
	unlink("imp.egt");
	unlink("imp.txt");
	return tap_done();
}
