# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced: house_files prints the project's own files below $SRCDIR, one a line, relative. In a checkout they are
# what git tracks and what is not ignored; in an unpacked tarball all but what the build tools made.
house_files()
{
	if [ -e "$SRCDIR/.git" ] && git -C "$SRCDIR" ls-files >/dev/null 2>&1; then
		git -C "$SRCDIR" ls-files --cached --others --exclude-standard | while read -r f; do
			[ ! -f "$SRCDIR/$f" ] || echo "$f"
		done
	else
		(cd "$SRCDIR" && find . \( -path ./.git -o -path ./build -o -path ./_build -o -path ./_inst -o -path ./autom4te.cache -o -path './engram-*' \
			-o -path ./results/quickstart-figures \) -prune -o -type f -print) | sed 's,^\./,,' |
		grep -vE '^(configure|configure~|aclocal\.m4|config\.(h\.in|h\.in~|h|log|status)|stamp-h1|(.*/)?Makefile(\.in)?|\.tarball-version)$' |
		grep -vE '^build-aux/(ar-lib|compile|depcomp|install-sh|missing|tap-driver\.sh|test-driver)$' |
		grep -vE '\.(o|a|h5|trs|log|tmp)$|\.host\.json$|/\.(deps|dirstamp)' || :
	fi | LC_ALL=C sort
}
