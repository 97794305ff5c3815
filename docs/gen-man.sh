#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# gen-man.sh ENGRAM PAGE [SOURCE] : print a manual page, made from the tables of the program, so that page and program cannot
# differ. Pages of verbs are made whole. SOURCE is a page written by hand, in which a line
#
#   .\" @table TOPIC
#
# stands for the list of a topic (`engram list`; machine, machine.costs, measure, stop, replay: the keys of a section).
set -eu
engram=$1 page=$2 source=${3-}
LC_ALL=C; export LC_ALL
if [ -z "$source" ]; then
	page=${page##*/}
	exec "$engram" __man page "${page%.*}"
fi
while IFS= read -r line; do
	case $line in
	'.\" @table '*) "$engram" __man table "${line#.?\" @table }" ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$source"
