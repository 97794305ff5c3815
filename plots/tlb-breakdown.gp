# SPDX-License-Identifier: GPL-3.0-or-later
# figure: where translations end: first-level TLB, second-level TLB, page walk
# table: summary-all
# column: (tlb.hits.l1d + tlb.hits.l1i) / tlb.lookups * 100 ; L1 hit ; % ; look-ups
# column: tlb.hits.l2 / tlb.lookups * 100 ; L2 hit ; % ; look-ups
# column: tlb.misses.l2 / tlb.lookups * 100 ; walk ; % ; look-ups
# column: (tlb.misses.l1d + tlb.misses.l1i) / tlb.lookups * 1000 ; L1 misses ; per 1000
# column: tlb.misses.l2 / tlb.lookups * 1000 ; walks ; per 1000
# caption: (a) Where the look-ups of the first-level TLBs (data and instructions) end, in percent. (b) Misses of the first level and (c) of the last, which walk the page table, per 1000 look-ups.
#
# block b of the data: point, place, mean, interval from, to, n, sum of the blocks below
box = 0.36
part_colours = "#BFDDF0 #E69F00 #00436A"
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
	if (last[i] > first[i]) {
		plot for [b=first[i]:last[i]] data index b-1 using 2:($6 > 1 ? $7 + $3 : NaN):($2 - box):($2 + box):7:($7 + $3) \
		         with boxxyerror lc rgb word(part_colours, b - first[i] + 1) lw 0.5 fs solid border rgb "black" notitle, \
		     for [b=first[i]:last[i]] data index b-1 using 2:($6 == 1 ? $3 : NaN) with points ls b - first[i] + 1 notitle
	} else {
		plot data index first[i]-1 using 2:($6 > 1 ? $3 : NaN) with boxes lc rgb "#0072B2" lw 0.7 fs solid 0.55 border notitle, \
		     data index first[i]-1 @interval, \
		     data index first[i]-1 @low_end, \
		     data index first[i]-1 @high_end, \
		     data index first[i]-1 using 2:($6 == 1 ? $3 : NaN) with points ls 1 notitle
	}
}
@key_only
box_key = 'for [b=first[1]:last[1]] NaN with boxes lc rgb word(part_colours, b) lw 0.5 fs solid border rgb "black" title block_label[b]'
dot_key = 'for [b=first[1]:last[1]] NaN with points ls b title block_label[b] . (several ? " (1 seed)" : "")'
if (several && single) { plot @box_key, @dot_key }
if (!single) { plot @box_key }
if (!several) { plot @dot_key }
unset multiplot
