#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What is documented against what there is, both ways. What there is: `engram __man names` (from the tables of the
# program) and the environment variables that the sources read. What is documented: the manual pages as they are made,
# docs/metrics.md, docs/generators.md, README.md. Each comparison is then shown a planted name, in a copy of the pages or of
# the list of names, which it must find.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
tap_show() { head -n 20 "$tmp/out"; }
# none WHAT: a comparison found nothing; some WHAT: it found the plant
none() { if [ -s "$tmp/out" ]; then result 1 "$1"; else result 0 "$1"; fi; }
some() { if [ -s "$tmp/out" ]; then result 0 "caught: $1"; else result 1 "caught: $1"; fi; }

# ---- what there is -----------------------------------------------------------------------------------------
"$ENGRAM" __man names >"$tmp/names"
# of KIND: the names of a kind
of() { awk -F '\t' -v kind="$1" '$1 == kind { print $NF }' "$2" | sort -u; }

# ---- what is documented ------------------------------------------------------------------------------------
mkdir "$tmp/man" "$tmp/docs"
for page in $("$ENGRAM" __man pages); do
	sh "$SRCDIR/docs/gen-man.sh" "$ENGRAM" "$page" >"$tmp/man/$page"
done
for page in engram-experiment.5 engram-results.5 engram-trace.5; do
	sh "$SRCDIR/docs/gen-man.sh" "$ENGRAM" "$page" "$SRCDIR/docs/$page" >"$tmp/man/$page"
done
cp "$SRCDIR/docs/metrics.md" "$SRCDIR/docs/generators.md" "$SRCDIR/README.md" "$tmp/docs"

# The terms (.TP .B "X") of one section of a page, roff undone. Those of all sections without a second argument.
terms()
{
	awk -v want="${2-}" '
	/^\.SH / { in_section = want == "" || substr($0, 5) == want }
	in_section && /^\.BR? / && last == ".TP" {
		sub(/^\.BR? /, "")
		gsub(/\\-/, "-"); gsub(/\\e/, "\\"); gsub(/\\&/, "")
		sub(/^"/, ""); sub(/"$/, "")
		print
	}
	{ last = $0 }' "$1"
}
# page_of VERB: its manual page
page_of() { echo "engram-$1.1" | tr ' ' '-'; }

# ---- comparisons: each prints what is on one side alone ------------------------------------------------------
# both A B WHAT: lines of A that are not in B, and the other way round
both()
{
	comm -23 "$1" "$2" | sed "s/^/$3 that is not documented: /"
	comm -13 "$1" "$2" | sed "s/^/documented $3 that is not there: /"
}
verbs()         # NAMES MAN
{
	of verbs "$1" | tr ' ' '-' | sed 's/^/engram-/' >"$tmp/a"
	terms "$2/engram.1" VERBS | sed 's/ (1)$//' | sort -u >"$tmp/b"
	both "$tmp/a" "$tmp/b" verb
	for page in $(cat "$tmp/a"); do [ -s "$2/$page.1" ] || echo "no page $page.1"; done
	(cd "$2" && ls engram-*.1) | sed 's/\.1$//' | sort >"$tmp/b"
	both "$tmp/a" "$tmp/b" "page of a verb"
}
options()       # NAMES MAN
{
	of verbs "$1" >"$tmp/v"
	while read -r verb; do
		awk -F '\t' -v verb="$verb" '$1 == "option" && ($2 == verb || $2 == "") { print $3 }' "$1" | sort -u >"$tmp/a"
		terms "$2/$(page_of "$verb")" OPTIONS | sed 's/.*\(--[a-z][a-z-]*\).*/\1/' | sort -u >"$tmp/b"
		both "$tmp/a" "$tmp/b" "option of $verb"
	done <"$tmp/v"
}
keys()          # NAMES MAN
{
	of key "$1" >"$tmp/a"
	for s in 'KEYS OF machine' 'KEYS OF measure' 'KEYS OF stop' 'KEYS OF ITEMS OF workload' GENERATORS POLICIES; do
		terms "$2/engram-experiment.5" "$s"
	done | sort -u >"$tmp/b"
	# formats of traces stand among the keys of items
	of formats "$1" >"$tmp/f"
	comm -23 "$tmp/b" "$tmp/f" >"$tmp/c"
	comm -23 "$tmp/a" "$tmp/f" >"$tmp/d"
	both "$tmp/d" "$tmp/c" key
}
headings()      # NAMES MAN: policies and generators are headings
{
	{ of policies "$1"; of workloads "$1"; } | sort -u >"$tmp/a"
	sed -n -e 's/^\.SS policy\.[a-z_]*: //p' -e 's/^\.SS generator //p' "$2/engram-experiment.5" | sed 's/\\-/-/g' | sort -u >"$tmp/b"
	both "$tmp/a" "$tmp/b" "policy or generator"
}
terms_of()      # NAMES KIND PAGE SECTION
{
	of "$2" "$1" >"$tmp/a"
	terms "$3" "$4" | sort -u >"$tmp/b"
	both "$tmp/a" "$tmp/b" "$2"
}
# Metrics of the page: `name` in the first column of tables; <kind> and the like stand for what tables below them list.
metrics()       # NAMES DOC: one way; the other needs the page's own abbreviations spelled out
{
	of metric "$1" >"$tmp/a"
	grep -o '`[^`]*`' "$2" | tr -d '`' | sort -u >"$tmp/b"
	while read -r m; do
		stem=$m
		# a.b.c is documented as itself, as a.b.<...>, or as a.<...>
		until grep -qxF -e "$stem" "$tmp/b" || grep -qE -e "^$(printf %s "$stem" | sed 's/[.<>]/[.<>]/g')\\.<[^>]*>(\\.<[^>]*>)?\$" "$tmp/b"; do
			case $stem in
			*.*) stem=${stem%.*} ;;
			*) echo "metric that is not documented: $m"; break ;;
			esac
		done
	done <"$tmp/a"
	# and back: a name in the first column of a table is, or begins, a metric
	sed -n 's/^| `\([a-z_0-9.<>]*\)` | [^|]* | [a-z]* |.*/\1/p' "$2" | sort -u | while read -r d; do
		pattern=$(printf %s "$d" | sed 's/[.]/\\./g; s/<[^>]*>/.+/g')
		grep -qE -e "^$pattern(\$|\\.)" "$tmp/a" || echo "documented metric that is not there: $d"
	done
}
generators()    # NAMES DOC
{
	of workloads "$1" >"$tmp/a"
	sed -n 's/^##* `\{0,1\}\([a-z][a-z-]*\)`\{0,1\}$/\1/p' "$2" | sort -u >"$tmp/b"
	both "$tmp/a" "$tmp/b" generator
}
readme()        # NAMES DOC: every verb is named, and no other
{
	{ of verbs "$1" | sed 's/ .*//'; echo help; } | sort -u >"$tmp/a"
	grep -o '`engram [a-z][a-z]*' "$2" | grep -v 'engram trace ' | sed 's/.*engram //' | sort -u >"$tmp/b"
	echo trace >>"$tmp/b"
	sort -u -o "$tmp/b" "$tmp/b"
	comm -13 "$tmp/a" "$tmp/b" | sed 's/^/README: verb that is not there: /'
	comm -23 "$tmp/a" "$tmp/b" | grep -v '^help$' | sed 's/^/README: no word of the verb /' || :
}
variables()     # NAMES DIR: what the sources read
{
	of environment "$1" >"$tmp/a"
	{
		find "$2/sim" "$2/results" "$2/plots" "$2/workloads" -name '*.c' -exec grep -ho 'getenv("[A-Z_]*")' {} + | sed 's/.*"\(.*\)".*/\1/'
		sed -n '/SLURM_/s/"/\n/gp' "$2/results/host.c" | grep '^SLURM_'
	} | sort -u >"$tmp/b"
	both "$tmp/b" "$tmp/a" "environment variable"
}
codes()         # NAMES STATUS.H: the exit codes of the program's own list
{
	of exit-codes "$1" >"$tmp/a"
	sed -n 's/^	X([A-Z_]*, *\([0-9][0-9]*\),.*/\1/p' "$2" | sort -u >"$tmp/b"
	both "$tmp/b" "$tmp/a" "exit code"
}

# ---- the comparisons ---------------------------------------------------------------------------------------
N=$tmp/names M=$tmp/man
result "$([ "$(wc -l <"$N")" -gt 300 ] && echo 0 || echo 1)" "the program names $(wc -l <"$N") things"
verbs "$N" "$M" >"$tmp/out";                                            none "verbs and engram(1)"
options "$N" "$M" >"$tmp/out";                                          none "options and the pages of the verbs"
keys "$N" "$M" >"$tmp/out";                                             none "keys and engram-experiment(5)"
headings "$N" "$M" >"$tmp/out";                                         none "policies, generators and engram-experiment(5)"
terms_of "$N" presets "$M/engram-experiment.5" PRESETS >"$tmp/out";     none "presets and engram-experiment(5)"
terms_of "$N" metric "$M/engram-results.5" METRICS >"$tmp/out";         none "metrics and engram-results(5)"
terms_of "$N" ops "$M/engram-trace.5" OPERATIONS >"$tmp/out";           none "operations and engram-trace(5)"
terms_of "$N" capabilities "$M/engram-trace.5" CAPABILITIES >"$tmp/out"; none "capabilities and engram-trace(5)"
terms_of "$N" formats "$M/engram-trace.5" DESCRIPTION >"$tmp/out";      none "formats and engram-trace(5)"
terms_of "$N" exit-codes "$M/engram.1" 'EXIT STATUS' >"$tmp/out";       none "exit codes and engram(1)"
terms_of "$N" environment "$M/engram.1" ENVIRONMENT >"$tmp/out";        none "environment variables and engram(1)"
metrics "$N" "$tmp/docs/metrics.md" >"$tmp/out";                        none "metrics and docs/metrics.md"
generators "$N" "$tmp/docs/generators.md" >"$tmp/out";                  none "generators and docs/generators.md"
readme "$N" "$tmp/docs/README.md" >"$tmp/out";                          none "verbs and README.md"
variables "$N" "$SRCDIR" >"$tmp/out";                                   none "environment variables and the sources"
codes "$N" "$SRCDIR/sim/base/status.h" >"$tmp/out";                     none "exit codes and the sources"
{ of figures "$N"; of views "$N"; } | sort -u >"$tmp/a"
{ "$ENGRAM" list figures; "$ENGRAM" list views; } | awk '{ print $1 }' | sort -u >"$tmp/b"
both "$tmp/a" "$tmp/b" "figure or view" >"$tmp/out";                    none "figures and views and what engram list prints"
while read -r name; do
	"$ENGRAM" explain "$name" >/dev/null 2>&1 || echo "engram explain does not know $name"
done <"$tmp/a" >"$tmp/out";                                             none "engram explain knows figures and views"
of verbs "$N" >"$tmp/a"
while read -r name; do
	# shellcheck disable=SC2086  # a verb of two words is two arguments
	"$ENGRAM" explain $name >/dev/null 2>&1 || echo "engram explain does not know $name"
done <"$tmp/a" >"$tmp/out";                                             none "engram explain knows verbs"
"$ENGRAM" __man pages | sort >"$tmp/a"
sed -n '/^VERB_PAGES/,/[^\\]$/p' "$SRCDIR/docs/room.mk" | grep -o 'engram[a-z-]*\.1' | sort >"$tmp/b"
both "$tmp/a" "$tmp/b" page >"$tmp/out";                                none "pages and what make installs"

# ---- each must be able to fail -----------------------------------------------------------------------------
cp -r "$M" "$tmp/bad"
B=$tmp/bad P=$tmp/planted
plant() { cp "$N" "$P"; printf '%b\n' "$1" >>"$P"; }
page() { cp "$M/$1" "$B/$1"; printf '.TP\n.B "%s"\nis not there\n' "$2" >"$tmp/item"; sed -i "/^\\.SH $3\$/r $tmp/item" "$B/$1"; }
plant 'verbs\tfrobnicate';                   verbs "$P" "$M" >"$tmp/out";           some "a verb without a page"
page engram.1 'engram\-gone' VERBS;          verbs "$N" "$B" >"$tmp/out";           some "a page without a verb"
plant 'option\trun\t--planted';              options "$P" "$M" >"$tmp/out";         some "an option that is not documented"
page engram-run.1 '\-\-gone' OPTIONS;        options "$N" "$B" >"$tmp/out";         some "a documented option that is gone"
plant 'key\tmachine\tplanted';               keys "$P" "$M" >"$tmp/out";            some "a key that is not documented"
page engram-experiment.5 gone 'KEYS OF stop'; keys "$N" "$B" >"$tmp/out";           some "a documented key that is gone"
plant 'policies\tplanted';                   headings "$P" "$M" >"$tmp/out";        some "a policy that is not documented"
plant 'workloads\tplanted';                  generators "$P" "$tmp/docs/generators.md" >"$tmp/out"; some "a generator that docs/generators.md does not know"
plant 'metric\tplanted.metric'
metrics "$P" "$tmp/docs/metrics.md" >"$tmp/out";                                    some "a metric that docs/metrics.md does not know"
terms_of "$P" metric "$M/engram-results.5" METRICS >"$tmp/out";                     some "a metric that engram-results(5) does not know"
echo '| `gone.metric` | 1 | counter | | | is not there |' >>"$tmp/docs/metrics.md"
metrics "$N" "$tmp/docs/metrics.md" >"$tmp/out";                                    some "a documented metric that is gone"
echo '`engram gone`' >>"$tmp/docs/README.md"
readme "$N" "$tmp/docs/README.md" >"$tmp/out";                                      some "a verb of README.md that is gone"
plant 'environment\tPLANTED';                variables "$P" "$SRCDIR" >"$tmp/out";  some "a documented variable that nobody reads"
grep -v 'NO_COLOR' "$N" >"$P";               variables "$P" "$SRCDIR" >"$tmp/out";  some "a variable that is read and not documented"
plant 'exit-codes\t42';                      codes "$P" "$SRCDIR/sim/base/status.h" >"$tmp/out"; some "an exit code that is not there"
plant 'ops\tplanted';                        terms_of "$P" ops "$M/engram-trace.5" OPERATIONS >"$tmp/out"; some "an operation that is not documented"
tap_done
