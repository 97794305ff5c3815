/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepare - any trace as an .egt, imported once.
 *
 * The name of an imported file follows from the bytes of the original, the format asked for and the version
 * of the importers; so a changed original is another file and nobody has to compare dates. Two processes
 * that import the same file at once write two temporary files; the later rename replaces equal by equal.
 */
#include "workloads/trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/sha256.h"
#include "workloads/trace/egt.h"
#include "workloads/trace/import.h"

/* Part of the key: raise it when an importer gives other ops for the same file. */
static const char IMPORTERS[] = "engram importers 1";

/* Hash of the whole file and its first bytes; *n of them. */
static eg_status hash_file(const char *path, const char *format, uint8_t head[EGT_MAGIC_SIZE], size_t *n,
			   char hex[65], struct eg_errors *err)
{
	enum { PIECE = 1 << 18 };
	struct eg_sha256 sha;
	uint8_t *buf = eg_calloc(PIECE, 1), digest[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool first = true;
	eg_status s = EG_OK;

	*n = 0;
	if (fd < 0)
		s = eg_fail_errno(err, true, "%s: cannot open", path);
	else if (!buf)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	eg_sha256_init(&sha);
	eg_sha256_update(&sha, IMPORTERS, sizeof(IMPORTERS));
	eg_sha256_update(&sha, format ? format : "", format ? strlen(format) + 1 : 1);
	while (s == EG_OK) {
		ssize_t got = read(fd, buf, PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			s = eg_fail_errno(err, true, "%s: cannot read", path);
		if (got <= 0)
			break;
		if (first) {
			*n = (size_t)got < EGT_MAGIC_SIZE ? (size_t)got : EGT_MAGIC_SIZE;
			memcpy(head, buf, *n);
			first = false;
			if (*n == EGT_MAGIC_SIZE && memcmp(head, EGT_MAGIC, EGT_MAGIC_SIZE) == 0)
				break;          /* used as it is: its identity stands in its trailer */
		}
		eg_sha256_update(&sha, buf, (size_t)got);
	}
	if (fd >= 0)
		(void)close(fd);
	eg_free(buf);
	eg_sha256_final(&sha, digest);
	eg_sha256_hex(digest, hex);
	return s;
}

/* The identity in the trailer, or a reason why the file cannot be used. */
static eg_status identity(const char *path, char content_hash[65], struct eg_errors *err)
{
	struct trace_reader_info info;
	struct trace_reader *r;
	struct eg_block b = { .kind = EG_BLOCK_OP };
	eg_status s;

	EG_TRY(trace_open(&r, path, NULL, err));
	trace_reader_info(r, &info);
	/* no trailer: reading on says how much of the file is whole */
	for (s = EG_OK; s == EG_OK && !info.content_hash[0] && b.kind != EG_BLOCK_END;)
		s = trace_next(r, &b, err);
	trace_reader_info(r, &info);
	(void)snprintf(content_hash, 65, "%s", info.content_hash);
	trace_close(r);
	return s;
}

eg_status trace_prepare(const char *path, const char *format, const char *dir, char *out_path, size_t out_size,
			bool *imported, char content_hash[65], struct eg_errors *err)
{
	struct import_options o = { .format = format, .write = { .level = -1 } };
	struct import_report *report;
	uint8_t head[EGT_MAGIC_SIZE];
	char key[65];
	size_t n;
	int len;
	eg_status s;

	*imported = false;
	EG_TRY(hash_file(path, format, head, &n, key, err));
	if (n == EGT_MAGIC_SIZE && memcmp(head, EGT_MAGIC, EGT_MAGIC_SIZE) == 0) {
		if (import_suits_container(path, &o, err) != EG_OK)
			return EG_BAD_INPUT;
		len = snprintf(out_path, out_size, "%s", path);
	} else {
		len = snprintf(out_path, out_size, "%s/%.24s.egt", dir, key);
	}
	if (len < 0 || (size_t)len >= out_size)
		return eg_fail(err, EG_BAD_INPUT, "%s: the path is too long", path);
	if (strcmp(out_path, path) == 0)
		return identity(path, content_hash, err);
	if (access(out_path, R_OK) == 0 && identity(out_path, content_hash, NULL) == EG_OK)
		return EG_OK;
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return eg_fail_errno(err, false, "%s: cannot create", dir);
	report = eg_calloc(1, sizeof(*report));
	if (!report)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	s = import_file(path, out_path, &o, report, err);
	if (s == EG_OK) {
		(void)snprintf(content_hash, 65, "%s", report->content_hash);
		*imported = true;
	}
	eg_free(report);
	return s;
}
