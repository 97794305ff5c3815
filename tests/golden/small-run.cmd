# SPDX-License-Identifier: GPL-3.0-or-later
# A whole experiment of four small cells: the same bytes whatever the number of processes, and its comparison.
cat >small.yaml <<'END'
version: 1
name: small
machine: {memory: 64MiB, cpus: 2}
workload:
  - generator: fork-storm
    rss: 8MiB
    children: 4
    child_life: 1ms
sweep:
  policy.page_allocator: [buddy, bitmap_first]
seeds: 2
END
engram run -q -j 1 small.yaml -o one.h5
engram run -q -j 2 --block 64 small.yaml -o two.h5
cmp one.h5 two.h5 && echo "equal bytes"
engram compare one.h5 --format csv --metric 'fault_count.*' --metric 'cow.*' --metric elapsed
engram compare one.h5
COLUMNS=60 engram compare one.h5 --identical
engram report one.h5 --as buddyinfo --point page_allocator=buddy
