/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library - the libraries of this room: HDF5 for the files, GSL for the statistics. */
#include <hdf5.h>

#include <gsl/gsl_version.h>
#include <stdio.h>

#include "results/writer.h"

unsigned result_libraries(struct eg_library lib[EG_ROOM_LIBRARIES])
{
	unsigned major = 0, minor = 0, release = 0;

	lib[0] = (struct eg_library){ .name = "HDF5", .running = "unknown" };
	(void)snprintf(lib[0].built, sizeof(lib[0].built), "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
	if (H5get_libversion(&major, &minor, &release) >= 0)
		(void)snprintf(lib[0].running, sizeof(lib[0].running), "%u.%u.%u", major, minor, release);
	lib[1] = (struct eg_library){ .name = "GSL" };
	(void)snprintf(lib[1].built, sizeof(lib[1].built), "%s", GSL_VERSION);
	(void)snprintf(lib[1].running, sizeof(lib[1].running), "%s", gsl_version);
	return 2;
}
