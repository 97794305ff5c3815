# SPDX-License-Identifier: GPL-3.0-or-later
# Okabe-Ito palette; colour, dash and symbol all differ, so that grey prints stay readable. The second eight styles
# repeat the colours with other dashes.
set encoding utf8
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000 #8C7A00"
set style line  1 lc rgb word(colours, 1) lw 1.3 dt 1            pt 7  ps 0.4
set style line  2 lc rgb word(colours, 2) lw 1.3 dt (10,4)       pt 4  ps 0.45
set style line  3 lc rgb word(colours, 3) lw 1.3 dt (3,3)        pt 9  ps 0.5
set style line  4 lc rgb word(colours, 4) lw 1.3 dt (10,4,2,4)   pt 12 ps 0.55
set style line  5 lc rgb word(colours, 5) lw 1.3 dt (6,3)        pt 6  ps 0.4
set style line  6 lc rgb word(colours, 6) lw 1.3 dt (14,3,2,3,2,3) pt 5 ps 0.4
set style line  7 lc rgb word(colours, 7) lw 1.1 dt (1,2)        pt 8  ps 0.5
set style line  8 lc rgb word(colours, 8) lw 1.3 dt (18,4)       pt 13 ps 0.5
set style line  9 lc rgb word(colours, 1) lw 1.3 dt (3,3)        pt 6  ps 0.4
set style line 10 lc rgb word(colours, 2) lw 1.3 dt 1            pt 4  ps 0.4
set style line 11 lc rgb word(colours, 3) lw 1.3 dt (10,4)       pt 8  ps 0.5
set style line 12 lc rgb word(colours, 4) lw 1.3 dt 1            pt 12 ps 0.5
set style line 13 lc rgb word(colours, 5) lw 1.3 dt (10,4,2,4)   pt 7  ps 0.4
set style line 14 lc rgb word(colours, 6) lw 1.3 dt 1            pt 5  ps 0.4
set style line 15 lc rgb word(colours, 7) lw 1.1 dt (10,4)       pt 9  ps 0.5
set style line 16 lc rgb word(colours, 8) lw 1.3 dt (3,3)        pt 13 ps 0.5
set border 3 lw 0.75
set tics nomirror out scale 0.5 font ",6"
set format "%g"
set grid ytics lc rgb "#dddddd" lw 0.5 dt 1
set datafile missing "-"
set key autotitle columnhead
set key off
# points(v): v points as a part of the figure's height or width
high(v) = v / (72.0 * fig_height)
wide(v) = v / (72.0 * fig_width)
letter(i) = nr_panels > 1 ? sprintf("(%c) ", 96 + i) : ""
# @place: the margins of panel i. @name: its letter and name above it. @upright: text y_text beside it
place = 'set lmargin at screen left[i]; set rmargin at screen right[i]; set tmargin at screen top[i]; set bmargin at screen bottom[i]'
name = 'set label 1 letter(i) . panel_label[i] at screen left[i] - wide(10), top[i] + high(8) font ",7"'
upright = 'set label 2 y_text at screen left[i] - wide(y_left), (top[i] + bottom[i]) / 2 center rotate by 90 font ",7"'
# @bar_axes: tics of panel i of a figure of bars
bar_axes = 'set xtics (); set for [k=1:nr_points] xtics add ((!lowest[i] ? "" : numbered ? sprintf("%d", k) : tick_label[k]) k); if (label_angle) { set xtics rotate by label_angle right offset 0,0.2 } else { set xtics norotate center offset 0,0.4 }; set yrange [0:y_top[i]]; set ytics 0,y_step[i] offset 0.4,0'
# @interval, @low_end, @high_end: an interval and its ends; yerrorbars would leave a white disc around each mean
interval = 'using 2:4:(0):($5 - $4) with vectors nohead lc rgb "black" lw 0.8 notitle'
low_end = 'using ($2 - box / 4):4:(box / 2):(0) with vectors nohead lc rgb "black" lw 0.8 notitle'
high_end = 'using ($2 - box / 4):5:(box / 2):(0) with vectors nohead lc rgb "black" lw 0.8 notitle'
# @foot: below all panels, what the bars' labels are labels of, and the labels if bars are numbered
foot = 'set label 3 axes at screen (left[1] + right[panel_columns]) / 2, high(5 + 7.5 * foot_lines) center font ",7"; do for [k=1:foot_lines] { set label 3 + k foot_line[k] at screen left[1], high(4.5 + 7.5 * (foot_lines - k)) font ",6" }'
# @key_only: after the panels, room for a key above them and nothing else; key_title: what its labels are labels of
if (!exists("key_title")) key_title = ""
key_only = 'unset label; unset border; unset tics; unset grid; unset xlabel; unset ylabel; unset logscale; set xrange [0:1]; set yrange [0:1]; set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 1 - key_height; set key at screen 0.5, 1 - high(2.5) center top horizontal Left reverse samplen 2.4 spacing 1.25 width 1.2 maxcols key_columns font ",6" title key_title font ",6"'
