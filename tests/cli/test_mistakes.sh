#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a mistake gets for an answer, word for word. Each tests/cli/mistakes/*.txt is a list of stanzas:
#
#	=== what is wrong
#	shell lines that make the input (functions: mistakes/recipes.sh)
#	$ the command line
#	--- exit CODE
#	standard error, exactly
#
# A stanza runs in an empty folder; paths of the build are written as SRCDIR and DIR. A command that fails may neither
# print data nor leave files: what it did so would follow as "--- stdout" and "--- left NAME", and so be seen in the diff.
# docs/mistakes.md is run as well, so that the page cannot rot: the block under <!-- file: NAME --> is written to NAME,
# and a ```console block whose info string says exit=CODE is a command and all that it prints.
#
#	REBASELINE=1 test_mistakes.sh     write code and text of every stanza anew; read the diff before committing it
#	test_mistakes.sh NAME...          only these files, named without .txt, or "page"
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
[ "${REBASELINE:-}" != 1 ] || REBASELINE=write
tmp=$(cd "$tmp" && pwd -P)
stories=$SRCDIR/tests/cli/mistakes
mkdir "$tmp/bin" "$tmp/made" "$tmp/scratch"
ln -s "$ENGRAM" "$tmp/bin/engram"
PATH=$tmp/bin:$PATH NO_COLOR=1 TERM=dumb COLUMNS=100 LC_ALL=C TMPDIR=$tmp/scratch ENGRAM_DATADIR=$SRCDIR
export PATH NO_COLOR TERM COLUMNS LC_ALL TMPDIR ENGRAM_DATADIR
unset ENGRAM_RECORDINGS 2>/dev/null || :
# what recipes.sh builds on
MADE=$tmp/made MAKE_RESULT=$BUILDDIR/tests/make_result
export MADE MAKE_RESULT

# split FILE FOLDER: FOLDER/N.{name,recipe,cmd,want} for each stanza
split()
{
	awk -v to="$2/" '
		/^=== / {
			if (n) close(part)
			n++
			where = "recipe"
			gap = 0
			print substr($0, 5) >(to n ".name")
			close(to n ".name")
			printf "" >(to n ".recipe")
			printf "" >(to n ".want")
			part = to n ".recipe"
			next
		}
		!n { next }
		where == "recipe" && /^\$ / {
			close(part)
			print substr($0, 3) >(to n ".cmd")
			close(to n ".cmd")
			where = "want"
			part = to n ".want"
			next
		}
		where == "want" && /^$/ { gap++; next }		# an empty line before the next stanza is no output
		where == "want" { for (; gap; gap--) print "" >part }
		{ gap = 0; print >part }
		END { print n + 0 }' "$1"
}

# play RECIPE COMMAND OUTPUT: run both in a folder of their own
play()
{
	rm -rf "$tmp/case"
	mkdir "$tmp/case"
	(cd "$tmp/case" && . "$stories/recipes.sh" && . "$1") >"$tmp/recipe.log" 2>&1 </dev/null || {
		sed 's/^/recipe: /' "$tmp/recipe.log" >"$3"
		echo "recipe failed" >>"$3"
		return
	}
	find "$tmp/case" "$tmp/scratch" | sort >"$tmp/before"
	rc=0
	(cd "$tmp/case" && . "$2") >"$tmp/stdout" 2>"$tmp/stderr" </dev/null || rc=$?
	find "$tmp/case" "$tmp/scratch" | sort >"$tmp/after"
	{
		echo "--- exit $rc"
		cat "$tmp/stderr"
		if [ $rc != 0 ] && [ -s "$tmp/stdout" ]; then
			echo "--- stdout"
			cat "$tmp/stdout"
		fi
		[ $rc = 0 ] || comm -13 "$tmp/before" "$tmp/after" | sed 's/^/--- left /'
	} | sed -e "s|$tmp/case|DIR|g" -e "s|$tmp/scratch|SCRATCH|g" -e "s|$tmp/made|MADE|g" -e "s|$SRCDIR|SRCDIR|g" >"$3"
	chmod -R u+w "$tmp/case"
}

tap_show() { head -n 30 "$tmp/diff"; }
verdict() # GOT WANT TEXT
{
	if diff "$2" "$1" >"$tmp/diff"; then result 0 "$3"; else result 1 "$3"; fi
}

stanzas() # NAME
{
	rm -rf "$tmp/parts"
	mkdir "$tmp/parts"
	nr=$(split "$stories/$1.txt" "$tmp/parts")
	[ "${REBASELINE:-}" != write ] || awk '/^=== / { exit } { print }' "$stories/$1.txt" >"$tmp/new"
	i=0
	while [ $i -lt "$nr" ]; do
		i=$((i + 1))
		part=$tmp/parts/$i
		play "$part.recipe" "$part.cmd" "$part.got"
		verdict "$part.got" "$part.want" "$1: $(cat "$part.name")"
		[ "${REBASELINE:-}" != write ] || {
			printf '=== '
			cat "$part.name" "$part.recipe"
			printf '$ '
			cat "$part.cmd" "$part.got"
			echo
		} >>"$tmp/new"
	done
	[ "${REBASELINE:-}" != write ] || { sed -e '$d' "$tmp/new" >"$stories/$1.txt" && echo "# written: $stories/$1.txt"; }
}

# The page's files and commands, in their order and in one folder.
page()
{
	rm -rf "$tmp/case" "$tmp/parts"
	mkdir "$tmp/case" "$tmp/parts"
	nr=$(awk -v to="$tmp/parts/" '
		/^<!-- file: / { file = $3; next }
		/^```console exit=/ { n++; split($2, e, "="); print e[2] >(to n ".exit"); part = ""; inside = 1; next }
		/^```/ && inside { inside = 0; close(part); next }
		/^```/ && writing { writing = 0; close(part); file = ""; next }
		/^```/ && file { writing = 1; n++; part = to n ".file"; print file >(to n ".path"); printf "" >part; next }
		inside && /^\$ / && part == "" { print substr($0, 3) >(to n ".cmd"); part = to n ".want"; printf "" >part; next }
		inside || writing { print >part }
		END { print n + 0 }' "$SRCDIR/docs/mistakes.md")
	(cd "$tmp/case" && . "$stories/recipes.sh" && page_inputs)
	i=0
	while [ $i -lt "$nr" ]; do
		i=$((i + 1))
		part=$tmp/parts/$i
		if [ -f "$part.file" ]; then
			cp "$part.file" "$tmp/case/$(cat "$part.path")"
			continue
		fi
		rc=0
		(cd "$tmp/case" && . "$part.cmd") >"$part.out" 2>&1 </dev/null || rc=$?
		cp "$part.out" "$part.got"
		echo "exit $rc" >>"$part.got"
		echo "exit $(cat "$part.exit")" >>"$part.want"
		verdict "$part.got" "$part.want" "docs/mistakes.md: $(cat "$part.cmd")"
	done
	[ "${REBASELINE:-}" != write ] || {
		# what is shown below each command is what it printed now
		awk -v from="$tmp/parts/" '
			/^<!-- file: / { file = 1 }
			/^```console exit=/ { n++; inside = 1; print; next }
			/^```/ && inside {
				while ((getline line <(from n ".out")) > 0)
					print line
				inside = 0
				print
				next
			}
			/^```/ && writing { writing = 0; print; next }
			/^```/ && file { writing = 1; file = 0; n++; print; next }
			inside && !/^\$ / { next }
			{ print }' "$SRCDIR/docs/mistakes.md" >"$tmp/new"
		cat "$tmp/new" >"$SRCDIR/docs/mistakes.md"
		echo "# written: docs/mistakes.md; exit codes are for you to change"
	}
}

# shellcheck disable=SC2046  # names of stories are plain words
[ $# != 0 ] || set -- $(cd "$stories" && for f in *.txt; do echo "${f%.txt}"; done) page
for name; do
	case $name in
	page) page ;;
	*) stanzas "$name" ;;
	esac
done
[ "${REBASELINE:-}" != write ] || tap_bad=0
tap_done
