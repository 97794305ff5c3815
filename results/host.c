/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host - everything that differs between two runs of the same spec, in the side file NAME.host.json.
 *
 * Kept apart so that the result itself can be compared byte for byte. With `anonymous` (double-blind review) whatever
 * names a person or a machine is left out: host name, command line, paths, and the kernel's build string.
 */
#include "config.h"

#include <hdf5.h>

#include <gsl/gsl_version.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "results/h5.h"
#include "results/writer.h"

static void add_text(struct eg_str *s, const char *key, const char *value)
{
	eg_str_addf(s, ",\n  \"%s\": ", key);
	if (value)
		eg_str_add_json(s, value);
	else
		eg_str_add(s, "null");
}

static void add_texts(struct eg_str *s, const char *key, size_t n, const char *const *value)
{
	eg_str_addf(s, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < n; i++) {
		eg_str_add(s, i ? ", " : "");
		eg_str_add_json(s, value[i]);
	}
	eg_str_add(s, "]");
}

/* ISO 8601 in UTC. */
static void add_time(struct eg_str *s, const char *key, double seconds)
{
	time_t t = (time_t)seconds;
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_text(s, key, text);
}

/* The value of the first line "KEY...: VALUE" of a file of /proc, "" if there is none. */
static void proc_value(const char *path, const char *key, char *buf, size_t size)
{
	FILE *in = fopen(path, "r");
	char line[512];

	*buf = '\0';
	if (!in)
		return;
	while (!*buf && fgets(line, sizeof(line), in)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		colon += strspn(colon + 1, " \t") + 1;
		colon[strcspn(colon, "\n")] = '\0';
		(void)snprintf(buf, size, "%s", colon);
	}
	(void)fclose(in);
}

static void first_line(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "r");

	*buf = '\0';
	if (!in)
		return;
	if (!fgets(buf, (int)size, in))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	(void)fclose(in);
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

static void add_usage(struct eg_str *s)
{
	struct rusage self, children;

	if (getrusage(RUSAGE_SELF, &self) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0)
		return;
	eg_str_addf(s, ",\n  \"cpu_seconds\": %.6f",
		    seconds_of(&self.ru_utime) + seconds_of(&self.ru_stime) + seconds_of(&children.ru_utime) +
		    seconds_of(&children.ru_stime));
	eg_str_addf(s, ",\n  \"max_rss_kib\": %ld",
		    self.ru_maxrss > children.ru_maxrss ? self.ru_maxrss : children.ru_maxrss);
}

static void add_software(struct eg_str *s)
{
	unsigned major = 0, minor = 0, release = 0;
	char text[64];

	add_text(s, "engram_version", PACKAGE_VERSION);
#ifdef __VERSION__
	add_text(s, "compiler", __VERSION__);
#endif
	add_text(s, "hdf5_built", H5_VERS_INFO);
	if (H5get_libversion(&major, &minor, &release) >= 0) {
		(void)snprintf(text, sizeof(text), "%u.%u.%u", major, minor, release);
		add_text(s, "hdf5_running", text);
	}
	add_text(s, "gsl_built", GSL_VERSION);
	add_text(s, "gsl_running", gsl_version);
}

static void add_slurm(struct eg_str *s)
{
	static const char *const names[] = { "SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID",
					     "SLURM_JOB_PARTITION", "SLURM_CPUS_PER_TASK" };
	bool any = false;

	for (size_t i = 0; i < EG_ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (!value)
			continue;
		eg_str_add(s, any ? ", " : ",\n  \"slurm\": {");
		eg_str_add_json(s, names[i]);
		eg_str_add(s, ": ");
		eg_str_add_json(s, value);
		any = true;
	}
	if (any)
		eg_str_add(s, "}");
}

eg_status result_write_host_json(const char *path, const struct result_host_info *info, struct eg_errors *err)
{
	struct eg_str s = { 0 };
	char text[512], cwd[4096];
	struct utsname u;
	eg_status status;

	eg_str_add(&s, "{\n  \"schema\": 1");
	add_software(&s);
	if (uname(&u) == 0) {
		if (!info->anonymous)
			add_text(&s, "host", u.nodename);
		add_text(&s, "system", u.sysname);
		add_text(&s, "kernel", u.release);
		if (!info->anonymous)
			add_text(&s, "kernel_build", u.version);
		add_text(&s, "architecture", u.machine);
	}
	proc_value("/proc/cpuinfo", "model name", text, sizeof(text));
	add_text(&s, "cpu", *text ? text : NULL);
	eg_str_addf(&s, ",\n  \"cpus\": %ld", sysconf(_SC_NPROCESSORS_ONLN));
	proc_value("/proc/meminfo", "MemTotal", text, sizeof(text));
	add_text(&s, "memory", *text ? text : NULL);
	first_line("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text));
	add_text(&s, "transparent_hugepage", *text ? text : NULL);
	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof(text));
	add_text(&s, "governor", *text ? text : NULL);
	add_time(&s, "started", info->started);
	add_time(&s, "ended", info->ended);
	eg_str_addf(&s, ",\n  \"wall_seconds\": %.6f", info->ended - info->started);
	add_usage(&s);
	eg_str_addf(&s, ",\n  \"workers\": %u", info->nr_workers);
	if (!info->anonymous) {
		add_texts(&s, "command_line", (size_t)info->argc, info->argv);
		add_text(&s, "directory", getcwd(cwd, sizeof(cwd)));
		add_texts(&s, "trace_paths", info->nr_traces, info->trace_paths);
	}
	add_slurm(&s);
	eg_str_add(&s, "\n}\n");
	if (s.failed)
		status = eg_fail(err, EG_NO_MEMORY, "%s: no memory for its text", path);
	else
		status = h5_write_file(path, eg_str_text(&s), s.len, false, err);
	eg_str_free(&s);
	return status;
}
