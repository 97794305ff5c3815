#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# House rules that a reader should not have to watch: every file names its licence; no file names a machine, a
# person's home or a host that is not a published reference; links in the documents lead somewhere; scripts parse;
# C files have no trailing blanks. Each rule is also shown a planted breach.
set -eu
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
. "$SRCDIR/tests/house/files.sh"
tap_show() { head -n 30 "$tmp/out"; }
# clean WHAT: what a rule found is in $tmp/out; nothing is good
clean() { if [ -s "$tmp/out" ]; then result 1 "$1"; else result 0 "$1"; fi; }
# seen WHAT: the rule must have found its planted breach
seen() { if [ -s "$tmp/out" ]; then result 0 "$1"; else result 1 "$1"; fi; }

# Texts that carry data for a program, or are not ours to mark: golden outputs, recordings, licences, figures.
marked() { grep -vE '^COPYING$|^LICENSES/|\.(out|golden|dat|csv|json|txt|svg|png|pdf|egt|zst|xz|gz|bz2|bin|in)$|^tests/(fuzz/corpus|data|golden|.*/data|.*/corpus)/|^\.gitignore$'; }

no_spdx()
{
	marked | while read -r f; do
		case $f in
		*.md) continue ;;       # README.md states the licence of the texts
		esac
		head -n 3 "$1/$f" | grep -q 'SPDX-License-Identifier: ' || echo "$f: no SPDX-License-Identifier in its first three lines"
	done
}

# Absolute paths of someone's machine, and hosts. A web address is a reference: its host must be one of these.
hosts='(www\.)?gnu\.org|doi\.org|(www\.)?kernel\.org|docs\.kernel\.org|spdx\.org|fsf\.org|github\.com|example\.(org|com)|cfconventions\.org|www\.w3\.org|slurm\.schedmd\.com|(www\.)?usenix\.org|dl\.acm\.org|arxiv\.org|keepachangelog\.com|semver\.org|creativecommons\.org|prng\.di\.unimi\.it|facebook\.github\.io|datatracker\.ietf\.org|www\.rfc-editor\.org|json-schema\.org|citation-file-format\.github\.io|lwn\.net'
machine_facts()
{
	while read -r f; do
		case $f in
		COPYING) continue ;;
		esac
		grep -nHIE '(^|[^A-Za-z0-9_./$}-])/(work|home|Users|root|mnt|scratch)/[A-Za-z0-9._-]' "$1/$f" || :
		grep -nHIE '(^|[^A-Za-z0-9_./$}-])/tmp/(build|bash|claude|deb|fresh)' "$1/$f" || :
		grep -nHIoE 'https?://[A-Za-z0-9.:-]+' "$1/$f" | grep -vE "//($hosts)\$" || :
	done
}

# Relative links of Markdown texts, code blocks left out, lead to a file or a folder.
dead_links()
{
	grep -E '\.md$' | while read -r f; do
		awk '/^```/ { code = !code } !code { gsub(/`[^`]*`/, ""); s = $0
			while (match(s, /\]\([^) ]+\)/)) { print substr(s, RSTART + 2, RLENGTH - 3); s = substr(s, RSTART + RLENGTH) } }' "$1/$f" |
		while read -r link; do
			case $link in
			http://* | https://* | mailto:* | '#'*) continue ;;
			esac
			target=${link%%#*}
			case $f in
			*/*) dir=${f%/*}/ ;;
			*) dir= ;;
			esac
			[ -e "$1/$dir$target" ] || echo "$f: dead link $link"
		done
	done
}

unparsable()
{
	while read -r f; do
		case $(head -n 1 "$1/$f" | tr -d '\0') in
		'#!/bin/sh'*) sh -n "$1/$f" 2>&1 || echo "$f: does not parse" ;;
		'#!'*bash*) ! command -v bash >/dev/null || bash -n "$1/$f" 2>&1 || echo "$f: does not parse" ;;
		esac
	done
}

blanks()
{
	grep -E '\.(c|h|mk|ac|am)$' | while read -r f; do
		grep -nHE '[ 	]+$' "$1/$f" || :
	done
}

house_files >"$tmp/files"
[ -s "$tmp/files" ] || echo none >"$tmp/out"
result $([ -s "$tmp/files" ] && echo 0 || echo 1) "the files of the project are found: $(wc -l <"$tmp/files")"
no_spdx "$SRCDIR" <"$tmp/files" >"$tmp/out";       clean "every source, script and configuration names its licence"
machine_facts "$SRCDIR" <"$tmp/files" >"$tmp/out"; clean "no file names a machine or an unknown host"
dead_links "$SRCDIR" <"$tmp/files" >"$tmp/out";    clean "relative links of the documents lead somewhere"
unparsable "$SRCDIR" <"$tmp/files" >"$tmp/out";    clean "scripts parse"
blanks "$SRCDIR" <"$tmp/files" >"$tmp/out";        clean "no blanks at the ends of lines"

mkdir "$tmp/t"
echo 'int x;' >"$tmp/t/x.c"
printf 'see /%s/me/file\n' home >"$tmp/t/path.txt"
printf 'get http%s://mirror.invalid/x\n' s >"$tmp/t/host.txt"
printf 'a [link](gone.md)\n' >"$tmp/t/x.md"
printf '#!/bin/sh\nif\n' >"$tmp/t/x.sh"
printf 'int y; \n' >"$tmp/t/y.c"
echo x.c | no_spdx "$tmp/t" >"$tmp/out";            seen "caught: a source without a licence"
echo path.txt | machine_facts "$tmp/t" >"$tmp/out"; seen "caught: a path of a machine"
echo host.txt | machine_facts "$tmp/t" >"$tmp/out"; seen "caught: an unknown host"
echo x.md | dead_links "$tmp/t" >"$tmp/out";        seen "caught: a dead link"
echo x.sh | unparsable "$tmp/t" >"$tmp/out";        seen "caught: a script that does not parse"
echo y.c | blanks "$tmp/t" >"$tmp/out";             seen "caught: a blank at the end of a line"
tap_done
