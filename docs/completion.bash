# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of engram's verbs, options, values, names and files for bash. The words come from the program's own tables
# (`engram __complete`), so there is nothing here to keep up to date.
_engram()
{
	local line cur=${COMP_WORDS[COMP_CWORD]-} IFS=$'\n'

	[[ $cur == = ]] && cur=
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		$'\tfiles '*)
			compopt -o filenames 2>/dev/null
			# shellcheck disable=SC2207  # IFS is a line feed: a name a line
			COMPREPLY+=($(compgen -f -X "!${line#$'\tfiles '}" -- "$cur") $(compgen -d -- "$cur"))
			;;
		$'\tdirs')
			compopt -o filenames 2>/dev/null
			# shellcheck disable=SC2207  # IFS is a line feed: a name a line
			COMPREPLY+=($(compgen -d -- "$cur"))
			;;
		$'\tnospace')
			compopt -o nospace 2>/dev/null
			;;
		*)
			COMPREPLY+=("$line")
			;;
		esac
	done < <("${COMP_WORDS[0]}" __complete -- "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
}
complete -F _engram engram
