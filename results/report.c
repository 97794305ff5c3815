/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report - see report.h. The formats are those of mm/vmstat.c (buddyinfo, vmstat, the two indices of debugfs' extfrag) and
 * fs/proc/meminfo.c of Linux 6.x, trailing blanks included, so that tools which parse /proc parse these, and of procps
 * 4.0 (free; used is total less available since that version). A value that is not there prints 0, as an
 * unsimulated field does.
 */
#include "results/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

const struct report_view report_views[] = {
	{ "buddyinfo", "free blocks of each order by zone", true },
	{ "meminfo", "memory by use, in KiB", true },
	{ "vmstat", "counters since boot", true },
	{ "unusable_index", "share of the free memory that cannot serve an order", true },
	{ "extfrag_index", "why an order would fail: want of memory or fragmentation", true },
	{ "free", "the tool free of procps 4, in KiB", true },
	{ "pagetypeinfo", "free blocks by mobility, and pageblocks by type", false },
	{ "zoneinfo", "watermarks, counters and per-CPU lists of each zone", false },
	{ "slabinfo", "slab caches", false },
	{ "numastat", "allocations by distance", false },
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
	return v > 0.0 && v <= 0x1p53 ? (uint64_t)v : 0;
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

/*
 * unusable_free_index() and __fragmentation_index() of mm/vmstat.c, from a row of buddyinfo; integer division as there.
 * sim/phys/frag.c has them for the metrics, below the layers this room sees; the test of the verb computes them anew.
 */
static int index_milli(const uint64_t n[EG_NR_ORDERS], unsigned order, bool unusable)
{
	uint64_t pages = 0, blocks = 0, suitable = 0;

	for (unsigned k = 0; k < EG_NR_ORDERS; k++) {
		pages += n[k] << k;
		blocks += n[k];
		suitable += k >= order ? n[k] << (k - order) : 0;
	}
	if (unusable)
		return pages ? (int)((pages - (suitable << order)) * 1000 / pages) : 1000;
	if (suitable || !blocks)
		return suitable ? -1000 : 0;
	return 1000 - (int)((1000 + (pages * 1000 >> order)) / blocks);
}

/* An index in thousandths as the kernel prints it: quotient and remainder, so that -500 is "0.-500". */
static void indices(const struct result_file *f, const double *v, bool unusable, struct eg_str *out)
{
	uint64_t n[EG_NR_ORDERS];

	for (unsigned z = 0; z < result_nr_zones(f); z++, v += EG_NR_ORDERS) {
		if (isnan(*v))
			continue;
		for (unsigned k = 0; k < EG_NR_ORDERS; k++)
			n[k] = whole(v[k]);
		eg_str_addf(out, "Node %d, zone %8s ", result_zone(f, z)->node, result_zone(f, z)->name);
		for (unsigned k = 0; k < EG_NR_ORDERS; k++) {
			int index = index_milli(n, k, unusable);

			eg_str_addf(out, "%d.%03d ", index / 1000, index % 1000);
		}
		eg_str_add(out, "\n");
	}
}

static uint64_t field(const struct result_file *f, const double *v, const char *name)
{
	for (unsigned i = 0; i < result_nr_meminfo(f); i++)
		if (strcmp(result_meminfo_name(f, i), name) == 0)
			return whole(v[i]);
	return 0;
}

static void free_tool(const struct result_file *f, const double *v, struct eg_str *out)
{
	uint64_t total = field(f, v, "MemTotal"), available = field(f, v, "MemAvailable");
	uint64_t swap = field(f, v, "SwapTotal"), swap_free = field(f, v, "SwapFree");
	uint64_t cache = field(f, v, "Buffers") + field(f, v, "Cached") + field(f, v, "SReclaimable");

	eg_str_addf(out, "%20s%12s%12s%12s%12s%12s\n", "total", "used", "free", "shared", "buff/cache", "available");
	eg_str_addf(out, "%-8s%12" PRIu64 "%12" PRIu64 "%12" PRIu64 "%12" PRIu64 "%12" PRIu64 "%12" PRIu64 "\n", "Mem:",
		    total, total > available ? total - available : 0, field(f, v, "MemFree"), field(f, v, "Shmem"), cache,
		    available);
	eg_str_addf(out, "%-8s%12" PRIu64 "%12" PRIu64 "%12" PRIu64 "\n", "Swap:", swap,
		    swap > swap_free ? swap - swap_free : 0, swap_free);
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

/* "buddyinfo, meminfo, ...": the views that are built. */
static void list_views(char *buf, size_t size)
{
	size_t at = 0;

	*buf = '\0';
	for (unsigned i = 0; report_views[i].name && at < size; i++)
		if (report_views[i].built)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", report_views[i].name);
}

eg_status report_check_view(const char *name, struct eg_errors *err)
{
	const char *near = eg_did_you_mean(name, view_name, NULL);
	char list[200];

	list_views(list, sizeof(list));
	for (unsigned i = 0; report_views[i].name; i++)
		if (strcmp(report_views[i].name, name) == 0)
			return report_views[i].built ? EG_OK :
			       eg_fail(err, EG_USAGE, "--as %s is not built yet; there are: %s", name, list);
	if (near)
		return eg_fail(err, EG_USAGE, "unknown view %.40s; did you mean `%s`? There are: %s", name, near, list);
	return eg_fail(err, EG_USAGE, "unknown view %.40s; there are: %s", name, list);
}

eg_status report_text(struct result_file *f, const char *name, size_t point, unsigned seed, size_t index,
		      struct eg_str *out, struct eg_errors *err)
{
	const unsigned zones = result_nr_zones(f), vm = result_nr_vmstat(f), mem = result_nr_meminfo(f);
	const bool of_mem = strcmp(name, "meminfo") == 0 || strcmp(name, "free") == 0, of_vm = strcmp(name, "vmstat") == 0;
	const bool of_zones = !of_mem && !of_vm;
	double *v;
	eg_status s;

	EG_TRY(report_check_view(name, err));
	if (of_zones ? !zones : of_mem ? !mem : !vm)
		return eg_fail(err, EG_BAD_INPUT, "%s: its snapshots hold nothing for %s", result_path(f), name);
	v = eg_calloc((size_t)zones * EG_NR_ORDERS + vm + mem, sizeof(*v));
	if (!v)
		return eg_fail(err, EG_NO_MEMORY, "no memory for a snapshot");
	s = result_read_snapshots(f, point, seed, index, 1, of_zones ? v : NULL, NULL, of_vm ? v : NULL,
				  of_mem ? v : NULL, err);
	if (s != EG_OK)
		;
	else if (of_vm)
		vmstat(f, v, out);
	else if (of_mem && *name == 'm')
		meminfo(f, v, out);
	else if (of_mem)
		free_tool(f, v, out);
	else if (strcmp(name, "buddyinfo") == 0)
		buddyinfo(f, v, out);
	else
		indices(f, v, *name == 'u', out);
	eg_free(v);
	if (s == EG_OK && out->failed)
		return eg_fail(err, EG_NO_MEMORY, "no memory for the text");
	return s;
}
