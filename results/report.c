/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report - see report.h. The formats are those of mm/vmstat.c (buddyinfo, vmstat) and fs/proc/meminfo.c of Linux 6.x,
 * trailing blanks included, so that tools which parse /proc parse these. A value that is not there prints 0, as an
 * unsimulated field does.
 */
#include "results/report.h"

#include <inttypes.h>
#include <math.h>

const struct report_view report_views[] = {
	{ "buddyinfo", "free blocks of each order by zone", true },
	{ "meminfo", "memory by use, in KiB", true },
	{ "vmstat", "counters since boot", true },
	{ "pagetypeinfo", "free blocks by mobility, and pageblocks by type", false },
	{ "zoneinfo", "watermarks, counters and per-CPU lists of each zone", false },
	{ "extfrag", "unusable and fragmentation index", false },
	{ "slabinfo", "slab caches", false },
	{ "numastat", "allocations by distance", false },
	{ "free", "the tool free", false },
	{ "top", "the tool top", false },
	{ "html", "a page with everything", false },
	{ NULL, NULL, false },
};

/* Is there a snapshot of this cell at time i? Cells share one time axis and have NaN at the times of others. */
static eg_status is_taken(struct result_file *f, size_t point, unsigned seed, size_t i, bool *taken,
			  struct eg_errors *err)
{
	const size_t n = (size_t)result_nr_zones(f) * EG_NR_ORDERS + result_nr_vmstat(f) + result_nr_meminfo(f);
	double *buf = eg_calloc(n + 1, sizeof(*buf));
	eg_status s;

	*taken = false;
	if (!buf)
		return eg_fail(err, EG_NO_MEMORY, "no memory for a snapshot");
	s = result_read_snapshots(f, point, seed, i, 1, buf, NULL, buf + (size_t)result_nr_zones(f) * EG_NR_ORDERS,
				  buf + n - result_nr_meminfo(f), err);
	for (size_t k = 0; k < n; k++)
		*taken = *taken || !isnan(buf[k]);
	eg_free(buf);
	return s;
}

eg_status report_snapshot(struct result_file *f, size_t point, unsigned seed, double ns, size_t *index,
			  struct eg_errors *err)
{
	const double *time = result_snapshot_times(f);
	bool taken = false;

	if (!result_nr_snapshots(f))
		return eg_fail(err, EG_BAD_INPUT, "%s: holds no snapshots\nmeasure.interval in the experiment turns them on",
			       result_path(f));
	for (size_t i = result_nr_snapshots(f); i-- > 0;) {
		if (time[i] > ns)
			continue;
		EG_TRY(is_taken(f, point, seed, i, &taken, err));
		*index = i;
		if (taken)
			return EG_OK;
	}
	for (size_t i = 0; i < result_nr_snapshots(f); i++) {
		EG_TRY(is_taken(f, point, seed, i, &taken, err));
		if (taken)
			return eg_fail(err, EG_BAD_INPUT, "%s: no snapshot at or before %g ms; the first is at %g ms",
				       result_path(f), ns / 1e6, time[i] / 1e6);
	}
	return eg_fail(err, EG_BAD_INPUT, "%s: this cell is missing, or recorded no snapshot", result_path(f));
}

static uint64_t whole(double v)
{
	return v > 0.0 && v < 0x1p64 ? (uint64_t)v : 0;
}

static void buddyinfo(const struct result_file *f, const double *v, struct eg_str *out)
{
	for (unsigned z = 0; z < result_nr_zones(f); z++, v += EG_NR_ORDERS) {
		if (isnan(*v))
			continue;               /* a zone of other cells */
		eg_str_addf(out, "Node %d, zone %8s ", result_zone(f, z)->node, result_zone(f, z)->name);
		for (unsigned k = 0; k < EG_NR_ORDERS; k++)
			eg_str_addf(out, "%6" PRIu64 " ", whole(v[k]));
		eg_str_add(out, "\n");
	}
}

static void meminfo(const struct result_file *f, const double *v, struct eg_str *out)
{
	for (unsigned i = 0; i < result_nr_meminfo(f); i++) {
		const char *name = result_meminfo_name(f, i);
		int left = 15 - (int)strlen(name);

		/* HugePages_* are counts; all others KiB, which the kernel calls kB */
		eg_str_addf(out, "%s:%*s%8" PRIu64 "%s\n", name, left > 0 ? left : 0, "", whole(v[i]),
			    strncmp(name, "HugePages_", 10) == 0 ? "" : " kB");
	}
}

static void vmstat(const struct result_file *f, const double *v, struct eg_str *out)
{
	for (unsigned i = 0; i < result_nr_vmstat(f); i++)
		eg_str_addf(out, "%s %" PRIu64 "\n", result_vmstat_name(f, i), whole(v[i]));
}

static const char *view_name(const void *ctx, unsigned i)
{
	(void)ctx;
	return report_views[i].name;
}

eg_status report_check_view(const char *name, struct eg_errors *err)
{
	const char *near;

	for (unsigned i = 0; report_views[i].name; i++)
		if (strcmp(report_views[i].name, name) == 0)
			return report_views[i].built ? EG_OK :
			       eg_fail(err, EG_USAGE, "--as %s is not built yet; there are: buddyinfo, meminfo, vmstat", name);
	near = eg_did_you_mean(name, view_name, NULL);
	return eg_fail(err, EG_USAGE, "unknown view %.40s%s%s%s; there are: buddyinfo, meminfo, vmstat", name,
		       near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
}

eg_status report_text(struct result_file *f, const char *name, size_t point, unsigned seed, size_t index,
		      struct eg_str *out, struct eg_errors *err)
{
	unsigned zones = result_nr_zones(f), vm = result_nr_vmstat(f), mem = result_nr_meminfo(f);
	bool buddy = strcmp(name, "buddyinfo") == 0, is_mem = strcmp(name, "meminfo") == 0;
	double *v;
	eg_status s;

	EG_TRY(report_check_view(name, err));
	if (buddy ? !zones : is_mem ? !mem : !vm)
		return eg_fail(err, EG_BAD_INPUT, "%s: its snapshots hold nothing for %s", result_path(f), name);
	v = eg_calloc((size_t)zones * EG_NR_ORDERS + vm + mem, sizeof(*v));
	if (!v)
		return eg_fail(err, EG_NO_MEMORY, "no memory for a snapshot");
	s = result_read_snapshots(f, point, seed, index, 1, buddy ? v : NULL, NULL, buddy || is_mem ? NULL : v,
				  is_mem ? v : NULL, err);
	if (s == EG_OK && buddy)
		buddyinfo(f, v, out);
	else if (s == EG_OK && is_mem)
		meminfo(f, v, out);
	else if (s == EG_OK)
		vmstat(f, v, out);
	eg_free(v);
	if (s == EG_OK && out->failed)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the text");
	return s;
}
