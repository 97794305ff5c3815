/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status - texts and exit codes from the one list; see status.h. */
#include "sim/base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"

int eg_status_exit_code(eg_status s)
{
	switch (s) {
#define X(name, code, text) case EG_##name: return code;
	EG_STATUS_MAP(X)
#undef X
	}
	return 4;
}

const char *eg_status_text(eg_status s)
{
	switch (s) {
#define X(name, code, text) case EG_##name: return text;
	EG_STATUS_MAP(X)
#undef X
	}
	return "unknown status";
}

static char *next_slot(struct eg_errors *e)
{
	if (!e)
		return NULL;
	if (e->nr == EG_ERRORS_MAX) {
		e->dropped++;
		return NULL;
	}
	return e->text[e->nr++];
}

eg_status eg_fail(struct eg_errors *e, eg_status s, const char *fmt, ...)
{
	char *slot = next_slot(e);
	va_list ap;

	if (slot) {
		va_start(ap, fmt);
		(void)vsnprintf(slot, EG_ERRORS_CHARS, fmt, ap);
		va_end(ap);
		eg_make_visible(slot, EG_ERRORS_CHARS, "\n\t");         /* names in them are anybody's */
	}
	return s;
}

eg_status eg_fail_errno(struct eg_errors *e, bool input, const char *fmt, ...)
{
	int saved = errno;
	char *slot = next_slot(e);
	va_list ap;

	if (slot) {
		int n;

		va_start(ap, fmt);
		n = vsnprintf(slot, EG_ERRORS_CHARS, fmt, ap);
		va_end(ap);
		if (n >= 0 && n < EG_ERRORS_CHARS)
			(void)snprintf(slot + n, (size_t)(EG_ERRORS_CHARS - n), ": %s", strerror(saved));
		eg_make_visible(slot, EG_ERRORS_CHARS, "\n\t");
	}
	if (saved == ENOMEM)
		return EG_NO_MEMORY;
	/* a file that is not there is the user's to mend, a disk that fails or a table that is full is the host's */
	if (saved == EIO || saved == ESTALE || saved == EMFILE || saved == ENFILE || saved == ENOBUFS || saved == EAGAIN)
		return EG_IO;
	return input ? EG_BAD_INPUT : EG_IO;
}
