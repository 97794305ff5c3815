/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay - what a fuzz target needs besides LLVMFuzzerTestOneInput().
 *
 * With libFuzzer (configure --enable-fuzz, clang) the target is the whole program. Without, main() below
 * feeds it every file of tests/fuzz/corpus/NAME, each also cut in half, as a test: no crash, no hang. A target
 * whose inputs are not all in one corpus ends with FUZZ_MAIN_FILES and replays the files it is given.
 */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a file that has a path; close the descriptor afterwards. -1 when the host refuses. */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[64])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0 && (size_t)write(fd, data, size) != size) {
		close(fd);
		fd = -1;
	}
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

#ifndef EG_FUZZ
#include <dirent.h>

#include "tests/tap.h"

static inline int fuzz_replay(const char *name)
{
	static uint8_t buf[1 << 20];
	const char *top = getenv("SRCDIR");
	char dir[1024], path[1400];
	struct dirent *d;
	unsigned nr = 0;
	DIR *list;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
	list = opendir(dir);
	if (!ok(list != NULL, "corpus %s", name))
		return tap_done();
	while ((d = readdir(list)) != NULL) {
		FILE *f;
		size_t n;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		f = fopen(path, "rb");
		n = f ? fread(buf, 1, sizeof(buf), f) : 0;
		if (f)
			fclose(f);
		ok(f && LLVMFuzzerTestOneInput(buf, n) == 0 && LLVMFuzzerTestOneInput(buf, n / 2) == 0, "%s survives",
		   d->d_name);
		nr++;
	}
	closedir(list);
	ok(nr > 0, "%u files replayed", nr);
	return tap_done();
}

static inline int fuzz_replay_files(int argc, char **argv)
{
	static uint8_t buf[1 << 21];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t n;

		if (!f) {
			fprintf(stderr, "cannot open %s\n", argv[i]);
			return 1;
		}
		n = fread(buf, 1, sizeof(buf), f);
		(void)fclose(f);
		(void)LLVMFuzzerTestOneInput(buf, n);
	}
	printf("1..1\nok 1 - %d inputs replayed\n", argc - 1);
	return 0;
}
#define FUZZ_MAIN(name) int main(void) { return fuzz_replay(name); }
#define FUZZ_MAIN_FILES int main(int argc, char **argv) { return fuzz_replay_files(argc, argv); }
#else
#define FUZZ_MAIN(name)
#define FUZZ_MAIN_FILES
#endif

#endif
