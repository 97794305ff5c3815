# SPDX-License-Identifier: GPL-3.0-or-later
# figure: what a page walk costs: page-table reads by level, and time
# table: summary
# column: (walk.count - tlb.misses.l2_2m) / walk.count ; PTE ; reads per walk ; page-table reads
# column: (walk.count - pwc.hits.pd) / walk.count ; PDE ; reads per walk ; page-table reads
# column: (walk.count - pwc.hits.pd - pwc.hits.pdpt) / walk.count ; PDPTE ; reads per walk ; page-table reads
# column: (walk.count - pwc.hits.pd - pwc.hits.pdpt - pwc.hits.pml4) / walk.count ; PML4E ; reads per walk ; page-table reads
# column: walk.ns_per_walk ; time per walk ; ns
# column: walk.count / tlb.lookups * 1000 ; walks ; per 1000 look-ups
# column: time_pct.walk ; walking ; % of CPU time
# caption: What page walks cost. Page-table reads of a walk by the level of the entry, which is where it began: below a cached PDE a walk reads the PTE alone, below a cached PDPTE the PDE too, and from the root all four; a walk to a 2 MiB page reads no PTE.
# caption: Time of a walk; how many there are for 1000 look-ups of the first-level TLBs; and the share of CPU time, idle included, that they take together.
#
# block b of the data: point, place, mean, interval from, to, n, sum of the blocks below
box = 0.36
part_colours = "#BFDDF0 #E69F00 #009E73 #00436A"
set multiplot
set xrange [0.3:nr_points + 0.7]
set boxwidth 2 * box
stack = 0
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
		stack = i
		plot for [b=first[i]:last[i]] data index b-1 using 2:($6 > 1 ? $7 + $3 : NaN):($2 - box):($2 + box):7:($7 + $3) \
		         with boxxyerror lc rgb word(part_colours, b - first[i] + 1) lw 0.5 fs solid border rgb "black" notitle, \
		     for [b=first[i]:last[i]] data index b-1 using 2:($7 + $4):(0):($5 - $4) with vectors nohead lc rgb "black" lw 0.8 notitle, \
		     for [b=first[i]:last[i]] data index b-1 using 2:($6 == 1 ? $3 : NaN) with points ls b - first[i] + 1 notitle
	} else {
		plot data index first[i]-1 using 2:($6 > 1 ? $3 : NaN) with boxes lc rgb "#0072B2" lw 0.7 fs solid 0.55 border notitle, \
		     data index first[i]-1 @interval, \
		     data index first[i]-1 @low_end, \
		     data index first[i]-1 @high_end, \
		     data index first[i]-1 using 2:($6 == 1 ? $3 : NaN) with points ls 1 notitle
	}
}
# with few data there may be no stack, and then no key
parts = stack ? stack : 1
@key_only
box_key = 'for [b=first[parts]:last[parts]] NaN with boxes lc rgb word(part_colours, b - first[parts] + 1) lw 0.5 fs solid border rgb "black" title block_label[b]'
dot_key = 'for [b=first[parts]:last[parts]] NaN with points ls b - first[parts] + 1 title block_label[b] . (several ? " (1 seed)" : "")'
if (stack && several && single) { plot @box_key, @dot_key }
if (stack && !single) { plot @box_key }
if (stack && !several) { plot @dot_key }
unset multiplot
