#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Preset vm-2cpu against the measurements it was made from (its own file names them): medians of the model's faults
# and forks. Faults within 10 %; forks, whose measured slope bends, within 15 %.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
cat >vm.yaml <<'END'
version: 1
name: vm
machine: {preset: vm-2cpu, memory: 2GiB}
workload:
  - {generator: fork-storm, children: 3, child: touch, touch: 0.05, child_life: 1ms, wait: true}
sweep: {workload.fork-storm.rss: [16MiB, 64MiB, 256MiB]}
END
cat >anon.yaml <<'END'
version: 1
name: anon
machine: {preset: vm-2cpu, memory: 2GiB}
workload:
  - {generator: alloc-churn, live: 64, ops: 500}
END
"$ENGRAM" run vm.yaml -o vm.h5 -q && "$ENGRAM" run anon.yaml -o anon.h5 -q || { echo "Bail out! the run failed"; exit 1; }
# near FILE METRIC POINT WANT PERCENT: the value in nanoseconds (column 5: n; 6: mean)
near()
{
	"$ENGRAM" compare "$1" --metric "$2" --format csv | tr -d '\r' | awk -F, -v point="$3" -v want="$4" -v percent="$5" '
		NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
		point == "" || index($0, "," point ",") {
			v = $col["mean"]
			found = 1
			good = v > want * (1 - percent / 100) && v < want * (1 + percent / 100)
			printf "# %s ns, measured %s ns\n", v, want
		}
		END { exit !(found && good) }'
	result $? "$2 $3 within $5 % of $4 ns"
}
near anon.h5 fault_latency.anon.p50 "" 1470 10
near vm.h5 fault_latency.cow.p50 16MiB 2400 10
near vm.h5 fork_latency.fork.p50 16MiB 131000 15
near vm.h5 fork_latency.fork.p50 64MiB 507000 15
near vm.h5 fork_latency.fork.p50 256MiB 2240000 15
tap_done
