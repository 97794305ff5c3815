#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The core, base to machine, links with libc and libm alone: every object of libengram-core.a goes into one
# program that names run_cell() and each registry of the archive. The shared libraries the program asks for
# are then counted, and a planted reference to libyaml must fail the same link.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
core=$BUILDDIR/libengram-core.a
tap_show() { head -n 20 "$tmp/out"; }

if ! command -v nm >/dev/null 2>&1 || ! command -v readelf >/dev/null 2>&1; then
	skip_all "no nm and readelf"
fi
registries=$(nm "$core" 2>/dev/null | sed -n 's/^[0-9a-f]* [DdRr] \([a-z_]*_registry\)$/\1/p' | sort -u)
{
	echo '#include <stdio.h>'
	echo 'extern int run_cell(void);'
	for r in $registries; do printf 'extern const void *const %s[];\n' "$r"; done
	echo 'int main(int argc, char **argv) { unsigned n = 0; (void)argv;'
	echo 'if (argc > 1000) return run_cell();'
	for r in $registries; do
		printf 'for (n = 0; %s[n]; n++) ; printf("%s %%u\\n", n);\n' "$r" "$r"
	done
	echo 'return 0; }'
} >"$tmp/all.c"

# shellcheck disable=SC2086  # the compiler and its flags are several words
link() { $CC ${SAN_CFLAGS:-} -w -o "$1" "$2" -Wl,--whole-archive "$core" -Wl,--no-whole-archive -lm >"$tmp/out" 2>&1; }

rc=0
link "$tmp/all" "$tmp/all.c" || rc=1
result $rc "all of the core links with libc and libm alone"
if [ $rc = 0 ]; then
	readelf -d "$tmp/all" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$tmp/needed"
	# the sanitizers' run time brings its own
	grep -vE '^(libc|libm|libgcc_s|libasan|libubsan|liblsan|libpthread|libdl|librt|libresolv|ld-linux-[a-z0-9-]*)\.so' \
		"$tmp/needed" >"$tmp/out" || :
	[ ! -s "$tmp/out" ] || rc=1
	result $rc "and asks for no other library"
	rc=0
	"$tmp/all" >"$tmp/out" 2>&1 || rc=1
	grep -q ' 0$' "$tmp/out" && rc=1
	for r in palloc_registry tlb_registry; do grep -q "^$r [1-9]" "$tmp/out" || rc=1; done
	result $rc "its registries are full: $(tr '\n' ' ' <"$tmp/out")"
fi

cp "$tmp/all.c" "$tmp/bad.c"
echo 'extern int yaml_parser_initialize(void *); int planted(void); int planted(void) { return yaml_parser_initialize(0); }' >>"$tmp/bad.c"
rc=0
link "$tmp/bad" "$tmp/bad.c" && rc=1
grep -q yaml_parser_initialize "$tmp/out" || rc=1
result $rc "a planted call of libyaml fails the link"
tap_done
