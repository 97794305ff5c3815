/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shim - a library for LD_PRELOAD that lets one call to the host fail: the Nth of a kind, in whichever of the program's
 * processes it comes. Tests compile it themselves and ask by environment:
 *
 *   SHIM_CALL    write, fsync, rename, open, close, mkdir, read, fopen, fclose, fork, pipe; malloc (-DSHIM_MALLOC)
 *   SHIM_NTH     which one fails, from 1; 0: none
 *   SHIM_HOW     the errno to fail with, as a number; "short": half of the bytes are transferred
 *   SHIM_STICKY  1: all calls from the Nth on fail, as on a disk that stays full
 *   SHIM_FROM    of malloc: the library whose requests count: own (the program itself), hdf5, libc, or a part of
 *                the file name of any other
 *   SHIM_LOG     a file that is told, one line each: "failed CALL PATH", and at the end "calls N"
 *
 * What counts: calls on regular files and directories outside of /proc, /sys, /dev, /etc, /usr and /lib, so that neither
 * progress on pipes, which depends on the clock, nor the start of the program shifts the numbers. Nor do the files that
 * tell how far a run is (*.status.json) and what a cell took (*.cost.json): the clock has a part in when they are
 * written, and nothing depends on them. The number is kept in
 * memory that forked processes share; a program that is executed (gnuplot) is left alone.
 *
 * A close that fails has closed, as on Linux. pread and pwrite count as read and write. fopen and fclose are
 * interposed because what stdio does inside never comes by here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static struct { _Atomic uint64_t nr; _Atomic int fired; } *shared;
static const char *wanted;
static uint64_t nth;
static int how;                         /* errno; -1: short */
static bool sticky;
static int log_fd = -1;
static pid_t first_process;

#ifdef SHIM_MALLOC
static uintptr_t from, to;              /* the text of the library whose requests count */

static int find_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	const char *name = ctx, *have = info->dlpi_name;

	(void)size;
	if (strcmp(name, "own") == 0 ? *have != '\0' : !strstr(have, name))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			to = from + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}
#endif

__attribute__((constructor)) static void begin(void)
{
	const char *log = getenv("SHIM_LOG"), *say = getenv("SHIM_HOW");
	const char *call = getenv("SHIM_CALL");

	(void)unsetenv("LD_PRELOAD");
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !call)
		return;
	nth = getenv("SHIM_NTH") ? strtoull(getenv("SHIM_NTH"), NULL, 10) : 0;
	how = say && strcmp(say, "short") == 0 ? -1 : say ? atoi(say) : EIO;
	sticky = getenv("SHIM_STICKY") && *getenv("SHIM_STICKY") == '1';
	log_fd = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
	first_process = getpid();
#ifdef SHIM_MALLOC
	(void)dl_iterate_phdr(find_library, (void *)(uintptr_t)(getenv("SHIM_FROM") ? getenv("SHIM_FROM") : "own"));
#endif
	wanted = call;                          /* from here on it counts */
}

static void tell(const char *text, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (log_fd >= 0)
		(void)real(log_fd, text, n);
}

__attribute__((destructor)) static void end(void)
{
	char line[64];

	if (wanted && getpid() == first_process)
		tell(line, (size_t)snprintf(line, sizeof(line), "calls %llu\n", (unsigned long long)shared->nr));
}

/* Is it this call's turn? */
static bool turn(const char *call, const char *path)
{
	uint64_t k;
	char line[600];

	if (!wanted || strcmp(call, wanted) != 0)
		return false;
	k = ++shared->nr;
	if (!nth || (sticky ? k < nth : k != nth))
		return false;
	if (!atomic_exchange(&shared->fired, 1))
		tell(line, (size_t)snprintf(line, sizeof(line), "failed %s %.500s\n", call, path ? path : ""));
	return true;
}

static bool counted(const char *path)
{
	static const char *const not[] = { "/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib" };

	if (strstr(path, ".status.json") || strstr(path, ".cost.json"))
		return false;
	for (unsigned i = 0; i < sizeof(not) / sizeof(*not); i++)
		if (strncmp(path, not[i], strlen(not[i])) == 0 && strncmp(path, "/dev/shm/", 9) != 0)
			return false;
	return true;
}

static bool turn_path(const char *call, const char *path)
{
	return wanted && counted(path) && turn(call, path);
}

static bool turn_fd(const char *call, int fd)
{
	char link[64], path[512];
	struct stat st;
	ssize_t n;

	if (!wanted || strcmp(call, wanted) != 0 || fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return counted(path) && turn(call, path);
}

#define REAL(type, name, ...) \
	static type (*real)(__VA_ARGS__); \
	if (!real) \
		real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define FAIL(value) do { errno = how; return value; } while (0)

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
	REAL(ssize_t, write, int, const void *, size_t);

	if (turn_fd("write", fd)) {
		if (how >= 0)
			FAIL(-1);
		n = n > 1 ? n / 2 : n;
	}
	return real(fd, p, n);
}

EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	REAL(ssize_t, pwrite, int, const void *, size_t, off_t);

	if (turn_fd("write", fd)) {
		if (how >= 0)
			FAIL(-1);
		n = n > 1 ? n / 2 : n;
	}
	return real(fd, p, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

EXPORT ssize_t read(int fd, void *p, size_t n)
{
	REAL(ssize_t, read, int, void *, size_t);

	if (turn_fd("read", fd)) {
		if (how >= 0)
			FAIL(-1);
		n = n > 1 ? n / 2 : n;
	}
	return real(fd, p, n);
}

EXPORT ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	REAL(ssize_t, pread, int, void *, size_t, off_t);

	if (turn_fd("read", fd)) {
		if (how >= 0)
			FAIL(-1);
		n = n > 1 ? n / 2 : n;
	}
	return real(fd, p, n, at);
}

EXPORT ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
	return pread(fd, p, n, at);
}

EXPORT int fsync(int fd)
{
	REAL(int, fsync, int);

	if (turn_fd("fsync", fd))
		FAIL(-1);
	return real(fd);
}

EXPORT int ftruncate(int fd, off_t size)
{
	REAL(int, ftruncate, int, off_t);

	if (turn_fd("ftruncate", fd))
		FAIL(-1);
	return real(fd, size);
}

EXPORT int close(int fd)
{
	REAL(int, close, int);

	if (turn_fd("close", fd)) {
		(void)real(fd);
		FAIL(-1);
	}
	return real(fd);
}

EXPORT int rename(const char *old, const char *new)
{
	REAL(int, rename, const char *, const char *);

	if (turn_path("rename", new))
		FAIL(-1);
	return real(old, new);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	REAL(int, mkdir, const char *, mode_t);

	if (turn_path("mkdir", path))
		FAIL(-1);
	return real(path, mode);
}

EXPORT int open(const char *path, int flags, ...)
{
	REAL(int, open, const char *, int, ...);
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (turn_path("open", path))
		FAIL(-1);
	return real(path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open(path, flags, mode);
}

EXPORT int mkostemp(char *name, int flags)
{
	REAL(int, mkostemp, char *, int);

	if (turn_path("open", name))
		FAIL(-1);
	return real(name, flags);
}

EXPORT int mkostemps(char *name, int suffix, int flags)
{
	REAL(int, mkostemps, char *, int, int);

	if (turn_path("open", name))
		FAIL(-1);
	return real(name, suffix, flags);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	REAL(FILE *, fopen, const char *, const char *);

	if (turn_path("fopen", path))
		FAIL(NULL);
	return real(path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

EXPORT int fclose(FILE *f)
{
	REAL(int, fclose, FILE *);

	if (turn_fd("fclose", fileno(f))) {
		(void)real(f);
		FAIL(EOF);
	}
	return real(f);
}

EXPORT pid_t fork(void)
{
	REAL(pid_t, fork, void);

	if (turn("fork", NULL))
		FAIL(-1);
	return real();
}

EXPORT int pipe2(int ends[2], int flags)
{
	REAL(int, pipe2, int[2], int);

	if (turn("pipe", NULL))
		FAIL(-1);
	return real(ends, flags);
}

EXPORT int pipe(int ends[2])
{
	REAL(int, pipe, int[2]);

	if (turn("pipe", NULL))
		FAIL(-1);
	return real(ends);
}

#ifdef SHIM_MALLOC
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

static bool refused(const void *caller)
{
	return wanted && (uintptr_t)caller >= from && (uintptr_t)caller < to && turn("malloc", NULL);
}

EXPORT void *malloc(size_t n)
{
	if (refused(__builtin_return_address(0)))
		FAIL(NULL);
	return __libc_malloc(n);
}

EXPORT void *calloc(size_t nr, size_t n)
{
	if (refused(__builtin_return_address(0)))
		FAIL(NULL);
	return __libc_calloc(nr, n);
}

EXPORT void *realloc(void *p, size_t n)
{
	if (refused(__builtin_return_address(0)))
		FAIL(NULL);
	return __libc_realloc(p, n);
}

EXPORT void *aligned_alloc(size_t align, size_t n)
{
	if (refused(__builtin_return_address(0)))
		FAIL(NULL);
	return __libc_memalign(align, n);
}
#endif
