# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the stanzas of mistakes/*.txt build their inputs with. Read by test_mistakes.sh in the folder of the stanza;
# what takes long to make is made once, in $MADE.

# good: good.yaml, an experiment of 2 cells with nothing wrong in it
good()
{
	cat >good.yaml <<-'END'
		version: 1
		name: good
		machine: {memory: 64MiB}
		workload:
		  - generator: gups
		    table: 1MiB
		    updates: 500
		seeds: 2
	END
}

# small: small.egt, the sample: a file of version 1.0, so that places in it stay where they are
small()
{
	cp "$SRCDIR/workloads/samples/sqlite3.egt" small.egt
	chmod u+w small.egt
}

# results: r.h5 (2 x 2 points, 5 seeds) and one.h5 (no sweep, 1 seed)
results()
{
	if [ ! -f "$MADE/r.h5" ]; then
		"$MAKE_RESULT" "$MADE/r.h5"
		"$MAKE_RESULT" "$MADE/one.h5" --single --seeds 1
	fi
	cp "$MADE/r.h5" "$MADE/one.h5" .
}

# lackey: log.lackey, a few whole records
lackey() { cp "$SRCDIR/tests/fuzz/corpus/lackey/small.lackey" log.lackey; }

# cut FILE BYTES: keep so many
cut()
{
	head -c "$2" "$1" >"$1.part"
	mv "$1.part" "$1"
}

# flip FILE AT: overwrite four bytes
flip() { printf '\252\125\252\125' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }

# poke FILE AT OCTAL...: overwrite bytes
poke()
{
	poke_file=$1 poke_at=$2
	shift 2
	for poke_byte; do
		# shellcheck disable=SC2059  # the byte is the format
		printf "\\$poke_byte" | dd of="$poke_file" bs=1 seek="$poke_at" conv=notrunc 2>/dev/null
		poke_at=$((poke_at + 1))
	done
}

# control FILE WORD: the word becomes the sequence that clears a screen, wherever the file holds it
control()
{
	control_new=$(printf '\033[2Jxxxxxxxxxxxxxxxx' | head -c ${#2})
	LC_ALL=C sed "s/$2/$control_new/g" "$1" >"$1.part"
	mv "$1.part" "$1"
}

# twin LINE...: t.txt, a text trace of these lines after a header
twin()
{
	{
		echo "%egt 1.0"
		echo "%capabilities: virt data size complete order vma"
		for twin_line; do
			echo "$twin_line"
		done
	} >t.txt
}

# text FILE LINE...: FILE of these lines
text()
{
	text_file=$1
	shift
	for text_line; do
		printf '%s\n' "$text_line"
	done >"$text_file"
}

# What the commands of docs/mistakes.md find in their folder.
page_inputs()
{
	small
	results
	mkdir traces
	mv small.egt traces/app.egt
	cp traces/app.egt short.egt
	cut short.egt 300000
	lackey
	mv r.h5 result.h5
	rm one.h5
}
