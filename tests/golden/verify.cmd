# SPDX-License-Identifier: GPL-3.0-or-later
# Claims of every form with every verdict on six small points, then the same as Markdown and as JSON.
cat >small.yaml <<'END'
version: 1
name: small
machine: {memory: 64MiB, cpus: 2}
workload:
  - generator: fork-storm
    children: 4
    child_life: 1ms
sweep:
  policy.page_allocator: [buddy, bitmap_first]
  workload.fork-storm.rss: [4MiB, 8MiB, 16MiB]
seeds: 2
claims:
  - {id: value, text: copies happen, metric: cow.breaks, expect: value >= 40}
  - {id: bytes, text: a copy is one page, metric: cow.bytes / cow.breaks, of: {rss: 8MiB}, expect: value = 4KiB}
  - {id: ratio, text: twice the memory takes twice as long to fork, metric: fork_latency.fork.p50, of: {rss: 16MiB}, vs: {rss: 8MiB},
     expect: ratio = 2 within 25 %}
  - {id: difference, text: more memory takes longer, metric: elapsed, of: {rss: 16MiB}, vs: {rss: 4MiB}, expect: difference > 1ms}
  - {id: slope, text: fork is linear, metric: fork_latency.fork.p50, expect: "slope over rss in [8us/MiB, 11us/MiB]"}
  - {id: rises, text: more memory is copied more often, metric: cow.breaks, expect: increasing over rss}
  - {id: falls, text: or less often, metric: cow.breaks, expect: decreasing over rss, source: nobody}
  - {id: flat, text: a copy takes as long, metric: fault_latency.cow.p50, expect: flat within 1 % over rss from 4MiB to 8MiB}
  - {id: order, text: searching takes longer, metric: fault_latency.cow.p50, of: {rss: 8MiB},
     expect: order buddy < bitmap_first over page_allocator}
  - {id: nothing, text: shared memory is slow, metric: fault_latency.shmem.p99, of: {rss: 8MiB}, expect: value > 1us}
END
engram verify -q small.yaml || echo "exit $?"
engram verify -q small.yaml --claim value --claim slope --format markdown
engram verify -q small.yaml -c ratio -c nothing --json || echo "exit $?"
engram verify small.yaml -c flat >one.txt
