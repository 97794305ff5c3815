# SPDX-License-Identifier: GPL-3.0-or-later
# figure: a handful of metrics at every sweep point, with intervals
# table: summary
# column: elapsed | run.elapsed ; run time
# column: fault_latency.anon.p99 ; p99 of a first touch
# column: fault_latency.cow.p99 ; p99 of a copy-on-write
# column: frag.unusable.all.9 | frag.unusable_milli.n0.normal.9 * 0.001 ; unusable free space ; share
# column: walk.refs / tlb.lookups * 1000 ; page-table reads ; per 1000 look-ups
# column: pt.bytes ; page tables
# caption: Metrics at every point of the sweep; each panel has its own axis, which begins at zero. Unusable free space: share of the free memory, at the end, that no block of 2 MiB can serve.
#
# block b of the data: point, place, mean, interval from, to, n, 0
box = 0.36
set multiplot
set xrange [0.3:nr_points + 0.7]
set boxwidth 2 * box
do for [i=1:nr_panels] {
	unset label
	@place
	@name
	if (i == 1) { @foot }
	@bar_axes
	y_text = panel_unit[i]
	y_left = 27
	@upright
	plot data index first[i]-1 using 2:($6 > 1 ? $3 : NaN) with boxes lc rgb "#0072B2" lw 0.7 fs solid 0.55 border notitle, \
	     data index first[i]-1 @interval, \
	     data index first[i]-1 @low_end, \
	     data index first[i]-1 @high_end, \
	     data index first[i]-1 using 2:($6 == 1 ? $3 : NaN) with points ls 1 notitle
}
unset multiplot
