/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reindex - see reindex.h.
 *
 *   1. The records are read with verification and written by a deferred writer (so that metadata a pipe brought
 *      last stand in front) to a name of our own beside the target; the writer syncs it.
 *   2. That file is opened again: its trailer must state the hash of the original, and an index must be found.
 *   3. Only then it takes the target's name.
 */
#include "workloads/trace/reindex.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/str.h"
#include "workloads/trace/copy.h"
#include "workloads/trace/writer.h"

/* What the file says of itself. */
static eg_status look(const char *path, bool judge_index, struct trace_reader_info *info, struct eg_errors *err)
{
	const struct trace_open_options o = { .no_index = !judge_index };
	struct trace_reader *r;

	EG_TRY(trace_open(&r, path, &o, err));
	trace_reader_info(r, info);
	trace_close(r);
	return EG_OK;
}

static void sync_directory_of(const char *path)
{
	char *dir = eg_strdup(path), *slash;
	int fd;

	if (!dir)
		return;
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);                /* a wish: some file systems cannot */
		(void)close(fd);
	}
	eg_free(dir);
}

/* The finished copy `tmp` in the place of `target`. */
static eg_status put_in_place(const char *tmp, const char *target, const char *before, struct reindex_report *report,
			      struct eg_errors *err)
{
	struct trace_reader_info now;
	struct stat st;

	EG_TRY(look(tmp, true, &now, err));
	if (strcmp(now.content_hash, before) != 0 || strcmp(report->content_hash, before) != 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: the copy has content hash %.16s..., the original %.16s...: nothing was "
			       "replaced", target, now.content_hash, before);
	if (!now.indexed)
		return eg_fail(err, EG_BAD_INPUT, "%s: the copy has no index: nothing was replaced", target);
	report->states = now.states;
	if (stat(target, &st) == 0 && chmod(tmp, st.st_mode & 07777) != 0)
		return eg_fail_errno(err, false, "%s: cannot keep its mode", target);
	if (rename(tmp, target) != 0)
		return eg_fail_errno(err, false, "%s: cannot rename the finished file", target);
	sync_directory_of(target);
	return EG_OK;
}

static eg_status write_beside(const char *path, const char *target, const struct reindex_options *o, const char *before,
			      struct reindex_report *report, struct eg_errors *err)
{
	struct trace_write_options write = { .level = o->write.level, .chunk_bytes = o->write.chunk_bytes,
					     .state_every = o->write.state_every };
	const struct trace_open_options open_as = { .verify = true, .no_index = true };
	struct import_report *copied = eg_calloc(1, sizeof(*copied));
	struct eg_str tmp = { 0 };
	uint64_t unknown;
	eg_status s = EG_OK;
	int fd = -1;

	if (!copied)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (s == EG_OK && (fd = trace__open_temporary(target, &tmp)) < 0)
		s = eg_fail_errno(err, false, "%s: cannot create", target);
	if (fd >= 0) {
		(void)close(fd);
		s = copy_file(path, tmp.p, &open_as, NULL, &write, copied, err);
		unknown = s == EG_OK ? import_count(copied, "dropped.unknown") : 0;
		if (unknown)
			s = eg_fail(err, EG_BAD_INPUT, "%s: %" PRIu64 " part%s of it this engram does not know, and would lose: "
				    "nothing was replaced\nuse a newer engram", path, unknown, unknown == 1 ? "" : "s");
		if (s == EG_OK) {
			report->records = import_count(copied, "records");
			memcpy(report->content_hash, copied->content_hash, sizeof(report->content_hash));
			s = put_in_place(tmp.p, target, before, report, err);
		}
		if (s != EG_OK)
			(void)unlink(tmp.p);
	}
	eg_str_free(&tmp);
	eg_free(copied);
	return s;
}

eg_status trace_reindex(const char *path, const char *out, const struct reindex_options *o, struct reindex_report *report,
			struct eg_errors *err)
{
	struct trace_reader_info info;
	char target[PATH_MAX];

	*report = (struct reindex_report){ .had_one = false };
	EG_TRY(look(path, !o->force, &info, err));
	report->had_one = info.indexed && !out && !o->force;
	if (report->had_one)
		return EG_OK;
	if (!info.content_hash[0])
		return eg_fail(err, EG_BAD_INPUT, "%s: it has no trailer, so it was cut\nengram trace convert --keep-intact %s -o "
			       "OUT.egt saves what is whole, with an index", path, path);
	/* a link stays one: the file behind it is replaced */
	if (!out && !realpath(path, target))
		return eg_fail_errno(err, true, "%s: cannot find", path);
	if (out && (size_t)snprintf(target, sizeof(target), "%s", out) >= sizeof(target))
		return eg_fail(err, EG_BAD_INPUT, "%s: the path is too long", out);
	return write_beside(path, target, o, info.content_hash, report, err);
}
