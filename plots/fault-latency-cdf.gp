# SPDX-License-Identifier: GPL-3.0-or-later
# figure: distribution of page-fault latency, a panel for each kind of fault
# table: latency
# column: fault_latency
# caption: Cumulative distribution of the latency of page faults, from the faulting access to its return, waiting included; one panel for each kind of fault.
# caption: The vertical axis is logarithmic in what remains, so that the tail can be read; symbols mark the median and the 99th percentile.
#
# block c of the data: latency, share of the faults up to it, percentile reached there (50, 99 or -)
y(share) = share < 1 - 10**-nines ? -log10(1 - share) : nines
decades = log10(x_max / x_min)
# round outwards to 1, 2 or 5 times a power of ten
round_to(v, up) = (e = floor(log10(v)), m = v / 10**e, 10**e * (up ? (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) : (m >= 5 ? 5 : m >= 2 ? 2 : 1)))
set multiplot
set logscale x
set xrange [round_to(x_min * 0.9, 0):round_to(x_max * 1.05, 1)]
set xtics ()
do for [k=-3:12] { do for [m in "1 2 5"] {
	v = m * 10.0**k
	if (m == 1 && (decades < 5 || k % 2 == 0) || decades < 1.6) { set xtics add (sprintf("%g", v) v) } else { set xtics add ("" v 1) }
} }
set yrange [0:nines]
do for [i=1:nr_panels] {
	@place
	@name
	first_column = (i - 1) % panel_columns == 0
	set ytics ()
	set for [k=1:4] ytics add ((first_column ? word("90 99 99.9 99.99", k) : "") k)
	set ytics add ((first_column ? "50" : "") -log10(0.5), (first_column && nines < 3.6 ? "0" : "") 0)
	set ytics offset 0.4,0
	y_text = first_column ? "cumulative share (%)" : ""
	y_left = 26
	@upright
	set xlabel lowest[i] ? "latency (" . x_unit . ")" : "" offset 0,0.8
	set xtics offset 0,0.4
	plot for [c=first[i]:last[i]] data index c-1 using 1:(y($2)) with steps ls curve_point[c] notitle, \
	     for [c=first[i]:last[i]] data index c-1 using 1:(y($3 / 100.0)) with points ls curve_point[c] notitle
}
if (nr_points > 1) {
	key_title = axes
	@key_only
	plot for [k=1:nr_points] NaN with linespoints ls k title point_label[k]
}
unset multiplot
