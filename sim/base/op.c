/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op - names of the operations, from the one list; see op.h. */
#include "sim/base/op.h"

#include <string.h>

static const struct {
	const char *name, *signature;
} ops[EG_OP_CODES] = {
#define X(code, NAME, text, args) [code] = { text, args },
	EG_OP_MAP(X)
#undef X
};

const char *eg_op_name(unsigned code)
{
	return code < EG_OP_CODES ? ops[code].name : NULL;
}

const char *eg_op_signature(unsigned code)
{
	return code < EG_OP_CODES ? ops[code].signature : NULL;
}

unsigned eg_op_by_name(const char *name)
{
	for (unsigned i = 1; i < EG_OP_CODES; i++)
		if (ops[i].name && strcmp(ops[i].name, name) == 0)
			return i;
	return EG_OP_NONE;
}
