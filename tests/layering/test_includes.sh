#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The include lines of the project obey the layers, and the checker that says so sees each kind of breach.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
check="$SRCDIR/tests/layering/check.sh"

tap_show() { cat "$tmp/out"; }

rc=0
sh "$check" "$SRCDIR" >"$tmp/out" 2>&1 || rc=$?
result $rc "every include line and call obeys the table of layers"

# a small healthy tree, the ground for the planted breaches
fresh()
{
	rm -rf "$tmp/t"
	for d in sim/base sim/phys/palloc sim/mmu/tlb sim/vm sim/metric sim/machine sim/cli results workloads/gen \
		 workloads/trace plots sim/experiment; do
		mkdir -p "$tmp/t/$d"
	done
	echo 'struct space { int n; };' >"$tmp/t/sim/vm/space.h"
	for h in sim/base/types.h sim/vm/vm.h sim/phys/phys.h sim/phys/palloc/palloc.h sim/mmu/tlb/tlb.h \
		 sim/machine/run.h workloads/trace/trace.h; do
		echo '/* empty */' >"$tmp/t/$h"
	done
	printf '\t$(GEN_REGISTRY) palloc sim/phys/palloc/palloc.h $(X)\n' >"$tmp/t/sim/phys/room.mk"
	printf '\t$(GEN_REGISTRY) tlb sim/mmu/tlb/tlb.h $(X)\n' >"$tmp/t/sim/mmu/room.mk"
	echo 'TLB_PLUGINS += sim/mmu/tlb/toy.c' >"$tmp/t/sim/mmu/tlb/plugins.mk"
	echo '#include "sim/mmu/tlb/tlb.h"' >"$tmp/t/sim/mmu/tlb/toy.c"
}

# caught FILE LINE WHAT: a file with this line is reported, by its name
caught()
{
	fresh
	printf '/* a comment */\n%s\n' "$2" >"$tmp/t/$1"
	rc=0
	sh "$check" "$tmp/t" >"$tmp/out" 2>&1 || rc=$?
	if [ $rc = 1 ] && grep -q "^$1:" "$tmp/out"; then result 0 "caught: $3"; else result 1 "caught: $3"; fi
}

# passed FILE LINE WHAT: a file with this line is fine
passed()
{
	fresh
	printf '%s\n' "$2" >"$tmp/t/$1"
	rc=0
	sh "$check" "$tmp/t" >"$tmp/out" 2>&1 || rc=$?
	result $rc "let pass: $3"
}

caught sim/phys/x.c   '#include "sim/vm/vm.h"'              "an include of a higher room"
caught sim/metric/x.c '#include "sim/machine/run.h"'        "a metric that sees the machine"
caught sim/metric/x.c 'static void f(struct space *s);'     "a metric with a pointer through which it could change a room"
caught sim/base/x.c   '#include "types.h"'                  "an include that is no path from the top"
caught sim/base/x.c   '#include "sim/base/gone.h"'          "an include of a header that does not exist"
caught sim/base/x.c   '#include "sim/base/y.c"'             "an include of a source file"
caught workloads/gen/x.c '#include "sim/machine/run.h"'     "a generator that sees the machine"
caught sim/vm/x.c     '#include <hdf5.h>'                   "hdf5 outside results"
caught results/x.c    '#include <yaml.h>'                   "yaml outside sim/experiment"
caught sim/machine/x.c '#include <gsl/gsl_rng.h>'           "gsl in the core"
caught results/x.c    '#include <zstd.h>'                   "zstd outside workloads/trace"
caught sim/vm/x.c     'void *p = malloc(1);'                "a call of malloc"
caught results/x.c    'char *s = strdup("x");'              "a call of strdup"
caught sim/vm/x.c     'printf("x");'                        "a print in the core"
caught results/x.c    'fprintf(stderr, "x");'               "a print to stderr below sim/cli"
caught plots/x.c      'exit(1);'                            "an exit below sim/cli"
caught sim/mmu/tlb/toy.c '#include "sim/phys/palloc/palloc.h"' "a policy with another kind's contract"
caught sim/mmu/x.c    'int a; /* one */ int b; printf("x"); // two' "a call between comments"

passed sim/metric/x.c 'static void f(const struct space *s);' "a metric that looks"
passed sim/machine/x.c '#include "workloads/trace/trace.h"' "the machine with the contract of traces"
passed sim/vm/x.c     '/* printf("x"); malloc(1) */'        "calls in comments"
passed sim/vm/x.c     'const char *s = "exit(1) /* stderr"; char c = 0x22;' "calls in texts"
passed sim/vm/x.c     'size_t n = snprintf(b, 9, "x"); ops->exit(1); eg_strdup(s);' "near names"
passed sim/cli/x.c    'printf("x"); exit(1);'               "a verb that prints"
passed sim/base/mem.c 'void *p = malloc(1);'                "mem.c"
tap_done
