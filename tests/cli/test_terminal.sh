#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A trace of others may hold any bytes in its names and metadata, and a path may too. None that a terminal obeys may come
# out of a verb, on either stream, in whatever form; and what is written into files still holds them. (Results with
# such names are refused as a whole: tests/unit/test_results.c.)
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
cd "$tmp" || exit 99
tap_show() { head -n 20 out err | LC_ALL=C tr -c '[:print:]\n' '?'; }
escape=$(printf '\033') upper=$(printf '\302\233')

# quiet_terminal WHAT CODE COMMAND...: it ends with the code, says something, and nothing in it is obeyed
quiet_terminal()
{
	what=$1 code=$2
	shift 2
	"$@" >out 2>err
	rc=$?
	[ $rc = "$code" ] && [ -s out -o -s err ] && ! cat out err | LC_ALL=C tr -d '\n\t' | LC_ALL=C grep -q "[$(printf '\001-\037\177')]" &&
		! cat out err | LC_ALL=C grep -q "$(printf '\302[\200-\237]')"
	result $? "$what"
}

cat >t.txt <<'END'
%egt 1.0
%capabilities: virt data size complete order vma
%comment: a\u001b[2Jb\u009b31m\u007f
END
cat >>t.txt <<END
exec "\\u001b[2J\\u009b\\n\\u007f"
mmap 0x10000 65536 rw anon name="$upper$escape[31m"
R 0x10000 8
END
"$ENGRAM" trace convert t.txt -o t.egt -q >out 2>err
result $? "a text trace with control characters is converted"
"$ENGRAM" trace cat t.egt >cat.txt 2>err && "$ENGRAM" trace convert cat.txt -o again.egt -q >out 2>err &&
	"$ENGRAM" trace cat again.egt >again.txt 2>err && cmp -s cat.txt again.txt && grep -q 'u001b' cat.txt && grep -q 'u009b' cat.txt
result $? "and they are still there after a way through text"
for verb in "trace cat" "trace cat --json" "trace info" "trace info --json" "trace validate" "trace head"; do
	# shellcheck disable=SC2086  # words of a command
	quiet_terminal "$verb" 0 "$ENGRAM" $verb t.egt
done
LC_ALL=C sed "s/^%comment/%com$escape/" t.txt >key.txt
quiet_terminal "a key of metadata with one is refused" 3 "$ENGRAM" trace convert key.txt -o key.egt
echo "bad$escape[2J line" >>t.txt
quiet_terminal "a bad line" 3 "$ENGRAM" trace convert t.txt -o bad.egt
name="no$escape[2J$upper.egt"
quiet_terminal "a trace whose path has some" 3 "$ENGRAM" trace info "$name"
quiet_terminal "an experiment whose path has some" 3 "$ENGRAM" check "$name.yaml"
quiet_terminal "a result whose path has some" 3 "$ENGRAM" compare "$name.h5"
quiet_terminal "an option with some" 2 "$ENGRAM" compare "--$name"
quiet_terminal "a verb with some" 2 "$ENGRAM" "$name"
printf 'version: 1\nname: x\nmachine: {preset: "a\\e[2J"}\n' >x.yaml
quiet_terminal "a value of an experiment" 3 "$ENGRAM" check x.yaml
printf 'version: 1\nname: x\nmachine: {memory: 64MiB}\nworkload: [{generator: gups}]\nsweep: {policy.tlb: ["a\\nb"]}\n' >x.yaml
"$ENGRAM" check x.yaml >out 2>err
[ $? = 3 ] && grep -q 'one line, without tabs' err
result $? "a value of a sweep of two lines is refused"
tap_done
