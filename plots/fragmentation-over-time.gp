# SPDX-License-Identifier: GPL-3.0-or-later
# figure: unusable free space index for 2 MiB blocks over simulated time
# table: series
# column: frag.unusable.all.9 | frag.unusable_milli.all.9 * 0.001 | frag.unusable_milli.n0.normal.9 * 0.001 ; unusable free space index ; 0 to 1
# caption: Unusable free space index at order 9: the share of the free memory that no free block of 2 MiB can serve (0: all of it can, 1: none of it), against simulated time.
# caption: A curve ends where the shortest of its runs ends.
#
# block c of the data: time, mean over the seeds, interval from, to, n, 1 if the line is broken before and behind
set style fill transparent solid 0.22 noborder
set xrange [0:x_max]
# noise is not to fill the axis, nor an interval to go beyond what the index can be
set yrange [0:(panel_max[1] < 0.1 ? 0.1 : panel_max[1] > 1 ? 1 : panel_max[1] * 1.03)]
set xlabel "simulated time (" . x_unit . ")" offset 0,0.8
set xtics x_step offset 0,0.4
set ytics offset 0.4,0
set multiplot
i = 1
@place
y_text = "unusable free space index\nfor 2 MiB blocks (0 to 1)"
y_left = 31
@upright
plot for [c=1:nr_blocks] data index c-1 using 1:3:4 with filledcurves ls curve_point[c] notitle, \
     for [c=1:nr_blocks] data index c-1 using 1:2 with lines ls curve_point[c] notitle
if (nr_points > 1) {
	key_title = axes
	@key_only
	plot for [k=1:nr_points] NaN with lines ls k title point_label[k]
}
unset multiplot
