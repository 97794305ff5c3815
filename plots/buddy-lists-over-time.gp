# SPDX-License-Identifier: GPL-3.0-or-later
# figure: free memory by the size of its blocks (the buddy lists), over simulated time
# table: stack
# column: frag.free_blocks.all.10 * 4194304 ; 4 MiB ; bytes
# column: frag.free_blocks.all.9 * 2097152 ; 2 MiB ; bytes
# column: frag.free_blocks.all.8 * 1048576 ; 1 MiB ; bytes
# column: frag.free_blocks.all.7 * 524288 ; 512 KiB ; bytes
# column: frag.free_blocks.all.6 * 262144 ; 256 KiB ; bytes
# column: frag.free_blocks.all.5 * 131072 ; 128 KiB ; bytes
# column: frag.free_blocks.all.4 * 65536 ; 64 KiB ; bytes
# column: frag.free_blocks.all.3 * 32768 ; 32 KiB ; bytes
# column: frag.free_blocks.all.2 * 16384 ; 16 KiB ; bytes
# column: frag.free_blocks.all.1 * 8192 ; 8 KiB ; bytes
# column: frag.free_blocks.all.0 * 4096 ; 4 KiB ; bytes
# caption: Free memory by the size of the free blocks that hold it (orders 10 to 0 of the buddy lists, summed over the zones), stacked, against simulated time; one panel for each point of the sweep, all with one scale.
# caption: Dark is large. Below the white line lies the memory that can serve a request of 2 MiB.
# caption: A panel ends where the shortest of its runs ends.
#
# block b of the data: time, base, top (base + mean), mean over the seeds, n
palette = "#440154 #482475 #414487 #355F8D #2A788E #21918C #22A884 #44BF70 #7AD151 #BDDF26 #FDE725"
set multiplot
set xrange [0:x_max]
set xtics x_step offset 0,0.4
set grid noxtics noytics
do for [i=1:nr_panels] {
	unset label
	@place
	if (nr_panels > 1) { @name }
	first_column = (i - 1) % panel_columns == 0
	set yrange [0:y_top[i]]
	if (first_column) { set ytics 0,y_step[i] offset 0.4,0 format "%g" } else { set ytics 0,y_step[i] format "" }
	y_text = first_column ? "free memory (" . panel_unit[i] . ")" : ""
	y_left = 27
	@upright
	set xtics format (lowest[i] ? "%g" : "")
	set xlabel lowest[i] ? "simulated time (" . x_unit . ")" : "" offset 0,0.8
	# from the top down, each to the axis: areas that only touch would leave hairlines between them
	plot for [b=last[i]:first[i]:-1] data index b-1 using 1:3 with filledcurves y=0 fc rgb word(palette, b - first[i] + 1) fs solid noborder notitle, \
	     data index last[i]-1 using 1:3 with lines lc rgb "#808080" lw 0.4 notitle, \
	     data index first[i] using 1:3 with lines lc rgb "white" lw 1.1 notitle
}
key_title = "size of the free blocks"
@key_only
plot for [b=first[1]:last[1]] NaN with boxes lc rgb word(palette, b) lw 0.3 fs solid border rgb "black" title block_label[b]
unset multiplot
