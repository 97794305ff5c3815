#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# check.sh ROOT : print every line of the C sources below ROOT that breaks the layers; exit 1 if there is one.
#
# The include line is the dependency graph, so it is enough to look at include lines, and at calls of a few
# functions of the C library. The table is section 1 of DESIGN.md, row by row.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT
status=0
cd "$1"
# The structs of the rooms that metrics look at and must not change; a view is filled for its reader.
looked_at=$(find sim/phys sim/mmu sim/vm -name '*.h' -exec sed -n 's/^struct \([a-z_0-9]*\) {.*/\1/p' {} + 2>/dev/null | grep -v '_view$' | sort -u | tr '\n' '|')
find sim workloads results plots -type f \( -name '*.c' -o -name '*.h' \) 2>/dev/null | LC_ALL=C sort |
LC_ALL=C xargs awk -v looked_at="${looked_at%|}" '
# room: what it may include; a word ending in .h is one header
BEGIN {
	may["sim/base"]        = ""
	may["sim/engine"]      = "sim/base"
	may["workloads/gen"]   = "sim/base workloads/trace/trace.h"
	may["workloads/trace"] = "sim/base"
	may["sim/phys"]        = may["sim/engine"] " sim/engine"
	may["sim/slab"]        = may["sim/phys"] " sim/phys"
	may["sim/mmu"]         = may["sim/phys"] " sim/phys"
	may["sim/heap"]        = "sim/base"
	may["sim/vm"]          = may["sim/mmu"] " sim/mmu"
	may["sim/reclaim"]     = may["sim/vm"] " sim/vm"
	may["sim/numa"]        = may["sim/vm"] " sim/vm"
	may["sim/metric"]      = "sim/base sim/engine sim/phys sim/mmu sim/vm sim/slab sim/heap sim/reclaim sim/numa"
	may["sim/machine"]     = may["sim/reclaim"] " sim/reclaim sim/numa sim/slab sim/heap sim/metric" \
				 " workloads/gen/gen.h workloads/trace/trace.h"
	may["results"]         = "sim/base sim/metric sim/machine workloads/trace/trace.h"
	may["sim/experiment"]  = may["sim/machine"] " sim/machine results workloads/gen workloads/trace"
	may["plots"]           = "sim/base sim/machine results"
	may["sim/bench"]       = "sim/base sim/engine sim/phys sim/mmu sim/vm sim/machine workloads/trace"
	may["sim/cli"]         = may["sim/experiment"] " sim/experiment plots sim/bench"
	# one library, one room
	lib["hdf5"] = "results"; lib["yaml"] = "sim/experiment"; lib["gsl"] = "workloads/gen results"
	lib["zstd"] = lib["zlib"] = lib["lzma"] = lib["bzlib"] = "workloads/trace"
	allocators = "malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|strdup|strndup|asprintf|vasprintf|getline|getdelim|open_memstream"
	speakers = "printf|vprintf|puts|putchar|perror|exit|abort|quick_exit|warn|warnx|err|errx"
}
function bad(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; broken = 1 }
function room_of(path,    r) {
	for (r = path; sub(/\/[^\/]*$/, "", r); )
		if (r in may)
			return r
	return ""
}
function listed(word, list,    a, n, i) {
	n = split(list, a, " ")
	for (i = 1; i <= n; i++)
		if (a[i] == word)
			return 1
	return 0
}
function allowed(room, target,    to) {
	to = room_of(target)
	return to == room || listed(to, may[room]) || listed(target, may[room])
}
# Is there a call of one of these functions (a whole word before a parenthesis) in this line of bare code?
function calls(code, names) { return match(code, "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*\\(") }

FNR == 1 {
	in_comment = 0
	room = room_of(FILENAME)
	if (room == "")
		bad("no such room in the table of layers")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	target = $0
	sub(/^[^"]*"/, "", target); sub(/".*/, "", target)
	if (target == "config.h") {
		next
	} else if (target ~ /\.c$/) {
		bad("includes the source file " target)
	} else if (target !~ /\// || (getline line < target) < 0) {
		bad("includes " target ", which is no path of a header from the top")
	} else if (!allowed(room, target)) {
		bad(room " must not include " target)
	}
	close(target)
	next
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	target = $0
	sub(/^[^<]*</, "", target); sub(/[>\/.].*/, "", target)
	sub(/^hdf5_hl|^H5.*/, "hdf5", target)
	if (target in lib && !listed(room, lib[target]))
		bad(room " must not include <" target ".h>: " lib[target] " alone does")
	next
}
{
	code = $0
	gsub(/\047(\\.|[^\\\047])\047/, "0", code)
	gsub(/"(\\.|[^"\\])*"/, "0", code)
	if (in_comment) {
		if (!sub(/^.*\*\//, "", code))
			next
		in_comment = 0
	}
	while (match(code, /\/\*/)) {
		rest = substr(code, RSTART + 2)
		code = substr(code, 1, RSTART - 1)
		if ((end = index(rest, "*/")) == 0) {
			in_comment = 1
			break
		}
		code = code " " substr(rest, end + 2)
	}
	sub(/\/\/.*/, "", code)
	if (room == "sim/metric" && looked_at != "") {
		rest = code
		gsub(/const struct/, "const_struct", rest)
		if (match(rest, "(^|[^A-Za-z0-9_])struct (" looked_at ") *[*]"))
			bad("a metric looks at other rooms through pointers to const: " code)
	}
	if (FILENAME != "sim/base/mem.c" && code !~ /#pragma/ && calls(code, allocators))
		bad("host memory is asked for in sim/base/mem.c alone: " substr(code, RSTART, RLENGTH))
	if (room != "sim/cli" && FILENAME != "sim/base/check.c") {
		if (calls(code, speakers) || code ~ /(^|[^A-Za-z0-9_])stderr([^A-Za-z0-9_]|$)/)
			bad("nothing below sim/cli prints or exits: " code)
		if (room != "workloads/trace" && code ~ /(^|[^A-Za-z0-9_])stdout([^A-Za-z0-9_]|$)/)
			bad("nothing below sim/cli prints: " code)
	}
}
END { exit broken }
' || status=1

# A policy knows its own contract and no other: contract headers are those that a registry is made from.
contracts=$(find sim workloads results plots -name room.mk -exec sed -n 's/.*\$(GEN_REGISTRY) *\([a-z_]*\)  *\([^ ]*\.h\) .*/\1:\2/p' {} +)
for c in $contracts; do
	[ "${c%%:*}" != verb ] || continue      # a verb may use all
	own=${c#*:}
	for list in "${own%/*}"/plugins.mk; do
		[ -f "$list" ] || continue
		sed -n 's/^[A-Z_]*PLUGINS *+= *\([^ ]*\.c\).*/\1/p' "$list" | while read -r policy; do
			for other in $contracts; do
				[ "$other" = "$c" ] || ! grep -qF "#include \"${other#*:}\"" "$policy" 2>/dev/null ||
					echo "$policy: a policy of ${own} must not include the contract ${other#*:}"
			done
		done
	done
done >"$found"
cat "$found"
[ ! -s "$found" ] || status=1
exit "$status"
