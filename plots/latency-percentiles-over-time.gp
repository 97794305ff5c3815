# SPDX-License-Identifier: GPL-3.0-or-later
# figure: median, 99th and 99.9th percentile of page-fault latency over simulated time
# table: series
# column: fault_latency_interval.all.p50 ; median ; ns
# column: fault_latency_interval.all.p99 ; 99th percentile ; ns
# column: fault_latency_interval.all.p99_9 ; 99.9th percentile ; ns
# caption: Percentiles of the latency of the page faults of each sampling interval, from the faulting access to its return, waiting included, against simulated time. Vertical axes are logarithmic and differ.
# caption: A line is broken where, in one of the runs, there was no fault between two samples, and ends where the shortest of its runs ends. Of fewer than 1000 faults the 99.9th percentile is the largest, of fewer than 100 the 99th too.
#
# block c of the data: time, mean over the seeds, interval from, to, n, 1 if the line is broken before and behind
set style fill transparent solid 0.22 noborder
set xrange [0:x_max]
set xtics x_step offset 0,0.4
set logscale y
# the smallest of 1, 2, 2.5 or 5 times a power of ten that is at least v
nice(v) = (e = floor(log10(v)), m = v / 10**e, 10**e * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 2.5 ? 2.5 : m <= 5 ? 5 : 10))
above(v, least) = v > least ? v : least
set multiplot
do for [i=1:nr_panels] {
	unset label
	@place
	if (nr_panels > 1) { @name }
	# without a positive value there is nothing to take a logarithm of: the panel is empty
	y_low = panel_min[i] > 0 ? panel_min[i] * 0.95 : 0.1
	y_high = panel_max[i] > 0 ? panel_max[i] * 1.05 : 1
	# noise is not to fill the axis
	if (y_high < y_low * 1.3) { y_high = y_high * 1.08; y_low = y_low / 1.08 }
	set yrange [y_low:y_high]
	set ytics () offset 0.4,0
	if (y_high > 4 * y_low) {
		do for [k=-4:9] { do for [m in "1 2 5"] {
			v = m * 10.0**k
			if (m == 1 || y_high < 40 * y_low) { set ytics add (sprintf("%g", v) v) } else { set ytics add ("" v 1) }
		} }
	} else {
		step = nice((y_high - y_low) / 4)
		do for [k=0:8] { v = (ceil(y_low / step) + k) * step; if (v <= y_high) { set ytics add (sprintf("%g", v) v) } }
	}
	y_text = i == 1 || panel_columns == 1 ? "latency (" . panel_unit[i] . ")" : ""
	y_left = 31
	@upright
	set xlabel lowest[i] ? "simulated time (" . x_unit . ")" : "" offset 0,0.8
	if (lowest[i]) { set xtics format "%g" } else { set xtics format "" }
	plot for [c=first[i]:last[i]] data index c-1 using 1:(above($3, y_low)):(above($4, y_low)) with filledcurves ls curve_point[c] notitle, \
	     for [c=first[i]:last[i]] data index c-1 using 1:2 with lines ls curve_point[c] notitle, \
	     for [c=first[i]:last[i]] data index c-1 using 1:($6 > 0 ? $2 : NaN) with points ls curve_point[c] ps 0.2 notitle
}
if (nr_points > 1) {
	key_title = axes
	@key_only
	plot for [k=1:nr_points] NaN with lines ls k title point_label[k]
}
unset multiplot
