/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host - what was measured with what on what: a rate without these is no record. */
#include "config.h"

#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sim/bench/bench.h"

/* The first line of a file that begins with `key`, what follows the next colon (or the whole line, key ""). */
static void line_of(const char *path, const char *key, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	char line[512];

	(void)snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, strlen(key)) != 0 || (*key && !value))
			continue;
		value = *key ? value + 1 + strspn(value + 1, " \t") : line;
		(void)snprintf(out, size, "%.*s", (int)size - 1, value);
		break;
	}
	if (f)
		(void)fclose(f);
}

void bench_host_facts(struct bench_host *h)
{
	struct utsname u;
	long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE), cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*h = (struct bench_host){ .cpus = cpus > 0 ? (unsigned)cpus : 0 };
#if defined(__clang__)
	(void)snprintf(h->compiler, sizeof(h->compiler), "clang %s", __clang_version__);
#else
	(void)snprintf(h->compiler, sizeof(h->compiler), "gcc %s", __VERSION__);
#endif
	(void)snprintf(h->flags, sizeof(h->flags), "%s", EG_BUILD_FLAGS);
	(void)snprintf(h->version, sizeof(h->version), "%s", PACKAGE_VERSION);
	if (uname(&u) == 0)
		(void)snprintf(h->kernel, sizeof(h->kernel), "%.30s %.60s %.30s", u.sysname, u.release, u.machine);
	line_of("/proc/cpuinfo", "model name", h->cpu, sizeof(h->cpu));
	line_of("/sys/kernel/mm/transparent_hugepage/enabled", "", h->huge_pages, sizeof(h->huge_pages));
	h->memory_bytes = pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : 0;
#if defined(__x86_64__)
	h->avx2 = __builtin_cpu_supports("avx2") != 0;
#endif
#ifdef __OPTIMIZE__
	h->optimised = true;
#endif
#ifndef NDEBUG
	h->checks = true;
#endif
}

bool bench_pin(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	if (cpu < 0)
		return false;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}
