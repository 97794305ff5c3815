#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion, as bash does it: the shipped file is sourced in a bash without anything else, and lines are completed.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
bash=$(command -v bash) || skip_all "no bash"
cd "$tmp"
touch a.h5 b.h5 c.egt x.yaml notes.txt
mkdir out
tap_show()
{
	echo "wanted $expected"
	cat err got | head -n 12
}
cat >complete.bash <<'END'
# complete.bash LINE: the words that bash would offer at the end of LINE, one a line, sorted
set -u
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
COMP_WORDS[0]=$ENGRAM
_engram
printf '%s\n' "${COMPREPLY[@]-}" | sort
END
# offers WHAT EXPECTED WORD...: all of EXPECTED (words) are offered, and with "only" in front nothing else
offers()
{
	what=$1 expected=$2
	shift 2
	"$bash" --norc --noprofile complete.bash "$SRCDIR/docs/completion.bash" "$@" >got 2>err || :
	good=0
	[ ! -s err ] || good=1
	case $expected in
	"only "*)
		printf '%s\n' "${expected#only }" | tr ' ' '\n' | sort >want
		cmp -s got want || good=1
		;;
	*)
		for w in $expected; do grep -qxF -e "$w" got || good=1; done
		;;
	esac
	result $good "$what"
}
offers "verbs" "run check plan status compare plot report list explain bench trace help" engram ""
offers "a verb that has begun" "only compare" engram com
offers "the second word of a family" "info cat convert validate generate" engram trace ""
offers "options of a verb" "--output --jobs --resume --cell --quiet --progress" engram run --
offers "an option that has begun" "only --keep-cells" engram run x.yaml --keep
offers "shipped experiments and files" "quickstart x.yaml out" engram run ""
offers "results and folders" "only a.h5 b.h5 out" engram compare ""
offers "choices" "only csv" engram compare a.h5 --format c
offers "choices behind an = of its own" "only csv" engram compare a.h5 --format = c
offers "choices directly behind =" "table csv json markdown latex" engram compare a.h5 --format =
offers "the last of a list" "only pdf,svg" engram plot a.h5 --format pdf,s
offers "choices of a global option" "auto line plain json none" engram bench --progress ""
offers "metrics" "only tlb.misses.l1d tlb.misses.l1i" engram compare a.h5 --metric tlb.misses.l1
offers "figures, behind a result" "fault-latency-cdf a.h5" engram plot a.h5 ""
offers "views" "only buddyinfo" engram report a.h5 --as bud
offers "topics" "only policies presets" engram list p
offers "names" "only buddy buddy-lists-over-time buddyinfo" engram explain budd
offers "keys" "only machine.watermark_scale_factor=" engram run x.yaml --set machine.water
offers "generators" "only fork-storm" engram trace generate fork
offers "files behind an option with a value" "x.yaml quickstart" engram plan -o a.h5 ""
offers "traces" "only c.egt out" engram trace info ""
offers "nothing, where nothing is known" "only " engram run --jobs ""
offers "nothing for a verb that is not there" "only " engram frobnicate ""
tap_done
