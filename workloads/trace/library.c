/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library - the libraries of this room: the compressors of chunks and recordings. */
#include <bzlib.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "workloads/trace/trace.h"

static void set(struct eg_library *lib, const char *name, const char *built, const char *running)
{
	*lib = (struct eg_library){ .name = name };
	(void)snprintf(lib->built, sizeof(lib->built), "%s", built);
	(void)snprintf(lib->running, sizeof(lib->running), "%.*s", (int)strcspn(running, ","), running);
}

unsigned trace_libraries(struct eg_library lib[EG_ROOM_LIBRARIES])
{
	set(&lib[0], "zstd", ZSTD_VERSION_STRING, ZSTD_versionString());
	set(&lib[1], "zlib", ZLIB_VERSION, zlibVersion());
	set(&lib[2], "liblzma", LZMA_VERSION_STRING, lzma_version_string());
	set(&lib[3], "bzip2", "", BZ2_bzlibVersion());
	return 4;
}
