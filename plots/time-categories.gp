# SPDX-License-Identifier: GPL-3.0-or-later
# figure: where CPU time goes: shares of the categories, and the total
# table: parts
# column: time. ; share of CPU time ; CPU time ; idle
# caption: Share of CPU time by category, and CPU time in all, both summed over CPUs, of the measured interval. Each picosecond of a CPU has one category; categories of less than 1 % at every point are joined as "other".
#
# block b of the data: point, place, mean, interval from, to, n, sum of the blocks below
box = 0.36
# neighbours differ in lightness, and so in grey
part_colours = "#00436A #BFDDF0 #D55E00 #F6D98B #009E73 #E7BBD5 #6A3D7C"
colour(b) = b == part_top ? "#FFFFFF" : b == part_other ? "#B0B0B0" : word(part_colours, b)
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
	if (i == 1) {
		plot for [b=first[i]:last[i]] data index b-1 using 2:($6 > 1 ? $7 + $3 : NaN):($2 - box):($2 + box):7:($7 + $3) \
		         with boxxyerror lc rgb colour(b) lw 0.5 fs solid border rgb "black" notitle, \
		     for [b=first[i]:last[i]] data index b-1 using 2:($6 == 1 ? $3 : NaN) with points ls b notitle
	} else {
		plot data index first[i]-1 using 2:($6 > 1 ? $3 : NaN) with boxes lc rgb "#0072B2" lw 0.7 fs solid 0.55 border notitle, \
		     data index first[i]-1 @interval, \
		     data index first[i]-1 @low_end, \
		     data index first[i]-1 @high_end, \
		     data index first[i]-1 using 2:($6 == 1 ? $3 : NaN) with points ls 1 notitle
	}
}
@key_only
box_key = 'for [b=first[1]:last[1]] NaN with boxes lc rgb colour(b) lw 0.5 fs solid border rgb "black" title block_label[b]'
dot_key = 'for [b=first[1]:last[1]] NaN with points ls b title block_label[b] . (several ? " (1 seed)" : "")'
if (several && single) { plot @box_key, @dot_key }
if (!single) { plot @box_key }
if (!several) { plot @dot_key }
unset multiplot
