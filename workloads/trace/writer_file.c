/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer_file - the output file, from its temporary name to its own.
 *
 *   1. Output goes to a temporary name beside the target and is renamed when it is complete and on disk;
 *      whatever goes wrong before that leaves no file behind. Only a writer that was killed does: its temporary
 *      name holds its process, and the next writer of the same target removes what processes left that are gone.
 *      What is no regular file (a device, a pipe with a name) is written to as it stands: a rename would put a
 *      file in its place.
 *   2. A deferred writer sends the records to a scratch file first. finish() writes the header, the init
 *      chunk, and copies the rest, renumbering the chunks.
 */
#include "workloads/trace/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"

enum { STATE_EVERY = 16 };

/* ---- open and start ------------------------------------------------------------------------------ */

/* A file that nobody else sees, in the directory of the target (or TMPDIR for standard output). */
static int open_scratch(const char *beside)
{
	const char *dir = getenv("TMPDIR"), *slash = beside ? strrchr(beside, '/') : NULL;
	struct eg_str name = { 0 };
	int fd;

	if (beside && slash)
		eg_str_addn(&name, beside, (size_t)(slash - beside) + 1);
	else if (beside)
		eg_str_add(&name, "./");
	else
		eg_str_addf(&name, "%s/", dir && *dir ? dir : "/tmp");
	eg_str_add(&name, ".engram-XXXXXX");
	if (name.failed) {
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(name.p, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name.p);
	eg_str_free(&name);
	return fd;
}

/* Before the first record. */
eg_status trace__start(struct trace_writer *w)
{
	if (w->failed != EG_OK || w->started)
		return w->failed;
	if (!w->o.defer)
		return trace__put_header(w, false);
	w->started = true;
	w->scratch = open_scratch(w->tmp);
	if (w->scratch < 0)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot make a scratch file", trace__shown_path(w));
	w->to = w->scratch;
	return EG_OK;
}

static void free_writer(struct trace_writer *w)
{
	egt_meta_free(&w->meta);
	egt_meta_free(&w->late);
	for (size_t i = 0; i < w->nr_names; i++)
		eg_free(w->name[i]);
	eg_free(w->name);
	eg_free(w->slot);
	eg_free(w->init);
	for (uint32_t i = 0; i < w->nr_of; i++) {
		eg_free(w->of[i]->acc);
		eg_str_free(&w->of[i]->ops);
		eg_free(w->of[i]);
	}
	eg_free(w->of);
	eg_free(w->one.acc);
	eg_free(w->one.streams);
	eg_str_free(&w->told.ops);
	eg_str_free(&w->index.entries);
	eg_str_free(&w->scratch_facts);
	eg_free(w->scratch_chunk);
	eg_free(w->streams.slot);
	trace_state_free(w->state);
	ZSTD_freeDCtx(w->unzstd);
	eg_str_free(&w->one.ops);
	egt_identity_free(&w->hash);
	eg_free(w->raw);
	eg_free(w->stored);
	eg_free(w->path);
	eg_free(w->tmp);
	eg_str_free(&w->text);
	codec_encoder_free(w->encoder);
	ZSTD_freeCCtx(w->zstd);
	eg_free(w);
}

/*
 * The process in the temporary name BASE.PID.XXXXXX.tmp; 0 when `name` is not of that form. What stands behind may be the
 * same once more: who makes a trace to put it into a place later writes it under the temporary name of a temporary name.
 */
static long writer_of(const char *name, const char *base)
{
	size_t n = strlen(base);
	const char *p = name + n + 1;
	char *end;
	long pid;

	if (strncmp(name, base, n) != 0 || name[n] != '.' || *p < '1' || *p > '9')
		return 0;
	errno = 0;
	pid = strtol(p, &end, 10);
	if (errno || pid > INT32_MAX || *end != '.')
		return 0;
	for (p = end + 1; p < end + 7; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
			return 0;
	if (strncmp(p, ".tmp", 4) != 0)
		return 0;
	return !p[4] || writer_of(p + 4, "") == pid ? pid : 0;
}

/*
 * What killed writers of this target left: the process is gone, and so is the lock that a writer holds on its file. The
 * lock speaks where process numbers do not, on folders that machines or containers share. A number that was given to
 * another program since keeps the file until that has ended. A wish: nothing depends on it.
 */
static void remove_stale(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	struct eg_str dir = { 0 };
	struct dirent *e;
	DIR *d;

	if (slash)
		eg_str_addn(&dir, path, (size_t)(base - path));
	d = dir.failed ? NULL : opendir(slash ? eg_str_text(&dir) : ".");
	while (d && (e = readdir(d)) != NULL) {
		long pid = writer_of(e->d_name, base);
		struct stat st;
		int fd;

		if (!pid || kill((pid_t)pid, 0) == 0 || errno != ESRCH)         /* one that is not ours answers EPERM */
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
		(void)close(fd);
	}
	if (d)
		(void)closedir(d);
	eg_str_free(&dir);
}

int trace__open_temporary(const char *path, struct eg_str *name)
{
	remove_stale(path);
	eg_str_addf(name, "%s.%ld.XXXXXX.tmp", path, (long)getpid());
	if (name->failed) {
		errno = ENOMEM;
		return -1;
	}
	return mkostemps(name->p, 4, O_CLOEXEC);
}

static eg_status open_output(struct trace_writer *w, const char *path, struct eg_errors *err)
{
	struct eg_str tmp = { 0 };
	struct stat st;

	w->path = eg_strdup(path);
	if (!w->path)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (strcmp(path, "-") == 0) {
		w->out = STDOUT_FILENO;
		return EG_OK;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return eg_fail(err, EG_IO, "%s: cannot write: it is a directory\nname a file", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		w->out = open(path, O_WRONLY | O_CLOEXEC);
		return w->out < 0 ? eg_fail_errno(err, false, "%s: cannot write", path) : EG_OK;
	}
	w->out = trace__open_temporary(path, &tmp);
	if (w->out < 0) {
		eg_status s = eg_fail_errno(err, false, "%s: cannot create", path);

		eg_str_free(&tmp);
		return s;
	}
	w->tmp = tmp.p;
	(void)flock(w->out, LOCK_EX | LOCK_NB);         /* says that it lives; see remove_stale() */
	return EG_OK;
}

eg_status trace_writer_open(struct trace_writer **out, const char *path, const struct trace_write_options *o,
			    struct eg_errors *err)
{
	struct trace_writer *w = eg_calloc(1, sizeof(*w));
	eg_status s;

	*out = NULL;
	if (!w)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	w->o = o ? *o : (struct trace_write_options){ .level = -1 };
	w->out = w->scratch = -1;
	if (w->o.level < 0)
		w->o.level = 3;
	if (!w->o.chunk_bytes)
		w->o.chunk_bytes = EGT_CHUNK_DEFAULT;
	if (w->o.level > 19 || w->o.chunk_bytes < EGT_CHUNK_MIN || w->o.chunk_bytes > EGT_CHUNK_MAX) {
		s = eg_fail(err, EG_USAGE, "%s: compression levels are 0..19, chunks 64KiB..8MiB", path);
		free_writer(w);
		return s;
	}
	if ((w->o.minor > EGT_MINOR && w->o.minor != TRACE_MINOR_0) || (w->o.split && w->o.minor == TRACE_MINOR_0)) {
		if (w->o.split && w->o.minor == TRACE_MINOR_0)
			s = eg_fail(err, EG_USAGE, "%s: the split layout needs format version 1.1, and only 1.0 may be written",
				    path);
		else
			s = eg_fail(err, EG_USAGE, "%s: format versions up to %u.%u can be written", path, EGT_MAJOR,
				    EGT_MINOR);
		free_writer(w);
		return s;
	}
	w->minor = w->o.split ? EGT_MINOR_SPLIT : 0;
	w->max_acc = w->o.chunk_bytes / 4;
	w->now = EG_TIME_NONE;
	egt_identity_init(&w->hash, w->o.split);
	twin_state_init(&w->twin);
	w->o.no_index |= w->o.text;
	if (!w->o.state_every)
		w->o.state_every = STATE_EVERY;
	if (!w->o.no_index) {
		w->state = trace_state_new();
		w->one.streams = eg_calloc(1, sizeof(*w->one.streams));
	}
	if (!w->o.no_index && (!w->state || !w->one.streams)) {
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory for a chunk", path);
		free_writer(w);
		return s;
	}
	trace__fresh_chunk(&w->one);
	if (!w->o.text) {
		w->encoder = codec_encoder_new(w->max_acc);
		w->zstd = ZSTD_createCCtx();
		if (!w->encoder || !w->zstd) {
			s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory for a chunk", path);
			free_writer(w);
			return s;
		}
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, w->o.level);
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_contentSizeFlag, 1);
		if (w->o.level >= 17)                   /* any reader has this much */
			(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, 23);
	}
	s = open_output(w, path, err);
	if (s != EG_OK) {
		free_writer(w);
		return s;
	}
	w->to = w->out;
	*out = w;
	return EG_OK;
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* n bytes of the scratch file from `at` on into p; *got says how many there are. */
static eg_status read_scratch(struct trace_writer *w, void *p, size_t n, off_t at, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t k = pread(w->scratch, (uint8_t *)p + *got, n - *got, at + (off_t)*got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return w->failed = eg_fail_errno(&w->err, false, "%s: cannot read back its scratch file",
							 trace__shown_path(w));
		if (k == 0)
			break;
		*got += (size_t)k;
	}
	return EG_OK;
}

/* Text goes behind what is written as it is. */
static eg_status copy_scratch_text(struct trace_writer *w)
{
	enum { PIECE = 1 << 20 };
	size_t got = PIECE;

	if (!trace__room(&w->raw, &w->raw_cap, PIECE))
		return FAIL(w, EG_NO_MEMORY, "out of memory to copy the records");
	for (off_t at = 0; got == PIECE; at += PIECE) {
		EG_TRY(read_scratch(w, w->raw, PIECE, at, &got));
		EG_TRY(trace__put_fd(w, w->out, w->raw, got));
	}
	return EG_OK;
}

/* The chunk whose payload is in w->stored stands in the file: its ops, if they build something. */
static eg_status follow_scratch(struct trace_writer *w, const struct egt_chunk *c, bool builds)
{
	const uint8_t *raw = w->stored;
	size_t ops;

	if (!builds)
		return trace__stands(w, false, NULL, 0);
	if (c->flags & EGT_CHUNK_COMPRESSED) {
		size_t n;

		if (!w->unzstd)
			w->unzstd = ZSTD_createDCtx();
		if (!w->unzstd || !trace__room(&w->raw, &w->raw_cap, c->raw))
			return FAIL(w, EG_NO_MEMORY, "out of memory for the state of the trace");
		n = ZSTD_decompressDCtx(w->unzstd, w->raw, c->raw, w->stored, c->stored);
		if (ZSTD_isError(n) || n != c->raw)
			return FAIL(w, EG_IO, "%s: its scratch file was changed", trace__shown_path(w));
		raw = w->raw;
	}
	ops = c->raw >= EGT_RECORDS_HEAD ? egt_get32(raw + 12) : 0;
	if (ops > c->raw)
		return FAIL(w, EG_IO, "%s: its scratch file was changed", trace__shown_path(w));
	return trace__stands(w, true, raw + c->raw - ops, ops);
}

/* The chunks of the scratch file, in their final places: they get their numbers, states between them, the index. */
static eg_status copy_scratch(struct trace_writer *w)
{
	uint64_t first_ordinal = w->ordinal;
	const char *facts = eg_str_text(&w->scratch_facts);
	off_t at = 0;

	for (size_t i = 0;; i++) {
		uint8_t header[EGT_CHUNK_HEADER];
		const struct trace_scratch_chunk *kept = i < w->nr_scratch ? &w->scratch_chunk[i] : NULL;
		struct egt_chunk c;
		size_t got;

		EG_TRY(read_scratch(w, header, sizeof(header), at, &got));
		if (got == 0)
			return EG_OK;
		if (got < sizeof(header) || !egt_chunk_unpack(&c, header) || (!kept && !w->o.no_index))
			return FAIL(w, EG_IO, "%s: its scratch file was changed", trace__shown_path(w));
		EG_TRY(trace__put_state(w));
		c.sequence = w->sequence++;
		c.ordinal += first_ordinal;
		w->ordinal = c.ordinal + c.records;
		egt_chunk_pack(&c, header);
		if (!trace__room(&w->stored, &w->stored_cap, c.stored))
			return FAIL(w, EG_NO_MEMORY, "out of memory to copy the records");
		EG_TRY(read_scratch(w, w->stored, c.stored, at + (off_t)sizeof(header), &got));
		if (got < c.stored)
			return FAIL(w, EG_IO, "%s: its scratch file was cut", trace__shown_path(w));
		EG_TRY(trace__put_fd(w, w->out, header, sizeof(header)));
		EG_TRY(trace__put_fd(w, w->out, w->stored, c.stored));
		at += (off_t)(sizeof(header) + c.stored);
		if (!kept)
			continue;
		egt_index_add(&w->index, c.type, sizeof(header) + c.stored, c.records, facts, kept->facts);
		facts += kept->facts;
		EG_TRY(follow_scratch(w, &c, kept->builds));
	}
}

/* Header, init chunks and then the records of a deferred writer. */
static eg_status assemble(struct trace_writer *w)
{
	EG_TRY(w->o.text ? trace__text_out(w, true) : trace__flush_all(w, w->to));
	EG_TRY(trace__put_header(w, false));
	w->to = w->out;
	if (w->o.text) {
		trace__text_names(w);
		for (size_t i = 0; i < w->nr_init; i++)
			twin_put_op(&w->twin, &w->init[i], trace__name_text(w, w->init[i].name), &w->text);
		EG_TRY(trace__text_out(w, true));
		return w->scratch >= 0 ? copy_scratch_text(w) : EG_OK;
	}
	w->sequence = w->ordinal = 0;
	EG_TRY(trace__put_names(w, w->out));
	for (size_t i = 0; i < w->nr_init; i++) {
		EG_TRY(trace__take_op(w, &w->init[i], w->out));
	}
	EG_TRY(trace__flush_all(w, w->out));
	return w->scratch >= 0 ? copy_scratch(w) : EG_OK;
}

/* Where a rename becomes durable is the directory. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? eg_strdup(path) : eg_strdup(".");
	int fd;

	if (!dir)
		return;
	if (slash)
		dir[slash == path ? 1 : slash - path] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);                /* a wish: some file systems cannot */
		(void)close(fd);
	}
	eg_free(dir);
}

static eg_status commit(struct trace_writer *w)
{
	mode_t mask;

	if (!w->tmp)
		return EG_OK;
	mask = umask(0);                        /* the only way to learn it */
	(void)umask(mask);
	(void)fchmod(w->out, 0666 & ~mask);
	if (fsync(w->out) != 0 && errno != EINVAL && errno != EROFS)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", w->path);
	if (close(w->out) != 0) {
		w->out = -1;
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot write", w->path);
	}
	w->out = -1;
	if (rename(w->tmp, w->path) != 0)
		return w->failed = eg_fail_errno(&w->err, false, "%s: cannot rename the finished file", w->path);
	eg_free(w->tmp);
	w->tmp = NULL;
	sync_directory(w->path);
	return EG_OK;
}

static eg_status finish(struct trace_writer *w, const uint8_t digest[32])
{
	if (w->failed != EG_OK)
		return w->failed;
	if (w->o.defer)
		EG_TRY(assemble(w));
	else
		EG_TRY(trace__start(w));
	if (w->o.text) {
		trace__text_names(w);
		EG_TRY(trace__text_out(w, true));
	} else {
		EG_TRY(trace__flush_all(w, w->out));
		EG_TRY(trace__put_names(w, w->out));
	}
	if (!w->o.text) {
		EG_TRY(trace__put_late_meta(w));
		EG_TRY(trace__put_index(w));
		EG_TRY(trace__put_trailer(w, digest));
	}
	if (w->minor > w->minor_out && w->tmp)  /* a pipe was told what was known at its start */
		EG_TRY(trace__put_header(w, true));
	return commit(w);
}

eg_status trace_writer_finish_hash(struct trace_writer *w, char hash[65], struct eg_errors *err)
{
	uint8_t digest[32];
	eg_status s;

	egt_identity_final(&w->hash, digest);
	eg_sha256_hex(digest, hash);
	s = finish(w, digest);
	for (unsigned i = 0; s != EG_OK && i < w->err.nr; i++)
		(void)eg_fail(err, s, "%s", w->err.text[i]);
	trace_writer_abort(w);
	return s;
}

eg_status trace_writer_finish(struct trace_writer *w, struct eg_errors *err)
{
	char hash[65];

	return trace_writer_finish_hash(w, hash, err);
}

void trace_writer_abort(struct trace_writer *w)
{
	if (!w)
		return;
	if (w->scratch >= 0)
		(void)close(w->scratch);
	if (w->out >= 0 && w->out != STDOUT_FILENO)
		(void)close(w->out);
	if (w->tmp)
		(void)unlink(w->tmp);
	free_writer(w);
}
