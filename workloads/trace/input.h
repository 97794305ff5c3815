/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * input - a file or a pipe, decompressed by what it contains, as a window that slides forward.
 *
 * Formats: plain, gzip, xz, bzip2, zstd (windows up to 128 MiB). Suffixes are not looked at.
 */
#ifndef WORKLOADS_TRACE_INPUT_H
#define WORKLOADS_TRACE_INPUT_H

#include "sim/base/status.h"

#define INPUT_WINDOW (1u << 20)         /* bytes in view at most: also the longest line */
#define INPUT_SLACK  64u                /* zero bytes behind `end`: a scanner may peek  */

struct input_codec;

struct input {
	char          *path;            /* for messages; "standard input" for "-"      */
	const uint8_t *p, *end;         /* bytes in view; the user moves p             */
	bool           eof;             /* nothing comes behind `end`                  */
	bool           damaged;         /* keep_intact: what follows `end` could not be decompressed */
	const char    *compression;     /* "plain", "gzip", "xz", "bzip2", "zstd"      */

	uint8_t       *window;          /* private from here */
	uint64_t       base;            /* offset of window[0] in the decompressed bytes */
	int            fd;
	bool           keep_intact;
	struct input_codec *codec;
};

/* Open and show the first bytes. A tar archive, and compressions that are not built in, are refused. keep_intact:
 * compressed data that are damaged or cut end the input, with `damaged` set. */
eg_status input_open(struct input *in, const char *path, bool keep_intact, struct eg_errors *err) EG_MUST_USE;
void      input_close(struct input *in);

/*
 * Bring more bytes into view behind `end`, dropping those before p. What is in view may move. With the
 * window full of unused bytes nothing changes: the caller's record is too long.
 */
eg_status input_more(struct input *in, struct eg_errors *err) EG_MUST_USE;

/* Offset of p in the decompressed bytes. */
uint64_t input_offset(const struct input *in);

#endif
