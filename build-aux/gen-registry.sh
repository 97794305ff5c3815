#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# gen-registry.sh KIND HEADER FILE... : print the table of all KIND policies, in the order of the list.
# File NAME.c exports KIND_NAME_ops. A find function by the policy's own name comes with it.
set -eu
kind=$1 header=$2; shift 2
echo "/* Generated from the plugins.mk of kind $kind: do not edit. */"
echo "#include \"$header\""
echo "#include <string.h>"
for f; do echo "extern const struct ${kind}_ops ${kind}_$(basename "$f" .c)_ops;"; done
echo "const struct ${kind}_ops *const ${kind}_registry[] = {"
for f; do echo "	&${kind}_$(basename "$f" .c)_ops,"; done
echo "	0"
echo "};"
cat <<END
const struct ${kind}_ops *${kind}_find(const char *name)
{
	for (unsigned i = 0; ${kind}_registry[i]; i++)
		if (strcmp(${kind}_registry[i]->name, name) == 0)
			return ${kind}_registry[i];
	return 0;
}
END
